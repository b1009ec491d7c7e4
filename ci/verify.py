#!/usr/bin/env python3
"""Checks a signed bundle with nothing of junkyo: Python 3.8 and openssl 3.0 alone.

  verify.py bundle.junkyo vendor.pem... [tsa-root.pem]

Keys and roots come from you, never from the bundle. Exit: 0 valid, 1 invalid, 3 nobody signed. The codes are those of
`junkyo verify` (ci/SIGNING.md). For a proof pack of the register: verify_pack.py, which builds on this file."""
import base64, calendar, hashlib, io, json, os, re, subprocess, sys, tempfile, time, zipfile

def stop(code, why, status=1):
    print({1: 'INVALID', 3: 'UNDETERMINED'}[status], code, why)
    sys.exit(status)
def need(ok, code, why): return ok or stop(code, why)
def load(data):  # four JSON readers in five silently keep the last of two equal keys
    def once(pairs): return need(len(dict(pairs)) == len(pairs), 'V1-parse', 'a key stands twice') and dict(pairs)
    inexact = lambda text: stop('V1-parse', 'a number that is no integer')
    try: return json.loads(data.decode(), object_pairs_hook=once, parse_float=inexact, parse_constant=inexact)
    except ValueError as error: stop('V1-parse', error)
def sha(data): return hashlib.sha256(data).hexdigest()
def b64(text): return base64.b64decode(text.replace('-', '+').replace('_', '/'), validate=True)
def openssl(words, **files):  # what openssl prints in a folder with these files; None if it says no
    with tempfile.TemporaryDirectory() as folder:
        for name, data in files.items(): open(os.path.join(folder, name), 'wb').write(data)
        ran = subprocess.run(['openssl'] + words.split(), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        return ran.stdout if ran.returncode == 0 else None
def pem(der, what='PUBLIC KEY'):
    return ('-----BEGIN %s-----\n%s-----END %s-----\n' % (what, base64.encodebytes(der).decode(), what)).encode()
def signed(key, data, signature):  # key: SPKI; Ed25519 signs the data, P-256 its SHA-256
    ed25519, p256 = 'pkeyutl -verify -pubin -inkey k -rawin -in d -sigfile s', 'dgst -sha256 -verify k -signature s d'
    return openssl(ed25519 if len(key) == 44 else p256, k=pem(key), d=data, s=signature) is not None
def opened(line, keys, kind, needed=1):  # a DSSE envelope: the statement, its exact bytes, the keys that signed it
    envelope, body = load(line), b64(load(line)['payload'])
    need(envelope['payloadType'] == 'application/vnd.in-toto+json', 'V1-parse', 'payload type')
    pae = b'DSSEv1 28 application/vnd.in-toto+json %d %s' % (len(body), body)
    who = {key for key in keys if any(signed(key, pae, b64(one['sig'])) for one in envelope['signatures'])}
    need(len(who) >= needed, 'V3-signature', kind + ' is not signed by a key that you trust for it')
    statement, uri = load(body), 'https://junkyo.example/attestation/' + kind
    need(statement['_type'] == 'https://in-toto.io/Statement/v1' and statement['predicateType'] == uri, 'V3-type', kind)
    return statement, body, who
def stamped(token, data, roots):  # RFC 3161: seconds since 1970, checked as of the time that it tells
    text = openssl('ts -reply -in t -text', t=token) or stop('V9-timestamp', 'no token')
    moment = b' '.join(re.search(rb'Time stamp: (\w+ +\d+ [\d:]+)(?:\.\d+)? (\d+) GMT', text).groups()).decode()
    moment = calendar.timegm(time.strptime(moment, '%b %d %H:%M:%S %Y'))
    ok = openssl('ts -verify -in t -data d -CAfile r -attime %d' % moment, t=token, d=data, r=roots)
    return need(ok is not None, 'V9-timestamp', 'the token is of something else, or not of your authority') and moment
def leaf(data): return hashlib.sha256(b'\0' + data).digest()
def node(left, right): return hashlib.sha256(b'\1' + left + right).digest()
def root(leaves):  # RFC 6962: split at the largest power of two below the number of leaves
    if len(leaves) < 2: return leaves[0] if leaves else hashlib.sha256(b'').digest()
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return node(root(leaves[:split]), root(leaves[split:]))
def files_of(path):  # a ZIP that can be written in one way only: write it again and compare
    data, again = open(path, 'rb').read(), io.BytesIO()
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        files = {name: archive.read(name) for name in archive.namelist()}
    except Exception as error: stop('V1-integrity', 'no sound ZIP: %s' % error)
    with zipfile.ZipFile(again, 'w') as archive:
        for name in sorted(files, key=lambda name: name.encode()):
            entry = zipfile.ZipInfo(name)
            entry.create_system, entry.create_version, entry.extract_version = 3, 10, 10
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, files[name])
    return need(again.getvalue() == data, 'V1-integrity', 'the ZIP is not canonical') and files
def lines(data):  # leaves of a file's lines; a withheld line stands for its leaf
    parts = data.split(b'\n')[:-1] if data.endswith(b'\n') else data.split(b'\n')
    gone = lambda line: line.startswith(b'{"record":"redacted"')
    return [bytes.fromhex(load(line.rstrip(b','))['leaf']) if gone(line) else leaf(line) for line in parts]

def bundle(files, keys, roots):
    manifest, listed = load(files['manifest.json']), set()
    withheld = load(files.get('redactions.json', b'{"redactions":[]}'))['redactions']
    jcs = lambda value: json.dumps(value, sort_keys=True, separators=(',', ':'), ensure_ascii=False).encode()
    need(root([leaf(jcs(entry)) for entry in manifest['files']]).hex() == manifest['tree'], 'V1-integrity', 'tree')
    for entry in manifest['files']:
        name, told = entry['path'], [one.get('line') for one in withheld if one['path'] == entry['path']]
        listed.add(name)
        if told == [None]: need(name not in files, 'V1-integrity', name + ' should be withheld'); continue
        data = files[name] if name in files else stop('V1-integrity', name + ' is missing')
        whole = 'lines' not in entry or root(lines(data)).hex() == entry['lines']['root']
        need(whole, 'V1-integrity', 'a line of ' + name)
        need(told or sha(data) == entry['sha256'], 'V1-integrity', name + ' was changed')
    about = {'manifest.json', 'redactions.json', 'report.intoto.jsonl', 'report.tsr'}
    need(set(files) <= about | listed, 'V1-integrity', 'a file that is not listed')
    if 'report.intoto.jsonl' not in files: stop('V3-unsigned', 'every file is as it was, and nobody signed', 3)
    statement, body, who = opened(files['report.intoto.jsonl'], keys, 'conformance-report/v1')
    said = statement['predicate']
    evidence = (said['evidence']['manifest']['sha256'], said['evidence']['tree']['sha256'])
    need(evidence == (sha(files['manifest.json']), manifest['tree']), 'V5-manifest', 'signed for another bundle')
    report = load(files['report.json']) if 'report.json' in files else {'profiles': [], 'outcome': None}
    rows = [(p['id'], r['id'], r['verdict']) for p in report['profiles'] for r in p['requirements']]
    same = rows == [(r['profile'], r['id'], r['verdict']) for r in said['results']]
    same = same and said['outcome'] == report['outcome']
    need(same or 'report.json' not in files, 'V4-report', 'what is signed is not what report.json says')
    if 'challenge' in said['run']:  # the test data follow from the register's nonce
        seed = hashlib.sha256(b64(said['run']['challenge']['nonce'])).digest()[:8]
        need(int.from_bytes(seed, 'big') & (1 << 53) - 1 == said['run']['seed'], 'C-seed', 'data of another nonce')
    when = stamped(files['report.tsr'], body, roots) if 'report.tsr' in files and roots else None
    print('VALID', statement['subject'][0]['name'], said['outcome'], '| signed by', *map(sha, who))
    when = time.strftime('%FT%TZ', time.gmtime(when)) if when else 'at no proven time'
    print('withheld: %d' % len(withheld), '| existed', when)

if __name__ == '__main__':
    if len(sys.argv) < 3: sys.exit(print(__doc__) or 2)
    given = [open(name, 'rb').read() for name in sys.argv[2:]]
    keys = [b64(''.join(data.decode().split('-----')[2].split())) for data in given if b'PUBLIC KEY' in data]
    bundle(files_of(sys.argv[1]), keys, b''.join(data for data in given if b'CERTIFICATE' in data))

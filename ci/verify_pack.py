#!/usr/bin/env python3
"""Checks a proof pack of the register with nothing of junkyo: Python 3.8, openssl 3.0, and verify.py beside it.

  verify_pack.py proof.zip trust-bundle.intoto.jsonl [--as-of 2026-11-22T00:00:00Z] [--min-size N]

The trust bundle comes from you, never from the pack; the pack may only bring later versions of it. --min-size is the
largest log that you have seen. Exit: 0 valid, 1 invalid, 3 not to be decided."""
from verify import *

def at(text): return calendar.timegm(time.strptime(text[:19] + 'Z', '%Y-%m-%dT%H:%M:%SZ'))
def day(moment): return time.strftime('%F', time.gmtime(moment + 9 * 3600))  # the register's days are Japan's
def split(data): return [line for line in data.split(b'\n') if line]
def subjects(statement): return [one['digest']['sha256'] for one in statement['subject']]

class Log:
    """Keys of the log and its witnesses, and how many of them are enough (C2SP tlog-policy)."""
    def __init__(self, text):
        self.logs, self.parts, self.quorum = {}, {}, 'none'
        spki = lambda raw: bytes.fromhex('302a300506032b6570032100') + raw
        key = lambda word: (word.split('+', 2)[0], spki(b64(word.split('+', 2)[2])[1:]))
        for words in (line.split() for line in text.splitlines() if line.strip() and line[0] != '#'):
            if words[0] == 'log': self.logs.update([key(words[1])])
            if words[0] == 'witness': self.parts[words[1]] = key(words[2])
            if words[0] == 'group':
                many = {'any': 1, 'all': len(words) - 3}
                self.parts[words[1]] = (many[words[2]] if words[2] in many else int(words[2]), words[3:])
            if words[0] == 'quorum': self.quorum = words[1]
    def enough(self, name, seen):
        first, second = self.parts[name]
        return first in seen if isinstance(first, str) else sum(self.enough(one, seen) for one in second) >= first
    def checkpoint(self, note):  # a signed note: size, root, and when which witness has seen it
        text, signatures = note.rsplit('\n\n', 1)
        text, seen, logged = text + '\n', {}, False
        origin, size, top = text.splitlines()[:3]
        witnesses = dict(part for part in self.parts.values() if isinstance(part[0], str))
        for name, data in ((line.split(' ')[1], b64(line.split(' ')[2])[4:]) for line in signatures.splitlines()):
            if name == origin and name in self.logs: logged = logged or signed(self.logs[name], text.encode(), data)
            elif name in witnesses:
                moment = int.from_bytes(data[:8], 'big')
                message = 'cosignature/v1\ntime %d\n%s' % (moment, text)
                if signed(witnesses[name], message.encode(), data[8:]): seen[name] = moment
        need(logged, 'V8-log', 'the log did not sign this checkpoint')
        need(self.quorum == 'none' or self.enough(self.quorum, seen), 'V8-log', 'not enough witnesses')
        return int(size), b64(top), seen
    def proven(self, proof, entry):  # a tlog-proof@v1 of this entry (RFC 9162, 2.1.3.2): its checkpoint
        head, _, note = proof.decode().partition('\n\n')
        head = head.split('\n')
        need(head[0] == 'c2sp.org/tlog-proof@v1' and load(b64(head[1][6:])) == entry, 'V8-log', 'another entry')
        index, (size, top, seen) = int(head[2][6:]), self.checkpoint(note)
        fn, sn, hashed = index, size - 1, leaf(b64(head[1][6:]))
        for other in map(b64, head[3:]):
            need(sn, 'V8-log', 'the path is too long')
            if fn & 1 or fn == sn:
                hashed = node(other, hashed)
                while fn and not fn & 1: fn, sn = fn >> 1, sn >> 1
            else: hashed = node(hashed, other)
            fn, sn = fn >> 1, sn >> 1
        need(index < size and sn == 0 and hashed == top, 'V8-log', 'the entry is not in the log')
        return size, top, seen, note

class Trust:
    """The checker's trust bundle, walked on to the newest version that its root keys have signed."""
    def __init__(self, mine, more):
        first = load(mine[0])
        self.now = load(b64(first['payload']))['predicate'] if 'payload' in first else first
        for line in mine[1:] + more:
            later = load(b64(load(line)['payload']))['predicate']
            if later['version'] <= self.now['version']: continue
            need(later['version'] == self.now['version'] + 1, 'V2-trust', 'a version of the trust bundle is missing')
            for signers in (self.now, later):
                roots = [b64(key['spki']) for key in signers['keys'] if key['role'] == 'root']
                opened(line, roots, 'trust-bundle/v1', signers['threshold'])
            self.now = later
    def keys(self, role, moment=None):  # those that count at a proven time; without one, those that were not revoked
        def counts(key):
            if moment is None: return 'compromisedSince' not in key
            void = 'compromisedSince' in key and moment >= at(key['compromisedSince'])
            return key.get('notBefore', '') <= day(moment) <= key.get('notAfter', '9999') and not void
        return [b64(key['spki']) for key in self.now['keys'] if key['role'] == role and counts(key)]
    def roots(self): return b''.join(pem(b64(one['root']), 'CERTIFICATE') for one in self.now['tsa'])

def events_of(get, files, trust):  # every event: signed, about this product, chained, in the log, in time
    product, log, before, events, largest = sha(get('product.json')), Log(trust.now['log']), None, [], (-1,)
    decided = None
    for n, line in enumerate(split(get('registration.intoto.jsonl')), 1):
        body, token = b64(load(line)['payload']), files.get('event-%d.tsr' % n)
        moment = stamped(token, body, trust.roots()) if token else None
        event, body, _ = opened(line, trust.keys('decision', moment), 'registration-event/v1')
        said = event['predicate']
        number = (events or [said])[0]['registrationNumber']
        need(token or 'basis' not in said, 'V1-missing', 'event-%d.tsr' % n)
        need(subjects(event) == [product], 'V4-subject', 'the decision is about another product')
        previous = (said['previous'] or {}).get('sha256')
        chained = (said['sequence'], said['registrationNumber'], previous) == (n, number, before)
        need(chained, 'V5-chain', 'event %d does not follow the one before' % n)
        before = sha(body)
        entry = {'payload': {'sha256': before}, 'registration': number, 'type': said['event'], 'v': 1}
        seen = log.proven(get('event-%d.tlog-proof' % n), entry)
        late = moment and seen[2] and moment > min(seen[2].values()) + 300
        need(not late, 'V9-timestamp', 'the token is later than a witness')
        events.append(said)
        decided = moment if 'basis' in said else decided
        largest = max(seen, largest, key=lambda one: one[0])
    if 'checkpoint.tsr' in files: stamped(files['checkpoint.tsr'], largest[3].encode(), trust.roots())
    return events, before, largest, decided

def report_of(get, files, trust, decision, decided):  # the report: by the vendor, on this suite, complete
    product, vendor = load(get('product.json')), trust.keys('vendor')
    for line in split(files.get('key.intoto.jsonl', b'')):
        key, _, _ = opened(line, trust.keys('decision'), 'key-event/v1')
        said, spki = key['predicate'], b64(key['predicate']['key']['spki'])
        own = product['vendor'].get('corporateNumber', said['vendor']) == said['vendor']
        need(own and subjects(key) == [sha(spki)], 'V3-key', 'the key is another vendor\'s')
        if said['event'] == 'registered': vendor.append(spki)
        elif decided >= at(said.get('compromisedSince', '9999-12-31T00:00:00')):
            vendor = [known for known in vendor if known != spki]
    report, body, _ = opened(get('report.intoto.jsonl'), vendor, 'conformance-report/v1')
    suite, _, _ = opened(get('suite.intoto.jsonl'), trust.keys('suite'), 'suite-release/v1')
    ran, manifest = report['predicate'], load(get('suite-manifest.json'))
    need(subjects(report) == [sha(get('product.json'))], 'V4-subject', 'the report is about another product')
    need(decision['basis']['report']['sha256'] == sha(body), 'V5-report', 'the decision rests on another report')
    digests = {one['sha256'] for one in (ran['suite']['digest'], decision['scope']['suite'], manifest['corpus'])}
    one_suite = digests == set(subjects(suite)) and suite['predicate']['status'] == 'active'
    one_suite = one_suite and suite['predicate']['manifest']['sha256'] == sha(get('suite-manifest.json'))
    need(one_suite, 'V6-suite', 'report, decision and suite are about different suites')
    results = {(row['profile'], row['id']): row for row in ran['results']}
    whole = len(results) == len(ran['results']) and not ran['run']['partial'] and not ran['run']['interrupted']
    need(whole and decision['scope']['profiles'], 'V7-complete', 'a result stands twice, or only a part was run')
    required = {profile['id']: profile['required'] for profile in manifest['profiles']}
    waived = {waiver['requirement'] for waiver in decision['basis']['waivers']}
    for profile in decision['scope']['profiles']:
        for one in required[profile] if profile in required else stop('V7-complete', 'no profile ' + profile):
            found = results.get((profile, one), {'verdict': 'missing'})
            holds = found['verdict'] in ('pass', 'info') or (found['verdict'] == 'skip' and 'reason' in found)
            need(holds or one in waived, 'V7-complete', '%s: %s' % (one, found['verdict']))

def status_of(events, today):  # what became of the registration: a fold over its events
    state, until = 'not yet registered', '9999'
    for said in (said for said in events if said['validFrom'] <= today):
        until, name = said.get('validUntil', until), said['event']
        if name == 'extended': state = 'active' if state == 'expired' else state
        elif name in ('registered', 'reinstated'): state = 'active'
        elif name not in ('interconnected', 'suite-flagged'): state = name
    return ('expired' if until < today and state in ('active', 'suspended') else state), until

def pack(files, trusted, now, min_size):
    known = r'verify(_pack)?\.py|README\.html|(product|suite-manifest|catalog)\.json|checkpoint\.tsr|' \
            r'(registration|report|key|suite|catalog|trust/trust-bundle)\.intoto\.jsonl|' \
            r'event-[1-9]\d*\.(tsr|tlog-proof)'
    need(all(re.fullmatch(known, name) for name in files), 'V1-stray', 'a file that does not belong into a pack')
    get = lambda name: files[name] if name in files else stop('V1-missing', name)
    trust = Trust(split(trusted), split(files.get('trust/trust-bundle.intoto.jsonl', b'')))
    events, last, (size, top, seen, _), decided = events_of(get, files, trust)
    report_of(get, files, trust, [said for said in events if 'basis' in said][-1], decided)
    number, product = events[0]['registrationNumber'], load(get('product.json'))
    state, until = status_of(events, day(now))
    if 'catalog.json' not in files: stop('V10-status', 'no catalog: what happened since is unknown', 3)
    catalog = load(files['catalog.json'])
    keys = trust.keys('snapshot', at(catalog['issuedAt']))
    snapshot, _, _ = opened(get('catalog.intoto.jsonl'), keys, 'catalog-snapshot/v1')
    facts = snapshot['predicate']
    same = subjects(snapshot) == [sha(files['catalog.json'])] and all(catalog[name] == facts[name] for name in facts)
    need(same, 'V10-status', 'catalog.json is not the one that was signed')
    same = (facts['log']['size'], facts['log']['root']['sha256']) == (size, top.hex())
    need(same, 'V10-log', 'the catalog follows from another state of the log')
    latest = [one['latestEvent']['sha256'] for one in catalog['records'] if one['registration'] == number]
    need(latest == [last], 'V10-status', 'the catalog knows other events')
    need(state == 'active', 'V10-status', 'the registration is ' + state)
    if now > at(facts['nextUpdate']): stop('V10-stale', 'the status was known until ' + facts['nextUpdate'], 3)
    need(size >= min_size, 'V11-older', 'you have seen a larger log')
    print('VALID', number, product['name'], product['version'], 'active on', day(now), 'until', until)
    print('log of', size, '| seen by', *seen or ['no third party'])

if __name__ == '__main__':
    words, options = sys.argv[1:], {}
    while len(words) > 3: options[words[-2]], words = words[-1], words[:-2]
    if len(words) != 2 or not set(options) <= {'--as-of', '--min-size'}: sys.exit(print(__doc__) or 2)
    now = at(options['--as-of']) if '--as-of' in options else time.time()
    pack(files_of(words[0]), open(words[1], 'rb').read(), now, int(options.get('--min-size', 0)))

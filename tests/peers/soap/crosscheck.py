# SPDX-License-Identifier: Apache-2.0
"""The peers against each other, without junkyo: every client with every server of the same WSDL, that what
they send is valid by the schema, and that every planted mistake changes what is on the wire.

    python crosscheck.py PEERS          PEERS is the folder of ci/install-peers, target/peers
"""

import http.server
import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path

from lxml import etree

SERVERS = ["php", "node", "gsoap"]
CLIENTS = ["php", "node", "gsoap", "zeep", "jaxws"]
OWN_WSDL = {
    "spyne": ("http://vendor.example/spyne/exchange", "exchange"),
    "jaxws": ("http://vendor.example/jaxws/exchange", None),
}

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
MESSAGES = "http://junkyo.example/exchange/1/messages"
RPC = "http://junkyo.example/exchange/1/rpc"
CALLER = {"municipality": "990001", "system": "010"}
MOVED = {"postcode": "9990001", "text": "𠮷野町１＆２"}
CHANGE = {"sequence": 1, "residentNumber": "900000000000011", "changedOn": "2026-11-01"}

# Operation, fields, and what must be in the line that the client prints.
TRIALS = [
    ("GetResident", {"caller": CALLER, "residentNumber": "900000000000011", "field": ["name", "address"]},
     {"outcome": "done", "resident.name": "𠮷田　花子", "resident.version": 3, "responder.system": "001",
      "resident.address.text": "架空市中央一丁目２番３号", "resident.householdNumber": None}),
    ("GetResident", {"caller": CALLER, "residentNumber": "900000000000033"},
     {"outcome": "done", "resident.birthDate": None, "resident.address": None, "resident.sex": "9"}),
    ("GetResident", {"caller": CALLER, "residentNumber": "900000000000099"},
     {"outcome": "fault", "faultstring": "該当する住民がいません", "detail.residentNotFound.residentNumber": "900000000000099"}),
    ("GetResident", {"caller": CALLER, "residentNumber": "X"}, {"outcome": "fault", "detail": None}),
    ("NotifyChange", {"changeId": "c-1", "reason": "moved-within", "newAddress": MOVED, **CHANGE}, {"outcome": "done"}),
    ("NotifyChange", {"changeId": "c-2", "reason": "died", "removed": {}, **CHANGE}, {"outcome": "done"}),
    ("RequestExtract", {"extractId": "x-1", "area": "990001", "bornFrom": "1980-01-01"},
     {"outcome": "done", "extract.resident.0.name": "𠮷田　花子", "extract.resident.1.name": "﨑山　次郎",
      "extract.resident.2": None}),
    ("RequestExtract", {"extractId": "x-2", "area": "990002"}, {"extract.resident.0.name": "森＆林　<ひかり>"}),
    ("RequestExtract", {"extractId": "x-3", "area": "999999"}, {"outcome": "done", "extract.resident.0": None}),
    ("PollExtract", {"extractId": "x-1"}, {"state": "done", "extract.resident.1.name": "﨑山　次郎"}),
    ("PollExtract", {"extractId": "x-9"}, {"state": "unknown", "extract": None}),
    ("Ping", {}, {"outcome": "done"}),
    ("CountResidents", {"area": "990001", "asOf": "2026-11-01"}, {"outcome": "done", "count": 4, "households": 2}),
    ("Refresh", {}, {"outcome": "done"}),
]


SCHEMA = Path(__file__).parents[3] / "conformance/platform-communication/service/messages.xsd"


def invalid(schema, text):
    """What is wrong with the header blocks and the elements of Body and detail, by the schema; rpc has none."""
    root = etree.fromstring(text)
    for element in root.xpath("s:Header/* | s:Body/*[not(self::s:Fault)] | s:Body/s:Fault/detail/*", namespaces={"s": SOAP}):
        for name in [name for name in element.attrib if name.startswith(f"{{{SOAP}}}")]:
            del element.attrib[name]  # mustUnderstand and actor are SOAP's, whatever the type of a header block says
        if etree.QName(element).namespace != RPC and not schema.validate(etree.fromstring(etree.tostring(element, with_tail=False))):
            yield str(schema.error_log[0])


def path_of(operation):
    return "statistics" if operation in ("CountResidents", "Refresh") else "exchange"


class Server:
    def __init__(self, peers, stack, *options):
        self.process = subprocess.Popen(
            [peers / "soap" / f"{stack}-server", "0", *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        ready = self.process.stdout.readline().split()
        if ready[:1] != ["ready"]:
            sys.exit(f"{stack} {options}: not ready")
        self.url = ready[1]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


def at(value, path):
    for key in path.split("."):
        if isinstance(value, list):
            value = value[int(key)] if int(key) < len(value) else None
        else:
            value = value.get(key) if isinstance(value, dict) else None
    return value


def run(peers, client, url, operation, fields, *options):
    command = [peers / "soap" / f"{client}-client", f"{url}/{path_of(operation)}", operation, json.dumps(fields, ensure_ascii=False)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout.strip(), done.stderr.strip()


def matrix(peers):
    wrong = 0
    for server in SERVERS:
        for client in CLIENTS:
            with Server(peers, server) as running:
                for operation, fields, expected in TRIALS:
                    code, out, err = run(peers, client, running.url, operation, fields)
                    try:
                        said = json.loads(out)
                    except ValueError:
                        said = {}
                    bad = {key: at(said, key) for key, value in expected.items() if at(said, key) != value}
                    if code != 0 or bad:
                        wrong += 1
                        print(f"WRONG {client} -> {server} {operation}: {bad or code} {out[:300]} {err[-300:]}")
                with urllib.request.urlopen(f"{running.url}/changes") as answer:
                    changes = json.load(answer)
                if [at(each, "newAddress.text") for each in changes] != [MOVED["text"], None]:
                    wrong += 1
                    print(f"WRONG {client} -> {server} changes: {changes}")
            print(f"{client} -> {server}: {len(TRIALS)} trials")
    return wrong


def envelope(body, header="", namespace=MESSAGES):
    return (f'<?xml version="1.0" encoding="UTF-8"?><s:Envelope xmlns:s="{SOAP}" xmlns:m="{namespace}"><s:Header>{header}</s:Header>'
            f"<s:Body>{body}</s:Body></s:Envelope>")


def messages(stack):
    """What is sent to a server to see its mistakes: path, action, envelope."""
    namespace, only = OWN_WSDL.get(stack, (MESSAGES, None))
    rpc = namespace if stack in OWN_WSDL else RPC
    action = (lambda name: name) if stack == "spyne" else (lambda name: f"{namespace}/{name}")
    if stack not in OWN_WSDL:
        action = lambda name: f"http://junkyo.example/exchange/1/{name}"  # noqa: E731
    upper = (lambda name: name[0].upper() + name[1:]) if stack == "spyne" else (lambda name: name)
    c, g, n, e = (upper(name) for name in ("caller", "getResident", "notifyChange", "requestExtract"))
    header = f"<m:{c}><m:municipality>990001</m:municipality><m:system>010</m:system></m:{c}>"
    get = f"<m:{g}><m:residentNumber>%s</m:residentNumber></m:{g}>"
    notify = (f"<m:{n}><m:changeId>c</m:changeId><m:sequence>1</m:sequence><m:residentNumber>900000000000011</m:residentNumber>"
              "<m:reason>died</m:reason><m:changedOn>2026-11-01</m:changedOn>"
              f"{'' if stack in OWN_WSDL else '<m:removed/>'}</m:{n}>")
    extract = f"<m:{e}><m:extractId>x</m:extractId><m:area>990001</m:area></m:{e}>"
    accessor = "m:" if stack == "spyne" else ""
    count = (f'<r:CountResidents xmlns:r="{rpc}"><{accessor}area>990001</{accessor}area>'
             f"<{accessor}asOf>2026-11-01</{accessor}asOf></r:CountResidents>")
    yield "exchange", action("GetResident"), envelope(get % "900000000000011", header, namespace)
    yield "exchange", action("GetResident"), envelope(get % "900000000000099", header, namespace)
    yield "exchange", action("NotifyChange"), envelope(notify, "", namespace)
    yield "exchange", action("RequestExtract"), envelope(extract, "", namespace)
    yield only or "statistics", action("CountResidents"), envelope(count, "", namespace)


def answers(stack, url):
    for path, action, text in messages(stack):
        request = urllib.request.Request(f"{url}/{path}", text.encode(), {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{action}"'})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, kind, body = answer.status, answer.headers.get("Content-Type"), answer.read()
        except urllib.error.HTTPError as answer:
            status, kind, body = answer.code, answer.headers.get("Content-Type"), answer.read()
        yield status, kind, body


def timeless(answer):
    return (*answer[:2], re.sub(rb"\d{4}-\d\d-\d\dT[^<]*", b"", answer[2]))


def server_mistakes(peers):
    wrong = 0
    schema = etree.XMLSchema(etree.parse(SCHEMA))
    for stack in [*SERVERS, *OWN_WSDL]:
        with Server(peers, stack) as running:
            kept = list(answers(stack, running.url))
            right = [timeless(answer) for answer in kept]
        if [status for status, _, _ in right] != [200, 500, 202 if stack != "spyne" else 200, 200, 200]:
            wrong += 1
            print(f"WRONG {stack}: {right}")
        for why in (why for _, _, body in kept if stack in SERVERS and body for why in invalid(schema, body)):
            wrong += 1
            print(f"WRONG {stack}: {why}")
        names = subprocess.run([peers / "soap" / f"{stack}-server", "--mistakes"], capture_output=True, text=True).stdout.split()
        for name in names:
            with Server(peers, stack, "--mistake", name) as running:
                if [timeless(answer) for answer in answers(stack, running.url)] == right:
                    wrong += 1
                    print(f"WRONG {stack} {name}: nothing is changed by this mistake")
        print(f"{stack}-server: {len(names)} mistakes seen on the wire")
    return wrong


class Listener(http.server.BaseHTTPRequestHandler):
    heard = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append((self.headers.get("SOAPAction"), self.headers.get("Content-Type"), body))
        self.send_response(202)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def client_mistakes(peers):
    wrong = 0
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{listener.server_port}"
    sent = [TRIALS[0], TRIALS[4], TRIALS[12]]
    schema = etree.XMLSchema(etree.parse(SCHEMA))

    for client in CLIENTS:
        Listener.heard.clear()
        for operation, fields, _ in TRIALS:
            if fields.get("residentNumber") != "X":
                run(peers, client, url, operation, fields)
        for why in (why for _, _, text in Listener.heard for why in invalid(schema, text)):
            wrong += 1
            print(f"WRONG {client}-client: {why}")
        print(f"{client}-client: {len(Listener.heard)} messages, by the schema")

    def hear(client, *options):
        Listener.heard.clear()
        for operation, fields, _ in sent:
            run(peers, client, url, operation, fields, *options)
        return list(Listener.heard)

    for client in ("zeep", "node"):
        right = hear(client)
        if len(right) != len(sent):
            wrong += 1
            print(f"WRONG {client}: {len(right)} of {len(sent)} messages came")
        names = subprocess.run([peers / "soap" / f"{client}-client", "--mistakes"], capture_output=True, text=True).stdout.split()
        for name in names:
            heard = hear(client, "--mistake", name)
            if heard == right or len(heard) != len(sent):
                wrong += 1
                print(f"WRONG {client} {name}: nothing is changed by this mistake, or nothing came")
        print(f"{client}-client: {len(names)} mistakes seen on the wire")
    return wrong


def main():
    peers = Path(sys.argv[1]).resolve()
    wrong = matrix(peers) + server_mistakes(peers) + client_mistakes(peers)
    print("all right" if wrong == 0 else f"{wrong} wrong")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

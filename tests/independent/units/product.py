#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Units 10, 15 and 22 as somebody else's product: SOAP over HTTP, files in a folder, a hook for test controls."""

import argparse
import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from lxml import etree

from caller import Caller
from exchange import Exchange
from mistakes import MISTAKES
from stack import SOAP, Dictionary, Fault, Refusal
from unit10 import HealthInsurance
from unit15 import ChildAllowance
from unit22 import NonResidentRegister

MOST_BYTES = 4 * 1024 * 1024
ACTOR_NEXT = "http://schemas.xmlsoap.org/soap/actor/next"


class Product:
    def __init__(self, arguments):
        self.mistakes = set(arguments.mistake)
        self.municipality = arguments.municipality
        self.exchange, self.wsdl = arguments.exchange, arguments.wsdl
        os.makedirs(self.exchange, exist_ok=True)
        self.dictionary = Dictionary(arguments.units)
        self.count, self.count_lock = 0, threading.Lock()
        units = [HealthInsurance(self), ChildAllowance(self), NonResidentRegister(self)]
        self.units = {unit.number: unit for unit in units}
        self.files = {unit.number: Exchange(self, unit) for unit in units}
        self.caller = Caller(self)

    def wrong(self, mistake):
        """Whether a mistake was planted. A name that is nowhere listed is a mistake of ours."""
        if mistake not in MISTAKES:
            raise KeyError(mistake)
        return mistake in self.mistakes

    def receipt(self):
        with self.count_lock:
            self.count += 1
            return self.count

    # --- the hook ---

    def act(self, order):
        """Status and answer."""
        action = order.get("action")
        if action == "soap-call":
            return 200, self.caller.call(order)
        if action not in ("export-group", "import-group"):
            return 501, None
        unit, group = str(order.get("unit", "")).removeprefix("unit."), order.get("group")
        files = self.files.get(unit)
        if files is None or group not in [record["id"] for record in self.units[unit].words["record"]]:
            return 400, {"why": "no such group"}
        if action == "export-group":
            return 200, files.lay_down(group, order.get("kind", "full"))
        return 200, files.take(group, order.get("file", ""))

    # --- SOAP ---

    def answer(self, unit, body):
        """Status and envelope."""
        try:
            return 200, self.envelope(unit.call(self.payload(body)))
        except Refusal as refusal:
            code = "E0001" if self.wrong("one-code") else refusal.code
            fault = self.fault("Client", f"{refusal.code}: {refusal.why}")
            detail = etree.SubElement(fault, "detail")
            if not self.wrong("no-detail"):
                told = etree.SubElement(detail, f"{{{unit.namespace}}}Refusal", nsmap={None: unit.namespace})
                etree.SubElement(told, f"{{{unit.namespace}}}kodo").text = code
                etree.SubElement(told, f"{{{unit.namespace}}}riyu").text = refusal.why
            return (200 if self.wrong("refused-with-200") else 500), self.envelope(fault)
        except Fault as fault:
            return 500, self.envelope(self.fault(fault.code, fault.why))

    def payload(self, body):
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        try:
            root = etree.fromstring(body, parser)
        except etree.XMLSyntaxError as error:
            raise Fault("Client", str(error)) from error
        if root.getroottree().docinfo.doctype:
            raise Fault("Client", "a document type declaration")
        if etree.QName(root).localname != "Envelope":
            raise Fault("Client", "no envelope")
        if root.tag != f"{{{SOAP}}}Envelope":
            raise Fault("VersionMismatch", "SOAP 1.1 only")
        for block in root.iterfind(f"{{{SOAP}}}Header/*"):
            actor = block.get(f"{{{SOAP}}}actor", ACTOR_NEXT)
            if block.get(f"{{{SOAP}}}mustUnderstand") in ("1", "true") and actor in ("", ACTOR_NEXT):
                raise Fault("MustUnderstand", f"{block.tag} is not known here")
        payload = root.findall(f"{{{SOAP}}}Body/*")
        if len(payload) != 1:
            raise Fault("Client", "one payload is expected")
        return payload[0]

    def fault(self, code, why):
        fault = etree.Element(f"{{{SOAP}}}Fault", nsmap={"soap": SOAP})
        etree.SubElement(fault, "faultcode").text = f"soap:{code}"
        etree.SubElement(fault, "faultstring").text = why
        return fault

    def envelope(self, payload):
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
        etree.SubElement(envelope, f"{{{SOAP}}}Body").append(payload)
        return etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    product = None
    base = ""

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.connection.settimeout(60)
        import socket

        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def unit(self):
        path = self.path.split("?")[0]
        return self.product.units.get(path.removeprefix("/unit/")) if path.startswith("/unit/") else None

    def do_GET(self):
        unit = self.unit()
        if unit is None:
            return self.reply(404, b"", "text/plain")
        if self.path.lower().endswith("?wsdl"):
            return self.reply(200, unit.description(f"{self.base}/unit/{unit.number}"), "text/xml; charset=UTF-8")
        return self.reply(405, b"", "text/plain", Allow="POST")

    def do_POST(self):
        body = self.body()
        if body is None:
            return None
        if self.path == "/hook":
            return self.hook(body)
        unit = self.unit()
        if unit is None:
            return self.reply(404, b"", "text/plain")
        if self.headers.get_content_type() != "text/xml":
            return self.reply(415, b"", "text/plain")
        status, content = self.product.answer(unit, body)
        return self.reply(status, content, "text/xml; charset=UTF-8")

    def hook(self, body):
        try:
            status, told = self.product.act(json.loads(body))
        except (ValueError, KeyError, AttributeError) as error:
            status, told = 400, {"why": repr(error)}
        return self.reply(status, json.dumps(told).encode(), "application/json")

    def body(self):
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            self.reply(413, b"", "text/plain")
            return None
        return self.rfile.read(length)

    def reply(self, status, content, kind, **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--units", help="folder with items.toml and a folder for each unit")
    parser.add_argument("--wsdl", help="folder with unit-NN.wsdl of all units")
    parser.add_argument("--exchange", help="folder in which files are laid down")
    parser.add_argument("--municipality", default="131016")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--mistake", action="append", default=[], choices=sorted(MISTAKES))
    parser.add_argument("--list-mistakes", action="store_true")
    arguments = parser.parse_args()
    if arguments.list_mistakes:
        print("\n".join(f"{name}\t{what}" for name, what in MISTAKES.items()))
        return
    Handler.product = Product(arguments)
    server = Server(("127.0.0.1", arguments.port), Handler)
    Handler.base = f"http://127.0.0.1:{server.server_address[1]}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"ready {Handler.base}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

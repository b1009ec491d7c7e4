# SPDX-License-Identifier: Apache-2.0
"""The side that asks other units: `soap-call`."""

import os
import time
import urllib.error
import urllib.request

from lxml import etree

from stack import SOAP, XS


class Caller:
    def __init__(self, product):
        self.product, self.descriptions = product, {}

    def description(self, unit):
        if unit not in self.descriptions:
            path = os.path.join(self.product.wsdl, f"unit-{unit}.wsdl")
            tree = etree.parse(path)
            schema = tree.find(f".//{{{XS}}}schema")
            self.descriptions[unit] = (schema, etree.XMLSchema(schema))
        return self.descriptions[unit]

    def call(self, order):
        own = order["unit"].removeprefix("unit.")
        unit = (order.get("service") or order["unit"]).removeprefix("unit.")
        operation = order["operation"]
        namespace = f"http://junkyo.example/unit/{unit}/1"
        schema, valid = self.description(unit)
        fields = dict(order.get("fields", {}))
        fields.setdefault("shokaimoto", own)
        self.spoil(fields)
        envelope = etree.Element(f"{{{SOAP}}}Envelope", nsmap={"soap": SOAP})
        body = etree.SubElement(envelope, f"{{{SOAP}}}Body")
        request = etree.SubElement(body, f"{{{namespace}}}{operation}", nsmap={None: namespace})
        path = f"{{{XS}}}element[@name='{operation}']/{{{XS}}}complexType/{{{XS}}}sequence/{{{XS}}}element"
        for element in schema.iterfind(path):
            name = element.get("name")
            if fields.get(name) not in (None, ""):
                etree.SubElement(request, f"{{{namespace}}}{name}").text = str(fields[name])
        message = etree.tostring(envelope, xml_declaration=True, encoding="UTF-8")
        return self.send(order, f"{namespace}/{operation}", message, valid)

    def spoil(self, fields):
        if self.product.wrong("no-reference-date"):
            fields.pop("kijunbi", None)
        if self.product.wrong("other-reference-date") and "kijunbi" in fields:
            fields["kijunbi"] = "2026-11-22"
        if self.product.wrong("other-asker"):
            fields["shokaimoto"] = "26"

    def send(self, order, action, message, valid):
        headers = {"Content-Type": "text/xml; charset=UTF-8", "SOAPAction": f'"{action}"'}
        for attempt in range(order.get("most_retries", 0) + 1):
            if attempt:
                time.sleep(order.get("retry_wait_ms", 1000) / 1000)
            request = urllib.request.Request(order["endpoint"], message, headers)
            try:
                with urllib.request.urlopen(request, timeout=order.get("timeout_ms", 30000) / 1000) as answer:
                    return self.outcome(answer.status, answer.read(), valid)
            except urllib.error.HTTPError as error:
                content = error.read()
                if error.code == 503:
                    continue
                return self.outcome(error.code, content, valid)
            except OSError as error:
                return failed(str(error))
        return failed("the service is not available")

    def outcome(self, status, content, valid):
        try:
            root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            return failed(f"HTTP {status}: {error}")
        body = root.find(f"{{{SOAP}}}Body")
        if root.tag != f"{{{SOAP}}}Envelope" or body is None or len(body) != 1:
            return failed("no envelope of SOAP 1.1 with one payload")
        payload = body[0]
        if payload.tag == f"{{{SOAP}}}Fault":
            code = next((one.text for one in payload.iter() if etree.QName(one).localname == "kodo"), None)
            if self.product.wrong("refusal-is-empty"):
                return {"outcome": "done", "values": {}, "rows": [], "found": False, "fault": None, "error": None}
            fault = payload.findtext("faultcode", "").split(":")[-1]
            return {"outcome": "fault", "values": {}, "found": False, "fault": code or fault, "error": fault}
        if status != 200:
            return failed(f"HTTP {status}")
        if not valid.validate(payload):
            return failed(str(valid.error_log.last_error))
        rows = [{etree.QName(item).localname: item.text or "" for item in row} for row in payload]
        if not rows and self.product.wrong("empty-is-failure"):
            return failed("there was nothing")
        values = dict(rows[0]) if rows else {}
        return {"outcome": "done", "values": values, "rows": rows, "found": bool(rows), "fault": None, "error": None}


def failed(why):
    return {"outcome": "failed", "values": {}, "fault": None, "error": why}

# SPDX-License-Identifier: Apache-2.0
"""One operation of the exchange service with zeep, from the WSDL alone.

    python client.py ENDPOINT OPERATION FIELDS [--mistake NAME]
    python client.py --mistakes

FIELDS is JSON with the names of the schema; `caller` is the header block of GetResident.
"""

import datetime
import json
import re
import sys
from pathlib import Path

import requests
import zeep
from lxml import etree
from zeep.exceptions import Fault
from zeep.helpers import serialize_object
from zeep.transports import Transport

WSDL = Path(__file__).parents[4] / "conformance/platform-communication/service/exchange.wsdl"
SERVICE = "{http://junkyo.example/exchange/1}"
MESSAGES = "http://junkyo.example/exchange/1/messages"
RPC = "http://junkyo.example/exchange/1/rpc"
ENCODING = "http://schemas.xmlsoap.org/soap/encoding/"


def header(name, value):
    """A mistake in a header of HTTP; the value may be made from the right one."""

    def change(headers, xml):
        headers[name] = value(headers[name]) if callable(value) else value
        return xml

    return change


def text(pattern, replacement, count=0):
    """A mistake in the envelope."""
    return lambda headers, xml: re.sub(pattern, replacement, xml, count=count, flags=re.S)


MISTAKES = {
    "soapaction-unquoted": header("SOAPAction", lambda right: right.strip('"')),
    "soapaction-wrong": header("SOAPAction", '"http://junkyo.example/exchange/1/Other"'),
    "soapaction-empty": header("SOAPAction", '""'),
    "media-type": header("Content-Type", "application/soap+xml; charset=utf-8"),
    "charset-missing": header("Content-Type", "text/xml"),
    "charset-wrong": header("Content-Type", "text/xml; charset=Shift_JIS"),
    "caller-missing": text(r"<soap-env:Header>.*?</soap-env:Header>", ""),
    "caller-twice": text(r"(<ns\d:caller\b.*?</ns\d:caller>)", r"\1\1"),
    "accessor-extra": text(r"</asOf>", "</asOf><user>010</user>"),
    "accessors-swapped": text(r"(<area>.*?</area>)(<asOf>.*?</asOf>)", r"\2\1"),
    "accessor-nil": text(
        r"<asOf>.*?</asOf>", '<asOf xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    ),
    "namespace-wrong": text(r"http://junkyo.example/exchange/1/(messages|rpc)", r"http://junkyo.example/exchange/2/\1"),
    "body-unqualified": text(r'<ns0:(getResident|notifyChange|requestExtract|pollExtract) xmlns:ns0="[^"]*">(.*)</ns0:\1>',
                             rf'<\1 xmlns:ns0="{MESSAGES}">\2</\1>'),
    "must-understand-true": text(r"<(ns\d):caller ", r'<\1:caller soap-env:mustUnderstand="true" '),
    "encoding-style": text(r"<soap-env:Body>", f'<soap-env:Body soap-env:encodingStyle="{ENCODING}">'),
    "doctype": text(r"<soap-env:Envelope", "<!DOCTYPE Envelope>\n<soap-env:Envelope", 1),
    "processing-instruction": text(r"<soap-env:Body>", "<?vendor 1?><soap-env:Body>"),
    "trailing-element": text(r"</soap-env:Body>", '</soap-env:Body><t:trace xmlns:t="urn:vendor"/>'),
    "envelope-soap12": text(r"http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope"),
    "element-missing": text(r"<(ns\d):(residentNumber|area)>.*?</\1:\2>", ""),
    "date-slashed": text(r"(\d{4})-(\d\d)-(\d\d)<", r"\1/\2/\3<"),
}


class Planted(Transport):
    """Sends what zeep has written, with the mistake in it."""

    def __init__(self, mistake):
        super().__init__(timeout=10, operation_timeout=10)
        self.mistake = mistake

    def post_xml(self, address, envelope, headers):
        xml = etree.tostring(envelope, encoding="unicode")
        if self.mistake:
            xml = MISTAKES[self.mistake](headers, xml)
        message = '<?xml version="1.0" encoding="utf-8"?>\n' + xml
        return self.post(address, message.encode(), headers)


def plain(value):
    """Values of the schema as JSON; `_value_1` is how zeep names a choice without a name."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items() if each is not None or key == "birthDate"}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


def named(element):
    """An element without a schema behind it, as JSON."""
    return {etree.QName(child).localname: named(child) if len(child) else child.text for child in element}


def values(operation, result):
    if operation == "GetResident":
        responder = (result["header"] or {}).get("responder")
        return {**plain(result["body"]), **({"responder": plain(responder)} if responder else {})}
    plained = plain(result) or {}
    if operation == "RequestExtract" or plained.get("state") == "done":
        plained["extract"] = plained.get("extract") or {}
        plained["extract"].setdefault("resident", [])
    return plained


def call(endpoint, operation, fields, mistake):
    client = zeep.Client(str(WSDL), transport=Planted(mistake))
    binding = "StatisticsSoap" if operation in ("CountResidents", "Refresh") else "ExchangeSoap"
    service = client.create_service(f"{SERVICE}{binding}", endpoint)
    caller = fields.pop("caller", None)
    if caller is not None:
        fields["_soapheaders"] = {"caller": caller}
    if "removed" in fields:
        fields["removed"] = [{}]  # zeep leaves an element of an empty type out when it is given as {}
    try:
        result = serialize_object(service[operation](**fields), dict)
    except Fault as fault:
        said = {"outcome": "fault", "faultcode": fault.code, "faultstring": fault.message}
        if fault.detail is not None and len(fault.detail):
            said["detail"] = named(fault.detail)
        return said
    return {"outcome": "done", **values(operation, result)}


def main():
    if sys.argv[1:] == ["--mistakes"]:
        print(*MISTAKES, sep="\n")
        return
    endpoint, operation, *rest = sys.argv[1:]
    fields = json.loads(rest[0]) if rest else {}
    mistake = rest[2] if rest[1:2] == ["--mistake"] else None
    if mistake is not None and mistake not in MISTAKES:
        sys.exit(f"no such mistake: {mistake}")
    try:
        said = call(endpoint, operation, fields, mistake)
    except (zeep.exceptions.Error, requests.RequestException, etree.LxmlError, ValueError, TypeError) as error:
        said = {"outcome": "failed", "error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said, ensure_ascii=False))
    sys.exit(1 if said["outcome"] == "failed" else 0)


if __name__ == "__main__":
    main()

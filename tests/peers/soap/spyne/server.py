# SPDX-License-Identifier: Apache-2.0
"""The exchange as a vendor with spyne would write it: code first, with its own WSDL at ?wsdl.

    python server.py PORT [--mistake NAME]
    python server.py --mistakes

Port 0 picks a free one. Prints `ready http://127.0.0.1:PORT` when it answers; the service is at
/exchange (WSDL: /exchange?wsdl), the stored changes are JSON at /changes. spyne wraps parameters in
an element of the operation's name, and has neither rpc nor operations without an answer's element.
"""

import datetime
import io
import json
import logging
import re
import sys
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

from lxml import etree
from spyne import Application, Array, ComplexModel, Date, DateTime, Fault, Integer, ServiceBase, Unicode, XmlAttribute, rpc
from spyne.protocol.soap import Soap11
from spyne.server.wsgi import WsgiApplication

NAMESPACE = "http://vendor.example/spyne/exchange"

ResidentNumber = Unicode(pattern="[0-9]{15}", min_occurs=1, nillable=False, type_name="residentNumber")
SystemCode = Unicode(pattern="[0-9]{3}", min_occurs=1, nillable=False, type_name="systemCode")
AreaCode = Unicode(pattern="[0-9]{6}", min_occurs=1, nillable=False, type_name="areaCode")
Token = Unicode(min_len=1, max_len=64, min_occurs=1, nillable=False, type_name="token")
Name = Unicode(min_len=1, max_len=60, min_occurs=1, nillable=False, type_name="name")
Sex = Unicode(values=["0", "1", "2", "9"], min_occurs=1, nillable=False, type_name="sex")
Reason = Unicode(
    values=["moved-in", "moved-within", "moved-out", "born", "died"], min_occurs=1, nillable=False, type_name="changeReason"
)
State = Unicode(values=["pending", "done", "unknown"], min_occurs=1, nillable=False, type_name="extractState")
RequiredDate = Date(min_occurs=1, nillable=False)


class Model(ComplexModel):
    __namespace__ = NAMESPACE


class Caller(Model):
    municipality = AreaCode
    system = SystemCode


class Responder(Model):
    system = SystemCode
    answeredAt = DateTime(min_occurs=1, nillable=False)


class Address(Model):
    _type_info = [
        ("postcode", Unicode(pattern="[0-9]{7}", min_occurs=0, nillable=False, type_name="postcode")),
        ("text", Name),
    ]


class Resident(Model):
    _type_info = [
        ("residentNumber", ResidentNumber),
        ("name", Name),
        ("kana", Unicode(max_len=60, min_occurs=0, nillable=False, type_name="kana")),
        ("birthDate", Date(min_occurs=1, nillable=True)),
        ("sex", Sex),
        ("address", Address.customize(min_occurs=0, nillable=False)),
        ("householdNumber", ResidentNumber.customize(min_occurs=0)),
        ("version", XmlAttribute(Integer(ge=1), use="required")),
    ]


class Extract(Model):
    extractId = Token
    state = State
    residents = Array(Resident.customize(nillable=False), min_occurs=0, nillable=False)


class Statistics(Model):
    count = Integer(min_occurs=1, nillable=False)
    households = Integer(min_occurs=1, nillable=False)


class ResidentNotFound(Fault):
    """A fault of its own: spyne declares an empty element of this name in the WSDL."""

    __namespace__ = NAMESPACE

    def __init__(self, number):
        detail = etree.Element(f"{{{NAMESPACE}}}ResidentNotFound")
        super().__init__("Client", f"該当する住民がいません: {number}", detail=detail)


def read_residents():
    for line in (Path(__file__).parents[1] / "residents.tsv").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            number, name, kana, born, sex, postcode, address, household, version, area = line.split("\t")
            yield area, Resident(
                residentNumber=number,
                name=name,
                kana=kana or None,
                birthDate=datetime.date.fromisoformat(born) if born else None,
                sex=sex,
                address=Address(postcode=postcode or None, text=address) if address else None,
                householdNumber=household or None,
                version=int(version),
            )


RESIDENTS = list(read_residents())
CHANGES = []
EXTRACTS = {}


def within(born, first, last):
    return (first is None or (born and born >= first)) and (last is None or (born and born <= last))


class Exchange(ServiceBase):
    __in_header__ = Caller
    __out_header__ = Responder

    @rpc(ResidentNumber, Date(min_occurs=0, nillable=False), _returns=Resident.customize(nillable=False, min_occurs=1),
         _throws=ResidentNotFound)
    def GetResident(ctx, residentNumber, asOf):
        if ctx.in_header is None:
            raise Fault("Client", "the header block Caller is missing")
        ctx.out_header = Responder(system="001", answeredAt=datetime.datetime.now(datetime.timezone.utc))
        for _, resident in RESIDENTS:
            if resident.residentNumber == residentNumber:
                return resident
        raise ResidentNotFound(residentNumber)


class Batch(ServiceBase):
    @rpc(Token, Integer(ge=1, min_occurs=1, nillable=False), ResidentNumber, Reason, RequiredDate,
         Address.customize(min_occurs=0, nillable=False))
    def NotifyChange(ctx, changeId, sequence, residentNumber, reason, changedOn, newAddress):
        change = {"changeId": changeId, "sequence": sequence, "residentNumber": residentNumber, "reason": reason}
        change["changedOn"] = changedOn.isoformat()
        if newAddress is not None:
            change["newAddress"] = {"postcode": newAddress.postcode, "text": newAddress.text}
        CHANGES.append(change)

    @rpc(Token, AreaCode, Date(min_occurs=0, nillable=False), Date(min_occurs=0, nillable=False),
         _returns=Extract.customize(nillable=False, min_occurs=1))
    def RequestExtract(ctx, extractId, area, bornFrom, bornTo):
        found = [each for of, each in RESIDENTS if of == area and within(each.birthDate, bornFrom, bornTo)]
        EXTRACTS[extractId] = sorted(found, key=lambda each: each.residentNumber)
        return Extract(extractId=extractId, state="done", residents=EXTRACTS[extractId])

    @rpc(Token, _returns=Extract.customize(nillable=False, min_occurs=1))
    def PollExtract(ctx, extractId):
        found = EXTRACTS.get(extractId)
        return Extract(extractId=extractId, state="unknown" if found is None else "done", residents=found)

    @rpc()
    def Ping(ctx):
        pass

    @rpc(AreaCode, RequiredDate, _returns=Statistics.customize(nillable=False, min_occurs=1))
    def CountResidents(ctx, area, asOf):
        found = [each for of, each in RESIDENTS if of == area]
        return Statistics(count=len(found), households=len({each.householdNumber for each in found} - {None}))

    @rpc()
    def Refresh(ctx):
        pass


SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
EMPTY = f'<soap11env:Envelope xmlns:soap11env="{SOAP11}"><soap11env:Body/></soap11env:Envelope>'


def text(pattern, replacement, count=0):
    """A mistake in the envelope."""
    return lambda request, answer: answer.update(body=re.sub(pattern, replacement, answer["body"], count=count, flags=re.S))


def media(value):
    return lambda request, answer: answer.update(type=value)


def on_notification(**changed):
    return lambda request, answer: answer.update(changed) if "NotifyChange" in request else None


MISTAKES = {
    "fault-200": lambda request, answer: answer.update(status="200 OK"),
    "charset-wrong": media("text/xml; charset=Shift_JIS"),
    "charset-missing": media("text/xml"),
    "media-type": media("application/soap+xml; charset=utf-8"),
    "fault-child": text(r"</faultstring>", "</faultstring><traceback>File server.py</traceback>"),
    "faultcode-dotted": text(r"<faultcode>(\w+):Client<", r"<faultcode>\1:Client.ResidentNotFound<"),
    "faultcode-own": text(r"<faultcode>.*?<", "<faultcode>E0012<"),
    "responder-missing": text(r"<soap11env:Header>.*?</soap11env:Header>", ""),
    "body-unqualified": text(r"<(/?)tns:(\w+Response)\b", r"<\1\2"),
    "encoding-style": text(
        r"<soap11env:Body>", '<soap11env:Body soap11env:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    ),
    "result-wrapper": text(r"<(/?)tns:(\w+)Response\b", r"<\1tns:\2Return"),
    "notification-204": on_notification(status="204 No Content", body="", type=None),
    "processing-instruction": text(r"<soap11env:Body>", "<?spyne 2.14?><soap11env:Body>"),
    "trailing-element": text(r"</soap11env:Body>", '</soap11env:Body><t:trace xmlns:t="urn:vendor">1</t:trace>'),
    "enumeration-wrong": text(r"(:sex>)\d", r"\g<1>3"),
    "element-missing": text(r"<(\w+:sex)>\d</\1>", ""),
    "version-missing": text(r' version="\d+"', ""),
    "doctype": text(r"<soap11env:Envelope", "<!DOCTYPE Envelope>\n<soap11env:Envelope", 1),
    "envelope-soap12": text(re.escape(SOAP11), "http://www.w3.org/2003/05/soap-envelope"),
    "must-understand-true": text(r"<tns:Responder\b", '<tns:Responder soap11env:mustUnderstand="true"'),
    "fault-qualified": text(r"<(/?)(faultcode|faultstring|faultactor|detail)\b", r"<\1soap11env:\2"),
    "fault-order": text(r"(<faultcode>.*?</faultcode>)(<faultstring>.*?</faultstring>)", r"\2\1"),
    "namespace-wrong": text(re.escape(NAMESPACE), NAMESPACE + "/v2"),
}


def spoilt(application, mistake):
    """The same application, with the mistake in its answers to SOAP messages."""

    def serve(environ, start_response):
        began = []
        request = ""
        if environ["REQUEST_METHOD"] == "POST":
            raw = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            environ["wsgi.input"] = io.BytesIO(raw)
            request = raw.decode("utf-8", "replace")
        body = b"".join(application(environ, lambda status, headers, *_: began.append((status, headers))))
        status, headers = began[0]
        if not request:
            start_response(status, headers)
            return [body]
        names = {name.lower(): value for name, value in headers}
        answer = {"status": status, "type": names.get("content-type"), "body": body.decode("utf-8")}
        MISTAKES[mistake](request, answer)
        body = answer["body"].encode("utf-8")
        headers = [("Content-Length", str(len(body)))]
        if answer["type"]:
            headers.append(("Content-Type", answer["type"]))
        start_response(answer["status"], headers)
        return [body]

    return serve


def beside_changes(application):
    def serve(environ, start_response):
        if environ["PATH_INFO"] != "/changes":
            return application(environ, start_response)
        start_response("200 OK", [("Content-Type", "application/json; charset=utf-8")])
        return [json.dumps(CHANGES, ensure_ascii=False).encode("utf-8")]

    return serve


def main():
    logging.disable(logging.CRITICAL)
    port, *rest = sys.argv[1:] or ["0"]
    if port == "--mistakes":
        print(*MISTAKES, sep="\n")
        return
    mistake = rest[1] if rest[:1] == ["--mistake"] else None
    if mistake is not None and mistake not in MISTAKES:
        sys.exit(f"no such mistake: {mistake}")
    application = WsgiApplication(
        Application([Exchange, Batch], NAMESPACE, name="Exchange", in_protocol=Soap11(validator="lxml"), out_protocol=Soap11())
    )
    WSGIRequestHandler.log_message = lambda *_: None
    server = make_server("127.0.0.1", int(port), beside_changes(spoilt(application, mistake) if mistake else application))
    print(f"ready http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

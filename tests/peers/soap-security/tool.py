# SPDX-License-Identifier: Apache-2.0
"""WS-Security with zeep, python-xmlsec and signxml.

Reads {"key": PATH, "certificate": PATH, "jobs": [...]} from standard input and prints one result a job.
A job is {"do": "sign" | "verify" | "username", "peer": NAME, "envelope": TEXT, "elliptic": BOOL}.
A result is {"text": SIGNED} or {"valid": BOOL, "why": TEXT}.
"""

import datetime
import json
import sys

import xmlsec
from lxml import etree
from signxml import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConfiguration,
    SignatureMethod,
    SignatureReference,
    XMLSigner,
    XMLVerifier,
    methods,
)
from zeep.wsse.signature import BinarySignature, Signature
from zeep.wsse.username import UsernameToken
from zeep.wsse.utils import WSU, ensure_id, get_security_header

DS = "http://www.w3.org/2000/09/xmldsig#"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
BASE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = BASE + "wssecurity-secext-1.0.xsd"
UTILITY = BASE + "wssecurity-utility-1.0.xsd"
X509 = BASE + "x509-token-profile-1.0#X509v3"
BINARY = BASE + "soap-message-security-1.0#Base64Binary"
ID = f"{{{UTILITY}}}Id"


class Tool:
    def __init__(self, key, certificate):
        self.key = key
        self.certificate = certificate
        with open(key, "rb") as file:
            self.key_pem = file.read()
        with open(certificate, "rb") as file:
            self.certificate_pem = file.read()

    def run(self, job):
        envelope = etree.fromstring(job["envelope"].encode())
        if job["do"] == "verify":
            try:
                getattr(self, "verify_" + job["peer"])(envelope)
                return {"valid": True}
            except Exception as error:  # whatever a library throws is its way to say no
                return {"valid": False, "why": f"{type(error).__name__}: {error}"}
        if job["do"] == "username":
            header = get_security_header(envelope)
            header.set(f"{{{SOAP}}}mustUnderstand", "1")
            token = UsernameToken(job["username"], job["password"], use_digest=job["digest"])
            envelope, _ = token.apply(envelope, {})
        else:
            self.prepare(envelope)
            getattr(self, "sign_" + job["peer"])(envelope, job["elliptic"])
        return {"text": etree.tostring(envelope, encoding="unicode")}

    @staticmethod
    def prepare(envelope):
        """A Security header with a Timestamp."""
        header = get_security_header(envelope)
        header.set(f"{{{SOAP}}}mustUnderstand", "1")
        now = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        stamp = WSU.Timestamp()
        stamp.append(WSU.Created(now.isoformat()))
        stamp.append(WSU.Expires((now + datetime.timedelta(minutes=5)).isoformat()))
        header.append(stamp)

    # zeep, with the token as BinarySecurityToken and with the certificate in the reference

    def sign_zeep(self, envelope, elliptic, kind=BinarySignature):
        method = xmlsec.Transform.ECDSA_SHA256 if elliptic else xmlsec.Transform.RSA_SHA256
        signature = kind(self.key, self.certificate, None, method, xmlsec.Transform.SHA256)
        signature.apply(envelope, {})

    def sign_zeep_embedded(self, envelope, elliptic):
        self.sign_zeep(envelope, elliptic, Signature)

    def verify_zeep(self, envelope):
        BinarySignature(self.key, self.certificate).verify(envelope)

    # python-xmlsec with a template of its own: prefix list, token signed as well

    def sign_xmlsec(self, envelope, elliptic):
        header = get_security_header(envelope)
        token = etree.SubElement(header, f"{{{WSSE}}}BinarySecurityToken", ValueType=X509, EncodingType=BINARY)
        token.text = "".join(self.certificate_pem.decode().split("-----")[2].split())
        method = xmlsec.Transform.ECDSA_SHA256 if elliptic else xmlsec.Transform.RSA_SHA256
        signature = xmlsec.template.create(envelope, xmlsec.Transform.EXCL_C14N, method, ns="d")
        header.append(signature)
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.key_pem, xmlsec.KeyFormat.PEM, None)
        for target in (envelope.find(f"{{{SOAP}}}Body"), header.find(f"{{{UTILITY}}}Timestamp"), token):
            uri = "#" + ensure_id(target)
            context.register_id(target, "Id", UTILITY)
            reference = xmlsec.template.add_reference(signature, xmlsec.Transform.SHA256, uri=uri)
            transform = xmlsec.template.add_transform(reference, xmlsec.Transform.EXCL_C14N)
            xmlsec.template.transform_add_c14n_inclusive_namespaces(transform, "soap #default")
        info = xmlsec.template.ensure_key_info(signature)
        link = etree.SubElement(info, f"{{{WSSE}}}SecurityTokenReference")
        etree.SubElement(link, f"{{{WSSE}}}Reference", URI="#" + token.get(ID), ValueType=X509)
        context.sign(signature)

    def verify_xmlsec(self, envelope):
        signature = envelope.find(f".//{{{DS}}}Signature")
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(self.certificate_pem, xmlsec.KeyFormat.CERT_PEM, None)
        for element in envelope.xpath("//*[@u:Id]", namespaces={"u": UTILITY}):
            context.register_id(element, "Id", UTILITY)
        context.verify(signature)

    # signxml: its signature is moved into the header; exclusive canonicalization does not mind

    def sign_signxml(self, envelope, elliptic):
        header = get_security_header(envelope)
        targets = (envelope.find(f"{{{SOAP}}}Body"), header.find(f"{{{UTILITY}}}Timestamp"))
        exclusive = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
        signer = XMLSigner(
            method=methods.detached,
            signature_algorithm=SignatureMethod.ECDSA_SHA256 if elliptic else SignatureMethod.RSA_SHA256,
            digest_algorithm=DigestAlgorithm.SHA256,
            c14n_algorithm=exclusive,
        )
        references = [SignatureReference(URI="#" + ensure_id(target), c14n_method=exclusive) for target in targets]
        header.append(
            signer.sign(
                envelope,
                key=self.key_pem,
                cert=self.certificate_pem,
                reference_uri=references,
                id_attribute="Id",
            )
        )

    def verify_signxml(self, envelope):
        XMLVerifier().verify(
            envelope,
            x509_cert=self.certificate_pem.decode(),
            id_attribute="Id",
            expect_config=SignatureConfiguration(expect_references=True, location=".//"),
        )


def main():
    order = json.load(sys.stdin)
    tool = Tool(order["key"], order["certificate"])
    json.dump([tool.run(job) for job in order["jobs"]], sys.stdout)


main()

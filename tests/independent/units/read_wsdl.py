#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads the description of a unit with lxml and zeep: `read_wsdl.py WSDL FOLDER`.

lxml compiles the schema; zeep loads the WSDL and makes the request of every operation from values that fit the types
(their enumerations, patterns of digits and examples of form). The payloads and the schema go to FOLDER, for others to
validate. Fails where an operation cannot be built.
"""

import os
import re
import sys

from lxml import etree
from zeep import Client, Settings

XS = "http://www.w3.org/2001/XMLSchema"
X = f"{{{XS}}}"


def sample(schema, name):
    """A text that fits a simple type of the schema."""
    kind = schema.find(f"{X}simpleType[@name='{name}']/{X}restriction")
    if kind is None:
        return {"string": "text", "dateTime": "2026-04-01T09:00:00+09:00"}.get(name.split(":")[-1], "1")
    base = kind.get("base").split(":")[-1]
    choice = kind.find(f"{X}enumeration")
    if choice is not None:
        return choice.get("value")
    if base == "date":
        return "2026-04-01"
    if base in ("nonNegativeInteger", "integer"):
        return "1"
    pattern = kind.find(f"{X}pattern")
    pattern = pattern.get("value") if pattern is not None else ""
    if pattern.startswith("([01][0-9]"):
        return "09:00:00"
    if found := re.fullmatch(r"\[0-9\]\{([0-9]+)\}", pattern):
        return "2026"[: int(found[1])].ljust(int(found[1]), "0")
    if found := re.search(r"\{([0-9]+),[0-9]+\}$", pattern):
        return "A" * int(found[1])
    return "試"


def values(schema, element):
    """Values of the items of a request."""
    items = schema.iterfind(f"{X}element[@name='{element}']/{X}complexType/{X}sequence/{X}element")
    return {item.get("name"): sample(schema, item.get("type", "string")) for item in items}


def main():
    path, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    schema = etree.parse(path).find(f".//{X}schema")
    compiled = etree.XMLSchema(schema)
    etree.ElementTree(schema).write(os.path.join(folder, "schema.xsd"), xml_declaration=True, encoding="UTF-8")
    client = Client(path, settings=Settings(strict=True))
    count = 0
    for service in client.wsdl.services.values():
        for port in service.ports.values():
            for operation in port.binding.all().values():
                request = values(schema, operation.name)
                bound = client.bind(service.name, port.name)
                message = client.create_message(bound, operation.name, **request)
                payload = message.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")[0]
                compiled.assertValid(payload)
                file = os.path.join(folder, f"{operation.name}.xml")
                etree.ElementTree(payload).write(file, xml_declaration=True, encoding="UTF-8")
                count += 1
    print(count)
    if not count:
        sys.exit("no operation")


if __name__ == "__main__":
    main()

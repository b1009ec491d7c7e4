# SPDX-License-Identifier: Apache-2.0
"""What every unit needs: dictionary, WSDL, SOAP, form of requests, persons, calendar, told changes."""

import datetime
import glob
import os
import threading
import tomllib

from lxml import etree

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
XS = "http://www.w3.org/2001/XMLSchema"
WSDL = "http://schemas.xmlsoap.org/wsdl/"
ADDRESS = "{http://schemas.xmlsoap.org/wsdl/soap/}address"


class Refusal(Exception):
    """A business refusal."""

    def __init__(self, code, why):
        super().__init__(code, why)
        self.code, self.why = code, why


class Fault(Exception):
    """A fault of SOAP itself."""

    def __init__(self, code, why):
        super().__init__(code, why)
        self.code, self.why = code, why


def pascal(name):
    return "".join(part[:1].upper() + part[1:] for part in name.split("-"))


# --- calendar -------------------------------------------------------------------------------------

def day(text):
    """A day, or None: not known, or not there."""
    try:
        return datetime.date.fromisoformat(text) if text and len(text) == 10 else None
    except ValueError:
        return None


def next_day(date):
    return date + datetime.timedelta(1)


def plus_years(date, years):
    try:
        return date.replace(year=date.year + years)
    except ValueError:
        return datetime.date(date.year + years, 3, 1)


def reaches(birth, age):
    """An age is reached at the end of the day before the birthday (年齢計算ニ関スル法律)."""
    return plus_years(birth, age) - datetime.timedelta(1)


def school_end(date):
    """The first 31 March on or after a day."""
    this = datetime.date(date.year, 3, 31)
    return this if date <= this else datetime.date(date.year + 1, 3, 31)


def month_start(date, months=0):
    index = date.year * 12 + date.month - 1 + months
    return datetime.date(index // 12, index % 12 + 1, 1)


def months(first, last):
    """First days of the months from one to another, both with."""
    while first <= last:
        yield first
        first = month_start(first, 1)


# --- dictionary -----------------------------------------------------------------------------------

class Dictionary:
    """Items, code lists and unit definitions of the reference profile."""

    def __init__(self, folder):
        self.items, self.codes, self.units, self.event_from = {}, {}, {}, {}
        files = [os.path.join(folder, "items.toml")] + sorted(glob.glob(os.path.join(folder, "*", "unit.toml")))
        for path in files:
            with open(path, "rb") as file:
                table = tomllib.load(file)
            self.items.update({item["id"]: item for item in table.get("item", [])})
            self.codes.update(
                {codes["id"]: {code["code"] for code in codes["codes"]} for codes in table.get("code-list", [])}
            )
            if "number" in table:
                self.units[f"{table['number']:02}"] = table
                for event in table.get("event", []):
                    self.event_from[event["id"]] = f"{table['number']:02}"

    def event(self, event):
        unit = self.units[self.event_from[event]]
        return next(one for one in unit["event"] if one["id"] == event)

    def record(self, unit, record):
        return next(one for one in self.units[unit]["record"] if one["id"] == record)

    def length_of(self, value, product):
        return len(value.encode()) if product.wrong("length-in-bytes") else len(value)

    def judge(self, item_id, value, product):
        """The code with which a value is refused, or None."""
        item = self.items.get(item_id)
        if item is None:
            return None
        kind, most = item["type"], item["length"]
        if kind == "DATE":
            if day(value) or (item.get("unknown-date") and not value.isascii()):
                return None
            return None if product.wrong("any-date") else "E0002"
        if kind == "TIME":
            try:
                datetime.time.fromisoformat(value)
                return None if len(value) == 8 else "E0002"
            except ValueError:
                return "E0002"
        if kind == "YEAR":
            return None if len(value) == 4 and value.isascii() and value.isdigit() else "E0002"
        if kind in ("9", "S9"):
            digits = value[1:] if kind == "S9" and value[:1] == "-" else value
            if not (digits.isascii() and digits.isdigit()):
                return "E0002"
            return "E0003" if len(digits) > most else None
        length = self.length_of(value, product)
        if length > most or (item.get("fixed") and length != most):
            return "E0003"
        codes = item.get("codes")
        if codes and value not in self.codes[codes] and not product.wrong("any-code"):
            return "E0002"
        narrow = [letter for letter in value if " " <= letter <= "~" or "\uff61" <= letter <= "\uff9f"]
        odd = len(narrow) != len(value) if kind == "X" else narrow or any(letter in "\t\r\n" for letter in value)
        return "E0002" if odd and not product.wrong("any-letter") else None


def split_mark(marked):
    """Id, required, key."""
    return marked.rstrip("!#"), marked[-1] in "!#", marked[-1] == "#"


# --- one unit -------------------------------------------------------------------------------------

class Unit:
    """What the units have in common. A unit of its own adds procedures (`do_…`), notices (`on_…`) and rows (`rows_…`)."""

    number = ""

    def __init__(self, product):
        self.product = product
        self.words = product.dictionary.units[self.number]
        self.lock = threading.RLock()
        self.namespace = f"http://junkyo.example/unit/{self.number}/1"
        with open(os.path.join(product.wsdl, f"unit-{self.number}.wsdl"), "rb") as file:
            self.wsdl = etree.fromstring(file.read())
        self.schema = etree.XMLSchema(self.wsdl.find(f".//{{{XS}}}schema"))
        self.requests = self.read_requests()
        self.records = {pascal(record["id"]): record for record in self.words["record"]}
        self.procedures = {pascal(procedure["id"]): procedure for procedure in self.words["procedure"]}
        self.notices = {"Receive" + pascal(one["event"]): one["event"] for one in self.words.get("receives", [])}
        self.told, self.serial, self.receipts, self.seen = [], 0, {}, {}

    def wrong(self, mistake):
        return self.product.wrong(mistake)

    def read_requests(self):
        """Operation → [(item, required)] in the order of the schema."""
        found = {}
        for element in self.wsdl.find(f".//{{{XS}}}schema").findall(f"{{{XS}}}element"):
            items = element.findall(f"{{{XS}}}complexType/{{{XS}}}sequence/{{{XS}}}element")
            found[element.get("name")] = [(item.get("name"), item.get("minOccurs") != "0") for item in items]
        return found

    def description(self, address):
        copy = etree.fromstring(etree.tostring(self.wsdl))
        for element in copy.iter(ADDRESS):
            element.set("location", address)
        return etree.tostring(copy, xml_declaration=True, encoding="UTF-8")

    # --- requests ---

    def call(self, payload):
        """Performs what a payload asks for; the answer as an element."""
        name = etree.QName(payload)
        operation = name.localname
        known = operation in self.procedures or operation in self.notices or operation == "Changes"
        known = known or (operation.startswith("Inquire") and operation[7:] in self.records)
        if name.namespace != self.namespace or not known:
            raise Fault("Client", f"no operation takes {payload.tag}")
        with self.lock:
            fields = self.fields(operation, payload)
            if operation == "Changes":
                content = self.changes(fields)
            elif operation in self.notices:
                content = self.notice(self.notices[operation], fields)
            elif operation in self.procedures:
                content = self.procedure(operation, fields)
            else:
                content = self.inquiry(operation[7:], fields)
        answer = etree.Element(f"{{{self.namespace}}}{operation}Response", nsmap={None: self.namespace})
        self.fill(answer, content)
        return answer

    def fields(self, operation, payload):
        fields = {}
        wanted = self.requests[operation]
        order = {item: place for place, (item, _) in enumerate(wanted)}
        last = -1
        for child in payload:
            if not isinstance(child.tag, str):
                continue
            name = etree.QName(child)
            if name.namespace != self.namespace or name.localname not in order or len(child):
                raise Refusal("E0002", f"{name.localname} is no item of {operation}")
            if order[name.localname] <= last:
                raise Refusal("E0002", f"{name.localname} stands in a wrong place")
            last = order[name.localname]
            fields[name.localname] = child.text or ""
        for item, required in wanted:
            if required and not fields.get(item) and not self.wrong("missing-taken"):
                raise Refusal("E0001", f"{item} is missing")
        for item, value in fields.items():
            code = self.product.dictionary.judge(item, value, self.product)
            if code:
                raise Refusal(code, f"{item}: {value!r}")
        return {item: value for item, value in fields.items() if value}

    def fill(self, parent, content):
        """Pairs of name and text, or of name and pairs."""
        for name, value in content:
            element = etree.SubElement(parent, f"{{{self.namespace}}}{name}")
            if isinstance(value, list):
                self.fill(element, value)
            else:
                element.text = str(value)

    def inquiry(self, name, fields):
        record = self.records[name]
        asks = fields["shokaimoto"]
        if not self.may_ask(record["id"], asks):
            raise Refusal("E0007", f"unit {asks} does not consume {record['id']}")
        subject = next(item for item, _ in self.requests["Inquire" + name] if item != "shokaimoto")
        rows = getattr(self, "rows_" + record["id"].replace("-", "_"))(
            fields[subject], day(fields.get("kijunbi")), asks
        )
        return [(name, self.ordered(record, row)) for row in rows]

    def ordered(self, record, row):
        items = [split_mark(item)[0] for item in record["items"]]
        return [(item, row[item]) for item in items if row.get(item) not in (None, "")]

    def may_ask(self, record, asks):
        if self.wrong("anybody-asks") or asks == self.number:
            return True
        unit = self.product.dictionary.units.get(asks, {})
        return any(one["unit"] == self.number and one["record"] == record for one in unit.get("consumes", []))

    def procedure(self, name, fields):
        receipt = f"{self.number}-{self.product.receipt():010}"
        known = getattr(self, "do_" + self.procedures[name]["id"].replace("-", "_"))
        known(fields, receipt)
        self.receipts.setdefault(receipt, fields.get("atenabango"))
        return [("uketsukebango", receipt)]

    def notice(self, event, fields):
        """A notice with a number that was there changes nothing."""
        # Numbers of different senders are different numbers.
        key = (self.product.dictionary.event_from[event], fields["tsuban"])
        if key not in self.seen or self.wrong("notice-again"):
            getattr(self, "on_" + event.replace("-", "_"))(fields)
            self.seen[key] = True
        return [("kekka", "1")]

    # --- what is told ---

    def tell(self, event, to, fields):
        if not to:
            return
        self.serial += 1
        items = [split_mark(item)[0] for item in self.product.dictionary.event(event)["items"]]
        self.told.append(
            {
                "tsuban": self.serial,
                "event": event,
                "to": sorted(set(to)),
                "at": datetime.datetime.now().replace(microsecond=0).isoformat() + "+09:00",
                "about": fields["atenabango"],
                "items": [(item, fields[item]) for item in items if fields.get(item) not in (None, "")],
            }
        )

    def changes(self, fields):
        after = int(fields.get("tsuban", "0"))
        if self.wrong("changes-from-start"):
            after = 0
        told = [one for one in self.told if one["about"] == fields["atenabango"] and one["tsuban"] > after]
        if self.wrong("changes-backwards"):
            told.reverse()
        return [
            (
                "henko",
                [("tsuban", one["tsuban"]), ("jisho", one["event"])]
                + [("atesaki", unit) for unit in one["to"]]
                + [("hasseinichiji", one["at"]), (pascal(one["event"]), one["items"])],
            )
            for one in told
        ]

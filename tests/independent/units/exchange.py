# SPDX-License-Identifier: Apache-2.0
"""Files of groups: laid down in a folder with a marker, and taken from there."""

import csv
import datetime
import hashlib
import io
import json
import os
import re

from stack import split_mark

CHANGE = "koshinkubun"
NAME = re.compile(r"([0-9]{6})_([0-9]{2})_([a-z0-9-]+)_(full|delta)_([0-9]{14})_([0-9]{4})\.csv")


class Refused(Exception):
    """A file that is not taken."""


class Waits(Exception):
    """A file that is not taken yet."""


class Exchange:
    """The files of one unit."""

    def __init__(self, product, unit):
        self.product, self.unit = product, unit
        self.numbers, self.before = {}, {}
        self.taken, self.next_delta, self.waiting = set(), {}, {}

    def wrong(self, mistake):
        return self.product.wrong(mistake)

    def columns(self, record):
        return [split_mark(item) for item in self.product.dictionary.record(self.unit.number, record)["items"]]

    def rows(self, record):
        items = [item for item, _, _ in self.columns(record)]
        found = []
        for row in self.unit.export_rows(record):
            found.append({item: str(row.get(item) or "") for item in items})
        return found

    def key(self, record, row):
        return tuple(row[item] for item, _, is_key in self.columns(record) if is_key)

    # --- laying down ---

    def lay_down(self, record, kind):
        with self.unit.lock:
            rows = self.rows(record)
        items = [item for item, _, _ in self.columns(record)]
        now = {self.key(record, row): row for row in rows}
        if kind == "delta":
            before = self.before.get(record, {})
            if self.wrong("delta-of-everything"):
                before = {}
            changed = [{CHANGE: "1"} | row for key, row in now.items() if key not in before]
            changed += [{CHANGE: "2"} | row for key, row in now.items() if key in before and before[key] != row]
            if not self.wrong("deletions-forgotten"):
                changed += [{CHANGE: "3"} | row for key, row in before.items() if key not in now]
            items, rows = [CHANGE] + items, changed
        self.before[record] = now
        if self.wrong("first-row-lost") and kind == "full":
            rows = rows[1:]
        self.numbers[record, kind] = self.numbers.get((record, kind), 0) + (not self.wrong("number-stands"))
        number = self.numbers[record, kind] or 1
        at = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=9))).strftime("%Y%m%d%H%M%S")
        name = f"{self.product.municipality}_{self.unit.number}_{record}_{kind}_{at}_{number:04}.csv"
        if self.wrong("other-name"):
            name = name.replace("_", "-")
        out = io.StringIO()
        writer = csv.DictWriter(out, items, lineterminator="\r\n")
        writer.writeheader()
        writer.writerows(rows)
        text = out.getvalue()
        if self.wrong("variants-lost"):
            text = "".join(letter for letter in text if not 0xE0100 <= ord(letter) <= 0xE01EF)
        content = text.encode("cp932", "replace") if self.wrong("shift-jis") else text.encode()
        marker = {
            "file": name,
            "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content),
            "rows": len(rows) + (1 if self.wrong("header-counted") else 0),
        }
        self.put(name, content)
        if not self.wrong("no-marker"):
            self.put(name + ".done", json.dumps(marker).encode())
        return {"file": name}

    def put(self, name, content):
        path = os.path.join(self.product.exchange, name)
        with open(path + ".part", "wb") as file:
            file.write(content)
        os.replace(path + ".part", path)

    # --- taking ---

    def take(self, record, name):
        """Takes a file, or says why not."""
        try:
            with self.unit.lock:
                return {"outcome": self.take_file(record, name)}
        except Waits as waits:
            return {"outcome": "waiting", "why": str(waits)}
        except Refused as refused:
            return {"outcome": "refused", "why": str(refused)}

    def take_file(self, record, name):
        parts = NAME.fullmatch(name)
        if parts is None:
            raise Refused("that is no name of a file")
        municipality, unit, group, kind, _, number = parts.groups()
        if municipality != self.product.municipality and not self.wrong("other-municipality"):
            raise Refused("a file of another municipality")
        if unit != self.unit.number or group != record:
            raise Refused("a file of another group")
        if name in self.taken and not self.wrong("taken-again"):
            return "ignored"
        rows = self.read(record, kind, name)
        number = int(number)
        if kind == "full":
            self.replace(record, rows)
            self.next_delta[record] = number + 1
            self.waiting = {at: what for at, what in self.waiting.items() if at[0] != record}
        else:
            due = self.next_delta.get(record)
            if due is not None and number > due and not self.wrong("any-order"):
                self.waiting[record, number] = (name, rows)
                raise Waits(f"delta {due} has to come first")
            if due is not None and number < due:
                raise Refused("a later delta was taken already")
            self.apply(record, rows)
            self.next_delta[record] = number + 1
        self.taken.add(name)
        while (record, self.next_delta[record]) in self.waiting:
            later, rows = self.waiting.pop((record, self.next_delta[record]))
            self.apply(record, rows)
            self.next_delta[record] += 1
            self.taken.add(later)
        return "imported"

    def read(self, record, kind, name):
        content = self.get(name)
        marker = self.get(name + ".done", missing=True)
        if marker is None:
            if not self.wrong("unmarked-taken"):
                raise Waits("there is no marker yet")
        else:
            marker = json.loads(marker)
            fits = marker.get("bytes") == len(content) and marker.get("sha256") == hashlib.sha256(content).hexdigest()
            if not (fits and marker.get("file") == name) and not self.wrong("marker-not-compared"):
                raise Refused("the marker does not fit")
        try:
            text = content.decode("utf-8")
        except UnicodeDecodeError as error:
            if not self.wrong("guesses-encodings"):
                raise Refused("that is not UTF-8") from error
            text = content.decode("cp932", "replace")
        if text.startswith("\ufeff"):
            if not self.wrong("guesses-encodings"):
                raise Refused("there is a byte order mark")
            text = text[1:]
        lines, rows = self.table(record, kind, text)
        if marker is not None and marker.get("rows") != lines and not self.wrong("marker-not-compared"):
            raise Refused("the marker tells another number of rows")
        return rows

    def get(self, name, missing=False):
        try:
            with open(os.path.join(self.product.exchange, name), "rb") as file:
                return file.read()
        except FileNotFoundError as error:
            if missing:
                return None
            raise Refused("there is no such file") from error

    def table(self, record, kind, text):
        columns = self.columns(record)
        items = ([CHANGE] if kind == "delta" else []) + [item for item, _, _ in columns]
        try:
            lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except csv.Error as error:
            raise Refused(f"broken CSV: {error}") from error
        if (not lines or lines[0] != items) and not self.wrong("header-skipped"):
            raise Refused("that is not the header of the group")
        rows, keys = [], set()
        for line in lines[1:]:
            if len(line) != len(items):
                raise Refused("a row has another number of fields")
            row = {item: value for item, value in zip(items, line) if value}
            try:
                self.check(columns, kind, row)
            except Refused:
                if self.wrong("bad-rows-left-out"):
                    continue
                raise
            key = tuple(row.get(item) for item, _, is_key in columns if is_key)
            if key in keys and not self.wrong("same-key-twice"):
                raise Refused("the same key twice")
            keys.add(key)
            rows.append(row)
        return len(lines) - 1, rows

    def check(self, columns, kind, row):
        if kind == "delta" and row.get(CHANGE) not in ("1", "2", "3"):
            raise Refused("no kind of change")
        for item, required, _ in columns:
            value = row.get(item)
            if value is None:
                if required and row.get(CHANGE) != "3":
                    raise Refused(f"{item} is missing")
            elif self.product.dictionary.judge(item, value, self.product):
                raise Refused(f"{item}: {value!r}")

    def replace(self, record, rows):
        self.unit.import_rows(record, rows)

    def apply(self, record, rows):
        now = {self.key(record, row): row for row in self.rows(record)}
        for row in rows:
            key = tuple(row.get(item, "") for item, _, is_key in self.columns(record) if is_key)
            change = row[CHANGE]
            if change == "1" and key in now:
                raise Refused("a row that is there cannot be added")
            if change != "1" and key not in now and not self.wrong("unknown-rows-changed"):
                raise Refused("an unknown row cannot be changed")
            if change == "3":
                if not self.wrong("deletions-ignored"):
                    now.pop(key, None)
            else:
                now[key] = {item: value for item, value in row.items() if item != CHANGE}
        self.unit.import_rows(record, [{item: value for item, value in row.items() if value} for row in now.values()])

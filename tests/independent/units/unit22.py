# SPDX-License-Identifier: Apache-2.0
"""Unit 22, register of non-residents."""

from stack import Refusal, Unit, day

BUSINESS = {"012": "05", "010": "06", "011": "07", "013": "08", "024": "10"}
BUSINESS |= {code: "09" for code in ("014", "015", "036", "037")}
LEVIES = {"012", "010", "011", "013", "024"}
ERASED, RESIDENT, CANCELLED = "5", "6", "7"
GONE = (ERASED, RESIDENT, CANCELLED)


class NonResidentRegister(Unit):
    number = "22"

    def __init__(self, product):
        super().__init__(product)
        # Number → {"rows": [...], "users": [business codes], "closed-by": "move-in" | "erased" | None}
        self.book = {}
        self.residents = {}

    # --- inquiries ---

    def rows_addressee(self, number, at, asks):
        entry = self.book.get(number)
        if entry is None or not entry["rows"]:
            return []
        newest = entry["rows"][-1]
        hidden = newest["tagyomusanshofukafuragu"] == "1" and not self.wrong("hidden-seen")
        if hidden and asks not in (BUSINESS.get(newest["gyomuid"]), self.number):
            return []
        if self.wrong("linked-gone") and newest["nayosemotofuragu"] == "1":
            return []
        if at is None:
            return [newest]
        return [row for row in entry["rows"] if self.valid(row, at)][-1:]

    def valid(self, row, at):
        return day(row["kaishibi"]) <= at and (not row.get("shuryobi") or at < day(row["shuryobi"]))

    # --- what is told ---

    def units(self, code, entry):
        row = entry["rows"][-1]
        unit = BUSINESS.get(code)
        if unit is None:
            return []
        if row["tagyomusanshofukafuragu"] == "1" and not self.wrong("hidden-seen"):
            return [unit] if code == row["gyomuid"] else []
        return [unit, "09"] if code in LEVIES else [unit]

    def tell_users(self, entry, reason, since, users=None, told=()):
        row = entry["rows"][-1]
        to = {unit for code in (users or entry["users"]) for unit in self.units(code, entry)} - set(told)
        if self.wrong("tells-everybody"):
            to = {"05", "06", "07", "08", "09", "10"}
        # Where nobody is kept any more, there is no address to be told.
        content = {item: row[item] for item in ("atenabango", "kojin_hojin_kubun")} if reason in GONE else row
        self.tell("addressee-changed", to, content | {"idobi": since, "jutogai_idojiyu": reason})

    # --- procedures ---

    def entry(self, fields, code=None):
        entry = self.book.get(fields["atenabango"])
        if entry is None or not entry["rows"]:
            raise Refusal("E0005", "nobody is registered with that number")
        return entry

    def open_entry(self, fields):
        """An addressee who can be changed on that day."""
        entry = self.entry(fields)
        row = entry["rows"][-1]
        if row.get("shuryobi") and not self.wrong("erased-comes-back"):
            raise Refusal("E2211", "the addressee is not valid any more")
        if day(fields["idobi"]) < day(row["kaishibi"]) and not self.wrong("dates-contradict"):
            raise Refusal("E0008", f"before {row['kaishibi']}, the day of the latest change")
        return entry

    def new_row(self, entry, since, changes):
        last = entry["rows"][-1]
        row = {item: value for item, value in (last | changes).items() if value is not None}
        row.pop("shuryobi", None)
        if self.wrong("no-history"):
            entry["rows"][-1] = row | {"kaishibi": last["kaishibi"]}
            return
        last["shuryobi"] = since
        row |= {"kaishibi": since, "rirekibango": str(int(last["rirekibango"]) + 1)}
        entry["rows"].append(row)

    def do_register_addressee(self, fields, _):
        number = fields["atenabango"]
        takes_over = fields.get("juminhikitsugifuragu") == "1"
        entry = self.book.get(number)
        if entry is not None and not (self.wrong("number-again") and self.erased(entry)):
            raise Refusal("E0006", "that number was registered before")
        if self.residents.get(number) and not takes_over and not self.wrong("takes-residents"):
            raise Refusal("E2201", "the number is that of a resident")
        if fields["kojin_hojin_kubun"] == "2" and (fields.get("seinengappi") or fields.get("seibetsu")):
            raise Refusal("E0004", "a body has neither birth date nor sex")
        self.check_town(fields)
        row = {item: value for item, value in fields.items() if item not in ("idobi", "juminhikitsugifuragu")}
        row |= {"rirekibango": "1", "kaishibi": fields["idobi"], "nayosemotofuragu": "0"}
        entry = {"rows": [row], "users": [fields["gyomuid"]], "closed": None}
        self.book[number] = entry
        self.tell_users(entry, "1", fields["idobi"])

    def erased(self, entry):
        return bool(entry["rows"]) and bool(entry["rows"][-1].get("shuryobi"))

    def check_town(self, row):
        if row.get("jusho_choazakodo") == "9999999" and not row.get("jusho_choaza") and not self.wrong("no-town"):
            raise Refusal("E0004", "the town has no code and no name")

    def do_change_addressee(self, fields, _):
        entry = self.open_entry(fields)
        row = entry["rows"][-1]
        if row["nayosemotofuragu"] == "1":
            raise Refusal("E2211", "the addressee is linked to another number")
        changes = {item: value for item, value in fields.items() if item not in ("atenabango", "idobi")}
        merged = row | changes
        if merged["kojin_hojin_kubun"] == "2" and (merged.get("seinengappi") or merged.get("seibetsu")):
            raise Refusal("E0004", "a body has neither birth date nor sex")
        self.check_town(fields)
        self.new_row(entry, fields["idobi"], changes)
        self.tell_users(entry, "2", fields["idobi"])

    def do_add_business(self, fields, _):
        entry = self.open_entry(fields)
        if fields["gyomuid"] in entry["users"]:
            raise Refusal("E0006", "that business uses the addressee already")
        if self.wrong("added-not-told"):
            return
        told = {unit for code in entry["users"] for unit in self.units(code, entry)}
        entry["users"].append(fields["gyomuid"])
        self.tell_users(entry, "1", fields["idobi"], [fields["gyomuid"]], told)

    def do_link_addressee(self, fields, _):
        entry = self.open_entry(fields)
        number, to = fields["atenabango"], fields["nayosesakiatenabango"]
        if entry["rows"][-1]["nayosemotofuragu"] == "1":
            raise Refusal("E2211", "the addressee is linked already")
        target = self.book.get(to)
        row = target["rows"][-1] if target and target["rows"] else None
        targets = {one["rows"][-1].get("nayosesakiatenabango") for one in self.book.values() if one["rows"]}
        unfit = number in targets or row is None or to == number or row.get("shuryobi") or row["nayosemotofuragu"] == "1"
        if unfit and not self.wrong("any-link"):
            raise Refusal("E2207", "cannot be linked to that number")
        self.new_row(entry, fields["idobi"], {"nayosemotofuragu": "1", "nayosesakiatenabango": to})
        self.tell_users(entry, "3", fields["idobi"])

    def do_cancel_link(self, fields, _):
        entry = self.open_entry(fields)
        if entry["rows"][-1]["nayosemotofuragu"] != "1":
            raise Refusal("E2208", "there is no link")
        keeps = {"nayosemotofuragu": "0"} if self.wrong("link-stays") else {
            "nayosemotofuragu": "0", "nayosesakiatenabango": None}
        self.new_row(entry, fields["idobi"], keeps)
        self.tell_users(entry, "4", fields["idobi"])

    def do_erase_addressee(self, fields, _):
        entry = self.open_entry(fields)
        entry["rows"][-1]["shuryobi"] = fields["idobi"]
        entry["closed"] = "erased"
        self.tell_users(entry, ERASED, fields["idobi"])

    def do_cancel_registration(self, fields, _):
        entry = self.entry(fields)
        self.tell_users(entry, CANCELLED, fields["idobi"])
        if self.wrong("cancelled-stays"):
            entry["rows"][-1]["shuryobi"] = fields["idobi"]
        else:
            entry["rows"] = []

    # --- notices ---

    def on_resident_moved_in(self, fields):
        number = fields["atenabango"]
        self.residents[number] = True
        entry = self.book.get(number)
        if entry is None or not entry["rows"] or entry["rows"][-1].get("shuryobi") or self.wrong("resident-stays"):
            return
        entry["rows"][-1]["shuryobi"] = fields["idobi"]
        entry["closed"] = "move-in"
        self.tell_users(entry, RESIDENT, fields["idobi"])

    def on_resident_change_cancelled(self, fields):
        if fields["torikeshi_ido_jiyu"] not in ("11", "12"):
            return
        number = fields["atenabango"]
        self.residents.pop(number, None)
        entry = self.book.get(number)
        if entry is None or entry["closed"] != "move-in" or not entry["rows"] or self.wrong("stays-away"):
            return
        entry["rows"][-1].pop("shuryobi", None)
        entry["closed"] = None
        self.tell_users(entry, "8", fields["idobi"])

    # --- files ---

    def export_rows(self, _):
        return [row for entry in self.book.values() for row in entry["rows"]]

    def import_rows(self, _, rows):
        book = {}
        for row in sorted(rows, key=lambda row: int(row["rirekibango"])):
            entry = book.setdefault(row["atenabango"], {"rows": [], "users": [], "closed": None})
            entry["rows"].append(dict(row))
            entry["users"] = self.book.get(row["atenabango"], {}).get("users") or [row["gyomuid"]]
        # A number that was registered once is never registered again.
        for number, entry in self.book.items():
            book.setdefault(number, entry | {"rows": []})
        self.book = book

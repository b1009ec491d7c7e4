# SPDX-License-Identifier: Apache-2.0
"""Unit 15, child allowance."""

import datetime

from stack import Refusal, Unit, day, month_start, months, plus_years, reaches, school_end


class ChildAllowance(Unit):
    number = "15"

    def __init__(self, product):
        super().__init__(product)
        self.people = {}
        # Rows: {"atenabango", "jido_atenabango", "kaishibi", "ends": {cause: first day after}}
        self.grants = []
        self.elders = {}
        self.payments = []

    def person(self, number):
        return self.people.setdefault(number, {"birth": None, "died": None})

    # --- rows ---

    def over(self, grant):
        """The first day after the last month, or None."""
        ends = list(grant["ends"].values())
        birth = self.person(grant["jido_atenabango"])["birth"]
        if birth:
            age = plus_years(birth, 18) if self.wrong("age-by-birthday") else reaches(birth, 18)
            ends.append(school_end(age) + datetime.timedelta(1))
        return min(ends, default=None)

    def row(self, grant):
        over = self.over(grant)
        return {
            "atenabango": grant["atenabango"],
            "jido_atenabango": grant["jido_atenabango"],
            "kaishibi": grant["kaishibi"].isoformat(),
            "shuryobi": over.isoformat() if over else None,
        }

    def holds(self, grant, at):
        over = self.over(grant)
        return grant["kaishibi"] <= at and (over is None or at < over)

    def lasts(self, grant):
        """Whether there is any month in it."""
        over = self.over(grant)
        return over is None or grant["kaishibi"] < over

    def rows_child_allowance_recipient(self, number, at, _):
        mine = [one for one in self.grants if one["atenabango"] == number and self.lasts(one)]
        return [self.row(one) for one in mine if at is None or self.holds(one, at)]

    def rows_child_allowance_payment(self, number, _at, _):
        return [one for one in self.payments if one["atenabango"] == number]

    # --- procedures ---

    def first_month(self, fields):
        asked = day(fields["todokedebi"])
        since = day(fields.get("idobi"))
        if since and since > asked:
            raise Refusal("E0008", "claimed before it happened")
        if self.wrong("month-of-claim"):
            return month_start(asked)
        if since and (asked - since).days <= 15 and not self.wrong("no-fifteen-days"):
            return month_start(since, 1)
        return month_start(asked, 1)

    def grant(self, fields):
        who, child = fields["atenabango"], fields["jido_atenabango"]
        first = self.first_month(fields)
        birth = self.child_birth(fields)
        if first > school_end(reaches(birth, 18)) and not self.wrong("grown-up-taken"):
            raise Refusal("E1518", "no child any more")
        for one in self.grants:
            over = self.over(one)
            if one["jido_atenabango"] != child or not self.lasts(one) or (over and over <= first):
                continue
            if one["atenabango"] == who:
                raise Refusal("E0006", "granted already")
            if not self.wrong("two-recipients"):
                raise Refusal("E1511", "another recipient has that child")
        if fields.get("jido_seinengappi"):
            self.person(child)["birth"] = birth
        self.grants.append({"atenabango": who, "jido_atenabango": child, "kaishibi": first, "ends": {}})

    def child_birth(self, fields):
        known = self.people.get(fields["jido_atenabango"], {}).get("birth")
        birth = day(fields.get("jido_seinengappi")) or known
        if birth is None:
            raise Refusal("E0005", "the child is not known here, and its date of birth was not given")
        return birth

    def known(self, number):
        if number not in self.people:
            raise Refusal("E0005", f"{number} is not known")

    def do_claim(self, fields, _):
        self.known(fields["atenabango"])
        if fields.get("komuin_flag") == "1" and not self.wrong("public-servant"):
            raise Refusal("E1510", "paid by the employer")
        self.grant(fields)

    def do_revise(self, fields, _):
        self.recipient(fields["atenabango"])
        self.grant(fields)

    def recipient(self, number):
        mine = [one for one in self.grants if one["atenabango"] == number]
        if not mine:
            raise Refusal("E0005", f"{number} receives nothing")
        return mine

    def do_end(self, fields, receipt):
        child = fields.get("jido_atenabango")
        mine = [one for one in self.recipient(fields["atenabango"]) if child in (None, one["jido_atenabango"])]
        if not mine:
            raise Refusal("E0005", "that child is not paid for")
        for one in mine:
            self.end(one, receipt, day(fields["idobi"]))

    def end(self, grant, cause, at):
        over = self.over(grant)
        if over and over <= at:
            return
        grant["ends"][cause] = at if self.wrong("ends-at-once") else month_start(at, 1)

    def do_report_elder(self, fields, _):
        self.known(fields["atenabango"])
        birth = self.child_birth(fields)
        self.person(fields["jido_atenabango"])["birth"] = birth
        self.elders.setdefault(fields["atenabango"], set()).add(fields["jido_atenabango"])

    def do_pay(self, fields, _):
        who = fields["atenabango"]
        mine = self.recipient(who)
        at = day(fields["shiharaibi"])
        try:
            first, last = (
                datetime.date.fromisoformat(fields[item] + "-01") for item in ("taisho_kaishizuki", "taisho_shuryozuki")
            )
        except ValueError as error:
            raise Refusal("E0002", "no month") from error
        if first > last:
            raise Refusal("E0008", "the months stand the wrong way round")
        if any(one["shiharai_bango"] == fields["shiharai_bango"] for one in self.payments):
            raise Refusal("E0006", "that payment was decided before")
        payee = fields.get("shiharaisaki_atenabango", who)
        died = self.person(who)["died"]
        children = {one["jido_atenabango"] for one in mine}
        if died and payee not in children and not self.wrong("pays-the-dead"):
            raise Refusal("E1513", "the recipient is dead: what is unpaid goes to the child")
        ended = not any(self.holds(one, at) for one in mine)
        if (last >= month_start(at) or (at.month % 2 and not ended)) and not self.wrong("any-month"):
            raise Refusal("E1507", "in even months, for the months before")
        for one in self.payments:
            stands = one["atenabango"] == who and one["shiharai_jotai"] != "4"
            overlap = one["taisho_kaishizuki"] <= fields["taisho_shuryozuki"]
            overlap = overlap and fields["taisho_kaishizuki"] <= one["taisho_shuryozuki"]
            if stands and overlap and not self.wrong("pays-twice"):
                raise Refusal("E1508", "a month was paid for already")
        amount = sum(self.month(who, mine, month) for month in months(first, last))
        if not amount:
            raise Refusal("E0008", "nothing is due for these months")
        state = "2" if self.wrong("paid-when-decided") else "1"
        wanted = ("atenabango", "shiharai_bango", "shiharaibi", "taisho_kaishizuki", "taisho_shuryozuki")
        row = {item: fields[item] for item in wanted}
        row |= {"kingaku": str(amount), "shiharai_jotai": state}
        row["shiharaisaki_atenabango"] = fields.get("shiharaisaki_atenabango")
        self.payments.append(row)
        to = ["23", "06", "16"] if self.wrong("tells-too-many") else ["23"]
        self.tell("child-allowance-paid", to, row | {"atenabango": payee})

    def month(self, who, mine, month):
        """What is due for a month."""
        paid = {one["jido_atenabango"] for one in mine if self.holds(one, month)}
        counted = set(paid)
        for elder in self.elders.get(who, ()):
            birth = self.person(elder)["birth"]
            if birth and month <= school_end(reaches(birth, 22)) and not self.wrong("elders-not-counted"):
                counted.add(elder)
        oldest_first = sorted(counted, key=lambda one: (self.person(one)["birth"] or datetime.date.max, one))
        amount = 0
        for place, child in enumerate(oldest_first, 1):
            if child not in paid:
                continue
            birth = self.person(child)["birth"]
            third = month_start(plus_years(birth, 3)) if birth else datetime.date.min
            young = month < third if self.wrong("three-too-early") else month <= third
            amount += 30_000 if place >= 3 else 15_000 if young else 10_000
        return amount

    # --- notices ---

    def on_resident_moved_in(self, fields):
        self.person(fields["atenabango"])["birth"] = day(fields["seinengappi"])

    def on_resident_moved_within(self, fields):
        self.person(fields["atenabango"])

    on_household_changed = on_support_measure_changed = on_disability_handbook_changed = on_resident_moved_within

    def on_income_determined(self, fields):
        self.person(fields["atenabango"])
        if self.wrong("income-limit") and int(fields.get("gokei_shotoku", "0")) > 9_000_000:
            self.end_all(fields, "income", day(fields["ketteibi"]))

    on_income_corrected = on_income_determined

    def on_resident_born(self, fields):
        self.person(fields["atenabango"])["birth"] = day(fields["seinengappi"])
        if self.wrong("birth-is-claim") and fields.get("setainushi_atenabango"):
            first = month_start(day(fields["seinengappi"]), 1)
            self.grants.append(
                {
                    "atenabango": fields["setainushi_atenabango"],
                    "jido_atenabango": fields["atenabango"],
                    "kaishibi": first,
                    "ends": {},
                }
            )

    def on_resident_changed(self, fields):
        person = self.person(fields["atenabango"])
        if fields.get("seinengappi"):
            person["birth"] = day(fields["seinengappi"])

    def on_resident_moved_out(self, fields):
        self.person(fields["atenabango"])
        self.end_all(fields, "moved-out", day(fields["idobi"]))

    def end_all(self, fields, cause, at):
        for one in self.grants:
            if one["atenabango"] == fields["atenabango"] and at:
                self.end(one, cause, at)

    def on_resident_died(self, fields):
        number, at = fields["atenabango"], day(fields["shibobi"])
        self.person(number)["died"] = at or datetime.date.min
        self.end_all(fields, "died", at)
        for one in self.grants:
            if one["jido_atenabango"] == number and at and not self.wrong("dead-child-paid"):
                self.end(one, "child-died", at)

    def on_resident_change_cancelled(self, fields):
        number = fields["atenabango"]
        person = self.person(number)
        if self.wrong("stays-ended"):
            return
        kind = fields["torikeshi_ido_jiyu"]
        causes = {"21": ["moved-out"], "22": ["moved-out"], "23": ["died", "child-died"]}.get(kind, [])
        if "died" in causes:
            person["died"] = None
        for one in self.grants:
            for cause in causes:
                about = one["jido_atenabango"] if cause == "child-died" else one["atenabango"]
                if about == number:
                    one["ends"].pop(cause, None)

    def on_payment_executed(self, fields):
        state = {"1": "2", "2": "3", "3": "4"}[fields["shiharai_kekka"]]
        for one in self.payments:
            if one["shiharai_bango"] == fields["shiharai_bango"]:
                one["shiharai_jotai"] = state

    # --- files ---

    def export_rows(self, record):
        if record == "child-allowance-payment":
            return list(self.payments)
        return [self.row(one) for one in self.grants if self.lasts(one)]

    def import_rows(self, record, rows):
        if record == "child-allowance-payment":
            self.payments = [dict(row) for row in rows]
            return
        self.grants = []
        for row in rows:
            ends = {"file": day(row["shuryobi"])} if row.get("shuryobi") else {}
            self.person(row["atenabango"])
            self.grants.append(
                {
                    "atenabango": row["atenabango"],
                    "jido_atenabango": row["jido_atenabango"],
                    "kaishibi": day(row["kaishibi"]),
                    "ends": ends,
                }
            )

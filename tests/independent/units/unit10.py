# SPDX-License-Identifier: Apache-2.0
"""Unit 10, national health insurance."""

import datetime

from stack import Refusal, Unit, day, month_start, months, next_day, plus_years, reaches, school_end

ACQUIRED, LOST, NOT_ACQUIRED, NOT_LOST = "1", "2", "3", "4"
MOVED_OUT, MOVED_ABROAD, DIED, ASSISTANCE, LATE_ELDERLY = "21", "22", "23", "25", "26"
NHI_PREMIUM = "05"


class HealthInsurance(Unit):
    number = "10"

    def __init__(self, product):
        super().__init__(product)
        self.people, self.levies, self.benefits, self.measures = {}, [], [], {}

    def person(self, number):
        return self.people.setdefault(
            number,
            {
                "birth": None,
                "head": None,
                "periods": [],
                "assistance": {},
                "elderly": [],
                "income": {},
                "arrears": {},
                "maternity": [],
                "check": False,
                "reports": {},
            },
        )

    def known(self, number):
        if number not in self.people:
            raise Refusal("E0005", f"{number} is not known")
        return self.people[number]

    # --- the qualification ---

    def over(self, person, period):
        """The day from which a period is over, or None."""
        ends = [period["over"]] if period["over"] else []
        if person["birth"] and not period.get("file") and not self.wrong("insured-past-75"):
            ends.append(plus_years(person["birth"], 75))
        return min(ends, default=None)

    def period_at(self, person, at):
        for period in person["periods"]:
            over = self.over(person, period)
            if period["since"] <= at and (over is None or at < over):
                return period
        return None

    def insured(self, person, at):
        return self.period_at(person, at) is not None

    def share(self, person, at):
        birth = person["birth"]
        if birth is None:
            return None
        child_until = school_end(reaches(birth, 6))
        if self.wrong("three-tenths-from-six"):
            child_until = plus_years(birth, 6) - datetime.timedelta(1)
        elder_from = month_start(reaches(birth, 70), 1)
        if self.wrong("two-tenths-on-birthday"):
            elder_from = plus_years(birth, 70)
        return "2" if at <= child_until or at >= elder_from else "3"

    def special(self, person, number, at):
        """Whether special medical expenses extend to somebody."""
        birth = person["birth"]
        for measure in self.measures.get(person["head"] or number, []):
            if at is None:
                holds = measure["until"] is None
            else:
                holds = measure["since"] <= at and (measure["until"] is None or at < measure["until"])
            when = at or measure["since"]
            young = birth and when <= school_end(reaches(birth, 18)) and not self.wrong("special-for-children")
            if holds and not young:
                return True
        return False

    def row(self, number, person, period, at):
        when = at or period["since"]
        row = {
            "atenabango": number,
            "kokuho_shutokubi": period["since"].isoformat(),
            "kokuho_shutoku_jiyu": period["why"],
            "kokuho_soshitsubi": period["over"].isoformat() if period["over"] else None,
            "kokuho_soshitsu_jiyu": period["lost"],
            "setainushi_atenabango": person["head"],
            "kokuho_futan_wariai": self.share(person, when),
            "kokuho_tokubetsu_ryoyo": "1" if self.special(person, number, at) else "0",
            "kokuho_kakunin_yohi": "1" if person["check"] else "0",
        }
        return row | period.get("file", {})

    def rows_qualification(self, number, at, _):
        person = self.people.get(number)
        if person is None:
            return []
        if at is None:
            return [self.row(number, person, one, None) for one in person["periods"]]
        period = self.period_at(person, at)
        return [self.row(number, person, period, at)] if period else []

    def rows_nhi_premium(self, number, _at, _):
        return [self.levy_row(one) for one in self.levies if one["atenabango"] == number]

    def rows_benefit(self, number, _at, _):
        return [one for one in self.benefits if one["atenabango"] == number]

    def told_change(self, number, kind, why, at):
        fields = {"atenabango": number, "kokuho_ido_kubun": kind, "kokuho_jiyu": why, "idobi": at.isoformat()}
        to = self.product.dictionary.event("nhi-qualification-changed")["to"]
        self.tell("nhi-qualification-changed", to + (["06", "23"] if self.wrong("tells-too-many") else []), fields)

    # --- procedures ---

    def do_report_acquisition(self, fields, receipt):
        number, at = fields["atenabango"], day(fields["idobi"])
        person = self.known(number)
        if fields["kokuho_jiyu"][0] != "1":
            raise Refusal("E0004", "that is a reason to lose it")
        birth = person["birth"]
        if birth and at < birth:
            raise Refusal("E0008", "before the birth")
        elderly = any(one["since"] <= at and (one["over"] is None or at < one["over"]) for one in person["elderly"])
        if ((birth and at >= plus_years(birth, 75)) or elderly) and not self.wrong("elders-taken"):
            raise Refusal("E1007", "late-elderly medical care is due")
        if self.assisted(person, at) and not self.wrong("assisted-taken"):
            raise Refusal("E1008", "public assistance is received")
        overlap = self.insured(person, at) or any(one["since"] > at for one in person["periods"])
        if overlap and not self.wrong("overlap-taken"):
            raise Refusal("E1019", "insured already")
        if self.wrong("day-of-report"):
            at = day(fields["todokedebi"])
        before = self.amounts()
        period = {"since": at, "why": fields["kokuho_jiyu"], "over": None, "lost": None, "by": receipt, "lost-by": None}
        person["periods"].append(period)
        person["periods"].sort(key=lambda one: one["since"])
        if fields.get("setainushi_atenabango"):
            person["head"] = fields["setainushi_atenabango"]
        person["reports"][receipt] = ("acquired", period)
        self.told_change(number, ACQUIRED, fields["kokuho_jiyu"], at)
        self.correct(before, fields)

    def assisted(self, person, at):
        """Whether public assistance is received on a day, suspension apart."""
        state = None
        for since, kind in sorted(person["assistance"].items()):
            if since <= at:
                state = kind
        return state in ("1", "3")

    def lost_on(self, why, at):
        """The day of the loss that follows from a cause."""
        if why == MOVED_OUT:
            return next_day(at) if self.wrong("next-day-moved-out") else at
        if why == ASSISTANCE:
            return next_day(at) if self.wrong("next-day-assistance") else at
        if why == LATE_ELDERLY:
            return at
        return at if self.wrong("same-day") else next_day(at)

    def lose(self, fields, why, at, by):
        """Ends the period that holds on the day of the cause; says which."""
        number = fields["atenabango"]
        person = self.person(number)
        period = self.period_at(person, at)
        if period is None:
            return None
        before = self.amounts()
        period |= {"over": self.lost_on(why, at), "lost": why, "lost-by": by}
        self.told_change(number, LOST, why, period["over"])
        self.correct(before, fields)
        return period

    def do_report_loss(self, fields, receipt):
        person = self.known(fields["atenabango"])
        if fields["kokuho_jiyu"][0] != "2":
            raise Refusal("E0004", "that is a reason to acquire it")
        at = day(fields["idobi"])
        if not self.insured(person, at) and not self.wrong("overlap-taken"):
            raise Refusal("E1019", "not insured on that day")
        period = self.lose(fields, fields["kokuho_jiyu"], at, receipt)
        if period:
            person["reports"][receipt] = ("lost", period)

    def do_cancel_report(self, fields, _):
        number = fields["atenabango"]
        person = self.known(number)
        receipt = fields["torikeshi_uketsukebango"]
        if receipt not in person["reports"]:
            raise Refusal("E0005", "no report has that number")
        report = person["reports"][receipt]
        if report is None:
            raise Refusal("E0006", "cancelled before")
        person["reports"][receipt] = None
        if not self.wrong("cancelled-stays"):
            self.undo(fields, *report)

    def undo(self, fields, what, period):
        number = fields["atenabango"]
        person = self.person(number)
        before = self.amounts()
        if what == "acquired" and period in person["periods"]:
            person["periods"].remove(period)
            self.told_change(number, NOT_ACQUIRED, period["why"], period["since"])
        elif what == "lost" and period["over"]:
            why, over = period["lost"], period["over"]
            period |= {"over": None, "lost": None, "lost-by": None}
            self.told_change(number, NOT_LOST, why, over)
        self.correct(before, fields)

    def undo_losses(self, fields, by):
        for period in list(self.person(fields["atenabango"])["periods"]):
            if period["lost-by"] == by:
                self.undo(fields, "lost", period)

    # --- the premium ---

    def do_levy_premium(self, fields, _):
        number = fields["atenabango"]
        person = self.known(number)
        if person["head"] not in (None, number) and not self.wrong("levies-on-members"):
            raise Refusal("E1011", "the head of household is liable")
        same = ("atenabango", "nendo", "tsuchishobango", "kibetsu")
        if any(all(one[item] == fields[item] for item in same) for one in self.levies):
            raise Refusal("E0006", "levied before")
        if day(fields["ketteibi"]) >= plus_years(next_day(day(fields["saisho_nokigen"])), 2) and not self.wrong("late-levy"):
            raise Refusal("E1017", "two years have passed")
        levy = dict(fields)
        self.levies.append(levy)
        self.tell_levy(levy)

    def tell_levy(self, levy):
        to = ["09", "06"] if self.wrong("tells-too-many") else ["09"]
        self.tell("nhi-premium-levied", to, self.levy_row(levy))

    def levy_row(self, levy):
        return levy.get("file") or levy | self.premium(levy)

    def members(self, head):
        return [one for number, one in self.people.items() if (one["head"] or number) == head]

    def premium(self, levy):
        year = int(levy["nendo"])
        first, last = datetime.date(year, 4, 1), datetime.date(year + 1, 3, 1)
        head = self.person(levy["atenabango"])
        each, total, total_care = [], 0, 0
        insured = []
        for person in self.members(levy["atenabango"]):
            count, care, ever = self.months_of(person, first, last)
            if ever:
                insured.append(person)
            total, total_care = total + count, total_care + care
            amount = count * int(levy["hitori_getsugaku"]) + care * int(levy.get("kaigo_getsugaku", "0"))
            each.append((person, amount))
        rate = self.reduction(levy, head, insured)
        kingaku = 0
        for person, amount in each:
            reduced = amount - amount * rate // 100
            birth = person["birth"]
            if birth and first <= school_end(reaches(birth, 6)) and not self.wrong("children-in-full"):
                reduced //= 2
            kingaku += reduced
        return {
            "kazei_tsukisu": str(total),
            "kaigo_tsukisu": str(total_care),
            "keigen_ritsu": str(rate),
            "kingaku": str(kingaku),
        }

    def months_of(self, person, first, last):
        count = care = 0
        ever = False
        birth = person["birth"]
        for month in months(first, last):
            end = month_start(month, 1) - datetime.timedelta(1)
            held = self.insured(person, end)
            if self.wrong("month-of-loss-counts"):
                held = held or self.insured(person, month)
            if not held:
                continue
            ever = True
            if any(since <= month <= until for since, until in person["maternity"]):
                continue
            count += 1
            if birth:
                from_40, until_65 = month_start(reaches(birth, 40)), month_start(reaches(birth, 65))
                if self.wrong("care-by-birthday"):
                    from_40, until_65 = month_start(plus_years(birth, 40)), month_start(plus_years(birth, 65))
                care += from_40 <= month < until_65
        return count, care, ever

    def reduction(self, levy, head, insured):
        if not levy.get("keigen_kijungaku") or not levy.get("keigen_ritsu"):
            return 0
        total = 0
        for person in [head] + [one for one in insured if one is not head]:
            income = person["income"].get(levy["nendo"])
            if income is None and not self.wrong("unknown-income-is-zero"):
                return 0
            total += income or 0
        return int(levy["keigen_ritsu"]) if total <= int(levy["keigen_kijungaku"]) else 0

    def amounts(self):
        return {id(one): self.levy_row(one)["kingaku"] for one in self.levies}

    def correct(self, before, fields):
        """Tells what came to another amount, decided on the day of the report, of the income or of the change."""
        if self.wrong("never-corrects"):
            return
        for levy in self.levies:
            if before.get(id(levy)) != self.levy_row(levy)["kingaku"]:
                levy["ketteibi"] = next(
                    (fields[item] for item in ("todokedebi", "ketteibi", "shoribi", "idobi", "shibobi") if fields.get(item)),
                    levy["ketteibi"],
                )
                self.tell_levy(levy)

    def do_report_maternity(self, fields, _):
        person = self.known(fields["atenabango"])
        expected = day(fields["shussan_yoteibi"])
        before = self.amounts()
        if not self.wrong("maternity-levied"):
            earlier = -3 if fields["tatai_ninshin"] == "1" else -1
            person["maternity"].append((month_start(expected, earlier), month_start(expected, 2)))
        self.correct(before, fields)

    # --- benefits ---

    def do_claim_benefit(self, fields, receipt):
        person = self.known(fields["atenabango"])
        cause, asked = day(fields["hasseibi"]), day(fields["todokedebi"])
        if asked < cause:
            raise Refusal("E0008", "claimed before it happened")
        same = ("atenabango", "kokuho_kyufu_shurui", "hasseibi")
        if any(all(one[item] == fields[item] for item in same) for one in self.benefits):
            if not self.wrong("benefit-twice"):
                raise Refusal("E0006", "granted already")
        if not self.insured(person, cause) and not self.wrong("benefit-for-anybody"):
            raise Refusal("E1021", "not insured on that day")
        if asked > plus_years(cause, 2) and not self.wrong("late-claim"):
            raise Refusal("E1022", "two years have passed")
        self.benefits.append(dict(fields) | {"kyufu_bango": receipt})

    # --- special medical expenses ---

    def do_decide_special_benefit(self, fields, _):
        number = fields["atenabango"]
        person = self.known(number)
        head = person["head"] in (None, number)
        if not (head and "1" in person["arrears"].values()) and not self.wrong("special-for-anybody"):
            raise Refusal("E1025", "no arrears of a head of household are known")
        self.measures.setdefault(number, []).append({"since": day(fields["kaishibi"]), "until": None})

    # --- notices ---

    def learn(self, fields):
        person = self.person(fields["atenabango"])
        if fields.get("seinengappi"):
            person["birth"] = day(fields["seinengappi"])
        if fields.get("setainushi_atenabango"):
            person["head"] = fields["setainushi_atenabango"]

    def on_resident_moved_in(self, fields):
        before = self.amounts()
        self.learn(fields)
        self.correct(before, fields)

    on_resident_born = on_resident_changed = on_household_changed = on_resident_moved_in

    def on_resident_moved_within(self, fields):
        self.on_resident_moved_in(fields)
        person, at = self.person(fields["atenabango"]), day(fields["idobi"])
        if self.wrong("moves-within-are-told") and self.insured(person, at):
            self.told_change(fields["atenabango"], LOST, MOVED_OUT, at)
            self.told_change(fields["atenabango"], ACQUIRED, "11", at)

    def on_addressee_changed(self, fields):
        self.learn(fields)

    def on_support_measure_changed(self, fields):
        self.person(fields["atenabango"])

    def on_resident_moved_out(self, fields):
        why = MOVED_ABROAD if fields.get("ido_jiyu") == "22" else MOVED_OUT
        self.lose(fields, why, day(fields["idobi"]), "moved-out")

    def on_resident_died(self, fields):
        at = day(fields["shibobi"])
        if at is None:
            self.person(fields["atenabango"])
        else:
            self.lose(fields, DIED, at, "died")

    def on_resident_change_cancelled(self, fields):
        number, kind = fields["atenabango"], fields["torikeshi_ido_jiyu"]
        self.person(number)
        if self.wrong("cancelled-stays"):
            return
        if kind in ("21", "22"):
            self.undo_losses(fields, "moved-out")
        elif kind == "23":
            self.undo_losses(fields, "died")
        elif kind in ("11", "12", "13"):
            why, at = "12" if kind == "13" else "11", day(fields["idobi"])
            for period in list(self.person(number)["periods"]):
                if period["why"] == why and period["since"] == at:
                    self.undo(fields, "acquired", period)

    def on_income_determined(self, fields):
        before = self.amounts()
        income = fields.get("soshotoku_kingakuto", fields.get("gokei_shotoku"))
        declared = fields["kazei_kubun"] != "0" and income is not None
        self.person(fields["atenabango"])["income"][fields["nendo"]] = int(income) if declared else None
        self.correct(before, fields)

    on_income_corrected = on_income_determined

    def on_late_elderly_qualification_changed(self, fields):
        number, kind, at = fields["atenabango"], fields["koki_ido_kubun"], day(fields["idobi"])
        person = self.person(number)
        if self.wrong("late-elderly-ignored"):
            return
        if kind == "1":
            person["elderly"].append({"since": at, "over": None})
            self.lose(fields, LATE_ELDERLY, at, "late-elderly")
        elif kind == "2":
            for one in person["elderly"]:
                one["over"] = one["over"] or at
        elif kind == "3":
            person["elderly"] = person["elderly"][:-1]
            self.undo_losses(fields, "late-elderly")
        elif person["elderly"]:
            person["elderly"][-1]["over"] = None

    def on_assistance_changed(self, fields):
        number, kind, at = fields["atenabango"], fields["seiho_ido_kubun"], day(fields["idobi"])
        person = self.person(number)
        if kind == "5":
            person["assistance"].pop(at, None)
            self.undo_losses(fields, "assistance")
            return
        person["assistance"][at] = kind
        if kind in ("1", "3"):
            self.lose(fields, ASSISTANCE, at, "assistance")

    def on_pension_qualification_changed(self, fields):
        number = fields["atenabango"]
        person = self.person(number)
        if fields["nenkin_shubetsu"] != "2":
            return
        if self.wrong("pension-ends-it"):
            self.lose(fields, "24", day(fields["idobi"]), "pension")
        person["check"] = fields["nenkin_ido_kubun"] in ("1", "3")

    def on_arrears_changed(self, fields):
        number = fields["atenabango"]
        person = self.person(number)
        if fields["kamoku"] != NHI_PREMIUM:
            return
        person["arrears"][(fields["nendo"], fields["tsuchishobango"], fields["kibetsu"])] = fields["taino_jotai"]
        if set(person["arrears"].values()) == {"0"}:
            for measure in self.measures.get(number, []):
                measure["until"] = measure["until"] or day(fields["idobi"])

    # --- files ---

    def export_rows(self, record):
        if record == "nhi-premium":
            return [self.levy_row(one) for one in self.levies]
        if record == "benefit":
            return list(self.benefits)
        return [
            self.row(number, person, period, None)
            for number, person in self.people.items()
            for period in person["periods"]
        ]

    def import_rows(self, record, rows):
        if record == "nhi-premium":
            self.levies = [dict(row) | {"file": dict(row)} for row in rows]
            return
        if record == "benefit":
            self.benefits = [dict(row) for row in rows]
            return
        for person in self.people.values():
            person["periods"] = []
        for row in rows:
            person = self.person(row["atenabango"])
            person["head"] = row.get("setainushi_atenabango", person["head"])
            period = {
                "since": day(row["kokuho_shutokubi"]),
                "why": row["kokuho_shutoku_jiyu"],
                "over": day(row.get("kokuho_soshitsubi")),
                "lost": row.get("kokuho_soshitsu_jiyu"),
                "by": "file",
                "lost-by": None,
                "file": dict(row),
            }
            person["periods"].append(period)

//! 09 収滞納管理: claims of taxes and premiums, their payment, and what follows when they are not paid.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::levies::{covers, day, died_before, has_moved_out, is, is_open, note_resident, number};
use super::rules::Business;
use crate::standard::unit::Record;
use crate::text::date::Day;

const LEVY: &str = "levy";
const PAYMENT: &str = "payment";
const SEIZURE: &str = "seizure";
const REMINDER: &str = "#reminder";
const DEFERRAL: &str = "#deferral";
const SUSPENSION: &str = "#suspension";
/// Claims whose arrears an insurer was told.
const TOLD: &str = "#told";
/// Years until a claim, or a claim to a refund, is time-barred (地方税法 18 条, 18 条の 3).
const TIME_BAR: i32 = 5;
/// Years of suspended execution after which the duty ends (15 条の 7 第 4 項).
const SUSPENDED: i32 = 3;
/// Days after a reminder until property may be seized, and the time-bar runs anew (331 条, 18 条の 2).
const AFTER_REMINDER: i32 = 10;

/// The unit.
pub(super) struct Rules;

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        if !desk.knows(&subject) {
            return desk.refuse("E0005", "nobody with that number is known");
        }
        match id {
            "record-payment" => pay(desk),
            "cancel-payment" => cancel(desk),
            "issue-reminder" => remind(desk),
            "grant-deferral" => defer(desk),
            "seize" => seize(desk),
            "suspend-execution" => suspend(desk),
            _ => refund(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        match kind_of(event) {
            Some(kind) => levied(desk, kind),
            None => note_resident(desk, event),
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, on: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        if record.id != "arrears" {
            let rows = desk.rows(&record.id, &subject).iter();
            let rows = rows.filter(|row| on.is_none_or(|on| super::rules::is_valid(record, row, on)));
            return rows.cloned().collect();
        }
        if has_moved_out(desk, &subject) && !desk.obeys("UNIT-09-R23") {
            return Vec::new();
        }
        let asking = desk.text("shokaimoto");
        let may_see = |claim: &Row| {
            let kind = claim.get("kamoku").map_or("", String::as_str);
            let insurer = insurer_of(kind).map(|number| format!("{number:02}"));
            asking == "09" || !desk.obeys("UNIT-09-R26") || insurer.as_deref() == Some(asking)
        };
        let claims = claims(desk, &subject).into_iter().filter(may_see);
        claims.filter_map(|claim| arrears(desk, &claim, on)).collect()
    }
}

/// The kind of tax or premium that an event levies.
fn kind_of(event: &str) -> Option<&'static str> {
    Some(match event {
        "resident-tax-levied" => "01",
        "corporate-tax-levied" => "02",
        "property-tax-levied" | "property-tax-corrected" => "03",
        "light-vehicle-tax-levied" => "04",
        "nhi-premium-levied" => "05",
        "late-elderly-premium-levied" => "06",
        "ltc-premium-levied" => "07",
        _ => return None,
    })
}

/// The unit that decides by the arrears of a premium; taxes have none.
fn insurer_of(kind: &str) -> Option<u8> {
    match kind {
        "05" => Some(10),
        "06" => Some(13),
        "07" => Some(14),
        _ => None,
    }
}

// --- claims ---

/// Whether two rows are about the same claim.
fn same(a: &Row, b: &Row) -> bool {
    ["kamoku", "tsuchishobango", "kibetsu"]
        .iter()
        .all(|item| a.get(*item) == b.get(*item))
}

fn levied(desk: &mut Desk<'_>, kind: &str) {
    let subject = desk.subject();
    let mut claim = desk.row_for(LEVY);
    claim.insert("kamoku".into(), kind.to_owned());
    let by_kind = desk.obeys("UNIT-09-R02");
    let replaced = |row: &Row| {
        let same_number = ["tsuchishobango", "kibetsu"]
            .iter()
            .all(|item| row.get(*item) == claim.get(*item));
        is_open(row) && same_number && (!by_kind || is(row, "kamoku", kind))
    };
    if desk.obeys("UNIT-09-R01") {
        let decided = desk.text("ketteibi").to_owned();
        desk.change(LEVY, &subject, |row| {
            if replaced(row) {
                row.insert("shuryobi".into(), decided.clone());
            }
        });
    }
    desk.add(LEVY, &subject, claim.clone());
    if desk.obeys("UNIT-09-R27") {
        let over = paid(desk, &subject, &claim, Day::LAST) - amount(desk, &subject, &claim);
        if over > 0 {
            last_payment_over(desk, &claim, over);
        }
    }
}

/// Notes on the last payment of a claim that so much of it was too much.
fn last_payment_over(desk: &mut Desk<'_>, claim: &Row, over: i64) {
    let subject = desk.subject();
    let last = desk
        .rows(PAYMENT, &subject)
        .iter()
        .rfind(|row| same(row, claim) && is_open(row))
        .cloned();
    let Some(last) = last else { return };
    desk.change(PAYMENT, &subject, |row| {
        if row.get("shunobango") == last.get("shunobango") {
            let sum = number(row, "kagono_kingaku") + over;
            row.insert("kagono_kingaku".into(), sum.to_string());
        }
    });
}

/// Claims as they stand, one row each.
fn claims(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let mut claims: Vec<Row> = Vec::new();
    for row in desk.rows(LEVY, subject).iter().filter(|row| is_open(row)) {
        if !claims.iter().any(|known| same(known, row)) {
            claims.push(row.clone());
        }
    }
    claims
}

/// The claim that a request names.
fn named(desk: &Desk<'_>) -> Option<Row> {
    claims(desk, &desk.subject())
        .into_iter()
        .find(|claim| same(claim, &desk.input))
}

/// The claim that a request names, or a refusal.
fn claim(desk: &Desk<'_>) -> Result<Row, Refusal> {
    named(desk).map_or_else(|| desk.refuse("E0004", "no such claim"), Ok)
}

fn amount(desk: &Desk<'_>, subject: &str, claim: &Row) -> i64 {
    let rows = desk
        .rows(LEVY, subject)
        .iter()
        .filter(|row| is_open(row) && same(row, claim));
    rows.map(|row| number(row, "kingaku")).sum()
}

/// What was paid on a claim by a day, without what was too much.
fn paid(desk: &Desk<'_>, subject: &str, claim: &Row, on: Day) -> i64 {
    let counts = |row: &&Row| {
        let cancelled = !is_open(row) && desk.obeys("UNIT-09-R25");
        // A product that goes by its own processing is days behind.
        let late = if desk.obeys("UNIT-09-R04") { 0 } else { 5 };
        let effective = day(row, "ryoshubi").and_then(|day| day.add_days(late));
        same(row, claim) && !cancelled && effective.is_none_or(|effective| effective <= on)
    };
    let rows = desk.rows(PAYMENT, subject).iter().filter(counts);
    rows.map(|row| number(row, "kingaku") - number(row, "kagono_kingaku"))
        .sum()
}

/// Rows of one kind about a claim.
fn about(desk: &Desk<'_>, kind: &str, claim: &Row) -> Vec<Row> {
    let rows = desk.rows(kind, &desk.subject()).iter();
    rows.filter(|row| same(row, claim)).cloned().collect()
}

/// Whether a claim was extinguished by a day: time-barred, or after three years of suspension.
fn extinguished(desk: &Desk<'_>, claim: &Row, on: Day) -> bool {
    let mut start = day(claim, "nokigen").and_then(Day::next);
    if desk.obeys("UNIT-09-R13") {
        let renewed = about(desk, REMINDER, claim).into_iter();
        let renewed = renewed.filter_map(|row| day(&row, "hassobi")?.add_days(AFTER_REMINDER));
        start = renewed.chain(start).max();
    }
    let barred = start
        .and_then(|start| start.add_years(TIME_BAR))
        .is_some_and(|end| end <= on);
    let suspended = about(desk, SUSPENSION, claim).into_iter();
    let mut ends = suspended.filter_map(|row| day(&row, "kaishibi")?.add_years(SUSPENDED));
    barred && desk.obeys("UNIT-09-R12") || ends.any(|end| end <= on) && desk.obeys("UNIT-09-R11")
}

/// The state of a claim on a day, if it is in arrears; without a day the last known state.
fn arrears(desk: &Desk<'_>, claim: &Row, on: Option<Day>) -> Option<Row> {
    let subject = desk.subject();
    let due = day(claim, "nokigen")?;
    let left = amount(desk, &subject, claim) - paid(desk, &subject, claim, on.unwrap_or(Day::LAST));
    if left <= 0 {
        return None;
    }
    let latest = on.unwrap_or_else(|| last_event(desk, claim).unwrap_or(due).max(due.next().unwrap_or(due)));
    let late = if desk.obeys("UNIT-09-R03") {
        latest > due
    } else {
        latest >= due
    };
    if !late || extinguished(desk, claim, latest) {
        return None;
    }
    let suspended = about(desk, SUSPENSION, claim)
        .into_iter()
        .find(|row| covers(row, latest));
    let deferred = about(desk, DEFERRAL, claim).into_iter().find(|row| covers(row, latest));
    let (state, since) = match (&suspended, &deferred) {
        (Some(row), _) => ("3", day(row, "kaishibi")),
        (None, Some(row)) => ("2", day(row, "kaishibi")),
        (None, None) => ("1", due.next()),
    };
    let mut arrears = claim.clone();
    for item in ["kingaku", "choshu_kubun", "ketteibi"] {
        arrears.remove(item);
    }
    arrears.extend(row([
        ("taino_jotai", state.to_owned()),
        ("taino_zandaka", left.to_string()),
        ("kaishibi", since.map(|since| since.to_string()).unwrap_or_default()),
    ]));
    Some(arrears)
}

/// The last day on which something was done about a claim.
fn last_event(desk: &Desk<'_>, claim: &Row) -> Option<Day> {
    let kinds = [
        (REMINDER, "hassobi"),
        (DEFERRAL, "kaishibi"),
        (SUSPENSION, "kaishibi"),
        (PAYMENT, "ryoshubi"),
    ];
    let days = kinds.into_iter().flat_map(|(kind, item)| {
        let rows = about(desk, kind, claim).into_iter();
        rows.filter_map(move |row| day(&row, item))
    });
    days.max()
}

// --- payments ---

fn pay(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let payment = desk.text("shunobango").to_owned();
    if desk
        .rows(PAYMENT, &subject)
        .iter()
        .any(|row| is(row, "shunobango", &payment))
    {
        return desk.refuse("E0006", "that payment is recorded already");
    }
    let found = named(desk);
    desk.demand("UNIT-09-R28", found.is_some(), "nothing was levied under that number")?;
    let claim = found.unwrap_or_else(|| desk.input.clone());
    let on = desk.day("ryoshubi").unwrap_or(Day::LAST);
    let exists = !extinguished(desk, &claim, on);
    desk.demand("UNIT-09-R14", exists, "the claim was time-barred")?;
    let due = amount(desk, &subject, &claim) - paid(desk, &subject, &claim, Day::LAST);
    let over = (desk.number("kingaku") - due).max(0);
    let mut row = desk.row_for(PAYMENT);
    let kept = if desk.obeys("UNIT-09-R15") { over } else { 0 };
    row.insert("kagono_kingaku".into(), kept.to_string());
    row.insert("nendo".into(), claim.get("nendo").cloned().unwrap_or_default());
    desk.add(PAYMENT, &subject, row.clone());
    let mut to = desk.receivers("payment-recorded");
    if !desk.obeys("UNIT-09-R20") {
        to.push(10);
    }
    desk.tell_to("payment-recorded", &subject, row, &to);

    let left = amount(desk, &subject, &claim) - paid(desk, &subject, &claim, Day::LAST);
    let paid_on = desk.text("ryoshubi").to_owned();
    if left <= 0 {
        release(desk, &claim, &paid_on);
    }
    let was_told = !about(desk, TOLD, &claim).is_empty();
    if was_told && (left > 0 || desk.obeys("UNIT-09-R19")) {
        tell(desk, &claim, if left > 0 { "1" } else { "0" }, &paid_on);
    }
    Ok(())
}

/// Seizures end when their claim is paid (国税徴収法 79 条 1 項 1 号).
fn release(desk: &mut Desk<'_>, claim: &Row, on: &str) {
    if !desk.obeys("UNIT-09-R24") {
        return;
    }
    let subject = desk.subject();
    desk.change(SEIZURE, &subject, |row| {
        if same(row, claim) && is_open(row) {
            row.insert("shuryobi".into(), on.to_owned());
        }
    });
}

fn cancel(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let payment = desk.text("shunobango").to_owned();
    let known = |row: &&Row| is(row, "shunobango", &payment) && is_open(row);
    let Some(cancelled) = desk.rows(PAYMENT, &subject).iter().find(known).cloned() else {
        return desk.refuse("E0004", "no such payment");
    };
    let on = desk.text("idobi").to_owned();
    desk.change(PAYMENT, &subject, |row| {
        if is(row, "shunobango", &payment) {
            row.insert("shuryobi".into(), on.clone());
        }
    });
    if !about(desk, TOLD, &cancelled).is_empty() && desk.obeys("UNIT-09-R25") {
        tell(desk, &cancelled, "1", &on);
    }
    Ok(())
}

fn refund(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let payment = desk.text("shunobango").to_owned();
    let known = |row: &&Row| is(row, "shunobango", &payment) && is_open(row);
    let Some(paid) = desk.rows(PAYMENT, &subject).iter().find(known).cloned() else {
        return desk.refuse("E0004", "no such payment");
    };
    let asked = desk.number("kingaku");
    if asked > number(&paid, "kagono_kingaku") {
        return desk.refuse("E0004", "more than was overpaid");
    }
    let on = desk.day("idobi");
    let owes = claims(desk, &subject)
        .into_iter()
        .any(|claim| arrears(desk, &claim, on).is_some());
    desk.demand("UNIT-09-R16", !owes, "it has to be set off against arrears")?;
    let last = day(&paid, "ryoshubi").and_then(|paid| paid.add_years(TIME_BAR));
    desk.demand("UNIT-09-R17", on <= last, "the claim to a refund has ended")?;
    desk.change(PAYMENT, &subject, |row| {
        if is(row, "shunobango", &payment) {
            let (amount, over) = (number(row, "kingaku") - asked, number(row, "kagono_kingaku") - asked);
            row.insert("kingaku".into(), amount.to_string());
            row.insert("kagono_kingaku".into(), over.to_string());
        }
    });
    Ok(())
}

// --- measures ---

fn unpaid(desk: &Desk<'_>, claim: &Row) -> Result<(), Refusal> {
    let subject = desk.subject();
    if amount(desk, &subject, claim) > paid(desk, &subject, claim, Day::LAST) {
        return Ok(());
    }
    desk.refuse("E0004", "nothing is unpaid")
}

/// Neither reminders nor seizures while collection is deferred (地方税法 15 条の 2 の 3).
fn not_deferred(desk: &Desk<'_>, claim: &Row, on: Option<Day>) -> Result<(), Refusal> {
    let deferrals = about(desk, DEFERRAL, claim);
    let deferred = deferrals
        .iter()
        .any(|row| is(row, "choshu_yuyo_kubun", "1") && on.is_some_and(|on| covers(row, on)));
    desk.demand("UNIT-09-R08", !deferred, "collection is deferred")
}

fn remind(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let claim = claim(desk)?;
    unpaid(desk, &claim)?;
    let sent = desk.day("hassobi");
    desk.demand("UNIT-09-R05", sent > day(&claim, "nokigen"), "not overdue yet")?;
    not_deferred(desk, &claim, sent)?;
    let reminder = desk.input.clone();
    desk.add(REMINDER, &subject, reminder);
    let on = desk.text("hassobi").to_owned();
    tell(desk, &claim, "1", &on);
    Ok(())
}

fn defer(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let claim = claim(desk)?;
    unpaid(desk, &claim)?;
    let (Some(first), Some(end)) = (desk.day("kaishibi"), desk.day("shuryobi")) else {
        return desk.refuse("E0002", "the period of the deferral");
    };
    if end <= first {
        return desk.refuse("E0008", "the deferral ends before it begins");
    }
    let earliest = about(desk, DEFERRAL, &claim)
        .iter()
        .filter_map(|row| day(row, "kaishibi"))
        .min();
    let short = first.add_years(1).is_some_and(|last| end <= last);
    let short_in_all = earliest
        .and_then(|first| first.add_years(2))
        .is_none_or(|last| end <= last);
    desk.demand("UNIT-09-R09", short && short_in_all, "longer than the law allows")?;
    let deferral = desk.input.clone();
    desk.add(DEFERRAL, &subject, deferral);
    if desk.obeys("UNIT-09-R29") {
        let on = desk.text("kaishibi").to_owned();
        tell(desk, &claim, "2", &on);
    }
    Ok(())
}

fn seize(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let claim = claim(desk)?;
    unpaid(desk, &claim)?;
    let on = desk.day("kaishibi").unwrap_or(Day::FIRST);
    let protected = matches!(desk.text("zaisan_kubun"), "5" | "6" | "7");
    desk.demand("UNIT-09-R21", !protected, "such a claim is never seized")?;
    let alive = !died_before(desk, &subject, on);
    desk.demand("UNIT-09-R22", alive, "the debtor died")?;
    let suspended = about(desk, SUSPENSION, &claim).iter().any(|row| covers(row, on));
    desk.demand("UNIT-09-R10", !suspended, "execution is suspended")?;
    not_deferred(desk, &claim, Some(on))?;
    let reminded = about(desk, REMINDER, &claim)
        .iter()
        .filter_map(|row| day(row, "hassobi"))
        .min();
    desk.demand("UNIT-09-R06", reminded.is_some(), "no reminder was sent")?;
    let from = reminded.and_then(|sent| sent.add_days(AFTER_REMINDER));
    desk.demand(
        "UNIT-09-R07",
        from.is_none_or(|from| on > from),
        "too soon after the reminder",
    )?;
    let seizure = desk.row_for(SEIZURE);
    desk.add(SEIZURE, &subject, seizure);
    Ok(())
}

fn suspend(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let claim = claim(desk)?;
    unpaid(desk, &claim)?;
    let suspension = desk.input.clone();
    desk.add(SUSPENSION, &subject, suspension);
    let on = desk.text("kaishibi").to_owned();
    release(desk, &claim, &on);
    tell(desk, &claim, "3", &on);
    Ok(())
}

/// Tells the insurer of a premium, and nobody about a tax.
fn tell(desk: &mut Desk<'_>, claim: &Row, state: &str, on: &str) {
    let subject = desk.subject();
    let kind = claim.get("kamoku").map_or("", String::as_str);
    let Some(insurer) = insurer_of(kind) else { return };
    let to = if desk.obeys("UNIT-09-R18") {
        vec![insurer]
    } else {
        desk.receivers("arrears-changed")
    };
    let left = (amount(desk, &subject, claim) - paid(desk, &subject, claim, Day::LAST)).max(0);
    let mut told = claim.clone();
    told.extend(row([
        ("taino_jotai", state.to_owned()),
        ("taino_zandaka", left.to_string()),
        ("idobi", on.to_owned()),
    ]));
    desk.add(TOLD, &subject, claim.clone());
    desk.tell_to("arrears-changed", &subject, told, &to);
}

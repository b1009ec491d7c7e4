//! 11 国民年金: the category of insured persons over time, and exemptions by month.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::{Business, is_valid};
use super::social::{
    Move, Undone, assistance_periods, birth, day, day_in, died, head_of, in_order, income, known_subject, month,
    month_text, months_later, moved_in, moved_out, next, note_assistance, note_if_new, note_income, number, residence,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{first_day_of_age, reached_on};

const EXEMPTION: &str = "exemption";
/// Reports of categories, as they came.
const REPORTS: &str = "todoke";

/// The unit.
pub(super) struct Rules;

/// A time in one category.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Span {
    since: Day,
    until: Option<Day>,
    category: String,
    /// Why it ended.
    reason: &'static str,
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "report-acquisition" => report_acquisition(desk),
            "report-category-change" => report_change(desk),
            "report-loss" => report_loss(desk),
            "apply-exemption" => apply_exemption(desk),
            "report-maternity" => report_maternity(desk),
            _ => cancel_report(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        match event {
            "assistance-changed" => note_assistance(desk),
            "nhi-qualification-changed" => insurance(desk),
            "income-determined" | "income-corrected" => {
                note_income(desk);
                decide_again(desk);
            }
            _ => moved(desk, event),
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        if record.id == EXEMPTION {
            let mut rows = by_law(desk, &subject);
            rows.extend_from_slice(desk.rows(EXEMPTION, &subject));
            return rows;
        }
        let rows = spans(desk, &subject).into_iter().map(|span| shown(&subject, &span));
        rows.filter(|row| day.is_none_or(|day| is_valid(record, row, day)))
            .collect()
    }
}

fn shown(subject: &str, span: &Span) -> Row {
    row([
        ("atenabango", subject.to_owned()),
        ("nenkin_shutokubi", span.since.to_string()),
        ("nenkin_shubetsu", span.category.clone()),
        (
            "nenkin_soshitsubi",
            span.until.map(|day| day.to_string()).unwrap_or_default(),
        ),
        (
            "nenkin_soshitsu_jiyu",
            span.until.map(|_| span.reason.to_owned()).unwrap_or_default(),
        ),
    ])
}

// --- categories ---

/// Days of reaching 20, 60 and 65 as the unit counts them.
fn reaches(desk: &Desk<'_>, subject: &str, age: u16, rule: &str) -> Option<Day> {
    let birth = birth(desk, subject)?;
    if desk.obeys(rule) {
        reached_on(birth, age)
    } else {
        first_day_of_age(birth, age)
    }
}

/// The day from which residence abroad or death ends category 1 and voluntary insurance.
fn left(desk: &Desk<'_>, subject: &str) -> Option<(Day, &'static str)> {
    let out = moved_out(desk, subject).and_then(|(day, abroad)| match abroad {
        true if desk.obeys("UNIT-11-R04") => Some((next(day), "3")),
        true => Some((day, "3")),
        false => (!desk.obeys("UNIT-11-R05")).then_some((day, "3")),
    });
    let dead = died(desk, subject).map(|day| (if desk.obeys("UNIT-11-R06") { next(day) } else { day }, "4"));
    [out, dead].into_iter().flatten().min()
}

/// All times in a category, oldest first.
fn spans(desk: &Desk<'_>, subject: &str) -> Vec<Span> {
    let twenty = reaches(desk, subject, 20, "UNIT-11-R01");
    let sixty = reaches(desk, subject, 60, "UNIT-11-R02");
    let known_before = twenty.filter(|twenty| moved_in(desk, subject).is_some_and(|day| day < *twenty));
    let mut begins: Vec<(Day, String)> = known_before.map(|day| (day, "1".to_owned())).into_iter().collect();
    for report in desk.rows(REPORTS, subject) {
        if let Some(since) = day_in(report, "hi") {
            let category = report.get("nenkin_shubetsu").cloned().unwrap_or_default();
            // An employee before 20 stays one.
            begins.retain(|(day, _)| !(*day >= since && Some(*day) == known_before));
            begins.push((since, category));
        }
    }
    begins.sort();
    let mut spans = Vec::new();
    for (index, (since, category)) in begins.iter().enumerate() {
        if category == "0" {
            continue;
        }
        let follower = begins.get(index + 1).map(|(day, category)| {
            let day = if desk.obeys("UNIT-11-R07") || category == "0" {
                *day
            } else {
                next(*day)
            };
            (day, if category == "0" { "5" } else { "6" })
        });
        let sixty = sixty.filter(|_| category == "1").map(|day| (day, "1"));
        let reached_65 = birth(desk, subject)
            .and_then(|birth| reached_on(birth, 65))
            .map(|day| (day, "2"));
        let reached_65 = reached_65.filter(|_| category == "4" && desk.obeys("UNIT-11-R09"));
        let left = left(desk, subject)
            .filter(|(day, reason)| since < day && (*reason == "4" || matches!(category.as_str(), "1" | "4")));
        let end = [follower, sixty, reached_65, left].into_iter().flatten().min();
        if end.is_none_or(|(day, _)| *since < day) {
            spans.push(Span {
                since: *since,
                until: end.map(|(day, _)| day),
                category: category.clone(),
                reason: end.map_or("", |(_, reason)| reason),
            });
        }
    }
    spans
}

fn category_on(desk: &Desk<'_>, subject: &str, day: Day) -> Option<String> {
    let mut spans = spans(desk, subject).into_iter().rev();
    let found = spans.find(|span| span.since <= day && span.until.is_none_or(|until| day < until));
    found.map(|span| span.category)
}

fn report_acquisition(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (since, reported) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    let category = desk.text("nenkin_shubetsu").to_owned();
    if category == "4" {
        desk.demand(
            "UNIT-11-R08",
            reported <= since,
            "voluntary insurance is never retroactive",
        )?;
    } else {
        in_order(desk, since, reported)?;
    }
    if category == "1"
        && let Some(birth) = birth(desk, &subject)
    {
        let old_enough = reached_on(birth, 20).is_some_and(|day| day <= since);
        let young_enough = reached_on(birth, 60).is_some_and(|day| since < day);
        desk.demand("UNIT-11-R03", old_enough && young_enough, "not between 20 and 60")?;
    }
    let has = category_on(desk, &subject, since).as_deref() == Some(category.as_str());
    desk.demand("UNIT-11-R23", !has, "in this category already")?;
    let retroactive = category == "4" || desk.obeys("UNIT-11-R10");
    let since = if retroactive { since } else { reported };
    report(desk, &subject, &category, since);
    tell(desk, &subject, &category, "1", since);
    Ok(())
}

fn report_change(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (since, reported) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    in_order(desk, since, reported)?;
    let category = desk.text("nenkin_shubetsu").to_owned();
    let has = category_on(desk, &subject, since).as_deref() == Some(category.as_str());
    desk.demand("UNIT-11-R23", !has, "in this category already")?;
    report(desk, &subject, &category, since);
    tell(desk, &subject, &category, "3", since);
    Ok(())
}

fn report_loss(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let since = day(desk, "idobi")?;
    let Some(category) = category_on(desk, &subject, since) else {
        return desk.refuse("E0008", "not insured on that day");
    };
    if category != "4" {
        return desk.refuse("E0004", "only voluntary insurance can be left");
    }
    report(desk, &subject, "0", since);
    tell(desk, &subject, &category, "2", since);
    Ok(())
}

fn report(desk: &mut Desk<'_>, subject: &str, category: &str, since: Day) {
    let receipt = desk.receipt();
    let report = row([
        ("hi", since.to_string()),
        ("nenkin_shubetsu", category.to_owned()),
        ("uketsukebango", receipt),
    ]);
    desk.add(REPORTS, subject, report);
}

fn cancel_report(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let receipt = desk.text("torikeshi_uketsukebango").to_owned();
    let is_it = |row: &Row| row.get("uketsukebango") == Some(&receipt);
    let found = desk.rows(REPORTS, &subject).iter().find(|row| is_it(row)).cloned();
    let Some(report) = found else {
        return desk.refuse("E0004", "no report with this receipt number");
    };
    if !desk.obeys("UNIT-11-R25") {
        return Ok(());
    }
    let since = day_in(&report, "hi").unwrap_or(Day::FIRST);
    let category = report.get("nenkin_shubetsu").cloned().unwrap_or_default();
    desk.retain(REPORTS, &subject, |row| !is_it(row));
    match category.as_str() {
        "0" => tell(desk, &subject, "4", "5", since),
        category => tell(desk, &subject, category, "4", since),
    }
    Ok(())
}

fn tell(desk: &mut Desk<'_>, subject: &str, category: &str, kind: &str, day: Day) {
    let content = row([
        ("nenkin_shubetsu", category.to_owned()),
        ("nenkin_ido_kubun", kind.to_owned()),
        ("idobi", day.to_string()),
    ]);
    desk.tell("pension-qualification-changed", subject, content);
}

fn moved(desk: &mut Desk<'_>, event: &str) {
    let subject = desk.subject();
    let known = spans(desk, &subject);
    let out = (moved_out(desk, &subject), died(desk, &subject));
    match residence(desk, event) {
        Move::Out(..) | Move::Died(_) => {
            let Some((lost, _)) = left(desk, &subject) else {
                return;
            };
            let ended = known
                .iter()
                .find(|span| span.since < lost && span.until.is_none_or(|until| lost < until));
            let still = category_on(desk, &subject, lost).is_some();
            if let Some(span) = ended.filter(|_| !still) {
                tell(desk, &subject, &span.category, "2", lost);
            }
        }
        Move::Cancelled(Undone::Out | Undone::Death, _) if !desk.obeys("UNIT-11-R25") => {
            // The mistake: what followed stays.
            if let Some((day, abroad)) = out.0 {
                desk.set_note(&subject, "tenshutsu_bi", day.to_string());
                desk.set_note(&subject, "kokugai_tenshutsu", if abroad { "1" } else { "" });
            }
            desk.set_note(
                &subject,
                "shibobi",
                out.1.map(|day| day.to_string()).unwrap_or_default(),
            );
        }
        Move::Cancelled(..) => {
            let lost = known.iter().filter(|span| matches!(span.reason, "3" | "4"));
            let lost: Vec<(String, Day)> = lost
                .filter_map(|span| Some((span.category.clone(), span.until?)))
                .collect();
            for (category, day) in lost {
                if category_on(desk, &subject, day).is_some() {
                    tell(desk, &subject, &category, "5", day);
                }
            }
        }
        _ => note_if_new(desk, &subject),
    }
}

fn insurance(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let employed = desk.text("kokuho_ido_kubun") == "2" && desk.text("kokuho_jiyu") == "24";
    if let Some(day) = desk.day("idobi").filter(|_| employed && !desk.obeys("UNIT-11-R27")) {
        report(desk, &subject, "0", day);
        tell(desk, &subject, "1", "2", day);
    }
}

// --- exemptions ---

/// Exemptions because of public assistance.
fn by_law(desk: &Desk<'_>, subject: &str) -> Vec<Row> {
    let foreign = desk.note(subject, "jumin_shubetsu") == "2";
    if foreign && desk.obeys("UNIT-11-R12") {
        return Vec::new();
    }
    let periods = assistance_periods(desk, subject).into_iter();
    let in_category = periods.filter(|(since, _)| category_on(desk, subject, *since).as_deref() == Some("1"));
    let ahead = if desk.obeys("UNIT-11-R11") { -1 } else { 0 };
    in_category
        .map(|(since, until)| {
            row([
                ("atenabango", subject.to_owned()),
                ("menjo_shurui", "1".to_owned()),
                ("menjo_kaishizuki", month_text(months_later(since, ahead))),
                ("menjo_shuryozuki", until.map(month_text).unwrap_or_default()),
                ("menjo_jotai", "1".to_owned()),
            ])
        })
        .collect()
}

fn apply_exemption(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let applied = day(desk, "todokedebi")?;
    let kind = desk.text("menjo_shurui").to_owned();
    if matches!(kind.as_str(), "1" | "8") {
        return desk.refuse("E0004", "this kind is not applied for");
    }
    let Some(first) = month(desk.text("menjo_kaishizuki")) else {
        return desk.refuse("E0002", "menjo_kaishizuki is no month");
    };
    let eligible = category_on(desk, &subject, first.last_of_month()).as_deref() == Some("1");
    desk.demand("UNIT-11-R22", eligible, "not in category 1")?;
    desk.demand(
        "UNIT-11-R14",
        months_later(applied, -25) <= first,
        "earlier than two years and one month",
    )?;
    let fifty = birth(desk, &subject).and_then(|birth| reached_on(birth, 50));
    let young = kind != "6" || fifty.is_none_or(|fifty| first < fifty.first_of_month());
    desk.demand("UNIT-11-R18", young, "50 is reached")?;
    let last = last_month(desk, &kind, first);
    let (from, until) = (month_text(first), month_text(last));
    let twice = desk.rows(EXEMPTION, &subject).iter().any(|known| {
        let item = |name: &str| known.get(name).map_or("", String::as_str);
        item("menjo_shurui") == kind
            && item("menjo_jotai") != "2"
            && item("menjo_kaishizuki") <= until.as_str()
            && from.as_str() <= item("menjo_shuryozuki")
    });
    desk.demand("UNIT-11-R23", !twice, "applied for already")?;
    let head = match desk.text("setainushi_atenabango") {
        "" => head_of(desk, &subject),
        head => head.to_owned(),
    };
    let mut exemption = desk.row_for(EXEMPTION);
    exemption.insert("menjo_shuryozuki".into(), until);
    exemption.insert("hikisu_kijungaku".into(), desk.text("menjo_kijungaku").to_owned());
    exemption.insert("hikisu_nendo".into(), year_of_income(desk, &kind, first).to_string());
    exemption.insert(
        "haigusha_atenabango".into(),
        desk.text("haigusha_atenabango").to_owned(),
    );
    exemption.insert("setainushi_atenabango".into(), head);
    let state = decide(desk, &subject, &exemption);
    exemption.insert("menjo_jotai".into(), state.into());
    desk.add(EXEMPTION, &subject, exemption);
    if !desk.obeys("UNIT-11-R26") {
        tell(desk, &subject, "1", "3", first);
    }
    Ok(())
}

/// Last month of an exemption.
fn last_month(desk: &Desk<'_>, kind: &str, first: Day) -> Day {
    if !desk.obeys("UNIT-11-R13") {
        return months_later(first, 11);
    }
    let last = if kind == "7" { 3 } else { 6 };
    let ahead = (last + 12 - i32::from(first.month())) % 12;
    months_later(first, ahead)
}

/// Fiscal year whose income decides.
fn year_of_income(desk: &Desk<'_>, kind: &str, first: Day) -> i64 {
    let year = i64::from(first.year());
    match kind {
        "7" => i64::from(first.fiscal_year()),
        _ if !desk.obeys("UNIT-11-R19") => i64::from(first.fiscal_year()),
        _ if first.month() >= 7 => year,
        _ => year - 1,
    }
}

/// Granted, rejected or waiting.
fn decide(desk: &Desk<'_>, subject: &str, exemption: &Row) -> &'static str {
    let item = |name: &str| exemption.get(name).cloned().unwrap_or_default();
    let (spouse, head) = (item("haigusha_atenabango"), item("setainushi_atenabango"));
    let kind = item("menjo_shurui");
    let (with_spouse, with_head) = match kind.as_str() {
        "6" => (true, !desk.obeys("UNIT-11-R17")),
        "7" => (false, !desk.obeys("UNIT-11-R16")),
        _ => (desk.obeys("UNIT-11-R15"), desk.obeys("UNIT-11-R15")),
    };
    let mut circle = vec![subject.to_owned()];
    circle.extend(with_spouse.then_some(spouse));
    circle.extend(with_head.then_some(head));
    let (limit, year) = (number(exemption, "hikisu_kijungaku"), number(exemption, "hikisu_nendo"));
    let people = circle.iter().filter(|person| !person.is_empty());
    let incomes: Vec<Option<i64>> = people.map(|person| income(desk, person, year)).collect();
    if incomes.iter().flatten().any(|income| *income > limit) {
        "2"
    } else if incomes.iter().any(Option::is_none) {
        "3"
    } else {
        "1"
    }
}

/// Decides every application again in which the subject of a notice counts.
fn decide_again(desk: &mut Desk<'_>) {
    if !desk.obeys("UNIT-11-R24") {
        return;
    }
    let person = desk.subject();
    let mut applicants = vec![person.clone()];
    for item in ["haigusha_atenabango", "setainushi_atenabango"] {
        applicants.extend(
            desk.find(EXEMPTION, item, &person)
                .into_iter()
                .map(|(applicant, _)| applicant),
        );
    }
    applicants.sort();
    applicants.dedup();
    for applicant in applicants {
        let states: Vec<Option<&str>> = desk
            .rows(EXEMPTION, &applicant)
            .iter()
            .map(|known| {
                known
                    .contains_key("hikisu_nendo")
                    .then(|| decide(desk, &applicant, known))
            })
            .collect();
        let mut states = states.into_iter();
        desk.change(EXEMPTION, &applicant, |known| {
            if let Some(Some(state)) = states.next() {
                known.insert("menjo_jotai".into(), state.into());
            }
        });
    }
}

fn report_maternity(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (expected, reported) = (day(desk, "shussan_yoteibi")?, day(desk, "todokedebi")?);
    let soon = expected.add_months(-6).is_none_or(|earliest| earliest <= reported);
    desk.demand("UNIT-11-R21", soon, "more than six months ahead")?;
    let eligible = category_on(desk, &subject, expected.last_of_month()).as_deref() == Some("1");
    desk.demand("UNIT-11-R22", eligible, "not in category 1")?;
    let several = desk.text("tatai_ninshin") == "1" && desk.obeys("UNIT-11-R20");
    let exemption = row([
        ("atenabango", subject.clone()),
        ("menjo_shurui", "8".to_owned()),
        (
            "menjo_kaishizuki",
            month_text(months_later(expected, if several { -3 } else { -1 })),
        ),
        ("menjo_shuryozuki", month_text(months_later(expected, 2))),
        ("menjo_jotai", "1".to_owned()),
        ("todokedebi", reported.to_string()),
    ]);
    desk.add(EXEMPTION, &subject, exemption);
    Ok(())
}

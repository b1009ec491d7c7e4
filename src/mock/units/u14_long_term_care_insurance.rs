//! 14 介護保険: categories by age, certification from application to renewal, premium of category 1.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::{Business, is_valid};
use super::social::{
    Move, Undone, assistance_periods, birth, day, day_in, died, in_arrears, in_order, known_subject, levied_in_time,
    levy_notice, measure_on, month_ends, moved_in, moved_out, next, note_arrears, note_assistance, note_if_new,
    note_income, number, put_levy, residence, take_measure, without,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::{first_day_of_age, reached_on};

const INSURED: &str = "ltc-insured";
const CERTIFICATION: &str = "certification";
const PREMIUM: &str = "ltc-premium";
/// Applications for certification.
const APPLICATIONS: &str = "shinsei";
/// Day on which somebody moved into a facility elsewhere.
const FACILITY: &str = "jushochi_tokurei_bi";

/// A time in one category.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Span {
    since: Day,
    until: Option<Day>,
    category: &'static str,
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "report-facility" => report_facility(desk),
            "apply-certification" => apply(desk),
            "decide-certification" => decide(desk),
            "cancel-certification" => cancel(desk),
            "levy-premium" => levy_premium(desk),
            _ => change_payment(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        note_if_new(desk, &subject);
        match event {
            "assistance-changed" => note_assistance(desk),
            "income-determined" | "income-corrected" => note_income(desk),
            "arrears-changed" => note_arrears(desk, "07"),
            "late-elderly-qualification-changed" => {}
            _ => moved(desk, event),
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = match record.id.as_str() {
            INSURED => spans(desk, &subject)
                .into_iter()
                .map(|span| shown(desk, &subject, &span, day))
                .collect(),
            _ => desk.rows(&record.id, &subject).to_vec(),
        };
        let rows = rows.into_iter();
        rows.filter(|row| day.is_none_or(|day| is_valid(record, row, day)))
            .collect()
    }
}

/// The unit.
pub(super) struct Rules;

fn shown(desk: &Desk<'_>, subject: &str, span: &Span, day: Option<Day>) -> Row {
    let elsewhere = moved_out(desk, subject).is_some_and(|(out, _)| desk.note_day(subject, FACILITY) == Some(out));
    let measure = span.category == "1" && measure_on(desk, subject, day);
    row([
        ("atenabango", subject.to_owned()),
        ("kaigo_shutokubi", span.since.to_string()),
        ("kaigo_hihokensha_kubun", span.category.to_owned()),
        (
            "kaigo_soshitsubi",
            span.until.map(|day| day.to_string()).unwrap_or_default(),
        ),
        ("jushochi_tokurei", u8::from(elsewhere).to_string()),
        ("kyufu_seigen", u8::from(measure).to_string()),
    ])
}

// --- who is insured ---

fn reaches(desk: &Desk<'_>, subject: &str, age: u16, rule: &str) -> Option<Day> {
    let birth = birth(desk, subject)?;
    if desk.obeys(rule) {
        reached_on(birth, age)
    } else {
        first_day_of_age(birth, age)
    }
}

/// The day from which somebody is not a resident any more.
fn left(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    let out = moved_out(desk, subject).and_then(|(day, abroad)| {
        let excepted = desk.note_day(subject, FACILITY) == Some(day) && desk.obeys("UNIT-14-R04");
        match abroad || !desk.obeys("UNIT-14-R03") {
            _ if excepted => None,
            true => Some(next(day)),
            false => Some(day),
        }
    });
    let dead = died(desk, subject).map(next);
    [out, dead].into_iter().flatten().min()
}

/// All times in a category, oldest first.
fn spans(desk: &Desk<'_>, subject: &str) -> Vec<Span> {
    let Some(resident) = moved_in(desk, subject) else {
        return Vec::new();
    };
    let end = left(desk, subject).unwrap_or(Day::LAST);
    let forty = reaches(desk, subject, 40, "UNIT-14-R02");
    let reached_65 = reaches(desk, subject, 65, "UNIT-14-R01");
    let (Some(forty), Some(reached_65)) = (forty, reached_65) else {
        return Vec::new();
    };
    let in_residence = |since: Day, until: Day| {
        let period = (since.max(resident), until.min(end));
        (period.0 < period.1).then_some(period)
    };
    let assisted = match desk.obeys("UNIT-14-R05") {
        true => assistance_periods(desk, subject),
        false => Vec::new(),
    };
    let second = without(in_residence(forty, reached_65).into_iter().collect(), &assisted);
    let second = second.into_iter().map(|period| (period, "2"));
    let first = in_residence(reached_65, Day::LAST).map(|period| (period, "1"));
    second
        .chain(first)
        .map(|((since, until), category)| Span {
            since,
            until: (until != Day::LAST).then_some(until),
            category,
        })
        .collect()
}

fn category_on(desk: &Desk<'_>, subject: &str, day: Day) -> Option<&'static str> {
    let mut spans = spans(desk, subject).into_iter();
    let found = spans.find(|span| span.since <= day && span.until.is_none_or(|until| day < until));
    found.map(|span| span.category)
}

fn report_facility(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (moved, reported) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    in_order(desk, moved, reported)?;
    desk.set_note(&subject, FACILITY, moved.to_string());
    relevy(desk, &subject, reported);
    Ok(())
}

fn moved(desk: &mut Desk<'_>, event: &str) {
    let subject = desk.subject();
    let out = moved_out(desk, &subject);
    match residence(desk, event) {
        Move::Cancelled(Undone::Out, day) => {
            if let Some((out, abroad)) = out.filter(|_| !desk.obeys("UNIT-14-R21")) {
                // The mistake: the loss stays.
                desk.set_note(&subject, "tenshutsu_bi", out.to_string());
                desk.set_note(&subject, "kokugai_tenshutsu", if abroad { "1" } else { "" });
            }
            relevy(desk, &subject, day);
        }
        Move::Out(day, _) | Move::Died(day) | Move::Data(day) | Move::Cancelled(_, day) => {
            relevy(desk, &subject, day);
        }
        _ => {}
    }
}

// --- certification ---

fn apply(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let applied = day(desk, "todokedebi")?;
    let kind = desk.text("shinsei_kubun").to_owned();
    let pending = desk
        .rows(APPLICATIONS, &subject)
        .iter()
        .any(|known| !known.contains_key("kettei"));
    desk.demand("UNIT-14-R22", !pending, "an application is pending")?;
    let with_disease = desk.text("tokutei_shippei") == "1";
    let eligible = match category_on(desk, &subject, applied) {
        Some("1") => true,
        Some(_) => with_disease,
        None => false,
    };
    desk.demand("UNIT-14-R12", eligible, "not insured, or without a specified disease")?;
    if kind == "2" {
        let last = last_valid(desk, &subject).and_then(|until| until.previous());
        let in_window =
            last.is_some_and(|last| applied <= last && last.add_days(-60).is_some_and(|first| first <= applied));
        desk.demand("UNIT-14-R09", in_window, "not within 60 days before the end")?;
    }
    if kind == "5" {
        return carry_on(desk, &subject, applied);
    }
    let receipt = desk.receipt();
    let application = row([
        ("shinsei_bango", receipt),
        ("shinsei_kubun", kind),
        ("shinseibi", applied.to_string()),
    ]);
    desk.add(APPLICATIONS, &subject, application);
    Ok(())
}

/// Carries on the level of the former municipality.
fn carry_on(desk: &mut Desk<'_>, subject: &str, applied: Day) -> Result<(), Refusal> {
    let level = desk.text("yokaigo_jotai").to_owned();
    if level.is_empty() {
        return desk.refuse("E0004", "the former level is missing");
    }
    let since = moved_in(desk, subject);
    let in_time =
        since.is_some_and(|since| since <= applied && since.add_days(14).is_none_or(|limit| applied <= limit));
    desk.demand("UNIT-14-R13", in_time, "later than 14 days from moving in")?;
    certify(
        desk,
        subject,
        &level,
        "5",
        since.unwrap_or(applied),
        6,
        [applied, applied],
    );
    Ok(())
}

/// The day on which the newest certification is not valid any more.
fn last_valid(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    day_in(desk.last(CERTIFICATION, subject)?, "shuryobi")
}

fn decide(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let decided = day(desk, "ketteibi")?;
    let receipt = desk.text("shinsei_bango").to_owned();
    let mut applications = desk.rows(APPLICATIONS, &subject).iter();
    let Some(application) = applications
        .find(|known| known.get("shinsei_bango") == Some(&receipt))
        .cloned()
    else {
        return desk.refuse("E0004", "no application with this receipt number");
    };
    desk.demand("UNIT-14-R22", !application.contains_key("kettei"), "decided already")?;
    let kind = application.get("shinsei_kubun").cloned().unwrap_or_default();
    let applied = day_in(&application, "shinseibi").unwrap_or(decided);
    in_order(desk, applied, decided)?;
    let months = desk.number("yuko_tsukisu");
    let longest = if kind == "2" { 48 } else { 12 };
    desk.demand(
        "UNIT-14-R08",
        (3..=longest).contains(&months),
        "so many months are not allowed",
    )?;
    let former = last_valid(desk, &subject);
    let since = match kind.as_str() {
        "2" if desk.obeys("UNIT-14-R10") => former.unwrap_or(applied),
        "1" if !desk.obeys("UNIT-14-R06") => decided,
        _ => applied,
    };
    if kind == "3" && desk.obeys("UNIT-14-R11") {
        desk.change_last(CERTIFICATION, &subject, |known| {
            known.insert("shuryobi".into(), applied.to_string());
        });
    }
    desk.change(APPLICATIONS, &subject, |known| {
        if known.get("shinsei_bango") == Some(&receipt) {
            known.insert("kettei".into(), decided.to_string());
        }
    });
    let level = desk.text("yokaigo_jotai").to_owned();
    let months = i32::try_from(months).unwrap_or(12);
    certify(desk, &subject, &level, &kind, since, months, [applied, decided]);
    Ok(())
}

/// Keeps a certification, unless there is no need of care, and tells it.
fn certify(desk: &mut Desk<'_>, subject: &str, level: &str, kind: &str, since: Day, months: i32, days: [Day; 2]) {
    let whole_months = match desk.obeys("UNIT-14-R07") && since.day() != 1 {
        true => since.first_of_next_month().unwrap_or(since),
        false => since,
    };
    let until = whole_months.add_months(months).unwrap_or(Day::LAST);
    let certification = row([
        ("atenabango", subject.to_owned()),
        ("kaishibi", since.to_string()),
        ("shuryobi", until.to_string()),
        ("yokaigo_jotai", level.to_owned()),
        ("nintei_ido_kubun", kind.to_owned()),
        ("shinseibi", days[0].to_string()),
        ("ketteibi", days[1].to_string()),
    ]);
    if level != "01" {
        desk.add(CERTIFICATION, subject, certification.clone());
    }
    tell(desk, subject, certification);
}

fn cancel(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (since, decided) = (day(desk, "idobi")?, day(desk, "ketteibi")?);
    in_order(desk, since, decided)?;
    let valid = |row: &Row| {
        day_in(row, "kaishibi").is_some_and(|start| start <= since)
            && day_in(row, "shuryobi").is_none_or(|until| since < until)
    };
    let Some(known) = desk
        .rows(CERTIFICATION, &subject)
        .iter()
        .find(|row| valid(row))
        .cloned()
    else {
        return desk.refuse("E0008", "no certification on that day");
    };
    if !desk.obeys("UNIT-14-R20") {
        return Ok(());
    }
    desk.change(CERTIFICATION, &subject, |row| {
        if valid(row) {
            row.insert("shuryobi".into(), since.to_string());
        }
    });
    let told = row([
        ("yokaigo_jotai", known.get("yokaigo_jotai").cloned().unwrap_or_default()),
        ("nintei_ido_kubun", "4".to_owned()),
        ("kaishibi", since.to_string()),
    ]);
    tell(desk, &subject, told);
    Ok(())
}

fn tell(desk: &mut Desk<'_>, subject: &str, content: Row) {
    let mut to = desk.receivers("ltc-certification-changed");
    if !desk.obeys("UNIT-14-R19") {
        to.push(9);
    }
    desk.tell_to("ltc-certification-changed", subject, content, &to);
}

// --- premium ---

fn levy_premium(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let in_time = levied_in_time(desk)?;
    desk.demand("UNIT-14-R17", in_time, "two years have passed")?;
    let mut levy = desk.row_for(PREMIUM);
    levy.insert(
        "hikisu_getsugaku".into(),
        desk.text("kaigo_hokenryo_getsugaku").to_owned(),
    );
    calculate(desk, &subject, &mut levy);
    desk.demand(
        "UNIT-14-R14",
        number(&levy, "kaigo_hokenryo_tsukisu") > 0,
        "not in category 1",
    )?;
    put_levy(desk, PREMIUM, &subject, levy.clone());
    desk.tell("ltc-premium-levied", &subject, levy_notice(&levy));
    Ok(())
}

/// Months of category 1, and their premium.
fn calculate(desk: &Desk<'_>, subject: &str, levy: &mut Row) {
    let birthday = birth(desk, subject).and_then(|birth| first_day_of_age(birth, 65));
    let from_birthday = |end: &Day| desk.obeys("UNIT-14-R15") || birthday.is_none_or(|birthday| birthday <= *end);
    let ends = month_ends(number(levy, "nendo")).into_iter().filter(from_birthday);
    let months = ends.filter(|end| category_on(desk, subject, *end) == Some("1")).count();
    let months = i64::try_from(months).unwrap_or(0);
    levy.insert("kaigo_hokenryo_tsukisu".into(), months.to_string());
    levy.insert(
        "kingaku".into(),
        (months * number(levy, "hikisu_getsugaku")).to_string(),
    );
}

/// Calculates levies again, and tells what has changed.
fn relevy(desk: &mut Desk<'_>, subject: &str, decided: Day) {
    if !desk.obeys("UNIT-14-R16") {
        return;
    }
    for known in desk.rows(PREMIUM, subject).to_vec() {
        let mut levy = known.clone();
        calculate(desk, subject, &mut levy);
        if levy == known {
            continue;
        }
        levy.insert("ketteibi".into(), decided.to_string());
        put_levy(desk, PREMIUM, subject, levy.clone());
        desk.tell("ltc-premium-levied", subject, levy_notice(&levy));
    }
}

fn change_payment(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let since = day(desk, "kaishibi")?;
    let holds = in_arrears(desk, &subject) && category_on(desk, &subject, since) == Some("1");
    desk.demand("UNIT-14-R18", holds, "not in category 1, or not in arrears")?;
    take_measure(desk, &subject, since);
    Ok(())
}

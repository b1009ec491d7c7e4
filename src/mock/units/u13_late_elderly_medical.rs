//! 13 後期高齢者医療: insured from the 75th birthday or by certification, by the area of the regional union.

use super::Row;
use super::desk::{Desk, Refusal, row};
use super::rules::{Business, is_valid};
use super::social::{
    Move, assistance_periods, before, birth, day, died, household, in_arrears, income, known_subject, levied_in_time,
    levy_notice, measure_on, month_ends, moved_in, moved_out, next, note_arrears, note_assistance, note_if_new,
    note_income, number, put_levy, residence, take_measure, within_prefecture, without,
};
use crate::standard::unit::Record;
use crate::text::date::Day;
use crate::text::date::age::first_day_of_age;

const PREMIUM: &str = "late-elderly-premium";
/// Certification of a disability: first day, and the day on which it is not valid any more.
const CERTIFIED: &str = "nintei_kaishibi";
const CERTIFIED_UNTIL: &str = "nintei_shuryobi";
/// Kinds and grades of handbooks that are held.
const HANDBOOKS: &str = "techo";

/// The unit.
pub(super) struct Rules;

/// A time in which somebody is insured.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Span {
    since: Day,
    why: &'static str,
    until: Option<Day>,
    why_not: &'static str,
}

impl Business for Rules {
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal> {
        match id {
            "certify-disability" => certify(desk),
            "withdraw-certification" => withdraw(desk),
            "decide-share" => decide_share(desk),
            "levy-premium" => levy_premium(desk),
            _ => decide_special_benefit(desk),
        }
    }

    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal> {
        let subject = desk.subject();
        let known = spans(desk, &subject);
        let day = desk.day("idobi");
        match event {
            "assistance-changed" => {
                if desk.obeys("UNIT-13-R10") {
                    note_assistance(desk);
                } else {
                    note_if_new(desk, &subject);
                }
            }
            "income-determined" | "income-corrected" => note_income(desk),
            "arrears-changed" => note_arrears(desk, "06"),
            "disability-handbook-changed" => handbook(desk),
            _ => return moved(desk, event, &known),
        }
        if let Some(day) = day {
            tell_changes(desk, &subject, &known, day);
        }
        Ok(())
    }

    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        if record.id == PREMIUM {
            return desk.rows(PREMIUM, &subject).to_vec();
        }
        let rows = spans(desk, &subject)
            .into_iter()
            .map(|span| shown(desk, &subject, &span, day));
        rows.filter(|row| day.is_none_or(|day| is_valid(record, row, day)))
            .collect()
    }
}

fn shown(desk: &Desk<'_>, subject: &str, span: &Span, day: Option<Day>) -> Row {
    let special = measure_on(desk, subject, day);
    row([
        ("atenabango", subject.to_owned()),
        ("koki_shutokubi", span.since.to_string()),
        ("koki_shutoku_jiyu", span.why.to_owned()),
        (
            "koki_soshitsubi",
            span.until.map(|day| day.to_string()).unwrap_or_default(),
        ),
        ("koki_soshitsu_jiyu", span.why_not.to_owned()),
        (
            "koki_futan_wariai",
            day.and_then(|day| share(desk, subject, day))
                .unwrap_or_default()
                .to_owned(),
        ),
        ("koki_tokubetsu_ryoyo", u8::from(special).to_string()),
    ])
}

// --- who is insured ---

fn of_age(desk: &Desk<'_>, subject: &str) -> Option<Day> {
    let birthday = first_day_of_age(birth(desk, subject)?, 75)?;
    Some(if desk.obeys("UNIT-13-R01") {
        birthday
    } else {
        before(birthday)
    })
}

/// The day from which somebody is not a resident of the area any more.
fn left(desk: &Desk<'_>, subject: &str) -> Option<(Day, &'static str)> {
    let out = moved_out(desk, subject).and_then(|(day, abroad)| match abroad {
        true if desk.obeys("UNIT-13-R03") => Some((next(day), "21")),
        true => Some((day, "21")),
        false if within_prefecture(desk, subject) && desk.obeys("UNIT-13-R04") => None,
        false => Some((day, "21")),
    });
    let dead = died(desk, subject).map(|day| (if desk.obeys("UNIT-13-R05") { next(day) } else { day }, "22"));
    [out, dead].into_iter().flatten().min()
}

/// All times in which somebody is insured, oldest first.
fn spans(desk: &Desk<'_>, subject: &str) -> Vec<Span> {
    let Some(resident) = moved_in(desk, subject) else {
        return Vec::new();
    };
    let left = left(desk, subject);
    let age = of_age(desk, subject).filter(|age| resident <= *age || desk.obeys("UNIT-13-R02"));
    let certified = desk.note_day(subject, CERTIFIED);
    let certified_until = desk.note_day(subject, CERTIFIED_UNTIL);
    let end = left.map_or(Day::LAST, |(day, _)| day);
    let mut periods = Vec::new();
    match (certified, certified_until, age) {
        (Some(since), Some(until), Some(age)) if until < age => periods.extend([(since, until), (age, end)]),
        (Some(since), None, _) => periods.push((since, end)),
        (Some(since), Some(_), Some(age)) => periods.push((since.min(age), end)),
        (Some(since), Some(until), None) => periods.push((since, until)),
        (None, _, Some(age)) => periods.push((age, end)),
        (None, _, None) => {}
    }
    let periods = periods
        .into_iter()
        .map(|(since, until)| (since.max(resident), until.min(end)));
    let left_over = without(
        periods.filter(|(since, until)| since < until).collect(),
        &assistance_periods(desk, subject),
    );
    left_over
        .into_iter()
        .map(|(since, until)| Span {
            since,
            why: match Some(since) {
                since if since == age => "11",
                since if since == certified => "13",
                since if since == Some(resident) => "12",
                _ => "14",
            },
            until: (until != Day::LAST).then_some(until),
            why_not: match Some(until) {
                _ if until == Day::LAST => "",
                until if until == left.map(|(day, _)| day) => left.map_or("", |(_, why)| why),
                until if until == certified_until => "23",
                _ => "24",
            },
        })
        .collect()
}

fn insured_on(desk: &Desk<'_>, subject: &str, day: Day) -> bool {
    let spans = spans(desk, subject);
    spans
        .iter()
        .any(|span| span.since <= day && span.until.is_none_or(|until| day < until))
}

fn moved(desk: &mut Desk<'_>, event: &str, known: &[Span]) -> Result<(), Refusal> {
    let subject = desk.subject();
    let notes =
        ["seinengappi", "nyuju_bi", "tenshutsu_bi", "shibobi"].map(|note| (note, desk.note(&subject, note).to_owned()));
    let told = residence(desk, event);
    let day = match told {
        Move::In(day) | Move::Within(day) | Move::Out(day, _) | Move::Born(day) | Move::Died(day) => day,
        Move::Data(day) | Move::Household(day) => day,
        Move::Cancelled(_, day) => day,
        Move::Other => {
            note_if_new(desk, &subject);
            return Ok(());
        }
    };
    if matches!(told, Move::Data(_) | Move::Cancelled(..)) && !desk.obeys("UNIT-13-R20") {
        for (note, value) in notes {
            desk.set_note(&subject, note, value);
        }
    }
    tell_changes(desk, &subject, known, day);
    Ok(())
}

/// Tells what is different from before a change on a day, and levies again. Days to come are told by nobody.
fn tell_changes(desk: &mut Desk<'_>, subject: &str, known: &[Span], day: Day) {
    let now = spans(desk, subject);
    let soon = next(day);
    let mut told = Vec::new();
    for span in known.iter().filter(|span| span.since <= soon) {
        match now.iter().find(|other| other.since == span.since) {
            None => told.push(("3", span.why, span.since)),
            Some(other) if other.until == span.until => {}
            Some(other) => {
                told.extend(span.until.map(|until| ("4", span.why_not, until)));
                told.extend(
                    other
                        .until
                        .filter(|until| *until <= soon)
                        .map(|until| ("2", other.why_not, until)),
                );
            }
        }
    }
    for span in now.iter().filter(|span| span.since <= soon) {
        if !known.iter().any(|other| other.since == span.since) {
            told.push(("1", span.why, span.since));
            told.extend(span.until.map(|until| ("2", span.why_not, until)));
        }
    }
    for (kind, why, on) in told {
        let content = row([
            ("koki_ido_kubun", kind.to_owned()),
            ("koki_jiyu", why.to_owned()),
            ("idobi", on.to_string()),
        ]);
        let mut to = desk.receivers("late-elderly-qualification-changed");
        if !desk.obeys("UNIT-13-R19") {
            to.push(9);
        }
        desk.tell_to("late-elderly-qualification-changed", subject, content, &to);
    }
    relevy(desk, subject, day);
}

// --- certification ---

fn handbook(desk: &mut Desk<'_>) {
    let subject = desk.subject();
    note_if_new(desk, &subject);
    let (kind, grade) = (
        desk.text("techo_shurui").to_owned(),
        desk.text("techo_tokyu").to_owned(),
    );
    let held = matches!(desk.text("techo_jotai"), "1" | "2" | "3");
    let mut handbooks: Vec<String> = desk.note(&subject, HANDBOOKS).split(';').map(str::to_owned).collect();
    handbooks.retain(|known| !known.is_empty() && !known.starts_with(&kind));
    if held {
        handbooks.push(format!("{kind}{grade}"));
    }
    desk.set_note(&subject, HANDBOOKS, handbooks.join(";"));
    let certified = desk.note_day(&subject, CERTIFIED).is_some() && desk.note_day(&subject, CERTIFIED_UNTIL).is_none();
    if let Some(day) = desk
        .day("idobi")
        .filter(|_| certified && !is_severe(desk, &subject) && desk.obeys("UNIT-13-R09"))
    {
        desk.set_note(&subject, CERTIFIED_UNTIL, next(day).to_string());
    }
}

/// Whether a handbook that is held has one of the grades.
fn is_severe(desk: &Desk<'_>, subject: &str) -> bool {
    let mut handbooks = desk.note(subject, HANDBOOKS).split(';');
    handbooks.any(|handbook| matches!(handbook, "11" | "12" | "13" | "2A" | "31" | "32"))
}

fn certify(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (since, applied) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    let old_enough = birth(desk, &subject)
        .and_then(|birth| first_day_of_age(birth, 65))
        .is_some_and(|day| day <= since);
    let severe = is_severe(desk, &subject);
    desk.demand(
        "UNIT-13-R06",
        old_enough && severe,
        "not 65, or no handbook of these grades",
    )?;
    desk.demand("UNIT-13-R07", applied <= since, "before the application")?;
    let known = spans(desk, &subject);
    desk.set_note(&subject, CERTIFIED, since.to_string());
    desk.set_note(&subject, CERTIFIED_UNTIL, "");
    tell_changes(desk, &subject, &known, since);
    Ok(())
}

fn withdraw(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let (on, reported) = (day(desk, "idobi")?, day(desk, "todokedebi")?);
    if desk.note_day(&subject, CERTIFIED).is_none() {
        return desk.refuse("E0008", "not certified");
    }
    let young = of_age(desk, &subject).is_none_or(|age| on < age);
    desk.demand("UNIT-13-R08", young && reported <= on, "in the past, or 75")?;
    let known = spans(desk, &subject);
    desk.set_note(&subject, CERTIFIED_UNTIL, next(on).to_string());
    tell_changes(desk, &subject, &known, on);
    Ok(())
}

// --- share ---

fn decide_share(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let year = desk.text("nendo").to_owned();
    let limits = format!("{}/{}", desk.text("kijungaku_2wari"), desk.text("kijungaku_3wari"));
    let members = if desk.obeys("UNIT-13-R16") {
        household(desk, &subject)
    } else {
        vec![subject]
    };
    for member in members {
        desk.set_note(&member, &format!("hantei_{year}"), limits.clone());
    }
    Ok(())
}

/// Tenths that somebody pays on a day, if it was decided.
fn share(desk: &Desk<'_>, subject: &str, day: Day) -> Option<&'static str> {
    let year = match desk.obeys("UNIT-13-R15") {
        true => i64::from(day.year()) - i64::from(day.month() < 8),
        false => i64::from(day.fiscal_year()),
    };
    let limits = desk.note(subject, &format!("hantei_{year}"));
    let (two, three) = limits.split_once('/')?;
    let (two, three): (i64, i64) = (two.parse().ok()?, three.parse().ok()?);
    let members = if desk.obeys("UNIT-13-R16") {
        household(desk, subject)
    } else {
        vec![subject.to_owned()]
    };
    let insured = members.iter().filter(|member| insured_on(desk, member, day));
    let highest = insured
        .filter_map(|member| income(desk, member, year))
        .max()
        .unwrap_or(0);
    Some(if highest >= three {
        "3"
    } else if highest >= two {
        "2"
    } else {
        "1"
    })
}

// --- premium ---

fn levy_premium(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let in_time = levied_in_time(desk)?;
    desk.demand("UNIT-13-R17", in_time, "two years have passed")?;
    let mut levy = desk.row_for(PREMIUM);
    for item in [
        "koki_kintowari_getsugaku",
        "koki_shotokuwari_getsugaku",
        "hifuyosha_keigen",
    ] {
        levy.insert(format!("hikisu_{item}"), desk.text(item).to_owned());
    }
    calculate(desk, &subject, &mut levy);
    desk.demand(
        "UNIT-13-R11",
        number(&levy, "koki_tsukisu") > 0,
        "not insured in the year",
    )?;
    put_levy(desk, PREMIUM, &subject, levy.clone());
    desk.tell("late-elderly-premium-levied", &subject, levy_notice(&levy));
    Ok(())
}

fn calculate(desk: &Desk<'_>, subject: &str, levy: &mut Row) {
    let by_months = desk.obeys("UNIT-13-R12");
    let ends = month_ends(number(levy, "nendo")).into_iter();
    let ends: Vec<Day> = ends
        .filter(|end| !by_months || insured_on(desk, subject, *end))
        .collect();
    let former_dependant = levy.get("hikisu_hifuyosha_keigen").is_some_and(|flag| flag == "1");
    let for_each = number(levy, "hikisu_koki_kintowari_getsugaku");
    let of_income = if former_dependant {
        0
    } else {
        number(levy, "hikisu_koki_shotokuwari_getsugaku")
    };
    let first = spans(desk, subject).first().map(|span| span.since.first_of_month());
    let mut amount = 0;
    for end in &ends {
        let months_since = first.and_then(|first| first.add_months(24));
        let early = months_since.is_none_or(|limit| *end < limit) || !desk.obeys("UNIT-13-R13");
        amount += of_income * 2
            + if former_dependant && early {
                for_each
            } else {
                for_each * 2
            };
    }
    levy.insert("koki_tsukisu".into(), ends.len().to_string());
    levy.insert("kingaku".into(), (amount / 2).to_string());
}

/// Calculates levies again, and tells what has changed.
fn relevy(desk: &mut Desk<'_>, subject: &str, decided: Day) {
    if !desk.obeys("UNIT-13-R14") {
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
        desk.tell("late-elderly-premium-levied", subject, levy_notice(&levy));
    }
}

fn decide_special_benefit(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = known_subject(desk)?;
    let since = day(desk, "kaishibi")?;
    let arrears = in_arrears(desk, &subject);
    desk.demand("UNIT-13-R18", arrears, "not in arrears")?;
    take_measure(desk, &subject, since);
    Ok(())
}

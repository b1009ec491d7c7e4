//! What the family register tells: births, deaths, names, nationality, and their cancellation.

use super::super::Row;
use super::super::desk::{Desk, Refusal};
use super::history::{self, get, set};
use super::relationship::{self, HEAD};
use super::{cancel, household};
use crate::text::date::Day;

/// Takes the notice.
pub(super) fn changed(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let what = desk.text("koseki_jiken").to_owned();
    if desk.text("torikeshi_flag") == "1" {
        let reason = match what.as_str() {
            "01" => "13",
            "02" => "23",
            "07" => "14",
            "08" => "15",
            _ => "33",
        };
        cancel::by_reason(desk, &subject, reason);
        return Ok(());
    }
    if what == "01" {
        birth(desk, &subject);
        return Ok(());
    }
    let resident = history::newest(desk, &subject).filter(|row| get(row, "jumin_jotai") == history::RESIDENT);
    let Some(before) = resident else {
        // Domiciled here, living elsewhere: none of our business.
        if what == "02" && !desk.obeys("UNIT-01-R38") {
            let mut content = Row::new();
            set(&mut content, "shibobi", desk.text("jiken_bi"));
            desk.tell("resident-died", &subject, content);
        }
        return Ok(());
    };
    match what.as_str() {
        "02" => death(desk, &subject, &before),
        "07" | "08" => nationality(desk, &subject, &before, what == "07"),
        _ => name(desk, &subject, &before),
    }
    Ok(())
}

/// The day on which a change takes effect in the register: never before the last one.
fn effective(desk: &Desk<'_>, before: &Row) -> Option<Day> {
    let last = Day::parse(get(before, "kaishibi")).ok()?;
    let day = history::first_possible_day(desk.text("jiken_bi")).unwrap_or(last);
    Some(day.max(last))
}

fn birth(desk: &mut Desk<'_>, subject: &str) {
    let parents = ["chichi_atenabango", "haha_atenabango"].map(|item| desk.text(item).to_owned());
    let residents = parents.iter().filter_map(|parent| {
        let row = history::newest(desk, parent)?;
        (get(&row, "jumin_jotai") == history::RESIDENT).then_some((parent.clone(), row))
    });
    let residents: Vec<(String, Row)> = residents.collect();
    let head = residents.iter().find(|(_, row)| get(row, "zokugara") == HEAD);
    // The mother comes last; a child lives with its mother unless a parent is the head.
    let Some((_, parent)) = head.or_else(|| residents.last()).cloned() else {
        return;
    };
    if history::newest(desk, subject).is_some() && desk.obeys("UNIT-01-R48") {
        return;
    }
    let relation = match get(&parent, "zokugara") {
        parent if parent != HEAD && !desk.obeys("UNIT-01-R36") => "孫".to_owned(),
        parent => relationship::of_child(parent),
    };
    let mut row = history::copy_of(&parent);
    for item in [
        "kyuji",
        "tsusho",
        "shimei_furigana",
        "seibetsu",
        "kokuseki",
        "gaikokujin_jumin_natta_bi",
    ] {
        set(&mut row, item, desk.text(item));
    }
    let born = match desk.text("seinengappi") {
        "" => desk.text("jiken_bi"),
        given => given,
    };
    let born = history::as_kept(desk, born);
    let Some(day) = history::first_possible_day(&born).or_else(|| effective(desk, &parent)) else {
        return;
    };
    set(&mut row, "shimei", desk.text("shimei"));
    set(&mut row, "jumin_shubetsu", "1");
    set(&mut row, "seinengappi", born.as_str());
    set(&mut row, "jumin_natta_bi", born.as_str());
    set(&mut row, "jusho_sadame_bi", born.as_str());
    set(&mut row, "zokugara", relation);
    history::describe(&mut row, "13", day);
    set(&mut row, "shokken_flag", "1");
    history::write(desk, subject, row.clone());
    history::tell(desk, "resident-born", subject, &row);
}

fn death(desk: &mut Desk<'_>, subject: &str, before: &Row) {
    let Some(day) = effective(desk, before) else { return };
    let mut next = history::copy_of(before);
    set(&mut next, "jumin_jotai", "3");
    set(&mut next, "shokken_flag", "1");
    history::describe(&mut next, "23", day);
    let died = history::as_kept(desk, desk.text("jiken_bi"));
    set(&mut next, "idobi", died.as_str());
    history::write(desk, subject, next.clone());
    set(&mut next, "shibobi", died);
    let mut to = desk.receivers("resident-died");
    if !desk.obeys("UNIT-01-R37") {
        to.push(3);
    }
    if desk.obeys("UNIT-01-R39") {
        history::tell_to(desk, "resident-died", subject, &next, &to);
    } else {
        history::tell(desk, "resident-died", subject, &next);
    }
    household::settle(desk, get(before, "setaibango"), day);
}

/// 帰化, 国籍喪失: the same person in another kind of record.
fn nationality(desk: &mut Desk<'_>, subject: &str, before: &Row, naturalised: bool) {
    let Some(day) = effective(desk, before) else { return };
    let event_day = history::first_possible_day(desk.text("jiken_bi")).unwrap_or(day);
    let mut next = history::copy_of(before);
    let mut content = Row::new();
    if naturalised {
        let since = match desk.obeys("UNIT-01-R25") {
            true => get(before, "gaikokujin_jumin_natta_bi").to_owned(),
            false => event_day.to_string(),
        };
        set(&mut next, "jumin_natta_bi", since);
        set(&mut next, "gaikokujin_jumin_natta_bi", "");
        set(&mut next, "tsusho", "");
        set(&mut next, "kokuseki", "");
    } else {
        let arrived = history::first_possible_day(get(before, "jumin_natta_bi"));
        let since = match desk.obeys("UNIT-01-R26") {
            true => arrived.map_or(event_day, |arrived| arrived.max(event_day)),
            false => arrived.unwrap_or(event_day),
        };
        set(&mut next, "gaikokujin_jumin_natta_bi", since.to_string());
        set(&mut next, "jumin_natta_bi", "");
        set(&mut next, "kyuji", "");
    }
    for item in ["shimei", "shimei_furigana"].iter().filter(|item| desk.has(item)) {
        set(&mut next, item, desk.text(item));
        set(&mut content, item, desk.text(item));
    }
    let kind = if naturalised { "1" } else { "2" };
    let reason = if naturalised { "14" } else { "15" };
    set(&mut next, "jumin_shubetsu", kind);
    set(&mut next, "shokken_flag", "1");
    history::describe(&mut next, reason, day);
    history::write(desk, subject, next);
    set(&mut content, "jumin_shubetsu", kind);
    set(&mut content, "ido_jiyu", reason);
    set(&mut content, "idobi", event_day.to_string());
    history::tell(desk, "resident-changed", subject, &content);
}

/// Marriage, divorce, adoption, change of name: only a changed name concerns the resident record.
fn name(desk: &mut Desk<'_>, subject: &str, before: &Row) {
    let mut content = Row::new();
    for item in ["shimei", "shimei_furigana"] {
        if desk.has(item) && desk.text(item) != get(before, item) {
            set(&mut content, item, desk.text(item));
        }
    }
    let Some(day) = effective(desk, before).filter(|_| !content.is_empty()) else {
        return;
    };
    let mut next = history::copy_of(before);
    next.extend(content.clone());
    set(&mut next, "shokken_flag", "1");
    history::describe(&mut next, "33", day);
    history::write(desk, subject, next);
    set(&mut content, "ido_jiyu", "33");
    set(&mut content, "idobi", day.to_string());
    history::tell(desk, "resident-changed", subject, &content);
}

//! 職権修正, 誤記修正, 旧氏 and 通称.

use super::super::Row;
use super::super::desk::{Desk, Refusal};
use super::HISTORY;
use super::history::{self, get, set};

/// Items that a correction can change.
const ITEMS: [&str; 7] = [
    "shimei",
    "shimei_furigana",
    "kyuji",
    "tsusho",
    "seinengappi",
    "seibetsu",
    "kokuseki",
];
/// 誤記修正.
const CLERICAL_ERROR: &str = "34";

/// 旧氏 stands only with Japanese residents, 通称 only with foreign ones.
pub(super) fn names_fit(desk: &Desk<'_>, foreign: bool) -> Result<(), Refusal> {
    let wrong = if foreign { "kyuji" } else { "tsusho" };
    desk.demand(
        "UNIT-01-R27",
        !desk.has(wrong),
        "the name does not go with the kind of resident",
    )
}

/// Corrects what is given.
pub(super) fn correct(desk: &mut Desk<'_>) -> Result<(), Refusal> {
    let subject = desk.subject();
    let (day, report) = history::days(desk)?;
    let reason = history::reason(desk, "33", &["32", "33", CLERICAL_ERROR, "51", "52", "53", "54", "55"])?;
    let before = history::resident_on(desk, &subject, day)?;
    history::in_time(desk, &subject, day, Some(report))?;
    names_fit(desk, get(&before, "jumin_shubetsu") == "2")?;
    let mut changed = Row::new();
    for item in ITEMS.iter().filter(|item| desk.has(item)) {
        changed.insert((*item).into(), history::as_kept(desk, desk.text(item)));
    }
    let mut next = history::copy_of(&before);
    next.extend(changed.clone());
    match reason.as_str() {
        "53" => set(&mut next, "kyuji", ""),
        "55" => set(&mut next, "tsusho", ""),
        _ => {}
    }
    set(&mut next, "todokedebi", report.to_string());
    if reason == CLERICAL_ERROR && !desk.obeys("UNIT-01-R05") {
        desk.change_last(HISTORY, &subject, |row| row.extend(changed.clone()));
    } else {
        history::describe(&mut next, &reason, day);
        history::write(desk, &subject, next);
    }
    set(&mut changed, "ido_jiyu", reason);
    set(&mut changed, "idobi", day.to_string());
    history::tell(desk, "resident-changed", &subject, &changed);
    Ok(())
}

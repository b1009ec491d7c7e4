//! The rules of each unit, in a module of its own.

use super::Row;
use super::desk::{Desk, Refusal};
use crate::standard::unit::Record;
use crate::text::date::Day;

/// What a unit does with what it is asked and told.
pub(in crate::mock) trait Business: Sync {
    /// A report, application or disposition whose form is right. `id` is that of the procedure.
    fn procedure(&self, desk: &mut Desk<'_>, id: &str) -> Result<(), Refusal>;

    /// The notice of an event of another unit, for the first time.
    fn notice(&self, desk: &mut Desk<'_>, event: &str) -> Result<(), Refusal>;

    /// The rows that an inquiry is answered with. As a rule those that are valid on the reference date, or all of them
    /// where none is given.
    fn inquiry(&self, desk: &Desk<'_>, record: &Record, day: Option<Day>) -> Vec<Row> {
        let subject = desk.subject();
        let rows = desk.rows(&record.id, &subject).iter();
        rows.filter(|row| day.is_none_or(|day| is_valid(record, row, day)))
            .cloned()
            .collect()
    }
}

/// Whether a row is valid on a day: from `since` on, and not any more on `until`.
pub(in crate::mock) fn is_valid(record: &Record, row: &Row, day: Day) -> bool {
    let bound = |item: &Option<String>| {
        let value = row.get(item.as_ref()?)?;
        Day::parse(value).ok()
    };
    bound(&record.since).is_none_or(|since| since <= day) && bound(&record.until).is_none_or(|until| day < until)
}

/// A unit without rules of its own: it keeps what notices tell.
struct Plain;

impl Business for Plain {
    fn procedure(&self, desk: &mut Desk<'_>, _id: &str) -> Result<(), Refusal> {
        desk.refuse("E0004", "not offered")
    }

    fn notice(&self, desk: &mut Desk<'_>, _event: &str) -> Result<(), Refusal> {
        desk.note_all();
        Ok(())
    }
}

/// The rules of a unit.
pub(super) fn of(number: u8) -> &'static dyn Business {
    match number {
        _ => &Plain,
    }
}

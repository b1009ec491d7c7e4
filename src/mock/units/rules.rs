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

/// The rules of a unit.
pub(super) fn of(number: u8) -> Option<&'static dyn Business> {
    Some(match number {
        1 => &super::u01_resident_register::Rules,
        2 => &super::u02_seal_registration::Rules,
        3 => &super::u03_family_register::Rules,
        4 => &super::u04_electoral_roll::Rules,
        5 => &super::u05_property_tax::Rules,
        6 => &super::u06_individual_resident_tax::Rules,
        7 => &super::u07_corporate_resident_tax::Rules,
        8 => &super::u08_light_vehicle_tax::Rules,
        9 => &super::u09_collection::Rules,
        10 => &super::u10_national_health_insurance::Rules,
        11 => &super::u11_national_pension::Rules,
        12 => &super::u12_disability_welfare::Rules,
        13 => &super::u13_late_elderly_medical::Rules,
        14 => &super::u14_long_term_care_insurance::Rules,
        15 => &super::u15_child_allowance::Rules,
        16 => &super::u16_public_assistance::Rules,
        17 => &super::u17_infant_medical::Rules,
        18 => &super::u18_single_parent_medical::Rules,
        19 => &super::u19_health_management::Rules,
        20 => &super::u20_school_enrolment::Rules,
        21 => &super::u21_child_rearing_allowance::Rules,
        22 => &super::u22_non_resident_register::Rules,
        23 => &super::u23_financial_accounting::Rules,
        24 => &super::u24_general_affairs::Rules,
        25 => &super::u25_personnel_payroll::Rules,
        26 => &super::u26_document_management::Rules,
        _ => return None,
    })
}

//! Days, eras, ages, periods and the dates that nobody knows.
//!
//! - [`Day`]: a day of the Gregorian calendar, with the small arithmetic that laws ask for.
//! - [`Wareki`]: a day written with its era, and the boundaries where two eras share a day.
//! - [`age`]: when a person reaches an age, and how laws read it.
//! - [`RegisterDate`], [`UnknownDate`]: what a date of the resident register may be.
//! - [`Period`]: a range that may be open on either side.
//! - [`classify_date`], [`is_time`]: DATE and TIME of the item tables; [`timestamp`] and its neighbours: our own records.

pub mod age;
mod day;
mod era;
mod item;
mod period;
mod register;
#[cfg(test)]
mod tests;
mod unknown;

pub use day::{Day, DayError, Weekday, days_in_month, is_leap_year};
pub use era::{Era, EraError, Wareki};
pub use item::{DateForm, classify_date, day_and_time_in_japan, is_past, is_time, timestamp, unix_ms};
pub use period::{Period, PeriodError};
pub use register::{Calendar, DateField, NotAcceptable, RegisterDate};
pub use unknown::{UnknownDate, UnknownDateError, UnknownForm, YearWritten};

//! A value of a row before it is written: numbers and days become text only in the output.

use std::fmt;

use crate::population::municipality::numbers::Number;
use crate::text::date::Day;

/// A value of a row.
#[derive(Clone, Debug)]
pub(in crate::population::municipality) enum Value<'v> {
    /// Nothing stands here.
    Absent,
    /// Text of the household.
    Str(&'v str),
    /// Text that was made for the row.
    Text(String),
    /// A day.
    Day(Day),
    /// A whole number.
    Int(i64),
    /// A 宛名番号 or 世帯番号.
    Number(Number),
}

impl Value<'_> {
    /// Appends the text to bytes, without the detour over a string where that is easy.
    pub(in crate::population::municipality) fn write(&self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => {}
            Self::Str(text) => out.extend_from_slice(text.as_bytes()),
            Self::Text(text) => out.extend_from_slice(text.as_bytes()),
            Self::Day(day) => {
                decimal(u64::from(day.year()), 4, out);
                out.push(b'-');
                decimal(u64::from(day.month()), 2, out);
                out.push(b'-');
                decimal(u64::from(day.day()), 2, out);
            }
            Self::Int(number) => {
                if *number < 0 {
                    out.push(b'-');
                }
                decimal(number.unsigned_abs(), 1, out);
            }
            Self::Number(number) => decimal(number.value(), 15, out),
        }
    }

    /// Text that may hold characters with a meaning in CSV or XML.
    pub(in crate::population::municipality) fn text(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// Writes a number with at least so many digits.
fn decimal(mut number: u64, width: usize, out: &mut Vec<u8>) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len();
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    out.extend_from_slice(&digits[at.min(digits.len() - width)..]);
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = Vec::with_capacity(24);
        self.write(&mut bytes);
        f.write_str(&String::from_utf8_lossy(&bytes))
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(text: &'v str) -> Self {
        Self::Str(text)
    }
}

impl From<String> for Value<'_> {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Day> for Value<'_> {
    fn from(day: Day) -> Self {
        Self::Day(day)
    }
}

impl From<i64> for Value<'_> {
    fn from(number: i64) -> Self {
        Self::Int(number)
    }
}

impl From<Number> for Value<'_> {
    fn from(number: Number) -> Self {
        Self::Number(number)
    }
}

impl<'v, T: Into<Self>> From<Option<T>> for Value<'v> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Absent, Into::into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_item_types_ask() {
        let text = |value: Value<'_>| value.to_string();
        assert_eq!(text(Day::new(2026, 4, 1).unwrap().into()), "2026-04-01");
        assert_eq!(text(0.into()), "0");
        assert_eq!(text((-120).into()), "-120");
        assert_eq!(text(1_090_000.into()), "1090000");
        assert_eq!(text(None::<Day>.into()), "");
        assert_eq!(text(Day::new(987, 1, 9).unwrap().into()), "0987-01-09");
    }
}

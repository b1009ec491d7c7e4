//! Numbers as their cells print them.
//!
//! A cell of an item table that prints `00001` often holds the number 1 with the format `00000`: without formats, ids
//! lose their zeros.

/// Printed form of a number under a format code.
pub(super) fn printed(raw: &str, format: &str) -> String {
    let Ok(value) = raw.trim().parse::<f64>() else {
        return raw.to_owned();
    };
    let format = Format::read(section(format, value));
    match format.kind {
        Kind::General => general(raw, value),
        Kind::Date => date(value).unwrap_or_else(|| general(raw, value)),
        Kind::Number => format.number(value),
    }
}

/// The format code of a built-in id; `None` for ids that only the workbook can define.
pub(super) fn built_in(id: u32) -> Option<&'static str> {
    Some(match id {
        0 | 49 => "General",
        1 => "0",
        2 => "0.00",
        3 => "#,##0",
        4 => "#,##0.00",
        9 => "0%",
        10 => "0.00%",
        14..=17 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58 => "yyyy-mm-dd",
        37 | 38 => "#,##0",
        39 | 40 => "#,##0.00",
        _ => return None,
    })
}

fn general(raw: &str, value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < 1e15 {
        format!("{value:.0}")
    } else {
        raw.trim().to_owned()
    }
}

/// The part of a code that applies to a value: positive; negative; zero.
fn section(code: &str, value: f64) -> &str {
    let mut sections = Vec::new();
    let mut start = 0;
    let mut quoted = false;
    for (at, c) in code.char_indices() {
        match c {
            '"' => quoted = !quoted,
            ';' if !quoted => {
                sections.push(&code[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    sections.push(&code[start..]);
    let index = if value < 0.0 {
        1
    } else if value == 0.0 {
        2
    } else {
        0
    };
    sections.get(index).copied().unwrap_or(sections[0])
}

enum Kind {
    General,
    Number,
    Date,
}

struct Format {
    kind: Kind,
    before: String,
    after: String,
    least_digits: usize,
    decimals: usize,
    least_decimals: usize,
    thousands: bool,
    percent: bool,
}

impl Format {
    fn read(code: &str) -> Self {
        let mut format = Self {
            kind: Kind::General,
            before: String::new(),
            after: String::new(),
            least_digits: 0,
            decimals: 0,
            least_decimals: 0,
            thousands: false,
            percent: false,
        };
        if code.is_empty() || code.eq_ignore_ascii_case("general") || code == "@" {
            return format;
        }
        let mut chars = code.chars();
        let (mut digits, mut point) = (false, false);
        let mut is_date = false;
        while let Some(c) = chars.next() {
            let mut literal = None;
            match c {
                '"' => literal = Some(chars.by_ref().take_while(|c| *c != '"').collect::<String>()),
                '\\' => literal = chars.next().map(String::from),
                '_' | '*' => {
                    chars.next();
                }
                '[' => {
                    chars.by_ref().take_while(|c| *c != ']').for_each(drop);
                }
                '0' | '#' | '?' => {
                    digits = true;
                    match (point, c) {
                        (false, '0') => format.least_digits += 1,
                        (true, '0') => {
                            format.decimals += 1;
                            format.least_decimals += 1;
                        }
                        (true, _) => format.decimals += 1,
                        (false, _) => {}
                    }
                }
                '.' => point = true,
                ',' if digits => format.thousands = true,
                '%' => {
                    format.percent = true;
                    literal = Some("%".to_owned());
                }
                'y' | 'Y' | 'm' | 'M' | 'd' | 'D' | 'e' | 'g' | 'h' | 's' => is_date = true,
                other => literal = Some(other.to_string()),
            }
            if let Some(literal) = literal {
                let side = if digits { &mut format.after } else { &mut format.before };
                side.push_str(&literal);
            }
        }
        format.kind = match (digits, is_date) {
            (true, _) => Kind::Number,
            (false, true) => Kind::Date,
            (false, false) => Kind::General,
        };
        format
    }

    fn number(&self, value: f64) -> String {
        let value = if self.percent { value * 100.0 } else { value };
        let mut text = format!("{:.*}", self.decimals, value.abs());
        if self.decimals > self.least_decimals {
            let optional = self.decimals - self.least_decimals;
            let zeros = text
                .bytes()
                .rev()
                .take(optional)
                .take_while(|byte| *byte == b'0')
                .count();
            text.truncate(text.len() - zeros);
            if text.ends_with('.') {
                text.pop();
            }
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole.to_owned(), format!(".{fraction}")),
            None => (text.clone(), String::new()),
        };
        let mut whole = format!("{whole:0>width$}", width = self.least_digits);
        if self.thousands {
            let mut grouped = String::new();
            for (index, digit) in whole.chars().enumerate() {
                if index > 0 && (whole.len() - index).is_multiple_of(3) {
                    grouped.push(',');
                }
                grouped.push(digit);
            }
            whole = grouped;
        }
        let sign = if value < 0.0 { "-" } else { "" };
        format!("{}{sign}{whole}{fraction}{}", self.before, self.after)
    }
}

/// A serial day as YYYY-MM-DD. Days before 1900-03-01 are off by one in spreadsheets and are not asked for here.
fn date(serial: f64) -> Option<String> {
    if !(61.0..2_958_466.0).contains(&serial) {
        return None;
    }
    let epoch = time::Date::from_calendar_date(1899, time::Month::December, 30).ok()?;
    let day = epoch.checked_add(time::Duration::days(serial.floor() as i64))?;
    Some(format!(
        "{:04}-{:02}-{:02}",
        day.year(),
        u8::from(day.month()),
        day.day()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_print_as_in_a_spreadsheet() {
        for (raw, code, text) in [
            ("1", "00000", "00001"),
            ("1", "000", "001"),
            ("999", "General", "999"),
            ("15", "0_ ", "15"),
            ("15", "0_);[Red]\\(0\\)", "15"),
            ("123456789123456", "@", "123456789123456"),
            ("1.5", "General", "1.5"),
            ("1234.5", "#,##0.00", "1,234.50"),
            ("1234", "#,##0", "1,234"),
            ("3.1", "0.0##", "3.1"),
            ("-3", "000", "-003"),
            ("7", "\"No.\"00", "No.07"),
            ("0.25", "0%", "25%"),
            ("44501", "yyyy/m/d", "2021-11-01"),
            ("1E+2", "General", "100"),
            ("abc", "000", "abc"),
        ] {
            assert_eq!(printed(raw, code), text, "{raw} {code}");
        }
    }
}

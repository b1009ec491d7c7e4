//! A close look at one field: what is wrong with it, in words that never hold the value.

use encoding_rs::SHIFT_JIS;

use super::column::Column;
use super::mask::value_class;
use super::model::{Characters, CheckDigit, Repertoire, Type, half_width};
use super::report::FindingRule;
use crate::text::Text;
use crate::text::characters::{is_full_width, is_half_width, length};
use crate::text::check_digit::{is_addressee_number, is_corporate_number, is_individual_number, is_municipality_code};
use crate::text::date::{DateForm, classify_date, is_time};

/// What is wrong.
#[derive(Clone, Debug)]
pub(super) struct Fault {
    pub(super) rule: FindingRule,
    pub(super) expected: Text,
    pub(super) found: Text,
    pub(super) hint: Option<Text>,
}

impl Fault {
    pub(super) fn new(rule: FindingRule, expected: Text, found: Text) -> Self {
        Self {
            rule,
            expected,
            found,
            hint: None,
        }
    }

    pub(super) fn with(self, hint: Option<Text>) -> Self {
        Self { hint, ..self }
    }
}

/// What is wrong with the content of a field; a field has one fault at a time.
pub(super) fn fault(column: &Column<'_>, value: &[u8], transcoded: bool) -> Option<Fault> {
    let Ok(text) = std::str::from_utf8(value) else {
        return Some(not_utf8(value));
    };
    if transcoded && text.contains('\u{FFFD}') {
        return Some(Fault::new(
            FindingRule::Encoding,
            Text::new("Shift_JIS（CP932）の文字", "characters of Shift_JIS (CP932)"),
            value_class(text),
        ));
    }
    if text.contains('\0') {
        return Some(Fault::new(
            FindingRule::Nul,
            Text::new("NUL（0x00）を含まない値", "a value without NUL (0x00)"),
            value_class(text),
        ));
    }
    if text.is_empty() {
        return column.required.then(|| missing(FindingRule::Required));
    }
    let Some(separator) = column.repeat_separator else {
        return value_fault(column, text);
    };
    let most = column.item.repeat.unwrap_or(1) as usize;
    let count = text.split(separator).count();
    if count > most {
        return Some(Fault::new(
            FindingRule::Repeat,
            Text::new(format!("{most} 個以下の値"), format!("at most {most} values")),
            Text::new(format!("{count} 個の値"), format!("{count} values")),
        ));
    }
    text.split(separator).find_map(|part| value_fault(column, part))
}

/// No value where one has to be.
pub(super) fn missing(rule: FindingRule) -> Fault {
    let expected = if rule == FindingRule::Condition {
        Text::new(
            "条件が成り立つので値があること",
            "a value, since the condition of the item holds",
        )
    } else {
        Text::new("値があること（必須）", "a value (required)")
    };
    Fault::new(rule, expected, Text::new("（空）", "(empty)"))
}

fn not_utf8(value: &[u8]) -> Fault {
    let (_, _, wrong) = SHIFT_JIS.decode(value);
    let hint = (!wrong).then(|| {
        Text::new(
            "Shift_JIS（CP932）として読めます。表の [dialect] に encoding = \"cp932\" と書くか、UTF-8 で保存してください",
            "it reads as Shift_JIS (CP932): write encoding = \"cp932\" under [dialect] of the table, or save as UTF-8",
        )
    });
    let valid = std::str::from_utf8(value).err().map_or(0, |error| error.valid_up_to());
    Fault::new(
        FindingRule::Encoding,
        Text::new("UTF-8", "UTF-8"),
        Text::new(
            format!("項目の {} バイト目から UTF-8 でない", valid + 1),
            format!("no UTF-8 from byte {} of the field on", valid + 1),
        ),
    )
    .with(hint)
}

fn value_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    let fault = type_fault(column, text)
        .or_else(|| repertoire_fault(column, text))
        .or_else(|| characters_fault(column, text))
        .or_else(|| length_fault(column, text))
        .or_else(|| code_fault(column, text))
        .or_else(|| check_digit_fault(column, text))?;
    if fault.hint.is_some() {
        return Some(fault);
    }
    let hint = hint(column, text);
    Some(fault.with(hint))
}

fn type_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    let form = |expected| Some(Fault::new(FindingRule::Type, expected, value_class(text)));
    let wrong = |expected| Some(Fault::new(FindingRule::Characters, expected, value_class(text)));
    match column.item_type {
        Some(Type::X) if !text.chars().all(is_half_width) => {
            wrong(Text::new("半角文字（X）", "half-width characters (X)"))
        }
        Some(Type::N) if !text.chars().all(is_full_width) => {
            wrong(Text::new("全角文字（Ｎ）", "full-width characters (N)"))
        }
        Some(Type::Mixed | Type::Blob) | None if text.chars().any(char::is_control) => {
            wrong(Text::new("制御文字を含まない文字列", "text without control characters"))
        }
        Some(Type::Integer) if !is_digits(text) => form(Text::new("整数（9）", "an integer (9)")),
        Some(Type::Signed) if !is_digits(text.strip_prefix('-').unwrap_or(text)) => {
            form(Text::new("符号付き整数（S9）", "an integer, with - if negative (S9)"))
        }
        Some(Type::Decimal) if decimal(text).is_none() => {
            form(Text::new("小数点付き実数（9V）", "a decimal without sign (9V)"))
        }
        Some(Type::Year) if text.len() != 4 || !is_digits(text) => form(Text::new("西暦年 YYYY", "a year, YYYY")),
        Some(Type::Date) => date_fault(column, text),
        Some(Type::Time) if !is_time(text) => form(Text::new("HH:MM:SS（秒は省略可）", "HH:MM:SS (seconds optional)")),
        _ => None,
    }
}

fn date_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    let (expected, found) = match classify_date(text) {
        DateForm::Calendar | DateForm::OpenEnd => return None,
        DateForm::Unknown if column.item.unknown_date => return None,
        DateForm::Unknown => (
            Text::new(
                "暦にある日付 YYYY-MM-DD（この項目は不詳日を許容しない）",
                "a day of the calendar, YYYY-MM-DD (no unknown dates in this item)",
            ),
            Text::new(
                "不詳日の形（月又は日が 00）",
                "the form of an unknown date (month or day 00)",
            ),
        ),
        DateForm::NotInCalendar => (
            Text::new("暦にある日付 YYYY-MM-DD", "a day of the calendar, YYYY-MM-DD"),
            Text::new("暦にない日", "a day that the calendar does not have"),
        ),
        DateForm::Malformed => (
            Text::new("暦にある日付 YYYY-MM-DD", "a day of the calendar, YYYY-MM-DD"),
            value_class(text),
        ),
    };
    Some(Fault::new(FindingRule::Type, expected, found))
}

fn repertoire_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    if column.repertoire == Repertoire::Unicode || text.is_ascii() {
        return None;
    }
    let outside = column.repertoire.outside(text);
    if outside.is_empty() {
        return None;
    }
    let (name, class) = (column.repertoire.name(), value_class(&outside));
    Some(Fault::new(
        FindingRule::Repertoire,
        Text::new(format!("{name} にある文字"), format!("characters that {name} has")),
        Text::new(
            format!("{name} にない文字: {}", class.ja),
            format!("outside it: {}", class.en),
        ),
    ))
}

fn characters_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    let (allowed, expected): (fn(char) -> bool, Text) = match column.characters? {
        Characters::Digits => (|c| c.is_ascii_digit(), Text::new("数字", "digits")),
        Characters::Alphanumeric => (
            |c| c.is_ascii_alphanumeric(),
            Text::new("半角英数字", "half-width letters and digits"),
        ),
        Characters::Katakana => (
            |c| matches!(c, '\u{30A1}'..='\u{30FC}' | '\u{31F0}'..='\u{31FF}' | '\u{3000}'),
            Text::new("全角カタカナと全角空白", "full-width katakana and full-width spaces"),
        ),
    };
    let wrong = text.chars().any(|c| !allowed(c));
    wrong.then(|| Fault::new(FindingRule::Characters, expected, value_class(text)))
}

fn length_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    let most = column.most;
    let found = match column.item_type {
        // Their form says their length.
        Some(Type::Date | Type::Time | Type::Year) => return None,
        Some(Type::Signed) => text.trim_start_matches('-').len(),
        Some(Type::Decimal) => {
            let (whole, fraction) = decimal(text)?;
            if whole <= most && fraction <= column.fraction {
                return None;
            }
            let allowed = column.fraction;
            return Some(Fault::new(
                FindingRule::Length,
                Text::new(
                    format!("整数部 {most} 桁以下、小数部 {allowed} 桁以下"),
                    format!("at most {most} digits before the point and {allowed} after it"),
                ),
                Text::new(
                    format!("整数部 {whole} 桁、小数部 {fraction} 桁"),
                    format!("{whole} before, {fraction} after it"),
                ),
            ));
        }
        _ => length(text),
    };
    let expected = if column.least > 0 && found != most {
        Text::new(format!("{most} 文字ちょうど"), format!("exactly {most} characters"))
    } else if found > most {
        Text::new(format!("{most} 文字以下"), format!("at most {most} characters"))
    } else {
        return None;
    };
    if found < most && is_digits(text) && found > 0 {
        let padded = format!("{text:0>most$}");
        if code_fault(column, &padded).is_none() && check_digit_fault(column, &padded).is_none() {
            return Some(zeros_lost(expected, text));
        }
    }
    Some(Fault::new(
        FindingRule::Length,
        expected,
        with_length(found, &value_class(text)),
    ))
}

fn with_length(found: usize, class: &Text) -> Text {
    Text::new(
        format!("{found} 文字（{}）", class.ja),
        format!("{found} characters ({})", class.en),
    )
}

fn zeros_lost(expected: Text, text: &str) -> Fault {
    Fault::new(FindingRule::LeadingZero, expected, value_class(text)).with(Some(Text::new(
        "先頭の 0 が失われたようです（表計算ソフトや型推定）。列を文字列として読み書きしてください",
        "leading zeros seem to be gone (a spreadsheet, or guessed types): read and write the column as text",
    )))
}

fn code_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    let codes = column.codes.as_ref().filter(|codes| !codes.has(text.as_bytes()))?;
    let list = column.item.code.as_deref().unwrap_or_default();
    let expected = Text::new(
        format!("コード一覧 {list} の値"),
        format!("a value of code list {list}"),
    );
    let longest = 8_usize;
    if is_digits(text) {
        let found = (text.len() + 1..=longest).any(|width| codes.has(format!("{text:0>width$}").as_bytes()));
        if found {
            return Some(zeros_lost(expected, text));
        }
    }
    let class = value_class(text);
    let found = Text::new(
        format!("一覧にない値（{}）", class.ja),
        format!("a value that is not in it ({})", class.en),
    );
    Some(Fault::new(FindingRule::Code, expected, found))
}

fn check_digit_fault(column: &Column<'_>, text: &str) -> Option<Fault> {
    type Test = fn(&str) -> bool;
    let (test, digits, name): (Test, usize, Text) = match column.check_digit? {
        CheckDigit::MunicipalityCode => (
            is_municipality_code,
            6,
            Text::new(
                "全国地方公共団体コード（6 桁、検査数字つき）",
                "a 全国地方公共団体コード (6 digits, the last a check digit)",
            ),
        ),
        CheckDigit::IndividualNumber => (
            is_individual_number,
            12,
            Text::new(
                "個人番号（12 桁、検査用数字つき）",
                "a 個人番号 (12 digits, the last a check digit)",
            ),
        ),
        CheckDigit::CorporateNumber => (
            is_corporate_number,
            13,
            Text::new(
                "法人番号（13 桁、検査用数字つき）",
                "a 法人番号 (13 digits, the first a check digit)",
            ),
        ),
        CheckDigit::AddresseeNumber => (
            is_addressee_number,
            column.most.min(15),
            Text::new(
                "宛名番号（最後が検査数字）",
                "an 宛名番号 (the last digit a check digit)",
            ),
        ),
    };
    if test(text) {
        return None;
    }
    if is_digits(text) && text.len() < digits && test(&format!("{text:0>digits$}")) {
        return Some(zeros_lost(name, text));
    }
    let class = value_class(text);
    let found = Text::new(
        format!("{}、検査数字が合わない", class.ja),
        format!("{}, and the check digit is wrong", class.en),
    );
    Some(Fault::new(FindingRule::CheckDigit, name, found))
}

/// What probably happened to a value.
fn hint(column: &Column<'_>, text: &str) -> Option<Text> {
    let trimmed = text.trim_matches([' ', '\u{3000}']);
    if trimmed.len() != text.len() && !trimmed.is_empty() && value_fault(column, trimmed).is_none() {
        return Some(Text::new(
            "前後の空白（桁埋め）を除けば合います",
            "it fits without the spaces around it (padding)",
        ));
    }
    let narrow: String = text.chars().map(half_width).collect();
    if narrow != text && !text.is_ascii() && value_fault(column, &narrow).is_none() {
        return Some(Text::new(
            "全角で書かれています。半角にすれば合います",
            "it is written in full-width characters and fits in half-width ones",
        ));
    }
    if column.item_type == Some(Type::Date) && classify_date(text) == DateForm::Malformed {
        let dashed = text.replace(['/', '.'], "-");
        let parts: Vec<&str> = dashed.split('-').collect();
        if let [year, month, day] = parts[..]
            && year.len() == 4
            && dashed.chars().all(|c| c.is_ascii_digit() || c == '-')
            && !(month.is_empty() || day.is_empty())
        {
            return Some(Text::new(
                "区切りは - 、月日は 2 桁で書いてください（表計算ソフトが書き換えることがあります）",
                "write - between the parts, and two digits for month and day (spreadsheets rewrite dates)",
            ));
        }
        if text.len() == 8 && is_digits(text) {
            return Some(Text::new(
                "YYYYMMDD ではなく YYYY-MM-DD です",
                "the form is YYYY-MM-DD, not YYYYMMDD",
            ));
        }
    }
    let bytes = text.as_bytes();
    let scientific = bytes.len() > 3
        && bytes[0].is_ascii_digit()
        && text.contains(['E', 'e'])
        && bytes.iter().all(|byte| byte.is_ascii_digit() || b".+Ee".contains(byte));
    (scientific && text.contains('+')).then(|| {
        Text::new(
            "表計算ソフトが指数表記に変えたようです。桁は失われています。元のデータから書き出し直してください",
            "a spreadsheet seems to have written it in scientific notation; digits are lost: export it again from the source",
        )
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Digits before and after the point.
fn decimal(text: &str) -> Option<(usize, usize)> {
    let (whole, fraction) = match text.split_once('.') {
        None => (text, None),
        Some((whole, fraction)) => (whole, Some(fraction)),
    };
    let right = is_digits(whole) && fraction.is_none_or(is_digits);
    right.then(|| (whole.len(), fraction.map_or(0, str::len)))
}

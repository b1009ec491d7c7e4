//! `junkyo identify`: what a value can be, and what is wrong with it.

use std::io::{self, Write};

use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use super::args::Identify;
use super::error::CliError;
use super::{Exit, unless_closed};
use crate::text::address::split;
use crate::text::characters::{Change, Map, ascii_digit, candidates, class_of, code_points, compare, length, units};
use crate::text::date::{Day, Era, RegisterDate, Wareki};
use crate::text::identifiers::{Confidence, Foreign, IdentifierError, Kind, fits};
use crate::text::relationship::{Relationship, RelationshipError};
use crate::text::{Lang, Text};

pub(super) fn main(args: &Identify, lang: Lang) -> Result<Exit, CliError> {
    let pages: Vec<Page> = args
        .values
        .iter()
        .map(|value| Page::of(value, args.returned.as_deref()))
        .collect();
    let mut out = io::stdout().lock();
    if args.json {
        let pages: Vec<Value> = pages.iter().map(Page::json).collect();
        let text = serde_json::to_string_pretty(&pages).map_err(io::Error::from)?;
        unless_closed(writeln!(out, "{text}"))?;
    } else {
        for page in &pages {
            unless_closed(page.write(&mut out, lang))?;
        }
    }
    Ok(Exit::Success)
}

/// Everything that is known about one value.
struct Page {
    value: String,
    identifiers: Vec<Reading>,
    dates: Vec<Text>,
    relationship: Option<Result<String, Text>>,
    address: Vec<(&'static str, &'static str, String)>,
    characters: Vec<(usize, String, Text)>,
    normalised: Vec<Change>,
    returned: Option<Vec<Change>>,
}

/// One identifier that the value is, or nearly is.
struct Reading {
    kind: Kind,
    problem: Option<Text>,
}

impl Page {
    fn of(value: &str, returned: Option<&str>) -> Self {
        let folded: String = value.nfkc().collect();
        Self {
            value: value.into(),
            identifiers: identifiers(value),
            dates: dates(value),
            relationship: relationship(value),
            address: address(value),
            characters: characters(value),
            normalised: compare(value, &folded),
            returned: returned.map(|returned| compare(value, returned)),
        }
    }

    fn sections(&self, lang: Lang) -> Vec<(&'static str, Vec<String>)> {
        let changes = |changes: &[Change]| {
            changes
                .iter()
                .map(|change| change.text().get(lang).to_owned())
                .collect()
        };
        let mut sections: Vec<(&str, Vec<String>)> = vec![
            (
                lang.pick("識別子", "identifiers"),
                self.identifiers.iter().map(|reading| reading.line(lang)).collect(),
            ),
            (
                lang.pick("日付", "date"),
                self.dates.iter().map(|text| text.get(lang).to_owned()).collect(),
            ),
            (
                lang.pick("続柄", "relationship"),
                self.relationship
                    .iter()
                    .map(|found| match found {
                        Ok(written) => written.clone(),
                        Err(problem) => format!("✗ {}", problem.get(lang)),
                    })
                    .collect(),
            ),
            (
                lang.pick("住所", "address"),
                self.address
                    .iter()
                    .map(|(ja, en, part)| format!("{}: {part}", lang.pick(*ja, *en)))
                    .collect(),
            ),
            (
                lang.pick("注意する文字", "characters to look at"),
                self.characters
                    .iter()
                    .map(|(position, text, what)| {
                        format!("{position}: {text} ({}) {}", code_points(text), what.get(lang))
                    })
                    .collect(),
            ),
            (
                lang.pick("NFKC で変わる文字", "what NFKC would change"),
                changes(&self.normalised),
            ),
        ];
        if let Some(returned) = &self.returned {
            let mut lines: Vec<String> = changes(returned);
            if lines.is_empty() {
                lines.push(lang.pick("同じです", "the same code points").into());
            }
            sections.push((lang.pick("戻った値との違い", "changes on the way back"), lines));
        }
        sections
    }

    fn write(&self, out: &mut impl Write, lang: Lang) -> io::Result<()> {
        let characters = length(&self.value);
        writeln!(
            out,
            "{}  ({})",
            self.value,
            lang.pick(format!("{characters} 文字"), format!("{characters} characters"))
        )?;
        let sections = self.sections(lang);
        for (name, lines) in sections.iter().filter(|(_, lines)| !lines.is_empty()) {
            writeln!(out, "  {name}")?;
            for line in lines {
                writeln!(out, "    {line}")?;
            }
        }
        if sections.iter().all(|(_, lines)| lines.is_empty()) {
            writeln!(
                out,
                "  {}",
                lang.pick("どの形式にも当てはまりません", "nothing that is known here")
            )?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let text = |text: &Text| json!({ "ja": text.ja, "en": text.en });
        let changes = |changes: &[Change]| -> Vec<Value> {
            changes
                .iter()
                .map(|change| {
                    json!({
                        "kind": change.kind.id(),
                        "position": change.position,
                        "original": change.original,
                        "returned": change.returned,
                    })
                })
                .collect()
        };
        json!({
            "value": self.value,
            "length": length(&self.value),
            "codePoints": code_points(&self.value),
            "identifiers": self.identifiers.iter().map(|reading| json!({
                "kind": reading.kind.id(),
                "valid": reading.problem.is_none(),
                "problem": reading.problem.as_ref().map(text),
                "checkDigit": reading.kind.has_check_digit(),
                "confidence": confidence(reading.kind.confidence()).en,
                "source": reading.kind.source(),
            })).collect::<Vec<_>>(),
            "dates": self.dates.iter().map(text).collect::<Vec<_>>(),
            "relationship": self.relationship.as_ref().map(|found| match found {
                Ok(written) => json!({ "valid": true, "written": written }),
                Err(problem) => json!({ "valid": false, "problem": text(problem) }),
            }),
            "address": self.address.iter().map(|(_, en, part)| ((*en).to_owned(), json!(part))).collect::<serde_json::Map<_, _>>(),
            "characters": self.characters.iter().map(|(position, found, what)| json!({
                "position": position,
                "text": found,
                "codePoints": code_points(found),
                "what": text(what),
            })).collect::<Vec<_>>(),
            "nfkc": changes(&self.normalised),
            "returned": self.returned.as_ref().map(|found| changes(found)),
        })
    }
}

impl Reading {
    fn line(&self, lang: Lang) -> String {
        let name = self.kind.name();
        let sure = confidence(self.kind.confidence());
        match &self.problem {
            Some(problem) => format!("✗ {}: {}", name.get(lang), problem.get(lang)),
            None if self.kind.has_check_digit() => format!(
                "✓ {} ({}; {})",
                name.get(lang),
                lang.pick(
                    "検査数字が合う（偶然にも 10 に 1 つは合う）",
                    "the check digit fits, as one in ten does by chance"
                ),
                sure.get(lang)
            ),
            None => format!(
                "· {} ({}; {})",
                name.get(lang),
                lang.pick("形だけ", "form only"),
                sure.get(lang)
            ),
        }
    }
}

fn confidence(confidence: Confidence) -> Text {
    match confidence {
        Confidence::High => Text::new("根拠: 確か", "confidence: high"),
        Confidence::Medium => Text::new("根拠: 中", "confidence: medium"),
        Confidence::Low => Text::new("根拠: 弱い", "confidence: low"),
    }
}

/// The kinds that the value is, and those that it misses by one mistake.
fn identifiers(value: &str) -> Vec<Reading> {
    let plain = plain(value);
    let mut readings: Vec<Reading> = fits(value)
        .into_iter()
        .filter_map(|fit| {
            let problem = match fit.verdict {
                Ok(()) => None,
                Err(error) if is_near(fit.kind, &error, &plain) => Some(error.text()),
                Err(_) => return None,
            };
            Some(Reading {
                kind: fit.kind,
                problem,
            })
        })
        .collect();
    readings.sort_by_key(|reading| reading.problem.is_some());
    readings
}

/// The value with half-width digits and letters, without blanks and hyphens.
fn plain(value: &str) -> String {
    value
        .nfkc()
        .filter(|&c| !matches!(Foreign::of(c), Foreign::Space | Foreign::Hyphen))
        .collect()
}

fn is_near(kind: Kind, error: &IdentifierError, plain: &str) -> bool {
    match error {
        // Any run of digits is an 宛名番号 with a wrong digit: that says nothing below the length that they have.
        IdentifierError::CheckDigit { .. } => kind != Kind::AddresseeNumber || plain.len() == 15,
        IdentifierError::LeadingZeroLost { .. } => true,
        IdentifierError::Character {
            kind: Foreign::FullWidth | Foreign::Space | Foreign::Hyphen,
            ..
        } => kind.validate(plain).is_ok() && (kind.has_check_digit() || is_distinct(kind)),
        _ => false,
    }
}

/// Whether a value without a check digit is told by its form alone.
const fn is_distinct(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::PostalCode | Kind::PassportNumber | Kind::ResidenceCardNumber | Kind::MjGlyphName
    )
}

fn dates(value: &str) -> Vec<Text> {
    let Some(date) = RegisterDate::parse(value) else {
        return no_date(value).into_iter().collect();
    };
    match (&date, date.known_day()) {
        (_, Some(day)) => {
            let eras: Vec<String> = Wareki::all_of(day).iter().map(ToString::to_string).collect();
            let era = if eras.is_empty() {
                "—".into()
            } else {
                eras.join(" = ")
            };
            let year = day.fiscal_year();
            vec![Text::new(
                format!("{day} = {era}（{year} 年度）"),
                format!("{day} = {era} (fiscal year {year})"),
            )]
        }
        (RegisterDate::Unknown(unknown), _) => {
            let form = unknown.form() as u8;
            vec![Text::new(
                format!("不詳日（1.1.8 の表記 {form}）。そのまま連携し、みなし日を作りません"),
                format!("unknown date, form {form} of §1.1.8: it is passed on as it is, never made into a day"),
            )]
        }
        _ => vec![Text::new(
            "暦上日ではありませんが、生年月日などには許されます（1.1.8）",
            "no day of the calendar, but dates of birth and some others may hold it (§1.1.8)",
        )],
    }
}

/// Why a value that looks like a date is none.
fn no_date(value: &str) -> Option<Text> {
    let has_digit = value.chars().any(|c| ascii_digit(c).is_some());
    if Era::ALL.iter().any(|era| value.starts_with(era.name())) {
        return Some(Wareki::parse(value).err()?.text());
    }
    let is_like = has_digit && value.chars().count() == 10 && value.matches(['-', '/', '.']).count() == 2;
    is_like.then(|| Day::parse(value).err().map(|error| error.text()))?
}

fn relationship(value: &str) -> Option<Result<String, Text>> {
    match Relationship::parse(value) {
        Ok(found) => Some(Ok(found.to_string())),
        Err(RelationshipError::Empty | RelationshipError::Unknown { .. }) => None,
        Err(error) => Some(Err(error.text())),
    }
}

/// The parts of an address, if it has a municipality in it.
fn address(value: &str) -> Vec<(&'static str, &'static str, String)> {
    let parts = split(value);
    if parts.prefecture.is_empty() && (parts.city.is_empty() || parts.numbers.is_empty()) {
        return Vec::new();
    }
    let chome = parts.chome.map(|chome| chome.to_string()).unwrap_or_default();
    [
        ("都道府県", "prefecture", parts.prefecture),
        ("郡", "county", parts.county),
        ("市区町村", "city", parts.city),
        ("行政区", "ward", parts.ward),
        ("町字", "town", parts.town),
        ("丁目", "chome", chome),
        ("番・号・枝番", "numbers", parts.numbers.join("-")),
        ("方書など", "rest", parts.rest),
    ]
    .into_iter()
    .filter(|(_, _, part)| !part.is_empty())
    .collect()
}

/// Characters that not every system holds, with what 縮退 would make of them.
fn characters(value: &str) -> Vec<(usize, String, Text)> {
    units(value)
        .into_iter()
        .filter_map(|unit| {
            let class = unit.text.chars().map(class_of).find(|class| !class.is_safe())?;
            let name = class.name();
            let targets = candidates(unit.text, Map::Mj).join(" ");
            let what = if targets.is_empty() {
                Text::new(format!("{}、縮退先なし", name.ja), format!("{}; no 縮退", name.en))
            } else {
                Text::new(
                    format!("{}、縮退先 {targets}", name.ja),
                    format!("{}; 縮退 {targets}", name.en),
                )
            };
            Some((unit.position, unit.text.to_owned(), what))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: &str, returned: Option<&str>, lang: Lang) -> String {
        let mut out = Vec::new();
        Page::of(value, returned).write(&mut out, lang).expect("memory");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_lost_zero_is_told() {
        let page = written("16373", None, Lang::En);
        assert!(page.contains("✗ municipality code: expected 6 digits, found 5: with its leading zero it is 016373"));
        assert!(written("16373", None, Lang::Ja).contains("016373"));
    }

    #[test]
    fn a_code_fits_and_a_wrong_one_says_what_it_should_be() {
        assert!(
            written("131016", None, Lang::En)
                .contains("✓ municipality code (the check digit fits, as one in ten does by chance; confidence: high)")
        );
        assert!(written("131017", None, Lang::En).contains("expected check digit 6 as character 6, found 7"));
        assert!(written("１３１０１６", None, Lang::En).contains("✗ municipality code: character 1"));
    }

    #[test]
    fn dates_in_both_calendars() {
        assert!(written("1912-07-30", None, Lang::En).contains("1912-07-30 = 明治45年7月30日 = 大正元年7月30日"));
        assert!(written("平成31年5月1日", None, Lang::En).contains("that day is 令和元年5月1日"));
        assert!(written("2019-02-29", None, Lang::En).contains("no day of the calendar, but dates of birth"));
        assert!(written("2019/02/28", None, Lang::En).contains("expected YYYY-MM-DD"));
        assert!(written("昭和20年頃", None, Lang::En).contains("unknown date, form 1"));
    }

    #[test]
    fn names_and_what_became_of_them() {
        let page = written("葛\u{E0101}城　髙", Some("葛城　高"), Lang::En);
        assert!(page.contains("(U+845B U+E0101) variation selector; 縮退 葛"));
        assert!(page.contains("lost its variation selector") && page.contains("was reduced"));
        assert!(written("山田", Some("山田"), Lang::En).contains("the same code points"));
        assert!(written("孫", None, Lang::Ja).contains("子の子"));
    }

    #[test]
    fn json_holds_the_same() {
        let page = Page::of("東京都千代田区紀尾井町1-3", None).json();
        assert_eq!(page["address"]["numbers"], "1-3");
        assert_eq!(page["returned"], Value::Null);
        let page = Page::of("131017", None).json();
        assert_eq!(page["identifiers"][0]["valid"], false);
    }
}

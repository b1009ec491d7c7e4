//! Residents who do not exist: everything about them follows from a seed and their number.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::population::{Kind, Person, Rng};
use crate::soap::escape_text as escaped;

/// Residents that an extract of an area holds before the dates of birth are looked at.
const PER_AREA: u64 = 4;

/// Somebody whose number begins with 9; numbers that begin with anything else are nobody's.
pub(super) struct Resident {
    number: String,
    name: String,
    kana: String,
    /// Day of birth, where it is known.
    birth: Option<String>,
    sex: String,
    address: String,
    postcode: String,
    household: String,
    version: u64,
}

/// What an extract is asked for.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Wanted {
    pub(super) area: String,
    pub(super) born_from: Option<String>,
    pub(super) born_to: Option<String>,
}

impl Resident {
    /// Whoever has a number, if anybody has.
    pub(super) fn find(seed: u64, number: &str) -> Option<Self> {
        number.starts_with('9').then(|| Self::new(seed, number))
    }

    fn new(seed: u64, number: &str) -> Self {
        let person = Person::new(Kind::Japanese, seed, &["exchange", number]).fields;
        let mut rng = Rng::new(seed, &["exchange", "household", number]);
        let of = |name: &str| text(&person, name);
        Self {
            number: number.to_owned(),
            name: of("shimei"),
            kana: of("shimei_furigana"),
            birth: Some(of("seinengappi")).filter(|_| !number.ends_with('0')),
            sex: of("seibetsu"),
            address: [
                "jusho_todofuken",
                "jusho_shikugunchosonmei",
                "jusho_choaza",
                "jusho_banchigohyoki",
            ]
            .map(of)
            .concat(),
            postcode: of("jusho_yubinbango"),
            household: format!("7{:014}", rng.below(100_000_000_000_000)),
            version: 1 + rng.below(9),
        }
    }

    /// Attribute and content of a `resident` element, without its end tag. `fields` names the optional parts that are
    /// wanted; an empty list means all of them.
    pub(super) fn write(&self, fields: &[String], to: &mut String) {
        let wanted = |name: &str| fields.is_empty() || fields.iter().any(|field| field == name);
        // Writing into a text cannot fail.
        write!(
            to,
            " version=\"{}\"><t:residentNumber>{}</t:residentNumber><t:name>{}</t:name>",
            self.version,
            self.number,
            escaped(&self.name)
        )
        .ok();
        if wanted("name") {
            write!(to, "<t:kana>{}</t:kana>", escaped(&self.kana)).ok();
        }
        match &self.birth {
            Some(birth) => write!(to, "<t:birthDate>{birth}</t:birthDate>").ok(),
            None => write!(to, "<t:birthDate xsi:nil=\"true\"></t:birthDate>").ok(),
        };
        write!(to, "<t:sex>{}</t:sex>", self.sex).ok();
        if wanted("address") {
            let text = escaped(&self.address);
            let postcode = &self.postcode;
            write!(
                to,
                "<t:address><t:postcode>{postcode}</t:postcode><t:text>{text}</t:text></t:address>"
            )
            .ok();
        }
        if wanted("household") {
            write!(to, "<t:householdNumber>{}</t:householdNumber>", self.household).ok();
        }
    }

    fn was_born_in(&self, wanted: &Wanted) -> bool {
        // Dates of this form compare as texts. Nobody knows whether an unknown day lies in the period.
        let after = |from: &String| self.birth.as_ref().is_some_and(|birth| birth >= from);
        let before = |to: &String| self.birth.as_ref().is_some_and(|birth| birth <= to);
        wanted.born_from.as_ref().is_none_or(after) && wanted.born_to.as_ref().is_none_or(before)
    }
}

fn text(fields: &Map<String, Value>, name: &str) -> String {
    fields.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}

/// The residents of an area, as the content of an `extract` element.
pub(super) fn write_extract(seed: u64, wanted: &Wanted, to: &mut String) {
    for serial in 1..=PER_AREA {
        let resident = Resident::new(seed, &format!("9{}{serial:08}", wanted.area));
        if resident.was_born_in(wanted) {
            to.push_str("<t:resident");
            resident.write(&[], to);
            to.push_str("</t:resident>");
        }
    }
}

/// Residents and households of an area on a day.
pub(super) fn count(seed: u64, area: &str, day: &str) -> (u64, u64) {
    let mut rng = Rng::new(seed, &["exchange", "count", area, day]);
    let residents = 1_000 + rng.below(90_000);
    (residents, residents / 2 + rng.below(residents / 4))
}

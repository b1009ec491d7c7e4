//! People who are not registered residents, as a numbering request describes them.

use serde_json::{Map, Value};

use super::Rng;

/// Whether a person has a Japanese or a foreign name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kind {
    /// Family and given name.
    Japanese,
    /// Name in Roman letters and in kanji, with an alias.
    Foreign,
}

/// Family names, with their reading. Common names, so that no combination points at anybody.
const FAMILY: &[(&str, &str)] = &[
    ("試験", "シケン"),
    ("準拠", "ジュンキョ"),
    ("架空", "カクウ"),
    ("見本", "ミホン"),
    ("例示", "レイジ"),
    ("仮名", "カメイ"),
    ("検査", "ケンサ"),
    ("模擬", "モギ"),
];

const GIVEN: &[(&str, &str)] = &[
    ("一郎", "イチロウ"),
    ("花子", "ハナコ"),
    ("三奈", "ミナ"),
    ("四季", "シキ"),
    ("五月", "サツキ"),
    ("六花", "リッカ"),
    ("七海", "ナナミ"),
    ("八雲", "ヤクモ"),
];

const FOREIGN: &[(&str, &str, &str, &str)] = &[
    ("ＳＨＩＫＥＮ　ＡＬＰＨＡ", "試験　阿法", "見本　阿留", "ミホン　アル"),
    ("ＭＩＨＯＮ　ＢＥＴＡ", "見本　別他", "例示　別", "レイジ　ベツ"),
    ("ＫＡＫＵＵ　ＧＡＭＭＡ", "架空　岩間", "仮名　岩", "カメイ　イワ"),
];

const TOWNS: &[(&str, &str)] = &[
    ("試験町一丁目", "0001001"),
    ("見本町二丁目", "0002002"),
    ("架空町三丁目", "0003003"),
    ("例示町四丁目", "0004004"),
];

/// A synthetic person.
#[derive(Clone, Debug)]
pub struct Person {
    /// The parameters of a numbering request that describe the person.
    pub fields: Map<String, Value>,
}

impl Person {
    /// A person who depends on the seed and the words alone.
    pub fn new(kind: Kind, seed: u64, words: &[&str]) -> Self {
        let mut rng = Rng::new(seed, words);
        let mut fields = Map::new();
        let mut set = |name: &str, value: String| {
            fields.insert(name.to_owned(), Value::String(value));
        };
        match kind {
            Kind::Japanese => {
                let (family, family_kana) = rng.pick(FAMILY);
                let (given, given_kana) = rng.pick(GIVEN);
                // A full-width serial keeps every person of a run apart from the others.
                let serial = full_width(rng.below(100_000));
                set("shimei", format!("{family}　{given}{serial}"));
                set("uji_nihonjin", (*family).into());
                set("na_nihonjin", format!("{given}{serial}"));
                set("shimei_furigana", format!("{family_kana}　{given_kana}"));
                set("uji_nihonjin_furigana", (*family_kana).into());
                set("na_nihonjin_furigana", (*given_kana).into());
            }
            Kind::Foreign => {
                let (roman, kanji, alias, alias_kana) = rng.pick(FOREIGN);
                let serial = full_width(rng.below(100_000));
                set("shimei", format!("{kanji}{serial}"));
                set("shimei_gaikokujinromaji", (*roman).into());
                set("shimei_gaikokujinkanji", format!("{kanji}{serial}"));
                set("tsusho", (*alias).into());
                set("tsusho_furigana", (*alias_kana).into());
                set("tsusho_furiganakakuninjokyo", "0".into());
            }
        }
        let (town, town_code) = rng.pick(TOWNS);
        set("seibetsu", rng.pick(&["1", "2"]).to_string());
        set(
            "seinengappi",
            format!(
                "{}-{:02}-{:02}",
                1940 + rng.below(60),
                1 + rng.below(12),
                1 + rng.below(28)
            ),
        );
        set("seinengappi_fushofuragu", "0".into());
        set("jusho_choazakodo", (*town_code).into());
        set("jusho_todofuken", "東京都".into());
        set("jusho_shikugunchosonmei", "千代田区".into());
        set("jusho_choaza", (*town).into());
        set(
            "jusho_banchigohyoki",
            format!("{}番{}号", full_width(1 + rng.below(99)), full_width(1 + rng.below(30))),
        );
        set("jusho_yubinbango", "1000014".into());
        Self { fields }
    }
}

fn full_width(number: u64) -> String {
    number
        .to_string()
        .bytes()
        .filter_map(|digit| char::from_u32(u32::from(digit - b'0') + 0xFF10))
        .collect()
}

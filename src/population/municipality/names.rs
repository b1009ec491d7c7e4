//! Names that nobody has: every family name is a word for "sample". Some need characters beyond JIS X 0208, or a
//! variation selector.

use crate::population::Rng;

use super::people::{Name, Sex};

/// Family names with their reading.
const FAMILY: &[(&str, &str)] = &[
    ("試験", "シケン"),
    ("準拠", "ジュンキョ"),
    ("架空", "カクウ"),
    ("見本", "ミホン"),
    ("例示", "レイジ"),
    ("仮名", "カメイ"),
    ("検査", "ケンサ"),
    ("模擬", "モギ"),
    ("雛形", "ヒナガタ"),
    ("標本", "ヒョウホン"),
    ("設例", "セツレイ"),
    ("練習", "レンシュウ"),
    ("予行", "ヨコウ"),
    ("空想", "クウソウ"),
    ("虚構", "キョコウ"),
    ("仮設", "カセツ"),
    ("想定", "ソウテイ"),
    ("図解", "ズカイ"),
    ("例題", "レイダイ"),
    ("演習", "エンシュウ"),
    ("手本", "テホン"),
    ("模型", "モケイ"),
    ("試作", "シサク"),
    ("凡例", "ハンレイ"),
    ("例文", "レイブン"),
    ("記入例", "キニュウレイ"),
    ("仮置", "カリオキ"),
    ("写本", "シャホン"),
    ("参考", "サンコウ"),
    ("書式", "ショシキ"),
    ("試料", "シリョウ"),
    ("対照", "タイショウ"),
];

/// Family names that products like to lose characters of: outside JIS X 0208, outside the basic plane, with a selector.
const HARD: &[(&str, &str)] = &[
    ("髙見本", "タカミホン"),
    ("﨑試験", "サキシケン"),
    ("𠮷例示", "ヨシレイジ"),
    ("辻\u{E0100}架空", "ツジカクウ"),
    ("葛\u{E0100}仮名", "クズカメイ"),
    ("見本邉\u{E0101}", "ミホンベ"),
];

const MALE: &[(&str, &str)] = &[
    ("一郎", "イチロウ"),
    ("二郎", "ジロウ"),
    ("三太", "サンタ"),
    ("四郎", "シロウ"),
    ("五平", "ゴヘイ"),
    ("六助", "ロクスケ"),
    ("七雄", "ナナオ"),
    ("八雲", "ヤクモ"),
    ("九一", "クイチ"),
    ("十蔵", "ジュウゾウ"),
    ("甲", "コウ"),
    ("乙彦", "オトヒコ"),
    ("丙介", "ヘイスケ"),
    ("太郎", "タロウ"),
    ("春男", "ハルオ"),
    ("秋人", "アキト"),
];

const FEMALE: &[(&str, &str)] = &[
    ("花子", "ハナコ"),
    ("一葉", "カズハ"),
    ("二葉", "フタバ"),
    ("三奈", "ミナ"),
    ("四季", "シキ"),
    ("五月", "サツキ"),
    ("六花", "リッカ"),
    ("七海", "ナナミ"),
    ("八重", "ヤエ"),
    ("九美", "クミ"),
    ("十和", "トワ"),
    ("春子", "ハルコ"),
    ("夏実", "ナツミ"),
    ("秋江", "アキエ"),
    ("冬香", "フユカ"),
    ("百合", "ユリ"),
];

/// Foreign family names: romaji, kanji, alias and its reading.
const FOREIGN: &[(&str, &str, &str, &str)] = &[
    ("ＳＨＩＫＥＮ", "試験", "試験", "シケン"),
    ("ＭＩＨＯＮ", "見本", "見本", "ミホン"),
    ("ＫＡＫＵＵ", "架空", "架空", "カクウ"),
    ("ＲＥＩＪＩ", "例示", "例示", "レイジ"),
    ("ＫＡＭＥＩ", "仮名", "仮名", "カメイ"),
];

/// Foreign given names: romaji, kanji, alias and its reading.
const GIVEN: &[(&str, &str, &str, &str)] = &[
    ("ＡＬＰＨＡ", "阿法", "有", "アル"),
    ("ＢＥＴＡ", "別他", "別", "ベツ"),
    ("ＧＡＭＭＡ", "岩間", "岩", "イワ"),
    ("ＤＥＬＴＡ", "出田", "出", "イズル"),
    ("ＳＩＧＭＡ", "式間", "式", "シキ"),
    ("ＯＭＥＧＡ", "大米", "大", "ダイ"),
];

/// Nationalities of foreign residents, most frequent first (ISO 3166-1 numeric codes).
const NATIONALITIES: &[&str] = &["156", "704", "410", "608", "524", "360", "076", "840", "104", "158"];

/// The family name of a household.
#[derive(Clone, Copy, Debug)]
pub(super) enum Family {
    Japanese(&'static (&'static str, &'static str)),
    Foreign(usize),
}

/// A family name; one in 150 is hard to process.
pub(super) fn japanese_family(rng: &mut Rng) -> Family {
    let names = if rng.below(150) == 0 { HARD } else { FAMILY };
    Family::Japanese(rng.pick(names))
}

pub(super) fn foreign_family(rng: &mut Rng) -> Family {
    Family::Foreign(rng.below(FOREIGN.len() as u64) as usize)
}

/// Another name than the one that the person bears now.
pub(super) fn former_family(rng: &mut Rng) -> &'static str {
    rng.pick(FAMILY).0
}

pub(super) fn nationality(rng: &mut Rng) -> &'static str {
    let rank = rng
        .below(NATIONALITIES.len() as u64)
        .min(rng.below(NATIONALITIES.len() as u64));
    NATIONALITIES[rank as usize]
}

/// The names of a person.
pub(super) fn name(family: Family, sex: Sex, rng: &mut Rng) -> Name {
    match family {
        Family::Japanese((family, kana)) => {
            let (given, given_kana) = rng.pick(if sex == Sex::Male { MALE } else { FEMALE });
            Name {
                full: format!("{family}　{given}"),
                kana: Some(format!("{kana}　{given_kana}")),
                family: (*family).to_owned(),
                ..Name::default()
            }
        }
        Family::Foreign(index) => {
            let (roman, kanji, alias, alias_kana) = FOREIGN[index];
            let given = rng.pick(GIVEN);
            let roman = format!("{roman}　{}", given.0);
            let has_alias = rng.below(3) == 0;
            Name {
                full: roman.clone(),
                roman: Some(roman),
                kanji: (rng.below(2) == 0).then(|| format!("{kanji}　{}", given.1)),
                alias: has_alias.then(|| format!("{alias}　{}", given.2)),
                alias_kana: has_alias.then(|| format!("{alias_kana}　{}", given.3)),
                family: alias.to_owned(),
                ..Name::default()
            }
        }
    }
}

/// Full-width digits.
pub(super) fn full_width(number: u64) -> String {
    number
        .to_string()
        .bytes()
        .filter_map(|digit| char::from_u32(u32::from(digit - b'0') + 0xFF10))
        .collect()
}

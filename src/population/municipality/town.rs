//! The grid of fictitious towns: about a thousand residents each, five 丁目 to a 大字.

use crate::population::Rng;

use super::names::full_width;
use super::people::Address;
use super::pyramid::HOUSEHOLDS;

/// サンプル市: a code whose check digit is right (body 99999), in a prefecture that does not exist.
pub const MUNICIPALITY: &str = "999997";
/// Where people come from and go to: body 99998, as impossible.
pub const ELSEWHERE: &str = "999989";
/// Prefecture and name of the municipality.
pub const MUNICIPALITY_NAME: &str = "サンプル県サンプル市";
/// Another municipality of which nobody is.
pub(super) const ELSEWHERE_NAME: &str = "サンプル県見本市";
/// A postal code that nothing has.
pub const POSTAL: &str = "9999999";
/// Code of the town where one person lives alone.
pub(super) const ISLET: &str = "9001001";

const WHERE: &[&str] = &["", "東", "西", "南", "北", "中", "上", "下"];
const WHAT: &[&str] = &[
    "見本", "架空", "試験", "例示", "準拠", "仮名", "検査", "模擬", "雛形", "標本", "設例", "練習", "予行", "空想",
    "虚構", "仮設", "想定", "図解", "例題", "演習", "手本", "模型", "試作", "写本", "下書", "凡例", "例文", "索引",
    "目次", "付録",
];
const KIND: &[&str] = &["町", "台", "野", "原"];
const DIGITS: [&str; 5] = ["一", "二", "三", "四", "五"];

/// Households of a town: ten blocks.
const TOWN: u64 = 10 * HOUSEHOLDS;

/// The town where a household lives, counted from zero.
pub(super) fn town_of(household: u64) -> u64 {
    household / TOWN
}

/// Where a household lives in a town.
pub(super) fn address(town: u64, rng: &mut Rng, in_house: bool) -> Address {
    let (oaza, chome) = (town / 5, (town % 5) as usize);
    let parts = (oaza as usize % WHAT.len(), oaza as usize / WHAT.len());
    let name = format!(
        "{}{}{}{}丁目",
        WHERE[parts.1 % WHERE.len()],
        WHAT[parts.0],
        KIND[parts.1 / WHERE.len() % KIND.len()],
        DIGITS[chome]
    );
    let lot = format!("{}番{}号", full_width(1 + rng.below(60)), full_width(1 + rng.below(30)));
    Address {
        town_code: format!("{:04}{:03}", oaza + 1, chome + 1),
        town: name,
        lot,
        building: (!in_house).then(|| {
            format!(
                "サンプルハイツ{}　{}号室",
                full_width(1 + rng.below(40)),
                full_width(101 + rng.below(900))
            )
        }),
    }
}

/// The town with one resident.
pub(super) fn islet() -> Address {
    Address {
        town_code: ISLET.into(),
        town: "孤島".into(),
        lot: "１番地".into(),
        building: None,
    }
}

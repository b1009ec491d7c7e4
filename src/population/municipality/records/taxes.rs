//! Units 05 to 09: property, income, corporations, light vehicles, and the collection of it all.

use super::{About, Mapper, Sink, flag, members};
use crate::population::municipality::levies::{Levy, Part};
use crate::population::municipality::people::Household;
use crate::population::municipality::{Municipality, Number};

pub(super) fn mapper(unit: u8, record: &str) -> Option<Mapper> {
    Some(match (unit, record) {
        (5, "asset") => asset,
        (5, "property-assessment") => property_assessment,
        (6, "income") => income,
        (6, "tax-assessment") => tax_assessment,
        (7, "corporation") => corporation,
        (7, "corporate-return") => corporate_return,
        (8, "vehicle") => vehicle,
        (8, "vehicle-assessment") => vehicle_assessment,
        (9, "levy") => levy,
        (9, "payment") => payment,
        (9, "arrears") => arrears,
        (9, "seizure") => seizure,
        _ => return None,
    })
}

/// The levy of a kind on a payer.
pub(super) fn levy_of<'h>(city: &Municipality, household: &'h Household, payer: Number, tax: &str) -> Option<&'h Levy> {
    let levies = city.levies(household);
    levies.iter().find(|levy| levy.payer == payer && levy.tax == tax)
}

fn asset(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for asset in city.assets(household) {
        sink.row(
            About::Nothing,
            &[
                ("atenabango", asset.owner.into()),
                ("bukkenbango", asset.id.as_str().into()),
                ("shisan_kubun", asset.kind.into()),
                ("hyokagaku", asset.value.into()),
                ("chiseki", asset.area.into()),
                ("jutaku_kosu", (asset.kind == "1").then_some(asset.homes).into()),
                (
                    "shinchiku_jutaku",
                    (asset.kind == "2")
                        .then_some(if asset.new_home { "1" } else { "0" })
                        .into(),
                ),
                ("kyoyusha_atenabango", asset.co_owner.into()),
                ("kaishibi", asset.since.into()),
            ],
        );
    }
}

fn property_assessment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let assets = city.assets(household);
    for levy in city.levies(household).iter().filter(|levy| levy.tax == "03") {
        let Some((base, _)) = city.property_tax(&assets, levy.payer) else {
            continue;
        };
        sink.row(
            About::Nothing,
            &[
                ("atenabango", levy.payer.into()),
                ("nendo", i64::from(levy.nendo).into()),
                ("tsuchishobango", levy.notice.as_str().into()),
                ("kazeihyojungaku", base.into()),
                ("nenzeigaku", levy.total.into()),
                ("ketteibi", levy.decided.into()),
            ],
        );
    }
}

fn income(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let Some(income) = city.income(household, place) else {
            continue;
        };
        // Undeclared is not zero: no amounts.
        let amount = |amount: i64| income.is_known().then_some(amount);
        sink.row(
            About::Member(household, person),
            &[
                ("nendo", i64::from(city.nendo()).into()),
                ("kazei_kubun", income.class.into()),
                ("gokei_shotoku", amount(income.total).into()),
                ("soshotoku_kingakuto", amount(income.total).into()),
                ("nenkin_shunyu", amount(income.pension).into()),
                ("shotokuwarigaku", amount(income.city_levy).into()),
                ("fuyo_ninzu", amount(income.dependants).into()),
                ("ketteibi", city.fiscal_day(6, 10).into()),
            ],
        );
    }
}

fn tax_assessment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (place, person) in members(household) {
        let Some((income, levy)) = city
            .income(household, place)
            .zip(levy_of(city, household, person.number, "01"))
        else {
            continue;
        };
        sink.row(
            About::Member(household, person),
            &[
                ("nendo", i64::from(levy.nendo).into()),
                ("tsuchishobango", levy.notice.as_str().into()),
                ("choshu_kubun", levy.way.into()),
                ("kintowarigaku", income.per_capita.into()),
                ("shotokuwarigaku", income.city_levy.into()),
                ("kenminzei_shotokuwarigaku", income.prefecture_levy.into()),
                ("nenzeigaku", levy.total.into()),
                ("ketteibi", levy.decided.into()),
            ],
        );
    }
}

fn corporation(_: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    if let Some(corporation) = &household.corporation {
        sink.row(
            About::Nothing,
            &[
                ("atenabango", corporation.number.into()),
                ("hojinbango", corporation.corporate_number.as_str().into()),
                ("hojin_meisho", corporation.name.as_str().into()),
                ("shihonkinto", corporation.capital.into()),
                ("jugyoshasu", corporation.staff.into()),
                ("kaishibi", corporation.since.into()),
            ],
        );
    }
}

fn corporate_return(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(corporation) = &household.corporation else {
        return;
    };
    let levy = levy_of(city, household, corporation.number, "02");
    if let Some((filed, levy)) = city.corporate_return(corporation).zip(levy) {
        sink.row(
            About::Nothing,
            &[
                ("atenabango", corporation.number.into()),
                ("jigyonendo_shuryobi", filed.year_end.into()),
                ("hojin_shinkoku_kubun", "2".into()),
                ("kintowari_kubun", i64::from(filed.class).into()),
                ("jimusho_tsukisu", 12.into()),
                ("hojin_kintowarigaku", filed.per_capita.into()),
                ("hojinzeiwarigaku", filed.levy.into()),
                ("tsuchishobango", levy.notice.as_str().into()),
                ("nokigen", filed.due.into()),
                ("todokedebi", filed.filed.into()),
            ],
        );
    }
}

fn vehicle(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let Some(vehicle) = city.vehicle(household) else {
        return;
    };
    let is_clean = vehicle.electric;
    sink.row(
        About::Member(household, household.head()),
        &[
            ("hyoshikibango", vehicle.plate.as_str().into()),
            ("shashu_kubun", vehicle.kind.into()),
            ("shodo_kensabi", vehicle.first_inspection.into()),
            ("denkisha", flag(vehicle.electric)),
            ("keika_taisho", flag(is_clean)),
            ("kaishibi", vehicle.since.into()),
        ],
    );
}

fn vehicle_assessment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    let head = household.head();
    let (Some(vehicle), Some(levy)) = (city.vehicle(household), levy_of(city, household, head.number, "04")) else {
        return;
    };
    if let (Some((rate, tax)), Some(part)) = (city.vehicle_rate(&vehicle), levy.parts.first()) {
        sink.row(
            About::Member(household, head),
            &[
                ("nendo", i64::from(levy.nendo).into()),
                ("hyoshikibango", vehicle.plate.as_str().into()),
                ("tsuchishobango", levy.notice.as_str().into()),
                ("zeiritsu_kubun", rate.into()),
                ("nenzeigaku", tax.into()),
                ("nokigen", part.due.into()),
                ("ketteibi", levy.decided.into()),
            ],
        );
    }
}

fn levy(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for levy in city.levies(household) {
        for part in &levy.parts {
            sink.row(
                About::Nothing,
                &[
                    ("atenabango", levy.payer.into()),
                    ("kamoku", levy.tax.into()),
                    ("tsuchishobango", levy.notice.as_str().into()),
                    ("kibetsu", i64::from(part.number).into()),
                    ("nendo", i64::from(levy.nendo).into()),
                    ("nokigen", part.due.into()),
                    ("kingaku", part.amount.into()),
                    ("choshu_kubun", levy.way.into()),
                    ("ketteibi", levy.decided.into()),
                ],
            );
        }
    }
}

/// 収納番号 of an instalment.
pub(super) fn receipt(levy: &Levy, part: &Part) -> String {
    format!("{}{:02}", &levy.notice[1..], part.number)
}

fn payment(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for levy in city.levies(household) {
        for part in &levy.parts {
            let Some(day) = part.paid else {
                continue;
            };
            sink.row(
                About::Nothing,
                &[
                    ("atenabango", levy.payer.into()),
                    ("shunobango", receipt(levy, part).into()),
                    ("kamoku", levy.tax.into()),
                    ("tsuchishobango", levy.notice.as_str().into()),
                    ("kibetsu", i64::from(part.number).into()),
                    ("kingaku", part.amount.into()),
                    ("kagono_kingaku", 0.into()),
                    ("ryoshubi", day.into()),
                ],
            );
        }
    }
}

fn overdue<'h>(city: &Municipality, household: &'h Household) -> Vec<(&'h Levy, &'h Part)> {
    let levies = city.levies(household).iter();
    let parts = levies.flat_map(|levy| levy.parts.iter().map(move |part| (levy, part)));
    parts
        .filter(|(_, part)| part.amount > 0 && part.is_overdue(city.as_of()))
        .collect()
}

/// 滞納状態: one in five pays late by agreement.
fn arrears_state(city: &Municipality, levy: &Levy) -> &'static str {
    if city.rng(levy.payer.value(), "deferred").below(5) == 0 {
        "2"
    } else {
        "1"
    }
}

fn arrears(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    for (levy, part) in overdue(city, household) {
        sink.row(
            About::Nothing,
            &[
                ("atenabango", levy.payer.into()),
                ("kamoku", levy.tax.into()),
                ("tsuchishobango", levy.notice.as_str().into()),
                ("kibetsu", i64::from(part.number).into()),
                ("nendo", i64::from(levy.nendo).into()),
                ("nokigen", part.due.into()),
                ("taino_jotai", arrears_state(city, levy).into()),
                ("taino_zandaka", part.amount.into()),
                ("kaishibi", part.due.next().into()),
            ],
        );
    }
}

/// After the reminder and ten days; never where payment is deferred, nor while public assistance is received.
fn seizure(city: &Municipality, household: &Household, sink: &mut Sink<'_>) {
    if household.assistance.is_some() {
        return;
    }
    for (levy, part) in overdue(city, household) {
        let mut rng = city.rng(levy.payer.value(), &levy.notice);
        let day = part.due.add_days(45).unwrap_or(part.due);
        if rng.below(4) > 0 || day > city.as_of() || arrears_state(city, levy) != "1" {
            continue;
        }
        sink.row(
            About::Nothing,
            &[
                ("atenabango", levy.payer.into()),
                ("sashiosaebango", format!("K{}", receipt(levy, part)).into()),
                ("kamoku", levy.tax.into()),
                ("tsuchishobango", levy.notice.as_str().into()),
                ("kibetsu", i64::from(part.number).into()),
                ("zaisan_kubun", (*rng.pick(&["1", "1", "2", "3"])).into()),
                ("kaishibi", day.into()),
            ],
        );
    }
}

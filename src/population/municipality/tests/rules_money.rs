//! Rules over money: what one unit levies, another collects and a third books; what one grants, accounting pays.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Rule, World, amount, day, period, told};
use crate::population::municipality::Row;
use crate::text::check_digit::is_corporate_number;
use crate::text::date::Day;

pub(super) const RULES: &[Rule] = &[
    ("instalments add up to what the unit decided", levies_add_up),
    ("everything that is levied was decided by a unit", levies_are_decided),
    ("a payment is of an instalment, once, and not more", payments),
    ("arrears are unpaid instalments past their day", arrears),
    ("seizures follow arrears that are not deferred", seizures),
    ("every payment is booked as revenue", revenue),
    ("what units grant is paid by accounting, once", expenditures),
    ("due dates are weekdays", weekdays),
    ("the class of income follows the levies", classes),
    ("resident tax is for who lived here on 1 January", tax_day),
    ("nobody on assistance on 1 January is taxed", spared),
    ("the national premium is the head's, and somebody is insured", premiums),
    ("corporations: number, class and outside register", corporations),
    ("vehicles: one owner of a plate, rate by age", vehicles),
    ("property tax is the owner's of 1 January", property),
];

/// Unit, record, item of the amount, code of the tax.
const DECIDED: &[(u8, &str, &str, &str)] = &[
    (6, "tax-assessment", "nenzeigaku", "01"),
    (5, "property-assessment", "nenzeigaku", "03"),
    (8, "vehicle-assessment", "nenzeigaku", "04"),
    (10, "nhi-premium", "kingaku", "05"),
    (13, "late-elderly-premium", "kingaku", "06"),
    (14, "ltc-premium", "kingaku", "07"),
];

type Notice<'w> = (&'w str, &'w str, &'w str);

fn notice<'w>(row: &'w Row, tax: &'w str) -> Notice<'w> {
    (&row["atenabango"], tax, &row["tsuchishobango"])
}

fn instalment(row: &Row) -> [&str; 4] {
    ["atenabango", "kamoku", "tsuchishobango", "kibetsu"].map(|id| row[id].as_str())
}

fn decided(world: &World) -> BTreeMap<Notice<'_>, i64> {
    let mut sums: BTreeMap<Notice<'_>, i64> = BTreeMap::new();
    for (unit, record, item, tax) in DECIDED {
        for row in world.rows(*unit, record) {
            *sums.entry(notice(row, tax)).or_default() += amount(row, item);
        }
    }
    for row in world.rows(7, "corporate-return") {
        *sums.entry(notice(row, "02")).or_default() +=
            amount(row, "hojin_kintowarigaku") + amount(row, "hojinzeiwarigaku");
    }
    sums
}

fn levied(world: &World) -> BTreeMap<Notice<'_>, i64> {
    let mut sums: BTreeMap<Notice<'_>, i64> = BTreeMap::new();
    for row in world.rows(9, "levy") {
        *sums.entry(notice(row, &row["kamoku"])).or_default() += amount(row, "kingaku");
    }
    sums
}

fn levies_add_up(world: &World) -> Vec<String> {
    let levied = levied(world);
    let wrong = decided(world)
        .into_iter()
        .filter(|(notice, sum)| levied.get(notice) != Some(sum));
    wrong
        .map(|found| format!("{found:?} levied {:?}", levied.get(&found.0)))
        .collect()
}

fn levies_are_decided(world: &World) -> Vec<String> {
    let decided = decided(world);
    levied(world)
        .into_keys()
        .filter(|notice| !decided.contains_key(notice))
        .map(|found| format!("{found:?}"))
        .collect()
}

fn payments(world: &World) -> Vec<String> {
    let levied: BTreeMap<[&str; 4], i64> = world
        .rows(9, "levy")
        .iter()
        .map(|row| (instalment(row), amount(row, "kingaku")))
        .collect();
    let mut paid = BTreeSet::new();
    told(world.rows(9, "payment").iter().filter(|row| {
        levied.get(&instalment(row)) != Some(&amount(row, "kingaku"))
            || !paid.insert(instalment(row))
            || day(&row["ryoshubi"]) > world.city.as_of()
    }))
}

fn arrears(world: &World) -> Vec<String> {
    let paid: BTreeSet<[&str; 4]> = world.rows(9, "payment").iter().map(instalment).collect();
    let owed: BTreeMap<[&str; 4], &Row> = world
        .rows(9, "arrears")
        .iter()
        .map(|row| (instalment(row), row))
        .collect();
    told(world.rows(9, "levy").iter().filter(|row| {
        let open =
            !paid.contains(&instalment(row)) && amount(row, "kingaku") > 0 && day(&row["nokigen"]) < world.city.as_of();
        let told = owed.get(&instalment(row));
        open != told.is_some()
            || told.is_some_and(|told| {
                told["taino_zandaka"] != row["kingaku"] || Some(day(&told["kaishibi"])) != day(&row["nokigen"]).next()
            })
    }))
}

fn seizures(world: &World) -> Vec<String> {
    let owed: BTreeMap<[&str; 4], &Row> = world
        .rows(9, "arrears")
        .iter()
        .map(|row| (instalment(row), row))
        .collect();
    let assisted = world.by_number(16, "assistance");
    told(world.rows(9, "seizure").iter().filter(|row| {
        let told = owed.get(&instalment(row));
        told.is_none_or(|told| {
            told["taino_jotai"] != "1" || day(&told["kaishibi"]).add_days(30).unwrap() > day(&row["kaishibi"])
        }) || assisted.contains_key(row["atenabango"].as_str())
    }))
}

fn revenue(world: &World) -> Vec<String> {
    let items = ["atenabango", "shunobango", "kamoku", "kingaku", "ryoshubi"];
    let of = |record: (u8, &str)| -> BTreeSet<Vec<&str>> {
        world
            .rows(record.0, record.1)
            .iter()
            .map(|row| items.iter().map(|id| row[*id].as_str()).collect())
            .collect()
    };
    let (paid, booked) = (of((9, "payment")), of((23, "revenue")));
    paid.symmetric_difference(&booked)
        .map(|found| format!("{found:?}"))
        .collect()
}

fn expenditures(world: &World) -> Vec<String> {
    let asked = [
        (12, "disability-allowance-payment", "kingaku", "atenabango"),
        (15, "child-allowance-payment", "kingaku", "atenabango"),
        (16, "assistance-payment", "kingaku", "atenabango"),
        (21, "child-rearing-payment", "kingaku", "atenabango"),
        (24, "business-trip", "kingaku", "shokuinbango"),
        (25, "payroll", "sashihiki_shikyugaku", "shokuinbango"),
    ];
    let people: BTreeMap<&str, &str> = world
        .rows(25, "employee")
        .iter()
        .map(|row| (row["shokuinbango"].as_str(), row["atenabango"].as_str()))
        .collect();
    let mut wanted = BTreeSet::new();
    for (unit, record, sum, who) in asked {
        for row in world.rows(unit, record) {
            let number = row.get("shiharai_bango").or_else(|| row.get("shutcho_bango")).unwrap();
            let payee = people.get(row[who].as_str()).copied().unwrap_or(&row[who]);
            wanted.insert((format!("{unit:02}"), number.as_str(), payee, amount(row, sum)));
        }
    }
    let booked = world
        .rows(23, "expenditure")
        .iter()
        .filter(|row| row["irai_unit"] != "23");
    let booked: BTreeSet<_> = booked
        .map(|row| {
            (
                row["irai_unit"].clone(),
                row["shiharai_bango"].as_str(),
                row["atenabango"].as_str(),
                amount(row, "kingaku"),
            )
        })
        .collect();
    let mut faults: Vec<String> = wanted
        .symmetric_difference(&booked)
        .map(|found| format!("{found:?}"))
        .collect();
    // Purchases are as large as an approved document says.
    let approved: BTreeSet<(&str, &str)> = world
        .rows(26, "document")
        .iter()
        .filter_map(|row| Some((row.get("yosan_kamoku")?.as_str(), row.get("kingaku")?.as_str())))
        .collect();
    let own = world
        .rows(23, "expenditure")
        .iter()
        .filter(|row| row["irai_unit"] == "23");
    faults.extend(told(own.filter(|row| {
        !approved.contains(&(row["yosan_kamoku"].as_str(), row["kingaku"].as_str()))
    })));
    faults
}

fn weekdays(world: &World) -> Vec<String> {
    use crate::text::date::Weekday::{Saturday, Sunday};
    told(
        world
            .rows(9, "levy")
            .iter()
            .filter(|row| matches!(day(&row["nokigen"]).weekday(), Saturday | Sunday)),
    )
}

fn classes(world: &World) -> Vec<String> {
    let taxed: BTreeMap<&str, &Row> = world
        .rows(6, "tax-assessment")
        .iter()
        .map(|row| (row["atenabango"].as_str(), row))
        .collect();
    told(world.rows(6, "income").iter().filter(|row| {
        let tax = taxed.get(row["atenabango"].as_str());
        let fits = match row["kazei_kubun"].as_str() {
            "1" => tax.is_some_and(|tax| {
                amount(tax, "shotokuwarigaku") > 0 && tax["shotokuwarigaku"] == row["shotokuwarigaku"]
            }),
            "2" => tax.is_some_and(|tax| amount(tax, "shotokuwarigaku") == 0 && amount(tax, "kintowarigaku") > 0),
            "3" => tax.is_none() && row.contains_key("gokei_shotoku"),
            _ => tax.is_none() && !row.contains_key("gokei_shotoku"),
        };
        !fits
    }))
}

fn tax_day(world: &World) -> Vec<String> {
    let (entered, ended) = (world.entered(), world.ended());
    let first = Day::new(world.city.nendo(), 1, 1).unwrap();
    told(world.rows(6, "income").iter().filter(|row| {
        let number = row["atenabango"].as_str();
        entered[number] > first || ended.get(number).is_some_and(|(end, _)| *end <= first)
    }))
}

fn spared(world: &World) -> Vec<String> {
    let assisted = world.by_number(16, "assistance");
    let first = Day::new(world.city.nendo(), 1, 1).unwrap();
    told(world.rows(6, "tax-assessment").iter().filter(|row| {
        let rows = assisted.get(row["atenabango"].as_str()).into_iter().flatten();
        rows.into_iter()
            .any(|other| period(other, "kaishibi", "shuryobi").0 <= first)
    }))
}

fn premiums(world: &World) -> Vec<String> {
    let (now, homes) = (world.now(), world.homes());
    let insured: BTreeSet<&str> = world
        .rows(10, "qualification")
        .iter()
        .map(|row| homes[row["atenabango"].as_str()])
        .collect();
    let late = world.by_number(13, "late-elderly-qualification");
    let mut faults = told(world.rows(10, "nhi-premium").iter().filter(|row| {
        let payer = row["atenabango"].as_str();
        now[payer]["zokugara"] != "世帯主" || !insured.contains(homes[payer])
    }));
    faults.extend(told(
        world
            .rows(13, "late-elderly-premium")
            .iter()
            .filter(|row| !late.contains_key(row["atenabango"].as_str())),
    ));
    faults
}

fn corporations(world: &World) -> Vec<String> {
    let outside: BTreeMap<&str, &Row> = world
        .rows(22, "addressee")
        .iter()
        .map(|row| (row["atenabango"].as_str(), row))
        .collect();
    let firms: BTreeMap<&str, &Row> = world
        .rows(7, "corporation")
        .iter()
        .map(|row| (row["atenabango"].as_str(), row))
        .collect();
    let mut numbers = BTreeSet::new();
    let mut faults = told(firms.values().copied().filter(|row| {
        let addressee = outside.get(row["atenabango"].as_str());
        !is_corporate_number(&row["hojinbango"])
            || !numbers.insert(row["hojinbango"].as_str())
            || addressee.is_none_or(|other| {
                other["kojin_hojin_kubun"] != "2"
                    || other["shimei"] != row["hojin_meisho"]
                    || other.contains_key("seinengappi")
            })
    }));
    faults.extend(told(world.rows(7, "corporate-return").iter().filter(|row| {
        let firm = firms[row["atenabango"].as_str()];
        let small = amount(firm, "shihonkinto") <= 10_000_000 && amount(firm, "jugyoshasu") <= 50;
        small != (row["kintowari_kubun"] == "1")
    })));
    faults
}

fn vehicles(world: &World) -> Vec<String> {
    let mut plates = BTreeSet::new();
    let owned: BTreeMap<&str, &Row> = world
        .rows(8, "vehicle")
        .iter()
        .map(|row| (row["hyoshikibango"].as_str(), row))
        .collect();
    let mut faults = told(
        world
            .rows(8, "vehicle")
            .iter()
            .filter(|row| !plates.insert(row["hyoshikibango"].as_str())),
    );
    let first = Day::new(world.city.nendo(), 4, 1).unwrap();
    faults.extend(told(world.rows(8, "vehicle-assessment").iter().filter(|row| {
        let vehicle = owned[row["hyoshikibango"].as_str()];
        let old = day(&vehicle["shodo_kensabi"]) < first.add_years(-13).unwrap();
        vehicle["atenabango"] != row["atenabango"]
            || day(&vehicle["kaishibi"]) > first
            || (row["zeiritsu_kubun"] == "2") != (old && vehicle["denkisha"] == "0")
    })));
    faults
}

fn property(world: &World) -> Vec<String> {
    let first = Day::new(world.city.nendo(), 1, 1).unwrap();
    let assets = world.by_number(5, "asset");
    told(world.rows(5, "property-assessment").iter().filter(|row| {
        let owned = assets.get(row["atenabango"].as_str()).into_iter().flatten();
        let value: i64 = owned
            .filter(|asset| day(&asset["kaishibi"]) <= first)
            .map(|asset| amount(asset, "hyokagaku"))
            .sum();
        value < amount(row, "kazeihyojungaku")
    }))
}

//! Rules over rights: insurance, pension, allowances, medical subsidies, health, school.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Rule, World, day, overlap, period, told};
use crate::text::date::age;

pub(super) const RULES: &[Rule] = &[
    ("nobody is in two insurances on one day", one_insurance),
    (
        "the late-elderly insurance begins where the national one ends",
        at_seventy_five,
    ),
    ("assistance ends insurance and covers the household", assistance),
    (
        "long-term care: second category from 40, first from 65, without a gap",
        care,
    ),
    ("pension: one category at a time, by age", pension),
    ("exemptions are for category 1", exemptions),
    (
        "child allowance: one recipient for a child, a parent who is no public servant",
        child_allowance,
    ),
    ("infant and single-parent subsidies exclude each other", subsidies),
    ("the child-rearing allowance goes to single parents", rearing),
    ("grades fit the kind of handbook", handbooks),
    ("vaccinations lie in their period, live ones apart", vaccinations),
    ("check-ups fit the insurance", checkups),
    ("pupils are of school age, and only pupils are aided", pupils),
];

fn one_insurance(world: &World) -> Vec<String> {
    let late = world.by_number(13, "late-elderly-qualification");
    told(world.rows(10, "qualification").iter().filter(|row| {
        let span = period(row, "kokuho_shutokubi", "kokuho_soshitsubi");
        let others = late.get(row["atenabango"].as_str());
        others.is_some_and(|rows| {
            rows.iter()
                .any(|other| overlap(span, period(other, "koki_shutokubi", "koki_soshitsubi")))
        })
    }))
}

fn at_seventy_five(world: &World) -> Vec<String> {
    let (births, late) = (world.births(), world.by_number(13, "late-elderly-qualification"));
    let assisted = world.by_number(16, "assistance");
    let mut faults = told(world.rows(10, "qualification").iter().filter(|row| {
        let number = row["atenabango"].as_str();
        let old = births.get(number).is_some_and(|birth| {
            period(row, "kokuho_shutokubi", "kokuho_soshitsubi").1 > age::late_elderly_insured(*birth).unwrap()
        });
        let old = old
            && births
                .get(number)
                .is_some_and(|birth| age::late_elderly_insured(*birth).unwrap() <= world.city.as_of());
        let followed = row.get("kokuho_soshitsu_jiyu").is_none_or(|reason| reason != "26")
            || late.get(number).is_some_and(|rows| {
                rows.iter()
                    .any(|other| other["koki_shutokubi"] == row["kokuho_soshitsubi"])
            })
            || assisted.contains_key(number);
        old || !followed
    }));
    faults.extend(told(world.rows(13, "late-elderly-qualification").iter().filter(
        |row| {
            let birth = births[row["atenabango"].as_str()];
            day(&row["koki_shutokubi"]) < age::late_elderly_insured(birth).unwrap()
        },
    )));
    faults
}

fn assistance(world: &World) -> Vec<String> {
    let assisted = world.by_number(16, "assistance");
    let households: BTreeSet<&str> = world
        .rows(16, "assistance")
        .iter()
        .map(|row| row["setaibango"].as_str())
        .collect();
    let residents = world.now().into_iter().filter(|(_, row)| row["jumin_jotai"] == "1");
    let left_out = residents
        .filter(|(number, row)| households.contains(row["setaibango"].as_str()) && !assisted.contains_key(number));
    let mut faults: Vec<String> = left_out.map(|(number, _)| number.to_owned()).collect();
    let insured = [
        (10, "qualification", "kokuho_shutokubi", "kokuho_soshitsubi"),
        (13, "late-elderly-qualification", "koki_shutokubi", "koki_soshitsubi"),
        (17, "infant-medical", "kaishibi", "shuryobi"),
        (18, "single-parent-medical", "kaishibi", "shuryobi"),
    ];
    for (unit, record, since, until) in insured {
        faults.extend(told(world.rows(unit, record).iter().filter(|row| {
            let rows = assisted.get(row["atenabango"].as_str()).into_iter().flatten();
            rows.into_iter()
                .any(|other| overlap(period(row, since, until), period(other, "kaishibi", "shuryobi")))
        })));
    }
    faults
}

fn care(world: &World) -> Vec<String> {
    let (births, assisted) = (world.births(), world.by_number(16, "assistance"));
    let mut faults = Vec::new();
    for (number, rows) in world.by_number(14, "ltc-insured") {
        let birth = births[number];
        for row in &rows {
            let from = age::age_at_end_of(birth, day(&row["kaigo_shutokubi"])).unwrap();
            let fits = if row["kaigo_hihokensha_kubun"] == "1" {
                from >= 65
            } else {
                (40..65).contains(&from)
            };
            faults.extend((!fits).then(|| format!("{row:?}")));
        }
        let gap = rows.len() == 2
            && rows[0].get("kaigo_soshitsubi") != rows[1].get("kaigo_shutokubi")
            && !assisted.contains_key(number);
        faults.extend(gap.then(|| format!("{rows:?}")));
    }
    let first = world.by_number(14, "ltc-insured");
    for (number, row) in world.now() {
        let old = births
            .get(number)
            .is_some_and(|birth| age::care_first_insured(*birth).unwrap() <= world.city.as_of());
        let covered = first
            .get(number)
            .is_some_and(|rows| rows.iter().any(|row| row["kaigo_hihokensha_kubun"] == "1"));
        faults.extend((old && row["jumin_jotai"] == "1" && !covered).then(|| number.to_owned()));
    }
    faults
}

fn pension(world: &World) -> Vec<String> {
    let births = world.births();
    let mut faults = Vec::new();
    for (number, rows) in world.by_number(11, "insured-person") {
        for pair in rows.windows(2) {
            let next = period(pair[1], "nenkin_shutokubi", "nenkin_soshitsubi");
            let broken = overlap(period(pair[0], "nenkin_shutokubi", "nenkin_soshitsubi"), next)
                || pair[0]["nenkin_soshitsu_jiyu"] == "6"
                    && pair[0]["nenkin_soshitsubi"] != pair[1]["nenkin_shutokubi"];
            faults.extend(broken.then(|| format!("{pair:?}")));
        }
        for row in rows {
            let from = age::age_at_end_of(births[number], day(&row["nenkin_shutokubi"])).unwrap();
            let until = if ["1", "3"].contains(&row["nenkin_shubetsu"].as_str()) {
                60
            } else {
                65
            };
            let open = age::age_at_end_of(births[number], world.city.as_of()).unwrap() >= until
                && !row.contains_key("nenkin_soshitsubi");
            faults.extend((!(20..until).contains(&from) || open).then(|| format!("{row:?}")));
        }
    }
    faults
}

fn exemptions(world: &World) -> Vec<String> {
    let pensions = world.by_number(11, "insured-person");
    told(world.rows(11, "exemption").iter().filter(|row| {
        let rows = pensions.get(row["atenabango"].as_str()).into_iter().flatten();
        let mut first = rows.into_iter().filter(|row| row["nenkin_shubetsu"] == "1");
        !first.any(|pension| pension["nenkin_shutokubi"][..7] <= row["menjo_kaishizuki"][..])
    }))
}

fn child_allowance(world: &World) -> Vec<String> {
    let (births, homes) = (world.births(), world.homes());
    let servants: BTreeSet<&str> = world
        .rows(25, "employee")
        .iter()
        .map(|row| row["atenabango"].as_str())
        .collect();
    let mut paid = BTreeSet::new();
    told(world.rows(15, "child-allowance-recipient").iter().filter(|row| {
        let (parent, child) = (row["atenabango"].as_str(), row["jido_atenabango"].as_str());
        let grown = age::end_of_fiscal_year_of_age(births[child], 18).unwrap() < day(&row["kaishibi"]);
        servants.contains(parent)
            || homes[parent] != homes[child]
            || births[parent].add_years(15).unwrap() > births[child]
            || !paid.insert(child)
            || grown
    }))
}

fn subsidies(world: &World) -> Vec<String> {
    let single = world.by_number(18, "single-parent-medical");
    told(world.rows(17, "infant-medical").iter().filter(|row| {
        let rows = single.get(row["atenabango"].as_str()).into_iter().flatten();
        rows.into_iter().any(|other| {
            overlap(
                period(row, "kaishibi", "shuryobi"),
                period(other, "kaishibi", "shuryobi"),
            )
        })
    }))
}

fn rearing(world: &World) -> Vec<String> {
    let homes = world.homes();
    let recipients: BTreeMap<&str, &str> = world
        .rows(21, "child-rearing-recipient")
        .iter()
        .map(|row| (row["atenabango"].as_str(), row["jidofuyo_jotai"].as_str()))
        .collect();
    let now = world.now();
    let couples: BTreeSet<&str> = now
        .values()
        .filter(|row| ["妻", "夫"].contains(&row["zokugara"].as_str()) && row["jumin_jotai"] == "1")
        .map(|row| row["setaibango"].as_str())
        .collect();
    let mut faults = told(world.rows(21, "child-rearing-child").iter().filter(|row| {
        let parent = row["atenabango"].as_str();
        !recipients.contains_key(parent)
            || homes[parent] != homes[row["jido_atenabango"].as_str()]
            || couples.contains(homes[parent])
    }));
    let payments = world.rows(21, "child-rearing-payment").iter();
    faults.extend(told(payments.filter(|row| {
        recipients
            .get(row["atenabango"].as_str())
            .is_none_or(|class| *class == "3")
    })));
    // Unit 18 grants what the allowance in full or in part is ground for.
    let medical = world
        .rows(18, "single-parent-medical")
        .iter()
        .filter(|row| row["hitorioya_kubun"] == "1");
    faults.extend(told(medical.filter(|row| {
        recipients
            .get(row["atenabango"].as_str())
            .is_some_and(|class| *class == "3")
    })));
    faults
}

fn handbooks(world: &World) -> Vec<String> {
    told(world.rows(12, "handbook").iter().filter(|row| {
        let grades: &[&str] = match row["techo_shurui"].as_str() {
            "1" => &["1", "2", "3", "4", "5", "6"],
            "2" => &["A", "B"],
            _ => &["1", "2", "3"],
        };
        !grades.contains(&row["techo_tokyu"].as_str())
            || (row["techo_shurui"] == "3") != row.contains_key("techo_yukokigen")
    }))
}

fn vaccinations(world: &World) -> Vec<String> {
    let periods = world.by_number(19, "eligibility");
    let mut faults = Vec::new();
    for (number, rows) in world.by_number(19, "vaccination") {
        for row in &rows {
            let on = day(&row["sesshubi"]);
            let inside = periods.get(number).into_iter().flatten().any(|other| {
                let span = period(other, "kaishibi", "shuryobi");
                other["hokenjigyo"] == row["hokenjigyo"] && span.0 <= on && on < span.1
            });
            faults.extend((!inside).then(|| format!("{row:?}")));
        }
        let live = rows
            .iter()
            .filter(|row| ["V01", "V02", "V03", "V04"].contains(&row["hokenjigyo"].as_str()));
        let mut days: Vec<i32> = live.map(|row| day(&row["sesshubi"]).number()).collect();
        days.sort_unstable();
        faults.extend(
            days.windows(2)
                .any(|pair| pair[1] - pair[0] <= 27)
                .then(|| format!("{number} {days:?}")),
        );
    }
    faults
}

fn checkups(world: &World) -> Vec<String> {
    let covers = [
        (
            "K01",
            world.by_number(10, "qualification"),
            "kokuho_shutokubi",
            "kokuho_soshitsubi",
        ),
        (
            "K02",
            world.by_number(13, "late-elderly-qualification"),
            "koki_shutokubi",
            "koki_soshitsubi",
        ),
    ];
    told(world.rows(19, "checkup").iter().filter(|row| {
        let on = day(&row["jisshibi"]);
        covers
            .iter()
            .filter(|cover| cover.0 == row["hokenjigyo"])
            .any(|(_, rows, since, until)| {
                let rows = rows.get(row["atenabango"].as_str()).into_iter().flatten();
                !rows.into_iter().any(|other| {
                    let span = period(other, since, until);
                    span.0 <= on && on < span.1
                })
            })
    }))
}

fn pupils(world: &World) -> Vec<String> {
    let (births, homes) = (world.births(), world.homes());
    let enrolled = world.by_number(20, "schoolchild");
    let mut faults = told(world.rows(20, "schoolchild").iter().filter(|row| {
        let birth = births[row["atenabango"].as_str()];
        let years = age::age_on(birth, world.city.as_of()).unwrap();
        let over = age::school_entry(birth).unwrap().add_years(9).unwrap();
        !(5..16).contains(&years) || day(&row["shuryobi"]) > over
    }));
    faults.extend(told(world.rows(20, "school-aid").iter().filter(|row| {
        let pupil = row["atenabango"].as_str();
        !enrolled.contains_key(pupil) || homes[pupil] != homes[row["hogosha_atenabango"].as_str()]
    })));
    faults
}

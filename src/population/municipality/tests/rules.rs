//! Rules over registers and staff: what one unit says, the others must not contradict.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{Rule, World, amount, day, overlap, period, told};
use crate::population::municipality::Row;
use crate::text::date::age;

pub(super) const RULES: &[Rule] = &[
    ("residents are as many as asked for", size),
    ("every addressee number is a resident or registered outside", known),
    ("every household has one head, who lives in it", one_head),
    ("members of a household share its address", one_address),
    ("a former name is Japanese, an alias foreign", names),
    ("protected people are marked everywhere, without destination", protected),
    ("nothing about the dead is open anywhere", dead_are_closed),
    (
        "nothing but the pension of who moved out is open anywhere",
        moved_out_are_closed,
    ),
    ("no right begins before the residence", nothing_before_arrival),
    ("no unknown date of birth counts as an age", unknown_births),
    ("mothers are older than their children", mothers),
    (
        "the roll is all Japanese of 18 and over who have been here for long enough",
        roll,
    ),
    ("seals belong to one person of 15 and over", seals),
    ("documents: drafter, approver and folder exist and differ", documents),
    (
        "absence, trips and attendance belong to employees and do not overlap",
        staff,
    ),
];

fn size(world: &World) -> Vec<String> {
    let residents = world.now().values().filter(|row| row["jumin_jotai"] == "1").count() as u64;
    if residents == world.city.size() {
        Vec::new()
    } else {
        vec![residents.to_string()]
    }
}

fn known(world: &World) -> Vec<String> {
    let mut known: BTreeSet<&str> = world.now().into_keys().collect();
    known.extend(world.rows(22, "addressee").iter().map(|row| row["atenabango"].as_str()));
    let households: BTreeSet<&str> = world
        .rows(1, "household")
        .iter()
        .map(|row| row["setaibango"].as_str())
        .collect();
    let mut faults = Vec::new();
    for (unit, record) in world.records() {
        for row in world.rows(unit.file.number, &record.id) {
            let wrong = row.iter().any(|(id, value)| {
                id.ends_with("atenabango") && !known.contains(value.as_str())
                    || id == "setaibango" && !households.contains(value.as_str())
            });
            faults.extend(wrong.then(|| format!("{} {row:?}", record.id)));
        }
    }
    faults
}

fn one_head(world: &World) -> Vec<String> {
    let mut heads: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let open: Vec<&Row> = world
        .rows(1, "household")
        .iter()
        .filter(|row| !row.contains_key("shuryobi"))
        .collect();
    for row in open.iter().filter(|row| row["zokugara"] == "世帯主") {
        heads.entry(&row["setaibango"]).or_default().push(&row["atenabango"]);
    }
    let wrong = open
        .into_iter()
        .filter(|row| heads.get(row["setaibango"].as_str()) != Some(&vec![row["setainushi_atenabango"].as_str()]));
    told(wrong)
}

fn one_address(world: &World) -> Vec<String> {
    let mut addresses: BTreeMap<&str, BTreeSet<[&str; 3]>> = BTreeMap::new();
    for row in world.now().into_values().filter(|row| row["jumin_jotai"] == "1") {
        let address = ["jusho_choazakodo", "jusho_banchigohyoki", "jusho_katagaki"];
        let address = address.map(|id| row.get(id).map_or("", String::as_str));
        addresses.entry(&row["setaibango"]).or_default().insert(address);
    }
    addresses
        .into_iter()
        .filter(|(_, found)| found.len() > 1)
        .map(|found| format!("{found:?}"))
        .collect()
}

fn names(world: &World) -> Vec<String> {
    told(world.rows(1, "resident").iter().filter(|row| {
        let japanese = row["jumin_shubetsu"] == "1";
        (japanese && row.contains_key("tsusho"))
            || (!japanese && row.contains_key("kyuji"))
            || japanese != (row["kokuseki"] == "392")
            || japanese == row.contains_key("gaikokujin_jumin_natta_bi")
    }))
}

fn protected(world: &World) -> Vec<String> {
    let marked: BTreeSet<&str> = world
        .rows(1, "support-measure")
        .iter()
        .map(|row| row["atenabango"].as_str())
        .collect();
    let wrong = world.rows(1, "resident").iter().filter(|row| {
        let is = marked.contains(row["atenabango"].as_str());
        is != (row["shiensochi"] == "1") || is && row.contains_key("tenshutsusaki_shikuchosonkodo")
    });
    let mut faults = told(wrong);
    for row in world.rows(2, "seal") {
        faults.extend(
            (marked.contains(row["atenabango"].as_str()) != (row["shiensochi"] == "1")).then(|| format!("{row:?}")),
        );
    }
    faults
}

/// Records that stay open: what is owed and owned is for heirs, what happened stays true.
const STAYS: &[(u8, &str)] = &[
    (1, "resident"),
    (3, "family-register"),
    (5, "asset"),
    (5, "property-assessment"),
    (6, "income"),
    (6, "tax-assessment"),
    (8, "vehicle"),
    (8, "vehicle-assessment"),
    (9, "levy"),
    (9, "payment"),
    (9, "arrears"),
    (9, "seizure"),
    (19, "vaccination"),
    (19, "checkup"),
    (1, "support-measure"),
];

fn open_after_the_end(world: &World, reasons: &[&str], spared: &[(u8, &str)]) -> Vec<String> {
    let ended = world.ended();
    let mut faults = Vec::new();
    for (unit, record) in world.records() {
        let name = (unit.file.number, record.id.as_str());
        let (Some(since), Some(until)) = (&record.since, &record.until) else {
            continue;
        };
        if STAYS.contains(&name) || spared.contains(&name) || record.subject() != "atenabango" && name.0 != 1 {
            continue;
        }
        for row in world.rows(name.0, name.1) {
            let Some((end, _)) = ended
                .get(row["atenabango"].as_str())
                .filter(|(_, reason)| reasons.contains(reason))
            else {
                continue;
            };
            let marked = row.get("meibo_jotai").is_some_and(|state| state == "2");
            // Allowances run to the end of the month.
            let latest = end.first_of_next_month().unwrap();
            let to = period(row, since, until).1;
            if !marked && to > latest.max(end.next().unwrap()) {
                faults.push(format!("{} {row:?}", record.id));
            }
        }
    }
    faults
}

fn dead_are_closed(world: &World) -> Vec<String> {
    open_after_the_end(world, &["23"], &[])
}

fn moved_out_are_closed(world: &World) -> Vec<String> {
    let mut faults = open_after_the_end(world, &["21"], &[(11, "insured-person")]);
    faults.extend(open_after_the_end(world, &["22"], &[]));
    faults
}

fn nothing_before_arrival(world: &World) -> Vec<String> {
    let entered = world.entered();
    let mut faults = Vec::new();
    for (unit, record) in world.records() {
        // What somebody owns, is married to, or works for can be older.
        let elsewhere = [3, 5, 7, 9, 22, 25].contains(&unit.file.number);
        let Some(since) = record
            .since
            .as_ref()
            .filter(|_| !elsewhere && record.subject() == "atenabango")
        else {
            continue;
        };
        for row in world.rows(unit.file.number, &record.id) {
            let from = day(&row[since]);
            if entered.get(row["atenabango"].as_str()).is_none_or(|day| from < *day) {
                faults.push(format!("{} {row:?}", record.id));
            }
        }
    }
    faults
}

fn unknown_births(world: &World) -> Vec<String> {
    let births = world.births();
    let by_age = [
        (2, "seal"),
        (4, "voter"),
        (11, "insured-person"),
        (13, "late-elderly-qualification"),
    ];
    let more = [
        (14, "ltc-insured"),
        (14, "certification"),
        (15, "child-allowance-recipient"),
        (19, "eligibility"),
        (20, "schoolchild"),
    ];
    let unknown = |row: &&Row| !births.contains_key(row["atenabango"].as_str());
    by_age
        .iter()
        .chain(&more)
        .flat_map(|(unit, record)| told(world.rows(*unit, record).iter().filter(unknown)))
        .collect()
}

fn mothers(world: &World) -> Vec<String> {
    let births = world.births();
    told(world.rows(3, "family-register").iter().filter(|row| {
        let own = births.get(row["atenabango"].as_str());
        let mother = row
            .get("haha_atenabango")
            .and_then(|mother| births.get(mother.as_str()));
        own.zip(mother)
            .is_some_and(|(own, mother)| mother.add_years(16).unwrap() > *own)
    }))
}

fn roll(world: &World) -> Vec<String> {
    let (now, births, entered) = (world.now(), world.births(), world.entered());
    let voters = world.by_number(4, "voter");
    let mut faults = Vec::new();
    for (number, row) in &now {
        let (japanese, resident) = (row["jumin_shubetsu"] == "1", row["jumin_jotai"] == "1");
        let Some(birth) = births.get(number) else {
            continue;
        };
        // Registered four times a year, after three months: seven months are always enough.
        let long = entered[number].add_months(7).unwrap() <= world.city.as_of();
        let grown = age::reached_on(*birth, 18).unwrap().add_months(4).unwrap() <= world.city.as_of();
        if japanese && resident && long && grown && !voters.contains_key(number) {
            faults.push(format!("missing {number}"));
        }
    }
    for (number, rows) in voters {
        for row in rows {
            let of_age = age::age_at_end_of(births[number], day(&row["meibo_torokubi"])).unwrap() >= 18;
            if !of_age || now[number]["jumin_shubetsu"] != "1" {
                faults.push(format!("{row:?}"));
            }
        }
    }
    faults
}

fn seals(world: &World) -> Vec<String> {
    let births = world.births();
    let (mut numbers, mut imprints) = (BTreeSet::new(), BTreeSet::new());
    told(world.rows(2, "seal").iter().filter(|row| {
        let birth = births[row["atenabango"].as_str()];
        let young = age::age_on(birth, day(&row["kaishibi"])).unwrap() < 15;
        let known = row["shimei"].contains(&row["inei_moji"])
            || row.get("tsusho").is_some_and(|alias| alias.contains(&row["inei_moji"]));
        let alias_of_foreigner = world.now()[row["atenabango"].as_str()]["jumin_shubetsu"] == "2";
        young
            || !(known || alias_of_foreigner)
            || !numbers.insert(row["inkan_torokubango"].clone())
            || !imprints.insert(row["inei_bango"].clone())
    }))
}

fn documents(world: &World) -> Vec<String> {
    let staff: BTreeMap<&str, &Row> = world
        .rows(25, "employee")
        .iter()
        .map(|row| (row["shokuinbango"].as_str(), row))
        .collect();
    let folders: BTreeSet<&str> = world
        .rows(26, "folder")
        .iter()
        .map(|row| row["foruda_bango"].as_str())
        .collect();
    let accounts: BTreeSet<&str> = world
        .rows(23, "budget")
        .iter()
        .map(|row| row["yosan_kamoku"].as_str())
        .collect();
    told(world.rows(26, "document").iter().filter(|row| {
        let engaged = |who: &str| staff.get(who).is_some_and(|staff| staff["kaishibi"] <= row["kianbi"]);
        let (drafter, approver) = (
            row["kian_shokuinbango"].as_str(),
            row["kessaisha_shokuinbango"].as_str(),
        );
        let spends = [
            row.contains_key("nendo"),
            row.contains_key("yosan_kamoku"),
            row.contains_key("kingaku"),
        ];
        drafter == approver
            || !engaged(drafter)
            || !engaged(approver)
            || !folders.contains(row["foruda_bango"].as_str())
            || row["kessaibi"] < row["kianbi"]
            || spends.windows(2).any(|pair| pair[0] != pair[1])
            || row
                .get("yosan_kamoku")
                .is_some_and(|account| !accounts.contains(account.as_str()))
            || staff[drafter]["shozoku_kodo"] != row["shozoku_kodo"]
    }))
}

fn staff(world: &World) -> Vec<String> {
    let staff: BTreeMap<&str, &Row> = world
        .rows(25, "employee")
        .iter()
        .map(|row| (row["shokuinbango"].as_str(), row))
        .collect();
    let mut faults = Vec::new();
    let mut away: BTreeMap<&str, Vec<(crate::text::date::Day, crate::text::date::Day)>> = BTreeMap::new();
    for row in world.rows(24, "leave").iter().chain(world.rows(24, "business-trip")) {
        away.entry(&row["shokuinbango"])
            .or_default()
            .push(period(row, "kaishibi", "shuryobi"));
    }
    faults.extend(
        away.iter()
            .filter(|(who, spans)| !staff.contains_key(*who) || spans.len() == 2 && overlap(spans[0], spans[1]))
            .map(|found| format!("{found:?}")),
    );
    let mut overtime: BTreeMap<&str, i64> = BTreeMap::new();
    for row in world.rows(24, "attendance") {
        let on = day(&row["kinmubi"]);
        let absent = away
            .get(row["shokuinbango"].as_str())
            .is_some_and(|spans| spans.iter().any(|span| span.0 <= on && on < span.1));
        let wrong = !staff.contains_key(row["shokuinbango"].as_str())
            || absent
            || amount(row, "jitsudo_fun") != 465 + amount(row, "chokakinmu_fun");
        faults.extend(wrong.then(|| format!("{row:?}")));
        *overtime.entry(&row["shokuinbango"]).or_default() += amount(row, "chokakinmu_fun");
    }
    // The newest pay has the overtime of the month whose attendance is kept.
    let newest = world
        .rows(25, "payroll")
        .iter()
        .map(|row| row["shikyu_nengetsu"].as_str())
        .max();
    let newest = world
        .rows(25, "payroll")
        .iter()
        .filter(|row| Some(row["shikyu_nengetsu"].as_str()) == newest);
    faults.extend(told(newest.filter(|row| {
        let hours = (overtime[row["shokuinbango"].as_str()] + 30) / 60;
        (amount(row, "chokakinmu_teate") == 0) != (hours == 0)
            || amount(row, "shikyu_sogaku") - amount(row, "kojo_gokei") != amount(row, "sashihiki_shikyugaku")
    })));
    faults
}

//! The municipality against the definitions of the units, against itself, and against the facts.

mod rules;
mod rules_money;
mod rules_rights;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicBool;

use super::pyramid::PYRAMID;
use super::*;
use crate::standard::unit::{Item, UnitItemType};
use crate::text::characters::{is_full_width, is_half_width};
use crate::text::date::UnknownDate;
use world::{World, day};

fn city(seed: u64, size: u64) -> Municipality {
    Municipality::new(seed, size, day("2026-10-01")).unwrap()
}

/// Why a value does not fit its item.
fn misfit(item: &Item, value: &str) -> Option<String> {
    let length = value.chars().count();
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let fits = match item.item_type {
        _ if !item.codes.is_empty() => item.codes.iter().any(|code| code == value),
        UnitItemType::X => value.chars().all(is_half_width),
        UnitItemType::N => value.chars().all(is_full_width),
        UnitItemType::Integer => digits(value),
        UnitItemType::Signed => digits(value.strip_prefix('-').unwrap_or(value)),
        UnitItemType::Date if item.unknown_date && UnknownDate::parse(value).is_ok() => return None,
        UnitItemType::Date => Day::parse(value).is_ok(),
        UnitItemType::Time => value.len() == 8 && crate::text::date::is_time(value),
        UnitItemType::Year => digits(value) && length == 4,
    };
    let sized = if item.fixed {
        length == item.length
    } else {
        (1..=item.length).contains(&length)
    };
    (!fits || !sized).then(|| format!("{} = {value:?}", item.id))
}

#[test]
fn every_row_fits_its_definition() {
    let world = World::new(7, 2_000);
    let mut faults = BTreeSet::new();
    for (unit, record) in world.records() {
        let rows = world.rows(unit.file.number, &record.id);
        assert!(!rows.is_empty(), "{:02} {} has no row", unit.file.number, record.id);
        let mut keys = BTreeSet::new();
        for row in rows {
            for field in &record.fields {
                match row.get(&field.item.id) {
                    Some(value) => faults.extend(misfit(&field.item, value).map(|why| format!("{} {why}", record.id))),
                    None if field.required => drop(faults.insert(format!("{} lacks {}", record.id, field.item.id))),
                    None => {}
                }
            }
            assert!(
                row.keys()
                    .all(|id| record.fields.iter().any(|field| field.item.id == *id))
            );
            // Rows of one key follow each other in time.
            let mut key: Vec<&str> = record
                .fields
                .iter()
                .filter(|field| field.key)
                .map(|field| row[&field.item.id].as_str())
                .collect();
            key.extend(
                record
                    .since
                    .as_ref()
                    .and_then(|since| row.get(since))
                    .map(String::as_str),
            );
            if !keys.insert(key.clone()) {
                faults.insert(format!("{}: {key:?} twice", record.id));
            }
            if let (Some(since), Some(until)) = (&record.since, &record.until)
                && let (Some(from), Some(to)) = (row.get(since), row.get(until))
                && to < from
            {
                faults.insert(format!("{}: {from} to {to}", record.id));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");
}

/// Items that the mappings leave to the fallback, with the reason.
const LEFT_TO_THE_FALLBACK: &[&str] = &[];

#[test]
fn nothing_is_left_to_the_fallback() {
    let world = World::new(7, 2_000);
    let mut guessed = BTreeSet::new();
    for (unit, record) in world.records() {
        assert!(
            has_rows(unit.file.number, &record.id),
            "{:02} {}",
            unit.file.number,
            record.id
        );
        for household in world.city.households() {
            guessed.extend(records::guessed(&world.city, unit.file.number, record, &household));
        }
    }
    assert_eq!(
        guessed.iter().map(String::as_str).collect::<Vec<_>>(),
        LEFT_TO_THE_FALLBACK
    );
}

fn all_rules() -> Vec<world::Rule> {
    let all = rules::RULES.iter().chain(rules_rights::RULES);
    all.chain(rules_money::RULES).copied().collect()
}

#[test]
fn every_rule_sees_when_units_disagree() {
    // Values of one item change places among the rows of a record; every second row gets lost.
    let mut world = World::new(7, 400);
    let mut blind: BTreeMap<&str, fn(&World) -> Vec<String>> = all_rules().into_iter().collect();
    // What no change of places can break: a Saturday, and tax on who lives from assistance.
    let assisted = world.rows(16, "assistance")[0]["atenabango"].clone();
    for changes in [
        vec![(9, "levy", "nokigen", "2026-10-03")],
        vec![
            (6, "tax-assessment", "atenabango", assisted.as_str()),
            (16, "assistance", "kaishibi", "2025-12-31"),
        ],
    ] {
        let before: Vec<Vec<Row>> = changes
            .iter()
            .map(|(unit, record, ..)| world.rows(*unit, record).to_vec())
            .collect();
        for (unit, record, item, value) in &changes {
            world.set(*unit, record, item, value);
        }
        blind.retain(|_, rule| rule(&world).is_empty());
        for ((unit, record, ..), rows) in changes.iter().zip(before) {
            world.restore(*unit, record, rows);
        }
    }
    let records: Vec<(u8, String, Vec<String>)> = world
        .records()
        .map(|(unit, record)| {
            let items = record.fields.iter().map(|field| field.item.id.clone());
            (unit.file.number, record.id.clone(), items.collect())
        })
        .collect();
    for (unit, record, items) in records {
        for item in items.iter().map(Some).chain([None]) {
            let before = world.spoil(unit, &record, item.map(String::as_str));
            blind.retain(|_, rule| {
                let seen = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| !rule(&world).is_empty()));
                // A rule that cannot even follow its references has seen it too.
                !seen.unwrap_or(true)
            });
            world.restore(unit, &record, before);
            if blind.is_empty() {
                return;
            }
        }
    }
    panic!("these see nothing: {:?}", blind.keys());
}

#[test]
fn units_agree_with_each_other() {
    for (seed, size, as_of) in [
        (7, 2_000, "2026-10-01"),
        (99, 537, "2026-04-01"),
        (3, 100, "2024-02-29"),
        (5, 800, "2027-01-15"),
        (6, 300, "2026-07-31"),
    ] {
        let world = World::on(seed, size, as_of);
        let rules = all_rules();
        assert!(rules.len() >= 25);
        let mut broken = BTreeMap::new();
        for (name, rule) in rules {
            let faults = rule(&world);
            if !faults.is_empty() {
                broken.insert(name, (faults.len(), faults.into_iter().take(3).collect::<Vec<_>>()));
            }
        }
        assert!(broken.is_empty(), "seed {seed}, size {size}, {as_of}: {broken:#?}");
    }
}

#[test]
fn any_size_is_exact_and_other_sizes_are_refused() {
    for size in [100, 101, 102, 137, 199, 200, 250, 999, 1_000, 4_711] {
        let city = city(11, size);
        let residents: usize = city
            .households()
            .map(|household| household.residents(city.as_of()).count())
            .sum();
        assert_eq!(residents as u64, size);
        assert_eq!(city.households().count() as u64, city.household_count());
        assert!(city.household(city.household_count()).is_none());
    }
    let on = day("2026-10-01");
    for size in [0, 99, 3_800_001, u64::MAX] {
        assert_eq!(
            Municipality::new(1, size, on).unwrap_err(),
            MunicipalityError::Size { found: size }
        );
    }
    assert_eq!(city(1, 3_800_000).household_count(), 38_000 * 47);
    assert!(Municipality::new(1, 100, day("2014-12-31")).is_err());
}

#[test]
fn ages_follow_the_pyramid() {
    let city = city(5, 60_000);
    let mut classes = [0_u32; 21];
    for household in city.households() {
        for person in household.residents(city.as_of()) {
            let age = age_of(person, city.as_of());
            classes[(age / 5).min(20)] += 1;
        }
    }
    let (all, residents) = (f64::from(PYRAMID.iter().sum::<u32>()), 60_000.0);
    for (class, (count, share)) in classes.iter().zip(PYRAMID).enumerate() {
        let (found, expected) = (f64::from(*count) / residents, f64::from(share) / all);
        assert!(
            (found - expected).abs() < 0.006,
            "class {class}: {found:.4}, expected {expected:.4}"
        );
    }
}

fn age_of(person: &Person, on: Day) -> usize {
    crate::text::date::age::age_on(person.birth, on).unwrap().into()
}

#[test]
fn a_small_municipality_has_what_is_rare() {
    let city = city(7, 2_000);
    let people: Vec<Person> = city.households().flat_map(|household| household.members).collect();
    let count = |wanted: &dyn Fn(&Person) -> bool| people.iter().filter(|person| wanted(person)).count();
    let forms: BTreeSet<_> = people
        .iter()
        .filter_map(|person| Some(UnknownDate::parse(person.unknown_birth.as_ref()?).unwrap().form()))
        .collect();
    assert_eq!(forms.len(), 14);
    assert!(count(&|person| person.protected.is_some()) >= 40);
    assert!(count(&|person| !person.is_japanese()) >= 40);
    assert!(count(&|person| person.name.kanji.is_some() && person.name.alias_kana.is_some()) > 0);
    assert!(count(&|person| person.name.full.contains('\u{E0100}')) > 0);
    assert!(count(&|person| person.name.former.is_some()) > 0);
    assert!(count(&|person| matches!(person.end, Some((_, End::Died)))) > 0);
    assert!(count(&|person| matches!(person.end, Some((_, End::MovedOut)))) > 0);
    assert!(count(&|person| person.age(city.as_of()) == Some(116)) == 1);
    let islet = city
        .households()
        .filter(|household| household.address.town_code == town::ISLET);
    assert_eq!(islet.map(|household| household.members.len()).collect::<Vec<_>>(), [1]);
}

#[test]
fn a_number_alone_finds_its_rows() {
    let world = World::new(7, 300);
    for (unit, record) in world.records() {
        let subject = record.subject();
        let mut by_subject: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
        for row in world.rows(unit.file.number, &record.id) {
            by_subject.entry(&row[subject]).or_default().push(row);
        }
        for (number, rows) in by_subject {
            let found = world.city.rows_of(unit, record, number);
            assert_eq!(found.iter().collect::<Vec<_>>(), rows, "{} {number}", record.id);
        }
    }
    for stranger in [
        "",
        "300000000000000",
        "812345678901234",
        "S999999990",
        "F999999990",
        "020101019990001",
        "０",
    ] {
        assert!(world.city.holder(stranger).is_none(), "{stranger}");
    }
    let (household, place) = world
        .city
        .resident(&world.city.household(5).unwrap().head().number.to_string())
        .unwrap();
    assert_eq!((household.index, place), (5, 0));
}

#[test]
fn the_same_seed_makes_the_same_bytes_with_any_number_of_jobs() {
    let units = world::units();
    let run = |seed: u64, jobs: usize, folder: &std::path::Path| {
        let options = ExportOptions {
            out: Some(folder.to_owned()),
            units: vec![1, 9, 26],
            format: Format::Csv,
            jobs,
            individual_numbers: false,
        };
        export(
            &city(seed, 3_300),
            &units,
            &options,
            &mut |_| {},
            &AtomicBool::new(false),
        )
        .unwrap()
    };
    let folder = std::env::temp_dir().join(format!("junkyo-population-{}", std::process::id()));
    let sums = |manifest: Manifest| manifest.files.into_iter().map(|file| file.sha256).collect::<Vec<_>>();
    let one = sums(run(42, 1, &folder));
    let three = sums(run(42, 3, &folder));
    let other = sums(run(43, 2, &folder));
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(one, three);
    assert_ne!(one, other);
}

#[test]
fn bytes_do_not_change_from_version_to_version() {
    // Anybody's exports can be compared with ours. A deliberate change of the municipality changes this line.
    let household = city(20_260_401, 1_000).household(3).unwrap();
    let told: Vec<String> = household
        .members
        .iter()
        .map(|person| format!("{} {} {}", person.number, person.birth, person.since))
        .collect();
    assert_eq!(told, PINNED);
}

const PINNED: &[&str] = &[
    "326800000003006 1973-06-28 2020-08-26",
    "326800000003014 2001-01-02 2020-08-26",
];

#[test]
fn a_stopped_export_leaves_nothing_behind() {
    let units = world::units();
    let folder = std::env::temp_dir().join(format!("junkyo-stopped-{}", std::process::id()));
    let options = ExportOptions {
        out: Some(folder.clone()),
        units: Vec::new(),
        format: Format::Csv,
        jobs: 2,
        individual_numbers: false,
    };
    let left = || std::fs::read_dir(&folder).unwrap().count();
    let stopped = export(&city(1, 2_000), &units, &options, &mut |_| {}, &AtomicBool::new(true));
    assert!(matches!(stopped, Err(ExportError::Stopped)));
    assert_eq!(left(), 0);
    // Stopped on the way, over an export that is complete: its manifest goes at once.
    let small = ExportOptions {
        units: vec![1],
        ..options
    };
    export(&city(1, 2_000), &units, &small, &mut |_| {}, &AtomicBool::new(false)).unwrap();
    assert!(folder.join("manifest.json").exists());
    let stop = AtomicBool::new(false);
    let mut progress = |_: u64| stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let stopped = export(&city(1, 2_000), &units, &small, &mut progress, &stop);
    assert!(matches!(stopped, Err(ExportError::Stopped)));
    assert!(!folder.join("manifest.json").exists());
    std::fs::remove_dir_all(&folder).unwrap();
    let wrong = ExportOptions {
        units: vec![27],
        ..small.clone()
    };
    let wrong = export(&city(1, 100), &units, &wrong, &mut |_| {}, &AtomicBool::new(false));
    assert!(matches!(wrong, Err(ExportError::Unit { number: 27, last: 26 })));
    let unwritable = ExportOptions {
        out: Some("/dev/null/x".into()),
        ..small
    };
    let unwritable = export(&city(1, 100), &units, &unwritable, &mut |_| {}, &AtomicBool::new(false));
    assert!(matches!(unwritable, Err(ExportError::Write { .. })));
}

#[test]
fn individual_numbers_are_made_only_where_they_are_unique() {
    let small = city(1, 1_000);
    let mut seen = BTreeSet::new();
    for household in small.households() {
        for place in 0..household.members.len() {
            if let Some(number) = small.individual_number(&household, place) {
                assert!(number.starts_with("000000") && crate::text::check_digit::is_individual_number(&number));
                assert!(seen.insert(number));
            }
        }
    }
    assert_eq!(seen.len(), 1_000);
    let large = city(1, 100_001);
    assert_eq!(large.individual_number(&large.household(0).unwrap(), 0), None);
}

//! Measures catalog and log at the size that they are made for: 20,000 products, 1,000,000 entries.
//! `cargo run --release --example bench_catalog -- [PRODUCTS] [ENTRIES] [FOLDER]`; see ci/bench/README.md.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use junkyo::attest::Digest;
use junkyo::attest::envelope::Envelope;
use junkyo::attest::key::{Algorithm, FileKey};
use junkyo::attest::log::{LeafEntry, NoteSigner, SignatureKind, Tree, leaf_hash, prove_consistency, prove_inclusion};
use junkyo::catalog::{
    Catalog, Cloud, Declared, EventKind, FacetName, Head, Listing, LogHead, MunicipalitySize, PublicEvent, Query,
    Scope, SuiteFacts, VendorFacts,
};
use junkyo::registry::clock::Clock;
use junkyo::registry::log::{LogConfig, LogWriter};
use junkyo::registry::store::{Store, StoreConfig, StoreError};
use junkyo::text::date::Day;

type Anything<T> = Result<T, Box<dyn std::error::Error>>;

const KINDS: [&str; 10] = [
    "住民記録",
    "国民健康保険",
    "個人住民税",
    "固定資産税",
    "介護保険",
    "児童手当",
    "戸籍",
    "国民年金",
    "文書管理",
    "人事給与",
];
const MAKERS: [&str; 8] = [
    "髙島",
    "渡邉",
    "架空",
    "ＭＩＳＡＬＩＯ",
    "山﨑",
    "北斗情報",
    "（株）例示",
    "さくら町",
];

fn main() -> Anything<()> {
    let mut arguments = std::env::args().skip(1);
    let products: usize = arguments.next().map_or(Ok(20_000), |text| text.parse())?;
    let entries: u64 = arguments.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let folder = arguments
        .next()
        .map_or_else(|| PathBuf::from("target/bench/registry"), PathBuf::from);
    catalog(products)?;
    tree(entries);
    log(entries, &folder)?;
    row("peak memory of this process", &memory());
    Ok(())
}

fn row(what: &str, figure: &str) {
    println!("| {what} | {figure} |");
}

fn time<T>(what: &str, act: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = act();
    row(what, &format!("{:.1?}", started.elapsed()));
    result
}

fn memory() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap_or(" ?");
    peak.trim().to_owned()
}

fn day(text: &str) -> Anything<Day> {
    Ok(Day::parse(text)?)
}

/// Products with one to four events each.
fn generate(products: usize) -> Anything<(Vec<PublicEvent>, Vec<Listing>)> {
    let (mut events, mut listings) = (Vec::new(), Vec::new());
    for i in 0..products {
        let kind = i % KINDS.len();
        let mut name = String::new();
        write!(name, "{}{}システム{}", MAKERS[i % MAKERS.len()], KINDS[kind], i / 80)?;
        let product = Digest::of(name.as_bytes());
        let unit = format!("{:02}", i % 26 + 1);
        let first = PublicEvent {
            index: events.len() as u64,
            sha256: Digest::of(&i.to_be_bytes()),
            event: EventKind::Registered,
            registration: format!("JK-2026-{i:06}-00"),
            sequence: 1,
            previous: None,
            product,
            product_name: format!("{name} 3.1.{}", i % 9),
            since: day("2026-11-22")?,
            valid_until: Some(day(["2027-03-31", "2028-03-31", "2029-03-31"][i % 3])?),
            reason: None,
            scope: Some(Scope {
                profiles: vec![
                    format!("unit.{unit}.provider"),
                    format!("unit.{unit}.consumer"),
                    "file-linkage".into(),
                ],
                units: vec![unit],
                step: Some((i % 5 + 1).to_string()),
                features: vec![],
                suite: SuiteFacts {
                    name: "junkyo-corpus 0.1.0".into(),
                    digest: Some(Digest::of(b"corpus")),
                },
            }),
            evidence_level: None,
            report: Some(Digest::of(&(i + 1).to_be_bytes())),
            counts: [("pass".to_owned(), 120), ("skip".to_owned(), 4)].into(),
            partners: vec![],
            successor: None,
        };
        let mut last = first.clone();
        events.push(first);
        for step in [EventKind::Suspended, EventKind::Reinstated, EventKind::Extended]
            .iter()
            .take(i % 4)
        {
            last = PublicEvent {
                index: events.len() as u64,
                sha256: Digest::of(format!("{i} {step}").as_bytes()),
                event: *step,
                sequence: last.sequence + 1,
                previous: Some(last.sha256),
                scope: None,
                report: None,
                counts: [].into(),
                ..last
            };
            events.push(last.clone());
        }
        listings.push(Listing {
            digest: product,
            id: format!("prd_{i}"),
            name,
            name_kana: "カクウ".into(),
            version: format!("3.1.{}", i % 9),
            build: String::new(),
            vendor: VendorFacts {
                corporate_number: format!("{:013}", i % 400),
                name: format!("株式会社{}{}", MAKERS[i % MAKERS.len()], i % 400),
                name_kana: String::new(),
            },
            declared: Declared {
                clouds: vec![Cloud::ALL[i % Cloud::ALL.len()]],
                sizes: MunicipalitySize::ALL[..1 + i % 3].to_vec(),
                summary: "窓口から証明書の交付まで、標準仕様に沿って処理する架空の製品です。".into(),
                ..Declared::default()
            },
        });
    }
    Ok((events, listings))
}

fn catalog(products: usize) -> Anything<()> {
    let (events, listings) = generate(products)?;
    let count = events.len();
    let catalog = time(&format!("fold {count} events of {products} products"), || {
        Catalog::fold(events, listings)
    })?;
    let today = day("2026-12-01")?;
    time("first search (makes the index)", || {
        catalog.search(&Query::words("住民"), today).total
    });
    let mut worst = Duration::ZERO;
    let mut queries: Vec<Query> = [
        "住民",
        "税",
        "高島",
        "渡辺",
        "misalio",
        "国民健康保険",
        "3.1",
        "(株)",
        "zzz",
        "",
    ]
    .map(Query::words)
    .into();
    queries.push(Query::words("高島 国保").with(FacetName::Unit, "10"));
    queries.push(
        Query::default()
            .with(FacetName::Status, "active")
            .with(FacetName::Cloud, "government-cloud"),
    );
    queries.push(Query {
        expires_within: Some(6),
        ..Query::default()
    });
    for query in &queries {
        let mut best = Duration::MAX;
        let mut total = 0;
        for _ in 0..7 {
            let started = Instant::now();
            total = catalog.search(query, today).total;
            best = best.min(started.elapsed());
            worst = worst.max(started.elapsed());
        }
        let facets: Vec<String> = query
            .selected
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        row(
            &format!("search `{}` {} ({total} found)", query.text, facets.join(" ")),
            &format!("{best:.1?}"),
        );
    }
    row("slowest search", &format!("{worst:.1?}"));
    let head = Head {
        catalog: "junkyo.example".into(),
        no: 1,
        issued_at: "2026-12-01T00:00:00Z".into(),
        next_update: "2026-12-02T00:00:00Z".into(),
        log: LogHead {
            root: Digest::of(b"root").into(),
            size: count as u64,
        },
    };
    let catalog = catalog.with_head(head.clone());
    let key = FileKey::from_secret(Algorithm::Ed25519, &[7; 32])?;
    let bytes = time("snapshot: catalog.json, digest, signature", || -> Anything<Vec<u8>> {
        let bytes = catalog.to_json()?;
        let statement = head.statement(Digest::of(&bytes)).to_bytes()?;
        Envelope::sign(&statement, &[&key])?;
        Ok(bytes)
    })?;
    row("size of catalog.json", &format!("{:.1} MB", bytes.len() as f64 / 1e6));
    time("read catalog.json", || Catalog::from_json(&bytes).map(|_| ()))?;
    time("matrix of a unit", || catalog.matrix("01", today).products.len());
    time("CSV", || catalog.to_csv(today).len());
    time("changes since the middle", || {
        catalog.changes(count as u64 / 2, 100).len()
    });
    row("peak memory so far", &memory());
    Ok(())
}

fn tree(entries: u64) {
    let mut tree = Tree::new();
    time(&format!("tree of {entries} entries in memory"), || {
        (0..entries).for_each(|number| tree.append(leaf_hash(&number.to_be_bytes())));
    });
    let root = tree.root();
    time("1,000 inclusion and consistency proofs, made and verified", || {
        for number in 0..1_000 {
            let index = number * (entries / 1_001);
            let Ok(proof) = prove_inclusion(&tree, index, entries);
            let held = proof
                .verify(&leaf_hash(&index.to_be_bytes()), index, entries, &root)
                .is_ok();
            let Ok(proof) = prove_consistency(&tree, index + 1, entries);
            let Ok(old) = junkyo::attest::log::root_of(&tree, index + 1);
            assert!(held && proof.verify(index + 1, &old, entries, &root).is_ok());
        }
    });
}

fn log(entries: u64, folder: &PathBuf) -> Anything<()> {
    std::fs::remove_dir_all(folder).ok();
    std::fs::create_dir_all(folder)?;
    let store = Store::open(&StoreConfig::in_folder(folder.join("data")), &Clock::system())?;
    let signer = || NoteSigner::from_seed("junkyo.example/log", SignatureKind::Log, &[0x15; 32]);
    let config = LogConfig::in_folder(folder.join("log"));
    let writer = LogWriter::open(store.clone(), &config, signer()?)?;
    let entry = |number: u64| LeafEntry {
        kind: "registered".into(),
        payload: Digest::of(&number.to_be_bytes()).0,
        registration: Some(format!("JK-2026-{number:06}-00")),
    };
    time(
        &format!("append {entries} entries to the database"),
        || -> Result<(), StoreError> {
            for first in (0..entries).step_by(10_000) {
                store.write(|tx| {
                    (first..entries.min(first + 10_000))
                        .try_for_each(|number| LogWriter::append(tx, &entry(number), None, 0).map(|_| ()))
                })?;
            }
            Ok(())
        },
    )?;
    time("publish all of them", || writer.publish())?;
    let mut worst = Duration::ZERO;
    let mut sum = Duration::ZERO;
    for number in entries..entries + 20 {
        let started = Instant::now();
        store.write(|tx| LogWriter::append(tx, &entry(number), None, 0).map(|_| ()) as Result<(), StoreError>)?;
        writer.publish()?;
        worst = worst.max(started.elapsed());
        sum += started.elapsed();
    }
    row("append one more and publish (mean of 20)", &format!("{:.1?}", sum / 20));
    row("the slowest of them", &format!("{worst:.1?}"));
    time("proof from the published tiles", || writer.proof(entries / 3)).map(|_| ())?;
    time("open the log again (reads and checks everything)", || {
        LogWriter::open(store.clone(), &config, signer()?).map_err(Box::<dyn std::error::Error>::from)
    })?;
    time("check every published file as well", || writer.check_files())?;
    Ok(())
}

use super::*;
use crate::attest::Digest;
use crate::text::date::Day;

/// A day.
pub(crate) fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// A number that looks like a registration number; without check digits.
pub(crate) fn number(i: usize) -> String {
    format!("JK-2026-{i:06}-00")
}

/// The first event of registration `i`.
pub(crate) fn registered(index: u64, i: usize, name: &str, units: &[&str]) -> (PublicEvent, Listing) {
    let product = Digest::of(name.as_bytes());
    let event = PublicEvent {
        index,
        sha256: Digest::of(format!("e{index}").as_bytes()),
        event: EventKind::Registered,
        registration: number(i),
        sequence: 1,
        previous: None,
        product,
        product_name: format!("{name} 3.1.0"),
        since: day("2026-11-22"),
        valid_until: Some(day("2028-03-31")),
        reason: None,
        scope: Some(Scope {
            profiles: units.iter().map(|unit| format!("unit.{unit}.provider")).collect(),
            units: units.iter().map(|&unit| unit.to_owned()).collect(),
            step: Some("2".into()),
            features: vec![],
            suite: SuiteFacts {
                name: "junkyo-corpus 0.1.0".into(),
                digest: Some(Digest::of(b"corpus")),
            },
        }),
        evidence_level: None,
        report: Some(Digest::of(format!("r{i}").as_bytes())),
        counts: [("pass".to_owned(), 5)].into(),
        partners: vec![],
        successor: None,
    };
    let listing = Listing {
        digest: product,
        id: format!("prd_{i}"),
        name: name.into(),
        name_kana: String::new(),
        version: "3.1.0".into(),
        build: String::new(),
        vendor: VendorFacts {
            corporate_number: "9000000000000".into(),
            name: "株式会社架空システム".into(),
            name_kana: "カクウシステム".into(),
        },
        declared: Declared {
            clouds: vec![Cloud::Government],
            ..Declared::default()
        },
    };
    (event, listing)
}

/// The event of a registration that comes after another one.
pub(crate) fn then(before: &PublicEvent, index: u64, event: EventKind, since: &str) -> PublicEvent {
    PublicEvent {
        index,
        sha256: Digest::of(format!("e{index}").as_bytes()),
        event,
        sequence: before.sequence + 1,
        previous: Some(before.sha256),
        since: day(since),
        valid_until: None,
        scope: None,
        report: None,
        counts: [].into(),
        ..before.clone()
    }
}

fn reason(code: &str) -> Option<Reason> {
    Some(Reason {
        code: code.into(),
        public: crate::text::Text::new("理由", "Reason"),
    })
}

fn catalog(names: &[&str]) -> Catalog {
    let (events, listings): (Vec<_>, Vec<_>) = names
        .iter()
        .enumerate()
        .map(|(i, name)| registered(i as u64, i, name, if i % 2 == 0 { &["01"] } else { &["10", "11"] }))
        .unzip();
    Catalog::fold(events, listings).unwrap()
}

#[test]
fn a_life_as_of_each_day() {
    let (first, listing) = registered(3, 1, "架空住民記録", &["01"]);
    let mut suspended = then(&first, 7, EventKind::Suspended, "2026-12-10");
    suspended.reason = reason("nonconformity");
    let reinstated = then(&suspended, 9, EventKind::Reinstated, "2027-01-15");
    let mut extended = then(&reinstated, 11, EventKind::Extended, "2027-06-01");
    extended.valid_until = Some(day("2030-03-31"));
    extended.report = Some(Digest::of(b"newer"));
    let mut withdrawn = then(&extended, 12, EventKind::Withdrawn, "2030-12-01");
    withdrawn.reason = reason("vendor-request");
    let catalog = Catalog::fold([first, suspended, reinstated, extended, withdrawn], [listing]).unwrap();
    let record = catalog.record(&number(1)).unwrap();
    for (on, status) in [
        ("2026-11-21", None),
        ("2026-11-22", Some(Status::Active)),
        ("2026-12-10", Some(Status::Suspended)),
        ("2027-01-15", Some(Status::Active)),
        ("2028-04-01", Some(Status::Active)),
        ("2030-03-31", Some(Status::Active)),
        ("2030-04-01", Some(Status::Expired)),
        ("2030-12-01", Some(Status::WithdrawnByVendor)),
    ] {
        assert_eq!(record.status_at(day(on)), status, "{on}");
    }
    let then = record.at(day("2026-12-31")).unwrap();
    assert_eq!((then.status, then.history.len()), (Status::Suspended, 2));
    assert_eq!(then.valid_until, Some(day("2028-03-31")));
    assert_eq!(then.status_since, day("2026-12-10"));
    assert_eq!(then.latest_event.index, 7);
    assert_eq!((then.results_digest, then.counts.len()), (Some(Digest::of(b"r1")), 0));
    assert_eq!(record.results_digest, Some(Digest::of(b"newer")));
    let expired = record.at(day("2030-05-01")).unwrap();
    assert_eq!(
        (expired.status, expired.status_since),
        (Status::Expired, day("2030-04-01"))
    );
    assert_eq!(record.at(day("2026-11-21")), None);
    assert!(catalog.search(&Query::default(), day("2026-11-21")).records.is_empty());
}

#[test]
fn events_that_cannot_follow_are_refused() {
    let (first, _) = registered(3, 1, "架空住民記録", &["01"]);
    let suspended = then(&first, 7, EventKind::Suspended, "2026-12-10");
    let fold = |events: Vec<PublicEvent>| Catalog::fold(events, []).map(|_| ()).unwrap_err();
    assert!(matches!(
        fold(vec![suspended.clone()]),
        FoldError::Sequence {
            expected: 1,
            found: 2,
            ..
        }
    ));
    let mut other = suspended.clone();
    other.previous = Some(Digest::of(b"other"));
    assert!(matches!(fold(vec![first.clone(), other]), FoldError::Previous { .. }));
    let twice = then(&suspended, 8, EventKind::Suspended, "2026-12-11");
    assert!(matches!(
        fold(vec![first.clone(), suspended.clone(), twice]),
        FoldError::Impossible {
            status: Status::Suspended,
            ..
        }
    ));
    let skipped = PublicEvent {
        sequence: 3,
        ..suspended.clone()
    };
    assert!(matches!(fold(vec![first.clone(), skipped]), FoldError::Sequence { .. }));
    let other = PublicEvent {
        product: Digest::of(b"other"),
        ..suspended.clone()
    };
    assert!(matches!(
        fold(vec![first.clone(), other]),
        FoldError::OtherProduct { .. }
    ));
    let early = PublicEvent { index: 2, ..suspended };
    assert!(matches!(
        fold(vec![first.clone(), early]),
        FoldError::Order { index: 2, before: 3 }
    ));
    let bare = PublicEvent {
        scope: None,
        ..first.clone()
    };
    assert!(matches!(fold(vec![bare]), FoldError::NoScope { .. }));
    let again = PublicEvent {
        index: 9,
        ..first.clone()
    };
    assert!(matches!(
        fold(vec![first, again]),
        FoldError::Sequence {
            expected: 2,
            found: 1,
            ..
        }
    ));
}

#[test]
fn successors_know_their_predecessors() {
    let (old, _) = registered(0, 1, "架空住民記録", &["01"]);
    let (new, _) = registered(1, 2, "架空住民記録 改", &["01"]);
    let mut superseded = then(&old, 2, EventKind::Superseded, "2026-12-01");
    superseded.successor = Some(number(2));
    let catalog = Catalog::fold([old, new, superseded], []).unwrap();
    assert_eq!(catalog.record(&number(2)).unwrap().predecessor, Some(number(1)));
    assert_eq!(catalog.record(&number(1)).unwrap().successor, Some(number(2)));
    assert_eq!(
        catalog
            .record(&number(1))
            .unwrap()
            .at(day("2026-11-30"))
            .unwrap()
            .successor,
        None
    );
}

#[test]
fn words_are_found_as_people_type_them() {
    let catalog = catalog(&[
        "髙島住民記録",
        "国民健康保険システム",
        "ＭＩＳＡＬＩＯ税務",
        "架空戸籍(株)",
    ]);
    let found = |text: &str| {
        let mut numbers: Vec<usize> = catalog
            .search(&Query::words(text), day("2026-12-01"))
            .records
            .iter()
            .map(|hit| hit.record.registration[8..14].parse().unwrap())
            .collect();
        numbers.sort_unstable();
        numbers
    };
    assert_eq!(found("高島"), [0]);
    assert_eq!(found("髙嶋"), [0]);
    assert_eq!(found("住民"), [0, 2], "the name of unit 01 counts as well");
    assert_eq!(found("税"), [2]);
    assert_eq!(found("misalio"), [2]);
    assert_eq!(found("國民 保険"), [1, 3]);
    assert_eq!(found("保険 国民年金"), [1, 3], "by the names of their units");
    assert_eq!(found("(株)"), [3]);
    assert_eq!(found("㈱"), [3]);
    assert_eq!(found("v3.1"), [] as [usize; 0]);
    assert_eq!(found("3.1.0").len(), 4);
    assert_eq!(found("かくう").len(), 4, "by the reading of the vendor");
    assert_eq!(found(&number(2)), [2]);
    assert_eq!(found("").len(), 4);
    assert_eq!(found("録国"), [] as [usize; 0], "not over the end of a text");
}

#[test]
fn facets_are_counted_over_what_is_found() {
    let names: Vec<String> = (0..10).map(|i| format!("製品{i}")).collect();
    let catalog = catalog(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let today = day("2026-12-01");
    let counts = |query: &Query, facet: FacetName| -> Vec<(String, usize)> {
        let hits = catalog.search(query, today);
        let facet = hits.facets.into_iter().find(|found| found.name == facet).unwrap();
        facet
            .values
            .into_iter()
            .map(|value| (value.value, value.count))
            .collect()
    };
    let all = Query::default();
    assert_eq!(
        counts(&all, FacetName::Unit),
        [("01".into(), 5), ("10".into(), 5), ("11".into(), 5)]
    );
    let one = Query::default().with(FacetName::Unit, "01");
    assert_eq!(catalog.search(&one, today).total, 5);
    // What another unit would give stays visible; other facets count what is found.
    assert_eq!(counts(&one, FacetName::Unit).len(), 3);
    assert_eq!(counts(&one, FacetName::Profile), [("unit.01.provider".into(), 5)]);
    assert_eq!(counts(&one, FacetName::Status), [("active".into(), 5)]);
    let both = one.toggled(FacetName::Unit, "10");
    assert_eq!(catalog.search(&both, today).total, 10);
    assert_eq!(both.toggled(FacetName::Unit, "10"), one);
    let none = Query::default().with(FacetName::Unit, "99");
    assert_eq!(catalog.search(&none, today).total, 0);
    assert_eq!(counts(&none, FacetName::Unit).len(), 3);
    let suspended = Query::default().with(FacetName::Status, "suspended");
    assert_eq!(catalog.search(&suspended, today).total, 0);
    assert_eq!(
        counts(&suspended, FacetName::Status),
        [("active".into(), 10), ("suspended".into(), 0)]
    );
    assert_eq!(counts(&all, FacetName::Vendor), [("9000000000000".into(), 10)]);
    let soon = Query {
        expires_within: Some(3),
        ..Query::default()
    };
    assert_eq!(catalog.search(&soon, today).total, 0);
    assert_eq!(catalog.search(&soon, day("2028-01-01")).total, 10);
    assert_eq!(catalog.search(&soon, day("2028-04-01")).total, 0, "over already");
    let page = Query {
        per_page: 3,
        page: 4,
        ..Query::default()
    };
    let hits = catalog.search(&page, today);
    assert_eq!((hits.pages, hits.page, hits.records.len()), (4, 4, 1));
    assert_eq!(hits.records[0].record.product.name, "製品9");
}

#[test]
fn questions_in_addresses() {
    let pairs = [
        ("q", "住民"),
        ("unit", "01"),
        ("unit", "10"),
        ("status", "active"),
        ("sort", "expiry"),
        ("page", "2"),
        ("expires-within", "6"),
    ];
    let query = Query::from_pairs(pairs).unwrap();
    let written = query.to_pairs();
    let again = Query::from_pairs(written.iter().map(|(key, value)| (*key, &**value))).unwrap();
    assert_eq!(again.to_pairs(), written);
    assert_eq!(written.len(), pairs.len());
    assert_eq!(
        Query::from_pairs([("lang", "ja"), ("q", ""), ("status", " ")]).unwrap(),
        Query::default()
    );
    for hostile in [
        ("status", "gone"),
        ("sort", "; DROP TABLE"),
        ("page", "0"),
        ("page", "-1"),
        ("page", "99999999999999999999"),
        ("from", "2026-02-30"),
        ("expires-within", "1000"),
        ("per-page", "501"),
        ("size", "small'--"),
    ] {
        assert!(Query::from_pairs([hostile]).is_err(), "{hostile:?}");
    }
    assert!(Query::from_pairs([("q", &*"x".repeat(201))]).is_err());
    assert!(
        Query::from_pairs((0..51).map(|_| ("unit", "01"))).is_ok(),
        "the same again is nothing new"
    );
}

#[test]
fn the_file_is_canonical_and_read_again() {
    let catalog = catalog(&["髙島住民記録", "国民健康保険システム"]);
    assert!(matches!(catalog.to_json(), Err(CatalogFileError::NoHead)));
    let catalog = catalog.with_head(Head {
        catalog: "junkyo.example".into(),
        no: 318,
        issued_at: "2026-11-22T00:00:00Z".into(),
        next_update: "2026-11-23T00:00:00Z".into(),
        log: LogHead {
            root: Digest::of(b"root").into(),
            size: 42,
        },
    });
    let bytes = catalog.to_json().unwrap();
    let value = crate::attest::canonical::parse(&bytes).unwrap();
    assert_eq!(crate::attest::canonical::to_bytes(&value).unwrap(), bytes);
    let (again, digest) = Catalog::from_json(&bytes).unwrap();
    assert_eq!(again.records(), catalog.records());
    assert_eq!(again.head(), catalog.head());
    assert_eq!(digest, Digest::of(&bytes));
    let text = String::from_utf8(bytes).unwrap();
    for (from, to) in [
        ("catalog/v1", "catalog/v2"),
        ("\"no\":318", "\"no\":318,\"no\":319"),
        ("\"no\":318", "\"no\":-1"),
        ("\"records\":[{", "\"records\":[{\"x\":1,"),
        (&*number(1), &*number(0)),
    ] {
        let hostile = text.replacen(from, to, 1);
        assert_ne!(hostile, text);
        assert!(Catalog::from_json(hostile.as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn a_snapshot_names_the_file_and_its_place_in_the_log() {
    let head = Head {
        catalog: "junkyo.example".into(),
        no: 318,
        issued_at: "2026-11-22T00:00:00Z".into(),
        next_update: "2026-11-23T00:00:00Z".into(),
        log: LogHead {
            root: Digest::of(b"root").into(),
            size: 42,
        },
    };
    let statement = head.statement(Digest::of(b"file"));
    assert_eq!(statement.subject[0].name, "catalog-318.json");
    let log = serde_json::to_value(statement.predicate.log).unwrap();
    assert_eq!(log, serde_json::to_value(head.log).unwrap());
}

fn partner(of: &Record, role: &str, mode: Mode, outcome: &str, on: &str) -> Partner {
    Partner {
        registration: Some(of.registration.clone()),
        product: of.product.digest.unwrap(),
        name: of.product.name.clone(),
        unit: "01".into(),
        role: role.into(),
        mode,
        outcome: outcome.into(),
        day: day(on),
        report: Digest::of(on.as_bytes()),
    }
}

#[test]
fn the_matrix_shows_what_was_seen() {
    let first = catalog(&["甲住民記録", "乙国保", "丙住民記録", "丁国保"]);
    let records = first.records();
    let (mut a, mut c) = (records[0].clone(), records[2].clone());
    a.partners = vec![
        partner(&records[1], "receiver", Mode::Replayed, "conformant", "2026-11-25"),
        partner(&records[1], "receiver", Mode::Live, "conformant", "2026-12-05"),
        partner(&records[1], "sender", Mode::Live, "non-conformant", "2026-12-05"),
    ];
    c.partners = vec![partner(&records[1], "both", Mode::Replayed, "conformant", "2026-12-01")];
    let catalog = Catalog::from_records(vec![a, records[1].clone(), c, records[3].clone()], None).unwrap();
    let matrix = catalog.matrix("01", day("2026-12-31"));
    let numbers: Vec<&str> = matrix.products.iter().map(|record| &*record.registration).collect();
    assert_eq!(numbers, [number(0), number(1), number(2)], "the fourth takes no part");
    assert_eq!(matrix.cell(0, 1), Cell::Live);
    assert_eq!(matrix.cell(1, 0), Cell::Failed);
    assert_eq!((matrix.cell(2, 1), matrix.cell(1, 2)), (Cell::Replayed, Cell::Replayed));
    assert_eq!(matrix.cell(0, 2), Cell::NotYet);
    assert_eq!(matrix.known(0, 1).unwrap().day, day("2026-12-05"));
    assert_eq!(
        catalog.matrix("01", day("2026-11-30")).cell(0, 1),
        Cell::Replayed,
        "as of a day before"
    );
    assert_eq!(catalog.matrix("02", day("2026-12-31")).products.len(), 0);
}

#[test]
fn changes_and_their_feed() {
    let (first, mut listing) = registered(3, 1, "架空<script>住民記録", &["01"]);
    listing.vendor.name = "A&B\u{8}\"社\"".into();
    let mut suspended = then(&first, 7, EventKind::Suspended, "2026-12-10");
    suspended.reason = reason("nonconformity");
    let (other, _) = registered(5, 2, "別の製品", &["02"]);
    let catalog = Catalog::fold([first, other, suspended], [listing]).unwrap();
    let indexes = |changes: Vec<Change<'_>>| changes.iter().map(|change| change.change.log.index).collect::<Vec<_>>();
    assert_eq!(indexes(catalog.changes(0, 10)), [3, 5, 7]);
    assert_eq!(indexes(catalog.changes(5, 1)), [5]);
    assert_eq!(indexes(catalog.newest_changes(2)), [7, 5]);
    let options = FeedOptions {
        base: "https://junkyo.example",
        title: "製品カタログ",
        updated: "2026-12-10T00:00:00Z",
        lang: crate::text::Lang::Ja,
    };
    let feed = catalog.atom(&options, 10);
    assert!(!feed.contains("<script>") && !feed.contains('\u{8}'));
    let tree = crate::xml::parse(&feed, &crate::xml::Limits::default());
    assert!(tree.is_ok(), "{feed}");
    assert_eq!(feed.matches("<entry>").count(), 3);
}

#[test]
fn the_table_opens_in_a_spreadsheet() {
    let (first, mut listing) = registered(3, 1, "架空住民記録", &["01", "02"]);
    listing.name = "=HYPERLINK(\"http://x\"),1".into();
    let catalog = Catalog::fold([first], [listing]).unwrap();
    let csv = catalog.to_csv(day("2026-12-01"));
    assert!(csv.starts_with("\u{feff}registration,status,"));
    assert!(csv.contains("\"'=HYPERLINK(\"\"http://x\"\"),1\""), "{csv}");
    assert!(csv.contains(",01; 02,"));
    assert_eq!(csv.matches("\r\n").count(), 2);
    assert_eq!(
        catalog.to_csv(day("2026-01-01")).matches("\r\n").count(),
        1,
        "not yet registered"
    );
    assert_eq!(data_dictionary().matches("\r\n").count(), COLUMNS.len() + 1);
}

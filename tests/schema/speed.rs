//! How long one message takes: a figure for `ci/bench/README.md`, not a test.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::{Duration, Instant};

use junkyo::schema::{Against, SchemaEngine};
use junkyo::xml::{Limits, parse};

use crate::help::service;

const ROUNDS: usize = 2_000;

#[test]
#[ignore = "measures; see ci/bench/README.md"]
fn of_one_message() {
    let schema = service();
    let good = message("架空市本町一丁目");
    let bad = message("");
    let document = parse(&good, &Limits::default()).expect("well-formed");
    let wrong = parse(&bad, &Limits::default()).expect("well-formed");
    let errors = schema.validate(wrong.root(), Against::Declaration).len();
    println!(
        "message of {} bytes, {} elements, best and median of {ROUNDS}",
        good.len(),
        document.elements().count()
    );
    measure("parse", || drop(black_box(parse(&good, &Limits::default()))));
    measure("validate", || {
        assert!(schema.validate(document.root(), Against::Declaration).is_empty())
    });
    measure(&format!("validate, {errors} errors"), || {
        assert_eq!(schema.validate(wrong.root(), Against::Declaration).len(), errors);
    });
    measure("compile the schema", || drop(black_box(service())));
}

fn measure(what: &str, mut work: impl FnMut()) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what}: {:.0} µs, {:.0} µs",
        micros(times[0]),
        micros(times[ROUNDS / 2])
    );
}

/// An extract of eleven residents, about 4.4 KB.
fn message(address: &str) -> String {
    let mut text = String::from(
        "<m:requestExtractResponse xmlns:m=\"http://junkyo.example/exchange/1/messages\" \
         xmlns:t=\"http://junkyo.example/exchange/1/types\"><m:extractId>e-1</m:extractId><m:extract>\n",
    );
    for number in 0..11 {
        writeln!(
            text,
            "<t:resident version=\"{}\"><t:residentNumber>{number:015}</t:residentNumber><t:name>架空　花子</t:name>\
             <t:kana>カクウ　ハナコ</t:kana><t:birthDate>1990-02-28</t:birthDate><t:sex>2</t:sex>\
             <t:address><t:postcode>0000000</t:postcode><t:text>{address}</t:text></t:address></t:resident>",
            number + 1
        )
        .expect("a string takes everything");
    }
    text + "</m:extract></m:requestExtractResponse>"
}

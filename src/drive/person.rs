//! The body that a call starts from: a synthetic person, and the fields of the operation.

use serde_json::{Map, Value};

use crate::evidence::RunFacts;
use crate::population::{Kind, Person, Rng};
use crate::standard::Interface;
use crate::text::date::day_and_time_in_japan;

/// A word that only one scenario of a run uses: ten half-width letters and digits.
pub(super) fn marker(seed: u64, scenario: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let mut rng = Rng::new(seed, &["marker", scenario]);
    (0..10).map(|_| char::from(*rng.pick(LETTERS))).collect()
}

/// The parameters of a numbering request for one person, in the order of the request table.
pub(super) fn base_body(facts: &RunFacts, interface: &Interface, scenario: &str, key: &str) -> Map<String, Value> {
    let kind = if key.starts_with("foreigner") {
        Kind::Foreign
    } else {
        Kind::Japanese
    };
    let person = Person::new(kind, facts.seed, &[scenario, key]);
    let (day, time) = day_and_time_in_japan(facts.started_unix_ms);
    let marker = marker(facts.seed, scenario);
    let operation = [
        ("shorikubun", "0"),
        ("shikuchosonkodo", facts.municipality.as_str()),
        ("jusho_shikuchosonkodo", facts.municipality.as_str()),
        ("gyomuid", "010"),
        ("dokujishisakushisutemutoid", "000"),
        ("nayosemotofuragu", "0"),
        ("tagyomusanshofukafuragu", "0"),
        ("sosashaid", marker.as_str()),
        ("sosanengappi", day.as_str()),
        ("sosajikoku", time.as_str()),
    ];
    interface
        .parameter
        .iter()
        .filter_map(|row| {
            let value = operation
                .iter()
                .find(|(name, _)| *name == row.name)
                .map(|(_, value)| Value::from(*value))
                .or_else(|| person.fields.get(&row.name).cloned())?;
            Some((row.name.clone(), value))
        })
        .collect()
}

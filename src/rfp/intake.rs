//! What is read from beside a catalog: whether it is the signed one, and which reports a list needs.

use super::list::{ClauseList, Offer};
use super::register::{Register, Reports};
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::statement::{CatalogSnapshot, Statement};
use crate::attest::verify::trust::{Role, Trust};
use crate::catalog::{Catalog, Record};
use crate::registry::model::Moment;
use crate::text::Text;

/// Whether a catalog is the one that a trusted key signed.
///
/// # Errors
/// Why it is not, in both languages.
pub fn verify_catalog(catalog: &Catalog, digest: Digest, envelope: &[u8], trust: &Trust) -> Result<Text, Text> {
    let line = envelope
        .split(|byte| *byte == b'\n')
        .rfind(|line| !line.trim_ascii().is_empty());
    let broken = |error: &dyn std::fmt::Display| {
        Text::new(
            format!("カタログの署名（catalog.intoto.jsonl）を読めません: {error}"),
            format!("the signature of the catalog (catalog.intoto.jsonl) cannot be read: {error}"),
        )
    };
    let envelope = Envelope::parse(line.unwrap_or_default()).map_err(|error| broken(&error))?;
    let statement = Statement::<CatalogSnapshot>::parse(&envelope.payload).map_err(|error| broken(&error))?;
    let facts = &statement.predicate;
    let issued = Moment::parse(&facts.issued_at)
        .and_then(|moment| time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(moment.0) * 1_000_000).ok());
    let signers = envelope.signers(&trust.keys(Role::Snapshot, issued));
    let Some(signer) = signers.first() else {
        return Err(Text::new(
            "カタログに、信頼する鍵の署名がありません",
            "the catalog is not signed by a key that you trust",
        ));
    };
    let agrees = statement.subject.len() == 1
        && statement.subject[0].digest.sha256 == digest
        && catalog.head().is_some_and(|head| {
            head.no == facts.no
                && head.issued_at == facts.issued_at
                && head.next_update == facts.next_update
                && head.log.size == facts.log.size
                && head.log.root == facts.log.root
        });
    if !agrees {
        return Err(Text::new(
            "catalog.json は署名されたカタログではありません",
            "catalog.json is not the catalog that was signed",
        ));
    }
    Ok(Text::new(
        format!("カタログの署名を確認しました（鍵 {signer}）"),
        format!("the signature of the catalog was verified (key {signer})"),
    ))
}

/// Reports of the registrations that the claims of a list can rest on.
pub fn needed_reports(list: &ClauseList, catalog: &Catalog) -> Vec<Digest> {
    let none = Reports::default();
    let register = Register::new(catalog, None, &none);
    let mut records: Vec<&Record> = Vec::new();
    for offer in &list.offers {
        records.extend(of_offer(&register, offer));
    }
    for claim in &list.claims {
        let numbers = claim.registrations.iter();
        records.extend(numbers.filter_map(|number| catalog.record(number)));
        if let Some(product) = &claim.product {
            records.extend(register.named(&list.offers[claim.offer].vendor, product));
        }
    }
    let mut digests: Vec<Digest> = records
        .into_iter()
        .flat_map(|record| {
            let named = register.named(&record.vendor.name, &record.product.name);
            named.into_iter().chain(std::iter::once(record)).collect::<Vec<_>>()
        })
        .flat_map(|record| {
            let earlier = record.history.iter().filter_map(|change| change.report);
            earlier.chain(record.results_digest).collect::<Vec<_>>()
        })
        .collect();
    digests.sort_unstable_by_key(|digest| *digest.as_bytes());
    digests.dedup();
    digests
}

fn of_offer<'a>(register: &Register<'a>, offer: &Offer) -> Vec<&'a Record> {
    let numbers = offer.registrations.iter();
    let mut records: Vec<&Record> = numbers.filter_map(|number| register.catalog.record(number)).collect();
    if let Some(product) = &offer.product {
        records.extend(register.named(&offer.vendor, product));
    }
    records
}

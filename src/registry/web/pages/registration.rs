//! A registration: its page, its certificate, its badge, its proof.

use std::collections::BTreeMap;

use askama::Template;
use qrcode::QrCode;
use qrcode::render::svg;

use super::view::{Words, grouped, registration_look};
use super::{catalog, number_of, page};
use crate::catalog::{Reason, Record, Status};
use crate::registry::Registry;
use crate::registry::model::{Finding, RequirementResult, Waiver};
use crate::registry::web::{PageError, Params, Reply, Visitor};
use crate::scenario::Corpus;
use crate::text::date::Day;

/// Requirements of a profile that are shown without being asked for.
const OPEN: usize = 30;

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/registration.html" %}"#
)]
struct Registration<'a> {
    visitor: &'a Visitor,
    corpus: &'a Corpus,
    record: &'a Record,
    as_of: Day,
    past: bool,
    results: Vec<RequirementResult>,
    waivers: Vec<Waiver>,
    findings: Vec<Finding>,
}

impl Registration<'_> {
    fn class(&self) -> &'static str {
        registration_look(self.record.status).0
    }

    fn sign(&self) -> &'static str {
        registration_look(self.record.status).1
    }

    fn meaning(&self) -> &'static str {
        meaning(self.visitor, self.record.status)
    }

    fn reason(&self) -> Option<&Reason> {
        if self.record.status == Status::Active {
            return None;
        }
        self.record.history.last()?.reason.as_ref()
    }

    fn counts(&self) -> Vec<(&str, usize)> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for result in &self.results {
            *counts.entry(&result.verdict).or_default() += 1;
        }
        counts.into_iter().collect()
    }

    /// Results by profile: its name, its results, whether they are shown at once.
    fn groups(&self) -> Vec<(String, Vec<&RequirementResult>, bool)> {
        let mut groups: Vec<(&str, Vec<&RequirementResult>)> = Vec::new();
        for result in &self.results {
            let place = groups.iter().position(|(profile, _)| *profile == result.profile);
            match place {
                Some(at) => groups[at].1.push(result),
                None => groups.push((&result.profile, vec![result])),
            }
        }
        groups
            .into_iter()
            .map(|(profile, results)| {
                let open = results.len() <= OPEN;
                (self.visitor.profile(self.corpus, profile), results, open)
            })
            .collect()
    }

    fn requirement(&self, id: &str) -> &str {
        self.corpus
            .requirement(id)
            .map_or("", |requirement| self.visitor.say(&requirement.text))
    }
}

/// The record as it stood on a day.
fn record_of(registry: &Registry, params: &Params) -> Result<(Record, Day, bool), PageError> {
    let number = number_of(params)?.to_string();
    let as_of = catalog::as_of(registry, params);
    let catalog = registry.catalog()?;
    let record = catalog.record(&number).ok_or(PageError::NotFound)?;
    let record = record.at(as_of).ok_or(PageError::NotFound)?;
    Ok((record, as_of, as_of != registry.now().day()))
}

pub(super) fn show(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let (record, as_of, past) = record_of(registry, params)?;
    let number = number_of(params)?;
    let results = registry
        .registered_results(number)
        .map_or_else(|_| Vec::new(), |report| report.results);
    let body = Registration {
        visitor,
        corpus: registry.corpus(),
        record: &record,
        as_of,
        past,
        results,
        waivers: registry.registration_waivers(number)?,
        findings: registry.findings(number)?,
    };
    page(
        visitor,
        &format!("{} {}", record.product.name, record.product.version),
        &body,
    )
}

#[derive(Template)]
#[template(
    ext = "html",
    source = r#"{% include "reports/templates/registry/certificate.html" %}"#
)]
struct Certificate<'a> {
    visitor: &'a Visitor,
    corpus: &'a Corpus,
    record: &'a Record,
    as_of: Day,
}

impl Certificate<'_> {
    fn words(&self) -> &str {
        self.visitor.t(
            "上記の製品は、次の範囲において標準仕様への準拠が試験および審査により確認されたため、ここに登録する。",
            "The product named above was tested and examined, found to conform to the standard in the scope below, and is hereby registered.",
        )
    }

    fn fingerprint(&self) -> String {
        grouped(&self.record.decision.sha256)
    }

    fn address(&self) -> String {
        format!("{}/r/{}", self.visitor.origin, self.record.registration)
    }

    /// The address as a code to read with a camera.
    fn code(&self) -> String {
        let Ok(code) = QrCode::new(self.address()) else {
            return String::new();
        };
        let svg = code
            .render::<svg::Color<'_>>()
            .min_dimensions(128, 128)
            .quiet_zone(true)
            .build();
        let svg = svg.split_once("?>").map_or(svg.as_str(), |(_, rest)| rest);
        let label = self
            .visitor
            .t("登録の頁へのQRコード", "QR code of the registration page");
        svg.replacen("<svg ", &format!("<svg role=\"img\" aria-label=\"{label}\" "), 1)
    }
}

pub(super) fn certificate(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let (record, as_of, _) = record_of(registry, params)?;
    let body = Certificate {
        visitor,
        corpus: registry.corpus(),
        record: &record,
        as_of,
    };
    page(visitor, visitor.title, &body)
}

#[derive(Template)]
#[template(
    ext = "svg",
    escape = "html",
    source = r#"{% include "reports/templates/registry/badge.svg" %}"#
)]
struct Badge {
    text: String,
    label: String,
    colour: &'static str,
    width: usize,
}

pub(super) fn badge(registry: &Registry, visitor: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let (record, ..) = record_of(registry, params)?;
    let colour = match record.status {
        Status::Active => "#0a6152",
        Status::Suspended => "#794a00",
        Status::WithdrawnByBody => "#a7210e",
        _ => "#58616b",
    };
    let text = format!("{} {}", visitor.word(record.status.title()), record.registration);
    // Wide characters take a whole em, narrow ones about half of one.
    let width = text.chars().map(|c| if c.is_ascii() { 15 } else { 25 }).sum::<usize>() / 2;
    let badge = Badge {
        label: format!("junkyo {} {} {text}", record.product.name, record.product.version),
        text,
        colour,
        width: width + 84,
    };
    let svg = badge.render().map_err(PageError::internal)?;
    Ok(Reply::bytes("image/svg+xml", svg.into_bytes())
        .cache(300)
        .public_image())
}

pub(super) fn proof(registry: &Registry, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let number = number_of(params)?;
    let pack = registry.proof_pack(number)?;
    Ok(Reply::file(pack, "application/zip", &format!("{number}.proof.zip")))
}

/// What a state means for whoever reads it.
pub(super) fn meaning(visitor: &Visitor, status: Status) -> &'static str {
    let (ja, en) = match status {
        Status::Active => (
            "この版は、下記の範囲で標準に準拠していることが確認され、登録されています。",
            "This version was seen to conform in the scope below, and is registered.",
        ),
        Status::Suspended => (
            "登録は停止されています。再開されるまで、登録された製品として扱えません。",
            "The registration is suspended. Until it is reinstated the product does not count as registered.",
        ),
        Status::WithdrawnByVendor => (
            "事業者の申出により登録を終えました。",
            "The registration ended at the request of the vendor.",
        ),
        Status::WithdrawnByBody => ("登録は取り消されました。", "The registration was withdrawn."),
        Status::Superseded => (
            "後継の登録に引き継がれました。",
            "A later registration took the place of this one.",
        ),
        Status::Expired => (
            "有効期限が過ぎています。更新されるまで、登録された製品として扱えません。",
            "The registration has expired. Until it is renewed the product does not count as registered.",
        ),
    };
    visitor.lang.pick(ja, en)
}

//! What registered evidence amounts to for requirements, a product and its version, on a day.

use super::check::{is_same_product, shown};
use super::fold;
use super::list::{Claim, Offer};
use super::register::{Register, Verdict};
use super::result::{Evidence, Finding};
use crate::catalog::{Record, Status};
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::Day;

/// Everything that evidence is weighed with.
pub(super) struct Scales<'a> {
    pub(super) register: &'a Register<'a>,
    pub(super) corpus: &'a Corpus,
    pub(super) as_of: Day,
}

/// What evidence amounts to.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) finding: Finding,
    pub(super) reasons: Vec<Text>,
    pub(super) evidence: Vec<Evidence>,
    /// The contradiction rests on a withdrawal.
    pub(super) is_withdrawn: bool,
}

/// Registrations that can bear on a claim.
struct Candidates<'a> {
    /// Of the product in the version offered; those in force first, newer decisions first.
    same: Vec<&'a Record>,
    /// Of the same product in other versions: shown, never counted.
    others: Vec<&'a Record>,
    /// Why there is nothing to look at.
    lacking: Option<(Finding, Text)>,
    notes: Vec<Text>,
}

impl<'a> Scales<'a> {
    /// Weighs what there is for all requirements of a claim.
    pub(super) fn weigh(&self, requirements: &[String], offer: &Offer, claim: &Claim) -> Standing {
        let candidates = self.candidates(offer, claim);
        let mut standing = Standing {
            finding: Finding::Substantiated,
            reasons: candidates.notes.clone(),
            evidence: Vec::new(),
            is_withdrawn: false,
        };
        if let Some((finding, reason)) = candidates.lacking {
            standing.finding = finding;
            standing.reasons.push(reason);
            return standing;
        }
        for requirement in requirements {
            let (evidence, is_withdrawn) = self.of_requirement(requirement, &candidates);
            standing.finding = standing.finding.graver(evidence.finding);
            standing.is_withdrawn |= is_withdrawn;
            standing.evidence.push(evidence);
        }
        standing.reasons.extend(summary(&standing.evidence));
        standing
    }

    fn candidates(&self, offer: &Offer, claim: &Claim) -> Candidates<'a> {
        let product = claim.product.as_deref().or(offer.product.as_deref());
        let version = claim.version.as_deref().or(offer.version.as_deref());
        let named = if claim.registrations.is_empty() {
            &offer.registrations
        } else {
            &claim.registrations
        };
        let mut found = Candidates {
            same: Vec::new(),
            others: Vec::new(),
            lacking: None,
            notes: Vec::new(),
        };
        for number in named {
            self.add_named(number, offer, product, version, &mut found);
        }
        let anchors: Vec<&Record> = found.same.clone();
        if let Some(product) = product {
            for record in self.register.named(&offer.vendor, product) {
                sort_in(record, version, anchors.first().copied(), &mut found);
            }
        } else if let Some(anchor) = anchors.first() {
            for record in self.register.named(&anchor.vendor.name, &anchor.product.name) {
                sort_in(record, Some(&anchor.product.version), None, &mut found);
            }
        }
        let rank = |record: &&Record| {
            let is_active = record.status_at(self.as_of) == Some(Status::Active);
            (!is_active, std::cmp::Reverse(record.decision.index))
        };
        found.same.sort_by_key(rank);
        found.others.sort_by_key(rank);
        if found.same.is_empty() {
            found.lacking = Some(self.lacking(offer, product, version, &found.others));
        }
        found
    }

    /// A registration that the vendor names.
    fn add_named(
        &self,
        number: &str,
        offer: &Offer,
        product: Option<&str>,
        version: Option<&str>,
        found: &mut Candidates<'a>,
    ) {
        let Some(record) = self.register.catalog.record(number) else {
            found.notes.push(Text::new(
                format!("登録番号 {number} はカタログにありません"),
                format!("the catalog has no registration {number}"),
            ));
            return;
        };
        let other_vendor = !offer.vendor.is_empty()
            && !record.vendor.name.is_empty()
            && fold::name(&offer.vendor) != fold::name(&record.vendor.name);
        if product.is_some_and(|product| !is_same_product(record, product)) {
            found.notes.push(Text::new(
                format!("登録番号 {number} は別の製品「{}」のものです", record.product.name),
                format!(
                    "the registration {number} is that of another product, {:?}",
                    record.product.name
                ),
            ));
        } else if version.is_some_and(|version| fold::version(version) != fold::version(&record.product.version)) {
            found.notes.push(Text::new(
                format!("登録番号 {number} は別の版 {} のものです", record.product.version),
                format!(
                    "the registration {number} is that of another version, {}",
                    record.product.version
                ),
            ));
            found.others.push(record);
        } else {
            if other_vendor {
                // A bidder may offer the product of another vendor; that is said, not judged.
                found.notes.push(Text::new(
                    format!("登録番号 {number} の事業者は「{}」です", record.vendor.name),
                    format!(
                        "the registration {number} is that of the vendor {:?}",
                        record.vendor.name
                    ),
                ));
            }
            found.same.push(record);
        }
    }

    fn lacking(
        &self,
        offer: &Offer,
        product: Option<&str>,
        version: Option<&str>,
        others: &[&Record],
    ) -> (Finding, Text) {
        match (product, version) {
            (Some(product), None) if !others.is_empty() => (
                Finding::Undetermined,
                Text::new(
                    format!(
                        "提案の版が書かれていません。「{product}」の登録は {} の版にあります",
                        versions(others)
                    ),
                    format!(
                        "the version offered is not told; {product:?} is registered in the versions {}",
                        versions(others)
                    ),
                ),
            ),
            (Some(product), Some(version)) if !others.is_empty() => (
                Finding::NotSubstantiated,
                Text::new(
                    format!(
                        "提案の版 {version} の「{product}」は登録がありません（登録のある版: {}）",
                        versions(others)
                    ),
                    format!(
                        "{product:?} is not registered in the version offered, {version} (registered: {})",
                        versions(others)
                    ),
                ),
            ),
            (Some(product), _) => (
                Finding::NotSubstantiated,
                Text::new(
                    format!("「{product}」という製品の登録がありません"),
                    format!("no product {product:?} of this vendor is registered"),
                ),
            ),
            (None, _) if !offer.registrations.is_empty() => (
                Finding::NotSubstantiated,
                Text::new(
                    "挙げられた登録番号では裏づけられません",
                    "the registrations that are named substantiate nothing",
                ),
            ),
            (None, _) => {
                let known = self.register.of_vendor(&offer.vendor);
                let mut names: Vec<String> = known.iter().map(|record| record.product.name.clone()).collect();
                names.sort_unstable();
                names.dedup();
                names.truncate(5);
                (
                    Finding::Undetermined,
                    Text::new(
                        format!(
                            "提案の製品と登録番号が書かれていません（この事業者の登録製品: {}）",
                            listed(&names, "なし")
                        ),
                        format!(
                            "neither product nor registration is told (registered of this vendor: {})",
                            listed(&names, "none")
                        ),
                    ),
                )
            }
        }
    }

    /// What there is for one requirement, and whether it rests on a withdrawal.
    fn of_requirement(&self, id: &str, candidates: &Candidates<'a>) -> (Evidence, bool) {
        let mut first_weak: Option<(Evidence, bool)> = None;
        for record in &candidates.same {
            let Some((evidence, is_withdrawn)) = self.of_record(id, record) else {
                continue;
            };
            // The newest registration in force decides; without one, the gravest of what there was.
            let is_active = record.status_at(self.as_of) == Some(Status::Active);
            if is_active {
                return (evidence, is_withdrawn);
            }
            let is_graver = first_weak
                .as_ref()
                .is_none_or(|(known, _)| known.finding.graver(evidence.finding) != known.finding);
            if is_graver {
                first_weak = Some((evidence, is_withdrawn));
            }
        }
        first_weak.unwrap_or_else(|| (self.uncovered(id, candidates), false))
    }

    /// What a registration says of a requirement; `None` if it does not cover it.
    fn of_record(&self, id: &str, record: &'a Record) -> Option<(Evidence, bool)> {
        let status = record.status_at(self.as_of);
        let results = self.register.results(record, self.as_of);
        let verdict = results.and_then(|results| results.verdict(id, &record.scope.profiles));
        let is_in_scope = verdict.is_some() || results.is_none() && self.profiles_hold(id, record);
        if !is_in_scope {
            return None;
        }
        let mut evidence = Evidence {
            requirement: id.to_owned(),
            finding: Finding::NotSubstantiated,
            registration: Some(record.registration.clone()),
            product: record.product.name.clone(),
            version: record.product.version.clone(),
            status: status.map(|status| status.word().to_owned()),
            valid_until: record.valid_until_at(self.as_of),
            verdict: verdict.map(|verdict| verdict.word.clone()),
            held: verdict.map_or(0, |verdict| verdict.held),
            judged: verdict.map_or(0, |verdict| verdict.judged),
            report: Register::report_at(record, self.as_of),
            decision: Some(record.decision.sha256),
            log_index: Some(record.decision.index),
            reason: None,
        };
        let mut is_withdrawn = false;
        let (finding, reason) = match status {
            None => (
                Finding::NotSubstantiated,
                Some(Text::new(
                    format!(
                        "{} の登録は {} からで、基準日にはまだありません",
                        record.registration, record.valid_from
                    ),
                    format!("{} is registered only from {}", record.registration, record.valid_from),
                )),
            ),
            Some(Status::Active) => of_verdict(verdict, record),
            Some(Status::Suspended) => (Finding::Suspended, Some(self.why(record, "停止中です", "is suspended"))),
            Some(Status::Expired) => (
                Finding::Expired,
                Some(Text::new(
                    format!(
                        "{} の有効期限（{}）が過ぎています",
                        record.registration,
                        day(record.valid_until_at(self.as_of))
                    ),
                    format!(
                        "{} expired ({})",
                        record.registration,
                        day(record.valid_until_at(self.as_of))
                    ),
                )),
            ),
            Some(Status::WithdrawnByBody) => {
                is_withdrawn = true;
                (
                    Finding::Contradicted,
                    Some(self.why(record, "取り消されています", "was withdrawn for cause")),
                )
            }
            Some(Status::WithdrawnByVendor) => (
                Finding::NotSubstantiated,
                Some(self.why(
                    record,
                    "事業者により取り下げられています",
                    "was given back by the vendor",
                )),
            ),
            Some(Status::Superseded) => (
                Finding::NotSubstantiated,
                Some(self.why(
                    record,
                    "後継の登録に移行しています",
                    "was superseded by another registration",
                )),
            ),
        };
        evidence.finding = finding;
        evidence.reason = reason.or_else(|| flagged(record, self.as_of));
        Some((evidence, is_withdrawn))
    }

    fn profiles_hold(&self, id: &str, record: &Record) -> bool {
        let Some(requirement) = self.corpus.requirement(id) else {
            return false;
        };
        let profiles = record
            .scope
            .profiles
            .iter()
            .flat_map(|id| self.corpus.expand_profile(id));
        profiles.into_iter().any(|profile| profile.holds(requirement))
    }

    /// The status of a registration with the public reason of the last change.
    fn why(&self, record: &Record, ja: &str, en: &str) -> Text {
        let change = record.history.iter().rfind(|change| change.since <= self.as_of);
        let since = change.map(|change| change.since.to_string()).unwrap_or_default();
        let reason = change
            .and_then(|change| change.reason.as_ref())
            .map(|reason| reason.public.clone());
        let reason = reason.unwrap_or_default();
        let successor = record.successor.as_deref().unwrap_or_default();
        Text::new(
            format!("{} は{ja}（{since} {} {successor}", record.registration, reason.ja)
                .trim_end()
                .to_owned()
                + "）",
            format!("{} {en} ({since} {} {successor}", record.registration, reason.en)
                .trim_end()
                .to_owned()
                + ")",
        )
    }

    /// Nothing of this version covers the requirement: what is known of others, and whether anybody tests it.
    fn uncovered(&self, id: &str, candidates: &Candidates<'a>) -> Evidence {
        let mut evidence = Evidence {
            requirement: id.to_owned(),
            finding: Finding::NotSubstantiated,
            registration: None,
            product: String::new(),
            version: String::new(),
            status: None,
            valid_until: None,
            verdict: None,
            held: 0,
            judged: 0,
            report: None,
            decision: None,
            log_index: None,
            reason: None,
        };
        let other = candidates.others.iter().find_map(|record| self.of_record(id, record));
        evidence.reason = Some(
            match (
                other,
                self.corpus.requirement(id).and_then(|known| known.not_tested.clone()),
            ) {
                (Some((other, _)), _) => Text::new(
                    format!(
                        "別の版の証拠: {} は {}（提案の版の裏づけにはなりません）",
                        shown(&other),
                        other.finding.text().ja
                    ),
                    format!(
                        "evidence of another version: {} is {} (it counts for nothing here)",
                        shown(&other),
                        other.finding.text().en
                    ),
                ),
                (None, Some(why)) => Text::new(
                    format!("この要件は試験の対象になっていません: {}", why.ja),
                    format!("nobody tests this requirement: {}", why.en),
                ),
                (None, None) => Text::new(
                    "登録の範囲（プロファイル）にこの要件がありません",
                    "the requirement is not within the profiles of any registration of this version",
                ),
            },
        );
        evidence
    }
}

/// What the verdict of a registration in force amounts to.
fn of_verdict(verdict: Option<&Verdict>, record: &Record) -> (Finding, Option<Text>) {
    let Some(verdict) = verdict else {
        return (
            Finding::Undetermined,
            Some(Text::new(
                format!(
                    "{} の試験結果（報告書）が手元にありません。カタログと一緒に reports/ を入手してください",
                    record.registration
                ),
                format!(
                    "the report of {} is not at hand; fetch reports/ together with the catalog",
                    record.registration
                ),
            )),
        );
    };
    let counted = format!("{}/{}", verdict.held, verdict.judged);
    match verdict.word.as_str() {
        "pass" => (Finding::Substantiated, None),
        "fail" => (
            Finding::Contradicted,
            Some(Text::new(
                format!("登録された試験結果は不合格です（{counted}）"),
                format!("the registered result is fail ({counted})"),
            )),
        ),
        "warn" => (
            Finding::Contradicted,
            Some(Text::new(
                format!("推奨要件が満たされていません（{counted}）"),
                format!("a recommended requirement is not met ({counted})"),
            )),
        ),
        "waived" => (
            Finding::Contradicted,
            Some(Text::new(
                "不合格ですが、登録に当たって猶予されています（満たしてはいません）",
                "it failed, and was waived for the registration (it is not met)",
            )),
        ),
        "info" => (
            Finding::NotSubstantiated,
            Some(Text::new(
                "観察だけの要件で、合否を判定していません",
                "the requirement is observed only; nothing was decided",
            )),
        ),
        "skip" => (
            Finding::NotSubstantiated,
            Some(Text::new(
                "試験の対象外とされ、判定されていません",
                "it was skipped in the run; nothing was decided",
            )),
        ),
        other => (
            Finding::NotSubstantiated,
            Some(Text::new(
                format!("試験結果は {other} で、合格ではありません"),
                format!("the registered result is {other}, which is no pass"),
            )),
        ),
    }
}

/// What a reader has to know although the claim is substantiated.
fn flagged(record: &Record, as_of: Day) -> Option<Text> {
    let flag = record.flags.iter().find(|flag| flag.since <= as_of)?;
    let reason = flag
        .reason
        .as_ref()
        .map(|reason| reason.public.clone())
        .unwrap_or_default();
    Some(Text::new(
        format!("{}: 登録後の注記（{}）{}", record.registration, flag.code, reason.ja),
        format!(
            "{}: flagged after registration ({}) {}",
            record.registration, flag.code, reason.en
        ),
    ))
}

/// A registration of the same product, by its version.
fn sort_in<'a>(record: &'a Record, version: Option<&str>, anchor: Option<&Record>, found: &mut Candidates<'a>) {
    let is_known = |list: &[&Record]| list.iter().any(|known| known.registration == record.registration);
    if is_known(&found.same) || is_known(&found.others) {
        return;
    }
    let wanted = version
        .map(str::to_owned)
        .or_else(|| anchor.map(|anchor| anchor.product.version.clone()));
    match wanted {
        Some(wanted) if fold::version(&wanted) == fold::version(&record.product.version) => found.same.push(record),
        _ => found.others.push(record),
    }
}

/// Reasons for a claim as a whole: those of its requirements, each once.
fn summary(evidence: &[Evidence]) -> Vec<Text> {
    let mut reasons = Vec::new();
    let substantiated = evidence
        .iter()
        .filter(|one| one.finding == Finding::Substantiated)
        .count();
    if evidence.len() > 1 {
        reasons.push(Text::new(
            format!("{} 要件のうち {substantiated} 要件に裏づけがあります", evidence.len()),
            format!("{substantiated} of {} requirements are substantiated", evidence.len()),
        ));
    }
    for one in evidence {
        if let Some(reason) = &one.reason {
            let named = if evidence.len() > 1 {
                reason.map(|wording| format!("{}: {wording}", one.requirement))
            } else {
                reason.clone()
            };
            if !reasons.contains(&named) {
                reasons.push(named);
            }
        }
        if reasons.len() >= 6 {
            break;
        }
    }
    reasons
}

fn versions(records: &[&Record]) -> String {
    let mut all: Vec<&str> = records.iter().map(|record| record.product.version.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}

fn listed(names: &[String], none: &str) -> String {
    if names.is_empty() {
        none.to_owned()
    } else {
        names.join(", ")
    }
}

fn day(day: Option<Day>) -> String {
    day.map(|day| day.to_string()).unwrap_or_default()
}

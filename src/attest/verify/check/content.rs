//! V4 to V7: what the documents say of one another.

use std::collections::HashSet;

use super::super::finding::Standing;
use super::super::pack::SUITE_MANIFEST;
use super::{Check, Documents, Stop, broken, wrong};
use crate::attest::statement::{SuiteManifest, SuiteStatus};
use crate::attest::{Digest, canonical};

impl Check<'_> {
    /// V4: everything is about one product in one version.
    pub(super) fn subject(&mut self, documents: &Documents) -> Result<(), Stop> {
        let subjects = documents
            .events
            .iter()
            .map(|event| event.statement.subject.as_slice())
            .chain([documents.report_statement.subject.as_slice()]);
        for subject in subjects {
            if subject.len() != 1 || subject[0].digest.sha256 != documents.product_digest {
                return wrong(
                    "V4-subject",
                    "署名された文書は、product.json の製品についてのものではありません。",
                    "What is signed is not about the product of product.json.",
                );
            }
        }
        let title = documents.product.title();
        self.found.proven(
            "V4-subject",
            format!(
                "すべて「{title}」（{}）についてのものです。",
                documents.product.vendor.name
            ),
            format!("All of it is about {title} of {}.", documents.product.vendor.name),
        );
        self.found.product = Some(title);
        Ok(())
    }

    /// V5: the decision rests on this report; the events form one chain.
    pub(super) fn report_of_the_decision(&mut self, documents: &Documents) -> Result<(), Stop> {
        let basis = documents
            .decision()
            .and_then(|event| event.statement.predicate.basis.as_ref());
        if basis.is_none_or(|basis| basis.report.sha256 != documents.report.payload_digest()) {
            return wrong(
                "V5-report",
                "登録の決定は、このパックの試験結果に基づくものではありません。",
                "The decision does not rest on the report in this pack.",
            );
        }
        let number = documents.events[0].statement.predicate.registration_number.clone();
        let mut before = None;
        for (index, event) in documents.events.iter().enumerate() {
            let facts = &event.statement.predicate;
            let chained = facts.sequence == index as u64 + 1
                && facts.previous.map(|previous| previous.sha256) == before
                && facts.registration_number == number;
            if !chained {
                return wrong(
                    "V5-chain",
                    format!("{} 番目の出来事が前の出来事に続いていません。", index + 1),
                    format!("Event {} does not follow the one before it.", index + 1),
                );
            }
            before = Some(event.digest);
        }
        self.found.proven(
            "V5-report",
            "登録の決定はこの試験結果に基づいています。",
            "The decision rests on this report.",
        );
        self.found.registration = Some(number);
        self.found.statement = documents.decision().map(|event| event.digest.to_string());
        Ok(())
    }

    /// V6: report, decision and publisher speak of the same suite.
    pub(super) fn suite(&mut self, documents: &Documents) -> Result<SuiteManifest, Stop> {
        let suite = documents.report_statement.predicate.suite.digest.sha256;
        let release = &documents.suite_statement;
        let decided = documents
            .decision()
            .and_then(|event| event.statement.predicate.scope.as_ref())
            .map(|scope| scope.suite.sha256);
        let bytes = self.file(SUITE_MANIFEST)?;
        let manifest: SuiteManifest = canonical::parse(bytes)
            .ok()
            .and_then(|value| serde_json::from_value(value).ok())
            .ok_or_else(|| broken("V1-parse", SUITE_MANIFEST, "no suite manifest (suite-manifest/v1)"))?;
        let agree = release.subject.len() == 1
            && release.subject[0].digest.sha256 == suite
            && decided == Some(suite)
            && manifest.corpus.sha256 == suite
            && release.predicate.manifest.sha256 == Digest::of(bytes)
            && release.predicate.status == SuiteStatus::Active;
        if !agree {
            return wrong(
                "V6-suite",
                "試験結果、決定、スイートの目録が同じ試験スイートを指していません。",
                "Report, decision and suite manifest do not speak of the same, active suite.",
            );
        }
        self.found.proven(
            "V6-suite",
            format!("試験スイートは {} {} です。", manifest.id, manifest.version),
            format!("The suite is {} {}.", manifest.id, manifest.version),
        );
        Ok(manifest)
    }

    /// V7: every binding requirement of every registered profile is in the report, and holds.
    pub(super) fn completeness(&mut self, documents: &Documents, manifest: &SuiteManifest) -> Result<(), Stop> {
        let code = "V7-complete";
        let report = &documents.report_statement.predicate;
        let event = documents.decision().map(|event| &event.statement.predicate);
        let profiles = event
            .and_then(|event| event.scope.as_ref())
            .map(|scope| scope.profiles.as_slice());
        let waivers = event
            .and_then(|event| event.basis.as_ref())
            .map(|basis| basis.waivers.as_slice());
        let (profiles, waivers) = (profiles.unwrap_or_default(), waivers.unwrap_or_default());
        if report.run.partial || report.run.interrupted || profiles.is_empty() {
            return wrong(code, "一部だけの実行です。", "Only a part was run.");
        }
        let mut seen = HashSet::new();
        for result in &report.results {
            if !seen.insert((&result.profile, &result.id)) {
                return wrong(
                    code,
                    format!("{} の結果が二つあります。", result.id),
                    format!("There are two results of {}.", result.id),
                );
            }
        }
        let (mut held, mut inapplicable, mut waived) = (0_usize, 0_usize, 0_usize);
        for profile in profiles {
            let Some(asked) = manifest.profile(profile) else {
                return wrong(
                    code,
                    format!("スイートにプロファイル {profile} がありません。"),
                    format!("The suite has no profile {profile}."),
                );
            };
            for id in &asked.required {
                let result = report
                    .results
                    .iter()
                    .find(|result| result.profile == *profile && result.id == *id);
                match result.map(|result| (result.verdict.as_str(), result.reason.is_some())) {
                    Some(("pass" | "info", _)) => held += 1,
                    Some(("skip", true)) => inapplicable += 1,
                    _ if waivers.iter().any(|waiver| waiver.requirement == *id) => waived += 1,
                    found => {
                        let verdict = found.map_or("-", |(verdict, _)| verdict);
                        return wrong(
                            code,
                            format!("必須要件 {id}（{profile}）が満たされていません（判定：{verdict}）。"),
                            format!("The binding requirement {id} ({profile}) is missing or does not hold: {verdict}"),
                        );
                    }
                }
            }
        }
        self.found.proven(
            code,
            format!("必須要件はすべて判定され、{held} 件が成立、{inapplicable} 件が対象外です。"),
            format!("Every binding requirement was judged: {held} hold, {inapplicable} do not apply."),
        );
        if waived > 0 {
            self.found.note(
                Standing::Unclaimed,
                "V7-waived",
                format!("{waived} 件の要件は、決定が名指しする免除によるものです。"),
                format!("{waived} requirements do not hold and are waived by name in the decision."),
            );
        }
        Ok(())
    }
}

//! What came of a meeting of two products.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::collect::Sent;
use crate::attest::bundle::{Bundle, BundleError, ENVELOPE, Limits, attach};
use crate::attest::envelope::Envelope;
use crate::attest::key::Signer;
use crate::attest::statement::{
    Harness, InterconnectionMode, InterconnectionReport, InterconnectionSide, Product, RequirementResult, Statement,
    SuiteRef,
};
use crate::attest::{Digest, DigestSet};
use crate::judge::Verdict;
use crate::report::Report;
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::timestamp;

/// Name of the report in a bundle.
pub const INTERCONNECTION: &str = "interconnection.json";

/// Name and version of its format.
pub const INTERCONNECTION_SCHEMA: &str = "interconnection/v1";

/// `interconnection.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Interconnection {
    /// [`INTERCONNECTION_SCHEMA`].
    pub schema: String,
    /// Version of junkyo that judged.
    pub tool: String,
    /// SHA-256 of the corpus.
    pub corpus: String,
    /// Start, RFC 3339, UTC.
    pub started: String,
    /// Who sent.
    pub sender: Party,
    /// Who answered.
    pub receiver: Party,
    /// `conformant`, `non-conformant` or `incomplete`.
    pub outcome: String,
    /// The services that the sender called.
    pub interfaces: Vec<InterfaceView>,
    /// Requests that were signed or addressed to somebody, and so cannot be sent again.
    pub not_sent: usize,
}

/// One of two products.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Party {
    /// Vendor, corporate number, name and version.
    pub product: BTreeMap<String, String>,
    /// SHA-256 of the manifest of its bundle.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<Digest>,
}

impl Party {
    fn descriptor(&self) -> Product {
        let word = |key: &str| self.product.get(key).map_or("", String::as_str);
        let number = self.product.get("corporate-number").map(String::as_str);
        Product::new(word("vendor"), number, word("name"), word("version"))
    }
}

/// How far two products are connected over a service.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// What one sent in its recorded run was answered by the other.
    Replayed,
    /// Not yet.
    NotYet,
}

/// What came of one service.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct InterfaceView {
    /// Interface id, e.g. `unit.01`.
    pub id: String,
    /// Its name.
    pub title: Text,
    /// How far.
    pub state: State,
    /// Why not yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// By operation.
    pub operations: Vec<Operation>,
    /// Verdict on what the sender sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<Verdict>,
    /// Verdict on what the receiver answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receiver: Option<Verdict>,
    /// What does not hold.
    pub findings: Vec<Finding>,
    /// Requirements that were judged, with their verdicts.
    pub requirements: BTreeMap<String, RequirementView>,
}

/// A requirement that was judged.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct RequirementView {
    /// Verdict.
    pub verdict: Verdict,
    /// Checks that held.
    pub held: usize,
    /// Checks that were judged.
    pub judged: usize,
}

/// An operation of a service.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Operation {
    /// Its name.
    pub name: String,
    /// Different requests of the sender.
    pub sent: usize,
    /// Answered with a success.
    pub answered: usize,
    /// Answered with a refusal or a fault.
    pub refused: usize,
    /// Not answered.
    pub unanswered: usize,
    /// Refused, though the same request was answered with a success in the sender's own run.
    pub unlike_recorded: usize,
}

impl Operation {
    pub(super) fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            ..Self::default()
        }
    }
}

/// Something that does not hold, and who has to act.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Finding {
    /// `sender`, `receiver`, or `both` where each has to look.
    pub blame: String,
    /// Verdict.
    pub verdict: Verdict,
    /// Check.
    pub check: String,
    /// Requirements.
    pub requirements: Vec<String>,
    /// What was expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Text>,
    /// What was found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Text>,
    /// Index of the exchange in the evidence of the service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exchange: Option<usize>,
}

impl InterfaceView {
    pub(super) fn not_yet(corpus: &Corpus, service: &str, requests: &[&Sent], reason: Text) -> Self {
        let mut operations: BTreeMap<&str, Operation> = BTreeMap::new();
        for sent in requests {
            operations
                .entry(&sent.operation)
                .or_insert_with(|| Operation::named(&sent.operation))
                .sent += 1;
        }
        Self {
            id: service.to_owned(),
            title: title(corpus, service),
            state: State::NotYet,
            reason: Some(reason),
            operations: operations.into_values().collect(),
            sender: None,
            receiver: None,
            findings: Vec::new(),
            requirements: BTreeMap::new(),
        }
    }

    /// A message that is no XML document at all.
    pub(super) fn is_unreadable(&mut self, blame: &str, exchange: usize, why: Text) {
        let side = if blame == "sender" {
            &mut self.sender
        } else {
            &mut self.receiver
        };
        *side = Some(Verdict::Fail);
        self.findings.push(Finding {
            blame: blame.to_owned(),
            verdict: Verdict::Fail,
            check: "well-formed".to_owned(),
            requirements: Vec::new(),
            expected: Some(Text::new("整形式の XML", "well-formed XML")),
            found: Some(why),
            exchange: Some(exchange),
        });
    }

    fn worst(&self) -> Option<Verdict> {
        self.sender.max(self.receiver)
    }
}

fn title(corpus: &Corpus, service: &str) -> Text {
    let profile = corpus.profile(&format!("{service}.provider"));
    profile.map_or_else(|| Text::neutral(service), |profile| profile.title.clone())
}

/// The view of a service from the report on its traffic: first the receiver's scenario, then the sender's.
pub(super) fn interface(
    corpus: &Corpus,
    service: &str,
    state: State,
    operations: Vec<Operation>,
    report: &Report,
) -> InterfaceView {
    let [receiver, sender] = crate::drive::RECORDED.map(|id| report.scenarios.iter().find(|view| *view.id == *id));
    let mut findings = Vec::new();
    for (blame, view) in [("sender", sender), ("receiver", receiver)] {
        for check in view.iter().flat_map(|view| &view.checks) {
            if check.verdict > Verdict::Pass {
                findings.push(Finding {
                    blame: blame.to_owned(),
                    verdict: check.verdict,
                    check: check.check.to_string(),
                    requirements: check.requirements.iter().map(ToString::to_string).collect(),
                    expected: check.expected.as_deref().cloned(),
                    found: check.found.as_deref().cloned(),
                    exchange: check.exchange,
                });
            }
        }
    }
    for operation in operations.iter().filter(|operation| operation.unlike_recorded > 0) {
        let (name, count) = (&operation.name, operation.unlike_recorded);
        findings.push(Finding {
            blame: "both".to_owned(),
            verdict: Verdict::Review,
            check: "answered-as-recorded".to_owned(),
            requirements: Vec::new(),
            expected: Some(Text::new(
                "送信側の実行のときと同じく成功の応答",
                "a success, as in the sender's own run",
            )),
            found: Some(Text::new(
                format!("{name}: {count} 件が拒否された"),
                format!("{name}: {count} refused"),
            )),
            exchange: None,
        });
    }
    let requirements = report.profiles.iter().flat_map(|profile| &profile.requirements);
    InterfaceView {
        id: service.to_owned(),
        title: title(corpus, service),
        state,
        reason: None,
        operations,
        sender: sender.map(|view| view.verdict),
        receiver: receiver.map(|view| view.verdict),
        findings,
        requirements: requirements
            .filter(|requirement| requirement.judged > 0)
            .map(|requirement| {
                let view = RequirementView {
                    verdict: requirement.verdict,
                    held: requirement.held,
                    judged: requirement.judged,
                };
                (requirement.id.clone(), view)
            })
            .collect(),
    }
}

impl Interconnection {
    pub(super) fn new(
        corpus: &Corpus,
        started: u64,
        sender: Party,
        receiver: Party,
        interfaces: Vec<InterfaceView>,
        not_sent: usize,
    ) -> Self {
        let bad = |view: &InterfaceView| view.worst().is_some_and(|verdict| verdict == Verdict::Fail);
        let open = |view: &InterfaceView| {
            let unanswered = view
                .operations
                .iter()
                .any(|operation| operation.unanswered + operation.unlike_recorded > 0);
            view.state == State::NotYet || unanswered || view.worst().is_some_and(|verdict| verdict > Verdict::Warn)
        };
        let outcome = if interfaces.iter().any(bad) {
            "non-conformant"
        } else if interfaces.iter().any(open) {
            "incomplete"
        } else {
            "conformant"
        };
        Self {
            schema: INTERCONNECTION_SCHEMA.to_owned(),
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            corpus: corpus.digest.clone(),
            started: timestamp(started),
            sender,
            receiver,
            outcome: outcome.to_owned(),
            interfaces,
            not_sent,
        }
    }

    /// The statement that follows from the report and the manifest of its bundle.
    ///
    /// # Errors
    /// When a digest in it is none, in words.
    pub fn statement(&self) -> Result<Statement<InterconnectionReport>, String> {
        let corpus: Digest = self.corpus.parse().map_err(|error| format!("corpus: {error}"))?;
        let descriptors = [self.sender.descriptor(), self.receiver.descriptor()];
        let mut subject = Vec::new();
        let mut sides = Vec::new();
        for ((descriptor, party), role) in descriptors
            .iter()
            .zip([&self.sender, &self.receiver])
            .zip(["sender", "receiver"])
        {
            let digest = descriptor.digest().map_err(|error| error.to_string())?;
            subject.push(descriptor.subject().map_err(|error| error.to_string())?);
            sides.push(InterconnectionSide {
                manifest: party.manifest.map(DigestSet::from),
                product: digest.into(),
                role: role.to_owned(),
            });
        }
        let connected = self.interfaces.iter().filter(|view| view.state == State::Replayed);
        let mut results = Vec::new();
        for view in connected.clone() {
            results.extend(view.requirements.iter().map(|(id, requirement)| RequirementResult {
                held: requirement.held as u64,
                id: id.clone(),
                judged: requirement.judged as u64,
                profile: view.id.clone(),
                reason: None,
                verdict: requirement.verdict.word().to_owned(),
            }));
        }
        Ok(Statement {
            subject,
            predicate: InterconnectionReport {
                harness: Harness {
                    version: self.tool.clone(),
                },
                mode: InterconnectionMode::Replayed,
                outcome: self.outcome.clone(),
                results,
                sides,
                started_at: self.started.clone(),
                suite: SuiteRef {
                    digest: corpus.into(),
                    uri: format!("pkg:generic/junkyo-corpus@{}", self.tool),
                },
                units: connected
                    .filter_map(|view| Some(view.id.strip_prefix("unit.")?.to_owned()))
                    .collect(),
            },
        })
    }
}

/// The statement that follows from a bundle of an interconnection.
///
/// # Errors
/// When it is none, in words.
pub fn statement_of(bundle: &Bundle) -> Result<Statement<InterconnectionReport>, String> {
    let bytes = bundle.read(INTERCONNECTION).map_err(|error| error.to_string())?;
    let report: Interconnection =
        serde_json::from_slice(&bytes).map_err(|error| format!("{INTERCONNECTION}: {error}"))?;
    report.statement()
}

/// Signs a bundle of an interconnection in place; both vendors can sign the same one.
///
/// # Errors
/// When no statement follows from it, another one is signed in it, or the key refuses; in words.
pub fn sign_interconnection(path: &Path, signer: &dyn Signer) -> Result<Envelope, String> {
    let text = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let bundle = Bundle::open(path, &Limits::OWN).map_err(|error: BundleError| error.to_string())?;
    let payload = statement_of(&bundle).and_then(|statement| statement.to_bytes().map_err(|error| error.to_string()));
    let payload = payload.map_err(|error| text(&error))?;
    let envelope = match bundle.envelope() {
        None => Envelope::sign(&payload, &[signer]).map_err(|error| text(&error))?,
        Some(line) => {
            let mut envelope = Envelope::parse(line).map_err(|error| text(&error))?;
            if envelope.payload != payload {
                return Err(text(
                    &"it is signed already, with a statement that does not follow from it; not touched",
                ));
            }
            envelope.add_signature(signer).map_err(|error| text(&error))?;
            envelope
        }
    };
    attach(path, ENVELOPE, envelope.to_line().into_bytes()).map_err(|error| error.to_string())?;
    Ok(envelope)
}

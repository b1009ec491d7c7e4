//! Verifying a bundle: integrity of every file and line, who signed, when, and what is not proven.

use time::OffsetDateTime;

use super::clock;
use super::finding::{Standing, Verification};
use super::trust::{Role, Trust};
use crate::attest::bundle::Bundle;
use crate::attest::envelope::Envelope;
use crate::attest::sign::{REPORT, is_thinned, statement_of_what_is_left};
use crate::attest::statement::{ConformanceReport, Statement};
use crate::attest::timestamp::{self, Timestamp, TimestampError};
use crate::evidence::ChallengeFacts;

/// Verifies a bundle that was opened, which is the check of every byte against its manifest.
pub fn verify_bundle(bundle: &Bundle, trust: &Trust) -> Verification {
    let mut found = Verification::new("bundle");
    found.manifest = Some(bundle.manifest_digest().to_string());
    integrity(bundle, &mut found);
    withheld(bundle, &mut found);
    let Some(line) = bundle.envelope() else {
        found.note(
            Standing::Open,
            "V3-unsigned",
            "署名がありません。誰の結果かは証明されません。",
            "It is not signed: whose result it is is not proven. Sign it with `junkyo sign`.",
        );
        return found.concluded();
    };
    match Envelope::parse(line) {
        Err(error) => found.note(
            Standing::Wrong,
            "V1-envelope",
            format!("署名の封筒が読めません（{error}）"),
            format!("The signed envelope cannot be read: {error}"),
        ),
        Ok(envelope) => signed(bundle, &envelope, trust, &mut found),
    }
    always(&mut found);
    found.concluded()
}

fn integrity(bundle: &Bundle, found: &mut Verification) {
    let files = bundle.manifest().files.len();
    let lines: u64 = bundle
        .manifest()
        .files
        .iter()
        .filter_map(|file| file.lines.as_ref())
        .map(|lines| lines.count)
        .sum();
    found.proven(
        "V1-integrity",
        format!("目録にある {files} 件のファイル（記録 {lines} 行）は、すべて目録の作成時のまま、又は非開示と明示されています。"),
        format!(
            "All {files} files of the manifest ({lines} recorded lines) are as they were when it was written, or marked as withheld."
        ),
    );
}

fn withheld(bundle: &Bundle, found: &mut Verification) {
    let redactions = bundle.redactions();
    if redactions.is_empty() {
        return;
    }
    let lines = redactions.iter().filter(|redaction| redaction.line.is_some()).count();
    let files = redactions.len() - lines;
    let mut reasons: Vec<&str> = redactions.iter().map(|redaction| redaction.reason.as_str()).collect();
    reasons.dedup();
    let reasons = reasons.join("; ");
    found.note(
        Standing::Unclaimed,
        "R-withheld",
        format!("非開示：ファイル {files} 件、記録 {lines} 行（理由：{reasons}）。その部分は再判定できません。"),
        format!("Withheld: {files} files, {lines} lines ({reasons}). What they show cannot be judged again."),
    );
}

fn signed(bundle: &Bundle, envelope: &Envelope, trust: &Trust, found: &mut Verification) {
    found.statement = Some(envelope.payload_digest().to_string());
    let statement = match Statement::<ConformanceReport>::parse(&envelope.payload) {
        Ok(statement) => statement,
        Err(error) => {
            return found.note(
                Standing::Wrong,
                "V3-type",
                format!("署名されているのは準拠試験の結果ではありません（{error}）"),
                format!("What is signed is no conformance report: {error}"),
            );
        }
    };
    found.product = statement.subject.first().map(|subject| subject.name.clone());
    about_this_bundle(bundle, &statement, found);
    let stamp = when(bundle, envelope, trust, found);
    who(envelope, trust, stamp.map(|stamp| stamp.time), found);
    run(&statement, found);
}

fn about_this_bundle(bundle: &Bundle, statement: &Statement<ConformanceReport>, found: &mut Verification) {
    let evidence = &statement.predicate.evidence;
    if evidence.manifest.sha256 != bundle.manifest_digest() || evidence.tree.sha256 != bundle.tree() {
        return found.note(
            Standing::Wrong,
            "V5-manifest",
            "署名は別の目録（manifest.json）に対するものです。",
            format!(
                "The signature is about another bundle: manifest {}, this one is {}",
                evidence.manifest.sha256,
                bundle.manifest_digest()
            ),
        );
    }
    found.proven(
        "V5-manifest",
        "署名された内容は、この束の目録（すべてのファイルと行）を指しています。",
        "What is signed names the manifest of this bundle, and so every file and line of it.",
    );
    if !bundle.has(REPORT) {
        return found.note(
            Standing::Unclaimed,
            "V4-report",
            "report.json が非開示のため、署名された内容との一致は確かめられません。",
            "report.json is withheld, so what is signed cannot be compared with it.",
        );
    }
    let own = statement_of_what_is_left(bundle).map(|mut own| {
        if is_thinned(bundle) {
            own.predicate.run.attempts = statement.predicate.run.attempts;
        }
        own
    });
    match own {
        Ok(own) if own == *statement => found.proven(
            "V4-report",
            "署名された製品、判定、要件ごとの結果は report.json と一致します。",
            "The signed product, outcome and results of each requirement are those of report.json.",
        ),
        Ok(_) => found.note(
            Standing::Wrong,
            "V4-report",
            "署名された内容が report.json と一致しません。",
            "What is signed does not follow from report.json.",
        ),
        Err(error) => found.note(
            Standing::Wrong,
            "V4-report",
            format!("report.json から署名すべき内容が導けません（{error}）"),
            format!("No statement follows from report.json: {error}"),
        ),
    }
}

/// The time of the token, if it is proven.
fn when(bundle: &Bundle, envelope: &Envelope, trust: &Trust, found: &mut Verification) -> Option<Timestamp> {
    let Some(token) = bundle.timestamp() else {
        found.note(
            Standing::Unclaimed,
            "V9-no-timestamp",
            "タイムスタンプがありません。時刻はベンダーの申告です。",
            "There is no timestamp: the time is the vendor's word.",
        );
        return None;
    };
    match timestamp::verify(token, envelope.payload_digest(), trust.tsa()) {
        Ok(stamp) => {
            let at = clock::written(stamp.time);
            found.proven(
                "V9-timestamp",
                format!(
                    "署名された内容は {at} より前に存在しました（時刻認証：{}）。",
                    stamp.authority
                ),
                format!(
                    "What is signed existed at {at}, says the timestamp authority {}.",
                    stamp.authority
                ),
            );
            Some(stamp)
        }
        Err(TimestampError::NoPath(authority)) => {
            found.note(
                Standing::Unclaimed,
                "V9-unlisted",
                format!("タイムスタンプは正しく作られていますが、時刻認証局「{authority}」は信頼するものとして与えられていません。"),
                format!(
                    "The timestamp is sound, and nothing says that its authority ({authority}) is to be trusted; give its root with --trust."
                ),
            );
            None
        }
        Err(error) => {
            found.note(
                Standing::Wrong,
                "V9-timestamp",
                format!("タイムスタンプが正しくありません（{error}）"),
                format!("The timestamp does not count: {error}"),
            );
            None
        }
    }
}

fn who(envelope: &Envelope, trust: &Trust, at: Option<OffsetDateTime>, found: &mut Verification) {
    let keys = trust.keys(Role::Vendor, at);
    let claimed: Vec<&str> = envelope
        .signatures
        .iter()
        .map(|signature| signature.key.0.as_str())
        .collect();
    let claimed = claimed.join(", ");
    let signers = envelope.signers(&keys);
    if !signers.is_empty() {
        found.signers = signers.into_iter().map(|id| id.0).collect();
        let ids = found.signers.join(", ");
        found.proven(
            "V3-signature",
            format!("信頼する鍵で署名されています（{ids}）。"),
            format!("It is signed by a trusted key: {ids}"),
        );
    } else if trust.is_empty() {
        found.note(
            Standing::Open,
            "V3-unknown-key",
            format!("署名者は不明です。鍵 {claimed} による署名とされていますが、公開鍵が与えられていません（--trust）。"),
            format!(
                "Who signed is unknown: it claims the key {claimed}, and no public key was given. Get the signer's key from the signer and give it with --trust."
            ),
        );
    } else {
        found.note(
            Standing::Wrong,
            "V3-signature",
            format!("信頼する鍵のいずれでも署名されていません（署名が示す鍵：{claimed}）。"),
            format!("None of the trusted keys made a signature on it (it claims {claimed})."),
        );
    }
}

fn run(statement: &Statement<ConformanceReport>, found: &mut Verification) {
    let run = &statement.predicate.run;
    if let Some(challenge) = &run.challenge {
        let facts = ChallengeFacts {
            id: challenge.id.clone(),
            nonce: challenge.nonce.clone(),
        };
        if facts.seed() != run.seed {
            return found.note(
                Standing::Wrong,
                "C-seed",
                "試験データがチャレンジの値から作られていません。",
                "The test data do not follow from the nonce of the challenge.",
            );
        }
    }
    match &run.challenge {
        Some(challenge) => found.note(
            Standing::Unclaimed,
            "C-challenge",
            format!(
                "チャレンジ {} に対する実行とされています。登録機関が発行したものかは、登録機関だけが確かめられます。",
                challenge.id
            ),
            format!(
                "It claims to answer the challenge {}; whether that was given out is known to the register.",
                challenge.id
            ),
        ),
        None => found.note(
            Standing::Unclaimed,
            "C-no-challenge",
            "チャレンジなしの実行です。試験データは事前に知ることができました。",
            "The run answers no challenge: the test data could be known beforehand.",
        ),
    }
    if run.partial || run.interrupted {
        found.note(
            Standing::Unclaimed,
            "C-partial",
            "一部だけの、又は中断された実行です。準拠を示すものではありません。",
            "Only a part was run, or the run was interrupted: no statement of conformance.",
        );
    }
}

/// What a bundle never proves.
fn always(found: &mut Verification) {
    found.note(
        Standing::Unclaimed,
        "J-verdicts",
        "判定が証跡から導かれるかは、ここでは確かめていません（junkyo judge で再判定できます）。",
        "Whether the verdicts follow from the evidence was not asked here; `junkyo judge` judges it again.",
    );
    found.note(
        Standing::Unclaimed,
        "N-registration",
        "登録の有無は束からは分かりません（登録証明パックを確認してください）。",
        "Nothing is said about a registration; that is in the proof pack of the register.",
    );
}

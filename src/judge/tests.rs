//! The rules of judging, on evidence written by hand.

use std::sync::Arc;

use super::*;
use crate::evidence::{Blocked, Channel, Exchange, Fault, Initiator, RunFacts, ScenarioEvidence};
use crate::scenario::{Corpus, Scenario};
use crate::standard::ReadingChoice;
use crate::text::Text;

fn corpus() -> Corpus {
    Corpus::embedded().expect("the corpus is in order")
}

fn facts(corpus: &Corpus) -> RunFacts {
    RunFacts {
        started_unix_ms: 1_790_000_000_000,
        readings: ReadingChoice::new(&corpus.readings, &std::collections::BTreeMap::new()).expect("defaults"),
        ..RunFacts::default()
    }
}

/// A scenario with one step, refused with 400 for a missing parameter.
fn refused(corpus: &Corpus) -> Arc<Scenario> {
    Arc::clone(
        corpus
            .scenario("CF-031-P-missing-sosashaid")
            .expect("it is in the corpus"),
    )
}

fn evidence(scenario: &Scenario, response: &str, fault: Option<Fault>) -> ScenarioEvidence {
    ScenarioEvidence {
        scenario: Arc::clone(&scenario.id),
        attempt: 1,
        exchanges: vec![Exchange {
            step: Arc::clone(&scenario.steps[0].id),
            index: 0,
            channel: Channel::Api,
            initiator: Initiator::Harness,
            started_us: 0,
            elapsed_us: 1000,
            connection: 0,
            peer: String::new(),
            tls: None,
            request: b"POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}".to_vec(),
            response: response.as_bytes().to_vec(),
            fault,
        }],
        finished: true,
        ..ScenarioEvidence::default()
    }
}

fn http(status: u16, body: &str) -> String {
    format!(
        "HTTP/1.1 {status} x\r\nContent-Type: application/json;charset=UTF-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

const RIGHT: &str = r#"{"title":"住登外者宛名番号付番","detail":"エラーが発生しました。","_links":{"self":{"href":"/app_submit/v10/jutogaishaatenabangofuban"}},"errors":[{"code":"E0001","message":"操作者IDが設定されていません。"}]}"#;

#[test]
fn a_right_answer_passes_and_judging_again_gives_the_same() {
    let corpus = corpus();
    let (facts, scenario) = (facts(&corpus), refused(&corpus));
    let judge = Judge::new(&corpus, &facts, &[]);
    let evidence = evidence(&scenario, &http(400, RIGHT), None);
    let result = judge.scenario(&scenario, &evidence);
    assert_eq!(result.verdict, Verdict::Pass, "{:#?}", result.checks);
    assert_eq!(result, judge.scenario(&scenario, &evidence));
}

#[test]
fn a_wrong_status_is_told_once_and_not_charged_to_the_tables() {
    let corpus = corpus();
    let (facts, scenario) = (facts(&corpus), refused(&corpus));
    let result = Judge::new(&corpus, &facts, &[]).scenario(&scenario, &evidence(&scenario, &http(200, "{}"), None));
    assert_eq!(result.verdict, Verdict::Fail);
    assert_eq!(result.blame, Some(Blame::Product));
    let of = |name: &str| result.checks.iter().find(|check| check.check == name).expect(name);
    assert_eq!(of("status").verdict, Verdict::Fail);
    assert_eq!(of("response-table").verdict, Verdict::Skip);
}

#[test]
fn a_product_that_hangs_or_talks_garbage_fails_and_one_out_of_reach_is_not_judged() {
    let corpus = corpus();
    let (facts, scenario) = (facts(&corpus), refused(&corpus));
    let judge = Judge::new(&corpus, &facts, &[]);
    for fault in [
        Fault::Timeout { after_ms: 1 },
        Fault::Garbage { detail: "x".into() },
        Fault::Closed { received: 3 },
        Fault::TooLarge { limit: 1 },
    ] {
        let result = judge.scenario(&scenario, &evidence(&scenario, "", Some(fault)));
        assert_eq!((result.verdict, result.blame), (Verdict::Fail, Some(Blame::Product)));
    }
    let unreached = Fault::Connect {
        detail: "refused".into(),
    };
    let result = judge.scenario(&scenario, &evidence(&scenario, "", Some(unreached)));
    assert_eq!((result.verdict, result.blame), (Verdict::Error, Some(Blame::Network)));
}

#[test]
fn unfinished_and_blocked_never_pass() {
    let corpus = corpus();
    let (facts, scenario) = (facts(&corpus), refused(&corpus));
    let judge = Judge::new(&corpus, &facts, &[]);
    let whole = evidence(&scenario, &http(400, RIGHT), None);
    let cut = ScenarioEvidence {
        finished: false,
        ..whole.clone()
    };
    assert_eq!(judge.scenario(&scenario, &cut).verdict, Verdict::Error);
    let blocked = ScenarioEvidence {
        blocked: Some(Blocked {
            step: scenario.steps[0].id.to_string(),
            reason: Text::neutral("x"),
            blame: "configuration".into(),
        }),
        ..whole.clone()
    };
    let result = judge.scenario(&scenario, &blocked);
    assert_eq!(
        (result.verdict, result.blame),
        (Verdict::Blocked, Some(Blame::Configuration))
    );
    let nothing = ScenarioEvidence {
        exchanges: Vec::new(),
        ..whole
    };
    assert_eq!(judge.scenario(&scenario, &nothing).verdict, Verdict::Error);
}

#[test]
fn a_waiver_turns_a_failure_until_its_day_and_never_into_conformance() {
    let corpus = corpus();
    let (facts, scenario) = (facts(&corpus), refused(&corpus));
    let broken = evidence(&scenario, &http(200, "{}"), None);
    let waiver = |until: &str| Waiver {
        scenario: "CF-031-P-missing-*".into(),
        reason: "known".into(),
        until: until.into(),
    };
    for (until, verdict) in [("2099-01-01", Verdict::Waived), ("2020-01-01", Verdict::Fail)] {
        let waivers = [waiver(until)];
        let result = Judge::new(&corpus, &facts, &waivers).scenario(&scenario, &broken);
        assert_eq!(result.verdict, verdict);
        let judged = [Judged {
            id: &result.id,
            reason: None,
            verdict: result.verdict,
            checks: &result.checks,
        }];
        let rolled = roll_up(&corpus, &["common-function.031.provider".into()], &judged, false);
        assert_eq!(rolled.outcome, Outcome::NonConformant);
    }
}

#[test]
fn what_was_not_judged_leaves_a_run_incomplete() {
    let corpus = corpus();
    let (facts, scenario) = (facts(&corpus), refused(&corpus));
    let passed = Judge::new(&corpus, &facts, &[]).scenario(&scenario, &evidence(&scenario, &http(400, RIGHT), None));
    let judged = [Judged {
        id: &passed.id,
        reason: None,
        verdict: passed.verdict,
        checks: &passed.checks,
    }];
    let profile = ["common-function.031.provider".to_owned()];
    assert_eq!(roll_up(&corpus, &profile, &judged, false).outcome, Outcome::Incomplete);
    assert_eq!(roll_up(&corpus, &profile, &[], false).outcome, Outcome::Incomplete);
    assert_eq!(roll_up(&corpus, &[], &judged, false).outcome, Outcome::Incomplete);
}

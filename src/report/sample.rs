//! A small report with one scenario of every verdict, for tests; and one of any size.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::judge::{Blame, CheckResult, Outcome, Verdict};
use crate::report::{
    CorpusFacts, Counts, ExchangeView, ProfileView, ReadingView, Report, RequirementView, RunView, ScenarioView,
};
use crate::standard::{Kind, Level, Subject};
use crate::text::Text;

/// What a malicious product would like to see in the officer's browser or terminal.
pub(crate) const HOSTILE: &str =
    "</pre><script>alert('&\"1\"')</script>\u{1b}[2J\u{202e}gnp.\u{0}\u{ffff}]]><img src=x onerror=alert(1)>";

const REQUEST: &str = "POST /app_submit/v10/jutogaishaatenabangofuban HTTP/1.1\r\nhost: 127.0.0.1:18080\r\n\
authorization: Bearer ***\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: 198\r\n\r\n\
{\"shorikubun\":\"0\",\"shichosoncode\":\"131016\",\"shimei_sei\":\"架空\",\"shimei_mei\":\"太郎\",\"seinengappi\":\"1990-02-29\",\
\"jusho_machiaza\":\"架空町一丁目\",\"jusho_banchi\":\"2番3号\"}";

const ANSWER: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 61\r\n\r\n\
{\"result\":\"0\",\"atenabango\":\"900000000000017\",\"error\":null}";

fn requirement(
    id: &str,
    level: Level,
    kind: Kind,
    clause: &str,
    ja: &str,
    en: &str,
    verdict: Verdict,
) -> RequirementView {
    let open = !matches!(verdict, Verdict::Pass | Verdict::Info | Verdict::Skip);
    RequirementView {
        id: id.to_owned(),
        text: Text::new(ja, en),
        level,
        kind,
        clause: clause.to_owned(),
        verdict,
        held: if open { 11 } else { 14 },
        judged: if verdict == Verdict::Skip { 0 } else { 14 },
        scenarios: if open { vec![Arc::from(scenario_id(verdict))] } else { Vec::new() },
        reason: (verdict == Verdict::Skip).then(|| {
            Text::new(
                "複数の市区町村にまたがる運用を要するため、単独の製品の試験では判定しない。",
                "It takes several municipalities to observe this; the test of one product cannot judge it.",
            )
        }),
        know_how: open.then(|| {
            Text::new(
                "必須項目の検査を入口で行い、登録の前に 400 と E0001 を返す。データベースの制約違反に頼ると 500 になりやすい。",
                "Check required items at the entrance, and answer 400 with E0001 before anything is stored; relying on database constraints tends to end in a 500.",
            )
        }),
    }
}

fn scenario_id(verdict: Verdict) -> String {
    format!("CF-031.required.{}", verdict.word())
}

fn check(name: &str, verdict: Verdict, requirement: &str) -> CheckResult {
    CheckResult {
        step: Arc::from("send"),
        check: name.to_owned().into(),
        verdict,
        held: match verdict {
            Verdict::Pass | Verdict::Info => Some(true),
            Verdict::Fail | Verdict::Warn | Verdict::Waived => Some(false),
            _ => None,
        },
        requirements: vec![Arc::from(requirement)].into(),
        expected: None,
        found: None,
        place: None,
        excerpt: None,
        exchange: None,
        reading: None,
        blame: None,
    }
}

fn failed(
    name: &str,
    verdict: Verdict,
    requirement: &str,
    expected: Text,
    found: Text,
    place: Option<&str>,
) -> CheckResult {
    CheckResult {
        expected: Some(Box::new(expected)),
        found: Some(Box::new(found)),
        place: place.map(str::to_owned),
        exchange: Some(0),
        blame: Some(Blame::Product),
        ..check(name, verdict, requirement)
    }
}

fn scenario(verdict: Verdict, checks: Vec<CheckResult>) -> ScenarioView {
    let open = !matches!(verdict, Verdict::Pass | Verdict::Info | Verdict::Skip);
    let id = scenario_id(verdict);
    ScenarioView {
        title: Text::new(
            "必須の氏名_姓（shimei_sei）を省くと、400 と E0001 が返る",
            "Without the required shimei_sei (family name): 400 with E0001",
        ),
        role: Subject::Provider,
        family: Some(Arc::from("required")),
        verdict,
        attempts: 1,
        elapsed_us: 12_345,
        reason: None,
        blame: None,
        checks,
        exchanges: if open {
            vec![exchange(0, "send", REQUEST, ANSWER)]
        } else {
            Vec::new()
        },
        salt: String::new(),
        repeat: open.then(|| format!("junkyo run --target product.toml --filter 'id(={id})'")),
        id: Arc::from(id),
    }
}

fn exchange(index: usize, step: &str, request: &str, response: &str) -> ExchangeView {
    ExchangeView {
        index,
        step: Arc::from(step),
        channel: "api".to_owned(),
        by_product: false,
        started_ms: 1_234,
        elapsed_ms: 12,
        tls: Some("1.3".to_owned()),
        request: request.to_owned(),
        response: response.to_owned(),
        fault: None,
    }
}

/// One scenario of every verdict, and hostile words wherever a product has a say.
pub(crate) fn report() -> Report {
    let scenarios = scenarios();
    let requirements = requirements();
    assemble(scenarios, requirements)
}

fn requirements() -> Vec<RequirementView> {
    use Kind::{Derived, Official, Reference};
    use Level::{May, Must, MustNot, Should};
    vec![
        requirement(
            "CF-031-ERR-001",
            Must,
            Official,
            "API レスポンス_API仕様!A9",
            "必須の項目が設定されていない要求には、400 とエラーコード E0001 を返すこと。",
            "A request without a required item is answered with 400 and the error code E0001.",
            Verdict::Fail,
        ),
        requirement(
            "CF-031-REQ-001",
            Must,
            Official,
            "API API概要!A6",
            "本APIはHTTPメソッドPOSTに対応すること。",
            "The API supports the HTTP method POST.",
            Verdict::Pass,
        ),
        requirement(
            "CF-031-REQ-002",
            Must,
            Official,
            "API API概要!C10",
            "APIコール名（パス）は「app_submit/v10/jutogaishaatenabangofuban」とすること。",
            "The API call name (path) is app_submit/v10/jutogaishaatenabangofuban.",
            Verdict::Pass,
        ),
        requirement(
            "CF-AUT-012",
            MustNot,
            Derived,
            "RFC6749 10.3",
            "アクセストークンをURLの問合せ文字列で受け取らないこと。",
            "Access tokens are not taken from the query of the URL.",
            Verdict::Blocked,
        ),
        requirement(
            "CF-NET-004",
            Should,
            Reference,
            "JUNKYO 接続の再利用",
            "同じ接続で続けて要求を受け付けることが望ましい。",
            "Several requests over one connection should be accepted.",
            Verdict::Warn,
        ),
        requirement(
            "CF-CHR-003",
            Must,
            Official,
            "STD 4.2.1",
            "文字コードはUTF-8とし、BOMを付けないこと。",
            "Text is UTF-8 without byte order mark.",
            Verdict::Error,
        ),
        requirement(
            "CF-LNK-007",
            Must,
            Official,
            "STD 3.1.5",
            "付番した番号を業務システムへ通知する手順を定めること。",
            "There is a procedure that tells business systems the new number.",
            Verdict::Review,
        ),
        requirement(
            "CF-031-NUM-002",
            Must,
            Derived,
            "API レスポンス_API仕様!P30",
            "付番した番号の検査数字が正しいこと。",
            "The check digit of a new number is right.",
            Verdict::Waived,
        ),
        requirement(
            "CF-031-REQ-019",
            May,
            Reference,
            "JUNKYO 空文字",
            "任意項目の空文字は、未設定と同じに扱ってよい。",
            "An empty optional item may be treated as absent.",
            Verdict::Info,
        ),
        requirement(
            "CF-031-OPS-001",
            Must,
            Official,
            "STD 5.3",
            "複数市区町村で番号が重複しないこと。",
            "Numbers do not collide between municipalities.",
            Verdict::Skip,
        ),
    ]
}

fn scenarios() -> Vec<ScenarioView> {
    let mut fail = scenario(
        Verdict::Fail,
        vec![
            failed(
                "status",
                Verdict::Fail,
                "CF-031-ERR-001",
                Text::neutral("400"),
                Text::neutral("200"),
                None,
            ),
            check("json", Verdict::Pass, "CF-031-REQ-001"),
            failed(
                "value",
                Verdict::Fail,
                "CF-031-ERR-001",
                Text::new("エラーコード \"E0001\"", "error code \"E0001\""),
                Text::new("エラーコード \"E1001\"", "error code \"E1001\""),
                Some("/error/0/code"),
            ),
            CheckResult {
                reading: Some("SF-08=either".to_owned()),
                ..failed(
                    "text",
                    Verdict::Fail,
                    "CF-031-ERR-001",
                    Text::neutral("架空　太郎"),
                    Text::neutral(HOSTILE),
                    Some("/message"),
                )
            },
        ],
    );
    fail.exchanges.push(exchange(
        1,
        "again",
        REQUEST,
        &format!("HTTP/1.1 400 Bad Request\r\nx: {HOSTILE}\r\n\r\n{HOSTILE}"),
    ));
    fail.attempts = 2;

    let mut blocked = scenario(Verdict::Blocked, Vec::new());
    blocked.title = Text::new(
        "問合せ文字列のトークンは受け取られない",
        "A token in the query is not taken",
    );
    blocked.role = Subject::Authorization;
    blocked.family = None;
    blocked.blame = Some(Blame::Configuration);
    blocked.reason = Some(Text::new(
        "トークンを取得できないため実施できません（401 invalid_client）。",
        "Not run: no token could be had (401 invalid_client).",
    ));

    let mut error = scenario(Verdict::Error, Vec::new());
    error.title = Text::new("応答の文字コードが UTF-8 である", "The response is UTF-8");
    error.blame = Some(Blame::Network);
    error.reason = Some(Text::new(
        "接続が切断され、判定できません。",
        "The connection was lost; this cannot be judged.",
    ));
    error.exchanges[0].response = String::new();
    error.exchanges[0].fault = Some(Text::new(
        "接続できません（ECONNREFUSED）",
        "no connection (ECONNREFUSED)",
    ));

    let mut review = scenario(Verdict::Review, vec![check("examiner", Verdict::Review, "CF-LNK-007")]);
    review.title = Text::new(
        "番号の通知の手順が文書にある",
        "The procedure that tells the number is written down",
    );
    review.family = None;
    review.reason = Some(Text::new("審査員の確認を要します。", "An examiner has to look at it."));

    let warn = scenario(
        Verdict::Warn,
        vec![failed(
            "keep-alive",
            Verdict::Warn,
            "CF-NET-004",
            Text::new("接続が保たれる", "the connection stays open"),
            Text::new(
                "応答の後に接続が閉じられた",
                "the connection was closed after the response",
            ),
            None,
        )],
    );
    let waived = scenario(
        Verdict::Waived,
        vec![failed(
            "check-digit",
            Verdict::Waived,
            "CF-031-NUM-002",
            Text::neutral("900000000000012"),
            Text::neutral("900000000000017"),
            Some("/atenabango"),
        )],
    );
    let pass = scenario(
        Verdict::Pass,
        vec![
            check("status", Verdict::Pass, "CF-031-REQ-001"),
            check("json", Verdict::Pass, "CF-031-REQ-001"),
            check("json", Verdict::Pass, "CF-031-REQ-002"),
        ],
    );
    let info = scenario(Verdict::Info, vec![check("status", Verdict::Info, "CF-031-REQ-019")]);
    let mut skip = scenario(Verdict::Skip, Vec::new());
    skip.reason = Some(Text::new("申告されていません。", "Not claimed."));
    let mut scenarios = vec![fail, pass, blocked, warn, error, review, waived, info, skip];
    scenarios[1].title = Text::new(format!("題名 {HOSTILE}"), format!("title {HOSTILE}"));
    scenarios
}

/// A report of many scenarios with five checks each; one in twenty fails.
pub(crate) fn large(count: usize) -> Report {
    let mut scenarios = Vec::with_capacity(count);
    for at in 0..count {
        let verdict = if at % 20 == 7 { Verdict::Fail } else { Verdict::Pass };
        let mut checks: Vec<CheckResult> = ["answered", "media-type", "json", "response-table"]
            .iter()
            .map(|name| check(name, Verdict::Pass, "CF-031-REQ-001"))
            .collect();
        checks.push(if verdict == Verdict::Fail {
            failed(
                "status",
                verdict,
                "CF-031-ERR-001",
                Text::neutral("400"),
                Text::neutral("200"),
                None,
            )
        } else {
            check("status", verdict, "CF-031-ERR-001")
        });
        let mut one = scenario(verdict, checks);
        one.id = Arc::from(format!("CF-031.length.item-{at:05}"));
        one.family = Some(Arc::from(format!("family-{:02}", at * 40 / count)));
        one.title = Text::new(
            format!("住所_町字（jusho_machiaza_{at}）に上限の120文字を設定した要求が受け付けられる"),
            format!("The full 120 characters in jusho_machiaza_{at} (address, town) are accepted"),
        );
        scenarios.push(one);
    }
    assemble(scenarios, requirements())
}

fn assemble(scenarios: Vec<ScenarioView>, requirements: Vec<RequirementView>) -> Report {
    Report {
        schema: crate::report::SCHEMA.to_owned(),
        tool: "junkyo 0.1.0".to_owned(),
        corpus: CorpusFacts {
            sha256: "6b17b8fcc411a533c822a5117e33cf73fa6766739d7d36ac86dc4bea883af4fe".to_owned(),
            requirements: 178,
            scenarios: 1_204,
        },
        product: BTreeMap::from(
            [
                ("vendor", "架空システム株式会社"),
                ("corporate-number", "1234567890123"),
                ("name", "架空住民記録"),
                ("version", "3.2.1"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        ),
        run: RunView {
            started: "2026-11-20T01:02:03Z".to_owned(),
            duration_ms: 12_345,
            seed: 20_260_401,
            target_sha256: "72afa6e54667f6f9fcc30993968b4e7725a7f28cd4fad41b75a23f62ef37dba3".to_owned(),
            partial: false,
            interrupted: false,
            exchanges: 1_873,
            retried: 1,
            challenge: None,
            parts: 1,
        },
        outcome: Outcome::NonConformant,
        reasons: vec![
            Text::new(
                "必須要件 1 件が満たされていません。",
                "1 binding requirements do not hold.",
            ),
            Text::new(
                "必須要件 3 件が判定されていません。",
                "3 binding requirements were not judged.",
            ),
        ],
        scenarios_by_verdict: Counts::of(scenarios.iter().map(|one| one.verdict)),
        checks_by_verdict: Counts::of(scenarios.iter().flat_map(|one| &one.checks).map(|check| check.verdict)),
        requirements_by_verdict: Counts::of(requirements.iter().map(|one| one.verdict)),
        real_data: None,
        stability: None,
        readings: vec![
            ReadingView {
                id: "SF-01".to_owned(),
                title: Text::new("住所_町字の桁数", "Length of 住所_町字"),
                option: "api-120".to_owned(),
                meaning: Text::new(
                    "120文字まで受け付けること。121文字は拒否すること。",
                    "120 characters are accepted, 121 refused.",
                ),
                is_default: true,
            },
            ReadingView {
                id: "SF-08".to_owned(),
                title: Text::new("エラー応答の項目名", "Names in the error response"),
                option: "either".to_owned(),
                meaning: Text::new("いずれの名称も受け付けること。", "Either name is accepted."),
                is_default: false,
            },
        ],
        profiles: vec![ProfileView {
            id: "common-function.031.provider".to_owned(),
            title: Text::new("住登外者宛名番号付番API（提供側）", "住登外者宛名番号付番API, provider"),
            outcome: Outcome::NonConformant,
            requirements,
        }],
        scenarios,
    }
}

//! One long conversation with the platform: clean it goes as the standard says, and with any
//! defect something in it is different.

use serde_json::{Value, json};

use super::bench::{API, Bench, OTHER, SCOPE, SISTER, basic, changed, fields, request, status};
use super::defect::{DefectSet, Side};
use super::defect_list::Defect;
use super::platform::tests::SECRET;
use crate::text::check_digit::addressee_number;

fn numbered(body: &str) -> String {
    format!("{body}{}", addressee_number(body).expect("digits"))
}

/// Every step of the conversation: parameters.
async fn parameters(bench: &mut Bench) {
    let full = "漢".repeat(100);
    let rare = "𠮷".repeat(50);
    let town = "町".repeat(19);
    let long = "漢".repeat(101);
    let number = crate::population::unused_number(1, "smoke", "a");
    for (name, expected, changes) in [
        ("new", 200, json!({})),
        ("same again", 200, json!({})),
        (
            "no person",
            200,
            json!({"kojinbango": null, "shimei": null, "seibetsu": null, "seinengappi": null}),
        ),
        (
            "foreigner",
            200,
            json!({"uji_nihonjin": null, "na_nihonjin": null, "shimei_gaikokujinkanji": "試験　甲"}),
        ),
        (
            "other system",
            200,
            json!({"gyomuid": "000", "dokujishisakushisutemutoid": "101"}),
        ),
        ("other operator", 200, json!({"sosashaid": "0123456789"})),
        ("full length", 200, json!({"shimei": full})),
        ("beyond the BMP", 200, json!({"uji_nihonjin": rare})),
        ("JIS X 0213", 200, json!({"uji_nihonjin": "俱頰"})),
        ("town", 200, json!({"jusho_choaza": town})),
        ("no seconds", 200, json!({"sosajikoku": "09:00"})),
        ("unknown birth date", 200, json!({"seinengappi": "1964-00-00"})),
        ("number with 0", 200, json!({"atenabango": number})),
        ("unknown parameter", 200, json!({"gamenid": "1"})),
        ("null in an optional one", 200, json!({})),
        ("too long", 400, json!({"shimei": long})),
        ("too short", 400, json!({"jusho_yubinbango": "123456"})),
        ("half-width", 400, json!({"shimei": "Sato"})),
        ("full-width", 400, json!({"gyomuid": "００１"})),
        ("control", 400, json!({"shimei": "試験\n一郎"})),
        ("JSON type", 400, json!({"sosashaid": 123})),
        ("empty", 400, json!({"sosashaid": ""})),
        ("code", 400, json!({"shorikubun": "9"})),
        ("slashes", 400, json!({"sosanengappi": "2026/01/31"})),
        ("calendar", 400, json!({"sosanengappi": "2019-02-29"})),
        ("unknown operation date", 400, json!({"sosanengappi": "2026-01-00"})),
        ("time", 400, json!({"sosajikoku": "25:61:00"})),
        ("municipality", 400, json!({"shikuchosonkodo": "131017"})),
        ("two errors", 400, json!({"sosashaid": null, "gyomuid": "1"})),
        ("no number with 1", 400, json!({"shorikubun": "1"})),
        ("no number with 2", 400, json!({"shorikubun": "2"})),
        ("no merge target", 400, json!({"nayosemotofuragu": "1"})),
        (
            "everything missing",
            400,
            json!({"shorikubun": null, "shikuchosonkodo": null, "sosashaid": null}),
        ),
    ] {
        let answer = bench.call(name, &changes).await;
        if bench.platform.config.defects.is_empty() {
            assert_eq!(status(answer), expected, "{name}");
        }
    }
    let nulls = [("tsusho", 200), ("sosashaid", 400)];
    for (name, expected) in nulls {
        let mut all = fields();
        all.insert(name.into(), Value::Null);
        let request = bench.api(&[], Value::Object(all).to_string().as_bytes());
        let answer = bench.probe(&format!("null {name}"), request).await;
        assert!(
            !bench.platform.config.defects.is_empty() || status(answer) == expected,
            "null {name}"
        );
    }
}

async fn numbers(bench: &mut Bench) {
    let (old, resident, unknown) = (
        "123456789123456",
        numbered("10000000000001"),
        numbered("80000000000001"),
    );
    bench.act(
        "load-residents",
        json!({ "numbers": [resident, numbered("60000000000003")] }),
    );
    for (name, expected, changes) in [
        ("old number", 200, json!({"shorikubun": "1", "atenabango": old})),
        ("registered again", 200, json!({"shorikubun": "1", "atenabango": old})),
        (
            "former resident",
            200,
            json!({"shorikubun": "1", "atenabango": resident}),
        ),
        (
            "second business",
            200,
            json!({"shorikubun": "2", "atenabango": old, "gyomuid": "002"}),
        ),
        ("unknown number", 400, json!({"shorikubun": "2", "atenabango": unknown})),
        (
            "refused",
            400,
            json!({"shorikubun": "1", "atenabango": unknown, "sosashaid": "あ"}),
        ),
        (
            "refused left nothing",
            400,
            json!({"shorikubun": "2", "atenabango": unknown}),
        ),
        (
            "a second one",
            200,
            json!({"shorikubun": "1", "atenabango": numbered("60000000000004")}),
        ),
    ] {
        let answer = bench.call(name, &changes).await;
        if bench.platform.config.defects.is_empty() {
            assert_eq!(status(answer), expected, "{name}");
        }
    }
    bench.act("next-number", json!({ "body": "60000000000003" }));
    bench
        .call("past residents and registered ones", &json!({"sosashaid": "9"}))
        .await;
    bench.act("next-number", json!({ "body": "00000000000012" }));
    bench.call("leading zeros", &json!({"sosashaid": "8"})).await;
    // All at once.
    let body = Value::Object(changed(&json!({"sosajikoku": "10:00:00"}))).to_string();
    let calls: Vec<_> = (0..6)
        .map(|_| tokio::spawn(std::sync::Arc::clone(&bench.platform).respond(bench.api(&[], body.as_bytes()), 0)))
        .collect();
    let mut all = Vec::new();
    for call in calls {
        all.push(format!("{:?}", call.await.expect("no panic")));
    }
    all.sort();
    bench.said.push(("parallel".into(), all.concat()));
}

async fn tokens(bench: &mut Bench) {
    let body = Value::Object(fields()).to_string();
    let good = bench.token.clone();
    let mut tampered = good.clone();
    tampered.replace_range(0..1.min(tampered.len()), "!");
    let self_made = crate::wire::jwt::sign("none", &super::bench::claims("x"), None);
    let ended = bench.get_token(SCOPE).await;
    let used = bench.get_token(SCOPE).await;
    let sister = bench.get_token(SISTER).await;
    let other = bench.get_token(OTHER).await;
    let request = bench.api(&[("Authorization", &format!("Bearer {used}"))], body.as_bytes());
    bench.probe("used once", request).await;
    for token in [&ended, &used] {
        bench.platform.act("expire-token", &json!({ "token": token }));
    }
    for (name, header) in [
        ("none", String::new()),
        ("invented", "Bearer abcdefghijklmnopqrstuvwxyz".to_owned()),
        ("tampered", format!("Bearer {tampered}")),
        ("malformed", "Bearer \u{7}<>".to_owned()),
        ("self-made", format!("Bearer {self_made}")),
        ("ended", format!("Bearer {ended}")),
        ("revoked after use", format!("Bearer {used}")),
        ("sister", format!("Bearer {sister}")),
        ("other provider", format!("Bearer {other}")),
        ("basic", basic(SECRET)),
        ("without scheme", good.clone()),
    ] {
        let request = bench.api(&[("Authorization", &header)], body.as_bytes());
        let answer = bench.probe(name, request).await;
        assert!(
            !bench.platform.config.defects.is_empty() || status(answer) == 401,
            "{name}"
        );
    }
    let request = bench.api(&[("Authorization", &format!("bearer {good}"))], body.as_bytes());
    let answer = bench.probe("lower case", request).await;
    assert!(!bench.platform.config.defects.is_empty() || status(answer) == 200);
    for (name, header) in [("in the query", ""), ("twice", good.as_str())] {
        let header = if header.is_empty() {
            String::new()
        } else {
            format!("Bearer {header}")
        };
        let mut request = bench.api(&[("Authorization", &header)], body.as_bytes());
        request.target = format!("{API}?access_token={good}");
        let answer = bench.probe(name, request).await;
        assert!(
            !bench.platform.config.defects.is_empty() || status(answer) == 401,
            "{name}"
        );
    }
    let with_token = Value::Object(changed(&json!({"access_token": good}))).to_string();
    let request = bench.api(&[("Authorization", "")], with_token.as_bytes());
    bench.probe("in the body", request).await;
    let request = bench.api(&[("Authorization", ""), ("X-API-Key", "k")], body.as_bytes());
    bench.probe("api key", request).await;
    let request = bench.api(&[("Authorization", "")], b"{}");
    let answer = bench.probe("neither token nor parameters", request).await;
    assert!(!bench.platform.config.defects.is_empty() || status(answer) == 401);
    bench.act("introspection-down", json!({}));
    let answer = bench.call("introspection down", &json!({})).await;
    assert!(!bench.platform.config.defects.is_empty() || status(answer) == 503);
    bench.act("introspection-up", json!({}));
}

async fn forms(bench: &mut Bench) {
    let body = Value::Object(fields()).to_string();
    let pairs = "shorikubun=%220%22&shikuchosonkodo=131016&nayosemotofuragu=0&tagyomusanshofukafuragu=0\
                 &sosashaid=1&sosanengappi=2026-01-31&sosajikoku=09:00:00";
    let deep = body.replacen('{', &format!("{{\"x\":{}{},", "[".repeat(40), "]".repeat(40)), 1);
    let many: String = (0..200).map(|index| format!("\"x{index}\":\"1\",")).collect();
    let reversed: serde_json::Map<_, _> = fields().into_iter().rev().collect();
    let type_of = |value| [("Content-Type", value)];
    for (name, expected, headers, body) in [
        ("broken", 400, vec![], body.as_bytes()[..40].to_vec()),
        ("after it", 200, vec![], body.clone().into_bytes()),
        ("trailing", 400, vec![], format!("{body} x").into_bytes()),
        ("array", 400, vec![], format!("[{body}]").into_bytes()),
        ("text", 400, vec![], b"\"x\"".to_vec()),
        ("empty body", 400, vec![], Vec::new()),
        (
            "twice",
            400,
            vec![],
            body.replacen('{', "{\"shorikubun\":\"0\",", 1).into_bytes(),
        ),
        (
            "upper case",
            400,
            vec![],
            body.replace("sosashaid", "SOSASHAID").into_bytes(),
        ),
        (
            "reversed",
            200,
            vec![],
            Value::Object(reversed).to_string().into_bytes(),
        ),
        ("deep", 200, vec![], deep.into_bytes()),
        (
            "many",
            200,
            vec![],
            body.replacen('{', &format!("{{{many}"), 1).into_bytes(),
        ),
        (
            "escapes",
            200,
            vec![],
            body.replace("千代田区", "\\u5343\\u4ee3\\u7530\\u533a").into_bytes(),
        ),
        (
            "surrogate",
            400,
            vec![],
            body.replace("千代田区", "\\ud842").into_bytes(),
        ),
        (
            "not UTF-8",
            400,
            vec![],
            [body.replace("千代田区\"}", "").as_bytes(), b"\xFF\"}"].concat(),
        ),
        ("BOM", 400, vec![], format!("\u{FEFF}{body}").into_bytes()),
        (
            "large",
            413,
            vec![],
            format!("{}{body}", " ".repeat(300_000)).into_bytes(),
        ),
        (
            "charset",
            200,
            type_of("application/json; charset=utf-8").to_vec(),
            body.clone().into_bytes(),
        ),
        ("plain", 415, type_of("text/plain").to_vec(), body.clone().into_bytes()),
        (
            "form",
            415,
            type_of("application/x-www-form-urlencoded").to_vec(),
            pairs.as_bytes().to_vec(),
        ),
    ] {
        let shaped = bench.api(&headers, &body);
        let answer = bench.probe(name, shaped).await;
        assert!(
            !bench.platform.config.defects.is_empty() || status(answer) == expected,
            "{name}"
        );
    }
    let mut invalid = body.clone().into_bytes();
    if let Some(at) = memchr::memmem::find(&invalid, "千代田区".as_bytes()) {
        invalid[at] = 0xFF;
    }
    let with_invalid = bench.api(&[], &invalid);
    bench.probe("invalid byte", with_invalid).await;
    let mut chunked = bench.api(&[("Transfer-Encoding", "chunked")], body.as_bytes());
    chunked.headers.0.retain(|(name, _)| name != "Content-Length");
    bench.probe("chunked", chunked).await;
    for method in ["GET", "PUT", "HEAD"] {
        let mut other = bench.api(&[], b"");
        other.method = method.into();
        other.target = format!("{API}?{pairs}");
        let answer = bench.probe(method, other).await;
        assert!(!bench.platform.config.defects.is_empty() || status(answer) == 405);
    }
    let mut in_query = bench.api(&[], b"");
    in_query.target = format!("{API}?{pairs}");
    bench.probe("in the query", in_query).await;
    bench.probe("elsewhere", request("GET", "/nowhere", &[], b"")).await;
}

async fn operation(bench: &mut Bench) {
    let again = json!({"sosajikoku": "11:00:00"});
    for switch in ["maintenance", "unexpected", "slow"] {
        bench.act(&format!("{switch}-on"), json!({}));
        bench.call(switch, &again).await;
        bench
            .call("slow 1", &json!({"shorikubun": "1", "atenabango": "777777777777777"}))
            .await;
        bench.act(&format!("{switch}-off"), json!({}));
        bench.call("again", &again).await;
        bench
            .call("slow 2", &json!({"shorikubun": "2", "atenabango": "777777777777777"}))
            .await;
    }
    let body = Value::Object(fields()).to_string();
    for connection in [1, 4] {
        let request = bench.api(&[], body.as_bytes());
        bench.probe_over("connection", request, connection).await;
    }
}

async fn authorization(bench: &mut Bench) {
    let now = super::tokens::now();
    let other_key = Some("another-secret-of-more-than-32-characters");
    for (name, algorithm, changes, key) in [
        ("correct", "HS256", json!({}), Some(SECRET)),
        (
            "audience list",
            "HS256",
            json!({"aud": ["x", "https://as.example.jp"]}),
            Some(SECRET),
        ),
        ("iss", "HS256", json!({"iss": "x"}), Some(SECRET)),
        ("sub", "HS256", json!({"sub": "x"}), Some(SECRET)),
        ("no sub", "HS256", json!({"sub": null}), Some(SECRET)),
        (
            "aud",
            "HS256",
            json!({"aud": "https://evil.example.jp/token"}),
            Some(SECRET),
        ),
        ("no aud", "HS256", json!({"aud": null}), Some(SECRET)),
        ("expired", "HS256", json!({"exp": now - 60}), Some(SECRET)),
        ("no exp", "HS256", json!({"exp": null}), Some(SECRET)),
        ("long", "HS256", json!({"exp": now + 90_000}), Some(SECRET)),
        ("nbf", "HS256", json!({"nbf": now + 600}), Some(SECRET)),
        ("no jti", "HS256", json!({"jti": null}), Some(SECRET)),
        ("HS384", "HS384", json!({}), Some(SECRET)),
        ("HS512", "HS512", json!({}), Some(SECRET)),
        ("none", "none", json!({}), None),
        ("other key", "HS256", json!({}), other_key),
        (
            "unknown client",
            "HS256",
            json!({"iss": "nobody", "sub": "nobody"}),
            Some(SECRET),
        ),
    ] {
        bench.token_with(name, algorithm, &changes, key).await;
    }
    let assertion = bench.assertion("HS256", &json!({}), Some(SECRET));
    let form = Bench::form(&[("grant_type", "client_credentials"), ("scope", SCOPE)], &assertion);
    for name in ["first use", "replay"] {
        bench.probe(name, Bench::post_form("/token", &[], &form)).await;
    }
    for (name, grant, scope) in [
        ("password", "password", SCOPE),
        ("refresh", "refresh_token", SCOPE),
        ("no grant", "", SCOPE),
        ("no scope", "client_credentials", ""),
        ("unknown scope", "client_credentials", "031:nothing:Read"),
        ("two providers", "client_credentials", &format!("{SCOPE} {OTHER}")),
        ("one provider", "client_credentials", &format!("{SCOPE} {SISTER}")),
    ] {
        let assertion = bench.assertion("HS256", &json!({}), Some(SECRET));
        let form = Bench::form(&[("grant_type", grant), ("scope", scope)], &assertion);
        bench.probe(name, Bench::post_form("/token", &[], &form)).await;
        bench
            .probe(
                "repeated",
                Bench::post_form("/token", &[], &format!("{form}&scope={SCOPE}")),
            )
            .await;
    }
    let assertion = bench.assertion("HS256", &json!({}), Some(SECRET));
    let other_type = Bench::form(&[("grant_type", "client_credentials"), ("scope", SCOPE)], &assertion)
        .replace("jwt-bearer", "saml2-bearer");
    bench
        .probe("assertion type", Bench::post_form("/token", &[], &other_type))
        .await;
    let plain = format!("grant_type=client_credentials&scope={SCOPE}");
    for (name, headers, more) in [
        ("basic", vec![("Authorization", basic(SECRET))], String::new()),
        ("basic wrong", vec![("Authorization", basic("x"))], String::new()),
        (
            "basic and post",
            vec![("Authorization", basic(SECRET))],
            format!("&client_secret={SECRET}"),
        ),
        (
            "public",
            vec![],
            format!("&client_id={}", super::platform::tests::CLIENT),
        ),
        (
            "post",
            vec![],
            format!("&client_id={}&client_secret={SECRET}", super::platform::tests::CLIENT),
        ),
    ] {
        let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        bench
            .probe(name, Bench::post_form("/token", &headers, &format!("{plain}{more}")))
            .await;
    }
    let by_basic = basic(SECRET);
    let get = request("GET", &format!("/token?{plain}"), &[("Authorization", &by_basic)], b"");
    bench.probe("GET", get).await;
    let (alive, ended) = (bench.get_token(SCOPE).await, bench.get_token(SCOPE).await);
    bench.said.push(("tokens differ".into(), (alive != ended).to_string()));
    bench.introspect("alive", &alive).await;
    bench.platform.act("expire-token", &json!({ "token": ended }));
    bench.introspect("ended", &ended).await;
    bench.introspect("unknown", "nonsense").await;
    bench
        .probe("open", Bench::post_form("/introspect", &[], &format!("token={alive}")))
        .await;
    bench
        .probe("GET introspection", request("GET", "/introspect", &[], b""))
        .await;
}

async fn conversation(defects: DefectSet) -> Vec<(String, String)> {
    let mut bench = Bench::new(defects).await;
    parameters(&mut bench).await;
    numbers(&mut bench).await;
    tokens(&mut bench).await;
    forms(&mut bench).await;
    operation(&mut bench).await;
    authorization(&mut bench).await;
    bench.said
}

/// Defects of the transport and of time, which this conversation without a network cannot see.
const BELOW: &[Defect] = &[
    Defect::OldTlsAccepted,
    Defect::PlainHttpAccepted,
    Defect::TlsOff,
    Defect::CertificateExpired,
    Defect::CertificateOtherHost,
    Defect::AddressLookupSlow,
];

#[tokio::test]
async fn a_clean_platform_says_the_same_twice() {
    let first = conversation(DefectSet::NONE).await;
    for (left, right) in first.iter().zip(&conversation(DefectSet::NONE).await) {
        assert_eq!(left, right);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_defect_shows() {
    let clean = conversation(DefectSet::NONE).await;
    let seen_here = Defect::all()
        .iter()
        .filter(|doc| matches!(doc.side, Side::Provider | Side::Authorization) && !BELOW.contains(&doc.id));
    let others: Vec<_> = seen_here
        .map(|doc| (doc.id, tokio::spawn(conversation(doc.id.into()))))
        .collect();
    let guard = tokio::spawn(conversation(DefectSet::NONE));
    let mut silent = Vec::new();
    for (defect, other) in others {
        if other.await.expect("no panic") == clean {
            silent.push(defect.name());
        }
    }
    // Otherwise it was the load of the machine that made the difference.
    assert_eq!(guard.await.expect("no panic"), clean);
    assert!(silent.is_empty(), "nothing is different with {silent:?}");
}

/// Every answer of the clean platform follows the table of its status.
#[tokio::test]
async fn answers_follow_their_tables() {
    let interface = super::platform::tests::interface();
    let mut bench = Bench::new(DefectSet::NONE).await;
    for (expected, changes) in [(200, json!({})), (400, json!({"shimei": "Sato", "sosashaid": null}))] {
        let response = bench.call("table", &changes).await.expect("a response");
        assert_eq!(
            response.headers.get("content-type"),
            Some("application/json;charset=UTF-8")
        );
        assert_eq!(response.headers.get("cache-control"), Some("no-store"));
        let body: Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(response.status, expected);
        assert_eq!(crate::schema::check_response(&interface, expected, &body), []);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn numbers_are_unique_under_load() {
    let bench = Bench::new(DefectSet::NONE).await;
    let body = Value::Object(fields()).to_string();
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let platform = std::sync::Arc::clone(&bench.platform);
            let request = bench.api(&[], body.as_bytes());
            tokio::spawn(async move {
                let mut all = Vec::new();
                for _ in 0..50 {
                    all.push(format!(
                        "{:?}",
                        std::sync::Arc::clone(&platform).respond(request.clone(), 0).await
                    ));
                }
                all
            })
        })
        .collect();
    let mut all = std::collections::HashSet::new();
    for task in tasks {
        all.extend(task.await.expect("no panic"));
    }
    assert_eq!(all.len(), 400);
}

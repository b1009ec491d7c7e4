//! The consumer against the provider over TLS, and against a provider that answers as told: clean
//! it behaves as the standard says, and with any defect something is different.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use super::bench::{API, changed, fields};
use super::consumer::{Consumer, ConsumerConfig, Order, Outcome};
use super::defect::{DefectSet, Side};
use super::defect_list::Defect;
use super::platform::tests::{CLIENT, SECRET, config};
use super::platform::{Platform, Running, server_tls};
use crate::wire::certificate::TestAuthority;
use crate::wire::{
    Answer, Handler, HttpRequest, Server, ServerOptions, form_decode, jwt, parse_response, response_bytes,
};

const TIMEOUT: Duration = Duration::from_millis(1000);
const PAUSE: Duration = Duration::from_millis(150);

fn hosts() -> Vec<String> {
    vec!["127.0.0.1".into(), "localhost".into()]
}

async fn running(authority: &TestAuthority, defects: DefectSet) -> Running {
    let tls = server_tls(authority, &hosts(), &defects).expect("a certificate");
    Platform::new(config(defects))
        .start("127.0.0.1:0", Some(tls))
        .await
        .expect("a free port")
}

fn consumer(authority: &TestAuthority, defects: DefectSet) -> Consumer {
    Consumer::new(ConsumerConfig::new(
        authority.client().expect("a configuration"),
        TIMEOUT,
        defects,
    ))
}

fn order(endpoint: &str, token_endpoint: &str, fields: Map<String, Value>) -> Order {
    let order = json!({
        "action": "number", "endpoint": endpoint, "token_endpoint": token_endpoint, "client_id": CLIENT,
        "client_secret": SECRET, "ca": null, "fields": fields, "timeout_ms": TIMEOUT.as_millis() as u64,
        "retry_wait_ms": PAUSE.as_millis() as u64, "fresh": true,
    });
    serde_json::from_value(order).expect("an order")
}

#[tokio::test]
async fn end_to_end() {
    let authority = TestAuthority::new("tests").expect("an authority");
    let running = running(&authority, DefectSet::NONE).await;
    let consumer = consumer(&authority, DefectSet::NONE);
    let mut order = order(&running.url.to_string(), &running.token_endpoint.to_string(), fields());
    order.fresh = false;
    let first = consumer.act(&order).await;
    let second = consumer.act(&order).await;
    assert_eq!((first.status, first.error.as_deref()), (Some(200), None), "{first:?}");
    assert!(first.number < second.number);
    assert_eq!(running.platform.tokens_alive().len(), 1, "the token is kept");
    // A token that ended in the meantime is replaced, once.
    for token in running.platform.tokens_alive() {
        running.platform.act("expire-token", &json!({ "token": token }));
    }
    assert_eq!(consumer.act(&order).await.status, Some(200));
    order.fields.insert("shimei".into(), "half".into());
    let refused = consumer.act(&order).await;
    assert_eq!((refused.status, refused.number), (Some(400), None));
    order.client_secret = "wrong".into();
    order.fresh = true;
    let unknown = consumer.act(&order).await;
    assert!(unknown.error.is_some_and(|error| error.contains("invalid_client")));
}

#[tokio::test]
async fn defects_below_http_show() {
    let authority = TestAuthority::new("tests").expect("an authority");
    for defect in [Defect::CertificateExpired, Defect::CertificateOtherHost] {
        let running = running(&authority, defect.into()).await;
        let order = order(&running.url.to_string(), &running.token_endpoint.to_string(), fields());
        let outcome = consumer(&authority, DefectSet::NONE).act(&order).await;
        assert!(
            outcome.error.is_some_and(|error| error.contains("not trusted")),
            "{defect}"
        );
        let careless = consumer(&authority, Defect::HostNameUnverified.into())
            .act(&order)
            .await;
        assert_eq!(careless.status, Some(200), "{careless:?}");
    }
    let off = running(&authority, Defect::TlsOff.into()).await;
    assert!(!off.url.tls);
    for (defects, expected) in [(DefectSet::NONE, false), (Defect::PlainHttpAccepted.into(), true)] {
        let running = running(&authority, defects).await;
        let mut plain = running.url.clone();
        plain.tls = false;
        let client = crate::wire::Client::new(crate::wire::ClientOptions::default());
        let sent = client
            .send(&crate::wire::Outgoing::new("POST", &plain, &[], b"{}"))
            .await;
        assert_eq!(sent.response.starts_with(b"HTTP/1.1 401"), expected);
        let order = order(&running.url.to_string(), &running.token_endpoint.to_string(), fields());
        assert_eq!(
            consumer(&authority, DefectSet::NONE).act(&order).await.status,
            Some(200)
        );
    }
    for (defects, expected) in [(DefectSet::NONE, false), (Defect::OldTlsAccepted.into(), true)] {
        let running = running(&authority, defects).await;
        for offer in ["1.0", "1.1", "weak"] {
            let outcome = crate::wire::offer_old_tls(&running.url, offer, TIMEOUT)
                .await
                .expect("reachable");
            assert_eq!(outcome.response.first() == Some(&22), expected, "{offer}");
        }
    }
}

/// How the scripted provider answers: the reply of a clean platform, changed or replaced.
#[derive(Clone, Debug)]
enum Say {
    Normal,
    Late(Duration),
    Status(u16, &'static [(&'static str, &'static str)], String),
    Patched(&'static str, Value),
    Escaped,
    Hang,
    Reset,
}

#[derive(Default)]
struct Script {
    api: Vec<Say>,
    life: Option<u64>,
    seen: usize,
    log: Vec<(Instant, String)>,
    ids: Vec<String>,
}

/// A provider that answers by a script and writes down what it got.
struct Scripted {
    script: Arc<Mutex<Script>>,
    main: Server,
    elsewhere: Server,
    host_wrong: Server,
    stranger: Server,
    authority: TestAuthority,
}

fn told(script: &mut Script, request: &HttpRequest) -> String {
    if request.path() == "/token" {
        let mut form = form_decode(&String::from_utf8_lossy(&request.body));
        for (name, value) in &mut form {
            if let Some(assertion) = (name == "client_assertion").then(|| jwt::decode(value)).flatten() {
                let life = assertion
                    .time("exp")
                    .zip(assertion.time("iat"))
                    .map(|(exp, iat)| exp - iat);
                let id = assertion.text("jti").unwrap_or_default().to_owned();
                let again = script.ids.contains(&id);
                let names: Vec<_> = assertion.claims.keys().cloned().collect();
                let token_audience = assertion.text("aud").is_some_and(|aud| aud.ends_with("/token"));
                *value = format!(
                    "{} {names:?} {life:?} again {again} {token_audience}",
                    assertion.algorithm()
                );
                script.ids.push(id);
            }
        }
        return format!("token {form:?}");
    }
    let headers: Vec<_> = request
        .headers
        .0
        .iter()
        .filter(|(name, _)| !["Host", "Content-Length"].contains(&name.as_str()))
        .map(|(name, value)| {
            // Tokens differ from run to run, what stands before them does not.
            let shown = if name == "Authorization" {
                format!("{:.7}", value)
            } else {
                value.clone()
            };
            (
                name.clone(),
                if shown == "Bearer " || shown.starts_with("Basic") {
                    shown
                } else {
                    shown.replace(value, "…")
                },
            )
        })
        .collect();
    let query = if request.query().contains("access_token") {
        "access_token"
    } else {
        request.query()
    };
    format!(
        "{} {}?{query} {headers:?} {}",
        request.method,
        request.path(),
        String::from_utf8_lossy(&request.body)
    )
}

fn handler(script: &Arc<Mutex<Script>>, platform: &Arc<Platform>, place: &'static str) -> Handler {
    let (script, platform) = (Arc::clone(script), Arc::clone(platform));
    Arc::new(move |request: HttpRequest, connection| {
        let (script, platform) = (Arc::clone(&script), Arc::clone(&platform));
        Box::pin(async move {
            let (say, life) = {
                let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
                let line = format!("{place} {}", told(&mut script, &request));
                script.log.push((Instant::now(), line));
                if request.path() == "/token" {
                    (Say::Normal, script.life)
                } else {
                    let at = script.seen.min(script.api.len().saturating_sub(1));
                    script.seen += 1;
                    (script.api.get(at).cloned().unwrap_or(Say::Normal), None)
                }
            };
            answer(say, life, platform, request, connection).await
        })
    })
}

async fn answer(say: Say, life: Option<u64>, platform: Arc<Platform>, request: HttpRequest, connection: u64) -> Answer {
    match say {
        Say::Hang => return Answer::Hang(Duration::from_secs(5)),
        Say::Reset => return Answer::Reset,
        Say::Late(delay) => tokio::time::sleep(delay).await,
        _ => {}
    }
    if let Say::Status(status, headers, body) = say {
        let bytes = response_bytes(status, headers, body.as_bytes());
        return Answer::Send { bytes, close: false };
    }
    let Answer::Send { bytes, close } = platform.respond(request, connection).await else {
        return Answer::Reset;
    };
    let response = parse_response(&bytes, "POST", true).expect("HTTP");
    let mut body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    match (&say, life) {
        (_, Some(life)) if body.get("expires_in").is_some() => body["expires_in"] = life.into(),
        (Say::Patched(pointer, value), _) => {
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            if let Some(Value::Object(parent)) = body.pointer_mut(parent) {
                if value.is_null() {
                    parent.shift_remove(name);
                } else {
                    parent.insert(name.into(), value.clone());
                }
            }
        }
        (Say::Escaped, _) => {}
        _ => return Answer::Send { bytes, close },
    }
    let mut text = body.to_string();
    if matches!(say, Say::Escaped) {
        text = text.replace('登', "\\u767b").replace(':', " : ");
    }
    let headers = [("Content-Type", "application/json;charset=UTF-8")];
    let bytes = response_bytes(response.status, &headers, text.as_bytes());
    Answer::Send { bytes, close }
}

impl Scripted {
    async fn new() -> Self {
        let authority = TestAuthority::new("tests").expect("an authority");
        let stranger = TestAuthority::new("nobody").expect("an authority");
        let platform = Platform::new(config(DefectSet::NONE));
        let script = Arc::new(Mutex::new(Script::default()));
        // Without TLS where trust is not the point: the stories of all defects run side by side.
        let start = |tls, place| {
            let options = ServerOptions {
                tls,
                ..ServerOptions::default()
            };
            let handler = handler(&script, &platform, place);
            async move {
                Server::start("127.0.0.1:0", options, handler)
                    .await
                    .expect("a free port")
            }
        };
        let other = ["other.example.jp".to_owned()];
        Self {
            main: start(None, "main").await,
            elsewhere: start(None, "elsewhere").await,
            host_wrong: start(
                Some(authority.server(&other, false).expect("certificate")),
                "wrong host",
            )
            .await,
            stranger: start(Some(stranger.server(&hosts(), false).expect("certificate")), "stranger").await,
            script,
            authority,
        }
    }

    fn base(&self) -> String {
        format!("http://{}", self.main.address())
    }

    /// Lets a consumer act and tells what it did.
    async fn act(&self, defects: DefectSet, api: Vec<Say>, life: Option<u64>, changes: Value, at: &str) -> String {
        *self.script.lock().expect("no panic") = Script {
            api,
            life,
            ..Script::default()
        };
        let consumer = consumer(&self.authority, defects);
        let token_endpoint = format!("{}/token", self.base());
        let mut order = order(&format!("{at}{API}"), &token_endpoint, changed(&changes));
        let first = consumer.act(&order).await;
        order.fresh = false;
        let second = consumer.act(&order).await;
        let script = self.script.lock().expect("no panic");
        let calls: Vec<_> = script.log.iter().filter(|(_, line)| line.contains(API)).collect();
        let waited: Vec<bool> = calls.windows(2).map(|pair| pair[1].0 - pair[0].0 >= PAUSE).collect();
        let late: Vec<bool> = calls
            .windows(2)
            .map(|pair| pair[1].0 - pair[0].0 >= Duration::from_secs(1))
            .collect();
        let lines: Vec<&str> = script.log.iter().map(|(_, line)| line.as_str()).collect();
        format!(
            "{lines:#?} {} {} waited {waited:?} {late:?}",
            shown(&first),
            shown(&second)
        )
    }
}

/// An outcome; numbers differ from run to run but for their form.
fn shown(outcome: &Outcome) -> String {
    let number = outcome.number.as_ref().map(|number| {
        let issued = number.len() == 15 && number.starts_with('5');
        if issued { "issued".to_owned() } else { number.clone() }
    });
    format!("{:?} {number:?} {}", outcome.status, outcome.error.is_some())
}

async fn story(defects: DefectSet) -> Vec<String> {
    let bench = Scripted::new().await;
    let body = |text: &str| text.to_owned();
    let done = "{\"metadata\":{\"title\":\"住登外者宛名番号付番\",\"detail\":\"登録が完了しました。\"}}";
    let redirect = format!("http://{}{API}", bench.elsewhere.address());
    let location: &'static str = Box::leak(redirect.into_boxed_str());
    let headers: &'static [(&str, &str)] = Box::leak(vec![("Location", location)].into_boxed_slice());
    let long = "漢".repeat(60);
    let number = json!({"shorikubun": "1", "atenabango": "000000000000012", "tagyomusanshofukafuragu": "1"});
    let merged = json!({"nayosemotofuragu": "1", "nayosesakiatenabango": "000000000000012", "shimei": long});
    let unknown = "{\"title\":\"x\"}";
    let mut all = Vec::new();
    for (api, life, changes) in [
        (vec![Say::Normal], None, json!({})),
        (vec![Say::Normal], Some(1), json!({})),
        (vec![Say::Normal], None, number.clone()),
        (vec![Say::Normal], None, merged),
        (vec![Say::Status(401, &[], body(unknown)), Say::Normal], None, json!({})),
        (vec![Say::Status(401, &[], body(unknown))], None, json!({})),
        (vec![Say::Status(400, &[], body(unknown))], None, json!({})),
        (vec![Say::Status(400, &[], body(done))], None, json!({})),
        (vec![Say::Status(503, &[], body(unknown)), Say::Normal], None, json!({})),
        (
            vec![Say::Status(503, &[("Retry-After", "1")], body(unknown)), Say::Normal],
            None,
            json!({}),
        ),
        (
            vec![Say::Status(503, &[], body("Service Unavailable"))],
            None,
            json!({}),
        ),
        (vec![Say::Status(302, headers, String::new())], None, json!({})),
        (vec![Say::Status(200, &[], body(done))], None, json!({})),
        (vec![Say::Late(Duration::from_millis(300))], None, json!({})),
        (vec![Say::Hang, Say::Normal], None, json!({})),
        (vec![Say::Reset, Say::Normal], None, json!({})),
        (vec![Say::Escaped], None, json!({})),
        (vec![Say::Patched("/metadata/new", json!("x"))], None, json!({})),
        (vec![Say::Patched("/result/0/atenabango", json!(12))], None, json!({})),
        (vec![Say::Patched("/result/0/atenabango", Value::Null)], None, json!({})),
        (
            vec![Say::Patched("/result/0/atenabango", json!("000000000000027"))],
            None,
            json!({}),
        ),
        (
            vec![Say::Patched("/result/0/atenabango", json!("000000000000027"))],
            None,
            number,
        ),
        (
            vec![Say::Patched("/result/0/shikuchosonkodo", json!("016373"))],
            None,
            json!({}),
        ),
        (vec![Say::Patched("/metadata/detail", json!("完了"))], None, json!({})),
    ] {
        all.push(bench.act(defects, api, life, changes, &bench.base()).await);
    }
    for server in [&bench.host_wrong, &bench.stranger] {
        let at = format!("https://{}", server.address());
        all.push(bench.act(defects, vec![Say::Normal], None, json!({}), &at).await);
    }
    // With a wrong secret there is no token.
    *bench.script.lock().expect("no panic") = Script::default();
    let token_endpoint = format!("{}/token", bench.base());
    let mut wrong = order(&format!("{}{API}", bench.base()), &token_endpoint, fields());
    wrong.client_secret = "wrong".into();
    let outcome = consumer(&bench.authority, defects).act(&wrong).await;
    let seen = bench.script.lock().expect("no panic").seen;
    all.push(format!("{seen} calls, {}", shown(&outcome)));
    // 192.0.2.0/24 is for documentation: nobody is there.
    let plain = order("http://192.0.2.1/api", "http://192.0.2.1/token", fields());
    let outcome = consumer(&bench.authority, defects).act(&plain).await;
    all.push(outcome.error.unwrap_or_default());
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_defect_of_the_consumer_shows() {
    let mut clean = story(DefectSet::NONE).await;
    let defects: Vec<Defect> = Defect::all()
        .iter()
        .filter(|doc| doc.side == Side::Consumer)
        .map(|doc| doc.id)
        .collect();
    let mut silent = Vec::new();
    for some in defects.chunks(16) {
        // Stories hold waits. A clean one at the same time tells whether the load of the machine made a difference; then
        // these stories prove nothing and are told again.
        let mut proven = false;
        for _ in 0..6 {
            let guard = tokio::spawn(story(DefectSet::NONE));
            let stories: Vec<_> = some
                .iter()
                .map(|defect| (*defect, tokio::spawn(story((*defect).into()))))
                .collect();
            let mut same = Vec::new();
            for (defect, story) in stories {
                if story.await.expect("no panic") == clean {
                    same.push(defect.name());
                }
            }
            if guard.await.expect("no panic") == clean {
                silent.extend(same);
                proven = true;
                break;
            }
            clean = story(DefectSet::NONE).await;
        }
        assert!(proven, "a clean consumer does the same each time");
    }
    assert!(silent.is_empty(), "nothing is different with {silent:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clean_consumer_is_careful() {
    let bench = Scripted::new().await;
    let count = |said: &str| said.matches(&format!("main POST {API}")).count();
    let base = bench.base();
    let act = |api: Vec<Say>| bench.act(DefectSet::NONE, api, None, json!({}), &base);
    let refused = act(vec![Say::Status(400, &[], String::new())]).await;
    assert_eq!(count(&refused), 2, "once for each order: {refused}");
    let trouble = act(vec![Say::Status(503, &[], String::new())]).await;
    assert_eq!(count(&trouble), 4, "{trouble}");
    assert!(trouble.contains("waited [true, false, true]"), "{trouble}");
    let unauthorized = act(vec![Say::Status(401, &[], String::new())]).await;
    assert_eq!(count(&unauthorized), 4, "{unauthorized}");
    let hung = act(vec![Say::Hang, Say::Normal]).await;
    assert!(hung.contains("Some(200) Some(\"issued\")"), "{hung}");
    let invented = act(vec![Say::Patched("/result/0/atenabango", Value::Null)]).await;
    assert!(invented.contains("Some(200) None true"), "{invented}");
}

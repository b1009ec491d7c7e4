//! Everything that can be checked before the first scenario, so that a configuration fault is
//! told as such and not as two hundred failures of the product.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};

use super::conditions::is_feature;
use super::preflight_services::{lacking_endpoints, service_endpoint, services};
use super::session::{ASSERTION_TYPE, basic, form_headers};
use super::setup::credentials_of;
use super::target::{AuthMethod, Target};
use crate::evidence::Fault;
use crate::scenario::{Act, Corpus, Step, did_you_mean};
use crate::standard::{ReadingChoice, Subject};
use crate::text::Text;

use crate::wire::{Client, ClientOptions, HttpResponse, Outgoing, Sent, Url, form_encode, jwt, parse_response};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// In order.
    Good,
    /// The run can start, but something deserves a look.
    Warning,
    /// The target file is wrong: the run would only produce false failures.
    Fault,
    /// The product cannot be reached.
    Unreachable,
}

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    /// What was looked at, by the key of the target file.
    pub key: String,
    /// How bad.
    pub severity: Severity,
    /// What was found.
    pub found: Text,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Text>,
}

impl Finding {
    pub(super) fn good(key: &str, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            severity: Severity::Good,
            found: Text::new(ja, en),
            remedy: None,
        }
    }

    pub(super) fn bad(key: &str, severity: Severity, found: Text, remedy: Text) -> Self {
        Self {
            key: key.to_owned(),
            severity,
            found,
            remedy: Some(remedy),
        }
    }
}

/// Largest difference between our clock and the product's that does no harm.
const CLOCK_TOLERANCE: u64 = 60;

/// Looks at everything a target file names.
pub async fn preflight(corpus: &Corpus, target: &Target) -> Vec<Finding> {
    let mut findings = Vec::new();
    claims(corpus, target, &mut findings);
    let tls = match target.client_tls() {
        Ok(tls) => tls,
        Err(error) => {
            findings.push(Finding::bad(
                "tls.authorities",
                Severity::Fault,
                Text::new(format!("信頼する認証局を読めません: {error}"), error.to_string()),
                Text::new(
                    "PEM 形式の証明書ファイルを指定してください。",
                    "name a file of certificates in PEM form",
                ),
            ));
            return findings;
        }
    };
    let limits = &target.file.limits;
    let client = Client::new(ClientOptions {
        tls: Some(tls),
        connect_timeout: Duration::from_millis(limits.connect_timeout_ms),
        exchange_timeout: Duration::from_millis(limits.exchange_timeout_ms),
        ..ClientOptions::default()
    });
    for (id, url) in &target.endpoints {
        let key = format!("endpoints.\"{id}\"");
        if corpus.services.contains_key(id) {
            service_endpoint(&client, &key, url, &mut findings).await;
        } else {
            endpoint(&client, &key, url, &mut findings).await;
        }
    }
    services(corpus, target, &client, &mut findings).await;
    credentials(corpus, target, &client, &mut findings).await;
    drivers(corpus, target, &client, &mut findings).await;
    findings
}

/// Claims, readings and interfaces are known to the corpus, and what the claims need is there.
fn claims(corpus: &Corpus, target: &Target, findings: &mut Vec<Finding>) {
    if let Err(error) = ReadingChoice::new(&corpus.readings, &target.file.readings) {
        findings.push(Finding::bad(
            "readings",
            Severity::Fault,
            Text::new(
                format!("読み {} = \"{}\" は存在しません。", error.id, error.option),
                format!("reading {} = \"{}\" does not exist", error.id, error.option),
            ),
            Text::neutral(&error.help),
        ));
    }
    for id in target
        .endpoints
        .keys()
        .filter(|id| !corpus.interfaces.contains_key(*id) && !corpus.services.contains_key(*id))
    {
        let known = corpus.interfaces.keys().chain(corpus.services.keys());
        let hint = did_you_mean(id, known.map(String::as_str));
        findings.push(Finding::bad(
            "endpoints",
            Severity::Fault,
            Text::new(
                format!("インターフェース {id} は存在しません{hint}"),
                format!("interface `{id}` does not exist{hint}"),
            ),
            Text::new(
                "`junkyo show 031.numbering` のように、コーパスにある識別子を指定してください。",
                "name an interface of the corpus; `junkyo show 031.numbering` shows one",
            ),
        ));
    }
    for claim in &target.file.product.claims {
        let profiles = corpus.expand_profile(claim);
        if profiles.is_empty() {
            findings.push(Finding::bad(
                "product.claims",
                Severity::Fault,
                Text::new(
                    format!("プロファイル {claim} は存在しません。"),
                    format!("profile `{claim}` does not exist"),
                ),
                Text::new(
                    "`junkyo list --profiles` で一覧を確認してください。",
                    "`junkyo list --profiles` names them all",
                ),
            ));
        }
        let of = |subject| profiles.iter().any(|profile| profile.subject == Some(subject));
        let needed = lacking_endpoints(corpus, target, &profiles);
        for id in needed {
            findings.push(Finding::bad(
                "endpoints",
                Severity::Fault,
                Text::new(
                    format!("{claim} の接続先（{id}）がありません。"),
                    format!("{claim} is claimed, but no endpoint of `{id}` is named"),
                ),
                Text::new(
                    format!("[endpoints.\"{id}\"] url = \"https://…\" を追加してください。"),
                    format!("add [endpoints.\"{id}\"] url = \"https://…\""),
                ),
            ));
        }
        let asks_for_tokens = corpus.scenarios.iter().any(|scenario| {
            let belongs = profiles.iter().any(|profile| corpus.belongs(scenario, profile));
            let needs_token = |step: &Step| matches!(step.act, Act::Call(_) | Act::Token(_) | Act::Introspect(_));
            belongs && scenario.steps.iter().any(needs_token)
        });
        if asks_for_tokens && target.file.auth.is_none() {
            findings.push(Finding::bad(
                "auth",
                Severity::Fault,
                Text::new(
                    "[auth] がないため、アクセストークンを取得できません。",
                    "no [auth]: no access token can be had",
                ),
                Text::new(
                    "token-endpoint、client-id、client-secret-env を指定してください。",
                    "give token-endpoint, client-id and client-secret-env",
                ),
            ));
        }
        if of(Subject::Consumer) && target.file.driver.consumer.is_none() {
            findings.push(Finding::bad(
                "driver.consumer",
                Severity::Fault,
                Text::new(
                    "利用側を動作させる手段（[driver.consumer]）がありません。",
                    "no [driver.consumer]: the product cannot be made to act",
                ),
                Text::new("command または url を指定してください。", "give a command or a url"),
            ));
        }
    }
}

/// DNS, connection, TLS and clock, with a harmless request: no token, so nothing is numbered.
async fn endpoint(client: &Client, key: &str, url: &Url, findings: &mut Vec<Finding>) {
    if !url.tls {
        findings.push(Finding::bad(
            key,
            Severity::Warning,
            Text::new(
                format!("{url} は TLS を使っていません。"),
                format!("{url} does not use TLS"),
            ),
            Text::new(
                "TLS 1.2 以上が必須要件です。https:// の接続先を指定してください。",
                "TLS 1.2 or later is a binding requirement: name an https:// address",
            ),
        ));
    }
    let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
    let sent = client.send(&Outgoing::new("POST", url, &headers, b"{}")).await;
    match reached(key, url, &sent) {
        Err(finding) => findings.push(*finding),
        Ok(response) => {
            findings.push(Finding::good(
                key,
                format!("{url} に接続できます（HTTP {}）。", response.status),
                format!("{url} can be reached (HTTP {})", response.status),
            ));
            if response.status == 404 {
                findings.push(Finding::bad(
                    key,
                    Severity::Warning,
                    Text::new("HTTP 404 が返りました。", "it answered HTTP 404"),
                    Text::new(
                        "パスを確認してください（…/app_submit/v10/jutogaishaatenabangofuban）。",
                        "check the path (…/app_submit/v10/jutogaishaatenabangofuban)",
                    ),
                ));
            }
            clock(key, &response, findings);
        }
    }
}

pub(super) fn reached(key: &str, url: &Url, sent: &Sent) -> Result<HttpResponse, Box<Finding>> {
    let remedy = match &sent.fault {
        Some(Fault::Dns { .. }) => Text::new(
            format!(
                "ホスト名 {} を確認してください。DNS または hosts に登録が必要です。",
                url.host
            ),
            format!(
                "check the host name {}; it has to be in DNS or in the hosts file",
                url.host
            ),
        ),
        Some(Fault::Connect { .. }) => Text::new(
            format!(
                "製品が {} で待ち受けているか、ファイアウォールが通すかを確認してください。",
                url.authority()
            ),
            format!(
                "check that the product listens on {} and that no firewall stands between",
                url.authority()
            ),
        ),
        Some(Fault::Tls { .. }) => Text::new(
            "証明書の発行者を [tls] authorities に指定し、ホスト名と有効期間を確認してください。",
            "name the issuer of the certificate in [tls] authorities; check its host name and its period",
        ),
        Some(Fault::Timeout { .. }) => Text::new(
            "製品の応答を確認するか、limits.exchange-timeout-ms を増やしてください。",
            "see why the product does not answer, or raise limits.exchange-timeout-ms",
        ),
        _ => Text::new(
            "接続先が HTTP サーバであることを確認してください。",
            "check that an HTTP server listens there",
        ),
    };
    parse_response(&sent.response, "POST", true).map_err(|_| {
        let found = sent.fault.as_ref().map_or_else(
            || Text::new("HTTP の応答がありません", "no HTTP response"),
            Fault::describe,
        );
        let severity = match &sent.fault {
            Some(Fault::Tls { .. } | Fault::Dns { .. }) => Severity::Fault,
            _ => Severity::Unreachable,
        };
        let found = Text::new(format!("{url}: {}", found.ja), format!("{url}: {}", found.en));
        Box::new(Finding::bad(key, severity, found, remedy))
    })
}

/// Assertions live for a minute: clocks have to agree.
pub(super) fn clock(key: &str, response: &HttpResponse, findings: &mut Vec<Finding>) {
    let Some(there) = response.headers.get("date").and_then(http_date) else {
        return;
    };
    let here = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |now| now.as_secs());
    let off = here.abs_diff(there);
    if off > CLOCK_TOLERANCE {
        findings.push(Finding::bad(
            key,
            Severity::Fault,
            Text::new(
                format!("時計が {off} 秒ずれています。"),
                format!("the clocks differ by {off} seconds"),
            ),
            Text::new("双方を NTP で合わせてください。", "set both by NTP"),
        ));
    }
}

/// Unix seconds of an HTTP date (IMF-fixdate).
fn http_date(text: &str) -> Option<u64> {
    let format = time::macros::format_description!(
        version = 1,
        "[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT"
    );
    let parsed = time::PrimitiveDateTime::parse(text, format).ok()?;
    u64::try_from(parsed.assume_utc().unix_timestamp()).ok()
}

/// The token endpoint gives a token for our credentials, and the API takes it.
async fn credentials(corpus: &Corpus, target: &Target, client: &Client, findings: &mut Vec<Finding>) {
    let Some(credentials) = credentials_of(target) else {
        return;
    };
    let right_id =
        credentials.client_id.len() == 32 && credentials.client_id.bytes().all(|b| b.is_ascii_alphanumeric());
    if !right_id {
        findings.push(Finding::bad(
            "auth.client-id",
            Severity::Warning,
            Text::new(
                format!(
                    "クライアントIDが 32 文字の英数字ではありません（{} 文字）。",
                    credentials.client_id.chars().count()
                ),
                format!(
                    "the client id is not 32 letters and digits ({} characters)",
                    credentials.client_id.chars().count()
                ),
            ),
            Text::new(
                "共通機能標準仕様書 2.2.5 に従うクライアントIDを発行してください。",
                "issue a client id as 共通機能標準仕様書 2.2.5 demands",
            ),
        ));
    }
    if credentials.client_secret.chars().count() < 32 {
        findings.push(Finding::bad(
            "auth",
            Severity::Warning,
            Text::new(
                "クライアントシークレットが 32 文字未満です。",
                "the client secret is shorter than 32 characters",
            ),
            Text::new(
                "32 文字以上のシークレットを発行してください。",
                "issue a secret of 32 characters or more",
            ),
        ));
    }
    let scope = target
        .endpoints
        .keys()
        .find_map(|id| corpus.interfaces.get(id))
        .or_else(|| corpus.interfaces.values().next())
        .map(|interface| interface.scope())
        .unwrap_or_default();
    let mut form = vec![("grant_type", "client_credentials".to_owned()), ("scope", scope)];
    let mut headers = form_headers();
    match credentials.method {
        AuthMethod::ClientSecretJwt => {
            let now = super::session::unix_seconds();
            let claims = serde_json::json!({
                "iss": credentials.client_id, "sub": credentials.client_id, "aud": credentials.audience,
                "iat": now, "exp": now + 60, "jti": format!("junkyo-preflight-{}-{now}", std::process::id()),
            });
            let claims = claims.as_object().cloned().unwrap_or_default();
            form.push(("client_id", credentials.client_id.clone()));
            form.push(("client_assertion_type", ASSERTION_TYPE.into()));
            form.push((
                "client_assertion",
                jwt::sign("HS256", &claims, Some(credentials.client_secret.as_bytes())),
            ));
        }
        AuthMethod::ClientSecretBasic => headers.push(basic(&credentials.client_id, &credentials.client_secret)),
    }
    let body = form_encode(form.iter().map(|(name, value)| (*name, value.as_str())));
    let url = &credentials.token_endpoint;
    let sent = client
        .send(&Outgoing::new("POST", url, &headers, body.as_bytes()))
        .await;
    let response = match reached("auth.token-endpoint", url, &sent) {
        Ok(response) => response,
        Err(finding) => return findings.push(*finding),
    };
    clock("auth.token-endpoint", &response, findings);
    let answer: Option<Value> = serde_json::from_slice(&response.body).ok();
    let token = answer.as_ref().and_then(|answer| answer.get("access_token")?.as_str());
    if token.is_some() {
        findings.push(Finding::good(
            "auth",
            "アクセストークンを取得できます。",
            "an access token can be had",
        ));
        return;
    }
    let error = answer
        .as_ref()
        .and_then(|answer| answer.get("error")?.as_str())
        .unwrap_or("no `error` in the answer");
    findings.push(Finding::bad(
        "auth",
        Severity::Fault,
        Text::new(
            format!("アクセストークンを取得できません（HTTP {}、{error}）。", response.status),
            format!("no access token could be had (HTTP {}, {error})", response.status),
        ),
        Text::new(
            "client-id・シークレット・method、認可サーバに登録したスコープを確認してください。aud が異なる場合は auth.audience を指定してください。",
            "check client-id, secret and method, and that the scope is registered; set auth.audience if the server wants another `aud`",
        ),
    ));
}

/// Drivers answer, and offer what the claimed profiles need.
async fn drivers(corpus: &Corpus, target: &Target, client: &Client, findings: &mut Vec<Finding>) {
    let claimed: Vec<_> = target
        .file
        .product
        .claims
        .iter()
        .flat_map(|claim| corpus.expand_profile(claim))
        .collect();
    let mut needed: Vec<&str> = corpus
        .scenarios
        .iter()
        .filter(|scenario| scenario.role != Subject::Consumer)
        .filter(|scenario| claimed.iter().any(|profile| corpus.belongs(scenario, profile)))
        .flat_map(|scenario| scenario.needs.iter().map(String::as_str))
        .filter(|word| !is_feature(word))
        .collect();
    needed.sort_unstable();
    needed.dedup();
    let offered = target
        .file
        .driver
        .provider
        .as_ref()
        .map_or(&[][..], |driver| &driver.actions);
    let missing: Vec<&str> = needed
        .into_iter()
        .filter(|action| !offered.iter().any(|known| known == action))
        .collect();
    if !missing.is_empty() {
        findings.push(Finding::bad(
            "driver.provider.actions",
            Severity::Warning,
            Text::new(
                format!(
                    "製品を操作できないため実施できないシナリオがあります: {}",
                    missing.join("、")
                ),
                format!(
                    "some scenarios cannot be carried out, since the product offers no {}",
                    missing.join(", ")
                ),
            ),
            Text::new(
                "試験用の操作を用意して actions に宣言してください。なければ結果は「未完了」になります。",
                "provide these test controls and declare them; without them the outcome is `incomplete`",
            ),
        ));
    }
    let hooks = [
        ("driver.provider", &target.file.driver.provider),
        ("driver.consumer", &target.file.driver.consumer),
    ];
    for (key, driver) in hooks {
        let Some(url) = driver
            .as_ref()
            .and_then(|driver| driver.url.as_deref())
            .and_then(|url| Url::parse(url).ok())
        else {
            continue;
        };
        // An action that nobody knows: a hook that is there says so.
        let headers = [("Content-Type".to_owned(), "application/json".to_owned())];
        let body = br#"{"action":"preflight"}"#;
        let sent = client.send(&Outgoing::new("POST", &url, &headers, body)).await;
        match reached(key, &url, &sent) {
            Err(finding) => findings.push(*finding),
            Ok(_) => findings.push(Finding::good(
                key,
                format!("{url} が応答します。"),
                format!("{url} answers"),
            )),
        }
    }
    if target.file.driver.consumer.is_some() {
        findings.push(callback(&target.file.receiver).await);
    }
    // Only the numbering API has residents whose numbers must not be given again.
    let tests_provider = corpus.scenarios.iter().any(|scenario| {
        let numbers = scenario
            .interface
            .as_deref()
            .is_some_and(|id| corpus.interfaces.contains_key(id));
        numbers && scenario.role == Subject::Provider && claimed.iter().any(|profile| corpus.belongs(scenario, profile))
    });
    let knows_residents =
        target.file.data.residents.is_some() || offered.iter().any(|action| action == "load-residents");
    if tests_provider && !knows_residents {
        findings.push(Finding::bad(
            "data.residents",
            Severity::Warning,
            Text::new(
                "製品に登録済みの住民の宛名番号が分からないため、住民との重複を確かめられません。",
                "no resident's number in the product is known, so collisions with residents cannot be judged",
            ),
            Text::new(
                "data.residents に合成データの宛名番号を列挙するか、操作 load-residents を用意してください。",
                "list the numbers of synthetic residents in data.residents, or offer the action load-residents",
            ),
        ));
    }
}

/// A consumer product has to reach us: the port is free, and the name leads back to it.
async fn callback(receiver: &super::target::Receiver) -> Finding {
    let key = "receiver";
    let listener = match TcpListener::bind(&receiver.listen).await {
        Ok(listener) => listener,
        Err(error) => {
            return Finding::bad(
                key,
                Severity::Fault,
                Text::new(
                    format!("{} で待ち受けできません（{error}）。", receiver.listen),
                    format!("cannot listen on {} ({error})", receiver.listen),
                ),
                Text::new(
                    "receiver.listen に別のアドレスまたはポートを指定してください。",
                    "name another address or port in receiver.listen",
                ),
            );
        }
    };
    let port = listener.local_addr().map_or(0, |address| address.port());
    let reach = TcpStream::connect((receiver.host.as_str(), port));
    match tokio::time::timeout(Duration::from_secs(3), reach).await {
        Ok(Ok(_)) => Finding::good(
            key,
            format!("{} で待ち受けでき、{} から届きます。", receiver.listen, receiver.host),
            format!(
                "{} is free to listen on, and {} leads to it",
                receiver.listen, receiver.host
            ),
        ),
        _ => Finding::bad(
            key,
            Severity::Fault,
            Text::new(
                format!("receiver.host の {} から待受けポートに届きません。", receiver.host),
                format!("receiver.host {} does not lead to the port we listen on", receiver.host),
            ),
            Text::new(
                "製品からこの機械に届くホスト名またはアドレスを receiver.host に、それを含むアドレスを receiver.listen に指定してください。",
                "name in receiver.host how the product reaches this machine, and in receiver.listen an address that covers it",
            ),
        ),
    }
}

//! Sign-in with npm's oidc-provider, another project's certified identity provider. `ci/install-peers` installs it; with
//! `JUNKYO_SKIP_PEERS=1` it is not asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use junkyo::registry::model::Role;
use junkyo::registry::web::sign_in::OidcConfig;

use crate::house::{Answer, House, Plan};

struct Provider {
    port: u16,
    process: Child,
    /// Kept open: the provider writes a line now and then.
    _output: BufReader<ChildStdout>,
    cookies: BTreeMap<String, String>,
}

impl Drop for Provider {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A house whose sign-in page offers the provider, and the provider.
fn house(name: &str, new_accounts: Option<&str>) -> Option<(House, Provider)> {
    if std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1") {
        eprintln!("SKIPPED: oidc-provider is not asked (JUNKYO_SKIP_PEERS=1)");
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let modules = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .with_file_name("peers")
        .join("node");
    assert!(
        modules.join("node_modules/oidc-provider").exists(),
        "oidc-provider is not installed: run ci/install-peers (or set JUNKYO_SKIP_PEERS=1)"
    );
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let secret = std::env::temp_dir().join(format!("junkyo-oidc-{}-{name}", std::process::id()));
    std::fs::write(&secret, "test-only-secret-of-the-register\n").unwrap();
    let house = House::with(Plan {
        oidc: Some(OidcConfig {
            issuer: format!("http://127.0.0.1:{port}"),
            client_id: "register".to_owned(),
            client_secret_file: Some(secret.clone()),
            name_ja: "架空 ID".to_owned(),
            name_en: "Fictional ID".to_owned(),
            new_accounts: new_accounts.map(str::to_owned),
        }),
        ..Plan::default()
    });
    std::fs::remove_file(secret).ok();
    let mut process = Command::new("node")
        .arg(root.join("tests/registry_web/provider/server.mjs"))
        .arg(&modules)
        .arg(port.to_string())
        .arg(format!("{}/sign-in/oidc/callback", house.origin()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    let mut line = String::new();
    while line.trim() != "ready" {
        line.clear();
        assert!(output.read_line(&mut line).unwrap() > 0, "the provider did not start");
    }
    let provider = Provider {
        port,
        process,
        _output: output,
        cookies: BTreeMap::new(),
    };
    Some((house, provider))
}

impl Provider {
    /// Goes where the register sent the browser, until it is sent back; gives the path and query at the register.
    fn follow(&mut self, house: &House, address: &str) -> String {
        let own = format!("http://127.0.0.1:{}", self.port);
        let mut address = address.to_owned();
        for _ in 0..12 {
            if let Some(path) = address.strip_prefix(&house.origin()) {
                return path.to_owned();
            }
            let path = address.strip_prefix(&own).unwrap_or(&address).to_owned();
            let (status, location, body) = self.get(&path);
            assert!((300..400).contains(&status), "{path}: {status} {body}");
            address = location;
        }
        panic!("the provider never sent the browser back");
    }

    fn get(&mut self, path: &str) -> (u16, String, String) {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nCookie: {}\r\nConnection: close\r\n\r\n",
            self.port,
            cookies.join("; ")
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let response = junkyo::wire::parse_response(&bytes, "GET", true).unwrap();
        for (_, value) in response
            .headers
            .0
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"))
        {
            let (name, value) = value.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        let location = response.headers.get("location").unwrap_or_default().to_owned();
        (
            response.status,
            location,
            String::from_utf8_lossy(&response.body).into_owned(),
        )
    }
}

fn begin(house: &House, cookie: &str) -> String {
    let answer = house.get("/sign-in/oidc?next=/account", &[("Cookie", cookie)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    answer.header("location").to_owned()
}

fn session(answer: &Answer) -> String {
    let cookie = answer
        .all("set-cookie")
        .into_iter()
        .find(|cookie| cookie.starts_with("junkyo="))
        .unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

#[test]
fn an_identity_that_is_bound_signs_in_and_no_other() {
    let Some((house, mut provider)) = house("bound", None) else {
        return;
    };
    let visit = house.visit();
    let address = begin(&house, &visit);
    for part in ["code_challenge_method=S256", "nonce=", "state=", "response_type=code"] {
        assert!(address.contains(part), "{address}");
    }
    let back = provider.follow(&house, &address);
    let unknown = house.get(&back, &[("Cookie", &visit)]);
    assert_eq!(unknown.status, 422, "{}", unknown.text());

    let account = house.account(Role::Municipality);
    let cookie = house.session_of(&account);
    let back = provider.follow(&house, &begin(&house, &cookie));
    let bound = house.get(&back, &[("Cookie", &cookie)]);
    assert_eq!(
        (bound.status, bound.header("location")),
        (303, "/account"),
        "{}",
        bound.text()
    );

    let visit = house.visit();
    let back = provider.follow(&house, &begin(&house, &visit));
    // In the hands of another visitor, and with another state, it is worth nothing.
    let thief = house.visit();
    assert_eq!(house.get(&back, &[("Cookie", &thief)]).status, 422);
    let answer = house.get(&back, &[("Cookie", &visit)]);
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, "/account"),
        "{}",
        answer.text()
    );
    assert_eq!(house.get("/account", &[("Cookie", &session(&answer))]).status, 200);
    assert_eq!(house.get(&back, &[("Cookie", &visit)]).status, 422, "used up");
    let visit = house.visit();
    let back = provider.follow(&house, &begin(&house, &visit));
    let (head, tail) = back.split_once("state=").unwrap();
    let rest = tail.split_once('&').map_or("", |(_, rest)| rest);
    assert_eq!(
        house
            .get(&format!("{head}state=other&{rest}"), &[("Cookie", &visit)])
            .status,
        422
    );
    assert_eq!(house.get("/sign-in/oidc/callback", &[("Cookie", &visit)]).status, 422);
}

#[test]
fn where_the_operator_says_so_a_new_identity_gets_an_account() {
    let Some((house, mut provider)) = house("new", Some("municipality")) else {
        return;
    };
    let visit = house.visit();
    let back = provider.follow(&house, &begin(&house, &visit));
    let answer = house.get(&back, &[("Cookie", &visit)]);
    assert_eq!(answer.status, 303, "{}", answer.text());
    let account = house.accounts.find("架空 花子").unwrap();
    assert_eq!(
        (account.role, account.email.as_str()),
        (Role::Municipality, "hanako@city.example")
    );
    // Kept out once, kept out for good.
    house.accounts.set_active(&account.id, false, &account.id).unwrap();
    let visit = house.visit();
    let back = provider.follow(&house, &begin(&house, &visit));
    assert_eq!(house.get(&back, &[("Cookie", &visit)]).status, 422);
    assert_eq!(house.get("/account", &[("Cookie", &session(&answer))]).status, 303);
}

#[test]
fn a_provider_that_is_gone_leaves_the_other_ways_open() {
    let Some((house, provider)) = house("gone", None) else {
        return;
    };
    drop(provider);
    let answer = house.get("/sign-in/oidc", &[("Cookie", &house.visit())]);
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("name=\"code\""));
}

//! A register on this machine with an account of each role, and a client that sends what it is told.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use junkyo::registry::accounts::{Accounts, NewAccount, NewToken};
use junkyo::registry::model::{Account, Role, TokenScope};
use junkyo::registry::service::SignUp;
use junkyo::registry::web::sign_in::OidcConfig;
use junkyo::registry::web::{self, Proxies, Rates, Running, WebConfig};
use junkyo::registry::{Registry, RegistryConfig};
use junkyo::scenario::Corpus;
use junkyo::standard::CorpusFiles;

/// Rates that no test reaches by accident.
pub(crate) const GENEROUS: Rates = Rates {
    page: 1_000_000,
    search: 1_000_000,
    sign_in: 1_000_000,
    change: 1_000_000,
    upload: 1_000_000,
};

pub(crate) struct House {
    pub registry: Registry,
    pub accounts: Accounts,
    pub address: SocketAddr,
    folder: PathBuf,
    runtime: tokio::runtime::Runtime,
    running: Option<Running>,
}

/// Changes of the configuration before the server starts.
pub(crate) struct Plan {
    pub rates: Rates,
    pub proxies: Proxies,
    pub public_url: Option<String>,
    pub oidc: Option<OidcConfig>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            rates: GENEROUS,
            proxies: Proxies::default(),
            public_url: None,
            oidc: None,
        }
    }
}

impl House {
    pub(crate) fn new() -> Self {
        Self::with(Plan::default())
    }

    pub(crate) fn with(plan: Plan) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("junkyo-web-{}-{number}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).unwrap();
        let config = RegistryConfig {
            corpus: Some(corpus()),
            ..RegistryConfig::in_folder(&folder)
        };
        let registry = Registry::open(config).unwrap();
        let config = WebConfig {
            listen: "127.0.0.1:0".to_owned(),
            public_url: plan.public_url,
            proxies: plan.proxies,
            rates: plan.rates,
            upload_folder: folder.join("uploads"),
            oidc: plan.oidc,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let running = runtime.block_on(web::start(registry.clone(), config)).unwrap();
        Self {
            accounts: Accounts::new(&registry),
            registry,
            address: running.address(),
            folder,
            runtime,
            running: Some(running),
        }
    }

    pub(crate) fn uploads(&self) -> usize {
        std::fs::read_dir(self.folder.join("uploads")).unwrap().count()
    }

    pub(crate) fn account(&self, role: Role) -> Account {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let new = NewAccount {
            name: format!("{role} {number}"),
            email: String::new(),
            role,
            vendor: None,
        };
        let account = self.accounts.add(&new, None).unwrap();
        if role != Role::Vendor {
            return account;
        }
        // A vendor of its own, admitted.
        let actor = junkyo::registry::model::Actor {
            account: account.id.clone(),
            name: account.name.clone(),
            role,
            vendor: None,
        };
        let form = SignUp {
            corporate_number: corporate_number(number),
            name: format!("架空ソフト{number}"),
            name_kana: String::new(),
            email: "office@vendor.example".to_owned(),
            url: String::new(),
        };
        let vendor = self.registry.sign_up(&actor, &form).unwrap();
        let administrator = junkyo::registry::model::Actor::system();
        self.registry.admit_vendor(&administrator, &vendor.id).unwrap();
        self.accounts.find(account.id.as_str()).unwrap()
    }

    /// A session of a fresh account of a role, as the value of the `Cookie` header; none for the public.
    pub(crate) fn session(&self, role: Role) -> Option<String> {
        (role != Role::Public).then(|| self.session_of(&self.account(role)))
    }

    pub(crate) fn session_of(&self, account: &Account) -> String {
        format!(
            "junkyo={}",
            self.accounts.open_session(account, "test", "127.0.0.1").unwrap()
        )
    }

    pub(crate) fn token(&self, account: &Account, scope: TokenScope) -> String {
        let new = NewToken {
            name: "test".to_owned(),
            scope,
            product: None,
            days: 1,
        };
        self.accounts.make_token(&account.id, &new).unwrap().1
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send("GET", path, headers, b"")
    }

    /// Sends a form with the token of the session or visit in `cookie`.
    pub(crate) fn post(&self, path: &str, cookie: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf(cookie);
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_form(path, &[("Cookie", cookie)], &all)
    }

    pub(crate) fn post_form(&self, path: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Answer {
        let body = form(fields);
        let mut all = vec![("Content-Type", "application/x-www-form-urlencoded")];
        all.extend_from_slice(headers);
        self.send("POST", path, &all, body.as_bytes())
    }

    /// The token of forms, as a page shows it to a cookie.
    pub(crate) fn csrf(&self, cookie: &str) -> String {
        let path = if cookie.contains("junkyo-visit") {
            "/sign-in"
        } else {
            "/account"
        };
        let page = self.get(path, &[("Cookie", cookie)]);
        assert_eq!(page.status, 200, "{path}: {}", page.text());
        hidden(&page.text(), "csrf")
    }

    /// A visit before sign-in, as the value of the `Cookie` header.
    pub(crate) fn visit(&self) -> String {
        let page = self.get("/sign-in", &[]);
        let cookie = page
            .all("set-cookie")
            .into_iter()
            .find(|value| value.starts_with("junkyo-visit="))
            .unwrap();
        cookie.split(';').next().unwrap().to_owned()
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let has = |name: &str| headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
        if !has("host") {
            request.push_str(&format!("Host: {}\r\n", self.address));
        }
        if !body.is_empty() && !has("content-length") && !has("transfer-encoding") {
            request.push_str(&format!("Content-Length: {}\r\n", body.len()));
        }
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let mut bytes = request.into_bytes();
        bytes.extend_from_slice(body);
        self.raw(&bytes)
    }

    pub(crate) fn raw(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // The server may answer and close before it has taken everything.
        stream.write_all(bytes).ok();
        read_answer(stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
        std::fs::remove_dir_all(&self.folder).ok();
    }
}

/// The corpus, read once for all registers of these tests.
fn corpus() -> Arc<Corpus> {
    static CORPUS: OnceLock<Arc<Corpus>> = OnceLock::new();
    let load = || Arc::new(Corpus::load(&CorpusFiles::embedded()).unwrap());
    Arc::clone(CORPUS.get_or_init(load))
}

/// A 法人番号 that nobody has (first digit by the rule, from a serial that no register gives).
fn corporate_number(number: u32) -> String {
    let body = format!("{:012}", 900_000_000_000_u64 + u64::from(number));
    let sum: u32 = body
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| u32::from(digit - b'0') * if place % 2 == 0 { 1 } else { 2 })
        .sum();
    format!("{}{body}", 9 - sum % 9)
}

pub(crate) fn read_answer(mut stream: TcpStream) -> Answer {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).ok();
    Answer::parse(&bytes)
}

pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    junkyo::wire::form_encode(fields.iter().copied())
}

/// Value of a hidden field of a page.
pub(crate) fn hidden(page: &str, name: &str) -> String {
    let marker = format!("name=\"{name}\" value=\"");
    let start = page
        .find(&marker)
        .unwrap_or_else(|| panic!("no field {name} in {page}"))
        + marker.len();
    page[start..].split('"').next().unwrap().to_owned()
}

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub status: u16,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    fn parse(bytes: &[u8]) -> Self {
        let response = junkyo::wire::parse_response(bytes, "GET", true)
            .unwrap_or_else(|error| panic!("{error}: {:?}", String::from_utf8_lossy(bytes)));
        Self {
            status: response.status,
            headers: response.headers.0.clone(),
            body: response.body,
        }
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn all(&self, name: &str) -> Vec<&str> {
        let of = |(known, value): &'_ (String, String)| known.eq_ignore_ascii_case(name).then_some(value.len());
        self.headers
            .iter()
            .filter(|header| of(header).is_some())
            .map(|(_, value)| value.as_str())
            .collect()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

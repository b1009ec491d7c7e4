//! Target files for the tests: a sound one, and places to spoil.

use std::path::PathBuf;

use crate::process::Scratch;
use crate::servers::Server;

/// A target file as text; the fields are what tests change.
pub(crate) struct TargetText {
    pub(crate) claims: &'static str,
    pub(crate) url: String,
    pub(crate) token: String,
    pub(crate) response_limit: usize,
    pub(crate) patience_ms: u32,
    pub(crate) secret: &'static str,
    pub(crate) readings: &'static str,
    pub(crate) more: String,
}

impl TargetText {
    /// For a product that nobody calls.
    pub(crate) fn sound() -> Self {
        Self {
            claims: r#"["common-function.031.provider"]"#,
            url: "http://127.0.0.1:9/api".into(),
            token: "http://127.0.0.1:9/token".into(),
            response_limit: 1 << 20,
            patience_ms: 500,
            secret: "client-secret-file = \"secret\"",
            readings: "",
            more: String::new(),
        }
    }

    pub(crate) fn of(server: &Server) -> Self {
        Self {
            url: server.url("/app_submit/v10/jutogaishaatenabangofuban"),
            token: server.url("/token"),
            ..Self::sound()
        }
    }

    /// Writes it beside its secret. Patience is short, so that tests are.
    pub(crate) fn write(&self, scratch: &Scratch) -> PathBuf {
        scratch.write("secret", &"s".repeat(64));
        scratch.write(
            "target.toml",
            &format!(
                r#"[product]
vendor = "テスト株式会社"
name = "試験用"
version = "1.0"
claims = {claims}

[endpoints."031.numbering"]
url = "{url}"

[auth]
token-endpoint = "{token}"
client-id = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
{secret}

[limits]
connect-timeout-ms = 500
exchange-timeout-ms = {patience}
max-response-bytes = {limit}
settle-ms = 100
consumer-timeout-ms = 100
retry-wait-ms = 20

[readings]
{readings}

{more}
"#,
                claims = self.claims,
                url = self.url,
                token = self.token,
                limit = self.response_limit,
                patience = self.patience_ms,
                secret = self.secret,
                readings = self.readings,
                more = self.more,
            ),
        )
    }
}

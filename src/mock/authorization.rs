//! The authorization server: token endpoint (RFC 6749) and introspection (RFC 7662).

use std::collections::HashSet;

use serde_json::{Value, json};

use super::defect::DefectSet;
use super::defect_list::Defect;
use super::envelope::Reply;
use super::platform::Credentials;
use super::tokens::{Token, Tokens};
use crate::wire::{HttpRequest, form_decode, form_encode};

/// Life of a token in seconds.
const LIFE: i64 = 300;
const DAY: i64 = 86_400;

/// The authorization server of a platform.
pub(super) struct Authorization {
    pub(super) clients: Vec<Credentials>,
    pub(super) tokens: Tokens,
    /// Scopes that may be granted; the first is that of the API served here.
    scopes: Vec<String>,
    defects: DefectSet,
}

/// Where a request for the authorization server arrived.
#[derive(Clone, Copy)]
pub(super) struct Endpoint<'a> {
    /// Scheme, host and port; empty as long as they are not known.
    pub(super) issuer: &'a str,
    /// Path of the endpoint that was called.
    pub(super) path: &'a str,
}

impl Endpoint<'_> {
    /// Whether an audience means this server: its issuer, the token endpoint or this endpoint.
    pub(super) fn is_meant_by(&self, audience: &str) -> bool {
        let Some(path) = audience.strip_prefix(self.issuer) else {
            return false;
        };
        // Before the server knows its own address, any host will do.
        let path = if self.issuer.is_empty() {
            path.splitn(4, '/')
                .nth(3)
                .map_or("", |rest| &path[path.len() - rest.len() - 1..])
        } else {
            path
        };
        path.is_empty() || path == "/" || path == super::platform::TOKEN_PATH || path == self.path
    }
}

/// The parameters of a form, in order.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// The first value of a parameter. An empty value counts as none (RFC 6749 §3.1).
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    fn repeats(&self) -> bool {
        let mut seen = HashSet::new();
        !self.0.iter().all(|(name, _)| seen.insert(name.as_str()))
    }
}

/// Why the authorization server refuses.
#[derive(Clone, Copy, Debug)]
pub(super) struct OauthFault {
    status: u16,
    error: &'static str,
}

impl OauthFault {
    pub(super) fn request() -> Self {
        Self {
            status: 400,
            error: "invalid_request",
        }
    }

    pub(super) fn client() -> Self {
        Self {
            status: 401,
            error: "invalid_client",
        }
    }

    pub(super) fn crash() -> Self {
        Self {
            status: 500,
            error: "server_error",
        }
    }

    fn grant() -> Self {
        Self {
            status: 400,
            error: "unsupported_grant_type",
        }
    }

    fn scope() -> Self {
        Self {
            status: 400,
            error: "invalid_scope",
        }
    }
}

impl Authorization {
    pub(super) fn new(clients: Vec<Credentials>, scope: &str, defects: DefectSet) -> Self {
        let own = spelled_wrongly(scope, &defects);
        Self {
            clients,
            tokens: Tokens::new(),
            scopes: vec![
                own,
                // The sister API of 031, and an invented provider that does not exist: with them one
                // can see that a token opens what it was issued for and nothing else.
                "031:app_submit/v10/jutogaishaatenakihonjohosyokai:Read".into(),
                "999:app_submit/v10/betsuteikyosystem:Read".into(),
            ],
            defects,
        }
    }

    pub(super) fn has(&self, defect: Defect) -> bool {
        self.defects.has(defect)
    }

    /// Answers at the token endpoint.
    pub(super) fn token(&self, request: &HttpRequest, endpoint: Endpoint<'_>, now: i64) -> Reply {
        let result = self
            .form(request, self.has(Defect::TokenGetAccepted))
            .and_then(|form| self.grant(request, &form, endpoint, now));
        result.unwrap_or_else(|fault| self.refuse(fault, request))
    }

    /// Answers at the introspection endpoint.
    pub(super) fn introspection(&self, request: &HttpRequest, endpoint: Endpoint<'_>, now: i64) -> Reply {
        if self.has(Defect::IntrospectionAlways500) {
            return Reply::html(500, "Internal Server Error");
        }
        let result = self.form(request, false).and_then(|form| {
            if !self.has(Defect::IntrospectionOpen) {
                self.authenticate(request, &form, endpoint, now)?;
            }
            let token = form.get("token").ok_or_else(OauthFault::request)?;
            Ok(self.described(token, now))
        });
        result.unwrap_or_else(|fault| self.refuse(fault, request))
    }

    fn form(&self, request: &HttpRequest, or_query: bool) -> Result<Form, OauthFault> {
        let pairs = match request.method.as_str() {
            "POST" if request.media_type().as_deref() == Some("application/x-www-form-urlencoded") => {
                let text = std::str::from_utf8(&request.body).map_err(|_| OauthFault::request())?;
                form_decode(text)
            }
            "POST" => return Err(OauthFault::request()),
            "GET" if or_query => form_decode(request.query()),
            _ => {
                return Err(OauthFault {
                    status: 405,
                    error: "invalid_request",
                });
            }
        };
        let form = Form(pairs);
        if form.repeats() && !self.has(Defect::RepeatedParameterAccepted) {
            return Err(OauthFault::request());
        }
        Ok(form)
    }

    fn grant(&self, request: &HttpRequest, form: &Form, endpoint: Endpoint<'_>, now: i64) -> Result<Reply, OauthFault> {
        let grant_type = match form.get("grant_type") {
            Some(grant_type) => grant_type,
            None if self.has(Defect::GrantMissingAccepted) => "client_credentials",
            None => return Err(OauthFault::request()),
        };
        if self.has(Defect::BasicCrash) && request.headers.get("authorization").is_some() {
            return Err(OauthFault::crash());
        }
        let client = self.authenticate(request, form, endpoint, now)?;
        let known = match grant_type {
            "client_credentials" => !self.has(Defect::ClientCredentialsRefused),
            "refresh_token" if self.has(Defect::RefreshGrantAccepted) => true,
            _ => self.has(Defect::AnyGrantAccepted),
        };
        if !known {
            return Err(OauthFault::grant());
        }
        let scope = self.granted_scope(form)?;
        Ok(self.issue(client, scope, now))
    }

    /// The scope to grant: all that was asked for, if it is known and belongs to one provider.
    fn granted_scope(&self, form: &Form) -> Result<String, OauthFault> {
        let Some(asked) = form.get("scope") else {
            return match form.get("grant_type") {
                Some("refresh_token") if self.has(Defect::RefreshGrantAccepted) => Ok(self.scopes[0].clone()),
                _ if self.has(Defect::UnknownScopeCrash) => Ok(String::new()),
                _ if self.has(Defect::ScopeMissingAccepted) => Ok(self.scopes.join(" ")),
                _ => Err(OauthFault::request()),
            };
        };
        if self.has(Defect::AnyScopeGranted) || self.has(Defect::UnknownScopeCrash) {
            return Ok(asked.to_owned());
        }
        if self.has(Defect::ScopeSilentlyChanged) {
            return Ok(self.scopes[0].clone());
        }
        let parts: Vec<&str> = asked.split(' ').collect();
        let known = parts.iter().all(|part| self.scopes.iter().any(|scope| scope == part));
        let mut providers = parts.iter().filter_map(|part| part.split(':').next());
        let first = providers.next();
        let one_provider = providers.all(|provider| Some(provider) == first);
        if known && (one_provider || self.has(Defect::SeveralProvidersGranted)) {
            Ok(asked.to_owned())
        } else {
            Err(OauthFault::scope())
        }
    }

    fn issue(&self, client: &Credentials, scope: String, now: i64) -> Reply {
        let life = if self.has(Defect::TokenLongLife) { DAY } else { LIFE };
        let endless = self.has(Defect::ExpiresInMissing) || self.has(Defect::ExpiresInUntrue);
        let token = Token {
            client_id: client.id.clone(),
            scope: scope.clone(),
            issued: now,
            expires: now + if endless { 365 * DAY } else { life },
            ended: false,
        };
        let text = self.tokens.issue(token.clone(), &self.defects);
        let mut body = json!({ "access_token": text, "token_type": "Bearer", "expires_in": life, "scope": scope });
        if self.has(Defect::AccessTokenMissing) {
            body = json!({ "token": text, "token_type": "Bearer", "expires_in": life, "scope": scope });
        }
        if self.has(Defect::TokenTypeOwn) {
            body["token_type"] = "access".into();
        }
        if self.has(Defect::RefreshTokenIssued) {
            body["refresh_token"] = self.tokens.issue_refresh(token).into();
        }
        remove_if(&mut body, "expires_in", self.has(Defect::ExpiresInMissing));
        remove_if(&mut body, "scope", self.has(Defect::ScopeSilentlyChanged));
        self.success(&body)
    }

    fn success(&self, body: &Value) -> Reply {
        let reply = if self.has(Defect::TokenResponseForm) {
            let pairs: Vec<(String, String)> = body
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| {
                    (
                        name.clone(),
                        value.as_str().map_or_else(|| value.to_string(), str::to_owned),
                    )
                })
                .collect();
            let text = form_encode(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let mut reply = Reply::text(200, &text);
            if let Some(media_type) = reply.media_type_mut() {
                *media_type = "application/x-www-form-urlencoded".into();
            }
            reply
        } else {
            Reply::json(200, body)
        };
        if self.has(Defect::TokenCacheable) {
            return reply;
        }
        reply.no_store().with("Pragma", "no-cache")
    }

    fn described(&self, text: &str, now: i64) -> Reply {
        let Some(token) = self.tokens.find(text) else {
            if self.has(Defect::IntrospectionUnknown404) {
                return Reply::json(404, &json!({ "error": "not_found" })).no_store();
            }
            return self.description(&json!({ "active": false }));
        };
        if self.has(Defect::UnknownScopeCrash) && !self.scopes.contains(&token.scope) {
            return Reply::html(500, "Internal Server Error");
        }
        if !token.is_active(now) && !self.has(Defect::IntrospectionExpiredActive) {
            let body = if self.has(Defect::IntrospectionInactiveDetails) {
                json!({ "active": false, "scope": token.scope, "reason": "expired" })
            } else {
                json!({ "active": false })
            };
            return self.description(&body);
        }
        let mut body = json!({
            "active": true,
            "scope": token.scope,
            "client_id": token.client_id,
            "token_type": "Bearer",
            "exp": token.expires,
            "iat": token.issued,
        });
        if self.has(Defect::IntrospectionActiveText) {
            body["active"] = "true".into();
        }
        if self.has(Defect::IntrospectionClientShort) {
            body["client_id"] = "C-0042".into();
        }
        remove_if(&mut body, "scope", self.has(Defect::IntrospectionScopeMissing));
        for name in ["client_id", "exp"] {
            remove_if(&mut body, name, self.has(Defect::IntrospectionClientMissing));
        }
        self.description(&body)
    }

    fn description(&self, body: &Value) -> Reply {
        if self.has(Defect::IntrospectionJwt) {
            return Reply::text(200, &format!("active={}", body["active"])).no_store();
        }
        Reply::json(200, body).no_store()
    }

    fn refuse(&self, fault: OauthFault, request: &HttpRequest) -> Reply {
        let (status, error) = match (fault.status, fault.error) {
            (_, "invalid_client") if self.has(Defect::ClientErrorNameWrong) => (fault.status, "access_denied"),
            (401, error) if self.has(Defect::ClientError403) => (403, error),
            (status, "unsupported_grant_type") if self.has(Defect::GrantErrorNameWrong) => (status, "invalid_grant"),
            (status, "invalid_scope") if self.has(Defect::ScopeErrorNameWrong) => (status, "invalid_request"),
            same => same,
        };
        let mut reply = if self.has(Defect::OauthErrorHtml) || status == 500 {
            Reply::html(status, error)
        } else if self.has(Defect::OauthErrorMemberMissing) {
            Reply::json(status, &json!({ "message": error }))
        } else {
            Reply::json(status, &json!({ "error": error }))
        };
        reply = reply.no_store();
        if status == 405 {
            reply = reply.with("Allow", "POST");
        }
        let basic = request.headers.get("authorization").is_some();
        if status == 401 && !(basic && self.has(Defect::BasicChallengeMissing)) {
            reply = reply.with("WWW-Authenticate", "Basic realm=\"token\"");
        }
        reply
    }
}

fn remove_if(body: &mut Value, name: &str, remove: bool) {
    if remove && let Some(members) = body.as_object_mut() {
        members.shift_remove(name);
    }
}

/// The scope of the API as a vendor with a defect would spell it.
fn spelled_wrongly(scope: &str, defects: &DefectSet) -> String {
    let mut parts: Vec<String> = scope.split(':').map(str::to_owned).collect();
    if let [provider, path, operation] = parts.as_mut_slice() {
        if defects.has(Defect::ScopeBusinessIdWrong) {
            *provider = "001".into();
        }
        if defects.has(Defect::ScopePathWrong) {
            path.insert(0, '/');
        }
        if defects.has(Defect::ScopeOperationWrong) {
            *operation = operation.to_ascii_lowercase();
        }
    }
    parts.join(if defects.has(Defect::ScopeWithDots) { "." } else { ":" })
}

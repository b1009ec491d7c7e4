//! The provider of 住登外者宛名番号付番: from a request to a number, or to a refusal.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::answers::{refusal_body, success_body, unauthorized_body, unexpected_body};
use super::defect_list::Defect;
use super::envelope::Reply;
use super::platform::Platform;
use super::reading::{Unreadable, parameters};
use super::refusal::errors;
use super::register::RegisterFault;
use super::spoil::written;
use super::tokens::now;
use super::validation::{crashes, violation, violations};
use crate::schema::{Rule, Violation};
use crate::wire::{HttpRequest, form_decode};

/// State of the provider that only defects look at.
#[derive(Default)]
pub(super) struct ProviderState {
    /// Tokens found active once.
    remembered: Mutex<HashSet<String>>,
    /// The first operator of each token.
    operators: Mutex<Vec<(String, String)>>,
    wedged: AtomicBool,
    busy: AtomicUsize,
    newest_connection: AtomicU64,
}

impl ProviderState {
    /// Forgets earlier trouble.
    pub(super) fn recover(&self) {
        self.wedged.store(false, Ordering::Relaxed);
    }
}

/// One call on its way.
struct Call<'a> {
    request: &'a HttpRequest,
    token: String,
    fields: Map<String, Value>,
}

impl Platform {
    /// Answers a request to the API: maintenance, token, form, parameters, number, in this order.
    pub(super) async fn provide(&self, request: &HttpRequest, connection: u64) -> Reply {
        if self.switches().maintenance {
            return self.maintenance(request);
        }
        if self.is_wedged(connection) {
            return self.unexpected(request);
        }
        if self.has(Defect::ParametersBeforeToken)
            && let Some(refusal) = self.read(request).and_then(|fields| self.check(request, &fields)).err()
        {
            return refusal;
        }
        if self.has(Defect::RegistersBeforeChecks) {
            self.register_unseen(request);
        }
        let token = match self.token_of(request) {
            Ok(token) => token,
            Err(refusal) => return self.with_debug_header(refusal, request),
        };
        if let Some(elsewhere) = self.redirected(request) {
            return elsewhere;
        }
        let reply = self.answer(request, token).await;
        self.with_debug_header(reply, request)
    }

    async fn answer(&self, request: &HttpRequest, token: String) -> Reply {
        if self.switches().unexpected {
            self.remember_interrupted(request);
            return self.unexpected(request);
        }
        let fields = match self.read(request) {
            Ok(fields) => fields,
            Err(refusal) => return refusal,
        };
        if let Err(refusal) = self.check(request, &fields) {
            return refusal;
        }
        let call = Call { request, token, fields };
        if let Some(refusal) = self.refuse_operator(&call) {
            return refusal;
        }
        if self.has(Defect::OneAtATime) {
            return self.one_at_a_time(call).await;
        }
        self.process(call).await
    }

    async fn one_at_a_time(&self, call: Call<'_>) -> Reply {
        let others = self.provider.busy.fetch_add(1, Ordering::SeqCst);
        let reply = if others > 0 {
            self.unexpected(call.request)
        } else {
            tokio::time::sleep(Duration::from_millis(4)).await;
            self.process(call).await
        };
        self.provider.busy.fetch_sub(1, Ordering::SeqCst);
        reply
    }

    async fn process(&self, call: Call<'_>) -> Reply {
        if (self.switches().slow || self.has(Defect::SlowAlways))
            && let Some(ended) = self.wait(&call).await
        {
            return ended;
        }
        if self.has(Defect::AddressLookupSlow) && !text(&call.fields, "jusho_katagaki").is_empty() {
            tokio::time::sleep(self.config.time_out * 32).await;
        }
        match self.number(&call).await {
            Ok((number, history)) => self.success(&call, &number, history),
            Err(RegisterFault::Exhausted) => self.unexpected(call.request),
            Err(RegisterFault::Unknown | RegisterFault::Refused) => self.refuse_number(&call),
        }
    }

    /// Works slowly; gives the reply of a call that took too long.
    async fn wait(&self, call: &Call<'_>) -> Option<Reply> {
        let limit = self.config.time_out;
        let need = self.config.slow_for.unwrap_or(limit * 2);
        if need < limit || self.has(Defect::TimeOutMissing) {
            tokio::time::sleep(need).await;
            return None;
        }
        tokio::time::sleep(limit).await;
        self.remember_interrupted(call.request);
        if self.has(Defect::TimeOutNumbers) {
            self.number(call).await.ok();
        }
        if self.has(Defect::TimeOutHangs) {
            return Some(Reply::hang(Duration::from_secs(300).max(limit * 4)));
        }
        if self.has(Defect::TimeOutJson) {
            return Some(self.unexpected(call.request));
        }
        Some(self.in_words(504, "Gateway Timeout", call.request))
    }

    /// The number for a call, and its history number.
    async fn number(&self, call: &Call<'_>) -> Result<(String, u32), RegisterFault> {
        let defects = &self.config.defects;
        let sent = text(&call.fields, "atenabango");
        let business = text(&call.fields, "gyomuid");
        let digest = digest(&call.fields);
        if self.has(Defect::RepeatRefused) && self.register().interrupted.contains(&digest) {
            return Err(RegisterFault::Refused);
        }
        match text(&call.fields, "shorikubun") {
            "1" if !sent.is_empty() && !self.has(Defect::ExistingNumberRenumbered) => {
                let history = self.register().register(sent, business, defects)?;
                Ok((sent.to_owned(), history))
            }
            "2" if !sent.is_empty() && !self.has(Defect::UpdateRenumbered) => {
                let history = self.register().update(sent, business, defects)?;
                Ok((sent.to_owned(), history))
            }
            _ if !sent.is_empty() && self.has(Defect::SentNumberTaken) => {
                let history = self.register().register(sent, business, defects)?;
                Ok((sent.to_owned(), history))
            }
            _ => self.new_number(business, digest).await,
        }
    }

    async fn new_number(&self, business: &str, digest: u64) -> Result<(String, u32), RegisterFault> {
        let defects = &self.config.defects;
        if self.has(Defect::SameNumberOnRepeat)
            && let Some(number) = self.register().repeats.get(&digest)
        {
            return Ok((number.clone(), 1));
        }
        if self.has(Defect::NumberingUnlocked) {
            // Between looking and taking, everybody else looks too.
            let (number, next) = self.register().peek(defects)?;
            tokio::time::sleep(Duration::from_millis(2)).await;
            self.register().take(&number, next, business, defects);
            return Ok((number, 1));
        }
        let mut register = self.register();
        let (number, next) = register.peek(defects)?;
        let history = register.take(&number, next, business, defects);
        if self.has(Defect::SameNumberOnRepeat) {
            register.repeats.insert(digest, number.clone());
        }
        Ok((number, history))
    }

    // ---- what comes before ----

    fn read(&self, request: &HttpRequest) -> Result<Map<String, Value>, Reply> {
        parameters(&self.config.interface, request, &self.config.defects).map_err(|fault| {
            if self.has(Defect::HostileInputWedges) && fault == Unreadable::Refused(400) {
                self.provider.wedged.store(true, Ordering::Relaxed);
            }
            match fault {
                Unreadable::Death => Reply::reset(),
                Unreadable::Crash if request.method != self.config.interface.method => {
                    Reply::html(500, "Internal Server Error")
                }
                Unreadable::Crash => self.unexpected(request),
                Unreadable::Refused(status) => self.refuse_unread(status, request),
            }
        })
    }

    fn check(&self, request: &HttpRequest, fields: &Map<String, Value>) -> Result<(), Reply> {
        let (interface, defects) = (&self.config.interface, &self.config.defects);
        if crashes(interface, fields, defects) {
            return Err(self.unexpected(request));
        }
        let violations = violations(interface, fields, defects);
        if violations.is_empty() {
            return Ok(());
        }
        Err(self.refuse(400, &violations, fields, request))
    }

    /// The token of a request, if it may call this API.
    fn token_of(&self, request: &HttpRequest) -> Result<String, Reply> {
        if self.has(Defect::ApiKeyAccepted) && request.headers.get("x-api-key").is_some() {
            return Ok(String::new());
        }
        let Some(token) = self.bearer(request) else {
            return Err(self.unauthorized(request));
        };
        if token.is_empty() {
            return Ok(token);
        }
        let well_formed = token
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte));
        if !well_formed && self.has(Defect::MalformedTokenCrash) {
            return Err(self.unexpected(request));
        }
        if self.has(Defect::TokenUnchecked) || well_formed && self.is_self_made(&token) {
            return Ok(token);
        }
        if self.has(Defect::IntrospectionRemembered) && self.remembered().contains(&token) {
            return Ok(token);
        }
        if self.switches().introspection_down {
            let lenient = self.has(Defect::IntrospectionFailureAccepted);
            return if lenient {
                Ok(token)
            } else {
                Err(self.unexpected(request))
            };
        }
        let known = self.authorization.tokens.find(&token).filter(|known| {
            (known.is_active(now()) || self.has(Defect::ExpiredTokenAccepted)) && self.is_scope_enough(&known.scope)
        });
        if known.is_none() {
            return Err(self.unauthorized(request));
        }
        if self.has(Defect::IntrospectionRemembered) {
            self.remembered().insert(token.clone());
        }
        Ok(token)
    }

    /// The bearer token that a request carries in the one place where it may stand. An empty text
    /// is a caller that a defect lets in without one.
    fn bearer(&self, request: &HttpRequest) -> Option<String> {
        let mut headers = request.headers.all("authorization");
        let header = headers.next();
        if headers.next().is_some() {
            return None;
        }
        let in_query = form_decode(request.query())
            .into_iter()
            .find(|(name, _)| name == "access_token")
            .map(|(_, value)| value);
        if self.has(Defect::HeaderTokenRefused) {
            return in_query;
        }
        let Some(header) = header else {
            return match in_query {
                Some(token) if self.has(Defect::QueryTokenAccepted) => Some(token),
                _ if self.has(Defect::BodyTokenAccepted) => token_in_body(request),
                _ => self.has(Defect::TokenOptional).then(String::new),
            };
        };
        if in_query.is_some() && !self.has(Defect::TwoTokensAccepted) {
            return None;
        }
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        let is_bearer = if self.has(Defect::BearerCaseSensitive) {
            scheme == "Bearer"
        } else {
            scheme.eq_ignore_ascii_case("bearer")
        };
        if is_bearer {
            return Some(token.trim().to_owned()).filter(|token| !token.is_empty());
        }
        (self.has(Defect::BasicAccepted) && scheme.eq_ignore_ascii_case("basic")).then(String::new)
    }

    fn is_self_made(&self, token: &str) -> bool {
        self.has(Defect::UnsignedTokenAccepted) && crate::wire::jwt::decode(token).is_some()
    }

    fn is_scope_enough(&self, scope: &str) -> bool {
        let own = self.config.interface.scope();
        let provider = &self.config.interface.business_id;
        self.has(Defect::ScopeUnchecked)
            || scope.split(' ').any(|part| {
                part == own || self.has(Defect::ScopeProviderOnly) && part.split(':').next() == Some(provider.as_str())
            })
    }

    fn remembered(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.provider.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refuse_operator(&self, call: &Call<'_>) -> Option<Reply> {
        if !self.has(Defect::OperatorAuthorization) {
            return None;
        }
        let operator = text(&call.fields, "sosashaid");
        let mut known = self.provider.operators.lock().unwrap_or_else(PoisonError::into_inner);
        match known.iter().find(|(token, _)| *token == call.token) {
            Some((_, first)) if first != operator => Some(Reply::text(403, "Forbidden")),
            Some(_) => None,
            None => {
                known.push((call.token.clone(), operator.to_owned()));
                None
            }
        }
    }

    /// Whether earlier trouble stands in the way (defects only).
    fn is_wedged(&self, connection: u64) -> bool {
        if self.has(Defect::BrokenOffRequestWedges) {
            let newest = self.provider.newest_connection.fetch_max(connection, Ordering::SeqCst);
            // A connection in between never delivered a whole request.
            return connection > newest + 1;
        }
        self.provider.wedged.swap(false, Ordering::Relaxed)
    }

    fn register_unseen(&self, request: &HttpRequest) {
        let fields: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
        let number = text(&fields, "atenabango");
        if text(&fields, "shorikubun") == "1" && !number.is_empty() {
            self.register()
                .register(number, text(&fields, "gyomuid"), &self.config.defects)
                .ok();
        }
    }

    fn remember_interrupted(&self, request: &HttpRequest) {
        if self.has(Defect::RepeatRefused)
            && let Ok(fields) = serde_json::from_slice(&request.body)
        {
            self.register().interrupted.insert(digest(&fields));
        }
    }

    // ---- replies ----

    fn success(&self, call: &Call<'_>, number: &str, history: u32) -> Reply {
        if self.has(Defect::SuccessUnanswered) {
            return Reply::reset();
        }
        let body = success_body(&self.config.interface, &call.fields, number, history);
        let status = if self.has(Defect::Created201) { 201 } else { 200 };
        let reply = self.json(status, written(body, 200, &call.fields, &self.config.defects));
        if self.has(Defect::ResponseCacheable) {
            return reply.with("Cache-Control", "public, max-age=600");
        }
        reply.no_store()
    }

    fn refuse(
        &self,
        status: u16,
        violations: &[Violation],
        fields: &Map<String, Value>,
        request: &HttpRequest,
    ) -> Reply {
        if self.has(Defect::WrongInput5xx) {
            return self.unexpected(request);
        }
        if self.has(Defect::RefusalUnanswered) {
            return Reply::reset();
        }
        let (interface, defects) = (&self.config.interface, &self.config.defects);
        let body = refusal_body(interface, &errors(interface, violations, fields, defects));
        let status = match status {
            400 if self.has(Defect::Refusal200) => 200,
            400 if self.has(Defect::Refusal422) => 422,
            status => status,
        };
        self.json(status, written(body, 400, fields, defects)).no_store()
    }

    /// A body that cannot be read sets nothing, so every required parameter is missing.
    fn refuse_unread(&self, status: u16, request: &HttpRequest) -> Reply {
        let nothing = Map::new();
        let missing = crate::schema::check_request(&self.config.interface, &nothing);
        let reply = self.refuse(status, &missing, &nothing, request);
        if status == 405 {
            return reply.with("Allow", self.config.interface.method.clone());
        }
        reply
    }

    fn refuse_number(&self, call: &Call<'_>) -> Reply {
        let row = self.config.interface.parameter("atenabango");
        let unknown: Vec<Violation> = row.map(|row| violation(row, Rule::Unknown)).into_iter().collect();
        self.refuse(400, &unknown, &call.fields, call.request)
    }

    fn unauthorized(&self, request: &HttpRequest) -> Reply {
        let status = if self.has(Defect::UnauthorizedAs403) { 403 } else { 401 };
        let mut reply = if self.has(Defect::UnauthorizedEmpty) {
            Reply::empty(status)
        } else if self.has(Defect::UnauthorizedHtml) {
            Reply::html(status, "Unauthorized")
        } else {
            let mut body = self.with_personal_data(unauthorized_body(&self.config.interface), request);
            if self.has(Defect::UnauthorizedWithErrors) {
                body["errors"] = serde_json::json!([{ "code": "E0001", "message": "トークンが設定されていません。" }]);
            }
            self.json(status, written(body, 401, &Map::new(), &self.config.defects))
        };
        if !self.has(Defect::ChallengeMissing) {
            reply = reply.with("WWW-Authenticate", "Bearer realm=\"031\"");
        }
        reply.no_store()
    }

    fn unexpected(&self, request: &HttpRequest) -> Reply {
        if self.has(Defect::Unexpected500Html) {
            return Reply::html(500, "Internal Server Error");
        }
        let body = self.with_personal_data(unexpected_body(&self.config.interface), request);
        self.json(503, written(body, 503, &Map::new(), &self.config.defects))
            .no_store()
    }

    fn maintenance(&self, request: &HttpRequest) -> Reply {
        if self.has(Defect::MaintenanceJson) {
            return self.unexpected(request);
        }
        if self.has(Defect::Maintenance200) {
            return Reply::html(200, "メンテナンス中です");
        }
        self.in_words(503, "Service Unavailable", request)
    }

    fn in_words(&self, status: u16, words: &str, request: &HttpRequest) -> Reply {
        if self.has(Defect::PersonalDataInRefusals) {
            return Reply::text(status, &format!("{words}: {}", String::from_utf8_lossy(&request.body)));
        }
        Reply::text(status, words)
    }

    fn with_personal_data(&self, mut body: Value, request: &HttpRequest) -> Value {
        if self.has(Defect::PersonalDataInRefusals) {
            let sent = serde_json::from_slice(&request.body)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(&request.body).into_owned()));
            body["request"] = sent;
        }
        body
    }

    fn json(&self, status: u16, text: Vec<u8>) -> Reply {
        let mut reply = Reply::json_text(status, text);
        if let Some(media_type) = reply.media_type_mut() {
            if self.has(Defect::CharsetMissing) {
                *media_type = "application/json".into();
            }
            if self.has(Defect::MediaTypeText) {
                *media_type = "text/html;charset=UTF-8".into();
            }
        }
        reply
    }

    /// Where a defect sends requests with an individual number.
    fn redirected(&self, request: &HttpRequest) -> Option<Reply> {
        if !self.has(Defect::IndividualNumberRedirected) {
            return None;
        }
        let fields: Map<String, Value> = serde_json::from_slice(&request.body).ok()?;
        let number = Some(text(&fields, "kojinbango")).filter(|number| number.len() == 12)?;
        let place = format!("{}/mynumber?kojinbango={number}", self.api_path());
        Some(Reply::empty(307).with("Location", place))
    }

    fn with_debug_header(&self, reply: Reply, request: &HttpRequest) -> Reply {
        let in_header = self.has(Defect::OperatorInHeader);
        if !in_header && !self.has(Defect::IndividualNumberInHeader) {
            return reply;
        }
        let fields: Map<String, Value> = serde_json::from_slice(&request.body).unwrap_or_default();
        if in_header {
            return reply.with("X-Operator", text(&fields, "sosashaid"));
        }
        let number: String = text(&fields, "kojinbango")
            .chars()
            .filter(char::is_ascii_digit)
            .collect();
        reply.with("X-Debug-Request", format!("kojinbango={number}"))
    }
}

/// A parameter as text; empty if it is not there or no text.
fn text<'a>(fields: &'a Map<String, Value>, name: &str) -> &'a str {
    fields.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn token_in_body(request: &HttpRequest) -> Option<String> {
    let fields: Map<String, Value> = serde_json::from_slice(&request.body).ok()?;
    fields.get("access_token").and_then(Value::as_str).map(str::to_owned)
}

fn digest(fields: &Map<String, Value>) -> u64 {
    let mut hasher = DefaultHasher::new();
    Value::Object(fields.clone()).to_string().hash(&mut hasher);
    hasher.finish()
}

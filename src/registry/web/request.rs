//! One request: who asks, from where, what it may carry, the handler, and the headers that every answer has.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::routing::{MethodFilter, on};

use super::csrf::comes_from_elsewhere;
use super::params::Params;
use super::reply::{PageError, Reply, failure};
use super::route::{Guard, Handler, Rate, Route, Verb, routes};
use super::session::{LANGUAGE, VISIT_SECONDS};
use super::visitor::{Visitor, cookie, language, place_of};
use super::{Web, upload};
use crate::registry::accounts::secret::{fresh_secret, hash_of, is_secret};
use crate::registry::model::{Actor, Role};
use crate::text::Text;

/// Longest target (path and query) in bytes.
const TARGET_LIMIT: usize = 8 * 1024;
/// Longest wait for a free place among the handlers.
const SLOT_PATIENCE: Duration = Duration::from_secs(10);

/// Address at the other end of the connection.
#[derive(Clone, Copy)]
pub(super) struct Peer(pub(super) IpAddr);

/// The router of the table.
pub(super) fn router(web: Arc<Web>) -> Router {
    let mut router = Router::new();
    for route in routes() {
        let filter = match route.verb {
            Verb::Get => MethodFilter::GET,
            Verb::Post => MethodFilter::POST,
        };
        let handler = move |State(web): State<Arc<Web>>, path: RawPathParams, request: Request| async move {
            let path = path
                .iter()
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect();
            answer(web, route, path, request).await
        };
        router = router.route(route.path, on(filter, handler));
    }
    let nothing_here = |error: fn() -> PageError| {
        move |State(web): State<Arc<Web>>, request: Request| async move {
            let (arrival, visitor) = arrive(&web, None, &request);
            let is_api = request.uri().path().starts_with("/api/");
            finish(&web, None, &arrival, failure(&error(), &visitor, is_api), false)
        }
    };
    router
        .fallback(nothing_here(|| PageError::NotFound))
        .method_not_allowed_fallback(nothing_here(|| PageError::Method))
        .with_state(web)
}

/// What is known of a request before anybody is asked who it is.
struct Arrival {
    headers: HeaderMap,
    if_none_match: Option<String>,
    /// Language asked for in the address: to be remembered.
    chosen: Option<&'static str>,
    /// Cookies to set.
    set_cookies: Vec<String>,
}

fn arrive(web: &Web, route: Option<&'static Route>, request: &Request) -> (Arrival, Visitor) {
    let headers = request.headers().clone();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let asked = crate::wire::form_decode(&query)
        .into_iter()
        .find(|(name, _)| name == "lang")
        .map(|(_, value)| value);
    let lang = language(
        asked.as_deref(),
        cookie(&headers, LANGUAGE),
        text(header::ACCEPT_LANGUAGE),
    );
    let peer = request
        .extensions()
        .get::<Peer>()
        .map_or_else(|| IpAddr::from([0, 0, 0, 0]), |peer| peer.0);
    let visitor = Visitor {
        actor: Actor::public(),
        lang,
        csrf: String::new(),
        origin: origin_of(web, &headers),
        path: request.uri().path().to_owned(),
        query,
        title: route.map_or("", |route| route.title(lang)),
        network: place_of(web.proxies.client(peer, &headers)),
        may_be_sent_to_sign_in: route.is_some_and(|route| route.verb == Verb::Get),
        session: None,
        token: None,
    };
    let arrival = Arrival {
        if_none_match: text(header::IF_NONE_MATCH).map(str::to_owned),
        chosen: asked.is_some().then(|| lang.pick("ja", "en")),
        set_cookies: Vec::new(),
        headers,
    };
    (arrival, visitor)
}

/// The origin of the page as the browser sees it: on this machine it has several names.
fn origin_of(web: &Web, headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let scheme = web.origin.split("://").next().unwrap_or("http");
    match web.hosts.iter().find(|known| known.eq_ignore_ascii_case(host)) {
        Some(known) => format!("{scheme}://{known}"),
        None => web.origin.clone(),
    }
}

async fn answer(web: Arc<Web>, route: &'static Route, path: Vec<(String, String)>, request: Request) -> Response<Body> {
    let (mut arrival, mut visitor) = arrive(&web, Some(route), &request);
    let outcome = attempt(&web, route, path, request, &mut arrival, &mut visitor).await;
    let (reply, failed) = match outcome {
        Ok(reply) => (reply, false),
        Err(error) => {
            if let PageError::Internal(why) = &error {
                eprintln!("error: {} {}: {why}", route.verb.name(), visitor.path);
            }
            (failure(&error, &visitor, route.is_api()), true)
        }
    };
    let private = visitor.signed_in() || failed;
    finish(&web, Some(route), &arrival, reply, private)
}

async fn attempt(
    web: &Arc<Web>,
    route: &'static Route,
    path: Vec<(String, String)>,
    request: Request,
    arrival: &mut Arrival,
    visitor: &mut Visitor,
) -> Result<Reply, PageError> {
    if request
        .uri()
        .path_and_query()
        .is_some_and(|target| target.as_str().len() > TARGET_LIMIT)
    {
        return Err(PageError::BadRequest(Text::new(
            "番地が長すぎます。",
            "The address is too long.",
        )));
    }
    // Load balancers ask for the health under addresses of their own.
    if route.path != "/healthz" && !is_ours(web, &request) {
        return Err(PageError::Misdirected);
    }
    let changes = route.guard == Guard::Form;
    if changes && comes_from_elsewhere(&arrival.headers, &visitor.origin) {
        return Err(PageError::Csrf);
    }
    identify(web, route, arrival, visitor).await?;
    let who = if visitor.signed_in() {
        format!("account:{}", visitor.actor.account)
    } else {
        format!("network:{}", visitor.network)
    };
    // What can be guessed is counted by network always: an account in hand must not buy more guesses.
    let who = if route.rate == Rate::SignIn {
        format!("network:{}", visitor.network)
    } else {
        who
    };
    web.limits.take(route.rate, &who).map_err(PageError::TooMany)?;
    if !route.allows(visitor.actor.role) {
        return Err(if visitor.signed_in() {
            PageError::Forbidden
        } else {
            PageError::SignIn
        });
    }
    let query = crate::wire::form_decode(&visitor.query);
    let received = upload::receive(request, route.body, &web.upload_folder).await?;
    let params = Params {
        path,
        query,
        form: received.form,
        files: received.files,
        json: received.json,
        if_none_match: arrival.if_none_match.clone(),
    };
    if changes {
        let token = params.form("csrf").unwrap_or_default();
        let known = visitor.session.as_deref();
        if !known.is_some_and(|session| web.csrf.accepts(session, token)) {
            return Err(PageError::Csrf);
        }
    }
    let slot = tokio::time::timeout(SLOT_PATIENCE, web.slots.acquire())
        .await
        .map_err(|_| PageError::Busy)?
        .map_err(|_| PageError::Busy)?;
    let inner = Arc::clone(web);
    let copy = visitor.clone();
    let handled = tokio::task::spawn_blocking(move || match route.handler {
        Handler::Page(page) => page(&inner.registry, &copy, &params),
        Handler::Inner(handler) => handler(&inner, &copy, &params),
    })
    .await;
    drop(slot);
    handled.map_err(PageError::internal)?
}

fn is_ours(web: &Web, request: &Request) -> bool {
    let mut named = request.headers().get_all(header::HOST).iter();
    let host = named.next().and_then(|value| value.to_str().ok());
    let one = named.next().is_none();
    let is_known = |name: &str| web.hosts.iter().any(|host| host.eq_ignore_ascii_case(name));
    let absolute = request
        .uri()
        .authority()
        .is_none_or(|authority| is_known(authority.as_str()));
    one && absolute && host.is_some_and(is_known)
}

/// Finds out who asks: by token on routes that want one, by session on pages.
async fn identify(
    web: &Arc<Web>,
    route: &'static Route,
    arrival: &mut Arrival,
    visitor: &mut Visitor,
) -> Result<(), PageError> {
    match route.guard {
        Guard::Open => Ok(()),
        Guard::Token(scope) => {
            let token = bearer(&arrival.headers).ok_or(PageError::SignIn)?;
            let hash = hash_of(token);
            let found = in_background(web, move |web| web.accounts.token(&hash)).await?;
            let Some((actor, token)) = found else {
                // A wrong token costs what a wrong sign-in costs.
                let who = format!("network:{}", visitor.network);
                web.limits.take(Rate::SignIn, &who).map_err(PageError::TooMany)?;
                return Err(PageError::SignIn);
            };
            if token.scope < scope {
                return Err(PageError::Forbidden);
            }
            visitor.actor = actor;
            visitor.token = Some(token);
            Ok(())
        }
        Guard::Read | Guard::Form => {
            let session = secret_cookie(&arrival.headers, web.cookies.session());
            if let Some(hash) = session.clone() {
                let found = in_background(web, move |web| web.accounts.session(&hash)).await?;
                match found {
                    Some(actor) => {
                        visitor.actor = actor;
                        visitor.session = session;
                    }
                    None => arrival.set_cookies.push(web.cookies.set(web.cookies.session(), "", 0)),
                }
            }
            if visitor.session.is_none() {
                visit(web, route, arrival, visitor)?;
            }
            if let Some(session) = &visitor.session {
                visitor.csrf = web.csrf.token(session);
            }
            Ok(())
        }
    }
}

/// Forms before sign-in have a token too: of a visit that starts where such a form is shown.
fn visit(web: &Web, route: &'static Route, arrival: &mut Arrival, visitor: &mut Visitor) -> Result<(), PageError> {
    visitor.session = secret_cookie(&arrival.headers, web.cookies.visit());
    let shows_form = route.verb == Verb::Get
        && routes().any(|other| other.path == route.path && other.guard == Guard::Form && other.allows(Role::Public));
    if visitor.session.is_none() && shows_form {
        let secret = fresh_secret().map_err(PageError::internal)?;
        arrival
            .set_cookies
            .push(web.cookies.set(web.cookies.visit(), &secret, VISIT_SECONDS));
        visitor.session = Some(hash_of(&secret));
    }
    Ok(())
}

fn secret_cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    cookie(headers, name).filter(|value| is_secret(value)).map(hash_of)
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let value = all.next()?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (all.next().is_none() && scheme.eq_ignore_ascii_case("bearer")).then_some(token.trim())
}

async fn in_background<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
    web: &Arc<Web>,
    work: impl FnOnce(&Web) -> Result<T, E> + Send + 'static,
) -> Result<T, PageError> {
    let web = Arc::clone(web);
    tokio::task::spawn_blocking(move || work(&web))
        .await
        .map_err(PageError::internal)?
        .map_err(PageError::internal)
}

/// Puts on what every answer has.
fn finish(web: &Web, route: Option<&'static Route>, arrival: &Arrival, reply: Reply, private: bool) -> Response<Body> {
    let private = private || arrival.chosen.is_some() || !arrival.set_cookies.is_empty();
    let status = reply.code();
    let mut response = reply.into_response(arrival.if_none_match.as_deref(), private);
    let headers = response.headers_mut();
    let script = route.is_some_and(|route| route.script);
    let policy = if script {
        "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    } else {
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    };
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if !headers.contains_key("cross-origin-resource-policy") {
        headers.insert("cross-origin-resource-policy", HeaderValue::from_static("same-origin"));
    }
    if web.origin.starts_with("https://") {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000"),
        );
    }
    // The same address has two languages, and another answer for who is signed in.
    headers.insert(
        header::VARY,
        HeaderValue::from_static("Accept-Language, Cookie, Authorization"),
    );
    // What a handler says of a cookie counts: a new session must not be removed because the old one was none.
    let said: Vec<String> = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok()?.split('=').next().map(str::to_owned))
        .collect();
    let language = arrival
        .chosen
        .map(|code| web.cookies.set(LANGUAGE, code, 365 * 24 * 3600));
    for value in arrival.set_cookies.iter().chain(&language) {
        let is_said = said.iter().any(|name| value.split('=').next() == Some(name.as_str()));
        if let Ok(value) = HeaderValue::from_str(value)
            && !is_said
        {
            headers.append(header::SET_COOKIE, value);
        }
    }
    // A body that was not read to its end cannot be followed by another request.
    if matches!(status, 408 | 413) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if StatusCode::from_u16(status).is_ok_and(|status| status == StatusCode::METHOD_NOT_ALLOWED) {
        headers
            .entry(header::ALLOW)
            .or_insert(HeaderValue::from_static("GET, HEAD, POST"));
    }
    response
}

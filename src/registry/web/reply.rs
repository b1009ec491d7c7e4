//! What handlers give back, and the one function that turns a failure into a page or a problem document.

use axum::body::Body;
use axum::http::header::{self, HeaderName, HeaderValue};
use axum::http::{Response, StatusCode};
use serde::Serialize;

use super::pages;
use super::visitor::Visitor;
use crate::registry::model::Refusal;
use crate::registry::service::{FieldError, ServiceError};
use crate::text::Text;

/// What a handler answers.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    media_type: String,
    body: Content,
    headers: Vec<(HeaderName, String)>,
    cache: Cache,
}

#[derive(Debug)]
enum Content {
    Bytes(Vec<u8>),
    File(std::path::PathBuf),
}

/// How long others may keep an answer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cache {
    /// Never: it belongs to one visitor.
    No,
    /// So many seconds, by anybody; never for a visitor who is signed in.
    Seconds(u32),
    /// For ever: its address names its content.
    Immutable,
}

impl Reply {
    /// A page.
    pub fn html(page: impl Into<String>) -> Self {
        Self::bytes("text/html; charset=utf-8", page.into().into_bytes())
    }

    /// Bytes of a media type.
    pub fn bytes(media_type: &str, body: Vec<u8>) -> Self {
        Self {
            status: 200,
            media_type: media_type.to_owned(),
            body: Content::Bytes(body),
            headers: Vec::new(),
            cache: Cache::No,
        }
    }

    /// JSON of anything that can be written as such.
    pub fn json(value: &impl Serialize) -> Result<Self, PageError> {
        let mut body = serde_json::to_vec_pretty(value).map_err(PageError::internal)?;
        body.push(b'\n');
        Ok(Self::bytes("application/json", body))
    }

    /// A download with a name.
    pub fn file(body: Vec<u8>, media_type: &str, name: &str) -> Self {
        Self::bytes(media_type, body).named(name)
    }

    /// A file on disk, streamed.
    pub fn path(path: impl Into<std::path::PathBuf>, media_type: &str) -> Self {
        let mut reply = Self::bytes(media_type, Vec::new());
        reply.body = Content::File(path.into());
        reply
    }

    /// Sends the browser on with `GET`. Only paths of ours are followed: what names another host goes to the front page.
    pub fn see_other(path: &str) -> Self {
        let mut reply = Self::bytes("text/plain; charset=utf-8", Vec::new()).status(303);
        reply.headers.push((header::LOCATION, local_path(path).to_owned()));
        reply
    }

    /// Sends the browser to another host: only for the identity provider of the configuration.
    pub(super) fn leave_for(address: &str) -> Self {
        let mut reply = Self::bytes("text/plain; charset=utf-8", Vec::new()).status(303);
        reply.headers.push((header::LOCATION, address.to_owned()));
        reply
    }

    /// With another status.
    pub fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// May be kept for so many seconds by anybody.
    pub fn cache(mut self, seconds: u32) -> Self {
        self.cache = Cache::Seconds(seconds);
        self
    }

    /// May be kept for ever.
    pub fn immutable(mut self) -> Self {
        self.cache = Cache::Immutable;
        self
    }

    /// Pages of others may show it (badges).
    pub fn public_image(self) -> Self {
        self.header(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin")
    }

    /// Saved under this name.
    pub fn named(self, name: &str) -> Self {
        let plain: String = name
            .chars()
            .map(|c| {
                if c.is_ascii_alphanumeric() || ".-_".contains(c) {
                    c
                } else {
                    '_'
                }
            })
            .collect();
        let value = format!(
            "attachment; filename=\"{plain}\"; filename*=UTF-8''{}",
            crate::wire::percent_encode(name)
        );
        self.header(header::CONTENT_DISPOSITION, value)
    }

    /// With a header. A value that no header can hold is left out.
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With an entity tag.
    pub fn tag(self, tag: &str) -> Self {
        self.header(header::ETAG, format!("\"{tag}\""))
    }

    /// Its status.
    pub fn code(&self) -> u16 {
        self.status
    }

    /// The body, unless it is a file that is still to be read: for pages that are made without a server.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self.body {
            Content::Bytes(bytes) => bytes,
            Content::File(_) => Vec::new(),
        }
    }

    pub(super) fn into_response(self, if_none_match: Option<&str>, signed_in: bool) -> Response<Body> {
        let tag = self
            .headers
            .iter()
            .find(|(name, _)| *name == header::ETAG)
            .map(|(_, value)| value.clone());
        let unchanged = self.status == 200
            && tag
                .zip(if_none_match)
                .is_some_and(|(tag, asked)| asked.split(',').any(|one| one.trim() == tag));
        let body = match self.body {
            _ if unchanged => Body::empty(),
            Content::Bytes(bytes) => Body::from(bytes),
            Content::File(path) => match super::upload::stream_file(&path) {
                Ok(body) => body,
                Err(_) => return status_only(StatusCode::NOT_FOUND),
            },
        };
        let status = if unchanged { 304 } else { self.status };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if let Ok(value) = HeaderValue::from_str(&self.media_type) {
            headers.insert(header::CONTENT_TYPE, value);
        }
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(name, value);
            }
        }
        let cache = match self.cache {
            Cache::Immutable => "public, max-age=31536000, immutable".to_owned(),
            Cache::Seconds(seconds) if !signed_in => format!("public, max-age={seconds}"),
            Cache::Seconds(_) | Cache::No => "no-store".to_owned(),
        };
        if let Ok(value) = HeaderValue::from_str(&cache) {
            headers.insert(header::CACHE_CONTROL, value);
        }
        response
    }
}

pub(super) fn status_only(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

/// The path itself if it stays with us, else the front page.
pub fn local_path(path: &str) -> &str {
    let ours = path.starts_with('/')
        && !path.starts_with("//")
        && !path.contains(['\\', '\r', '\n', '\t'])
        && path.chars().all(|c| !c.is_control())
        && path.is_ascii();
    if ours { path } else { "/" }
}

/// Why a page cannot be given.
#[derive(Debug)]
pub enum PageError {
    /// There is no such thing, or the visitor may not know of it.
    NotFound,
    /// The route has other methods.
    Method,
    /// The visitor's role may not do this.
    Forbidden,
    /// Somebody has to sign in first.
    SignIn,
    /// Fields that are wrong.
    Invalid(Vec<FieldError>),
    /// It cannot be done in this state.
    Conflict(Text),
    /// A submission that is refused, with every reason.
    Refused(Vec<Refusal>),
    /// The request is not what it has to be.
    BadRequest(Text),
    /// The token of the form is missing or not of this session.
    Csrf,
    /// The request was meant for another host.
    Misdirected,
    /// Body larger than so many bytes.
    TooLarge(u64),
    /// Body of another media type; those that are taken.
    MediaType(&'static [&'static str]),
    /// Body that came too slowly.
    TooSlow,
    /// Asked too often; ask again in so many seconds.
    TooMany(u64),
    /// The server cannot take it now.
    Busy,
    /// A failure of ours, for the log of the operator; the visitor is told its number only.
    Internal(String),
}

impl PageError {
    /// A failure of ours.
    pub fn internal(error: impl std::fmt::Display) -> Self {
        Self::Internal(error.to_string())
    }
}

/// A failure as it is told: as a page to people, as `application/problem+json` (RFC 9457) to programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// HTTP status.
    pub status: u16,
    /// Stable name of the kind of problem.
    pub code: &'static str,
    /// What happened, in a few words.
    pub title: Text,
    /// What to do.
    pub detail: Text,
    /// Every reason.
    pub reasons: Vec<Reason>,
    /// Seconds after which to ask again.
    pub retry_after: Option<u64>,
}

/// RFC 9457 document. `title` and `detail` are in the language asked for; the other members hold both.
#[derive(Serialize, schemars::JsonSchema)]
#[schemars(rename = "Problem")]
pub struct ProblemDocument {
    /// Stable name of the kind of problem, as a URN.
    pub r#type: String,
    /// HTTP status.
    pub status: u16,
    /// What happened, in the language asked for.
    pub title: String,
    /// What to do, in the language asked for.
    pub detail: String,
    /// Both in both languages.
    pub texts: ProblemTexts,
    /// Every reason at once.
    pub reasons: Vec<Reason>,
}

/// Title and detail in both languages.
#[derive(Serialize, schemars::JsonSchema)]
pub struct ProblemTexts {
    /// What happened.
    pub title: Text,
    /// What to do.
    pub detail: Text,
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Reason {
    /// Code of a refusal, or name of a field.
    pub code: String,
    /// What was expected and what was found, in both languages.
    pub text: Text,
    /// What to do; absent where the text says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<Text>,
}

impl Problem {
    fn new(status: u16, code: &'static str, title: Text, detail: Text) -> Self {
        Self {
            status,
            code,
            title,
            detail,
            reasons: Vec::new(),
            retry_after: None,
        }
    }

    fn with(mut self, reasons: impl IntoIterator<Item = Reason>) -> Self {
        self.reasons = reasons.into_iter().collect();
        self
    }

    /// As RFC 9457 has it.
    pub fn document(&self, lang: crate::text::Lang) -> ProblemDocument {
        ProblemDocument {
            r#type: format!("urn:junkyo:problem:{}", self.code),
            status: self.status,
            title: self.title.get(lang).to_owned(),
            detail: self.detail.get(lang).to_owned(),
            texts: ProblemTexts {
                title: self.title.clone(),
                detail: self.detail.clone(),
            },
            reasons: self.reasons.clone(),
        }
    }
}

impl From<&PageError> for Problem {
    fn from(error: &PageError) -> Self {
        match error {
            PageError::NotFound => Self::new(
                404,
                "not-found",
                Text::new("見つかりません", "Not found"),
                Text::new(
                    "この番地には何もないか、ご覧いただけません。番地を確かめてください。",
                    "There is nothing here, or nothing that you may see. Check the address.",
                ),
            ),
            PageError::Method => Self::new(
                405,
                "method",
                Text::new("この操作はできません", "Method not allowed"),
                Text::new(
                    "別のメソッドを使ってください(Allow を参照)。",
                    "Use another method (see Allow).",
                ),
            ),
            PageError::Forbidden => Self::new(
                403,
                "forbidden",
                Text::new("権限がありません", "Not allowed"),
                Text::new(
                    "あなたの役割ではできません。必要なら管理者に相談してください。",
                    "Your role may not do this. Ask an administrator if you need it.",
                ),
            ),
            PageError::SignIn => Self::new(
                401,
                "sign-in",
                Text::new("サインインが必要です", "Sign in first"),
                Text::new(
                    "サインインするか、API では有効なトークンを送ってください。",
                    "Sign in, or send a valid token to the API.",
                ),
            ),
            PageError::Invalid(fields) => Self::new(
                422,
                "invalid",
                Text::new("入力に誤りがあります", "Some fields are wrong"),
                Text::new(
                    "次の項目を直してもう一度送ってください。",
                    "Mend the fields below and send them again.",
                ),
            )
            .with(fields.iter().map(|field| Reason {
                code: field.field.clone(),
                text: field.text.clone(),
                remedy: None,
            })),
            PageError::Conflict(text) => Self::new(
                409,
                "conflict",
                Text::new("今の状態ではできません", "Not possible in this state"),
                text.clone(),
            ),
            PageError::Refused(refusals) => Self::new(
                422,
                "refused",
                Text::new("受け付けられません", "Refused"),
                Text::new(
                    "理由は次のとおりです。すべて挙げてあります。",
                    "These are all the reasons.",
                ),
            )
            .with(refusals.iter().map(|refusal| Reason {
                code: refusal.code.to_string(),
                text: refusal.detail.clone(),
                remedy: Some(refusal.remedy.clone()),
            })),
            PageError::BadRequest(text) => Self::new(
                400,
                "bad-request",
                Text::new("要求が正しくありません", "Bad request"),
                text.clone(),
            ),
            PageError::Csrf => Self::new(
                403,
                "csrf",
                Text::new("フォームの有効期限が切れています", "The form is out of date"),
                Text::new(
                    "前のページに戻り、読み込み直してからもう一度送ってください。",
                    "Go back, load the page again, and send the form once more.",
                ),
            ),
            PageError::Misdirected => Self::new(
                421,
                "misdirected",
                Text::new("宛先が違います", "Misdirected request"),
                Text::new(
                    "Host が設定の public-url と一致しません。",
                    "The Host header is not the one of public-url in the configuration.",
                ),
            ),
            PageError::TooLarge(limit) => Self::new(
                413,
                "too-large",
                Text::new("大きすぎます", "Too large"),
                Text::new(
                    format!("上限は {limit} バイトです。"),
                    format!("At most {limit} bytes are taken."),
                ),
            ),
            PageError::MediaType(types) => Self::new(
                415,
                "media-type",
                Text::new("メディアタイプが違います", "Unsupported media type"),
                Text::new(
                    format!("Content-Type は次のいずれかにしてください: {}", types.join(", ")),
                    format!("Content-Type has to be one of: {}", types.join(", ")),
                ),
            ),
            PageError::TooSlow => Self::new(
                408,
                "too-slow",
                Text::new("時間切れです", "Too slow"),
                Text::new(
                    "データが途切れたため打ち切りました。もう一度送ってください。",
                    "The data stopped coming, so it was given up. Send it again.",
                ),
            ),
            PageError::TooMany(seconds) => {
                let mut problem = Self::new(
                    429,
                    "too-many",
                    Text::new("回数が多すぎます", "Too many requests"),
                    Text::new(
                        format!("{seconds} 秒後にもう一度お試しください。"),
                        format!("Try again in {seconds} seconds."),
                    ),
                );
                problem.retry_after = Some(*seconds);
                problem
            }
            PageError::Busy => {
                let mut problem = Self::new(
                    503,
                    "busy",
                    Text::new("混み合っています", "Busy"),
                    Text::new("少し待ってからもう一度お試しください。", "Wait a little and try again."),
                );
                problem.retry_after = Some(5);
                problem
            }
            PageError::Internal(_) => Self::new(
                500,
                "internal",
                Text::new("システムの障害です", "Internal error"),
                Text::new(
                    "記録しました。時間をおいてもう一度お試しください。",
                    "It was recorded. Try again later.",
                ),
            ),
        }
    }
}

/// The one place where a failure becomes an answer.
pub(super) fn failure(error: &PageError, visitor: &Visitor, is_api: bool) -> Reply {
    let problem = Problem::from(error);
    let mut reply = if is_api {
        let body = serde_json::to_vec_pretty(&problem.document(visitor.lang)).unwrap_or_default();
        Reply::bytes("application/problem+json", body)
    } else if matches!(error, PageError::SignIn) && visitor.may_be_sent_to_sign_in {
        let here = visitor.here();
        let next = crate::wire::percent_encode(&here);
        return Reply::see_other(&format!("/sign-in?next={next}"));
    } else {
        Reply::html(pages::error_page(visitor, &problem))
    };
    if problem.status == 401 && is_api {
        reply = reply.header(header::WWW_AUTHENTICATE, "Bearer realm=\"junkyo\"");
    }
    if let Some(seconds) = problem.retry_after {
        reply = reply.header(header::RETRY_AFTER, seconds.to_string());
    }
    reply.status(problem.status)
}

impl From<ServiceError> for PageError {
    fn from(error: ServiceError) -> Self {
        match error {
            ServiceError::Forbidden => Self::Forbidden,
            ServiceError::NotFound => Self::NotFound,
            ServiceError::Conflict(text) => Self::Conflict(text),
            ServiceError::Invalid(fields) => Self::Invalid(fields),
            ServiceError::Refused(refusals) => Self::Refused(refusals),
            other => Self::Internal(other.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_followed() {
        for path in ["/", "/catalog?q=a", "/r/JK-2026-000001-23#x"] {
            assert_eq!(local_path(path), path);
        }
        for path in [
            "//evil.example",
            "https://evil.example/",
            "/\\evil.example",
            "javascript:alert(1)",
            "",
            "catalog",
            "/a\r\nSet-Cookie: x=y",
            "/\t/evil.example",
            "/\u{2028}",
        ] {
            assert_eq!(local_path(path), "/", "{path:?}");
        }
    }

    #[test]
    fn a_download_keeps_its_name_out_of_the_header_syntax() {
        let reply = Reply::file(Vec::new(), "text/csv", "製品\"; x=\r\n.csv");
        let (_, value) = &reply.headers[0];
        assert!(value.starts_with("attachment; filename=\"_"), "{value}");
        assert!(!value.contains('\r') && !value.contains("x=\r"), "{value}");
        assert!(HeaderValue::from_str(value).is_ok());
    }

    #[test]
    fn what_is_unchanged_has_no_body_and_what_is_private_is_not_kept() {
        let response = Reply::bytes("text/css", b"a".to_vec())
            .tag("t")
            .cache(60)
            .into_response(Some("\"x\", \"t\""), false);
        assert_eq!(response.status(), 304);
        let response = Reply::html("x").cache(60).into_response(None, true);
        assert_eq!(response.headers()["cache-control"], "no-store");
    }
}

//! An S3-compatible object store: signed requests over our own HTTP client.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rusty_s3::actions::{DeleteObject, GetObject, HeadObject, ListObjectsV2, PutObject, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};

use super::{MOST_BYTES, MOST_NAMES, PlaceError, S3File, too_large};
use crate::evidence::Fault;
use crate::text::date::timestamp;
use crate::wire::certificate::client_from_pem;
use crate::wire::{Client, ClientOptions, HttpResponse, Outgoing, ReadLimits, Sent, Url, form_decode, parse_response};
use crate::xml::{Doctype, Limits, parse_bytes};

/// How long a signed request is valid.
const VALID: Duration = Duration::from_secs(300);
/// Bytes of a listing, a marker or an error that are read at the most.
const BRIEF: u64 = 16 * 1024 * 1024;

/// A bucket with what is needed to sign requests.
pub(super) struct ObjectStore {
    bucket: Bucket,
    credentials: Credentials,
    secret_names: [String; 2],
    prefix: String,
    /// Reads listings and small files.
    brief: Client,
    /// Reads files of any size that is allowed.
    whole: Client,
    endpoint: String,
}

impl std::fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

/// Why a request has no answer that can be used.
enum Failure {
    /// The server says so: status, code and words.
    Told(u16, String, String),
    /// Nothing, or nothing complete, came.
    Fault(Fault),
    /// What came is not what was asked for.
    Odd(String),
}

impl ObjectStore {
    pub(super) fn new(
        file: &S3File,
        beside: &Path,
        tls: Option<Arc<rustls::ClientConfig>>,
        timeout: Duration,
    ) -> Result<Self, PlaceError> {
        let address = |why: String| PlaceError::Address {
            address: file.endpoint.clone(),
            why,
        };
        let endpoint = file
            .endpoint
            .parse()
            .map_err(|error| address(format!("{error}; expected https://host:port")))?;
        if Url::parse(&file.endpoint).is_err() || file.endpoint.contains(['@', '?', '#']) {
            return Err(address(
                "expected https://host:port without a user, a query or a fragment".into(),
            ));
        }
        let bucket = Bucket::new(endpoint, UrlStyle::Path, file.bucket.clone(), file.region.clone())
            .map_err(|error| address(error.to_string()))?;
        let secret = |name: &String| std::env::var(name).map_err(|_| PlaceError::NoSecret { name: name.clone() });
        let tls = match &file.authorities {
            None => tls,
            Some(path) => Some(trusting(&beside.join(path))?),
        };
        let client = |most: u64| {
            Client::new(ClientOptions {
                tls: tls.clone(),
                exchange_timeout: timeout,
                limits: ReadLimits {
                    message: usize::try_from(most).unwrap_or(usize::MAX).saturating_add(64 * 1024),
                    ..ReadLimits::default()
                },
                ..ClientOptions::default()
            })
        };
        Ok(Self {
            bucket,
            credentials: Credentials::new(secret(&file.access_key_env)?, secret(&file.secret_key_env)?),
            secret_names: [file.access_key_env.clone(), file.secret_key_env.clone()],
            prefix: file.prefix.clone(),
            brief: client(BRIEF),
            whole: client(MOST_BYTES),
            endpoint: file.endpoint.clone(),
        })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.endpoint.to_ascii_lowercase().starts_with("https://")
    }

    pub(super) fn describe(&self) -> String {
        let endpoint = self.endpoint.trim_end_matches('/');
        format!("s3 {endpoint}/{}/{}", self.bucket.name(), self.prefix)
    }

    pub(super) async fn list(&self) -> Result<Vec<String>, PlaceError> {
        let mut names = Vec::new();
        let mut more: Option<String> = None;
        loop {
            let mut action = ListObjectsV2::new(&self.bucket, Some(&self.credentials));
            action.with_prefix(self.prefix.clone());
            if let Some(token) = &more {
                action.with_continuation_token(token.clone());
            }
            let page = self
                .send(&self.brief, "GET", &action.sign(VALID), b"")
                .await
                .and_then(|response| Page::read(&response.body).map_err(Failure::Odd))
                .map_err(|failure| self.failed("list", failure))?;
            names.extend(page.keys.iter().filter_map(|key| {
                let name = key.strip_prefix(&self.prefix)?;
                (!name.is_empty() && !name.starts_with('.') && !name.contains('/')).then(|| name.to_owned())
            }));
            let endless = |why| PlaceError::Endless {
                place: self.describe(),
                found: names.len(),
                why,
            };
            match page.next {
                None => return Ok(names),
                Some(_) if page.keys.is_empty() => return Err(endless("a page without a name promises another one")),
                Some(token) if more.as_ref() == Some(&token) => return Err(endless("a page leads to itself")),
                Some(_) if names.len() > MOST_NAMES => return Err(endless("more than a million names")),
                Some(token) => more = Some(token),
            }
        }
    }

    pub(super) async fn get(&self, name: &str, most: u64) -> Result<Option<Vec<u8>>, PlaceError> {
        let key = self.key(name);
        let action = GetObject::new(&self.bucket, Some(&self.credentials), &key);
        let client = if most <= BRIEF { &self.brief } else { &self.whole };
        match self.send(client, "GET", &action.sign(VALID), b"").await {
            Ok(response) => Ok(Some(response.body)),
            Err(Failure::Told(404, code, _)) if code == "NoSuchKey" => Ok(None),
            Err(Failure::Fault(Fault::TooLarge { .. })) => Err(too_large(name, most)),
            Err(failure) => Err(self.failed(&format!("read {name}"), failure)),
        }
    }

    /// Bytes of a file, without reading it. A store says no more than 404 to this, so a bucket that is not there is not
    /// told from a file that is not there.
    pub(super) async fn size(&self, name: &str) -> Result<Option<u64>, PlaceError> {
        let key = self.key(name);
        let action = HeadObject::new(&self.bucket, Some(&self.credentials), &key);
        match self.send(&self.brief, "HEAD", &action.sign(VALID), b"").await {
            Ok(response) => {
                let length = response
                    .headers
                    .get("content-length")
                    .and_then(|length| length.trim().parse().ok());
                let odd = || {
                    self.failed(
                        &format!("look at {name}"),
                        Failure::Odd("it tells no Content-Length".into()),
                    )
                };
                length.map(Some).ok_or_else(odd)
            }
            Err(Failure::Told(404, ..)) => Ok(None),
            Err(failure) => Err(self.failed(&format!("look at {name}"), failure)),
        }
    }

    pub(super) async fn put(&self, name: &str, content: &[u8]) -> Result<(), PlaceError> {
        let key = self.key(name);
        let action = PutObject::new(&self.bucket, Some(&self.credentials), &key);
        // A store shows an object when all of it has come.
        let sent = self.send(&self.whole, "PUT", &action.sign(VALID), content).await;
        sent.map(|_| ())
            .map_err(|failure| self.failed(&format!("write {name}"), failure))
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let key = self.key(name);
        let action = DeleteObject::new(&self.bucket, Some(&self.credentials), &key);
        match self.send(&self.brief, "DELETE", &action.sign(VALID), b"").await {
            Ok(_) => Ok(()),
            Err(Failure::Told(404, code, _)) if code == "NoSuchKey" => Ok(()),
            Err(failure) => Err(self.failed(&format!("remove {name}"), failure)),
        }
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The error of a failure. Signed addresses and what a server repeats of them stay out of it.
    fn failed(&self, what: &str, failure: Failure) -> PlaceError {
        let refused = |why: String| PlaceError::Refused {
            place: self.describe(),
            what: what.to_owned(),
            why,
        };
        let unreached = |why: String| PlaceError::Unreached {
            place: self.describe(),
            what: what.to_owned(),
            why,
        };
        match failure {
            Failure::Fault(fault @ Fault::Tls { .. }) => refused(format!(
                "{}; `authorities` names the authorities to trust",
                fault.describe().en
            )),
            Failure::Fault(fault) => unreached(fault.describe().en),
            Failure::Odd(why) => refused(format!("the answer is not that of an object store: {why}")),
            Failure::Told(status, code, words) => {
                let hint = self.hint(&code, &words);
                let said = format!("HTTP {status} {code} {words}");
                let why = format!("{}{hint}", said.trim_end());
                if status >= 500 || status == 429 {
                    unreached(why)
                } else {
                    refused(why)
                }
            }
        }
    }

    /// What to do about the code of an error.
    fn hint(&self, code: &str, words: &str) -> String {
        let [access, secret] = &self.secret_names;
        let bucket = self.bucket.name();
        match code {
            "SignatureDoesNotMatch" => {
                format!(
                    "; look at the secret in {secret}, and at `region` = {}",
                    self.bucket.region()
                )
            }
            "InvalidAccessKeyId" => format!("; look at the access key in {access}"),
            "RequestTimeTooSkewed" => clock_hint(),
            "AccessDenied" if words.contains("expired") => clock_hint(),
            "AccessDenied" => format!("; the key in {access} may not do this in bucket {bucket}"),
            "NoSuchBucket" => format!("; there is no bucket {bucket} at {}", self.endpoint),
            "PermanentRedirect" | "AuthorizationHeaderMalformed" => {
                format!(
                    "; `region` is {}, and the bucket is in another one",
                    self.bucket.region()
                )
            }
            _ => String::new(),
        }
    }

    async fn send(
        &self,
        client: &Client,
        method: &str,
        signed: &impl std::fmt::Display,
        body: &[u8],
    ) -> Result<HttpResponse, Failure> {
        // The parser's words may hold the address, which is signed.
        let url = Url::parse(&signed.to_string()).map_err(|_| Failure::Odd("the address cannot be used".into()))?;
        // An empty file has a length too.
        let length = ("Content-Length".to_owned(), body.len().to_string());
        let headers = if method == "PUT" { vec![length] } else { Vec::new() };
        let sent: Sent = client.send(&Outgoing::new(method, &url, &headers, body)).await;
        if let Some(fault) = sent.fault {
            return Err(Failure::Fault(fault));
        }
        let response = parse_response(&sent.response, method, true).map_err(|error| Failure::Odd(error.to_string()))?;
        if !(200..300).contains(&response.status) {
            let text = String::from_utf8_lossy(&response.body);
            return Err(Failure::Told(
                response.status,
                member(&text, "Code"),
                member(&text, "Message"),
            ));
        }
        Ok(response)
    }
}

/// A page of a listing.
#[derive(Debug, PartialEq)]
struct Page {
    keys: Vec<String>,
    /// Leads to the page after it.
    next: Option<String>,
}

impl Page {
    /// Reads it by local names alone: stores disagree on the namespace.
    fn read(body: &[u8]) -> Result<Self, String> {
        let document = parse_bytes(body, None, &Limits::default().with_doctype(Doctype::Refuse))
            .map_err(|error| error.describe().en.clone())?;
        let root = document.root();
        if root.local() != "ListBucketResult" {
            return Err(format!("expected ListBucketResult, found {}", root.local()));
        }
        let text = |name: &str| {
            let child = root.children().find(|child| child.local() == name);
            child.map(|child| child.text().trim().to_owned())
        };
        let encoded = text("EncodingType").as_deref() == Some("url");
        let objects = root.children().filter(|child| child.local() == "Contents");
        let keys = objects.filter_map(|object| object.children().find(|child| child.local() == "Key"));
        let keys = keys.map(|key| {
            let key = key.text().into_owned();
            match encoded {
                true => form_decode(&format!("k={key}")).pop().map_or(key, |(_, key)| key),
                false => key,
            }
        });
        Ok(Self {
            keys: keys.collect(),
            next: text("NextContinuationToken").filter(|token| !token.is_empty()),
        })
    }
}

fn trusting(path: &Path) -> Result<Arc<rustls::ClientConfig>, PlaceError> {
    let pem = std::fs::read_to_string(path).map_err(|source| PlaceError::Io {
        path: path.to_owned(),
        source,
    })?;
    client_from_pem(Some(&pem), None).map_err(|error| PlaceError::Key {
        key: "s3.authorities",
        value: path.display().to_string(),
        why: error.to_string(),
    })
}

/// Signatures hold the time.
fn clock_hint() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = timestamp(now.as_millis() as u64);
    format!("; the clocks differ: it is {now} on this machine")
}

/// Text of an element of an error document; only its first 200 characters.
fn member(text: &str, name: &str) -> String {
    let inside = text
        .split_once(&format!("<{name}>"))
        .and_then(|(_, rest)| rest.split_once(&format!("</{name}>")));
    inside.map_or_else(String::new, |(inside, _)| {
        inside.chars().filter(|c| !c.is_control()).take(200).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_whatever_its_namespace() {
        for namespace in [
            "",
            " xmlns='http://s3.amazonaws.com/doc/2006-03-01/'",
            " xmlns='urn:other'",
        ] {
            let body = format!(
                "<ListBucketResult{namespace}><Name>b</Name><EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
                 <NextContinuationToken>t=1</NextContinuationToken><Contents><Key>in/a+b%2Bc.csv</Key><Size>1</Size></Contents>\
                 <Contents><Key>in/d.csv</Key></Contents></ListBucketResult>"
            );
            let page = Page::read(body.as_bytes()).unwrap();
            assert_eq!(page.keys, ["in/a b+c.csv", "in/d.csv"]);
            assert_eq!(page.next.as_deref(), Some("t=1"));
        }
        assert!(Page::read(b"<html/>").is_err());
        let hostile = b"<!DOCTYPE a [<!ENTITY b 'c'>]><ListBucketResult/>";
        assert!(Page::read(hostile).is_err());
    }

    #[test]
    fn only_code_and_message_of_an_error_are_told() {
        let text = "<Error><Code>SignatureDoesNotMatch</Code><SignatureProvided>abc</SignatureProvided></Error>";
        assert_eq!(member(text, "Code"), "SignatureDoesNotMatch");
        assert_eq!(member(text, "Message"), "");
    }
}

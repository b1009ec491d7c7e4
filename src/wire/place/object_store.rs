//! An S3-compatible object store: signed requests over our own HTTP client.

use std::sync::Arc;
use std::time::Duration;

use rusty_s3::actions::{DeleteObject, GetObject, ListObjectsV2, PutObject, S3Action};
use rusty_s3::{Bucket, Credentials, UrlStyle};

use super::{PlaceError, S3File};
use crate::wire::{Client, ClientOptions, HttpResponse, Outgoing, Url, parse_response};

/// How long a signed request is valid.
const VALID: Duration = Duration::from_secs(300);
/// Pages of a listing that are read at the most; each has up to a thousand names.
const MOST_PAGES: usize = 1_000;

/// A bucket with what is needed to sign requests.
pub(super) struct ObjectStore {
    bucket: Bucket,
    credentials: Credentials,
    prefix: String,
    client: Client,
    endpoint: String,
}

impl std::fmt::Debug for ObjectStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.describe())
    }
}

impl ObjectStore {
    pub(super) fn new(file: &S3File, tls: Option<Arc<rustls::ClientConfig>>) -> Result<Self, PlaceError> {
        let address = |why: String| PlaceError::Address {
            address: file.endpoint.clone(),
            why,
        };
        let endpoint = file
            .endpoint
            .parse()
            .map_err(|error| address(format!("{error}; expected https://host:port")))?;
        let bucket = Bucket::new(endpoint, UrlStyle::Path, file.bucket.clone(), file.region.clone())
            .map_err(|error| address(error.to_string()))?;
        let secret = |name: &String| std::env::var(name).map_err(|_| PlaceError::NoSecret { name: name.clone() });
        Ok(Self {
            bucket,
            credentials: Credentials::new(secret(&file.access_key_env)?, secret(&file.secret_key_env)?),
            prefix: file.prefix.clone(),
            client: Client::new(ClientOptions {
                tls,
                ..ClientOptions::default()
            }),
            endpoint: file.endpoint.clone(),
        })
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.endpoint.starts_with("https://")
    }

    pub(super) fn describe(&self) -> String {
        format!("s3 {}/{}/{}", self.endpoint, self.bucket.name(), self.prefix)
    }

    pub(super) async fn list(&self) -> Result<Vec<String>, PlaceError> {
        let mut names = Vec::new();
        let mut more: Option<String> = None;
        for _ in 0..MOST_PAGES {
            let mut action = ListObjectsV2::new(&self.bucket, Some(&self.credentials));
            action.with_prefix(self.prefix.clone());
            if let Some(token) = &more {
                action.with_continuation_token(token.clone());
            }
            let response = self.send("list", "GET", &action.sign(VALID), b"").await?;
            let text = String::from_utf8_lossy(&response.body);
            let page = ListObjectsV2::parse_response(&text).map_err(|error| self.refused("list", error.to_string()))?;
            names.extend(page.contents.iter().filter_map(|object| {
                let name = object.key.strip_prefix(&self.prefix)?;
                (!name.contains('/')).then(|| name.to_owned())
            }));
            more = page.next_continuation_token.clone();
            if more.is_none() {
                break;
            }
        }
        Ok(names)
    }

    pub(super) async fn get(&self, name: &str) -> Result<Vec<u8>, PlaceError> {
        let key = self.key(name);
        let action = GetObject::new(&self.bucket, Some(&self.credentials), &key);
        let response = self
            .send(&format!("read {name}"), "GET", &action.sign(VALID), b"")
            .await?;
        Ok(response.body)
    }

    pub(super) async fn put(&self, name: &str, content: &[u8]) -> Result<(), PlaceError> {
        let key = self.key(name);
        let action = PutObject::new(&self.bucket, Some(&self.credentials), &key);
        self.send(&format!("write {name}"), "PUT", &action.sign(VALID), content)
            .await?;
        Ok(())
    }

    pub(super) async fn remove(&self, name: &str) -> Result<(), PlaceError> {
        let key = self.key(name);
        let action = DeleteObject::new(&self.bucket, Some(&self.credentials), &key);
        self.send(&format!("remove {name}"), "DELETE", &action.sign(VALID), b"")
            .await?;
        Ok(())
    }

    fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn refused(&self, what: &str, why: String) -> PlaceError {
        PlaceError::Refused {
            place: self.describe(),
            what: what.to_owned(),
            why,
        }
    }

    async fn send(
        &self,
        what: &str,
        method: &str,
        signed: &impl std::fmt::Display,
        body: &[u8],
    ) -> Result<HttpResponse, PlaceError> {
        let url = Url::parse(&signed.to_string()).map_err(|error| self.refused(what, error.to_string()))?;
        let sent = self.client.send(&Outgoing::new(method, &url, &[], body)).await;
        if let Some(fault) = &sent.fault {
            return Err(self.refused(what, fault.describe().en));
        }
        let response =
            parse_response(&sent.response, method, true).map_err(|error| self.refused(what, error.to_string()))?;
        if !(200..300).contains(&response.status) {
            let words: String = String::from_utf8_lossy(&response.body).chars().take(300).collect();
            return Err(self.refused(what, format!("HTTP {} {words}", response.status)));
        }
        Ok(response)
    }
}

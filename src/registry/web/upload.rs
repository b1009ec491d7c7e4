//! Bodies: counted while they come, never held in memory when they are files, given up when they stop coming.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use axum::body::{Body, Bytes};
use axum::extract::multipart::{Field, Multipart};
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use axum::http::{HeaderMap, header};
use futures_util::StreamExt;
use sha2::{Digest as _, Sha256};

use super::params::{Pairs, TemporaryFile, Upload};
use super::reply::PageError;
use super::route;
use crate::attest::Digest;
use crate::text::Text;

/// Largest form without its files, and largest JSON.
pub(super) const TEXT_LIMIT: u64 = 1 << 20;
/// Fields in a form at most.
const FIELDS: usize = 2_000;
/// Files in a form at most.
const FILES: usize = 20;
/// Longest wait for the next bytes of a body.
const SILENCE: Duration = Duration::from_secs(15);
/// A body has this long, and a second more for every [`SLOWEST`] bytes.
const GRACE: Duration = Duration::from_secs(30);
/// Bytes a second that every upload has to keep up in the long run.
const SLOWEST: u64 = 8 * 1024;
/// Bytes that are written to disk at once.
const CHUNK: usize = 1 << 18;

const FORM: &str = "application/x-www-form-urlencoded";
const MULTIPART: &str = "multipart/form-data";
const JSON: &str = "application/json";

/// What a body held.
#[derive(Default)]
pub(super) struct Received {
    pub(super) form: Pairs,
    pub(super) files: Vec<Upload>,
    pub(super) json: Option<Vec<u8>>,
}

/// Reads a body as its route wants it, files into `folder`.
pub(super) async fn receive(request: Request, wanted: route::Body, folder: &Path) -> Result<Received, PageError> {
    let media_type = request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default();
    let mut received = Received::default();
    match wanted {
        route::Body::None => {}
        route::Body::Form { file } => match media_type.as_str() {
            FORM => {
                let body = small(request, TEXT_LIMIT).await?;
                let text = String::from_utf8(body).map_err(|_| not_utf8())?;
                received.form = crate::wire::form_decode(&text);
                if received.form.len() > FIELDS {
                    return Err(PageError::TooLarge(TEXT_LIMIT));
                }
            }
            MULTIPART => multipart(request, file, folder, &mut received).await?,
            _ => return Err(PageError::MediaType(&[FORM, MULTIPART])),
        },
        route::Body::Json => {
            if media_type != JSON && !media_type.ends_with("+json") {
                return Err(PageError::MediaType(&[JSON]));
            }
            received.json = Some(small(request, TEXT_LIMIT).await?);
        }
        route::Body::File { limit, types } => {
            if !types.contains(&media_type.as_str()) {
                return Err(PageError::MediaType(types));
            }
            announced(request.headers(), limit)?;
            let mut sink = Sink::new(folder, limit, media_type).await?;
            let mut pace = Pace::new();
            let mut stream = request.into_body().into_data_stream();
            while let Some(bytes) = pace.next(&mut stream).await? {
                sink.take(&bytes).await?;
            }
            received.files.push(sink.finish().await?);
        }
    }
    Ok(received)
}

fn not_utf8() -> PageError {
    PageError::BadRequest(Text::new("UTF-8 ではありません。", "The body is not UTF-8."))
}

/// Refuses at once what says itself that it is too large. What says nothing, or lies, is counted.
fn announced(headers: &HeaderMap, limit: u64) -> Result<(), PageError> {
    let length = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    match length {
        Some(length) if length > limit => Err(PageError::TooLarge(limit)),
        _ => Ok(()),
    }
}

async fn small(request: Request, limit: u64) -> Result<Vec<u8>, PageError> {
    announced(request.headers(), limit)?;
    let mut pace = Pace::new();
    let mut stream = request.into_body().into_data_stream();
    let mut whole = Vec::new();
    while let Some(bytes) = pace.next(&mut stream).await? {
        if (whole.len() + bytes.len()) as u64 > limit {
            return Err(PageError::TooLarge(limit));
        }
        whole.extend_from_slice(&bytes);
    }
    Ok(whole)
}

async fn multipart(
    mut request: Request,
    file_limit: u64,
    folder: &Path,
    received: &mut Received,
) -> Result<(), PageError> {
    let all = file_limit.saturating_mul(FILES as u64).saturating_add(TEXT_LIMIT);
    announced(request.headers(), all)?;
    // Files are counted below, each under its own limit; axum would end the form after two megabytes.
    DefaultBodyLimit::disable().apply(&mut request);
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|error| bad_form(&error))?;
    let mut pace = Pace::new();
    let mut texts = 0;
    while let Some(mut field) = pace.wait(parts.next_field()).await?.map_err(|error| bad_form(&error))? {
        if received.form.len() + received.files.len() >= FIELDS {
            return Err(PageError::TooLarge(TEXT_LIMIT));
        }
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            None => {
                let value = text_of(&mut field, &mut pace, &mut texts).await?;
                received.form.push((name, value));
            }
            // A file field that was left empty has neither name nor bytes.
            Some(file_name) if file_name.is_empty() => {
                text_of(&mut field, &mut pace, &mut texts).await?;
            }
            Some(_) if file_limit == 0 || received.files.len() >= FILES => {
                return Err(PageError::TooLarge(file_limit));
            }
            Some(file_name) => {
                let media_type = field.content_type().unwrap_or_default().to_ascii_lowercase();
                let mut sink = Sink::new(folder, file_limit, media_type).await?;
                while let Some(bytes) = pace.chunk(&mut field).await? {
                    sink.take(&bytes).await?;
                }
                let mut upload = sink.finish().await?;
                upload.field = name;
                upload.name = file_name;
                received.files.push(upload);
            }
        }
    }
    Ok(())
}

async fn text_of(field: &mut Field<'_>, pace: &mut Pace, texts: &mut u64) -> Result<String, PageError> {
    let mut value = Vec::new();
    while let Some(bytes) = pace.chunk(field).await? {
        *texts += bytes.len() as u64;
        if *texts > TEXT_LIMIT {
            return Err(PageError::TooLarge(TEXT_LIMIT));
        }
        value.extend_from_slice(&bytes);
    }
    String::from_utf8(value).map_err(|_| not_utf8())
}

fn bad_form(error: &impl std::fmt::Display) -> PageError {
    PageError::BadRequest(Text::new(
        format!("フォームを読めません: {error}"),
        format!("The form cannot be read: {error}"),
    ))
}

/// Keeps the time: nobody may hold a connection by sending a byte now and then.
struct Pace {
    started: Instant,
    bytes: u64,
}

impl Pace {
    fn new() -> Self {
        Self {
            started: Instant::now(),
            bytes: 0,
        }
    }

    async fn wait<T>(&mut self, next: impl Future<Output = T>) -> Result<T, PageError> {
        let most = GRACE + Duration::from_secs(self.bytes / SLOWEST);
        let left = most.saturating_sub(self.started.elapsed()).min(SILENCE);
        tokio::time::timeout(left, next).await.map_err(|_| PageError::TooSlow)
    }

    async fn next(
        &mut self,
        stream: &mut (impl futures_util::Stream<Item = Result<Bytes, axum::Error>> + Unpin),
    ) -> Result<Option<Bytes>, PageError> {
        let bytes = self
            .wait(stream.next())
            .await?
            .transpose()
            .map_err(|error| cut_short(&error))?;
        self.bytes += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(bytes)
    }

    async fn chunk(&mut self, field: &mut Field<'_>) -> Result<Option<Bytes>, PageError> {
        let bytes = self.wait(field.chunk()).await?.map_err(|error| bad_form(&error))?;
        self.bytes += bytes.as_ref().map_or(0, |bytes| bytes.len() as u64);
        Ok(bytes)
    }
}

fn cut_short(error: &axum::Error) -> PageError {
    PageError::BadRequest(Text::new(
        format!("データが途中で切れました: {error}"),
        format!("The body was cut short: {error}"),
    ))
}

/// A temporary file that counts and hashes what is written into it.
struct Sink {
    file: Option<File>,
    place: TemporaryFile,
    buffer: Vec<u8>,
    hash: Sha256,
    size: u64,
    limit: u64,
    media_type: String,
}

impl Sink {
    async fn new(folder: &Path, limit: u64, media_type: String) -> Result<Self, PageError> {
        let name = crate::registry::accounts::secret::fresh_secret().map_err(PageError::internal)?;
        let path = folder.join(name);
        let place = TemporaryFile(path.clone());
        let file = blocking(move || File::options().write(true).create_new(true).open(path)).await?;
        Ok(Self {
            file: Some(file),
            place,
            buffer: Vec::with_capacity(CHUNK),
            hash: Sha256::new(),
            size: 0,
            limit,
            media_type,
        })
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), PageError> {
        self.size += bytes.len() as u64;
        if self.size > self.limit {
            return Err(PageError::TooLarge(self.limit));
        }
        self.hash.update(bytes);
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= CHUNK {
            self.flush().await?;
        }
        Ok(())
    }

    async fn flush(&mut self) -> Result<(), PageError> {
        let Some(mut file) = self.file.take() else {
            return Err(PageError::internal("the file of an upload is closed"));
        };
        let buffer = std::mem::take(&mut self.buffer);
        let (file, mut buffer) = blocking(move || file.write_all(&buffer).map(|()| (file, buffer))).await?;
        buffer.clear();
        self.file = Some(file);
        self.buffer = buffer;
        Ok(())
    }

    async fn finish(mut self) -> Result<Upload, PageError> {
        self.flush().await?;
        Ok(Upload {
            field: String::new(),
            name: String::new(),
            media_type: self.media_type,
            size: self.size,
            digest: Digest(self.hash.finalize().into()),
            place: self.place,
        })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> Result<T, PageError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(PageError::internal)?
        .map_err(PageError::internal)
}

/// A file as a body, read as it is sent.
pub(super) fn stream_file(path: &PathBuf) -> io::Result<Body> {
    let file = File::open(path)?;
    let chunks = futures_util::stream::unfold(Some(file), |file| async move {
        let mut file = file?;
        let read = move || {
            let mut buffer = vec![0; CHUNK];
            let count = file.read(&mut buffer)?;
            buffer.truncate(count);
            Ok::<_, io::Error>((buffer, file))
        };
        match tokio::task::spawn_blocking(read).await {
            Ok(Ok((buffer, _))) if buffer.is_empty() => None,
            Ok(Ok((buffer, file))) => Some((Ok(Bytes::from(buffer)), Some(file))),
            Ok(Err(error)) => Some((Err(error), None)),
            Err(error) => Some((Err(io::Error::other(error)), None)),
        }
    });
    Ok(Body::from_stream(chunks))
}

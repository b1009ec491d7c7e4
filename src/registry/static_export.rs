//! The public side of the register as files: pages in both languages with relative links, the signed catalog, the log,
//! trust files, reports and proof packs. It works from a folder that is opened in a browser and from any plain web server
//! in a closed network, and `junkyo catalog verify DIR` verifies it there.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::Registry;
use super::service::ServiceError;
use super::web::pages::{self, public_page};
use crate::catalog::{CATALOG, FeedOptions, STATEMENT};
use crate::text::Lang;

/// Entries of the feed.
const FEED: usize = 200;
/// Links that are followed first; everything else is found from them.
const ROOTS: &[&str] = &["/", "/catalog", "/matrix", "/help", "/data", "/log", "/accessibility"];

/// What was written.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StaticExport {
    /// HTML pages, both languages together.
    pub pages: usize,
    /// Registrations with their proof packs.
    pub registrations: usize,
    /// All other files.
    pub files: usize,
}

/// Why an export was not finished.
#[derive(Debug, Error)]
pub enum StaticExportError {
    /// The folder has something in it already.
    #[error("{0} is not empty: name a new folder")]
    NotEmpty(PathBuf),
    /// A file could not be read or written.
    #[error("{path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The register did not give what is published.
    #[error(transparent)]
    Register(#[from] ServiceError),
    /// A page could not be made.
    #[error("page {address}: {detail}")]
    Page {
        /// Its address.
        address: String,
        /// Why.
        detail: String,
    },
    /// There is no signed catalog yet.
    #[error("the register has published no catalog yet: run `junkyo registry snapshot` first")]
    NoCatalog,
}

/// Writes the public side into an empty folder. `origin` is the scheme and host of the register, for absolute links such
/// as that of the QR code.
///
/// # Errors
/// If the folder is not empty, a file cannot be written, or the register fails.
pub fn export_static(registry: &Registry, out: &Path, origin: &str) -> Result<StaticExport, StaticExportError> {
    let mut export = Export {
        registry,
        out,
        origin,
        done: StaticExport::default(),
    };
    if out.read_dir().is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(StaticExportError::NotEmpty(out.to_owned()));
    }
    // The catalog first: the log that is copied after it holds all that it names.
    registry.snapshot_now()?;
    export.catalog()?;
    export.folder(&registry.public_folder(), Path::new(""))?;
    for lang in [Lang::Ja, Lang::En] {
        export.pages(lang)?;
    }
    export.file("style.css", pages::STYLE.as_bytes())?;
    export.file("index.html", START.as_bytes())?;
    Ok(export.done)
}

/// The way in: both languages, Japanese at once.
const START: &str = "<!doctype html>\n<html lang=\"ja\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
content=\"width=device-width, initial-scale=1\"><meta http-equiv=\"refresh\" content=\"0; url=ja/index.html\"><title>junkyo</title>\
<link rel=\"stylesheet\" href=\"style.css\"></head><body><main><h1><a href=\"ja/index.html\">準拠登録</a></h1>\
<p><a href=\"en/index.html\" lang=\"en\">Register of conformance</a></p></main></body></html>\n";

struct Export<'a> {
    registry: &'a Registry,
    out: &'a Path,
    origin: &'a str,
    done: StaticExport,
}

impl Export<'_> {
    fn file(&mut self, name: &str, bytes: &[u8]) -> Result<(), StaticExportError> {
        write(&self.out.join(name), bytes)?;
        self.done.files += 1;
        Ok(())
    }

    /// Catalog, its signature, tables, feed, reports, proof packs, badges.
    fn catalog(&mut self) -> Result<(), StaticExportError> {
        let (json, envelope) = self.registry.snapshot()?.ok_or(StaticExportError::NoCatalog)?;
        self.file(CATALOG, &json)?;
        self.file(STATEMENT, envelope.as_bytes())?;
        let catalog = self.registry.catalog()?;
        let today = self.registry.now().day();
        self.file("catalog.csv", catalog.to_csv(today).as_bytes())?;
        let updated = self.registry.now().to_string();
        let feed = FeedOptions {
            base: self.origin,
            title: "準拠登録",
            updated: &updated,
            lang: Lang::Ja,
        };
        self.file("feed.atom", catalog.atom(&feed, FEED).as_bytes())?;
        let mut reports = BTreeSet::new();
        for record in catalog.records() {
            let number = &record.registration;
            let named = record.history.iter().filter_map(|change| change.report);
            reports.extend(named.chain(record.results_digest).map(|digest| digest.to_string()));
            if let Ok(parsed) = number.parse() {
                let pack = self.registry.proof_pack(parsed)?;
                self.file(&format!("r/{number}/proof.zip"), &pack)?;
                self.done.registrations += 1;
            }
            let badge = self.page(Lang::Ja, &format!("/r/{number}/badge.svg"))?;
            self.file(&format!("r/{number}/badge.svg"), &badge)?;
        }
        for digest in reports {
            if let Ok(parsed) = digest.parse() {
                let line = self.registry.report_statement(&parsed)?;
                self.file(&format!("reports/{digest}.intoto.jsonl"), &line)?;
            }
        }
        Ok(())
    }

    /// Copies a folder, checkpoint last.
    fn folder(&mut self, from: &Path, to: &Path) -> Result<(), StaticExportError> {
        let fault = |source| StaticExportError::File {
            path: from.to_owned(),
            source,
        };
        let mut entries = from
            .read_dir()
            .map_err(fault)?
            .collect::<Result<Vec<_>, _>>()
            .map_err(fault)?;
        entries.sort_by_key(|entry| (entry.file_name() == "checkpoint", entry.file_name()));
        for entry in entries {
            let (path, name) = (entry.path(), to.join(entry.file_name()));
            if path.is_dir() {
                self.folder(&path, &name)?;
                continue;
            }
            let bytes = std::fs::read(&path).map_err(|source| StaticExportError::File {
                path: path.clone(),
                source,
            })?;
            write(&self.out.join(name), &bytes)?;
            self.done.files += 1;
        }
        Ok(())
    }

    fn page(&self, lang: Lang, address: &str) -> Result<Vec<u8>, StaticExportError> {
        public_page(self.registry, lang, self.origin, address).map_err(|error| StaticExportError::Page {
            address: address.to_owned(),
            detail: format!("{error:?}"),
        })
    }

    /// Every page that can be reached from the first ones.
    fn pages(&mut self, lang: Lang) -> Result<(), StaticExportError> {
        let mut waiting: VecDeque<String> = ROOTS.iter().map(|&root| root.to_owned()).collect();
        let mut seen: BTreeSet<String> = waiting.iter().cloned().collect();
        while let Some(address) = waiting.pop_front() {
            let html = self.page(lang, &address)?;
            let html = String::from_utf8_lossy(&html);
            let Some(name) = file_of(lang, &address) else {
                continue;
            };
            let html = without_forms(&html);
            let html = with_links(&html, |link| {
                let (kept, target) = resolved(lang, link)?;
                if target.ends_with(".html") && kept.1 == lang && seen.insert(kept.0.clone()) {
                    waiting.push_back(kept.0);
                }
                Some(relative(&name, &target))
            });
            write(&self.out.join(&name), html.as_bytes())?;
            self.done.pages += 1;
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), StaticExportError> {
    let done = path
        .parent()
        .map_or(Ok(()), std::fs::create_dir_all)
        .and_then(|()| std::fs::write(path, bytes));
    done.map_err(|source| StaticExportError::File {
        path: path.to_owned(),
        source,
    })
}

/// The page and its language, and the file, that a link leads to; `None` if it is not exported.
fn resolved(lang: Lang, link: &str) -> Option<((String, Lang), String)> {
    let (address, fragment) = link.split_once('#').unwrap_or((link, ""));
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let mut language = lang;
    let mut pairs: Vec<(String, String)> = crate::wire::form_decode(query);
    pairs.retain(|(name, value)| {
        if name == "lang" {
            language = if value == "en" { Lang::En } else { Lang::Ja };
        }
        name != "lang"
    });
    let pairs: Vec<(&str, &str)> = pairs
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let address = if pairs.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", crate::wire::form_encode(pairs.iter().copied()))
    };
    let mut file = file_of(language, &address)?;
    if !fragment.is_empty() {
        file = format!("{file}#{fragment}");
        return Some(((address, language), file));
    }
    Some(((address, language), file))
}

/// The file of an address; `None` for what only the register itself can answer.
fn file_of(lang: Lang, address: &str) -> Option<String> {
    let (path, query) = address.split_once('?').unwrap_or((address, ""));
    let folder = lang.pick("ja", "en");
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let page = match segments.as_slice() {
        [""] => "index".to_owned(),
        ["catalog" | "matrix"] if !query.is_empty() => {
            // One condition at a time; what combines several needs the register.
            let (name, value) = query.split_once('=').filter(|(_, value)| !value.contains('&'))?;
            let plain = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
            if !plain(name) || !plain(value) || name == "as-of" {
                return None;
            }
            format!("{}-{name}-{value}", segments[0])
        }
        _ if !query.is_empty() => return None,
        ["catalog" | "matrix" | "help" | "data" | "log" | "accessibility"] => segments[0].to_owned(),
        ["catalog", "products", id] => format!("catalog/products/{id}"),
        ["r", number] => format!("r/{number}"),
        ["r", number, "certificate"] => format!("r/{number}/certificate"),
        ["style.css" | "catalog.json" | "catalog.csv" | "feed.atom" | "catalog.intoto.jsonl"]
        | ["r", _, "proof.zip" | "badge.svg"]
        | ["log" | "trust" | "reports", _, ..] => return Some(segments.join("/")),
        _ => return None,
    };
    Some(format!("{folder}/{page}.html"))
}

/// A link from one file to another.
fn relative(from: &str, to: &str) -> String {
    format!("{}{to}", "../".repeat(from.matches('/').count()))
}

/// A page without what needs a server.
fn without_forms(html: &str) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find("<form") {
        out.push_str(&rest[..start]);
        rest = rest[start..]
            .find("</form>")
            .map_or("", |end| &rest[start + end + "</form>".len()..]);
    }
    out.push_str(rest);
    out
}

/// A page with every local link replaced; a link that leads nowhere becomes plain text.
fn with_links(html: &str, mut replace: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = ["href=\"/", "src=\"/"]
        .iter()
        .filter_map(|start| rest.find(start))
        .min()
    {
        let Some(open) = rest[at..].find('"').map(|quote| at + quote + 1) else {
            break;
        };
        let Some(close) = rest[open..].find('"').map(|quote| open + quote) else {
            break;
        };
        out.push_str(&rest[..at]);
        let link = rest[open..close].replace("&amp;", "&").replace("&#38;", "&");
        if let Some(target) = replace(&link) {
            out.push_str(&rest[at..open]);
            out.push_str(&target);
            out.push('"');
        }
        rest = &rest[close + 1..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_become_relative_and_lead_to_files() {
        let of = |link: &str| resolved(Lang::Ja, link).map(|(_, file)| relative("ja/r/JK-1.html", &file));
        assert_eq!(of("/").as_deref(), Some("../../ja/index.html"));
        assert_eq!(of("/style.css").as_deref(), Some("../../style.css"));
        assert_eq!(of("/r/JK-1?lang=en").as_deref(), Some("../../en/r/JK-1.html"));
        assert_eq!(of("/help#verify").as_deref(), Some("../../ja/help.html#verify"));
        assert_eq!(of("/catalog?unit=01").as_deref(), Some("../../ja/catalog-unit-01.html"));
        assert_eq!(of("/log/checkpoint").as_deref(), Some("../../log/checkpoint"));
        for only_online in [
            "/sign-in",
            "/catalog?unit=01&status=active",
            "/catalog?q=%E4%BD%8F",
            "/r/JK-1?as-of=2026-01-01",
            "/rfp",
        ] {
            assert_eq!(of(only_online), None, "{only_online}");
        }
    }

    #[test]
    fn what_needs_a_server_is_taken_out() {
        assert_eq!(without_forms("a<form x><input></form>b<form>c</form>"), "ab");
        let html = r#"<a href="/x">x</a><img src="/y"><a href="https://e.example/">e</a>"#;
        let replaced = with_links(html, |link| (link == "/y").then(|| "y.svg".to_owned()));
        assert_eq!(
            replaced,
            r#"<a >x</a><img src="y.svg"><a href="https://e.example/">e</a>"#
        );
    }
}

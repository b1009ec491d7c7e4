//! Files: the style sheet, our one script, the transparency log and the trust files.

use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::params::Params;
use super::reply::{PageError, Reply};
use super::route::{ANYBODY, Rate, Route};
use super::visitor::Visitor;
use super::{Web, pages};
use crate::registry::log::LogFolder;

/// Passkeys need a few lines of script; nothing else does.
const PASSKEY_SCRIPT: &str = include_str!("sign_in/passkey.js");
/// Seconds that the style sheet may be kept.
const STYLE_SECONDS: u32 = 3600;
/// Seconds that the head of the log and the trust files may be kept.
const HEAD_SECONDS: u32 = 5;

/// Routes of files.
pub(super) const ROUTES: &[Route] = &[
    Route::page(
        "/style.css",
        ANYBODY,
        ("スタイル", "Style sheet"),
        |_, _, params| text("text/css; charset=utf-8", pages::STYLE, params),
    ),
    Route::page("/passkey.js", ANYBODY, ("パスキー", "Passkeys"), |_, _, params| {
        text("text/javascript; charset=utf-8", PASSKEY_SCRIPT, params)
    }),
    Route::page("/robots.txt", ANYBODY, ("robots.txt", "robots.txt"), |_, _, params| {
        text("text/plain; charset=utf-8", ROBOTS, params)
    }),
    Route::page("/log/{*path}", ANYBODY, ("透明性ログ", "Transparency log"), nothing)
        .inner(log)
        .rate(Rate::Page),
    Route::page("/trust/{*path}", ANYBODY, ("信頼の起点", "Trust files"), nothing).inner(trust),
    Route::page("/healthz", ANYBODY, ("稼働確認", "Health"), nothing).inner(health),
];

const ROBOTS: &str = "User-agent: *\nDisallow: /api/\nDisallow: /sign-in\nDisallow: /sign-up\n";

fn text(media_type: &str, content: &str, _params: &Params) -> Result<Reply, PageError> {
    let tag = crate::text::hex(&Sha256::digest(content.as_bytes())[..12]);
    Ok(Reply::bytes(media_type, content.as_bytes().to_vec())
        .cache(STYLE_SECONDS)
        .tag(&tag))
}

/// Placeholder of routes that the server itself answers.
pub(super) fn nothing(_: &crate::registry::Registry, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    Err(PageError::NotFound)
}

fn health(web: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    web.is_healthy()?;
    Ok(Reply::bytes("text/plain; charset=utf-8", b"ok\n".to_vec()))
}

fn log(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let folder = LogFolder::new(web.registry.public_folder().join("log"));
    let file = folder
        .file(params.path("path"))
        .map_err(PageError::internal)?
        .ok_or(PageError::NotFound)?;
    let reply = Reply::bytes(file.media_type, file.bytes);
    Ok(if file.cache.contains("immutable") {
        reply.immutable()
    } else {
        reply.cache(HEAD_SECONDS)
    })
}

fn trust(web: &Web, _: &Visitor, params: &Params) -> Result<Reply, PageError> {
    let path = params.path("path");
    let media_type = if path.ends_with(".json") {
        "application/json"
    } else {
        "text/plain; charset=utf-8"
    };
    Ok(Reply::path(inside(&web.registry.public_folder().join("trust"), path)?, media_type).cache(HEAD_SECONDS))
}

/// The file of a path below a folder. Nothing outside of it is ever opened: only plain names, no links.
fn inside(folder: &Path, path: &str) -> Result<PathBuf, PageError> {
    let plain = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    let only_names = Path::new(path)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if !only_names || !path.split('/').all(plain) {
        return Err(PageError::NotFound);
    }
    let file = folder.join(path);
    match file.symlink_metadata() {
        Ok(facts) if facts.is_file() => Ok(file),
        _ => Err(PageError::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leads_out_of_the_folder() {
        let folder = std::env::temp_dir().join(format!("junkyo-assets-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("log/tile/0")).expect("writable");
        std::fs::write(folder.join("secret"), b"x").expect("writable");
        std::fs::write(folder.join("log/checkpoint"), b"x").expect("writable");
        std::fs::write(folder.join("log/tile/0/000.p"), b"x").expect("writable");
        let log = folder.join("log");
        assert!(inside(&log, "checkpoint").is_ok());
        assert!(inside(&log, "tile/0/000.p").is_ok());
        for path in [
            "../secret",
            "/etc/passwd",
            "tile/../../secret",
            "./checkpoint",
            "tile",
            "",
            "a\0b",
            "tile//0",
            ".hidden",
        ] {
            assert!(matches!(inside(&log, path), Err(PageError::NotFound)), "{path:?}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(folder.join("secret"), log.join("link")).expect("writable");
            assert!(inside(&log, "link").is_err());
        }
        std::fs::remove_dir_all(folder).ok();
    }
}

//! The ZIP package of a workbook, with limits on what it may unpack to.

use std::collections::HashMap;
use std::io::{Cursor, Read as _};
use std::path::Path;

use zip::ZipArchive;
use zip::result::ZipError;

use super::error::{Fault, WorkbookError, WorkbookFault};
use crate::schema::read_regular;
use crate::text::Text;
use crate::xml::{Document, Limits, parse_bytes};

/// Bytes of a file at the most.
const MOST_BYTES: u64 = 64 << 20;
/// Bytes of one unpacked part at the most; official workbooks stay below 10 MiB.
const MOST_PART: u64 = 64 << 20;
/// Bytes of all unpacked parts together.
const MOST_TOTAL: u64 = 192 << 20;
/// Members of the ZIP file.
const MOST_MEMBERS: usize = 10_000;
/// XML nodes of one part.
const MOST_NODES: usize = 8_000_000;

/// An open package.
pub(super) struct Package {
    zip: ZipArchive<Cursor<Vec<u8>>>,
    left: u64,
}

fn xlsx() -> Text {
    Text::new(
        "表計算ソフトで開き、「Excel ブック (.xlsx)」として保存し直してください",
        "open it in a spreadsheet program and save it as Excel workbook (.xlsx)",
    )
}

fn damaged(error: &dyn std::fmt::Display) -> Fault {
    WorkbookError::new(
        WorkbookFault::Damaged,
        Text::new(
            format!("ZIP が壊れています: {error}"),
            format!("the ZIP file is damaged: {error}"),
        ),
        Text::new(
            "もう一度入手するか、保存し直してください",
            "fetch it again, or save it again",
        ),
    )
}

fn too_large(what: &str, most: u64) -> Fault {
    WorkbookError::new(
        WorkbookFault::TooLarge,
        Text::new(
            format!("{what} は展開すると {most} バイトを超えます"),
            format!("{what} unpacks to more than {most} bytes"),
        ),
        Text::new(
            "要らないシートや画像を除いてください",
            "remove sheets and pictures that are not needed",
        ),
    )
}

impl Package {
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<u8>), Fault> {
        let bytes = read_regular(path, MOST_BYTES).map_err(|error| {
            WorkbookError::new(
                WorkbookFault::Unreadable,
                Text::new(format!("読めません: {error}"), format!("cannot be read: {error}")),
                Text::new("ファイルを確かめてください", "look at the file"),
            )
        })?;
        Ok((Self::read(bytes.clone())?, bytes))
    }

    pub(super) fn read(bytes: Vec<u8>) -> Result<Self, Fault> {
        refuse_other_kinds(&bytes)?;
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(|error| damaged(&error))?;
        if zip.len() > MOST_MEMBERS {
            return Err(too_large(&format!("ZIP ({})", zip.len()), MOST_TOTAL));
        }
        let package = Self { zip, left: MOST_TOTAL };
        package.refuse_other_packages()?;
        Ok(package)
    }

    fn has(&self, name: &str) -> bool {
        self.zip.index_for_name(name).is_some()
    }

    /// Packages that are something else; extra members of a workbook do not matter.
    fn refuse_other_packages(&self) -> Result<(), Fault> {
        let other = |ja: &str, en: &str| {
            let message = Text::new(
                format!("xlsx ではなく{ja}です"),
                format!("expected a workbook (xlsx), found {en}"),
            );
            Err(WorkbookError::new(WorkbookFault::OtherKind, message, xlsx()))
        };
        if self.has("xl/workbook.bin") {
            return other("バイナリブック（xlsb）", "a binary workbook (xlsb)");
        }
        if self.has("word/document.xml") {
            return other("文書（docx）", "a text document (docx)");
        }
        if self.has("content.xml") && self.has("mimetype") {
            return other("OpenDocument のファイル", "an OpenDocument file");
        }
        if !self.has("_rels/.rels") && !self.has("xl/workbook.xml") {
            return other("ほかの ZIP ファイル", "another ZIP file");
        }
        Ok(())
    }

    /// A part of the package as XML; `None` if it is not there.
    pub(super) fn part(&mut self, name: &str) -> Result<Option<Document>, Fault> {
        let limit = MOST_PART.min(self.left);
        let member = match self.zip.by_name(name) {
            Ok(member) => member,
            Err(ZipError::FileNotFound) => return Ok(None),
            Err(error) => return Err(damaged(&format!("{name}: {error}"))),
        };
        let mut bytes = Vec::new();
        // The size that the directory tells is not always the truth.
        member
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| damaged(&format!("{name}: {error}")))?;
        if bytes.len() as u64 > limit {
            return Err(too_large(name, limit));
        }
        self.left -= bytes.len() as u64;
        let limits = Limits {
            bytes: bytes.len().max(1),
            nodes: MOST_NODES,
            ..Limits::default()
        };
        parse_bytes(&bytes, None, &limits).map(Some).map_err(|error| {
            let what = error.describe();
            WorkbookError::new(
                WorkbookFault::Damaged,
                Text::new(
                    format!("{name} を XML として読めません（{}）: {}", error.at, what.ja),
                    format!("{name} cannot be read as XML ({}): {}", error.at, what.en),
                ),
                xlsx(),
            )
        })
    }

    /// A part that has to be there.
    pub(super) fn needed(&mut self, name: &str) -> Result<Document, Fault> {
        self.part(name)?.ok_or_else(|| {
            WorkbookError::new(
                WorkbookFault::MissingPart,
                Text::new(
                    format!("ブックに {name} がありません"),
                    format!("the workbook has no part {name}"),
                ),
                xlsx(),
            )
        })
    }

    /// Relationships of a part: id → (last word of the type, path of the target).
    pub(super) fn relationships(&mut self, part: &str) -> Result<HashMap<String, (String, String)>, Fault> {
        let (folder, file) = part.rsplit_once('/').unwrap_or(("", part));
        let name = if folder.is_empty() {
            format!("_rels/{file}.rels")
        } else {
            format!("{folder}/_rels/{file}.rels")
        };
        let Some(document) = self.part(&name)? else {
            return Ok(HashMap::new());
        };
        let of = |element: crate::xml::Element<'_>| {
            let kind = element.attribute("", "Type")?.rsplit('/').next()?.to_owned();
            let target = resolve(folder, element.attribute("", "Target")?);
            Some((element.attribute("", "Id")?.to_owned(), (kind, target)))
        };
        Ok(document.root().children().filter_map(of).collect())
    }
}

/// The path of a target, relative to a folder or absolute in the package.
fn resolve(folder: &str, target: &str) -> String {
    let mut parts: Vec<&str> = match target.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => folder.split('/').filter(|part| !part.is_empty()).collect(),
    };
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            other => parts.push(other),
        }
    }
    parts.join("/")
}

fn refuse_other_kinds(bytes: &[u8]) -> Result<(), Fault> {
    if bytes.starts_with(&[0xD0, 0xCF, 0x11, 0xE0]) {
        // A workbook with a password is an old-style container with a stream of this name, in UTF-16.
        let stream: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
        if memchr::memmem::find(bytes, &stream).is_some() {
            return Err(WorkbookError::new(
                WorkbookFault::Encrypted,
                Text::new("パスワードで暗号化されています", "it is encrypted with a password"),
                Text::new(
                    "表計算ソフトで開き、パスワードを外して保存し直してください",
                    "open it in a spreadsheet program and save it without password",
                ),
            ));
        }
        return Err(WorkbookError::new(
            WorkbookFault::OldFormat,
            Text::new(
                "旧形式（xls）のブックです",
                "expected a workbook (xlsx), found an old one (xls)",
            ),
            xlsx(),
        ));
    }
    if !bytes.starts_with(b"PK") {
        let found = if bytes.is_empty() {
            Text::new("空のファイル", "an empty file")
        } else {
            Text::new("ZIP でないファイル", "a file that is no ZIP")
        };
        return Err(WorkbookError::new(
            WorkbookFault::NotAWorkbook,
            Text::new(
                format!("xlsx のブックではありません: {}", found.ja),
                format!("expected a workbook (xlsx), found {}", found.en),
            ),
            xlsx(),
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_paths_of_the_package() {
        assert_eq!(resolve("xl", "worksheets/sheet1.xml"), "xl/worksheets/sheet1.xml");
        assert_eq!(resolve("xl", "/xl/styles.xml"), "xl/styles.xml");
        assert_eq!(resolve("xl/worksheets", "../sharedStrings.xml"), "xl/sharedStrings.xml");
        assert_eq!(resolve("xl", "../../../etc/passwd"), "etc/passwd");
    }
}

//! A folder in memory, and on the disk.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use super::{ImportError, ImportOptions};

/// Files by their path, with `/` between the parts.
#[derive(Debug, Default)]
pub(super) struct Folder(BTreeMap<String, Vec<u8>>);

impl Folder {
    pub(super) fn put(&mut self, path: impl Into<String>, content: impl Into<Vec<u8>>) {
        self.0.insert(path.into(), content.into());
    }

    pub(super) fn write(&self, out: &Path) -> Result<(), ImportError> {
        for (path, content) in &self.0 {
            let file = out.join(path);
            let fault = |source| ImportError::Write {
                path: file.clone(),
                source,
            };
            if let Some(parent) = file.parent() {
                fs::create_dir_all(parent).map_err(fault)?;
            }
            fs::write(&file, content).map_err(fault)?;
        }
        Ok(())
    }
}

/// Refuses a folder that holds something, unless told otherwise.
pub(super) fn check_empty(options: &ImportOptions) -> Result<(), ImportError> {
    let holds_something = fs::read_dir(&options.out).is_ok_and(|mut entries| entries.next().is_some());
    if options.out.is_file() || (holds_something && !options.force) {
        return Err(ImportError::NotEmpty {
            path: options.out.clone(),
        });
    }
    Ok(())
}

/// A basic string of TOML.
pub(super) fn quoted(text: &str) -> String {
    let mut written = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => written.push_str("\\\""),
            '\\' => written.push_str("\\\\"),
            '\n' => written.push_str("\\n"),
            '\t' => written.push_str("\\t"),
            '\r' => written.push_str("\\r"),
            control if control.is_control() => written.push_str(&format!("\\u{:04X}", u32::from(control))),
            other => written.push(other),
        }
    }
    written.push('"');
    written
}

/// Both wordings as an inline table of TOML.
pub(super) fn both(ja: &str, en: &str) -> String {
    format!("{{ ja = {}, en = {} }}", quoted(ja), quoted(en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back() {
        for text in ["a\"b\\c\nd\te\r", "住民", "\u{7}"] {
            let table: toml::Table = toml::from_str(&format!("x = {}", quoted(text))).unwrap();
            assert_eq!(table["x"].as_str(), Some(text));
        }
    }
}

//! Faulty descriptions: edits of a clean one, each breaking one assertion. The self-test of the assertions and the mock
//! platform, which serves them as switchable defects, share this list.

use std::sync::OnceLock;

use serde::Deserialize;
use thiserror::Error;

use crate::schema::DocumentSet;
use crate::text::Text;

const VIOLATIONS: &str = include_str!("../../../fixtures/ws-i/description/violations.toml");

/// One file of a clean description.
type BaseFile = (&'static str, &'static str);

/// Clean descriptions by name, the root first.
const BASES: &[(&str, &[BaseFile])] = &[
    (
        "exchange",
        &[
            (
                "exchange.wsdl",
                include_str!("../../../conformance/platform-communication/service/exchange.wsdl"),
            ),
            (
                "messages.xsd",
                include_str!("../../../conformance/platform-communication/service/messages.xsd"),
            ),
            (
                "types.xsd",
                include_str!("../../../conformance/platform-communication/service/types.xsd"),
            ),
        ],
    ),
    (
        "divided",
        &[
            (
                "service.wsdl",
                include_str!("../../../fixtures/ws-i/description/divided/service.wsdl"),
            ),
            (
                "interface.wsdl",
                include_str!("../../../fixtures/ws-i/description/divided/interface.wsdl"),
            ),
        ],
    ),
];

/// A text to replace in the file of a violation.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct Edit {
    /// Text that has to be there.
    pub find: String,
    /// What takes its place.
    pub replace: String,
    /// Whether every occurrence is replaced, not only the first.
    #[serde(default)]
    pub all: bool,
}

/// A file beside those of the base.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AddedFile {
    /// Location inside the set.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// A description with one fault.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WsdlViolation {
    /// Identifier, `wsdl-…`.
    pub id: String,
    /// The assertion that it breaks (an informational one: that reports it).
    pub assertion: String,
    /// Assertions that cannot help being broken too.
    #[serde(default)]
    pub also: Vec<String>,
    /// Name of the clean description.
    #[serde(default = "exchange")]
    pub base: String,
    /// The file that is edited; empty stands for the root.
    #[serde(default)]
    pub file: String,
    /// The edits, in order.
    #[serde(default)]
    pub edit: Vec<Edit>,
    /// Files added.
    #[serde(default)]
    pub add_files: Vec<AddedFile>,
    /// Encoding in which the edited file is saved, if not UTF-8.
    pub encoding: Option<String>,
    /// Subject.
    pub title: Text,
    /// What a maker does who ends up here.
    pub story: Text,
}

fn exchange() -> String {
    "exchange".to_owned()
}

/// Why the list of faulty descriptions cannot be used.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum ViolationFault {
    /// There is no clean description of this name.
    #[error("no base description `{base}`; known are exchange, divided")]
    Base {
        /// The name.
        base: String,
    },
    /// The edited file is not in the base.
    #[error("{id}: the base has no file `{file}`")]
    File {
        /// The violation.
        id: String,
        /// The file.
        file: String,
    },
    /// A text that is to be replaced is not there.
    #[error("{id}: `{find}` does not occur in {file}; the base has changed, so change the edit")]
    Find {
        /// The violation.
        id: String,
        /// The file.
        file: String,
        /// The text.
        find: String,
    },
    /// The text cannot be saved in the encoding.
    #[error("{id}: the file cannot be saved as {encoding}")]
    Encoding {
        /// The violation.
        id: String,
        /// Name of the encoding.
        encoding: String,
    },
}

fn parse(text: &str) -> Result<Vec<WsdlViolation>, toml::de::Error> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct List {
        violation: Vec<WsdlViolation>,
    }
    Ok(toml::from_str::<List>(text)?.violation)
}

/// A clean description.
///
/// # Errors
/// [`ViolationFault::Base`].
pub fn clean_documents(base: &str) -> Result<DocumentSet, ViolationFault> {
    let files = base_files(base)?;
    let documents = files
        .iter()
        .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec()));
    Ok(DocumentSet::new(files[0].0, documents))
}

fn base_files(base: &str) -> Result<&'static [BaseFile], ViolationFault> {
    BASES
        .iter()
        .find(|(name, _)| *name == base)
        .map(|(_, files)| *files)
        .ok_or_else(|| ViolationFault::Base { base: base.to_owned() })
}

impl WsdlViolation {
    /// All of them, in the order of the list. A test keeps the list readable.
    pub fn all() -> &'static [Self] {
        static ALL: OnceLock<Vec<WsdlViolation>> = OnceLock::new();
        ALL.get_or_init(|| parse(VIOLATIONS).unwrap_or_default())
    }

    /// The faulty description.
    ///
    /// # Errors
    /// When the edits do not fit the base.
    pub fn documents(&self) -> Result<DocumentSet, ViolationFault> {
        let files = base_files(&self.base)?;
        let root = files[0].0;
        let edited = if self.file.is_empty() { root } else { &self.file };
        if !files.iter().any(|(name, _)| *name == edited) {
            return Err(ViolationFault::File {
                id: self.id.clone(),
                file: edited.to_owned(),
            });
        }
        let mut documents = Vec::new();
        for (name, text) in files {
            let bytes = if *name == edited {
                self.edited(name, text)?
            } else {
                text.as_bytes().to_vec()
            };
            documents.push(((*name).to_owned(), bytes));
        }
        for added in &self.add_files {
            documents.push((added.name.clone(), added.text.clone().into_bytes()));
        }
        Ok(DocumentSet::new(root, documents))
    }

    fn edited(&self, file: &str, text: &str) -> Result<Vec<u8>, ViolationFault> {
        let mut text = text.to_owned();
        for edit in &self.edit {
            if !text.contains(&edit.find) {
                return Err(ViolationFault::Find {
                    id: self.id.clone(),
                    file: file.to_owned(),
                    find: edit.find.clone(),
                });
            }
            text = match edit.all {
                true => text.replace(&edit.find, &edit.replace),
                false => text.replacen(&edit.find, &edit.replace, 1),
            };
        }
        let Some(name) = &self.encoding else {
            return Ok(text.into_bytes());
        };
        let unfit = || ViolationFault::Encoding {
            id: self.id.clone(),
            encoding: name.clone(),
        };
        let encoding = encoding_rs::Encoding::for_label(name.as_bytes()).ok_or_else(unfit)?;
        let (bytes, used, lossy) = encoding.encode(&text);
        if lossy || used != encoding {
            return Err(unfit());
        }
        Ok(bytes.into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_can_be_read_and_fits() {
        let list = parse(VIOLATIONS).expect("valid");
        assert_eq!(list, WsdlViolation::all());
        for violation in &list {
            let clean = clean_documents(&violation.base).expect("known base");
            let faulty = violation.documents().unwrap_or_else(|error| panic!("{error}"));
            assert_ne!(clean, faulty, "{}", violation.id);
        }
    }

    #[test]
    fn edits_that_do_not_fit_are_told() {
        let mut violation = WsdlViolation::all()[0].clone();
        violation.edit[0].find = "not there".to_owned();
        let fault = violation.documents().expect_err("nothing to replace");
        assert!(
            fault
                .to_string()
                .contains("`not there` does not occur in exchange.wsdl"),
            "{fault}"
        );
        violation.edit.clear();
        violation.encoding = Some("ISO-8859-1".to_owned());
        assert!(matches!(violation.documents(), Err(ViolationFault::Encoding { .. })));
        violation.file = "gone.wsdl".to_owned();
        assert!(matches!(violation.documents(), Err(ViolationFault::File { .. })));
        violation.base = "gone".to_owned();
        assert!(matches!(violation.documents(), Err(ViolationFault::Base { .. })));
    }
}

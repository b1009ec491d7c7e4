//! Files as such: encoding, well-formedness, root (BP2201, BP2202, BP2700, BP2011, BP2701, BP2034).

use super::context::Context;
use crate::judge::ws_i::{Answered, Excerpt, Place};
use crate::schema::wsdl::{DescriptionFile, FileRole, WSDL};
use crate::text::Text;
use crate::xml::{Position, XmlError};

/// What an XML declaration says, read from bytes, so that it is known of files that cannot be read too.
struct RawDeclaration {
    version: Option<String>,
    encoding: Option<String>,
    text: String,
}

impl RawDeclaration {
    fn of(bytes: &[u8]) -> Option<Self> {
        let start = &bytes[..bytes.len().min(512)];
        let text = match start {
            [0xFF, 0xFE, ..] | [b'<', 0, ..] => encoding_rs::UTF_16LE.decode(start).0,
            [0xFE, 0xFF, ..] | [0, b'<', ..] => encoding_rs::UTF_16BE.decode(start).0,
            _ => String::from_utf8_lossy(start),
        };
        let text = text.trim_start_matches('\u{FEFF}');
        let (declaration, _) = text.strip_prefix("<?xml")?.split_once("?>")?;
        if !declaration.starts_with([' ', '\t', '\r', '\n']) {
            return None;
        }
        let value = |name: &str| {
            let after = declaration
                .split_once(name)?
                .1
                .trim_start()
                .strip_prefix('=')?
                .trim_start();
            let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
            after[1..].split(quote).next().map(ToOwned::to_owned)
        };
        Some(Self {
            version: value("version"),
            encoding: value("encoding"),
            text: format!("<?xml{declaration}?>"),
        })
    }

    /// R4003, R2010: UTF-8 or UTF-16, whatever the case; nothing stated means UTF-8 or, with a mark, UTF-16.
    fn is_unicode(&self) -> bool {
        let stated = self.encoding.as_deref().unwrap_or("UTF-8");
        stated.eq_ignore_ascii_case("UTF-8") || stated.eq_ignore_ascii_case("UTF-16")
    }

    fn place(&self, file: &DescriptionFile) -> Place {
        let range = 0..self.text.len();
        Place {
            file: file.location.clone(),
            path: "/".to_owned(),
            at: Position {
                line: 1,
                column: 1,
                offset: 0,
            },
            excerpt: Excerpt::around(&self.text, &range),
            range,
        }
    }
}

fn raw_declaration(context: &Context<'_>, file: &DescriptionFile) -> Option<RawDeclaration> {
    RawDeclaration::of(context.description.documents.get(&file.location)?)
}

fn wsdl_files<'d>(context: &Context<'d>) -> impl Iterator<Item = &'d DescriptionFile> + use<'d> {
    let files = context.description.files.iter();
    files.filter(|file| file.role == FileRole::Description)
}

/// BP2201: the XML declaration of a WSDL document says UTF-8 or UTF-16.
pub(super) fn encoding(context: &Context<'_>) -> Answered {
    encoding_of(
        context,
        wsdl_files(context),
        (
            "WSDL文書にXML宣言がありません",
            "no WSDL document has an XML declaration",
        ),
    )
}

/// BP2202: the same of schema files that the types reach.
pub(super) fn schema_encoding(context: &Context<'_>) -> Answered {
    let files = context.judged_schema_files();
    let mut inquiry = context.inquire(
        "スキーマの文字コードはUTF-8又はUTF-16",
        "a schema file is UTF-8 or UTF-16",
    );
    for file in files {
        let declaration = raw_declaration(context, file);
        let holds = declaration.as_ref().is_none_or(RawDeclaration::is_unicode);
        inquiry.ask_of_file(
            holds,
            || {
                declaration
                    .as_ref()
                    .map_or_else(|| start_of(file), |declaration| declaration.place(file))
            },
            || Text::neutral(declaration.as_ref().map_or("", |declaration| &declaration.text)),
        );
    }
    inquiry.finish(
        "xsd:importで取り込むスキーマのファイルがありません",
        "no schema file is reached by xsd:import",
    )
}

fn encoding_of<'d>(
    context: &Context<'d>,
    files: impl Iterator<Item = &'d DescriptionFile>,
    reason: (&str, &str),
) -> Answered {
    let mut inquiry = context.inquire(
        "XML宣言のencodingはUTF-8又はUTF-16",
        "the encoding in the XML declaration is UTF-8 or UTF-16",
    );
    for file in files {
        let Some(declaration) = raw_declaration(context, file) else {
            continue;
        };
        inquiry.ask_of_file(
            declaration.is_unicode(),
            || declaration.place(file),
            || Text::neutral(&declaration.text),
        );
    }
    inquiry.finish(reason.0, reason.1)
}

/// BP2700: every WSDL document is well-formed XML 1.0.
pub(super) fn well_formed(context: &Context<'_>) -> Answered {
    well_formed_files(context, wsdl_files(context), ("", ""))
}

/// BP2011: so is every schema file that the types reach.
pub(super) fn schema_well_formed(context: &Context<'_>) -> Answered {
    well_formed_files(
        context,
        context.judged_schema_files().into_iter(),
        (
            "xsd:importで取り込むスキーマのファイルがありません",
            "no schema file is reached by xsd:import",
        ),
    )
}

fn well_formed_files<'d>(
    context: &Context<'d>,
    files: impl Iterator<Item = &'d DescriptionFile>,
    reason: (&str, &str),
) -> Answered {
    let mut inquiry = context.inquire("整形式のXML 1.0", "well-formed XML 1.0");
    for file in files {
        let declaration = raw_declaration(context, file);
        let other_version = declaration
            .as_ref()
            .filter(|declaration| declaration.version.as_deref().is_some_and(|version| version != "1.0"));
        match (&file.document, other_version) {
            // Refused to protect the harness: it may be well-formed all the same.
            (Err(error), _) if error.fault.is_limit() => {
                let reason = error.describe();
                inquiry.cannot(Text::new(
                    format!("{}: {}", file.location, reason.ja),
                    format!("{}: {}", file.location, reason.en),
                ));
            }
            (Err(error), _) => {
                inquiry.ask_of_file(false, || place_of_error(context, file, error), || error.describe());
            }
            (Ok(_), Some(declaration)) => {
                inquiry.ask_of_file(false, || declaration.place(file), || Text::neutral(&declaration.text));
            }
            (Ok(_), None) => inquiry.applies(),
        }
    }
    inquiry.finish(reason.0, reason.1)
}

fn place_of_error(context: &Context<'_>, file: &DescriptionFile, error: &XmlError) -> Place {
    let bytes = context.description.documents.get(&file.location).unwrap_or_default();
    let text = String::from_utf8_lossy(bytes);
    let range = error.at.offset..error.at.offset;
    // Offsets are those of the text after decoding; in other encodings the lines around it may not fit.
    let fits = text.is_char_boundary(range.start.min(text.len()));
    Place {
        file: file.location.clone(),
        path: "/".to_owned(),
        at: error.at,
        excerpt: if fits {
            Excerpt::around(&text, &range)
        } else {
            Excerpt::default()
        },
        range,
    }
}

fn start_of(file: &DescriptionFile) -> Place {
    Place {
        file: file.location.clone(),
        path: "/".to_owned(),
        at: Position {
            line: 1,
            column: 1,
            offset: 0,
        },
        range: 0..0,
        excerpt: Excerpt::default(),
    }
}

/// BP2701: the root element is `wsdl:definitions` of WSDL 1.1. What imports lead to is the subject of BP2101.
pub(super) fn is_wsdl(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "ルート要素は名前空間 http://schemas.xmlsoap.org/wsdl/ の definitions",
        "the root element is definitions in http://schemas.xmlsoap.org/wsdl/",
    );
    if let Some(root) = context.description.files.first().and_then(DescriptionFile::root) {
        inquiry.ask(root.is(WSDL, "definitions"), root, || Text::neutral(root.name()));
    }
    inquiry.finish("文書を読めません", "the document cannot be read")
}

/// BP2034: no element declares the prefix `xml`.
pub(super) fn xml_prefix(context: &Context<'_>) -> Answered {
    let mut inquiry = context.inquire(
        "接頭辞xmlの名前空間宣言（xmlns:xml）がない",
        "no namespace declaration of the prefix xml (xmlns:xml)",
    );
    for root in &context.definitions {
        for element in root.descendants_and_self() {
            let declares = element.declarations().any(|declared| declared.prefix == "xml");
            inquiry.ask(!declares, element, || Text::neutral("xmlns:xml"));
        }
    }
    inquiry.finish("", "")
}

//! The files of an imported corpus folder.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::folder::{Folder, both, quoted};
use super::messages::{OperationMessage, OperationMessages, Place};
use super::{ImportOptions, ascii_id};
use crate::schema::generate::{Constraint, Validity};
use crate::schema::wsdl::Description;
use crate::schema::{DocumentSet, SchemaSource};
use crate::text::hex;

/// How much was written.
pub(super) struct Counts {
    pub(super) scenarios: usize,
    pub(super) requirements: usize,
}

/// Writes everything but the README.
pub(super) fn write(
    folder: &mut Folder,
    options: &ImportOptions,
    id: &str,
    description: &Description,
    operations: &[OperationMessages],
) -> Counts {
    let names = Names::new(id, options);
    for file in &description.files {
        if let Some(bytes) = description.documents.get(&file.location) {
            folder.put(file.location.clone(), bytes);
        }
    }
    folder.put("service.toml", service(&names, description, operations));
    folder.put("sources.toml", source(&names, description));
    folder.put("profiles.toml", profile(&names));
    let mut constraints: BTreeMap<Constraint, usize> = BTreeMap::new();
    let mut scenarios = 0;
    let mut files = FileNames::default();
    let mut stems = Vec::new();
    for operation in operations {
        let stem = files.unique(&operation.name);
        for (part, xml) in &operation.headers {
            folder.put(header_path(&stem, part), xml.as_bytes());
        }
        for message in operation.all() {
            folder.put(message_path(&stem, message), message.generated.xml.as_bytes());
            if let Some(constraint) = message.generated.constraint {
                *constraints.entry(constraint).or_default() += 1;
            }
        }
        let (text, count) = scenario_file(&names, operation, &stem);
        scenarios += count;
        folder.put(format!("scenarios-{stem}.toml"), text);
        stems.push(stem);
    }
    let (text, requirements) = requirements(&names, operations, &stems, &constraints);
    folder.put(format!("requirements/{id}.toml"), text);
    Counts {
        scenarios,
        requirements,
    }
}

/// Messages of a schema, with a list of what they are.
pub(super) fn write_schema_messages(
    folder: &mut Folder,
    options: &ImportOptions,
    documents: &DocumentSet,
    sources: &[SchemaSource],
    roots: &[OperationMessages],
) {
    for source in sources {
        if let Some(bytes) = documents.get(&source.location) {
            folder.put(source.location.clone(), bytes);
        }
    }
    let mut list = format!(
        "# {} から生成した電文の一覧。codes は検証器が示してよい規則である。\n\
         # Messages generated from {}. `codes` are the rules that a validator may name.\n\n\
         schema = {}\nseed = {}\n",
        file_name(options),
        file_name(options),
        quoted(&file_name(options)),
        options.seed,
    );
    let mut files = FileNames::default();
    for root in roots {
        let stem = files.unique(&root.name);
        for message in root.all() {
            let path = message_path(&stem, message);
            let generated = &message.generated;
            list.push_str("\n[[message]]\n");
            let _ = writeln!(list, "file = {}", quoted(&path));
            let _ = writeln!(list, "root = {}", quoted(&root.name));
            let _ = writeln!(list, "valid = {}", generated.validity == Validity::Valid);
            let _ = writeln!(list, "path = {}", quoted(&generated.path));
            if let Some(constraint) = generated.constraint {
                let _ = writeln!(list, "constraint = {}", quoted(constraint.word()));
                let codes: Vec<String> = constraint.codes().iter().map(|code| quoted(code)).collect();
                let _ = writeln!(list, "codes = [{}]", codes.join(", "));
            }
            if !generated.covers.is_empty() {
                let covers: Vec<String> = generated.covers.iter().map(|what| quoted(what)).collect();
                let _ = writeln!(list, "covers = [{}]", covers.join(", "));
            }
            let _ = writeln!(list, "title = {}", both(&generated.title.ja, &generated.title.en));
            folder.put(path, generated.xml.as_bytes());
        }
    }
    folder.put("messages.toml", list);
}

struct Names {
    id: String,
    /// `IMP-` and the id in capitals.
    prefix: String,
    file: String,
}

impl Names {
    fn new(id: &str, options: &ImportOptions) -> Self {
        Self {
            id: id.to_owned(),
            prefix: format!("IMP-{}", id.to_ascii_uppercase()),
            file: file_name(options),
        }
    }

    /// Requirement: a valid message is answered.
    fn accepts(&self, stem: &str, part: &str) -> String {
        let part = ascii_id(part);
        let part = if part.is_empty() { "body" } else { part.as_str() };
        format!("{}-OP-{stem}-{part}", self.prefix)
    }

    /// Requirement: what is answered keeps the schema too.
    fn answers(&self) -> String {
        format!("{}-ANSWER", self.prefix)
    }

    /// Requirement: a message that breaks this rule is refused.
    fn refuses(&self, constraint: Constraint) -> String {
        format!("{}-XSD-{}", self.prefix, constraint.word())
    }
}

/// File names that differ also where capitals do not count.
#[derive(Default)]
struct FileNames(BTreeMap<String, usize>);

impl FileNames {
    fn unique(&mut self, name: &str) -> String {
        let mut stem = ascii_id(name);
        if stem.is_empty() {
            stem = "message".to_owned();
        }
        let count = self.0.entry(stem.to_ascii_lowercase()).or_default();
        *count += 1;
        if *count > 1 { format!("{stem}-{count}") } else { stem }
    }
}

fn file_name(options: &ImportOptions) -> String {
    options
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn message_path(stem: &str, message: &OperationMessage) -> String {
    match &message.place {
        Place::Body(_) => format!("messages/{stem}/{}.xml", message.generated.name),
        Place::Header(_) => format!("messages/{stem}/header-{}.xml", message.generated.name),
    }
}

fn header_path(stem: &str, part: &str) -> String {
    format!("messages/{stem}/header-{part}.xml")
}

fn service(names: &Names, description: &Description, operations: &[OperationMessages]) -> String {
    let mut text = format!(
        "# {file} から取り込んだサービス\n# Service imported from {file}\n\nid = {}\ntitle = {}\nkind = \"reference\"\nwsdl = {}\n",
        quoted(&names.id),
        both(
            &format!("取り込んだサービス {}（{}）", names.id, names.file),
            &format!("Imported service {} ({})", names.id, names.file),
        ),
        quoted(description.documents.root()),
        file = names.file,
    );
    let mut files = FileNames::default();
    let mut samples = String::new();
    let mut headers = String::new();
    for operation in operations {
        let stem = files.unique(&operation.name);
        if let Some(plain) = operation.plain() {
            let path = message_path(&stem, plain);
            let _ = writeln!(samples, "{} = {}", quoted(&operation.name), quoted(&path));
        }
        if !operation.headers.is_empty() {
            let paths: Vec<String> = operation
                .headers
                .iter()
                .map(|(part, _)| quoted(&header_path(&stem, part)))
                .collect();
            let _ = writeln!(headers, "{} = [{}]", quoted(&operation.name), paths.join(", "));
        }
    }
    let _ = write!(text, "\n[samples]\n{samples}\n[headers]\n{headers}");
    text
}

fn source(names: &Names, description: &Description) -> String {
    let root = description.documents.root();
    let digest = hex(&Sha256::digest(description.documents.get(root).unwrap_or_default()));
    format!(
        "# 要件の出典\n# Source of the requirements\n\n[[source]]\nid = {}\ntitle = {}\nedition = {}\nfile-sha256 = {}\n",
        quoted(&names.prefix),
        both(
            &format!("取り込んだWSDL {}", names.file),
            &format!("Imported WSDL {}", names.file),
        ),
        quoted(&description.target_namespace),
        quoted(&digest),
    )
}

fn profile(names: &Names) -> String {
    format!(
        "# 申告できるプロファイル\n# Profile that a product can claim\n\n[[profile]]\nid = {}\ntitle = {}\ndescription = {}\nkind = \"reference\"\nsubject = \"provider\"\nrequirements = [{}]\n",
        quoted(&format!("imported.{}", names.id)),
        both(
            &format!("取り込んだサービス {}", names.id),
            &format!("Imported service {}", names.id),
        ),
        both(
            &format!(
                "{} のスキーマから生成した電文により、提供側がスキーマに従う電文を受け付け、従わない電文を拒否することを確認する。",
                names.file
            ),
            &format!(
                "Checks with messages generated from the schemas of {} that a provider takes what the schema allows and refuses what it does not.",
                names.file
            ),
        ),
        quoted(&format!("{}-*", names.prefix)),
    )
}

fn scenario_file(names: &Names, operation: &OperationMessages, stem: &str) -> (String, usize) {
    let mut text = format!(
        "# 操作 {} のシナリオ（自動生成）\n# Scenarios of operation {} (generated)\n\ninterface = {}\n",
        operation.name,
        operation.name,
        quoted(&names.id),
    );
    let mut count = 0;
    if operation.is_empty {
        let id = format!("{}-P-{stem}-valid-001", names.prefix);
        let title = (
            format!("{}: 本文が空の要求", operation.name),
            format!("{}: a request with an empty body", operation.name),
        );
        let act = format!("{{ operation = {} }}", quoted(&operation.name));
        let accepts = names.accepts(stem, "");
        scenario(
            &mut text,
            &id,
            (&title.0, &title.1),
            "valid",
            &act,
            "soap.accepted",
            &accepts,
        );
        answer_check(&mut text, names);
        count += 1;
    }
    for message in operation.all() {
        let generated = &message.generated;
        let mut act = format!("{{ operation = {}", quoted(&operation.name));
        let kind = match &message.place {
            Place::Body(_) => {
                let _ = write!(act, ", message = {}", quoted(&message_path(stem, message)));
                ""
            }
            Place::Header(part) => {
                let blocks: Vec<String> = operation
                    .headers
                    .iter()
                    .map(|(other, plain)| {
                        quoted(if other == part {
                            generated.xml.trim_end()
                        } else {
                            plain.trim_end()
                        })
                    })
                    .collect();
                if let Some(plain) = operation.plain() {
                    let _ = write!(act, ", message = {}", quoted(&message_path(stem, plain)));
                }
                let _ = write!(act, ", headers = [{}]", blocks.join(", "));
                "header-"
            }
        };
        act.push_str(" }");
        let id = format!("{}-P-{stem}-{kind}{}", names.prefix, generated.name);
        let title = generated.title.map(|wording| format!("{}: {wording}", operation.name));
        let (tag, expectation, requirement) = match generated.constraint {
            None => ("valid", "soap.accepted", names.accepts(stem, message.place.part())),
            Some(constraint) => ("invalid", "soap.refused", names.refuses(constraint)),
        };
        scenario(
            &mut text,
            &id,
            (&title.ja, &title.en),
            tag,
            &act,
            expectation,
            &requirement,
        );
        if generated.constraint.is_none() {
            answer_check(&mut text, names);
        }
        count += 1;
    }
    (text, count)
}

fn scenario(
    text: &mut String,
    id: &str,
    title: (&str, &str),
    tag: &str,
    act: &str,
    expectation: &str,
    requirement: &str,
) {
    let _ = write!(
        text,
        "\n[[scenario]]\nid = {}\ntitle = {}\nrole = \"provider\"\ntags = [\"imported\", {}]\n[[scenario.step]]\nid = \"call\"\nsoap = {act}\nexpect = [{{ use = {}, for = [{}] }}]\n",
        quoted(id),
        both(title.0, title.1),
        quoted(tag),
        quoted(expectation),
        quoted(requirement),
    );
}

/// The check of a scenario that looks at the answer.
fn answer_check(text: &mut String, names: &Names) {
    let _ = writeln!(
        text,
        "checks = [{{ is = \"schema-valid\", for = [{}] }}]",
        quoted(&names.answers())
    );
}

struct RequirementText<'a> {
    id: String,
    clause: String,
    level: &'a str,
    derivation: (String, String),
    text: (String, String),
    know_how: (&'a str, &'a str),
}

fn requirements(
    names: &Names,
    operations: &[OperationMessages],
    stems: &[String],
    constraints: &BTreeMap<Constraint, usize>,
) -> (String, usize) {
    let mut text = format!(
        "# {} から導いた要件（自動生成）\n# Requirements derived from {} (generated)\n",
        names.file, names.file
    );
    requirement(
        &mut text,
        names,
        &RequirementText {
            id: names.answers(),
            clause: "wsdl:output".to_owned(),
            level: "must",
            derivation: (
                format!("{} の操作の出力から取り込んだ。", names.file),
                format!("Imported from {}, outputs of the operations.", names.file),
            ),
            text: (
                "スキーマに従う要求への応答は、WSDLのスキーマに対して妥当であること。".to_owned(),
                "What is answered to a request that keeps the schema is valid against the schemas of the WSDL."
                    .to_owned(),
            ),
            know_how: (
                "応答を組み立てる処理が、公開しているWSDLと同じ版のスキーマによるかを確認する。",
                "See that the code that writes answers follows the same edition of the schemas that the WSDL publishes.",
            ),
        },
    );
    let mut count = 1;
    for (operation, stem) in operations.iter().zip(stems) {
        let mut parts: Vec<&str> = operation.parts.iter().map(String::as_str).collect();
        if operation.is_empty || (parts.is_empty() && !operation.messages.is_empty()) {
            parts.push("");
        }
        for part in parts {
            // A plain header block is sent with every message: only one with scenarios of its own has a requirement.
            let tested = operation.is_empty
                || operation
                    .all()
                    .any(|message| message.place.part() == part && message.generated.validity == Validity::Valid);
            if !tested {
                continue;
            }
            let shown = if part.is_empty() { "-" } else { part };
            let name = &operation.name;
            let answer = if operation.is_one_way {
                ("受け付けること", "is taken")
            } else {
                ("Clientフォルトなしに応答すること", "is answered without a Client fault")
            };
            requirement(
                &mut text,
                names,
                &RequirementText {
                    id: names.accepts(stem, part),
                    clause: format!("wsdl:operation {name}, wsdl:part {shown}"),
                    // A made-up value may break a rule of the business that no schema tells.
                    level: "should",
                    derivation: (
                        format!("{} の操作 {name} の入力（部分 {shown}）から取り込んだ。", names.file),
                        format!("Imported from {}, input of operation {name}, part {shown}.", names.file),
                    ),
                    text: (
                        format!(
                            "操作 {name} の要求のうち、スキーマに従う部分 {shown} を持つものに{}。",
                            answer.0
                        ),
                        format!(
                            "A request of operation {name} whose part {shown} keeps the schema {}.",
                            answer.1
                        ),
                    ),
                    know_how: (
                        "スキーマが許す電文を拒否している。独自の入力検査がスキーマより厳しくないか、古いスキーマから生成したコードを使っていないかを確認する。業務上の理由で拒否する場合は、WSDLで宣言したフォルトで応答する。",
                        "The product refuses what the schema allows: look for input checks that are stricter than the schema, and for code generated from an older schema. Where the reason is one of the business, answer with a fault that the WSDL declares.",
                    ),
                },
            );
            count += 1;
        }
    }
    for constraint in constraints.keys() {
        let rule = constraint.describe();
        requirement(
            &mut text,
            names,
            &RequirementText {
                id: names.refuses(*constraint),
                clause: constraint.codes().first().copied().unwrap_or_default().to_owned(),
                level: "should",
                derivation: (
                    format!(
                        "{} のスキーマの規則（{}）から取り込んだ。",
                        names.file,
                        constraint.word()
                    ),
                    format!(
                        "Imported from {}, rule {} of its schemas.",
                        names.file,
                        constraint.word()
                    ),
                ),
                text: (
                    format!("スキーマに違反する要求（{}）をClientフォルトで拒否すること。", rule.ja),
                    format!(
                        "A request that breaks the schema ({}) is refused with a Client fault.",
                        rule.en
                    ),
                ),
                know_how: (
                    "受信した電文をスキーマで検証していない。SOAPスタックのスキーマ検証を有効にし、違反をClientフォルトで返す。",
                    "The product does not validate requests: switch on schema validation in the SOAP stack and answer violations with a Client fault.",
                ),
            },
        );
        count += 1;
    }
    (text, count)
}

fn requirement(text: &mut String, names: &Names, requirement: &RequirementText<'_>) {
    let _ = write!(
        text,
        "\n[[requirement]]\nid = {}\nsource = {}\nclause = {}\nkind = \"reference\"\nderivation = {}\nlevel = {}\nstep = 1\nsubject = [\"provider\"]\ntext = {}\nknow-how = {}\n",
        quoted(&requirement.id),
        quoted(&names.prefix),
        quoted(&requirement.clause),
        both(&requirement.derivation.0, &requirement.derivation.1),
        quoted(requirement.level),
        both(&requirement.text.0, &requirement.text.1),
        both(requirement.know_how.0, requirement.know_how.1),
    );
}

//! Judging one input.

use std::collections::HashSet;

use super::Against;
use super::input::{Captured, Content, Input};
use crate::cli::error::CliError;
use crate::judge::Verdict;
use crate::judge::ws_i::{
    Answered, Answers, Body, Grade, MessageView, Place, Side, judge_description, judge_discovery, judge_message,
};
use crate::scenario::Corpus;
use crate::schema::wsdl::Description;
use crate::schema::{Against as Root, CompiledSchema, SchemaEngine, SchemaError, SchemaFault};
use crate::soap;
use crate::standard::{Level, ReadingChoice};
use crate::text::Text;
use crate::wire::media_parameter;
use crate::xml::{Doctype, Document, Excerpt, Limits, Position, XmlError, parse_bytes};

/// What was found about one artefact.
pub(super) struct Judged {
    pub(super) name: String,
    /// What it is taken for.
    pub(super) kind: Text,
    pub(super) answers: Answers,
    /// Faults of XML and schemas.
    pub(super) errors: Vec<SchemaFinding>,
    /// What was left out, and why.
    pub(super) notes: Vec<Text>,
}

/// A fault of XML or of validity, with the lines around it.
pub(super) struct SchemaFinding {
    pub(super) code: String,
    pub(super) message: Text,
    pub(super) expected: Option<Text>,
    pub(super) place: Place,
}

impl Judged {
    /// Whether something binding is broken.
    pub(super) fn is_broken(&self, corpus: &Corpus) -> bool {
        !self.errors.is_empty()
            || self.answers.iter().any(|(assertion, answer)| {
                matches!(answer, Answered::Broken(_))
                    && verdict_of(corpus, assertion.id, assertion.grade) == Verdict::Fail
            })
    }
}

/// What a broken assertion amounts to.
pub(super) fn verdict_of(corpus: &Corpus, id: &str, grade: Grade) -> Verdict {
    match (corpus.requirement(id).map(|requirement| requirement.level), grade) {
        (Some(Level::Must | Level::MustNot), _) | (None, Grade::Required) => Verdict::Fail,
        (Some(Level::Should), _) | (None, Grade::Recommended) => Verdict::Warn,
        _ => Verdict::Info,
    }
}

pub(super) fn judge(input: &Input, against: &Against, readings: &ReadingChoice) -> Result<Vec<Judged>, CliError> {
    let name = input.name.clone();
    Ok(match &input.content {
        Content::Description(documents) => {
            let description =
                Description::read(documents.clone()).map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
            let schema = CompiledSchema::compile(&description.schemas);
            let unread = description.files.iter().filter_map(|file| {
                let error = file.document.as_ref().err().filter(|error| error.fault.is_limit())?;
                Some(unreadable(&file.location, error))
            });
            vec![Judged {
                name,
                kind: describe(&description),
                answers: judge_description(&description, &schema, readings),
                errors: unread.chain(schema.as_ref().err().and_then(refused_schema)).collect(),
                notes: left_out(&description, &schema),
            }]
        }
        Content::Discovery(document) => {
            let description = match against {
                Against::Description(description, _) => Some(&**description),
                _ => None,
            };
            vec![Judged {
                name,
                kind: Text::neutral("UDDI"),
                answers: judge_discovery(document, description),
                errors: Vec::new(),
                notes: Vec::new(),
            }]
        }
        Content::Message(captured) => messages(&name, captured, against, readings),
        Content::Xml(parsed) => vec![xml(name, parsed, against)?],
    })
}

/// References that lead nowhere: what they should lead to was not judged.
fn left_out(description: &Description, schema: &Result<CompiledSchema, SchemaFault>) -> Vec<Text> {
    let placed = |place: String, message: &Text| message.map(|wording| format!("{place}: {wording}"));
    let mut notes: Vec<Text> = description
        .dangling
        .iter()
        .map(|error| placed(format!("{}:{}", error.location, error.at), &error.message))
        .collect();
    match schema {
        Ok(schema) => notes.extend(schema.dangling().iter().filter_map(|reference| {
            let place = format!("{}:{}", reference.location, reference.at);
            Some(placed(place, &reference.fault.as_ref()?.describe()))
        })),
        Err(fault) => notes.push(placed(place_of(fault), &fault.message)),
    }
    let mut known = HashSet::new();
    notes.retain(|note| known.insert(note.en.clone()));
    notes
}

fn place_of(fault: &SchemaFault) -> String {
    let line = fault.line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}", fault.location)
}

/// Schemas that were refused for what they would cost: nothing was judged by them, so nothing is in order.
fn refused_schema(fault: &SchemaFault) -> Option<SchemaFinding> {
    (fault.code.as_deref() == Some(SchemaFault::LIMIT)).then(|| SchemaFinding {
        code: "xsd".into(),
        message: fault.message.clone(),
        expected: Some(Text::new(
            "junkyo の上限内のスキーマ",
            "schemas within the limits of junkyo",
        )),
        place: start_of(&fault.location, fault.line.unwrap_or(1)),
    })
}

fn start_of(file: &str, line: u32) -> Place {
    Place {
        file: file.to_owned(),
        path: "/".into(),
        at: Position {
            line,
            column: 1,
            offset: 0,
        },
        range: 0..0,
        excerpt: Excerpt::default(),
    }
}

fn describe(description: &Description) -> Text {
    let operations: usize = description.operations().count();
    let soap12 = description
        .ports
        .iter()
        .filter(|port| port.soap == Some(crate::schema::wsdl::Soap::V12))
        .count();
    let more = if soap12 == 0 {
        Text::default()
    } else {
        Text::new(
            format!("、SOAP 1.2 のポート {soap12}（対象外）"),
            format!(", {soap12} SOAP 1.2 ports (recognised, not judged)"),
        )
    };
    Text::new(
        format!(
            "WSDL（ポート {}、SOAP 1.1 の操作 {operations}{}）",
            description.ports.len(),
            more.ja
        ),
        format!(
            "WSDL ({} ports, {operations} SOAP 1.1 operations{})",
            description.ports.len(),
            more.en
        ),
    )
}

fn read_body(body: &[u8], charset: Option<&str>) -> Option<Result<Document, XmlError>> {
    let limits = Limits {
        bytes: body.len().max(1),
        ..Limits::default()
    };
    (!body.is_empty()).then(|| parse_bytes(body, charset, &limits.with_doctype(Doctype::Skip)))
}

fn body_of(read: Option<&Result<Document, XmlError>>) -> Body<'_> {
    match read {
        None => Body::Empty,
        Some(Ok(document)) => Body::Xml(document),
        Some(Err(error)) => Body::NotXml(error),
    }
}

fn messages(name: &str, captured: &Captured, against: &Against, readings: &ReadingChoice) -> Vec<Judged> {
    let (description, schema) = match against {
        Against::Description(description, schema) => (Some(&**description), schema.as_ref().ok()),
        _ => (None, None),
    };
    let request = captured.request.as_ref();
    let response = captured.response.as_ref();
    let bare = captured.bare.as_deref().and_then(|bytes| read_body(bytes, None));
    let sides = if captured.sides.is_empty() {
        vec![side_of(bare.as_ref(), description)]
    } else {
        captured.sides.clone()
    };
    let read =
        |headers: &crate::wire::Headers, body: &[u8]| read_body(body, media_parameter(headers, "charset").as_deref());
    let request_read = request.and_then(|request| read(&request.headers, &request.body));
    let response_read = response.and_then(|response| read(&response.headers, &response.body));
    let mut all = Vec::new();
    for side in sides {
        let is_there = match side {
            Side::Request => request.is_some() || bare.is_some(),
            Side::Response => response.is_some() || bare.is_some(),
        };
        if !is_there {
            continue;
        }
        let of = |mine: Side, read: &Option<Result<Document, XmlError>>| {
            if side == mine && bare.is_some() {
                bare.clone()
            } else {
                read.clone()
            }
        };
        let (request_xml, response_xml) = (of(Side::Request, &request_read), of(Side::Response, &response_read));
        let view = MessageView {
            side,
            request,
            response,
            request_body: body_of(request_xml.as_ref()),
            response_body: body_of(response_xml.as_ref()),
            description,
            schema: schema.map(|schema| schema as &dyn SchemaEngine),
            readings,
        };
        all.push(Judged {
            name: name.to_owned(),
            kind: match side {
                Side::Request => Text::new("SOAP 要求", "SOAP request"),
                Side::Response => Text::new("SOAP 応答", "SOAP response"),
            },
            answers: judge_message(&view),
            errors: refused(&view.body()).into_iter().collect(),
            notes: Vec::new(),
        });
    }
    all
}

/// A bare envelope is a response if its body holds what the description answers, else a request.
fn side_of(bare: Option<&Result<Document, XmlError>>, description: Option<&Description>) -> Side {
    let Some(Ok(document)) = bare else { return Side::Request };
    let Ok(message) = soap::Message::read(document) else {
        return Side::Request;
    };
    let child = message
        .payload()
        .next()
        .map(|child| crate::schema::wsdl::OwnedName::from(child.name()));
    let answers = description.is_some_and(|description| {
        description
            .operations()
            .any(|(_, operation)| child.is_some() && operation.response_element() == child)
    });
    let sounds_like_it = child.is_some_and(|child| child.local.ends_with("Response"));
    if message.fault.is_some() || answers || description.is_none() && sounds_like_it {
        Side::Response
    } else {
        Side::Request
    }
}

fn xml(name: String, parsed: &Result<Document, XmlError>, against: &Against) -> Result<Judged, CliError> {
    let engine = match against {
        Against::Schema(engine) => Some(engine),
        Against::Description(_, Ok(engine)) => Some(engine),
        _ => None,
    };
    let errors = match (parsed, engine) {
        (Err(error), _) => vec![unreadable("", error)],
        (Ok(_), None) => {
            return Err(CliError::Usage(format!(
                "{name}: it is neither a WSDL nor a SOAP message; give --against with the schema (.xsd) or WSDL that it has to follow"
            )));
        }
        (Ok(document), Some(engine)) => {
            let errors = engine.validate(document.root(), Root::Declaration).into_iter();
            let errors = errors.map(|error| finding(document, error));
            misnamed_encoding(document).into_iter().chain(errors).collect()
        }
    };
    Ok(Judged {
        name,
        kind: Text::neutral("XML"),
        answers: Vec::new(),
        errors,
        notes: Vec::new(),
    })
}

/// A document that cannot be read. A limit of junkyo is told like any other reason: nothing was judged, so nothing is
/// in order.
fn unreadable(file: &str, error: &XmlError) -> SchemaFinding {
    let expected = if error.fault.is_limit() {
        Text::new(
            "junkyo の上限内で、DTDの実体に依存しない XML",
            "XML within the limits of junkyo, without entities of a DTD",
        )
    } else {
        Text::new("整形式の XML 1.0", "well-formed XML 1.0")
    };
    SchemaFinding {
        code: "xml".into(),
        message: error.describe(),
        expected: Some(expected),
        place: Place {
            file: file.to_owned(),
            path: "/".into(),
            at: error.at,
            range: 0..0,
            excerpt: Excerpt::default(),
        },
    }
}

/// A body that no assertion speaks of, because a limit ended the reading.
fn refused(body: &Body<'_>) -> Option<SchemaFinding> {
    match body {
        Body::NotXml(error) if error.fault.is_limit() => Some(unreadable("", error)),
        _ => None,
    }
}

/// Bytes in another encoding than their XML declaration says (XML 1.0, section 4.3.3).
fn misnamed_encoding(document: &Document) -> Option<SchemaFinding> {
    let facts = document.encoding();
    let declared = facts.declared.as_deref()?;
    let is_utf16 = |name: &str| name.to_ascii_lowercase().starts_with("utf-16");
    if is_utf16(declared) == is_utf16(&facts.used) {
        return None;
    }
    let used = &facts.used;
    Some(SchemaFinding {
        code: "xml-encoding".into(),
        message: Text::new(
            format!("XML宣言は「{declared}」ですが、バイト列は {used} です"),
            format!("the XML declaration says `{declared}`, but the bytes are {used}"),
        ),
        expected: Some(Text::new(
            "XML宣言のとおりの文字コード",
            "the encoding that the XML declaration names",
        )),
        place: start_of("", 1),
    })
}

fn finding(document: &Document, error: SchemaError) -> SchemaFinding {
    SchemaFinding {
        code: error.code,
        message: error.message,
        expected: error.expected,
        place: Place {
            file: String::new(),
            path: error.path,
            at: error.at,
            excerpt: Excerpt::around(document.text(), &error.range),
            range: error.range,
        },
    }
}

//! Checks of SOAP messages and of service descriptions.

use super::super::context::{Answer, Context, Finding, Parsed};
use super::super::described::documents_of_step;
use super::super::ws_i::{Answered, Assertion, Place as XmlPlace};
use super::xml_path::select;
use crate::evidence::Channel;
use crate::scenario::{Message, Place, Step, check};
use crate::schema::wsdl::{BoundMessage, Description, Operation, Soap, Style};
use crate::schema::{Against, SchemaEngine, SchemaError};
use crate::soap;
use crate::text::Text;
use crate::xml::{Element, Excerpt, Name};

impl Answer {
    /// Puts a place of an XML message, with the lines around it, at a finding that has none yet.
    pub(super) fn at_xml(mut self, place: XmlPlace) -> Self {
        if let Self::Broken(finding) = &mut self {
            finding.mark(place);
        }
        self
    }
}

impl Finding {
    fn mark(&mut self, place: XmlPlace) {
        let file = if place.file.is_empty() {
            String::new()
        } else {
            format!("{}:", place.file)
        };
        self.place
            .get_or_insert_with(|| format!("{file}{} {}", place.at, place.path));
        self.excerpt.get_or_insert_with(|| Box::new(place.excerpt));
    }
}

/// Exchanges that a check about XML looks at.
pub(super) fn exchanges<'c, 'a>(context: &'c Context<'a>, step: &Step, on: Place) -> Vec<&'c Parsed<'a>> {
    let channel = match on {
        Place::Api => Channel::Api,
        Place::Callback => Channel::Callback,
    };
    let mut all = context.of_step(&step.id);
    all.retain(|parsed| parsed.exchange.channel == channel);
    all
}

pub(super) fn nothing_exchanged() -> Answer {
    Answer::unanswered(
        "この手順の交換が記録されていません。",
        "Nothing was exchanged in this step.",
    )
}

pub(super) fn ws_i(p: &check::WsI, context: &Context<'_>, step: &Step) -> Answer {
    let Some(assertion) = Assertion::of(&p.assertion) else {
        return Answer::unanswered(
            format!("アサーション {} はありません。", p.assertion),
            format!("there is no assertion {}", p.assertion),
        );
    };
    if assertion.is_about_description() {
        let Some(answers) = context.description_answers(&step.id) else {
            return Answer::broken(
                Text::new("WSDL が取得できること", "a WSDL that can be fetched"),
                Text::new("取得できない", "none could be fetched"),
            );
        };
        let found = answers.iter().find(|(known, _)| known.id == assertion.id);
        return found.map_or_else(nothing_exchanged, |(_, answer)| answer_of(answer));
    }
    let exchanges = exchanges(context, step, p.on);
    if exchanges.is_empty() {
        return nothing_exchanged();
    }
    let mut last = None;
    for parsed in exchanges {
        let answers = parsed.assertions(p.of, context);
        let Some((_, answer)) = answers.iter().find(|(known, _)| known.id == assertion.id) else {
            return not_of_this_side();
        };
        match answer_of(answer) {
            // A recording without a WSDL leaves open only what a WSDL would have to say.
            Answer::Unanswered { .. } if context.described.is_none() => {
                last.get_or_insert_with(no_description);
            }
            Answer::Holds => last = Some(Answer::Holds),
            other @ Answer::NotApplicable { .. } => {
                last.get_or_insert(other);
            }
            other => return other.of_exchange(parsed.index),
        }
    }
    last.unwrap_or(Answer::Holds)
}

fn no_description() -> Answer {
    Answer::not_applicable("WSDL が与えられていないため問わない", "not asked: no WSDL was given")
}

fn not_of_this_side() -> Answer {
    Answer::not_applicable(
        "この向きの電文には問わないアサーション",
        "the assertion is not asked of messages in this direction",
    )
}

/// What the pure assertions say, in the words of checks.
fn answer_of(answered: &Answered) -> Answer {
    match answered {
        Answered::Holds => Answer::Holds,
        Answered::NotApplicable { reason } => Answer::NotApplicable { reason: reason.clone() },
        Answered::Blocked { by } => Answer::Prevented {
            reason: Text::new(
                format!("前提のアサーション {by} が成り立たないため問わない"),
                format!("not asked: its prerequisite {by} does not hold"),
            ),
        },
        Answered::Unanswered { reason } => Answer::Unanswered { reason: reason.clone() },
        Answered::Broken(breach) => {
            let answer = Answer::broken(breach.expected.clone(), breach.found.clone());
            match &breach.place {
                Some(place) => answer.at_xml(place.clone()),
                None => answer,
            }
        }
    }
}

/// The envelope of a response, or why there is none.
fn envelope<'p>(parsed: &'p Parsed<'_>) -> Result<soap::Message<'p>, Text> {
    match parsed.xml(Message::Response) {
        None if parsed.response().is_none() => Err(parsed.no_response()),
        None => Err(Text::new(
            format!("本文のない応答（HTTP {}）", parsed.response().map_or(0, |r| r.status)),
            format!(
                "a response without a body (HTTP {})",
                parsed.response().map_or(0, |r| r.status)
            ),
        )),
        Some(Err(error)) => Err(error.describe()),
        Some(Ok(document)) => soap::Message::read(document).map_err(|error| error.describe()),
    }
}

/// Whether the fetched description names the host that it was fetched from. Where files were given instead, nothing is
/// published that could be stale.
pub(super) fn published_address(context: &Context<'_>, step: &Step) -> Answer {
    let Some(documents) = documents_of_step(context, &step.id) else {
        return nothing_exchanged();
    };
    let root = documents.root().to_owned();
    let Some(origin) = origin_of(&root) else {
        return Answer::not_applicable(
            "WSDL は公開されず、ファイルで与えられた",
            "the WSDL was given as a file",
        );
    };
    let Ok(description) = Description::read(documents) else {
        return nothing_exchanged();
    };
    let other = description
        .ports
        .iter()
        .filter(|port| port.soap == Some(Soap::V11))
        .find(|port| {
            port.address
                .as_deref()
                .and_then(origin_of)
                .is_none_or(|named| named != origin)
        });
    match other {
        None => Answer::Holds,
        Some(port) => Answer::broken(
            Text::neutral(format!("soapbind:address location = {origin}/…")),
            Text::neutral(format!("{}: {}", port.name, port.address.as_deref().unwrap_or("–"))),
        ),
    }
}

/// Scheme and authority of an address; the default ports are left out.
fn origin_of(address: &str) -> Option<&str> {
    let start = address.find("://")? + 3;
    let end = address[start..]
        .find(['/', '?', '#'])
        .map_or(address.len(), |at| start + at);
    let origin = &address[..end];
    let bare = origin.strip_suffix(":80").or_else(|| origin.strip_suffix(":443"));
    Some(bare.unwrap_or(origin))
}

/// The operation that the request of an exchange invoked.
pub(super) fn operation<'c>(context: &'c Context<'_>, parsed: &Parsed<'_>) -> Option<&'c Operation> {
    let description = &context.described.as_ref()?.description;
    let child = parsed.document(Message::Request).and_then(|document| {
        let body = document.root().child(soap::ENVELOPE, "Body")?;
        body.children().next().map(Element::name)
    });
    let action = parsed.request().and_then(|request| request.headers.get("soapaction"));
    let action = action.map(|value| value.trim_matches('"'));
    description.dispatch(child, action).map(|(_, operation)| operation)
}

fn fault_in_words(fault: &soap::FaultView<'_>) -> Text {
    let string = fault.string.as_deref().unwrap_or_default();
    let string: String = string.chars().take(160).collect();
    Text::new(
        format!("フォルト {}: {string}", fault.code_text),
        format!("fault {}: {string}", fault.code_text),
    )
}

pub(super) fn answer(context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let operation = operation(context, parsed);
    if operation.is_some_and(Operation::is_one_way) {
        let expected = || Text::new("本文のない HTTP 200 または 202", "HTTP 200 or 202 without a body");
        let Some(response) = parsed.response() else {
            return Answer::broken(expected(), parsed.no_response());
        };
        let fits = matches!(response.status, 200 | 202) && response.body.is_empty();
        return Answer::from(fits, expected, || {
            Text::new(
                format!("HTTP {}、本文 {} バイト", response.status, response.body.len()),
                format!("HTTP {} with {} bytes", response.status, response.body.len()),
            )
        });
    }
    let wanted = operation.map(Operation::response_element);
    let expected = || match &wanted {
        Some(Some(name)) => Text::new(format!("本文に {name}"), format!("a body with {name}")),
        Some(None) => Text::new("空の soap:Body", "an empty soap:Body"),
        None => Text::new("フォルトでない応答", "a response that is no fault"),
    };
    // An asynchronous request is answered elsewhere.
    let accepted = parsed
        .response()
        .is_some_and(|response| response.status == 202 && response.body.is_empty());
    if accepted {
        return Answer::broken(expected(), Text::new("本文のない HTTP 202", "HTTP 202 without a body"));
    }
    let message = match envelope(parsed) {
        Ok(message) => message,
        Err(why) => return Answer::broken(expected(), why),
    };
    if let Some(fault) = &message.fault {
        return Answer::broken(expected(), fault_in_words(fault)).at_xml(XmlPlace::of(fault.element));
    }
    let child = message.payload().next();
    let fits = match &wanted {
        None => true,
        Some(None) => child.is_none(),
        Some(Some(name)) => child.is_some_and(|child| child.name() == name.as_name()),
    };
    Answer::from(fits, expected, || match child {
        Some(child) => Text::neutral(child.name().to_string()),
        None => Text::new("空の soap:Body", "an empty soap:Body"),
    })
    .at_xml(XmlPlace::of(child.unwrap_or(message.body)))
}

pub(super) fn accepted(context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let declared = operation(context, parsed).is_some_and(|operation| {
        let Ok(message) = envelope(parsed) else { return false };
        let Some(fault) = &message.fault else { return false };
        fault.details().any(|detail| {
            let of_detail = |element: &crate::schema::wsdl::OwnedName| element.as_name() == detail.name();
            operation
                .faults
                .iter()
                .any(|fault| fault.element.as_ref().is_some_and(of_detail))
        })
    });
    if declared {
        Answer::Holds
    } else {
        answer(context, parsed)
    }
}

pub(super) fn fault(p: &check::SoapFault, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        let codes = p.code.join(" / ");
        let detail = p.detail.as_deref().unwrap_or_default();
        Text::new(
            format!("SOAP フォルト {codes} {detail}"),
            format!("SOAP fault {codes} {detail}"),
        )
    };
    let message = match envelope(parsed) {
        Ok(message) => message,
        Err(why) => return Answer::broken(expected(), why),
    };
    let Some(fault) = &message.fault else {
        let child = message.payload().next().unwrap_or(message.body);
        return Answer::broken(expected(), Text::neutral(child.name().to_string())).at_xml(XmlPlace::of(child));
    };
    let resolve = |word: &str| -> (String, String) {
        match word.split_once(':') {
            None => (soap::ENVELOPE.to_owned(), word.to_owned()),
            Some((prefix, local)) => {
                let known = context
                    .described
                    .as_ref()
                    .and_then(|described| described.prefixes.get(prefix));
                (known.cloned().unwrap_or_default(), local.to_owned())
            }
        }
    };
    let is_code = |word: &String| {
        let (namespace, local) = resolve(word);
        fault.code.as_ref().is_some_and(|code| code.is(&namespace, &local))
            || fault.subcode.as_ref().is_some_and(|code| code.is(&namespace, &local))
    };
    let right_code = p.code.is_empty() || p.code.iter().any(is_code);
    let right_detail = p.detail.as_ref().is_none_or(|word| {
        let (namespace, local) = resolve(word);
        fault.details().any(|detail| detail.is(&namespace, &local))
    });
    Answer::from(right_code && right_detail, expected, || fault_in_words(fault)).at_xml(XmlPlace::of(fault.element))
}

pub(super) fn schema_valid(p: &check::SchemaValid, context: &Context<'_>, step: &Step) -> Answer {
    let Some(described) = context.described.as_ref() else {
        return no_description();
    };
    let engine = match &described.schema {
        Ok(engine) => engine,
        Err(fault) => {
            return Answer::Unanswered {
                reason: Text::new(
                    format!("スキーマを使えません: {}", fault.message.ja),
                    format!("the schemas cannot be used: {fault}"),
                ),
            };
        }
    };
    let exchanges = exchanges(context, step, p.on);
    if exchanges.is_empty() {
        return nothing_exchanged();
    }
    let mut asked = false;
    for parsed in exchanges {
        let Some(document) = parsed.document(p.of) else {
            continue;
        };
        let Ok(message) = soap::Message::read(document) else {
            continue;
        };
        asked = true;
        let operation = operation(context, parsed);
        let bound = operation.and_then(|operation| match (p.of, p.on) {
            (Message::Request, Place::Api) => operation.input.as_ref(),
            _ => operation.output.as_ref(),
        });
        let errors = errors_of(&message, operation, bound, engine);
        if let Some(first) = errors.first() {
            return schema_broken(first, errors.len(), document.text()).of_exchange(parsed.index);
        }
    }
    if asked {
        Answer::Holds
    } else {
        Answer::not_applicable("SOAP の電文がない", "there is no SOAP message")
    }
}

/// Errors of one message after which nothing more is looked at: a body may have any number of children.
const MOST_ERRORS: usize = 200;

fn errors_of(
    message: &soap::Message<'_>,
    operation: Option<&Operation>,
    bound: Option<&BoundMessage>,
    engine: &dyn SchemaEngine,
) -> Vec<SchemaError> {
    let mut errors = Vec::new();
    for header in bound.iter().flat_map(|bound| &bound.headers) {
        let Some(element) = &header.part.element else { continue };
        let block = message
            .blocks
            .iter()
            .find(|block| block.element.name() == element.as_name());
        errors.extend(
            block
                .into_iter()
                .flat_map(|block| engine.validate(block.element, Against::Declaration)),
        );
    }
    if let Some(fault) = &message.fault {
        for detail in fault.details() {
            errors.extend(engine.validate(detail, Against::Lax));
            if errors.len() >= MOST_ERRORS {
                break;
            }
        }
        return errors;
    }
    let rpc = operation.is_some_and(|operation| operation.style == Style::Rpc);
    for child in message.payload() {
        if errors.len() >= MOST_ERRORS {
            break;
        }
        if !rpc {
            errors.extend(engine.validate(child, Against::Declaration));
            continue;
        }
        for accessor in child.children() {
            if errors.len() >= MOST_ERRORS {
                break;
            }
            let part = bound.and_then(|bound| bound.body.iter().find(|part| part.name == accessor.local()));
            if let Some(type_name) = part.and_then(|part| part.type_name.as_ref()) {
                let name: Name<'_> = type_name.as_name();
                errors.extend(engine.validate(accessor, Against::Type(name)));
            }
        }
    }
    errors
}

fn schema_broken(first: &SchemaError, count: usize, text: &str) -> Answer {
    let more = count - 1;
    let found = match more {
        0 => first.message.clone(),
        _ => Text::new(
            format!("{}（ほか {more} 件）", first.message.ja),
            format!("{} (and {more} more)", first.message.en),
        ),
    };
    let found = Text::new(
        format!("{}: {}", first.code, found.ja),
        format!("{}: {}", first.code, found.en),
    );
    let expected = first
        .expected
        .clone()
        .unwrap_or_else(|| Text::new("スキーマに従う内容", "content that the schema allows"));
    Answer::broken(expected, found).at_xml(XmlPlace {
        file: String::new(),
        path: first.path.clone(),
        at: first.at,
        range: first.range.clone(),
        excerpt: Excerpt::around(text, &first.range),
    })
}

pub(super) fn xml_value(p: &check::XmlValue, context: &Context<'_>, step: &Step) -> Answer {
    let exchanges = exchanges(context, step, p.on);
    if exchanges.is_empty() {
        return nothing_exchanged();
    }
    for parsed in exchanges {
        match one_value(p, context, parsed) {
            Answer::Holds => {}
            other => return other.of_exchange(parsed.index),
        }
    }
    Answer::Holds
}

fn one_value(p: &check::XmlValue, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let none = std::collections::BTreeMap::new();
    let prefixes = context
        .described
        .as_ref()
        .map_or(&none, |described| &described.prefixes);
    let unreadable = |part: String| {
        Answer::unanswered(
            format!("検査のパスを解釈できません: {part}"),
            format!("the path of the check cannot be read: {part}"),
        )
    };
    let expected_text = |value: &str| Text::neutral(format!("{} = {value}", p.path));
    let Some(document) = parsed.document(p.of) else {
        let why = parsed.xml(p.of).map_or_else(
            || Text::new("本文がない", "there is no body"),
            |result| {
                result
                    .as_ref()
                    .err()
                    .map_or_else(Text::default, crate::xml::XmlError::describe)
            },
        );
        return Answer::broken(Text::neutral(p.path.clone()), why);
    };
    let hits = match select(document, &p.path, prefixes) {
        Ok(hits) => hits,
        Err(part) => return unreadable(part),
    };
    if let Some(present) = p.present {
        let expected = || {
            let (ja, en) = if present {
                ("あること", "is there")
            } else {
                ("ないこと", "is not there")
            };
            Text::new(format!("{} が{ja}", p.path), format!("{} {en}", p.path))
        };
        return Answer::from(hits.is_empty() != present, expected, || {
            Text::new(format!("{} 個", hits.len()), format!("{} of them", hits.len()))
        });
    }
    if let Some(count) = p.count {
        return Answer::from(
            hits.len() == count,
            || Text::new(format!("{} が {count} 個", p.path), format!("{count} of {}", p.path)),
            || Text::new(format!("{} 個", hits.len()), format!("{} of them", hits.len())),
        );
    }
    let sent = p.as_sent.as_ref().map(|path| {
        let request = parsed.document(Message::Request);
        request.map(|request| select(request, path, prefixes).map(|hits| hits.first().map(|hit| hit.value.to_string())))
    });
    let sent = match sent {
        Some(Some(Err(part))) => return unreadable(part),
        Some(Some(Ok(Some(value)))) => Some(value),
        Some(_) => return Answer::unanswered("送った電文に値がありません。", "the request has no such value"),
        None => None,
    };
    let wanted = match (&p.equals, sent, &p.one_of) {
        (Some(value), _, _) => vec![value.clone()],
        (None, Some(value), _) => vec![value],
        (None, None, Some(values)) => values.clone(),
        (None, None, None) => return Answer::Holds,
    };
    let Some(hit) = hits.first() else {
        return Answer::broken(expected_text(&wanted.join(" / ")), Text::new("（なし）", "(absent)"));
    };
    Answer::from(
        wanted.iter().any(|value| *value == hit.value),
        || expected_text(&wanted.join(" / ")),
        || Text::neutral(hit.value.to_string()),
    )
    .at_xml(XmlPlace::of(hit.element))
}

//! What the consumer makes of an answer, and what it refuses.

use serde_json::{Map, Value};

use super::client::{Client, Ending, Report};
use super::receive::violations;
use super::{MESSAGES, Operation};
use crate::mock::Defect;
use crate::soap::addressing::{self, Addressing};
use crate::soap::{Message, SoapVersion};
use crate::wire::{Headers, HttpRequest, HttpResponse, media_parameter, media_type};
use crate::xml::{Doctype, Element, Limits, parse_bytes};

/// A message that came, on the connection of the request or by callback.
pub(super) struct Came<'a> {
    status: u16,
    headers: &'a Headers,
    body: &'a [u8],
    posted: bool,
}

impl<'a> Came<'a> {
    /// On the connection of the request.
    pub(super) fn back(response: &'a HttpResponse) -> Self {
        Self {
            status: response.status,
            headers: &response.headers,
            body: &response.body,
            posted: false,
        }
    }

    /// By callback.
    pub(super) fn posted(request: &'a HttpRequest) -> Self {
        Self {
            status: 200,
            headers: &request.headers,
            body: &request.body,
            posted: true,
        }
    }
}

/// What an answer has to fit to.
pub(super) struct Expected {
    pub(super) operation: Operation,
    /// Id of the request, if it has one.
    pub(super) message_id: Option<String>,
    pub(super) signed: bool,
}

/// An answer that is understood.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    pub(super) ending: Ending,
    pub(super) values: Value,
    fault: Option<(String, String)>,
}

impl Answered {
    pub(super) fn tell(self, report: &mut Report) {
        report.ending = self.ending;
        report.values = self.values;
        if let Some((code, string)) = self.fault {
            report.fault_code = Some(code);
            report.fault_string = Some(string);
        }
    }

    pub(super) fn nothing(ending: Ending) -> Self {
        Self {
            ending,
            ..Self::default()
        }
    }
}

impl Client {
    /// Reads an answer.
    pub(super) fn read(&self, came: &Came<'_>, expected: &Expected) -> Result<Answered, String> {
        match came.status {
            status if status >= 300 && self.has(Defect::SoapConsumerIgnoresStatus) => {
                return Ok(Answered::nothing(Ending::Answered));
            }
            202 if self.has(Defect::SoapConsumerRefuses202) => return Err("the answer has the status 202".into()),
            200 if self.has(Defect::SoapConsumerTrustsStatus) => return Ok(Answered::nothing(Ending::Answered)),
            200 if expected.operation.is_one_way() && self.has(Defect::SoapConsumerRefusesOneWay200) => {
                return Err("the message was not accepted with 202".into());
            }
            202 => return Ok(Answered::nothing(Ending::Accepted)),
            200 if expected.operation.is_one_way() => return Ok(Answered::nothing(Ending::Accepted)),
            200 => {}
            500 if !came.body.is_empty() => {}
            500 if self.has(Defect::SoapConsumerAcceptsBare500) => return Ok(Answered::nothing(Ending::Answered)),
            status => return Err(format!("the answer has the status {status} and no message")),
        }
        let wrong_media = media_type(came.headers).as_deref() != Some("text/xml");
        if wrong_media && came.status == 500 && self.has(Defect::SoapConsumerAcceptsBare500) {
            return Ok(Answered::nothing(Ending::Answered));
        }
        if wrong_media {
            return Err("the answer is not text/xml".into());
        }
        self.check_form(came)?;
        let doctype = if self.has(Defect::SoapConsumerAcceptsDoctype) {
            Doctype::Skip
        } else {
            Doctype::Refuse
        };
        let charset = media_parameter(came.headers, "charset");
        let document = parse_bytes(came.body, charset.as_deref(), &Limits::default().with_doctype(doctype))
            .map_err(|error| error.describe().en)?;
        let message = Message::read(&document).map_err(|error| error.to_string())?;
        if message.version != SoapVersion::V11 && !self.has(Defect::SoapConsumerAcceptsOtherVersion) {
            return Err("the answer is not a SOAP 1.1 message".into());
        }
        self.understand(&message)?;
        if expected.signed {
            self.check_security(&message)?;
        }
        self.check_relation(&message, expected)?;
        if let Some(fault) = &message.fault {
            if self.has(Defect::SoapConsumerIgnoresFault) {
                return Ok(Answered::nothing(Ending::Answered));
            }
            return Ok(Answered {
                ending: Ending::Fault,
                values: fault.details().next().map(values).unwrap_or_default(),
                fault: Some((
                    fault
                        .code
                        .as_ref()
                        .map_or_else(|| fault.code_text.clone(), |code| code.local.clone()),
                    fault.string.as_deref().unwrap_or_default().to_owned(),
                )),
            });
        }
        if came.status != 200 && !self.has(Defect::SoapConsumerAcceptsBare500) {
            return Err(format!("the answer has the status {}, but no fault", came.status));
        }
        self.check_content(&message, expected.operation, came.posted)
    }

    /// Whether this consumer can read answers that are written in this way: all of them, but for its mistakes.
    fn check_form(&self, came: &Came<'_>) -> Result<(), String> {
        let utf16 = came.body.starts_with(&[0xFE, 0xFF]) || came.body.starts_with(&[0xFF, 0xFE]);
        if self.has(Defect::SoapConsumerUtf8Only) && utf16 {
            return Err("the answer is not UTF-8".into());
        }
        if self.has(Defect::SoapConsumerBomRefused) && came.body.starts_with(&[0xEF, 0xBB, 0xBF]) {
            return Err("content is not allowed in prolog".into());
        }
        if self.has(Defect::SoapConsumerChunkedRefused) && came.headers.get("content-length").is_none() {
            return Err("the answer has no Content-Length".into());
        }
        if self.has(Defect::SoapConsumerPrefixBound) && memchr::memmem::find(came.body, b"<soap:Body").is_none() {
            return Err("the answer has no <soap:Body>".into());
        }
        Ok(())
    }

    fn understand(&self, message: &Message<'_>) -> Result<(), String> {
        if self.has(Defect::SoapConsumerIgnoresMustUnderstand) {
            return Ok(());
        }
        let known = |element: Element<'_>| {
            element.is(MESSAGES, "responder")
                || element.namespace() == addressing::NAMESPACE
                || element.is(crate::soap::security::EXTENSION, "Security")
        };
        let unknown = message
            .blocks
            .iter()
            .find(|block| block.is_for_us() && block.is_mandatory() && !known(block.element));
        match unknown {
            Some(block) => Err(format!(
                "the mandatory header block {} is not understood",
                block.element.name()
            )),
            None => Ok(()),
        }
    }

    /// The answer relates to the request.
    fn check_relation(&self, message: &Message<'_>, expected: &Expected) -> Result<(), String> {
        let Some(id) = &expected.message_id else {
            return Ok(());
        };
        let related = Addressing::read(message).ok().map(|properties| properties.relates_to);
        let fits = related.is_some_and(|related| related.iter().any(|(found, _)| found == id));
        if fits || self.has(Defect::SoapConsumerAcceptsWrongRelatesTo) {
            return Ok(());
        }
        Err(format!("the answer does not relate to {id}"))
    }

    fn check_content(&self, message: &Message<'_>, operation: Operation, posted: bool) -> Result<Answered, String> {
        let wrapper = message.payload().next();
        if self.has(Defect::SoapConsumerOldSchema) {
            return Err("the answer does not fit the schema of edition 0.9".into());
        }
        let read = wrapper.filter(|_| !self.has(Defect::SoapConsumerAnswerLost));
        let answered = Answered {
            ending: Ending::Answered,
            values: read.map(values).unwrap_or_default(),
            fault: None,
        };
        if self.has(Defect::SoapConsumerAcceptsInvalid) {
            return Ok(answered);
        }
        if wrapper.map(Element::name) != operation.answer_wrapper() {
            let found = wrapper.map_or_else(|| "nothing".to_owned(), |wrapper| wrapper.name().to_string());
            let place = if posted { "callback" } else { "answer" };
            return Err(format!("the {place} to {} holds {found}", operation.name()));
        }
        let violated = violations(operation, wrapper, true);
        if violated.is_empty() {
            Ok(answered)
        } else {
            Err(violated.join("; "))
        }
    }
}

/// Content of an element: a text, or an object of what is inside by name, with a list where a name stands several
/// times.
fn values(element: Element<'_>) -> Value {
    let mut members = Map::new();
    for attribute in element.attributes() {
        let name = format!("@{}", attribute.name().local);
        members.insert(name, attribute.value().into());
    }
    for child in element.children() {
        let value = values(child);
        match members.get_mut(child.local()) {
            None => {
                members.insert(child.local().to_owned(), value);
            }
            Some(Value::Array(all)) => all.push(value),
            Some(one) => *one = Value::Array(vec![one.take(), value]),
        }
    }
    if members.is_empty() {
        element.text().trim().into()
    } else {
        Value::Object(members)
    }
}

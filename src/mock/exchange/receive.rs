//! How the provider takes a request, step by step, and what it makes of it.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::sync::Arc;

use super::answers::Done;
use super::description::schemas;
use super::refusal::Refusal;
use super::reply::Outcome;
use super::service::{Exchange, send};
use super::{MESSAGES, Operation, STATISTICS_PATH};
use crate::mock::Defect;
use crate::schema::{Against, CompiledSchema, SchemaEngine as _, SchemaError};
use crate::soap::addressing::{Addressing, AddressingFault};
use crate::soap::security::EXTENSION;
use crate::soap::{Charset, HeaderBlock, Message, NotSoap, SoapVersion, addressing};
use crate::wire::{Answer, HttpRequest, media_parameter};
use crate::xml::{Doctype, Document, Element, Limits, Name, parse_bytes};

/// Built-in types of XML Schema.
const XSD: &str = "http://www.w3.org/2001/XMLSchema";
/// Violations of a schema that a fault tells, at the most.
const TOLD: usize = 3;

thread_local! {
    /// The schemas of the messages; compiled sets are not shared between threads.
    static SCHEMA: OnceCell<Option<CompiledSchema>> = const { OnceCell::new() };
}

/// Asks the schemas of the service about an element.
pub(super) fn validate(element: Element<'_>, against: Against<'_>) -> Vec<SchemaError> {
    SCHEMA.with(|schema| {
        schema
            .get_or_init(|| CompiledSchema::compile(&schemas()).ok())
            .as_ref()
            .map(|schema| schema.validate(element, against))
            .unwrap_or_default()
    })
}

/// Violations of the schemas in the child of the Body, for a request or an answer of this operation.
pub(super) fn violations(operation: Operation, wrapper: Option<Element<'_>>, answer: bool) -> Vec<String> {
    let Some(wrapper) = wrapper else {
        return Vec::new();
    };
    if !operation.is_rpc() {
        return told(&validate(wrapper, Against::Declaration));
    }
    let parts: &[(&str, Name<'static>)] = match (operation, answer) {
        (Operation::CountResidents, false) => &[
            (
                "area",
                Name {
                    namespace: Some(MESSAGES),
                    local: "areaCode",
                },
            ),
            (
                "asOf",
                Name {
                    namespace: Some(XSD),
                    local: "date",
                },
            ),
        ],
        (Operation::CountResidents, true) => &[
            (
                "count",
                Name {
                    namespace: Some(XSD),
                    local: "int",
                },
            ),
            (
                "households",
                Name {
                    namespace: Some(XSD),
                    local: "int",
                },
            ),
        ],
        _ => &[],
    };
    let found: Vec<_> = wrapper.children().collect();
    let as_declared = found.len() == parts.len()
        && found
            .iter()
            .zip(parts)
            .all(|(element, (name, _))| element.name() == Name::new("", name));
    if !as_declared {
        let names: Vec<&str> = parts.iter().map(|(name, _)| *name).collect();
        let found: Vec<String> = found.iter().map(|element| element.name().to_string()).collect();
        return vec![format!(
            "{}: expected the parts [{}], found [{}]",
            wrapper.path(),
            names.join(", "),
            found.join(", ")
        )];
    }
    let of_part =
        |(element, (_, kind)): (&Element<'_>, &(&str, Name<'static>))| told(&validate(*element, Against::Type(*kind)));
    found.iter().zip(parts).flat_map(of_part).collect()
}

fn told(errors: &[SchemaError]) -> Vec<String> {
    let one = |error: &SchemaError| format!("{} (line {}): {}", error.path, error.at.line, error.message.en);
    errors.iter().take(TOLD).map(one).collect()
}

impl Exchange {
    /// Takes a POST to one of the two ports. With `signed`, unsigned requests are refused.
    pub(super) fn receive(self: &Arc<Self>, request: &HttpRequest, signed: bool) -> Answer {
        if let Some((status, words)) = self.refused_by_transport(request) {
            return send(
                status,
                &[("Content-Type", "text/plain; charset=utf-8")],
                words.as_bytes(),
            );
        }
        let asked_encoding = request
            .headers
            .get("accept-charset")
            .unwrap_or_default()
            .to_ascii_lowercase();
        let charset = if asked_encoding.trim_start().starts_with("utf-16") {
            Charset::Utf16
        } else {
            Charset::Utf8
        };
        let outcome = match self.parse(request) {
            Ok(document) => self.take(request, &document, signed),
            Err(refusal) => Outcome::refused(refusal),
        };
        if self.has(Defect::SoapErrorPage) && outcome.operation.is_none() {
            let page = "<html><body><h1>システムエラー</h1><p>org.springframework.web.util.NestedServletException</p></body></html>";
            return send(200, &[("Content-Type", "text/html; charset=utf-8")], page.as_bytes());
        }
        self.send_back(request, outcome, charset)
    }

    fn refused_by_transport(&self, request: &HttpRequest) -> Option<(u16, &'static str)> {
        let charset = media_parameter(&request.headers, "charset").map(|name| name.to_ascii_lowercase());
        let allowed: &[&str] = if self.has(Defect::Utf16Refused) {
            &["utf-8"]
        } else {
            &["utf-8", "utf-16", "utf-16le", "utf-16be"]
        };
        if self.has(Defect::SoapChunkedRefused) && request.headers.get("transfer-encoding").is_some() {
            return Some((411, "Content-Length is missing"));
        }
        if request.media_type().as_deref() != Some("text/xml") && !self.has(Defect::MediaTypeIgnored) {
            return Some((415, "expected Content-Type: text/xml"));
        }
        if charset.is_some_and(|charset| !allowed.contains(&charset.as_str())) {
            return Some((415, "expected charset utf-8 or utf-16"));
        }
        None
    }

    fn parse(&self, request: &HttpRequest) -> Result<Document, Refusal> {
        let doctype = if self.has(Defect::DoctypeAccepted) {
            Doctype::Skip
        } else {
            Doctype::Refuse
        };
        let limits = Limits::default().with_doctype(doctype);
        let charset = media_parameter(&request.headers, "charset");
        let document = parse_bytes(&request.body, charset.as_deref(), &limits).map_err(|error| {
            Refusal::client(format!(
                "the request is not the XML it should be: {}",
                error.describe().en
            ))
        })?;
        if self.has(Defect::Utf16Refused) && document.encoding().used != "UTF-8" {
            return Err(Refusal::client("the request is not in UTF-8"));
        }
        Ok(document)
    }

    fn take(&self, request: &HttpRequest, document: &Document, signed: bool) -> Outcome {
        let message = match self.envelope(document) {
            Ok(message) => message,
            Err(refusal) => return Outcome::refused(refusal),
        };
        let mut outcome = Outcome {
            asked: None,
            operation: None,
            secured: false,
            result: Ok(Done::default()),
        };
        outcome.result = self.work(request, &message, signed, &mut outcome);
        outcome
    }

    /// The envelope, its version, and the order of its parts.
    fn envelope<'d>(&self, document: &'d Document) -> Result<Message<'d>, Refusal> {
        let message = Message::read(document).map_err(|error| match error {
            NotSoap::OtherVersion { namespace, .. } => Refusal::version(&namespace),
            other => Refusal::client(other.to_string()),
        })?;
        if message.version != SoapVersion::V11 && !self.has(Defect::VersionMismatchIgnored) {
            return Err(Refusal::version(message.version.namespace()));
        }
        let namespace = message.version.namespace();
        let mut parts: Vec<&str> = Vec::new();
        for child in message.envelope.children() {
            if child.namespace() != namespace {
                return Err(Refusal::client(format!(
                    "{} does not belong into an Envelope",
                    child.name()
                )));
            }
            parts.push(child.local());
        }
        match parts.as_slice() {
            ["Body"] | ["Header", "Body"] => Ok(message),
            _ => Err(Refusal::client(format!(
                "an Envelope holds Header and Body, found {}",
                parts.join(", ")
            ))),
        }
    }

    fn work(
        &self,
        request: &HttpRequest,
        message: &Message<'_>,
        signed: bool,
        outcome: &mut Outcome,
    ) -> Result<Done, Refusal> {
        if !self.has(Defect::MustUnderstandIgnored) {
            self.understand(message)?;
        }
        outcome.secured = self.check_security(message, signed)?;
        outcome.asked = self.addressing(message)?;
        if let Some(asked) = &outcome.asked {
            self.check_soap_action(asked, request)?;
        }
        let wrapper = message.payload().next();
        let operation = self.operation(request, message, wrapper)?;
        outcome.operation = Some(operation);
        if let Some(asked) = &outcome.asked {
            self.check_action(asked, operation)?;
        }
        let is_guess = operation.wrapper() != wrapper.map(Element::name);
        if !self.has(Defect::SchemaUnchecked) && !is_guess {
            Self::check_schema(message, operation, wrapper)?;
        }
        let id = outcome.asked.as_ref().and_then(|asked| asked.message_id.as_deref());
        self.perform(operation, wrapper, id)
    }

    fn understand(&self, message: &Message<'_>) -> Result<(), Refusal> {
        let mut unknown = Vec::new();
        for block in message.blocks.iter().filter(|block| block.is_for_us()) {
            if !matches!(block.must_understand, None | Some("0" | "1")) {
                return Err(Refusal::client("mustUnderstand is neither 0 nor 1"));
            }
            let element = block.element;
            let known = element.is(MESSAGES, "caller")
                || element.namespace() == addressing::NAMESPACE
                || element.is(EXTENSION, "Security") && self.config().security.is_some();
            if block.is_mandatory() && !known {
                unknown.push(element.name().to_string());
            }
        }
        if unknown.is_empty() {
            Ok(())
        } else {
            Err(Refusal::must_understand(&unknown))
        }
    }

    /// The WS-Addressing properties; `None` if the message has none at all.
    fn addressing(&self, message: &Message<'_>) -> Result<Option<Addressing>, Refusal> {
        let is_ours = |block: &HeaderBlock<'_>| {
            let parameter = block.element.attribute(addressing::NAMESPACE, "IsReferenceParameter");
            block.is_for_us() && block.element.namespace() == addressing::NAMESPACE && parameter.is_none()
        };
        if !message.blocks.iter().any(is_ours) {
            return Ok(None);
        }
        match Addressing::read(message) {
            Ok(asked) => Ok(Some(asked)),
            Err(AddressingFault::HeaderRequired { .. }) if self.has(Defect::WsaMissingHeaderAccepted) => Ok(None),
            Err(AddressingFault::InvalidCardinality { .. }) if self.has(Defect::WsaDuplicateHeaderAccepted) => {
                // The first one of each counts.
                let mut seen = HashSet::new();
                let mut once = message.clone();
                once.blocks
                    .retain(|block| !is_ours(block) || seen.insert(block.element.local()));
                Ok(Addressing::read(&once).ok())
            }
            Err(fault) => Err(Refusal::addressing(&fault)),
        }
    }

    /// SOAPAction says the same as the action, or nothing.
    fn check_soap_action(&self, asked: &Addressing, request: &HttpRequest) -> Result<(), Refusal> {
        let soap_action = request.headers.get("soapaction").unwrap_or_default();
        if asked.agrees_with_soap_action(soap_action) || self.has(Defect::WsaActionMismatchAccepted) {
            return Ok(());
        }
        Err(Refusal::addressing(&AddressingFault::ActionMismatch {
            action: asked.action.clone(),
            soap_action: soap_action.to_owned(),
        }))
    }

    /// The action is that of the operation, and a message that is answered has an id.
    fn check_action(&self, asked: &Addressing, operation: Operation) -> Result<(), Refusal> {
        if asked.action != operation.action() && !self.has(Defect::WsaActionMismatchAccepted) {
            return Err(Refusal::addressing(&AddressingFault::ActionNotSupported {
                action: asked.action.clone(),
            }));
        }
        let needs_id = !operation.is_one_way() && !self.has(Defect::WsaMissingHeaderAccepted);
        if needs_id && asked.message_id.is_none() {
            return Err(Refusal::addressing(&AddressingFault::HeaderRequired {
                header: "MessageID".into(),
            }));
        }
        Ok(())
    }

    /// The operation, by the name of the child of the Body (WS-I Basic Profile 1.1 R1127: the SOAPAction field is a
    /// hint only).
    fn operation(
        &self,
        request: &HttpRequest,
        message: &Message<'_>,
        wrapper: Option<Element<'_>>,
    ) -> Result<Operation, Refusal> {
        let mut on_path = Operation::ALL
            .into_iter()
            .filter(|operation| (operation.path() == STATISTICS_PATH) == (request.path() == STATISTICS_PATH));
        let found = if self.has(Defect::SoapActionDispatch) {
            let action = request
                .headers
                .get("soapaction")
                .map(|value| value.trim().trim_matches('"').to_owned());
            on_path.find(|operation| Some(operation.soap_action()) == action)
        } else if self.has(Defect::PrefixDispatch) {
            let text = message.envelope.document().text();
            on_path.find(|operation| {
                let prefix = if operation.is_rpc() { "r" } else { "m" };
                let stands = |name: Name<'_>| text.contains(&format!("<{prefix}:{}", name.local));
                operation.wrapper().map_or_else(|| wrapper.is_none(), stands)
            })
        } else {
            on_path.find(|operation| operation.wrapper() == wrapper.map(Element::name))
        };
        let found = found.filter(|_| message.payload().count() < 2);
        match found {
            Some(operation) => Ok(operation),
            None if self.has(Defect::UnknownOperationAnswered) => Ok(Operation::Ping),
            None => {
                let name = wrapper.map_or_else(|| "an empty Body".to_owned(), |wrapper| wrapper.name().to_string());
                Err(Refusal::client(format!("no operation of this port begins with {name}")))
            }
        }
    }

    fn check_schema(message: &Message<'_>, operation: Operation, wrapper: Option<Element<'_>>) -> Result<(), Refusal> {
        let caller = message.blocks_named(MESSAGES, "caller").next();
        if operation == Operation::GetResident && caller.is_none() {
            return Err(Refusal::client("the header block m:caller is missing"));
        }
        let mut violated: Vec<String> = caller
            .map(|caller| told(&validate_block(caller.element)))
            .unwrap_or_default();
        violated.extend(violations(operation, wrapper, false));
        if violated.is_empty() {
            return Ok(());
        }
        Err(Refusal::client(format!(
            "the message is not valid: {}",
            violated.join("; ")
        )))
    }
}

/// A header block without the attributes of SOAP, which no schema of the application knows, is validated by its
/// content: the declaration is asked, and what it says about those attributes does not count.
fn validate_block(block: Element<'_>) -> Vec<SchemaError> {
    let of_soap: Vec<_> = block
        .attributes()
        .filter(|attribute| attribute.name().namespace.is_some())
        .map(|attribute| attribute.range())
        .collect();
    let mut errors = validate(block, Against::Declaration);
    errors.retain(|error| {
        let about_attribute = of_soap.contains(&error.range) || error.code == "cvc-complex-type.3.2.2";
        !about_attribute || of_soap.is_empty()
    });
    errors
}

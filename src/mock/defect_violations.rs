//! Defects that are data: every violation of `fixtures/ws-i/` is a mistake of the exchange service.

use super::defect::{DefectDoc, DefectSet, Side};
use super::defect_list::Defect;
use crate::schema::DocumentSet;
use crate::schema::wsdl::WsdlViolation;
use crate::soap::{Edit, EditableMessage, MessageKind, Violation};
use crate::wire::HttpRequest;

/// Number of messages with a mistake.
pub(super) fn message_count() -> u16 {
    u16::try_from(Violation::all().len()).unwrap_or(u16::MAX)
}

/// Number of descriptions with a mistake.
pub(super) fn description_count() -> u16 {
    u16::try_from(WsdlViolation::all().len()).unwrap_or(u16::MAX)
}

/// Id of the violation at a position.
pub(super) fn message_name(at: u16) -> &'static str {
    Violation::all()
        .get(usize::from(at))
        .map_or("", |violation| violation.id.as_str())
}

/// Id of the violation at a position.
pub(super) fn description_name(at: u16) -> &'static str {
    WsdlViolation::all()
        .get(usize::from(at))
        .map_or("", |violation| violation.id.as_str())
}

/// What each of them is about.
pub(super) fn docs() -> impl Iterator<Item = DefectDoc> {
    let messages = (0..).zip(Violation::all()).map(|(at, violation)| DefectDoc {
        id: Defect::Message(at),
        side: if violation.message.request().is_some() {
            Side::ExchangeProvider
        } else {
            Side::ExchangeConsumer
        },
        title: violation.title.clone(),
        story: violation.story.clone(),
    });
    let descriptions = (0..).zip(WsdlViolation::all()).map(|(at, violation)| DefectDoc {
        id: Defect::Description(at),
        side: Side::ExchangeProvider,
        title: violation.title.clone(),
        story: violation.story.clone(),
    });
    messages.chain(descriptions)
}

/// Makes the mistakes that are switched on in an outgoing message. `request` is the request that it answers, if it
/// answers one. A mistake whose place is not in this message is not made in it.
pub(super) fn spoil_message(
    message: &mut EditableMessage,
    kind: MessageKind,
    request: Option<&HttpRequest>,
    defects: &DefectSet,
) {
    if defects.is_empty() {
        return;
    }
    let switched_on = (0..)
        .zip(Violation::all())
        .filter(|(at, _)| defects.has(Defect::Message(*at)));
    for (_, violation) in switched_on {
        // Without edits, the mistake is to give this answer to a request that deserves another one.
        let answers_wrongly = violation.edit.is_empty();
        let fits = violation.message == kind || answers_wrongly && violation.message.request() == kind.request();
        let was_given = request.is_none_or(|request| violation.given.iter().all(|edit| shows(edit, request)));
        if !fits || !was_given {
            continue;
        }
        let mut spoiled = if answers_wrongly {
            violation.message.clean()
        } else {
            message.clone()
        };
        if spoiled.apply(&violation.edit).is_ok() {
            *message = spoiled;
        }
    }
}

/// Whether a request looks as if an edit had been made in it.
fn shows(edit: &Edit, request: &HttpRequest) -> bool {
    match edit {
        Edit::Replace { replace, .. } => memchr::memmem::find(&request.body, replace.as_bytes()).is_some(),
        Edit::Header { header, value, .. } => request.headers.all(header).any(|found| found == value),
        Edit::NoHeader { header, .. } => request.headers.get(header).is_none(),
        Edit::Status { .. } => true,
        Edit::Method { method } => request.method == *method,
        Edit::Version { http } => http.ends_with(&request.minor.to_string()),
        Edit::Encode { charset_encode } => {
            let begins = charset_encode.encode("<?xml");
            request.body.starts_with(&begins)
        }
        Edit::Body { body } => request.body == body.as_bytes(),
    }
}

/// The description with the first mistake that is switched on, or else as it is given. Two descriptions cannot be served
/// at once, and some mistakes are shown on another description.
pub(super) fn spoil_description(clean: DocumentSet, defects: &DefectSet) -> DocumentSet {
    if defects.is_empty() {
        return clean;
    }
    let switched_on = (0..)
        .zip(WsdlViolation::all())
        .find(|(at, _)| defects.has(Defect::Description(*at)));
    switched_on
        .and_then(|(_, violation)| violation.documents().ok())
        .unwrap_or(clean)
}

//! How the provider answers: on the same connection, later by callback, or not at all.

use std::sync::Arc;

use super::Operation;
use super::answers::Done;
use super::refusal::Refusal;
use super::service::Exchange;
use crate::mock::Defect;
use crate::mock::defect_violations::spoil_message;
use crate::soap::addressing::{ANONYMOUS, Addressing, Destination, EndpointReference};
use crate::soap::{Charset, EditableMessage, Envelope, FaultCode, MessageKind};
use crate::wire::{Answer, HttpRequest, Outgoing, Url, parse_response, response_bytes};

/// A callback is tried so many times, at the most.
pub(super) const TRIES: u32 = 5;
/// Where a provider that would go on for ever is stopped.
const ENDLESS: u32 = 9;

/// What became of a request.
pub(super) struct Outcome {
    /// Its WS-Addressing properties, if it has any.
    pub(super) asked: Option<Addressing>,
    /// The operation, once it was found.
    pub(super) operation: Option<Operation>,
    /// Whether it was signed, and the signature holds.
    pub(super) secured: bool,
    pub(super) result: Result<Done, Refusal>,
}

impl Outcome {
    /// Refused before anything was known of it.
    pub(super) fn refused(refusal: Refusal) -> Self {
        Self {
            asked: None,
            operation: None,
            secured: false,
            result: Err(refusal),
        }
    }
}

/// Where an answer goes.
enum Way {
    Back,
    To(EndpointReference),
    Nowhere,
}

impl Exchange {
    /// Answers, at once or later.
    pub(super) fn send_back(self: &Arc<Self>, request: &HttpRequest, outcome: Outcome, charset: Charset) -> Answer {
        let taken = outcome.operation.is_some_and(Operation::is_one_way) && outcome.result.is_ok();
        let way = if taken && !self.has(Defect::OneWayAnswered) {
            Way::Nowhere
        } else {
            self.way(&outcome)
        };
        let message = match way {
            Way::Back => self.written(&outcome, None, None, charset),
            Way::Nowhere => self.accepted(taken),
            Way::To(endpoint) => {
                tokio::spawn(Arc::clone(self).call_back(outcome, endpoint));
                return bytes_of(&self.accepted(false));
            }
        };
        self.spoiled(message, kind(&outcome), request)
    }

    /// The answer with the mistakes of the message that are switched on.
    pub(super) fn spoiled(&self, mut message: EditableMessage, kind: MessageKind, request: &HttpRequest) -> Answer {
        spoil_message(&mut message, kind, Some(request), &self.config().defects);
        bytes_of(&message)
    }

    /// Nothing but the word that a message was taken; whether that is all there is to it.
    fn accepted(&self, one_way: bool) -> EditableMessage {
        let mut message = EditableMessage {
            status: 202,
            version: "1.1".into(),
            ..EditableMessage::default()
        };
        if one_way && self.has(Defect::SoapOneWay204) {
            message.status = 204;
        }
        if !one_way && self.has(Defect::WsaCallbackAcknowledged200) {
            message.status = 200;
        }
        if self.has(Defect::WsaAcceptedWithMediaType) {
            message
                .headers
                .push(("Content-Type".into(), "text/xml; charset=UTF-8".into()));
        }
        message
    }

    fn way(&self, outcome: &Outcome) -> Way {
        let Some(asked) = &outcome.asked else {
            return Way::Back;
        };
        // Before the operation is known, little is known of the sender either: no message goes to an address of its
        // choice. And "come back later" is of use only on the connection that is still open.
        let busy = outcome.result.as_ref().is_err_and(|refusal| refusal.status == 503);
        if outcome.operation.is_none() || busy {
            return Way::Back;
        }
        let fault = outcome.result.is_err() && !self.has(Defect::WsaFaultToIgnored);
        let reference = if self.has(Defect::WsaAnswerToFaultTo) && asked.fault_to.is_some() {
            asked.fault_to.as_ref()
        } else {
            asked.reference(fault)
        };
        match reference.map(EndpointReference::destination) {
            Some(Destination::Address(_)) if outcome.result.is_ok() && self.has(Defect::WsaReplyToIgnored) => Way::Back,
            Some(Destination::Address(_)) => reference.cloned().map_or(Way::Back, Way::To),
            Some(Destination::None) if !self.has(Defect::WsaNoneAnswered) => Way::Nowhere,
            // Queued for a callback to an address that leads nowhere.
            Some(Destination::Anonymous) if self.has(Defect::WsaAnonymousCallback) => Way::Nowhere,
            _ => Way::Back,
        }
    }

    /// The answer as a message. `to` is the endpoint of a callback, `id` its message id if that is settled.
    fn written(
        &self,
        outcome: &Outcome,
        to: Option<&EndpointReference>,
        id: Option<&str>,
        charset: Charset,
    ) -> EditableMessage {
        let (status, action, mut blocks, mut body) = match &outcome.result {
            Ok(done) => {
                let action = outcome.operation.map(Operation::answer_action).unwrap_or_default();
                (200, action, done.blocks.clone(), done.body.clone())
            }
            Err(refusal) => {
                let blocks = refusal.blocks.clone();
                (refusal.status, refusal.action.clone(), blocks, self.fault(refusal))
            }
        };
        if self.has(Defect::SoapAnswerExtraElement) {
            body = with_trace(body);
        }
        let mut soap_action = String::new();
        if let Some(asked) = outcome
            .asked
            .as_ref()
            .filter(|_| !self.has(Defect::WsaAnswerHeadersMissing))
        {
            let properties = self.properties(asked, action, outcome.result.is_err(), to, id);
            soap_action.clone_from(&properties.action);
            let mut all = properties.write();
            all.append(&mut blocks);
            blocks = all;
        }
        let envelope = Envelope::new(body).with_header(blocks);
        let text = if outcome.secured {
            self.secure(&envelope)
        } else {
            envelope.write()
        };
        let mut message = message(text, charset);
        message.status = status;
        if outcome.result.is_err() && self.has(Defect::SoapFaultAsPlainText) {
            message.headers = vec![("Content-Type".into(), "text/plain".into())];
        }
        if status == 503 {
            message.headers.push(("Retry-After".into(), "1".into()));
        }
        if to.is_some() {
            message
                .headers
                .push(("SOAPAction".into(), format!("\"{soap_action}\"")));
        }
        message
    }

    /// The fault of a refusal, as the Body holds it.
    fn fault(&self, refusal: &Refusal) -> String {
        let mut fault = (*refusal.fault).clone();
        if self.has(Defect::SoapFaultsAllServer) {
            fault.code = FaultCode::Server;
            fault.subcode = None;
        }
        if self.has(Defect::SoapStackTrace) {
            fault.string.push_str(
                "\n\tat org.springframework.ws.server.MessageDispatcher.dispatch(MessageDispatcher.java:245)",
            );
        }
        fault.write()
    }

    fn properties(
        &self,
        asked: &Addressing,
        action: String,
        fault: bool,
        to: Option<&EndpointReference>,
        id: Option<&str>,
    ) -> Addressing {
        let fault = fault && !self.has(Defect::WsaFaultToIgnored);
        let mut properties = asked.reply(action, id.map_or_else(|| self.ids.next(), str::to_owned), fault);
        if to.is_none() {
            properties.to = Some(ANONYMOUS.to_owned());
        }
        if self.has(Defect::WsaToWrong) {
            properties.to.clone_from(&asked.to);
        }
        if self.has(Defect::WsaReferenceParametersDropped) {
            properties.reference_parameters.clear();
        }
        if self.has(Defect::WsaRelatesToMissing) {
            properties.relates_to.clear();
        }
        if self.has(Defect::WsaRelatesToWrong) {
            properties.relates_to = vec![(self.ids.next(), None)];
        }
        if self.has(Defect::WsaActionWrong) {
            properties.action.clone_from(&asked.action);
        }
        if self.has(Defect::WsaMessageIdMissing) {
            properties.message_id = None;
        }
        if self.has(Defect::WsaMessageIdConstant) {
            properties.message_id = Some("urn:uuid:00000000-0000-4000-8000-000000000003".into());
        }
        if self.has(Defect::WsaMessageIdReused) {
            properties.message_id.clone_from(&asked.message_id);
        }
        properties
    }

    /// Whether a status says that a callback was taken.
    fn acknowledges(&self, status: u16) -> bool {
        if self.has(Defect::DlvCallback200Retried) {
            status == 202
        } else {
            (200..300).contains(&status)
        }
    }

    /// Delivers an answer by callback. The message stays the same over all tries, its id included, so that the
    /// receiver can tell that it is the same one.
    async fn call_back(self: Arc<Self>, outcome: Outcome, endpoint: EndpointReference) {
        let Ok(url) = Url::parse(&endpoint.address) else {
            return;
        };
        let tries = if self.has(Defect::DlvNoRetryCallback) {
            1
        } else if self.has(Defect::DlvEndlessRetryCallback) {
            ENDLESS
        } else {
            TRIES
        };
        let id = self.ids.next();
        for attempt in 0..tries {
            if attempt > 0 {
                tokio::time::sleep(self.config().pace * 2_u32.pow(attempt.min(TRIES) - 1)).await;
            }
            let renewed = self
                .has(Defect::DlvNewMessageIdOnCallbackRetry)
                .then(|| self.ids.next());
            let id = renewed.as_deref().unwrap_or(&id);
            // A signed message is signed anew, so that its time stamp is fresh.
            let message = self.written(&outcome, Some(&endpoint), Some(id), Charset::Utf8);
            let outgoing = Outgoing::new("POST", &url, &message.headers, &message.body_bytes());
            let sent = self.client.send(&outgoing).await;
            let arrived =
                parse_response(&sent.response, "POST", true).is_ok_and(|response| self.acknowledges(response.status));
            if sent.fault.is_none() && arrived {
                return;
            }
        }
    }
}

/// A message without a start line, in an encoding.
pub(super) fn message(text: String, charset: Charset) -> EditableMessage {
    let (name, body) = match charset {
        Charset::Utf16 => ("UTF-16", text.replacen("encoding=\"UTF-8\"", "encoding=\"UTF-16\"", 1)),
        _ => ("UTF-8", text),
    };
    EditableMessage {
        version: "1.1".into(),
        headers: vec![("Content-Type".into(), format!("text/xml; charset={name}"))],
        body,
        charset,
        ..EditableMessage::default()
    }
}

/// The content of a Body with an element that no schema has, inside of the outermost element or, in a fault, of the
/// content of the detail.
fn with_trace(mut body: String) -> String {
    let trace = "<m:trace xmlns:m=\"http://junkyo.example/exchange/1/messages\">1</m:trace>";
    let end = match body.find("</detail>") {
        Some(detail) => body[..detail].rfind("</"),
        None if body.contains("<faultcode>") => return body,
        None => body.rfind("</"),
    };
    body.insert_str(end.unwrap_or_default(), trace);
    body
}

/// Which of the messages of `fixtures/ws-i/message/` an answer is like.
fn kind(outcome: &Outcome) -> MessageKind {
    match (&outcome.result, outcome.operation) {
        (Ok(_), Some(Operation::NotifyChange)) => MessageKind::OneWayResponse,
        (Ok(_), Some(Operation::Ping)) => MessageKind::EmptyResponse,
        (Ok(_), Some(Operation::Refresh)) => MessageKind::RpcEmptyResponse,
        (Ok(_), Some(Operation::CountResidents)) => MessageKind::RpcResponse,
        (Ok(_), _) => MessageKind::Response,
        (Err(_), _) => MessageKind::Fault,
    }
}

fn bytes_of(message: &EditableMessage) -> Answer {
    let headers: Vec<(&str, &str)> = message
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let mut bytes = response_bytes(message.status, &headers, &message.body_bytes());
    bytes.splice(5..8, message.version.bytes());
    Answer::Send { bytes, close: false }
}

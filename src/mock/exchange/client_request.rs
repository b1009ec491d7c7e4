//! What the consumer sends.

use serde_json::{Map, Value};

use super::client::Work;
use super::reply::message;
use super::{MESSAGES, Operation, RPC, TYPES};
use crate::mock::Defect;
use crate::mock::defect_violations::spoil_message;
use crate::soap::addressing::{ANONYMOUS, Addressing, EndpointReference};
use crate::soap::{Charset, Envelope, MessageKind, escape_text};
use crate::wire::{Outgoing, Url};

/// The request of an operation with these fields.
pub(super) fn ask(
    work: &Work<'_>,
    operation: Operation,
    fields: &Map<String, Value>,
    id: &str,
    endpoint: &Url,
) -> Result<Outgoing, String> {
    let has = |defect| work.client.has(defect);
    let fields = if has(Defect::SoapConsumerValuesCut) || has(Defect::SoapConsumerRepetitionLost) {
        &damaged(work, fields)
    } else {
        fields
    };
    let mut envelope = Envelope::new(match operation {
        Operation::Ping | Operation::Refresh if has(Defect::SoapConsumerEmptyBodyFilled) => {
            format!("<m:{0} xmlns:m=\"{MESSAGES}\"></m:{0}>", operation.name())
        }
        _ => body(operation, fields),
    });
    if has(Defect::SoapConsumerExtraElement)
        && let Some(end) = envelope.body.rfind("</")
    {
        let trace = format!("<m:trace xmlns:m=\"{MESSAGES}\">1</m:trace>");
        envelope.body.insert_str(end, &trace);
    }
    if operation == Operation::GetResident && !has(Defect::SoapConsumerCallerMissing) {
        envelope.header.push(caller());
    }
    let action = operation.soap_action();
    if work.is_addressed() {
        let blocks = properties(work, operation, id).write();
        let action = blocks.iter().find(|block| block.starts_with("<wsa:Action"));
        let again = action.filter(|_| has(Defect::SoapConsumerWsaActionTwice)).cloned();
        envelope.header.extend(blocks.into_iter().chain(again));
    }
    let signs = work.order.security && !has(Defect::SoapConsumerSendsUnsigned);
    let text = if signs {
        work.client.secure(&envelope)?
    } else {
        envelope.write()
    };
    let mut request = message(text, Charset::Utf8);
    request.method = "POST".into();
    if has(Defect::SoapConsumerMediaTypeWrong) {
        request.headers = vec![("Content-Type".into(), "application/soap+xml; charset=UTF-8".into())];
    }
    if has(Defect::SoapConsumerUnquotedAction) {
        request.headers.push(("SOAPAction".into(), action));
    } else if !has(Defect::SoapConsumerActionMissing) {
        request.headers.push(("SOAPAction".into(), format!("\"{action}\"")));
    }
    spoil_message(&mut request, kind(operation), None, &work.client.config().defects);
    request.headers.push(("Connection".into(), "close".into()));
    let mut outgoing = Outgoing::new(&request.method, endpoint, &request.headers, &request.body_bytes());
    if request.version != "1.1"
        && let Some(at) = memchr::memmem::find(&outgoing.bytes, b" HTTP/1.1\r\n")
    {
        outgoing.bytes.splice(at + 6..at + 9, request.version.bytes());
    }
    Ok(outgoing)
}

/// Fields with the mistakes of the consumer in them.
fn damaged(work: &Work<'_>, fields: &Map<String, Value>) -> Map<String, Value> {
    let has = |defect| work.client.has(defect);
    let cut = |value: &mut Value| {
        if let Value::String(text) = value
            && has(Defect::SoapConsumerValuesCut)
        {
            *text = text.chars().take(5).collect();
        }
    };
    let mut fields = fields.clone();
    for value in fields.values_mut() {
        match value {
            Value::Array(all) if has(Defect::SoapConsumerRepetitionLost) => all.truncate(1),
            Value::Object(members) => members.values_mut().for_each(cut),
            value => cut(value),
        }
    }
    fields
}

fn kind(operation: Operation) -> MessageKind {
    match operation {
        Operation::GetResident | Operation::RequestExtract | Operation::PollExtract => MessageKind::Request,
        Operation::NotifyChange => MessageKind::OneWayRequest,
        Operation::Ping => MessageKind::EmptyRequest,
        Operation::CountResidents => MessageKind::RpcRequest,
        Operation::Refresh => MessageKind::RpcEmptyRequest,
    }
}

fn properties(work: &Work<'_>, operation: Operation, id: &str) -> Addressing {
    let has = |defect| work.client.has(defect);
    let action = if has(Defect::SoapConsumerWsaActionWrong) {
        operation.answer_action()
    } else {
        operation.action()
    };
    let mut properties = Addressing::new(work.order.endpoint.as_str(), action, id);
    if has(Defect::SoapConsumerMessageIdMissing) {
        properties.message_id = None;
    }
    if has(Defect::SoapConsumerWsaToWrong) {
        properties.to = Some("http://localhost:8080/services/Exchange".into());
    }
    // Without ReplyTo, the answer comes back on the connection.
    if !operation.is_one_way() && !has(Defect::SoapConsumerReplyToAnonymous) {
        let reply_to = work.reply_to.as_deref().unwrap_or(ANONYMOUS);
        properties.reply_to = Some(EndpointReference::new(reply_to));
        properties.fault_to = work.order.fault_to.as_deref().map(EndpointReference::new);
    }
    properties
}

fn caller() -> String {
    format!(
        "<m:caller xmlns:m=\"{MESSAGES}\"><m:municipality>131016</m:municipality><m:system>031</m:system></m:caller>"
    )
}

/// Content of the Body. A field that the order does not name is left out.
fn body(operation: Operation, fields: &Map<String, Value>) -> String {
    let (open, close, names): (String, &str, &[&str]) = match operation {
        Operation::Ping => return String::new(),
        Operation::Refresh => (format!("<r:Refresh xmlns:r=\"{RPC}\">"), "</r:Refresh>", &[]),
        Operation::CountResidents => (
            format!("<r:CountResidents xmlns:r=\"{RPC}\">"),
            "</r:CountResidents>",
            &["area", "asOf"],
        ),
        Operation::GetResident => (
            format!("<m:getResident xmlns:m=\"{MESSAGES}\">"),
            "</m:getResident>",
            &["residentNumber", "asOf", "field"],
        ),
        Operation::NotifyChange => (
            format!("<m:notifyChange xmlns:m=\"{MESSAGES}\" xmlns:t=\"{TYPES}\">"),
            "</m:notifyChange>",
            &[
                "changeId",
                "sequence",
                "residentNumber",
                "reason",
                "changedOn",
                "newAddress",
                "removed",
            ],
        ),
        Operation::RequestExtract => (
            format!("<m:requestExtract xmlns:m=\"{MESSAGES}\">"),
            "</m:requestExtract>",
            &["extractId", "area", "bornFrom", "bornTo"],
        ),
        Operation::PollExtract => (
            format!("<m:pollExtract xmlns:m=\"{MESSAGES}\">"),
            "</m:pollExtract>",
            &["extractId"],
        ),
    };
    let prefix = if operation.is_rpc() { "" } else { "m:" };
    let mut text = open;
    for name in names {
        if let Some(value) = fields.get(*name) {
            write(&mut text, prefix, name, value);
        }
    }
    text.push_str(close);
    text
}

fn write(text: &mut String, prefix: &str, name: &str, value: &Value) {
    match value {
        Value::Null | Value::Bool(false) => {}
        Value::Array(all) => all.iter().for_each(|one| write(text, prefix, name, one)),
        Value::Object(members) => {
            text.push_str(&format!("<{prefix}{name}>"));
            // What stands inside `newAddress` belongs to the types; its order is that of the schema.
            for inner in ["postcode", "text"] {
                if let Some(value) = members.get(inner) {
                    write(text, "t:", inner, value);
                }
            }
            text.push_str(&format!("</{prefix}{name}>"));
        }
        Value::Bool(true) => text.push_str(&format!("<{prefix}{name}></{prefix}{name}>")),
        Value::Number(number) => text.push_str(&format!("<{prefix}{name}>{number}</{prefix}{name}>")),
        Value::String(words) => text.push_str(&format!("<{prefix}{name}>{}</{prefix}{name}>", escape_text(words))),
    }
}

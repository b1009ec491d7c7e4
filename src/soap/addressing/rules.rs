//! What a reply owes to its request (Core clause 3.4).

use super::{ANONYMOUS, Addressing, FAULT_ACTION, NAMESPACE, NONE, REPLY, SOAP_FAULT_ACTION, UNSPECIFIED};
use crate::soap::same_content;
use crate::text::Text;
use crate::xml::{Document, Limits, parse};

/// Reference parameters that are compared; all beyond count as not echoed.
const MAX_PARAMETERS: usize = 64;

/// A rule about addressing. Names never change their meaning.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[non_exhaustive]
pub enum AddressingRule {
    /// A request that expects a reply has a MessageID.
    MessageIdMissing,
    /// A message has an id of its own.
    MessageIdReused,
    /// A reply says what it replies to.
    RelatesToMissing,
    /// A reply relates to the id of the request.
    RelatesToWrong,
    /// The action is the one that the description demands, and not that of the request.
    ActionWrong,
    /// A reply goes where `ReplyTo` or `FaultTo` points to.
    ToWrong,
    /// Reference parameters come back as header blocks.
    ParametersNotEchoed,
    /// Nothing is sent to the address of nobody.
    ReplyUnwanted,
}

impl AddressingRule {
    /// Stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::MessageIdMissing => "message-id-missing",
            Self::MessageIdReused => "message-id-reused",
            Self::RelatesToMissing => "relates-to-missing",
            Self::RelatesToWrong => "relates-to-wrong",
            Self::ActionWrong => "action-wrong",
            Self::ToWrong => "to-wrong",
            Self::ParametersNotEchoed => "reference-parameters-not-echoed",
            Self::ReplyUnwanted => "reply-unwanted",
        }
    }
}

/// A rule that did not hold.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct AddressingBreach {
    /// The rule.
    pub rule: AddressingRule,
    /// What was expected and what was found.
    pub text: Text,
}

impl AddressingBreach {
    fn new(rule: AddressingRule, ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self {
            rule,
            text: Text::new(ja, en),
        }
    }
}

/// What is wrong with a reply that is no fault.
pub fn compare_reply(request: &Addressing, reply: &Addressing) -> Vec<AddressingBreach> {
    compare(request, reply, false)
}

/// What is wrong with a fault.
pub fn compare_fault_reply(request: &Addressing, reply: &Addressing) -> Vec<AddressingBreach> {
    compare(request, reply, true)
}

/// Whether a message has the action that was agreed on.
pub fn compare_action(expected: &str, message: &Addressing) -> Option<AddressingBreach> {
    (message.action != expected).then(|| {
        AddressingBreach::new(
            AddressingRule::ActionWrong,
            format!("wsa:Action は「{expected}」のはずですが「{}」です", message.action),
            format!("wsa:Action must be `{expected}`, but is `{}`", message.action),
        )
    })
}

fn compare(request: &Addressing, reply: &Addressing, fault: bool) -> Vec<AddressingBreach> {
    let checks = [
        request_id(request),
        reused_id(request, reply),
        relation(request, reply),
        action(request, reply, fault),
        destination(request, reply, fault),
        parameters(request, reply, fault),
    ];
    checks.into_iter().flatten().collect()
}

fn request_id(request: &Addressing) -> Option<AddressingBreach> {
    request.message_id.is_none().then(|| {
        AddressingBreach::new(
            AddressingRule::MessageIdMissing,
            "返信を求める要求に wsa:MessageID がありません",
            "the request expects a reply, but has no wsa:MessageID",
        )
    })
}

fn reused_id(request: &Addressing, reply: &Addressing) -> Option<AddressingBreach> {
    let id = reply.message_id.as_ref()?;
    (request.message_id.as_ref() == Some(id)).then(|| {
        AddressingBreach::new(
            AddressingRule::MessageIdReused,
            format!("返信の wsa:MessageID が要求と同じ「{id}」です"),
            format!("the reply has the wsa:MessageID of the request, `{id}`"),
        )
    })
}

fn relation(request: &Addressing, reply: &Addressing) -> Option<AddressingBreach> {
    let expected = request.message_id.as_deref().unwrap_or(UNSPECIFIED);
    let found: Vec<&str> = reply
        .relates_to
        .iter()
        .filter(|(_, relationship)| relationship.as_deref().unwrap_or(REPLY) == REPLY)
        .map(|(id, _)| id.as_str())
        .collect();
    if found.is_empty() {
        return Some(AddressingBreach::new(
            AddressingRule::RelatesToMissing,
            format!("返信に wsa:RelatesTo がありません。「{expected}」を指すべきです"),
            format!("the reply has no wsa:RelatesTo; it has to relate to `{expected}`"),
        ));
    }
    (!found.contains(&expected)).then(|| {
        let found = found.join(", ");
        AddressingBreach::new(
            AddressingRule::RelatesToWrong,
            format!("wsa:RelatesTo は要求の wsa:MessageID「{expected}」のはずですが「{found}」です"),
            format!("wsa:RelatesTo must be the wsa:MessageID of the request, `{expected}`, but is `{found}`"),
        )
    })
}

fn action(request: &Addressing, reply: &Addressing, fault: bool) -> Option<AddressingBreach> {
    let of_fault = matches!(reply.action.as_str(), FAULT_ACTION | SOAP_FAULT_ACTION);
    if reply.action == request.action {
        return Some(AddressingBreach::new(
            AddressingRule::ActionWrong,
            format!("返信の wsa:Action が要求と同じ「{}」です", reply.action),
            format!("the reply has the wsa:Action of the request, `{}`", reply.action),
        ));
    }
    (of_fault && !fault).then(|| {
        AddressingBreach::new(
            AddressingRule::ActionWrong,
            format!("フォールトではない返信の wsa:Action が「{}」です", reply.action),
            format!("the reply is no fault, but its wsa:Action is `{}`", reply.action),
        )
    })
}

fn destination(request: &Addressing, reply: &Addressing, fault: bool) -> Option<AddressingBreach> {
    let expected = request
        .reference(fault)
        .map_or(ANONYMOUS, |reference| reference.address.as_str());
    if expected == NONE {
        return Some(AddressingBreach::new(
            AddressingRule::ReplyUnwanted,
            format!("返信先が「{NONE}」なのに返信がありました"),
            format!("there is a reply, although it was to go to `{NONE}`"),
        ));
    }
    let found = reply.to.as_deref().unwrap_or(ANONYMOUS);
    (found != expected).then(|| {
        AddressingBreach::new(
            AddressingRule::ToWrong,
            format!("返信の wsa:To は「{expected}」のはずですが「{found}」です"),
            format!("wsa:To of the reply must be `{expected}`, but is `{found}`"),
        )
    })
}

fn parameters(request: &Addressing, reply: &Addressing, fault: bool) -> Option<AddressingBreach> {
    let read = |text: &String| parse(text, &Limits::default()).ok();
    let echoed: Vec<Document> = reply
        .reference_parameters
        .iter()
        .take(MAX_PARAMETERS)
        .filter_map(read)
        .collect();
    let expected = request.reference(fault)?.parameters.iter().filter_map(read);
    let missing: Vec<String> = expected
        .filter(|wanted| {
            !echoed
                .iter()
                .any(|found| same_content(wanted.root(), found.root(), NAMESPACE))
        })
        .map(|wanted| wanted.root().name().to_string())
        .collect();
    (!missing.is_empty()).then(|| {
        let missing = missing.join(", ");
        AddressingBreach::new(
            AddressingRule::ParametersNotEchoed,
            format!("参照パラメータ「{missing}」が同じ内容のヘッダとして返っていません"),
            format!("reference parameters did not come back as header blocks with the same content: {missing}"),
        )
    })
}

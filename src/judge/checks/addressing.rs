//! Rules of WS-Addressing 1.0.

use super::super::context::{Answer, Context, Parsed};
use super::super::ws_i::Place as XmlPlace;
use super::soap::{exchanges, nothing_exchanged, operation};
use crate::scenario::{AddressingRule as Rule, Message, Place, Step, check};
use crate::soap;
use crate::soap::addressing::{
    Addressing, AddressingBreach, AddressingRule as Broken, FAULT_ACTION, NAMESPACE, SOAP_FAULT_ACTION,
    compare_fault_reply, compare_reply,
};
use crate::text::Text;

pub(super) fn ask(p: &check::Addressing, context: &Context<'_>, step: &Step) -> Answer {
    let all = exchanges(context, step, p.on);
    if all.is_empty() {
        return nothing_exchanged();
    }
    if matches!(p.rule, Rule::MessageIdFresh | Rule::MessageIdKept) {
        return message_ids(p, &all);
    }
    let mut asked = false;
    for parsed in all {
        match one(p, context, step, parsed) {
            Answer::Holds => asked = true,
            Answer::NotApplicable { .. } => {}
            other => return other.of_exchange(parsed.index),
        }
    }
    if asked { Answer::Holds } else { no_message() }
}

fn no_message() -> Answer {
    Answer::not_applicable("SOAP の電文がない", "there is no SOAP message")
}

/// The message of one half of an exchange.
fn message<'p>(parsed: &'p Parsed<'_>, of: Message) -> Option<soap::Message<'p>> {
    soap::Message::read(parsed.document(of)?).ok()
}

fn one(p: &check::Addressing, context: &Context<'_>, step: &Step, parsed: &Parsed<'_>) -> Answer {
    let Some(message) = message(parsed, p.of) else {
        return no_message();
    };
    let place = XmlPlace::of(message.header.unwrap_or(message.envelope));
    let addressing = match Addressing::read(&message) {
        Ok(addressing) => addressing,
        Err(fault) => {
            return Answer::broken(
                Text::new(
                    "WS-Addressing のヘッダー（wsa:Action は必須、各一つ）",
                    "the headers of WS-Addressing (wsa:Action is mandatory, each once)",
                ),
                fault.describe(),
            )
            .at_xml(place);
        }
    };
    let is_call = p.of == Message::Request && p.on == Place::Api;
    if is_call {
        return call(p.rule, context, parsed, &addressing).at_xml(place);
    }
    let Some(request) = request_of(context, step, parsed, p.on, &addressing) else {
        return Answer::unanswered(
            "対応する要求がありません。",
            "the request that belongs to it is not there",
        );
    };
    reply(
        p.rule,
        context,
        parsed,
        (&request.0, request.1),
        &addressing,
        message.fault.is_some(),
    )
    .at_xml(place)
}

/// The request that a reply belongs to, with its exchange.
fn request_of<'c>(
    context: &'c Context<'_>,
    step: &Step,
    parsed: &'c Parsed<'_>,
    on: Place,
    reply: &Addressing,
) -> Option<(Addressing, &'c Parsed<'c>)> {
    let read = |parsed: &'c Parsed<'_>| Some((Addressing::read(&message(parsed, Message::Request)?).ok()?, parsed));
    if on == Place::Api {
        return read(parsed);
    }
    let mut requests: Vec<_> = exchanges(context, step, Place::Api)
        .into_iter()
        .filter_map(read)
        .collect();
    let related = requests.iter().position(|(request, _)| {
        request.message_id.is_some()
            && reply
                .relates_to
                .iter()
                .any(|(id, _)| Some(id) == request.message_id.as_ref())
    });
    let at = related.unwrap_or(0);
    (at < requests.len()).then(|| requests.swap_remove(at))
}

fn call(rule: Rule, context: &Context<'_>, parsed: &Parsed<'_>, addressing: &Addressing) -> Answer {
    match rule {
        Rule::Action => {
            let header = parsed
                .request()
                .and_then(|request| request.headers.get("soapaction"))
                .unwrap_or_default();
            if !addressing.agrees_with_soap_action(header) {
                return Answer::broken(
                    Text::neutral(format!("SOAPAction = wsa:Action = {}", addressing.action)),
                    Text::neutral(format!("SOAPAction: {header}")),
                );
            }
            let Some(operation) = operation(context, parsed) else {
                return Answer::Holds;
            };
            let Some(described) = &context.described else {
                return Answer::Holds;
            };
            let wanted = described.description.request_action(operation);
            Answer::from(
                addressing.action == wanted,
                || Text::neutral(format!("wsa:Action = {wanted}")),
                || Text::neutral(addressing.action.clone()),
            )
        }
        Rule::MessageId => message_id(addressing),
        Rule::To => {
            // The host may be reached under several names; the path is the same under all of them.
            let target = parsed
                .request()
                .map(|request| request.target.clone())
                .unwrap_or_default();
            let to = addressing.to.clone().unwrap_or_default();
            Answer::from(
                to.ends_with(&target),
                || Text::neutral(format!("wsa:To = …{target}")),
                || Text::neutral(to.clone()),
            )
        }
        _ => Answer::Holds,
    }
}

fn message_id(addressing: &Addressing) -> Answer {
    Answer::from(
        addressing.message_id.is_some(),
        || Text::neutral("wsa:MessageID"),
        || Text::new("（なし）", "(absent)"),
    )
}

fn reply(
    rule: Rule,
    context: &Context<'_>,
    parsed: &Parsed<'_>,
    (request, request_exchange): (&Addressing, &Parsed<'_>),
    reply: &Addressing,
    is_fault: bool,
) -> Answer {
    let breaches = if is_fault {
        compare_fault_reply(request, reply)
    } else {
        compare_reply(request, reply)
    };
    let of = |wanted: &[Broken]| breaches.iter().find(|breach| wanted.contains(&breach.rule));
    let found = match rule {
        Rule::RelatesTo => of(&[Broken::RelatesToMissing, Broken::RelatesToWrong]),
        Rule::To => of(&[Broken::ToWrong, Broken::ReplyUnwanted]),
        Rule::Parameters => of(&[Broken::ParametersNotEchoed]),
        Rule::MessageId => match of(&[Broken::MessageIdReused]) {
            None => return message_id(reply),
            found => found,
        },
        Rule::Action => return reply_action(context, request_exchange, parsed, reply, is_fault),
        Rule::WellFormed | Rule::MessageIdFresh | Rule::MessageIdKept => None,
    };
    found.map_or(Answer::Holds, breach)
}

fn breach(breach: &AddressingBreach) -> Answer {
    Answer::broken(
        Text::new("WS-Addressing 1.0 に従う返信", "a reply as WS-Addressing 1.0 wants it"),
        breach.text.clone(),
    )
}

fn reply_action(
    context: &Context<'_>,
    request: &Parsed<'_>,
    parsed: &Parsed<'_>,
    reply: &Addressing,
    is_fault: bool,
) -> Answer {
    let description = context.described.as_ref().map(|described| &described.description);
    let operation = operation(context, request).or_else(|| operation(context, parsed));
    let (Some(description), Some(operation)) = (description, operation) else {
        return Answer::Holds;
    };
    let wanted = if is_fault {
        let mut actions = description.fault_actions(operation);
        actions.extend([FAULT_ACTION.to_owned(), SOAP_FAULT_ACTION.to_owned()]);
        actions
    } else {
        vec![description.answer_action(operation)]
    };
    Answer::from(
        wanted.contains(&reply.action),
        || Text::neutral(format!("wsa:Action = {}", wanted.join(" / "))),
        || Text::neutral(reply.action.clone()),
    )
}

/// Whether ids differ from message to message, or, where the same message is sent again, stay the same.
fn message_ids(p: &check::Addressing, all: &[&Parsed<'_>]) -> Answer {
    let ids: Vec<(usize, String)> = all
        .iter()
        .filter_map(|parsed| {
            let message = message(parsed, p.of)?;
            let block = message.blocks_named(NAMESPACE, "MessageID").next()?;
            Some((parsed.index, block.element.text().trim().to_owned()))
        })
        .collect();
    let Some((_, first)) = ids.first() else {
        return no_message();
    };
    if p.rule == Rule::MessageIdKept {
        let other = ids.iter().find(|(_, id)| id != first);
        return match other {
            None => Answer::Holds,
            Some((index, id)) => Answer::broken(
                Text::new(
                    format!("再送でも同じ wsa:MessageID（{first}）"),
                    format!("the same wsa:MessageID ({first}) when it is sent again"),
                ),
                Text::neutral(id.clone()),
            )
            .of_exchange(*index),
        };
    }
    let again = ids
        .iter()
        .enumerate()
        .find(|(at, (_, id))| ids[..*at].iter().any(|(_, earlier)| earlier == id));
    match again {
        None => Answer::Holds,
        Some((_, (index, id))) => Answer::broken(
            Text::new(
                "電文ごとに異なる wsa:MessageID",
                "a wsa:MessageID of its own for each message",
            ),
            Text::new(format!("{id} が二度現れた"), format!("{id} stands in two of them")),
        )
        .of_exchange(*index),
    }
}

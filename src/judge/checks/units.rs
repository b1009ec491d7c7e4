//! Checks about business units: rows, refusals, and what is told whom.

use std::collections::{BTreeMap, BTreeSet};

use super::super::context::{Answer, Context, Parsed};
use super::super::ws_i::Place as XmlPlace;
use super::soap::nothing_exchanged;
use crate::evidence::Channel;
use crate::population::story_number;
use crate::scenario::{Message, Step, check};
use crate::soap;
use crate::text::{Text, date};
use crate::xml::Element;

/// Rows, values and places that a finding shows at the most.
const SHOWN: usize = 4;

/// What an item of the scenario stands for: `@b:15` is the number of `b`.
fn meant(context: &Context<'_>, value: &str) -> String {
    let person = value
        .strip_prefix('@')
        .and_then(|rest| rest.rsplit_once(':'))
        .and_then(|(name, length)| Some((name, length.parse().ok()?)));
    match person {
        Some((name, length)) => {
            let facts = context.facts;
            let scenario = &context.evidence.scenario;
            story_number(facts.seed, facts.started_unix_ms, scenario, name, length)
        }
        None => value.to_owned(),
    }
}

pub(super) fn all_meant(context: &Context<'_>, values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    values
        .iter()
        .map(|(id, value)| (id.clone(), meant(context, value)))
        .collect()
}

/// The text of a child element, whatever its namespace.
fn item(row: Element<'_>, id: &str) -> Option<String> {
    row.children()
        .find(|child| child.local() == id)
        .map(|child| child.text().into_owned())
}

fn fits(row: Element<'_>, values: &BTreeMap<String, String>) -> bool {
    values
        .iter()
        .all(|(id, value)| item(row, id).unwrap_or_default() == *value)
}

/// Values of a table in words.
pub(super) fn words(values: &BTreeMap<String, String>) -> String {
    let pairs: Vec<String> = values.iter().map(|(id, value)| format!("{id}={value}")).collect();
    pairs.join(", ")
}

/// A row in words, so that a reader sees what came.
fn row_words(row: Element<'_>) -> String {
    let pairs: Vec<String> = row
        .children()
        .map(|child| format!("{}={}", child.local(), child.text()))
        .collect();
    pairs.join(", ")
}

/// The child of the Body of a message, or the fault in words.
fn payload<'p>(parsed: &'p Parsed<'_>, of: Message) -> Result<Element<'p>, Text> {
    let no_xml = || match of {
        Message::Response if parsed.response().is_none() => parsed.no_response(),
        _ => Text::new("SOAP 電文がない", "no SOAP message"),
    };
    let document = match parsed.xml(of) {
        None => return Err(no_xml()),
        Some(Err(error)) => return Err(error.describe()),
        Some(Ok(document)) => document,
    };
    let message = soap::Message::read(document).map_err(|error| error.describe())?;
    if let Some(fault) = &message.fault {
        let code = refusal_code(fault.element).unwrap_or_default();
        let string = fault.string.as_deref().unwrap_or_default();
        return Err(Text::new(
            format!("フォルト {} {code} {string}", fault.code_text),
            format!("fault {} {code} {string}", fault.code_text),
        ));
    }
    let child = message.payload().next();
    child.ok_or_else(|| Text::new("空の soap:Body", "an empty soap:Body"))
}

/// An answer is named like its request, with `Response`.
fn misnamed(parsed: &Parsed<'_>, answer: Element<'_>) -> Option<Answer> {
    let request = payload(parsed, Message::Request).ok()?;
    let expected = format!("{}Response", request.local());
    (answer.local() != expected).then(|| {
        Answer::broken(Text::neutral(expected), Text::neutral(answer.local().to_owned()))
            .at_xml(XmlPlace::of(answer))
            .of_exchange(parsed.index)
    })
}

/// The code of a Refusal in a fault.
fn refusal_code(fault: Element<'_>) -> Option<String> {
    let detail = fault.children().find(|child| child.local() == "detail")?;
    let refusal = detail.children().find(|child| child.local() == "Refusal")?;
    item(refusal, "kodo")
}

pub(super) fn records(p: &check::Records, context: &Context<'_>, step: &Step) -> Answer {
    let Some(parsed) = context.of_step(&step.id).into_iter().next_back() else {
        return nothing_exchanged();
    };
    let answer = match payload(parsed, Message::Response) {
        Ok(answer) => answer,
        Err(why) => {
            return Answer::broken(Text::new("照会の応答", "an answer to the inquiry"), why).of_exchange(parsed.index);
        }
    };
    if let Some(wrong) = misnamed(parsed, answer) {
        return wrong;
    }
    let only = all_meant(context, &p.only);
    let rows: Vec<Element<'_>> = answer.children().filter(|row| fits(*row, &only)).collect();
    number_of_rows(p, answer, &only, rows.len())
        .or_else(|| values_of_rows(p, &all_meant(context, &p.equals), &rows))
        .unwrap_or(Answer::Holds)
        .of_exchange(parsed.index)
}

fn number_of_rows(
    p: &check::Records,
    answer: Element<'_>,
    only: &BTreeMap<String, String>,
    found: usize,
) -> Option<Answer> {
    // Where values are asked, a row has to be there to have them.
    let least = p
        .min
        .unwrap_or_else(|| usize::from(!p.equals.is_empty() && p.count.is_none()));
    let fits = p.count.is_none_or(|count| found == count) && found >= least && p.max.is_none_or(|max| found <= max);
    if fits {
        return None;
    }
    let wanted = match (p.count, p.max) {
        (Some(count), _) => count.to_string(),
        (None, Some(max)) => format!("{least}–{max}"),
        (None, None) => format!("≥ {least}"),
    };
    let all: Vec<String> = answer.children().take(SHOWN).map(row_words).collect();
    let shown = all.iter().map(|row| format!(" [{row}]")).collect::<String>();
    let condition = words(only);
    let expected = if condition.is_empty() {
        Text::new(format!("記録 {wanted} 件"), format!("{wanted} rows"))
    } else {
        Text::new(
            format!("{condition} の記録 {wanted} 件"),
            format!("{wanted} rows with {condition}"),
        )
    };
    Some(
        Answer::broken(
            expected,
            Text::new(format!("{found} 件{shown}"), format!("{found} rows{shown}")),
        )
        .at_xml(XmlPlace::of(answer)),
    )
}

fn values_of_rows(p: &check::Records, equals: &BTreeMap<String, String>, rows: &[Element<'_>]) -> Option<Answer> {
    for row in rows {
        for (id, value) in equals {
            let found = item(*row, id);
            if found.as_deref() != Some(value) {
                let place = row.children().find(|child| child.local() == id).unwrap_or(*row);
                let found = found.map_or_else(|| Text::new("（なし）", "(absent)"), Text::neutral);
                return Some(
                    Answer::broken(Text::neutral(format!("{id} = {value}")), found).at_xml(XmlPlace::of(place)),
                );
            }
        }
        for id in &p.absent {
            if let Some(found) = row.children().find(|child| child.local() == id) {
                return Some(
                    Answer::broken(
                        Text::new(format!("{id} がないこと"), format!("no {id}")),
                        Text::neutral(found.text().into_owned()),
                    )
                    .at_xml(XmlPlace::of(found)),
                );
            }
        }
    }
    None
}

pub(super) fn refusal(p: &check::Refusal, context: &Context<'_>, step: &Step) -> Answer {
    let Some(parsed) = context.of_step(&step.id).into_iter().next_back() else {
        return nothing_exchanged();
    };
    let codes = p.code.words();
    let expected = || {
        let codes = codes.join(" / ");
        Text::new(
            format!("拒否 {codes}（Client フォルト）"),
            format!("refusal {codes} (a Client fault)"),
        )
    };
    let broken = |found: Text| Answer::broken(expected(), found).of_exchange(parsed.index);
    let Some(document) = parsed.document(Message::Response) else {
        return broken(parsed.no_response());
    };
    let message = match soap::Message::read(document) {
        Ok(message) => message,
        Err(error) => return broken(error.describe()),
    };
    let Some(fault) = &message.fault else {
        let child = message.payload().next().unwrap_or(message.body);
        return broken(Text::new(
            format!("受理された: {}", child.local()),
            format!("accepted: {}", child.local()),
        ))
        .at_xml(XmlPlace::of(child));
    };
    let code = refusal_code(fault.element);
    let is_client = fault
        .code
        .as_ref()
        .is_some_and(|code| code.is(soap::ENVELOPE, "Client"));
    let status = parsed.response().map_or(0, |response| response.status);
    let fits = is_client && status == 500 && code.as_ref().is_some_and(|code| codes.contains(code));
    if fits {
        return Answer::Holds;
    }
    let code = code.unwrap_or_else(|| "–".into());
    broken(Text::new(
        format!("HTTP {status}、フォルト {}、コード {code}", fault.code_text),
        format!("HTTP {status}, fault {}, code {code}", fault.code_text),
    ))
    .at_xml(XmlPlace::of(fault.element))
}

/// An event in an answer to `Changes`.
struct Told<'p> {
    from: String,
    serial: String,
    event: String,
    to: BTreeSet<String>,
    content: Option<Element<'p>>,
    element: Element<'p>,
    index: usize,
}

/// Events of all answers to `Changes` in a step, in the order of their coming; each once.
fn events<'p>(context: &'p Context<'_>, step: &Step) -> Result<Vec<Told<'p>>, Answer> {
    let mut all: Vec<Told<'p>> = Vec::new();
    let mut asked = false;
    for parsed in context.of_step(&step.id) {
        if parsed.exchange.channel != Channel::Api {
            continue;
        }
        let is_changes = payload(parsed, Message::Request).is_ok_and(|request| request.local() == "Changes");
        if !is_changes {
            continue;
        }
        asked = true;
        let answer = payload(parsed, Message::Response).map_err(|why| {
            Answer::broken(Text::new("差分照会の応答", "an answer to Changes"), why).of_exchange(parsed.index)
        })?;
        if let Some(wrong) = misnamed(parsed, answer) {
            return Err(wrong);
        }
        let from = unit_of(answer.namespace());
        for element in answer.children().filter(|child| child.local() == "henko") {
            let serial = item(element, "tsuban").unwrap_or_default();
            if all.iter().any(|told| told.from == from && told.serial == serial) {
                continue;
            }
            let to = element.children().filter(|child| child.local() == "atesaki");
            all.push(Told {
                from: from.clone(),
                serial,
                event: item(element, "jisho").unwrap_or_default(),
                to: to.map(|child| child.text().into_owned()).collect(),
                content: element.children().last(),
                element,
                index: parsed.index,
            });
        }
    }
    if asked { Ok(all) } else { Err(nothing_exchanged()) }
}

/// `http://junkyo.example/unit/10/1` → `10`.
fn unit_of(namespace: &str) -> String {
    namespace.rsplit('/').nth(1).unwrap_or_default().to_owned()
}

fn names(told: &[Told<'_>]) -> String {
    let one = |told: &Told<'_>| {
        let to: Vec<&str> = told.to.iter().map(String::as_str).collect();
        format!("{} {} → {}", told.from, told.event, to.join(","))
    };
    let words: Vec<String> = told.iter().map(one).collect();
    if words.is_empty() {
        "–".into()
    } else {
        words.join("; ")
    }
}

pub(super) fn told(p: &check::Told, context: &Context<'_>, step: &Step) -> Answer {
    let all = match events(context, step) {
        Ok(all) => all,
        Err(answer) => return answer,
    };
    let only = all_meant(context, &p.only);
    let equals = all_meant(context, &p.equals);
    let chosen: Vec<&Told<'_>> = all
        .iter()
        .filter(|told| told.event == p.event && p.from.as_ref().is_none_or(|from| *from == told.from))
        .filter(|told| told.content.is_some_and(|content| fits(content, &only)))
        .collect();
    let enough = p.count.map_or(!chosen.is_empty(), |count| chosen.len() == count);
    if !enough {
        let count = p.count.map_or_else(|| "≥ 1".to_owned(), |count| count.to_string());
        let answer = Answer::broken(
            Text::new(
                format!("{} の知らせ {count} 件 {}", p.event, words(&only)),
                format!("{count} notices of {} {}", p.event, words(&only)),
            ),
            Text::neutral(names(&all)),
        );
        return match all.first() {
            Some(first) => answer.of_exchange(first.index),
            None => answer,
        };
    }
    let recipients: BTreeSet<String> = chosen.iter().flat_map(|told| told.to.iter().cloned()).collect();
    if let Some(wrong) = wrong_recipients(p, &recipients) {
        return chosen.iter().fold(wrong, |answer, told| answer.of_exchange(told.index));
    }
    for told in &chosen {
        let content = told.content.unwrap_or(told.element);
        if let Some(answer) = wrong_content(p, &equals, content) {
            return answer.of_exchange(told.index);
        }
    }
    Answer::Holds
}

fn wrong_recipients(p: &check::Told, recipients: &BTreeSet<String>) -> Option<Answer> {
    let list: Vec<&str> = recipients.iter().map(String::as_str).collect();
    let found = || Text::neutral(list.join(", "));
    if let Some(unit) = p.to.iter().find(|unit| !recipients.contains(*unit)) {
        let expected = Text::new(
            format!("{} がユニット{unit}へ知らされること", p.event),
            format!("unit {unit} to be told of {}", p.event),
        );
        return Some(Answer::broken(expected, found()));
    }
    if let Some(unit) = p.not_to.iter().find(|unit| recipients.contains(*unit)) {
        let expected = Text::new(
            format!("{} がユニット{unit}へ知らされないこと", p.event),
            format!("unit {unit} not to be told of {}", p.event),
        );
        return Some(Answer::broken(expected, found()));
    }
    let exactly = p.only_to.as_ref()?;
    let wanted: BTreeSet<String> = exactly.iter().cloned().collect();
    (wanted != *recipients).then(|| {
        let expected = Text::new(
            format!("{} の宛先はちょうど {}", p.event, exactly.join(", ")),
            format!("{} to be told to exactly {}", p.event, exactly.join(", ")),
        );
        Answer::broken(expected, found())
    })
}

fn wrong_content(p: &check::Told, equals: &BTreeMap<String, String>, content: Element<'_>) -> Option<Answer> {
    for (id, value) in equals {
        let found = item(content, id);
        if found.as_deref() != Some(value) {
            let found = found.map_or_else(|| Text::new("（なし）", "(absent)"), Text::neutral);
            let answer = Answer::broken(Text::neutral(format!("{}: {id} = {value}", p.event)), found);
            return Some(answer.at_xml(XmlPlace::of(content)));
        }
    }
    let leaked = p.absent.iter().find_map(|id| {
        let child = content.children().find(|child| child.local() == id)?;
        Some((id, child))
    });
    leaked.map(|(id, child)| {
        let expected = Text::new(
            format!("{} に {id} がないこと", p.event),
            format!("no {id} in {}", p.event),
        );
        Answer::broken(expected, Text::neutral(child.text().into_owned())).at_xml(XmlPlace::of(child))
    })
}

pub(super) fn told_in_order(p: &check::ToldInOrder, context: &Context<'_>, step: &Step) -> Answer {
    let all = match events(context, step) {
        Ok(all) => all,
        Err(answer) => return answer,
    };
    let mut wanted = p.events.iter().peekable();
    for told in &all {
        if wanted.peek().is_some_and(|event| **event == told.event) {
            wanted.next();
        }
    }
    Answer::from(
        wanted.peek().is_none(),
        || {
            let order = p.events.join(" → ");
            Text::new(format!("{order} の順の知らせ"), format!("notices in the order {order}"))
        },
        || Text::neutral(names(&all)),
    )
}

pub(super) fn tells_nothing(p: &check::TellsNothing, context: &Context<'_>, step: &Step) -> Answer {
    let all = match events(context, step) {
        Ok(all) => all,
        Err(answer) => return answer,
    };
    let is_wrong = |told: &&Told<'_>| {
        let of_kind = p.event.as_ref().is_none_or(|event| *event == told.event);
        of_kind && (p.to.is_empty() || p.to.iter().any(|unit| told.to.contains(unit)))
    };
    match all.iter().find(is_wrong) {
        None => Answer::Holds,
        Some(wrong) => {
            let to = p.to.join(", ");
            let event = p.event.as_deref().unwrap_or_default();
            Answer::broken(
                Text::new(
                    format!("{to} へ {event} の知らせがないこと"),
                    format!("nothing told {to} {event}"),
                ),
                Text::neutral(names(&all)),
            )
            .of_exchange(wrong.index)
            .at_xml(XmlPlace::of(wrong.element))
        }
    }
}

pub(super) fn told_within(p: &check::ToldWithin, context: &Context<'_>, step: &Step) -> Answer {
    let all = match events(context, step) {
        Ok(all) => all,
        Err(answer) => return answer,
    };
    let expected = || {
        Text::new(
            format!(
                "{} の知らせの発生日時と到着が {} の {} 秒以内",
                p.event, p.after, p.seconds
            ),
            format!(
                "{} to have happened and come within {} s of {}",
                p.event, p.seconds, p.after
            ),
        )
    };
    let of_kind = |told: &&Told<'_>| told.event == p.event && p.from.as_ref().is_none_or(|from| *from == told.from);
    let Some(told) = all.iter().rev().find(of_kind) else {
        return Answer::broken(expected(), Text::neutral(names(&all)));
    };
    let of_step = context.of_step(&step.id).into_iter();
    let came = of_step.map(|parsed| (parsed.index, answered_ms(context, parsed)));
    let came = came.into_iter().find(|(index, _)| *index == told.index);
    let Some((decided, (_, came))) = context.of_step(&p.after).into_iter().next_back().zip(came) else {
        return nothing_exchanged();
    };
    let decided = answered_ms(context, decided);
    let stated = item(told.element, "hasseinichiji").unwrap_or_default();
    let limit = p.seconds * 1000;
    let is_true = date::unix_ms(&stated).is_some_and(|happened| happened.abs_diff(decided) <= limit);
    let waited = came.saturating_sub(decided);
    if is_true && waited <= limit {
        return Answer::Holds;
    }
    let decided = date::timestamp(decided);
    let found = Text::new(
        format!("hasseinichiji {stated}、手続の応答 {decided}、到着まで {waited} ミリ秒"),
        format!("hasseinichiji {stated}, procedure answered {decided}, came after {waited} ms"),
    );
    Answer::broken(expected(), found)
        .at_xml(XmlPlace::of(told.element))
        .of_exchange(told.index)
}

/// When an exchange was answered, as Unix time in milliseconds.
fn answered_ms(context: &Context<'_>, parsed: &Parsed<'_>) -> u64 {
    let since_start = parsed.exchange.started_us + parsed.exchange.elapsed_us;
    context.facts.started_unix_ms + since_start / 1000
}

/// Every call of a step was answered without a fault.
pub(super) fn delivered(context: &Context<'_>, step: &Step) -> Answer {
    let calls = context.of_step(&step.id);
    if calls.is_empty() {
        return nothing_exchanged();
    }
    for parsed in calls {
        if let Err(why) = payload(parsed, Message::Response) {
            let request = payload(parsed, Message::Request);
            let name = request.map_or_else(
                |_| String::new(),
                |request| format!("{}.{}", unit_of(request.namespace()), request.local()),
            );
            return Answer::broken(
                Text::new(format!("{name} の受理"), format!("{name} to be accepted")),
                why,
            )
            .of_exchange(parsed.index);
        }
    }
    Answer::Holds
}

pub(super) fn sent(p: &check::Sent, context: &Context<'_>, step: &Step) -> Answer {
    let Some(parsed) = context.arrived(&step.id, Channel::Api).into_iter().next() else {
        return nothing_exchanged();
    };
    let request = match payload(parsed, Message::Request) {
        Ok(request) => request,
        Err(why) => return Answer::broken(Text::new("SOAP の要求", "a SOAP request"), why).of_exchange(parsed.index),
    };
    for (id, value) in all_meant(context, &p.items) {
        let found = item(request, &id);
        if found.as_deref() != Some(value.as_str()) {
            let found = found.map_or_else(|| Text::new("（なし）", "(absent)"), Text::neutral);
            return Answer::broken(Text::neutral(format!("{id} = {value}")), found)
                .at_xml(XmlPlace::of(request))
                .of_exchange(parsed.index);
        }
    }
    let extra = request
        .children()
        .find(|child| p.only && !p.items.contains_key(child.local()));
    match extra {
        None => Answer::Holds,
        Some(extra) => Answer::broken(
            Text::new("指示した項目だけ", "no items but those that it was told"),
            Text::neutral(extra.local().to_owned()),
        )
        .at_xml(XmlPlace::of(extra))
        .of_exchange(parsed.index),
    }
}

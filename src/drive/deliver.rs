//! The harness as the common platform between business units: it takes what a unit has to tell and hands it on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::provider::Story;
use super::service::ServiceUnderTest;
use super::soap::suite;
use crate::evidence::{Blocked, Channel};
use crate::scenario::{Deliver, Step};
use crate::soap::{Envelope, Message, escape_text};
use crate::wire::{Outgoing, parse_response};
use crate::xml::{Element, Limits, parse_bytes};

/// Units that are asked in a row: a chain of notices that is longer does not end.
const MOST_ROUNDS: usize = 60;

/// An event that a unit told.
struct Told {
    serial: String,
    element: String,
    to: Vec<String>,
    items: Vec<(String, String)>,
}

impl Story<'_> {
    /// Takes the changes of a unit about some people, hands each to the units that are told, takes theirs, and so on.
    pub(super) async fn deliver(&mut self, step: &Step, act: &Deliver) -> Result<(), Blocked> {
        let mut people = Vec::with_capacity(act.about.len());
        for name in &act.about {
            people.push(self.fill(step, &format!("${{person.{name}.15}}"))?);
        }
        let mut waiting: VecDeque<String> = [act.from.clone()].into();
        let mut delivered: BTreeSet<(String, String)> = BTreeSet::new();
        let mut index = 0;
        for _ in 0..MOST_ROUNDS {
            let Some(unit) = waiting.pop_front() else { break };
            let Some(service) = self.services.get(&format!("unit.{unit}")).cloned() else {
                if delivered.is_empty() {
                    return Err(suite(step, &format!("the product offers no unit.{unit}")));
                }
                continue;
            };
            for person in &people {
                let mut told = self.changes(step, &service, &unit, person, &mut index).await?;
                if told.is_empty() && unit == act.from && delivered.is_empty() {
                    // A product may need a moment until it tells.
                    tokio::time::sleep(self.session.limits.settle).await;
                    told = self.changes(step, &service, &unit, person, &mut index).await?;
                }
                for event in told {
                    if !delivered.insert((unit.clone(), event.serial.clone())) {
                        continue;
                    }
                    for receiver in &event.to {
                        if self.hand_on(step, receiver, &event, &mut index).await? && !waiting.contains(receiver) {
                            waiting.push_back(receiver.clone());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// Asks a unit what it has to tell about somebody.
    async fn changes(
        &self,
        step: &Step,
        service: &Arc<ServiceUnderTest>,
        unit: &str,
        person: &str,
        index: &mut u32,
    ) -> Result<Vec<Told>, Blocked> {
        let Some((_, operation)) = service.pick("Changes") else {
            return Ok(Vec::new());
        };
        // The first item that names a subject is the third and last of its kind: asking unit, subject, serial number.
        let namespace = &service.description.target_namespace;
        let subject = service
            .sample(&operation.name)
            .and_then(subject_of)
            .unwrap_or_else(|| "atenabango".into());
        let body = format!(
            "<Changes xmlns=\"{namespace}\"><shokaimoto>{unit}</shokaimoto><{subject}>{}</{subject}></Changes>",
            escape_text(person)
        );
        let answer = self.call_unit(step, service, "Changes", &body, index).await?;
        Ok(answer.as_deref().map_or_else(Vec::new, events))
    }

    /// Hands an event to a unit, if the product offers it. Says whether it was handed over.
    async fn hand_on(&self, step: &Step, receiver: &str, event: &Told, index: &mut u32) -> Result<bool, Blocked> {
        let Some(service) = self.services.get(&format!("unit.{receiver}")).cloned() else {
            return Ok(false);
        };
        let name = format!("Receive{}", event.element);
        if service.pick(&name).is_none() {
            return Ok(false);
        }
        let items: String = event
            .items
            .iter()
            .map(|(id, value)| format!("<{id}>{}</{id}>", escape_text(value)))
            .collect();
        let namespace = &service.description.target_namespace;
        let body = format!(
            "<{name} xmlns=\"{namespace}\"><tsuban>{}</tsuban>{items}</{name}>",
            event.serial
        );
        self.call_unit(step, &service, &name, &body, index).await?;
        Ok(true)
    }

    async fn call_unit(
        &self,
        step: &Step,
        service: &Arc<ServiceUnderTest>,
        operation: &str,
        body: &str,
        index: &mut u32,
    ) -> Result<Option<Vec<u8>>, Blocked> {
        let Some((port, operation)) = service.pick(operation) else {
            return Ok(None);
        };
        let Some(endpoint) = service.endpoint(port) else {
            return Err(suite(step, &format!("{} has no address", service.id)));
        };
        let action = format!("\"{}\"", operation.soap_action.as_deref().unwrap_or_default());
        let headers = [
            ("Content-Type".to_owned(), "text/xml; charset=UTF-8".to_owned()),
            ("SOAPAction".to_owned(), action),
        ];
        let envelope = Envelope::new(body).write();
        let outgoing = Outgoing::new("POST", endpoint, &headers, envelope.as_bytes());
        let at = (&step.id, *index, Channel::Api);
        *index += 1;
        let sent = self
            .session
            .send_over(&self.session.client, self.attempt, at, outgoing)
            .await?;
        let response = parse_response(&sent.response, "POST", sent.fault.is_none());
        Ok(response.ok().map(|response| response.body))
    }

    /// Keeps the items of a unit's answer, so that later steps can name them: `${step.ID:/uketsukebango}`.
    pub(super) fn keep_answer(&mut self, step: &Step, body: &[u8]) {
        let Ok(document) = parse_bytes(body, None, &Limits::default()) else {
            return;
        };
        let Ok(message) = Message::read(&document) else { return };
        let Some(answer) = message.payload().next() else { return };
        let mut items = Map::new();
        collect(answer, &mut items);
        self.responses.insert(step.id.to_string(), Value::Object(items));
    }
}

/// The first text of every name, at any depth.
fn collect(element: Element<'_>, items: &mut Map<String, Value>) {
    for child in element.children() {
        if child.children().next().is_some() {
            collect(child, items);
        } else {
            let text = child.text().into_owned();
            items.entry(child.local().to_owned()).or_insert_with(|| text.into());
        }
    }
}

/// The item of a sample request that names the subject: the one after the asking unit.
fn subject_of(sample: &str) -> Option<String> {
    let document = crate::xml::parse(sample, &Limits::default()).ok()?;
    document.root().children().nth(1).map(|child| child.local().to_owned())
}

/// The events of an answer to `Changes`.
fn events(body: &[u8]) -> Vec<Told> {
    let Ok(document) = parse_bytes(body, None, &Limits::default()) else {
        return Vec::new();
    };
    let Ok(message) = Message::read(&document) else {
        return Vec::new();
    };
    let Some(answer) = message.payload().next() else {
        return Vec::new();
    };
    answer
        .children()
        .filter(|child| child.local() == "henko")
        .filter_map(event)
        .collect()
}

fn event(element: Element<'_>) -> Option<Told> {
    let mut texts: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for child in element.children() {
        texts.entry(child.local()).or_default().push(child.text().into_owned());
    }
    let content = element.children().last()?;
    let items = content
        .children()
        .map(|item| (item.local().to_owned(), item.text().into_owned()));
    Some(Told {
        serial: texts.get("tsuban")?.first()?.clone(),
        element: content.local().to_owned(),
        to: texts.remove("atesaki").unwrap_or_default(),
        items: items.collect(),
    })
}

//! What the operations do.

use std::time::Instant;

use super::changes::{Change, Taken};
use super::extracts::State;
use super::refusal::Refusal;
use super::residents::{Resident, Wanted, count, write_extract};
use super::service::Exchange;
use super::{MESSAGES, Operation, RPC, TYPES};
use crate::mock::Defect;
use crate::soap::escape_text;
use crate::text::date::timestamp;
use crate::xml::Element;

const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// What an operation answers.
#[derive(Clone, Debug, Default)]
pub(super) struct Done {
    /// Header blocks of the application.
    pub(super) blocks: Vec<String>,
    /// Content of the Body.
    pub(super) body: String,
}

impl Done {
    fn body(body: String) -> Self {
        Self {
            body,
            ..Self::default()
        }
    }
}

fn part(of: Element<'_>, namespace: &str, local: &str) -> String {
    of.child(namespace, local)
        .map(|child| child.text().trim().to_owned())
        .unwrap_or_default()
}

fn message_part(of: Option<Element<'_>>, local: &str) -> String {
    of.map(|of| part(of, MESSAGES, local)).unwrap_or_default()
}

/// What is left of a text that was kept in Windows-31J: there are neither characters beyond the BMP nor variation
/// selectors.
fn through_windows31j(text: &str) -> String {
    let kept = |character: char| character < '\u{10000}' && !('\u{FE00}'..='\u{FE0F}').contains(&character);
    text.chars().map(|c| if kept(c) { c } else { '?' }).collect()
}

impl Exchange {
    /// Does what an operation is for. `wrapper` is the child of the Body, `message` the id of the message.
    pub(super) fn perform(
        &self,
        operation: Operation,
        wrapper: Option<Element<'_>>,
        message: Option<&str>,
    ) -> Result<Done, Refusal> {
        if self.has(Defect::FaultForValid) {
            return Err(Refusal::server("java.lang.NullPointerException"));
        }
        match operation {
            Operation::GetResident => self.get_resident(wrapper),
            Operation::NotifyChange => self.notify_change(wrapper, message),
            Operation::RequestExtract => self.request_extract(wrapper),
            Operation::PollExtract => Ok(self.poll_extract(&message_part(wrapper, "extractId"))),
            Operation::Ping => Ok(Done::default()),
            Operation::CountResidents => {
                let of = |name: &str| wrapper.map(|of| part(of, "", name)).unwrap_or_default();
                let (residents, households) = count(self.config().seed, &of("area"), &of("asOf"));
                let residents = if self.has(Defect::SoapNumberFormatted) {
                    format!("{},{:03}", residents / 1_000, residents % 1_000)
                } else {
                    residents.to_string()
                };
                Ok(Done::body(format!(
                    "<r:CountResidentsResponse xmlns:r=\"{RPC}\"><count>{residents}</count>\
                     <households>{households}</households></r:CountResidentsResponse>"
                )))
            }
            Operation::Refresh => Ok(Done::body(format!(
                "<r:RefreshResponse xmlns:r=\"{RPC}\"></r:RefreshResponse>"
            ))),
        }
    }

    fn get_resident(&self, wrapper: Option<Element<'_>>) -> Result<Done, Refusal> {
        let mut number = message_part(wrapper, "residentNumber");
        if self.has(Defect::SoapWrongResident)
            && let Some(digit) = number.pop().and_then(|last| last.to_digit(10))
        {
            number.push_str(&((digit + 1) % 10).to_string());
        }
        let Some(resident) = Resident::find(self.config().seed, &number) else {
            return Err(Refusal::not_found(&number, !self.has(Defect::FaultDetailMissing)));
        };
        let fields: Vec<String> = wrapper
            .into_iter()
            .flat_map(|of| of.children_named(MESSAGES, "field"))
            .map(|field| field.text().trim().to_owned())
            .collect();
        let mut body = format!(
            "<m:getResidentResponse xmlns:m=\"{MESSAGES}\" xmlns:t=\"{TYPES}\" xmlns:xsi=\"{XSI}\"><m:resident"
        );
        resident.write(&fields, &mut body);
        body.push_str("</m:resident></m:getResidentResponse>");
        let now = timestamp(super::now_ms() / 1_000 * 1_000);
        let responder = format!(
            "<m:responder xmlns:m=\"{MESSAGES}\"><m:system>001</m:system><m:answeredAt>{now}</m:answeredAt></m:responder>"
        );
        let blocks = if self.has(Defect::SoapResponderMissing) {
            Vec::new()
        } else {
            vec![responder]
        };
        Ok(Done { blocks, body })
    }

    fn notify_change(&self, wrapper: Option<Element<'_>>, message: Option<&str>) -> Result<Done, Refusal> {
        let change = Change {
            id: message_part(wrapper, "changeId"),
            sequence: message_part(wrapper, "sequence").parse().unwrap_or(u64::MAX),
            resident: message_part(wrapper, "residentNumber"),
        };
        let now = Instant::now();
        if self.has(Defect::DlvAcceptedButDropped) {
            return Ok(Done::default());
        }
        let mut store = self.store();
        store.changes.settle(now, self.gap_limit(), &self.config().defects);
        match store.changes.take(change, message, &self.config().defects, now) {
            Taken::Kept => Ok(Done::default()),
            Taken::Full => Err(Refusal {
                status: 503,
                ..Refusal::server("too many changes of this resident wait for an earlier one; send it again later")
            }),
        }
    }

    fn request_extract(&self, wrapper: Option<Element<'_>>) -> Result<Done, Refusal> {
        let optional = |name| Some(message_part(wrapper, name)).filter(|day| !day.is_empty());
        let id = message_part(wrapper, "extractId");
        let wanted = Wanted {
            area: message_part(wrapper, "area"),
            born_from: optional("bornFrom"),
            born_to: optional("bornTo"),
        };
        self.store().extracts.begin(&id, &wanted, Instant::now());
        let told = if self.has(Defect::SoapTextThroughWindows31j) {
            through_windows31j(&id)
        } else {
            id
        };
        let mut body = format!(
            "<m:requestExtractResponse xmlns:m=\"{MESSAGES}\" xmlns:t=\"{TYPES}\" xmlns:xsi=\"{XSI}\">\
             <m:extractId>{}</m:extractId>",
            escape_text(&told)
        );
        self.write_extract(&wanted, &mut body);
        body.push_str("</m:requestExtractResponse>");
        Ok(Done::body(body))
    }

    fn poll_extract(&self, id: &str) -> Done {
        let state = self.store().extracts.state(id, Instant::now(), self.extract_takes());
        let word = match &state {
            State::Pending => "pending",
            State::Done(_) => "done",
            State::Unknown if self.has(Defect::DlvPollUnknownAsPending) => "pending",
            State::Unknown if self.has(Defect::DlvPollUnknownAsEmpty) => "done",
            State::Unknown => "unknown",
        };
        let mut body = format!(
            "<m:pollExtractResponse xmlns:m=\"{MESSAGES}\" xmlns:t=\"{TYPES}\" xmlns:xsi=\"{XSI}\">\
             <m:extractId>{}</m:extractId><m:state>{word}</m:state>",
            escape_text(id)
        );
        if let State::Done(wanted) = &state {
            self.write_extract(wanted, &mut body);
        } else if word == "done" {
            body.push_str("<m:extract></m:extract>");
        }
        body.push_str("</m:pollExtractResponse>");
        Done::body(body)
    }

    fn write_extract(&self, wanted: &Wanted, to: &mut String) {
        to.push_str("<m:extract>");
        write_extract(self.config().seed, wanted, to);
        to.push_str("</m:extract>");
    }
}

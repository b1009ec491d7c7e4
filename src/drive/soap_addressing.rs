//! Message addressing properties of requests, right or wrong on purpose.
//!
//! Written by hand, since a scenario may want a header twice, or none where one is mandatory.

use super::provider::Story;
use super::soap::{Target, suite};
use crate::evidence::Blocked;
use crate::scenario::{AddressingAct, Step};
use crate::soap::addressing::{ANONYMOUS, NAMESPACE, NONE};
use crate::soap::escape_text;

impl Story<'_> {
    pub(super) fn addressing_blocks(
        &self,
        step: &Step,
        how: &AddressingAct,
        target: &Target<'_>,
    ) -> Result<Vec<String>, Blocked> {
        let mut blocks = Vec::new();
        let mut put = |name: &str, content: String| {
            if how.without.iter().any(|left_out| left_out == name) {
                return;
            }
            let times = if how.twice.iter().any(|twice| twice == name) {
                2
            } else {
                1
            };
            let element = ELEMENTS
                .iter()
                .find(|(word, _)| *word == name)
                .map_or(name, |(_, element)| element);
            for _ in 0..times {
                blocks.push(format!(
                    r#"<wsa:{element} xmlns:wsa="{NAMESPACE}">{content}</wsa:{element}>"#
                ));
            }
        };
        let id = match &how.message_id {
            Some(id) => self.fill(step, id)?,
            None => self.message_id(step, if how.same_message_id { 0 } else { target.index }),
        };
        put("message-id", escape_text(&id));
        let action = match &how.action {
            Some(action) => self.fill(step, action)?,
            None => target.service.description.request_action(target.operation),
        };
        put("action", escape_text(&action));
        let to = match &how.to {
            Some(to) => self.fill(step, to)?,
            None => target.endpoint.to_string(),
        };
        put("to", escape_text(&to));
        let parameters = how.parameters.as_deref().map(|xml| self.fill(step, xml)).transpose()?;
        for (name, endpoint) in [("reply-to", &how.reply_to), ("fault-to", &how.fault_to)] {
            let Some(endpoint) = endpoint else { continue };
            let address = match endpoint.as_str() {
                "anonymous" => ANONYMOUS.to_owned(),
                "none" => NONE.to_owned(),
                "callback" => {
                    let callback = target
                        .callback
                        .ok_or_else(|| suite(step, "the run has no listener for callbacks"))?;
                    format!("{callback}{}", if name == "fault-to" { "/fault" } else { "/reply" })
                }
                other => self.fill(step, other)?,
            };
            let parameters = parameters.as_deref().map_or_else(String::new, |xml| {
                format!("<wsa:ReferenceParameters>{xml}</wsa:ReferenceParameters>")
            });
            put(
                name,
                format!("<wsa:Address>{}</wsa:Address>{parameters}", escape_text(&address)),
            );
        }
        if let Some(relates_to) = &how.relates_to {
            put("relates-to", escape_text(&self.fill(step, relates_to)?));
        }
        Ok(blocks)
    }

    /// A message id that no other message of any run has.
    fn message_id(&self, step: &Step, index: u32) -> String {
        format!(
            "urn:junkyo:{}:{}:{}:{index}",
            self.session.facts.started_unix_ms, self.scenario.id, step.id
        )
    }
}

/// Words of scenario files and the elements they stand for.
const ELEMENTS: &[(&str, &str)] = &[
    ("message-id", "MessageID"),
    ("action", "Action"),
    ("to", "To"),
    ("reply-to", "ReplyTo"),
    ("fault-to", "FaultTo"),
    ("relates-to", "RelatesTo"),
];

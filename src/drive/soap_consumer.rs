//! Steps in which a consumer product calls the harness over SOAP.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::consumer::Stand;
use super::driver::DriverReply;
use super::provider::Story;
use super::soap::suite;
use crate::evidence::{Blocked, Channel, Note};
use crate::scenario::{SoapConsume, SoapReply, Step};
use crate::text::Text;

/// Driver action of SOAP consumers.
const ACTION: &str = "soap-call";
/// Times that a product is told to send again at the most.
const MOST_RETRIES: u32 = 3;

impl Story<'_> {
    /// Tells the product to perform an operation, answers as the scenario says, and records what it sends.
    pub(super) async fn soap_consume(&mut self, step: &Step, act: &SoapConsume, stand: &Stand) -> Result<(), Blocked> {
        let Some(listener) = &self.session.listener else {
            return Err(suite(step, "the run has no listener"));
        };
        let mut fields = Map::new();
        for (name, value) in &act.fields {
            let value = self
                .scope()
                .json(value)
                .map_err(|error| suite(step, &error.to_string()))?;
            fields.insert(name.clone(), value);
        }
        let replies = self.filled(step, &act.replies)?;
        let limits = self.session.limits;
        let token = listener.arm(&replies, limits.consumer_timeout * 3, self.delay_scale());
        self.attempt.note(Note::Instructed {
            step: step.id.to_string(),
            fields: Value::Object(fields.clone()),
            token_endpoint: String::new(),
        });
        // A product that follows a redirect to another host is seen there.
        stand.receiver.arm(&[], &[], limits.consumer_timeout * 3, String::new());
        let limit = limits.consumer_patience * 4 + limits.retry_wait * 4 + Duration::from_secs(5);
        let mut outcome = Ok(());
        for _ in 0..act.repeat {
            let order = self.soap_order(act, &token, &fields);
            let reply = stand.driver.act(ACTION, order, limit).await;
            if reply.outcome == "accepted" {
                self.until_quiet(&token).await;
            }
            let (failed, said, why) = self.note_driver(step, ACTION, reply);
            if failed {
                outcome = Err(Blocked {
                    step: step.id.to_string(),
                    reason: Text::new(
                        format!("製品のドライバーが {ACTION} を実行できません（{said}）: {why}"),
                        format!("the product's driver could not do `{ACTION}` ({said}): {why}"),
                    ),
                    blame: "configuration".into(),
                });
                break;
            }
        }
        self.record_calls(step, &token, Channel::Api);
        self.record_arrivals(step, stand);
        outcome
    }

    /// Notes what a driver answered. Gives whether it failed, its word for that, and why.
    pub(super) fn note_driver(&self, step: &Step, action: &str, reply: DriverReply) -> (bool, &'static str, String) {
        let failed = matches!(reply.outcome, "unsupported" | "failed");
        let why = reply.report.as_ref().and_then(Value::as_str).unwrap_or_default();
        let why = why.to_owned();
        self.attempt.note(Note::Driver {
            step: step.id.to_string(),
            action: action.to_owned(),
            outcome: reply.outcome.to_owned(),
            report: reply.report,
        });
        (failed, reply.outcome, why)
    }

    fn filled(&self, step: &Step, replies: &[SoapReply]) -> Result<Vec<SoapReply>, Blocked> {
        let fill = |reply: &SoapReply| {
            let mut filled = reply.clone();
            if let Some(body) = &mut filled.body {
                *body = self.fill(step, body)?;
            }
            for value in filled.headers.values_mut() {
                *value = self.fill(step, value)?;
            }
            Ok(filled)
        };
        replies.iter().map(fill).collect()
    }

    fn soap_order(&self, act: &SoapConsume, token: &str, fields: &Map<String, Value>) -> Map<String, Value> {
        let Some(listener) = &self.session.listener else {
            return Map::new();
        };
        let limits = self.session.limits;
        let timeout = if act.keeps_waiting() {
            limits.consumer_timeout
        } else {
            limits.consumer_patience
        };
        let rpc = matches!(act.operation.as_str(), "CountResidents" | "Refresh");
        let path = if rpc { "/statistics" } else { "/exchange" };
        let order = json!({
            "endpoint": listener.url(token, path).to_string(),
            "wsdl": listener.url(token, "/exchange?wsdl").to_string(),
            "operation": act.operation,
            "fields": fields,
            "addressing": act.addressing,
            "callback": act.callback,
            "security": act.security,
            "timeout_ms": timeout.as_millis() as u64,
            "retry_wait_ms": limits.retry_wait.as_millis() as u64,
            "most_retries": MOST_RETRIES,
        });
        match order {
            Value::Object(mut order) => {
                if let Some(service) = &act.service {
                    let own = self.scenario.interface.as_deref().unwrap_or_default();
                    order.insert("unit".into(), own.into());
                    order.insert("service".into(), service.as_str().into());
                }
                order
            }
            _ => Map::new(),
        }
    }
}

//! Steps in which the product is the client: it is told to act, and what it sends is recorded.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use super::driver::Driver;
use super::person::{base_body, marker};
use super::provider::Story;
use super::receiver::Receiver;
use super::session::micros;
use crate::evidence::{Blocked, Exchange, Initiator, Note};
use crate::scenario::{Consume, Reply, Step};
use crate::text::Text;

/// What consumer steps need besides the session.
pub(super) struct Stand {
    pub(super) receiver: Receiver,
    pub(super) driver: Driver,
    /// Path of the PEM file with the receiver's authority.
    pub(super) authority_file: Option<String>,
}

impl Story<'_> {
    /// Tells the product to act and records what it sends.
    pub(super) async fn consume(&mut self, step: &Step, consume: &Consume, stand: &Stand) -> Result<(), Blocked> {
        let blocked = |reason: Text, blame: &str| Blocked {
            step: step.id.to_string(),
            reason,
            blame: blame.to_owned(),
        };
        let Some(interface) = self.interface.clone() else {
            return Err(blocked(
                Text::new(
                    "シナリオにインターフェースの指定がありません。",
                    "the scenario names no interface",
                ),
                "suite",
            ));
        };
        let facts = Arc::clone(&self.session.facts);
        let unknown = |error: super::template::TemplateError| {
            blocked(
                Text::new(format!("シナリオの値を解決できません: {error}"), error.to_string()),
                "suite",
            )
        };
        let mut fields = base_body(&facts, &interface, &self.scenario.id, &consume.person);
        for (name, value) in &consume.set {
            fields.insert(name.clone(), self.scope().json(value).map_err(unknown)?);
        }
        for name in &consume.remove {
            fields.shift_remove(name);
        }
        let replies = self.filled_in(&consume.replies).map_err(unknown)?;
        let token_replies = self.filled_in(&consume.token_replies).map_err(unknown)?;
        let limits = self.session.limits;
        self.attempt.note(Note::TokensAlive {
            tokens: stand.receiver.tokens_alive(),
        });
        self.attempt.note(Note::Instructed {
            step: step.id.to_string(),
            fields: Value::Object(fields.clone()),
            token_endpoint: stand.receiver.token_endpoint().to_string(),
        });
        // Armed before the product hears of it: it may be fast.
        stand.receiver.arm(
            &replies,
            &token_replies,
            limits.consumer_timeout * 3,
            marker(facts.seed, &self.scenario.id),
        );
        let mut outcome = Ok(());
        for round in 0..consume.repeat {
            let order = self.order(consume, stand, &fields, round == 0);
            let limit = limits.consumer_patience * 4 + limits.retry_wait * 4 + Duration::from_secs(5);
            let reply = stand.driver.act(&consume.action, order, limit).await;
            if reply.outcome == "accepted" {
                self.settle(stand, limit).await;
            }
            let failed = match reply.outcome {
                "unsupported" => Some(Text::new(
                    format!("製品のドライバーは {} を提供していません。", consume.action),
                    format!("the product's driver does not offer `{}`", consume.action),
                )),
                "failed" => {
                    let why = reply.report.as_ref().and_then(Value::as_str).unwrap_or_default();
                    Some(Text::new(
                        format!("製品のドライバーが失敗しました: {why}"),
                        format!("the product's driver failed: {why}"),
                    ))
                }
                _ => None,
            };
            self.attempt.note(Note::Driver {
                step: step.id.to_string(),
                action: consume.action.clone(),
                outcome: reply.outcome.to_owned(),
                report: reply.report,
            });
            if let Some(reason) = failed {
                outcome = Err(blocked(reason, "configuration"));
                break;
            }
        }
        self.record_arrivals(step, stand);
        outcome
    }

    fn filled_in(&self, replies: &[Reply]) -> Result<Vec<Reply>, super::template::TemplateError> {
        replies
            .iter()
            .map(|reply| {
                let mut filled = reply.clone();
                let told = self.session.limits.consumer_timeout.as_millis() as u64;
                filled.delay_ms = filled.delay_ms * told / 30_000;
                for value in filled.headers.values_mut() {
                    *value = self.scope().text(value)?;
                }
                if let Some(body) = &mut filled.body {
                    *body = self.scope().text(body)?;
                }
                Ok(filled)
            })
            .collect()
    }

    fn order(&self, consume: &Consume, stand: &Stand, fields: &Map<String, Value>, first: bool) -> Map<String, Value> {
        let facts = &self.session.facts;
        let limits = self.session.limits;
        let timeout = if consume.keeps_waiting() {
            limits.consumer_timeout
        } else {
            limits.consumer_patience
        };
        let order = serde_json::json!({
            "endpoint": stand.receiver.api(consume.certificate).to_string(),
            "token_endpoint": stand.receiver.token_endpoint().to_string(),
            "client_id": facts.consumer_client_id,
            "client_secret": facts.consumer_client_secret,
            "ca": stand.authority_file,
            "fields": fields,
            "timeout_ms": timeout.as_millis() as u64,
            "retry_wait_ms": limits.retry_wait.as_millis() as u64,
            "fresh": first && consume.forget_tokens,
        });
        match order {
            Value::Object(order) => order,
            _ => Map::new(),
        }
    }

    /// Waits until a product that acts by itself has been quiet for a while.
    async fn settle(&self, stand: &Stand, limit: Duration) {
        let begun = Instant::now();
        let quiet = self.session.limits.settle;
        loop {
            tokio::time::sleep((quiet / 10).max(Duration::from_millis(1))).await;
            let (count, last) = stand.receiver.seen();
            let since = last.unwrap_or(begun).elapsed();
            // A retry may be due: wait for it, but only after the first request came.
            let patience = if count == 0 {
                quiet * 5
            } else {
                quiet + self.session.limits.retry_wait
            };
            if since >= patience || begun.elapsed() >= limit {
                return;
            }
        }
    }

    pub(super) fn record_arrivals(&self, step: &Step, stand: &Stand) {
        for (index, arrival) in stand.receiver.take().into_iter().enumerate() {
            let served = arrival.served;
            self.attempt.exchange(Exchange {
                // Recorded, but no check of this scenario looks at it.
                step: if arrival.stray {
                    "stray".into()
                } else {
                    Arc::clone(&step.id)
                },
                index: u32::try_from(index).unwrap_or(u32::MAX),
                channel: arrival.channel,
                initiator: Initiator::Product,
                started_us: micros(served.started.saturating_duration_since(self.session.started)),
                elapsed_us: micros(served.elapsed),
                connection: served.connection,
                peer: served.peer.to_string(),
                tls: served.tls,
                request: served.request,
                response: served.response,
                fault: None,
            });
        }
    }
}

//! What SOAP scenarios need before the first one: facts about services, and a place where products can call.

use std::sync::Arc;

use super::listener::Listener;
use super::plan::Plan;
use super::run::RunError;
use super::services::{Services, used_by};
use super::soap_reply::Reworker;
use crate::evidence::RunFacts;
use crate::mock::exchange::{Exchange, ExchangeConfig};
use crate::scenario::Act;

/// Notes what the services are, so that judging knows it years later.
pub(super) fn note_services(facts: &mut RunFacts, plan: &Plan, services: &Services) {
    let used = used_by(plan);
    for (id, service) in services {
        if !used.contains(id) {
            continue;
        }
        facts.descriptions.insert(id.clone(), service.files.clone());
        if id.starts_with("unit.") {
            facts.offers.push(id.clone());
        } else {
            facts.offers.extend(service.features());
        }
    }
}

/// Starts the listener if a scenario of the plan needs it; a clean reference service is behind it.
pub(super) async fn start_listener(
    plan: &Plan,
    listen: &str,
    host: &str,
    exchange: ExchangeConfig,
    security: &Arc<Reworker>,
) -> Result<Option<Listener>, RunError> {
    let needs = |act: &Act| match act {
        Act::SoapConsume(_) => true,
        Act::Soap(soap) => soap.addressing.is_some(),
        _ => false,
    };
    let steps = plan.scenarios.iter().flat_map(|scenario| &scenario.steps);
    if !steps.map(|step| &step.act).any(needs) {
        return Ok(None);
    }
    let exchange = Exchange::new(exchange);
    let listener = Listener::start(listen, host, exchange.handler(), Arc::clone(security)).await?;
    Ok(Some(listener))
}

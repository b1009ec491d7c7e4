//! Preflight of SOAP services: can they be reached, and can their descriptions be read?

use super::preflight::{Finding, Severity, clock, reached};
use super::services::of_target;
use super::target::Target;
use crate::scenario::Corpus;
use crate::standard::{Profile, Subject};
use crate::text::Text;
use crate::wire::{Client, Outgoing, Url};

/// Interfaces of the claimed profiles that the target file has to name and does not. A scenario that applies only where
/// its interface is offered asks for none, unless nothing else is there to be run.
pub(super) fn lacking_endpoints<'c>(corpus: &'c Corpus, target: &Target, profiles: &[&Profile]) -> Vec<&'c str> {
    let mut needed = Vec::new();
    let mut optional = Vec::new();
    let mut is_any_offered = false;
    for scenario in &corpus.scenarios {
        let belongs = |profile: &&Profile| corpus.belongs(scenario, profile);
        let Some(id) = scenario.interface.as_deref() else {
            continue;
        };
        if scenario.role != Subject::Provider || !profiles.iter().any(belongs) {
            continue;
        }
        if target.endpoints.contains_key(id) {
            is_any_offered = true;
        } else if scenario.applies.iter().any(|word| word == id) {
            optional.push(id);
        } else {
            needed.push(id);
        }
    }
    if needed.is_empty() && !is_any_offered {
        needed = optional;
    }
    needed.sort_unstable();
    needed.dedup();
    needed
}

/// DNS, connection, TLS and clock of a SOAP service, with a GET, which no SOAP service acts on.
pub(super) async fn service_endpoint(client: &Client, key: &str, url: &Url, findings: &mut Vec<Finding>) {
    let sent = client.send(&Outgoing::new("GET", url, &[], b"")).await;
    match reached(key, url, &sent) {
        Err(finding) => findings.push(*finding),
        Ok(response) => {
            findings.push(Finding::good(
                key,
                format!("{url} に接続できます（HTTP {}）。", response.status),
                format!("{url} can be reached (HTTP {})", response.status),
            ));
            clock(key, &response, findings);
        }
    }
}

/// The descriptions of SOAP services can be read, and have ports that can be called.
pub(super) async fn services(corpus: &Corpus, target: &Target, client: &Client, findings: &mut Vec<Finding>) {
    match of_target(corpus, target, client).await {
        Err(error) => findings.push(Finding::bad(
            "endpoints",
            Severity::Fault,
            Text::new(format!("サービス記述を使えません: {error}"), error.to_string()),
            Text::new(
                "endpoints の wsdl に WSDL ファイルを指定するか、?wsdl で取得できるようにしてください。",
                "name the WSDL file in `wsdl` of the endpoint, or let the product publish it at ?wsdl",
            ),
        )),
        Ok(services) => {
            for (id, service) in services {
                let operations = service.description.operations().count();
                let ports = service.description.ports.len();
                findings.push(Finding::good(
                    &format!("endpoints.\"{id}\".wsdl"),
                    format!("WSDL を読めます（ポート {ports}、SOAP 1.1 の操作 {operations}）。"),
                    format!("the WSDL can be read ({ports} ports, {operations} SOAP 1.1 operations)"),
                ));
            }
        }
    }
}

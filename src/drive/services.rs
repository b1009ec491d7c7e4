//! The SOAP services of a run: those of the reference platform, or those of a target file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::plan::Plan;
use super::service::{
    Published, ServiceError, ServiceTarget, ServiceUnderTest, read_blocks, read_samples, recorded_files,
};
use super::target::{Endpoint, Target};
use crate::mock::units::UnitService;
use crate::scenario::Corpus;
use crate::schema::DocumentSet;
use crate::schema::wsdl::references;
use crate::wire::{Client, Outgoing, Url, parse_response};

/// Interface id of the scenarios that fit every SOAP service.
pub(super) const PLATFORM: &str = "platform-communication.soap";

/// Files of a description that are fetched at the most.
const MOST_FILES: usize = 100;

/// Services by interface id.
pub(super) type Services = BTreeMap<String, Arc<ServiceUnderTest>>;

/// The services that the reference platform offers, as far as a plan speaks to them.
pub(super) fn of_reference(corpus: &Corpus, plan: &Plan, base: &Url) -> Result<Services, ServiceError> {
    let mut services = Services::new();
    let used = used_by(plan);
    for unit in corpus.units.iter().filter(|unit| used.contains(&unit.interface())) {
        let id = unit.interface();
        let Some(service) = corpus.services.get(&id) else {
            continue;
        };
        let at = base.with_target(UnitService::path(unit.file.number));
        let published = Published::At(base.with_target(format!("{}?wsdl", at.target)));
        let target = ServiceTarget {
            url: Some(at),
            ..ServiceTarget::default()
        };
        let documents = DocumentSet::of_service(service);
        let service = ServiceUnderTest::new(&id, documents, published, target, Some(service))?;
        services.insert(id, Arc::new(service));
    }
    if let Some(service) = corpus.services.get(PLATFORM) {
        let documents = DocumentSet::of_service(service);
        let published = Published::At(base.with_target("/exchange?wsdl"));
        let target = ServiceTarget {
            url: Some(base.with_target("/exchange")),
            ..ServiceTarget::default()
        };
        let service = ServiceUnderTest::new(PLATFORM, documents, published, target, Some(service))?;
        services.insert(PLATFORM.to_owned(), Arc::new(service));
    }
    Ok(services)
}

/// Interface ids that the scenarios of a plan speak to.
pub(super) fn used_by(plan: &Plan) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for scenario in &plan.scenarios {
        used.extend(scenario.interface.as_deref().map(str::to_owned));
        let features = scenario.applies.iter().filter(|word| word.starts_with("unit."));
        used.extend(features.cloned());
        used.extend(
            scenario
                .steps
                .iter()
                .filter_map(|step| step.act.service().map(str::to_owned)),
        );
    }
    used
}

/// The services that a target file names.
pub(super) async fn of_target(corpus: &Corpus, target: &Target, client: &Client) -> Result<Services, ServiceError> {
    let mut services = Services::new();
    for (id, endpoint) in &target.file.endpoints {
        let of_corpus = corpus.services.get(id);
        let Some(url) = target.endpoints.get(id).filter(|_| of_corpus.is_some()) else {
            continue;
        };
        let given = match &endpoint.wsdl {
            Some(file) => Some(DocumentSet::from_file(&target.path.with_file_name("").join(file))?),
            None if id != PLATFORM => of_corpus.map(|service| DocumentSet::of_service(service)),
            None => None,
        };
        let at = Url::parse(&format!("{}?wsdl", endpoint.url)).unwrap_or_else(|_| url.clone());
        let documents = match &given {
            Some(documents) => documents.clone(),
            None => fetch(client, &at).await,
        };
        let published = match given.filter(|_| endpoint.wsdl_not_published) {
            Some(documents) => Published::Given(recorded_files(&documents)),
            None => Published::At(at),
        };
        let facts = facts_of(endpoint, url, &target.path)?;
        let service = ServiceUnderTest::new(id, documents, published, facts, of_corpus)?;
        services.insert(id.clone(), Arc::new(service));
    }
    Ok(services)
}

fn facts_of(endpoint: &Endpoint, url: &Url, beside: &Path) -> Result<ServiceTarget, ServiceError> {
    let ports = endpoint
        .ports
        .iter()
        .filter_map(|(name, url)| Some((name.clone(), Url::parse(url).ok()?)));
    Ok(ServiceTarget {
        url: Some(url.clone()),
        ports: ports.collect(),
        samples: read_samples(beside, &endpoint.samples)?,
        headers: read_blocks(beside, &endpoint.headers)?,
    })
}

/// The description at an address with everything that it refers to on the same host. What cannot be had is missing in
/// the set, and told when the description is read.
async fn fetch(client: &Client, at: &Url) -> DocumentSet {
    let mut wanted = vec![at.clone()];
    let mut documents = Vec::new();
    let mut next = 0;
    while let Some(url) = wanted.get(next).cloned() {
        next += 1;
        let sent = client.send(&Outgoing::new("GET", &url, &[], b"")).await;
        let Ok(response) = parse_response(&sent.response, "GET", sent.fault.is_none()) else {
            continue;
        };
        if response.status != 200 {
            continue;
        }
        let address = url.to_string();
        for reference in references(&address, &response.body) {
            let same_host = Url::parse(&reference)
                .ok()
                .filter(|other| other.authority() == at.authority());
            if let Some(other) = same_host.filter(|other| !wanted.contains(other))
                && wanted.len() < MOST_FILES
            {
                wanted.push(other);
            }
        }
        documents.push((address, response.body));
    }
    DocumentSet::new(at.to_string(), documents)
}

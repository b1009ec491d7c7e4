//! The corpus as a whole: everything of `conformance/`, resolved and cross-checked.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::error::did_you_mean;
use super::family;
use super::file::{Expectation, ExpectationFile, FamilyFile, IdLists, Resolver, ScenarioFile};
use super::{CorpusError, Scenario};
use super::{unit_family, unit_files, units};
use crate::standard::unit::{self, ItemFile, Unit, UnitFile};
use crate::standard::{
    CorpusFiles, Interface, Location, Profile, ProfileFile, Reading, ReadingFile, Requirement, RequirementFile,
    Service, ServiceFile, Source, SourceFile, SourceFileList,
};

/// All that is required, and how it is tested.
#[derive(Debug)]
pub struct Corpus {
    /// Documents.
    pub sources: Vec<Source>,
    /// Requirements in the order of their files.
    pub requirements: Vec<Requirement>,
    /// Readings.
    pub readings: Vec<Reading>,
    /// Profiles.
    pub profiles: Vec<Profile>,
    /// Interfaces by id.
    pub interfaces: BTreeMap<String, Arc<Interface>>,
    /// SOAP services by id.
    pub services: BTreeMap<String, Arc<Service>>,
    /// Business units by number.
    pub units: Arc<Vec<Unit>>,
    /// Texts that are no TOML, by their path in the corpus: messages of imported services.
    pub texts: BTreeMap<String, Arc<str>>,
    /// Scenarios, hand-written and generated, in the order of their files.
    pub scenarios: Vec<Arc<Scenario>>,
    /// SHA-256 of all files.
    pub digest: String,
    /// Where it came from.
    pub origin: String,
    by_requirement: HashMap<String, usize>,
    by_scenario: HashMap<Arc<str>, usize>,
}

/// One line of `junkyo list --coverage`.
#[derive(Debug)]
pub struct CoverageRow<'a> {
    /// The requirement.
    pub requirement: &'a Requirement,
    /// Scenarios whose checks bear on it.
    pub scenarios: Vec<&'a str>,
}

impl Corpus {
    /// The corpus inside the binary.
    ///
    /// # Errors
    /// Never for a released binary: a test of ours loads it.
    pub fn embedded() -> Result<Self, Vec<CorpusError>> {
        Self::load(&CorpusFiles::embedded())
    }

    /// Loads and cross-checks a corpus.
    ///
    /// # Errors
    /// All faults that were found, each with file and line.
    pub fn load(files: &CorpusFiles) -> Result<Self, Vec<CorpusError>> {
        let mut loader = Loader::default();
        let expectations = loader.expectations(files);
        for file in files.all() {
            loader.standard_file(file, files);
        }
        loader.units();
        for file in files.all() {
            loader.scenario_file(file, &expectations);
        }
        let corpus = Self {
            by_requirement: loader
                .requirements
                .iter()
                .enumerate()
                .map(|(index, requirement)| (requirement.id.clone(), index))
                .collect(),
            by_scenario: loader
                .scenarios
                .iter()
                .enumerate()
                .map(|(index, scenario)| (Arc::clone(&scenario.id), index))
                .collect(),
            sources: loader.sources,
            requirements: loader.requirements,
            readings: loader.readings,
            profiles: loader.profiles,
            interfaces: loader.interfaces,
            services: loader.services,
            units: Arc::new(loader.units),
            texts: texts_of(files),
            scenarios: loader.scenarios,
            digest: files.digest(),
            origin: files.origin.clone(),
        };
        let mut errors = loader.errors;
        if errors.is_empty() {
            errors = corpus.dangling(files);
        }
        if errors.is_empty() { Ok(corpus) } else { Err(errors) }
    }

    /// A requirement by its id.
    pub fn requirement(&self, id: &str) -> Option<&Requirement> {
        self.by_requirement.get(id).map(|index| &self.requirements[*index])
    }

    /// A scenario by its id.
    pub fn scenario(&self, id: &str) -> Option<&Arc<Scenario>> {
        self.by_scenario.get(id).map(|index| &self.scenarios[*index])
    }

    /// Where a scenario stands in the corpus.
    pub fn position(&self, id: &str) -> Option<usize> {
        self.by_scenario.get(id).copied()
    }

    /// A profile by its id.
    pub fn profile(&self, id: &str) -> Option<&Profile> {
        self.profiles.iter().find(|profile| profile.id == id)
    }

    /// The profiles that a claim stands for: itself, and those it includes.
    pub fn expand_profile(&self, id: &str) -> Vec<&Profile> {
        let Some(profile) = self.profile(id) else {
            return Vec::new();
        };
        let mut profiles: Vec<&Profile> = profile.includes.iter().flat_map(|id| self.expand_profile(id)).collect();
        if profile.subject.is_some() {
            profiles.push(profile);
        }
        profiles
    }

    /// Whether a scenario tests something of a profile.
    pub fn belongs(&self, scenario: &Scenario, profile: &Profile) -> bool {
        profile.subject == Some(scenario.role)
            && scenario.checks().flat_map(|check| check.requirements.iter()).any(|id| {
                self.requirement(id)
                    .is_some_and(|requirement| profile.holds(requirement))
            })
    }

    /// For every requirement, the scenarios that test it.
    pub fn coverage(&self) -> Vec<CoverageRow<'_>> {
        let mut rows: Vec<CoverageRow<'_>> = self
            .requirements
            .iter()
            .map(|requirement| CoverageRow {
                requirement,
                scenarios: Vec::new(),
            })
            .collect();
        for scenario in &self.scenarios {
            for id in scenario.requirements() {
                if let Some(index) = self.by_requirement.get(id) {
                    rows[*index].scenarios.push(&scenario.id);
                }
            }
        }
        rows
    }

    /// References that lead nowhere.
    fn dangling(&self, files: &CorpusFiles) -> Vec<CorpusError> {
        let mut errors = Vec::new();
        let mut unknown =
            |location: Location, user: String, what, name: &str, known: &mut dyn Iterator<Item = &str>| {
                errors.push(CorpusError::Unknown {
                    location,
                    user,
                    what,
                    name: name.to_owned(),
                    hint: did_you_mean(name, known),
                });
            };
        let place = |id: &str| files.place_of(id);
        for requirement in &self.requirements {
            let user = || format!("requirement {}", requirement.id);
            if !self.sources.iter().any(|source| source.id == requirement.source) {
                let mut known = self.sources.iter().map(|source| source.id.as_str());
                unknown(
                    place(&requirement.id),
                    user(),
                    "source",
                    &requirement.source,
                    &mut known,
                );
            }
            for id in &requirement.readings {
                if !self.readings.iter().any(|reading| reading.id == *id) {
                    let mut known = self.readings.iter().map(|reading| reading.id.as_str());
                    unknown(place(&requirement.id), user(), "reading", id, &mut known);
                }
            }
        }
        for profile in &self.profiles {
            for id in &profile.includes {
                if self.profile(id).is_none() {
                    let mut known = self.profiles.iter().map(|profile| profile.id.as_str());
                    unknown(
                        place(&profile.id),
                        format!("profile {}", profile.id),
                        "profile",
                        id,
                        &mut known,
                    );
                }
            }
        }
        for scenario in &self.scenarios {
            for check in scenario.checks() {
                let user = || format!("scenario {}, check `{}`", scenario.id, check.check.name());
                for id in check.requirements.iter() {
                    if self.requirement(id).is_none() {
                        let mut known = self.requirements.iter().map(|requirement| requirement.id.as_str());
                        unknown(scenario.location.clone(), user(), "requirement", id, &mut known);
                    }
                }
                let Some((id, cases)) = check.reading.as_deref() else {
                    continue;
                };
                match self.readings.iter().find(|reading| reading.id == *id) {
                    None => {
                        let mut known = self.readings.iter().map(|reading| reading.id.as_str());
                        unknown(scenario.location.clone(), user(), "reading", id, &mut known);
                    }
                    Some(reading) => {
                        for option in cases.keys() {
                            if !reading.option.iter().any(|known| known.id == *option) {
                                let mut known = reading.option.iter().map(|known| known.id.as_str());
                                unknown(scenario.location.clone(), user(), "option", option, &mut known);
                            }
                        }
                    }
                }
            }
        }
        errors
    }
}

/// Collects a corpus file by file.
#[derive(Default)]
struct Loader {
    sources: Vec<Source>,
    requirements: Vec<Requirement>,
    readings: Vec<Reading>,
    profiles: Vec<Profile>,
    interfaces: BTreeMap<String, Arc<Interface>>,
    services: BTreeMap<String, Arc<Service>>,
    unit_items: ItemFile,
    unit_files: Vec<(UnitFile, String)>,
    units: Vec<Unit>,
    scenarios: Vec<Arc<Scenario>>,
    errors: Vec<CorpusError>,
    places: HashMap<String, Location>,
    lists: IdLists,
}

impl Loader {
    fn expectations(&mut self, files: &CorpusFiles) -> BTreeMap<String, Expectation> {
        let mut all = BTreeMap::new();
        for file in files
            .all()
            .iter()
            .filter(|file| file.path.ends_with("expectations.toml"))
        {
            match file.parse::<ExpectationFile>() {
                Ok(parsed) => {
                    for expectation in parsed.expectation {
                        self.register("expectation", &expectation.id, file.location_of_id(&expectation.id));
                        all.insert(expectation.id.clone(), expectation);
                    }
                }
                Err(error) => self.errors.push(error.into()),
            }
        }
        all
    }

    fn standard_file(&mut self, file: &SourceFile, files: &CorpusFiles) {
        let result = match kind_of(&file.path) {
            FileKind::Sources => file
                .parse::<SourceFileList>()
                .map(|parsed| self.sources.extend(parsed.source)),
            FileKind::Readings => file.parse::<ReadingFile>().map(|parsed| {
                for reading in parsed.reading {
                    self.register("reading", &reading.id, file.location_of_id(&reading.id));
                    self.readings.push(reading);
                }
            }),
            FileKind::Profiles => file.parse::<ProfileFile>().map(|parsed| {
                for profile in parsed.profile {
                    self.register("profile", &profile.id, file.location_of_id(&profile.id));
                    self.profiles.push(profile);
                }
            }),
            FileKind::Requirements => file.parse::<RequirementFile>().map(|parsed| {
                for requirement in parsed.requirement {
                    self.register("requirement", &requirement.id, file.location_of_id(&requirement.id));
                    self.requirements.push(requirement);
                }
            }),
            FileKind::Interface => file.parse::<Interface>().map(|interface| {
                self.register("interface", &interface.id, file.location_of_id(&interface.id));
                self.interfaces.insert(interface.id.clone(), Arc::new(interface));
            }),
            FileKind::Service => file.parse::<ServiceFile>().map(|service| {
                self.register("service", &service.id, file.location_of_id(&service.id));
                let service = service_of(service, file, files);
                if !service.texts.contains_key(&service.file.wsdl) {
                    self.errors.push(CorpusError::Unknown {
                        location: file.location_at(file.text.find("wsdl").unwrap_or(0)),
                        user: format!("service {}", service.file.id),
                        what: "file",
                        name: service.file.wsdl.clone(),
                        hint: did_you_mean(&service.file.wsdl, service.texts.keys().map(String::as_str)),
                    });
                }
                self.services.insert(service.file.id.clone(), Arc::new(service));
            }),
            FileKind::UnitItems => file.parse::<ItemFile>().map(|items| self.unit_items = items),
            FileKind::Unit => file.parse::<UnitFile>().map(|unit| {
                let folder = file.path.trim_end_matches("unit.toml").to_owned();
                self.unit_files.push((unit, folder));
            }),
            FileKind::Expectations | FileKind::Families | FileKind::Scenarios | FileKind::Other => Ok(()),
        };
        if let Err(error) = result {
            self.errors.push(error.into());
        }
    }

    /// Resolves the units together, and adds what follows from them.
    fn units(&mut self) {
        let written = std::mem::take(&mut self.unit_files);
        let units = match unit::resolve(&self.unit_items, written) {
            Ok(units) => units,
            Err(errors) => {
                self.errors.extend(errors.into_iter().map(CorpusError::from));
                return;
            }
        };
        self.services.extend(units::services_of(&units));
        for unit in &units {
            let location = Location {
                file: format!("{}unit.toml", unit.folder),
                line: 1,
            };
            for requirement in units::requirements_of(unit, &units) {
                self.register("requirement", &requirement.id, location.clone());
                self.requirements.push(requirement);
            }
            for profile in units::profiles_of(unit) {
                self.register("profile", &profile.id, location.clone());
                self.profiles.push(profile);
            }
            for scenario in unit_family::generate(unit, &units, &location) {
                self.push(scenario);
            }
            for scenario in unit_files::generate(unit, &location) {
                self.push(scenario);
            }
        }
        self.units = units;
    }

    fn scenario_file(&mut self, file: &SourceFile, expectations: &BTreeMap<String, Expectation>) {
        let lists = std::mem::take(&mut self.lists);
        let units = std::mem::take(&mut self.units);
        let resolver = |interface: Option<&str>, family: Option<&str>| Resolver {
            expectations,
            lists: &lists,
            interface: interface.map(Into::into),
            family: family.map(Into::into),
            units: &units,
        };
        match kind_of(&file.path) {
            FileKind::Scenarios => match file.parse::<ScenarioFile>() {
                Ok(parsed) => {
                    let interface = parsed.interface.as_deref();
                    let ids = file.id_lines();
                    self.known_interface(interface, file);
                    for raw in parsed.scenario {
                        let location = ids.location_of(&raw.id);
                        match resolver(interface, None).scenario(raw, location) {
                            Ok(scenario) => self.push(scenario),
                            Err(mut errors) => self.errors.append(&mut errors),
                        }
                    }
                }
                Err(error) => self.errors.push(error.into()),
            },
            FileKind::Families => match file.parse::<FamilyFile>() {
                Ok(parsed) => {
                    self.known_interface(Some(&parsed.interface), file);
                    let Some(interface) = self.interfaces.get(&parsed.interface).cloned() else {
                        self.lists = lists;
                        self.units = units;
                        return;
                    };
                    for family in &parsed.family {
                        let location = file.location_of_id(&family.id);
                        self.register("family", &family.id, location.clone());
                        let resolver = resolver(Some(&parsed.interface), Some(&family.id));
                        match family::generate(family, &interface, file, |raw| resolver.scenario(raw, location.clone()))
                        {
                            Ok(scenarios) => scenarios.into_iter().for_each(|scenario| self.push(scenario)),
                            Err(mut errors) => self.errors.append(&mut errors),
                        }
                    }
                }
                Err(error) => self.errors.push(error.into()),
            },
            _ => {}
        }
        self.lists = lists;
        self.units = units;
    }

    fn push(&mut self, scenario: Scenario) {
        self.register("scenario", &scenario.id.clone(), scenario.location.clone());
        self.scenarios.push(Arc::new(scenario));
    }

    fn register(&mut self, what: &'static str, id: &str, location: Location) {
        if let Some(first) = self.places.insert(format!("{what} {id}"), location.clone()) {
            self.errors.push(CorpusError::Duplicate {
                location,
                what,
                id: id.to_owned(),
                first,
            });
        }
    }

    fn known_interface(&mut self, id: Option<&str>, file: &SourceFile) {
        let Some(id) = id.filter(|id| !self.interfaces.contains_key(*id) && !self.services.contains_key(*id)) else {
            return;
        };
        self.errors.push(CorpusError::Unknown {
            location: file.location_at(file.text.find("interface").unwrap_or(0)),
            user: "this file".into(),
            what: "interface",
            name: id.to_owned(),
            hint: did_you_mean(
                id,
                self.interfaces.keys().chain(self.services.keys()).map(String::as_str),
            ),
        });
    }
}

/// A service with the texts of its folder.
fn service_of(service: ServiceFile, file: &SourceFile, files: &CorpusFiles) -> Service {
    let folder = file
        .path
        .rsplit_once('/')
        .map_or_else(String::new, |(folder, _)| format!("{folder}/"));
    let inside = files.all().iter().filter_map(|other| {
        let name = other.path.strip_prefix(&folder)?;
        is_plain_text(name).then(|| (name.to_owned(), other.text.clone()))
    });
    let texts = inside.collect();
    Service {
        file: service,
        folder,
        texts,
    }
}

/// Texts that are no TOML: descriptions, schemas, messages.
fn texts_of(files: &CorpusFiles) -> BTreeMap<String, Arc<str>> {
    let plain = files.all().iter().filter(|file| is_plain_text(&file.path));
    plain
        .map(|file| (file.path.clone(), file.text.as_str().into()))
        .collect()
}

fn is_plain_text(path: &str) -> bool {
    [".wsdl", ".xsd", ".xml"].iter().any(|end| path.ends_with(end))
}

/// What a file of the corpus holds, told by its path.
enum FileKind {
    Sources,
    Requirements,
    Readings,
    Profiles,
    Interface,
    Service,
    UnitItems,
    Unit,
    Expectations,
    Families,
    Scenarios,
    Other,
}

fn kind_of(path: &str) -> FileKind {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name {
        _ if !name.ends_with(".toml") => FileKind::Other,
        "sources.toml" => FileKind::Sources,
        "messages.toml" => FileKind::Other,
        "readings.toml" => FileKind::Readings,
        "items.toml" => FileKind::UnitItems,
        "unit.toml" => FileKind::Unit,
        "profiles.toml" => FileKind::Profiles,
        _ if path.starts_with("requirements/") || path.contains("/requirements/") => FileKind::Requirements,
        _ if name.ends_with("interface.toml") => FileKind::Interface,
        _ if name.ends_with("service.toml") => FileKind::Service,
        _ if name.ends_with("expectations.toml") => FileKind::Expectations,
        _ if name.ends_with("families.toml") => FileKind::Families,
        _ => FileKind::Scenarios,
    }
}

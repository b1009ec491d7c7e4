//! Scenario files, expectation files and family files as they are written, and their resolution.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::act_unit::{UnitCall, UnitConsume, WrongAct, operation_of};
use super::error::did_you_mean;
use super::unit_checks::About;
use super::{
    Act, Call, Check, CheckSpec, Consume, CorpusError, Deliver, Describe, DriverAct, FileDeposit, FileExport, Http,
    Introspect, Observe, ReadingCase, Scenario, Soap, SoapConsume, Step, TlsProbe, Token, Wait, check_docs,
};
use crate::standard::unit::{Operation, Unit};
use crate::standard::{ItemType, Location, Subject};
use crate::text::Text;

/// A file of scenarios.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScenarioFile {
    /// Interface that the scenarios speak.
    #[serde(default)]
    pub interface: Option<String>,
    /// The scenarios.
    pub scenario: Vec<RawScenario>,
}

/// A file of expectations: named groups of checks that many steps share.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExpectationFile {
    /// The expectations.
    pub expectation: Vec<Expectation>,
}

/// A named group of checks. `$name` in a parameter stands for what `with` gives, `$for` among the
/// requirements for the `for` of the step that uses it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// Name.
    pub id: String,
    /// What is expected.
    pub title: Text,
    /// The checks.
    pub checks: Vec<RawCheck>,
}

/// A file of families: scenarios generated for every matching row of a request table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FamilyFile {
    /// Interface whose rows are used.
    pub interface: String,
    /// The families.
    pub family: Vec<Family>,
}

/// A family: which rows, and the scenario with placeholders such as `{name}` or `{length}`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Family {
    /// Name.
    pub id: String,
    /// Which rows.
    pub over: Over,
    /// The scenario, with placeholders in any string or key.
    #[schemars(with = "RawScenario")]
    pub scenario: toml::Table,
}

/// Selects rows of a request table. What is absent does not restrict.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Over {
    /// Marked ◎.
    pub required: Option<bool>,
    /// Types.
    pub types: Vec<ItemType>,
    /// Length exact or maximum.
    pub fixed: Option<bool>,
    /// With a code list.
    pub coded: Option<bool>,
    /// Unknown dates allowed.
    pub unknown_date: Option<bool>,
    /// Shortest length.
    pub min_length: Option<usize>,
    /// Only these.
    pub names: Vec<String>,
    /// Not these.
    pub except: Vec<String>,
    /// One scenario for each value of the code list.
    pub each_code: bool,
}

/// A scenario as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawScenario {
    /// Identifier.
    pub id: String,
    /// What the story is.
    pub title: Text,
    /// Role of the product.
    pub role: Subject,
    /// Driver actions that the product has to offer.
    #[serde(default)]
    pub needs: Vec<String>,
    /// Features that the SOAP service has to have; without them the scenario does not apply and is skipped.
    #[serde(default)]
    pub applies: Vec<String>,
    /// Has to run alone.
    #[serde(default)]
    pub exclusive: bool,
    /// Words to select it by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The steps.
    pub step: Vec<RawStep>,
}

/// A step as written: exactly one act, and checks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RawStep {
    /// Identifier inside the scenario.
    pub id: String,
    /// Leave the step out where an earlier step gave nothing to go on with.
    #[serde(default)]
    pub optional: bool,
    /// Call the interface.
    #[serde(default)]
    pub call: Option<Box<Call>>,
    /// Ask for a token.
    #[serde(default)]
    pub token: Option<Box<Token>>,
    /// Ask about a token.
    #[serde(default)]
    pub introspect: Option<Introspect>,
    /// Any HTTP request.
    #[serde(default)]
    pub http: Option<Box<Http>>,
    /// Offer an old TLS version.
    #[serde(default)]
    pub tls_probe: Option<TlsProbe>,
    /// Ask the product to change its state.
    #[serde(default)]
    pub driver: Option<DriverAct>,
    /// Make a consumer product act.
    #[serde(default)]
    pub consume: Option<Box<Consume>>,
    /// Call an operation of a SOAP service.
    #[serde(default)]
    pub soap: Option<Box<Soap>>,
    /// Fetch the description that the product publishes.
    #[serde(default)]
    pub describe: Option<Describe>,
    /// Make a consumer product perform an operation.
    #[serde(default)]
    pub soap_consume: Option<Box<SoapConsume>>,
    /// Look at traffic that a monitor recorded.
    #[serde(default)]
    pub observe: Option<Observe>,
    /// Call an operation of a business unit.
    #[serde(default)]
    pub unit: Option<Box<UnitCall>>,
    /// Make a consumer product call an operation of a business unit.
    #[serde(default)]
    pub unit_consume: Option<Box<UnitConsume>>,
    /// Be the common platform between business units.
    #[serde(default)]
    pub deliver: Option<Deliver>,
    /// Have the product lay down a file of a unit.
    #[serde(default)]
    pub file_export: Option<FileExport>,
    /// Lay down a file of a unit for the product.
    #[serde(default)]
    pub file_deposit: Option<Box<FileDeposit>>,
    /// Wait.
    #[serde(default)]
    pub wait: Option<Wait>,
    /// Checks.
    #[serde(default)]
    pub checks: Vec<RawCheck>,
    /// Expectations.
    #[serde(default)]
    pub expect: Vec<Use>,
}

/// Use of an expectation.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Use {
    /// Name of the expectation.
    #[serde(rename = "use")]
    pub name: String,
    /// Values for its `$name` parameters.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub with: BTreeMap<String, toml::Value>,
    /// Requirements for its `$for`.
    #[serde(default, rename = "for")]
    pub requirements: Vec<String>,
}

/// A check as written. The parameters of the named check stand beside these keys.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct RawCheck {
    /// Name of the check.
    pub is: String,
    /// Requirements that it decides.
    #[serde(default, rename = "for")]
    pub requirements: Vec<String>,
    /// Other parameters under other options of a reading.
    #[serde(default)]
    pub reading: Option<RawReading>,
    /// Only observe.
    #[serde(default)]
    pub record: bool,
    /// Parameters of the named check.
    #[serde(flatten)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub parameters: toml::Table,
}

/// What a reading makes of a check.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RawReading {
    /// The reading.
    pub id: String,
    /// For each option: `"record"`, or parameters that replace those of the check.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub cases: BTreeMap<String, toml::Value>,
}

/// Lists of requirement ids, each kept once.
pub(super) type IdLists = RefCell<HashMap<Vec<String>, Arc<[Arc<str>]>>>;

/// What is needed to turn written scenarios into resolved ones.
pub(super) struct Resolver<'a> {
    pub(super) expectations: &'a BTreeMap<String, Expectation>,
    /// Lists of requirement ids that were used before: the same few are used again and again.
    pub(super) lists: &'a IdLists,
    pub(super) interface: Option<Arc<str>>,
    pub(super) family: Option<Arc<str>>,
    pub(super) units: &'a [Unit],
}

impl Resolver<'_> {
    /// Resolves one scenario; all its faults are reported, not only the first.
    pub(super) fn scenario(&self, raw: RawScenario, location: Location) -> Result<Scenario, Vec<CorpusError>> {
        let mut errors = Vec::new();
        let mut steps = Vec::with_capacity(raw.step.len());
        for step in raw.step {
            let user = format!("scenario {}, step {}", raw.id, step.id);
            match self.step(step, &user, &location) {
                Ok(step) => steps.push(step),
                Err(mut more) => errors.append(&mut more),
            }
        }
        if steps.is_empty() && errors.is_empty() {
            errors.push(form(&location, &raw.id, "a scenario needs at least one step"));
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        Ok(Scenario {
            id: raw.id.into(),
            title: raw.title,
            role: raw.role,
            interface: self.interface.clone(),
            needs: raw.needs,
            applies: raw.applies,
            exclusive: raw.exclusive,
            tags: raw.tags,
            family: self.family.clone(),
            steps,
            location,
        })
    }

    fn intern(&self, ids: Vec<String>) -> Arc<[Arc<str>]> {
        let mut lists = self.lists.borrow_mut();
        if let Some(known) = lists.get(&ids) {
            return Arc::clone(known);
        }
        let list: Arc<[Arc<str>]> = ids.iter().map(|id| Arc::from(id.as_str())).collect();
        lists.insert(ids, Arc::clone(&list));
        list
    }

    fn step(&self, raw: RawStep, user: &str, location: &Location) -> Result<Step, Vec<CorpusError>> {
        let mut errors = Vec::new();
        let mut checks = Vec::new();
        for used in &raw.expect {
            match self.expectation(used, user, location) {
                Ok(more) => checks.extend(more),
                Err(error) => errors.push(error),
            }
        }
        for check in raw.checks {
            match self.check(check, user, location) {
                Ok(check) => checks.push(check),
                Err(error) => errors.push(error),
            }
        }
        let (unit_act, called) = match self.unit_act(raw.unit, raw.unit_consume) {
            Ok(found) => found,
            Err(WrongAct(message)) => {
                errors.push(form(location, user, &message));
                return Err(errors);
            }
        };
        if called.is_some() || raw.deliver.is_some() || raw.file_export.is_some() {
            let about = About {
                units: self.units,
                called,
            };
            for spec in &mut checks {
                about.complete(&mut spec.check);
            }
            if matches!(unit_act, Some(Act::Soap(_))) {
                checks.extend(about.usual(&checks));
            }
        }
        let file_deposit = match raw.file_deposit.map(|deposit| self.deposit(*deposit)).transpose() {
            Ok(deposit) => deposit,
            Err(WrongAct(message)) => {
                errors.push(form(location, user, &message));
                return Err(errors);
            }
        };
        let acts: Vec<Act> = [
            raw.call.map(Act::Call),
            raw.token.map(Act::Token),
            raw.introspect.map(Act::Introspect),
            raw.http.map(Act::Http),
            raw.tls_probe.map(Act::TlsProbe),
            raw.driver.map(Act::Driver),
            raw.consume.map(Act::Consume),
            raw.soap.map(Act::Soap),
            raw.describe.map(Act::Describe),
            raw.soap_consume.map(Act::SoapConsume),
            raw.observe.map(Act::Observe),
            unit_act,
            raw.deliver.map(Act::Deliver),
            raw.file_export.map(Act::FileExport),
            file_deposit.map(Act::FileDeposit),
            raw.wait.map(Act::Wait),
        ]
        .into_iter()
        .flatten()
        .collect();
        let act = <[Act; 1]>::try_from(acts).map_err(|acts| {
            let found: Vec<&str> = acts.iter().map(Act::word).collect();
            let found = if found.is_empty() {
                "none".to_owned()
            } else {
                found.join(" and ")
            };
            let message = "a step does exactly one of call, token, introspect, http, tls-probe, driver, consume, soap, describe, \
                           soap-consume, observe, unit, unit-consume, deliver, file-export, file-deposit, wait";
            form(location, user, &format!("{message}; found {found}"))
        });
        match act {
            Ok([act]) if errors.is_empty() => {
                checks.shrink_to_fit();
                Ok(Step {
                    id: raw.id.into(),
                    act,
                    optional: raw.optional,
                    checks,
                })
            }
            Ok(_) => Err(errors),
            Err(error) => {
                errors.push(error);
                Err(errors)
            }
        }
    }

    fn deposit(&self, mut deposit: FileDeposit) -> Result<Box<FileDeposit>, WrongAct> {
        deposit.complete(self.units)?;
        Ok(Box::new(deposit))
    }

    /// The act at a business unit, with what it calls.
    #[expect(clippy::type_complexity, reason = "a pair of what was written and what it refers to")]
    fn unit_act(
        &self,
        call: Option<Box<UnitCall>>,
        consume: Option<Box<UnitConsume>>,
    ) -> Result<(Option<Act>, Option<(&Unit, &Operation)>), WrongAct> {
        if let Some(call) = call {
            let soap = call.soap(self.units)?;
            let called = operation_of(self.units, &call.call)?;
            return Ok((Some(Act::Soap(Box::new(soap))), Some(called)));
        }
        if let Some(consume) = consume {
            let soap = consume.soap(self.units)?;
            let called = operation_of(self.units, &consume.call)?;
            return Ok((Some(Act::SoapConsume(Box::new(soap))), Some(called)));
        }
        Ok((None, None))
    }

    fn expectation(&self, used: &Use, user: &str, location: &Location) -> Result<Vec<CheckSpec>, CorpusError> {
        let expectation = self.expectations.get(&used.name).ok_or_else(|| CorpusError::Unknown {
            location: location.clone(),
            user: user.to_owned(),
            what: "expectation",
            name: used.name.clone(),
            hint: did_you_mean(&used.name, self.expectations.keys().map(String::as_str)),
        })?;
        let missing = |name: &str| {
            form(
                location,
                user,
                &format!("expectation `{}` needs `with = {{ {name} = … }}`", used.name),
            )
        };
        let mut checks = Vec::new();
        for raw in &expectation.checks {
            let mut raw = raw.clone();
            for value in raw.parameters.iter_mut().map(|(_, value)| value) {
                fill(value, &used.with).map_err(|name| missing(&name))?;
            }
            if let Some(reading) = &mut raw.reading {
                for value in reading.cases.values_mut() {
                    fill(value, &used.with).map_err(|name| missing(&name))?;
                }
            }
            raw.requirements = raw
                .requirements
                .into_iter()
                .flat_map(|id| {
                    if id == "$for" {
                        used.requirements.clone()
                    } else {
                        vec![id]
                    }
                })
                .collect();
            // A check that exists only for the user's requirements is left out where there are none.
            if raw.requirements.is_empty() {
                continue;
            }
            checks.push(self.check(raw, user, location)?);
        }
        Ok(checks)
    }

    fn check(&self, raw: RawCheck, user: &str, location: &Location) -> Result<CheckSpec, CorpusError> {
        let parse = |parameters: toml::Table| match Check::parse(&raw.is, parameters) {
            Some(Ok(check)) => Ok(check),
            Some(Err(message)) => Err(form(location, user, &format!("check `{}`: {message}", raw.is))),
            None => Err(CorpusError::Unknown {
                location: location.clone(),
                user: user.to_owned(),
                what: "check",
                name: raw.is.clone(),
                hint: did_you_mean(&raw.is, check_docs().iter().map(|doc| doc.name)),
            }),
        };
        let check = parse(raw.parameters.clone())?;
        let reading = match raw.reading {
            None => None,
            Some(reading) => {
                let mut cases = BTreeMap::new();
                for (option, case) in reading.cases {
                    let case = match case {
                        toml::Value::String(word) if word == "record" => ReadingCase::Record,
                        toml::Value::Table(changes) => {
                            let mut parameters = raw.parameters.clone();
                            parameters.extend(changes);
                            ReadingCase::Ask(parse(parameters)?)
                        }
                        other => {
                            return Err(form(
                                location,
                                user,
                                &format!(
                                    "reading {} option `{option}`: expected \"record\" or a table of parameters, found {}",
                                    reading.id,
                                    other.type_str()
                                ),
                            ));
                        }
                    };
                    cases.insert(option, case);
                }
                Some(Box::new((reading.id, cases)))
            }
        };
        Ok(CheckSpec {
            check,
            requirements: self.intern(raw.requirements),
            reading,
            record: raw.record,
        })
    }
}

/// Replaces `$name` strings by their values; the error is the name that has none.
fn fill(value: &mut toml::Value, with: &BTreeMap<String, toml::Value>) -> Result<(), String> {
    match value {
        toml::Value::String(text) => {
            if let Some(name) = text.strip_prefix('$') {
                *value = with.get(name).cloned().ok_or_else(|| name.to_owned())?;
            }
            Ok(())
        }
        toml::Value::Array(items) => items.iter_mut().try_for_each(|item| fill(item, with)),
        toml::Value::Table(table) => table.iter_mut().try_for_each(|(_, value)| fill(value, with)),
        _ => Ok(()),
    }
}

pub(super) fn form(location: &Location, user: &str, message: &str) -> CorpusError {
    CorpusError::Form {
        location: location.clone(),
        user: user.to_owned(),
        message: message.to_owned(),
    }
}

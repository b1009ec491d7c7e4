//! Scenarios that follow from a unit's definition: what every operation has to take and to refuse.

use std::collections::BTreeMap;

use super::act_unit::{UnitCall, UnitConsume};
use super::check::{Arrived, DriverValue, Records, Refusal, SchemaValid, Sent, SoapAnswer};
use super::units::{asking_id, interface_id};
use super::{Act, Check, CheckSpec, Message, Scenario, Step};
use crate::standard::unit::{Field, Item, Operation, OperationKind, Unit, UnitItemType};
use crate::standard::{Location, OneOrMany, Subject};
use crate::text::Text;

/// All generated scenarios of a unit.
pub(super) fn generate(unit: &Unit, units: &[Unit], location: &Location) -> Vec<Scenario> {
    let maker = Maker { unit, units, location };
    let mut all = Vec::new();
    for operation in &unit.operations {
        maker.takes(operation, &mut all);
        maker.refuses(operation, &mut all);
    }
    maker.discretion(&mut all);
    maker.asks(&mut all);
    all
}

/// Part of an item that is broken.
struct Mistake<'a> {
    word: &'static str,
    item: &'a Item,
    value: Option<String>,
    code: &'static str,
    ja: String,
    en: String,
}

struct Maker<'a> {
    unit: &'a Unit,
    units: &'a [Unit],
    location: &'a Location,
}

impl Maker<'_> {
    fn scenario(&self, id: String, title: Text, role: Subject, family: &str, steps: Vec<Step>) -> Scenario {
        Scenario {
            id: id.into(),
            title,
            role,
            interface: Some(self.unit.interface().into()),
            needs: if role == Subject::Consumer {
                vec!["soap-call".into()]
            } else {
                Vec::new()
            },
            applies: Vec::new(),
            exclusive: false,
            tags: vec!["generated".into()],
            family: Some(format!("unit.{family}").into()),
            steps,
            location: self.location.clone(),
        }
    }

    /// A step that calls an operation; nothing where the unit's data does not allow to write the request.
    fn call(
        &self,
        step: &str,
        operation: &Operation,
        set: BTreeMap<String, String>,
        without: Vec<String>,
        checks: Vec<CheckSpec>,
    ) -> Option<Step> {
        let call = UnitCall {
            call: format!("{}.{}", self.unit.id(), operation.name),
            about: Some("a".into()),
            set,
            without,
            repeat: None,
        };
        let soap = call.soap(self.units).ok()?;
        Some(Step {
            id: step.into(),
            act: Act::Soap(Box::new(soap)),
            optional: false,
            checks,
        })
    }

    /// Requests with the least and with the most that the table allows. A procedure needs a story, so it is left to the
    /// hand-written scenarios.
    fn takes(&self, operation: &Operation, all: &mut Vec<Scenario>) {
        if matches!(operation.kind, OperationKind::Procedure) {
            return;
        }
        let requirement = interface_id(self.unit, operation);
        let title = &operation.title;
        let minimal = self.call("call", operation, BTreeMap::new(), Vec::new(), accepted(&requirement));
        all.extend(minimal.map(|step| {
            self.scenario(
                format!("UNIT-{}-G-{}-minimal", self.unit.id(), operation.id),
                Text::new(
                    format!("{}: 必須項目だけの電文", title.ja),
                    format!("{}: only what is required", title.en),
                ),
                Subject::Provider,
                "minimal",
                vec![step],
            )
        }));
        let is_notice = matches!(operation.kind, OperationKind::Notice(_));
        for field in operation.fields.iter().filter(|_| is_notice) {
            let item = &field.item;
            if item.item_type != UnitItemType::N || !item.codes.is_empty() || item.fixed {
                continue;
            }
            let set = [(item.id.clone(), format!("${{fill:N:{}}}", item.length))].into();
            let step = self.call("call", operation, set, Vec::new(), accepted(&requirement));
            all.extend(step.map(|step| {
                self.scenario(
                    format!("UNIT-{}-G-{}-limit-{}", self.unit.id(), operation.id, item.id),
                    Text::new(
                        format!("{}: {}が上限の{}文字", title.ja, item.name.ja, item.length),
                        format!(
                            "{}: {} as long as it may be, {} characters",
                            title.en, item.name.en, item.length
                        ),
                    ),
                    Subject::Provider,
                    "limit",
                    vec![step],
                )
            }));
        }
    }

    /// Requests that break one row of the table.
    fn refuses(&self, operation: &Operation, all: &mut Vec<Scenario>) {
        let requirement = interface_id(self.unit, operation);
        for mistake in mistakes(operation) {
            let id = &mistake.item.id;
            let (set, without) = match mistake.value {
                Some(value) => ([(id.clone(), value)].into(), Vec::new()),
                None => (BTreeMap::new(), vec![id.clone()]),
            };
            let check = spec(
                Check::Refusal(Box::new(Refusal {
                    code: OneOrMany::One(mistake.code.into()),
                })),
                &requirement,
            );
            let Some(step) = self.call("call", operation, set, without, vec![check]) else {
                continue;
            };
            all.push(self.scenario(
                format!("UNIT-{}-G-{}-{}-{id}", self.unit.id(), operation.id, mistake.word),
                Text::new(
                    format!("{}: {}", operation.title.ja, mistake.ja),
                    format!("{}: {}", operation.title.en, mistake.en),
                ),
                Subject::Provider,
                mistake.word,
                vec![step],
            ));
        }
    }

    /// Who may ask; what comes twice.
    fn discretion(&self, all: &mut Vec<Scenario>) {
        let id = self.unit.id();
        let access = format!("UNIT-{id}-ACC");
        for (index, record) in self.unit.records.iter().enumerate() {
            let inquiry = |operation: &&Operation| matches!(operation.kind, OperationKind::Inquiry(at) if at == index);
            let Some(operation) = self.unit.operations.iter().find(inquiry) else {
                continue;
            };
            let none = Records {
                count: Some(0),
                min: None,
                max: None,
                only: BTreeMap::new(),
                equals: BTreeMap::new(),
                absent: Vec::new(),
            };
            let mut checks = accepted(&interface_id(self.unit, operation));
            checks.push(spec(Check::Records(Box::new(none)), &access));
            let unknown = self.call("ask", operation, BTreeMap::new(), Vec::new(), checks);
            all.extend(unknown.map(|step| {
                self.scenario(
                    format!("UNIT-{id}-G-{}-unknown", operation.id),
                    Text::new(
                        format!("{}: 知らない者の照会には0件で答える", record.name.ja),
                        format!("{}: nobody with that number, no row", record.name.en),
                    ),
                    Subject::Provider,
                    "unknown",
                    vec![step],
                )
            }));
            let stranger = (1..=26_u8)
                .rev()
                .find(|number| *number != self.unit.file.number && !record.consumers.contains(number));
            let Some(stranger) = stranger else { continue };
            let set = [("shokaimoto".to_owned(), format!("{stranger:02}"))].into();
            let check = spec(
                Check::Refusal(Box::new(Refusal {
                    code: OneOrMany::One("E0007".into()),
                })),
                &access,
            );
            let refused = self.call("ask", operation, set, Vec::new(), vec![check]);
            all.extend(refused.map(|step| {
                self.scenario(
                    format!("UNIT-{id}-G-{}-stranger", operation.id),
                    Text::new(
                        format!(
                            "{}: 利用を宣言していないユニット{stranger:02}の照会を拒否する",
                            record.name.ja
                        ),
                        format!(
                            "{}: unit {stranger:02}, which does not consume it, is refused",
                            record.name.en
                        ),
                    ),
                    Subject::Provider,
                    "stranger",
                    vec![step],
                )
            }));
        }
        let notice = |operation: &&Operation| matches!(operation.kind, OperationKind::Notice(_));
        if let Some(operation) = self.unit.operations.iter().find(notice) {
            let duplicate = format!("UNIT-{id}-DUP");
            let twice = || self.call("first", operation, BTreeMap::new(), Vec::new(), accepted(&duplicate));
            if let (Some(first), Some(again)) = (twice(), twice()) {
                let again = Step {
                    id: "again".into(),
                    ..again
                };
                all.push(self.scenario(
                    format!("UNIT-{id}-G-notice-twice"),
                    Text::new("同じ通番の異動通知を2度受ける", "The same notice comes twice"),
                    Subject::Provider,
                    "twice",
                    vec![first, again],
                ));
            }
        }
    }

    /// How the unit asks others: a row, no row, a refusal.
    fn asks(&self, all: &mut Vec<Scenario>) {
        for row in &self.unit.file.consumes {
            let owner = self.units.iter().find(|unit| unit.id() == row.unit);
            let Some((owner, record)) = owner.and_then(|owner| Some((owner, owner.record(&row.record)?))) else {
                continue;
            };
            let requirement = asking_id(self.unit, &row.unit, &row.record);
            let subject = record.subject().to_owned();
            let length = record.fields.first().map_or(15, |field| field.item.length);
            let cases = [
                ("row", "1件の応答", "one row", 1, None, "done"),
                ("none", "0件の応答", "no row", 0, None, "done"),
                ("refused", "拒否", "a refusal", 0, Some("E0007"), "fault"),
            ];
            for (word, ja, en, rows, refuse, outcome) in cases {
                let row_of_subject = BTreeMap::from([(subject.clone(), "@a".to_owned())]);
                let act = UnitConsume {
                    call: format!("{}.Inquire{}", owner.id(), record.element),
                    about: Some("a".into()),
                    set: [("kijunbi".to_owned(), "2026-04-01".to_owned())].into(),
                    rows: vec![row_of_subject; rows],
                    refuse: refuse.map(Into::into),
                };
                let Ok(soap) = act.soap(self.units) else { continue };
                let sent = Sent {
                    items: [
                        ("shokaimoto".to_owned(), self.unit.id()),
                        (subject.clone(), format!("@a:{length}")),
                        ("kijunbi".to_owned(), "2026-04-01".to_owned()),
                    ]
                    .into(),
                    only: true,
                };
                let checks = [
                    Check::Arrived(Box::new(Arrived {
                        at: "api".into(),
                        min: 1,
                        max: Some(1),
                    })),
                    Check::SchemaValid(Box::new(SchemaValid {
                        of: Message::Request,
                        on: super::Place::Api,
                    })),
                    Check::Sent(Box::new(sent)),
                    Check::DriverValue(Box::new(DriverValue {
                        at: "/outcome".into(),
                        equals: Some(outcome.into()),
                        one_of: None,
                    })),
                ];
                let step = Step {
                    id: "ask".into(),
                    act: Act::SoapConsume(Box::new(soap)),
                    optional: false,
                    checks: checks.into_iter().map(|check| spec(check, &requirement)).collect(),
                };
                all.push(self.scenario(
                    format!("UNIT-{}-C-{}-{}-{word}", self.unit.id(), row.unit, row.record),
                    Text::new(
                        format!("{}の{}を照会する: {ja}", owner.file.name.ja, record.name.ja),
                        format!("Asks {} for {}: {en}", owner.file.name.en, record.name.en),
                    ),
                    Subject::Consumer,
                    "asks",
                    vec![step],
                ));
            }
        }
    }
}

fn spec(check: Check, requirement: &str) -> CheckSpec {
    CheckSpec {
        check,
        requirements: [requirement.into()].into(),
        reading: None,
        record: false,
    }
}

/// A valid answer that is no fault.
pub(super) fn accepted(requirement: &str) -> Vec<CheckSpec> {
    let valid = SchemaValid {
        of: Message::Response,
        on: super::Place::Api,
    };
    vec![
        spec(Check::SoapAnswer(Box::new(SoapAnswer {})), requirement),
        spec(Check::SchemaValid(Box::new(valid)), requirement),
    ]
}

/// One mistake of every kind that an operation's items allow. The same notices come to many units, so of each kind only
/// the first item is taken there; what is missing is tried for every item.
fn mistakes(operation: &Operation) -> Vec<Mistake<'_>> {
    let is_notice = matches!(operation.kind, OperationKind::Notice(_));
    let mut all: Vec<Mistake<'_>> = operation
        .fields
        .iter()
        .filter(|field| field.required)
        .map(missing)
        .collect();
    let kinds: [fn(&Item) -> Option<Mistake<'_>>; 3] = [too_long, wrong_form, wrong_code];
    for kind in kinds {
        let found = operation.fields.iter().filter_map(|field| kind(&field.item));
        if is_notice {
            all.extend(found.take(1));
        } else {
            all.extend(found);
        }
    }
    all
}

fn missing(field: &Field) -> Mistake<'_> {
    let item = &*field.item;
    Mistake {
        word: "missing",
        item,
        value: None,
        code: "E0001",
        ja: format!("{}がない", item.name.ja),
        en: format!("{} is missing", item.name.en),
    }
}

fn too_long(item: &Item) -> Option<Mistake<'_>> {
    if !item.codes.is_empty() {
        return None;
    }
    let over = item.length + 1;
    let value = match item.item_type {
        UnitItemType::X => format!("${{fill:X:{over}}}"),
        UnitItemType::N => format!("${{fill:N:{over}}}"),
        UnitItemType::Integer => format!("${{fill:9:{over}}}"),
        _ => return None,
    };
    Some(Mistake {
        word: "long",
        item,
        value: Some(value),
        code: "E0003",
        ja: format!("{}が{over}文字", item.name.ja),
        en: format!("{} has {over} characters", item.name.en),
    })
}

fn wrong_form(item: &Item) -> Option<Mistake<'_>> {
    if !item.codes.is_empty() {
        return None;
    }
    let value = match item.item_type {
        // Of the right length, so that only the characters are wrong.
        UnitItemType::X => format!("${{fill:N:{}}}", item.length),
        UnitItemType::N => "half width".to_owned(),
        UnitItemType::Integer => "1x".to_owned(),
        UnitItemType::Signed => "+-1".to_owned(),
        UnitItemType::Date if item.unknown_date => return None,
        UnitItemType::Date => "2026-02-29".to_owned(),
        UnitItemType::Time => "24:00:01".to_owned(),
        UnitItemType::Year => "26年度".to_owned(),
    };
    let shown = if value.starts_with('$') {
        "…".to_owned()
    } else {
        value.clone()
    };
    Some(Mistake {
        word: "form",
        item,
        ja: format!("{}の文字又は形式が違う（{shown}）", item.name.ja),
        en: format!("{} in a wrong form ({shown})", item.name.en),
        value: Some(value),
        code: "E0002",
    })
}

fn wrong_code(item: &Item) -> Option<Mistake<'_>> {
    let length = item.codes.first()?.len();
    let unknown = ["9", "Z", "8", "Y"]
        .iter()
        .map(|letter| letter.repeat(length))
        .find(|word| !item.codes.contains(word))?;
    Some(Mistake {
        word: "code",
        item,
        ja: format!("{}がコード表にない値（{unknown}）", item.name.ja),
        en: format!("{} with a value that is not in the code list ({unknown})", item.name.en),
        value: Some(unknown),
        code: "E0002",
    })
}

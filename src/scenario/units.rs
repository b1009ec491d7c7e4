//! What follows from the files of the business units: services, requirements and profiles.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::act_unit::sample;
use crate::standard::unit::{Operation, OperationKind, RuleRow, Unit, description, namespace};
use crate::standard::{Kind, Level, Profile, Requirement, Service, ServiceFile, Subject};
use crate::text::Text;

/// Source document of our own profile.
const SOURCE: &str = "junkyo-units";
/// The description of a unit, as a file of its service.
const WSDL: &str = "unit.wsdl";

/// The SOAP service of a unit.
pub(super) fn service_of(unit: &Unit) -> Service {
    let mut texts = BTreeMap::from([(WSDL.to_owned(), description(unit))]);
    let mut samples = BTreeMap::new();
    for operation in &unit.operations {
        if let Some(text) = sample(unit, operation) {
            let file = format!("samples/{}.xml", operation.id);
            texts.insert(file.clone(), text);
            samples.insert(operation.name.clone(), file);
        }
    }
    Service {
        file: ServiceFile {
            id: unit.interface(),
            title: unit.file.name.clone(),
            kind: Kind::Reference,
            wsdl: WSDL.to_owned(),
            prefixes: [("u".to_owned(), namespace(unit.file.number))].into(),
            samples,
            headers: BTreeMap::new(),
        },
        folder: unit.folder.clone(),
        texts,
    }
}

/// The profiles `unit.NN.provider` and `unit.NN.consumer`.
pub(super) fn profiles_of(unit: &Unit) -> Vec<Profile> {
    let id = unit.id();
    let name = &unit.file.name;
    let profile = |word: &str, subject, ja: &str, en: &str| Profile {
        id: format!("unit.{id}.{word}"),
        title: Text::new(
            format!("業務ユニット{id} {}（{ja}）", name.ja),
            format!("Business unit {id}, {} ({en})", name.en),
        ),
        description: Text::new(
            format!(
                "{}（本スイート独自の基準プロファイル。APPLIC のインタフェースではない）",
                unit.file.purpose.ja
            ),
            format!(
                "{} (our own reference profile, not an interface of APPLIC)",
                unit.file.purpose.en
            ),
        ),
        kind: Kind::Reference,
        subject: Some(subject),
        requirements: vec![format!("UNIT-{id}-*")],
        includes: Vec::new(),
    };
    let mut profiles = vec![profile("provider", Subject::Provider, "提供側", "provider")];
    if !unit.file.consumes.is_empty() {
        profiles.push(profile("consumer", Subject::Consumer, "利用側", "consumer"));
    }
    profiles
}

/// The requirements of a unit: its rules, its interface, its discretion, and how it asks others.
pub(super) fn requirements_of(unit: &Unit, units: &[Unit]) -> Vec<Requirement> {
    let mut all: Vec<Requirement> = unit.file.rule.iter().map(|rule| rule_requirement(unit, rule)).collect();
    all.extend(
        unit.operations
            .iter()
            .map(|operation| interface_requirement(unit, operation)),
    );
    all.extend(discretion(unit));
    all.extend(asking(unit, units));
    all
}

/// Id of the requirement about one operation.
pub(super) fn interface_id(unit: &Unit, operation: &Operation) -> String {
    format!("UNIT-{}-IF-{}", unit.id(), operation.id)
}

/// Id of the requirement about one record of another unit that a unit asks for.
pub(super) fn asking_id(unit: &Unit, of: &str, record: &str) -> String {
    format!("UNIT-{}-CON-{of}-{record}", unit.id())
}

fn blank(id: String, subject: Subject, text: Text, know_how: Text) -> Requirement {
    Requirement {
        id,
        source: SOURCE.into(),
        clause: String::new(),
        kind: Kind::Reference,
        derivation: None,
        level: Level::Must,
        step: 1,
        subject: vec![subject],
        text,
        know_how,
        readings: Vec::new(),
        not_tested: None,
    }
}

fn rule_requirement(unit: &Unit, rule: &RuleRow) -> Requirement {
    let law = rule
        .law
        .as_ref()
        .and_then(|id| unit.file.law.iter().find(|law| law.id == *id));
    let clause = rule.clause.clone().unwrap_or_default();
    let (ja, en) = match law {
        Some(law) => (
            format!("{}（{}）{clause}", law.name.ja, law.number),
            format!("{} ({}) {clause}", law.name.en, law.number),
        ),
        None => (clause.clone(), clause.clone()),
    };
    let derivation = rule.derivation.clone().unwrap_or_else(|| match law {
        Some(_) => Text::new(
            format!("{ja}に基づく業務の規則を、本スイート独自の基準プロファイルの電文で問う。条文は公開の法令であり、電文は APPLIC のものではない。"),
            format!("The business rule rests on {en}; the messages in which it is asked are our own profile, not APPLIC's."),
        ),
        None => Text::new(
            "本スイート独自の基準プロファイルの規則。APPLIC の規定ではない。",
            "A rule of our own reference profile, not one of APPLIC's.",
        ),
    });
    Requirement {
        source: rule.source.clone().unwrap_or_else(|| SOURCE.into()),
        clause: if rule.source.is_some() {
            clause
        } else {
            format!("unit {} {ja}", unit.id()).trim().to_owned()
        },
        kind: rule.kind,
        derivation: Some(derivation),
        level: rule.level,
        not_tested: rule.not_tested.clone(),
        ..blank(rule.id.clone(), rule.subject, rule.text.clone(), rule.know_how.clone())
    }
}

fn from_profile() -> Option<Text> {
    Some(Text::new(
        "conformance/units/README.md の電文の規則から従う。本スイート独自の基準プロファイルであり、APPLIC のインタフェースではない。",
        "It follows from the message rules of conformance/units/README.md, our own reference profile; it is no interface of APPLIC.",
    ))
}

fn interface_requirement(unit: &Unit, operation: &Operation) -> Requirement {
    let (ja, en) = (&operation.title.ja, &operation.title.en);
    Requirement {
        clause: format!("unit {} {}", unit.id(), operation.name),
        derivation: from_profile(),
        ..blank(
            interface_id(unit, operation),
            Subject::Provider,
            Text::new(
                format!(
                    "操作 {}（{ja}）は、項目表が許す電文を受け付けて WSDL どおりの応答を返し、許さない電文を拒否する。",
                    operation.name
                ),
                format!(
                    "The operation {} ({en}) takes what the item table allows, answers as the description says, and refuses what it does not allow.",
                    operation.name
                ),
            ),
            Text::new(
                format!(
                    "`junkyo show unit.{} --wsdl` の型・桁数・コード・必須を、受信時に検査してください。拒否は Client フォルトと Refusal で返します。",
                    unit.id()
                ),
                format!(
                    "Check type, length, code and presence of `junkyo show unit.{} --wsdl` when a message comes in; refuse with a Client fault and a Refusal.",
                    unit.id()
                ),
            ),
        )
    }
}

/// Who may ask, who is told, and what happens to a notice that comes twice.
fn discretion(unit: &Unit) -> Vec<Requirement> {
    let id = unit.id();
    let mut all = vec![Requirement {
        clause: format!("unit {id} Inquire"),
        derivation: from_profile(),
        ..blank(
            format!("UNIT-{id}-ACC"),
            Subject::Provider,
            Text::new(
                "照会元ユニットが利用を宣言していない記録の照会は、E0007 で拒否する。宛名番号を知らない者の照会には 0 件で答える。",
                "An inquiry by a unit that does not consume the record is refused with E0007; one about somebody unknown is answered with no row.",
            ),
            Text::new(
                "照会元（shokaimoto）と記録の組を `junkyo list --matrix` の表で確かめてから答えてください。",
                "Look the pair of asking unit and record up in the matrix (`junkyo list --matrix`) before you answer.",
            ),
        )
    }];
    let notices = unit
        .operations
        .iter()
        .any(|operation| matches!(operation.kind, OperationKind::Notice(_)));
    if notices {
        all.push(Requirement {
            clause: format!("unit {id} Receive"),
            derivation: from_profile(),
            ..blank(
                format!("UNIT-{id}-DUP"),
                Subject::Provider,
                Text::new(
                    "同じ通番の異動通知を再び受けても、状態を変えず、初回と同じく受理を返す。",
                    "A notice that comes again with the same serial number changes nothing and is accepted as before.",
                ),
                Text::new(
                    "処理済みの通番を送付元ごとに保持し、再送を無視してください。",
                    "Keep the serial numbers that were processed, and ignore what comes again.",
                ),
            )
        });
    }
    all
}

/// How the unit asks others.
fn asking(unit: &Unit, units: &[Unit]) -> Vec<Requirement> {
    let id = unit.id();
    let mut all = Vec::new();
    for row in &unit.file.consumes {
        let owner = units.iter().find(|other| other.id() == row.unit);
        let Some((owner, record)) = owner.and_then(|owner| Some((owner, owner.record(&row.record)?))) else {
            continue;
        };
        all.push(Requirement {
            clause: format!("unit {id} → unit {} {}", row.unit, record.element),
            derivation: from_profile(),
            ..blank(
                asking_id(unit, &row.unit, &row.record),
                Subject::Consumer,
                Text::new(
                    format!("{}の{}を照会するとき、自ユニットの番号と指定どおりの宛名番号等・基準日だけを WSDL どおりに送り、0 件・拒否を正しく扱う（目的: {}）。", owner.file.name.ja, record.name.ja, row.why.ja),
                    format!("When it asks {} for {}, it sends its own number, the given subject and reference date and nothing else, as the description says, and handles no rows and a refusal (purpose: {}).", owner.file.name.en, record.name.en, row.why.en),
                ),
                Text::new(
                    "照会電文を WSDL から生成し、応答の 0 件と Refusal を、通信の失敗と区別して扱ってください。",
                    "Make the request from the description, and tell no rows and a Refusal from a failed connection.",
                ),
            )
        });
    }
    all
}

/// Services by interface id.
pub(super) fn services_of(units: &[Unit]) -> impl Iterator<Item = (String, Arc<Service>)> + '_ {
    units.iter().map(|unit| (unit.interface(), Arc::new(service_of(unit))))
}

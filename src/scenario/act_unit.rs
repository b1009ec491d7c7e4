//! Acts at business units as they are written, and the SOAP acts that follow from them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::act_soap::{Encoding, ReplyKind, Soap, SoapConsume, SoapReply, TextEdit};
use crate::standard::unit::exchange_file::FileKind;
use crate::standard::unit::{Field, Operation, OperationKind, Record, Unit, namespace};
use crate::xml::escape_text as escape;

/// Namespace of SOAP 1.1 envelopes.
const ENVELOPE: &str = "http://schemas.xmlsoap.org/soap/envelope/";

/// Calls an operation of a unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitCall {
    /// `<unit>.<operation>`, such as `10.InquireQualification`.
    pub call: String,
    /// Name of the person (company, parcel, document …) of the story that it is about.
    #[serde(default)]
    pub about: Option<String>,
    /// Items to send; `@b` stands for the number of `b`.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Required items to leave out.
    #[serde(default)]
    pub without: Vec<String>,
    /// The same request so many times, one after the other.
    #[serde(default)]
    pub repeat: Option<u32>,
}

/// Tells a consumer product to call an operation of a unit; the harness is the unit.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitConsume {
    /// `<unit>.<operation>`.
    pub call: String,
    /// Whom it is about.
    #[serde(default)]
    pub about: Option<String>,
    /// Items that the product is to send.
    #[serde(default)]
    pub set: BTreeMap<String, String>,
    /// Rows of the answer to an inquiry; items that are not given take the example of the dictionary.
    #[serde(default)]
    pub rows: Vec<BTreeMap<String, String>>,
    /// Refuse with this code instead.
    #[serde(default)]
    pub refuse: Option<String>,
}

/// The harness is the common platform: it takes changes of a unit and hands them to those that are told.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deliver {
    /// The unit where it begins, two digits.
    pub from: String,
    /// The people whose changes are delivered.
    pub about: Vec<String>,
}

/// Tells the product to lay down a file of a group, and takes it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FileExport {
    /// `<unit>.<record>`, such as `10.qualification`.
    pub group: String,
    /// Everything, or what has changed since the last file.
    #[serde(default)]
    pub kind: FileKind,
}

/// What the marker of a file says.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, JsonSchema, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum MarkerUse {
    /// The truth.
    #[default]
    Right,
    /// There is none.
    Absent,
    /// Another checksum.
    WrongSum,
    /// Another number of rows.
    WrongRows,
}

/// Lays down a file of a group and tells the product to take it.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct FileDeposit {
    /// `<unit>.<record>`.
    pub group: String,
    /// Everything, or changes.
    pub kind: FileKind,
    /// Its rows; `@a` is the number of `a`. Required items that are not given take the example of the dictionary.
    pub rows: Vec<BTreeMap<String, String>>,
    /// Number of the file among those of its group and kind; absent: the next one.
    pub sequence: Option<u32>,
    /// What the marker says.
    pub marker: MarkerUse,
    /// The file of this earlier step again, instead of a new one. With a right marker it gets one.
    pub again: Option<String>,
    /// 団体コード in the name, if another one.
    pub municipality: Option<String>,
    /// Changes of the written file.
    pub edit: Vec<TextEdit>,
    /// Encoding.
    pub encoding: Encoding,
    /// Bytes left out at the end, after the marker was computed.
    pub cut: usize,
}

/// `10.qualification` → the unit and the record.
pub(super) fn group_of<'u>(units: &'u [Unit], group: &str) -> Result<(&'u Unit, &'u Record), WrongAct> {
    let wrong = || {
        WrongAct(format!(
            "group = \"{group}\": expected <unit>.<record>, such as 10.qualification"
        ))
    };
    let (number, record) = group.split_once('.').ok_or_else(wrong)?;
    let number: u8 = number.parse().map_err(|_| wrong())?;
    let unit = units.iter().find(|unit| unit.file.number == number).ok_or_else(wrong)?;
    Ok((unit, unit.record(record).ok_or_else(wrong)?))
}

impl FileDeposit {
    /// Fills in what the rows leave open.
    pub(super) fn complete(&mut self, units: &[Unit]) -> Result<(), WrongAct> {
        let (_, record) = group_of(units, &self.group)?;
        for row in &mut self.rows {
            for field in &record.fields {
                let item = &field.item;
                if let Some(value) = row.get_mut(&item.id) {
                    *value = value_text(value, item.length);
                } else if let Some(example) = item.example.as_ref().filter(|_| field.required) {
                    row.insert(item.id.clone(), example.clone());
                }
            }
        }
        Ok(())
    }
}

/// Whom sample requests are about.
const SAMPLE: &str = "sample";

/// What is wrong with a unit act.
pub(super) struct WrongAct(pub(super) String);

/// `10.InquireQualification` → the unit and its operation.
pub(super) fn operation_of<'u>(units: &'u [Unit], call: &str) -> Result<(&'u Unit, &'u Operation), WrongAct> {
    let wrong = || {
        WrongAct(format!(
            "call = \"{call}\": expected <unit>.<operation>, such as 10.InquireQualification"
        ))
    };
    let (number, name) = call.split_once('.').ok_or_else(wrong)?;
    let number: u8 = number.parse().map_err(|_| wrong())?;
    let unit = units.iter().find(|unit| unit.file.number == number).ok_or_else(wrong)?;
    let operation = unit.operation(name).ok_or_else(|| {
        let hint = super::did_you_mean(name, unit.operations.iter().map(|operation| operation.name.as_str()));
        WrongAct(format!("unit {number:02} has no operation `{name}`{hint}"))
    })?;
    Ok((unit, operation))
}

/// `@b` → the number of `b`, as long as the item; everything else as it is.
pub(super) fn value_text(value: &str, length: usize) -> String {
    match value.strip_prefix('@') {
        Some(name) => format!("${{person.{name}.{length}}}"),
        None => value.to_owned(),
    }
}

impl UnitCall {
    /// The SOAP act that it is.
    pub(super) fn soap(&self, units: &[Unit]) -> Result<Soap, WrongAct> {
        let (unit, operation) = operation_of(units, &self.call)?;
        let body = request(unit, operation, self.about.as_deref(), &self.set, &self.without)?;
        Ok(Soap {
            service: Some(unit.interface()),
            operation: operation.name.clone(),
            body: Some(body),
            repeat: self.repeat.unwrap_or(1),
            ..Soap::default()
        })
    }
}

impl UnitConsume {
    /// The SOAP act that it is.
    pub(super) fn soap(&self, units: &[Unit]) -> Result<SoapConsume, WrongAct> {
        let (unit, operation) = operation_of(units, &self.call)?;
        let mut fields = BTreeMap::new();
        for (id, value) in values(operation, self.about.as_deref(), &self.set, &[])? {
            fields.insert(id, value.into());
        }
        // The product knows its own number.
        fields.remove("shokaimoto");
        let body = match &self.refuse {
            Some(code) => refusal(unit, code),
            None => answer(unit, operation, &self.rows)?,
        };
        let reply = SoapReply {
            kind: ReplyKind::Body,
            status: Some(if self.refuse.is_some() { 500 } else { 200 }),
            body: Some(format!(
                "<soap:Envelope xmlns:soap=\"{ENVELOPE}\"><soap:Body>{body}</soap:Body></soap:Envelope>"
            )),
            headers: [("Content-Type".to_owned(), "text/xml; charset=utf-8".to_owned())].into(),
            ..SoapReply::default()
        };
        Ok(SoapConsume {
            service: Some(unit.interface()),
            operation: operation.name.clone(),
            fields,
            replies: vec![reply],
            ..SoapConsume::default()
        })
    }
}

/// Items of a request with their values, in the order of the schema; then those that the schema does not know.
fn values(
    operation: &Operation,
    about: Option<&str>,
    set: &BTreeMap<String, String>,
    without: &[String],
) -> Result<Vec<(String, String)>, WrongAct> {
    let subject = operation.subject();
    let mut values = Vec::new();
    for field in &operation.fields {
        let item = &field.item;
        let id = &item.id;
        if without.contains(id) {
            continue;
        }
        let serial = serial_of(operation, about, id, set);
        let value = match set.get(id) {
            _ if serial.is_some() => serial,
            Some(value) => Some(value_text(value, item.length)),
            None if subject == Some(id) => about.map(|name| value_text(&format!("@{name}"), item.length)),
            None if field.required => item.example.clone(),
            None => None,
        };
        match value {
            Some(value) => values.push((id.clone(), value)),
            None if field.required => {
                return Err(WrongAct(format!(
                    "{} needs `{id}`: set it, or give `about`, or an `example` in the dictionary",
                    operation.name
                )));
            }
            None => {}
        }
    }
    for (id, value) in set {
        if !operation.fields.iter().any(|field| field.item.id == *id) {
            values.push((id.clone(), value.clone()));
        }
    }
    Ok(values)
}

/// The serial number of a notice: unlike any other of the run, but the same where a scenario says the same number again.
/// What is no small number stands as it is.
fn serial_of(operation: &Operation, about: Option<&str>, id: &str, set: &BTreeMap<String, String>) -> Option<String> {
    if id != "tsuban" || !matches!(operation.kind, OperationKind::Notice(_)) {
        return None;
    }
    let number: u8 = set.get(id).map_or(Some(1), |value| value.parse().ok())?;
    let about = about.filter(|about| *about != SAMPLE)?;
    Some(format!("${{notice.{}.{about}.{number}}}", operation.name))
}

fn request(
    unit: &Unit,
    operation: &Operation,
    about: Option<&str>,
    set: &BTreeMap<String, String>,
    without: &[String],
) -> Result<String, WrongAct> {
    let mut set = set.clone();
    if !set.contains_key("shokaimoto")
        && let Some(asking) = asking_unit(unit, operation)
    {
        set.insert("shokaimoto".into(), asking);
    }
    let items: String = values(operation, about, &set, without)?
        .iter()
        .map(|(id, value)| element(id, value))
        .collect();
    let name = &operation.name;
    Ok(format!(
        "<{name} xmlns=\"{}\">{items}</{name}>",
        namespace(unit.file.number)
    ))
}

/// Who asks, where a scenario does not say: the first declared consumer, or the unit itself.
fn asking_unit(unit: &Unit, operation: &Operation) -> Option<String> {
    let number = match &operation.kind {
        OperationKind::Inquiry(index) => unit.records.get(*index)?.consumers.first().copied(),
        // The common platform asks in the name of the unit.
        OperationKind::Changes => Some(unit.file.number),
        OperationKind::Procedure | OperationKind::Notice(_) => return None,
    };
    Some(format!("{:02}", number.unwrap_or(unit.file.number)))
}

/// A sample request, for products that take the unit as any SOAP service.
pub(super) fn sample(unit: &Unit, operation: &Operation) -> Option<String> {
    request(unit, operation, Some(SAMPLE), &BTreeMap::new(), &[]).ok()
}

fn element(id: &str, value: &str) -> String {
    format!("<{id}>{}</{id}>", escape(value))
}

fn answer(unit: &Unit, operation: &Operation, rows: &[BTreeMap<String, String>]) -> Result<String, WrongAct> {
    let namespace = namespace(unit.file.number);
    let name = &operation.name;
    let content = match &operation.kind {
        OperationKind::Inquiry(index) => {
            let record = unit.records.get(*index);
            let record = record.ok_or_else(|| WrongAct(format!("{name} has no record")))?;
            rows.iter()
                .map(|row| {
                    Ok(format!(
                        "<{0}>{1}</{0}>",
                        record.element,
                        row_items(&record.fields, row)?
                    ))
                })
                .collect::<Result<String, WrongAct>>()?
        }
        OperationKind::Procedure => element("uketsukebango", "R0000000001"),
        OperationKind::Notice(_) => element("kekka", "1"),
        OperationKind::Changes => String::new(),
    };
    Ok(format!(
        "<{name}Response xmlns=\"{namespace}\">{content}</{name}Response>"
    ))
}

fn row_items(fields: &[Field], row: &BTreeMap<String, String>) -> Result<String, WrongAct> {
    if let Some(unknown) = row.keys().find(|id| !fields.iter().any(|field| field.item.id == **id)) {
        return Err(WrongAct(format!("the record has no item `{unknown}`")));
    }
    let mut items = String::new();
    for field in fields {
        let item = &field.item;
        let value = match row.get(&item.id) {
            Some(value) => Some(value_text(value, item.length)),
            None if field.required => item.example.clone(),
            None => None,
        };
        match value {
            Some(value) => items.push_str(&element(&item.id, &value)),
            None if field.required => {
                return Err(WrongAct(format!("a row needs `{}`; it has no example", item.id)));
            }
            None => {}
        }
    }
    Ok(items)
}

fn refusal(unit: &Unit, code: &str) -> String {
    let namespace = namespace(unit.file.number);
    format!(
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>refused</faultstring><detail>\
         <Refusal xmlns=\"{namespace}\"><kodo>{}</kodo><riyu>refused</riyu></Refusal></detail></soap:Fault>",
        escape(code)
    )
}

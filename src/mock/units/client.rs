//! A unit as a consumer: it asks another unit, and says what it was told.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::mock::{Defect, DefectSet};
use crate::soap::{Envelope, FaultView, Message, escape_text};
use crate::standard::unit::{ConsumerMistake, Operation, Unit, namespace};
use crate::wire::{Client as Http, ClientOptions, Outgoing, Url, parse_response};
use crate::xml::{Element, Limits, parse_bytes};

/// How often a consumer that does not give up asks.
const STUBBORN: u32 = 4;

/// What a unit is told to do: the JSON object that drivers of consumer products get.
#[derive(Clone, Debug, Deserialize)]
pub struct Order {
    /// The unit that asks, `unit.10`.
    pub unit: String,
    /// The unit that is asked.
    pub service: String,
    /// Name of the operation.
    pub operation: String,
    /// Address of the port.
    pub endpoint: String,
    /// What the message says, by the names of its elements, without the asking unit's number.
    pub fields: Map<String, Value>,
}

/// All units as consumers.
pub struct UnitClient {
    units: Arc<Vec<Unit>>,
    defects: DefectSet,
    http: Http,
}

impl UnitClient {
    /// Consumers that are to make these mistakes.
    pub fn new(units: Arc<Vec<Unit>>, defects: DefectSet) -> Self {
        Self {
            units,
            defects,
            http: Http::new(ClientOptions::default()),
        }
    }

    /// Carries out an order. The report: `outcome` (`done`, `fault`, `failed`), `rows`, `fault` (code of the refusal), `error`.
    pub async fn act(&self, order: &Order) -> Value {
        let unit = self.unit(&order.unit);
        let asked = self.unit(&order.service);
        let operation = asked.and_then(|asked| asked.operation(&order.operation));
        let (Some(unit), Some(asked), Some(operation)) = (unit, asked, operation) else {
            return failed("no such unit or operation");
        };
        if self.defects.has(Defect::UnitConsumerSilent) {
            return failed("not asked");
        }
        let mistakes = Mistakes::of(unit, &self.defects);
        let times = if mistakes.makes(ConsumerMistake::AsksAgain) {
            STUBBORN
        } else {
            1
        };
        let mut report = failed("not asked");
        for _ in 0..times {
            report = self.ask(unit, asked, operation, order, &mistakes).await;
            if report
                .pointer("/rows")
                .and_then(Value::as_array)
                .is_some_and(|rows| !rows.is_empty())
            {
                break;
            }
        }
        if self.defects.has(Defect::UnitConsumerReportsNothing) {
            return json!({ "outcome": "unknown" });
        }
        report
    }

    fn unit(&self, interface: &str) -> Option<&Unit> {
        self.units.iter().find(|unit| unit.interface() == interface)
    }

    async fn ask(&self, unit: &Unit, asked: &Unit, operation: &Operation, order: &Order, mistakes: &Mistakes) -> Value {
        let Ok(url) = Url::parse(&order.endpoint) else {
            return failed("the endpoint is no address");
        };
        let name = &operation.name;
        let space = namespace(asked.file.number);
        let items = request_items(unit, operation, &order.fields, mistakes);
        let items = if self.defects.has(Defect::UnitConsumerMessageInvalid) {
            format!("<kakucho>1</kakucho>{items}")
        } else {
            items
        };
        let envelope = Envelope::new(format!("<{name} xmlns=\"{space}\">{items}</{name}>")).write();
        let headers = [
            ("Content-Type".to_owned(), "text/xml; charset=utf-8".to_owned()),
            ("SOAPAction".to_owned(), format!("\"{space}/{name}\"")),
        ];
        let sent = self
            .http
            .send(&Outgoing::new("POST", &url, &headers, envelope.as_bytes()))
            .await;
        let Ok(response) = parse_response(&sent.response, "POST", sent.fault.is_none()) else {
            return failed("no HTTP response");
        };
        let Ok(document) = parse_bytes(&response.body, None, &Limits::default()) else {
            return failed("the response is no XML");
        };
        let Ok(message) = Message::read(&document) else {
            return failed("the response is no SOAP message");
        };
        match (&message.fault, message.payload().next()) {
            (Some(fault), _) => refused(fault, mistakes),
            (None, Some(answer)) => answered(answer, mistakes),
            (None, None) => failed("the response is empty"),
        }
    }
}

/// The mistakes of one unit.
struct Mistakes(Vec<ConsumerMistake>);

impl Mistakes {
    fn of(unit: &Unit, defects: &DefectSet) -> Self {
        let switched = unit
            .file
            .rule
            .iter()
            .filter(|rule| Defect::of_rule(&rule.id).is_some_and(|defect| defects.has(defect)));
        Self(switched.filter_map(|rule| rule.mistake).collect())
    }

    fn makes(&self, mistake: ConsumerMistake) -> bool {
        self.0.contains(&mistake)
    }
}

fn request_items(unit: &Unit, operation: &Operation, fields: &Map<String, Value>, mistakes: &Mistakes) -> String {
    let mut items = String::new();
    for field in &operation.fields {
        let id = field.item.id.as_str();
        let told = fields.get(id).and_then(Value::as_str).map(str::to_owned);
        let value = match id {
            "shokaimoto" if mistakes.makes(ConsumerMistake::OtherUnit) => Some("99".to_owned()),
            "shokaimoto" => Some(unit.id()),
            "kijunbi" if mistakes.makes(ConsumerMistake::NoReferenceDate) => None,
            "kijunbi" if mistakes.makes(ConsumerMistake::OtherReferenceDate) => Some("2030-01-31".to_owned()),
            "kijunbi" if mistakes.makes(ConsumerMistake::FurtherItems) && told.is_none() => {
                Some("2026-04-01".to_owned())
            }
            _ => told,
        };
        if let Some(value) = value {
            items.push_str(&format!("<{id}>{}</{id}>", escape_text(&value)));
        }
    }
    if mistakes.makes(ConsumerMistake::FurtherItems) {
        items.push_str("<shimei>試験　一郎</shimei>");
    }
    items
}

fn answered(answer: Element<'_>, mistakes: &Mistakes) -> Value {
    let mut rows: Vec<Value> = answer.children().map(|row| row_value(row, mistakes)).collect();
    if rows.is_empty() && mistakes.makes(ConsumerMistake::EmptyIsFailure) {
        return failed("no row");
    }
    if rows.is_empty() && mistakes.makes(ConsumerMistake::EmptyIsFound) {
        rows.push(json!({}));
    }
    if mistakes.makes(ConsumerMistake::FirstRowOnly) {
        rows.truncate(1);
    }
    json!({ "outcome": "done", "found": !rows.is_empty(), "rows": rows })
}

fn row_value(row: Element<'_>, mistakes: &Mistakes) -> Value {
    let items = row.children().map(|item| {
        let mut text = item.text().into_owned();
        if mistakes.makes(ConsumerMistake::NamesReduced) {
            text = text
                .chars()
                .filter(|c| !crate::text::characters::is_variation_selector(*c))
                .map(|c| if u32::from(c) > 0xFFFF { '〓' } else { c })
                .collect();
        }
        if mistakes.makes(ConsumerMistake::UnknownDateMadeUp) && text.contains('年') {
            text = "1900-01-01".to_owned();
        }
        (item.local().to_owned(), Value::String(text))
    });
    Value::Object(items.collect())
}

fn refused(fault: &FaultView<'_>, mistakes: &Mistakes) -> Value {
    if mistakes.makes(ConsumerMistake::RefusalIsEmpty) {
        return json!({ "outcome": "done", "found": false, "rows": [] });
    }
    let refusal = fault.element.children().find(|child| child.local() == "detail");
    let refusal = refusal.and_then(|detail| detail.children().find(|child| child.local() == "Refusal"));
    let code = refusal.and_then(|refusal| refusal.children().find(|child| child.local() == "kodo"));
    json!({ "outcome": "fault", "fault": code.map(|code| code.text().into_owned()) })
}

fn failed(why: &str) -> Value {
    json!({ "outcome": "failed", "error": why })
}

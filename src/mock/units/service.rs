//! The units over SOAP 1.1: dispatch, form, refusals and answers.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::desk::{Desk, Refusal};
use super::store::{Store, Told};
use super::{Row, form, rules};
use crate::mock::exchange::now_ms;
use crate::mock::{Defect, DefectSet};
use crate::population::municipality::Municipality;
use crate::soap::{ENVELOPE, Message};
use crate::standard::unit::{Field, Operation, OperationKind, Record, Unit, description, namespace};
use crate::text::date::timestamp;
use crate::wire::place::Place;
use crate::wire::{Answer, HttpRequest, Url, media_parameter, response_bytes};
use crate::xml::{Doctype, Limits, escape_text, parse_bytes};

/// Before the number of a unit in its path.
const PATH: &str = "/unit/";
/// By the mistake of a nightly batch: how long a change waits until it is told.
const BATCH_MS: u64 = 600_000;
/// What Japan's clocks are ahead of UTC.
const JAPAN_MS: u64 = 32_400_000;
/// Where a description says the port is, before it is known.
const PLACEHOLDER: &str = "http://localhost:8080";

/// How the units behave.
#[derive(Clone, Debug)]
pub struct UnitsConfig {
    /// Their definitions.
    pub units: Arc<Vec<Unit>>,
    /// Mistakes to make.
    pub defects: DefectSet,
    /// 団体コード of the municipality.
    pub municipality: String,
    /// Where files are laid down.
    pub place: Option<Place>,
    /// Who lives there: people whom nobody has told the units of yet.
    pub people: Option<Municipality>,
}

/// All units, each with what it knows.
pub struct UnitService {
    config: UnitsConfig,
    stores: BTreeMap<u8, Mutex<Store>>,
    base: Mutex<String>,
}

impl UnitService {
    /// Units that know nobody yet.
    pub fn new(config: UnitsConfig) -> Self {
        let stores = config.units.iter().map(|unit| (unit.file.number, Mutex::default()));
        Self {
            stores: stores.collect(),
            config,
            base: Mutex::new(PLACEHOLDER.to_owned()),
        }
    }

    /// Tells the units their own address, which their descriptions name. The path does not count.
    pub fn set_base(&self, base: &Url) {
        let text = base.with_target("/").to_string();
        let mut known = self.base.lock().unwrap_or_else(PoisonError::into_inner);
        text.trim_end_matches('/').clone_into(&mut known);
    }

    pub(super) fn units(&self) -> &[Unit] {
        &self.config.units
    }

    pub(super) fn defects(&self) -> &DefectSet {
        &self.config.defects
    }

    pub(super) fn municipality(&self) -> &str {
        &self.config.municipality
    }

    pub(super) fn place(&self) -> Option<&Place> {
        self.config.place.as_ref()
    }

    /// What the unit keeps of somebody of the synthetic municipality whom nobody has told it of.
    fn rows_of_people(&self, desk: &Desk<'_>, record: &Record) -> Vec<Row> {
        let Some(people) = &self.config.people else {
            return Vec::new();
        };
        let day = desk.day("kijunbi");
        let mut rows = people.rows_of(desk.unit, record, &desk.subject());
        rows.retain(|row| day.is_none_or(|day| rules::is_valid(record, row, day)));
        rows
    }

    /// What a unit knows.
    pub(super) fn store(&self, number: u8) -> Option<MutexGuard<'_, Store>> {
        let store = self.stores.get(&number)?;
        Some(store.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether a path is that of a unit.
    pub fn serves(path: &str) -> bool {
        path.starts_with(PATH)
    }

    /// Path of a unit.
    pub fn path(number: u8) -> String {
        format!("{PATH}{number:02}")
    }

    /// Answers one request.
    pub fn respond(&self, request: &HttpRequest) -> Answer {
        let number = request
            .path()
            .strip_prefix(PATH)
            .and_then(|number| number.parse::<u8>().ok());
        let unit = number.and_then(|number| self.config.units.iter().find(|unit| unit.file.number == number));
        let Some(unit) = unit else {
            return plain(404, "no such unit");
        };
        if request.method == "GET" && request.query().eq_ignore_ascii_case("wsdl") {
            let base = self.base.lock().unwrap_or_else(PoisonError::into_inner).clone();
            return xml(200, &description(unit).replace(PLACEHOLDER, &base));
        }
        if request.method != "POST" {
            return plain(405, "POST only");
        }
        if request.media_type().as_deref() != Some("text/xml") {
            return plain(415, "expected Content-Type: text/xml");
        }
        match self.take(unit, request) {
            Ok(body) => xml(200, &enveloped(&body)),
            Err(refusal) => xml(500, &enveloped(&fault(unit, &refusal))),
        }
    }

    fn take(&self, unit: &Unit, request: &HttpRequest) -> Result<String, Refusal> {
        let refused = |why: String| Refusal {
            code: "E0002".into(),
            why,
        };
        let limits = Limits::default().with_doctype(Doctype::Refuse);
        let charset = media_parameter(&request.headers, "charset");
        let document = parse_bytes(&request.body, charset.as_deref(), &limits)
            .map_err(|error| refused(error.describe().en.clone()))?;
        let message = Message::read(&document).map_err(|error| refused(error.to_string()))?;
        let wanted = namespace(unit.file.number);
        let payload = message.payload().next().filter(|child| child.namespace() == wanted);
        let found = payload.and_then(|child| Some((child, unit.operation(child.local())?)));
        let (child, operation) = found.ok_or_else(|| refused("the Body holds no request of this unit".into()))?;
        if self.config.defects.has(Defect::UnitRefusesAll) {
            return Err(Refusal {
                code: "E9999".into(),
                why: "system error".into(),
            });
        }
        let input = form::read(child, &operation.fields, &self.config.defects)?;
        self.work(unit, operation, input)
    }

    fn work(&self, unit: &Unit, operation: &Operation, input: Row) -> Result<String, Refusal> {
        // Every unit has had a store since the beginning; every step leaves it valid.
        let Some(mut store) = self.store(unit.file.number) else {
            return Ok(String::new());
        };
        store.receipts += 1;
        let receipt = format!("R{:02}{:010}", unit.file.number, store.receipts);
        let mut desk = Desk {
            unit,
            store: &mut store,
            defects: &self.config.defects,
            subject_item: operation.subject().unwrap_or("atenabango").to_owned(),
            input,
            now_unix_ms: now_ms(),
            receipt: receipt.clone(),
        };
        let Some(business) = rules::of(unit.file.number) else {
            return desk.refuse("E0004", "the reference platform does not play this unit");
        };
        let content = match &operation.kind {
            OperationKind::Inquiry(index) => {
                let Some(record) = unit.records.get(*index) else {
                    return Ok(String::new());
                };
                may_ask(&desk, &record.consumers)?;
                let mut rows = business.inquiry(&desk, record, desk.day("kijunbi"));
                if rows.is_empty() && !desk.knows(&desk.subject()) {
                    rows = self.rows_of_people(&desk, record);
                }
                let rows = rows.iter().map(|row| element(&record.element, &record.fields, row));
                rows.collect()
            }
            OperationKind::Procedure => {
                business.procedure(&mut desk, &operation.id)?;
                format!("<uketsukebango>{receipt}</uketsukebango>")
            }
            OperationKind::Notice(event) => {
                take_notice(&mut desk, &event.id, business)?;
                "<kekka>1</kekka>".to_owned()
            }
            OperationKind::Changes => changes(&desk),
        };
        let name = &operation.name;
        let namespace = namespace(unit.file.number);
        let further = match self.config.defects.has(Defect::UnitAnswerInvalid) {
            true => "<kakuchokomoku>1</kakuchokomoku>",
            false => "",
        };
        let word = match self.config.defects.has(Defect::UnitResponseMisnamed) {
            true => "Result",
            false => "Response",
        };
        Ok(format!(
            "<{name}{word} xmlns=\"{namespace}\">{content}{further}</{name}{word}>"
        ))
    }
}

/// Only declared consumers may ask, and the unit itself.
fn may_ask(desk: &Desk<'_>, consumers: &[u8]) -> Result<(), Refusal> {
    let asking = desk.text("shokaimoto").parse::<u8>().unwrap_or(0);
    if consumers.contains(&asking) || asking == desk.unit.file.number || !desk.obeys_general("access") {
        return Ok(());
    }
    desk.refuse("E0007", "the asking unit does not consume this record")
}

/// A notice is taken once; the same one again changes nothing.
fn take_notice(desk: &mut Desk<'_>, event: &str, business: &dyn rules::Business) -> Result<(), Refusal> {
    let subject = desk.subject();
    let serial = (desk.text("tsuban").to_owned(), event.to_owned());
    let known = desk
        .store
        .file(&subject)
        .is_some_and(|file| file.notices.contains(&serial));
    if known && !desk.obeys_general("twice") {
        return desk.refuse("E0006", "the notice was taken already");
    }
    if known {
        return Ok(());
    }
    business.notice(desk, event)?;
    desk.store.file_mut(&subject).notices.insert(serial);
    Ok(())
}

/// What the unit has told about the subject.
fn changes(desk: &Desk<'_>) -> String {
    let subject = desk.subject();
    let since = desk.text("tsuban").parse().unwrap_or(0);
    let told: &[Told] = desk.store.file(&subject).map_or(&[], |file| &file.told);
    let mut out = String::new();
    let by_night = desk.defects.has(Defect::UnitTellsByNight);
    let is_told = |told: &&Told| told.serial > since && !(by_night && desk.now_unix_ms < told.at_unix_ms + BATCH_MS);
    let mut told: Vec<&Told> = told.iter().filter(is_told).collect();
    if desk.defects.has(Defect::UnitOrderReversed) {
        told.reverse();
    }
    for told in told {
        let Some(event) = desk.unit.events.iter().find(|event| event.id == told.event) else {
            continue;
        };
        let _ = write!(
            out,
            "<henko><tsuban>{}</tsuban><jisho>{}</jisho>",
            told.serial, told.event
        );
        for unit in &told.to {
            let _ = write!(out, "<atesaki>{unit:02}</atesaki>");
        }
        let off = match desk.defects.has(Defect::UnitTimeMislabelled) {
            true => JAPAN_MS,
            false => 0,
        };
        let at = timestamp(told.at_unix_ms + off);
        let _ = write!(out, "<hasseinichiji>{at}</hasseinichiji>");
        let content = element(&event.element, &event.fields, &told.content);
        let close = format!("</{}>", event.element);
        match content.strip_suffix(&close) {
            Some(open) if desk.defects.has(Defect::UnitTellsAddress) && !content.contains("<jusho_choaza>") => {
                let _ = write!(out, "{open}<jusho_choaza>試験町一丁目</jusho_choaza>{close}");
            }
            _ => out.push_str(&content),
        }
        out.push_str("</henko>");
    }
    out
}

/// A row as an element, its items in the order of the schema.
fn element(name: &str, fields: &[Field], row: &Row) -> String {
    let mut out = format!("<{name}>");
    for field in fields {
        let id = &field.item.id;
        if let Some(value) = row.get(id).filter(|value| !value.is_empty()) {
            let _ = write!(out, "<{id}>{}</{id}>", escape_text(value));
        }
    }
    let _ = write!(out, "</{name}>");
    out
}

fn fault(unit: &Unit, refusal: &Refusal) -> String {
    let namespace = namespace(unit.file.number);
    let why = escape_text(&refusal.why);
    format!(
        "<soap:Fault><faultcode>soap:Client</faultcode><faultstring>{why}</faultstring><detail>\
         <Refusal xmlns=\"{namespace}\"><kodo>{}</kodo><riyu>{why}</riyu></Refusal></detail></soap:Fault>",
        refusal.code
    )
}

fn enveloped(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soap:Envelope xmlns:soap=\"{ENVELOPE}\"><soap:Body>{body}</soap:Body></soap:Envelope>"
    )
}

fn xml(status: u16, text: &str) -> Answer {
    let headers = [("Content-Type", "text/xml; charset=utf-8")];
    Answer::Send {
        bytes: response_bytes(status, &headers, text.as_bytes()),
        close: false,
    }
}

fn plain(status: u16, words: &str) -> Answer {
    let headers = [("Content-Type", "text/plain; charset=utf-8")];
    Answer::Send {
        bytes: response_bytes(status, &headers, words.as_bytes()),
        close: false,
    }
}

//! What checks about units say in short: `@b` for the number of somebody, and the checks that every call has.

use std::collections::BTreeMap;

use super::unit_family::accepted;
use super::units::interface_id;
use super::{Check, CheckSpec};
use crate::standard::unit::{Field, Operation, Unit};

/// What the checks of a step are about.
#[derive(Clone, Copy)]
pub(super) struct About<'u> {
    pub(super) units: &'u [Unit],
    /// The unit and the operation that the step calls; a delivery calls many.
    pub(super) called: Option<(&'u Unit, &'u Operation)>,
}

impl About<'_> {
    /// Gives every `@name` the length of its item: `@b` becomes `@b:15`.
    pub(super) fn complete(&self, check: &mut Check) {
        let tables: Vec<&mut BTreeMap<String, String>> = match check {
            Check::Records(p) => vec![&mut p.only, &mut p.equals],
            Check::Told(p) => vec![&mut p.only, &mut p.equals],
            Check::Sent(p) => vec![&mut p.items],
            Check::FileRows(p) => vec![&mut p.only, &mut p.equals],
            _ => return,
        };
        for table in tables {
            for (id, value) in table.iter_mut() {
                if value.starts_with('@') && !value.contains(':') {
                    let length = self.length(id);
                    *value = format!("{value}:{length}");
                }
            }
        }
    }

    fn length(&self, id: &str) -> usize {
        let fields: Vec<&Field> = match self.called {
            Some((unit, operation)) => {
                let records = unit.records.iter().flat_map(|record| &record.fields);
                records.chain(&operation.fields).collect()
            }
            None => Vec::new(),
        };
        let records = self.units.iter().flat_map(|unit| &unit.records);
        let records = records.flat_map(|record| &record.fields);
        let events = self
            .units
            .iter()
            .flat_map(|unit| &unit.events)
            .flat_map(|event| &event.fields);
        let found = fields
            .into_iter()
            .chain(events)
            .chain(records)
            .find(|field| field.item.id == id);
        found.map_or(15, |field| field.item.length)
    }

    /// The checks that a call has without being told: the answer is valid and no fault, unless a refusal is expected.
    pub(super) fn usual(&self, checks: &[CheckSpec]) -> Vec<CheckSpec> {
        let refused = checks
            .iter()
            .any(|spec| matches!(spec.check, Check::Refusal(_) | Check::SoapFault(_)));
        match self.called {
            Some((unit, operation)) if !refused => accepted(&interface_id(unit, operation)),
            _ => Vec::new(),
        }
    }
}

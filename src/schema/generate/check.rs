//! What the engine says of a message: every message is proved before it is handed out.

use crate::schema::watch::Watched;
use xsd_schema::validation::{ErrorOnlySink, SchemaValidator, ValidationFlags, ValidationRoot, drive_quick_xml};
use xsd_schema::{SchemaSet, TypeKey};

/// The engine, ready for one root.
pub(super) struct Engine<'s> {
    set: &'s SchemaSet,
    validator: SchemaValidator<'s>,
    root: ValidationRoot,
}

/// An error of the engine.
#[derive(Clone, Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

impl<'s> Engine<'s> {
    /// For messages of a top-level declaration, or of a type.
    pub(super) fn new(set: &'s SchemaSet, stipulated: Option<TypeKey>) -> Self {
        Self {
            set,
            validator: SchemaValidator::new(set, ValidationFlags::empty()),
            root: stipulated.map_or(ValidationRoot::Declaration, ValidationRoot::Type),
        }
    }

    /// All errors of a message; none if it is valid.
    pub(super) fn errors(&self, xml: &str) -> Vec<Refusal> {
        let _watched = Watched::new(|| xml.chars().take(60).collect());
        let mut errors = Vec::new();
        let outcome = {
            let mut run = self.validator.start_run(ErrorOnlySink { errors: &mut errors });
            run.set_validation_root(self.root);
            drive_quick_xml(xml.as_bytes(), &mut run, self.set)
                .err()
                .map(|error| error.to_string())
        };
        let mut found: Vec<Refusal> = errors
            .into_iter()
            .map(|error| Refusal {
                code: error.constraint,
                message: error.message,
            })
            .collect();
        if let Some(message) = outcome.filter(|_| found.is_empty()) {
            found.push(Refusal {
                code: "not-well-formed",
                message,
            });
        }
        found
    }
}

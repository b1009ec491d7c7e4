//! WS-I Basic Profile 1.1 and Simple SOAP Binding Profile 1.0: one function for each assertion.
//!
//! Three kinds of artefacts are judged: descriptions (WSDL with its schemas), messages (HTTP) and envelopes (SOAP); and
//! UDDI documents for the three assertions about discovery. The functions are pure. They say what holds, what is broken
//! and where; verdicts are made from that by the level of the requirement of the same id.

mod description;
mod discovery;
mod envelope;
mod message;
mod subject;
mod table;
mod view;

use std::collections::HashMap;

use crate::text::Text;
use crate::xml::Element;
pub use crate::xml::{Excerpt, Place};

pub use description::judge_description;
pub use discovery::judge_discovery;
pub use table::ASSERTIONS;
pub use view::{Body, MessageView, Side, judge_message};

/// What an assertion is asked of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Entry {
    /// A UDDI tModel.
    TModel,
    /// A UDDI bindingTemplate.
    BindingTemplate,
    /// A WSDL document.
    Definitions,
    /// The types of a description.
    Types,
    /// An operation of a port type.
    Operation,
    /// A port type.
    PortType,
    /// A binding.
    Binding,
    /// An import of a WSDL document.
    Import,
    /// A message of a description.
    Message,
    /// An HTTP request.
    RequestMessage,
    /// An HTTP response.
    ResponseMessage,
    /// Either.
    AnyMessage,
    /// The envelope of a request.
    RequestEnvelope,
    /// The envelope of a response.
    ResponseEnvelope,
    /// Either.
    AnyEnvelope,
}

/// How binding an assertion is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Grade {
    /// Has to hold.
    Required,
    /// Should hold.
    Recommended,
    /// Reports that an extensibility point is used; never fails.
    Informational,
    /// Cannot be decided by looking at messages and descriptions.
    Untestable,
}

/// One assertion.
#[derive(Debug)]
pub struct Assertion {
    /// Its id, which is the requirement's id too.
    pub id: &'static str,
    /// What it is asked of.
    pub entry: Entry,
    /// How binding it is.
    pub grade: Grade,
    /// Assertions that have to hold first.
    pub prerequisites: &'static [&'static str],
}

impl Assertion {
    const fn new(id: &'static str, entry: Entry, grade: Grade, prerequisites: &'static [&'static str]) -> Self {
        Self {
            id,
            entry,
            grade,
            prerequisites,
        }
    }

    /// The assertion of an id.
    pub fn of(id: &str) -> Option<&'static Self> {
        ASSERTIONS.iter().find(|assertion| assertion.id == id)
    }

    /// Whether it is asked of descriptions.
    pub fn is_about_description(&self) -> bool {
        matches!(
            self.entry,
            Entry::Definitions
                | Entry::Types
                | Entry::Operation
                | Entry::PortType
                | Entry::Binding
                | Entry::Import
                | Entry::Message
        )
    }
}

/// A broken assertion: what was expected, what was found, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Breach {
    /// What the profile wants.
    pub expected: Text,
    /// What there is.
    pub found: Text,
    /// Where.
    pub place: Option<Place>,
}

/// The answer to an assertion.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Answered {
    /// It holds (for an informational one: nothing to report).
    Holds,
    /// It is broken (for an informational one: this is to be reported).
    Broken(Box<Breach>),
    /// The question does not arise.
    NotApplicable {
        /// Why.
        reason: Text,
    },
    /// A prerequisite is broken, so the question is not asked.
    Blocked {
        /// Id of the prerequisite.
        by: &'static str,
    },
    /// This cannot be answered from what was given, such as a description that is missing.
    Unanswered {
        /// Why.
        reason: Text,
    },
}

impl Answered {
    /// Broken, without a place.
    pub fn broken(expected: Text, found: Text) -> Self {
        Self::Broken(Box::new(Breach {
            expected,
            found,
            place: None,
        }))
    }

    /// Does not apply.
    pub fn not_applicable(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::NotApplicable {
            reason: Text::new(ja, en),
        }
    }

    /// Puts the place of an element at a breach that has none yet.
    #[must_use]
    pub fn at(mut self, element: Element<'_>) -> Self {
        if let Self::Broken(breach) = &mut self {
            breach.place.get_or_insert_with(|| Place::of(element));
        }
        self
    }

    /// Puts a place at a breach that has none yet.
    #[must_use]
    pub fn at_place(mut self, place: impl FnOnce() -> Place) -> Self {
        if let Self::Broken(breach) = &mut self {
            breach.place.get_or_insert_with(place);
        }
        self
    }

    /// Names the file of the place.
    #[must_use]
    pub fn in_file(mut self, file: &str) -> Self {
        if let Self::Broken(breach) = &mut self
            && let Some(place) = &mut breach.place
        {
            file.clone_into(&mut place.file);
        }
        self
    }
}

/// Answers to assertions about one artefact, in the order of [`ASSERTIONS`].
pub type Answers = Vec<(&'static Assertion, Answered)>;

/// Asks assertions in an order in which prerequisites come first. A prerequisite that is broken, or blocked itself,
/// blocks; one that does not apply does not (the source is silent; reading `WS-…` says so).
fn ask_in_order(wanted: impl Fn(&Assertion) -> bool, mut ask: impl FnMut(&'static Assertion) -> Answered) -> Answers {
    let mut known: HashMap<&'static str, Answered> = HashMap::new();
    let mut open: Vec<&'static Assertion> = ASSERTIONS
        .iter()
        .filter(|assertion| assertion.grade != Grade::Untestable && wanted(assertion))
        .collect();
    let asked: Vec<&'static Assertion> = open.clone();
    while !open.is_empty() {
        let before = open.len();
        open.retain(|assertion| {
            let waits = assertion
                .prerequisites
                .iter()
                .any(|id| !known.contains_key(id) && asked.iter().any(|other| other.id == *id));
            if waits {
                return true;
            }
            let blocked = assertion.prerequisites.iter().find(|id| {
                matches!(
                    known.get(*id),
                    Some(Answered::Broken(_) | Answered::Blocked { .. } | Answered::Unanswered { .. })
                )
            });
            let answer = match blocked {
                Some(by) => Answered::Blocked { by },
                None => ask(assertion),
            };
            known.insert(assertion.id, answer);
            false
        });
        if open.len() == before {
            break; // a circle of prerequisites; a test keeps the table free of them
        }
    }
    asked
        .into_iter()
        .filter_map(|assertion| Some((assertion, known.remove(assertion.id)?)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let count = |grade| ASSERTIONS.iter().filter(|assertion| assertion.grade == grade).count();
        assert_eq!(
            [
                Grade::Required,
                Grade::Recommended,
                Grade::Informational,
                Grade::Untestable
            ]
            .map(count),
            [84, 14, 12, 9]
        );
        for assertion in ASSERTIONS {
            for id in assertion.prerequisites {
                assert!(Assertion::of(id).is_some(), "{} needs {id}", assertion.id);
            }
        }
        let answers = ask_in_order(|_| true, |_| Answered::Holds);
        assert_eq!(answers.len(), 110, "no circle of prerequisites");
    }

    #[test]
    fn broken_prerequisites_block_and_inapplicable_ones_do_not() {
        let answers = ask_in_order(Assertion::is_about_description, |assertion| match assertion.id {
            "BP2703" => Answered::broken(Text::default(), Text::default()),
            "BP2017" => Answered::not_applicable("", ""),
            _ => Answered::Holds,
        });
        let of = |id: &str| {
            answers
                .iter()
                .find(|(assertion, _)| assertion.id == id)
                .map(|(_, answer)| answer.clone())
        };
        assert_eq!(of("BP2010"), Some(Answered::Blocked { by: "BP2703" }));
        // Blocked through a blocked prerequisite, although BP2017 alone would not block.
        assert_eq!(of("BP2404"), Some(Answered::Blocked { by: "BP2703" }));
        assert_eq!(of("BP2020"), Some(Answered::Holds));
    }
}

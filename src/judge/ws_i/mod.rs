//! WS-I Basic Profile 1.1 and Simple SOAP Binding Profile 1.0: one function for each assertion.
//!
//! Three kinds of artefacts are judged: descriptions (WSDL with its schemas), messages (HTTP) and envelopes (SOAP); and
//! UDDI documents for the three assertions about discovery. The functions are pure. They say what holds, what is broken
//! and where; verdicts are made from that by the level of the requirement of the same id.

mod description;
mod discovery;
mod envelope;
mod message;
mod table;
mod view;

use std::collections::HashMap;
use std::ops::Range;

use crate::text::Text;
use crate::xml::{Attribute, Document, Element, Node, Position};

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

/// A place in an XML document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// File, where the artefact has several; otherwise empty.
    pub file: String,
    /// Path of the element, as [`Element::path`] writes it.
    pub path: String,
    /// Where it begins.
    pub at: Position,
    /// Its bytes in the text of the document.
    pub range: Range<usize>,
    /// A few lines around it.
    pub excerpt: Excerpt,
}

/// A few lines of a document around a place.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Excerpt {
    /// Number of the first line.
    pub first_line: u32,
    /// The lines, long ones cut.
    pub lines: Vec<String>,
    /// Line (from 0, in `lines`) and characters to mark.
    pub mark: (usize, Range<usize>),
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

/// Lines shown before and after the marked one.
const CONTEXT_LINES: u32 = 2;
/// Characters of a line that are shown.
const LINE_LENGTH: usize = 160;

impl Place {
    /// The start tag of an element.
    pub fn of(element: Element<'_>) -> Self {
        Self::from_range(element.document(), element.path(), element.tag_range())
    }

    /// An attribute of an element.
    pub fn of_attribute(element: Element<'_>, attribute: Attribute<'_>) -> Self {
        let prefix = attribute.prefix();
        let colon = if prefix.is_empty() { "" } else { ":" };
        let path = format!("{}/@{prefix}{colon}{}", element.path(), attribute.name().local);
        Self::from_range(element.document(), path, attribute.range())
    }

    /// A comment, text or processing instruction.
    pub fn of_node(document: &Document, node: Node<'_>) -> Self {
        let path = node.parent().map_or_else(|| "/".to_owned(), Element::path);
        Self::from_range(document, path, node.range())
    }

    /// Any bytes of a document.
    pub fn from_range(document: &Document, path: String, range: Range<usize>) -> Self {
        Self {
            file: String::new(),
            path,
            at: document.position(range.start),
            excerpt: Excerpt::around(document.text(), &range),
            range,
        }
    }
}

impl Excerpt {
    /// The lines around some bytes of a text.
    pub fn around(text: &str, range: &Range<usize>) -> Self {
        let start = range.start.min(text.len());
        let end = range.end.clamp(start, text.len());
        let before = &text.as_bytes()[..start];
        let line = u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let first = line.saturating_sub(CONTEXT_LINES);
        let mut from = line_start;
        for _ in first..line {
            from = memchr::memrchr(b'\n', &text.as_bytes()[..from.saturating_sub(1)]).map_or(0, |at| at + 1);
        }
        let marked = text.get(line_start..).unwrap_or_default();
        let marked_end = line_start + marked.find('\n').unwrap_or(marked.len());
        let column = text.get(line_start..start).map_or(0, |text| text.chars().count());
        let length = text.get(start..end.min(marked_end)).map_or(1, |text| text.chars().count().max(1));
        // A line without breaks can be a megabyte long; then only the part around the place is shown.
        let cut = column.saturating_sub(LINE_LENGTH / 2);
        let window = |line: &str, skip: usize| line.chars().skip(skip).take(LINE_LENGTH).collect::<String>();
        let shown = (CONTEXT_LINES * 2 + 1) as usize - (CONTEXT_LINES - (line - first)) as usize;
        let lines: Vec<String> = text[from..]
            .split('\n')
            .take(shown)
            .enumerate()
            .map(|(at, text)| {
                let is_marked = at == (line - first) as usize;
                window(text.trim_end_matches('\r'), if is_marked { cut } else { 0 })
            })
            .collect();
        let mark_start = (column - cut).min(LINE_LENGTH);
        Self {
            first_line: first + 1,
            lines,
            mark: (
                (line - first) as usize,
                mark_start..(mark_start + length).min(LINE_LENGTH),
            ),
        }
    }
}

/// Answers to assertions about one artefact, in the order of [`ASSERTIONS`].
pub type Answers = Vec<(&'static Assertion, Answered)>;

/// Asks assertions in an order in which prerequisites come first. A prerequisite that is broken, or blocked itself,
/// blocks; one that does not apply does not (the source is silent; reading `WS-…` says so).
fn ask_in_order(
    wanted: impl Fn(&Assertion) -> bool,
    mut ask: impl FnMut(&'static Assertion) -> Answered,
) -> Answers {
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
            [Grade::Required, Grade::Recommended, Grade::Informational, Grade::Untestable].map(count),
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
        let of = |id: &str| answers.iter().find(|(assertion, _)| assertion.id == id).map(|(_, answer)| answer.clone());
        assert_eq!(of("BP2010"), Some(Answered::Blocked { by: "BP2703" }));
        // Blocked through a blocked prerequisite, although BP2017 alone would not block.
        assert_eq!(of("BP2404"), Some(Answered::Blocked { by: "BP2703" }));
        assert_eq!(of("BP2020"), Some(Answered::Holds));
    }

    #[test]
    fn excerpts_mark_the_place() {
        let text = "<a>\n  <b/>\n  <c x='1'/>\n  <d/>\n  <e/>\n  <f/>\n</a>";
        let at = text.find("<c").expect("there");
        let excerpt = Excerpt::around(text, &(at..at + 10));
        assert_eq!(excerpt.first_line, 1);
        assert_eq!(excerpt.lines.len(), 5);
        assert_eq!(excerpt.mark, (2, 2..12));
        let long = "x".repeat(100_000);
        let excerpt = Excerpt::around(&long, &(50_000..50_001));
        assert_eq!(excerpt.lines[0].len(), LINE_LENGTH);
    }
}

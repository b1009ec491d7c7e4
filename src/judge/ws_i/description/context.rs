//! What assertions look at, and how they collect what they find.

use crate::judge::ws_i::{Answered, Breach, Place};
use crate::schema::SchemaFault;
use crate::schema::wsdl::{BindingNode, Components, Description, OperationNode, SOAPBIND, WSDL};
use crate::standard::ReadingChoice;
use crate::text::Text;
use crate::xml::Element;

/// A description with everything resolved once.
pub(super) struct Context<'d> {
    pub(super) description: &'d Description,
    /// Why its schemas do not compile.
    pub(super) schema_fault: Option<&'d SchemaFault>,
    readings: &'d ReadingChoice,
    pub(super) definitions: Vec<Element<'d>>,
    pub(super) components: Components<'d>,
    /// Bindings that are judged.
    pub(super) bindings: Vec<BindingNode<'d>>,
    /// Why a component that is not there may stand in a file that is not there.
    lacks_imports: Option<Text>,
}

/// Style and use of a binding.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Literal {
    Document,
    Rpc,
}

impl<'d> Context<'d> {
    pub(super) fn new(
        description: &'d Description,
        schema_fault: Option<&'d SchemaFault>,
        readings: &'d ReadingChoice,
    ) -> Self {
        let definitions: Vec<Element<'d>> = description.definitions().collect();
        let components = Components::of(definitions.iter().copied());
        let mut bindings = BindingNode::all(&definitions, &components);
        // R2401 concerns bindings that claim conformance; the profile lets others stand in the same description. Where
        // there is a SOAP 1.1 binding, those that plainly are of another protocol do not claim it.
        if bindings
            .iter()
            .any(|binding| binding.element.child(SOAPBIND, "binding").is_some())
        {
            bindings.retain(|binding| !is_of_another_protocol(binding.element));
        }
        Self {
            description,
            schema_fault,
            readings,
            lacks_imports: missing_import(description, &definitions),
            definitions,
            components,
            bindings,
        }
    }

    /// Whether a reading is switched to an option that is not the default.
    pub(super) fn reads(&self, id: &str, option: &str) -> bool {
        self.readings.get(id) == Some(option)
    }

    pub(super) fn inquire(&self, ja: &'static str, en: &'static str) -> Inquiry<'_, 'd> {
        Inquiry {
            context: self,
            expected: (ja, en),
            asked: 0,
            more: 0,
            first: None,
            unanswered: None,
        }
    }

    /// Operations of all judged bindings.
    pub(super) fn operations(&self) -> impl Iterator<Item = (&BindingNode<'d>, &OperationNode<'d>)> {
        self.bindings
            .iter()
            .flat_map(|binding| binding.operations.iter().map(move |operation| (binding, operation)))
    }

    /// Operations of a style whose bodies are literal. Style and use are looked at for each operation, because a
    /// binding that mixes them breaks other assertions, not these.
    pub(super) fn literal(&self, wanted: Literal) -> impl Iterator<Item = (&BindingNode<'d>, &OperationNode<'d>)> {
        self.operations().filter(move |(_, operation)| {
            let style = match operation.style {
                "rpc" => Some(Literal::Rpc),
                "document" => Some(Literal::Document),
                _ => None,
            };
            let encoded = operation
                .messages()
                .flat_map(|message| message.extensions("body"))
                .any(|body| body.attribute("", "use").is_some_and(|value| value != "literal"));
            style == Some(wanted) && !encoded
        })
    }

    /// Whether some `wsdl:import` leads nowhere, so that a missing component may stand there.
    pub(super) fn lacks_imports(&self) -> Option<Text> {
        self.lacks_imports.clone()
    }

    fn place(&self, spot: &Spot<'d>) -> Place {
        let element = spot.element();
        let place = match spot {
            Spot::Attribute(_, name) => element
                .attribute_node("", name)
                .map(|attribute| Place::of_attribute(element, attribute)),
            Spot::Element(_) => None,
        };
        let mut place = place.unwrap_or_else(|| Place::of(element));
        if let Some(file) = self.description.file_of(element) {
            place.file.clone_from(&file.location);
        }
        place
    }
}

fn missing_import(description: &Description, definitions: &[Element<'_>]) -> Option<Text> {
    definitions.iter().find_map(|root| {
        let from = description.file_of(*root)?;
        root.children_named(WSDL, "import")
            .filter_map(|import| import.attribute("", "location"))
            .map(str::trim)
            .filter(|location| !location.is_empty())
            .find(|location| description.documents.resolve(&from.location, location).is_err())
            .map(lacking)
    })
}

/// Why a question stays open: a file is not there.
pub(super) fn lacking(reference: &str) -> Text {
    Text::new(
        format!("参照先「{reference}」が手元にないため判定できません"),
        format!("`{reference}` is not there, so this cannot be answered"),
    )
}

/// Whether a binding has nothing of SOAP 1.1 but an extension of something else, such as HTTP or SOAP 1.2.
fn is_of_another_protocol(binding: Element<'_>) -> bool {
    let mut extensions = binding.children().filter(|child| child.namespace() != WSDL);
    let soap = binding
        .descendants_and_self()
        .any(|element| element.namespace() == SOAPBIND);
    !soap && extensions.any(|extension| extension.local() == "binding")
}

/// What a breach points at.
pub(super) enum Spot<'d> {
    Element(Element<'d>),
    /// An attribute without namespace, or the element if it is not there.
    Attribute(Element<'d>, &'static str),
}

impl<'d> Spot<'d> {
    fn element(&self) -> Element<'d> {
        match self {
            Self::Element(element) | Self::Attribute(element, _) => *element,
        }
    }
}

impl<'d> From<Element<'d>> for Spot<'d> {
    fn from(element: Element<'d>) -> Self {
        Self::Element(element)
    }
}

impl<'d> From<(Element<'d>, &'static str)> for Spot<'d> {
    fn from((element, attribute): (Element<'d>, &'static str)) -> Self {
        Self::Attribute(element, attribute)
    }
}

/// Answers to one assertion about many elements: the first breach counts, the others are counted.
pub(super) struct Inquiry<'c, 'd> {
    context: &'c Context<'d>,
    expected: (&'static str, &'static str),
    asked: usize,
    more: usize,
    first: Option<Breach>,
    unanswered: Option<Text>,
}

impl<'d> Inquiry<'_, 'd> {
    /// Says whether the assertion holds at one place, and if not, what was found.
    pub(super) fn ask(&mut self, holds: bool, spot: impl Into<Spot<'d>>, found: impl FnOnce() -> Text) {
        self.note(holds, || (found(), None), |context| context.place(&spot.into()));
    }

    /// As [`Self::ask`], for what is no element.
    pub(super) fn ask_of_file(&mut self, holds: bool, place: impl FnOnce() -> Place, found: impl FnOnce() -> Text) {
        self.note(holds, || (found(), None), |_| place());
    }

    /// As [`Self::ask`], with an expectation of this place.
    pub(super) fn breach(&mut self, spot: impl Into<Spot<'d>>, expected: Text, found: Text) {
        self.note(false, || (found, Some(expected)), |context| context.place(&spot.into()));
    }

    fn note(
        &mut self,
        holds: bool,
        texts: impl FnOnce() -> (Text, Option<Text>),
        place: impl FnOnce(&Context<'d>) -> Place,
    ) {
        self.asked += 1;
        if holds {
            return;
        }
        if self.first.is_some() {
            self.more += 1;
            return;
        }
        let (found, expected) = texts();
        let (ja, en) = self.expected;
        self.first = Some(Breach {
            expected: expected.unwrap_or_else(|| Text::new(ja, en)),
            found,
            place: Some(place(self.context)),
        });
    }

    /// Says that there is something to ask about, without asking yet.
    pub(super) fn applies(&mut self) {
        self.asked += 1;
    }

    /// Says that one place cannot be judged.
    pub(super) fn cannot(&mut self, reason: Text) {
        self.asked += 1;
        self.unanswered.get_or_insert(reason);
    }

    /// The answer; the reason is that for which the question does not arise.
    pub(super) fn finish(self, ja: &str, en: &str) -> Answered {
        match (self.first, self.unanswered) {
            (Some(mut breach), _) => {
                if self.more > 0 {
                    breach.found.ja.push_str(&format!("（ほか {} 件）", self.more));
                    breach.found.en.push_str(&format!(" (and {} more)", self.more));
                }
                Answered::Broken(Box::new(breach))
            }
            (None, Some(reason)) => Answered::Unanswered { reason },
            (None, None) if self.asked == 0 => Answered::not_applicable(ja, en),
            (None, None) => Answered::Holds,
        }
    }

    /// The answer to an informational assertion: what is not broken holds.
    pub(super) fn finish_report(self) -> Answered {
        match self.finish("", "") {
            Answered::NotApplicable { .. } => Answered::Holds,
            other => other,
        }
    }
}

/// Value of an attribute as a finding: `name="value"`, or that it is missing.
pub(super) fn attribute_text(element: Element<'_>, name: &str) -> Text {
    match element.attribute("", name) {
        Some(value) => Text::neutral(format!("{name}=\"{value}\"")),
        None => Text::new(
            format!("属性 {name} がありません"),
            format!("there is no attribute {name}"),
        ),
    }
}

/// Whether a text is an absolute URI: a scheme and something after it.
pub(super) fn is_absolute_uri(text: &str) -> bool {
    text.split_once(':').is_some_and(|(scheme, rest)| {
        !rest.is_empty()
            && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
            && scheme
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
}

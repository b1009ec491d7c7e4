//! What a check can see: the exchanges of its step, parsed once, and the facts of the run.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::described::{self, Described};
use super::ws_i::{Answers, Body, MessageView, Side, judge_message};

use crate::evidence::{Channel, Exchange, Initiator, Note, RunFacts, ScenarioEvidence};
use crate::scenario::Message;
use crate::schema::{JsonFault, parse_object, pointer_values};
use crate::standard::Interface;
use crate::standard::unit::Unit;
use crate::text::Text;
use crate::wire::{Headers, HttpRequest, HttpResponse, media_parameter, parse_request, parse_response};
use crate::xml::{Doctype, Document, Excerpt, Limits, XmlError, parse_bytes};

/// The answer to a check.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Yes.
    Holds,
    /// No: what was expected, what was found, and where.
    Broken(Box<Finding>),
    /// The question does not arise.
    NotApplicable {
        /// Why.
        reason: Text,
    },
    /// The question is not asked, because something else is broken.
    Prevented {
        /// What.
        reason: Text,
    },
    /// The question cannot be answered from this evidence.
    Unanswered {
        /// Why.
        reason: Text,
    },
}

/// What a broken check has to say.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) expected: Text,
    pub(super) found: Text,
    pub(super) place: Option<String>,
    pub(super) exchange: Option<usize>,
    pub(super) excerpt: Option<Box<Excerpt>>,
}

impl Answer {
    pub(super) fn broken(expected: Text, found: Text) -> Self {
        Self::Broken(Box::new(Finding {
            expected,
            found,
            place: None,
            exchange: None,
            excerpt: None,
        }))
    }

    /// Holds if the condition does.
    pub(super) fn from(holds: bool, expected: impl FnOnce() -> Text, found: impl FnOnce() -> Text) -> Self {
        if holds {
            Self::Holds
        } else {
            Self::broken(expected(), found())
        }
    }

    pub(super) fn unanswered(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::Unanswered {
            reason: Text::new(ja, en),
        }
    }

    pub(super) fn not_applicable(ja: impl Into<String>, en: impl Into<String>) -> Self {
        Self::NotApplicable {
            reason: Text::new(ja, en),
        }
    }

    pub(super) fn at(mut self, place: &str) -> Self {
        if let Self::Broken(finding) = &mut self {
            finding.place.get_or_insert_with(|| place.to_owned());
        }
        self
    }

    pub(super) fn of_exchange(mut self, index: usize) -> Self {
        if let Self::Broken(finding) = &mut self {
            finding.exchange.get_or_insert(index);
        }
        self
    }
}

/// An exchange with its messages parsed on first use.
pub(super) struct Parsed<'a> {
    pub(super) index: usize,
    pub(super) exchange: &'a Exchange,
    request: OnceCell<Option<HttpRequest>>,
    response: OnceCell<Option<HttpResponse>>,
    request_json: OnceCell<Result<Map<String, Value>, JsonFault>>,
    response_json: OnceCell<Result<Value, JsonFault>>,
    request_xml: OnceCell<Option<Result<Document, XmlError>>>,
    response_xml: OnceCell<Option<Result<Document, XmlError>>>,
    answers: [OnceCell<Answers>; 2],
}

impl<'a> Parsed<'a> {
    fn new(index: usize, exchange: &'a Exchange) -> Self {
        Self {
            index,
            exchange,
            request: OnceCell::new(),
            response: OnceCell::new(),
            request_json: OnceCell::new(),
            response_json: OnceCell::new(),
            request_xml: OnceCell::new(),
            response_xml: OnceCell::new(),
            answers: [OnceCell::new(), OnceCell::new()],
        }
    }

    pub(super) fn request(&self) -> Option<&HttpRequest> {
        self.request
            .get_or_init(|| parse_request(&self.exchange.request).ok().map(|(request, _)| request))
            .as_ref()
    }

    pub(super) fn response(&self) -> Option<&HttpResponse> {
        self.response
            .get_or_init(|| {
                let method = self
                    .exchange
                    .request
                    .split(|byte| *byte == b' ')
                    .next()
                    .unwrap_or_default();
                let method = std::str::from_utf8(method).unwrap_or("GET");
                // A body that ends with the connection is whole only if nothing went wrong.
                let closed = self.exchange.fault.is_none();
                parse_response(&self.exchange.response, method, closed).ok()
            })
            .as_ref()
    }

    pub(super) fn headers(&self, of: Message) -> Option<&Headers> {
        match of {
            Message::Request => self.request().map(|request| &request.headers),
            Message::Response => self.response().map(|response| &response.headers),
        }
    }

    pub(super) fn request_json(&self) -> Result<&Map<String, Value>, &JsonFault> {
        self.request_json
            .get_or_init(|| parse_object(self.request().map_or(&[], |request| &request.body)))
            .as_ref()
    }

    pub(super) fn response_json(&self) -> Result<&Value, &JsonFault> {
        self.response_json
            .get_or_init(|| parse_object(self.response().map_or(&[], |response| &response.body)).map(Value::Object))
            .as_ref()
    }

    /// The body of a message as XML; `None` where there is no body.
    pub(super) fn xml(&self, of: Message) -> Option<&Result<Document, XmlError>> {
        let (cell, body, headers) = match of {
            Message::Request => {
                let request = self.request()?;
                (&self.request_xml, &request.body, &request.headers)
            }
            Message::Response => {
                let response = self.response()?;
                (&self.response_xml, &response.body, &response.headers)
            }
        };
        let read = || {
            // A document type declaration is what an assertion asks about, so it must not end the reading.
            let limits = Limits::default().with_doctype(Doctype::Skip);
            (!body.is_empty()).then(|| parse_bytes(body, media_parameter(headers, "charset").as_deref(), &limits))
        };
        cell.get_or_init(read).as_ref()
    }

    /// The body of a message as XML, if it is XML.
    pub(super) fn document(&self, of: Message) -> Option<&Document> {
        self.xml(of)?.as_ref().ok()
    }

    fn body(&self, of: Message) -> Body<'_> {
        match self.xml(of) {
            None => Body::Empty,
            Some(Ok(document)) => Body::Xml(document),
            Some(Err(error)) => Body::NotXml(error),
        }
    }

    /// What the assertions of the WS-I profiles say of one half of the exchange.
    pub(super) fn assertions(&self, of: Message, context: &Context<'_>) -> &Answers {
        let (cell, side) = match of {
            Message::Request => (&self.answers[0], Side::Request),
            Message::Response => (&self.answers[1], Side::Response),
        };
        cell.get_or_init(|| {
            let described = context.described.as_deref();
            judge_message(&MessageView {
                side,
                request: self.request(),
                response: self.response(),
                request_body: self.body(Message::Request),
                response_body: self.body(Message::Response),
                description: described.map(|described| &described.description),
                schema: described.and_then(Described::engine),
                readings: &context.facts.readings,
            })
        })
    }

    /// The one value at a pointer of the response body.
    pub(super) fn value(&self, at: &str) -> Option<&Value> {
        let body = self.response_json().ok()?;
        pointer_values(body, at).into_iter().next().map(|(_, value)| value)
    }

    /// A parameter as it was sent.
    pub(super) fn sent(&self, parameter: &str) -> Option<&Value> {
        self.request_json().ok()?.get(parameter)
    }

    /// Why there is no response, for findings.
    pub(super) fn no_response(&self) -> Text {
        self.exchange.fault.as_ref().map_or_else(
            || {
                Text::new(
                    "解釈できる HTTP 応答がありません",
                    "no response that can be read as HTTP",
                )
            },
            crate::evidence::Fault::describe,
        )
    }
}

/// Everything a check of one scenario can look at.
pub(super) struct Context<'a> {
    pub(super) facts: &'a RunFacts,
    pub(super) interface: Option<Arc<Interface>>,
    pub(super) evidence: &'a ScenarioEvidence,
    /// The description that was agreed on, for scenarios of a SOAP service.
    pub(super) described: Option<Rc<Described>>,
    /// The business units of the corpus.
    pub(super) units: &'a [Unit],
    descriptions: RefCell<HashMap<String, Option<Rc<Answers>>>>,
    exchanges: Vec<Parsed<'a>>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        facts: &'a RunFacts,
        interface: Option<Arc<Interface>>,
        described: Option<Rc<Described>>,
        units: &'a [Unit],
        evidence: &'a ScenarioEvidence,
    ) -> Self {
        Self {
            facts,
            interface,
            evidence,
            described,
            units,
            descriptions: RefCell::default(),
            exchanges: evidence
                .exchanges
                .iter()
                .enumerate()
                .map(|(index, exchange)| Parsed::new(index, exchange))
                .collect(),
        }
    }

    /// All exchanges of a step, in order of their repetition.
    pub(super) fn of_step(&self, step: &str) -> Vec<&Parsed<'a>> {
        let mut all: Vec<_> = self
            .exchanges
            .iter()
            .filter(|parsed| &*parsed.exchange.step == step)
            .collect();
        all.sort_by_key(|parsed| (parsed.exchange.index, parsed.index));
        all
    }

    /// What the assertions say of the description that a step fetched.
    pub(super) fn description_answers(&self, step: &str) -> Option<Rc<Answers>> {
        let known = self.descriptions.borrow().get(step).cloned();
        known.unwrap_or_else(|| {
            let answers = described::answers_of_step(self, step, &self.facts.readings).map(Rc::new);
            self.descriptions.borrow_mut().insert(step.to_owned(), answers.clone());
            answers
        })
    }

    /// All exchanges of one kind, in whatever step.
    pub(super) fn of_channel(&self, channel: Channel) -> Vec<&Parsed<'a>> {
        let of_kind = |parsed: &&Parsed<'a>| parsed.exchange.channel == channel;
        self.exchanges.iter().filter(of_kind).collect()
    }

    /// What a consumer product sent to one place in a step, in order of arrival.
    pub(super) fn arrived(&self, step: &str, channel: Channel) -> Vec<&Parsed<'a>> {
        let mut all: Vec<_> = self
            .exchanges
            .iter()
            .filter(|parsed| {
                &*parsed.exchange.step == step
                    && parsed.exchange.initiator == Initiator::Product
                    && parsed.exchange.channel == channel
            })
            .collect();
        all.sort_by_key(|parsed| parsed.exchange.started_us);
        all
    }

    /// What the product was told to send in a step.
    pub(super) fn instructed(&self, step: &str) -> Option<&Map<String, Value>> {
        self.evidence.notes.iter().find_map(|note| match note {
            Note::Instructed { step: of, fields, .. } if of == step => fields.as_object(),
            _ => None,
        })
    }

    /// The token endpoint that the product was told to use in a step.
    pub(super) fn token_endpoint(&self, step: &str) -> &str {
        let told = self.evidence.notes.iter().find_map(|note| match note {
            Note::Instructed {
                step: of,
                token_endpoint,
                ..
            } if of == step => Some(token_endpoint.as_str()),
            _ => None,
        });
        told.unwrap_or_default()
    }

    /// What the product reported at the end of a step.
    pub(super) fn reported(&self, step: &str) -> Option<(&str, Option<&Value>)> {
        self.evidence.notes.iter().rev().find_map(|note| match note {
            Note::Driver {
                step: of,
                outcome,
                report,
                ..
            } if of == step => Some((outcome.as_str(), report.as_ref())),
            _ => None,
        })
    }

    /// Tokens of the harness that were alive when the scenario began.
    pub(super) fn tokens_alive(&self) -> impl Iterator<Item = &str> {
        self.evidence.notes.iter().flat_map(|note| match note {
            Note::TokensAlive { tokens } => tokens.iter().map(String::as_str).collect::<Vec<_>>(),
            _ => Vec::new(),
        })
    }
}

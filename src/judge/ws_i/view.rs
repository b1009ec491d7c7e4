//! One side of an HTTP exchange with its envelope, and everything that assertions correlate with it.

use super::subject::Subject;
use super::{Answered, Answers, Entry, ask_in_order, envelope, message};
use crate::schema::SchemaEngine;
use crate::schema::wsdl::Description;
use crate::standard::ReadingChoice;
use crate::wire::{Headers, HttpRequest, HttpResponse};
use crate::xml::{Document, XmlError};

/// Which half of an exchange is judged.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// What the calling side sent.
    Request,
    /// What the called side answered.
    Response,
}

/// The entity body of a message.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// No bytes.
    Empty,
    /// XML that can be read (a document type declaration was stepped over).
    Xml(&'a Document),
    /// Bytes that are no XML.
    NotXml(&'a XmlError),
}

/// One message with what belongs to it.
pub struct MessageView<'a> {
    /// The half that is judged.
    pub side: Side,
    /// The HTTP request; absent for a captured envelope without HTTP.
    pub request: Option<&'a HttpRequest>,
    /// The HTTP response, where there was one.
    pub response: Option<&'a HttpResponse>,
    /// Body of the request.
    pub request_body: Body<'a>,
    /// Body of the response.
    pub response_body: Body<'a>,
    /// The description that was agreed on.
    pub description: Option<&'a Description>,
    /// Its compiled schemas.
    pub schema: Option<&'a dyn SchemaEngine>,
    /// Options of readings.
    pub readings: &'a ReadingChoice,
}

impl<'a> MessageView<'a> {
    /// Body of the half that is judged.
    pub fn body(&self) -> Body<'a> {
        match self.side {
            Side::Request => self.request_body,
            Side::Response => self.response_body,
        }
    }

    /// Headers of the half that is judged; `None` without HTTP.
    pub fn headers(&self) -> Option<&'a Headers> {
        match self.side {
            Side::Request => self.request.map(|request| &request.headers),
            Side::Response => self.response.map(|response| &response.headers),
        }
    }

    /// Entity body of the half that is judged, as bytes; `None` without HTTP.
    pub fn bytes(&self) -> Option<&'a [u8]> {
        match self.side {
            Side::Request => self.request.map(|request| request.body.as_slice()),
            Side::Response => self.response.map(|response| response.body.as_slice()),
        }
    }

    /// Whether an option of a reading was chosen. The default of a reading need not be asked for.
    pub fn reads(&self, reading: &str, option: &str) -> bool {
        self.readings.get(reading) == Some(option)
    }
}

/// Asks every assertion about messages and envelopes that fits the side.
pub fn judge_message(view: &MessageView<'_>) -> Answers {
    let fits = |entry: Entry| match entry {
        Entry::AnyMessage | Entry::AnyEnvelope => true,
        Entry::RequestMessage | Entry::RequestEnvelope => view.side == Side::Request,
        Entry::ResponseMessage | Entry::ResponseEnvelope => view.side == Side::Response,
        _ => false,
    };
    let subject = Subject::of(view);
    ask_in_order(
        |assertion| fits(assertion.entry),
        |assertion| match assertion.entry {
            Entry::AnyMessage | Entry::RequestMessage | Entry::ResponseMessage => message::ask(assertion.id, &subject),
            Entry::AnyEnvelope | Entry::RequestEnvelope | Entry::ResponseEnvelope => {
                envelope::ask(assertion.id, &subject)
            }
            _ => Answered::not_applicable("", ""),
        },
    )
}

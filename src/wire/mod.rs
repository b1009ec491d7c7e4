//! Floor 2: HTTP and TLS, with the exact bytes of both directions in hand.
//!
//! The client and the server here are small on purpose and built on `httparse` and `rustls`: a
//! conformance suite has to send what no library lets it send (two tokens at once, a body cut in
//! the middle, an old ClientHello) and has to keep what no library keeps (every byte, also of
//! answers that are no HTTP). Everything else of ours that speaks HTTP uses `reqwest`.

pub mod certificate;
mod client;
mod http;
pub mod jwt;
pub mod place;
pub(crate) use http::{media_parameter, media_type};
mod probe;
mod server;
mod url;

pub use client::{Client, ClientOptions, Outgoing, Sent};
pub use http::{
    Headers, HttpRequest, HttpResponse, ParseError, ReadLimits, parse_request, parse_response, response_bytes,
};
pub use probe::{ProbeOutcome, offer_old_tls};
pub use server::{Answer, Handler, Observer, Served, Server, ServerOptions};
pub use url::{Url, UrlError, form_decode, form_encode, percent_encode};

//! How the named checks are decided. One function a check; grouped by what they look at.

mod addressing;
mod body;
mod consumer;
mod errors;
mod files;
mod message;
mod numbers;
mod scope;
mod security;
mod soap;
mod token_request;
mod transport;
mod units;
mod xml_path;

use super::context::{Answer, Context, Parsed};
use crate::evidence::Channel;
use crate::scenario::{Act, Check, Step};

/// Asks one check about the recorded evidence of its step.
pub(super) fn ask(check: &Check, context: &Context<'_>, step: &Step) -> Answer {
    match check {
        // Consumer checks look at all that arrived, also at nothing.
        Check::Arrived(p) => consumer::arrived(p, context, step),
        Check::RequestLine(p) => consumer::request_line(p, context, step),
        Check::BearerHeader(_) => consumer::bearer_header(context, step),
        Check::TokenNowhereElse(_) => consumer::token_nowhere_else(context, step),
        Check::TokenIssued(_) => consumer::token_issued(context, step),
        Check::TokenRenewed(_) => consumer::token_renewed(context, step),
        Check::TokenRequest(p) => token_request::token_request(p, context, step),
        Check::ClientAssertion(p) => token_request::client_assertion(p, context, step),
        Check::RequestTable(p) => consumer::request_table(p, context, step),
        Check::RequestItem(p) => consumer::request_item(p, context, step),
        Check::NotInRequestHead(p) => consumer::not_in_request_head(p, context, step),
        Check::Gap(p) => consumer::gap(p, context, step),
        Check::Reported(p) => consumer::reported(p, context, step),
        Check::PublishedAddress(_) => soap::published_address(context, step),
        Check::WsI(p) => soap::ws_i(p, context, step),
        Check::XmlValue(p) => soap::xml_value(p, context, step),
        Check::SchemaValid(p) => soap::schema_valid(p, context, step),
        Check::Addressing(p) => addressing::ask(p, context, step),
        Check::Security(p) => security::ask(p, context, step),
        Check::DriverValue(p) => consumer::driver_value(p, context, step),
        Check::Records(p) => units::records(p, context, step),
        Check::Refusal(p) => units::refusal(p, context, step),
        Check::Told(p) => units::told(p, context, step),
        Check::ToldInOrder(p) => units::told_in_order(p, context, step),
        Check::TellsNothing(p) => units::tells_nothing(p, context, step),
        Check::ToldWithin(p) => units::told_within(p, context, step),
        Check::Sent(p) => units::sent(p, context, step),
        Check::FileRules(p) => files::rules(p, context, step),
        Check::FileForm(_) => files::form(context, step),
        Check::FileRows(p) => files::rows_of_file(p, context, step),
        Check::FileReferences(p) => files::references(p, context, step),
        Check::FileDelta(p) => files::delta(p, context, step),
        Check::Delivered(_) => units::delivered(context, step),
        // Checks over all repetitions at once.
        Check::Unique(p) => numbers::unique(p, context, step),
        Check::Rising(p) => numbers::rising(p, context, step),
        Check::SameConnection(_) => transport::same_connection(context, step),
        // Checks that every repetition has to pass by itself.
        _ => every(context, step, |parsed| {
            // A consumer step records token requests too; questions about requests mean the API's.
            let other = matches!(step.act, Act::Consume(_) | Act::Soap(_) | Act::SoapConsume(_))
                && parsed.exchange.channel != Channel::Api
                && !matches!(check, Check::TlsVersion(_));
            if other {
                Answer::Holds
            } else {
                one(check, context, parsed)
            }
        }),
    }
}

/// Asks every exchange of a step; the first that does not hold answers for all.
fn every(context: &Context<'_>, step: &Step, ask: impl Fn(&Parsed<'_>) -> Answer) -> Answer {
    let exchanges = context.of_step(&step.id);
    let is_consumer_step = matches!(step.act, Act::Consume(_) | Act::SoapConsume(_));
    if exchanges.is_empty() || is_consumer_step && context.arrived(&step.id, Channel::Api).is_empty() {
        return Answer::unanswered(
            "この手順の交換が記録されていません。",
            "Nothing was exchanged in this step.",
        );
    }
    for parsed in exchanges {
        match ask(parsed) {
            Answer::Holds => {}
            other => return other.of_exchange(parsed.index),
        }
    }
    Answer::Holds
}

fn one(check: &Check, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    match check {
        Check::Answered(_) => transport::answered(parsed),
        Check::TlsVersion(p) => transport::tls_version(p, parsed),
        Check::Certificate(_) => transport::certificate(parsed),
        Check::TlsRefused(_) => transport::tls_refused(parsed),
        Check::Status(p) => message::status(p, parsed),
        Check::MediaType(p) => message::media_type(p, parsed),
        Check::Header(p) => message::header(p, parsed),
        Check::HttpVersionAtLeast(p) => message::http_version(p, parsed),
        Check::Framing(_) => message::framing(parsed),
        Check::NoContentCoding(_) => message::no_content_coding(parsed),
        Check::Within(p) => message::within(p, context, parsed),
        Check::NoInternals(_) => message::no_internals(parsed),
        Check::NoEcho(p) => message::no_echo(p, parsed),
        Check::Json(p) => body::json(p, parsed),
        Check::NotJson(_) => body::not_json(parsed),
        Check::ResponseTable(p) => body::response_table(p, context, parsed),
        Check::ResponseItem(p) => body::response_item(p, context, parsed),
        Check::NoExtraMembers(p) => body::no_extra_members(p, context, parsed),
        Check::Value(p) => body::value(p, context, parsed),
        Check::Member(p) => body::member(p, parsed),
        Check::Number(p) => body::number(p, parsed),
        Check::LongEnough(p) => body::long_enough(p, parsed),
        Check::ScopeWithheld(p) => scope::withheld(p, context, parsed),
        Check::OneProvider(_) => scope::one_provider(context, parsed),
        Check::NoNulls(_) => body::no_nulls(parsed),
        Check::ExpiryAgrees(p) => body::expiry_agrees(p, context, parsed),
        Check::SoapAnswer(_) => soap::answer(context, parsed),
        Check::SoapAccepted(_) => soap::accepted(context, parsed),
        Check::SoapFault(p) => soap::fault(p, context, parsed),
        Check::NotResident(p) => numbers::not_resident(p, context, parsed),
        Check::CheckDigit(p) => numbers::check_digit(p, parsed),
        Check::ErrorCode(p) => errors::error_code(p, context, parsed),
        Check::ErrorCodesKnown(_) => errors::codes_known(context, parsed),
        Check::ErrorMessages(_) => errors::messages(context, parsed),
        Check::ErrorNamesLength(p) => errors::names_length(p, context, parsed),
        Check::ErrorNamesCharacters(p) => errors::names_characters(p, context, parsed),
        Check::ErrorCorrelation(p) => errors::correlation(p, context, parsed),
        Check::ErrorsCover(p) => errors::cover(p, context, parsed),
        other => unreachable!("`{}` looks at the whole step", other.name()),
    }
}

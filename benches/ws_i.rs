//! How long it takes to judge one SOAP message against every assertion that applies to it, its schema included: figures
//! for `ci/bench/README.md`, not a test. Run it with `ci/bench/ws-i`.

use std::error::Error;
use std::fmt::Write as _;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use junkyo::judge::ws_i::{Answered, Answers, Body, MessageView, Side, judge_message};
use junkyo::schema::wsdl::Description;
use junkyo::schema::{Against, CompiledSchema, DocumentSet, SchemaEngine};
use junkyo::standard::ReadingChoice;
use junkyo::wire::{parse_request, parse_response};
use junkyo::xml::{Doctype, Limits, parse_bytes};

const ROUNDS: usize = 5_000;
const BODY: usize = 5_000;
const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <soap:Envelope xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"><soap:Body>";
const TAIL: &str = "</soap:Body></soap:Envelope>";

/// What stays the same from message to message.
struct Agreed {
    description: Description,
    schema: CompiledSchema,
    readings: ReadingChoice,
}

fn main() -> Result<(), Box<dyn Error>> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance/platform-communication/service/exchange.wsdl");
    let description = Description::read(DocumentSet::from_file(&file)?)?;
    let schema = CompiledSchema::compile(&description.schemas)?;
    let agreed = Agreed {
        description,
        schema,
        readings: ReadingChoice::default(),
    };
    let (request, response) = (request(), response()?);
    let body = &parse_response(&response, "POST", false)?.body;
    let document = parse_bytes(body, Some("UTF-8"), &Limits::default()).map_err(|error| format!("{error:?}"))?;
    let answers = judge(&agreed, &request, &response)?;
    let holds = answers.iter().filter(|(_, answer)| *answer == Answered::Holds).count();
    let broken: Vec<&str> = answers
        .iter()
        .filter(|(_, answer)| !matches!(answer, Answered::Holds | Answered::NotApplicable { .. }))
        .map(|(assertion, _)| assertion.id)
        .collect();
    println!(
        "response of {} bytes ({} of body, {} elements): {} assertions asked, {holds} hold, {} do not apply, neither: {broken:?}; \
         best and median of {ROUNDS}",
        response.len(),
        body.len(),
        document.elements().count(),
        answers.len(),
        answers.len() - holds - broken.len(),
    );
    let content = document
        .elements()
        .find(|element| element.local() == "requestExtractResponse")
        .ok_or("the message has no content")?;

    measure("parse HTTP, both halves", || {
        black_box((
            parse_request(&request).is_ok(),
            parse_response(&response, "POST", false).is_ok(),
        ));
    });
    measure("parse XML", || {
        black_box(parse_bytes(body, Some("UTF-8"), &Limits::default()).is_ok());
    });
    measure("validate", || {
        black_box(agreed.schema.validate(content, Against::Declaration));
    });
    measure("all of it: HTTP, XML, assertions, schema", || {
        black_box(judge(&agreed, &request, &response).is_ok());
    });
    Ok(())
}

/// As a run does it: from bytes to answers.
fn judge(agreed: &Agreed, request: &[u8], response: &[u8]) -> Result<Answers, Box<dyn Error>> {
    let (request, _) = parse_request(request)?;
    let response = parse_response(response, "POST", false)?;
    let limits = Limits::default().with_doctype(Doctype::Skip);
    let asked = parse_bytes(&request.body, Some("UTF-8"), &limits);
    let answered = parse_bytes(&response.body, Some("UTF-8"), &limits);
    Ok(judge_message(&MessageView {
        side: Side::Response,
        request: Some(&request),
        response: Some(&response),
        request_body: asked.as_ref().map_or_else(Body::NotXml, Body::Xml),
        response_body: answered.as_ref().map_or_else(Body::NotXml, Body::Xml),
        description: Some(&agreed.description),
        schema: Some(&agreed.schema),
        readings: &agreed.readings,
    }))
}

fn request() -> Vec<u8> {
    let body = format!(
        "{HEAD}<m:requestExtract xmlns:m=\"http://junkyo.example/exchange/1/messages\"><m:extractId>e-1</m:extractId>\
         <m:area>131016</m:area></m:requestExtract>{TAIL}"
    );
    format!(
        "POST /exchange HTTP/1.1\r\nHost: product.example\r\nContent-Type: text/xml; charset=UTF-8\r\n\
         SOAPAction: \"http://junkyo.example/exchange/1/RequestExtract\"\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// An extract of as many residents as fit into 5 KB.
fn response() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut body = format!(
        "{HEAD}<m:requestExtractResponse xmlns:m=\"http://junkyo.example/exchange/1/messages\" \
         xmlns:t=\"http://junkyo.example/exchange/1/types\"><m:extractId>e-1</m:extractId><m:extract>"
    );
    let end = format!("</m:extract></m:requestExtractResponse>{TAIL}");
    for number in 1_u32.. {
        let mut resident = String::new();
        write!(
            resident,
            "<t:resident version=\"{number}\"><t:residentNumber>{number:015}</t:residentNumber><t:name>架空　花子</t:name>\
             <t:kana>カクウ　ハナコ</t:kana><t:birthDate>1990-02-28</t:birthDate><t:sex>2</t:sex>\
             <t:address><t:postcode>0000000</t:postcode><t:text>架空市本町一丁目</t:text></t:address></t:resident>"
        )?;
        if body.len() + resident.len() + end.len() > BODY {
            break;
        }
        body += &resident;
    }
    body += &end;
    body += &" ".repeat(BODY - body.len());
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=UTF-8\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    Ok((head + &body).into_bytes())
}

fn measure(what: &str, mut work: impl FnMut()) {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let micros = |time: Duration| time.as_secs_f64() * 1e6;
    println!(
        "{what}: {:.0} µs, {:.0} µs",
        micros(times[0]),
        micros(times[ROUNDS / 2])
    );
}

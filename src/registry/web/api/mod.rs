//! The REST API under `/api/v1`, for programs: the catalog and its proofs for everybody, challenges and submissions for
//! vendors with a token.

mod catalog;
mod claims;
mod submit;
mod types;

use schemars::SchemaGenerator;

use super::Web;
use super::openapi::{Media, Operation, QueryParameter, document};
use super::params::Params;
use super::reply::{PageError, Reply};
use super::route::{Body, Rate, Route, VENDORS, Verb};
use super::visitor::Visitor;
use crate::registry::client::BUNDLE_TYPE;
use crate::registry::model::{RegistrationNumber, TokenScope};
use crate::text::Text;
use crate::text::date::Day;

/// Largest bundle in bytes.
pub const BUNDLE_LIMIT: u64 = 256 << 20;
/// Largest document in bytes.
pub const DOCUMENT_LIMIT: u64 = 16 << 20;
/// Media types that a bundle may be sent with.
const BUNDLE_TYPES: &[&str] = &[BUNDLE_TYPE, "application/zip", "application/octet-stream"];
/// Media types that a document may be sent with.
const DOCUMENT_TYPES: &[&str] = &[
    "application/pdf",
    "application/zip",
    "application/octet-stream",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "text/plain",
    "text/csv",
    "image/png",
    "image/jpeg",
];
/// Largest clause list or claim set in bytes.
const CLAIMS_LIMIT: u64 = 8 << 20;
/// Media types that claims may be sent with.
const CLAIMS_TYPES: &[&str] = &[
    "application/json",
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
];
/// Seconds that public answers may be kept.
const PUBLIC_SECONDS: u32 = 30;

macro_rules! schema {
    ($type:ty) => {{
        fn schema(generator: &mut SchemaGenerator) -> schemars::Schema {
            generator.subschema_for::<$type>()
        }
        Media::json(schema)
    }};
}

const AS_OF: QueryParameter = QueryParameter {
    name: "as-of",
    text: "Day (YYYY-MM-DD, Japan) to answer for; today if absent. `asOf` is understood too.",
    many: false,
};

macro_rules! facets {
    ($($name:literal $text:literal $many:literal),* $(,)?) => {
        &[AS_OF, $(QueryParameter { name: $name, text: $text, many: $many }),*]
    };
}

static PRODUCTS: Operation = Operation {
    id: "searchProducts",
    title: ("登録製品の検索", "Search registered products"),
    text: "Values of one facet are alternatives; different facets, and all words of q, must all hold.",
    query: facets![
        "q" "Words, each of which must occur in name, reading, vendor, number, version or scope." false,
        "unit" "Business unit, two digits." true,
        "profile" "Profile." true,
        "step" "STEP." true,
        "vendor" "Corporate number of the vendor." true,
        "cloud" "Cloud, as declared." true,
        "size" "Size of municipality, as declared." true,
        "status" "Status on the day asked for." true,
        "kind" "conformance or interconnection." true,
        "feature" "Optional feature." true,
        "suite" "Suite it was tested with." true,
        "expires-within" "Only what ends within so many months." false,
        "from" "Registered on this day or later." false,
        "until" "Registered on this day or earlier." false,
        "sort" "name, vendor, newest, expiry or number." false,
        "page" "Page, from 1." false,
        "per-page" "Records of a page; 20 if absent." false,
    ],
    body: None,
    answers: &[(
        200,
        "A page of records with counts by facet.",
        schema!(types::ProductPage),
    )],
};

static REGISTRATION: Operation = Operation {
    id: "getRegistration",
    title: ("登録の内容", "A registration"),
    text: "As of a day: what stood in the catalog on that day.",
    query: &[AS_OF],
    body: None,
    answers: &[(200, "The record.", schema!(types::RegistrationAnswer))],
};

static HISTORY: Operation = Operation {
    id: "getHistory",
    title: ("登録の履歴", "History of a registration"),
    text: "Every signed event, with the DSSE line and its place in the log.",
    query: &[],
    body: None,
    answers: &[(200, "Events, oldest first.", schema!(types::EventList))],
};

static PROOF: Operation = Operation {
    id: "getProof",
    title: ("証明一式", "Proof pack"),
    text: "Everything that is needed to verify the registration without this service.",
    query: &[],
    body: None,
    answers: &[(200, "A ZIP file.", Media::file("application/zip"))],
};

static CATALOG_JSON: Operation = Operation {
    id: "downloadCatalog",
    title: ("カタログ全体(JSON)", "The whole catalog as JSON"),
    text: "The newest signed snapshot, byte for byte; its signature is catalog.intoto.jsonl.",
    query: &[],
    body: None,
    answers: &[(200, "catalog.json.", Media::file("application/json"))],
};

static CATALOG_SIGNATURE: Operation = Operation {
    id: "downloadCatalogSignature",
    title: ("カタログの署名", "Signature of the catalog"),
    text: "DSSE line over the digest of catalog.json.",
    query: &[],
    body: None,
    answers: &[(200, "One line.", Media::file("application/vnd.dsse+json"))],
};

static CATALOG_CSV: Operation = Operation {
    id: "downloadCatalogCsv",
    title: ("カタログ全体(CSV)", "The whole catalog as CSV"),
    text: "UTF-8 with BOM; one line a registration. The first line names the columns.",
    query: &[AS_OF],
    body: None,
    answers: &[(200, "catalog.csv.", Media::file("text/csv"))],
};

static COLUMNS: Operation = Operation {
    id: "downloadCatalogColumns",
    title: ("CSV の項目の説明", "What the columns of the CSV mean"),
    text: "Data dictionary of catalog.csv, as CSV.",
    query: &[],
    body: None,
    answers: &[(200, "catalog-columns.csv.", Media::file("text/csv"))],
};

static FEED: Operation = Operation {
    id: "getFeed",
    title: ("更新フィード", "Feed"),
    text: "The newest events as an Atom feed.",
    query: &[],
    body: None,
    answers: &[(200, "Atom.", Media::file("application/atom+xml"))],
};

static CHANGES: Operation = Operation {
    id: "listChanges",
    title: ("変更の一覧", "Changes"),
    text: "Events in the order of the log; ask again with `next` until it is empty.",
    query: &[
        QueryParameter {
            name: "since",
            text: "Index in the log to begin at; 0 if absent.",
            many: false,
        },
        QueryParameter {
            name: "count",
            text: "Events at most; 100 if absent, 1000 at most.",
            many: false,
        },
    ],
    body: None,
    answers: &[(200, "Events.", schema!(types::ChangePage))],
};

static REPORT: Operation = Operation {
    id: "getReportStatement",
    title: ("署名済みレポート", "Signed report of a registration"),
    text: "The vendor's signed statement with the result of each requirement.",
    query: &[],
    body: None,
    answers: &[(200, "One DSSE line.", Media::file("application/vnd.dsse+json"))],
};

static INTERCONNECTIONS: Operation = Operation {
    id: "listInterconnections",
    title: ("相互接続確認", "Interconnections"),
    text: "Which product was seen to work with which.",
    query: &[QueryParameter {
        name: "registration",
        text: "Only those of this registration.",
        many: false,
    }],
    body: None,
    answers: &[(200, "Interconnections.", schema!(types::InterconnectionList))],
};

static SUITES: Operation = Operation {
    id: "listSuites",
    title: ("試験スイート", "Test suites"),
    text: "Suites, and until when runs with them are taken.",
    query: &[],
    body: None,
    answers: &[(200, "Suites, newest first.", schema!(types::SuiteList))],
};

static OPENAPI: Operation = Operation {
    id: "getOpenApi",
    title: ("この API の記述", "Description of this API"),
    text: "This document.",
    query: &[],
    body: None,
    answers: &[(200, "OpenAPI 3.1.", Media::file("application/json"))],
};

static CLAIMS: Operation = Operation {
    id: "checkClaims",
    title: ("提案内容の確認", "Check claims against the catalog"),
    text: "Each clause of a request for proposals and each vendor's answer: substantiated by a registration that is valid on \
           the day, contradicted, not substantiated, out of scope, expired, suspended, or undetermined. Nothing is kept.",
    query: &[AS_OF],
    body: Some(Media::file("application/json")),
    answers: &[(
        200,
        "The verdicts with what each rests on, canonical JSON.",
        Media::file("application/json"),
    )],
};

static BOARD: Operation = Operation {
    id: "listNotices",
    title: ("調達情報", "Procurement notices"),
    text: "Notices of municipalities that are open to everybody.",
    query: &[],
    body: None,
    answers: &[(200, "Notices.", Media::file("application/json"))],
};

static BOARD_FEED: Operation = Operation {
    id: "getNoticesFeed",
    title: ("調達情報のフィード", "Feed of procurement notices"),
    text: "The newest notices as an Atom feed.",
    query: &[],
    body: None,
    answers: &[(200, "Atom.", Media::file("application/atom+xml"))],
};

static OPEN_CHALLENGE: Operation = Operation {
    id: "openChallenge",
    title: ("チャレンジの発行", "Open a challenge"),
    text: "Gives a nonce that seeds the test data of one run. Every challenge of a version counts as an attempt, used or not.",
    query: &[],
    body: Some(schema!(types::ChallengeRequest)),
    answers: &[(
        201,
        "The challenge; `file` is for `junkyo run --challenge`.",
        schema!(types::ChallengeAnswer),
    )],
};

static GET_CHALLENGE: Operation = Operation {
    id: "getChallenge",
    title: ("チャレンジ", "A challenge"),
    text: "A challenge of the own vendor.",
    query: &[],
    body: None,
    answers: &[(200, "The challenge.", schema!(types::ChallengeAnswer))],
};

static SUBMIT: Operation = Operation {
    id: "submitBundle",
    title: ("バンドルの提出", "Submit a bundle"),
    text: "Idempotent: the same bundle again gives the same receipt. A refusal has all reasons.",
    query: &[],
    body: Some(Media::file(BUNDLE_TYPE)),
    answers: &[
        (
            201,
            "Taken; the evidence is being judged again.",
            schema!(types::ReceiptAnswer),
        ),
        (200, "This very bundle was taken before.", schema!(types::ReceiptAnswer)),
    ],
};

static SUBMISSIONS: Operation = Operation {
    id: "listSubmissions",
    title: ("提出の一覧", "Submissions"),
    text: "Submissions of the own vendor.",
    query: &[],
    body: None,
    answers: &[(200, "Submissions, newest first.", schema!(types::SubmissionList))],
};

static SUBMISSION: Operation = Operation {
    id: "getSubmission",
    title: ("提出の状態", "A submission"),
    text: "State of a submission of the own vendor.",
    query: &[],
    body: None,
    answers: &[(200, "The submission.", schema!(types::SubmissionAnswer))],
};

static ATTACH: Operation = Operation {
    id: "attachDocument",
    title: ("書類の添付", "Attach a document"),
    text: "Evidence that a human has to look at: redundancy, separate procurement and so on.",
    query: &[
        QueryParameter {
            name: "kind",
            text: "redundancy, procurement-separation, security, operation, migration, accessibility or other.",
            many: false,
        },
        QueryParameter {
            name: "name",
            text: "File name.",
            many: false,
        },
        QueryParameter {
            name: "expires",
            text: "Last day on which it counts (YYYY-MM-DD).",
            many: false,
        },
    ],
    body: Some(Media::file("application/pdf")),
    answers: &[(201, "The document.", schema!(types::DocumentAnswer))],
};

/// Routes of the API.
pub(super) const ROUTES: &[Route] = &[
    Route::api(Verb::Get, "/api/v1/products", &PRODUCTS, catalog::products),
    Route::api(
        Verb::Get,
        "/api/v1/registrations/{number}",
        &REGISTRATION,
        catalog::registration,
    ),
    Route::api(
        Verb::Get,
        "/api/v1/registrations/{number}/history",
        &HISTORY,
        catalog::history,
    ),
    Route::api(
        Verb::Get,
        "/api/v1/registrations/{number}/proof.zip",
        &PROOF,
        catalog::proof,
    ),
    Route::api(Verb::Get, "/api/v1/catalog.json", &CATALOG_JSON, catalog::json),
    Route::api(
        Verb::Get,
        "/api/v1/catalog.intoto.jsonl",
        &CATALOG_SIGNATURE,
        catalog::signature,
    ),
    Route::api(Verb::Get, "/api/v1/catalog.csv", &CATALOG_CSV, catalog::csv),
    Route::api(Verb::Get, "/api/v1/changes", &CHANGES, catalog::changes),
    Route::api(Verb::Get, "/api/v1/catalog-columns.csv", &COLUMNS, catalog::columns),
    Route::api(Verb::Get, "/feed.atom", &FEED, catalog::feed),
    Route::api(Verb::Post, "/api/v1/claims:check", &CLAIMS, claims::check)
        .rate(Rate::Upload)
        .body(Body::File {
            limit: CLAIMS_LIMIT,
            types: CLAIMS_TYPES,
        }),
    Route::api(Verb::Get, "/board.json", &BOARD, claims::board),
    Route::api(Verb::Get, "/board.atom", &BOARD_FEED, claims::feed),
    // Where `junkyo catalog verify` and `junkyo rfp check` look, in a static export as well.
    Route::api(Verb::Get, "/catalog.json", &CATALOG_JSON, catalog::json).undescribed(),
    Route::api(
        Verb::Get,
        "/catalog.intoto.jsonl",
        &CATALOG_SIGNATURE,
        catalog::signature,
    )
    .undescribed(),
    Route::api(Verb::Get, "/reports/{file}", &REPORT, catalog::report),
    Route::api(
        Verb::Get,
        "/api/v1/interconnections",
        &INTERCONNECTIONS,
        catalog::interconnections,
    ),
    Route::api(Verb::Get, "/api/v1/suites", &SUITES, catalog::suites),
    Route::api(Verb::Get, "/api/v1/openapi.json", &OPENAPI, openapi),
    Route::api(
        Verb::Post,
        "/api/v1/challenges",
        &OPEN_CHALLENGE,
        submit::open_challenge,
    )
    .token(TokenScope::Submit, VENDORS)
    .rate(Rate::Change)
    .body(Body::Json),
    Route::api(Verb::Get, "/api/v1/challenges/{id}", &GET_CHALLENGE, submit::challenge)
        .token(TokenScope::Read, VENDORS)
        .rate(Rate::Page),
    Route::api(Verb::Post, "/api/v1/submissions", &SUBMIT, submit::submit)
        .token(TokenScope::Submit, VENDORS)
        .rate(Rate::Upload)
        .body(Body::File {
            limit: BUNDLE_LIMIT,
            types: BUNDLE_TYPES,
        }),
    Route::api(Verb::Get, "/api/v1/submissions", &SUBMISSIONS, submit::submissions)
        .token(TokenScope::Read, VENDORS)
        .rate(Rate::Page),
    Route::api(Verb::Get, "/api/v1/submissions/{id}", &SUBMISSION, submit::submission)
        .token(TokenScope::Read, VENDORS)
        .rate(Rate::Page),
    Route::api(
        Verb::Post,
        "/api/v1/submissions/{id}/documents",
        &ATTACH,
        submit::attach,
    )
    .token(TokenScope::Submit, VENDORS)
    .rate(Rate::Upload)
    .body(Body::File {
        limit: DOCUMENT_LIMIT,
        types: DOCUMENT_TYPES,
    }),
];

fn openapi(_: &Web, _: &Visitor, _: &Params) -> Result<Reply, PageError> {
    Ok(Reply::json(&document())?.cache(PUBLIC_SECONDS))
}

/// The registration number in the path. What is none does not exist.
fn number(params: &Params) -> Result<RegistrationNumber, PageError> {
    params.path("number").parse().map_err(|_| PageError::NotFound)
}

/// The day that is asked for; today if none is.
fn as_of(web: &Web, params: &Params) -> Result<Day, PageError> {
    Ok(asked_day(params)?.unwrap_or_else(|| web.registry.now().day()))
}

/// The day that is asked for.
fn asked_day(params: &Params) -> Result<Option<Day>, PageError> {
    match params.query("as-of").or_else(|| params.query("asOf")) {
        None => Ok(None),
        Some(text) => Day::parse(text).map(Some).map_err(|_| {
            PageError::BadRequest(Text::new(
                "as-of は YYYY-MM-DD で指定してください。",
                "as-of has to be YYYY-MM-DD.",
            ))
        }),
    }
}

//! OpenAPI 3.1 of the API: computed from the table of routes and the types of its answers, never written by hand.

use std::collections::BTreeMap;

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Json, json};

use super::reply::ProblemDocument;
use super::route::{Body, Guard, Route, routes};

/// What OpenAPI says of a route.
#[derive(Debug)]
pub struct Operation {
    /// Name in clients.
    pub id: &'static str,
    /// Title in Japanese and English.
    pub title: (&'static str, &'static str),
    /// What there is to know beside the title, in English.
    pub text: &'static str,
    /// Parameters of the query.
    pub query: &'static [QueryParameter],
    /// Body that is sent.
    pub body: Option<Media>,
    /// Answers if all goes well: status, what it means, what it holds.
    pub answers: &'static [(u16, &'static str, Media)],
}

/// A parameter of the query.
#[derive(Debug)]
pub struct QueryParameter {
    /// Its name.
    pub name: &'static str,
    /// What it does.
    pub text: &'static str,
    /// Whether it can be given several times.
    pub many: bool,
}

/// A media type and what it holds.
#[derive(Clone, Copy)]
pub struct Media {
    /// Media type.
    pub media_type: &'static str,
    /// Schema of JSON; files have none.
    pub schema: Option<fn(&mut SchemaGenerator) -> schemars::Schema>,
}

impl std::fmt::Debug for Media {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.media_type)
    }
}

impl Media {
    /// JSON of a type.
    pub const fn json(schema: fn(&mut SchemaGenerator) -> schemars::Schema) -> Self {
        Self {
            media_type: "application/json",
            schema: Some(schema),
        }
    }

    /// A file.
    pub const fn file(media_type: &'static str) -> Self {
        Self {
            media_type,
            schema: None,
        }
    }
}

/// What parameters in paths are called and mean.
const PATH_PARAMETERS: &[(&str, &str)] = &[
    ("number", "Registration number, such as JK-2026-000421-37."),
    ("id", "Id, as another answer of the API gave it."),
    (
        "file",
        "Name of the file: the digest of a report's statement, and .intoto.jsonl.",
    ),
];

/// The document.
pub fn document() -> Json {
    let mut generator = SchemaSettings::draft2020_12()
        .with(|settings| settings.definitions_path = "/components/schemas".into())
        .into_generator();
    let problem = generator.subschema_for::<ProblemDocument>();
    let mut paths: BTreeMap<String, Map<String, Json>> = BTreeMap::new();
    for route in routes() {
        let Some(operation) = route.operation else { continue };
        let described = describe(route, operation, &problem, &mut generator);
        let verb = route.verb.name().to_lowercase();
        paths.entry(route.path.to_owned()).or_default().insert(verb, described);
    }
    let schemas = generator.take_definitions(true);
    json!({
        "openapi": "3.1.1",
        "info": {
            "title": "junkyo registry",
            "summary": "Registration of conforming products: catalog, proofs, challenges, submissions.",
            "description": "Reading the catalog needs no account. Vendors open challenges and submit bundles with a token \
                            made on the account page (Authorization: Bearer). Errors are problem documents (RFC 9457) \
                            with all reasons at once, in Japanese and English. The downloads may be used under CC BY 4.0.",
            "version": "1",
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" }
        },
        "servers": [{ "url": "/" }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Token of a vendor; scope read or submit (submit may read too)."
                }
            }
        }
    })
}

fn describe(route: &Route, operation: &Operation, problem: &schemars::Schema, generator: &mut SchemaGenerator) -> Json {
    let mut answers = Map::new();
    for (status, text, media) in operation.answers {
        answers.insert(
            status.to_string(),
            json!({ "description": text, "content": content(*media, generator) }),
        );
    }
    answers.insert(
        "default".to_owned(),
        json!({
            "description": "What went wrong, with all reasons.",
            "content": { "application/problem+json": { "schema": problem } }
        }),
    );
    let mut described = json!({
        "operationId": operation.id,
        "summary": operation.title.1,
        "description": format!("{}\n\n{}", operation.title.0, operation.text),
        "parameters": parameters(route, operation),
        "responses": answers,
    });
    if let Some(media) = operation.body {
        let size = match route.body {
            Body::File { limit, .. } => format!("At most {limit} bytes."),
            _ => String::new(),
        };
        described["requestBody"] =
            json!({ "required": true, "description": size, "content": content(media, generator) });
    }
    described["security"] = match route.guard {
        Guard::Token(scope) => json!([{ "token": [scope.word()] }]),
        _ => json!([]),
    };
    described
}

fn content(media: Media, generator: &mut SchemaGenerator) -> Json {
    let schema = match media.schema {
        Some(schema) => schema(generator).to_value(),
        None if media.media_type.starts_with("text/") => json!({ "type": "string" }),
        None => json!({}),
    };
    json!({ media.media_type: { "schema": schema } })
}

fn parameters(route: &Route, operation: &Operation) -> Json {
    let in_path = route
        .path
        .split('/')
        .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
        .map(|name| {
            let text = PATH_PARAMETERS
                .iter()
                .find(|(known, _)| *known == name)
                .map_or("", |(_, text)| text);
            json!({ "name": name, "in": "path", "required": true, "description": text, "schema": { "type": "string" } })
        });
    let in_query = operation.query.iter().map(|parameter| {
        let one = json!({ "type": "string" });
        let schema = if parameter.many { json!({ "type": "array", "items": one }) } else { one };
        json!({ "name": parameter.name, "in": "query", "required": false, "description": parameter.text, "schema": schema })
    });
    in_path.chain(in_query).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn references<'a>(json: &'a Json, found: &mut Vec<&'a str>) {
        match json {
            Json::Object(members) => {
                if let Some(Json::String(reference)) = members.get("$ref") {
                    found.push(reference);
                }
                members.values().for_each(|value| references(value, found));
            }
            Json::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere_and_every_operation_has_a_name_of_its_own() {
        let document = document();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20, "{}", found.len());
        for reference in found {
            let pointer = reference.strip_prefix('#').expect("within the document");
            assert!(document.pointer(pointer).is_some(), "{reference}");
        }
        let mut names = HashSet::new();
        let operations = routes().filter_map(|route| route.operation);
        for operation in operations {
            assert!(names.insert(operation.id), "{} twice", operation.id);
            assert!(
                !operation.answers.is_empty() && !operation.text.is_empty(),
                "{}",
                operation.id
            );
        }
    }

    #[test]
    fn every_route_of_the_api_is_described_and_every_parameter_explained() {
        for route in routes().filter(|route| route.path.starts_with("/api/")) {
            let operation = route
                .operation
                .unwrap_or_else(|| panic!("{} is not described", route.path));
            for parameter in parameters(route, operation).as_array().expect("a list") {
                assert_ne!(parameter["description"], "", "{}: {parameter}", route.path);
            }
            let takes_body = route.body != Body::None;
            assert_eq!(takes_body, operation.body.is_some(), "{}", route.path);
        }
    }

    #[test]
    fn the_document_in_the_repository_is_up_to_date() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("reports/schemas/registry-openapi.json");
        let fresh = serde_json::to_string_pretty(&document()).expect("JSON") + "\n";
        if std::env::var_os("JUNKYO_WRITE_SCHEMAS").is_some() {
            std::fs::write(&path, &fresh).expect("writable");
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == fresh,
            "run with JUNKYO_WRITE_SCHEMAS=1 to write {}",
            path.display()
        );
    }
}

//! Assertions about descriptions: WSDL 1.1 with its schemas.
//!
//! Each subject has a file; here stands who is asked. Assertions are asked of all WSDL files of a description and of all
//! bindings that mean SOAP 1.1.

mod bindings;
mod context;
mod documents;
mod extensions;
mod grammar;
mod imports;
mod messages;
mod names;
mod parts;
mod port_types;
mod reach;
mod types;

use super::{Answered, Answers, Assertion, ask_in_order};
use crate::schema::wsdl::{Description, WSDL};
use crate::schema::{CompiledSchema, SchemaFault};
use crate::standard::ReadingChoice;
use context::Context;

/// Asks every assertion about descriptions. `schema` is what came of compiling [`Description::schemas`].
pub fn judge_description(
    description: &Description,
    schema: &Result<CompiledSchema, SchemaFault>,
    readings: &ReadingChoice,
) -> Answers {
    let context = Context::new(description, schema.as_ref().err(), readings);
    let unreadable = unreadable(description);
    ask_in_order(Assertion::is_about_description, |assertion| {
        if let Some(by) = unreadable
            && !["BP2700", "BP2201", by].contains(&assertion.id)
        {
            return Answered::Blocked { by };
        }
        let inapplicable = assertion.prerequisites.iter().find(|id| {
            readings.get("WS-26") == Some("blocks") && matches!(ask(&context, id), Answered::NotApplicable { .. })
        });
        match inapplicable {
            Some(by) => Answered::Blocked { by },
            None => ask(&context, assertion.id),
        }
    })
}

/// The assertion that says why nothing else can be asked: the root is no XML, or no WSDL 1.1.
fn unreadable(description: &Description) -> Option<&'static str> {
    let root = description.files.first().map(|file| file.root());
    match root.flatten() {
        None => Some("BP2700"),
        Some(root) if !root.is(WSDL, "definitions") => Some("BP2701"),
        Some(_) => None,
    }
}

fn ask(context: &Context<'_>, id: &str) -> Answered {
    match id {
        "BP2201" => documents::encoding(context),
        "BP2202" => documents::schema_encoding(context),
        "BP2700" => documents::well_formed(context),
        "BP2011" => documents::schema_well_formed(context),
        "BP2701" => documents::is_wsdl(context),
        "BP2703" => grammar::valid(context),
        "BP2034" => documents::xml_prefix(context),
        "BP2018" => imports::types_position(context),
        "BP2105" => imports::import_position(context),
        "BP2101" => imports::leads_to_wsdl(context),
        "BP2098" => imports::has_location(context),
        "BP2803" => imports::absolute_namespace(context),
        "BP2103" => imports::schema_import_position(context),
        "BP2104" => imports::same_namespace(context),
        "BP4201" => imports::relative_addresses(context),
        "BP2208" => port_types::direction(context),
        "BP2010" => port_types::overloading(context),
        "BP2014" => port_types::parameter_order(context),
        "BP2402" => bindings::uses_soap(context),
        "BP2404" => bindings::transport(context),
        "BP2017" => bindings::style(context),
        "BP2406" => bindings::literal(context),
        "BP2020" => bindings::body_namespace(context),
        "BP2019" => bindings::document_namespace(context),
        "BP2117" => bindings::rpc_namespace(context),
        "BP2021" => bindings::header_part(context),
        "BP2022" => bindings::fault_name(context),
        "BP2032" => bindings::same_fault_name(context),
        "BP2118" => bindings::same_operations(context),
        "BP2120" => bindings::signatures(context),
        "SSBP2403" => bindings::no_attachments(context),
        "BP2012" => parts::document_by_element(context),
        "BP2013" => parts::rpc_by_type(context),
        "BP2112" => parts::rpc_without_element(context),
        "BP2113" => parts::header_by_element(context),
        "BP2111" => parts::one_selected(context),
        "BP2119" => parts::one_in_message(context),
        "BP2114" | "SSBP2209" => parts::all_bound(context),
        "BP2115" => messages::element_declared(context),
        "BP2116" => messages::type_or_element(context),
        "BP2416" => names::wsdl_names(context),
        "BP2417" => names::schema_names(context),
        "BP2102" => types::leads_to_schema(context),
        "BP2107" => types::target_namespace(context),
        "BP2108" => types::no_encoded_arrays(context),
        "BP2110" => types::array_names(context),
        "BP2122" => types::valid_schema(context),
        "BP4202" => types::annotations(context),
        "BP2123" => extensions::required(context),
        "BP4200" => extensions::present(context),
        _ => Answered::not_applicable(
            "サービス記述のアサーションではありません",
            "no assertion about descriptions",
        ),
    }
}

#[cfg(test)]
mod tests;

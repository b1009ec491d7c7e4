//! What a schema allows at a place.

use xsd_schema::parser::frames::ComplexContentResult;
use xsd_schema::validation::ExpectedAttribute;
use xsd_schema::{FacetSet, NameId, SchemaSet, TypeKey};

use super::walk::NameIds;
use crate::text::Text;
use crate::xml::Name;

/// Names or values that are listed at most.
const MAX_LISTED: usize = 20;
/// Steps of derivation that are followed.
const MAX_STEPS: usize = 64;
const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// Elements that may come next. Namespaces are named where they differ from that of what was found.
pub(super) fn elements(set: &SchemaSet, wanted: &[NameIds], found: Name<'_>) -> Option<Text> {
    let names = wanted
        .iter()
        .flat_map(|name| concrete(set, *name))
        .map(|name| element(set, name, found));
    list(names.collect(), "要素", "element")
}

/// The element itself; for an abstract one, those that may stand in its place.
fn concrete(set: &SchemaSet, name: NameIds) -> Vec<NameIds> {
    let head = set.lookup_element(name.0, name.1);
    let is_abstract = head
        .and_then(|key| set.arenas.elements.get(key))
        .is_some_and(|head| head.is_abstract);
    let Some(head) = head.filter(|_| is_abstract) else {
        return vec![name];
    };
    let members = set
        .arenas
        .elements
        .values()
        .filter(|member| member.resolved_substitution_groups.contains(&head));
    members
        .filter_map(|member| Some((member.target_namespace, member.name?)))
        .collect()
}

fn element(set: &SchemaSet, (namespace, local): NameIds, found: Name<'_>) -> Text {
    let name = Name {
        namespace: namespace.map(|namespace| set.name_table.resolve_ref(namespace)),
        local: set.name_table.resolve_ref(local),
    };
    match name.namespace {
        same if same == found.namespace => Text::neutral(name.local),
        Some(_) => Text::neutral(name),
        None => Text::new(
            format!("{}（名前空間なし）", name.local),
            format!("{} (no namespace)", name.local),
        ),
    }
}

/// Attributes that an element may have.
pub(super) fn attributes(set: &SchemaSet, allowed: &[ExpectedAttribute]) -> Option<Text> {
    let names = allowed.iter().map(|attribute| {
        let resolve = |id: NameId| set.name_table.resolve_ref(id);
        Text::neutral(Name {
            namespace: attribute.namespace.map(resolve),
            local: resolve(attribute.local_name),
        })
    });
    list(names.collect(), "属性", "attribute")
}

fn list(mut names: Vec<Text>, ja: &str, en: &str) -> Option<Text> {
    if names.is_empty() {
        return None;
    }
    if names.len() > MAX_LISTED {
        let more = names.len() - MAX_LISTED;
        names.truncate(MAX_LISTED);
        names.push(Text::new(format!("ほか {more} 件"), format!("{more} more")));
    }
    let join = |each: fn(&Text) -> &str, comma: &str| names.iter().map(each).collect::<Vec<_>>().join(comma);
    Some(Text::new(
        format!("{ja} {}", join(|name| &name.ja, "、")),
        format!("{en} {}", join(|name| &name.en, ", ")),
    ))
}

/// What the values of a type have to look like, as far as the broken rule tells.
pub(super) fn value(set: &SchemaSet, kind: TypeKey, code: &str) -> Option<Text> {
    let steps = steps(set, kind);
    let first = |text: &dyn Fn(&FacetSet) -> Option<Text>| steps.iter().find_map(|facets| text(facets));
    match code {
        "cvc-enumeration-valid" => first(&enumeration),
        "cvc-pattern-valid" => first(&pattern),
        "cvc-length-valid" | "cvc-minLength-valid" | "cvc-maxLength-valid" => length(&steps),
        "cvc-minInclusive-valid" => first(&|facets| {
            let bound = &facets.min_inclusive.as_ref()?.value;
            Some(Text::new(format!("{bound} 以上"), format!("at least {bound}")))
        }),
        "cvc-maxInclusive-valid" => first(&|facets| {
            let bound = &facets.max_inclusive.as_ref()?.value;
            Some(Text::new(format!("{bound} 以下"), format!("at most {bound}")))
        }),
        "cvc-minExclusive-valid" => first(&|facets| {
            let bound = &facets.min_exclusive.as_ref()?.value;
            Some(Text::new(format!("{bound} より大きい値"), format!("more than {bound}")))
        }),
        "cvc-maxExclusive-valid" => first(&|facets| {
            let bound = &facets.max_exclusive.as_ref()?.value;
            Some(Text::new(format!("{bound} より小さい値"), format!("less than {bound}")))
        }),
        "cvc-totalDigits-valid" => first(&|facets| {
            let digits = facets.total_digits.as_ref()?.value;
            Some(Text::new(
                format!("全体で {digits} 桁以内"),
                format!("at most {digits} digits"),
            ))
        }),
        "cvc-fractionDigits-valid" => first(&|facets| {
            let digits = facets.fraction_digits.as_ref()?.value;
            Some(Text::new(
                format!("小数部 {digits} 桁以内"),
                format!("at most {digits} digits after the point"),
            ))
        }),
        _ if code.starts_with("cvc-datatype-valid") || code == "cvc-simple-type" => built_in(set, kind),
        _ => None,
    }
}

fn enumeration(facets: &FacetSet) -> Option<Text> {
    let mut values: Vec<&str> = facets.enumeration.as_ref()?.values.iter().map(String::as_str).collect();
    values.sort_unstable();
    list(
        values.into_iter().map(Text::neutral).collect(),
        "次のいずれか:",
        "one of:",
    )
}

fn pattern(facets: &FacetSet) -> Option<Text> {
    let step = facets.patterns.iter().find(|step| !step.is_empty())?;
    let patterns = step
        .iter()
        .map(|pattern| pattern.value.as_str())
        .collect::<Vec<_>>()
        .join(" | ");
    Some(Text::new(
        format!("正規表現 {patterns} に合う値"),
        format!("a value that matches the pattern {patterns}"),
    ))
}

fn length(steps: &[&FacetSet]) -> Option<Text> {
    let first = |bound: fn(&FacetSet) -> Option<u64>| steps.iter().find_map(|facets| bound(facets));
    let exact = first(|facets| Some(facets.length.as_ref()?.value));
    let least = first(|facets| Some(facets.min_length.as_ref()?.value));
    let most = first(|facets| Some(facets.max_length.as_ref()?.value));
    match (exact, least, most) {
        (Some(exact), ..) => Some(Text::new(format!("長さ {exact}"), format!("length {exact}"))),
        (None, Some(least), Some(most)) => Some(Text::new(
            format!("長さ {least} 以上 {most} 以下"),
            format!("length {least} to {most}"),
        )),
        (None, Some(least), None) => Some(Text::new(
            format!("長さ {least} 以上"),
            format!("length {least} or more"),
        )),
        (None, None, Some(most)) => Some(Text::new(format!("長さ {most} 以下"), format!("length {most} or less"))),
        (None, None, None) => None,
    }
}

/// Facets of a type and of those that it is derived from, nearest first; for a list, then those of its items.
fn steps(set: &SchemaSet, kind: TypeKey) -> Vec<&FacetSet> {
    let mut steps = Vec::new();
    let mut next = Some(kind);
    for _ in 0..MAX_STEPS {
        match next {
            None => break,
            Some(TypeKey::Simple(key)) => {
                let Some(data) = set.arenas.simple_types.get(key) else {
                    break;
                };
                steps.push(&data.facets);
                next = data.resolved_item_type.or(data.resolved_base_type);
            }
            Some(TypeKey::Complex(key)) => {
                let Some(data) = set.arenas.complex_types.get(key) else {
                    break;
                };
                if let ComplexContentResult::Simple(content) = &data.content {
                    steps.push(&content.facets);
                }
                next = data.resolved_simple_content_type.or(data.resolved_base_type);
            }
        }
    }
    steps
}

/// The built-in type that a type comes from, with an example of a value where that helps.
fn built_in(set: &SchemaSet, kind: TypeKey) -> Option<Text> {
    let mut next = Some(kind);
    for _ in 0..MAX_STEPS {
        match next? {
            TypeKey::Simple(key) => {
                let data = set.arenas.simple_types.get(key)?;
                let namespace = data
                    .target_namespace
                    .map(|namespace| set.name_table.resolve_ref(namespace));
                if let (Some(XSD), Some(name)) = (namespace, data.name) {
                    return Some(of_built_in(set.name_table.resolve_ref(name)));
                }
                next = data.resolved_item_type.or(data.resolved_base_type);
            }
            TypeKey::Complex(key) => {
                let data = set.arenas.complex_types.get(key)?;
                next = data.resolved_simple_content_type.or(data.resolved_base_type);
            }
        }
    }
    None
}

fn of_built_in(name: &str) -> Text {
    let example = match name {
        "date" => "2026-04-01",
        "dateTime" => "2026-04-01T09:00:00+09:00",
        "time" => "09:00:00",
        "gYear" => "2026",
        "gYearMonth" => "2026-04",
        "gMonthDay" => "--04-01",
        "gMonth" => "--04",
        "gDay" => "---01",
        "duration" => "P1Y2M3DT4H",
        "boolean" => "true",
        "decimal" => "1.5",
        "float" | "double" => "1.5E3",
        "integer" | "int" | "long" | "short" | "byte" | "nonNegativeInteger" | "positiveInteger" | "unsignedLong"
        | "unsignedInt" | "unsignedShort" | "unsignedByte" => "12",
        "negativeInteger" | "nonPositiveInteger" => "-12",
        "hexBinary" => "0FB7",
        "base64Binary" => "D7c=",
        _ => return Text::new(format!("xs:{name} の値"), format!("a value of xs:{name}")),
    };
    Text::new(
        format!("xs:{name} の値（例: {example}）"),
        format!("a value of xs:{name}, such as {example}"),
    )
}

//! Default actions of WSDL 1.1 descriptions without `wsaw:Action` or `wsam:Action` (Metadata clause 4.4.4).

/// Action of a request: `name` is the name of the input, if it has one.
pub fn default_input_action(
    namespace: &str,
    port_type: &str,
    operation: &str,
    name: Option<&str>,
    one_way: bool,
) -> String {
    let suffix = if one_way { "" } else { "Request" };
    let name = name.map_or_else(|| format!("{operation}{suffix}"), str::to_owned);
    join(namespace, &[port_type, &name])
}

/// Action of a response: `name` is the name of the output, if it has one.
pub fn default_output_action(namespace: &str, port_type: &str, operation: &str, name: Option<&str>) -> String {
    let name = name.map_or_else(|| format!("{operation}Response"), str::to_owned);
    join(namespace, &[port_type, &name])
}

/// Action of a fault that the description names.
pub fn default_fault_action(namespace: &str, port_type: &str, operation: &str, fault: &str) -> String {
    join(namespace, &[port_type, operation, "Fault", fault])
}

/// The delimiter is `:` after a URN, else `/`, and is not doubled.
fn join(namespace: &str, parts: &[&str]) -> String {
    let urn = namespace
        .get(..4)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:"));
    let delimiter = if urn { ":" } else { "/" };
    let start = namespace.strip_suffix(delimiter).unwrap_or(namespace);
    format!("{start}{delimiter}{}", parts.join(delimiter))
}

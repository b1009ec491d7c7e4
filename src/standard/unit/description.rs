//! The WSDL 1.1 description of a unit, with its schema inside: document/literal, SOAP 1.1 over HTTP, one port.

use std::fmt::Write as _;

use super::{Field, Item, Operation, OperationKind, Unit, UnitItemType};

/// Where the port of a unit is before somebody knows it.
const PLACEHOLDER: &str = "http://localhost:8080";

/// Target namespace of a unit. It is ours, not APPLIC's.
pub fn namespace(number: u8) -> String {
    format!("http://junkyo.example/unit/{number:02}/1")
}

/// Writes the description.
pub fn description(unit: &Unit) -> String {
    let number = unit.file.number;
    let namespace = namespace(number);
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- {} / {}: reference profile of junkyo, not an interface of APPLIC. -->\n\
         <wsdl:definitions xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" \
         xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema\" \
         xmlns:tns=\"{namespace}\" targetNamespace=\"{namespace}\" name=\"Unit{number:02}\">\n",
        unit.file.name.ja, unit.file.name.en,
    );
    out.push_str("  <wsdl:types>\n");
    schema(unit, &namespace, &mut out);
    out.push_str("  </wsdl:types>\n");
    for operation in &unit.operations {
        message(&operation.name, &operation.name, &mut out);
        message(
            &format!("{}Response", operation.name),
            &format!("{}Response", operation.name),
            &mut out,
        );
    }
    message("Refusal", "Refusal", &mut out);
    port_type(unit, &mut out);
    binding(unit, &namespace, &mut out);
    let _ = write!(
        out,
        "  <wsdl:service name=\"Unit{number:02}Service\">\n    \
         <wsdl:port name=\"Unit{number:02}\" binding=\"tns:Unit{number:02}Soap\">\n      \
         <soap:address location=\"{PLACEHOLDER}/unit/{number:02}\"/>\n    \
         </wsdl:port>\n  </wsdl:service>\n</wsdl:definitions>\n"
    );
    out
}

fn message(name: &str, element: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "  <wsdl:message name=\"{name}\"><wsdl:part name=\"body\" element=\"tns:{element}\"/></wsdl:message>"
    );
}

fn port_type(unit: &Unit, out: &mut String) {
    let _ = writeln!(out, "  <wsdl:portType name=\"Unit{:02}PortType\">", unit.file.number);
    for Operation { name, .. } in &unit.operations {
        let _ = writeln!(
            out,
            "    <wsdl:operation name=\"{name}\">\n      <wsdl:input message=\"tns:{name}\"/>\n      \
             <wsdl:output message=\"tns:{name}Response\"/>\n      \
             <wsdl:fault name=\"Refusal\" message=\"tns:Refusal\"/>\n    </wsdl:operation>"
        );
    }
    out.push_str("  </wsdl:portType>\n");
}

fn binding(unit: &Unit, namespace: &str, out: &mut String) {
    let number = unit.file.number;
    let _ = writeln!(
        out,
        "  <wsdl:binding name=\"Unit{number:02}Soap\" type=\"tns:Unit{number:02}PortType\">\n    \
         <soap:binding style=\"document\" transport=\"http://schemas.xmlsoap.org/soap/http\"/>"
    );
    for Operation { name, .. } in &unit.operations {
        let _ = writeln!(
            out,
            "    <wsdl:operation name=\"{name}\">\n      <soap:operation soapAction=\"{namespace}/{name}\"/>\n      \
             <wsdl:input><soap:body use=\"literal\"/></wsdl:input>\n      \
             <wsdl:output><soap:body use=\"literal\"/></wsdl:output>\n      \
             <wsdl:fault name=\"Refusal\"><soap:fault name=\"Refusal\" use=\"literal\"/></wsdl:fault>\n    \
             </wsdl:operation>"
        );
    }
    out.push_str("  </wsdl:binding>\n");
}

fn schema(unit: &Unit, namespace: &str, out: &mut String) {
    let _ = writeln!(
        out,
        "    <xs:schema targetNamespace=\"{namespace}\" xmlns=\"{namespace}\" elementFormDefault=\"qualified\">"
    );
    let mut items: Vec<&Item> = Vec::new();
    let records = unit.records.iter().flat_map(|record| &record.fields);
    let operations = unit.operations.iter().flat_map(|operation| &operation.fields);
    let events = unit.events.iter().flat_map(|event| &event.fields);
    for field in records.chain(operations).chain(events) {
        if !items.iter().any(|known| known.id == field.item.id) {
            items.push(&field.item);
        }
    }
    items.sort_by(|a, b| a.id.cmp(&b.id));
    for item in items {
        simple_type(item, out);
    }
    for record in &unit.records {
        complex_type(&format!("{}Type", record.element), &record.fields, out);
    }
    for event in &unit.events {
        complex_type(&format!("{}Type", event.element), &event.fields, out);
    }
    for operation in &unit.operations {
        element(&operation.name, &operation.fields, out);
        answer(unit, operation, out);
    }
    out.push_str(
        "      <xs:element name=\"Refusal\">\n        <xs:complexType>\n          <xs:sequence>\n            \
         <xs:element name=\"kodo\"><xs:simpleType><xs:restriction base=\"xs:string\">\
         <xs:pattern value=\"E[0-9]{4}\"/></xs:restriction></xs:simpleType></xs:element>\n            \
         <xs:element name=\"riyu\" type=\"xs:string\"/>\n          \
         </xs:sequence>\n        </xs:complexType>\n      </xs:element>\n    </xs:schema>\n",
    );
}

fn complex_type(name: &str, fields: &[Field], out: &mut String) {
    let _ = writeln!(out, "      <xs:complexType name=\"{name}\">");
    sequence(fields, "        ", out);
    out.push_str("      </xs:complexType>\n");
}

fn element(name: &str, fields: &[Field], out: &mut String) {
    let _ = writeln!(out, "      <xs:element name=\"{name}\">\n        <xs:complexType>");
    sequence(fields, "          ", out);
    out.push_str("        </xs:complexType>\n      </xs:element>\n");
}

fn sequence(fields: &[Field], indent: &str, out: &mut String) {
    let _ = writeln!(out, "{indent}<xs:sequence>");
    for field in fields {
        let id = &field.item.id;
        let optional = if field.required { "" } else { " minOccurs=\"0\"" };
        let _ = writeln!(
            out,
            "{indent}  <xs:element name=\"{id}\" type=\"item_{id}\"{optional}/>"
        );
    }
    let _ = writeln!(out, "{indent}</xs:sequence>");
}

/// The element of an operation's answer.
fn answer(unit: &Unit, operation: &Operation, out: &mut String) {
    let _ = write!(
        out,
        "      <xs:element name=\"{}Response\">\n        <xs:complexType>\n          <xs:sequence>\n",
        operation.name
    );
    match &operation.kind {
        OperationKind::Inquiry(index) => {
            if let Some(record) = unit.records.get(*index) {
                let _ = writeln!(
                    out,
                    "            <xs:element name=\"{0}\" type=\"{0}Type\" minOccurs=\"0\" maxOccurs=\"unbounded\"/>",
                    record.element
                );
            }
        }
        OperationKind::Procedure => out.push_str(
            "            <xs:element name=\"uketsukebango\"><xs:simpleType><xs:restriction base=\"xs:string\">\
             <xs:minLength value=\"1\"/><xs:maxLength value=\"20\"/></xs:restriction></xs:simpleType></xs:element>\n",
        ),
        OperationKind::Notice(_) => out.push_str(
            "            <xs:element name=\"kekka\"><xs:simpleType><xs:restriction base=\"xs:string\">\
             <xs:enumeration value=\"1\"/></xs:restriction></xs:simpleType></xs:element>\n",
        ),
        OperationKind::Changes => changes(unit, out),
    }
    out.push_str("          </xs:sequence>\n        </xs:complexType>\n      </xs:element>\n");
}

fn changes(unit: &Unit, out: &mut String) {
    out.push_str(
        "            <xs:element name=\"henko\" minOccurs=\"0\" maxOccurs=\"unbounded\">\n              \
         <xs:complexType>\n                <xs:sequence>\n                  \
         <xs:element name=\"tsuban\" type=\"item_tsuban\"/>\n                  \
         <xs:element name=\"jisho\" type=\"xs:string\"/>\n                  \
         <xs:element name=\"atesaki\" maxOccurs=\"unbounded\"><xs:simpleType>\
         <xs:restriction base=\"xs:string\"><xs:pattern value=\"[0-9]{2}\"/></xs:restriction></xs:simpleType>\
         </xs:element>\n                  \
         <xs:element name=\"hasseinichiji\" type=\"xs:dateTime\"/>\n                  <xs:choice>\n",
    );
    for event in &unit.events {
        let _ = writeln!(
            out,
            "                    <xs:element name=\"{0}\" type=\"{0}Type\"/>",
            event.element
        );
    }
    out.push_str(
        "                  </xs:choice>\n                </xs:sequence>\n              </xs:complexType>\n            \
         </xs:element>\n",
    );
}

/// The type of an item's element.
fn simple_type(item: &Item, out: &mut String) {
    let _ = write!(out, "      <xs:simpleType name=\"item_{}\">", item.id);
    let base = match item.item_type {
        UnitItemType::Date if !item.unknown_date => "xs:date",
        UnitItemType::Integer => "xs:nonNegativeInteger",
        UnitItemType::Signed => "xs:integer",
        _ => "xs:string",
    };
    let _ = write!(out, "<xs:restriction base=\"{base}\">");
    for code in &item.codes {
        let _ = write!(out, "<xs:enumeration value=\"{code}\"/>");
    }
    if item.codes.is_empty() {
        facets(item, out);
    }
    out.push_str("</xs:restriction></xs:simpleType>\n");
}

/// Facets of an item without a code list.
fn facets(item: &Item, out: &mut String) {
    let length = item.length;
    let at_least = if item.fixed { length } else { 1 };
    let _ = match item.item_type {
        // Printable ASCII and half-width katakana.
        UnitItemType::X => write!(out, "<xs:pattern value=\"[ -~｡-ﾟ]{{{at_least},{length}}}\"/>"),
        // Neither ASCII nor half-width katakana; line breaks are no characters of a name.
        UnitItemType::N => write!(
            out,
            "<xs:minLength value=\"{at_least}\"/><xs:maxLength value=\"{length}\"/><xs:pattern value=\"[^&#9;&#10;&#13; -~｡-ﾟ]*\"/>"
        ),
        UnitItemType::Integer => write!(out, "<xs:totalDigits value=\"{length}\"/>"),
        UnitItemType::Signed => write!(out, "<xs:totalDigits value=\"{length}\"/>"),
        UnitItemType::Date if item.unknown_date => {
            write!(out, "<xs:minLength value=\"1\"/><xs:maxLength value=\"72\"/>")
        }
        UnitItemType::Date => write!(out, "<xs:pattern value=\"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}\"/>"),
        UnitItemType::Time => write!(out, "<xs:pattern value=\"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\"/>"),
        UnitItemType::Year => write!(out, "<xs:pattern value=\"[0-9]{{4}}\"/>"),
    };
}

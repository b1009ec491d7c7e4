use crate::schema::DocumentSet;
use crate::schema::wsdl::{Description, FileRole, OwnedName, Soap, Style, clean_documents};
use crate::xml::{Limits, Name, parse};

fn set(files: &[(&str, &str)]) -> DocumentSet {
    DocumentSet::new(
        files[0].0,
        files
            .iter()
            .map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())),
    )
}

#[test]
fn the_reference_service_is_read_whole() {
    let description = Description::read(clean_documents("exchange").expect("known")).expect("read");
    let files: Vec<&str> = description.files.iter().map(|file| file.location.as_str()).collect();
    assert_eq!(files, ["exchange.wsdl", "messages.xsd", "types.xsd"]);
    let schemas: Vec<&str> = description
        .schemas
        .iter()
        .map(|schema| schema.location.as_str())
        .collect();
    assert_eq!(schemas, ["exchange.wsdl#types-1", "messages.xsd", "types.xsd"]);
    assert_eq!(description.dangling, []);
    assert_eq!(description.target_namespace, "http://junkyo.example/exchange/1");
    assert_eq!(description.ports.len(), 2);
    let (port, operation) = description.operation("GetResident").expect("there");
    assert_eq!((port.name.as_str(), port.soap), ("Exchange", Some(Soap::V11)));
    assert_eq!(port.address.as_deref(), Some("http://localhost:8080/exchange"));
    assert_eq!(operation.style, Style::Document);
    let input = operation.input.as_ref().expect("there");
    assert!(input.states_parts);
    assert_eq!(
        input.body.iter().map(|part| part.name.as_str()).collect::<Vec<_>>(),
        ["body"]
    );
    assert_eq!(input.headers[0].part.name, "caller");
    assert_eq!(
        operation.faults[0].element,
        Some(OwnedName::new(
            "http://junkyo.example/exchange/1/messages",
            "residentNotFound"
        ))
    );
    assert!(operation.faults[0].bound);
    let (_, notify) = description.operation("NotifyChange").expect("there");
    assert!(notify.is_one_way());
    let (_, count) = description.operation("CountResidents").expect("there");
    assert_eq!(count.style, Style::Rpc);
    let wrapper = OwnedName::new("http://junkyo.example/exchange/1/rpc", "CountResidentsResponse");
    assert_eq!(count.response_element(), Some(wrapper));
    let (_, ping) = description.operation("Ping").expect("there");
    assert_eq!(ping.request_element(), None);
    let child = Name::new("http://junkyo.example/exchange/1/messages", "pollExtract");
    let (_, poll) = description.dispatch(Some(child), None).expect("there");
    assert_eq!(poll.name, "PollExtract");
}

#[test]
fn embedded_schemas_keep_the_namespaces_around_them() {
    let description = Description::read(clean_documents("exchange").expect("known")).expect("read");
    let schema = parse(&description.schemas[0].text, &Limits::default()).expect("a document of its own");
    assert_eq!(
        schema.root().resolve("m"),
        Some("http://junkyo.example/exchange/1/messages")
    );
    assert_eq!(
        schema.root().attribute("", "targetNamespace"),
        Some("http://junkyo.example/exchange/1/wsdl")
    );
    let odd = set(&[(
        "a.wsdl",
        "<definitions xmlns='http://schemas.xmlsoap.org/wsdl/' xmlns:q='urn:a&amp;b&quot;&lt;'><types><schema \
         xmlns='http://www.w3.org/2001/XMLSchema' xmlns:own='urn:own'/></types></definitions>",
    )]);
    let description = Description::read(odd).expect("read");
    let schema = parse(&description.schemas[0].text, &Limits::default()).expect("a document of its own");
    assert_eq!(schema.root().resolve("q"), Some("urn:a&b\"<"));
    assert_eq!(schema.root().resolve(""), Some("http://www.w3.org/2001/XMLSchema"));
    assert_eq!(schema.root().resolve("own"), Some("urn:own"));
}

#[test]
fn imports_are_followed_once_and_circles_end() {
    let wsdl = |namespace: &str, imports: &str| {
        format!(
            "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' targetNamespace='{namespace}'>{imports}</w:definitions>"
        )
    };
    let import = |location: &str| format!("<w:import namespace='urn:x' location='{location}'/>");
    let a = wsdl(
        "urn:a",
        &[
            import("a.wsdl"),
            import("sub/b.wsdl"),
            import("x.xsd"),
            import("http://example.com/c.wsdl"),
            import("gone.wsdl"),
        ]
        .concat(),
    );
    let b = wsdl("urn:b", &import("../a.wsdl"));
    let x = "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'><s:include schemaLocation='y.xsd'/></s:schema>";
    let y = "<s:schema xmlns:s='http://www.w3.org/2001/XMLSchema'><s:include schemaLocation='x.xsd'/></s:schema>";
    let description =
        Description::read(set(&[("a.wsdl", &a), ("sub/b.wsdl", &b), ("x.xsd", x), ("y.xsd", y)])).expect("read");
    let files: Vec<(&str, FileRole)> = description
        .files
        .iter()
        .map(|file| (file.location.as_str(), file.role))
        .collect();
    assert_eq!(
        files,
        [
            ("a.wsdl", FileRole::Description),
            ("sub/b.wsdl", FileRole::Description),
            ("x.xsd", FileRole::Schema),
            ("y.xsd", FileRole::Schema)
        ]
    );
    let dangling: Vec<String> = description.dangling.iter().map(ToString::to_string).collect();
    assert_eq!(dangling.len(), 2, "{dangling:?}");
    assert!(
        dangling[0].starts_with("a.wsdl:1:") && dangling[0].contains("nothing is fetched"),
        "{dangling:?}"
    );
}

#[test]
fn roots_that_are_no_wsdl_are_kept() {
    for (text, well_formed) in [
        ("<a", false),
        ("", false),
        ("<description xmlns='http://www.w3.org/ns/wsdl'/>", true),
        ("<!DOCTYPE a [<!ENTITY b '&c;'><!ENTITY c '&b;'>]><a>&b;</a>", false),
    ] {
        let description = Description::read(set(&[("a.wsdl", text)])).expect("the root is there");
        assert_eq!(description.files.len(), 1);
        assert_eq!(description.files[0].document.is_ok(), well_formed, "{text}");
        assert!(description.ports.is_empty() && description.schemas.is_empty());
    }
    let error = Description::read(DocumentSet::new("a.wsdl", [])).expect_err("nothing there");
    assert!(error.message.is_complete());
}

#[test]
fn bindings_without_a_service_get_a_port_and_names_that_lead_nowhere_are_told() {
    let text = "<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/' xmlns:t='urn:t' targetNamespace='urn:t' \
        xmlns:b='http://schemas.xmlsoap.org/wsdl/soap12/' xmlns:wsam='http://www.w3.org/2007/05/addressing/metadata'>\
        <w:message name='m'><w:part name='p' element='t:e'/></w:message>\
        <w:portType name='P'><w:operation name='O'><w:input message='t:m' wsam:Action='urn:act'/>\
        <w:output message='t:none'/></w:operation></w:portType>\
        <w:binding name='B' type='t:P'><b:binding transport='x' style='rpc'/><w:operation name='O'>\
        <b:operation style='document'/><w:input><b:body use='literal'/></w:input></w:operation>\
        <w:operation name='Extra'/></w:binding>\
        <w:service name='S'><w:port name='lost' binding='t:Gone'/></w:service></w:definitions>";
    let description = Description::read(set(&[("a.wsdl", text)])).expect("read");
    assert_eq!(description.ports.len(), 1);
    let port = &description.ports[0];
    assert_eq!(
        (port.service.as_str(), port.name.as_str(), port.soap),
        ("", "B", Some(Soap::V12))
    );
    let [operation] = port.operations.as_slice() else {
        panic!("{:?}", port.operations)
    };
    assert_eq!(operation.style, Style::Document);
    assert_eq!(
        operation.input.as_ref().and_then(|input| input.action.as_deref()),
        Some("urn:act")
    );
    assert_eq!(operation.output.as_ref().map(|output| output.body.len()), Some(0));
    let told: Vec<&str> = description
        .dangling
        .iter()
        .map(|error| error.message.en.as_str())
        .collect();
    assert_eq!(
        told,
        [
            "binding=\"t:Gone\" leads to no binding",
            "message=\"t:none\" leads to no message",
            "the portType has no operation `Extra`"
        ]
    );
    assert_eq!(description.operations().count(), 0, "SOAP 1.2 is recognised only");
}

#[test]
fn models_cannot_outgrow_their_files() {
    let within = |body: &str| {
        let text = format!("<w:definitions xmlns:w='http://schemas.xmlsoap.org/wsdl/'>{body}</w:definitions>");
        let description = Description::read(set(&[("a.wsdl", &text)])).expect("the root is there");
        description.files[0]
            .document
            .as_ref()
            .err()
            .map(|error| error.to_string())
    };
    let parts = |count: usize| format!("<w:message name='m'>{}</w:message>", "<w:part name='p'/>".repeat(count));
    assert_eq!(within(&parts(256)), None);
    assert!(within(&parts(257)).is_some_and(|error| error.contains("256")));
    assert_eq!(within(&"<w:message name='m'/>".repeat(20_000)), None);
    assert!(within(&"<w:message name='m'/>".repeat(30_001)).is_some_and(|error| error.contains("30000")));
}

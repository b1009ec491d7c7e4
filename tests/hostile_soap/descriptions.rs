//! Descriptions that refer to what is not theirs, or to far too much of it.

use std::fs;
use std::net::TcpListener;

use crate::doors::{CANARY, Door, Trial, WSDL, XSD};
use crate::process::Scratch;

/// A sound description with something in front of it.
pub(crate) fn wsdl(more: &str, schema: &str) -> String {
    format!(
        r#"<w:definitions xmlns:w="{WSDL}" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:x="{XSD}" xmlns:t="urn:t" targetNamespace="urn:t">{more}
<w:types><x:schema targetNamespace="urn:t">{schema}</x:schema></w:types>
<w:message name="m"><w:part name="p" element="t:a"/></w:message>
<w:portType name="pt"><w:operation name="o"><w:input message="t:m"/><w:output message="t:m"/></w:operation></w:portType>
<w:binding name="b" type="t:pt"><s:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
<w:operation name="o"><s:operation soapAction="urn:o"/><w:input><s:body use="literal"/></w:input><w:output><s:body use="literal"/></w:output></w:operation></w:binding>
<w:service name="s"><w:port name="p" binding="t:b"><s:address location="http://127.0.0.1:9/x"/></w:port></w:service>
</w:definitions>"#
    )
}

const A: &str = r#"<x:element name="a" type="x:string"/>"#;

#[test]
fn nothing_outside_the_folder_is_read() {
    let mut trial = Trial::with_requirements();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let address = listener.local_addr().expect("an address");
    let scratch = Scratch::new("outside");
    let secret =
        format!("<x:schema xmlns:x=\"{XSD}\" targetNamespace=\"urn:o\"><x:element name=\"{CANARY}\"/></x:schema>");
    scratch.write("secret.xsd", &secret);
    scratch.write("secret.wsdl", &secret);
    let absolute = scratch.join("secret.xsd").display().to_string();
    std::os::unix::fs::symlink(scratch.join("secret.xsd"), {
        fs::create_dir_all(scratch.join("in")).expect("a folder");
        scratch.join("in/link.xsd")
    })
    .expect("a link");
    for place in [
        "../secret.xsd",
        "../../secret.xsd",
        "a/../../secret.xsd",
        "./.././secret.xsd",
        "..\\secret.xsd",
        "%2e%2e/secret.xsd",
        "link.xsd",
        &absolute,
        &format!("file://{absolute}"),
        &format!("FILE:{absolute}"),
        "/etc/passwd",
        &format!("http://{address}/x.xsd"),
        &format!("//{address}/x.xsd"),
        &format!("ftp://{address}/x.xsd"),
        &format!("jar:http://{address}/x.jar!/x.xsd"),
    ] {
        let imports = format!("<w:import namespace=\"urn:o\" location=\"{place}\"/>");
        let schema = |directive: &str| format!("<x:{directive} schemaLocation=\"{place}\"/>{A}");
        for content in [
            wsdl(&imports, A),
            wsdl(
                "",
                &format!("<x:import namespace=\"urn:o\" schemaLocation=\"{place}\"/>{A}"),
            ),
            wsdl("", &schema("include")),
            wsdl("", &schema("redefine")),
        ] {
            for door in [Door::Description, Door::Import] {
                let ended = trial.through(&scratch, door, place, content.as_bytes());
                let text = format!("{}{}", ended.stdout, ended.stderr);
                let named = text.contains("is not there")
                    || text.contains("folder")
                    || text.contains("network")
                    || text.contains("redefine")
                    || text.contains("Locations");
                trial.holds(
                    named,
                    &format!("{place} through {door:?}"),
                    "the reference is not named",
                    &ended,
                );
                trial.holds(
                    !made_holds(&scratch, CANARY),
                    place,
                    "what was made holds the canary",
                    &ended,
                );
            }
        }
        // A document that says where its schema is, is not believed either.
        let hint = format!(
            "<a xmlns=\"urn:t\" xmlns:i=\"http://www.w3.org/2001/XMLSchema-instance\" i:schemaLocation=\"urn:o {place}\" i:noNamespaceSchemaLocation=\"{place}\">x</a>"
        );
        trial.through(&scratch, Door::Xml, place, hint.as_bytes());
        trial.through(&scratch, Door::Message, place, hint.as_bytes());
    }
    assert!(listener.accept().is_err(), "somebody connected");
    trial.end();
}

/// Whether any file that `import` made holds a word.
fn made_holds(scratch: &Scratch, word: &str) -> bool {
    let mut open = vec![scratch.join("out")];
    while let Some(at) = open.pop() {
        for entry in fs::read_dir(&at).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if fs::read_to_string(&path).is_ok_and(|text| text.contains(word)) {
                return true;
            }
        }
    }
    false
}

#[test]
fn imports_in_circles_and_chains() {
    let mut trial = Trial::with_requirements();
    let scratch = Scratch::new("circles");
    let import = |to: &str| format!("<w:import namespace=\"urn:t\" location=\"{to}\"/>");
    let include = |to: &str| format!("<x:include schemaLocation=\"{to}\"/>");
    let schema = |inside: &str| {
        format!("<x:schema xmlns:x=\"{XSD}\" targetNamespace=\"urn:t\" xmlns:t=\"urn:t\">{inside}</x:schema>")
    };
    scratch.write("in/other.wsdl", &wsdl(&import("x.wsdl"), A));
    scratch.write("in/circle1.xsd", &schema(&(include("circle2.xsd") + A)));
    scratch.write("in/circle2.xsd", &schema(&include("circle1.xsd")));
    scratch.write(
        "in/redefine1.xsd",
        &schema("<x:redefine schemaLocation=\"redefine2.xsd\"/>"),
    );
    scratch.write(
        "in/redefine2.xsd",
        &schema(&format!("<x:redefine schemaLocation=\"redefine1.xsd\"/>{A}")),
    );
    scratch.write(
        "in/import1.xsd",
        &schema("<x:import namespace=\"urn:u\" schemaLocation=\"import2.xsd\"/>"),
    );
    scratch.write(
        "in/import2.xsd",
        &format!("<x:schema xmlns:x=\"{XSD}\" targetNamespace=\"urn:u\"><x:import namespace=\"urn:t\" schemaLocation=\"import1.xsd\"/></x:schema>"),
    );
    for number in 0..300 {
        scratch.write(
            &format!("in/wsdl{number}.wsdl"),
            &wsdl(&import(&format!("wsdl{}.wsdl", number + 1)), ""),
        );
        scratch.write(
            &format!("in/chain{number}.xsd"),
            &schema(&include(&format!("chain{}.xsd", number + 1))),
        );
    }
    scratch.write("in/chain300.xsd", &schema(A));
    for (name, content) in [
        ("itself", wsdl(&import("x.wsdl"), A)),
        ("itself-often", wsdl(&import("x.wsdl").repeat(2_000), A)),
        ("each-other", wsdl(&import("other.wsdl"), A)),
        ("chain-wsdl", wsdl(&import("wsdl0.wsdl"), A)),
        ("circle-include", wsdl("", &include("circle1.xsd"))),
        ("circle-redefine", wsdl("", &include("redefine1.xsd"))),
        ("circle-import", wsdl("", &(include("import1.xsd") + A))),
        ("chain-include", wsdl("", &include("chain0.xsd"))),
        ("include-often", wsdl("", &include("circle1.xsd").repeat(20_000))),
        ("include-itself", wsdl("", &(include("x.wsdl") + A))),
    ] {
        for door in Door::DESCRIPTIONS {
            trial.through(&scratch, door, name, content.as_bytes());
        }
    }
    for (name, content) in [
        ("xsd-itself", schema(&(include("x.xsd") + A))),
        (
            "xsd-redefines-itself",
            schema(&format!(
                "<x:redefine schemaLocation=\"x.xsd\"><x:simpleType name=\"s\"><x:restriction base=\"t:s\"/></x:simpleType></x:redefine>{A}"
            )),
        ),
        ("xsd-circle", schema(&include("circle1.xsd"))),
        ("xsd-redefine-circle", schema(&include("redefine1.xsd"))),
        ("xsd-chain", schema(&include("chain0.xsd"))),
    ] {
        trial.through(&scratch, Door::AgainstXsd, name, content.as_bytes());
    }
    trial.end();
}

#[test]
fn what_is_no_description_is_refused_by_name() {
    let mut trial = Trial::with_requirements();
    let scratch = Scratch::new("no-description");
    for (name, content, told) in [
        (
            "html",
            "<html xmlns=\"http://www.w3.org/1999/xhtml\"><body>404</body></html>".to_owned(),
            "html",
        ),
        (
            "wsdl-2",
            "<description xmlns=\"http://www.w3.org/ns/wsdl\" targetNamespace=\"urn:t\"/>".into(),
            "description",
        ),
        (
            "other-namespace",
            "<definitions xmlns=\"urn:other\"/>".into(),
            "definitions",
        ),
        ("no-namespace", "<definitions/>".into(), "definitions"),
        (
            "doctype",
            format!(
                "<!DOCTYPE w:definitions SYSTEM \"x.dtd\" [<!ENTITY e \"v\">]>{}",
                wsdl("<w:documentation>&e;</w:documentation>", A)
            ),
            "&e;",
        ),
    ] {
        for door in Door::DESCRIPTIONS {
            let ended = trial.through(&scratch, door, name, content.as_bytes());
            trial.is_refused(
                &ended,
                &format!("{name} through {door:?}"),
                &[told, "no port or binding"],
            );
        }
    }
    trial.end();
}

#[test]
fn references_inside_a_description_that_lead_in_circles() {
    let mut trial = Trial::with_requirements();
    let scratch = Scratch::new("inside");
    let many = |count: usize, of: &dyn Fn(usize) -> String| (0..count).map(of).collect::<String>();
    for (name, content) in [
        (
            "binding-of-nothing",
            wsdl("", A).replace("type=\"t:pt\"", "type=\"t:none\""),
        ),
        (
            "part-of-nothing",
            wsdl("", A).replace("element=\"t:a\"", "element=\"t:none\""),
        ),
        (
            "messages",
            wsdl(&many(50_000, &|n| format!("<w:message name=\"m{n}\"/>")), A),
        ),
        (
            "parts",
            wsdl(
                &format!(
                    "<w:message name=\"n\">{}</w:message>",
                    many(50_000, &|n| format!("<w:part name=\"p{n}\" element=\"t:a\"/>"))
                ),
                A,
            ),
        ),
        ("names-twice", wsdl(&"<w:message name=\"m\"/>".repeat(20_000), A)),
        ("types", wsdl(&"<w:types/>".repeat(20_000), A)),
        (
            "schemas",
            wsdl(
                &format!(
                    "<w:types>{}</w:types>",
                    many(3_000, &|n| format!("<x:schema targetNamespace=\"urn:{n}\"/>"))
                ),
                A,
            ),
        ),
        (
            "ports",
            wsdl(
                &format!(
                    "<w:service name=\"z\">{}</w:service>",
                    many(20_000, &|n| format!(
                        "<w:port name=\"p{n}\" binding=\"t:b\"><s:address location=\"http://h/{n}\"/></w:port>"
                    ))
                ),
                A,
            ),
        ),
        (
            "operations",
            wsdl(
                &format!(
                    "<w:portType name=\"z\">{}</w:portType>",
                    many(20_000, &|n| format!(
                        "<w:operation name=\"o{n}\"><w:input message=\"t:m\"/></w:operation>"
                    ))
                ),
                A,
            ),
        ),
        (
            "documentation",
            wsdl(
                &format!("<w:documentation>{}</w:documentation>", "x".repeat(15_000_000)),
                A,
            ),
        ),
        (
            "too-large",
            wsdl(
                &format!("<w:documentation>{}</w:documentation>", "x".repeat(20_000_000)),
                A,
            ),
        ),
    ] {
        for door in Door::DESCRIPTIONS {
            trial.through(&scratch, door, name, content.as_bytes());
        }
    }
    trial.end();
}

/// A recording is a folder; a folder of something else is refused.
#[test]
fn folders_with_far_too_much() {
    let mut trial = Trial::with_requirements();
    let scratch = Scratch::new("folder");
    for number in 0..5_000 {
        scratch.write(&format!("in/{number}.xsd"), "<x/>");
    }
    for door in [Door::Description, Door::AgainstWsdl, Door::AgainstXsd, Door::Import] {
        let ended = trial.through(&scratch, door, "5000 files", wsdl("", A).as_bytes());
        trial.is_refused(&ended, &format!("5000 files through {door:?}"), &["folder"]);
    }
    let ended = trial.call(&scratch, &["check", "in"], "a folder");
    trial.is_refused(&ended, "a folder", &["in"]);
    let loops = Scratch::new("loop");
    loops.write("in/x.xsd", "<x/>");
    std::os::unix::fs::symlink(loops.join("in"), loops.join("in/again")).expect("a link");
    std::os::unix::fs::symlink("/", loops.join("in/all")).expect("a link");
    for door in Door::DESCRIPTIONS {
        let ended = trial.through(&loops, door, "link loop", wsdl("", A).as_bytes());
        trial.holds(matches!(ended.code, Some(0 | 1)), "link loop", "is not judged", &ended);
    }
    trial.end();
}

//! Documents made to exhaust a reader, or to make it read what is not there.

use std::net::TcpListener;

use crate::doors::{CANARY, Door, Trial};
use crate::process::Scratch;

/// The same text many times.
fn many(text: &str, count: usize) -> String {
    text.repeat(count)
}

#[test]
fn entities_of_files_and_networks_are_refused() {
    let mut trial = Trial::default();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("set");
    let address = listener.local_addr().expect("an address");
    let secret = Scratch::new("secret");
    secret.write("secret.dtd", &format!("<!ENTITY x \"{CANARY}\">"));
    let file = format!("file://{}", secret.join("secret.dtd").display());
    let http = format!("http://{address}/x.dtd");
    for (name, subset) in [
        ("external-file", format!("<!DOCTYPE a SYSTEM \"{file}\">")),
        ("external-http", format!("<!DOCTYPE a SYSTEM \"{http}\">")),
        ("external-public", format!("<!DOCTYPE a PUBLIC \"-//x//y\" \"{http}\">")),
        (
            "entity-passwd",
            "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>".into(),
        ),
        ("entity-file", format!("<!DOCTYPE a [<!ENTITY x SYSTEM \"{file}\">]>")),
        (
            "entity-http",
            format!("<!DOCTYPE a [<!ENTITY x PUBLIC \"p\" \"{http}\">]>"),
        ),
        (
            "parameter-http",
            format!("<!DOCTYPE a [<!ENTITY % p SYSTEM \"{http}\"> %p; <!ENTITY x \"y\">]>"),
        ),
        (
            "parameter-file",
            format!("<!DOCTYPE a [<!ENTITY % p SYSTEM \"{file}\"> %p;]>"),
        ),
        (
            "entity-internal",
            format!("<!DOCTYPE a [<!ENTITY x \"{}\">]>", many("y", 20)),
        ),
        (
            "entity-loop",
            "<!DOCTYPE a [<!ENTITY x \"&y;\"><!ENTITY y \"&x;\">]>".into(),
        ),
        ("entity-itself", "<!DOCTYPE a [<!ENTITY x \"&x;\">]>".into()),
    ] {
        trial.refused(
            &Door::ALL,
            name,
            format!("{subset}<a xmlns=\"urn:t\">&x;</a>").as_bytes(),
            &["entity reference `&x;`"],
        );
        trial.refused(
            &Door::FEW,
            name,
            format!("{subset}<a xmlns=\"urn:t\" b=\"&x;\"/>").as_bytes(),
            &["entity reference `&x;`"],
        );
    }
    assert!(listener.accept().is_err(), "somebody connected");
    trial.end();
}

#[test]
fn entity_bombs_do_not_go_off() {
    let mut trial = Trial::default();
    let mut laughs = String::from("<!DOCTYPE a [<!ENTITY l0 \"lol\">");
    for level in 1..30 {
        laughs += &format!("<!ENTITY l{level} \"{}\">", many(&format!("&l{};", level - 1), 10));
    }
    trial.refused(
        &Door::ALL,
        "billion-laughs",
        (laughs + "]><a xmlns=\"urn:t\">&l29;</a>").as_bytes(),
        &["`&l29;`"],
    );
    let quadratic = format!(
        "<!DOCTYPE a [<!ENTITY x \"{}\">]><a xmlns=\"urn:t\">{}</a>",
        many("y", 1_000_000),
        many("&x;", 100_000)
    );
    trial.refused(&Door::ALL, "quadratic-blowup", quadratic.as_bytes(), &["`&x;`"]);
    trial.end();
}

#[test]
fn nesting_ends_at_a_limit() {
    let mut trial = Trial::default();
    for count in [257, 1_000_000] {
        let open = many("<a xmlns=\"urn:t\">", 1) + &many("<a>", count);
        trial.refused(&Door::FEW, "depth-unclosed", open.as_bytes(), &["256"]);
        trial.refused(
            &Door::FEW,
            "depth",
            (open + &many("</a>", count + 1)).as_bytes(),
            &["256"],
        );
    }
    trial.end();
}

#[test]
fn attributes_and_namespaces_end_at_a_limit() {
    let mut trial = Trial::default();
    let attributes: String = (0..200_000).map(|number| format!(" a{number}=\"\"")).collect();
    trial.refused(
        &Door::FEW,
        "attributes",
        format!("<a xmlns=\"urn:t\"{attributes}/>").as_bytes(),
        &["512"],
    );
    let declared: String = (0..100_000)
        .map(|number| format!(" xmlns:n{number}=\"urn:{number}\""))
        .collect();
    trial.refused(
        &Door::FEW,
        "namespaces",
        format!("<a xmlns=\"urn:t\"{declared}/>").as_bytes(),
        &["512"],
    );
    let nested: String = (0..250)
        .map(|number| format!("<a xmlns:a{number}=\"u\" xmlns:b{number}=\"u\" xmlns:c{number}=\"u\">"))
        .collect();
    trial.refused(&Door::FEW, "namespaces-nested", nested.as_bytes(), &["512"]);
    trial.end();
}

#[test]
fn numbers_of_nodes_end_at_a_limit() {
    let mut trial = Trial::default();
    let inside = |text: &str, count| format!("<a xmlns=\"urn:t\">{}</a>", many(text, count));
    trial.refused(
        &[Door::Message, Door::AgainstXsd, Door::Import],
        "elements",
        inside("<b/>", 2_100_000).as_bytes(),
        &["2000000"],
    );
    trial.refused(
        &[Door::Xml],
        "comments",
        inside("<!----><?p?>", 1_050_000).as_bytes(),
        &["2000000"],
    );
    // As many as are allowed: not a fault, but no burden either.
    let scratch = Scratch::new("million");
    let mixed = inside("<!--x--><?p x?>x<![CDATA[y]]><b/>&#x41;", 50_000);
    for door in Door::ALL {
        trial.through(&scratch, door, "as many as allowed", mixed.as_bytes());
    }
    trial.end();
}

#[test]
fn long_names_and_values_are_not_echoed() {
    let mut trial = Trial::default();
    let long = many("n", 1_000_000);
    trial.refused(&Door::ALL, "name", format!("<{long}").as_bytes(), &[]);
    trial.refused(&Door::ALL, "name-mismatch", format!("<{long}></a>").as_bytes(), &[]);
    trial.refused(&Door::ALL, "prefix", format!("<{long}:a/>").as_bytes(), &[]);
    trial.refused(
        &Door::ALL,
        "entity-name",
        format!("<a xmlns=\"urn:t\">&{long};</a>").as_bytes(),
        &[],
    );
    trial.refused(
        &Door::ALL,
        "encoding-name",
        format!("<?xml version=\"1.0\" encoding=\"{long}\"?><a xmlns=\"urn:t\"/>").as_bytes(),
        &[],
    );
    trial.refused(
        &Door::ALL,
        "attribute-twice",
        format!("<a xmlns=\"urn:t\" {long}=\"\" {long}=\"\"/>").as_bytes(),
        &[],
    );
    let scratch = Scratch::new("long");
    for (name, text) in [
        ("root", format!("<{long} xmlns=\"urn:t\"/>")),
        ("namespace", format!("<a xmlns=\"{long}\"/>")),
        ("attribute", format!("<a xmlns=\"urn:t\" b=\"{long}\"/>")),
        ("text", format!("<a xmlns=\"urn:t\">{long}<b>{long}</b></a>")),
        ("comment", format!("<a xmlns=\"urn:t\"><!--{long}--></a>")),
    ] {
        for door in Door::ALL {
            trial.through(&scratch, door, name, text.as_bytes());
        }
    }
    trial.end();
}

#[test]
fn what_is_not_well_formed_is_refused_by_name() {
    let mut trial = Trial::default();
    let a = |inside: &str| format!("<a xmlns=\"urn:t\">{inside}</a>");
    for (name, text, told) in [
        ("cdata-open", a("<![CDATA[x"), "CDATA"),
        ("comment-open", a("<!-- x"), "comment"),
        ("instruction-open", a("<?x y"), "processing instruction"),
        ("cdata-end", a("x]]>y"), "]]>"),
        ("dashes", a("<!-- -- -->"), "--"),
        ("tag-open", "<a xmlns=\"urn:t\" b=\"".into(), "quotes"),
        ("attribute-twice", "<a xmlns=\"urn:t\" b=\"\" b=\"\"/>".into(), "twice"),
        (
            "attribute-twice-by-prefix",
            "<a xmlns=\"urn:t\" xmlns:p=\"u\" xmlns:q=\"u\" p:b=\"\" q:b=\"\"/>".into(),
            "twice",
        ),
        ("xmlns-twice", "<a xmlns=\"urn:t\" xmlns=\"urn:t\"/>".into(), "twice"),
        ("xmlns-prefix-unset", "<a xmlns=\"urn:t\" xmlns:p=\"\"/>".into(), ""),
        (
            "xmlns-prefix-xml",
            "<a xmlns=\"urn:t\" xmlns:xml=\"urn:x\"/>".into(),
            "",
        ),
        (
            "xmlns-prefix-xmlns",
            "<a xmlns=\"urn:t\" xmlns:xmlns=\"urn:x\"/>".into(),
            "",
        ),
        (
            "xmlns-xml",
            "<a xmlns=\"http://www.w3.org/XML/1998/namespace\"/>".into(),
            "",
        ),
        (
            "xmlns-xmlns",
            "<p:a xmlns:p=\"http://www.w3.org/2000/xmlns/\"/>".into(),
            "",
        ),
        ("prefix-unbound", a("<p:b/>"), "p"),
        ("colons", a("<a:b:c/>"), ""),
        ("less-in-attribute", "<a xmlns=\"urn:t\" b=\"<\"/>".into(), "<"),
        ("reference-null", a("&#0;"), "U+0000"),
        ("reference-surrogate", a("&#xD800;"), ""),
        ("reference-huge", a("&#99999999999999999999;"), ""),
        ("reference-open", a("&#x41"), ""),
        (
            "doctype-twice",
            "<!DOCTYPE a><!DOCTYPE a><a xmlns=\"urn:t\"/>".into(),
            "",
        ),
        ("doctype-late", a("") + "<!DOCTYPE a>", ""),
        ("doctype-open", "<!DOCTYPE a [ <!ENTITY x \"".into(), ""),
        ("two-roots", a("") + &a(""), "after the document element"),
        ("nothing", String::new(), ""),
        ("space", " \n ".into(), ""),
        (
            "declaration-late",
            format!(" <?xml version=\"1.0\"?>{}", a("")),
            "declaration",
        ),
        ("version", format!("<?xml version=\"2.0\"?>{}", a("")), "version"),
        ("html", "<!DOCTYPE html><html><body><p>404<br></body></html>".into(), ""),
        ("json", "{\"a\": 1}".into(), ""),
        ("crossed", a("<b><c></b></c>"), ""),
    ] {
        trial.refused(&Door::FEW, name, text.as_bytes(), &[told]);
    }
    trial.end();
}

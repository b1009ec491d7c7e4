//! Messages that want to be taken for what they are not, or to cost much.

use super::*;

/// A signed message with its Body.
fn signed_body() -> (Scene, String, String) {
    let scene = scene();
    let text = scene.signed();
    let body = part(&text, "<soap:Body", "</soap:Body>").to_owned();
    (scene, text, body)
}

const EVIL: &str = "<soap:Body><m:evil xmlns:m=\"urn:m\"/></soap:Body>";

#[test]
fn bodies_moved_elsewhere_are_no_bodies() {
    let (scene, text, body) = signed_body();
    let without = replaced(&text, &body, EVIL);
    let soap = crate::soap::ENVELOPE;
    for wrapped in [
        // In the Header, bare, in a wrapper and in an envelope of its own.
        replaced(&without, "</soap:Header>", &format!("{body}</soap:Header>")),
        replaced(
            &without,
            "</soap:Header>",
            &format!("<w xmlns=\"urn:w\">{body}</w></soap:Header>"),
        ),
        replaced(
            &without,
            "</soap:Header>",
            &format!(
                "<w xmlns=\"urn:w\"><soap:Envelope xmlns:soap=\"{soap}\">{body}</soap:Envelope></w></soap:Header>"
            ),
        ),
        // Inside the forged Body, and in an Object of the signature.
        replaced(
            &without,
            "<m:evil xmlns:m=\"urn:m\"/>",
            &format!("<m:evil xmlns:m=\"urn:m\"/>{body}"),
        ),
        replaced(
            &without,
            "</ds:Signature>",
            &format!("<ds:Object>{body}</ds:Object></ds:Signature>"),
        ),
    ] {
        assert_eq!(
            scene.rules(&wrapped),
            ["signature-wrapped", "body-unsigned"],
            "{wrapped}"
        );
    }
    // Beside the Body, before and after it.
    let before = replaced(&text, &body, &format!("{EVIL}{body}"));
    assert_eq!(
        scene.rules(&before),
        ["signature-wrapped", "signature-wrapped", "body-unsigned"]
    );
    let after = replaced(&text, &body, &format!("{body}{EVIL}"));
    assert_eq!(scene.rules(&after), ["signature-wrapped"]);
}

#[test]
fn ids_that_mean_two_elements_mean_none() {
    let (scene, text, body) = signed_body();
    let same_id = "<soap:Body xmlns:wsu=\"http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd\" \
                   wsu:Id=\"id-body\"/>";
    for twin in [
        same_id,
        "<x Id=\"id-body\"/>",
        "<x ID=\"id-body\"/>",
        "<x xml:id=\"id-body\"/>",
    ] {
        let wrapped = replaced(&text, "</soap:Header>", &format!("{twin}</soap:Header>"));
        assert_eq!(scene.rules(&wrapped), ["signature-wrapped", "body-unsigned"], "{twin}");
    }
    let stolen = replaced(&text, &body, EVIL);
    let other_id = replaced(&stolen, "<m:evil ", "<m:evil Id=\"id-body\" ");
    assert_eq!(
        scene.rules(&other_id),
        ["id-not-utility", "digest-mismatch", "body-unsigned"]
    );
}

#[test]
fn timestamps_and_headers_moved_elsewhere() {
    let scene = scene();
    let options = SignOptions {
        sign_headers: true,
        ..SignOptions::new(NOW)
    };
    let text = scene.signed_with(&options);
    let stamp = part(&text, "<wsu:Timestamp", "</wsu:Timestamp>").to_owned();
    let fresh = stamp.replace("id-timestamp", "other");
    let moved = replaced(&text, &stamp, &fresh);
    let moved = replaced(
        &moved,
        "</soap:Header>",
        &format!("<w xmlns:wsu=\"{UTILITY}\">{stamp}</w></soap:Header>"),
    );
    assert_eq!(scene.rules(&moved), ["signature-wrapped", "timestamp-unsigned"]);
    let to = part(&text, "<wsa:To", "</wsa:To>").to_owned();
    let forged = "<wsa:To xmlns:wsa=\"http://www.w3.org/2005/08/addressing\">urn:evil</wsa:To>";
    let moved = replaced(&text, &to, &format!("{forged}<w>{to}</w>"));
    assert_eq!(scene.rules(&moved), ["signature-wrapped"]);
    let mut strict = scene.policy.clone();
    strict.require_addressing_headers = true;
    assert_eq!(
        names(&verify(&moved, &strict)),
        ["signature-wrapped", "headers-unsigned"]
    );
}

#[test]
fn signatures_and_tokens_outside_the_header_do_not_count() {
    let (scene, text, _) = signed_body();
    let signature = part(&text, "<ds:Signature ", "</ds:Signature>").to_owned();
    let moved = replaced(
        &replaced(&text, &signature, ""),
        "</soap:Header>",
        &format!("{signature}</soap:Header>"),
    );
    // The prefix of the token reference is unbound out there.
    assert_eq!(scene.rules(&moved), ["envelope-unreadable"]);
    let bound = format!("<w xmlns:wsse=\"{EXTENSION}\" xmlns:wsu=\"{UTILITY}\">{signature}</w></soap:Header>");
    let moved = replaced(&replaced(&text, &signature, ""), "</soap:Header>", &bound);
    assert_eq!(scene.rules(&moved), ["signature-missing"]);
    let security = part(&text, "<wsse:Security ", "</wsse:Security>").to_owned();
    let twice = replaced(&text, &security, &format!("{security}{security}"));
    assert!(scene.rules(&twice).contains(&"security-header-duplicate"));
    let other = replaced(
        &text,
        "wss-soap:mustUnderstand",
        "wss-soap:actor=\"urn:other\" wss-soap:mustUnderstand",
    );
    assert_eq!(scene.rules(&other), ["security-header-missing"]);
    let token = part(&text, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>").to_owned();
    let away = format!("<w xmlns:wsse=\"{EXTENSION}\" xmlns:wsu=\"{UTILITY}\">{token}</w></soap:Header>");
    let moved = replaced(&replaced(&text, &token, ""), "</soap:Header>", &away);
    assert!(scene.rules(&moved).contains(&"certificate-missing"));
}

#[test]
fn nothing_outside_is_fetched() {
    let (scene, text, _) = signed_body();
    for uri in [
        "http://127.0.0.1:9/x",
        "file:///etc/passwd",
        "cid:a",
        "",
        "#",
        "#xpointer(/)",
        "#xpointer(id('id-body'))",
    ] {
        let external = replaced(&text, "URI=\"#id-body\"", &format!("URI=\"{uri}\""));
        let rules = scene.rules(&external);
        assert_eq!(
            rules,
            ["reference-external", "signature-invalid", "body-unsigned"],
            "{uri}"
        );
    }
    let gone = replaced(&text, "URI=\"#id-body\"", "URI=\"#nowhere\"");
    assert_eq!(
        scene.rules(&gone),
        ["digest-mismatch", "signature-invalid", "body-unsigned"]
    );
}

#[test]
fn masses_are_refused() {
    let (scene, text, _) = signed_body();
    let reference = part(&text, "<ds:Reference URI=\"#id-body\">", "</ds:Reference>").to_owned();
    let many = replaced(&text, &reference, &reference.repeat(1000));
    assert_eq!(
        scene.rules(&many),
        ["limit-exceeded", "body-unsigned", "timestamp-unsigned"]
    );
    let transform = format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"/>");
    let many = replaced(&text, &transform, &transform.repeat(100_000));
    assert_eq!(scene.rules(&many), ["limit-exceeded", "signature-invalid"]);
    let signature = part(&text, "<ds:Signature ", "</ds:Signature>").to_owned();
    let many = replaced(&text, &signature, &signature.repeat(50));
    assert_eq!(scene.rules(&many), ["limit-exceeded"]);
    let prefixes: String = (0..5000).map(|number| format!("p{number} ")).collect();
    let listed = replaced(
        &text,
        &transform,
        &format!(
            "<ds:Transform Algorithm=\"{EXCLUSIVE}\"><e:InclusiveNamespaces xmlns:e=\"{EXCLUSIVE}\" \
             PrefixList=\"{prefixes}\"/></ds:Transform>"
        ),
    );
    assert_eq!(scene.rules(&listed), ["signature-invalid", "signature-invalid"]);
    let token = part(&text, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>").to_owned();
    let huge = replaced(&token, "\">", &format!("\">{}", "A".repeat(1_000_000)));
    assert!(
        scene
            .rules(&replaced(&text, &token, &huge))
            .contains(&"certificate-missing")
    );
    let mut strict = scene.policy.clone();
    strict.require_addressing_headers = true;
    let header = "<w:To xmlns:w=\"http://www.w3.org/2005/08/addressing\">urn:a</w:To>".repeat(20_000);
    let many = replaced(&text, "</soap:Header>", &format!("{header}</soap:Header>"));
    assert_eq!(names(&verify(&many, &strict)), ["headers-unsigned"; 16]);
    let deep = format!("{}{}", "<d>".repeat(200), "</d>".repeat(200));
    let deep = replaced(&text, "<!-- c -->", &deep);
    assert_eq!(scene.rules(&deep), ["signature-invalid"]);
}

#[test]
fn garbage_in_every_place_is_a_finding() {
    let (scene, text, _) = signed_body();
    for local in ["ds:DigestValue", "ds:SignatureValue", "wsse:BinarySecurityToken"] {
        let start = text.find(&format!("<{local}")).expect("there");
        let from = start + text[start..].find('>').expect("closed") + 1;
        let to = from + text[from..].find('<').expect("closed");
        for garbage in ["", "%%%", "AAAA", "<x/>", "MAA=", "MIIB"] {
            let broken = format!("{}{garbage}{}", &text[..from], &text[to..]);
            assert!(!scene.rules(&broken).is_empty(), "{local} {garbage}");
        }
    }
    for element in [
        "ds:SignedInfo",
        "ds:SignatureValue",
        "ds:KeyInfo",
        "ds:DigestMethod",
        "ds:DigestValue",
        "ds:SignatureMethod",
        "ds:CanonicalizationMethod",
        "ds:Transforms",
        "ds:Reference",
    ] {
        let renamed = text
            .replace(&format!("<{element}"), "<ds:Other")
            .replace(&format!("</{element}"), "</ds:Other");
        assert!(!scene.rules(&renamed).is_empty(), "{element}");
        // The same names in a namespace that looks alike.
        let fake = renamed.replace("<ds:Other", &format!("<{element} xmlns:ds=\"{SIGNATURE}x\""));
        let fake = fake.replace("</ds:Other", &format!("</{element}"));
        assert!(!scene.rules(&fake).is_empty(), "{element}");
    }
    for broken in ["", "<", "<a/>", "<!DOCTYPE a [<!ENTITY b \"c\">]><a>&b;</a>"] {
        assert_eq!(scene.rules(broken), ["envelope-unreadable"]);
    }
}

#[test]
fn every_cut_and_every_changed_byte_is_refused_or_harmless() {
    let scene = scene();
    let text = scene.signed();
    let mut step = 0;
    for at in (0..text.len()).step_by(97).filter(|&at| text.is_char_boundary(at)) {
        assert!(!scene.rules(&text[..at]).is_empty());
        step += 1;
        let mut bytes = text.clone().into_bytes();
        bytes[at] = b'z';
        let Ok(changed) = String::from_utf8(bytes) else {
            continue;
        };
        let report = verify(&changed, &scene.policy);
        // A change that is not seen is one outside of everything that is signed.
        if report.holds() {
            let body = part(&text, "<soap:Body", "</soap:Body>");
            let stamp = part(&text, "<wsu:Timestamp", "</wsu:Timestamp>");
            assert!(changed.contains(body) && changed.contains(stamp), "byte {at}");
        }
    }
    assert!(step > 20);
}

use super::*;
use crate::soap::{Envelope, Message};
use crate::xml::{Document, Limits, parse};

fn document(blocks: &[&str]) -> Document {
    let envelope = Envelope::new("").with_header(blocks.iter().map(|&block| block.to_owned()));
    parse(&envelope.write(), &Limits::default()).expect("well-formed")
}

fn read(blocks: &[&str]) -> Result<Addressing, AddressingFault> {
    let document = document(blocks);
    Addressing::read(&Message::read(&document).expect("SOAP"))
}

const WSA: &str = r#"xmlns:w="http://www.w3.org/2005/08/addressing""#;

fn header(local: &str, content: &str) -> String {
    format!("<w:{local} {WSA}>{content}</w:{local}>")
}

fn request() -> Addressing {
    Addressing {
        reply_to: Some(EndpointReference {
            address: "http://a.example/r".into(),
            parameters: vec![r#"<p:k xmlns:p="urn:p" a="1">x<p:i/> </p:k>"#.into()],
        }),
        ..Addressing::new("http://b.example/", "urn:a:get", "urn:uuid:1")
    }
}

fn names(breaches: &[AddressingBreach]) -> Vec<&'static str> {
    breaches.iter().map(|breach| breach.rule.name()).collect()
}

#[test]
fn what_is_written_can_be_read() {
    let written = Addressing {
        relates_to: vec![
            ("urn:uuid:0".into(), None),
            ("urn:uuid:9".into(), Some("urn:other".into())),
        ],
        fault_to: Some(EndpointReference::new(NONE)),
        from: Some(EndpointReference::new(ANONYMOUS)),
        ..request()
    };
    let blocks = written.write();
    let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
    assert_eq!(read(&blocks).expect("valid"), written);
}

#[test]
fn wrong_headers_are_the_faults_of_the_specification() {
    let action = header("Action", "urn:x");
    let code = |blocks: &[&str]| {
        let fault = read(blocks).expect_err("a fault");
        (fault.code(), fault.exact_code())
    };
    assert_eq!(code(&[]), ("MessageAddressingHeaderRequired", None));
    assert_eq!(
        code(&[&action, &action]),
        ("InvalidAddressingHeader", Some("InvalidCardinality"))
    );
    for bad in ["", "relative", "http:", "1a:b", "http://a b/"] {
        let to = header("To", bad);
        assert_eq!(
            code(&[&action, &to]),
            ("InvalidAddressingHeader", Some("InvalidAddress")),
            "{bad}"
        );
    }
    let empty = header("ReplyTo", "");
    assert_eq!(
        code(&[&action, &empty]),
        ("InvalidAddressingHeader", Some("MissingAddressInEPR"))
    );
    let twice = header("ReplyTo", "<w:Address>urn:a</w:Address><w:Address>urn:b</w:Address>");
    assert_eq!(
        code(&[&action, &twice]),
        ("InvalidAddressingHeader", Some("MissingAddressInEPR"))
    );
}

#[test]
fn blocks_for_others_do_not_count() {
    let ours = header("Action", "urn:x");
    let theirs = format!(r#"<w:Action {WSA} soap:actor="urn:somebody">urn:y</w:Action>"#);
    assert_eq!(read(&[&theirs, &ours]).expect("valid").action, "urn:x");
}

#[test]
fn faults_in_soap_1_1() {
    let fault = AddressingFault::ActionNotSupported {
        action: "urn:<x>".into(),
    };
    let written = fault.fault().write();
    assert!(written.contains(&format!(
        r#"<faultcode xmlns:wsa="{NAMESPACE}">wsa:ActionNotSupported</faultcode>"#
    )));
    let block = fault.detail_block().expect("a detail");
    let document = parse(&block, &Limits::default()).expect("well-formed");
    let action = document
        .root()
        .child(NAMESPACE, "ProblemAction")
        .and_then(|problem| problem.child(NAMESPACE, "Action"))
        .expect("an action");
    assert_eq!(action.text(), "urn:<x>");
}

#[test]
fn destinations() {
    let mut request = request();
    assert_eq!(request.destination(false), Destination::Address("http://a.example/r"));
    assert_eq!(request.destination(true), Destination::Address("http://a.example/r"));
    request.fault_to = Some(EndpointReference::new(NONE));
    assert_eq!(request.destination(true), Destination::None);
    request.reply_to = None;
    assert_eq!(request.destination(false), Destination::Anonymous);
    request.reply_to = Some(EndpointReference::new(ANONYMOUS));
    assert_eq!(request.destination(false), Destination::Anonymous);
}

#[test]
fn a_right_reply_has_no_breach() {
    let request = request();
    let reply = request.reply("urn:a:getResponse", "urn:uuid:2", false);
    let blocks = reply.write();
    let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
    let received = read(&blocks).expect("valid");
    assert_eq!(names(&compare_reply(&request, &received)), Vec::<&str>::new());
    assert!(compare_action("urn:a:getResponse", &received).is_none());
    assert!(compare_action("urn:a:other", &received).is_some());
}

#[test]
fn every_breach_is_seen() {
    let request = request();
    let reply = request.reply("urn:a:getResponse", "urn:uuid:2", false);
    let wrong = |change: &dyn Fn(&mut Addressing)| {
        let mut reply = reply.clone();
        change(&mut reply);
        names(&compare_reply(&request, &reply))
    };
    assert_eq!(wrong(&|reply| reply.relates_to.clear()), ["relates-to-missing"]);
    assert_eq!(
        wrong(&|reply| reply.relates_to[0].1 = Some("urn:other".into())),
        ["relates-to-missing"]
    );
    assert_eq!(
        wrong(&|reply| reply.relates_to[0].0 = "urn:uuid:7".into()),
        ["relates-to-wrong"]
    );
    assert_eq!(
        wrong(&|reply| reply.message_id = Some("urn:uuid:1".into())),
        ["message-id-reused"]
    );
    assert_eq!(wrong(&|reply| reply.action = "urn:a:get".into()), ["action-wrong"]);
    assert_eq!(wrong(&|reply| reply.action = FAULT_ACTION.into()), ["action-wrong"]);
    assert_eq!(wrong(&|reply| reply.to = None), ["to-wrong"]);
    for changed in [
        r#"<p:k xmlns:p="urn:p" a="2">x<p:i/> </p:k>"#,
        r#"<p:k xmlns:p="urn:q" a="1">x<p:i/> </p:k>"#,
        r#"<p:k xmlns:p="urn:p" a="1"><p:i/>x </p:k>"#,
        r#"<p:k xmlns:p="urn:p" a="1">x<p:i/><p:i/> </p:k>"#,
    ] {
        let wrong = wrong(&|reply| reply.reference_parameters = vec![changed.into()]);
        assert_eq!(wrong, ["reference-parameters-not-echoed"], "{changed}");
    }
    let same = r#"<q:k xmlns:q="urn:p" a="1"><!-- c -->x<q:i></q:i> </q:k>"#;
    assert!(wrong(&|reply| reply.reference_parameters = vec![same.into()]).is_empty());

    let mut silent = request.clone();
    silent.reply_to = Some(EndpointReference::new(NONE));
    assert!(names(&compare_reply(&silent, &reply)).contains(&"reply-unwanted"));
    let mut nameless = request.clone();
    nameless.message_id = None;
    let found = names(&compare_reply(&nameless, &nameless.reply("urn:b", "urn:uuid:3", false)));
    assert_eq!(found, ["message-id-missing"]);
}

#[test]
fn default_actions() {
    assert_eq!(
        default_input_action("http://x.example/s", "PT", "get", None, false),
        "http://x.example/s/PT/getRequest"
    );
    assert_eq!(
        default_input_action("http://x.example/s/", "PT", "get", None, true),
        "http://x.example/s/PT/get"
    );
    assert_eq!(
        default_output_action("urn:x", "PT", "get", None),
        "urn:x:PT:getResponse"
    );
    assert_eq!(default_output_action("URN:x", "PT", "get", Some("Out")), "URN:x:PT:Out");
    assert_eq!(
        default_fault_action("urn:x", "PT", "get", "Bad"),
        "urn:x:PT:get:Fault:Bad"
    );
}

#[test]
fn soap_action_says_the_same_or_nothing() {
    let request = request();
    for good in ["", "\"\"", "\"urn:a:get\"", "urn:a:get"] {
        assert!(request.agrees_with_soap_action(good), "{good}");
    }
    assert!(!request.agrees_with_soap_action("\"urn:a:put\""));
}

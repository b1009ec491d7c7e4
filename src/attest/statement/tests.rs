//! Statements are what they say, and nothing passes for another one.

use serde_json::json;

use super::*;
use crate::attest::envelope::Envelope;
use crate::attest::key::{Algorithm, FileKey};

/// The product descriptor of the reference's recipe.
const PRODUCT: &str = concat!(
    r#"{"artifacts":[{"digest":{"sha256":"c7c5c1d70c5dec4416ab6158afd0b223ef40c29b1dc1f97ed9428b94d4cadb1c"},"#,
    r#""name":"kakuu-3.2.1.tar.zst"}],"build":"20261101-7f3a","#,
    r#""configuration":{"sha256":"b79606fb3afea5bd1609ed40b622142f1c98125abcfe89a76a661b0e8e343910"},"#,
    r#""name":"架空住民記録","schema":"product/v1","#,
    r#""vendor":{"corporateNumber":"9000000000000","name":"株式会社架空システム"},"version":"3.2.1"}"#
);

/// The decision of the reference's recipe; its predicate has an older form than ours, its signature is still a vector.
const DECISION: &str = concat!(
    r#"{"_type":"https://in-toto.io/Statement/v1","predicate":{"basis":{"report":{"sha256":"#,
    r#""5f5d77d992e71bf2a2e394019d763524d38ec01bcb6f688dd35abdc1e692ba98"},"rerun":{"kind":"registry-rerun","#,
    r#""report":null},"review":{"examiners":["exm:7","exm:12"],"fourEyes":true}},"event":"registered","#,
    r#""previous":null,"registrationNumber":"AP-2026-000421","scope":{"features":["alien-registration"],"#,
    r#""profile":"unit.01.provider","suite":{"sha256":"#,
    r#""e8022c00fe20462a33b7efb730eee3402a468f883d845b3f9412d65b2733b63f"}},"sequence":1,"#,
    r#""validFrom":"2026-11-22","validUntil":"2028-03-31"},"#,
    r#""predicateType":"https://junkyo.example/attestation/registration-event/v1","subject":[{"digest":{"sha256":"#,
    r#""8cfa053dda01e76e408ce76420601c7566e8efa44275355bea89d6287f9af634"},"name":"架空住民記録 3.2.1"}]}"#
);

const DECISION_SIGNATURE: &str =
    "MEUCIQDah7ZnEE8rjJdHJn5kHwks5MWXnepQZz7M7svgcr8w3QIgZNlSJCzbhhohdfw+1pY7YSlPXduHgH21/0N8qHEa/94=";

#[test]
fn the_product_descriptor_has_the_digest_of_the_recipe() {
    let product: Product = serde_json::from_str(PRODUCT).expect("a product");
    let bytes = product.to_bytes().expect("canonical");
    assert_eq!(String::from_utf8_lossy(&bytes), PRODUCT);
    assert_eq!(bytes.len(), 404);
    assert_eq!(
        product.digest().expect("digest").to_string(),
        "8cfa053dda01e76e408ce76420601c7566e8efa44275355bea89d6287f9af634"
    );
}

#[test]
fn the_decision_of_the_recipe_gets_the_signature_of_the_recipe() {
    let value = canonical::parse(DECISION.as_bytes()).expect("JSON");
    assert_eq!(canonical::to_bytes(&value).expect("canonical"), DECISION.as_bytes());
    let key = FileKey::from_secret(Algorithm::P256, &[0x0c; 32]).expect("a key");
    let envelope = Envelope::sign(DECISION.as_bytes(), &[&key]).expect("signed");
    assert_eq!(
        envelope.payload_digest().to_string(),
        "b601bf43fb77092b1af5b46eae7d898877d893f31043c6178d19f099a52e0174"
    );
    assert!(
        envelope.to_line().contains(DECISION_SIGNATURE),
        "{}",
        envelope.to_line()
    );
}

fn snapshot() -> Statement<CatalogSnapshot> {
    Statement {
        subject: vec![Subject::new("catalog-1.json", Digest::of(b"{}"))],
        predicate: CatalogSnapshot {
            issued_at: "2026-11-22T00:00:00Z".into(),
            log: LogFacts {
                root: Digest::of(b"").into(),
                size: 0,
            },
            next_update: "2026-11-23T00:00:00Z".into(),
            no: 1,
        },
    }
}

#[test]
fn statements_are_read_back_and_others_refused() {
    let bytes = snapshot().to_bytes().expect("canonical");
    assert_eq!(
        Statement::<CatalogSnapshot>::parse(&bytes).expect("a snapshot"),
        snapshot()
    );
    assert!(matches!(
        Statement::<RegistrationEvent>::parse(&bytes),
        Err(StatementError::Type { .. })
    ));
    let text = String::from_utf8(bytes).expect("UTF-8");
    for (from, to) in [
        ("catalog-snapshot/v1", "other/catalog-snapshot/v1"),
        ("Statement/v1", "Statement/v0.1"),
        ("\"no\":1", "\"no\":1,\"no\":2"),
        ("\"no\":1", "\"no\":1,\"extra\":2"),
        ("\"predicate\":", "\"more\":1,\"predicate\":"),
        ("\"nextUpdate\"", "\"next\""),
        ("\"sha256\"", "\"sha512\""),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        assert!(Statement::<CatalogSnapshot>::parse(changed.as_bytes()).is_err(), "{to}");
    }
    let nobody =
        json!({"_type": STATEMENT_TYPE, "predicateType": CatalogSnapshot::TYPE, "subject": [], "predicate": {}});
    assert!(Statement::<CatalogSnapshot>::parse(nobody.to_string().as_bytes()).is_err());
}

#[test]
fn an_event_keeps_its_form() {
    let event = RegistrationEvent {
        affects: Vec::new(),
        basis: None,
        event: EventKind::Suspended,
        previous: Some(DigestSet::of(b"before")),
        reason: Some(Reason {
            code: "nonconformity".into(),
            public: crate::text::Text::new("不適合", "nonconformity"),
        }),
        registration_number: "JK-2026-000421-17".into(),
        review_by: None,
        scope: None,
        sequence: 2,
        successor: None,
        valid_from: "2026-12-10".into(),
        valid_until: None,
    };
    let written = serde_json::to_string(&event).expect("JSON");
    assert!(
        !written.contains("scope") && written.contains("registrationNumber"),
        "{written}"
    );
    let first = RegistrationEvent {
        event: EventKind::Registered,
        previous: None,
        sequence: 1,
        ..event
    };
    let written = serde_json::to_string(&first).expect("JSON");
    assert!(written.contains("\"previous\":null"), "{written}");
    assert_eq!(
        serde_json::from_str::<RegistrationEvent>(&written).expect("an event"),
        first
    );
    for kind in EventKind::ALL {
        assert_eq!(serde_json::to_value(kind).expect("JSON"), json!(kind.word()));
    }
}

const REPORT: &str = r#"{"schema":"junkyo-report/v1","tool":"0.1.0",
"corpus":{"sha256":"dbf8ac36d19dfa9bc14e0a11509a28756ee7eb620e44f7465c4189731c958ab6","requirements":2,"scenarios":1},
"product":{"name":"架空住登外管理","vendor":"株式会社架空システム","version":"3.2.1"},
"run":{"started":"2026-11-22T12:53:10.335Z","duration-ms":287,"seed":20260401,"target-sha256":"","partial":false,
"interrupted":false,"exchanges":286,"retried":0},"outcome":"conformant","reasons":[],"scenarios-by-verdict":{"pass":2},
"checks-by-verdict":{"pass":3},"requirements-by-verdict":{"pass":1,"skip":1},
"readings":[{"id":"R-1","option":"a","is-default":true},{"id":"R-2","option":"b","is-default":false}],
"profiles":[{"id":"p","outcome":"conformant","requirements":[
{"id":"A-1","verdict":"pass","held":3,"judged":3},
{"id":"A-2","verdict":"skip","held":0,"judged":0,"reason":{"ja":"対象外","en":"not applicable"}}]}],
"scenarios":[{"id":"s","attempts":1},{"id":"t","attempts":2}]}"#;

#[test]
fn the_statement_follows_from_the_report() {
    let statement = report_statement(REPORT.as_bytes(), Digest::of(b"m"), Digest::of(b"t")).expect("a statement");
    let predicate = &statement.predicate;
    assert_eq!(predicate.readings.len(), 1);
    assert_eq!(predicate.run.attempts, 3);
    assert_eq!(predicate.results.len(), 2);
    assert_eq!(predicate.suite.uri, "pkg:generic/junkyo-corpus@0.1.0");
    assert_eq!(predicate.target, None);
    assert_eq!(statement.subject[0].name, "架空住登外管理 3.2.1");
    let bytes = statement.to_bytes().expect("canonical");
    assert_eq!(Statement::parse(&bytes).expect("a statement"), statement);
}

#[test]
fn reports_that_say_too_little_or_too_much_are_refused() {
    for (from, to) in [
        ("junkyo-report/v1", "junkyo-report/v2"),
        ("\"version\":\"3.2.1\"", "\"version\":\" \""),
        ("\"A-2\"", "\"A-1\""),
        ("\"dbf8", "\"DBF8"),
        (
            "\"outcome\":\"conformant\"",
            "\"outcome\":\"conformant\",\"outcome\":\"x\"",
        ),
    ] {
        let changed = REPORT.replacen(from, to, 1);
        assert_ne!(changed, REPORT, "{from}");
        assert!(
            report_statement(changed.as_bytes(), Digest::of(b""), Digest::of(b"")).is_err(),
            "{to}"
        );
    }
}

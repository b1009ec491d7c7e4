use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use time::macros::datetime;
use time::{Duration, OffsetDateTime};

use super::*;
use crate::soap::Envelope;
use crate::soap::addressing::Addressing;

const NOW: OffsetDateTime = datetime!(2026-11-22 09:00 UTC);

struct Authority {
    issuer: Issuer<'static, KeyPair>,
    der: Vec<u8>,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2027, 1, 1);
    params
}

fn authority() -> Authority {
    let key = KeyPair::generate().expect("a key");
    let mut params = params("authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&key).expect("a certificate");
    Authority {
        der: certificate.der().to_vec(),
        issuer: Issuer::new(params, key),
    }
}

impl Authority {
    fn signer(&self, params: &CertificateParams) -> Signer {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Signer::from_pem(&certificate.pem(), &key.serialize_pem()).expect("a signer")
    }
}

struct Scene {
    signer: Signer,
    policy: SecurityPolicy,
}

fn scene() -> Scene {
    let authority = authority();
    Scene {
        signer: authority.signer(&params("signer")),
        policy: SecurityPolicy {
            authorities: vec![authority.der],
            ..SecurityPolicy::new(NOW)
        },
    }
}

fn envelope() -> String {
    Envelope::new("<m:住民 xmlns:m=\"urn:m\" m:a=\"&#13;\">𠮷野<!-- c --> &amp; 髙</m:住民>")
        .with_header(Addressing::new("urn:to", "urn:action", "urn:uuid:1").write())
        .write()
}

impl Scene {
    fn signed(&self) -> String {
        self.signed_with(&SignOptions::new(NOW))
    }

    fn signed_with(&self, options: &SignOptions) -> String {
        self.signer.sign(&envelope(), options).expect("signed")
    }

    fn rules(&self, text: &str) -> Vec<&'static str> {
        names(&verify(text, &self.policy))
    }
}

fn names(report: &SecurityReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.rule.name()).collect()
}

/// The text with the first occurrence replaced, which has to be there.
fn replaced(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "`{from}` is not in {text}");
    text.replacen(from, to, 1)
}

/// The part of the text from a start to the end of an end tag.
fn part<'t>(text: &'t str, start: &str, end: &str) -> &'t str {
    let from = text.find(start).expect("the start");
    let to = text[from..].find(end).expect("the end");
    &text[from..from + to + end.len()]
}

#[test]
fn what_is_signed_is_verified() {
    let mut scene = scene();
    scene.policy.require_addressing_headers = true;
    let options = SignOptions {
        sign_headers: true,
        ..SignOptions::new(NOW)
    };
    for token in [TokenReference::Direct, TokenReference::Embedded] {
        let text = scene.signed_with(&SignOptions {
            token,
            ..options.clone()
        });
        let report = verify(&text, &scene.policy);
        assert_eq!(names(&report), Vec::<&str>::new(), "{:?}", report.findings);
        assert!(report.signed.iter().any(|path| path == "/soap:Envelope/soap:Body"));
        assert!(report.certificates[0].subject.contains("signer"));
        assert_eq!(
            (report.created, report.expires),
            (Some(NOW), Some(NOW + Duration::minutes(5)))
        );
    }
}

#[test]
fn envelopes_of_all_shapes_can_be_signed() {
    let scene = scene();
    let soap = crate::soap::ENVELOPE;
    for text in [
        format!(r#"<Envelope xmlns="{soap}"><Body><a xmlns=""/></Body></Envelope>"#),
        format!(r#"<s:Envelope xmlns:s="{soap}"><s:Header/><s:Body></s:Body></s:Envelope>"#),
        format!(r#"<s:Envelope xmlns:s="{soap}" xmlns:wsu="urn:other"><s:Header ></s:Header><s:Body/></s:Envelope>"#),
        format!(
            r#"<!-- </wsse:Security> --><s:Envelope xmlns:s="{soap}"><s:Header	a="b" /><s:Body q:Id="id-token" xmlns:q="{UTILITY}"/></s:Envelope>"#
        ),
    ] {
        let signed = scene.signer.sign(&text, &SignOptions::new(NOW)).expect("signed");
        assert_eq!(scene.rules(&signed), Vec::<&str>::new(), "{signed}");
    }
}

#[test]
fn a_second_security_header_is_not_written() {
    let scene = scene();
    let again = scene.signer.sign(&scene.signed(), &SignOptions::new(NOW));
    assert!(matches!(again, Err(SecurityError::AlreadySecured { .. })));
}

#[test]
fn changes_are_seen_where_they_are() {
    let scene = scene();
    let text = scene.signed();
    let body = verify(&replaced(&text, "𠮷野", "吉野"), &scene.policy);
    assert_eq!(names(&body), ["digest-mismatch"]);
    assert_eq!(body.findings[0].path, "/soap:Envelope/soap:Body");
    let stamp = verify(&replaced(&text, "09:05:00", "09:04:00"), &scene.policy);
    assert_eq!(names(&stamp), ["digest-mismatch"]);
    assert!(stamp.findings[0].path.ends_with("/wsu:Timestamp"));
    let info = replaced(&text, "<ds:SignedInfo>", "<ds:SignedInfo> ");
    assert_eq!(scene.rules(&info), ["signature-invalid"]);
    let comment = replaced(&text, "<!-- c -->", "");
    assert_eq!(scene.rules(&comment), Vec::<&str>::new());
    let value = part(&text, "<ds:SignatureValue>", "</ds:SignatureValue>");
    let at = "<ds:SignatureValue>".len() + 8;
    let digit = if value.as_bytes()[at] == b'A' { 'B' } else { 'A' };
    let other = format!("{}{digit}{}", &value[..at], &value[at + 1..]);
    assert_eq!(scene.rules(&replaced(&text, value, &other)), ["signature-invalid"]);
    let twice = replaced(&text, value, &format!("{value}{value}"));
    assert_eq!(scene.rules(&twice)[0], "signature-invalid");
}

#[test]
fn comments_inside_values_change_nothing() {
    let scene = scene();
    let text = scene.signed();
    let text = replaced(&text, "<ds:SignatureValue>", "<ds:SignatureValue><!-- A -->");
    let text = replaced(&text, "<ds:DigestValue>", "<ds:DigestValue><!-- B -->");
    assert_eq!(scene.rules(&text), Vec::<&str>::new());
}

#[test]
fn what_is_not_signed_is_named() {
    let scene = scene();
    let all = SignOptions::new(NOW);
    let bodiless = SignOptions {
        sign_body: false,
        ..all.clone()
    };
    assert_eq!(scene.rules(&scene.signed_with(&bodiless)), ["body-unsigned"]);
    let stampless = SignOptions {
        sign_timestamp: false,
        ..all.clone()
    };
    assert_eq!(scene.rules(&scene.signed_with(&stampless)), ["timestamp-unsigned"]);
    let timeless = SignOptions {
        created: None,
        ..all.clone()
    };
    assert_eq!(scene.rules(&scene.signed_with(&timeless)), ["timestamp-missing"]);
    let mut strict = scene.policy.clone();
    strict.require_addressing_headers = true;
    let report = verify(&scene.signed(), &strict);
    assert_eq!(names(&report), ["headers-unsigned"; 3]);
    assert_eq!(scene.rules(&envelope()), ["security-header-missing"]);
    let unsigned = secure(&envelope(), &all).expect("secured");
    assert_eq!(scene.rules(&unsigned), ["signature-missing"]);
    let optional = SignOptions {
        must_understand: false,
        ..all
    };
    assert_eq!(scene.rules(&scene.signed_with(&optional)), ["must-understand-missing"]);
}

#[test]
fn times_are_judged() {
    let mut scene = scene();
    let mut at = |seconds: i64, length: i64| {
        let created = NOW + Duration::seconds(seconds);
        let options = SignOptions {
            expires: Some(created + Duration::seconds(length)),
            ..SignOptions::new(created)
        };
        scene.policy.now = NOW;
        scene.rules(&scene.signed_with(&options))
    };
    assert_eq!(at(-299, 300), Vec::<&str>::new());
    assert_eq!(at(-599, 300), Vec::<&str>::new());
    assert_eq!(at(-601, 300), ["timestamp-expired"]);
    assert_eq!(at(-400, 99), ["timestamp-expired"]);
    assert_eq!(at(300, 300), Vec::<&str>::new());
    assert_eq!(at(301, 300), ["timestamp-future"]);
    assert_eq!(at(0, 301), ["timestamp-too-long"]);
    assert_eq!(at(0, 0), ["timestamp-invalid"]);
}

#[test]
fn broken_timestamps_are_named() {
    let mut scene = scene();
    scene.policy.require_signature = false;
    let text = secure(&envelope(), &SignOptions::new(NOW)).expect("secured");
    let created = part(&text, "<wsu:Created>", "</wsu:Created>").to_owned();
    for wrong in [
        "",
        "<wsu:Created/>",
        "<wsu:Created>2026-11-22T09:00:00</wsu:Created>",
        "<wsu:Created>2026-13-22T09:00:00Z</wsu:Created>",
        "<wsu:Created>2026-11-22 09:00:00Z</wsu:Created>",
    ] {
        assert_eq!(
            scene.rules(&replaced(&text, &created, wrong)),
            ["timestamp-invalid"],
            "{wrong}"
        );
    }
    let twice = replaced(&text, &created, &format!("{created}{created}"));
    assert_eq!(scene.rules(&twice), ["timestamp-invalid"]);
    let stamp = part(&text, "<wsu:Timestamp", "</wsu:Timestamp>").to_owned();
    let twice = replaced(&text, &stamp, &format!("{stamp}{stamp}"));
    assert_eq!(scene.rules(&twice), ["timestamp-invalid"]);
    for right in [
        "2026-11-22T18:00:00+09:00",
        "2026-11-22T09:00:00.123456Z",
        " 2026-11-22T09:00:00Z\n",
    ] {
        let right = replaced(&text, &created, &format!("<wsu:Created>{right}</wsu:Created>"));
        assert_eq!(scene.rules(&right), Vec::<&str>::new());
    }
}

#[test]
fn certificates_are_judged() {
    let scene = scene();
    let stranger = authority();
    let text = stranger
        .signer(&params("stranger"))
        .sign(&envelope(), &SignOptions::new(NOW))
        .expect("signed");
    assert_eq!(scene.rules(&text), ["certificate-untrusted"]);
    let pinned = SecurityPolicy {
        trusted: vec![verify(&text, &scene.policy).certificates[0].der.clone()],
        ..scene.policy.clone()
    };
    assert_eq!(names(&verify(&text, &pinned)), Vec::<&str>::new());

    let authority = authority();
    let mut old = params("old");
    old.not_after = rcgen::date_time_ymd(2026, 11, 1);
    let text = authority
        .signer(&old)
        .sign(&envelope(), &SignOptions::new(NOW))
        .expect("signed");
    for (trusted, authorities) in [(false, true), (true, false)] {
        let der = verify(&text, &scene.policy).certificates[0].der.clone();
        let policy = SecurityPolicy {
            trusted: trusted.then_some(der).into_iter().collect(),
            authorities: authorities.then(|| authority.der.clone()).into_iter().collect(),
            ..SecurityPolicy::new(NOW)
        };
        assert_eq!(names(&verify(&text, &policy)), ["certificate-expired"]);
    }

    let nameless = SignOptions {
        token: TokenReference::Absent,
        ..SignOptions::new(NOW)
    };
    assert_eq!(scene.rules(&scene.signed_with(&nameless)), ["certificate-missing"]);
    let text = scene.signed();
    let away = replaced(
        &text,
        "URI=\"#id-token\" ValueType",
        "URI=\"http://x.example/\" ValueType",
    );
    assert_eq!(scene.rules(&away), ["certificate-missing"]);
}

#[test]
fn a_known_certificate_can_be_named_by_its_thumbprint() {
    let mut scene = scene();
    let nameless = SignOptions {
        token: TokenReference::Absent,
        ..SignOptions::new(NOW)
    };
    let text = scene.signed_with(&nameless);
    let der = scene.signer.certificate().der.clone();
    let thumbprint = DigestAlgorithm::Sha1.digest(&der).expect("a digest");
    let thumbprint = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, thumbprint);
    let named = replaced(
        &text,
        "</ds:SignatureValue>",
        &format!(
            "</ds:SignatureValue><ds:KeyInfo><wsse:SecurityTokenReference><wsse:KeyIdentifier ValueType=\"http://docs.\
             oasis-open.org/wss/oasis-wss-soap-message-security-1.1#ThumbprintSHA1\">{thumbprint}\
             </wsse:KeyIdentifier></wsse:SecurityTokenReference></ds:KeyInfo>"
        ),
    );
    assert_eq!(scene.rules(&named), ["certificate-missing"]);
    scene.policy.trusted.push(der);
    assert_eq!(scene.rules(&named), Vec::<&str>::new());
}

#[test]
fn other_curves_are_refused() {
    let mut scene = scene();
    let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).expect("a key");
    let certificate = params("p384").self_signed(&key).expect("a certificate");
    scene.policy.trusted.push(certificate.der().to_vec());
    let signer = Signer::from_pem(&certificate.pem(), &key.serialize_pem()).expect("a signer");
    let options = SignOptions {
        algorithm: Some(SignatureAlgorithm::EcdsaSha256),
        ..SignOptions::new(NOW)
    };
    let text = signer.sign(&envelope(), &options).expect("signed");
    assert_eq!(scene.rules(&text), ["algorithm-forbidden"]);
}

#[test]
fn documents_in_utf_16_are_verified() {
    let scene = scene();
    let bytes = crate::soap::http_body(&scene.signed(), crate::soap::Encoding::Utf16);
    let document = crate::xml::parse_bytes(&bytes, None, &crate::xml::Limits::default()).expect("UTF-16");
    assert_eq!(names(&verify_document(&document, &scene.policy)), Vec::<&str>::new());
}

#[test]
fn keys_and_certificates_that_are_none_are_named() {
    let key = KeyPair::generate().expect("a key");
    let certificate = params("a").self_signed(&key).expect("a certificate").pem();
    for (certificate, key) in [
        (certificate.as_str(), ""),
        (certificate.as_str(), certificate.as_str()),
        ("", key.serialize_pem().as_str()),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            key.serialize_pem().as_str(),
        ),
    ] {
        let error = Signer::from_pem(certificate, key).err().expect("an error");
        assert!(matches!(error, SecurityError::Key { .. }), "{error}");
    }
}

#[test]
fn rule_names_are_unique() {
    let names: std::collections::HashSet<&str> = SecurityRule::ALL.iter().map(|rule| rule.name()).collect();
    assert_eq!(names.len(), SecurityRule::ALL.len());
}

#[test]
fn a_token_of_somebody_else_does_not_fit() {
    let scene = scene();
    let text = scene.signed();
    let other = Scene {
        signer: authority().signer(&params("other")),
        policy: scene.policy.clone(),
    };
    let token = part(&text, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>").to_owned();
    let theirs = other.signed();
    let theirs = part(&theirs, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>").to_owned();
    let rules = scene.rules(&replaced(&text, &token, &theirs));
    assert!(
        rules.contains(&"signature-invalid") && rules.contains(&"digest-mismatch"),
        "{rules:?}"
    );
}

#[test]
fn algorithms_and_transforms_are_limited() {
    let scene = scene();
    let weak = SignOptions {
        algorithm: Some(SignatureAlgorithm::EcdsaSha1),
        digest: DigestAlgorithm::Sha1,
        ..SignOptions::new(NOW)
    };
    let text = scene.signed_with(&weak);
    assert_eq!(scene.rules(&text), ["algorithm-forbidden"; 4]);
    let mut lenient = scene.policy.clone();
    lenient.signature_algorithms.push(SignatureAlgorithm::EcdsaSha1);
    lenient.digest_algorithms.push(DigestAlgorithm::Sha1);
    assert_eq!(names(&verify(&text, &lenient)), Vec::<&str>::new());

    let text = scene.signed();
    let hmac = replaced(
        &text,
        SignatureAlgorithm::EcdsaSha256.uri(),
        "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
    );
    assert_eq!(scene.rules(&hmac), ["algorithm-forbidden"]);
    let rsa = replaced(
        &text,
        SignatureAlgorithm::EcdsaSha256.uri(),
        SignatureAlgorithm::RsaSha256.uri(),
    );
    assert_eq!(scene.rules(&rsa), ["signature-invalid"]);
    let method = format!("<ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>");
    let inclusive = "<ds:CanonicalizationMethod Algorithm=\"http://www.w3.org/TR/2001/REC-xml-c14n-20010315\"/>";
    assert_eq!(
        scene.rules(&replaced(&text, &method, inclusive)),
        ["algorithm-forbidden"]
    );
    let transform = format!("<ds:Transform Algorithm=\"{EXCLUSIVE}\"/>");
    for wrong in [
        "<ds:Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"/>",
        "<ds:Transform Algorithm=\"http://www.w3.org/TR/1999/REC-xslt-19991116\"/>",
        "<ds:Transform Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#WithComments\"/>",
        "<ds:Transform/>",
        &format!("{transform}{transform}"),
        "",
    ] {
        let rules = scene.rules(&replaced(&text, &transform, wrong));
        assert_eq!(rules, ["transform-forbidden", "signature-invalid"], "{wrong}");
    }
    // A transform that has nothing to do is no harm; with something to do it is one.
    let habit = format!("<ds:Transform Algorithm=\"{ENVELOPED}\"/>{transform}");
    assert_eq!(scene.rules(&replaced(&text, &transform, &habit)), ["signature-invalid"]);
    let security = replaced(&text, "<wsse:Security ", "<wsse:Security wsu:Id=\"all\" ");
    let around = replaced(
        &replaced(&security, &transform, &habit),
        "URI=\"#id-body\"",
        "URI=\"#all\"",
    );
    assert_eq!(
        scene.rules(&around),
        ["transform-forbidden", "signature-invalid", "body-unsigned"]
    );
}

#[test]
fn references_to_tokens_can_be_signed() {
    // SOAP Message Security clause 8.3: what is digested is the token, and it says that there is no default namespace.
    let scene = scene();
    let signed = scene.signed();
    let token = part(&signed, "<wsse:BinarySecurityToken", "</wsse:BinarySecurityToken>");
    let token = replaced(
        token,
        "<wsse:BinarySecurityToken wsu:Id=\"id-token\"",
        &format!("<wsse:BinarySecurityToken xmlns=\"\" xmlns:wsse=\"{EXTENSION}\" xmlns:wsu=\"{UTILITY}\""),
    );
    let tail = part(&token, " ValueType", "\">").to_owned();
    let kind = format!("ValueType=\"{X509_V3}\"");
    let encoding = format!("EncodingType=\"{BASE64}\"");
    let octets = replaced(&token, &tail, &format!(" {encoding} {kind} wsu:Id=\"id-token\">"));
    let digest = DigestAlgorithm::Sha256.digest(octets.as_bytes()).expect("a digest");
    let digest = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, digest);

    let old = part(&signed, "<ds:Reference URI=\"#id-token\">", "</ds:Reference>").to_owned();
    let new = format!(
        "<ds:Reference URI=\"#str\"><ds:Transforms><ds:Transform Algorithm=\"{STR_TRANSFORM}\">\
         <wsse:TransformationParameters><ds:CanonicalizationMethod Algorithm=\"{EXCLUSIVE}\"/>\
         </wsse:TransformationParameters></ds:Transform></ds:Transforms>\
         <ds:DigestMethod Algorithm=\"{}\"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>",
        DigestAlgorithm::Sha256.uri()
    );
    let text = replaced(&signed, &old, &new);
    let text = replaced(
        &text,
        "<wsse:SecurityTokenReference>",
        "<wsse:SecurityTokenReference wsu:Id=\"str\">",
    );
    // The digest is right; only the value of the signature cannot be, because we changed SignedInfo.
    assert_eq!(scene.rules(&text), ["signature-invalid"]);
    let wrong = replaced(&text, &digest, "AAAA");
    assert_eq!(scene.rules(&wrong), ["digest-mismatch", "signature-invalid"]);
}

#[test]
fn replays_are_seen_within_the_window() {
    let scene = scene();
    let report = verify(&scene.signed(), &scene.policy);
    let mut guard = ReplayGuard::new(Duration::minutes(15), 3);
    let rules =
        |findings: Vec<SecurityFinding>| -> Vec<&str> { findings.iter().map(|finding| finding.rule.name()).collect() };
    assert_eq!(rules(guard.admit(&report, Some("urn:1"), NOW)), Vec::<&str>::new());
    assert_eq!(rules(guard.admit(&report, Some("urn:2"), NOW)), ["replayed"]);
    assert_eq!(
        rules(guard.admit(&SecurityReport::default(), Some("urn:1"), NOW)),
        ["replayed"]
    );
    assert_eq!(
        rules(guard.admit(&SecurityReport::default(), Some("urn:3"), NOW)),
        ["limit-exceeded"]
    );
    assert_eq!(guard.len(), 3);
    let later = NOW + Duration::minutes(16);
    assert_eq!(rules(guard.admit(&report, Some("urn:1"), later)), Vec::<&str>::new());
}

mod hostile;
mod usernames;

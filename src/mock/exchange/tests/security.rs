//! Signed messages, without and with mistakes.

use super::*;

struct Keys {
    provider: Arc<SecuritySettings>,
    consumer: Arc<SecuritySettings>,
}

impl Keys {
    fn new() -> Self {
        let authority = SigningAuthority::new("tests").expect("an authority");
        let settings = |name| Arc::new(SecuritySettings::issued(&authority, name).expect("keys"));
        Self {
            provider: settings("provider"),
            consumer: settings("consumer"),
        }
    }

    async fn bench(&self, defects: impl Into<DefectSet>, required: bool) -> Bench {
        let config = ExchangeConfig {
            security: Some(Arc::clone(&self.provider)),
            require_security: required,
            ..ExchangeConfig::new(1, defects.into())
        };
        Bench {
            running: Exchange::new(config)
                .start("127.0.0.1:0", None, None)
                .await
                .expect("listens"),
        }
    }

    fn client(&self, defects: impl Into<DefectSet>) -> Client {
        Client::new(ClientConfig {
            security: Some(Arc::clone(&self.consumer)),
            ..ClientConfig::new(defects.into())
        })
    }

    fn signed(&self, defects: impl Into<DefectSet>) -> String {
        let properties = Addressing {
            message_id: Some(Ids::new().next()),
            ..asked()
        };
        let envelope = addressed(get_resident(EXISTS), &properties);
        self.client(defects).secure(&envelope).expect("signed")
    }
}

fn signed_order(bench: &Bench) -> Order {
    Order {
        security: true,
        addressing: true,
        ..bench.order("GetResident", json!({ "residentNumber": EXISTS }))
    }
}

async fn sent(bench: &Bench, text: &str) -> HttpResponse {
    bench.raw(EXCHANGE_PATH, &[XML], text.as_bytes()).await
}

/// The signed Body goes into a header block, and another one takes its place.
fn wrapped(text: &str) -> String {
    let (from, to) = (
        text.find("<soap:Body").expect("a body"),
        text.find("</soap:Envelope>").expect("an end"),
    );
    let body = &text[from..to];
    let forged = get_resident("900000000000777").write();
    let forged = &forged[forged.find("<soap:Body").expect("a body")..];
    let header = text[..from].replace(
        "</soap:Header>",
        &format!("<x:old xmlns:x=\"urn:x\">{body}</x:old></soap:Header>"),
    );
    format!("{header}{forged}")
}

#[tokio::test]
async fn signed_messages_are_understood() {
    let keys = Keys::new();
    for required in [false, true] {
        let bench = keys.bench(DefectSet::NONE, required).await;
        let report = keys.client(DefectSet::NONE).act(&signed_order(&bench)).await;
        assert_eq!(report.ending, Ending::Answered, "{report:?}");
        let fields = json!({ "extractId": "e", "area": "131016" });
        let order = Order {
            callback: true,
            security: true,
            ..bench.order("RequestExtract", fields)
        };
        let report = keys.client(DefectSet::NONE).act(&order).await;
        assert_eq!(report.ending, Ending::Answered, "{report:?}");
        let unsigned = bench.post(&get_resident(EXISTS)).await;
        assert_eq!(unsigned.status, if required { 500 } else { 200 });
    }
    let bench = keys.bench(DefectSet::NONE, false).await;
    let secure = async |text: &str| bench.raw("/secure/exchange", &[XML], text.as_bytes()).await.status;
    assert_eq!(secure(&get_resident(EXISTS).write()).await, 500);
    assert_eq!(secure(&keys.signed(DefectSet::NONE)).await, 200);
    let described = text_of(&bench.raw("/secure/exchange?wsdl", &[], b"").await);
    assert!(described.contains("/secure/exchange\"") && described.contains("/secure/statistics\""));
    let refused = keys.bench(Defect::WssValidRefused, true).await;
    assert_eq!(sent(&refused, &keys.signed(DefectSet::NONE)).await.status, 500);
}

#[tokio::test]
async fn the_provider_refuses_what_is_not_safe() {
    let keys = Keys::new();
    let clean = keys.signed(DefectSet::NONE);
    let cases = [
        (Defect::WssUnsignedAccepted, get_resident(EXISTS).write()),
        (
            Defect::WssBodyUnsignedAccepted,
            keys.signed(Defect::SoapConsumerBodyUnsigned),
        ),
        (
            Defect::WssExpiredTimestampAccepted,
            keys.signed(Defect::SoapConsumerTimestampExpired),
        ),
        (
            Defect::WssWrongCertificateAccepted,
            keys.signed(Defect::SoapConsumerWrongCertificate),
        ),
        (Defect::WssTamperedAccepted, clean.replace(EXISTS, "900000000000002")),
        (Defect::WssWrappedAccepted, wrapped(&clean)),
    ];
    for (defect, text) in cases {
        let right = sent(&keys.bench(DefectSet::NONE, true).await, &text).await;
        assert_eq!(right.status, 500, "{defect} clean");
        let wrong = sent(&keys.bench(defect, true).await, &text).await;
        assert_eq!(wrong.status, 200, "{defect}: {}", text_of(&wrong));
    }
    for (defects, status) in [(DefectSet::NONE, 500), (Defect::WssReplayAccepted.into(), 200)] {
        let bench = keys.bench(defects, true).await;
        assert_eq!(sent(&bench, &clean).await.status, 200);
        assert_eq!(sent(&bench, &clean).await.status, status, "replayed");
    }
    let weak = keys.signed(Defect::SoapConsumerWeakAlgorithm);
    assert_eq!(
        code(&sent(&keys.bench(DefectSet::NONE, true).await, &weak).await),
        "UnsupportedAlgorithm"
    );
    let leaked = sent(&keys.bench(Defect::WssFaultDetailLeaked, true).await, &weak).await;
    assert!(text_of(&leaked).contains("algorithm-forbidden"));
    assert!(
        keys.signed(Defect::SoapConsumerPasswordTextSent)
            .contains("PasswordText")
    );
}

#[tokio::test]
async fn the_consumer_refuses_what_is_not_safe() {
    let keys = Keys::new();
    for (provider, consumer) in [
        (Defect::WssResponseUnsigned, Some(Defect::SoapConsumerAcceptsUnsigned)),
        (
            Defect::WssResponseBodyUnsigned,
            Some(Defect::SoapConsumerAcceptsBodyUnsigned),
        ),
        (
            Defect::WssResponseTimestampExpired,
            Some(Defect::SoapConsumerAcceptsExpired),
        ),
        (
            Defect::WssResponseWrongCertificate,
            Some(Defect::SoapConsumerAcceptsWrongCertificate),
        ),
        (Defect::WssWeakAlgorithmUsed, None),
    ] {
        let bench = keys.bench(provider, true).await;
        let report = keys.client(DefectSet::NONE).act(&signed_order(&bench)).await;
        assert_eq!(report.ending, Ending::Failed, "{provider} {report:?}");
        if let Some(consumer) = consumer {
            let report = keys.client(consumer).act(&signed_order(&bench)).await;
            assert_eq!(report.ending, Ending::Answered, "{consumer} {report:?}");
        }
    }
    let bench = keys.bench(DefectSet::NONE, true).await;
    let report = keys
        .client(Defect::SoapConsumerSendsUnsigned)
        .act(&signed_order(&bench))
        .await;
    assert_eq!(
        (report.ending, report.status),
        (Ending::Failed, Some(500)),
        "{report:?}"
    );
    let answer = sent(&bench, &keys.signed(DefectSet::NONE)).await;
    let text = text_of(&answer);
    for (consumer, text) in [
        (
            Defect::SoapConsumerAcceptsTampered,
            text.replace(EXISTS, "900000000000002"),
        ),
        (Defect::SoapConsumerAcceptsWrapped, wrapped(&text)),
    ] {
        let document = parse_bytes(text.as_bytes(), None, &Limits::default()).expect("XML");
        let message = Message::read(&document).expect("SOAP");
        assert!(
            keys.client(DefectSet::NONE).check_security(&message).is_err(),
            "{consumer} clean"
        );
        keys.client(consumer)
            .check_security(&message)
            .unwrap_or_else(|error| panic!("{consumer}: {error}"));
    }
    let document = parse_bytes(text.as_bytes(), None, &Limits::default()).expect("XML");
    let message = Message::read(&document).expect("SOAP");
    for (defects, accepted) in [
        (DefectSet::NONE, false),
        (Defect::SoapConsumerAcceptsReplay.into(), true),
    ] {
        let client = keys.client(defects);
        assert!(client.check_security(&message).is_ok());
        assert_eq!(client.check_security(&message).is_ok(), accepted);
    }
}

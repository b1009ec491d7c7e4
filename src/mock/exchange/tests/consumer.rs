//! What the consumer sends, and what it makes of answers, without and with mistakes.

use super::*;

/// A service whose answers are changed on the way, and what it was sent.
struct Changed {
    server: Server,
    got: Arc<Mutex<Vec<HttpRequest>>>,
}

type Change = Arc<dyn Fn(usize, HttpResponse) -> (u16, Vec<(String, String)>, Vec<u8>) + Send + Sync>;

impl Changed {
    async fn new(change: Change) -> Self {
        let exchange = Exchange::new(ExchangeConfig::new(1, DefectSet::NONE));
        let got: Arc<Mutex<Vec<HttpRequest>>> = Arc::default();
        let kept = Arc::clone(&got);
        let handler: Handler = Arc::new(move |request, _| {
            let Answer::Send { bytes, .. } = exchange.respond(&request) else {
                panic!("no answer")
            };
            let response = parse_response(&bytes, "POST", true).expect("HTTP");
            let number = {
                let mut got = kept.lock().expect("whole");
                got.push(request);
                got.len()
            };
            let (status, headers, body) = change(number, response);
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let bytes = response_bytes(status, &headers, &body);
            Box::pin(async move { Answer::Send { bytes, close: true } })
        });
        Self {
            server: Server::start("127.0.0.1:0", ServerOptions::default(), handler)
                .await
                .expect("listens"),
            got,
        }
    }

    async fn edited(find: &'static str, replace: &'static str) -> Self {
        Self::new(Arc::new(move |_, response| {
            let text = String::from_utf8(response.body)
                .expect("UTF-8")
                .replacen(find, replace, 1);
            (
                response.status,
                vec![("Content-Type".into(), "text/xml; charset=utf-8".into())],
                text.into_bytes(),
            )
        }))
        .await
    }

    async fn status(status: u16, headers: &'static [(&'static str, &'static str)]) -> Self {
        Self::new(Arc::new(move |_, _| {
            let headers = headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect();
            (status, headers, Vec::new())
        }))
        .await
    }

    fn order(&self, operation: &str, fields: Value) -> Order {
        Order {
            operation: operation.into(),
            endpoint: format!("http://{}{}", self.server.address(), EXCHANGE_PATH),
            fields: fields.as_object().cloned().unwrap_or_default(),
            addressing: true,
            timeout_ms: Some(1_500),
            retry_wait_ms: Some(5),
            ..Order::default()
        }
    }

    fn got(&self) -> Vec<HttpRequest> {
        std::mem::take(&mut *self.got.lock().expect("whole"))
    }
}

fn resident() -> Value {
    json!({ "residentNumber": EXISTS })
}

#[tokio::test]
async fn wrong_answers_are_refused() {
    let cases = [
        (
            Defect::SoapConsumerAcceptsDoctype,
            Changed::edited("?>", "?><!DOCTYPE a>").await,
        ),
        (
            Defect::SoapConsumerIgnoresMustUnderstand,
            Changed::edited(
                "<soap:Header>",
                "<soap:Header><x:y xmlns:x=\"urn:x\" soap:mustUnderstand=\"1\"/>",
            )
            .await,
        ),
        (Defect::SoapConsumerAcceptsBare500, Changed::status(500, &[]).await),
    ];
    for (defect, service) in cases {
        let order = service.order("GetResident", resident());
        assert_eq!(
            done(DefectSet::NONE, &order).await.ending,
            Ending::Failed,
            "{defect} clean"
        );
        let report = done(defect, &order).await;
        assert_eq!(report.ending, Ending::Answered, "{defect} {report:?}");
    }
}

#[tokio::test]
async fn answers_to_somebody_else_or_of_another_form_are_refused() {
    let replaced = |pairs: &'static [(&'static str, &'static str)]| -> Change {
        Arc::new(move |_, response| {
            let mut text = String::from_utf8(response.body).expect("UTF-8");
            for (find, replace) in pairs {
                text = text.replace(find, replace);
            }
            (
                200,
                vec![("Content-Type".into(), "text/xml; charset=utf-8".into())],
                text.into_bytes(),
            )
        })
    };
    let cases: [(Defect, &'static [(&'static str, &'static str)]); 3] = [
        (
            Defect::SoapConsumerAcceptsWrongRelatesTo,
            &[(">urn:uuid:", ">urn:other:")],
        ),
        (
            Defect::SoapConsumerAcceptsInvalid,
            &[("m:getResidentResponse", "m:getPersonResponse")],
        ),
        (
            Defect::SoapConsumerAcceptsOtherVersion,
            &[(crate::soap::ENVELOPE, crate::soap::ENVELOPE_12)],
        ),
    ];
    for (defect, pairs) in cases {
        let service = Changed::new(replaced(pairs)).await;
        let order = service.order("GetResident", resident());
        assert_eq!(
            done(DefectSet::NONE, &order).await.ending,
            Ending::Failed,
            "{defect} clean"
        );
        let report = done(defect, &order).await;
        assert_eq!(report.ending, Ending::Answered, "{defect} {report:?}");
    }
    let service = Changed::edited("nothing", "nothing").await;
    let order = service.order("GetResident", json!({ "residentNumber": ABSENT }));
    assert_eq!(done(DefectSet::NONE, &order).await.ending, Ending::Fault);
    assert_eq!(
        done(Defect::SoapConsumerIgnoresFault, &order).await.ending,
        Ending::Answered
    );
    assert_eq!(done(DefectSet::NONE, &order).await.sent, 1);
    assert_eq!(done(Defect::SoapConsumerRetriesAfterFault, &order).await.sent, 2);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Changed::edited("nothing", "nothing").await;
    let place = format!("http://{}{EXCHANGE_PATH}", elsewhere.server.address());
    let service = Changed::new(Arc::new(move |_, _| {
        (307, vec![("Location".into(), place.clone())], Vec::new())
    }))
    .await;
    let order = service.order("GetResident", resident());
    assert_eq!(done(DefectSet::NONE, &order).await.ending, Ending::Failed);
    assert_eq!(elsewhere.got().len(), 0);
    assert_eq!(
        done(Defect::SoapConsumerFollowsRedirect, &order).await.ending,
        Ending::Answered
    );
    assert_eq!(elsewhere.got().len(), 1);
}

#[tokio::test]
async fn one_way_messages_are_sent_again_with_an_end() {
    let service = Changed::status(503, &[]).await;
    let order = service.order("NotifyChange", notice(1));
    let sent = async |defects: DefectSet| {
        let report = done(defects, &order).await;
        let ids: std::collections::HashSet<_> = report.message_ids.iter().collect();
        (report.sent, ids.len())
    };
    assert_eq!(sent(DefectSet::NONE).await, (5, 1));
    assert_eq!(sent(Defect::SoapConsumerNoRetry.into()).await, (1, 1));
    assert_eq!(sent(Defect::SoapConsumerNewMessageIdOnRetry.into()).await, (5, 5));
    assert!(sent(Defect::SoapConsumerEndlessRetry.into()).await.0 > 5);
    let few = Order {
        most_retries: Some(2),
        ..order.clone()
    };
    assert_eq!(done(DefectSet::NONE, &few).await.sent, 3);
}

#[tokio::test]
async fn requests_are_as_they_should_be() {
    let service = Changed::edited("nothing", "nothing").await;
    let order = service.order("GetResident", resident());
    let asked = async |defects: DefectSet| {
        done(defects, &order).await;
        let request = service.got().swap_remove(0);
        let text = String::from_utf8(request.body.clone()).expect("UTF-8");
        let action = request.headers.get("soapaction").map(str::to_owned);
        (action, request.media_type().unwrap_or_default(), text)
    };
    let (action, media, text) = asked(DefectSet::NONE).await;
    assert_eq!(
        action.as_deref(),
        Some("\"http://junkyo.example/exchange/1/GetResident\"")
    );
    assert!(media == "text/xml" && text.contains("<m:caller ") && text.contains("MessageID"));
    assert_eq!(
        asked(Defect::SoapConsumerUnquotedAction.into()).await.0.as_deref(),
        Some("http://junkyo.example/exchange/1/GetResident")
    );
    assert_eq!(asked(Defect::SoapConsumerActionMissing.into()).await.0, None);
    assert_eq!(
        asked(Defect::SoapConsumerMediaTypeWrong.into()).await.1,
        "application/soap+xml"
    );
    assert!(
        !asked(Defect::SoapConsumerCallerMissing.into())
            .await
            .2
            .contains("<m:caller ")
    );
    assert!(
        !asked(Defect::SoapConsumerMessageIdMissing.into())
            .await
            .2
            .contains("MessageID")
    );
    assert!(
        asked(Defect::SoapConsumerMessageIdReused.into())
            .await
            .2
            .contains("-000000000002")
    );
    assert!(
        asked(Defect::SoapConsumerWsaActionWrong.into())
            .await
            .2
            .contains("GetResidentResponse")
    );
}

#[tokio::test]
async fn polling_has_patience_and_an_end() {
    let pending = |until: usize| -> Change {
        Arc::new(move |number, response| {
            let mut text = String::from_utf8(response.body).expect("UTF-8");
            if number <= until {
                text = text.replace(">unknown<", ">pending<");
            }
            (
                response.status,
                vec![("Content-Type".into(), "text/xml; charset=utf-8".into())],
                text.into_bytes(),
            )
        })
    };
    let asked = async |defects: DefectSet, until: usize| {
        let service = Changed::new(pending(until)).await;
        done(defects, &service.order("PollExtract", json!({ "extractId": "e" })))
            .await
            .sent
    };
    assert_eq!(asked(DefectSet::NONE, 3).await, 4);
    assert_eq!(asked(Defect::SoapConsumerGivesUpPolling.into(), 3).await, 1);
    assert_eq!(asked(DefectSet::NONE, 1_000).await, 12);
    assert!(asked(Defect::SoapConsumerPollsForever.into(), 1_000).await > 12);
}

#[tokio::test]
async fn a_callback_needs_an_address() {
    let bench = Bench::new(DefectSet::NONE).await;
    let fields = json!({ "extractId": "e", "area": "131016" });
    let order = Order {
        callback: true,
        ..bench.order("RequestExtract", fields)
    };
    assert_eq!(done(DefectSet::NONE, &order).await.status, Some(202));
    assert_eq!(
        done(Defect::SoapConsumerReplyToAnonymous, &order).await.status,
        Some(200)
    );
}

#[tokio::test]
async fn retries_leave_time() {
    let service = Changed::status(503, &[]).await;
    let order = Order {
        retry_wait_ms: Some(600_000),
        most_retries: Some(2),
        ..service.order("NotifyChange", notice(1))
    };
    let limit = Duration::from_secs(60);
    let careless = tokio::time::timeout(limit, done(Defect::SoapConsumerRetryAtOnce, &order)).await;
    assert_eq!(careless.expect("no pause").sent, 3);
    assert!(
        tokio::time::timeout(Duration::from_millis(200), done(DefectSet::NONE, &order))
            .await
            .is_err()
    );
}

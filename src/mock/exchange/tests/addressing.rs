//! WS-Addressing, and answers by callback, without and with mistakes.

use super::*;
use crate::soap::addressing::NONE;

#[tokio::test]
async fn answers_are_addressed() {
    let request = addressed(get_resident(EXISTS), &asked());
    let answer = properties(&Bench::new(DefectSet::NONE).await.post(&request).await);
    assert_eq!(crate::soap::addressing::compare_reply(&asked(), &answer), []);
    assert_eq!(answer.action, Operation::GetResident.answer_action());
    for defect in [
        Defect::WsaRelatesToMissing,
        Defect::WsaRelatesToWrong,
        Defect::WsaActionWrong,
        Defect::WsaMessageIdReused,
    ] {
        let answer = properties(&Bench::new(defect).await.post(&request).await);
        assert_ne!(
            crate::soap::addressing::compare_reply(&asked(), &answer),
            [],
            "{defect}"
        );
    }
    let answer = properties(&Bench::new(Defect::WsaMessageIdMissing).await.post(&request).await);
    assert_eq!(answer.message_id, None);
    let nobody = Addressing {
        reply_to: Some(EndpointReference::new(NONE)),
        ..asked()
    };
    let request = addressed(get_resident(EXISTS), &nobody);
    assert_eq!(Bench::new(DefectSet::NONE).await.post(&request).await.status, 202);
    assert_eq!(
        Bench::new(Defect::WsaNoneAnswered).await.post(&request).await.status,
        200
    );
    let request = addressed(get_resident(EXISTS), &asked());
    assert_eq!(
        Bench::new(Defect::WsaAnonymousCallback)
            .await
            .post(&request)
            .await
            .status,
        202
    );
}

#[tokio::test]
async fn wrong_addressing_headers_are_refused() {
    let twice = addressed(get_resident(EXISTS), &asked()).with_header(asked().write());
    let other = addressed(
        get_resident(EXISTS),
        &Addressing {
            action: "urn:other".into(),
            ..asked()
        },
    );
    let no_id = addressed(
        get_resident(EXISTS),
        &Addressing {
            message_id: None,
            ..asked()
        },
    );
    for (defect, envelope, expected) in [
        (Defect::WsaDuplicateHeaderAccepted, twice, "InvalidAddressingHeader"),
        (Defect::WsaActionMismatchAccepted, other, "ActionNotSupported"),
        (
            Defect::WsaMissingHeaderAccepted,
            no_id,
            "MessageAddressingHeaderRequired",
        ),
    ] {
        let [clean, spoiled] = statuses(defect, &[XML], envelope.write().as_bytes()).await;
        assert_eq!((clean.0, clean.1.as_str()), (500, expected), "{defect}");
        assert_eq!(spoiled.0, 200, "{defect}");
    }
    let mismatch = [XML, ("SOAPAction", "\"urn:other\"")];
    let body = addressed(get_resident(EXISTS), &asked()).write();
    let [clean, spoiled] = statuses(Defect::WsaActionMismatchAccepted, &mismatch, body.as_bytes()).await;
    assert_eq!((clean.1.as_str(), spoiled.0), ("InvalidAddressingHeader", 200));
}

/// What arrives at `ReplyTo` and at `FaultTo`, and the status on the connection.
async fn called_back(defect: DefectSet, number: &str, refuses: usize, count: usize) -> (u16, Vec<HttpRequest>, usize) {
    let bench = Bench::new(defect).await;
    let (reply, fault) = (Listener::new(refuses).await, Listener::new(0).await);
    let properties = Addressing {
        reply_to: Some(EndpointReference {
            address: reply.url(),
            parameters: vec!["<p:key xmlns:p=\"urn:p\">k1</p:key>".into()],
        }),
        fault_to: Some(EndpointReference::new(fault.url())),
        ..asked()
    };
    let status = bench.post(&addressed(get_resident(number), &properties)).await.status;
    if status != 202 {
        return (status, Vec::new(), 0);
    }
    let waits = if number == EXISTS { &reply } else { &fault };
    if count > 0 {
        waits.wait(count).await;
    }
    tokio::time::sleep(Duration::from_millis(60)).await;
    let got = reply.got.lock().expect("whole").clone();
    let faults = fault.got.lock().expect("whole").len();
    (status, got, faults)
}

#[tokio::test]
async fn callbacks_reach_the_right_address() {
    let (status, got, faults) = called_back(DefectSet::NONE, EXISTS, 0, 1).await;
    let body = String::from_utf8_lossy(&got[0].body).into_owned();
    assert_eq!((status, got.len(), faults), (202, 1, 0));
    assert!(
        body.contains(">k1<") && body.contains("IsReferenceParameter") && body.contains("urn:uuid:1"),
        "{body}"
    );
    let (_, got, faults) = called_back(DefectSet::NONE, ABSENT, 0, 1).await;
    assert_eq!((got.len(), faults), (0, 1));
    let (status, ..) = called_back(Defect::WsaReplyToIgnored.into(), EXISTS, 0, 0).await;
    assert_eq!(status, 200);
    let (_, got, faults) = called_back(Defect::WsaFaultToIgnored.into(), ABSENT, 0, 0).await;
    assert_eq!((got.len(), faults), (1, 0));
    let (_, got, _) = called_back(Defect::WsaReferenceParametersDropped.into(), EXISTS, 0, 1).await;
    assert!(!String::from_utf8_lossy(&got[0].body).contains("k1"));
}

#[tokio::test]
async fn callbacks_are_tried_again_with_an_end() {
    let ids = |got: &[HttpRequest]| -> std::collections::HashSet<String> {
        let id = |request: &HttpRequest| {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            let from = text.find("<wsa:MessageID").expect("an id");
            text[from..].split('>').nth(1).map(str::to_owned).expect("an id")
        };
        got.iter().map(id).collect()
    };
    let (_, got, _) = called_back(DefectSet::NONE, EXISTS, 2, 3).await;
    assert_eq!((got.len(), ids(&got).len()), (3, 1));
    let (_, got, _) = called_back(Defect::DlvNewMessageIdOnCallbackRetry.into(), EXISTS, 2, 3).await;
    assert_eq!(ids(&got).len(), 3);
    let (_, got, _) = called_back(Defect::DlvNoRetryCallback.into(), EXISTS, 2, 1).await;
    assert_eq!(got.len(), 1);
    let (_, got, _) = called_back(Defect::DlvEndlessRetryCallback.into(), EXISTS, 100, 6).await;
    assert!(got.len() > reply::TRIES as usize);
}

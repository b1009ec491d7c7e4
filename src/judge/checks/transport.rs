//! Checks below HTTP.

use super::super::context::{Answer, Context, Parsed};
use crate::evidence::Fault;
use crate::scenario::{Step, check};
use crate::text::{Text, hex};

pub(super) fn answered(parsed: &Parsed<'_>) -> Answer {
    Answer::from(
        parsed.exchange.fault.is_none() && parsed.response().is_some(),
        || Text::new("完全な HTTP 応答", "a complete HTTP response"),
        || parsed.no_response(),
    )
}

pub(super) fn tls_version(p: &check::TlsVersion, parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        Text::new(
            format!("TLS {} 以上", p.at_least),
            format!("TLS {} or later", p.at_least),
        )
    };
    match &parsed.exchange.tls {
        // Versions are `1.2` and `1.3`: their order as text is their order.
        Some(tls) => Answer::from(tls.version >= p.at_least, expected, || {
            Text::neutral(format!("TLS {}", tls.version))
        }),
        None => Answer::broken(
            expected(),
            match &parsed.exchange.fault {
                Some(fault) => fault.describe(),
                None => Text::new("TLS を使わない平文の通信", "plain text, without TLS"),
            },
        ),
    }
}

pub(super) fn certificate(parsed: &Parsed<'_>) -> Answer {
    let expected = || {
        Text::new(
            "有効期間内で、接続先のホスト名に合い、信頼できる認証局に連なるサーバ証明書",
            "a server certificate within its period, made for the host, with a chain to a trusted authority",
        )
    };
    match (&parsed.exchange.tls, &parsed.exchange.fault) {
        (Some(_), _) => Answer::Holds,
        (None, Some(fault)) => Answer::broken(expected(), fault.describe()),
        (None, None) => Answer::broken(
            expected(),
            Text::new("TLS を使わない平文の通信", "plain text, without TLS"),
        ),
    }
}

pub(super) fn tls_refused(parsed: &Parsed<'_>) -> Answer {
    let response = &parsed.exchange.response;
    // A TLS record of type handshake (22) means that the server goes on with the offer. An HTTP
    // response without TLS means that plain HTTP is served, unless it only says that TLS is wanted:
    // 400 or 403, 426 Upgrade Required, or a redirect.
    let served_plain = parsed
        .response()
        .is_some_and(|response| !matches!(response.status, 300..=399 | 400 | 403 | 426));
    if served_plain {
        return Answer::broken(
            Text::new("平文の HTTP への拒否", "plain HTTP to be refused"),
            Text::new("平文の HTTP で応答した", "an answer over plain HTTP"),
        );
    }
    Answer::from(
        response.first() != Some(&22),
        || Text::new("警告（alert）または切断", "an alert or the end of the connection"),
        || {
            let start = &response[..response.len().min(11)];
            Text::new(
                format!("ServerHello（接続を受け入れた）: {}", hex(start)),
                format!("a ServerHello (the offer was accepted): {}", hex(start)),
            )
        },
    )
}

pub(super) fn same_connection(context: &Context<'_>, step: &Step) -> Answer {
    let exchanges = context.of_step(&step.id);
    let Some(first) = exchanges.first().filter(|_| exchanges.len() > 1) else {
        return Answer::unanswered("要求が一つしかありません。", "There was only one request.");
    };
    let broken = exchanges
        .iter()
        .find(|parsed| parsed.exchange.connection != first.exchange.connection || is_cut(parsed));
    match broken {
        None => Answer::Holds,
        Some(parsed) => Answer::broken(
            Text::new("一つの接続での応答", "answers over one connection"),
            Text::new(
                format!("{} 番目の要求の前に接続が閉じられた", parsed.exchange.index + 1),
                format!("the connection was closed before request {}", parsed.exchange.index + 1),
            ),
        )
        .of_exchange(parsed.index),
    }
}

fn is_cut(parsed: &Parsed<'_>) -> bool {
    matches!(
        parsed.exchange.fault,
        Some(Fault::Reset { .. } | Fault::Closed { .. } | Fault::Garbage { .. })
    )
}

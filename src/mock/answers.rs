//! Bodies of the response tables (レスポンス_API仕様), as the clean platform fills them.

use serde_json::{Map, Value, json};

use crate::standard::Interface;

/// The body of a 200: one registered number.
pub fn success_body(interface: &Interface, request: &Map<String, Value>, number: &str, history: u32) -> Value {
    let sent = |name: &str| {
        request
            .get(name)
            .cloned()
            .unwrap_or_else(|| Value::String(String::new()))
    };
    json!({
        "metadata": { "title": interface.function_name, "detail": detail(interface, 200) },
        "_links": links(interface),
        "result": [{
            "shikuchosonkodo": sent("shikuchosonkodo"),
            "atenabango": number,
            "rirekibango": history,
            "sosashaid": sent("sosashaid"),
            "sosanengappi": sent("sosanengappi"),
            "sosajikoku": sent("sosajikoku"),
        }],
    })
}

/// The body of a 400, with pairs of error code and message.
pub fn refusal_body(interface: &Interface, errors: &[(String, String)]) -> Value {
    let list: Vec<Value> = errors
        .iter()
        .map(|(code, message)| json!({ "code": code, "message": message }))
        .collect();
    let mut body = plain_body(interface, 400);
    body["errors"] = list.into();
    body
}

/// The body of a 401.
pub fn unauthorized_body(interface: &Interface) -> Value {
    plain_body(interface, 401)
}

/// The body of a 503 that is neither time-out nor maintenance.
pub fn unexpected_body(interface: &Interface) -> Value {
    plain_body(interface, 503)
}

fn plain_body(interface: &Interface, status: u16) -> Value {
    json!({
        "title": interface.function_name,
        "detail": detail(interface, status),
        "_links": links(interface),
    })
}

fn links(interface: &Interface) -> Value {
    json!({ "self": { "href": format!("/{}", interface.api_call) } })
}

/// The fixed text of `detail` for a status.
fn detail(interface: &Interface, status: u16) -> &str {
    interface
        .response_rows(status)
        .find(|row| row.name() == "detail")
        .and_then(|row| row.text.as_deref())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::check_response;

    #[test]
    fn bodies_follow_their_tables() {
        let interface = crate::mock::platform::tests::interface();
        let request = json!({
            "shikuchosonkodo": "131016", "sosashaid": "1", "sosanengappi": "2026-01-31", "sosajikoku": "09:00"
        });
        let request = request.as_object().cloned().unwrap_or_default();
        let errors = [("E0001".to_owned(), "宛名番号が設定されていません。".to_owned())];
        for (status, body) in [
            (200, success_body(&interface, &request, "123456789123452", 1)),
            (400, refusal_body(&interface, &errors)),
            (401, unauthorized_body(&interface)),
            (503, unexpected_body(&interface)),
        ] {
            assert_eq!(check_response(&interface, status, &body), [], "{status}");
        }
    }
}

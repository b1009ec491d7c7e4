//! Response bodies as providers with defects fill them.

use serde_json::{Map, Value, json};

use super::defect::DefectSet;
use super::defect_list::Defect;

/// Changes a JSON body of the API as the defects say, and writes it.
pub(super) fn written(mut body: Value, status: u16, request: &Map<String, Value>, defects: &DefectSet) -> Vec<u8> {
    if defects.is_empty() {
        return body.to_string().into_bytes();
    }
    if status == 200 {
        spoil_result(&mut body, request, defects);
    }
    spoil_errors(&mut body, defects);
    spoil_links(&mut body, defects);
    spoil_head(&mut body, status, defects);
    if defects.has(Defect::ExtraMembers) {
        body["shoribi"] = "2026-01-31".into();
    }
    if defects.has(Defect::InternalsShown) && status != 200 {
        let trace = "java.lang.IllegalStateException\n\tat jp.example.juto.NumberingService.register\
                     (NumberingService.java:214)\nSQL: INSERT INTO T_JUTOGAI (ATENABANGO) VALUES (?) /opt/app/WEB-INF";
        body["trace"] = trace.into();
    }
    encoded(body.to_string(), status, defects)
}

fn remove(body: &mut Value, parent: &str, name: &str) -> Option<Value> {
    body.pointer_mut(parent)?.as_object_mut()?.shift_remove(name)
}

fn set(body: &mut Value, pointer: &str, value: Value) {
    if let Some(place) = body.pointer_mut(pointer) {
        *place = value;
    }
}

fn spoil_head(body: &mut Value, status: u16, defects: &DefectSet) {
    let holder = if status == 200 { "/metadata" } else { "" };
    let title = format!("{holder}/title");
    if defects.has(Defect::TitleMissing) {
        remove(body, holder, "title");
    }
    if defects.has(Defect::TitleNull) {
        set(body, &title, Value::Null);
    }
    if defects.has(Defect::TitleHalfWidth) {
        set(body, &title, "Jutogaisha Atenabango Fuban".into());
    }
    if defects.has(Defect::TitleTooLong) {
        set(body, &title, "住登外者宛名番号付番".repeat(11).into());
    }
    if defects.has(Defect::DetailMissing) {
        remove(body, holder, "detail");
    }
    if defects.has(Defect::DetailWithoutFullStop) {
        let place = format!("{holder}/detail");
        let text = body.pointer(&place).and_then(Value::as_str).unwrap_or_default();
        let text = text.trim_end_matches('。').to_owned();
        set(body, &place, text.into());
    }
    if status == 200 && defects.has(Defect::MetadataFlattened) {
        for name in ["title", "detail"] {
            if let Some(value) = remove(body, "/metadata", name) {
                body[name] = value;
            }
        }
        remove(body, "", "metadata");
    }
    if status != 200 && defects.has(Defect::MetadataEverywhere) {
        let title = remove(body, "", "title");
        let detail = remove(body, "", "detail");
        body["metadata"] = json!({ "title": title, "detail": detail });
    }
}

fn spoil_links(body: &mut Value, defects: &DefectSet) {
    if defects.has(Defect::HrefMissing) {
        remove(body, "/_links/self", "href");
    }
    if defects.has(Defect::HrefOfAnotherCall) {
        set(
            body,
            "/_links/self/href",
            "/app_submit/v10/jutogaishaatenakihonjohosyokai".into(),
        );
    }
    if defects.has(Defect::HrefTooLong) {
        set(
            body,
            "/_links/self/href",
            format!("/app_submit/v10/fuban?{}", "p=0&".repeat(50)).into(),
        );
    }
    if defects.has(Defect::SelfMissing) {
        let href = body.pointer("/_links/self/href").cloned().unwrap_or_default();
        set(body, "/_links", json!({ "href": href }));
    }
    if defects.has(Defect::LinksNull) {
        set(body, "/_links", Value::Null);
    }
    if defects.has(Defect::LinksMissing) {
        remove(body, "", "_links");
    }
}

fn spoil_errors(body: &mut Value, defects: &DefectSet) {
    let Some(list) = body.pointer_mut("/errors").and_then(Value::as_array_mut) else {
        return;
    };
    for error in list.iter_mut() {
        if defects.has(Defect::ErrorCodeMissing) {
            remove(error, "", "code");
        }
        if defects.has(Defect::ErrorCodeShort) {
            let code = error["code"].as_str().unwrap_or_default().replacen('0', "", 1);
            set(error, "/code", code.into());
        }
        if defects.has(Defect::ErrorMessageMissing) {
            remove(error, "", "message");
        }
        if defects.has(Defect::ErrorMessageNull) {
            set(error, "/message", Value::Null);
        }
    }
    if defects.has(Defect::ErrorsObject) {
        let first = list.first().cloned().unwrap_or_default();
        set(body, "/errors", first);
    }
    if defects.has(Defect::ErrorsMissing) {
        remove(body, "", "errors");
    }
}

fn spoil_result(body: &mut Value, request: &Map<String, Value>, defects: &DefectSet) {
    let Some(result) = body.pointer_mut("/result/0") else {
        return;
    };
    spoil_element(result, defects);
    if defects.has(Defect::IndividualNumberInResult)
        && let Some(number) = request.get("kojinbango")
    {
        result["kojinbango"] = number.clone();
    }
    let element = result.clone();
    if defects.has(Defect::ResultTwice) {
        set(body, "/result", json!([element, element]));
    }
    if defects.has(Defect::ResultObject) {
        set(body, "/result", element);
    }
    if defects.has(Defect::ResultEmpty) {
        set(body, "/result", json!([]));
    }
    if defects.has(Defect::ResultMissing) {
        remove(body, "", "result");
    }
}

fn spoil_element(result: &mut Value, defects: &DefectSet) {
    let text = |result: &Value, name: &str| result[name].as_str().unwrap_or_default().to_owned();
    if defects.has(Defect::MunicipalityOfTheProvider) {
        set(result, "/shikuchosonkodo", "016373".into());
    }
    if defects.has(Defect::MunicipalityFiveDigits) {
        let code: String = text(result, "shikuchosonkodo").chars().take(5).collect();
        set(result, "/shikuchosonkodo", code.into());
    }
    if defects.has(Defect::NumberAsInteger) {
        let number: u64 = text(result, "atenabango").parse().unwrap_or_default();
        set(result, "/atenabango", number.into());
    }
    if defects.has(Defect::HistoryFromZero) {
        let history = result["rirekibango"].as_u64().unwrap_or_default().saturating_sub(1);
        set(result, "/rirekibango", history.into());
    }
    if defects.has(Defect::HistoryTooLong) {
        set(result, "/rirekibango", 20_260.into());
    }
    if defects.has(Defect::HistoryAsString) {
        let history = result["rirekibango"].to_string();
        set(result, "/rirekibango", history.into());
    }
    if defects.has(Defect::OperatorOfTheSystem) {
        set(result, "/sosashaid", "SYSTEM".into());
        set(result, "/sosanengappi", "2000-01-01".into());
        set(result, "/sosajikoku", "00:00:00".into());
    }
    if defects.has(Defect::DatesWithSlashes) {
        let date = text(result, "sosanengappi").replace('-', "/");
        set(result, "/sosanengappi", date.into());
    }
    if defects.has(Defect::TimesWithoutColons) {
        let time = text(result, "sosajikoku").replace(':', "");
        set(result, "/sosajikoku", time.into());
    }
    for (defect, name) in [
        (Defect::NumberMissing, "atenabango"),
        (Defect::HistoryMissing, "rirekibango"),
        (Defect::OperatorMissing, "sosashaid"),
    ] {
        if defects.has(defect) {
            remove(result, "", name);
        }
    }
}

fn encoded(mut text: String, status: u16, defects: &DefectSet) -> Vec<u8> {
    if defects.has(Defect::DuplicateMember) {
        text = text.replacen('{', "{\"_links\":{},", 1);
    }
    if defects.has(Defect::WorkbookSampleJson) {
        // As printed: keys inside result unquoted, and no comma after detail in the 400.
        text = if status == 200 {
            text.replace("\"shikuchosonkodo\":", "shikuchosonkodo:")
                .replace("\"atenabango\":", "atenabango:")
        } else {
            text.replace(",\"_links\"", "\"_links\"")
        };
    }
    if defects.has(Defect::ResponseUtf16) {
        return text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }
    if defects.has(Defect::ResponseBom) {
        text.insert(0, '\u{FEFF}');
    }
    text.into_bytes()
}

//! Error messages of a 400: from a violated row of the table to an entry of エラーコード一覧.
//!
//! Values of the request never appear in them: a 個人番号 in a message would end up in logs.

use serde_json::{Map, Value};

use super::defect::DefectSet;
use super::defect_list::Defect;
use crate::schema::{Rule, Violation};
use crate::standard::{Interface, ItemType, Parameter};

/// Code and message of each violation, in the order of the table.
pub(super) fn errors(
    interface: &Interface,
    violations: &[Violation],
    body: &Map<String, Value>,
    defects: &DefectSet,
) -> Vec<(String, String)> {
    let mut list: Vec<(String, String)> = violations
        .iter()
        .filter_map(|violation| {
            let row = interface.parameter(&violation.at)?;
            Some(entry(interface, row, violation.rule, body, defects))
        })
        .collect();
    if defects.has(Defect::FirstErrorOnly) {
        list.truncate(1);
    }
    if defects.has(Defect::ErrorsEmpty) {
        list.clear();
    }
    if defects.has(Defect::IndividualNumberEchoed)
        && let Some(number) = body.get("kojinbango").and_then(Value::as_str)
    {
        list.push((
            "E0002".into(),
            format!("個人番号「{number}」は半角文字で設定してください。"),
        ));
    }
    list
}

fn entry(
    interface: &Interface,
    row: &Parameter,
    rule: Rule,
    body: &Map<String, Value>,
    defects: &DefectSet,
) -> (String, String) {
    let sent = body.get(&row.name).and_then(Value::as_str).unwrap_or_default();
    let mut item = row.item.ja.clone();
    if defects.has(Defect::PlaceholderLeft) {
        item = "【項目名】".into();
    }
    if defects.has(Defect::ParameterNamesInMessages) {
        item.clone_from(&row.name);
    }
    if defects.has(Defect::ValuesEchoed) {
        let name = body.get("shimei").and_then(Value::as_str).unwrap_or_default();
        item = format!("{item}（入力値「{sent}」、対象者「{name}」）");
    }
    let (code, message) = match rule {
        Rule::Missing | Rule::Null => ("E0001", format!("{item}が設定されていません。")),
        Rule::Condition => correlation(interface, row, &item, defects),
        Rule::Length => {
            let digits = if defects.has(Defect::LengthOfValueNamed) {
                sent.chars().count()
            } else {
                row.length
            };
            ("E0003", format!("{item}は{digits}桁で設定してください。"))
        }
        _ => {
            let words = if defects.has(Defect::AllowedCharactersUnnamed) {
                "正しい値"
            } else {
                allowed(row, rule)
            };
            ("E0002", format!("{item}は{words}で設定してください。"))
        }
    };
    let code = other_code(code, rule, defects);
    let message = other_message(code, &item, row, message, defects);
    let code = if defects.has(Defect::OwnErrorCodes) {
        code.replace("E0", "JT")
    } else {
        code.to_owned()
    };
    (code, message)
}

/// A conditional parameter that is missing: a number is simply not set (the example of the
/// workbook itself), a merge target correlates with its flag.
fn correlation(interface: &Interface, row: &Parameter, item: &str, defects: &DefectSet) -> (&'static str, String) {
    let condition = row
        .condition
        .as_ref()
        .filter(|condition| condition.parameter != "shorikubun" || defects.has(Defect::CorrelationOrderWrong))
        .and_then(|condition| interface.parameter(&condition.parameter));
    let Some(condition) = condition else {
        return ("E0001", format!("{item}が設定されていません。"));
    };
    let (first, second) = if defects.has(Defect::CorrelationOrderWrong) {
        (item, condition.item.ja.as_str())
    } else {
        (condition.item.ja.as_str(), item)
    };
    (
        "E0004",
        format!("{first}が設定されている場合、{second}は設定必須です。"),
    )
}

/// 【指定文字】 of E0002.
fn allowed(row: &Parameter, rule: Rule) -> &'static str {
    match (rule, row.item_type) {
        (Rule::Code, _) => "コード一覧にある半角の値",
        (Rule::CheckDigit, _) if row.name.ends_with("shikuchosonkodo") => "全国地方公共団体コードの半角数字",
        (Rule::CheckDigit, _) => "検査数字の正しい半角数字",
        (Rule::Unknown, _) => "登録済みの半角数字の番号",
        (_, ItemType::Date) => "半角のYYYY-MM-DD形式の日付",
        (_, ItemType::Time) => "半角のHH:MM:SS形式の時刻",
        (_, ItemType::N) => "全角文字",
        _ if row.fixed => "半角英数字",
        _ => "半角文字",
    }
}

fn other_code(code: &'static str, rule: Rule, defects: &DefectSet) -> &'static str {
    match (code, rule) {
        (_, Rule::Condition) if defects.has(Defect::CorrelationCodeWrong) => "E0002",
        ("E0001", Rule::Missing | Rule::Null) if defects.has(Defect::RequiredCodeWrong) => "E0002",
        ("E0002", _) if defects.has(Defect::CharacterCodeWrong) => "E0001",
        ("E0003", _) if defects.has(Defect::LengthCodeWrong) => "E0002",
        _ => code,
    }
}

/// A defect that gives another code gives the message of that code too.
fn other_message(code: &str, item: &str, row: &Parameter, message: String, defects: &DefectSet) -> String {
    if defects.has(Defect::OwnMessages) {
        return format!("{item}の入力内容に誤りがあります。");
    }
    let wanted = if defects.has(Defect::MessagesSwapped) {
        if code == "E0001" { "E0003" } else { "E0001" }
    } else {
        code
    };
    let fits = match wanted {
        "E0001" => message.ends_with("が設定されていません。"),
        "E0003" => message.ends_with("桁で設定してください。"),
        "E0002" => message.ends_with("で設定してください。") && !message.ends_with("桁で設定してください。"),
        _ => true,
    };
    match wanted {
        _ if fits => message,
        "E0001" => format!("{item}が設定されていません。"),
        "E0003" => format!("{item}は{}桁で設定してください。", row.length),
        _ => format!("{item}は{}で設定してください。", allowed(row, Rule::Characters)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::schema::check_request;

    #[test]
    fn every_message_follows_its_template() {
        let interface = crate::mock::platform::tests::interface();
        let body = json!({
            "shorikubun": "1", "shikuchosonkodo": "131017", "kojinbango": "12345678901",
            "shimei": "Sato", "seinengappi": "1990/01/01", "seibetsu": "7", "nayosemotofuragu": "1",
            "tagyomusanshofukafuragu": null, "sosajikoku": "25:00", "sosanengappi": 1
        });
        let body = body.as_object().cloned().unwrap_or_default();
        let list = errors(&interface, &check_request(&interface, &body), &body, &DefectSet::NONE);
        assert_eq!(list.len(), 11);
        for (code, message) in &list {
            let known = interface
                .error
                .iter()
                .find(|known| known.code == *code)
                .expect("a known code");
            assert!(known.fits(message), "{code} {message}");
        }
        let merge = "名寄せ元フラグが設定されている場合、名寄せ先宛名番号は設定必須です。";
        assert!(list.contains(&("E0004".into(), merge.into())));
        assert!(list.contains(&("E0003".into(), "個人番号は12桁で設定してください。".into())));
        assert!(list.contains(&("E0001".into(), "宛名番号が設定されていません。".into())));
    }
}

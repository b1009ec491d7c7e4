//! Checks of the error list of a 400 response.

use serde_json::Value;

use super::super::context::{Answer, Context, Parsed};
use crate::scenario::check;
use crate::standard::Interface;
use crate::text::Text;

/// One entry of the error list.
struct Entry<'a> {
    code: &'a str,
    message: &'a str,
}

/// The interface and the entries, or why there are none.
fn entries<'a>(context: &'a Context<'_>, parsed: &'a Parsed<'_>) -> Result<(&'a Interface, Vec<Entry<'a>>), Answer> {
    let expected = || Text::new("エラーリスト errors を持つ応答", "a response with the list `errors`");
    let interface = context.interface.as_deref().ok_or_else(|| {
        Answer::unanswered(
            "インターフェースの指定がありません。",
            "The scenario names no interface.",
        )
    })?;
    let Some(response) = parsed.response() else {
        return Err(Answer::broken(expected(), parsed.no_response()));
    };
    let list = parsed
        .value("/errors")
        .and_then(Value::as_array)
        .filter(|list| !list.is_empty());
    let Some(list) = list else {
        return Err(Answer::broken(
            expected(),
            Text::new(
                format!("errors がないか空（HTTP {}）", response.status),
                format!("no `errors`, or an empty list (HTTP {})", response.status),
            ),
        )
        .at("/errors"));
    };
    let text = |entry: &'a Value, name: &str| entry.get(name).and_then(Value::as_str).unwrap_or_default();
    let entries = list
        .iter()
        .map(|entry| Entry {
            code: text(entry, "code"),
            message: text(entry, "message"),
        })
        .collect();
    Ok((interface, entries))
}

fn listed(entries: &[Entry<'_>]) -> Text {
    let all: Vec<String> = entries
        .iter()
        .take(8)
        .map(|entry| format!("{} {}", entry.code, entry.message))
        .collect();
    Text::neutral(all.join(" | "))
}

/// The name of an item stands in a message by itself, not as a part of a longer item name.
fn names_item(interface: &Interface, message: &str, item: &str) -> bool {
    let mut rest = message.to_owned();
    for other in &interface.parameter {
        if other.item.ja != item && other.item.ja.contains(item) {
            rest = rest.replace(&other.item.ja, "\u{0}");
        }
    }
    rest.contains(item)
}

pub(super) fn error_code(p: &check::ErrorCode, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let item = p
        .parameter
        .as_ref()
        .and_then(|name| interface.parameter(name))
        .map(|row| row.item.ja.as_str());
    let fits = |entry: &Entry<'_>| {
        p.any_of.iter().any(|code| code == entry.code)
            && item.is_none_or(|item| names_item(interface, entry.message, item))
    };
    Answer::from(
        entries.iter().any(fits),
        || {
            let codes = p.any_of.join(" / ");
            match item {
                Some(item) => Text::new(
                    format!("項目「{item}」についての {codes}"),
                    format!("{codes} about the item 「{item}」"),
                ),
                None => Text::neutral(codes),
            }
        },
        || listed(&entries),
    )
    .at("/errors")
}

pub(super) fn codes_known(context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let strange = entries
        .iter()
        .position(|entry| !interface.error.iter().any(|known| known.code == entry.code));
    match strange {
        None => Answer::Holds,
        Some(index) => {
            let codes: Vec<&str> = interface.error.iter().map(|known| known.code.as_str()).collect();
            Answer::broken(Text::neutral(codes.join(" / ")), Text::neutral(entries[index].code))
                .at(&format!("/errors/{index}/code"))
        }
    }
}

pub(super) fn messages(context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    for (index, entry) in entries.iter().enumerate() {
        let Some(known) = interface.error.iter().find(|known| known.code == entry.code) else {
            continue; // `error-codes-known` speaks of that.
        };
        let template = known
            .message
            .iter()
            .fold(String::new(), |all, part| all + "【…】" + part);
        let names_an_item = interface
            .parameter
            .iter()
            .any(|row| names_item(interface, entry.message, &row.item.ja))
            // A body that is no JSON object has no item to name.
            || parsed.request_json().is_err();
        if !known.fits(entry.message) || entry.message.contains('【') || !names_an_item {
            return Answer::broken(
                Text::new(
                    format!("{} の定型文（項目名を埋めたもの）: {template}", known.code),
                    format!(
                        "the template of {} with the Japanese item name filled in: {template}",
                        known.code
                    ),
                ),
                Text::neutral(entry.message),
            )
            .at(&format!("/errors/{index}/message"));
        }
    }
    Answer::Holds
}

pub(super) fn names_length(p: &check::ErrorNamesLength, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let Some(row) = interface.parameter(&p.parameter) else {
        return Answer::unanswered(
            format!("項目 {} は表にありません。", p.parameter),
            format!("The table has no parameter {}.", p.parameter),
        );
    };
    let about: Vec<&Entry<'_>> = entries
        .iter()
        .filter(|entry| entry.code == "E0003" && names_item(interface, entry.message, &row.item.ja))
        .collect();
    let wanted = format!("{}桁", row.length);
    // Digits may be full-width in a Japanese message.
    let narrow = |message: &str| {
        message
            .chars()
            .map(|c| match c {
                '０'..='９' => char::from_u32(u32::from(c) - 0xFF10 + 0x30).unwrap_or(c),
                other => other,
            })
            .collect::<String>()
    };
    let holds = about.iter().any(|entry| {
        narrow(entry.message)
            .match_indices(&wanted)
            .any(|(at, _)| !narrow(entry.message)[..at].ends_with(|c: char| c.is_ascii_digit()))
    });
    Answer::from(
        holds,
        || Text::new(format!("E0003、「{wanted}」"), format!("E0003 that says 「{wanted}」")),
        || listed(&entries),
    )
    .at("/errors")
}

/// Words that say which characters, which form or which code are allowed.
const KINDS: &[&str] = &[
    "半角",
    "全角",
    "数字",
    "英字",
    "英数",
    "カナ",
    "かな",
    "漢字",
    "記号",
    "文字",
    "コード",
    "形式",
    "日付",
    "時刻",
    "年月日",
    "YYYY",
    "HH",
];

pub(super) fn names_characters(p: &check::ErrorNamesCharacters, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let Some(row) = interface.parameter(&p.parameter) else {
        return Answer::unanswered(
            format!("項目 {} は表にありません。", p.parameter),
            format!("The table has no parameter {}.", p.parameter),
        );
    };
    let names_them = |message: &str| {
        let words = message.split_once('は').map_or("", |(_, rest)| rest);
        let words = words.strip_suffix("で設定してください。").unwrap_or_default();
        let words = words.replace("指定文字", "");
        !words.contains('【') && KINDS.iter().any(|kind| words.contains(kind))
    };
    let holds = entries.iter().any(|entry| {
        entry.code == "E0002" && names_item(interface, entry.message, &row.item.ja) && names_them(entry.message)
    });
    Answer::from(
        holds,
        || {
            Text::new(
                "許される文字種を示す E0002（例: 半角数字で設定してください。）",
                "E0002 that names the allowed kind of characters (such as 半角数字)",
            )
        },
        || listed(&entries),
    )
    .at("/errors")
}

pub(super) fn correlation(p: &check::ErrorCorrelation, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let (Some(condition), Some(missing)) = (interface.parameter(&p.condition), interface.parameter(&p.missing)) else {
        return Answer::unanswered(
            format!("項目 {} 又は {} は表にありません。", p.condition, p.missing),
            format!("The table has no parameter {} or {}.", p.condition, p.missing),
        );
    };
    let (condition, missing) = (&condition.item.ja, &missing.item.ja);
    let in_order = |message: &str| match (message.find(condition.as_str()), message.find(missing.as_str())) {
        (Some(first), Some(second)) => first < second,
        _ => false,
    };
    // E0001 about the item is another way to tell it (reading SF-08).
    let turned = entries
        .iter()
        .position(|entry| entry.code == "E0004" && entry.message.contains(missing) && !in_order(entry.message));
    match turned {
        None => Answer::Holds,
        Some(index) => Answer::broken(
            Text::new(
                format!("「{condition}」を先に、「{missing}」を後に示す E0004"),
                format!("E0004 that names 「{condition}」 first and 「{missing}」 second"),
            ),
            Text::neutral(entries[index].message),
        )
        .at(&format!("/errors/{index}/message")),
    }
}

pub(super) fn cover(p: &check::ErrorsCover, context: &Context<'_>, parsed: &Parsed<'_>) -> Answer {
    let (interface, entries) = match entries(context, parsed) {
        Ok(found) => found,
        Err(answer) => return answer,
    };
    let missing: Vec<&str> = p
        .parameters
        .iter()
        .filter_map(|name| interface.parameter(name))
        .map(|row| row.item.ja.as_str())
        .filter(|item| !entries.iter().any(|entry| names_item(interface, entry.message, item)))
        .collect();
    Answer::from(
        missing.is_empty(),
        || Text::new("誤りのあるすべての項目", "every wrong parameter"),
        || {
            Text::new(
                format!("示されていない項目: {}", missing.join("、")),
                format!("not named: {}", missing.join(", ")),
            )
        },
    )
    .at("/errors")
}

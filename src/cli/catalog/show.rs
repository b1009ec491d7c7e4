//! `junkyo catalog show` and `compare`.

use std::fmt::Write as _;

use super::args::{Compare, Show};
use super::{Exit, open, plain, print, print_json};
use crate::catalog::{Catalog, Record, Status, units};
use crate::cli::error::CliError;
use crate::text::date::Day;
use crate::text::{Lang, Text};

/// Shows one registration as it was on a day. Exit code 1: it is not valid on that day; 4: there is no such registration.
pub(super) fn show(args: &Show, lang: Lang) -> Result<Exit, CliError> {
    let (catalog, day) = open(&args.from, lang)?;
    let Some(record) = find(&catalog, &args.number, day, lang) else {
        return Ok(Exit::Nothing);
    };
    if args.json {
        print_json(&record)?;
    } else {
        print(&as_text(&record, day, lang))?;
    }
    Ok(if record.status == Status::Active {
        Exit::Success
    } else {
        Exit::NonConformant
    })
}

fn find(catalog: &Catalog, number: &str, day: Day, lang: Lang) -> Option<Record> {
    let record = catalog.record(number).and_then(|record| record.at(day));
    if record.is_none() {
        let text = Text::new(
            format!("{number}：{day} の時点では登録されていません。"),
            format!("{number}: not registered on {day}."),
        );
        eprintln!("{}", text.get(lang));
    }
    record
}

/// Names and values of a record, for people.
fn facts(record: &Record, lang: Lang) -> Vec<(Text, String)> {
    let scope = &record.scope;
    let unit = |unit: &String| {
        let name = units::title(unit).map_or_else(String::new, |name| format!(" {}", name.get(lang)));
        format!("{unit}{name}")
    };
    let list = |values: Vec<String>| values.join(", ");
    let titles = |values: Vec<Text>| list(values.iter().map(|text| text.get(lang).to_owned()).collect());
    let declared = &record.declared;
    vec![
        (Text::new("登録番号", "Registration"), record.registration.clone()),
        (
            Text::new("状態", "Status"),
            format!("{} ({})", record.status.title().get(lang), record.status_since),
        ),
        (Text::new("種別", "Kind"), record.kind.title().get(lang).to_owned()),
        (
            Text::new("有効期間", "Valid"),
            format!(
                "{} – {}",
                record.valid_from,
                record.valid_until.map_or_else(String::new, |day| day.to_string())
            ),
        ),
        (
            Text::new("製品", "Product"),
            format!("{} {}", record.product.name, record.product.version),
        ),
        (
            Text::new("事業者", "Vendor"),
            format!("{} {}", record.vendor.name, record.vendor.corporate_number),
        ),
        (
            Text::new("業務ユニット", "Units"),
            list(scope.units.iter().map(unit).collect()),
        ),
        (Text::new("プロファイル", "Profiles"), list(scope.profiles.clone())),
        (Text::neutral("STEP"), scope.step.clone().unwrap_or_default()),
        (Text::new("選択機能", "Features"), list(scope.features.clone())),
        (Text::new("試験スイート", "Suite"), scope.suite.name.clone()),
        (
            Text::new("結果", "Results"),
            list(
                record
                    .counts
                    .iter()
                    .map(|(verdict, count)| format!("{verdict} {count}"))
                    .collect(),
            ),
        ),
        (
            Text::new("稼働環境（申告）", "Runs on (declared)"),
            titles(declared.clouds.iter().map(|cloud| cloud.title()).collect()),
        ),
        (
            Text::new("団体の規模（申告）", "Made for (declared)"),
            titles(declared.sizes.iter().map(|size| size.title()).collect()),
        ),
        (
            Text::new("相互接続", "Works with"),
            list(record.partners.iter().map(|partner| partner.name.clone()).collect()),
        ),
        (
            Text::new("後継", "Successor"),
            record.successor.clone().unwrap_or_default(),
        ),
        (
            Text::new("製品記述 sha256", "Product sha256"),
            record
                .product
                .digest
                .map_or_else(String::new, |digest| digest.to_string()),
        ),
        (
            Text::new("結果 sha256", "Results sha256"),
            record
                .results_digest
                .map_or_else(String::new, |digest| digest.to_string()),
        ),
    ]
}

fn as_text(record: &Record, day: Day, lang: Lang) -> String {
    let mut out = String::new();
    for (name, value) in facts(record, lang)
        .into_iter()
        .filter(|(_, value)| !value.trim().is_empty())
    {
        let _ = writeln!(out, "{}: {}", name.get(lang), plain(&value));
    }
    let _ = writeln!(out, "{}", Text::new("経過", "History").get(lang));
    for change in &record.history {
        let reason = change
            .reason
            .as_ref()
            .map_or_else(String::new, |reason| format!("  {}", plain(reason.public.get(lang))));
        let _ = writeln!(
            out,
            "  {}  {}  log {}  {}{reason}",
            change.since,
            change.event.title().get(lang),
            change.log.index,
            change.log.sha256
        );
    }
    for flag in &record.flags {
        let _ = writeln!(out, "  {}  {}", flag.since, flag.code);
    }
    let foot = Text::new(
        format!("{day} 現在。署名とログの確認は junkyo catalog verify で行えます。"),
        format!("As of {day}. `junkyo catalog verify` checks signatures and log."),
    );
    let _ = writeln!(out, "{}", foot.get(lang));
    out
}

/// Registrations side by side: a block for each fact in which they can differ, a line for each registration.
pub(super) fn compare(args: &Compare, lang: Lang) -> Result<Exit, CliError> {
    let (catalog, day) = open(&args.from, lang)?;
    let mut records = Vec::new();
    for number in &args.numbers {
        match find(&catalog, number, day, lang) {
            Some(record) => records.push(record),
            None => return Ok(Exit::Nothing),
        }
    }
    let all: Vec<Vec<(Text, String)>> = records.iter().map(|record| facts(record, lang)).collect();
    let mut out = String::new();
    for row in 1..all.first().map_or(0, Vec::len) {
        if all.iter().all(|facts| facts[row].1.trim().is_empty()) {
            continue;
        }
        let same = all.iter().all(|facts| facts[row].1 == all[0][row].1);
        let _ = writeln!(out, "{}{}", all[0][row].0.get(lang), if same { "" } else { "  *" });
        for (record, facts) in records.iter().zip(&all) {
            let _ = writeln!(out, "  {}  {}", record.registration, plain(&facts[row].1));
            if same {
                break;
            }
        }
    }
    let foot = Text::new(
        format!("* は異なる項目。{day} 現在。"),
        format!("* marks what differs. As of {day}."),
    );
    let _ = writeln!(out, "{}", foot.get(lang));
    print(&out)?;
    Ok(Exit::Success)
}

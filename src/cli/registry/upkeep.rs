//! `junkyo registry suite|snapshot|expire|check`: what operators do by hand.

use std::io::{self, Write as _};

use super::args::{Data, SuiteAction};
use super::{Exit, open_existing, say, unfinished};
use crate::cli::error::CliError;
use crate::registry::model::{Actor, Suite};
use crate::text::date::Day;
use crate::text::{Lang, Text};

pub(super) fn suite(action: &SuiteAction, lang: Lang) -> Result<Exit, CliError> {
    match action {
        SuiteAction::List(data) => {
            let (_, registry) = open_existing(data, lang)?;
            let mut out = io::stdout().lock();
            for suite in registry.suites().map_err(unfinished)? {
                writeln!(out, "{}", line(&suite, lang))?;
            }
            Ok(Exit::Success)
        }
        SuiteAction::Release { data, valid_until } => {
            let until = valid_until.as_deref().map(Day::parse).transpose().map_err(|error| {
                let text = Text::new(
                    format!("--valid-until は YYYY-MM-DD で指定する: {error}"),
                    format!("--valid-until: {error}"),
                );
                CliError::Usage(text.get(lang).to_owned())
            })?;
            let (_, registry) = open_existing(data, lang)?;
            let suite = registry.release_suite(&Actor::system(), until).map_err(unfinished)?;
            say(&Text::neutral(line(&suite, lang)), lang)?;
            Ok(Exit::Success)
        }
        SuiteAction::Rejudge(data) => {
            let (_, registry) = open_existing(data, lang)?;
            let count = registry.rejudge_all(&Actor::system()).map_err(unfinished)?;
            let text = Text::new(
                format!("{count} 件を再判定の待ち行列に入れました。"),
                format!("{count} registrations are in the queue to be judged again"),
            );
            say(&text, lang)?;
            Ok(Exit::Success)
        }
    }
}

fn line(suite: &Suite, lang: Lang) -> String {
    format!(
        "{}  {}  {}  {}",
        suite.digest,
        suite.version,
        suite.state.title().get(lang),
        suite.valid_from
    )
}

pub(super) fn snapshot(data: &Data, lang: Lang) -> Result<Exit, CliError> {
    let (_, registry) = open_existing(data, lang)?;
    let number = registry.snapshot_now().map_err(unfinished)?;
    say(
        &Text::new(
            format!("カタログ第 {number} 号を公開しました。"),
            format!("catalog no. {number} is published"),
        ),
        lang,
    )?;
    Ok(Exit::Success)
}

pub(super) fn expire(data: &Data, lang: Lang) -> Result<Exit, CliError> {
    let (_, registry) = open_existing(data, lang)?;
    let count = registry.expire_due().map_err(unfinished)?;
    say(
        &Text::new(
            format!("{count} 件が期限切れになりました。"),
            format!("{count} registrations expired"),
        ),
        lang,
    )?;
    Ok(Exit::Success)
}

pub(super) fn check(data: &Data, lang: Lang) -> Result<Exit, CliError> {
    let (_, registry) = open_existing(data, lang)?;
    let faults = registry.check().map_err(unfinished)?;
    let mut out = io::stdout().lock();
    for fault in &faults {
        writeln!(
            out,
            "{}: {}: {}",
            fault.fault.title().get(lang),
            fault.object,
            fault.detail.get(lang)
        )?;
    }
    if !faults.is_empty() {
        return Ok(Exit::NonConformant);
    }
    writeln!(
        out,
        "{}",
        lang.pick(
            "問題は見つかりませんでした。",
            "nothing was changed behind the register's back"
        )
    )?;
    Ok(Exit::Success)
}

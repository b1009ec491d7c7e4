//! Progress on standard error: a bar on a terminal, plain lines elsewhere, or JSON events.

use std::io::IsTerminal as _;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;

use super::args::MessageFormat;
use crate::judge::{ScenarioResult, Verdict};
use crate::scenario::Scenario;

/// Plain lines come at most this often.
const PACE: Duration = Duration::from_secs(2);

pub(super) struct Progress {
    format: MessageFormat,
    bar: Option<ProgressBar>,
    total: usize,
    done: usize,
    bad: usize,
    last_line: Instant,
}

impl Progress {
    pub(super) fn new(format: MessageFormat, total: usize) -> Self {
        let on_terminal = std::io::stderr().is_terminal();
        let bar = (format == MessageFormat::Human && on_terminal).then(|| {
            let bar = ProgressBar::new(total as u64);
            if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} {elapsed} {msg}") {
                bar.set_style(style);
            }
            bar
        });
        if format == MessageFormat::Json {
            eprintln!("{}", json!({"event": "run-started", "scenarios": total}));
        }
        Self {
            format,
            bar,
            total,
            done: 0,
            bad: 0,
            last_line: Instant::now(),
        }
    }

    pub(super) fn finished(&mut self, scenario: &Scenario, result: &ScenarioResult) {
        self.done += 1;
        self.bad += usize::from(matches!(
            result.verdict,
            Verdict::Fail | Verdict::Error | Verdict::Blocked | Verdict::Review
        ));
        if self.format == MessageFormat::Json {
            let event = json!({
                "event": "scenario-finished", "id": &*scenario.id, "verdict": result.verdict.word(),
                "attempt": result.attempt, "elapsed-us": result.elapsed_us, "done": self.done, "of": self.total,
            });
            eprintln!("{event}");
        } else if let Some(bar) = &self.bar {
            bar.set_message(format!("{} not passed", self.bad));
            bar.inc(1);
        } else if self.last_line.elapsed() >= PACE {
            self.last_line = Instant::now();
            eprintln!("{}/{} scenarios, {} not passed", self.done, self.total, self.bad);
        }
    }

    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        if self.format == MessageFormat::Json {
            eprintln!(
                "{}",
                json!({"event": "run-finished", "done": self.done, "of": self.total})
            );
        }
    }
}

//! How values of the register look on a page, in both languages.

use askama::filters::Safe;

use crate::attest::Digest;
use crate::catalog;
use crate::registry::model::{Moment, RegistrationState, SubmissionState};
use crate::registry::web::Visitor;
use crate::scenario::Corpus;
use crate::text::Text;
use crate::text::date::Day;

/// A piece of HTML that is written as it is.
pub(in crate::registry::web) type Html = Safe<String>;

/// Days before the end of validity from which a page warns of it.
const SOON: i32 = 120;

/// What templates ask a visitor for.
pub(in crate::registry::web) trait Words {
    /// The visitor's one of two wordings.
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str;
    /// A day as people write it.
    fn day(&self, day: &Day) -> String;
    /// A moment in Japanese time.
    fn moment(&self, moment: &Moment) -> String;
    /// The end of validity as a day, marked when it is near or over.
    fn until(&self, until: &Day, today: &Day) -> Html;
    /// State of a registration: sign and word.
    fn registration_state(&self, state: &RegistrationState) -> Html;
    /// State of a submission: sign and word.
    fn submission_state(&self, state: &SubmissionState) -> Html;
    /// A verdict or an outcome: sign and word.
    fn verdict(&self, word: &str) -> Html;
    /// Name of a business unit.
    fn unit(&self, unit: &str) -> String;
    /// Name of a profile.
    fn profile(&self, corpus: &Corpus, id: &str) -> String;
    /// The hidden field of every form.
    fn token(&self) -> Html;
}

impl Words for Visitor {
    fn t<'a>(&self, ja: &'a str, en: &'a str) -> &'a str {
        self.lang.pick(ja, en)
    }

    fn day(&self, day: &Day) -> String {
        let text = day.to_string();
        let mut parts = text.splitn(3, '-');
        let (year, month, date) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default().trim_start_matches('0'),
            parts.next().unwrap_or_default().trim_start_matches('0'),
        );
        if self.is_japanese() {
            return format!("{year}年{month}月{date}日");
        }
        const MONTHS: [&str; 12] = [
            "January",
            "February",
            "March",
            "April",
            "May",
            "June",
            "July",
            "August",
            "September",
            "October",
            "November",
            "December",
        ];
        let name = month
            .parse::<usize>()
            .ok()
            .and_then(|month| MONTHS.get(month.wrapping_sub(1)));
        format!("{date} {} {year}", name.copied().unwrap_or(month))
    }

    fn moment(&self, moment: &Moment) -> String {
        const MINUTE: i64 = 60_000;
        let minutes = moment.0.div_euclid(MINUTE) + 9 * 60;
        let time = minutes.rem_euclid(24 * 60);
        let clock = format!("{:02}:{:02}", time / 60, time % 60);
        let day = self.day(&moment.day());
        self.lang.pick(format!("{day} {clock}"), format!("{day}, {clock} JST"))
    }

    fn until(&self, until: &Day, today: &Day) -> Html {
        let left = until.number() - today.number();
        let day = format!("<time datetime=\"{until}\">{}</time>", self.day(until));
        Safe(if left < 0 {
            format!("<span class=\"over\">{day}{}</span>", self.t("（期限切れ）", " (over)"))
        } else if left <= SOON {
            let note = self
                .lang
                .pick(format!("（あと {left} 日）"), format!(" ({left} days left)"));
            format!("<span class=\"soon\">{day}{note}</span>")
        } else {
            day
        })
    }

    fn registration_state(&self, state: &RegistrationState) -> Html {
        let (class, sign) = registration_look(*state);
        mark(class, sign, &self.word(state.title()))
    }

    fn submission_state(&self, state: &SubmissionState) -> Html {
        let (class, sign) = match state {
            SubmissionState::Judging => ("info", "…"),
            SubmissionState::Refused | SubmissionState::Rejected => ("fail", "×"),
            SubmissionState::UnderReview => ("info", "→"),
            SubmissionState::ChangesRequested => ("warn", "？"),
            SubmissionState::Proposed => ("review", "◇"),
            SubmissionState::Registered => ("pass", "○"),
            SubmissionState::Retracted => ("skip", "－"),
        };
        mark(class, sign, &self.word(state.title()))
    }

    fn verdict(&self, word: &str) -> Html {
        let (class, sign, text) = verdict_look(word);
        mark(class, sign, self.say(&text))
    }

    fn unit(&self, unit: &str) -> String {
        catalog::units::title(unit).map_or_else(|| unit.to_owned(), |title| self.word(title))
    }

    fn profile(&self, corpus: &Corpus, id: &str) -> String {
        corpus
            .profile(id)
            .map_or_else(|| id.to_owned(), |profile| self.say(&profile.title).to_owned())
    }

    fn token(&self) -> Html {
        Safe(format!(
            "<input type=\"hidden\" name=\"csrf\" value=\"{}\">",
            escape(&self.csrf)
        ))
    }
}

/// Class and sign of a state of a registration.
pub(super) fn registration_look(state: RegistrationState) -> (&'static str, &'static str) {
    match state {
        RegistrationState::Active => ("pass", "○"),
        RegistrationState::Suspended => ("warn", "‖"),
        RegistrationState::WithdrawnByVendor => ("skip", "－"),
        RegistrationState::WithdrawnByBody => ("fail", "×"),
        RegistrationState::Superseded => ("info", "→"),
        RegistrationState::Expired => ("skip", "▽"),
    }
}

/// Class, sign and words of a verdict or an outcome, as in reports.
fn verdict_look(word: &str) -> (&'static str, &'static str, Text) {
    match word {
        "pass" => ("pass", "○", Text::new("合格", "pass")),
        "conformant" => ("pass", "○", Text::new("準拠", "conformant")),
        "fail" => ("fail", "×", Text::new("不合格", "fail")),
        "non-conformant" => ("fail", "×", Text::new("非準拠", "not conformant")),
        "incomplete" => ("review", "？", Text::new("判定未了", "incomplete")),
        "warn" => ("warn", "△", Text::new("注意", "warning")),
        "review" => ("review", "？", Text::new("要確認", "review")),
        "blocked" => ("blocked", "‖", Text::new("未実施", "blocked")),
        "error" => ("error", "!", Text::new("試験不能", "error")),
        "waived" => ("waived", "◇", Text::new("免除", "waived")),
        "info" => ("info", "・", Text::new("記録", "info")),
        "skip" => ("skip", "－", Text::new("対象外", "not applicable")),
        other => ("skip", "－", Text::neutral(other)),
    }
}

fn mark(class: &str, sign: &str, word: &str) -> Html {
    Safe(format!(
        "<b class=\"v {class}\"><i aria-hidden=\"true\">{sign}</i>{}</b>",
        escape(word)
    ))
}

/// A digest in groups of four characters.
pub(super) fn grouped(digest: &Digest) -> String {
    let text = digest.to_string();
    let groups: Vec<&str> = (0..text.len())
        .step_by(4)
        .filter_map(|at| text.get(at..(at + 4).min(text.len())))
        .collect();
    groups.join(" ")
}

/// Text as it may stand in HTML, in attributes too.
pub(in crate::registry::web) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

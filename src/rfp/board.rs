//! The procurement board: notices of requests for information and for proposals, and the products that fit them today.

use serde::{Deserialize, Serialize};

use crate::catalog::{Catalog, Record, Status};
use crate::scenario::Corpus;
use crate::text::date::Day;
use crate::text::{Lang, Text};

/// Name and version of `board.json`.
pub const BOARD_SCHEMA: &str = "board/v1";
/// Days between notice and deadline at the most.
const LONGEST: i32 = 2 * 366;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoticeKind {
    /// Request for information (情報提供依頼).
    Rfi,
    /// Request for proposals (提案依頼).
    #[default]
    Rfp,
}

impl NoticeKind {
    /// The word of data files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rfi => "rfi",
            Self::Rfp => "rfp",
        }
    }

    /// The kind of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Rfi, Self::Rfp].into_iter().find(|kind| kind.word() == word)
    }

    /// The word that people read.
    pub fn title(self) -> Text {
        match self {
            Self::Rfi => Text::new("RFI（情報提供依頼）", "RFI (request for information)"),
            Self::Rfp => Text::new("RFP（提案依頼）", "RFP (request for proposals)"),
        }
    }
}

/// What a municipality writes.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NoticeDraft {
    /// RFI or RFP.
    #[serde(default)]
    pub kind: NoticeKind,
    /// Who asks: a municipality or an association of them.
    pub municipality: String,
    /// Title.
    pub title: String,
    /// In a few words.
    #[serde(default)]
    pub summary: String,
    /// Business units, two digits.
    #[serde(default)]
    pub units: Vec<String>,
    /// Profiles.
    #[serde(default)]
    pub profiles: Vec<String>,
    /// Cloud STEP that is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u8>,
    /// Day of the notice.
    pub published: Day,
    /// Last day for an answer.
    pub deadline: Day,
    /// Page of the municipality.
    #[serde(default)]
    pub link: String,
    /// Id of the saved list of clauses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clause_list: Option<String>,
}

/// A notice on the board.
#[derive(Clone, Debug, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Notice {
    /// Its id.
    pub id: String,
    /// What it says.
    #[serde(flatten)]
    pub said: NoticeDraft,
    /// Taken back by the municipality; it stays on the board as such.
    #[serde(default)]
    pub is_withdrawn: bool,
    /// Unix milliseconds of the last change.
    pub updated: i64,
}

/// `board.json`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BoardFile {
    /// `board/v1`.
    pub schema: String,
    /// Notices, newest first.
    pub notices: Vec<Notice>,
}

/// What is wrong with one field of a notice.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NoticeFault {
    /// Field, as in [`NoticeDraft`].
    pub field: &'static str,
    /// What was expected and what to do.
    pub text: Text,
}

/// A product that fits a notice, wholly or in part.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fit {
    /// Registration number.
    pub registration: String,
    /// Product.
    pub product: String,
    /// Version.
    pub version: String,
    /// Vendor.
    pub vendor: String,
    /// Last day of the registration.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<Day>,
    /// Units and profiles that it has.
    pub covered: Vec<String>,
    /// Units and profiles that it lacks.
    pub missing: Vec<String>,
    /// The registration ends before the deadline of the notice.
    pub ends_before_deadline: bool,
}

impl Fit {
    /// Whether it has everything that is asked for.
    pub fn is_whole(&self) -> bool {
        self.missing.is_empty()
    }
}

impl NoticeDraft {
    /// The draft with its texts trimmed and its lists sorted.
    ///
    /// # Errors
    /// Everything that is wrong with it, field by field.
    pub fn validate(mut self, corpus: &Corpus) -> Result<Self, Vec<NoticeFault>> {
        let mut faults = Vec::new();
        for text in [
            &mut self.municipality,
            &mut self.title,
            &mut self.summary,
            &mut self.link,
        ] {
            *text = text.trim().to_owned();
        }
        self.units.sort_unstable();
        self.units.dedup();
        self.profiles.sort_unstable();
        self.profiles.dedup();
        let mut wrong = |field, ja: String, en: String| {
            faults.push(NoticeFault {
                field,
                text: Text::new(ja, en),
            });
        };
        for (field, text, needed, most) in [
            ("municipality", &self.municipality, true, 100),
            ("title", &self.title, true, 200),
            ("summary", &self.summary, false, 2_000),
            ("link", &self.link, false, 500),
        ] {
            let length = text.chars().count();
            if needed && length == 0 {
                wrong(field, "記入してください".into(), "expected a text, found none".into());
            } else if length > most {
                wrong(
                    field,
                    format!("{most} 文字までです（{length} 文字）"),
                    format!("expected up to {most} characters, found {length}"),
                );
            }
            if super::output::clean(text) != **text || field != "summary" && text.contains(['\n', '\t']) {
                wrong(
                    field,
                    "制御文字を除いてください".into(),
                    "expected no control characters".into(),
                );
            }
        }
        for unit in &self.units {
            let is_known = unit.len() == 2 && corpus.units.iter().any(|known| known.id() == unit.as_str());
            if !is_known {
                wrong(
                    "units",
                    format!("業務ユニット {unit} はありません（01 から 26）"),
                    format!("there is no unit {unit:?} (01 to 26)"),
                );
            }
        }
        for profile in &self.profiles {
            if corpus.profile(profile).is_none() {
                wrong(
                    "profiles",
                    format!("プロファイル {profile} はありません"),
                    format!("there is no profile {profile:?}"),
                );
            }
        }
        if self.units.is_empty() && self.profiles.is_empty() {
            wrong(
                "units",
                "業務ユニットかプロファイルを一つ以上選んでください".into(),
                "choose one unit or profile at least".into(),
            );
        }
        if self.step.is_some_and(|step| !(1..=5).contains(&step)) {
            wrong("step", "1 から 5 です".into(), "expected 1 to 5".into());
        }
        let days = self.deadline.number() - self.published.number();
        if !(0..=LONGEST).contains(&days) {
            wrong(
                "deadline",
                "公告日以後、2年以内の日にしてください".into(),
                "expected a day on or after the notice, within two years".into(),
            );
        }
        let is_address = self.link.is_empty() || is_web_address(&self.link);
        if !is_address {
            wrong(
                "link",
                "https:// か http:// で始まるアドレスを書いてください".into(),
                "expected an address that begins with https:// or http://".into(),
            );
        }
        if faults.is_empty() { Ok(self) } else { Err(faults) }
    }
}

fn is_web_address(link: &str) -> bool {
    let rest = link.strip_prefix("https://").or_else(|| link.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with('/')
            && link.chars().all(|c| !c.is_whitespace() && !"<>\"'`\\".contains(c))
    })
}

impl Notice {
    /// Whether answers can still be sent on a day.
    pub fn is_open(&self, day: Day) -> bool {
        !self.is_withdrawn && self.said.deadline >= day
    }
}

/// The registered products that fit a notice on a day: those in force, whole fits first.
pub fn fits(notice: &Notice, catalog: &Catalog, day: Day) -> Vec<Fit> {
    let mut all: Vec<Fit> = catalog
        .records()
        .iter()
        .filter(|record| record.status_at(day) == Some(Status::Active))
        .map(|record| fit(&notice.said, record, day))
        .filter(|fit| !fit.covered.is_empty())
        .collect();
    all.sort_by(|a, b| {
        (a.missing.len(), &a.product, &a.version, &a.registration).cmp(&(
            b.missing.len(),
            &b.product,
            &b.version,
            &b.registration,
        ))
    });
    all
}

fn fit(said: &NoticeDraft, record: &Record, day: Day) -> Fit {
    let scope = &record.scope;
    let has_unit = |unit: &str| {
        let provider = format!("unit.{unit}.provider");
        scope.units.iter().any(|known| known == unit) || scope.profiles.contains(&provider)
    };
    let has_step = said.step.is_none_or(|step| {
        let known = scope
            .step
            .as_deref()
            .and_then(|word| word.trim_start_matches("step").parse::<u8>().ok());
        known.is_some_and(|known| known >= step)
    });
    let mut covered = Vec::new();
    let mut missing = Vec::new();
    for unit in &said.units {
        if has_unit(unit) { &mut covered } else { &mut missing }.push(format!("unit {unit}"));
    }
    for profile in &said.profiles {
        if scope.profiles.contains(profile) {
            &mut covered
        } else {
            &mut missing
        }
        .push(profile.clone());
    }
    if let Some(step) = said.step.filter(|_| !has_step) {
        missing.push(format!("STEP {step}"));
    }
    let valid_until = record.valid_until_at(day);
    Fit {
        registration: record.registration.clone(),
        product: record.product.name.clone(),
        version: record.product.version.clone(),
        vendor: record.vendor.name.clone(),
        valid_until,
        covered,
        missing,
        ends_before_deadline: valid_until.is_some_and(|until| until < said.deadline),
    }
}

/// The feed of the board (Atom). `base` is the address of the register without a slash at its end.
pub fn atom(notices: &[Notice], base: &str, lang: Lang) -> String {
    let newest = notices.iter().map(|notice| notice.updated).max().unwrap_or_default();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xml:lang=\"{}\">\n<title>{}</title>\n<id>{base}/board</id>\n<link rel=\"self\" href=\"{base}/board.atom\"/>\n<link href=\"{base}/board\"/>\n<updated>{}</updated>\n",
        lang.pick("ja", "en"),
        lang.pick("調達情報", "Procurement notices"),
        crate::registry::model::Moment(newest).whole_second(),
        base = escape(base),
    );
    for notice in notices {
        let said = &notice.said;
        let withdrawn = if notice.is_withdrawn {
            lang.pick("【取消】", "[withdrawn] ")
        } else {
            ""
        };
        out.push_str(&format!(
            "<entry>\n<title>{withdrawn}{} {}</title>\n<id>{base}/board/{id}</id>\n<link href=\"{base}/board/{id}\"/>\n<published>{}T00:00:00+09:00</published>\n<updated>{}</updated>\n<author><name>{}</name></author>\n<summary>{} {} {}</summary>\n</entry>\n",
            escape(&said.municipality),
            escape(&said.title),
            said.published,
            crate::registry::model::Moment(notice.updated).whole_second(),
            escape(&said.municipality),
            escape(said.kind.title().get(lang)),
            lang.pick("締切", "deadline"),
            said.deadline,
            id = escape(&notice.id),
            base = escape(base),
        ));
    }
    out.push_str("</feed>\n");
    out
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c if c.is_control() && c != '\n' => {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::EventKind;
    use crate::rfp::sample::{Sample, catalog, day};

    fn said() -> NoticeDraft {
        NoticeDraft {
            municipality: "架空市".into(),
            title: "住登外者宛名の共通化".into(),
            profiles: vec!["common-function.031.provider".into()],
            published: day("2026-11-01"),
            deadline: day("2026-12-20"),
            link: "https://city.example/rfp?id=1".into(),
            kind: NoticeKind::Rfp,
            summary: String::new(),
            units: Vec::new(),
            step: None,
            clause_list: None,
        }
    }

    fn notice(said: NoticeDraft) -> Notice {
        Notice {
            id: "ntc_1".into(),
            said,
            is_withdrawn: false,
            updated: 1_790_000_000_000,
        }
    }

    #[test]
    fn what_is_wrong_is_told_field_by_field() {
        let corpus = Corpus::embedded().unwrap();
        assert!(said().validate(&corpus).is_ok());
        let wrong = NoticeDraft {
            municipality: " ".into(),
            title: "x\u{202E}y".into(),
            units: vec!["1".into(), "99".into()],
            profiles: vec!["none".into()],
            step: Some(9),
            deadline: day("2026-10-31"),
            link: "javascript:alert(1)".into(),
            ..said()
        };
        let faults = wrong.validate(&corpus).unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field).collect();
        assert_eq!(
            fields,
            [
                "municipality",
                "title",
                "units",
                "units",
                "profiles",
                "step",
                "deadline",
                "link"
            ]
        );
    }

    #[test]
    fn products_fit_while_they_are_in_force() {
        let mut other = Sample::new("JK-2026-000002-02", "別製品", "1.0");
        other.profiles = &["unit.01.provider"];
        let samples = [
            Sample::new("JK-2026-000001-05", "架空付番", "3.2.1").then(
                "2026-12-01",
                EventKind::Suspended,
                Status::Suspended,
            ),
            other,
        ];
        let (catalog, _) = catalog(&samples);
        let notice = notice(NoticeDraft {
            units: vec!["01".into()],
            ..said()
        });
        let now = fits(&notice, &catalog, day("2026-11-22"));
        assert_eq!(now.len(), 2);
        assert!(now.iter().all(|fit| !fit.is_whole() && fit.covered.len() == 1));
        assert_eq!(fits(&notice, &catalog, day("2026-12-02")).len(), 1);
        assert!(fits(&notice, &catalog, day("2029-01-01")).is_empty());
        assert!(notice.is_open(day("2026-12-20")) && !notice.is_open(day("2026-12-21")));
    }

    #[test]
    fn the_feed_is_xml_whatever_is_said() {
        let notice = notice(NoticeDraft {
            title: "<b>&\"\u{1}".into(),
            ..said()
        });
        let feed = atom(&[notice], "https://registry.example", Lang::Ja);
        let document = crate::xml::parse(&feed, &crate::xml::Limits::default()).unwrap();
        assert_eq!(document.root().local(), "feed");
    }

    #[test]
    fn a_notice_comes_back_from_json() {
        let file = BoardFile {
            schema: BOARD_SCHEMA.into(),
            notices: vec![notice(said())],
        };
        let json = serde_json::to_string(&file).unwrap();
        let read: BoardFile = serde_json::from_str(&json).unwrap();
        assert_eq!(read.notices, file.notices);
    }
}

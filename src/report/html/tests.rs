//! The page is well-formed, leads somewhere, and cannot be taken over by what a product sent.

use std::collections::HashSet;

use super::*;
use crate::report::sample;

/// Elements that have no end tag.
const VOID: [&str; 6] = ["meta", "input", "br", "img", "rect", "link"];

fn render(report: &Report, lang: Lang) -> String {
    let mut bytes = Vec::new();
    write_html(report, lang, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

/// The tags of a page, without style sheet and script.
fn tags(page: &str) -> Vec<&str> {
    let page = page.split_once("<body>").unwrap().1.rsplit_once("<script>").unwrap().0;
    page.split('<')
        .skip(1)
        .map(|piece| piece.split_once('>').unwrap().0)
        .collect()
}

fn values<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    let start = format!(" {attribute}=\"");
    page.split(&start)
        .skip(1)
        .map(|rest| rest.split_once('"').unwrap().0)
        .collect()
}

#[test]
fn tags_are_balanced() {
    for report in [sample::report(), sample::large(1_200), empty()] {
        let page = render(&report, Lang::Ja);
        let mut open = Vec::new();
        for tag in tags(&page) {
            let name = tag.trim_start_matches('/').split([' ', '\n', '/']).next().unwrap();
            if let Some(closed) = tag.strip_prefix('/') {
                assert_eq!(open.pop(), Some(closed), "</{closed}>");
            } else if !VOID.contains(&name) {
                open.push(name);
            }
        }
        assert!(open.is_empty(), "{open:?}");
    }
}

#[test]
fn links_and_labels_lead_somewhere() {
    for report in [sample::report(), sample::large(12_000)] {
        let page = render(&report, Lang::En);
        let ids = values(&page, "id");
        let unique: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), unique.len(), "an id occurs twice");
        for target in values(&page, "href") {
            let id = target.strip_prefix('#').unwrap();
            assert!(unique.contains(id), "#{id}");
        }
        for attribute in ["aria-labelledby", "for"] {
            for id in values(&page, attribute) {
                assert!(unique.contains(id), "{attribute} {id}");
            }
        }
    }
}

#[test]
fn hostile_words_stay_words() {
    let mut report = sample::report();
    report.product.insert("name".to_owned(), sample::HOSTILE.to_owned());
    report
        .product
        .insert(sample::HOSTILE.to_owned(), sample::HOSTILE.to_owned());
    report.scenarios[0].repeat = Some(sample::HOSTILE.to_owned());
    report.profiles[0].requirements[0].clause = sample::HOSTILE.to_owned();
    let page = render(&report, Lang::Ja);
    assert_eq!(page.matches("<script").count(), 1);
    assert!(!page.contains("<img"));
    assert!(!page.contains('\u{202e}'));
    assert!(page.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()));
}

#[test]
fn nothing_is_loaded_from_elsewhere() {
    let page = render(&sample::report(), Lang::En);
    for word in ["http:", "https:", "url(", "@import"] {
        assert!(!page.contains(word), "{word}");
    }
    assert!(tags(&page).iter().all(|tag| !tag.contains(" src=")));
    assert!(!STYLE.contains("</") && !SCRIPT.contains("</"));
    assert!(page.contains("default-src 'none'"));
    assert!(!page.contains(" style="), "the policy does not allow style attributes");
}

#[test]
fn headings_go_down_one_by_one() {
    let page = render(&sample::report(), Lang::Ja);
    let mut level = 0;
    for tag in tags(&page) {
        if let Some(digit) = tag.strip_prefix('h').and_then(|rest| rest.chars().next()?.to_digit(10)) {
            assert!(digit <= level + 1, "h{digit} after h{level}");
            level = digit;
        }
    }
    assert_eq!(tags(&page).iter().filter(|tag| **tag == "h1").count(), 1);
}

#[test]
fn both_languages_are_there() {
    for lang in [Lang::Ja, Lang::En] {
        let page = render(&sample::report(), lang);
        assert_eq!(
            page.matches("<span lang=\"ja\">").count(),
            page.matches("<span lang=\"en\">").count()
        );
        let word = if lang == Lang::Ja { "ja" } else { "en" };
        assert!(page.contains(&format!("id=\"lang-{word}\" value=\"{word}\"")));
        assert_eq!(page.matches(" checked>").count(), 3);
    }
}

#[test]
fn untold_findings_are_counted() {
    let page = render(&sample::large(12_000), Lang::En);
    assert_eq!(page.matches("<article").count(), IN_FULL);
    assert!(page.contains(" 300 <span"), "600 findings, 300 told");
}

fn empty() -> Report {
    let mut report = sample::report();
    report.profiles.clear();
    report.scenarios.clear();
    report.readings.clear();
    report.product.clear();
    report.reasons.clear();
    report
}

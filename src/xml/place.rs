//! Places in documents, with a few lines around them, for reports.

use std::ops::Range;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Attribute, Document, Element, Node, Position};

/// A place in an XML document.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Place {
    /// File, where the artefact has several; otherwise empty.
    pub file: String,
    /// Path of the element, as [`Element::path`] writes it.
    pub path: String,
    /// Where it begins.
    pub at: Position,
    /// Its bytes in the text of the document.
    pub range: Range<usize>,
    /// A few lines around it.
    pub excerpt: Excerpt,
}

/// A few lines of a document around a place.
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub struct Excerpt {
    /// Number of the first line.
    pub first_line: u32,
    /// The lines, long ones cut.
    pub lines: Vec<String>,
    /// Line (from 0, in `lines`) and characters to mark.
    pub mark: (usize, Range<usize>),
    /// All `lines` are pieces of one long line, broken up between tags.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pieces: bool,
}

/// Lines shown before and after the marked one.
const CONTEXT_LINES: u32 = 2;
/// Characters of a line that are shown.
const LINE_LENGTH: usize = 160;

impl Place {
    /// The start tag of an element.
    pub fn of(element: Element<'_>) -> Self {
        Self::from_range(element.document(), element.path(), element.tag_range())
    }

    /// An attribute of an element.
    pub fn of_attribute(element: Element<'_>, attribute: Attribute<'_>) -> Self {
        let prefix = attribute.prefix();
        let colon = if prefix.is_empty() { "" } else { ":" };
        let path = format!("{}/@{prefix}{colon}{}", element.path(), attribute.name().local);
        Self::from_range(element.document(), path, attribute.range())
    }

    /// A comment, text or processing instruction.
    pub fn of_node(document: &Document, node: Node<'_>) -> Self {
        let path = node.parent().map_or_else(|| "/".to_owned(), Element::path);
        Self::from_range(document, path, node.range())
    }

    /// Any bytes of a document.
    pub fn from_range(document: &Document, path: String, range: Range<usize>) -> Self {
        Self {
            file: String::new(),
            path,
            at: document.position(range.start),
            excerpt: Excerpt::around(document.text(), &range),
            range,
        }
    }
}

impl Excerpt {
    /// The lines around some bytes of a text.
    pub fn around(text: &str, range: &Range<usize>) -> Self {
        let start = range.start.min(text.len());
        let end = range.end.clamp(start, text.len());
        let before = &text.as_bytes()[..start];
        let line = u32::try_from(memchr::memchr_iter(b'\n', before).count()).unwrap_or(u32::MAX);
        let line_start = memchr::memrchr(b'\n', before).map_or(0, |at| at + 1);
        let first = line.saturating_sub(CONTEXT_LINES);
        let mut from = line_start;
        for _ in first..line {
            from = memchr::memrchr(b'\n', &text.as_bytes()[..from.saturating_sub(1)]).map_or(0, |at| at + 1);
        }
        let marked = text.get(line_start..).unwrap_or_default();
        let marked_end = line_start + marked.find('\n').unwrap_or(marked.len());
        let column = text.get(line_start..start).map_or(0, |text| text.chars().count());
        let length = text
            .get(start..end.min(marked_end))
            .map_or(1, |text| text.chars().count().max(1));
        if marked[..marked_end - line_start].chars().count() > LINE_LENGTH {
            return Self::pieces_of(
                &text[line_start..marked_end],
                line + 1,
                start - line_start,
                end - line_start,
            );
        }
        // A line without breaks can be a megabyte long; then only the part around the place is shown.
        let cut = column.saturating_sub(LINE_LENGTH / 2);
        let window = |line: &str, skip: usize| line.chars().skip(skip).take(LINE_LENGTH).collect::<String>();
        let shown = (CONTEXT_LINES * 2 + 1) as usize - (CONTEXT_LINES - (line - first)) as usize;
        let lines: Vec<String> = text[from..]
            .split('\n')
            .take(shown)
            .enumerate()
            .map(|(at, text)| {
                let is_marked = at == (line - first) as usize;
                window(text.trim_end_matches('\r'), if is_marked { cut } else { 0 })
            })
            .collect();
        let mark_start = (column - cut).min(LINE_LENGTH);
        Self {
            first_line: first + 1,
            lines,
            pieces: false,
            mark: (
                (line - first) as usize,
                mark_start..(mark_start + length).min(LINE_LENGTH),
            ),
        }
    }

    /// A line that holds a whole message: the tags around the place, each on a line of its own.
    fn pieces_of(line: &str, number: u32, start: usize, end: usize) -> Self {
        let mut cuts: Vec<usize> = memchr::memmem::find_iter(line.as_bytes(), b"><")
            .map(|at| at + 1)
            .collect();
        cuts.push(line.len());
        let place = cuts.partition_point(|&cut| cut <= start).min(cuts.len() - 1);
        let first = place.saturating_sub(CONTEXT_LINES as usize);
        let from = |at: usize| if at == 0 { 0 } else { cuts[at - 1] };
        let column = line.get(from(place)..start).map_or(0, |text| text.chars().count());
        let cut = column.saturating_sub(LINE_LENGTH / 2);
        let lines: Vec<String> = (first..cuts.len().min(place + CONTEXT_LINES as usize + 1))
            .map(|at| {
                let skip = if at == place { cut } else { 0 };
                line[from(at)..cuts[at]].chars().skip(skip).take(LINE_LENGTH).collect()
            })
            .collect();
        let length = line
            .get(start..end.min(cuts[place]))
            .map_or(1, |text| text.chars().count().max(1));
        let mark = (column - cut).min(LINE_LENGTH);
        Self {
            first_line: number,
            lines,
            mark: (place - first, mark..(mark + length).min(LINE_LENGTH)),
            pieces: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_mark_the_place() {
        let text = "<a>\n  <b/>\n  <c x='1'/>\n  <d/>\n  <e/>\n  <f/>\n</a>";
        let at = text.find("<c").expect("there");
        let excerpt = Excerpt::around(text, &(at..at + 10));
        assert_eq!(excerpt.first_line, 1);
        assert_eq!(excerpt.lines.len(), 5);
        assert_eq!(excerpt.mark, (2, 2..12));
        let long = "x".repeat(100_000);
        let excerpt = Excerpt::around(&long, &(50_000..50_001));
        assert_eq!(excerpt.lines[0].len(), LINE_LENGTH);
    }

    #[test]
    fn a_message_on_one_line_is_broken_up_between_tags() {
        let text = format!(
            "<?xml version='1.0'?>\n<a>{}<b>試験</b><c/>{}</a>",
            "<x/>".repeat(100),
            "<y/>".repeat(100)
        );
        let at = text.find("<b>").expect("there");
        let excerpt = Excerpt::around(&text, &(at..at + 3));
        assert!(excerpt.pieces);
        assert_eq!(excerpt.first_line, 2);
        assert_eq!(excerpt.lines, ["<x/>", "<x/>", "<b>試験</b>", "<c/>", "<y/>"]);
        assert_eq!(excerpt.mark, (2, 0..3));
    }
}

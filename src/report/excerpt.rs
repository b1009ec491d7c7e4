//! Lines of an XML message around the place that a finding speaks of.

use super::markup::Shown;
use crate::xml::Excerpt;

/// One line; of the marked one, what stands before, at and after the place.
pub(super) struct ExcerptLine<'a> {
    /// Number in the message; empty for the further pieces of one line.
    pub(super) number: String,
    pub(super) is_marked: bool,
    pub(super) before: Shown<'a>,
    pub(super) marked: Shown<'a>,
    pub(super) after: Shown<'a>,
}

/// The lines of an excerpt.
pub(super) fn excerpt_lines(excerpt: &Excerpt) -> Vec<ExcerptLine<'_>> {
    let lines = excerpt.lines.iter().enumerate();
    lines
        .map(|(at, line)| {
            let number = number_of(excerpt, at);
            if at != excerpt.mark.0 {
                return ExcerptLine {
                    number,
                    is_marked: false,
                    before: Shown(line),
                    marked: Shown(""),
                    after: Shown(""),
                };
            }
            let byte = |characters: usize| line.char_indices().nth(characters).map_or(line.len(), |(at, _)| at);
            let (start, end) = (byte(excerpt.mark.1.start), byte(excerpt.mark.1.end));
            ExcerptLine {
                number,
                is_marked: true,
                before: Shown(&line[..start]),
                marked: Shown(&line[start..end.max(start)]),
                after: Shown(&line[end.max(start)..]),
            }
        })
        .collect()
}

/// The number that stands before a line.
fn number_of(excerpt: &Excerpt, at: usize) -> String {
    if excerpt.pieces {
        return if at == 0 {
            excerpt.first_line.to_string()
        } else {
            String::new()
        };
    }
    (excerpt.first_line as usize + at).to_string()
}

/// The lines as plain text with their numbers, and a line of carets under the marked one.
pub(crate) fn excerpt_text(excerpt: &Excerpt) -> String {
    let mut text = String::new();
    for (at, line) in excerpt.lines.iter().enumerate() {
        let number = number_of(excerpt, at);
        text.push_str(&format!("{number:>5} | {line}\n"));
        if at == excerpt.mark.0 {
            let (start, end) = (excerpt.mark.1.start, excerpt.mark.1.end.max(excerpt.mark.1.start + 1));
            // A full-width character takes two columns of a terminal.
            let wide = |characters: &mut dyn Iterator<Item = char>| -> usize {
                characters
                    .map(|character| if character.is_ascii() { 1 } else { 2 })
                    .sum()
            };
            let indent = wide(&mut line.chars().take(start));
            let carets = wide(&mut line.chars().skip(start).take(end - start)).max(1);
            text.push_str(&format!("      | {}{}\n", " ".repeat(indent), "^".repeat(carets)));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_marked_under_wide_characters() {
        let text = "<a>試<b/></a>";
        let at = text.find("<b").expect("there");
        let excerpt = Excerpt::around(text, &(at..at + 4));
        assert_eq!(excerpt_text(&excerpt), "    1 | <a>試<b/></a>\n      |      ^^^^\n");
        let lines = excerpt_lines(&excerpt);
        assert_eq!(
            (lines[0].before.0, lines[0].marked.0, lines[0].after.0),
            ("<a>試", "<b/>", "</a>")
        );
    }
}

//! Pieces of HTML that escape what they show.
//!
//! Everything here writes straight into the formatter: no piece is built as a string first.

use std::fmt::{self, Display, Formatter, Write};

use askama::filters::HtmlSafe;

use super::diff::{self, Part};
use super::words;
use crate::judge::Verdict;
use crate::text::{Lang, Text};

/// A text from outside. Markup is escaped, and characters that cannot be seen are named, so that
/// neither a browser nor a reader can be deceived by what a product sent.
#[derive(Clone, Copy)]
pub(super) struct Shown<'a>(pub(super) &'a str);

impl HtmlSafe for Shown<'_> {}

impl Display for Shown<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = self.0;
        let mut written = 0;
        for (at, c) in text.char_indices() {
            let entity = match c {
                '<' => "&lt;",
                '>' => "&gt;",
                '&' => "&amp;",
                '"' => "&#34;",
                '\'' => "&#39;",
                '\n' | '\t' | ' '..='~' => continue,
                _ if words::hidden_name(c).is_some() => "",
                _ => continue,
            };
            f.write_str(&text[written..at])?;
            written = at + c.len_utf8();
            f.write_str(entity)?;
            // Line ends of HTTP say nothing.
            let line_end = c == '\r' && text[written..].starts_with('\n');
            if let Some(name) = words::hidden_name(c).filter(|_| !line_end) {
                write!(f, "<i class=\"c\">{name}</i>")?;
            }
        }
        f.write_str(&text[written..])
    }
}

/// A text in both languages; the style sheet shows one of them.
#[derive(Clone, Copy)]
pub(super) struct Both<'a> {
    ja: &'a str,
    en: &'a str,
}

impl<'a> Both<'a> {
    /// Both wordings of a text.
    pub(super) fn new(ja: &'a str, en: &'a str) -> Self {
        Self { ja, en }
    }

    /// Both wordings of a text.
    pub(super) fn of(text: &'a Text) -> Self {
        Self::new(&text.ja, &text.en)
    }
}

impl HtmlSafe for Both<'_> {}

impl Display for Both<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.ja == self.en {
            return Shown(self.ja).fmt(f);
        }
        let (ja, en) = (Shown(self.ja), Shown(self.en));
        write!(f, "<span lang=\"ja\">{ja}</span><span lang=\"en\">{en}</span>")
    }
}

/// A text in both languages that was put together for this place.
pub(super) struct Own(pub(super) Text);

impl HtmlSafe for Own {}

impl Display for Own {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Both::of(&self.0).fmt(f)
    }
}

/// A verdict: sign, word and colour.
pub(super) struct Mark(pub(super) Verdict);

impl HtmlSafe for Mark {}

impl Display for Mark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (word, sign, text) = (self.0.word(), words::sign(self.0), Own(self.0.text()));
        write!(f, "<b class=\"v {word}\"><i aria-hidden=\"true\">{sign}</i>{text}</b>")
    }
}

/// Which of two texts.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Side {
    /// What was expected.
    Expected,
    /// What was found.
    Found,
}

/// One of two texts, with marks where the other differs.
pub(super) struct Compared<'a> {
    /// What was expected.
    pub(super) expected: Option<&'a Text>,
    /// What was found.
    pub(super) found: Option<&'a Text>,
    /// Which of them is shown.
    pub(super) side: Side,
}

impl Compared<'_> {
    fn shown(&self) -> Option<&Text> {
        match self.side {
            Side::Expected => self.expected,
            Side::Found => self.found,
        }
    }

    fn write(&self, f: &mut Formatter<'_>, lang: Lang) -> fmt::Result {
        let pair = self.expected.zip(self.found);
        match pair.and_then(|(expected, found)| diff::parts(expected.get(lang), found.get(lang))) {
            Some((expected, found)) => {
                let parts = if self.side == Side::Expected { expected } else { found };
                parts.iter().try_for_each(|part| write_part(f, part))
            }
            None => match self.shown() {
                Some(text) => Shown(text.get(lang)).fmt(f),
                None => f.write_char('–'),
            },
        }
    }
}

fn write_part(f: &mut Formatter<'_>, part: &Part<'_>) -> fmt::Result {
    if part.differs {
        write!(f, "<mark>{}</mark>", Shown(part.text))
    } else {
        Shown(part.text).fmt(f)
    }
}

impl HtmlSafe for Compared<'_> {}

impl Display for Compared<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let neutral = |text: Option<&Text>| text.is_none_or(|text| text.ja == text.en);
        if neutral(self.expected) && neutral(self.found) {
            return self.write(f, Lang::Ja);
        }
        f.write_str("<span lang=\"ja\">")?;
        self.write(f, Lang::Ja)?;
        f.write_str("</span><span lang=\"en\">")?;
        self.write(f, Lang::En)?;
        f.write_str("</span>")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_hidden_characters_are_shown() {
        let shown = Shown("<b a=\"1\">&'\u{202e}\u{0}\r\n\r架　空").to_string();
        assert_eq!(
            shown,
            "&lt;b a=&#34;1&#34;&gt;&amp;&#39;<i class=\"c\">U+202E</i><i class=\"c\">U+0000</i>\n<i class=\"c\">U+000D</i>架　空"
        );
    }

    #[test]
    fn languages_only_where_they_differ() {
        assert_eq!(Both::new("400", "400").to_string(), "400");
        assert_eq!(
            Both::new("合格", "passed").to_string(),
            "<span lang=\"ja\">合格</span><span lang=\"en\">passed</span>"
        );
    }

    #[test]
    fn differences_are_marked() {
        let (expected, found) = (Text::neutral("code E0001"), Text::neutral("code E1001"));
        let one = |side| {
            Compared {
                expected: Some(&expected),
                found: Some(&found),
                side,
            }
            .to_string()
        };
        assert_eq!(one(Side::Expected), "code E<mark>0001</mark>");
        assert_eq!(one(Side::Found), "code E<mark>1001</mark>");
    }
}

//! Texts that match a pattern of XML Schema (Part 2, appendix F), without backtracking: the pattern is read into a tree,
//! and a text of a wanted length is built from it.

use super::random::Random;

/// Longest run that a quantifier without an upper bound is given when no length is asked for.
const OPEN_RUN: usize = 3;
/// Longest text that is ever built.
const MAX_LENGTH: usize = 20_000;

/// A pattern as a tree.
#[derive(Clone, Debug)]
pub(super) enum Pattern {
    Class(Vec<(char, char)>),
    Sequence(Vec<Self>),
    Choice(Vec<Self>),
    Repeat {
        inner: Box<Self>,
        min: usize,
        max: Option<usize>,
    },
}

impl Pattern {
    /// Reads a pattern; `None` if it uses something that is not known here.
    pub(super) fn read(text: &str) -> Option<Self> {
        let characters: Vec<char> = text.chars().collect();
        let mut reader = Reader {
            characters,
            at: 0,
            depth: 0,
        };
        let pattern = reader.choice()?;
        (reader.at == reader.characters.len()).then_some(pattern)
    }

    /// Shortest and longest length of a match.
    pub(super) fn lengths(&self) -> (usize, Option<usize>) {
        match self {
            Self::Class(_) => (1, Some(1)),
            Self::Sequence(parts) => parts.iter().fold((0, Some(0)), |(low, high), part| {
                let (min, max) = part.lengths();
                (low + min, high.zip(max).map(|(a, b)| a + b))
            }),
            Self::Choice(branches) => {
                let all: Vec<_> = branches.iter().map(Self::lengths).collect();
                let low = all.iter().map(|(min, _)| *min).min().unwrap_or(0);
                let high = all.iter().try_fold(0, |most, (_, max)| max.map(|max| most.max(max)));
                (low, high)
            }
            Self::Repeat { inner, min, max } => {
                let (low, high) = inner.lengths();
                let most = match (high, max) {
                    (Some(0), _) | (_, Some(0)) => Some(0),
                    (Some(high), Some(max)) => high.checked_mul(*max),
                    _ => None,
                };
                (low.saturating_mul(*min), most)
            }
        }
    }

    /// Number of ways that differ in the outermost choice.
    pub(super) fn branches(&self) -> usize {
        match self {
            Self::Choice(branches) => branches.len(),
            Self::Sequence(parts) if parts.len() == 1 => parts[0].branches(),
            _ => 1,
        }
    }

    /// One branch of the outermost choice.
    pub(super) fn branch(&self, index: usize) -> &Self {
        match self {
            Self::Choice(branches) => &branches[index % branches.len().max(1)],
            Self::Sequence(parts) if parts.len() == 1 => parts[0].branch(index),
            other => other,
        }
    }

    /// The shortest text, or one with a few repetitions.
    pub(super) fn text(&self, shortest: bool, random: &mut Random) -> Option<String> {
        let (low, high) = self.lengths();
        let wanted = if shortest {
            low
        } else {
            high.map_or(low + OPEN_RUN, |high| high.min(low + 40))
        };
        (low..=wanted).rev().find_map(|length| self.text_of(length, random))
    }

    /// A text of exactly this length in characters.
    pub(super) fn text_of(&self, length: usize, random: &mut Random) -> Option<String> {
        if length > MAX_LENGTH {
            return None;
        }
        let mut text = String::new();
        self.write(length, random, &mut text).then_some(text)
    }

    fn write(&self, length: usize, random: &mut Random, text: &mut String) -> bool {
        let (low, high) = self.lengths();
        if length < low || high.is_some_and(|high| length > high) {
            return false;
        }
        match self {
            Self::Class(ranges) => pick(ranges, random).is_some_and(|character| {
                text.push(character);
                true
            }),
            Self::Choice(branches) => {
                let start = text.len();
                branches.iter().any(|branch| {
                    text.truncate(start);
                    branch.write(length, random, text)
                })
            }
            Self::Sequence(parts) => {
                let refs: Vec<&Self> = parts.iter().collect();
                write_all(&refs, length, random, text)
            }
            Self::Repeat { inner, min, max } => {
                let (low, high) = inner.lengths();
                // As few repetitions as reach the length, but at least the minimum.
                let fewest = match high {
                    Some(0) => *min,
                    Some(high) => (*min).max(length.div_ceil(high)),
                    None => (*min).max(usize::from(length > 0)),
                };
                let most = match low {
                    0 => fewest,
                    low => (length / low).min(max.unwrap_or(usize::MAX)),
                };
                let start = text.len();
                (fewest..=most.max(fewest))
                    .take(64)
                    .take_while(|count| max.is_none_or(|max| *count <= max))
                    .any(|count| {
                        text.truncate(start);
                        let parts = vec![inner.as_ref(); count];
                        write_all(&parts, length, random, text)
                    })
            }
        }
    }
}

/// Gives each part its shortest length, then hands out what is left from the front.
fn write_all(parts: &[&Pattern], length: usize, random: &mut Random, text: &mut String) -> bool {
    let lengths: Vec<_> = parts.iter().map(|part| part.lengths()).collect();
    let needed: usize = lengths.iter().map(|(low, _)| low).sum();
    let Some(mut left) = length.checked_sub(needed) else {
        return false;
    };
    for (part, (low, high)) in parts.iter().zip(lengths) {
        let room = high.map_or(left, |high| high - low).min(left);
        let written = (0..=room).rev().take(64).find(|more| {
            let start = text.len();
            let done = part.write(low + more, random, text);
            if !done {
                text.truncate(start);
            }
            done
        });
        let Some(more) = written else { return false };
        left -= more;
    }
    left == 0
}

/// A character of a class: a plain one if there is one, never a character that normalization or encodings change.
fn pick(ranges: &[(char, char)], random: &mut Random) -> Option<char> {
    const FAVOURITES: [(char, char); 6] = [
        ('0', '9'),
        ('a', 'z'),
        ('A', 'Z'),
        ('あ', 'ん'),
        ('ア', 'ヴ'),
        ('一', '丁'),
    ];
    for (low, high) in FAVOURITES {
        let cut: Vec<(char, char)> = ranges
            .iter()
            .filter_map(|(first, last)| {
                let (first, last) = (*first.max(&low), *last.min(&high));
                (first <= last).then_some((first, last))
            })
            .collect();
        if !cut.is_empty() {
            return nth(&cut, random);
        }
    }
    let visible: Vec<(char, char)> = ranges.iter().copied().filter(|(_, last)| *last > ' ').collect();
    nth(if visible.is_empty() { ranges } else { &visible }, random)
}

fn nth(ranges: &[(char, char)], random: &mut Random) -> Option<char> {
    let (first, last) = *ranges.get(random.below(ranges.len()))?;
    let size = last as usize - first as usize + 1;
    let code = first as usize + random.below(size.min(64));
    u32::try_from(code)
        .ok()
        .and_then(char::from_u32)
        .filter(|character| is_xml(*character))
        .or_else(|| Some(first).filter(|character| is_xml(*character)))
}

fn is_xml(character: char) -> bool {
    matches!(character, '\t' | '\n' | ' '..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..='\u{10FFFF}')
}

struct Reader {
    characters: Vec<char>,
    at: usize,
    depth: usize,
}

const DIGITS: &[(char, char)] = &[('0', '9')];
const SPACES: &[(char, char)] = &[(' ', ' '), ('\t', '\t'), ('\n', '\n'), ('\r', '\r')];
const NAME_START: &[(char, char)] = &[('A', 'Z'), ('_', '_'), ('a', 'z'), (':', ':')];
const NAME: &[(char, char)] = &[('-', '.'), ('0', '9'), (':', ':'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
const WORDS: &[(char, char)] = &[
    ('0', '9'),
    ('A', 'Z'),
    ('a', 'z'),
    ('ぁ', 'ん'),
    ('ァ', 'ヴ'),
    ('一', '龠'),
];
const LETTERS: &[(char, char)] = &[('A', 'Z'), ('a', 'z'), ('ぁ', 'ん'), ('ァ', 'ヴ'), ('一', '龠')];
const PUNCTUATION: &[(char, char)] = &[('!', '#'), ('%', '*'), (',', '/'), (':', ';'), ('?', '@'), ('、', '。')];

impl Reader {
    fn peek(&self) -> Option<char> {
        self.characters.get(self.at).copied()
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        self.at += usize::from(found);
        found
    }

    fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.at += 1;
        Some(character)
    }

    fn choice(&mut self) -> Option<Pattern> {
        self.depth += 1;
        if self.depth > 64 {
            return None;
        }
        let mut branches = vec![self.sequence()?];
        while self.take('|') {
            branches.push(self.sequence()?);
        }
        self.depth -= 1;
        Some(if branches.len() == 1 {
            branches.remove(0)
        } else {
            Pattern::Choice(branches)
        })
    }

    fn sequence(&mut self) -> Option<Pattern> {
        let mut parts = Vec::new();
        while let Some(character) = self.peek() {
            if matches!(character, '|' | ')') {
                break;
            }
            let atom = self.atom()?;
            parts.push(self.quantified(atom)?);
        }
        Some(if parts.len() == 1 {
            parts.remove(0)
        } else {
            Pattern::Sequence(parts)
        })
    }

    fn atom(&mut self) -> Option<Pattern> {
        match self.next()? {
            '(' => {
                let inner = self.choice()?;
                self.take(')').then_some(inner)
            }
            '[' => Some(Pattern::Class(self.class()?)),
            '.' => Some(Pattern::Class(vec![(' ', '~'), ('ぁ', 'ん'), ('一', '龠')])),
            '\\' => Some(Pattern::Class(self.escape()?)),
            '*' | '+' | '?' | '{' | '}' | ']' => None,
            character => Some(Pattern::Class(vec![(character, character)])),
        }
    }

    fn quantified(&mut self, inner: Pattern) -> Option<Pattern> {
        let (min, max) = match self.peek() {
            Some('?') => (0, Some(1)),
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('{') => {
                self.at += 1;
                let min = self.number()?;
                let max = if self.take(',') {
                    if self.peek() == Some('}') {
                        None
                    } else {
                        Some(self.number()?)
                    }
                } else {
                    Some(min)
                };
                if self.peek() != Some('}') {
                    return None;
                }
                (min, max)
            }
            _ => return Some(inner),
        };
        self.at += 1;
        Some(Pattern::Repeat {
            inner: Box::new(inner),
            min,
            max,
        })
    }

    fn number(&mut self) -> Option<usize> {
        let mut digits = String::new();
        while let Some(digit) = self.peek().filter(char::is_ascii_digit) {
            digits.push(digit);
            self.at += 1;
        }
        digits.parse().ok()
    }

    /// What follows `[`.
    fn class(&mut self) -> Option<Vec<(char, char)>> {
        let negative = self.take('^');
        let mut ranges: Vec<(char, char)> = Vec::new();
        let mut subtracted = Vec::new();
        let mut first = true;
        loop {
            let character = self.next()?;
            match character {
                ']' if !first => break,
                '-' if !first && self.peek() == Some('[') => {
                    self.at += 1;
                    subtracted = self.class()?;
                    if !self.take(']') {
                        return None;
                    }
                    break;
                }
                '[' => return None,
                _ => {
                    let mut found = if character == '\\' {
                        self.escape()?
                    } else {
                        vec![(character, character)]
                    };
                    let range_follows = self.peek() == Some('-')
                        && self
                            .characters
                            .get(self.at + 1)
                            .is_some_and(|next| !matches!(next, ']' | '['));
                    if range_follows && found.len() == 1 && found[0].0 == found[0].1 {
                        self.at += 1;
                        let last = match self.next()? {
                            '\\' => self.escape()?.first()?.0,
                            last => last,
                        };
                        if last < found[0].0 {
                            return None;
                        }
                        found = vec![(found[0].0, last)];
                    }
                    ranges.extend(found);
                }
            }
            first = false;
        }
        let ranges = if negative { complement(&ranges) } else { ranges };
        let ranges = without(&ranges, &subtracted);
        (!ranges.is_empty()).then_some(ranges)
    }

    /// What follows a backslash.
    fn escape(&mut self) -> Option<Vec<(char, char)>> {
        let character = self.next()?;
        Some(match character {
            'n' => vec![('\n', '\n')],
            'r' => vec![('\r', '\r')],
            't' => vec![('\t', '\t')],
            'd' => DIGITS.to_vec(),
            'D' => complement(DIGITS),
            's' => SPACES.to_vec(),
            'S' => complement(SPACES),
            'w' => WORDS.to_vec(),
            'W' => vec![(' ', ' '), ('!', '#'), ('%', '*'), (',', '/'), (':', ';'), ('?', '@')],
            'i' => NAME_START.to_vec(),
            'I' => vec![('0', '9')],
            'c' => NAME.to_vec(),
            'C' => vec![(' ', ' '), ('!', '#')],
            'p' => self.property()?,
            'P' => complement(&self.property()?),
            '\\' | '|' | '.' | '-' | '^' | '?' | '*' | '+' | '{' | '}' | '(' | ')' | '[' | ']' | '$' | '/' => {
                vec![(character, character)]
            }
            _ => return None,
        })
    }

    fn property(&mut self) -> Option<Vec<(char, char)>> {
        if !self.take('{') {
            return None;
        }
        let mut name = String::new();
        loop {
            match self.next()? {
                '}' => break,
                character => name.push(character),
            }
        }
        Some(match name.as_str() {
            "L" => LETTERS.to_vec(),
            "Lu" => vec![('A', 'Z')],
            "Ll" => vec![('a', 'z')],
            "Lo" => vec![('ぁ', 'ん'), ('ァ', 'ヴ'), ('一', '龠')],
            "N" | "Nd" => DIGITS.to_vec(),
            "P" => PUNCTUATION.to_vec(),
            "Pd" => vec![('-', '-')],
            "Z" | "Zs" => vec![(' ', ' ')],
            "IsBasicLatin" => vec![(' ', '~')],
            "IsHiragana" => vec![('ぁ', 'ん')],
            "IsKatakana" => vec![('ァ', 'ー')],
            "IsCJKUnifiedIdeographs" => vec![('一', '龠')],
            "IsHalfwidthandFullwidthForms" => vec![('！', '～'), ('ｦ', 'ﾟ')],
            "IsCJKSymbolsandPunctuation" => vec![('、', '〃')],
            _ => return None,
        })
    }
}

/// Characters that the generator uses, without those of the ranges.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    without(&[(' ', '~'), ('ぁ', 'ん'), ('ァ', 'ヴ'), ('一', '龠')], ranges)
}

fn without(from: &[(char, char)], cut: &[(char, char)]) -> Vec<(char, char)> {
    let mut left = from.to_vec();
    for (low, high) in cut {
        left = left
            .into_iter()
            .flat_map(|(first, last)| {
                let before = before(*low)
                    .filter(|end| first <= *end && first < *low)
                    .map(|end| (first, end.min(last)));
                let after = after(*high)
                    .filter(|start| *start <= last && last > *high)
                    .map(|start| (start.max(first), last));
                [before, after].into_iter().flatten().collect::<Vec<_>>()
            })
            .collect();
    }
    left
}

fn before(character: char) -> Option<char> {
    char::from_u32((character as u32).checked_sub(1)?)
}

fn after(character: char) -> Option<char> {
    char::from_u32(character as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str, length: usize) -> Option<String> {
        Pattern::read(pattern)?.text_of(length, &mut Random::new(1))
    }

    #[test]
    fn lengths_are_met() {
        assert_eq!(of("[0-9]{15}", 15).map(|text| text.len()), Some(15));
        assert_eq!(of("[0-9]{15}", 14), None);
        assert_eq!(of("[ァ-ヶー　・]*", 61).map(|text| text.chars().count()), Some(61));
        assert_eq!(of("(ab|c){2,3}", 5).map(|text| text.len()), Some(5));
        assert_eq!(of("a?b+", 4).as_deref(), Some("abbb"));
        assert_eq!(of("", 0).as_deref(), Some(""));
    }

    #[test]
    fn classes_are_read() {
        let fits = |pattern: &str, allowed: &str| {
            let text = of(pattern, 1).unwrap_or_default();
            assert!(!text.is_empty() && allowed.contains(&text), "{pattern}: {text}");
        };
        fits("[a-z-[b-z]]", "a");
        fits(r"\d", "0123456789");
        fits("[^ -/:-~あ-んァ-ヴ一-龠]", "0123456789");
        fits(r"\.", ".");
        fits("[+-]", "+-");
        assert!(Pattern::read("[a-").is_none());
        assert!(Pattern::read(r"\p{IsUnknownBlock}").is_none());
        assert_eq!(of("^a", 2).as_deref(), Some("^a"), "no anchors in XML Schema");
    }
}

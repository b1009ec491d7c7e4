//! 続柄: the relationship of a resident to the head of the household, as a small grammar.
//!
//! 住民記録システム標準仕様書【第1.0版】 §1.1.11 (confidence: high; edition of 2020-09): 世帯主; one of thirteen terms, or up to four of
//! them joined by の; 縁故者; 同居人. Everything else, such as 祖父 or 孫, must not be managed. Where several are true, the one
//! that stands first in the order of §5.2 is to be written: [`Relationship::rank`].
//!
//! "世代" counts the terms that are joined, mechanically; the の inside 子（子の夫） joins nothing (our reading).

use std::fmt;

use crate::text::Text;

/// The thirteen terms that may be joined.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub enum Term {
    /// 夫.
    Husband,
    /// 妻.
    Wife,
    /// 夫（未届).
    UnregisteredHusband,
    /// 妻（未届).
    UnregisteredWife,
    /// 子.
    Child,
    /// 子（子の夫): an adopted child who is the husband of a child.
    ChildHusbandOfChild,
    /// 子（子の妻): an adopted child who is the wife of a child.
    ChildWifeOfChild,
    /// 父.
    Father,
    /// 母.
    Mother,
    /// 兄.
    ElderBrother,
    /// 姉.
    ElderSister,
    /// 弟.
    YoungerBrother,
    /// 妹.
    YoungerSister,
}

/// Longer ones first where one is the beginning of another.
const TERMS: [(Term, &str); 13] = [
    (Term::UnregisteredHusband, "夫（未届）"),
    (Term::UnregisteredWife, "妻（未届）"),
    (Term::ChildHusbandOfChild, "子（子の夫）"),
    (Term::ChildWifeOfChild, "子（子の妻）"),
    (Term::Husband, "夫"),
    (Term::Wife, "妻"),
    (Term::Child, "子"),
    (Term::Father, "父"),
    (Term::Mother, "母"),
    (Term::ElderBrother, "兄"),
    (Term::ElderSister, "姉"),
    (Term::YoungerBrother, "弟"),
    (Term::YoungerSister, "妹"),
];

/// Words that occur and must not, with what is written instead where that is known. The first ten are those of §1.1.11.
const FORBIDDEN: [(&str, &str); 19] = [
    ("祖父", "父の父 or 母の父"),
    ("祖母", "父の母 or 母の母"),
    ("おじ", "父の兄, 父の弟, 母の兄 or 母の弟"),
    ("おば", "父の姉, 父の妹, 母の姉 or 母の妹"),
    ("甥", "兄の子, 姉の子, 弟の子 or 妹の子"),
    ("姪", "兄の子, 姉の子, 弟の子 or 妹の子"),
    ("孫", "子の子"),
    ("家事使用人", "同居人"),
    ("準世帯主", "the relationship itself"),
    ("４世代以内で表記できない続柄", "縁故者"),
    ("配偶者", "夫 or 妻"),
    ("長男", "子"),
    ("長女", "子"),
    ("養子", "子"),
    ("養父", "父"),
    ("養母", "母"),
    ("兄弟", "兄 or 弟"),
    ("姉妹", "姉 or 妹"),
    ("両親", "父 or 母"),
];

impl Term {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        TERMS.iter().map(|&(term, _)| term)
    }

    /// As it is written.
    pub fn written(self) -> &'static str {
        TERMS
            .iter()
            .find(|&&(term, _)| term == self)
            .map_or("", |&(_, written)| written)
    }

    const fn is_spouse(self) -> bool {
        matches!(
            self,
            Self::Husband | Self::Wife | Self::UnregisteredHusband | Self::UnregisteredWife
        )
    }

    const fn is_child_and_in_law(self) -> bool {
        matches!(self, Self::ChildHusbandOfChild | Self::ChildWifeOfChild)
    }

    const fn is_parent(self) -> bool {
        matches!(self, Self::Father | Self::Mother)
    }

    const fn is_sibling(self) -> bool {
        matches!(
            self,
            Self::ElderBrother | Self::ElderSister | Self::YoungerBrother | Self::YoungerSister
        )
    }
}

/// A relationship that may be managed.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub enum Relationship {
    /// 世帯主.
    Head,
    /// One to four terms joined by の.
    Chain(Chain),
    /// 縁故者: a relative whom four terms do not reach, or whose relation is not proven.
    Relative,
    /// 同居人.
    Lodger,
}

/// One to four terms.
#[derive(Clone, Debug, Eq, PartialEq, Hash)]
pub struct Chain(Vec<Term>);

impl Chain {
    /// The most terms that may be joined.
    pub const LONGEST: usize = 4;

    /// Joins terms.
    ///
    /// # Errors
    /// If there are none, or more than four.
    pub fn new(terms: &[Term]) -> Result<Self, RelationshipError> {
        match terms.len() {
            0 => Err(RelationshipError::Empty),
            1..=Self::LONGEST => Ok(Self(terms.to_vec())),
            found => Err(RelationshipError::TooLong { found }),
        }
    }

    /// The terms, from the head of the household on.
    pub fn terms(&self) -> &[Term] {
        &self.0
    }
}

/// Why a text is no relationship that may be managed.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
pub enum RelationshipError {
    /// Nothing is written.
    #[error("expected a relationship, found an empty text")]
    Empty,
    /// More than four terms.
    #[error("expected at most 4 terms joined by の, found {found}; beyond that write 縁故者")]
    TooLong {
        /// How many.
        found: usize,
    },
    /// A word that §1.1.11 excludes, or another one that is not among its terms.
    #[error("{word} must not be managed; write {instead}")]
    Forbidden {
        /// The word.
        word: &'static str,
        /// What is written instead.
        instead: &'static str,
    },
    /// 世帯主, 縁故者 or 同居人 joined with something.
    #[error("{word} stands alone; found it joined with の")]
    Alone {
        /// The word.
        word: &'static str,
    },
    /// Written otherwise than the terms are, such as 夫(未届) with half-width brackets.
    #[error("expected {expected}, found another way to write it")]
    NotNormal {
        /// The normal form.
        expected: String,
    },
    /// Something else.
    #[error("expected one of the 13 terms of §1.1.11 as term {number}, found {found:?}")]
    Unknown {
        /// Which term, from 1.
        number: usize,
        /// What stands there.
        found: String,
    },
}

impl RelationshipError {
    /// The message in both languages.
    pub fn text(&self) -> Text {
        let japanese = match self {
            Self::Empty => "続柄がありません".into(),
            Self::TooLong { found } => {
                format!("「の」でつなげるのは 4 つまでのところ {found} つです。縁故者としてください")
            }
            Self::Forbidden { word, instead } => {
                let instead = instead
                    .replace(" or ", " または ")
                    .replace("the relationship itself", "本来の続柄");
                format!("{word}は管理しない続柄です。{instead}としてください")
            }
            Self::Alone { word } => format!("{word}は「の」でつなげません"),
            Self::NotNormal { expected } => format!("{expected} と表記してください"),
            Self::Unknown { number, found } => format!("{number} 番目が続柄の要素ではありません（{found:?}）"),
        };
        Text::new(japanese, self.to_string())
    }
}

impl Relationship {
    /// Reads a relationship in its normal form.
    ///
    /// # Errors
    /// If it is another one, or written otherwise.
    pub fn parse(text: &str) -> Result<Self, RelationshipError> {
        let found = Self::parse_loosely(text)?;
        let expected = found.to_string();
        if expected == text {
            Ok(found)
        } else {
            Err(RelationshipError::NotNormal { expected })
        }
    }

    /// Reads a relationship with half-width brackets or blanks in it; its `Display` is the normal form.
    ///
    /// # Errors
    /// If it is none that may be managed.
    pub fn parse_loosely(text: &str) -> Result<Self, RelationshipError> {
        let text: String = text
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| match c {
                '(' => '（',
                ')' => '）',
                other => other,
            })
            .collect();
        match &*text {
            "" => return Err(RelationshipError::Empty),
            "世帯主" => return Ok(Self::Head),
            "縁故者" => return Ok(Self::Relative),
            "同居人" => return Ok(Self::Lodger),
            _ => {}
        }
        let mut terms = Vec::new();
        let mut rest = &*text;
        loop {
            let (term, after) = term(rest, terms.len() + 1)?;
            terms.push(term);
            match after.strip_prefix('の') {
                Some(more) => rest = more,
                None if after.is_empty() => break,
                None => return Err(unknown(rest, terms.len())),
            }
        }
        Chain::new(&terms).map(Self::Chain)
    }

    /// Place in the order of §5.2 (第1順位 1 世帯主 … 第4順位 3 同居人): the smaller one is written where both are true.
    /// Only as far as the relationship itself tells; families inside the household are the caller's business.
    pub fn rank(&self) -> (u8, u8) {
        let terms = match self {
            Self::Head => return (1, 1),
            Self::Relative => return (4, 2),
            Self::Lodger => return (4, 3),
            Self::Chain(chain) => chain.terms(),
        };
        match terms {
            [spouse] if spouse.is_spouse() => (1, 2),
            [Term::Child] => (1, 3),
            [child] if child.is_child_and_in_law() => (2, 2),
            [Term::Child, spouse] if spouse.is_spouse() => (2, 2),
            [Term::Child, Term::Child] => (2, 3),
            [parent] if parent.is_parent() => (3, 1),
            [sibling] if sibling.is_sibling() => (3, 2),
            [parent, grandparent] if parent.is_parent() && grandparent.is_parent() => (3, 3),
            _ => (4, 1),
        }
    }
}

/// The term at the beginning of a text, and what follows.
fn term(text: &str, number: usize) -> Result<(Term, &str), RelationshipError> {
    let word = FORBIDDEN.iter().find(|(word, _)| text.starts_with(word));
    if let Some(&(word, instead)) = word {
        return Err(RelationshipError::Forbidden { word, instead });
    }
    for word in ["世帯主", "縁故者", "同居人"] {
        if text.starts_with(word) {
            return Err(RelationshipError::Alone { word });
        }
    }
    TERMS
        .iter()
        .find_map(|&(term, written)| Some((term, text.strip_prefix(written)?)))
        .ok_or_else(|| unknown(text, number))
}

fn unknown(text: &str, number: usize) -> RelationshipError {
    RelationshipError::Unknown {
        number,
        found: text.into(),
    }
}

/// The normal form: full-width brackets, no blanks.
impl fmt::Display for Relationship {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Head => f.write_str("世帯主"),
            Self::Relative => f.write_str("縁故者"),
            Self::Lodger => f.write_str("同居人"),
            Self::Chain(chain) => {
                let written: Vec<&str> = chain.terms().iter().map(|term| term.written()).collect();
                f.write_str(&written.join("の"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/vectors/relationships.csv");
        let text = std::fs::read_to_string(path).expect("readable");
        let mut rows = 0;
        for line in text.lines().filter(|line| !line.starts_with('#')).skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let (value, verdict) = (fields[0], fields[1]);
            let found = match Relationship::parse(value) {
                Ok(_) => "valid",
                Err(RelationshipError::Empty) => "empty",
                Err(RelationshipError::TooLong { .. }) => "too-long",
                Err(RelationshipError::Forbidden { .. }) => "forbidden",
                Err(RelationshipError::Alone { .. }) => "alone",
                Err(RelationshipError::NotNormal { .. }) => "not-normal",
                Err(RelationshipError::Unknown { .. }) => "unknown",
            };
            assert_eq!(found, verdict, "{value}");
            rows += 1;
        }
        assert!(rows >= 50, "{rows}");
    }

    #[test]
    fn every_chain_is_read_as_it_is_written() {
        let terms: Vec<Term> = Term::all().collect();
        assert_eq!(terms.len(), 13);
        let mut chains = vec![Vec::new()];
        let mut all = 0;
        for _ in 0..Chain::LONGEST {
            chains = chains
                .iter()
                .flat_map(|chain| terms.iter().map(move |&term| [&chain[..], &[term]].concat()))
                .collect();
            for chain in &chains {
                let relationship = Relationship::Chain(Chain::new(chain).unwrap());
                assert_eq!(Relationship::parse(&relationship.to_string()), Ok(relationship));
                all += 1;
            }
        }
        assert_eq!(all, 13 + 13 * 13 + 13 * 13 * 13 + 13 * 13 * 13 * 13);
    }

    #[test]
    fn five_terms_are_a_relative() {
        assert_eq!(
            Relationship::parse("子の子の子の子の子"),
            Err(RelationshipError::TooLong { found: 5 })
        );
        assert!(Relationship::parse("子（子の夫）の子（子の妻）の子（子の夫）の子（子の妻）").is_ok());
        assert_eq!(Chain::new(&[]), Err(RelationshipError::Empty));
    }

    #[test]
    fn the_normal_form_is_named() {
        assert_eq!(
            Relationship::parse("夫(未届)"),
            Err(RelationshipError::NotNormal {
                expected: "夫（未届）".into()
            })
        );
        assert_eq!(
            Relationship::parse_loosely("父 の 兄(").unwrap_err(),
            unknown("兄（", 2)
        );
        assert_eq!(
            Relationship::parse("孫").unwrap_err().to_string(),
            "孫 must not be managed; write 子の子"
        );
    }

    #[test]
    fn the_first_in_the_order_is_written() {
        let rank = |text: &str| Relationship::parse(text).expect(text).rank();
        // §1.1.11: 妻, not 父の兄の子, where both are true.
        assert!(rank("妻") < rank("父の兄の子"));
        let order = [
            "世帯主",
            "妻",
            "子",
            "子の妻",
            "子の子",
            "父",
            "妹",
            "母の父",
            "妻の父",
            "縁故者",
            "同居人",
        ];
        assert!(order.is_sorted_by_key(|text| rank(text)));
        assert!(order.windows(2).all(|pair| rank(pair[0]) < rank(pair[1])));
    }
}

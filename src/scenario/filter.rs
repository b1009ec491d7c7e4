//! Filter expressions: `--filter 'tag(token) & !id(*-slow)'`.
//!
//! ```text
//! expression = term { "|" term }        term = factor { "&" factor }
//! factor     = "!" factor | "(" expression ")" | name "(" glob ")" | glob
//! name       = id | requirement | tag | role | family | check | interface
//! ```
//! A bare word is `id(*word*)`.

use thiserror::Error;

use super::Scenario;
use crate::standard::glob_matches;

/// Why a filter expression could not be read.
#[derive(Debug, Error, Eq, PartialEq)]
#[error("filter `{text}`, at character {at}: expected {expected}, found {found}")]
pub struct FilterError {
    /// The expression.
    pub text: String,
    /// Position, from 1.
    pub at: usize,
    /// What could stand there.
    pub expected: &'static str,
    /// What stands there.
    pub found: String,
}

/// A parsed filter expression.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Filter {
    /// Either side.
    Any(Vec<Self>),
    /// Both sides.
    All(Vec<Self>),
    /// Not this.
    Not(Box<Self>),
    /// A field matches a glob.
    Field(Field, String),
}

/// What a filter looks at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Field {
    /// Scenario id.
    Id,
    /// Any requirement id.
    Requirement,
    /// Any tag.
    Tag,
    /// Role.
    Role,
    /// Family.
    Family,
    /// Any check name.
    Check,
    /// Interface.
    Interface,
}

impl Filter {
    /// Reads an expression.
    ///
    /// # Errors
    /// [`FilterError`] with the position.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        let mut parser = Parser {
            text,
            rest: text.trim_start(),
        };
        let filter = parser.expression()?;
        if parser.rest.is_empty() {
            Ok(filter)
        } else {
            Err(parser.error("`&`, `|` or the end"))
        }
    }

    /// Whether a scenario is selected.
    pub fn selects(&self, scenario: &Scenario) -> bool {
        match self {
            Self::Any(sides) => sides.iter().any(|side| side.selects(scenario)),
            Self::All(sides) => sides.iter().all(|side| side.selects(scenario)),
            Self::Not(inner) => !inner.selects(scenario),
            Self::Field(field, glob) => match field {
                Field::Id => glob_matches(glob, &scenario.id),
                Field::Requirement => scenario.requirements().iter().any(|id| glob_matches(glob, id)),
                Field::Tag => scenario.tags.iter().any(|tag| glob_matches(glob, tag)),
                Field::Role => glob_matches(glob, scenario.role.word()),
                Field::Family => scenario.family.as_deref().is_some_and(|id| glob_matches(glob, id)),
                Field::Check => scenario.checks().any(|check| glob_matches(glob, check.check.name())),
                Field::Interface => scenario.interface.as_deref().is_some_and(|id| glob_matches(glob, id)),
            },
        }
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl Parser<'_> {
    fn expression(&mut self) -> Result<Filter, FilterError> {
        let mut sides = vec![self.term()?];
        while self.take("|") {
            sides.push(self.term()?);
        }
        Ok(if sides.len() == 1 {
            sides.remove(0)
        } else {
            Filter::Any(sides)
        })
    }

    fn term(&mut self) -> Result<Filter, FilterError> {
        let mut sides = vec![self.factor()?];
        while self.take("&") {
            sides.push(self.factor()?);
        }
        Ok(if sides.len() == 1 {
            sides.remove(0)
        } else {
            Filter::All(sides)
        })
    }

    fn factor(&mut self) -> Result<Filter, FilterError> {
        if self.take("!") {
            return Ok(Filter::Not(Box::new(self.factor()?)));
        }
        if self.take("(") {
            let inner = self.expression()?;
            return if self.take(")") {
                Ok(inner)
            } else {
                Err(self.error("`)`"))
            };
        }
        let start = self.rest;
        let word = self.word();
        if word.is_empty() {
            return Err(self.error("a word such as `id(CF-031-*)` or `tag(token)`"));
        }
        if !self.take("(") {
            return Ok(Filter::Field(Field::Id, format!("*{word}*")));
        }
        let field = match word.as_str() {
            "id" => Field::Id,
            "requirement" => Field::Requirement,
            "tag" => Field::Tag,
            "role" => Field::Role,
            "family" => Field::Family,
            "check" => Field::Check,
            "interface" => Field::Interface,
            _ => {
                self.rest = start;
                return Err(self.error("one of id, requirement, tag, role, family, check, interface"));
            }
        };
        let glob = self.word();
        if glob.is_empty() {
            return Err(self.error("a pattern; `*` stands for any characters"));
        }
        if self.take(")") {
            Ok(Filter::Field(field, glob))
        } else {
            Err(self.error("`)`"))
        }
    }

    fn word(&mut self) -> String {
        let end = self
            .rest
            .find(|c: char| c.is_whitespace() || "()&|!".contains(c))
            .unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest.trim_start();
        word.to_owned()
    }

    fn take(&mut self, token: &str) -> bool {
        match self.rest.strip_prefix(token) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn error(&self, expected: &'static str) -> FilterError {
        FilterError {
            text: self.text.to_owned(),
            at: self.text.chars().count() - self.rest.chars().count() + 1,
            expected,
            found: self
                .rest
                .chars()
                .next()
                .map_or_else(|| "the end".to_owned(), |c| format!("`{c}`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precedence() {
        let filter = Filter::parse("tag(a) | id(b*) & !role(consumer)").expect("valid");
        let Filter::Any(sides) = filter else {
            panic!("`|` binds loosest");
        };
        assert!(matches!(&sides[1], Filter::All(inner) if inner.len() == 2));
    }

    #[test]
    fn errors_name_the_position() {
        let error = Filter::parse("tag(a) & nmae(b)").unwrap_err();
        assert_eq!(error.at, 10);
        assert!(Filter::parse("").is_err());
        assert!(Filter::parse("(a").is_err());
        assert!(Filter::parse("a)").is_err());
        assert!(Filter::parse("id()").is_err());
    }
}

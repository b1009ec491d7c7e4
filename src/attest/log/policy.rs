//! Policies (C2SP tlog-policy): which logs, and how many of which witnesses must have seen a checkpoint.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::cosignature::cosignature_of;
use super::note::{Note, NoteError, SignatureKind, VerifierKey};

/// Largest policy that is read, in lines.
const MAX_LINES: usize = 1_000;

/// Why a policy cannot be read.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PolicyError {
    /// A line is none of a policy.
    #[error("policy, line {line}: expected {expected}, found {found:?}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
        /// What stands there.
        found: String,
    },
    /// A key of a line is none.
    #[error("policy, line {line}: {source}")]
    Key {
        /// Line, from 1.
        line: usize,
        /// The cause.
        source: NoteError,
    },
    /// Nothing says what is enough.
    #[error("the policy has no line “quorum NAME” or “quorum none”")]
    NoQuorum,
    /// Nothing says which log.
    #[error("the policy has no line “log KEY”")]
    NoLog,
    /// Longer than any policy of ours.
    #[error("the policy has {found} lines, at most {limit} are read")]
    TooLong {
        /// Lines.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

#[derive(Clone, Debug, Eq, PartialEq)]
enum Component {
    Witness(VerifierKey),
    /// So many of these have to hold.
    Group(usize, Vec<String>),
}

/// Logs, witnesses and a quorum.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Policy {
    logs: Vec<VerifierKey>,
    components: BTreeMap<String, Component>,
    quorum: Option<String>,
    text: String,
}

/// Who has seen a checkpoint.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Seen {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Names of the witnesses in the policy that cosigned it, with their times in seconds since 1970.
    pub witnesses: Vec<(String, u64)>,
    /// Whether they are enough. With `quorum none` always: nobody but the log itself has to agree then.
    pub quorum: bool,
}

impl Policy {
    /// A policy of a log without witnesses.
    pub fn without_witnesses(log: &VerifierKey) -> Self {
        Self {
            logs: vec![log.clone()],
            components: BTreeMap::new(),
            quorum: None,
            text: format!("log {log}\nquorum none\n"),
        }
    }

    /// Keys of the logs.
    pub fn logs(&self) -> &[VerifierKey] {
        &self.logs
    }

    /// Keys of the witnesses.
    pub fn witnesses(&self) -> impl Iterator<Item = &VerifierKey> {
        self.components.values().filter_map(|component| match component {
            Component::Witness(key) => Some(key),
            Component::Group(..) => None,
        })
    }

    /// Whether it asks for no witness at all (「第三者による確認なし」).
    pub fn is_alone(&self) -> bool {
        self.quorum.is_none()
    }

    /// Checks the signature of a log on a checkpoint, and counts its witnesses.
    ///
    /// # Errors
    /// If it is no checkpoint of a log of this policy.
    pub fn check(&self, note: &Note) -> Result<Seen, CheckpointError> {
        let origin = Checkpoint::parse(note.text())?.origin;
        let known = |key: &&VerifierKey| key.name() == origin;
        let key = self.logs.iter().find(|key| known(key) && key.signed(note));
        let Some(key) = key.or_else(|| self.logs.iter().find(known)) else {
            return Err(CheckpointError::OtherLog {
                expected: self.logs.iter().map(VerifierKey::name).collect::<Vec<_>>().join(", "),
                found: origin,
            });
        };
        let checkpoint = Checkpoint::open(note, key)?;
        let witnesses = self
            .witnesses()
            .filter_map(|key| Some((key.name().to_owned(), cosignature_of(note, key)?.time)))
            .collect();
        let quorum = self.quorum.as_ref().is_none_or(|name| self.holds(name, note));
        Ok(Seen {
            checkpoint,
            witnesses,
            quorum,
        })
    }

    /// Groups name only what stands above them, so this ends.
    fn holds(&self, name: &str, note: &Note) -> bool {
        match self.components.get(name) {
            None => false,
            Some(Component::Witness(key)) => cosignature_of(note, key).is_some(),
            Some(Component::Group(needed, members)) => {
                members.iter().filter(|member| self.holds(member, note)).count() >= *needed
            }
        }
    }
}

/// The text it was read from.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Policy {
    type Err = PolicyError;

    fn from_str(text: &str) -> Result<Self, PolicyError> {
        let count = text.lines().count();
        if count > MAX_LINES {
            return Err(PolicyError::TooLong {
                found: count,
                limit: MAX_LINES,
            });
        }
        let mut reader = Reader::default();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let line = line.trim();
            if !line.is_empty() && !line.starts_with('#') {
                reader.line(line_number, line)?;
            }
        }
        if reader.logs.is_empty() {
            return Err(PolicyError::NoLog);
        }
        Ok(Self {
            logs: reader.logs,
            components: reader.components,
            quorum: reader.quorum.ok_or(PolicyError::NoQuorum)?,
            text: text.to_owned(),
        })
    }
}

#[derive(Default)]
struct Reader {
    logs: Vec<VerifierKey>,
    components: BTreeMap<String, Component>,
    /// Names that a group has already: each component counts once.
    used: Vec<String>,
    quorum: Option<Option<String>>,
}

impl Reader {
    fn line(&mut self, line: usize, text: &str) -> Result<(), PolicyError> {
        let fault = |expected| PolicyError::Line {
            line,
            expected,
            found: text.chars().take(160).collect(),
        };
        let key = |text: &str| text.parse().map_err(|source| PolicyError::Key { line, source });
        let words: Vec<&str> = text.split_whitespace().collect();
        match words[..] {
            ["log", vkey] | ["log", vkey, _] => {
                let vkey: VerifierKey = key(vkey)?;
                if vkey.kind() != SignatureKind::Log {
                    return Err(fault("a key of a log (type 1)"));
                }
                self.logs.push(vkey);
            }
            ["witness", name, vkey] | ["witness", name, vkey, _] => {
                let vkey: VerifierKey = key(vkey)?;
                if vkey.kind() != SignatureKind::Cosignature {
                    return Err(fault("a key of a witness (type 4)"));
                }
                if self.knows_key(&vkey) {
                    return Err(fault("a key that no other witness has: one key counts once"));
                }
                self.insert(name, Component::Witness(vkey))
                    .ok_or_else(|| fault("a new name that is not “none”"))?;
            }
            ["group", name, needed, ref members @ ..] if !members.is_empty() => {
                let needed = match needed {
                    "any" => 1,
                    "all" => members.len(),
                    number => number.parse().unwrap_or(0),
                };
                if !(1..=members.len()).contains(&needed) {
                    return Err(fault("“any”, “all” or a number from 1 to that of the members"));
                }
                for member in members {
                    if !self.components.contains_key(*member) || self.used.iter().any(|used| used == member) {
                        return Err(fault("members that stand above, each in one group only"));
                    }
                    self.used.push((*member).to_owned());
                }
                let members = members.iter().map(|&member| member.to_owned()).collect();
                self.insert(name, Component::Group(needed, members))
                    .ok_or_else(|| fault("a new name that is not “none”"))?;
            }
            ["quorum", name] if self.quorum.is_none() => {
                if name != "none" && !self.components.contains_key(name) {
                    return Err(fault("the name of a witness or group above, or “none”"));
                }
                self.quorum = Some((name != "none").then(|| name.to_owned()));
            }
            _ => {
                return Err(fault(
                    "log KEY, witness NAME KEY, group NAME any|all|N MEMBER…, or one quorum NAME",
                ));
            }
        }
        Ok(())
    }

    fn knows_key(&self, key: &VerifierKey) -> bool {
        self.components
            .values()
            .any(|component| matches!(component, Component::Witness(other) if other.bytes() == key.bytes()))
    }

    fn insert(&mut self, name: &str, component: Component) -> Option<()> {
        if name == "none" || self.components.contains_key(name) {
            return None;
        }
        self.components.insert(name.to_owned(), component);
        Some(())
    }
}

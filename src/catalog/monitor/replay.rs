//! What the log says, entry by entry.

use std::collections::{BTreeMap, BTreeSet};

use super::{Monitor, Stop, signed};
use crate::attest::Digest;
use crate::attest::envelope::Envelope;
use crate::attest::key::PublicKey;
use crate::attest::log::{Checkpoint, Frontier, Hash, LeafEntry, TILE_WIDTH, TileId, leaf_hash};
use crate::attest::statement::RegistrationEvent;
use crate::attest::verify::trust::Role;
use crate::catalog::{EventError, EventKind, PublicEvent};
use crate::registry::log::statement_path;

/// What the log says, computed from its entries.
pub(super) struct Replay {
    /// Roots at the sizes that were asked for.
    pub(super) roots: BTreeMap<u64, Hash>,
    pub(super) events: Vec<PublicEvent>,
    /// Events after the snapshot.
    pub(super) later: Vec<(u64, LeafEntry)>,
    /// Reports of interconnections by registration.
    pub(super) interconnections: BTreeMap<String, BTreeSet<Digest>>,
}

impl Monitor<'_> {
    /// Reads every entry, and the signed statement behind those of registrations.
    pub(super) fn replay(&mut self, checkpoint: &Checkpoint, until: u64) -> Result<Replay, Stop> {
        let mut replay = Replay {
            roots: BTreeMap::new(),
            events: Vec::new(),
            later: Vec::new(),
            interconnections: BTreeMap::new(),
        };
        let seen = self.options.state.as_ref().map_or(0, |state| state.size);
        let keys = self.options.trust.keys(Role::Decision, None);
        let mut edge = Frontier::new();
        replay.roots.insert(0, edge.root());
        for tile in 0..checkpoint.size.div_ceil(TILE_WIDTH) {
            let width = (checkpoint.size - tile * TILE_WIDTH).min(TILE_WIDTH);
            let id = TileId {
                level: None,
                index: tile,
                width: u16::try_from(width).unwrap_or(256),
            };
            let bytes = self.get("C4-entries", &format!("log/{id}"))?;
            let entries = match id.entries(&bytes) {
                Ok(entries) => entries,
                Err(error) => return self.wrong("C4-entries", "ログのファイルが壊れています。", error),
            };
            let mut statements: Option<Vec<Vec<u8>>> = None;
            for (index, entry) in (tile * TILE_WIDTH..).zip(entries) {
                edge.append(leaf_hash(entry));
                if [until, seen, checkpoint.size].contains(&edge.size()) {
                    replay.roots.insert(edge.size(), edge.root());
                }
                let leaf = match LeafEntry::parse(entry) {
                    Ok(leaf) => leaf,
                    Err(error) => return self.wrong("C4-entries", "ログの項目の形式が違います。", error),
                };
                if EventKind::from_word(&leaf.kind).is_none() || leaf.registration.is_none() {
                    continue;
                }
                if index >= until {
                    replay.later.push((index, leaf));
                    continue;
                }
                let lines = match &statements {
                    Some(lines) => lines,
                    None => {
                        let bytes = self.get("C6-replay", &format!("log/{}", statement_path(tile, id.width)))?;
                        statements.insert(bytes.split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect())
                    }
                };
                let at = usize::try_from(index % TILE_WIDTH).unwrap_or(0);
                let line = lines.get(at).map_or(&[][..], Vec::as_slice);
                match event_of(index, &leaf, line, &keys) {
                    Ok(event) => {
                        if let (EventKind::Interconnected, Some(report)) = (event.event, event.report) {
                            let reports = replay.interconnections.entry(event.registration.clone()).or_default();
                            reports.insert(report);
                        }
                        replay.events.push(event);
                    }
                    Err(why) => {
                        let why = format!("entry {index} of the log ({}): {why}", leaf.kind);
                        return self.wrong("C6-replay", "ログの事象が正しくありません。", why);
                    }
                }
            }
        }
        Ok(replay)
    }
}

/// The event behind an entry: signed by the body, and exactly what the entry says.
fn event_of(index: u64, leaf: &LeafEntry, line: &[u8], keys: &[PublicKey]) -> Result<PublicEvent, String> {
    if line.is_empty() || line == b"null" {
        return Err("its signed statement is not published".to_owned());
    }
    let envelope = Envelope::parse(line).map_err(|error| error.to_string())?;
    let digest = envelope.payload_digest();
    if digest.0 != leaf.payload {
        return Err("the statement beside it is another one".to_owned());
    }
    let statement = signed::<RegistrationEvent>(line, keys)?;
    let event = PublicEvent::of(index, digest, &statement).map_err(|error: EventError| error.to_string())?;
    if event.event.word() != leaf.kind || Some(&event.registration) != leaf.registration.as_ref() {
        return Err("the entry names another event or registration than its statement".to_owned());
    }
    Ok(event)
}

//! What concerns a group over all of its files: columns, rules, keys.

use super::super::column::Column;
use super::super::explain::Fault;
use super::super::keys::{KeyHash, KeyHasher, Keys, Seen};
use super::super::model::{Group, Level, Presence, Table};
use super::super::report::{FileResult, FindingRule};
use super::super::rules::{Ready, ReadyRule, Values as _};
use super::file::{FileCheck, Scene};
use super::sink::{Place, Sink, Subject};
use crate::text::Text;

/// Names that a note lists at the most.
const MOST_NAMES: usize = 10;

/// A group with what its files showed so far.
pub(super) struct GroupState<'t> {
    pub(super) index: usize,
    pub(super) group: &'t Group,
    pub(super) columns: Vec<Column<'t>>,
    pub(super) rules: Vec<ReadyRule<'t>>,
    /// Items that have to be there if conditions hold.
    pub(super) whens: Vec<(usize, Vec<Ready<'t>>)>,
    /// Files of the group with their numbers of records.
    pub(super) files: Vec<(usize, u64)>,
    /// Records of the files that are done.
    pub(super) records: u64,
    key: Vec<usize>,
    keys: Keys,
    /// Other items that foreign keys of the table lead to.
    targets: Vec<(Vec<usize>, Keys)>,
    foreign: Vec<Foreign>,
}

/// A foreign key made ready.
struct Foreign {
    items: Vec<usize>,
    group: usize,
    set: Set,
}

/// A set of keys of a group.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Set {
    Primary,
    Other(usize),
}

/// A foreign key whose record has not come yet.
pub(super) struct Pending {
    pub(super) key: KeyHash,
    pub(super) target: usize,
    pub(super) set: Set,
    from: usize,
    item: usize,
    column: Option<usize>,
    file: usize,
    record: u64,
    line: u64,
    value: Option<Box<[u8]>>,
}

/// What keys need.
pub(super) struct KeyRoom<'a> {
    pub(super) hasher: &'a KeyHasher,
    /// Keys that there is room for.
    pub(super) left: &'a mut usize,
    pub(super) pending: &'a mut Vec<Pending>,
    pub(super) show_values: bool,
}

/// Every group of a table.
pub(super) fn all(table: &Table) -> Vec<GroupState<'_>> {
    let mut states: Vec<GroupState<'_>> = table
        .group
        .iter()
        .enumerate()
        .map(|(index, group)| GroupState::new(index, group, table))
        .collect();
    for (index, group) in table.group.iter().enumerate() {
        for foreign in &group.foreign_key {
            let Some(target) = table.group.iter().position(|other| other.name == foreign.group) else {
                continue;
            };
            let resolve = |group: &Group, names: &[String]| -> Vec<usize> {
                names.iter().filter_map(|name| Some(group.find(name)?.0)).collect()
            };
            let to = resolve(&table.group[target], &foreign.to);
            let set = states[target].set(to);
            states[index].foreign.push(Foreign {
                items: resolve(group, &foreign.items),
                group: target,
                set,
            });
        }
    }
    states
}

impl<'t> GroupState<'t> {
    fn new(index: usize, group: &'t Group, table: &'t Table) -> Self {
        let conditional = group.item.iter().enumerate().filter(|(_, item)| !item.when.is_empty());
        Self {
            index,
            group,
            columns: group.item.iter().map(|item| Column::new(item, table)).collect(),
            rules: group.rule.iter().map(|rule| ReadyRule::new(rule, group)).collect(),
            whens: conditional
                .map(|(at, item)| (at, Ready::all(&item.when, group)))
                .collect(),
            files: Vec::new(),
            records: 0,
            key: group.key(),
            keys: Keys::default(),
            targets: Vec::new(),
            foreign: Vec::new(),
        }
    }

    /// The set of keys over some items.
    fn set(&mut self, items: Vec<usize>) -> Set {
        if items == self.key {
            return Set::Primary;
        }
        let known = self.targets.iter().position(|(other, _)| *other == items);
        Set::Other(known.unwrap_or_else(|| {
            self.targets.push((items, Keys::default()));
            self.targets.len() - 1
        }))
    }

    fn keys(&self, set: Set) -> &Keys {
        match set {
            Set::Primary => &self.keys,
            Set::Other(index) => &self.targets[index].1,
        }
    }

    pub(super) fn has(&self, set: Set, key: KeyHash) -> bool {
        self.keys(set).has(key)
    }

    /// Whether some keys found no room.
    pub(super) fn is_full(&self) -> bool {
        self.keys.is_full() || self.targets.iter().any(|(_, keys)| keys.is_full())
    }

    /// Whether records have to be looked at for keys.
    #[inline]
    pub(super) fn has_keys(&self) -> bool {
        !self.key.is_empty() || !self.targets.is_empty() || !self.foreign.is_empty()
    }

    /// File and record of the n-th record of the group (from 1).
    fn record_of(&self, number: u64, current: usize) -> (usize, u64) {
        let mut rest = number;
        for (file, records) in &self.files {
            if rest <= *records {
                return (*file, rest);
            }
            rest -= records;
        }
        (current, rest)
    }
}

/// Notes the keys of a record.
pub(super) fn keys(
    groups: &mut [GroupState<'_>],
    index: usize,
    facts: &FileCheck<'_>,
    scene: &mut Scene<'_>,
    names: &[FileResult],
    room: KeyRoom<'_>,
) {
    let values = facts.values(scene.block, scene.record);
    let there = |items: &[usize]| items.iter().all(|item| facts.column(*item).is_some());
    let hash = |items: &[usize]| room.hasher.hash(items.iter().map(|item| values.value(*item)));
    let state = &mut groups[index];
    let number = state.records + facts.records;
    if !state.key.is_empty() && there(&state.key) {
        let first = state.key[0];
        if state.key.iter().all(|item| values.value(*item).is_empty()) {
            let expected = Text::new("主キーの値", "a value in the primary key");
            let fault = Fault::new(FindingRule::KeyEmpty, expected, Text::new("（空）", "(empty)"));
            facts.found(scene, index, Some(first), None, Level::Must, fault, None);
        } else {
            match state.keys.add(hash(&state.key), number, *room.left > 0) {
                Seen::New => *room.left -= 1,
                Seen::Full => {}
                Seen::Before(before) => {
                    let (file, record) = state.record_of(u64::from(before), facts.index);
                    let other = (file != facts.index).then(|| names.get(file)).flatten();
                    let fault = repeated(record, other.map(|file| file.name.as_str()));
                    let value = values.value(first);
                    facts.found(scene, index, Some(first), None, Level::Must, fault, Some(value));
                }
            }
        }
    }
    for (items, keys) in &mut state.targets {
        if there(items) && keys.add(hash(items), number, *room.left > 0) == Seen::New {
            *room.left -= 1;
        }
    }
    let state = &groups[index];
    for foreign in &state.foreign {
        if !there(&foreign.items) || foreign.items.iter().all(|item| values.value(*item).is_empty()) {
            continue;
        }
        let key = hash(&foreign.items);
        if groups[foreign.group].has(foreign.set, key) || *room.left == 0 {
            continue;
        }
        *room.left -= 1;
        let item = foreign.items[0];
        room.pending.push(Pending {
            key,
            target: foreign.group,
            set: foreign.set,
            from: index,
            item,
            column: facts.column(item),
            file: facts.index,
            record: facts.records,
            line: scene.line,
            value: room.show_values.then(|| values.value(item).into()),
        });
    }
}

fn repeated(record: u64, file: Option<&str>) -> Fault {
    let expected = Text::new("一意の主キー", "a primary key that is there once");
    let found = match file {
        None => Text::new(
            format!("レコード {record} と同じ主キー"),
            format!("the key of record {record}"),
        ),
        Some(file) => Text::new(
            format!("{file} のレコード {record} と同じ主キー"),
            format!("the key of record {record} of {file}"),
        ),
    };
    Fault::new(FindingRule::KeyUnique, expected, found)
}

/// Notes a foreign key that leads nowhere.
pub(super) fn dangling(pending: &Pending, groups: &[GroupState<'_>], files: &[FileResult], sink: &mut Sink) {
    let target = &groups[pending.target].group.name;
    let fault = Fault::new(
        FindingRule::ForeignKey,
        Text::new(
            format!("グループ「{target}」にある値"),
            format!("a value that a record of {target} has"),
        ),
        Text::new("どのレコードにもない値", "a value that none has"),
    );
    let place = Place {
        file: pending.file,
        record: pending.record,
        line: pending.line,
        column: pending.column,
    };
    let subject = Subject {
        group: Some(pending.from),
        item: Some(pending.item),
        rule: None,
    };
    let name = files.get(pending.file).map_or("", |file| file.name.as_str());
    sink.add(name, place, subject, Level::Must, fault, pending.value.as_deref());
}

/// What was not checked, and why.
pub(super) fn notes(groups: &[GroupState<'_>], table: &Table, no_room: bool) -> Vec<Text> {
    let mut notes = Vec::new();
    if no_room {
        notes.push(Text::new(
            "主キー・外部キーは途中までしか比べていません（メモリの上限）。--key-memory を増やすか、ファイルを分けてください",
            "keys were compared only up to the limit of memory: raise --key-memory, or split the files",
        ));
    }
    for state in groups.iter().filter(|state| !state.files.is_empty()) {
        let group = state.group;
        let in_words: Vec<&str> = group
            .item
            .iter()
            .filter(|item| item.presence == Presence::Conditional && item.when.is_empty())
            .map(|item| item.name.as_str())
            .collect();
        note(
            &mut notes,
            &group.name,
            (
                "条件付き必須の条件が文章だけなので、値の有無を見ていない項目",
                "presence not checked, since their condition stands in words only",
            ),
            &in_words,
        );
        let untyped: Vec<&str> = group
            .item
            .iter()
            .filter(|item| item.item_type.is_none())
            .map(|item| item.name.as_str())
            .collect();
        note(
            &mut notes,
            &group.name,
            (
                "データ型がなく、型を見ていない項目",
                "type not checked, since the table has none",
            ),
            &untyped,
        );
        let no_list = |id: &String| !table.code.iter().any(|list| list.id == *id);
        let unlisted: Vec<&str> = group
            .item
            .iter()
            .filter(|item| item.code.as_ref().is_some_and(no_list))
            .map(|item| item.name.as_str())
            .collect();
        note(
            &mut notes,
            &group.name,
            (
                "コード一覧が表になく、値を見ていない項目",
                "values not checked, since their code list is not in the table",
            ),
            &unlisted,
        );
        for foreign in state
            .foreign
            .iter()
            .filter(|foreign| groups[foreign.group].files.is_empty())
        {
            let target = &groups[foreign.group].group.name;
            notes.push(Text::new(
                format!(
                    "{}: グループ「{target}」のファイルがないので、外部キーを見ていません",
                    group.name
                ),
                format!(
                    "{}: foreign keys not checked, since no file of {target} was given",
                    group.name
                ),
            ));
        }
        let leads_nowhere: Vec<&str> = group
            .item
            .iter()
            .enumerate()
            .filter(|(at, item)| item.foreign && !state.foreign.iter().any(|foreign| foreign.items.contains(at)))
            .map(|(_, item)| item.name.as_str())
            .collect();
        note(
            &mut notes,
            &group.name,
            (
                "外部キーの行き先が表になく、見ていない項目",
                "foreign keys not checked, since the table does not say where they lead",
            ),
            &leads_nowhere,
        );
    }
    notes
}

fn note(notes: &mut Vec<Text>, group: &str, (ja, en): (&str, &str), names: &[&str]) {
    if names.is_empty() {
        return;
    }
    let mut list = names.iter().take(MOST_NAMES).copied().collect::<Vec<_>>().join(", ");
    if names.len() > MOST_NAMES {
        list.push_str(&format!(", … (+{})", names.len() - MOST_NAMES));
    }
    notes.push(Text::new(
        format!("{group}: {ja}: {list}"),
        format!("{group}: {en}: {list}"),
    ));
}

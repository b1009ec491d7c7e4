//! Where a table contradicts itself.

use std::collections::HashSet;

use super::model::{Condition, Dialect, FORMAT, Group, Table, Type};

impl Table {
    /// Everything that makes a table unusable, a sentence each; empty if it is in order.
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.format != FORMAT {
            faults.push(format!(
                "format = {}: this release reads format {FORMAT}; import the workbook again",
                self.format
            ));
        }
        dialect_faults(&self.dialect, &mut faults);
        if self.group.is_empty() {
            faults.push("no group: expected at least one [[group]]".to_owned());
        }
        let mut names = HashSet::new();
        for group in &self.group {
            if !names.insert(&group.name) {
                faults.push(format!("group {}: the name is there twice", group.name));
            }
            group_faults(group, self, &mut faults);
        }
        let mut codes = HashSet::new();
        for list in self.code.iter().filter(|list| !codes.insert(&list.id)) {
            faults.push(format!("code list {}: the id is there twice", list.id));
        }
        faults
    }
}

fn dialect_faults(dialect: &Dialect, faults: &mut Vec<String>) {
    let usable = |c: char| c.is_ascii() && (!c.is_control() || c == '\t') && !c.is_ascii_alphanumeric();
    if !usable(dialect.separator) {
        faults.push("dialect.separator: expected one ASCII sign or a tab".to_owned());
    }
    if !usable(dialect.quote) || dialect.quote == dialect.separator {
        faults.push("dialect.quote: expected one ASCII sign, other than the separator".to_owned());
    }
    if dialect
        .repeat_separator
        .is_some_and(|repeat| repeat == dialect.separator)
    {
        faults.push("dialect.repeat-separator: expected another character than the separator".to_owned());
    }
}

fn group_faults(group: &Group, table: &Table, faults: &mut Vec<String>) {
    let name = &group.name;
    if group.item.is_empty() {
        faults.push(format!("group {name}: expected at least one [[group.item]]"));
    }
    let mut missing = |what: &str, item: &str| {
        if group.find(item).is_none() {
            faults.push(format!("group {name}, {what}: no item {item}"));
        }
    };
    let mut conditions = |what: &str, all: &[Condition]| {
        for condition in all {
            missing(what, &condition.item);
        }
    };
    for item in &group.item {
        conditions(&format!("condition of {}", item.name), &item.when);
    }
    for rule in &group.rule {
        let what = format!("rule {}", rule.id);
        conditions(&what, &rule.when);
        conditions(&what, &rule.then);
    }
    for rule in &group.rule {
        let what = format!("rule {}", rule.id);
        for item in rule.compare.iter().flat_map(|compare| [&compare.left, &compare.right]) {
            missing(&what, item);
        }
    }
    for key in &group.foreign_key {
        for item in &key.items {
            missing("foreign key", item);
        }
    }
    for item in &group.item {
        if item.fixed && item.length.is_none() {
            faults.push(format!("group {name}, item {}: fixed = true needs a length", item.name));
        }
        if item.length == Some(0) {
            faults.push(format!("group {name}, item {}: expected a length above 0", item.name));
        }
    }
    for rule in &group.rule {
        if rule.compare.is_none() && rule.then.is_empty() {
            faults.push(format!("group {name}, rule {}: expected compare or then", rule.id));
        }
        let of_days = |compare: &super::model::Comparison| {
            let typed = group.find(&compare.left).and_then(|(_, item)| item.item_type);
            compare.years == 0 || typed == Some(Type::Date)
        };
        if !rule.compare.as_ref().is_none_or(of_days) {
            faults.push(format!(
                "group {name}, rule {}: years are for items of type DATE",
                rule.id
            ));
        }
    }
    for key in &group.foreign_key {
        let target = table.group.iter().find(|other| other.name == key.group);
        let known = target.is_some_and(|target| key.to.iter().all(|item| target.find(item).is_some()));
        if !known || key.items.len() != key.to.len() || key.items.is_empty() {
            faults.push(format!(
                "group {name}, foreign key to {}: expected a group of the table and as many of its items as there are here",
                key.group
            ));
        }
    }
}

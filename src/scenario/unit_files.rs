//! Scenarios about the files of a unit, generated for its first group: what it lays down, and what it takes.

use std::collections::BTreeMap;

use super::act_soap::{Encoding, TextEdit};
use super::act_unit::{FileDeposit, FileExport, MarkerUse, value_text};
use super::check::{DriverValue, FileDelta, FileForm, FileReferences, FileRows, FileRules};
use super::unit_file_values::{default_value, other_value};
use super::{Act, Check, CheckSpec, FileRule, Scenario, Step};
use crate::standard::unit::exchange_file::{CHANGE, FileKind};
use crate::standard::unit::{Item, Record, Reference, Unit, UnitItemType};
use crate::standard::{Location, Subject};
use crate::text::Text;

type Row = BTreeMap<String, String>;

/// All generated file scenarios of a unit.
pub(super) fn generate(unit: &Unit, location: &Location) -> Vec<Scenario> {
    let Some(record) = unit.records.first() else {
        return Vec::new();
    };
    let maker = Maker::new(unit, record, location);
    let mut all = maker.laid_down();
    all.extend(maker.taken());
    all.extend(maker.not_taken());
    let leading = unit
        .records
        .iter()
        .flat_map(|record| record.references.iter().map(move |reference| (record, reference)));
    for (record, reference) in leading {
        if let Some(target) = unit.record(&reference.record) {
            let from = Maker::new(unit, record, location);
            all.push(from.references_resolve(reference, &Maker::new(unit, target, location)));
        }
    }
    all
}

struct Maker<'a> {
    unit: &'a Unit,
    record: &'a Record,
    location: &'a Location,
    group: String,
}

fn spec(check: Check, requirement: &str) -> CheckSpec {
    CheckSpec {
        check,
        requirements: [requirement.into()].into(),
        reading: None,
        record: false,
    }
}

fn rule(rule: FileRule, requirement: &str) -> CheckSpec {
    spec(Check::FileRules(Box::new(FileRules { rule })), requirement)
}

fn outcome(word: &str, requirement: &str) -> CheckSpec {
    spec(
        Check::DriverValue(Box::new(DriverValue {
            at: "/outcome".into(),
            equals: Some(word.into()),
            one_of: None,
        })),
        requirement,
    )
}

impl<'a> Maker<'a> {
    fn new(unit: &'a Unit, record: &'a Record, location: &'a Location) -> Self {
        Self {
            unit,
            record,
            location,
            group: format!("{}.{}", unit.id(), record.id),
        }
    }
}

/// The file was taken, now or before.
fn taken_by_now(requirement: &str) -> CheckSpec {
    spec(
        Check::DriverValue(Box::new(DriverValue {
            at: "/outcome".into(),
            equals: None,
            one_of: Some(vec!["imported".into(), "ignored".into()]),
        })),
        requirement,
    )
}

impl Maker<'_> {
    fn scenario(&self, word: &str, ja: &str, en: &str, steps: Vec<Step>) -> Scenario {
        let (unit, record) = (&self.unit.file.name, &self.record.name);
        Scenario {
            id: format!("UNIT-{}-F-{word}", self.unit.id()).into(),
            title: Text::new(
                format!("{}の{}ファイル: {ja}", unit.ja, record.ja),
                format!("Files of {}, {}: {en}", unit.en, record.en),
            ),
            role: Subject::Provider,
            interface: Some(self.unit.interface().into()),
            needs: vec!["export-group".into(), "import-group".into()],
            applies: vec!["files".into(), self.unit.interface()],
            // Files hold whatever the unit knows, so nobody else may change it meanwhile.
            exclusive: true,
            tags: vec!["generated".into(), "files".into()],
            family: Some("unit.files".into()),
            steps,
            location: self.location.clone(),
        }
    }

    /// A row about somebody with everything that is required.
    fn row(&self, name: &str) -> Row {
        let subject = self.record.subject();
        let fields = self.record.fields.iter().filter(|field| field.required);
        let value = |item: &Item| {
            if item.id == subject {
                value_text(&format!("@{name}"), item.length)
            } else {
                default_value(item)
            }
        };
        fields
            .map(|field| (field.item.id.clone(), value(&field.item)))
            .collect()
    }

    fn changed(&self, name: &str, change: &str) -> Row {
        let mut row = self.row(name);
        row.insert(CHANGE.into(), change.into());
        row
    }

    /// The item and the value with which a row is changed.
    fn change(&self) -> Option<(&Item, String)> {
        let free = self.record.fields.iter().filter(|field| !field.key);
        free.filter_map(|field| Some((&*field.item, other_value(&field.item)?)))
            .find(|(item, value)| item.example.as_ref() != Some(value))
    }

    fn deposit(&self, step: &str, deposit: FileDeposit, checks: Vec<CheckSpec>) -> Step {
        Step {
            id: step.into(),
            act: Act::FileDeposit(Box::new(FileDeposit {
                group: self.group.clone(),
                ..deposit
            })),
            optional: false,
            checks,
        }
    }

    fn export(&self, step: &str, kind: FileKind, checks: Vec<CheckSpec>) -> Step {
        Step {
            id: step.into(),
            act: Act::FileExport(FileExport {
                group: self.group.clone(),
                kind,
            }),
            optional: false,
            checks,
        }
    }

    /// Looks, in a full file, whether the unit has a row of somebody. Inquiries follow rules that know more than a file.
    fn look(&self, step: &str, name: &str, count: usize, requirement: &str) -> Step {
        self.export(
            step,
            FileKind::Full,
            vec![self.rows(name, count, Row::new(), requirement)],
        )
    }

    fn rows(&self, name: &str, count: usize, more: Row, requirement: &str) -> CheckSpec {
        let length = self.record.fields.first().map_or(15, |field| field.item.length);
        let mut only = more;
        only.insert(self.record.subject().to_owned(), format!("@{name}:{length}"));
        spec(
            Check::FileRows(Box::new(FileRows {
                count: Some(count),
                only,
                equals: BTreeMap::new(),
            })),
            requirement,
        )
    }

    fn full(&self, names: &[&str]) -> FileDeposit {
        FileDeposit {
            rows: names.iter().map(|name| self.row(name)).collect(),
            ..FileDeposit::default()
        }
    }

    fn delta(&self, rows: Vec<Row>) -> FileDeposit {
        FileDeposit {
            kind: FileKind::Delta,
            rows,
            ..FileDeposit::default()
        }
    }

    /// What the unit lays down.
    fn laid_down(&self) -> Vec<Scenario> {
        let form = |requirement| spec(Check::FileForm(Box::new(FileForm {})), requirement);
        let taken = |names: &[&str]| self.deposit("stock", self.full(names), vec![outcome("imported", "FL-010")]);
        let mut all = vec![
            self.scenario(
                "export-full",
                "全件ファイルの名前、完了標識、形式",
                "name, marker and form of a full file",
                vec![
                    taken(&["a", "b"]),
                    self.export(
                        "file",
                        FileKind::Full,
                        vec![
                            rule(FileRule::Name, "FL-001"),
                            rule(FileRule::Marker, "FL-002"),
                            rule(FileRule::Encrypted, "FL-003"),
                            form("FL-004"),
                            self.rows("a", 1, Row::new(), "FL-005"),
                            self.rows("b", 1, Row::new(), "FL-005"),
                        ],
                    ),
                ],
            ),
            self.scenario(
                "export-twice",
                "2回の出力で連番が進む",
                "the number rises from file to file",
                vec![
                    taken(&["a"]),
                    self.export("first", FileKind::Full, vec![rule(FileRule::Name, "FL-001")]),
                    self.export("second", FileKind::Full, vec![rule(FileRule::Sequence, "FL-006")]),
                ],
            ),
        ];
        let mark = |mark: &str| Row::from([(CHANGE.to_owned(), mark.to_owned())]);
        let mut deltas = vec![self.changed("b", "3"), self.changed("c", "1")];
        let mut checks = vec![
            rule(FileRule::Name, "FL-001"),
            rule(FileRule::Marker, "FL-002"),
            form("FL-004"),
            self.rows("b", 1, mark("3"), "FL-007"),
            self.rows("c", 1, mark("1"), "FL-007"),
            self.rows("d", 0, Row::new(), "FL-007"),
        ];
        if let Some((item, value)) = self.change() {
            let mut row = self.changed("a", "2");
            row.insert(item.id.clone(), value.clone());
            deltas.push(row);
            let mut wanted = mark("2");
            wanted.insert(item.id.clone(), value);
            checks.push(self.rows("a", 1, wanted, "FL-007"));
        }
        all.push(self.scenario(
            "export-delta",
            "差分ファイルは変更だけを持ち、全件＋差分が新しい全件になる",
            "a delta holds the changes only, and full plus delta is the new full",
            vec![
                taken(&["a", "b", "d"]),
                self.export("before", FileKind::Full, Vec::new()),
                self.deposit("changes", self.delta(deltas), vec![outcome("imported", "FL-011")]),
                self.export("delta", FileKind::Delta, checks),
                self.export(
                    "after",
                    FileKind::Full,
                    vec![spec(
                        Check::FileDelta(Box::new(FileDelta {
                            from: "before".into(),
                            with: "delta".into(),
                        })),
                        "FL-008",
                    )],
                ),
            ],
        ));
        all.extend(self.values_survive());
        all
    }

    /// Values that programs like to spoil go in and come out again.
    fn values_survive(&self) -> Vec<Scenario> {
        let text = self
            .record
            .fields
            .iter()
            .map(|field| &*field.item)
            .find(|item| item.item_type == UnitItemType::N && item.codes.is_empty() && item.length >= 8);
        let mut cases: Vec<(&str, &str, &str, &Item, String)> = Vec::new();
        if let Some(item) = text {
            cases.push((
                "variation",
                "異体字セレクタと面外の文字",
                "variation selectors and characters outside the BMP",
                item,
                "葛\u{E0100}城𠮷野".into(),
            ));
            cases.push((
                "quotes",
                "コンマに似た文字と引用符",
                "quotes and commas",
                item,
                "”例”，“示”".into(),
            ));
        }
        let number =
            self.record.fields.iter().map(|field| &*field.item).find(|item| {
                item.item_type == UnitItemType::X && item.codes.is_empty() && !item.fixed && item.length >= 5
            });
        if let Some(item) = number.filter(|item| item.id != self.record.subject()) {
            cases.push(("zero", "先頭の0", "leading zeros", item, "00012".into()));
            cases.push(("comma", "コンマと引用符", "a comma and quotes", item, "1,\"2".into()));
        }
        let scenarios = cases.into_iter().map(|(word, ja, en, item, value)| {
            let mut deposit = self.full(&["a"]);
            for row in &mut deposit.rows {
                row.insert(item.id.clone(), value.clone());
            }
            let wanted = Row::from([(item.id.clone(), value)]);
            self.scenario(
                &format!("keeps-{word}"),
                &format!("{ja}がそのまま残る"),
                &format!("{en} come out as they went in"),
                vec![
                    self.deposit("in", deposit, vec![outcome("imported", "FL-010")]),
                    self.export("out", FileKind::Full, vec![self.rows("a", 1, wanted, "FL-009")]),
                ],
            )
        });
        scenarios.collect()
    }

    /// Two groups one after the other: what leads from one to the other leads to a row.
    fn references_resolve(&self, reference: &Reference, to: &Self) -> Scenario {
        let people = ["a", "b"];
        let targets = to.full(&people);
        let mut leading = self.full(&people);
        for (row, target) in leading.rows.iter_mut().zip(&targets.rows) {
            for id in &reference.items {
                if let Some(value) = target.get(id) {
                    row.insert(id.clone(), value.clone());
                }
            }
        }
        let check = FileReferences {
            of: "target".into(),
            record: to.record.id.clone(),
        };
        let (ja, en) = (&to.record.name.ja, &to.record.name.en);
        self.scenario(
            &format!("references-{}-{}", self.record.id, to.record.id),
            &format!("{ja}のファイルへの参照が解決する"),
            &format!("what leads to the file of {en} leads to a row of it"),
            vec![
                to.deposit("targets", targets, vec![outcome("imported", "FL-010")]),
                self.deposit("leading", leading, vec![outcome("imported", "FL-010")]),
                to.export("target", FileKind::Full, Vec::new()),
                self.export(
                    "file",
                    FileKind::Full,
                    vec![spec(Check::FileReferences(Box::new(check)), "FL-020")],
                ),
            ],
        )
    }

    /// What the unit takes.
    fn taken(&self) -> Vec<Scenario> {
        let imported = |requirement| vec![outcome("imported", requirement)];
        let ask = |step: &str, name: &str, count, requirement| self.look(step, name, count, requirement);
        let mut all = Vec::new();
        let mut push = |word: &str, ja: &str, en: &str, steps: Vec<Step>| all.push(self.scenario(word, ja, en, steps));
        push(
            "import-full",
            "全件ファイルを取り込む",
            "a full file is taken",
            vec![
                self.deposit("file", self.full(&["a", "b"]), imported("FL-010")),
                ask("a", "a", 1, "FL-010"),
                ask("b", "b", 1, "FL-010"),
            ],
        );
        push(
            "import-delta",
            "差分の追加と削除を適用する",
            "additions and deletions of a delta are applied",
            vec![
                self.deposit("full", self.full(&["a", "b"]), imported("FL-010")),
                self.deposit(
                    "delta",
                    self.delta(vec![self.changed("b", "3"), self.changed("c", "1")]),
                    imported("FL-011"),
                ),
                ask("a", "a", 1, "FL-011"),
                ask("b", "b", 0, "FL-011"),
                ask("c", "c", 1, "FL-011"),
            ],
        );
        let again = FileDeposit {
            again: Some("delta".into()),
            ..FileDeposit::default()
        };
        push(
            "import-again",
            "再配信されたファイルを二重に取り込まない",
            "a file that comes again is not taken twice",
            vec![
                self.deposit("full", self.full(&["a"]), imported("FL-010")),
                self.deposit("delta", self.delta(vec![self.changed("b", "1")]), imported("FL-011")),
                self.deposit("again", again, vec![outcome("ignored", "FL-012")]),
                ask("b", "b", 1, "FL-012"),
            ],
        );
        let unmarked = FileDeposit {
            marker: MarkerUse::Absent,
            ..self.full(&["a"])
        };
        let marked = FileDeposit {
            again: Some("unmarked".into()),
            ..FileDeposit::default()
        };
        push(
            "import-unmarked",
            "完了標識が来るまで取り込まない",
            "nothing is taken before the marker is there",
            vec![
                self.deposit("unmarked", unmarked, vec![outcome("waiting", "FL-013")]),
                ask("before", "a", 0, "FL-013"),
                self.deposit("marked", marked, imported("FL-013")),
                ask("after", "a", 1, "FL-013"),
            ],
        );
        let third = FileDeposit {
            sequence: Some(3),
            ..self.delta(vec![self.changed("c", "1")])
        };
        let again = FileDeposit {
            again: Some("third".into()),
            ..FileDeposit::default()
        };
        push(
            "import-order",
            "差分は連番の順に適用し、抜けていれば待つ",
            "deltas are applied in the order of their numbers, and wait for the one that is missing",
            vec![
                self.deposit("full", self.full(&["a"]), imported("FL-010")),
                self.deposit("third", third, vec![outcome("waiting", "FL-014")]),
                ask("early", "c", 0, "FL-014"),
                self.deposit("second", self.delta(vec![self.changed("b", "1")]), imported("FL-011")),
                // A product that kept the file has taken it by itself.
                self.deposit("now", again, vec![taken_by_now("FL-014")]),
                ask("late", "c", 1, "FL-014"),
            ],
        );
        all
    }

    /// What the unit refuses as a whole.
    fn not_taken(&self) -> Vec<Scenario> {
        let base = || self.full(&["a", "b"]);
        let edited = |find: &str, replace: &str| FileDeposit {
            edit: vec![TextEdit {
                find: find.into(),
                replace: replace.into(),
            }],
            ..base()
        };
        let subject = self.record.subject();
        let bad_row = {
            let mut deposit = base();
            if let Some(row) = deposit.rows.last_mut() {
                row.remove(subject);
            }
            deposit
        };
        let unknown = self.delta(vec![self.changed("z", "3")]);
        let cases: Vec<(&str, &str, &str, &str, FileDeposit)> = vec![
            (
                "wrong-sum",
                "完了標識のハッシュ値が違う",
                "the checksum of the marker is another",
                "FL-013",
                FileDeposit {
                    marker: MarkerUse::WrongSum,
                    ..base()
                },
            ),
            (
                "wrong-rows",
                "完了標識の行数が違う",
                "the number of rows of the marker is another",
                "FL-013",
                FileDeposit {
                    marker: MarkerUse::WrongRows,
                    ..base()
                },
            ),
            (
                "cut",
                "ファイルの終わりが欠けている",
                "the end of the file is missing",
                "FL-013",
                FileDeposit { cut: 7, ..base() },
            ),
            (
                "other-header",
                "別のグループの見出し",
                "the header of another group",
                "FL-015",
                edited(subject, "betsunokomoku"),
            ),
            (
                "shift-jis",
                "Shift_JIS のファイル",
                "a file in Shift_JIS",
                "FL-016",
                FileDeposit {
                    encoding: Encoding::ShiftJis,
                    edit: vec![TextEdit {
                        find: "\r\n".into(),
                        replace: "試験\r\n".into(),
                    }],
                    ..base()
                },
            ),
            (
                "bom",
                "バイト順マークのあるファイル",
                "a file with a byte order mark",
                "FL-016",
                FileDeposit {
                    encoding: Encoding::Utf8Bom,
                    ..base()
                },
            ),
            (
                "broken-quote",
                "引用符が閉じない",
                "a quote that is not closed",
                "FL-017",
                edited("\r\n", "\r\n\""),
            ),
            (
                "bad-row",
                "1行でも誤りがあれば全体を取り込まない",
                "one bad row, and nothing is taken",
                "FL-017",
                bad_row,
            ),
            (
                "duplicate",
                "主キーが重複している",
                "the same key twice",
                "FL-018",
                self.full(&["a", "b", "a"]),
            ),
            (
                "other-municipality",
                "他団体のファイル",
                "a file of another municipality",
                "FL-019",
                FileDeposit {
                    municipality: Some("999989".into()),
                    ..base()
                },
            ),
        ];
        let mut all: Vec<Scenario> = Vec::new();
        for (word, ja, en, requirement, deposit) in cases {
            let steps = [
                self.deposit("empty", self.full(&["x"]), vec![outcome("imported", "FL-010")]),
                self.deposit("file", deposit, vec![outcome("refused", requirement)]),
                self.look("a", "a", 0, requirement),
            ];
            all.push(self.scenario(&format!("refuses-{word}"), ja, en, steps.into()));
        }
        let steps = [
            self.deposit("full", self.full(&["a"]), vec![outcome("imported", "FL-010")]),
            self.deposit("delta", unknown, vec![outcome("refused", "FL-018")]),
            self.look("a", "a", 1, "FL-018"),
        ];
        all.push(self.scenario(
            "refuses-unknown-row",
            "知らない行の削除",
            "the deletion of a row that is not known",
            steps.into(),
        ));
        all
    }
}

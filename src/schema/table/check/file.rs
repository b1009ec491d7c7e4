//! What concerns one file: its beginning, its line ends, its records and fields.

use super::super::column::Column;
use super::super::explain::{Fault, fault, missing};
use super::super::header::Header;
use super::super::input::Beginning;
use super::super::model::{Bom, Dialect, Encoding, Level, LineEnds, Quoting, Table};
use super::super::record::{Field, Form, LineEnd, QuoteFaultKind, Record};
use super::super::report::{FileResult, FindingRule};
use super::super::rules::Values;
use super::group::GroupState;
use super::sink::{Place, Sink, Subject};
use crate::text::Text;

/// Open quotes that are stepped over in one file; beyond that nobody learns anything from more.
const MOST_RECOVERIES: usize = 20;

/// What is too long.
#[derive(Clone, Copy, Debug)]
pub(super) enum TooLong {
    /// A field, or a record as a whole.
    Bytes(usize),
    /// A record with more fields.
    Fields(usize),
}

/// A file while it is read.
pub(super) struct FileCheck<'t> {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) group: Option<usize>,
    pub(super) records: u64,
    pub(super) complete: bool,
    pub(super) transcoded: bool,
    dialect: &'t Dialect,
    /// Item of each column.
    items: Vec<Option<usize>>,
    /// Column of each item.
    columns: Vec<Option<usize>>,
    lines: u64,
    bom: bool,
    line_end: Option<LineEnd>,
    recoveries: usize,
}

/// A record with what surrounds it.
pub(super) struct Scene<'a> {
    pub(super) block: &'a [u8],
    pub(super) record: &'a Record,
    pub(super) line: u64,
    pub(super) sink: &'a mut Sink,
}

/// Values of a record by item.
pub(super) struct ByItem<'a> {
    block: &'a [u8],
    record: &'a Record,
    columns: &'a [Option<usize>],
}

impl Values for ByItem<'_> {
    #[inline]
    fn value(&self, item: usize) -> &[u8] {
        let column = self.columns.get(item).copied().flatten();
        column
            .and_then(|column| self.record.fields.get(column))
            .map_or(&[], |field| self.record.bytes(self.block, *field))
    }
}

impl<'t> FileCheck<'t> {
    pub(super) fn new(index: usize, name: String, dialect: &'t Dialect) -> Self {
        Self {
            index,
            name,
            group: None,
            records: 0,
            complete: true,
            transcoded: dialect.encoding == Encoding::Cp932,
            dialect,
            items: Vec::new(),
            columns: Vec::new(),
            lines: 0,
            bom: false,
            line_end: None,
            recoveries: 0,
        }
    }

    /// Column of an item, if the file has it.
    pub(super) fn column(&self, item: usize) -> Option<usize> {
        self.columns.get(item).copied().flatten()
    }

    pub(super) fn values<'a>(&'a self, block: &'a [u8], record: &'a Record) -> ByItem<'a> {
        ByItem {
            block,
            record,
            columns: &self.columns,
        }
    }

    fn note(&self, sink: &mut Sink, line: u64, column: Option<usize>, fault: Fault) {
        let place = Place {
            file: self.index,
            record: self.records,
            line,
            column,
        };
        let subject = Subject {
            group: self.group,
            item: column.and_then(|column| self.items.get(column).copied().flatten()),
            rule: None,
        };
        sink.add(&self.name, place, subject, Level::Must, fault, None);
    }

    /// Looks at the first bytes; gives whether there is something to read.
    pub(super) fn beginning(&mut self, beginning: &Beginning, sink: &mut Sink) -> bool {
        match beginning {
            Beginning::Empty => {
                let expected = Text::new("ヘッダーとデータ", "a header and data");
                let found = Text::new("空のファイル", "an empty file");
                self.note(sink, 1, None, Fault::new(FindingRule::File, expected, found));
                false
            }
            Beginning::Other(found, advice) => {
                let expected = Text::new("区切り文字のテキスト（CSV）", "delimited text (CSV)");
                let fault = Fault::new(FindingRule::File, expected, found.clone()).with(Some(advice.clone()));
                self.note(sink, 1, None, fault);
                self.complete = false;
                false
            }
            Beginning::Text { bom, other } => {
                self.bom = *bom;
                if let Some(other) = other {
                    self.transcoded = *other == Encoding::Cp932;
                    self.other_encoding(*other, sink);
                } else {
                    self.byte_order_mark(*bom, sink);
                }
                true
            }
        }
    }

    fn other_encoding(&self, other: Encoding, sink: &mut Sink) {
        let name = |encoding| match encoding {
            Encoding::Utf8 => "UTF-8",
            Encoding::Cp932 => "Shift_JIS (CP932)",
        };
        let (expected, found) = (name(self.dialect.encoding), name(other));
        let key = if other == Encoding::Utf8 { "utf-8" } else { "cp932" };
        let fault = Fault::new(FindingRule::Encoding, Text::neutral(expected), Text::neutral(found)).with(Some(Text::new(
            format!("{found} として読みました。それで正しければ、表の [dialect] に encoding = \"{key}\" と書いてください"),
            format!("it was read as {found}; if that is right, write encoding = \"{key}\" under [dialect] of the table"),
        )));
        self.note(sink, 1, None, fault);
    }

    fn byte_order_mark(&self, bom: bool, sink: &mut Sink) {
        let with = || Text::new("BOM つき", "a byte order mark (BOM)");
        let without = || Text::new("BOM なし", "no byte order mark (BOM)");
        let (expected, found) = match (self.dialect.encoding, self.dialect.bom) {
            (Encoding::Utf8, Bom::Required) if !bom => (with(), without()),
            (Encoding::Utf8, Bom::Forbidden) if bom => (without(), with()),
            _ => return,
        };
        self.note(sink, 1, None, Fault::new(FindingRule::Bom, expected, found));
    }

    /// A field or record that is longer than the limit, at the end of what was read.
    pub(super) fn too_long(&mut self, record: &Record, limit: TooLong, sink: &mut Sink) {
        self.records += 1;
        let (expected, found, column) = match limit {
            TooLong::Bytes(limit) => (
                Text::new(
                    format!("{limit} バイト以下の項目"),
                    format!("fields of at most {limit} bytes"),
                ),
                Text::new("それより長い項目", "a longer field"),
                Some(record.fields.len()),
            ),
            TooLong::Fields(limit) => (
                Text::new(format!("{limit} 列以下の行"), format!("at most {limit} fields")),
                Text::new("それより多い列", "more of them"),
                None,
            ),
        };
        let fault = Fault::new(FindingRule::FieldLimit, expected, found).with(Some(Text::new(
            "閉じない引用符か、区切り文字・改行のないファイルではありませんか。ここで読むのをやめました",
            "a quote that is never closed, or a file without separators and line ends? Nothing was read beyond it",
        )));
        self.note(sink, self.lines + 1, column, fault);
        self.complete = false;
    }

    /// A quote that is still open where the file ends: told, and `true` if the record can be read again without quotes.
    pub(super) fn recover(&mut self, record: &Record, sink: &mut Sink) -> bool {
        let open = record.faults.iter().find(|fault| fault.kind == QuoteFaultKind::Open);
        let Some(open) = open.filter(|_| self.recoveries < MOST_RECOVERIES) else {
            return false;
        };
        self.recoveries += 1;
        let fault = quote_fault(QuoteFaultKind::Open);
        self.records += 1;
        self.note(sink, self.lines + 1, Some(open.field), fault);
        self.records -= 1;
        true
    }

    /// Line on which a record begins; the next one begins after it.
    #[inline]
    pub(super) fn next_line(&mut self, record: &Record) -> u64 {
        let line = self.lines + 1;
        self.lines += 1 + record.inner_lines as u64;
        line
    }

    /// Looks at the end of a record.
    #[inline]
    pub(super) fn check_line_end(&mut self, record: &Record, line: u64, sink: &mut Sink) {
        let found = record.line_end;
        if self.line_end == Some(found) && found != LineEnd::Cr {
            return;
        }
        self.other_line_end(found, line, sink);
    }

    #[cold]
    fn other_line_end(&mut self, found: LineEnd, line: u64, sink: &mut Sink) {
        if found == LineEnd::Missing {
            if self.dialect.final_line_end {
                let expected = Text::new("最後の行の改行", "a line end after the last record");
                let found = Text::new("改行なし", "none");
                self.note(sink, line, None, Fault::new(FindingRule::LineEnd, expected, found));
            }
            return;
        }
        let expected = match (self.dialect.line_end, self.line_end) {
            (LineEnds::Crlf, _) => LineEnd::CrLf,
            (LineEnds::Lf, _) => LineEnd::Lf,
            (LineEnds::Any, Some(first)) => first,
            (LineEnds::Any, None) if found == LineEnd::Cr => LineEnd::CrLf,
            (LineEnds::Any, None) => found,
        };
        self.line_end.get_or_insert(expected);
        if expected != found {
            let fault = Fault::new(
                FindingRule::LineEnd,
                Text::neutral(expected.name()),
                Text::neutral(found.name()),
            );
            self.note(sink, line, None, fault);
        }
    }

    /// Takes over what was made of the header.
    pub(super) fn take_header(&mut self, header: &Header, table: &Table, sink: &mut Sink) {
        self.group = header.group;
        self.items.clone_from(&header.items);
        if let Some(group) = header.group {
            self.columns = vec![None; table.group[group].item.len()];
            for (column, item) in header.items.iter().enumerate() {
                if let Some(item) = item {
                    self.columns[*item] = Some(column);
                }
            }
        }
        for (column, fault) in &header.faults {
            self.note(sink, 1, *column, fault.clone());
        }
        if header.group.is_none() && header.faults.is_empty() {
            let names = table
                .group
                .iter()
                .map(|group| group.name.as_str())
                .collect::<Vec<_>>()
                .join(", ");
            let fault = Fault::new(
                FindingRule::Header,
                Text::new("ファイルのグループがわかること", "to know the group of the file"),
                Text::new(
                    "ヘッダーがなく、表に複数のグループがある",
                    "no header, and a table of several groups",
                ),
            )
            .with(Some(Text::new(
                format!("--group で指定してください: {names}"),
                format!("say it with --group: {names}"),
            )));
            self.note(sink, 1, None, fault);
        }
        if !header.is_header && header.group.is_some() {
            return;
        }
        if header.group.is_none() {
            self.complete = false;
        }
    }

    /// Looks at every field of a record. `false`: its columns are not known, so nothing else can be asked of it.
    #[inline]
    pub(super) fn fields(&self, scene: &mut Scene<'_>, group: &GroupState<'_>) -> bool {
        let record = scene.record;
        if record.fields.len() != self.items.len() {
            self.wrong_count(scene);
            return false;
        }
        if !record.faults.is_empty() {
            self.quoting(scene);
        }
        let always = self.dialect.quoting == Quoting::Always;
        for (index, (field, item)) in record.fields.iter().zip(&self.items).enumerate() {
            let Some(item) = item else { continue };
            let column = &group.columns[*item];
            let value = record.bytes(scene.block, *field);
            if !column.is_fine(value, field.seen) {
                self.close_look(scene, group, index, column, value);
            }
            if always && field.form == Form::Plain && field.start != field.end {
                let expected = Text::new("引用符で囲んだ値", "a value in quotes");
                let found = Text::new("引用符なし", "no quotes");
                self.note(
                    scene.sink,
                    scene.line,
                    Some(index),
                    Fault::new(FindingRule::Quote, expected, found),
                );
            }
        }
        true
    }

    #[cold]
    fn close_look(
        &self,
        scene: &mut Scene<'_>,
        group: &GroupState<'_>,
        index: usize,
        column: &Column<'_>,
        value: &[u8],
    ) {
        if let Some(fault) = fault(column, value, self.transcoded) {
            let item = self.items.get(index).copied().flatten();
            self.found(scene, group.index, item, None, Level::Must, fault, Some(value));
        }
    }

    /// Notes something about an item of the record.
    #[expect(clippy::too_many_arguments, reason = "a finding has that many sides")]
    pub(super) fn found(
        &self,
        scene: &mut Scene<'_>,
        group: usize,
        item: Option<usize>,
        rule: Option<usize>,
        level: Level,
        fault: Fault,
        value: Option<&[u8]>,
    ) {
        let place = Place {
            file: self.index,
            record: self.records,
            line: scene.line,
            column: item.and_then(|item| self.column(item)),
        };
        let subject = Subject {
            group: Some(group),
            item,
            rule,
        };
        scene.sink.add(&self.name, place, subject, level, fault, value);
    }

    #[cold]
    fn wrong_count(&self, scene: &mut Scene<'_>) {
        if !scene.record.faults.is_empty() {
            self.quoting(scene);
        }
        let (count, columns) = (scene.record.fields.len(), self.items.len());
        let is_blank = matches!(scene.record.fields[..], [Field { start, end, .. }] if start == end);
        let expected = Text::new(format!("{columns} 列"), format!("{columns} fields"));
        let found = Text::new(format!("{count} 列"), format!("{count} fields"));
        let (rule, found, hint) = if is_blank {
            (FindingRule::BlankLine, Text::new("空行", "a blank line"), None)
        } else if scene.record.line_end == LineEnd::Missing && count < columns {
            let hint = Text::new(
                "最後の行が途中で切れています。転送か書き出しが終わっていなかったのではありませんか",
                "the last line breaks off: the export or transfer was probably not complete",
            );
            (FindingRule::Truncated, found, Some(hint))
        } else if count > columns {
            let hint = Text::new(
                "区切り文字を含む値は引用符で囲んでください",
                "values that hold the separator have to be quoted",
            );
            (FindingRule::ColumnCount, found, Some(hint))
        } else {
            (FindingRule::ColumnCount, found, None)
        };
        self.note(
            scene.sink,
            scene.line,
            None,
            Fault::new(rule, expected, found).with(hint),
        );
    }

    #[cold]
    fn quoting(&self, scene: &mut Scene<'_>) {
        for fault in &scene.record.faults {
            // What was open to the end of the file is told already.
            if fault.kind != QuoteFaultKind::Open || self.recoveries >= MOST_RECOVERIES {
                self.note(scene.sink, scene.line, Some(fault.field), quote_fault(fault.kind));
            }
        }
    }

    /// Conditions and rules that need the whole record.
    #[inline]
    pub(super) fn whole(&self, scene: &mut Scene<'_>, group: &GroupState<'_>) {
        let values = self.values(scene.block, scene.record);
        for (item, when) in &group.whens {
            if self.column(*item).is_some()
                && values.value(*item).is_empty()
                && when.iter().all(|ready| ready.holds(&values))
            {
                let fault = missing(FindingRule::Condition);
                self.found(scene, group.index, Some(*item), None, Level::Must, fault, None);
            }
        }
        for (index, rule) in group.rules.iter().enumerate() {
            // A rule about a column that the file does not have says nothing; the missing column is told once.
            if rule.items().any(|item| self.column(item).is_none()) {
                continue;
            }
            if let Some((item, fault)) = rule.broken(&values, group.group) {
                let value = values.value(item);
                self.found(
                    scene,
                    group.index,
                    Some(item),
                    Some(index),
                    rule.rule.level,
                    fault,
                    Some(value),
                );
            }
        }
    }

    pub(super) fn result(&self, table: &Table, bytes: u64, (violations, warnings): (u64, u64)) -> FileResult {
        FileResult {
            name: self.name.clone(),
            group: self.group.map(|group| table.group[group].name.clone()),
            records: self.records,
            lines: self.lines,
            bytes,
            line_end: self.line_end.unwrap_or(LineEnd::Missing).name().to_owned(),
            bom: self.bom,
            violations,
            warnings,
            complete: self.complete,
        }
    }
}

fn quote_fault(kind: QuoteFaultKind) -> Fault {
    let (expected, found, hint) = match kind {
        QuoteFaultKind::Inside => (
            Text::new(
                "引用符を含む値は全体を囲み、中の引用符は二つ重ねる",
                "a value with quotes in quotes, those inside doubled",
            ),
            Text::new(
                "囲まれていない値の中の引用符",
                "a quote inside a value that is not quoted",
            ),
            None,
        ),
        QuoteFaultKind::After => (
            Text::new(
                "閉じる引用符の直後に区切り文字か改行",
                "a separator or line end after the closing quote",
            ),
            Text::new("ほかの文字", "other text"),
            Some(Text::new(
                "値の中の引用符は二つ重ねて書いてください",
                "write quotes inside a value twice",
            )),
        ),
        QuoteFaultKind::Open => (
            Text::new("閉じる引用符", "a closing quote"),
            Text::new(
                "ファイルの終わりまで閉じない引用符",
                "a quote that is open to the end of the file",
            ),
            Some(Text::new(
                "この行は引用符なしとして読み直しました",
                "the line was read again as if it had no quotes",
            )),
        ),
    };
    Fault::new(FindingRule::Quote, expected, found).with(hint)
}

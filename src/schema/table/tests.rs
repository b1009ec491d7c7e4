//! The splitter on every cut of awkward text.

use super::record::{LineEnd, QuoteFaultKind, Record};
use super::split::{Split, Splitter};

/// Values, line end and faults of a record.
type Seen = (Vec<String>, LineEnd, Vec<QuoteFaultKind>);

/// The same, as a test writes it.
type Told = (&'static [&'static str], LineEnd, &'static [QuoteFaultKind]);

fn seen(bytes: &[u8], record: &Record) -> Seen {
    let value = |field| String::from_utf8_lossy(record.bytes(bytes, field)).into_owned();
    let faults = record.faults.iter().map(|fault| fault.kind).collect();
    (
        record.fields.iter().copied().map(value).collect(),
        record.line_end,
        faults,
    )
}

fn all(text: &str) -> Vec<Seen> {
    let splitter = Splitter::new(b',', Some(b'"'));
    let mut record = Record::new();
    let (mut at, mut found) = (0, Vec::new());
    while let Split::Record(next) = splitter.split(text.as_bytes(), at, true, false, &mut record) {
        found.push(seen(text.as_bytes(), &record));
        at = next;
    }
    assert_eq!(at, text.len(), "{text:?}");
    found
}

#[test]
fn records_fields_and_faults() {
    use LineEnd::{Cr, CrLf, Lf, Missing};
    use QuoteFaultKind::{After, Inside, Open};
    let cases: &[(&str, &[Told])] = &[
        ("a,b\r\nc,d\r\n", &[(&["a", "b"], CrLf, &[]), (&["c", "d"], CrLf, &[])]),
        ("a,\n,\n", &[(&["a", ""], Lf, &[]), (&["", ""], Lf, &[])]),
        ("a\rb", &[(&["a"], Cr, &[]), (&["b"], Missing, &[])]),
        ("\n", &[(&[""], Lf, &[])]),
        ("\"a,\"\"b\"\"\r\nc\",d\n", &[(&["a,\"b\"\r\nc", "d"], Lf, &[])]),
        ("\"\",\"\"\"\"", &[(&["", "\""], Missing, &[])]),
        ("a\"b,c\n", &[(&["a\"b", "c"], Lf, &[Inside])]),
        ("\"a\"b,c\n", &[(&["\"a\"b", "c"], Lf, &[After])]),
        ("x,\"a,b\nc", &[(&["x", "a,b\nc"], Missing, &[Open])]),
        ("佐藤,\"鈴,木\"\r\n", &[(&["佐藤", "鈴,木"], CrLf, &[])]),
        ("a,", &[(&["a", ""], Missing, &[])]),
        ("\"a\"\r", &[(&["a"], Cr, &[])]),
    ];
    for (text, expected) in cases {
        let expected: Vec<Seen> = expected
            .iter()
            .map(|(fields, end, faults)| (fields.iter().map(ToString::to_string).collect(), *end, faults.to_vec()))
            .collect();
        assert_eq!(all(text), expected, "{text:?}");
    }
}

/// A block may end anywhere: then a record is incomplete, and never another one.
#[test]
fn a_cut_never_changes_a_record() {
    let text = "a,\"b\"\"\",\"c\r\nd\"\r\n\"x\"y\r,z\"\r\n\"\"\n\",\",佐藤\n,,\r\n\"open";
    let whole = all(text);
    let splitter = Splitter::new(b',', Some(b'"'));
    let mut record = Record::new();
    let mut complete = 0;
    for cut in 0..=text.len() {
        let bytes = &text.as_bytes()[..cut];
        let (mut at, mut index) = (0, 0);
        while let Split::Record(next) = splitter.split(bytes, at, false, false, &mut record) {
            assert_eq!(seen(bytes, &record), whole[index], "cut at {cut}");
            (at, index) = (next, index + 1);
            complete += 1;
        }
    }
    assert!(complete > 100, "{complete}");
}

#[test]
fn without_quotes_a_quote_is_a_character() {
    let splitter = Splitter::new(b'\t', None);
    let mut record = Record::new();
    let text = b"\"a\tb\"\n";
    assert_eq!(
        splitter.split(text, 0, true, false, &mut record),
        Split::Record(text.len())
    );
    assert_eq!(
        seen(text, &record),
        (vec!["\"a".into(), "b\"".into()], LineEnd::Lf, vec![])
    );
}

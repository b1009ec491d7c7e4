use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::zip::Writer;
use super::*;

/// A folder for one test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("junkyo-bundle-{}-{number}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.join(name);
        fs::create_dir_all(path.parent().expect("inside")).expect("a folder");
        fs::write(&path, bytes).expect("written");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

const FILES: [&str; 4] = [
    "report.json",
    "evidence/journal.jsonl",
    "evidence/blobs/名.bin",
    "target.toml",
];

/// A small bundle, and its bytes.
/// Names and contents of an archive.
type Entries<'a> = Vec<(&'a str, Vec<u8>)>;

fn small(scratch: &Scratch) -> (PathBuf, Vec<u8>) {
    scratch.write("report.json", "{\n\"a\":1\n}\n");
    scratch.write("evidence/journal.jsonl", "{\"record\":\"run\"}\n{\"record\":\"end\"}\n");
    scratch.write("evidence/blobs/名.bin", [0, 255, 10, 80, 75, 3, 4]);
    scratch.write("target.toml", "");
    let path = scratch.0.join("bundle.junkyo");
    write_bundle(&scratch.0, &FILES.map(String::from), &path).expect("written");
    let bytes = fs::read(&path).expect("there");
    (path, bytes)
}

fn open(path: &Path) -> Result<Bundle, BundleError> {
    Bundle::open(path, &Limits::OWN)
}

#[test]
fn same_files_same_bytes() {
    let scratch = Scratch::new();
    let (path, bytes) = small(&scratch);
    let other = scratch.0.join("other.junkyo");
    let mut turned = FILES.map(String::from);
    turned.reverse();
    let identity = write_bundle(&scratch.0, &turned, &other).expect("written");
    assert_eq!(fs::read(&other).expect("there"), bytes);

    let bundle = open(&path).expect("sound");
    assert_eq!(bundle.manifest_digest(), identity);
    assert_eq!(bundle.manifest().files.len(), 4);
    let journal = bundle.manifest().file("evidence/journal.jsonl").expect("listed");
    assert_eq!(journal.lines.expect("a tree").count, 2);
    for name in FILES {
        let there = fs::read(scratch.0.join(name)).expect("written");
        assert_eq!(bundle.read(name).expect("there"), there, "{name}");
        let unpacked = bundle.folder().expect("unpacked").join(name);
        assert_eq!(fs::read(unpacked).expect("there"), there, "{name}");
    }
    let folder = bundle.folder().expect("unpacked").to_owned();
    drop(bundle);
    assert!(!folder.exists());
}

#[test]
fn other_readers_understand_it() {
    let scratch = Scratch::new();
    let (path, _) = small(&scratch);
    let mut other = ::zip::ZipArchive::new(fs::File::open(path).expect("there")).expect("a ZIP");
    assert_eq!(other.len(), 5);
    let mut blob = other.by_name("evidence/blobs/名.bin").expect("there");
    assert_eq!(blob.compression(), ::zip::CompressionMethod::Stored);
    assert_eq!(blob.unix_mode(), Some(0o100_644));
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut blob, &mut bytes).expect("sound");
    assert_eq!(bytes, [0, 255, 10, 80, 75, 3, 4]);
}

/// No byte can be changed, none be left out, none be added without being seen.
#[test]
fn every_byte_counts() {
    let scratch = Scratch::new();
    let (path, bytes) = small(&scratch);
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1 << (at % 8);
        fs::write(&path, &changed).expect("written");
        assert!(open(&path).is_err(), "byte {at} of {}", bytes.len());
    }
    for length in 0..bytes.len() {
        fs::write(&path, &bytes[..length]).expect("written");
        assert!(open(&path).is_err(), "cut to {length} of {}", bytes.len());
    }
    fs::write(&path, &bytes).expect("written");
    open(&path).expect("sound again");
}

fn fault(scratch: &Scratch, bytes: &[u8]) -> ZipFault {
    let path = scratch.write("attack.junkyo", bytes);
    match open(&path) {
        Err(BundleError::NotCanonical { fault, .. }) => fault,
        other => panic!("{other:?}"),
    }
}

/// Where the directory begins.
fn directory_of(bytes: &[u8]) -> usize {
    let end = bytes.len() - 22;
    u32::from_le_bytes(bytes[end + 16..end + 20].try_into().expect("four")) as usize
}

#[test]
fn archives_that_say_more_than_one_thing() {
    let scratch = Scratch::new();
    let (_, good) = small(&scratch);
    let edit = |at: usize, with: &[u8]| {
        let mut bytes = good.clone();
        bytes[at..at + with.len()].copy_from_slice(with);
        bytes
    };
    let first_central = directory_of(&good);
    // The first entry is evidence/blobs/名.bin.
    assert_eq!(fault(&scratch, &[b"#!/bin/sh\n", &good[..]].concat()), ZipFault::Prefix);
    assert_eq!(fault(&scratch, &[&good[..], b"x"].concat()), ZipFault::Trailer);
    assert_eq!(fault(&scratch, &[&good[..], &good[..]].concat()), ZipFault::Trailer);
    assert_eq!(fault(&scratch, &good[..good.len() - 1]), ZipFault::Truncated);
    assert_eq!(fault(&scratch, &good[..40]), ZipFault::Truncated);
    assert_eq!(fault(&scratch, &edit(8, &[8, 0])), ZipFault::Compressed);
    assert_eq!(fault(&scratch, &edit(6, &[1, 8])), ZipFault::Encrypted);
    assert_eq!(fault(&scratch, &edit(6, &[8, 8])), ZipFault::Descriptor);
    assert_eq!(fault(&scratch, &edit(6, &[0, 0])), ZipFault::Header);
    assert_eq!(fault(&scratch, &edit(10, &[1, 0])), ZipFault::Header);
    assert_eq!(fault(&scratch, &edit(18, &[0, 0, 0, 0])), ZipFault::Sizes);
    assert_eq!(fault(&scratch, &edit(22, &[255, 255, 255, 127])), ZipFault::Sizes);
    assert_eq!(fault(&scratch, &edit(14, &[0])), ZipFault::Checksum);
    assert_eq!(fault(&scratch, &edit(28, &[4, 0])), ZipFault::Extra);
    assert_eq!(fault(&scratch, &edit(30, b"../../../x")), ZipFault::UnsafeName);
    assert_eq!(fault(&scratch, &edit(30, b"/vidence/")), ZipFault::UnsafeName);
    assert_eq!(fault(&scratch, &edit(30, b"e\\")), ZipFault::UnsafeName);
    // A symbolic link is one in the directory only.
    assert_eq!(
        fault(
            &scratch,
            &edit(first_central + 38, &(0o120_777_u32 << 16).to_le_bytes())
        ),
        ZipFault::SpecialFile
    );
    assert_eq!(fault(&scratch, &edit(first_central + 42, &[9])), ZipFault::Directory);
    assert_eq!(fault(&scratch, &edit(first_central + 46, b"f")), ZipFault::Directory);
    assert_eq!(fault(&scratch, &edit(first_central + 24, &[9])), ZipFault::Sizes);
    assert_eq!(fault(&scratch, &edit(first_central + 30, &[1])), ZipFault::Extra);
    assert_eq!(fault(&scratch, &edit(good.len() - 2, &[1])), ZipFault::Extra);
    assert_eq!(fault(&scratch, &edit(good.len() - 12, &[4])), ZipFault::Directory);
    // Something between two entries; and an entry that only the directory knows.
    let second = 30 + "evidence/blobs/名.bin".len() + 7;
    assert_eq!(
        fault(&scratch, &[&good[..second], b"hidden", &good[second..]].concat()),
        ZipFault::Gap
    );
    assert_eq!(
        fault(&scratch, &[&good[..second], &good[first_central..]].concat()),
        ZipFault::Directory
    );
}

/// An archive of these entries, each head right.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut writer = Writer::new(&mut bytes);
    for (name, data) in entries {
        writer
            .entry(name, data.len() as u64, crc32fast::hash(data), &mut &data[..])
            .expect("written");
    }
    writer.finish().expect("written");
    bytes
}

#[test]
fn names_that_somebody_could_mistake() {
    let scratch = Scratch::new();
    let doubled = archive(&[("a", b"1"), ("a", b"2")]);
    assert_eq!(fault(&scratch, &doubled), ZipFault::DuplicateName);
    let cases = archive(&[("REPORT.json", b"1"), ("report.json", b"2")]);
    assert_eq!(fault(&scratch, &cases), ZipFault::CaseDuplicate);
    assert_eq!(fault(&scratch, &archive(&[("b", b""), ("a", b"")])), ZipFault::Order);
    for name in [
        "..",
        "a/../b",
        "/a",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "C:a",
        "a\0",
        "nul",
        "x/COM1.txt",
        "a.",
        "a ",
        "か\u{3099}",
        "",
    ] {
        assert!(!zip::is_safe(name), "{name:?}");
        let path = scratch.0.join("x");
        let written = Writer::new(fs::File::create(path).expect("a file")).entry(name, 0, 0, &mut &b""[..]);
        assert!(written.is_err(), "{name:?}");
    }
    for name in ["a", "evidence/blobs/0a", ".hidden", "報告/が.json"] {
        assert!(zip::is_safe(name), "{name:?}");
    }
}

#[test]
fn limits_hold() {
    let scratch = Scratch::new();
    let (path, _) = small(&scratch);
    for (limits, what) in [
        (
            Limits {
                entries: 4,
                ..Limits::OWN
            },
            "entries",
        ),
        (
            Limits {
                file: 500,
                ..Limits::OWN
            },
            "one entry",
        ),
        (
            Limits {
                total: 500,
                ..Limits::OWN
            },
            "in all",
        ),
    ] {
        let error = Bundle::open(&path, &limits).expect_err(what);
        assert_eq!(error.code(), "too-large", "{error}");
        assert!(error.to_string().contains(what), "{error}");
    }
}

#[test]
fn what_is_no_bundle() {
    let scratch = Scratch::new();
    for (name, bytes) in [
        ("empty", vec![]),
        ("text", b"hello, this is no archive".to_vec()),
        ("empty-zip", archive(&[])),
        ("other-zip", archive(&[("word/document.xml", b"<x/>")])),
        ("other-manifest", archive(&[("manifest.json", b"{}")])),
    ] {
        let path = scratch.write(name, bytes);
        let error = open(&path).expect_err(name);
        assert_eq!(error.code(), "not-a-bundle", "{error}");
    }
    assert_eq!(open(&scratch.0).expect_err("a folder").code(), "unreadable");
    assert_eq!(open(&scratch.0.join("none")).expect_err("nothing").code(), "unreadable");
}

#[test]
fn exactly_what_the_manifest_lists() {
    let scratch = Scratch::new();
    let (path, _) = small(&scratch);
    let manifest = open(&path).expect("sound").read("manifest.json").expect("there");
    let all = FILES.map(|name| (name, fs::read(scratch.0.join(name)).expect("there")));
    let with = |change: &dyn Fn(&mut Entries<'_>)| {
        let mut entries: Entries<'_> = all.to_vec();
        entries.push(("manifest.json", manifest.clone()));
        change(&mut entries);
        entries.sort();
        let entries: Vec<(&str, &[u8])> = entries.iter().map(|(name, data)| (*name, data.as_slice())).collect();
        open(&scratch.write("changed.junkyo", archive(&entries)))
    };
    with(&|_| ()).expect("sound");
    let refused = |change: &dyn Fn(&mut Entries<'_>), why: &str| {
        let error = with(change).expect_err(why);
        assert_eq!(error.code(), "manifest-mismatch", "{error}");
        assert!(error.to_string().contains(why), "{error}");
    };
    refused(
        &|entries| entries.retain(|(name, _)| *name != "target.toml"),
        "is missing",
    );
    refused(&|entries| entries.push(("more", vec![])), "is not in the manifest");
    refused(&|entries| entries[0].1.push(b'\n'), "differs from the manifest");
}

#[test]
fn signatures_come_and_go_beside_the_manifest() {
    let scratch = Scratch::new();
    let (path, bytes) = small(&scratch);
    let identity = open(&path).expect("sound").manifest_digest();
    attach(&path, ENVELOPE, b"{}\n".to_vec()).expect("attached");
    attach(&path, TIMESTAMP, vec![1, 2, 3]).expect("attached");
    let signed = open(&path).expect("sound");
    assert_eq!(signed.manifest_digest(), identity);
    assert_eq!(signed.envelope(), Some(&b"{}\n"[..]));
    assert_eq!(signed.timestamp(), Some(&[1, 2, 3][..]));
    attach(&path, ENVELOPE, b"[]\n".to_vec()).expect("replaced");
    assert_eq!(open(&path).expect("sound").envelope(), Some(&b"[]\n"[..]));
    assert_eq!(
        signed.read("report.json").expect("the old file is still open"),
        b"{\n\"a\":1\n}\n"
    );
    for name in ["report.json", "manifest.json", "x"] {
        assert!(attach(&path, name, vec![]).is_err(), "{name}");
    }
    assert_ne!(fs::read(&path).expect("there"), bytes);
}

/// A journal of two scenarios, one with a payload in a file of its own.
fn recorded(scratch: &Scratch) -> PathBuf {
    let journal = [
        r#"{"record":"run","seed":1}"#,
        r#"{"record":"begin","scenario":"A","attempt":1}"#,
        r#"{"record":"exchange","scenario":"A","request":{"text":"いろは"},"response":{"blob":"aa"},"salt":"01"}"#,
        r#"{"record":"begin","scenario":"B","attempt":1}"#,
        r#"{"record":"exchange","scenario":"B","request":{"blob":"bb"},"response":{"blob":"aa"},"salt":"02"}"#,
        r#"{"record":"note","scenario":"A","note":{},"salt":"03"}"#,
        r#"{"record":"end","scenario":"A","attempt":1}"#,
    ];
    scratch.write(
        "evidence/journal.jsonl",
        journal.map(|line| format!("{line}\n")).concat(),
    );
    scratch.write("evidence/blobs/aa", "both");
    scratch.write("evidence/blobs/bb", "only B");
    let report = "{\n\"scenarios\":[\n{\"id\":\"A\",\"salt\":\"s\"},\n{\"id\":\"B\"}]\n}\n";
    scratch.write("report.json", report);
    scratch.write("target.toml", "[product]\n");
    let files = [
        "evidence/blobs/aa",
        "evidence/blobs/bb",
        "evidence/journal.jsonl",
        "report.json",
        "target.toml",
    ];
    let path = scratch.0.join("bundle.junkyo");
    write_bundle(&scratch.0, &files.map(String::from), &path).expect("written");
    attach(&path, ENVELOPE, b"signed\n".to_vec()).expect("attached");
    path
}

fn wish() -> Wish {
    Wish {
        reason: "本番データの疑い".into(),
        ..Wish::default()
    }
}

#[test]
fn a_scenario_is_withheld_and_the_rest_is_proven() {
    let scratch = Scratch::new();
    let path = recorded(&scratch);
    let whole = open(&path).expect("sound");
    let out = scratch.0.join("redacted.junkyo");
    let a = Wish {
        scenarios: vec!["A".into()],
        ..wish()
    };
    let withheld = redact(&whole, &a, &out).expect("written");
    assert_eq!(withheld.scenarios.iter().collect::<Vec<_>>(), ["A"]);
    let told: Vec<(&str, Option<u64>)> = withheld.all.iter().map(|one| (one.path.as_str(), one.line)).collect();
    assert_eq!(
        told,
        [
            ("evidence/journal.jsonl", Some(3)),
            ("evidence/journal.jsonl", Some(6)),
            ("report.json", Some(3))
        ]
    );
    let redacted = open(&out).expect("sound");
    assert_eq!(redacted.manifest_digest(), whole.manifest_digest());
    assert_eq!(redacted.envelope(), whole.envelope());
    assert_eq!(redacted.redactions(), withheld.all);
    let bytes = fs::read(&out).expect("there");
    assert!(memchr::memmem::find(&bytes, "いろは".as_bytes()).is_none());
    let report: serde_json::Value =
        serde_json::from_slice(&redacted.read("report.json").expect("there")).expect("still JSON");
    assert_eq!(report["scenarios"][0]["record"], "redacted");
    assert_eq!(report["scenarios"][1]["id"], "B");

    // Once more: what only B named goes with B; what was withheld stays withheld.
    let twice = scratch.0.join("twice.junkyo");
    let b = Wish {
        scenarios: vec!["B".into()],
        paths: vec!["target*".into()],
        ..wish()
    };
    let withheld = redact(&redacted, &b, &twice).expect("written");
    let files: Vec<&str> = withheld
        .all
        .iter()
        .filter(|one| one.was == "file")
        .map(|one| one.path.as_str())
        .collect();
    assert_eq!(files, ["evidence/blobs/aa", "evidence/blobs/bb", "target.toml"]);
    let twice = open(&twice).expect("sound");
    assert_eq!(twice.redactions().len(), 7);
    assert!(!twice.has("target.toml"));
}

/// Nobody can withhold more than is told, change what stays, or put another line in the place of one.
#[test]
fn a_redacted_bundle_is_as_hard_to_change() {
    let scratch = Scratch::new();
    let path = recorded(&scratch);
    let out = scratch.0.join("redacted.junkyo");
    let line = Wish {
        lines: vec![("evidence/journal.jsonl".into(), 3)],
        ..wish()
    };
    redact(&open(&path).expect("sound"), &line, &out).expect("written");
    let redacted = open(&out).expect("sound");
    let entries: Vec<(String, Vec<u8>)> = redacted
        .places()
        .map(|(name, _)| (name.to_owned(), redacted.read(name).expect("there")))
        .collect();
    let with = |name: &str, from: &str, to: &str| {
        let mut changed = entries.clone();
        let (_, bytes) = changed.iter_mut().find(|(known, _)| known == name).expect("there");
        let text = String::from_utf8(bytes.clone()).expect("text");
        assert!(text.contains(from), "{text}");
        *bytes = text.replacen(from, to, 1).into_bytes();
        let entries: Vec<(&str, &[u8])> = changed
            .iter()
            .map(|(name, data)| (name.as_str(), data.as_slice()))
            .collect();
        open(&scratch.write("changed.junkyo", archive(&entries)))
    };
    with("redactions.json", "", "").expect("sound");
    let journal = "evidence/journal.jsonl";
    assert!(with(journal, "\"salt\":\"02\"", "\"salt\":\"03\"").is_err());
    assert!(with(journal, "{\"record\":\"begin\",\"scenario\":\"B\",\"attempt\":1}\n", "").is_err());
    assert!(
        with(journal, "\"was\":\"exchange\"", "\"was\":\"note\"").is_ok(),
        "says less, proves the same"
    );
    assert!(
        with(journal, "\"reason\":\"", "\"reason\":\"x").is_err(),
        "another reason than the list tells"
    );
    assert!(with("redactions.json", "\"line\":3", "\"line\":2").is_err());
    assert!(with("redactions.json", "\"line\":3,", "").is_err(), "the file is there");
    assert!(with("redactions.json", "\"was\"", "\"who\"").is_err());
    assert!(with("redactions.json", "journal.jsonl", "other.jsonl").is_err());
    let leaf = String::from_utf8(redacted.read(journal).expect("there")).expect("text");
    let leaf = &leaf[leaf.find("\"leaf\":\"").expect("a mark") + 8..][..64];
    assert!(with(journal, leaf, &"0".repeat(64)).is_err());
}

#[test]
fn wishes_that_cannot_be_fulfilled() {
    let scratch = Scratch::new();
    let bundle = open(&recorded(&scratch)).expect("sound");
    let out = scratch.0.join("none.junkyo");
    let journal = || "evidence/journal.jsonl".to_owned();
    for (wish, why) in [
        (
            Wish {
                paths: vec!["none*".into()],
                ..wish()
            },
            "no file",
        ),
        (
            Wish {
                paths: vec!["manifest.json".into()],
                ..wish()
            },
            "no file",
        ),
        (
            Wish {
                lines: vec![(journal(), 8)],
                ..wish()
            },
            "lines 1 to 7",
        ),
        (
            Wish {
                lines: vec![(journal(), 0)],
                ..wish()
            },
            "lines 1 to 7",
        ),
        (
            Wish {
                lines: vec![(journal(), 1)],
                ..wish()
            },
            "facts of the run",
        ),
        (
            Wish {
                lines: vec![("target.toml".into(), 1)],
                ..wish()
            },
            "has no lines",
        ),
        (
            Wish {
                lines: vec![("report.json".into(), 1)],
                ..wish()
            },
            "not a scenario",
        ),
        (
            Wish {
                scenarios: vec!["A".into(), "C".into()],
                ..wish()
            },
            "no scenario",
        ),
        (
            Wish {
                paths: vec!["*".into()],
                ..Wish::default()
            },
            "--reason",
        ),
    ] {
        let error = redact(&bundle, &wish, &out).expect_err(why);
        assert_eq!(error.code(), "redaction-impossible");
        assert!(error.to_string().contains(why), "{error}");
        assert!(!out.exists());
    }
}

//! The ways in which a document gets into `junkyo`, and what has to hold behind each of them.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::Duration;

use crate::process::{Call, Ended, Running, Scratch, junkyo};

/// Stands in files that are not to be read; it must never be seen in what is printed.
pub(crate) const CANARY: &str = "the-canary-sings";

pub(crate) const WSDL: &str = "http://schemas.xmlsoap.org/wsdl/";
pub(crate) const XSD: &str = "http://www.w3.org/2001/XMLSchema";

/// A schema for documents of any kind, and a document that it takes.
pub(crate) const SCHEMA: &str = r#"<xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:t">
<xsd:element name="a" type="xsd:string"/></xsd:schema>"#;
pub(crate) const FITS: &str = r#"<a xmlns="urn:t">x</a>"#;

const MOST_KIB: u64 = 600 * 1024;
const MOST_PROCESSOR: Duration = Duration::from_secs(5);
const MOST_OUTPUT: usize = 512 * 1024;

/// How a document is given to `junkyo`.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Door {
    /// As a SOAP message.
    Message,
    /// As XML under a schema.
    Xml,
    /// As a service description to judge.
    Description,
    /// As the description that a message has to follow.
    AgainstWsdl,
    /// As the schema that a document has to follow.
    AgainstXsd,
    /// As what a corpus folder is made of.
    Import,
}

impl Door {
    pub(crate) const ALL: [Self; 6] = [
        Self::Message,
        Self::Xml,
        Self::Description,
        Self::AgainstWsdl,
        Self::AgainstXsd,
        Self::Import,
    ];
    /// Where what is told differs; behind the others is the same reader.
    pub(crate) const FEW: [Self; 2] = [Self::Message, Self::Description];
    /// Those through which descriptions and schemas come.
    pub(crate) const DESCRIPTIONS: [Self; 3] = [Self::Description, Self::AgainstWsdl, Self::Import];

    /// Name of the file and arguments of the call.
    fn call(self) -> (&'static str, &'static [&'static str]) {
        match self {
            Self::Message => ("in/x.soap", &["check", "in/x.soap", "--side", "request"]),
            Self::Xml => ("in/x.xml", &["check", "in/x.xml", "--against", "schema.xsd"]),
            Self::Description => ("in/x.wsdl", &["check", "in/x.wsdl"]),
            Self::AgainstWsdl => ("in/x.wsdl", &["check", "fits.xml", "--against", "in/x.wsdl"]),
            Self::AgainstXsd => ("in/x.xsd", &["check", "fits.xml", "--against", "in/x.xsd"]),
            Self::Import => ("in/x.wsdl", &["import", "in/x.wsdl", "--out", "out"]),
        }
    }
}

/// What did not hold: all of it is told at the end, not only the first.
pub(crate) struct Trial {
    faults: Vec<String>,
    /// The part of the corpus that is asked for here. `junkyo` is started some hundred times, and would otherwise spend
    /// most of that time reading scenarios.
    corpus: Scratch,
}

impl Default for Trial {
    fn default() -> Self {
        let trial = Self {
            faults: Vec::new(),
            corpus: Scratch::new("corpus"),
        };
        for name in ["profiles.toml", "readings.toml", "sources.toml"] {
            trial.with_corpus(name);
        }
        trial
    }
}

impl Trial {
    /// With what is required of descriptions and messages, so that it is told in full what is broken.
    pub(crate) fn with_requirements() -> Self {
        let trial = Self::default();
        for subject in ["description", "discovery", "envelope", "message"] {
            trial.with_corpus(&format!("requirements/ws-i-{subject}.toml"));
        }
        trial
    }

    /// Adds a file or a folder of the corpus.
    pub(crate) fn with_corpus(&self, name: &str) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("conformance").join(name);
        if path.is_dir() {
            for entry in fs::read_dir(path).expect("a folder of the corpus") {
                let inside = entry.expect("an entry").file_name();
                self.with_corpus(&format!("{name}/{}", inside.to_str().expect("a name")));
            }
        } else {
            let text = fs::read_to_string(path).expect("a file of the corpus");
            self.corpus.write(name, &text);
        }
    }

    /// Puts the content behind a door and calls `junkyo`.
    pub(crate) fn through(&mut self, scratch: &Scratch, door: Door, name: &str, content: &[u8]) -> Ended {
        let (file, arguments) = door.call();
        scratch.write("schema.xsd", SCHEMA);
        scratch.write("fits.xml", FITS);
        scratch.write(file, "");
        fs::write(scratch.join(file), content).expect("written");
        fs::remove_dir_all(scratch.join("out")).ok();
        let ended = self.call(scratch, arguments, &format!("{name} through {door:?}"));
        fs::remove_file(scratch.join(file)).expect("removed");
        ended
    }

    /// Behind each of these doors the document is refused, and one of these words is told.
    pub(crate) fn refused(&mut self, doors: &[Door], name: &str, content: &[u8], told: &[&str]) {
        let scratch = Scratch::new(name);
        for &door in doors {
            let ended = self.through(&scratch, door, name, content);
            self.is_refused(&ended, &format!("{name} through {door:?}"), told);
        }
    }

    /// It ended with a refusal that names one of these words.
    pub(crate) fn is_refused(&mut self, ended: &Ended, name: &str, told: &[&str]) {
        let text = shown(ended);
        self.holds(matches!(ended.code, Some(1 | 2)), name, "is not refused", ended);
        self.holds(text.len() > 20, name, "no reason is named", ended);
        let is_told = told.is_empty() || told.iter().any(|told| text.contains(told));
        self.holds(is_told, name, &format!("none of {told:?} is told"), ended);
    }

    /// One call, and what holds for every call, whatever comes in.
    pub(crate) fn call(&mut self, scratch: &Scratch, arguments: &[&str], name: &str) -> Ended {
        let running = self.prepared(scratch, arguments).start();
        self.ended(running, name)
    }

    /// A call under the corpus of this trial, not yet started.
    pub(crate) fn prepared(&self, scratch: &Scratch, arguments: &[&str]) -> Call {
        let mut call = junkyo(scratch, arguments);
        call.command.arg("--corpus").arg(self.corpus.path());
        call
    }

    /// Waits for the end of a call; what holds for every call is looked at.
    pub(crate) fn ended(&mut self, running: Running, name: &str) -> Ended {
        // A call that hangs must not hide what comes after it.
        let ended = catch_unwind(AssertUnwindSafe(|| running.wait())).unwrap_or_else(|_| Ended {
            code: None,
            stdout: "it hangs".into(),
            stderr: String::new(),
            elapsed: Duration::ZERO,
            peak_kib: 0,
            processor: Duration::MAX,
        });
        if std::env::var_os("HOSTILE_FIGURES").is_some() {
            let (time, memory) = (ended.processor.as_millis(), ended.peak_kib / 1024);
            eprintln!("figures\t{time:>6} ms\t{memory:>5} MiB\t{:?}\t{name}", ended.code);
        }
        let text = shown(&ended);
        self.holds(ended.code.is_some(), name, "a signal ended it", &ended);
        for word in ["panicked", "overflowed its stack", CANARY, "root:x:0"] {
            self.holds(
                !text.contains(word),
                name,
                &format!("`{word}` is in the output"),
                &ended,
            );
        }
        self.holds(text.len() < MOST_OUTPUT, name, "much output", &ended);
        self.holds(ended.peak_kib < MOST_KIB, name, "much memory", &ended);
        self.holds(ended.processor < MOST_PROCESSOR, name, "much time", &ended);
        ended
    }

    pub(crate) fn holds(&mut self, holds: bool, name: &str, what: &str, ended: &Ended) {
        if !holds {
            let (time, memory) = (ended.processor, ended.peak_kib / 1024);
            let text: String = shown(ended).chars().take(700).collect();
            let length = ended.stdout.len() + ended.stderr.len();
            self.faults.push(format!(
                "{name}: {what} (exit code {:?}, {time:?}, {memory} MiB, {length} bytes)\n{text}",
                ended.code
            ));
        }
    }

    #[track_caller]
    pub(crate) fn end(self) {
        let count = self.faults.len();
        assert!(count == 0, "{count} faults:\n\n{}", self.faults.join("\n\n"));
    }
}

fn shown(ended: &Ended) -> String {
    format!("{}{}", ended.stdout, ended.stderr)
}

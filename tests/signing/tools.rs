//! Other people's programs, and ours.

use std::path::Path;
use std::process::{Command, Output};

use crate::process::Scratch;

/// Runs a program in the folder of a test.
pub(crate) fn ran(scratch: &Scratch, program: &str, arguments: &[&str]) -> Output {
    Command::new(program)
        .args(arguments)
        .current_dir(scratch.path())
        .output()
        .unwrap_or_else(|error| panic!("{program}: {error}"))
}

/// Runs openssl, and panics if it says no.
pub(crate) fn openssl(scratch: &Scratch, words: &str) -> String {
    let arguments: Vec<&str> = words.split_whitespace().collect();
    let output = ran(scratch, "openssl", &arguments);
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "openssl {words}: {text} {}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

/// What a checker said.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Said {
    pub(crate) exit: i32,
    /// Code of the first fault, or empty.
    pub(crate) code: String,
    pub(crate) text: String,
}

/// The independent checker of bundles.
pub(crate) fn verify_py(scratch: &Scratch, arguments: &[&str]) -> Said {
    python(scratch, "ci/verify.py", arguments)
}

/// The independent checker of proof packs.
pub(crate) fn verify_pack_py(scratch: &Scratch, arguments: &[&str]) -> Said {
    python(scratch, "ci/verify_pack.py", arguments)
}

fn python(scratch: &Scratch, script: &str, arguments: &[&str]) -> Said {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join(script);
    let script = script.to_str().expect("UTF-8");
    let output = ran(scratch, "python3", &[&["-B", script], arguments].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let words: Vec<&str> = text.split_whitespace().collect();
    let code = match words.first() {
        Some(&"VALID") => "",
        _ => words.get(1).copied().unwrap_or("no answer"),
    };
    Said {
        exit: output.status.code().unwrap_or(-1),
        code: code.to_owned(),
        text: text + &String::from_utf8_lossy(&output.stderr),
    }
}

//! Files that are no files, or far too large.

use std::fs::File;
use std::process::Command;

use crate::doors::{SCHEMA, Trial};
use crate::process::Scratch;

/// Everything that takes a file, with this one.
fn calls(name: &str) -> [Vec<String>; 6] {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    [
        words(&["check", name]),
        words(&["check", name, "--side", "request"]),
        words(&["check", name, "--against", "schema.xsd"]),
        words(&["check", "schema.xsd", "--against", name]),
        words(&["import", name, "--out", "out"]),
        words(&["judge", name]),
    ]
}

fn refused_everywhere(trial: &mut Trial, scratch: &Scratch, name: &str, told: &[&str]) {
    scratch.write("schema.xsd", SCHEMA);
    for call in calls(name) {
        let words: Vec<&str> = call.iter().map(String::as_str).collect();
        let name = words.join(" ");
        let ended = trial.call(scratch, &words, &name);
        trial.is_refused(&ended, &name, told);
        trial.holds(ended.code == Some(2), &name, "another exit code", &ended);
    }
}

#[test]
fn a_gigabyte_is_refused_before_it_is_read() {
    let mut trial = Trial::default();
    let scratch = Scratch::new("gigabyte");
    for name in ["x.xml", "x.wsdl", "x.xsd"] {
        let file = File::create(scratch.join(name)).expect("created");
        file.set_len(1 << 30).expect("sparse");
        refused_everywhere(&mut trial, &scratch, name, &["1073741824", "folder", "bundle"]);
        std::fs::remove_file(scratch.join(name)).expect("removed");
    }
    trial.end();
}

#[test]
fn pipes_and_devices_are_not_opened() {
    let mut trial = Trial::default();
    let scratch = Scratch::new("pipe");
    let made = Command::new("mkfifo")
        .arg(scratch.join("x.wsdl"))
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    refused_everywhere(&mut trial, &scratch, "x.wsdl", &["a pipe or a device"]);
    refused_everywhere(&mut trial, &scratch, "/dev/zero", &["a pipe or a device"]);
    // Beside a description, a pipe is not looked at.
    scratch.write("in/x.wsdl", "<definitions xmlns=\"http://schemas.xmlsoap.org/wsdl/\"/>");
    let made = Command::new("mkfifo")
        .arg(scratch.join("in/y.xsd"))
        .status()
        .expect("mkfifo runs");
    assert!(made.success());
    trial.call(&scratch, &["check", "in/x.wsdl"], "a pipe beside");
    trial.end();
}

#[test]
fn what_is_not_there_or_empty_is_refused() {
    let mut trial = Trial::default();
    let scratch = Scratch::new("absent");
    refused_everywhere(&mut trial, &scratch, "none.wsdl", &["none.wsdl"]);
    scratch.write("empty.wsdl", "");
    refused_everywhere(&mut trial, &scratch, "empty.wsdl", &["empty"]);
    std::fs::create_dir_all(scratch.join("folder.wsdl")).expect("a folder");
    refused_everywhere(&mut trial, &scratch, "folder.wsdl", &["folder.wsdl"]);
    std::os::unix::fs::symlink("loop.wsdl", scratch.join("loop.wsdl")).expect("a link");
    refused_everywhere(&mut trial, &scratch, "loop.wsdl", &["loop.wsdl"]);
    trial.end();
}

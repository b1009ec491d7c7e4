//! The descriptions of all units, read by the tools of others and by our own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use libtest_mimic::Trial;

use super::harness::{Folder, installed, repository};
use super::trial;

const UNITS: u8 = 26;
/// Units of which gSOAP and JAX-WS make code.
const GENERATED: [u8; 3] = [1, 10, 23];

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = Vec::new();
    for unit in 1..=UNITS {
        trials.push(trial(format!("wsdl::{unit:02}"), move |folder| readable(folder, unit)));
    }
    for unit in GENERATED {
        trials.push(trial(format!("wsdl2h::{unit:02}"), move |folder| gsoap(folder, unit)));
        trials.push(trial(format!("wsimport::{unit:02}"), move |folder| jaxws(folder, unit)));
    }
    trials
}

/// The description of a unit, as `junkyo show` tells it.
fn description(unit: u8) -> Result<&'static str, String> {
    static TOLD: [OnceLock<Result<String, String>>; UNITS as usize] = [const { OnceLock::new() }; UNITS as usize];
    let place = TOLD.get(usize::from(unit) - 1).ok_or("no such unit")?;
    let told = place.get_or_init(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_junkyo"));
        done(command.args(["show", &format!("unit.{unit:02}"), "--wsdl"]))
    });
    told.as_deref().map_err(Clone::clone)
}

/// Writes the description of a unit into a folder.
fn write(folder: &Folder, unit: u8) -> Result<PathBuf, String> {
    folder.write(&format!("unit-{unit:02}.wsdl"), description(unit)?)
}

/// Writes the descriptions of all units; the folder.
pub(crate) fn write_all(folder: &Folder) -> Result<PathBuf, String> {
    let path = folder.at("wsdl");
    fs::create_dir_all(&path).map_err(|error| error.to_string())?;
    for unit in 1..=UNITS {
        let file = path.join(format!("unit-{unit:02}.wsdl"));
        fs::write(&file, description(unit)?).map_err(|error| error.to_string())?;
    }
    Ok(path)
}

/// What a program printed, if it ended well.
fn done(command: &mut Command) -> Result<String, String> {
    let what = command.get_program().to_string_lossy().into_owned();
    let output = command.output().map_err(|error| format!("{what}: {error}"))?;
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(out);
    }
    let err = String::from_utf8_lossy(&output.stderr);
    Err(format!("{what} ended with {}: {out}{err}", output.status))
}

/// lxml compiles the schema, zeep builds every operation, xmllint validates the message of each, and our own check finds
/// nothing wrong.
fn readable(folder: &Folder, unit: u8) -> Result<(), String> {
    let file = write(folder, unit)?;
    let mut python = Command::new(installed("venv/bin/python")?);
    let tool = repository("tests/independent/units/read_wsdl.py");
    done(python.arg("-B").arg(tool).arg(&file).arg(folder.at("messages")))?;
    let mut lint = Command::new("xmllint");
    lint.args(["--noout", "--schema"])
        .arg(folder.at("messages").join("schema.xsd"));
    let mut messages = 0;
    for entry in fs::read_dir(folder.at("messages")).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        if path.extension().is_some_and(|extension| extension == "xml") {
            lint.arg(path);
            messages += 1;
        }
    }
    if messages == 0 {
        return Err("zeep built no message".into());
    }
    done(&mut lint)?;
    done(Command::new(env!("CARGO_BIN_EXE_junkyo")).arg("check").arg(&file)).map(drop)
}

fn gsoap(folder: &Folder, unit: u8) -> Result<(), String> {
    let file = write(folder, unit)?;
    let header = folder.at("unit.h");
    done(Command::new("wsdl2h").arg("-c").arg("-o").arg(&header).arg(&file))?;
    let mut compiler = Command::new("soapcpp2");
    compiler
        .args(["-c", "-CL", "-x"])
        .arg("-d")
        .arg(folder.at(""))
        .arg(&header);
    done(compiler.current_dir(folder.at("")))?;
    grown(&folder.at("soapC.c"))
}

fn jaxws(folder: &Folder, unit: u8) -> Result<(), String> {
    let file = write(folder, unit)?;
    let mut command = Command::new("wsimport");
    command.args(["-Xnocompile", "-keep", "-quiet", "-p", "unit", "-d"]);
    done(command.arg(folder.at("")).arg(&file))?;
    grown(&folder.at("unit/ObjectFactory.java"))
}

/// A generated file that is there and holds something.
fn grown(path: &Path) -> Result<(), String> {
    let length = fs::metadata(path).map(|data| data.len());
    match length {
        Ok(length) if length > 1000 => Ok(()),
        other => Err(format!("{}: {other:?}", path.display())),
    }
}

//! Floor 7: the command line: one file a subcommand, arguments → one call.

mod args;
mod catalog;
mod check;
mod corpus;
mod diff;
mod error;
mod identify;
mod import;
mod interconnect;
mod judge;
mod keygen;
mod list;
mod merge;
mod mock;
mod mock_place;
mod output;
mod population;
mod preflight;
mod progress;
mod record;
mod redact;
mod registry;
mod rfp;
mod run;
mod selftest;
mod show;
mod sign;
mod units;
mod verify;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser as _;

use args::{Args, Command};
use error::CliError;

/// Exit codes. Fixed: other people's scripts rely on them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Exit {
    /// Conformant, or the command did what it should.
    Success = 0,
    /// Non-conformant, or differences were found.
    NonConformant = 1,
    /// The command line, the corpus or the target file is wrong.
    Usage = 2,
    /// Product unreachable, harness error, interrupted, review pending.
    Incomplete = 3,
    /// Nothing was selected to run.
    Nothing = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// How long one document may be validated, or one set of schemas be compiled.
const ENGINE_PATIENCE: Duration = Duration::from_secs(20);

/// A summary that nobody reads any more is no failure, and never changes the exit code of what it
/// summarises: `junkyo run | head` is as non-conformant as `junkyo run`.
fn unless_closed(written: std::io::Result<()>) -> std::io::Result<()> {
    match written {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Reads the arguments and does what they say.
pub fn main() -> ExitCode {
    let args = match Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            // Help and version are no errors.
            let exit = if error.use_stderr() { Exit::Usage } else { Exit::Success };
            error.print().ok();
            return exit.into();
        }
    };
    let lang = args.language();
    crate::schema::watch(ENGINE_PATIENCE, move |why| {
        eprintln!("error: {}", why.get(lang));
        std::process::exit(Exit::Incomplete as i32);
    });
    let result = match args.command {
        Command::Run(run) => run::main(&run, &args.common, lang),
        Command::List(list) => list::main(&list, &args.common, lang),
        Command::Show(show) => show::main(&show, &args.common, lang, false),
        Command::Explain(show) => show::main(&show, &args.common, lang, true),
        Command::Identify(identify) => identify::main(&identify, lang),
        Command::Preflight(preflight) => preflight::main(&preflight, &args.common, lang),
        Command::Mock(mock) => mock::main(&mock, &args.common, lang),
        Command::Check(check) => check::main(&check, &args.common, lang),
        Command::Record(record) => record::main(&record, &args.common, lang),
        Command::Import(import) => import::main(&import, lang),
        Command::Judge(judge) => judge::main(&judge, &args.common, lang),
        Command::Diff(diff) => diff::main(&diff, lang),
        Command::Merge(merge) => merge::main(&merge, &args.common, lang),
        Command::Interconnect(args_of) => interconnect::main(&args_of, &args.common, lang),
        Command::Redact(args) => redact::main(&args, lang),
        Command::Report(report) => judge::report(&report, lang),
        Command::Keygen(keygen) => keygen::main(&keygen, lang),
        Command::Sign(sign) => sign::main(&sign, lang),
        Command::Verify(verify) => verify::main(&verify, lang),
        Command::Corpus(corpus) => corpus::main(&corpus, &args.common),
        Command::Population(population) => population::main(&population, &args.common, lang),
        Command::Rfp(rfp) => rfp::main(&rfp, &args.common, lang),
        Command::Registry(registry) => registry::main(&registry, lang),
        Command::Catalog(catalog) => catalog::main(&catalog, lang),
        Command::Selftest(selftest) => selftest::main(&selftest, &args.common, lang),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(CliError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            // Whoever read our output has seen enough: `junkyo list | head` is no failure.
            Exit::Success.into()
        }
        Err(error) => {
            eprintln!("error: {error}");
            error.exit().into()
        }
    }
}

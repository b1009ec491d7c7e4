//! The `junkyo` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    junkyo::cli::main()
}

//! What can be typed after `junkyo rfp`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
pub(in crate::cli) struct Rfp {
    #[command(subcommand)]
    pub(super) action: Action,
}

#[derive(Debug, Subcommand)]
pub(super) enum Action {
    /// Check the answers of vendors to a list of clauses against registered evidence.
    Check(Box<Check>),
    /// Write requirement text for units, profiles and a STEP that a specification can use.
    Draft(Draft),
    /// List the notices of a procurement board, and the products that fit.
    Board(Board),
}

#[derive(Debug, Args)]
pub(super) struct Check {
    /// List of clauses: CSV (UTF-8, Shift_JIS), Excel (xlsx), Markdown, or claims as JSON.
    pub(super) list: PathBuf,
    /// Answers of a vendor in a file of their own; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(super) answers: Vec<PathBuf>,
    /// Catalog: address of a register, folder of a static export, or catalog.json.
    #[arg(long, value_name = "URL|DIR|FILE")]
    pub(super) catalog: String,
    /// Signed report statement (report.intoto.jsonl) that is not beside the catalog; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(super) report: Vec<PathBuf>,
    /// Trust bundle of the register: the signature of the catalog is verified with it.
    #[arg(long, value_name = "FILE")]
    pub(super) trust: Vec<PathBuf>,
    /// Day on which the findings shall hold; today if not given.
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// Decisions of a person about what clauses ask for; if there is no such file, it is written with suggestions to decide.
    #[arg(long, value_name = "FILE")]
    pub(super) confirm: Option<PathBuf>,
    /// Folder for result.json, result.ja.html, result.en.html and result.xlsx.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Private key (PEM), or pkcs11:…, to sign the result with: result.intoto.jsonl.
    #[arg(long, value_name = "FILE|URI", requires = "out")]
    pub(super) key: Option<String>,
    /// File whose first line is the passphrase of the key.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Earlier result.json: tell what changed; the same bytes are told as such.
    #[arg(long, value_name = "FILE")]
    pub(super) compare: Option<PathBuf>,
    /// The result as JSON on standard output instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
pub(super) struct Draft {
    /// Business unit, 1 to 26; repeatable.
    #[arg(long, value_name = "NN")]
    pub(super) unit: Vec<u8>,
    /// Profile; repeatable.
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Vec<String>,
    /// Only requirements up to this cloud STEP.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub(super) step: Option<u8>,
    /// Also requirements that no scenario tests, marked as such.
    #[arg(long)]
    pub(super) with_untested: bool,
    /// Form.
    #[arg(long, value_enum, default_value_t = Format::Md)]
    pub(super) format: Format,
    /// File; standard output if not given.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    Md,
    Csv,
    Xlsx,
    Html,
}

#[derive(Debug, Args)]
pub(super) struct Board {
    /// The board: board.json of a register (address or folder), or a file.
    #[arg(value_name = "URL|DIR|FILE")]
    pub(super) board: String,
    /// Catalog to look for products that fit: address of a register, folder, or catalog.json.
    #[arg(long, value_name = "URL|DIR|FILE")]
    pub(super) catalog: Option<String>,
    /// Day; today if not given.
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// Also notices whose deadline is over.
    #[arg(long)]
    pub(super) all: bool,
    /// JSON instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

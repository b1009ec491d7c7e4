//! What can be typed after `junkyo registry`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use crate::registry::model::Role;

/// The registration system: its server, its upkeep, and what vendors do with it.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct RegistryCommand {
    #[command(subcommand)]
    pub(in crate::cli) action: Action,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Action {
    /// Start the register: web pages, API, workers. The first start makes everything and prints an administrator's code.
    Serve(Serve),
    /// Judge submissions again, on this machine, for a register whose database several machines share.
    Worker(Worker),
    /// Accounts: add, list, disable, one-time codes.
    Account(Account),
    /// Test suites: list, release the corpus of this program, withdraw, retire.
    Suite(Suite),
    /// Publish a signed snapshot of the catalog now.
    Snapshot(Data),
    /// Expire what is past its end now.
    Expire(Data),
    /// Look for anything that was changed behind the register's back: tables, signatures, log, files.
    Check(Data),
    /// Write all data into a folder that a register on any database can be filled from.
    Export(Export),
    /// Write the public side as files: pages, catalog, log, proofs; for any web server or a folder in a closed network.
    ExportStatic(ExportStatic),
    /// Fill an empty register from an export, and compare.
    Import(Import),
    /// Write a copy of a running register: with SQLite a data folder to start on, with PostgreSQL an export.
    Backup(Export),
    /// Open a challenge for a product version: the file for `junkyo run --challenge`.
    Challenge(Challenge),
    /// Submit a signed bundle.
    Submit(Submit),
    /// Show what became of a submission.
    Status(Status),
    /// Remember what other people's logs have said, so that they cannot say two things.
    Witness(super::witness::Witness),
}

/// Where the register is.
#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct Data {
    /// Folder of the register.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) data: PathBuf,
    /// Configuration; `registry.toml` in the folder if not given.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) config: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    /// Empty folder to write to.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct ExportStatic {
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    /// Empty folder to write to.
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) out: PathBuf,
    /// Scheme and host of the register, for links that lead out of the folder, such as the QR code of a certificate.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:8480")]
    pub(in crate::cli) public_url: String,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Import {
    /// Folder of an export.
    #[arg(value_name = "DIR")]
    pub(in crate::cli) from: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) data: Data,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Serve {
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    /// Address to listen on (127.0.0.1:8480).
    #[arg(long, value_name = "ADDRESS")]
    pub(in crate::cli) listen: Option<String>,
    /// Scheme and host under which visitors reach it, e.g. https://registry.example.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) public_url: Option<String>,
    /// Threads that judge submissions again; 0 if other machines do (1).
    #[arg(long, value_name = "N")]
    pub(in crate::cli) workers: Option<usize>,
    /// Fill an empty register with fictional vendors and products, and print a code for each role. Takes some minutes.
    #[arg(long)]
    pub(in crate::cli) demo: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Worker {
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    /// Threads; all cores if not given.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) jobs: Option<usize>,
    /// End when the queue is empty.
    #[arg(long)]
    pub(in crate::cli) once: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Account {
    #[command(subcommand)]
    pub(in crate::cli) action: AccountAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum AccountAction {
    /// Make an account and print its one-time code.
    Add(AccountAdd),
    /// List accounts.
    List(Data),
    /// Keep an account out: its sessions, codes and tokens end at once.
    Disable(AccountOf),
    /// Let it in again.
    Enable(AccountOf),
    /// Print a new one-time code for an account.
    Code(AccountOf),
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct AccountAdd {
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    /// Name for people.
    #[arg(long)]
    pub(in crate::cli) name: String,
    /// Role.
    #[arg(long, value_enum)]
    pub(in crate::cli) role: RoleArg,
    /// Address for notices.
    #[arg(long, default_value = "")]
    pub(in crate::cli) email: String,
    /// Vendor that it acts for (its id); for the role vendor.
    #[arg(long, value_name = "ID")]
    pub(in crate::cli) vendor: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct AccountOf {
    #[command(flatten)]
    pub(in crate::cli) data: Data,
    /// Id, or a name or address that only one account has.
    pub(in crate::cli) account: String,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum RoleArg {
    Municipality,
    Vendor,
    Examiner,
    Approver,
    Administrator,
    Auditor,
}

impl RoleArg {
    pub(in crate::cli) fn role(self) -> Role {
        match self {
            Self::Municipality => Role::Municipality,
            Self::Vendor => Role::Vendor,
            Self::Examiner => Role::Examiner,
            Self::Approver => Role::Approver,
            Self::Administrator => Role::Administrator,
            Self::Auditor => Role::Auditor,
        }
    }
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Suite {
    #[command(subcommand)]
    pub(in crate::cli) action: SuiteAction,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum SuiteAction {
    /// List suites.
    List(Data),
    /// Release the corpus of this program: runs with it can be submitted from now on.
    Release {
        #[command(flatten)]
        data: Data,
        /// Last day on which runs with it are taken (YYYY-MM-DD).
        #[arg(long, value_name = "DAY")]
        valid_until: Option<String>,
    },
    /// Judge every registration again with the corpus of this program: one job each.
    Rejudge(Data),
}

/// Which register to speak with, and as whom.
#[derive(Clone, Debug, ClapArgs)]
pub(in crate::cli) struct Remote {
    /// Address of the register, e.g. https://registry.example.
    #[arg(long, value_name = "URL")]
    pub(in crate::cli) server: String,
    /// File with an API token; made on the account page of the register.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) token_file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Challenge {
    #[command(flatten)]
    pub(in crate::cli) remote: Remote,
    /// Target file of the product: name and version are looked up in the register, profiles are its claims.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) target: PathBuf,
    /// Profile to test instead of the claims of the target; repeatable.
    #[arg(long, value_name = "PROFILE")]
    pub(in crate::cli) profile: Vec<String>,
    /// File to write, for `junkyo run --challenge`.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Submit {
    /// Bundle, signed with `junkyo sign`.
    pub(in crate::cli) bundle: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) remote: Remote,
    /// Wait until the register has judged it again.
    #[arg(long)]
    pub(in crate::cli) wait: bool,
    /// Where to keep the signed receipt.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) receipt: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Status {
    /// Id of the submission.
    pub(in crate::cli) submission: String,
    #[command(flatten)]
    pub(in crate::cli) remote: Remote,
    /// Print the answer of the register as JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

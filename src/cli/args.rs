//! What can be typed.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};

use super::catalog::CatalogCommand;
use super::error::CliError;
use super::registry::RegistryCommand;
use crate::drive::Partition;
use crate::scenario::Corpus;
use crate::standard::CorpusFiles;
use crate::text::Lang;

/// Conformance tests for the interfaces of Japan's municipal systems (準拠).
///
/// Without a target, `junkyo run` tests the built-in reference platform.
///
/// Exit codes: 0 conformant or done · 1 non-conformant · 2 wrong arguments, corpus or target file ·
/// 3 incomplete · 4 nothing selected.
#[derive(Debug, Parser)]
#[command(name = "junkyo", version, arg_required_else_help = true)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) common: Common,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options that every command has.
#[derive(Debug, ClapArgs)]
pub(super) struct Common {
    /// Language of the output; from the locale if not given.
    #[arg(long, global = true, value_enum)]
    lang: Option<LangArg>,
    /// Folder with a corpus, instead of the built-in one.
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) corpus: Option<PathBuf>,
    /// Folder that `junkyo import` made, on top of the corpus; repeatable.
    #[arg(long = "with", global = true, value_name = "DIR")]
    pub(super) additions: Vec<PathBuf>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum LangArg {
    En,
    Ja,
}

impl Args {
    pub(super) fn language(&self) -> Lang {
        match self.common.lang {
            Some(LangArg::En) => Lang::En,
            Some(LangArg::Ja) => Lang::Ja,
            None => Lang::from_locale(),
        }
    }
}

impl Common {
    pub(super) fn corpus_files(&self) -> Result<CorpusFiles, CliError> {
        let fault = |error: crate::standard::FileError| CliError::Corpus(vec![error.into()]);
        let mut files = match &self.corpus {
            None => CorpusFiles::embedded(),
            Some(folder) => CorpusFiles::from_folder(folder).map_err(fault)?,
        };
        for folder in &self.additions {
            files.add_folder(folder).map_err(fault)?;
        }
        Ok(files)
    }

    pub(super) fn load_corpus(&self) -> Result<Corpus, CliError> {
        Corpus::load(&self.corpus_files()?).map_err(CliError::Corpus)
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Test a product, or the built-in reference platform.
    Run(Run),
    /// List scenarios, requirements, profiles, readings, checks, or the coverage.
    List(List),
    /// Show a scenario, requirement, reading, profile, check or interface.
    Show(Show),
    /// Explain the same in words: why it exists and what to do when it fails.
    Explain(Show),
    /// Tell what a value can be: identifiers and their check digits, dates, 続柄, addresses, characters.
    Identify(Identify),
    /// Check a target file and everything it names, before the first scenario.
    Preflight(Preflight),
    /// Start the reference platform, with defects if you like.
    Mock(Mock),
    /// Judge files without a product: WSDL, captured SOAP messages, any XML under a schema, recordings, CSV files.
    Check(Check),
    /// Stand between two systems, record what they say to each other, and judge it.
    Record(Record),
    /// Make a corpus folder from a WSDL, messages from a schema, or an item table from an official workbook.
    Import(Import),
    /// Judge recorded evidence again: a bundle, or a folder of a run.
    Judge(Judge),
    /// Tell what differs between two reports, or how stable many are.
    Diff(Diff),
    /// Put the parts of a run (--partition), or several runs, together.
    Merge(Merge),
    /// Bring two products together (相互接続確認): what one sent in its recorded run meets the other.
    Interconnect(Interconnect),
    /// Withhold files, lines or scenarios of a bundle; everything else stays proven.
    Redact(Redact),
    /// Render the report of a bundle or of a folder of a run.
    Report(Report),
    /// Make a key pair for signing.
    Keygen(Keygen),
    /// Sign a bundle, and put a timestamp on it.
    Sign(Sign),
    /// Tell what a signed bundle or a proof pack proves, and what not.
    Verify(Verify),
    /// Check the corpus, print its JSON Schemas, lock its ids.
    Corpus(CorpusCommand),
    /// A synthetic municipality of any size from a seed: export it, or show what it knows of a person.
    Population(Population),
    /// The registration system: its server, its upkeep, and what vendors do with it.
    Registry(RegistryCommand),
    /// Requests for proposals: check answers against registered evidence, write requirement text, list notices.
    Rfp(super::rfp::Rfp),
    /// The catalog of registered products: search, show, compare, verify; from an address, a folder or a file.
    Catalog(CatalogCommand),
    /// Run the suite against its own defects: the kill matrix.
    Selftest(Selftest),
}

#[derive(Debug, ClapArgs)]
pub(super) struct Run {
    /// Target file of the product; the reference platform if not given.
    #[arg(long, value_name = "FILE")]
    pub(super) target: Option<PathBuf>,
    /// Profile to test; repeatable. The claims of the target if not given.
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Vec<String>,
    /// Only scenarios that match, e.g. 'tag(token) & !id(*-slow)'.
    #[arg(long, value_name = "EXPR")]
    pub(super) filter: Option<String>,
    /// Scenarios at the same time; follows latency, not cores.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) jobs: u16,
    /// One of n equal parts of the run.
    #[arg(long, value_name = "K/N")]
    pub(super) partition: Option<Partition>,
    /// Where report and evidence go.
    #[arg(long, value_name = "DIR", default_value = "target/junkyo/latest")]
    pub(super) out: PathBuf,
    /// Go on with the run in this folder: what was not finished, and what did not pass.
    #[arg(long, value_name = "DIR", conflicts_with_all = ["out", "filter", "partition"])]
    pub(super) rerun: Option<PathBuf>,
    /// Carry out the whole plan so many times; the worst verdict of a scenario counts, and the report tells which waver.
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "rerun", value_parser = clap::value_parser!(u16).range(1..=100))]
    pub(super) repeat: u16,
    /// Challenge of a registry that the run answers: data follow from its nonce.
    #[arg(long, value_name = "FILE", conflicts_with = "rerun")]
    pub(super) challenge: Option<PathBuf>,
    /// Defect of the reference platform to switch on; repeatable.
    #[arg(long, value_name = "ID", conflicts_with = "target")]
    pub(super) defect: Vec<String>,
    /// Start although preflight found faults.
    #[arg(long)]
    pub(super) no_preflight: bool,
    /// Progress as text, or one JSON event a line.
    #[arg(long, value_enum, default_value_t = MessageFormat::Human)]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum MessageFormat {
    Human,
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct List {
    /// Only what matches this filter expression (scenarios) or word (everything else).
    pub(super) filter: Option<String>,
    /// Requirements instead of scenarios.
    #[arg(long, group = "what")]
    pub(super) requirements: bool,
    /// Profiles.
    #[arg(long, group = "what")]
    pub(super) profiles: bool,
    /// Readings: positions on contradictions of the official texts.
    #[arg(long, group = "what")]
    pub(super) readings: bool,
    /// Named checks.
    #[arg(long, group = "what")]
    pub(super) checks: bool,
    /// Defects of the reference platform.
    #[arg(long, group = "what")]
    pub(super) defects: bool,
    /// For every requirement: tested by …, or not tested because ….
    #[arg(long, group = "what")]
    pub(super) coverage: bool,
    /// Which business unit gets what from which.
    #[arg(long, group = "what")]
    pub(super) matrix: bool,
    /// With --matrix: as a drawing.
    #[arg(long, requires = "matrix", conflicts_with = "json")]
    pub(super) svg: bool,
    /// Only scenarios of this profile, and the whole table of its requirements.
    #[arg(long, value_name = "PROFILE")]
    pub(super) profile: Option<String>,
    /// One JSON value instead of a table.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Show {
    /// Id of a scenario, requirement, reading, profile, check, defect, interface or unit (unit.10), or a clause.
    pub(super) id: String,
    /// Of a unit or another SOAP service: its description, with the schema inside.
    #[arg(long)]
    pub(super) wsdl: bool,
    /// Of a unit: the item table of its groups, for `junkyo check FILE.csv --against`.
    #[arg(long, conflicts_with = "wsdl")]
    pub(super) table: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Identify {
    /// Values, such as 016373, 平成31年5月1日, 子の子, or an address.
    #[arg(required = true)]
    pub(super) values: Vec<String>,
    /// What came back of the value, to be compared character by character.
    #[arg(long, value_name = "TEXT")]
    pub(super) returned: Option<String>,
    /// One JSON array instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Preflight {
    /// Target file of the product.
    #[arg(long, value_name = "FILE")]
    pub(super) target: PathBuf,
    /// One JSON value instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Mock {
    /// Address to listen on.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8031")]
    pub(super) listen: String,
    /// Defect to switch on; repeatable. `junkyo list --defects` names them.
    #[arg(long, value_name = "ID")]
    pub(super) defect: Vec<String>,
    /// Residents whose numbers are taken.
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(0..=99))]
    pub(super) population: u32,
    /// Seed of numbers, client id and secret.
    #[arg(long, default_value_t = 20_260_401)]
    pub(super) seed: u64,
    /// Folder for ca.pem, client-secret and a target.toml that fits.
    #[arg(long, value_name = "DIR", default_value = "target/junkyo/mock")]
    pub(super) out: PathBuf,
    /// Milliseconds after which the API gives up.
    #[arg(long, value_name = "MS", default_value_t = 30_000)]
    pub(super) time_out: u64,
    /// File with the keys of `[files]` of a target file: where units lay down files. A folder in --out if not given.
    #[arg(long, value_name = "FILE")]
    pub(super) files: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Check {
    /// WSDL, SOAP message with or without its HTTP head, UDDI document, any XML, folder of a recording; CSV files if
    /// --against names an item table.
    #[arg(required = true)]
    pub(super) files: Vec<PathBuf>,
    /// WSDL or XML Schema that messages have to follow, or the item table (file or folder) of CSV files.
    #[arg(long, value_name = "WSDL|XSD|TABLE")]
    pub(super) against: Option<PathBuf>,
    /// Direction of envelopes without HTTP; told from their content if not given.
    #[arg(long, value_enum)]
    pub(super) side: Option<SideArg>,
    /// Option of a reading, such as WS-05=body-child; repeatable.
    #[arg(long, value_name = "ID=OPTION")]
    pub(super) reading: Vec<String>,
    /// Text, or one JSON value.
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(super) format: CheckFormat,
    /// Group of the item table that CSV files are of; told from their headers if not given.
    #[arg(long, value_name = "NAME")]
    pub(super) group: Option<String>,
    /// Show values of CSV files in findings, which are personal data; only their kinds if not given.
    #[arg(long)]
    pub(super) show_values: bool,
    /// Findings about CSV files that are listed; all are counted.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(super) max_errors: usize,
    /// MiB that the keys of CSV files may take (about 14 million keys per GiB).
    #[arg(long, value_name = "MIB", default_value_t = 1024)]
    pub(super) key_memory: u64,
    /// Progress about CSV files as text, or one JSON event a line, on standard error.
    #[arg(long, value_enum, default_value_t = MessageFormat::Human)]
    pub(super) message_format: MessageFormat,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum SideArg {
    Request,
    Response,
}

impl SideArg {
    pub(super) fn side(self) -> crate::judge::ws_i::Side {
        match self {
            Self::Request => crate::judge::ws_i::Side::Request,
            Self::Response => crate::judge::ws_i::Side::Response,
        }
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum CheckFormat {
    Text,
    Json,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Record {
    /// Address to listen on; give it to the calling system instead of the real one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8032")]
    pub(super) listen: String,
    /// Where calls go: scheme, host and port; the path of each call is kept.
    #[arg(long, value_name = "URL")]
    pub(super) forward: String,
    /// WSDL of the service, for judging.
    #[arg(long, value_name = "FILE")]
    pub(super) wsdl: Option<PathBuf>,
    /// Certificate chain (PEM) for TLS towards the caller.
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(super) tls_certificate: Option<PathBuf>,
    /// Its private key (PEM).
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(super) tls_key: Option<PathBuf>,
    /// Authorities (PEM) that the service's certificate may lead to; the public ones if not given.
    #[arg(long, value_name = "FILE")]
    pub(super) authorities: Option<PathBuf>,
    /// End after so many exchanges.
    #[arg(long, value_name = "N")]
    pub(super) count: Option<u64>,
    /// End after so many seconds.
    #[arg(long, value_name = "SECONDS")]
    pub(super) seconds: Option<u64>,
    /// Where recording and report go.
    #[arg(long, value_name = "DIR", default_value = "target/junkyo/recording")]
    pub(super) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Import {
    /// WSDL 1.1 or XML Schema file (what it imports is looked for in its folder and below), or a workbook (xlsx).
    pub(super) file: PathBuf,
    /// Folder for what is made; it has to be empty or not there.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Id of the service: letters, digits, hyphens. From the name of the file if not given.
    #[arg(long, value_name = "ID")]
    pub(super) id: Option<String>,
    /// Seed of the texts in the messages; it never changes what is made.
    #[arg(long, default_value_t = 20_260_401)]
    pub(super) seed: u64,
    /// Write into a folder that is not empty; files of the same name are replaced.
    #[arg(long)]
    pub(super) force: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Judge {
    /// Bundle, or folder of a run.
    pub(super) path: PathBuf,
    /// Where the new report goes; beside nothing if not given.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// What differs from the recorded report as one JSON value, instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Diff {
    /// Bundles, folders of runs, or report.json: before and after.
    #[arg(required = true, num_args = 2..)]
    pub(super) reports: Vec<PathBuf>,
    /// How stable the verdicts of many runs are, instead of what changed between two.
    #[arg(long)]
    pub(super) stability: bool,
    /// One JSON value instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Merge {
    /// Bundles or folders of runs.
    #[arg(required = true, num_args = 2..)]
    pub(super) runs: Vec<PathBuf>,
    /// Folder for the files of the whole run.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Interconnect {
    /// Bundle or folder of a run of the product that asks (scenarios of a consumer).
    pub(super) sender: PathBuf,
    /// The product that answers: its target file, if it is running; or a bundle or folder of its run.
    pub(super) receiver: PathBuf,
    /// Where report and evidence go.
    #[arg(long, value_name = "DIR", default_value = "target/junkyo/interconnection")]
    pub(super) out: PathBuf,
    /// The report as one JSON value instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Redact {
    /// Bundle.
    pub(super) bundle: PathBuf,
    /// Withhold these files; `*` stands for any characters; repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(super) path: Vec<String>,
    /// Withhold this line, such as evidence/journal.jsonl:17; repeatable.
    #[arg(long, value_name = "FILE:N")]
    pub(super) line: Vec<String>,
    /// Withhold all that was exchanged in these scenarios; `*` stands for any characters; repeatable.
    #[arg(long, value_name = "ID")]
    pub(super) scenario: Vec<String>,
    /// Why. It stands in the new bundle.
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
    /// The new bundle.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Report {
    /// Bundle, folder of a run, or report.json.
    pub(super) path: PathBuf,
    /// Rendering.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum Format {
    Text,
    Html,
    Json,
    Junit,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Keygen {
    /// Folder for private.pem and public.pem; nothing is overwritten.
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// What the key signs with.
    #[arg(long, value_enum, default_value_t = KeyAlgorithm::Ed25519)]
    pub(super) algorithm: KeyAlgorithm,
    /// File whose first line encrypts the private key, or is the passphrase of --key.
    #[arg(long, value_name = "FILE")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// Only write public.pem of this key: a file, or pkcs11:module=…;token=…;object=…;pin-file=….
    #[arg(long, value_name = "FILE|URI", conflicts_with = "algorithm")]
    pub(super) key: Option<String>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum KeyAlgorithm {
    Ed25519,
    P256,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Sign {
    /// Bundle; the signature goes into it. Signatures of other keys stay.
    pub(super) bundle: PathBuf,
    /// Private key (PEM), or pkcs11:module=…;token=…;object=…;pin-file=….
    #[arg(long, value_name = "FILE|URI")]
    pub(super) key: Option<String>,
    /// File whose first line is the passphrase of the key.
    #[arg(long, value_name = "FILE", requires = "key")]
    pub(super) passphrase_file: Option<PathBuf>,
    /// RFC 3161 timestamp authority to ask for a token over what is signed.
    #[arg(long, value_name = "URL")]
    pub(super) timestamp: Option<String>,
    /// Authorities (PEM) that its TLS certificate may lead to; the public ones if not given.
    #[arg(long, value_name = "FILE", requires = "timestamp")]
    pub(super) authorities: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Verify {
    /// Bundle, or proof pack of the register.
    pub(super) file: PathBuf,
    /// Whom you trust: public key of a vendor (PEM), trust bundle of the register, root of a timestamp authority
    /// (PEM); repeatable. Get it from its owner, never together with the file.
    #[arg(long, value_name = "FILE")]
    pub(super) trust: Vec<PathBuf>,
    /// Day or time at which the status is asked; now if not given.
    #[arg(long, value_name = "DATE")]
    pub(super) as_of: Option<String>,
    /// File with the newest checkpoint of the log that you have seen: an older one is refused, a newer one is kept.
    #[arg(long, value_name = "FILE")]
    pub(super) seen: Option<PathBuf>,
    /// One JSON value, in both languages, instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CorpusCommand {
    #[command(subcommand)]
    pub(super) action: CorpusAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum CorpusAction {
    /// Prove that every reference resolves, every text exists in both languages, every id is locked.
    Lint,
    /// Write the JSON Schemas of all files that people write and that we emit.
    Schema {
        /// Folder for the schemas.
        #[arg(long, value_name = "DIR", default_value = "reports/schemas")]
        out: PathBuf,
    },
    /// Write ids.lock of the corpus folder given with --corpus.
    Lock {
        /// Also accept changed fingerprints: only the wording changed, not the meaning.
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct Population {
    #[command(subcommand)]
    pub(super) action: PopulationAction,
}

#[derive(Debug, Subcommand)]
pub(super) enum PopulationAction {
    /// Write what all units keep about everybody: one file a record, and manifest.json last.
    Export(PopulationExport),
    /// Print what the units know of a number: 宛名番号, 世帯番号, staff, document, folder or budget account.
    Show(PopulationShow),
}

/// What a municipality follows from.
#[derive(Debug, ClapArgs)]
pub(super) struct MunicipalityArgs {
    /// Residents, 100 to 3800000; 1000 if not given.
    #[arg(long, value_name = "N")]
    pub(super) size: Option<u64>,
    /// Seed; that of fixtures/municipality if not given.
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// Reference day; 2026-10-01 if not given.
    #[arg(long, value_name = "YYYY-MM-DD")]
    pub(super) as_of: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct PopulationExport {
    #[command(flatten)]
    pub(super) municipality: MunicipalityArgs,
    /// Folder for the files; files of the same name are replaced.
    #[arg(long, value_name = "DIR", required_unless_present = "dry_run")]
    pub(super) out: Option<PathBuf>,
    /// Only these units, e.g. 01,10.
    #[arg(long, value_name = "NN", value_delimiter = ',')]
    pub(super) units: Vec<u8>,
    /// CSV (RFC 4180, UTF-8), or XML that is valid under the schema of the unit.
    #[arg(long, value_enum, default_value_t = PopulationFormat::Csv)]
    pub(super) format: PopulationFormat,
    /// Threads that compute; all cores if not given.
    #[arg(long, value_name = "N")]
    pub(super) jobs: Option<usize>,
    /// Compute and count everything, write nothing: rows and bytes that an export would have.
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Also write synthetic individual numbers (they begin with 000000), for at most 100000 residents.
    #[arg(long)]
    pub(super) with_individual_numbers: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(super) enum PopulationFormat {
    Csv,
    Xml,
}

#[derive(Debug, ClapArgs)]
pub(super) struct PopulationShow {
    /// The number.
    pub(super) number: String,
    #[command(flatten)]
    pub(super) municipality: MunicipalityArgs,
    /// One JSON value instead of text.
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct Selftest {
    /// Only these defects.
    #[arg(long, value_name = "ID")]
    pub(super) defect: Vec<String>,
    /// Where the matrix is written as JSON.
    #[arg(long, value_name = "FILE")]
    pub(super) json: Option<PathBuf>,
    /// List every check and the defects that make it fail.
    #[arg(long)]
    pub(super) verbose: bool,
}

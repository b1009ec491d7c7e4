//! What can be typed after `junkyo catalog`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

/// The catalog of registered products, from an address, a folder (a static export) or `catalog.json`; works offline.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct CatalogCommand {
    #[command(subcommand)]
    pub(in crate::cli) action: Action,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Action {
    /// Find registrations by words and facets.
    Search(Search),
    /// Show one registration with its history.
    Show(Show),
    /// Put two to five registrations side by side.
    Compare(Compare),
    /// Show which products of a business unit were seen to work with each other.
    Matrix(Matrix),
    /// Compute the catalog again from its log, and check every signature; remembers what it has seen.
    Verify(Verify),
    /// Write the catalog of a day as a table (.csv), a feed (.atom) or the file itself (.json).
    Export(Export),
}

/// Where the catalog is, and which day is asked for.
#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct From {
    /// Address of a catalog, folder of a static export, or catalog.json.
    #[arg(long, value_name = "PLACE")]
    pub(in crate::cli) from: String,
    /// Day that is asked for (2026-11-22); today if not given.
    #[arg(long, value_name = "DATE")]
    pub(in crate::cli) as_of: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Search {
    /// Words, each of which has to occur: name, vendor, number, unit …; kana, width and variants of kanji do not matter.
    #[arg(value_name = "WORD")]
    pub(in crate::cli) words: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) from: From,
    /// Facet and value, e.g. unit=01, status=active, vendor=9000000000000; repeatable. Values of one facet are
    /// alternatives. Facets: unit, profile, step, vendor, cloud, size, status, kind, feature, suite.
    #[arg(long = "where", value_name = "FACET=VALUE")]
    pub(in crate::cli) facets: Vec<String>,
    /// Only those that end within so many months.
    #[arg(long, value_name = "MONTHS")]
    pub(in crate::cli) expires_within: Option<String>,
    /// name, vendor, newest, expiry or number.
    #[arg(long, value_name = "ORDER")]
    pub(in crate::cli) sort: Option<String>,
    /// Page, from 1.
    #[arg(long, value_name = "N")]
    pub(in crate::cli) page: Option<String>,
    /// Records of a page (20).
    #[arg(long, value_name = "N")]
    pub(in crate::cli) per_page: Option<String>,
    /// Counts by facet as well.
    #[arg(long)]
    pub(in crate::cli) facet_counts: bool,
    /// One JSON value instead of text.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Show {
    /// Registration number.
    pub(in crate::cli) number: String,
    #[command(flatten)]
    pub(in crate::cli) from: From,
    /// One JSON value instead of text.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Compare {
    /// Registration numbers.
    #[arg(value_name = "NUMBER", required = true, num_args = 2..=5)]
    pub(in crate::cli) numbers: Vec<String>,
    #[command(flatten)]
    pub(in crate::cli) from: From,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Matrix {
    /// Business unit, two digits.
    pub(in crate::cli) unit: String,
    #[command(flatten)]
    pub(in crate::cli) from: From,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Verify {
    /// Address of a catalog, or folder of a static export.
    #[arg(value_name = "PLACE")]
    pub(in crate::cli) place: String,
    /// Trust bundle of the register; get it another way than from the place itself. Repeatable.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) trust: Vec<PathBuf>,
    /// File that remembers what was seen, so that a catalog or a log that goes back is noticed.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) state: Option<PathBuf>,
    /// Registration whose changes are told (exit code 1); repeatable. Needs --state.
    #[arg(long, value_name = "NUMBER", requires = "state")]
    pub(in crate::cli) watch: Vec<String>,
    /// Do not read every entry of the log again, only prove that it continues what was seen.
    #[arg(long)]
    pub(in crate::cli) quick: bool,
    /// One JSON value, in both languages, instead of text.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, ClapArgs)]
pub(in crate::cli) struct Export {
    #[command(flatten)]
    pub(in crate::cli) from: From,
    /// File to write; its ending says the form: .csv, .atom or .json.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) out: PathBuf,
    /// What the columns of the table mean, in a second file.
    #[arg(long, value_name = "FILE")]
    pub(in crate::cli) dictionary: Option<PathBuf>,
}

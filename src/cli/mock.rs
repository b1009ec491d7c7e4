//! `junkyo mock`.

use std::fs;
use std::io::Write as _;
use std::time::Duration;

use super::Exit;
use super::args::{Common, Mock};
use super::error::CliError;
use super::mock_place;
use crate::drive::{Reference, RunError};
use crate::mock::DefectSet;
use crate::mock::units::UnitService;
use crate::population::resident_numbers;
use crate::scenario::Corpus;
use crate::text::Lang;
use crate::wire::place::Place;

pub(super) fn main(args: &Mock, common: &Common, _lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let defects = DefectSet::parse(&args.defect)
        .map_err(|error| CliError::Usage(format!("{error}; `junkyo list --defects` names them all")))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CliError::Output)?;
    runtime.block_on(async {
        let time_out = Duration::from_millis(args.time_out);
        let place = match &args.files {
            Some(path) => mock_place::open(path)?,
            None => Place::folder(args.out.join("exchange")),
        };
        // Small numbers are residents of the numbering API alone; a municipality begins at a hundred.
        let size = (args.population >= 100).then_some(u64::from(args.population));
        let reference = Reference::start_on(&args.listen, &corpus, args.seed, defects, time_out, place, size).await?;
        let residents = resident_numbers(args.seed, args.population as usize);
        reference
            .platform
            .act("load-residents", &serde_json::json!({ "numbers": residents }));
        write_files(args, &corpus, &reference)?;
        let running = &reference.running;
        let mut out = std::io::stdout().lock();
        writeln!(out, "listening    {}", running.url)?;
        writeln!(out, "token        {}", running.token_endpoint)?;
        writeln!(out, "introspect   {}", running.introspection_endpoint)?;
        writeln!(out, "driver       {}", running.driver)?;
        writeln!(out, "exchange     {}", running.exchange)?;
        writeln!(out, "description  {}", running.description)?;
        writeln!(out, "files        {}", args.out.display())?;
        writeln!(
            out,
            "over SOAP    junkyo run --target {}",
            args.out.join("target-soap.toml").display()
        )?;
        writeln!(
            out,
            "units        junkyo run --target {}",
            args.out.join("target-units.toml").display()
        )?;
        writeln!(
            out,
            "try          junkyo run --target {}",
            args.out.join("target.toml").display()
        )?;
        out.flush()?;
        drop(out);
        tokio::signal::ctrl_c().await.map_err(CliError::Output)?;
        Ok(Exit::Success)
    })
}

/// A target file that fits, with the secret and the certificate beside it.
fn write_files(args: &Mock, corpus: &Corpus, reference: &Reference) -> Result<(), CliError> {
    let running = &reference.running;
    let target = format!(
        r#"# Written by `junkyo mock`: the reference platform as if it were a product.

[product]
vendor = "junkyo"
name = "reference platform"
version = "{version}"
claims = ["common-function.031.provider", "common-function.authorization"]

[endpoints."031.numbering"]
url = "{url}"

[auth]
token-endpoint = "{token}"
introspection-endpoint = "{introspection}"
client-id = "{client_id}"
client-secret-file = "client-secret"

[tls]
authorities = "ca.pem"

[driver.provider]
url = "{driver}"
actions = [
    "maintenance-on", "maintenance-off", "unexpected-on", "unexpected-off", "slow-on", "slow-off", "expire-token",
    "load-residents", "next-number", "introspection-down", "introspection-up", "reset",
]

[data]
seed = {seed}

[limits]
exchange-timeout-ms = {limit}
"#,
        version = env!("CARGO_PKG_VERSION"),
        url = running.url,
        token = running.token_endpoint,
        introspection = running.introspection_endpoint,
        client_id = reference.client_id,
        driver = running.driver,
        seed = args.seed,
        limit = args.time_out + 5_000,
    );
    let write = |name: &str, text: &str| {
        let path = args.out.join(name);
        fs::write(&path, text).map_err(|source| CliError::Write { path, source })
    };
    fs::create_dir_all(&args.out).map_err(|source| CliError::Write {
        path: args.out.clone(),
        source,
    })?;
    write("ca.pem", &reference.authority.pem)?;
    write("client-secret", &reference.client_secret)?;
    write("target.toml", &target)?;
    let signer = reference.signing.issue("junkyo harness").map_err(RunError::from)?;
    write("signing.pem", &signer.certificate)?;
    write("signing-key.pem", &signer.key)?;
    write("signing-ca.pem", &reference.signing.pem)?;
    write("target-soap.toml", &soap_target(reference))?;
    let files = match &args.files {
        Some(path) => mock_place::section(path)?,
        None => "[files]\nfolder = \"exchange\"\n".to_owned(),
    };
    write("target-units.toml", &units_target(corpus, reference, &files))
}

/// A target file for the business units.
fn units_target(corpus: &Corpus, reference: &Reference, files: &str) -> String {
    let running = &reference.running;
    let mut claims = String::new();
    let mut endpoints = String::new();
    for unit in corpus.units.iter() {
        let id = unit.interface();
        let url = running.exchange.with_target(UnitService::path(unit.file.number));
        claims.push_str(&format!("    \"{id}.provider\",\n"));
        endpoints.push_str(&format!("[endpoints.\"{id}\"]\nurl = \"{url}\"\n"));
    }
    for profile in ["life-events", "file-linkage"] {
        if corpus.profile(profile).is_some() {
            claims.push_str(&format!("    \"{profile}\",\n"));
        }
    }
    format!(
        r#"# Written by `junkyo mock`: the business units of the reference platform as if they were a product.

[product]
vendor = "junkyo"
name = "reference units"
version = "{version}"
claims = [
{claims}]

{endpoints}
{files}
[tls]
authorities = "ca.pem"

[driver.provider]
url = "{driver}"
actions = ["export-group", "import-group"]

[limits]
settle-ms = 200
"#,
        version = env!("CARGO_PKG_VERSION"),
        driver = running.driver,
    )
}

/// A target file for the exchange service beside the API.
fn soap_target(reference: &Reference) -> String {
    let running = &reference.running;
    format!(
        r#"# Written by `junkyo mock`: the reference exchange service as if it were a product.

[product]
vendor = "junkyo"
name = "reference exchange service"
version = "{version}"
claims = [
    "platform-communication.soap.provider", "platform-communication.addressing.provider",
    "platform-communication.security.provider", "platform-communication.delivery.provider",
]

[endpoints."platform-communication.soap"]
url = "{url}"

[tls]
authorities = "ca.pem"

[security]
certificate = "signing.pem"
key = "signing-key.pem"
authorities = "signing-ca.pem"

[driver.provider]
url = "{driver}"
actions = ["received-changes", "restart", "exchange-reset", "signatures-required-on", "signatures-required-off"]

[limits]
settle-ms = 200
retry-wait-ms = 100
consumer-timeout-ms = 5000
"#,
        version = env!("CARGO_PKG_VERSION"),
        url = running.exchange,
        driver = running.driver,
    )
}

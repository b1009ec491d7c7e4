//! `junkyo record`.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::args::{Common, Record};
use super::error::CliError;
use super::output::{RunFolder, exit_of};
use super::{Exit, unless_closed};
use crate::drive::{Monitor, MonitorOptions, RECORDED, recorded_files};
use crate::evidence::{RunFacts, read_journal};
use crate::report::{judge_again, write_summary};
use crate::scenario::Corpus;
use crate::schema::DocumentSet;
use crate::standard::ReadingChoice;
use crate::text::Lang;
use crate::wire::Url;
use crate::wire::certificate::{client_from_pem, server_from_pem};

/// Interface id under which traffic is judged.
const SERVICE: &str = "platform-communication.soap";

/// Records until the user ends it, then judges what was recorded.
pub(super) fn main(args: &Record, common: &Common, lang: Lang) -> Result<Exit, CliError> {
    let corpus = common.load_corpus()?;
    let usage = |message: String| CliError::Usage(message);
    let forward = Url::parse(&args.forward).map_err(|error| usage(format!("--forward: {error}")))?;
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| usage(format!("cannot read {}: {error}", path.display())))
    };
    let tls = match (&args.tls_certificate, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            let config = server_from_pem(&read(certificate)?, &read(key)?);
            Some(config.map_err(|error| usage(format!("{}: {error}", certificate.display())))?)
        }
        _ => None,
    };
    let authorities = args.authorities.as_deref().map(read).transpose()?;
    let client_tls =
        client_from_pem(authorities.as_deref(), None).map_err(|error| usage(format!("--authorities: {error}")))?;
    let facts = facts_of(args, &corpus)?;
    let folder = RunFolder::new(&args.out);
    let options = MonitorOptions {
        listen: args.listen.clone(),
        forward: forward.clone(),
        tls,
        client_tls,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CliError::Output)?;
    runtime.block_on(async {
        let secured = options.tls.is_some();
        let monitor = Monitor::start(options, &folder.evidence(), facts).await?;
        let scheme = if secured { "https" } else { "http" };
        eprintln!(
            "recording {scheme}://{} → {}; end with Ctrl-C",
            monitor.address(),
            forward.with_target("/")
        );
        wait(args, &monitor).await;
        eprintln!("recorded {} exchanges", monitor.seen());
        monitor.end()?;
        Ok::<(), CliError>(())
    })?;
    let recording = read_journal(&folder.evidence())?;
    let report = judge_again(&corpus, &recording, &[]);
    folder.write(&report, None)?;
    let mut out = std::io::stdout().lock();
    unless_closed(write_summary(&report, lang, out.is_terminal(), &[], &mut out))?;
    unless_closed(writeln!(out, "{}", args.out.join("report.html").display()))?;
    Ok(exit_of(&report, true, false))
}

/// Until Ctrl-C, or until there is enough.
async fn wait(args: &Record, monitor: &Monitor) {
    let begun = Instant::now();
    let enough = async {
        loop {
            let counted = args.count.is_some_and(|count| monitor.seen() >= count);
            let over = args
                .seconds
                .is_some_and(|seconds| begun.elapsed() >= Duration::from_secs(seconds));
            if counted || over {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        () = enough => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}

fn facts_of(args: &Record, corpus: &Corpus) -> Result<RunFacts, CliError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut descriptions = BTreeMap::new();
    if let Some(path) = &args.wsdl {
        let documents = DocumentSet::from_file(path).map_err(|error| CliError::Usage(error.to_string()))?;
        descriptions.insert(SERVICE.to_owned(), recorded_files(&documents));
    }
    let readings =
        ReadingChoice::new(&corpus.readings, &BTreeMap::new()).map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(RunFacts {
        tool: env!("CARGO_PKG_VERSION").into(),
        corpus: corpus.digest.clone(),
        started_unix_ms: u64::try_from(now.as_millis()).unwrap_or(u64::MAX),
        product: BTreeMap::from([
            ("vendor".to_owned(), String::new()),
            ("name".to_owned(), format!("traffic to {}", args.forward)),
            ("version".to_owned(), String::new()),
        ]),
        profiles: vec![SERVICE.to_owned()],
        planned: RECORDED.iter().map(|id| (*id).to_owned()).collect(),
        partial: true,
        monitor: true,
        readings,
        descriptions,
        ..RunFacts::default()
    })
}

//! `junkyo registry serve` and `junkyo registry worker`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::account::print_code;
use super::args::{Serve, Worker};
use super::{Exit, open, open_existing, say, unfinished};
use crate::cli::error::CliError;
use crate::registry::Registry;
use crate::registry::accounts::{Accounts, NewAccount};
use crate::registry::model::{Actor, Role};
use crate::registry::web;
use crate::text::{Lang, Text};

/// Pause of a worker that found nothing to do.
const IDLE: Duration = Duration::from_millis(500);
/// Pause of a worker after a failure of the database.
const FAILED: Duration = Duration::from_secs(5);
/// How often is looked for what has expired.
const EXPIRE_EVERY: Duration = Duration::from_secs(60);
/// How often the catalog is published though nothing happened.
const SNAPSHOT_EVERY: Duration = Duration::from_secs(24 * 3600);
/// Threads that may wait for the disk.
const BLOCKING_THREADS: usize = 96;

pub(super) fn serve(args: &Serve, lang: Lang) -> Result<Exit, CliError> {
    std::fs::create_dir_all(&args.data.data).map_err(|source| CliError::Write {
        path: args.data.data.clone(),
        source,
    })?;
    let (config, registry) = open(&args.data)?;
    let mut web = config.web();
    if let Some(listen) = &args.listen {
        web.listen.clone_from(listen);
    }
    if args.public_url.is_some() {
        web.public_url.clone_from(&args.public_url);
    }
    first_account(&registry, lang)?;
    if args.demo {
        demonstrate(&registry, lang)?;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let workers = args.workers.or(config.workers).unwrap_or(1);
    let mut threads = start_workers(&registry, workers, false, &stop)?;
    threads.push(start_keeper(&registry, &stop)?);
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .max_blocking_threads(BLOCKING_THREADS)
        .enable_all()
        .build()?;
    let served = runtime.block_on(async {
        let running = web::start(registry, web)
            .await
            .map_err(|error| CliError::Usage(error.to_string()))?;
        let address = running.address();
        let text = Text::new(
            format!("http://{address}/ で受け付けています(Ctrl-C で終了)。"),
            format!("listening on http://{address}/ (Ctrl-C to stop)"),
        );
        say(&text, lang)?;
        until_told_to_stop().await;
        running.stop().await;
        Ok(Exit::Success)
    });
    stop.store(true, Ordering::Relaxed);
    // A job that is under way goes back to the queue by itself if this takes too long for whoever stops us.
    for thread in threads {
        thread.join().ok();
    }
    served
}

/// A register that nobody can sign in to gets its first administrator.
fn first_account(registry: &Registry, lang: Lang) -> Result<(), CliError> {
    let accounts = Accounts::new(registry);
    if accounts.count().map_err(unfinished)? > 0 {
        return Ok(());
    }
    let new = NewAccount {
        name: lang.pick("管理者", "Administrator").to_owned(),
        email: String::new(),
        role: Role::Administrator,
        vendor: None,
    };
    let account = accounts.add(&new, Some(&Actor::system().account)).map_err(unfinished)?;
    print_code(&accounts, &account, lang).map(|_| ())
}

/// Fills the register with a demonstration, if it is empty, and prints how to come in as whom.
fn demonstrate(registry: &Registry, lang: Lang) -> Result<(), CliError> {
    let program = std::env::current_exe()?;
    let demo = registry.demo(&program).map_err(unfinished)?;
    let accounts = Accounts::new(registry);
    for account in &demo.people {
        print_code(&accounts, account, lang)?;
    }
    Ok(())
}

async fn until_told_to_stop() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    interrupt.await.ok();
}

/// Threads that do the jobs of the queue until told to stop, or until it is empty if `once`.
fn start_workers(
    registry: &Registry,
    count: usize,
    once: bool,
    stop: &Arc<AtomicBool>,
) -> Result<Vec<JoinHandle<()>>, CliError> {
    (0..count)
        .map(|number| {
            let registry = registry.clone();
            let stop = Arc::clone(stop);
            let name = format!("worker-{}-{number}", std::process::id());
            let work = move || work_on(&registry, &name, once, &stop);
            thread::Builder::new()
                .name(format!("worker-{number}"))
                .spawn(work)
                .map_err(CliError::Output)
        })
        .collect()
}

fn work_on(registry: &Registry, name: &str, once: bool, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        match registry.work_once(name) {
            Ok(true) => {}
            Ok(false) if once => return,
            Ok(false) => thread::sleep(IDLE),
            Err(error) => {
                eprintln!("warning: {name}: {error}");
                if once {
                    return;
                }
                thread::sleep(FAILED);
            }
        }
    }
}

/// The thread that does what the clock asks for. Several instances may do so: each step is done once.
fn start_keeper(registry: &Registry, stop: &Arc<AtomicBool>) -> Result<JoinHandle<()>, CliError> {
    let registry = registry.clone();
    let stop = Arc::clone(stop);
    let keep = move || {
        let mut expired: Option<Instant> = None;
        let mut published: Option<Instant> = None;
        while !stop.load(Ordering::Relaxed) {
            if expired.is_none_or(|at| at.elapsed() >= EXPIRE_EVERY) {
                expired = Some(Instant::now());
                if let Err(error) = registry.expire_due() {
                    eprintln!("warning: {error}");
                }
            }
            if published.is_none_or(|at| at.elapsed() >= SNAPSHOT_EVERY) {
                published = Some(Instant::now());
                if let Err(error) = registry.snapshot_now() {
                    eprintln!("warning: the catalog could not be published: {error}");
                }
            }
            thread::sleep(IDLE);
        }
    };
    thread::Builder::new()
        .name("keeper".to_owned())
        .spawn(keep)
        .map_err(CliError::Output)
}

pub(super) fn work(args: &Worker, lang: Lang) -> Result<Exit, CliError> {
    let (_, registry) = open_existing(&args.data, lang)?;
    let stop = Arc::new(AtomicBool::new(false));
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let threads = start_workers(&registry, args.jobs.unwrap_or_else(cores).max(1), args.once, &stop)?;
    if !args.once {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(until_told_to_stop());
        stop.store(true, Ordering::Relaxed);
    }
    for thread in threads {
        thread.join().ok();
    }
    Ok(Exit::Success)
}

//! Places for files on real servers: an S3-compatible object store whose signatures the AWS SDK's signer verifies
//! (tests/peers/store), and OpenSSH's sshd, both started by the trials on loopback.
//!
//! `ci/install-peers` installs what is needed; with `JUNKYO_SKIP_PEERS=1` the tests are ignored.

// Shared with tests/peers.rs, which uses more of it.
#[allow(dead_code)]
#[path = "peers/harness.rs"]
mod harness;
#[path = "places/relay.rs"]
mod relay;
#[path = "places/runs.rs"]
mod runs;
#[path = "places/sftp.rs"]
mod sftp;
#[path = "places/store.rs"]
mod store;

use std::process::Command;

use junkyo::wire::place::{Place, PlaceError, PlaceFile};
use libtest_mimic::{Arguments, Trial};

/// Environment variables with the credentials of the object store.
const ENVIRONMENT: [(&str, &str); 3] = [
    ("JUNKYO_PLACES_KEY", "S3RVER"),
    ("JUNKYO_PLACES_SECRET", "himitsu/of+the-trials0123456789"),
    ("JUNKYO_PLACES_WRONG", "another-secret"),
];

fn main() {
    if std::env::var_os(ENVIRONMENT[0].0).is_none() {
        // A process cannot set its own variables without unsafe code: it starts itself again with them.
        let again = std::env::current_exe().and_then(|program| {
            Command::new(program)
                .args(std::env::args_os().skip(1))
                .envs(ENVIRONMENT)
                .status()
        });
        std::process::exit(again.ok().and_then(|status| status.code()).unwrap_or(101));
    }
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(3);
    let skip = std::env::var("JUNKYO_SKIP_PEERS").is_ok_and(|value| value == "1");
    let trials = [store::trials(), sftp::trials(), runs::trials()]
        .into_iter()
        .flatten()
        .map(|trial| trial.with_ignored_flag(skip))
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A trial in a folder of its own whose failure is a text.
fn trial(name: &'static str, run: fn(&harness::Folder) -> Result<(), String>) -> Trial {
    Trial::test(name, move || {
        harness::Folder::with(&format!("places-{name}"), run).map_err(Into::into)
    })
}

/// A place from the text of a file in the folder.
fn open(folder: &harness::Folder, text: &str) -> Result<Place, String> {
    let file: PlaceFile = toml::from_str(text).map_err(|error| format!("{error}: {text}"))?;
    Place::open(&file, &folder.at("place.toml"), None).map_err(|error| error.to_string())
}

fn wait<T>(doing: impl Future<Output = T>) -> Result<T, String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    Ok(runtime.block_on(doing))
}

/// The error of an act has its blame and says all of this, and no secret.
fn says<T>(result: Result<T, PlaceError>, blame: &str, parts: &[&str]) -> Result<(), String> {
    let Err(error) = result else {
        return Err(format!("no error that says {parts:?}"));
    };
    let text = error.to_string();
    let silent = parts.iter().find(|part| !text.contains(**part));
    let secret = [ENVIRONMENT[1].1, ENVIRONMENT[2].1, "Signature=", "SignatureProvided"];
    let told = secret.iter().find(|secret| text.contains(**secret));
    match (silent, told) {
        (None, None) if error.blame() == blame => Ok(()),
        _ => Err(format!(
            "expected blame {blame} and {parts:?}, no secret; found blame {}: {text}",
            error.blame()
        )),
    }
}

/// What every place has to do.
async fn does_everything(place: &Place, many: usize) -> Result<(), String> {
    let text = |error: PlaceError| error.to_string();
    let large: Vec<u8> = (0..20 * 1024 * 1024_u32).map(|at| (at % 251) as u8).collect();
    for (name, content) in [
        ("b.csv", &b"2"[..]),
        ("a.csv", b""),
        ("c d+e&f=g.csv", b"3"),
        ("large.csv", &large),
    ] {
        place.put(name, content).await.map_err(text)?;
        let got = place.get(name).await.map_err(text)?;
        if got != content {
            return Err(format!("{name}: {} bytes went in, others came out", content.len()));
        }
    }
    let mut listed = place.list().await.map_err(text)?;
    listed.retain(|name| !name.starts_with("old-"));
    if listed != ["a.csv", "b.csv", "c d+e&f=g.csv", "large.csv"] {
        return Err(format!("listed {listed:?}"));
    }
    says(
        place.get_at_most("large.csv", 1024).await,
        "product",
        &["large.csv", "1024 bytes"],
    )?;
    place.put("b.csv", b"another").await.map_err(text)?;
    if place.get("b.csv").await.map_err(text)? != b"another" {
        return Err("a file of the same name was not replaced".into());
    }
    place.remove("b.csv").await.map_err(text)?;
    place.remove("b.csv").await.map_err(text)?;
    says(place.get("b.csv").await, "product", &["there is no file `b.csv`"])?;
    for name in ["../a.csv", "a/b", "*.csv", ".hidden"] {
        says(place.get(name).await, "product", &["is no name of a file"])?;
    }
    let listed = place.list().await.map_err(text)?.len();
    if listed != 3 + many {
        return Err(format!("expected {} names, listed {listed}", 3 + many));
    }
    Ok(())
}

//! Servers that cannot be used: who is asked to do what, and no password in it.

use std::net::TcpListener;

use junkyo::registry::clock::Clock;
use junkyo::registry::store::{Store, StoreConfig};
use libtest_mimic::Trial;

use super::harness::Folder;
use super::place::start_objects;
use super::{ENVIRONMENT, ensure, server, text, trial};

pub(crate) fn trials(skip: bool) -> Vec<Trial> {
    vec![
        trial("address::postgres", postgres).with_ignored_flag(skip),
        trial("address::encryption", encryption).with_ignored_flag(skip),
        trial("address::objects", objects).with_ignored_flag(skip),
        trial("address::nobody", nobody),
    ]
}

/// It cannot be opened, and the error has these words and no secret.
fn refused(config: &StoreConfig, words: &[&str]) -> Result<(), String> {
    let error = match Store::open(config, &Clock::system()).and_then(|store| store.blobs().put(b"1")) {
        Ok(_) => return Err(format!("it was opened; expected {words:?}")),
        Err(error) => error.to_string(),
    };
    let silent = words.iter().find(|word| !error.contains(**word));
    let told = ENVIRONMENT[1..].iter().find(|(_, secret)| error.contains(secret));
    ensure(
        silent.is_none() && told.is_none(),
        format!("expected {words:?}, found {error}"),
    )
}

fn postgres(folder: &Folder) -> Result<(), String> {
    let database = server::database()?;
    let mut config = StoreConfig::in_folder(folder.at("data"));
    config.database_authorities = Some(database.authority);
    config.database = Some(database.tcp.clone());
    refused(&config, &["junkyo@localhost", "password"])?;
    config.database_password_env = Some("JUNKYO_STORE_ABSENT".into());
    refused(&config, &["JUNKYO_STORE_ABSENT", "not set"])?;
    config.database_password_env = Some(ENVIRONMENT[1].0.into());
    refused(&config, &["junkyo@localhost", "password authentication failed"])?;
    config.database_password_env = Some(ENVIRONMENT[2].0.into());
    config.database = Some(format!("{}_absent", database.tcp));
    refused(&config, &["_absent", "does not exist"])?;
    config.database = Some("postgres://".into());
    config.database_password_env = None;
    refused(&config, &["postgres"])?;
    config.database = Some("postgres://junkyo:himitsu%20of%20the%20database@localhost:99999/x".into());
    refused(&config, &["expected postgres://user@host/name"])
}

fn encryption(folder: &Folder) -> Result<(), String> {
    let database = server::database()?;
    let mut config = StoreConfig::in_folder(folder.at("data"));
    config.database_password_env = Some(ENVIRONMENT[2].0.into());
    // Of another authority.
    let other = junkyo::wire::certificate::TestAuthority::new("another").map_err(text)?;
    config.database_authorities = Some(folder.write("other.pem", &other.pem)?);
    config.database = Some(database.tcp.clone());
    refused(&config, &["junkyo@localhost", "certificate"])?;
    config.database_authorities = Some(folder.write("empty.pem", "no certificate")?);
    refused(&config, &["database-authorities", "empty.pem"])?;
    // Of another name: the certificate is that of localhost.
    config.database_authorities = Some(database.authority);
    config.database = Some(database.tcp.replace("localhost", "127.0.0.1"));
    refused(&config, &["127.0.0.1", "certificate"])
}

fn objects(folder: &Folder) -> Result<(), String> {
    let (_running, blobs) = start_objects(folder, "data")?;
    let mut config = StoreConfig::in_folder(folder.at("data"));
    config.blobs = blobs;
    let changed = |change: fn(&mut junkyo::wire::place::S3File)| {
        let mut changed = config.clone();
        changed.blobs.s3.as_mut().map(change);
        changed
    };
    refused(
        &changed(|s3| s3.bucket = "elsewhere".into()),
        &["NoSuchBucket", "elsewhere"],
    )?;
    refused(&changed(|s3| s3.secret_key_env = ENVIRONMENT[2].0.into()), &["403"])?;
    refused(
        &changed(|s3| s3.secret_key_env = "JUNKYO_STORE_ABSENT".into()),
        &["JUNKYO_STORE_ABSENT"],
    )?;
    refused(&changed(|s3| s3.authorities = None), &["TLS handshake failed"])?;
    config.blobs.folder = Some("blobs".into());
    refused(&config, &["a folder and an object store"])
}

/// Where nobody listens.
fn nobody(folder: &Folder) -> Result<(), String> {
    let free = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .map_err(text)?;
    let mut config = StoreConfig::in_folder(folder.at("data"));
    config.patience_ms = Some(2_000);
    config.database = Some(format!("postgres://junkyo@{free}/registry"));
    refused(&config, &["junkyo@127.0.0.1", "cannot open the database", "refused"])?;
    // Where no folder can be made.
    let file = folder.write("a file", "")?;
    refused(&StoreConfig::in_folder(file.join("data")), &["a file"])
}

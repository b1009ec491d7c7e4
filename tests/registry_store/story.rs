//! The register itself on every kind of store, and moved from one to another with its keys: accounts, vendor, product,
//! key, challenge, catalog, log.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use junkyo::attest::key::{Algorithm, FileKey, Signer as _};
use junkyo::attest::statement::SuiteManifest;
use junkyo::registry::accounts::{Accounts, NewAccount};
use junkyo::registry::model::{Actor, ProductFilter, Role};
use junkyo::registry::service::{ProductForm, SignUp, VersionForm};
use junkyo::registry::store::moving::{check, export, import};
use junkyo::registry::{Registry, RegistryConfig};
use junkyo::scenario::Corpus;
use libtest_mimic::Trial;

use super::harness::Folder;
use super::place::{Ground, Kind};
use super::{ensure, text, trial};

pub(crate) fn trials(skip: bool) -> Vec<Trial> {
    let ways = [(Kind::Local, Kind::Servers), (Kind::Postgres, Kind::Local)];
    ways.into_iter()
        .map(|(from, to)| {
            let act = move |folder: &Folder| moved(from, to, folder);
            trial(format!("story::{}-to-{}", from.name(), to.name()), act).with_ignored_flag(skip)
        })
        .collect()
}

fn corpus() -> Result<Arc<Corpus>, String> {
    static CORPUS: OnceLock<Result<Arc<Corpus>, String>> = OnceLock::new();
    let load = || Corpus::embedded().map(Arc::new).map_err(|errors| format!("{errors:?}"));
    CORPUS.get_or_init(load).clone()
}

fn open(ground: &Ground) -> Result<Registry, String> {
    let config = RegistryConfig {
        store: ground.config.clone(),
        clock: ground.clock.clone(),
        corpus: Some(corpus()?),
        ..RegistryConfig::in_folder(&ground.config.data)
    };
    Registry::open(config).map_err(text)
}

fn moved(from: Kind, to: Kind, folder: &Folder) -> Result<(), String> {
    let (here, there) = (Ground::new(from, folder, "here")?, Ground::new(to, folder, "there")?);
    // 2026-11-22T01:00:00Z.
    here.clock.set(1_795_309_200_000);
    there.clock.set(1_795_309_500_000);
    let registry = open(&here)?;
    let vendor = lives(&registry)?;
    sound(&registry)?;
    let exported = export(registry.store(), &folder.at("export")).map_err(text)?;
    drop(registry);
    import(&there.open()?, &folder.at("export")).map_err(text)?;
    for name in ["keys", "public"] {
        copy(&here.config.data.join(name), &there.config.data.join(name))?;
    }
    let registry = open(&there)?;
    let products = registry.products(&vendor, &ProductFilter::default()).map_err(text)?;
    ensure(products.len() == 1, format!("{} products came along", products.len()))?;
    registry.snapshot_now().map_err(text)?;
    sound(&registry)?;
    let report = check(registry.store(), &[exported.audit]).map_err(text)?;
    ensure(report.faults.is_empty(), format!("{:?}", report.faults))
}

/// Nothing is wrong with it.
fn sound(registry: &Registry) -> Result<(), String> {
    let faults = registry.check().map_err(text)?;
    ensure(faults.is_empty(), format!("{faults:?}"))
}

/// A vendor comes, is admitted and opens a challenge; the actor of the vendor.
fn lives(registry: &Registry) -> Result<Actor, String> {
    let examiner = account(registry, "examiner", Role::Examiner)?;
    let mut actor = account(registry, "vendor", Role::Vendor)?;
    let body = "000000000123";
    let digit = junkyo::text::identifiers::corporate_check_digit(body).map_err(text)?;
    let form = SignUp {
        corporate_number: format!("{digit}{body}"),
        name: "株式会社架空".into(),
        name_kana: String::new(),
        email: "test@example.jp".into(),
        url: String::new(),
    };
    let vendor = registry.sign_up(&actor, &form).map_err(text)?;
    actor.vendor = Some(vendor.id.clone());
    registry.admit_vendor(&examiner, &vendor.id).map_err(text)?;
    let key = FileKey::generate(Algorithm::P256).map_err(text)?;
    let proof = registry.begin_key(&actor, &key.public().to_pem(), "CI").map_err(text)?;
    let signature = BASE64_STANDARD.encode(key.sign(proof.text.as_bytes()).map_err(text)?);
    registry.register_key(&actor, &proof.key.0, &signature).map_err(text)?;
    let form = ProductForm {
        name: "架空住民記録".into(),
        units: vec!["01".into()],
        ..ProductForm::default()
    };
    let product = registry.add_product(&actor, &form).map_err(text)?;
    let form = VersionForm {
        version: "1.0.0".into(),
        ..VersionForm::default()
    };
    let version = registry.add_version(&actor, &product.id, &form).map_err(text)?;
    let corpus = corpus()?;
    let manifest = SuiteManifest::of(&corpus).map_err(text)?;
    let profile = manifest
        .profiles
        .iter()
        .find(|profile| profile.id.starts_with("unit.01"));
    let profile = profile.ok_or("no profile of unit 01")?.id.clone();
    registry.open_challenge(&actor, &version.id, &[profile]).map_err(text)?;
    registry.snapshot_now().map_err(text)?;
    Ok(actor)
}

fn account(registry: &Registry, name: &str, role: Role) -> Result<Actor, String> {
    let new = NewAccount {
        name: name.into(),
        email: String::new(),
        role,
        vendor: None,
    };
    let account = Accounts::new(registry).add(&new, None).map_err(text)?;
    Ok(Actor {
        account: account.id,
        name: account.name,
        role,
        vendor: None,
    })
}

fn copy(from: &Path, to: &Path) -> Result<(), String> {
    std::fs::create_dir_all(to).map_err(text)?;
    for entry in std::fs::read_dir(from).map_err(text)? {
        let entry = entry.map_err(text)?;
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            std::fs::copy(entry.path(), &target).map_err(text)?;
        }
    }
    Ok(())
}

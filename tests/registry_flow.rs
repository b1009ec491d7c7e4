//! The register with nothing replaced: real runs against the reference platform, bundles judged again by the rooms that
//! judge, and what comes out checked by the program as anybody would.

use std::path::{Path, PathBuf};
use std::process::Command;

use junkyo::registry::model::{Actor, RegistrationState, SubmissionFilter, SubmissionState};
use junkyo::registry::{Registry, RegistryConfig};

const PROGRAM: &str = env!("CARGO_BIN_EXE_junkyo");

struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        std::fs::remove_dir_all(&folder).ok();
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            std::fs::remove_dir_all(&self.0).ok();
        }
    }
}

#[test]
fn real_runs_come_to_registrations_that_anybody_can_check() {
    let scratch = Scratch::new("flow");
    let registry = Registry::open(RegistryConfig::in_folder(&scratch.0.join("data"))).expect("register");
    let demo = registry.demo(Path::new(PROGRAM)).expect("demonstration");
    assert_eq!((demo.registrations.len(), demo.open.len()), (3, 1));

    let states: Vec<RegistrationState> = demo
        .registrations
        .iter()
        .map(|number| registry.registration(*number).expect("there").state)
        .collect();
    use RegistrationState::{Active, Suspended};
    assert_eq!(states, [Active, Active, Suspended]);

    let all = registry
        .submissions(&Actor::system(), &SubmissionFilter::default())
        .expect("submissions");
    assert_eq!(all.len(), 4);
    for submission in &all {
        assert!(submission.refusals.is_empty(), "{:?}", submission.refusals);
        assert_eq!(
            submission.judged.as_ref(),
            Some(&submission.claimed),
            "judged again to the same"
        );
    }
    assert_eq!(all[0].state, SubmissionState::UnderReview);
    assert_eq!(registry.check().expect("check"), []);

    let trust = registry.trust_file();
    for (number, (code, expected)) in demo
        .registrations
        .iter()
        .zip([(0, "VALID"), (0, "VALID"), (1, "suspended")])
    {
        let pack = scratch.0.join(format!("{number}.zip"));
        std::fs::write(&pack, registry.proof_pack(*number).expect("pack")).expect("written");
        let (ended, told) = verify(&pack, &trust, &registry.now().whole_second().to_string());
        assert!(ended == Some(code) && told.contains(expected), "{number}: {told}");
    }
    // A second time nothing is made.
    assert!(registry.demo(Path::new(PROGRAM)).expect("nothing").people.is_empty());
}

fn verify(pack: &Path, trust: &Path, as_of: &str) -> (Option<i32>, String) {
    let done = Command::new(PROGRAM)
        .args(["--lang", "en", "verify"])
        .arg(pack)
        .arg("--trust")
        .arg(trust)
        .args(["--as-of", as_of])
        .output()
        .expect("junkyo verify");
    let told = [done.stdout, done.stderr].concat();
    (done.status.code(), String::from_utf8_lossy(&told).into_owned())
}

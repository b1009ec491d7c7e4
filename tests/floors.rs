//! Lower floors never import higher ones (see ARCHITECTURE.md).

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms with their floors.
const ROOMS: &[(&str, u8)] = &[
    ("text", 0),
    ("standard", 1),
    ("scenario", 1),
    ("population", 1),
    ("xml", 1),
    ("wire", 2),
    ("evidence", 2),
    ("schema", 2),
    ("soap", 2),
    ("mock", 3),
    ("judge", 3),
    ("drive", 4),
    ("import", 5),
    ("report", 5),
    ("attest", 5),
    ("selftest", 6),
    ("embed", 6),
    ("catalog", 6),
    ("interconnect", 6),
    ("rfp", 6),
    ("registry", 6),
    ("cli", 7),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn no_room_imports_one_above_it() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut climbs = Vec::new();
    for file in files {
        let inside = file.strip_prefix(&src).expect("below src");
        let room = inside
            .components()
            .next()
            .expect("a name")
            .as_os_str()
            .to_string_lossy();
        let Some((_, floor)) = ROOMS.iter().find(|(name, _)| *name == room.trim_end_matches(".rs")) else {
            continue; // lib.rs and main.rs
        };
        let text = fs::read_to_string(&file).expect("UTF-8");
        for (name, other) in ROOMS.iter().filter(|(_, other)| other > floor) {
            if text.contains(&format!("crate::{name}::")) {
                climbs.push(format!(
                    "{} (floor {floor}) imports {name} (floor {other})",
                    inside.display()
                ));
            }
        }
    }
    assert!(climbs.is_empty(), "{}", climbs.join("\n"));
}

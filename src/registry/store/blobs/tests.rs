use super::*;

fn scratch(name: &str) -> std::path::PathBuf {
    let path = std::env::temp_dir().join(format!("junkyo-blobs-{name}-{}", std::process::id()));
    std::fs::remove_dir_all(&path).ok();
    path
}

#[test]
fn what_was_kept_comes_back_and_is_kept_once() {
    let path = scratch("once");
    let blobs = Blobs::folder(&path).unwrap();
    let digest = blobs.put(b"bundle").unwrap();
    assert_eq!(digest, Digest::of(b"bundle"));
    assert_eq!(blobs.put(b"bundle").unwrap(), digest);
    assert_eq!(blobs.get(&digest).unwrap(), b"bundle");
    assert_eq!(blobs.size(&digest).unwrap(), Some(6));
    let file = path.join("a file");
    std::fs::write(&file, b"another").unwrap();
    let other = blobs.put_file(&file).unwrap();
    let mut both = [digest, other];
    both.sort_by_key(ToString::to_string);
    assert_eq!(blobs.list().unwrap(), both);
    let copy = path.join("copy");
    blobs.copy_to(&other, &copy).unwrap();
    assert_eq!(std::fs::read(&copy).unwrap(), b"another");
    assert_eq!(std::fs::read_dir(path.join("unfinished")).unwrap().count(), 0);
    std::fs::remove_dir_all(&path).unwrap();
}

#[test]
fn what_is_missing_or_damaged_is_told_and_a_good_copy_mends_it() {
    let path = scratch("damaged");
    let blobs = Blobs::folder(&path).unwrap();
    let none = Digest::of(b"none");
    assert!(matches!(blobs.get(&none), Err(StoreError::NoBlob { .. })));
    assert!(!blobs.exists(&none).unwrap());
    let digest = blobs.put(b"bundle").unwrap();
    let name = digest.to_string();
    let file = path.join(&name[..2]).join(&name[2..]);
    std::fs::write(&file, b"bundlf").unwrap();
    assert!(matches!(blobs.get(&digest), Err(StoreError::DamagedBlob { found, .. }) if found == Digest::of(b"bundlf")));
    let copy = path.join("copy");
    assert!(matches!(
        blobs.copy_to(&digest, &copy),
        Err(StoreError::DamagedBlob { .. })
    ));
    assert!(!copy.exists());
    blobs.put(b"bundle").unwrap();
    assert_eq!(blobs.get(&digest).unwrap(), b"bundle");
    std::fs::remove_dir_all(&path).unwrap();
}

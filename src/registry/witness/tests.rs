use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::attest::log::{Checkpoint, NoteSigner, SignatureKind, Tree, cosignature_of, leaf_hash, prove_consistency};

use crate::registry::log::tests::Scratch;

const ORIGIN: &str = "log.example/one";

fn log() -> NoteSigner {
    NoteSigner::from_seed(ORIGIN, SignatureKind::Log, &[1; 32]).unwrap()
}

fn witness(folder: &Path) -> Witness {
    let signer = NoteSigner::from_seed("w.example/witness", SignatureKind::Cosignature, &[2; 32]).unwrap();
    Witness::open(folder, signer, vec![log().key().clone()]).unwrap()
}

fn tree(size: u64) -> Tree {
    (0..size).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn checkpoint(tree: &Tree) -> crate::attest::log::Note {
    let checkpoint = Checkpoint {
        origin: ORIGIN.into(),
        size: tree.size(),
        root: tree.root(),
    };
    checkpoint.sign(&log()).unwrap()
}

fn body(old: u64, tree: &Tree) -> Vec<u8> {
    let Ok(proof) = prove_consistency(tree, old, tree.size());
    request(old, &proof.hashes, &checkpoint(tree).to_string())
}

#[test]
fn a_witness_follows_a_log_and_nothing_else() {
    let folder = Scratch::new("witness-follows");
    let witness = witness(folder.path());
    let status = |body: &[u8]| witness.add_checkpoint(body, 1_800_000_000).status;
    let reply = witness.add_checkpoint(&body(0, &tree(5)), 1_800_000_000);
    assert_eq!(reply.status, 200);
    let mut note = checkpoint(&tree(5));
    note.add(reply.body.trim_end().parse().unwrap());
    assert_eq!(cosignature_of(&note, witness.key()).unwrap().time, 1_800_000_000);
    assert_eq!(status(&body(5, &tree(5))), 200, "the same again");
    assert_eq!(status(&body(5, &tree(12))), 200);
    // Another size was seen: the answer says which.
    let reply = witness.add_checkpoint(&body(5, &tree(20)), 0);
    assert_eq!((reply.status, &*reply.body, reply.media_type), (409, "12\n", SIZE_TYPE));
    // A fork: other entries, same size or longer.
    let mut fork = tree(11);
    fork.append([9; 32]);
    assert_eq!(status(&body(12, &fork)), 409);
    fork.append([9; 32]);
    assert_eq!(status(&body(12, &fork)), 422);
    assert_eq!(witness.seen(ORIGIN).unwrap().0, 12, "nothing of that is remembered");
    // What it is no request, of no log of its own, or signed by somebody else.
    for hostile in [
        &b""[..],
        b"old 12",
        b"old 12\n\n",
        b"old -1\n\nx",
        b"old 012\n\n",
        b"\xff\n\n",
        b"old 12\nAAAA\n\nx\n1\n",
    ] {
        assert_eq!(status(hostile), 400);
    }
    let good = String::from_utf8(body(12, &tree(13))).unwrap();
    assert_eq!(status(good.replacen("old 12", "old 99", 1).as_bytes()), 400);
    assert_eq!(status(good.replacen("\n13\n", "\n14\n", 1).as_bytes()), 403);
    assert_eq!(
        status(good.replacen("\nlog.example/one\n", "\nother\n", 1).as_bytes()),
        404
    );
    assert_eq!(
        status(&request(12, &[[0; 32]; 64], &checkpoint(&tree(13)).to_string())),
        400
    );
    assert_eq!(status(good.as_bytes()), 200);
}

#[test]
fn what_it_has_seen_survives() {
    let folder = Scratch::new("witness-survives");
    assert_eq!(witness(folder.path()).add_checkpoint(&body(0, &tree(5)), 1).status, 200);
    let again = witness(folder.path());
    assert_eq!(again.seen(ORIGIN), Some((5, tree(5).root())));
    assert_eq!(again.add_checkpoint(&body(0, &tree(6)), 1).status, 409);
    // A damaged memory is no empty memory.
    let file = std::fs::read_dir(folder.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    std::fs::write(file, "damaged").unwrap();
    let signer = NoteSigner::from_seed("w.example/witness", SignatureKind::Cosignature, &[2; 32]).unwrap();
    assert!(Witness::open(folder.path(), signer, vec![log().key().clone()]).is_err());
}

#[tokio::test]
async fn over_the_network() {
    let folder = Scratch::new("witness-network");
    let witness = Arc::new(witness(folder.path()));
    let key = witness.key().clone();
    let server = serve("127.0.0.1:0", witness).await.unwrap();
    let url = format!("http://{}", server.address());
    let asked = move |url: String, size: u64, old: u64, tree: Tree| {
        let key = key.clone();
        tokio::task::spawn_blocking(move || {
            let Ok(proof) = prove_consistency(&tree, old, size);
            ask(&url, &checkpoint(&tree), old, &proof, &key)
        })
    };
    assert!(matches!(
        asked(url.clone(), 5, 0, tree(5)).await.unwrap(),
        Ok(Asked::Cosigned(_))
    ));
    assert_eq!(
        asked(url.clone(), 9, 0, tree(9)).await.unwrap().unwrap(),
        Asked::Seen(5)
    );
    let mut fork = tree(4);
    fork.append([9; 32]);
    let error = asked(url.clone(), 5, 5, fork).await.unwrap().unwrap_err();
    assert!(
        matches!(error, AskError::Fork { size: 5, .. }) && !error.is_outage(),
        "{error}"
    );
    drop(server);
    let error = asked(url, 9, 5, tree(9)).await.unwrap().unwrap_err();
    assert!(error.is_outage(), "{error}");
}

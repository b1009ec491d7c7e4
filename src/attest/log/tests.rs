use super::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

use crate::text::hex;

const CHECKPOINT: &str = "junkyo.example/log
42
TaO29fP0ltc4Cu0egtd6w0UFgsAPhaoMy5M+vn4hbZw=

— junkyo.example/log 63sACCyFlYF7LNFU528IdtXbi3yScZDW7nD/LXa388Gfg6a+S/vDYKYsrPBWvhtGdVK8HRjNlR2DzCBDlorF3CJNTQU=
— w1.example/witness gXbkDgAAAABrAhqgmDUtUTTbfTfVoe839Rc0WaxLaL9NXWjdsbRst/D60kJrGrdO+EmL/H3e6rexjgjXxTOazN4z9V4wd/vUm7bNDg==
— w2.example/witness XVRAGAAAAABrAhqjB99Q58pWcBIAnwdrd3t/pe2qCeZJZ/B6Xmkp94NSxUNhejbktTuZdDnxiMhg2pLR2uPlQB71frE6qQRPDtxYBQ==
";

const PATH: [&str; 5] = [
    "Ha5x+Ux3G3LSClPdaBTELNO6u7SJ+AFfb+cgp16qeGk=",
    "JX8Am9SaYqVecyZP9BJIT6aNETJLTUTNCYV+O+rjvxo=",
    "NWhe3/8vpkMXdqXZUjf3+GSqdTc7Fy49irPPm6h28J4=",
    "b2CIt9ilo1zwEVh8+9mO++l3lz+FdEXZLwij3NQq4o4=",
    "QjIyiKNd9msfs4iz0AdV6fVuNT4XYQIhA+2rn8S0YRg=",
];

const POLICY: &str = "log junkyo.example/log+eb7b0008+AdVCB9oZSXfc9Grb/sK8LnW1LVqKQhhP7f3AACTw4+ja
witness w1 w1.example/witness+8176e40e+BFEcNKGiy1Id8WuyRrjejnmXziNcfnayKj11A6JIGd2K
witness w2 w2.example/witness+5d544018+BDHevlXTfHInaLE3ExyqYIcICy4LYLlL14XRRXXPpJi8
group W any w1 w2
quorum W
";

const OURS: &str = "b601bf43fb77092b1af5b46eae7d898877d893f31043c6178d19f099a52e0174";

fn sha(text: &str) -> Hash {
    Sha256::digest(text.as_bytes()).into()
}

/// The 42 entries of the golden vectors.
fn entries() -> Vec<Vec<u8>> {
    let numbered = |kind: &str, i: usize, payload: String| {
        LeafEntry {
            kind: kind.into(),
            payload: sha(&payload),
            registration: Some(format!("AP-2026-{i:06}")),
        }
        .to_bytes()
    };
    let ours =
        format!(r#"{{"payload":{{"sha256":"{OURS}"}},"registration":"AP-2026-000421","type":"registered","v":1}}"#);
    let mut entries: Vec<Vec<u8>> = (0..37).map(|i| numbered("registered", i, format!("p{i}"))).collect();
    entries.push(ours.into_bytes());
    entries.extend((0..4).map(|i| numbered("suspended", i, format!("s{i}"))));
    entries
}

fn tree_of(entries: &[Vec<u8>]) -> Tree {
    entries.iter().map(|entry| leaf_hash(entry)).collect()
}

fn signer(name: &str, kind: SignatureKind, byte: u8) -> NoteSigner {
    NoteSigner::from_seed(name, kind, &[byte; 32]).unwrap()
}

/// The checkpoint of the golden vectors, signed by us.
fn signed() -> Note {
    let tree = tree_of(&entries());
    let checkpoint = Checkpoint {
        origin: "junkyo.example/log".into(),
        size: tree.size(),
        root: tree.root(),
    };
    let log = signer("junkyo.example/log", SignatureKind::Log, 0x15);
    let mut note = checkpoint.sign(&log).unwrap();
    for (name, byte, time) in [
        ("w1.example/witness", 0x16, 1_795_300_000),
        ("w2.example/witness", 0x17, 1_795_300_003),
    ] {
        let witness = signer(name, SignatureKind::Cosignature, byte);
        note.add(cosign(&witness, &note, time).unwrap());
    }
    note
}

fn proof() -> LogProof {
    let entries = entries();
    let tree = tree_of(&entries);
    let Ok(inclusion) = prove_inclusion(&tree, 37, 42);
    LogProof {
        entry: entries[37].clone(),
        index: 37,
        inclusion,
        checkpoint: signed(),
    }
}

#[test]
fn golden_checkpoint_with_cosignatures() {
    assert_eq!(signed().to_string(), CHECKPOINT);
    let note = Note::parse(CHECKPOINT.as_bytes()).unwrap();
    assert_eq!(note, signed());
    assert_eq!(Checkpoint::parse(note.text()).unwrap().root, tree_of(&entries()).root());
}

#[test]
fn golden_proof() {
    let proof = proof();
    let entry = STANDARD.encode(&proof.entry);
    let expected = format!(
        "c2sp.org/tlog-proof@v1\nextra {entry}\nindex 37\n{}\n\n{CHECKPOINT}",
        PATH.join("\n")
    );
    assert_eq!(proof.to_string(), expected);
    assert_eq!(LogProof::parse(expected.as_bytes()).unwrap(), proof);
    let seen = proof.verify(&POLICY.parse().unwrap()).unwrap();
    assert_eq!(seen.witnesses.len(), 2);
    assert_eq!(seen.witnesses[1], ("w2.example/witness".into(), 1_795_300_003));
}

#[test]
fn golden_keys_and_tiles() {
    let policy: Policy = POLICY.parse().unwrap();
    assert_eq!(
        policy.logs()[0],
        *signer("junkyo.example/log", SignatureKind::Log, 0x15).key()
    );
    assert_eq!(policy.to_string(), POLICY);
    for key in policy.logs().iter().chain(policy.witnesses()) {
        assert!(POLICY.contains(&key.to_string()), "{key}");
    }
    let entries = entries();
    let ids = tiles_between(0, 42);
    let paths: Vec<String> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(paths, ["tile/entries/000.p/42", "tile/0/000.p/42"]);
    let bytes = TileId::encode_entries(entries.iter().map(Vec::as_slice)).unwrap();
    assert_eq!(bytes.len(), 6_254);
    assert_eq!(ids[0].entries(&bytes).unwrap(), entries);
    let Ok(hashes) = ids[1].encode_hashes(&tree_of(&entries));
    assert_eq!(hashes.len(), 1_344);
}

#[test]
fn a_quorum_is_counted_by_key() {
    let two: Policy = POLICY.replace("any", "all").parse().unwrap();
    let lines: Vec<&str> = CHECKPOINT.lines().collect();
    let with = |lines: &[&str]| Note::parse(format!("{}\n", lines.join("\n")).as_bytes()).unwrap();
    assert!(two.check(&with(&lines)).unwrap().quorum);
    let twice = [&lines[..6], &[lines[5]]].concat();
    let seen = two.check(&with(&twice)).unwrap();
    assert!(!seen.quorum);
    assert_eq!(seen.witnesses.len(), 1);
    let mut lone = proof();
    lone.checkpoint = with(&lines[..5]);
    assert_eq!(lone.verify(&two), Err(LogProofError::Quorum { found: 0 }));
    let none: Policy = format!("{}\nquorum none\n", POLICY.lines().next().unwrap())
        .parse()
        .unwrap();
    assert!(none.is_alone() && lone.verify(&none).is_ok());
}

#[test]
fn policies_that_would_count_wrongly_are_refused() {
    let log = POLICY.lines().next().unwrap();
    let w1 = POLICY.lines().nth(1).unwrap();
    for (text, line) in [
        (format!("{log}\n{w1}\n{}\nquorum w1", w1.replace(" w1 ", " w9 ")), 3),
        (format!("{log}\n{w1}\ngroup G 2 w1\nquorum G"), 3),
        (format!("{log}\n{w1}\ngroup G 0 w1\nquorum G"), 3),
        (format!("{log}\ngroup G any G\nquorum G"), 2),
        (format!("{log}\n{w1}\ngroup G any w1\ngroup H any w1\nquorum G"), 4),
        (format!("{log}\nquorum w1"), 2),
        (format!("{log}\nquorum none\nquorum none"), 3),
        (format!("log {}", w1.split(' ').next_back().unwrap()), 1),
        (log.replace("eb7b0008", "eb7b0009"), 1),
    ] {
        match text.parse::<Policy>() {
            Err(PolicyError::Line { line: found, .. } | PolicyError::Key { line: found, .. }) => {
                assert_eq!(found, line, "{text}");
            }
            other => panic!("{text}: {other:?}"),
        }
    }
    assert_eq!(log.parse::<Policy>(), Err(PolicyError::NoQuorum));
    assert_eq!("quorum none".parse::<Policy>(), Err(PolicyError::NoLog));
}

#[test]
fn hostile_notes() {
    let refused = |text: &str| Note::parse(text.as_bytes()).is_err();
    assert!(refused(""));
    assert!(refused("text\n"));
    assert!(refused("text\n\n"));
    assert!(refused("text\n\n— name\n"));
    assert!(refused("text\n\n- name AAAAAAA=\n"));
    assert!(refused("text\n\n— name AAAA\n"), "a key id alone");
    assert!(refused(&CHECKPOINT.replace("42\n", "42\r\n")));
    assert!(refused(CHECKPOINT.trim_end()), "without the last line feed");
    assert!(refused(&format!("{CHECKPOINT}\n")));
    assert!(refused(&format!("text\n\n{}", "— n AAAAAAA=\n".repeat(101))));
    assert!(Note::parse(b"\xff\n\n").is_err());
    // A blank line in the text belongs to the text: the last one counts.
    let note = Note::parse(format!("more\n\n{CHECKPOINT}").as_bytes()).unwrap();
    assert!(note.text().starts_with("more\n\njunkyo"));
    let key = signer("junkyo.example/log", SignatureKind::Log, 0x15);
    assert!(Checkpoint::open(&note, key.key()).is_err());
}

#[test]
fn hostile_checkpoints() {
    let key = signer("junkyo.example/log", SignatureKind::Log, 0x15);
    let other = signer("other.example/log", SignatureKind::Log, 0x15);
    let note = Note::parse(CHECKPOINT.as_bytes()).unwrap();
    assert!(matches!(
        Checkpoint::open(&note, other.key()),
        Err(CheckpointError::OtherLog { .. })
    ));
    for (from, to) in [("\n42\n", "\n43\n"), ("TaO2", "TaO3"), ("63sACCyF", "63sACCyG")] {
        let note = Note::parse(CHECKPOINT.replace(from, to).as_bytes()).unwrap();
        assert!(matches!(
            Checkpoint::open(&note, key.key()),
            Err(CheckpointError::NotSigned { .. })
        ));
    }
    for text in [
        "o\n042\nTaO29fP0ltc4Cu0egtd6w0UFgsAPhaoMy5M+vn4hbZw=\n",
        "o\n+4\nTaO29fP0ltc4Cu0egtd6w0UFgsAPhaoMy5M+vn4hbZw=\n",
        "o\n4\nTaO2\n",
        "o\n4",
        "",
    ] {
        assert!(Checkpoint::parse(text).is_err(), "{text}");
    }
    // Extensions are allowed, and signed.
    let text = format!("{}extension\n", Checkpoint::open(&note, key.key()).unwrap());
    assert_eq!(Checkpoint::parse(&text).unwrap().size, 42);
    assert!(Checkpoint::open(&key.sign(&text).unwrap(), key.key()).is_ok());
}

/// A cosignature binds its time.
#[test]
fn a_cosignature_with_another_time_is_none() {
    let witness = signer("w1.example/witness", SignatureKind::Cosignature, 0x16);
    let mut note = signed();
    let mut line = note.signatures_by(witness.key()).next().unwrap().clone();
    line.bytes[7] ^= 1;
    note.add(line);
    assert_eq!(cosignature_of(&note, witness.key()), None);
    assert!(cosignature_of(&signed(), witness.key()).is_some());
}

#[test]
fn leaf_entries_have_one_form() {
    let entry = entries().swap_remove(37);
    assert_eq!(LeafEntry::parse(&entry).unwrap().to_bytes(), entry);
    let text = String::from_utf8(entry).unwrap();
    for hostile in [
        text.replace("\"v\":1", "\"v\":2"),
        text.replace(",\"v\"", ", \"v\""),
        text.replace("\"v\":1", "\"v\":1,\"v\":1"),
        text.replace("b601", "B601"),
        text.replace("\"type\":\"registered\"", "\"type\":null"),
        "null".into(),
        "[]".into(),
    ] {
        assert!(LeafEntry::parse(hostile.as_bytes()).is_err(), "{hostile}");
    }
    let snapshot = LeafEntry {
        kind: "snapshot".into(),
        payload: [7; 32],
        registration: None,
    };
    assert_eq!(LeafEntry::parse(&snapshot.to_bytes()).unwrap(), snapshot);
}

/// A small generator, so that the sampled sizes and places are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

fn flipped(hash: &Hash, dice: &mut Dice) -> Hash {
    let bit = dice.below(256) as usize;
    let mut other = *hash;
    other[bit / 8] ^= 1 << (bit % 8);
    other
}

/// Acceptance test 2 of the reference: sizes from 1 to 5,000, every kind of proof, bit flips refused.
#[test]
fn proofs_of_random_sizes_hold_and_no_bit_can_be_flipped() {
    let leaves: Vec<Hash> = (0..5_000_u32).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let tree: Tree = leaves.iter().copied().collect();
    let mut roots = vec![empty_root()];
    let mut edge = Frontier::new();
    for leaf in &leaves {
        edge.append(*leaf);
        roots.push(edge.root());
    }
    assert_eq!(edge.root(), tree.root());
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let sizes = (1..=70).chain((0..260).map(|_| 1 + dice.below(5_000)).collect::<Vec<_>>());
    let mut dice = Dice(42);
    for size in sizes {
        let Ok(root) = root_of(&tree, size);
        assert_eq!(root, roots[size as usize]);
        let Ok(frontier) = Frontier::of(&tree, size);
        assert_eq!((frontier.size(), frontier.root()), (size, root));
        for _ in 0..8 {
            let index = dice.below(size);
            let leaf = leaves[index as usize];
            let Ok(proof) = prove_inclusion(&tree, index, size);
            proof.verify(&leaf, index, size, &root).unwrap();
            assert!(proof.verify(&flipped(&leaf, &mut dice), index, size, &root).is_err());
            assert!(proof.verify(&leaf, index, size, &flipped(&root, &mut dice)).is_err());
            assert!(proof.verify(&leaf, size, size, &root).is_err());
            for at in 0..proof.hashes.len() {
                let mut other = proof.clone();
                other.hashes[at] = flipped(&other.hashes[at], &mut dice);
                assert!(other.verify(&leaf, index, size, &root).is_err());
            }
            let mut longer = proof.clone();
            longer.hashes.push(leaf);
            assert!(longer.verify(&leaf, index, size, &root).is_err());
            let mut shorter = proof.clone();
            if shorter.hashes.pop().is_some() {
                assert!(shorter.verify(&leaf, index, size, &root).is_err());
            }
            let old = dice.below(size + 1);
            let Ok(proof) = prove_consistency(&tree, old, size);
            let old_root = roots[old as usize];
            proof.verify(old, &old_root, size, &root).unwrap();
            assert!(proof.verify(old, &flipped(&old_root, &mut dice), size, &root).is_err());
            if old > 0 {
                assert!(proof.verify(old, &old_root, size, &flipped(&root, &mut dice)).is_err());
            }
            for at in 0..proof.hashes.len() {
                let mut other = proof.clone();
                other.hashes[at] = flipped(&other.hashes[at], &mut dice);
                assert!(other.verify(old, &old_root, size, &root).is_err());
            }
            let mut longer = proof.clone();
            longer.hashes.push(leaf);
            assert!(longer.verify(old, &old_root, size, &root).is_err());
            if old < size {
                assert_eq!(
                    proof.verify(size, &root, old, &old_root),
                    Err(ProofError::Shorter { old: size, new: old })
                );
            }
        }
    }
}

#[test]
fn tiles_hold_the_whole_tree() {
    let leaves: Vec<Hash> = (0..70_000_u32).map(|i| leaf_hash(&i.to_be_bytes())).collect();
    let tree: Tree = leaves.iter().copied().collect();
    let mut store = std::collections::HashMap::new();
    let mut old = 0;
    for size in [1, 255, 256, 257, 12_345, 65_536, 65_537, 70_000] {
        for id in tiles_between(old, size) {
            assert_eq!(TileId::from_path(&id.to_string()), Some(id));
            let Ok(bytes) = id.encode_hashes(&tree);
            store.insert(id, bytes);
        }
        old = size;
        let reader = TileReader::new(
            |id: &TileId| store.get(id).cloned().ok_or_else(|| "not there".to_owned()),
            size,
        );
        let Ok(root) = root_of(&tree, size);
        assert_eq!(reader.root().unwrap(), root);
        let half = size / 2;
        let Ok(expected) = prove_consistency(&tree, half, size);
        assert_eq!(prove_consistency(&reader, half, size).unwrap(), expected);
        let Ok(expected) = prove_inclusion(&tree, half, size);
        assert_eq!(prove_inclusion(&reader, half, size).unwrap(), expected);
        assert!(matches!(
            reader.node(0, size),
            Err(TileError::Outside { .. } | TileError::Unavailable { .. })
        ));
    }
}

#[test]
fn tile_paths() {
    for (index, width, path) in [
        (0, 256, "tile/0/000"),
        (67, 256, "tile/0/067"),
        (1_234_067, 256, "tile/0/x001/x234/067"),
        (1_000, 1, "tile/0/x001/000.p/1"),
    ] {
        assert_eq!(tile_path(Some(0), index, width), path);
        let id = TileId::from_path(path).unwrap();
        assert_eq!((id.index, id.width), (index, width));
    }
    for hostile in [
        "tile/0/0",
        "tile/00/000",
        "tile/0/x000/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/07",
        "tile/64/000",
        "tile/entries/../000",
        "tile/0/x001",
        "tile/-1/000",
        "tile/0/000/",
        "tile//000",
        "checkpoint",
        "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    ] {
        assert_eq!(TileId::from_path(hostile), None, "{hostile}");
    }
}

#[test]
fn hostile_tiles_and_proofs() {
    let id = TileId {
        level: None,
        index: 0,
        width: 2,
    };
    assert!(id.entries(&[0, 1, 7, 0, 0]).is_ok());
    assert!(id.entries(&[0, 1, 7, 0, 0, 0]).is_err());
    assert!(id.entries(&[0, 1, 7, 0, 9, 1]).is_err());
    assert!(id.entries(&[0, 1, 7, 0]).is_err());
    assert!(id.hashes(&[0; 63]).is_err());
    assert_eq!(TileId::encode_entries([&[0; 65_536][..]]), None);

    let good = proof().to_string();
    let policy: Policy = POLICY.parse().unwrap();
    let verify = |text: &str| LogProof::parse(text.as_bytes()).and_then(|proof| proof.verify(&policy));
    assert!(verify(&good).is_ok());
    for (from, to) in [
        ("@v1", "@v2"),
        ("index 37", "index 36"),
        ("index 37", "index 037"),
        ("index 37", "index 99"),
        ("extra ", ""),
        ("Ha5x", "Ia5x"),
        (PATH[4], ""),
        ("\n42\n", "\n43\n"),
        ("\n\n", "\n"),
    ] {
        assert!(verify(&good.replacen(from, to, 1)).is_err(), "{from} → {to}");
    }
    let many = good.replacen(PATH[0], &[PATH[0]; 65].join("\n"), 1);
    assert!(matches!(
        LogProof::parse(many.as_bytes()),
        Err(LogProofError::Form { .. })
    ));
    // Another entry in place of ours.
    let mut other = proof();
    other.entry = entries().swap_remove(0);
    assert_eq!(other.verify(&policy), Err(LogProofError::Proof(ProofError::Root)));
    assert_eq!(hex(&leaf_hash(&proof().entry)).len(), 64);
}

#[test]
fn a_key_of_a_file_can_be_that_of_a_log() {
    use crate::attest::key::{Algorithm, FileKey};
    let key = FileKey::from_secret(Algorithm::Ed25519, &[0x15; 32]).unwrap();
    let of_key = NoteSigner::of_key("junkyo.example/log", SignatureKind::Log, std::sync::Arc::new(key)).unwrap();
    let ours = signer("junkyo.example/log", SignatureKind::Log, 0x15);
    assert_eq!(of_key.sign("text\n").unwrap(), ours.sign("text\n").unwrap());
    let other = FileKey::from_secret(Algorithm::P256, &[0x0c; 32]).unwrap();
    assert!(NoteSigner::of_key("a", SignatureKind::Log, std::sync::Arc::new(other)).is_err());
}

//! Cosignatures of witnesses (C2SP tlog-cosignature): “at this time I saw this checkpoint, and no other of that size”.

use super::note::{Note, NoteSignature, NoteSigner, SignatureKind, SignerError, VerifierKey};

/// What a witness says.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cosignature {
    /// When, in seconds since 1970; 0: the witness does not say.
    pub time: u64,
}

/// Cosigns the checkpoint of a note. The caller has checked that it is consistent with what was seen before.
///
/// # Errors
/// When the key does not sign.
pub fn cosign(signer: &NoteSigner, note: &Note, time: u64) -> Result<NoteSignature, SignerError> {
    let signature = signer.raw(&message(note.text(), time))?;
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend_from_slice(&signature);
    Ok(signer.line(bytes))
}

/// The cosignature of a witness in a note, if it holds.
pub fn cosignature_of(note: &Note, witness: &VerifierKey) -> Option<Cosignature> {
    if witness.kind() != SignatureKind::Cosignature {
        return None;
    }
    note.signatures_by(witness).find_map(|line| {
        let (time, signature) = line.bytes.split_first_chunk::<8>()?;
        let time = u64::from_be_bytes(*time);
        witness
            .verifies(&message(note.text(), time), signature.try_into().ok()?)
            .then_some(Cosignature { time })
    })
}

fn message(checkpoint: &str, time: u64) -> Vec<u8> {
    format!("cosignature/v1\ntime {time}\n{checkpoint}").into_bytes()
}

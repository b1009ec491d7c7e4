//! Secrets that are given out: fresh ones, and what is kept of them.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// What API tokens begin with, so that scanners of source code recognise one that was committed by mistake.
pub const TOKEN_PREFIX: &str = "junkyo_";
/// Characters of one-time codes: none that look alike.
const CODE_CHARACTERS: &[u8; 32] = b"0123456789ABCDEFGHJKLMNPQRSTVWXY";
/// Characters of a code, in groups of five: 125 bits.
const CODE_LENGTH: usize = 25;

/// 256 random bits as 43 characters.
pub fn fresh_secret() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// What is stored of a secret: its SHA-256. Secrets are random and long, so nothing slower is needed.
pub fn hash_of(secret: &str) -> String {
    crate::text::hex(&Sha256::digest(secret.as_bytes()))
}

/// Whether a text can be a secret of [`fresh_secret`]: everything else is not looked up.
pub fn is_secret(value: &str) -> bool {
    value.len() == 43
        && value
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A one-time code that people can read to each other: five groups of five characters.
pub fn fresh_code() -> Result<String, getrandom::Error> {
    let mut bytes = [0; CODE_LENGTH];
    getrandom::fill(&mut bytes)?;
    let characters: Vec<char> = bytes
        .iter()
        .map(|byte| char::from(CODE_CHARACTERS[usize::from(byte & 31)]))
        .collect();
    let groups: Vec<String> = characters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(groups.join("-"))
}

/// A code as it was typed, without what people add: hyphens, spaces, small letters, full-width letters.
pub fn plain_code(typed: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    typed
        .nfkc()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .map(|c| match c {
            'O' => '0',
            'I' => '1',
            other => other,
        })
        .take(4 * CODE_LENGTH)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_never_the_same() {
        let (one, other) = (fresh_secret().expect("random"), fresh_secret().expect("random"));
        assert!(is_secret(&one) && is_secret(&other));
        assert_ne!(one, other);
        assert!(!is_secret("x") && !is_secret(&format!("{}=", &one[1..])));
    }

    #[test]
    fn codes_survive_being_typed() {
        for _ in 0..200 {
            let code = fresh_code().expect("random");
            let plain = plain_code(&code);
            assert_eq!((code.len(), plain.len()), (29, 25), "{code}");
            assert_eq!(plain_code(&code.to_lowercase().replace('-', " ")), plain);
            let wide: String = code
                .chars()
                .map(|c| char::from_u32(c as u32 + 0xfee0).unwrap_or(c))
                .collect();
            assert_eq!(plain_code(&wide), plain);
        }
        assert_ne!(plain_code(&"A".repeat(1000)).len(), 1000);
    }
}

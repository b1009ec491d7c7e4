//! Which characters JIS X 0213:2004 has, and which of them JIS X 0208.
//!
//! A member is what has a cell: half-width characters, which have none, are no members (systems of JIS X 0213 write them
//! all the same, in another set).

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The two bit maps of 256 code points.
#[derive(Default)]
struct Page {
    jis_x_0213: [u64; 4],
    jis_x_0208: [u64; 4],
}

struct Table {
    pages: BTreeMap<u32, Page>,
    sequences: Vec<[char; 2]>,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table {
        pages: BTreeMap::new(),
        sequences: Vec::new(),
    };
    for line in include_str!("jisx0213.txt").lines() {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["seq", first, second] => {
                if let (Some(first), Some(second)) = (character(first), character(second)) {
                    table.sequences.push([first, second]);
                }
            }
            ["page", number, jis_x_0213, jis_x_0208] => {
                let page = Page {
                    jis_x_0213: bits(jis_x_0213),
                    jis_x_0208: bits(jis_x_0208),
                };
                table
                    .pages
                    .insert(u32::from_str_radix(number, 16).unwrap_or(u32::MAX), page);
            }
            _ => {}
        }
    }
    table
});

fn character(hexadecimal: &str) -> Option<char> {
    char::from_u32(u32::from_str_radix(hexadecimal, 16).ok()?)
}

fn bits(hexadecimal: &str) -> [u64; 4] {
    let mut bits = [0; 4];
    for (index, word) in bits.iter_mut().enumerate() {
        let end = hexadecimal.len().saturating_sub(index * 16);
        let part = hexadecimal.get(end.saturating_sub(16)..end).unwrap_or_default();
        *word = u64::from_str_radix(part, 16).unwrap_or(0);
    }
    bits
}

fn holds(map: &[u64; 4], c: char) -> bool {
    let low = c as u32 & 0xFF;
    map[(low / 64) as usize] >> (low % 64) & 1 == 1
}

/// Whether a character has a cell in JIS X 0213:2004.
pub fn is_jis_x_0213(c: char) -> bool {
    let page = TABLE.pages.get(&(c as u32 >> 8));
    page.is_some_and(|page| holds(&page.jis_x_0213, c))
}

/// Whether a character has a cell in JIS X 0208 (first and second level and the signs).
pub fn is_jis_x_0208(c: char) -> bool {
    let page = TABLE.pages.get(&(c as u32 >> 8));
    page.is_some_and(|page| holds(&page.jis_x_0208, c))
}

/// Whether two characters together have one cell in JIS X 0213, such as か and U+309A.
pub fn is_jis_x_0213_sequence(first: char, second: char) -> bool {
    TABLE.sequences.contains(&[first, second])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_as_the_standard_has() {
        let all = || (0..=0x0010_FFFF).filter_map(char::from_u32);
        // 11,233 cells: 25 of them are sequences.
        assert_eq!(all().filter(|&c| is_jis_x_0213(c)).count(), 11_208);
        assert_eq!(TABLE.sequences.len(), 25);
        assert_eq!(all().filter(|&c| is_jis_x_0208(c)).count(), 6_879);
        assert!(all().filter(|&c| is_jis_x_0208(c)).all(is_jis_x_0213));
    }

    #[test]
    fn members_and_others() {
        assert!("亜辺邊邉〜−𠮟ゔ①Ａ　".chars().all(is_jis_x_0213));
        assert!(!"髙䶒𠮷Aｱ ".chars().any(is_jis_x_0213));
        assert!(is_jis_x_0208('邉') && !is_jis_x_0208('①') && !is_jis_x_0208('𠮟'));
        assert!(is_jis_x_0213_sequence('か', '\u{309A}') && !is_jis_x_0213_sequence('か', '\u{3099}'));
    }
}

//! 続柄: a small grammar (1.1.11).

/// Terms that can be joined by の.
const JOINED: [&str; 13] = [
    "夫",
    "妻",
    "夫（未届）",
    "妻（未届）",
    "子",
    "子（子の夫）",
    "子（子の妻）",
    "父",
    "母",
    "兄",
    "姉",
    "弟",
    "妹",
];
/// Terms that stand alone.
const ALONE: [&str; 3] = [HEAD, "縁故者", "同居人"];
/// 世帯主.
pub(super) const HEAD: &str = "世帯主";
/// Generations that can be joined.
const GENERATIONS: usize = 4;

/// Whether a relationship exists.
pub(super) fn exists(text: &str) -> bool {
    ALONE.contains(&text) || generations(text).is_some_and(|count| count <= GENERATIONS)
}

/// How many terms are joined; `子（子の夫）` is one, though の stands in it.
fn generations(text: &str) -> Option<usize> {
    let mut rest = text;
    let mut count = 0;
    loop {
        let term = JOINED
            .iter()
            .filter(|term| rest.starts_with(**term))
            .max_by_key(|term| term.len())?;
        count += 1;
        rest = &rest[term.len()..];
        if rest.is_empty() {
            return Some(count);
        }
        rest = rest.strip_prefix('の')?;
    }
}

/// The relationship of a child whose parent has this one.
pub(super) fn of_child(parent: &str) -> String {
    if parent == HEAD {
        return "子".into();
    }
    let joined = format!("{parent}の子");
    match parent {
        "" | "同居人" => parent.into(),
        _ if exists(&joined) => joined,
        _ => "縁故者".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::{exists, of_child};

    #[test]
    fn up_to_four_generations_exist() {
        for text in [
            "世帯主",
            "妻",
            "子（子の妻）",
            "子の子の子の子",
            "妻の父の兄の子",
            "同居人",
            "子（子の夫）の父",
        ] {
            assert!(exists(text), "{text}");
        }
    }

    #[test]
    fn forbidden_words_do_not_exist() {
        for text in [
            "孫",
            "祖父",
            "準世帯主",
            "子の子の子の子の子",
            "世帯主の子",
            "縁故者の子",
            "妻の",
            "の子",
            "",
        ] {
            assert!(!exists(text), "{text}");
        }
    }

    #[test]
    fn a_child_is_one_generation_further() {
        assert_eq!(of_child("世帯主"), "子");
        assert_eq!(of_child("子"), "子の子");
        assert_eq!(of_child("子の子の子の子"), "縁故者");
        assert_eq!(of_child("同居人"), "同居人");
    }
}

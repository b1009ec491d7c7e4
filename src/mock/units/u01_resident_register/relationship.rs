//! 続柄 (1.1.11) in the register.

use crate::text::relationship::Relationship;

/// 世帯主.
pub(super) const HEAD: &str = "世帯主";

/// Whether a relationship exists.
pub(super) fn exists(text: &str) -> bool {
    Relationship::parse(text).is_ok()
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
    use super::of_child;

    #[test]
    fn a_child_is_one_generation_further() {
        assert_eq!(of_child("世帯主"), "子");
        assert_eq!(of_child("子"), "子の子");
        assert_eq!(of_child("妻"), "妻の子");
        assert_eq!(of_child("子の子の子の子"), "縁故者");
        assert_eq!(of_child("同居人"), "同居人");
    }
}

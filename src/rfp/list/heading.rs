//! What a column holds, told by the words of its heading, Japanese or English.

use super::answer::Answer;
use crate::rfp::fold::tight;

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(super) enum Role {
    Number,
    Item,
    Text,
    Requirement,
    Reference,
    Necessity,
    Answer,
    Vendor,
    Product,
    Version,
    Registration,
    Remark,
}

impl Role {
    /// Whether the column says something about an offer, not about a clause.
    pub(super) fn is_of_offer(self) -> bool {
        matches!(
            self,
            Self::Answer | Self::Vendor | Self::Product | Self::Version | Self::Registration | Self::Remark
        )
    }
}

/// Headings of a column as a whole. Order matters where one heading could be two things.
const WORDS: &[(Role, &[&str])] = &[
    (
        Role::Requirement,
        &[
            "要件id",
            "要求id",
            "要求事項id",
            "準拠要件",
            "準拠要件id",
            "対応要件",
            "対応要件id",
            "要件コード",
            "junkyo",
            "junkyoid",
            "requirementid",
            "requirementids",
            "requirementcode",
            "testrequirement",
        ],
    ),
    (
        Role::Number,
        &[
            "番号",
            "項番",
            "no",
            "no.",
            "項目番号",
            "要求番号",
            "要件番号",
            "要件no",
            "要求no",
            "通番",
            "連番",
            "整理番号",
            "枝番",
            "#",
            "id",
            "number",
            "clauseno",
            "clauseno.",
            "clausenumber",
            "itemno",
            "itemno.",
            "clauseid",
            "itemid",
            "ref.no.",
        ],
    ),
    (
        Role::Text,
        &[
            "要求事項",
            "要件",
            "要求内容",
            "要求",
            "要求仕様",
            "要件内容",
            "機能要件",
            "非機能要件",
            "機能要件の内容",
            "要求機能",
            "仕様",
            "仕様内容",
            "内容",
            "機能の内容",
            "機能内容",
            "条項",
            "調達要件",
            "説明",
            "requirement",
            "requirements",
            "requirementtext",
            "clause",
            "clausetext",
            "description",
            "specification",
            "text",
            "demand",
        ],
    ),
    (
        Role::Item,
        &[
            "項目",
            "大項目",
            "中項目",
            "小項目",
            "細目",
            "分類",
            "大分類",
            "中分類",
            "小分類",
            "区分",
            "機能",
            "機能名",
            "機能名称",
            "業務",
            "業務名",
            "業務区分",
            "件名",
            "見出し",
            "章",
            "節",
            "item",
            "category",
            "section",
            "title",
            "function",
            "business",
            "area",
        ],
    ),
    (
        Role::Reference,
        &[
            "出典",
            "根拠",
            "根拠規定",
            "参照",
            "参照先",
            "参照条項",
            "標準仕様書",
            "標準仕様",
            "該当箇所",
            "関連規定",
            "機能id",
            "帳票id",
            "標準仕様の条項",
            "source",
            "reference",
            "references",
            "basis",
            "officialclause",
            "standard",
            "functionid",
        ],
    ),
    (
        Role::Necessity,
        &[
            "必須/任意",
            "必須・任意",
            "必須任意",
            "必須区分",
            "必須",
            "要否",
            "重要度",
            "優先度",
            "実装区分",
            "実装類型",
            "必須/推奨",
            "mandatory",
            "mandatory/optional",
            "level",
            "priority",
            "necessity",
            "must/should",
        ],
    ),
    (
        Role::Answer,
        &[
            "回答",
            "回答欄",
            "対応",
            "対応可否",
            "対応状況",
            "対応区分",
            "対応の可否",
            "実現可否",
            "可否",
            "適合",
            "適合状況",
            "適否",
            "適合可否",
            "実装状況",
            "answer",
            "answers",
            "response",
            "compliance",
            "compliant",
            "fit",
            "fit/gap",
            "status",
            "support",
            "supported",
        ],
    ),
    (
        Role::Vendor,
        &[
            "回答者",
            "事業者",
            "事業者名",
            "提案者",
            "提案事業者",
            "提案者名",
            "ベンダ",
            "ベンダー",
            "ベンダ名",
            "ベンダー名",
            "会社",
            "会社名",
            "社名",
            "商号又は名称",
            "商号または名称",
            "vendor",
            "vendorname",
            "supplier",
            "bidder",
            "company",
            "respondent",
            "offeror",
        ],
    ),
    (
        Role::Product,
        &[
            "製品",
            "製品名",
            "提案製品",
            "提案製品名",
            "パッケージ",
            "パッケージ名",
            "システム名",
            "ソフトウェア名",
            "提案システム",
            "product",
            "productname",
            "package",
            "system",
            "software",
        ],
    ),
    (
        Role::Version,
        &[
            "版",
            "版数",
            "バージョン",
            "製品バージョン",
            "提案バージョン",
            "ver",
            "ver.",
            "version",
            "release",
        ],
    ),
    (
        Role::Registration,
        &[
            "登録番号",
            "製品登録番号",
            "準拠登録番号",
            "クラウド対応製品登録番号",
            "登録製品番号",
            "証拠",
            "registration",
            "registrationno",
            "registrationno.",
            "registrationnumber",
            "registrations",
            "certificate",
            "certificateno",
            "certificatenumber",
        ],
    ),
    (
        Role::Remark,
        &[
            "備考",
            "補足",
            "補足説明",
            "説明・補足",
            "コメント",
            "実現方法",
            "対応方法",
            "対応内容",
            "代替案",
            "代替案の内容",
            "特記事項",
            "回答備考",
            "回答内容",
            "remark",
            "remarks",
            "note",
            "notes",
            "comment",
            "comments",
            "explanation",
        ],
    ),
];

/// The heading without spaces, brackets and ornaments: `■ 要求事項（※1）` → `要求事項`.
fn bare(heading: &str) -> String {
    let folded = tight(heading);
    let mut out = String::new();
    let mut depth = 0_u32;
    for c in folded.chars() {
        match c {
            '(' | '[' | '【' | '<' | '〔' => depth += 1,
            ')' | ']' | '】' | '>' | '〕' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            '■' | '□' | '●' | '◆' | '※' | '*' | ':' | '「' | '」' => {}
            other => out.push(other),
        }
    }
    out
}

/// The role of a column by its heading.
pub(super) fn role_of(heading: &str) -> Option<Role> {
    let tight = tight(heading);
    if tight.is_empty() || tight.chars().count() > 40 {
        return None;
    }
    let bare = bare(heading);
    let whole = |word: &str| tight == word || bare == word;
    WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| whole(word)))
        .map(|(role, _)| *role)
}

/// A heading such as `回答（架空システム）`, `A社 回答`, `Answer: Vendor A`: an answer column of a vendor.
pub(super) fn vendor_answer(heading: &str) -> Option<(Role, String)> {
    const ROLES: [(Role, &[&str]); 5] = [
        (
            Role::Answer,
            &[
                "回答欄",
                "回答",
                "対応可否",
                "対応状況",
                "適合状況",
                "Answer",
                "answer",
                "ANSWER",
                "Response",
                "response",
            ],
        ),
        (Role::Remark, &["備考", "補足", "Remarks", "remarks", "Note", "note"]),
        (Role::Registration, &["登録番号", "Registration", "registration"]),
        (Role::Product, &["製品名", "製品", "Product", "product"]),
        (Role::Version, &["バージョン", "版数", "Version", "version"]),
    ];
    let heading = heading.trim();
    if heading.chars().count() > 120
        || role_of(heading)
            .is_some_and(|role| bare(heading) == tight(heading) || role != Role::Answer && !role.is_of_offer())
    {
        return None;
    }
    for (role, words) in ROLES {
        for word in words {
            let rest = heading.strip_prefix(word).or_else(|| heading.strip_suffix(word));
            let Some(rest) = rest else { continue };
            let name = rest.trim_matches(|c: char| {
                c.is_whitespace() || "()（）[]［］【】:：_＿-－・/／の欄\u{3000}\"「」".contains(c)
            });
            // `回答（○△×）` tells the marks, not a vendor.
            let is_legend = name.contains(['○', '◯', '△', '×', '◎']) || Answer::read(name) != Answer::Unclear;
            if !name.is_empty() && !is_legend && role_of(name).is_none() {
                return Some((role, name.to_owned()));
            }
        }
    }
    None
}

/// `事業者名：株式会社架空システム` in one cell: the key's role and the value.
pub(super) fn told_fact(cell: &str) -> Option<(Role, String)> {
    let (key, value) = cell.split_once(['：', ':'])?;
    let role = role_of(key)?;
    let value = value.trim();
    (!value.is_empty()).then(|| (role, value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_in_both_languages() {
        for (heading, role) in [
            ("番号", Role::Number),
            ("No.", Role::Number),
            ("Ｎｏ", Role::Number),
            ("要求事項", Role::Text),
            ("要 求 事 項\n（※1）", Role::Text),
            ("Requirement", Role::Text),
            ("要件ID", Role::Requirement),
            ("必須／任意", Role::Necessity),
            ("回答", Role::Answer),
            ("対応可否（○△×）", Role::Answer),
            ("回答者", Role::Vendor),
            ("製品名", Role::Product),
            ("登録番号", Role::Registration),
            ("機能ID", Role::Reference),
            ("大項目", Role::Item),
            ("備考", Role::Remark),
        ] {
            assert_eq!(role_of(heading), Some(role), "{heading}");
        }
        assert_eq!(role_of("株式会社架空システム"), None);
        assert_eq!(role_of(""), None);
    }

    #[test]
    fn columns_of_vendors() {
        for (heading, name) in [
            ("回答（株式会社架空システム）", "株式会社架空システム"),
            ("A社 回答", "A社"),
            ("Answer: Vendor A", "Vendor A"),
            ("対応可否【架空ソフト】", "架空ソフト"),
        ] {
            assert_eq!(
                vendor_answer(heading),
                Some((Role::Answer, name.to_owned())),
                "{heading}"
            );
        }
        assert_eq!(vendor_answer("備考（A社）"), Some((Role::Remark, "A社".to_owned())));
        assert_eq!(vendor_answer("回答（○・△・×）"), None);
        assert_eq!(vendor_answer("回答"), None);
        assert_eq!(vendor_answer("回答者"), None);
        assert_eq!(vendor_answer("要求事項"), None);
    }
}

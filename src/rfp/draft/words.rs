//! Words of a draft.

use super::DraftSection;
use crate::standard::{Kind, Level};
use crate::text::{Lang, Text};

pub(super) fn title(sections: &[DraftSection], step: Option<u8>) -> Text {
    let step = step
        .map(|step| (format!("（STEP {step} まで）"), format!(" (up to STEP {step})")))
        .unwrap_or_default();
    match sections {
        [only] => Text::new(
            format!("連携要件：{}{}", only.title.ja, step.0),
            format!("Linkage requirements: {}{}", only.title.en, step.1),
        ),
        many => Text::new(
            format!("連携要件：{} プロファイル{}", many.len(), step.0),
            format!("Linkage requirements: {} profiles{}", many.len(), step.1),
        ),
    }
}

pub(super) fn preamble(kinds: &[Kind], suite: &str) -> Vec<(Text, Text)> {
    let of = |kind: Kind| kinds.iter().filter(|known| **known == kind).count();
    let (official, derived, reference) = (of(Kind::Official), of(Kind::Derived), of(Kind::Reference));
    vec![
        (
            Text::new("趣旨", "Purpose"),
            Text::new(
                format!("次の表の要件は、提案する製品と他の業務システムとの連携に求めるものである。要件と試験は公開の準拠試験スイート {suite} による。"),
                format!("The table asks for what the product has to do at its interfaces to other systems. Requirements and tests are those of the open conformance suite {suite}."),
            ),
        ),
        (
            Text::new("要件の由来", "Where the requirements come from"),
            Text::new(
                format!("種別の「公式」{official} 件は公的な文書又は公開標準の規定である。「導出」{derived} 件はそれらから従うものである。「参考」{reference} 件は、公開された規定がないために試験スイートが独自に定めた基準であり、APPLIC 及びデジタル庁の規定ではない。"),
                format!("{official} requirements marked “official” are provisions of official documents or public standards; {derived} marked “derived” follow from them; {reference} marked “reference” are the suite's own profile where no text is public: they are provisions of neither APPLIC nor the Digital Agency."),
            ),
        ),
        (
            Text::new("証拠の示し方", "How evidence is to be shown"),
            Text::new(
                "回答が「○」の要件については、提案する製品と版についてのクラウド対応製品登録制度の登録番号を記入すること。登録は、提案書の提出日に有効（停止・取消し・期限切れでない）であり、その要件の試験結果が合格であること。提案する版と異なる版の登録は証拠とならない。".to_owned(),
                "For every requirement answered with “yes”, name the registration number of the product in the version offered. The registration has to be in force on the day of submission (not suspended, withdrawn or expired), and the result for the requirement has to be “pass”. A registration of another version is no evidence.",
            ),
        ),
        (
            Text::new("回答の仕方", "How to answer"),
            Text::new(
                "回答欄に、○（登録された版がそのまま対応）、△（一部・条件つき）、カスタマイズ、代替、対応予定、×（対応しない）のいずれかを記入すること。○以外の場合は備考に内容を記入すること。".to_owned(),
                "Answer with ○ or yes (the registered version as it is), △ or partly, customised, alternative, planned, or × or no. Explain everything but yes in the remarks.",
            ),
        ),
        (
            Text::new("確認の方法", "How answers are checked"),
            Text::new(
                "本表は、公開カタログと透明性ログにより、提出日を基準日として機械的に確認する（junkyo rfp check）。「裏づけなし」は虚偽を意味しないが、評価に当たり根拠のない回答として扱うことがある。".to_owned(),
                "Answers are checked against the public catalog and its transparency log as of the day of submission (junkyo rfp check). “Not substantiated” does not mean “false”, but such an answer may be rated as one without evidence.",
            ),
        ),
    ]
}

pub(super) fn level(level: Level, lang: Lang) -> &'static str {
    match level {
        Level::Must => lang.pick("必須", "mandatory"),
        Level::MustNot => lang.pick("必須（禁止）", "mandatory (prohibition)"),
        Level::Should => lang.pick("推奨", "optional (should)"),
        Level::May => lang.pick("任意", "optional (may)"),
    }
}

pub(super) fn kind(kind: Kind, lang: Lang) -> &'static str {
    match kind {
        Kind::Official => lang.pick("公式", "official"),
        Kind::Derived => lang.pick("導出", "derived"),
        Kind::Reference => lang.pick("参考（独自基準）", "reference (own profile)"),
    }
}

/// Headings of the table, as the reader of lists knows them.
pub(super) fn headings(lang: Lang) -> [&'static str; 10] {
    lang.pick(
        [
            "番号",
            "大項目",
            "要求事項",
            "要件ID",
            "必須/任意",
            "出典",
            "種別",
            "回答",
            "登録番号",
            "備考",
        ],
        [
            "No.",
            "Item",
            "Requirement",
            "Requirement ID",
            "Level",
            "Source",
            "Kind",
            "Answer",
            "Registration",
            "Remarks",
        ],
    )
}

/// What the vendor fills in above the table.
pub(super) fn facts(lang: Lang) -> [&'static str; 4] {
    lang.pick(
        ["事業者名", "製品名", "版", "登録番号"],
        ["Vendor", "Product", "Version", "Registration"],
    )
}

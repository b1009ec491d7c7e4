//! What errors of the engine mean, in both languages.

use super::walk::Item;
use super::{Against, SchemaError};
use crate::text::Text;
use crate::xml::Element;

/// Characters of a value that a message quotes.
const MAX_QUOTED: usize = 60;
/// Characters of what the engine says of an instance, which quotes whole values.
const MAX_DETAIL: usize = 400;

/// An error of the engine, with place and words.
pub(super) fn of_instance(item: Item<'_>, code: &str, detail: &str, expected: Option<Text>) -> SchemaError {
    let (element, attribute) = match item {
        Item::Element(element) => (element, None),
        Item::Attribute(element, attribute) => (element, Some(attribute)),
    };
    let facts = Facts {
        element: element.local(),
        attribute: attribute.map(|attribute| attribute.name().local),
        value: quote(&attribute.map_or_else(|| element.text(), |attribute| attribute.value().into())),
        kind: quote(
            element
                .attribute("http://www.w3.org/2001/XMLSchema-instance", "type")
                .unwrap_or_default(),
        ),
        quoted: quote(quoted(detail)),
    };
    let (ja, en) = describe(code, &facts);
    let detail = if detail.is_empty() {
        String::new()
    } else {
        format!(" ({})", shortened(detail, MAX_DETAIL))
    };
    let path = match attribute {
        None => element.path(),
        Some(attribute) if attribute.prefix().is_empty() => format!("{}/@{}", element.path(), attribute.name().local),
        Some(attribute) => format!("{}/@{}:{}", element.path(), attribute.prefix(), attribute.name().local),
    };
    SchemaError {
        code: code.to_owned(),
        message: Text::new(ja, format!("{en}{detail}")),
        expected,
        path,
        at: attribute.map_or_else(|| element.position(), |attribute| attribute.position()),
        range: attribute.map_or_else(|| element.tag_range(), |attribute| attribute.range()),
    }
}

/// An element that nothing of the schema can be applied to.
pub(super) fn unknown_root(element: Element<'_>, against: Against<'_>) -> SchemaError {
    let mut error = of_instance(Item::Element(element), "cvc-elt.1", "", None);
    error.message = match against {
        Against::Declaration | Against::Lax => return error,
        Against::Element(name) => Text::new(
            format!("要素「{name}」の宣言がスキーマにありません"),
            format!("the schema does not declare the element `{name}`"),
        ),
        Against::Type(name) => Text::new(
            format!("型「{name}」の定義がスキーマにありません"),
            format!("the schema does not define the type `{name}`"),
        ),
    };
    error
}

/// What is wrong with a schema.
pub(super) fn of_schema(code: Option<&str>, detail: &str) -> Text {
    let ja = match code {
        Some("src-resolve") => "参照している部品（型、要素、属性など）がスキーマにありません",
        Some("src-import") => "import の書き方か、取り込んだスキーマの名前空間が正しくありません",
        Some("src-redefine") => "redefine の書き方が正しくありません",
        Some("cos-nonambig") => "内容モデルがあいまいです（次の要素がどの宣言に当たるか一つに決まりません）",
        Some("sch-props-correct") => "同じ名前の部品が二つあります",
        Some(code) if code.starts_with("derivation-ok") || code.starts_with("cos-ct") || code.starts_with("cos-st") => {
            "型の派生が正しくありません"
        }
        Some(_) => "スキーマが XML Schema 1.0 の規則に反しています",
        None => "スキーマを読み込めません",
    };
    let code = code.map_or_else(String::new, |code| format!(" [{code}]"));
    Text::new(format!("{ja}: {detail}{code}"), format!("{detail}{code}"))
}

struct Facts<'a> {
    element: &'a str,
    attribute: Option<&'a str>,
    /// Text of the element, or value of the attribute.
    value: String,
    /// `xsi:type` of the element.
    kind: String,
    /// The first name that the engine puts in quotes.
    quoted: String,
}

impl Facts<'_> {
    /// The item as the subject of a sentence.
    fn subject(&self) -> (String, String) {
        match self.attribute {
            None => (
                format!("要素「{}」", self.element),
                format!("element `{}`", self.element),
            ),
            Some(attribute) => (
                format!("要素「{}」の属性「{attribute}」", self.element),
                format!("attribute `{attribute}` of element `{}`", self.element),
            ),
        }
    }
}

/// Both wordings of a broken rule.
fn describe(code: &str, facts: &Facts<'_>) -> (String, String) {
    let Facts {
        element,
        value,
        kind,
        quoted,
        ..
    } = facts;
    let (subject_ja, subject_en) = facts.subject();
    let of_value = |ja: &str, en: &str| {
        (
            format!("{subject_ja}の値「{value}」は{ja}"),
            format!("{subject_en}: the value `{value}` {en}"),
        )
    };
    let of_subject = |ja: &str, en: &str| (format!("{subject_ja}{ja}"), format!("{subject_en} {en}"));
    match code {
        "cvc-elt.1" => of_subject("はスキーマに宣言されていません", "is not declared in the schema"),
        "cvc-elt.2" => of_subject(
            "は抽象要素のため、文書に置けません（置き換える要素を使います）",
            "is abstract; an element that substitutes it has to stand here",
        ),
        "cvc-elt.3.1" => of_subject("に xsi:nil は使えません", "may not have xsi:nil"),
        "cvc-elt.3.2.1" => of_subject(
            "は xsi:nil=\"true\" なのに内容があります",
            "has xsi:nil=\"true\" and yet has content",
        ),
        "cvc-elt.3.2.2" => of_subject(
            "には固定値があるため xsi:nil=\"true\" にできません",
            "has a fixed value and cannot have xsi:nil=\"true\"",
        ),
        "cvc-elt.4.1" => (
            format!("{subject_ja}の xsi:type「{kind}」に当たる型がありません"),
            format!("{subject_en}: there is no type `{kind}`, which xsi:type names"),
        ),
        "cvc-elt.4.2" => (
            format!("{subject_ja}の xsi:type「{kind}」は、宣言された型から派生した型ではありません"),
            format!("{subject_en}: the type `{kind}` of xsi:type is not derived from the declared type"),
        ),
        "cvc-elt.4.3" => (
            format!("{subject_ja}の型を xsi:type「{kind}」で置き換えることは禁じられています"),
            format!("{subject_en}: its type may not be replaced by `{kind}` of xsi:type"),
        ),
        "cvc-elt.5.1.1" => of_subject(
            "の既定値が型に合いません",
            "has a default value that its type does not allow",
        ),
        "cvc-elt.5.2.2" | "cvc-elt.5.2.2.1" | "cvc-elt.5.2.2.2" | "cvc-attribute.4" => {
            of_value("決められた固定値と異なります", "is not the fixed value")
        }
        "cvc-type.2" => of_subject(
            "の型は抽象型です。xsi:type で具体的な型を示す必要があります",
            "has an abstract type; xsi:type has to name a concrete one",
        ),
        "cvc-complex-type.2.1" => of_subject(
            "は空でなければなりませんが、内容があります",
            "has to be empty, but has content",
        ),
        "cvc-complex-type.2.3" => of_subject(
            "の直下に文字があります（子要素だけを置けます。全角空白も文字です）",
            "holds characters, but only child elements may stand in it (an ideographic space is a character too)",
        ),
        // About the child if it stands in the wrong place, about the parent if it ends too early.
        "cvc-complex-type.2.4" if quoted.is_empty() => of_subject("はここに置けません", "may not stand here"),
        "cvc-complex-type.2.4" => of_subject(
            "に必要な子要素が足りません",
            "ends before all required children are there",
        ),
        "cvc-complex-type.3.2.1" | "cvc-complex-type.3.2.2" | "cvc-assess-attr.1.2" => {
            of_subject("は許されていません", "is not allowed")
        }
        "cvc-complex-type.4" => (
            format!("要素「{element}」に必須の属性「{quoted}」がありません"),
            format!("element `{element}` lacks the required attribute `{quoted}`"),
        ),
        "cvc-attribute.5" => of_value("許されない書き方です", "is not allowed"),
        "cvc-enumeration-valid" => of_value("列挙された値のいずれでもありません", "is none of the enumerated values"),
        "cvc-pattern-valid" => of_value("決められた形（正規表現）に合いません", "does not match the pattern"),
        "cvc-length-valid" => of_value("長さが決められた長さと異なります", "does not have the required length"),
        "cvc-minLength-valid" => of_value("短すぎます", "is too short"),
        "cvc-maxLength-valid" => of_value("長すぎます", "is too long"),
        "cvc-minInclusive-valid" | "cvc-minExclusive-valid" => of_value("小さすぎます", "is too small"),
        "cvc-maxInclusive-valid" | "cvc-maxExclusive-valid" => of_value("大きすぎます", "is too large"),
        "cvc-totalDigits-valid" => of_value("桁数が多すぎます", "has too many digits"),
        "cvc-fractionDigits-valid" => of_value("小数部の桁数が多すぎます", "has too many digits after the point"),
        "cvc-id.1" => of_value("文書内のどの ID も指していません", "refers to no ID of the document"),
        "cvc-id.2" => of_value(
            "文書内の別の ID と重複しています",
            "is an ID that stands elsewhere in the document",
        ),
        "cvc-identity-constraint.4.2.1" => (
            format!("{subject_ja}で、キー制約「{quoted}」の項目の値がないか、複数あります"),
            format!("{subject_en}: a field of the constraint `{quoted}` has no value, or several"),
        ),
        "cvc-identity-constraint.4.2.2" => (
            format!("{subject_ja}は、一意でなければならない値（制約「{quoted}」）が前の要素と重複しています"),
            format!("{subject_en} repeats a value that the constraint `{quoted}` wants to be unique"),
        ),
        "cvc-identity-constraint.4.3" => (
            format!("{subject_ja}の中に、参照制約「{quoted}」の参照先がない値があります"),
            format!("{subject_en} holds a value of the reference `{quoted}` that no key has"),
        ),
        "cvc-schema-location" => of_value(
            "xsi:schemaLocation の書き方ではありません（名前空間と場所の組を並べます）",
            "is no list of pairs of namespace and location",
        ),
        "src-resolve" => of_subject(
            "の型がスキーマにないため、検証できません",
            "cannot be validated, because its type is not in the schema",
        ),
        "validation-resource-limit" | "validation-preparation-failed" => of_subject(
            "の内容モデルが複雑すぎて検証できません",
            "cannot be validated: its content model is too complex",
        ),
        _ if code.starts_with("cvc-datatype-valid") || code == "cvc-simple-type" => {
            of_value("型に合わない書き方です", "is not a value of its type")
        }
        _ => of_subject("がスキーマの規則に反しています", "breaks a rule of the schema"),
    }
}

/// The beginning of a text.
fn shortened(text: &str, most: usize) -> std::borrow::Cow<'_, str> {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

/// A value, shortened, on one line.
fn quote(value: &str) -> String {
    let mut characters = value.trim_matches([' ', '\t', '\r', '\n']).chars();
    let mut quoted: String = characters
        .by_ref()
        .take(MAX_QUOTED)
        .map(|character| if character.is_control() { ' ' } else { character })
        .collect();
    if characters.next().is_some() {
        quoted.push('…');
    }
    quoted
}

fn quoted(detail: &str) -> &str {
    detail.split('\'').nth(1).unwrap_or_default()
}

//! The rules that messages break on purpose.

use crate::text::Text;

macro_rules! constraints {
    ($( $(#[$doc:meta])* $name:ident, $word:literal, $facet:literal, [$($code:literal),+], $ja:literal, $en:literal; )+) => {
        /// A rule that an invalid message breaks.
        #[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
        pub enum Constraint {
            $( $(#[$doc])* $name, )+
        }

        impl Constraint {
            /// All of them.
            pub const ALL: &'static [Self] = &[$( Self::$name, )+];

            /// Its word in names of messages and requirements.
            pub fn word(self) -> &'static str {
                match self { $( Self::$name => $word, )+ }
            }

            /// Rules of XML Schema Part 1 or 2 that a validator may name for it.
            pub fn codes(self) -> &'static [&'static str] {
                match self { $( Self::$name => &[$($code),+], )+ }
            }

            /// What it is, as in `an element is missing`.
            pub fn describe(self) -> Text {
                match self { $( Self::$name => Text::new($ja, $en), )+ }
            }

            /// The name of its facet; its word for those that are no facets.
            pub(super) fn facet(self) -> &'static str {
                match self { $( Self::$name => $facet, )+ }
            }
        }
    };
}

constraints! {
    /// A required element is left out.
    MissingElement, "missing", "missing", ["cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.b", "cvc-complex-type.2.4.d", "cvc-identity-constraint.4.2.1"],
        "必須の要素がない", "a required element is missing";
    /// An element that the schema does not know.
    ExtraElement, "extra", "extra", ["cvc-complex-type.2.1", "cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.d"],
        "スキーマにない要素がある", "an element that the schema does not declare is there";
    /// Two elements in the wrong order.
    Order, "order", "order", ["cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.b", "cvc-complex-type.2.4.d"],
        "要素の順序が違う", "elements are in the wrong order";
    /// An element in another namespace.
    WrongNamespace, "namespace", "namespace", ["cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.b", "cvc-complex-type.2.4.d"],
        "要素の名前空間が違う", "an element is in the wrong namespace";
    /// Fewer occurrences than the least.
    TooFew, "too-few", "minOccurs", ["cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.b", "cvc-complex-type.2.4.d"],
        "要素の出現回数が少なすぎる", "an element occurs too few times";
    /// More occurrences than the most.
    TooMany, "too-many", "maxOccurs", ["cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.b", "cvc-complex-type.2.4.d"],
        "要素の出現回数が多すぎる", "an element occurs too many times";
    /// Two branches of a choice at once.
    TwoBranches, "two-branches", "choice", ["cvc-complex-type.2.4", "cvc-complex-type.2.4.a", "cvc-complex-type.2.4.b", "cvc-complex-type.2.4.d"],
        "選択肢の二つが同時にある", "two branches of a choice are there at once";
    /// Text where only elements are allowed.
    TextContent, "text", "text", ["cvc-complex-type.2.1", "cvc-complex-type.2.3"],
        "要素だけの内容に文字がある", "text stands where only elements are allowed";
    /// An attribute that the schema does not know.
    UndeclaredAttribute, "attribute", "attribute", ["cvc-complex-type.3.2.1", "cvc-complex-type.3.2.2", "cvc-complex-type.3", "cvc-type.3.1.1"],
        "スキーマにない属性がある", "an attribute that the schema does not declare is there";
    /// A required attribute is left out.
    MissingAttribute, "missing-attribute", "attribute", ["cvc-complex-type.4", "cvc-identity-constraint.4.2.1"],
        "必須の属性がない", "a required attribute is missing";
    /// Another value than the fixed one.
    WrongFixed, "fixed", "fixed", ["cvc-elt.5.2.2", "cvc-elt.5.2.2.2", "cvc-elt.5.2.2.2.2", "cvc-attribute.4", "cvc-au"],
        "固定値と違う値", "another value than the fixed one";
    /// `xsi:nil` where it is not allowed.
    NilForbidden, "nil", "nillable", ["cvc-elt.3.1"],
        "許されない xsi:nil", "xsi:nil stands where it is not allowed";
    /// A nil element with content.
    NilContent, "nil-content", "nil", ["cvc-elt.3.2.1"],
        "xsi:nil の要素に内容がある", "a nil element has content";
    /// An abstract type without `xsi:type`.
    AbstractType, "abstract-type", "abstract", ["cvc-type.2"],
        "抽象型がそのまま使われている", "an abstract type is used itself";
    /// An abstract element.
    AbstractElement, "abstract-element", "abstract", ["cvc-elt.2", "cvc-complex-type.2.4", "cvc-complex-type.2.4.a"],
        "抽象要素がそのまま使われている", "an abstract element is used itself";
    /// A text that is no value of the type.
    WrongType, "type", "type", ["cvc-datatype-valid", "cvc-datatype-valid.1", "cvc-datatype-valid.1.2.1", "cvc-datatype-valid.1.2.2", "cvc-datatype-valid.1.2.3", "cvc-simple-type", "cvc-type.3.1.3", "cvc-complex-type.2.2", "cvc-pattern-valid", "cvc-minInclusive-valid", "cvc-maxInclusive-valid"],
        "型に合わない値", "a text that is no value of the type";
    /// A value that is not in the list.
    Enumeration, "enumeration", "enumeration", ["cvc-enumeration-valid"],
        "列挙にない値", "a value that the enumeration does not have";
    /// A value that does not match the pattern.
    Pattern, "pattern", "pattern", ["cvc-pattern-valid"],
        "パターンに合わない値", "a value that does not match the pattern";
    /// Another length.
    Length, "length", "length", ["cvc-length-valid"],
        "長さが違う値", "a value of the wrong length";
    /// Too short.
    MinLength, "min-length", "minLength", ["cvc-minLength-valid"],
        "短すぎる値", "a value that is too short";
    /// Too long.
    MaxLength, "max-length", "maxLength", ["cvc-maxLength-valid"],
        "長すぎる値", "a value that is too long";
    /// Below the least value.
    MinInclusive, "min-inclusive", "minInclusive", ["cvc-minInclusive-valid", "cvc-datatype-valid", "cvc-datatype-valid.1.2.1"],
        "小さすぎる値", "a value that is too small";
    /// Above the greatest value.
    MaxInclusive, "max-inclusive", "maxInclusive", ["cvc-maxInclusive-valid", "cvc-datatype-valid", "cvc-datatype-valid.1.2.1"],
        "大きすぎる値", "a value that is too great";
    /// Not above the lower bound.
    MinExclusive, "min-exclusive", "minExclusive", ["cvc-minExclusive-valid"],
        "下限以下の値", "a value that is not above the lower bound";
    /// Not below the upper bound.
    MaxExclusive, "max-exclusive", "maxExclusive", ["cvc-maxExclusive-valid"],
        "上限以上の値", "a value that is not below the upper bound";
    /// Too many digits.
    TotalDigits, "total-digits", "totalDigits", ["cvc-totalDigits-valid"],
        "桁数が多すぎる値", "a value with too many digits";
    /// Too many digits after the point.
    FractionDigits, "fraction-digits", "fractionDigits", ["cvc-fractionDigits-valid"],
        "小数部の桁数が多すぎる値", "a value with too many digits after the point";
    /// The same key twice.
    DuplicateKey, "duplicate", "key", ["cvc-identity-constraint.4.1", "cvc-identity-constraint.4.2.2"],
        "一意であるべき値の重複", "a value that has to be unique stands twice";
    /// A reference to a key that is not there.
    DanglingKeyref, "dangling", "keyref", ["cvc-identity-constraint.4.3"],
        "参照先のない値", "a reference to a key that is not there";
}

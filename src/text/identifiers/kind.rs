//! The list of all identifiers: names, sources, confidence, and one validator for each.

use super::{IdentifierError, addressee, codes, corporate, individual, insurer, licence, municipality, passport};
use crate::text::Text;
use crate::text::address;

/// How sure a rule is.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd)]
pub enum Confidence {
    /// One secondary source, or an inference.
    Low,
    /// Two sources that agree, none of them the official text.
    Medium,
    /// The official text was read, or the rule reproduced on official values.
    High,
}

/// What one kind says about a value.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fit {
    /// The kind.
    pub kind: Kind,
    /// Whether the value is well-formed, and if not, why.
    pub verdict: Result<(), IdentifierError>,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident, $ja:literal, $en:literal, $id:literal, $confidence:ident, $source:literal, $checked:literal, $validate:path;)*) => {
        /// Every identifier that this program knows.
        #[derive(Clone, Copy, Debug, Eq, PartialEq, Ord, PartialOrd, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// Id, as vector files and `--json` write it.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$name => $id,)* }
            }

            /// Name in both languages.
            pub fn name(self) -> Text {
                match self { $(Self::$name => Text::new($ja, $en),)* }
            }

            /// How sure its rule is.
            pub const fn confidence(self) -> Confidence {
                match self { $(Self::$name => Confidence::$confidence,)* }
            }

            /// Where its rule stands.
            pub const fn source(self) -> &'static str {
                match self { $(Self::$name => $source,)* }
            }

            /// Whether it has a check digit whose rule is known (or inferred).
            pub const fn has_check_digit(self) -> bool {
                match self { $(Self::$name => $checked,)* }
            }

            /// Whether a text is a well-formed value of this kind.
            ///
            /// # Errors
            /// If it is not.
            pub fn validate(self, text: &str) -> Result<(), IdentifierError> {
                match self { $(Self::$name => $validate(text),)* }
            }
        }
    };
}

kinds! {
    /// 個人番号.
    IndividualNumber, "個人番号", "individual number", "individual-number", High,
        "平成26年総務省令第85号 5条", true, individual::validate_individual;
    /// 住民票コード.
    ResidentCode, "住民票コード（算式は推定）", "resident code (formula inferred)", "resident-code", Low,
        "住民基本台帳法施行規則 1条; the check digit is inferred", true, individual::validate_resident;
    /// 法人番号.
    CorporateNumber, "法人番号", "corporate number", "corporate-number", High,
        "平成26年財務省令第70号 2条", true, corporate::validate;
    /// 全国地方公共団体コード.
    MunicipalityCode, "全国地方公共団体コード", "municipality code", "municipality-code", High,
        "総務省 全国地方公共団体コード; JIS X 0401, JIS X 0402", true, municipality::validate;
    /// 保険者番号.
    InsurerNumber, "保険者番号", "insurer number", "insurer-number", Medium,
        "modulus 10, weights 2 and 1; secondary sources", true, insurer::validate_insurer;
    /// 介護 事業所番号.
    CareOfficeNumber, "介護保険事業所番号", "care office number", "care-office-number", Low,
        "モジュラス10; weights as 保険者番号 assumed", true, insurer::validate_office;
    /// 宛名番号 or 世帯番号.
    AddresseeNumber, "宛名番号・世帯番号", "addressee or household number", "addressee-number", High,
        "住民記録システム標準仕様書【第1.0版】 §1.1.13; remainder 1: RD-15", true, addressee::validate_default;
    /// 運転免許証の番号.
    DriversLicence, "運転免許証番号", "driver's licence number", "drivers-licence", Medium,
        "secondary sources; remainder 0 is 1 or 0", true, licence::validate;
    /// 旅券番号.
    PassportNumber, "旅券番号", "passport number", "passport-number", High,
        "ICAO Doc 9303 part 4", false, passport::validate_number;
    /// Second line of a passport's machine readable zone.
    PassportLine, "旅券 MRZ 2行目", "passport MRZ, line 2", "passport-mrz", High,
        "ICAO Doc 9303 part 4", true, passport::validate_line;
    /// 在留カード番号.
    ResidenceCardNumber, "在留カード番号・特別永住者証明書番号", "residence card number", "residence-card", Medium,
        "出入国在留管理庁 (sample)", false, codes::validate_residence_card;
    /// 基礎年金番号.
    BasicPensionNumber, "基礎年金番号", "basic pension number", "basic-pension-number", Low,
        "form 4 + 6 only", false, codes::validate_pension;
    /// 郵便番号.
    PostalCode, "郵便番号", "postal code", "postal-code", High,
        "行政基本情報データ連携モデル 1015-3", false, codes::validate_postal;
    /// 町字ID.
    MachiazaId, "町字ID", "machiaza id", "machiaza-id", High,
        "アドレス・ベース・レジストリ: 大字 4 + 丁目・小字 3", false, address::validate_machiaza;
    /// 住所コード.
    AddressCode, "住所コード（11桁）", "address code (11 digits)", "address-code", High,
        "住民記録システム標準仕様書【第1.0版】 §1.3.3: 2 + 3 + 3 + 3", false, address::validate_address_code;
    /// MJ文字図形名.
    MjGlyphName, "MJ文字図形名", "MJ glyph name", "mj-glyph-name", Medium,
        "文字情報基盤", false, codes::validate_mj;
    /// Phone number.
    PhoneNumber, "電話番号", "phone number", "phone-number", Medium,
        "電気通信番号規則", false, codes::validate_phone;
}

impl Kind {
    /// The kind with an id.
    pub fn from_id(id: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.id() == id)
    }
}

/// What every kind says about a value.
pub fn fits(value: &str) -> Vec<Fit> {
    Kind::ALL
        .iter()
        .map(|&kind| Fit {
            kind,
            verdict: kind.validate(value),
        })
        .collect()
}

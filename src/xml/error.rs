//! Why a document cannot be read.

use std::fmt;

use thiserror::Error;

use crate::text::Text;

/// A place in a document.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// Byte offset in the document after decoding to UTF-8.
    pub offset: usize,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// What is wrong with a document.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum XmlFault {
    /// There is nothing.
    Empty,
    /// Bytes that are not what the encoding allows.
    InvalidBytes {
        /// Name of the encoding.
        encoding: String,
    },
    /// An encoding that junkyo does not know.
    UnknownEncoding {
        /// Its name.
        encoding: String,
    },
    /// A character that XML 1.0 forbids.
    Character {
        /// Its code point.
        code: u32,
    },
    /// A document type declaration, which SOAP and junkyo forbid.
    Doctype,
    /// A reference to an entity that is not one of the five of XML.
    Entity {
        /// Its name.
        name: String,
    },
    /// More bytes than the limit.
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// Elements too deep inside each other.
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// Too many attributes at one element.
    TooManyAttributes {
        /// The limit.
        limit: usize,
    },
    /// Too many namespace declarations in scope.
    TooManyNamespaces {
        /// The limit.
        limit: usize,
    },
    /// A name, or the name of a namespace, that is longer than anybody needs.
    LongName {
        /// The limit, in bytes.
        limit: usize,
    },
    /// Too many nodes.
    TooManyNodes {
        /// The limit.
        limit: usize,
    },
    /// Something else was expected here.
    Expected {
        /// What, in Japanese.
        ja: &'static str,
        /// What, in English.
        en: &'static str,
    },
    /// The document ends inside something.
    UnexpectedEnd {
        /// Inside what, in Japanese.
        ja: &'static str,
        /// Inside what, in English.
        en: &'static str,
    },
    /// An end tag that closes another element than the one that is open.
    EndTag {
        /// Name of the open element.
        open: String,
        /// Name in the end tag.
        close: String,
    },
    /// An element that is not closed.
    Unclosed {
        /// Its name.
        name: String,
    },
    /// The same attribute twice.
    DuplicateAttribute {
        /// Its name.
        name: String,
    },
    /// A prefix without a namespace.
    UnboundPrefix {
        /// The prefix.
        prefix: String,
    },
    /// A namespace declaration that Namespaces in XML 1.0 forbids.
    NamespaceDeclaration {
        /// The declared prefix.
        prefix: String,
    },
    /// No element at all.
    NoRoot,
    /// Something after the end of the root element.
    AfterRoot,
}

impl XmlFault {
    /// Whether the document was refused to protect the harness, not because it is no XML.
    pub fn is_limit(&self) -> bool {
        matches!(
            self,
            Self::Doctype
                | Self::Entity { .. }
                | Self::TooLarge { .. }
                | Self::TooDeep { .. }
                | Self::TooManyAttributes { .. }
                | Self::TooManyNamespaces { .. }
                | Self::LongName { .. }
                | Self::TooManyNodes { .. }
        )
    }

    /// What is wrong, for reports.
    pub fn describe(&self) -> Text {
        match self {
            Self::Empty => Text::new("文書が空です", "the document is empty"),
            Self::InvalidBytes { encoding } => Text::new(
                format!("{encoding} として不正なバイト列です"),
                format!("these bytes are not {encoding}"),
            ),
            Self::UnknownEncoding { encoding } => Text::new(
                format!("文字コード「{encoding}」は扱えません"),
                format!("encoding `{encoding}` is not known"),
            ),
            Self::Character { code } => Text::new(
                format!("XML 1.0 で使えない文字 U+{code:04X} があります"),
                format!("character U+{code:04X} is not allowed in XML 1.0"),
            ),
            Self::Doctype => Text::new(
                "文書型宣言（DOCTYPE）は受け付けません",
                "a document type declaration is refused",
            ),
            Self::Entity { name } => Text::new(
                format!("実体参照「&{name};」は受け付けません（使えるのは lt, gt, amp, quot, apos のみ）"),
                format!("entity reference `&{name};` is refused (only lt, gt, amp, quot, apos are known)"),
            ),
            Self::TooLarge { limit } => Text::new(
                format!("文書が上限 {limit} バイトを超えています"),
                format!("the document is larger than {limit} bytes"),
            ),
            Self::TooDeep { limit } => Text::new(
                format!("要素の入れ子が上限 {limit} 段を超えています"),
                format!("elements are nested deeper than {limit}"),
            ),
            Self::TooManyAttributes { limit } => Text::new(
                format!("一つの要素の属性が上限 {limit} 個を超えています"),
                format!("an element has more than {limit} attributes"),
            ),
            Self::TooManyNamespaces { limit } => Text::new(
                format!("有効な名前空間宣言が上限 {limit} 個を超えています"),
                format!("more than {limit} namespace declarations are in scope"),
            ),
            Self::LongName { limit } => Text::new(
                format!("名前が上限 {limit} バイトを超えています"),
                format!("a name is longer than {limit} bytes"),
            ),
            Self::TooManyNodes { limit } => Text::new(
                format!("節点の数が上限 {limit} 個を超えています"),
                format!("the document has more than {limit} nodes"),
            ),
            Self::Expected { ja, en } => Text::new(format!("ここには{ja}が必要です"), format!("expected {en} here")),
            Self::UnexpectedEnd { ja, en } => Text::new(
                format!("{ja}の途中で文書が終わっています"),
                format!("the document ends inside {en}"),
            ),
            Self::EndTag { open, close } => Text::new(
                format!("要素「{open}」が開いているのに終了タグは「{close}」です"),
                format!("element `{open}` is open, but the end tag says `{close}`"),
            ),
            Self::Unclosed { name } => Text::new(
                format!("要素「{name}」が閉じられていません"),
                format!("element `{name}` is not closed"),
            ),
            Self::DuplicateAttribute { name } => Text::new(
                format!("属性「{name}」が二度あります"),
                format!("attribute `{name}` stands twice"),
            ),
            Self::UnboundPrefix { prefix } => Text::new(
                format!("接頭辞「{prefix}」の名前空間が宣言されていません"),
                format!("prefix `{prefix}` has no namespace"),
            ),
            Self::NamespaceDeclaration { prefix } => Text::new(
                format!("接頭辞「{prefix}」の名前空間宣言は許されません"),
                format!("this namespace declaration of prefix `{prefix}` is not allowed"),
            ),
            Self::NoRoot => Text::new("要素がありません", "there is no element"),
            Self::AfterRoot => Text::new(
                "文書要素の後に内容があります",
                "there is content after the document element",
            ),
        }
    }
}

/// A document that cannot be read, with the place.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("line {}, column {}: {}", .at.line, .at.column, .fault.describe().en)]
pub struct XmlError {
    /// What is wrong.
    pub fault: XmlFault,
    /// Where.
    pub at: Position,
}

impl XmlError {
    /// What is wrong and where, for reports.
    pub fn describe(&self) -> Text {
        let text = self.fault.describe();
        Text::new(
            format!("{} 行 {} 桁: {}", self.at.line, self.at.column, text.ja),
            format!("line {}, column {}: {}", self.at.line, self.at.column, text.en),
        )
    }
}

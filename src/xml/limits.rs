//! What a document may cost.

/// What to do with a document type declaration.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Doctype {
    /// Refuse the document.
    #[default]
    Refuse,
    /// Step over it and remember that it was there; what it declares is not read, so a reference to an entity of its
    /// own is refused.
    Skip,
}

/// Limits of one document. Going past any of them is a fault with a name, not a crash.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes as received.
    pub bytes: usize,
    /// Elements inside each other.
    pub depth: usize,
    /// Attributes (with namespace declarations) of one element.
    pub attributes: usize,
    /// Namespace declarations in scope at one place.
    pub namespaces: usize,
    /// Bytes of one name as written, and of one namespace name.
    pub name: usize,
    /// Nodes in the whole document: elements, texts, comments, processing instructions.
    pub nodes: usize,
    /// What becomes of a document type declaration.
    pub doctype: Doctype,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            bytes: 16 * 1024 * 1024,
            depth: 256,
            attributes: 512,
            namespaces: 512,
            name: 4096,
            nodes: 2_000_000,
            doctype: Doctype::Refuse,
        }
    }
}

impl Limits {
    /// The same limits, with another way to take a document type declaration.
    pub fn with_doctype(self, doctype: Doctype) -> Self {
        Self { doctype, ..self }
    }
}

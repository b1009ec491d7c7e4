//! Exclusive canonical form of elements of our tree.

use bergshamra::c14n::{C14nMode, canonicalize_doc};
use bergshamra::xml::{Document as OtherDocument, NodeId, NodeSet, uppsala};

use crate::xml::{Document, Element};

/// The tree of bergshamra's parser beside ours. Elements are matched by their number in document order, and only if both
/// parsers see the same names: where two parsers disagree, nothing may count as signed.
pub(super) struct Canonical<'d> {
    other: OtherDocument<'d>,
    others: Vec<NodeId>,
    ours: Vec<usize>,
}

impl<'d> Canonical<'d> {
    /// Reads the document element of our document again.
    pub(super) fn new(document: &'d Document) -> Result<Self, String> {
        let text = &document.text()[document.root().range()];
        let other = uppsala::parse(text).map_err(|error| error.to_string())?;
        let others: Vec<NodeId> = other
            .descendants(other.root())
            .into_iter()
            .filter(|&node| other.element(node).is_some())
            .collect();
        let ours: Vec<usize> = document.elements().map(Element::index).collect();
        if ours.len() != others.len() {
            return Err(format!("two parsers see {} and {} elements", ours.len(), others.len()));
        }
        Ok(Self { other, others, ours })
    }

    /// The canonical octets of an element and what is in it, without comments. `prefixes` is the PrefixList.
    pub(super) fn exclusive(&self, element: Element<'_>, prefixes: &[String]) -> Result<Vec<u8>, String> {
        let node = self.node(element)?;
        let set = NodeSet::tree_without_comments(node, &self.other);
        canonicalize_doc(&self.other, C14nMode::Exclusive, Some(&set), prefixes).map_err(|error| error.to_string())
    }

    fn node(&self, element: Element<'_>) -> Result<NodeId, String> {
        let differs = || format!("two parsers differ at {}", element.path());
        let number = self.ours.binary_search(&element.index()).map_err(|_| differs())?;
        let node = *self.others.get(number).ok_or_else(differs)?;
        let same = self.other.element(node).is_some_and(|other| {
            other.name.local_name == element.local()
                && other.name.namespace_uri.as_deref().unwrap_or_default() == element.namespace()
        });
        if same { Ok(node) } else { Err(differs()) }
    }
}

//! A tolerant XML tree. Markup that is not well-formed is repaired if its meaning is clear, and reported.
//!
//! Elements and texts are in one list and refer to each other by index, so that deep nesting causes no recursion.
//! Parsing resolves namespaces, `xml:base` and `xml:lang`.

mod builder;

use std::sync::Arc;

pub(super) use builder::{MAX_PIECES, parse};

use super::namespace::Namespace;
use crate::formats::address::{self, Base};
use crate::formats::budget::Budget;
use crate::formats::html::sanitize::{escape_text, escape_value};

/// The index of a node.
pub(super) type NodeId = usize;

/// The root node.
pub(super) const ROOT: NodeId = 0;

/// A document.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The first 256 namespaces that the document declares: prefix and address.
    pub(super) namespaces: Vec<(String, String)>,
    /// The document type, without its declarations.
    pub(super) document_type: String,
    /// The line and the description of the first mistake.
    pub(super) mistake: Option<(u32, &'static str)>,
    /// The memory that the document may still use.
    pub(super) budget: Budget,
}

#[derive(Debug)]
struct Node {
    first: Option<NodeId>,
    last: Option<NodeId>,
    next: Option<NodeId>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Element(XmlElement),
    Text(String),
}

/// An element.
#[derive(Debug, Default)]
pub(super) struct XmlElement {
    /// The namespace.
    pub(super) space: Namespace,
    /// The name without prefix, in lower case.
    pub(super) name: String,
    /// The attributes: namespace (`Core` if none is declared), name in lower case, value.
    attributes: Vec<(Namespace, String, String)>,
    /// The base of addresses in the element.
    pub(super) base: Option<Arc<Base>>,
    /// The language.
    pub(super) language: Option<Arc<str>>,
}

impl XmlElement {
    /// Returns the value of an attribute without a namespace.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_of(Namespace::Core, name)
    }

    /// Returns the value of an attribute with a namespace.
    pub(super) fn attribute_of(&self, space: Namespace, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, known, _)| *of == space && known == name).map(|(_, _, value)| value.as_str())
    }
}

impl Tree {
    /// Resolves an address in `element`. Returns an empty text if it is too long.
    pub(super) fn resolve(&self, element: &XmlElement, address: &str) -> String {
        address::resolve(element.base.as_deref(), address, &self.budget).unwrap_or_default()
    }

    /// Returns the element with this index; `None` for a text.
    pub(super) fn element(&self, id: NodeId) -> Option<&XmlElement> {
        match &self.nodes.get(id)?.content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        }
    }

    /// Returns the children of a node.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let mut next = self.nodes.get(id).and_then(|node| node.first);
        std::iter::from_fn(move || {
            let id = next?;
            next = self.nodes.get(id).and_then(|node| node.next);
            Some(id)
        })
    }

    /// Returns the child elements of a node.
    pub(super) fn elements(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &XmlElement)> {
        self.children(id).filter_map(|id| Some((id, self.element(id)?)))
    }

    /// Returns whether a node has child elements.
    pub(super) fn has_elements(&self, id: NodeId) -> bool {
        self.elements(id).next().is_some()
    }

    /// Returns the text of a node and all its descendants.
    pub(super) fn text(&self, id: NodeId) -> String {
        let mut whole = String::new();
        self.walk(id, |step| {
            if let TreeStep::Text(text) = step {
                whole.push_str(text);
            }
        });
        whole
    }

    /// Returns the content of a node as HTML. Addresses are resolved if there is an `xml:base`.
    pub(super) fn markup(&self, id: NodeId) -> String {
        let mut html = String::new();
        self.walk(id, |step| match step {
            TreeStep::Text(text) => escape_text(text, &mut html),
            TreeStep::Start(element) => {
                html.push('<');
                html.push_str(&element.name);
                for (_, name, value) in element.attributes.iter().filter(|(space, _, _)| *space == Namespace::Core) {
                    let is_address = element.base.is_some()
                        && matches!(name.as_str(), "href" | "src" | "cite")
                        && address::is_allowed_scheme(&address::trim_url(value));
                    let whole = is_address.then(|| self.resolve(element, value));
                    let value = whole.as_deref().unwrap_or(value);
                    html.push(' ');
                    html.push_str(name);
                    html.push_str("=\"");
                    escape_value(value, &mut html);
                    html.push('"');
                }
                html.push('>');
            }
            TreeStep::End(element) => {
                html.push_str("</");
                html.push_str(&element.name);
                html.push('>');
            }
        });
        html
    }

    /// Visits all descendants of a node in document order.
    fn walk<'t>(&'t self, id: NodeId, mut take: impl FnMut(TreeStep<'t>)) {
        let mut pending: Vec<(NodeId, bool)> = Vec::new();
        let below = |id: NodeId| self.nodes.get(id).and_then(|node| node.first);
        pending.extend(below(id).map(|first| (first, false)));
        while let Some((id, is_done)) = pending.pop() {
            let Some(node) = self.nodes.get(id) else { continue };
            match &node.content {
                Content::Text(text) => take(TreeStep::Text(text)),
                Content::Element(element) if is_done => take(TreeStep::End(element)),
                Content::Element(element) => {
                    take(TreeStep::Start(element));
                    pending.push((id, true));
                    pending.extend(node.first.map(|first| (first, false)));
                    continue;
                }
            }
            pending.extend(node.next.map(|next| (next, false)));
        }
    }
}

enum TreeStep<'t> {
    Start(&'t XmlElement),
    End(&'t XmlElement),
    Text(&'t str),
}

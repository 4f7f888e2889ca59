//! XML as a tree, read as far as it goes. What is not well-formed is repaired where its meaning is plain, and noted.
//!
//! Elements and texts lie in one list and point to each other by number, so that nothing recurs however deep they are
//! nested. Namespaces, `xml:base` and `xml:lang` are worked out on the way.

mod builder;

use std::sync::Arc;

pub(super) use builder::MOST;

use super::namespace::Namespace;
use crate::formats::address::{self, Base};
use crate::formats::budget::Budget;
use crate::formats::html::{escape_text, escape_value};

/// The number of a node.
pub(super) type NodeId = usize;

/// The root of all.
pub(super) const ROOT: NodeId = 0;

/// A document.
#[derive(Debug)]
pub(super) struct Tree {
    nodes: Vec<Node>,
    /// The addresses of namespaces that it declares, in order, as far as one may care.
    pub(super) namespaces: Vec<(String, String)>,
    /// Its document type, without what it declares.
    pub(super) document_type: String,
    /// The first mistake: its line and what it is.
    pub(super) mistake: Option<(u32, &'static str)>,
    /// The memory that the document may still take.
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
    /// Its vocabulary.
    pub(super) space: Namespace,
    /// Its name in it, in lower case.
    pub(super) name: String,
    /// Its attributes: vocabulary (`Core` where none is named), name in lower case, value.
    attributes: Vec<(Namespace, String, String)>,
    /// What its addresses are relative to.
    pub(super) base: Option<Arc<Base>>,
    /// Its language.
    pub(super) language: Option<Arc<str>>,
}

impl XmlElement {
    /// The value of an attribute that belongs to no vocabulary but the element's own.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_of(Namespace::Core, name)
    }

    /// The value of an attribute of a vocabulary.
    pub(super) fn attribute_of(&self, space: Namespace, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, known, _)| *of == space && known == name).map(|(_, _, value)| value.as_str())
    }
}

impl Tree {
    /// Reads `text`, whose addresses are relative to `base`.
    pub(super) fn read(text: &str, base: Option<&str>) -> Tree {
        builder::TreeBuilder::new(text, base).run()
    }

    /// Resolves an address that stands in `element`. Returns an empty text if it is too long.
    pub(super) fn resolve(&self, element: &XmlElement, address: &str) -> String {
        address::resolve(element.base.as_deref(), address, &self.budget).unwrap_or_default()
    }

    /// The element with this number; none where it is a text.
    pub(super) fn element(&self, id: NodeId) -> Option<&XmlElement> {
        match &self.nodes.get(id)?.content {
            Content::Element(element) => Some(element),
            Content::Text(_) => None,
        }
    }

    /// The nodes in a node.
    pub(super) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> {
        let mut next = self.nodes.get(id).and_then(|node| node.first);
        std::iter::from_fn(move || {
            let id = next?;
            next = self.nodes.get(id).and_then(|node| node.next);
            Some(id)
        })
    }

    /// The elements in a node.
    pub(super) fn elements(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &XmlElement)> {
        self.children(id).filter_map(|id| Some((id, self.element(id)?)))
    }

    /// Whether a node holds other elements.
    pub(super) fn has_elements(&self, id: NodeId) -> bool {
        self.elements(id).next().is_some()
    }

    /// All text in a node, however deep.
    pub(super) fn text(&self, id: NodeId) -> String {
        let mut whole = String::new();
        self.walk(id, |step| {
            if let TreeStep::Text(text) = step {
                whole.push_str(text);
            }
        });
        whole
    }

    /// What a node holds, as HTML: inline markup comes back as it was written, addresses whole where `xml:base` says
    /// what they are relative to.
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
                        && address::is_harmless(&address::tidy(value));
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

    /// Goes through all that a node holds, in the order of the document.
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

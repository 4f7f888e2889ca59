//! XML as a tree, read as far as it goes. What is not well-formed is repaired where its meaning is plain, and noted.
//!
//! Elements and texts lie in one list and point to each other by number, so that nothing recurs however deep they are
//! nested. Namespaces, `xml:base` and `xml:lang` are worked out on the way.

use std::collections::HashMap;
use std::sync::Arc;

use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::entities::{Entities, repaired};
use super::namespace::{Space, of_address, of_prefix};
use crate::loader::address;
use crate::loader::html::{escape_text, escape_value};

/// How often a text may be read again from the place of a mistake, in multiples of its length.
const PATIENCE: usize = 16;

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
    Element(Element),
    Text(String),
}

/// An element.
#[derive(Debug, Default)]
pub(super) struct Element {
    /// Its vocabulary.
    pub(super) space: Space,
    /// Its name in it, in lower case.
    pub(super) name: String,
    /// Its attributes: vocabulary (`Core` where none is named), name in lower case, value.
    attributes: Vec<(Space, String, String)>,
    /// What its addresses are relative to.
    pub(super) base: Option<Arc<str>>,
    /// Its language.
    pub(super) language: Option<Arc<str>>,
}

impl Element {
    /// The value of an attribute that belongs to no vocabulary but the element's own.
    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attribute_of(Space::Core, name)
    }

    /// The value of an attribute of a vocabulary.
    pub(super) fn attribute_of(&self, space: Space, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(of, known, _)| *of == space && known == name).map(|(_, _, value)| value.as_str())
    }
}

impl Tree {
    /// Reads `text`, whose addresses are relative to `base`.
    pub(super) fn read(text: &str, base: Option<&str>) -> Tree {
        Builder::new(text, base).run()
    }

    /// The element with this number; none where it is a text.
    pub(super) fn element(&self, id: NodeId) -> Option<&Element> {
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
    pub(super) fn elements(&self, id: NodeId) -> impl Iterator<Item = (NodeId, &Element)> {
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
            if let Step::Text(text) = step {
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
            Step::Text(text) => escape_text(text, &mut html),
            Step::Start(element) => {
                html.push('<');
                html.push_str(&element.name);
                for (_, name, value) in element.attributes.iter().filter(|(space, _, _)| *space == Space::Core) {
                    html.push(' ');
                    html.push_str(name);
                    html.push_str("=\"");
                    let is_address = matches!(name.as_str(), "href" | "src" | "cite");
                    if is_address && element.base.is_some() {
                        escape_value(&address::resolve(element.base.as_deref(), value), &mut html);
                    } else {
                        escape_value(value, &mut html);
                    }
                    html.push('"');
                }
                html.push('>');
            }
            Step::End(element) => {
                html.push_str("</");
                html.push_str(&element.name);
                html.push('>');
            }
        });
        html
    }

    /// Goes through all that a node holds, in the order of the document.
    fn walk<'t>(&'t self, id: NodeId, mut take: impl FnMut(Step<'t>)) {
        let mut pending: Vec<(NodeId, bool)> = Vec::new();
        let below = |id: NodeId| self.nodes.get(id).and_then(|node| node.first);
        pending.extend(below(id).map(|first| (first, false)));
        while let Some((id, is_done)) = pending.pop() {
            let Some(node) = self.nodes.get(id) else { continue };
            match &node.content {
                Content::Text(text) => take(Step::Text(text)),
                Content::Element(element) if is_done => take(Step::End(element)),
                Content::Element(element) => {
                    take(Step::Start(element));
                    pending.push((id, true));
                    pending.extend(node.first.map(|first| (first, false)));
                    continue;
                }
            }
            pending.extend(node.next.map(|next| (next, false)));
        }
    }
}

enum Step<'t> {
    Start(&'t Element),
    End(&'t Element),
    Text(&'t str),
}

/// An element that is open.
struct Open {
    id: NodeId,
    /// Its name as it is written, in lower case.
    name: String,
    /// The prefixes that it declares.
    prefixes: Vec<String>,
}

struct Builder<'a> {
    text: &'a str,
    tree: Tree,
    open: Vec<Open>,
    /// How many elements of each name are open.
    counts: HashMap<String, usize>,
    /// What each prefix stands for, innermost last.
    prefixes: HashMap<String, Vec<Space>>,
    entities: Entities,
}

impl<'a> Builder<'a> {
    fn new(text: &'a str, base: Option<&str>) -> Builder<'a> {
        let root = Element { base: base.map(Arc::from), ..Element::default() };
        let root = Node { first: None, last: None, next: None, content: Content::Element(root) };
        Builder {
            text,
            tree: Tree {
                nodes: vec![root],
                namespaces: Vec::new(),
                document_type: String::new(),
                mistake: None,
            },
            open: Vec::new(),
            counts: HashMap::new(),
            prefixes: HashMap::new(),
            entities: Entities::new(text.len()),
        }
    }

    fn run(mut self) -> Tree {
        let mut from = 0;
        let mut patience = self.text.len().saturating_mul(PATIENCE).saturating_add(1 << 20);
        while let Some(rest) = self.text.get(from..).filter(|rest| !rest.is_empty()) {
            let (place, next) = self.read_on(rest);
            let Some(next) = next else { break };
            // What was looked at in vain counts.
            patience = patience.saturating_sub(place.1.saturating_sub(place.0).max(64));
            from += next;
            if patience == 0 {
                break;
            }
        }
        if !self.open.is_empty() {
            self.note(self.text.len(), "the text ends before all elements are closed");
        }
        self.tree
    }

    /// Reads until a mistake that the reader cannot get over, and says where it happened (where it began, how far was
    /// looked) and from where to go on, as seen from `rest`; from nowhere where the text is at its end.
    fn read_on(&mut self, rest: &'a str) -> ((usize, usize), Option<usize>) {
        let mut reader = Reader::from_str(rest);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let whole = self.text.len() - rest.len();
        loop {
            let start = usize::try_from(reader.buffer_position()).unwrap_or(rest.len());
            let event = reader.read_event();
            let end = usize::try_from(reader.buffer_position()).unwrap_or(rest.len());
            match event {
                Ok(Event::Eof) => return ((start, end), None),
                Ok(Event::Start(tag) | Event::Empty(tag)) if !is_name(tag.name().as_ref()) => {
                    // A sign, not a tag.
                    self.note(whole + start, "a \"<\" stands for itself");
                    self.push_text("<");
                    return ((start, end), Some(start + 1));
                }
                Ok(Event::Start(tag)) => self.start(&tag, false),
                Ok(Event::Empty(tag)) => self.start(&tag, true),
                Ok(Event::End(tag)) => {
                    let name = tag.name().as_ref().to_ascii_lowercase();
                    self.end(&name, whole + start);
                }
                Ok(Event::Text(text)) => self.push_text(&text),
                Ok(Event::CData(text)) => self.push_text(&text),
                Ok(Event::GeneralRef(name)) => {
                    if let Some(value) = self.entities.resolve(&name) {
                        self.push_text(&value);
                    } else {
                        self.note(whole + start, "a reference stands for nothing");
                        self.push_text(&format!("&{};", &*name));
                    }
                }
                Ok(Event::DocType(text)) => {
                    self.entities.declare(&text);
                    text.split('[').next().unwrap_or("").clone_into(&mut self.tree.document_type);
                }
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_)) => {}
                Err(error) => return ((start, end.max(rest.len())), self.recover(&error, rest, start, end)),
            }
        }
    }

    /// From where to go on after a mistake at `start`, as seen from `rest`.
    fn recover(&mut self, error: &Error, rest: &'a str, start: usize, end: usize) -> Option<usize> {
        let at = self.text.len() - rest.len() + start;
        let after = rest.get(start..)?;
        match error {
            Error::Syntax(SyntaxError::UnclosedCData) => {
                self.note(at, "a CDATA section is not closed");
                self.push_text(after.strip_prefix("<![CDATA[").unwrap_or(after));
                None
            }
            Error::Syntax(
                SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => {
                self.note(at, "a tag is not closed");
                let inner = after.get(1..)?;
                let length = inner.find(['<', '>']).unwrap_or(inner.len());
                let tag = inner.get(..length)?.trim_end();
                if let Some(name) = tag.strip_prefix('/') {
                    self.end(&name.trim().to_ascii_lowercase(), at);
                } else if length < inner.len() {
                    let name = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
                    if is_name(tag.get(..name)?) {
                        self.start(&BytesStart::from_content(tag, name), tag.ends_with('/'));
                    } else {
                        self.push_text("<");
                        return Some(start + 1);
                    }
                }
                Some(start + 1 + length + usize::from(inner.get(length..)?.starts_with('>')))
            }
            Error::Syntax(SyntaxError::UnclosedComment) => {
                self.note(at, "a comment is not closed");
                Some(start + after.find('>').map_or(after.len(), |end| end + 1))
            }
            Error::IllFormed(
                IllFormedError::MissingDeclVersion(_)
                | IllFormedError::UnmatchedEndTag(_)
                | IllFormedError::MismatchedEndTag { .. },
            ) if end > start => Some(end),
            _ => {
                self.note(at, "some markup makes no sense");
                let inner = after.get(1..)?;
                Some(start + 1 + inner.find(['<', '>']).unwrap_or(inner.len()))
            }
        }
    }

    fn note(&mut self, at: usize, mistake: &'static str) {
        if self.tree.mistake.is_none() {
            let before = self.text.get(..at).unwrap_or(self.text);
            let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
            self.tree.mistake = Some((u32::try_from(line).unwrap_or(u32::MAX), mistake));
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, is_empty: bool) {
        let written = tag.name().as_ref().to_ascii_lowercase();
        let mut attributes = Vec::new();
        let mut declared = Vec::new();
        for attribute in tag.html_attributes().with_checks(false).flatten() {
            let name = attribute.key.as_ref().to_ascii_lowercase();
            let value = repaired(self.entities.unescape(&attribute.value).into_owned());
            if name == "xmlns" || name.starts_with("xmlns:") {
                let prefix = name.strip_prefix("xmlns:").unwrap_or("").to_owned();
                self.prefixes.entry(prefix.clone()).or_default().push(of_address(&value));
                if self.tree.namespaces.len() < 256 {
                    self.tree.namespaces.push((prefix.clone(), value));
                }
                declared.push(prefix);
            } else {
                attributes.push((name, value));
            }
        }
        let (space, name) = self.split(&written, true);
        let name = name.to_owned();
        let attributes: Vec<(Space, String, String)> = attributes
            .into_iter()
            .map(|(name, value)| {
                let (space, local) = self.split(&name, false);
                (space, local.to_owned(), value)
            })
            .collect();
        let parent = self.open.last().map_or(ROOT, |open| open.id);
        let (mut base, mut language) = match self.tree.element(parent) {
            Some(parent) => (parent.base.clone(), parent.language.clone()),
            None => (None, None),
        };
        for (_, name, value) in attributes.iter().filter(|(space, _, _)| *space == Space::Xml) {
            match name.as_str() {
                "base" => base = Some(Arc::from(address::resolve(base.as_deref(), value))),
                "lang" => language = Some(Arc::from(value.trim())),
                _ => {}
            }
        }
        let id = self.push(Content::Element(Element { space, name, attributes, base, language }));
        let open = Open { id, name: written, prefixes: declared };
        if is_empty {
            self.forget(open.prefixes);
        } else {
            *self.counts.entry(open.name.clone()).or_default() += 1;
            self.open.push(open);
        }
    }

    /// Closes the innermost element of this name, and all that was left open in it.
    fn end(&mut self, name: &str, at: usize) {
        if self.counts.get(name).is_none_or(|&count| count == 0) {
            return self.note(at, "an end tag has no start tag");
        }
        while let Some(open) = self.open.pop() {
            if let Some(count) = self.counts.get_mut(&open.name) {
                *count = count.saturating_sub(1);
            }
            self.forget(open.prefixes);
            if open.name == name {
                return;
            }
            self.note(at, "an end tag is missing");
        }
    }

    fn forget(&mut self, prefixes: Vec<String>) {
        for prefix in prefixes {
            if let Some(spaces) = self.prefixes.get_mut(&prefix) {
                spaces.pop();
            }
        }
    }

    /// The vocabulary and the name in it that a written name stands for. Elements without a prefix are of the
    /// vocabulary that stands for all, attributes of none.
    fn split<'n>(&self, written: &'n str, is_element: bool) -> (Space, &'n str) {
        match written.split_once(':') {
            Some((prefix, local)) => {
                let declared = self.prefixes.get(prefix).and_then(|spaces| spaces.last().copied());
                (declared.unwrap_or_else(|| of_prefix(prefix)), local)
            }
            None if is_element => {
                let declared = self.prefixes.get("").and_then(|spaces| spaces.last().copied());
                (declared.unwrap_or_default(), written)
            }
            None => (Space::Core, written),
        }
    }

    fn push_text(&mut self, text: &str) {
        let parent = self.open.last().map_or(ROOT, |open| open.id);
        // What stands outside of everything is of no use, and white space there is no mistake.
        if text.is_empty() || self.open.is_empty() {
            return;
        }
        let last = self.tree.nodes.get(parent).and_then(|node| node.last);
        if let Some(Node { content: Content::Text(before), .. }) = last.and_then(|id| self.tree.nodes.get_mut(id)) {
            before.push_str(text);
        } else {
            self.push(Content::Text(text.to_owned()));
        }
    }

    fn push(&mut self, content: Content) -> NodeId {
        let id = self.tree.nodes.len();
        let parent = self.open.last().map_or(ROOT, |open| open.id);
        self.tree.nodes.push(Node { first: None, last: None, next: None, content });
        let mut before = None;
        if let Some(parent) = self.tree.nodes.get_mut(parent) {
            before = parent.last.replace(id);
            parent.first.get_or_insert(id);
        }
        if let Some(before) = before.and_then(|before| self.tree.nodes.get_mut(before)) {
            before.next = Some(id);
        }
        id
    }
}

/// Whether markup with this name is an element.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':'))
}

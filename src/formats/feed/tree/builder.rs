//! Builds the tree of a document that may be broken. After a syntax error, the markup is repaired if its meaning is
//! clear, and parsing continues behind it.

use std::collections::HashMap;
use std::sync::Arc;

use quick_xml::errors::{IllFormedError, SyntaxError};
use quick_xml::events::{BytesStart, Event};
use quick_xml::{Error, Reader};

use super::{Content, Node, NodeId, ROOT, Tree, XmlElement};
use crate::formats::address::Base;
use crate::formats::budget::{Budget, MAX_LANGUAGE_BYTES};
use crate::formats::feed::entities::{Entities, repair_encoding};
use crate::formats::feed::namespace::{Namespace, of_address, of_prefix};

/// Limits repeated parsing after errors, in multiples of the length of the text.
const REPARSE_FACTOR: usize = 16;

/// Maximum number of open elements among which the start of an unclosed entry is searched.
const MAX_UNCLOSED_DEPTH: usize = 64;

/// Maximum number of elements, attributes and texts: about 150,000 entries. Short elements take much more memory than
/// their text, so larger documents are cut off.
pub(crate) const MAX_PIECES: usize = 4_000_000;

/// Elements of feeds that are not HTML elements, so a text cannot contain them.
const NO_MARKUP: &[&str] = &[
    "author",
    "category",
    "copyright",
    "description",
    "docs",
    "generator",
    "guid",
    "id",
    "language",
    "lastbuilddate",
    "managingeditor",
    "pubdate",
    "published",
    "rights",
    "subtitle",
    "ttl",
    "updated",
    "webmaster",
];

/// An open element.
struct Open {
    id: NodeId,
    /// The name as written, in lower case.
    name: String,
    /// The namespace prefixes that the element declares.
    prefixes: Vec<String>,
}

/// Parses `text`. Relative addresses are resolved against `base`.
pub(crate) fn parse(text: &str, base: Option<&str>) -> Tree {
    TreeBuilder::new(text, base).run()
}

/// Builds a tree.
struct TreeBuilder<'a> {
    text: &'a str,
    tree: Tree,
    open: Vec<Open>,
    /// The number of open elements of each name.
    counts: HashMap<String, usize>,
    /// The namespaces of each prefix, innermost last.
    prefixes: HashMap<String, Vec<Namespace>>,
    entities: Entities,
    /// The number of parsed elements, attributes and texts; see [`MAX_PIECES`].
    pieces: usize,
}

impl<'a> TreeBuilder<'a> {
    fn new(text: &'a str, base: Option<&str>) -> TreeBuilder<'a> {
        let budget = Budget::of(text.len());
        let base = base.and_then(|base| Base::of(base, &budget)).map(Arc::new);
        let root = XmlElement { base, ..XmlElement::default() };
        let root = Node { first: None, last: None, next: None, content: Content::Element(root) };
        TreeBuilder {
            text,
            tree: Tree {
                nodes: vec![root],
                namespaces: Vec::new(),
                document_type: String::new(),
                mistake: None,
                budget,
            },
            open: Vec::new(),
            counts: HashMap::new(),
            prefixes: HashMap::new(),
            entities: Entities::new(text.len()),
            pieces: 0,
        }
    }

    fn run(mut self) -> Tree {
        let mut from = 0;
        let mut reparse_budget = self.text.len().saturating_mul(REPARSE_FACTOR).saturating_add(1 << 20);
        while let Some(rest) = self.text.get(from..).filter(|rest| !rest.is_empty() && self.pieces < MAX_PIECES) {
            let (place, next) = self.parse_rest(rest);
            let Some(next) = next else { break };
            // Count the bytes that were parsed in vain.
            reparse_budget = reparse_budget.saturating_sub(place.1.saturating_sub(place.0).max(64));
            from += next;
            if reparse_budget == 0 {
                break;
            }
        }
        if self.pieces >= MAX_PIECES {
            self.report(self.text.len(), "it has too many elements, and the rest is left out");
        }
        if !self.open.is_empty() {
            self.report(self.text.len(), "the text ends before all elements are closed");
        }
        self.tree
    }

    /// Parses up to an error that the parser cannot continue after. Returns the position and the end of the failed
    /// part, and where to continue, relative to `rest`; `None` at the end of the text.
    fn parse_rest(&mut self, rest: &'a str) -> ((usize, usize), Option<usize>) {
        let mut reader = Reader::from_str(rest);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        config.allow_dangling_amp = true;
        let whole = self.text.len() - rest.len();
        loop {
            let start = usize::try_from(reader.buffer_position()).unwrap_or(rest.len());
            if self.pieces >= MAX_PIECES {
                return ((start, start), None);
            }
            let event = reader.read_event();
            let end = usize::try_from(reader.buffer_position()).unwrap_or(rest.len());
            match event {
                Ok(Event::Eof) => return ((start, end), None),
                Ok(Event::Start(tag) | Event::Empty(tag)) if !is_name(tag.name().as_ref()) => {
                    // A character, not a tag.
                    self.report(whole + start, "a \"<\" is not escaped");
                    self.push_text("<");
                    return ((start, end), Some(start + 1));
                }
                Ok(Event::Start(tag)) => self.start(&tag, false, whole + start),
                Ok(Event::Empty(tag)) => self.start(&tag, true, whole + start),
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
                        self.report(whole + start, "an entity is unknown");
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

    /// Handles an error at `start` and returns where to continue, relative to `rest`.
    fn recover(&mut self, error: &Error, rest: &'a str, start: usize, end: usize) -> Option<usize> {
        let at = self.text.len() - rest.len() + start;
        let after = rest.get(start..)?;
        match error {
            Error::Syntax(SyntaxError::UnclosedCData) => {
                self.report(at, "a CDATA section is not closed");
                self.push_text(after.strip_prefix("<![CDATA[").unwrap_or(after));
                None
            }
            Error::Syntax(
                SyntaxError::UnclosedTag
                | SyntaxError::UnclosedSingleQuotedAttributeValue
                | SyntaxError::UnclosedDoubleQuotedAttributeValue,
            ) => {
                self.report(at, "a tag is not closed");
                let inner = after.get(1..)?;
                let length = inner.find(['<', '>']).unwrap_or(inner.len());
                let tag = inner.get(..length)?.trim_end();
                if let Some(name) = tag.strip_prefix('/') {
                    self.end(&name.trim().to_ascii_lowercase(), at);
                } else if length < inner.len() {
                    let name = tag.find(|c: char| c.is_whitespace() || c == '/').unwrap_or(tag.len());
                    if is_name(tag.get(..name)?) {
                        self.start(&BytesStart::from_content(tag, name), tag.ends_with('/'), at);
                    } else {
                        self.push_text("<");
                        return Some(start + 1);
                    }
                }
                Some(start + 1 + length + usize::from(inner.get(length..)?.starts_with('>')))
            }
            Error::Syntax(SyntaxError::UnclosedComment) => {
                self.report(at, "a comment is not closed");
                Some(start + after.find('>').map_or(after.len(), |end| end + 1))
            }
            Error::IllFormed(
                IllFormedError::MissingDeclVersion(_)
                | IllFormedError::UnmatchedEndTag(_)
                | IllFormedError::MismatchedEndTag { .. },
            ) if end > start => Some(end),
            _ => {
                self.report(at, "some markup is invalid");
                let inner = after.get(1..)?;
                Some(start + 1 + inner.find(['<', '>']).unwrap_or(inner.len()))
            }
        }
    }

    fn report(&mut self, at: usize, mistake: &'static str) {
        if self.tree.mistake.is_none() {
            let before = self.text.get(..at).unwrap_or(self.text);
            let line = memchr::memchr_iter(b'\n', before.as_bytes()).count() + 1;
            self.tree.mistake = Some((u32::try_from(line).unwrap_or(u32::MAX), mistake));
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, is_empty: bool, at: usize) {
        let written = tag.name().as_ref().to_ascii_lowercase();
        self.end_unclosed_before(&written, at);
        let mut attributes = Vec::new();
        let mut declared = Vec::new();
        for attribute in tag.html_attributes().with_checks(false).flatten() {
            let name = attribute.key.as_ref().to_ascii_lowercase();
            let value = repair_encoding(self.entities.unescape(&attribute.value).into_owned());
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
        self.pieces += attributes.len() + declared.len();
        let (space, name) = self.split(&written, true);
        let name = name.to_owned();
        let attributes: Vec<(Namespace, String, String)> = attributes
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
        for (_, name, value) in attributes.iter().filter(|(space, _, _)| *space == Namespace::Xml) {
            match name.as_str() {
                "base" => {
                    let outer = base.as_deref().cloned();
                    base = Base::within(outer, value, &self.tree.budget).map(Arc::new);
                }
                // Every text below repeats the language.
                "lang" if value.len() <= MAX_LANGUAGE_BYTES => language = Some(Arc::from(value.trim())),
                _ => {}
            }
        }
        let id = self.push(Content::Element(XmlElement { space, name, attributes, base, language }));
        let open = Open { id, name: written, prefixes: declared };
        if is_empty {
            self.undeclare(open.prefixes);
        } else {
            *self.counts.entry(open.name.clone()).or_default() += 1;
            self.open.push(open);
        }
    }

    /// Closes open elements that cannot contain the new element: the previous entry, a text of the feed before the
    /// first entry, or a title before the next element.
    fn end_unclosed_before(&mut self, name: &str, at: usize) {
        let (space, local) = self.split(name, true);
        if space != Namespace::Core {
            return;
        }
        if !matches!(local, "item" | "entry") {
            let is_in_text = self.open.last().is_some_and(|open| matches!(open.name.as_str(), "title" | "description"));
            let is_in_title = is_in_text && self.open.last().is_some_and(|open| open.name == "title");
            if is_in_text && NO_MARKUP.contains(&local) || is_in_title && local == "link" {
                self.end_down_to(self.open.len() - 1, at);
            }
            return;
        }
        // If an end tag is missing, the start is near; a longer search would take time for each entry.
        for depth in (0..self.open.len()).rev().take(MAX_UNCLOSED_DEPTH) {
            let Some(open) = self.open.get(depth) else { return };
            let around = open.name.rsplit(':').next().unwrap_or("");
            match around {
                _ if open.name == name => return self.end_down_to(depth, at),
                "channel" | "entries" | "feed" | "items" | "rdf" | "rss" => return self.end_down_to(depth + 1, at),
                // These elements may contain an entry.
                "content" | "entry" | "inline" | "item" | "source" => return,
                _ => {}
            }
        }
    }

    /// Closes elements until `left` are open.
    fn end_down_to(&mut self, left: usize, at: usize) {
        while self.open.len() > left
            && let Some(name) = self.open.last().map(|open| open.name.clone())
        {
            self.report(at, "an end tag is missing");
            self.end(&name, at);
        }
    }

    /// Closes the innermost element of this name and all elements in it.
    fn end(&mut self, name: &str, at: usize) {
        if self.counts.get(name).is_none_or(|&count| count == 0) {
            return self.report(at, "an end tag has no start tag");
        }
        while let Some(open) = self.open.pop() {
            if let Some(count) = self.counts.get_mut(&open.name) {
                *count = count.saturating_sub(1);
            }
            self.undeclare(open.prefixes);
            if open.name == name {
                return;
            }
            self.report(at, "an end tag is missing");
        }
    }

    fn undeclare(&mut self, prefixes: Vec<String>) {
        for prefix in prefixes {
            if let Some(spaces) = self.prefixes.get_mut(&prefix) {
                spaces.pop();
            }
        }
    }

    /// Splits a name into namespace and local name. Elements without a prefix have the default namespace, attributes
    /// have none.
    fn split<'n>(&self, written: &'n str, is_element: bool) -> (Namespace, &'n str) {
        match written.split_once(':') {
            Some((prefix, local)) => {
                let declared = self.prefixes.get(prefix).and_then(|spaces| spaces.last().copied());
                (declared.unwrap_or_else(|| of_prefix(prefix)), local)
            }
            None if is_element => {
                let declared = self.prefixes.get("").and_then(|spaces| spaces.last().copied());
                (declared.unwrap_or_default(), written)
            }
            None => (Namespace::Core, written),
        }
    }

    fn push_text(&mut self, text: &str) {
        let parent = self.open.last().map_or(ROOT, |open| open.id);
        // Text outside the root element is ignored, and white space there is valid.
        if text.is_empty() || self.open.is_empty() {
            return;
        }
        let last = self.tree.nodes.get(parent).and_then(|node| node.last);
        if let Some(Node { content: Content::Text(before), .. }) = last.and_then(|id| self.tree.nodes.get_mut(id)) {
            before.push_str(text);
            self.charge(text.len());
        } else {
            self.push(Content::Text(text.to_owned()));
        }
    }

    /// Charges memory to the budget. Stops parsing if it is exceeded.
    fn charge(&mut self, bytes: usize) {
        if !self.tree.budget.charge(bytes) {
            self.pieces = MAX_PIECES;
        }
    }

    fn push(&mut self, content: Content) -> NodeId {
        self.pieces += 1;
        let bytes = match &content {
            Content::Text(text) => text.len(),
            Content::Element(element) => {
                let attributes = element.attributes.iter();
                let bytes = attributes.map(|(_, name, value)| name.len() + value.len() + size_of_val(value) * 2);
                element.name.len() + bytes.sum::<usize>()
            }
        };
        self.charge(size_of::<Node>() + bytes);
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

/// Returns whether `name` is a valid start of an element's name.
fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | ':'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_of_only_elements_have_limited_memory() {
        let elements = format!("<rss>{}", "<a>".repeat(MAX_PIECES + 10));
        let attributes = format!("<rss><a {}/>{}", "b='' ".repeat(MAX_PIECES), "<a/>".repeat(10));
        for text in [elements, attributes] {
            let tree = TreeBuilder::new(&text, None).run();
            assert!(tree.nodes.len() <= MAX_PIECES + 1, "{}", tree.nodes.len());
            assert!(
                tree.mistake.is_some_and(|(_, mistake)| mistake.contains("elements") || mistake.contains("closed"))
            );
        }
    }
}

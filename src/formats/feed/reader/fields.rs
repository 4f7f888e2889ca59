//! Reads the smaller parts of feeds and entries: links, ids, categories, pictures, generators and sources.

use super::{MAX_VALUES, XmlFeedReader};
use crate::formats::address;
use crate::formats::feed::model::{Feed, FeedCategory, FeedEntry, FeedGenerator, FeedImage, FeedLink, FeedMeta};
use crate::formats::feed::namespace::Namespace;
use crate::formats::feed::text;
use crate::formats::feed::tree::{NodeId, XmlElement};

impl XmlFeedReader<'_> {
    pub(super) fn link(&self, id: NodeId, element: &XmlElement, head: &mut FeedMeta) {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        let rel = Some(attribute("rel")).filter(|rel| !rel.is_empty()).unwrap_or_else(|| "alternate".to_owned());
        let media_type = Some(attribute("type")).filter(|media_type| !media_type.is_empty());
        let kind = if rel == "self" { "application/atom+xml" } else { "text/html" };
        let media_type = media_type.unwrap_or_else(|| kind.to_owned());
        let text = element.attribute("href").is_none().then(|| text::plain(self.tree, id));
        let href = match &text {
            Some(text) => self.tree.resolve(element, text),
            None => self.tree.resolve(element, element.attribute("href").unwrap_or("")),
        };
        if text.is_some() && href.is_empty() {
            return;
        }
        // In RSS 1.0 and some others, an RDF attribute may hold the address.
        let is_page =
            matches!(media_type.to_ascii_lowercase().as_str(), "text/html" | "application/xhtml+xml" | "html");
        if text.is_some() || (rel == "alternate" && is_page) {
            head.link = Some(href.clone());
        }
        if rel == "license" {
            head.license = Some(href.clone());
        }
        let (title, language, length) = (attribute("title"), attribute("hreflang"), attribute("length"));
        head.links.push(FeedLink { href, rel, media_type, title, language, length, duration: String::new() });
    }

    pub(super) fn enclosure(&self, element: &XmlElement) -> FeedLink {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        FeedLink {
            href: self.tree.resolve(element, &attribute("url")),
            rel: "enclosure".to_owned(),
            media_type: attribute("type"),
            title: attribute("title"),
            language: String::new(),
            length: [attribute("length"), attribute("filesize")]
                .into_iter()
                .find(|text| !text.is_empty())
                .unwrap_or_default(),
            duration: attribute("duration"),
        }
    }

    /// Adds a file that a media module lists.
    pub(super) fn media(&self, element: &XmlElement, entry: &mut FeedEntry) {
        let mut file = self.enclosure(element);
        if file.href.is_empty() || entry.media.len() >= MAX_VALUES {
            return;
        }
        if file.media_type.is_empty() {
            file.media_type = element.attribute("medium").unwrap_or("").trim().to_owned();
        }
        entry.media.push(file);
    }

    pub(super) fn id(&self, id: NodeId, element: &XmlElement, head: &mut FeedMeta) {
        let text = text::plain(self.tree, id);
        if text.is_empty() || (element.space != Namespace::Core && head.id.is_some()) {
            return;
        }
        let is_permanent =
            element.attribute("ispermalink").is_none_or(|value| value.trim().eq_ignore_ascii_case("true"));
        if element.space != Namespace::Core || (element.name == "guid" && !is_permanent) {
            head.id = Some(text);
            return;
        }
        // A bare number or name is not an address, whatever the feed declares, and may also occur in other feeds.
        let whole = if text.contains(['/', ':']) { self.tree.resolve(element, &text) } else { String::new() };
        // An id may be longer than an address.
        let whole = if whole.is_empty() { text } else { whole };
        let is_address = address::scheme(&whole).is_some_and(|scheme| scheme.to_ascii_lowercase().starts_with("http"));
        if element.name == "guid" && is_address && head.link.is_none() {
            head.link = Some(whole.clone());
        }
        head.id = Some(whole);
    }

    pub(super) fn categories(&self, id: NodeId, element: &XmlElement, head: &mut FeedMeta) {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        let scheme = [attribute("scheme"), attribute("domain")].into_iter().find(|text| !text.is_empty());
        let scheme = scheme.unwrap_or_default();
        let label = attribute("label");
        let mut add = |term: &str, scheme: &str, label: &str| {
            let (term, scheme, label) = (term.trim().to_owned(), scheme.to_owned(), label.to_owned());
            let category = FeedCategory { term, scheme, label };
            let is_empty = category == FeedCategory::default();
            if !is_empty && head.categories.len() < MAX_VALUES && !head.categories.contains(&category) {
                head.categories.push(category);
            }
        };
        let itunes = "http://www.itunes.com/";
        match (element.space, element.name.as_str()) {
            (Namespace::Itunes, "category") => {
                // Categories contain subcategories.
                let mut pending = vec![id];
                while let Some(id) = pending.pop() {
                    if let Some(term) = self.tree.element(id).and_then(|element| element.attribute("text")) {
                        add(term, itunes, "");
                    }
                    let first = pending.len();
                    pending.extend(self.tree.elements(id).filter(|(_, e)| e.name == "category").map(|(id, _)| id));
                    if let Some(inner) = pending.get_mut(first..) {
                        inner.reverse();
                    }
                }
            }
            (space, "keywords" | "tags") => {
                let text = text::plain(self.tree, id);
                let scheme = if space == Namespace::Itunes { itunes } else { "" };
                text.split(',').filter(|term| !term.trim().is_empty()).for_each(|term| add(term, scheme, ""));
            }
            _ => {
                let term = Some(attribute("term")).filter(|term| !term.is_empty());
                add(&term.unwrap_or_else(|| text::plain(self.tree, id)), &scheme, &label);
            }
        }
    }

    pub(super) fn image(&self, id: NodeId) -> FeedImage {
        let Some(element) = self.tree.element(id) else { return FeedImage::default() };
        let child = |name: &str| text::child(self.tree, id, name).unwrap_or_default();
        let whole = |text: &str| {
            if text.is_empty() { String::new() } else { self.tree.resolve(element, text) }
        };
        let named = ["href", "url"].iter().find_map(|name| element.attribute(name)).map(str::to_owned);
        let text = || if self.tree.has_elements(id) { String::new() } else { text::plain(self.tree, id) };
        let href = named.or_else(|| Some(child("url")).filter(|url| !url.is_empty())).unwrap_or_else(text);
        FeedImage {
            href: whole(&href),
            title: child("title"),
            link: whole(&child("link")),
            description: child("description"),
            width: element.attribute("width").map_or_else(|| child("width"), str::to_owned),
            height: element.attribute("height").map_or_else(|| child("height"), str::to_owned),
        }
    }

    pub(super) fn generator(&self, id: NodeId, element: &XmlElement) -> FeedGenerator {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        let href = [attribute("uri"), attribute("url")].into_iter().find(|text| !text.is_empty());
        let href = href.map(|href| self.tree.resolve(element, &href)).unwrap_or_default();
        FeedGenerator { name: text::plain(self.tree, id), href, version: attribute("version") }
    }

    /// Reads the feed that an entry was taken from: a name in RSS, a description in Atom.
    pub(super) fn source(&self, id: NodeId, element: &XmlElement) -> Feed {
        let mut feed = Feed::default();
        if self.tree.has_elements(id) {
            self.about(id, &mut feed);
        } else {
            feed.head.title = self.text(id, self.default_kind());
        }
        if let Some(url) = element.attribute("url") {
            feed.head.link = Some(self.tree.resolve(element, url));
        }
        feed
    }
}

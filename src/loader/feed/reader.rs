//! From the tree of a feed to what it says. All dialects are read by one vocabulary, as real feeds mix them.

use super::model::{
    Feed, FeedCategory, FeedDate, FeedEntry, FeedGenerator, FeedHead, FeedImage, FeedLink, FeedText, FeedVersion,
};
use super::namespace::Space;
use super::text::{self, Kind};
use super::tree::{Element, NodeId, Tree};
use super::{date, people, version};
use crate::loader::address;

/// Reads a feed; none where the tree holds none.
pub(super) fn read(tree: &Tree) -> Option<Feed> {
    let root = version::root(tree)?;
    let reader = Reader { tree, version: version::of(tree, root) };
    let mut feed = Feed { version: reader.version, ..Feed::default() };
    reader.container(root, &mut feed);
    if feed.head.language.is_none() {
        let about = tree.elements(root).find(|(_, element)| element.name == "channel").map_or(root, |(id, _)| id);
        feed.head.language = tree.element(about).and_then(|element| element.language.as_deref().map(str::to_owned));
    }
    Some(feed)
}

/// Nothing has more authors or categories.
const MOST: usize = 500;

struct Reader<'t> {
    tree: &'t Tree,
    version: FeedVersion,
}

/// Which title was taken: the feed's own comes before those of modules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TitleFrom {
    Nowhere,
    Module,
    Core,
}

impl Reader<'_> {
    /// Reads what a feed's outermost elements hold: `rss` and `rdf` hold a channel, and `rdf` the entries beside it.
    fn container(&self, id: NodeId, feed: &mut Feed) {
        let Some(element) = self.tree.element(id) else { return };
        match element.name.as_str() {
            "rss" | "rdf" => {
                for (id, child) in self.tree.elements(id) {
                    match (child.space, child.name.as_str()) {
                        (Space::Core, "item" | "entry") => feed.entries.push(self.entry(id)),
                        (Space::Core, "channel" | "feed") => self.channel(id, feed),
                        (Space::Core, "image") => feed.head.image = Some(self.image(id)),
                        _ => {}
                    }
                }
            }
            "entry" => feed.entries.push(self.entry(id)),
            _ => self.channel(id, feed),
        }
    }

    fn channel(&self, id: NodeId, feed: &mut Feed) {
        let Some(element) = self.tree.element(id) else { return };
        self.attributes(element, &mut feed.head);
        let mut title = TitleFrom::Nowhere;
        for (id, child) in self.tree.elements(id) {
            let address = || Some(self.address(id, child));
            match (child.space, child.name.as_str()) {
                (Space::Core, "item" | "entry") => feed.entries.push(self.entry(id)),
                // Some feeds wrap their entries once more.
                (Space::Core, "items" | "entries") => {
                    let inner = self.tree.elements(id).filter(|(_, inner)| inner.space == Space::Core);
                    let inner = inner.filter(|(_, inner)| matches!(inner.name.as_str(), "item" | "entry"));
                    feed.entries.extend(inner.map(|(id, _)| self.entry(id)));
                }
                (Space::Core, "description" | "subtitle" | "tagline" | "abstract") => {
                    let kind = if child.name == "description" { Kind::Html } else { self.unsure() };
                    feed.description = self.text(id, kind).or(feed.description.take());
                }
                (Space::Dc, "description") | (Space::Itunes, "subtitle" | "summary") if feed.description.is_none() => {
                    feed.description = self.text(id, Kind::Html);
                }
                (Space::Core, "info") => feed.info = self.text(id, self.unsure()),
                (Space::Core, "generator") => feed.generator = Some(self.generator(id, child)),
                (Space::Core, "icon") => feed.icon = address(),
                (Space::Core, "logo") => {
                    let href = child.attribute("href").map(|href| address::resolve(child.base.as_deref(), href));
                    feed.logo = href.or_else(address);
                }
                (Space::Core, "ttl") => feed.ttl = Some(text::plain(self.tree, id)),
                (Space::Core, "docs") => feed.docs = address(),
                // What visitors may type in somewhere.
                (Space::Core, "textinput") => {}
                _ => self.shared(id, child, &mut feed.head, &mut title),
            }
        }
    }

    fn entry(&self, id: NodeId) -> FeedEntry {
        let mut entry = FeedEntry::default();
        if let Some(element) = self.tree.element(id) {
            self.attributes(element, &mut entry.head);
            entry.head.language = element.language.as_deref().map(str::to_owned);
        }
        let mut title = TitleFrom::Nowhere;
        self.entry_parts(id, &mut entry, &mut title, 0);
        // What only modules say stands in for what the entry itself does not.
        let enclosures = entry.head.links.iter().filter(|link| link.rel == "enclosure");
        entry.enclosures = enclosures.cloned().collect();
        entry
    }

    /// Reads what an entry holds, some of which media modules group, at most so `deep`.
    fn entry_parts(&self, id: NodeId, entry: &mut FeedEntry, title: &mut TitleFrom, deep: usize) {
        for (id, child) in self.tree.elements(id) {
            match (child.space, child.name.as_str()) {
                (Space::Core, "content" | "fullitem" | "body" | "prodlink")
                | (Space::Content, "encoded")
                | (Space::Xhtml, "body" | "div") => {
                    let kind = if self.is_atom_text(child) { Kind::Plain } else { Kind::Html };
                    entry.content.extend(self.content(id, child, kind));
                }
                (Space::Core, "summary") => {
                    let summary = self.text(id, self.unsure());
                    // A second one is the longer of the two, and the text itself.
                    match (&entry.summary, summary) {
                        (Some(_), Some(second)) => entry.content.push(second),
                        (None, summary) => entry.summary = summary,
                        (Some(_), None) => {}
                    }
                }
                (Space::Core, "description" | "abstract") => match (&entry.summary, self.text(id, Kind::Html)) {
                    (Some(_), Some(text)) if entry.content.is_empty() => entry.content.push(text),
                    (_, Some(text)) => entry.summary = Some(text),
                    (_, None) => {}
                },
                (Space::Dc | Space::DcTerms, "description" | "abstract")
                | (Space::Itunes, "summary")
                | (Space::Media, "description") => {
                    if entry.summary.is_none() {
                        entry.summary = self.text(id, if self.is_atom_text(child) { Kind::Plain } else { Kind::Html });
                    }
                }
                (Space::Core | Space::Itunes, "subtitle") => entry.subtitle = self.text(id, self.unsure()),
                (Space::Media, "group" | "content") if deep < 2 => self.entry_parts(id, entry, title, deep + 1),
                (Space::Core, "enclosure") => entry.head.links.push(self.enclosure(child)),
                (Space::Core, "source") => entry.source = Some(Box::new(self.source(id, child))),
                _ => self.shared(id, child, &mut entry.head, title),
            }
        }
    }

    /// What feeds and entries have in common.
    fn shared(&self, id: NodeId, child: &Element, head: &mut FeedHead, title: &mut TitleFrom) {
        let plain = || Some(text::plain(self.tree, id)).filter(|text| !text.is_empty());
        let date = || Some(self.date(id));
        match (child.space, child.name.as_str()) {
            (Space::Core, "title") if *title != TitleFrom::Core => {
                if let Some(text) = self.text(id, self.unsure()) {
                    head.title = Some(text);
                    *title = TitleFrom::Core;
                }
            }
            (Space::Dc | Space::DcTerms | Space::Media | Space::Itunes, "title") if *title == TitleFrom::Nowhere => {
                head.title = self.text(id, Kind::Unsure);
                *title = if head.title.is_some() { TitleFrom::Module } else { TitleFrom::Nowhere };
            }
            (Space::Core, "link" | "a") => self.link(id, child, head),
            (Space::Core, "guid" | "id") | (Space::Dc | Space::DcTerms, "identifier") => self.id(id, child, head),
            (Space::Core | Space::Dc | Space::DcTerms | Space::Itunes, "author" | "creator" | "managingeditor") => {
                let person = people::read(self.tree, id);
                let is_new = head.authors.len() < MOST && !head.authors.contains(&person);
                if is_new && !person.display_name().is_empty() {
                    head.authors.push(person);
                }
            }
            (Space::Core | Space::Dc | Space::DcTerms, "contributor") => {
                head.contributors.push(people::read(self.tree, id));
            }
            (Space::Core, "webmaster") | (Space::Dc | Space::DcTerms, "publisher") | (Space::Itunes, "owner") => {
                head.publisher = Some(people::read(self.tree, id));
            }
            (Space::Core, "pubdate" | "issued" | "published") | (Space::DcTerms, "issued") => head.published = date(),
            (Space::Core, "modified" | "updated" | "lastbuilddate" | "date")
            | (Space::Dc, "date")
            | (Space::DcTerms, "modified" | "date") => head.updated = date(),
            (Space::Core | Space::DcTerms, "created") => head.created = date(),
            (Space::Core, "expirationdate" | "expired") => head.expired = date(),
            (Space::Core, "rights" | "copyright") | (Space::Dc | Space::DcTerms, "rights") => {
                head.rights = self.text(id, self.unsure());
            }
            (Space::Core, "category" | "tags" | "keywords")
            | (Space::Dc | Space::DcTerms, "subject")
            | (Space::Itunes | Space::Media, "category" | "keywords") => self.categories(id, child, head),
            (Space::Core | Space::Itunes, "image") | (Space::Media, "thumbnail") => {
                let image = self.image(id);
                // One that leads nowhere takes the place of none.
                if !image.href.is_empty() && (child.space != Space::Media || head.image.is_none())
                    || head.image.is_none() && image != FeedImage::default()
                {
                    head.image = Some(image);
                }
            }
            (Space::Core | Space::Dc | Space::DcTerms, "language") => head.language = plain(),
            (Space::License, "license") => {
                let named = child.attribute_of(Space::Rdf, "resource").map(str::to_owned);
                head.license = named.or_else(plain);
            }
            (Space::Core, "comments") => head.comments = Some(self.address(id, child)),
            (Space::Wfw, "comment") if head.comments.is_none() => head.comments = Some(self.address(id, child)),
            _ => {}
        }
    }

    /// What CDF and RDF say in attributes.
    fn attributes(&self, element: &Element, head: &mut FeedHead) {
        if let Some(about) = element.attribute_of(Space::Rdf, "about") {
            head.id = Some(about.trim().to_owned());
        }
        if let Some(href) = element.attribute("href").filter(|_| element.name == "channel" || element.name == "item") {
            let href = address::resolve(element.base.as_deref(), href);
            head.links.push(FeedLink { href: href.clone(), ..FeedLink::default() });
            head.link = Some(href);
        }
        if let Some(raw) = element.attribute("lastmod") {
            head.updated = Some(date::read(raw));
        }
    }

    /// What a text holds that does not say.
    fn unsure(&self) -> Kind {
        if self.version.is_atom() { Kind::Plain } else { Kind::Unsure }
    }

    fn is_atom_text(&self, element: &Element) -> bool {
        self.version.is_atom() && element.space == Space::Core
    }

    /// The text that an element holds; none where it holds nothing, and an empty one where nothing of it is harmless.
    fn text(&self, id: NodeId, kind: Kind) -> Option<FeedText> {
        let is_empty = !self.tree.has_elements(id) && self.tree.text(id).trim().is_empty();
        (!is_empty).then(|| text::read(self.tree, id, kind))
    }

    /// Content; that which stands elsewhere is a link.
    fn content(&self, id: NodeId, element: &Element, kind: Kind) -> Option<FeedText> {
        let source = element.attribute("src");
        self.text(id, kind).filter(|text| {
            // Pictures and the like are no texts, whatever their bytes spell.
            source.is_none() || text.is_html || text.media_type.starts_with("text/")
        })
    }

    fn address(&self, id: NodeId, element: &Element) -> String {
        address::resolve(element.base.as_deref(), &text::plain(self.tree, id))
    }

    fn date(&self, id: NodeId) -> FeedDate {
        date::read(&text::plain(self.tree, id))
    }

    fn link(&self, id: NodeId, element: &Element, head: &mut FeedHead) {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        let rel = Some(attribute("rel")).filter(|rel| !rel.is_empty()).unwrap_or_else(|| "alternate".to_owned());
        let media_type = Some(attribute("type")).filter(|media_type| !media_type.is_empty());
        let kind = if rel == "self" { "application/atom+xml" } else { "text/html" };
        let media_type = media_type.unwrap_or_else(|| kind.to_owned());
        let text = element.attribute("href").is_none().then(|| text::plain(self.tree, id));
        let href = match &text {
            Some(text) => address::resolve(element.base.as_deref(), text),
            None => address::resolve(element.base.as_deref(), element.attribute("href").unwrap_or("")),
        };
        if text.is_some() && href.is_empty() {
            return;
        }
        // In RSS 1.0 and elsewhere an address may stand in an attribute of RDF.
        let is_page = matches!(media_type.to_ascii_lowercase().as_str(), "text/html" | "application/xhtml+xml" | "html");
        if text.is_some() || (rel == "alternate" && is_page) {
            head.link = Some(href.clone());
        }
        if rel == "license" {
            head.license = Some(href.clone());
        }
        let (title, language, length) = (attribute("title"), attribute("hreflang"), attribute("length"));
        head.links.push(FeedLink { href, rel, media_type, title, language, length });
    }

    fn enclosure(&self, element: &Element) -> FeedLink {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        FeedLink {
            href: address::resolve(element.base.as_deref(), &attribute("url")),
            rel: "enclosure".to_owned(),
            media_type: attribute("type"),
            title: attribute("title"),
            language: String::new(),
            length: attribute("length"),
        }
    }

    fn id(&self, id: NodeId, element: &Element, head: &mut FeedHead) {
        let text = text::plain(self.tree, id);
        if text.is_empty() || (element.space != Space::Core && head.id.is_some()) {
            return;
        }
        let is_permanent = element.attribute("ispermalink").is_none_or(|says| says.trim().eq_ignore_ascii_case("true"));
        if element.space != Space::Core || (element.name == "guid" && !is_permanent) {
            head.id = Some(text);
            return;
        }
        let whole = address::resolve(element.base.as_deref(), &text);
        let is_address = address::scheme(&whole).is_some_and(|scheme| scheme.to_ascii_lowercase().starts_with("http"));
        if element.name == "guid" && is_address && head.link.is_none() {
            head.link = Some(whole.clone());
        }
        head.id = Some(whole);
    }

    fn categories(&self, id: NodeId, element: &Element, head: &mut FeedHead) {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        let scheme = [attribute("scheme"), attribute("domain")].into_iter().find(|text| !text.is_empty());
        let scheme = scheme.unwrap_or_default();
        let label = attribute("label");
        let mut add = |term: &str, scheme: &str, label: &str| {
            let (term, scheme, label) = (term.trim().to_owned(), scheme.to_owned(), label.to_owned());
            let category = FeedCategory { term, scheme, label };
            let is_empty = category == FeedCategory::default();
            if !is_empty && head.categories.len() < MOST && !head.categories.contains(&category) {
                head.categories.push(category);
            }
        };
        let itunes = "http://www.itunes.com/";
        match (element.space, element.name.as_str()) {
            (Space::Itunes, "category") => {
                // A category holds those below it.
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
                let scheme = if space == Space::Itunes { itunes } else { "" };
                text.split(',').filter(|term| !term.trim().is_empty()).for_each(|term| add(term, scheme, ""));
            }
            _ => {
                let term = Some(attribute("term")).filter(|term| !term.is_empty());
                add(&term.unwrap_or_else(|| text::plain(self.tree, id)), &scheme, &label);
            }
        }
    }

    fn image(&self, id: NodeId) -> FeedImage {
        let Some(element) = self.tree.element(id) else { return FeedImage::default() };
        let child = |name: &str| text::child(self.tree, id, name).unwrap_or_default();
        let whole = |text: &str| {
            if text.is_empty() { String::new() } else { address::resolve(element.base.as_deref(), text) }
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

    fn generator(&self, id: NodeId, element: &Element) -> FeedGenerator {
        let attribute = |name: &str| element.attribute(name).unwrap_or("").trim().to_owned();
        let href = [attribute("uri"), attribute("url")].into_iter().find(|text| !text.is_empty());
        let href = href.map(|href| address::resolve(element.base.as_deref(), &href)).unwrap_or_default();
        FeedGenerator { name: text::plain(self.tree, id), href, version: attribute("version") }
    }

    /// The feed that an entry was taken from: named as in RSS, or described as in Atom.
    fn source(&self, id: NodeId, element: &Element) -> FeedHead {
        let mut head = FeedHead::default();
        if let Some(url) = element.attribute("url") {
            head.link = Some(address::resolve(element.base.as_deref(), url));
        }
        if !self.tree.has_elements(id) {
            head.title = self.text(id, self.unsure());
            return head;
        }
        let mut title = TitleFrom::Nowhere;
        for (id, child) in self.tree.elements(id) {
            self.shared(id, child, &mut head, &mut title);
        }
        head
    }
}

//! Interprets the tree of a feed. All dialects share one vocabulary, because real feeds mix them.

mod fields;

use super::model::{Feed, FeedDate, FeedEntry, FeedGenerator, FeedImage, FeedLink, FeedMeta, FeedText, FeedVersion};
use super::namespace::Namespace;
use super::text::{self, TextKind};
use super::tree::{NodeId, Tree, XmlElement};
use super::{date, persons, version};

/// Reads a feed. Returns `None` if the tree contains none.
pub(super) fn read(tree: &Tree) -> Option<Feed> {
    let root = version::root(tree)?;
    let reader = XmlFeedReader { tree, version: version::of(tree, root) };
    let mut feed = Feed { version: reader.version, ..Feed::default() };
    reader.container(root, &mut feed);
    if feed.head.language.is_none() {
        let about = tree.elements(root).find(|(_, element)| element.name == "channel").map_or(root, |(id, _)| id);
        feed.head.language = tree.element(about).and_then(|element| element.language.as_deref().map(str::to_owned));
    }
    Some(feed)
}

/// Maximum number of authors and of categories.
const MAX_VALUES: usize = 500;

struct XmlFeedReader<'t> {
    tree: &'t Tree,
    version: FeedVersion,
}

/// The source of the title. The title of the feed itself takes precedence over those of modules.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TitleSource {
    Nowhere,
    Module,
    Core,
}

impl XmlFeedReader<'_> {
    /// Reads the outermost elements. `rss` and `rdf` contain a channel, and `rdf` also contains the entries.
    fn container(&self, id: NodeId, feed: &mut Feed) {
        let Some(element) = self.tree.element(id) else { return };
        match element.name.as_str() {
            "rss" | "rdf" => {
                for (id, child) in self.tree.elements(id) {
                    match (child.space, child.name.as_str()) {
                        (Namespace::Core, "item" | "entry") => feed.entries.extend(self.entry(id)),
                        (Namespace::Core, "channel" | "feed") => self.channel(id, feed),
                        (Namespace::Core, "image") => feed.head.image = Some(self.image(id)),
                        _ => {}
                    }
                }
            }
            "entry" => feed.entries.extend(self.entry(id)),
            _ => self.channel(id, feed),
        }
    }

    fn channel(&self, id: NodeId, feed: &mut Feed) {
        let Some(element) = self.tree.element(id) else { return };
        self.attributes(element, &mut feed.head);
        for (id, child) in self.tree.elements(id) {
            match (child.space, child.name.as_str()) {
                (Namespace::Core, "item" | "entry") => feed.entries.extend(self.entry(id)),
                // Some feeds wrap their entries once more.
                (Namespace::Core, "items" | "entries") => {
                    let inner = self.tree.elements(id).filter(|(_, inner)| inner.space == Namespace::Core);
                    let inner = inner.filter(|(_, inner)| matches!(inner.name.as_str(), "item" | "entry"));
                    feed.entries.extend(inner.filter_map(|(id, _)| self.entry(id)));
                }
                _ => {}
            }
        }
        self.about(id, feed);
    }

    /// Reads the metadata of a feed, or of the source feed of an entry.
    fn about(&self, id: NodeId, feed: &mut Feed) {
        let mut title = TitleSource::Nowhere;
        for (id, child) in self.tree.elements(id) {
            let address = || Some(self.address(id, child));
            match (child.space, child.name.as_str()) {
                (Namespace::Core, "item" | "entry" | "items" | "entries") => {}
                (Namespace::Core, "description" | "subtitle" | "tagline" | "abstract") => {
                    let kind = if child.name == "description" { TextKind::Html } else { self.default_kind() };
                    feed.description = self.text(id, kind).or(feed.description.take());
                }
                (Namespace::Dc, "description") | (Namespace::Itunes, "subtitle" | "summary")
                    if feed.description.is_none() =>
                {
                    feed.description = self.text(id, TextKind::Html);
                }
                (Namespace::Core, "info") => feed.info = self.text(id, self.default_kind()),
                (Namespace::Core, "generator") => feed.generator = Some(self.generator(id, child)),
                (Namespace::Admin, "generatoragent") => {
                    let name = child.attribute_of(Namespace::Rdf, "resource").unwrap_or("").to_owned();
                    feed.generator = Some(FeedGenerator { href: name.clone(), name, version: String::new() });
                }
                (Namespace::Core, "icon") => feed.icon = address(),
                (Namespace::Core, "logo") => {
                    let href = child.attribute("href").map(|href| self.tree.resolve(child, href));
                    feed.logo = href.or_else(address);
                }
                (Namespace::Core, "ttl") => feed.ttl = Some(text::plain(self.tree, id)),
                (Namespace::Core, "skiphours") => {
                    let hours =
                        self.tree.elements(id).filter_map(|(id, _)| text::plain(self.tree, id).trim().parse().ok());
                    // Some feeds count hours from 1 to 24.
                    feed.skip_hours = hours.map(|hour: u32| hour % 24).collect();
                }
                (Namespace::Core, "skipdays") => {
                    let days =
                        self.tree.elements(id).filter_map(|(id, _)| text::plain(self.tree, id).trim().parse().ok());
                    feed.skip_days = days.collect();
                }
                (Namespace::Core, "docs") => feed.docs = address(),
                // A search form, which is not used.
                (Namespace::Core, "textinput") => {}
                _ => self.shared(id, child, &mut feed.head, &mut title),
            }
        }
    }

    /// Reads an entry. Returns `None` if the budget is used up.
    fn entry(&self, id: NodeId) -> Option<FeedEntry> {
        if !self.tree.budget.charge(size_of::<FeedEntry>()) {
            return None;
        }
        let mut entry = FeedEntry::default();
        if let Some(element) = self.tree.element(id) {
            self.attributes(element, &mut entry.head);
            entry.head.language = element.language.as_deref().map(str::to_owned);
        }
        let mut title = TitleSource::Nowhere;
        self.entry_parts(id, &mut entry, &mut title, 0);
        // Values of modules are used if the entry itself has none.
        let enclosures = entry.head.links.iter().filter(|link| link.rel == "enclosure");
        entry.enclosures = enclosures.cloned().collect();
        Some(entry)
    }

    /// Reads the parts of an entry. Media modules may group them, up to two levels; `deep` is the current level.
    fn entry_parts(&self, id: NodeId, entry: &mut FeedEntry, title: &mut TitleSource, deep: usize) {
        for (id, child) in self.tree.elements(id) {
            match (child.space, child.name.as_str()) {
                (Namespace::Core, "content" | "fullitem" | "body" | "prodlink")
                | (Namespace::Content, "encoded")
                | (Namespace::Xhtml, "body" | "div") => {
                    let kind = if self.is_atom_text(child) { TextKind::Plain } else { TextKind::Html };
                    entry.content.extend(self.content(id, child, kind));
                }
                (Namespace::Core, "summary") => {
                    let summary = self.text(id, self.default_kind());
                    // A second summary is the longer one, and is the text itself.
                    match (&entry.summary, summary) {
                        (Some(_), Some(second)) => entry.content.push(second),
                        (None, summary) => entry.summary = summary,
                        (Some(_), None) => {}
                    }
                }
                (Namespace::Core, "description" | "abstract") => {
                    match (&entry.summary, self.text(id, TextKind::Html)) {
                        (Some(_), Some(text)) if entry.content.is_empty() => entry.content.push(text),
                        (_, Some(text)) => entry.summary = Some(text),
                        (_, None) => {}
                    }
                }
                (Namespace::Dc | Namespace::DcTerms, "description" | "abstract")
                | (Namespace::Itunes, "summary")
                | (Namespace::Media, "description") => {
                    if entry.summary.is_none() {
                        entry.summary =
                            self.text(id, if self.is_atom_text(child) { TextKind::Plain } else { TextKind::Html });
                    }
                }
                (Namespace::Core | Namespace::Itunes, "subtitle") => {
                    entry.subtitle = self.text(id, self.default_kind());
                }
                (Namespace::Media, "group" | "content") if deep < 2 => {
                    if child.name == "content" {
                        self.media(child, entry);
                    }
                    let others = entry.media.len();
                    self.entry_parts(id, entry, title, deep + 1);
                    if child.name == "group" {
                        entry.media.truncate(others + 1);
                    }
                }
                (Namespace::Itunes, "duration") => entry.duration = Some(text::plain(self.tree, id)),
                (Namespace::Core, "enclosure") => entry.head.links.push(self.enclosure(child)),
                (Namespace::Core, "source") => entry.source = Some(Box::new(self.source(id, child))),
                _ => self.shared(id, child, &mut entry.head, title),
            }
        }
    }

    /// Reads an element that feeds and entries have in common.
    fn shared(&self, id: NodeId, child: &XmlElement, head: &mut FeedMeta, title: &mut TitleSource) {
        let plain = || Some(text::plain(self.tree, id)).filter(|text| !text.is_empty());
        let date = || Some(self.date(id));
        match (child.space, child.name.as_str()) {
            (Namespace::Core, "title") if *title != TitleSource::Core => {
                if let Some(text) = self.text(id, self.default_kind()) {
                    head.title = Some(text);
                    *title = TitleSource::Core;
                }
            }
            (Namespace::Dc | Namespace::DcTerms | Namespace::Media | Namespace::Itunes, "title")
                if *title == TitleSource::Nowhere =>
            {
                head.title = self.text(id, TextKind::Unsure);
                *title = if head.title.is_some() { TitleSource::Module } else { TitleSource::Nowhere };
            }
            (Namespace::Core, "link" | "a") => self.link(id, child, head),
            (Namespace::Core, "guid" | "id") | (Namespace::Dc | Namespace::DcTerms, "identifier") => {
                self.id(id, child, head);
            }
            (
                Namespace::Core | Namespace::Dc | Namespace::DcTerms | Namespace::Itunes,
                "author" | "creator" | "managingeditor",
            ) => {
                let person = persons::read(self.tree, id);
                let is_new = head.authors.len() < MAX_VALUES && !head.authors.contains(&person);
                if is_new && !person.display_name().is_empty() {
                    head.authors.push(person);
                }
            }
            (Namespace::Core | Namespace::Dc | Namespace::DcTerms, "contributor") => {
                head.contributors.push(persons::read(self.tree, id));
            }
            (Namespace::Core, "webmaster")
            | (Namespace::Dc | Namespace::DcTerms, "publisher")
            | (Namespace::Itunes, "owner") => {
                head.publisher = Some(persons::read(self.tree, id));
            }
            (Namespace::Core, "pubdate" | "issued" | "published") | (Namespace::DcTerms, "issued") => {
                head.published = date();
            }
            (Namespace::Core, "modified" | "updated" | "lastbuilddate" | "date")
            | (Namespace::Dc, "date")
            | (Namespace::DcTerms, "modified" | "date") => head.updated = date(),
            (Namespace::Core | Namespace::DcTerms, "created") => head.created = date(),
            (Namespace::Core, "expirationdate" | "expired") => head.expired = date(),
            (Namespace::Core, "rights" | "copyright") | (Namespace::Dc | Namespace::DcTerms, "rights") => {
                head.rights = self.text(id, self.default_kind());
            }
            (Namespace::Core, "category" | "tags" | "keywords")
            | (Namespace::Dc | Namespace::DcTerms, "subject")
            | (Namespace::Itunes | Namespace::Media, "category" | "keywords") => self.categories(id, child, head),
            (Namespace::Core | Namespace::Itunes, "image") | (Namespace::Media, "thumbnail") => {
                let image = self.image(id);
                // A picture without an address is used only as a last resort.
                if !image.href.is_empty() && (child.space != Namespace::Media || head.image.is_none())
                    || head.image.is_none() && image != FeedImage::default()
                {
                    head.image = Some(image);
                }
            }
            (Namespace::Core | Namespace::Dc | Namespace::DcTerms, "language") => head.language = plain(),
            (Namespace::License, "license") => {
                let named = child.attribute_of(Namespace::Rdf, "resource").map(str::to_owned);
                head.license = named.or_else(plain);
            }
            (Namespace::Core, "comments") => head.comments = Some(self.address(id, child)),
            (Namespace::Wfw, "comment") if head.comments.is_none() => head.comments = Some(self.address(id, child)),
            _ => {}
        }
    }

    /// Reads the attributes of CDF and RDF elements.
    fn attributes(&self, element: &XmlElement, head: &mut FeedMeta) {
        if let Some(about) = element.attribute_of(Namespace::Rdf, "about") {
            head.id = Some(about.trim().to_owned());
        }
        if let Some(href) = element.attribute("href").filter(|_| element.name == "channel" || element.name == "item") {
            let href = self.tree.resolve(element, href);
            head.links.push(FeedLink { href: href.clone(), ..FeedLink::default() });
            head.link = Some(href);
        }
        if let Some(raw) = element.attribute("lastmod") {
            head.updated = Some(date::read(raw));
        }
    }

    /// Returns the kind of a text that does not declare it.
    fn default_kind(&self) -> TextKind {
        if self.version.is_atom() { TextKind::Plain } else { TextKind::Unsure }
    }

    fn is_atom_text(&self, element: &XmlElement) -> bool {
        self.version.is_atom() && element.space == Namespace::Core
    }

    /// Returns the text of an element: `None` if it is empty, and an empty text if sanitizing removes everything.
    fn text(&self, id: NodeId, kind: TextKind) -> Option<FeedText> {
        let is_empty = !self.tree.has_elements(id) && self.tree.text(id).trim().is_empty();
        (!is_empty).then(|| text::read(self.tree, id, kind))
    }

    /// Returns the content of an entry. External content is only a link.
    fn content(&self, id: NodeId, element: &XmlElement, kind: TextKind) -> Option<FeedText> {
        let source = element.attribute("src");
        self.text(id, kind).filter(|text| {
            // Pictures and other media are not text.
            source.is_none() || text.is_html || text.media_type.starts_with("text/")
        })
    }

    fn address(&self, id: NodeId, element: &XmlElement) -> String {
        self.tree.resolve(element, &text::plain(self.tree, id))
    }

    fn date(&self, id: NodeId) -> FeedDate {
        date::read(&text::plain(self.tree, id))
    }
}

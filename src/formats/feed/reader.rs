//! From the tree of a feed to what it says. All dialects are read by one vocabulary, as real feeds mix them.

mod fields;

use super::model::{Feed, FeedDate, FeedEntry, FeedGenerator, FeedHead, FeedImage, FeedLink, FeedText, FeedVersion};
use super::namespace::Space;
use super::text::{self, Kind};
use super::tree::{Element, NodeId, Tree};
use super::{date, persons, version};

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
                        (Space::Core, "item" | "entry") => feed.entries.extend(self.entry(id)),
                        (Space::Core, "channel" | "feed") => self.channel(id, feed),
                        (Space::Core, "image") => feed.head.image = Some(self.image(id)),
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
                (Space::Core, "item" | "entry") => feed.entries.extend(self.entry(id)),
                // Some feeds wrap their entries once more.
                (Space::Core, "items" | "entries") => {
                    let inner = self.tree.elements(id).filter(|(_, inner)| inner.space == Space::Core);
                    let inner = inner.filter(|(_, inner)| matches!(inner.name.as_str(), "item" | "entry"));
                    feed.entries.extend(inner.filter_map(|(id, _)| self.entry(id)));
                }
                _ => {}
            }
        }
        self.about(id, feed);
    }

    /// Reads what a feed says of itself, or an entry of the feed that it was taken from.
    fn about(&self, id: NodeId, feed: &mut Feed) {
        let mut title = TitleFrom::Nowhere;
        for (id, child) in self.tree.elements(id) {
            let address = || Some(self.address(id, child));
            match (child.space, child.name.as_str()) {
                (Space::Core, "item" | "entry" | "items" | "entries") => {}
                (Space::Core, "description" | "subtitle" | "tagline" | "abstract") => {
                    let kind = if child.name == "description" { Kind::Html } else { self.unsure() };
                    feed.description = self.text(id, kind).or(feed.description.take());
                }
                (Space::Dc, "description") | (Space::Itunes, "subtitle" | "summary") if feed.description.is_none() => {
                    feed.description = self.text(id, Kind::Html);
                }
                (Space::Core, "info") => feed.info = self.text(id, self.unsure()),
                (Space::Core, "generator") => feed.generator = Some(self.generator(id, child)),
                (Space::Admin, "generatoragent") => {
                    let name = child.attribute_of(Space::Rdf, "resource").unwrap_or("").to_owned();
                    feed.generator = Some(FeedGenerator { href: name.clone(), name, version: String::new() });
                }
                (Space::Core, "icon") => feed.icon = address(),
                (Space::Core, "logo") => {
                    let href = child.attribute("href").map(|href| self.tree.resolve(child, href));
                    feed.logo = href.or_else(address);
                }
                (Space::Core, "ttl") => feed.ttl = Some(text::plain(self.tree, id)),
                (Space::Core, "skiphours") => {
                    let hours =
                        self.tree.elements(id).filter_map(|(id, _)| text::plain(self.tree, id).trim().parse().ok());
                    // Some count them from 1 to 24.
                    feed.skip_hours = hours.map(|hour: u32| hour % 24).collect();
                }
                (Space::Core, "skipdays") => {
                    let days =
                        self.tree.elements(id).filter_map(|(id, _)| text::plain(self.tree, id).trim().parse().ok());
                    feed.skip_days = days.collect();
                }
                (Space::Core, "docs") => feed.docs = address(),
                // What visitors may type in somewhere.
                (Space::Core, "textinput") => {}
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
        let mut title = TitleFrom::Nowhere;
        self.entry_parts(id, &mut entry, &mut title, 0);
        // What only modules say stands in for what the entry itself does not.
        let enclosures = entry.head.links.iter().filter(|link| link.rel == "enclosure");
        entry.enclosures = enclosures.cloned().collect();
        Some(entry)
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
                (Space::Media, "group" | "content") if deep < 2 => {
                    if child.name == "content" {
                        self.media(child, entry);
                    }
                    let others = entry.media.len();
                    self.entry_parts(id, entry, title, deep + 1);
                    if child.name == "group" {
                        entry.media.truncate(others + 1);
                    }
                }
                (Space::Itunes, "duration") => entry.duration = Some(text::plain(self.tree, id)),
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
                let person = persons::read(self.tree, id);
                let is_new = head.authors.len() < MOST && !head.authors.contains(&person);
                if is_new && !person.display_name().is_empty() {
                    head.authors.push(person);
                }
            }
            (Space::Core | Space::Dc | Space::DcTerms, "contributor") => {
                head.contributors.push(persons::read(self.tree, id));
            }
            (Space::Core, "webmaster") | (Space::Dc | Space::DcTerms, "publisher") | (Space::Itunes, "owner") => {
                head.publisher = Some(persons::read(self.tree, id));
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
            let href = self.tree.resolve(element, href);
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
        self.tree.resolve(element, &text::plain(self.tree, id))
    }

    fn date(&self, id: NodeId) -> FeedDate {
        date::read(&text::plain(self.tree, id))
    }
}

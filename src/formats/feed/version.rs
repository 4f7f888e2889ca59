//! Detects the dialect of a feed by its root element, its namespaces and its version attribute.

use super::model::FeedVersion;
use super::namespace::Namespace;
use super::tree::{NodeId, ROOT, Tree};

const ATOM_03: &str = "http://purl.org/atom/ns#";
const ATOM_10: &str = "http://www.w3.org/2005/Atom";

fn is_atom(namespace: &str) -> bool {
    [ATOM_03, ATOM_10].iter().any(|known| namespace.trim_end_matches('/').eq_ignore_ascii_case(known))
}

/// Maximum number of elements before or around the root of a feed, such as error messages of a server.
const MAX_ELEMENTS_BEFORE_ROOT: usize = 64;

/// Returns the root element of the feed.
pub(super) fn root(tree: &Tree) -> Option<NodeId> {
    let mut pending: std::collections::VecDeque<NodeId> = tree.children(ROOT).collect();
    for _ in 0..MAX_ELEMENTS_BEFORE_ROOT {
        let id = pending.pop_front()?;
        let Some(element) = tree.element(id) else { continue };
        match (element.space, element.name.as_str()) {
            (Namespace::Core, "rss" | "feed" | "channel") | (Namespace::Core | Namespace::Rdf, "rdf") => {
                return Some(id);
            }
            // A single entry, by RFC 4287.
            (Namespace::Core, "entry") if tree.namespaces.iter().any(|(_, address)| is_atom(address)) => {
                return Some(id);
            }
            _ => pending.extend(tree.children(id)),
        }
    }
    None
}

/// Returns the dialect of the feed with this root element.
pub(super) fn of(tree: &Tree, root: NodeId) -> FeedVersion {
    let Some(element) = tree.element(root) else { return FeedVersion::Unknown };
    let declares = |part: &str| {
        tree.namespaces.iter().any(|(_, address)| address.trim_end_matches('/').eq_ignore_ascii_case(part))
    };
    let version = element.attribute("version").unwrap_or("").trim();
    match element.name.as_str() {
        "rss" => match version {
            "0.90" => FeedVersion::Rss090,
            "0.91" if tree.document_type.to_ascii_lowercase().contains("netscape") => FeedVersion::Rss091Netscape,
            "0.91" => FeedVersion::Rss091UserLand,
            "0.92" => FeedVersion::Rss092,
            "0.93" => FeedVersion::Rss093,
            "0.94" => FeedVersion::Rss094,
            version if version == "2" || version.starts_with("2.") => FeedVersion::Rss20,
            _ => FeedVersion::Rss,
        },
        "rdf"
            if declares("http://my.netscape.com/rdf/simple/0.9")
                || declares("http://channel.netscape.com/rdf/simple/0.9") =>
        {
            FeedVersion::Rss090
        }
        "rdf" if declares("http://purl.org/rss/1.0") => FeedVersion::Rss10,
        "rdf" => FeedVersion::Rss,
        "feed" | "entry" => match version {
            "0.1" => FeedVersion::Atom01,
            "0.2" => FeedVersion::Atom02,
            "0.3" => FeedVersion::Atom03,
            _ if declares(ATOM_03) => FeedVersion::Atom03,
            _ if declares(ATOM_10) => FeedVersion::Atom10,
            _ => FeedVersion::Atom,
        },
        "channel" => FeedVersion::Cdf,
        _ => FeedVersion::Unknown,
    }
}

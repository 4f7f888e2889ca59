//! The vocabularies that feeds draw on, known by their addresses; by their customary prefixes only where a feed forgot
//! to say what those stand for.

/// A vocabulary of elements.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Space {
    /// RSS of any kind, Atom of any kind, CDF, and what has no namespace at all.
    #[default]
    Core,
    /// RDF itself.
    Rdf,
    /// Dublin Core, the fifteen elements.
    Dc,
    /// Dublin Core, the terms.
    DcTerms,
    /// Content in RSS.
    Content,
    /// Media RSS.
    Media,
    /// Podcasts as Apple has them.
    Itunes,
    /// XHTML.
    Xhtml,
    /// Licences: Creative Commons in its two spellings.
    License,
    /// `xml:base`, `xml:lang`.
    Xml,
    /// Who looks after a feed, and what makes it.
    Admin,
    /// Comments of articles (well-formed web).
    Wfw,
    /// A vocabulary that nothing is known of, or nothing of use.
    Other,
}

/// What an address stands for.
pub(super) fn of_address(address: &str) -> Space {
    let lower = address.trim().to_ascii_lowercase();
    if lower.contains("backend.userland.com/rss") {
        return Space::Core;
    }
    match lower.trim_end_matches('/') {
        ""
        | "http://www.w3.org/2005/atom"
        | "http://purl.org/atom/ns#"
        | "http://purl.org/rss/1.0"
        | "http://my.netscape.com/rdf/simple/0.9"
        | "http://my.netscape.com/publish/formats/rss-0.91.dtd"
        | "http://channel.netscape.com/rdf/simple/0.9"
        | "http://blogs.law.harvard.edu/tech/rss"
        | "http://cyber.law.harvard.edu/rss"
        | "http://purl.org/net/rss1.1#"
        | "http://purl.org/rss/1.0/modules/rss091#"
        | "http://example.com/newformat#"
        | "http://example.com/necho"
        | "http://purl.org/echo"
        | "uri/of/echo/namespace#"
        | "http://purl.org/pie" => Space::Core,
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#" => Space::Rdf,
        "http://purl.org/dc/elements/1.1" | "http://purl.org/dc/elements/1.0" => Space::Dc,
        "http://purl.org/dc/terms" => Space::DcTerms,
        "http://purl.org/rss/1.0/modules/content" => Space::Content,
        "http://search.yahoo.com/mrss" | "http://www.rssboard.org/media-rss" => Space::Media,
        "http://www.itunes.com/dtds/podcast-1.0.dtd" | "http://example.com/dtds/podcast-1.0.dtd" => Space::Itunes,
        "http://www.w3.org/1999/xhtml" => Space::Xhtml,
        "http://web.resource.org/cc"
        | "http://creativecommons.org/ns#"
        | "http://backend.userland.com/creativecommonsrssmodule"
        | "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html" => Space::License,
        "http://www.w3.org/xml/1998/namespace" => Space::Xml,
        "http://webns.net/mvcb" => Space::Admin,
        "http://wellformedweb.org/commentapi" => Space::Wfw,
        _ => Space::Other,
    }
}

/// What a prefix stands for in a feed that does not say.
pub(super) fn of_prefix(prefix: &str) -> Space {
    match prefix {
        "" | "rss" | "atom" | "atom10" | "atom03" => Space::Core,
        "rdf" => Space::Rdf,
        "dc" => Space::Dc,
        "dcterms" => Space::DcTerms,
        "content" => Space::Content,
        "media" => Space::Media,
        "itunes" => Space::Itunes,
        "xhtml" => Space::Xhtml,
        "cc" | "creativecommons" | "creativeCommons" => Space::License,
        "xml" => Space::Xml,
        "admin" => Space::Admin,
        "wfw" => Space::Wfw,
        _ => Space::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_match_in_any_case_with_or_without_a_slash() {
        for (address, space) in [
            ("http://www.w3.org/2005/Atom", Space::Core),
            ("http://search.yahoo.com/mrss", Space::Media),
            ("http://search.yahoo.com/mrss/", Space::Media),
            ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", Space::Itunes),
            ("http://backend.userland.com/rss2", Space::Core),
            ("http://example.org/of-our-own", Space::Other),
        ] {
            assert_eq!(of_address(address), space, "{address}");
        }
    }
}

//! The XML namespaces of feeds, identified by address, or by their usual prefix if a feed does not declare it.

/// A namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(super) enum Namespace {
    /// All versions of RSS, Atom and CDF, and elements without a namespace.
    #[default]
    Core,
    /// RDF.
    Rdf,
    /// Dublin Core: the fifteen elements.
    Dc,
    /// Dublin Core: the terms.
    DcTerms,
    /// The content module of RSS.
    Content,
    /// Media RSS.
    Media,
    /// Apple's podcast namespace.
    Itunes,
    /// XHTML.
    Xhtml,
    /// Licences: both spellings of Creative Commons.
    License,
    /// `xml:base`, `xml:lang`.
    Xml,
    /// Administrative metadata: generator and maintainer.
    Admin,
    /// Comments of entries (well-formed web).
    Wfw,
    /// An unknown namespace, or one without any use here.
    Other,
}

/// Returns the namespace with this address.
pub(super) fn of_address(address: &str) -> Namespace {
    let lower = address.trim().to_ascii_lowercase();
    if lower.contains("backend.userland.com/rss") {
        return Namespace::Core;
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
        | "http://purl.org/pie" => Namespace::Core,
        "http://www.w3.org/1999/02/22-rdf-syntax-ns#" => Namespace::Rdf,
        "http://purl.org/dc/elements/1.1" | "http://purl.org/dc/elements/1.0" => Namespace::Dc,
        "http://purl.org/dc/terms" => Namespace::DcTerms,
        "http://purl.org/rss/1.0/modules/content" => Namespace::Content,
        "http://search.yahoo.com/mrss" | "http://www.rssboard.org/media-rss" => Namespace::Media,
        "http://www.itunes.com/dtds/podcast-1.0.dtd" | "http://example.com/dtds/podcast-1.0.dtd" => Namespace::Itunes,
        "http://www.w3.org/1999/xhtml" => Namespace::Xhtml,
        "http://web.resource.org/cc"
        | "http://creativecommons.org/ns#"
        | "http://backend.userland.com/creativecommonsrssmodule"
        | "http://cyber.law.harvard.edu/rss/creativecommonsrssmodule.html" => Namespace::License,
        "http://www.w3.org/xml/1998/namespace" => Namespace::Xml,
        "http://webns.net/mvcb" => Namespace::Admin,
        "http://wellformedweb.org/commentapi" => Namespace::Wfw,
        _ => Namespace::Other,
    }
}

/// Returns the namespace with this prefix in a feed that does not declare it.
pub(super) fn of_prefix(prefix: &str) -> Namespace {
    match prefix {
        "" | "rss" | "atom" | "atom10" | "atom03" => Namespace::Core,
        "rdf" => Namespace::Rdf,
        "dc" => Namespace::Dc,
        "dcterms" => Namespace::DcTerms,
        "content" => Namespace::Content,
        "media" => Namespace::Media,
        "itunes" => Namespace::Itunes,
        "xhtml" => Namespace::Xhtml,
        "cc" | "creativecommons" | "creativeCommons" => Namespace::License,
        "xml" => Namespace::Xml,
        "admin" => Namespace::Admin,
        "wfw" => Namespace::Wfw,
        _ => Namespace::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_match_in_any_case_with_or_without_a_slash() {
        for (address, space) in [
            ("http://www.w3.org/2005/Atom", Namespace::Core),
            ("http://search.yahoo.com/mrss", Namespace::Media),
            ("http://search.yahoo.com/mrss/", Namespace::Media),
            ("http://www.itunes.com/DTDs/Podcast-1.0.dtd", Namespace::Itunes),
            ("http://backend.userland.com/rss2", Namespace::Core),
            ("http://example.org/of-our-own", Namespace::Other),
        ] {
            assert_eq!(of_address(address), space, "{address}");
        }
    }
}

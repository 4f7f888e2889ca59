//! The elements of HTML: their effect on the text, and those without content.

use crate::article::SpanStyle;

/// The effect of an element on the text around it.
pub(super) enum TagEffect {
    /// Neither the element nor its content is shown.
    Hidden,
    /// The element is a block.
    Block,
    /// The element styles a range of text.
    Style(SpanStyle),
    /// The element is inline and has no effect.
    Inline,
}

/// Returns the effect of the element `name`.
pub(super) fn tag_effect(name: &str) -> TagEffect {
    match name {
        "script" | "style" | "template" | "iframe" | "object" | "applet" | "noembed" | "noframes" | "frameset"
        | "head" | "title" | "select" | "datalist" | "option" | "optgroup" | "textarea" | "button" | "canvas"
        | "audio" | "video" | "svg" | "map" | "dialog" | "menu" | "label" | "legend" | "progress" | "meter"
        | "output" | "rp" | "xml" | "annotation" | "annotation-xml" => TagEffect::Hidden,
        "em" | "i" | "cite" | "dfn" | "var" => TagEffect::Style(SpanStyle::Emphasis),
        "strong" | "b" => TagEffect::Style(SpanStyle::Strong),
        "code" | "kbd" | "samp" | "tt" => TagEffect::Style(SpanStyle::Code),
        "address" | "article" | "aside" | "blockquote" | "body" | "center" | "dd" | "details" | "dir" | "div"
        | "dl" | "dt" | "fieldset" | "figcaption" | "figure" | "footer" | "form" | "h1" | "h2" | "h3" | "h4" | "h5"
        | "h6" | "header" | "hgroup" | "hr" | "html" | "li" | "main" | "nav" | "noscript" | "ol" | "p"
        | "plaintext" | "pre" | "section" | "summary" | "table" | "tbody" | "tfoot" | "thead" | "tr" | "ul" | "xmp"
        | "listing" | "caption" => TagEffect::Block,
        _ => TagEffect::Inline,
    }
}

/// Returns whether an element is a block.
pub(super) fn is_block(name: &str) -> bool {
    matches!(tag_effect(name), TagEffect::Block)
}

/// Returns whether an element has neither content nor an end tag.
pub(super) fn is_void(name: &str) -> bool {
    matches!(
        name,
        "area"
            | "base"
            | "basefont"
            | "bgsound"
            | "br"
            | "col"
            | "command"
            | "embed"
            | "frame"
            | "hr"
            | "image"
            | "img"
            | "input"
            | "keygen"
            | "link"
            | "meta"
            | "param"
            | "source"
            | "track"
            | "wbr"
    )
}

//! Persons: `Name (mail)`, `mail (Name)`, `Name <mail>`, or separate elements.

use super::model::FeedPerson;
use super::text;
use super::tree::{NodeId, Tree};

/// Reads the person in an element.
pub(super) fn read(tree: &Tree, id: NodeId) -> FeedPerson {
    if !tree.has_elements(id) {
        return of_text(&text::plain(tree, id));
    }
    let child = |names: &[&str]| names.iter().find_map(|name| text::child(tree, id, name)).unwrap_or_default();
    let (name, email) = (child(&["name"]), child(&["email"]));
    let href = tree.elements(id).find(|(_, child)| matches!(child.name.as_str(), "uri" | "url" | "homepage"));
    let href = href.map(|(id, child)| tree.resolve(child, &text::plain(tree, id)));
    let text = match (name.as_str(), email.as_str()) {
        ("", "") => text::plain(tree, id),
        ("", email) => email.to_owned(),
        (name, "") => name.to_owned(),
        (name, email) => format!("{name} ({email})"),
    };
    FeedPerson { text, name, email, href: href.unwrap_or_default() }
}

/// Parses the person in a text.
pub(super) fn of_text(text: &str) -> FeedPerson {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let bracket = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '<' | '>' | '"' | ',' | ';');
    let email = text.split(bracket).map(|word| word.strip_prefix("mailto:").unwrap_or(word)).find(|word| is_mail(word));
    let Some(email) = email.map(str::to_owned) else {
        return FeedPerson { name: text.clone(), text, ..FeedPerson::default() };
    };
    let rest = text.replace(&format!("mailto:{email}"), "").replace(&email, "");
    let rest = rest.replace("()", "").replace("<>", "");
    let mut name = rest.trim();
    if let Some(inner) = name.strip_prefix('(').and_then(|name| name.strip_suffix(')')) {
        name = inner.trim();
    }
    let name = name.trim_matches(|c: char| c.is_whitespace() || c == '"' || c == ',').to_owned();
    FeedPerson { text, name, email, ..FeedPerson::default() }
}

fn is_mail(word: &str) -> bool {
    word.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.contains('@') && host.contains('.') && !host.starts_with('.') && !word.contains('/')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn persons_have_name_and_mail_address_in_any_order() {
        for text in [
            "A. Writer (a@example.org)",
            "a@example.org (A. Writer)",
            "A. Writer <a@example.org>",
            "\"A. Writer\" a@example.org",
        ] {
            let person = of_text(text);
            assert_eq!((person.name.as_str(), person.email.as_str()), ("A. Writer", "a@example.org"), "{text}");
        }
        assert_eq!(of_text("a@example.org").display_name(), "a@example.org");
        assert_eq!(of_text("The @desk").email, "");
        assert_eq!(of_text("The @desk").name, "The @desk");
    }
}

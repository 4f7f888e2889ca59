//! The headline of a draft: one for a file without any, and the maximum length.

use crate::article::{BlockKind, Draft, DraftPart, Role};

use super::budget::{MAX_TITLE_BYTES, cut};
use super::format::FileHint;

/// Cuts a headline of more than 1 KiB. The body then begins with the whole headline, so that no text is lost.
pub(super) fn limit_headline(draft: &mut Draft<'_>) {
    let Some(at) = draft.parts.iter().position(|part| part.role == Role::Headline) else { return };
    let Some(short) = draft.parts.get(at).and_then(|part| cut(&part.text, MAX_TITLE_BYTES)) else {
        return;
    };
    let body = draft.parts.iter().skip(at).position(|part| matches!(part.role, Role::Body(_)));
    let body = body.map_or(draft.parts.len(), |after| at + after);
    let Some(headline) = draft.parts.get_mut(at) else { return };
    let whole = std::mem::replace(&mut headline.text, short.into());
    if !draft.parts.get(body).is_some_and(|part| part.text.starts_with(&*whole)) {
        let paragraph = DraftPart { role: Role::Body(BlockKind::Paragraph), text: whole, spans: Vec::new() };
        draft.parts.insert(body, paragraph);
    }
}

/// Returns a headline for an article that has none, made from the name of its file.
pub(super) fn headline_from_name(hint: &FileHint<'_>) -> String {
    let stem = hint.file_name.rsplit_once('.').map_or(hint.file_name, |(stem, _)| stem);
    if stem.is_empty() { "Untitled".to_owned() } else { stem.replace(['-', '_'], " ") }
}

//! Compares two versions of an entry word by word.

use similar::{ChangeTag, TextDiff};

use crate::article::{Draft, Role};
use crate::subscriptions::DiffSpan;
use crate::text::clean;

/// Returns the changed paragraphs, each as a list of unchanged, removed and added pieces.
pub(crate) fn diff_entry(former: &Draft<'_>, now: &Draft<'_>) -> Vec<Vec<DiffSpan>> {
    let (old, new) = (paragraphs(former), paragraphs(now));
    let (old, new): (Vec<&str>, Vec<&str>) =
        (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
    let diff = TextDiff::from_slices(&old, &new);
    let mut changed = Vec::new();
    for operation in diff.ops() {
        let (old, new) = (old.get(operation.old_range()), new.get(operation.new_range()));
        let (Some(old), Some(new)) = (old, new) else { continue };
        if operation.tag() == similar::DiffTag::Equal {
            continue;
        }
        for number in 0..old.len().max(new.len()) {
            changed.push(diff_words(old.get(number).unwrap_or(&""), new.get(number).unwrap_or(&"")));
        }
    }
    changed
}

fn paragraphs(draft: &Draft<'_>) -> Vec<String> {
    let parts = draft.parts.iter().filter(|part| part.role != Role::Source);
    parts.map(|part| clean(part.text.trim()).replace('\n', " ")).collect()
}

fn diff_words(old: &str, new: &str) -> Vec<DiffSpan> {
    let diff = TextDiff::from_words(old, new);
    let mut pieces: Vec<DiffSpan> = Vec::new();
    for change in diff.iter_all_changes() {
        let added = match change.tag() {
            ChangeTag::Equal => None,
            ChangeTag::Delete => Some(false),
            ChangeTag::Insert => Some(true),
        };
        match pieces.last_mut().filter(|last| last.added == added) {
            Some(last) => last.text.push_str(change.value()),
            None => pieces.push(DiffSpan { added, text: change.value().to_owned() }),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::article::BlockKind;

    #[test]
    fn diff_lists_only_changed_words() {
        let draft = |second: &'static str| {
            let mut draft = Draft::default();
            draft.push(Role::Headline, "Flood");
            draft.push_body(BlockKind::Paragraph, "It rained.");
            draft.push_body(BlockKind::Paragraph, second);
            draft
        };
        let changes = diff_entry(&draft("Ten people are missing."), &draft("Two people are missing."));
        let spans: Vec<(Option<bool>, &str)> =
            changes[0].iter().map(|piece| (piece.added, piece.text.as_str())).collect();
        assert_eq!(spans, [(Some(false), "Ten"), (Some(true), "Two"), (None, " people are missing.")]);
        assert_eq!(changes.len(), 1);
        assert_eq!(diff_entry(&draft("a"), &draft("a")), Vec::<Vec<DiffSpan>>::new());
    }
}

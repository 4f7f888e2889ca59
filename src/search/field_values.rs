//! The values of a field in the articles, with their counts, for completion.

use std::collections::HashMap;

use chrono::Datelike;

use crate::article::Role;
use crate::corpus::{ArticleRef, Corpus};
use crate::marks::Marks;
use crate::query::{CompletionKind, Field};
use crate::text::fold::fold;

/// Counts the values of a field, the most frequent first. Values with the same folded form are counted together, with
/// the spelling of the newest article. Dates are counted by year and by month, newest first.
pub fn count_values(corpus: &Corpus, marks: &Marks, kind: &CompletionKind) -> Vec<(String, usize)> {
    let mut counts = ValueCounts::default();
    for entry in corpus.order().iter().filter_map(|&slot| corpus.get(slot)) {
        match kind {
            CompletionKind::Value(Field::Source) => counts.put_parts(entry, Role::Source),
            CompletionKind::Value(Field::By) => counts.put_parts(entry, Role::Byline),
            CompletionKind::Value(Field::Section) => {
                let section = entry.section();
                let folded = if section.is_ascii() { section.to_ascii_lowercase() } else { fold(section) };
                counts.put(folded.as_bytes(), || section.to_owned());
            }
            CompletionKind::Value(Field::Path) => {
                let Some((folder, _)) = entry.place() else { continue };
                counts.put(folder.as_os_str().as_encoded_bytes(), || folder.to_string_lossy().into_owned());
            }
            CompletionKind::Value(Field::Tag) => {
                for tag in marks.get(entry.id()).tags() {
                    counts.put(tag.as_str().as_bytes(), || tag.to_string());
                }
            }
            CompletionKind::Value(Field::Feed) => {
                let Some(label) = entry.feeds() else { continue };
                for name in label.names.iter().chain(&label.tags) {
                    counts.put(name.as_bytes(), || name.clone());
                }
            }
            CompletionKind::Date => {
                let Some(published) = entry.published() else { continue };
                let day = published.day();
                let (year, month) = (day.year().to_be_bytes(), day.month().to_be_bytes());
                counts.put(&year, || day.format("%Y").to_string());
                counts.put(&[year, month].concat(), || day.format("%Y-%m").to_string());
            }
            CompletionKind::Value(_) | CompletionKind::Field(_) | CompletionKind::Word(_) => return Vec::new(),
        }
    }
    let mut values: Vec<(String, usize)> = counts.0.into_values().map(|(count, shown)| (shown, count)).collect();
    match kind {
        // Years before months, each newest first.
        CompletionKind::Date => values.sort_by(|(a, _), (b, _)| a.len().cmp(&b.len()).then_with(|| b.cmp(a))),
        _ => values.sort_by(|(a, more), (b, less)| less.cmp(more).then_with(|| a.cmp(b))),
    }
    values
}

/// The count and spelling of each value, by its folded form.
#[derive(Default)]
struct ValueCounts(HashMap<Vec<u8>, (usize, String)>);

impl ValueCounts {
    fn put(&mut self, folded: &[u8], written: impl FnOnce() -> String) {
        match self.0.get_mut(folded) {
            Some((count, _)) => *count += 1,
            None if folded.is_empty() => {}
            None => drop(self.0.insert(folded.to_vec(), (1, written()))),
        }
    }

    fn put_parts(&mut self, entry: ArticleRef<'_>, role: Role) {
        for part in entry.parts().filter(|part| part.role == role) {
            let folded = entry.folded().get(part.folded.clone()).unwrap_or_default();
            self.put(folded, || {
                let mut unfolder = entry.unfolder();
                unfolder.skip_to(part.folded.start);
                unfolder.take(part.folded.end)
            });
        }
    }
}

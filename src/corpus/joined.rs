//! Small shards made into one, without the files that are gone: what keeps a snapshot from falling to pieces.

use std::sync::Arc;

use super::shard::{FileRecord, Record, Shard};

impl Shard {
    /// One shard of those articles of `parts` whose files are alive; each part comes with whether each of its files
    /// is.
    pub fn joined<'a>(parts: impl IntoIterator<Item = (&'a Shard, &'a [bool])>) -> Shard {
        let mut joined = Shard::default();
        for (part, alive) in parts {
            joined.append(part, alive);
        }
        joined.folded = joined.folded.finish();
        joined.edits.shrink_to_fit();
        joined.outlines.shrink_to_fit();
        joined.records.shrink_to_fit();
        joined.files.shrink_to_fit();
        joined
    }

    fn append(&mut self, part: &Shard, alive: &[bool]) {
        let mut numbers = vec![None; part.files.len()];
        for (index, record) in part.records.iter().enumerate() {
            let old = record.file as usize;
            let (Some(file), Some(number), Some(true)) = (part.files.get(old), numbers.get_mut(old), alive.get(old))
            else {
                continue;
            };
            let file = *number.get_or_insert_with(|| {
                let (dir, name) = (Arc::clone(&file.dir), file.name.clone());
                self.files.push(FileRecord {
                    dir,
                    name,
                    origin: file.origin,
                    stamp: file.stamp,
                    feeds: file.feeds.clone(),
                });
                self.files.len() - 1
            });
            let section = part.sections.get(usize::from(record.section));
            let section = section.map_or(usize::from(u16::MAX), |section| place_of(&mut self.sections, section));
            let format = part.formats.get(usize::from(record.format));
            let format = format.map_or(usize::from(u8::MAX), |format| place_of(&mut self.formats, format));
            let next = part.records.get(index + 1);
            let (text, edits, outline) = (self.folded.len(), self.edits.len(), self.outlines.len());
            self.folded.append(stretch(&part.folded, record.text, next.map(|next| next.text)));
            self.edits.extend_from_slice(stretch(&part.edits, record.edits, next.map(|next| next.edits)));
            let outlined = stretch(&part.outlines, record.outline, next.map(|next| next.outline));
            self.outlines.extend_from_slice(outlined);
            self.records.push(Record {
                section: u16::try_from(section).unwrap_or(u16::MAX),
                format: u8::try_from(format).unwrap_or(u8::MAX),
                file: file as u32,
                // A shard is finished long before it reaches 4 GiB.
                text: text as u32,
                edits: edits as u32,
                outline: outline as u32,
                ..*record
            });
        }
    }
}

/// The place of `value` in `values`, to which it is put if it is not there.
fn place_of<T: PartialEq + Clone>(values: &mut Vec<T>, value: &T) -> usize {
    values.iter().position(|known| known == value).unwrap_or_else(|| {
        values.push(value.clone());
        values.len() - 1
    })
}

/// The bytes of a column from `start` to `end`, or to its own.
fn stretch(column: &[u8], start: u32, end: Option<u32>) -> &[u8] {
    column.get(start as usize..end.map_or(column.len(), |end| end as usize)).unwrap_or_default()
}

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
                self.files.push(FileRecord { dir, name, origin: file.origin, stamp: file.stamp });
                self.files.len() - 1
            });
            let section = part.sections.get(usize::from(record.section));
            let section = section.map_or(usize::from(u16::MAX), |section| place_of(&mut self.sections, section));
            let format = part.formats.get(usize::from(record.format));
            let format = format.map_or(usize::from(u8::MAX), |format| place_of(&mut self.formats, format));
            let next = part.records.get(index + 1);
            let text = append(&mut self.folded, &part.folded, record.text, next.map(|next| next.text));
            let edits = append(&mut self.edits, &part.edits, record.edits, next.map(|next| next.edits));
            let outline = append(&mut self.outlines, &part.outlines, record.outline, next.map(|next| next.outline));
            self.records.push(Record {
                section: u16::try_from(section).unwrap_or(u16::MAX),
                format: u8::try_from(format).unwrap_or(u8::MAX),
                file: file as u32,
                text,
                edits,
                outline,
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

/// Puts the bytes of a column from `start` to `end` to another one, and tells where they begin there.
fn append(column: &mut Vec<u8>, from: &[u8], start: u32, end: Option<u32>) -> u32 {
    let at = column.len() as u32;
    let end = end.map_or(from.len(), |end| end as usize);
    column.extend_from_slice(from.get(start as usize..end).unwrap_or_default());
    at
}

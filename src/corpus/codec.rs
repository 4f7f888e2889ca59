//! The snapshot codec: shards to bytes and back, without the disk.
//!
//! Columns are stored as they are in memory, numbers in little endian, folders relative to the root, so that paths begin
//! with the root as typed. Decoding trusts nothing: the checksum must be right, and all lengths and offsets are checked
//! against the columns. Forged bytes lead to an error or to a strange article, but never to a panic.

use std::ffi::{OsStr, OsString};
use std::io::{self, Read, Write};
use std::path::{Component, Path};
use std::sync::Arc;

use xxhash_rust::xxh3::Xxh3;

use super::arena::Arena;
use super::shard::{FileRecord, FileStamp, NO_DATE, NO_OFFSET, Origin, Record, Shard, ShardDigest};
use crate::formats::FORMATS;
use crate::text::SafeText;

/// The first bytes of every shard file.
pub const SHARD_MAGIC: [u8; 8] = *b"newsdskS";

/// The format version. Other versions are not read.
pub const SHARD_VERSION: u64 = 2;

/// The length of the header: the magic and seven numbers.
const HEADER: usize = 64;

/// The length of a record.
const RECORD: usize = 48;

/// The number of bytes to read and hash at once; it fits the cache.
const STEP: usize = 256 << 10;

/// The range of valid dates, from the year -9999 to the year 9999, in seconds since 1970.
const DATES: std::ops::RangeInclusive<i64> = -377_705_116_800..=253_402_300_799;

/// Writes `shard`, whose files must be below `root`. Returns the checksum and length.
///
/// # Errors
///
/// Returns [`io::ErrorKind::Unsupported`] if the shard contains something that cannot be stored.
pub fn encode(shard: &Shard, root: &Path, out: &mut dyn Write) -> io::Result<ShardDigest> {
    let tail = tail(shard, root)?;
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&SHARD_MAGIC);
    let lengths = [
        shard.folded.len(),
        shard.edits.len(),
        shard.outlines.len(),
        shard.records.len(),
        shard.files.len(),
        tail.len(),
    ];
    for number in std::iter::once(SHARD_VERSION).chain(lengths.map(|length| length as u64)) {
        header.extend_from_slice(&number.to_le_bytes());
    }
    let mut records = Vec::with_capacity(shard.records.len() * RECORD);
    for record in &shard.records {
        put_record(&mut records, record);
    }
    let (mut sum, mut length) = (Xxh3::new(), 0);
    let columns: [&[u8]; 6] = [&header, &shard.folded, &shard.edits, &shard.outlines, &records, &tail];
    for piece in columns {
        for step in piece.chunks(STEP) {
            sum.update(step);
            out.write_all(step)?;
        }
        length += piece.len() as u64;
    }
    Ok(ShardDigest { checksum: sum.digest128(), length })
}

/// Reads the shard with this checksum and length. Its files are below `root`.
///
/// # Errors
///
/// Returns [`io::ErrorKind::InvalidData`] for anything that `encode` does not write.
pub fn decode(input: &mut dyn Read, sealed: ShardDigest, root: &Path) -> io::Result<Shard> {
    let mut input = ChecksumReader { input, sum: Xxh3::new() };
    let header = input.column(HEADER)?;
    let mut cursor = Cursor(&header);
    if cursor.take(8)? != SHARD_MAGIC || cursor.u64()? != SHARD_VERSION {
        return Err(damaged("it is not a shard of this version"));
    }
    let mut number = || usize::try_from(cursor.u64()?).map_err(|_| damaged("a length is too large"));
    let (folded, edits, outlines) = (number()?, number()?, number()?);
    let (records, files, tail) = (number()?, number()?, number()?);
    let bytes = records.checked_mul(RECORD).and_then(|records| {
        let columns = [HEADER, folded, edits, outlines, records, tail];
        columns.iter().try_fold(0usize, |sum, &column| sum.checked_add(column))
    });
    // Check the lengths before allocating memory.
    if bytes.map(|bytes| bytes as u64) != Some(sealed.length) {
        return Err(damaged("its length does not match its columns"));
    }
    let mut shard = Shard {
        folded: Arena::read(folded, &mut |piece| input.fill(piece))?,
        edits: input.column(edits)?,
        outlines: input.column(outlines)?,
        ..Shard::default()
    };
    let (rows, tail) = (input.column(records * RECORD)?, input.column(tail)?);
    if input.sum.digest128() != sealed.checksum {
        return Err(damaged("its checksum is wrong"));
    }
    take_tail(&mut shard, &tail, files, root)?;
    shard.records = rows.chunks_exact(RECORD).map(|row| take_record(row, &shard)).collect::<io::Result<_>>()?;
    let grow = shard.records.windows(2).all(|pair| {
        // Two articles never begin at the same byte, because each ends with a separator.
        pair[0].text < pair[1].text && pair[0].edits <= pair[1].edits && pair[0].outline <= pair[1].outline
    });
    if !grow {
        return Err(damaged("its articles are not in order"));
    }
    let _ = shard.sealed.set(sealed);
    Ok(shard)
}

/// Returns an error for bytes that do not come from [`encode`].
pub fn damaged(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Encodes folders, sections, formats and files, which have no fixed length.
fn tail(shard: &Shard, root: &Path) -> io::Result<Vec<u8>> {
    let mut folders: Vec<&Arc<Path>> = Vec::new();
    let mut numbers = Vec::with_capacity(shard.files.len());
    for file in &shard.files {
        if file.origin != Origin::File {
            return Err(unfit("not all of it came from files"));
        }
        // Files of one folder usually follow one another.
        let known = folders.iter().rposition(|folder| Arc::ptr_eq(folder, &file.dir) || **folder == file.dir);
        numbers.push(known.unwrap_or_else(|| {
            folders.push(&file.dir);
            folders.len() - 1
        }));
    }
    let mut out = Vec::new();
    put_count(&mut out, folders.len());
    for folder in folders {
        let way = folder.strip_prefix(root).map_err(|_| unfit("a file is not below the root"))?;
        if !is_plain(way) {
            return Err(unfit("a path has `..` or a root"));
        }
        put_bytes(&mut out, os_bytes(way.as_os_str())?);
    }
    put_count(&mut out, shard.sections.len());
    for section in &shard.sections {
        put_bytes(&mut out, section.as_str().as_bytes());
    }
    put_count(&mut out, shard.formats.len());
    for format in &shard.formats {
        put_bytes(&mut out, format.as_bytes());
    }
    for (file, folder) in shard.files.iter().zip(numbers) {
        put_count(&mut out, folder);
        out.extend_from_slice(&file.stamp.size.to_le_bytes());
        out.extend_from_slice(&file.stamp.modified.to_le_bytes());
        put_bytes(&mut out, os_bytes(&file.name)?);
    }
    Ok(out)
}

fn take_tail(shard: &mut Shard, tail: &[u8], files: usize, root: &Path) -> io::Result<()> {
    let mut cursor = Cursor(tail);
    let mut folders: Vec<Arc<Path>> = Vec::new();
    for _ in 0..cursor.count()? {
        let way = os_string(cursor.bytes()?)?;
        let way = Path::new(&way);
        if !is_plain(way) {
            return Err(damaged("a folder is out of bounds"));
        }
        // Joining an empty path would append a separator.
        folders.push(if way.as_os_str().is_empty() { Arc::from(root) } else { Arc::from(root.join(way)) });
    }
    for _ in 0..cursor.count()? {
        let text = std::str::from_utf8(cursor.bytes()?).map_err(|_| damaged("a section is not UTF-8"))?;
        // Only a forged snapshot has line ends in a section.
        shard.sections.push(SafeText::new(&text.replace('\n', " ")));
    }
    for _ in 0..cursor.count()? {
        let name = cursor.bytes()?;
        let format = FORMATS.iter().map(|format| format.name()).find(|format| format.as_bytes() == name);
        shard.formats.push(format.ok_or_else(|| damaged("a format is unknown"))?);
    }
    for _ in 0..files {
        let dir = folders.get(cursor.count()?).ok_or_else(|| damaged("a folder is missing"))?;
        let (size, modified) = (cursor.u64()?, cursor.u64()?.cast_signed());
        let name = cursor.bytes()?;
        if !is_name(name) {
            return Err(damaged("a file name is invalid"));
        }
        let name = os_string(name)?;
        let (dir, name) = (Arc::clone(dir), name.into_boxed_os_str());
        shard.files.push(FileRecord {
            dir,
            name,
            origin: Origin::File,
            stamp: FileStamp { size, modified },
            feeds: None,
        });
    }
    if cursor.0.is_empty() { Ok(()) } else { Err(damaged("there are bytes after its end")) }
}

fn put_record(out: &mut Vec<u8>, record: &Record) {
    let Record { id, seconds, offset, section, format, text, edits, outline, words, file, ordinal } = *record;
    out.extend_from_slice(&id.to_le_bytes());
    out.extend_from_slice(&seconds.to_le_bytes());
    for number in [text, edits, outline, words, file, ordinal] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&offset.to_le_bytes());
    out.extend_from_slice(&section.to_le_bytes());
    out.extend_from_slice(&[format, 0, 0, 0]);
}

fn take_record(row: &[u8], shard: &Shard) -> io::Result<Record> {
    let mut cursor = Cursor(row);
    let (id, seconds) = (cursor.u64()?, cursor.u64()?.cast_signed());
    let [text, edits, outline] = [cursor.u32()?, cursor.u32()?, cursor.u32()?];
    let [words, file, ordinal] = [cursor.u32()?, cursor.u32()?, cursor.u32()?];
    let (offset, section) = (cursor.u16()?.cast_signed(), cursor.u16()?);
    let format = cursor.take(4)?.first().copied().unwrap_or_default();
    let dated = seconds == NO_DATE || DATES.contains(&seconds);
    let timed = offset == NO_OFFSET || offset.unsigned_abs() < 24 * 60;
    let fits = (text as usize) < shard.folded.len()
        && (edits as usize) <= shard.edits.len()
        && (outline as usize) < shard.outlines.len()
        && (file as usize) < shard.files.len();
    if !(dated && timed && fits) {
        return Err(damaged("an article is out of bounds"));
    }
    Ok(Record { id, seconds, offset, section, format, text, edits, outline, words, file, ordinal })
}

/// Returns whether a path has only normal components, so that it stays below the folder that it is joined to.
pub fn is_plain(way: &Path) -> bool {
    way.components().all(|part| matches!(part, Component::Normal(_)))
}

/// Returns whether this is a valid name of a file in a folder.
fn is_name(name: &[u8]) -> bool {
    let parts = |byte: u8| std::path::is_separator(char::from(byte)) || cfg!(windows) && byte == b':';
    !matches!(name, b"" | b"." | b"..") && !name.iter().any(|&byte| parts(byte))
}

fn unfit(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, what)
}

/// Returns the bytes of a name.
#[cfg(unix)]
pub fn os_bytes(text: &OsStr) -> io::Result<&[u8]> {
    Ok(std::os::unix::ffi::OsStrExt::as_bytes(text))
}

/// Returns the bytes of a name, if it is Unicode.
#[cfg(not(unix))]
pub fn os_bytes(text: &OsStr) -> io::Result<&[u8]> {
    text.to_str().map(str::as_bytes).ok_or_else(|| unfit("a name is not Unicode"))
}

/// Returns the name with these bytes.
#[cfg(unix)]
pub fn os_string(bytes: &[u8]) -> io::Result<OsString> {
    if bytes.contains(&0) {
        return Err(damaged("a file name is invalid"));
    }
    Ok(std::os::unix::ffi::OsStringExt::from_vec(bytes.to_vec()))
}

/// Returns the name with these bytes.
#[cfg(not(unix))]
pub fn os_string(bytes: &[u8]) -> io::Result<OsString> {
    std::str::from_utf8(bytes).map(OsString::from).map_err(|_| damaged("a name is not Unicode"))
}

/// Writes a count.
pub fn put_count(out: &mut Vec<u8>, count: usize) {
    // All counts of a shard have 32 bits.
    out.extend_from_slice(&(count as u32).to_le_bytes());
}

/// Writes the number of bytes, then the bytes.
pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Reads numbers and bytes. Returns an error at the end of the input.
#[derive(Debug)]
pub struct Cursor<'a>(pub &'a [u8]);

impl<'a> Cursor<'a> {
    /// Reads `length` bytes.
    pub fn take(&mut self, length: usize) -> io::Result<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or_else(|| damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk().ok_or_else(|| damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    /// Reads a 16-bit number.
    pub fn u16(&mut self) -> io::Result<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// Reads a 32-bit number.
    pub fn u32(&mut self) -> io::Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// Reads a 64-bit number.
    pub fn u64(&mut self) -> io::Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// Reads a 128-bit number.
    pub fn u128(&mut self) -> io::Result<u128> {
        self.array().map(u128::from_le_bytes)
    }

    /// Reads a count that [`put_count`] wrote.
    pub fn count(&mut self) -> io::Result<usize> {
        self.u32().map(|count| count as usize)
    }

    /// Reads bytes that [`put_bytes`] wrote.
    pub fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let length = self.count()?;
        self.take(length)
    }
}

/// A reader of columns that computes the checksum.
struct ChecksumReader<'a> {
    input: &'a mut dyn Read,
    sum: Xxh3,
}

impl ChecksumReader<'_> {
    fn column(&mut self, length: usize) -> io::Result<Vec<u8>> {
        // Large allocations are zeroed by the system, so nothing is written twice.
        let mut column = vec![0; length];
        self.fill(&mut column)?;
        Ok(column)
    }

    fn fill(&mut self, column: &mut [u8]) -> io::Result<()> {
        for step in column.chunks_mut(STEP) {
            self.input.read_exact(step)?;
            self.sum.update(step);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::article::{BlockKind, Draft, Published, Role, Span, SpanStyle};
    use crate::corpus::{Corpus, ShardBuilder};
    use crate::query::Query;

    fn draft(number: i64) -> Draft<'static> {
        let published = Published::from_seconds(1_690_000_000 + number, (number % 2 == 0).then_some(180));
        let mut draft = Draft { published, section: format!("DESK {}", number % 3).into(), ..Draft::default() };
        draft.push(Role::Headline, format!("Agency Orders “Clean-up” №{number}"));
        draft.push_body(BlockKind::Paragraph, "Ten Accounts at the  STATE Department; naïve Straße.");
        draft.push_body(BlockKind::Code, "fn main() {\n    stop();\n}");
        draft.push_body(BlockKind::ListEntry { depth: 1, number: Some(3) }, "an entry");
        draft.push(Role::Source, "Réuters");
        draft.parts[1].spans.push(Span { start: 4, end: 12, style: SpanStyle::Link(0) });
        draft.links.push("https://example.org/".into());
        draft
    }

    fn shard(root: &str) -> Shard {
        let mut builder = ShardBuilder::default();
        for (number, (dir, name)) in [("", "a.txt"), ("b/c", "d.md"), ("b/c", "e.txt"), ("", "f")].iter().enumerate() {
            let dir = if dir.is_empty() { Path::new(root).into() } else { Path::new(root).join(dir) };
            let stamp = FileStamp { size: 7 * number as u64, modified: -(number as i64) };
            let file = builder.file(&Arc::from(dir), name.as_ref(), Origin::File, stamp);
            for ordinal in 0..2 {
                builder.push(file, name.as_bytes(), ordinal, "wire", &draft((number * 2) as i64 + i64::from(ordinal)));
            }
        }
        builder.finish()
    }

    fn encoded(shard: &Shard, root: &str) -> (Vec<u8>, u128) {
        let mut bytes = Vec::new();
        let sealed = encode(shard, Path::new(root), &mut bytes).unwrap();
        assert_eq!(sealed.length, bytes.len() as u64);
        (bytes, sealed.checksum)
    }

    fn decoded(bytes: &[u8], sum: u128, root: &str) -> io::Result<Shard> {
        decode(&mut &*bytes, ShardDigest { checksum: sum, length: bytes.len() as u64 }, Path::new(root))
    }

    /// Formats all data of all articles.
    fn everything(shard: Shard) -> String {
        let corpus = Corpus::default().with([Arc::new(shard)]);
        let entries = corpus.order().iter().map(|&slot| corpus.get(slot).unwrap());
        let matcher =
            crate::search::Matcher::new(&Query::parse("state naive", chrono::NaiveDate::MIN), &Default::default());
        entries
            .map(|entry| {
                let parts: Vec<_> = entry.parts().collect();
                let more = (entry.path(), entry.stamp(), entry.origin(), entry.sort_key(), parts, matcher.hits(entry));
                format!("{:?} {more:?}\n", entry.article())
            })
            .collect()
    }

    #[test]
    fn shards_round_trip() {
        let (bytes, sum) = encoded(&shard("desk"), "desk");
        assert_eq!(everything(decoded(&bytes, sum, "desk").unwrap()), everything(shard("desk")));
    }

    #[test]
    fn roots_are_shown_as_typed() {
        let (bytes, sum) = encoded(&shard("desk"), "desk");
        for root in [".", "/home/desk", "../desk/"] {
            let shard = decoded(&bytes, sum, root).unwrap();
            let paths: Vec<_> = (0..shard.len()).map(|index| shard.entry(index).unwrap().path()).collect();
            assert_eq!(paths[0], Path::new(root).join("a.txt"));
            assert_eq!(paths[2], Path::new(root).join("b/c").join("d.md"));
            let dirs: Vec<_> = shard.files().map(|file| file.dir.to_path_buf()).collect();
            assert_eq!(dirs[0].as_os_str(), root, "to the byte");
        }
    }

    #[cfg(unix)]
    #[test]
    fn names_need_not_be_unicode() {
        let name: &OsStr = std::os::unix::ffi::OsStrExt::from_bytes(b"\xff\xfe.txt");
        let mut builder = ShardBuilder::default();
        let dir = Arc::from(Path::new("desk").join(name));
        let file = builder.file(&dir, name, Origin::File, FileStamp::default());
        builder.push(file, b"x", 0, "plain", &draft(1));
        let (bytes, sum) = encoded(&builder.finish(), "desk");
        let back = decoded(&bytes, sum, "desk").unwrap();
        assert_eq!(back.entry(0).unwrap().path(), dir.join(name));
    }

    #[test]
    fn articles_outside_the_root_or_without_a_file_are_not_saved() {
        for (dir, origin) in [
            ("desk", Origin::Bundled),
            ("desk", Origin::Input),
            ("other", Origin::File),
            ("desk/../other", Origin::File),
        ] {
            let mut builder = ShardBuilder::default();
            let file = builder.file(&Arc::from(Path::new(dir)), "x".as_ref(), origin, FileStamp::default());
            builder.push(file, b"x", 0, "plain", &draft(1));
            let error = encode(&builder.finish(), Path::new("desk"), &mut io::sink()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{dir}");
        }
    }

    #[test]
    fn merged_shards_have_only_live_articles() {
        let (first, second) = (shard("desk"), shard("desk/more"));
        let joined = Shard::joined([(&first, &[true, false, true, true][..]), (&second, &[false, false, false, true])]);
        let pick = |shard: Shard, alive: &[&str]| -> Vec<String> {
            let lines = everything(shard);
            lines.lines().filter(|line| alive.iter().any(|name| line.contains(name))).map(str::to_owned).collect()
        };
        let mut expected = pick(first, &["\"desk/a.txt\"", "\"desk/b/c/e.txt\"", "\"desk/f\""]);
        expected.extend(pick(second, &["\"desk/more/f\""]));
        assert_eq!(joined.len(), 8);
        let (bytes, sum) = encoded(&joined, "desk");
        let mut got: Vec<String> =
            everything(decoded(&bytes, sum, "desk").unwrap()).lines().map(str::to_owned).collect();
        expected.sort();
        got.sort();
        assert_eq!(got, expected);
    }

    #[test]
    fn truncated_shards_are_refused_at_every_length() {
        let (bytes, sum) = encoded(&shard("desk"), "desk");
        for length in 0..bytes.len() {
            assert!(decoded(&bytes[..length], sum, "desk").is_err(), "{length}");
            let sealed = ShardDigest { checksum: sum, length: bytes.len() as u64 };
            assert!(decode(&mut &bytes[..length], sealed, Path::new("desk")).is_err(), "{length}");
        }
    }

    proptest! {
        #[test]
        fn changed_bits_are_detected(at in 0usize..10_000, bit in 0u8..8) {
            let (mut bytes, sum) = encoded(&shard("desk"), "desk");
            let at = at % bytes.len();
            bytes[at] ^= 1 << bit;
            prop_assert!(decoded(&bytes, sum, "desk").is_err());
        }

        #[test]
        fn crafted_bytes_are_harmless(changes in prop::collection::vec((any::<usize>(), any::<u8>()), 1..8)) {
            let (mut bytes, _) = encoded(&shard("desk"), "desk");
            for (at, byte) in changes {
                let at = at % bytes.len();
                bytes[at] = byte;
            }
            let sum = xxhash_rust::xxh3::xxh3_128(&bytes);
            if let Ok(shard) = decoded(&bytes, sum, "desk") {
                everything(shard);
            }
        }
    }
}

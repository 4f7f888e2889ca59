//! The manifest of a snapshot: its folder, its options and its shards, encoded and decoded.

use std::io;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_128;

use crate::corpus::ShardDigest;
use crate::corpus::codec::{Cursor, damaged, os_bytes, os_string, put_bytes, put_count};
use crate::engine::loader::source::LoadOptions;
use crate::formats::PARSER_VERSION;

/// The first bytes of a manifest.
pub(crate) const MANIFEST_MAGIC: [u8; 8] = *b"newsdskM";

/// The version of the format.
const VERSION: u64 = 1;

/// A manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Manifest {
    /// The parser version of the program that wrote it.
    pub(crate) contents: u64,
    /// The folder, without links.
    pub(crate) root: PathBuf,
    /// The options with which it was read.
    pub(crate) options: LoadOptions,
    /// The time at which it was written, in seconds since 1970.
    pub(crate) written: u64,
    /// The shards.
    pub(crate) shards: Vec<ShardRow>,
}

/// A shard of a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ShardRow {
    /// The checksum, which is its name, and the length.
    pub(crate) sealed: ShardDigest,
    /// The number of living articles.
    pub(crate) articles: u32,
    /// The number of files.
    pub(crate) files: u32,
    /// The numbers of dead files, which are read again, in ascending order.
    pub(crate) dead: Vec<u32>,
}

impl Manifest {
    /// Encodes the manifest. The last 16 bytes are the checksum of the others.
    pub(crate) fn encode(&self) -> io::Result<Vec<u8>> {
        let mut out = MANIFEST_MAGIC.to_vec();
        for number in [VERSION, self.contents, self.options.max_size, u64::from(self.options.hidden), self.written] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        put_bytes(&mut out, os_bytes(self.root.as_os_str())?);
        put_count(&mut out, self.shards.len());
        for line in &self.shards {
            out.extend_from_slice(&line.sealed.checksum.to_le_bytes());
            out.extend_from_slice(&line.sealed.length.to_le_bytes());
            for number in [line.articles, line.files] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            put_count(&mut out, line.dead.len());
            line.dead.iter().for_each(|number| out.extend_from_slice(&number.to_le_bytes()));
        }
        let sum = xxh3_128(&out);
        out.extend_from_slice(&sum.to_le_bytes());
        Ok(out)
    }

    /// Decodes a manifest.
    ///
    /// # Errors
    ///
    /// Returns [`io::ErrorKind::InvalidData`] for anything that `encode` does not write.
    pub(crate) fn decode(bytes: &[u8]) -> io::Result<Manifest> {
        let (content, sum) = bytes.split_last_chunk::<16>().ok_or_else(|| damaged("it ends too early"))?;
        let mut cursor = Cursor(content);
        if cursor.take(MANIFEST_MAGIC.len())? != MANIFEST_MAGIC || cursor.u64()? != VERSION {
            return Err(damaged("it is not a manifest of this version"));
        }
        if u128::from_le_bytes(*sum) != xxh3_128(content) {
            return Err(damaged("its checksum is wrong"));
        }
        let contents = cursor.u64()?;
        let options = LoadOptions { max_size: cursor.u64()?, hidden: cursor.u64()? != 0, ..LoadOptions::default() };
        let written = cursor.u64()?;
        let root = PathBuf::from(os_string(cursor.bytes()?)?);
        let mut shards = Vec::new();
        for _ in 0..cursor.count()? {
            let sealed = ShardDigest { checksum: cursor.u128()?, length: cursor.u64()? };
            let (articles, files) = (cursor.u32()?, cursor.u32()?);
            let mut dead: Vec<u32> = Vec::new();
            for _ in 0..cursor.count()? {
                let number = cursor.u32()?;
                if number >= files || dead.last().is_some_and(|&last| last >= number) {
                    return Err(damaged("its dead files are out of order"));
                }
                dead.push(number);
            }
            shards.push(ShardRow { sealed, articles, files, dead });
        }
        if !cursor.0.is_empty() {
            return Err(damaged("there are bytes after its end"));
        }
        Ok(Manifest { contents, root, options, written, shards })
    }

    /// Returns whether these are the bytes of a manifest in another version of the format.
    pub(crate) fn is_foreign(bytes: &[u8]) -> bool {
        let mut cursor = Cursor(bytes);
        cursor.take(MANIFEST_MAGIC.len()).is_ok_and(|magic| magic == MANIFEST_MAGIC)
            && cursor.u64().is_ok_and(|version| version != VERSION)
    }

    /// Returns whether the manifest is of this folder, with these options and the parsers of this program.
    pub(crate) fn is_of(&self, root: &Path, options: LoadOptions) -> bool {
        self.contents == PARSER_VERSION && self.root == root && self.options.same_parse_as(options)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn manifest() -> Manifest {
        let line = |number: u32| ShardRow {
            sealed: ShardDigest { checksum: u128::from(number) << 90, length: 70 },
            articles: 8,
            files: 9,
            dead: (0..number).collect(),
        };
        let shards = vec![line(0), line(3)];
        Manifest { contents: 5, root: "/home/desk".into(), options: LoadOptions::default(), written: 77, shards }
    }

    #[test]
    fn manifest_round_trips() {
        assert_eq!(Manifest::decode(&manifest().encode().unwrap()).unwrap(), manifest());
    }

    #[test]
    fn manifest_of_version_0_1_is_current() {
        let bytes = include_bytes!("../../../tests/fixtures/version-0.1/snapshot/manifest");
        let manifest = Manifest::decode(bytes).unwrap();
        assert_eq!(manifest.contents, PARSER_VERSION);
        let [shard] = &manifest.shards[..] else { panic!("{manifest:?}") };
        assert_eq!((shard.articles, shard.files), (1_008, 1_006));
    }

    proptest! {
        #[test]
        fn garbage_is_refused(garbage: Vec<u8>) {
            prop_assert!(Manifest::decode(&garbage).is_err());
        }

        #[test]
        fn changed_bits_and_truncation_are_detected(at: usize, bit in 0u8..8) {
            let mut bytes = manifest().encode().unwrap();
            let at = at % bytes.len();
            prop_assert!(Manifest::decode(&bytes[..at]).is_err());
            bytes[at] ^= 1 << bit;
            prop_assert!(Manifest::decode(&bytes).is_err());
        }

        #[test]
        fn crafted_manifests_are_harmless(at: usize, byte: u8) {
            let mut bytes = manifest().encode().unwrap();
            let end = bytes.len() - 16;
            bytes.truncate(end);
            bytes[at % end] = byte;
            let sum = xxh3_128(&bytes);
            bytes.extend_from_slice(&sum.to_le_bytes());
            let _ = Manifest::decode(&bytes);
        }
    }
}

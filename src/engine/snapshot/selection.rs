//! Selects the shards of a snapshot.

use std::path::Path;
use std::sync::Arc;

use crate::corpus::{FileEntry, Origin, Shard};

/// Clears the flags in `alive` of files that are not `wanted` or not below `root`. Returns whether all files of the shard
/// are below `root`.
pub(super) fn choose(shard: &Shard, alive: &mut [bool], root: &Path, wanted: &dyn Fn(&FileEntry<'_>) -> bool) -> bool {
    let mut whole = true;
    let mut last: Option<(&Arc<Path>, bool)> = None;
    for (file, alive) in shard.files().zip(alive) {
        let below = match last {
            Some((dir, below)) if Arc::ptr_eq(dir, file.dir) => below,
            _ => file.dir.strip_prefix(root).is_ok_and(crate::corpus::codec::is_plain),
        };
        last = Some((file.dir, below));
        let fits = below && file.origin == Origin::File;
        whole &= fits;
        *alive = *alive && fits && wanted(&file);
    }
    whole
}

/// Collects shards. Large ones are used as they are, small ones are merged.
#[derive(Default)]
pub(super) struct ShardSelection {
    whole: Vec<(Arc<Shard>, Vec<bool>)>,
    small: Vec<(Arc<Shard>, Vec<bool>)>,
    /// Small shards that could be used as they are.
    sound: usize,
}

impl ShardSelection {
    pub(super) fn add(&mut self, shard: Arc<Shard>, alive: Vec<bool>, sound: bool) {
        if sound && shard.folded().len() >= Shard::SMALL {
            self.whole.push((shard, alive));
        } else {
            self.sound += usize::from(sound);
            self.small.push((shard, alive));
        }
    }

    pub(super) fn finish(self) -> Vec<(Arc<Shard>, Vec<bool>)> {
        let ShardSelection { mut whole, small, sound } = self;
        if small.len() == 1 && sound == 1 {
            whole.extend(small);
            return whole;
        }
        let mut rest = small.as_slice();
        while !rest.is_empty() {
            let mut bytes = 0;
            let full = |(shard, _): &(Arc<Shard>, Vec<bool>)| {
                bytes += shard.folded().len();
                bytes > Shard::FULL
            };
            let count = rest.iter().position(full).unwrap_or(rest.len()).max(1);
            let (parts, after) = rest.split_at(count);
            let joined = Shard::joined(parts.iter().map(|(shard, alive)| (&**shard, alive.as_slice())));
            let alive = vec![true; joined.files().len()];
            whole.push((Arc::new(joined), alive));
            rest = after;
        }
        whole
    }
}

//! The memory for the folded text of a shard: nearly all memory of the program.
//!
//! A fifth of the time of a first load went into page faults, one for every 4 KiB written for the first time. On Linux, a
//! large arena requests many pages at once instead. (Huge pages were slower in the measurement, on a virtual machine
//! whose host allocates memory late.) Small texts, and all texts on other systems, use the heap.

use std::ops::Deref;
use std::{fmt, io};

#[cfg(target_os = "linux")]
use memmap2::{Advice, MmapMut};

/// The number of bytes to request at once.
const STEP: usize = 1 << 20;

/// The initial capacity of an arena.
pub(super) const ROOM: usize = 4 << 20;

/// An append-only byte buffer. Bytes do not move while they fit.
#[derive(Default)]
pub(super) struct Arena {
    memory: Memory,
    length: usize,
}

enum Memory {
    Heap(Vec<u8>),
    /// A mapping, and the number of bytes requested from it.
    #[cfg(target_os = "linux")]
    Mapped(MmapMut, usize),
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::Heap(Vec::new())
    }
}

impl Arena {
    /// Appends `bytes`.
    pub(super) fn append(&mut self, bytes: &[u8]) {
        let end = self.length + bytes.len();
        if end > self.capacity() {
            let mut larger = Memory::with_room(end.next_multiple_of(ROOM));
            larger.write(0, self);
            self.memory = larger;
        }
        self.memory.write(self.length, bytes);
        self.length = end;
    }

    /// Creates an arena of `length` bytes, which `read` fills piece by piece.
    pub(super) fn read(length: usize, read: &mut dyn FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<Arena> {
        let mut memory = Memory::with_room(length);
        for at in (0..length).step_by(STEP) {
            read(memory.ask(at, STEP.min(length - at)))?;
        }
        Ok(Arena { memory, length })
    }

    /// Releases unused memory, if it is more than an eighth.
    pub(super) fn finish(self) -> Arena {
        let empty = self.capacity() - self.length;
        if empty > self.length / 8 { Arena::from(self.to_vec()) } else { self }
    }

    /// Returns the memory use in bytes.
    pub(super) fn capacity(&self) -> usize {
        match &self.memory {
            Memory::Heap(bytes) => bytes.capacity(),
            #[cfg(target_os = "linux")]
            Memory::Mapped(map, _) => map.len(),
        }
    }
}

impl Memory {
    /// Allocates memory for `room` bytes.
    fn with_room(room: usize) -> Memory {
        #[cfg(target_os = "linux")]
        if room >= STEP
            && let Ok(map) = MmapMut::map_anon(room)
        {
            return Memory::Mapped(map, 0);
        }
        Memory::Heap(Vec::with_capacity(room))
    }

    /// Writes `bytes` at `at`, the end of the bytes before. They must fit.
    fn write(&mut self, at: usize, bytes: &[u8]) {
        match self {
            Memory::Heap(heap) => {
                heap.truncate(at);
                heap.extend_from_slice(bytes);
            }
            #[cfg(target_os = "linux")]
            Memory::Mapped(..) => self.ask(at, bytes.len()).copy_from_slice(bytes),
        }
    }

    /// Returns the `length` bytes at `at`, the end of the bytes before, for writing. They must fit.
    fn ask(&mut self, at: usize, length: usize) -> &mut [u8] {
        let end = at + length;
        match self {
            Memory::Heap(heap) => {
                heap.resize(end, 0);
                &mut heap[at..]
            }
            #[cfg(target_os = "linux")]
            Memory::Mapped(map, asked) => {
                if end > *asked {
                    let more = (end - *asked).next_multiple_of(STEP).min(map.len() - *asked);
                    // Older kernels do not support this; they allocate each page on its first write.
                    let _ = map.advise_range(Advice::PopulateWrite, *asked, more);
                    *asked += more;
                }
                &mut map[at..end]
            }
        }
    }
}

impl From<Vec<u8>> for Arena {
    fn from(bytes: Vec<u8>) -> Arena {
        Arena { length: bytes.len(), memory: Memory::Heap(bytes) }
    }
}

impl Deref for Arena {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        let memory = match &self.memory {
            Memory::Heap(bytes) => bytes.as_slice(),
            #[cfg(target_os = "linux")]
            Memory::Mapped(map, _) => map,
        };
        &memory[..self.length]
    }
}

impl fmt::Debug for Arena {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Arena({} bytes)", self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arena_keeps_text_as_it_grows() {
        for piece in [1000, 300_000, ROOM - 1, ROOM, ROOM + 1] {
            let mut arena = Arena::default();
            let mut expected = Vec::new();
            for number in 0..20u8 {
                let bytes = vec![number; piece];
                arena.append(&bytes);
                expected.extend_from_slice(&bytes);
                assert_eq!(arena.len(), expected.len());
            }
            assert!(*arena == *expected);
            let arena = arena.finish();
            assert!(*arena == *expected);
            assert!(arena.capacity() <= expected.len() + expected.len() / 8);
        }
        assert!(Arena::default().finish().is_empty());
    }
}

//! Where a shard keeps its folded text: nearly all of the program's memory.
//!
//! A fifth of the time of a first load went into page faults, one for every 4 KiB that were written for the first
//! time. On Linux a large arena asks for its pages many at a time instead. (Huge pages were slower where this was
//! measured: a virtual machine whose host hands out memory late.) What would leave much of it empty, and everything on
//! other systems, is kept on the heap.

use std::ops::Deref;
use std::{fmt, io};

#[cfg(target_os = "linux")]
use memmap2::{Advice, MmapMut};

/// How much memory is asked for at a time.
const STEP: usize = 1 << 20;

/// How much an arena is made for at first.
pub(super) const ROOM: usize = 4 << 20;

/// Bytes that are only ever added to, and not moved while they fit.
#[derive(Default)]
pub(super) struct Arena {
    memory: Memory,
    length: usize,
}

enum Memory {
    Heap(Vec<u8>),
    /// A mapping, and how much of it has been asked for.
    #[cfg(target_os = "linux")]
    Mapped(MmapMut, usize),
}

impl Default for Memory {
    fn default() -> Memory {
        Memory::Heap(Vec::new())
    }
}

impl Arena {
    /// Adds `bytes`.
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

    /// An arena of so many bytes, which `read` fills piece by piece.
    pub(super) fn read(length: usize, read: &mut dyn FnMut(&mut [u8]) -> io::Result<()>) -> io::Result<Arena> {
        let mut memory = Memory::with_room(length);
        for at in (0..length).step_by(STEP) {
            read(memory.ask(at, STEP.min(length - at)))?;
        }
        Ok(Arena { memory, length })
    }

    /// The same bytes in no more memory than they need, give or take an eighth.
    pub(super) fn finish(self) -> Arena {
        let empty = self.capacity() - self.length;
        if empty > self.length / 8 { Arena::from(self.to_vec()) } else { self }
    }

    /// The bytes of memory that it takes.
    pub(super) fn capacity(&self) -> usize {
        match &self.memory {
            Memory::Heap(bytes) => bytes.capacity(),
            #[cfg(target_os = "linux")]
            Memory::Mapped(map, _) => map.len(),
        }
    }
}

impl Memory {
    /// Memory for `room` bytes.
    fn with_room(room: usize) -> Memory {
        #[cfg(target_os = "linux")]
        if room >= STEP
            && let Ok(map) = MmapMut::map_anon(room)
        {
            return Memory::Mapped(map, 0);
        }
        Memory::Heap(Vec::with_capacity(room))
    }

    /// Lays `bytes` down at `at`, where they have room and the bytes before end.
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

    /// The `length` bytes at `at`, where they have room and the bytes before end, to be written.
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
                    // Older systems cannot be asked; there each page is given when it is written.
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

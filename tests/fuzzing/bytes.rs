//! Choices made by bytes: what is short of bytes chooses the first.

/// The bytes of an input, taken from the front.
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl<'a> Bytes<'a> {
    /// The next byte, or 0.
    pub(super) fn byte(&mut self) -> u8 {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        byte
    }

    /// The next number of 16 bits.
    pub(super) fn number(&mut self) -> u16 {
        u16::from_le_bytes([self.byte(), self.byte()])
    }

    /// One of `all`.
    pub(super) fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[usize::from(self.byte()) % all.len()]
    }

    /// Whether a coin fell so.
    pub(super) fn coin(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// The next so many bytes, as text, or what is left.
    pub(super) fn text(&mut self, most: usize) -> String {
        let (text, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    /// All that is left, as text.
    pub(super) fn rest(&self) -> std::borrow::Cow<'a, str> {
        String::from_utf8_lossy(self.0)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

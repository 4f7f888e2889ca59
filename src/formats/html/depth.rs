//! The elements that are open. What ends none of them changes nothing, and what ends one ends those within it.

use std::collections::HashMap;

/// Names of open elements, outermost first.
#[derive(Debug, Default)]
pub(super) struct Depth {
    open: Vec<String>,
    /// How many there are of each name, so that an end need not look for its beginning in vain.
    counts: HashMap<String, usize>,
}

impl Depth {
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn innermost(&self) -> Option<&str> {
        self.open.last().map(String::as_str)
    }

    pub(super) fn start(&mut self, name: &str) {
        self.open.push(name.to_owned());
        match self.counts.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.counts.insert(name.to_owned(), 1)),
        }
    }

    /// Tells `closed` of each element that ends with the innermost one of this name, that one last.
    pub(super) fn end(&mut self, name: &str, mut closed: impl FnMut(&str)) {
        if self.counts.get(name).is_none_or(|&count| count == 0) {
            return;
        }
        while let Some(open) = self.close() {
            closed(&open);
            if open == name {
                return;
            }
        }
    }

    /// Ends the innermost element, and gives its name.
    pub(super) fn close(&mut self) -> Option<String> {
        let open = self.open.pop()?;
        if let Some(count) = self.counts.get_mut(&open) {
            *count = count.saturating_sub(1);
        }
        Some(open)
    }
}

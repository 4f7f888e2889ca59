//! Open elements. An end tag without an open element has no effect; another one also ends the elements inside.

use std::collections::HashMap;

/// Names of open elements, outermost first.
#[derive(Debug, Default)]
pub(super) struct Depth {
    open: Vec<String>,
    /// The number of open elements of each name, to skip unmatched end tags quickly.
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

    /// Ends the innermost element with this name. Calls `closed` for each element that ends with it, and for it last.
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

    /// Ends the innermost element. Returns its name.
    pub(super) fn close(&mut self) -> Option<String> {
        let open = self.open.pop()?;
        if let Some(count) = self.counts.get_mut(&open) {
            *count = count.saturating_sub(1);
        }
        Some(open)
    }
}

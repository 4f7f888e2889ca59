//! The stack of open elements. An end tag closes its element and all elements in it; an end tag without a start tag is
//! ignored.

use std::collections::HashMap;

/// Names of open elements, outermost first.
#[derive(Debug, Default)]
pub(super) struct OpenElements {
    open: Vec<String>,
    /// The number of open elements of each name, so that an end tag without a start tag costs nothing.
    counts: HashMap<String, usize>,
}

impl OpenElements {
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    pub(super) fn innermost(&self) -> Option<&str> {
        self.open.last().map(String::as_str)
    }

    pub(super) fn start(&mut self, name: &str) {
        self.open.push(name.to_owned());
        if let Some(count) = self.counts.get_mut(name) {
            *count += 1;
        } else {
            self.counts.insert(name.to_owned(), 1);
        }
    }

    /// Closes the innermost element of this name. Calls `closed` for every closed element, that one last.
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

    /// Closes the innermost element and returns its name.
    pub(super) fn close(&mut self) -> Option<String> {
        let open = self.open.pop()?;
        if let Some(count) = self.counts.get_mut(&open) {
            *count = count.saturating_sub(1);
        }
        Some(open)
    }
}

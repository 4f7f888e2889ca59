//! How the entries of one feed are asked for by its name, or those of several by a tag.

use crate::article::fold::fold;
use crate::query::whole;

/// The names of feeds, and their tags, each with a `#` before it: among these one has to be told from the others.
#[derive(Clone, Debug, Default)]
pub struct FeedNames {
    /// All of them, folded, each on a line.
    lines: String,
}

impl FeedNames {
    /// These names, each of which is given once.
    pub fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> FeedNames {
        let mut lines = String::new();
        for name in names {
            lines.push_str(&fold(name));
            lines.push('\n');
        }
        FeedNames { lines }
    }

    /// The query for what is called just this: the name in quotation marks, as people write it, where that can mean no
    /// other.
    pub fn query(&self, name: &str) -> String {
        let folded = fold(name);
        let is_plain = !folded.contains('"') && !folded.is_empty() && name.trim() == name;
        if is_plain && self.lines.matches(&*folded).nth(1).is_none() {
            format!("feed:\"{name}\"")
        } else {
            format!("feed:{}", whole(name))
        }
    }
}

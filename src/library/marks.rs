//! Marks in the library: reading, saving, changes by other programs, and recognition of moved articles.

mod changes;
mod external_changes;
mod file_state;
pub(super) mod moves;
mod record;
mod rename_detection;
mod save;
mod stored;
pub(super) mod writer;

pub use changes::ExternalChanges;
pub use file_state::FileState;
pub use moves::Moved;
pub use record::{ArticleRecord, PathResolver};

//! Priorities of threads.

use std::io;

/// Lowers the priority of this thread and of all threads that it starts, so that loading does not delay a key press.
/// Only on Linux: elsewhere it would affect the whole program.
///
/// # Errors
///
/// Returns an error if the system refuses.
pub(crate) fn lower_thread_priority() -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::nice(NICENESS)?;
    Ok(())
}

/// Gives a thread about a tenth of the processor time of a thread with normal priority.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

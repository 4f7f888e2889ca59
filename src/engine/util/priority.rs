//! Which threads wait for which, where there are fewer cores than work.

/// Lets this thread, and those that it starts, stand back where others want the processor: reading a folder or feeds must
/// not keep a key waiting. On Linux alone: elsewhere it would be the whole program.
pub(crate) fn stand_back() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::nice(LESS) {
        super::log::note(|| format!("cannot stand back: {error}"));
    }
}

/// About a tenth of the share of a thread that does not stand back.
#[cfg(target_os = "linux")]
const LESS: i32 = 10;

//! The `newsdesk` program: hands the command line to the library and exits with its answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    give_memory_back();
    newsdesk::cli::run(std::env::args_os())
}

/// Sets glibc's heaps for a program that stays open all day and works in bursts on many threads.
///
/// By default each thread gets a heap of its own, up to eight for each core, and what it frees stays there; how much
/// may stay grows with the largest piece that was ever freed. So after some refreshes most of the memory is free pieces.
/// Here there are two heaps for each core (with one, threads that store feeds wait for one another), large pieces come
/// from the system and go back to it, and so does the free end of a heap.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "the one call that std has no word for; docs/security.md argues it")]
fn give_memory_back() {
    /// What glibc begins with; said aloud, it does not grow.
    const LARGE: libc::c_int = 128 << 10;
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 64));
    for (parameter, value) in [
        (libc::M_ARENA_MAX, 2 * cores as libc::c_int),
        (libc::M_MMAP_THRESHOLD, LARGE),
        (libc::M_TRIM_THRESHOLD, LARGE),
    ] {
        // SAFETY: mallopt takes two numbers and follows no pointer; it refuses what it does not know. Its manual wants no
        // other thread to allocate meanwhile: this is the first that `main` does, and there is none.
        unsafe { libc::mallopt(parameter, value) };
    }
}

//! The `newsdesk` program: passes the command line to the library and exits with its status.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    limit_heap_retention();
    newsdesk::cli::run(std::env::args_os())
}

/// Configures glibc's heaps for a program that stays open all day and works in bursts on many threads.
///
/// By default glibc creates a heap for each thread, up to eight for each core, and keeps freed memory in them. The
/// amount that it keeps grows with the largest block ever freed, so after some refreshes most of the memory is free
/// blocks. This sets two heaps for each core (with one, threads that store feeds wait for one another). Large blocks are
/// mapped and returned to the system, and so is the free end of a heap.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[allow(unsafe_code, reason = "std has no API for this; docs/security.md explains it")]
fn limit_heap_retention() {
    /// glibc's initial value. Setting it explicitly disables dynamic growth.
    const LARGE_BLOCK: libc::c_int = 128 << 10;
    let cores = std::thread::available_parallelism().map_or(2, |cores| cores.get().clamp(2, 64));
    for (parameter, value) in [
        (libc::M_ARENA_MAX, 2 * cores as libc::c_int),
        (libc::M_MMAP_THRESHOLD, LARGE_BLOCK),
        (libc::M_TRIM_THRESHOLD, LARGE_BLOCK),
    ] {
        // SAFETY: mallopt takes two integers and dereferences nothing; it rejects unknown parameters. Its manual requires
        // that no other thread allocates at the same time: this is the first call in `main`, before any thread starts.
        unsafe { libc::mallopt(parameter, value) };
    }
}

//! One program for all targets, so that there is one to build; the environment says which it is. See `fuzz/run`.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use newsdesk_fuzz::{TARGETS, Target};

static TARGET: LazyLock<&Target> = LazyLock::new(|| {
    let name = std::env::var("NEWSDESK_TARGET").unwrap_or_default();
    let found = TARGETS.iter().find(|target| target.name == name);
    found.unwrap_or_else(|| {
        let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
        panic!("NEWSDESK_TARGET has to name one of: {}", names.join(", "))
    })
});

fuzz_target!(|input: &[u8]| (TARGET.check)(input));

//! What is asserted of any input: the same code as the tests on stable Rust run.

#[path = "../../tests/fuzzing/targets.rs"]
mod targets;

pub use targets::{TARGETS, Target};

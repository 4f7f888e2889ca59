//! The number of cases that properties are tried with.

use proptest::test_runner::Config as ProptestConfig;

/// Returns a configuration with the cases of `PROPTEST_CASES`, or this number for properties that are slow.
pub(crate) fn cases(usual: u32) -> ProptestConfig {
    match std::env::var_os("PROPTEST_CASES") {
        Some(_) => ProptestConfig::default(),
        None => ProptestConfig::with_cases(usual),
    }
}

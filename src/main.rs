//! The `newsdesk` program: hands the command line to the library and exits with its answer.

fn main() {}

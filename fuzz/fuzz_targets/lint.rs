//! The linter on any text, and what its safe fixes leave.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::lint(data));

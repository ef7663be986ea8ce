//! Policies and requests from bytes: every law of decisions holds.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::laws(data));

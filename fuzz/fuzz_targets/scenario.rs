//! Any bytes as a stream of scenarios: problems or requests that can be decided, never a panic.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::scenario(data));

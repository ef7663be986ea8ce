//! Any text as a request; and requests made from the bytes are read as they were written.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::request(data));

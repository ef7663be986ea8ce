//! Any bytes with a right header and checksum, as a directory: refused, or used to the end.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::directory(data));

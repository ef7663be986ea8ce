//! Any bytes as the instructions of an image: encoding is the inverse of decoding, and what loads runs.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::instructions(data));

//! Handles used with other authorizers and other generations of directories: what names decide, or nothing.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::handles(data));

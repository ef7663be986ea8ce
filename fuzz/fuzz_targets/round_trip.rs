//! Documents made from the bytes are the same after a trip through every notation.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::round_trip(data));

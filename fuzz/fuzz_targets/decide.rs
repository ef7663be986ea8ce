//! Policies and requests from bytes: the reference and every configuration of the machine agree.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::decide(data));

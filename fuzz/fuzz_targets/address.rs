//! A block and an address: the machine, the reference, the standard library and ipnet agree.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::address(data));

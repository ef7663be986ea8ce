//! Two texts as numbers: the machine, the reference and the digits written out agree on what is a number and which is greater.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::number(data));

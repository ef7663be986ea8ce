//! Two texts as dates: the machine, the reference and jiff agree on what is a date and which instant it is.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::date(data));

//! A pattern and texts: the machine, the reference and the definition of wildcards agree.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::glob(data));

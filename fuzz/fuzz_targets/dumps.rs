//! Any bytes as the files of a directory: problems, or the same decisions in every way.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::dumps(data));

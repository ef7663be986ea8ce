//! Policies in any form and layout are read as what they are plain.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::forms(data));

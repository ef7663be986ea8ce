//! Any text in the policy language: problems or documents, never a panic; formatting is done after one pass.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::dsl(data));

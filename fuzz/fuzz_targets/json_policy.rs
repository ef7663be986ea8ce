//! Any text under every type of policy: problems or a document, never a panic.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::json_policy(data));

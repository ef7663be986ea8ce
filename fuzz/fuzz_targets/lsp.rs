//! The language server: any bytes on the wire, and hostile conversations.
#![no_main]

use portcullis_testkit::fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::lsp(data));

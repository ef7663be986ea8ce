//! The header is what the source says. Make it again with `UPDATE_HEADER=1 cargo test --test header`.
#![allow(clippy::expect_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;

use cbindgen::{Builder, Config, DocumentationStyle, ExportConfig, Language, SortKey, Style};

/// What stands above everything else.
const TOP: &str = "\
/* portcullis: decides requests against AWS IAM policies as AWS documents their evaluation.
 *
 * Made from the source by the test `header`; do not edit. Programs in C11 and C++17 include it.
 *
 * Ownership. What a function whose name ends in `_new`, pc_compile, pc_image_open or pc_explain returns belongs to the
 * caller, who frees it by the function of its type, once. So does an error. Everything else that is handed over is only
 * read, during the call, and not kept; what is handed back as a text or as bytes lives as long as what it is of.
 *
 * Promises. A pointer with a length is of as much memory, which nobody writes during the call; a handle is null or one that
 * was not freed. Beyond that nothing need be right: null pointers, texts that are not UTF-8 and unknown numbers are errors.
 * A structure is filled from zeros, so that a later field is 0.
 *
 * Errors. The last argument of a function that can fail is null or a place for an error, which is written in any case: null
 * if there is none. What was in it is lost: free it before. A function that fails returns null, false, or an implicit deny;
 * whoever does not look at errors is denied, never let in. No panic leaves the library.
 *
 * Threads. Handles do not change and may be used by any number of threads at once; only freeing one needs that nobody uses it
 * any more. What decisions write lies in memory of the thread. An error or a string is used by one thread at a time, or by
 * several that only read.
 *
 * The flat form. For hosts that may not hand over pointers to pointers, requests are one run of bytes. Numbers have their
 * lowest byte first; a text is its length in four bytes, then its bytes; a list is its length in four bytes, then its items.
 *
 *   request   text principal, text action, text resource, text owner (empty: not known), four bytes of flags, list of entries
 *   entry     text key, value
 *   value     one byte, a PC_VALUE_..., then of TEXT a text, of TEXTS a list of texts, of BOOL one byte, of NUMBER eight bytes,
 *             of TIME eight bytes of seconds and four of nanoseconds, of IPV4 four bytes, of IPV6 sixteen
 */
";

/// What is known of the library's kind.
const AFTER: &str = "
/* Define PORTCULLIS_IMAGE_ONLY for the library that only opens images, which has no compiler. */
#ifndef PORTCULLIS_IMAGE_ONLY
#define PORTCULLIS_FULL
#endif";

/// The types, and what C calls them.
const NAMES: [(&str, &str); 17] = [
    ("Authorizer", "pc_authorizer"),
    ("Bytes", "pc_bytes"),
    ("Caller", "pc_caller"),
    ("Decision", "pc_decision"),
    ("Document", "pc_document"),
    ("Entry", "pc_entry"),
    ("Error", "pc_error"),
    ("Image", "pc_image"),
    ("OwnedText", "pc_string"),
    ("Principal", "pc_principal"),
    ("ProblemView", "pc_problem"),
    ("Request", "pc_request"),
    ("Site", "pc_site"),
    ("Text", "pc_text"),
    ("Texts", "pc_texts"),
    ("Value", "pc_value"),
    ("ValueContent", "pc_value_content"),
];

fn written() -> String {
    let mut config = Config {
        language: Language::C,
        cpp_compat: true,
        header: Some(TOP.trim_end().into()),
        include_guard: Some("PORTCULLIS_H".into()),
        after_includes: Some(AFTER.into()),
        documentation_style: DocumentationStyle::C,
        style: Style::Both,
        usize_is_size_t: true,
        no_includes: true,
        sys_includes: ["stdbool.h", "stddef.h", "stdint.h"].map(Into::into).into(),
        sort_by: SortKey::None,
        line_length: 120,
        tab_width: 4,
        export: ExportConfig {
            rename: NAMES.map(|(own, name)| (own.into(), name.into())).into(),
            ..ExportConfig::default()
        },
        ..Config::default()
    };
    let full = ("feature = full".into(), "PORTCULLIS_FULL".into());
    config.defines.extend([full]);
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = ["types", "handles", "error", "abi"].map(|name| source.join(format!("{name}.rs")));
    let mut builder = Builder::new().with_config(config);
    for file in files {
        builder = builder.with_src(file);
    }
    let mut bytes = Vec::new();
    builder
        .generate()
        .expect("the source is read")
        .write(&mut bytes);
    String::from_utf8(bytes).expect("a header is text")
}

#[test]
fn the_header_is_what_the_source_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("include/portcullis.h");
    let written = written();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        fs::write(&path, &written).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    // Not `assert_eq`, which would print both.
    let differs = written
        .lines()
        .zip(kept.lines())
        .find(|(new, old)| new != old);
    assert!(
        written == kept,
        "include/portcullis.h is stale, first at {differs:?}: make it again with UPDATE_HEADER=1"
    );
    // What a host reads has no word of ours that C does not have.
    for (own, name) in NAMES {
        assert!(kept.contains(name), "{name}");
        assert!(!kept.contains(&format!("struct {own} ")), "{own}");
    }
}

//! Texts in lower case and case folded, in the arena.
//!
//! Most texts are in lower case already and are borrowed as they are, which costs one pass and no memory. Others are copied
//! once; interning then sees to it that equal ones are stored once.
//!
//! Names of actions are compared in ASCII lower case (`MATCH-10`), names of keys and values of `…IgnoreCase` by Unicode simple
//! folding (`COND-40`, `COND-50`). Of ASCII texts both are the same.

use core::cmp::Ordering;

use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use portcullis_image::value::fold::folded;

/// The text with ASCII letters in lower case.
pub(crate) fn lower_in<'a>(arena: &'a Bump, text: &'a str) -> &'a str {
    if !text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return text;
    }
    let text = arena.alloc_str(text);
    text.make_ascii_lowercase();
    text
}

/// The text, case folded (`COND-40`, `COND-50`).
pub(crate) fn fold_in<'a>(arena: &'a Bump, text: &'a str) -> &'a str {
    if text.is_ascii() {
        return lower_in(arena, text);
    }
    if text.chars().zip(folded(text)).all(|(a, b)| a == b) {
        return text;
    }
    ArenaString::from_iter_in(folded(text), arena).into_bump_str()
}

/// The order of two texts, case folded.
pub(crate) fn compare_folded(a: &str, b: &str) -> Ordering {
    folded(a).cmp(folded(b))
}

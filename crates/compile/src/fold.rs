//! Texts in lower case and case folded.
//!
//! Most texts are in lower case already and are borrowed as they are, which costs one pass and no memory. Others are copied
//! once; interning then sees to it that equal ones are stored once.
//!
//! Names of actions are compared in ASCII lower case (`MATCH-10`), names of keys and values of `…IgnoreCase` by Unicode simple
//! folding (`COND-40`, `COND-50`). Of ASCII texts both are the same.

use core::cmp::Ordering;
use std::borrow::Cow;

use portcullis_image::value::fold::folded;

/// The text with ASCII letters in lower case.
pub(crate) fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => text.to_ascii_lowercase().into(),
        false => text.into(),
    }
}

/// The text, case folded.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return lower(text);
    }
    match text.chars().zip(folded(text)).all(|(a, b)| a == b) {
        true => text.into(),
        false => folded(text).collect(),
    }
}

/// The order of two texts, case folded.
pub(crate) fn compare_folded(a: &str, b: &str) -> Ordering {
    folded(a).cmp(folded(b))
}

//! The variables of patterns, as they are written.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::{ANY, PatternKind, Section, Token};

use crate::pattern::Matcher;
use crate::prepare::ready::OfImage;

/// The slots of the variables of a pattern, and whether each has a default.
pub(super) fn variables(matcher: &Matcher<'_, OfImage<'_>>, pattern: u32) -> Vec<(u32, bool)> {
    let view = matcher.view;
    let mut found = Vec::new();
    if pattern == ANY || view.pattern(pattern).kind != PatternKind::Tokens {
        return found;
    }
    for at in view.pattern(pattern).tokens..view.count(Section::Tokens) {
        match view.token(at) {
            Token::End => break,
            Token::Variable { slot, default } => found.push((slot, default.is_some())),
            _ => {}
        }
    }
    found
}

/// The key of a variable as it is written in one of the texts, which the image has case folded.
pub(super) fn spelled<'t>(folded: &str, texts: impl Iterator<Item = &'t str>) -> String {
    for text in texts {
        for (at, _) in text.match_indices("${") {
            let rest = text.get(at + 2..).unwrap_or_default();
            let end = rest.find([',', '}']).unwrap_or(rest.len());
            let key = rest.get(..end).unwrap_or_default();
            if eq_folded(key, folded.as_bytes()) {
                return key.to_string();
            }
        }
    }
    folded.to_string()
}

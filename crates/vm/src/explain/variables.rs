//! The variables of patterns, as they are written.
//!
//! Images have keys case folded. Explanations spell them as the policy does, if the text is there to be searched.

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use portcullis_image::value::fold::eq_folded;
use portcullis_image::{Id, Pattern, PatternKind, Slot, Token};

use crate::pattern::Matcher;
use crate::prepare::ready::ReadyInImage;

/// The slots of the variables of a pattern, and whether each has a default. In the order in which they stand.
pub(super) fn variables(
    matcher: &Matcher<'_, ReadyInImage<'_>>,
    pattern: Id<Pattern>,
) -> Vec<(Id<Slot>, bool)> {
    let view = matcher.view;
    let pattern = view.get(pattern);
    if pattern.kind != PatternKind::Tokens {
        return Vec::new();
    }
    let variables = view.tokens(pattern.tokens).filter_map(|token| match token {
        Token::Variable { slot, default } => Some((slot, default.is_some())),
        _ => None,
    });
    variables.collect()
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

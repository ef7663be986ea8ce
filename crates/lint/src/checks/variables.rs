//! Policy variables (`AA-124`, `AA-142`). A variable before the fifth colon of a resource has no code of AWS's.

use super::Context;
use crate::finding::{Findings, Location};
use crate::rules::{self, Rule};
use portcullis_syntax::vars::{Malformed, Piece, Variable, has_opening, pieces};

/// A variable in a text where none is expanded.
pub(crate) fn unsupported(cx: &Context<'_>, text: &str) -> bool {
    cx.has_variables && has_opening(text) && pieces(text).any(|(_, piece)| is_variable(piece))
}

/// One that names a key; `${*}` is only a way to write a character.
pub(super) fn is_variable(piece: Piece<'_>) -> bool {
    matches!(piece, Piece::Variable(Variable::Key { .. }))
}

/// A text in which variables are expanded, or would be. Each thing is said once.
pub(super) fn check<'d>(
    cx: &Context<'d>,
    text: &str,
    here: impl Fn() -> Location<'d>,
    out: &mut Findings<'d>,
) {
    if !has_opening(text) {
        return;
    }
    if !cx.has_variables {
        // Only what looks like a key that requests have: other tools write `${…}`, too.
        let is_meant = |piece| matches!(piece, Piece::Variable(Variable::Key { key, .. }) if key.contains(':'));
        if pieces(text).any(|(_, piece)| is_meant(piece)) {
            let details =
                "Policy variables need the Version 2012-10-17. Without it they are plain text.";
            out.add(&rules::VARIABLE_UNSUPPORTED_IN_VERSION, details, [here()]);
        }
        return;
    }
    let mut said: Vec<&'static Rule> = Vec::new();
    for (_, piece) in pieces(text) {
        let Piece::Malformed(malformed) = piece else {
            continue;
        };
        let (rule, details) = match malformed {
            Malformed::Empty => (
                &rules::EMPTY_VARIABLE,
                "The policy variable is empty. Name a key in it.",
            ),
            Malformed::Blank => (
                &rules::UNSUPPORTED_SPACE_IN_VARIABLE,
                "The key of a policy variable has a space before or behind it. Remove the space.",
            ),
            Malformed::Quote => (
                &rules::MISSING_QUOTE_IN_VARIABLE,
                "The default of a policy variable must stand between single quotes.",
            ),
            Malformed::Brace => (
                &rules::MISSING_BRACE_IN_VARIABLE,
                "A policy variable has no closing brace. Add it.",
            ),
        };
        if !said.contains(&rule) {
            said.push(rule);
            out.add(rule, details, [here()]);
        }
    }
}

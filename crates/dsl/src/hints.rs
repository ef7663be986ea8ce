//! What is said of a syntax error.
use crate::codes;
use crate::tokens::{Placed, span};
use portcullis_syntax::diag::Diagnostic;

pub(crate) fn explain(text: &str, tokens: &[Placed<'_>], index: usize, expected: &[String]) -> Diagnostic {
    let (start, end) = tokens.get(index).map_or((text.len(), text.len()), |t| (t.0, t.2));
    Diagnostic::error(codes::SYNTAX, span(start, end), format!("expected {expected:?}"))
}

//! What can be said of variables without a request (`VAR-1` to `VAR-6`). All of it is advice: at
//! evaluation a variable that is not expanded is literal text.

use super::{Reader, Variables};
use crate::ast::{Span, Text};
use crate::codes;
use crate::vars::{Malformed, Piece, has_opening, pieces};
use core::ops::Range;
use portcullis_model::{Effect, Family, Operator};
use portcullis_source::{Diagnostic, quoted};

impl<'a> Reader<'a> {
    /// The variables of an ARN in `Resource` or `NotResource`, whose sixth part starts at `sixth`.
    pub(super) fn check_resource_variables(
        &mut self,
        entry: Text<'a>,
        sixth: usize,
        effect: Option<Effect>,
    ) {
        if !self.may_have_variables(entry) {
            return;
        }
        for (range, piece) in pieces(entry.value) {
            match piece {
                Piece::Variable(_) if range.start < sixth => {
                    let variable = quoted(entry.value.get(range.clone()).unwrap_or_default());
                    let message = match effect {
                        Some(Effect::Deny) => format!(
                            "variable {variable} appears before the fifth colon, where it is not expanded: this entry denies nothing"
                        ),
                        _ => format!(
                            "variable {variable} appears before the fifth colon, where it is not expanded: this entry matches nothing"
                        ),
                    };
                    self.sink.push(
                        Diagnostic::warning(
                            codes::VARIABLE_BEFORE_FIFTH_COLON,
                            inside(entry, range),
                            message,
                        )
                        .with_help("use `*` there, or a condition"),
                    );
                }
                Piece::Malformed(malformed) => self.malformed(entry, range, malformed),
                Piece::Variable(_) | Piece::Text(_) => {}
            }
        }
    }

    /// The variables of a value in `Condition`.
    pub(super) fn check_value_variables(&mut self, value: Text<'a>, operator: Operator) {
        // `Bool` is left alone: AWS's pages disagree on it (`VAR-4`).
        if operator.base.family() == Family::Bool || !self.may_have_variables(value) {
            return;
        }
        for (range, piece) in pieces(value.value) {
            match piece {
                Piece::Variable(_) if !operator.base.expands_variables() => {
                    let variable = quoted(value.value.get(range.clone()).unwrap_or_default());
                    let message = format!("variable {variable} is not expanded under `{operator}`");
                    self.warning(
                        codes::INVALID_VARIABLE_FOR_OPERATOR,
                        inside(value, range),
                        message,
                    );
                }
                Piece::Malformed(malformed) if operator.base.expands_variables() => {
                    self.malformed(value, range, malformed);
                }
                _ => {}
            }
        }
    }

    /// True if the text has an opening of a variable and the version has variables (`VAR-2`).
    fn may_have_variables(&mut self, text: Text<'a>) -> bool {
        if !has_opening(text.value) {
            return false;
        }
        if self.variables == Variables::Expanded {
            return true;
        }
        let variable = pieces(text.value).find(|(_, piece)| matches!(piece, Piece::Variable(_)));
        if let Some((range, _)) = variable {
            let shown = quoted(text.value.get(range.clone()).unwrap_or_default());
            let message =
                format!("variable {shown} is literal text in this version of the policy language");
            self.sink.push(
                Diagnostic::warning(
                    codes::VARIABLE_UNSUPPORTED_IN_VERSION,
                    inside(text, range),
                    message,
                )
                .with_help("variables need `\"Version\": \"2012-10-17\"`"),
            );
        }
        false
    }

    fn malformed(&mut self, text: Text<'a>, range: Range<usize>, malformed: Malformed) {
        let (code, what) = match malformed {
            Malformed::Empty => (codes::EMPTY_VARIABLE, "does not name a condition key"),
            Malformed::Blank => (
                codes::UNSUPPORTED_SPACE_IN_VARIABLE,
                "has whitespace around its key",
            ),
            Malformed::Quote => (
                codes::MISSING_QUOTE_IN_VARIABLE,
                "has a default value without quotes",
            ),
            Malformed::Brace => (codes::MISSING_BRACE_IN_VARIABLE, "has no closing brace"),
        };
        let message = format!("the variable {what}, so it is literal text");
        self.sink.push(
            Diagnostic::warning(code, inside(text, range), message)
                .with_help("write `${key}` or `${key, 'default'}`"),
        );
    }
}

/// The place of a part of a text. A text that was written with escapes is marked as a whole.
pub(crate) fn inside(text: Text<'_>, range: Range<usize>) -> Span {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    if text.span.range().len() != text.value.len() + 2 {
        return text.span;
    }
    let start = text.span.start + 1;
    Span {
        start: start + number(range.start),
        end: start + number(range.end),
    }
}

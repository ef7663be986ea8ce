//! What readers report: problems with a code, a place and a message.

mod code;
mod lines;
mod render;

pub use code::Code;
pub use lines::LineIndex;
pub use render::render;

use crate::ast::Span;

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something could be said more simply or more clearly.
    Suggestion,
    /// The document can be used but probably does not do what was meant.
    Warning,
    /// The rules call it an error, but not one of those that keep a document from being used (`GRAM-13`): `check`
    /// fails, and the document loads and decides as it says.
    LintError,
    /// The document cannot be used (`GRAM-12`).
    Error,
}

impl Severity {
    /// `error`, `warning` or `suggestion`. Whether a document with an error loads, [`Diagnostic::is_error`] says.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::LintError | Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Suggestion => "suggestion",
        }
    }
}

/// One problem.
///
/// Messages start in lower case, have no final period and set the user's text in backticks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Where it is.
    pub span: Span,
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Other places that have to do with it, each with what is there.
    pub related: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A problem of any severity, without help and other places.
    pub fn new(
        severity: Severity,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            span,
            message: message.into(),
            help: None,
            related: Vec::new(),
        }
    }

    /// An error.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, span, message)
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, span, message)
    }

    /// A suggestion.
    pub fn suggestion(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Suggestion, code, span, message)
    }

    /// The same with a help text.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same with a help text if there is one.
    #[must_use]
    pub fn with_help_if(mut self, help: Option<String>) -> Diagnostic {
        self.help = help.or(self.help);
        self
    }

    /// The same with one more related place.
    #[must_use]
    pub fn with_related(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.related.push((span, message.into()));
        self
    }

    /// True if the document cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// The user's text as messages show it: in backticks, shortened, control characters escaped.
pub fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut out = String::from("`");
    for (count, c) in text.chars().enumerate() {
        if count == SHOWN {
            out.push('…');
            break;
        }
        if is_unprintable(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out.push('`');
    out
}

/// True for characters that would garble a terminal: controls, and those that change direction.
fn is_unprintable(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// Collects the problems of one document and keeps their number in bounds.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    errors: Vec<Diagnostic>,
    others: Vec<Diagnostic>,
    /// How many were left out.
    dropped: usize,
    /// The worst of those.
    worst_dropped: Option<Severity>,
    /// The document cannot be used.
    is_unusable: bool,
}

impl Sink {
    /// How many problems of a document are reported one by one.
    pub(crate) const LIMIT: usize = 100;

    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        let severity = diagnostic.severity;
        self.is_unusable |= diagnostic.is_error();
        let list = if severity >= Severity::LintError {
            &mut self.errors
        } else {
            &mut self.others
        };
        if list.len() < Sink::LIMIT {
            list.push(diagnostic);
        } else {
            self.dropped += 1;
            self.worst_dropped = self.worst_dropped.max(Some(severity));
        }
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.is_unusable
    }

    /// The problems in the order of the text, errors of both kinds taking the room of others, and at the end a
    /// note of how many there are more.
    pub(crate) fn finish(mut self) -> Vec<Diagnostic> {
        let room = Sink::LIMIT.saturating_sub(self.errors.len());
        self.dropped += self.others.len().saturating_sub(room);
        self.others.truncate(room);
        let mut all = self.errors;
        all.append(&mut self.others);
        all.sort_by_key(|diagnostic| diagnostic.span.start);
        if self.dropped > 0 {
            let worst = self.worst_dropped.unwrap_or(Severity::Warning);
            let severity = worst.max(Severity::Warning);
            let span = all.last().map(|last| last.span).unwrap_or_default();
            let message = format!("and {} more", self.dropped);
            all.push(Diagnostic::new(
                severity,
                Code::TooManyProblems,
                span,
                message,
            ));
        }
        all
    }
}

#[cfg(test)]
mod tests;

//! Collecting diagnostics.

use crate::{Diagnostic, Severity, codes};

/// Collects the problems of one document and keeps their number in bounds.
#[derive(Debug, Default)]
pub struct Sink {
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
    pub const LIMIT: usize = 100;

    /// Takes one more problem.
    pub fn push(&mut self, diagnostic: Diagnostic) {
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

    /// True if one of the problems keeps the document from being used.
    pub fn has_errors(&self) -> bool {
        self.is_unusable
    }

    /// The problems in the order of the text, errors of both kinds taking the room of others, and at the end a
    /// note of how many there are more.
    pub fn finish(mut self) -> Vec<Diagnostic> {
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
            let more = Diagnostic::new(severity, codes::TOO_MANY_PROBLEMS, span, message);
            all.push(more);
        }
        all
    }
}

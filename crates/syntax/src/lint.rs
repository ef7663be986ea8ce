//! Advice on documents that load: what is most likely not meant, and what the rules call an error of the lint.
//!
//! The reader reports what keeps a document from being used, and what it sees on the way. What is here asks more of a
//! document and costs more, so that only `check` runs it; loading a million policies does not. It looks at the
//! tree, so that documents in any notation get the same advice. `tests/it/promises.rs` lists what the rules
//! promise, each with a document.

mod conditions;
mod entries;
pub mod keys;
pub mod services;
pub mod shapes;
mod templates;
mod values;

use portcullis_source::lookalike;

use crate::ast::{Document, Statement, Text};
use crate::codes;
use crate::policy::{inside, key_problem};
use crate::vars::{Piece, Variable, has_opening, pieces};
use core::ops::Range;
use portcullis_model::Effect;
use portcullis_source::{Code, Diagnostic, Severity, Sink, quoted};

/// Keys of a document that are compared with those that could be meant: guessing takes long, compared with the rest.
const GUESSES: usize = 1000;

/// All advice on a document. Nothing of it is an error that keeps the document from being used.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_model::PolicyKind;
/// use portcullis_syntax::{lint, policy::{ReadOptions, parse_policy}};
///
/// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Action": "s3:*", "Resource": "*",
///     "Condition": {"NumericGreaterThan": {"s3:max-keys": "ten"}}}}"#;
/// let arena = Bump::new();
/// let (document, _) = parse_policy(text, ReadOptions::new(PolicyKind::Identity), &arena);
/// let advice = lint::lint(&document.unwrap());
/// assert_eq!(advice[0].code.as_str(), "TYPE_MISMATCH_NUMBER");
/// ```
pub fn lint(document: &Document<'_>) -> Vec<Diagnostic> {
    let mut sink = Sink::default();
    lint_into(document, &mut sink);
    sink.finish()
}

/// Adds the advice on a document, also on what could be read of one with errors.
pub(crate) fn lint_into(document: &Document<'_>, sink: &mut Sink) {
    let mut linter = Linter {
        document: *document,
        sink,
        guesses: GUESSES,
    };
    for statement in document.statements {
        linter.statement(statement);
    }
}

struct Linter<'d, 's> {
    document: Document<'d>,
    sink: &'s mut Sink,
    /// How many more condition keys are compared with those that could be meant.
    guesses: usize,
}

impl Linter<'_, '_> {
    fn say(&mut self, severity: Severity, code: Code, text: Text<'_>, message: impl Into<String>) {
        self.sink
            .push(Diagnostic::new(severity, code, text.span, message));
    }

    fn say_with_help(
        &mut self,
        severity: Severity,
        code: Code,
        text: Text<'_>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        self.sink
            .push(Diagnostic::new(severity, code, text.span, message).with_help(help));
    }

    fn statement(&mut self, statement: &Statement<'_>) {
        if let Some(sid) = statement.sid {
            self.placeholder(sid);
        }
        for principal in statement.principal.iter().flat_map(|all| all.list) {
            self.principal(principal.value);
        }
        for &action in statement.action.list {
            self.action(action, statement.effect);
        }
        for &resource in statement.resource.iter().flat_map(|all| all.list) {
            self.resource(resource);
        }
        for condition in statement.conditions {
            self.condition(condition, statement);
        }
        self.pairs(statement);
    }

    /// A placeholder of another tool (`COND-47`). True if there is one.
    fn placeholder(&mut self, text: Text<'_>) -> bool {
        let Some(range) = templates::placeholder(text.value) else {
            return false;
        };
        let shown = quoted(text.value.get(range.clone()).unwrap_or_default());
        let message = format!(
            "{shown} looks like a placeholder of Terraform, CloudFormation or a policy template"
        );
        let help = match is_global_name(text.value, &range) {
            Some(key) => format!("did you mean `${{{key}}}`?"),
            None => "resolve it first: AWS and this engine take it literally".to_owned(),
        };
        let place = inside(text, range);
        self.sink
            .push(Diagnostic::warning(codes::FOREIGN_TEMPLATE, place, message).with_help(help));
        true
    }

    /// Variables in a text that is expanded, whose keys do not exist (`COND-44`).
    fn variables(&mut self, text: Text<'_>) {
        if !self.document.has_variables() || !has_opening(text.value) {
            return;
        }
        for (range, piece) in pieces(text.value) {
            let Piece::Variable(Variable::Key { key, .. }) = piece else {
                continue;
            };
            if templates::is_foreign_key(key) {
                continue;
            }
            let guesses = &mut self.guesses;
            let guess = || {
                let left = guesses.checked_sub(1);
                *guesses = left.unwrap_or_default();
                left.is_some()
            };
            if let Some(found) = key_problem(key, guess) {
                let place = inside(text, range);
                let message = format!("{}, so the variable has no value", found.message);
                self.sink.push(
                    Diagnostic::new(found.severity, found.code, place, message)
                        .with_help_if(found.help),
                );
            }
        }
    }

    /// A variable where none is expanded (`VAR-4`).
    fn literal_variable(&mut self, text: Text<'_>, what: &str) {
        if !self.document.has_variables() || !has_opening(text.value) {
            return;
        }
        let mut all = pieces(text.value);
        let variable = all.find(|(_, piece)| matches!(piece, Piece::Variable(_)));
        if let Some((range, _)) = variable {
            let shown = quoted(text.value.get(range.clone()).unwrap_or_default());
            let message = format!("variable {shown} is not expanded in {what}");
            let place = inside(text, range);
            let code = codes::VARIABLE_UNSUPPORTED_IN_ELEMENT;
            self.sink.push(Diagnostic::warning(code, place, message));
        }
    }

    /// A character that looks like another one.
    fn lookalike(&mut self, text: Text<'_>, is_wanted: impl Fn(char) -> bool) {
        let found = text.value.char_indices().find_map(|(at, c)| {
            let name = lookalike(c).filter(|_| is_wanted(c))?;
            Some((at..at + c.len_utf8(), c, name))
        });
        if let Some((range, c, name)) = found {
            let message = format!(
                "the text has U+{:04X}, {name}, which matches no other character",
                u32::from(c)
            );
            let place = inside(text, range);
            self.sink.push(
                Diagnostic::warning(codes::LOOKALIKE_CHARACTER, place, message)
                    .with_help("type it again: it was probably pasted from elsewhere"),
            );
        }
    }
}

/// The global key whose name without prefix is all that a variable names.
fn is_global_name(text: &str, range: &Range<usize>) -> Option<&'static str> {
    let variable = text.get(range.clone())?;
    let name = variable.strip_prefix("${")?.strip_suffix('}')?;
    crate::policy::without_prefix(name.trim())
}

/// What a value that cannot be compared does to its statement.
fn consequence(effect: Effect, is_negated: bool) -> &'static str {
    match (is_negated, effect) {
        (true, _) => "it never matches, so the test always passes",
        (false, Effect::Deny) => "it never matches, so it denies nothing",
        (false, Effect::Allow) => "it never matches",
    }
}

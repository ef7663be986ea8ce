//! The policy language: policies as sentences, to and from the JSON of IAM.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis_dsl::{NoImports, format, minify_json, parse};
//!
//! let text = "policy readers { allow s3:GetObject on arn:aws:s3:::b/* when aws:SecureTransport is true }";
//! let arena = Bump::new();
//! let parsed = parse(text, &arena, &NoImports);
//! assert!(parsed.diagnostics.is_empty());
//! assert_eq!(
//!     minify_json(&parsed.documents[0].document),
//!     r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*","Condition":{"Bool":{"aws:SecureTransport":"true"}}}]}"#
//! );
//! assert_eq!(format(text).unwrap(), "\
//! policy readers {
//!   allow s3:GetObject on arn:aws:s3:::b/* when aws:SecureTransport is true
//! }
//! ");
//! ```
//!
//! A text is cut into tokens, parsed to a tree, filled in (names, templates, `or`, `unless`), and
//! each policy becomes the JSON tree that says the same; that tree goes through the reader of JSON
//! documents in `portcullis-syntax`, with places in the text. So a policy is checked by the same rules
//! in both notations, and the document that comes of it is the same.
//!
//! Time and memory are proportional to the text and to what is made of it, and both are bounded;
//! nothing recurses deeper than parentheses nest, which is bounded too.

mod build;
pub mod codes;
mod fill;
#[allow(
    warnings,
    clippy::all,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    reason = "generated"
)]
mod grammar {
    include!(concat!(env!("OUT_DIR"), "/grammar.rs"));
}
mod hints;
mod json;
mod keys;
mod layout;
mod lexer;
mod limits;
mod logic;
mod lower;
mod minify;
mod module;
mod print;
mod quote;
mod tokens;
mod tree;
mod wording;

use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::{Code, Diagnostic, Severity};
use portcullis_syntax::ast::{Document, PrincipalKind, Span, Text};
use std::fmt;

pub use json::{minify_json, print_json};
pub use minify::{Minified, MinifyOptions, Quota, minified_size, minify, quota, size};
pub use print::print_dsl;

/// An imported file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// What the file is called in messages. Two imports with one name are one file.
    pub name: String,
    /// Its text.
    pub text: String,
}

/// Where imported files come from. Nothing in this crate touches a disk.
pub trait Loader {
    /// The file that `path` names, seen from the file `from`, or from the file that is parsed if
    /// there is no `from`.
    ///
    /// # Errors
    /// Why there is no text.
    fn load(&self, from: Option<&str>, path: &str) -> Result<Imported, ImportError>;
}

/// Why a file is not imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportError {
    /// The code of the diagnostic.
    pub code: Code,
    /// The reason, in lower case and without a final period.
    pub reason: String,
}

impl ImportError {
    /// An error with the code `IMPORT_ERROR`.
    pub fn new(reason: impl Into<String>) -> ImportError {
        ImportError {
            code: codes::IMPORT_ERROR,
            reason: reason.into(),
        }
    }
}

impl fmt::Display for ImportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason)
    }
}

impl std::error::Error for ImportError {}

/// A loader for texts that import nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoImports;

impl Loader for NoImports {
    fn load(&self, _from: Option<&str>, _path: &str) -> Result<Imported, ImportError> {
        Err(ImportError::new("imports are not available here"))
    }
}

/// How a text is read.
#[derive(Clone, Copy)]
pub struct Options<'o> {
    /// The type of policies that name none.
    pub default_kind: PolicyKind,
    /// True if statements of a resource-based policy may leave `on` out, whatever their actions are
    /// (`GRAM-54`).
    pub allow_missing_resource: bool,
    /// Says of a condition key that it has at most one value in every request: what `unless` can
    /// say exactly depends on it. Must not say so of a key of which it is not sure.
    pub is_single_valued: &'o dyn Fn(&str) -> bool,
}

impl Default for Options<'_> {
    fn default() -> Self {
        Options {
            default_kind: PolicyKind::Identity,
            allow_missing_resource: false,
            is_single_valued: &keys::is_single_valued,
        }
    }
}

/// What a text holds.
#[derive(Clone, Debug, Default)]
pub struct Parsed<'a> {
    /// The policies without errors, in order.
    pub documents: Vec<NamedDocument<'a>>,
    /// All problems, in the order of the text. Only if none is an error is the text fit for use.
    pub diagnostics: Vec<Diagnostic>,
}

/// One policy of a text, with names and templates filled in.
#[derive(Clone, Debug)]
pub struct NamedDocument<'a> {
    /// Its name, unique in the text.
    pub name: Text<'a>,
    /// Its type: the one written, else the one of [`Options::default_kind`].
    pub kind: PolicyKind,
    /// The document, as the JSON reader would return it. Its places are in the text.
    pub document: Document<'a>,
    /// What is expected of it.
    pub tests: Vec<PolicyTest<'a>>,
}

/// What a request to one policy alone comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A statement allows it and none denies it.
    Allow,
    /// A statement denies it.
    Deny,
    /// No statement says anything of it.
    Nothing,
}

/// One expectation: a request to the policy alone, and what it comes to.
#[derive(Clone, Copy, Debug)]
pub struct PolicyTest<'a> {
    /// What is expected.
    pub expected: Expected,
    /// The action.
    pub action: Text<'a>,
    /// The resource; left out, it is `*`.
    pub resource: Option<Text<'a>>,
    /// Who asks.
    pub principal: Option<(PrincipalKind, Text<'a>)>,
    /// Condition keys: the name, the values, and whether it is a list, which makes the key
    /// multivalued also with one value or none.
    pub context: &'a [(Text<'a>, &'a [Text<'a>], bool)],
    /// The Sid of the statement that must decide.
    pub by: Option<Text<'a>>,
    /// The whole expectation.
    pub span: Span,
}

/// Reads a text with the default options.
pub fn parse<'a>(text: &'a str, arena: &'a Bump, loader: &dyn Loader) -> Parsed<'a> {
    parse_with(text, arena, loader, &Options::default())
}

/// Reads a text.
pub fn parse_with<'a>(
    text: &'a str,
    arena: &'a Bump,
    loader: &dyn Loader,
    options: &Options<'_>,
) -> Parsed<'a> {
    let mut modules = module::load(text, arena, loader);
    let mut diagnostics = core::mem::take(&mut modules.problems);
    let broken = !diagnostics.is_empty();
    let (mut documents, mut found) = lower::lower(&modules, options, arena);
    diagnostics.append(&mut found);
    if broken {
        documents.clear();
    }
    Parsed {
        documents,
        diagnostics: sorted(diagnostics),
    }
}

/// The policies of a text as indented JSON, each with its name: everything expanded.
///
/// ```
/// use portcullis_dsl::{NoImports, Options, expand};
/// let text = "let read = [s3:Get*, s3:List*] policy p { allow <read> on * }";
/// let policies = expand(text, &NoImports, &Options::default()).unwrap();
/// assert_eq!(policies[0].0, "p");
/// assert!(policies[0].1.contains("\"s3:List*\""));
/// ```
///
/// # Errors
/// All problems of the text, if one of them is an error.
pub fn expand(
    text: &str,
    loader: &dyn Loader,
    options: &Options<'_>,
) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
    let arena = Bump::new();
    let parsed = parse_with(text, &arena, loader, options);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parsed.diagnostics);
    }
    let print = |named: &NamedDocument<'_>| (named.name.value.into(), print_json(&named.document));
    Ok(parsed.documents.iter().map(print).collect())
}

/// A text as it should look.
///
/// The result says the same, has the same comments in the same order, and is left as it is when it
/// is formatted again.
///
/// # Errors
/// The syntax errors of the text. What names stand for is not looked at.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    let arena = Bump::new();
    let file = module::parse_file(text, &arena);
    if file.problems.is_empty() {
        Ok(layout::file(text, &file.items, &file.comments))
    } else {
        Err(sorted(file.problems))
    }
}

fn sorted(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
    // What a template holds is wrong once, however often it is applied.
    diagnostics.dedup();
    let more = diagnostics.len().saturating_sub(limits::MAX_PROBLEMS);
    if more > 0 {
        // Errors take the room of others.
        diagnostics.sort_by_key(|diagnostic| !diagnostic.is_error());
        let dropped = diagnostics.split_off(limits::MAX_PROBLEMS);
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        let severity = dropped.iter().map(|d| d.severity).max();
        let span = diagnostics.last().map(|d| d.span).unwrap_or_default();
        diagnostics.push(Diagnostic::new(
            severity.unwrap_or(Severity::Warning),
            codes::TOO_MANY_PROBLEMS,
            span,
            format!("and {more} more"),
        ));
    }
    diagnostics
}

// The tests inside share helpers with those outside.
#[cfg(test)]
extern crate self as portcullis_dsl;

#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests outside")]
#[path = "../tests/it/common/mod.rs"]
mod common;
#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "shared with the tests outside")]
#[path = "../tests/it/generate/mod.rs"]
mod generate;

//! The codes of what only this notation can get wrong.
//!
//! Everything about a policy's content has the code that the JSON reader gives it.

use portcullis_syntax::diag::Code;

/// The text is not of the language.
pub(crate) const SYNTAX: Code = Code::JsonSyntaxError;
/// A name that is not defined, or not of the kind that its place needs.
pub(crate) const NAME: Code = Code::InvalidPolicyElement;
/// A definition, or a test of a condition, that is there already.
pub(crate) const DUPLICATE: Code = Code::DuplicateMember;
/// Too deep.
pub(crate) const DEPTH: Code = Code::DocumentTooDeep;
/// Too long, or too much when names are filled in.
pub(crate) const SIZE: Code = Code::DocumentTooLarge;
/// Something that no statement of IAM says exactly.
pub(crate) const INEXACT: Code = Code::UnsupportedElementCombination;
/// A file that cannot be imported.
pub(crate) const IMPORT: Code = Code::InvalidPolicyElement;

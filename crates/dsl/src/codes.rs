//! The codes of what only this notation can get wrong.
//!
//! Everything about a policy's content has the code that the JSON reader gives it.

use portcullis_syntax::diag::Code;

/// The text is not of the language.
pub(crate) const SYNTAX: Code = Code::SyntaxError;
/// A name that is not defined, or not of the kind that its place needs.
pub(crate) const NAME: Code = Code::UnknownName;
/// A definition that is there already.
pub(crate) const DUPLICATE: Code = Code::DuplicateName;
/// An element of a policy, or a test of a condition, that is there already.
pub(crate) const MEMBER: Code = Code::DuplicateMember;
/// Parentheses nest too deep.
pub(crate) const DEPTH: Code = Code::DocumentTooDeep;
/// The text is too long.
pub(crate) const SIZE: Code = Code::DocumentTooLarge;
/// Too much, or too deep, when names are filled in.
pub(crate) const EXPANSION: Code = Code::ExpansionLimit;
/// Something that no statement of IAM says exactly.
pub(crate) const INEXACT: Code = Code::NoExactForm;
/// A file that cannot be imported.
pub(crate) const IMPORT: Code = Code::ImportError;

//! The codes of what only this notation can get wrong.
//!
//! Everything about a policy's content has the code that the reader of documents gives it.

pub(crate) use portcullis_source::codes::*;

portcullis_source::codes! {
    /// The text is not of the policy language.
    SYNTAX_ERROR,
    /// A name that is not defined, or that stands for something else than its place needs.
    UNKNOWN_NAME,
    /// A name that is defined or given twice, or a label that comes out twice.
    DUPLICATE_NAME,
    /// Something that no statement of IAM says exactly.
    NO_EXACT_FORM,
    /// More comes of names, templates and alternatives than may.
    EXPANSION_LIMIT,
    /// A file that cannot be imported.
    IMPORT_ERROR,
}

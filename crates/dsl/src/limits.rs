//! Bounds that keep the work on any text proportional to its length.

/// Bytes of a file.
pub(crate) const MAX_TEXT: usize = 4 << 20;
/// Parentheses around one another.
pub(crate) const MAX_DEPTH: usize = 64;
/// Errors that are reported of a file.
pub(crate) const MAX_ERRORS: usize = 64;
/// Names that stand for names that stand for names.
pub(crate) const MAX_CHAIN: usize = 16;
/// Templates that apply templates.
pub(crate) const MAX_TEMPLATES: usize = 8;
/// Imported files.
pub(crate) const MAX_FILES: usize = 256;
/// Holes in one word.
pub(crate) const MAX_HOLES: usize = 4;
/// Items of one list, and tests of one condition, that come of filling in names.
pub(crate) const MAX_ITEMS: usize = 4096;
/// Statements that come of one.
pub(crate) const MAX_ALTERNATIVES: usize = 64;
/// What all filling in of a file may produce beyond what was written, in texts and in bytes.
pub(crate) const EXPANSION: usize = 1 << 20;
/// Problems that are reported of a file, whatever they are.
pub(crate) const MAX_PROBLEMS: usize = 200;

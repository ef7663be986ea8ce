//! The generated parser, which is C.
#![allow(unsafe_code, reason = "the entry of a parser in C")]

use tree_sitter::Language;
use tree_sitter_language::LanguageFn;

unsafe extern "C" {
    /// Returns the tables of the parser, which are constant.
    fn tree_sitter_iam() -> *const ();
}

/// The policy language, as tree-sitter knows it.
pub fn language() -> Language {
    // Safety: the generated function returns a pointer to constants of the layout that tree-sitter
    // checks by its version.
    unsafe { LanguageFn::from_raw(tree_sitter_iam) }.into()
}

//! JSON texts as trees whose nodes know where they were written.
//!
//! The grammar is that of RFC 8259, strictly, with a byte order mark in front allowed (`GRAM-7`).
//! Two members of one object with the same name are an error (`GRAM-9`). Reading uses an explicit
//! stack, takes time linear in the text, and stops at [`MAX_DEPTH`], so that hostile texts cost no
//! more than they weigh.

mod encoding;
mod lexer;
mod reader;
mod text;
pub mod tree;

use crate::{Diagnostic, Sink};
use bumpalo::Bump;

pub use text::escapes;

pub use encoding::{ByteOrder, decode, to_utf8, utf8, utf16};

/// How deep arrays and objects may nest.
pub const MAX_DEPTH: usize = 64;

/// How many bytes a text may have.
pub const MAX_TEXT: usize = 1 << 30;

/// The [`case`](Diagnostic::case) of a text that is not JSON for a character that is easily taken for another. The message
/// names the character by its number, and quotes nothing.
pub const LOOKALIKE: &str = "lookalike";

/// A value with the place where it was written.
pub type Node<'a> = tree::Node<'a, 'a>;

/// A JSON value.
pub type Value<'a> = tree::Value<'a, 'a>;

/// A member of an object.
pub type Member<'a> = tree::Member<'a, 'a>;

/// Reads a text that is one JSON value.
///
/// Strings without escapes and numbers borrow from the text; everything else is in the arena.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_source::json;
/// let arena = Bump::new();
/// let node = json::parse(r#"{"a": [1, "\u00e9"]}"#, &arena).unwrap();
/// let list = node.get("a").and_then(|a| a.as_array()).unwrap();
/// assert_eq!(list[1].as_str(), Some("é"));
/// assert_eq!(list[1].span.range(), 10..18);
/// ```
///
/// # Errors
/// The first syntax error and all duplicate members before it.
pub fn parse<'a>(text: &'a str, arena: &'a Bump) -> Result<Node<'a>, Vec<Diagnostic>> {
    match read(text, arena) {
        (Some(node), diagnostics) if diagnostics.is_empty() => Ok(node),
        (_, diagnostics) => Err(diagnostics),
    }
}

/// Like [`parse`], for bytes that may not be UTF-8.
///
/// # Errors
/// As [`parse`], or the place of the first byte that is not UTF-8.
pub fn parse_bytes<'a>(bytes: &'a [u8], arena: &'a Bump) -> Result<Node<'a>, Vec<Diagnostic>> {
    match decode(bytes) {
        Ok(text) => parse(text, arena),
        Err(diagnostic) => Err(vec![*diagnostic]),
    }
}

/// Like [`parse`], but returns the tree even if members are duplicate, so that a caller can look
/// for more problems. The tree is absent after a syntax error; it is fit for use only if there is
/// no diagnostic.
pub fn read<'a>(text: &'a str, arena: &'a Bump) -> (Option<Node<'a>>, Vec<Diagnostic>) {
    read_from(text, 0, arena)
}

/// Like [`read`], for the value that begins at a byte of the text and ends where the text does, as a line of a file does if
/// the text is cut there. Places are those of the text.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_source::json;
/// let arena = Bump::new();
/// let (node, problems) = json::read_from("{}\n[1]", 3, &arena);
/// assert!(problems.is_empty());
/// assert_eq!(node.unwrap().span.range(), 3..6);
/// ```
pub fn read_from<'a>(
    text: &'a str,
    start: usize,
    arena: &'a Bump,
) -> (Option<Node<'a>>, Vec<Diagnostic>) {
    let (node, sink) = reader::read(text, start, arena, arena);
    (node, sink.finish())
}

/// Like [`read`], for a reader that goes on collecting problems, with the nodes in an arena of their own.
pub fn read_open<'t, 'n>(
    text: &'t str,
    texts: &'t Bump,
    nodes: &'n Bump,
) -> (Option<tree::Node<'t, 'n>>, Sink) {
    reader::read(text, 0, texts, nodes)
}

#[cfg(test)]
mod tests;

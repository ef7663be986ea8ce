//! The tokens of JSON.

use logos::{Lexer, Logos};

/// A token. What it says is read from its place in the text.
#[derive(Logos, Clone, Copy, Debug, PartialEq, Eq)]
#[logos(error = LexError)]
#[logos(skip r"[ \t\r\n]+")]
pub(super) enum Token {
    #[token("{")]
    BraceOpen,
    #[token("}")]
    BraceClose,
    #[token("[")]
    BracketOpen,
    #[token("]")]
    BracketClose,
    #[token(":")]
    Colon,
    #[token(",")]
    Comma,
    #[token("null")]
    Null,
    #[token("true")]
    True,
    #[token("false")]
    False,
    #[regex(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")]
    Number,
    /// True if it has escapes.
    #[token("\"", string)]
    String(bool),
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum LexError {
    /// No token starts with what is at the start of the token's place.
    #[default]
    Unexpected,
    /// The text ends inside a string.
    Unclosed,
    /// A string holds a control character, this many bytes after its start.
    Control(usize),
}

/// Finds the end of a string. Escapes are skipped here and checked when the string is unescaped.
fn string(lexer: &mut Lexer<'_, Token>) -> Result<bool, LexError> {
    let rest = lexer.remainder().as_bytes();
    let mut escapes = false;
    let mut at = 0;
    loop {
        let Some(skip) = rest.get(at..).and_then(|rest| {
            rest.iter()
                .position(|&b| b == b'"' || b == b'\\' || b < 0x20)
        }) else {
            return Err(LexError::Unclosed);
        };
        at += skip;
        match rest.get(at) {
            Some(b'"') => {
                lexer.bump(at + 1);
                return Ok(escapes);
            }
            // The escaped byte is skipped only if it could be taken for the end of the string.
            Some(b'\\') => {
                escapes = true;
                at += match rest.get(at + 1) {
                    Some(b'"' | b'\\') => 2,
                    _ => 1,
                };
            }
            _ => return Err(LexError::Control(at + 1)),
        }
    }
}

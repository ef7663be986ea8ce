//! The tokens of JSON.

use crate::words::{below, equal, first};
use core::ops::Range;

/// A token. What it says is read from its place in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Token {
    BraceOpen,
    BraceClose,
    BracketOpen,
    BracketClose,
    Colon,
    Comma,
    Null,
    True,
    False,
    Number,
    /// True if it has escapes.
    String(bool),
}

/// Why there is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LexError {
    /// No token starts with what is at the start of the token's place.
    Unexpected,
    /// The text ends inside a string.
    Unclosed,
    /// A string holds a control character, at the end of the token's place.
    Control,
}

/// Cuts a text into tokens.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// The place of the last token.
    start: usize,
    end: usize,
}

impl<'a> Lexer<'a> {
    /// The tokens from a place of the text on.
    pub(super) fn new(text: &'a str, at: usize) -> Lexer<'a> {
        Lexer {
            text,
            start: at,
            end: at,
        }
    }

    /// The place of the last token.
    pub(super) fn span(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The text of the last token.
    pub(super) fn slice(&self) -> &'a str {
        self.text.get(self.span()).unwrap_or_default()
    }

    /// The next token; none at the end of the text.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Option<Result<Token, LexError>> {
        let bytes = self.text.as_bytes();
        let mut start = self.end;
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(start) {
            start += 1;
        }
        self.start = start;
        let rest = bytes.get(start..)?;
        let found = match rest.first()? {
            b'"' => return Some(self.string()),
            b'{' => (1, Token::BraceOpen),
            b'}' => (1, Token::BraceClose),
            b'[' => (1, Token::BracketOpen),
            b']' => (1, Token::BracketClose),
            b':' => (1, Token::Colon),
            b',' => (1, Token::Comma),
            b'n' if rest.starts_with(b"null") => (4, Token::Null),
            b't' if rest.starts_with(b"true") => (4, Token::True),
            b'f' if rest.starts_with(b"false") => (5, Token::False),
            _ => match number(rest) {
                0 => return Some(Err(LexError::Unexpected)),
                len => (len, Token::Number),
            },
        };
        self.end = start + found.0;
        Some(Ok(found.1))
    }

    /// Takes the next byte for a token if it is this one: blanks are rare, so that this saves the most
    /// common ways around.
    #[inline(always)]
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        let is_next = self.text.as_bytes().get(self.end) == Some(&byte);
        if is_next {
            self.start = self.end;
            self.end += 1;
        }
        is_next
    }

    /// The string at the start of the token. Escapes are skipped here and checked when it is unescaped.
    #[inline(always)]
    fn string(&mut self) -> Result<Token, LexError> {
        let bytes = self.text.as_bytes();
        let mut escapes = false;
        self.end = self.start + 1;
        loop {
            let rest = bytes.get(self.end..).unwrap_or_default();
            self.end += first(rest, special).ok_or(LexError::Unclosed)?;
            match bytes.get(self.end) {
                Some(b'"') => {
                    self.end += 1;
                    return Ok(Token::String(escapes));
                }
                // The escaped byte is skipped only if it could be taken for the end of the string.
                Some(b'\\') => {
                    escapes = true;
                    self.end += match bytes.get(self.end + 1) {
                        Some(b'"' | b'\\') => 2,
                        _ => 1,
                    };
                }
                _ => return Err(LexError::Control),
            }
        }
    }
}

/// Marks the bytes that do not stand for themselves in a string.
fn special(word: u64) -> u64 {
    equal(word, b'"') | equal(word, b'\\') | below(word, 0x20)
}

/// The length of the longest number at the start of the bytes; 0 if there is none.
fn number(bytes: &[u8]) -> usize {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(bytes.first() == Some(&b'-'));
    at += match bytes.get(at) {
        Some(b'0') => 1,
        Some(b'1'..=b'9') => digits(at),
        _ => return 0,
    };
    if bytes.get(at) == Some(&b'.') {
        at += match digits(at + 1) {
            0 => return at,
            count => 1 + count,
        };
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at += match digits(at + 1 + sign) {
            0 => 0,
            count => 1 + sign + count,
        };
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_as_long_as_they_can_be() {
        for (text, expected) in [
            ("", 0),
            ("-", 0),
            ("-x", 0),
            ("+1", 0),
            (".5", 0),
            ("0", 1),
            ("-0", 2),
            ("01", 1),
            ("120", 3),
            ("1.", 1),
            ("1.e5", 1),
            ("1.05,", 4),
            ("1e", 1),
            ("1e+", 1),
            ("1e5", 3),
            ("1E-05x", 5),
            ("0.5e+3", 6),
            ("1.5e3.2", 5),
        ] {
            assert_eq!(number(text.as_bytes()), expected, "{text}");
        }
    }
}

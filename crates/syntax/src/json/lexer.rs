//! The tokens of JSON.

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
    /// A string holds a control character, this many bytes after its start.
    Control(usize),
}

/// Cuts a text into tokens.
pub(super) struct Lexer<'a> {
    text: &'a str,
    /// The place of the last token; after an error only its start is known.
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
    pub(super) fn next(&mut self) -> Option<Result<Token, LexError>> {
        let bytes = self.text.as_bytes();
        let mut start = self.end;
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = bytes.get(start) {
            start += 1;
        }
        self.start = start;
        let rest = bytes.get(start..)?;
        let found = match rest.first()? {
            b'"' => match string(rest) {
                Ok((len, escapes)) => (len, Token::String(escapes)),
                Err(error) => return Some(Err(error)),
            },
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
}

/// The length of the string at the start of the bytes, quotes included, and whether it has escapes.
/// Escapes are skipped here and checked when the string is unescaped.
fn string(bytes: &[u8]) -> Result<(usize, bool), LexError> {
    let mut escapes = false;
    let mut at = 1;
    loop {
        at += plain(bytes.get(at..).unwrap_or_default());
        match bytes.get(at) {
            Some(b'"') => return Ok((at + 1, escapes)),
            // The escaped byte is skipped only if it could be taken for the end of the string.
            Some(b'\\') => {
                escapes = true;
                at += match bytes.get(at + 1) {
                    Some(b'"' | b'\\') => 2,
                    _ => 1,
                };
            }
            Some(_) => return Err(LexError::Control(at)),
            None => return Err(LexError::Unclosed),
        }
    }
}

/// How many of the first bytes stand for themselves in a string: none of them is a quote, a backslash or
/// a control character.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    /// Marks the lowest byte that is less than `limit`, and no byte below it.
    fn below(word: u64, limit: u8) -> u64 {
        word.wrapping_sub(ONES * u64::from(limit)) & !word & (ONES << 7)
    }
    let mut at = 0;
    while let Some(bytes) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let word = u64::from_le_bytes(*bytes);
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        let marks = quote | backslash | below(word, 0x20);
        if marks != 0 {
            return at + marks.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let rest = bytes.get(at..).unwrap_or_default();
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
    at + rest.iter().position(is_special).unwrap_or(rest.len())
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

    /// Wherever the byte stands in a word, whatever stands before and after it.
    #[test]
    fn strings_end_at_the_first_special_byte() {
        for before in [b'a', b'!', b'#', b'[', b']', b' ', 0x7f, 0x80, 0xff] {
            for byte in 0..=255_u8 {
                let is_plain = !matches!(byte, b'"' | b'\\' | 0..0x20);
                for place in 0..20 {
                    for after in [b'"', b'\\', 0, b'a', b'!'] {
                        let mut bytes = [before; 30];
                        bytes[20..].fill(after);
                        bytes[place] = byte;
                        let end = match after {
                            b'a' | b'!' => 30,
                            _ => 20,
                        };
                        let expected = if is_plain { end } else { place };
                        assert_eq!(plain(&bytes), expected, "{before} {byte} {place} {after}");
                    }
                }
            }
        }
    }

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

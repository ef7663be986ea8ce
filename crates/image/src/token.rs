//! Tokens of patterns, with what each kind has.
//!
//! In the image every token is a record of the same size ([`TokenRecord`]), so that one is found by its number; here it is
//! an enum, for whoever looks at all kinds. The machine's matcher reads the records themselves, field by field.

use crate::id::Id;
use crate::kinds::TokenKind;
use crate::record::{Slot, TokenRecord};
use crate::text::Str;

/// The most characters that one [`Token::Chars`] stands for: matching skips them one by one, and a token of a few bytes must
/// not stand for work without bounds. A pattern with more `?` in a row has several such tokens.
pub const MAX_CHARS: u32 = 1 << 16;

/// A piece of a pattern after its literal.
///
/// Neighboring texts are one text, and a run of wildcards is its characters first, then one star (`MATCH-3`), so that equal
/// patterns have equal tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// The end of the pattern.
    End,
    /// This text.
    Text(Str),
    /// Any run of characters.
    Star,
    /// Any run of characters other than colons: a star in one of the first five parts of an ARN
    /// (`COND-60`).
    Field,
    /// Exactly this many characters, at most [`crate::MAX_CHARS`].
    Chars(u32),
    /// The value of a text slot; the default if the key is absent (`VAR-6`).
    Variable {
        /// The slot.
        slot: Id<Slot>,
        /// The default, if there is one.
        default: Option<Str>,
    },
}

impl From<TokenRecord> for Token {
    #[inline]
    fn from(record: TokenRecord) -> Token {
        let TokenRecord { kind, number, text } = record;
        match kind {
            TokenKind::End => Token::End,
            TokenKind::Text => Token::Text(text.unwrap_or_default()),
            TokenKind::Star => Token::Star,
            TokenKind::Field => Token::Field,
            TokenKind::Chars => Token::Chars(number),
            TokenKind::Variable => Token::Variable {
                slot: Id::new(number),
                default: None,
            },
            TokenKind::VariableOr => Token::Variable {
                slot: Id::new(number),
                default: Some(text.unwrap_or_default()),
            },
        }
    }
}

impl From<Token> for TokenRecord {
    fn from(token: Token) -> TokenRecord {
        let (kind, number, text) = match token {
            Token::End => (TokenKind::End, 0, None),
            Token::Text(text) => (TokenKind::Text, 0, Some(text)),
            Token::Star => (TokenKind::Star, 0, None),
            Token::Field => (TokenKind::Field, 0, None),
            Token::Chars(count) => (TokenKind::Chars, count, None),
            Token::Variable { slot, default } => match default {
                None => (TokenKind::Variable, slot.number(), None),
                Some(_) => (TokenKind::VariableOr, slot.number(), default),
            },
        };
        TokenRecord { kind, number, text }
    }
}

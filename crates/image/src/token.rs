//! Tokens of patterns as they lie in the image.

use crate::record::{Str, join, pack};
use crate::wire::{record, u32_at};

/// A piece of a pattern after its literal.
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
        slot: u32,
        /// The default, if there is one.
        default: Option<Str>,
    },
}

impl Token {
    /// Bytes of a record.
    pub const SIZE: usize = 16;

    /// Reads a record. A kind that does not exist reads as the end.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Token {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        let text = Str::decode(bytes, 8);
        let number = u32_at(bytes, 4);
        match u32_at(bytes, 0) {
            1 => Token::Text(text),
            2 => Token::Star,
            3 => Token::Chars(number),
            4 => Token::Variable {
                slot: number,
                default: None,
            },
            5 => Token::Variable {
                slot: number,
                default: Some(text),
            },
            6 => Token::Field,
            _ => Token::End,
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        let (kind, number, text) = match *self {
            Token::End => (0, 0, Str::default()),
            Token::Text(text) => (1, 0, text),
            Token::Star => (2, 0, Str::default()),
            Token::Field => (6, 0, Str::default()),
            Token::Chars(count) => (3, count, Str::default()),
            Token::Variable { slot, default } => match default {
                None => (4, slot, Str::default()),
                Some(text) => (5, slot, text),
            },
        };
        pack(&[join(kind, number), text.pack()])
    }

    /// True if the record's bytes are those of a token.
    pub(crate) fn is_known(bytes: &[u8], at: usize) -> bool {
        u32_at(bytes, at) <= 6
    }
}

/// A token that is read where it lies: only what is needed of it.
#[derive(Clone, Copy, Debug)]
pub struct TokenRef<'a>(&'a [u8; Token::SIZE]);

impl<'a> TokenRef<'a> {
    /// A [`TokenRef::kind`].
    pub const END: u32 = 0;
    /// A [`TokenRef::kind`].
    pub const TEXT: u32 = 1;
    /// A [`TokenRef::kind`].
    pub const STAR: u32 = 2;
    /// A [`TokenRef::kind`].
    pub const CHARS: u32 = 3;
    /// A [`TokenRef::kind`]: a variable without default.
    pub const VARIABLE: u32 = 4;
    /// A [`TokenRef::kind`]: a variable with a default.
    pub const VARIABLE_OR: u32 = 5;
    /// A [`TokenRef::kind`].
    pub const FIELD: u32 = 6;

    /// The token at a place.
    #[inline(always)]
    pub(crate) fn at(bytes: &'a [u8], at: usize) -> TokenRef<'a> {
        TokenRef(record(bytes, at))
    }

    /// Which token it is.
    #[inline(always)]
    pub fn kind(self) -> u32 {
        u32_at(self.0, 0)
    }

    /// The number of characters, or the slot of a variable.
    #[inline(always)]
    pub fn number(self) -> u32 {
        u32_at(self.0, 4)
    }

    /// The text, or the default of a variable.
    #[inline(always)]
    pub fn text(self) -> Str {
        Str::decode(self.0, 8)
    }
}

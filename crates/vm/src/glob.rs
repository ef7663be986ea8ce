//! Matching a text against a pattern (`MATCH-1` to `MATCH-4`, `VAR-6` to `VAR-9`).

use portcullis_image::value::fold::{strip_folded, strip_ignoring_case};
use portcullis_image::{PatternKind, Token, View};

use crate::request::Request;

/// How the text of a pattern and that of the request are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Byte by byte.
    Exact,
    /// ASCII letters are equal in either case.
    Ascii,
    /// Unicode simple case folding.
    Fold,
}

/// An image, and the request whose values its variables have.
#[derive(Clone, Copy)]
pub(crate) struct Matcher<'a> {
    pub(crate) view: View<'a>,
    pub(crate) request: &'a Request,
    /// The image's place in the stack.
    pub(crate) image: usize,
}

impl<'a> Matcher<'a> {
    /// True if the pattern matches the whole text.
    ///
    /// Takes at most time proportional to the product of both lengths: a star that was passed is
    /// never tried again, since what stands before the last star has found its first place.
    #[inline]
    pub(crate) fn matches(&self, pattern: u32, text: &str, case: Case) -> bool {
        let pattern = self.view.pattern(pattern);
        let literal = pattern.literal.bytes(self.view.bytes());
        if case == Case::Exact {
            let Some(rest) = strip(text.as_bytes(), literal) else {
                return false;
            };
            return match pattern.kind {
                PatternKind::Exact => rest.is_empty(),
                PatternKind::Prefix => true,
                PatternKind::Tokens => {
                    let rest = text.get(text.len() - rest.len()..).unwrap_or("");
                    self.matches_tokens(pattern.tokens, rest, case)
                }
            };
        }
        let Some(rest) = self.strip_text(text, self.view.text(pattern.literal), case) else {
            return false;
        };
        match pattern.kind {
            PatternKind::Exact => rest.is_empty(),
            PatternKind::Prefix => true,
            PatternKind::Tokens => self.matches_tokens(pattern.tokens, rest, case),
        }
    }

    fn matches_tokens(&self, start: u32, text: &str, case: Case) -> bool {
        let mut at = start;
        let mut rest = text;
        // The token after the last star, and the text from where the star's run may grow.
        let mut star: Option<(u32, &str)> = None;
        loop {
            let token = self.view.token(at);
            let next = match token {
                Token::End if rest.is_empty() => return true,
                Token::End => None,
                Token::Star => {
                    if self.view.token(at + 1) == Token::End {
                        return true;
                    }
                    star = Some((at + 1, rest));
                    Some(rest)
                }
                Token::Text(literal) => self.strip_text(rest, self.view.text(literal), case),
                Token::Chars(count) => skip_chars(rest, count),
                Token::Variable { slot, default } => {
                    let Some(value) = self.variable(slot, default.map(|text| self.view.text(text)))
                    else {
                        return false;
                    };
                    match case {
                        Case::Exact => rest.strip_prefix(value),
                        Case::Ascii => strip_ascii(rest, value),
                        Case::Fold => strip_ignoring_case(rest, value),
                    }
                }
            };
            match (next, star) {
                (Some(next), _) => {
                    rest = next;
                    at += 1;
                }
                (None, Some((after, from))) => {
                    let Some(from) = skip_chars(from, 1) else {
                        return false;
                    };
                    star = Some((after, from));
                    (at, rest) = (after, from);
                }
                (None, None) => return false,
            }
        }
    }

    /// The value of a variable (`VAR-6`, `VAR-9`): none if the key has several values, or has none
    /// and there is no default.
    pub(crate) fn variable(&self, slot: u32, default: Option<&'a str>) -> Option<&'a str> {
        match self.request.slot_values(self.image, slot) {
            [] => default,
            [value] => Some(self.request.value_text(value)),
            _ => None,
        }
    }

    fn strip_text<'t>(&self, text: &'t str, literal: &str, case: Case) -> Option<&'t str> {
        match case {
            Case::Exact => text.strip_prefix(literal),
            Case::Ascii => strip_ascii(text, literal),
            Case::Fold => strip_folded(text, literal),
        }
    }
}

/// Without a call into the C library, whose comparison of short texts can be slow (see
/// `docs/benchmarks/`): eight bytes at a time.
#[inline]
pub(crate) fn strip<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    equal(head, prefix).then_some(tail)
}

/// True if two texts of the same length are equal.
#[inline]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (a_words, a_tail) = a.as_chunks_8();
    let (b_words, b_tail) = b.as_chunks_8();
    a_words
        .zip(b_words)
        .all(|(a, b)| u64::from_le_bytes(a) == u64::from_le_bytes(b))
        && a_tail.iter().zip(b_tail).all(|(a, b)| a == b)
}

/// `as_chunks` for the minimum Rust version of this crate.
trait Chunks {
    fn as_chunks_8(&self) -> (impl Iterator<Item = [u8; 8]>, &[u8]);
}

impl Chunks for [u8] {
    #[inline]
    fn as_chunks_8(&self) -> (impl Iterator<Item = [u8; 8]>, &[u8]) {
        let chunks = self.chunks_exact(8);
        let tail = chunks.remainder();
        let words = chunks.map(|chunk| chunk.first_chunk::<8>().copied().unwrap_or_default());
        (words, tail)
    }
}

fn strip_ascii<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

fn skip_chars(text: &str, count: u32) -> Option<&str> {
    let mut chars = text.chars();
    for _ in 0..count {
        chars.next()?;
    }
    Some(chars.as_str())
}

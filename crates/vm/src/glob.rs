//! Matching a text against a pattern (`MATCH-1` to `MATCH-4`, `VAR-6` to `VAR-9`).

use portcullis_image::value::fold::strip_ignoring_case;
use portcullis_image::wire::u64_at;
use portcullis_image::{PatternKind, Token, TokenRef};

use crate::matcher::{Asked, Matcher};
use crate::slots::state;

/// How case is ignored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// ASCII letters are equal in either case.
    Ascii,
    /// Unicode simple case folding.
    Fold,
}

impl<'a, A: Asked<'a>> Matcher<'a, A> {
    /// True if the pattern matches the whole text.
    ///
    /// Takes at most time proportional to the product of both lengths: a star that was passed is
    /// never tried again, since what stands before the last star has found its first place.
    #[inline(always)]
    pub(crate) fn matches(&self, pattern: u32, text: &[u8]) -> bool {
        let Some(pattern) = self.view.find_pattern(pattern) else {
            return false;
        };
        let literal = pattern.literal().get(self.view.bytes());
        let Some(rest) = literal.and_then(|literal| strip(text, literal)) else {
            return false;
        };
        if pattern.is_prefix() {
            true
        } else if pattern.is_exact() {
            rest.is_empty()
        } else {
            self.matches_tokens(pattern.tokens(), rest)
        }
    }

    /// Works on bytes. Texts are UTF-8, and a literal that is UTF-8 cannot be found inside a
    /// character; only `?` has to know where characters end.
    ///
    /// A star that does not match colons stands in one of the first five parts of an ARN, whose ends are
    /// literal. So it is done with when the next part has begun, like any star that is not the last.
    fn matches_tokens(&self, start: u32, text: &[u8]) -> bool {
        let view = &self.view;
        let literal = |token: TokenRef<'_>| token.text().bytes(view.bytes());
        let mut at = start;
        let mut rest = text;
        // The token after the last star, the text from where it is to be found next, and whether the
        // star matches colons.
        let mut star: Option<(u32, &[u8], bool)> = None;
        loop {
            let token = view.token_ref(at);
            let next = match token.kind() {
                TokenRef::TEXT => strip(rest, literal(token)),
                TokenRef::STAR => {
                    // The usual ends need no second look.
                    if let Some([after, second, third]) = view.token_refs(at + 1) {
                        match (after.kind(), second.kind(), third.kind()) {
                            (TokenRef::END, ..) => return true,
                            (TokenRef::TEXT, TokenRef::END, _) => {
                                return ends_with(rest, literal(after));
                            }
                            (TokenRef::TEXT, TokenRef::STAR, TokenRef::END) => {
                                return find(rest, literal(after)).is_some();
                            }
                            _ => {}
                        }
                    }
                    star = Some((at + 1, rest, true));
                    None
                }
                TokenRef::FIELD => {
                    star = Some((at + 1, rest, false));
                    None
                }
                TokenRef::CHARS => skip_chars(rest, token.number()),
                kind @ (TokenRef::VARIABLE | TokenRef::VARIABLE_OR) => {
                    let default = match kind {
                        TokenRef::VARIABLE => None,
                        _ => Some(view.text(token.text())),
                    };
                    let Some(value) = self.variable(token.number(), default) else {
                        return false;
                    };
                    strip(rest, value.as_bytes())
                }
                _ if rest.is_empty() => return true,
                _ => None,
            };
            if let Some(next) = next {
                rest = next;
                at += 1;
                continue;
            }
            // What stands after the last star is tried at the next place.
            let Some((after, from, colons)) = star else {
                return false;
            };
            let mut place = from;
            (at, rest) = (after, from);
            let token = view.token_ref(after);
            if token.kind() == TokenRef::TEXT {
                // A literal is looked for at once, wherever it is.
                let Some((found, behind)) = find(from, literal(token)) else {
                    return false;
                };
                let passed = from.get(..from.len() - found.len());
                if !colons && passed.is_none_or(|passed| passed.contains(&b':')) {
                    return false;
                }
                place = found;
                (at, rest) = (after + 1, behind);
            }
            star = match place.first() {
                Some(b':') if !colons => None,
                _ => skip_chars(place, 1).map(|next| (after, next, colons)),
            };
        }
    }

    /// True if the pattern, which has no wildcards, is the whole text but for case.
    pub(crate) fn equals_ignoring_case(&self, pattern: u32, text: &str, case: Case) -> bool {
        let strip = |text, literal| match case {
            Case::Ascii => strip_ascii(text, literal),
            Case::Fold => strip_ignoring_case(text, literal),
        };
        let pattern = self.view.pattern(pattern);
        let Some(mut rest) = strip(text, self.view.text(pattern.literal)) else {
            return false;
        };
        if pattern.kind == PatternKind::Tokens {
            let mut at = pattern.tokens;
            loop {
                let piece = match self.view.token(at) {
                    Token::Text(text) => Some(self.view.text(text)),
                    Token::Variable { slot, default } => {
                        self.variable(slot, default.map(|text| self.view.text(text)))
                    }
                    Token::End => break,
                    Token::Star | Token::Field | Token::Chars(_) => None,
                };
                let Some(next) = piece.and_then(|piece| strip(rest, piece)) else {
                    return false;
                };
                rest = next;
                at += 1;
            }
        }
        rest.is_empty()
    }

    /// The value of a variable (`VAR-6`, `VAR-9`): none if the key has several values, or has none
    /// and there is no default.
    pub(crate) fn variable(&self, slot: u32, default: Option<&'a str>) -> Option<&'a str> {
        match self.asked.keys().settled(slot) {
            Some((..=state::UNUSABLE, value)) => Some(self.text(value)),
            Some((state::SEVERAL, _)) => None,
            _ => default,
        }
    }
}

/// Without a call into the C library, whose comparison of short texts can be slow (see
/// `docs/benchmarks/`): sixteen bytes at a time.
#[inline(always)]
pub(crate) fn strip<'t>(text: &'t [u8], prefix: &[u8]) -> Option<&'t [u8]> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    equal(head, prefix).then_some(tail)
}

/// The first place where the literal stands, and what stands behind it.
pub(crate) fn find<'t>(text: &'t [u8], literal: &[u8]) -> Option<(&'t [u8], &'t [u8])> {
    let Some(first) = literal.first() else {
        return Some((text, text));
    };
    let mut from = text;
    loop {
        // Where it begins it has room to end.
        let starts = from.get(..=from.len().checked_sub(literal.len())?)?;
        from = from.get(place_of(starts, *first)?..)?;
        if let Some(behind) = strip(from, literal) {
            return Some((from, behind));
        }
        from = from.get(1..)?;
    }
}

/// The first place of a byte, eight bytes at a time.
#[inline]
pub(crate) fn place_of(text: &[u8], byte: u8) -> Option<usize> {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let wanted = ONES.wrapping_mul(u64::from(byte));
    // A byte of the difference is zero where the text has the byte; the lowest such is found exactly.
    let zeros = |word: u64| {
        let difference = word ^ wanted;
        difference.wrapping_sub(ONES) & !difference & (ONES << 7)
    };
    let found = |place: usize, zeros: u64| Some(place + (zeros.trailing_zeros() / 8) as usize);
    let Some(last) = text.last_chunk::<8>() else {
        return text.iter().position(|other| *other == byte);
    };
    let mut place = 0;
    for word in text.chunks_exact(8) {
        let zeros = zeros(u64_at(word, 0));
        if zeros != 0 {
            return found(place, zeros);
        }
        place += 8;
    }
    // The last word overlaps the one before it, which has none.
    match zeros(u64::from_le_bytes(*last)) {
        0 => None,
        zeros => found(text.len() - 8, zeros),
    }
}

pub(crate) fn ends_with(text: &[u8], suffix: &[u8]) -> bool {
    text.len()
        .checked_sub(suffix.len())
        .and_then(|start| text.get(start..))
        .is_some_and(|tail| equal(tail, suffix))
}

/// True if two texts are equal.
#[inline(always)]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    // The last words overlap the ones before them, so that no rest is left.
    if let (Some(a_end), Some(b_end)) = (a.last_chunk::<16>(), b.last_chunk::<16>()) {
        let (mut a, mut b) = (a, b);
        while a.len() > 16 {
            let (Some((x, a_rest)), Some((y, b_rest))) =
                (a.split_first_chunk::<16>(), b.split_first_chunk::<16>())
            else {
                return false;
            };
            if x != y {
                return false;
            }
            (a, b) = (a_rest, b_rest);
        }
        return a_end == b_end;
    }
    if let (Some(a_start), Some(a_end), Some(b_start), Some(b_end)) = (
        a.first_chunk::<8>(),
        a.last_chunk::<8>(),
        b.first_chunk::<8>(),
        b.last_chunk::<8>(),
    ) {
        return a_start == b_start && a_end == b_end;
    }
    if let (Some(a_start), Some(a_end), Some(b_start), Some(b_end)) = (
        a.first_chunk::<4>(),
        a.last_chunk::<4>(),
        b.first_chunk::<4>(),
        b.last_chunk::<4>(),
    ) {
        return a_start == b_start && a_end == b_end;
    }
    a.iter().zip(b).all(|(x, y)| x == y)
}

fn strip_ascii<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

/// The text after some characters.
fn skip_chars(text: &[u8], count: u32) -> Option<&[u8]> {
    let mut rest = text;
    for _ in 0..count {
        let (_, mut after) = rest.split_first()?;
        while let Some((byte, tail)) = after.split_first() {
            if byte & 0xc0 != 0x80 {
                break;
            }
            after = tail;
        }
        rest = after;
    }
    Some(rest)
}

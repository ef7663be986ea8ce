//! Matching a text against a pattern (`MATCH-1` to `MATCH-4`, `VAR-6` to `VAR-9`).
//!
//! A pattern is a literal and, unless that is all, a run of tokens. Most patterns end with their literal or with one star
//! behind it, which is one comparison; the loop over tokens is for the others, and is a call of its own so that the usual
//! way stays short.
//!
//! Where variables get their values is a type ([`Variables`]): patterns of actions have none, and are matched before there
//! is a request. Automata were rejected: a directory has very many patterns, each of which is tried on few texts. Recursion was,
//! because a pattern must not choose how deep the stack gets; going back to the last star suffices.

use portcullis_image::Token;
use portcullis_image::value::fold::strip_ignoring_case;
use portcullis_image::{Id, Pattern, PatternKind, Ref, Slot, TokenKind, TokenRecord, View};

use crate::bytes::{ends_with, find, skip_chars, strip};

/// Where the variables of patterns get their values.
pub(crate) trait Variables<'a>: Copy {
    /// The value of a variable (`VAR-6`, `VAR-9`): none if the key has several values, or has none and there is no
    /// default.
    fn variable(self, slot: Id<Slot>, default: Option<&'a str>) -> Option<&'a str>;
}

/// No key has a value: for patterns that have no variables, as those of actions.
#[derive(Clone, Copy)]
pub(crate) struct NoVariables;

impl<'a> Variables<'a> for NoVariables {
    fn variable(self, _: Id<Slot>, default: Option<&'a str>) -> Option<&'a str> {
        default
    }
}

/// An image, and what is asked of it: what every test of a statement needs. Two references, made for each image of a decision.
#[derive(Clone, Copy)]
pub(crate) struct Matcher<'a, A> {
    pub(crate) view: View<'a>,
    /// What gives variables their values, and for statements the rest of the request.
    pub(crate) request: A,
}

/// How case is ignored in comparing texts with patterns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaseRule {
    /// ASCII letters are equal in either case.
    Ascii,
    /// Unicode simple case folding.
    Fold,
}

impl<'a, V: Variables<'a>> Matcher<'a, V> {
    /// True if the pattern matches the whole text.
    ///
    /// Takes at most time proportional to the product of both lengths: a star that was passed is
    /// never tried again, since what stands before the last star has matched at its first position.
    #[inline(always)]
    pub(crate) fn matches(&self, pattern: Id<Pattern>, text: &[u8]) -> bool {
        let Some(pattern) = self.view.find(pattern) else {
            return false;
        };
        let literal = pattern.literal().get(self.view.bytes());
        let Some(rest) = literal.and_then(|literal| strip(text, literal)) else {
            return false;
        };
        match pattern.kind() {
            PatternKind::Prefix => true,
            PatternKind::Exact => rest.is_empty(),
            PatternKind::Tokens => self.matches_tokens(pattern.tokens().0, rest),
        }
    }

    /// Works on bytes. Texts are UTF-8, and a literal that is UTF-8 cannot be found inside a
    /// character; only `?` has to know where characters end.
    ///
    /// A star that does not match colons stands in one of the first five parts of an ARN, whose ends are
    /// literal. So it is done with when the next part has begun, like any star that is not the last.
    fn matches_tokens(&self, start: Id<TokenRecord>, text: &[u8]) -> bool {
        let view = &self.view;
        let literal = |token: Ref<'_, TokenRecord>| token.literal().bytes(view.bytes());
        let mut at = start;
        let mut rest = text;
        // The token after the last star, the text from where it is to be found next, and whether the
        // star matches colons.
        let mut star: Option<(Id<TokenRecord>, &[u8], bool)> = None;
        loop {
            let token = view.read(at);
            let next = match token.kind() {
                TokenKind::Text => strip(rest, literal(token)),
                TokenKind::Star => {
                    // The usual ends need no second look.
                    if let Some([after, second, third]) = view.token_refs(at.next()) {
                        match (after.kind(), second.kind(), third.kind()) {
                            (TokenKind::End, ..) => return true,
                            (TokenKind::Text, TokenKind::End, _) => {
                                return ends_with(rest, literal(after));
                            }
                            (TokenKind::Text, TokenKind::Star, TokenKind::End) => {
                                return find(rest, literal(after)).is_some();
                            }
                            _ => {}
                        }
                    }
                    star = Some((at.next(), rest, true));
                    None
                }
                TokenKind::Field => {
                    star = Some((at.next(), rest, false));
                    None
                }
                TokenKind::Chars => skip_chars(rest, token.number()),
                kind @ (TokenKind::Variable | TokenKind::VariableOr) => {
                    let default = match kind {
                        TokenKind::Variable => None,
                        _ => Some(view.text(token.literal())),
                    };
                    let Some(value) = self.variable(Id::new(token.number()), default) else {
                        return false;
                    };
                    strip(rest, value.as_bytes())
                }
                TokenKind::End if rest.is_empty() => return true,
                TokenKind::End => None,
            };
            if let Some(next) = next {
                rest = next;
                at = at.next();
                continue;
            }
            // What stands after the last star is tried at the next position.
            let Some((after, from, colons)) = star else {
                return false;
            };
            let mut position = from;
            (at, rest) = (after, from);
            let token = view.read(after);
            if token.kind() == TokenKind::Text {
                // A literal is looked for at once, wherever it is.
                let Some((found, behind)) = find(from, literal(token)) else {
                    return false;
                };
                let passed = from.get(..from.len() - found.len());
                if !colons && passed.is_none_or(|passed| passed.contains(&b':')) {
                    return false;
                }
                position = found;
                (at, rest) = (after.next(), behind);
            }
            star = match position.first() {
                Some(b':') if !colons => None,
                _ => skip_chars(position, 1).map(|next| (after, next, colons)),
            };
        }
    }

    /// True if the pattern, which has no wildcards, is the whole text but for case.
    pub(crate) fn equals_ignoring_case(
        &self,
        pattern: Id<Pattern>,
        text: &str,
        case: CaseRule,
    ) -> bool {
        let strip = |text, literal| match case {
            CaseRule::Ascii => strip_ascii(text, literal),
            CaseRule::Fold => strip_ignoring_case(text, literal),
        };
        let pattern = self.view.get(pattern);
        let Some(mut rest) = strip(text, self.view.text(pattern.literal)) else {
            return false;
        };
        if pattern.kind == PatternKind::Tokens {
            for token in self.view.tokens(pattern.tokens) {
                let piece = match token {
                    Token::Text(text) => Some(self.view.text(text)),
                    Token::Variable { slot, default } => {
                        self.variable(slot, default.map(|text| self.view.text(text)))
                    }
                    Token::End | Token::Star | Token::Field | Token::Chars(_) => None,
                };
                let Some(next) = piece.and_then(|piece| strip(rest, piece)) else {
                    return false;
                };
                rest = next;
            }
        }
        rest.is_empty()
    }

    /// The value of a variable (`VAR-6`, `VAR-9`): none if the key has several values, or has none
    /// and there is no default.
    pub(crate) fn variable(&self, slot: Id<Slot>, default: Option<&'a str>) -> Option<&'a str> {
        self.request.variable(slot, default)
    }
}

/// The text behind a prefix, whose ASCII letters may be in either case.
fn strip_ascii<'t>(text: &'t str, prefix: &str) -> Option<&'t str> {
    let (head, tail) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(tail)
}

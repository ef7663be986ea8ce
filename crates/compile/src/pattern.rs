//! From the text of an entry to a pattern (`MATCH-1`, `VAR-1` to `VAR-8`).
//!
//! A pattern is a literal and what follows it:
//!
//! | text | literal | then |
//! |---|---|---|
//! | `arn:aws:s3:::reports` | all of it | nothing |
//! | `s3:get*` | `s3:get` | anything |
//! | `a*b?c` | `a` | star, `b`, one character, `c` |
//! | `*?*x` | empty | one character, star, `x` |
//! | `home/${aws:username}/*` | `home/` | variable, `/`, star |
//!
//! Patterns are normalized while they are built: neighboring texts are joined and runs of wildcards put in one order, so that
//! equal patterns are equal however they were written, and share a record. What may be a wildcard or a variable where is
//! said by whoever builds it ([`Reading`]). Building takes time linear in the text; texts are copied only where two are joined
//! or the case changes.
//!
//! Automata were rejected: a directory has very many patterns, each of which is tried on few texts, and one that is a literal
//! with a star, as most are, is matched by one comparison.

use std::borrow::Cow;

use portcullis_image::{
    Class, Id, MAX_CHARS, Pattern, PatternKind, Start, Token, TokenRecord, span,
};
use portcullis_source::words::{equal, first};
use portcullis_syntax::vars::{self, Variable};
use smallvec::SmallVec;

use crate::fold::{fold, lower};
use crate::program::Program;

/// How a text is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    /// `${…}` is a variable.
    pub(crate) variables: bool,
    /// `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
    /// The case of literal text.
    pub(crate) case: Case,
}

/// What is done to the case of literal text. Values of variables keep theirs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// As it is written.
    Keep,
    /// ASCII letters in lower case (`MATCH-10`).
    Lower,
    /// Unicode simple case folding (`COND-50`).
    Fold,
}

/// A piece of a pattern before it has a record in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
enum PatternPart<'t> {
    /// Literal text, never empty, and not beside another.
    Text(Cow<'t, str>),
    Star,
    /// Any run of characters but colons (`COND-60`).
    Field,
    /// As many characters, whatever they are.
    Chars(u32),
    /// The value of a key, or the default if the key is absent (`VAR-6`).
    Variable {
        /// As the policy spells it; keys are looked up without regard to case.
        key: &'t str,
        /// The text in quotes behind the key.
        default: Option<&'t str>,
    },
}

/// Builds one pattern from the texts of its pieces.
#[derive(Default)]
/// Builds one pattern from the texts of its pieces. It holds pieces, not records, until [`PatternBuilder::finish`]: some
/// conditions turn out to need no pattern, and then leave nothing behind in the program.
pub(crate) struct PatternBuilder<'t> {
    /// What was appended, normalized so far.
    parts: SmallVec<[PatternPart<'t>; 4]>,
}

impl<'t> PatternBuilder<'t> {
    /// An empty pattern, which matches the empty text.
    pub(crate) fn new() -> Self {
        PatternBuilder::default()
    }

    /// Appends a text, read in this way. `${*}`, `${?}` and `${$}` are literal characters (`VAR-8`).
    pub(crate) fn push(&mut self, text: &'t str, reading: Reading) {
        if !reading.variables || !vars::has_opening(text) {
            self.push_plain(text, reading);
            return;
        }
        for (range, piece) in vars::pieces(text) {
            match piece {
                vars::Piece::Variable(Variable::Literal(c)) => {
                    let literal = match c {
                        '*' => "*",
                        '?' => "?",
                        _ => "$",
                    };
                    self.push_text(literal, reading.case);
                }
                vars::Piece::Variable(Variable::Key { key, default }) => {
                    self.parts.push(PatternPart::Variable { key, default });
                }
                vars::Piece::Text(_) | vars::Piece::Malformed(_) => {
                    self.push_plain(text.get(range).unwrap_or(""), reading);
                }
            }
        }
    }

    /// Appends a part of an ARN in which stars do not match colons, if that is all that it has of
    /// wildcards and variables. False if it has others; the pattern is then of no use.
    pub(crate) fn push_field(&mut self, text: &'t str, reading: Reading) -> bool {
        let first = self.parts.len();
        self.push(text, reading);
        let parts = self
            .parts
            .get_mut(first.saturating_sub(1)..)
            .unwrap_or(&mut []);
        for part in parts {
            match part {
                PatternPart::Text(_) | PatternPart::Field => {}
                PatternPart::Star => *part = PatternPart::Field,
                PatternPart::Chars(_) | PatternPart::Variable { .. } => return false,
            }
        }
        true
    }

    /// Appends a text without variables.
    fn push_plain(&mut self, text: &'t str, reading: Reading) {
        if !reading.wildcards {
            self.push_text(text, reading.case);
            return;
        }
        let mut rest = text;
        let is_wildcard = |word| equal(word, b'*') | equal(word, b'?');
        while let Some(at) = first(rest.as_bytes(), is_wildcard) {
            let (before, wildcard) = rest.split_at_checked(at).unwrap_or((rest, ""));
            self.push_text(before, reading.case);
            let (wildcard, after) = wildcard.split_at_checked(1).unwrap_or((wildcard, ""));
            self.push_wildcard(wildcard == "*");
            rest = after;
        }
        self.push_text(rest, reading.case);
    }

    /// Runs of wildcards are kept as the characters first, then one star: `*?*` is `?*` (`MATCH-3`). Matching then tries a star
    /// once, where a run of stars would be tried in every combination.
    fn push_wildcard(&mut self, star: bool) {
        let had_star = self.parts.last() == Some(&PatternPart::Star);
        if star {
            if !had_star {
                self.parts.push(PatternPart::Star);
            }
            return;
        }
        if had_star {
            self.parts.pop();
        }
        match self.parts.last_mut() {
            Some(PatternPart::Chars(count)) if *count < MAX_CHARS => *count += 1,
            _ => self.parts.push(PatternPart::Chars(1)),
        }
        if had_star {
            self.parts.push(PatternPart::Star);
        }
    }

    /// Appends literal text, joined with what stands before it.
    fn push_text(&mut self, text: &'t str, case: Case) {
        if text.is_empty() {
            return;
        }
        let text = match case {
            Case::Keep => text.into(),
            Case::Lower => lower(text),
            Case::Fold => fold(text),
        };
        if let Some(PatternPart::Text(last)) = self.parts.last_mut() {
            last.to_mut().push_str(&text);
        } else {
            self.parts.push(PatternPart::Text(text));
        }
    }

    /// The text, if the pattern is nothing but text.
    pub(crate) fn into_text(mut self) -> Option<Cow<'t, str>> {
        match (self.parts.pop(), self.parts.is_empty()) {
            (None, _) => Some("".into()),
            (Some(PatternPart::Text(text)), true) => Some(text),
            _ => None,
        }
    }

    /// The two literals and what a value may have between and behind them ([`span`]), if the pattern is
    /// nothing else.
    pub(crate) fn as_span(&self) -> Option<(&str, &str, u64)> {
        let (parts, open) = match self.parts.as_slice() {
            [parts @ .., PatternPart::Star] => (parts, span::OPEN),
            parts => (parts, 0),
        };
        let (first, parts) = match parts {
            [PatternPart::Text(first), parts @ ..] => (&**first, parts),
            parts => ("", parts),
        };
        match parts {
            [] => Some((first, "", open)),
            [PatternPart::Star, PatternPart::Text(second)] => {
                Some((first, second, span::STAR | open))
            }
            [PatternPart::Field, PatternPart::Text(second)] if second.starts_with(':') => {
                Some((first, second, span::FIELD | open))
            }
            _ => None,
        }
    }

    /// Gives the pattern a number in the program: that of an equal one if there is one.
    pub(crate) fn finish(self, program: &mut Program) -> Id<Pattern> {
        let mut parts = self.parts.as_slice();
        let mut literal = "";
        if let [PatternPart::Text(text), rest @ ..] = parts {
            literal = text;
            parts = rest;
        }
        let literal = program.strings.intern(literal);
        let (kind, tokens) = match parts {
            [] => (PatternKind::Exact, Start(Id::FIRST)),
            [PatternPart::Star] => (PatternKind::Prefix, Start(Id::FIRST)),
            _ => {
                let mut tokens: SmallVec<[TokenRecord; 8]> = SmallVec::new();
                for part in parts {
                    tokens.push(token(part, program).into());
                }
                tokens.push(Token::End.into());
                (
                    PatternKind::Tokens,
                    Start(program.tokens.intern(&tokens).0.first),
                )
            }
        };
        program.patterns.intern(Pattern {
            kind,
            literal,
            tokens,
        })
    }
}

/// The token of a piece; a variable gets a slot.
fn token(part: &PatternPart<'_>, program: &mut Program) -> Token {
    match part {
        PatternPart::Text(text) => Token::Text(program.strings.intern(text)),
        PatternPart::Star => Token::Star,
        PatternPart::Field => Token::Field,
        PatternPart::Chars(count) => Token::Chars(*count),
        PatternPart::Variable { key, default } => Token::Variable {
            slot: program.slot(key, Class::Text),
            default: default.map(|text| program.strings.intern(text)),
        },
    }
}

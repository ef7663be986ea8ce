//! From the text of an entry to a pattern (`MATCH-1`, `VAR-1` to `VAR-8`).
//!
//! A pattern is normalised while it is built: neighbouring texts are joined and runs of wildcards put in one order, so that
//! equal patterns are equal however they were written, and share a record. What may be a wildcard or a variable where is
//! said by whoever builds it ([`Reading`]).

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

/// What is done to the case of literal text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    Keep,
    /// ASCII letters in lower case (`MATCH-10`).
    Lower,
    /// Unicode simple case folding (`COND-50`).
    Fold,
}

/// A part of a pattern before it has a place in the image.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'t> {
    Text(Cow<'t, str>),
    Star,
    Field,
    Chars(u32),
    Variable {
        key: &'t str,
        default: Option<&'t str>,
    },
}

/// Builds one pattern from the texts of its pieces.
#[derive(Default)]
pub(crate) struct PatternBuilder<'t> {
    parts: SmallVec<[Part<'t>; 4]>,
}

impl<'t> PatternBuilder<'t> {
    /// A pattern for the empty text.
    pub(crate) fn new() -> Self {
        PatternBuilder::default()
    }

    /// Appends a text, read in this way.
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
                    self.parts.push(Part::Variable { key, default });
                }
                vars::Piece::Text(_) | vars::Piece::Malformed(_) => {
                    self.push_plain(text.get(range).unwrap_or(""), reading);
                }
            }
        }
    }

    /// Appends a part of an ARN in which stars do not match colons, if that is all that it has of
    /// wildcards and variables.
    pub(crate) fn push_field(&mut self, text: &'t str, reading: Reading) -> bool {
        let first = self.parts.len();
        self.push(text, reading);
        let parts = self
            .parts
            .get_mut(first.saturating_sub(1)..)
            .unwrap_or(&mut []);
        for part in parts {
            match part {
                Part::Text(_) | Part::Field => {}
                Part::Star => *part = Part::Field,
                Part::Chars(_) | Part::Variable { .. } => return false,
            }
        }
        true
    }

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

    /// Runs of wildcards are kept as the characters first, then one star: `*?*` is `?*` (`MATCH-3`).
    fn push_wildcard(&mut self, star: bool) {
        let had_star = self.parts.last() == Some(&Part::Star);
        if star {
            if !had_star {
                self.parts.push(Part::Star);
            }
            return;
        }
        if had_star {
            self.parts.pop();
        }
        match self.parts.last_mut() {
            Some(Part::Chars(count)) if *count < MAX_CHARS => *count += 1,
            _ => self.parts.push(Part::Chars(1)),
        }
        if had_star {
            self.parts.push(Part::Star);
        }
    }

    fn push_text(&mut self, text: &'t str, case: Case) {
        if text.is_empty() {
            return;
        }
        let text = match case {
            Case::Keep => text.into(),
            Case::Lower => lower(text),
            Case::Fold => fold(text),
        };
        if let Some(Part::Text(last)) = self.parts.last_mut() {
            last.to_mut().push_str(&text);
        } else {
            self.parts.push(Part::Text(text));
        }
    }

    /// The text, if the pattern is nothing but text.
    pub(crate) fn into_text(mut self) -> Option<Cow<'t, str>> {
        match (self.parts.pop(), self.parts.is_empty()) {
            (None, _) => Some("".into()),
            (Some(Part::Text(text)), true) => Some(text),
            _ => None,
        }
    }

    /// The two literals and what a value may have between and behind them ([`span`]), if the pattern is
    /// nothing else.
    pub(crate) fn as_span(&self) -> Option<(&str, &str, u64)> {
        let (parts, open) = match self.parts.as_slice() {
            [parts @ .., Part::Star] => (parts, span::OPEN),
            parts => (parts, 0),
        };
        let (first, parts) = match parts {
            [Part::Text(first), parts @ ..] => (&**first, parts),
            parts => ("", parts),
        };
        match parts {
            [] => Some((first, "", open)),
            [Part::Star, Part::Text(second)] => Some((first, second, span::STAR | open)),
            [Part::Field, Part::Text(second)] if second.starts_with(':') => {
                Some((first, second, span::FIELD | open))
            }
            _ => None,
        }
    }

    /// Gives the pattern a number in the program.
    pub(crate) fn finish(self, program: &mut Program) -> Id<Pattern> {
        let mut parts = self.parts.as_slice();
        let mut literal = "";
        if let [Part::Text(text), rest @ ..] = parts {
            literal = text;
            parts = rest;
        }
        let literal = program.strings.intern(literal);
        let (kind, tokens) = match parts {
            [] => (PatternKind::Exact, Start(Id::FIRST)),
            [Part::Star] => (PatternKind::Prefix, Start(Id::FIRST)),
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

fn token(part: &Part<'_>, program: &mut Program) -> Token {
    match part {
        Part::Text(text) => Token::Text(program.strings.intern(text)),
        Part::Star => Token::Star,
        Part::Field => Token::Field,
        Part::Chars(count) => Token::Chars(*count),
        Part::Variable { key, default } => Token::Variable {
            slot: program.slot(key, Class::Text),
            default: default.map(|text| program.strings.intern(text)),
        },
    }
}

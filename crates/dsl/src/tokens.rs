//! From the lexer to the parser: comments are set aside, `or absent` becomes one token, and what
//! nests too deep is turned away before anything recurses.

use crate::codes;
use crate::lexer::Token;
use crate::limits::{MAX_DEPTH, MAX_TEXT};
use logos::Logos;
use portcullis_source::Diagnostic;
use portcullis_syntax::ast::Span;

/// A token with its place.
pub(crate) type Placed<'s> = (usize, Token<'s>, usize);

/// A comment with its place; the text begins with `#` and ends before the line's blanks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Comment<'s> {
    pub(crate) start: usize,
    pub(crate) text: &'s str,
}

/// What the parser reads.
#[derive(Debug, Default)]
pub(crate) struct Tokens<'s> {
    pub(crate) list: Vec<Placed<'s>>,
    pub(crate) comments: Vec<Comment<'s>>,
    pub(crate) problems: Vec<Diagnostic>,
    /// True if the parser must not see the tokens.
    pub(crate) unusable: bool,
}

/// A span from byte offsets; texts are shorter than [`MAX_TEXT`].
pub(crate) fn span(start: usize, end: usize) -> Span {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: number(start),
        end: number(end),
    }
}

/// Cuts a text into tokens.
pub(crate) fn scan(text: &str) -> Tokens<'_> {
    let mut tokens = Tokens::default();
    if text.len() > MAX_TEXT {
        let message = format!(
            "the text has {} bytes; a file may have at most {MAX_TEXT}",
            text.len()
        );
        tokens.problems.push(Diagnostic::error(
            codes::DOCUMENT_TOO_LARGE,
            span(0, 0),
            message,
        ));
        tokens.unusable = true;
        return tokens;
    }
    let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
    let body = text.get(bom..).unwrap_or_default();
    let mut depth = 0_usize;
    for (token, range) in Token::lexer(body).spanned() {
        let (start, end) = (range.start + bom, range.end + bom);
        let found = body.get(range).unwrap_or_default();
        let token = token.unwrap_or(Token::Bad(found));
        match token {
            Token::Comment(text) => {
                let text = text.trim_end();
                tokens.comments.push(Comment { start, text });
                continue;
            }
            Token::Bad(text) if text.starts_with("//") => {
                tokens.problems.push(
                    Diagnostic::error(
                        codes::SYNTAX_ERROR,
                        span(start, start + 2),
                        "this is not a comment",
                    )
                    .with_help("comments begin with `#`; quote a value that begins with `//`"),
                );
                continue;
            }
            // One character after the other that nothing begins with is one problem.
            Token::Bad(_) => {
                if let Some((before, Token::Bad(first), last)) = tokens.list.last_mut() {
                    if *last == start && !first.starts_with('"') && !found.starts_with('"') {
                        *last = end;
                        *first = text.get(*before..end).unwrap_or_default();
                        continue;
                    }
                }
            }
            Token::ParenOpen => {
                depth += 1;
                if depth > MAX_DEPTH {
                    let message = format!("parentheses nest deeper than {MAX_DEPTH}");
                    tokens.problems.push(Diagnostic::error(
                        codes::DOCUMENT_TOO_DEEP,
                        span(start, end),
                        message,
                    ));
                    tokens.unusable = true;
                    return tokens;
                }
            }
            Token::ParenClose => depth = depth.saturating_sub(1),
            // A parenthesis left open must not count for what follows.
            Token::BraceOpen | Token::BraceClose | Token::Allow | Token::Deny => depth = 0,
            Token::Absent => {
                if let Some((_, before @ Token::Or, last)) = tokens.list.last_mut() {
                    *before = Token::OrAbsent;
                    *last = end;
                    continue;
                }
            }
            _ => {}
        }
        tokens.list.push((start, token, end));
    }
    tokens
}

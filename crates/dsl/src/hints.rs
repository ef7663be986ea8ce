//! What is said of a syntax error: in the words of a writer of policies, with what to do about it.
//! The parser knows which tokens it would have taken; nobody wants to read that list.

mod phrases;
mod words;

use crate::codes;
use crate::lexer::Token;
use crate::tokens::{Placed, span};
use portcullis_source::suggest::nearest;
use portcullis_source::{Diagnostic, quoted};

/// An error and what is around it.
struct Scene<'e, 's> {
    text: &'s str,
    tokens: &'e [Placed<'s>],
    index: usize,
    expected: &'e [String],
}

/// Describes the error at a token, or at the end of the text if the index is beyond the last.
pub(crate) fn explain(
    text: &str,
    tokens: &[Placed<'_>],
    index: usize,
    expected: &[String],
) -> Diagnostic {
    let scene = Scene {
        text,
        tokens,
        index,
        expected,
    };
    let (message, help) = scene.describe();
    let diagnostic =
        Diagnostic::error(codes::SYNTAX_ERROR, scene.place(), message).with_help_if(help);
    match scene.unclosed() {
        Some(open) => diagnostic.with_related(span(open, open + 1), "this one is not closed"),
        None => diagnostic,
    }
}

type Said = (String, Option<String>);

fn said(message: impl Into<String>, help: impl Into<String>) -> Said {
    (message.into(), Some(help.into()))
}

impl<'s> Scene<'_, 's> {
    fn token(&self, index: usize) -> Option<Token<'s>> {
        self.tokens.get(index).map(|(_, token, _)| *token)
    }

    fn found(&self) -> Option<Token<'s>> {
        self.token(self.index)
    }

    fn before(&self) -> Option<Token<'s>> {
        self.token(self.index.checked_sub(1)?)
    }

    /// The source of a token.
    fn slice(&self, index: usize) -> &'s str {
        let range = self.tokens.get(index).map(|(start, _, end)| *start..*end);
        range
            .and_then(|range| self.text.get(range))
            .unwrap_or_default()
    }

    fn slice_before(&self) -> &'s str {
        self.index
            .checked_sub(1)
            .map_or("", |index| self.slice(index))
    }

    fn place(&self) -> portcullis_syntax::ast::Span {
        match self.tokens.get(self.index) {
            Some((start, _, end)) => span(*start, *end),
            None => span(self.text.len(), self.text.len()),
        }
    }

    fn expects(&self, token: &str) -> bool {
        self.expected
            .iter()
            .any(|name| name.trim_matches('"') == token)
    }

    /// True where an entry or a value can stand.
    fn expects_text(&self) -> bool {
        self.expects("STRING")
    }

    /// True where a statement can begin.
    fn expects_statement(&self) -> bool {
        self.expects("allow") && self.expects("apply")
    }

    fn expects_operator(&self) -> bool {
        self.expects("is") && self.expects("in")
    }

    /// The brace that is open at the error, if the error is that it is not closed.
    fn unclosed(&self) -> Option<usize> {
        if !self.expects("}") || !(self.found().is_none() || self.is_item_head()) {
            return None;
        }
        let mut open = Vec::new();
        for (start, token, _) in self.tokens.iter().take(self.index) {
            match token {
                Token::BraceOpen => open.push(*start),
                Token::BraceClose => {
                    open.pop();
                }
                _ => {}
            }
        }
        open.pop()
    }

    /// True if an item begins at the error: its word, a name and a brace or an equals sign.
    fn is_item_head(&self) -> bool {
        let third = self.token(self.index + 2);
        match self.found() {
            Some(Token::Policy(_) | Token::Test(_)) => third == Some(Token::BraceOpen),
            Some(Token::Template(_)) => third == Some(Token::ParenOpen),
            Some(Token::Let(_)) => third == Some(Token::Equal),
            Some(Token::Type(_)) => matches!(self.token(self.index + 1), Some(Token::Policy(_))),
            _ => false,
        }
    }

    fn describe(&self) -> Said {
        let Some(found) = self.found() else {
            return match self.unclosed() {
                Some(_) => said("a `}` is missing at the end of the text", "add `}`"),
                None => (
                    format!("the text ends where {} should follow", self.wanted()),
                    None,
                ),
            };
        };
        if self.unclosed().is_some() {
            return said(
                "a `}` is missing before this line",
                "policies, templates and tests cannot be nested",
            );
        }
        self.bad(found)
            .or_else(|| self.statement(found))
            .or_else(|| self.condition(found))
            .or_else(|| self.order(found))
            .or_else(|| self.entry(found))
            .unwrap_or_else(|| self.plain())
    }

    fn plain(&self) -> Said {
        let found = quoted(self.slice(self.index));
        let message = format!("expected {}, found {found}", self.wanted());
        (message, None)
    }

    /// Texts that are not of the language anywhere.
    fn bad(&self, found: Token<'_>) -> Option<Said> {
        let Token::Bad(text) = found else {
            return None;
        };
        Some(match text {
            "==" => return self.condition(found).or_else(|| Some(self.plain())),
            "&&" => said("conditions are joined by `and`", "write `and`"),
            "||" => said("conditions are joined by `or`", "write `or`"),
            text if text.starts_with('"') => said(
                "the string does not end on its line",
                "close it with `\"`; write `\\n` for a line break and `\\t` for a tab",
            ),
            text if text.starts_with(';') => said(
                "statements and definitions need no `;`",
                "remove it: a statement ends where the next one begins",
            ),
            text if text.starts_with('$') => said(
                "this does not start a variable",
                "a variable is `${key}` or `${key, 'default'}`; put other text in quotes",
            ),
            text => said(
                format!("{} is only allowed in quotes", quoted(text)),
                "put the whole text in quotes",
            ),
        })
    }

    /// Where a statement or an item should begin.
    fn statement(&self, found: Token<'s>) -> Option<Said> {
        let text = self.slice(self.index);
        if self.expects("template") && found == Token::BraceOpen && self.index == 0 {
            return Some(said(
                "this looks like JSON",
                "`portcullis convert` converts it to the policy language",
            ));
        }
        if self.expects("template") && !self.expects_statement() {
            if matches!(found, Token::Allow | Token::Deny) {
                return Some(said(
                    "a statement must be inside a policy",
                    "write `policy name {` before it and `}` after it",
                ));
            }
            if let Token::Word(word) = found {
                let heads = [
                    "policy", "let", "use", "template", "test", "identity", "boundary", "session",
                    "resource", "trust", "scp", "rcp", "endpoint",
                ];
                let message = format!("{} does not start an item", quoted(word));
                let help =
                    portcullis_source::suggest::did_you_mean(word, heads).unwrap_or_else(|| {
                        "a file contains `policy`, `let`, `use`, `template` and `test` items".into()
                    });
                return Some(said(message, help));
            }
        }
        if !self.expects_statement() {
            return None;
        }
        if let Token::Word(word) = found {
            if word.starts_with("/*") {
                return Some(said("this is not a comment", "comments begin with `#`"));
            }
            if let Some((label, effect @ ("allow" | "deny"))) = word.rsplit_once(':') {
                return Some(said(
                    "the colon of a label must be followed by a space",
                    format!("write `{label}: {effect}`"),
                ));
            }
            if self.expects(",") && words::effect(word).is_none() {
                return self.entry(found);
            }
            let help = words::effect(word).map_or_else(
                || "write `allow` or `deny` first, then the actions".into(),
                |effect| format!("did you mean `{effect}`?"),
            );
            let message = format!(
                "a statement begins with `allow` or `deny`, not {}",
                quoted(text)
            );
            return Some(said(message, help));
        }
        None
    }

    /// Tests and what joins them.
    fn condition(&self, found: Token<'s>) -> Option<Said> {
        let key = self.slice_before();
        let text = self.slice(self.index);
        if self.expects_operator() {
            return Some(match found {
                Token::Bad("==") => said("this is written `=`", format!("write `{key} = ...`")),
                Token::Comma => said("conditions are joined by `and` or `or`", "write `and`"),
                Token::Word(word) => {
                    let message = format!("{} is not an operator", quoted(word));
                    match words::operator(word, key) {
                        Some(help) => said(message, help),
                        None => said(message, phrases::OPERATORS),
                    }
                }
                _ => {
                    let message = format!(
                        "an operator should follow the condition key {}, not {}",
                        quoted(key),
                        quoted(text)
                    );
                    said(message, phrases::OPERATORS)
                }
            });
        }
        let before = self.before()?;
        let key = self.index.checked_sub(2).map_or("", |at| self.slice(at));
        match (before, found) {
            (Token::Equal, Token::BracketOpen) if self.expects_text() => Some(said(
                "`=` takes one value",
                format!("write `{key} in [...]` for a list"),
            )),
            (Token::NotEqual, Token::BracketOpen) => Some(said(
                "`!=` takes one value",
                format!("write `{key} not in [...]` for a list"),
            )),
            (Token::Equal, Token::Equal) => {
                Some(said("this is written `=`", format!("write `{key} = ...`")))
            }
            (Token::In, _) => Some(said(
                "a list in square brackets should follow `in`",
                "write `in [a, b]`, or `in <name>` for a list with a name",
            )),
            (Token::Is, Token::Not) | (Token::Not, Token::Is) => Some(said(
                "`is` has no negation",
                "`is false` fails where the key is absent, `is false or absent` holds there",
            )),
            (Token::Not, _) if self.expects("in") => Some(said(
                format!("{} cannot follow `not`", quoted(text)),
                "`not` goes before `in`, `like`, `matches` and `within`; write `!=` for one value",
            )),
            (_, Token::Comma) if self.expects("and") => Some(said(
                "conditions are joined by `and` or `or`, not by a comma",
                "write `and`",
            )),
            (_, Token::Ignoring) => Some(said(
                "`ignoring case` follows `=`, `!=`, `in` or `not in` and its values",
                "remove it",
            )),
            _ => None,
        }
    }

    /// Clauses in another order than the one there is.
    fn order(&self, found: Token<'s>) -> Option<Said> {
        let word = match found {
            Token::On => "on",
            Token::To => "to",
            Token::When => "when",
            Token::Unless => "unless",
            _ => return None,
        };
        if self.expects_text() && !self.expects("and") && !self.expects(",") {
            return None;
        }
        let start = self.tokens.get(..self.index)?;
        let start = start
            .iter()
            .rposition(|(_, token, _)| matches!(token, Token::Allow | Token::Deny))?;
        let clauses = self.tokens.get(start..self.index)?;
        let is_there = clauses.iter().any(|(_, token, _)| *token == found);
        let message = if is_there {
            format!("this statement already has `{word}`")
        } else {
            format!("`{word}` comes too late in this statement")
        };
        let help = match (is_there, found) {
            (true, Token::When | Token::Unless) => "join conditions with `and`",
            (true, _) => "put everything in one list, separated by commas",
            _ => "the order is: actions, `on`, `to`, `when`, `unless`",
        };
        Some(said(message, help))
    }

    /// The word that could stand here, if one is likely to be meant.
    fn meant(&self, word: &str) -> Option<&'static str> {
        const WORDS: [&str; 12] = [
            "absent", "allow", "and", "by", "deny", "except", "ignoring", "on", "or", "to",
            "unless", "when",
        ];
        let able = WORDS.into_iter().filter(|own| self.expects(own));
        let other = match word {
            "for" | "at" | "resource" | "resources" => "on",
            "if" | "where" | "provided" | "while" => "when",
            "but" | "without" => "except",
            "principal" | "principals" | "from" => "to",
            _ => return nearest(word, able),
        };
        self.expects(other).then_some(other)
    }

    /// Entries and values.
    fn entry(&self, found: Token<'s>) -> Option<Said> {
        if self.before() == Some(Token::BracketOpen) && self.expects("]") && !self.expects_text() {
            return Some(said(
                "actions, resources and principals take no brackets",
                "write them one after the other, separated by commas",
            ));
        }
        if !self.expects_text() && !self.expects(",") {
            return None;
        }
        let text = self.slice(self.index);
        match found {
            Token::Label(label) if self.expects_text() => {
                let next = match self.token(self.index + 1) {
                    Some(Token::Word(word)) => word,
                    _ => "Name",
                };
                Some(said(
                    format!("{} is a label, which is not allowed here", quoted(label)),
                    format!("did you mean `{label}{next}`? an action contains no spaces"),
                ))
            }
            Token::ParenOpen if self.expects_text() => {
                Some(said("write lists in square brackets", "write `[a, b]`"))
            }
            Token::Word("aws") => Some(said(
                "AWS principals take no keyword",
                "write the account, the ARN or `*` directly after `to`",
            )),
            Token::Word(word) if self.expects(",") && self.meant(word).is_some() => {
                let meant = self.meant(word).unwrap_or_default();
                Some(said(
                    format!("{} is no word of the language", quoted(text)),
                    format!("did you mean `{meant}`?"),
                ))
            }
            Token::Word(_) | Token::String(_) if self.expects(",") => Some(said(
                format!("a comma is missing before {}", quoted(text)),
                "separate the entries of a list with commas",
            )),
            _ if self.expects_text()
                && (found.is_hard_keyword() || found.soft_keyword().is_some()) =>
            {
                let message = format!("{} is a keyword; expected {}", quoted(text), self.wanted());
                Some(said(
                    message,
                    format!("write `\"{text}\"` for the literal text"),
                ))
            }
            _ => None,
        }
    }
}

//! From tokens to the tree.

use super::lexer::{LexError, Lexer, Token};
use super::text::unescape;
use super::tree::{Member, Node, Value};
use super::{LOOKALIKE, MAX_DEPTH, MAX_TEXT};
use crate::{Diagnostic, Sink, Span, Text, codes, lookalike, quoted};
use bumpalo::Bump;
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Objects with more members than this are checked for duplicates with a hash table.
const FEW_MEMBERS: usize = 12;

/// What most texts need room for: policies are many and small, and growing stacks took a tenth of the time to read one.
const FEW: usize = 16;

/// What ends the reading; in a box, since it is rare and large.
type Failure = Box<Diagnostic>;

/// What may come next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// A value.
    Value,
    /// A value, or the end of the array that was just opened.
    FirstElement,
    /// A member name, or the end of the object that was just opened.
    FirstKey,
    /// A member name.
    Key,
    /// The colon after a member name.
    Colon,
    /// A comma, or the end of the array or object.
    Separator,
    /// The end of the text.
    End,
}

/// An array or object that is still open.
struct Frame<'a> {
    is_object: bool,
    open: Span,
    /// Where its elements or members start on their stack.
    base: usize,
    /// The name of the member being read.
    key: Text<'a>,
}

struct Reader<'a, 'n> {
    text: &'a str,
    /// Where texts are unescaped.
    texts: &'a Bump,
    /// Where elements and members are kept.
    tree: &'n Bump,
    lexer: Lexer<'a>,
    frames: Vec<Frame<'a>>,
    nodes: Vec<Node<'a, 'n>>,
    members: Vec<Member<'a, 'n>>,
    sink: Sink,
}

/// Reads the rest of a text, from a byte on that begins a character.
pub(super) fn read<'a, 'n>(
    text: &'a str,
    start: usize,
    texts: &'a Bump,
    tree: &'n Bump,
) -> (Option<Node<'a, 'n>>, Sink) {
    let own = text.get(start..).unwrap_or_default();
    if own.len() > MAX_TEXT {
        let diagnostic = Diagnostic::error(
            codes::DOCUMENT_TOO_LARGE,
            to_span(start..start),
            format!("the text has {} bytes, {MAX_TEXT} are allowed", own.len()),
        );
        let mut sink = Sink::default();
        sink.push(diagnostic);
        return (None, sink);
    }
    let mark = match own.starts_with('\u{feff}') {
        true => '\u{feff}'.len_utf8(),
        false => 0,
    };
    let mut reader = Reader {
        text,
        texts,
        tree,
        lexer: Lexer::new(text, start + mark),
        frames: Vec::with_capacity(FEW),
        nodes: Vec::with_capacity(FEW),
        members: Vec::with_capacity(FEW),
        sink: Sink::default(),
    };
    let node = match reader.run() {
        Ok(node) => Some(node),
        Err(diagnostic) => {
            reader.check_open_objects();
            reader.sink.push(*diagnostic);
            None
        }
    };
    (node, reader.sink)
}

impl<'a, 'n> Reader<'a, 'n> {
    fn run(&mut self) -> Result<Node<'a, 'n>, Failure> {
        let mut state = State::Value;
        let mut root = None;
        while let Some(token) = self.lexer.next() {
            let token = token.map_err(|error| self.lex_error(error))?;
            state = match (state, token) {
                (State::Value | State::FirstElement, Token::BracketOpen) => {
                    self.open(false)?;
                    State::FirstElement
                }
                (State::Value | State::FirstElement, Token::BraceOpen) => {
                    self.open(true)?;
                    State::FirstKey
                }
                (State::FirstElement | State::Separator, Token::BracketClose)
                    if !self.in_object() =>
                {
                    self.close(&mut root)
                }
                (State::FirstKey | State::Separator, Token::BraceClose) if self.in_object() => {
                    self.close(&mut root)
                }
                (State::Value | State::FirstElement, _) => {
                    let value = self.scalar(token)?;
                    let span = self.span();
                    self.attach(Node { span, value }, &mut root)
                }
                (State::Key | State::FirstKey, Token::String(escapes)) => {
                    let value = self.string(escapes)?;
                    let span = self.span();
                    if let Some(frame) = self.frames.last_mut() {
                        frame.key = Text { value, span };
                    }
                    match self.lexer.skip(b':') {
                        true => State::Value,
                        false => State::Colon,
                    }
                }
                (State::Colon, Token::Colon) => State::Value,
                (State::Separator, Token::Comma) if self.in_object() => State::Key,
                (State::Separator, Token::Comma) => State::Value,
                _ => return Err(self.unexpected(state, token).into()),
            };
        }
        match (state, root) {
            (State::End, Some(node)) => Ok(node),
            _ => Err(self.early_end().into()),
        }
    }

    fn span(&self) -> Span {
        to_span(self.lexer.span())
    }

    fn in_object(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.is_object)
    }

    fn open(&mut self, is_object: bool) -> Result<(), Failure> {
        let open = self.span();
        if self.frames.len() == MAX_DEPTH {
            let message = format!("arrays and objects nest deeper than {MAX_DEPTH}");
            return Err(Diagnostic::error(codes::DOCUMENT_TOO_DEEP, open, message).into());
        }
        self.frames.push(Frame {
            is_object,
            open,
            base: if is_object {
                self.members.len()
            } else {
                self.nodes.len()
            },
            key: Text {
                value: "",
                span: open,
            },
        });
        Ok(())
    }

    fn close(&mut self, root: &mut Option<Node<'a, 'n>>) -> State {
        let Some(frame) = self.frames.pop() else {
            return State::End;
        };
        let span = frame.open.to(self.span());
        let value = if frame.is_object {
            let members = self.members.get(frame.base..).unwrap_or_default();
            check_duplicates(members.iter().map(|m| m.key), members.len(), &mut self.sink);
            let members = self.tree.alloc_slice_copy(members);
            self.members.truncate(frame.base);
            Value::Object(members)
        } else {
            let elements = self.nodes.get(frame.base..).unwrap_or_default();
            let elements = self.tree.alloc_slice_copy(elements);
            self.nodes.truncate(frame.base);
            Value::Array(elements)
        };
        self.attach(Node { span, value }, root)
    }

    /// Puts a finished value where it belongs.
    #[inline(always)]
    fn attach(&mut self, node: Node<'a, 'n>, root: &mut Option<Node<'a, 'n>>) -> State {
        match self.frames.last() {
            None => {
                *root = Some(node);
                State::End
            }
            Some(frame) if frame.is_object => {
                self.members.push(Member {
                    key: frame.key,
                    value: node,
                });
                match self.lexer.skip(b',') {
                    true => State::Key,
                    false => State::Separator,
                }
            }
            Some(_) => {
                self.nodes.push(node);
                match self.lexer.skip(b',') {
                    true => State::Value,
                    false => State::Separator,
                }
            }
        }
    }

    #[inline(always)]
    fn scalar(&self, token: Token) -> Result<Value<'a, 'n>, Failure> {
        Ok(match token {
            Token::Null => Value::Null,
            Token::True => Value::Bool(true),
            Token::False => Value::Bool(false),
            Token::Number => Value::Number(self.lexer.slice()),
            Token::String(escapes) => Value::String(self.string(escapes)?),
            _ => return Err(self.unexpected(State::Value, token).into()),
        })
    }

    #[inline(always)]
    fn string(&self, escapes: bool) -> Result<&'a str, Failure> {
        let span = self.lexer.span();
        let raw = self.text.get(span.start + 1..span.end - 1);
        let raw = raw.unwrap_or_default();
        if !escapes {
            return Ok(raw);
        }
        unescape(raw, self.texts).map_err(|error| {
            let inside = span.start + 1;
            let span = to_span(inside + error.start..inside + error.end);
            self.syntax_error(span, error.message.to_owned()).into()
        })
    }

    fn syntax_error(&self, span: Span, message: String) -> Diagnostic {
        Diagnostic::error(codes::JSON_SYNTAX_ERROR, span, message)
    }

    fn lex_error(&self, error: LexError) -> Diagnostic {
        let start = self.lexer.span().start;
        let rest = self.text.get(start..).unwrap_or_default();
        let first = rest.chars().next().unwrap_or_default();
        let at_first = to_span(start..start + first.len_utf8());
        match error {
            LexError::Control => {
                let at = self.lexer.span().end;
                let code = self.text.as_bytes().get(at).copied().unwrap_or_default();
                let message = if matches!(code, b'\n' | b'\r') {
                    "the line ends inside a string".to_owned()
                } else {
                    format!("a string cannot hold the control character U+{code:04X}")
                };
                self.syntax_error(to_span(at..at + 1), message)
                    .with_help(format!(
                        "write it as `\\u{code:04x}`, or close the string before it"
                    ))
                    .with_help_if(self.curly_quote(start..at))
                    .with_related(at_first, "the string starts here")
            }
            LexError::Unclosed => {
                let line = rest.lines().next().unwrap_or_default();
                self.syntax_error(at_first, "the string is not closed".to_owned())
                    .with_help_if(self.curly_quote(start..start + line.len()))
            }
            LexError::Unexpected => {
                let mut case = "";
                let (message, help) = match first {
                    '-' => ("`-` must be followed by a digit".to_owned(), None),
                    '\'' => (
                        "unexpected `'`".to_owned(),
                        Some("write strings in double quotes"),
                    ),
                    '/' | '#' => (
                        format!("unexpected `{first}`"),
                        Some("JSON has no comments"),
                    ),
                    other => {
                        let word = rest
                            .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
                            .next()
                            .filter(|word| !word.is_empty());
                        match word {
                            Some(word) => (
                                format!("unexpected {}", quoted(word)),
                                Some("write strings and member names in double quotes"),
                            ),
                            None => match lookalike(other) {
                                Some(name) => {
                                    case = LOOKALIKE;
                                    (
                                        format!("unexpected U+{:04X}, {name}", u32::from(other)),
                                        Some(
                                            "type it again: it was probably pasted from elsewhere",
                                        ),
                                    )
                                }
                                None => (
                                    format!(
                                        "unexpected {}",
                                        quoted(other.encode_utf8(&mut [0; 4]))
                                    ),
                                    None,
                                ),
                            },
                        }
                    }
                };
                let diagnostic = self.syntax_error(at_first, message).with_case(case);
                match help {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                }
            }
        }
    }

    /// What is to be said of a curly quotation mark, if one stands there: it ends no string.
    fn curly_quote(&self, range: core::ops::Range<usize>) -> Option<String> {
        let text = self.text.get(range)?;
        let quote = text
            .chars()
            .find(|&c| matches!(c, '\u{201c}'..='\u{201f}' | '\u{2033}'))?;
        let code = u32::from(quote);
        Some(format!(
            "U+{code:04X}, a curly quotation mark, does not delimit strings: write `\"`"
        ))
    }

    fn unexpected(&self, state: State, token: Token) -> Diagnostic {
        let expected = match state {
            State::Value => "a value",
            State::FirstElement => "a value or `]`",
            State::FirstKey => "a member name or `}`",
            State::Key => "a member name",
            State::Colon => "`:`",
            State::Separator if self.in_object() => "`,` or `}`",
            State::Separator => "`,` or `]`",
            State::End => "the end of the text",
        };
        let found = quoted(self.lexer.slice());
        let diagnostic =
            self.syntax_error(self.span(), format!("expected {expected}, found {found}"));
        let start = self.lexer.span().start;
        let touches_number = token == Token::Number
            && matches!(state, State::Separator | State::End)
            && start > 0
            && self
                .text
                .as_bytes()
                .get(start - 1)
                .is_some_and(u8::is_ascii_digit);
        let before = self.text.get(..start).unwrap_or_default();
        let line = before.rfind('\n').map_or(0, |at| at + 1);
        if let Some(help) = self.curly_quote(line..start) {
            return diagnostic.with_help(help);
        }
        match (state, token) {
            _ if touches_number => {
                diagnostic.with_help("numbers have no leading zeros; write an account ID in quotes")
            }
            (State::Value, Token::BracketClose) | (State::Key, Token::BraceClose) => {
                diagnostic.with_help("remove the comma before it")
            }
            (State::Separator, Token::BraceClose | Token::BracketClose) => match self.frames.last()
            {
                Some(frame) => diagnostic.with_related(frame.open, "this is not closed yet"),
                None => diagnostic,
            },
            (State::Separator, Token::String(_)) => {
                diagnostic.with_help("is a comma missing before it?")
            }
            _ => diagnostic,
        }
    }

    fn early_end(&self) -> Diagnostic {
        let end = self.text.len();
        let span = to_span(end..end);
        match self.frames.last() {
            Some(frame) => {
                let what = if frame.is_object {
                    "an object"
                } else {
                    "an array"
                };
                self.syntax_error(span, format!("the text ends inside {what}"))
                    .with_related(frame.open, "this is not closed")
            }
            None => self.syntax_error(span, "there is no JSON value in the text".to_owned()),
        }
    }

    /// After a syntax error: duplicates in the objects that it left open.
    fn check_open_objects(&mut self) {
        let mut end = self.members.len();
        for frame in self.frames.iter().rev().filter(|frame| frame.is_object) {
            let members = self.members.get(frame.base..end).unwrap_or_default();
            // The name whose value was not finished counts too.
            let last = members.last().map_or(frame.open, |last| last.key.span);
            let unfinished = (frame.key.span != last).then_some(frame.key);
            let keys = members.iter().map(|m| m.key).chain(unfinished);
            check_duplicates(keys, members.len() + 1, &mut self.sink);
            end = frame.base;
        }
    }
}

fn to_span(range: core::ops::Range<usize>) -> Span {
    let number = |at| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: number(range.start),
        end: number(range.end),
    }
}

/// Reports keys that are the same as an earlier one (`GRAM-9`).
fn check_duplicates<'a>(
    keys: impl Iterator<Item = Text<'a>> + Clone,
    count: usize,
    sink: &mut Sink,
) {
    let mut report = |first: Text<'_>, second: Text<'_>| {
        let message = format!("member {} is written twice", quoted(second.value));
        sink.push(
            Diagnostic::error(codes::DUPLICATE_MEMBER, second.span, message)
                .with_related(first.span, "first written here"),
        );
    };
    if count <= FEW_MEMBERS {
        for (at, key) in keys.clone().enumerate() {
            if let Some(first) = keys.clone().take(at).find(|first| *first == key) {
                report(first, key);
            }
        }
        return;
    }
    let mut seen = HashMap::with_capacity(count);
    for key in keys {
        match seen.entry(key.value) {
            Entry::Occupied(first) => report(*first.get(), key),
            Entry::Vacant(free) => {
                free.insert(key);
            }
        }
    }
}

//! YAML as a tree whose nodes know where they were written, for templates.
//!
//! The short forms of CloudFormation's functions come out as the long ones: `!Ref x` as `{"Ref": x}`, `!Sub x` as
//! `{"Fn::Sub": x}`. An alias stands for what it names, as long as all of them together make the document no larger than
//! its text is long. Members of one name stay: who reads a part of the tree says what is wrong with it.

use std::collections::HashMap;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_source::json::{MAX_DEPTH, Member, Node, Value};
use portcullis_syntax::ast::{Span, Text};
use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

/// Why a text is no template: where, and what.
pub(super) struct Wrong {
    pub(super) at: u32,
    pub(super) what: String,
}

/// A list or a mapping that is being read.
struct Open<'a> {
    start: u32,
    anchor: usize,
    function: Option<&'a str>,
    nodes: Vec<Node<'a>>,
    /// How many nodes it has, aliases written out.
    size: usize,
}

/// Reads the document of a text.
///
/// # Errors
/// The first thing that is not YAML, or that costs more than the text weighs; a second document, which would not be read.
pub(super) fn read<'a>(text: &'a str, arena: &'a Bump) -> Result<Node<'a>, Wrong> {
    let offsets = Offsets::new(text);
    let mut root = None;
    let mut open: Vec<Open<'a>> = Vec::new();
    let mut anchors: HashMap<usize, (Node<'a>, usize)> = HashMap::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| Wrong {
            at: offsets.byte(error.marker().index()),
            what: error.info().to_owned(),
        })?;
        let place = Span {
            start: offsets.byte(span.start.index()),
            end: offsets.byte(span.end.index()),
        };
        let wrong = |what: &str| Wrong {
            at: place.start,
            what: what.to_owned(),
        };
        let (node, size, anchor) = match event {
            Event::Scalar(value, style, anchor, tag) => {
                let text = &*arena.alloc_str(&value);
                let value = match (style, &tag) {
                    (ScalarStyle::Plain, None) => plain(text),
                    _ => Value::String(text),
                };
                let node = with_function(
                    Node { span: place, value },
                    function(tag.as_deref(), arena),
                    arena,
                );
                (node, 1, anchor)
            }
            Event::SequenceStart(anchor, tag) | Event::MappingStart(anchor, tag) => {
                if open.len() >= MAX_DEPTH {
                    return Err(wrong("this nests too deep"));
                }
                open.push(Open {
                    start: place.start,
                    anchor,
                    function: function(tag.as_deref(), arena),
                    nodes: Vec::new(),
                    size: 1,
                });
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(own) = open.pop() else {
                    continue;
                };
                let is_list = matches!(event, Event::SequenceEnd);
                let end = own.nodes.last().map_or(place.end, |last| {
                    last.span.end.max(place.start.min(place.end))
                });
                let span = Span {
                    start: own.start,
                    end: end.max(own.start),
                };
                let value = match is_list {
                    true => Value::Array(arena.alloc_slice_copy(&own.nodes)),
                    false => {
                        Value::Object(members(&own.nodes, arena).map_err(|what| wrong(&what))?)
                    }
                };
                let node = with_function(Node { span, value }, own.function, arena);
                (node, own.size, own.anchor)
            }
            Event::Alias(anchor) => {
                let Some((node, size)) = anchors.get(&anchor) else {
                    return Err(wrong("no value has this name"));
                };
                (*node, *size, 0)
            }
            Event::DocumentStart(_) if root.is_some() => {
                return Err(wrong("a template is one document, and here is a second"));
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => continue,
        };
        if anchor != 0 {
            anchors.insert(anchor, (node, size));
        }
        match open.last_mut() {
            Some(parent) => {
                parent.nodes.push(node);
                parent.size = parent.size.saturating_add(size);
                if parent.size > text.len().max(1024) {
                    return Err(wrong(
                        "its aliases make the document larger than its text is",
                    ));
                }
            }
            None => root = Some(node),
        }
    }
    root.ok_or_else(|| Wrong {
        at: 0,
        what: "there is nothing".to_owned(),
    })
}

/// A name without tag and style that YAML takes for another value than a text.
fn plain(text: &str) -> Value<'_> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text {
        "" | "~" | "null" => Value::Null,
        "true" | "True" => Value::Bool(true),
        "false" | "False" => Value::Bool(false),
        _ if is_number => Value::Number(text),
        _ => Value::String(text),
    }
}

/// The long name of the function of a tag.
fn function<'a>(tag: Option<&Tag>, arena: &'a Bump) -> Option<&'a str> {
    let tag = tag.filter(|tag| tag.handle == "!")?;
    Some(match tag.suffix.as_str() {
        "Ref" => "Ref",
        "Condition" => "Condition",
        other => arena.alloc_str(&format!("Fn::{other}")),
    })
}

fn with_function<'a>(node: Node<'a>, function: Option<&'a str>, arena: &'a Bump) -> Node<'a> {
    let Some(name) = function else {
        return node;
    };
    let member = Member {
        key: Text {
            value: name,
            span: node.span,
        },
        value: node,
    };
    Node {
        span: node.span,
        value: Value::Object(arena.alloc_slice_copy(&[member])),
    }
}

fn members<'a>(nodes: &[Node<'a>], arena: &'a Bump) -> Result<&'a [Member<'a>], String> {
    let mut all = ArenaVec::with_capacity_in(nodes.len() / 2, arena);
    for pair in nodes.chunks(2) {
        let [key, value] = pair else {
            continue;
        };
        let name = match key.value {
            Value::String(text) | Value::Number(text) => text,
            Value::Bool(true) => "true",
            Value::Bool(false) => "false",
            Value::Null => "null",
            Value::Array(_) | Value::Object(_) => {
                return Err("the name of a member is no text".to_owned());
            }
        };
        all.push(Member {
            key: Text {
                value: name,
                span: key.span,
            },
            value: *value,
        });
    }
    Ok(all.into_bump_slice())
}

/// Characters of a text as bytes.
enum Offsets {
    Same(u32),
    Each(Vec<u32>),
}

impl Offsets {
    fn new(text: &str) -> Offsets {
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        match text.is_ascii() {
            true => Offsets::Same(number(text.len())),
            false => {
                let each = text.char_indices().map(|(at, _)| number(at));
                Offsets::Each(each.chain([number(text.len())]).collect())
            }
        }
    }

    fn byte(&self, character: usize) -> u32 {
        match self {
            Offsets::Same(end) => u32::try_from(character).unwrap_or(u32::MAX).min(*end),
            Offsets::Each(each) => {
                let last = each.last().copied().unwrap_or_default();
                each.get(character).copied().unwrap_or(last)
            }
        }
    }
}

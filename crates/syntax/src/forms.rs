//! The forms in which a policy document arrives (`IN-1`): as it is, in a string, encoded as in a URL, and in the answers
//! of AWS's commands.
//!
//! Every place that takes a policy asks [`find`], so that no form is known in one place and refused in another. What
//! is found has the places of the file as it lies on disk (`IN-2`): where a document is in a string, the places
//! of its tree are led back through the escapes.

mod foreign;
mod map;
mod shapes;

pub use foreign::{Foreign, recognize, recognize_text};
pub(crate) use foreign::{RESOLVE, function, is_function};
pub use map::Inner;

use crate::ast::{Span, Text};
use crate::codes;
use bumpalo::Bump;
use portcullis_model::PolicyKind;
use portcullis_source::Diagnostic;
use portcullis_source::json::tree::Value;
use portcullis_source::json::{self, Member, Node};
use std::borrow::Cow;

/// Strings in strings: some exports quote twice, and more often than this nobody does.
const MAX_LAYERS: usize = 8;

/// A policy document, out of whatever it stood in.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// The document. It is read by [`crate::policy::read_policy`], which says what is wrong with it; its places are
    /// those of the text that was asked about.
    pub document: Node<'a>,
    /// What the policy is called, if the form around it says so.
    pub name: Option<&'a str>,
    /// Its type, if the form around it says so.
    pub kind: Option<PolicyKind>,
    /// The document's own text, if it stood in a string.
    pub inner: Option<Inner<'a>>,
}

/// What the forms around a document say of it.
#[derive(Clone, Copy, Debug, Default)]
struct Label<'a> {
    name: Option<&'a str>,
    kind: Option<PolicyKind>,
}

impl<'a> Label<'a> {
    /// What this says, and otherwise the other.
    fn or(self, other: Label<'a>) -> Label<'a> {
        Label {
            name: self.name.or(other.name),
            kind: self.kind.or(other.kind),
        }
    }
}

/// Finds the one policy document in a text.
///
/// With problems that are errors there may still be a document, so that a caller can look for more; it is not to be
/// used then.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_model::PolicyKind;
/// use portcullis_syntax::forms;
///
/// let arena = Bump::new();
/// let text = r#"{"RoleName": "r", "PolicyName": "p", "PolicyDocument": "%7B%22Statement%22:[]%7D"}"#;
/// let (found, problems) = forms::read(text, Some(PolicyKind::Identity), &arena);
/// let found = found.unwrap();
/// assert!(problems.is_empty());
/// assert_eq!(found.name, Some("p"));
/// assert!(found.document.get("Statement").is_some());
/// ```
///
/// # Errors
/// As diagnostics: those of JSON, and what [`find`] reports.
pub fn read<'a>(
    text: &'a str,
    wanted: Option<PolicyKind>,
    arena: &'a Bump,
) -> (Option<Found<'a>>, Vec<Diagnostic>) {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.starts_with('%') && has_encoded_start(start) {
        let from = text.len() - start.len();
        return in_string(
            Inner::whole(text, from, arena),
            wanted,
            Label::default(),
            0,
            arena,
        );
    }
    let (node, problems) = json::read(text, arena);
    match node {
        Some(node) => {
            let (found, more) = find(node, text, wanted, arena);
            (found, [problems, more].concat())
        }
        None => (None, foreign::instead(text, problems)),
    }
}

/// Finds the one policy document in a value, whose places are those of this text.
///
/// # Errors
/// As diagnostics: a string that holds no JSON, two policies where one is wanted, and documents of other tools.
pub fn find<'a>(
    node: Node<'a>,
    text: &'a str,
    wanted: Option<PolicyKind>,
    arena: &'a Bump,
) -> (Option<Found<'a>>, Vec<Diagnostic>) {
    find_in(
        node,
        Inner::whole(text, 0, arena),
        wanted,
        Label::default(),
        0,
        arena,
    )
}

/// Finds the document in a value of a text, whose way back to the file the text knows.
fn find_in<'a>(
    node: Node<'a>,
    text: Inner<'a>,
    wanted: Option<PolicyKind>,
    label: Label<'a>,
    layer: usize,
    arena: &'a Bump,
) -> (Option<Found<'a>>, Vec<Diagnostic>) {
    if let Value::String(_) = node.value {
        return in_string(
            text.unescaped(node.span, arena),
            wanted,
            label,
            layer,
            arena,
        );
    }
    match shapes::step(&node, wanted) {
        Ok(shapes::Step::Here) => {
            let is_inner = layer > 0;
            let document = match is_inner {
                true => moved(node, &text, arena),
                false => node,
            };
            let found = Found {
                document,
                name: label.name,
                kind: label.kind,
                inner: is_inner.then_some(text),
            };
            (Some(found), Vec::new())
        }
        Ok(shapes::Step::Into(inner, own)) => {
            find_in(inner, text, wanted, own.or(label), layer, arena)
        }
        Err(mut problem) => {
            problem.span = text.place(problem.span);
            (None, vec![*problem])
        }
    }
}

/// Finds the document in the content of a string.
fn in_string<'a>(
    text: Inner<'a>,
    wanted: Option<PolicyKind>,
    label: Label<'a>,
    layer: usize,
    arena: &'a Bump,
) -> (Option<Found<'a>>, Vec<Diagnostic>) {
    let all = text.place(Span {
        start: 0,
        end: u32::try_from(text.text().len()).unwrap_or(u32::MAX),
    });
    let error = |code, message: &str| (None, vec![Diagnostic::error(code, all, message)]);
    if layer == MAX_LAYERS {
        return error(
            codes::UNKNOWN_FORM,
            "the policy is nested in too many strings",
        );
    }
    let start = text.text().trim_start();
    let text = match start.starts_with('%') {
        false => text,
        true => match text.percent_decoded(arena) {
            Ok(decoded) => decoded,
            Err(problem) => return (None, vec![*problem]),
        },
    };
    let text = text.unescaped_bare(arena).unwrap_or(text);
    let own = text.text();
    let start = own.trim_start_matches('\u{feff}').trim_start();
    if !start.starts_with(['{', '"', '[']) {
        if let Some(foreign) = recognize_text(own) {
            return (None, vec![foreign.diagnostic(all)]);
        }
        let message = "a policy is an object or a string that contains one; this string does not";
        return error(codes::DATA_TYPE_MISMATCH, message);
    }
    let (node, problems) = json::read(own, arena);
    let problems: Vec<Diagnostic> = problems
        .into_iter()
        .map(|found| text.led_back(found))
        .collect();
    match node {
        Some(node) => {
            let (found, more) = find_in(node, text, wanted, label, layer + 1, arena);
            (found, [problems, more].concat())
        }
        None => (None, problems),
    }
}

/// The same tree, with the places of the file.
fn moved<'a>(node: Node<'a>, text: &Inner<'_>, arena: &'a Bump) -> Node<'a> {
    // Nesting is bounded by the reader.
    let value = match node.value {
        Value::Array(elements) => {
            let elements = elements.iter().map(|element| moved(*element, text, arena));
            let elements: Vec<Node<'a>> = elements.collect();
            Value::Array(arena.alloc_slice_copy(&elements))
        }
        Value::Object(members) => {
            let members = members.iter().map(|member| Member {
                key: Text {
                    span: text.place(member.key.span),
                    ..member.key
                },
                value: moved(member.value, text, arena),
            });
            let members: Vec<Member<'a>> = members.collect();
            Value::Object(arena.alloc_slice_copy(&members))
        }
        other => other,
    };
    Node {
        span: text.place(node.span),
        value,
    }
}

/// The text of a document in any of its dress forms: an object stands for the text that it was written as, a
/// string holds the document, perhaps encoded as in a URL, perhaps in a string again.
///
/// # Errors
/// What is wrong with it, in words.
pub fn undress<'a>(node: &Node<'a>, source: &'a str) -> Result<Cow<'a, str>, String> {
    if let Value::Object(_) = node.value {
        let text = source.get(node.span.range()).unwrap_or_default();
        return Ok(Cow::Borrowed(text));
    }
    let arena = Bump::new();
    let text = undress_placed(node, source, &arena)?;
    Ok(Cow::Owned(text.text().to_owned()))
}

/// The same, with the way back to the source that the node was read from (`IN-2`).
///
/// # Errors
/// As [`undress`].
pub fn undress_placed<'b>(
    node: &Node<'_>,
    source: &str,
    arena: &'b Bump,
) -> Result<Inner<'b>, String> {
    match node.value {
        Value::Object(_) => return Ok(Inner::part(source, node.span, arena)),
        Value::String(_) => {}
        other => {
            return Err(format!(
                "a policy document must be an object or a string, this is {}",
                other.describe()
            ));
        }
    }
    let whole = Bump::new();
    let string = Inner::part(source, node.span, &whole);
    let mut text = string.unescaped(whole_of(string.text()), arena);
    for _ in 0..MAX_LAYERS {
        if text.text().trim_start().starts_with('%') {
            text = text
                .percent_decoded(arena)
                .map_err(|problem| problem.message)?;
        }
        if let Some(bare) = text.unescaped_bare(arena) {
            text = bare;
        }
        if !text.text().trim_start().starts_with('"') {
            return Ok(text);
        }
        let inner =
            json::parse(text.text(), arena).map(|node| (node.as_str().is_some(), node.span));
        text = match inner {
            Ok((true, span)) => text.unescaped(span, arena),
            // Whoever reads the document says what is wrong with it.
            _ => return Ok(text),
        };
    }
    Err("the policy is nested in too many strings".to_owned())
}

/// All of a text.
fn whole_of(text: &str) -> Span {
    Span {
        start: 0,
        end: u32::try_from(text.len()).unwrap_or(u32::MAX),
    }
}

/// True for text that begins with an encoded brace or quotation mark, as JSON in a URL does.
fn has_encoded_start(text: &str) -> bool {
    let start = text.get(..3).unwrap_or_default();
    ["%7B", "%22", "%20", "%0A", "%0D", "%09"]
        .iter()
        .any(|own| own.eq_ignore_ascii_case(start))
}

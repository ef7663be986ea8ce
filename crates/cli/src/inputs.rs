//! JSON that commands are given, read by the project's own reader: a member that is there twice is an error with
//! its place, and so is what [`Reader`] refuses.
//!
//! [`Reader`]: portcullis_source::Reader

use std::path::Path;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_source::json::{self, Node, Value};
use portcullis_source::{Source, Start};

use crate::failure::Failure;
use crate::output::{display_name, read};

/// The text of a file, or of standard input for `-`.
pub(crate) fn source<'a>(path: &Path, arena: &'a Bump) -> Result<Rc<Source<'a>>, Failure> {
    let name = arena.alloc_str(&display_name(path));
    let bytes = arena.alloc_slice_copy(&read(path)?);
    Source::decode(name, bytes, Start::FILE).map_err(|problem| Failure::problems(&[*problem]))
}

/// The JSON value of a text.
pub(crate) fn parse<'a>(source: &Rc<Source<'a>>, arena: &'a Bump) -> Result<Node<'a>, Failure> {
    json::parse(source.text(), arena)
        .map_err(|problems| Failure::problems(&source.locate_all(problems)))
}

/// A principal that an option gives, as JSON: an object as it is, `null`, or any other text as a string.
pub(crate) fn principal(option: &str) -> Result<String, Failure> {
    let text = option.trim();
    if text != "null" && !text.starts_with('{') {
        return Ok(serde_json::Value::from(option).to_string());
    }
    // Nothing but one value: what stood behind it would become members of the request.
    let arena = Bump::new();
    parse(&Source::new("--principal", text), &arena)?;
    Ok(text.to_string())
}

/// A value that was read, for answers that show it. A number that would not come out as it was written becomes a
/// string, which policies take for the same.
pub(crate) fn shown(node: &Node<'_>) -> serde_json::Value {
    use serde_json::Value as Shown;
    match node.value {
        Value::Null => Shown::Null,
        Value::Bool(flag) => Shown::from(flag),
        Value::Number(text) => match text.parse::<serde_json::Number>() {
            Ok(number) if number.to_string() == text => Shown::from(number),
            _ => Shown::from(text),
        },
        Value::String(text) => Shown::from(text),
        Value::Array(elements) => elements.iter().map(shown).collect(),
        Value::Object(members) => members
            .iter()
            .map(|member| (member.key.value.to_string(), shown(&member.value)))
            .collect(),
    }
}

//! Trees of JSON values.
//!
//! The texts live as long as `'t`, the nodes as long as `'n`: who keeps only texts can let go of the nodes.

use crate::{Span, Text};

/// A value with the place where it was written.
#[derive(Clone, Copy, Debug)]
pub struct Node<'t, 'n> {
    /// Where the value was written, brackets and quotes included.
    pub span: Span,
    /// The value.
    pub value: Value<'t, 'n>,
}

/// A JSON value.
#[derive(Clone, Copy, Debug)]
pub enum Value<'t, 'n> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as its source text.
    Number(&'t str),
    /// A string, unescaped.
    String(&'t str),
    /// An array's elements.
    Array(&'n [Node<'t, 'n>]),
    /// An object's members in the order of the text.
    Object(&'n [Member<'t, 'n>]),
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'t, 'n> {
    /// The name, unescaped.
    pub key: Text<'t>,
    /// The value.
    pub value: Node<'t, 'n>,
}

impl<'t, 'n> Node<'t, 'n> {
    /// The string, if the value is one.
    pub fn as_str(&self) -> Option<&'t str> {
        match self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The string with its place, if the value is one.
    pub fn as_text(&self) -> Option<Text<'t>> {
        self.as_str().map(|value| Text {
            value,
            span: self.span,
        })
    }

    /// The elements, if the value is an array.
    pub fn as_array(&self) -> Option<&'n [Node<'t, 'n>]> {
        match self.value {
            Value::Array(elements) => Some(elements),
            _ => None,
        }
    }

    /// The members, if the value is an object.
    pub fn as_object(&self) -> Option<&'n [Member<'t, 'n>]> {
        match self.value {
            Value::Object(members) => Some(members),
            _ => None,
        }
    }

    /// The value of the member with this name, if the value is an object that has one. Takes time
    /// linear in the number of members.
    pub fn get(&self, name: &str) -> Option<&'n Node<'t, 'n>> {
        let member = self.as_object()?.iter().find(|m| m.key.value == name)?;
        Some(&member.value)
    }
}

impl Value<'_, '_> {
    /// What the value is, for messages: `a string`, `an object` and so on.
    pub fn describe(&self) -> &'static str {
        match self {
            Value::Null => "`null`",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "an array",
            Value::Object(_) => "an object",
        }
    }
}

//! The condition keys of a request as a host has them.
//!
//! Three shapes, because hosts differ in what they know beforehand: texts of a log, values of a program, values for the keys
//! of a call site. None is copied; a key is found by its index in them. Which shape it is costs a branch for each key, once.

use alloc::string::String;
use alloc::vec::Vec;

use portcullis_model::ContextEntry;

use crate::request::site::CallSite;
use crate::request::value::Value;

/// The condition keys of a request, in any order. A key may come twice, also in another case: it then has the values of both
/// (`COND-41`).
///
/// ```
/// use portcullis_vm::{Context, Value};
///
/// let pairs = [("aws:SecureTransport", Value::Bool(true)), ("s3:max-keys", Value::Number(10))];
/// let texts = Context::Named(&pairs).to_texts();
/// assert_eq!(texts[1], ("s3:max-keys".to_string(), vec!["10".to_string()]));
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Context<'a> {
    /// By their names, with any number of texts each.
    Entries(&'a [ContextEntry<'a>]),
    /// By their names, which may be in any case (`COND-40`).
    Named(&'a [(&'a str, Value<'a>)]),
    /// The values of the keys of a call site, in their order, and other keys by their names.
    Site(&'a CallSite, &'a [Value<'a>], &'a [(&'a str, Value<'a>)]),
}

impl<'a> Context<'a> {
    /// No keys.
    pub(crate) const NONE: Context<'static> = Context::Entries(&[]);

    /// How many keys are given, in all: each counts as often as it comes.
    #[inline]
    pub(crate) fn len(self) -> usize {
        match self {
            Context::Entries(entries) => entries.len(),
            Context::Named(pairs) => pairs.len(),
            Context::Site(_, values, others) => values.len() + others.len(),
        }
    }

    /// The name of a key by its position.
    pub(crate) fn name(self, position: usize) -> &'a str {
        let name = match self {
            Context::Entries(entries) => entries.get(position).map(|entry| entry.key),
            Context::Named(pairs) => pairs.get(position).map(|pair| pair.0),
            Context::Site(site, values, others) => match position.checked_sub(values.len()) {
                None => site.name(position),
                Some(position) => others.get(position).map(|pair| pair.0),
            },
        };
        name.unwrap_or_default()
    }

    /// The value of a key by its position.
    #[inline]
    pub(crate) fn value(self, position: usize) -> Value<'a> {
        let value = match self {
            Context::Entries(entries) => entries
                .get(position)
                .map(|entry| Value::Texts(entry.values)),
            _ => self.given(position).copied(),
        };
        value.unwrap_or(Value::Absent)
    }

    /// True if a key, whose name may be in any case, is given with a value. Goes through all keys: for notes, not for decisions.
    pub(crate) fn has_value(self, name: &str) -> bool {
        let mut positions =
            (0..self.len()).filter(|position| self.name(*position).eq_ignore_ascii_case(name));
        positions.any(|position| !matches!(self.value(position), Value::Absent | Value::Texts([])))
    }

    /// The keys as texts, in their order: for explanations. Values that are no texts are written as AWS would write them; a key
    /// without a value has none. Allocates.
    pub fn to_texts(self) -> Vec<(String, Vec<String>)> {
        let texts = |value: Value<'_>| match value {
            Value::Absent => Vec::new(),
            Value::Texts(texts) => texts.iter().map(|text| String::from(*text)).collect(),
            value => {
                let mut text = String::new();
                value.write(&mut text);
                [text].into()
            }
        };
        let all = (0..self.len())
            .map(|position| (self.name(position).into(), texts(self.value(position))));
        all.collect()
    }

    /// The value of a key by its position, if it was given as one.
    #[inline]
    fn given(self, position: usize) -> Option<&'a Value<'a>> {
        let pairs = match self {
            Context::Entries(_) => return None,
            Context::Named(pairs) => pairs.get(position),
            Context::Site(_, values, others) => match values.get(position) {
                Some(value) => return Some(value),
                None => others.get(position - values.len()),
            },
        };
        pairs.map(|pair| &pair.1)
    }

    /// True if a multi-factor device was used, and nothing else is said beside it (`STS-4`). Asked only for the calls that it
    /// matters to.
    #[cold]
    pub(crate) fn has_mfa(self) -> bool {
        let is_mfa = |name: &str| name.eq_ignore_ascii_case("aws:MultiFactorAuthPresent");
        let positions = (0..self.len()).filter(|position| is_mfa(self.name(*position)));
        let mut values = positions.filter_map(|position| match self.value(position) {
            Value::Absent | Value::Texts([]) => None,
            Value::Bool(flag) => Some(flag),
            Value::Text(text) | Value::Texts(&[text]) => Some(text.eq_ignore_ascii_case("true")),
            _ => Some(false),
        });
        (values.next(), values.next()) == (Some(true), None)
    }

    /// The text of a value that was given as text.
    #[inline]
    pub(crate) fn text(self, position: usize, nth: usize) -> &'a str {
        let text = match self {
            Context::Entries(entries) => entries
                .get(position)
                .and_then(|entry| entry.values.get(nth).copied()),
            _ => match self.given(position) {
                Some(Value::Text(text)) => Some(*text),
                given => given.and_then(|value| value.text(nth)),
            },
        };
        text.unwrap_or_default()
    }
}

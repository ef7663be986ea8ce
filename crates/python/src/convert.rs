//! What Python gives, as the facade takes it.
//!
//! Types are asked for, never guessed: `None` is no text, `1` is no truth value, and a text is no list of its letters.

use bumpalo::Bump;
use portcullis::Value;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyMapping, PyString, PyTuple};
use smallvec::SmallVec;

use crate::errors::wrong_type;

/// A text, read where it lies. One with a lone surrogate is a `UnicodeEncodeError`, as everywhere in Python.
#[inline]
pub(crate) fn text<'a>(what: &str, found: &'a Bound<'_, PyAny>) -> PyResult<&'a str> {
    match found.cast::<PyString>() {
        Ok(text) => text.to_str(),
        Err(_) => Err(wrong_type(what, "str", found)),
    }
}

/// A text that need not be given.
#[inline]
pub(crate) fn optional<'a>(
    what: &str,
    found: Option<&'a Bound<'_, PyAny>>,
) -> PyResult<Option<&'a str>> {
    found.map(|found| text(what, found)).transpose()
}

/// The items of anything that can be iterated but a text, whose letters nobody means.
pub(crate) fn items<'py>(
    what: &str,
    wanted: &str,
    found: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, pyo3::types::PyIterator>> {
    if found.is_instance_of::<PyString>() {
        return Err(wrong_type(what, wanted, found));
    }
    let items = found.try_iter();
    items.map_err(|_| wrong_type(what, wanted, found))
}

/// Texts in a list or anything else that can be iterated.
pub(crate) fn texts(what: &str, found: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let mut all = Vec::new();
    for item in items(what, "an iterable of str", found)? {
        all.push(text(what, &item?)?.to_owned());
    }
    Ok(all)
}

/// The same where one text stands for a list of one.
pub(crate) fn one_or_more(what: &str, found: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    match found.cast::<PyString>() {
        Ok(text) => Ok(vec![text.to_str()?.to_owned()]),
        Err(_) => texts(what, found),
    }
}

/// Refuses a pattern of a question that is longer than any ARN: the work of a question grows with it.
pub(crate) fn within_reason(what: &str, pattern: &str) -> PyResult<()> {
    const LONGEST: usize = 2_048;
    match pattern.len() > LONGEST {
        true => {
            let text = format!("{what} must not be longer than {LONGEST} bytes");
            Err(pyo3::exceptions::PyValueError::new_err(text))
        }
        false => Ok(()),
    }
}

const VALUE: &str = "str, bool, int, or a list of these";

/// A value of a condition key. What has to be written anew lies in the arena.
#[inline]
pub(crate) fn value<'a>(found: &'a Bound<'_, PyAny>, arena: &'a Bump) -> PyResult<Value<'a>> {
    if let Ok(text) = found.cast::<PyString>() {
        return Ok(Value::Text(text.to_str()?));
    }
    if let Ok(truth) = found.cast::<PyBool>() {
        return Ok(Value::Bool(truth.is_true()));
    }
    other_value(found, arena)
}

fn other_value<'a>(found: &Bound<'_, PyAny>, arena: &'a Bump) -> PyResult<Value<'a>> {
    if let Ok(number) = found.cast::<PyInt>() {
        return match number.extract::<i64>() {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => Ok(Value::Text(digits(number, arena)?)),
        };
    }
    let all: Vec<Bound<'_, PyAny>> = if let Ok(list) = found.cast::<PyList>() {
        list.iter().collect()
    } else if let Ok(tuple) = found.cast::<PyTuple>() {
        tuple.iter().collect()
    } else {
        return Err(wrong_type("a value of a condition key", VALUE, found));
    };
    let mut texts: Vec<&'a str> = Vec::with_capacity(all.len());
    for item in &all {
        texts.push(item_text(item, arena)?);
    }
    Ok(match texts.as_slice() {
        [] => Value::Absent,
        [one] => Value::Text(one),
        all => Value::Texts(arena.alloc_slice_copy(all)),
    })
}

/// An item of a value that is a list.
fn item_text<'a>(item: &Bound<'_, PyAny>, arena: &'a Bump) -> PyResult<&'a str> {
    if let Ok(text) = item.cast::<PyString>() {
        return Ok(arena.alloc_str(text.to_str()?));
    }
    if let Ok(truth) = item.cast::<PyBool>() {
        return Ok(if truth.is_true() { "true" } else { "false" });
    }
    match item.cast::<PyInt>() {
        Ok(number) => digits(number, arena),
        Err(_) => Err(wrong_type(
            "an item of a value of a condition key",
            "str, bool or int",
            item,
        )),
    }
}

/// The digits of a number, whatever its class makes of it as a text.
fn digits<'a>(number: &Bound<'_, PyInt>, arena: &'a Bump) -> PyResult<&'a str> {
    let plain = number.py().get_type::<PyInt>();
    let written = plain.call_method1("__repr__", (number,))?;
    Ok(arena.alloc_str(text("the digits of an int", &written)?))
}

/// Names and values of condition keys, which the interpreter keeps alive as long as this is.
#[derive(Default)]
pub(crate) struct Given<'py> {
    items: SmallVec<[(Bound<'py, PyAny>, Bound<'py, PyAny>); 6]>,
    arena: Bump,
}

/// Condition keys by their names.
pub(crate) type Pairs<'a> = SmallVec<[(&'a str, Value<'a>); 6]>;

impl<'py> Given<'py> {
    /// What a dictionary or another mapping holds.
    #[inline]
    pub(crate) fn of(context: Option<&Bound<'py, PyAny>>) -> PyResult<Given<'py>> {
        let mut given = Given::default();
        let Some(context) = context else {
            return Ok(given);
        };
        match context.cast::<PyDict>() {
            Ok(own) => given.items.extend(own.iter()),
            Err(_) => given.items.extend(copied(context)?.iter()),
        }
        Ok(given)
    }

    /// The keys as the facade takes them.
    #[inline]
    pub(crate) fn pairs(&self) -> PyResult<Pairs<'_>> {
        let mut pairs = Pairs::new();
        for (key, found) in &self.items {
            pairs.push((text("a context key", key)?, value(found, &self.arena)?));
        }
        Ok(pairs)
    }

    /// Every name with what Python gave for it.
    pub(crate) fn items(&self) -> &[(Bound<'py, PyAny>, Bound<'py, PyAny>)] {
        &self.items
    }

    /// Where what is written anew lies.
    pub(crate) fn arena(&self) -> &Bump {
        &self.arena
    }
}

/// A mapping that is no `dict`, as one.
fn copied<'py>(context: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let mapping = context.cast::<PyMapping>();
    let mapping = mapping.map_err(|_| wrong_type("context", "a mapping of str", context))?;
    let own = PyDict::new(context.py());
    own.update(mapping)?;
    Ok(own)
}

/// An answer as the objects of Python: dictionaries, lists, texts, numbers.
pub(crate) fn object<'py>(
    py: Python<'py>,
    value: &serde_json::Value,
) -> PyResult<Bound<'py, PyAny>> {
    use serde_json::Value as Json;
    Ok(match value {
        Json::Null => py.None().into_bound(py),
        Json::Bool(truth) => PyBool::new(py, *truth).to_owned().into_any(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.into_pyobject(py)?.into_any(),
            None => number
                .as_f64()
                .unwrap_or(f64::NAN)
                .into_pyobject(py)?
                .into_any(),
        },
        Json::String(text) => PyString::new(py, text).into_any(),
        Json::Array(all) => {
            let list = PyList::empty(py);
            for one in all {
                list.append(object(py, one)?)?;
            }
            list.into_any()
        }
        Json::Object(members) => {
            let own = PyDict::new(py);
            for (name, value) in members {
                own.set_item(name, object(py, value)?)?;
            }
            own.into_any()
        }
    })
}

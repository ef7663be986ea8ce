//! Reads what hosts hand over.
//!
//! Whoever calls promises of a pointer that it is null or points at as much as its length says, which nobody changes during
//! the call and, as far as it is read here, is initialized; and of a handle that it is null or came from this library as
//! that kind of handle and was not freed. Nothing else is believed: null, alignment, lengths that no memory has, UTF-8, and
//! numbers are checked.

use std::{slice, str};

use bumpalo::Bump;
use bumpalo::collections::Vec;

use crate::error::{Error, Result};
use crate::flat::{Reader, instant, several};
use crate::request::{Asked, Pairs, Values, What, Who};
use crate::types::*;

/// Items by the first and their number.
///
/// # Safety
/// As the module says of pointers, for as long as the result is used.
#[inline]
pub(crate) unsafe fn items<'a, T>(data: *const T, count: usize, what: &str) -> Result<&'a [T]> {
    if count == 0 {
        return Ok(&[]);
    }
    let fits = count <= isize::MAX as usize / size_of::<T>().max(1);
    if data.is_null() || !data.is_aligned() || !fits {
        return Err(no_items(data.is_null(), count, what));
    }
    // SAFETY: neither null nor unaligned, and no larger than memory can be; the rest is the caller's promise.
    Ok(unsafe { slice::from_raw_parts(data, count) })
}

#[cold]
fn no_items(is_null: bool, count: usize, what: &str) -> Box<Error> {
    let text = match is_null {
        true => format!("{what}: the pointer is null, and the length {count}"),
        false => format!("{what}: no such pointer or length can be"),
    };
    Error::argument(text)
}

/// A text.
///
/// # Safety
/// As [`items`].
#[inline(always)]
pub(crate) unsafe fn text<'a>(text: Text, what: &str) -> Result<&'a str> {
    // SAFETY: the promise about the text is that of its pointer and length.
    let bytes = unsafe { items(text.data.cast::<u8>(), text.length, what)? };
    // Names are ASCII, which is found out at a quarter of the cost: a tenth of a small decision.
    if bytes.is_ascii() {
        // SAFETY: every text of ASCII is one of UTF-8.
        return Ok(unsafe { str::from_utf8_unchecked(bytes) });
    }
    str::from_utf8(bytes).map_err(|_| Error::argument(format!("{what} is not UTF-8")))
}

/// Texts, one after the other.
///
/// # Safety
/// As [`items`], also of what each text points at.
pub(crate) unsafe fn texts<'a>(texts: Texts, what: &str, arena: &'a Bump) -> Result<&'a [&'a str]> {
    // SAFETY: the promise about the texts is that of their pointer and count.
    let texts = unsafe { items(texts.data, texts.count, what)? };
    let mut read = Vec::with_capacity_in(texts.len(), arena);
    for one in texts {
        // SAFETY: the caller promises it of each.
        read.push(unsafe { text(*one, what)? });
    }
    Ok(read.into_bump_slice())
}

/// A handle.
///
/// # Safety
/// As the module says of handles, for as long as the result is used.
#[inline]
pub(crate) unsafe fn handle<'a, T>(handle: *const T, what: &str) -> Result<&'a T> {
    match handle.is_null() || !handle.is_aligned() {
        // SAFETY: neither null nor unaligned; that it points at a `T` is the caller's promise.
        false => Ok(unsafe { &*handle }),
        true => Err(Error::argument(format!("{what}: there is no such handle"))),
    }
}

/// A value of a condition key.
///
/// # Safety
/// As [`items`], of what the kind of the value names.
#[inline]
unsafe fn value<'a>(value: &Value, arena: &'a Bump) -> Result<engine::Value<'a>> {
    const WHAT: &str = "a value";
    // The content is read as what the kind names, which is initialized; every bit pattern is one of these types.
    Ok(match value.kind {
        PC_VALUE_ABSENT => engine::Value::Absent,
        PC_VALUE_TEXT => {
            // SAFETY: the kind names the text.
            let own = unsafe { value.of.text };
            // SAFETY: the caller promises it of the text.
            engine::Value::Text(unsafe { text(own, WHAT)? })
        }
        PC_VALUE_TEXTS => {
            // SAFETY: the kind names the texts.
            let own = unsafe { value.of.texts };
            // SAFETY: the caller promises it of the texts.
            several(unsafe { texts(own, WHAT, arena)? })
        }
        PC_VALUE_BOOL | PC_VALUE_NUMBER | PC_VALUE_TIME => {
            // SAFETY: these kinds name the number.
            let number = unsafe { value.of.number };
            return of_number(value.kind, number, value.nanoseconds);
        }
        PC_VALUE_IPV4 => {
            // SAFETY: the kind names the address. All of its bytes are in the union, of which four need be filled, so
            // that the pointer is read and not the array.
            let octets = unsafe { (&raw const value.of.address).cast::<[u8; 4]>().read() };
            engine::Value::Ip(octets.into())
        }
        PC_VALUE_IPV6 => {
            // SAFETY: the kind names the address.
            let octets = unsafe { value.of.address };
            engine::Value::Ip(octets.into())
        }
        kind => {
            return Err(Error::argument(format!(
                "there is no kind {kind} of values"
            )));
        }
    })
}

#[inline]
fn of_number<'a>(kind: u32, number: i64, nanoseconds: u32) -> Result<engine::Value<'a>> {
    match (kind, number) {
        (PC_VALUE_NUMBER, _) => Ok(engine::Value::Number(number)),
        (PC_VALUE_BOOL, 0) => Ok(engine::Value::Bool(false)),
        (PC_VALUE_BOOL, 1) => Ok(engine::Value::Bool(true)),
        (PC_VALUE_BOOL, _) => Err(Error::argument("a truth value is neither 0 nor 1")),
        _ => instant(number, nanoseconds)
            .ok_or_else(|| Error::argument("an instant is out of range")),
    }
}

/// A request and its resource, which is not read where there are others.
///
/// # Safety
/// As the module says, of everything that the request points at, for as long as the result is used.
#[inline(always)]
pub(crate) unsafe fn request<'a>(
    request: &'a Request,
    arena: &'a Bump,
) -> Result<(Asked<'a>, &'a str)> {
    let name = |own: Text, what: &str| -> Result<&'a str> {
        // SAFETY: the caller promises it of all texts of the request.
        unsafe { text(own, what) }
    };
    let who = match (
        request.resolved_principal.is_null(),
        request.principal.length,
    ) {
        // SAFETY: the caller promises it of all handles of the request.
        (false, 0) => Who::Handle(unsafe { handle(request.resolved_principal, "principal")? }),
        (true, _) => Who::of_arn(name(request.principal, "principal")?)?,
        (false, _) => return Err(Error::argument("there are two principals")),
    };
    let what = match (request.site.is_null(), request.action.length) {
        // SAFETY: the caller promises it of all handles of the request.
        (false, 0) => What::Site(unsafe { handle(request.site, "site")? }),
        (true, _) => What::Name(name(request.action, "action")?),
        (false, _) => return Err(Error::argument("there are two actions")),
    };
    // SAFETY: the caller promises it of the request.
    let lists = unsafe { lists(request, arena)? };
    let owner = name(request.owner, "owner")?;
    let resource = name(request.resource, "resource")?;
    Ok((
        Asked::new(who, what, lists, owner, request.flags)?,
        resource,
    ))
}

/// The values of a request, and its other condition keys.
///
/// # Safety
/// As [`request`].
#[inline(always)]
unsafe fn lists<'a>(request: &'a Request, arena: &'a Bump) -> Result<(Values<'a>, Pairs<'a>)> {
    let counts = (request.value_count, request.context_count);
    if request.flat.length != 0 {
        if counts != (0, 0) {
            return Err(Error::argument("values are given both flat and not"));
        }
        // SAFETY: the caller promises it of the bytes.
        let bytes = unsafe { items(request.flat.data, request.flat.length, "flat")? };
        let mut reader = Reader::new(bytes);
        let lists = (reader.values(arena)?, reader.pairs(arena)?);
        reader.end()?;
        return Ok(lists);
    }
    // SAFETY: the caller promises it of the values.
    let given = unsafe { items(request.values, counts.0, "values")? };
    let mut values = Vec::with_capacity_in(given.len(), arena);
    for one in given {
        // SAFETY: and of each of them.
        values.push(unsafe { value(one, arena)? });
    }
    // SAFETY: the caller promises it of the context.
    let given = unsafe { items(request.context, counts.1, "context")? };
    let mut pairs = Vec::with_capacity_in(given.len(), arena);
    for one in given {
        // SAFETY: and of each name.
        let key = unsafe { text(one.key, "a condition key")? };
        // SAFETY: and of each value.
        pairs.push((key, unsafe { value(&one.value, arena)? }));
    }
    Ok((values.into_bump_slice(), pairs.into_bump_slice()))
}

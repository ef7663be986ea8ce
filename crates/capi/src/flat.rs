//! The flat form: requests, lists of keys and texts as one run of bytes, for hosts that may not hand over pointers to
//! pointers, and for pipes.
//!
//! Lists and texts begin with their length, so that no byte of theirs can be taken for the end of one; the numbers are those
//! of the rest of the interface. Bytes that are left over are an error like bytes that are missing.
#![forbid(unsafe_code)]

use std::net::{Ipv4Addr, Ipv6Addr};
use std::str;
use std::time::Duration;

use bumpalo::Bump;
use bumpalo::collections::Vec;

use crate::error::{Error, Result};
use crate::request::{Pairs, Values};
use crate::types::*;

/// Reads the flat form from its first byte on.
pub(crate) struct Reader<'a> {
    bytes: &'a [u8],
    place: usize,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Reader<'a> {
        Reader { bytes, place: 0 }
    }

    #[inline]
    fn take(&mut self, count: usize, what: &str) -> Result<&'a [u8]> {
        let left = self.bytes.get(self.place..).unwrap_or_default();
        match left.get(..count) {
            Some(taken) => {
                self.place += count;
                Ok(taken)
            }
            None => Err(self.missing(count, left.len(), what)),
        }
    }

    #[cold]
    fn missing(&self, count: usize, left: usize, what: &str) -> Box<Error> {
        self.wrong(format!("{what} needs {count} bytes, and there are {left}"))
    }

    /// What is wrong before the place.
    #[cold]
    fn wrong(&self, text: String) -> Box<Error> {
        Error::argument(format!("flat form at byte {}: {text}", self.place))
    }

    #[inline]
    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N]> {
        let taken = self.take(N, what)?;
        // It has the length that was asked for.
        Ok(taken.try_into().unwrap_or([0; N]))
    }

    /// A number of four bytes, the lowest first.
    #[inline]
    pub(crate) fn number(&mut self, what: &str) -> Result<u32> {
        self.array(what).map(u32::from_le_bytes)
    }

    /// The length of a list, which the host knows.
    pub(crate) fn length(&mut self, known: usize, what: &str) -> Result<()> {
        let said = self.number(what)?;
        match usize::try_from(said) == Ok(known) {
            true => Ok(()),
            false => Err(self.wrong(format!(
                "{said} {what} are not the {known} that are asked for"
            ))),
        }
    }

    /// A text.
    #[inline]
    pub(crate) fn text(&mut self, what: &str) -> Result<&'a str> {
        let length = self.number(what)?;
        let bytes = self.take(length as usize, what)?;
        str::from_utf8(bytes).map_err(|_| self.wrong(format!("{what} is not UTF-8")))
    }

    /// A value of a condition key.
    #[inline]
    fn value<'v>(&mut self, arena: &'v Bump) -> Result<engine::Value<'v>>
    where
        'a: 'v,
    {
        const WHAT: &str = "a value";
        let [kind] = self.array(WHAT)?;
        Ok(match u32::from(kind) {
            PC_VALUE_ABSENT => engine::Value::Absent,
            PC_VALUE_TEXT => engine::Value::Text(self.text(WHAT)?),
            PC_VALUE_TEXTS => {
                let mut texts = Vec::new_in(arena);
                for _ in 0..self.number(WHAT)? {
                    texts.push(self.text(WHAT)?);
                }
                several(texts.into_bump_slice())
            }
            PC_VALUE_BOOL => match self.array(WHAT)? {
                [0] => engine::Value::Bool(false),
                [1] => engine::Value::Bool(true),
                _ => return Err(self.wrong("a truth value is neither 0 nor 1".to_owned())),
            },
            PC_VALUE_NUMBER => engine::Value::Number(i64::from_le_bytes(self.array(WHAT)?)),
            PC_VALUE_TIME => {
                let seconds = i64::from_le_bytes(self.array(WHAT)?);
                let nanoseconds = self.number(WHAT)?;
                let instant = instant(seconds, nanoseconds);
                instant.ok_or_else(|| self.wrong("an instant is out of range".to_owned()))?
            }
            PC_VALUE_IPV4 => engine::Value::Ip(Ipv4Addr::from(self.array(WHAT)?).into()),
            PC_VALUE_IPV6 => engine::Value::Ip(Ipv6Addr::from(self.array(WHAT)?).into()),
            _ => return Err(self.wrong(format!("there is no kind {kind} of values"))),
        })
    }

    /// How many items of at least so many bytes there can be: no room is taken for what is only said to come.
    #[inline]
    fn room(&self, count: u32, least: usize) -> usize {
        (count as usize).min((self.bytes.len() - self.place) / least)
    }

    /// The values of a site.
    #[inline]
    pub(crate) fn values<'v>(&mut self, arena: &'v Bump) -> Result<Values<'v>>
    where
        'a: 'v,
    {
        let count = self.number("the values of a site")?;
        let mut values = Vec::with_capacity_in(self.room(count, 1), arena);
        for _ in 0..count {
            values.push(self.value(arena)?);
        }
        Ok(values.into_bump_slice())
    }

    /// Condition keys with their values.
    #[inline]
    pub(crate) fn pairs<'v>(&mut self, arena: &'v Bump) -> Result<Pairs<'v>>
    where
        'a: 'v,
    {
        let count = self.number("the condition keys")?;
        let mut pairs = Vec::with_capacity_in(self.room(count, 5), arena);
        for _ in 0..count {
            pairs.push((self.text("a condition key")?, self.value(arena)?));
        }
        Ok(pairs.into_bump_slice())
    }

    /// Refuses what is left over.
    #[inline]
    pub(crate) fn end(&self) -> Result<()> {
        match self.bytes.len() - self.place {
            0 => Ok(()),
            left => Err(self.wrong(format!("{left} bytes are left over"))),
        }
    }
}

/// The value that several texts are: without any the key is absent.
#[inline]
pub(crate) fn several<'a>(texts: &'a [&'a str]) -> engine::Value<'a> {
    match texts {
        [] => engine::Value::Absent,
        [one] => engine::Value::Text(one),
        all => engine::Value::Texts(all),
    }
}

/// An instant; none before 1970, nor with a second of nanoseconds.
#[inline]
pub(crate) fn instant<'a>(seconds: i64, nanoseconds: u32) -> Option<engine::Value<'a>> {
    let seconds = u64::try_from(seconds).ok()?;
    (nanoseconds < 1_000_000_000).then(|| engine::Value::Time(Duration::new(seconds, nanoseconds)))
}

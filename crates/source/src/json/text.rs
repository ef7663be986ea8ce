//! The escapes of JSON strings.

use bumpalo::Bump;
use bumpalo::collections::String;
use std::borrow::Cow;

/// An escape that is not valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EscapeError {
    /// The escape's first byte, counted from the start of the text given.
    pub(super) start: usize,
    /// The byte after its last one.
    pub(super) end: usize,
    /// What is wrong with it.
    pub(super) message: &'static str,
}

/// Unescapes what stands between the quotes of a string.
pub(super) fn unescape<'a>(raw: &str, arena: &'a Bump) -> Result<&'a str, EscapeError> {
    // No escape is shorter than what it stands for, so the string never grows.
    let mut out = String::with_capacity_in(raw.len(), arena);
    let mut at = 0;
    while let Some(rest) = raw.get(at..) {
        let Some(skip) = rest.bytes().position(|byte| byte == b'\\') else {
            out.push_str(rest);
            break;
        };
        out.push_str(rest.get(..skip).unwrap_or_default());
        let start = at + skip;
        let (decoded, length) = escape(raw.get(start + 1..).unwrap_or_default(), start)?;
        out.push(decoded);
        at = start + 1 + length;
    }
    Ok(out.into_bump_str())
}

/// The character of an escape and the escape's length, the backslash not counted.
fn escape(after: &str, start: usize) -> Result<(char, usize), EscapeError> {
    let error = |length: usize, message| {
        Err(EscapeError {
            start,
            end: start + length,
            message,
        })
    };
    let Some(letter) = after.chars().next() else {
        return error(1, "the string ends in a `\\`");
    };
    let decoded = match letter {
        '"' | '\\' | '/' => letter,
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let Some(unit) = hex(after.get(1..5)) else {
                return error(2, "`\\u` must be followed by four hexadecimal digits");
            };
            if let Some(decoded) = char::from_u32(unit) {
                return Ok((decoded, 5));
            }
            // A surrogate: it must be a high one with a low one right behind.
            let low = match after.get(5..7) {
                Some("\\u") => hex(after.get(7..11)),
                _ => None,
            };
            return match low {
                Some(low @ 0xDC00..=0xDFFF) if unit < 0xDC00 => {
                    let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
                    match char::from_u32(code) {
                        Some(decoded) => Ok((decoded, 11)),
                        None => error(12, "the escape does not encode a character"),
                    }
                }
                _ => error(6, "a surrogate escape must be part of a pair"),
            };
        }
        other => return error(1 + other.len_utf8(), "JSON has no such escape"),
    };
    Ok((decoded, 1))
}

fn hex(digits: Option<&str>) -> Option<u32> {
    let digits = digits?;
    // `from_str_radix` would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

/// What stands between the quotes of a string that was read, piece by piece: each with where it stands there.
pub fn escapes(raw: &str) -> impl Iterator<Item = (usize, Cow<'_, str>)> {
    let mut at = 0;
    core::iter::from_fn(move || {
        let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
        let start = at;
        let plain = rest.find('\\').unwrap_or(rest.len());
        if plain > 0 {
            at += plain;
            return Some((start, Cow::Borrowed(rest.get(..plain)?)));
        }
        match escape(rest.get(1..)?, start) {
            Ok((c, length)) => {
                at += 1 + length;
                Some((start, Cow::Owned(std::string::String::from(c))))
            }
            // The reader has refused it.
            Err(_) => None,
        }
    })
}

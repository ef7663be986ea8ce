//! Words and strings: what needs quotes, and how the quotes are written and read.

use crate::lexer::Token;
use bumpalo::Bump;
use bumpalo::collections::String as ArenaString;
use core::ops::Range;
use logos::Logos;
use std::fmt::Write;

/// Where a text stands, as far as it matters for quotes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Where every keyword would be read as one.
    Atom,
    /// Where the words that are keywords in some places are plain.
    Value,
}

/// True if a text can stand without quotes and mean itself.
pub(crate) fn is_bare(text: &str, place: Place) -> bool {
    // What begins with a byte order mark would be taken for the start of a file.
    if !text.is_ascii() || text.contains('<') || text.starts_with('"') {
        return false;
    }
    let mut tokens = Token::lexer(text);
    let first = tokens.next();
    let whole = tokens.slice().len() == text.len();
    match first {
        Some(Ok(Token::Word(_))) => whole,
        Some(Ok(token)) => whole && place == Place::Value && token.soft_keyword().is_some(),
        _ => false,
    }
}

/// The text as it is written: bare if that is possible.
pub(crate) fn written(text: &str, place: Place) -> std::borrow::Cow<'_, str> {
    if is_bare(text, place) {
        text.into()
    } else {
        let mut out = String::with_capacity(text.len() + 2);
        push_string(&mut out, text);
        out.into()
    }
}

/// A label without its colon.
pub(crate) fn label(text: &str) -> std::borrow::Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    if !text.is_empty() && text.bytes().all(is_plain) {
        text.into()
    } else {
        let mut out = String::with_capacity(text.len() + 2);
        push_string(&mut out, text);
        out.into()
    }
}

/// Appends a text as a JSON string. Characters that cannot be seen, or that change the direction of
/// what is seen, are escaped: a reviewer sees what is compared.
pub(crate) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ' '..='~' => out.push(c),
            c if is_invisible(c) => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

/// Controls, blanks other than the space, joiners, marks of direction, and what no font shows.
fn is_invisible(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(
            c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
        )
        || matches!(c, '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}')
        || matches!(c, '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{e000}'..='\u{f8ff}')
        || matches!(c, '\u{e0000}'..='\u{10ffff}' | '\u{1d173}'..='\u{1d17a}')
}

/// Unescapes what stands between the quotes of a string.
///
/// # Errors
/// The place of the first escape that JSON does not have, and what is wrong with it.
pub(crate) fn unescape<'a>(
    raw: &'a str,
    arena: &'a Bump,
) -> Result<&'a str, (Range<usize>, &'static str)> {
    if !raw.contains('\\') {
        return Ok(raw);
    }
    // No escape is shorter than what it stands for, so the string never grows.
    let mut out = ArenaString::with_capacity_in(raw.len(), arena);
    let mut at = 0;
    while let Some(rest) = raw.get(at..).filter(|rest| !rest.is_empty()) {
        let skip = rest.find('\\').unwrap_or(rest.len());
        out.push_str(rest.get(..skip).unwrap_or_default());
        at += skip;
        let Some(after) = raw.get(at + 1..) else {
            break;
        };
        let (decoded, length) = escape(after).map_err(|(length, message)| {
            let end = (at..=at + length)
                .rev()
                .find(|end| raw.is_char_boundary(*end));
            (at..end.unwrap_or(at), message)
        })?;
        out.push(decoded);
        at += 1 + length;
    }
    Ok(out.into_bump_str())
}

/// The character of an escape and the escape's length, the backslash not counted.
fn escape(after: &str) -> Result<(char, usize), (usize, &'static str)> {
    const PAIR: &str = "a surrogate escape must be part of a pair";
    let decoded = match after.bytes().next() {
        Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => {
            let four = "`\\u` must be followed by four hexadecimal digits";
            let unit = hex(after.get(1..5)).ok_or((2, four))?;
            if let Some(decoded) = char::from_u32(unit) {
                return Ok((decoded, 5));
            }
            let low = match after.get(5..7) {
                Some("\\u") => hex(after.get(7..11)).ok_or((6, PAIR))?,
                _ => return Err((6, PAIR)),
            };
            if unit >= 0xDC00 || !(0xDC00..=0xDFFF).contains(&low) {
                return Err((6, PAIR));
            }
            let code = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
            return char::from_u32(code).map(|c| (c, 11)).ok_or((12, PAIR));
        }
        _ => {
            return Err((
                2,
                "strings have no such escape; write `\\\\` for a backslash",
            ));
        }
    };
    Ok((decoded, 1))
}

fn hex(digits: Option<&str>) -> Option<u32> {
    // `from_str_radix` would take a sign.
    let digits = digits.filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()))?;
    u32::from_str_radix(digits, 16).ok()
}

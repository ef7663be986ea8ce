//! From bytes to text (`GRAM-7`).

use crate::{Diagnostic, Span, codes};
use std::borrow::Cow;

/// Which byte of a unit of UTF-16 comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteOrder {
    /// The low one, as Windows writes it.
    Little,
    /// The high one.
    Big,
}

/// The order of a text in UTF-16; none for any other text.
///
/// It has a byte order mark, or begins with a character of ASCII, whose other byte is zero: JSON always does, and no
/// text in UTF-8 has a zero byte.
pub fn utf16(bytes: &[u8]) -> Option<ByteOrder> {
    match bytes {
        [0xff, 0xfe, ..] => Some(ByteOrder::Little),
        [0xfe, 0xff, ..] => Some(ByteOrder::Big),
        [1..=0x7f, 0, ..] => Some(ByteOrder::Little),
        [0, 1..=0x7f, ..] => Some(ByteOrder::Big),
        _ => None,
    }
}

/// Appends a text in UTF-16 as UTF-8, without its byte order mark.
///
/// Half of a pair of surrogates, or of a unit, becomes three bytes that are not UTF-8, so that [`decode`]
/// reports it where it stands.
pub fn to_utf8(bytes: &[u8], order: ByteOrder, out: &mut Vec<u8>) {
    let units = bytes.chunks(2).map(|unit| match (order, unit) {
        (ByteOrder::Little, [low, high]) | (ByteOrder::Big, [high, low]) => {
            u16::from_be_bytes([*high, *low])
        }
        // The text ends within a unit.
        _ => 0xDFFF,
    });
    let is_start = out.is_empty();
    out.reserve(bytes.len() / 2);
    for (at, decoded) in char::decode_utf16(units).enumerate() {
        match decoded {
            Ok('\u{feff}') if at == 0 && is_start => {}
            Ok(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(error) => {
                let unit = error.unpaired_surrogate();
                let tail = |shift: u16| 0x80 | (unit >> shift & 0x3f) as u8;
                out.extend_from_slice(&[0xe0 | (unit >> 12) as u8, tail(6), tail(0)]);
            }
        }
    }
}

/// A file's content as bytes of UTF-8: of UTF-16 made so, any other bytes as they are.
///
/// ```
/// use portcullis_source::json::utf8;
/// assert_eq!(utf8(b"\xff\xfe{\0}\0".to_vec()), b"{}");
/// assert_eq!(utf8(b"{}".to_vec()), b"{}");
/// ```
#[must_use]
pub fn utf8(bytes: Vec<u8>) -> Vec<u8> {
    let Some(order) = utf16(&bytes) else {
        return bytes;
    };
    let mut out = Vec::new();
    to_utf8(&bytes, order, &mut out);
    out
}

/// The bytes as text. Those of UTF-16 are UTF-16 no more when they come here: see [`utf8`].
///
/// # Errors
/// The place of the first byte that is not UTF-8 (`GRAM-7`).
pub fn decode(bytes: &[u8]) -> Result<&str, Box<Diagnostic>> {
    core::str::from_utf8(bytes).map_err(|error| {
        let start = u32::try_from(error.valid_up_to()).unwrap_or(u32::MAX);
        let end = start.saturating_add(1);
        let rest = bytes.get(error.valid_up_to()..).unwrap_or_default();
        let message: Cow<'static, str> = match rest {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, ..] => {
                "the text is neither UTF-8 nor UTF-16: it has half of a surrogate pair".into()
            }
            [byte, ..] => {
                format!("the text is not UTF-8: byte 0x{byte:02X} at offset {start}").into()
            }
            [] => "the text is not UTF-8".into(),
        };
        let span = Span { start, end };
        Box::new(Diagnostic::error(codes::INVALID_ENCODING, span, message))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(text: &str, order: ByteOrder) -> Vec<u8> {
        let bytes = |unit: u16| match order {
            ByteOrder::Little => unit.to_le_bytes(),
            ByteOrder::Big => unit.to_be_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    /// `GRAM-7`.
    #[test]
    fn utf_16_is_read() {
        let text = "{\"a\": \"\u{e9}\u{20ac}\u{1f600}\"}";
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for mark in ["", "\u{feff}"] {
                let bytes = encoded(&format!("{mark}{text}"), order);
                assert_eq!(utf16(&bytes), Some(order));
                assert_eq!(utf8(bytes), text.as_bytes());
            }
        }
        for bytes in [b"".as_slice(), b"{", b"{}", b"\xef\xbb\xbf{}", b"\0\0"] {
            assert_eq!(utf16(bytes), None);
            assert_eq!(utf8(bytes.to_vec()), bytes);
        }
    }

    #[test]
    fn half_characters_have_their_place() {
        let mut bytes = encoded("{\"a\": \"x", ByteOrder::Little);
        bytes.extend_from_slice(&0xD83D_u16.to_le_bytes());
        bytes.extend(encoded("\"}", ByteOrder::Little));
        let error = decode(&utf8(bytes)).unwrap_err();
        assert_eq!((error.code, error.span.start), (codes::INVALID_ENCODING, 8));
        assert!(error.message.contains("surrogate pair"));
        let mut bytes = encoded("{}", ByteOrder::Big);
        bytes.push(0);
        assert_eq!(decode(&utf8(bytes)).unwrap_err().span.start, 2);
    }
}

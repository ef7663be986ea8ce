//! Texts from a fuzzer's bytes.

use std::borrow::Cow;

/// The bytes as text.
///
/// If the first byte is odd, the others choose from `pieces`, so that most texts are nearly right;
/// if it is even, they are taken as they are.
pub(super) fn text<'d>(data: &'d [u8], pieces: &[&str]) -> Cow<'d, str> {
    match data.split_first() {
        Some((first, rest)) if first % 2 == 1 => rest
            .iter()
            .filter_map(|byte| pieces.get(usize::from(*byte) % pieces.len().max(1)))
            .copied()
            .collect::<String>()
            .into(),
        Some((_, rest)) => String::from_utf8_lossy(rest),
        None => "".into(),
    }
}

/// Two texts, parted by the first line feed; the same one twice if there is none.
pub(super) fn pair(text: &str) -> (&str, &str) {
    text.split_once('\n').unwrap_or((text, text))
}

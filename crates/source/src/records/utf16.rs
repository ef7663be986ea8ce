//! Lines of text in UTF-16.

use std::io::{self, BufRead, Read};

use crate::json::{ByteOrder, MAX_TEXT, to_utf8};

use super::skip_line;

/// Appends a line as UTF-8, and is false at the end of the stream.
pub(super) fn read_line(
    input: &mut impl BufRead,
    order: ByteOrder,
    line: &mut Vec<u8>,
) -> io::Result<bool> {
    let mut units = Vec::new();
    while units.len() <= MAX_TEXT {
        let limit = (MAX_TEXT - units.len()) as u64 + 1;
        if input.by_ref().take(limit).read_until(b'\n', &mut units)? == 0 {
            break;
        }
        // The byte of a line feed may be half of another character.
        let is_second = units.len() % 2 == 0;
        match order {
            ByteOrder::Little if !is_second => {
                let count = input.by_ref().take(1).read_to_end(&mut units)?;
                if count == 0 || units.last() == Some(&0) {
                    break;
                }
            }
            ByteOrder::Big if is_second && units.iter().rev().nth(1) == Some(&0) => break,
            _ => {}
        }
    }
    if units.len() > MAX_TEXT {
        skip_line(input)?;
    }
    to_utf8(&units, order, line);
    Ok(!units.is_empty())
}

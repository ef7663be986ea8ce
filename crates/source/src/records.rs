//! A stream of scenarios taken apart.

mod pieces;
mod prefix;
mod utf16;

use std::io::{self, BufRead, Read};

use crate::Start;
use crate::json::{self, MAX_TEXT};
use crate::words::{equal, first};

use prefix::{Prefix, Reach};

pub use pieces::{Piece, Pieces};

/// Takes a stream apart into texts of one JSON value each, whatever their layout.
///
/// What can be parsed decides, not how it looks. A line that closes all brackets that it opens is a record,
/// whatever is on it: so JSON Lines are lines. A line that leaves a bracket open begins a value, and the lines
/// behind it belong to the record for as long as all of it is the beginning of one JSON value.
/// If it stops being one, or the stream ends first, something is broken. In a stream whose first record was a line,
/// the line is broken alone. Elsewhere the record ends before the first line that is a whole object from its first byte
/// to its last, as lines of JSON Lines are, or else where its brackets close, so that a broken document over several lines
/// is one record with one error.
///
/// Text in UTF-16 (`GRAM-7`), by its mark or by the zero bytes of its first character, comes out as UTF-8.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    /// Lines that were read and are in no record yet.
    buffer: Vec<u8>,
    /// How much of the buffer is in records.
    taken: usize,
    /// The number of the line at `taken`.
    line: usize,
    /// Bytes of the stream before `taken`, as UTF-8.
    offset: u64,
    layout: Layout,
    /// The buffer's last line may go on in the stream.
    is_cut: bool,
    /// How the stream writes its characters; none before its first byte was looked at.
    encoding: Option<Encoding>,
}

/// How values lie in the stream, which matters for what is broken alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Unknown,
    /// Each on its line.
    Lines,
    /// Over several lines.
    Values,
}

/// Bytes of records that may stay in front of the buffer.
const KEPT: usize = 1 << 16;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Utf8,
    Utf16(json::ByteOrder),
}

impl<R: BufRead> Records<R> {
    /// The records of a stream.
    pub fn new(input: R) -> Records<R> {
        Records {
            input,
            buffer: Vec::new(),
            taken: 0,
            line: 1,
            offset: 0,
            layout: Layout::Unknown,
            is_cut: false,
            encoding: None,
        }
    }

    /// The stream.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// True if lines were read from the stream that are in no record yet: the next record may be at hand even if the
    /// stream has nothing more to give.
    pub fn has_read_ahead(&self) -> bool {
        self.taken < self.buffer.len()
    }

    /// Puts the next record into the buffer and returns where it begins; none at the end of
    /// the stream. Nothing is read beyond a record that is complete.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn next_into(&mut self, record: &mut Vec<u8>) -> io::Result<Option<Start>> {
        record.clear();
        loop {
            let Some(end) = self.line_from(self.taken)? else {
                return Ok(None);
            };
            if !is_blank(without_mark(self.slice(self.taken, end))) {
                break;
            }
            self.take(end);
        }
        let start = Start {
            line: self.line,
            column: 1,
            offset: self.offset,
        };
        let end = self.end_of_record()?;
        record.extend_from_slice(self.slice(self.taken, end));
        // So that the end of a record is on its last line.
        record.truncate(record.trim_ascii_end().len());
        self.take(end);
        Ok(Some(start))
    }

    /// Where the record ends that begins with the buffer's first line that is not taken.
    fn end_of_record(&mut self) -> io::Result<usize> {
        let start = self.taken;
        let mut prefix = Prefix::default();
        let mut first = start;
        let mut end = start;
        while end - start <= MAX_TEXT {
            let Some(next) = self.line_from(end)? else {
                // What is still open will not be closed.
                return self.end_of_broken(start, first, end);
            };
            let line = self.slice(end, next);
            let text = if end == start {
                without_mark(line)
            } else {
                line
            };
            let reach = prefix.push(text);
            end = next;
            if first == start {
                first = end;
            }
            match reach {
                Reach::Open => {}
                Reach::Whole => {
                    if self.layout == Layout::Unknown {
                        self.layout = match end == first {
                            true => Layout::Lines,
                            false => Layout::Values,
                        };
                    }
                    return Ok(end);
                }
                Reach::Broken => return self.end_of_broken(start, first, end),
            }
        }
        Ok(end)
    }

    /// The same for a record that is no value: its first line ends at `first`, and what was read of it at `end`.
    fn end_of_broken(&mut self, start: usize, first: usize, mut end: usize) -> io::Result<usize> {
        let mut brackets = Brackets::default();
        brackets.scan(without_mark(self.slice(start, first)));
        // A line that closes what it opens is spoiled by itself, and so is every line among lines.
        if self.layout == Layout::Lines || !brackets.is_open() {
            return Ok(first);
        }
        if let Some(object) = self.first_object(start, end) {
            self.layout = Layout::Lines;
            return Ok(object);
        }
        brackets.scan(self.slice(first, end));
        while brackets.is_open() && end - start <= MAX_TEXT {
            let Some(next) = self.line_from(end)? else {
                break;
            };
            let line = self.slice(end, next);
            if is_object(line) {
                self.layout = Layout::Lines;
                break;
            }
            brackets.scan(line);
            end = next;
        }
        Ok(end)
    }

    /// The start of the first line, but the first of all, that is an object by itself.
    fn first_object(&self, start: usize, end: usize) -> Option<usize> {
        let text = self.slice(start, end);
        let mut at = 0;
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if at > 0 && is_object(line) {
                return Some(start + at);
            }
            at += line.len();
        }
        None
    }

    fn slice(&self, start: usize, end: usize) -> &[u8] {
        self.buffer.get(start..end).unwrap_or_default()
    }

    /// The end of the buffer's line that starts here, which is read if it is not there yet; none at the end
    /// of the stream.
    fn line_from(&mut self, start: usize) -> io::Result<Option<usize>> {
        if start >= self.buffer.len() {
            self.is_cut = false;
            if !self.read_line()? {
                return Ok(None);
            }
        }
        let mut from = start;
        loop {
            let rest = self.buffer.get(from..).unwrap_or_default();
            if let Some(length) = first(rest, |word| equal(word, b'\n')) {
                return Ok(Some(from + length + 1));
            }
            from = self.buffer.len();
            if !std::mem::take(&mut self.is_cut) || !self.read_line()? {
                return Ok(Some(from));
            }
        }
    }

    /// Lets go of what is in a record.
    fn take(&mut self, end: usize) {
        let text = self.slice(self.taken, end);
        let (lines, bytes) = (text.iter().filter(|byte| **byte == b'\n'), text.len());
        let lines = lines.count();
        self.line += lines.max(1);
        self.offset += bytes as u64;
        self.let_go(end);
    }

    /// Forgets what stands before a place of the buffer.
    fn let_go(&mut self, end: usize) {
        self.taken = end;
        if end >= self.buffer.len() {
            self.buffer.clear();
            self.taken = 0;
        } else if end > KEPT && end > self.buffer.len() / 2 {
            // So that a stream of which something is always read ahead takes no more and more memory.
            self.buffer.drain(..end);
            self.taken = 0;
        }
    }

    /// How the stream writes its characters.
    fn encoding(&mut self) -> io::Result<Encoding> {
        if let Some(known) = self.encoding {
            return Ok(known);
        }
        let found = json::utf16(self.input.fill_buf()?);
        let found = found.map_or(Encoding::Utf8, Encoding::Utf16);
        Ok(*self.encoding.insert(found))
    }

    /// Appends what the stream has at hand to the buffer, and is false at the end of the stream.
    fn read_some(&mut self) -> io::Result<bool> {
        let bytes = self.input.fill_buf()?;
        let count = bytes.len();
        self.buffer.extend_from_slice(bytes);
        self.input.consume(count);
        self.is_cut = count > 0;
        Ok(self.is_cut)
    }

    /// Appends a line to the buffer, and is false at the end of the stream.
    fn read_line(&mut self) -> io::Result<bool> {
        if let Encoding::Utf16(order) = self.encoding()? {
            return utf16::read_line(&mut self.input, order, &mut self.buffer);
        }
        // One byte more than can be used, so that it is seen to be too long.
        let limit = MAX_TEXT as u64 + 1;
        let input = self.input.by_ref();
        let count = input.take(limit).read_until(b'\n', &mut self.buffer)?;
        if count as u64 == limit && self.buffer.last() != Some(&b'\n') {
            skip_line(&mut self.input)?;
        }
        Ok(count > 0)
    }
}

/// Passes over the rest of a line without keeping it.
fn skip_line(input: &mut impl BufRead) -> io::Result<()> {
    loop {
        let bytes = input.fill_buf()?;
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (count, is_end) = match end {
            Some(at) => (at + 1, true),
            None => (bytes.len(), bytes.is_empty()),
        };
        input.consume(count);
        if is_end {
            return Ok(());
        }
    }
}

/// The text without a byte order mark.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}

fn is_blank(text: &[u8]) -> bool {
    text.trim_ascii().is_empty()
}

/// True for a line that is one object, from its first byte to its last.
fn is_object(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    line.starts_with(b"{") && Prefix::default().push(line) == Reach::Whole
}

/// How far the brackets of a text are closed, whatever else is wrong with it.
#[derive(Debug, Default)]
struct Brackets {
    depth: i64,
    in_string: bool,
    escaped: bool,
    /// A string went over the end of a line: nobody knows what of the rest is text.
    broken: bool,
}

impl Brackets {
    fn scan(&mut self, text: &[u8]) {
        for byte in text {
            match byte {
                b'\n' => {
                    self.broken |= self.in_string;
                    self.in_string = false;
                    self.escaped = false;
                }
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                b'{' | b'[' if !self.in_string => self.depth += 1,
                b'}' | b']' if !self.in_string => self.depth -= 1,
                _ => {}
            }
        }
    }

    fn is_open(&self) -> bool {
        self.depth > 0 || self.broken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records(whole: &str) -> Vec<(usize, String)> {
        let mut records = Records::new(whole.as_bytes());
        let mut found = Vec::new();
        let mut record = Vec::new();
        while let Some(at) = records.next_into(&mut record).unwrap() {
            let text = String::from_utf8(record.clone()).unwrap();
            let start = usize::try_from(at.offset).unwrap();
            assert_eq!(
                whole.as_bytes().get(start..start + record.len()),
                Some(&*record)
            );
            found.push((at.line, text.trim_end().to_string()));
        }
        found
    }

    fn check(text: &str, expected: &[(usize, &str)]) {
        let found = records(text);
        let found: Vec<(usize, &str)> = found.iter().map(|(n, text)| (*n, &**text)).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn lines_are_records() {
        check("", &[]);
        check("\n \n", &[]);
        check("{}\n\n{\"a\":1}", &[(1, "{}"), (3, "{\"a\":1}")]);
        check("\u{feff}{}\r\n{}", &[(1, "\u{feff}{}"), (2, "{}")]);
        check("what\n{}\n", &[(1, "what"), (2, "{}")]);
    }

    #[test]
    fn a_broken_line_spoils_nothing_else() {
        check(
            "{}\n{\"a\":[\n{}\n",
            &[(1, "{}"), (2, "{\"a\":["), (3, "{}")],
        );
        check("{}\n{\"a\n{}\n", &[(1, "{}"), (2, "{\"a"), (3, "{}")]);
        // Lines that begin no value together.
        check(
            "{\"a\":[\n{\"b\":1}\n{\"c\":1}\n]\n",
            &[
                (1, "{\"a\":["),
                (2, "{\"b\":1}"),
                (3, "{\"c\":1}"),
                (4, "]"),
            ],
        );
        check("{\"a\n{\"b\":1}", &[(1, "{\"a"), (2, "{\"b\":1}")]);
    }

    /// Nothing is read beyond a record that is complete: whoever writes the next may wait for the answer.
    #[test]
    fn a_line_is_answered_before_the_next_one_comes() {
        struct Waiting(Vec<u8>);
        impl Read for Waiting {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                // A byte at a time, and an error in place of waiting forever.
                let Some((first, rest)) = self.0.split_first() else {
                    return Err(io::ErrorKind::WouldBlock.into());
                };
                out[0] = *first;
                self.0 = rest.to_vec();
                Ok(1)
            }
        }
        for text in [
            "{}\n",
            "what\n",
            "{\"a\": }\n",
            "[\n1\n]\n",
            "{\n\"a\": [\n{}]}\n",
        ] {
            let input = io::BufReader::with_capacity(1, Waiting(text.as_bytes().to_vec()));
            let mut records = Records::new(input);
            let mut record = Vec::new();
            assert_eq!(
                records.next_into(&mut record).unwrap(),
                Some(Start::FILE),
                "{text:?}"
            );
            assert_eq!(record, text.trim_end().as_bytes());
            assert!(!records.has_read_ahead());
        }
        // Among lines, a line that is broken off inside a string does not wait: nothing can go on with it.
        let input = io::BufReader::with_capacity(1, Waiting(b"{}\n{\"a\n".to_vec()));
        let mut records = Records::new(input);
        let mut record = Vec::new();
        records.next_into(&mut record).unwrap();
        let start = Start {
            line: 2,
            column: 1,
            offset: 3,
        };
        assert_eq!(records.next_into(&mut record).unwrap(), Some(start));
        assert_eq!(record, b"{\"a");
    }

    #[test]
    fn values_go_over_lines() {
        check("{\n \"a\": \"}\"\n}\n", &[(1, "{\n \"a\": \"}\"\n}")]);
        check("{\n}\n\n{\n}", &[(1, "{\n}"), (4, "{\n}")]);
        check(
            "[\n{\"a\":1},\n{\"b\":1}\n]",
            &[(1, "[\n{\"a\":1},\n{\"b\":1}\n]")],
        );
        check("{\"a\":[\n{\"b\":1}]}\n", &[(1, "{\"a\":[\n{\"b\":1}]}")]);
        check(
            "{\"a\":[\n{\"b\":1},{\"b\":1}\n]}\n",
            &[(1, "{\"a\":[\n{\"b\":1},{\"b\":1}\n]}")],
        );
        // Without indentation.
        check(
            "{\n\"a\": [\n{\n\"b\": 1\n}\n]\n}",
            &[(1, "{\n\"a\": [\n{\n\"b\": 1\n}\n]\n}")],
        );
        check(
            "{\n\"a\": \"\\\"\\\\\"\n}",
            &[(1, "{\n\"a\": \"\\\"\\\\\"\n}")],
        );
    }
}

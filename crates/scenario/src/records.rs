//! A stream of scenarios taken apart.

use std::io::{self, BufRead, Read};

use portcullis_syntax::json::MAX_TEXT;

/// Takes a stream apart into texts of one JSON value each.
///
/// JSON Lines are the rule: a line is a record, whatever is on it, so that a broken line spoils
/// nothing but itself. A stream whose first line does not close its brackets holds values over
/// several lines instead: one such value, or several one after the other.
#[derive(Debug)]
pub struct Records<R> {
    input: R,
    layout: Layout,
    /// A line that was read ahead.
    ahead: Vec<u8>,
    /// The number of the line to be read next.
    line: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    Unknown,
    Lines,
    Values,
}

impl<R: BufRead> Records<R> {
    /// The records of a stream.
    pub fn new(input: R) -> Records<R> {
        Records {
            input,
            layout: Layout::Unknown,
            ahead: Vec::new(),
            line: 1,
        }
    }

    /// The stream.
    pub fn input(&self) -> &R {
        &self.input
    }

    /// Puts the next record into the buffer and returns the number of its first line; none at the
    /// end of the stream. Nothing is read beyond a record that is complete.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn next_into(&mut self, record: &mut Vec<u8>) -> io::Result<Option<usize>> {
        let first_line = self.fill(record)?;
        // So that the end of a record is on its last line.
        record.truncate(record.trim_ascii_end().len());
        Ok(first_line)
    }

    fn fill(&mut self, record: &mut Vec<u8>) -> io::Result<Option<usize>> {
        loop {
            record.clear();
            if !self.read_line(record)? {
                return Ok(None);
            }
            if !without_mark(record).trim_ascii().is_empty() {
                break;
            }
        }
        let first_line = self.line - 1;
        if self.layout == Layout::Lines {
            return Ok(Some(first_line));
        }
        let mut brackets = Brackets::default();
        brackets.scan(without_mark(record));
        if self.layout == Layout::Unknown {
            self.layout = match brackets.is_open() {
                true => Layout::Values,
                false => Layout::Lines,
            };
        }
        let in_object = without_mark(record).trim_ascii_start().first() == Some(&b'{');
        let mut line = Vec::new();
        while brackets.is_open() && record.len() <= MAX_TEXT {
            line.clear();
            if !self.read_line(&mut line)? {
                break;
            }
            if in_object && is_object(&line) {
                // The line before was broken off.
                self.layout = Layout::Lines;
                self.line -= 1;
                std::mem::swap(&mut self.ahead, &mut line);
                break;
            }
            brackets.scan(&line);
            record.append(&mut line);
        }
        Ok(Some(first_line))
    }

    /// Appends a line, and is false at the end.
    fn read_line(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        if self.ahead.is_empty() {
            // One byte more than can be used, so that it is seen to be too long.
            let limit = MAX_TEXT as u64 + 1;
            let count = self.input.by_ref().take(limit).read_until(b'\n', line)?;
            if count as u64 == limit && line.last() != Some(&b'\n') {
                skip_line(&mut self.input)?;
            }
            if count == 0 {
                return Ok(false);
            }
        } else {
            line.append(&mut self.ahead);
        }
        self.line += 1;
        Ok(true)
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

/// True for a line that is one object with members, from its first byte to its last.
fn is_object(line: &[u8]) -> bool {
    let line = line.trim_ascii_end();
    let Some((last, before)) = line.split_last() else {
        return false;
    };
    let mut brackets = Brackets::default();
    // What the line opens first must stay open up to its last byte.
    let stays_open = before.iter().all(|byte| {
        brackets.scan(core::slice::from_ref(byte));
        brackets.depth > 0
    });
    let closes = *last == b'}' && !brackets.in_string && brackets.depth == 1;
    line.len() > 2 && line.starts_with(b"{") && stays_open && closes
}

/// How far the brackets of a text are closed.
#[derive(Debug, Default)]
struct Brackets {
    depth: i64,
    in_string: bool,
    escaped: bool,
    /// A string went over the end of a line: this will never be JSON.
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

    fn records(text: &str) -> Vec<(usize, String)> {
        let mut records = Records::new(text.as_bytes());
        let mut found = Vec::new();
        let mut record = Vec::new();
        while let Some(line) = records.next_into(&mut record).unwrap() {
            let text = String::from_utf8(record.clone()).unwrap();
            found.push((line, text.trim_end().to_string()));
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
        check(
            "{\"a\":[\n{\"b\":1}\n]\n",
            &[(1, "{\"a\":["), (2, "{\"b\":1}"), (3, "]")],
        );
        check("{\"a\n{\"b\":1}", &[(1, "{\"a"), (2, "{\"b\":1}")]);
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

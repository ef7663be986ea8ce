//! A record that is too large to be held at once: an object whose long lists are read element by element.
//!
//! Nothing is judged here but where values end. An element is read by the reader of JSON like any other text, and so is
//! the rest of the object, from which the elements were taken out; commas and brackets stay in the rest. What is not as
//! it should be between elements is [`Piece::Odd`]: the record has to be read as a whole then, which says what is wrong.

use std::io::{self, BufRead};

use super::{Encoding, Layout, Records, is_blank};
use crate::Start;
use crate::json::MAX_TEXT;
use crate::words::{continues, equal, marked, word};

const MARK: &[u8] = b"\xef\xbb\xbf";

/// The pieces of a record.
#[derive(Debug)]
pub struct Pieces<'r, R> {
    records: &'r mut Records<R>,
    names: &'r [&'static str],
    /// How many of the names tell by themselves what the object is; true when one was met.
    telling: usize,
    is_told: bool,
    start: Start,
    /// The object without the elements that were given.
    rest: Vec<u8>,
    /// Bytes behind those that were taken from the stream.
    at: usize,
    /// Characters of the line before what was not taken yet.
    column: usize,
    state: State,
}

/// What may come next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A name or the end of the object.
    Members,
    /// An element, which has this number, of the list with this name.
    Element(&'static str, usize),
    /// The same, or the end of a list without elements.
    FirstElement(&'static str),
    /// A comma, or the end of the list.
    Separator(&'static str, usize),
}

/// A piece of a record.
#[derive(Debug)]
pub enum Piece<'p> {
    /// An element of a list, an object as far as brackets go.
    Element {
        /// The name of the list.
        list: &'static str,
        /// Which element it is.
        index: usize,
        /// Its text, perhaps with blanks before it.
        text: &'p [u8],
        /// Where the text begins.
        start: Start,
    },
    /// The last piece: the object without all these elements. Its places are not those of the file.
    Rest(&'p [u8]),
    /// Something else stands here: these are no pieces of one value.
    Odd,
}

impl<R: BufRead> Records<R> {
    /// The pieces of the next record, if it is an object of more than this many bytes and has in so many of them the
    /// beginning of a list of objects with one of the first names, of which so many tell what the object is; the other
    /// names count from there on. Otherwise nothing is taken from the stream.
    ///
    /// Holds the longest element and the rest of the object, but for what it looks at first.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn pieces<'r>(
        &'r mut self,
        (names, telling): (&'r [&'static str], usize),
        size: usize,
    ) -> io::Result<Option<Pieces<'r, R>>> {
        if self.encoding()? != Encoding::Utf8 {
            return Ok(None);
        }
        while self.buffer.len() - self.taken <= size {
            if !self.read_some()? {
                return Ok(None);
            }
        }
        let start = Start {
            line: self.line,
            column: 1,
            offset: self.offset,
        };
        let mut pieces = Pieces {
            records: self,
            names,
            telling,
            is_told: false,
            start,
            rest: Vec::new(),
            at: 0,
            column: 0,
            state: State::Members,
        };
        Ok(pieces.is_worth_it(size)?.then_some(pieces))
    }
}

impl<R: BufRead> Pieces<'_, R> {
    /// Where the record begins.
    pub fn start(&self) -> Start {
        self.start
    }

    /// The object so far without the elements that were given: all of it behind [`Piece::Rest`].
    pub fn rest(&self) -> &[u8] {
        &self.rest
    }

    /// The next piece. There is none behind the rest, nor behind what is odd.
    ///
    /// # Errors
    /// Those of the stream.
    pub fn next_piece(&mut self) -> io::Result<Piece<'_>> {
        let Some((list, index)) = self.next_element(usize::MAX)? else {
            return self.end();
        };
        if let State::FirstElement(_) = self.state {
            self.take();
        }
        let start = Start {
            line: self.records.line,
            column: self.column + 1,
            offset: self.records.offset,
        };
        let from = self.at;
        if !self.skip_value()? || self.at - from > MAX_TEXT {
            return Ok(Piece::Odd);
        }
        self.state = State::Separator(list, index + 1);
        let end = self.records.taken + self.at;
        let text = self.records.slice(self.records.taken, end);
        Ok(Piece::Element {
            list,
            index,
            text,
            start,
        })
    }

    /// Goes to the first element, if it is not too far.
    fn is_worth_it(&mut self, size: usize) -> io::Result<bool> {
        let slice = self.records.buffer.get(self.records.taken..);
        if slice.is_some_and(|text| text.starts_with(MARK)) {
            self.at = MARK.len();
        }
        if self.blank()? != Some(b'{') {
            return Ok(false);
        }
        self.push_byte(b'{');
        // From here on nothing was taken: the stream is as it was should this lead to nothing.
        Ok(self.next_element(size)?.is_some() && self.at <= size)
    }

    /// Goes through what stands before the next element, which goes to the rest. None at the end of the object, at what
    /// is odd, and behind so many bytes.
    fn next_element(&mut self, most: usize) -> io::Result<Option<(&'static str, usize)>> {
        loop {
            let Some(byte) = self.blank()? else {
                return Ok(None);
            };
            if self.at > most || self.rest.len() > MAX_TEXT {
                return Ok(None);
            }
            match (self.state, byte) {
                (State::Element(list, index), b'{') => return Ok(Some((list, index))),
                (State::FirstElement(list), b'{') => return Ok(Some((list, 0))),
                (State::FirstElement(_) | State::Separator(..), b']') => {
                    self.push_byte(byte);
                    self.state = State::Members;
                }
                (State::Separator(list, index), b',') => {
                    self.at += 1;
                    self.take();
                    self.state = State::Element(list, index);
                }
                (State::Members, b',') => self.push_byte(byte),
                (State::Members, b'"') => {
                    if !self.member()? {
                        return Ok(None);
                    }
                }
                _ => return Ok(None),
            }
        }
    }

    /// A name with its value, or with the beginning of a list whose elements are wanted. False for something else.
    fn member(&mut self) -> io::Result<bool> {
        let from = self.at;
        if !self.skip_value()? {
            return Ok(false);
        }
        let name = self.copy(from);
        let name = self.rest.get(name..).unwrap_or_default();
        let is = |own: &&str| name == format!("\"{own}\"").as_bytes();
        let wanted = self.names.iter().position(is);
        self.is_told |= wanted.is_some_and(|at| at < self.telling);
        let wanted = wanted.filter(|_| self.is_told);
        let wanted = wanted.and_then(|at| self.names.get(at).copied());
        if self.blank()? != Some(b':') {
            return Ok(false);
        }
        self.push_byte(b':');
        let (byte, from) = (self.blank()?, self.at);
        if let (Some(list), Some(b'[')) = (wanted, byte) {
            self.push_byte(b'[');
            self.state = State::FirstElement(list);
            return Ok(true);
        }
        if !self.skip_value()? {
            return Ok(false);
        }
        self.copy(from);
        Ok(true)
    }

    /// The rest, if the object ends here and nothing stands behind it in its line.
    fn end(&mut self) -> io::Result<Piece<'_>> {
        if self.state != State::Members || self.blank()? != Some(b'}') {
            return Ok(Piece::Odd);
        }
        self.push_byte(b'}');
        let from = self.at;
        while let Some(byte) = self.byte()? {
            self.at += 1;
            if byte == b'\n' {
                break;
            }
        }
        if !is_blank(self.since(from)) {
            return Ok(Piece::Odd);
        }
        if self.records.layout == Layout::Unknown {
            self.records.layout = Layout::Values;
        }
        self.take();
        // Lines are counted as they are taken; the last one may have no end.
        if self.column > 0 {
            self.records.line += 1;
        }
        Ok(Piece::Rest(&self.rest))
    }

    /// The byte here; none at the end of the stream.
    #[inline]
    fn byte(&mut self) -> io::Result<Option<u8>> {
        match self.records.buffer.get(self.records.taken + self.at) {
            Some(byte) => Ok(Some(*byte)),
            None => self.byte_of_stream(),
        }
    }

    /// The same, where it has to be read first.
    #[cold]
    fn byte_of_stream(&mut self) -> io::Result<Option<u8>> {
        loop {
            if self.at > MAX_TEXT || !self.records.read_some()? {
                return Ok(None);
            }
            if let Some(byte) = self.records.buffer.get(self.records.taken + self.at) {
                return Ok(Some(*byte));
            }
        }
    }

    /// The first byte from here that is no blank.
    fn blank(&mut self) -> io::Result<Option<u8>> {
        while let Some(byte) = self.byte()? {
            if !matches!(byte, b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(Some(byte));
            }
            self.at += 1;
        }
        Ok(None)
    }

    fn since(&self, from: usize) -> &[u8] {
        let taken = self.records.taken;
        self.records.slice(taken + from, taken + self.at)
    }

    fn push_byte(&mut self, byte: u8) {
        self.rest.push(byte);
        self.at += 1;
    }

    /// Copies what was gone through to the rest, and says where it is there.
    fn copy(&mut self, from: usize) -> usize {
        let place = self.rest.len();
        let taken = self.records.taken;
        let text = self.records.buffer.get(taken + from..taken + self.at);
        self.rest.extend_from_slice(text.unwrap_or_default());
        place
    }

    /// Lets go of everything up to here.
    fn take(&mut self) {
        let text = self.since(0);
        let lines = text.iter().filter(|byte| **byte == b'\n').count();
        let line = match lines {
            0 => text,
            _ => text
                .rsplit(|byte| *byte == b'\n')
                .next()
                .unwrap_or_default(),
        };
        let line = match self.records.offset {
            0 => line.strip_prefix(MARK).unwrap_or(line),
            _ => line,
        };
        let characters = match line.is_ascii() {
            true => line.len(),
            false => line.len() - marked(line, continues),
        };
        self.column = match lines {
            0 => self.column + characters,
            _ => characters,
        };
        let count = std::mem::take(&mut self.at);
        self.records.line += lines;
        self.records.offset += count as u64;
        self.records.let_go(self.records.taken + count);
    }

    /// Goes behind the value here: an object or array as far as brackets and strings go, a string, or what stands before
    /// the next comma, bracket or blank. False if the stream ends before.
    fn skip_value(&mut self) -> io::Result<bool> {
        match self.byte()? {
            None | Some(b',' | b':') => Ok(false),
            Some(b'{' | b'[' | b'}' | b']' | b'"') => self.skip_nested(),
            Some(_) => self.skip_word(),
        }
    }

    /// Goes behind the object, array or string here.
    fn skip_nested(&mut self) -> io::Result<bool> {
        let mut nesting = Nesting::default();
        while self.byte()?.is_some() {
            let rest = self.records.buffer.get(self.records.taken + self.at..);
            let rest = rest.unwrap_or_default();
            let end = nesting.end(rest);
            self.at += end.unwrap_or(rest.len());
            if end.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn skip_word(&mut self) -> io::Result<bool> {
        while let Some(byte) = self.byte()? {
            if matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\r' | b'\n') {
                return Ok(true);
            }
            self.at += 1;
        }
        Ok(false)
    }
}

/// How deep a value is at a place of it.
#[derive(Default)]
struct Nesting {
    depth: usize,
    in_string: bool,
    /// True if the next byte is escaped.
    is_escaped: bool,
}

impl Nesting {
    /// Goes on through a value, and says where it ends, behind its last byte; none if it goes on behind these.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut escaped = self.is_escaped.then_some(0);
        let mut rest = bytes;
        while !rest.is_empty() {
            let start = bytes.len() - rest.len();
            let word = word(rest);
            // Braces differ from brackets in one bit.
            let folded = word | 0x2020_2020_2020_2020;
            let brackets = equal(folded, b'{') | equal(folded, b'}');
            let mut marks = equal(word, b'"') | equal(word, b'\\') | brackets;
            while marks != 0 {
                let place = marks.trailing_zeros() / 8;
                marks &= marks - 1;
                let at = start + place as usize;
                if escaped == Some(at) {
                    continue;
                }
                let byte = word.to_le_bytes().get(place as usize).copied();
                match (self.in_string, byte) {
                    (false, Some(b'{' | b'[')) => self.depth += 1,
                    (false, Some(b'}' | b']')) => self.depth = self.depth.saturating_sub(1),
                    (false, Some(b'"')) => self.in_string = true,
                    (true, Some(b'"')) => self.in_string = false,
                    (true, Some(b'\\')) => escaped = Some(at + 1),
                    // Words mark a few bytes too many.
                    _ => continue,
                }
                if self.depth == 0 && !self.in_string {
                    return Some(at + 1);
                }
            }
            rest = rest.get(8..).unwrap_or_default();
        }
        self.is_escaped = escaped == Some(bytes.len());
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Source, json};
    use bumpalo::Bump;

    const NAMES: &[&str] = &["A", "B"];

    /// The pieces of everything in a text, with where each begins, and the records that have none.
    fn pieces(text: &str, chunk: usize, size: usize) -> Vec<String> {
        let mut records = Records::new(io::BufReader::with_capacity(chunk, text.as_bytes()));
        let mut found = Vec::new();
        let mut record = Vec::new();
        loop {
            if let Some(mut all) = records.pieces((NAMES, 1), size).unwrap() {
                loop {
                    match all.next_piece().unwrap() {
                        Piece::Element {
                            list,
                            index,
                            text: own,
                            start,
                        } => {
                            let from = usize::try_from(start.offset).unwrap();
                            assert_eq!(
                                text.as_bytes().get(from..from + own.len()),
                                Some(own),
                                "{text}"
                            );
                            // Its places are those of the whole.
                            let own = std::str::from_utf8(own).unwrap();
                            let arena = Bump::new();
                            let node = json::parse(own, &arena).unwrap();
                            let place = Source::at("", own, start).position(node.span.start);
                            let at = u32::try_from(from).unwrap() + node.span.start;
                            assert_eq!(place, Source::new("", text).position(at), "{text}");
                            found.push(format!("{list}/{index} {}", own.trim()));
                        }
                        Piece::Rest(rest) => {
                            found.push(std::str::from_utf8(rest).unwrap().to_string());
                            break;
                        }
                        Piece::Odd => {
                            found.push("odd".to_string());
                            return found;
                        }
                    }
                }
                continue;
            }
            let Some(start) = records.next_into(&mut record).unwrap() else {
                return found;
            };
            let own = std::str::from_utf8(&record).unwrap();
            found.push(format!("{}: {own}", start.line));
        }
    }

    #[track_caller]
    fn check(text: &str, size: usize, expected: &[&str]) {
        for chunk in [1, 7, 1 << 10] {
            let found = pieces(text, chunk, size);
            assert_eq!(found, expected, "{text:?} {chunk}");
        }
    }

    #[test]
    fn large_objects_come_in_pieces() {
        check(
            "{\"A\":[{\"a\":1},{\"b\":\"]}\\\"\"}],\"x\":[{}],\"B\":[]}",
            24,
            &[
                "A/0 {\"a\":1}",
                "A/1 {\"b\":\"]}\\\"\"}",
                "{\"A\":[],\"x\":[{}],\"B\":[]}",
            ],
        );
        check(
            "{\"A\": [\n {\"a\": [1, {}]},\r\n é{}\n ]\n}",
            24,
            &["A/0 {\"a\": [1, {}]}", "odd"],
        );
        check(
            "\u{feff}{\"é\": \"é\", \"A\":[ {\"a\": {}}, {\"é\": 1}\n  , {}\n] , \"n\" : null}  \n{\"A\":[{}],\"B\":[{},{\"abc\":1}]}\n[1]\n",
            24,
            &[
                "A/0 {\"a\": {}}",
                "A/1 {\"é\": 1}",
                "A/2 {}",
                "{\"é\":\"é\",\"A\":[],\"n\":null}",
                "A/0 {}",
                "B/0 {}",
                "B/1 {\"abc\":1}",
                "{\"A\":[],\"B\":[]}",
                "5: [1]",
            ],
        );
    }

    #[test]
    fn others_are_left_as_they_are() {
        for text in [
            "[{\"A\":[{},{},{}]}]",
            "{\"x\":\"1234567890\",\"A\":[{}]}",
            "{\"A\":[1, 2, 3, 4, 5]}",
            "{\"A\":{\"a\":[1, 2, 3, 4, 5]}}",
            // The second name tells nothing before the first was met.
            "{\"B\":[{},{},{}],\"C\":[]}",
            "{\"A\" [{}, {}, {}]}",
            "{\"a\":1}",
            "what is this",
        ] {
            check(text, 8, &[&format!("1: {text}")]);
        }
    }

    #[test]
    fn what_is_odd_is_told() {
        for text in [
            "{\"A\":[{}{}",
            "{\"A\":[{},1]}",
            "{\"A\":[{},]}",
            "{\"A\":[{}}]}",
            "{\"A\":[{}],1:2}",
            "{\"A\":[{}]]}",
            "{\"A\":[{}]",
            "{\"A\":[{\"a\":\"",
            "{\"A\":[{},{\"a\":\"\\",
            "{\"A\":[{}],\"x\" 1}",
            "{\"A\":[{}]} {}",
        ] {
            let found = pieces(text, 3, 8);
            assert_eq!(found.last().map(String::as_str), Some("odd"), "{text}");
        }
        // The reader of JSON refuses what is left of these.
        check("{\"A\":[{}],,}", 8, &["A/0 {}", "{\"A\":[],,}"]);
        check(
            "{\"A\":[{}],\"A\":[{}]}",
            8,
            &["A/0 {}", "A/0 {}", "{\"A\":[],\"A\":[]}"],
        );
    }
}

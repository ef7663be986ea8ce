//! Whether a text is a JSON value, the beginning of one, or neither.

/// How far a text that is read bit by bit has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The beginning of a value: more must follow.
    Open,
    /// One value, with nothing behind it.
    Whole,
    /// Neither, whatever follows.
    Broken,
}

/// What may come next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// A value.
    #[default]
    Value,
    /// A value, or the end of the array that was just opened.
    FirstElement,
    /// A member's name, or the end of the object that was just opened.
    FirstKey,
    /// A member's name.
    Key,
    /// The colon behind a member's name.
    Colon,
    /// A comma, or the end of what is open.
    Separator,
    /// Nothing but blanks.
    End,
    Broken,
}

/// Reads a text line by line with the grammar of JSON, as far as brackets, commas, colons and strings go. Words and
/// numbers are taken as they come: whether they are spelled right, the reader of the record says.
///
/// Nothing is kept but one bit for each bracket that is open.
#[derive(Debug, Default)]
pub(super) struct Prefix {
    state: State,
    /// The brackets that are open, the innermost in the lowest bit: 1 for an object.
    open: u128,
    depth: u32,
}

impl Prefix {
    /// Brackets that can be open at once: more than the reader takes, which says so itself.
    const DEPTH: u32 = u128::BITS;

    /// Reads one more line, with what ends it.
    pub(super) fn push(&mut self, line: &[u8]) -> Reach {
        let mut rest = line;
        while let Some((&byte, behind)) = rest.split_first() {
            rest = behind;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {}
                b'"' => match string(behind) {
                    Some(after) => {
                        rest = after;
                        self.string();
                    }
                    None => self.state = State::Broken,
                },
                b'{' | b'[' => self.open(byte == b'{'),
                b'}' | b']' => self.close(byte == b'}'),
                b':' => self.step(State::Colon, State::Value),
                b',' => {
                    let next = match self.in_object() {
                        true => State::Key,
                        false => State::Value,
                    };
                    self.step(State::Separator, next);
                }
                _ => {
                    rest = word(behind);
                    self.value();
                }
            }
            if self.state == State::Broken {
                break;
            }
        }
        match self.state {
            State::Broken => Reach::Broken,
            State::End => Reach::Whole,
            _ => Reach::Open,
        }
    }

    fn in_object(&self) -> bool {
        self.depth > 0 && self.open & 1 == 1
    }

    fn step(&mut self, from: State, to: State) {
        self.state = match self.state == from {
            true => to,
            false => State::Broken,
        };
    }

    /// The state behind a value.
    fn behind(&self) -> State {
        match self.depth {
            0 => State::End,
            _ => State::Separator,
        }
    }

    fn value(&mut self) {
        self.state = match self.state {
            State::Value | State::FirstElement => self.behind(),
            _ => State::Broken,
        };
    }

    fn string(&mut self) {
        match self.state {
            State::Key | State::FirstKey => self.state = State::Colon,
            _ => self.value(),
        }
    }

    fn open(&mut self, is_object: bool) {
        let may = matches!(self.state, State::Value | State::FirstElement);
        if !may || self.depth == Prefix::DEPTH {
            self.state = State::Broken;
            return;
        }
        self.open = self.open << 1 | u128::from(is_object);
        self.depth += 1;
        self.state = match is_object {
            true => State::FirstKey,
            false => State::FirstElement,
        };
    }

    fn close(&mut self, is_object: bool) {
        let empty = match is_object {
            true => State::FirstKey,
            false => State::FirstElement,
        };
        let fits = self.depth > 0 && self.in_object() == is_object;
        if !fits || (self.state != State::Separator && self.state != empty) {
            self.state = State::Broken;
            return;
        }
        self.open >>= 1;
        self.depth -= 1;
        self.state = self.behind();
    }
}

/// What stands behind the string that goes on here; none if it does not end in this line.
fn string(mut rest: &[u8]) -> Option<&[u8]> {
    loop {
        let at = rest
            .iter()
            .position(|byte| matches!(byte, b'"' | b'\\' | b'\n'))?;
        match rest.get(at)? {
            b'"' => return rest.get(at + 1..),
            b'\\' => rest = rest.get(at + 2..)?,
            _ => return None,
        }
    }
}

/// What stands behind a word or number that goes on here.
fn word(rest: &[u8]) -> &[u8] {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
    let end = rest.iter().position(|byte| !is_word(byte));
    end.and_then(|end| rest.get(end..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(text: &str) -> Reach {
        Prefix::default().push(text.as_bytes())
    }

    #[test]
    fn values_are_whole() {
        for text in [
            "{}",
            "[]",
            " [ ] \r\n",
            "1",
            "tru",
            "\"a\\\"}\\\\\"",
            "{\"a\":[1,{\"b\":null}],\"c\":\"{\"}",
            "[[],{},\"\",-1.5e+3]",
        ] {
            assert_eq!(reach(text), Reach::Whole, "{text}");
            // Every beginning of it that ends between tokens is open, or whole itself.
            for end in 1..text.len() {
                let start = text.get(..end).unwrap();
                let in_string = start.matches('"').count() % 2 == 1 || start.contains('\\');
                assert!(in_string || reach(start) != Reach::Broken, "{start}");
            }
        }
    }

    #[test]
    fn what_is_no_beginning_is_broken() {
        for text in [
            "}",
            "]",
            ",",
            ":",
            "[,",
            "[1 2",
            "[1}",
            "{]",
            "{1",
            "{\"a\",",
            "{\"a\" \"b\"",
            "{\"a\":}",
            "{\"a\":1,}",
            "[1,]",
            "{} {",
            "1 1",
            "\"a",
            "\"a\n\"",
            "{\"a\":1 [",
            "[\"a\\",
        ] {
            assert_eq!(reach(text), Reach::Broken, "{text}");
        }
        assert_eq!(reach(&"[".repeat(128)), Reach::Open);
        assert_eq!(reach(&"[".repeat(129)), Reach::Broken);
    }
}

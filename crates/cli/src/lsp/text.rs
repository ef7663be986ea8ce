//! The text of an open document, and places in it as editors count them.

use core::ops::Range;

use portcullis_syntax::ast::Span;
use serde_json::{Value, json};

/// A text with the starts of its lines.
pub(super) struct Text {
    text: String,
    lines: Vec<usize>,
    is_utf8: bool,
}

/// Where lines start behind these bytes of a text. They end with `\n`, `\r\n` or `\r`, as the protocol says.
fn starts(text: &str, range: Range<usize>) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let is_end = move |at: usize, byte: u8| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    };
    let own = bytes.get(range.clone()).unwrap_or_default();
    let all = (range.start..).zip(own);
    all.filter(move |(at, byte)| is_end(*at, **byte))
        .map(|(at, _)| at + 1)
}

impl Text {
    pub(super) fn new(text: String, is_utf8: bool) -> Text {
        let lines = core::iter::once(0).chain(starts(&text, 0..text.len()));
        let lines = lines.collect();
        Text {
            text,
            lines,
            is_utf8,
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// A line without its end.
    fn line(&self, start: usize, line: usize) -> &str {
        let next = self.lines.get(line + 1);
        let end = next.copied().unwrap_or(self.text.len());
        let whole = self.text.get(start..end).unwrap_or_default();
        match next {
            Some(_) => whole.trim_end_matches(['\n', '\r']),
            None => whole,
        }
    }

    /// The byte of a place; one behind the end of a line is its end.
    pub(super) fn offset(&self, position: &Value) -> u32 {
        let number = |name: &str| {
            let number = position
                .get(name)
                .and_then(Value::as_u64)
                .unwrap_or_default();
            usize::try_from(number).unwrap_or(usize::MAX)
        };
        let (line, character) = (number("line"), number("character"));
        let Some(start) = self.lines.get(line) else {
            return u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        };
        let text = self.line(*start, line);
        let mut left = character;
        let mut at = text.len();
        for (index, c) in text.char_indices() {
            let width = if self.is_utf8 {
                c.len_utf8()
            } else {
                c.len_utf16()
            };
            if left < width {
                at = index;
                break;
            }
            left -= width;
        }
        u32::try_from(start + at).unwrap_or(u32::MAX)
    }

    pub(super) fn span(&self, range: &Value) -> Span {
        let at = |name: &str| self.offset(range.get(name).unwrap_or(&Value::Null));
        Span {
            start: at("start"),
            end: at("end"),
        }
    }

    fn position(&self, offset: u32) -> Value {
        let mut offset = (offset as usize).min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self
            .lines
            .partition_point(|start| *start <= offset)
            .saturating_sub(1);
        let start = self.lines.get(line).copied().unwrap_or_default();
        let before = self.line(start, line);
        // Nothing is between the two characters of `\r\n`.
        let before = before.get(..offset - start).unwrap_or(before);
        let character = match self.is_utf8 {
            true => before.len(),
            false => before.chars().map(char::len_utf16).sum(),
        };
        json!({"line": line, "character": character})
    }

    pub(super) fn range(&self, span: Span) -> Value {
        json!({"start": self.position(span.start), "end": self.position(span.end.max(span.start))})
    }

    /// Takes in a change: of a range, or of the whole text.
    pub(super) fn change(&mut self, change: &Value) {
        let new = change
            .get("text")
            .and_then(Value::as_str)
            .unwrap_or_default();
        match change.get("range") {
            Some(range) => {
                let span = self.span(range);
                let end = span.end.max(span.start) as usize;
                self.replace(span.start as usize, end, new);
            }
            None => *self = Text::new(new.to_owned(), self.is_utf8),
        }
    }

    fn replace(&mut self, start: usize, end: usize, new: &str) {
        // What a line before the change ends with, and one behind it begins with, may be joined by it.
        let first = self.lines.partition_point(|own| *own < start).max(1) - 1;
        let behind = self.lines.partition_point(|own| *own < end + 2);
        self.text.replace_range(start..end, new);
        let mut rest = self.lines.split_off(behind);
        for own in &mut rest {
            *own = *own - end + start + new.len();
        }
        self.lines.truncate(first + 1);
        let from = self.lines.last().copied().unwrap_or_default();
        let to = rest.first().map_or(self.text.len(), |next| next - 1);
        self.lines.extend(starts(&self.text, from..to));
        self.lines.extend(rest);
    }
}

/// The word around a byte, of characters of some kind, and where it is.
pub(super) fn word(text: &str, at: u32, is_part: impl Fn(char) -> bool) -> Option<(Span, &str)> {
    let at = at as usize;
    let (before, behind) = (text.get(..at)?, text.get(at..)?);
    let start = before
        .char_indices()
        .rev()
        .take_while(|(_, c)| is_part(*c))
        .last()
        .map_or(at, |(at, _)| at);
    let length = behind.find(|c| !is_part(c)).unwrap_or(behind.len());
    let end = at + length;
    let word = text.get(start..end).filter(|word| !word.is_empty())?;
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Some((
        Span {
            start: number(start),
            end: number(end),
        },
        word,
    ))
}

#[cfg(test)]
mod tests {
    use super::{Text, word};
    use portcullis_syntax::ast::Span;
    use serde_json::json;

    #[test]
    fn places_are_counted_as_editors_count() {
        let text = "a😀b\nüc\n";
        let utf16 = Text::new(text.to_owned(), false);
        assert_eq!(utf16.offset(&json!({"line": 0, "character": 3})), 5);
        assert_eq!(
            utf16.range(Span { start: 5, end: 9 }),
            json!({"start": {"line": 0, "character": 3}, "end": {"line": 1, "character": 1}})
        );
        let utf8 = Text::new(text.to_owned(), true);
        assert_eq!(utf8.offset(&json!({"line": 1, "character": 2})), 9);
        assert_eq!(utf8.offset(&json!({"line": 1, "character": 99})), 10);
        assert_eq!(utf8.offset(&json!({"line": 9, "character": 0})), 11);
        // Half of a surrogate pair is none of it.
        assert_eq!(utf16.offset(&json!({"line": 0, "character": 2})), 1);
    }

    #[test]
    fn lines_end_as_the_protocol_says() {
        let text = Text::new("ab\r\nc\rd\r\r\n".to_owned(), false);
        for (line, end) in [(0, 2), (1, 5), (2, 7), (3, 8), (4, 10)] {
            let place = json!({"line": line, "character": 9});
            assert_eq!(text.offset(&place), end, "{line}");
        }
        let place = |at| text.range(Span { start: at, end: at })["start"].clone();
        assert_eq!(place(3), json!({"line": 0, "character": 2}));
        assert_eq!(place(4), json!({"line": 1, "character": 0}));
        assert_eq!(place(10), json!({"line": 4, "character": 0}));
    }

    #[test]
    fn changes_are_taken_in() {
        let mut text = Text::new("one\ntwo\n".to_owned(), false);
        text.change(&json!({"range": {"start": {"line": 0, "character": 3}, "end": {"line": 1, "character": 1}}, "text": " T"}));
        assert_eq!(text.as_str(), "one Two\n");
        text.change(&json!({"text": "x"}));
        assert_eq!(text.as_str(), "x");
    }

    #[test]
    fn lines_are_found_anew_where_a_text_changes() {
        let texts = [
            "",
            "a",
            "\n",
            "\r",
            "\r\n",
            "\n\r",
            "\r\r\n\n",
            "a\rb\nc\r\nd",
            "\n\na\r\r",
        ];
        for old in texts {
            for start in 0..=old.len() {
                for end in start..=old.len() {
                    for new in texts {
                        let mut text = Text::new(old.to_owned(), true);
                        text.replace(start, end, new);
                        let expected = Text::new(text.text.clone(), true).lines;
                        assert_eq!(text.lines, expected, "{old:?} {start}..{end} {new:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_word_is_found_from_any_of_its_characters() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == ':';
        for at in 4..=10 {
            assert_eq!(
                word("[\"\" s3:Get]", at, is_part).map(|one| one.1),
                Some("s3:Get")
            );
        }
        assert_eq!(word("a  b", 2, is_part), None);
    }
}

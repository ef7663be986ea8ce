//! Byte offsets as lines and columns.

use crate::Span;
use crate::words::{equal, first};

/// Bytes between two points at which the number of characters is known.
const BLOCK: usize = 256;

/// Maps byte offsets of a text to lines and columns and back, in logarithmic time.
///
/// Lines and columns count from 1, columns in characters. A leading byte order mark takes no column.
#[derive(Clone, Debug)]
pub struct LineIndex<'t> {
    text: &'t str,
    /// Where each line starts.
    lines: Vec<u32>,
    /// How many characters start before each multiple of [`BLOCK`]; empty if the text is ASCII.
    blocks: Vec<u32>,
}

impl<'t> LineIndex<'t> {
    /// The index of a text, in linear time.
    pub fn new(text: &'t str) -> LineIndex<'t> {
        let bom = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut lines = vec![bom];
        let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        for (block, start) in text.as_bytes().chunks(BLOCK).zip((0..).step_by(BLOCK)) {
            // Documents of dumps are long lines. This compiles to a few instructions for all of the block.
            let has_end = block
                .iter()
                .fold(false, |found, byte| found | (*byte == b'\n'));
            let mut rest = if has_end { block } else { &[] };
            while let Some(at) = first(rest, |word| equal(word, b'\n')) {
                rest = rest.get(at + 1..).unwrap_or_default();
                lines.push(number(start + block.len() - rest.len()));
            }
        }
        let mut blocks = Vec::new();
        if !text.is_ascii() {
            let mut count = 0;
            for block in text.as_bytes().chunks(BLOCK) {
                blocks.push(count);
                count += number(block.iter().filter(|&&byte| starts_char(byte)).count());
            }
        }
        LineIndex {
            text,
            lines,
            blocks,
        }
    }

    /// The text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// How many lines there are.
    pub fn line_count(&self) -> usize {
        self.lines.len()
    }

    /// The line and the column of a byte offset; for one behind the text those of its end.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= offset).max(1);
        let start = self.line_start(line) as usize;
        let offset = (offset as usize).min(self.text.len()).max(start);
        (
            line,
            self.chars_before(offset) - self.chars_before(start) + 1,
        )
    }

    /// How many characters stand before a byte offset, but for a leading byte order mark; for an offset behind the text
    /// all of them.
    ///
    /// ```
    /// use portcullis_source::LineIndex;
    /// assert_eq!(LineIndex::new("äb\nc").characters(4), 3);
    /// ```
    pub fn characters(&self, offset: u32) -> usize {
        let start = self.line_start(1) as usize;
        let offset = (offset as usize).min(self.text.len()).max(start);
        self.chars_before(offset) - self.chars_before(start)
    }

    /// The byte offset of a line and a column; the column may be the one behind the line's last
    /// character.
    pub fn offset(&self, line: usize, column: usize) -> Option<u32> {
        if line == 0 || column == 0 || line > self.lines.len() {
            return None;
        }
        let span = self.line_span(line);
        let wanted = self
            .chars_before(span.start as usize)
            .saturating_add(column - 1);
        let mut at = if self.blocks.is_empty() {
            wanted
        } else {
            let block = self
                .blocks
                .partition_point(|&count| count as usize <= wanted);
            let block = block.saturating_sub(1);
            // The characters that start before the block's first byte are those counted; the next
            // one starts at the first byte from there that starts a character.
            let mut left = wanted - self.blocks.get(block).copied().unwrap_or_default() as usize;
            let mut at = block * BLOCK;
            while let Some(&byte) = self.text.as_bytes().get(at) {
                if starts_char(byte) {
                    if left == 0 {
                        break;
                    }
                    left -= 1;
                }
                at += 1;
            }
            at
        };
        at = at.max(span.start as usize);
        (at <= span.end as usize).then(|| u32::try_from(at).unwrap_or(u32::MAX))
    }

    /// The place of a line, without its line end.
    pub fn line_span(&self, line: usize) -> Span {
        let start = self.line_start(line);
        let next = self
            .lines
            .get(line)
            .map_or(self.text.len(), |&next| next as usize);
        let mut end = next;
        for line_end in [b'\n', b'\r'] {
            if end > start as usize && self.text.as_bytes().get(end - 1) == Some(&line_end) {
                end -= 1;
            }
        }
        Span {
            start,
            end: u32::try_from(end).unwrap_or(u32::MAX),
        }
    }

    fn line_start(&self, line: usize) -> u32 {
        self.lines
            .get(line.saturating_sub(1))
            .copied()
            .unwrap_or_default()
    }

    fn chars_before(&self, offset: usize) -> usize {
        if self.blocks.is_empty() {
            return offset;
        }
        // An offset at the very end may lie in a block that was never started.
        let block = (offset / BLOCK).min(self.blocks.len() - 1);
        let known = self.blocks.get(block).copied().unwrap_or_default() as usize;
        let rest = self
            .text
            .as_bytes()
            .get(block * BLOCK..offset)
            .unwrap_or_default();
        known + rest.iter().filter(|&&byte| starts_char(byte)).count()
    }
}

/// True for the first byte of a character.
fn starts_char(byte: u8) -> bool {
    byte & 0xC0 != 0x80
}

//! Ranges of a text.

/// A half-open range of bytes in a source text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// The span as a range, to index a source text with.
    pub fn range(self) -> core::ops::Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The smallest span that holds both.
    pub fn to(self, other: Span) -> Span {
        Span {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }

    /// The span of the first byte alone, to point at a value without marking all of it.
    pub fn first_byte(self) -> Span {
        Span {
            start: self.start,
            end: self.start.saturating_add(1),
        }
    }
}

/// A text of a document, unescaped, with the place where it was written.
#[derive(Clone, Copy, Debug)]
pub struct Text<'a> {
    /// The text.
    pub value: &'a str,
    /// Where it was written, quotes included.
    pub span: Span,
}

/// Equal texts may stand in different places.
impl PartialEq for Text<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl Eq for Text<'_> {}

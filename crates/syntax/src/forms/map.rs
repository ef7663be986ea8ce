//! Texts out of other texts, and the way back (`IN-2`).

use crate::ast::Span;
use crate::codes;
use bumpalo::Bump;
use portcullis_source::json::escapes;
use portcullis_source::{Diagnostic, LineIndex};

/// A text that stood in a string, and where each byte of it was written in the file.
///
/// All of it lies in the arena of the document, which drops nothing.
#[derive(Clone, Copy, Debug)]
pub struct Inner<'a> {
    text: &'a str,
    /// Where runs begin that stand in the file as they stand in the text: in the text, and in the file. In the order of
    /// both.
    runs: &'a [(u32, u32)],
}

impl<'a> Inner<'a> {
    /// A file's text from here on.
    pub(super) fn whole(text: &'a str, from: usize, arena: &'a Bump) -> Inner<'a> {
        Inner {
            text: text.get(from..).unwrap_or_default(),
            runs: arena.alloc_slice_copy(&[(0, number(from))]),
        }
    }

    /// A part of a file's text, in an arena.
    pub(super) fn part(text: &str, span: Span, arena: &'a Bump) -> Inner<'a> {
        Inner {
            text: arena.alloc_str(text.get(span.range()).unwrap_or_default()),
            runs: arena.alloc_slice_copy(&[(0, span.start)]),
        }
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// Line and column in the document alone of a place of the file, from 1.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let run = self.runs.partition_point(|(_, outer)| *outer <= offset);
        let (inner, outer) = self
            .runs
            .get(run.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        let next = self
            .runs
            .get(run)
            .map_or(number(self.text.len()), |next| next.0);
        let at = inner.saturating_add(offset.saturating_sub(outer)).min(next);
        LineIndex::new(self.text).position(at)
    }

    /// Where a byte of the text stands in the file.
    pub fn outer(&self, at: u32) -> u32 {
        let run = self.runs.partition_point(|(inner, _)| *inner <= at);
        let (inner, outer) = self
            .runs
            .get(run.saturating_sub(1))
            .copied()
            .unwrap_or_default();
        outer.saturating_add(at.saturating_sub(inner))
    }

    /// A part of the text as a part of the file.
    pub(super) fn place(&self, span: Span) -> Span {
        Span {
            start: self.outer(span.start),
            end: self.outer(span.end),
        }
    }

    /// A problem of the text as one of the file.
    pub(super) fn led_back(&self, mut problem: Diagnostic) -> Diagnostic {
        problem.span = self.place(problem.span);
        for related in &mut problem.related {
            related.span = self.place(related.span);
        }
        for edit in problem.fix.iter_mut().flat_map(|fix| &mut fix.edits) {
            edit.span = self.place(edit.span);
        }
        problem
    }

    /// What a string of the text says, quotes and escapes taken off.
    pub(super) fn unescaped<'b>(&self, string: Span, arena: &'b Bump) -> Inner<'b> {
        let start = string.range().start + 1;
        let end = string.range().end.saturating_sub(1);
        self.unescaped_range(start, end, arena)
    }

    /// What the text says if it is a string without its quotes, as `get-rest-api` prints policies; none if it is not.
    pub(super) fn unescaped_bare<'b>(&self, arena: &'b Bump) -> Option<Inner<'b>> {
        let start = self.text.len() - self.text.trim_start().len();
        let is_bare = self.text.trim_start().starts_with("{\\");
        is_bare.then(|| self.unescaped_range(start, self.text.len(), arena))
    }

    fn unescaped_range<'b>(&self, start: usize, end: usize, arena: &'b Bump) -> Inner<'b> {
        let raw = self.text.get(start..end).unwrap_or_default();
        let mut inner = Builder::default();
        for (at, piece) in escapes(raw) {
            inner.push(&piece, self.outer(number(start + at)));
        }
        inner.finish(self.outer(number(end)), arena)
    }

    /// The text with each `%XX` as the byte that it stands for; `+` is itself (RFC 3986).
    pub(super) fn percent_decoded<'b>(
        &self,
        arena: &'b Bump,
    ) -> Result<Inner<'b>, Box<Diagnostic>> {
        let problem = |start: usize, end: usize, message: &str| {
            let span = Span {
                start: number(start),
                end: number(end),
            };
            let place = self.place(span);
            Box::new(Diagnostic::error(codes::INVALID_ENCODING, place, message))
        };
        let bytes = self.text.as_bytes();
        let digit = |at: usize| {
            bytes
                .get(at)
                .and_then(|byte| char::from(*byte).to_digit(16))
        };
        let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
        let mut runs = Runs::default();
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            runs.push(number(out.len()), self.outer(number(at)));
            if byte != b'%' {
                out.push(byte);
                at += 1;
                continue;
            }
            let (Some(high), Some(low)) = (digit(at + 1), digit(at + 2)) else {
                let message = "`%` must be followed by two hexadecimal digits";
                return Err(problem(at, at + 1, message));
            };
            out.push((high * 16 + low) as u8);
            at += 3;
        }
        runs.push(number(out.len()), self.outer(number(bytes.len())));
        let text = core::str::from_utf8(&out).map_err(|error| {
            let bad = number(error.valid_up_to());
            let place = Inner {
                text: "",
                runs: &runs.list,
            };
            let start = place.outer(bad);
            let span = Span {
                start,
                end: start.saturating_add(1),
            };
            let message = "the decoded document is not UTF-8";
            Box::new(Diagnostic::error(codes::INVALID_ENCODING, span, message))
        })?;
        Ok(Inner {
            text: arena.alloc_str(text),
            runs: arena.alloc_slice_copy(&runs.list),
        })
    }
}

#[derive(Default)]
struct Runs {
    list: Vec<(u32, u32)>,
}

impl Runs {
    fn push(&mut self, inner: u32, outer: u32) {
        let goes_on = self
            .list
            .last()
            .is_some_and(|(start, place)| inner.wrapping_sub(*start) == outer.wrapping_sub(*place));
        if !goes_on {
            self.list.push((inner, outer));
        }
    }
}

#[derive(Default)]
struct Builder {
    text: String,
    runs: Runs,
}

impl Builder {
    fn push(&mut self, piece: &str, outer: u32) {
        self.runs.push(number(self.text.len()), outer);
        self.text.push_str(piece);
    }

    fn finish(mut self, end: u32, arena: &Bump) -> Inner<'_> {
        self.runs.push(number(self.text.len()), end);
        Inner {
            text: arena.alloc_str(&self.text),
            runs: arena.alloc_slice_copy(&self.runs.list),
        }
    }
}

fn number(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

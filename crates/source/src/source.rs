//! Texts with the names of their files.

use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

use crate::{Code, Diagnostic, LineIndex, Place, Span, json, render};

/// Where a text begins in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// Bytes before it, of a file in UTF-16 as UTF-8.
    pub offset: u64,
}

impl Start {
    /// The start of the file.
    pub const FILE: Start = Start {
        line: 1,
        column: 1,
        offset: 0,
    };
}

/// A text with the name of the file that it came from, and where in the file it stood.
#[derive(Debug)]
pub struct Source<'a> {
    file: &'a str,
    text: &'a str,
    start: Start,
    /// Made when the first position is asked for: most texts have no problem.
    index: OnceCell<LineIndex<'a>>,
    /// The same name for all problems of the text.
    name: OnceCell<Arc<str>>,
}

impl<'a> Source<'a> {
    /// A file's whole text. The name is empty for a text that comes from no file.
    pub fn new(file: &'a str, text: &'a str) -> Rc<Source<'a>> {
        Source::at(file, text, Start::FILE)
    }

    /// The part of a file's text that begins here.
    pub fn at(file: &'a str, text: &'a str, start: Start) -> Rc<Source<'a>> {
        Rc::new(Source {
            file,
            text,
            start,
            index: OnceCell::new(),
            name: OnceCell::new(),
        })
    }

    /// The part of a file that begins here, as text.
    ///
    /// # Errors
    /// The place of the first byte that is not UTF-8.
    pub fn decode(
        file: &'a str,
        bytes: &'a [u8],
        start: Start,
    ) -> Result<Rc<Source<'a>>, Box<Diagnostic>> {
        match json::decode(bytes) {
            Ok(text) => Ok(Source::at(file, text, start)),
            Err(diagnostic) => {
                let sound = bytes.get(..diagnostic.span.start as usize);
                let sound = sound.map(core::str::from_utf8);
                let text = sound.and_then(Result::ok).unwrap_or_default();
                let source = Source::at(file, text, start);
                Err(Box::new(source.locate(*diagnostic)))
            }
        }
    }

    /// The file's name; empty for a text that has none.
    pub fn file(&self) -> &'a str {
        self.file
    }

    /// The text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The number of the text's first line in its file.
    pub fn first_line(&self) -> usize {
        self.start.line
    }

    /// Line and column of a byte of the text, both from 1.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let (line, column) = self.index().position(offset);
        let before = match line {
            1 => self.start.column - 1,
            _ => 0,
        };
        (line + self.start.line - 1, column + before)
    }

    fn index(&self) -> &LineIndex<'a> {
        self.index.get_or_init(|| LineIndex::new(self.text))
    }

    /// The place of a part of the text. Costs at most one walk over the text, the first time.
    pub fn place(&self, span: Span) -> Place {
        let (line, column) = self.position(span.start);
        let (end_line, end_column) = self.position(span.end.max(span.start));
        Place {
            file: Arc::clone(self.name.get_or_init(|| Arc::from(self.file))),
            line,
            column,
            end_line,
            end_column,
            offset: self.start.offset + u64::from(span.start),
            end_offset: self.start.offset + u64::from(span.end.max(span.start)),
            excerpt: Some(render::excerpt(self.index(), span)),
        }
    }

    /// The problem with its place, and with those of all that belongs to it. A place that it has already, as in a file
    /// that this one imports, stays.
    #[must_use]
    pub fn locate(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let place = |own: &mut Option<Box<Place>>, span| {
            own.get_or_insert_with(|| Box::new(self.place(span)));
        };
        place(&mut diagnostic.place, diagnostic.span);
        for related in &mut diagnostic.related {
            place(&mut related.place, related.span);
        }
        if let Some(fix) = &mut diagnostic.fix {
            for edit in &mut fix.edits {
                place(&mut edit.place, edit.span);
            }
        }
        diagnostic
    }

    /// All problems of the text with their places.
    #[must_use]
    pub fn locate_all(&self, diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
        let located = diagnostics.into_iter().map(|one| self.locate(one));
        located.collect()
    }

    /// An error in the text, with its place.
    pub fn error(&self, code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        self.locate(Diagnostic::error(code, span, message))
    }
}

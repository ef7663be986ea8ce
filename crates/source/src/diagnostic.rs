//! Problems with a code, a place and a message.

use core::fmt;
use std::sync::Arc;

use crate::{Code, Span, printable};

/// How much a problem matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something could be said more simply or more clearly.
    Suggestion,
    /// The document can be used but probably does not do what was meant.
    Warning,
    /// The rules call it an error, but not one of those that keep a document from being used (`GRAM-13`): `check`
    /// fails, and the document loads and decides as it says.
    LintError,
    /// The document cannot be used (`GRAM-12`).
    Error,
}

impl Severity {
    /// `error`, `warning` or `suggestion`. [`Diagnostic::is_error`] says whether a document with an error loads.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::LintError | Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Suggestion => "suggestion",
        }
    }
}

/// One problem: the only type of problem that the readers of this workspace have.
///
/// Messages start in lower case, have no final period and set the user's text in backticks.
///
/// A reader makes it with spans; [`Source::locate`](crate::Source::locate) adds file, line, column and excerpt, after
/// which it needs its text no more. Displayed as one line, `file:line:column: message [CODE]` with the path behind the place if it is known, and as `{:#}` as
/// [`render`](crate::render) shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Diagnostic {
    /// What kind of problem it is.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// Where it is in the text that was read; of a problem in a file that the text imports, where it does.
    pub span: Span,
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// What else there is to know.
    pub notes: Vec<String>,
    /// Other places that have to do with it.
    pub related: Vec<Related>,
    /// A change of the text that mends it.
    pub fix: Option<Box<Fix>>,
    /// Which of the situations it is that share the code, for readers that have words of their own for it.
    pub case: &'static str,
    /// A policy document is at fault, not the input around it.
    pub in_policy: bool,
    /// The way to it in the document, if it is known and the document is JSON.
    pub path: Option<Vec<Step>>,
    /// Where it is, once it is located.
    pub place: Option<Box<Place>>,
}

/// Another place that has to do with a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where it is.
    pub span: Span,
    /// What is there.
    pub message: String,
    /// The way to it in the document, if it is known and the document is JSON.
    pub path: Option<Vec<Step>>,
    /// Where it is, once it is located.
    pub place: Option<Box<Place>>,
}

/// A change of the text that can be made without asking: it mends the problem and changes nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the change does, as an order: `write ...`.
    pub message: String,
    /// The changes, all in the problem's own text. They do not overlap.
    pub edits: Vec<Edit>,
}

/// A part of the text and what replaces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What is replaced; an empty span inserts.
    pub span: Span,
    /// What replaces it.
    pub replacement: String,
    /// Where it is, once the problem is located.
    pub place: Option<Box<Place>>,
}

/// One step of the way from a document to a value in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    /// To the value of the member with this name.
    Member(String),
    /// To the element at this index.
    Index(usize),
    /// To the name of a member itself.
    Name(String),
}

/// A place in a file. All numbers are those of the file as it lies on disk, as UTF-8.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub(crate) file: Arc<str>,
    /// The line, from 1.
    pub line: usize,
    /// The character of the line, from 1.
    pub column: usize,
    /// The line of the end, from 1.
    pub end_line: usize,
    /// The character of its line at which the place ends, from 1: the first that is no part of it.
    pub end_column: usize,
    /// Bytes before it in the file.
    pub offset: u64,
    /// Bytes before its end in the file.
    pub end_offset: u64,
    /// None if the text is not to be shown.
    pub(crate) excerpt: Option<Excerpt>,
}

/// The part of a line around a place, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) line: String,
    /// Columns of the terminal before the marks.
    pub(crate) indent: usize,
    /// How many columns are marked.
    pub(crate) marked: usize,
}

impl Place {
    /// A whole file, of which nothing can be shown: its first byte.
    #[must_use]
    pub fn of_file(file: &str) -> Place {
        Place {
            file: Arc::from(file),
            line: 1,
            column: 1,
            end_line: 1,
            end_column: 1,
            offset: 0,
            end_offset: 0,
            excerpt: None,
        }
    }

    /// A line and a column of a file, both from 1, of whose text nothing can be shown.
    #[must_use]
    pub fn at(file: &str, line: usize, column: usize) -> Place {
        Place {
            line,
            column,
            end_line: line,
            end_column: column,
            ..Place::of_file(file)
        }
    }

    /// The file's name; empty for a text that came from no file.
    pub fn file(&self) -> &str {
        &self.file
    }
}

/// `file:line:column`, control characters of the name escaped.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Place {
            file, line, column, ..
        } = self;
        write!(f, "{}:{line}:{column}", printable(file))
    }
}

/// A JSON pointer (RFC 6901). The name of a member ends in `#`.
#[derive(Clone, Copy, Debug)]
pub struct Pointer<'p>(pub &'p [Step]);

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in self.0 {
            match step {
                Step::Index(index) => write!(f, "/{index}")?,
                Step::Member(name) | Step::Name(name) => Pointer::write_name(name, f)?,
            }
        }
        if let Some(Step::Name(_)) = self.0.last() {
            f.write_str("#")?;
        }
        Ok(())
    }
}

impl Pointer<'_> {
    /// Writes the step to the member with a name.
    ///
    /// # Errors
    /// Those of the formatter.
    pub fn write_name(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("/")?;
        if !name.contains(['~', '/']) {
            return f.write_str(name);
        }
        f.write_str(&name.replace('~', "~0").replace('/', "~1"))
    }
}

impl Diagnostic {
    /// A problem of any severity, without help and other places.
    pub fn new(
        severity: Severity,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            code,
            severity,
            span,
            message: message.into(),
            help: None,
            notes: Vec::new(),
            related: Vec::new(),
            fix: None,
            case: "",
            in_policy: false,
            path: None,
            place: None,
        }
    }

    /// An error.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, span, message)
    }

    /// A warning.
    pub fn warning(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, span, message)
    }

    /// A suggestion.
    pub fn suggestion(code: Code, span: Span, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Suggestion, code, span, message)
    }

    /// The same with a help text.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// The same with a help text if there is one.
    #[must_use]
    pub fn with_help_if(mut self, help: Option<String>) -> Diagnostic {
        self.help = help.or(self.help);
        self
    }

    /// The same with one more thing to know.
    #[must_use]
    pub fn with_note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// The same with one more related place.
    #[must_use]
    pub fn with_related(mut self, span: Span, message: impl Into<String>) -> Diagnostic {
        self.related.push(Related {
            span,
            message: message.into(),
            path: None,
            place: None,
        });
        self
    }

    /// The same with a change that mends it: each part of the text with what replaces it.
    #[must_use]
    pub fn with_fix(
        mut self,
        message: impl Into<String>,
        edits: impl IntoIterator<Item = (Span, String)>,
    ) -> Diagnostic {
        let edits = edits.into_iter().map(|(span, replacement)| Edit {
            span,
            replacement,
            place: None,
        });
        self.fix = Some(Box::new(Fix {
            message: message.into(),
            edits: edits.collect(),
        }));
        self
    }

    /// The same, told apart from other situations that share its code.
    #[must_use]
    pub fn with_case(mut self, case: &'static str) -> Diagnostic {
        self.case = case;
        self
    }

    /// The same as a warning, for whoever goes on in spite of it.
    #[must_use]
    pub fn as_warning(mut self) -> Diagnostic {
        self.severity = Severity::Warning;
        self
    }

    /// The same, said of a policy document.
    #[must_use]
    pub fn in_policy(mut self) -> Diagnostic {
        self.in_policy = true;
        self
    }

    /// The same without anything of the text that it is in: place, code, and another message that quotes nothing.
    /// For files that data names and that are no policies.
    #[must_use]
    pub fn conceal(mut self, message: &str) -> Diagnostic {
        message.clone_into(&mut self.message);
        self.help = None;
        self.notes.clear();
        self.related.clear();
        self.fix = None;
        self.path = None;
        if let Some(place) = &mut self.place {
            place.excerpt = None;
        }
        self
    }

    /// True if the document cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The name of the file that it is in; empty if there is none, or it is not located.
    pub fn file(&self) -> &str {
        self.place.as_ref().map_or("", |place| place.file())
    }

    /// Line and column, from 1; 1 and 1 if it is not located.
    pub fn position(&self) -> (usize, usize) {
        let place = self.place.as_ref();
        place.map_or((1, 1), |place| (place.line, place.column))
    }

    /// The place, if it has one in a file that has a name.
    pub(crate) fn named_place(&self) -> Option<&Place> {
        self.place.as_deref().filter(|place| !place.file.is_empty())
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            let text = crate::render(core::slice::from_ref(self), false);
            return f.write_str(text.trim_end());
        }
        if let Some(place) = self.named_place() {
            match self.path.as_deref() {
                Some(path) => write!(f, "{place} {}: ", Pointer(path))?,
                None => write!(f, "{place}: ")?,
            }
        }
        write!(f, "{} [{}]", printable(&self.message), self.code)
    }
}

impl std::error::Error for Diagnostic {}

impl Fix {
    /// The text with the change made; none if a part is not in the text, or two overlap.
    ///
    /// ```
    /// use portcullis_source::{Code, Diagnostic, Span};
    /// let span = Span { start: 1, end: 4 };
    /// let problem = Diagnostic::error(Code::new("X"), span, "m").with_fix("write `b`", [(span, "b".to_owned())]);
    /// assert_eq!(problem.fix.unwrap().apply("[aaa]").as_deref(), Some("[b]"));
    /// ```
    pub fn apply(&self, text: &str) -> Option<String> {
        Fix::apply_all([self], text)
    }

    /// The text with several changes made; none if a part is not in the text, or two overlap.
    pub fn apply_all<'f>(fixes: impl IntoIterator<Item = &'f Fix>, text: &str) -> Option<String> {
        let mut edits: Vec<&Edit> = fixes.into_iter().flat_map(|fix| &fix.edits).collect();
        edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for edit in edits {
            let range = edit.span.range();
            out.push_str(text.get(at..range.start)?);
            out.push_str(&edit.replacement);
            at = range.end.max(range.start);
        }
        out.push_str(text.get(at..)?);
        Some(out)
    }
}

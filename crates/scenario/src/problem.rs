//! What is wrong with a scenario, and where.

use std::cell::OnceCell;
use std::fmt;
use std::rc::Rc;

use portcullis_syntax::ast::Span;
use portcullis_syntax::diag::{self, Diagnostic, LineIndex};
use portcullis_syntax::json;

/// A text with the name of the file that it came from.
#[derive(Debug)]
pub struct Source<'a> {
    file: &'a str,
    text: &'a str,
    first_line: usize,
    /// Made when the first position is asked for: most texts have no problem.
    index: OnceCell<LineIndex<'a>>,
}

impl<'a> Source<'a> {
    /// A file's whole text.
    pub fn new(file: &'a str, text: &'a str) -> Rc<Source<'a>> {
        Source::at_line(file, text, 1)
    }

    /// The part of a file's text that begins with this line, which counts from 1.
    pub fn at_line(file: &'a str, text: &'a str, first_line: usize) -> Rc<Source<'a>> {
        Rc::new(Source {
            file,
            text,
            first_line,
            index: OnceCell::new(),
        })
    }

    /// The part of a file that begins with this line, as text.
    ///
    /// # Errors
    /// The place of the first byte that is not UTF-8.
    #[expect(
        clippy::result_large_err,
        reason = "a text is decoded once, and a problem ends its reading"
    )]
    pub fn decode(
        file: &'a str,
        bytes: &'a [u8],
        first_line: usize,
    ) -> Result<Rc<Source<'a>>, Problem<'a>> {
        match json::decode(bytes) {
            Ok(text) => Ok(Source::at_line(file, text, first_line)),
            Err(diagnostic) => {
                let start = diagnostic.span.start as usize;
                let sound = bytes.get(..start).map(core::str::from_utf8);
                let text = sound.and_then(Result::ok).unwrap_or_default();
                let source = Source::at_line(file, text, first_line);
                Err(Problem::of_json(&source, diagnostic))
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
        self.first_line
    }

    /// Line and column of a byte of the text, both from 1.
    pub fn position(&self, offset: u32) -> (usize, usize) {
        let index = self.index.get_or_init(|| LineIndex::new(self.text));
        let (line, column) = index.position(offset);
        (line + self.first_line - 1, column)
    }
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A problem of JSON or of a policy document.
    Syntax(diag::Code),
    /// A member that the format does not have.
    UnknownMember,
    /// A member that must be there is not.
    MissingMember,
    /// Two members that exclude each other.
    ConflictingMembers,
    /// A value of the wrong JSON type.
    DataTypeMismatch,
    /// A principal that is none.
    InvalidPrincipal,
    /// An action that is not `prefix:name`.
    InvalidAction,
    /// A resource that is neither `*` nor an ARN.
    InvalidResource,
    /// An account that is not 12 digits.
    InvalidAccount,
    /// A value of the context that is neither text, number, boolean nor a list of them.
    InvalidContextValue,
    /// An `expect` that is no decision.
    InvalidExpect,
    /// More levels of an organization than a decision can hold.
    TooManyLevels,
    /// A policy's file cannot be read.
    UnreadableFile,
    /// The path of a policy's file leads out of the folder of the file that names it.
    PathOutside,
    /// A file of the policy language does not hold one policy of the type that is wanted.
    UnsupportedFile,
}

impl Code {
    /// The name that is printed, such as `UNKNOWN_MEMBER`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Syntax(code) => code.as_str(),
            Code::UnknownMember => "UNKNOWN_MEMBER",
            Code::MissingMember => "MISSING_MEMBER",
            Code::ConflictingMembers => "CONFLICTING_MEMBERS",
            Code::DataTypeMismatch => "DATA_TYPE_MISMATCH",
            Code::InvalidPrincipal => "INVALID_PRINCIPAL",
            Code::InvalidAction => "INVALID_ACTION",
            Code::InvalidResource => "INVALID_RESOURCE",
            Code::InvalidAccount => "INVALID_ACCOUNT",
            Code::InvalidContextValue => "INVALID_CONTEXT_VALUE",
            Code::InvalidExpect => "INVALID_EXPECT",
            Code::TooManyLevels => "TOO_MANY_LEVELS",
            Code::UnreadableFile => "UNREADABLE_FILE",
            Code::PathOutside => "PATH_OUTSIDE",
            Code::UnsupportedFile => "UNSUPPORTED_FILE",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One problem of a scenario, with the text that it is in.
///
/// Displayed as one line: `file:line:column: message [CODE]`.
#[derive(Clone, Debug)]
pub struct Problem<'a> {
    source: Rc<Source<'a>>,
    code: Code,
    in_policy: bool,
    /// The text is not shown.
    is_concealed: bool,
    /// The problem as the renderer of the policy reader knows it; its code stands in for ours.
    diagnostic: Diagnostic,
}

impl<'a> Problem<'a> {
    /// A problem of the scenario format.
    pub fn new(
        source: &Rc<Source<'a>>,
        code: Code,
        span: Span,
        message: impl Into<String>,
    ) -> Problem<'a> {
        let stand_in = match code {
            Code::Syntax(code) => code,
            _ => diag::Code::JsonSyntaxError,
        };
        Problem {
            source: Rc::clone(source),
            code,
            in_policy: false,
            is_concealed: false,
            diagnostic: Diagnostic::error(stand_in, span, message),
        }
    }

    /// A problem that the JSON reader found.
    pub fn of_json(source: &Rc<Source<'a>>, diagnostic: Diagnostic) -> Problem<'a> {
        Problem {
            source: Rc::clone(source),
            code: Code::Syntax(diagnostic.code),
            in_policy: false,
            is_concealed: false,
            diagnostic,
        }
    }

    /// A problem of a policy document.
    pub fn of_policy(source: &Rc<Source<'a>>, diagnostic: Diagnostic) -> Problem<'a> {
        Problem {
            in_policy: true,
            ..Problem::of_json(source, diagnostic)
        }
    }

    /// The same with a help text.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Problem<'a> {
        self.diagnostic.help = Some(help.into());
        self
    }

    /// The same, said of a policy document.
    #[must_use]
    pub fn in_policy(mut self) -> Problem<'a> {
        self.in_policy = true;
        self
    }

    /// The same without anything of the text that it is in: place, code, and another message that quotes nothing.
    /// For files that data names and that are no policies.
    #[must_use]
    pub fn conceal(mut self, message: &str) -> Problem<'a> {
        let diagnostic = &mut self.diagnostic;
        diagnostic.message = message.to_owned();
        diagnostic.help = None;
        diagnostic.related.clear();
        self.is_concealed = true;
        self
    }

    /// The same with another code.
    pub(crate) fn with_code(mut self, code: Code) -> Problem<'a> {
        self.code = code;
        self
    }

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// True if a policy document is at fault, not the scenario around it.
    pub fn is_in_policy(&self) -> bool {
        self.in_policy
    }

    /// What it is.
    pub fn message(&self) -> &str {
        &self.diagnostic.message
    }

    /// What to do about it.
    pub fn help(&self) -> Option<&str> {
        self.diagnostic.help.as_deref()
    }

    /// The file's name; empty if there is none.
    pub fn file(&self) -> &'a str {
        self.source.file()
    }

    /// Line and column, from 1.
    pub fn position(&self) -> (usize, usize) {
        self.source.position(self.diagnostic.span.start)
    }

    /// The problem for people, over several lines: message, place, the line with the place marked,
    /// help. Begins with `error:`.
    pub fn render(&self, colour: bool) -> String {
        if self.is_concealed {
            let (line, column) = self.position();
            let (file, message, code) = (self.file(), self.message(), self.code);
            return format!("error: {message} [{code}]\n --> {file}:{line}:{column}\n");
        }
        let padded;
        let (file, mut text) = (self.source.file(), self.source.text());
        let mut diagnostic = self.diagnostic.clone();
        if self.source.first_line() > 1 {
            // The renderer counts lines by itself.
            let lines = self.source.first_line() - 1;
            padded = "\n".repeat(lines) + text;
            text = &padded;
            let shift = u32::try_from(lines).unwrap_or(u32::MAX);
            let move_on = |span: &mut Span| {
                span.start = span.start.saturating_add(shift);
                span.end = span.end.saturating_add(shift);
            };
            move_on(&mut diagnostic.span);
            diagnostic
                .related
                .iter_mut()
                .for_each(|(span, _)| move_on(span));
        }
        let whole = diag::render(&[diagnostic], file, text, colour);
        let excerpt = whole.split_once('\n').map_or("", |(_, excerpt)| excerpt);
        let (red, bold, reset) = match colour {
            true => ("\x1b[1;31m", "\x1b[1m", "\x1b[0m"),
            false => ("", "", ""),
        };
        let (message, code) = (self.message(), self.code);
        format!("{red}error{reset}{bold}: {message} [{code}]{reset}\n{excerpt}")
    }
}

impl fmt::Display for Problem<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.file().is_empty() {
            let (line, column) = self.position();
            write!(f, "{}:{line}:{column}: ", self.file())?;
        }
        write!(f, "{} [{}]", self.message(), self.code)
    }
}

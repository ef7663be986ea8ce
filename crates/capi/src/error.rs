//! Why a call failed.
#![forbid(unsafe_code)]

use std::any::Any;
use std::fmt::Display;

use crate::types::{PC_ERROR_ARGUMENT, PC_ERROR_IMAGE, PC_ERROR_INTERNAL, PC_ERROR_REQUEST};

/// Why a call failed. It belongs to whoever called, until `pc_error_free`.
#[derive(Debug)]
pub struct Error {
    pub(crate) code: u32,
    pub(crate) text: String,
    pub(crate) problems: Vec<Known>,
}

/// A problem of a document, kept.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) help: String,
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// In a box, so that success stays small.
pub(crate) type Result<T> = std::result::Result<T, Box<Error>>;

impl Error {
    #[cold]
    fn new(code: u32, text: String) -> Box<Error> {
        Box::new(Error {
            code,
            text,
            problems: Vec::new(),
        })
    }

    /// An argument cannot be what it must.
    #[cold]
    pub(crate) fn argument(text: impl Display) -> Box<Error> {
        Error::new(PC_ERROR_ARGUMENT, text.to_string())
    }

    /// A request is none.
    #[cold]
    pub(crate) fn request(text: impl Display) -> Box<Error> {
        Error::new(PC_ERROR_REQUEST, text.to_string())
    }

    /// Flags have bits that mean nothing.
    #[cold]
    pub(crate) fn flags(flags: u32) -> Box<Error> {
        Error::argument(format!("unknown flags: {flags:#x}"))
    }

    /// A site is asked with another number of values than it has keys.
    #[cold]
    pub(crate) fn values(values: usize, keys: usize) -> Box<Error> {
        Error::request(format!("{values} values are given for {keys} keys"))
    }

    /// Bytes are no image.
    #[cold]
    pub(crate) fn image(text: impl Display) -> Box<Error> {
        Error::new(PC_ERROR_IMAGE, text.to_string())
    }

    /// The library is wrong.
    #[cold]
    pub(crate) fn internal(panic: &(dyn Any + Send)) -> Box<Error> {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
        let text = text.unwrap_or("no reason is known");
        let text = format!("the library is wrong, please report it: {text}");
        Error::new(PC_ERROR_INTERNAL, text)
    }

    /// The same of one of several.
    #[cold]
    pub(crate) fn at(mut self: Box<Error>, what: &str, place: usize) -> Box<Error> {
        self.text.insert_str(0, &format!("{what} {place}: "));
        self
    }
}

#[cfg(feature = "full")]
impl From<engine::PolicySetError> for Box<Error> {
    #[cold]
    fn from(error: engine::PolicySetError) -> Box<Error> {
        let problems = error.problems().iter().map(|one| {
            let (line, column) = one.position();
            Known {
                code: one.code.as_str().to_owned(),
                message: one.message.clone(),
                help: one.help.clone().unwrap_or_default(),
                file: one.file().to_owned(),
                line,
                column,
            }
        });
        Box::new(Error {
            code: crate::types::PC_ERROR_POLICY,
            problems: problems.collect(),
            text: error.to_string(),
        })
    }
}

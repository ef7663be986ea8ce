//! Diagnostics in the formats of other programs: JSON, SARIF 2.1.0, annotations of GitHub, and JUnit.
//!
//! Every writer takes the files that were checked, each with its located diagnostics, and returns the whole text. Names
//! and messages may hold anything: each writer escapes them for its format.
//!
//! ```
//! use portcullis_source::formats::{Checked, github};
//! use portcullis_source::{Code, Source, Span};
//! let source = Source::new("a,b.json", "[]");
//! let problem = source.error(Code::new("WRONG"), Span { start: 0, end: 2 }, "two\nlines");
//! let checked = Checked { file: "a,b.json".to_owned(), diagnostics: vec![problem] };
//! let expected = "::error file=a%2Cb.json,line=1,endLine=1,col=1,endColumn=3,title=WRONG::two%0Alines\n";
//! assert_eq!(github(&[checked]), expected);
//! ```

mod github;
mod json;
mod junit;
mod sarif;

pub use github::github;
pub use json::{json, value};
pub use junit::{Tested, junit, junit_of_tests};
pub use sarif::sarif;

use crate::Diagnostic;

/// A file that was checked, and what was found in it: nothing, if there is nothing wrong with it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The file's name, as it was given.
    pub file: String,
    /// What was found, located; places may also be in files that this one imports.
    pub diagnostics: Vec<Diagnostic>,
}

impl Checked {
    /// All diagnostics of several files, each with the name of the file that it is in.
    fn all(files: &[Checked]) -> impl Iterator<Item = (&str, &Diagnostic)> {
        files.iter().flat_map(|own| {
            let named = |one: &'_ Diagnostic| !one.file().is_empty();
            let diagnostics = own.diagnostics.iter();
            diagnostics.map(move |one| match named(one) {
                true => (one.file(), one),
                false => (own.file.as_str(), one),
            })
        })
    }
}

/// Message and help as one text.
fn message_with_help(diagnostic: &Diagnostic) -> String {
    let notes = diagnostic
        .notes
        .iter()
        .map(|note| format!("\nnote: {note}"));
    let help = diagnostic.help.iter().map(|help| format!("\nhelp: {help}"));
    let mut text = diagnostic.message.clone();
    text.extend(notes.chain(help));
    text
}

#[cfg(test)]
mod tests;

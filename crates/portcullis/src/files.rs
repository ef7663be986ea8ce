//! Policies in files: documents in any of their forms, and the policy language.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bumpalo::Bump;
use portcullis_scenario::{Disk, is_language, language_policy, policy_text};
use portcullis_source::files::{open_regular, reason};
use portcullis_source::json::{MAX_TEXT, utf8};
use portcullis_source::{Diagnostic, Place, Source, Span, Start, codes};
use portcullis_syntax::Policy;
use portcullis_syntax::policy::ReadOptions;

/// Reads the policy of a file.
pub(crate) fn policy<'a>(
    path: &Path,
    options: ReadOptions,
    arena: &'a Bump,
) -> Result<Policy<'a>, Vec<Diagnostic>> {
    let name = path.to_string_lossy();
    let bytes = bytes(path).map_err(|error| {
        let message = format!("cannot read {name}: {}", reason(&error));
        let mut problem = Diagnostic::error(codes::UNREADABLE_FILE, Span::default(), message);
        problem.place = Some(Box::new(Place::of_file(&name)));
        vec![problem]
    })?;
    let (file, bytes) = (arena.alloc_str(&name), arena.alloc_slice_copy(&bytes));
    let source =
        Source::decode(file, bytes, Start::FILE).map_err(|problem| vec![problem.in_policy()])?;
    let (policy, problems) = match is_language(path) {
        true => language_policy(&source, options, None, &Disk::default(), arena),
        false => policy_text(options, None, &source, arena),
    };
    policy.ok_or(problems)
}

/// The content of a regular file, as UTF-8 if it is UTF-16. What is too large is refused by who reads it.
pub(crate) fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let file: File = open_regular(path)?;
    file.take(4 * MAX_TEXT as u64).read_to_end(&mut bytes)?;
    Ok(utf8(bytes))
}

//! The editor grammars of `docs/editors`, so that tests can hold them against samples. Nothing else
//! uses this crate.

mod parser;

use std::path::{Path, PathBuf};

pub use parser::language;
use tree_sitter_generate::{GenerateResult, OptLevel, generate_parser_in_directory};
use tree_sitter_highlight::{Error, HighlightConfiguration, HighlightEvent, Highlighter};

/// The version of tree-sitter's binary interface that the parser is generated for.
const ABI: usize = 15;

/// The folder of the grammar for tree-sitter.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tree-sitter-iam")
}

/// Makes the files of `src` from a file of [`folder`]: from `grammar.js`, which needs `node`, or from
/// `src/grammar.json`. The same as `tree-sitter generate`.
///
/// # Errors
/// The grammar cannot be evaluated or has a conflict, or a file cannot be written.
pub fn generate(grammar: &str, into: &Path) -> GenerateResult<()> {
    let folder = folder();
    let grammar = folder.join(grammar);
    generate_parser_in_directory(
        folder,
        Some(into),
        Some(grammar),
        ABI,
        None,
        None,
        true,
        OptLevel::default(),
    )
}

/// What `queries` calls each byte of a text: the innermost name, or nothing.
///
/// # Errors
/// The queries do not fit the grammar.
pub fn highlight(text: &str, queries: &str) -> Result<Vec<Option<String>>, String> {
    let mut configuration = HighlightConfiguration::new(language(), "iam", queries, "", "")
        .map_err(|error| error.to_string())?;
    let names: Vec<String> = configuration
        .names()
        .iter()
        .map(|name| name.to_string())
        .collect();
    configuration.configure(&names);
    let mut highlighter = Highlighter::new();
    let events = highlighter
        .highlight(&configuration, text.as_bytes(), None, |_| None)
        .map_err(|error: Error| error.to_string())?;
    let mut found = vec![None; text.len()];
    let mut open = Vec::new();
    for event in events {
        match event.map_err(|error| error.to_string())? {
            HighlightEvent::HighlightStart(name) => open.push(names.get(name.0)),
            HighlightEvent::HighlightEnd => {
                open.pop();
            }
            HighlightEvent::Source { start, end } => {
                let name = open.last().copied().flatten();
                for byte in found.get_mut(start..end).into_iter().flatten() {
                    *byte = name.cloned();
                }
            }
        }
    }
    Ok(found)
}

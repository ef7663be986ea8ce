//! Files of JSON Lines: a value in each line, as one value with places of the file.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_source::Diagnostic;
use portcullis_source::codes::TOO_MANY_PROBLEMS;
use portcullis_source::json::{self, Node, Value};
use portcullis_syntax::ast::Span;
use std::path::Path;

/// Whether a file is one of lines, by its name.
pub(super) fn is_lines(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| ["jsonl", "ndjson"].contains(&ending))
}

/// As many problems are told.
const TOLD: usize = 100;

/// The values of all lines as a list, and what is wrong with the others. A line's number in the list is its number in the
/// file, counted from zero.
pub(super) fn read<'a>(text: &'a str, arena: &'a Bump) -> (Node<'a>, Vec<Diagnostic>) {
    let (mut values, mut problems) = (ArenaVec::new_in(arena), Vec::new());
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let begin = start;
        start += line.len();
        // The text up to the end of the line, whose places are those of the file.
        let own = text
            .get(..begin + line.trim_end().len())
            .unwrap_or_default();
        let (node, wrong) = match line.trim().is_empty() {
            true => (None, Vec::new()),
            false => json::read_from(own, begin, arena),
        };
        problems.extend(wrong);
        let nothing = Node {
            span: Span::default(),
            value: Value::Null,
        };
        values.push(node.unwrap_or(nothing));
    }
    if let Some(first) = problems.get(TOLD) {
        let message = format!("and {} more", problems.len() - TOLD);
        let more = Diagnostic::error(TOO_MANY_PROBLEMS, first.span, message);
        problems.truncate(TOLD);
        problems.push(more);
    }
    let list = Node {
        span: Span {
            start: 0,
            end: u32::try_from(start).unwrap_or(u32::MAX),
        },
        value: Value::Array(values.into_bump_slice()),
    };
    (list, problems)
}

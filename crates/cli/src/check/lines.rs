//! Files of JSON Lines: a value in each line, as one value with places of the file.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use portcullis_source::Diagnostic;
use portcullis_source::codes::TOO_MANY_PROBLEMS;
use portcullis_source::json::{self, Member, Node, Value};
use portcullis_syntax::ast::{Span, Text};
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
        let by = start;
        start += u32::try_from(line.len()).unwrap_or(u32::MAX);
        let (node, wrong) = match line.trim().is_empty() {
            true => (None, Vec::new()),
            false => json::read(line.trim_end(), arena),
        };
        problems.extend(wrong.into_iter().map(|one| later(one, by)));
        let nothing = Node {
            span: Span::default(),
            value: Value::Null,
        };
        values.push(node.map_or(nothing, |node| moved(node, by, arena)));
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
            end: start,
        },
        value: Value::Array(values.into_bump_slice()),
    };
    (list, problems)
}

fn shifted(span: Span, by: u32) -> Span {
    Span {
        start: span.start.saturating_add(by),
        end: span.end.saturating_add(by),
    }
}

fn later(mut problem: Diagnostic, by: u32) -> Diagnostic {
    problem.span = shifted(problem.span, by);
    for related in &mut problem.related {
        related.span = shifted(related.span, by);
    }
    // Its places are those of the line.
    problem.fix = None;
    problem
}

/// The same tree, further behind in the text.
fn moved<'a>(node: Node<'a>, by: u32, arena: &'a Bump) -> Node<'a> {
    // Nesting is bounded by the reader.
    let value = match node.value {
        Value::Array(elements) => {
            let elements = elements.iter().map(|element| moved(*element, by, arena));
            Value::Array(arena.alloc_slice_fill_iter(elements))
        }
        Value::Object(members) => {
            let members = members.iter().map(|member| Member {
                key: Text {
                    span: shifted(member.key.span, by),
                    ..member.key
                },
                value: moved(member.value, by, arena),
            });
            Value::Object(arena.alloc_slice_fill_iter(members))
        }
        other => other,
    };
    Node {
        span: shifted(node.span, by),
        value,
    }
}

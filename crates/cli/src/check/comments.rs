//! Comments of the policy language that let a finding be: `# allow(CODE): reason`.
//!
//! Behind something it is about its line; on a line of its own it is about the statement that begins below it, or about the
//! line below if none does.

use portcullis_source::json::Node;
use portcullis_source::{Code, Diagnostic};
use portcullis_syntax::ast::Span;

use super::UNUSED_ALLOW;
use super::choice::Name;
use super::found::{Checked, Found};

struct Allow {
    place: Span,
    names: Vec<Name>,
    /// What it is about.
    about: Span,
    is_used: bool,
}

/// Takes out what comments let be, and adds what is wrong with them: one that nothing needs, one without a reason, and names
/// that are none.
pub(super) fn apply(text: &str, all: &mut [Checked<'_>]) {
    let statements: Vec<Span> = all
        .iter()
        .filter_map(|checked| checked.document?.get("Statement")?.as_array())
        .flat_map(|list| list.iter().map(|node: &Node<'_>| node.span))
        .collect();
    let mut allows: Vec<Allow> = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        if let Some((at, comment)) = comment(line) {
            let place = span(start + at, start + at + comment.trim_end().len());
            match read(comment) {
                None => {}
                Some(Err(what)) => problems.push(problem(place, &what)),
                Some(Ok(names)) => {
                    let is_alone = line
                        .get(..at)
                        .is_some_and(|before| before.trim().is_empty());
                    let about = match is_alone {
                        true => below(text, end, &statements),
                        false => span(start, end),
                    };
                    allows.push(Allow {
                        place,
                        names,
                        about,
                        is_used: false,
                    });
                }
            }
        }
        start = end;
    }
    for checked in all.iter_mut() {
        checked.found.retain(|found| {
            let at = found.diagnostic.span.start;
            let mut is_allowed = false;
            for allow in &mut allows {
                let is_about = allow.about.start <= at && at < allow.about.end;
                if is_about
                    && !found.diagnostic.is_error()
                    && allow.names.iter().any(|name| name.is_of(found))
                {
                    allow.is_used = true;
                    is_allowed = true;
                }
            }
            !is_allowed
        });
    }
    for allow in allows.iter().filter(|allow| !allow.is_used) {
        let names: Vec<String> = allow.names.iter().map(ToString::to_string).collect();
        let what = format!("the suppression of {} is unused", names.join(", "));
        problems.push(problem(allow.place, &what));
    }
    if let Some(first) = all.first_mut() {
        let found = problems.into_iter().map(Found::of);
        first.found.extend(found);
        first.found.sort_by_key(|found| found.diagnostic.span.start);
    }
}

fn problem(place: Span, what: &str) -> Diagnostic {
    Diagnostic::warning(Code::new(UNUSED_ALLOW), place, what)
        .with_help("write `# allow(CODE): reason` where it applies, or remove it")
}

fn span(start: usize, end: usize) -> Span {
    let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Span {
        start: number(start),
        end: number(end),
    }
}

/// The comment of a line, and where it begins. A `#` in a string begins none.
fn comment(line: &str) -> Option<(usize, &str)> {
    let mut is_string = false;
    let mut letters = line.char_indices();
    while let Some((at, c)) = letters.next() {
        match c {
            '"' => is_string = !is_string,
            '\\' if is_string => {
                letters.next();
            }
            '#' if !is_string => return Some((at, line.get(at..)?)),
            _ => {}
        }
    }
    None
}

/// The names that a comment allows; none if it is about something else.
fn read(comment: &str) -> Option<Result<Vec<Name>, String>> {
    let rest = comment
        .trim_start_matches('#')
        .trim_start()
        .strip_prefix("allow(")?;
    let Some((names, rest)) = rest.split_once(')') else {
        return Some(Err("the closing parenthesis is missing".to_owned()));
    };
    let has_reason = rest
        .trim_start()
        .strip_prefix(':')
        .is_some_and(|reason| !reason.trim().is_empty());
    if !has_reason {
        return Some(Err("the reason is missing".to_owned()));
    }
    Some(
        names
            .split(',')
            .map(|name| Name::parse(name.trim()))
            .collect(),
    )
}

/// What a comment on a line of its own is about, which ends here.
fn below(text: &str, end: usize, statements: &[Span]) -> Span {
    let mut start = end;
    for line in text.get(end..).unwrap_or_default().split_inclusive('\n') {
        let is_code = !line.trim().is_empty() && !line.trim_start().starts_with('#');
        if is_code {
            let own = span(start, start + line.len());
            let mut all = statements.iter();
            let begins = all.find(|one| own.start <= one.start && one.start < own.end);
            return begins.map_or(own, |one| own.to(*one));
        }
        start += line.len();
    }
    span(end, end)
}

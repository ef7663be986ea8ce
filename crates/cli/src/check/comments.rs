//! Comments of the policy language that let a finding be: `# allow(CODE): reason`.
//!
//! Behind something it is about its line; on a line of its own it is about the statement that begins below it, or about the
//! line below if none does.

use std::collections::HashMap;

use portcullis_source::json::Node;
use portcullis_source::{Code, Diagnostic};
use portcullis_syntax::ast::Span;

use super::UNUSED_ALLOW;
use super::choice::Name;
use super::found::{Checked, Found};
use super::places::Places;

struct Allow {
    place: Span,
    names: Vec<Name>,
    /// The number of the place that it is about.
    about: usize,
    is_used: bool,
}

/// Takes out what comments let be, and adds what is wrong with them: one that nothing needs, one without a reason, and names
/// that are none.
pub(super) fn apply(text: &str, all: &mut [Checked<'_>]) {
    let statements = all
        .iter()
        .filter_map(|checked| checked.document?.get("Statement")?.as_array())
        .flat_map(|list| list.iter().map(|node: &Node<'_>| node.span));
    let mut statements: Vec<Span> = statements.collect();
    statements.sort_unstable_by_key(|own| own.start);
    let mut allows: Vec<Allow> = Vec::new();
    // What they are about; several comments above a statement are about the same.
    let mut abouts: Vec<Span> = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    let mut start = 0;
    // The comments since this number have nothing below them yet.
    let mut waiting = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.len();
        let found = comment(line);
        let code = found.map_or(line, |(at, _)| line.get(..at).unwrap_or_default());
        let is_alone = code.trim().is_empty();
        if !is_alone && waiting < allows.len() {
            abouts.push(of_line(span(start, end), &statements));
            waiting = allows.len();
        }
        if let Some((at, comment)) = found {
            let place = span(start + at, start + at + comment.trim_end().len());
            match read(comment) {
                None => {}
                Some(Err(what)) => problems.push(problem(place, &what)),
                Some(Ok(names)) => {
                    allows.push(Allow {
                        place,
                        names,
                        about: abouts.len(),
                        is_used: false,
                    });
                    if !is_alone {
                        abouts.push(span(start, end));
                        waiting = allows.len();
                    }
                }
            }
        }
        start = end;
    }
    take_out(all, &mut allows, &abouts);
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

/// What comments above a line are about: the statement that begins on it, or the line.
fn of_line(own: Span, statements: &[Span]) -> Span {
    let first = statements.partition_point(|one| one.start < own.start);
    let begins = statements.get(first).filter(|one| one.start < own.end);
    begins.map_or(own, |one| own.to(*one))
}

/// Takes out the problems that comments let be, and marks these as used.
fn take_out(all: &mut [Checked<'_>], allows: &mut [Allow], abouts: &[Span]) {
    // What is let be at a place, by the code and group that are asked for: asked once for all problems alike.
    let mut known: HashMap<(usize, &'static str, &'static str), bool> = HashMap::new();
    let places = Places::of(abouts.iter().map(|about| ("", *about)));
    for checked in all.iter_mut() {
        checked.found.retain(|found| {
            if found.diagnostic.is_error() {
                return true;
            }
            let at = found.diagnostic.span.start;
            let own = places.at("", Span { start: at, end: at });
            let own = own.filter(|about| abouts.get(*about).is_some_and(|own| at < own.end));
            let mut is_allowed = false;
            for about in own {
                let alike = (about, found.code(), found.group());
                is_allowed |= *known.entry(alike).or_insert_with(|| {
                    // Comments stand in the order of what they are about.
                    let first = allows.partition_point(|allow| allow.about < about);
                    let own = allows.iter_mut().skip(first);
                    let own = own.take_while(|allow| allow.about == about);
                    let own = own.filter(|allow| allow.names.iter().any(|name| name.is_of(found)));
                    own.map(|allow| allow.is_used = true).count() > 0
                });
            }
            !is_allowed
        });
    }
}

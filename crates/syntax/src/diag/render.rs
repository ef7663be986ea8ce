//! Diagnostics as text for people.

use super::{Diagnostic, LineIndex, Severity, is_unprintable};
use crate::ast::Span;
use std::fmt::Write;

/// Characters of a line that are shown before and after the place of the problem.
const BEFORE: usize = 60;
const AFTER: usize = 80;

/// Colours of a terminal, or nothing.
struct Style {
    bold: &'static str,
    blue: &'static str,
    error: &'static str,
    warning: &'static str,
    suggestion: &'static str,
    reset: &'static str,
}

const PLAIN: Style = Style {
    bold: "",
    blue: "",
    error: "",
    warning: "",
    suggestion: "",
    reset: "",
};

const COLOUR: Style = Style {
    bold: "\x1b[1m",
    blue: "\x1b[1;34m",
    error: "\x1b[1;31m",
    warning: "\x1b[1;33m",
    suggestion: "\x1b[1;36m",
    reset: "\x1b[0m",
};

/// The diagnostics of a file as text: for each the message, the place, the line with the place
/// marked, related places and the help.
///
/// ```
/// use portcullis_syntax::{ast::Span, diag::{Code, Diagnostic, render}};
/// let problem = Diagnostic::error(Code::InvalidEffect, Span { start: 10, end: 17 }, "no such effect");
/// let text = render(&[problem], "p.json", r#"{"Effect":"allow"}"#, false);
/// assert_eq!(text, r#"error[INVALID_EFFECT]: no such effect
///  --> p.json:1:11
///   |
/// 1 | {"Effect":"allow"}
///   |           ^^^^^^^
/// "#);
/// ```
pub fn render(diagnostics: &[Diagnostic], file_name: &str, text: &str, colour: bool) -> String {
    let style = if colour { &COLOUR } else { &PLAIN };
    let index = LineIndex::new(text);
    let mut out = String::new();
    for (at, diagnostic) in diagnostics.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = one(&mut out, diagnostic, file_name, &index, style);
    }
    out
}

fn one(
    out: &mut String,
    diagnostic: &Diagnostic,
    file: &str,
    index: &LineIndex<'_>,
    style: &Style,
) -> std::fmt::Result {
    let accent = match diagnostic.severity {
        Severity::LintError | Severity::Error => style.error,
        Severity::Warning => style.warning,
        Severity::Suggestion => style.suggestion,
    };
    let Style {
        bold, blue, reset, ..
    } = style;
    let (severity, code) = (diagnostic.severity.as_str(), diagnostic.code);
    writeln!(
        out,
        "{accent}{severity}[{code}]{reset}{bold}: {}{reset}",
        diagnostic.message
    )?;
    let width = diagnostic
        .related
        .iter()
        .map(|(span, _)| span.start)
        .chain([diagnostic.span.start])
        .map(|start| index.position(start).0.to_string().len())
        .max()
        .unwrap_or(1);
    excerpt(
        out,
        diagnostic.span,
        file,
        index,
        width,
        ('^', accent),
        style,
    )?;
    for (span, message) in &diagnostic.related {
        writeln!(
            out,
            "{:width$} {blue}={reset} {bold}note{reset}: {message}",
            ""
        )?;
        excerpt(out, *span, file, index, width, ('-', blue), style)?;
    }
    if let Some(help) = &diagnostic.help {
        writeln!(
            out,
            "{:width$} {blue}={reset} {bold}help{reset}: {help}",
            ""
        )?;
    }
    Ok(())
}

/// The place, and the part of its line around it.
fn excerpt(
    out: &mut String,
    span: Span,
    file: &str,
    index: &LineIndex<'_>,
    width: usize,
    (mark, accent): (char, &str),
    style: &Style,
) -> std::fmt::Result {
    let Style { blue, reset, .. } = style;
    let (line, column) = index.position(span.start);
    let place = index.line_span(line);
    let text = index.text();
    // A span may come from elsewhere: it is brought into the line and to character boundaries.
    let floor = |mut at: usize| {
        at = at.clamp(place.start as usize, place.end as usize);
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(span.start as usize);
    let end = floor(span.end as usize).max(start);
    let before = text.get(place.start as usize..start).unwrap_or_default();
    let after = text.get(start..place.end as usize).unwrap_or_default();
    // Only the window is looked at: a line may have megabytes.
    let from = match before.char_indices().rev().nth(BEFORE - 1) {
        Some((at, _)) => at,
        None => 0,
    };
    let to = match after.char_indices().nth(AFTER) {
        Some((at, _)) => at,
        None => after.len(),
    };

    let mut shown = String::new();
    let mut marks = String::new();
    if from > 0 {
        shown.push('…');
        marks.push(' ');
    }
    for c in before.get(from..).unwrap_or_default().chars() {
        let columns = show(&mut shown, c);
        marks.extend(std::iter::repeat_n(' ', columns));
    }
    for (at, c) in after.get(..to).unwrap_or_default().char_indices() {
        let columns = show(&mut shown, c);
        if start + at < end {
            marks.extend(std::iter::repeat_n(mark, columns));
        }
    }
    if to < after.len() {
        shown.push('…');
    }
    if start == end {
        marks.push(mark);
    }
    writeln!(out, "{:width$}{blue}-->{reset} {file}:{line}:{column}", "")?;
    writeln!(out, "{:width$} {blue}|{reset}", "")?;
    writeln!(out, "{blue}{line:width$} |{reset} {}", shown.trim_end())?;
    writeln!(out, "{:width$} {blue}|{reset} {accent}{marks}{reset}", "")
}

/// Adds a character as it can be shown, and returns how many columns of a terminal it takes.
fn show(out: &mut String, c: char) -> usize {
    match c {
        '\t' => {
            out.push_str("    ");
            4
        }
        _ if is_unprintable(c) => {
            out.push('\u{fffd}');
            1
        }
        // Close enough to the width that terminals give to characters of East Asia and pictures.
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => {
            out.push(c);
            2
        }
        _ => {
            out.push(c);
            1
        }
    }
}

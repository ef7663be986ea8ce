//! Diagnostics as text for people.

use crate::diagnostic::Excerpt;
use crate::quote::is_unprintable;
use crate::{Diagnostic, LineIndex, Place, Pointer, Severity, Span, printable};
use std::fmt::Write;

/// Characters of a line that are shown before and after the place of the problem.
const BEFORE: usize = 60;
const AFTER: usize = 80;

/// Colors of a terminal, or nothing.
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

const COLOR: Style = Style {
    bold: "\x1b[1m",
    blue: "\x1b[1;34m",
    error: "\x1b[1;31m",
    warning: "\x1b[1;33m",
    suggestion: "\x1b[1;36m",
    reset: "\x1b[0m",
};

/// Where the code of a problem stands in its first line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Header {
    /// `error[CODE]: message`
    CodeFirst,
    /// `error: message [CODE]`
    CodeLast,
}

/// Located diagnostics as text: for each the message, the place, the line with the place marked, related places, notes
/// and the help.
///
/// ```
/// use portcullis_source::{Code, Diagnostic, Source, Span, render};
/// let source = Source::new("p.json", r#"{"Effect":"allow"}"#);
/// let problem = source.error(Code::new("INVALID_EFFECT"), Span { start: 10, end: 17 }, "no such effect");
/// assert_eq!(render(&[problem], false), r#"error[INVALID_EFFECT]: no such effect
///  --> p.json:1:11
///   |
/// 1 | {"Effect":"allow"}
///   |           ^^^^^^^
/// "#);
/// ```
pub fn render(diagnostics: &[Diagnostic], color: bool) -> String {
    all(diagnostics, color, Header::CodeFirst)
}

/// The same for what ends a command: each begins with `error:`, and its code comes last.
pub fn render_failure(diagnostics: &[Diagnostic], color: bool) -> String {
    all(diagnostics, color, Header::CodeLast)
}

fn all(diagnostics: &[Diagnostic], color: bool, header: Header) -> String {
    let style = if color { &COLOR } else { &PLAIN };
    let mut out = String::new();
    for (at, diagnostic) in diagnostics.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        // Writing to a string cannot fail.
        let _ = one(&mut out, diagnostic, style, header);
    }
    out
}

fn one(
    out: &mut String,
    diagnostic: &Diagnostic,
    style: &Style,
    header: Header,
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
    let message = printable(&diagnostic.message);
    match header {
        Header::CodeFirst => writeln!(
            out,
            "{accent}{severity}[{code}]{reset}{bold}: {message}{reset}"
        )?,
        Header::CodeLast => writeln!(
            out,
            "{accent}{severity}{reset}{bold}: {message} [{code}]{reset}"
        )?,
    }
    let related = || diagnostic.related.iter().map(|one| one.place.as_deref());
    let width = related()
        .chain([diagnostic.place.as_deref()])
        .flatten()
        .map(|place| place.line.to_string().len())
        .max()
        .unwrap_or(1);
    let note = |out: &mut String, word: &str, text: &str| {
        let text = printable(text);
        writeln!(
            out,
            "{:width$} {blue}={reset} {bold}{word}{reset}: {text}",
            ""
        )
    };
    place(out, diagnostic.named_place(), width, ('^', accent), style)?;
    for (one, at) in diagnostic.related.iter().zip(related()) {
        note(out, "note", &one.message)?;
        let at = at.filter(|place| !place.file().is_empty());
        place(out, at, width, ('-', blue), style)?;
    }
    if let Some(path) = diagnostic.path.as_ref().filter(|path| !path.is_empty()) {
        note(out, "path", &Pointer(path).to_string())?;
    }
    for text in &diagnostic.notes {
        note(out, "note", text)?;
    }
    if let Some(help) = &diagnostic.help {
        note(out, "help", help)?;
    }
    Ok(())
}

/// The place, and the part of its line around it.
fn place(
    out: &mut String,
    place: Option<&Place>,
    width: usize,
    (mark, accent): (char, &str),
    style: &Style,
) -> std::fmt::Result {
    let Style { blue, reset, .. } = style;
    let Some(place) = place else {
        return Ok(());
    };
    writeln!(out, "{:width$}{blue}-->{reset} {place}", "")?;
    let Some(excerpt) = &place.excerpt else {
        return Ok(());
    };
    let Excerpt {
        line,
        indent,
        marked,
    } = excerpt;
    let number = place.line;
    let marks = String::from_iter(std::iter::repeat_n(mark, *marked));
    writeln!(out, "{:width$} {blue}|{reset}", "")?;
    writeln!(out, "{blue}{number:width$} |{reset} {line}")?;
    writeln!(
        out,
        "{:width$} {blue}|{reset} {accent}{:indent$}{marks}{reset}",
        "", ""
    )
}

/// The part of a text's line around a place.
pub(crate) fn excerpt(index: &LineIndex<'_>, span: Span) -> Excerpt {
    let (line, _) = index.position(span.start);
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
    let (mut indent, mut marked) = (0, 0);
    if from > 0 {
        shown.push('…');
        indent += 1;
    }
    for c in before.get(from..).unwrap_or_default().chars() {
        indent += show(&mut shown, c);
    }
    for (at, c) in after.get(..to).unwrap_or_default().char_indices() {
        let columns = show(&mut shown, c);
        if start + at < end {
            marked += columns;
        }
    }
    if to < after.len() {
        shown.push('…');
    }
    if start == end {
        marked += 1;
    }
    shown.truncate(shown.trim_end().len());
    Excerpt {
        line: shown,
        indent,
        marked,
    }
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

#[cfg(test)]
mod tests;

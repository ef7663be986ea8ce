//! Policies in any form and layout.

use arbitrary::{Result, Unstructured};
use bumpalo::Bump;
use portcullis_lint::{Finding, Options, lint};
use portcullis_model::PolicyKind;
use portcullis_source::Diagnostic;
use portcullis_source::Records;
use portcullis_source::json;
use portcullis_syntax::ast::Document;
use portcullis_syntax::forms as syntax_forms;
use portcullis_syntax::policy::{ReadOptions, check_policy, parse_policy};

use crate::generate::{Settings, document};

/// Any bytes as a file with a policy and as a stream of records: no panic, every problem has its place in the text, and no
/// byte of the stream is lost. And the bytes as choices: a document that is made from them, dressed in forms and laid
/// out at random, is read as what it is plain; and values in random layouts are the records of their stream.
pub fn forms(data: &[u8]) {
    any_bytes(data);
    nothing_is_lost(data);
    // How it is dressed has bytes of its own: a document takes all that it gets.
    let (dress, rest) = data.split_at(data.len().min(24));
    let mut choices = Unstructured::new(rest);
    let _ = dressed(&mut Unstructured::new(dress), &mut choices);
    let _ = layouts(&mut choices);
}

fn any_bytes(data: &[u8]) {
    let bytes = json::utf8(data.to_vec());
    let Ok(text) = json::decode(&bytes) else {
        return;
    };
    // The kind decides which members there may be, not how they are read: one of them for each input.
    let kinds = PolicyKind::ALL;
    let kind = kinds[usize::from(*data.last().unwrap_or(&0)) % kinds.len()];
    let arena = Bump::new();
    let (document, problems) = read(text, kind, &arena);
    let is_usable = !problems.iter().any(Diagnostic::is_error);
    assert_eq!(document.is_some(), is_usable, "{problems:?}");
    for problem in &problems {
        let range = problem.span.range();
        assert!(
            range.start <= range.end && range.end <= text.len().max(1),
            "{problem:?}"
        );
    }
    findings(text, kind);
}

/// What Access Analyzer would find in a text: places in the text, in order, and no more than it weighs.
fn findings(text: &str, kind: PolicyKind) {
    lint(text, &Options::new(kind), |report| {
        let start = |found: &Finding<'_>| (found.locations[0].span.start, found.rule.code);
        assert!(report.findings.is_sorted_by_key(start));
        let places = report.findings.iter().flat_map(|found| &found.locations);
        let weight = places
            .map(|place| {
                assert!(report.text.get(place.span.range()).is_some(), "{place:?}");
                64
            })
            .sum::<usize>();
        assert!(weight <= text.len() * 64 + (1 << 20));
        report.to_json();
    });
}

/// The document of a text, with everything that `check` says of it.
fn read<'a>(
    text: &'a str,
    kind: PolicyKind,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    let (found, mut problems) = syntax_forms::read(text, Some(kind), arena);
    let document = found.and_then(|found| {
        let (document, more) = check_policy(found.document, ReadOptions::new(kind), arena);
        problems.extend(more);
        if let Some(inner) = found.inner {
            for problem in &problems {
                assert!(inner.position(problem.span.start).0 > 0);
            }
        }
        document
    });
    let is_sound = !problems.iter().any(Diagnostic::is_error);
    (document.filter(|_| is_sound), problems)
}

fn records(data: &[u8]) -> Vec<Vec<u8>> {
    let mut records = Records::new(data);
    let mut all = Vec::new();
    let mut record = Vec::new();
    let mut last = 0;
    while let Ok(Some(start)) = records.next_into(&mut record) {
        let line = start.line;
        assert!(line > last, "line {line} after {last}");
        last = line;
        all.push(record.clone());
    }
    all
}

/// Every byte of a stream that is no blank is in a record, in its order.
fn nothing_is_lost(data: &[u8]) {
    if json::utf16(data).is_some() {
        records(data);
        return;
    }
    // The marks of blank lines are no content.
    let visible = |bytes: &[u8]| -> Vec<u8> {
        let bytes = bytes.iter().filter(|byte| !byte.is_ascii_whitespace());
        bytes
            .filter(|byte| !b"\xef\xbb\xbf".contains(byte))
            .copied()
            .collect()
    };
    let found: Vec<u8> = records(data)
        .iter()
        .flat_map(|record| visible(record))
        .collect();
    assert_eq!(found, visible(data));
}

fn dressed(dress: &mut Unstructured<'_>, u: &mut Unstructured<'_>) -> Result<()> {
    let kind = *u.choose(&PolicyKind::ALL)?;
    let plain = document(u, kind, &Settings::default())?;
    let mut text = relaid(u, &plain)?;
    let mut is_wrapped = false;
    let mut layers = 0;
    // Each string may make the text six times as long; many short ones find more than a few long ones.
    while layers < 6 && text.len() < 2_000 && !dress.is_empty() {
        layers += 1;
        text = match dress.int_in_range(0..=4)? {
            0 => string(dress, &text)?,
            1 => string(dress, &percent(&text))?,
            2 if !is_wrapped => {
                is_wrapped = true;
                wrapped(dress, &text)?
            }
            3 => relaid(dress, &text)?,
            _ => continue,
        };
    }
    let bytes = match dress.int_in_range(0..=3)? {
        0 => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        1 => format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_be_bytes)
            .collect(),
        2 => format!("\u{feff}{text}").into_bytes(),
        _ => text.clone().into_bytes(),
    };
    let bytes = json::utf8(bytes);
    let arena = Bump::new();
    let (expected, _) = parse_policy(&plain, ReadOptions::new(kind), &arena);
    let Ok(text) = json::decode(&bytes) else {
        panic!("{text} is not text any more");
    };
    let (found, problems) = read(text, kind, &arena);
    assert_eq!(found, expected, "{text}: {problems:?}");
    Ok(())
}

fn layouts(u: &mut Unstructured<'_>) -> Result<()> {
    let mut stream = String::new();
    let mut expected = Vec::new();
    for _ in 0..u.int_in_range(1..=4)? {
        let kind = *u.choose(&PolicyKind::ALL)?;
        let plain = document(u, kind, &Settings::default())?;
        stream += &relaid(u, &plain)?;
        stream += u.choose(&["\n", "\r\n", "\n\n", " \n\t\n"])?;
        expected.push(relaid(&mut Unstructured::new(&[]), &plain)?);
    }
    let found = records(stream.as_bytes());
    let compact = |record: &Vec<u8>| {
        let text = String::from_utf8_lossy(record).into_owned();
        relaid(&mut Unstructured::new(&[]), &text)
    };
    let found: Vec<String> = found.iter().map(compact).collect::<Result<_>>()?;
    assert_eq!(found, expected, "{stream}");
    Ok(())
}

/// A JSON text with other blanks between its tokens: without choices, with none.
fn relaid(u: &mut Unstructured<'_>, text: &str) -> Result<String> {
    const BLANKS: [&str; 7] = ["", "", " ", "\n", "\r\n", "\n\n", "\t"];
    let mut out = String::new();
    let (mut in_string, mut escaped) = (false, false);
    for c in text.chars() {
        if !in_string && c.is_ascii_whitespace() {
            continue;
        }
        let is_mark = !in_string && "{}[],:".contains(c);
        let mut blank = |out: &mut String| -> Result<()> {
            if is_mark && !u.is_empty() {
                out.push_str(u.choose(&BLANKS)?);
            }
            Ok(())
        };
        // What stands in front of all of it is for whoever dresses it.
        if !out.is_empty() {
            blank(&mut out)?;
        }
        out.push(c);
        blank(&mut out)?;
        match c {
            _ if escaped => escaped = false,
            '\\' if in_string => escaped = true,
            '"' => in_string = !in_string,
            _ => {}
        }
    }
    Ok(out)
}

/// A text as a string of JSON, some characters as escapes.
fn string(u: &mut Unstructured<'_>, text: &str) -> Result<String> {
    let every = u.int_in_range(1..=9)?;
    let mut out = String::from("\"");
    for (at, c) in text.chars().enumerate() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            c if c.is_control() || at % every == 0 => {
                let mut units = [0; 2];
                for unit in c.encode_utf16(&mut units) {
                    out += &format!("\\u{unit:04X}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    Ok(out)
}

fn percent(text: &str) -> String {
    let digit = |value: u8| {
        char::from_digit(u32::from(value), 16).map_or('0', |digit| digit.to_ascii_uppercase())
    };
    let mut out = String::with_capacity(3 * text.len());
    for byte in text.bytes() {
        match byte.is_ascii_alphanumeric() || byte == b'+' {
            true => out.push(char::from(byte)),
            false => out.extend(['%', digit(byte >> 4), digit(byte & 15)]),
        }
    }
    out
}

fn wrapped(u: &mut Unstructured<'_>, text: &str) -> Result<String> {
    Ok(match u.int_in_range(0..=4)? {
        0 => format!("{{\"PolicyVersion\":{{\"VersionId\":\"v1\",\"Document\":{text}}}}}"),
        1 => format!("{{\"RoleName\":\"r\",\"PolicyName\":\"p\",\"PolicyDocument\":{text}}}"),
        2 => format!("{{\"PolicyDocument\":{text},\"UserName\":\"u\"}}"),
        3 => format!("{{\"name\":\"n\",\"document\":{text}}}"),
        _ => format!("{{\"Document\":{text},\"IsDefaultVersion\":true}}"),
    })
}

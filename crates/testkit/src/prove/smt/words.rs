//! Texts with policy variables, for solvers.
//!
//! What is written here: texts, and texts with one `*`, before or behind which variables stand. A solver decides these as
//! equations of words, as beginnings and as ends. Other patterns with variables are not said to it.

use super::quoted;

/// A piece of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Characters that stand for themselves.
    Plain(String),
    /// `*`.
    Star,
    /// `?`.
    One,
    /// A key, and what stands for it if it is absent (`VAR-6`).
    Key(String, Option<String>),
}

/// The pieces of a text (`VAR-6`, `VAR-8`); none for what is written in a way that the generators do not use.
pub(super) fn pieces(text: &str, has_wildcards: bool) -> Option<Vec<Piece>> {
    let mut found: Vec<Piece> = Vec::new();
    let mut rest = text;
    while let Some(own) = rest.chars().next() {
        if let Some(behind) = rest.strip_prefix("${") {
            let (inner, after) = behind.split_once('}')?;
            rest = after;
            match inner {
                "*" | "?" | "$" => plain(&mut found, inner),
                inner => found.push(key(inner)?),
            }
            continue;
        }
        rest = rest.get(own.len_utf8()..).unwrap_or_default();
        match own {
            '*' if has_wildcards => found.push(Piece::Star),
            '?' if has_wildcards => found.push(Piece::One),
            own => plain(&mut found, own.encode_utf8(&mut [0; 4])),
        }
    }
    Some(found)
}

fn plain(found: &mut Vec<Piece>, text: &str) {
    match found.last_mut() {
        Some(Piece::Plain(own)) => own.push_str(text),
        _ => found.push(Piece::Plain(text.to_owned())),
    }
}

fn key(inner: &str) -> Option<Piece> {
    let (name, default) = match inner.split_once(',') {
        Some((name, default)) => {
            let quoted = default.trim_start_matches(' ');
            let text = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
            (name, Some(text.to_owned()))
        }
        None => (inner, None),
    };
    let is_plain = !name.is_empty() && name.trim() == name && !name.contains(['\'', '{']);
    is_plain.then(|| Piece::Key(name.to_lowercase(), default))
}

/// A formula: the term is of a pattern. `number` says which key a name is of, if its values are texts.
pub(super) fn matches(
    term: &str,
    pieces: &[Piece],
    number: &mut dyn FnMut(&str) -> Option<usize>,
) -> Option<String> {
    let mut halves = pieces.split(|own| *own == Piece::Star);
    let (start, end) = (halves.next()?, halves.next());
    if halves.next().is_some() {
        return None;
    }
    let mut needs = Vec::new();
    let start = word(start, &mut needs, number)?;
    match end {
        None => needs.push(format!("(= {term} {start})")),
        Some(end) => {
            let end = word(end, &mut needs, number)?;
            needs.push(format!("(str.prefixof {start} {term})"));
            needs.push(format!("(str.suffixof {end} {term})"));
            needs.push(format!(
                "(<= (+ (str.len {start}) (str.len {end})) (str.len {term}))"
            ));
        }
    }
    Some(super::all("and", needs))
}

/// A text, and what must hold for it to be one (`VAR-9` to `VAR-11`).
fn word(
    pieces: &[Piece],
    needs: &mut Vec<String>,
    number: &mut dyn FnMut(&str) -> Option<usize>,
) -> Option<String> {
    let mut parts = Vec::new();
    for piece in pieces {
        match piece {
            Piece::Plain(text) => parts.push(quoted(text)),
            Piece::Star | Piece::One => return None,
            Piece::Key(name, default) => {
                let own = number(name)?;
                match default {
                    None => {
                        needs.push(format!("(= n{own} 1)"));
                        parts.push(format!("v{own}_0"));
                    }
                    Some(text) => {
                        needs.push(format!("(<= n{own} 1)"));
                        parts.push(format!("(ite (= n{own} 0) {} v{own}_0)", quoted(text)));
                    }
                }
            }
        }
    }
    Some(match parts.as_slice() {
        [] => "\"\"".to_owned(),
        [one] => one.clone(),
        parts => format!("(str.++ {})", parts.join(" ")),
    })
}

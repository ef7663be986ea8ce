//! Policy variables (`VAR-1` to `VAR-11`).

use crate::glob::Token;
use crate::keys::Context;

/// A piece of a text that may hold variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// A character outside every well-formed variable.
    Char(char),
    /// A well-formed `${…}`.
    Variable {
        /// The text as written, from `$` to `}`.
        source: &'a str,
        /// What it stands for.
        value: Value<'a>,
    },
}

/// What a well-formed `${…}` stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// VAR-8: `${*}`, `${?}`, `${$}`.
    Character(char),
    /// VAR-1, VAR-6: `${key}` or `${key, 'default'}`.
    Key {
        key: &'a str,
        default: Option<&'a str>,
    },
}

/// Cuts a text into pieces. Where variables are not expanded (VAR-2) every character is itself.
pub(crate) fn scan(text: &str, has_variables: bool) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (piece, length) = match variable(rest) {
            Some((piece, length)) if has_variables => (piece, length),
            // VAR-6: a malformed `${` is literal text; a variable may still follow inside it.
            _ => (Piece::Char(first), first.len_utf8()),
        };
        pieces.push(piece);
        rest = &rest[length..];
    }
    pieces
}

/// The well-formed variable at the start of `text` and its length in bytes (VAR-6, VAR-8).
fn variable(text: &str) -> Option<(Piece<'_>, usize)> {
    let inner = text.strip_prefix("${")?;
    let key_length = inner.find([',', '\'', '}'])?;
    let (key, tail) = inner.split_at(key_length);
    if key.is_empty() || key.starts_with(' ') || key.ends_with(' ') {
        return None;
    }
    let (default, tail) = match tail.strip_prefix(',') {
        None => (None, tail),
        Some(tail) => {
            let quoted = tail.trim_start_matches(' ').strip_prefix('\'')?;
            let (default, tail) = quoted.split_once('\'')?;
            (Some(default), tail)
        }
    };
    let after = tail.strip_prefix('}')?;
    let length = text.len() - after.len();
    let value = match (key, default) {
        ("*", None) => Value::Character('*'),
        ("?", None) => Value::Character('?'),
        ("$", None) => Value::Character('$'),
        _ => Value::Key { key, default },
    };
    let source = &text[..length];
    Some((Piece::Variable { source, value }, length))
}

/// The text that a variable stands for; none if it cannot be resolved.
fn resolve(value: Value<'_>, context: &Context) -> Option<String> {
    match value {
        Value::Character(character) => Some(character.to_string()),
        // VAR-9: exactly one value; the default only for an absent key.
        Value::Key { key, default } => match context.values(key) {
            [] => default.map(str::to_owned),
            [value] => Some(value.clone()),
            _ => None,
        },
    }
}

/// The pieces as a text without wildcards; none if a variable cannot be resolved (VAR-11).
pub(crate) fn as_text(pieces: &[Piece<'_>], context: &Context) -> Option<String> {
    let mut text = String::new();
    for piece in pieces {
        match *piece {
            Piece::Char(character) => text.push(character),
            Piece::Variable { value, .. } => text.push_str(&resolve(value, context)?),
        }
    }
    Some(text)
}

/// The pieces as a pattern; none if a variable cannot be resolved (VAR-10, VAR-11).
pub(crate) fn as_pattern(pieces: &[Piece<'_>], context: &Context) -> Option<Vec<Token>> {
    let mut pattern = Vec::new();
    for piece in pieces {
        match *piece {
            Piece::Char(character) => pattern.push(Token::wild(character)),
            // VAR-7: substituted text matches only itself and is not expanded again.
            Piece::Variable { value, .. } => {
                pattern.extend(resolve(value, context)?.chars().map(Token::Char));
            }
        }
    }
    Some(pattern)
}

/// The pieces as a pattern, every variable as the characters it is written with (VAR-3).
pub(crate) fn as_written(pieces: &[Piece<'_>]) -> Vec<Token> {
    let mut pattern = Vec::new();
    for piece in pieces {
        match *piece {
            Piece::Char(character) => pattern.push(Token::wild(character)),
            Piece::Variable { source, .. } => pattern.extend(source.chars().map(Token::wild)),
        }
    }
    pattern
}

/// Cuts at the first five colons outside variables (VAR-7): at most six parts (MATCH-20).
pub(crate) fn arn_parts<'p, 'a>(pieces: &'p [Piece<'a>]) -> Vec<&'p [Piece<'a>]> {
    pieces
        .splitn(6, |piece| *piece == Piece::Char(':'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> Option<String> {
        let context = Context::for_tests(&[
            ("one", &["1"]),
            ("Two", &["1", "2"]),
            ("wild", &["a*${one}"]),
            ("empty", &[""]),
            ("x**", &["stars"]),
            ("a${b", &["odd"]),
            ("b", &["B"]),
            ("in ner", &["blank"]),
        ]);
        as_text(&scan(text, true), &context)
    }

    #[test]
    fn var_6_which_texts_are_variables() {
        for (text, expected) in [
            ("${one}", "1"),
            ("<${ONE}>${one}", "<1>1"),
            ("${*}${?}${$}", "*?$"),
            ("${wild}", "a*${one}"),
            ("${x**}", "stars"),
            ("${in ner}", "blank"),
            ("${none,'d'}", "d"),
            ("${none,   'd}:e'}", "d}:e"),
            ("${none,''}", ""),
            ("${*,'d'}", "d"),
            ("${empty,'d'}", ""),
            ("${one, 'd'}", "1"),
            ("${a${b}", "odd"),
            // Malformed, hence literal.
            ("${}", "${}"),
            ("${ one}", "${ one}"),
            ("${one }", "${one }"),
            ("${one,x}", "${one,x}"),
            ("${one, 'd' }", "${one, 'd' }"),
            ("${one, 'd'", "${one, 'd'"),
            ("${,'d'}", "${,'d'}"),
            ("${one'}", "${one'}"),
            ("${", "${"),
            ("$", "$"),
            ("$${one}", "$1"),
            ("${x,${b}}", "${x,B}"),
        ] {
            assert_eq!(expand(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn var_9_what_cannot_be_resolved() {
        assert_eq!(expand("${none}"), None);
        assert_eq!(expand("${two}"), None);
        assert_eq!(expand("a${two, 'd'}"), None);
    }

    #[test]
    fn var_2_without_version_every_character_is_itself() {
        let context = Context::for_tests(&[("one", &["1"])]);
        let pieces = scan("${one}", false);
        assert_eq!(as_text(&pieces, &context).as_deref(), Some("${one}"));
    }

    #[test]
    fn var_7_colons_in_variables_do_not_split() {
        let pieces = scan("a:${k:l}:${k, 'x:y'}:${:d:e:f", true);
        let lengths: Vec<usize> = arn_parts(&pieces).iter().map(|part| part.len()).collect();
        assert_eq!(lengths, [1, 1, 1, 2, 1, 3]);
    }
}

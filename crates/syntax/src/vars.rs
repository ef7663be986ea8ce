//! Policy variables in a text (`VAR-1`, `VAR-6`, `VAR-8`), and the parts of an ARN (`MATCH-20`).
//!
//! Everything that has to know where a variable starts and ends asks this module, so that a text is
//! never read in two ways.

use core::ops::Range;
use portcullis_source::words::{equal, first};
use smallvec::SmallVec;

/// What a variable stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variable<'a> {
    /// `${*}`, `${?}` or `${$}`: the character itself, never a wildcard (`VAR-8`).
    Literal(char),
    /// `${key}` or `${key, 'default'}`.
    Key {
        /// The name of the condition key.
        key: &'a str,
        /// The text used if the key is absent.
        default: Option<&'a str>,
    },
}

/// What is wrong with a malformed `${`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// There is no key: `${}`.
    Empty,
    /// The key has a blank at its start or end.
    Blank,
    /// What follows the key's comma is no quoted text, or a quote stands in the key.
    Quote,
    /// The closing brace is missing.
    Brace,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it stands.
    Text(&'a str),
    /// A well-formed variable.
    Variable(Variable<'a>),
    /// The two characters `${` of a malformed variable, which are text too (`VAR-6`).
    Malformed(Malformed),
}

/// True if the text may hold a variable, well-formed or not.
pub fn has_opening(text: &str) -> bool {
    opening(text).is_some()
}

/// Where the first `${` of a text stands. The search of the standard library takes longer to set up than most texts are long.
fn opening(text: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let rest = text.as_bytes().get(from..)?;
        let dollar = from + first(rest, |word| equal(word, b'$'))?;
        if text.as_bytes().get(dollar + 1) == Some(&b'{') {
            return Some(dollar);
        }
        from = dollar + 1;
    }
}

/// The parts of a text in order, each with its place; together they are the whole text.
///
/// ```
/// use portcullis_syntax::vars::{Piece, Variable, pieces};
/// let parts: Vec<_> = pieces("b/${aws:username}").collect();
/// assert_eq!(parts[0], (0..2, Piece::Text("b/")));
/// let user = Variable::Key { key: "aws:username", default: None };
/// assert_eq!(parts[1], (2..17, Piece::Variable(user)));
/// ```
pub fn pieces(text: &str) -> Pieces<'_> {
    Pieces {
        text,
        at: 0,
        key_end: None,
        tail: None,
    }
}

/// The iterator of [`pieces`]. Takes time linear in the text, however its braces and quotes stand.
#[derive(Clone, Debug)]
pub struct Pieces<'a> {
    text: &'a str,
    at: usize,
    /// The first `,`, `'` or `}` behind an opening that was looked at; the text's length if there
    /// is none. Later openings before it end there too, so it is not searched again.
    key_end: Option<usize>,
    /// What was found behind the comma at this place, for the same reason.
    tail: Option<(usize, Tail)>,
}

/// What follows the comma of a variable: the default's place and the variable's end.
type Tail = Result<(Range<usize>, usize), Malformed>;

impl<'a> Iterator for Pieces<'a> {
    type Item = (Range<usize>, Piece<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
        let start = self.at;
        match opening(rest) {
            Some(0) => {
                let (end, piece) = match self.variable(start) {
                    Ok((end, variable)) => (end, Piece::Variable(variable)),
                    Err(malformed) => (start + 2, Piece::Malformed(malformed)),
                };
                self.at = end;
                Some((start..end, piece))
            }
            found => {
                let end = start + found.unwrap_or(rest.len());
                self.at = end;
                Some((start..end, Piece::Text(self.slice(start..end))))
            }
        }
    }
}

impl<'a> Pieces<'a> {
    fn slice(&self, range: Range<usize>) -> &'a str {
        self.text.get(range).unwrap_or_default()
    }

    /// The variable whose `${` stands at `open`, and where it ends.
    fn variable(&mut self, open: usize) -> Result<(usize, Variable<'a>), Malformed> {
        let start = open + 2;
        let bytes = self.text.as_bytes();
        let key_end = match self.key_end {
            Some(end) if end >= start => end,
            _ => {
                let rest = bytes.get(start..).unwrap_or_default();
                let found = rest
                    .iter()
                    .position(|byte| matches!(byte, b',' | b'\'' | b'}'));
                found.map_or(bytes.len(), |found| start + found)
            }
        };
        self.key_end = Some(key_end);
        let key = self.slice(start..key_end);
        let stop = bytes.get(key_end).copied();
        if key.is_empty() && stop == Some(b'}') {
            return Err(Malformed::Empty);
        }
        let (end, default) = match stop {
            Some(b'}') => (key_end + 1, None),
            Some(b',') => {
                let (default, end) = self.tail(key_end)?;
                (end, Some(self.slice(default)))
            }
            Some(_) => return Err(Malformed::Quote),
            None => return Err(Malformed::Brace),
        };
        if key.is_empty() {
            return Err(Malformed::Empty);
        }
        let blank = |c: Option<char>| c == Some(' ');
        if blank(key.chars().next()) || blank(key.chars().next_back()) {
            return Err(Malformed::Blank);
        }
        let variable = match (key, default) {
            ("*", None) => Variable::Literal('*'),
            ("?", None) => Variable::Literal('?'),
            ("$", None) => Variable::Literal('$'),
            _ => Variable::Key { key, default },
        };
        Ok((end, variable))
    }

    fn tail(&mut self, comma: usize) -> Tail {
        if let Some((at, tail)) = &self.tail {
            if *at == comma {
                return tail.clone();
            }
        }
        let tail = self.find_tail(comma);
        self.tail = Some((comma, tail.clone()));
        tail
    }

    fn find_tail(&self, comma: usize) -> Tail {
        let after = self.slice(comma + 1..self.text.len());
        let quoted = after.trim_start_matches(' ');
        let quote = comma + 1 + (after.len() - quoted.len());
        let inner = quoted.strip_prefix('\'').ok_or(Malformed::Quote)?;
        let length = inner.find('\'').ok_or(Malformed::Quote)?;
        let default = quote + 1..quote + 1 + length;
        let brace = default.end + 1;
        if self.text.as_bytes().get(brace) != Some(&b'}') {
            return Err(Malformed::Brace);
        }
        Ok((default, brace + 1))
    }
}

/// The parts of an ARN or ARN pattern: at most six, split at the first five colons (`MATCH-20`).
///
/// With `variables`, colons inside of well-formed variables do not count (`VAR-7`).
///
/// ```
/// use portcullis_syntax::vars::arn_parts;
/// let arn = "arn:aws:s3:::${aws:PrincipalTag/team, 'a:b'}";
/// assert_eq!(arn_parts(arn, true)[5], "${aws:PrincipalTag/team, 'a:b'}");
/// assert_eq!(arn_parts("arn:aws:sqs", true).len(), 3);
/// ```
pub fn arn_parts(text: &str, variables: bool) -> SmallVec<[&str; 6]> {
    let mut parts = SmallVec::new();
    let mut from = 0;
    let mut split = |range: Range<usize>| {
        let bytes = text.as_bytes();
        for at in range {
            if parts.len() == 5 {
                return false;
            }
            if bytes.get(at) == Some(&b':') {
                parts.push(text.get(from..at).unwrap_or_default());
                from = at + 1;
            }
        }
        true
    };
    if variables {
        for (range, piece) in pieces(text) {
            if !matches!(piece, Piece::Variable(_)) && !split(range) {
                break;
            }
        }
    } else {
        split(0..text.len());
    }
    parts.push(text.get(from..).unwrap_or_default());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key<'a>(key: &'a str, default: Option<&'a str>) -> Piece<'a> {
        Piece::Variable(Variable::Key { key, default })
    }

    fn only(text: &str) -> Piece<'_> {
        let all: Vec<_> = pieces(text).collect();
        assert_eq!(all.len(), 1, "{text}: {all:?}");
        assert_eq!(all[0].0, 0..text.len());
        all[0].1
    }

    /// `VAR-1`, `VAR-6`, `VAR-8`.
    #[test]
    fn well_formed_variables() {
        assert_eq!(only("${aws:username}"), key("aws:username", None));
        assert_eq!(only("${k,'d'}"), key("k", Some("d")));
        assert_eq!(only("${k,    '}, ${x}'}"), key("k", Some("}, ${x}")));
        assert_eq!(only("${k, ''}"), key("k", Some("")));
        assert_eq!(only("${x**}"), key("x**", None));
        assert_eq!(only("${a${b}"), key("a${b", None));
        assert_eq!(only("${a b}"), key("a b", None));
        assert_eq!(only("${ä:é}"), key("ä:é", None));
        for (text, c) in [("${*}", '*'), ("${?}", '?'), ("${$}", '$')] {
            assert_eq!(only(text), Piece::Variable(Variable::Literal(c)));
        }
        assert_eq!(only("${*, 'x'}"), key("*", Some("x")));
        assert_eq!(only("no $ {variable}"), Piece::Text("no $ {variable}"));
    }

    /// `VAR-6`: malformed openings are text, and reading goes on right behind them.
    #[test]
    fn malformed_variables() {
        for (text, malformed) in [
            ("${}", Malformed::Empty),
            ("${,'x'}", Malformed::Empty),
            ("${ k}", Malformed::Blank),
            ("${k }", Malformed::Blank),
            ("${ }", Malformed::Blank),
            ("${k ,'x'}", Malformed::Blank),
            ("${k,x}", Malformed::Quote),
            ("${k,\t'x'}", Malformed::Quote),
            ("${k,'x}", Malformed::Quote),
            ("${k'}", Malformed::Quote),
            ("${k,'x'", Malformed::Brace),
            ("${k,'x' }", Malformed::Brace),
            ("${", Malformed::Brace),
            ("${k", Malformed::Brace),
        ] {
            let mut all = pieces(text);
            assert_eq!(
                all.next(),
                Some((0..2, Piece::Malformed(malformed))),
                "{text}"
            );
            let rest = text.get(2..).unwrap_or_default();
            let expected = (!rest.is_empty()).then_some((2..text.len(), Piece::Text(rest)));
            assert_eq!(all.next(), expected, "{text}");
        }
        let all: Vec<_> = pieces("${ ${k}").map(|(_, piece)| piece).collect();
        assert_eq!(
            all,
            [
                Piece::Malformed(Malformed::Blank),
                Piece::Text(" "),
                key("k", None)
            ]
        );
    }

    #[test]
    fn hostile_texts_take_linear_time() {
        for unit in [
            "${", "${k", "${,", "${k,'", "${'", "${ ", "${k, '${", "${}", "'${,",
        ] {
            let text = unit.repeat(600_000 / unit.len());
            for tail in ["", "}", ",", "'", " }", ",'x'}", ", x"] {
                let text = format!("{text}{tail}");
                let mut end = 0;
                for (range, _) in pieces(&text) {
                    assert_eq!(range.start, end);
                    end = range.end;
                }
                assert_eq!(end, text.len());
                arn_parts(&text, true);
            }
        }
    }

    /// `MATCH-20`, `VAR-7`.
    #[test]
    fn parts_of_arns() {
        assert_eq!(arn_parts("", true).as_slice(), [""]);
        assert_eq!(
            arn_parts("arn:aws:sqs:r:1:a:b", false).as_slice(),
            ["arn", "aws", "sqs", "r", "1", "a:b"]
        );
        let text = "arn:aws:s3:${a:b}:${c:d";
        assert_eq!(
            arn_parts(text, true).as_slice(),
            ["arn", "aws", "s3", "${a:b}", "${c", "d"]
        );
        assert_eq!(
            arn_parts(text, false).as_slice(),
            ["arn", "aws", "s3", "${a", "b}", "${c:d"]
        );
    }
}

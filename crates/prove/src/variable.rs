//! Policy variables replaced by what they stand for.

use std::collections::BTreeMap;

use crate::algebra::{Flavor, Variable};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, VariableId, has_variable, literal};

/// What is taken of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is absent: the default stands, or nothing.
    Absent,
    /// It has two values or more (`VAR-9`).
    Many,
    /// It has this value.
    One(String),
    /// It has one value, which may be any.
    Unknown,
    /// It has one value, which is that of this key, whatever that is.
    Like(String),
}

impl Taken {
    /// What values of a key are to a variable.
    pub(crate) fn of(values: &[String]) -> Taken {
        match values {
            [] => Taken::Absent,
            [one] => Taken::One(one.clone()),
            _ => Taken::Many,
        }
    }
}

/// What is taken of each key, by its folded name.
pub(crate) type Environment = BTreeMap<String, Taken>;

/// The language with its variables replaced: those of keys that are not in the environment stay, and those of keys of
/// which one unknown value is taken become the same for the same key.
pub(crate) fn substitute<'v>(
    language: &Language,
    variables: impl Fn(VariableId) -> Option<&'v Variable>,
    environment: &Environment,
) -> Language {
    let texts = language.texts().iter();
    let texts = texts.map(|own| crate::pattern::text(own));
    let patterns = language.patterns().iter();
    let patterns = patterns.filter_map(|pattern| replaced(pattern, &variables, environment));
    texts.chain(patterns).collect()
}

/// One pattern; none if a variable in it cannot be resolved (`VAR-10`, `VAR-11`).
fn replaced<'v>(
    pattern: &[Token],
    variables: &impl Fn(VariableId) -> Option<&'v Variable>,
    environment: &Environment,
) -> Option<Pattern> {
    let mut found = Pattern::with_capacity(pattern.len());
    let mut is_truth = false;
    for token in pattern {
        let Class::Variable(id) = token.class else {
            found.push(*token);
            continue;
        };
        let variable = variables(id)?;
        let text = match environment.get(&variable.key) {
            None => {
                found.push(*token);
                continue;
            }
            Some(Taken::Many) => return None,
            Some(Taken::Absent) => variable.default.as_deref()?,
            Some(Taken::One(text)) => text,
            Some(own @ (Taken::Unknown | Taken::Like(_))) => {
                let first = match own {
                    Taken::Like(first) => first,
                    _ => &variable.key,
                };
                let place = environment.keys().position(|key| key == first)? as u32;
                // The same letter stands for the same text read in the same way.
                let letter = VariableId(UNKNOWN + 4 * place + variable.flavor as u32);
                found.push(Token::one(Class::Variable(letter)));
                continue;
            }
        };
        is_truth |= variable.flavor == Flavor::Truth;
        if variable.flavor == Flavor::ArnPart && text.contains(':') {
            return None;
        }
        found.extend(text.chars().map(|own| {
            Token::one(match variable.flavor {
                Flavor::Folded => Class::folded(own),
                Flavor::Text | Flavor::ArnPart | Flavor::Truth => Class::Char(own),
            })
        }));
    }
    if is_truth && !has_variable(&found) {
        let text = literal(&found)?.to_ascii_lowercase();
        if text != "true" && text != "false" {
            return None;
        }
        let letters = text.chars().map(|own| Token::one(Class::Ascii(own)));
        return Some(letters.collect());
    }
    Some(found)
}

/// True if two keys have the same value, by what is taken of them.
pub(crate) fn itself(one: &str, other: &str, environment: &Environment) -> bool {
    one == other
        || first(one, environment).is_some_and(|own| Some(own) == first(other, environment))
}

/// The key whose unknown value a key has.
fn first<'e>(key: &str, environment: &'e Environment) -> Option<&'e String> {
    match environment.get_key_value(key)? {
        (own, Taken::Unknown) => Some(own),
        (_, Taken::Like(first)) => Some(first),
        _ => None,
    }
}

/// The most patterns that one becomes in which letters are outlined.
const MOST_OUTLINED: usize = 64;

/// More than a language: in the place of each variable stand patterns of which its value matches one, or any text where none are
/// known. They are told by the place in the environment of the key that a letter stands for.
pub(crate) fn outlined<'o>(
    language: &Language,
    truths: impl Fn(VariableId) -> bool,
    outline: impl Fn(usize) -> Option<&'o [Pattern]>,
) -> Language {
    let any = [vec![Token::many(Class::Any)]];
    let letter = |id: VariableId| id.0.checked_sub(UNKNOWN);
    let is_truth = |token: &Token| match token.class {
        Class::Variable(id) => match letter(id) {
            Some(letter) => letter % 4 == Flavor::Truth as u32,
            None => truths(id),
        },
        _ => false,
    };
    let mut found = Vec::new();
    for pattern in language.all_patterns() {
        if pattern.iter().any(is_truth) {
            found.extend(["true", "false"].map(|truth| {
                let letters = truth.chars().map(|own| Token::one(Class::Ascii(own)));
                letters.collect()
            }));
            continue;
        }
        let mut starts = vec![Pattern::new()];
        for token in &pattern {
            let Class::Variable(id) = token.class else {
                starts.iter_mut().for_each(|own| own.push(*token));
                continue;
            };
            let is_folded = letter(id).is_some_and(|own| own % 4 == Flavor::Folded as u32);
            let known = letter(id).and_then(|own| outline(own as usize / 4));
            let known = known.filter(|own| own.len() * starts.len() <= MOST_OUTLINED);
            let with = |start: &Pattern, own: &Pattern| -> Pattern {
                let tokens = own.iter().map(|token| match token.class {
                    Class::Char(own) if is_folded => Token::one(Class::folded(own)),
                    _ => *token,
                });
                start.iter().copied().chain(tokens).collect()
            };
            let known = known.unwrap_or(&any);
            starts = starts
                .iter()
                .flat_map(|start| known.iter().map(|own| with(start, own)).collect::<Vec<_>>())
                .collect();
        }
        found.extend(starts);
    }
    found.into_iter().collect()
}

/// True if a letter stands for the value of a key itself, as it is or without regard to case.
pub(crate) fn is_own(id: VariableId, key: &str, environment: &Environment) -> bool {
    let Some(letter) = id.0.checked_sub(UNKNOWN) else {
        return false;
    };
    let is_whole = letter % 4 != Flavor::Truth as u32;
    let first = first(key, environment);
    is_whole
        && first.is_some_and(|first| {
            environment.keys().position(|own| own == first) == Some(letter as usize / 4)
        })
}

/// Where the numbers of unknown values begin: no policy has as many variables.
const UNKNOWN: u32 = 1 << 30;

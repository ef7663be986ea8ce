//! Typed values under tests of texts: what a text can be read as, and which texts may be read so.
//!
//! Where a key's tests ask for a number and for a pattern at once, cells alone do not decide: the pattern tells texts of one
//! cell apart. So the question is asked by kinds. What typed tests say of the texts of a kind is known from the cells; that no
//! text of the kind passes the patterns is a question about languages, in which the kind is its *shape*, a few patterns that
//! hold all its texts. A shape holds more than its kind, so "none" is a proof, and what is found is held against all tests.

use portcullis_image::value::instant;
use portcullis_image::value::network::Address;
use portcullis_image::value::number::Number;

use crate::language::{Language, Search, search};
use crate::pattern::{Class, Pattern, Token, text};
use crate::work::{UsedUp, Work};

/// What a text can be read as.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Reading {
    pub(crate) number: bool,
    pub(crate) date: bool,
    pub(crate) v4: bool,
    pub(crate) v6: bool,
}

impl Reading {
    /// That of a text, as far as tests look at it.
    pub(crate) fn of(text: &str, looked: Reading) -> Reading {
        let address = Address::parse(text);
        Reading {
            number: looked.number && Number::parse(text).is_some(),
            date: looked.date && instant::parse(text).is_some(),
            v4: looked.v4 && matches!(address, Some(Address::V4(_))),
            v6: looked.v6 && matches!(address, Some(Address::V6(_))),
        }
    }

    /// Very few patterns that all texts that are read so match, and many others.
    pub(crate) fn outline(self) -> Vec<Pattern> {
        if self.v4 || self.v6 {
            let part = Class::Address;
            return vec![vec![Token::one(part), Token::one(part), Token::many(part)]];
        }
        let mut found = Vec::new();
        for sign in ["", "+", "-"] {
            let mut start: Pattern = text(sign);
            start.push(DIGIT);
            found.push(start.clone());
            start.push(Token::many(Class::Any));
            let ends = match self.date {
                true => vec![DIGIT, Token::one(Class::Ascii('z'))],
                false => vec![DIGIT],
            };
            found.extend(
                ends.into_iter()
                    .map(|end| [start.clone(), vec![end]].concat()),
            );
        }
        found
    }

    /// The shapes of what is looked at.
    fn shapes(self) -> Vec<Language> {
        let mut all = Vec::new();
        if self.number {
            all.push(decimals().into_iter().chain(exponents()).collect());
        }
        if self.date {
            all.push(decimals().into_iter().chain(calendar()).collect());
        }
        if self.v4 {
            all.push([v4()].into_iter().collect());
        }
        if self.v6 {
            all.push([v6()].into_iter().collect());
        }
        all
    }

    /// Texts of which those that are read so are some.
    fn shape(self, looked: Reading) -> Language {
        match self {
            Reading { v4: true, .. } => [v4()].into_iter().collect(),
            Reading { v6: true, .. } => [v6()].into_iter().collect(),
            Reading {
                number: true,
                date: true,
                ..
            } => decimals().into_iter().collect(),
            Reading { number: true, .. } => decimals().into_iter().chain(exponents()).collect(),
            Reading { date: true, .. } if looked.number => calendar().into_iter().collect(),
            Reading { date: true, .. } => decimals().into_iter().chain(calendar()).collect(),
            _ => Language::any(),
        }
    }
}

const DIGIT: Token = Token::one(Class::Digit);
const DIGITS: [Token; 2] = [DIGIT, Token::many(Class::Digit)];

/// Numbers without exponent: `[+-]digits[.digits]`.
fn decimals() -> Vec<Pattern> {
    let mut found = Vec::new();
    for sign in ["", "+", "-"] {
        let mut whole: Pattern = text(sign);
        whole.extend(DIGITS);
        let mut fraction = whole.clone();
        fraction.extend(text("."));
        fraction.extend(DIGITS);
        found.extend([whole, fraction]);
    }
    found
}

/// Numbers with exponent.
fn exponents() -> Vec<Pattern> {
    let mut found = Vec::new();
    for start in decimals() {
        for exponent in ["e", "e+", "e-", "E", "E+", "E-"] {
            let mut pattern = start.clone();
            pattern.extend(text(exponent));
            pattern.extend(DIGITS);
            found.push(pattern);
        }
    }
    found
}

/// Dates that are no numbers.
fn calendar() -> Vec<Pattern> {
    let part = [Token::one(Class::Char('-')), DIGIT, DIGIT];
    let mut month = vec![DIGIT; 4];
    month.extend(part);
    let mut day = month.clone();
    day.extend(part);
    let mut found = vec![month, day.clone()];
    for separator in ['T', 't', ' '] {
        let mut time = day.clone();
        time.extend([Token::one(Class::Char(separator)), Token::many(Class::Time)]);
        found.push(time);
    }
    found
}

/// Addresses of four numbers.
fn v4() -> Pattern {
    let mut found = Pattern::new();
    for part in 0..4 {
        if part > 0 {
            found.extend(text("."));
        }
        found.extend(DIGITS);
    }
    found
}

/// The others, which have two colons at least.
fn v6() -> Pattern {
    let run = Token::many(Class::Address);
    let colon = Token::one(Class::Char(':'));
    vec![run, colon, run, colon, run]
}

/// The tests of a value that are about texts.
pub(crate) struct Texts<'t> {
    pub(crate) within: &'t [&'t Language],
    pub(crate) without: &'t [&'t Language],
    pub(crate) has_variables: bool,
}

impl Texts<'_> {
    /// Looks for a text that is also in `more`, and in none of `less`.
    fn search(
        &self,
        more: Option<&Language>,
        less: &[Language],
        work: &mut Work,
    ) -> Result<Search, UsedUp> {
        let within: Vec<&Language> = self.within.iter().copied().chain(more).collect();
        let without: Vec<&Language> = self.without.iter().copied().chain(less).collect();
        search(&within, &without, work)
    }

    /// All texts of characters of typed values that one of the languages has, if that is a short list.
    fn short(&self) -> Option<Vec<String>> {
        self.within
            .iter()
            .filter(|_| !self.has_variables)
            .find_map(|language| short(language))
    }
}

/// Characters of which short typed values are made.
const CHARACTERS: &str = "0123456789+-.:eEabcdfABCDF";
/// The length of patterns that are written out.
const SHORT: usize = 3;
/// How many patterns are written out.
const FEW: usize = 4;

/// The texts of a language of short patterns, as far as they are of [`CHARACTERS`].
fn short(language: &Language) -> Option<Vec<String>> {
    let is_short = |own: &Pattern| own.len() <= SHORT && own.iter().all(|token| !token.many);
    let patterns = language.patterns();
    if patterns.len() > FEW || !patterns.iter().all(is_short) {
        return None;
    }
    let mut found = language.texts().to_vec();
    for pattern in patterns {
        let mut starts = vec![String::new()];
        for token in pattern {
            let all = CHARACTERS.chars().filter(|own| token.class.contains(*own));
            let all: Vec<char> = all.collect();
            let longer = |start: &String| {
                all.iter()
                    .map(|own| format!("{start}{own}"))
                    .collect::<Vec<_>>()
            };
            starts = starts.iter().flat_map(longer).collect();
        }
        found.extend(starts);
    }
    Some(found)
}

/// Looks for a value among the readings that typed tests leave possible.
///
/// # Errors
/// [`UsedUp`] if the work is.
pub(crate) fn by_readings(
    possible: &[Reading],
    looked: Reading,
    texts: &Texts<'_>,
    fits: &dyn Fn(&str) -> bool,
    work: &mut Work,
) -> Result<Search, UsedUp> {
    let shapes = looked.shapes();
    let mut open = false;
    for reading in possible {
        let mut places = Vec::new();
        if *reading == Reading::default() {
            // Outside all shapes, or in one of them by mistake.
            places.push(texts.search(None, &shapes, work)?);
            for shape in &shapes {
                places.push(texts.search(Some(shape), &[], work)?);
            }
        } else {
            places.push(texts.search(Some(&reading.shape(looked)), &[], work)?);
        }
        for found in places {
            match found {
                Search::Empty => {}
                Search::Found(text) if !texts.has_variables && fits(&text) => {
                    return Ok(Search::Found(text));
                }
                _ => open = true,
            }
        }
    }
    if !open {
        return Ok(Search::Empty);
    }
    let Some(all) = texts.short() else {
        return Ok(Search::Open);
    };
    work.spend(8 * all.len())?;
    let found = all.into_iter().find(|text| fits(text));
    Ok(found.map_or(Search::Empty, Search::Found))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Texts in the shape of dates that are none are looked for too: `2031-02-30` is not on the calendar (`COND-65`).
    #[test]
    fn what_only_looks_like_a_date_is_not_proved_away() {
        let mut pattern = text("2031-02-");
        pattern.extend([DIGIT, DIGIT]);
        let days = Language::from_iter([pattern]);
        let texts = Texts {
            within: &[&days],
            without: &[],
            has_variables: false,
        };
        let looked = Reading {
            date: true,
            ..Reading::default()
        };
        let fits = |text: &str| days.contains(text) && instant::parse(text).is_none();
        let none = [Reading::of("2031-02-30", looked)];
        let found = by_readings(&none, looked, &texts, &fits, &mut Work::new(100_000));
        match found.unwrap() {
            Search::Found(text) => assert!(fits(&text), "{text}"),
            other => assert_eq!(other, Search::Open),
        }
    }
}

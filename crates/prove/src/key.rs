//! A condition key: whether it can be absent, have one value or several, so that some tests hold and others do not.
//!
//! The presence table of section 3.2 of the rules, solved for the request. Of several values, what every one must be and
//! what some one must be is asked apart: a list as long as there are such wishes is long enough, so no bound is chosen.

use portcullis_model::Quantifier;

use crate::language::{Language, Search};
use crate::value::{Values, find};
use crate::work::{UsedUp, Work};

/// What a test asks of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Asked {
    /// Whether it is there (`COND-14`, `COND-15`): the answers for absent and present.
    Presence(bool, bool),
    /// Its values.
    Values(Values),
}

/// A test of a condition, without its key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Test {
    pub(crate) quantifier: Quantifier,
    pub(crate) negated: bool,
    pub(crate) if_exists: bool,
    pub(crate) asked: Asked,
}

impl Test {
    /// The test of one value against texts, as of elements that are no conditions.
    pub(crate) fn texts(language: Language) -> Test {
        Test::values(Values::Text(language))
    }

    /// The test of some value.
    pub(crate) fn any(values: Values) -> Test {
        Test {
            quantifier: Quantifier::Any,
            ..Test::values(values)
        }
    }

    /// The test of one value.
    pub(crate) fn values(values: Values) -> Test {
        Test {
            quantifier: Quantifier::One,
            negated: false,
            if_exists: false,
            asked: Asked::Values(values),
        }
    }

    /// What the test asks of a key that has one value, which is not empty; negation is left aside.
    pub(crate) fn of_one(&self) -> Option<&Values> {
        match &self.asked {
            Asked::Values(values) => Some(values),
            Asked::Presence(..) => None,
        }
    }

    /// True if the test asks whether the key is there.
    pub(crate) fn is_presence(&self) -> bool {
        matches!(self.asked, Asked::Presence(..))
    }

    /// The language of the texts that the test names, if it is about texts.
    pub(crate) fn language(&self) -> Option<&Language> {
        match &self.asked {
            Asked::Values(values) => values.language(),
            Asked::Presence(..) => None,
        }
    }

    /// The test with another language.
    pub(crate) fn with(&self, language: Language) -> Test {
        Test {
            asked: Asked::Values(Values::Text(language)),
            ..self.clone()
        }
    }

    /// The answer for an absent key.
    pub(crate) fn of_absent(&self) -> bool {
        match (&self.asked, self.quantifier) {
            (Asked::Presence(absent, _), _) => *absent,
            (_, Quantifier::Any) => false,
            (_, Quantifier::All) => true,
            (_, Quantifier::One) => self.negated || self.if_exists,
        }
    }

    /// The answer for a key with values.
    pub(crate) fn of_values(&self, texts: &[String]) -> bool {
        let values = match (&self.asked, texts) {
            (_, []) => return self.of_absent(),
            (Asked::Presence(_, present), _) => return *present,
            (Asked::Values(values), _) => values,
        };
        let passes = |text: &String| values.contains(text) != self.negated;
        match (self.quantifier, texts) {
            (Quantifier::All, [text]) if text.is_empty() => true,
            (Quantifier::One, [text]) => passes(text),
            (Quantifier::One, _) => false,
            (Quantifier::Any, _) => texts.iter().any(passes),
            (Quantifier::All, _) => texts.iter().all(passes),
        }
    }
}

/// How many values a key may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shapes {
    pub(crate) absent: bool,
    pub(crate) one: bool,
    pub(crate) many: bool,
}

impl Shapes {
    pub(crate) const ALL: Shapes = Shapes {
        absent: true,
        one: true,
        many: true,
    };

    pub(crate) const ONE: Shapes = Shapes {
        absent: false,
        one: true,
        many: false,
    };

    pub(crate) const ABSENT: Shapes = Shapes {
        absent: true,
        one: false,
        many: false,
    };
}

/// What was found for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// These values, none for an absent key.
    Values(Vec<String>),
    /// No values do.
    None,
    /// That is not known.
    Open,
}

/// Looks for values of a key under which each test has its wanted answer. `within` holds every value of the key.
///
/// # Errors
/// [`UsedUp`] if the work is.
pub(crate) fn solve(
    tests: &[(&Test, bool)],
    shapes: Shapes,
    within: &[&Values],
    work: &mut Work,
) -> Result<Found, UsedUp> {
    work.spend(1 + tests.len())?;
    let mut open = false;
    if shapes.absent
        && tests
            .iter()
            .all(|(test, wanted)| test.of_absent() == *wanted)
    {
        return Ok(Found::Values(Vec::new()));
    }
    if shapes.one {
        match one(tests, within, work)? {
            Search::Found(text) => return Ok(Found::Values(vec![text])),
            Search::Open => open = true,
            Search::Empty => {}
        }
    }
    if shapes.many {
        match many(tests, within, work)? {
            Found::None => {}
            Found::Open => open = true,
            found => return Ok(found),
        }
    }
    Ok(if open { Found::Open } else { Found::None })
}

/// One value.
fn one(tests: &[(&Test, bool)], within: &[&Values], work: &mut Work) -> Result<Search, UsedUp> {
    let empty = Values::Text(Language::text(""));
    let mut accept: Vec<&Values> = within.to_vec();
    let mut refuse: Vec<&Values> = Vec::new();
    let mut may_be_empty = within.iter().all(|values| values.contains(""));
    // Whether the empty text will do depends on a variable.
    let mut is_open = false;
    let mut needs_text = false;
    for (test, wanted) in tests {
        match &test.asked {
            Asked::Presence(_, present) if present != wanted => return Ok(Search::Empty),
            Asked::Presence(..) => {}
            Asked::Values(values) => {
                // Where a character must stand in every pattern, no value of a variable makes it empty.
                let depends = values
                    .language()
                    .is_some_and(|own| own.has_variable() && own.may_contain(""));
                // `COND-32`: of the empty text, a quantified test says nothing.
                let is_all = test.quantifier == Quantifier::All;
                needs_text |= is_all && !wanted;
                if depends && !is_all {
                    is_open = true;
                } else {
                    may_be_empty &= test.of_values(&[String::new()]) == *wanted;
                }
                match *wanted != test.negated {
                    true => accept.push(values),
                    false => refuse.push(values),
                }
            }
        }
    }
    if needs_text {
        refuse.push(&empty);
    }
    match find(&accept, &refuse, work)? {
        Search::Found(text) => Ok(Search::Found(text)),
        _ if may_be_empty && is_open => Ok(Search::Open),
        _ if may_be_empty => Ok(Search::Found(String::new())),
        other => Ok(other),
    }
}

/// Two values or more.
fn many(tests: &[(&Test, bool)], within: &[&Values], work: &mut Work) -> Result<Found, UsedUp> {
    let mut accept: Vec<&Values> = within.to_vec();
    let mut refuse: Vec<&Values> = Vec::new();
    // What some value must do: a test, and whether it is to accept.
    let mut wishes: Vec<(&Values, bool)> = Vec::new();
    for (test, wanted) in tests {
        let values = match &test.asked {
            Asked::Presence(_, present) if present == wanted => continue,
            Asked::Presence(..) => return Ok(Found::None),
            Asked::Values(values) => values,
        };
        match (test.quantifier, *wanted) {
            // `COND-20`, `COND-21`.
            (Quantifier::One, true) => return Ok(Found::None),
            (Quantifier::One, false) => {}
            (Quantifier::All, true) => match test.negated {
                false => accept.push(values),
                true => refuse.push(values),
            },
            (Quantifier::Any, false) => match test.negated {
                false => refuse.push(values),
                true => accept.push(values),
            },
            (Quantifier::Any, true) => wishes.push((values, !test.negated)),
            (Quantifier::All, false) => wishes.push((values, test.negated)),
        }
    }
    let mut found: Vec<String> = Vec::new();
    let mut open = false;
    let plain = [None];
    let wished: Vec<Option<(&Values, bool)>> = wishes.into_iter().map(Some).collect();
    for wish in if wished.is_empty() {
        &plain[..]
    } else {
        &wished
    } {
        let (mut accept, mut refuse) = (accept.clone(), refuse.clone());
        match wish {
            Some((values, true)) => accept.push(values),
            Some((values, false)) => refuse.push(values),
            None => {}
        }
        match find(&accept, &refuse, work)? {
            Search::Found(text) => found.push(text),
            Search::Open => open = true,
            Search::Empty => return Ok(Found::None),
        }
    }
    if open {
        return Ok(Found::Open);
    }
    found.dedup();
    if found.len() < 2 {
        let known: Vec<Values> = found
            .iter()
            .map(|text| Values::Text(Language::text(text)))
            .collect();
        refuse.extend(&known);
        // Another value if there is one, else the same again.
        let again = found.first().cloned();
        match find(&accept, &refuse, work)? {
            Search::Found(text) => found.push(text),
            _ => found.extend(again),
        }
    }
    Ok(Found::Values(found))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::{Class, Token, VariableId};

    /// `COND-32`: where `ForAllValues` leaves nothing but the empty text, a variable may be that.
    #[test]
    fn the_empty_text_may_be_what_a_variable_is() {
        let variable = Token::one(Class::Variable(VariableId(0)));
        let equal = Test::texts(Language::from_iter([vec![variable]]));
        let nothing = Test {
            quantifier: Quantifier::All,
            ..Test::texts(Language::default())
        };
        let ask = |tests: &[(&Test, bool)]| {
            solve(tests, Shapes::ONE, &[], &mut Work::new(10_000)).unwrap()
        };
        assert_eq!(ask(&[(&nothing, true), (&equal, true)]), Found::Open);
        // The same of one of several values.
        let many = Shapes {
            one: false,
            many: true,
            ..Shapes::ONE
        };
        let some = Test::any(Values::Text(Language::from_iter([vec![variable]])));
        let found = solve(&[(&some, true)], many, &[], &mut Work::new(10_000));
        assert_eq!(found, Ok(Found::Open));
        // A character before the variable is never empty.
        let longer = vec![Token::one(Class::Char('a')), variable];
        let longer = Test::texts(Language::from_iter([longer]));
        assert_eq!(ask(&[(&nothing, true), (&longer, true)]), Found::None);
    }
}

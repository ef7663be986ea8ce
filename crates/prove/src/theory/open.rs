//! Tests with policy variables, which tie parts of a request to each other.
//!
//! Values for the keys are tried first. What none fits is shown to contradict itself, for each way of taking the keys.

mod excluded;
mod tried;

use std::collections::BTreeSet;

use super::{Model, Theory, Verdict};
use crate::algebra::{Flavor, Part};
use crate::formula::Wish;
use crate::key::Test;
use crate::language::Language;
use crate::pattern::{Class, Token};
use crate::variable::{Environment, substitute};
use crate::work::{UsedUp, Work};

/// How many ways of taking the keys of variables are tried before a contradiction is looked for, and in all.
const FIRST_TRIED: usize = 64;
const MOST_TRIED: usize = 1024;

/// Tests by parts, with their wanted answers.
type Groups<'f> = [(&'f Part, Vec<Wish>)];

/// What a proof may look at.
struct Known<'k, 'f> {
    /// Tests of which some have variables.
    open: &'k Groups<'f>,
    /// Tests without.
    plain: &'k Groups<'f>,
    /// Keys that must have the same value where each has one, and what says so.
    equal: &'k [(Wish, String, String)],
}

impl<'f> Theory<'f> {
    /// The keys of the variables in some tests.
    fn keys(&self, wishes: &[Wish]) -> BTreeSet<String> {
        let mut keys = BTreeSet::new();
        for (test, _) in self.tests(wishes) {
            let patterns = test.language().map_or(&[][..], Language::patterns);
            for token in patterns.iter().flatten() {
                if let Class::Variable(id) = token.class {
                    keys.extend(self.formulas.variable_of(id).map(|own| own.key.clone()));
                }
            }
        }
        keys
    }

    /// Tests with their variables replaced.
    fn replaced(&self, wishes: &[Wish], environment: &Environment) -> Vec<(Test, bool)> {
        let variables = |id| self.formulas.variable_of(id);
        let replaced = |(test, wanted): (&Test, bool)| {
            let test = match test.language() {
                Some(language) if language.has_variable() => {
                    test.with(substitute(language, variables, environment))
                }
                _ => test.clone(),
            };
            (test, wanted)
        };
        self.tests(wishes).into_iter().map(replaced).collect()
    }

    /// Answers of which some look at policy variables.
    pub(super) fn with_variables(
        &mut self,
        model: Model,
        plain: &Groups<'f>,
        open: &Groups<'f>,
        work: &mut Work,
    ) -> Result<Verdict, UsedUp> {
        let all: Vec<Wish> = open
            .iter()
            .flat_map(|(_, wishes)| wishes)
            .copied()
            .collect();
        let keys = self.keys(&all);
        // Most contradictions are between two answers, and nearly free to see.
        for (part, wishes) in open {
            for (at, one) in wishes.iter().enumerate() {
                for other in wishes.iter().skip(at + 1).filter(|other| one.1 || other.1) {
                    let pair = vec![*one, *other];
                    work.spend(size(&self.tests(&pair)))?;
                    if let Some(conflict) =
                        self.contradiction(&[(*part, pair)], plain, &[], work)?
                    {
                        return Ok(Verdict::Conflict(conflict));
                    }
                }
            }
        }
        let known = Known {
            open,
            plain,
            equal: &[],
        };
        if let Some(found) = self.tried(&model, &known, &keys, 0..FIRST_TRIED, work)? {
            return Ok(Verdict::Model(found));
        }
        for group in open {
            let own = std::slice::from_ref(group);
            if let Some(conflict) = self.contradiction(own, plain, &[], work)? {
                return Ok(Verdict::Conflict(conflict));
            }
        }
        let equal = self.equal(&all);
        if open.len() > 1 || !equal.is_empty() {
            if let Some(conflict) = self.contradiction(open, plain, &equal, work)? {
                return Ok(Verdict::Conflict(conflict));
            }
        }
        if let Some(found) = self.tried(&model, &known, &keys, FIRST_TRIED..MOST_TRIED, work)? {
            return Ok(Verdict::Model(found));
        }
        let mut unknown = all;
        for (part, wishes) in plain {
            if matches!(part, Part::Key(key) if keys.contains(key)) {
                unknown.extend(wishes);
            }
        }
        Ok(Verdict::Open(unknown))
    }

    /// The tests of a key that have no variables.
    fn own_tests(&self, key: &str, known: &Known<'_, 'f>) -> Vec<Wish> {
        let mut own = self.all_tests(key, known);
        own.retain(|wish| !self.has_variable(*wish));
        own
    }

    /// The tests of a key.
    fn all_tests(&self, key: &str, known: &Known<'_, 'f>) -> Vec<Wish> {
        let is_own = |part: &Part| matches!(part, Part::Key(own) if own == key);
        let groups = known.plain.iter().chain(known.open);
        let own = groups.filter(|(part, _)| is_own(part));
        own.flat_map(|(_, wishes)| wishes).copied().collect()
    }

    /// The keys that must have equal values where both have one.
    fn equal(&self, wishes: &[Wish]) -> Vec<(Wish, String, String)> {
        let one = |wish: &Wish| {
            let (part, test) = self.formulas.atom(wish.0)?;
            let Part::Key(key) = part else { return None };
            let language = test.language().filter(|own| own.is_one_pattern())?;
            let [
                Token {
                    class: Class::Variable(id),
                    ..
                },
            ] = language.patterns().first()?.as_slice()
            else {
                return None;
            };
            let variable = self.formulas.variable_of(*id)?;
            let is_plain = variable.flavor == Flavor::Text
                && test.quantifier != portcullis_model::Quantifier::All;
            (is_plain && wish.1 != test.negated).then(|| (*wish, key.clone(), variable.key.clone()))
        };
        wishes.iter().filter_map(one).collect()
    }
}

/// What it costs to write tests anew.
fn size(tests: &[(&Test, bool)]) -> usize {
    let entries = tests.iter().filter_map(|(test, _)| test.language());
    10 + entries.map(|own| 100 * own.len()).sum::<usize>()
}

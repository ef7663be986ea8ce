//! Contradictions whatever the keys of policy variables are.
//!
//! The keys are absent, have several values or one that is not known, and each of these ways must be excluded by the tests of
//! some part, or by those of a key. Keys that must have the same value (`StringEquals a: ${b}`) are one unknown then, and where
//! tests name all values of a key, each is put in its place.

use std::collections::BTreeSet;

use super::super::{Group, Theory};
use super::{Groups, Known, size};
use crate::algebra::{Flavor, Part};
use crate::formula::Wish;
use crate::key::{Asked, Found, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, VariableId, has_variable};
use crate::variable::{Environment, Taken, is_own, itself, outlined};
use crate::work::{UsedUp, Work};

/// How many keys of variables are taken together in a proof.
const MOST_KEYS: usize = 6;
/// How many keys have each of their named values put in their place, one within the other.
const MOST_PINNED: usize = 3;

impl<'f> Theory<'f> {
    /// Shows that answers contradict each other whatever their variables are; what that rests on.
    pub(super) fn contradiction(
        &self,
        groups: &Groups<'f>,
        plain: &Groups<'f>,
        equal: &[(Wish, String, String)],
        work: &mut Work,
    ) -> Result<Option<Vec<Wish>>, UsedUp> {
        let all: Vec<Wish> = groups
            .iter()
            .flat_map(|(_, wishes)| wishes)
            .copied()
            .collect();
        let keys: Vec<String> = self.keys(&all).into_iter().collect();
        if keys.len() > MOST_KEYS {
            return Ok(None);
        }
        let known = Known {
            open: groups,
            plain,
            equal,
        };
        let mut rests: BTreeSet<Wish> = BTreeSet::new();
        for way in 0..3_usize.pow(keys.len() as u32) {
            let mut environment = Environment::new();
            let mut rest = way;
            for key in &keys {
                let shape = match rest % 3 {
                    0 => Taken::Unknown,
                    1 => Taken::Absent,
                    _ => Taken::Many,
                };
                environment.insert(key.clone(), shape);
                rest /= 3;
            }
            if !self.is_possible(&environment) {
                continue;
            }
            match self.excluded(&known, &environment, MOST_PINNED, work)? {
                Some(by) => rests.extend(by),
                None => return Ok(None),
            }
        }
        // Where the domain alone leaves no way, the answers are not to blame one by one.
        if rests.is_empty() {
            rests.extend(all);
        }
        Ok(Some(rests.into_iter().collect()))
    }

    /// What excludes that the keys of variables are so.
    fn excluded(
        &self,
        known: &Known<'_, 'f>,
        environment: &Environment,
        depth: usize,
        work: &mut Work,
    ) -> Result<Option<BTreeSet<Wish>>, UsedUp> {
        let (environment, equalities) = merged(environment, known.equal);
        for (part, wishes) in known.open {
            if self.excludes(part, wishes, &environment, work)? {
                let all = wishes.iter().chain(&equalities);
                return Ok(Some(all.copied().collect()));
            }
        }
        for (key, taken) in &environment {
            let part = Part::Key(key.clone());
            // What is asked of one is asked of all that are equal to it, if no variable in it is unknown.
            let alike = environment.keys();
            let alike = alike.filter(|other| itself(key, other, &environment));
            let mut own: Vec<Wish> = alike.flat_map(|key| self.all_tests(key, known)).collect();
            let mut tests: Vec<(Test, bool)> = self.replaced(&own, &environment);
            let is_plain = |(test, _): &(Test, bool)| {
                let language = test.language();
                !language.is_some_and(Language::has_variable)
            };
            let mut are_plain = tests.iter().map(is_plain).collect::<Vec<_>>().into_iter();
            own.retain(|_| are_plain.next() == Some(true));
            tests.retain(is_plain);
            let is_unknown = matches!(taken, Taken::Unknown | Taken::Like(_));
            if is_unknown {
                work.spend(known.open.iter().map(|(_, wishes)| 10 * wishes.len()).sum())?;
                if let Some((by, truth)) = self.read_as_truth(key, known, &environment) {
                    own.push(by);
                    tests.push((truth, true));
                }
            }
            if own.is_empty() {
                continue;
            }
            let tests: Group<'_> = tests.iter().map(|(test, wanted)| (test, *wanted)).collect();
            let by = || {
                own.iter()
                    .chain(&equalities)
                    .copied()
                    .collect::<BTreeSet<Wish>>()
            };
            if let Taken::One(text) = taken {
                let values = std::slice::from_ref(text);
                if tests
                    .iter()
                    .any(|(test, wanted)| test.of_values(values) != *wanted)
                {
                    return Ok(Some(by()));
                }
                continue;
            }
            if self.solve(&part, &tests, Some(taken), work)? == Found::None {
                return Ok(Some(by()));
            }
            let texts = pinned(&tests).filter(|_| is_unknown && depth > 0);
            let Some(texts) = texts else { continue };
            let mut found = Some(by());
            for text in texts {
                let mut with = environment.clone();
                for (other, taken) in &mut with {
                    if itself(key, other, &environment) {
                        *taken = Taken::One(text.clone());
                    }
                }
                let excluded = self.excluded(known, &with, depth - 1, work)?;
                match (&mut found, excluded) {
                    (Some(found), Some(more)) => found.extend(more),
                    _ => {
                        found = None;
                        break;
                    }
                }
            }
            if found.is_some() {
                return Ok(found);
            }
        }
        self.excluded_by_outlines(known, &environment, &equalities, work)
    }

    /// The same, where tests of keys tell the outlines of their values: whatever a part would have to match in the place of a
    /// key is more than it matches, so what excludes that excludes all. Tests that a part must not pass take no part, since
    /// of them that is less.
    fn excluded_by_outlines(
        &self,
        known: &Known<'_, 'f>,
        environment: &Environment,
        equalities: &[Wish],
        work: &mut Work,
    ) -> Result<Option<BTreeSet<Wish>>, UsedUp> {
        let mut outlines: Vec<(Vec<Vec<Pattern>>, Vec<Wish>)> = Vec::new();
        for (key, taken) in environment {
            let is_first = *taken == Taken::Unknown;
            let alike = environment
                .keys()
                .filter(|other| is_first && itself(key, other, environment));
            let (mut all, mut by) = (Vec::new(), Vec::new());
            for wish in alike.flat_map(|key| self.all_tests(key, known)) {
                if let [(test, wanted)] = self.tests(&[wish]).as_slice() {
                    if let Some(outline) = self.outline(test, *wanted) {
                        all.push(outline);
                        by.push(wish);
                    }
                }
            }
            outlines.push((all, by));
        }
        let most = outlines.iter().map(|(all, _)| all.len()).max();
        // Where nothing is known of the keys, their values are any texts all the same.
        for choice in 0..most.unwrap_or_default().max(1) {
            let chosen = |place: usize| {
                let (all, _) = outlines.get(place)?;
                all.get(choice).or(all.last()).map(Vec::as_slice)
            };
            for (part, wishes) in known.open {
                let tests = self.replaced(wishes, environment);
                let outlined = tests.into_iter().filter_map(|(test, wanted)| {
                    let Some(language) = test.language().filter(|own| own.has_variable()) else {
                        return Some((test, wanted));
                    };
                    let more = outlined(language, |id| self.is_truth(id), chosen);
                    (wanted != test.negated).then(|| (test.with(more), wanted))
                });
                let tests: Vec<(Test, bool)> = outlined.collect();
                let tests: Group<'_> = tests.iter().map(|(test, wanted)| (test, *wanted)).collect();
                work.spend(size(&tests))?;
                let shape = match part {
                    Part::Key(key) => environment.get(key),
                    _ => None,
                };
                if self.solve(part, &tests, shape, work)? == Found::None {
                    let by = outlines.iter().flat_map(|(_, by)| by);
                    let all = wishes.iter().chain(equalities).chain(by);
                    return Ok(Some(all.copied().collect()));
                }
            }
        }
        Ok(None)
    }

    /// That the one value of a key is a truth value, if a test passes only with it as one, and which test that is (`VAR-4`).
    fn read_as_truth(
        &self,
        key: &str,
        known: &Known<'_, 'f>,
        environment: &Environment,
    ) -> Option<(Wish, Test)> {
        let is_whole = |pattern: &Pattern| match pattern.as_slice() {
            [
                Token {
                    class: Class::Variable(id),
                    ..
                },
            ] => {
                let variable = self.formulas.variable_of(*id);
                variable.is_some_and(|own| {
                    own.flavor == Flavor::Truth && itself(&own.key, key, environment)
                })
            }
            _ => false,
        };
        let wishes = known.open.iter().flat_map(|(_, wishes)| wishes);
        let mut by = wishes.filter(|wish| {
            let tests = self.tests(std::slice::from_ref(*wish));
            tests.first().is_some_and(|(test, wanted)| {
                // One that an absent key does not pass is passed by a value.
                let needs_value = *wanted && !test.negated && !test.of_absent();
                let language = test.language().filter(|_| needs_value);
                let mut patterns = language.iter().flat_map(|own| own.all_patterns());
                let first = patterns.next();
                first.is_some_and(|own| is_whole(&own)) && patterns.all(|own| is_whole(&own))
            })
        });
        let truths = ["true", "false"].map(|own| {
            let letters = own.chars().map(|own| Token::one(Class::Ascii(own)));
            letters.collect::<Pattern>()
        });
        let one = Test::texts(truths.into_iter().collect());
        by.next().map(|wish| (*wish, one))
    }

    /// False if the domain has no request in which the keys are so.
    fn is_possible(&self, environment: &Environment) -> bool {
        environment.iter().all(|(key, taken)| {
            let shapes = self.case.scope(&Part::Key(key.clone())).shapes;
            match taken {
                Taken::Absent => shapes.absent,
                Taken::Many => shapes.many,
                Taken::One(_) | Taken::Unknown | Taken::Like(_) => shapes.one,
            }
        })
    }

    /// True if answers about a part contradict each other for what is taken of the keys.
    fn excludes(
        &self,
        part: &Part,
        wishes: &[Wish],
        environment: &Environment,
        work: &mut Work,
    ) -> Result<bool, UsedUp> {
        let mut tests = self.replaced(wishes, environment);
        if let Part::Key(key) = part {
            for (test, _) in &mut tests {
                if let Some(language) = test.language().filter(|own| own.has_variable()) {
                    *test = test.with(language.resolved(|id| is_own(id, key, environment)));
                }
            }
        }
        let tests: Group<'_> = tests.iter().map(|(test, wanted)| (test, *wanted)).collect();
        work.spend(size(&tests))?;
        // A test of the key itself has the shape that is taken.
        let shape = match part {
            Part::Key(key) => environment.get(key),
            _ => None,
        };
        Ok(self.solve(part, &tests, shape, work)? == Found::None)
    }

    /// True if a variable stands for the whole or a part of a truth value.
    fn is_truth(&self, id: VariableId) -> bool {
        let variable = self.formulas.variable_of(id);
        variable.is_some_and(|own| own.flavor == Flavor::Truth)
    }

    /// Patterns of which the value of a key matches one, if it is one and passes a test.
    fn outline(&self, test: &Test, wanted: bool) -> Option<Vec<Pattern>> {
        let values = test.of_one().filter(|_| wanted != test.negated)?;
        let mut outline = values.outline()?;
        if outline.iter().any(|own| has_variable(own)) {
            let language = std::mem::take(&mut outline).into_iter().collect();
            let any = outlined(&language, |id| self.is_truth(id), |_| None);
            outline = any.all_patterns();
        }
        if test.quantifier == portcullis_model::Quantifier::All {
            outline.push(Pattern::new()); // `COND-32`
        }
        Some(outline)
    }
}

/// Keys that are equal become one unknown; what says so.
fn merged(environment: &Environment, equal: &[(Wish, String, String)]) -> (Environment, Vec<Wish>) {
    let mut merged = environment.clone();
    let mut used = Vec::new();
    for (wish, one, other) in equal {
        let first = |key: &String| match merged.get(key) {
            Some(Taken::Unknown) => Some(key.clone()),
            Some(Taken::Like(first)) => Some(first.clone()),
            _ => None,
        };
        let (Some(one), Some(other)) = (first(one), first(other)) else {
            continue;
        };
        if one == other {
            continue;
        }
        used.push(*wish);
        for (key, taken) in &mut merged {
            if *key == other || *taken == Taken::Like(other.clone()) {
                *taken = Taken::Like(one.clone());
            }
        }
    }
    (merged, used)
}

/// The texts that a key is one of, if its tests say so and it has one value.
fn pinned(tests: &[(&Test, bool)]) -> Option<Vec<String>> {
    tests.iter().find_map(|(test, wanted)| {
        let is_list = *wanted != test.negated && matches!(test.asked, Asked::Values(_));
        let is_all = test.quantifier == portcullis_model::Quantifier::All;
        let language = test.language().filter(|own| own.is_texts() && is_list)?;
        let mut texts = language.texts().to_vec();
        if is_all {
            texts.push(String::new()); // `COND-32`
        }
        (texts.len() <= 64).then_some(texts)
    })
}

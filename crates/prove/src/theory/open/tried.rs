//! Values for the keys of policy variables, one choice after the other: with values everything is exact.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::{Group, Model, Theory};
use super::{Groups, Known, MOST_TRIED, size};
use crate::algebra::{Flavor, Part};
use crate::domain::Domain;
use crate::formula::Wish;
use crate::key::{Found, Test};
use crate::language::Language;
use crate::pattern::{Class, Token, has_variable};
use crate::statement::OPAQUE;
use crate::value::samples;
use crate::variable::{Environment, Taken};
use crate::work::{UsedUp, Work};

/// How many texts are tried of those that the typed tests of a key tell apart.
const MOST_SAMPLES: usize = 32;
/// How many values of a key are taken from what the tests of other parts name, and for how many values of other keys.
const MOST_ALIGNED: usize = 24;
const MOST_TURNS: usize = 4;
/// How often a value that a test refuses is exchanged for one that it takes.
const MOST_REPAIRS: usize = 3;

impl<'f> Theory<'f> {
    /// Values that may do for a key of variables.
    fn candidates(
        &self,
        key: &str,
        known: &Known<'_, 'f>,
        caller: &[String],
        work: &mut Work,
    ) -> Result<Vec<Vec<String>>, UsedUp> {
        let part = Part::Key(key.to_owned());
        let (open, plain) = (known.open, known.plain);
        let own = self.tests(&self.own_tests(key, known));
        if let Some(caller) = caller
            .first()
            .filter(|_| self.case.domain == Domain::Standard)
        {
            if let Some(derived) = self.case.derived(key, caller) {
                let holds = own
                    .iter()
                    .all(|(test, wanted)| test.of_values(&derived) == *wanted);
                return Ok(if holds { vec![derived] } else { Vec::new() });
            }
        }
        let mut found: Vec<Vec<String>> = Vec::new();
        let mut texts: Vec<String> = Vec::new();
        let is_truth = |token: &Token| match token.class {
            Class::Variable(id) => {
                let variable = self.formulas.variable_of(id);
                variable.is_some_and(|own| own.key == key && own.flavor == Flavor::Truth)
            }
            _ => false,
        };
        let wishes: Vec<Wish> = open.iter().flat_map(|(_, own)| own).copied().collect();
        let tests = self.tests(&wishes);
        let mut patterns = tests
            .iter()
            .filter_map(|(test, _)| test.language())
            .flat_map(Language::patterns);
        if patterns.any(|pattern| pattern.iter().any(is_truth)) {
            texts.extend(["true".to_owned(), "false".to_owned()]);
        }
        for word in ["ann", "x", "team", "a1", "222222222222"] {
            texts.push(word.into());
        }
        let samples = samples(own.iter().filter_map(|(test, _)| test.of_one()));
        work.spend(16 * samples.len())?;
        texts.extend(samples.into_iter().take(MOST_SAMPLES));
        // What its own tests name, and what it is compared with.
        let mut named = |test: &Test| {
            let Some(language) = test.language() else {
                return;
            };
            texts.extend(language.texts().iter().take(16).cloned());
            for pattern in language.patterns().iter().take(16) {
                texts.extend(words(pattern));
                if !has_variable(pattern) {
                    texts.push(filled(pattern, "x", &|_| String::new()));
                }
            }
        };
        own.iter().for_each(|(test, _)| named(test));
        for (_, wishes) in open.iter().chain(plain) {
            self.tests(wishes).iter().for_each(|(test, _)| named(test));
        }
        texts.extend(self.aligned(key, open, &|_| "x".to_owned()));
        texts.push(String::new());
        texts.truncate(96);
        let mut fitting = texts
            .into_iter()
            .filter(|text| self.fits(&part, text, &own))
            .map(|text| vec![text]);
        found.extend(fitting.next());
        for shape in [Taken::Unknown, Taken::Absent, Taken::Many] {
            if let Found::Values(values) = self.solve(&part, &own, Some(&shape), work)? {
                found.push(values);
            }
        }
        found.extend(fitting);
        let mut seen = BTreeSet::new();
        found.retain(|values| seen.insert(values.clone()));
        Ok(found)
    }

    /// True if a text is one that a part may have, by its domain and some tests.
    fn fits(&self, part: &Part, text: &String, tests: &[(&Test, bool)]) -> bool {
        let scope = self.case.scope(part);
        let values = std::slice::from_ref(text);
        scope.shapes.one
            && scope.within.iter().all(|within| within.contains(text))
            && !scope.without.iter().any(|without| without.contains(text))
            && tests
                .iter()
                .all(|(test, wanted)| test.of_values(values) == *wanted)
    }

    /// Values of a key by which texts that tests of other parts name become texts of a pattern with its variable, if other
    /// keys have these values.
    fn aligned(
        &self,
        key: &str,
        open: &Groups<'f>,
        others: &dyn Fn(&str) -> String,
    ) -> Vec<String> {
        let is_other = |part: &Part| !matches!(part, Part::Key(own) if own == key);
        let mut groups = open.iter().filter(|(part, _)| is_other(part));
        let mut found: Vec<String> = Vec::new();
        while let (Some((_, wishes)), true) = (groups.next(), found.len() < MOST_ALIGNED) {
            found.extend(self.aligned_in(key, wishes, others));
        }
        found.truncate(MOST_ALIGNED);
        found
    }

    /// The same of one part.
    fn aligned_in(
        &self,
        key: &str,
        wishes: &[Wish],
        others: &dyn Fn(&str) -> String,
    ) -> Vec<String> {
        let tests = self.tests(wishes);
        let stands_for = |token: &Token| match token.class {
            Class::Variable(id) => self.formulas.variable_of(id).map(|own| own.key.as_str()),
            _ => None,
        };
        let value = |token: &Token| stands_for(token).map(others).unwrap_or_default();
        let languages: Vec<&Language> = tests
            .iter()
            .filter_map(|(test, _)| test.language())
            .collect();
        let mut named: Vec<String> = Vec::new();
        for language in &languages {
            named.extend(language.texts().iter().take(8).cloned());
            for pattern in language.patterns().iter().take(8) {
                named.extend(["", "x"].map(|run| filled(pattern, run, &value)));
            }
        }
        let mut found = Vec::new();
        for pattern in languages
            .iter()
            .flat_map(|own| own.patterns().iter().take(8))
        {
            let is_key = |token: &Token| stands_for(token) == Some(key);
            let Some(at) = pattern.iter().position(is_key) else {
                continue;
            };
            let (before, behind) = pattern.split_at(at);
            let behind = behind.get(1..).unwrap_or_default();
            let (before, behind) = (filled(before, "", &value), filled(behind, "", &value));
            for text in &named {
                let middle = text.strip_prefix(before.as_str());
                found.extend(
                    middle
                        .and_then(|own| own.strip_suffix(behind.as_str()))
                        .map(str::to_owned),
                );
            }
        }
        found
    }

    /// More values of a key, by which the values that others have go together with it.
    fn aligned_to(
        &self,
        place: usize,
        key: &str,
        known: &Known<'_, 'f>,
        keys: &BTreeSet<String>,
        choices: &[Vec<Vec<String>>],
    ) -> Vec<Vec<String>> {
        let part = Part::Key(key.to_owned());
        let own = self.tests(&self.own_tests(key, known));
        let mut found: Vec<Vec<String>> = Vec::new();
        for turn in 0..MOST_TURNS {
            let others = |other: &str| {
                let of_key = keys.iter().position(|own| own == other);
                let all = of_key.and_then(|place| choices.get(place));
                let mut texts = all
                    .into_iter()
                    .flatten()
                    .filter_map(|own| match own.as_slice() {
                        [text] => Some(text),
                        _ => None,
                    });
                let first = texts.next();
                let text = if turn == 0 {
                    first
                } else {
                    texts.nth(turn - 1).or(first)
                };
                text.cloned().unwrap_or_default()
            };
            for text in self.aligned(key, known.open, &others) {
                let is_new = |all: &[Vec<String>]| !all.iter().any(|own| *own == [text.as_str()]);
                let has_been = choices.get(place).is_some_and(|own| !is_new(own));
                if !has_been && is_new(&found) && self.fits(&part, &text, &own) {
                    found.push(vec![text]);
                }
            }
        }
        found
    }

    /// Tries values for the keys of variables.
    pub(super) fn tried(
        &mut self,
        model: &Model,
        known: &Known<'_, 'f>,
        keys: &BTreeSet<String>,
        range: Range<usize>,
        work: &mut Work,
    ) -> Result<Option<Model>, UsedUp> {
        if keys.contains(OPAQUE) {
            return Ok(None);
        }
        let mut choices: Vec<Vec<Vec<String>>> = Vec::new();
        for key in keys {
            let caller = model.get(&Part::Caller).map_or(&[][..], Vec::as_slice);
            let candidates = self.candidates(key, known, caller, work)?;
            if candidates.is_empty() {
                return Ok(None);
            }
            choices.push(candidates);
        }
        for (place, key) in keys.iter().enumerate() {
            let more = self.aligned_to(place, key, known, keys, &choices);
            work.spend(100 * more.len())?;
            if let Some(own) = choices.get_mut(place) {
                own.extend(more);
            }
        }
        let sizes: Vec<usize> = choices.iter().map(Vec::len).collect();
        for places in diagonal(&sizes).skip(range.start).take(range.len()) {
            let mut found = model.clone();
            for ((key, candidates), at) in keys.iter().zip(&choices).zip(&places) {
                let values = candidates.get(*at).cloned().unwrap_or_default();
                found.insert(Part::Key(key.clone()), values);
            }
            let found = self.repaired(found, known.open, keys, work)?;
            if let Some(found) = found.filter(|found| self.is_one_caller(found, keys)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The values of a model for keys of variables, with those of the other parts: where a key's own test refuses its value, one
    /// that it takes with the other keys' values stands instead.
    fn repaired(
        &self,
        mut found: Model,
        open: &Groups<'f>,
        keys: &BTreeSet<String>,
        work: &mut Work,
    ) -> Result<Option<Model>, UsedUp> {
        let mut repairs = 0;
        'again: loop {
            let environment: Environment = keys
                .iter()
                .map(|key| {
                    let values = found.get(&Part::Key(key.clone()));
                    (
                        key.clone(),
                        Taken::of(values.map_or(&[][..], Vec::as_slice)),
                    )
                })
                .collect();
            for (part, wishes) in open {
                let tests = self.replaced(wishes, &environment);
                let tests: Group<'_> = tests.iter().map(|(test, wanted)| (test, *wanted)).collect();
                work.spend(size(&tests))?;
                let is_key = matches!(part, Part::Key(key) if keys.contains(key));
                if let Some(values) = found.get(*part).filter(|_| is_key) {
                    let mut all = tests.iter();
                    if all.all(|(test, wanted)| test.of_values(values) == *wanted) {
                        continue;
                    }
                    repairs += 1;
                    if repairs > MOST_REPAIRS {
                        return Ok(None);
                    }
                }
                // A variable is most useful with a value, though its tests may do without.
                let one = match is_key {
                    true => self.solve(part, &tests, Some(&Taken::Unknown), work)?,
                    false => Found::None,
                };
                let values = match one {
                    Found::Values(values) => values,
                    _ => match self.solve(part, &tests, None, work)? {
                        Found::Values(values) => values,
                        _ => return Ok(None),
                    },
                };
                found.insert((*part).clone(), values);
                if is_key {
                    continue 'again;
                }
            }
            return Ok(Some(found));
        }
    }

    /// True unless values of keys are not those of the caller (axiom D6).
    fn is_one_caller(&self, model: &Model, keys: &BTreeSet<String>) -> bool {
        let caller = model.get(&Part::Caller).and_then(|values| values.first());
        let Some(caller) = caller.filter(|_| self.case.domain == Domain::Standard) else {
            return true;
        };
        keys.iter().all(|key| {
            let derived = self.case.derived(key, caller);
            let values = model.get(&Part::Key(key.clone()));
            derived.is_none_or(|derived| values.is_none_or(|own| *own == derived))
        })
    }
}

/// The words between the wildcards, colons and slashes of a pattern.
fn words(pattern: &[crate::pattern::Token]) -> Vec<String> {
    let mut words = vec![String::new()];
    for token in pattern {
        match token.class {
            Class::Char(own) if !token.many && own != ':' && own != '/' => {
                if let Some(word) = words.last_mut() {
                    word.push(own);
                }
            }
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A text of a pattern, with this for each run and with values for variables.
fn filled(pattern: &[Token], run: &str, value: &dyn Fn(&Token) -> String) -> String {
    let mut text = String::new();
    for token in pattern {
        match (token.class, token.many) {
            (Class::Char(own) | Class::Ascii(own) | Class::Fold(own), false) => text.push(own),
            (Class::Variable(_), _) => text.push_str(&value(token)),
            (_, true) => text.push_str(run),
            (class, false) => text.push(if class.contains('x') { 'x' } else { '1' }),
        }
    }
    text
}

/// Places in lists of these lengths, those with a small sum first.
fn diagonal(sizes: &[usize]) -> impl Iterator<Item = Vec<usize>> + '_ {
    let most: usize = sizes.iter().map(|size| size.saturating_sub(1)).sum();
    (0..=most).flat_map(move |sum| {
        let mut all: Vec<(Vec<usize>, usize)> = vec![(Vec::new(), sum)];
        for (at, size) in sizes.iter().enumerate() {
            let is_last = at + 1 == sizes.len();
            let longer = |(places, left): &(Vec<usize>, usize)| -> Vec<(Vec<usize>, usize)> {
                let range = if is_last {
                    *left..*left + 1
                } else {
                    0..*left + 1
                };
                let fine = range.filter(|place| place < size);
                fine.map(|place| {
                    let mut places = places.clone();
                    places.push(place);
                    (places, left - place)
                })
                .collect()
            };
            all = all.iter().flat_map(longer).take(4 * MOST_TRIED).collect();
        }
        all.into_iter().map(|(places, _)| places)
    })
}

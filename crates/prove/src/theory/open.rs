//! Tests with policy variables, which tie parts of a request to each other.
//!
//! Values for the keys are tried first. What none fits is shown to contradict itself: the keys are absent, have several values or
//! one that is not known, and each of these ways must be excluded by the tests of some part, or by those of a key. Keys that
//! must have the same value (`StringEquals a: ${b}`) are one unknown then, and where tests name all values of a key, each is
//! put in its place.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Group, Model, Theory, Verdict};
use crate::algebra::{Flavor, Part};
use crate::domain::Domain;
use crate::formula::Wish;
use crate::key::{Asked, Found, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, VariableId, has_variable};
use crate::statement::OPAQUE;
use crate::variable::{Environment, Taken, itself, outlined, substitute};
use crate::work::{UsedUp, Work};

/// How many ways of taking the keys of variables are tried before a contradiction is looked for, and in all.
const FIRST_TRIED: usize = 64;
const MOST_TRIED: usize = 1024;
/// How many keys of variables are taken together in a proof.
const MOST_KEYS: usize = 6;
/// How often a value that a test refuses is exchanged for one that it takes.
const MOST_REPAIRS: usize = 3;
/// How many keys have each of their named values put in their place, one within the other.
const MOST_PINNED: usize = 3;

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
            let language = outline.into_iter().collect();
            let any = outlined(&language, |id| self.is_truth(id), |_| None);
            outline = any.all_patterns();
        }
        if test.quantifier == portcullis_model::Quantifier::All {
            outline.push(Pattern::new()); // `COND-32`
        }
        Some(outline)
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
        let scope = self.case.scope(&part);
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
        // What its own tests name, and what it is compared with.
        let mut named = |test: &Test| {
            let Some(language) = test.language() else {
                return;
            };
            texts.extend(language.texts().iter().take(16).cloned());
            for pattern in language.patterns().iter().take(16) {
                texts.extend(words(pattern));
            }
        };
        own.iter().for_each(|(test, _)| named(test));
        for (_, wishes) in open.iter().chain(plain) {
            self.tests(wishes).iter().for_each(|(test, _)| named(test));
        }
        for (_, wishes) in open.iter().filter(|(own, _)| **own != part) {
            texts.extend(self.aligned(key, wishes));
        }
        texts.push(String::new());
        texts.truncate(96);
        let fits = |text: &String| {
            let values = std::slice::from_ref(text);
            scope.shapes.one
                && scope.within.iter().all(|within| within.contains(text))
                && !scope.without.iter().any(|without| without.contains(text))
                && own
                    .iter()
                    .all(|(test, wanted)| test.of_values(values) == *wanted)
        };
        let mut fitting = texts.into_iter().filter(fits).map(|text| vec![text]);
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

    /// Values of a key by which texts that tests name become texts of a pattern with its variable.
    fn aligned(&self, key: &str, wishes: &[Wish]) -> Vec<String> {
        let tests = self.tests(wishes);
        let languages: Vec<&Language> = tests
            .iter()
            .filter_map(|(test, _)| test.language())
            .collect();
        let mut named: Vec<String> = Vec::new();
        for language in &languages {
            named.extend(language.texts().iter().take(8).cloned());
            for pattern in language.patterns().iter().take(8) {
                // A variable becomes a value that is tried for each key.
                let or_x = |token: &Token| match token.class {
                    Class::Variable(_) => Token::one(Class::Char('x')),
                    _ => *token,
                };
                let pattern: Pattern = pattern.iter().map(or_x).collect();
                named.extend(["", "x"].map(|run| filled(&pattern, run)));
            }
        }
        let mut found = Vec::new();
        for pattern in languages
            .iter()
            .flat_map(|own| own.patterns().iter().take(8))
        {
            let is_key = |token: &Token| match token.class {
                Class::Variable(id) => self
                    .formulas
                    .variable_of(id)
                    .is_some_and(|own| own.key == key),
                _ => false,
            };
            let Some(at) = pattern.iter().position(is_key) else {
                continue;
            };
            let (before, behind) = pattern.split_at(at);
            let behind = behind.get(1..).unwrap_or_default();
            let (before, behind) = (filled(before, ""), filled(behind, ""));
            for text in &named {
                let middle = text.strip_prefix(before.as_str());
                found.extend(
                    middle
                        .and_then(|own| own.strip_suffix(behind.as_str()))
                        .map(str::to_owned),
                );
            }
        }
        found.truncate(24);
        found
    }

    /// Tries values for the keys of variables.
    fn tried(
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

    /// Shows that answers contradict each other whatever their variables are; what that rests on.
    fn contradiction(
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
            let is_unknown = matches!(taken, Taken::Unknown | Taken::Like(_));
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
        for choice in 0..most.unwrap_or_default() {
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
                    *test = test.with(
                        language.resolved(|id| crate::variable::is_own(id, key, environment)),
                    );
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

/// What it costs to write tests anew.
fn size(tests: &[(&Test, bool)]) -> usize {
    let entries = tests.iter().filter_map(|(test, _)| test.language());
    10 + entries.map(|own| 100 * own.len()).sum::<usize>()
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

/// A text of a pattern, with this for each run.
fn filled(pattern: &[Token], run: &str) -> String {
    let mut text = String::new();
    for token in pattern {
        match (token.class, token.many) {
            (Class::Char(own) | Class::Ascii(own) | Class::Fold(own), false) => text.push(own),
            (Class::Variable(_), _) => {}
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

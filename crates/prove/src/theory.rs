//! Whether a few answers of tests go together: the theory beside the Boolean formula.
//!
//! Every test is about one part of the request, so each part is asked by itself. What a contradiction rests on is told as
//! the least that is easily found, and always all of it: a lemma that forgets a test is a wrong proof.
//!
//! Policy variables tie parts to each other. Values for their keys are tried first, since with values everything is exact.
//! Where none does, a part is shown to contradict itself whatever the keys are: for each shape that they can have, with an
//! unknown text in the place of one value, and with each of its values where tests of the key name them all.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::algebra::Part;
use crate::domain::{Case, Domain};
use crate::formula::{Formulas, Wish};
use crate::key::{Asked, Found, Test, solve};
use crate::language::Language;
use crate::pattern::Class;
use crate::statement::OPAQUE;
use crate::value::Values;
use crate::variable::{Environment, Taken, substitute};
use crate::work::{UsedUp, Work};

/// Values of the parts of a request; a key that is absent has none.
pub(crate) type Model = BTreeMap<Part, Vec<String>>;

/// What the theory says of some answers.
pub(crate) enum Verdict {
    /// They go together, with these values.
    Model(Model),
    /// These of them do not.
    Conflict(Vec<Wish>),
    /// Whether these of them do is not known.
    Open(Vec<Wish>),
}

/// Work of one call at most.
const CALL: u64 = 1_000_000;
/// How many ways of taking the keys of variables are tried.
const MOST_TRIED: usize = 256;
/// How many keys of variables are taken together in a proof.
const MOST_KEYS: usize = 6;

/// The theory of a question, with what it found out.
pub(crate) struct Theory<'f> {
    formulas: &'f Formulas,
    case: &'f Case,
    known: HashMap<(Part, Vec<Wish>), Found>,
}

/// Tests of one part, with their wanted answers.
type Group<'f> = Vec<(&'f Test, bool)>;

impl<'f> Theory<'f> {
    pub(crate) fn new(formulas: &'f Formulas, case: &'f Case) -> Theory<'f> {
        Theory {
            formulas,
            case,
            known: HashMap::new(),
        }
    }

    /// Whether answers go together.
    ///
    /// # Errors
    /// [`UsedUp`] if the work of the question is. If that of one call is, the answer is [`Verdict::Open`].
    pub(crate) fn check(&mut self, wishes: &[Wish], work: &mut Work) -> Result<Verdict, UsedUp> {
        let verdict = self.decided(wishes, work)?;
        #[cfg(any(test, feature = "audit"))]
        if let Verdict::Conflict(core) = &verdict {
            crate::audit::lemma(core, self.formulas, self.case);
        }
        Ok(verdict)
    }

    fn decided(&mut self, wishes: &[Wish], work: &mut Work) -> Result<Verdict, UsedUp> {
        let mut groups: BTreeMap<&'f Part, Vec<Wish>> = BTreeMap::new();
        for wish in wishes {
            if let Some((part, _)) = self.formulas.atom(wish.0) {
                groups.entry(part).or_default().push(*wish);
            }
        }
        self.join_caller(&mut groups);
        let (open, plain): (Vec<_>, Vec<_>) = groups
            .into_iter()
            .partition(|(_, wishes)| wishes.iter().any(|wish| self.has_variable(*wish)));
        let mut model = Model::new();
        let mut unknown: Vec<Wish> = Vec::new();
        for (part, wishes) in &plain {
            match self.group(part, wishes, work)? {
                Found::Values(values) => {
                    model.insert((*part).clone(), values);
                }
                Found::None => return Ok(Verdict::Conflict(self.least(part, wishes, work)?)),
                Found::Open => unknown.extend(wishes),
            }
        }
        if !unknown.is_empty() {
            return Ok(Verdict::Open(unknown));
        }
        if open.is_empty() {
            return Ok(Verdict::Model(model));
        }
        self.with_variables(model, &plain, &open, work)
    }

    /// What the ARN of the caller shows is asked of it, if anything else is.
    fn join_caller(&self, groups: &mut BTreeMap<&'f Part, Vec<Wish>>) {
        let shown =
            |part: &Part| matches!(part, Part::Key(key) if self.case.is_shown_by_caller(key));
        let keys: Vec<&'f Part> = groups.keys().copied().filter(|part| shown(part)).collect();
        if keys.is_empty() || keys.len() == 1 && !groups.contains_key(&Part::Caller) {
            return;
        }
        let mut joined = groups.remove(&Part::Caller).unwrap_or_default();
        for part in keys {
            let can_be = |wish: &Wish| self.lifted(*wish).is_some();
            if let Some(own) = groups.get_mut(part) {
                joined.extend(own.iter().copied().filter(can_be));
                own.retain(|wish| !can_be(wish));
                if own.is_empty() {
                    groups.remove(part);
                }
            }
        }
        if !joined.is_empty() {
            groups.insert(&Part::Caller, joined);
        }
    }

    /// A test of a key that the ARN of the caller shows, as one of the ARN.
    fn lifted(&self, wish: Wish) -> Option<(Test, bool)> {
        match self.formulas.atom(wish.0)? {
            (Part::Key(key), test) if self.case.is_shown_by_caller(key) => {
                let (test, yes) = self.case.lifted(key, test)?;
                Some((test, yes == wish.1))
            }
            _ => None,
        }
    }

    fn has_variable(&self, wish: Wish) -> bool {
        let test = self.formulas.atom(wish.0).map(|(_, test)| test);
        test.and_then(Test::language)
            .is_some_and(Language::has_variable)
    }

    fn tests<'t>(&self, wishes: &[Wish]) -> Group<'t>
    where
        'f: 't,
    {
        let tests = wishes.iter();
        tests
            .filter_map(|(atom, wanted)| Some((&self.formulas.atom(*atom)?.1, *wanted)))
            .collect()
    }

    /// Values of one part whose tests have no variables.
    fn group(&mut self, part: &Part, wishes: &[Wish], work: &mut Work) -> Result<Found, UsedUp> {
        let known = (part.clone(), wishes.to_vec());
        if let Some(found) = self.known.get(&known) {
            work.spend(1)?;
            return Ok(found.clone());
        }
        let lifted: Vec<(Test, bool)> = match part {
            Part::Caller => wishes
                .iter()
                .filter_map(|wish| self.lifted(*wish))
                .collect(),
            _ => Vec::new(),
        };
        let of_part = |wish: &&Wish| *part != Part::Caller || self.lifted(**wish).is_none();
        let own: Vec<Wish> = wishes.iter().filter(of_part).copied().collect();
        let mut tests = self.tests(&own);
        tests.extend(lifted.iter().map(|(test, wanted)| (test, *wanted)));
        let found = self.solve(part, &tests, None, work)?;
        self.known.insert(known, found.clone());
        Ok(found)
    }

    /// Values of one part under tests without variables, or with unknown values in them; of a shape, if one is given.
    fn solve(
        &self,
        part: &Part,
        tests: &[(&Test, bool)],
        shape: Option<&Taken>,
        work: &mut Work,
    ) -> Result<Found, UsedUp> {
        let scope = self.case.scope(part);
        let mut shapes = scope.shapes;
        if let Some(shape) = shape {
            shapes.absent &= *shape == Taken::Absent;
            shapes.many &= *shape == Taken::Many;
            shapes.one &= matches!(shape, Taken::One(_) | Taken::Unknown);
        }
        let within: Vec<&Values> = scope.within.iter().collect();
        // Of a list, no value is.
        let outside: Vec<Test> = scope.without.into_iter().map(Test::any).collect();
        let mut all = tests.to_vec();
        all.extend(outside.iter().map(|test| (test, false)));
        let found = work.part(CALL, |work| solve(&all, shapes, &within, work));
        match found {
            Ok(found) => Ok(found),
            // The whole may go on where a call may not.
            Err(UsedUp) => work.spend(0).map(|()| Found::Open),
        }
    }

    /// The least of some contradicting answers about a part that is easily found: two of them, or all that are needed.
    fn least(
        &mut self,
        part: &Part,
        wishes: &[Wish],
        work: &mut Work,
    ) -> Result<Vec<Wish>, UsedUp> {
        for wish in wishes {
            if self.group(part, &[*wish], work)? == Found::None {
                return Ok(vec![*wish]);
            }
        }
        for (at, one) in wishes.iter().enumerate() {
            for other in wishes.iter().skip(at + 1) {
                // Two refusals contradict each other least of all.
                if !one.1 && !other.1 && wishes.len() > 8 {
                    continue;
                }
                let pair = [*one, *other];
                if self.group(part, &pair, work)? == Found::None {
                    return Ok(pair.to_vec());
                }
            }
        }
        let mut least = wishes.to_vec();
        let mut at = 0;
        while at < least.len() && least.len() > 1 {
            let mut fewer = least.clone();
            fewer.remove(at);
            match self.group(part, &fewer, work)? {
                Found::None => least = fewer,
                _ => at += 1,
            }
        }
        Ok(least)
    }

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
    fn with_variables(
        &mut self,
        model: Model,
        plain: &[(&'f Part, Vec<Wish>)],
        open: &[(&'f Part, Vec<Wish>)],
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
                    let pair = [*one, *other];
                    let own = self.keys(&pair);
                    work.spend(size(&self.tests(&pair)))?;
                    if own.len() > MOST_KEYS {
                        continue;
                    }
                    if let Some(conflict) = self.contradiction(part, &pair, &own, plain, work)? {
                        return Ok(Verdict::Conflict(conflict));
                    }
                }
            }
        }
        if let Some(found) = self.tried(model, plain, open, &keys, work)? {
            return Ok(Verdict::Model(found));
        }
        for (part, wishes) in open {
            let own = self.keys(wishes);
            if own.len() > MOST_KEYS {
                continue;
            }
            if let Some(conflict) = self.contradiction(part, wishes, &own, plain, work)? {
                return Ok(Verdict::Conflict(conflict));
            }
        }
        let mut unknown = all;
        for (part, wishes) in plain {
            if matches!(part, Part::Key(key) if keys.contains(key)) {
                unknown.extend(wishes);
            }
        }
        Ok(Verdict::Open(unknown))
    }

    /// The tests of a key among those that have no variables.
    fn own_tests<'w>(key: &str, plain: &'w [(&'f Part, Vec<Wish>)]) -> &'w [Wish] {
        let own = plain
            .iter()
            .find(|(part, _)| matches!(part, Part::Key(own) if own == key));
        own.map_or(&[], |(_, wishes)| wishes.as_slice())
    }

    /// Values that may do for a key of variables.
    fn candidates(
        &self,
        key: &str,
        plain: &[(&'f Part, Vec<Wish>)],
        open: &[(&'f Part, Vec<Wish>)],
        caller: &[String],
        work: &mut Work,
    ) -> Result<Vec<Vec<String>>, UsedUp> {
        let part = Part::Key(key.to_owned());
        let own = self.tests(Self::own_tests(key, plain));
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
        texts.truncate(64);
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

    /// Tries values for the keys of variables.
    fn tried(
        &mut self,
        model: Model,
        plain: &[(&'f Part, Vec<Wish>)],
        open: &[(&'f Part, Vec<Wish>)],
        keys: &BTreeSet<String>,
        work: &mut Work,
    ) -> Result<Option<Model>, UsedUp> {
        if keys.contains(OPAQUE) {
            return Ok(None);
        }
        let mut choices: Vec<(String, Vec<Vec<String>>)> = Vec::new();
        for key in keys {
            let caller = model.get(&Part::Caller).map_or(&[][..], Vec::as_slice);
            let candidates = self.candidates(key, plain, open, caller, work)?;
            if candidates.is_empty() {
                return Ok(None);
            }
            choices.push((key.clone(), candidates));
        }
        for round in 0..MOST_TRIED {
            let Some(taken) = choice(&choices, round) else {
                break;
            };
            let environment: Environment = taken
                .iter()
                .map(|(key, values)| ((*key).clone(), Taken::of(values)))
                .collect();
            let mut found = model.clone();
            for (key, values) in &taken {
                found.insert(Part::Key((*key).clone()), (*values).clone());
            }
            let mut fits = true;
            for (part, wishes) in open {
                let tests = self.replaced(wishes, &environment);
                let tests: Group<'_> = tests.iter().map(|(test, wanted)| (test, *wanted)).collect();
                work.spend(size(&tests))?;
                let values = match found.get(*part) {
                    // A key of a variable has its value already.
                    Some(values) if matches!(part, Part::Key(key) if keys.contains(key)) => {
                        let mut all = tests.iter();
                        let holds = all.all(|(test, wanted)| test.of_values(values) == *wanted);
                        holds.then(|| values.clone())
                    }
                    _ => match self.solve(part, &tests, None, work)? {
                        Found::Values(values) => Some(values),
                        Found::None | Found::Open => None,
                    },
                };
                match values {
                    Some(values) => {
                        found.insert((*part).clone(), values);
                    }
                    None => {
                        fits = false;
                        break;
                    }
                }
            }
            if fits && self.is_one_caller(&found, &taken) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// True unless values of keys are not those of the caller (axiom D6).
    fn is_one_caller(&self, model: &Model, taken: &[(&String, &Vec<String>)]) -> bool {
        let caller = model.get(&Part::Caller).and_then(|values| values.first());
        let Some(caller) = caller.filter(|_| self.case.domain == Domain::Standard) else {
            return true;
        };
        taken.iter().all(|(key, values)| {
            let derived = self.case.derived(key, caller);
            derived.is_none_or(|derived| derived == **values)
        })
    }

    /// Shows that answers about one part contradict each other whatever its variables are; what that rests on.
    fn contradiction(
        &self,
        part: &'f Part,
        wishes: &[Wish],
        keys: &BTreeSet<String>,
        plain: &[(&'f Part, Vec<Wish>)],
        work: &mut Work,
    ) -> Result<Option<Vec<Wish>>, UsedUp> {
        let mut rests: BTreeSet<Wish> = wishes.iter().copied().collect();
        let keys: Vec<&String> = keys.iter().collect();
        let ways = 3_usize.pow(keys.len() as u32);
        for way in 0..ways {
            let mut environment = Environment::new();
            let mut rest = way;
            for key in &keys {
                let shape = match rest % 3 {
                    0 => Taken::Unknown,
                    1 => Taken::Absent,
                    _ => Taken::Many,
                };
                environment.insert((*key).clone(), shape);
                rest /= 3;
            }
            if !self.is_possible(&environment) || self.excludes(part, wishes, &environment, work)? {
                continue;
            }
            // The shapes, or the values, that the keys' own tests leave.
            let mut excluded = false;
            for key in &keys {
                let own = Self::own_tests(key, plain);
                if own.is_empty() {
                    continue;
                }
                let key_part = Part::Key((*key).clone());
                let tests = self.tests(own);
                let shape = environment.get(*key).cloned();
                if self.solve(&key_part, &tests, shape.as_ref(), work)? == Found::None {
                    rests.extend(own);
                    excluded = true;
                    break;
                }
                let pinned = match shape {
                    Some(Taken::Unknown) => pinned(&tests),
                    _ => None,
                };
                let Some(texts) = pinned else { continue };
                let mut all = true;
                for text in texts {
                    let mut environment = environment.clone();
                    environment.insert((*key).clone(), Taken::One(text));
                    if !self.excludes(part, wishes, &environment, work)? {
                        all = false;
                        break;
                    }
                }
                if all {
                    rests.extend(own);
                    excluded = true;
                    break;
                }
            }
            if !excluded {
                return Ok(None);
            }
        }
        Ok(Some(rests.into_iter().collect()))
    }

    /// False if the domain has no request in which the keys are so.
    fn is_possible(&self, environment: &Environment) -> bool {
        environment.iter().all(|(key, taken)| {
            let shapes = self.case.scope(&Part::Key(key.clone())).shapes;
            match taken {
                Taken::Absent => shapes.absent,
                Taken::Many => shapes.many,
                Taken::One(_) | Taken::Unknown => shapes.one,
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
        let tests = self.replaced(wishes, environment);
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

/// One way of taking a candidate for each key; those first in which few keys have other than their first.
fn choice(
    choices: &[(String, Vec<Vec<String>>)],
    mut round: usize,
) -> Option<Vec<(&String, &Vec<String>)>> {
    let mut taken = Vec::with_capacity(choices.len());
    for (key, candidates) in choices {
        taken.push((key, candidates.get(round % candidates.len().max(1))?));
        round /= candidates.len().max(1);
    }
    (round == 0).then_some(taken)
}

//! Whether a few answers of tests go together: the theory beside the Boolean formula.
//!
//! Every test is about one part of the request, so each part is asked by itself. What a contradiction rests on is told as
//! the least that is easily found, and always all of it: a lemma that forgets a test is a wrong proof.
//!
//! Policy variables tie parts to each other. Values for their keys are tried first, since with values everything is exact.
//! Where none does, a part is shown to contradict itself whatever the keys are: for each shape that they can have, with an
//! unknown text in the place of one value, and with each of its values where tests of the key name them all.

mod open;

use std::collections::BTreeMap;

use crate::algebra::Part;
use crate::domain::Case;
use crate::formula::{Formulas, Wish};
use crate::key::{Found, Test, solve};
use crate::language::Language;
use crate::value::Values;
use crate::variable::Taken;
use crate::work::{UsedUp, Work};
use portcullis_source::hash::Map;

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

/// The theory of a question, with what it found out.
pub(crate) struct Theory<'f> {
    formulas: &'f Formulas,
    case: &'f Case,
    known: Map<Part, Map<Vec<Wish>, Found>>,
}

/// Tests of one part, with their wanted answers.
type Group<'f> = Vec<(&'f Test, bool)>;

impl<'f> Theory<'f> {
    pub(crate) fn new(formulas: &'f Formulas, case: &'f Case) -> Theory<'f> {
        Theory {
            formulas,
            case,
            known: Map::default(),
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
        let known = self.known.get(part);
        if let Some(found) = known.and_then(|known| known.get(wishes)) {
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
        let known = self.known.entry(part.clone()).or_default();
        known.insert(wishes.to_vec(), found.clone());
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
            shapes.one &= matches!(shape, Taken::One(_) | Taken::Unknown | Taken::Like(_));
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
}

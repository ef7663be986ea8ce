//! A solver for Boolean formulas: conflict-driven clause learning with watched literals (Marques-Silva and Sakallah 1996;
//! Moskewicz et al. 2001; Eén and Sörensson, "An Extensible SAT-solver", 2003).
//!
//! Small on purpose: no restarts, no forgetting, no activities; the formulas of policies have thousands of variables and
//! few conflicts. Clauses may be added between two calls, which is how the theories speak.
//!
//! Rejected: a crate, which would bring `unsafe` code or a C++ library for what is 200 lines.

use crate::work::{UsedUp, Work};

/// A variable or its negation.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Literal(u32);

impl Literal {
    /// The literal that is true if the variable has the value.
    pub(crate) fn new(variable: u32, value: bool) -> Literal {
        Literal(variable << 1 | u32::from(!value))
    }

    pub(crate) fn variable(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(crate) fn is_positive(self) -> bool {
        self.0 & 1 == 0
    }

    pub(crate) fn negated(self) -> Literal {
        Literal(self.0 ^ 1)
    }

    fn index(self) -> usize {
        self.0 as usize
    }
}

/// Where a variable got its value.
#[derive(Clone, Copy, Default)]
struct Assigned {
    level: u32,
    reason: Option<u32>,
}

/// The solver.
#[derive(Default)]
pub(crate) struct Solver {
    clauses: Vec<Vec<Literal>>,
    /// For each literal the clauses that watch it.
    watches: Vec<Vec<u32>>,
    values: Vec<Option<bool>>,
    assigned: Vec<Assigned>,
    trail: Vec<Literal>,
    /// Where each level begins in the trail.
    levels: Vec<usize>,
    /// What of the trail was propagated.
    done: usize,
    /// The last value of each variable, taken again when it is decided.
    phase: Vec<bool>,
    contradiction: bool,
}

impl Solver {
    /// A new variable. Where nothing asks for a value it becomes false.
    pub(crate) fn variable(&mut self) -> u32 {
        self.values.push(None);
        self.assigned.push(Assigned::default());
        self.phase.push(false);
        self.watches.push(Vec::new());
        self.watches.push(Vec::new());
        (self.values.len() - 1) as u32
    }

    /// The value of a variable after [`Solver::solve`] said yes.
    pub(crate) fn value(&self, variable: usize) -> bool {
        self.values.get(variable).copied().flatten() == Some(true)
    }

    fn is(&self, literal: Literal) -> Option<bool> {
        let value = self.values.get(literal.variable()).copied().flatten();
        value.map(|value| value == literal.is_positive())
    }

    /// Adds a clause: one of these literals must be true.
    pub(crate) fn add(&mut self, clause: &[Literal]) {
        self.back_to(0);
        let mut own: Vec<Literal> = clause.to_vec();
        own.sort_unstable();
        own.dedup();
        let is_always_true = own.windows(2).any(|pair| match pair {
            [a, b] => a.negated() == *b,
            _ => false,
        });
        if is_always_true || own.iter().any(|literal| self.is(*literal) == Some(true)) {
            return;
        }
        own.retain(|literal| self.is(*literal).is_none());
        match own.as_slice() {
            [] => self.contradiction = true,
            [unit] => self.assign(*unit, None),
            _ => {
                self.attach(own);
            }
        }
    }

    fn attach(&mut self, clause: Vec<Literal>) -> u32 {
        let number = self.clauses.len() as u32;
        for literal in clause.iter().take(2) {
            self.watch(*literal, number);
        }
        self.clauses.push(clause);
        number
    }

    fn watch(&mut self, literal: Literal, clause: u32) {
        if let Some(list) = self.watches.get_mut(literal.index()) {
            list.push(clause);
        }
    }

    fn assign(&mut self, literal: Literal, reason: Option<u32>) {
        let at = literal.variable();
        if let (Some(value), Some(assigned)) = (self.values.get_mut(at), self.assigned.get_mut(at))
        {
            *value = Some(literal.is_positive());
            *assigned = Assigned {
                level: self.levels.len() as u32,
                reason,
            };
            self.trail.push(literal);
        }
    }

    fn back_to(&mut self, level: usize) {
        let Some(&start) = self.levels.get(level) else {
            return;
        };
        for literal in self.trail.split_off(start) {
            let at = literal.variable();
            if let (Some(value), Some(phase)) = (self.values.get_mut(at), self.phase.get_mut(at)) {
                *value = None;
                *phase = literal.is_positive();
            }
        }
        self.levels.truncate(level);
        self.done = self.done.min(start);
    }

    /// Draws conclusions; the clause that is violated, if one is.
    fn propagate(&mut self, work: &mut Work) -> Result<Option<u32>, UsedUp> {
        while let Some(&literal) = self.trail.get(self.done) {
            self.done += 1;
            let wrong = literal.negated();
            let mut watching = match self.watches.get_mut(wrong.index()) {
                Some(list) => std::mem::take(list),
                None => continue,
            };
            work.spend(1 + watching.len())?;
            let mut conflict = None;
            watching.retain(|number| {
                if conflict.is_some() {
                    return true;
                }
                match self.visit(*number, wrong) {
                    Visit::Moved => return false,
                    Visit::Kept => {}
                    Visit::Unit(unit) => self.assign(unit, Some(*number)),
                    Visit::Violated => conflict = Some(*number),
                }
                true
            });
            // Nothing watches it anew, since it is false.
            if let Some(list) = self.watches.get_mut(wrong.index()) {
                *list = watching;
            }
            if conflict.is_some() {
                return Ok(conflict);
            }
        }
        Ok(None)
    }

    /// Looks at a clause one of whose watched literals became false.
    fn visit(&mut self, number: u32, wrong: Literal) -> Visit {
        let values = &self.values;
        let is = |literal: Literal| {
            let value = values.get(literal.variable()).copied().flatten();
            value.map(|value| value == literal.is_positive())
        };
        let Some(clause) = self.clauses.get_mut(number as usize) else {
            return Visit::Kept;
        };
        if clause.first() == Some(&wrong) {
            clause.swap(0, 1);
        }
        let Some(&other) = clause.first() else {
            return Visit::Kept;
        };
        if is(other) == Some(true) {
            return Visit::Kept;
        }
        let next = clause
            .iter()
            .skip(2)
            .position(|own| is(*own) != Some(false));
        if let Some(at) = next {
            clause.swap(1, at + 2);
            let watched = clause.get(1).copied();
            if let Some(watched) = watched {
                self.watch(watched, number);
            }
            return Visit::Moved;
        }
        match is(other) {
            None => Visit::Unit(other),
            _ => Visit::Violated,
        }
    }

    /// The clause that a conflict teaches, its asserting literal first, and the level to go back to.
    fn analyze(&self, conflict: u32) -> (Vec<Literal>, usize) {
        let level = self.levels.len() as u32;
        let mut seen = vec![false; self.values.len()];
        let mut learned: Vec<Literal> = Vec::new();
        let mut open = 0;
        let mut reason = Some(conflict);
        let mut asserting = None;
        for &literal in self.trail.iter().rev() {
            let clause = reason.and_then(|number| self.clauses.get(number as usize));
            for other in clause.into_iter().flatten() {
                let at = other.variable();
                let Some(assigned) = self.assigned.get(at) else {
                    continue;
                };
                if Some(*other) == asserting || assigned.level == 0 {
                    continue;
                }
                if let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) {
                    *seen = true;
                    match assigned.level == level {
                        true => open += 1,
                        false => learned.push(*other),
                    }
                }
            }
            reason = None;
            asserting = None;
            if !seen.get(literal.variable()).copied().unwrap_or_default() {
                continue;
            }
            open -= 1;
            if open == 0 {
                learned.insert(0, literal.negated());
                break;
            }
            reason = self
                .assigned
                .get(literal.variable())
                .and_then(|own| own.reason);
            asserting = Some(literal);
        }
        let level_of = |literal: &Literal| {
            let assigned = self.assigned.get(literal.variable());
            assigned.map_or(0, |assigned| assigned.level)
        };
        let back = learned.iter().skip(1).map(level_of).max().unwrap_or(0);
        // The second watched literal is the last to have become false.
        if let Some(at) = learned.iter().skip(1).position(|own| level_of(own) == back) {
            learned.swap(1, at + 1);
        }
        (learned, back as usize)
    }

    /// True if the clauses can all hold; the values are then those of [`Solver::value`].
    ///
    /// # Errors
    /// [`UsedUp`] if the work is.
    pub(crate) fn solve(&mut self, work: &mut Work) -> Result<bool, UsedUp> {
        self.back_to(0);
        self.done = 0;
        let mut next = 0;
        loop {
            if self.contradiction {
                return Ok(false);
            }
            if let Some(conflict) = self.propagate(work)? {
                if self.levels.is_empty() {
                    self.contradiction = true;
                    continue;
                }
                let (learned, back) = self.analyze(conflict);
                work.spend(self.values.len() / 8 + learned.len())?;
                self.back_to(back);
                next = 0;
                match learned.as_slice() {
                    [] => self.contradiction = true,
                    [unit] => self.assign(*unit, None),
                    [first, ..] => {
                        let first = *first;
                        let number = self.attach(learned);
                        self.assign(first, Some(number));
                    }
                }
                continue;
            }
            while self.values.get(next).is_some_and(|value| value.is_some()) {
                next += 1;
            }
            if next >= self.values.len() {
                return Ok(true);
            }
            work.spend(1)?;
            self.levels.push(self.trail.len());
            let phase = self.phase.get(next).copied().unwrap_or_default();
            self.assign(Literal::new(next as u32, phase), None);
        }
    }
}

/// What became of a clause that was visited.
enum Visit {
    /// It watches another literal now.
    Moved,
    Kept,
    /// Its last literal must be true.
    Unit(Literal),
    Violated,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers below a limit, the same for each seed.
    fn random(mut seed: u64) -> impl FnMut(u64) -> u64 {
        move |limit| {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            (seed >> 8) % limit
        }
    }

    /// Random formulas of three literals a clause, around where half of them can hold, against all assignments; clauses
    /// come in two parts, the second after a first answer.
    #[test]
    fn formulas_against_all_assignments() {
        let mut random = random(1);
        let mut counts = [0, 0];
        for _ in 0..3000 {
            let variables = 3 + random(9) as u32;
            let count = variables * 2 + random(u64::from(variables) * 4) as u32;
            let clauses: Vec<Vec<Literal>> = (0..count)
                .map(|_| {
                    let length = 1 + random(4).min(2) as usize;
                    let one = |_| Literal::new(random(u64::from(variables)) as u32, random(2) == 0);
                    (0..length + 1).map(one).collect()
                })
                .collect();
            let mut solver = Solver::default();
            for _ in 0..variables {
                solver.variable();
            }
            for (at, part) in clauses.chunks(clauses.len() / 2 + 1).enumerate() {
                part.iter().for_each(|clause| solver.add(clause));
                let so_far = &clauses[..(at * (clauses.len() / 2 + 1)) + part.len()];
                let holds = |clause: &Vec<Literal>, bits: u32| {
                    let is = |own: &Literal| (bits >> own.variable() & 1 == 1) == own.is_positive();
                    clause.iter().any(is)
                };
                let exists = (0..1_u32 << variables)
                    .any(|bits| so_far.iter().all(|clause| holds(clause, bits)));
                let answer = solver.solve(&mut Work::new(10_000_000)).unwrap();
                assert_eq!(answer, exists, "{so_far:?}");
                counts[usize::from(answer)] += 1;
                if answer {
                    let bits = (0..variables)
                        .map(|own| u32::from(solver.value(own as usize)) << own)
                        .sum();
                    assert!(so_far.iter().all(|clause| holds(clause, bits)));
                }
            }
        }
        assert!(counts[0] > 500 && counts[1] > 500, "{counts:?}");
    }

    /// Formulas too large to be tried out, of clauses that all hold under one assignment: a "no" is wrong, and so is a "yes"
    /// whose values leave a clause out. Clauses come one by one between the answers, as those of the theory do.
    #[test]
    fn formulas_that_can_hold_are_not_refuted() {
        let mut random = random(7);
        let variables = 60_u32;
        for _ in 0..40 {
            let hidden: Vec<bool> = (0..variables).map(|_| random(2) == 0).collect();
            let mut solver = Solver::default();
            for _ in 0..variables {
                solver.variable();
            }
            let mut clauses: Vec<Vec<Literal>> = Vec::new();
            while clauses.len() < 5 * variables as usize {
                let one = |_| Literal::new(random(u64::from(variables)) as u32, random(2) == 0);
                let clause: Vec<Literal> = (0..3).map(one).collect();
                let is_fine = |own: &Literal| hidden[own.variable()] == own.is_positive();
                if !clause.iter().any(is_fine) {
                    continue;
                }
                solver.add(&clause);
                clauses.push(clause);
                if clauses.len() % 20 != 0 {
                    continue;
                }
                assert!(solver.solve(&mut Work::new(100_000_000)).unwrap());
                for clause in &clauses {
                    let holds = |own: &Literal| solver.value(own.variable()) == own.is_positive();
                    assert!(clause.iter().any(holds), "{clause:?}");
                }
            }
        }
    }
}

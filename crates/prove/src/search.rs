//! The search for requests that make a formula true, which all questions share: the solver proposes answers to tests, the theory says
//! whether they go together, and what does not is learned.

use crate::algebra::{Algebra, Part};
use crate::domain::Case;
use crate::formula::{Clauses, Formula, Formulas, Wish};
use crate::key::Test;
use crate::language::Language;
use crate::question::Reason;
use crate::sat::{Literal, Solver};
use crate::theory::{Model, Theory, Verdict};
use crate::work::{UsedUp, Work};

/// A search, which goes on behind what it found.
pub(crate) struct Search<'f> {
    formulas: &'f Formulas,
    theory: Theory<'f>,
    solver: Solver,
    clauses: Clauses,
    /// What is demanded.
    roots: Vec<Formula>,
    not_all_buckets: Formula,
    lemmas: usize,
}

impl<'f> Search<'f> {
    /// The search of a case for what makes a formula true.
    pub(crate) fn of(formulas: &'f mut Formulas, case: &'f Case, root: Formula) -> Search<'f> {
        let not_all_buckets = not_all_buckets(formulas);
        let formulas = &*formulas;
        let mut search = Search {
            formulas,
            theory: Theory::new(formulas, case),
            solver: Solver::default(),
            clauses: Clauses::default(),
            roots: Vec::new(),
            not_all_buckets,
            lemmas: 0,
        };
        search.demand(root);
        search
    }

    pub(crate) fn formulas(&self) -> &'f Formulas {
        self.formulas
    }

    /// How many contradictions of tests were used so far.
    pub(crate) fn lemmas(&self) -> usize {
        self.lemmas
    }

    /// Demands another formula besides.
    pub(crate) fn demand(&mut self, formula: Formula) {
        self.roots.push(formula);
        self.formulas
            .demand(formula, &mut self.solver, &mut self.clauses);
    }

    /// Never again finds these answers together.
    pub(crate) fn refuse(&mut self, wishes: &[Wish]) {
        let (solver, clauses) = (&mut self.solver, &mut self.clauses);
        let negated = wishes.iter();
        let negated = negated.map(|wish| clauses.wish(*wish, solver).negated());
        let clause: Vec<Literal> = negated.collect();
        solver.add(&clause);
    }

    /// The next request that does, with the answers that it rests on; none if there is no more. What is found is found again
    /// unless it is refused or something else is demanded. What was not decided is added to the reasons.
    ///
    /// # Errors
    /// [`UsedUp`] if the work is.
    pub(crate) fn next(
        &mut self,
        work: &mut Work,
        reasons: &mut Vec<Reason>,
        spelling: &dyn Fn(&str) -> String,
    ) -> Result<Option<(Model, Vec<Wish>)>, UsedUp> {
        while self.solver.solve(work)? {
            work.spend(self.formulas.size())?;
            let wishes = self
                .formulas
                .reasons(&self.roots, &self.solver, &self.clauses);
            match self.theory.check(&wishes, work)? {
                Verdict::Conflict(core) => {
                    self.lemmas += 1;
                    self.refuse(&core);
                }
                Verdict::Open(core) => {
                    let parts = parts(self.formulas, &core, spelling);
                    because(reasons, Reason::Undecided(parts));
                    self.refuse(&core);
                }
                Verdict::Model(model) if asks_for_all_buckets(&model) => {
                    self.demand(self.not_all_buckets);
                }
                Verdict::Model(model) => return Ok(Some((model, wishes))),
            }
        }
        Ok(None)
    }
}

/// Adds a reason that is not there yet.
pub(crate) fn because(reasons: &mut Vec<Reason>, reason: Reason) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

/// What people call the parts of a request that tests look at.
fn parts(formulas: &Formulas, core: &[Wish], spelling: &dyn Fn(&str) -> String) -> Vec<String> {
    let mut names: Vec<String> = core
        .iter()
        .filter_map(|(atom, _)| formulas.atom(*atom))
        .map(|(part, _)| match part {
            Part::Action => "the action".to_owned(),
            Part::Resource => "the resource".to_owned(),
            Part::Caller => "the caller".to_owned(),
            Part::Session => "the session's name".to_owned(),
            Part::Maker => "the maker of the session".to_owned(),
            Part::UserId => "aws:userid".to_owned(),
            Part::Service => "the service".to_owned(),
            Part::Provider => "the provider".to_owned(),
            Part::Canonical => "the canonical id".to_owned(),
            Part::Key(key) => spelling(key),
        })
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

const ALL_BUCKETS: &str = "s3:listallmybuckets";

/// `MATCH-37`: the list of all buckets with the resource `*` is asked of `arn:aws:s3:::*`, which is a request of the
/// domain too; so the first is left out.
fn not_all_buckets(formulas: &mut Formulas) -> Formula {
    let action = formulas.test(Part::Action, Test::texts(Language::text(ALL_BUCKETS)));
    let resource = formulas.test(Part::Resource, Test::texts(Language::text("*")));
    let both = formulas.and(vec![action, resource]);
    formulas.not(both)
}

fn asks_for_all_buckets(model: &Model) -> bool {
    let is = |part: &Part, text: &str| {
        let values = model.get(part);
        values.is_none_or(|values| values.iter().all(|own| own == text))
    };
    // What is not asked may be anything, also in the witness.
    model.contains_key(&Part::Action) && is(&Part::Action, ALL_BUCKETS) && is(&Part::Resource, "*")
}

//! Questions about all requests, and their answers.

use portcullis_model::Effect;
use portcullis_syntax::Policy;

use crate::algebra::Algebra;
use crate::case::cases;
use crate::decision::{Given, Reading, Said, refused, said};
use crate::domain::{Case, Domain};
use crate::formula::{Formula, Formulas};
use crate::request::{Example, Witness};
use crate::search::{Search, because};
use crate::statement::fold;
use crate::work::{UsedUp, Work};

/// How a question is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// The requests that it is about.
    pub domain: Domain,
    /// Whose requests.
    pub callers: Callers,
    /// The units of work that it may cost, about 100 million of them a second.
    pub work: u64,
    /// How many findings are looked for, of which each is by another statement.
    pub findings: usize,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            domain: Domain::Standard,
            callers: Callers::All,
            work: 60_000_000,
            findings: 1,
        }
    }
}

/// The answer to a question.
///
/// It is no truth value and does not become one: what is not known is neither yes nor no.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Answer {
    /// What was asked holds of every request of the domain.
    Proved(Proof),
    /// It does not: these requests show it, and the machine has confirmed each.
    Refuted(Refutation),
    /// That is not known, for these reasons.
    Unknown(Vec<Reason>),
}

/// What a proof rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proof {
    /// The requests that it is about.
    pub domain: Domain,
    /// How many contradictions of tests were used.
    pub lemmas: usize,
    /// The units of work that were spent.
    pub work: u64,
}

/// Requests that show the contrary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refutation {
    /// One for each statement that was found to be involved, never none.
    pub findings: Vec<Finding>,
    /// Why there may be more findings; nothing if there are none or no more were asked for.
    pub unfinished: Vec<Reason>,
    /// The units of work that were spent.
    pub work: u64,
}

/// A request that shows something, and what allows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The statement that allows the request.
    pub statement: StatementPlace,
    /// The request.
    pub witness: Witness,
}

/// A statement among policies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StatementPlace {
    /// Which policy.
    pub policy: usize,
    /// Which statement of it.
    pub statement: usize,
}

/// Why something is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The work was used up.
    Work,
    /// How tests of these parts of a request go together was not decided.
    Undecided(Vec<String>),
    /// A request was found that the machine decides otherwise: a mistake of this program, which is to be reported.
    Disagreement {
        /// The request.
        witness: Box<Witness>,
        /// What the machine says.
        said: String,
    },
    /// The same, of a request of somebody who is known ([`exists`](crate::exists)): a mistake, or something that the
    /// question leaves out and the machine knows, such as what is behind an access point.
    Refused {
        /// The request.
        example: Box<Example>,
        /// What the machine says.
        said: String,
    },
}

/// Asks the machine whether a request shows what it is said to show.
pub trait Confirm {
    /// # Errors
    /// What the machine says instead.
    fn confirm(&mut self, witness: &Witness) -> Result<(), String>;
}

/// Whose requests a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Callers {
    /// Everyone's.
    #[default]
    All,
    /// Those of nobody whom the policies know: axiom D9. Of policies with principals.
    Strangers,
}

/// Whether new policies allow nothing that the old ones did not.
///
/// Proved: they do not. Refuted: they do; each finding is of another statement of the new policies.
///
/// Policies without principals are those of one caller, together: what they allow is what they allow by themselves. Of
/// policies with principals, what they allow is what they let in, whatever the caller's own policies say. Old and new ones
/// must be of one sort; a document with principals is never the same as one without.
///
/// Other questions are this one. Nothing of a list of actions is granted: new are the policies, and old are the same with a
/// Deny of the list. A claim, a Deny that need not be said, holds: likewise. A policy is not public: no old policy, and
/// [`Callers::Strangers`].
pub fn compare(
    old: &[Policy<'_>],
    new: &[Policy<'_>],
    options: &Options,
    confirm: &mut dyn Confirm,
) -> Answer {
    let mut asked = Asked::new(options, confirm);
    let all = || old.iter().chain(new);
    for case in cases(old, new, options) {
        let mut formulas = Formulas::new();
        let after = said(new, Reading::Plain, &case, &mut formulas);
        let before = said(old, Reading::Plain, &case, &mut formulas);
        let allows = after.allows(&mut formulas);
        let allowed = before.allows(&mut formulas);
        let not_before = formulas.not(allowed);
        let refused = refused(&case, Given::default(), &mut formulas);
        let not_refused = formulas.not(refused);
        let root = formulas.and(vec![allows, not_before, not_refused]);
        let grants = grants(new, &after);
        let spelling = |name: &str| spelled(all(), name);
        asked.ask(&mut formulas, &case, root, &grants, &spelling);
        if asked.is_done() {
            break;
        }
    }
    asked.answer()
}

/// The Allow statements with their formulas.
fn grants(policies: &[Policy<'_>], said: &Said<Formula>) -> Vec<(StatementPlace, Formula)> {
    let places = policies.iter().enumerate().flat_map(|(policy, own)| {
        let statements = 0..own.document.statements.len();
        statements.map(move |statement| StatementPlace { policy, statement })
    });
    places
        .zip(&said.statements)
        .filter(|(_, own)| own.effect == Effect::Allow)
        .map(|(place, own)| (place, own.any))
        .collect()
}

/// A name as the policies write it.
pub(crate) fn spelled<'p>(policies: impl Iterator<Item = &'p Policy<'p>>, name: &str) -> String {
    for policy in policies {
        for statement in policy.document.statements {
            let keys = statement.conditions.iter().map(|own| own.key.value);
            let actions = statement.action.list.iter().map(|own| own.value);
            let found = actions.chain(keys).find(|own| fold(own) == name);
            if let Some(found) = found {
                return found.to_owned();
            }
        }
    }
    name.to_owned()
}

/// A question while it is asked of one case after the other.
pub(crate) struct Asked<'q> {
    options: &'q Options,
    confirm: &'q mut dyn Confirm,
    work: Work,
    lemmas: usize,
    findings: Vec<Finding>,
    reasons: Vec<Reason>,
}

impl<'q> Asked<'q> {
    pub(crate) fn new(options: &'q Options, confirm: &'q mut dyn Confirm) -> Asked<'q> {
        Asked {
            options,
            confirm,
            work: Work::new(options.work),
            lemmas: 0,
            findings: Vec::new(),
            reasons: Vec::new(),
        }
    }

    pub(crate) fn is_done(&self) -> bool {
        self.findings.len() >= self.options.findings || self.reasons.contains(&Reason::Work)
    }

    /// The units of work that were spent so far.
    pub(crate) fn spent(&self) -> u64 {
        self.work.spent()
    }

    pub(crate) fn answer(self) -> Answer {
        let work = self.work.spent();
        if !self.findings.is_empty() {
            return Answer::Refuted(Refutation {
                findings: self.findings,
                unfinished: self.reasons,
                work,
            });
        }
        if !self.reasons.is_empty() {
            return Answer::Unknown(self.reasons);
        }
        Answer::Proved(Proof {
            domain: self.options.domain,
            lemmas: self.lemmas,
            work,
        })
    }

    fn because(&mut self, reason: Reason) {
        because(&mut self.reasons, reason);
    }

    /// Looks for requests of a case that make the formula true.
    pub(crate) fn ask(
        &mut self,
        formulas: &mut Formulas,
        case: &Case,
        root: Formula,
        grants: &[(StatementPlace, Formula)],
        spelling: &dyn Fn(&str) -> String,
    ) {
        if let Err(UsedUp) = self.search(formulas, case, root, grants, spelling) {
            self.because(Reason::Work);
        }
    }

    fn search(
        &mut self,
        formulas: &mut Formulas,
        case: &Case,
        root: Formula,
        grants: &[(StatementPlace, Formula)],
        spelling: &dyn Fn(&str) -> String,
    ) -> Result<(), UsedUp> {
        // What more is demanded than the root, once it is.
        let blocked: Vec<Formula> = grants.iter().map(|(_, own)| formulas.not(*own)).collect();
        let mut search = Search::of(formulas, case, root);
        // A statement that was found with another kind of caller is not looked for again.
        for ((place, _), block) in grants.iter().zip(&blocked) {
            if self.findings.iter().any(|own| own.statement == *place) {
                search.demand(*block);
            }
        }
        while let Some((model, wishes)) =
            search.next(&mut self.work, &mut self.reasons, spelling)?
        {
            let witness = Witness::of(&model, case, spelling);
            if let Err(said) = self.confirm.confirm(&witness) {
                self.because(Reason::Disagreement {
                    witness: Box::new(witness),
                    said,
                });
                search.refuse(&wishes);
                continue;
            }
            // One of the statements matches, or the request would not be allowed.
            let formulas_of: Vec<Formula> = grants.iter().map(|(_, own)| *own).collect();
            let follow = search.formulas().follow(&formulas_of, &wishes);
            let at = follow.iter().position(|own| *own == Some(true));
            let at = at.or(follow.iter().position(Option::is_none)).unwrap_or(0);
            let place = grants.get(at).map(|(place, _)| *place);
            self.findings.push(Finding {
                statement: place.unwrap_or_default(),
                witness,
            });
            let Some(block) = blocked.get(at) else {
                return Ok(());
            };
            if self.is_done() {
                return Ok(());
            }
            search.demand(*block);
        }
        self.lemmas += search.lemmas();
        Ok(())
    }
}

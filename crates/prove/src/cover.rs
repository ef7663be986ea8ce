//! What a statement adds to others of its document.
//!
//! A statement is *covered* by others if every request that it matches is matched by one of them too, which says at least
//! as much: of an Allow, a Deny, or an Allow that names the caller at least as strongly (`EVAL-20` to `EVAL-31`); of a Deny,
//! another Deny. By none at all it is covered if no request matches it. Whoever removes a statement that the others cover
//! changes no verdict (`EVAL-3`), and so no decision, whatever other policies say.

use portcullis_model::{Effect, PolicyKind};
use portcullis_syntax::Policy;

use crate::algebra::Algebra;
use crate::case::cases_of_one;
use crate::decision::{Given, Matches, Reading, Said, refused, said};
use crate::domain::Case;
use crate::formula::{Formula, Formulas};
use crate::question::{Answer, Asked, Confirm, Options, Reason, spelled};
use crate::request::Witness;

/// The statements of one document, about which questions are asked one after the other: what they say is made once.
pub struct Statements<'p> {
    policy: &'p Policy<'p>,
    options: Options,
    cases: Vec<Told>,
    left: u64,
}

/// What the statements say in one case.
struct Told {
    case: Case,
    formulas: Formulas,
    /// One for each way in which the document may be read.
    said: Vec<Said<Formula>>,
    /// What is refused whatever policies say.
    refused: Formula,
}

/// No request is told to anybody, so none is held against the machine: one that it decides otherwise can only keep a
/// statement from being covered.
pub(crate) struct Unheard;

impl Confirm for Unheard {
    fn confirm(&mut self, _: &Witness) -> Result<(), String> {
        Ok(())
    }
}

impl<'p> Statements<'p> {
    /// Those of a policy. `whole` is the work that all questions together may cost, beside that of the options for each.
    pub fn of(policy: &'p Policy<'p>, options: &Options, whole: u64) -> Statements<'p> {
        let one = |case: Case| {
            let mut formulas = Formulas::new();
            let readings = readings(policy).iter();
            let own = core::slice::from_ref(policy);
            let said = readings.map(|reading| said(own, *reading, &case, &mut formulas));
            let said = said.collect();
            let refused = refused(&case, Given::default(), &mut formulas);
            Told {
                case,
                formulas,
                said,
                refused,
            }
        };
        Statements {
            policy,
            options: Options {
                findings: 1,
                ..*options
            },
            cases: cases_of_one(policy, options).into_iter().map(one).collect(),
            left: whole,
        }
    }

    /// Whether a statement is covered by others, by their indexes. Proved: whoever has the others may do without it. Of a
    /// refuted answer the request is one that the prover found and the machine did not see.
    pub fn covered(&mut self, statement: usize, others: &[usize]) -> Answer {
        if self.left == 0 {
            // To put the question costs something too.
            return Answer::Unknown(vec![Reason::Work]);
        }
        let mut options = self.options;
        options.work = options.work.min(self.left);
        let mut unheard = Unheard;
        let mut asked = Asked::new(&options, &mut unheard);
        // What a question costs beside what is counted: measured, some microseconds for each of the others.
        const OTHER: u64 = 1_000;
        let mut cost = 0;
        for told in &mut self.cases {
            let root = told.uncovered(statement, others);
            let spelling = |name: &str| spelled(core::iter::once(self.policy), name);
            asked.ask(&mut told.formulas, &told.case, root, &[], &spelling);
            cost += (others.len() as u64).saturating_mul(OTHER);
            if asked.is_done() {
                break;
            }
        }
        let spent = asked.spent();
        let answer = asked.answer();
        self.left = self.left.saturating_sub(spent.saturating_add(cost));
        answer
    }
}

/// The ways in which a document may be read: one, where it makes no difference.
fn readings(policy: &Policy<'_>) -> &'static [Reading] {
    let negated = policy.document.statements.iter().any(|own| {
        own.effect == Effect::Deny && own.principal.is_some_and(|principal| principal.negated)
    });
    match policy.document.kind {
        PolicyKind::VpcEndpoint => &[Reading::Endpoint],
        // `GRAM-52`: NotPrincipal with Deny also depends on whether the caller has a boundary.
        PolicyKind::Resource | PolicyKind::Trust if negated => {
            &[Reading::Resource(false), Reading::Resource(true)]
        }
        PolicyKind::Resource | PolicyKind::Trust => &[Reading::Resource(false)],
        _ => &[Reading::Plain],
    }
}

impl Told {
    /// A request matches the statement, and none of the others that say at least as much.
    fn uncovered(&mut self, statement: usize, others: &[usize]) -> Formula {
        let formulas = &mut self.formulas;
        let mut either = Vec::new();
        for said in &self.said {
            let Some(own) = said.statements.get(statement) else {
                continue;
            };
            let others = others.iter().filter(|index| **index != statement);
            let others = others.filter_map(|index| said.statements.get(*index));
            let others: Vec<&Matches<Formula>> = others.collect();
            for (strength, matches) in strengths(own).into_iter().enumerate() {
                let mut all = vec![matches];
                for other in &others {
                    let covers = match (own.effect, other.effect) {
                        (_, Effect::Deny) => other.any,
                        (Effect::Deny, Effect::Allow) => continue,
                        (Effect::Allow, Effect::Allow) => {
                            // `EVAL-31`: the most favourable counts, and direct before role before account.
                            let stronger = strengths(other).into_iter().take(strength + 1);
                            formulas.or(stronger.collect())
                        }
                    };
                    all.push(formulas.not(covers));
                }
                either.push(formulas.and(all));
            }
        }
        let uncovered = formulas.or(either);
        let not_refused = formulas.not(self.refused);
        formulas.and(vec![uncovered, not_refused])
    }
}

/// How a statement matches: the strongest way first, and of a Deny any.
fn strengths(own: &Matches<Formula>) -> Vec<Formula> {
    match own.effect {
        Effect::Deny => vec![own.any],
        Effect::Allow => vec![own.direct, own.role_like, own.account],
    }
}

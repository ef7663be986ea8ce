//! The formula of a decision, over any Boolean algebra.

use portcullis_model::Effect;
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Document, Statement};

use crate::algebra::{Algebra, Part};
use crate::domain::{Asks, Case};
use crate::statement::{actions, condition, fold, resources};

/// A policy set for one case: what its statements say.
pub(crate) struct Said<V> {
    /// For each statement, in order: its effect, and whether it matches.
    pub(crate) statements: Vec<(Effect, V)>,
}

impl<V: Clone> Said<V> {
    /// One of the statements of an effect matches.
    pub(crate) fn any<A: Algebra<Value = V>>(&self, effect: Effect, algebra: &mut A) -> V {
        let own = self.statements.iter().filter(|(own, _)| *own == effect);
        let all = own.map(|(_, matches)| matches.clone()).collect();
        algebra.or(all)
    }

    /// The set allows (`EVAL-3`): no Deny matches, and an Allow does.
    pub(crate) fn allows<A: Algebra<Value = V>>(&self, algebra: &mut A) -> V {
        let denied = self.any(Effect::Deny, algebra);
        let allowed = self.any(Effect::Allow, algebra);
        let not_denied = algebra.not(denied);
        algebra.and(vec![not_denied, allowed])
    }
}

/// What the statements of policies without principals say.
pub(crate) fn said<A: Algebra>(
    policies: &[Policy<'_>],
    case: &Case,
    algebra: &mut A,
) -> Said<A::Value> {
    let mut statements = Vec::new();
    for policy in policies {
        for statement in policy.document.statements {
            let matches = elements(&policy.document, statement, case, algebra);
            statements.push((statement.effect, matches));
        }
    }
    Said { statements }
}

/// Whether action, resource and conditions of a statement match (`COND-1`).
fn elements<A: Algebra>(
    document: &Document<'_>,
    statement: &Statement<'_>,
    case: &Case,
    algebra: &mut A,
) -> A::Value {
    let mut all = Vec::with_capacity(2 + statement.conditions.len());
    let listed = algebra.test(Part::Action, actions(&statement.action));
    all.push(match statement.action.negated {
        true => algebra.not(listed),
        false => listed,
    });
    if let Some(entries) = &statement.resource {
        let test = resources(entries, document, algebra);
        let listed = algebra.test(Part::Resource, test);
        all.push(match entries.negated {
            true => algebra.not(listed),
            false => listed,
        });
    }
    for own in statement.conditions {
        let test = condition(own, document.has_variables(), algebra);
        all.push(match case.asks(fold(own.key.value), test) {
            Asks::Answer(answer) => algebra.constant(answer),
            Asks::Of(part, test, wanted) => {
                let holds = algebra.test(part, test);
                if wanted { holds } else { algebra.not(holds) }
            }
        });
    }
    algebra.and(all)
}

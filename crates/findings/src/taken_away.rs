//! What policies take away from whoever may do more.

use std::collections::BTreeSet;

use portcullis_model::Effect;
use portcullis_prove::Selection;
use portcullis_syntax::PolicySets;
use portcullis_syntax::ast::Statement;

/// The actions that statements of some policies deny or leave out, each once, with the name of the first policy that does; in
/// the order of identity policies, boundary, resource policy and control policies.
pub(crate) fn taken_away<'d>(policies: &PolicySets<'d>) -> Vec<(&'d str, Selection)> {
    let limits = policies.boundary.iter().chain(&policies.resource).flatten();
    let chains = policies.scps.iter().chain(&policies.rcps).flatten();
    let all = policies.identity.iter().chain(limits).chain(chains);
    let all = all.flat_map(|own| {
        let statements = own.document.statements.iter();
        statements
            .flat_map(|statement| of_statement(statement).into_iter().map(|it| (own.name, it)))
    });
    let mut seen: BTreeSet<Selection> = BTreeSet::new();
    all.filter(|(_, actions)| seen.insert(actions.clone()))
        .collect()
}

fn of_statement(statement: &Statement<'_>) -> Vec<Selection> {
    let list = statement.action.list.iter().map(|entry| entry.value);
    match (statement.effect, statement.action.negated) {
        (Effect::Deny, false) | (Effect::Allow, true) => {
            list.map(|entry| Selection::of([entry])).collect()
        }
        (Effect::Deny, true) => vec![Selection::but(list)],
        (Effect::Allow, false) => Vec::new(),
    }
}

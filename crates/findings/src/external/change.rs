//! What a change makes of the findings of a resource: those before and after, paired. What they are after a change that is only
//! proposed, the directory tells that was read with the proposal ([`portcullis_directory::Proposal`]).

use super::Finding;

/// What becomes of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is not there before.
    New,
    /// It is, and says something else.
    Changed,
    /// It is, and says the same.
    Unchanged,
    /// It is there before, and not after.
    Resolved,
}

impl Change {
    /// The name that Access Analyzer has for it in previews.
    pub fn as_str(self) -> &'static str {
        match self {
            Change::New => "NEW",
            Change::Changed => "CHANGED",
            Change::Unchanged => "UNCHANGED",
            Change::Resolved => "RESOLVED",
        }
    }
}

/// The findings after a change with what became of them, and then those that are gone. A finding is the same if it is of the same
/// principal, with the same conditions if there are several.
pub fn changes(before: Vec<Finding>, after: Vec<Finding>) -> Vec<(Change, Finding)> {
    let mut before: Vec<Option<Finding>> = before.into_iter().map(Some).collect();
    let mut pair = |is_same: &dyn Fn(&Finding) -> bool| {
        let found = before
            .iter_mut()
            .find(|own| own.as_ref().is_some_and(is_same));
        found.and_then(Option::take)
    };
    let mut pairs: Vec<(Option<Finding>, Finding)> = Vec::new();
    for own in after {
        let is_same =
            |old: &Finding| old.principal == own.principal && old.condition == own.condition;
        pairs.push((pair(&is_same), own));
    }
    for (old, own) in &mut pairs {
        if old.is_none() {
            *old = pair(&|old| old.principal == own.principal);
        }
    }
    let mut found: Vec<(Change, Finding)> = Vec::new();
    for (old, own) in pairs {
        let says = |one: &Finding| {
            let actions = one.actions.clone();
            (
                actions,
                one.condition.clone(),
                one.is_public,
                one.request.is_some(),
            )
        };
        let change = match old {
            None => Change::New,
            Some(old) if says(&old) == says(&own) => Change::Unchanged,
            Some(_) => Change::Changed,
        };
        found.push((change, own));
    }
    let gone = before.into_iter().flatten();
    found.extend(gone.map(|own| (Change::Resolved, own)));
    found
}

//! Which known targets may open to whom: what keeps a question about every resource of an organization from asking each of
//! its principals about each of its targets.
//!
//! Across accounts the target's side has to allow as well (`XACC-1`, `XACC-5`). So a target of another account is passed over if no Allow
//! of its policy may be about the actions and name somebody of the caller's account. Nothing else is passed over: what may be is
//! asked, and so is every target of the caller's own account, every one with grants, and every one whose policy was not seen.

use std::rc::Rc;

use portcullis_directory::KnownTarget;
use portcullis_model::{Caller, Effect, Request, is_account_id, split_arn};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{PrincipalEntry, PrincipalKind, Statement};

use super::{Questions, Scope};
use crate::caller::Asker;

/// An Allow of a target's policy.
pub(super) struct Opening {
    /// Patterns of the actions that it is about; none for all but some.
    actions: Option<Vec<String>>,
    /// The accounts of those that it names; none if others are named too, or all.
    accounts: Option<Vec<String>>,
}

impl Opening {
    fn of(statement: &Statement<'_>) -> Opening {
        let actions = &statement.action;
        let texts = actions.list.iter().map(|entry| entry.value.to_owned());
        let principals = statement.principal.as_ref().filter(|own| !own.negated);
        Opening {
            actions: (!actions.negated).then(|| texts.collect()),
            accounts: principals.and_then(|own| own.list.iter().map(account).collect()),
        }
    }

    fn may_open(&self, scope: &Scope, home: &str) -> bool {
        let is_named = |accounts: &Vec<String>| accounts.iter().any(|own| own == home);
        let is_meant = |actions: &Vec<String>| actions.iter().any(|own| scope.may_meet(own));
        self.accounts.as_ref().is_none_or(is_named) && self.actions.as_ref().is_none_or(is_meant)
    }
}

/// The account of whom an entry names; none if that is nobody of one account, or cannot be told.
fn account(entry: &PrincipalEntry<'_>) -> Option<String> {
    let text = entry.value.value;
    if entry.kind != PrincipalKind::Aws {
        return None;
    }
    let in_arn = || split_arn(text).map(|[.., account, _]| account);
    let account = if is_account_id(text) {
        Some(text)
    } else {
        in_arn()
    };
    account.filter(|own| is_account_id(own)).map(str::to_owned)
}

impl<'d> Questions<'d> {
    /// False only if a known target is proved to allow none of the actions to a caller, by what its policy does not say.
    pub(super) fn may_open(&mut self, asker: &Asker<'d>, scope: &Scope, place: usize) -> bool {
        let (home, _) = asker.home();
        let targets = Rc::clone(&self.targets);
        let Some(target) = targets.get(place) else {
            return false;
        };
        let is_foreign = target.owner.as_deref().is_some_and(|owner| owner != home);
        if !is_foreign || !is_account_id(home) || target.has_grants || self.owner.is_some() {
            return true;
        }
        let openings = match self.openings.get(&place) {
            Some(openings) => openings,
            None => {
                let openings = self.openings_of(target);
                self.openings.entry(place).or_insert(openings)
            }
        };
        let own = openings.as_ref();
        own.is_none_or(|own| own.iter().any(|own| own.may_open(scope, home)))
    }

    /// The Allows of a target's policy; none if it was not seen, or others have a say.
    fn openings_of(&mut self, target: &KnownTarget) -> Option<Vec<Opening>> {
        if target.example.contains("accesspoint") {
            return None;
        }
        let stranger = Asker::new(Request::new(Caller::Anonymous, "", "").principal);
        let policies = self.policies_for(&stranger, &target.example).ok()?;
        let policies: Vec<Policy<'d>> = policies.resource.filter(|_| target.has_policy)?;
        let statements = policies.iter().flat_map(|own| own.document.statements);
        let allows = statements.filter(|own| own.effect == Effect::Allow);
        Some(allows.map(Opening::of).collect())
    }
}

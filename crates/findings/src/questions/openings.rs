//! What the policies of targets open to whom: their Allows, and what these say, each once.

use std::collections::HashMap;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::{Directory, KnownTarget};
use portcullis_model::{Caller, Effect, PolicyKind, Request, is_account_id, split_arn};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::{Document, PrincipalEntry, PrincipalKind, Statement};

use super::{Questions, Scope};
use crate::caller::Asker;

/// Whom an entry of a policy names: an account, and one of its users or roles by the ARN if it is no more than that.
pub(super) struct Named {
    pub(super) account: String,
    arn: Option<String>,
}

/// An Allow of a target's policy.
pub(super) struct Opening {
    /// The place of what it says among what others say, of whatever resource.
    pub(super) way: usize,
    /// The place of the actions that it is about among those of others.
    actions: usize,
    /// Those of an account that it names; none if it names all, or some of whom that cannot be told.
    pub(super) named: Option<Vec<Named>>,
}

/// The Allows of a target's policy.
#[derive(Clone)]
pub(super) enum Allows {
    Seen(Rc<Vec<Opening>>),
    /// It is there and was not seen, or cannot be read.
    Unseen,
    /// Others have a say.
    Untold,
}

/// What is known of the policies of targets, as far as somebody asked.
#[derive(Default)]
pub(super) struct Openings<'d> {
    /// The Allows of the policies of targets, by their places.
    of_targets: HashMap<usize, Allows>,
    /// What these say, each once: policies of one statement that is about any resource.
    ways: Vec<Policy<'d>>,
    /// The places of ways by what their statements name first: the types, principals and actions.
    known_ways: HashMap<(PolicyKind, Vec<&'d str>), Vec<usize>>,
    /// Patterns of actions that Allows are about, each list once; none for all but some.
    actions: Vec<Option<Vec<&'d str>>>,
    known_actions: HashMap<Option<Vec<&'d str>>, usize>,
    /// Whether a scope, by its number, asks for some of a list.
    about: HashMap<(u32, usize), bool>,
}

impl Opening {
    fn of(
        directory: &Directory,
        statement: &Statement<'_>,
        (way, actions): (usize, usize),
    ) -> Opening {
        let principals = statement.principal.as_ref().filter(|own| !own.negated);
        let named = principals.and_then(|own| {
            // A service has no account (`GRAM-42`).
            let entries = own.list.iter();
            let entries = entries.filter(|entry| entry.kind != PrincipalKind::Service);
            entries.map(|entry| named(directory, entry)).collect()
        });
        Opening {
            way,
            actions,
            named,
        }
    }

    /// False only if it names somebody else.
    pub(super) fn may_be_for(&self, asker: &Asker<'_>) -> bool {
        let is_named = |all: &Vec<Named>| all.iter().any(|own| own.may_be(asker));
        self.named.as_ref().is_none_or(is_named)
    }
}

impl Named {
    fn may_be(&self, asker: &Asker<'_>) -> bool {
        let (home, _) = asker.home();
        let is_same = |arn: &String| {
            let own = [asker.arn(), asker.role_arn()];
            own.into_iter()
                .flatten()
                .any(|own| own.eq_ignore_ascii_case(arn))
        };
        self.account == home
            && (!asker.is_user() && !asker.is_role() || self.arn.as_ref().is_none_or(is_same))
    }
}

/// Whom an entry names; none if that is nobody of one account, or cannot be told.
fn named(directory: &Directory, entry: &PrincipalEntry<'_>) -> Option<Named> {
    let text = entry.value.value;
    if entry.kind != PrincipalKind::Aws {
        return None;
    }
    let is_id = !is_account_id(text) && split_arn(text).is_none();
    let of_id = is_id.then(|| directory.principal_of_id(text)).flatten();
    let text = of_id.as_deref().unwrap_or(text);
    let parts = split_arn(text);
    let account = match parts {
        _ if is_account_id(text) => text,
        Some([.., account, _]) if is_account_id(account) => account,
        _ => return None,
    };
    let is_one = parts.is_some_and(|[_, _, service, .., last]| {
        service == "iam" && (last.starts_with("user/") || last.starts_with("role/"))
    });
    Some(Named {
        account: account.to_owned(),
        arn: is_one.then(|| text.to_owned()),
    })
}

impl<'d> Openings<'d> {
    /// Forgets what scopes ask.
    pub(super) fn forget(&mut self) {
        self.about.clear();
    }

    /// What a way says.
    pub(super) fn way(&self, way: usize) -> Option<Policy<'d>> {
        self.ways.get(way).copied()
    }

    /// The place of a list of actions.
    fn actions_of(&mut self, statement: &Statement<'d>) -> usize {
        let own = &statement.action;
        let texts = own.list.iter().map(|entry| entry.value);
        let list = (!own.negated).then(|| texts.collect::<Vec<_>>());
        let next = self.actions.len();
        let place = *self.known_actions.entry(list.clone()).or_insert(next);
        if place == next {
            self.actions.push(list);
        }
        place
    }

    /// False only if an opening is about none of the actions that a scope of some number asks for.
    pub(super) fn may_be_about(
        &mut self,
        opening: &Opening,
        (number, scope): (u32, &Scope),
    ) -> bool {
        let key = (number, opening.actions);
        if let Some(known) = self.about.get(&key) {
            return *known;
        }
        let list = self.actions.get(opening.actions).and_then(Option::as_ref);
        let may = list.is_none_or(|list| list.iter().any(|own| scope.may_meet(own)));
        self.about.insert(key, may);
        may
    }

    /// The place of what an Allow of a policy says. Thousands of targets say the same, each of itself.
    fn way_of(&mut self, policy: &Policy<'d>, statement: &Statement<'d>, arena: &'d Bump) -> usize {
        let own = Statement {
            sid: None,
            resource: None,
            ..*statement
        };
        let principals = own.principal.iter().flat_map(|own| own.list);
        let principals = principals.map(|entry| entry.value.value);
        let actions = own.action.list.iter().map(|entry| entry.value);
        let names = principals.chain(actions).collect();
        let document = &policy.document;
        let known = self.known_ways.entry((document.kind, names)).or_default();
        for way in known.iter() {
            let other = self.ways.get(*way).map(|policy| policy.document);
            let is_same = other.is_some_and(|other| {
                other.statements == [own] && other.has_variables() == document.has_variables()
            });
            if is_same {
                return *way;
            }
        }
        let way = self.ways.len();
        known.push(way);
        let document = Document {
            statements: arena.alloc_slice_copy(&[own]),
            ..*document
        };
        self.ways.push(Policy {
            document,
            ..*policy
        });
        way
    }
}

impl<'d> Questions<'d> {
    /// What the policy of a target allows, where no grant has a say in what a scope asks.
    pub(super) fn openings_of(
        &mut self,
        (place, target): (usize, &KnownTarget),
        scope: &Scope,
    ) -> Allows {
        let found = match self.openings.of_targets.get(&place) {
            Some(known) => known.clone(),
            None => {
                let found = self.read_openings(target);
                self.openings.of_targets.insert(place, found.clone());
                found
            }
        };
        match found {
            Allows::Seen(_) if target.has_grants && scope.may_be_granted() => Allows::Untold,
            found => found,
        }
    }

    fn read_openings(&mut self, target: &KnownTarget) -> Allows {
        let stranger = Asker::new(Request::new(Caller::Anonymous, "", "").principal);
        let scratch = Bump::new();
        let Ok(facts) = self.facts_on(&stranger, &target.example, &scratch) else {
            return Allows::Untold;
        };
        if facts.obstacle.is_some() {
            return match target.has_grants {
                true => Allows::Untold,
                false => Allows::Unseen,
            };
        }
        let policies = self.policies(&facts.sets);
        let resource = match policies.map(|own| (own.resource, target.has_policy)) {
            Some((Some(own), true)) => own,
            Some((None, false)) => Vec::new(),
            _ => return Allows::Untold,
        };
        let (directory, arena) = (self.directory, self.arena);
        let all = resource.iter().flat_map(|policy| {
            let statements = policy.document.statements.iter();
            statements.map(move |statement| (policy, statement))
        });
        let allows = all.filter(|(_, statement)| statement.effect == Effect::Allow);
        let openings = allows.map(|(policy, statement)| {
            let way = self.openings.way_of(policy, statement, arena);
            let actions = self.openings.actions_of(statement);
            Opening::of(directory, statement, (way, actions))
        });
        Allows::Seen(Rc::new(openings.collect()))
    }
}

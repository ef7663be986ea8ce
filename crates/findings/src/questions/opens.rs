//! Which known targets may be of use to whom: what keeps a question about every resource of an organization from asking each of
//! its principals about each of its targets.
//!
//! Nothing is allowed without an Allow (`EVAL-71`): across accounts the caller's policies and the target's both have one
//! (`XACC-1`, `XACC-5`), in one account one of them does, and a role is assumed only by what its own policy allows (`TRUST-1`). An
//! access point is a target like others: the bucket behind it has to allow besides (`S3-6`). A target is passed over if no such statement may be about the actions, the target and the caller. Nothing else is passed over: what may
//! be is asked, and so is every target with grants, and every one whose policy was not seen.

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::KnownTarget;
use portcullis_model::{Caller, Effect, Request, is_account_id, split_arn};
use portcullis_prove::Selection;
use portcullis_syntax::ast::{PrincipalEntry, PrincipalKind, Statement};

use super::search::decides;
use super::{Element, Questions, Scope};
use crate::caller::Asker;
use crate::class::{Class, Facts, Target};

/// Whom an entry of a policy names: an account, and one of its users or roles by the ARN if it is no more than that.
struct Named {
    account: String,
    arn: Option<String>,
}

/// An Allow of a target's policy.
pub(super) struct Opening {
    /// Patterns of the actions that it is about; none for all but some.
    actions: Option<Vec<String>>,
    /// Those that it names; none if others are named too, or all.
    named: Option<Vec<Named>>,
}

/// What is known of targets, as far as somebody asked.
#[derive(Default)]
pub(super) struct Openings {
    /// The Allows of the policies of targets, by their places; none of one whose policy was not seen.
    of_targets: HashMap<usize, Option<Rc<Vec<Opening>>>>,
    /// The targets that meet resources, by the accounts that own them.
    of_resources: HashMap<Selection, Rc<ByAccount>>,
    /// The targets that may open to somebody for what a scope asks, by its number.
    of_scopes: HashMap<u32, Rc<Openable>>,
    /// All targets by how their patterns begin; none before somebody asked.
    starts: Option<Starts>,
}

/// The places of targets by the text before the first wildcard of their patterns, to find those that meet one resource.
#[derive(Default)]
struct Starts {
    places: HashMap<String, Vec<usize>>,
    /// How long the texts are.
    lengths: BTreeSet<usize>,
}

impl Starts {
    fn of(targets: &[KnownTarget]) -> Starts {
        let mut starts = Starts::default();
        for (place, target) in targets.iter().enumerate() {
            let start = target.pattern.split(['*', '?']).next().unwrap_or_default();
            starts.lengths.insert(start.len());
            let places = starts.places.entry(start.to_owned()).or_default();
            places.push(place);
        }
        starts
    }

    /// The targets whose patterns may match a text, and perhaps others, in their order.
    fn find(&self, text: &str) -> Vec<usize> {
        let starts = self.lengths.iter().filter_map(|end| text.get(..*end));
        let places = starts.filter_map(|start| self.places.get(start));
        let mut places: Vec<usize> = places.flatten().copied().collect();
        places.sort_unstable();
        places
    }
}

/// The places of targets by accounts.
type ByAccount = HashMap<String, Vec<usize>>;

/// Whose policies may allow something on a target.
enum By {
    /// It is not known.
    Any,
    /// Nobody's.
    None,
    /// The caller's alone.
    Caller,
    /// The target's, and the caller's too perhaps.
    Target,
    /// Both have to.
    Both,
}

/// The places of targets that may open to callers of other accounts.
#[derive(Default)]
struct Openable {
    /// To callers of an account that their policies name.
    named: ByAccount,
    /// To callers of any account.
    any: Vec<usize>,
}

impl Opening {
    fn of(statement: &Statement<'_>) -> Opening {
        let actions = &statement.action;
        let texts = actions.list.iter().map(|entry| entry.value.to_owned());
        let principals = statement.principal.as_ref().filter(|own| !own.negated);
        Opening {
            actions: (!actions.negated).then(|| texts.collect()),
            named: principals.and_then(|own| own.list.iter().map(named).collect()),
        }
    }

    fn may_open(&self, scope: &Scope, asker: &Asker<'_>) -> bool {
        let is_named = |all: &Vec<Named>| all.iter().any(|own| own.may_be(asker));
        self.named.as_ref().is_none_or(is_named) && self.may_be_about(scope)
    }

    fn may_be_about(&self, scope: &Scope) -> bool {
        let is_meant = |actions: &Vec<String>| actions.iter().any(|own| scope.may_meet(own));
        self.actions.as_ref().is_none_or(is_meant)
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
fn named(entry: &PrincipalEntry<'_>) -> Option<Named> {
    let text = entry.value.value;
    if entry.kind != PrincipalKind::Aws {
        return None;
    }
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

impl<'d> Questions<'d> {
    /// The places of known targets, in their order, of which it is not proved that none of the actions is allowed to a caller.
    pub(super) fn candidates(
        &mut self,
        asked: (&Asker<'d>, &Rc<Scope>, Option<Element<'d>>),
    ) -> Vec<usize> {
        let (asker, scope, _) = asked;
        let (home, _) = asker.home();
        let targets = Rc::clone(&self.targets);
        let is_anything = self.is_in_full || self.owner.is_some() || !is_account_id(home);
        let mut places: Vec<usize> = if is_anything {
            let meets = |own: &KnownTarget| scope.resources.may_meet_resource(&own.pattern);
            let all = targets.iter().enumerate();
            all.filter(|(_, own)| meets(own))
                .map(|(place, _)| place)
                .collect()
        } else {
            let (own, openable) = (self.owned(&scope.resources), self.openable(scope));
            let of = |places: &ByAccount| places.get(home).cloned().unwrap_or_default();
            [of(&own), of(&openable.named), openable.any.clone()].concat()
        };
        places.sort_unstable();
        places.dedup();
        places.retain(|place| targets.get(*place).is_some_and(|own| decides(own, home)));
        if places.is_empty() || self.is_in_full {
            return places;
        }
        let granted = self.granted(asker, scope);
        let mut possible: [Option<bool>; 3] = [None; 3];
        places.retain(|place| {
            let Some(target) = targets.get(*place) else {
                return false;
            };
            let by = self.opens_by((asker, scope), (*place, target), granted.as_deref());
            let (number, class) = match by {
                By::Any => return true,
                By::None => return false,
                // What only the caller's own policies may allow, they may allow on unknown targets too.
                By::Caller => (0, Class::Unknown),
                By::Target => (1, Class::Opened),
                By::Both => (2, Class::Elsewhere),
            };
            let known = possible.get_mut(number);
            known.is_none_or(|own| *own.get_or_insert_with(|| self.is_possible(asked, &class)))
        });
        places
    }

    /// Patterns of the resources on which a caller's own policies may allow one of the actions; none if that cannot be told.
    fn granted(&mut self, asker: &Asker<'d>, scope: &Scope) -> Option<Vec<String>> {
        let is_plain = asker.is_user() || asker.is_role();
        if self.has_all_rights || self.owner.is_some() || !is_plain {
            return None;
        }
        let arena = Bump::new();
        let target = Target {
            example: "*",
            action: "portcullis:Any",
            has_tags: false,
            is_known: false,
        };
        let facts = Facts::of(self.directory, asker, &target, self.given(), &arena).ok()?;
        if facts.obstacle.is_some() || facts.is_stranger || facts.external_grant {
            return None;
        }
        let relevant = self.relevant(&facts.sets, scope)?;
        let patterns = relevant.iter().flat_map(|own| own.granted.iter().cloned());
        Some(patterns.collect())
    }

    /// Whose policies may allow one of the actions on a known target to a caller, who may be granted them on some resources.
    fn opens_by(
        &mut self,
        (asker, scope): (&Asker<'d>, &Scope),
        (place, target): (usize, &KnownTarget),
        granted: Option<&[String]>,
    ) -> By {
        let (home, _) = asker.home();
        if !is_account_id(home) || target.has_grants || self.owner.is_some() {
            return By::Any;
        }
        let Some(openings) = self.openings_of(place, target) else {
            return By::Any;
        };
        let is_foreign = target.owner.as_deref().is_some_and(|owner| owner != home);
        let opens = openings.iter().any(|own| own.may_open(scope, asker));
        let Some(granted) = granted else {
            return match is_foreign && !opens {
                true => By::None,
                false => By::Any,
            };
        };
        let is_granted = || {
            let granted = Selection::of(granted.iter().cloned());
            granted.may_meet_resource(&target.pattern)
        };
        match (is_foreign, opens) {
            (true, true) if is_granted() => By::Both,
            (true, _) => By::None,
            (false, true) => By::Target,
            // The policy of a user or role is about STS alone, and nothing else than it allows that.
            (false, false) if target.is_entity && !target.has_tags => By::None,
            (false, false) if is_granted() => By::Caller,
            (false, false) => By::None,
        }
    }

    /// The places of the targets that meet some resources, in their order.
    fn meeting(&mut self, resources: &Selection) -> Vec<usize> {
        let targets = Rc::clone(&self.targets);
        // A whole ARN means what it says: no text before a wildcard that is not a start of it leads to it.
        let is_whole = |text: &&str| split_arn(text).is_some() && !text.contains('$');
        let one = resources.only().filter(is_whole);
        let mut places = match one {
            Some(one) => {
                let starts = &mut self.openings.starts;
                starts.get_or_insert_with(|| Starts::of(&targets)).find(one)
            }
            None => (0..targets.len()).collect(),
        };
        let meets = |own: &KnownTarget| resources.may_meet_resource(&own.pattern);
        places.retain(|place| targets.get(*place).is_some_and(meets));
        places
    }

    /// The targets that meet some resources and decide something for callers of the account that owns them.
    fn owned(&mut self, resources: &Selection) -> Rc<ByAccount> {
        if let Some(known) = self.openings.of_resources.get(resources) {
            return Rc::clone(known);
        }
        let mut found = ByAccount::default();
        for place in self.meeting(resources) {
            let target = self.targets.get(place);
            let owner = target.and_then(|own| own.owner.as_ref().filter(|one| decides(own, one)));
            if let Some(owner) = owner {
                found.entry(owner.clone()).or_default().push(place);
            }
        }
        let found = Rc::new(found);
        let known = &mut self.openings.of_resources;
        known.insert(resources.clone(), Rc::clone(&found));
        found
    }

    /// The targets that may open to callers of other accounts for what a scope asks, and those without owner.
    fn openable(&mut self, scope: &Rc<Scope>) -> Rc<Openable> {
        let number = self.contents.scope(scope);
        if let Some(known) = self.openings.of_scopes.get(&number) {
            return Rc::clone(known);
        }
        let targets = Rc::clone(&self.targets);
        let mut found = Openable::default();
        for place in self.meeting(&scope.resources) {
            let Some(target) = targets.get(place) else {
                continue;
            };
            if target.owner.is_some() && !target.has_policy && !target.has_grants {
                continue;
            }
            let is_told = target.owner.is_some() && !target.has_grants;
            let openings = match is_told {
                true => self.openings_of(place, target),
                false => None,
            };
            let Some(openings) = openings else {
                found.any.push(place);
                continue;
            };
            let about = openings.iter().filter(|own| own.may_be_about(scope));
            let named: Option<Vec<&Vec<Named>>> = about.map(|own| own.named.as_ref()).collect();
            let Some(named) = named else {
                found.any.push(place);
                continue;
            };
            for own in named.into_iter().flatten() {
                let places = found.named.entry(own.account.clone()).or_default();
                places.push(place);
            }
        }
        let found = Rc::new(found);
        self.openings.of_scopes.insert(number, Rc::clone(&found));
        found
    }

    /// The Allows of a target's policy; none if it was not seen, or others have a say.
    fn openings_of(&mut self, place: usize, target: &KnownTarget) -> Option<Rc<Vec<Opening>>> {
        if let Some(known) = self.openings.of_targets.get(&place) {
            return known.clone();
        }
        let found = self.read_openings(target).map(Rc::new);
        self.openings.of_targets.insert(place, found.clone());
        found
    }

    fn read_openings(&mut self, target: &KnownTarget) -> Option<Vec<Opening>> {
        let stranger = Asker::new(Request::new(Caller::Anonymous, "", "").principal);
        let policies = self.seen_policies_for(&stranger, &target.example)?;
        let resource = match (policies.resource, target.has_policy) {
            (Some(own), true) => own,
            (None, false) => Vec::new(),
            _ => return None,
        };
        let statements = resource.iter().flat_map(|own| own.document.statements);
        let allows = statements.filter(|own| own.effect == Effect::Allow);
        Some(allows.map(Opening::of).collect())
    }
}

//! Which known targets may be of use to whom: what keeps a question about every resource of an organization from asking each of
//! its principals about each of its targets.
//!
//! Nothing is allowed without an Allow (`EVAL-71`): across accounts the caller's policies and the target's both have one
//! (`XACC-1`, `XACC-5`), in one account one of them does, and a role is assumed only by what its own policy allows (`TRUST-1`). An
//! access point is a target like others: the bucket behind it has to allow besides (`S3-6`). A target is passed over if no such statement
//! may be about the actions, the target and the caller, and one of another account also if it is proved that the caller's policies
//! and none of its Allows, about whatever resource, allow anything together: an organization has many targets and few ways in which
//! they open, so that is proved of a way and not of each target. Nothing else is passed over: what may be is asked, and so is every
//! target with grants, if they are about what is asked, and every one whose policy was not seen.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::KnownTarget;
use portcullis_model::{is_account_id, split_arn};
use portcullis_prove::Selection;

use super::openings::Allows;
use super::search::decides;
use super::{Element, Questions, Scope};
use crate::caller::Asker;
use crate::class::{Class, Facts, Target};

/// What is known of which targets count, as far as somebody asked.
#[derive(Default)]
pub(super) struct Reach {
    /// The targets that meet resources, by the accounts that own them.
    of_resources: HashMap<Selection, Rc<ByAccount>>,
    /// The targets that may open to somebody for what a scope asks, by its number.
    of_scopes: HashMap<u32, Rc<Openable>>,
    /// All targets by how their patterns begin; none before somebody asked.
    starts: Option<Starts>,
}

impl Reach {
    /// Forgets what scopes ask.
    pub(super) fn forget(&mut self) {
        self.of_resources.clear();
        self.of_scopes.clear();
    }
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
    /// Both have to: the caller's, and the target's in one of some ways, if that is known.
    Both(Option<Vec<usize>>),
}

/// What was found out of more than a class of targets, for one caller and question.
type Possible = HashMap<Class, bool>;

/// The places of targets that may open to callers of other accounts.
#[derive(Default)]
struct Openable {
    /// To callers of an account that their policies name.
    named: ByAccount,
    /// To callers of any account, by the ways in which they do.
    ways: BTreeMap<usize, Vec<usize>>,
    /// The same, in ways that are not known.
    untold: Vec<usize>,
    /// Those of whom it is not known who owns them.
    unowned: Vec<usize>,
}

/// A question of one caller, and what was found out of classes for it.
struct Weighed<'q, 'd> {
    asked: (&'q Asker<'d>, &'q Rc<Scope>, Option<Element<'d>>),
    /// The number of the scope.
    number: u32,
    possible: Possible,
    /// Patterns of the resources on which the caller's own policies may allow one of the actions; none if that cannot be told.
    granted: Option<Option<Selection>>,
}

impl<'d> Questions<'d> {
    /// The places of known targets, in their order, of which it is not proved that none of the actions is allowed to a caller.
    pub(super) fn candidates(
        &mut self,
        asked: (&Asker<'d>, &Rc<Scope>, Option<Element<'d>>),
    ) -> Vec<usize> {
        self.candidates_among(asked, |_| true)
    }

    /// The same of some targets, by their places.
    pub(super) fn candidates_among(
        &mut self,
        asked: (&Asker<'d>, &Rc<Scope>, Option<Element<'d>>),
        is_meant: impl Fn(usize) -> bool,
    ) -> Vec<usize> {
        let mut weighed = self.weighed(asked);
        let mut places = self.considered(&mut weighed);
        places.retain(|place| is_meant(*place) && self.is_candidate(&mut weighed, *place));
        places
    }

    /// False only if it is proved that none of some actions is allowed to a caller on anything.
    pub(crate) fn may_anywhere(&mut self, asker: &Asker<'d>, actions: &Selection) -> bool {
        if !self.directory.has_documents() {
            return true;
        }
        let scope = Scope::of(actions.clone(), Selection::of(["*"]));
        let mut weighed = self.weighed((asker, &scope, None));
        self.may(&mut weighed, Class::Unknown) || {
            let mut places = self.considered(&mut weighed).into_iter();
            places.any(|place| self.is_candidate(&mut weighed, place))
        }
    }

    fn weighed<'q>(
        &mut self,
        asked: (&'q Asker<'d>, &'q Rc<Scope>, Option<Element<'d>>),
    ) -> Weighed<'q, 'd> {
        Weighed {
            asked,
            number: self.contents.scope(asked.1),
            possible: Possible::new(),
            granted: None,
        }
    }

    /// The places of the targets that decide something for a caller and may be open to it, in their order.
    fn considered(&mut self, weighed: &mut Weighed<'_, 'd>) -> Vec<usize> {
        let (asker, scope, _) = weighed.asked;
        let (home, _) = asker.home();
        let is_anything = self.is_in_full || self.owner.is_some() || !is_account_id(home);
        let mut places: Vec<usize> = if is_anything {
            self.meeting(&scope.resources)
        } else {
            let (own, openable) = (
                self.owned(&scope.resources),
                self.openable(scope, weighed.number),
            );
            let of = |places: &ByAccount| places.get(home).cloned().unwrap_or_default();
            let mut places = [of(&own), of(&openable.named), openable.unowned.clone()].concat();
            let is_open = !openable.ways.is_empty() || !openable.untold.is_empty();
            if is_open && self.may(weighed, Class::Elsewhere) {
                places.extend(&openable.untold);
                for (way, of) in &openable.ways {
                    if self.may(weighed, Class::Through(*way)) {
                        places.extend(of);
                    }
                }
            }
            places
        };
        places.sort_unstable();
        places.dedup();
        let targets = Rc::clone(&self.targets);
        places.retain(|place| targets.get(*place).is_some_and(|own| decides(own, home)));
        places
    }

    /// False only if it is proved that none of the actions is allowed on a known target.
    fn is_candidate(&mut self, weighed: &mut Weighed<'_, 'd>, place: usize) -> bool {
        if self.is_in_full {
            return true;
        }
        let targets = Rc::clone(&self.targets);
        let Some(target) = targets.get(place) else {
            return false;
        };
        let by = self.opens_by(weighed, (place, target));
        match by {
            By::Any => true,
            By::None => false,
            // What only the caller's own policies may allow, they may allow on unknown targets too.
            By::Caller => self.may(weighed, Class::Unknown),
            By::Target => self.may(weighed, Class::Opened),
            By::Both(ways) => {
                self.may(weighed, Class::Elsewhere)
                    && ways.is_none_or(|ways| {
                        let mut ways = ways.into_iter();
                        ways.any(|way| self.may(weighed, Class::Through(way)))
                    })
            }
        }
    }

    /// False only if it is proved of more than a class of targets that nothing is allowed on it.
    fn may(&mut self, weighed: &mut Weighed<'_, 'd>, class: Class) -> bool {
        if let Some(known) = weighed.possible.get(&class) {
            return *known;
        }
        let is_possible = self.is_possible(weighed.asked, &class);
        weighed.possible.insert(class, is_possible);
        is_possible
    }

    /// Patterns of the resources on which a caller's own policies may allow one of the actions; none if that cannot be told.
    fn granted(&mut self, asker: &Asker<'d>, scope: &Scope) -> Option<Selection> {
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
        Some(Selection::of(patterns))
    }

    /// Whose policies may allow one of the actions on a known target.
    fn opens_by(
        &mut self,
        weighed: &mut Weighed<'_, 'd>,
        (place, target): (usize, &KnownTarget),
    ) -> By {
        let (asker, scope, _) = weighed.asked;
        let (home, _) = asker.home();
        if !is_account_id(home) || self.owner.is_some() {
            return By::Any;
        }
        let is_foreign = target.owner.as_deref().is_some_and(|owner| owner != home);
        let granted = weighed
            .granted
            .get_or_insert_with(|| self.granted(asker, scope));
        let is_granted = granted
            .as_ref()
            .is_none_or(|own| own.may_meet_resource(&target.pattern));
        let Allows::Seen(openings) = self.openings_of((place, target), scope) else {
            return match is_foreign {
                true if is_granted => By::Both(None),
                true => By::None,
                false => By::Any,
            };
        };
        let mut ways = Vec::new();
        for own in openings.iter().filter(|own| own.may_be_for(asker)) {
            if self.openings.may_be_about(own, (weighed.number, scope)) {
                ways.push(own.way);
            }
        }
        match (is_foreign, !ways.is_empty()) {
            (true, true) if is_granted => By::Both(Some(ways)),
            (true, _) => By::None,
            (false, _) if granted.is_none() => By::Any,
            (false, true) => By::Target,
            // The policy of a user or role is about STS alone, and nothing else than it allows that.
            (false, false) if target.is_entity && !target.has_tags => By::None,
            (false, false) if is_granted => By::Caller,
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
                let starts = &mut self.reach.starts;
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
        if let Some(known) = self.reach.of_resources.get(resources) {
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
        let known = &mut self.reach.of_resources;
        known.insert(resources.clone(), Rc::clone(&found));
        found
    }

    /// The targets that may open to callers of other accounts for what a scope asks, and those without owner.
    fn openable(&mut self, scope: &Rc<Scope>, number: u32) -> Rc<Openable> {
        if let Some(known) = self.reach.of_scopes.get(&number) {
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
            if target.owner.is_none() {
                found.unowned.push(place);
                continue;
            }
            let openings = match self.openings_of((place, target), scope) {
                Allows::Seen(openings) => openings,
                // What is not seen is about the service of the target at least.
                Allows::Unseen if !scope.may_be_of(&target.example) => continue,
                Allows::Unseen | Allows::Untold => {
                    found.untold.push(place);
                    continue;
                }
            };
            for opening in openings.iter() {
                if !self.openings.may_be_about(opening, (number, scope)) {
                    continue;
                }
                let Some(named) = &opening.named else {
                    found.ways.entry(opening.way).or_default().push(place);
                    continue;
                };
                for own in named {
                    let places = found.named.entry(own.account.clone()).or_default();
                    places.push(place);
                }
            }
        }
        let found = Rc::new(found);
        self.reach.of_scopes.insert(number, Rc::clone(&found));
        found
    }
}

//! What somebody can do: the policies say what to ask, and every entry of them is asked as the pattern that it is.

use std::collections::BTreeSet;

use bumpalo::Bump;
use portcullis_directory::KnownTarget;
use portcullis_model::Effect;
use portcullis_prove::Selection;
use portcullis_syntax::ast::{Document, Entries, Statement};
use portcullis_syntax::{Policy, PolicySets};

use crate::answer::Can;
use crate::caller::Asker;
use crate::class::{Facts, Target};
use crate::questions::{Questions, decides};
use crate::taken_away::taken_away;

/// What somebody can do by an entry of a policy, or cannot although another entry would allow it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ability {
    /// The action or pattern, as the policy has it; of NotAction all but the listed.
    pub actions: Selection,
    /// The resources or patterns, as the policy has them; of NotResource all but the listed. Of a resource's policy that says
    /// none, the resource.
    pub resources: Selection,
    /// The policy, if one was asked about.
    pub policy: Option<String>,
    /// Whether it can.
    pub can: Can,
    /// It cannot, although what another entry allows has it within.
    pub is_exception: bool,
}

impl<'d> Questions<'d> {
    /// What somebody can do to some resources: an answer for each entry of the policies that may allow it, and each that takes
    /// something away. Of entries that say the same, the first.
    ///
    /// Costs a question for each entry.
    ///
    /// # Errors
    /// A sentence, if the directory does not know the caller or has no documents.
    pub fn what_can(
        &mut self,
        asker: &Asker<'d>,
        resources: &Selection,
    ) -> Result<Vec<Ability>, String> {
        if !self.directory.has_documents() {
            let text = "an image does not contain policies as they are written; give the folder, or name actions";
            return Err(text.to_owned());
        }
        let mut found: Vec<Ability> = Vec::new();
        let mut seen: BTreeSet<(Selection, Selection)> = BTreeSet::new();
        let own = self.policies_for(asker, "*")?;
        let mut all: Vec<(Vec<Policy<'d>>, Option<usize>)> = vec![(own.identity.clone(), None)];
        let targets = std::rc::Rc::clone(&self.targets);
        let (home, _) = asker.home();
        for (place, target) in targets.iter().enumerate() {
            let is_asked = decides(target, home) && resources.may_meet_resource(&target.pattern);
            if is_asked && target.has_policy {
                let policies = self.policies_for(asker, &target.example)?;
                all.push((policies.resource.unwrap_or_default(), Some(place)));
            }
        }
        let entries_of_all = all
            .iter()
            .flat_map(|(policies, place)| policies.iter().map(|policy| (policy, *place)));
        for (policy, place) in entries_of_all {
            for statement in policy.document.statements {
                if statement.effect == Effect::Allow {
                    let document: &'d Document<'d> = self.arena.alloc(policy.document);
                    let whole = place.and_then(|place| targets.get(place));
                    let whole = whole.filter(|_| statement.resource.is_none());
                    let resources = &match whole {
                        Some(target) => within(resources, &target.pattern),
                        None => resources.clone(),
                    };
                    for actions in entries(&statement.action) {
                        let resource = match whole {
                            Some(target) => Selection::of([target.pattern.clone()]),
                            None => resources_of(statement),
                        };
                        if !seen.insert((actions.clone(), resource.clone())) {
                            continue;
                        }
                        let element = statement.resource.as_ref();
                        let element = element.map(|own| (document, own));
                        let asked = [actions.clone()];
                        let can = self.can_matching(asker, &asked, resources, element);
                        found.push(Ability {
                            actions,
                            resources: resource,
                            policy: Some(policy.name.to_owned()),
                            can,
                            is_exception: false,
                        });
                    }
                }
            }
        }
        for target in targets.iter().filter(|target| target.has_grants) {
            if resources.may_meet_resource(&target.pattern) {
                self.by_grants(asker, target, resources, &mut found);
            }
        }
        self.exceptions(asker, resources, &own, &mut found);
        Ok(found)
    }

    /// What the grants of a target allow somebody, which no policy says (`EVAL-75`).
    fn by_grants(
        &mut self,
        asker: &Asker<'d>,
        target: &KnownTarget,
        resources: &Selection,
        found: &mut Vec<Ability>,
    ) {
        let grants = self.directory.grants_of(&target.name);
        let actions: BTreeSet<String> = grants.into_iter().flat_map(|own| own.actions).collect();
        let resources = within(resources, &target.pattern);
        for action in actions {
            let actions = Selection::of([action]);
            let can = self.can(asker, &actions, &resources);
            if can != Can::No {
                found.push(Ability {
                    actions,
                    resources: resources.clone(),
                    policy: Some(format!("grants of {}", target.name)),
                    can,
                    is_exception: false,
                });
            }
        }
    }

    /// What is taken away from what entries allow.
    fn exceptions(
        &mut self,
        asker: &Asker<'d>,
        resources: &Selection,
        own: &PolicySets<'d>,
        found: &mut Vec<Ability>,
    ) {
        for (policy, actions) in taken_away(own) {
            let is_within = found.iter().any(|own| {
                let can = matches!(own.can, Can::Yes(_) | Can::If(_));
                let mut patterns = actions.patterns.iter();
                can && patterns.any(|pattern| own.actions.may_meet_action(pattern))
            });
            if !is_within || found.iter().any(|own| own.actions == actions) {
                continue;
            }
            let can = self.can(asker, &actions, resources);
            if can == Can::No {
                found.push(Ability {
                    actions,
                    resources: resources.clone(),
                    policy: Some(policy.to_owned()),
                    can,
                    is_exception: true,
                });
            }
        }
    }

    /// The policies that take part when somebody does something to a resource.
    pub(crate) fn policies_for(
        &mut self,
        asker: &Asker<'d>,
        resource: &str,
    ) -> Result<PolicySets<'d>, String> {
        let arena = Bump::new();
        let facts = self.facts_on(asker, resource, &arena)?;
        let policies = self.policies(&facts.sets);
        policies.ok_or_else(|| "a policy cannot be read".to_owned())
    }

    /// What is known of the requests of somebody on a resource.
    pub(crate) fn facts_on<'f>(
        &self,
        asker: &Asker<'f>,
        resource: &str,
        arena: &'f Bump,
    ) -> Result<Facts<'f>, String>
    where
        'd: 'f,
    {
        let is_role = resource.contains(":role/");
        let target = Target::of_one(arena.alloc_str(resource), is_role);
        Facts::of(self.directory, asker, &target, self.given(), arena)
            .map_err(|error| error.to_string())
    }
}

/// The resources of a target that are asked about: the one that is named, or all.
fn within(resources: &Selection, target: &str) -> Selection {
    match resources.only() {
        Some(_) => resources.clone(),
        None => Selection::of([target]),
    }
}

/// What an element lists, entry by entry; of a negated one all but what it lists.
fn entries(own: &Entries<'_>) -> Vec<Selection> {
    let list = own.list.iter().map(|entry| entry.value);
    match own.negated {
        true => vec![Selection::but(list)],
        false => list.map(|entry| Selection::of([entry])).collect(),
    }
}

fn resources_of(statement: &Statement<'_>) -> Selection {
    match &statement.resource {
        Some(own) => Selection {
            patterns: own
                .list
                .iter()
                .map(|entry| entry.value.to_owned())
                .collect(),
            negated: own.negated,
        },
        None => Selection::of(["*"]),
    }
}

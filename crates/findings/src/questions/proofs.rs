//! A question of one class of targets, as one of the prover, unless somebody had the same before.

use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::{Engine, KnownTarget};
use portcullis_model::{Caller, split_arn};
use portcullis_prove::{Selection, Situation, exists};
use portcullis_syntax::PolicySets;

use super::machine::{decide, join};
use super::relevant::{may_allow, narrow};
use super::{Ask, EXCLUDED, Found, Key, Known, Questions, WORK, unknown};
use crate::class::{Class, Facts, Target, all_rights};

impl<'d> Questions<'d> {
    /// Asks about a class; a known target that is met among unknown ones is left out, since it is asked about apart.
    pub(super) fn ask(&mut self, ask: &Ask<'_, 'd>) -> Found {
        let mut excluded = ask.excluded.to_vec();
        loop {
            let (found, met) = self.ask_once(ask, &excluded);
            let is_unknown = matches!(ask.class, Class::NoAccount | Class::Own);
            match found {
                Found::Unknown(_) | Found::None
                    if is_unknown && !met.is_empty() && excluded.len() < EXCLUDED =>
                {
                    excluded.extend(met);
                }
                found => return found,
            }
        }
    }

    /// Asks about a class, and says which known targets were met that are another class.
    pub(super) fn ask_once(
        &mut self,
        ask: &Ask<'_, 'd>,
        excluded: &[String],
    ) -> (Found, Vec<String>) {
        let (home, partition) = ask.asker.home();
        let own = format!("arn:{partition}:portcullis::{home}:~");
        let targets = Rc::clone(&self.targets);
        let mut resources = vec![ask.scope.resources.clone()];
        let (example, is_known) = match ask.class {
            Class::Own => (own.as_str(), true),
            Class::One(arn) => (arn.as_str(), arn != "*"),
            Class::Known(place) => match targets.get(*place) {
                Some(target) => {
                    resources.push(Selection::of([target.pattern.clone()]));
                    (target.example.as_str(), true)
                }
                None => return (Found::None, Vec::new()),
            },
            _ => ("*", false),
        };
        let known: Vec<&KnownTarget> = match ask.class {
            Class::Known(place) => targets.get(*place).into_iter().collect(),
            Class::One(arn) => self.named(&targets, arn),
            _ => Vec::new(),
        };
        let has_tags = known
            .iter()
            .any(|own| own.has_tags && own.example == example);
        let has_grants = known.iter().any(|own| own.has_grants) && ask.scope.may_be_granted();
        let is_entity = match ask.class {
            Class::One(arn) => split_arn(arn).is_some_and(|parts| parts[2] == "iam"),
            _ => known.iter().any(|own| own.is_entity),
        };
        if !excluded.is_empty() {
            resources.push(Selection::but(excluded.to_vec()));
        }
        // The policy of a role is that of STS alone, so its requests are of two kinds.
        let kinds: &[(&str, &[(&str, &str)])] = match is_entity {
            true => &[("sts:AssumeRole", &[]), ("iam:GetRole", &[("sts:*", "*")])],
            false => &[("portcullis:Any", &[])],
        };
        let mut answer = Found::None;
        let mut met = Vec::new();
        for (action, without) in kinds {
            let is_of_sts = is_entity && without.is_empty();
            let is_idle = match ask.class {
                // What is not asked of STS is nothing else than of unknown ones, unless tags are known.
                Class::Known(_) if is_entity && !is_of_sts => !has_tags,
                _ => false,
            };
            if is_idle || is_of_sts && !ask.scope.may_meet("sts:*") {
                continue;
            }
            let action = match ask.scope.only_action() {
                Some(only) if !is_entity => only,
                _ => action,
            };
            let scratch = Bump::new();
            let target = Target {
                example,
                action,
                has_tags,
                is_known,
            };
            let facts = Facts::of(self.directory, ask.asker, &target, self.given(), &scratch);
            let mut facts = match facts {
                Ok(facts) => facts,
                Err(error) => {
                    let text = error.to_string();
                    return (unknown(text), Vec::new());
                }
            };
            facts.external_grant |= matches!(ask.class, Class::Opened | Class::Elsewhere);
            facts.is_owner &= !ask.class.is_elsewhere();
            if facts.obstacle.is_some() && !ask.scope.may_be_of(example) {
                continue;
            }
            let mut resources = resources.clone();
            let excluded: Vec<(Selection, Selection)> = without
                .iter()
                .map(|(action, resource)| (Selection::of([*action]), Selection::of([*resource])))
                .collect();
            let only_sts;
            let pairs: &[(Selection, Selection)] = match is_entity && without.is_empty() {
                true => {
                    only_sts = [(Selection::but(["sts:*"]), Selection::of(["*"]))];
                    &only_sts
                }
                false => &excluded,
            };
            resources.dedup();
            let mut found = self.exists(ask, &facts, &resources, pairs, &mut met);
            if has_grants && !matches!(found, Found::Example(_)) {
                // A grant is for some actions and callers: here for all, so that a no is one, and the machine knows better.
                facts.external_grant = true;
                found = self.exists(ask, &facts, &resources, pairs, &mut met);
            }
            match found {
                Found::None => {}
                // Nothing is allowed; but what the policy says is not known, only what all others do.
                _ if facts.obstacle.is_some() => {
                    answer = unknown(facts.obstacle.unwrap_or_default());
                }
                Found::Example(example) => return (Found::Example(example), met),
                found => answer = found,
            }
        }
        (answer, met)
    }

    /// The known targets that have the name of a resource.
    fn named<'t>(&self, targets: &'t [KnownTarget], arn: &str) -> Vec<&'t KnownTarget> {
        let name = self.directory.known_target(arn);
        let places = name.and_then(|name| self.by_name.get(&name));
        let places = places.into_iter().flatten();
        places.filter_map(|place| targets.get(*place)).collect()
    }

    /// Asks the prover, unless somebody asked the same before.
    fn exists(
        &mut self,
        ask: &Ask<'_, 'd>,
        facts: &Facts<'_>,
        resources: &[Selection],
        excluded: &[(Selection, Selection)],
        met: &mut Vec<String>,
    ) -> Found {
        let Some(relevant) = self.relevant(&facts.sets, ask.scope) else {
            return unknown("a policy cannot be read".to_owned());
        };
        let mut policies = PolicySets::default();
        for own in &relevant {
            join(&mut policies, &own.policies);
        }
        if ask.class.is_elsewhere() {
            policies.rcps.clear();
        }
        if let Class::Through(way) = ask.class {
            policies.resource = Some(self.openings.way(*way).into_iter().collect());
        }
        // What they say of other targets takes no part, and tells apart principals that are alike here.
        let target = match ask.class {
            Class::Known(place) if !self.is_in_full => self.targets.get(*place),
            _ => None,
        };
        let target = target.map(|own| Selection::of([own.pattern.clone()]));
        let contents = match &target {
            Some(target) => vec![self.contents.content(&policies, Some(target))],
            None => relevant.iter().map(|own| own.content).collect(),
        };
        let has_all_rights = self.has_all_rights || facts.is_stranger;
        if has_all_rights {
            policies.identity = all_rights(self.arena);
        }
        let external_grant = facts.external_grant || facts.obstacle.is_some();
        let is_root = matches!(facts.principal.caller, Caller::Root { .. });
        if !self.is_in_full && ask.wanted && !external_grant && !is_root && !may_allow(&policies) {
            return Found::None;
        }
        let (home, _) = ask.asker.home();
        let account = ask.class.account(home);
        let known = |key: &str| facts.value(key, ask.bare);
        let situation = Situation {
            policies: &policies,
            caller: facts.principal,
            known: &known,
            open: &facts.open,
            actions: &ask.scope.actions,
            resources,
            excluded,
            element: ask.element,
            account,
            not_all: ask.not_all,
            is_owner: facts.is_owner,
            crosses_partitions: facts.crosses_partitions,
            external_grant,
            bare: ask.bare,
            wanted: ask.wanted,
            work: WORK,
        };
        let key = Key {
            elsewhere: ask.class.is_elsewhere().then(|| ask.class.clone()),
            contents,
            caller: 2 * ask.asker.kind() + u8::from(facts.is_service_linked()),
            given: [
                facts.is_owner,
                facts.crosses_partitions,
                external_grant,
                facts.principal.management_account,
            ],
            account: format!("{account:?}"),
            asked: self.contents.scope(ask.scope),
            element: ask.scope.element,
            resources: {
                let pairs = excluded.iter().map(|(actions, _)| actions);
                resources.iter().chain(pairs).cloned().collect()
            },
            not_all: ask.not_all.to_vec(),
            bare: ask.bare,
            wanted: ask.wanted,
            has_all_rights,
        };
        if let Some(known) = self.known.get(&key) {
            let likeness = situation.likeness();
            let same = known
                .iter()
                .find(|own| likeness.is(&own.looked) && own.open == facts.looked_like(&own.looked));
            let same = same.map(|own| own.found.clone());
            // Whoever has the same policies is asked all the same: a yes is the machine's.
            let is_good = match &same {
                Some(Found::Example(example)) => {
                    ask.class.is_bound()
                        || self.has_all_rights
                        || self.decided(ask.asker, example) == Ok(ask.wanted)
                }
                Some(_) => true,
                None => false,
            };
            if let (Some(answer), true) = (same, is_good) {
                return answer;
            }
        }
        let targets = Rc::clone(&self.targets);
        let by_name = Rc::clone(&self.by_name);
        let is_rest = matches!(ask.class, Class::NoAccount | Class::Own);
        let is_any = ask.class.is_bound() || facts.obstacle.is_some() || self.has_all_rights;
        let (mut engine, directory) = (Engine::new(), self.directory);
        let given = self.given();
        let scratch = Bump::new();
        let mut narrowed = policies.clone();
        if let Some(target) = &target {
            narrow(&mut narrowed, target, &scratch);
        }
        let situation = Situation {
            policies: &narrowed,
            ..situation
        };
        let (found, looked) = exists(&situation, &mut |example| {
            if is_any {
                // It is a proof that is wanted of these, not a request.
                return Ok(());
            }
            let decided = decide(directory, &mut engine, ask.asker, given, example)?;
            let is_found = decided == ask.wanted;
            // What is refused for the policy of a target says nothing of others.
            let is_elsewhere = !ask.wanted && is_rest;
            if is_found && !is_elsewhere {
                return Ok(());
            }
            match directory.known_target(&example.resource) {
                Some(name) => {
                    let places = by_name.get(&name).into_iter().flatten();
                    // Several requests may meet the same.
                    for own in places.filter_map(|place| targets.get(*place)) {
                        if !met.contains(&own.pattern) {
                            met.push(own.pattern.clone());
                        }
                    }
                }
                None if is_found => return Ok(()),
                None => {}
            }
            Err(match decided {
                true => "it is allowed".to_owned(),
                false => "it is not allowed".to_owned(),
            })
        });
        let answer = Found::from(found);
        if met.is_empty() && !self.is_in_full {
            let entry = self.known.entry(key).or_default();
            entry.push(Known {
                open: facts.looked_like(&looked),
                looked,
                found: answer.clone(),
            });
        }
        answer
    }
}

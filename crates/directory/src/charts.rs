//! Pictures of a directory: who reaches which roles, and what each level of the organization denies.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bumpalo::Bump;
use portcullis_explain::{Card, Chart, Layout, Mark};
use portcullis_model::{ContextEntry, Effect, Layer};

use crate::Directory;
use crate::documents::{PolicyId, SetsId, kind_of};
use crate::engine::EngineError;
use crate::model::{Account, NONE};
use crate::questions::Query;
use crate::raw::Kind;
use crate::texts::Name;

/// Actions of a statement that a picture tells.
const TOLD: usize = 4;

/// A level of the organization: policies that are attached there, by kind.
#[derive(Default)]
struct Level {
    policies: BTreeSet<(PolicyId, bool)>,
}

impl Directory {
    /// Who may assume which roles, with a context: those who may in the first columns, those that are reached behind
    /// them. At most so many roles are asked for; none if there are more.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub fn roles_chart(
        &self,
        context: &[ContextEntry<'_>],
        threads: usize,
        most: usize,
    ) -> Result<Option<Chart>, EngineError> {
        let all = self.tables.principals.iter().enumerate();
        let roles: Vec<(usize, String)> = all
            .filter(|(_, own)| own.kind == Kind::Role)
            .map(|(number, own)| (number, self.tables.arn(own.entity())))
            .collect();
        if roles.len() > most {
            return Ok(None);
        }
        let queries: Vec<Query<'_>> = roles
            .iter()
            .map(|(_, arn)| Query {
                action: "sts:AssumeRole",
                resource: arn,
                resource_account: None,
                context,
            })
            .collect();
        let mut links: BTreeSet<(usize, usize)> = BTreeSet::new();
        if !queries.is_empty() {
            self.matrix(&queries, threads, &mut |from, decisions| {
                let reached = roles.iter().zip(decisions);
                let reached = reached.filter(|((to, _), own)| own.is_allow() && *to != from);
                links.extend(reached.map(|((to, _), _)| (from, *to)));
            })?;
        }
        let mut admins = BTreeSet::new();
        self.admins(context, threads, &mut |admin| {
            admins.insert(admin.arn);
        })?;
        let columns = columns(&links);
        // Of a column those that reach most come first.
        let mut members: Vec<(usize, usize)> =
            columns.iter().map(|(own, at)| (*at, *own)).collect();
        members.sort_unstable();
        let numbers: HashMap<usize, usize> = members
            .iter()
            .enumerate()
            .map(|(card, (_, own))| (*own, card))
            .collect();
        let cards = members.iter().map(|(column, own)| {
            let arn = self.principal_arn(*own).unwrap_or_default();
            let is_admin = admins.contains(&arn);
            let mut lines = Vec::new();
            if is_admin {
                lines.push("may do anything, or give itself policies".to_string());
            }
            if let Some(people) = self.people(*own) {
                lines.push(format!("permission set {}", people.permission_set));
            }
            Card {
                column: *column,
                title: arn,
                lines,
                mark: if is_admin { Mark::Strong } else { Mark::Plain },
            }
        });
        let cards: Vec<Card> = cards.collect();
        let card = |own: &usize| numbers.get(own).copied();
        Ok(Some(Chart {
            title: "Who may assume which roles".to_string(),
            notes: vec![format!(
                "{} of {} users and roles may assume one or are assumed; services, providers and other accounts are left out",
                cards.len(),
                self.tables.principals.len()
            )],
            cards,
            links: links
                .iter()
                .filter_map(|(from, to)| card(from).zip(card(to)))
                .collect(),
            layout: Layout::Columns,
        }))
    }

    /// The organization, with the control policies of each level and what they deny; none if there is none, or if the
    /// directory is an image, which has no documents.
    pub fn organization_chart(&self) -> Option<Chart> {
        self.store.documents()?;
        let tables = &self.tables;
        let id = tables.organization?;
        let mut levels: BTreeMap<Vec<String>, Level> = BTreeMap::new();
        let mut managed = None;
        for account in tables.accounts.iter().filter(|own| own.is_member) {
            let path = self.path_of(account);
            for depth in 1..=path.len() {
                levels
                    .entry(path.iter().take(depth).cloned().collect())
                    .or_default();
            }
            if account.is_management {
                managed = Some(format!("{:012}", account.number));
            }
            for (sets, is_scp) in [(account.scps, true), (account.rcps, false)] {
                self.attached_at(sets, &path, is_scp, &mut levels);
            }
        }
        let mut cards = Vec::new();
        let mut links = Vec::new();
        let mut numbers: HashMap<Vec<String>, usize> = HashMap::new();
        for (path, level) in &levels {
            let Some((name, parents)) = path.split_last() else {
                continue;
            };
            let number = cards.len();
            if let Some(parent) = numbers.get(parents) {
                links.push((*parent, number));
            }
            numbers.insert(path.clone(), number);
            let mut lines = Vec::new();
            let mut is_limit = false;
            for (policy, is_scp) in &level.policies {
                let (told, denies) = self.control_in_words(*policy, *is_scp);
                is_limit |= denies;
                lines.push(told);
            }
            let kind = match name.as_str() {
                name if name.starts_with("r-") => "root",
                name if name.starts_with("ou-") => "unit",
                _ => "account",
            };
            if managed.as_ref() == Some(name) {
                lines.push("manages the organization: no control policy holds".to_string());
            }
            cards.push(Card {
                column: path.len() - 1,
                title: format!("{kind} {name}"),
                lines,
                mark: if is_limit { Mark::Strong } else { Mark::Plain },
            });
        }
        Some(Chart {
            title: format!("Organization {}", tables.texts.get(id)),
            notes: vec![
                "Control policies of each level and what they deny; those of a level hold for everything below it"
                    .to_string(),
            ],
            cards,
            links,
            layout: Layout::Tree,
        })
    }

    /// The root, the units and the account itself, by their ids.
    fn path_of(&self, account: &Account) -> Vec<String> {
        let path = match account.org_path {
            NONE => "",
            path => self.tables.texts.get(Name(path)),
        };
        let nodes = path.split('/').skip(1).filter(|node| !node.is_empty());
        let mut all: Vec<String> = nodes.map(str::to_string).collect();
        all.push(format!("{:012}", account.number));
        all
    }

    fn attached_at(
        &self,
        sets: SetsId,
        path: &[String],
        is_scp: bool,
        levels: &mut BTreeMap<Vec<String>, Level>,
    ) {
        let documents = self.store.documents();
        for (layer, policies) in documents.map_or(&[][..], |all| all.sets(sets)) {
            let (Layer::Scp(level) | Layer::Rcp(level)) = layer else {
                continue;
            };
            let place: Vec<String> = path.iter().take(usize::from(*level) + 1).cloned().collect();
            if let Some(level) = levels.get_mut(&place) {
                level
                    .policies
                    .extend(policies.iter().map(|own| (*own, is_scp)));
            }
        }
    }

    /// A control policy in a line, and whether it denies something.
    fn control_in_words(&self, policy: PolicyId, is_scp: bool) -> (String, bool) {
        let texts = &self.tables.texts;
        let arena = Bump::new();
        let documents = self.store.documents();
        let layer = if is_scp { Layer::Scp(0) } else { Layer::Rcp(0) };
        let read = documents.and_then(|all| all.read(policy, kind_of(layer), texts, &arena));
        let Some(policy) = read else {
            return (String::new(), false);
        };
        let mut told = Vec::new();
        for statement in policy
            .document
            .statements
            .iter()
            .filter(|own| own.effect == Effect::Deny)
        {
            let mut names: Vec<&str> = statement.action.list.iter().map(|own| own.value).collect();
            let more = names.len().saturating_sub(TOLD);
            names.truncate(TOLD);
            let not = if statement.action.negated {
                "everything but "
            } else {
                ""
            };
            let more = if more > 0 {
                format!(" and {more} more")
            } else {
                String::new()
            };
            let when = match statement.conditions.len() {
                0 => "",
                _ => ", under conditions",
            };
            told.push(format!("{not}{}{more}{when}", names.join(", ")));
        }
        let kind = if is_scp { "SCP" } else { "RCP" };
        match told.is_empty() {
            true => (format!("{kind} {}: denies nothing", policy.name), false),
            false => (
                format!("{kind} {}: denies {}", policy.name, told.join("; ")),
                true,
            ),
        }
    }
}

/// The column of everybody who is in a link: behind all that lead there, as far as these do not go in circles.
fn columns(links: &BTreeSet<(usize, usize)>) -> BTreeMap<usize, usize> {
    let all: BTreeSet<usize> = links.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let reached: BTreeSet<usize> = links.iter().map(|(_, to)| *to).collect();
    let mut columns: BTreeMap<usize, usize> = BTreeMap::new();
    let mut newest: BTreeSet<usize> = all.difference(&reached).copied().collect();
    let mut column = 0;
    let mut next: HashMap<usize, Vec<usize>> = HashMap::new();
    for (from, to) in links {
        next.entry(*from).or_default().push(*to);
    }
    loop {
        if newest.is_empty() {
            // Nobody from outside leads into what is left: a circle.
            let Some(left) = all.iter().find(|own| !columns.contains_key(own)) else {
                return columns;
            };
            newest.insert(*left);
            column = 0;
        }
        columns.extend(newest.iter().map(|own| (*own, column)));
        let behind = newest.iter().filter_map(|own| next.get(own)).flatten();
        let behind = behind.filter(|own| !columns.contains_key(own)).copied();
        newest = behind.collect();
        column += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_of_chains_and_circles() {
        let links = BTreeSet::from([(0, 1), (1, 2), (0, 2), (5, 6), (6, 5)]);
        let found: Vec<(usize, usize)> = columns(&links).into_iter().collect();
        assert_eq!(found, [(0, 0), (1, 1), (2, 1), (5, 0), (6, 1)]);
        assert!(columns(&BTreeSet::new()).is_empty());
    }
}

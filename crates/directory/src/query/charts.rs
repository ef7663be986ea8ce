//! Pictures of a directory: who reaches which roles, and what each level of the organization denies.
//!
//! Charts are boxes and lines between them; `portcullis-explain` draws them. The picture of roles asks every principal about every
//! role, which is why it is for directories of few roles.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use bumpalo::Bump;
use portcullis_explain::{Card, Chart, Layout, Mark};
use portcullis_model::{ContextEntry, Effect, Layer};

use crate::arn::EntityKind;
use crate::error::EngineError;
use crate::plan::generation::Generation;
use crate::query::access::AccessQuery;
use crate::query::admins::admins;
use crate::query::people::people;
use crate::query::who_can::matrix;
use crate::store::accounts::Account;
use crate::store::documents::Documents;
use crate::store::ids::{PolicyId, PrincipalIdx, SetsId};
use crate::store::tables::Tables;

/// Actions of a statement that a picture tells; of more it tells the number.
const TOLD: usize = 4;

/// From one user or role to a role that it may assume.
type Link = (PrincipalIdx, PrincipalIdx);

/// A level of the organization: policies that are attached there, by kind.
#[derive(Default)]
struct Level {
    /// Each with whether it is an SCP; else it is an RCP.
    policies: BTreeSet<(PolicyId, bool)>,
}

/// Who may assume which roles, with a context: those who may in the first columns, those that are reached behind them. At
/// most so many roles are asked for; none if there are more.
///
/// # Errors
/// [`EngineError`] if the policies are more than an image can hold.
pub(crate) fn roles_chart(
    generation: Generation<'_>,
    context: &[ContextEntry<'_>],
    threads: usize,
    most: usize,
) -> Result<Option<Chart>, EngineError> {
    let tables = generation.tables;
    let arn = |own: PrincipalIdx| {
        let principal = tables.principal(own);
        principal.map_or(String::new(), |own| tables.arn(own.entity()))
    };
    let all = tables.principals().iter().enumerate();
    let roles: Vec<(PrincipalIdx, String)> = all
        .filter(|(_, own)| own.kind == EntityKind::Role)
        .map(|(index, own)| (PrincipalIdx::at(index), tables.arn(own.entity())))
        .collect();
    if roles.len() > most {
        return Ok(None);
    }
    let queries: Vec<AccessQuery<'_>> = roles
        .iter()
        .map(|(_, arn)| AccessQuery {
            action: "sts:AssumeRole",
            resource: arn,
            resource_account: None,
            context,
        })
        .collect();
    let mut links: BTreeSet<Link> = BTreeSet::new();
    if !queries.is_empty() {
        matrix(generation, &queries, threads, &mut |from, decisions| {
            let reached = roles.iter().zip(decisions);
            let reached = reached.filter(|((to, _), own)| own.is_allow() && *to != from);
            links.extend(reached.map(|((to, _), _)| (from, *to)));
        })?;
    }
    let mut strong = BTreeSet::new();
    admins(generation, context, threads, &mut |admin| {
        strong.insert(admin.arn);
    })?;
    let mut members: Vec<(usize, PrincipalIdx)> = columns(&links)
        .into_iter()
        .map(|(own, column)| (column, own))
        .collect();
    members.sort_unstable();
    let numbers: HashMap<PrincipalIdx, usize> = members
        .iter()
        .enumerate()
        .map(|(card, (_, own))| (*own, card))
        .collect();
    let cards = members.iter().map(|(column, own)| {
        let title = arn(*own);
        let is_admin = strong.contains(&title);
        let mut lines = Vec::new();
        if is_admin {
            lines.push("may do anything, or give itself policies".to_string());
        }
        if let Some(people) = people(tables, *own) {
            lines.push(format!("permission set {}", people.permission_set));
        }
        Card {
            column: *column,
            title,
            lines,
            mark: if is_admin { Mark::Strong } else { Mark::Plain },
        }
    });
    let cards: Vec<Card> = cards.collect();
    let card = |own: &PrincipalIdx| numbers.get(own).copied();
    Ok(Some(Chart {
        title: "Who may assume which roles".to_string(),
        notes: vec![format!(
            "{} of {} users and roles may assume one or are assumed; services, providers and other accounts are left out",
            cards.len(),
            tables.principals().len()
        )],
        cards,
        links: links
            .iter()
            .filter_map(|(from, to)| card(from).zip(card(to)))
            .collect(),
        layout: Layout::Columns,
    }))
}

/// The organization, with the control policies of each level and what they deny; none if there is none.
pub(crate) fn organization_chart(tables: &Tables, documents: &Documents) -> Option<Chart> {
    let drawing = Drawing { tables, documents };
    drawing.organization_chart()
}

/// Where the organization and its policies are read.
struct Drawing<'d> {
    /// Accounts, with the way to each from the root.
    tables: &'d Tables,
    /// Policies as texts, for what they deny.
    documents: &'d Documents,
}

impl Drawing<'_> {
    /// A card for each level, with lines to the level above.
    fn organization_chart(&self) -> Option<Chart> {
        let tables = self.tables;
        let id = tables.organization()?;
        let mut levels: BTreeMap<Vec<String>, Level> = BTreeMap::new();
        let mut managed = None;
        for account in tables.accounts().rows().iter().filter(|own| own.is_member) {
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
            title: format!("Organization {}", tables.str(id)),
            notes: vec![
                "Control policies of each level and what they deny; those of a level hold for everything below it"
                    .to_string(),
            ],
            cards,
            links,
            layout: Layout::Tree,
        })
    }

    /// The levels above an account and the account itself, by their ids: root, organizational units, account number.
    fn path_of(&self, account: &Account) -> Vec<String> {
        let path = account.org_path.some();
        let path = path.map_or("", |path| self.tables.str(path));
        let nodes = path.split('/').skip(1).filter(|node| !node.is_empty());
        let mut all: Vec<String> = nodes.map(str::to_string).collect();
        all.push(format!("{:012}", account.number));
        all
    }

    /// Notes the policies of a chain at the levels that they are attached to. Levels are shared by the accounts below, so that a policy
    /// of the root is told once.
    fn attached_at(
        &self,
        sets: SetsId,
        path: &[String],
        is_scp: bool,
        levels: &mut BTreeMap<Vec<String>, Level>,
    ) {
        for (layer, policies) in self.documents.sets(sets) {
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

    /// A control policy in a line, and whether it denies something. Conditions are said to be there and not told: a picture has no
    /// room for them.
    fn control_in_words(&self, policy: PolicyId, is_scp: bool) -> (String, bool) {
        let strings = self.tables.strings();
        let arena = Bump::new();
        let layer = if is_scp { Layer::Scp(0) } else { Layer::Rcp(0) };
        let read = self.documents.read(policy, layer.into(), strings, &arena);
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
fn columns(links: &BTreeSet<Link>) -> BTreeMap<PrincipalIdx, usize> {
    let all: BTreeSet<PrincipalIdx> = links.iter().flat_map(|(from, to)| [*from, *to]).collect();
    let reached: BTreeSet<PrincipalIdx> = links.iter().map(|(_, to)| *to).collect();
    let mut columns: BTreeMap<PrincipalIdx, usize> = BTreeMap::new();
    let mut newest: BTreeSet<PrincipalIdx> = all.difference(&reached).copied().collect();
    let mut column = 0;
    let mut next: HashMap<PrincipalIdx, Vec<PrincipalIdx>> = HashMap::new();
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
        let links = [(0, 1), (1, 2), (0, 2), (5, 6), (6, 5)];
        let links = links.map(|(from, to)| (PrincipalIdx::new(from), PrincipalIdx::new(to)));
        let found = columns(&BTreeSet::from(links)).into_iter();
        let found: Vec<(u32, usize)> = found.map(|(own, column)| (own.get(), column)).collect();
        assert_eq!(found, [(0, 0), (1, 1), (2, 1), (5, 0), (6, 1)]);
        assert!(columns(&BTreeSet::new()).is_empty());
    }
}

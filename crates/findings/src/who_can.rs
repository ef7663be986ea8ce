//! Who can do something: every user and role, every session that a policy names, and those who reach one of them by assuming
//! roles.
//!
//! Hops are found backwards. Those who can by themselves come first; then everybody is asked whether it can assume one of the
//! roles among them, and so on: of a session, its role with the name that the session has, since whoever assumes a role chooses
//! that (`KEY-88`). Each is reported once, with its shortest path; a path without condition is preferred among
//! those of its length.

use bumpalo::Bump;
use portcullis_directory::Directory;
use portcullis_model::{ContextEntry, session_names, split_arn};
use portcullis_prove::Selection;

use crate::answer::Can;
use crate::caller::Asker;
use crate::parallel::of_each;
use crate::questions::{Assumable, GivenFor, Questions};

/// Somebody who can do something, or may be able to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Way {
    /// Its ARN.
    pub arn: String,
    /// The roles that it assumes first, one after the other, or sessions of them by their ARNs if the name of the session is one
    /// that policies let in; none if it can by itself.
    pub roles: Vec<String>,
    /// Whether it can: by itself, or assume the first of the roles.
    pub can: Can,
}

/// What assuming a role asks for, if the context of the question is that of each call: also for the tags that are
/// passed, or go on from role to role, and for the source identity, which always does (`STS-21`, `STS-22`, `TRUST-6`).
fn actions_of_hop(context: &[ContextEntry<'_>]) -> Vec<&'static str> {
    let has = |is_it: &dyn Fn(&str) -> bool| {
        let mut given = context.iter();
        given.any(|entry| !entry.values.is_empty() && is_it(&entry.key.to_lowercase()))
    };
    let mut actions = vec!["sts:AssumeRole"];
    if has(&|key| {
        ["sts:transitivetagkeys", "aws:tagkeys"].contains(&key)
            || key.starts_with("aws:requesttag/")
    }) {
        actions.push("sts:TagSession");
    }
    if has(&|key| ["aws:sourceidentity", "sts:sourceidentity"].contains(&key)) {
        actions.push("sts:SetSourceIdentity");
    }
    actions
}

/// Everybody of a directory who can do one of some actions to one of some resources, may be able to, or of whom it is not known;
/// by itself or by assuming at most `hops` roles. In the order of the lengths of their ways, then of the directory.
pub fn who_can(
    directory: &Directory,
    given: GivenFor<'_>,
    (actions, resources): (&Selection, &Selection),
    hops: usize,
    threads: usize,
) -> Vec<Way> {
    let arena = Bump::new();
    let mut askers = Asker::all(directory, &arena);
    let principals = askers.len();
    if directory.has_documents() {
        let mut questions = Questions::new(directory, given.0, &arena);
        askers.extend(questions.named_sessions());
    }
    let first = of_each(directory, given, &askers, threads, |questions, asker, _| {
        questions.can(asker, actions, resources)
    });
    let mut ways: Vec<Option<Way>> = vec![None; askers.len()];
    let mut found = Vec::new();
    let mut newest: Vec<usize> = Vec::new();
    for (place, (asker, can)) in askers.iter().zip(first).enumerate() {
        if can == Can::No || place >= principals && has_all_of(&ways, asker) {
            continue;
        }
        let way = Way {
            arn: asker.arn().unwrap_or_default().to_owned(),
            roles: Vec::new(),
            can,
        };
        newest.push(place);
        found.push(way.clone());
        if let Some(own) = ways.get_mut(place) {
            *own = Some(way);
        }
    }
    let actions = actions_of_hop(given.0);
    for _ in 0..hops {
        let roles: Vec<(String, Vec<String>)> = newest
            .iter()
            .filter(|place| {
                let asker = askers.get(**place);
                asker.is_some_and(|own| own.role_arn().is_some())
            })
            .filter_map(|place| {
                let way = ways.get(*place)?.as_ref()?;
                Some((way.arn.clone(), way.roles.clone()))
            })
            .collect();
        if roles.is_empty() {
            break;
        }
        let known: Vec<bool> = ways.iter().map(Option::is_some).collect();
        let assumable = Assumable::of(directory, roles.iter().map(|(role, _)| role.as_str()));
        let reached = of_each(
            directory,
            (given.0, None),
            &askers,
            threads,
            |questions, asker, place| {
                if known.get(place) != Some(&false) {
                    return None;
                }
                let mut best: Option<(usize, Can)> = None;
                for number in questions.may_assume(asker, &assumable) {
                    let Some((role, _)) = roles.get(number) else {
                        continue;
                    };
                    let can = assume(questions, asker, &actions, role);
                    let is_yes = matches!(can, Can::Yes(_));
                    if can != Can::No && (best.is_none() || is_yes) {
                        best = Some((number, can));
                    }
                    if is_yes {
                        break;
                    }
                }
                best
            },
        );
        newest.clear();
        for (place, best) in reached.into_iter().enumerate() {
            let (Some((number, can)), Some(asker)) = (best, askers.get(place)) else {
                continue;
            };
            let Some((role, behind)) = roles.get(number) else {
                continue;
            };
            if place >= principals && has_all_of(&ways, asker) {
                continue;
            }
            let way = Way {
                arn: asker.arn().unwrap_or_default().to_owned(),
                roles: std::iter::once(role.clone())
                    .chain(behind.iter().cloned())
                    .collect(),
                can,
            };
            newest.push(place);
            found.push(way.clone());
            if let Some(own) = ways.get_mut(place) {
                *own = Some(way);
            }
        }
    }
    found
}

/// True if the role of a session can already without condition: a session that can no more than its role is not told.
fn has_all_of(ways: &[Option<Way>], session: &Asker<'_>) -> bool {
    let mut ways = ways.iter().flatten();
    ways.any(|way| Some(way.arn.as_str()) == session.role_arn() && !matches!(way.can, Can::If(_)))
}

/// Whether somebody can assume a role or become a session of one, which takes several permissions: the least sure of them counts.
fn assume<'d>(
    questions: &mut Questions<'d>,
    asker: &Asker<'d>,
    actions: &[&str],
    role: &str,
) -> Can {
    let mut all = Can::No;
    for (number, action) in actions.iter().enumerate() {
        let can = questions.can_assume(asker, &Selection::of([*action]), role);
        all = match (number, all, can) {
            (_, _, Can::No) => return Can::No,
            (0, _, can) => can,
            (_, Can::Unknown(reasons), _) => Can::Unknown(reasons),
            (_, _, Can::Unknown(reasons)) => Can::Unknown(reasons),
            (_, Can::If(keys), _) => Can::If(keys),
            (_, _, can) => can,
        };
    }
    all
}

impl<'d> Questions<'d> {
    /// Whether somebody can do an action of STS to a role, or as it takes to become a session of one: the request has the
    /// session's name then, which whoever asks chooses (`KEY-88`).
    pub(crate) fn can_assume(&mut self, asker: &Asker<'d>, action: &Selection, arn: &str) -> Can {
        let session = split_arn(arn).and_then(|parts| session_names(parts[5]));
        let Some((_, name)) = session else {
            return self.can(asker, action, &Selection::of([arn]));
        };
        let Some(role) = self.directory.role_of_session(arn) else {
            return Can::No;
        };
        let role = Selection::of([role]);
        let is_name = |own: &&ContextEntry<'_>| own.key.eq_ignore_ascii_case(SESSION_NAME);
        if let Some(given) = self.given.iter().find(is_name) {
            return match given.values == [name] {
                true => self.can(asker, action, &role),
                false => Can::No,
            };
        }
        let keys = [(SESSION_NAME.to_owned(), vec![name.to_owned()])];
        let mut can = self.with_keys(&keys, |own| own.can(asker, action, &role));
        match &mut can {
            Can::Yes(shown) => shown.keys.extend(keys),
            Can::If(all) => {
                for shown in all {
                    shown.keys.extend(keys.clone());
                }
            }
            Can::No | Can::Unknown(_) => {}
        }
        can
    }
}

/// What the session of a request to STS is to be called.
const SESSION_NAME: &str = "sts:RoleSessionName";

//! Which of many roles a caller may be able to assume, without asking of each: a role is assumed only by whom its policy lets in
//! (`TRUST-1`), so the known targets that may open to the caller are all that count.

use std::collections::HashMap;

use portcullis_directory::Directory;
use portcullis_model::split_arn;
use portcullis_prove::Selection;

use super::{Questions, Scope};
use crate::caller::Asker;

/// Roles, and sessions of roles, by numbers.
pub(crate) struct Assumable {
    count: usize,
    /// The numbers of those of a role, by the role's place among the known targets.
    of_roles: HashMap<usize, Vec<usize>>,
    /// Those that everybody has to be asked about, since no policy of theirs was seen.
    unseen: Vec<usize>,
}

impl Assumable {
    /// Of roles and sessions of roles by their ARNs, in the order of their numbers.
    pub(crate) fn of<'a>(directory: &Directory, arns: impl Iterator<Item = &'a str>) -> Assumable {
        let targets = directory.known_targets();
        let roles = targets.iter().enumerate();
        let roles = roles.filter(|(_, own)| own.is_entity && own.has_policy);
        let places: HashMap<&str, usize> = roles
            .map(|(place, own)| (own.name.as_str(), place))
            .collect();
        let mut all = Assumable {
            count: 0,
            of_roles: HashMap::new(),
            unseen: Vec::new(),
        };
        for arn in arns {
            let is_session = split_arn(arn).is_some_and(|parts| parts[2] == "sts");
            let of_session = is_session.then(|| directory.role_of_session(arn)).flatten();
            let place = places.get(of_session.as_deref().unwrap_or(arn));
            let numbers = match place {
                Some(place) => all.of_roles.entry(*place).or_default(),
                None => &mut all.unseen,
            };
            numbers.push(all.count);
            all.count += 1;
        }
        all
    }
}

impl<'d> Questions<'d> {
    /// The numbers of roles and sessions, in their order, of which it is not proved that a caller cannot assume them.
    pub(crate) fn may_assume(&mut self, asker: &Asker<'d>, all: &Assumable) -> Vec<usize> {
        if !self.directory.has_documents() || self.is_in_full {
            return (0..all.count).collect();
        }
        if all.of_roles.is_empty() {
            return all.unseen.clone();
        }
        let scope = Scope::of(
            Selection::of(["sts:AssumeRole"]),
            Selection::of(["arn:*:iam::*:role/*"]),
        );
        let is_meant = |place: usize| all.of_roles.contains_key(&place);
        let places = self.candidates_among((asker, &scope, None), is_meant);
        let seen = places.iter().filter_map(|place| all.of_roles.get(place));
        let mut numbers: Vec<usize> = seen.flatten().chain(&all.unseen).copied().collect();
        numbers.sort_unstable();
        numbers
    }
}

//! Who has the roles of Identity Center (`SSO-1`, `IN-33`).
//!
//! It decides nothing: rows are kept for users who ask who is behind a role, also in files. They
//! are few, sorted by role, and found by bisection. An index would be larger than the rows.

use portcullis_model::{session_names, split_arn};

use crate::arn::EntityKind;
use crate::store::ids::PrincipalIdx;
use crate::store::tables::{Person, Tables};

/// Where Identity Center keeps its roles.
pub(crate) const RESERVED_PATH: &str = "/aws-reserved/sso.amazonaws.com/";

/// What stands for the 16 digits at the end of a role's name that AWS has not chosen yet.
pub(crate) const UNKNOWN_END: &str = "0000000000000000";

/// The permission set in the name of a role that Identity Center made, `AWSReservedSSO_SET_` and 16 digits.
pub(crate) fn set_of_role(name: &str) -> Option<&str> {
    let (set, end) = name.strip_prefix("AWSReservedSSO_")?.rsplit_once('_')?;
    let is_end = end.len() == 16 && end.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_end && !set.is_empty()).then_some(set)
}

impl Tables {
    /// Who has the roles, sorted by role.
    pub(crate) fn people(&self) -> &[Person] {
        &self.people
    }

    /// Replaces who has the roles; in any order.
    pub(crate) fn set_people(&mut self, mut people: Vec<Person>) {
        people.sort_by_key(|own| own.principal);
        self.people = people;
    }

    /// Who has this role; nobody for roles that Identity Center did not make.
    pub(crate) fn people_of(&self, role: PrincipalIdx) -> &[Person] {
        let start = self.people.partition_point(|own| own.principal < role);
        let end = self.people.partition_point(|own| own.principal <= role);
        self.people.get(start..end).unwrap_or(&[])
    }

    /// The permission set that a role of Identity Center is of; none of other roles and of users.
    pub(crate) fn permission_set(&self, role: PrincipalIdx) -> Option<&str> {
        let role = self
            .principal(role)
            .filter(|own| own.kind == EntityKind::Role)?;
        let is_reserved = self.str(role.path).starts_with(RESERVED_PATH);
        set_of_role(self.str(role.name)).filter(|_| is_reserved)
    }

    /// Whether a role of Identity Center is in no dump, so that its permission set decides in its place.
    pub(crate) fn is_unprovisioned(&self, role: PrincipalIdx) -> bool {
        let name = self.principal(role).map(|own| self.str(own.name));
        name.is_some_and(|name| name.ends_with(UNKNOWN_END)) && self.permission_set(role).is_some()
    }

    /// The user or role with an ARN, or the role of which it is a session.
    pub(crate) fn number_of_role(&self, arn: &str) -> Option<PrincipalIdx> {
        if let Some(number) = self.number_by_arn(arn) {
            return Some(number);
        }
        let [_, _, "sts", _, account, rest] = split_arn(arn)? else {
            return None;
        };
        let (name, _) = session_names(rest)?;
        let account = self.accounts().find_digits(account)?;
        let (number, _) = self.find_entity(self, (account, EntityKind::Role, name))?;
        Some(number)
    }
}

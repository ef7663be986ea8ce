//! The people and groups of Identity Center behind its roles (`SSO-1`, `IN-33`).
//!
//! Nothing is decided by it: a role of Identity Center decides as any other, and this is for those who read the answer.

use crate::store::ids::{PrincipalIdx, Symbol};
use crate::store::tables::Tables;

/// A role of Identity Center: its permission set, and whom the files assign it to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PermissionSetRole {
    /// The name of the permission set.
    pub permission_set: String,
    /// True if the dump of the account has no such role, so that the permission set decides in its place. Sixteen
    /// zeros at the end of the role's name stand for digits that AWS chooses.
    pub is_unprovisioned: bool,
    /// Those to whom the files assign the permission set in the role's account; nobody if no file does.
    pub assigned: Vec<Assigned>,
}

/// A user, perhaps by a group, or a group of which no member is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The user's name, which is also that of its sessions (`SSO-3`), or its id where no file has the name. None if
    /// no file has a member of the group.
    pub user: Option<String>,
    /// The group by which the user has the role, by its name, or its id where no file has that.
    pub group: Option<String>,
}

/// Who is behind a user or role: none if it is no role of Identity Center.
pub(crate) fn people(tables: &Tables, role: PrincipalIdx) -> Option<PermissionSetRole> {
    let set = tables.permission_set(role)?;
    let text = |name: Symbol| name.some().map(|name| tables.str(name).to_string());
    let assigned = tables.people_of(role).iter().map(|own| Assigned {
        user: text(own.user),
        group: text(own.group),
    });
    Some(PermissionSetRole {
        permission_set: set.to_string(),
        is_unprovisioned: tables.is_unprovisioned(role),
        assigned: assigned.collect(),
    })
}

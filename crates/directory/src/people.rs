//! The people and groups of Identity Center behind its roles (`SSO-1`, `IN-33`).

use portcullis_model::Caller;

use crate::Directory;
use crate::model::{NONE, Tables};
use crate::raw::Kind;
use crate::texts::Name;

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

/// A row: who has a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    /// The number of the role.
    pub(crate) principal: u32,
    /// The name of the user, or [`NONE`]: of the group no member is known.
    pub(crate) user: u32,
    /// The name of the group by which it is so, or [`NONE`].
    pub(crate) group: u32,
}

/// Who has a role of Identity Center.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reserved {
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

impl Directory {
    /// Who is behind a user or role of the directory: none if it is no role of Identity Center.
    pub fn people(&self, principal: usize) -> Option<Reserved> {
        let tables = &self.tables;
        let role = tables.principals.get(principal)?;
        let is_reserved =
            role.kind == Kind::Role && tables.texts.get(role.path).starts_with(RESERVED_PATH);
        let name = tables.texts.get(role.name);
        let set = set_of_role(name).filter(|_| is_reserved)?;
        let number = u32::try_from(principal).ok()?;
        let start = tables.people.partition_point(|own| own.principal < number);
        let own = tables.people.iter().skip(start);
        let own = own.take_while(|own| own.principal == number);
        let text = |name: u32| (name != NONE).then(|| tables.texts.get(Name(name)).to_string());
        Some(Reserved {
            permission_set: set.to_string(),
            is_unprovisioned: name.ends_with(UNKNOWN_END),
            assigned: own
                .map(|own| Assigned {
                    user: text(own.user),
                    group: text(own.group),
                })
                .collect(),
        })
    }

    /// The same, by the ARN of the role or of a session of it.
    pub fn people_of(&self, arn: &str) -> Option<Reserved> {
        self.people(self.tables.number_of_role(arn)?)
    }

    /// What to know of a caller whose role is not provisioned.
    pub(crate) fn note_of_permission_set(&self, caller: &Caller<'_>) -> Option<String> {
        let arn = match *caller {
            Caller::Role { role_arn, .. } => role_arn,
            _ => return None,
        };
        let own = self.people_of(arn).filter(|own| own.is_unprovisioned)?;
        let region = match arn.contains(&format!("{RESERVED_PATH}AWSReservedSSO_")) {
            true => {
                "; its path has no region, as that of roles from us-east-1, because no file says one"
            }
            false => "",
        };
        Some(format!(
            "{arn} is in no dump: the permission set {} decides in its place, and {UNKNOWN_END} stands for digits that \
             AWS chooses{region}",
            own.permission_set
        ))
    }

    /// True if files say to whom permission sets are assigned.
    pub fn has_people(&self) -> bool {
        !self.tables.people.is_empty()
    }
}

impl Tables {
    /// The number of the role with an ARN, or of which it is a session.
    fn number_of_role(&self, arn: &str) -> Option<usize> {
        if let Some(number) = self.number_by_arn(arn) {
            return Some(number);
        }
        let [_, _, "sts", _, account, rest] = portcullis_model::split_arn(arn)? else {
            return None;
        };
        let (name, _) = portcullis_model::session_names(rest)?;
        let account = self.account_of(account)?;
        let (number, _) = self.find_entity(self, (account, Kind::Role, name))?;
        Some(number as usize)
    }
}

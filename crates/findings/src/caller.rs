//! Those who may ask: users, roles, and the sessions of roles that resource policies name.

use portcullis_directory::Directory;
use portcullis_model::{Caller, Principal, split_arn};

/// Somebody of a directory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Asker {
    /// The ARN: of a user, of a role, or of a session.
    pub arn: String,
    /// The role's ARN, of a session.
    pub role: Option<String>,
}

impl Asker {
    /// A user or role of a directory, by its ARN; or a session whose role the directory has.
    pub fn of(directory: &Directory, arn: &str) -> Option<Asker> {
        if directory.principal_number(arn).is_some() {
            return Some(Asker {
                arn: arn.to_owned(),
                role: None,
            });
        }
        let role = directory.role_of_session(arn)?;
        Some(Asker {
            arn: arn.to_owned(),
            role: Some(role),
        })
    }

    /// All users and roles, in the order of the directory.
    pub fn all(directory: &Directory) -> Vec<Asker> {
        let numbers = 0..directory.principal_count();
        let arns = numbers.filter_map(|number| directory.principal_arn(number));
        arns.map(|arn| Asker { arn, role: None }).collect()
    }

    /// The account and the partition.
    pub(crate) fn home(&self) -> (&str, &str) {
        split_arn(&self.arn).map_or(("", ""), |[_, partition, _, _, account, _]| {
            (account, partition)
        })
    }

    /// True for a user.
    pub fn is_user(&self) -> bool {
        split_arn(&self.arn).is_some_and(|[.., last]| last.starts_with("user/"))
    }

    /// As requests name it.
    pub(crate) fn principal(&self) -> Principal<'_> {
        let caller = match &self.role {
            Some(role_arn) => Caller::Role {
                session_arn: Some(&self.arn),
                role_arn,
                service_linked: false,
            },
            None if self.is_user() => Caller::User { arn: &self.arn },
            None => Caller::Role {
                session_arn: None,
                role_arn: &self.arn,
                service_linked: false,
            },
        };
        Principal {
            caller,
            user_id: None,
            management_account: false,
            session_token: false,
        }
    }
}

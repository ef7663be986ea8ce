//! Those who may ask: users, roles, the sessions of roles that resource policies name, and whoever a request can be of.

use bumpalo::Bump;
use portcullis_directory::Directory;
use portcullis_model::{Caller, Principal};

/// Somebody who may ask.
///
/// A role stands for its sessions, of which it is not known which asks: what policies say to a session of some name is asked of
/// that session.
#[derive(Clone, Copy, Debug)]
pub struct Asker<'a> {
    pub(crate) principal: Principal<'a>,
}

impl<'a> Asker<'a> {
    /// Whoever a request can be of.
    pub fn new(principal: Principal<'a>) -> Asker<'a> {
        Asker { principal }
    }

    fn of(caller: Caller<'a>) -> Asker<'a> {
        Asker::new(Principal {
            caller,
            user_id: None,
            management_account: false,
            session_token: false,
        })
    }

    /// A user or role of a directory by its ARN, or a session whose role the directory has. None of others.
    pub fn known(directory: &Directory, arn: &str, arena: &'a Bump) -> Option<Asker<'a>> {
        if directory.principal_number(arn).is_some() {
            return Caller::from_arn(arena.alloc_str(arn)).ok().map(Asker::of);
        }
        let role_arn = arena.alloc_str(&directory.role_of_session(arn)?);
        Some(Asker::of(Caller::Role {
            session_arn: Some(arena.alloc_str(arn)),
            role_arn,
            service_linked: false,
        }))
    }

    /// All users and roles, in the order of the directory.
    pub fn all(directory: &Directory, arena: &'a Bump) -> Vec<Asker<'a>> {
        let numbers = 0..directory.principal_count();
        let arns = numbers.filter_map(|number| directory.principal_arn(number));
        arns.filter_map(|arn| Asker::known(directory, &arn, arena))
            .collect()
    }

    /// The ARN: a session's of a session. None of callers that have none.
    pub fn arn(&self) -> Option<&'a str> {
        match self.principal.caller {
            Caller::Role {
                session_arn: Some(session),
                ..
            } => Some(session),
            Caller::Role { role_arn, .. } => Some(role_arn),
            caller => caller.arn(),
        }
    }

    /// The role's ARN, of a role or a session of one.
    pub fn role_arn(&self) -> Option<&'a str> {
        match self.principal.caller {
            Caller::Role { role_arn, .. } => Some(role_arn),
            _ => None,
        }
    }

    /// The account and the partition.
    pub(crate) fn home(&self) -> (&'a str, &'a str) {
        let caller = self.principal.caller;
        let account = caller.account().unwrap_or_default();
        (account, caller.partition().unwrap_or("aws"))
    }

    /// True for a user.
    pub fn is_user(&self) -> bool {
        matches!(self.principal.caller, Caller::User { .. })
    }

    /// True for a role that stands for its sessions.
    pub fn is_role(&self) -> bool {
        let caller = self.principal.caller;
        matches!(
            caller,
            Caller::Role {
                session_arn: None,
                ..
            }
        )
    }

    /// What has to be the same for answers to be the same, beside what policies look at.
    pub(crate) fn kind(&self) -> u8 {
        match self.principal.caller {
            Caller::User { .. } => 0,
            Caller::Role { session_arn, .. } => 1 + u8::from(session_arn.is_some()),
            Caller::FederatedUser { .. } => 3,
            Caller::Root { .. } => 4,
            Caller::Service { .. } => 5,
            Caller::Anonymous => 6,
            Caller::Federated { .. } => 7,
            Caller::CanonicalUser { .. } => 8,
            Caller::OriginAccessIdentity { .. } => 9,
        }
    }
}

//! From a request to what decides it: the policies that apply, and the context keys that follow from
//! the directory.

mod context;
mod story;
mod target;

use std::fmt;

use bumpalo::Bump;
use portcullis_model::{Caller, Principal as Who, Request, session_role_name, split_arn};
use portcullis_syntax::{Policy, PolicySets};

use crate::Directory;
use crate::documents::SetsId;
use crate::model::{Account, NONE, Principal, Tables};
use crate::raw::Kind;
use crate::read::fields::account_number;
use crate::resolve::context::Context;
pub use crate::resolve::story::{
    AccountStory, Applied, Attached, CallerStory, LayerStory, Source, Story, TargetStory,
};

/// Policies that come with a request, not from the directory.
#[derive(Clone, Debug, Default)]
pub struct Extra<'a> {
    /// The policies passed when the caller's session was made; none if there was nothing of the kind.
    pub session: Option<Vec<Policy<'a>>>,
    /// The policies of a caller whom the directory does not know.
    pub identity: Option<Vec<Policy<'a>>>,
}

/// A request with everything that the directory adds to it.
#[derive(Clone, Debug)]
pub struct Question<'a> {
    /// The request; the caller's ids, the owner of the resource and the context are filled in.
    pub request: Request<'a>,
    /// The policies of the directory that apply, in sets.
    pub(crate) sets: &'a [SetsId],
    /// The policies that came with the request.
    pub(crate) extra: Extra<'a>,
}

/// Why a request cannot be decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The caller's account is in the directory, and the caller is not.
    UnknownPrincipal(String),
    /// The caller's account is not in the directory, and the request does not say its policies.
    UnknownAccount(String),
    /// The request says what contradicts the directory.
    Contradiction(String),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UnknownPrincipal(text) | Refusal::Contradiction(text) => f.write_str(text),
            Refusal::UnknownAccount(account) => write!(
                f,
                "the directory has no account {account}, and the request has no `identity`"
            ),
        }
    }
}

impl std::error::Error for Refusal {}

/// The caller of a request, as the directory knows it.
pub(crate) struct Known<'d, 'a> {
    who: Who<'a>,
    account: Option<&'d Account>,
    /// The user or role whose policies are the identity policies.
    principal: Option<&'d Principal>,
    /// What is known only as far as the key of its id is concerned: a role without a session's name.
    hides_user_id: bool,
}

impl Directory {
    /// Finds what decides a request.
    ///
    /// # Errors
    /// [`Refusal`] if the caller is not known or the request contradicts the directory.
    pub fn question<'a>(
        &'a self,
        request: &Request<'a>,
        extra: Extra<'a>,
        arena: &'a Bump,
    ) -> Result<Question<'a>, Refusal> {
        let tables = &self.tables;
        let mut context = Context::new(request.context, arena);
        let has_identity = extra.identity.is_some() && !is_assumed_root(request, &context);
        let caller = tables.caller(&request.principal, has_identity, arena)?;
        let mut sets = bumpalo::collections::Vec::with_capacity_in(6, arena);
        let mut add = |id: SetsId| {
            if id.is_some() {
                sets.push(id);
            }
        };
        if let Some(principal) = caller.principal {
            add(principal.identity);
            add(principal.boundary);
        }
        if let Some(account) = caller.account {
            add(account.scps);
        }
        let target = tables.target(request, caller.account);
        if let Some(owner) = target.owner {
            add(owner.rcps);
        }
        add(target.policy);
        if let Some(endpoint) = context.only("aws:SourceVpce") {
            add(tables.endpoint(endpoint).unwrap_or(SetsId::NONE));
        }
        tables.fill_caller(&caller, &mut context);
        tables.fill_target(request, &target, &mut context);

        let principal = Who {
            management_account: match caller.account {
                Some(account) if account.is_member => account.is_management,
                _ => caller.who.management_account,
            },
            ..caller.who
        };
        let resource_account = request
            .resource_account
            .or_else(|| target.stated_owner(request.resource, arena));
        let mut filled = Request {
            principal,
            resource_account,
            context: context.finish(),
            ..*request
        };
        filled.restrict_public_buckets |= target.restricts_public;
        filled.external_grant |= tables.is_granted(&target, &filled);
        Ok(Question {
            request: filled,
            sets: sets.into_bump_slice(),
            extra,
        })
    }

    /// The policies of a question as documents, for evaluators that read these. None if the directory
    /// is an image, which has no documents.
    pub fn policies<'a>(
        &'a self,
        question: &Question<'a>,
        arena: &'a Bump,
    ) -> Option<PolicySets<'a>> {
        let documents = self.store.documents()?;
        let mut sets = PolicySets::default();
        for id in question.sets {
            documents.add_to(*id, &self.tables.texts, &mut sets, arena);
        }
        if let Some(identity) = &question.extra.identity {
            sets.identity.extend(identity.iter().copied());
        }
        sets.session = question.extra.session.clone();
        Some(sets)
    }
}

/// True for a session of AssumeRoot, whose policies are the task policy's (`EVAL-50`, `STS-6`).
fn is_assumed_root(request: &Request<'_>, context: &Context<'_>) -> bool {
    let flag = context.only("aws:AssumedRoot");
    matches!(request.principal.caller, Caller::Root { .. })
        && flag.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

impl Tables {
    /// Finds the caller.
    fn caller<'d, 'a>(
        &'d self,
        who: &Who<'a>,
        has_identity: bool,
        arena: &'a Bump,
    ) -> Result<Known<'d, 'a>, Refusal> {
        let number = who.caller.account().and_then(account_number);
        let Some(number) = number else {
            if has_identity {
                let text = "only callers with an account have `identity`";
                return Err(Refusal::Contradiction(text.to_string()));
            }
            // Nobody's account: services, anonymous callers and those known by a provider.
            return Ok(Known {
                who: *who,
                account: None,
                principal: None,
                hides_user_id: false,
            });
        };
        let index = self.account_index(number);
        let account = index.and_then(|index| self.account(index));
        let is_known = account.is_some_and(|account| account.is_dumped || account.is_member);
        let stranger = Known {
            who: *who,
            account,
            principal: None,
            hides_user_id: false,
        };
        if !is_known || (has_identity && account.is_some_and(|account| !account.is_dumped)) {
            return match has_identity {
                true => Ok(stranger),
                false => Err(Refusal::UnknownAccount(format!("{number:012}"))),
            };
        }
        if has_identity {
            let text = format!(
                "the policies of the callers of {number:012} are in the directory: `identity` is for others"
            );
            return Err(Refusal::Contradiction(text));
        }
        let index = index.unwrap_or(NONE);
        match who.caller {
            Caller::Root { .. } => Ok(stranger),
            Caller::User { arn } => {
                let user = self.by_arn(index, Kind::User, arn)?;
                Ok(self.known(stranger, user, None, arena))
            }
            Caller::Role {
                session_arn,
                role_arn,
                ..
            } => {
                let role = match session_arn {
                    None => self.by_arn(index, Kind::Role, role_arn)?,
                    Some(session) => self.by_session(index, session, role_arn)?,
                };
                Ok(self.known(stranger, role, session_arn, arena))
            }
            Caller::FederatedUser { arn, federated_by } => match federated_by {
                None => Err(Refusal::UnknownPrincipal(format!(
                    "`{arn}` does not say who made the session: give the principal as \
                     {{\"arn\", \"federatedBy\"}}"
                ))),
                Some(by) => match Caller::from_arn(by) {
                    Ok(Caller::User { arn: by }) => Ok(Known {
                        principal: Some(self.by_arn(index, Kind::User, by)?),
                        ..stranger
                    }),
                    // What a root user makes has no permissions of its own.
                    _ => Ok(stranger),
                },
            },
            _ => Ok(stranger),
        }
    }

    /// The user or role with exactly this ARN.
    fn by_arn(&self, account: u32, kind: Kind, arn: &str) -> Result<&Principal, Refusal> {
        let name = arn.rsplit('/').next().unwrap_or(arn);
        match self.find_principal(account, kind, name) {
            Some(found) if self.has_arn(found, arn) => Ok(found),
            Some(other) => Err(Refusal::UnknownPrincipal(format!(
                "the directory has no `{arn}`, but `{}`",
                self.arn(other)
            ))),
            None => Err(Refusal::UnknownPrincipal(format!(
                "the directory has no `{arn}`"
            ))),
        }
    }

    /// The role of a session, whose ARN holds the name alone (`IN-17`).
    fn by_session(
        &self,
        account: u32,
        session: &str,
        role_arn: &str,
    ) -> Result<&Principal, Refusal> {
        let name = session_role_name(session).unwrap_or_default();
        let Some(role) = self.find_principal(account, Kind::Role, name) else {
            let text = format!("the directory has no role `{name}` for `{session}`");
            return Err(Refusal::UnknownPrincipal(text));
        };
        let partition = split_arn(session).map(|[_, partition, ..]| partition);
        // A role's ARN that was made of the session's has no path.
        let bare = role_arn.rsplit_once(":role/").map(|(_, rest)| rest);
        let is_fine = bare == Some(name) || self.has_arn(role, role_arn);
        if partition != Some(self.texts.get(role.partition)) || !is_fine {
            let own = self.arn(role);
            let text = format!("`{session}` is said to be of `{role_arn}`, its role is `{own}`");
            return Err(Refusal::UnknownPrincipal(text));
        }
        Ok(role)
    }

    /// A caller with what the directory knows of it.
    fn known<'d, 'a>(
        &'d self,
        stranger: Known<'d, 'a>,
        principal: &'d Principal,
        session: Option<&'a str>,
        arena: &'a Bump,
    ) -> Known<'d, 'a> {
        let mut caller = Known {
            principal: Some(principal),
            ..stranger
        };
        let id = match principal.id {
            NONE => None,
            id => Some(self.texts.get(crate::texts::Name(id))),
        };
        let session_name = session.and_then(|arn| arn.split('/').nth(2));
        if let Caller::Role {
            role_arn,
            service_linked,
            ..
        } = &mut caller.who.caller
        {
            *role_arn = self.arn_in(principal, arena);
            *service_linked |= principal.is_service_linked(&self.texts);
            caller.hides_user_id = session_name.is_none() && caller.who.user_id.is_none();
        }
        if caller.who.user_id.is_none() {
            caller.who.user_id = id.map(|id| match session_name {
                Some(name) => &*arena.alloc_str(&format!("{id}:{name}")),
                None => &*arena.alloc_str(id),
            });
        }
        caller
    }
}

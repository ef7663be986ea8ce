//! From a request to what decides it: the policies that apply, and the context keys that follow from
//! the directory.

pub(crate) mod context;
mod story;
pub(crate) mod target;

use std::fmt;

use bumpalo::Bump;
use portcullis_model::{
    Caller, Principal as Who, Request, is_account_id, session_names, split_arn,
};
use portcullis_syntax::{Policy, PolicySets};

use crate::Directory;
use crate::documents::SetsId;
use crate::model::{Account, Entities, NONE, Principal, Tables};
use crate::raw::Kind;
use crate::reads::{self, Reads};
use crate::resolve::context::Context;
pub use crate::resolve::story::{
    AccountStory, Applied, Attached, CallerStory, LayerStory, Source, Story, TargetStory,
};
use crate::resolve::target::{Place, Target, last_name};

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
#[derive(Clone, Copy)]
pub(crate) struct Known<'d, 'a> {
    /// As asked; of a caller by number it is to be made of its row.
    who: Option<Who<'a>>,
    pub(crate) account: Option<&'d Account>,
    /// The user or role whose policies are the identity policies, and its number.
    principal: Option<&'d Principal>,
    pub(crate) number: u32,
    /// What is filled in of the caller itself, not only of its policies.
    is_itself: bool,
    /// The name of its session, of a role.
    session: Option<&'a str>,
}

impl<'a> Known<'_, 'a> {
    /// The caller without its ARN and its ids. Of one that is a user or role itself it is to be told what it
    /// is, and whether the role is linked to a service.
    #[inline]
    pub(crate) fn outline(&self, itself: Option<(Kind, bool)>) -> Who<'a> {
        let mut who = self.who.unwrap_or(Who {
            caller: Caller::Anonymous,
            user_id: None,
            management_account: false,
        });
        if let Some(account) = self.account.filter(|account| account.is_member) {
            who.management_account = account.is_management;
        }
        let Some((kind, is_service_linked)) = itself.filter(|_| self.is_itself) else {
            return who;
        };
        if self.who.is_none() {
            who.caller = match kind {
                Kind::User => Caller::User { arn: "" },
                Kind::Role => Caller::Role {
                    session_arn: None,
                    role_arn: "",
                    service_linked: false,
                },
            };
        }
        if let Caller::Role { service_linked, .. } = &mut who.caller {
            *service_linked |= is_service_linked;
        }
        who
    }

    /// True if the caller has the policies of a user or role of the directory.
    pub(crate) fn has_policies(&self) -> bool {
        self.principal.is_some()
    }

    /// True if the caller is itself a user or role, unless the request says another id of it.
    pub(crate) fn is_itself(&self) -> bool {
        self.is_itself && self.who.is_none_or(|who| who.user_id.is_none())
    }
}

/// What takes part in a decision: numbers, and nothing that has to be made.
pub(crate) struct Applies<'d, 'a> {
    pub(crate) caller: Known<'d, 'a>,
    pub(crate) target: Target<'d>,
    /// Those that are not attached to the caller itself.
    pub(crate) other_sets: [SetsId; 4],
}

impl Applies<'_, '_> {
    /// Identity policies and boundary of the caller, in sets.
    pub(crate) fn own_sets(&self) -> [SetsId; 2] {
        let principal = self.caller.principal;
        principal.map_or([SetsId::NONE; 2], |own| [own.identity, own.boundary])
    }

    /// The policies of the directory that apply, in sets.
    pub(crate) fn sets(&self) -> impl Iterator<Item = SetsId> {
        let all = self.own_sets().into_iter().chain(self.other_sets);
        all.filter(|id| id.is_some())
    }
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
        let caller = tables.caller(&request.principal, has_identity, tables)?;
        let parts = split_arn(request.resource);
        let place = tables.locate(request.resource, parts, request.resource_account);
        let endpoint = context.only("aws:SourceVpce");
        let applies = tables.applies(caller, &place, target::is_sts(request.action), endpoint);
        let principal = tables.complete(&caller, tables, reads::ALL, arena);
        let tags = tables.principal_tags(&caller);
        tables.fill(&applies, (&principal, tags), reads::ALL, &mut context);
        let mut filled = Request {
            principal,
            resource_account: request
                .resource_account
                .or_else(|| tables.stated_owner(&place)),
            context: context.finish(),
            ..*request
        };
        filled.restrict_public_buckets |= applies.target.restricts_public;
        filled.external_grant |= tables.is_granted(
            &applies.target,
            request.action,
            &principal.caller,
            filled.context.iter().map(|entry| (entry.key, entry.values)),
        );
        let sets = applies.sets();
        Ok(Question {
            request: filled,
            sets: bumpalo::collections::Vec::from_iter_in(sets, arena).into_bump_slice(),
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
    /// What takes part when a caller does something to a target, by way of an endpoint.
    pub(crate) fn applies<'d, 'a>(
        &'d self,
        caller: Known<'d, 'a>,
        place: &Place,
        is_sts: bool,
        endpoint: Option<&str>,
    ) -> Applies<'d, 'a> {
        let target = self.target(place, is_sts, caller.account);
        let endpoint = endpoint.and_then(|id| self.endpoint(id));
        Applies {
            other_sets: [
                caller.account.map_or(SetsId::NONE, |own| own.scps),
                target.owner.map_or(SetsId::NONE, |own| own.rcps),
                target.policy,
                endpoint.unwrap_or(SetsId::NONE),
            ],
            caller,
            target,
        }
    }

    /// A user or role by its number, and its account; an anonymous caller if nobody has it.
    #[inline]
    pub(crate) fn by_number(&self, number: usize, account: Option<u32>) -> Known<'_, 'static> {
        Known {
            who: None,
            account: account.and_then(|account| self.account(account)),
            principal: self.principals.get(number),
            number: number as u32,
            is_itself: true,
            session: None,
        }
    }

    /// Finds the caller, among the users and roles of an account as they are read `from` somewhere.
    pub(crate) fn caller<'d, 'a>(
        &'d self,
        who: &Who<'a>,
        has_identity: bool,
        from: &impl Entities,
    ) -> Result<Known<'d, 'a>, Refusal> {
        let parts = who.caller.arn().and_then(split_arn);
        let digits = parts.map_or("", |[.., account, _]| account);
        let index = self.account_of(digits);
        let nobody = Known {
            who: Some(*who),
            account: None,
            principal: None,
            number: NONE,
            is_itself: false,
            session: None,
        };
        let Some(parts) = parts.filter(|_| index.is_some() || is_account_id(digits)) else {
            if has_identity {
                let text = "only callers with an account have `identity`";
                return Err(Refusal::Contradiction(text.to_string()));
            }
            // Nobody's account: services, anonymous callers and those known by a provider.
            return Ok(nobody);
        };
        let account = index.and_then(|index| self.account(index));
        let is_known = account.is_some_and(|account| account.is_dumped || account.is_member);
        let stranger = Known { account, ..nobody };
        if !is_known || (has_identity && account.is_some_and(|account| !account.is_dumped)) {
            return match has_identity {
                true => Ok(stranger),
                false => Err(Refusal::UnknownAccount(digits.to_string())),
            };
        }
        if has_identity {
            let text = format!(
                "the policies of the callers of {digits} are in the directory: `identity` is for others"
            );
            return Err(Refusal::Contradiction(text));
        }
        let index = index.unwrap_or(NONE);
        let by_arn = |kind, arn, parts| self.by_arn(from, (index, kind, arn), parts);
        match who.caller {
            Caller::Root { .. } => Ok(stranger),
            Caller::User { arn } => Ok(Known {
                is_itself: true,
                ..self.with_policies(stranger, by_arn(Kind::User, arn, parts)?)
            }),
            Caller::Role {
                session_arn,
                role_arn,
                ..
            } => {
                let (number, session) = match session_arn {
                    None => (by_arn(Kind::Role, role_arn, parts)?, None),
                    Some(session) => {
                        let (number, name) =
                            self.by_session(from, (index, session, role_arn), parts)?;
                        (number, Some(name))
                    }
                };
                Ok(Known {
                    is_itself: true,
                    session,
                    ..self.with_policies(stranger, number)
                })
            }
            Caller::FederatedUser { arn, federated_by } => match federated_by {
                None => Err(Refusal::UnknownPrincipal(format!(
                    "`{arn}` does not say who made the session: give the principal as \
                     {{\"arn\", \"federatedBy\"}}"
                ))),
                Some(by) => match Caller::from_arn(by) {
                    Ok(Caller::User { arn: by }) => {
                        let parts = split_arn(by).unwrap_or(parts);
                        let number = by_arn(Kind::User, by, parts)?;
                        Ok(self.with_policies(stranger, number))
                    }
                    // What a root user makes has no permissions of its own.
                    _ => Ok(stranger),
                },
            },
            _ => Ok(stranger),
        }
    }

    /// A caller with the policies of a user or role.
    fn with_policies<'d, 'a>(&'d self, caller: Known<'d, 'a>, number: u32) -> Known<'d, 'a> {
        Known {
            principal: self.principals.get(number as usize),
            number,
            ..caller
        }
    }

    /// The caller as policies see it, with what they look at. What its ARN says is read `from` somewhere.
    pub(crate) fn complete<'a>(
        &'a self,
        caller: &Known<'a, 'a>,
        from: &impl Entities,
        reads: Reads,
        arena: &'a Bump,
    ) -> Who<'a> {
        let entity = || from.entity(caller.number).filter(|_| caller.is_itself);
        let (Some(principal), Some(own)) = (caller.principal, entity()) else {
            return caller.outline(None);
        };
        let mut who = caller.outline(Some((own.kind, own.is_service_linked)));
        if reads & reads::ARN != 0 {
            match &mut who.caller {
                Caller::Role { role_arn, .. } => *role_arn = self.arn_in(own, arena),
                Caller::User { arn } if arn.is_empty() => *arn = self.arn_in(own, arena),
                _ => {}
            }
        }
        if reads & reads::ID != 0 && who.user_id.is_none() && principal.id != NONE {
            let id = self.texts.get(crate::texts::Name(principal.id));
            who.user_id = Some(match caller.session {
                Some(name) => concat_in(&[id, ":", name], arena),
                None => id,
            });
        }
        who
    }

    /// The number of the user or role with exactly this ARN.
    fn by_arn(
        &self,
        from: &impl Entities,
        (account, kind, arn): (u32, Kind, &str),
        parts: [&str; 6],
    ) -> Result<u32, Refusal> {
        let [.., rest] = parts;
        match self.find_entity(from, (account, kind, last_name(rest))) {
            Some((number, found)) if self.has_arn(found, parts) => Ok(number),
            Some((_, other)) => Err(Refusal::UnknownPrincipal(format!(
                "the directory has no `{arn}`, but `{}`",
                self.arn(other)
            ))),
            None => Err(Refusal::UnknownPrincipal(format!(
                "the directory has no `{arn}`"
            ))),
        }
    }

    /// The number of the role of a session, whose ARN holds the role's name alone (`IN-17`), and the
    /// session's name.
    fn by_session<'a>(
        &self,
        from: &impl Entities,
        (account, session, role_arn): (u32, &str, &str),
        parts: [&'a str; 6],
    ) -> Result<(u32, &'a str), Refusal> {
        let [_, partition, .., digits, rest] = parts;
        let (name, session_name) = session_names(rest).unwrap_or_default();
        let Some((number, role)) = self.find_entity(from, (account, Kind::Role, name)) else {
            let text = format!("the directory has no role `{name}` for `{session}`");
            return Err(Refusal::UnknownPrincipal(text));
        };
        // A role's ARN that was made of the session's has no path.
        let is_made = || {
            let parts = ["arn:", partition, ":iam::", digits, ":role/", name];
            let rest = parts
                .iter()
                .try_fold(role_arn, |rest, part| rest.strip_prefix(part));
            rest == Some("")
        };
        let is_own = || split_arn(role_arn).is_some_and(|parts| self.has_arn(role, parts));
        if partition != self.texts.get(role.partition) || !(is_made() || is_own()) {
            let own = self.arn(role);
            let text = format!("`{session}` is said to be of `{role_arn}`, its role is `{own}`");
            return Err(Refusal::UnknownPrincipal(text));
        }
        Ok((number, session_name))
    }
}

/// Texts one after the other.
pub(crate) fn concat_in<'a>(parts: &[&str], arena: &'a Bump) -> &'a str {
    let len = parts.iter().map(|part| part.len()).sum();
    let mut all = bumpalo::collections::String::with_capacity_in(len, arena);
    parts.iter().for_each(|part| all.push_str(part));
    all.into_bump_str()
}

//! From a request to what decides it: the policies that apply, and the context keys that follow from
//! the directory.

pub(crate) mod caller;
pub(crate) mod context;
mod story;
pub(crate) mod target;

use std::fmt;

use bumpalo::Bump;
use portcullis_model::{Caller, Request, split_arn};
use portcullis_syntax::{Policy, PolicySets};

use crate::Directory;
use crate::documents::SetsId;
use crate::model::Tables;
use crate::reads;
use crate::resolve::caller::Known;
use crate::resolve::context::Context;
pub use crate::resolve::story::{
    AccountStory, Applied, Attached, CallerStory, LayerStory, Source, Story, TargetStory,
};
use crate::resolve::target::{Place, Target};

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
    /// The directory whose numbers the sets are.
    pub(crate) of: u64,
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
        let who = arena.alloc(request.principal);
        let arn = tables.read_caller(&who.caller);
        let caller = tables.caller(who, &arn, has_identity, tables)?;
        let parts = split_arn(request.resource);
        let place = tables.locate(request.resource, parts, request.resource_account);
        let endpoint = context.only("aws:SourceVpce");
        let applies = tables.applies(caller, &place, target::is_sts(request.action), endpoint);
        let principal = tables.complete(&caller, tables, reads::ALL, arena);
        tables.fill(&applies, &principal, &mut context);
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
            of: self.store.id(),
        })
    }

    /// The policies of a question as documents, for evaluators that read these. None if the directory
    /// is an image, which has no documents, and of another directory's question.
    pub fn policies<'a>(
        &'a self,
        question: &Question<'a>,
        arena: &'a Bump,
    ) -> Option<PolicySets<'a>> {
        let documents = self.store.documents()?;
        if question.of != self.store.id() {
            return None;
        }
        let mut sets = PolicySets::default();
        for id in question.sets {
            documents.add_to(*id, &self.tables.texts, &mut sets, arena)?;
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
}

/// Texts one after the other.
pub(crate) fn concat_in<'a>(parts: &[&str], arena: &'a Bump) -> &'a str {
    let len = parts.iter().map(|part| part.len()).sum();
    let mut all = bumpalo::collections::String::with_capacity_in(len, arena);
    parts.iter().for_each(|part| all.push_str(part));
    all.into_bump_str()
}

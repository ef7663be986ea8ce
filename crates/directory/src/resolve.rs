//! From a request to what decides it: the policies that apply, and the context keys that follow from
//! the directory.

pub(crate) mod caller;
pub(crate) mod context;
mod story;
pub(crate) mod target;

use std::fmt;

use bumpalo::Bump;
use portcullis_model::{
    ActionError, Caller, Request, access_point, check_action, is_account_id, split_arn,
};
use portcullis_syntax::{Bucket, Policy, PolicySets};

use crate::Directory;
use crate::documents::SetsId;
use crate::model::Tables;
use crate::parts::other_name;
use crate::reads;
use crate::resolve::caller::Known;
use crate::resolve::context::Context;
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
    /// The directory has the user or role whose policies are the caller's. What was guessed of a role in
    /// reading the request is then replaced by what is known.
    pub knows_caller: bool,
    /// The policies of the directory that apply, in sets.
    pub(crate) sets: &'a [SetsId],
    /// The policies that came with the request.
    pub(crate) extra: Extra<'a>,
    /// What the bucket behind an access point is asked (`S3-6`).
    pub(crate) bucket: Option<BucketQuestion<'a>>,
    /// A policy that takes part cannot be read, or was not seen, so that nothing is allowed (`GRAM-54`, `S3-6`).
    pub(crate) is_undecidable: bool,
    /// The directory whose numbers the sets are.
    pub(crate) of: u64,
}

/// What the bucket behind an access point is asked (`S3-6`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct BucketQuestion<'a> {
    /// The bucket's ARN.
    pub(crate) arn: &'a str,
    /// The bucket, or the object in it.
    pub(crate) resource: &'a str,
    /// Whose it is.
    pub(crate) account: Option<&'a str>,
    /// The policies of the directory that apply there, in sets.
    pub(crate) sets: &'a [SetsId],
}

impl Question<'_> {
    /// Whether the answer is incomplete whatever else the directory has: a policy that takes part cannot be read
    /// (`GRAM-54`), it is not known which bucket is behind an access point (`S3-6`), or the resource is asked for by a
    /// name that its policy is not found by. Nothing is allowed then.
    pub fn is_undecidable(&self) -> bool {
        self.is_undecidable
    }
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
    /// The request's action is none (`GRAM-18`).
    NoAction(ActionError),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::UnknownPrincipal(text) | Refusal::Contradiction(text) => f.write_str(text),
            Refusal::UnknownAccount(account) => write!(
                f,
                "the directory has no account {account}, and the request has no `identity`"
            ),
            Refusal::NoAction(error) => write!(f, "the action is none: {error}"),
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
    /// [`Refusal`] if the caller is not known, the action is none, or the request contradicts the directory.
    pub fn question<'a>(
        &'a self,
        request: &Request<'a>,
        extra: Extra<'a>,
        arena: &'a Bump,
    ) -> Result<Question<'a>, Refusal> {
        check_action(request.action).map_err(Refusal::NoAction)?;
        self.question_of_any(request, extra, arena)
    }

    /// The same, also for what stands for the actions that a pattern matches.
    pub(crate) fn question_of_any<'a>(
        &'a self,
        request: &Request<'a>,
        extra: Extra<'a>,
        arena: &'a Bump,
    ) -> Result<Question<'a>, Refusal> {
        let tables = &self.tables;
        let context = Context::new(request.context, arena);
        let has_identity = extra.identity.is_some() && !is_assumed_root(request, &context);
        let who = arena.alloc(request.principal);
        let arn = tables.read_caller(&who.caller);
        let caller = tables.caller(who, &arn, has_identity, tables)?;
        Ok(tables.question(caller, request, (extra, self.store.id()), arena))
    }

    /// What whoever reads the answer to a question should know: which policies were not seen, or are not consulted
    /// although one might think so.
    pub fn notes(&self, question: &Question<'_>) -> Vec<String> {
        let tables = &self.tables;
        let resource = question.request.resource;
        let mut notes: Vec<String> = tables
            .unconsulted(resource)
            .into_iter()
            .map(|whole| format!("the policy of {whole} is not consulted for {resource}"))
            .collect();
        notes.extend(self.note_of_permission_set(&question.request.principal.caller));
        let name = other_name(resource, split_arn(resource));
        if let Some(name) = name.filter(|name| name.stands_for_another(question.request.action)) {
            notes.push(format!("{resource} {}", name.reason()));
            return notes;
        }
        match (access_point(resource), &question.bucket) {
            (Some((point, _)), None) => notes.push(format!(
                "no file says which bucket is behind {point}, so that the policy of the bucket was not seen and nothing \
                 is allowed"
            )),
            _ if question.is_undecidable => {
                let note = "a policy of the resource cannot be read, so that nothing is allowed";
                notes.push(note.to_string());
            }
            (None, _) => {}
            (Some((point, _)), Some(bucket)) => {
                let parts = split_arn(bucket.arn);
                let place = tables.locate(bucket.arn, parts, None);
                if !(place.policy().is_some() || place.is_unreadable()) {
                    notes.push(format!(
                        "no file has a policy of {}, which is behind {point}",
                        bucket.arn
                    ));
                }
            }
        }
        notes
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
        if let Some(bucket) = &question.bucket {
            let mut behind = PolicySets::default();
            for id in bucket.sets {
                documents.add_to(*id, &self.tables.texts, &mut behind, arena)?;
            }
            sets.bucket = Some(Bucket {
                arn: bucket.arn,
                account: bucket.account,
                policy: behind.resource,
                rcps: behind.rcps,
            });
        }
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
    /// What decides a request of a caller who was found. `of` is the directory that has the tables.
    pub(crate) fn question<'a>(
        &'a self,
        caller: Known<'a, 'a>,
        request: &Request<'a>,
        (extra, of): (Extra<'a>, u64),
        arena: &'a Bump,
    ) -> Question<'a> {
        let mut context = Context::new(request.context, arena);
        let parts = split_arn(request.resource);
        let place = self.locate(request.resource, parts, request.resource_account);
        let endpoint = context.only("aws:SourceVpce");
        let is_sts = target::is_sts(request.action);
        let applies = self.applies(caller, &place, is_sts, endpoint);
        let principal = self.complete(&caller, self, reads::ALL, arena);
        self.fill(&applies, &principal, &mut context);
        let behind = self.behind(request, &place, arena);
        let of_bucket = behind
            .as_ref()
            .map(|(_, place)| self.applies(caller, place, is_sts, endpoint));
        if access_point(request.resource).is_some() {
            let target = of_bucket.as_ref().map(|own| &own.target);
            self.fill_access_point(request.resource, target, &mut context);
        }
        let mut filled = Request {
            principal,
            resource_account: request
                .resource_account
                .or_else(|| self.stated_owner(&place)),
            context: context.finish(),
            ..*request
        };
        // S3-4: the strictest block counts.
        filled.restrict_public_buckets |= applies.target.restricts_public
            || of_bucket
                .as_ref()
                .is_some_and(|own| own.target.restricts_public);
        filled.external_grant |= self.is_granted(
            &applies.target,
            request.action,
            &principal.caller,
            filled.context.iter().map(|entry| (entry.key, entry.values)),
        );
        let sets_in = |applies: &Applies<'_, '_>| {
            let sets = bumpalo::collections::Vec::from_iter_in(applies.sets(), arena);
            sets.into_bump_slice()
        };
        // What the bucket's policy says is not known, and it may deny.
        let is_undecidable = place.is_unreadable()
            || place.is_renamed(request.action)
            || access_point(request.resource).is_some() && behind.is_none()
            || behind
                .as_ref()
                .is_some_and(|(_, place)| place.is_unreadable());
        let bucket = behind
            .zip(of_bucket)
            .map(|((bucket, _), applies)| BucketQuestion {
                sets: sets_in(&applies),
                ..bucket
            });
        Question {
            request: filled,
            knows_caller: applies.caller.principal.is_some(),
            sets: sets_in(&applies),
            extra,
            bucket,
            is_undecidable,
            of,
        }
    }

    /// What is behind an access point, if that is known (`S3-6`), and where it is found. Its owner is the access
    /// point's, unless something says another.
    fn behind<'a>(
        &'a self,
        request: &Request<'a>,
        place: &Place,
        arena: &'a Bump,
    ) -> Option<(BucketQuestion<'a>, Place)> {
        let arn = self.texts.get(place.bucket()?);
        let resource = portcullis_vm::resource_behind(request.resource, arn)?;
        let resource = &*arena.alloc_str(&resource);
        let own = self.locate(resource, split_arn(resource), None);
        let of_point = split_arn(request.resource).map(|[.., account, _]| account);
        let account = self
            .stated_owner(&own)
            .or(request.resource_account)
            .or(of_point.filter(|account| is_account_id(account)));
        let bucket = BucketQuestion {
            arn,
            resource,
            account,
            sets: &[],
        };
        Some((bucket, self.locate(resource, split_arn(resource), account)))
    }

    /// What takes part when a caller does something to a target, by way of an endpoint.
    #[inline(always)]
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

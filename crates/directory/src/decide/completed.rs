//! A request with everything that the directory adds to it.
//!
//! A completed request holds everything that decides it: the caller completed, the owner, every key, the policy sets,
//! and for an access point the same for the bucket behind it (`S3-6`). It can be decided, explained, printed, and given to
//! the reference evaluator as documents.
//!
//! It belongs to one generation. Making one takes time linear in the tags and the context, in an arena that the caller
//! lends. Deciding many requests goes without it ([`crate::decide::check`]).

use bumpalo::Bump;
use portcullis_model::{Caller, Request, access_point, check_action, is_account_id, split_arn};
use portcullis_syntax::RequestPolicies;
use portcullis_syntax::{Bucket, PolicySets};

use crate::decide::applies::{Applies, find_applies};
use crate::decide::caller::{ResolvedCaller, complete, find_caller, outsider, read_caller};
use crate::decide::context::{FilledContext, fill, fill_access_point};
use crate::decide::grants::is_granted;
use crate::decide::target::{LocatedTarget, locate, stated_owner, unconsulted};
use crate::error::RequestError;
use crate::plan::action::is_sts;
use crate::plan::dependencies::KeyDependencies;
use crate::store::documents::Documents;
use crate::store::ids::SetsId;
use crate::store::people::{RESERVED_PATH, UNKNOWN_END};
use crate::store::policy_scope::other_name;
use crate::store::tables::Tables;

/// A request with everything that the directory adds to it. What [`Directory::complete`](crate::Directory::complete) gives.
///
/// `request` is to be read and printed; what applies to it is known by numbers of the directory that completed it, so that
/// another one refuses it.
#[derive(Clone, Debug)]
pub struct CompletedRequest<'a> {
    /// The request; the caller's ids, the owner of the resource and the context are filled in.
    pub request: Request<'a>,
    /// The directory has the user or role whose policies are the caller's. What was guessed of a role in
    /// reading the request is then replaced by what is known.
    pub knows_caller: bool,
    /// The policies of the directory that apply, in sets.
    pub(crate) sets: &'a [SetsId],
    /// The policies that came with the request.
    pub(crate) extra: RequestPolicies<'a>,
    /// What the bucket behind an access point is asked (`S3-6`).
    pub(crate) bucket: Option<BucketRequest<'a>>,
    /// A policy that takes part cannot be read, or was not seen, so nothing is allowed (`GRAM-54`, `S3-6`).
    pub(crate) is_undecidable: bool,
    /// The directory whose numbers the sets are.
    pub(crate) of: u64,
}

/// What the bucket behind an access point is asked (`S3-6`).
#[derive(Clone, Copy, Debug)]
pub(crate) struct BucketRequest<'a> {
    /// The bucket's ARN.
    pub(crate) arn: &'a str,
    /// The bucket, or the object in it.
    pub(crate) resource: &'a str,
    /// Whose it is.
    pub(crate) account: Option<&'a str>,
    /// The policies of the directory that apply there, in sets.
    pub(crate) sets: &'a [SetsId],
}

impl CompletedRequest<'_> {
    /// Whether the answer is incomplete whatever else the directory has: a policy that takes part cannot be read
    /// (`GRAM-54`), it is not known which bucket is behind an access point (`S3-6`), or the resource is asked for by a
    /// name that its policy is not found by. Nothing is allowed then.
    pub fn is_undecidable(&self) -> bool {
        self.is_undecidable
    }
}

/// Finds what decides a request, also one for what stands for the actions that a pattern matches. `of` is the
/// generation that has the tables.
///
/// # Errors
/// [`RequestError`] if the caller is not known, or the request contradicts the directory.
pub(crate) fn complete_any_request<'a>(
    tables: &'a Tables,
    of: u64,
    request: &Request<'a>,
    extra: RequestPolicies<'a>,
    arena: &'a Bump,
) -> Result<CompletedRequest<'a>, RequestError> {
    let context = FilledContext::new(request.context, arena);
    let has_identity = extra.identity.is_some() && !is_assumed_root(request, &context);
    let who = arena.alloc(request.principal);
    let arn = read_caller(tables, &who.caller);
    let caller = find_caller(tables, who, &arn, has_identity, tables)?;
    Ok(complete_for_caller(
        tables,
        caller,
        request,
        (extra, of),
        arena,
    ))
}

/// The same for an action.
///
/// # Errors
/// Also if the action is none (`GRAM-18`).
pub(crate) fn complete_request<'a>(
    tables: &'a Tables,
    of: u64,
    request: &Request<'a>,
    extra: RequestPolicies<'a>,
    arena: &'a Bump,
) -> Result<CompletedRequest<'a>, RequestError> {
    check_action(request.action).map_err(RequestError::NoAction)?;
    complete_any_request(tables, of, request, extra, arena)
}

/// The same for somebody of whom only the request says something: the policies that came with it are the caller's, and what the
/// directory has of the caller and its account takes no part (`AA-453`).
///
/// # Errors
/// If the action is none (`GRAM-18`).
pub(crate) fn complete_outsider<'a>(
    tables: &'a Tables,
    of: u64,
    request: &Request<'a>,
    extra: RequestPolicies<'a>,
    arena: &'a Bump,
) -> Result<CompletedRequest<'a>, RequestError> {
    check_action(request.action).map_err(RequestError::NoAction)?;
    let who = arena.alloc(request.principal);
    let extra = match who.caller.account() {
        Some(_) => extra,
        // These have no policies of their own.
        None => RequestPolicies::default(),
    };
    let extra = (extra, of);
    Ok(complete_for_caller(
        tables,
        outsider(who),
        request,
        extra,
        arena,
    ))
}

/// What whoever reads the answer to a completed request should know: which policies were not seen, or are not consulted
/// although one might think so.
pub(crate) fn notes(tables: &Tables, completed: &CompletedRequest<'_>) -> Vec<String> {
    let resource = completed.request.resource;
    let mut notes: Vec<String> = unconsulted(tables, resource)
        .into_iter()
        .map(|whole| format!("the policy of {whole} is not consulted for {resource}"))
        .collect();
    notes.extend(note_of_permission_set(
        tables,
        &completed.request.principal.caller,
    ));
    let name = other_name(resource, split_arn(resource));
    if let Some(name) = name.filter(|name| name.stands_for_another(completed.request.action)) {
        notes.push(format!("{resource} {}", name.reason()));
        return notes;
    }
    match (access_point(resource), &completed.bucket) {
        (Some((point, _)), None) => notes.push(format!(
            "no file says which bucket is behind {point}, so the bucket's policy was not seen and nothing \
             is allowed"
        )),
        _ if completed.is_undecidable => {
            let note = "a policy of the resource cannot be read, so nothing is allowed";
            notes.push(note.to_string());
        }
        (None, _) => {}
        (Some((point, _)), Some(bucket)) => {
            let parts = split_arn(bucket.arn);
            let located = locate(tables, bucket.arn, parts, None);
            if !(located.policy().is_some() || located.is_unreadable()) {
                notes.push(format!(
                    "no file has a policy of {}, the bucket behind {point}",
                    bucket.arn
                ));
            }
        }
    }
    notes
}

/// What to know of a caller whose role of Identity Center is in no dump.
fn note_of_permission_set(tables: &Tables, caller: &Caller<'_>) -> Option<String> {
    let Caller::Role { role_arn, .. } = *caller else {
        return None;
    };
    let role = tables.number_of_role(role_arn)?;
    let set = tables
        .permission_set(role)
        .filter(|_| tables.is_unprovisioned(role))?;
    let region = match role_arn.contains(&format!("{RESERVED_PATH}AWSReservedSSO_")) {
        true => {
            "; its path has no region, as that of roles from us-east-1, because no file says one"
        }
        false => "",
    };
    Some(format!(
        "{role_arn} is in no dump: the permission set {set} decides in its place, and {UNKNOWN_END} stands for digits \
         that AWS chooses{region}"
    ))
}

/// The policies of a completed request as documents, for evaluators that read these; none if one of them cannot be read.
pub(crate) fn policies<'a>(
    tables: &'a Tables,
    documents: &'a Documents,
    completed: &CompletedRequest<'a>,
    arena: &'a Bump,
) -> Option<PolicySets<'a>> {
    let mut sets = PolicySets::default();
    for id in completed.sets {
        documents.add_to(*id, tables.strings(), &mut sets, arena)?;
    }
    if let Some(identity) = &completed.extra.identity {
        sets.identity.extend(identity.iter().copied());
    }
    sets.session = completed.extra.session.clone();
    if let Some(bucket) = &completed.bucket {
        let mut behind = PolicySets::default();
        for id in bucket.sets {
            documents.add_to(*id, tables.strings(), &mut behind, arena)?;
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

/// True for a session of AssumeRoot, whose policies are the task policy's (`EVAL-50`, `STS-6`).
pub(crate) fn is_assumed_root(request: &Request<'_>, context: &FilledContext<'_>) -> bool {
    let flag = context.only("aws:AssumedRoot");
    matches!(request.principal.caller, Caller::Root { .. })
        && flag.is_some_and(|value| value.eq_ignore_ascii_case("true"))
}

/// Completes a request of a caller who was found. `of` is the generation that has the tables. Cannot fail: what a request can
/// contradict was compared when the caller was found.
pub(crate) fn complete_for_caller<'a>(
    tables: &'a Tables,
    caller: ResolvedCaller<'a, 'a>,
    request: &Request<'a>,
    (extra, of): (RequestPolicies<'a>, u64),
    arena: &'a Bump,
) -> CompletedRequest<'a> {
    let mut context = FilledContext::new(request.context, arena);
    let parts = split_arn(request.resource);
    let located = locate(tables, request.resource, parts, request.resource_account);
    let endpoint = context.only("aws:SourceVpce");
    let is_sts = is_sts(request.action);
    let applies = find_applies(tables, caller, &located, is_sts, endpoint);
    let principal = complete(tables, &caller, tables, KeyDependencies::ALL, arena);
    fill(tables, &applies, &principal, &mut context);
    let behind = behind(tables, request, &located, arena);
    let of_bucket = behind
        .as_ref()
        .map(|(_, located)| find_applies(tables, caller, located, is_sts, endpoint));
    if access_point(request.resource).is_some() {
        let target = of_bucket.as_ref().map(|applies| &applies.target);
        fill_access_point(tables, request.resource, target, &mut context);
    }
    let mut filled = Request {
        principal,
        resource_account: request
            .resource_account
            .or_else(|| stated_owner(tables, &located)),
        context: context.finish(),
        ..*request
    };
    // S3-4: the strictest block counts.
    filled.restrict_public_buckets |= applies.target.restricts_public
        || of_bucket
            .as_ref()
            .is_some_and(|applies| applies.target.restricts_public);
    filled.external_grant |= is_granted(
        tables,
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
    let is_undecidable = located.is_unreadable()
        || located.is_renamed(request.action)
        || access_point(request.resource).is_some() && behind.is_none()
        || behind
            .as_ref()
            .is_some_and(|(_, located)| located.is_unreadable());
    let bucket = behind
        .zip(of_bucket)
        .map(|((bucket, _), applies)| BucketRequest {
            sets: sets_in(&applies),
            ..bucket
        });
    CompletedRequest {
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
/// point's, unless something says another. None if the target is no access point, or no file says its bucket.
fn behind<'a>(
    tables: &'a Tables,
    request: &Request<'a>,
    located: &LocatedTarget,
    arena: &'a Bump,
) -> Option<(BucketRequest<'a>, LocatedTarget)> {
    let arn = tables.str(located.bucket()?);
    let resource = portcullis_vm::resource_behind(request.resource, arn)?;
    let resource = &*arena.alloc_str(&resource);
    let bucket_target = locate(tables, resource, split_arn(resource), None);
    let of_point = split_arn(request.resource).map(|[.., account, _]| account);
    let account = stated_owner(tables, &bucket_target)
        .or(request.resource_account)
        .or(of_point.filter(|account| is_account_id(account)));
    let bucket = BucketRequest {
        arn,
        resource,
        account,
        sets: &[],
    };
    Some((
        bucket,
        locate(tables, resource, split_arn(resource), account),
    ))
}

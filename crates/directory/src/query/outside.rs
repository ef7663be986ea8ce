//! What findings about access from outside need of a directory: the zone of trust, grants as they are written, and whether a
//! block of public access keeps everybody out (`AA-453`).

use portcullis_model::{is_account_id, split_arn};

use crate::decide::completed::CompletedRequest;
use crate::plan::generation::Generation;
use crate::plan::stack::Located;
use crate::store::tables::{ALL_USERS, AUTHENTICATED_USERS, Tables};

/// Whom a grant is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grantee {
    /// Everyone, with or without an account.
    Everyone,
    /// Everyone who has an account.
    Authenticated,
    /// An account, an ARN, a service or a canonical id, as the dump says.
    Named(String),
}

/// A grant of a KMS key (`KMS-8`), or an entry of the access control list of a bucket (`S3-2`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownGrant {
    /// Whom it is for.
    pub grantee: Grantee,
    /// The actions that it allows.
    pub actions: Vec<String>,
    /// Pairs that the encryption context must have.
    pub context: Vec<(String, String)>,
}

/// How long a canonical id is (`GRAM-44`).
const CANONICAL: usize = 64;

/// The grants of a resource by its name.
pub(crate) fn grants_of(tables: &Tables, name: &str) -> Vec<KnownGrant> {
    let Some(row) = tables.find_resource(name) else {
        return Vec::new();
    };
    let is_of_key = split_arn(name).is_some_and(|parts| parts[2] == "kms");
    let grants = tables.grants(row.grants);
    // Of a canonical id whose account is known there are two, of which the one by account says more (`GRAM-44`).
    let is_told_by_account = |at: usize| {
        let both = grants.get(at).zip(grants.get(at + 1));
        both.is_some_and(|(own, next)| {
            let is_canonical = tables.str(own.grantee).len() == CANONICAL;
            let is_account = is_account_id(tables.str(next.grantee));
            is_canonical && is_account && own.operations == next.operations
        })
    };
    let grants = grants.iter().enumerate();
    let known = grants.filter(|(at, _)| !is_told_by_account(*at));
    let known = known.map(|(_, own)| {
        let operations = tables.pair_strings(own.operations);
        let pairs = [own.subset, own.equals].into_iter();
        let pairs = pairs.flat_map(|range| tables.pair_strings(range));
        KnownGrant {
            grantee: match tables.str(own.grantee) {
                ALL_USERS => Grantee::Everyone,
                AUTHENTICATED_USERS => Grantee::Authenticated,
                named => Grantee::Named(named.to_owned()),
            },
            actions: operations
                .map(|(name, _)| match is_of_key {
                    true => format!("kms:{name}"),
                    false => name.to_owned(),
                })
                .collect(),
            context: pairs
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
        }
    });
    known.collect()
}

/// The accounts of the organization, sorted; none if there is no organization.
pub(crate) fn members(tables: &Tables) -> Vec<String> {
    let accounts = tables.accounts();
    let members = accounts.rows().iter().filter(|own| own.is_member);
    members.map(|own| format!("{:012}", own.number)).collect()
}

/// The ARN of the user or role that has a unique id (`GRAM-40`). Takes time linear in the principals: policies rarely have ids, which
/// AWS writes where a principal is gone.
pub(crate) fn principal_of_id(tables: &Tables, id: &str) -> Option<String> {
    let mut rows = tables.principals().iter();
    let row = rows.find(|row| row.id.is_some() && tables.str(row.id) == id)?;
    Some(tables.arn(row.entity()))
}

/// True if the policy of the resource of a request is public and a block of public access is in force, so that the policy
/// grants nothing to anybody outside of the owner's account (`S3-4`, `S3-5`).
pub(crate) fn is_shut(generation: Generation<'_>, completed: &CompletedRequest<'_>) -> bool {
    let Generation { tables, plan } = generation;
    let units = completed.sets.iter().flat_map(|id| tables.uses(*id));
    let mut units = units.filter_map(|(_, unit)| plan.stack.locate(unit));
    let is_public = |Located { view, unit, .. }: Located<'_>| view.get(unit).public;
    completed.request.restrict_public_buckets && units.any(is_public)
}

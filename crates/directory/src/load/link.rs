//! From what the files say to the tables: references become ids.
//!
//! The order matters. Organization and accounts come first, since everything else refers to accounts. Copies of single users
//! and roles are compared before principals are made of them. From then on no strings are added, because the tables are
//! about to own them. Principals and resources come last, since a name that is there twice can be told only then.
//!
//! Equal lists of tags and equal policy sets are stored once, because principals mostly have those of others. Time and
//! memory are linear in the records. Problems do not stop linking: the result is fit for use only if there are none.

mod acl;
mod copies;
mod identity_center;
mod organization;
mod pairs;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_model::{Layer, PolicyKind, split_arn};

use crate::arn::account_number;
use crate::codes;
use crate::load::link::acl::link_acls;
use crate::load::link::copies::compare_copies;
use crate::load::link::identity_center::{add_people, link_identity_center};
use crate::load::link::organization::{Organization, link_organization};
use crate::load::link::pairs::Pairs;
use crate::load::loader::Loader;
use crate::load::path::Location;
use crate::load::raw::{RawGroup, RawPrincipal, RawResource, Spot};
use crate::load::read::unnamed::RESOURCE_POLICY;
use crate::store::accounts::{Account, Accounts};
use crate::store::ids::{AccountIdx, PolicyId, Run, SetsId, Symbol};
use crate::store::policy_scope::{Reach, reach_of};
use crate::store::provenance::{Attachment, PrincipalPolicies};
use crate::store::tables::{Columns, Grant, PrincipalRow, ResourceRow, Tables};
use portcullis_source::Severity;

/// What a role's sessions last if no dump says otherwise, in seconds (`STS-1`).
const DEFAULT_MAX_SESSION: u32 = 3600;

/// A group's policies, of which the first are its inline policies, and what it adds to its members.
struct Group {
    policies: Vec<PolicyId>,
    inline: usize,
    spot: Spot,
}

/// What is found by the start of an ARN, and so for others than the resource that has the policies.
struct Key {
    policies: Vec<PolicyId>,
    spot: Spot,
    resource: ResourceRow,
}

/// By the start of an ARN, in order, so that the same folder gives the same file.
type Keys = BTreeMap<String, Key>;

/// By account and name in lower case: names of groups are unique without regard to case.
type Groups = HashMap<(u64, String), Group>;

/// Puts everything together. The result is fit for use only if there are no errors.
pub(crate) fn link(loader: &mut Loader) -> Tables {
    let organization = link_organization(loader);
    let mut pairs = Pairs::default();
    let accounts = link_accounts(loader, &organization);
    compare_copies(loader);
    let holders = link_identity_center(loader);
    let groups = link_groups(loader);
    // From here on, new texts are not made while the tables look at them.
    let principals = link_principals(loader, &accounts, &groups, &mut pairs);
    let (resources, grants) = link_resources(loader, &accounts, &mut pairs);
    let endpoints = link_endpoints(loader);
    let dumps = std::mem::take(&mut loader.raw.truncated).into_values();
    let dumps = dumps.filter_map(|(is_truncated, spot)| is_truncated.then_some(spot));
    let others = std::mem::take(&mut loader.raw.unfinished).into_values();
    for spot in dumps.chain(others) {
        // IN-5: the other pages may deny.
        let message = "the last page says that there are more; add their files";
        let location = loader.place(spot);
        let problem = location.diagnostic(Severity::Error, codes::INCOMPLETE, message);
        loader.report.missing.push(problem);
    }
    let missing = u32::try_from(loader.report.missing.len()).unwrap_or(u32::MAX);
    if loader.strings.is_full() {
        let message = "the strings of the directory are more than 4 GiB";
        loader.error(Location::default(), codes::TOO_LARGE, message);
    }
    let mut tables = Tables::new(Columns {
        strings: std::mem::take(&mut loader.strings).into_table(),
        accounts,
        grants,
        pairs: pairs.all,
        endpoints,
        organization: organization.id,
        missing,
    });
    for (principal, spot) in principals {
        if !tables.add_principal(principal) {
            let arn = tables.arn(principal.entity());
            let message = format!("`{arn}` appears twice");
            let place = place_with(&tables, spot);
            loader.error(place, codes::DUPLICATE, message);
        }
    }
    add_people(&mut tables, &holders);
    for (resource, spot) in resources {
        let arn = tables.str(resource.arn);
        let principal = tables.number_by_arn(arn);
        let principal = principal.and_then(|number| tables.principal(number));
        if let (Some(principal), true) = (principal, resource.policy.is_some()) {
            let one = |sets| loader.documents.sets(sets).first()?.1.first().copied();
            let both = one(principal.trust).zip(one(resource.policy));
            let kind = PolicyKind::Resource;
            if !both.is_some_and(|(own, new)| loader.documents.are_equal(own, new, kind)) {
                let message =
                    format!("the policy of `{arn}` is not the one in the dump of its account");
                let place = place_with(&tables, spot);
                loader.error(place, codes::CONTRADICTION, message);
            }
        }
        tables.add_resource(resource);
    }
    loader.documents.finish();
    tables
}

/// All accounts that anything refers to: those that were dumped, members of the organization, and owners of resources.
fn link_accounts(loader: &mut Loader, organization: &Organization) -> Accounts {
    let mut numbers: BTreeSet<u64> = loader.raw.dumped.iter().copied().collect();
    numbers.extend(organization.members.keys());
    numbers.extend(loader.raw.restricted_accounts.iter());
    let assignments = loader.raw.center.assignments.keys();
    numbers.extend(assignments.map(|assignment| assignment.account));
    let owners = loader.raw.resources.iter().filter_map(|raw| {
        let own = split_arn(loader.strings.get(raw.arn))
            .and_then(|[.., account, _]| account_number(account));
        raw.account.or(own)
    });
    numbers.extend(owners);
    let rows = numbers.into_iter().map(|number| {
        let member = organization.members.get(&number);
        let path = member.and_then(|member| member.path);
        Account {
            number,
            org_path: path.unwrap_or(Symbol::NONE),
            scps: member.map_or(SetsId::NONE, |member| member.scps),
            rcps: member.map_or(SetsId::NONE, |member| member.rcps),
            is_member: member.is_some(),
            is_management: member.is_some_and(|member| member.is_management),
            is_dumped: loader.raw.dumped.contains(&number),
            restricts_public: loader.raw.restricted_accounts.contains(&number),
        }
    });
    Accounts::new(rows.collect())
}

/// The managed policy with an ARN.
fn managed_policy(
    loader: &mut Loader,
    arn: Symbol,
    from: &dyn Fn(&Loader) -> Location,
) -> Option<PolicyId> {
    if let Some(found) = loader.raw.managed.get(&arn) {
        return Some(found.policy);
    }
    let Some(bundled) = loader.raw.bundled.get(&arn).copied() else {
        let arn = loader.strings.get(arn);
        let help = match arn.contains(":iam::aws:policy/") {
            true => {
                "; dumps made without `--filter` have the AWS managed policies that are attached; others come from a pack \
                 (`--managed-policies FILE`) or a line {\"name\", \"arn\", \"document\"} of what \
                 `aws iam get-policy-version` prints"
            }
            false => "",
        };
        let message = format!("refers to the managed policy `{arn}`, which no file contains{help}");
        let place = from(loader);
        loader.missing(place, message);
        return None;
    };
    let policy = bundled.policy;
    if let Some(invalid) = loader.documents.check(policy, PolicyKind::Identity, true) {
        let arn = loader.strings.get(arn);
        let message = format!("`{arn}`: {}", invalid.message(PolicyKind::Identity));
        let location = loader.place(bundled.spot);
        let problem = location.diagnostic(Severity::Error, codes::INVALID_POLICY, message);
        let problem = problem.with_note(invalid.position());
        loader
            .errors
            .push(problem.with_help_if(invalid.help).in_policy());
        return None;
    }
    Some(policy)
}

/// Managed policies that are attached.
fn add_attached(loader: &mut Loader, arns: &[Symbol], spot: Spot, policies: &mut Vec<PolicyId>) {
    for (index, arn) in arns.iter().enumerate() {
        let from = |loader: &Loader| {
            let path = format!("AttachedManagedPolicies/{index}/PolicyArn");
            loader.place(spot).inside(&path)
        };
        policies.extend(managed_policy(loader, *arn, &from));
    }
}

/// Groups are no principals of a decision: they become lists that their members take over. One that is there twice is an
/// error, since nobody can tell which is in force.
fn link_groups(loader: &mut Loader) -> Groups {
    let mut groups = Groups::new();
    for raw in std::mem::take(&mut loader.raw.groups) {
        let RawGroup {
            spot,
            account,
            name,
            attached,
            inline,
        } = raw;
        let mut policies = inline;
        let inline = policies.len();
        add_attached(loader, &attached, spot, &mut policies);
        let key = (account, loader.strings.get(name).to_ascii_lowercase());
        if let Some(old) = groups.get(&key) {
            let message = format!(
                "the group `{}` of {account:012} is also defined at {}",
                loader.strings.get(name),
                loader.place(old.spot)
            );
            loader.error(loader.place(spot), codes::DUPLICATE, message);
            continue;
        }
        if let Some(all) = &mut loader.documents.attachments {
            let own = policies.iter().enumerate().map(|(index, id)| {
                let attachment = match index < inline {
                    true => Attachment::Inline(Some(name)),
                    false => Attachment::Managed(Some(name)),
                };
                (attachment, *id)
            });
            all.groups.insert(key.clone(), own.collect());
        }
        let group = Group {
            policies,
            inline,
            spot,
        };
        groups.insert(key, group);
    }
    groups
}

/// Users and roles as rows, in the order of the files. Policies are interned as sets, so that those with the same share
/// one.
fn link_principals(
    loader: &mut Loader,
    accounts: &Accounts,
    groups: &Groups,
    pairs: &mut Pairs,
) -> Vec<(PrincipalRow, Spot)> {
    let raw = std::mem::take(&mut loader.raw.principals);
    let mut principals = Vec::with_capacity(raw.len());
    for raw in raw {
        let identity = identity(loader, &raw, groups);
        let boundary = match raw.boundary {
            None => SetsId::NONE,
            Some(arn) => {
                let from = |loader: &Loader| {
                    let path = "PermissionsBoundary/PermissionsBoundaryArn";
                    loader.place(raw.spot).inside(path)
                };
                // One that is missing still limits: it is a set that allows nothing.
                let policies = Vec::from_iter(managed_policy(loader, arn, &from));
                loader
                    .documents
                    .intern_sets(vec![(Layer::Boundary, policies)])
            }
        };
        let trust = match raw.trust {
            Some(policy) => loader
                .documents
                .intern_sets(vec![(Layer::Resource, vec![policy])]),
            None => SetsId::NONE,
        };
        let account = accounts.find(raw.account).unwrap_or(AccountIdx::NONE);
        let principal = PrincipalRow {
            account,
            kind: raw.kind,
            is_service_linked: false,
            partition: raw.partition,
            path: raw.path,
            name: raw.name,
            id: raw.id.unwrap_or(Symbol::NONE),
            identity,
            boundary,
            trust,
            tags: pairs.run(raw.tags),
            max_session: raw.max_session.unwrap_or(DEFAULT_MAX_SESSION),
        };
        principals.push((principal, raw.spot));
    }
    principals
}

/// A principal's own policies, the attached ones and those of its groups (`EVAL-2`).
fn identity(loader: &mut Loader, raw: &RawPrincipal, groups: &Groups) -> SetsId {
    let mut policies = raw.inline.clone();
    let mut own = PrincipalPolicies::default();
    let is_kept = loader.documents.attachments.is_some();
    let mut keep = |list: &[PolicyId], inline: usize, group: Option<Symbol>| {
        if is_kept {
            let (inline, managed) = list.split_at(inline.min(list.len()));
            let inline = inline.iter().map(|id| (Attachment::Inline(group), *id));
            let managed = managed.iter().map(|id| (Attachment::Managed(group), *id));
            own.policies.extend(inline.chain(managed));
            own.groups.extend(group);
        }
    };
    add_attached(loader, &raw.attached, raw.spot, &mut policies);
    keep(&policies, raw.inline.len(), None);
    for (index, group) in raw.groups.iter().enumerate() {
        let key = (raw.account, loader.strings.get(*group).to_ascii_lowercase());
        match groups.get(&key) {
            Some(found) => {
                keep(&found.policies, found.inline, Some(*group));
                policies.extend_from_slice(&found.policies);
            }
            None => {
                let place = loader.place(raw.spot);
                let place = place.inside(&format!("GroupList/{index}"));
                let name = loader.strings.get(*group);
                let message = format!("refers to the group `{name}`, which no file contains");
                loader.missing(place, message);
            }
        }
    }
    if let Some(all) = &mut loader.documents.attachments {
        all.principals.push(own);
    }
    loader
        .documents
        .intern_sets(vec![(Layer::Identity, policies)])
}

/// Resources and grants as rows. What several files say of a resource is merged first, then its policy is stored under
/// the keys that requests will find it by (`MATCH-36`).
fn link_resources(
    loader: &mut Loader,
    accounts: &Accounts,
    pairs: &mut Pairs,
) -> (Vec<(ResourceRow, Spot)>, Vec<Grant>) {
    name_keys(loader);
    name_buckets(loader);
    // Several files may each know something of a resource.
    let mut merged: BTreeMap<Symbol, RawResource> = BTreeMap::new();
    for raw in std::mem::take(&mut loader.raw.resources) {
        let own = split_arn(loader.strings.get(raw.arn))
            .and_then(|[.., account, _]| account_number(account));
        if raw
            .account
            .is_some_and(|account| own.is_some_and(|own| own != account))
        {
            let message = "`account` is not the account in `arn`";
            loader.error(loader.place(raw.spot), codes::CONTRADICTION, message);
        }
        let account = raw.account.or(own);
        let raw = RawResource { account, ..raw };
        match merged.remove(&raw.arn) {
            None => merged.insert(raw.arn, raw),
            Some(old) => {
                let one = merge(loader, old, raw);
                merged.insert(one.arn, one)
            }
        };
    }
    let mut by_key: HashMap<Symbol, Vec<Grant>> = HashMap::new();
    for raw in std::mem::take(&mut loader.raw.grants) {
        let arn = match split_arn(loader.strings.get(raw.key)) {
            Some(_) => Some(raw.key),
            None => loader.raw.keys.get(&raw.key).copied(),
        };
        let Some(arn) = arn else {
            let message = format!(
                "refers to the key `{}`, whose ARN no file contains",
                loader.strings.get(raw.key)
            );
            loader.error(loader.place(raw.spot), codes::DANGLING_REFERENCE, message);
            continue;
        };
        let named = |names: Vec<Symbol>| names.into_iter().map(|name| (name, name)).collect();
        let is_exact = raw.equals.is_some();
        let grant = Grant {
            id: raw.id.unwrap_or(Symbol::NONE),
            grantee: raw.grantee,
            operations: pairs.run(named(raw.operations)),
            subset: pairs.run(raw.subset),
            equals: pairs.run(raw.equals.unwrap_or_default()),
            is_exact,
        };
        by_key.entry(arn).or_default().push(grant);
        // A key of which nothing else is known.
        merged.entry(arn).or_insert_with(|| RawResource {
            account: split_arn(loader.strings.get(arn))
                .and_then(|[.., account, _]| account_number(account)),
            ..RawResource::new(raw.spot, arn)
        });
    }
    link_acls(loader, &mut merged, &mut by_key, pairs);
    let mut grants = Vec::new();
    let mut keys = Keys::new();
    name_buckets_behind(loader, &mut merged);
    let wholes = wholes(loader, &merged);
    let mut resources = Vec::with_capacity(merged.len());
    for raw in merged.into_values() {
        let own = by_key.remove(&raw.arn).unwrap_or_default();
        let start = grants.len();
        grants.extend(own);
        let run = Run::between(start, grants.len());
        let account = raw.account.and_then(|number| accounts.find(number));
        let resource = ResourceRow {
            account: account.unwrap_or(AccountIdx::NONE),
            tags: pairs.run(raw.tags.clone()),
            grants: run,
            restricts_public: raw.restrict_public.unwrap_or(false),
            bucket: raw.bucket.map_or(Symbol::NONE, |(bucket, _)| bucket),
            has_abac: raw.abac.unwrap_or(false),
            ..ResourceRow::new(raw.arn)
        };
        link_policy(loader, raw, resource, &wholes, &mut keys, &mut resources);
    }
    link_keys(loader, keys, &mut resources);
    (resources, grants)
}

/// By which the policies of wholes are found.
fn wholes(loader: &Loader, merged: &BTreeMap<Symbol, RawResource>) -> BTreeSet<String> {
    let with_policies = merged
        .values()
        .filter(|raw| raw.policy.is_some() || raw.is_unreadable);
    let keys = with_policies.filter_map(|raw| {
        let arn = loader.strings.get(raw.arn);
        match reach_of(arn) {
            Reach::Whole(key) => Some(key.unwrap_or_else(|| arn.to_string())),
            _ => None,
        }
    });
    keys.collect()
}

/// Where the policy of a resource is found (`MATCH-36`).
fn link_policy(
    loader: &mut Loader,
    raw: RawResource,
    mut resource: ResourceRow,
    wholes: &BTreeSet<String>,
    keys: &mut Keys,
    resources: &mut Vec<(ResourceRow, Spot)>,
) {
    let arn = loader.strings.get(raw.arn).to_string();
    let mut under = |key: String, resource: ResourceRow| {
        let own = keys.entry(key).or_insert_with(|| Key {
            policies: Vec::new(),
            spot: raw.spot,
            resource,
        });
        own.policies.extend(raw.policy);
        own.resource.is_unreadable |= raw.is_unreadable;
    };
    if !(raw.policy.is_some() || raw.is_unreadable) {
        return resources.push((resource, raw.spot));
    }
    match reach_of(&arn) {
        Reach::Never(whole) if wholes.contains(&whole) => {
            let message =
                format!("`{arn}` cannot have a policy of its own; it has that of `{whole}`");
            return loader.error(loader.place(raw.spot), codes::INVALID_MEMBER, message);
        }
        Reach::AccountWide(key) => {
            let name = arn.strip_prefix(&key).unwrap_or_default();
            let is_itself = name.is_empty() || name.starts_with(RESOURCE_POLICY);
            let own = ResourceRow {
                grants: Run::default(),
                tags: Run::default(),
                ..resource
            };
            under(key, own);
            if is_itself {
                return;
            }
        }
        reach => {
            if matches!(reach, Reach::Unknown | Reach::Never(_)) {
                let message = format!(
                    "the policy of `{arn}` is consulted for exactly this ARN; whether it has parts is not known"
                );
                let place = loader.place(raw.spot);
                loader.note(&place, message);
            }
            resource.is_unreadable = raw.is_unreadable;
            resource.policy = set_of(loader, Vec::from_iter(raw.policy));
            if let Reach::Whole(Some(key)) = reach {
                under(key, resource);
            }
        }
    }
    resources.push((resource, raw.spot));
}

/// Rows by which the policies of others are found.
fn link_keys(loader: &mut Loader, keys: Keys, resources: &mut Vec<(ResourceRow, Spot)>) {
    for (key, mut own) in keys {
        own.policies.sort_unstable();
        own.policies.dedup();
        if let [first, rest @ ..] = own.policies.as_slice() {
            // Log groups may have several policies, catalogs have one.
            let kind = PolicyKind::Resource;
            let differ = |other: &PolicyId| !loader.documents.are_equal(*first, *other, kind);
            if !key.contains(":logs:") && rest.iter().any(differ) {
                let message = format!("`{key}…` has a different policy elsewhere");
                loader.error(loader.place(own.spot), codes::CONTRADICTION, message);
            }
        }
        let resource = ResourceRow {
            arn: loader.strings.intern(&key),
            policy: set_of(loader, own.policies),
            restricts_public: false,
            bucket: Symbol::NONE,
            has_abac: false,
            is_key: true,
            ..own.resource
        };
        resources.push((resource, own.spot));
    }
}

/// The resource policies of something, as a set; none if there are none.
fn set_of(loader: &mut Loader, policies: Vec<PolicyId>) -> SetsId {
    match policies.is_empty() {
        true => SetsId::NONE,
        false => loader
            .documents
            .intern_sets(vec![(Layer::Resource, policies)]),
    }
}

/// Key policies get the ARNs of their keys.
fn name_keys(loader: &mut Loader) {
    for raw in std::mem::take(&mut loader.raw.key_policies) {
        let Some(arn) = loader.raw.keys.get(&raw.id).copied() else {
            let message = format!(
                "the file must be named after its key, and `describe-key` must give the ARN of `{}`",
                loader.strings.get(raw.id)
            );
            loader.error(loader.place(raw.spot), codes::DANGLING_REFERENCE, message);
            continue;
        };
        loader.raw.resources.push(RawResource {
            policy: raw.policy,
            is_unreadable: raw.policy.is_none(),
            ..RawResource::new(raw.spot, arn)
        });
    }
}

/// A block of public access says the name of its bucket, and not the partition (`S3-4`).
fn name_buckets(loader: &mut Loader) {
    let blocked = std::mem::take(&mut loader.raw.restricted_buckets);
    let mut open: BTreeSet<&str> = blocked.keys().map(String::as_str).collect();
    let mut arns: BTreeMap<Symbol, (Spot, Option<u64>)> = BTreeMap::new();
    for raw in &loader.raw.resources {
        let Some([_, _, "s3", "", "", bucket]) = split_arn(loader.strings.get(raw.arn)) else {
            continue;
        };
        if let Some(told) = blocked.get(bucket) {
            open.remove(bucket);
            arns.insert(raw.arn, *told);
        }
    }
    for bucket in open {
        let arn = loader.strings.intern(&format!("arn:aws:s3:::{bucket}"));
        arns.extend(blocked.get(bucket).map(|told| (arn, *told)));
    }
    let blocks = arns.into_iter().map(|(arn, (spot, account))| RawResource {
        account,
        restrict_public: Some(true),
        ..RawResource::new(spot, arn)
    });
    loader.raw.resources.extend(blocks);
}

/// The bucket behind an access point is a resource, and has an owner if the access point says so.
fn name_buckets_behind(loader: &mut Loader, merged: &mut BTreeMap<Symbol, RawResource>) {
    let behind: Vec<(Spot, Symbol, Option<u64>)> = merged
        .values()
        .filter_map(|raw| {
            raw.bucket
                .map(|(bucket, account)| (raw.spot, bucket, account))
        })
        .collect();
    for (spot, bucket, account) in behind {
        let own = merged
            .entry(bucket)
            .or_insert_with(|| RawResource::new(spot, bucket));
        let differ = account
            .zip(own.account)
            .is_some_and(|(new, old)| new != old);
        own.account = own.account.or(account);
        if differ {
            let message = format!(
                "gives `{}` a different owner than {}",
                loader.strings.get(bucket),
                loader.place(own.spot)
            );
            loader.error(loader.place(spot), codes::CONTRADICTION, message);
        }
    }
}

/// What two files say of a resource.
fn merge(loader: &mut Loader, old: RawResource, new: RawResource) -> RawResource {
    let differ = |one: Option<u64>, other: Option<u64>| {
        one.zip(other).is_some_and(|(one, other)| one != other)
    };
    let policies_differ = old
        .policy
        .zip(new.policy)
        .is_some_and(|(one, other)| !loader.documents.are_equal(one, other, PolicyKind::Resource));
    let tags_differ = !(old.tags.is_empty() || new.tags.is_empty() || old.tags == new.tags);
    let others_differ = old
        .bucket
        .zip(new.bucket)
        .is_some_and(|(one, other)| one.0 != other.0)
        || old
            .abac
            .zip(new.abac)
            .is_some_and(|(one, other)| one != other);
    if differ(old.account, new.account) || policies_differ || tags_differ || others_differ {
        let message = format!(
            "describes `{}` differently than {}",
            loader.strings.get(new.arn),
            loader.place(old.spot)
        );
        loader.error(loader.place(new.spot), codes::CONTRADICTION, message);
    }
    RawResource {
        spot: old.spot,
        arn: old.arn,
        account: old.account.or(new.account),
        policy: old.policy.or(new.policy),
        tags: match old.tags.is_empty() {
            true => new.tags,
            false => old.tags,
        },
        // The strictest counts (`S3-4`).
        restrict_public: old.restrict_public.max(new.restrict_public),
        bucket: old.bucket.or(new.bucket),
        abac: old.abac.or(new.abac),
        is_unreadable: old.is_unreadable || new.is_unreadable,
    }
}

/// The policies of VPC endpoints, by their ids.
fn link_endpoints(loader: &mut Loader) -> Vec<(Symbol, SetsId)> {
    let mut endpoints: BTreeMap<Symbol, (PolicyId, Spot)> = BTreeMap::new();
    for raw in std::mem::take(&mut loader.raw.endpoints) {
        match endpoints.get(&raw.id) {
            Some((_, old)) => {
                let message = format!(
                    "the endpoint `{}` is also defined at {}",
                    loader.strings.get(raw.id),
                    loader.place(*old)
                );
                loader.error(loader.place(raw.spot), codes::DUPLICATE, message);
            }
            None => {
                endpoints.insert(raw.id, (raw.policy, raw.spot));
            }
        }
    }
    endpoints
        .into_iter()
        .map(|(id, (policy, _))| {
            let sets = vec![(Layer::VpcEndpoint, vec![policy])];
            (id, loader.documents.intern_sets(sets))
        })
        .collect()
}

/// Where a spot is, when the texts are in the tables.
fn place_with(tables: &Tables, spot: Spot) -> Location {
    spot.location(tables.str(spot.file))
}

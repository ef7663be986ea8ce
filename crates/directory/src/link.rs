//! From what the files say to the tables: references become numbers.

mod acl;
mod copies;
mod identity_center;
mod organization;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_model::{Layer, PolicyKind, split_arn};

use crate::attachments::{Attachment, Own};
use crate::documents::{PolicyId, SetsId};
use crate::link::organization::Organization;
use crate::model::{Account, Grant, NONE, Principal, Resource, Run, Tables};
use crate::parts::{Reach, reach_of};
use crate::problem::{Code, Problem};
use crate::raw::{RawGroup, RawPrincipal, RawResource, Spot};
use crate::read::Loader;
use crate::read::fields::account_number;
use crate::read::unnamed::RESOURCE_POLICY;
use crate::texts::Name;

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
    resource: Resource,
}

type Keys = BTreeMap<String, Key>;

type Groups = HashMap<(u64, String), Group>;

impl Loader {
    /// Something is referred to and not there.
    pub(crate) fn missing(&mut self, place: String, message: String) {
        self.report.missing.push(Problem {
            place,
            code: Code::DanglingReference,
            message,
        });
    }

    /// Puts everything together. The result is fit for use only if there are no errors.
    pub(crate) fn link(&mut self) -> Tables {
        let organization = self.link_organization();
        let mut tables = Tables::default();
        let mut pairs = Pairs::default();
        tables.organization = organization.id;
        self.link_accounts(&mut tables, &organization);
        self.compare_copies();
        let holders = self.link_identity_center();
        let groups = self.link_groups();
        // From here on, new texts are not made while the tables look at them.
        let principals = self.link_principals(&tables, &groups, &mut pairs);
        let (resources, grants) = self.link_resources(&tables, &mut pairs);
        let endpoints = self.link_endpoints();
        let accounts = std::mem::take(&mut self.raw.truncated).into_values();
        let accounts = accounts.filter_map(|(is_truncated, spot)| is_truncated.then_some(spot));
        let others = std::mem::take(&mut self.raw.unfinished).into_values();
        for spot in accounts.chain(others) {
            // IN-5: the other pages may deny.
            let message = "the last page says that there are more: add the files of the others";
            let problem = Problem {
                place: self.place(spot),
                code: Code::Incomplete,
                message: message.to_string(),
            };
            self.report.missing.push(problem);
        }
        let missing = u32::try_from(self.report.missing.len()).unwrap_or(u32::MAX);
        tables.missing = tables.missing.saturating_add(missing);
        if self.texts.is_full() {
            let message = "the texts of the directory are more than 4 GiB";
            self.error(String::new(), Code::TooLarge, message);
        }
        tables.texts = std::mem::take(&mut self.texts).into_texts();
        tables.pairs = pairs.all;
        tables.grants = grants;
        tables.endpoints = endpoints;
        tables
            .endpoints
            .sort_by(|one, other| tables.texts.get(one.0).cmp(tables.texts.get(other.0)));
        for (principal, spot) in principals {
            if !tables.add_principal(principal) {
                let arn = tables.arn(principal.entity());
                let message = format!("`{arn}` is there twice");
                let place = place_with(&tables, spot);
                self.error(place, Code::Duplicate, message);
            }
        }
        tables.add_people(&holders);
        for (resource, spot) in resources {
            let arn = tables.texts.get(resource.arn);
            let principal = tables.number_by_arn(arn);
            let principal = principal.and_then(|number| tables.principals.get(number));
            if let (Some(principal), true) = (principal, resource.policy.is_some()) {
                let one = |sets| self.documents.sets(sets).first()?.1.first().copied();
                let both = one(principal.trust).zip(one(resource.policy));
                let kind = PolicyKind::Resource;
                if !both.is_some_and(|(own, new)| self.documents.are_equal(own, new, kind)) {
                    let message = format!("the policy of `{arn}` is in the dump of its account");
                    let place = place_with(&tables, spot);
                    self.error(place, Code::Contradiction, message);
                }
            }
            tables.add_resource(resource);
        }
        self.documents.finish();
        tables
    }

    fn link_accounts(&mut self, tables: &mut Tables, organization: &Organization) {
        let mut numbers: BTreeSet<u64> = self.raw.dumped.iter().copied().collect();
        numbers.extend(organization.members.keys());
        numbers.extend(self.raw.restricted_accounts.iter());
        let assignments = self.raw.center.assignments.keys();
        numbers.extend(assignments.map(|assignment| assignment.account));
        let owners = self.raw.resources.iter().filter_map(|raw| {
            let own = split_arn(self.texts.get(raw.arn))
                .and_then(|[.., account, _]| account_number(account));
            raw.account.or(own)
        });
        numbers.extend(owners);
        for number in numbers {
            let member = organization.members.get(&number);
            let path = member.and_then(|member| member.path);
            tables.accounts.push(Account {
                number,
                org_path: path.map_or(NONE, |path| path.0),
                scps: member.map_or(SetsId::NONE, |member| member.scps),
                rcps: member.map_or(SetsId::NONE, |member| member.rcps),
                is_member: member.is_some(),
                is_management: member.is_some_and(|member| member.is_management),
                is_dumped: self.raw.dumped.contains(&number),
                restricts_public: self.raw.restricted_accounts.contains(&number),
            });
        }
        tables.spell_accounts();
    }

    /// The managed policy with an ARN.
    fn managed_policy(&mut self, arn: Name, from: &dyn Fn(&Loader) -> String) -> Option<PolicyId> {
        if let Some(found) = self.raw.managed.get(&arn) {
            return Some(found.policy);
        }
        let Some(bundled) = self.raw.bundled.get(&arn).copied() else {
            let arn = self.texts.get(arn);
            let help = match arn.contains(":iam::aws:policy/") {
                true => {
                    "; dumps made without `--filter` have those of AWS that are attached; others come from a pack \
                     (`--managed-policies FILE`) or a line {\"name\", \"arn\", \"document\"} of what \
                     `aws iam get-policy-version` prints"
                }
                false => "",
            };
            let message = format!("refers to the managed policy `{arn}`, and no file has it{help}");
            let place = from(self);
            self.missing(place, message);
            return None;
        };
        let policy = bundled.policy;
        if let Some(invalid) = self.documents.check(policy, PolicyKind::Identity, true) {
            let message = format!(
                "the identity policy `{}` is invalid at its line {} column {}: {} ({})",
                self.texts.get(arn),
                invalid.line,
                invalid.column,
                invalid.message,
                invalid.code
            );
            self.error(self.place(bundled.spot), Code::InvalidPolicy, message);
            return None;
        }
        Some(policy)
    }

    /// Managed policies that are attached.
    fn add_attached(&mut self, arns: &[Name], spot: Spot, policies: &mut Vec<PolicyId>) {
        for (index, arn) in arns.iter().enumerate() {
            let from = |loader: &Loader| {
                let place = loader.place(spot);
                format!("{place}/AttachedManagedPolicies/{index}/PolicyArn")
            };
            policies.extend(self.managed_policy(*arn, &from));
        }
    }

    fn link_groups(&mut self) -> Groups {
        let mut groups = Groups::new();
        for raw in std::mem::take(&mut self.raw.groups) {
            let RawGroup {
                spot,
                account,
                name,
                attached,
                inline,
            } = raw;
            let mut policies = inline;
            let inline = policies.len();
            self.add_attached(&attached, spot, &mut policies);
            let key = (account, self.texts.get(name).to_ascii_lowercase());
            if let Some(old) = groups.get(&key) {
                let message = format!(
                    "the group `{}` of {account:012} is also at {}",
                    self.texts.get(name),
                    self.place(old.spot)
                );
                self.error(self.place(spot), Code::Duplicate, message);
                continue;
            }
            if let Some(all) = &mut self.documents.attachments {
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

    fn link_principals(
        &mut self,
        tables: &Tables,
        groups: &Groups,
        pairs: &mut Pairs,
    ) -> Vec<(Principal, Spot)> {
        let raw = std::mem::take(&mut self.raw.principals);
        let mut principals = Vec::with_capacity(raw.len());
        for raw in raw {
            let identity = self.identity(&raw, groups);
            let boundary = match raw.boundary {
                None => SetsId::NONE,
                Some(arn) => {
                    let from = |loader: &Loader| {
                        let place = loader.place(raw.spot);
                        format!("{place}/PermissionsBoundary/PermissionsBoundaryArn")
                    };
                    // One that is missing still limits: it is a set that allows nothing.
                    let policies = Vec::from_iter(self.managed_policy(arn, &from));
                    self.documents
                        .intern_sets(vec![(Layer::Boundary, policies)])
                }
            };
            let trust = match raw.trust {
                Some(policy) => self
                    .documents
                    .intern_sets(vec![(Layer::Resource, vec![policy])]),
                None => SetsId::NONE,
            };
            let account = tables.account_index(raw.account).unwrap_or(NONE);
            let principal = Principal {
                account,
                kind: raw.kind,
                is_service_linked: false,
                partition: raw.partition,
                path: raw.path,
                name: raw.name,
                id: raw.id.map_or(NONE, |id| id.0),
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
    fn identity(&mut self, raw: &RawPrincipal, groups: &Groups) -> SetsId {
        let mut policies = raw.inline.clone();
        let mut own = Own::default();
        let is_kept = self.documents.attachments.is_some();
        let mut keep = |list: &[PolicyId], inline: usize, group: Option<Name>| {
            if is_kept {
                let (inline, managed) = list.split_at(inline.min(list.len()));
                let inline = inline.iter().map(|id| (Attachment::Inline(group), *id));
                let managed = managed.iter().map(|id| (Attachment::Managed(group), *id));
                own.policies.extend(inline.chain(managed));
                own.groups.extend(group);
            }
        };
        self.add_attached(&raw.attached, raw.spot, &mut policies);
        keep(&policies, raw.inline.len(), None);
        for (index, group) in raw.groups.iter().enumerate() {
            let key = (raw.account, self.texts.get(*group).to_ascii_lowercase());
            match groups.get(&key) {
                Some(found) => {
                    keep(&found.policies, found.inline, Some(*group));
                    policies.extend_from_slice(&found.policies);
                }
                None => {
                    let place = format!("{}/GroupList/{index}", self.place(raw.spot));
                    let name = self.texts.get(*group);
                    let message = format!("refers to the group `{name}`, and no file has it");
                    self.missing(place, message);
                }
            }
        }
        if let Some(all) = &mut self.documents.attachments {
            all.principals.push(own);
        }
        self.documents
            .intern_sets(vec![(Layer::Identity, policies)])
    }

    fn link_resources(
        &mut self,
        tables: &Tables,
        pairs: &mut Pairs,
    ) -> (Vec<(Resource, Spot)>, Vec<Grant>) {
        self.name_keys();
        self.name_buckets();
        // Several files may each know something of a resource.
        let mut merged: BTreeMap<Name, RawResource> = BTreeMap::new();
        for raw in std::mem::take(&mut self.raw.resources) {
            let own = split_arn(self.texts.get(raw.arn))
                .and_then(|[.., account, _]| account_number(account));
            if raw
                .account
                .is_some_and(|account| own.is_some_and(|own| own != account))
            {
                let message = "`account` is not the account of the `arn`";
                self.error(self.place(raw.spot), Code::Contradiction, message);
            }
            let account = raw.account.or(own);
            let raw = RawResource { account, ..raw };
            match merged.remove(&raw.arn) {
                None => merged.insert(raw.arn, raw),
                Some(old) => {
                    let one = self.merge(old, raw);
                    merged.insert(one.arn, one)
                }
            };
        }
        let mut by_key: HashMap<Name, Vec<Grant>> = HashMap::new();
        for raw in std::mem::take(&mut self.raw.grants) {
            let arn = match split_arn(self.texts.get(raw.key)) {
                Some(_) => Some(raw.key),
                None => self.raw.keys.get(&raw.key).copied(),
            };
            let Some(arn) = arn else {
                let message = format!(
                    "is about the key `{}`, whose ARN no file has",
                    self.texts.get(raw.key)
                );
                self.error(self.place(raw.spot), Code::DanglingReference, message);
                continue;
            };
            let named = |names: Vec<Name>| names.into_iter().map(|name| (name, name)).collect();
            let is_exact = raw.equals.is_some();
            let grant = Grant {
                id: raw.id.map_or(NONE, |id| id.0),
                grantee: raw.grantee,
                operations: pairs.run(named(raw.operations)),
                subset: pairs.run(raw.subset),
                equals: pairs.run(raw.equals.unwrap_or_default()),
                is_exact,
            };
            by_key.entry(arn).or_default().push(grant);
            // A key of which nothing else is known.
            merged.entry(arn).or_insert_with(|| RawResource {
                account: split_arn(self.texts.get(arn))
                    .and_then(|[.., account, _]| account_number(account)),
                ..RawResource::new(raw.spot, arn)
            });
        }
        self.link_acls(&mut merged, &mut by_key, pairs);
        let mut grants = Vec::new();
        let mut keys = Keys::new();
        self.name_buckets_behind(&mut merged);
        let wholes = self.wholes(&merged);
        let mut resources = Vec::with_capacity(merged.len());
        for raw in merged.into_values() {
            let own = by_key.remove(&raw.arn).unwrap_or_default();
            let run = Run {
                start: grants.len() as u32,
                count: own.len() as u32,
            };
            grants.extend(own);
            let account = raw.account.and_then(|number| tables.account_index(number));
            let resource = Resource {
                account: account.unwrap_or(NONE),
                tags: pairs.run(raw.tags.clone()),
                grants: run,
                restricts_public: raw.restrict_public.unwrap_or(false),
                bucket: raw.bucket.map_or(NONE, |(bucket, _)| bucket.0),
                has_abac: raw.abac.unwrap_or(false),
                ..Resource::new(raw.arn)
            };
            self.link_policy(raw, resource, &wholes, &mut keys, &mut resources);
        }
        self.link_keys(keys, &mut resources);
        (resources, grants)
    }

    /// By which the policies of wholes are found.
    fn wholes(&self, merged: &BTreeMap<Name, RawResource>) -> BTreeSet<String> {
        let with_policies = merged
            .values()
            .filter(|raw| raw.policy.is_some() || raw.is_unreadable);
        let keys = with_policies.filter_map(|raw| {
            let arn = self.texts.get(raw.arn);
            match reach_of(arn) {
                Reach::Whole(key) => Some(key.unwrap_or_else(|| arn.to_string())),
                _ => None,
            }
        });
        keys.collect()
    }

    /// Where the policy of a resource is found (`MATCH-36`).
    fn link_policy(
        &mut self,
        raw: RawResource,
        mut resource: Resource,
        wholes: &BTreeSet<String>,
        keys: &mut Keys,
        resources: &mut Vec<(Resource, Spot)>,
    ) {
        let arn = self.texts.get(raw.arn).to_string();
        let mut under = |key: String, resource: Resource| {
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
                let message = format!("`{arn}` has no policy of its own: it has that of `{whole}`");
                return self.error(self.place(raw.spot), Code::InvalidMember, message);
            }
            Reach::AccountWide(key) => {
                let name = arn.strip_prefix(&key).unwrap_or_default();
                let is_itself = name.is_empty() || name.starts_with(RESOURCE_POLICY);
                let own = Resource {
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
                        "the policy of `{arn}` is consulted for exactly this ARN: nothing is known of parts of it"
                    );
                    let place = self.place(raw.spot);
                    self.note(place, message);
                }
                resource.is_unreadable = raw.is_unreadable;
                resource.policy = self.set_of(Vec::from_iter(raw.policy));
                if let Reach::Whole(Some(key)) = reach {
                    under(key, resource);
                }
            }
        }
        resources.push((resource, raw.spot));
    }

    /// Rows by which the policies of others are found.
    fn link_keys(&mut self, keys: Keys, resources: &mut Vec<(Resource, Spot)>) {
        for (key, mut own) in keys {
            own.policies.sort_unstable();
            own.policies.dedup();
            if let [first, rest @ ..] = own.policies.as_slice() {
                // Log groups may have several policies, catalogs have one.
                let kind = PolicyKind::Resource;
                let differ = |other: &PolicyId| !self.documents.are_equal(*first, *other, kind);
                if !key.contains(":logs:") && rest.iter().any(differ) {
                    let message = format!("`{key}…` has another policy elsewhere");
                    self.error(self.place(own.spot), Code::Contradiction, message);
                }
            }
            let resource = Resource {
                arn: self.texts.intern(&key),
                policy: self.set_of(own.policies),
                restricts_public: false,
                bucket: NONE,
                has_abac: false,
                is_key: true,
                ..own.resource
            };
            resources.push((resource, own.spot));
        }
    }

    /// The resource policies of something, as a set; none if there are none.
    fn set_of(&mut self, policies: Vec<PolicyId>) -> SetsId {
        match policies.is_empty() {
            true => SetsId::NONE,
            false => self
                .documents
                .intern_sets(vec![(Layer::Resource, policies)]),
        }
    }

    /// Key policies get the ARNs of their keys.
    fn name_keys(&mut self) {
        for raw in std::mem::take(&mut self.raw.key_policies) {
            let Some(arn) = self.raw.keys.get(&raw.id).copied() else {
                let message = format!(
                    "the file must be called like its key, and `describe-key` say the ARN of `{}`",
                    self.texts.get(raw.id)
                );
                self.error(self.place(raw.spot), Code::DanglingReference, message);
                continue;
            };
            self.raw.resources.push(RawResource {
                policy: raw.policy,
                is_unreadable: raw.policy.is_none(),
                ..RawResource::new(raw.spot, arn)
            });
        }
    }

    /// A block of public access says the name of its bucket, and not the partition (`S3-4`).
    fn name_buckets(&mut self) {
        let blocked = std::mem::take(&mut self.raw.restricted_buckets);
        let mut open: BTreeSet<&str> = blocked.keys().map(String::as_str).collect();
        let mut arns: BTreeMap<Name, (Spot, Option<u64>)> = BTreeMap::new();
        for raw in &self.raw.resources {
            let Some([_, _, "s3", "", "", bucket]) = split_arn(self.texts.get(raw.arn)) else {
                continue;
            };
            if let Some(told) = blocked.get(bucket) {
                open.remove(bucket);
                arns.insert(raw.arn, *told);
            }
        }
        for bucket in open {
            let arn = self.texts.intern(&format!("arn:aws:s3:::{bucket}"));
            arns.extend(blocked.get(bucket).map(|told| (arn, *told)));
        }
        let blocks = arns.into_iter().map(|(arn, (spot, account))| RawResource {
            account,
            restrict_public: Some(true),
            ..RawResource::new(spot, arn)
        });
        self.raw.resources.extend(blocks);
    }

    /// The bucket behind an access point is a resource, and has an owner if the access point says so.
    fn name_buckets_behind(&mut self, merged: &mut BTreeMap<Name, RawResource>) {
        let behind: Vec<(Spot, Name, Option<u64>)> = merged
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
                    "says another owner of `{}` than {}",
                    self.texts.get(bucket),
                    self.place(own.spot)
                );
                self.error(self.place(spot), Code::Contradiction, message);
            }
        }
    }

    /// What two files say of a resource.
    fn merge(&mut self, old: RawResource, new: RawResource) -> RawResource {
        let differ = |one: Option<u64>, other: Option<u64>| {
            one.zip(other).is_some_and(|(one, other)| one != other)
        };
        let policies_differ = old.policy.zip(new.policy).is_some_and(|(one, other)| {
            !self.documents.are_equal(one, other, PolicyKind::Resource)
        });
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
                "says something else of `{}` than {}",
                self.texts.get(new.arn),
                self.place(old.spot)
            );
            self.error(self.place(new.spot), Code::Contradiction, message);
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

    fn link_endpoints(&mut self) -> Vec<(Name, SetsId)> {
        let mut endpoints: BTreeMap<Name, (PolicyId, Spot)> = BTreeMap::new();
        for raw in std::mem::take(&mut self.raw.endpoints) {
            match endpoints.get(&raw.id) {
                Some((_, old)) => {
                    let message = format!(
                        "the endpoint `{}` is also at {}",
                        self.texts.get(raw.id),
                        self.place(*old)
                    );
                    self.error(self.place(raw.spot), Code::Duplicate, message);
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
                (id, self.documents.intern_sets(sets))
            })
            .collect()
    }
}

/// Tags and other pairs, each list of them stored once.
#[derive(Debug, Default)]
struct Pairs {
    all: Vec<(Name, Name)>,
    runs: HashMap<Vec<(Name, Name)>, Run>,
}

impl Pairs {
    fn run(&mut self, mut pairs: Vec<(Name, Name)>) -> Run {
        if pairs.is_empty() {
            return Run::default();
        }
        pairs.sort_unstable();
        if let Some(run) = self.runs.get(&pairs) {
            return *run;
        }
        let run = Run {
            start: self.all.len() as u32,
            count: pairs.len() as u32,
        };
        self.all.extend_from_slice(&pairs);
        self.runs.insert(pairs, run);
        run
    }
}

/// A spot in words, when the texts are in the tables.
fn place_with(tables: &Tables, spot: Spot) -> String {
    let line = match spot.line {
        0 | 1 => String::new(),
        line => format!(":{line}"),
    };
    let file = tables.texts.get(spot.file);
    match spot.list {
        "" => format!("{file}{line}"),
        list => format!("{file}{line} /{list}/{}", spot.index),
    }
}

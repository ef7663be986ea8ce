//! What of a resource is open to somebody outside: the Allows that name anybody, and what stands against them.

use std::rc::Rc;

use bumpalo::Bump;
use portcullis_directory::{Directory, Grantee, KnownGrant, KnownTarget, RequestPolicies};
use portcullis_model::{Caller, Effect, PolicyKind, RCP_SERVICES, Request, split_arn};
use portcullis_prove::Selection;
use portcullis_syntax::ast::{Document, Statement};
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_syntax::{Policy, PolicySets};

use super::principal::named_by;
use super::{Restriction, Source, Zone};
use crate::caller::Asker;
use crate::class::{Facts, Target, all_rights, lower, prefixes};
use crate::questions::Questions;

/// An Allow.
#[derive(Clone, Copy)]
pub(super) struct Allowing<'d> {
    pub(super) policy: Policy<'d>,
    pub(super) statement: &'d Statement<'d>,
    pub(super) source: Source,
    /// Whoever it names has an account.
    pub(super) is_authenticated: bool,
}

/// Who may be inside, found out once.
pub(super) struct Inside {
    /// The accounts of the organization, sorted, if that is the zone.
    members: Rc<[String]>,
    organization: Option<String>,
}

impl Inside {
    pub(super) fn of(questions: &Questions<'_>, zone: Zone) -> Inside {
        let directory = questions.directory;
        let organization = directory.organization_id();
        let organization = organization.filter(|_| zone == Zone::Organization);
        Inside {
            members: match organization {
                Some(_) => directory.members().into(),
                None => Rc::new([]),
            },
            organization: organization.map(str::to_owned),
        }
    }
}

/// Keys that are known, in lower case: with their value, or absent.
pub(super) type KnownKeys = Vec<(String, Option<String>)>;

/// What of a resource is open to somebody outside, and to whom.
pub(super) struct Surface<'d> {
    pub(super) directory: &'d Directory,
    pub(super) arena: &'d Bump,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) partition: String,
    pub(super) is_role: bool,
    /// The accounts that are inside.
    pub(super) zone: Rc<[String]>,
    /// The organization, if that is inside.
    pub(super) organization: Option<String>,
    pub(super) allows: Vec<Allowing<'d>>,
    /// Grants that were not understood.
    pub(super) unread: Vec<String>,
    /// Everything but the Allows of the resource: its Denies, control policies, and what callers are taken to be allowed.
    pub(super) against: PolicySets<'d>,
    pub(super) restriction: Restriction,
    /// The actions that the resource may be asked for.
    pub(super) actions: Selection,
    /// The resource and its parts, with the keys that are known of each: with their value, or absent.
    pub(super) parts: Vec<(Selection, KnownKeys)>,
}

/// Why nothing can be said of a resource, and who owns it.
type Obstacle = (Option<String>, String);

impl<'d> Surface<'d> {
    pub(super) fn of(
        questions: &mut Questions<'d>,
        name: &str,
        inside: &Inside,
    ) -> Result<Surface<'d>, Obstacle> {
        let (directory, arena) = (questions.directory, questions.arena);
        let targets = questions.targets_of(name);
        let owner = targets.first().and_then(|own| own.owner.clone());
        let fail = |reason: String| (owner.clone(), reason);
        let first = targets.first();
        let first = first.ok_or_else(|| fail("the directory does not know it".to_owned()))?;
        let text = "no file says which account owns it, so that it is not known who is inside";
        let owned_by = owner.clone().ok_or_else(|| fail(text.to_owned()))?;
        let [_, partition, service, ..] = split_arn(name).unwrap_or_default();
        let is_role = first.is_entity;
        let prefix = if is_role { "sts" } else { service };
        let policies = questions
            .seen(&first.example, is_role, &owned_by)
            .map_err(fail)?;
        let is_wide = inside.members.binary_search(&owned_by).is_ok();
        let mut all = Surface {
            directory,
            arena,
            name: name.to_owned(),
            partition: partition.to_owned(),
            is_role,
            zone: match is_wide {
                true => Rc::clone(&inside.members),
                false => Rc::new([owned_by.clone()]),
            },
            organization: inside.organization.clone().filter(|_| is_wide),
            owner: owned_by,
            allows: Vec::new(),
            unread: Vec::new(),
            restriction: match RCP_SERVICES.contains(&prefix)
                && policies.rcps.iter().any(|level| !level.is_empty())
            {
                true => Restriction::Applied,
                false => Restriction::NotApplicable,
            },
            against: PolicySets {
                identity: all_rights(arena),
                session: Some(all_rights(arena)),
                rcps: policies.rcps.clone(),
                ..PolicySets::default()
            },
            actions: Selection::of(prefixes(prefix).map(|own| format!("{own}:*"))),
            parts: Vec::new(),
        };
        all.take_policies(policies.resource.unwrap_or_default());
        if !first.has_grants && !all.names_outsiders() {
            // Most roles trust somebody inside, or services.
            all.allows.clear();
            return Ok(all);
        }
        if all.is_shut(&first.example).map_err(fail)? {
            // `S3-4`: the policy lets nobody in; what the list does is another matter.
            all.allows.clear();
        }
        if first.has_grants {
            for grant in directory.grants_of(name) {
                all.take_grant(&grant, service);
            }
        }
        for own in &targets {
            let known = all.known_of(questions, own);
            let same = all.parts.iter_mut().find(|(_, other)| *other == known);
            match same {
                Some((patterns, _)) => patterns.patterns.push(own.pattern.clone()),
                None => all
                    .parts
                    .push((Selection::of([own.pattern.clone()]), known)),
            }
        }
        Ok(all)
    }

    /// The policies of the resource: what they allow, and what they deny.
    fn take_policies(&mut self, policies: Vec<Policy<'d>>) {
        let mut denies = Vec::new();
        for policy in policies {
            let statements = policy.document.statements.iter();
            for statement in statements.clone().filter(|own| own.effect == Effect::Allow) {
                self.allows.push(Allowing {
                    policy,
                    statement,
                    source: Source::Policy,
                    is_authenticated: false,
                });
            }
            let own: Vec<Statement<'d>> = statements
                .filter(|own| own.effect == Effect::Deny)
                .copied()
                .collect();
            denies.push(with_statements(policy, self.arena.alloc_slice_copy(&own)));
        }
        self.against.resource = Some(denies);
    }

    /// True if an Allow names somebody outside.
    fn names_outsiders(&self) -> bool {
        let principals = self.allows.iter().filter_map(|own| own.statement.principal);
        let mut named = principals.flat_map(|own| named_by(&own));
        named.any(|own| !own.is_inside(&self.zone))
    }

    /// A grant, read as an Allow that says the same. One that is for a service is nobody's outside.
    fn take_grant(&mut self, grant: &KnownGrant, service: &str) {
        let quoted = |text: &str| format!("{text:?}");
        let (principal, is_authenticated) = match &grant.grantee {
            Grantee::Everyone => ("\"*\"".to_owned(), false),
            Grantee::Authenticated => ("\"*\"".to_owned(), true),
            Grantee::Named(own) => {
                let is_canonical = own.len() == 64;
                let member = if is_canonical { "CanonicalUser" } else { "AWS" };
                (format!("{{\"{member}\": {}}}", quoted(own)), false)
            }
        };
        let actions: Vec<String> = grant.actions.iter().map(|own| quoted(own)).collect();
        let pairs = grant.context.iter().map(|(key, value)| {
            let key = quoted(&format!("kms:EncryptionContext:{key}"));
            format!("{key}: {}", quoted(value))
        });
        let pairs: Vec<String> = pairs.collect();
        let text = format!(
            "{{\"Statement\": {{\"Effect\": \"Allow\", \"Principal\": {principal}, \"Action\": [{}], \"Resource\": \"*\", \
             \"Condition\": {{\"StringEquals\": {{{}}}}}}}}}",
            actions.join(", "),
            pairs.join(", ")
        );
        let text: &'d str = self.arena.alloc_str(&text);
        let document = parse_policy(text, ReadOptions::new(PolicyKind::Resource), self.arena).0;
        let Some(document) = document else {
            let grantee = match &grant.grantee {
                Grantee::Named(own) => own,
                Grantee::Everyone | Grantee::Authenticated => "everyone",
            };
            // What services may do for the owner is nothing that comes from outside.
            if !grantee.ends_with(".amazonaws.com") {
                let reason = format!("a grant to {grantee} is none that a policy can say");
                self.unread.push(reason);
            }
            return;
        };
        let policy = Policy {
            name: "",
            file: "",
            text,
            document,
        };
        let source = match service {
            "kms" => Source::KmsGrant,
            _ => Source::BucketAcl,
        };
        for statement in document.statements {
            self.allows.push(Allowing {
                policy,
                statement,
                source,
                is_authenticated,
            });
        }
    }

    /// True if a block of public access keeps everybody outside from using the policy.
    fn is_shut(&self, example: &str) -> Result<bool, String> {
        let arena = Bump::new();
        let request = Request {
            resource_account: Some(&self.owner),
            ..Request::new(Caller::Anonymous, "portcullis:Any", example)
        };
        let extra = RequestPolicies::default();
        let completed = self.directory.complete_outsider(&request, extra, &arena);
        let completed = completed.map_err(|error| error.to_string())?;
        let shut = self.directory.is_shut(&completed);
        shut.map_err(|error| error.to_string())
    }

    /// The keys that are known of the requests for a resource or its parts, of those at which policies look.
    fn known_of(&self, questions: &Questions<'d>, target: &KnownTarget) -> KnownKeys {
        let arena = Bump::new();
        let action = if self.is_role {
            "sts:AssumeRole"
        } else {
            "portcullis:Any"
        };
        let stranger = stranger();
        let asked = Target {
            example: &target.example,
            action,
            has_tags: target.has_tags,
            is_known: true,
        };
        let given = (questions.given, Some(self.owner.as_str()));
        let Ok(facts) = Facts::of(self.directory, &stranger, &asked, given, &arena) else {
            return Vec::new();
        };
        let of_policies = self.against.resource.iter().flatten();
        let denies = of_policies.flat_map(|own| own.document.statements);
        let limits = self.against.rcps.iter().flatten();
        let limits = limits.flat_map(|own| own.document.statements);
        let statements = denies.chain(limits);
        let statements = statements.chain(self.allows.iter().map(|own| own.statement));
        let keys = statements.flat_map(|own| own.conditions);
        let mut keys: Vec<String> = keys.map(|own| lower(own.key.value)).collect();
        keys.sort_unstable();
        keys.dedup();
        let is_given = |key: &str| {
            let mut given = questions.given.iter();
            given.any(|own| own.key.eq_ignore_ascii_case(key))
        };
        let known = keys.into_iter().filter_map(|key| {
            let of_resource = ["aws:resource", "iam:resourcetag/", "s3:existingobjecttag/"];
            let is_of_resource = of_resource.iter().any(|start| key.starts_with(start));
            // Only a request by way of an access point has these (`S3-6`).
            let is_of_point = key.starts_with("s3:dataaccesspoint");
            let is_owner = key == "aws:resourceaccount";
            if is_of_point && !target.name.contains(":accesspoint/") {
                return Some((key, None));
            }
            if is_owner || !(is_of_resource || is_of_point || is_given(&key)) {
                return None;
            }
            match facts.value(&key, true)?.as_slice() {
                [] => Some((key, None)),
                [one] => Some((key, Some(one.clone()))),
                _ => None,
            }
        });
        known.collect()
    }
}

/// A policy with other statements.
pub(super) fn with_statements<'d>(
    policy: Policy<'d>,
    statements: &'d [Statement<'d>],
) -> Policy<'d> {
    Policy {
        document: Document {
            statements,
            ..policy.document
        },
        ..policy
    }
}

/// Somebody of whom nothing is known.
fn stranger<'a>() -> Asker<'a> {
    Asker::new(Request::new(Caller::Anonymous, "", "").principal)
}

impl<'d> Questions<'d> {
    /// The policies that take part when somebody outside does something to a resource, if all of them were seen.
    fn seen(
        &mut self,
        example: &str,
        is_role: bool,
        owner: &str,
    ) -> Result<PolicySets<'d>, String> {
        let arena = Bump::new();
        let target = Target::of_one(arena.alloc_str(example), is_role);
        let given = (self.given, Some(owner));
        let facts = Facts::of(self.directory, &stranger(), &target, given, &arena);
        let facts = facts.map_err(|error| error.to_string())?;
        if let Some(obstacle) = facts.obstacle {
            return Err(obstacle);
        }
        let policies = self.policies(&facts.sets);
        policies.ok_or_else(|| "a policy cannot be read".to_owned())
    }
}

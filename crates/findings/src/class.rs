//! Requests that have the same policies and the same keys known: those of a caller on one class of targets.

use std::collections::HashMap;

use bumpalo::Bump;
use portcullis_directory::{Directory, PolicySetNumber, RequestError, RequestPolicies};
use portcullis_model::{Caller, PolicyKind, Principal, Request, is_account_id, split_arn};
use portcullis_prove::{AccountPart, Looked, OpenKey};
use portcullis_syntax::Policy;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

use crate::caller::Asker;
use crate::questions::GivenFor;

/// A class of targets.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Class {
    /// Those that the directory does not know, whatever account their ARN names: more than the caller's account can own,
    /// for what is denied of all of them.
    Unknown,
    /// Those of the caller's account, as if a policy of theirs allowed everything: more than any of them, for what is allowed
    /// on none.
    Opened,
    /// The same of other accounts, without what their own control policies deny.
    Elsewhere,
    /// Those of other accounts as if their policies were one Allow, about whatever resource, by its place among the ways in which
    /// policies open.
    Through(usize),
    /// Those that the directory does not know, whose ARN names no account, and `*`.
    NoAccount,
    /// Those that the directory does not know, of the caller's account.
    Own,
    /// One that the directory knows, or its parts, by its place among those.
    Known(usize),
    /// One resource, by its ARN.
    One(String),
}

/// What is known of the requests of a caller on a class of targets.
pub(crate) struct Facts<'a> {
    /// The caller, completed.
    pub(crate) principal: Principal<'a>,
    pub(crate) sets: Vec<PolicySetNumber>,
    /// The keys that are known, in lower case; without value if absent.
    pub(crate) keys: HashMap<String, Vec<String>>,
    /// Keys of which a little is known.
    pub(crate) open: Vec<OpenKey>,
    /// The tags that sessions of a role have if they are issued without any: others may take their place (`STS-20`).
    role_tags: HashMap<String, Vec<String>>,
    /// How families of keys begin of which those that are not told are absent.
    absent: Vec<&'static str>,
    pub(crate) is_owner: bool,
    pub(crate) crosses_partitions: bool,
    pub(crate) external_grant: bool,
    /// A policy is missing, so that nothing is allowed that it might deny.
    pub(crate) obstacle: Option<String>,
    /// The directory does not have the account of the caller, which is taken to allow everything.
    pub(crate) is_stranger: bool,
}

/// A class with what is known of it.
pub(crate) struct Target<'t> {
    /// An ARN of the class.
    pub(crate) example: &'t str,
    /// An action of the requests: of STS for the trust policies of roles, of another service else.
    pub(crate) action: &'t str,
    /// The directory knows the tags of the targets.
    pub(crate) has_tags: bool,
    /// The keys of the target are known: it is not any of a class.
    pub(crate) is_known: bool,
}

impl<'t> Target<'t> {
    /// One resource, whose tags nothing is known of, or one role.
    pub(crate) fn of_one(example: &'t str, is_role: bool) -> Target<'t> {
        Target {
            example,
            action: match is_role {
                true => "sts:AssumeRole",
                false => "portcullis:Any",
            },
            has_tags: false,
            is_known: true,
        }
    }
}

/// The policy that allows everything.
const ALL: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// A policy that allows everything, in an arena.
pub(crate) fn all_rights(arena: &Bump) -> Vec<Policy<'_>> {
    let document = parse_policy(ALL, ReadOptions::new(PolicyKind::Identity), arena).0;
    let policy = document.map(|document| Policy {
        name: "",
        file: "",
        text: ALL,
        document,
    });
    policy.into_iter().collect()
}

/// What the other side allows of a caller whose account the directory does not have: everything, for all that is known.
pub(crate) fn stranger(arena: &Bump) -> RequestPolicies<'_> {
    RequestPolicies {
        identity: Some(all_rights(arena)),
        session: None,
    }
}

/// Services whose resources another service has actions on, by policies of these resources.
const APART: [(&str, &str); 3] = [
    ("cloudtrail", "cloudtrail-data"),
    ("kafka", "kafka-cluster"),
    ("vpc-lattice", "vpc-lattice-svcs"),
];

/// How actions on the resources of a service begin, but for those of STS on roles.
pub(crate) fn prefixes(service: &str) -> impl Iterator<Item = &str> {
    let apart = APART.iter().filter(move |(own, _)| *own == service);
    std::iter::once(service).chain(apart.map(|(_, apart)| *apart))
}

/// A name in lower case, as keys are compared (`COND-40`).
pub(crate) fn lower(name: &str) -> String {
    name.to_lowercase()
}

impl<'a> Facts<'a> {
    /// What is known of the requests of a caller on targets, with the keys that are given for all of them.
    ///
    /// # Errors
    /// [`RequestError`] if the directory does not know the caller.
    pub(crate) fn of(
        directory: &'a Directory,
        asker: &Asker<'a>,
        target: &Target<'a>,
        (given, owner): GivenFor<'a>,
        arena: &'a Bump,
    ) -> Result<Facts<'a>, RequestError> {
        let request = Request {
            principal: asker.principal,
            context: given,
            resource_account: owner,
            ..Request::new(Caller::Anonymous, target.action, target.example)
        };
        let completed = directory
            .complete(&request, RequestPolicies::default(), arena)
            .or_else(|_| directory.complete(&request, stranger(arena), arena))?;
        let principal = completed.request.principal;
        let mut keys: HashMap<String, Vec<String>> = HashMap::new();
        for entry in completed.request.context {
            let values = entry.values.iter().map(|own| (*own).to_owned());
            keys.entry(lower(entry.key)).or_default().extend(values);
        }
        let is_given = |key: &str| given.iter().any(|own| own.key.eq_ignore_ascii_case(key));
        let like = |key: &str, pattern: &str| OpenKey {
            key: key.to_owned(),
            pattern: pattern.to_owned(),
            is_there: false,
        };
        let mut open = Vec::new();
        // The directory does not know which session it is; whoever asks does.
        let id = principal.user_id;
        let user_id = "aws:userid";
        if !is_given(user_id) {
            keys.remove(user_id);
            let fixed = match (principal.caller, id) {
                (Caller::Root { .. }, _) => asker.principal.caller.account().map(str::to_owned),
                (Caller::FederatedUser { arn, .. }, _) => {
                    let account = asker.principal.caller.account();
                    let name = arn.split_once('/').map(|(_, name)| name);
                    account
                        .zip(name)
                        .map(|(account, name)| format!("{account}:{name}"))
                }
                (_, Some(id)) if asker.is_role() => {
                    open.push(like(user_id, &format!("{id}:?*")));
                    None
                }
                (_, id) => id.map(str::to_owned),
            };
            if let Some(fixed) = fixed {
                keys.insert(user_id.to_owned(), vec![fixed]);
            }
        }
        let (home, partition) = asker.home();
        let parts = split_arn(target.example);
        let in_arn = parts.map(|[.., account, _]| account);
        let in_arn = in_arn.filter(|account| is_account_id(account));
        let stated = completed.request.resource_account.or(in_arn);
        if !target.is_known {
            // What the example has of its owner, not all of the class have.
            let of_resource = ["aws:resourceorgid", "aws:resourceorgpaths"];
            keys.retain(|key, _| is_given(key) || !of_resource.contains(&key.as_str()));
        }
        let resource_account = "aws:resourceaccount";
        if !keys.contains_key(resource_account) {
            match owner.or(stated.filter(|_| target.is_known)) {
                Some(owner) => {
                    keys.insert(resource_account.to_owned(), vec![owner.to_owned()]);
                }
                None => open.push(like(resource_account, "????????????")),
            }
        }
        let is_known = completed.knows_caller;
        if directory.has_organization() {
            // Whoever has none of these is outside.
            let mut of_owner = match is_known {
                true => vec!["aws:principalorgid", "aws:principalorgpaths"],
                false => Vec::new(),
            };
            if target.is_known && stated.is_some() {
                of_owner.extend(["aws:resourceorgid", "aws:resourceorgpaths"]);
            }
            for key in of_owner {
                keys.entry(key.to_owned()).or_default();
            }
        }
        // What no tag of the resource was filled in for (`S3-8`: a bucket's count only if it has access control by them), the
        // request may have.
        let is_filled = |family: &str| {
            let mut keys = keys.keys();
            target.has_tags && keys.any(|key| key.starts_with(family) && !is_given(key))
        };
        let mut absent = vec!["aws:resourcetag/", "iam:resourcetag/"];
        absent.retain(|family| is_filled(family));
        absent.extend(asker.is_user().then_some("aws:principaltag/"));
        let is_role_tag = |key: &str| {
            asker.role_arn().is_some() && key.starts_with("aws:principaltag/") && !is_given(key)
        };
        let (role_tags, keys): (HashMap<_, _>, _) =
            keys.into_iter().partition(|(key, _)| is_role_tag(key));
        open.extend(role_tags.keys().map(|key| OpenKey {
            key: key.clone(),
            pattern: "*".to_owned(),
            is_there: true,
        }));
        let obstacle = completed.is_undecidable().then(|| {
            let example = target.example;
            format!("a policy that takes part for {example} was not seen or cannot be read")
        });
        Ok(Facts {
            principal,
            sets: completed.policy_sets(),
            keys,
            open,
            role_tags,
            absent,
            is_owner: stated.is_none_or(|owner| owner == home),
            crosses_partitions: parts.is_some_and(|parts| parts[1] != partition),
            external_grant: completed.request.external_grant,
            obstacle,
            is_stranger: completed.has_identity(),
        })
    }

    /// True for a role that is linked to a service.
    pub(crate) fn is_service_linked(&self) -> bool {
        matches!(
            self.principal.caller,
            Caller::Role {
                service_linked: true,
                ..
            }
        )
    }

    /// What is known of those keys that were looked at and whose values are not.
    pub(crate) fn looked_like(&self, looked: &Looked) -> Vec<OpenKey> {
        let open = |own: &&OpenKey| looked.is_open(&own.key);
        self.open.iter().filter(open).cloned().collect()
    }

    /// The values of a key, if they are known: of requests without keys that are not known, or of any.
    pub(crate) fn value(&self, key: &str, bare: bool) -> Option<Vec<String>> {
        if bare && let Some(values) = self.role_tags.get(key) {
            return Some(values.clone());
        }
        if let Some(values) = self.keys.get(key) {
            return Some(values.clone());
        }
        let mut absent = self.absent.iter();
        absent.any(|family| key.starts_with(family)).then(Vec::new)
    }
}

impl Class {
    /// It is no class of requests, but more than one: what is not allowed of it is what counts.
    pub(crate) fn is_bound(&self) -> bool {
        matches!(self, Class::Unknown | Class::Opened) || self.is_elsewhere()
    }

    /// It is one of targets of other accounts than the caller's.
    pub(crate) fn is_elsewhere(&self) -> bool {
        matches!(self, Class::Elsewhere | Class::Through(_))
    }

    /// The account part of the ARNs of the class.
    pub(crate) fn account<'s>(&self, home: &'s str) -> AccountPart<'s> {
        match self {
            Class::NoAccount => AccountPart::NoNumber,
            Class::Own => AccountPart::Number(home),
            Class::Unknown | Class::Opened | Class::Elsewhere | Class::Through(_) => {
                AccountPart::Any
            }
            Class::Known(_) | Class::One(_) => AccountPart::Any,
        }
    }
}

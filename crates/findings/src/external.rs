//! Access from outside: one finding for each principal outside of the zone of trust whom a resource lets in (`AA-453`).
//!
//! Each Allow of a resource's policy is asked about once for each principal that it names: is a request allowed of somebody
//! whom that entry names and who is outside of the zone? What the own side of such a caller says is taken to be everything
//! (`AA-453`), so that the policy, its Denies, the control policies of the owner's organization and blocks of public access count,
//! and nothing else. Grants of keys and access control lists are read as Allows that say the same.
//!
//! | step | what is proved |
//! |---|---|
//! | entries | that a request is allowed by the entry: it is shown, and the directory's decision confirmed it |
//! | actions | the same for each action entry of the statement |
//! | only if | that no request is allowed for which the condition does not hold (`AA-454`) |
//! | public | that a request of a stranger is allowed (`S3-5`) |
//! | superfluous | that every request of the finding is one of another finding too: then it is left out |
//!
//! What was not proved either way is a finding with its reasons.

mod ask;
mod change;
mod principal;
mod resource_type;
mod summary;
mod surface;

use std::collections::HashSet;
use std::rc::Rc;

use portcullis_directory::KnownTarget;
use portcullis_prove::{Selection, Witness};

pub use change::{Change, changes};
pub use principal::Named;
pub use resource_type::{NOT_COVERED, resource_type};
use surface::{Inside, Surface};

use crate::questions::Questions;

/// Who is inside (`AA-453`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zone {
    /// The account that owns the resource.
    #[default]
    Account,
    /// Its organization; the account alone, if it is of none.
    Organization,
}

/// What lets somebody in (`AA-451`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// The resource's policy.
    Policy,
    /// The access control list of a bucket.
    BucketAcl,
    /// A grant of a key.
    KmsGrant,
}

impl Source {
    /// The name that Access Analyzer has for it, where it has one.
    pub fn as_str(self) -> &'static str {
        match self {
            Source::Policy => "POLICY",
            Source::BucketAcl => "BUCKET_ACL",
            Source::KmsGrant => "KMS_GRANT",
        }
    }
}

/// What resource control policies have to do with a finding (`AA-453`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// There are such policies for the resource, and they were taken into account.
    Applied,
    /// There are none.
    NotApplicable,
    /// They could not be read.
    Failed,
}

impl Restriction {
    /// The name that Access Analyzer has for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Restriction::Applied => "APPLIED",
            Restriction::NotApplicable => "NOT_APPLICABLE",
            Restriction::Failed => "FAILED_TO_EVALUATE_RCP",
        }
    }
}

/// A condition without which nothing is allowed that a finding tells of (`AA-454`): as a policy writes it, or what follows from a
/// Deny that does not apply only then.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Implied {
    /// The operator.
    pub operator: String,
    /// The key.
    pub key: String,
    /// The values.
    pub values: Vec<String>,
}

/// Somebody outside of the zone of trust whom a resource lets in (`AA-451`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The resource's ARN.
    pub resource: String,
    /// The account that owns it.
    pub owner: Option<String>,
    /// Whom the policy names.
    pub principal: Named,
    /// Whether a stranger is let in too; none if that is not known.
    pub is_public: Option<bool>,
    /// The entries of statements by which something is allowed.
    pub actions: Vec<Selection>,
    /// Conditions that are implied.
    pub condition: Vec<Implied>,
    /// What resource control policies have to do with it.
    pub restriction: Restriction,
    /// What lets them in.
    pub sources: Vec<Source>,
    /// A request that is allowed; none if that is not known.
    pub request: Option<Witness>,
    /// Why that is not known, or what of the finding is not.
    pub reasons: Vec<String>,
}

impl Questions<'_> {
    /// The findings of all resources, in the order of the directory.
    pub fn external_findings(&mut self, zone: Zone, found: &mut dyn FnMut(Finding)) {
        let targets = Rc::clone(&self.targets);
        let inside = Inside::of(self, zone);
        let of_others = targets
            .iter()
            .filter_map(|own| self.directory.name_of_parts(&own.name));
        let of_others: HashSet<String> = of_others.collect();
        let mut last = "";
        for target in targets.iter() {
            // The parts of a resource are asked with it.
            let is_asked = (target.has_policy || target.has_grants)
                && target.name != last
                && !of_others.contains(&target.name);
            if is_asked
                && (target.is_entity
                    || !self
                        .targets_of(&target.name)
                        .iter()
                        .any(|own| own.is_entity))
            {
                last = &target.name;
                let all = self.findings_of(&target.name, &inside);
                all.into_iter().for_each(&mut *found);
            }
        }
    }

    /// The findings of a resource that the directory knows by this name.
    pub fn external_findings_of(&mut self, name: &str, zone: Zone) -> Vec<Finding> {
        let inside = Inside::of(self, zone);
        self.findings_of(name, &inside)
    }

    /// The resource of a name and its parts. A role that a line of a folder tells of too (`IN-48`) is the one of its account's dump,
    /// which has the same policy.
    fn targets_of(&self, name: &str) -> Vec<KnownTarget> {
        let parts = self.directory.name_of_parts(name);
        let names = std::iter::once(name).chain(parts.as_deref());
        let places = names.filter_map(|name| self.by_name.get(name)).flatten();
        let targets = places.filter_map(|place| self.targets.get(*place).cloned());
        let mut targets: Vec<KnownTarget> = targets.collect();
        if targets.iter().any(|own| own.is_entity) {
            targets.retain(|own| own.is_entity);
        }
        targets
    }

    fn findings_of(&mut self, name: &str, inside: &Inside) -> Vec<Finding> {
        match Surface::of(self, name, inside) {
            Ok(surface) => summary::summarize(&surface),
            // `AA-455`.
            Err((owner, reason)) => vec![Finding {
                resource: name.to_owned(),
                owner,
                principal: Named::everyone(),
                is_public: None,
                actions: Vec::new(),
                condition: Vec::new(),
                restriction: Restriction::Failed,
                sources: Vec::new(),
                request: None,
                reasons: vec![reason],
            }],
        }
    }
}

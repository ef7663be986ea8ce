//! Access from inside: the users and roles of the zone of trust that can use a resource.
//!
//! Access Analyzer calls these internal access findings (`AA-450`), for resources that somebody chooses. Here everybody counts whom the
//! directory has, with all policies of both sides, as in [`Questions::can`]; and the entries of policies that contribute are those
//! of [`Questions::what_can`] that are about the resource's service.

use portcullis_directory::Directory;
use portcullis_model::split_arn;
use portcullis_prove::Selection;

use crate::answer::Can;
use crate::caller::Asker;
use crate::class::prefixes;
use crate::external::{Zone, resource_type};
use crate::parallel::of_each;
use crate::questions::Questions;

/// Somebody inside who can use a resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InternalFinding {
    /// The resource's ARN.
    pub resource: String,
    /// The account that owns it.
    pub owner: String,
    /// The user or role, or a session of a role that a policy names.
    pub principal: String,
    /// The entries of policies by which something is allowed.
    pub actions: Vec<Selection>,
    /// Whether something is.
    pub can: Can,
}

impl InternalFinding {
    /// How far inside the principal is, by the name that Access Analyzer has for it.
    pub fn access_type(&self) -> &'static str {
        let account = split_arn(&self.principal).map(|[.., account, _]| account);
        match account == Some(self.owner.as_str()) {
            true => "INTRA_ACCOUNT",
            false => "INTRA_ORG",
        }
    }
}

/// Types of resources that are looked at unless one is named, and those that no dump tells of (`AA-452`).
const TYPES: [&str; 4] = [
    "AWS::S3::Bucket",
    "AWS::S3Express::DirectoryBucket",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::Stream",
];

/// A resource that is asked about.
struct Asked {
    name: String,
    owner: String,
    actions: Selection,
    resources: Selection,
}

/// Everybody inside who can use a resource: one that is named, or all of the types that Access Analyzer looks at. In the order of the
/// directory's principals, and with each of its resources.
pub fn internal_findings(
    directory: &Directory,
    zone: Zone,
    resource: Option<&str>,
    threads: usize,
) -> Vec<InternalFinding> {
    let all = asked(directory, resource);
    let arena = bumpalo::Bump::new();
    let mut askers = Asker::all(directory, &arena);
    let principals = askers.len();
    // What a policy says to a session by its name it does not say to the role.
    askers.extend(Questions::new(directory, &[], &arena).named_sessions());
    let found = of_each(
        directory,
        (&[], None),
        &askers,
        threads,
        |questions, asker, _| {
            let own = all
                .iter()
                .filter(|own| is_inside(directory, zone, asker, own));
            own.filter_map(|own| questions.internal(asker, own))
                .collect::<Vec<_>>()
        },
    );
    let mut all: Vec<InternalFinding> = Vec::new();
    for (place, (asker, found)) in askers.iter().zip(found).enumerate() {
        for one in found {
            // A session that can no more than its role is not told.
            let is_told = place >= principals
                && all.iter().any(|own| {
                    own.resource == one.resource
                        && Some(own.principal.as_str()) == asker.role_arn()
                        && matches!(own.can, Can::Yes(_))
                });
            if !is_told {
                all.push(one);
            }
        }
    }
    all
}

/// The resources that are asked about. Of one without owner nobody is inside.
fn asked(directory: &Directory, resource: Option<&str>) -> Vec<Asked> {
    let mut all: Vec<Asked> = Vec::new();
    for target in directory.known_targets() {
        let is_asked = match resource {
            Some(resource) => target.name == resource,
            None => resource_type(&target.name).is_some_and(|own| TYPES.contains(&own)),
        };
        let Some(owner) = target.owner.filter(|_| is_asked) else {
            continue;
        };
        if let Some(last) = all.last_mut().filter(|last| last.name == target.name) {
            last.resources.patterns.push(target.pattern);
            continue;
        }
        let service = split_arn(&target.name).map_or("*", |[_, _, service, ..]| service);
        let prefix = if target.is_entity { "sts" } else { service };
        all.push(Asked {
            owner,
            actions: Selection::of(prefixes(prefix).map(|own| format!("{own}:*"))),
            resources: Selection::of([target.pattern]),
            name: target.name,
        });
    }
    all
}

fn is_inside(directory: &Directory, zone: Zone, asker: &Asker<'_>, asked: &Asked) -> bool {
    let (home, _) = asker.home();
    let is_member = |account: &str| directory.is_of_organization(account);
    home == asked.owner || zone == Zone::Organization && is_member(home) && is_member(&asked.owner)
}

impl<'d> Questions<'d> {
    fn internal(&mut self, asker: &Asker<'d>, asked: &Asked) -> Option<InternalFinding> {
        let can = self.can(asker, &asked.actions, &asked.resources);
        if can == Can::No {
            return None;
        }
        let abilities = self.what_can(asker, &asked.resources);
        let mut actions: Vec<Selection> = Vec::new();
        for own in abilities.unwrap_or_default() {
            let is_of_service = asked
                .actions
                .patterns
                .iter()
                .any(|pattern| own.actions.may_meet_action(pattern));
            let contributes = own.can != Can::No && !own.is_exception;
            if contributes && is_of_service && !actions.contains(&own.actions) {
                actions.push(own.actions);
            }
        }
        Some(InternalFinding {
            resource: asked.name.clone(),
            owner: asked.owner.clone(),
            principal: asker.arn().unwrap_or_default().to_owned(),
            actions,
            can,
        })
    }
}

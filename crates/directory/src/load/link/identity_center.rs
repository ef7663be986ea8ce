//! Permission sets in the accounts that they are assigned to (`SSO-1` to `SSO-3`).
//!
//! A role that Identity Center made is in the dump of its account and decides as it is there,
//! because that is what AWS evaluates. The permission set says what the role will be when it is
//! provisioned again, so that a difference is a warning.
//!
//! Where the role is not in the dump yet, the permission set stands for it, under the name that it
//! will have: [`UNKNOWN_END`] stands for the digits that AWS chooses. Leaving such roles out was
//! rejected: people who were assigned a set yesterday would have no access in every answer.
//!
//! Who has a role decides nothing. It is kept for explanations, which name people.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use portcullis_model::{PolicyKind, split_arn};
use portcullis_source::Severity;

use crate::arn::EntityKind;
use crate::codes;
use crate::load::loader::Loader;
use crate::load::path::Location;
use crate::load::raw::{BoundaryRef, RawPermissionSet, RawPrincipal, SourceLoc};
use crate::load::read::unnamed::region_in_path;
use crate::store::ids::Symbol;
use crate::store::people::{RESERVED_PATH, UNKNOWN_END, set_of_role};
use crate::store::tables::{Person, Tables};

/// Who has a role: the account, the role's name, and the assigned users and groups by their names.
/// Roles have no index yet when this is made.
pub(super) type RoleAssignees = Vec<(u64, String, Vec<Assignee>)>;

/// A user, perhaps by a group, or a group of which no member is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assignee {
    /// The group by which it is assigned.
    pub(super) group: Option<Symbol>,
    /// None for a group whose members no file lists.
    pub(super) user: Option<Symbol>,
}

/// The commands whose answers are missing to know a permission set as a whole. A set of which one
/// part is unknown cannot stand for a role: the part may be its boundary.
fn gaps(set: &RawPermissionSet) -> Vec<&'static str> {
    let all = [
        (set.inline.is_some(), "get-inline-policy-for-permission-set"),
        (
            set.managed.is_some(),
            "list-managed-policies-in-permission-set",
        ),
        (
            set.customer.is_some(),
            "list-customer-managed-policy-references-in-permission-set",
        ),
        (
            set.boundary.is_some(),
            "get-permissions-boundary-for-permission-set (`\"PermissionsBoundary\": null` if there is none)",
        ),
    ];
    let open = all.into_iter().filter(|(is_known, _)| !is_known);
    open.map(|(_, command)| command).collect()
}

/// Stores who has the roles of Identity Center. A role that was not added, because another has its
/// name, has nobody.
pub(super) fn add_people(tables: &mut Tables, assignees: &RoleAssignees) {
    let mut people = Vec::new();
    for (account, role, all) in assignees {
        let account = tables.accounts().find(*account);
        let found = account.and_then(|account| {
            tables.find_entity(tables, (account, EntityKind::Role, role.as_str()))
        });
        let Some((principal, _)) = found else {
            continue;
        };
        people.extend(all.iter().map(|own| Person {
            principal,
            user: own.user.unwrap_or(Symbol::NONE),
            group: own.group.unwrap_or(Symbol::NONE),
        }));
    }
    tables.set_people(people);
}

/// Adds the roles that permission sets stand for to the records, compares the others, and returns
/// who has them. Takes time linear in the assignments and the members of assigned groups.
pub(super) fn link_identity_center(loader: &mut Loader) -> RoleAssignees {
    loader.link_identity_center()
}

impl Loader {
    fn link_identity_center(&mut self) -> RoleAssignees {
        let center = std::mem::take(&mut self.raw.center);
        for (id, set) in &center.sets {
            if let (None, Some((arn, loc))) = (set.name, set.arn) {
                let message = format!(
                    "refers to the permission set `{}` (`{}`), and no file describes it: add what \
                     `aws sso-admin describe-permission-set` prints",
                    self.strings.get(*id),
                    self.strings.get(arn)
                );
                self.missing(self.location(loc), message);
            }
        }
        let roles = self.reserved_roles();
        let region = self.home_region();
        // One role for each account and set, however many are assigned to it. Ordered, so that
        // roles are added in the same order always.
        let mut assigned: BTreeMap<(u64, Symbol), Vec<(bool, Symbol)>> = BTreeMap::new();
        for assignment in center.assignments.keys() {
            let key = (assignment.account, assignment.set);
            let who = (assignment.is_group, assignment.principal);
            assigned.entry(key).or_default().push(who);
        }
        let mut nameless = BTreeSet::new();
        let mut assignees = RoleAssignees::new();
        for ((account, id), whom) in assigned {
            // A set without a name was reported above, and no role can be told to be of it.
            let Some((set, (name, loc))) =
                center.sets.get(&id).and_then(|set| Some((set, set.name?)))
            else {
                continue;
            };
            let name = self.strings.get(name).to_string();
            let role = match roles.get(&(account, name.to_ascii_lowercase())).copied() {
                // The role is there, and decides as it is.
                Some(index) => {
                    self.compare_set(set, index, loc);
                    let own = self.raw.principals.get(index);
                    own.map(|own| self.strings.get(own.name).to_string())
                }
                None => self.unprovisioned(set, (&name, loc), account, region.as_deref()),
            };
            let Some(role) = role else {
                continue;
            };
            let mut all = BTreeSet::new();
            // Files of Identity Store may be missing: an id is then the name, which explanations
            // show all the same.
            let mut called = |id: Symbol| {
                let known = center.names.get(&id).copied();
                if known.is_none() {
                    nameless.insert(id);
                }
                known.unwrap_or(id)
            };
            for (is_group, principal) in whom {
                if !is_group {
                    let user = Some(called(principal));
                    all.insert(Assignee { group: None, user });
                    continue;
                }
                let group = Some(called(principal));
                let from = (principal, Symbol::new(0));
                // The pairs are sorted by group, so that its members follow each other.
                let members = center.members.range(from..);
                let members = members.take_while(|(own, _)| *own == principal);
                let users: Vec<Symbol> = members.map(|(_, user)| called(*user)).collect();
                match users.is_empty() {
                    // No file lists members, or the group has none: which of the two is not known,
                    // and the group is shown.
                    true => all.extend([Assignee { group, user: None }]),
                    false => all.extend(users.into_iter().map(|user| Assignee {
                        group,
                        user: Some(user),
                    })),
                }
            }
            assignees.push((account, role, all.into_iter().collect()));
        }
        if let Some(first) = nameless.first() {
            let message = format!(
                "{} users and groups of Identity Center, such as `{}`, are called by their ids, because no file of \
                 `aws identitystore` has their names",
                nameless.len(),
                self.strings.get(*first)
            );
            self.note(&Location::of_file("Identity Center"), message);
        }
        assignees
    }

    /// The roles that Identity Center made, by account and name of the permission set in lower
    /// case: names of roles are unique without regard to case (`IN-17`).
    fn reserved_roles(&self) -> HashMap<(u64, String), usize> {
        let all = self.raw.principals.iter().enumerate();
        let reserved = all.filter_map(|(index, own)| {
            let is_reserved = own.kind == EntityKind::Role
                && self.strings.get(own.path).starts_with(RESERVED_PATH);
            let set = set_of_role(self.strings.get(own.name)).filter(|_| is_reserved)?;
            Some(((own.account, set.to_ascii_lowercase()), index))
        });
        reserved.collect()
    }

    /// The region in the paths of roles that Identity Center made, empty in us-east-1 (`SSO-1`).
    /// None if no role says it, or several disagree. An organization has one instance in one
    /// region, so that one role tells it for all.
    fn home_region(&self) -> Option<String> {
        let roles = self.raw.principals.iter();
        let paths = roles
            .filter(|own| own.kind == EntityKind::Role)
            .filter_map(|own| {
                let rest = self.strings.get(own.path).strip_prefix(RESERVED_PATH)?;
                Some(rest.trim_end_matches('/').to_string())
            });
        let regions: BTreeSet<String> = paths.collect();
        let mut all = regions.into_iter();
        all.next().filter(|_| all.next().is_none())
    }

    /// Adds the role that a permission set stands for in an account, and returns its name. None,
    /// and a missing part is reported, if files do not describe the whole set.
    fn unprovisioned(
        &mut self,
        set: &RawPermissionSet,
        (name, loc): (&str, SourceLoc),
        account: u64,
        region: Option<&str>,
    ) -> Option<String> {
        let open = gaps(set);
        if !open.is_empty() {
            let message = format!(
                "the permission set `{name}` is assigned in {account:012}, whose dump has no role of it, and is not \
                 known as a whole: add what these print: {}",
                open.join(", ")
            );
            let location = self.location(loc);
            let problem = location.diagnostic(Severity::Error, codes::INCOMPLETE, message);
            self.report.missing.push(problem);
            return None;
        }
        let arn = set.arn.map(|(arn, _)| self.strings.get(arn).to_string());
        let partition = arn.as_deref().and_then(split_arn);
        // An organization is in one partition, and so are its sets and accounts.
        let partition = partition.map_or("aws", |[_, partition, ..]| partition);
        // No role of any account tells the region: the folder may. Paths of roles in us-east-1 have
        // none (`SSO-1`).
        let region = region.map(str::to_string).or_else(|| {
            let own = region_in_path(self.strings.get(loc.file))?;
            Some(if own == "us-east-1" {
                String::new()
            } else {
                own.to_string()
            })
        });
        let path = match region.as_deref() {
            None | Some("") => RESERVED_PATH.to_string(),
            Some(region) => format!("{RESERVED_PATH}{region}/"),
        };
        // A policy that names the role needs a pattern for the digits, which [`UNKNOWN_END`]
        // matches as the real ones will.
        let role = format!("AWSReservedSSO_{name}_{UNKNOWN_END}");
        // A customer managed policy of a set is the one of this name in the account of the role
        // (`SSO-1`).
        let mut own_policy = |path: Symbol, name: Symbol| {
            let (path, name) = (self.strings.get(path), self.strings.get(name));
            let arn = format!("arn:{partition}:iam::{account:012}:policy{path}{name}");
            self.strings.intern(&arn)
        };
        let customer = set.customer.iter().flatten();
        let customer = customer.map(|(path, name)| own_policy(*path, *name));
        let mut attached: Vec<Symbol> = customer.collect();
        let boundary = set.boundary.flatten().map(|limit| match limit {
            BoundaryRef::Managed(arn) => arn,
            BoundaryRef::Customer(path, name) => own_policy(path, name),
        });
        attached.extend(set.managed.iter().flatten());
        let raw = RawPrincipal {
            loc,
            kind: EntityKind::Role,
            partition: self.strings.intern(partition),
            account,
            path: self.strings.intern(&path),
            name: self.strings.intern(&role),
            id: None,
            attached,
            inline: Vec::from_iter(set.inline.flatten()),
            groups: Vec::new(),
            boundary,
            tags: Vec::new(),
            // Identity Center's own provider, whose name is not known, and nobody else.
            trust: None,
            max_session: None,
        };
        self.raw.principals.push(raw);
        Some(role)
    }

    /// Reports where a role differs from its permission set. The role decides as it is until the
    /// set is provisioned again.
    fn compare_set(&mut self, set: &RawPermissionSet, index: usize, loc: SourceLoc) {
        let Some(role) = self.raw.principals.get(index).cloned() else {
            return;
        };
        // Compared as ARNs: symbols of customer managed policies are made only if a role is added.
        let (partition, account) = (self.strings.get(role.partition), role.account);
        let own_policy = |path: Symbol, name: Symbol| {
            let (path, name) = (self.strings.get(path), self.strings.get(name));
            format!("arn:{partition}:iam::{account:012}:policy{path}{name}")
        };
        let mut differences = Vec::new();
        // Both lists make up what is attached, so that one alone cannot be compared.
        if let (Some(managed), Some(customer)) = (&set.managed, &set.customer) {
            let managed = managed.iter().map(|arn| self.strings.get(*arn).to_string());
            let customer = customer.iter().map(|(path, name)| own_policy(*path, *name));
            let said: BTreeSet<String> = managed.chain(customer).collect();
            let has: BTreeSet<String> = role
                .attached
                .iter()
                .map(|arn| self.strings.get(*arn).to_string())
                .collect();
            if said != has {
                differences.push("attached policies");
            }
        }
        if let Some(inline) = set.inline {
            let kind = PolicyKind::Identity;
            let is_same = match (inline, role.inline.as_slice()) {
                (None, []) => true,
                (Some(said), [has]) => self.documents.are_equal(said, *has, kind),
                _ => false,
            };
            if !is_same {
                differences.push("inline policy");
            }
        }
        if let Some(limit) = set.boundary {
            let said = limit.map(|limit| match limit {
                BoundaryRef::Managed(arn) => self.strings.get(arn).to_string(),
                BoundaryRef::Customer(path, name) => own_policy(path, name),
            });
            let has = role.boundary.map(|arn| self.strings.get(arn).to_string());
            if said != has {
                differences.push("boundary");
            }
        }
        if !differences.is_empty() {
            let message = format!(
                "the role `{}` of {account:012} has another {} than its permission set at {}: it decides as it is, \
                 until the set is provisioned again",
                self.strings.get(role.name),
                differences.join(", "),
                self.location(loc)
            );
            self.warn(self.location(role.loc), codes::CONTRADICTION, message);
        }
    }
}

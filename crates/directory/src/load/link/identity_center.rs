//! Permission sets in the accounts that they are assigned to (`SSO-1` to `SSO-3`).
//!
//! A role that Identity Center made is in the dump of its account and decides as it is there. Where it is not there yet,
//! the permission set stands for it, under the name that it will have: [`UNKNOWN_END`] stands for the digits that AWS
//! chooses.

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

/// Who has a role: the account, the role's name, and users and groups as they are called.
pub(super) type RoleAssignees = Vec<(u64, String, Vec<Assignee>)>;

/// A user, perhaps by a group, or a group of which no member is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Assignee {
    pub(super) group: Option<Symbol>,
    pub(super) user: Option<Symbol>,
}

/// What is not known of a permission set, and the command that tells it.
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

/// Takes in who has the roles of Identity Center.
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

/// Adds the roles that permission sets stand for, and says who has the roles.
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
        let mut assigned: BTreeMap<(u64, Symbol), Vec<(bool, Symbol)>> = BTreeMap::new();
        for assignment in center.assignments.keys() {
            let key = (assignment.account, assignment.set);
            let who = (assignment.is_group, assignment.principal);
            assigned.entry(key).or_default().push(who);
        }
        let mut nameless = BTreeSet::new();
        let mut assignees = RoleAssignees::new();
        for ((account, id), whom) in assigned {
            let Some((set, (name, loc))) =
                center.sets.get(&id).and_then(|set| Some((set, set.name?)))
            else {
                continue;
            };
            let name = self.strings.get(name).to_string();
            let role = match roles.get(&(account, name.to_ascii_lowercase())).copied() {
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
                let members = center.members.range(from..);
                let members = members.take_while(|(own, _)| *own == principal);
                let users: Vec<Symbol> = members.map(|(_, user)| called(*user)).collect();
                match users.is_empty() {
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

    /// The roles that Identity Center made, by account and name of the permission set in lower case.
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

    /// The region in the paths of roles that Identity Center made, empty in us-east-1; none if no role or several say
    /// it, and no file's path does.
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

    /// Adds the role that a permission set stands for in an account, and says its name.
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
        let partition = partition.map_or("aws", |[_, partition, ..]| partition);
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
        let role = format!("AWSReservedSSO_{name}_{UNKNOWN_END}");
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

    /// Says where a role is not what its permission set says: it was not provisioned since, and decides as it is.
    fn compare_set(&mut self, set: &RawPermissionSet, index: usize, loc: SourceLoc) {
        let Some(role) = self.raw.principals.get(index).cloned() else {
            return;
        };
        let (partition, account) = (self.strings.get(role.partition), role.account);
        let own_policy = |path: Symbol, name: Symbol| {
            let (path, name) = (self.strings.get(path), self.strings.get(name));
            format!("arn:{partition}:iam::{account:012}:policy{path}{name}")
        };
        let mut differences = Vec::new();
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

//! Who comes in from outside: everybody outside of its account whom the policy of a role or of another resource names.
//!
//! Each entry of an Allow is asked as requests of theirs, of any action, so that conditions, Denies and control policies count.
//! What the other side allows is not known, and taken to be everything, unless the directory knows the caller.
//!
//! | entry | asked as |
//! |---|---|
//! | an account | its root user |
//! | a user, role or session | itself |
//! | a provider | somebody whom it knows |
//! | everyone | nobody in particular of a resource; of a role, the root user of an account that nobody has |
//! | a unique id, a canonical user | not at all: it is unknown |
//! | a service | not listed: services are not somebody outside |

use portcullis_directory::{KnownTarget, Scope};
use portcullis_model::{Caller, Effect, GuessedRole, Request, is_account_id, split_arn};
use portcullis_prove::Selection;
use portcullis_syntax::ast::{PrincipalEntry, PrincipalKind};

use crate::answer::Can;
use crate::caller::Asker;
use crate::questions::Questions;

/// Somebody outside whom the policy of a resource names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// The role's ARN, or that of another resource with a policy.
    pub resource: String,
    /// The entry of the policy; `*` for everyone.
    pub who: String,
    /// How far outside they are.
    pub scope: Scope,
    /// Whether they can do something to it.
    pub can: Can,
}

/// An account that nobody has.
const STRANGER: &str = "000000000000";

impl<'d> Questions<'d> {
    /// Everybody outside whom policies name, resource by resource.
    pub fn external_access(&mut self, found: &mut dyn FnMut(Access)) {
        let targets = std::rc::Rc::clone(&self.targets);
        let stranger = Asker::new(Request::new(Caller::Anonymous, "", "").principal);
        let mut last = "";
        for target in targets.iter().filter(|target| target.has_policy) {
            // The parts of a resource are asked with it.
            if target.name == last {
                continue;
            }
            last = &target.name;
            let policies = match self.policies_for(&stranger, &target.example) {
                Ok(policies) => policies,
                Err(reason) => {
                    found(Access {
                        resource: target.name.clone(),
                        who: "*".to_owned(),
                        scope: Scope::Everyone,
                        can: Can::Unknown(vec![reason]),
                    });
                    continue;
                }
            };
            let statements = policies.resource.iter().flatten();
            let statements = statements.flat_map(|policy| policy.document.statements);
            let mut seen: Vec<(PrincipalKind, String)> = Vec::new();
            for statement in statements.filter(|own| own.effect == Effect::Allow) {
                let Some(principals) = &statement.principal else {
                    continue;
                };
                let entries: Vec<(PrincipalKind, &str)> = match principals.negated {
                    // Everyone but a few.
                    true => vec![(PrincipalKind::Everyone, "*")],
                    false => principals.list.iter().map(of_entry).collect(),
                };
                for (kind, value) in entries {
                    let key = (kind, value.to_owned());
                    if seen.contains(&key) {
                        continue;
                    }
                    seen.push(key);
                    if let Some(scope) = self.scope(target, kind, value) {
                        let can = self.of_outsider(target, kind, value);
                        found(Access {
                            resource: target.name.clone(),
                            who: value.to_owned(),
                            scope,
                            can,
                        });
                    }
                }
            }
        }
    }

    /// How far outside an entry is; none for the resource's own account and for services.
    fn scope(&self, target: &KnownTarget, kind: PrincipalKind, value: &str) -> Option<Scope> {
        match kind {
            PrincipalKind::Everyone => Some(Scope::Everyone),
            PrincipalKind::Federated => Some(Scope::Federation),
            PrincipalKind::Service => None,
            PrincipalKind::CanonicalUser => Some(Scope::Organization),
            PrincipalKind::Aws => {
                let account = match is_account_id(value) {
                    true => Some(value),
                    false => split_arn(value).map(|[.., account, _]| account),
                };
                let owner = target.owner.as_deref();
                if account.is_some() && account == owner {
                    return None;
                }
                let is_member = |account| self.directory.is_of_organization(account);
                match account.is_some_and(is_member) && owner.is_some_and(is_member) {
                    true => Some(Scope::Account),
                    false => Some(Scope::Organization),
                }
            }
        }
    }

    /// Whether somebody whom an entry names can do something.
    fn of_outsider(&mut self, target: &KnownTarget, kind: PrincipalKind, value: &str) -> Can {
        let arena = self.arena;
        let partition = split_arn(&target.example).map_or("aws", |parts| parts[1]);
        let root_of = |account: &str| Caller::Root {
            arn: arena.alloc_str(&format!("arn:{partition}:iam::{account}:root")),
        };
        let value: &'d str = arena.alloc_str(value);
        let caller = match kind {
            PrincipalKind::Everyone if target.is_entity => Some(root_of(STRANGER)),
            PrincipalKind::Everyone => Some(Caller::Anonymous),
            PrincipalKind::Federated => Some(Caller::Federated { provider: value }),
            PrincipalKind::Aws if is_account_id(value) => Some(root_of(value)),
            PrincipalKind::Aws => match GuessedRole::of_session(value) {
                Some(guess) => {
                    let role: &'d str = arena.alloc_str(&guess.parts().concat());
                    Caller::session(value, role).ok()
                }
                None => Caller::from_arn(value).ok(),
            },
            PrincipalKind::Service | PrincipalKind::CanonicalUser => None,
        };
        let Some(caller) = caller else {
            let reason = format!("it is not known who {value} is");
            return Can::Unknown(vec![reason]);
        };
        let asker = Asker::new(Request::new(caller, "", "").principal);
        let actions = match target.is_entity {
            true => Selection::of(["sts:*"]),
            false => Selection::of(["*"]),
        };
        let resources = Selection::of([target.name.clone(), format!("{}*", target.pattern)]);
        self.can_known(&asker, &actions, &resources, &target.name)
    }
}

fn of_entry<'e>(entry: &PrincipalEntry<'e>) -> (PrincipalKind, &'e str) {
    (entry.kind, entry.value.value)
}

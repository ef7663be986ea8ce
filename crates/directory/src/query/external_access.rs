//! Roles that can be assumed from outside of their account.
//!
//! Every entry of a trust policy that names somebody outside is asked as a request of theirs, so that conditions and control
//! policies count. What the other side allows is not known and taken to be everything.
//!
//! | entry of the trust policy | asked as |
//! |---|---|
//! | an account | its root user, by `sts:AssumeRole` |
//! | a user or role | itself |
//! | a session | a session of the role that its ARN says |
//! | a provider | somebody whom it knows, by the call for its kind |
//! | everyone | the root user of an account that nobody has |
//! | a unique id, a canonical user | nobody: it is listed without a decision |
//! | a service | not at all: services are not somebody outside |
//!
//! It takes a decision for each entry, with its explanation, since the keys that it lacked are part of the answer.

use bumpalo::Bump;
use portcullis_image::{Id, PrincipalForm, Principals, Unit, View};
use portcullis_model::{
    Caller, ContextEntry, Decision, GuessedRole, PolicyKind, Principal, Request, is_account_id,
    split_arn,
};
use portcullis_syntax::Policy;
use portcullis_syntax::policy::{ReadOptions, parse_policy};

use crate::arn::{EntityKind, account_number};
use crate::decide::completed::complete_request;
use crate::decide::memory::Requests;
use crate::decide::stack::explain;
use crate::error::EngineError;
use crate::plan::generation::Generation;
use crate::plan::stack::Located;
use crate::store::tables::{PrincipalRow, Tables};
use portcullis_syntax::RequestPolicies;

/// How far outside somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// In another account of the organization.
    Account,
    /// Outside of the organization.
    Organization,
    /// Signed in by a provider.
    Federation,
    /// Anyone.
    Everyone,
}

impl Scope {
    /// The name that is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Scope::Account => "account",
            Scope::Organization => "organization",
            Scope::Federation => "federation",
            Scope::Everyone => "everyone",
        }
    }
}

/// Somebody outside whom a trust policy names, with what a request of theirs comes to.
#[derive(Clone, Debug)]
pub struct ExternalAccess {
    /// The role's ARN.
    pub role: String,
    /// The entry of the trust policy.
    pub who: String,
    /// How far outside they are.
    pub scope: Scope,
    /// What a request in the given context comes to, if the caller's own side allows everything that
    /// the directory does not know; none if nobody can be asked for, such as a unique id.
    pub decision: Option<Decision>,
    /// Keys that the policies ask for and the context does not have.
    pub missing_keys: Vec<String>,
}

/// A principal of a trust policy as it is written; none for everyone.
type TrustEntry<'v> = Option<(PrincipalForm, &'v str)>;

/// Whom the Allow statements of a unit name.
fn allowed_by(view: View<'_>, unit: Id<Unit>) -> Vec<TrustEntry<'_>> {
    let unit = view.get(unit);
    let mut entries = Vec::new();
    for statement in unit.statements.iter() {
        let statement = view.get(statement);
        if statement.flags.deny {
            continue;
        }
        if statement.flags.not_principal {
            // Everyone but a few.
            entries.push(None);
            continue;
        }
        match statement.principals {
            Principals::Unsaid => {}
            Principals::Everyone => entries.push(None),
            Principals::Listed(list) => entries.extend(view.list(list).iter().map(|item| {
                let principal = view.get(item);
                Some((principal.form, view.text(principal.text)))
            })),
        }
    }
    entries
}

/// What the other side is taken to allow.
const ALLOW_ALL: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}"#;

/// An account that nobody has.
const STRANGER: &str = "000000000000";

/// Everyone outside of its account whom the trust policy of a role names, role by role.
///
/// # Errors
/// [`EngineError`] if the policies are more than an image can hold.
pub(crate) fn external_access(
    generation: Generation<'_>,
    debug: bool,
    context: &[ContextEntry<'_>],
    found: &mut dyn FnMut(ExternalAccess),
) -> Result<(), EngineError> {
    let Generation { tables, plan } = generation;
    let mut requests = Requests::default();
    let roles = tables.principals().iter();
    for role in roles.filter(|role| role.kind == EntityKind::Role && role.trust.is_some()) {
        let mut seen: Vec<TrustEntry<'_>> = Vec::new();
        for (_, unit) in tables.uses(role.trust) {
            let Some(Located { view, unit, .. }) = plan.stack.locate(unit) else {
                continue;
            };
            for entry in allowed_by(view, unit) {
                if seen.contains(&entry) {
                    continue;
                }
                seen.push(entry);
                if let Some(scope) = scope(tables, role, entry) {
                    let asked = (role, entry, scope);
                    found(of_entry(generation, debug, asked, context, &mut requests)?);
                }
            }
        }
    }
    Ok(())
}

/// How far outside an entry is; none for the role's own account and for services.
fn scope(tables: &Tables, role: &PrincipalRow, entry: TrustEntry<'_>) -> Option<Scope> {
    let Some((form, value)) = entry else {
        return Some(Scope::Everyone);
    };
    match form {
        PrincipalForm::Federated => Some(Scope::Federation),
        PrincipalForm::Service => None,
        PrincipalForm::CanonicalUser => Some(Scope::Organization),
        _ => {
            let account = match is_account_id(value) {
                true => Some(value),
                false => split_arn(value).map(|[.., account, _]| account),
            };
            let own = tables.account(role.account)?;
            let number = account.and_then(account_number);
            if number == Some(own.number) {
                return None;
            }
            let index = number.and_then(|number| tables.accounts().find(number));
            let other = index.and_then(|index| tables.account(index));
            match other.is_some_and(|other| other.is_member && own.is_member) {
                true => Some(Scope::Account),
                false => Some(Scope::Organization),
            }
        }
    }
}

/// Asks for one entry. Whoever it names is asked as a caller of its kind: a root user for an account, a provider for a
/// federation. If the directory has the caller, its own policies count; if not, it is taken to be allowed everything.
fn of_entry(
    generation: Generation<'_>,
    debug: bool,
    (role, entry, scope): (&PrincipalRow, TrustEntry<'_>, Scope),
    context: &[ContextEntry<'_>],
    requests: &mut Requests,
) -> Result<ExternalAccess, EngineError> {
    let arena = Bump::new();
    let tables = generation.tables;
    let value = entry.map_or("*", |(_, value)| value);
    let arn = tables.arn(role.entity());
    let mut access = ExternalAccess {
        role: arn.clone(),
        who: value.to_string(),
        scope,
        decision: None,
        missing_keys: Vec::new(),
    };
    // Nobody assumes a role of another partition.
    let partition = tables.str(role.partition);
    let root_of = |account| arena.alloc_str(&format!("arn:{partition}:iam::{account}:root"));
    let session_role;
    let caller = match entry.map(|(form, _)| form) {
        None => Some(Caller::Root {
            arn: root_of(STRANGER),
        }),
        Some(PrincipalForm::Federated) => Some(Caller::Federated { provider: value }),
        Some(PrincipalForm::Account) => Some(Caller::Root {
            arn: root_of(value),
        }),
        Some(PrincipalForm::Arn | PrincipalForm::AccountArn) => {
            match GuessedRole::of_session(value) {
                Some(guess) => {
                    session_role = guess.parts().concat();
                    Caller::session(value, &session_role).ok()
                }
                None => Caller::from_arn(value).ok(),
            }
        }
        Some(_) => None,
    };
    let Some(caller) = caller else {
        return Ok(access);
    };
    let action = match caller {
        Caller::Federated { provider } if provider.contains(":saml-provider/") => {
            "sts:AssumeRoleWithSAML"
        }
        Caller::Federated { .. } => "sts:AssumeRoleWithWebIdentity",
        _ => "sts:AssumeRole",
    };
    let request = Request {
        principal: Principal {
            caller,
            user_id: None,
            management_account: false,
            session_token: false,
        },
        action,
        resource: &arn,
        resource_account: None,
        context,
        restrict_public_buckets: false,
        external_grant: false,
    };
    // The other side is taken to allow, where the directory does not know it.
    let id = generation.id();
    let completed = complete_request(tables, id, &request, RequestPolicies::default(), &arena)
        .or_else(|_| {
            let extra = RequestPolicies {
                identity: allow_all(&arena),
                session: None,
            };
            complete_request(tables, id, &request, extra, &arena)
        });
    if let Ok(completed) = completed {
        let explanation = explain(requests, generation, &completed, debug)?;
        access.decision = Some(explanation.outcome.decision());
        access.missing_keys = explanation.missing_keys;
    }
    Ok(access)
}

/// The policy of a caller whose account the directory does not have.
fn allow_all(arena: &Bump) -> Option<Vec<Policy<'_>>> {
    let options = ReadOptions::new(PolicyKind::Identity);
    let document = parse_policy(ALLOW_ALL, options, arena).0?;
    Some(vec![Policy {
        name: "whatever the other account allows",
        file: "",
        text: ALLOW_ALL,
        document,
    }])
}

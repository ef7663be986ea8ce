//! The caller of a request: whose policies it has, and how policies see it.
//!
//! A caller is found by its ARN, exactly: names are unique without regard to case, but policies name with regard to it, so
//! that a caller spelled otherwise is an error and never another caller (`IN-17`). A session has the policies of its role,
//! a federated user those of whoever made the session.
//!
//! | caller | has the policies of | if the directory does not have it |
//! |---|---|---|
//! | user, role | itself | an error, if its account is known |
//! | session of a role | the role, which must have the session's name for it | an error |
//! | federated user | the user who made the session; nobody's if a root user did | an error |
//! | root user | nobody: it needs none | decided |
//! | service, provider, anonymous | nobody | decided |
//! | anyone of an account that is not known | those that came with the request | an error without them |
//!
//! ARN and id of a user or role are put together only if some policy looks at them, because that costs more than most of a
//! decision; [`complete`] is told what is wanted. Where rows are read is a parameter ([`Entities`]): decisions read the summaries
//! of the plan, which they look at anyway, and loading the tables.

use bumpalo::Bump;
use portcullis_model::{Caller, GuessedRole, Principal, is_account_id, session_names, split_arn};
use portcullis_vm::{CallerKind, HomeAccount};

use crate::arn::{EntityKind, last_name};
use crate::error::RequestError;
use crate::plan::dependencies::KeyDependencies;
use crate::store::accounts::Account;
use crate::store::ids::{AccountIdx, PrincipalIdx};
use crate::store::people::{UNKNOWN_END, set_of_role};
use crate::store::strings::concat_in;
use crate::store::tables::{Entities, Entity, PrincipalRow, Tables};

/// The caller of a request, as the directory knows it: references to rows, to be copied.
#[derive(Clone, Copy)]
pub(crate) struct ResolvedCaller<'d, 'a> {
    /// As asked; of a caller by number it is to be made of its row.
    pub(super) who: Option<&'a Principal<'a>>,
    /// Its account, if the directory has that.
    pub(crate) account: Option<&'d Account>,
    /// The user or role whose policies are the identity policies, and its number, or none.
    pub(super) principal: Option<&'d PrincipalRow>,
    /// The number of that user or role; absent if there is none.
    pub(crate) number: PrincipalIdx,
    /// What is filled in of the caller itself, not only of its policies.
    pub(super) is_itself: bool,
    /// The name of its session, of a role.
    pub(super) session: Option<&'a str>,
}

impl<'a> ResolvedCaller<'_, 'a> {
    /// The caller without its ARN and its ids. Of one that is a user or role itself it is to be told what it
    /// is, and whether the role is linked to a service.
    fn outline(&self, itself: Option<(EntityKind, bool)>) -> Principal<'a> {
        let mut who = self.who.copied().unwrap_or(Principal {
            caller: Caller::Anonymous,
            user_id: None,
            management_account: false,
            session_token: false,
        });
        who.management_account = self.is_of_management();
        let Some((kind, is_service_linked)) = itself.filter(|_| self.is_itself) else {
            return who;
        };
        if self.who.is_none() {
            who.caller = match kind {
                EntityKind::User => Caller::User { arn: "" },
                EntityKind::Role => Caller::Role {
                    session_arn: None,
                    role_arn: "",
                    service_linked: false,
                },
            };
        }
        if let Caller::Role { service_linked, .. } = &mut who.caller {
            *service_linked |= is_service_linked;
        }
        who
    }

    /// What kind of caller it is. Of one that is a user or role itself it is to be told what it is, and whether
    /// the role is linked to a service.
    #[inline]
    pub(crate) fn kind(&self, itself: Option<(EntityKind, bool)>) -> CallerKind {
        let itself = itself.filter(|_| self.is_itself);
        let kind = match (self.who, itself) {
            (Some(who), _) => CallerKind::of(&who.caller),
            (None, None) => CallerKind::Anonymous,
            (None, Some((EntityKind::User, _))) => CallerKind::User,
            (None, Some((EntityKind::Role, _))) => CallerKind::Role,
        };
        match itself {
            // Only roles are.
            Some((_, true)) => CallerKind::ServiceLinked,
            _ => kind,
        }
    }

    /// True if its account is the organization's management account.
    #[inline]
    pub(crate) fn is_of_management(&self) -> bool {
        match self.account.filter(|account| account.is_member) {
            Some(account) => account.is_management,
            None => self.who.is_some_and(|who| who.management_account),
        }
    }

    /// True if its credentials are those of GetSessionToken (`STS-4`).
    #[inline]
    pub(crate) fn has_session_token(&self) -> bool {
        self.who.is_some_and(|who| who.session_token)
    }

    /// True if the caller is itself a user or role, unless the request says another id of it.
    pub(crate) fn is_itself(&self) -> bool {
        self.is_itself && self.who.is_none_or(|who| who.user_id.is_none())
    }

    /// The key of its id is unknown, because it would end with the name of a session that is unknown: of a
    /// role without session of which the request does not say the id. Its own id is known, and so are the policies
    /// that name it.
    pub(crate) fn hides_user_id(&self, who: &Principal<'_>) -> bool {
        let has_id = self.who.is_some_and(|who| who.user_id.is_some());
        let is_role = matches!(who.caller, Caller::Role { .. });
        self.is_itself && is_role && self.session.is_none() && !has_id
    }
}

/// What the ARN of a caller says, read once: splitting and hashing are most of finding a caller.
pub(crate) struct CallerArn<'a> {
    /// Its six parts; none of callers without ARN.
    parts: Option<[&'a str; 6]>,
    /// Its account, if the directory has that.
    account: Option<AccountIdx>,
    /// Whose policies it has, if it has somebody's, and the hash by which that is found.
    holder: Option<(Holder<'a>, u32)>,
}

/// A user or role of which the caller has the policies, by the ARN that names it.
struct Holder<'a> {
    kind: EntityKind,
    /// Without path.
    name: &'a str,
    /// The name of the session, of a role.
    session: Option<&'a str>,
    /// Of the ARN that names it: a session's, if the caller is one.
    parts: [&'a str; 6],
}

/// Whose policies a caller has, by the parts of its ARN.
fn holder_of<'a>(caller: &Caller<'a>, parts: [&'a str; 6]) -> Option<Holder<'a>> {
    let holder = |kind, parts: [&'a str; 6]| {
        let [.., rest] = parts;
        Holder {
            kind,
            name: last_name(rest),
            session: None,
            parts,
        }
    };
    match *caller {
        Caller::User { .. } => Some(holder(EntityKind::User, parts)),
        Caller::Role {
            session_arn: None, ..
        } => Some(holder(EntityKind::Role, parts)),
        Caller::Role { .. } => {
            let [.., rest] = parts;
            let (name, session) = session_names(rest).unwrap_or_default();
            Some(Holder {
                name,
                session: Some(session),
                ..holder(EntityKind::Role, parts)
            })
        }
        Caller::FederatedUser { federated_by, .. } => {
            let by = federated_by?;
            let parts = split_arn(by)?;
            match Caller::from_parts(by, parts) {
                Ok(Caller::User { .. }) => Some(holder(EntityKind::User, parts)),
                // What a root user makes has no permissions of its own.
                _ => None,
            }
        }
        _ => None,
    }
}

/// A user or role by its number, and its account; an out-of-range index is treated as an anonymous caller.
#[inline]
pub(crate) fn by_number(
    tables: &Tables,
    number: PrincipalIdx,
    account: Option<AccountIdx>,
) -> ResolvedCaller<'_, 'static> {
    ResolvedCaller {
        who: None,
        account: account.and_then(|account| tables.account(account)),
        principal: tables.principal(number),
        number,
        is_itself: true,
        session: None,
    }
}

/// Somebody of whom only what the request says counts, whoever the directory knows by that name (`AA-453`).
pub(crate) fn outsider<'a>(who: &'a Principal<'a>) -> ResolvedCaller<'static, 'a> {
    ResolvedCaller {
        who: Some(who),
        account: None,
        principal: None,
        number: PrincipalIdx::NONE,
        is_itself: false,
        session: None,
    }
}

/// Reads the ARN of a caller.
pub(crate) fn read_caller<'a>(tables: &Tables, caller: &Caller<'a>) -> CallerArn<'a> {
    let parts = caller.arn().and_then(split_arn);
    let account = parts.and_then(|[.., digits, _]| tables.accounts().find_digits(digits));
    let holder = parts.and_then(|parts| holder_of(caller, parts));
    CallerArn {
        parts,
        account,
        holder: account.zip(holder).map(|(account, holder)| {
            let hash = tables.entity_hash(account, holder.kind, holder.name);
            (holder, hash)
        }),
    }
}

/// Finds the caller with this ARN, among the users and roles of an account as they are read `from`
/// somewhere. `has_identity` says that the request brings the caller's policies, which only callers of unknown accounts may.
///
/// # Errors
/// [`RequestError`] if the caller's account is known and the caller is not, if its account is not known and no policies came with
/// the request, or if both are there.
pub(crate) fn find_caller<'d, 'a>(
    tables: &'d Tables,
    who: &'a Principal<'a>,
    arn: &CallerArn<'a>,
    has_identity: bool,
    from: &impl Entities,
) -> Result<ResolvedCaller<'d, 'a>, RequestError> {
    let digits = arn.parts.map_or("", |[.., account, _]| account);
    let nobody = outsider(who);
    if arn.account.is_none() && !is_account_id(digits) {
        if has_identity {
            let text = "`identity` is only for callers that belong to an account";
            return Err(RequestError::Contradiction(text.to_string()));
        }
        // Nobody's account: services, anonymous callers and those known by a provider.
        return Ok(nobody);
    }
    let account = arn.account.and_then(|index| tables.account(index));
    let has_found = || {
        // A permission set stands for a role in an account of which nothing else is known (`SSO-1`).
        let (account, (holder, hash)) = arn.account.zip(arn.holder.as_ref())?;
        tables.find_hashed(from, *hash, (account, holder.kind, holder.name))
    };
    let is_known = account.is_some_and(|account| account.is_dumped || account.is_member)
        || has_found().is_some();
    let stranger = ResolvedCaller { account, ..nobody };
    if !is_known || (has_identity && account.is_some_and(|account| !account.is_dumped)) {
        return match has_identity {
            true => Ok(stranger),
            false => Err(RequestError::UnknownAccount(digits.to_string())),
        };
    }
    if has_identity {
        let text = format!(
            "the directory has the policies of callers of {digits}; `identity` is for other accounts"
        );
        return Err(RequestError::Contradiction(text));
    }
    if let Caller::FederatedUser {
        arn,
        federated_by: None,
    } = who.caller
    {
        return Err(RequestError::UnknownPrincipal(format!(
            "`{arn}` does not say who created the session; give the principal as \
             {{\"arn\", \"federatedBy\"}}"
        )));
    }
    let Some((index, (holder, hash))) = arn.account.zip(arn.holder.as_ref()) else {
        return Ok(stranger);
    };
    let found = tables.find_hashed(from, *hash, (index, holder.kind, holder.name));
    let number = match who.caller {
        Caller::Role {
            session_arn: Some(session),
            role_arn,
            ..
        } => by_session(tables, found, holder, (session, role_arn))?,
        _ => by_arn(tables, found, holder)?,
    };
    Ok(ResolvedCaller {
        principal: tables.principal(number),
        number,
        is_itself: !matches!(who.caller, Caller::FederatedUser { .. }),
        session: holder.session,
        ..stranger
    })
}

/// The caller as policies see it, with what they look at (`wanted`). What its ARN says is read `from` somewhere. Texts that are
/// put together lie in the arena; what nobody looks at stays out.
pub(crate) fn complete<'a>(
    tables: &'a Tables,
    caller: &ResolvedCaller<'a, 'a>,
    from: &impl Entities,
    wanted: KeyDependencies,
    arena: &'a Bump,
) -> Principal<'a> {
    let entity = || from.entity(caller.number).filter(|_| caller.is_itself);
    let (Some(principal), Some(own)) = (caller.principal, entity()) else {
        return caller.outline(None);
    };
    let mut who = caller.outline(Some((own.kind, own.is_service_linked)));
    if wanted.meets(KeyDependencies::ARN) {
        match &mut who.caller {
            Caller::Role { role_arn, .. } => *role_arn = tables.arn_in(own, arena),
            Caller::User { arn } if arn.is_empty() => *arn = tables.arn_in(own, arena),
            _ => {}
        }
    }
    if wanted.meets(KeyDependencies::ID) && who.user_id.is_none() && principal.id.is_some() {
        let id = tables.str(principal.id);
        who.user_id = Some(match caller.session {
            Some(name) => concat_in(&[id, ":", name], arena),
            None => id,
        });
    }
    who
}

/// A caller's home account: that of its row, or as its ARN says.
pub(crate) fn home<'a>(
    tables: &'a Tables,
    caller: &ResolvedCaller<'_, 'a>,
    from: &impl Entities,
) -> HomeAccount<'a> {
    match from.entity(caller.number).filter(|_| caller.is_itself) {
        Some(own) => HomeAccount {
            partition: Some(tables.str(own.partition)),
            account: Some(tables.accounts().digits(own.account)),
        },
        None => caller
            .who
            .map_or(HomeAccount::default(), |who| HomeAccount::of(&who.caller)),
    }
}

/// The number of who was found, if it has exactly the ARN.
fn by_arn(
    tables: &Tables,
    found: Option<(PrincipalIdx, Entity)>,
    holder: &Holder<'_>,
) -> Result<PrincipalIdx, RequestError> {
    let arn = || holder.parts.join(":");
    match found {
        Some((number, found)) if tables.has_arn(found, holder.parts) => Ok(number),
        Some((_, other)) => Err(RequestError::UnknownPrincipal(format!(
            "the directory has no `{}`, only `{}`",
            arn(),
            tables.arn(other)
        ))),
        None => Err(RequestError::UnknownPrincipal(format!(
            "the directory has no `{}`",
            arn()
        ))),
    }
}

/// The number of the role that was found, of a session, whose ARN holds the role's name alone (`IN-17`).
fn by_session(
    tables: &Tables,
    found: Option<(PrincipalIdx, Entity)>,
    holder: &Holder<'_>,
    (session, role_arn): (&str, &str),
) -> Result<PrincipalIdx, RequestError> {
    let name = holder.name;
    let [_, partition, .., digits, _] = holder.parts;
    let Some((number, role)) = found else {
        let mut text = format!("the directory has no role `{name}` for `{session}`");
        // The role of a permission set that is not provisioned has other digits than the caller says.
        let stand_in = set_of_role(name).map(|set| format!("AWSReservedSSO_{set}_{UNKNOWN_END}"));
        let account = tables.accounts().find_digits(digits);
        let known = stand_in.zip(account).and_then(|(stand_in, account)| {
            tables.find_principal(account, EntityKind::Role, &stand_in)
        });
        if let Some(role) = known {
            text += &format!(", only `{}`", tables.str(role.name));
        }
        return Err(RequestError::UnknownPrincipal(text));
    };
    // Names are unique without regard to case, policies name sessions with regard to it: a Deny must bite.
    let own_name = tables.str(role.name);
    if own_name != name {
        let text = format!("the directory has no role `{name}` for `{session}`, only `{own_name}`");
        return Err(RequestError::UnknownPrincipal(text));
    }
    // A role's ARN that was made of the session's says nothing of the role's path.
    let is_made = || {
        let is_of = |parts: &[&str]| {
            let mut rest = parts.iter();
            rest.try_fold(role_arn, |rest, part| rest.strip_prefix(part)) == Some("")
        };
        is_of(&["arn:", partition, ":iam::", digits, ":role/", name])
            || is_of(&GuessedRole::named(partition, digits, name).parts())
    };
    let is_own = || split_arn(role_arn).is_some_and(|parts| tables.has_arn(role, parts));
    if partition != tables.str(role.partition) || !(is_made() || is_own()) {
        let own = tables.arn(role);
        let text =
            format!("`{session}` is given as a session of `{role_arn}`, but its role is `{own}`");
        return Err(RequestError::UnknownPrincipal(text));
    }
    Ok(number)
}

/// The number that the user or role whose policies a caller has is most likely to have. For those who read
/// ahead what a decision will look at.
pub(crate) fn likely_number(tables: &Tables, arn: &CallerArn<'_>) -> Option<PrincipalIdx> {
    let (_, hash) = arn.holder.as_ref()?;
    tables.likely_entity(*hash)
}

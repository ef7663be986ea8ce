//! STS: which requests a call stands for, and what session comes out (sections 5.9 and 5.10 of the rules).
//!
//! [`crate::Directory::call`] checks what the service itself refuses and makes the requests that must all be allowed
//! (`TRUST-6`); whoever decides them has a [`Session`] if they are. Its principal, context and policies go into later
//! requests, or into the next call.
//!
//! | call | target of its requests | who comes out |
//! |---|---|---|
//! | `AssumeRole`, with SAML or a web identity | the role, whose trust policy counts | a session of the role |
//! | `GetSessionToken` | `*` | the caller, with temporary credentials |
//! | `GetFederationToken` | the federated user | a federated user of the caller |
//! | `AssumeRoot` | the member account's root user | that root user, limited to a task policy |
//!
//! Tags and a source identity are further requests to the same target: `sts:TagSession`, `sts:SetSourceIdentity`.
//!
//! Nothing is decided here. A call that STS refuses whatever the policies say is an error; one that the policies deny is a
//! decision like any other, with its explanation. That is why this room needs tables alone, for roles and the management
//! account, and neither policies nor an engine. It costs a few allocations, which no loop over principals pays.

use std::fmt;

use bumpalo::Bump;
use portcullis_image::value::fold;
use portcullis_model::{Caller, ContextEntry, Principal, Request, split_arn};

use crate::arn::{EntityKind, account_number};
use crate::store::tables::{PrincipalRow, Tables};

/// The calls that hand out credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StsCallKind {
    /// `STS-1`.
    AssumeRole,
    /// `STS-2`.
    AssumeRoleWithSaml,
    /// `STS-3`.
    AssumeRoleWithWebIdentity,
    /// `STS-4`.
    GetSessionToken,
    /// `STS-5`.
    GetFederationToken,
    /// `STS-6`.
    AssumeRoot,
}

impl StsCallKind {
    /// Every call.
    pub const ALL: [StsCallKind; 6] = [
        StsCallKind::AssumeRole,
        StsCallKind::AssumeRoleWithSaml,
        StsCallKind::AssumeRoleWithWebIdentity,
        StsCallKind::GetSessionToken,
        StsCallKind::GetFederationToken,
        StsCallKind::AssumeRoot,
    ];

    /// The action, without `sts:`.
    pub fn as_str(self) -> &'static str {
        match self {
            StsCallKind::AssumeRole => "AssumeRole",
            StsCallKind::AssumeRoleWithSaml => "AssumeRoleWithSAML",
            StsCallKind::AssumeRoleWithWebIdentity => "AssumeRoleWithWebIdentity",
            StsCallKind::GetSessionToken => "GetSessionToken",
            StsCallKind::GetFederationToken => "GetFederationToken",
            StsCallKind::AssumeRoot => "AssumeRoot",
        }
    }

    /// The action that a call is authorized as.
    fn action(self) -> &'static str {
        match self {
            StsCallKind::AssumeRole => "sts:AssumeRole",
            StsCallKind::AssumeRoleWithSaml => "sts:AssumeRoleWithSAML",
            StsCallKind::AssumeRoleWithWebIdentity => "sts:AssumeRoleWithWebIdentity",
            StsCallKind::GetSessionToken => "sts:GetSessionToken",
            StsCallKind::GetFederationToken => "sts:GetFederationToken",
            StsCallKind::AssumeRoot => "sts:AssumeRoot",
        }
    }

    /// Whether the call is about a role.
    fn assumes_role(self) -> bool {
        matches!(
            self,
            StsCallKind::AssumeRole
                | StsCallKind::AssumeRoleWithSaml
                | StsCallKind::AssumeRoleWithWebIdentity
        )
    }
}

/// A call of STS, as its parameters say, and who calls.
///
/// ```
/// use bumpalo::Bump;
/// use portcullis_directory::{Directory, Engine, LoadOptions, StsCall, StsCallKind};
/// use portcullis_model::{Caller, Request};
///
/// # let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../corpus/example-organization/data");
/// # let directory = Directory::load(folder.as_ref(), LoadOptions::default(), &mut |_| ())?.directory;
/// let caller = Caller::from_arn("arn:aws:iam::100000000001:user/owner").unwrap();
/// let call = StsCall {
///     kind: StsCallKind::AssumeRole,
///     caller: Request::new(caller, "", "").principal,
///     context: &[],
///     inherited_keys: Vec::new(),
///     target: "arn:aws:iam::111111111111:role/BreakGlass",
///     session_name: "incident-42",
///     seconds: Some(900),
///     tags: Vec::new(),
///     transitive_keys: Vec::new(),
///     source_identity: None,
///     external_id: None,
///     mfa: true,
///     task_policy: None,
///     has_policies: false,
/// };
/// let arena = Bump::new();
/// let issued = directory.call(&call, &arena)?;
/// assert_eq!(issued.session.arn, "arn:aws:sts::111111111111:assumed-role/BreakGlass/incident-42");
/// // The session is there only if all of its requests are allowed.
/// let mut engine = Engine::new();
/// for request in &issued.requests {
///     println!("{}: {}", request.action, engine.check(&directory, request)?.decision());
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct StsCall<'a> {
    /// Which call.
    pub kind: StsCallKind,
    /// Who calls: for the calls with SAML or a web identity the provider.
    pub caller: Principal<'a>,
    /// The context of the call: what a session of the caller carries, and what is known of the call. For keys
    /// that follow from the members below, these count and not the context.
    pub context: &'a [ContextEntry<'a>],
    /// Keys of tags that the caller's session passes on (`STS-21`).
    pub inherited_keys: Vec<&'a str>,
    /// The role's ARN, or for `AssumeRoot` the account; nothing for the others.
    pub target: &'a str,
    /// `RoleSessionName`, or the `Name` of a federated user.
    pub session_name: &'a str,
    /// `DurationSeconds`.
    pub seconds: Option<u32>,
    /// Session tags.
    pub tags: Vec<(&'a str, &'a str)>,
    /// `TransitiveTagKeys`.
    pub transitive_keys: Vec<&'a str>,
    /// `SourceIdentity`.
    pub source_identity: Option<&'a str>,
    /// `ExternalId`.
    pub external_id: Option<&'a str>,
    /// The call has a code of a multi-factor device (`STS-23`), which only users have.
    pub mfa: bool,
    /// `TaskPolicyArn` of `AssumeRoot`: one of AWS's policies under `root-task/`.
    pub task_policy: Option<&'a str>,
    /// Session policies come with the call.
    pub has_policies: bool,
}

/// What a call that is allowed hands out: what later requests of the session carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// The principal's ARN.
    pub arn: String,
    /// The role's ARN, for role sessions.
    pub role_arn: Option<String>,
    /// `aws:userid`, if it is known.
    pub user_id: Option<String>,
    /// Who made the session, for federated users.
    pub federated_by: Option<String>,
    /// Keys that all requests of the session have.
    pub context: Vec<(String, Vec<String>)>,
    /// Keys of tags that the session passes on when it assumes another role.
    pub transitive_keys: Vec<String>,
    /// How long it lasts, in seconds.
    pub seconds: u32,
}

/// The requests that a call stands for, and its session. Whoever decides the requests decides whether the session is there.
#[derive(Clone, Debug)]
pub struct IssuedSession<'a> {
    /// All of them must be allowed.
    pub requests: Vec<Request<'a>>,
    /// What comes out then.
    pub session: Session,
}

/// Why STS refuses a call before any policy is looked at: a sentence for whoever calls.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StsCallError(pub String);

impl fmt::Display for StsCallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StsCallError {}

/// What STS refuses.
fn refuse<T>(reason: impl Into<String>) -> Result<T, StsCallError> {
    Err(StsCallError(reason.into()))
}

/// The shortest session, in seconds.
const SHORTEST: u32 = 900;
/// In seconds.
const HOUR: u32 = 3600;
/// The longest of a user: 36 hours.
const LONGEST: u32 = 129_600;
/// How many tags a session may have.
const MOST_TAGS: usize = 50;

/// What a call stands for.
///
/// # Errors
/// [`StsCallError`] for what STS refuses whatever the policies say: wrong callers, durations, names and
/// tags, a source identity that changes, a role that does not exist.
pub(crate) fn call<'a>(
    tables: &'a Tables,
    call: &StsCall<'a>,
    arena: &'a Bump,
) -> Result<IssuedSession<'a>, StsCallError> {
    check_caller(call)?;
    check_texts(call)?;
    check_tags(call)?;
    let source_identity = source_identity(call)?;
    let role = match call.kind.assumes_role() {
        true => Some(role_of(tables, call.target)?),
        false => None,
    };
    let seconds = seconds(call, role)?;
    let session = match (call.kind, role) {
        (StsCallKind::GetSessionToken, _) => user_session(call, seconds),
        (StsCallKind::GetFederationToken, _) => federated_session(call, seconds)?,
        (StsCallKind::AssumeRoot, _) => root_session(tables, call, seconds)?,
        (_, Some(role)) => role_session(tables, call, role, source_identity, seconds),
        (_, None) => return refuse("the call has no role"),
    };
    let requests = requests(call, source_identity, &session, arena);
    Ok(IssuedSession { requests, session })
}

/// The role with exactly this ARN. STS tells nobody whether a role exists; a directory does.
fn role_of<'d>(tables: &'d Tables, arn: &str) -> Result<&'d PrincipalRow, StsCallError> {
    let found = split_arn(arn).and_then(|[_, _, _, _, account, rest]| {
        let name = rest.strip_prefix("role/")?.rsplit('/').next()?;
        let account = tables.accounts().find(account_number(account)?)?;
        tables.find_principal(account, EntityKind::Role, name)
    });
    match found.filter(|role| tables.arn(role.entity()) == arn) {
        Some(role) => Ok(role),
        None => refuse(format!("the directory has no role `{arn}`")),
    }
}

/// `STS-1` to `STS-3`, `STS-10`, `STS-20` to `STS-23`.
fn role_session(
    tables: &Tables,
    call: &StsCall<'_>,
    role: &PrincipalRow,
    source_identity: Option<&str>,
    seconds: u32,
) -> Session {
    let account = tables
        .account(role.account)
        .map_or(0, |account| account.number);
    let (partition, name) = (tables.str(role.partition), tables.str(role.name));
    let session_name = call.session_name;
    let mut context = Vec::new();
    for (key, value) in inherited_tags(call) {
        context.push((format!("aws:PrincipalTag/{key}"), vec![value.to_string()]));
    }
    for (key, value) in &call.tags {
        context.push((
            format!("aws:PrincipalTag/{key}"),
            vec![(*value).to_string()],
        ));
    }
    if let Some(identity) = source_identity {
        context.push(("aws:SourceIdentity".to_string(), vec![identity.to_string()]));
    }
    if call.kind == StsCallKind::AssumeRole {
        // STS-23: only a code of this very call counts.
        let present = vec![call.mfa.to_string()];
        context.push(("aws:MultiFactorAuthPresent".to_string(), present));
    }
    context.extend(claims_kept(call));
    let mut transitive: Vec<String> = call.inherited_keys.iter().map(|k| (*k).into()).collect();
    transitive.extend(call.transitive_keys.iter().map(|key| (*key).to_string()));
    Session {
        arn: format!("arn:{partition}:sts::{account:012}:assumed-role/{name}/{session_name}"),
        role_arn: Some(tables.arn(role.entity())),
        user_id: role
            .id
            .some()
            .map(|id| format!("{}:{session_name}", tables.str(id))),
        federated_by: None,
        context,
        transitive_keys: transitive,
        seconds,
    }
}

/// `STS-4`: the same principal, with temporary credentials.
fn user_session(call: &StsCall<'_>, seconds: u32) -> Session {
    let present = vec![call.mfa.to_string()];
    Session {
        arn: call.caller.caller.arn().unwrap_or_default().to_string(),
        role_arn: None,
        user_id: call.caller.user_id.map(str::to_string),
        federated_by: None,
        context: vec![("aws:MultiFactorAuthPresent".to_string(), present)],
        transitive_keys: Vec::new(),
        seconds,
    }
}

/// `STS-6`. Delegated administrators are not in any dump, so that only the management account counts.
fn root_session(
    tables: &Tables,
    call: &StsCall<'_>,
    seconds: u32,
) -> Result<Session, StsCallError> {
    let account = |text: &str| {
        let index = tables.accounts().find(account_number(text)?)?;
        tables.account(index)
    };
    let own = call.caller.caller.account().and_then(account);
    if !own.is_some_and(|own| own.is_management) {
        return refuse("only the management account can call AssumeRoot");
    }
    let target = call.target;
    if !account(target).is_some_and(|own| own.is_member && !own.is_management) {
        return refuse(format!(
            "`{target}` is not a member account of the organization"
        ));
    }
    let partition = call.caller.caller.partition().unwrap_or("aws");
    let present = vec!["true".to_string()];
    Ok(Session {
        arn: format!("arn:{partition}:iam::{target}:root"),
        role_arn: None,
        user_id: None,
        federated_by: None,
        context: vec![("aws:AssumedRoot".to_string(), present)],
        transitive_keys: Vec::new(),
        seconds,
    })
}

/// `STS-5`, `STS-9`.
fn federated_session(call: &StsCall<'_>, seconds: u32) -> Result<Session, StsCallError> {
    let caller = &call.caller.caller;
    let (Some(account), Some(partition)) = (caller.account(), caller.partition()) else {
        return refuse("the caller has no account");
    };
    let name = call.session_name;
    let tags = call.tags.iter();
    let tags = tags.map(|(key, value)| (format!("aws:PrincipalTag/{key}"), vec![(*value).into()]));
    Ok(Session {
        arn: format!("arn:{partition}:sts::{account}:federated-user/{name}"),
        role_arn: None,
        user_id: Some(format!("{account}:{name}")),
        federated_by: caller.arn().map(str::to_string),
        context: tags.collect(),
        transitive_keys: Vec::new(),
        seconds,
    })
}

/// Who may call what.
fn check_caller(call: &StsCall<'_>) -> Result<(), StsCallError> {
    let caller = &call.caller.caller;
    if call.mfa && !matches!(caller, Caller::User { .. } | Caller::Root { .. }) {
        return refuse("only users have a multi-factor device (STS-23)");
    }
    match (call.kind, caller) {
        (StsCallKind::AssumeRole, Caller::Root { .. }) => refuse("a root user cannot assume roles"),
        (StsCallKind::AssumeRole, Caller::FederatedUser { .. }) => {
            refuse("a federated user cannot call STS (STS-5)")
        }
        (
            StsCallKind::AssumeRole,
            Caller::User { .. } | Caller::Role { .. } | Caller::Service { .. },
        ) => Ok(()),
        (StsCallKind::AssumeRole, _) => {
            refuse("the caller must be a user, a role session or a service")
        }
        (
            StsCallKind::AssumeRoleWithSaml | StsCallKind::AssumeRoleWithWebIdentity,
            Caller::Federated { provider },
        ) => {
            let is_saml = provider.contains(":saml-provider/");
            match is_saml == (call.kind == StsCallKind::AssumeRoleWithSaml) {
                true => Ok(()),
                false => refuse(format!(
                    "`{provider}` is the wrong kind of provider for this call"
                )),
            }
        }
        (StsCallKind::AssumeRoleWithSaml | StsCallKind::AssumeRoleWithWebIdentity, _) => {
            refuse("the caller must be a provider: {\"Federated\": \"arn:…\"}")
        }
        (StsCallKind::GetSessionToken | StsCallKind::GetFederationToken, caller) => {
            match (caller, call.caller.session_token) {
                (Caller::User { .. } | Caller::Root { .. }, false) => Ok(()),
                _ => refuse("only long-term credentials of a user or root user can make this call"),
            }
        }
        (StsCallKind::AssumeRoot, Caller::User { .. } | Caller::Role { .. })
            if !call.caller.session_token =>
        {
            Ok(())
        }
        (StsCallKind::AssumeRoot, _) => refuse("the caller must be a user or a role session"),
    }
}

/// Names and ids.
fn check_texts(call: &StsCall<'_>) -> Result<(), StsCallError> {
    let is_fine = |text: &str, more: &str, longest: usize| {
        (2..=longest).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || more.as_bytes().contains(&byte))
    };
    let name = call.session_name;
    if call.kind.assumes_role() && !is_fine(name, "_+=,.@-", 64) {
        return refuse(format!(
            "invalid session name `{name}`: expected 2-64 characters of [A-Za-z0-9_+=,.@-]"
        ));
    }
    if call.kind == StsCallKind::GetFederationToken && !is_fine(name, "_+=,.@-", 32) {
        return refuse(format!(
            "invalid federated user name `{name}`: expected 2-32 characters of [A-Za-z0-9_+=,.@-]"
        ));
    }
    if let Some(id) = call
        .external_id
        .filter(|id| !is_fine(id, "_+=,.@:/-", 1224))
    {
        return refuse(format!(
            "invalid external id `{id}`: expected 2-1224 characters of [A-Za-z0-9_+=,.@:/-]"
        ));
    }
    if let Some(id) = call
        .source_identity
        .filter(|id| !is_fine(id, "_+=,.@-", 64))
    {
        return refuse(format!(
            "invalid source identity `{id}`: expected 2-64 characters of [A-Za-z0-9_+=,.@-]"
        ));
    }
    if call.kind == StsCallKind::GetSessionToken && call.has_policies {
        return refuse("GetSessionToken takes no session policies (STS-4)");
    }
    let is_task = |arn: &str| {
        let parts = split_arn(arn);
        parts.is_some_and(|[_, _, service, _, account, rest]| {
            (service, account) == ("iam", "aws") && rest.starts_with("policy/root-task/")
        })
    };
    if call.kind == StsCallKind::AssumeRoot && !call.task_policy.is_some_and(is_task) {
        return refuse(
            "AssumeRoot needs a task policy: arn:aws:iam::aws:policy/root-task/… (STS-6)",
        );
    }
    Ok(())
}

/// `STS-20`, `STS-21`.
fn check_tags(call: &StsCall<'_>) -> Result<(), StsCallError> {
    if matches!(
        call.kind,
        StsCallKind::GetSessionToken | StsCallKind::AssumeRoot
    ) && !call.tags.is_empty()
    {
        return refuse(format!("{} takes no tags", call.kind.as_str()));
    }
    if call.tags.len() + call.inherited_keys.len() > MOST_TAGS {
        return refuse(format!("more than {MOST_TAGS} tags"));
    }
    for (index, (key, value)) in call.tags.iter().enumerate() {
        if key.is_empty() || key.chars().count() > 128 || value.chars().count() > 256 {
            return refuse(format!(
                "invalid tag `{key}`: keys have 1 to 128 characters, values at most 256"
            ));
        }
        if call
            .tags
            .iter()
            .take(index)
            .any(|(own, _)| is_key(own, key))
        {
            return refuse(format!("the tag `{key}` appears twice"));
        }
        if call.inherited_keys.iter().any(|own| is_key(own, key)) {
            return refuse(format!(
                "the tag `{key}` is transitive and cannot be passed again"
            ));
        }
    }
    if !call.transitive_keys.is_empty() && !call.kind.assumes_role() {
        return refuse(format!("{} takes no transitive tags", call.kind.as_str()));
    }
    for key in &call.transitive_keys {
        if !call.tags.iter().any(|(own, _)| is_key(own, key)) {
            return refuse(format!("the transitive key `{key}` is not one of the tags"));
        }
    }
    Ok(())
}

/// Keys of tags and contexts are the same in any case (`COND-40`).
fn is_key(one: &str, other: &str) -> bool {
    fold::strip_ignoring_case(one, other) == Some("")
}

/// `STS-22`: the session's, which cannot be changed, or that of the call.
fn source_identity<'a>(call: &StsCall<'a>) -> Result<Option<&'a str>, StsCallError> {
    let own = call
        .context
        .iter()
        .filter(|entry| is_key(entry.key, "aws:SourceIdentity"));
    let mut own = own.flat_map(|entry| entry.values).copied();
    let (own, other) = (own.next(), own.next());
    if other.is_some() {
        return refuse("the caller's session has more than one source identity");
    }
    match (own, call.source_identity) {
        (Some(own), Some(new)) if own != new => refuse(format!(
            "the source identity is `{own}` and cannot become `{new}`"
        )),
        (_, Some(_)) if !call.kind.assumes_role() => {
            refuse(format!("{} takes no source identity", call.kind.as_str()))
        }
        (own, new) => Ok(own.or(new)),
    }
}

/// Lifetimes of `STS-1` to `STS-6`, `STS-10`.
fn seconds(call: &StsCall<'_>, role: Option<&PrincipalRow>) -> Result<u32, StsCallError> {
    let is_root = matches!(call.caller.caller, Caller::Root { .. });
    let is_chained = matches!(call.caller.caller, Caller::Role { .. });
    let (shortest, longest, usual) = match (call.kind, role) {
        (StsCallKind::AssumeRoot, _) => (1, SHORTEST, SHORTEST),
        (StsCallKind::GetSessionToken | StsCallKind::GetFederationToken, _) if is_root => {
            (SHORTEST, HOUR, HOUR)
        }
        (StsCallKind::GetSessionToken | StsCallKind::GetFederationToken, _) => {
            (SHORTEST, LONGEST, 12 * HOUR)
        }
        (_, Some(role)) if is_chained => (SHORTEST, role.max_session.min(HOUR), HOUR),
        (_, Some(role)) => (SHORTEST, role.max_session, HOUR),
        (_, None) => (SHORTEST, HOUR, HOUR),
    };
    match call.seconds {
        None => Ok(usual.min(longest)),
        Some(seconds) if (shortest..=longest).contains(&seconds) => Ok(seconds),
        Some(seconds) if is_chained && seconds > HOUR => refuse(format!(
            "{seconds} seconds is too long: a session of a role that another role assumes lasts at most an hour (STS-10)"
        )),
        Some(seconds) => refuse(format!(
            "{seconds} seconds is out of range: this session lasts {shortest} to {longest}"
        )),
    }
}

/// The tags that the caller's session passes on.
fn inherited_tags<'a>(call: &StsCall<'a>) -> Vec<(&'a str, &'a str)> {
    let tags = call.context.iter().filter_map(|entry| {
        let key = fold::strip_ignoring_case(entry.key, "aws:PrincipalTag/")?;
        let value = entry.values.first()?;
        Some((key, *value))
    });
    tags.filter(|(key, _)| call.inherited_keys.iter().any(|own| is_key(own, key)))
        .collect()
}

/// The keys of a provider that stay in the session (`KEY-26`, `KEY-100`, `KEY-102`).
fn claims_kept(call: &StsCall<'_>) -> Vec<(String, Vec<String>)> {
    let Caller::Federated { provider } = call.caller.caller else {
        return Vec::new();
    };
    let mut kept = Vec::new();
    let (prefix, names): (&str, &[&str]) = match call.kind {
        StsCallKind::AssumeRoleWithSaml => ("saml", &["namequalifier", "sub", "sub_type"]),
        _ => {
            let provider_value = vec![provider.to_string()];
            kept.push(("aws:FederatedProvider".to_string(), provider_value));
            let host = provider.split_once(":oidc-provider/");
            (
                host.map_or(provider, |(_, host)| host),
                &["aud", "sub", "amr"],
            )
        }
    };
    for entry in call.context {
        let name =
            fold::strip_ignoring_case(entry.key, prefix).and_then(|rest| rest.strip_prefix(':'));
        if name.is_some_and(|name| names.iter().any(|own| is_key(own, name))) {
            let values = entry.values.iter().map(|value| (*value).to_string());
            kept.push((entry.key.to_string(), values.collect()));
        }
    }
    kept
}

/// The requests, which are all about the same target (`TRUST-6`, `TRUST-7`).
fn requests<'a>(
    call: &StsCall<'a>,
    source_identity: Option<&'a str>,
    session: &Session,
    arena: &'a Bump,
) -> Vec<Request<'a>> {
    let mut context: Vec<ContextEntry<'a>> = call.context.to_vec();
    // What the call says decides what comes out, so it is this that must be allowed, whatever else the
    // context says.
    let mut set = |key: &str, values: &[&'a str]| {
        context.retain(|entry| !is_key(entry.key, key));
        context.push(ContextEntry {
            key: arena.alloc_str(key),
            values: arena.alloc_slice_copy(values),
        });
    };
    if call.kind.assumes_role() {
        set("sts:RoleSessionName", &[call.session_name]);
    }
    if let Some(id) = call.external_id {
        set("sts:ExternalId", &[id]);
    }
    if let Some(identity) = source_identity {
        set("sts:SourceIdentity", &[identity]);
    }
    if let Some(policy) = call.task_policy {
        set("sts:TaskPolicyArn", &[policy]);
    }
    for (key, value) in &call.tags {
        set(&format!("aws:RequestTag/{key}"), &[value]);
    }
    if !call.tags.is_empty() {
        let keys: Vec<&str> = call.tags.iter().map(|(key, _)| *key).collect();
        set("aws:TagKeys", &keys);
    }
    if !call.transitive_keys.is_empty() {
        set("sts:TransitiveTagKeys", &call.transitive_keys);
    }
    if let (Caller::Federated { provider }, StsCallKind::AssumeRoleWithWebIdentity) =
        (call.caller.caller, call.kind)
    {
        set("aws:FederatedProvider", &[provider]);
    }
    if call.mfa {
        // STS-23: the code of the call, or of the session, which the context has.
        set("aws:MultiFactorAuthPresent", &["true"]);
    }
    let context: &'a [ContextEntry<'a>] = arena.alloc_slice_copy(&context);
    let resource: &'a str = match call.kind {
        StsCallKind::GetSessionToken => "*",
        StsCallKind::GetFederationToken | StsCallKind::AssumeRoot => arena.alloc_str(&session.arn),
        _ => call.target,
    };
    let account = match call.kind {
        // Authorized in the caller's account alone: a root user has no resource policy.
        StsCallKind::AssumeRoot => call.caller.caller.account(),
        _ => None,
    };
    let mut actions = vec![call.kind.action()];
    // STS-21: tags that are inherited are asked for as if they were passed; they fill in no keys of the request.
    if !(call.tags.is_empty() && call.inherited_keys.is_empty()) {
        actions.push("sts:TagSession");
    }
    if source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    let request = |action| Request {
        principal: call.caller,
        action,
        resource,
        resource_account: account,
        context,
        restrict_public_buckets: false,
        external_grant: false,
    };
    actions.into_iter().map(request).collect()
}

//! The formula of a decision, over any Boolean algebra: `EVAL-71`, with the principals of section 1.3.
//!
//! Who calls is a [`Case`], so what follows from the kind of caller is decided while the formula is made; which caller of
//! the kind it is, the formula asks.

use portcullis_model::{Effect, Operator, RCP_SERVICES, is_account_id, session_names, split_arn};
use portcullis_syntax::ast::{
    Condition, Document, PrincipalEntry, PrincipalKind, Principals, Statement,
};
use portcullis_syntax::{Policy, PolicySets};

use crate::algebra::{Algebra, Part};
use crate::domain::{Asks, Case, Kind, arns_of_account, role_arns};
use crate::key::{Asked, Test};
use crate::language::Language;
use crate::pattern::{Class, Pattern, Token, glob, text};
use crate::statement::{actions, compared_with, condition, equal_to, fold, resources};
use crate::value::Values;

/// What a statement says: whether it matches, by how strongly it names the caller (`EVAL-20` to `EVAL-29`).
#[derive(Clone)]
pub(crate) struct Matches<V> {
    pub(crate) effect: Effect,
    /// It names the caller itself, or everyone.
    pub(crate) direct: V,
    /// It names the caller's role, or the user who made the session.
    pub(crate) role_like: V,
    /// It names the caller's account.
    pub(crate) account: V,
    /// It names the caller in any way.
    pub(crate) any: V,
}

/// What the statements of a policy set say, in order.
#[derive(Clone)]
pub(crate) struct Said<V> {
    pub(crate) statements: Vec<Matches<V>>,
}

impl<V: Clone> Said<V> {
    /// One of the statements of an effect matches, in the way that is asked.
    fn one_of<A: Algebra<Value = V>>(
        &self,
        effect: Effect,
        algebra: &mut A,
        way: impl Fn(&Matches<V>) -> V,
    ) -> V {
        let own = self.statements.iter().filter(|own| own.effect == effect);
        let all = own.map(way).collect();
        algebra.or(all)
    }

    /// One of the statements of an effect matches.
    pub(crate) fn any<A: Algebra<Value = V>>(&self, effect: Effect, algebra: &mut A) -> V {
        self.one_of(effect, algebra, |own| own.any.clone())
    }

    /// The set allows (`EVAL-3`): no Deny matches, and an Allow does.
    pub(crate) fn allows<A: Algebra<Value = V>>(&self, algebra: &mut A) -> V {
        let denied = self.any(Effect::Deny, algebra);
        let allowed = self.any(Effect::Allow, algebra);
        let not_denied = algebra.not(denied);
        algebra.and(vec![not_denied, allowed])
    }
}

/// Where a layer reads principals in its own way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// As anywhere.
    Plain,
    /// The policy of the resource; true if the caller has a permissions boundary (`GRAM-52`).
    Resource(bool),
    /// The policy of an endpoint, which is that of a gateway for some actions (`VPCE-2`).
    Endpoint,
}

/// What the statements of policies say.
pub(crate) fn said<A: Algebra>(
    policies: &[Policy<'_>],
    reading: Reading,
    case: &Case,
    algebra: &mut A,
) -> Said<A::Value> {
    let mut statements = Vec::new();
    for policy in policies {
        for statement in policy.document.statements {
            statements.push(matches(&policy.document, statement, reading, case, algebra));
        }
    }
    Said { statements }
}

/// What one statement says.
fn matches<A: Algebra>(
    document: &Document<'_>,
    statement: &Statement<'_>,
    reading: Reading,
    case: &Case,
    algebra: &mut A,
) -> Matches<A::Value> {
    let effect = statement.effect;
    let elements = elements(document, statement, case, algebra);
    // Where the type has no principals, the policy is about the caller as it is.
    let Some(principals) = &statement.principal else {
        let no = algebra.constant(false);
        return Matches {
            effect,
            direct: elements.clone(),
            role_like: no.clone(),
            account: no,
            any: elements,
        };
    };
    let (direct, role_like, account) = named(principals, effect, reading, case, algebra);
    let direct = algebra.and(vec![direct, elements.clone()]);
    let role_like = algebra.and(vec![role_like, elements.clone()]);
    let account = algebra.and(vec![account, elements]);
    let any = algebra.or(vec![direct.clone(), role_like.clone(), account.clone()]);
    Matches {
        effect,
        direct,
        role_like,
        account,
        any,
    }
}

/// Whether action, resource and conditions of a statement match (`COND-1`).
fn elements<A: Algebra>(
    document: &Document<'_>,
    statement: &Statement<'_>,
    case: &Case,
    algebra: &mut A,
) -> A::Value {
    let mut all = Vec::with_capacity(2 + statement.conditions.len());
    let listed = algebra.test(Part::Action, actions(&statement.action));
    all.push(match statement.action.negated {
        true => algebra.not(listed),
        false => listed,
    });
    if let Some(entries) = &statement.resource {
        let test = resources(entries, document, algebra);
        let listed = algebra.test(Part::Resource, test);
        all.push(match entries.negated {
            true => algebra.not(listed),
            false => listed,
        });
    }
    let variables = document.has_variables();
    for own in statement.conditions {
        all.push(holds(own, variables, case, algebra));
    }
    algebra.and(all)
}

/// Whether a condition of a document holds, which expands variables or not.
pub(crate) fn holds<A: Algebra>(
    own: &Condition<'_>,
    variables: bool,
    case: &Case,
    algebra: &mut A,
) -> A::Value {
    let key = fold(own.key.value);
    let equal = compared_with(own, variables)
        .and_then(|other| compared(&key, &other, own.operator, case, algebra));
    match equal {
        Some(holds) => holds,
        None => {
            let test = condition(own, variables, algebra);
            asked(key, test, case, algebra)
        }
    }
}

/// A comparison of two keys by the one test that both have the same single value, which says the same of both: so it is the
/// same whichever way it is written. None where a list of values makes a difference.
fn compared<A: Algebra>(
    key: &str,
    other: &str,
    operator: Operator,
    case: &Case,
    algebra: &mut A,
) -> Option<A::Value> {
    if key == other {
        return None;
    }
    // Variables are mostly of the caller, so that is the side that stays one.
    let is_of_caller = |own: &str| own.starts_with("aws:principal") || own.starts_with("aws:user");
    let in_order = (is_of_caller(key), key) < (is_of_caller(other), other);
    let (first, second) = if in_order { (key, other) } else { (other, key) };
    let test = equal_to(second.to_owned(), algebra);
    let equal = asked(first.to_owned(), test, case, algebra);
    if operator.base.is_negated() {
        // `COND-21`: false of a list.
        let may_be_list = case.scope(&Part::Key(key.to_owned())).shapes.many;
        return (!may_be_list).then(|| algebra.not(equal));
    }
    if !operator.if_exists {
        return Some(equal);
    }
    let absent = Test {
        asked: Asked::Presence(true, false),
        ..Test::texts(Language::default())
    };
    let absent = asked(key.to_owned(), absent, case, algebra);
    Some(algebra.or(vec![absent, equal]))
}

/// A test of a key.
fn asked<A: Algebra>(key: String, test: Test, case: &Case, algebra: &mut A) -> A::Value {
    match case.asks(key, test) {
        Asks::Answer(answer) => algebra.constant(answer),
        Asks::Of(part, test, wanted) => {
            let holds = algebra.test(part, test);
            if wanted { holds } else { algebra.not(holds) }
        }
    }
}

/// A part is this text.
fn is<A: Algebra>(part: Part, own: &str, algebra: &mut A) -> A::Value {
    algebra.test(part, Test::texts(Language::text(own)))
}

/// How strongly principals name the caller: directly, by its role, by its account (`EVAL-31`).
fn named<A: Algebra>(
    principals: &Principals<'_>,
    effect: Effect,
    reading: Reading,
    case: &Case,
    algebra: &mut A,
) -> (A::Value, A::Value, A::Value) {
    let no = algebra.constant(false);
    if principals.negated {
        // `EVAL-28`: what NotPrincipal reaches, it reaches as `*` does.
        let exempt = exempt(principals.list, effect, reading, case, algebra);
        return (algebra.not(exempt), no.clone(), no);
    }
    let (mut direct, mut role_like, mut account) = (Vec::new(), Vec::new(), Vec::new());
    for entry in principals.list {
        match entry.kind {
            PrincipalKind::Aws => aws(
                entry,
                case,
                algebra,
                (&mut direct, &mut role_like, &mut account),
            ),
            _ => direct.push(other(entry, case, algebra)),
        }
    }
    let direct = algebra.or(direct);
    let role_like = algebra.or(role_like);
    let mut account = algebra.or(account);
    if reading == Reading::Endpoint && effect == Effect::Allow {
        // `VPCE-2`: there an account lets in its root user only, who is named directly.
        let gateway = services(&["s3", "dynamodb"], algebra);
        let not_gateway = algebra.not(gateway);
        account = algebra.and(vec![account, not_gateway]);
    }
    (direct, role_like, account)
}

/// Lists of what is true of a caller that an entry names: directly, by role, by account.
type Strengths<'l, V> = (&'l mut Vec<V>, &'l mut Vec<V>, &'l mut Vec<V>);

/// An entry under `AWS` (`GRAM-34` to `GRAM-40`).
fn aws<A: Algebra>(
    entry: &PrincipalEntry<'_>,
    case: &Case,
    algebra: &mut A,
    (direct, role_like, account): Strengths<'_, A::Value>,
) {
    let value = entry.value.value;
    if case.kind == Kind::OriginAccessIdentity {
        direct.push(is(Part::Caller, value, algebra));
        return;
    }
    if !case.kind.has_account() {
        return;
    }
    let by_account = of_account(value, algebra);
    match case.kind {
        Kind::Root => direct.extend(by_account), // `EVAL-51`
        _ => account.extend(by_account),         // `EVAL-24`
    }
    match case.kind {
        Kind::User => {
            direct.push(is(Part::Caller, value, algebra)); // `EVAL-20`
            direct.extend(by_id(value, case, algebra));
        }
        Kind::Role | Kind::ServiceLinkedRole => {
            direct.extend(session(value, algebra)); // `EVAL-22`
            role_like.push(is(Part::Caller, value, algebra)); // `EVAL-21`
            role_like.extend(by_id(value, case, algebra));
        }
        Kind::FederatedUser => {
            direct.push(is(Part::Caller, value, algebra)); // `EVAL-23`
            let maker = split_arn(value)
                .filter(|parts| parts[5].starts_with("user/") && is_account_id(parts[4]));
            if let Some([_, partition, _, _, account, _]) = maker {
                // `EVAL-25`; who makes a session is of its account.
                let is_maker = is(Part::Maker, value, algebra);
                let pattern = arns_of_account(Some(partition), text(account));
                let of_account = Test::texts(Language::from_iter([pattern]));
                let of_account = algebra.test(Part::Caller, of_account);
                role_like.push(algebra.and(vec![is_maker, of_account]));
            }
        }
        _ => {}
    }
}

/// The caller is of the account that the entry names, if it names one (`GRAM-34`).
fn of_account<A: Algebra>(value: &str, algebra: &mut A) -> Option<A::Value> {
    let (partition, account) = match split_arn(value) {
        _ if is_account_id(value) => (None, value),
        Some(["arn", partition, "iam", "", account, "root"]) => (Some(partition), account),
        _ => return None,
    };
    let pattern = arns_of_account(partition, text(account));
    Some(algebra.test(Part::Caller, Test::texts(Language::from_iter([pattern]))))
}

/// The caller has the unique id that the entry is, if it can be one (`GRAM-40`).
fn by_id<A: Algebra>(value: &str, case: &Case, algebra: &mut A) -> Option<A::Value> {
    if is_account_id(value) || value.starts_with("arn:") {
        return None;
    }
    let mut patterns: Vec<Pattern> = vec![text(value)];
    if case.kind.is_role() {
        let mut with_session: Pattern = text(value);
        with_session.push(Token::one(Class::Char(':')));
        with_session.push(Token::many(Class::Any));
        patterns.push(with_session);
    }
    Some(algebra.test(Part::UserId, Test::texts(patterns.into_iter().collect())))
}

/// The caller is the session that the entry is the ARN of, if it is one.
fn session<A: Algebra>(value: &str, algebra: &mut A) -> Option<A::Value> {
    let ["arn", partition, "sts", "", account, last] = split_arn(value)? else {
        return None;
    };
    let (role, name) = session_names(last)?;
    let of_role = Test::texts(role_arns(partition, account, role));
    let of_role = algebra.test(Part::Caller, of_role);
    let of_name = is(Part::Session, name, algebra);
    Some(algebra.and(vec![of_role, of_name]))
}

/// An entry that is not under `AWS`.
fn other<A: Algebra>(entry: &PrincipalEntry<'_>, case: &Case, algebra: &mut A) -> A::Value {
    let value = entry.value.value;
    match (entry.kind, case.kind) {
        (PrincipalKind::Everyone, _) => algebra.constant(true),
        (PrincipalKind::Service, Kind::Service) => {
            let names = "aws:principalservicenameslist";
            let listed = Test {
                quantifier: portcullis_model::Quantifier::Any,
                ..Test::texts(Language::text(value))
            };
            let absent = Test {
                asked: Asked::Presence(true, false),
                ..Test::texts(Language::default())
            };
            let listed = asked(names.to_owned(), listed, case, algebra);
            let absent = asked(names.to_owned(), absent, case, algebra);
            let by_name = is(Part::Service, value, algebra);
            let single = algebra.and(vec![absent, by_name]);
            algebra.or(vec![listed, single])
        }
        (PrincipalKind::Federated, Kind::Federated) => is(Part::Provider, value, algebra),
        (PrincipalKind::Federated, kind) if kind.is_role() => {
            let test = Test::values(Values::Text(Language::text(value)));
            asked("aws:federatedprovider".to_owned(), test, case, algebra)
        }
        (PrincipalKind::CanonicalUser, Kind::Canonical) => is(Part::Canonical, value, algebra),
        _ => algebra.constant(false),
    }
}

/// A `NotPrincipal` list names the caller fully (`GRAM-51` to `GRAM-53`).
fn exempt<A: Algebra>(
    list: &[PrincipalEntry<'_>],
    effect: Effect,
    reading: Reading,
    case: &Case,
    algebra: &mut A,
) -> A::Value {
    let kind = case.kind;
    let can_have_boundary = matches!(kind, Kind::User | Kind::FederatedUser | Kind::Role);
    let denies = effect == Effect::Deny && reading == Reading::Resource(true);
    if denies && can_have_boundary {
        return algebra.constant(false);
    }
    if list.iter().any(|own| own.kind == PrincipalKind::Everyone) {
        return algebra.constant(true);
    }
    let aws: Vec<&str> = list
        .iter()
        .filter(|own| own.kind == PrincipalKind::Aws)
        .map(|own| own.value.value)
        .collect();
    let mut accounts = Vec::new();
    let mut ids = Vec::new();
    let mut arns = Vec::new();
    let mut sessions = Vec::new();
    for value in aws {
        if kind.has_account() {
            accounts.extend(of_account(value, algebra));
            ids.extend(by_id(value, case, algebra));
            sessions.extend(session(value, algebra));
        }
        arns.push(is(Part::Caller, value, algebra));
    }
    let by_account = algebra.or(accounts);
    let by_arn = algebra.or(arns);
    let by_id = algebra.or(ids);
    let by_session = algebra.or(sessions);
    match kind {
        Kind::Root => by_account,
        Kind::User => {
            let by_self = algebra.or(vec![by_arn, by_id]);
            algebra.and(vec![by_account, by_self])
        }
        Kind::Role | Kind::ServiceLinkedRole => {
            let by_role = algebra.or(vec![by_arn, by_id]);
            algebra.and(vec![by_account, by_role, by_session])
        }
        Kind::FederatedUser => algebra.and(vec![by_account, by_arn]),
        Kind::OriginAccessIdentity => by_arn,
        Kind::Service | Kind::Federated | Kind::Canonical => {
            let all = list.iter().map(|own| other(own, case, algebra)).collect();
            algebra.or(all)
        }
        Kind::Anonymous => algebra.constant(false),
    }
}

/// The action is one of these services'.
fn services<A: Algebra>(prefixes: &[&str], algebra: &mut A) -> A::Value {
    let pattern = |prefix: &&str| -> Pattern {
        let start = text(prefix)
            .into_iter()
            .chain([Token::one(Class::Char(':'))]);
        start.chain([Token::many(Class::Any)]).collect()
    };
    let language = prefixes.iter().map(pattern).collect();
    algebra.test(Part::Action, Test::texts(language))
}

/// The action is one of these, in lower case.
fn is_action<A: Algebra>(names: &[&str], algebra: &mut A) -> A::Value {
    let language = names.iter().map(|name| text(name)).collect();
    algebra.test(Part::Action, Test::texts(language))
}

/// What is given beside policies and request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Given {
    /// Caller and owner are of one account; callers without account are of none.
    pub(crate) is_owner: bool,
    /// The caller's account manages its organization (`SCP-3`).
    pub(crate) is_manager: bool,
    /// Caller and resource are in different partitions (`XACC-6`).
    pub(crate) crosses_partitions: bool,
    /// The credentials are those of `GetSessionToken` (`STS-4`).
    pub(crate) session_token: bool,
    /// Something outside of the policies grants the request (`EVAL-75`).
    pub(crate) external_grant: bool,
    /// The grant of the resource's policy does not count (`S3-4`).
    pub(crate) shut_out: bool,
}

/// Whether policies allow a caller: `EVAL-71`, line by line. An access point's bucket is not looked at.
pub(crate) fn decision<A: Algebra>(
    sets: &PolicySets<'_>,
    case: &Case,
    given: Given,
    algebra: &mut A,
) -> A::Value {
    let kind = case.kind;
    let plain = |set: &[Policy<'_>], algebra: &mut A| said(set, Reading::Plain, case, algebra);
    let root = kind == Kind::Root;
    let is_linked = kind == Kind::ServiceLinkedRole;
    // `EVAL-70`: who takes part.
    let mut denies: Vec<A::Value> = Vec::new();
    let mut limits: Vec<A::Value> = Vec::new();
    let owned_by_manager = given.is_manager && given.is_owner && kind.has_account();
    if !is_linked && !owned_by_manager {
        let rcp_services = services(&RCP_SERVICES, algebra);
        let retires = is_action(&["kms:retiregrant"], algebra);
        let does_not = algebra.not(retires);
        let applies = algebra.and(vec![rcp_services, does_not]);
        for level in &sets.rcps {
            let own = plain(level, algebra);
            let denied = own.any(Effect::Deny, algebra);
            denies.push(algebra.and(vec![applies.clone(), denied]));
        }
    }
    if kind.has_account() && !is_linked && !given.is_manager {
        for level in &sets.scps {
            let own = plain(level, algebra);
            denies.push(own.any(Effect::Deny, algebra));
            limits.push(own.any(Effect::Allow, algebra));
        }
    }
    if let (Some(set), true) = (&sets.vpc_endpoint, kind != Kind::Service) {
        let own = said(set, Reading::Endpoint, case, algebra);
        denies.push(own.any(Effect::Deny, algebra));
        limits.push(own.any(Effect::Allow, algebra));
    }
    let has_boundary = sets.boundary.is_some();
    let resource = sets
        .resource
        .as_ref()
        .map(|set| said(set, Reading::Resource(has_boundary), case, algebra));
    if let Some(own) = &resource {
        let denied = own.any(Effect::Deny, algebra);
        denies.push(match root && given.is_owner {
            true => {
                // `EVAL-52`: no bucket policy can lock out the root user of the bucket's account.
                let names = [
                    "s3:getbucketpolicy",
                    "s3:putbucketpolicy",
                    "s3:deletebucketpolicy",
                ];
                let repairs = is_action(&names, algebra);
                let does_not = algebra.not(repairs);
                algebra.and(vec![denied, does_not])
            }
            false => denied,
        });
    }
    let assumed_root = match root {
        true => {
            let test = Test::texts(Language::from_iter([text("true")
                .into_iter()
                .map(|own| match own.class {
                    Class::Char(own) => Token::one(Class::Ascii(own)),
                    _ => own,
                })
                .collect()]));
            asked("aws:assumedroot".to_owned(), test, case, algebra)
        }
        false => algebra.constant(false),
    };
    let takes_identity = match kind {
        Kind::Root => assumed_root.clone(),
        kind => algebra.constant(kind.has_account()),
    };
    let identity = plain(&sets.identity, algebra);
    let denied = identity.any(Effect::Deny, algebra);
    denies.push(algebra.and(vec![takes_identity.clone(), denied]));
    let allowed = identity.any(Effect::Allow, algebra);
    let own_allows = algebra.and(vec![takes_identity, allowed]);
    let not_assumed = algebra.not(assumed_root);
    let implicit = algebra.constant(root);
    let implicit = algebra.and(vec![implicit, not_assumed]);
    let ident = algebra.or(vec![implicit, own_allows]);
    // What limits grants, but not those that name the caller itself.
    let mut own_limits: Vec<A::Value> = Vec::new();
    let sessions = matches!(kind, Kind::Role | Kind::FederatedUser);
    for (set, takes_part) in [
        (&sets.boundary, sessions || kind == Kind::User),
        (&sets.session, sessions),
    ] {
        if let (Some(set), true) = (set, takes_part) {
            let own = plain(set, algebra);
            denies.push(own.any(Effect::Deny, algebra));
            own_limits.push(own.any(Effect::Allow, algebra));
        }
    }
    if kind == Kind::FederatedUser && sets.session.is_none() {
        own_limits.push(algebra.constant(false)); // `STS-9`
    }
    let lim = algebra.and(own_limits);
    // `g` of `EVAL-71`, with `EVAL-75`.
    let grant = |way: fn(&Matches<A::Value>) -> A::Value, algebra: &mut A| match &resource {
        Some(own) if !given.shut_out => own.one_of(Effect::Allow, algebra, way),
        _ => algebra.constant(false),
    };
    let external = algebra.constant(given.external_grant);
    let direct = grant(|own| own.direct.clone(), algebra);
    let direct = algebra.or(vec![external, direct]);
    let role_like = grant(|own| own.role_like.clone(), algebra);
    let by_account = grant(|own| own.account.clone(), algebra);
    let any = algebra.or(vec![direct.clone(), role_like.clone(), by_account]);
    let granted = match (kind.has_account(), given.is_owner) {
        (false, _) => direct,
        (true, false) => {
            let same_partition = algebra.constant(!given.crosses_partitions);
            algebra.and(vec![any, same_partition, ident, lim])
        }
        (true, true) => {
            let by_role = algebra.and(vec![role_like, lim.clone()]);
            let needs = needs_resource_policy(algebra);
            let needs_not = algebra.not(needs);
            let may = algebra.or(vec![needs_not, any]);
            let by_identity = algebra.and(vec![may, ident, lim]);
            algebra.or(vec![direct, by_role, by_identity])
        }
    };
    let denied = algebra.or(denies);
    let not_denied = algebra.not(denied);
    let refused = refused(case, given, algebra);
    let not_refused = algebra.not(refused);
    limits.extend([not_denied, not_refused, granted]);
    let allowed = algebra.and(limits);
    let exempt = match kind {
        Kind::Anonymous | Kind::Federated => algebra.constant(false),
        _ => is_action(&["sts:getcalleridentity", "sts:getsessiontoken"], algebra), // `EVAL-90`
    };
    algebra.or(vec![exempt, allowed])
}

/// Keys, and roles for the actions of sts, are reached only through their own policy (`KMS-1`, `TRUST-1`).
fn needs_resource_policy<A: Algebra>(algebra: &mut A) -> A::Value {
    let mut all = Vec::new();
    for (prefix, arn) in [
        ("kms", "arn:*:kms:*:*:key/"),
        ("sts", "arn:*:iam:*:*:role/"),
    ] {
        let mut pattern: Pattern = glob(arn, Class::NotColon).collect();
        pattern.push(Token::many(Class::Any));
        let is_target = Test::texts(Language::from_iter([pattern]));
        let is_target = algebra.test(Part::Resource, is_target);
        let is_service = services(&[prefix], algebra);
        all.push(algebra.and(vec![is_target, is_service]));
    }
    algebra.or(all)
}

/// What the credentials cannot be used for, whatever the policies say (`STS-4`, `STS-5`).
pub(crate) fn refused<A: Algebra>(case: &Case, given: Given, algebra: &mut A) -> A::Value {
    let is_federated = case.kind == Kind::FederatedUser;
    let is_token = given.session_token && matches!(case.kind, Kind::User | Kind::Root);
    if !is_federated && !is_token {
        return algebra.constant(false);
    }
    let no_calls = [
        "iam:passrole",
        "sts:tagsession",
        "sts:setsourceidentity",
        "sts:setcontext",
        "sts:getservicebearertoken",
    ];
    let no_call = is_action(&no_calls, algebra);
    let is_call = algebra.not(no_call);
    let harmless: &[&str] = match is_federated {
        true => &["sts:getcalleridentity"],
        false => &["sts:getcalleridentity", "sts:assumerole"],
    };
    let harmless = is_action(harmless, algebra);
    let is_harmful = algebra.not(harmless);
    let iam = services(&["iam"], algebra);
    let sts = services(&["sts"], algebra);
    let iam = match is_federated {
        true => iam,
        false => {
            let truth = text("true").into_iter().map(|own| match own.class {
                Class::Char(own) => Token::one(Class::Ascii(own)),
                _ => own,
            });
            let test = Test::texts(Language::from_iter([truth.collect()]));
            let has_mfa = asked("aws:multifactorauthpresent".to_owned(), test, case, algebra);
            let has_none = algebra.not(has_mfa);
            algebra.and(vec![iam, has_none])
        }
    };
    let sts = algebra.and(vec![sts, is_harmful]);
    let either = algebra.or(vec![iam, sts]);
    algebra.and(vec![is_call, either])
}

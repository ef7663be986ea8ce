//! The cases of a question: whoever may call, in a few kinds that policies tell apart.

use portcullis_image::value::network::Network;
use portcullis_model::{Family, PolicyKind, is_account_id, split_arn};
use portcullis_syntax::Policy;
use portcullis_syntax::ast::Condition;
use portcullis_syntax::vars::has_opening;

use crate::domain::{Case, Domain, Home, Kind, is_of_caller};
use crate::language::Language;
use crate::pattern::{Class, Pattern, arn_glob, glob};
use crate::question::{Callers, Options};
use crate::statement::fold;
use crate::value::Values;

/// The cases that a question is asked of, one after the other.
pub(crate) fn cases(old: &[Policy<'_>], new: &[Policy<'_>], options: &Options) -> Vec<Case> {
    let mut all = old.iter().chain(new);
    let bind_root = all.any(|policy| policy.document.kind == PolicyKind::Scp);
    cases_of(old, new, bind_root, options)
}

/// The cases of a question about what a document says, also to the sessions of a root user that have policies
/// (`EVAL-50`), and of actions for which nobody asks it.
pub(crate) fn cases_of_one(policy: &Policy<'_>, options: &Options) -> Vec<Case> {
    let mut cases = cases_of(core::slice::from_ref(policy), &[], true, options);
    for case in &mut cases {
        case.with_exempt = true;
    }
    cases
}

fn cases_of(
    old: &[Policy<'_>],
    new: &[Policy<'_>],
    bind_root: bool,
    options: &Options,
) -> Vec<Case> {
    let all = || old.iter().chain(new);
    let kind_of = |policy: &Policy<'_>| policy.document.kind;
    if !all().any(|policy| kind_of(policy).has_principal()) {
        let kinds = kinds(all(), options.domain, bind_root).iter();
        return kinds.map(|kind| Case::of(options.domain, *kind)).collect();
    }
    let texts = texts(all());
    let is_strange = options.callers == Callers::Strangers;
    let mut named = accounts(&texts);
    let owner = fresh_account(&named).filter(|_| is_strange);
    let (kinds, home, foreign): (&[Kind], Home, Vec<(String, Values)>) = match &owner {
        None => (&EVERYONE, Home::Any, Vec::new()),
        Some(owner) => {
            named.push(owner.clone());
            (
                &STRANGERS,
                Home::Other(named),
                all().flat_map(trusted).collect(),
            )
        }
    };
    let mut cases = Vec::new();
    for partition in partitions(&texts) {
        for kind in kinds {
            cases.push(Case {
                home: match kind.has_account() {
                    true => home.clone(),
                    false => Home::Any,
                },
                partition: Some(partition.clone()),
                has_owner: true,
                owner: owner.clone(),
                foreign: foreign.clone(),
                ..Case::of(options.domain, *kind)
            });
        }
    }
    cases
}

/// The kinds of caller that policies with principals may let in.
const EVERYONE: [Kind; 9] = [
    Kind::User,
    Kind::Role,
    Kind::Root,
    Kind::Anonymous,
    Kind::Service,
    Kind::FederatedUser,
    Kind::Federated,
    Kind::Canonical,
    Kind::OriginAccessIdentity,
];

/// The kinds that strangers are of.
const STRANGERS: [Kind; 5] = [
    Kind::Anonymous,
    Kind::User,
    Kind::Role,
    Kind::Root,
    Kind::FederatedUser,
];

/// The kinds of caller that policies without principals tell apart: one, if they do not look. With the root user, if they
/// bind it: control policies do (`SCP-1`).
fn kinds<'p>(
    mut policies: impl Iterator<Item = &'p Policy<'p>>,
    domain: Domain,
    bind_root: bool,
) -> &'static [Kind] {
    const ALL: [Kind; 4] = [Kind::User, Kind::Role, Kind::FederatedUser, Kind::Root];
    let is_looked_at = domain == Domain::Standard && policies.any(looks_at_caller);
    match (is_looked_at, bind_root) {
        (true, true) => &ALL,
        (true, false) => &ALL[..3],
        (false, _) => &ALL[..1],
    }
}

/// True if conditions or variables of a policy are about the caller.
pub(crate) fn looks_at_caller(policy: &Policy<'_>) -> bool {
    let mut statements = policy.document.statements.iter();
    statements.any(|statement| {
        let mut keys = statement.conditions.iter().map(|own| own.key.value);
        let values = statement.conditions.iter().flat_map(|own| own.values);
        let resources = statement.resource.iter().flat_map(|own| own.list);
        let names_key = |text: &str| {
            let text = fold(text);
            text.contains("${aws:principal") || text.contains("${aws:user")
        };
        keys.any(|key| is_of_caller(&fold(key)))
            || values
                .chain(resources)
                .any(|text| has_opening(text.value) && names_key(text.value))
    })
}

/// What policies say of whom, on what, and if what: the texts, however JSON writes them.
pub(crate) fn texts<'p>(policies: impl IntoIterator<Item = &'p Policy<'p>>) -> Vec<&'p str> {
    let policies = policies.into_iter();
    let statements = policies.flat_map(|policy| policy.document.statements);
    let mut found = Vec::new();
    for own in statements {
        let principals = own.principal.iter().flat_map(|own| own.list);
        found.extend(principals.map(|entry| entry.value.value));
        let resources = own.resource.iter().flat_map(|own| own.list);
        let values = own.conditions.iter().flat_map(|own| own.values);
        found.extend(resources.chain(values).map(|entry| entry.value));
    }
    found
}

/// The accounts that texts name.
pub(crate) fn accounts(texts: &[&str]) -> Vec<String> {
    let runs = texts
        .iter()
        .flat_map(|text| text.split(|own: char| !own.is_ascii_digit()));
    let mut found: Vec<String> = runs
        .filter(|run| is_account_id(run))
        .map(str::to_owned)
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// An account that is not among these.
fn fresh_account(named: &[String]) -> Option<String> {
    let count = named.len() as u64;
    let mut candidates = (0..=count).map(|n| format!("{:012}", 999_000_111_000 + n));
    candidates.find(|own| !named.contains(own))
}

/// The partitions that ARNs in the texts name, and `aws`.
pub(crate) fn partitions(texts: &[&str]) -> Vec<String> {
    let mut found = vec!["aws".to_owned()];
    for text in texts {
        for behind in text.split("arn:").skip(1) {
            let name = behind.split(':').next().unwrap_or_default();
            let is_name = name.starts_with("aws-") && name.len() < 20;
            let is_plain = name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
            if is_name && is_plain && found.len() < 8 && !found.iter().any(|own| own == name) {
                found.push(name.to_owned());
            }
        }
    }
    found
}

/// Keys whose values say whom a policy trusts (`S3-5`), folded. An address in a network is none of them: every stranger has a
/// network of its own that can have the same (`KEY-42`).
const TRUSTED: [&str; 16] = [
    "aws:sourceip",
    "aws:sourcearn",
    "aws:sourcevpc",
    "aws:sourcevpce",
    "aws:sourceaccount",
    "aws:sourceowner",
    "aws:sourceorgid",
    "aws:sourceorgpaths",
    "aws:userid",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:vpceaccount",
    "aws:vpceorgid",
    "aws:vpceorgpaths",
    "s3:dataaccesspointarn",
    "s3:dataaccesspointaccount",
];

/// The values by which a policy knows whom it trusts.
pub(crate) fn trusted(policy: &Policy<'_>) -> Vec<(String, Values)> {
    let conditions = policy
        .document
        .statements
        .iter()
        .flat_map(|own| own.conditions);
    conditions.filter_map(trusted_by).collect()
}

fn trusted_by(condition: &Condition<'_>) -> Option<(String, Values)> {
    let key = fold(condition.key.value);
    if !TRUSTED.contains(&key.as_str()) {
        return None;
    }
    let texts = || condition.values.iter().map(|own| own.value);
    let values = match condition.operator.base.family() {
        Family::IpAddress => Values::Address(texts().filter_map(narrow).collect()),
        Family::StringEquals
        | Family::StringLike
        | Family::Arn
        | Family::StringEqualsIgnoreCase => {
            let plain = texts().filter(|text| !has_opening(text));
            let patterns = plain
                .filter(|text| is_fixed(text))
                .map(|text| as_named(&key, text));
            Values::Text(patterns.collect::<Language>())
        }
        _ => return None,
    };
    Some((key, values))
}

/// A network that is small enough to be somebody's.
fn narrow(text: &str) -> Option<Network> {
    let network = Network::parse(text)?;
    let is_narrow = match network {
        Network::V4 { mask, .. } => mask.count_ones() >= 8,
        Network::V6 { mask, .. } => mask.count_ones() >= 32,
    };
    is_narrow.then_some(network)
}

/// True for a text that names one thing, an ARN that names an account, or paths in one organization.
fn is_fixed(text: &str) -> bool {
    let is_plain = |text: &str| !text.contains(['*', '?']);
    let has_account = split_arn(text).is_some_and(|parts| is_account_id(parts[4]));
    let is_path = text
        .split_once('/')
        .is_some_and(|(organization, _)| organization.starts_with("o-") && is_plain(organization));
    has_account || is_path || is_plain(text)
}

/// What a fixed text names. Of the ARNs that it matches, those of the account that it names: a wildcard may run past a colon
/// (`MATCH-1`), so that an ARN of a stranger has that account further behind. No name of an access point has a colon.
fn as_named(key: &str, text: &str) -> Pattern {
    match split_arn(text) {
        Some(_) if key != "s3:dataaccesspointarn" => arn_glob(text),
        _ => glob(text, Class::Any).collect(),
    }
}

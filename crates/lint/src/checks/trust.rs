//! Trust policies (`AA-151`, `AA-153` to `AA-156`, `AA-206`, `AA-207`, `AA-259`, `AA-311`).

use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Principal, Statement};
use portcullis_source::hash::Set;
use portcullis_syntax::glob::{has_wildcard, matches_action};

/// Providers that are built in (`GRAM-43`).
const BUILT_IN: [&str; 4] = [
    "cognito-identity.amazonaws.com",
    "www.amazon.com",
    "graph.facebook.com",
    "accounts.google.com",
];

/// Providers that customers share: a token says nothing without its claims.
const SHARED: [&str; 8] = [
    "cognito-identity.amazonaws.com",
    "www.amazon.com",
    "graph.facebook.com",
    "accounts.google.com",
    "app.terraform.io",
    "gitlab.com",
    "agent.buildkite.com",
    "api.pulumi.com/oidc",
];

pub(crate) const GITHUB: &str = "token.actions.githubusercontent.com";

/// What a federated principal is.
#[derive(PartialEq, Eq)]
pub(crate) enum Provider<'d> {
    Saml,
    /// With its host and path.
    Oidc(&'d str),
    Unknown,
}

pub(crate) fn provider(text: &str) -> Provider<'_> {
    if let Some(own) = BUILT_IN.iter().find(|own| **own == text) {
        return Provider::Oidc(own);
    }
    match portcullis_model::split_arn(text) {
        Some([_, _, "iam", _, _, rest]) => match rest.split_once('/') {
            Some(("saml-provider", name)) if !name.is_empty() => Provider::Saml,
            Some(("oidc-provider", host)) if !host.is_empty() => Provider::Oidc(host),
            _ => Provider::Unknown,
        },
        _ => Provider::Unknown,
    }
}

pub(super) fn check<'d>(statement: &Statement<'d>, out: &mut Findings<'d>) {
    for element in statement.resources() {
        let details =
            "A role trust policy cannot have Resource or NotResource. Remove the element.";
        out.add(
            &rules::ROLE_TRUST_POLICY_SYNTAX_ERROR_RESOURCE,
            details,
            [statement.key(element.member)],
        );
    }
    let federated: Vec<&Principal<'d>> = statement
        .principals
        .iter()
        .filter(|one| one.is("Federated"))
        .collect();
    for one in &federated {
        let text = one.entry.text.value;
        if provider(text) == Provider::Unknown && !has_wildcard(text) {
            let details = "The federated principal is not valid. Use the ARN of an identity provider, or a provider that is built in.";
            out.add(
                &rules::INVALID_FEDERATED_PRINCIPAL_SYNTAX_IN_ROLE_TRUST_POLICY,
                details,
                [statement.principal(one)],
            );
        }
    }
    mismatched(statement, &federated, out);
    sessions(statement, out);
    if statement.is_allow() {
        anywhere(statement, out);
        keys(statement, out);
        claims(statement, &federated, out);
    }
}

/// True if the statement's `Action` covers an action.
pub(crate) fn covers(statement: &Statement<'_>, action: &str) -> bool {
    match (&statement.action, &statement.not_action) {
        (Some(own), _) => own
            .entries
            .iter()
            .any(|entry| matches_action(entry.text.value, action)),
        (None, Some(not)) => !not
            .entries
            .iter()
            .any(|entry| matches_action(entry.text.value, action)),
        (None, None) => false,
    }
}

/// `AA-155`: the action, then the principal (`AA-7`).
fn mismatched<'d>(statement: &Statement<'d>, federated: &[&Principal<'d>], out: &mut Findings<'d>) {
    let Some(element) = &statement.action else {
        return;
    };
    for (action, is_saml) in [
        ("sts:AssumeRoleWithSAML", true),
        ("sts:AssumeRoleWithWebIdentity", false),
    ] {
        let Some(entry) = element
            .entries
            .iter()
            .find(|entry| entry.text.value.eq_ignore_ascii_case(action))
        else {
            continue;
        };
        let known: Vec<_> = federated
            .iter()
            .filter(|one| provider(one.entry.text.value) != Provider::Unknown)
            .collect();
        let fits =
            |one: &&&Principal<'d>| (provider(one.entry.text.value) == Provider::Saml) == is_saml;
        // With one of each kind, every action has its own.
        if let (Some(one), false) = (known.first(), known.iter().any(fits)) {
            let details = format!(
                "The action {} is for another kind of identity provider than the principal.",
                entry.text.value
            );
            let places = [statement.entry(element, entry), statement.principal(one)];
            out.add(&rules::MISMATCHED_ACTION_FOR_PRINCIPAL, details, places);
        }
    }
}

/// `AA-311`.
fn sessions<'d>(statement: &Statement<'d>, out: &mut Findings<'d>) {
    let role = |one: &Principal<'d>| match portcullis_model::split_arn(one.entry.text.value)? {
        [_, _, "iam", _, account, rest] => {
            let name = rest.strip_prefix("role/")?.rsplit('/').next()?;
            Some((account, name))
        }
        _ => None,
    };
    let aws = || statement.principals.iter().filter(|one| one.is("AWS"));
    let roles: Set<(&str, &str)> = aws().filter_map(role).collect();
    for one in aws() {
        let parts = portcullis_model::split_arn(one.entry.text.value);
        let Some([_, _, "sts", _, account, rest]) = parts else {
            continue;
        };
        let name = rest
            .strip_prefix("assumed-role/")
            .and_then(|rest| rest.split('/').next());
        if name.is_some_and(|name| roles.contains(&(account, name))) {
            let details = "The session is named together with its role, which stands for all of its sessions. Remove the session.";
            out.add(
                &rules::REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY,
                details,
                [statement.principal(one)],
            );
        }
    }
}

/// `AA-156`, `TRUST-9`.
fn anywhere<'d>(statement: &Statement<'d>, out: &mut Findings<'d>) {
    let mut services = statement.principals.iter().filter(|one| one.is("Service"));
    let Some(one) = services.find(|one| one.entry.text.value == "rolesanywhere.amazonaws.com")
    else {
        return;
    };
    let needed = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"];
    let missing: Vec<&str> = needed
        .into_iter()
        .filter(|action| !covers(statement, action))
        .collect();
    if !missing.is_empty() {
        let details = format!(
            "IAM Roles Anywhere needs these actions as well: {}.",
            missing.join(", ")
        );
        out.add(
            &rules::MISSING_ACTION_FOR_ROLES_ANYWHERE_TRUST_POLICY,
            details,
            [statement.principal(one)],
        );
    }
}

/// `AA-153`: keys of what a request for a session passes, and the action that passing it takes (`TRUST-6`).
fn keys<'d>(statement: &Statement<'d>, out: &mut Findings<'d>) {
    const NEEDED: [(&str, &str); 2] = [
        ("sts:SourceIdentity", "sts:SetSourceIdentity"),
        ("sts:TransitiveTagKeys", "sts:TagSession"),
    ];
    for condition in statement.conditions.iter().filter(|one| one.is_limit()) {
        let needed = NEEDED.iter().find(|(key, _)| condition.is_of(key));
        let needed = needed.filter(|(_, action)| !covers(statement, action));
        if let Some((_, action)) = needed {
            let details = format!(
                "The condition key {} comes with the action {action}, which the statement does not allow. Add it.",
                condition.key.value
            );
            out.add(
                &rules::MISSING_ACTION_FOR_CONDITION_KEY,
                details,
                [statement.condition_key(condition)],
            );
        }
    }
}

/// `AA-206`, `AA-207`, `AA-259`.
fn claims<'d>(statement: &Statement<'d>, federated: &[&Principal<'d>], out: &mut Findings<'d>) {
    if !covers(statement, "sts:AssumeRoleWithWebIdentity") {
        return;
    }
    for one in federated {
        let Provider::Oidc(host) = provider(one.entry.text.value) else {
            continue;
        };
        let of = |condition: &&Condition<'d>| {
            let start = condition.key.value.get(..host.len());
            let rest = condition.key.value.get(host.len()..);
            start.is_some_and(|start| start.eq_ignore_ascii_case(host))
                && rest.is_some_and(|rest| rest.starts_with(':'))
        };
        let tested: Vec<&Condition<'d>> = statement
            .conditions
            .iter()
            .filter(of)
            .filter(|one| one.is_limit())
            .collect();
        if host.eq_ignore_ascii_case(GITHUB) {
            github(statement, one, &tested, out);
        } else if tested.is_empty() && SHARED.iter().any(|own| own.eq_ignore_ascii_case(host)) {
            let details = format!(
                "The provider {host} is shared by many customers, and no claim of its tokens is tested. Test one that names your own users."
            );
            out.add(
                &rules::MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL,
                details,
                [statement.principal(one)],
            );
        }
    }
}

fn github<'d>(
    statement: &Statement<'d>,
    one: &Principal<'d>,
    tested: &[&Condition<'d>],
    out: &mut Findings<'d>,
) {
    // The claims that name a repository or its owner; `job_workflow_ref` begins with both.
    const CLAIMS: [&str; 5] = [
        "sub",
        "repository",
        "repository_owner",
        "repository_id",
        "job_workflow_ref",
    ];
    let claim = |condition: &Condition<'d>| {
        condition
            .key
            .value
            .rsplit(':')
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase()
    };
    let names: Vec<_> = tested
        .iter()
        .filter(|own| CLAIMS.contains(&claim(own).as_str()))
        .collect();
    // What begins with a wildcard names no one.
    let is_open = |text: &str| {
        text.strip_prefix("repo:")
            .unwrap_or(text)
            .starts_with(['*', '?'])
    };
    let is_named = names.iter().any(|own| {
        !own.values.is_empty() && own.values.iter().all(|value| !is_open(value.text.value))
    });
    if !is_named {
        let details = "GitHub is trusted for every repository. Test token.actions.githubusercontent.com:sub for yours.";
        out.add(
            &rules::MISSING_GITHUB_REPO_CONDITION_KEY,
            details,
            [statement.principal(one)],
        );
        return;
    }
    for condition in names.iter().filter(|own| claim(own) == "sub") {
        for value in condition
            .values
            .iter()
            .filter(|value| has_wildcard(value.text.value))
        {
            let details = "The value trusts more than one repository or branch. Name the repository and the branch.";
            out.add(
                &rules::SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED,
                details,
                [statement.condition_value(condition, value)],
            );
        }
    }
}

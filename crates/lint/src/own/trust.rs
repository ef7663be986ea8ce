//! Who may take a role (rows 29, 31 and 32).

use super::is_limiting;
use crate::checks::Context;
use crate::checks::trust::{GITHUB, Provider, covers, provider};
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Principal, Statement};
use portcullis_model::{is_account_id, split_arn};
use portcullis_syntax::glob::has_wildcard;

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    if !statement.is_allow() {
        return;
    }
    accounts(cx, statement, out);
    for one in statement
        .principals
        .iter()
        .filter(|one| one.is("Federated"))
    {
        match provider(one.entry.text.value) {
            Provider::Saml if covers(statement, "sts:AssumeRoleWithSAML") => {
                let mut tests = statement.conditions.iter();
                if !tests.any(|test| test.is_of("saml:aud") && is_limiting(cx, test)) {
                    let details = "Assertions issued for other applications are accepted too. Restrict SAML:aud to https://signin.aws.amazon.com/saml.";
                    out.add(
                        &rules::SAML_WITHOUT_AUDIENCE,
                        details,
                        [statement.principal(one)],
                    );
                }
            }
            Provider::Oidc(host) if covers(statement, "sts:AssumeRoleWithWebIdentity") => {
                tokens(cx, statement, one, host, out);
            }
            _ => {}
        }
    }
}

/// Keys by which a trust of an account is limited to whom it is meant for.
const LIMITS: [&str; 11] = [
    "sts:ExternalId",
    "aws:PrincipalArn",
    "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths",
    "aws:PrincipalServiceName",
    "aws:SourceIdentity",
    "aws:userid",
    "aws:SourceIp",
    "aws:SourceVpc",
    "aws:SourceVpce",
    "sts:SourceIdentity",
];

/// A whole account of others, whose services act for many (`STS-24`).
fn accounts<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    let is_tag = |one: &Condition<'d>| {
        one.key
            .value
            .to_ascii_lowercase()
            .starts_with("aws:principaltag/")
    };
    let is_limited = statement.conditions.iter().any(|one| {
        (LIMITS.iter().any(|key| one.is_of(key)) || is_tag(one)) && is_limiting(cx, one)
    });
    if is_limited || !covers(statement, "sts:AssumeRole") {
        return;
    }
    for one in statement
        .principals
        .iter()
        .filter(|one| one.is("AWS") && !one.is_negated())
    {
        let text = one.entry.text.value;
        let account = match split_arn(text) {
            Some([_, _, "iam", _, account, "root"]) => account,
            _ if is_account_id(text) => text,
            _ => continue,
        };
        if cx.account == Some(account) {
            continue;
        }
        let known = match cx.account {
            Some(_) => "another account",
            None => "an entire account, possibly not your own",
        };
        let details = format!(
            "The role trusts {known}: {account}. Require sts:ExternalId, or aws:PrincipalOrgID if the account is in your organization."
        );
        out.add(
            &rules::MISSING_EXTERNAL_ID,
            details,
            [statement.principal(one)],
        );
    }
}

/// Claims that say for whom a token is, by provider; of all others it is `aud`.
const AUDIENCES: [(&str, &[&str]); 4] = [
    ("accounts.google.com", &["aud", "oaud", "azp"]),
    ("www.amazon.com", &["app_id"]),
    ("graph.facebook.com", &["app_id"]),
    ("", &["aud", "azp", "client_id"]),
];

fn tokens<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    one: &Principal<'d>,
    host: &'d str,
    out: &mut Findings<'d>,
) {
    let claim = |test: &Condition<'d>| -> Option<String> {
        let key = test.key.value;
        let start = key.get(..host.len())?;
        let claim = key.get(host.len()..)?.strip_prefix(':')?;
        start
            .eq_ignore_ascii_case(host)
            .then(|| claim.to_ascii_lowercase())
    };
    let tests: Vec<(String, &Condition<'d>)> = statement
        .conditions
        .iter()
        .filter_map(|test| Some((claim(test)?, test)))
        .collect();
    let audiences = AUDIENCES
        .iter()
        .find(|(own, _)| own.is_empty() || own.eq_ignore_ascii_case(host))
        .map_or(&[][..], |(_, claims)| claims);
    let is_audience = |claim: &str| audiences.contains(&claim);
    let limits = |of_audience: bool| {
        tests.iter().any(|(claim, test)| {
            is_audience(claim) == of_audience && is_limiting(cx, test) && !is_everyone(claim, test)
        })
    };
    let here = || [statement.principal(one)];
    // What Access Analyzer says of GitHub and of providers that are shared, it says in its own words.
    let (has_audience, has_subject) = (limits(true), limits(false));
    let is_of_aws = |code: &crate::rules::Rule| out.has(code, statement.principal(one).span);
    let is_said = is_of_aws(&rules::MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL)
        || is_of_aws(&rules::MISSING_GITHUB_REPO_CONDITION_KEY);
    if !has_subject && !is_said {
        let details = format!(
            "Any token from {host} is accepted, whoever its subject is. Restrict {host}:sub, or another claim that identifies your own users."
        );
        out.add(&rules::OIDC_WITHOUT_SUBJECT, details, here());
    }
    if !has_audience && !is_said && !is_audienceless(host) {
        let claim = audiences.first().unwrap_or(&"aud");
        let details = format!(
            "Tokens that {host} issued for other applications are accepted too, if their audience is registered in IAM. Restrict {host}:{claim}."
        );
        out.add(&rules::OIDC_WITHOUT_AUDIENCE, details, here());
    }
    for (claim, test) in &tests {
        if claim == "sub" && test.is_limit() {
            wide(statement, host, test, out);
        }
    }
}

/// Cognito's audience is the pool, and its subject is that of the user.
fn is_audienceless(host: &str) -> bool {
    host.eq_ignore_ascii_case("cognito-identity.amazonaws.com")
}

/// A claim of the subject that begins with a wildcard behind the words that all subjects begin with.
fn is_everyone(claim: &str, test: &Condition<'_>) -> bool {
    claim == "sub"
        && test.values.iter().any(|value| {
            let text = value.text.value;
            let text = FIRST_WORDS
                .iter()
                .find_map(|word| text.strip_prefix(word))
                .unwrap_or(text);
            text.starts_with('*')
        })
}

/// What subjects begin with, before the name of who is trusted (GitHub, GitLab, Terraform, Bitbucket, CircleCI, Kubernetes).
const FIRST_WORDS: [&str; 6] = [
    "repo:",
    "project_path:",
    "organization:",
    "org/",
    "system:serviceaccount:",
    "repository_owner:",
];

/// A wildcard in the name of the owner itself: `repo:acme*` is also `repo:acme-and-others`.
fn wide<'d>(statement: &Statement<'d>, host: &str, test: &Condition<'d>, out: &mut Findings<'d>) {
    let is_like = test
        .operator
        .is_ok_and(|own| own.base == portcullis_model::Base::StringLike);
    for value in test.values.iter().filter(|_| is_like) {
        let text = value.text.value;
        let Some(rest) = FIRST_WORDS.iter().find_map(|word| text.strip_prefix(word)) else {
            continue;
        };
        let owner = rest.split(['/', ':']).next().unwrap_or_default();
        // One that begins with it is said of as no subject at all.
        if !has_wildcard(owner) || owner.starts_with('*') {
            continue;
        }
        let example = owner.replace('*', "-of-others").replace('?', "x");
        let what = match host.eq_ignore_ascii_case(GITHUB) {
            true => "an owner",
            false => "a name",
        };
        let details = format!(
            "The wildcard is inside the name of {what}, so {example} is trusted too. Write the full name and the separator after it."
        );
        let place = statement.condition_value(test, value);
        out.add(&rules::OIDC_SUBJECT_TOO_WIDE, details, [place]);
    }
}

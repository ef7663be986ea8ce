//! The page of a code, and its documents.

use crate::rules::{Document, Evidence, Group, Rule};
use crate::target::{PolicyType, ResourceType};
use portcullis_model::PolicyKind;

/// The text of a document of a rule's table.
///
/// ```
/// use portcullis_lint::{document, rules};
/// let rule = rules::find("missing_version").unwrap();
/// assert!(document(rule, &rule.has_not).contains("2012-10-17"));
/// assert!(!document(rule, &rule.has).contains("2012-10-17"));
/// ```
pub fn document(rule: &Rule, document: &Document) -> String {
    let statement =
        |text: &str| format!("{{\"Version\": \"2012-10-17\", \"Statement\": [{{{text}}}]}}");
    let principal = match (rule.target.policy, rule.target.resource) {
        (PolicyType::Resource, _) => "\"Principal\": {\"AWS\": \"111122223333\"}, ",
        (PolicyType::ResourceControl, _) => "\"Principal\": \"*\", ",
        _ => "",
    };
    let effect = match rule.target.policy {
        PolicyType::ResourceControl | PolicyType::ServiceControl => "Deny",
        _ => "Allow",
    };
    match document {
        Document::Whole(text) => (*text).to_owned(),
        Document::Statement(text) => statement(text),
        Document::Allow(text) => statement(&format!("\"Effect\": \"Allow\", {text}")),
        Document::Condition(text) => statement(&format!(
            "\"Effect\": \"{effect}\", {principal}\"Action\": \"s3:GetObject\", \"Resource\": \"arn:aws:s3:::bucket/*\", \"Condition\": {{{text}}}"
        )),
        Document::OfLength(length) => {
            let sid = "x".repeat(*length);
            let is_trust = rule.target.resource == Some(ResourceType::AssumeRolePolicyDocument);
            let rest = match is_trust {
                true => "\"Action\": \"sts:AssumeRole\"",
                false => "\"Action\": \"s3:GetObject\", \"Resource\": \"*\"",
            };
            statement(&format!(
                "\"Sid\": \"{sid}\", \"Effect\": \"{effect}\", {principal}{rest}"
            ))
        }
    }
}

/// What a type is called on a page.
fn name(rule: &Rule) -> &'static str {
    match rule.kind {
        PolicyKind::Session => return "session policy",
        PolicyKind::VpcEndpoint => return "endpoint policy",
        _ => {}
    }
    match (rule.target.policy, rule.target.resource) {
        (PolicyType::Identity, _) => "identity policy",
        (PolicyType::Resource, Some(ResourceType::AssumeRolePolicyDocument)) => "trust policy",
        (PolicyType::Resource, Some(ResourceType::Bucket)) => "bucket policy",
        (PolicyType::Resource, _) => "resource policy",
        (PolicyType::ServiceControl, _) => "service control policy",
        (PolicyType::ResourceControl, _) => "resource control policy",
    }
}

/// A document as a page shows it.
fn shown(rule: &Rule, one: &Document) -> String {
    match one {
        Document::OfLength(length) => format!("one with a name of {length} characters"),
        _ => format!("`{}`", document(rule, one)),
    }
}

/// The page of a code, as Markdown: what it means, why it matters, what to do, and an example of each kind.
///
/// ```
/// use portcullis_lint::{page, rules};
/// let page = page(rules::find("NULL_WITH_QUALIFIER").unwrap());
/// assert!(page.starts_with("### NULL_WITH_QUALIFIER\n"));
/// ```
pub fn page(rule: &Rule) -> String {
    let evidence = match rule.evidence {
        Evidence::Results => "real results",
        Evidence::Documentation => "documentation",
        Evidence::Rules => "the rules of this project",
    };
    let mut text = format!("{} {} {}", rule.what, rule.why, rule.fix);
    if let Some(waits) = rule.waits {
        text.push_str(" Without a catalog of services ");
        text.push_str(waits);
        text.push('.');
    }
    if rule.group == Group::Proof {
        text.push_str(" It is only looked for with `--proofs`.");
    }
    let has = shown(rule, &rule.has);
    if has.contains("sample:") {
        text.push_str(" In the example `sample` and `untagged` stand for services, the second for one without tags.");
    }
    let near = rule
        .near
        .iter()
        .map(|(about, near)| format!("* Not found here. {about} {}\n", shown(rule, near)));
    let near: String = near.collect();
    let group = match rule.group {
        Group::AccessAnalyzer => String::new(),
        own => format!(", group {}", own.as_str()),
    };
    if rule.is_optional {
        text.push_str(" It is only reported if `--select`, `--warn` or `--deny` names it.");
    }
    format!(
        "### {}\n\n{}{group}, {}, known from {evidence}.\n\n{text}\n\n* Found in this {}: {has}\n* Not found in this one: {}\n{near}",
        rule.code,
        rule.level.as_str(),
        rule.id,
        name(rule),
        shown(rule, &rule.has_not),
    )
}

//! Resource policies that nobody can change any more.

use bumpalo::Bump;
use portcullis_model::{Effect, PolicyKind, is_account_id, split_arn};
use portcullis_prove::{Answer, Control, out_of_control};
use portcullis_syntax::ast::{Document, Statement};
use portcullis_syntax::{Policy, PolicySets};

use super::{Found, Options, Review, What};
use crate::prove::read;

/// A service whose resource policies are changed by actions that the policy itself decides about.
struct Service {
    prefix: &'static str,
    /// What changes or removes the policy.
    actions: &'static [&'static str],
    /// What the resource is, where the policy says `*`.
    resource: &'static str,
    /// The policy cannot keep the root user of the owner from these actions (`EVAL-52`).
    has_root: bool,
}

/// Those of which the rules say who can (`KMS-1`, `EVAL-52`).
const SERVICES: [Service; 5] = [
    Service {
        prefix: "kms",
        actions: &["kms:PutKeyPolicy"],
        resource: "arn:*:kms:*:*:key/*",
        has_root: false,
    },
    Service {
        prefix: "s3",
        actions: &["s3:PutBucketPolicy", "s3:DeleteBucketPolicy"],
        resource: "arn:*:s3:::*",
        has_root: true,
    },
    Service {
        prefix: "sqs",
        actions: &[
            "sqs:SetQueueAttributes",
            "sqs:AddPermission",
            "sqs:RemovePermission",
        ],
        resource: "arn:*:sqs:*:*:*",
        has_root: false,
    },
    Service {
        prefix: "sns",
        actions: &[
            "sns:SetTopicAttributes",
            "sns:AddPermission",
            "sns:RemovePermission",
        ],
        resource: "arn:*:sns:*:*:*",
        has_root: false,
    },
    Service {
        prefix: "secretsmanager",
        actions: &[
            "secretsmanager:PutResourcePolicy",
            "secretsmanager:DeleteResourcePolicy",
        ],
        resource: "arn:*:secretsmanager:*:*:secret:*",
        has_root: false,
    },
];

/// The own policies of whoever calls allow everything, and so does the session's.
const EVERYTHING: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;

/// Looks whether somebody of the owner's account can still change the policy, if its own policies allow everything.
pub(super) fn check(policy: &Policy<'_>, options: &Options<'_>, review: &mut Review) {
    let Some((service, resource, owner)) = target(&policy.document) else {
        return;
    };
    let account = options.account.or(owner);
    let arena = Bump::new();
    let one = |kind| read("", EVERYTHING, kind, &arena).ok();
    let (Some(identity), Some(session)) = (one(PolicyKind::Identity), one(PolicyKind::Session))
    else {
        return;
    };
    let ask = |document: Document<'_>| {
        let sets = PolicySets {
            identity: vec![identity],
            session: Some(vec![session]),
            resource: Some(vec![Policy {
                document,
                ..*policy
            }]),
            ..PolicySets::default()
        };
        let control = Control {
            account,
            actions: service.actions,
            resource,
            root: !service.has_root,
        };
        out_of_control(&sets, &control, &options.proof)
    };
    match ask(policy.document) {
        Answer::Refuted(_) => {}
        Answer::Unknown(reasons) => review.unknown.push((None, reasons)),
        Answer::Proved(_) => {
            // The Deny without which somebody could.
            let statements = policy.document.statements;
            let is_it = |index: &usize| {
                let others = statements.iter().enumerate().filter(|(at, _)| at != index);
                let others: Vec<Statement<'_>> = others.map(|(_, own)| *own).collect();
                let without = Document {
                    statements: &others,
                    ..policy.document
                };
                matches!(ask(without), Answer::Refuted(_))
            };
            let denies = statements.iter().enumerate();
            let denies = denies.filter(|(_, own)| own.effect == Effect::Deny);
            let mut denies = denies.map(|(index, _)| index);
            review.found.push(Found {
                what: match service.has_root {
                    true => What::RootOnly,
                    false => What::OutOfControl,
                },
                statement: denies.find(is_it),
                by: Vec::new(),
                witness: None,
            });
        }
    }
}

/// The service of a resource policy, its one resource as a pattern, and the account in its ARN. None where the document leaves
/// open which resource has it.
fn target<'d>(document: &Document<'d>) -> Option<(&'static Service, &'d str, Option<&'d str>)> {
    if document.kind != PolicyKind::Resource || document.statements.is_empty() {
        return None;
    }
    let actions = document.statements.iter().flat_map(|own| own.action.list);
    let mut service: Option<&Service> = None;
    for action in actions {
        let prefix = match action.value.split_once(':') {
            Some((prefix, _)) => prefix,
            None => continue,
        };
        let of = |own: &&Service| own.prefix.eq_ignore_ascii_case(prefix);
        let own = SERVICES.iter().find(of)?;
        if service.is_some_and(|known| known.prefix != own.prefix) {
            return None;
        }
        service = Some(own);
    }
    let service = service?;
    let entries = document.statements.iter().filter_map(|own| own.resource);
    let mut name: Option<&str> = None;
    for entry in entries.flat_map(|own| own.list) {
        if entry.value == "*" {
            continue;
        }
        let parts = split_arn(entry.value).filter(|parts| parts[2] == service.prefix)?;
        let own = match service.prefix {
            // The bucket, also of an entry about its objects.
            "s3" => {
                let bucket = parts[5].split('/').next().unwrap_or_default();
                let start = entry.value.len() - parts[5].len();
                entry.value.get(..start + bucket.len())?
            }
            _ => entry.value,
        };
        if own.contains(['*', '?', '$']) || name.is_some_and(|known| known != own) {
            return None;
        }
        name = Some(own);
    }
    let account = name.and_then(split_arn).map(|parts| parts[4]);
    let account = account.filter(|own| is_account_id(own));
    Some((service, name.unwrap_or(service.resource), account))
}

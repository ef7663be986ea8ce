//! Values that no request has for the key, so that they compare to nothing. Of values with wildcards or variables, and of keys
//! that are not here, nothing is said.

use crate::checks::Context;
use crate::finding::Findings;
use crate::rules;
use crate::view::{Condition, Statement};
use portcullis_model::{Effect, Family, is_account_id, split_arn};
use portcullis_syntax::glob::has_wildcard;
use portcullis_syntax::vars::has_opening;

/// What the values of a key are like: whether a text is one, and what one is.
struct Shape {
    keys: &'static [&'static str],
    is: fn(&str) -> bool,
    what: &'static str,
}

const SHAPES: [Shape; 8] = [
    Shape {
        keys: &[
            "aws:PrincipalAccount",
            "aws:ResourceAccount",
            "aws:SourceAccount",
            "aws:VpceAccount",
            "s3:ResourceAccount",
            "s3:DataAccessPointAccount",
            "kms:CallerAccount",
        ],
        is: is_account_id,
        what: "an account of 12 digits",
    },
    Shape {
        keys: &[
            "aws:PrincipalOrgID",
            "aws:ResourceOrgID",
            "aws:SourceOrgID",
            "aws:VpceOrgID",
        ],
        is: is_organization,
        what: "an organization, such as o-a1b2c3d4e5",
    },
    Shape {
        // KEY-18.
        keys: &["aws:PrincipalType"],
        is: |text| {
            [
                "Account",
                "User",
                "FederatedUser",
                "AssumedRole",
                "Anonymous",
            ]
            .contains(&text)
        },
        what: "Account, User, FederatedUser, AssumedRole or Anonymous",
    },
    Shape {
        keys: &["aws:RequestedRegion"],
        is: is_region,
        what: "a Region, without the letter of an Availability Zone",
    },
    Shape {
        keys: &[
            "iam:PassedToService",
            "aws:PrincipalServiceName",
            "aws:CalledViaFirst",
            "aws:CalledViaLast",
        ],
        is: |text| text.contains('.') && !text.contains('/'),
        what: "the name of a service, such as lambda.amazonaws.com",
    },
    Shape {
        keys: &["kms:ViaService"],
        is: |text| text.split('.').count() >= 4 || !text.ends_with(".amazonaws.com"),
        what: "the name of a service with its Region, such as s3.eu-west-1.amazonaws.com",
    },
    Shape {
        keys: &["s3:x-amz-acl"],
        is: |text| {
            [
                "private",
                "public-read",
                "public-read-write",
                "aws-exec-read",
                "authenticated-read",
                "bucket-owner-read",
                "bucket-owner-full-control",
                "log-delivery-write",
            ]
            .contains(&text)
        },
        what: "a canned ACL",
    },
    Shape {
        keys: &["s3:x-amz-server-side-encryption"],
        is: |text| ["AES256", "aws:kms", "aws:kms:dsse", "aws:fsx"].contains(&text),
        what: "AES256, aws:kms or aws:kms:dsse",
    },
];

fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-").is_some_and(|id| {
        (10..=32).contains(&id.len())
            && id
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    })
}

/// Whatever is not surely none.
fn is_region(text: &str) -> bool {
    let is_zone = text.split('-').count() >= 3
        && text.len() > 2
        && text
            .as_bytes()
            .iter()
            .rev()
            .take(2)
            .rev()
            .copied()
            .map(|byte| byte.is_ascii_digit())
            .eq([true, false]);
    !is_zone
        && !text
            .bytes()
            .any(|byte| byte.is_ascii_uppercase() || byte == b' ' || byte == b'_')
}

pub(super) fn check<'d>(_: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    for condition in &statement.conditions {
        let family = condition.operator.map(|own| own.base.family());
        let (is_text, is_arn) = match family {
            Ok(Family::StringEquals | Family::StringEqualsIgnoreCase | Family::StringLike) => {
                (true, true)
            }
            Ok(Family::Arn) => (false, true),
            _ => continue,
        };
        if is_text {
            let is_folded = family == Ok(Family::StringEqualsIgnoreCase);
            let shape = SHAPES
                .iter()
                .find(|shape| shape.keys.iter().any(|key| condition.is_of(key)));
            if let Some(shape) = shape.filter(|_| !is_folded) {
                report(statement, condition, shape.is, shape.what, out);
            }
        }
        if is_arn && condition.is_of("aws:PrincipalArn") {
            // KEY-5: of a session it is the ARN of its role.
            let is = |text: &str| !matches!(split_arn(text), Some([_, _, "sts", _, _, rest]) if rest.starts_with("assumed-role/"));
            report(
                statement,
                condition,
                is,
                "the ARN of a user or role; for a role session it is the role ARN, arn:aws:iam::111122223333:role/name",
                out,
            );
        }
    }
}

fn report<'d>(
    statement: &Statement<'d>,
    condition: &Condition<'d>,
    is: impl Fn(&str) -> bool,
    what: &str,
    out: &mut Findings<'d>,
) {
    // Wildcards of ARNs do not change which service it is of.
    let is_of_arn = condition.is_of("aws:PrincipalArn");
    for value in &condition.values {
        let text = value.text.value;
        let is_open = has_opening(text) || (!is_of_arn && (has_wildcard(text) || text.is_empty()));
        // What another tool still fills in.
        let is_placeholder = text.contains(['<', '[', '{', '$', '%']);
        if is_open || is_placeholder || is(text) {
            continue;
        }
        let is_negated = condition.operator.is_ok_and(|own| own.base.is_negated());
        let so = match (is_negated, statement.effect) {
            (true, _) => "it excludes nothing",
            (false, Some(Effect::Deny)) => "it denies nothing",
            _ => "it allows nothing",
        };
        let details = format!(
            "The key {} never has the value {text}, so {so}. Use {what}.",
            condition.key.value
        );
        let place = statement.condition_value(condition, value);
        out.add(&rules::VALUE_OF_NO_REQUEST, details, [place]);
    }
}

//! Entries of `Resource` and `NotResource` (`AA-49`, `AA-50`, `AA-100` to `AA-109`, `AA-116`, `AA-120`, `AA-121`, `AA-128`, `AA-129`,
//! `AA-139`). Only literal parts are looked at, and what is not known passes.

use super::{Context, variables};
use crate::catalog::{Answer, Part};
use crate::finding::Findings;
use crate::rules;
use crate::target::ResourceType;
use crate::view::{Element, Entry, Statement};
use portcullis_model::is_account_id;
use portcullis_syntax::glob::has_wildcard;
use portcullis_syntax::vars::{arn_parts, has_opening};

/// Partitions, as of 2026.
const PARTITIONS: [&str; 8] = [
    "aws",
    "aws-cn",
    "aws-eusc",
    "aws-iso",
    "aws-iso-b",
    "aws-iso-e",
    "aws-iso-f",
    "aws-us-gov",
];

/// Regions, as of 2026. New ones come every year: a name of a new form passes, see [`is_region`].
const REGIONS: [&str; 46] = [
    "af-south-1",
    "ap-east-1",
    "ap-east-2",
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-south-2",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-southeast-3",
    "ap-southeast-4",
    "ap-southeast-5",
    "ap-southeast-6",
    "ap-southeast-7",
    "ca-central-1",
    "ca-west-1",
    "cn-north-1",
    "cn-northwest-1",
    "eu-central-1",
    "eu-central-2",
    "eu-isoe-west-1",
    "eu-north-1",
    "eu-south-1",
    "eu-south-2",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "eusc-de-east-1",
    "il-central-1",
    "me-central-1",
    "me-south-1",
    "me-west-1",
    "mx-central-1",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-gov-east-1",
    "us-gov-west-1",
    "us-iso-east-1",
    "us-iso-west-1",
    "us-isob-east-1",
    "us-isob-west-1",
    "us-isof-east-1",
    "us-isof-south-1",
    "us-west-1",
];

/// A region that is known, or that could be a new one: only names of the known geographies with a number out of reach, and
/// names of another form, are none.
fn is_region(text: &str) -> bool {
    if REGIONS.contains(&text) || text == "us-west-2" {
        return true;
    }
    let Some((place, number)) = text.rsplit_once('-') else {
        return false;
    };
    let is_word =
        |word: &str| word.len() >= 2 && word.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_next = number
        .parse()
        .is_ok_and(|number: u8| (1..=8).contains(&number))
        && number.len() == 1;
    is_next && place.split('-').count() >= 2 && place.split('-').all(is_word)
}

pub(super) fn check<'d>(cx: &Context<'d>, statement: &Statement<'d>, out: &mut Findings<'d>) {
    for element in statement.resources() {
        for entry in &element.entries {
            resource(cx, statement, element, entry, out);
        }
    }
}

fn resource<'d>(
    cx: &Context<'d>,
    statement: &Statement<'d>,
    element: &Element<'d>,
    entry: &Entry<'d>,
    out: &mut Findings<'d>,
) {
    let text = entry.text.value;
    let here = || statement.entry(element, entry);
    if let Some(own) = cx.target.resource.filter(|own| !is_of(*own, text)) {
        let details = format!(
            "The resource cannot stand in a policy of the type {}.",
            own.friendly()
        );
        out.add(
            &rules::UNSUPPORTED_RESOURCE_ARN_IN_POLICY,
            details,
            [here()],
        );
    }
    if !text.is_empty() && text.bytes().all(|byte| byte == b'*') {
        return;
    }
    // The short form of an API's policy (`MATCH-36`).
    if text.starts_with("execute-api:/") {
        return;
    }
    variables::check(cx, text, here, out);
    let parts = arn_parts(text, true);
    let [scheme, partition, service, region, account, rest] = parts.as_slice() else {
        let details =
            "ARNs must have at least 6 fields: arn:partition:service:region:account:resource.";
        out.add(&rules::MISSING_ARN_FIELD, details, [here()]);
        return;
    };
    let is_literal = |part: &str| !part.is_empty() && !has_wildcard(part) && !has_opening(part);
    if *scheme != "arn" {
        if is_literal(scheme) || scheme.is_empty() {
            out.add(
                &rules::INVALID_ARN_PREFIX,
                "The resource does not begin with arn:. Begin the ARN with it.",
                [here()],
            );
        }
        return;
    }
    if (is_literal(partition) || partition.is_empty()) && !PARTITIONS.contains(partition) {
        let details =
            format!("The partition {partition} does not exist. Use aws or another partition.");
        out.add(&rules::INVALID_PARTITION, details, [here()]);
    }
    if is_literal(region) && !is_region(region) {
        let details = format!("The Region {region} does not exist. Use the name of a Region.");
        out.add(&rules::INVALID_REGION, details, [here()]);
    }
    let is_account = is_account_id(account) || matches!(*account, "aws" | "cloudfront");
    if is_literal(account) && !is_account {
        let details =
            format!("The account {account} is not valid. Use the 12 digits of an account.");
        out.add(&rules::INVALID_ARN_ACCOUNT, details, [here()]);
    }
    if !is_literal(service) {
        return;
    }
    if service.bytes().any(|byte| byte.is_ascii_uppercase()) {
        let details =
            format!("The service {service} is not in lower case. Use lower case in ARNs.");
        out.add(&rules::INVALID_ARN_SERVICE_CASE, details, [here()]);
        return;
    }
    // AA-41: `catalog` is the one name that is no prefix.
    if *service != "catalog" && cx.catalog.service(service) == Answer::No {
        let details = format!("The service {service} does not exist. Use a valid service name.");
        out.add(&rules::INVALID_SERVICE, details, [here()]);
        return;
    }
    if let Some(facts) = cx.catalog.arn(service, rest) {
        match (facts.region, region.is_empty()) {
            (Part::Always, true) => {
                let details = format!("Add a Region to the {service} resource ARN.");
                out.add(&rules::MISSING_ARN_REGION, details, [here()]);
            }
            (Part::Never, false) if is_literal(region) => {
                let details = format!("The ARNs of {service} have no Region. Remove it.");
                out.add(&rules::ARN_REGION_NOT_ALLOWED, details, [here()]);
            }
            _ => {}
        }
        match (facts.account, account.is_empty()) {
            // Where both are missing AWS names the Region alone (`AA-49`).
            (Part::Always, true) if !(region.is_empty() && facts.region == Part::Always) => {
                let details = format!("Add an account to the {service} resource ARN.");
                out.add(&rules::MISSING_ARN_ACCOUNT, details, [here()]);
            }
            (Part::Never, false) if is_literal(account) => {
                let details = format!("The ARNs of {service} have no account. Remove it.");
                out.add(&rules::ARN_ACCOUNT_NOT_ALLOWED, details, [here()]);
            }
            _ => {}
        }
    }
    if is_literal(region) && cx.catalog.in_region(service, region) == Answer::No {
        let details = format!("The Region {region} is not valid for resources of {service}.");
        out.add(&rules::INVALID_ARN_REGION, details, [here()]);
    }
    if is_literal(rest) && cx.catalog.resource(service, rest) == Answer::No {
        let details = format!("The resource part {rest} has no form that {service} knows.");
        out.add(&rules::INVALID_ARN_RESOURCE, details, [here()]);
    }
}

/// An entry can be about a resource of this type: `*` cannot (`AA-49`); other wildcards are looked at only behind the service.
fn is_of(own: ResourceType, text: &str) -> bool {
    use ResourceType as R;
    let parts = arn_parts(text, true);
    let [_, _, service, region, account, rest] = parts.as_slice() else {
        // A trust policy has no resource at all, which is said otherwise; what is no ARN, too.
        return text.is_empty()
            || text.bytes().any(|byte| byte != b'*')
            || own == R::AssumeRolePolicyDocument;
    };
    let is_point = rest.starts_with("accesspoint/") || rest.starts_with("accesspoint:");
    match own {
        R::Bucket => *service == "s3" && !is_point && region.is_empty() && account.is_empty(),
        R::AccessPoint => *service == "s3" && (is_point || has_wildcard(rest)),
        R::MultiRegionAccessPoint => {
            *service == "s3" && region.is_empty() && (is_point || has_wildcard(rest))
        }
        R::ObjectLambdaAccessPoint => *service == "s3-object-lambda",
        R::Table => *service == "dynamodb" && (rest.starts_with("table/") || has_wildcard(rest)),
        R::AssumeRolePolicyDocument => true,
    }
}

#[cfg(test)]
mod tests {
    use super::is_region;

    /// `AA-50`: what could be a new region passes.
    #[test]
    fn regions() {
        for region in [
            "us-east-1",
            "us-west-2",
            "us-gov-west-1",
            "eu-middle-1",
            "eusc-de-east-1",
        ] {
            assert!(is_region(region), "{region}");
        }
        for region in [
            "us-east-9",
            "useast1",
            "us-east",
            "US-EAST-1",
            "us-east-01",
            "east-1",
        ] {
            assert!(!is_region(region), "{region}");
        }
    }
}

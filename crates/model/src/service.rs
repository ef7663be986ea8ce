//! Facts about services that decide requests.

/// Services whose resources resource control policies protect (`RCP-5`), by action prefix, sorted.
///
/// State of 2026-08; AWS adds services month by month.
pub const RCP_SERVICES: [&str; 62] = [
    "aoss",
    "appconfig",
    "appstream",
    "autoscaling",
    "autoscaling-plans",
    "budgets",
    "clouddirectory",
    "cloudfront",
    "cloudsearch",
    "cloudtrail-data",
    "codeartifact",
    "codebuild",
    "codecommit",
    "codepipeline",
    "cognito-identity",
    "cognito-idp",
    "comprehend",
    "comprehendmedical",
    "compute-optimizer",
    "cost-optimization-hub",
    "dax",
    "dsql",
    "dynamodb",
    "ecr",
    "ecr-public",
    "events",
    "firehose",
    "fis",
    "fms",
    "gamelift",
    "health",
    "inspector-scan",
    "kendra",
    "kinesisvideo",
    "kms",
    "logs",
    "memorydb",
    "networkmonitor",
    "notifications",
    "opensearch",
    "pca-connector-ad",
    "personalize",
    "polly",
    "pricing",
    "resource-groups",
    "rolesanywhere",
    "s3",
    "secretsmanager",
    "servicediscovery",
    "signin",
    "sqs",
    "sts",
    "support",
    "swf",
    "textract",
    "timestream-influxdb",
    "transcribe",
    "transfer",
    "translate",
    "wafv2",
    "workspaces",
    "xray",
];

/// True if resource control policies apply to actions with this prefix, in any ASCII case.
pub fn is_rcp_service(prefix: &str) -> bool {
    let lower = || prefix.bytes().map(|byte| byte.to_ascii_lowercase());
    RCP_SERVICES
        .binary_search_by(|service| service.bytes().cmp(lower()))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_are_found_in_their_order() {
        assert!(RCP_SERVICES.is_sorted());
        assert!(RCP_SERVICES.iter().all(|service| is_rcp_service(service)));
        assert!(is_rcp_service("S3") && is_rcp_service("ecr-PUBLIC"));
        assert!(!is_rcp_service("ec2") && !is_rcp_service("s") && !is_rcp_service("s3x"));
    }
}

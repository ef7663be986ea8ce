//! Which resources can have a policy of their own: advice that names one must be possible to follow.

use portcullis_model::{Request, split_arn};

/// Services whose resources have policies, and how the last part of the resource's ARN begins; empty if
/// all of the service's resources have one. As of September 2026; a service that is not here is not
/// advised to.
const SERVICES: &[(&str, &[&str])] = &[
    ("acm-pca", &["certificate-authority/"]),
    ("backup", &["backup-vault:"]),
    ("cloudtrail", &["channel/", "dashboard/", "eventdatastore/"]),
    ("codeartifact", &["domain/", "package/", "repository/"]),
    ("dynamodb", &["table/"]),
    ("ecr", &["repository/"]),
    ("ecr-public", &["repository/"]),
    ("elasticfilesystem", &["access-point/", "file-system/"]),
    ("es", &["domain/"]),
    ("events", &["event-bus/", "rule/"]),
    ("execute-api", &[]),
    ("glacier", &["vaults/"]),
    ("glue", &[]),
    ("kinesis", &["stream/"]),
    ("kms", &["key/"]),
    ("lambda", &["function:", "layer:"]),
    ("logs", &["destination:", "log-group:"]),
    ("mediastore", &["container/"]),
    ("s3", &[]),
    ("s3-object-lambda", &["accesspoint/"]),
    ("s3-outposts", &["outpost/"]),
    ("s3express", &["accesspoint/", "bucket/"]),
    ("s3tables", &["bucket/"]),
    ("secretsmanager", &["secret:"]),
    ("ses", &["identity/"]),
    ("sns", &[]),
    ("sqs", &[]),
    // The trust policy.
    ("sts", &["role/"]),
];

/// Actions that make the resource, which has no policy before that.
const MAKERS: &[&str] = &[
    "acm-pca:CreateCertificateAuthority",
    "backup:CreateBackupVault",
    "cloudtrail:CreateChannel",
    "cloudtrail:CreateEventDataStore",
    "codeartifact:CreateDomain",
    "dynamodb:CreateTable",
    "ecr-public:CreateRepository",
    "ecr:CreateRepository",
    "elasticfilesystem:CreateFileSystem",
    "es:CreateDomain",
    "es:CreateElasticsearchDomain",
    "events:CreateEventBus",
    "glacier:CreateVault",
    "kinesis:CreateStream",
    "kms:CreateKey",
    "lambda:CreateFunction",
    "mediastore:CreateContainer",
    "s3:CreateBucket",
    "s3express:CreateBucket",
    "s3tables:CreateTableBucket",
    "secretsmanager:CreateSecret",
    "sns:CreateTopic",
    "sqs:CreateQueue",
];

/// True if a policy of the resource could have a say in the request.
pub(crate) fn has_resource_policy(request: &Request<'_>) -> bool {
    let Some([_, _, _, region, _, rest]) = split_arn(request.resource) else {
        return false;
    };
    let (service, _) = request.action.split_once(':').unwrap_or_default();
    let is_maker = MAKERS
        .iter()
        .any(|own| own.eq_ignore_ascii_case(request.action));
    let mut services = SERVICES.iter();
    let found = services.find(|(own, _)| own.eq_ignore_ascii_case(service));
    let is_fit =
        |starts: &&[&str]| starts.is_empty() || starts.iter().any(|start| rest.starts_with(start));
    // Of S3's resources with a region only access points have one.
    let is_s3 = service.eq_ignore_ascii_case("s3");
    let is_regional = is_s3 && !region.is_empty() && !rest.starts_with("accesspoint/");
    !is_maker && !is_regional && found.is_some_and(|(_, starts)| is_fit(starts))
}

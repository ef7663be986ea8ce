//! The types of resources, as Access Analyzer names them (`AA-452`).

use portcullis_model::split_arn;

/// Types that Access Analyzer looks at and no dump of a directory tells of: their sharing is no policy (`AA-452`).
pub const NOT_COVERED: [&str; 3] = [
    "AWS::EC2::Snapshot",
    "AWS::RDS::DBSnapshot",
    "AWS::RDS::DBClusterSnapshot",
];

/// The type of a resource; none if it is one of which no name is known here.
pub fn resource_type(arn: &str) -> Option<&'static str> {
    let [_, _, service, _, _, last] = split_arn(arn)?;
    let starts = |start: &str| last.starts_with(start);
    Some(match service {
        "s3" if starts("accesspoint/") => "AWS::S3::AccessPoint",
        "s3" => "AWS::S3::Bucket",
        "s3express" if starts("bucket/") => "AWS::S3Express::DirectoryBucket",
        "s3express" => "AWS::S3Express::AccessPoint",
        "s3tables" => "AWS::S3Tables::TableBucket",
        "iam" if starts("role/") => "AWS::IAM::Role",
        "iam" if starts("user/") => "AWS::IAM::User",
        "kms" => "AWS::KMS::Key",
        "lambda" if starts("layer:") => "AWS::Lambda::LayerVersion",
        "lambda" => "AWS::Lambda::Function",
        "sqs" => "AWS::SQS::Queue",
        "secretsmanager" => "AWS::SecretsManager::Secret",
        "sns" => "AWS::SNS::Topic",
        "ecr" => "AWS::ECR::Repository",
        "elasticfilesystem" => "AWS::EFS::FileSystem",
        "dynamodb" if last.contains("/stream/") => "AWS::DynamoDB::Stream",
        "dynamodb" => "AWS::DynamoDB::Table",
        "kinesis" if last.contains("/consumer/") => "AWS::Kinesis::StreamConsumer",
        "kinesis" => "AWS::Kinesis::Stream",
        "es" => "AWS::OpenSearchService::Domain",
        "execute-api" => "AWS::ApiGateway::RestApi",
        "events" if starts("event-bus/") => "AWS::Events::EventBus",
        "backup" => "AWS::Backup::BackupVault",
        "glacier" => "AWS::S3::Glacier",
        "codeartifact" if starts("domain/") => "AWS::CodeArtifact::Domain",
        _ => return None,
    })
}

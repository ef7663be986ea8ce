//! Condition keys of services that are often misspelled (`COND-44`, `KEY-80` to `KEY-94` and the table after).
//!
//! The table is no catalogue: a key that is not in it is most likely one that is newer than it. So nothing
//! is said of a key unless it looks like one of these misspelled, and decisions never depend on it.

use portcullis_source::suggest::nearest_within;

/// For each service its keys without the prefix. Of those that end in `/` or `:` a name follows.
const SERVICES: [(&str, &[&str]); 16] = [
    (
        "autoscaling",
        &["InstanceTypes", "LaunchConfigurationName", "MaxSize"],
    ),
    (
        "cloudformation",
        &[
            "ChangeSetName",
            "CreateAction",
            "ImportResourceTypes",
            "ResourceTypes",
            "RoleArn",
            "StackPolicyUrl",
            "TemplateUrl",
        ],
    ),
    (
        "dynamodb",
        &[
            "Attributes",
            "EnclosingOperation",
            "FullTableScan",
            "LeadingKeys",
            "ReturnConsumedCapacity",
            "ReturnValues",
            "Select",
        ],
    ),
    (
        "ec2",
        &[
            "AssociatePublicIpAddress",
            "Attribute/",
            "AvailabilityZone",
            "CreateAction",
            "Encrypted",
            "ImageType",
            "InstanceProfile",
            "InstanceType",
            "IsLaunchTemplateResource",
            "LaunchTemplate",
            "MetadataHttpPutResponseHopLimit",
            "MetadataHttpTokens",
            "Owner",
            "Public",
            "Region",
            "ResourceTag/",
            "RootDeviceType",
            "SourceInstanceARN",
            "Subnet",
            "Tenancy",
            "VolumeIops",
            "VolumeSize",
            "VolumeType",
            "Vpc",
            "VpceServiceName",
        ],
    ),
    (
        "events",
        &["creatorAccount", "detail-type", "source", "TargetArn"],
    ),
    (
        "iam",
        &[
            "AssociatedResourceArn",
            "AWSServiceName",
            "FIDO-certification",
            "FIDO-FIPS-140-2-certification",
            "FIDO-FIPS-140-3-certification",
            "OrganizationsPolicyId",
            "PassedToService",
            "PermissionsBoundary",
            "PolicyARN",
            "RegisterSecurityKey",
            "ResourceTag/",
            "ServiceSpecificCredentialAgeDays",
            "ServiceSpecificCredentialServiceName",
        ],
    ),
    (
        "kms",
        &[
            "BypassPolicyLockoutSafetyCheck",
            "CallerAccount",
            "DataKeyPairSpec",
            "EncryptionAlgorithm",
            "EncryptionContext:",
            "EncryptionContextKeys",
            "ExpirationModel",
            "GrantConstraintType",
            "GranteePrincipal",
            "GrantIsForAWSResource",
            "GrantOperations",
            "KeyOrigin",
            "KeySpec",
            "KeyUsage",
            "MessageType",
            "MultiRegion",
            "RecipientAttestation:",
            "ReEncryptOnSameKey",
            "RequestAlias",
            "ResourceAliases",
            "RetiringPrincipal",
            "ScheduleKeyDeletionPendingWindowInDays",
            "SigningAlgorithm",
            "ValidTo",
            "ViaService",
            "WrappingAlgorithm",
        ],
    ),
    (
        "lambda",
        &[
            "CodeSigningConfigArn",
            "EventSourceToken",
            "FunctionArn",
            "FunctionUrlAuthType",
            "InvokedViaFunctionUrl",
            "Layer",
            "Principal",
            "SecurityGroupIds",
            "SubnetIds",
            "VpcIds",
        ],
    ),
    ("logs", &["LogGeneratingResourceArns"]),
    ("organizations", &["PolicyType", "ServicePrincipal"]),
    (
        "rds",
        &[
            "DatabaseClass",
            "DatabaseEngine",
            "db-tag/",
            "MultiAz",
            "req-tag/",
            "StorageEncrypted",
            "StorageSize",
            "Vpc",
        ],
    ),
    (
        "s3",
        &[
            "AccessPointNetworkOrigin",
            "authType",
            "BucketTag/",
            "DataAccessPointAccount",
            "DataAccessPointArn",
            "delimiter",
            "ExistingObjectTag/",
            "if-match",
            "if-none-match",
            "InventoryAccessibleOptionalFields",
            "LocationConstraint",
            "max-keys",
            "object-lock-legal-hold",
            "object-lock-mode",
            "object-lock-remaining-retention-days",
            "object-lock-retain-until-date",
            "prefix",
            "RequestObjectTag/",
            "RequestObjectTagKeys",
            "ResourceAccount",
            "signatureAge",
            "signatureversion",
            "TlsVersion",
            "VersionId",
            "x-amz-acl",
            "x-amz-content-sha256",
            "x-amz-copy-source",
            "x-amz-grant-full-control",
            "x-amz-grant-read",
            "x-amz-grant-read-acp",
            "x-amz-grant-write",
            "x-amz-grant-write-acp",
            "x-amz-metadata-directive",
            "x-amz-object-ownership",
            "x-amz-server-side-encryption",
            "x-amz-server-side-encryption-aws-kms-key-id",
            "x-amz-server-side-encryption-customer-algorithm",
            "x-amz-storage-class",
            "x-amz-website-redirect-location",
        ],
    ),
    (
        "secretsmanager",
        &[
            "BlockPublicPolicy",
            "ForceDeleteWithoutRecovery",
            "KmsKeyId",
            "Name",
            "RecoveryWindowInDays",
            "resource/AllowRotationLambdaArn",
            "ResourceTag/",
            "SecretId",
            "VersionStage",
        ],
    ),
    ("sns", &["Endpoint", "Protocol"]),
    (
        "ssm",
        &[
            "DocumentCategories",
            "Overwrite",
            "Recursive",
            "resourceTag/",
            "SessionDocumentAccessCheck",
        ],
    ),
    (
        "sts",
        &[
            "AWSServiceName",
            "DurationSeconds",
            "ExternalId",
            "RequestContext/",
            "RequestContextProviders",
            "RoleSessionName",
            "SourceIdentity",
            "TaskPolicyArn",
            "TransitiveTagKeys",
        ],
    ),
];

fn is_family(name: &str) -> bool {
    name.ends_with(['/', ':'])
}

fn is_known(names: &[&str], name: &str) -> bool {
    names.iter().any(|own| {
        let start = name.get(..own.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(own))
            && is_family(own) == (name.len() > own.len())
    })
}

/// A key split at its prefix, with the keys of its service.
fn split(key: &str) -> Option<(&'static str, &'static [&'static str], &str)> {
    let (service, name) = key.split_once(':')?;
    let (service, names) = SERVICES
        .iter()
        .find(|(own, _)| own.eq_ignore_ascii_case(service))?;
    Some((service, names, name))
}

/// True for a key of a service in the table that is none of the keys there.
pub(super) fn is_unknown(key: &str) -> bool {
    split(key).is_some_and(|(_, names, name)| !is_known(names, name))
}

/// What a key that is unknown is most likely meant to be. Few letters may differ: most keys that are not
/// in the table are right.
pub(super) fn meant(key: &str) -> Option<String> {
    let (service, names, name) = split(key)?;
    let within = |word: &str| if word.len() < 6 { 1 } else { 2 };
    let whole = names.iter().copied().filter(|own| !is_family(own));
    if let Some(own) = nearest_within(name, within(name), whole) {
        return Some(format!("{service}:{own}"));
    }
    let (family, tag) = name.split_at(name.find(['/', ':'])? + 1);
    if tag.is_empty() {
        return None;
    }
    let families = names.iter().copied().filter(|own| is_family(own));
    let own = nearest_within(family, within(family), families)?;
    Some(format!("{service}:{own}{tag}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_known() {
        for (service, names) in SERVICES {
            for name in names {
                let rest = if is_family(name) { "team" } else { "" };
                let key = format!("{service}:{name}{rest}");
                assert!(!is_unknown(&key), "{key}");
                assert!(!is_unknown(&key.to_uppercase()), "{key}");
            }
        }
    }

    #[test]
    fn keys_are_guessed() {
        for (key, expected) in [
            ("s3:prefx", Some("s3:prefix")),
            ("S3:Prefixes", Some("s3:prefix")),
            ("kms:ViaServce", Some("kms:ViaService")),
            ("ec2:InstnceType", Some("ec2:InstanceType")),
            ("ec2:RessourceTag/team", Some("ec2:ResourceTag/team")),
            (
                "kms:EncryptionContex:aws:s3:arn",
                Some("kms:EncryptionContext:aws:s3:arn"),
            ),
            ("sts:ExternalID", None),
            ("s3:NewKeyOfTomorrow", None),
            ("ec2:Vpc", None),
            ("glue:RoleAssumedby", None),
            ("s3", None),
            ("s3:", None),
            ("kms:é/é", None),
            (":", None),
        ] {
            let found = is_unknown(key).then(|| meant(key)).flatten();
            assert_eq!(found.as_deref(), expected, "{key}");
        }
    }
}

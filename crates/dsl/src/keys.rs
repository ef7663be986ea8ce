//! Condition keys that are known without a catalogue (`KEY-10` to `KEY-75`).

/// Keys that have at most one value in every request.
const SINGLE: [&str; 60] = [
    "aws:AssumedRoot",
    "aws:CalledViaFirst",
    "aws:CalledViaLast",
    "aws:CurrentTime",
    "aws:Ec2InstanceSourcePrivateIPv4",
    "aws:Ec2InstanceSourceVpc",
    "aws:EpochTime",
    "aws:FederatedProvider",
    "aws:MultiFactorAuthAge",
    "aws:MultiFactorAuthPresent",
    "aws:PrincipalAccount",
    "aws:PrincipalArn",
    "aws:PrincipalIsAWSService",
    "aws:PrincipalOrgID",
    "aws:PrincipalServiceName",
    "aws:PrincipalType",
    "aws:Referer",
    "aws:RequestedRegion",
    "aws:ResourceAccount",
    "aws:ResourceOrgID",
    "aws:SecureTransport",
    "aws:SourceAccount",
    "aws:SourceArn",
    "aws:SourceIdentity",
    "aws:SourceIp",
    "aws:SourceOrgID",
    "aws:SourceVpc",
    "aws:SourceVpcArn",
    "aws:SourceVpce",
    "aws:TokenIssueTime",
    "aws:UserAgent",
    "aws:ViaAWSService",
    "aws:VpcSourceIp",
    "aws:VpceAccount",
    "aws:VpceOrgID",
    "aws:userid",
    "aws:username",
    "iam:AWSServiceName",
    "iam:AssociatedResourceArn",
    "iam:PassedToService",
    "iam:PermissionsBoundary",
    "iam:PolicyARN",
    "kms:CallerAccount",
    "kms:ViaService",
    "s3:ResourceAccount",
    "s3:TlsVersion",
    "s3:VersionId",
    "s3:authType",
    "s3:delimiter",
    "s3:max-keys",
    "s3:prefix",
    "s3:signatureAge",
    "s3:signatureversion",
    "s3:x-amz-acl",
    "s3:x-amz-copy-source",
    "s3:x-amz-server-side-encryption",
    "s3:x-amz-server-side-encryption-aws-kms-key-id",
    "s3:x-amz-storage-class",
    "sts:ExternalId",
    "sts:RoleSessionName",
];

/// Families of keys that AWS documents as single-valued: the name of a tag follows.
const TAGS: [&str; 7] = [
    "aws:PrincipalTag/",
    "aws:RequestTag/",
    "aws:ResourceTag/",
    "ec2:ResourceTag/",
    "iam:ResourceTag/",
    "s3:ExistingObjectTag/",
    "s3:RequestObjectTag/",
];

/// True if AWS documents the key as single-valued. Two tags whose names differ in letter case alone are one key with two
/// values all the same (`COND-41`): there, neither a test nor its opposite holds.
pub(crate) fn is_single_valued(key: &str) -> bool {
    let begins = |start: &str| {
        key.get(..start.len())
            .is_some_and(|own| own.eq_ignore_ascii_case(start))
    };
    SINGLE.iter().any(|single| single.eq_ignore_ascii_case(key)) || TAGS.iter().copied().any(begins)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_that_aws_documents_as_single_valued() {
        for key in [
            "aws:ResourceTag/Team",
            "AWS:requesttag/team",
            "iam:PassedToService",
            "kms:ViaService",
            "s3:prefix",
        ] {
            assert!(is_single_valued(key), "{key}");
        }
        for key in [
            "aws:TagKeys",
            "aws:CalledVia",
            "aws:PrincipalOrgPaths",
            "x:y",
        ] {
            assert!(!is_single_valued(key), "{key}");
        }
    }
}

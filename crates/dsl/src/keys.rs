//! Condition keys that are known without a catalogue (`KEY-10` to `KEY-75`).

/// Keys that have at most one value in every request.
const SINGLE: [&str; 38] = [
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
    "sts:ExternalId",
];

/// True if no request has two values for the key. Tags of resources and requests are not among
/// them, because two of them can differ in letter case (`COND-41`).
pub(crate) fn is_single_valued(key: &str) -> bool {
    let tag = "aws:PrincipalTag/";
    SINGLE.iter().any(|single| single.eq_ignore_ascii_case(key))
        || key
            .get(..tag.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(tag))
}

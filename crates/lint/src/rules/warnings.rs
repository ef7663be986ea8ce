//! Warnings.

use super::{Document, Evidence, Level, Rule, rules, targets, waits};

rules! { Warning;
    CREATE_SLR_WITH_NOT_RESOURCE "AA-250" Documentation IDENTITY
        "`iam:CreateServiceLinkedRole` is allowed with `NotResource`."
        "Roles of any other service can be made."
        "Name the roles in `Resource`."
        Allow(r#""Action": "iam:CreateServiceLinkedRole", "NotResource": "arn:aws:iam::*:role/aws-service-role/a/*""#)
        Allow(r#""Action": "iam:CreateServiceLinkedRole", "Resource": "arn:aws:iam::*:role/aws-service-role/a/*""#);
    CREATE_SLR_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE "AA-250" Documentation IDENTITY
        "A wildcard that covers `iam:CreateServiceLinkedRole` is allowed with `NotResource`."
        "Roles of any other service can be made."
        "Name the actions, and the roles in `Resource`."
        Allow(r#""Action": "iam:CreateService*", "NotResource": "arn:aws:iam::*:role/aws-service-role/a/*""#)
        Allow(r#""Action": "iam:Get*", "NotResource": "arn:aws:iam::*:role/aws-service-role/a/*""#);
    CREATE_SLR_WITH_NOT_ACTION_AND_NOT_RESOURCE "AA-250" Documentation IDENTITY
        "`NotAction` that leaves `iam:CreateServiceLinkedRole` in is allowed with `NotResource`."
        "Roles of any other service can be made."
        "Name the actions, and the roles in `Resource`."
        Allow(r#""NotAction": "s3:GetObject", "NotResource": "arn:aws:iam::*:role/aws-service-role/a/*""#)
        Allow(r#""NotAction": "iam:*", "NotResource": "arn:aws:iam::*:role/aws-service-role/a/*""#);
    CREATE_SLR_WITH_STAR_IN_RESOURCE "AA-36" Results IDENTITY
        "`iam:CreateServiceLinkedRole` is allowed for all resources."
        "Roles of services that nobody meant can be made."
        "Name the roles, or test `iam:AWSServiceName`."
        Allow(r#""Action": "iam:CreateServiceLinkedRole", "Resource": "*""#)
        Allow(r#""Action": "iam:CreateServiceLinkedRole", "Resource": "*", "Condition": {"StringEquals": {"iam:AWSServiceName": "a.amazonaws.com"}}"#);
    CREATE_SLR_WITH_STAR_IN_ACTION_AND_RESOURCE "AA-37" Results IDENTITY
        "A wildcard that covers `iam:CreateServiceLinkedRole` is allowed for all resources."
        "Roles of services that nobody meant can be made."
        "Name the actions and the roles."
        Allow(r#""Action": "iam:CreateService*", "Resource": "*""#)
        Allow(r#""Action": "iam:Get*", "Resource": "*""#);
    CREATE_SLR_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION "AA-250" Documentation IDENTITY
        "`NotAction` that leaves `iam:CreateServiceLinkedRole` in is allowed for all resources."
        "Roles of services that nobody meant can be made."
        "Name the actions, or leave it out by `NotAction`."
        Allow(r#""NotAction": "s3:GetObject", "Resource": "*""#)
        Allow(r#""NotAction": "iam:*", "Resource": "*""#);
    DEPRECATED_GLOBAL_CONDITION_KEY "AA-251" Documentation IDENTITY
        "A global condition key is an old one."
        "It may be absent one day, and other pages do not explain it."
        "Use `aws:userid` for `aws:PrincipalId`, `aws:PrincipalType` for `aws:Type`."
        Condition(r#""StringEquals": {"aws:PrincipalId": "AIDAEXAMPLE"}"#)
        Condition(r#""StringEquals": {"aws:userid": "AIDAEXAMPLE"}"#);
    INVALID_DATE_VALUE "AA-252" Documentation IDENTITY
        "A date is written as a number of seconds, or otherwise than ISO 8601 has it."
        "It is read, but nobody sees which day it is."
        "Write it like `2026-01-31T12:00:00Z`."
        Condition(r#""DateLessThan": {"aws:CurrentTime": "1767225600"}"#)
        Condition(r#""DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}"#);
    INVALID_ROLE_REFERENCE "AA-253" Documentation RESOURCE
        "A principal is the unique id of a role."
        "AWS writes it where the role that was named is deleted; a new role of the name does not match."
        "Name the role by its ARN again."
        Allow(r#""Principal": {"AWS": "AROAEXAMPLEROLE"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_USER_REFERENCE "AA-253" Documentation RESOURCE
        "A principal is the unique id of a user."
        "AWS writes it where the user that was named is deleted; a new user of the name does not match."
        "Name the user by its ARN again."
        Allow(r#""Principal": {"AWS": "AIDAEXAMPLEUSER"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::111122223333:user/ann"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    MISSING_VERSION "AA-254" Documentation IDENTITY
        "The document has no `Version`."
        "It counts as one of 2008, where variables are plain text."
        "Write `\"Version\": \"2012-10-17\"`."
        Whole(r#"{"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    UNIQUE_SIDS_RECOMMENDED "AA-255" Documentation RESOURCE
        "Two statements have one `Sid`."
        "Nobody can tell which of them is meant."
        "Give each statement a `Sid` of its own."
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, {"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}]}"#)
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}, {"Sid": "b", "Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::b/*"}]}"#);
    WILDCARD_WITHOUT_LIKE_OPERATOR "AA-256" Results IDENTITY
        "A value has a wildcard under an operator that takes it for a plain character."
        "The value matches only what has that character in it."
        "Use an operator with `Like`, or write `${*}` if the character is meant."
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": "a*"}"#)
        Condition(r#""StringLike": {"aws:PrincipalTag/team": "a*"}"#);
    POLICY_SIZE_EXCEEDS_IDENTITY_POLICY_QUOTA "AA-33" Results IDENTITY
        "An identity policy has more characters than any may have."
        "AWS refuses to store it: managed policies may have 6,144, inline policies of a role 10,240."
        "Divide it, or use wildcards."
        OfLength(10240) OfLength(10);
    POLICY_SIZE_EXCEEDS_RESOURCE_POLICY_QUOTA "AA-257" Documentation RESOURCE
        "A resource policy has more characters than it may have."
        "AWS refuses to store it. The quota depends on the service; this is the largest, 32,768, but 20,480 for buckets and tables."
        "Divide it, or use wildcards."
        OfLength(32768) OfLength(10);
    POLICY_SIZE_EXCEEDS_ROLE_TRUST_POLICY_QUOTA "AA-257" Documentation TRUST
        "A trust policy has more than 2,048 characters."
        "AWS refuses to store it, unless the quota was raised."
        "Test a condition instead of listing principals, or have the quota raised to 4,096."
        OfLength(2048) OfLength(10);
    TYPE_MISMATCH "AA-45" Results IDENTITY
        "An operator is for another type than that of the key."
        "It compares something else than is meant, or nothing."
        "Use an operator for the key's type."
        Condition(r#""StringEquals": {"aws:SecureTransport": "true"}"#)
        Condition(r#""Bool": {"aws:SecureTransport": "true"}"#)
        waits "only types of the keys of the rules' section 4 are known";
    TYPE_MISMATCH_BOOLEAN "AA-258" Documentation IDENTITY
        "A value under `Bool` or `Null` is neither `true` nor `false`."
        "It compares to nothing."
        "Write `true` or `false`."
        Condition(r#""Bool": {"aws:SecureTransport": "yes"}"#)
        Condition(r#""Bool": {"aws:SecureTransport": "true"}"#);
    TYPE_MISMATCH_DATE "AA-258" Documentation IDENTITY
        "A value under a date operator is no date."
        "It compares to nothing."
        "Write it like `2026-01-31T12:00:00Z`."
        Condition(r#""DateLessThan": {"aws:CurrentTime": "tomorrow"}"#)
        Condition(r#""DateLessThan": {"aws:CurrentTime": "2026-01-01T00:00:00Z"}"#);
    TYPE_MISMATCH_NUMBER "AA-258" Documentation IDENTITY
        "A value under a numeric operator is no number."
        "It compares to nothing."
        "Write digits."
        Condition(r#""NumericLessThan": {"aws:MultiFactorAuthAge": "one hour"}"#)
        Condition(r#""NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}"#);
    TYPE_MISMATCH_STRING "AA-258" Documentation IDENTITY
        "A value under `BinaryEquals` is not base64."
        "It compares to nothing."
        "Write the bytes in base64."
        Condition(r#""BinaryEquals": {"aws:PrincipalTag/key": "not base64"}"#)
        Condition(r#""BinaryEquals": {"aws:PrincipalTag/key": "QmluYXJ5"}"#);
    SPECIFIC_GITHUB_REPO_AND_BRANCH_RECOMMENDED "AA-259" Documentation TRUST
        "GitHub is trusted for more than one repository or branch."
        "Whoever can push to any of them can assume the role."
        "Name the repository and the branch."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/*"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main"}}"#);
    RCP_MISSING_RELATED_PRINCIPAL_CONDITION_KEY "AA-260" Documentation RCP
        "A resource control policy denies strangers by their organization, services of AWS among them."
        "Services that call by themselves have no organization, and are denied."
        "Test that `aws:PrincipalIsAWSService` is `false` as well."
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}"#);
    RCP_MISSING_RELATED_SERVICE_PRINCIPAL_CONDITION_KEY "AA-260" Documentation RCP
        "A resource control policy denies by the source of a service's call, other callers among them."
        "Callers that are no services have no source, and are denied."
        "Test that `aws:PrincipalIsAWSService` is `true` as well."
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:SourceAccount": "false"}}"#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:SourceAccount": "false"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}"#);
    RCP_MISSING_SERVICE_CONDITION_KEY_NULL_CHECK "AA-260" Documentation RCP
        "A resource control policy denies by the source of a service's call, also where there is none."
        "Services that call without a source are denied."
        "Test that `aws:SourceAccount` or `aws:SourceArn` is there, by `Null`."
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}"#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEqualsIfExists": {"aws:SourceOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:SourceAccount": "false"}, "Bool": {"aws:PrincipalIsAWSService": "true"}}"#);
    USE_CONDITION_KEY_ONLY_WITH_SUPPORTED_SERVICES "AA-261" Documentation IDENTITY
        "A key that some services have is tested for all."
        "Requests to other services have not the key, and the condition does not hold for them."
        "Name actions of services that have the key."
        Statement(r#""Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:VpceAccount": "111122223333"}}"#)
        Statement(r#""Effect": "Deny", "Action": "s3:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:VpceAccount": "111122223333"}}"#)
        waits "only actions that name no service are found, because the list of services with these keys (`KEY-43`) is not complete";
}

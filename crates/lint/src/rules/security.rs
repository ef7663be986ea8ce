//! Security warnings.

use super::{Document, Evidence, Level, Rule, rules, targets, waits};

rules! { SecurityWarning;
    ALLOW_WITH_NOT_PRINCIPAL "AA-200" Documentation RESOURCE
        "`NotPrincipal` stands with `Allow`."
        "Everyone but those named is allowed, anonymous callers included."
        "Name those who are meant in `Principal`."
        Allow(r#""NotPrincipal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    FORALLVALUES_WITH_SINGLE_VALUED_KEY "AA-201" Results IDENTITY
        "`ForAllValues` stands with a key of one value, in an Allow."
        "It holds also if the key is absent."
        "Leave `ForAllValues:` out."
        Condition(r#""ForAllValues:StringEquals": {"aws:PrincipalAccount": "111122223333"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalAccount": "111122223333"}"#)
        waits "only keys of the rules' section 4 are known to have one value";
    PASS_ROLE_WITH_NOT_RESOURCE "AA-202" Documentation IDENTITY
        "`iam:PassRole` is allowed with `NotResource`."
        "Every other role can be passed to any service."
        "Name the roles in `Resource`, and test `iam:PassedToService`."
        Allow(r#""Action": "iam:PassRole", "NotResource": "arn:aws:iam::111122223333:role/admin""#)
        Allow(r#""Action": "iam:PassRole", "Resource": "arn:aws:iam::111122223333:role/app""#);
    PASS_ROLE_WITH_STAR_IN_ACTION_AND_NOT_RESOURCE "AA-202" Documentation IDENTITY
        "A wildcard that covers `iam:PassRole` is allowed with `NotResource`."
        "Every other role can be passed to any service."
        "Name the actions, and the roles in `Resource`."
        Allow(r#""Action": "iam:Pass*", "NotResource": "arn:aws:iam::111122223333:role/admin""#)
        Allow(r#""Action": "iam:GetRole", "NotResource": "arn:aws:iam::111122223333:role/admin""#);
    PASS_ROLE_WITH_NOT_ACTION_AND_NOT_RESOURCE "AA-202" Documentation IDENTITY
        "`NotAction` that leaves `iam:PassRole` in is allowed with `NotResource`."
        "Every other role can be passed to any service."
        "Name the actions, and the roles in `Resource`."
        Allow(r#""NotAction": "s3:GetObject", "NotResource": "arn:aws:iam::111122223333:role/admin""#)
        Allow(r#""NotAction": "iam:*", "NotResource": "arn:aws:iam::111122223333:role/admin""#);
    PASS_ROLE_WITH_STAR_IN_RESOURCE "AA-34" Results IDENTITY
        "`iam:PassRole` is allowed for all roles."
        "Whoever may start a service can give it any role."
        "Name the roles, or test `iam:PassedToService`."
        Allow(r#""Action": "iam:PassRole", "Resource": "*""#)
        Allow(r#""Action": "iam:PassRole", "Resource": "*", "Condition": {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}"#);
    PASS_ROLE_WITH_STAR_IN_ACTION_AND_RESOURCE "AA-35" Results IDENTITY
        "A wildcard that covers `iam:PassRole` is allowed for all resources."
        "Whoever may start a service can give it any role."
        "Name the actions and the roles, or test `iam:PassedToService`."
        Allow(r#""Action": "iam:Pass*", "Resource": "*""#)
        Allow(r#""Action": "iam:Get*", "Resource": "*""#);
    PASS_ROLE_WITH_STAR_IN_RESOURCE_AND_NOT_ACTION "AA-202" Documentation IDENTITY
        "`NotAction` that leaves `iam:PassRole` in is allowed for all resources."
        "Whoever may start a service can give it any role."
        "Name the actions, or leave `iam:PassRole` out by `NotAction`."
        Allow(r#""NotAction": "s3:GetObject", "Resource": "*""#)
        Allow(r#""NotAction": "iam:*", "Resource": "*""#);
    MISSING_PAIRED_CONDITION_KEYS "AA-203" Documentation IDENTITY
        "A key is tested without another one, and is only safe with it."
        "Private addresses are the same in many networks: `aws:VpcSourceIp` says nothing without the network."
        "Test `aws:SourceVpc` as well."
        Condition(r#""IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}"#)
        Condition(r#""IpAddress": {"aws:VpcSourceIp": "10.1.0.0/16"}, "StringEquals": {"aws:SourceVpc": "vpc-0123abcd"}"#);
    DENY_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE "AA-204" Documentation IDENTITY
        "A Deny tests a tag, and some of its actions know no tags."
        "Those actions are not denied."
        "Deny them without the condition."
        Statement(r#""Effect": "Deny", "Action": ["sample:Get", "untagged:Get"], "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#)
        Statement(r#""Effect": "Deny", "Action": ["sample:Get"], "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#)
        waits "nothing of it is found";
    DENY_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE "AA-204" Documentation IDENTITY
        "A Deny with `NotAction` tests a tag."
        "Actions that know no tags are not denied."
        "Name the actions that know the tag in `Action`."
        Statement(r#""Effect": "Deny", "NotAction": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#)
        Statement(r#""Effect": "Deny", "Action": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#);
    RESTRICT_ACCESS_TO_SERVICE_PRINCIPAL "AA-205" Documentation RESOURCE
        "A service is allowed, whoever it works for."
        "Strangers can have the service act on the resource for them."
        "Test `aws:SourceArn`, `aws:SourceAccount`, `aws:SourceOrgID` or `aws:SourceOrgPaths`."
        Allow(r#""Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:q""#)
        Allow(r#""Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:q", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}"#);
    MISSING_CONDITION_KEY_FOR_OIDC_PRINCIPAL "AA-206" Documentation TRUST
        "A provider that many share is trusted, and no claim of it is tested."
        "Any customer of the provider can assume the role."
        "Test the claim that names your own users, such as `sub` or `aud`."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/app.terraform.io"}, "Action": "sts:AssumeRoleWithWebIdentity""#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/app.terraform.io"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"app.terraform.io:sub": "organization:acme:project:a:workspace:b:run_phase:apply"}}"#);
    MISSING_GITHUB_REPO_CONDITION_KEY "AA-207" Documentation TRUST
        "GitHub is trusted, and the repository is not tested."
        "Any repository on GitHub can assume the role."
        "Test `token.actions.githubusercontent.com:sub` for your repository."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:aud": "sts.amazonaws.com"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:acme/app:ref:refs/heads/main"}}"#);
    STRING_LIKE_OPERATOR_WITH_ARN_CONDITION_KEYS "AA-46" Results IDENTITY
        "`StringLike` is used with a key that is an ARN."
        "Its wildcards reach over colons, into other parts of the ARN."
        "Use `ArnLike`, which compares part by part."
        Condition(r#""StringLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:t"}"#)
        Condition(r#""ArnLike": {"aws:SourceArn": "arn:aws:sns:*:111122223333:t"}"#)
        waits "only keys of the rules' section 4 and of `AA-46` are known to be ARNs";
    DYNAMODB_ATTRIBUTES_WITHOUT_SELECT "AA-209" Documentation IDENTITY
        "`dynamodb:Attributes` is tested without `dynamodb:Select`."
        "A request that names no attributes gets all of them."
        "Test that `dynamodb:Select` is `SPECIFIC_ATTRIBUTES` as well."
        Allow(r#""Action": "dynamodb:Query", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": "name"}}"#)
        Allow(r#""Action": "dynamodb:Query", "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:Attributes": "name"}, "StringEquals": {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}}"#);
    FORANYVALUE_WITH_AUDIENCE_CLAIM_TYPE "AA-210" Documentation TRUST
        "The audience of a token is tested with `ForAnyValue`."
        "A token for others as well is accepted."
        "Leave `ForAnyValue:` out."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"ForAnyValue:StringEquals": {"login.example.com:aud": "app"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"login.example.com:aud": "app"}}"#);
    UNTRUSTWORTHY_CONDITION_KEY "AA-211" Documentation IDENTITY
        "An Allow rests on a key that the client can set."
        "Whoever knows the value can send it."
        "Test something that the client cannot choose."
        Condition(r#""StringEquals": {"aws:UserAgent": "my app"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalTag/app": "mine"}"#);
    S3_PREFIX_IN_NEGATIVE_CONTEXT "AA-220" Documentation IDENTITY
        "`s3:prefix` is tested positively in a Deny, or negatively in an Allow."
        "A request can name a shorter prefix, and lists what should be left out."
        "Allow with `StringLike` what may be listed, or deny with `StringNotLike` all else."
        Statement(r#""Effect": "Deny", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": "secret/*"}}"#)
        Statement(r#""Effect": "Deny", "Action": "s3:ListBucket", "Resource": "*", "Condition": {"StringNotLike": {"s3:prefix": "public/*"}}"#);
}

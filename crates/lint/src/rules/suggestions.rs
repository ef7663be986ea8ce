//! Suggestions.

use super::{Document, Evidence, Level, Rule, rules, targets, waits};

rules! { Suggestion;
    EMPTY_ARRAY_ACTION "AA-300" Documentation IDENTITY
        "A list of actions is empty."
        "An empty `Action` matches nothing, an empty `NotAction` everything."
        "Name actions, or leave the statement out."
        Allow(r#""Action": [], "Resource": "*""#)
        Allow(r#""Action": ["s3:GetObject"], "Resource": "*""#);
    EMPTY_ARRAY_CONDITION "AA-300" Documentation IDENTITY
        "A condition has an empty list of values."
        "It holds for no request, or for all if it is negated."
        "Name values, or leave the condition out."
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": []}"#)
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": ["a"]}"#);
    EMPTY_ARRAY_CONDITION_FORALLVALUES "AA-300" Documentation IDENTITY
        "A condition with `ForAllValues` has an empty list of values."
        "It holds only for requests without values."
        "Name values, or test with `Null`."
        Condition(r#""ForAllValues:StringEquals": {"aws:TagKeys": []}"#)
        Condition(r#""ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}"#);
    EMPTY_ARRAY_CONDITION_FORANYVALUE "AA-300" Documentation IDENTITY
        "A condition with `ForAnyValue` has an empty list of values."
        "It holds for no request."
        "Name values, or leave the statement out."
        Condition(r#""ForAnyValue:StringEquals": {"aws:TagKeys": []}"#)
        Condition(r#""ForAnyValue:StringEquals": {"aws:TagKeys": ["team"]}"#);
    EMPTY_ARRAY_CONDITION_IFEXISTS "AA-300" Documentation IDENTITY
        "A condition with `IfExists` has an empty list of values."
        "It holds only for requests without the key."
        "Name values, or test with `Null`."
        Condition(r#""StringEqualsIfExists": {"aws:PrincipalTag/team": []}"#)
        Condition(r#""StringEqualsIfExists": {"aws:PrincipalTag/team": ["a"]}"#);
    EMPTY_ARRAY_PRINCIPAL "AA-300" Documentation RESOURCE
        "A list of principals is empty."
        "It names no one."
        "Name principals, or leave the statement out."
        Allow(r#""Principal": {"AWS": []}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": ["111122223333"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    EMPTY_ARRAY_RESOURCE "AA-300" Results IDENTITY
        "A list of resources is empty."
        "An empty `Resource` matches nothing, an empty `NotResource` everything."
        "Name resources, or leave the statement out."
        Allow(r#""Action": "s3:GetObject", "Resource": []"#)
        Allow(r#""Action": "s3:GetObject", "Resource": ["*"]"#);
    EMPTY_OBJECT_CONDITION "AA-300" Documentation IDENTITY
        "A condition is empty."
        "It sets no condition."
        "Write the condition, or leave the element out."
        Allow(r#""Action": "s3:GetObject", "Resource": "*", "Condition": {}"#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    EMPTY_OBJECT_PRINCIPAL "AA-300" Documentation RESOURCE
        "`Principal` is an empty object."
        "It names no one."
        "Name principals, or leave the statement out."
        Allow(r#""Principal": {}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    EMPTY_SID_VALUE "AA-300" Documentation IDENTITY
        "A `Sid` is empty."
        "It says nothing."
        "Write a name, or leave the element out."
        Allow(r#""Sid": "", "Action": "s3:GetObject", "Resource": "*""#)
        Allow(r#""Sid": "Read", "Action": "s3:GetObject", "Resource": "*""#);
    EQUIVALENT_TO_NULL_FALSE "AA-32" Results IDENTITY
        "A condition holds exactly if its key is present."
        "`Null` says that, and nobody takes it for a test of the value."
        "Write `\"Null\": {\"key\": \"false\"}`."
        Condition(r#""StringLike": {"aws:PrincipalTag/team": "*"}"#)
        Condition(r#""Null": {"aws:PrincipalTag/team": "false"}"#);
    EQUIVALENT_TO_NULL_TRUE "AA-301" Documentation IDENTITY
        "A condition holds exactly if its key is absent."
        "`Null` says that, and nobody takes it for a test of the value."
        "Write `\"Null\": {\"key\": \"true\"}`."
        Condition(r#""StringNotLike": {"aws:PrincipalTag/team": "*"}"#)
        Condition(r#""Null": {"aws:PrincipalTag/team": "true"}"#);
    IMPROVE_IP_RANGE "AA-302" Documentation IDENTITY
        "A block of addresses has bits behind its prefix."
        "They are ignored: the block is larger than it looks."
        "Write the first address of the block, or a longer prefix."
        Condition(r#""IpAddress": {"aws:SourceIp": "203.0.113.9/24"}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#);
    NULL_WITH_QUALIFIER "AA-303" Documentation IDENTITY
        "`Null` stands with `ForAllValues` or `ForAnyValue`."
        "It asks for the presence of a key, not for its values."
        "Leave the qualifier out."
        Condition(r#""ForAllValues:Null": {"aws:TagKeys": "true"}"#)
        Condition(r#""Null": {"aws:TagKeys": "true"}"#);
    PRIVATE_IP_ADDRESS_SUBSET "AA-304" Documentation IDENTITY
        "`aws:SourceIp` is compared with private addresses among others."
        "It is a public address, and absent behind a VPC endpoint: those values match nothing."
        "Leave them out, or test `aws:VpcSourceIp` with `aws:SourceVpc`."
        Condition(r#""IpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}"#);
    PRIVATE_NOT_IP_ADDRESS_SUBSET "AA-304" Documentation IDENTITY
        "`aws:SourceIp` is held apart from private addresses among others."
        "It is a public address, and absent behind a VPC endpoint: those values except nothing."
        "Leave them out, or test `aws:VpcSourceIp` with `aws:SourceVpc`."
        Condition(r#""NotIpAddress": {"aws:SourceIp": ["10.0.0.0/8", "203.0.113.0/24"]}"#)
        Condition(r#""NotIpAddress": {"aws:SourceIp": ["203.0.113.0/24"]}"#);
    REDUNDANT_ACTION "AA-30" Results IDENTITY
        "An action of a list is covered by another one."
        "It says nothing more, and makes the policy longer."
        "Leave the narrower one out."
        Allow(r#""Action": ["s3:Get*", "s3:GetObject"], "Resource": "*""#)
        Allow(r#""Action": ["s3:Get*", "s3:PutObject"], "Resource": "*""#);
    REDUNDANT_RESOURCE "AA-31" Results IDENTITY
        "A resource of a list is covered by another one."
        "It says nothing more, and makes the policy longer."
        "Leave the narrower one out, or narrow the wider one."
        Allow(r#""Action": "s3:GetObject", "Resource": ["arn:aws:s3:::b*", "arn:aws:s3:::bucket/*"]"#)
        Allow(r#""Action": "s3:GetObject", "Resource": ["arn:aws:s3:::a/*", "arn:aws:s3:::bucket/*"]"#);
    REDUNDANT_CONDITION_VALUE_NUM "AA-305" Documentation IDENTITY
        "A numeric comparison has several values."
        "One of them decides; the others say nothing."
        "Write the one that decides."
        Condition(r#""NumericLessThan": {"aws:MultiFactorAuthAge": ["300", "3600"]}"#)
        Condition(r#""NumericLessThan": {"aws:MultiFactorAuthAge": "3600"}"#);
    REDUNDANT_STATEMENT "AA-305" Documentation IDENTITY
        "Two statements say the same."
        "One of them says nothing more, and makes the policy longer."
        "Leave one of them out."
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, {"Sid": "b", "Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}"#)
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, {"Sid": "b", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}"#);
    WILDCARD_IN_SERVICE_NAME "AA-306" Documentation IDENTITY
        "The prefix of an action has a wildcard."
        "It takes in services that nobody thinks of, and new ones."
        "Write the prefix of one service."
        Allow(r#""Action": "s*:GetObject", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    ALLOW_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE "AA-47" Results IDENTITY
        "An Allow tests a tag, and some of its actions know no tags."
        "Those actions are not allowed by the statement."
        "Move them to a statement without the condition."
        Allow(r#""Action": ["sample:Get", "untagged:Get"], "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#)
        Allow(r#""Action": ["sample:Get"], "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#)
        waits "nothing of it is found";
    ALLOW_NOTACTION_WITH_UNSUPPORTED_TAG_CONDITION_KEY_FOR_SERVICE "AA-307" Documentation IDENTITY
        "An Allow with `NotAction` tests a tag."
        "Actions that know no tags are not allowed by the statement."
        "Name the actions that know the tag in `Action`."
        Allow(r#""NotAction": "iam:*", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#)
        Allow(r#""Action": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceTag/team": "a"}}"#);
    RECOMMENDED_CONDITION_KEY_FOR_SERVICE_PRINCIPAL "AA-308" Documentation RESOURCE
        "A statement for a service tests a key, and another one is made for it."
        "Services do not send `aws:Referer` for those they work for."
        "Test `aws:SourceArn` or `aws:SourceAccount`."
        Allow(r#""Principal": {"Service": "ses.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:Referer": "111122223333"}}"#)
        Allow(r#""Principal": {"Service": "ses.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}"#);
    IRRELEVANT_CONDITION_KEY_IN_POLICY "AA-309" Documentation BUCKET
        "The policy of a resource tests a key that says what the resource is."
        "It has one value there, so that the condition always or never holds."
        "Leave the condition out."
        Condition(r#""StringEquals": {"s3:ResourceAccount": "111122223333"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}"#);
    REDUNDANT_KEY_DUE_TO_WILDCARD_IN_CONDITION "AA-310" Documentation IDENTITY
        "A condition always holds."
        "It sets no condition."
        "Leave it out, or write the values that are meant."
        Condition(r#""StringLikeIfExists": {"aws:PrincipalTag/team": "*"}"#)
        Condition(r#""StringLikeIfExists": {"aws:PrincipalTag/team": "a*"}"#);
    REDUNDANT_STATEMENT_DUE_TO_WILDCARD_IN_CONDITION "AA-310" Documentation IDENTITY
        "A condition never holds."
        "The statement does nothing."
        "Write the values that are meant, or leave the statement out."
        Condition(r#""ForAnyValue:StringNotLike": {"aws:TagKeys": "*"}"#)
        Condition(r#""ForAnyValue:StringNotLike": {"aws:TagKeys": "a*"}"#);
    REDUNDANT_PRINCIPAL_IN_ROLE_TRUST_POLICY "AA-311" Documentation TRUST
        "A session is trusted together with its role."
        "The role stands for all of its sessions."
        "Leave the session out, or the role if only the session is meant."
        Allow(r#""Principal": {"AWS": ["arn:aws:iam::111122223333:role/app", "arn:aws:sts::111122223333:assumed-role/app/s"]}, "Action": "sts:AssumeRole""#)
        Allow(r#""Principal": {"AWS": ["arn:aws:iam::111122223333:role/app"]}, "Action": "sts:AssumeRole""#);
    CONFIRM_AUDIENCE_CLAIM_TYPE "AA-312" Documentation TRUST
        "The audience of a token is tested with `ForAllValues`."
        "It holds also if there is no audience; a token mostly has one."
        "Leave `ForAllValues:` out if the token has one audience."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"ForAllValues:StringEquals": {"login.example.com:aud": "app"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"login.example.com:aud": "app"}}"#);
}

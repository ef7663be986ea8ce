//! Codes of this project's own, for what Access Analyzer has none.

use super::{Document, Evidence, Group, Level, Rule, targets, waits};

/// A table of rules as [`super::rules`] reads them, each with its group and level, and with documents that come near.
macro_rules! own {
    ($($code:ident $group:ident $level:ident $id:literal $target:ident
        $what:literal $why:literal $fix:literal
        $has:ident($with:expr) $has_not:ident($without:expr)
        $(near $about:literal $near:ident($come_near:expr))* $(waits $waits:literal)? $(optional $optional:literal)?;)*) => {
        $(
            #[doc = $what]
            pub static $code: Rule = Rule {
                code: stringify!($code),
                group: Group::$group,
                is_optional: false $(|| $optional)?,
                level: Level::$level,
                id: $id,
                evidence: Evidence::Rules,
                what: $what,
                why: $why,
                fix: $fix,
                target: targets::$target.0,
                kind: targets::$target.1,
                has: Document::$has($with),
                has_not: Document::$has_not($without),
                near: &[$(($about, Document::$near($come_near)),)*],
                waits: waits!($($waits)?),
            };
        )*
        pub(super) static ALL: &[&Rule] = &[$(&$code,)*];
    };
}

own! {
    CONDITION_HOLDS_FOR_ALL Semantics Warning "COND-2" IDENTITY
        "A condition matches every value its key can have."
        "It looks like a restriction but restricts nothing; at most it checks that the key is present."
        "List the intended values, or remove the condition."
        Condition(r#""IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}"#)
        near "Three quarters of the addresses are not all of them." Condition(r#""IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/2"]}"#)
        near "A wildcard next to other characters does restrict." Condition(r#""StringLike": {"aws:PrincipalTag/team": ["*-admins"]}"#);
    CONDITION_HOLDS_FOR_NONE Semantics Warning "COND-1" IDENTITY
        "Conditions on one key contradict each other."
        "All conditions of a statement must match, and no request can match these together, so the statement has no effect."
        "Write one condition that lists the intended values: values within a condition are alternatives."
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": "red"}, "StringLike": {"aws:PrincipalTag/team": "blue*"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}, "StringLike": {"aws:PrincipalTag/team": "blue*"}"#)
        near "Requests without the key match both." Condition(r#""StringEqualsIfExists": {"aws:PrincipalTag/team": "red"}, "StringLikeIfExists": {"aws:PrincipalTag/team": "blue*"}"#)
        near "A multivalued key can match both." Condition(r#""ForAnyValue:StringEquals": {"aws:TagKeys": "red"}, "ForAnyValue:StringLike": {"aws:TagKeys": "blue*"}"#);
    VALUE_OF_NO_REQUEST Semantics Warning "KEY-5" IDENTITY
        "The key never has this value."
        "The value matches no request, so an Allow grants nothing through it and a Deny blocks nothing."
        "Write a value in the form the key uses."
        Condition(r#""StringEquals": {"iam:PassedToService": "lambda"}"#)
        Condition(r#""StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}"#)
        near "A pattern with a wildcard can match valid values." Condition(r#""StringLike": {"iam:PassedToService": "lambda*"}"#);
    DENY_WHERE_KEY_IS_ABSENT Semantics Warning "COND-10" SCP
        "A Deny negates a key that requests for some of its actions never carry, at least for a resource they always name."
        "A negated condition matches when the key is absent, so these actions are always denied, including the cases meant to be allowed."
        "Limit the statement to actions and resources that have the key, or require the key with `Null`."
        Statement(r#""Effect": "Deny", "Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringNotEquals": {"sample:Size": "small"}}"#)
        Statement(r#""Effect": "Deny", "Action": "sample:Get", "Resource": "*", "Condition": {"StringNotEquals": {"sample:Size": "small"}}"#)
        near "Requests without the key are not denied." Statement(r#""Effect": "Deny", "Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringNotEquals": {"sample:Size": "small"}, "Null": {"sample:Size": "false"}}"#)
        near "A positive condition does not match without the key." Statement(r#""Effect": "Deny", "Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "large"}}"#)
        waits "nothing is found";
    ALLOW_WHERE_KEY_IS_ABSENT Semantics SecurityWarning "COND-11" RESOURCE
        "An Allow uses `IfExists` with a key that identifies the caller, its network, or its source."
        "Requests without the key are allowed, and callers that should be excluded are often the ones without it: an account outside any organization has no `aws:PrincipalOrgID`."
        "Use the operator without `IfExists`."
        Condition(r#""StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}"#)
        near "In a Deny this is the safe form." Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"#)
        near "Another condition requires the key." Condition(r#""StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}"#);
    MFA_NOT_ASKED_OF_ACCESS_KEYS Semantics SecurityWarning "KEY-28" IDENTITY
        "An MFA condition misses requests signed with long-term access keys, which do not carry the MFA keys."
        "A Deny with `Bool` does not apply to them, and an Allow with `BoolIfExists` allows them without MFA."
        "Use `BoolIfExists` in a Deny, and `Bool` in an Allow."
        Statement(r#""Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#)
        Statement(r#""Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#)
        near "Parliament reports every `Bool` on this key in a Deny; here a second statement denies requests without the key." Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}, {"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"Null": {"aws:MultiFactorAuthPresent": "true"}}}]}"#)
        near "An Allow with `Bool` requires MFA." Condition(r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#);
    ALLOW_OF_EMPTY_SET Semantics SecurityWarning "COND-12" IDENTITY
        "An Allow uses `ForAllValues` with a multivalued key and does not require the key to be present."
        "`ForAllValues` matches a request without values, so leaving them out is enough to be allowed."
        "Require the key with `Null` in the same statement."
        Allow(r#""Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:userid}"}}"#)
        Allow(r#""Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:userid}"}, "Null": {"dynamodb:LeadingKeys": "false"}}"#)
        near "A request without tags needs no permission for tags." Condition(r#""ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}"#)
        near "Access Analyzer reports single-valued keys; this one is multivalued, and another condition requires a value." Condition(r#""ForAllValues:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com", "glue.amazonaws.com"]}, "ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}"#);
    STAR_THOUGH_RESTRICTABLE Scope Suggestion "MATCH-20" IDENTITY
        "A statement without conditions allows all resources, though each of its actions modifies resources that can be named."
        "Resources created later are covered too."
        "List the resources."
        Allow(r#""Action": ["sample:Delete"], "Resource": "*""#)
        Allow(r#""Action": ["sample:Delete"], "Resource": "arn:aws:sample:us-east-1:111122223333:thing/*""#)
        near "tfsec (issue 915) and trivy (5040) report `*` where nothing else works: these actions have no resource types." Allow(r#""Action": ["ec2:DescribeInstances"], "Resource": "*""#)
        near "checkov (issues 1000, 4394) reported Deny statements." Statement(r#""Effect": "Deny", "Action": ["sample:Delete"], "Resource": "*""#)
        near "checkov (issues 1392, 5305), tfsec (1014) and cloudsplaining (278) ignored conditions." Allow(r#""Action": ["sample:Delete"], "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}"#)
        waits "nothing is found"
        optional true;
    ACTION_AND_RESOURCE_DO_NOT_MEET Scope Warning "MATCH-28" IDENTITY
        "No resource in the statement is of a type that the action supports."
        "The statement has no effect for the action: its requests target another kind of resource, or none."
        "List resources of a type the action supports, or `*` if it supports none."
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:box/1""#)
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:thing/1""#)
        near "A wildcard or a variable may match a supported resource." Allow(r#""Action": "sample:Get", "Resource": ["arn:aws:sample:us-east-1:111122223333:*", "arn:aws:sample:us-east-1:111122223333:box/1"]"#)
        waits "nothing is found";
    ACTION_NEEDS_EVERY_RESOURCE Scope Suggestion "MATCH-28" IDENTITY
        "An action without resource types is listed with actions that have them, on specific resources."
        "The statement has no effect for the action. It is often a leftover, and references do not list the resources of every action."
        "Move it to a statement with Resource `*`, or remove it."
        Allow(r#""Action": ["sample:Get", "sample:ListAll"], "Resource": "arn:aws:sample:us-east-1:111122223333:thing/1""#)
        Allow(r#""Action": ["sample:Get", "sample:ListAll"], "Resource": "*""#)
        waits "nothing is found"
        optional true;
    KEY_UNKNOWN_FOR_ACTION Scope Warning "COND-44" IDENTITY
        "None of the statement's actions supports a condition key that it uses."
        "The key is always absent, so an Allow grants nothing and a Deny blocks nothing."
        "Use a key that these actions support, or list other actions."
        Allow(r#""Action": "sample:Delete", "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "small"}}"#)
        Allow(r#""Action": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "small"}}"#)
        near "One of the actions supports it." Allow(r#""Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "small"}}"#)
        near "Parliament (issues 186, 195, 230, 233, 254, 255) relied on a stale reference: actions missing from every reference are not reported." Allow(r#""Action": "ec2:ActionOfTomorrow", "Resource": "*", "Condition": {"StringEquals": {"ec2:Region": "us-east-1"}}"#)
        waits "nothing is found";
    SERVICE_SOURCE_NOT_LIMITED Trust SecurityWarning "KEY-69" RESOURCE
        "A service principal is allowed, and the conditions on its source do not restrict it."
        "The service acts for any customer, so others can make it access your resource (the confused deputy)."
        "Restrict `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID` to yours, without `IfExists`."
        Statement(r#""Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}"#)
        Statement(r#""Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}"#)
        near "One of the two conditions restricts." Statement(r#""Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*"}, "StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}"#);
    MISSING_EXTERNAL_ID Trust Suggestion "STS-24" TRUST
        "A role trusts an entire account without a condition on the party that account acts for."
        "A vendor that serves many customers can be made to assume the role for any of them (the confused deputy)."
        "Require `sts:ExternalId`, or `aws:PrincipalOrgID` for accounts in your organization, or name roles."
        Allow(r#""Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "b3f1"}}"#)
        near "A role is not an entire account." Allow(r#""Principal": {"AWS": "arn:aws:iam::444455556666:role/build"}, "Action": "sts:AssumeRole""#);
    OIDC_WITHOUT_SUBJECT Trust SecurityWarning "TRUST-4" TRUST
        "An identity provider is trusted without a condition on the token's subject."
        "Anyone who gets a token from the provider can assume the role; in a cluster, every pod."
        "Restrict the `sub` claim, or another claim that identifies your own users."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A1:aud": "sts.amazonaws.com"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A1:aud": "sts.amazonaws.com", "oidc.eks.eu-west-1.amazonaws.com/id/A1:sub": "system:serviceaccount:shop:web"}}"#)
        near "Checkov (issue 4401) reported a Deny statement." Statement(r#""Effect": "Deny", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"}, "Action": "sts:AssumeRoleWithWebIdentity""#);
    OIDC_SUBJECT_TOO_WIDE Trust SecurityWarning "TRUST-4" TRUST
        "A subject pattern has its wildcard inside the owner's name."
        "`repo:acme*` also matches `repo:acme-of-others/app`, and anyone can register that name."
        "Write the full owner name, including the separator after it."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"gitlab.example.com:aud": "a"}, "StringLike": {"gitlab.example.com:sub": "project_path:acme*"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"gitlab.example.com:aud": "a"}, "StringLike": {"gitlab.example.com:sub": "project_path:acme/*"}}"#);
    OIDC_WITHOUT_AUDIENCE Trust Suggestion "TRUST-4" TRUST
        "An identity provider is trusted without a condition on the token's audience."
        "IAM only checks that the audience is registered with the provider, so a token issued for another application can assume this role."
        "Restrict the `aud` claim, or its equivalent for this provider."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"login.example.com:sub": "build"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"login.example.com:sub": "build", "login.example.com:aud": "aws"}}"#);
    SAML_WITHOUT_AUDIENCE Trust Warning "TRUST-4" TRUST
        "A SAML provider is trusted without a condition on the assertion's audience."
        "An assertion issued for another application can assume the role."
        "Restrict `SAML:aud`."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithSAML""#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithSAML", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}"#);
    DENY_WITH_NOT_PRINCIPAL Trust Warning "GRAM-51" RESOURCE
        "A Deny with `NotPrincipal` does not exempt a principal it lists."
        "A caller is exempt only if every principal it acts as is listed: its account and user, or its account, role and role session."
        "Use Principal `*` and `ArnNotLike` on `aws:PrincipalArn`."
        Statement(r#""Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/app"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}}"#)
        near "Every principal the caller acts as is listed." Statement(r#""Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/ann"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    EXCEEDS_MANAGED_POLICY_QUOTA Quota Suggestion "QUO-1" IDENTITY
        "The document exceeds the size of a managed policy; it only fits inline in a role."
        "IAM rejects it as a managed policy."
        "Shorten or split it; `portcullis convert --to json --minify` shows how small it gets."
        OfLength(7_000)
        OfLength(5_000);
    EXCEEDS_SESSION_POLICY_QUOTA Quota Warning "QUO-4" SESSION
        "The document exceeds the size of a session policy."
        "STS rejects it. All characters count, and session tags reduce the available space further."
        "Shorten it: whitespace counts."
        OfLength(3_000)
        OfLength(1_000);
    EXCEEDS_ENDPOINT_POLICY_QUOTA Quota Warning "QUO-13" ENDPOINT
        "The document exceeds the size of a VPC endpoint policy."
        "EC2 rejects it."
        "Shorten it: whitespace counts."
        OfLength(21_000)
        OfLength(5_000);
    EXCEEDS_BUCKET_POLICY_QUOTA Quota Suggestion "QUO-14" RESOURCE
        "The document exceeds the size of a bucket, table or secret policy, though not that of a key policy."
        "The service rejects it if it is for one of those."
        "Shorten it: whitespace counts."
        OfLength(21_000)
        OfLength(5_000);
    EXCEEDS_QUEUE_POLICY_QUOTA Quota Warning "QUO-15" RESOURCE
        "A queue policy exceeds one of its limits."
        "SQS rejects it."
        "Combine statements, principals or actions."
        Statement(r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:PurgeQueue"], "Resource": "arn:aws:sqs:us-east-1:111122223333:jobs""#)
        Statement(r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"], "Resource": "arn:aws:sqs:us-east-1:111122223333:jobs""#);
    SHADOWED_STATEMENT Proof Warning "EVAL-3" IDENTITY
        "Without this statement the document decides every request the same: the other statements already say what it says."
        "Its conditions restrict nothing, or its Deny is repeated; whoever reads it may rely on it."
        "Remove it, or the statement that is wider than intended. Removing all statements with this code at once changes no decision either."
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bucket/*"}, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}]}"#)
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "blue"}}}, {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}}]}"#)
        near "A Deny that the document's Allow statements do not reach still holds against other policies." Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}, {"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*"}]}"#)
        near "Statements that are the same have a code of Access Analyzer, `REDUNDANT_STATEMENT`." Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "A", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}, {"Sid": "B", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*"}]}"#);
    ALLOW_NEVER_APPLIES Proof Warning "EVAL-3" IDENTITY
        "An Allow grants nothing: no request matches it, or the same document denies every request that does."
        "The access that it was written for is missing, or it is a leftover."
        "Correct its conditions or the Deny, or remove it."
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::bucket/*"}, {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}"#)
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:DeleteObject", "Resource": "arn:aws:s3:::bucket/*"}, {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}}]}"#)
        near "Some of the requests are not denied." Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*Object", "Resource": "arn:aws:s3:::bucket/*"}, {"Effect": "Deny", "Action": "s3:Delete*", "Resource": "*"}]}"#);
    DENY_NEVER_APPLIES Proof Warning "COND-1" SCP
        "No request matches a Deny, whatever other policies say."
        "It blocks nothing. That a Deny takes away nothing that the same document allows is no finding: it also holds against other policies."
        "Correct its conditions, or remove it."
        Statement(r#""Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalType": "User"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}"#)
        Statement(r#""Effect": "Deny", "Action": "ec2:RunInstances", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalType": "AssumedRole"}, "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/*"}}"#)
        near "Control policies bind the root user, who is of no other type." Statement(r#""Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalType": "Account"}}"#);
    DENY_AVOIDED_BY_HEADER Proof SecurityWarning "KEY-70" SCP
        "A Deny does not hold for callers who choose a header of their request."
        "`aws:UserAgent` and `aws:Referer` are what the caller writes; the request that is shown is denied without the condition on them, and no other statement denies it."
        "Use a key that the caller does not choose."
        Statement(r#""Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}, "StringNotLike": {"aws:UserAgent": "deploy/*"}}"#)
        Statement(r#""Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}, "ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/deploy"}}"#)
        near "Another statement denies the same whatever the header is." Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": "eu-west-1"}, "StringNotLike": {"aws:UserAgent": "deploy/*"}}}, {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1"]}}}]}"#);
    POLICY_CANNOT_BE_CHANGED Proof SecurityWarning "EVAL-52" RESOURCE
        "Nobody of the account that owns the resource can change its policy any more, whatever their own policies allow; of a bucket, nobody but the root user."
        "The policy of a bucket cannot keep out the root user of its account; that of a key, queue, topic or secret can, and a key policy also does by not letting anyone in."
        "Let an administrator of the account in: exempt it from the Deny, or name the account in the key policy."
        Statement(r#""Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/app"}, "Action": ["kms:Encrypt", "kms:Decrypt"], "Resource": "*""#)
        Statement(r#""Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "kms:*", "Resource": "*""#)
        near "Callers of the account from the named network still can." Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/*"], "Condition": {"StringNotEquals": {"aws:SourceVpce": "vpce-0a1b2c3d4e5f60718"}}"#);
}

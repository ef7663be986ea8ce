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
        "A test holds for every value that its key can have."
        "It looks like a limit and is none: at most it asks whether the key is there."
        "Write the values that are meant, or remove the test."
        Condition(r#""IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/1"]}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": ["198.51.100.0/24", "203.0.113.0/24"]}"#)
        near "Half of the addresses are not all of them." Condition(r#""IpAddress": {"aws:SourceIp": ["0.0.0.0/1", "128.0.0.0/2"]}"#)
        near "A wildcard with something beside it is a limit." Condition(r#""StringLike": {"aws:PrincipalTag/team": ["*-admins"]}"#);
    CONDITION_HOLDS_FOR_NONE Semantics Warning "COND-1" IDENTITY
        "Tests of one key contradict each other."
        "All tests of a statement must hold, and no request passes these together: the statement does nothing."
        "Write one test with the values that are meant: several values of one test are alternatives."
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": "red"}, "StringLike": {"aws:PrincipalTag/team": "blue*"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": ["red", "blue"]}, "StringLike": {"aws:PrincipalTag/team": "blue*"}"#)
        near "Requests that lack the key pass both." Condition(r#""StringEqualsIfExists": {"aws:PrincipalTag/team": "red"}, "StringLikeIfExists": {"aws:PrincipalTag/team": "blue*"}"#)
        near "A key of several values can pass both." Condition(r#""ForAnyValue:StringEquals": {"aws:TagKeys": "red"}, "ForAnyValue:StringLike": {"aws:TagKeys": "blue*"}"#);
    VALUE_OF_NO_REQUEST Semantics Warning "KEY-5" IDENTITY
        "A value is none that requests have for the key."
        "It compares to nothing: an Allow does not allow by it, and a Deny does not deny."
        "Write a value of the form that the key has."
        Condition(r#""StringEquals": {"iam:PassedToService": "lambda"}"#)
        Condition(r#""StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}"#)
        near "What has a wildcard can match values of the form." Condition(r#""StringLike": {"iam:PassedToService": "lambda*"}"#);
    DENY_WHERE_KEY_IS_ABSENT Semantics Warning "COND-10" SCP
        "A negated test in a Deny is of a key that requests for some of the actions never have, or for a resource that they always name."
        "The test holds if the key is absent: these actions are always denied, whatever was meant to be let through."
        "Name only actions and resources that have the key, or test by `Null` that it is there."
        Statement(r#""Effect": "Deny", "Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringNotEquals": {"sample:Size": "small"}}"#)
        Statement(r#""Effect": "Deny", "Action": "sample:Get", "Resource": "*", "Condition": {"StringNotEquals": {"sample:Size": "small"}}"#)
        near "Requests without the key are left alone." Statement(r#""Effect": "Deny", "Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringNotEquals": {"sample:Size": "small"}, "Null": {"sample:Size": "false"}}"#)
        near "In a Deny a test that is not negated does not hold without the key." Statement(r#""Effect": "Deny", "Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "large"}}"#)
        waits "nothing is found";
    ALLOW_WHERE_KEY_IS_ABSENT Semantics SecurityWarning "COND-11" RESOURCE
        "`IfExists` stands in an Allow with a key that says who calls, from where or for whom."
        "Requests without the key are allowed, and those who should be kept out are the ones that do not have it: an account without organization has no `aws:PrincipalOrgID`."
        "Use the operator without `IfExists`."
        Condition(r#""StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}"#)
        near "In a Deny it is what one wants." Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringNotEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}}"#)
        near "Another test lets only requests with the key pass." Condition(r#""StringEqualsIfExists": {"aws:PrincipalOrgID": "o-a1b2c3d4e5"}, "Null": {"aws:PrincipalOrgID": "false"}"#);
    MFA_NOT_ASKED_OF_ACCESS_KEYS Semantics SecurityWarning "KEY-28" IDENTITY
        "A test of MFA does not do what is meant for requests that are signed with access keys, which do not have the key."
        "A Deny by `Bool` does not reach them, and an Allow by `BoolIfExists` allows them."
        "Use `BoolIfExists` in a Deny, and `Bool` in an Allow."
        Statement(r#""Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}"#)
        Statement(r#""Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}"#)
        near "Parliament reports every Bool of this key in a Deny; here a second statement denies what lacks it." Whole(r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "false"}}}, {"Effect": "Deny", "Action": "ec2:TerminateInstances", "Resource": "*", "Condition": {"Null": {"aws:MultiFactorAuthPresent": "true"}}}]}"#)
        near "An Allow by `Bool` asks for it." Condition(r#""Bool": {"aws:MultiFactorAuthPresent": "true"}"#);
    ALLOW_OF_EMPTY_SET Semantics SecurityWarning "COND-12" IDENTITY
        "`ForAllValues` stands in an Allow with a key of several values, and nothing asks whether there are any."
        "It holds for a request without values: who leaves them out is allowed."
        "Test by `Null` that the key is there, in the same statement."
        Allow(r#""Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:userid}"}}"#)
        Allow(r#""Action": ["dynamodb:GetItem", "dynamodb:Query"], "Resource": "*", "Condition": {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": "${aws:userid}"}, "Null": {"dynamodb:LeadingKeys": "false"}}"#)
        near "Tags that are not there need no leave." Condition(r#""ForAllValues:StringEquals": {"aws:TagKeys": ["team"]}"#)
        near "Access Analyzer says it of keys of one value; this one has several, and another test asks for one." Condition(r#""ForAllValues:StringEquals": {"aws:CalledVia": ["athena.amazonaws.com", "glue.amazonaws.com"]}, "ForAnyValue:StringEquals": {"aws:CalledVia": "athena.amazonaws.com"}"#);
    STAR_THOUGH_RESTRICTABLE Scope Suggestion "MATCH-20" IDENTITY
        "All resources are allowed to actions each of which changes a resource that can be named, without any condition."
        "Whatever is made later is allowed as well."
        "Name the resources, or those of the account."
        Allow(r#""Action": ["sample:Delete"], "Resource": "*""#)
        Allow(r#""Action": ["sample:Delete"], "Resource": "arn:aws:sample:us-east-1:111122223333:thing/*""#)
        near "tfsec (issue 915) and trivy (5040) report `*` where nothing else is possible: these actions name no resource." Allow(r#""Action": ["ec2:DescribeInstances"], "Resource": "*""#)
        near "checkov (issues 1000, 4394) reported what denies." Statement(r#""Effect": "Deny", "Action": ["sample:Delete"], "Resource": "*""#)
        near "checkov (issues 1392, 5305), tfsec (1014) and cloudsplaining (278) did not look at conditions." Allow(r#""Action": ["sample:Delete"], "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"}}"#)
        waits "nothing is found"
        optional true;
    ACTION_AND_RESOURCE_DO_NOT_MEET Scope Warning "MATCH-28" IDENTITY
        "An action is about none of the resources that stand beside it."
        "The statement does nothing for it: requests for the action are about another kind of resource, or about none."
        "Name resources of a type that the action has, or `*` if it has none."
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:box/1""#)
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:thing/1""#)
        near "A wildcard or a variable can be what the action is about." Allow(r#""Action": "sample:Get", "Resource": ["arn:aws:sample:us-east-1:111122223333:*", "arn:aws:sample:us-east-1:111122223333:box/1"]"#)
        waits "nothing is found";
    ACTION_NEEDS_EVERY_RESOURCE Scope Suggestion "MATCH-28" IDENTITY
        "An action whose requests name no resource stands beside actions that have some, on resources that are named."
        "The statement does nothing for it. Most often it is left over; references do not know the resources of every action."
        "Put it in a statement with the Resource `*`, or remove it."
        Allow(r#""Action": ["sample:Get", "sample:ListAll"], "Resource": "arn:aws:sample:us-east-1:111122223333:thing/1""#)
        Allow(r#""Action": ["sample:Get", "sample:ListAll"], "Resource": "*""#)
        waits "nothing is found"
        optional true;
    KEY_UNKNOWN_FOR_ACTION Scope Warning "COND-44" IDENTITY
        "No request for any of the statement's actions has a key that it tests."
        "The key is always absent: an Allow does not allow, and a Deny does not deny."
        "Test a key that these actions have, or name other actions."
        Allow(r#""Action": "sample:Delete", "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "small"}}"#)
        Allow(r#""Action": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "small"}}"#)
        near "One of the actions has it." Allow(r#""Action": ["sample:Get", "sample:Delete"], "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "small"}}"#)
        near "Parliament (issues 186, 195, 230, 233, 254, 255) had an old reference: of actions that no reference lists nothing is said." Allow(r#""Action": "ec2:ActionOfTomorrow", "Resource": "*", "Condition": {"StringEquals": {"ec2:Region": "us-east-1"}}"#)
        waits "nothing is found";
    SERVICE_SOURCE_NOT_LIMITED Trust SecurityWarning "KEY-69" RESOURCE
        "A service is allowed, and what it acts for is tested in a way that limits nothing."
        "The service acts for whoever asks it to: others have it reach your resource."
        "Test `aws:SourceAccount`, `aws:SourceArn` or `aws:SourceOrgID` for yours, without `IfExists`."
        Statement(r#""Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}"#)
        Statement(r#""Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"StringEquals": {"aws:SourceAccount": "111122223333"}}"#)
        near "One of two tests limits." Statement(r#""Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:cloudtrail:*:111122223333:trail/*"}, "StringEqualsIfExists": {"aws:SourceAccount": "111122223333"}}"#);
    MISSING_EXTERNAL_ID Trust Suggestion "STS-24" TRUST
        "A role trusts a whole account, and tests nothing that says for whom that account acts."
        "A company that works for many takes the role for whoever names it: the confused deputy."
        "Test `sts:ExternalId`, or `aws:PrincipalOrgID` for accounts of your organization, or name roles."
        Allow(r#""Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole""#)
        Allow(r#""Principal": {"AWS": "arn:aws:iam::444455556666:root"}, "Action": "sts:AssumeRole", "Condition": {"StringEquals": {"sts:ExternalId": "b3f1"}}"#)
        near "A role of the account is no whole account." Allow(r#""Principal": {"AWS": "arn:aws:iam::444455556666:role/build"}, "Action": "sts:AssumeRole""#);
    OIDC_WITHOUT_SUBJECT Trust SecurityWarning "TRUST-4" TRUST
        "An identity provider is trusted, and no claim that says who has the token is tested."
        "Everybody to whom the provider gives tokens can take the role: in a cluster every pod."
        "Test the claim `sub`, or another one that names your own users."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A1:aud": "sts.amazonaws.com"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/A1:aud": "sts.amazonaws.com", "oidc.eks.eu-west-1.amazonaws.com/id/A1:sub": "system:serviceaccount:shop:web"}}"#)
        near "Checkov (issue 4401) reported a Deny." Statement(r#""Effect": "Deny", "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1"}, "Action": "sts:AssumeRoleWithWebIdentity""#);
    OIDC_SUBJECT_TOO_WIDE Trust SecurityWarning "TRUST-4" TRUST
        "The wildcard of a subject is in the name of its owner."
        "`repo:acme*` is also `repo:acme-of-others/app`, and anybody can take that name."
        "Write the owner's name whole, up to the character behind it."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"gitlab.example.com:aud": "a"}, "StringLike": {"gitlab.example.com:sub": "project_path:acme*"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/gitlab.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"gitlab.example.com:aud": "a"}, "StringLike": {"gitlab.example.com:sub": "project_path:acme/*"}}"#);
    OIDC_WITHOUT_AUDIENCE Trust Suggestion "TRUST-4" TRUST
        "An identity provider is trusted, and for whom its tokens are made is not tested."
        "IAM asks for one of the audiences of the provider, which all roles share: a token for another application takes this role too."
        "Test the claim `aud`, or what the provider has in its place."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"login.example.com:sub": "build"}}"#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/login.example.com"}, "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {"StringEquals": {"login.example.com:sub": "build", "login.example.com:aud": "aws"}}"#);
    SAML_WITHOUT_AUDIENCE Trust Warning "TRUST-4" TRUST
        "A SAML provider is trusted, and for whom its assertions are made is not tested."
        "An assertion for another application takes the role."
        "Test `SAML:aud`."
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithSAML""#)
        Allow(r#""Principal": {"Federated": "arn:aws:iam::111122223333:saml-provider/p"}, "Action": "sts:AssumeRoleWithSAML", "Condition": {"StringEquals": {"SAML:aud": "https://signin.aws.amazon.com/saml"}}"#);
    DENY_WITH_NOT_PRINCIPAL Trust Warning "GRAM-51" RESOURCE
        "A Deny with `NotPrincipal` does not spare who stands in it."
        "A caller is spared only if all that it is stands in the list: its account, and its user, or its role and the session of it."
        "Write Principal `*` and test `aws:PrincipalArn` by `ArnNotLike`."
        Statement(r#""Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:role/app"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Statement(r#""Effect": "Deny", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*", "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}}"#)
        near "Everything that the caller is stands in the list." Statement(r#""Effect": "Deny", "NotPrincipal": {"AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::111122223333:user/ann"]}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    EXCEEDS_MANAGED_POLICY_QUOTA Quota Suggestion "QUO-1" IDENTITY
        "The document is longer than a managed policy may be, and fits in a role alone."
        "IAM refuses to make a managed policy of it."
        "Make it shorter, or several policies of it: `portcullis convert --to json --minify` says how far it gets."
        OfLength(7_000)
        OfLength(5_000);
    EXCEEDS_SESSION_POLICY_QUOTA Quota Warning "QUO-4" SESSION
        "The document is longer than a session policy may be."
        "STS refuses it. It counts all characters, and with session tags packs what it got, which leaves less room than this says."
        "Make it shorter: blanks count."
        OfLength(3_000)
        OfLength(1_000);
    EXCEEDS_ENDPOINT_POLICY_QUOTA Quota Warning "QUO-13" ENDPOINT
        "The document is longer than the policy of an endpoint may be."
        "EC2 refuses it."
        "Make it shorter: blanks count."
        OfLength(21_000)
        OfLength(5_000);
    EXCEEDS_BUCKET_POLICY_QUOTA Quota Suggestion "QUO-14" RESOURCE
        "The document is longer than the policy of a bucket, a table or a secret may be, and not longer than that of a key."
        "The service refuses it if it is for one of them."
        "Make it shorter: blanks count."
        OfLength(21_000)
        OfLength(5_000);
    EXCEEDS_QUEUE_POLICY_QUOTA Quota Warning "QUO-15" RESOURCE
        "The policy of a queue has more of something than it may have."
        "SQS refuses it."
        "Write fewer and wider statements."
        Statement(r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:PurgeQueue"], "Resource": "arn:aws:sqs:us-east-1:111122223333:jobs""#)
        Statement(r#""Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": ["sqs:SendMessage", "sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"], "Resource": "arn:aws:sqs:us-east-1:111122223333:jobs""#);
}

//! Errors of the shape of documents, of actions, resources, conditions and variables.

use super::{Document, Evidence, Level, Rule, rules, targets, waits};

rules! { Error;
    ARN_ACCOUNT_NOT_ALLOWED "AA-100" Documentation IDENTITY
        "An ARN names an account, and those of the service have none."
        "No resource has such an ARN, so the entry matches nothing."
        "Leave the account empty."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3::111122223333:bucket/*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        waits "only the ARNs of `s3` are known to have no account";
    ARN_REGION_NOT_ALLOWED "AA-101" Results IDENTITY
        "An ARN names a region, and those of the service have none."
        "No resource has such an ARN, so the entry matches nothing."
        "Leave the region empty."
        Allow(r#""Action": "iam:GetRole", "Resource": "arn:aws:iam:us-east-1:111122223333:role/app""#)
        Allow(r#""Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/app""#)
        waits "only the ARNs of `iam`, `s3`, `cloudfront` and `organizations` are known to have no region";
    DATA_TYPE_MISMATCH "AA-102" Documentation IDENTITY
        "A value has another JSON type than its element takes."
        "The document does not load."
        "Write a string, a list of strings, or an object, whichever the element takes."
        Allow(r#""Action": 5, "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    DUPLICATE_KEYS_WITH_DIFFERENT_CASE "AA-103" Documentation IDENTITY
        "Two operators, or two keys of one operator, differ only in letter case."
        "Case does not matter there, so one thing is said twice, and the document does not load."
        "Write one of them, with all values."
        Condition(r#""StringEquals": {"aws:RequestTag/team": "a", "aws:requesttag/team": "b"}"#)
        Condition(r#""StringEquals": {"aws:RequestTag/team": ["a", "b"]}"#);
    INVALID_ACTION "AA-104" Results IDENTITY
        "The service has no action of this name."
        "The entry matches nothing: what it should allow or deny it does not."
        "Write the action's name; some API operations are authorized as another action."
        Allow(r#""Action": "s3:ListObjectsV2", "Resource": "*""#)
        Allow(r#""Action": "s3:ListBucket", "Resource": "*""#)
        waits "only malformed entries and a few operations of `s3` are found";
    INVALID_ARN_ACCOUNT "AA-105" Documentation IDENTITY
        "The account of an ARN is neither 12 digits nor a wildcard nor `aws`."
        "No resource has such an ARN, so the entry matches nothing."
        "Write all 12 digits of the account, or `*`."
        Allow(r#""Action": "iam:GetRole", "Resource": "arn:aws:iam::1111:role/app""#)
        Allow(r#""Action": "iam:GetRole", "Resource": "arn:aws:iam::111122223333:role/app""#);
    INVALID_ARN_PREFIX "AA-106" Documentation IDENTITY
        "A resource of six parts does not begin with `arn:`."
        "The document does not load."
        "Begin the ARN with `arn:`."
        Allow(r#""Action": "s3:GetObject", "Resource": "urn:aws:s3:::bucket/*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_ARN_REGION "AA-107" Documentation IDENTITY
        "The service has no resources in the region of the ARN."
        "The entry matches nothing."
        "Name a region in which the service is."
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:eu-west-1:111122223333:thing/a""#)
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:thing/a""#)
        waits "nothing of it is found";
    INVALID_ARN_RESOURCE "AA-108" Documentation IDENTITY
        "The last part of an ARN has no form that the service knows."
        "The entry matches nothing."
        "Write the ARN as the service's page of actions and resources shows it."
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:other/a""#)
        Allow(r#""Action": "sample:Get", "Resource": "arn:aws:sample:us-east-1:111122223333:thing/a""#)
        waits "nothing of it is found";
    INVALID_ARN_SERVICE_CASE "AA-109" Documentation IDENTITY
        "The service of an ARN is not in lower case."
        "ARNs compare with case, and no real one has upper case there: the entry matches nothing."
        "Write the service in lower case."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:S3:::bucket/*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_CONDITION_DATA_TYPE "AA-110" Documentation IDENTITY
        "A condition value is `null`, an object or a list in a list."
        "The document does not load."
        "Write strings, numbers or booleans."
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": null}"#)
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": "a"}"#);
    INVALID_CONDITION_KEY_FORMAT "AA-111" Documentation IDENTITY
        "A condition key has not the form `prefix:name`."
        "No request has such a key: the condition tests something that is always absent."
        "Write the key with its prefix."
        Condition(r#""StringEquals": {"username": "ann"}"#)
        Condition(r#""StringEquals": {"aws:username": "ann"}"#);
    INVALID_CONDITION_MULTIPLE_BOOLEAN "AA-112" Documentation IDENTITY
        "`Bool` has more than one value."
        "Of `true` and `false` together one always holds, and one value twice says nothing more."
        "Write the one value that is meant."
        Condition(r#""Bool": {"aws:SecureTransport": ["true", "false"]}"#)
        Condition(r#""Bool": {"aws:SecureTransport": "true"}"#);
    INVALID_CONDITION_OPERATOR "AA-113" Documentation IDENTITY
        "There is no such condition operator."
        "The document does not load."
        "Write one of the operators, such as `StringEquals`."
        Condition(r#""StringEqual": {"aws:PrincipalTag/team": "a"}"#)
        Condition(r#""StringEquals": {"aws:PrincipalTag/team": "a"}"#);
    INVALID_EFFECT "AA-114" Results IDENTITY
        "`Effect` is neither `Allow` nor `Deny`."
        "The document does not load; case matters."
        "Write `Allow` or `Deny`."
        Statement(r#""Effect": "allow", "Action": "s3:GetObject", "Resource": "*""#)
        Statement(r#""Effect": "Allow", "Action": "s3:GetObject", "Resource": "*""#);
    INVALID_GLOBAL_CONDITION_KEY "AA-115" Documentation IDENTITY
        "There is no global condition key of this name."
        "No request has it: the condition tests something that is always absent."
        "Write one of the keys that begin with `aws:`."
        Condition(r#""Bool": {"aws:SecureTransprt": "true"}"#)
        Condition(r#""Bool": {"aws:SecureTransport": "true"}"#);
    INVALID_PARTITION "AA-116" Documentation IDENTITY
        "There is no such partition."
        "No resource has such an ARN, so the entry matches nothing."
        "Write `aws`, `aws-cn`, `aws-us-gov` or another partition, or `*`."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:amazon:s3:::bucket/*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_POLICY_ELEMENT "AA-117" Results IDENTITY
        "The policy language has no such element."
        "The document does not load; case matters."
        "Write the element's name as the language has it, or leave it out."
        Allow(r#""action": "s3:GetObject", "Action": "s3:GetObject", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    INVALID_REGION "AA-120" Documentation IDENTITY
        "There is no such region."
        "No resource has such an ARN, so the entry matches nothing."
        "Write the name of a region, or `*`."
        Allow(r#""Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-9:111122223333:q""#)
        Allow(r#""Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:111122223333:q""#);
    INVALID_SERVICE "AA-121" Results IDENTITY
        "No service has the prefix that an ARN, or a value of `aws:CalledVia`, names."
        "The entry matches nothing."
        "Write the prefix of a service."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:elastic-inference:us-east-1:111122223333:x""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    INVALID_SERVICE_CONDITION_KEY "AA-122" Results IDENTITY
        "The service has no such condition key."
        "No request has it: the condition tests something that is always absent."
        "Write a key of the service."
        Allow(r#""Action": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"sample:NoSuchKey": "a"}}"#)
        Allow(r#""Action": "sample:Get", "Resource": "*", "Condition": {"StringEquals": {"sample:Size": "a"}}"#)
        waits "nothing of it is found";
    INVALID_SERVICE_IN_ACTION "AA-123" Results IDENTITY
        "No service has the prefix of the action."
        "The entry matches nothing: what it should allow or deny it does not."
        "Write the prefix of a service."
        Allow(r#""Action": "elastic-inference:Connect", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    INVALID_VARIABLE_FOR_OPERATOR "AA-124" Documentation IDENTITY
        "A variable stands under an operator that expands none."
        "It is compared as the text that is written."
        "Use an operator for texts or ARNs, or write the value."
        Condition(r#""IpAddress": {"aws:SourceIp": "${aws:SourceIp}"}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#);
    INVALID_VERSION "AA-125" Documentation IDENTITY
        "The policy language has no such version."
        "The document does not load."
        "Write `2012-10-17`."
        Whole(r#"{"Version": "2012-10-18", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    JSON_SYNTAX_ERROR "AA-126" Documentation IDENTITY
        "The text is not JSON."
        "Nothing of it can be used."
        "Mend the text at the place that the finding names."
        Whole(r#"{"Version": "2012-10-17","#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    MISSING_ACTION "AA-127" Documentation IDENTITY
        "A statement has neither `Action` nor `NotAction`."
        "The document does not load."
        "Say which actions the statement is about."
        Allow(r#""Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    MISSING_EFFECT "AA-127" Documentation IDENTITY
        "A statement has no `Effect`."
        "The document does not load."
        "Write `Allow` or `Deny`."
        Statement(r#""Action": "s3:GetObject", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    MISSING_PRINCIPAL "AA-127" Documentation RESOURCE
        "A statement has neither `Principal` nor `NotPrincipal`, and the type needs one."
        "The document does not load."
        "Say who the statement is about."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    MISSING_RESOURCE "AA-127" Documentation IDENTITY
        "A statement has neither `Resource` nor `NotResource`, and the type needs one."
        "The document does not load."
        "Say which resources the statement is about."
        Allow(r#""Action": "s3:GetObject""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    MISSING_STATEMENT "AA-127" Documentation IDENTITY
        "The document has no `Statement`."
        "The document does not load."
        "Write the statements."
        Whole(r#"{"Version": "2012-10-17"}"#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    MISSING_ARN_FIELD "AA-128" Results IDENTITY
        "A resource has fewer than the six parts of an ARN."
        "It matches nothing, or something else than is meant."
        "Write all parts: `arn:partition:service:region:account:resource`."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:bucket""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    MISSING_ARN_REGION "AA-129" Results IDENTITY
        "An ARN has no region, and those of the service have one."
        "The entry matches nothing."
        "Write the region, or `*`."
        Allow(r#""Action": "logs:PutLogEvents", "Resource": "arn:aws:logs::111122223333:log-group:a:*""#)
        Allow(r#""Action": "logs:PutLogEvents", "Resource": "arn:aws:logs:*:111122223333:log-group:a:*""#)
        waits "only the ARNs of `logs`, `sqs`, `dynamodb` and `kinesis` are known to need a region";
    MISSING_ARN_ACCOUNT "AA-129" Documentation IDENTITY
        "An ARN has no account, and those of the service have one."
        "The entry matches nothing."
        "Write the account, or `*`."
        Allow(r#""Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1::q""#)
        Allow(r#""Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:*:q""#)
        waits "only the ARNs of `logs`, `sqs` and `dynamodb` are known to need an account";
    MISSING_QUALIFIER "AA-130" Results IDENTITY
        "A key with several values is tested without `ForAllValues` or `ForAnyValue`."
        "With two or more values the condition does not hold."
        "Say whether all values are meant, or any."
        Condition(r#""StringEquals": {"aws:TagKeys": "team"}"#)
        Condition(r#""ForAnyValue:StringEquals": {"aws:TagKeys": "team"}"#)
        waits "only keys of the rules' section 4 are known to have several values";
    NULL_WITH_IF_EXISTS "AA-131" Documentation IDENTITY
        "`Null` is combined with `IfExists`."
        "The document does not load: `Null` asks whether the key exists."
        "Write `Null`."
        Condition(r#""NullIfExists": {"aws:PrincipalTag/team": "true"}"#)
        Condition(r#""Null": {"aws:PrincipalTag/team": "true"}"#);
    UNIQUE_SIDS_REQUIRED "AA-134" Documentation IDENTITY
        "Two statements have one `Sid`, and the type does not allow it."
        "AWS refuses to store the document."
        "Give each statement a `Sid` of its own."
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, {"Sid": "a", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}"#)
        Whole(r#"{"Version": "2012-10-17", "Statement": [{"Sid": "a", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}, {"Sid": "b", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}"#);
    UNSUPPORTED_ACTION_IN_POLICY "AA-135" Documentation TRUST
        "The action does nothing in a policy of this type."
        "What the entry should allow or deny is decided elsewhere."
        "Leave it out, or write it in a policy of the right type."
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": ["sts:AssumeRole", "s3:GetObject"]"#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole""#);
    UNSUPPORTED_ELEMENT_COMBINATION "AA-136" Documentation IDENTITY
        "A statement has an element and its negation."
        "The document does not load."
        "Write one of the two."
        Allow(r#""Action": "s3:GetObject", "NotAction": "s3:PutObject", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "*""#);
    UNSUPPORTED_GLOBAL_CONDITION_KEY "AA-137" Documentation IDENTITY
        "The global condition key `aws:ARN` does not exist any more."
        "No request has it: the condition tests something that is always absent."
        "Use `aws:PrincipalArn` or `aws:SourceArn`."
        Condition(r#""ArnLike": {"aws:ARN": "arn:aws:iam::111122223333:role/app"}"#)
        Condition(r#""ArnLike": {"aws:PrincipalArn": "arn:aws:iam::111122223333:role/app"}"#);
    UNSUPPORTED_RESOURCE_ARN_IN_POLICY "AA-139" Results BUCKET
        "The policy of a resource names something else than the resource and its parts."
        "The entry matches nothing: the policy is only asked about its own resource."
        "Name the resource itself."
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "*""#)
        Allow(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/*""#);
    UNSUPPORTED_SID "AA-140" Documentation IDENTITY
        "A `Sid` has other characters than letters and digits."
        "AWS refuses to store the document."
        "Write it with `a-z`, `A-Z` and `0-9` only."
        Allow(r#""Sid": "read objects", "Action": "s3:GetObject", "Resource": "*""#)
        Allow(r#""Sid": "ReadObjects", "Action": "s3:GetObject", "Resource": "*""#);
    EMPTY_VARIABLE "AA-142" Documentation IDENTITY
        "`${}` names no key."
        "It is compared as the text that is written."
        "Name a key, or leave it out."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${}/*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username}/*""#);
    MISSING_BRACE_IN_VARIABLE "AA-142" Documentation IDENTITY
        "A variable has no closing brace."
        "It is compared as the text that is written."
        "Close the variable with `}`."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username}""#);
    MISSING_QUOTE_IN_VARIABLE "AA-142" Documentation IDENTITY
        "The default of a variable has not its two single quotes."
        "It is compared as the text that is written."
        "Put the default in single quotes."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username, none}""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username, 'none'}""#);
    UNSUPPORTED_SPACE_IN_VARIABLE "AA-142" Documentation IDENTITY
        "The key of a variable begins or ends with a blank."
        "It is compared as the text that is written."
        "Leave the blank out."
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${ aws:username }""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username}""#);
    VARIABLE_UNSUPPORTED_IN_ELEMENT "AA-142" Documentation IDENTITY
        "A variable stands in an element that expands none."
        "It is compared as the text that is written."
        "Use variables in `Resource` and in the values of conditions."
        Allow(r#""Action": "s3:${aws:username}", "Resource": "*""#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username}""#);
    VARIABLE_UNSUPPORTED_IN_VERSION "AA-142" Documentation IDENTITY
        "A variable stands in a document whose version has none."
        "It is compared as the text that is written."
        "Write `\"Version\": \"2012-10-17\"`."
        Whole(r#"{"Version": "2008-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username}"}]}"#)
        Allow(r#""Action": "s3:GetObject", "Resource": "arn:aws:s3:::bucket/${aws:username}""#);
    PRIVATE_IP_ADDRESS "AA-143" Documentation IDENTITY
        "`aws:SourceIp` is compared with private addresses only."
        "It is a public address, and absent behind a VPC endpoint: the condition never holds."
        "Test `aws:VpcSourceIp` with `aws:SourceVpc`, or name public addresses."
        Condition(r#""IpAddress": {"aws:SourceIp": "10.0.0.0/8"}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#);
    PRIVATE_NOT_IP_ADDRESS "AA-143" Documentation IDENTITY
        "`aws:SourceIp` is held apart from private addresses only."
        "It is a public address, and absent behind a VPC endpoint: the condition always holds."
        "Test `aws:VpcSourceIp` with `aws:SourceVpc`, or name public addresses."
        Condition(r#""NotIpAddress": {"aws:SourceIp": "10.0.0.0/8"}"#)
        Condition(r#""NotIpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#);
    POLICY_SIZE_EXCEEDS_SCP_QUOTA "AA-144" Documentation SCP
        "A service control policy has more characters than it may have."
        "AWS refuses to store it."
        "Divide it, or use wildcards."
        OfLength(10240) OfLength(10);
    POLICY_SIZE_EXCEEDS_RCP_QUOTA "AA-144" Documentation RCP
        "A resource control policy has more characters than it may have."
        "AWS refuses to store it."
        "Divide it, or use wildcards."
        OfLength(5120) OfLength(10);
    MISSING_TAG_KEY_IN_CONDITION "AA-146" Documentation IDENTITY
        "The key of a tag condition does not name the tag."
        "No request has it: the condition tests something that is always absent."
        "Write the tag's name behind a slash."
        Condition(r#""StringEquals": {"aws:ResourceTag": "a"}"#)
        Condition(r#""StringEquals": {"aws:ResourceTag/team": "a"}"#);
    INVALID_VPC_FORMAT "AA-147" Documentation IDENTITY
        "A value of `aws:SourceVpc` is no id of a VPC."
        "No request has such a value."
        "Write `vpc-` and 8 or 17 characters."
        Condition(r#""StringEquals": {"aws:SourceVpc": "vpc-12"}"#)
        Condition(r#""StringEquals": {"aws:SourceVpc": "vpc-0123abcd"}"#);
    INVALID_VPCE_FORMAT "AA-147" Documentation IDENTITY
        "A value of `aws:SourceVpce` is no id of a VPC endpoint."
        "No request has such a value."
        "Write `vpce-` and 8 or 17 characters."
        Condition(r#""StringEquals": {"aws:SourceVpce": "vpc-0123abcd"}"#)
        Condition(r#""StringEquals": {"aws:SourceVpce": "vpce-0123abcd"}"#);
    UNSUPPORTED_ACTION_FOR_CONDITION_KEY "AA-149" Results IDENTITY
        "No request for the action has the condition key."
        "The condition tests something that is always absent."
        "Move the action to a statement without the condition."
        Allow(r#""Action": "ec2:CopySnapshot", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}"#)
        Allow(r#""Action": "ec2:DeleteSnapshot", "Resource": "*", "Condition": {"StringEquals": {"aws:ResourceAccount": "111122223333"}}"#);
    TYPE_MISMATCH_IP_RANGE "AA-152" Documentation IDENTITY
        "A value under `IpAddress` is neither an address nor a block of them."
        "It compares to nothing."
        "Write an address, or a block such as `203.0.113.0/24`."
        Condition(r#""IpAddress": {"aws:SourceIp": "203.0.113.0/33"}"#)
        Condition(r#""IpAddress": {"aws:SourceIp": "203.0.113.0/24"}"#);
    INVALID_KMS_KEY_VALUE "AA-158" Documentation IDENTITY
        "A condition value should name a key of KMS and does not."
        "No request has such a value."
        "Write the ARN of the key."
        Condition(r#""StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "my key"}"#)
        Condition(r#""StringEquals": {"s3:x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#);
    VARIABLE_USAGE_TOO_PERMISSIVE "AA-159" Documentation RESOURCE
        "A variable stands in the value of a key that says who or what is trusted."
        "The caller decides what it stands for."
        "Write the value."
        Condition(r#""StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}"#)
        Condition(r#""StringEquals": {"aws:SourceAccount": "111122223333"}"#);
    WILDCARD_USAGE_TOO_PERMISSIVE "AA-159" Documentation RESOURCE
        "A wildcard stands in the value of a key that says who or what is trusted."
        "It matches values of strangers, too."
        "Write the whole value, or several of them."
        Condition(r#""StringLike": {"aws:SourceAccount": "1111*"}"#)
        Condition(r#""StringEquals": {"aws:SourceAccount": "111122223333"}"#);
}

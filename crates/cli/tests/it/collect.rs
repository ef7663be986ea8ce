//! `collect --print`: the script writes a folder that portcullis reads. `aws` is a stand-in that answers as the AWS CLI.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::support::Folder;
use serde_json::Value;

/// Answers of the commands; what is not here is refused, as AWS does.
const AWS: &str = r#"#!/bin/sh
none() { echo "An error occurred ($1) when calling the operation: there is none" >&2; exit 254; }
policy() { printf '{"Policy": "{\\"Version\\": \\"2012-10-17\\", \\"Statement\\": [{\\"Effect\\": \\"Deny\\", \\"Principal\\": \\"*\\", \\"Action\\": \\"%s\\", \\"Resource\\": \\"%s\\"}]}"}\n' "$1" "$2"; }
all='{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}'
set=arn:aws:sso:::permissionSet/ssoins-1111222233334444/ps-aaaabbbbccccdddd
case "$*" in
*"get-caller-identity"*) echo 111122223333 ;;
*"get-account-authorization-details"*) cat <<END
{"UserDetailList": [{"Path": "/", "UserName": "ann", "UserId": "AIDAANN", "Arn": "arn:aws:iam::111122223333:user/ann",
 "UserPolicyList": [{"PolicyName": "all", "PolicyDocument": $all}], "GroupList": [], "AttachedManagedPolicies": []}],
 "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
END
;;
*"describe-organization "*--query*) echo 111122223333 ;;
*"describe-organization "*) echo '{"Organization": {"Id": "o-example1", "MasterAccountId": "111122223333", "FeatureSet": "ALL"}}' ;;
*"list-roots"*--query*) echo r-ex01 ;;
*"list-roots"*) echo '{"Roots": [{"Id": "r-ex01", "Arn": "arn:aws:organizations::111122223333:root/o-example1/r-ex01", "Name": "Root",
  "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}' ;;
*"list-organizational-units-for-parent --parent-id r-ex01 "*--query*) echo ou-ex01-11111111 ;;
*"list-organizational-units-for-parent --parent-id r-ex01"*) echo '{"OrganizationalUnits": [{"Id": "ou-ex01-11111111", "Name": "Work",
  "Arn": "arn:aws:organizations::111122223333:ou/o-example1/ou-ex01-11111111"}]}' ;;
*"list-organizational-units-for-parent"*--query*) echo None ;;
*"list-organizational-units-for-parent"*) echo '{"OrganizationalUnits": []}' ;;
*"list-accounts-for-parent --parent-id r-ex01"*) echo '{"Accounts": [{"Id": "111122223333", "Name": "main", "Status": "ACTIVE"}]}' ;;
*"list-accounts-for-parent"*) echo '{"Accounts": [{"Id": "444455556666", "Name": "work", "Status": "ACTIVE"}]}' ;;
*"list-policies --filter SERVICE_CONTROL_POLICY"*) printf 'p-FullAWSAccess\tp-nosqs001\n' ;;
*"list-policies --filter"*) echo None ;;
*"describe-policy --policy-id p-nosqs001"*) echo '{"Policy": {"PolicySummary": {"Id": "p-nosqs001", "Name": "NoQueues", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": false},
  "Content": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Deny\", \"Action\": \"sqs:*\", \"Resource\": \"*\"}]}"}}' ;;
*"describe-policy"*) echo '{"Policy": {"PolicySummary": {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": true},
  "Content": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": \"*\", \"Resource\": \"*\"}]}"}}' ;;
*"list-targets-for-policy --policy-id p-nosqs001"*) echo '{"Targets": [{"TargetId": "ou-ex01-11111111", "Name": "Work", "Type": "ORGANIZATIONAL_UNIT"}]}' ;;
*"list-targets-for-policy"*) echo '{"Targets": [{"TargetId": "r-ex01", "Type": "ROOT"}, {"TargetId": "ou-ex01-11111111", "Type": "ORGANIZATIONAL_UNIT"},
  {"TargetId": "111122223333", "Type": "ACCOUNT"}, {"TargetId": "444455556666", "Type": "ACCOUNT"}]}' ;;
*"list-instances"*IdentityStoreId*) echo d-1234567890 ;;
*"list-instances"*) echo arn:aws:sso:::instance/ssoins-1111222233334444 ;;
*"list-permission-sets"*--query*) echo $set ;;
*"list-permission-sets"*) echo "{\"PermissionSets\": [\"$set\"]}" ;;
*"describe-permission-set"*) echo "{\"PermissionSet\": {\"Name\": \"Support\", \"PermissionSetArn\": \"$set\", \"SessionDuration\": \"PT8H\"}}" ;;
*"get-inline-policy-for-permission-set"*) echo '{"InlinePolicy": "{\"Version\": \"2012-10-17\", \"Statement\": [{\"Effect\": \"Allow\", \"Action\": [\"s3:*\", \"sqs:*\"], \"Resource\": \"*\"}]}"}' ;;
*"list-managed-policies-in-permission-set"*) echo '{"AttachedManagedPolicies": []}' ;;
*"list-customer-managed-policy-references-in-permission-set"*) echo '{"CustomerManagedPolicyReferences": []}' ;;
*"get-permissions-boundary-for-permission-set"*) none ResourceNotFoundException ;;
*"list-accounts-for-provisioned-permission-set"*) echo 444455556666 ;;
*"list-account-assignments"*) echo "{\"AccountAssignments\": [{\"AccountId\": \"444455556666\", \"PermissionSetArn\": \"$set\", \"PrincipalType\": \"GROUP\", \"PrincipalId\": \"g-1\"}]}" ;;
*"describe-instance-access-control-attribute-configuration"*) none ResourceNotFoundException ;;
*"identitystore list-users"*) echo '{"Users": [{"UserName": "jane@example.com", "UserId": "u-1", "IdentityStoreId": "d-1234567890"}]}' ;;
*"identitystore list-groups"*--query*) echo g-1 ;;
*"identitystore list-groups"*) echo '{"Groups": [{"GroupId": "g-1", "DisplayName": "Analysts", "IdentityStoreId": "d-1234567890"}]}' ;;
*"list-group-memberships"*) echo '{"GroupMemberships": [{"MembershipId": "m", "GroupId": "g-1", "MemberId": {"UserId": "u-1"}}]}' ;;
*"s3control get-public-access-block"*) none NoSuchPublicAccessBlockConfiguration ;;
*"s3api list-buckets"*) echo reports ;;
*"get-bucket-policy "*) policy s3:DeleteObject 'arn:aws:s3:::reports/*' ;;
*"get-bucket-acl "*) echo '{"Owner": {"ID": "abc"}, "Grants": [{"Grantee": {"ID": "abc", "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]}' ;;
*"get-bucket-ownership-controls "*) echo '{"OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}}' ;;
*"s3api get-public-access-block "*) none NoSuchPublicAccessBlockConfiguration ;;
*"get-bucket-tagging "*) none NoSuchTagSet ;;
*"get-bucket-abac "*) echo '{"AbacStatus": {"Status": "Disabled"}}' ;;
*"list-access-points "*) echo None ;;
*"kms list-keys"*) echo 0000-1111 ;;
*"describe-key"*) echo '{"KeyMetadata": {"KeyId": "0000-1111", "Arn": "arn:aws:kms:eu-west-1:111122223333:key/0000-1111", "AWSAccountId": "111122223333"}}' ;;
*"get-key-policy"*) printf '{"Policy": "{\\"Version\\": \\"2012-10-17\\", \\"Statement\\": [{\\"Effect\\": \\"Allow\\", \\"Principal\\": {\\"AWS\\": \\"arn:aws:iam::111122223333:root\\"}, \\"Action\\": \\"kms:*\\", \\"Resource\\": \\"*\\"}]}", "PolicyName": "default"}\n' ;;
*"list-grants"*) echo '{"Grants": []}' ;;
*"sqs list-queues"*) echo https://sqs.eu-west-1.amazonaws.com/111122223333/jobs ;;
*"get-queue-attributes"*) echo '{"Attributes": {"QueueArn": "arn:aws:sqs:eu-west-1:111122223333:jobs"}}' ;;
*"sns list-topics"*) echo arn:aws:sns:eu-west-1:111122223333:news ;;
*"get-topic-attributes"*) echo '{"Attributes": {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:news", "Owner": "111122223333"}}' ;;
*"lambda list-functions"*) echo resize ;;
*"lambda get-policy"*) policy lambda:InvokeFunction arn:aws:lambda:eu-west-1:111122223333:function:resize ;;
*"secretsmanager list-secrets"*) echo arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf ;;
*"secretsmanager get-resource-policy"*) echo '{"ARN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:s-AbCdEf", "Name": "s"}' ;;
*"describe-repositories"*) echo team/app ;;
*"get-repository-policy"*) none RepositoryPolicyNotFoundException ;;
*"dynamodb list-tables"*) echo orders ;;
*"dynamodb get-resource-policy"*) none PolicyNotFoundException ;;
*"describe-file-systems"*) echo fs-1 ;;
*"describe-file-system-policy"*) none PolicyNotFound ;;
*"list-backup-vaults"*) echo None ;;
*"list-event-buses"*) echo '{"EventBuses": [{"Name": "default", "Arn": "arn:aws:events:eu-west-1:111122223333:event-bus/default"}]}' ;;
*"describe-vpc-endpoints"*) echo '{"VpcEndpoints": []}' ;;
*"logs describe-resource-policies"*) [ -n "${REFUSE:-}" ] && { echo 'An error occurred (AccessDeniedException): not "authorized"' >&2; exit 254; }; echo '{"resourcePolicies": []}' ;;
*"glue get-resource-policy"*) none EntityNotFoundException ;;
*) echo "An error occurred (AccessDeniedException): no answer for $*" >&2; exit 254 ;;
esac
"#;

fn collect(folder: &Folder, refuse: &str) -> String {
    let printed = folder.run(&["collect", "--print"]);
    assert_eq!(printed.code, 0, "{printed:?}");
    folder.write("collect.sh", &printed.stdout);
    std::fs::create_dir_all(folder.0.join("bin")).unwrap();
    folder.write("bin/aws", AWS);
    let aws = folder.0.join("bin/aws");
    std::fs::set_permissions(&aws, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!(
        "{}:{}",
        folder.0.join("bin").display(),
        std::env::var("PATH").unwrap()
    );
    let run = Command::new("sh")
        .args(["collect.sh", "dumps", "eu-west-1"])
        .current_dir(&folder.0)
        .env("PATH", path)
        .env("REFUSE", refuse)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&run.stderr).into_owned();
    assert!(run.status.success(), "{told}");
    told
}

#[test]
fn the_folder_of_the_script_is_read() {
    let folder = Folder::new();
    let told = collect(&folder, "");
    assert!(!told.contains("not collected"), "{told}");
    let sender = [
        "--action",
        "sqs:SendMessage",
        "--resource",
        "arn:aws:sqs:eu-west-1:111122223333:jobs",
    ];
    let run = folder.run(
        &[
            &[
                "who-can",
                "--directory",
                "dumps",
                "--report",
                "--format",
                "json",
            ][..],
            &sender,
        ]
        .concat(),
    );
    assert_eq!(run.code, 0, "{run:?}");
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The control policy of the unit keeps the permission set from it, as the bucket's policy keeps everybody.
    assert_eq!(lines.len(), 2, "{}", run.stdout);
    assert_eq!(lines[0]["principal"], "arn:aws:iam::111122223333:user/ann");
    assert_eq!(lines[1]["counts"]["principals"], 2);
    assert_eq!(lines[1]["complete"], true);
    for file in [
        "account.json",
        "reports.policy.json",
        "ps-aaaabbbbccccdddd",
        "jobs.json",
        "0000-1111.json",
        "resize.json",
    ] {
        assert!(run.stderr.contains(file), "{file}: {}", run.stderr);
    }
    let object = [
        "--action",
        "s3:DeleteObject",
        "--resource",
        "arn:aws:s3:::reports/1",
    ];
    let run = folder.run(&[&["who-can", "--directory", "dumps"][..], &object].concat());
    assert_eq!(run.code, 2, "{run:?}");
    let object = [
        "--action",
        "s3:PutObject",
        "--resource",
        "arn:aws:s3:::elsewhere/1",
        "--resource-account",
        "444455556666",
    ];
    let run = folder.run(&[&["who-can", "--directory", "dumps"][..], &object].concat());
    assert!(
        run.stdout
            .contains("AWSReservedSSO_Support_0000000000000000"),
        "{run:?}"
    );
    assert!(
        run.stdout.contains("Analysts (jane@example.com)"),
        "{run:?}"
    );
    assert!(run.stderr.contains("not provisioned"), "{run:?}");
}

#[test]
fn what_was_refused_is_missing() {
    let folder = Folder::new();
    let told = collect(&folder, "yes");
    assert!(
        told.contains("not collected: aws logs describe-resource-policies"),
        "{told}"
    );
    let run = folder.run(&["admins", "--directory", "dumps"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(
        run.stderr.contains("was not collected") && run.stderr.contains("[INCOMPLETE]"),
        "{run:?}"
    );
    let run = folder.run(&[
        "admins",
        "--directory",
        "dumps",
        "--allow-missing",
        "--format",
        "json",
    ]);
    assert_eq!(run.code, 0, "{run:?}");
    let summary: Value = serde_json::from_str(run.stdout.lines().last().unwrap()).unwrap();
    assert_eq!(summary["complete"], false);
    assert!(
        summary["missing"][0]["message"]
            .as_str()
            .unwrap()
            .contains("logs"),
        "{summary}"
    );
}

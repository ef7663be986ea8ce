//! `simulate` answers in the shape of AWS's policy simulator.

use std::path::Path;

use crate::support::{Folder, value};
use serde_json::{Value, json};

fn run(arguments: &[&str], input: &Value) -> Value {
    let folder = Folder::new();
    let run = folder.run_with(
        &[&["simulate"], arguments].concat(),
        input.to_string().as_bytes(),
    );
    assert_eq!(run.code, 0, "{}", run.stderr);
    let answer: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(answer["IsTruncated"], false);
    answer["EvaluationResults"].clone()
}

const READ: &str = "{\"Version\": \"2012-10-17\",\n \"Statement\": [\n  {\"Effect\": \"Allow\", \"Action\": \"s3:Get*\",\n   \"Resource\": \"arn:aws:s3:::b/*\"}]}";

fn policy(effect: &str, action: &str, more: Value) -> String {
    let mut statement = json!({"Effect": effect, "Action": action, "Resource": "*"});
    for (key, value) in more.as_object().unwrap() {
        statement[key] = value.clone();
    }
    json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
}

#[test]
fn sim_3_and_10_to_14_actions_by_resources() {
    let input = json!({
        "PolicyInputList": [READ, policy("Deny", "s3:GetObject", json!({"Resource": "arn:aws:s3:::b/secret"}))],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::b/k", "arn:aws:s3:::b/secret"],
    });
    let results = run(&[], &input);
    let get = &results[0];
    // SIM-3: the most restrictive counts.
    assert_eq!(
        (get["EvalActionName"].as_str(), get["EvalDecision"].as_str()),
        (Some("s3:GetObject"), Some("explicitDeny"))
    );
    let specific = &get["ResourceSpecificResults"];
    assert_eq!(specific[0]["EvalResourceDecision"], "allowed");
    let matched = &specific[0]["MatchedStatements"][0];
    assert_eq!(
        matched,
        &json!({"SourcePolicyId": "PolicyInputList.1", "SourcePolicyType": "IAM Policy",
            "StartPosition": {"Line": 3, "Column": 3}, "EndPosition": {"Line": 4, "Column": 35}})
    );
    // SIM-13: only the Deny.
    assert_eq!(
        specific[1]["MatchedStatements"].as_array().unwrap().len(),
        1
    );
    assert_eq!(
        specific[1]["MatchedStatements"][0]["SourcePolicyId"],
        "PolicyInputList.2"
    );
    assert_eq!(results[1]["EvalDecision"], "implicitDeny");
    assert_eq!(results[1]["MatchedStatements"], json!([]));
    assert_eq!(results[1].get("OrganizationsDecisionDetail"), None);
}

#[test]
fn sim_16_missing_context_and_its_types() {
    let condition = json!({"Condition": {"NumericLessThan": {"s3:max-keys": "10"}, "StringEquals": {"aws:RequestTag/a": "b"}}});
    let mut input = json!({
        "PolicyInputList": [policy("Allow", "s3:ListBucket", condition)],
        "ActionNames": ["s3:ListBucket"],
    });
    let results = run(&[], &input);
    assert_eq!(results[0]["EvalDecision"], "implicitDeny");
    assert_eq!(results[0]["EvalResourceName"], "*");
    assert_eq!(
        results[0]["MissingContextValues"],
        json!(["aws:RequestTag/a", "s3:max-keys"])
    );
    // SIM-19.
    assert_eq!(results[0].get("EvalDecisionDetails"), None);
    let entry = |key: &str, kind: &str, values: Value| json!({"ContextKeyName": key, "ContextKeyType": kind, "ContextKeyValues": values});
    input["ContextEntries"] = json!([
        entry("S3:Max-Keys", "numeric", json!(["5"])),
        entry("aws:RequestTag/a", "string", json!(["b"]))
    ]);
    assert_eq!(run(&[], &input)[0]["EvalDecision"], "allowed");
    input["ContextEntries"] = json!([entry("a", "string", json!(["1", "2"]))]);
    let refused = Folder::new().run_with(&["simulate"], input.to_string().as_bytes());
    assert!(refused.stderr.contains("stringList"), "{}", refused.stderr);
}

#[test]
fn sim_17_to_19_limits_and_other_accounts() {
    let any = policy("Allow", "*", json!({}));
    let mut input = json!({
        "PolicyInputList": [any],
        "PermissionsBoundaryPolicyInputList": [READ],
        "OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": [any]},
            {"ServiceControlPolicyInputList": [any, policy("Deny", "s3:*", json!({"Condition": {"Bool": {"aws:SecureTransport": "false"}}}))]}],
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::b/k"],
        "CallerArn": "arn:aws:iam::111122223333:user/ann",
    });
    let results = run(&[], &input);
    // A condition of a control policy does not deny what it does not hold for.
    assert_eq!(results[0]["EvalDecision"], "allowed");
    assert_eq!(
        results[0]["OrganizationsDecisionDetail"]["AllowedByOrganizations"],
        true
    );
    assert_eq!(results[0]["EvalDecisionDetails"], json!({}));
    assert_eq!(results[1]["EvalDecision"], "implicitDeny");
    assert_eq!(
        results[1]["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"],
        false
    );
    assert_eq!(
        run(&["--without", "boundary"], &input)[1]["EvalDecision"],
        "allowed"
    );
    input["ContextEntries"] = json!([{"ContextKeyName": "aws:SecureTransport", "ContextKeyType": "boolean", "ContextKeyValues": ["false"]}]);
    let denied = run(&[], &input);
    assert_eq!(denied[0]["EvalDecision"], "explicitDeny");
    // Statements of control policies are not listed.
    assert_eq!(denied[0]["MatchedStatements"], json!([]));
    assert_eq!(
        run(&["--without", "scp"], &input)[0]["EvalDecision"],
        "allowed"
    );

    let across = json!({
        "PolicyInputList": [any],
        "ResourcePolicy": policy("Allow", "s3:GetObject", json!({"Principal": {"AWS": "111122223333"}})),
        "ResourceOwner": "arn:aws:iam::444455556666:root",
        "ActionNames": ["s3:GetObject", "s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::b/k"],
        "CallerArn": "arn:aws:iam::111122223333:user/ann",
    });
    let results = run(&[], &across);
    assert_eq!(results[0]["EvalDecision"], "allowed");
    assert_eq!(
        results[1]["EvalDecisionDetails"],
        json!({"IAM Policy": "allowed", "Resource Policy": "implicitDeny"})
    );
}

#[test]
fn principals_of_a_directory_are_simulated() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/example-organization/data");
    let root = root.to_string_lossy();
    let directory = ["--directory", &*root];
    let input = |source: &str, action: &str, resource: &str| json!({"PolicySourceArn": source, "ActionNames": [action], "ResourceArns": [resource]});
    let support = "arn:aws:iam::111111111111:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Support_00112233445566aa";
    let orders = "arn:aws:s3:::shop-orders/1";
    let denied = run(&directory, &input(support, "s3:GetObject", orders));
    assert_eq!(denied[0]["EvalDecision"], "explicitDeny");
    assert_eq!(
        denied[0]["MatchedStatements"][0]["SourcePolicyId"],
        "role_AWSReservedSSO_Support_00112233445566aa_no-orders"
    );
    // By its name, and as the answer calls it.
    let mut without = input(support, "s3:GetObject", orders);
    without["PolicyExclusionList"] =
        json!(["role_AWSReservedSSO_Support_00112233445566aa_no-orders"]);
    assert_eq!(run(&directory, &without)[0]["EvalDecision"], "allowed");
    without["PolicyExclusionList"] = json!(["no-orders"]);
    let allowed = run(&directory, &without);
    assert_eq!(allowed[0]["EvalDecision"], "allowed");
    assert_eq!(
        allowed[0]["MatchedStatements"][0]["SourcePolicyId"],
        "ReadOnlyExample"
    );
    // SIM-14: the policies of groups, and of resources.
    let maria = "arn:aws:iam::333333333333:user/maria";
    let pipeline = "arn:aws:iam::333333333333:role/Pipeline";
    let trusted = run(&directory, &input(maria, "sts:AssumeRole", pipeline));
    let mut ids: Vec<&str> = trusted[0]["MatchedStatements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|own| own["SourcePolicyId"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, ["ResourcePolicy", "group_Developers_release"]);
    // SIM-1: a group's policies alone.
    let group = "arn:aws:iam::333333333333:group/Developers";
    let release = run(&directory, &input(group, "sts:AssumeRole", pipeline));
    assert_eq!(release[0]["EvalDecision"], "allowed");
    assert_eq!(
        release[0]["MatchedStatements"][1]["SourcePolicyId"],
        "group_Developers_release"
    );
    let mut without = input(group, "sts:AssumeRole", pipeline);
    without["PolicyExclusionList"] = json!(["group_Developers_release"]);
    assert_eq!(run(&directory, &without)[0]["EvalDecision"], "implicitDeny");
    let folder = Folder::new();
    let gone = input("arn:aws:iam::333333333333:group/Gone", "s3:GetObject", "*");
    let refused = folder.run_with(
        &[&["simulate"][..], &directory].concat(),
        gone.to_string().as_bytes(),
    );
    assert!(
        refused.stderr.contains("has no group"),
        "{}",
        refused.stderr
    );
    // SIM-17, SIM-20: the organization speaks of the action, not of a resource.
    assert_eq!(
        trusted[0]["OrganizationsDecisionDetail"]["AllowedByOrganizations"],
        true
    );
    let specific = trusted[0]["ResourceSpecificResults"][0]
        .as_object()
        .unwrap();
    let members: Vec<&str> = specific.keys().map(String::as_str).collect();
    assert_eq!(
        members,
        [
            "EvalResourceName",
            "EvalResourceDecision",
            "MatchedStatements",
            "MissingContextValues",
            "EvalDecisionDetails"
        ]
    );
    // Trust policies take part.
    let deploy = "arn:aws:iam::111111111111:role/Deploy";
    let assumed = run(&directory, &input(pipeline, "sts:AssumeRole", deploy));
    assert_eq!(assumed[0]["EvalDecision"], "implicitDeny");
    assert_eq!(
        assumed[0]["MissingContextValues"],
        json!(["sts:ExternalId"])
    );
    assert_eq!(
        assumed[0]["EvalDecisionDetails"],
        json!({"IAM Policy": "allowed", "Resource Policy": "implicitDeny"})
    );
}

/// SIM-16, OUT-4: variables of resources are among the missing keys, in the policy's spelling, if the
/// statement is for the action and the resource might match with a value.
#[test]
fn sim_16_variables_of_resources_are_missing() {
    let folder = Folder::new();
    let missing = |context: Value| {
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::b",
                "Condition": {"StringLike": {"aws:PrincipalTag/Service": "s3"}}},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/${aws:UserName}"},
            {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::c/${aws:PrincipalTag/Other}"},
        ]});
        let input = json!({"PolicyInputList": [policy.to_string()], "ActionNames": ["s3:GetObject"],
            "ResourceArns": ["arn:aws:s3:::b/ann"], "ContextEntries": context});
        let run = folder.run_with(&["simulate"], input.to_string().as_bytes());
        let result = value(&run)["EvaluationResults"][0].clone();
        (
            result["MissingContextValues"].clone(),
            result["EvalDecision"].clone(),
        )
    };
    assert_eq!(
        missing(json!([])),
        (json!(["aws:UserName"]), json!("implicitDeny"))
    );
    let given = json!([{"ContextKeyName": "aws:username", "ContextKeyType": "string", "ContextKeyValues": ["ann"]}]);
    assert_eq!(missing(given), (json!([]), json!("allowed")));
}

//! What can be called with the credentials of a session (`STS-4`, `STS-5`).

use crate::support::Folder;
use serde_json::{Value, json};

const ANN: &str = "arn:aws:iam::111122223333:user/team/ann";
const ROLE: &str = "arn:aws:iam::111122223333:role/app/R";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/R/s";
const FEDERATED_USER: &str = "arn:aws:sts::111122223333:federated-user/fay";

/// A session that `assume` hands out can call no more than STS says, whatever the policies say, and whoever asks: by a
/// directory, its image, a scenario, with either engine (`STS-4`, `STS-5`).
#[test]
fn temporary_credentials_cannot_call_everything() {
    let folder = Folder::new();
    let all = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let user = json!({"Path": "/team/", "UserName": "ann", "UserId": "AIDAEXAMPLEAAAAAAAAAA", "Arn": ANN,
        "UserPolicyList": [{"PolicyName": "all", "PolicyDocument": all}], "GroupList": [], "AttachedManagedPolicies": []});
    let dump = json!({"UserDetailList": [user], "GroupDetailList": [], "RoleDetailList": [], "Policies": []});
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    folder.write("dumps/account.json", dump.to_string());
    folder.write("all.json", all.to_string());
    let made = folder.run(&["compile", "--directory", "dumps", "-o", "dumps.pcl"]);
    assert_eq!(made.code, 0, "{made:?}");
    let session = |call: &[&str]| -> Value {
        let start = ["assume", "--directory", "dumps", "--principal", ANN];
        let run = folder.run(&[&start[..], call, &["--format", "json"]].concat());
        let told: Value = serde_json::from_str(&run.stdout).unwrap();
        told["session"].clone()
    };
    let federated = [
        "--call",
        "GetFederationToken",
        "--session-name",
        "fay",
        "--policy",
        "all.json",
    ];
    let sessions = [
        session(&federated),
        session(&["--call", "GetSessionToken"]),
        session(&["--call", "get-session-token", "--mfa"]),
    ];
    let allowed = [
        ("iam:ListUsers", [false, false, true]),
        ("iam:PassRole", [true, true, true]),
        ("sts:AssumeRole", [false, true, true]),
        ("sts:GetFederationToken", [false, false, false]),
        ("sts:GetCallerIdentity", [true, true, true]),
        ("sts:TagSession", [true, true, true]),
        ("s3:ListAllMyBuckets", [true, true, true]),
    ];
    let mut of_directory = Vec::new();
    let mut of_scenarios = Vec::new();
    for (action, allowed) in allowed {
        for (session, allowed) in sessions.iter().zip(allowed) {
            let expect = match allowed {
                true => "Allow",
                false => "ImplicitDeny",
            };
            let request = json!({"principal": session["principal"], "context": session["context"],
                "action": action, "resource": "*", "expect": expect});
            let mut line = request.clone();
            line["session"] = session["session"].clone();
            of_directory.push(line);
            let policies = json!({"identity": [all], "session": session["session"]});
            of_scenarios.push(json!({"policies": policies, "requests": [request]}));
        }
    }
    let check = |arguments: &[&str], lines: &[Value]| {
        let input: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let run = folder.run_with(arguments, input.as_bytes());
        let answers: Vec<Value> = run
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(answers.len(), lines.len(), "{run:?}");
        for (line, answer) in lines.iter().zip(answers) {
            let asked = line.get("requests").map_or(line, |own| &own[0]);
            assert_eq!(answer["decision"], asked["expect"], "{line}: {answer}");
            // Nothing is refused in silence.
            let told = answer["notes"].to_string().contains("the call is refused");
            assert_eq!(told, asked["expect"] != "Allow", "{line}: {answer}");
        }
    };
    check(&["batch", "--directory", "dumps"], &of_directory);
    check(
        &["batch", "--directory", "dumps", "--engine", "both"],
        &of_directory,
    );
    check(&["batch", "--image", "dumps.pcl"], &of_directory);
    check(&["batch", "--engine", "vm"], &of_scenarios);
    check(&["batch", "--engine", "reference"], &of_scenarios);
    // Only users and root users have such credentials.
    for principal in [
        json!({"arn": SESSION, "roleArn": ROLE, "credentials": "GetSessionToken"}),
        json!({"arn": FEDERATED_USER, "credentials": "GetSessionToken"}),
        json!({"arn": ANN, "credentials": "AssumeRole"}),
        json!({"arn": ANN, "credentials": ""}),
    ] {
        let request = json!({"principal": principal, "action": "s3:GetObject", "resource": "*"});
        let scenario = json!({"name": "x", "policies": {"identity": []}, "request": request});
        let run = folder.run_with(&["batch"], scenario.to_string().as_bytes());
        assert_eq!(run.code, 1, "{run:?}");
        assert!(run.stdout.contains("INVALID_PRINCIPAL"), "{run:?}");
    }
}

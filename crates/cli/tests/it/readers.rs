//! One reader: whatever a command is given as JSON, a member that is there twice, one that is not known and a value of
//! a wrong type are refused, wherever they stand, and nothing is decided.

use crate::support::{ANN, Folder, REQUEST, Run, folder};
use serde_json::{Value, json};

const COMMANDS: [&str; 31] = [
    "decide",
    "explain",
    "test",
    "batch",
    "assume",
    "simulate",
    "who-can",
    "what-can",
    "matrix",
    "admins",
    "escalate",
    "findings",
    "collect",
    "picture",
    "actions",
    "catalog",
    "compare",
    "prove",
    "tighten",
    "check",
    "explain-code",
    "lsp",
    "fmt",
    "convert",
    "expand",
    "compile",
    "inspect",
    "disasm",
    "bench",
    "completions",
    "help",
];

/// What is read from an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Policy,
    /// A policy that only denies.
    Claims,
    /// A policy, in an object that names it.
    NamedPolicy,
    ResourcePolicy,
    ControlPolicy,
    Scenario,
    Request,
    /// A request with the policies that go with it, for a directory.
    Line,
    Principal,
    Session,
    Simulation,
    Dumps,
    /// Rules that archive findings.
    Rules,
    /// Grants of a key, which are proposed.
    Grants,
    /// An access control list of a bucket, which is proposed.
    List,
    /// Findings that AWS's analyzer exported, of which only what is needed is read.
    Export,
    /// No JSON, whatever it is.
    NotJson,
}

/// Every input of a command that is no plain flag, by its name in the command's help.
fn form(command: &str, input: &str) -> Form {
    match (command, input) {
        (_, "--color") => Form::NotJson,
        ("simulate", "FILE") => Form::Simulation,
        ("assume", "--as") => Form::Session,
        ("assume", "--policy") => Form::Policy,
        ("test" | "batch", "FILE") | ("bench", "SCENARIO-FILE") => Form::Scenario,
        ("check" | "convert" | "prove", "FILE") | ("compare", "OLD" | "NEW") => Form::Policy,
        ("prove", "--not-granted" | "--on" | "--witness" | "--domain") => Form::NotJson,
        ("compare", "--witness" | "--domain") => Form::NotJson,
        ("prove", "--never") => Form::Claims,
        ("tighten", "POLICY") => Form::Policy,
        ("findings", "--archive-rules") => Form::Rules,
        ("findings", "--against") => Form::Export,
        ("findings", "--preview") => Form::ResourcePolicy,
        ("findings", "--zone" | "--access") => Form::NotJson,
        ("tighten", "--requests") => Form::Request,
        ("tighten", "--merge-above") => Form::NotJson,
        (_, "--identity" | "--boundary" | "--session" | "--scp") => Form::Policy,
        (_, "--resource-policy" | "--vpc-endpoint") => Form::ResourcePolicy,
        (_, "--rcp") => Form::ControlPolicy,
        (_, "--scenario") => Form::Scenario,
        (_, "--request") => Form::Request,
        (_, "--directory") => Form::Dumps,
        // These compare with the ARNs of their lines.
        ("decide" | "explain" | "assume" | "what-can", "--principal") => Form::Principal,
        ("matrix" | "admins" | "escalate", "--principal") => Form::NotJson,
        // The policy language, images and catalogs.
        ("fmt" | "expand", "FILE") | (_, "IMAGE" | "--image" | "--base" | "--data") => {
            Form::NotJson
        }
        // Lines of dumps, of which only what something refers to is read (`directory/tests/it/dumps.rs`).
        (_, "--managed-policies") => Form::NotJson,
        // Names, numbers, words, and what is written.
        (
            _,
            "--account" | "--action" | "--baseline" | "--config" | "--deny" | "--ignore"
            | "--select" | "--steps" | "--warn" | "--write-baseline" | "--call" | "--case"
            | "--context" | "--duration" | "--engine" | "--exclude" | "--filter" | "--of"
            | "--external-id" | "--fail-on" | "--format" | "--hops" | "--iterations"
            | "--min-coverage" | "--output" | "--resource" | "--resource-account"
            | "--resource-type" | "--role" | "--session-name" | "--source-identity" | "--tag"
            | "--task-policy" | "--threads" | "--to" | "--transitive" | "--type" | "--without"
            | "CODE" | "OPERATION" | "SHELL",
        )
        | ("convert", "--policy") => Form::NotJson,
        _ => panic!("{command} {input}: say what is read from it"),
    }
}

/// The inputs of a command, from its help.
fn inputs(command: &str) -> Vec<String> {
    let folder = Folder::new();
    let help = folder.run(&[command, "--help"]).stdout;
    let mut found = Vec::new();
    for line in help.lines() {
        let line = line.trim_start();
        let line = line
            .strip_prefix("-o, ")
            .or(line.strip_prefix("-R, "))
            .unwrap_or(line);
        let name = line.split("  ").next().unwrap_or_default();
        let is_value = |text: &str| text.starts_with(['<', '[']) && !text.contains(':');
        let input = match name.split_once(' ') {
            Some((option, value)) if option.starts_with("--") && is_value(value) => option,
            None if is_value(name) => name.trim_matches(|c: char| !c.is_ascii_alphabetic()),
            _ => continue,
        };
        // One dot of the ellipsis and the bracket are no letters.
        found.push(input.to_string());
    }
    found
}

/// The arguments that have a command read `what` from an input, beside others that are sound, and what goes to
/// standard input.
fn arguments(command: &str, input: &str, form: Form, what: &str) -> Vec<String> {
    let asked = REQUEST;
    let dumps = ["--directory", "dumps"];
    let mut list: Vec<&str> = vec![command];
    let of_command: &[&str] = match (command, input) {
        ("decide" | "explain", "--scenario") => &[],
        ("decide" | "explain", "--request") if form == Form::Line => &dumps,
        ("decide" | "explain", "--request") => &["--identity", "all.json"],
        ("decide" | "explain", "--principal") => &[
            "--identity",
            "all.json",
            "--action",
            "s3:GetObject",
            "--resource",
            "arn:aws:s3:::b/k",
        ],
        ("decide" | "explain", _) => &asked,
        ("assume", "--as" | "--principal") => &["--directory", "dumps", "--role", ROLE],
        ("assume", "--policy") => &["--directory", "dumps", "--role", ROLE, "--principal", ANN],
        ("assume", _) => &["--role", ROLE, "--principal", ANN],
        ("batch", "FILE") if form == Form::Line => &dumps,
        ("batch" | "simulate", "--directory") => &["-"],
        ("who-can" | "matrix", _) => {
            &["--action", "s3:GetObject", "--resource", "arn:aws:s3:::b/k"]
        }
        ("what-can", "--principal") => &["--directory", "dumps", "--resource", "arn:aws:s3:::b/k"],
        ("what-can", _) => &["--principal", ANN, "--resource", "arn:aws:s3:::b/k"],
        ("convert", _) => &["--to", "json"],
        ("compare", _) => &["all.json"],
        ("prove", "FILE") => &["--not-granted", "s3:*"],
        ("prove", _) => &["all.json"],
        ("findings", "--preview") => &[
            "--directory",
            "dumps",
            "--resource",
            match form {
                Form::Grants => KEY,
                Form::List => "arn:aws:s3:::listed",
                _ => "arn:aws:s3:::b",
            },
            "--resource-account",
            "111122223333",
        ],
        ("findings", "--archive-rules" | "--against") => &dumps,
        ("tighten", "POLICY") => &["--requests", "-"],
        ("tighten", _) => &["all.json"],
        ("compile", _) => &["--output", "out.pcl"],
        ("bench", _) => &["--iterations", "1"],
        _ => &[],
    };
    list.extend(of_command);
    if input.starts_with("--") {
        list.push(input);
    }
    list.push(what);
    list.into_iter().map(str::to_string).collect()
}

const ROLE: &str = "arn:aws:iam::111122223333:role/R";

fn statement(has_principal: bool) -> Value {
    let mut statement = json!({
        "Sid": "A", "Effect": "Allow", "Action": ["s3:*"], "Resource": ["*"],
        "Condition": {"StringLikeIfExists": {"aws:SourceVpc": ["*"]}},
    });
    if has_principal {
        statement["Principal"] = json!({"AWS": ["*"]});
    }
    statement
}

fn policy(has_principal: bool) -> Value {
    json!({"Version": "2012-10-17", "Id": "x", "Statement": [statement(has_principal)]})
}

/// A resource control policy, which can only deny.
fn control_policy() -> Value {
    let mut policy = policy(false);
    let statement = &mut policy["Statement"][0];
    statement["Effect"] = json!("Deny");
    statement["Principal"] = json!("*");
    statement["Action"] = json!(["s3:PutObject"]);
    policy
}

fn principal() -> Value {
    json!({"arn": "arn:aws:sts::111122223333:assumed-role/R/s", "roleArn": ROLE, "userId": "AROAR:s"})
}

fn request() -> Value {
    json!({
        "name": "n", "principal": principal(), "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k",
        "resourceAccount": "111122223333", "context": {"aws:SourceIp": ["10.0.0.1"], "x:y": "z"},
        "restrictPublicBuckets": false, "externalGrant": false, "expect": "Allow",
    })
}

fn named(document: &Value) -> Value {
    json!({"name": "p", "document": document})
}

/// A sample that is right, and the paths of objects in which any name may stand.
fn sample(form: Form) -> (Value, &'static [&'static str]) {
    let (own, of_resource) = (policy(false), policy(true));
    match form {
        Form::Policy => (own, &["Condition/StringLikeIfExists"]),
        Form::Claims => {
            let mut claims = own;
            claims["Statement"][0]["Effect"] = json!("Deny");
            (claims, &["Condition/StringLikeIfExists"])
        }
        Form::NamedPolicy => (named(&own), &["Condition/StringLikeIfExists"]),
        Form::ResourcePolicy => (of_resource, &["Condition/StringLikeIfExists"]),
        Form::ControlPolicy => (control_policy(), &["Condition/StringLikeIfExists"]),
        Form::Principal => (principal(), &[]),
        Form::Request => (request(), &["context"]),
        Form::Line => {
            let mut line = request();
            line["session"] = json!([own, named(&own)]);
            (line, &["context", "StringLikeIfExists"])
        }
        Form::Scenario => {
            let scenario = json!({
                "name": "s",
                "policies": {
                    "identity": [own, named(&own)], "boundary": own, "session": [own],
                    "resource": of_resource, "vpcEndpoint": [of_resource], "scps": [[own]], "rcps": [[control_policy()]],
                },
                "requests": [request()],
            });
            (scenario, &["context", "StringLikeIfExists"])
        }
        Form::Session => {
            let session = json!({
                "principal": principal(), "context": {"aws:PrincipalTag/team": ["blue"]},
                "credentials": "AssumeRole", "seconds": 3600, "transitiveTagKeys": ["team"],
                "session": [named(&own)],
            });
            let answer = json!({"allowed": true, "calls": [], "session": session});
            (answer, &["context", "StringLikeIfExists"])
        }
        Form::Simulation => {
            let (own, of_resource) = (own.to_string(), of_resource.to_string());
            let input = json!({
                "CallerArn": ANN, "ActionNames": ["s3:GetObject"], "ResourceArns": ["arn:aws:s3:::b/k"],
                "PolicyInputList": [own, own], "PermissionsBoundaryPolicyInputList": [own],
                "SessionPolicyInputList": [own], "ResourcePolicy": of_resource, "ResourceOwner": "111122223333",
                "ContextEntries": [{"ContextKeyName": "x:y", "ContextKeyType": "string", "ContextKeyValues": ["z"]}],
                "PolicyExclusionList": ["q"],
                "OrderedOrganizationPolicyInputList": [{"ServiceControlPolicyInputList": [own]}],
                "MaxItems": 10, "Marker": "m",
            });
            (input, &[])
        }
        // AWS adds members to its answers (IN-4); what is read of them has its types.
        Form::Dumps => {
            let user = json!({
                "Arn": ANN, "UserPolicyList": [{"PolicyName": "p", "PolicyDocument": own}],
                "GroupList": ["g"], "AttachedManagedPolicies": [{"PolicyArn": MANAGED}],
                "PermissionsBoundary": {"PermissionsBoundaryArn": MANAGED},
                "Tags": [{"Key": "team", "Value": "blue"}],
            });
            let trust = json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": ["sts:*"]}]});
            let dump = json!({
                "UserDetailList": [user],
                "GroupDetailList": [{"GroupName": "g", "Arn": "arn:aws:iam::111122223333:group/g",
                    "GroupPolicyList": [{"PolicyName": "p", "PolicyDocument": own}], "AttachedManagedPolicies": []}],
                "RoleDetailList": [{"Arn": ROLE, "RolePolicyList": [{"PolicyName": "p", "PolicyDocument": own}],
                    "AssumeRolePolicyDocument": trust, "AttachedManagedPolicies": []}],
                "Policies": [{"Arn": MANAGED, "DefaultVersionId": "v1",
                    "PolicyVersionList": [{"VersionId": "v1", "Document": own}]}],
                "IsTruncated": false,
            });
            (
                dump,
                &[
                    "",
                    "List/",
                    "Policies/",
                    "Tags/",
                    "Boundary",
                    "StringLikeIfExists",
                ],
            )
        }
        Form::Rules => {
            let filter =
                json!({"resource": {"eq": ["x"], "neq": ["y"], "contains": ["z"], "exists": true}});
            (json!({"archiveRules": [{"filter": filter}]}), &[])
        }
        // AWS adds members to its answers (IN-4); what is read of them has its types.
        Form::Grants => {
            let grant = |constraints: Value| {
                json!({"GrantId": "g", "KeyId": KEY, "Operations": ["Decrypt"],
                "GranteePrincipal": "arn:aws:iam::999999999999:role/R", "Constraints": constraints})
            };
            let grants = [
                grant(json!({"EncryptionContextSubset": {"a": "b"}})),
                grant(json!({"EncryptionContextEquals": {"c": "d"}})),
            ];
            let open = &["", "Grants/", "Subset", "Equals"];
            (json!({"Grants": grants}), open)
        }
        Form::List => {
            let grant = json!({"Grantee": {"ID": "c".repeat(64)}, "Permission": "READ"});
            let open = &["", "Owner", "Grants/", "Grantee"];
            (
                json!({"Owner": {"ID": "a".repeat(64)}, "Grants": [grant]}),
                open,
            )
        }
        Form::Export => {
            let finding = json!({
                "id": "f", "status": "ACTIVE", "findingType": "ExternalAccess", "resource": "arn:aws:s3:::b",
                "resourceType": "AWS::S3::Bucket", "principal": {"AWS": "999999999999"}, "action": ["s3:GetObject"],
                "condition": {"aws:SourceIp": "203.0.113.0/24"},
            });
            (json!({"findings": [finding]}), &["", "findings/"])
        }
        Form::NotJson => (Value::Null, &[]),
    }
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/k";
const MANAGED: &str = "arn:aws:iam::111122223333:policy/m";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Twice,
    Unknown,
    WrongType,
}

/// Every text that a sample becomes by one fault, with what it is.
fn broken(sample: &Value, open: &[&str]) -> Vec<(String, String)> {
    let mut places = Vec::new();
    objects(sample, "", &mut places);
    let mut found = Vec::new();
    for (path, members) in &places {
        let parent = path.rsplit('/').nth(1).unwrap_or_default();
        let is_open = open.iter().any(|own| match own.strip_suffix('/') {
            _ if own.is_empty() => path.is_empty(),
            Some(list) => parent.ends_with(list),
            None => path.ends_with(own),
        });
        let mut add = |fault, member: &str| {
            let text = write(sample, "", (path, member, fault));
            found.push((format!("{fault:?}: {path}/{member}"), text));
        };
        for member in members {
            add(Fault::Twice, member);
            add(Fault::WrongType, member);
        }
        if !is_open {
            add(Fault::Unknown, "");
        }
    }
    found
}

fn objects(value: &Value, path: &str, found: &mut Vec<(String, Vec<String>)>) {
    match value {
        Value::Object(members) => {
            found.push((path.to_string(), members.keys().cloned().collect()));
            for (name, value) in members {
                objects(value, &format!("{path}/{name}"), found);
            }
        }
        Value::Array(elements) => {
            for (index, element) in elements.iter().enumerate() {
                objects(element, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

/// The sample as text, with a fault at a member of the object at a path.
fn write(value: &Value, path: &str, fault: (&str, &str, Fault)) -> String {
    let (place, member, kind) = fault;
    match value {
        Value::Object(members) => {
            let mut parts = Vec::new();
            for (name, value) in members {
                let key = Value::from(name.as_str());
                let mut text = write(value, &format!("{path}/{name}"), fault);
                if path == place && name == member {
                    match kind {
                        Fault::Twice => parts.push(format!("{key}: {text}")),
                        Fault::WrongType if value.is_object() => text = "5".into(),
                        Fault::WrongType => text = r#"{"a": [5]}"#.into(),
                        Fault::Unknown => {}
                    }
                }
                parts.push(format!("{key}: {text}"));
            }
            if (path, kind) == (place, Fault::Unknown) {
                parts.push(r#""portcullisUnknown": 1"#.into());
            }
            format!("{{{}}}", parts.join(", "))
        }
        Value::Array(elements) => {
            let numbered = elements.iter().enumerate();
            let texts = numbered.map(|(index, own)| write(own, &format!("{path}/{index}"), fault));
            format!("[{}]", texts.collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

/// The faults of the policies that stand as strings in the lists of a simulation.
fn broken_inside(sample: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let places = [
        "/PolicyInputList/0",
        "/PolicyInputList/1",
        "/PermissionsBoundaryPolicyInputList/0",
        "/SessionPolicyInputList/0",
        "/ResourcePolicy",
        "/OrderedOrganizationPolicyInputList/0/ServiceControlPolicyInputList/0",
    ];
    for place in places {
        let inner = sample.pointer(place).unwrap().as_str().unwrap();
        let inner: Value = serde_json::from_str(inner).unwrap();
        for (what, text) in broken(&inner, &["Condition/StringLikeIfExists"]) {
            let mut whole = sample.clone();
            *whole.pointer_mut(place).unwrap() = Value::from(text);
            found.push((format!("{place}: {what}"), whole.to_string()));
        }
    }
    found
}

fn prepared() -> Folder {
    let folder = folder();
    std::fs::create_dir(folder.0.join("dumps")).unwrap();
    std::fs::create_dir(folder.0.join("given")).unwrap();
    let (dump, _) = sample(Form::Dumps);
    folder.write("dumps/account.json", dump.to_string());
    let key = json!({"arn": KEY, "policy": policy(true)});
    folder.write("dumps/key.json", key.to_string());
    let bucket = json!({"arn": "arn:aws:s3:::listed", "account": "111122223333"});
    folder.write("dumps/bucket.json", bucket.to_string());
    folder
}

fn run(folder: &Folder, command: &str, input: &str, form: Form, text: &str) -> Run {
    let what = match form {
        Form::Principal => text,
        Form::Dumps => {
            folder.write("given/account.json", text);
            "given"
        }
        _ => {
            folder.write("given.json", text);
            "given.json"
        }
    };
    let list = arguments(command, input, form, what);
    let list: Vec<&str> = list.iter().map(String::as_str).collect();
    let stdin = match command {
        "simulate" => json!({"PolicySourceArn": ANN, "ActionNames": ["s3:GetObject"]}).to_string(),
        _ => json!({"principal": ANN, "action": "s3:GetObject", "resource": "arn:aws:s3:::b/k"})
            .to_string(),
    };
    folder.run_with(&list, stdin.as_bytes())
}

/// True if nothing was decided, compiled or handed out.
fn is_refused(run: &Run) -> bool {
    let decided = [
        "\"decision\"",
        "Allow\n",
        "\"allowed\":true",
        "EvalDecision\"",
        "\"wrong\"",
        "out.pcl",
    ];
    (run.code == 1 || run.code == 3) && !decided.iter().any(|text| run.stdout.contains(text))
}

#[test]
fn every_command_is_known() {
    let help = Folder::new().run(&["help"]).stdout;
    let (list, _) = help.split_once("\nOptions:\n").unwrap();
    let names = list.lines();
    let names: Vec<&str> = names
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let mut expected = COMMANDS.to_vec();
    expected.retain(|name| *name != "help");
    let mut found = names;
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);
}

#[test]
fn every_input_refuses_what_it_does_not_know() {
    let folder = prepared();
    let (mut entries, mut tried) = (0, 0);
    let mut accepted = Vec::new();
    for command in COMMANDS.into_iter().filter(|name| *name != "help") {
        for input in inputs(command) {
            let form = form(command, &input);
            let mut forms = vec![form];
            if matches!(
                (command, input.as_str()),
                ("decide" | "explain", "--request") | ("batch", "FILE")
            ) {
                forms.push(Form::Line);
            }
            if form == Form::Policy {
                forms.push(Form::NamedPolicy);
            }
            if (command, input.as_str()) == ("findings", "--preview") {
                forms.extend([Form::Grants, Form::List]);
            }
            for form in forms.into_iter().filter(|form| *form != Form::NotJson) {
                entries += 1;
                let (sample, open) = sample(form);
                let sound = run(&folder, command, &input, form, &sample.to_string());
                let is_read = sound.code == 0 || sound.code == 2;
                assert!(is_read, "{command} {input} ({form:?}): {sound:?}");
                let mut faults = broken(&sample, open);
                if form == Form::Simulation {
                    faults.extend(broken_inside(&sample));
                }
                for (what, text) in faults {
                    // Only the policies of a scenario are compiled.
                    if command == "compile"
                        && !what.starts_with("Twice")
                        && what.contains(": /requests/0")
                    {
                        continue;
                    }
                    tried += 1;
                    let run = run(&folder, command, &input, form, &text);
                    if !is_refused(&run) {
                        accepted.push(format!("{command} {input} ({form:?}): {what}: {run:?}"));
                    }
                }
            }
        }
    }
    println!("{tried} faults at {entries} inputs");
    let shown: Vec<&str> = accepted.iter().take(40).map(String::as_str).collect();
    assert!(
        accepted.is_empty(),
        "{} accepted:\n{}",
        accepted.len(),
        shown.join("\n")
    );
    assert!(entries > 30, "{entries}");
}

/// Twice a Deny vanished, because a second reader kept the last of two members: of the lists of a simulation, and in a
/// statement of a session policy.
#[test]
fn of_two_members_none_is_chosen() {
    let folder = prepared();
    let deny = policy(false).to_string().replace("Allow", "Deny");
    let (deny, allow) = (Value::from(deny), Value::from(policy(false).to_string()));
    let input = format!(
        r#"{{"PolicyInputList": [{deny}], "PolicyInputList": [{allow}], "ActionNames": ["s3:GetObject"]}}"#
    );
    let run = folder.run_with(&["simulate"], input.as_bytes());
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:?}");
    assert!(run.stderr.contains("DUPLICATE"), "{run:?}");
    assert!(run.stderr.contains("<stdin>:1:"), "{run:?}");

    let twice = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Deny", "Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    folder.write("twice.json", twice);
    let assume = [
        "assume",
        "--directory",
        "dumps",
        "--role",
        ROLE,
        "--principal",
        ANN,
        "--policy",
        "twice.json",
    ];
    let run = folder.run(&assume);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:?}");
    assert!(run.stderr.contains("twice.json:1:"), "{run:?}");
}

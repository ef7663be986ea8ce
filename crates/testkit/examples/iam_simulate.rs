//! Our decisions beside those of iam-simulate, an independent implementation, which runs as a process of
//! its own (see `benches/engines/iam-simulate/README.md`).
//!
//! ```sh
//! cargo run --release -p portcullis-testkit --example iam_simulate -- 100000
//! ```
//!
//! Each disagreement is reduced and put in a class by what is left of it; the classes are printed with
//! how often they came and their smallest example.

#![allow(
    clippy::disallowed_methods,
    reason = "it takes apart what others print"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis_testkit::generate::{Settings, world};
use portcullis_testkit::minimise::minimise;
use portcullis_testkit::oracle::{Oracle, Reference};
use portcullis_testkit::{Bytes, Caller, Request, World, derive};
use serde_json::Value;

/// What the other process says: a decision, or why it does not answer.
type Said = Result<String, String>;

const GRANT: &str =
    r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#;

struct Other {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Other {
    fn start() -> std::io::Result<Other> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let driver = std::env::var_os("IAM_SIMULATE_DRIVER").map_or_else(
            || root.join("benches/engines/iam-simulate/driver.mjs"),
            PathBuf::from,
        );
        let mut child = Command::new("node")
            .arg(driver)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let missing = || std::io::Error::other("no pipe");
        Ok(Other {
            input: child.stdin.take().ok_or_else(missing)?,
            output: BufReader::new(child.stdout.take().ok_or_else(missing)?),
            child,
        })
    }

    fn ask(&mut self, world: &World, request: &Request) -> std::io::Result<Said> {
        writeln!(self.input, "{}", world.scenario("", request, "Allow"))?;
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(std::io::Error::other("it ended"));
        }
        let said: Value = serde_json::from_str(&line)?;
        let text = |name: &str| said[name].as_str().map(ToString::to_string);
        Ok(text("decision").ok_or_else(|| text("refused").unwrap_or(line)))
    }
}

fn ours(world: &World, request: &Request) -> Option<String> {
    let arena = Bump::new();
    let sets = world.read(&arena).ok()?;
    let answers = Reference
        .answer(&sets, std::slice::from_ref(request))
        .ok()?;
    Some(answers.first()?.decision.as_str().into())
}

/// What the other one knows nothing of is left out, and what it does not find out by itself is said.
fn adapt(world: &mut World, request: &mut Request) -> Option<()> {
    world.session = None;
    world.vpc_endpoint = None;
    // A set that is there and empty, which allows nothing, is to the other one a set that is not there.
    world.boundary = world.boundary.take().filter(|set| !set.is_empty());
    world.scps.retain(|level| !level.is_empty());
    request.management_account = false;
    request.external_grant = false;
    request.restrict_public_buckets = false;
    request.user_id = None;
    let (arn, kind) = match &request.caller {
        Caller::Anonymous => return Some(()),
        Caller::User { arn } => (arn.clone(), "User"),
        Caller::Role {
            session_arn: Some(_),
            role_arn,
            service_linked: false,
        } => (role_arn.clone(), "AssumedRole"),
        _ => return None,
    };
    let account = arn.split(':').nth(4)?.to_string();
    if let Caller::User { .. } = &request.caller {
        let name = arn.rsplit('/').next()?.to_string();
        request
            .context
            .retain(|(key, _)| !key.eq_ignore_ascii_case("aws:username"));
        request.context.push(("aws:username".into(), vec![name]));
    }
    for (key, value) in [
        ("aws:PrincipalArn", arn.as_str()),
        ("aws:PrincipalAccount", account.as_str()),
        ("aws:PrincipalType", kind),
        ("aws:PrincipalIsAWSService", "false"),
    ] {
        request
            .context
            .retain(|(other, _)| !other.eq_ignore_ascii_case(key));
        request.context.push((key.into(), vec![value.into()]));
    }
    Some(())
}

/// A resource that the action can have, so that the other one takes the request: it asks a catalogue.
/// A wildcard in the request would ask it about all resources at once, which is another question.
fn fitting(action: &str, resource: &str) -> String {
    let service = action.split(':').next().unwrap_or_default();
    let name = action.to_ascii_lowercase();
    let other = match service.to_ascii_lowercase().as_str() {
        "s3" if name.ends_with("object") => "arn:aws:s3:::b/k",
        "s3" => "arn:aws:s3:::b",
        "sqs" => "arn:aws:sqs:us-east-1:111122223333:q",
        "kms" => "arn:aws:kms:us-east-1:111122223333:key/k",
        "dynamodb" => "arn:aws:dynamodb:us-east-1:111122223333:table/t",
        "ec2" => "arn:aws:ec2:us-east-1::image/ami-1",
        _ => "arn:aws:iam::111122223333:role/R",
    };
    let is_object = |arn: &str| arn.contains(":s3:::") && arn.contains('/');
    let same = |a: &str, b: &str| {
        a.split(':').take(3).eq(b.split(':').take(3)) && is_object(a) == is_object(b)
    };
    if same(resource, other) && !resource.contains(['*', '?', '$']) {
        resource.into()
    } else {
        other.into()
    }
}

/// What a reduced disagreement is about: the first of these that it has. The names are the headings of
/// `docs/disagreements.md`.
fn class(world: &World, request: &Request, ours: &str, theirs: &str) -> String {
    let text = world.scenario("", request, ours);
    let scenario: Value = serde_json::from_str(&text).unwrap_or_default();
    let found = facts(&scenario["policies"]);
    let has = |name: &str| found.names.iter().any(|found| found.contains(name));
    let context = || request.context.iter();
    let in_context = |what: fn(&str) -> bool| {
        context().any(|(_, values)| values.iter().any(|value| what(value)))
    };
    let short = |entry: &String| entry != "*" && entry.matches(':').count() < 5;
    let no_values = found.no_values || context().any(|(_, values)| values.is_empty());
    let milliseconds = |value: &str| value.len() > 11 && value.bytes().all(|b| b.is_ascii_digit());
    let action = request.action.to_ascii_lowercase();
    let policies = scenario["policies"].to_string();
    let names_role = policies.contains("\"arn:aws:iam::111122223333:role/R\"")
        || policies.contains("\"arn:aws:iam::111122223333:role/app/R\"");
    let session_of_path = matches!(request.caller, Caller::Role { .. }) && names_role;
    let name = if found.resources.iter().any(short) {
        "short ARNs"
    } else if ours == "ImplicitDeny" && theirs == "Allow" && action.starts_with("sts:") {
        "roles without a trust policy"
    } else if has("rcps")
        && ["ec2:runinstances", "iam:passrole", "kms:retiregrant"].contains(&action.as_str())
    {
        "what resource control policies reach"
    } else if text.contains("arn:aws-cn:iam") && has("AWS") && !has("NotPrincipal") {
        "accounts of another partition"
    } else if session_of_path && !has("NotPrincipal") {
        "roles with a path"
    } else if found.unversioned && text.contains("${") {
        "variables without a version"
    } else if found
        .resources
        .iter()
        .chain(&found.values)
        .any(|entry| entry.contains("${"))
    {
        "variables that cannot be resolved"
    } else if request.resource.chars().any(|c| c > '\u{ffff}') {
        "characters beyond 16 bits"
    } else if has("NotPrincipal") {
        "NotPrincipal"
    } else if no_values && !found.names.is_empty() {
        "empty lists of values"
    } else if context().any(|(key, values)| values.len() > 1 || key == "aws:TagKeys") {
        "several values, or a key that may have several"
    } else if context().any(|(key, _)| key == "s3:max-keys") {
        "keys that the catalogue does not list for the action"
    } else if has("Date") && (text.contains("1767225600000") || in_context(milliseconds)) {
        "dates in milliseconds"
    } else if has("Date") {
        "dates"
    } else if has("Binary") {
        "base64"
    } else if has("Numeric") {
        "numbers"
    } else if has("Ip") {
        "addresses"
    } else if has("Arn") {
        "ARN operators"
    } else if has("Bool") {
        "truth values"
    } else if has(":Null") {
        "Null with a set operator"
    } else {
        let names: Vec<&str> = found.names.iter().map(String::as_str).collect();
        return format!("something else, {ours} / {theirs}: {}", names.join(" "));
    };
    name.into()
}

/// What the policies of a reduced disagreement have.
#[derive(Default)]
struct Facts {
    /// Elements other than the usual ones, and operators.
    names: BTreeSet<String>,
    /// Entries of `Resource` and `NotResource`.
    resources: Vec<String>,
    /// Values of conditions.
    values: Vec<String>,
    /// A document has no version, or the older one.
    unversioned: bool,
    /// A condition has no values.
    no_values: bool,
}

fn facts(policies: &Value) -> Facts {
    const USUAL: [&str; 6] = [
        "Statement",
        "Version",
        "Effect",
        "Action",
        "Resource",
        "Condition",
    ];
    let mut facts = Facts::default();
    let mut todo = vec![("", policies)];
    while let Some((under, value)) = todo.pop() {
        match value {
            Value::Object(members) => {
                if members.contains_key("Statement") {
                    facts.unversioned |= members.get("Version") != Some(&"2012-10-17".into());
                }
                for (name, value) in members {
                    if under == "Condition" {
                        let keys = value.as_object().into_iter().flatten();
                        let mut lists = keys.filter_map(|(_, list)| list.as_array());
                        facts.no_values |= lists.any(Vec::is_empty);
                        facts.values.push(value.to_string());
                        facts.names.insert(name.clone());
                        continue;
                    }
                    // A policy set that is not there.
                    let is_absent = under.is_empty()
                        && (value.is_null() || value.as_array().is_some_and(Vec::is_empty));
                    if !is_absent && !USUAL.contains(&name.as_str()) {
                        facts.names.insert(name.clone());
                    }
                    todo.push((name, value));
                }
            }
            Value::Array(list) => todo.extend(list.iter().map(|item| (under, item))),
            Value::String(text) if under.ends_with("Resource") => {
                facts.resources.push(text.clone());
            }
            _ => {}
        }
    }
    facts
}

struct Class {
    count: usize,
    example: String,
}

fn run(cases: usize) -> std::io::Result<()> {
    let mut other = Other::start()?;
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut classes: BTreeMap<String, Class> = BTreeMap::new();
    let mut agreed: BTreeMap<String, usize> = BTreeMap::new();
    let (mut compared, mut seed) = (0, 0);
    while compared < cases {
        seed += 1;
        let mut source = Bytes::new(seed);
        let settings = Settings {
            layers: seed % 2 == 0,
            ..Settings::default()
        };
        let bytes = source.take(4_000);
        let Ok(mut made) = world(&mut Unstructured::new(&bytes), &settings) else {
            continue;
        };
        // Without it most requests are denied for want of an Allow, and by both.
        if seed % 3 > 0 {
            made.identity.push(GRANT.into());
        }
        let arena = Bump::new();
        let Ok(sets) = made.read(&arena) else {
            continue;
        };
        for mut request in derive::requests(&sets, &mut source, 8) {
            let mut world = made.clone();
            if adapt(&mut world, &mut request).is_none() {
                continue;
            }
            request.resource = fitting(&request.action, &request.resource);
            let Some(mine) = ours(&world, &request) else {
                continue;
            };
            let theirs = match other.ask(&world, &request)? {
                Ok(theirs) => theirs,
                // It has more to say against policies than there are errors; so it would of the next
                // request.
                Err(why) if why == "policy.errors" => {
                    *refused.entry(why).or_default() += 1;
                    break;
                }
                Err(why) => {
                    *refused.entry(why).or_default() += 1;
                    continue;
                }
            };
            compared += 1;
            if mine == theirs {
                *agreed.entry(mine).or_default() += 1;
                continue;
            }
            let asked = std::cell::RefCell::new(&mut other);
            let still = |world: &World, request: &Request| {
                ours(world, request).as_deref() == Some(mine.as_str())
                    && asked
                        .borrow_mut()
                        .ask(world, request)
                        .is_ok_and(|said| said.as_deref() == Ok(theirs.as_str()))
            };
            let (small, smaller) = minimise(&world, &request, &still);
            let name = class(&small, &smaller, &mine, &theirs);
            let example = small.scenario(&format!("{theirs} elsewhere"), &smaller, &mine);
            let class = classes.entry(name).or_insert_with(|| Class {
                count: 0,
                example: example.clone(),
            });
            class.count += 1;
            if example.len() < class.example.len() {
                class.example = example;
            }
        }
    }
    drop(other.input);
    other.child.wait()?;
    let disagreed: usize = classes.values().map(|class| class.count).sum();
    println!(
        "{compared} cases compared, {disagreed} disagreements, {} classes",
        classes.len()
    );
    println!("agreed: {agreed:?}");
    println!("refused: {refused:?}");
    let mut classes: Vec<_> = classes.into_iter().collect();
    classes.sort_by_key(|(_, class)| std::cmp::Reverse(class.count));
    for (name, class) in classes {
        println!("\n{} x {name}\n{}", class.count, class.example);
    }
    Ok(())
}

fn main() -> ExitCode {
    let cases = std::env::args().nth(1).and_then(|text| text.parse().ok());
    match run(cases.unwrap_or(10_000)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

//! Findings are held against sampled requests of outsiders, which the directory decides: none is allowed that no finding tells of, and
//! the request of each finding is allowed (`AA-453`).

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine, LoadOptions, RequestPolicies};
use portcullis_findings::{Finding, Zone};
use portcullis_model::{Caller, ContextEntry, PolicyKind, Request, split_arn};
use portcullis_syntax::Policy;
use portcullis_syntax::policy::{ReadOptions, parse_policy};
use portcullis_testkit::directory::{Generator, Scale};

use crate::external::{Folder, find};

const ACTIONS: [&str; 9] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "s3:DeleteObject",
    "kms:Decrypt",
    "kms:Encrypt",
    "sts:AssumeRole",
    "sts:TagSession",
    "sts:AssumeRoleWithSAML",
];

const CONTEXTS: [&[(&str, &str)]; 5] = [
    &[],
    &[
        ("aws:SecureTransport", "true"),
        ("aws:MultiFactorAuthPresent", "true"),
    ],
    &[("sts:ExternalId", "x"), ("aws:SourceIp", "203.0.113.9")],
    &[("aws:PrincipalOrgID", "o-another1")],
    &[("SAML:aud", "https://signin.aws.amazon.com/saml")],
];

/// Whoever may ask: strangers, and those whom texts of the dumps name.
fn callers(texts: &str) -> Vec<String> {
    let mut all: Vec<String> = vec![
        "anonymous".to_owned(),
        "arn:aws:iam::000000000001:root".to_owned(),
        "arn:aws:iam::000000000001:user/u".to_owned(),
        "arn:aws:sts::000000000001:assumed-role/R/s".to_owned(),
    ];
    for part in texts.split('"') {
        let is_caller = split_arn(part).is_some_and(|[_, _, service, _, _, last]| {
            let starts = |start: &str| last.starts_with(start);
            service == "iam"
                && (last == "root"
                    || starts("user/")
                    || starts("role/")
                    || starts("saml-provider/"))
        });
        if is_caller && !part.contains(['*', '$']) {
            all.push(part.to_owned());
        }
        if part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit()) {
            all.push(format!("arn:aws:iam::{part}:root"));
            all.push(format!("arn:aws:iam::{part}:user/any"));
        }
    }
    all.sort_unstable();
    all.dedup();
    all
}

fn caller<'a>(own: &'a str, arena: &'a Bump) -> Caller<'a> {
    if own == "anonymous" {
        return Caller::Anonymous;
    }
    if own.contains(":saml-provider/") {
        return Caller::Federated { provider: own };
    }
    match own.contains(":assumed-role/") {
        true => Caller::session(own, "arn:aws:iam::000000000001:role/R").unwrap(),
        false => Caller::from_arn(arena.alloc_str(own)).unwrap(),
    }
}

/// What the directory says of a request of somebody whose own side allows everything.
fn is_allowed(directory: &Directory, engine: &mut Engine, request: &Request<'_>) -> bool {
    const ALL: &str = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let arena = Bump::new();
    let document = parse_policy(ALL, ReadOptions::new(PolicyKind::Identity), &arena).0;
    let all = document.map(|document| Policy {
        name: "",
        file: "",
        text: ALL,
        document,
    });
    let extra = RequestPolicies {
        identity: Some(all.into_iter().collect()),
        session: None,
    };
    let completed = directory.complete_outsider(request, extra, &arena).unwrap();
    engine.decide(directory, &completed).unwrap().is_allow()
}

/// True if a finding tells of a request.
fn tells(finding: &Finding, who: &str, action: &str, context: &[(&str, &str)]) -> bool {
    let value = finding.principal.value.as_str();
    let account = split_arn(who).map(|[.., account, _]| account);
    let named = split_arn(value).map(|[.., account, last]| (account, last));
    let is_named = value == "*"
        || value == who
        || Some(value) == account
        || named.is_some_and(|(own, last)| last == "root" && Some(own) == account);
    // What a condition says is checked where it is plain.
    let holds = finding.condition.iter().all(|own| {
        let has = context
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(&own.key));
        own.operator != "StringEquals"
            || own.key.to_lowercase().starts_with("aws:principal")
                && !own.key.eq_ignore_ascii_case("aws:PrincipalOrgID")
            || has.is_some_and(|(_, value)| own.values.iter().any(|it| it == value))
    });
    let is_meant = finding.actions.iter().any(|own| own.has_action(action));
    is_named && (finding.request.is_none() || is_meant && holds)
}

fn hold(
    directory: &Directory,
    texts: &str,
    zone: Zone,
    counts: &mut BTreeMap<&'static str, usize>,
) {
    let mut engine = Engine::new();
    let found = find(directory, zone);
    for finding in &found {
        let Some(witness) = &finding.request else {
            *counts.entry("unknown").or_default() += 1;
            let why: String = finding.reasons.join("; ").chars().take(160).collect();
            println!(
                "unknown: {} {}: {why}",
                finding.resource, finding.principal.value
            );
            continue;
        };
        *counts.entry("found").or_default() += 1;
        let allowed = witness.with(|request| is_allowed(directory, &mut engine, request));
        assert!(allowed, "{finding:?}");
    }
    let arena = Bump::new();
    let callers = callers(texts);
    let members = directory.members();
    for target in directory.known_targets() {
        let Some(owner) = target.owner.as_deref() else {
            continue;
        };
        let is_inside = |account: &str| {
            let is_member = |own: &str| members.iter().any(|it| it == own);
            account == owner || zone == Zone::Organization && is_member(owner) && is_member(account)
        };
        for who in &callers {
            let own = caller(who, &arena);
            if own.account().is_some_and(is_inside) {
                continue;
            }
            for action in ACTIONS {
                let (service, _) = action.split_once(':').unwrap();
                let is_of_service = target.example.contains(&format!(":{service}:"));
                let is_with_provider = action.contains("With");
                let is_provider = matches!(own, Caller::Federated { .. });
                let is_call = target.is_entity && service == "sts";
                let is_odd = match is_call {
                    true => is_provider != is_with_provider || own == Caller::Anonymous,
                    false => !is_of_service || is_provider,
                };
                if is_odd {
                    continue;
                }
                for context in CONTEXTS {
                    let entries: Vec<(&str, [&str; 1])> = context
                        .iter()
                        .map(|(key, value)| (*key, [*value]))
                        .collect();
                    let entries: Vec<ContextEntry<'_>> = entries
                        .iter()
                        .map(|(key, values)| ContextEntry { key, values })
                        .collect();
                    let request = Request {
                        resource_account: Some(owner),
                        context: &entries,
                        ..Request::new(own, action, &target.example)
                    };
                    let allowed = is_allowed(directory, &mut engine, &request);
                    *counts
                        .entry(if allowed { "allowed" } else { "refused" })
                        .or_default() += 1;
                    let mut of_it = found.iter().filter(|one| one.resource == target.name);
                    assert!(
                        !allowed || of_it.any(|one| tells(one, who, action, context)),
                        "{who} {action} {} {context:?}, zone {zone:?}: {:?}",
                        target.example,
                        found
                            .iter()
                            .filter(|one| one.resource == target.name)
                            .map(|one| (&one.principal.value, &one.actions, &one.condition))
                            .collect::<Vec<_>>()
                    );
                }
            }
        }
    }
}

/// The texts of all files of a folder.
fn texts(folder: &Path) -> String {
    let mut all = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => all += &texts(&path),
            false => all += &fs::read_to_string(&path).unwrap(),
        }
    }
    // Documents may be texts within texts.
    all.replace("\\\"", "\"")
}

#[test]
fn generated_organizations() {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    let count: u64 = asked.and_then(|own| own.parse().ok()).unwrap_or(2);
    let mut counts = BTreeMap::new();
    for seed in 40..40 + count {
        let name = format!("portcullis-outsiders-{}-{seed}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        Generator::new(seed, Scale::SMALL).write(&folder.0).unwrap();
        let loaded = Directory::load(&folder.0, LoadOptions::default(), &mut |_| ()).unwrap();
        for zone in [Zone::Account, Zone::Organization] {
            hold(&loaded.directory, &texts(&folder.0), zone, &mut counts);
        }
        println!("seed {seed}: {counts:?}");
    }
    assert!(
        counts.get("found").is_some_and(|own| *own > 5),
        "{counts:?}"
    );
    assert!(
        counts.get("allowed").is_some_and(|own| *own > 5),
        "{counts:?}"
    );
}

#[test]
fn the_example_organization() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/example-organization/data"
    );
    let loaded = Directory::load(Path::new(folder), LoadOptions::default(), &mut |_| ()).unwrap();
    let mut counts = BTreeMap::new();
    for zone in [Zone::Account, Zone::Organization] {
        hold(
            &loaded.directory,
            &texts(Path::new(folder)),
            zone,
            &mut counts,
        );
    }
    println!("{counts:?}");
}

//! Answers are held against sampled requests, which the machine decides: none may contradict.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine, LoadOptions, RequestPolicies};
use portcullis_findings::{Asker, Can, Questions, Selection};
use portcullis_model::{Caller, ContextEntry, Request};
use portcullis_testkit::directory::{Generator, Scale};

/// `PORTCULLIS_CASES` asks for more directories than the ordinary run.
fn directories(ordinary: u64) -> u64 {
    let asked = std::env::var("PORTCULLIS_CASES").ok();
    asked.and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

const ACTIONS: [&str; 7] = [
    "s3:GetObject",
    "s3:PutObject",
    "s3:ListBucket",
    "kms:Decrypt",
    "sts:AssumeRole",
    "iam:CreateUser",
    "ec2:RunInstances",
];

/// Keys of which directories know nothing, unless they do: then they are left out.
const CONTEXTS: [&[(&str, &str)]; 6] = [
    &[],
    &[("aws:ResourceTag/stage", "live")],
    &[("aws:PrincipalTag/team", "blue")],
    &[
        ("aws:SecureTransport", "true"),
        ("aws:MultiFactorAuthPresent", "true"),
    ],
    &[("sts:ExternalId", "x"), ("aws:SourceIp", "203.0.113.9")],
    &[("aws:userid", "s1")],
];

/// What is asked for a request, from the request alone to nearly everything.
fn asked(action: &str, resource: &str) -> Vec<(Selection, Selection)> {
    let (service, _) = action.split_once(':').unwrap();
    let shorter: String = resource.chars().take(resource.len() * 2 / 3).collect();
    let wild = format!("{shorter}*");
    let one = || Selection::of([action]);
    vec![
        (one(), Selection::of([resource])),
        (one(), Selection::of([wild])),
        (one(), Selection::of(["*"])),
        (
            Selection::of([format!("{service}:*")]),
            Selection::of(["*"]),
        ),
    ]
}

/// Holds every answer about a directory against all sampled requests of a few callers; counts answers.
fn hold(directory: &Directory, every: usize, counts: &mut BTreeMap<&'static str, usize>) {
    let arena = Bump::new();
    let mut questions = Questions::new(directory, &[], &arena);
    let mut engine = Engine::new();
    let mut resources: Vec<String> = directory
        .known_targets()
        .into_iter()
        .map(|target| target.example)
        .collect();
    resources.push("*".to_owned());
    resources.push("arn:aws:s3:::somebody-elses/k".to_owned());
    let mut known: BTreeMap<(&str, Selection, Selection), Can> = BTreeMap::new();
    for (place, asker) in Asker::all(directory, &arena).into_iter().enumerate() {
        for (number, resource) in resources.iter().enumerate() {
            for (at, action) in ACTIONS.iter().enumerate() {
                if (place * 7 + number * 3 + at) % every != 0 {
                    continue;
                }
                for context in CONTEXTS {
                    let allowed =
                        sample(directory, &mut engine, &asker, (action, resource), context);
                    let Some(allowed) = allowed else { continue };
                    for (actions, resources) in asked(action, resource) {
                        // The resource `*` by itself is no question: it is a pattern.
                        let key = (asker.arn().unwrap(), actions.clone(), resources.clone());
                        let can = known.entry(key).or_insert_with(|| {
                            let can = questions.can(&asker, &actions, &resources);
                            *counts.entry(can.as_str()).or_default() += 1;
                            can
                        });
                        let is_wrong = match can {
                            Can::No => allowed,
                            Can::If(_) => allowed && context.is_empty(),
                            Can::Yes(_) => {
                                let is_one = actions.only().is_some() && resources.only().is_some();
                                is_one && context.is_empty() && !allowed
                            }
                            Can::Unknown(_) => false,
                        };
                        assert!(
                            !is_wrong,
                            "{} {action} {resource} {context:?} is allowed: {allowed}; {actions:?} {resources:?}: {can}",
                            asker.arn().unwrap(),
                            can = format!("{can:?}").chars().take(600).collect::<String>()
                        );
                    }
                }
            }
        }
    }
    let mut told: BTreeMap<String, usize> = BTreeMap::new();
    for can in known.values() {
        if let Can::Unknown(reasons) = can {
            let reasons = reasons.iter().map(|own| own.chars().take(120).collect());
            for reason in reasons {
                *told.entry(reason).or_default() += 1;
            }
        }
    }
    for (reason, count) in told.iter().take(12) {
        println!("unknown {count}: {reason}");
    }
}

/// What is decided of a request; none if it has a key that the directory knows otherwise.
fn sample(
    directory: &Directory,
    engine: &mut Engine,
    asker: &Asker<'_>,
    (action, resource): (&str, &str),
    context: &[(&str, &str)],
) -> Option<bool> {
    let arena = Bump::new();
    let caller = Caller::from_arn(asker.arn().unwrap()).unwrap();
    let request = Request::new(caller, action, resource);
    let completed = directory
        .complete(&request, RequestPolicies::default(), &arena)
        .unwrap();
    let mut entries = Vec::new();
    for (key, value) in context {
        let family = key.split_once('/').map_or(*key, |(family, _)| family);
        let is_tag = key.contains('/');
        let is_same_family = |own: &&ContextEntry<'_>| {
            own.key
                .get(..family.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(family))
        };
        if is_tag
            && completed
                .request
                .context
                .iter()
                .any(|own| is_same_family(&own))
        {
            return None;
        }
        if *key == "aws:PrincipalTag/team" && asker.is_user() {
            return None;
        }
        let value = match *key {
            "aws:userid" if asker.is_user() => return None,
            "aws:userid" => {
                let id = completed.request.principal.user_id?;
                arena.alloc_str(&format!("{id}:{value}"))
            }
            _ => arena.alloc_str(value),
        };
        let values = arena.alloc_slice_copy(&[&*value]);
        entries.push(ContextEntry { key, values });
    }
    let request = Request {
        context: &entries,
        ..request
    };
    Some(engine.check(directory, &request).unwrap().is_allow())
}

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn generated_organizations() {
    let mut counts = BTreeMap::new();
    for seed in 0..directories(2) {
        let name = format!("portcullis-findings-{}-{seed}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        let mut generator = Generator::new(seed, Scale::SMALL);
        generator.write(&folder.0).unwrap();
        let loaded = Directory::load(&folder.0, LoadOptions::default(), &mut |_| ()).unwrap();
        hold(&loaded.directory, 97, &mut counts);
        println!("seed {seed}: {counts:?}");
    }
    for word in ["yes", "if", "no"] {
        assert!(
            counts.get(word).is_some_and(|count| *count > 5),
            "{counts:?}"
        );
    }
}

#[test]
fn the_example_organization() {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../corpus/example-organization/data"
    );
    let loaded = Directory::load(Path::new(folder), LoadOptions::default(), &mut |_| ()).unwrap();
    let mut counts = BTreeMap::new();
    hold(&loaded.directory, 1, &mut counts);
    println!("{counts:?}");
}

/// What shortens the work changes no answer: every question is asked in full as well.
fn hold_in_full(directory: &Directory, every: usize) -> usize {
    let arena = Bump::new();
    let mut short = Questions::new(directory, &[], &arena);
    let mut count = 0;
    let asked = [
        ("*", "*"),
        ("s3:*", "*"),
        ("s3:GetObject", "arn:aws:s3:::b*"),
        ("iam:CreateUser", "*"),
        ("kms:Decrypt", "arn:aws:kms:*"),
        ("sts:AssumeRole", "*"),
        ("sts:*", "arn:aws:iam::*:role/*"),
        ("portcullis-any-service:AnyAction", "*"),
    ];
    for (place, asker) in Asker::all(directory, &arena).into_iter().enumerate() {
        for (number, (action, resource)) in asked.into_iter().enumerate() {
            if (place + number) % every != 0 {
                continue;
            }
            let (actions, resources) = (Selection::of([action]), Selection::of([resource]));
            let can = short.can(&asker, &actions, &resources);
            let mut full = Questions::new(directory, &[], &arena).in_full();
            let expected = full.can(&asker, &actions, &resources);
            assert_eq!(
                can.as_str(),
                expected.as_str(),
                "{} {action} on {resource}: {can:?}; in full {expected:?}",
                asker.arn().unwrap(),
            );
            count += 1;
        }
    }
    count
}

#[test]
fn short_answers_are_those_in_full() {
    for seed in 10..10 + directories(2) {
        let name = format!("portcullis-in-full-{}-{seed}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        let mut generator = Generator::new(seed, Scale::SMALL);
        generator.write(&folder.0).unwrap();
        let loaded = Directory::load(&folder.0, LoadOptions::default(), &mut |_| ()).unwrap();
        assert!(hold_in_full(&loaded.directory, 3) > 50);
    }
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
    let example = format!("{root}/corpus/example-organization/data");
    let mut folders = vec![example];
    // Real accounts, if they are there.
    for name in ["cloudsplaining-small", "cloudsplaining-iam-vulnerable"] {
        folders.push(format!("{root}/../shared/data/accounts/{name}.json"));
    }
    for path in folders {
        let Ok(found) = fs::metadata(&path) else {
            eprintln!("skipped: {path} is not there");
            continue;
        };
        let own =
            Folder(std::env::temp_dir().join(format!("portcullis-real-{}", std::process::id())));
        let folder = match found.is_file() {
            true => {
                fs::create_dir_all(&own.0).unwrap();
                fs::copy(&path, own.0.join("dump.json")).unwrap();
                own.0.clone()
            }
            false => PathBuf::from(&path),
        };
        let loaded = Directory::load(&folder, LoadOptions::default(), &mut |_| ());
        let Ok(loaded) = loaded else {
            assert!(found.is_file(), "{path} does not load");
            eprintln!("skipped: {path} does not load");
            continue;
        };
        assert!(hold_in_full(&loaded.directory, 23) > 0, "{path}");
    }
}

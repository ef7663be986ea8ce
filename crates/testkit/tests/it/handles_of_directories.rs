//! Handles of directories know their owner: see `handles.rs`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::handles::{ANN, BOB, KEYS, OBJECT, nothing_decided};
use bumpalo::Bump;
use portcullis::{Authorizer, Image, PolicySet, Principal, Query};
use portcullis_directory::{
    ContextValue, Directory, Engine, EngineError, LoadOptions, RequestError, RequestPolicies,
    ResolvedRequest,
};
use portcullis_model::{Caller, ContextEntry};
use portcullis_vm::{Key, Outcome};
use serde_json::{Value, json};

fn asked<'a>(
    caller: &'a str,
    action: &'a str,
    context: &'a [ContextEntry<'a>],
) -> portcullis_model::Request<'a> {
    portcullis_model::Request {
        context,
        ..portcullis_model::Request::new(Caller::from_arn(caller).unwrap(), action, OBJECT)
    }
}

/// A folder that is gone afterwards.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Folder {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("portcullis-handles-{}-{number}", std::process::id());
        let folder = Folder(std::env::temp_dir().join(name));
        fs::create_dir_all(&folder.0).unwrap();
        folder
    }

    /// An account of these users; each may do all that has this value of `x:y`, or anything, or nothing.
    fn account(&self, users: &[(&str, Option<Value>)]) {
        let users = users.iter().map(|(name, value)| {
            let allow = value.as_ref().map(|value| {
                let condition = json!({"StringLike": {"x:y": value}});
                let condition = if *value == "*" { json!({}) } else { condition };
                json!({"PolicyName": "p", "PolicyDocument": {"Version": "2012-10-17", "Statement":
                    {"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}}})
            });
            json!({"Arn": format!("arn:aws:iam::111122223333:user/{name}"), "UserPolicyList": Vec::from_iter(allow)})
        });
        let dump = json!({"UserDetailList": users.collect::<Vec<_>>()});
        fs::write(self.0.join("account.json"), dump.to_string()).unwrap();
    }

    fn resource(&self, arn: &str, effect: &str, key: &str) {
        let line = json!({"arn": arn, "account": "111122223333", "tags": {"team": effect},
            "policy": {"Version": "2012-10-17", "Statement": {"Effect": effect, "Principal": "*", "Action": "s3:GetObject",
                "Resource": format!("{arn}/*"), "Condition": {"StringEquals": {key: "v"}}}}});
        fs::write(self.0.join("resource.json"), line.to_string()).unwrap();
    }

    fn load(&self) -> Directory {
        let loaded = Directory::load(&self.0, LoadOptions::default(), &mut |_| ());
        loaded.unwrap_or_else(|error| panic!("{error}")).directory
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Directories whose numbers mean different things.
fn directories() -> Vec<Directory> {
    let user = |name, value: Option<&str>| (name, value.map(|value| json!(value)));
    let accounts = [
        vec![user("ann", None), user("bob", Some("*"))],
        vec![user("bob", None), user("ann", Some("v"))],
        vec![
            user("aaa", Some("*")),
            user("ann", None),
            user("bob", Some("w")),
        ],
        vec![user("bob", Some("v"))],
    ];
    let resources = [
        ("arn:aws:s3:::b", "Deny", "x:y"),
        ("arn:aws:s3:::a", "Allow", "aws:SourceVpc"),
        ("arn:aws:s3:::b", "Allow", "aws:SourceVpce"),
        ("arn:aws:s3:::b", "Deny", "aws:SourceVpc"),
    ];
    let load = |(users, (arn, effect, key)): (Vec<_>, _)| {
        let folder = Folder::new();
        folder.account(&users);
        folder.resource(arn, effect, key);
        folder.load()
    };
    accounts.into_iter().zip(resources).map(load).collect()
}

/// What a directory says of names alone; the error in words.
fn by_names(
    directory: &Directory,
    caller: &str,
    key: &str,
    value: &str,
) -> Result<Outcome, String> {
    let context = [ContextEntry {
        key,
        values: &[value],
    }];
    let request = asked(caller, "s3:GetObject", &context);
    let checked = Engine::new().check(directory, &request);
    checked.map_err(|undecided| undecided.to_string())
}

/// Everything that `there` resolved, before and after `here` became what it is.
struct Resolved {
    deed: portcullis_directory::PreparedAction,
    object: portcullis_directory::PreparedResource,
    keys: Vec<Key>,
    numbers: Vec<(&'static str, Option<portcullis_directory::PrincipalNumber>)>,
}

impl Resolved {
    fn by(directory: &Directory) -> Resolved {
        Resolved {
            deed: directory.action("s3:GetObject").unwrap(),
            object: directory.resource(OBJECT, None),
            keys: KEYS.iter().map(|key| directory.key(key).unwrap()).collect(),
            numbers: Vec::from_iter([ANN, BOB].map(|arn| (arn, directory.principal_number(arn)))),
        }
    }
}

/// Uses what `there` resolved with `here`; how often that was refused, and what was decided.
fn use_with(here: &Directory, there: &Resolved, seen: &mut BTreeSet<&'static str>) -> usize {
    let own = Resolved::by(here);
    let mut engine = Engine::new();
    let mut refused = 0;
    for (caller, foreign) in &there.numbers {
        let mine = own.numbers.iter().find(|(arn, _)| arn == caller).unwrap().1;
        for (index, key) in KEYS.into_iter().enumerate() {
            for value in ["v", "w"] {
                for kind in 0..16 {
                    let pick = |bit: u32| if kind >> bit & 1 == 1 { there } else { &own };
                    let given = [ContextValue::keyed(
                        &pick(2).keys[index],
                        std::slice::from_ref(&value),
                    )];
                    let Some(principal) = (if kind & 8 == 0 { mine } else { *foreign }) else {
                        continue;
                    };
                    let request = ResolvedRequest {
                        principal,
                        action: &pick(0).deed,
                        resource: &pick(1).object,
                        context: &given,
                    };
                    let outcome = engine.check_resolved(here, &request);
                    let mut all = Vec::new();
                    let requests = [request];
                    let batch =
                        engine.check_all_resolved(here, &requests, |_, outcome| all.push(outcome));
                    match kind & 8 == 0 || mine == Some(principal) {
                        true => {
                            let fresh = by_names(here, caller, key, value).unwrap();
                            seen.insert(fresh.decision().as_str());
                            assert_eq!(
                                (outcome, batch),
                                (Ok(fresh), Ok(())),
                                "{caller} {key} {value} {kind}"
                            );
                            assert_eq!(all, [fresh]);
                        }
                        false => {
                            refused += 1;
                            assert_eq!(outcome, Err(EngineError::Foreign));
                            assert_eq!((batch, all.len()), (Err(EngineError::Foreign), 0));
                        }
                    }
                }
            }
        }
    }
    refused
}

#[test]
fn handles_of_other_directories() {
    let directories = directories();
    let (mut seen, mut refused) = (BTreeSet::new(), 0);
    for here in &directories {
        for there in &directories {
            let found = use_with(here, &Resolved::by(there), &mut seen);
            assert_eq!(found == 0, std::ptr::eq(here, there));
            refused += found;
        }
    }
    println!("{refused} refused");
    assert_eq!(seen.len(), 3, "{seen:?}");
}

#[test]
fn handles_of_another_generation() {
    let mut seen = BTreeSet::new();
    let count = directories().len();
    for first in 0..count {
        for second in 0..count {
            let mut directory = directories().swap_remove(first);
            let old = Resolved::by(&directory);
            assert_eq!(use_with(&directory, &old, &mut seen), 0);
            directory.update(directories().swap_remove(second)).unwrap();
            assert!(use_with(&directory, &old, &mut seen) > 0);
            // What it resolves now is good until the next update, also that of nothing new.
            let old = Resolved::by(&directory);
            assert_eq!(use_with(&directory, &old, &mut seen), 0);
            directory.update(directories().swap_remove(second)).unwrap();
            assert!(use_with(&directory, &old, &mut seen) > 0);
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
}

/// The same folder read twice, and the same bytes opened twice, are two directories.
#[test]
fn the_same_content_is_another_directory() {
    let folder = Folder::new();
    folder.account(&[("ann", Some(json!("*")))]);
    let (one, other) = (folder.load(), folder.load());
    let opened = Directory::from_bytes(&one.to_bytes().unwrap()).unwrap();
    let number = one.principal_number(ANN);
    assert!(
        number.is_some()
            && number != other.principal_number(ANN)
            && number != opened.principal_number(ANN)
    );
}

/// A completed request belongs to the directory that completed it, as it was.
#[test]
fn completed_requests_of_other_directories() {
    let directories = directories();
    let mut engine = Engine::new();
    let context = [ContextEntry {
        key: "x:y",
        values: &["v"],
    }];
    let asked = asked(BOB, "s3:GetObject", &context);
    for there in &directories {
        let arena = Bump::new();
        let completed = there
            .complete(&asked, RequestPolicies::default(), &arena)
            .unwrap();
        for here in &directories {
            let decided = engine.decide(here, &completed);
            let explained = engine.explain(here, &completed);
            let policies = here.policies(&completed, &arena);
            let story = here.provenance(&asked, &completed);
            match std::ptr::eq(here, there) {
                true => {
                    let fresh = by_names(here, BOB, "x:y", "v").unwrap();
                    assert_eq!(decided, Ok(fresh));
                    assert_eq!(explained.unwrap().outcome, fresh);
                    assert!(policies.is_some() && story.is_ok());
                }
                false => {
                    assert_eq!(decided, Err(EngineError::Foreign));
                    assert_eq!(explained.err(), Some(EngineError::Foreign));
                    assert!(policies.is_none());
                    assert!(matches!(story, Err(RequestError::Contradiction(_))));
                }
            }
        }
    }
}

/// An image of several parts does not take part as a whole, and what it denies is not left out: there is no decision.
#[test]
fn an_image_of_several_parts_is_no_image_of_a_request() {
    let folder = Folder::new();
    folder.account(&[("ann", Some(json!("*")))]);
    let directory = folder.load();
    let bytes = directory.to_bytes().unwrap();
    // The image of the parts is the last section, and begins with the magic number of images.
    let magic = portcullis_image::Header::MAGIC;
    let at = bytes
        .windows(8)
        .rposition(|window| window == magic)
        .unwrap();
    let parts = Image::from_bytes(bytes[at..].to_vec()).unwrap();
    assert!(parts.view().count(portcullis_image::Section::Units) > 1);
    let everything = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}});
    let image = PolicySet::new()
        .identity("p", &everything.to_string())
        .compile()
        .unwrap();
    let ask = |images: Vec<Image<Vec<u8>>>| {
        let ann = Principal::from_arn(ANN).unwrap();
        Authorizer::new(images).decide(&Query::new(&ann, "s3:GetObject", OBJECT))
    };
    assert!(ask(vec![image.clone()]).is_allow());
    nothing_decided(ask(vec![parts.clone()]));
    nothing_decided(ask(vec![image, parts]));
}

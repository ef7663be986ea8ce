//! Handles used where they do not belong: with another authorizer, with another directory, with the same directory
//! after an update, in a request that is not finished or was changed since.

use std::sync::{LazyLock, Mutex};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis::{Authorizer, Outcome, Principal, Resource, Target};
use portcullis_directory::{
    Deed, Directory, Engine, EngineError, Given, LoadOptions, Object, PrincipalNumber,
    ResolvedRequest,
};
use portcullis_model::{Caller, ContextEntry, Decision};
use portcullis_vm::Key;

use crate::directory::{Generator, Scale};
use crate::facade::principal;
use crate::fuzz::directories::Folder;
use crate::generate::{self, Settings, world};
use crate::oracle::{images, split};
use crate::{Bytes, Request, World, derive};

/// Two authorizers, and directories in several generations, made from the bytes or beforehand; the bytes choose what is
/// resolved by whom, and what is done with it: the decision is that of names resolved afresh, or an implicit deny of a
/// request that is not finished, or a typed error.
pub fn handles(data: &[u8]) {
    let mut bytes = Unstructured::new(data);
    of_directories(&mut bytes);
    let _ = of_authorizers(&mut bytes);
}

/// A number below a limit, which is not 0.
fn below(bytes: &mut Unstructured<'_>, limit: usize) -> usize {
    bytes.choose_index(limit).unwrap_or(0)
}

fn authorizer(bytes: &mut Unstructured<'_>, world: &World) -> Option<Authorizer> {
    let arena = Bump::new();
    let sets = world.read(&arena).ok()?;
    let mut parts = vec![sets];
    if below(bytes, 2) == 1 {
        parts = split(&parts[0]);
        let by = below(bytes, parts.len());
        parts.rotate_left(by);
    }
    let index = below(bytes, 4) != 0;
    images(&parts, false, index).ok().map(Authorizer::new)
}

/// What a request holds by names, and whether it is finished.
#[derive(Default)]
struct Names<'n> {
    action: Option<&'n str>,
    context: Vec<(&'n str, Vec<&'n str>)>,
    finished: Option<(Principal, &'n Request)>,
}

/// Authorizers made beforehand, with requests that fit their policies: to compile takes longer than all else.
static AUTHORIZERS: LazyLock<Vec<(Authorizer, Vec<Request>)>> = LazyLock::new(|| {
    let made = |seed| {
        let mut source = Bytes::new(seed);
        let noise = source.take(3_000);
        let mut noise = Unstructured::new(&noise);
        let world = world(&mut noise, &Settings::default()).ok()?;
        let arena = Bump::new();
        let sets = world.read(&arena).ok()?;
        let requests = derive::requests(&sets, &mut source, 6);
        Some((authorizer(&mut noise, &world)?, requests))
    };
    let mut all: Vec<_> = (0..64).filter_map(made).collect();
    all.retain(|(_, requests)| !requests.is_empty());
    all
});

fn of_authorizers(bytes: &mut Unstructured<'_>) -> Option<()> {
    if below(bytes, 256) != 0 {
        let (here, made) = &AUTHORIZERS[below(bytes, AUTHORIZERS.len())];
        let (there, others) = &AUTHORIZERS[below(bytes, AUTHORIZERS.len())];
        let made: Vec<&Request> = made.iter().chain(others).collect();
        use_both(bytes, here, there, &made);
        return Some(());
    }
    let settings = Settings::default();
    let first = world(bytes, &settings).ok()?;
    let second = world(bytes, &settings).ok()?;
    let here = authorizer(bytes, &first)?;
    let there = match below(bytes, 4) {
        0 => authorizer(bytes, &first)?,
        _ => authorizer(bytes, &second)?,
    };
    let made: Vec<Request> = (0..3)
        .map_while(|_| generate::request(bytes).ok())
        .collect();
    if !made.is_empty() {
        use_both(bytes, &here, &there, &made.iter().collect::<Vec<_>>());
    }
    Some(())
}

/// Uses what two authorizers resolve with a request of the first.
fn use_both(
    bytes: &mut Unstructured<'_>,
    here: &Authorizer,
    there: &Authorizer,
    made: &[&Request],
) {
    let mut request = here.request();
    let mut names = Names::default();
    for _ in 0..16 {
        if bytes.is_empty() {
            break;
        }
        let from = made[below(bytes, made.len())];
        // Mostly the other's: that is what is asked here.
        let owner = if below(bytes, 4) == 0 { here } else { there };
        match below(bytes, 8) {
            0 | 1 => {
                names = Names {
                    action: Some(&from.action),
                    ..Names::default()
                };
                request.begin(&owner.action(&from.action));
            }
            2..=4 => {
                let Some((key, values)) = from.context.get(below(bytes, 4)) else {
                    continue;
                };
                let values: Vec<&str> = values.iter().map(String::as_str).collect();
                match below(bytes, 3) {
                    0 => request.set_by_name(key, &values),
                    _ => request.set(&owner.key(key), &values),
                };
                names.finished = None;
                names.context.push((key, values));
            }
            _ => {
                let Some(principal) = from.with(principal) else {
                    continue;
                };
                let resource = Resource::read(&from.resource);
                let target = target(from, &resource);
                request.finish(&owner.principal(principal.clone()), &target);
                names.finished = Some((principal, from));
            }
        }
        let expected = afresh(here, &names);
        check(request.decide(), expected, "decided");
        if below(bytes, 4) == 0 {
            check(request.explain().outcome, expected, "explained");
        }
    }
}

fn check(outcome: Outcome, expected: Option<Outcome>, how: &str) {
    match expected {
        Some(expected) => assert_eq!(outcome, expected, "{how}"),
        None => {
            assert_eq!(outcome.decision(), Decision::ImplicitDeny, "{how}");
            assert_eq!(outcome.layers().count(), 0, "{how}");
        }
    }
}

fn target<'r>(from: &'r Request, resource: &'r Resource) -> Target<'r> {
    Target {
        resource: resource.into(),
        account: from.resource_account.as_deref(),
        restrict_public_buckets: from.restrict_public_buckets,
        external_grant: from.external_grant,
    }
}

/// What the names come to if an authorizer resolves them all itself; none if the request is not finished.
fn afresh(authorizer: &Authorizer, names: &Names<'_>) -> Option<Outcome> {
    // What was never begun stays without an action.
    let action = names.action?;
    let (principal, from) = names.finished.as_ref()?;
    let mut request = authorizer.request();
    request.begin(&authorizer.action(action));
    for (key, values) in &names.context {
        request.set_by_name(key, values);
    }
    let resource = Resource::read(&from.resource);
    let principal = authorizer.principal(principal.clone());
    request.finish(&principal, &target(from, &resource));
    Some(request.decide())
}

const ACTIONS: [&str; 5] = [
    "s3:GetObject",
    "s3:PutObject",
    "kms:Decrypt",
    "sts:AssumeRole",
    "ec2:RunInstances",
];
const RESOURCES: [&str; 5] = [
    "arn:aws:s3:::b0-100000000001/blue/x",
    "arn:aws:s3:::b1-100000001002/x",
    "arn:aws:kms:eu-west-1:100000000001:key/k0",
    "arn:aws:iam::100000000001:role/R0",
    "*",
];
const KEYS: [(&str, &str); 4] = [
    ("aws:PrincipalTag/team", "blue"),
    ("aws:ResourceTag/stage", "live"),
    ("aws:UserId", "AROA0000X000000:s1"),
    ("x:unseen", "v"),
];

/// What a directory resolved at some time.
struct Resolved {
    /// The directory whose numbers these are still, if one has them.
    current: Option<usize>,
    deeds: Vec<Deed>,
    objects: Vec<Object>,
    keys: Vec<Key>,
    numbers: Vec<(String, PrincipalNumber)>,
}

impl Resolved {
    fn by(directory: &Directory) -> Resolved {
        let deed = |name: &&str| directory.deed(name);
        let key = |(name, _): &(&str, &str)| directory.key(name);
        let number = |place| {
            let arn = directory.principal_arn(place)?;
            Some((arn, directory.nth_principal(place)?))
        };
        Resolved {
            current: None,
            deeds: ACTIONS.iter().flat_map(deed).collect(),
            objects: RESOURCES
                .iter()
                .map(|arn| directory.object(arn, None))
                .collect(),
            keys: KEYS.iter().flat_map(key).collect(),
            numbers: (0..directory.principal_count())
                .filter_map(number)
                .collect(),
        }
    }
}

/// Directories, some of them updated, and what they resolved before and after.
static DIRECTORIES: LazyLock<(Vec<Directory>, Vec<Resolved>)> = LazyLock::new(|| {
    let load = |seed: u64| {
        let folder = Folder::new();
        let written = Generator::new(seed, Scale::SMALL).write(&folder.0);
        assert!(written.is_ok(), "{} cannot be written", folder.0.display());
        match Directory::load(&folder.0, LoadOptions::default(), &mut |_| ()) {
            Ok(loaded) => loaded.directory,
            Err(error) => panic!("{error}"),
        }
    };
    let (mut directories, mut resolved) = (Vec::new(), Vec::new());
    for number in 0..4 {
        let mut directory = load(number);
        for update in 0..number {
            resolved.push(Resolved::by(&directory));
            assert_eq!(directory.update(load(10 * number + update)), Ok(()));
        }
        resolved.push(Resolved {
            current: Some(directories.len()),
            ..Resolved::by(&directory)
        });
        directories.push(directory);
    }
    (directories, resolved)
});

static ENGINES: LazyLock<Mutex<(Engine, Engine)>> =
    LazyLock::new(|| Mutex::new((Engine::new(), Engine::new())));

fn of_directories(bytes: &mut Unstructured<'_>) {
    let (directories, resolved) = &*DIRECTORIES;
    // What an engine keeps from one request, and from one directory, is nothing to the next.
    let mut engines = ENGINES.lock().unwrap_or_else(|held| held.into_inner());
    let (engine, other) = &mut *engines;
    for _ in 0..4 {
        let here = below(bytes, directories.len());
        let directory = &directories[here];
        let mut by = || &resolved[below(bytes, resolved.len())];
        let (of_deed, of_object, of_key, of_number) = (by(), by(), by(), by());
        let (action, target, key) = (
            below(bytes, ACTIONS.len()),
            below(bytes, RESOURCES.len()),
            below(bytes, KEYS.len()),
        );
        let (arn, number) = &of_number.numbers[below(bytes, of_number.numbers.len())];
        let (name, value) = KEYS[key];
        let values = [value];
        let asked = ResolvedRequest {
            principal: *number,
            deed: &of_deed.deeds[action],
            object: &of_object.objects[target],
            context: &[Given::keyed(&of_key.keys[key], &values)],
        };
        let outcome = engine.check_resolved(directory, &asked);
        if of_number.current != Some(here) {
            assert_eq!(outcome, Err(EngineError::Foreign), "{arn}");
            continue;
        }
        let Ok(caller) = Caller::from_arn(arn) else {
            continue;
        };
        let context = [ContextEntry {
            key: name,
            values: &values,
        }];
        let request = portcullis_model::Request {
            context: &context,
            ..portcullis_model::Request::new(caller, ACTIONS[action], RESOURCES[target])
        };
        let fresh = other.check(directory, &request);
        assert_eq!(outcome.ok(), fresh.ok(), "{request:?}");
    }
}

//! The facade and directories, driven by arbitrary sequences of calls: what one authorizer or generation resolved is used
//! with another, policies are swapped in between, and memory is shared by all.

use std::sync::{LazyLock, Mutex};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis::{
    Authorizer, CallSite, CallerRef, Outcome, Query, ResolvedPrincipal, Scratch, Value,
};
use portcullis_directory::{
    ContextValue, Directory, Engine, EngineError, LoadOptions, PreparedAction, PreparedResource,
    PrincipalNumber, ResolvedRequest,
};
use portcullis_model::{Caller, ContextEntry};
use portcullis_vm::Key;

use crate::directory::{Generator, Scale};
use crate::facade::{principal, with_rest};
use crate::fuzz::directories::Folder;
use crate::generate::{self, Settings, world};
use crate::oracle::{images, native, split};
use crate::{Bytes, Request, World, derive};

/// Two authorizers, and directories in several generations, made from the bytes or beforehand; the bytes choose what is
/// resolved by whom, and what is done with it: the decision is that of names resolved afresh in new memory, or an implicit
/// deny of a request whose values are not those of its keys, or a typed error.
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

/// What a host keeps: authorizers that it swaps, what it resolved by any of them, and memory.
struct Host<'a> {
    authorizers: [&'a Authorizer; 2],
    /// Which of them is in force.
    current: usize,
    sites: Vec<CallSite>,
    principals: Vec<(ResolvedPrincipal, &'a Request)>,
    scratches: [Scratch; 2],
}

/// Calls of the facade in any order, over two authorizers of which now one and now the other is in force.
fn use_both<'a>(
    bytes: &mut Unstructured<'_>,
    here: &'a Authorizer,
    there: &'a Authorizer,
    made: &[&'a Request],
) {
    let mut host = Host {
        authorizers: [here, there],
        current: 0,
        sites: Vec::new(),
        principals: Vec::new(),
        scratches: [Scratch::new(), Scratch::new()],
    };
    for _ in 0..16 {
        if bytes.is_empty() {
            break;
        }
        let from = made[below(bytes, made.len())];
        match below(bytes, 8) {
            0 => host.current ^= 1,
            1 => {
                let names: Vec<&str> = from.context.iter().map(|(key, _)| key.as_str()).collect();
                let owner = host.authorizers[below(bytes, 2)];
                host.sites.push(owner.prepare(&from.action, &names));
            }
            2 => {
                let owner = host.authorizers[below(bytes, 2)];
                if let Some(principal) = from.with(principal) {
                    host.principals.push((owner.resolve(principal), from));
                }
            }
            _ => host.ask(bytes, from),
        }
    }
}

impl Host<'_> {
    /// Decides a request by something of what is kept, and by its names alone.
    fn ask(&mut self, bytes: &mut Unstructured<'_>, from: &Request) {
        let authorizer = self.authorizers[self.current];
        let site = match self.sites.len() {
            0 => None,
            count => self.sites.get(below(bytes, 2 * count)),
        };
        let kept = match self.principals.len() {
            0 => None,
            count => self.principals.get(below(bytes, 2 * count)),
        };
        let (as_native, by_way) = (below(bytes, 2) == 0, below(bytes, 5));
        let scratch = &mut self.scratches[below(bytes, 2)];
        let caller = kept.map_or(from, |(_, asked)| asked);
        let Some(fresh_principal) = caller.with(principal) else {
            return;
        };
        from.with(|from| {
            let entries = from.context.iter();
            // A site has keys of its own, which get the values of this request in turn.
            let names: Vec<&str> = match site {
                Some(site) => site.keys().collect(),
                None => entries.map(|entry| entry.key).collect(),
            };
            let texts: Vec<&[&str]> = names
                .iter()
                .enumerate()
                .map(|(place, _)| match from.context.len() {
                    0 => &["v"][..],
                    len => from.context[place % len].values,
                })
                .collect();
            let values: Vec<Value<'_>> = texts
                .iter()
                .map(|texts| match as_native {
                    true => native(texts),
                    false => Value::Texts(texts),
                })
                .collect();
            let named: Vec<(&str, Value<'_>)> =
                names.iter().copied().zip(values.iter().copied()).collect();
            let caller = match kept {
                Some((resolved, _)) => CallerRef::from(resolved),
                None => CallerRef::from(&fresh_principal),
            };
            let query = match site {
                Some(site) => Query::at(site, &values, caller, from.resource),
                None => Query::new(caller, from.action, from.resource).context(&named),
            };
            let query = with_rest(query, from);
            let action = site.map_or(from.action, CallSite::action);
            let plain: Vec<(&str, Value<'_>)> = names
                .iter()
                .copied()
                .zip(texts.iter().map(|texts| Value::Texts(texts)))
                .collect();
            let afresh = Query::new(&fresh_principal, action, from.resource).context(&plain);
            let afresh = with_rest(afresh, from);
            let expected = authorizer.decide_with(&mut Scratch::new(), &afresh);
            match by_way {
                0 => assert_eq!(authorizer.decide(&query), expected),
                1 => assert_eq!(authorizer.explain(&query).outcome, expected),
                2 => authorizer.decide_many(scratch, &[query, afresh, query], |_, outcome| {
                    assert_eq!(outcome, expected);
                }),
                3 => {
                    let ready = authorizer.ready(scratch, &query);
                    for _ in 0..2 {
                        assert_eq!(ready.decide(), expected);
                    }
                    assert_eq!(ready.explain().outcome, expected);
                }
                _ => assert_eq!(authorizer.decide_with(scratch, &query), expected),
            }
            if let Some(site) = site.filter(|site| site.keys().len() > 0) {
                let short = Query::at(site, &values[1..], caller, from.resource);
                let outcome = authorizer.decide_with(scratch, &short);
                assert_eq!(outcome, Outcome::undecided(), "a value is missing");
            }
        });
    }
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
    deeds: Vec<PreparedAction>,
    objects: Vec<PreparedResource>,
    keys: Vec<Key>,
    numbers: Vec<(String, PrincipalNumber)>,
}

impl Resolved {
    fn by(directory: &Directory) -> Resolved {
        let deed = |name: &&str| directory.action(name);
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
                .map(|arn| directory.resource(arn, None))
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
            action: &of_deed.deeds[action],
            resource: &of_object.objects[target],
            context: &[ContextValue::keyed(&of_key.keys[key], &values)],
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

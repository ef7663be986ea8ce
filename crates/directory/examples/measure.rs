//! Measures a generated directory: how long it takes to read, how large it is, how fast it decides.
//!
//! ```sh
//! cargo run --release -p portcullis-directory --example measure -- /tmp/directory million
//! ```
//!
//! The folder is made if it is not there; with a third argument `decisions` only these are measured. Prints a name and a figure on each line. Figures of one thread are
//! its time on the processor, where the system tells.
//!
//! With `inline` in place of `million` it is one account whose users have policies of their own: a large dump. With `written` as third
//! argument it only makes the folder.
//!
//! With `compiled` as third argument it reads and compiles only, as `portcullis compile --directory` does, and prints what that takes; with
//! `stripped` without what explanations print.
//!
//! With `texts`, `prepared` or `resolved` as third argument it makes some 10,000 decisions of that kind and measures nothing: for profilers,
//! and to count instructions, from the second run on, when the folder is there.
//!
//! ```sh
//! valgrind --tool=callgrind --collect-atstart=no --toggle-collect=measure::from_texts --toggle-collect=measure::resolved \
//!     target/release/examples/measure /tmp/small small texts
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool of developers"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use bumpalo::Bump;
use portcullis_directory::{
    AccessQuery, Directory, Engine, LoadOptions, PreparedAction, PreparedResource, RequestPolicies,
    ResolvedRequest,
};
use portcullis_model::{Decision, Request};
use portcullis_scenario::NoFiles;
use portcullis_scenario::lines;
use portcullis_source::Source;
use portcullis_testkit::directory::{Generator, Scale};

const REQUESTS: usize = 100_000;
/// For profilers, under which everything is slow.
const FEW: usize = 10_000;
const ROUNDS: usize = 5;

/// Memory in use and the most that ever was, in MB, where the system tells.
fn memory() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let of = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name));
        let number = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
        number.unwrap_or_default() / 1024
    };
    (of("VmRSS:"), of("VmHWM:"))
}

/// How long this thread was on a processor; time of day where the system does not tell.
fn now(start: Instant) -> Duration {
    // Without this the system tells what was so at its last tick.
    std::thread::yield_now();
    let told = fs::read_to_string("/proc/thread-self/schedstat").ok();
    let told = told.and_then(|text| text.split_whitespace().next()?.parse().ok());
    told.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// The least time that something takes, in nanoseconds for each of `count`, in so many rounds.
fn nanoseconds(count: usize, mut work: impl FnMut()) -> u128 {
    let start = Instant::now();
    let rounds = (0..ROUNDS).map(|_| {
        let before = now(start);
        work();
        (now(start) - before).as_nanos() / count.max(1) as u128
    });
    rounds.min().unwrap_or_default()
}

fn seconds<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let started = Instant::now();
    let done = work();
    (started.elapsed().as_secs_f64(), done)
}

fn say(name: &str, figure: impl std::fmt::Display) {
    println!("{name:<44} {figure}");
}

/// Numbers that look random.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit.max(1)
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).collect::<Vec<_>>().into_iter();
    let folder = arguments.next().unwrap();
    let scale = match arguments.next().as_deref() {
        Some("million") => Scale::MILLION,
        Some("inline") => Scale::INLINE,
        _ => Scale {
            accounts: 20,
            ..Scale::MILLION
        },
    };
    let folder = Path::new(&folder);
    let mut generator = Generator::new(17, scale);
    if !folder.exists() {
        generator.write(folder).unwrap();
    }
    if arguments.clone().next().as_deref() == Some("written") {
        return;
    }
    if let Some(kind @ ("compiled" | "stripped")) = arguments.clone().next().as_deref() {
        return compiled(folder, kind == "compiled");
    }
    let load = |folder: &Path| {
        let loaded = Directory::load(folder, LoadOptions::default(), &mut |_| ());
        loaded.unwrap().directory
    };
    let (time, directory) = seconds(|| load(folder));
    let counts = directory.counts();
    say("accounts", counts.accounts);
    say("principals", counts.principals);
    say("resources", counts.resources);
    say("policy sets", counts.policy_sets);
    say("read the dumps, s", format_args!("{time:.2}"));
    let (used, most) = memory();
    say(
        "memory after that, and at most, MB",
        format_args!("{used}, {most}"),
    );
    let (time, bytes) = seconds(|| directory.to_bytes().unwrap());
    say("compile all, s", format_args!("{time:.2}"));
    say(
        "the file, MB",
        format_args!("{:.1}", bytes.len() as f64 / 1e6),
    );
    drop(directory);
    let (time, mut directory) = seconds(|| Directory::from_bytes(&bytes).unwrap());
    say("open and check it, s", format_args!("{time:.2}"));
    let before = memory().0;
    drop(bytes);
    say(
        "memory before and after the bytes are gone, MB",
        format_args!("{before}, {}", memory().0),
    );

    let only = arguments.next();
    match only.as_deref() {
        Some(kind @ ("texts" | "prepared" | "resolved")) => {
            return few_decisions(&mut directory, &mut generator, kind);
        }
        _ => decisions(&mut directory, &mut generator),
    }
    if only.is_some() {
        return;
    }
    questions(&directory);
    changes(directory, folder, load);
}

/// Reads the dumps and makes the file, as `portcullis compile --directory` does, on two threads: the time that passes, and the most
/// memory that was in use beside the file. With what explanations print, or without.
fn compiled(folder: &Path, debug: bool) {
    let options = LoadOptions {
        debug,
        ..LoadOptions::default()
    };
    let (read, directory) = seconds(|| {
        let directory = Directory::load(folder, options, &mut |_| ());
        directory.unwrap().directory
    });
    let (used, most) = memory();
    let (made, bytes) = seconds(|| directory.into_bytes().unwrap());
    say("read the dumps, s", format_args!("{read:.2}"));
    say("compile all, s", format_args!("{made:.2}"));
    say(
        "memory between, and at most until then, MB",
        format_args!("{used}, {most}"),
    );
    say("the file, MB", bytes.len() >> 20);
    let most = memory().1;
    say("memory at most, MB", most);
    say(
        "beside the file, MB",
        most.saturating_sub(bytes.len() as u64 >> 20),
    );
}

/// A function of its own, for profilers.
#[inline(never)]
fn from_texts(engine: &mut Engine, directory: &Directory, requests: &[Request<'_>]) {
    for request in requests {
        let _ = black_box(engine.check(directory, request).unwrap());
    }
}

/// Likewise.
#[inline(never)]
fn resolved(engine: &mut Engine, directory: &Directory, requests: &[ResolvedRequest<'_>]) {
    for request in requests {
        let _ = black_box(engine.check_resolved(directory, request).unwrap());
    }
}

/// Requests without session policies.
fn requests_of<'a>(texts: &'a [String], arena: &'a Bump) -> Vec<Request<'a>> {
    let lines = texts.iter().map(|text| {
        let source = Source::new("", text.as_str());
        lines(&source, &NoFiles, arena).unwrap().remove(0)
    });
    lines
        .filter(|line| line.extra.session.is_none())
        .map(|line| line.case.request.unwrap())
        .collect()
}

/// The actions of requests, each once.
fn actions_of<'a>(requests: &[Request<'a>]) -> Vec<&'a str> {
    let mut names: Vec<&str> = requests.iter().map(|request| request.action).collect();
    names.sort_unstable();
    names.dedup();
    names
}

/// Actions that the caller of an engine holds already.
fn known_actions(directory: &Directory) -> Vec<PreparedAction> {
    let names = [
        "s3:GetObject",
        "s3:PutObject",
        "kms:Decrypt",
        "s3:ListBucket",
    ];
    let deeds = names.iter().map(|name| directory.action(name).unwrap());
    deeds.collect()
}

/// The same with the objects of requests for them.
fn known_objects<'k>(
    directory: &Directory,
    deeds: &'k [PreparedAction],
    requests: &[Request<'_>],
) -> Vec<(&'k PreparedAction, PreparedResource)> {
    let known = requests.iter().filter_map(|request| {
        let deed = deeds.iter().find(|deed| deed.name() == request.action)?;
        Some((deed, directory.resource(request.resource, None)))
    });
    known.take(500).collect()
}

/// Requests for these by so many principals.
fn resolved_requests<'k>(
    directory: &Directory,
    known: &'k [(&'k PreparedAction, PreparedResource)],
    numbers: &mut Numbers,
    (count, principals): (usize, usize),
) -> Vec<ResolvedRequest<'k>> {
    let step = directory.principal_count() / principals;
    let request = |_| {
        let place = numbers.below(principals) * step;
        let principal = directory.nth_principal(place).unwrap();
        let (deed, object) = known.get(numbers.below(known.len())).unwrap();
        ResolvedRequest {
            principal,
            action: deed,
            resource: object,
            context: &[],
        }
    };
    (0..count).map(request).collect()
}

fn few_decisions(directory: &mut Directory, generator: &mut Generator, kind: &str) {
    let texts: Vec<String> = (0..FEW).map(|_| generator.request().to_string()).collect();
    let arena = Bump::new();
    let requests = requests_of(&texts, &arena);
    let mut engine = Engine::new();
    if kind == "resolved" {
        let deeds = known_actions(directory);
        let known = known_objects(directory, &deeds, &requests);
        let count = (FEW, directory.principal_count());
        let asked = resolved_requests(directory, &known, &mut Numbers(1), count);
        resolved(&mut engine, directory, &asked);
        return say("decisions", asked.len());
    }
    if kind == "prepared" {
        directory.prepare(&actions_of(&requests)).unwrap();
    }
    from_texts(&mut engine, directory, &requests);
    say("decisions", requests.len());
}

fn decisions(directory: &mut Directory, generator: &mut Generator) {
    let texts: Vec<String> = (0..REQUESTS)
        .map(|_| generator.request().to_string())
        .collect();
    let arena = Bump::new();
    let requests = requests_of(&texts, &arena);
    let mut engine = Engine::new();
    let mut scratch = Bump::new();
    let time = nanoseconds(requests.len(), || {
        for request in &requests {
            let completed = directory.complete(request, RequestPolicies::default(), &scratch);
            let outcome = engine.decide(directory, &completed.unwrap()).unwrap();
            let _ = black_box(outcome);
            scratch.reset();
        }
    });
    say("find and decide in two steps, ns", time);
    let time = nanoseconds(requests.len(), || {
        from_texts(&mut engine, directory, &requests);
    });
    say("decide from texts, ns", time);
    let names = actions_of(&requests);
    let (time, ()) = seconds(|| directory.prepare(&names).unwrap());
    let each = time * 1e3 / names.len() as f64;
    say(
        "prepare an action, ms",
        format_args!("{each:.2} ({} actions)", names.len()),
    );
    let directory = &*directory;
    let time = nanoseconds(requests.len(), || {
        from_texts(&mut engine, directory, &requests);
    });
    say("decide from texts, prepared, ns", time);
    let time = nanoseconds(requests.len(), || {
        let mut add = |_, outcome| {
            let _ = black_box(outcome);
        };
        engine.check_all(directory, &requests, &mut add).unwrap();
    });
    say("decide from texts, prepared, in batches, ns", time);

    let deeds = known_actions(directory);
    let known = known_objects(directory, &deeds, &requests);
    let mut numbers = Numbers(1);
    let all = directory.principal_count();
    for (name, principals) in [("100 principals", 100), ("all principals", all)] {
        let count = (8 * REQUESTS, principals);
        let asked = resolved_requests(directory, &known, &mut numbers, count);
        let time = nanoseconds(asked.len(), || resolved(&mut engine, directory, &asked));
        say(&format!("decide resolved, {name}, ns"), time);
        let time = nanoseconds(asked.len(), || {
            let mut add = |_, outcome| {
                let _ = black_box(outcome);
            };
            engine
                .check_all_resolved(directory, &asked, &mut add)
                .unwrap();
        });
        say(&format!("the same in batches, {name}, ns"), time);
    }
}

fn questions(directory: &Directory) {
    let query = |action, resource| AccessQuery {
        action,
        resource,
        resource_account: None,
        context: &[],
    };
    let object = "arn:aws:s3:::b0-100000000001/blue/x";
    let all = directory.principal_count();
    for threads in [1, 2] {
        let mut can = 0;
        let (time, ()) = seconds(|| {
            let get = query("s3:GetObject", object);
            directory
                .who_can(get, 0, threads, &mut |_| can += 1)
                .unwrap();
        });
        let rate = all as f64 / time / 1e6 / threads as f64;
        say(
            &format!("who-can, {threads} threads, s"),
            format_args!("{time:.2} ({can} can; {rate:.2} million a second and thread)"),
        );
        let queries = [
            query("s3:GetObject", object),
            query("s3:PutObject", object),
            query("kms:Decrypt", "*"),
            query("ec2:RunInstances", "*"),
        ];
        let mut allowed = 0;
        let mut count = |_: usize, decisions: &[Decision]| {
            allowed += decisions.iter().filter(|one| one.is_allow()).count();
        };
        let (time, ()) = seconds(|| directory.matrix(&queries, threads, &mut count).unwrap());
        let rate = (all * queries.len()) as f64 / time / 1e6 / threads as f64;
        say(
            &format!("matrix of 4, {threads} threads, s"),
            format_args!("{time:.2} ({allowed} allowed; {rate:.2} million a second and thread)"),
        );
        let mut admins = 0;
        let (time, ()) = seconds(|| {
            directory
                .admins(&[], threads, &mut |_| admins += 1)
                .unwrap()
        });
        let rate = all as f64 * 4.0 / time / 1e6 / threads as f64;
        say(
            &format!("admins, {threads} threads, s"),
            format_args!("{time:.2} ({admins}; {rate:.2} million a second and thread)"),
        );
    }
}

/// One account is dumped again, with a user less.
fn changes(mut directory: Directory, folder: &Path, load: impl Fn(&Path) -> Directory) {
    let changed = folder.with_extension("changed");
    fs::create_dir_all(&changed).unwrap();
    let dumps = fs::read_to_string(folder.join("accounts.jsonl")).unwrap();
    let line = dumps.lines().nth(7).unwrap();
    fs::write(changed.join("accounts.jsonl"), line).unwrap();
    fs::copy(folder.join("managed.jsonl"), changed.join("managed.jsonl")).unwrap();
    let (read, changes) = seconds(|| load(&changed));
    let (update, ()) = seconds(|| directory.update(changes).unwrap());
    let (write, bytes) = seconds(|| directory.to_bytes().unwrap());
    say("one account again: read it, s", format_args!("{read:.3}"));
    say("take it in, s", format_args!("{update:.3}"));
    say("write all, s", format_args!("{write:.2}"));
    black_box(bytes);
}

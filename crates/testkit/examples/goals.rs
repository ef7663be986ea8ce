//! What proofs cost, held against what they may cost: whole decisions, findings of a resource's policy, and inputs that are made to
//! be hard.
//!
//! `cargo run --release -p portcullis-testkit --example goals -- [QUESTIONS] [SEED] [FILE]`
//!
//! | part | what is measured | goal |
//! |---|---|---|
//! | decisions | whether a user or session may do anything of some actions, by identity policies, a boundary, session policies, a resource policy and five levels of service control policies at once, all drawn at random | 99 of 100 within 25 ms |
//! | findings | external access findings of one resource policy, with what the machine compiles to confirm them | each within 50 ms |
//! | budget | `compare`, both ways, of documents as large as AWS takes, each made to be hard in another way | an answer or "unknown" within 1 s |
//!
//! FILE has recorded resource policies, a line for each answer of AWS's command line: `{"service", "operation", "response"}`. Findings of
//! policies that are drawn at random are measured besides. The same numbers give the same questions everywhere; times are of the
//! machine that is used, and what one thread computed, where the system tells.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it reads what it made itself, and prints"
)]

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use arbitrary::Unstructured;
use bumpalo::Bump;
use portcullis::prove::{Answer, Options, compare, read};
use portcullis_compile::{Options as CompileOptions, compile};
use portcullis_directory::{Directory, LoadOptions};
use portcullis_findings::{Questions, Zone};
use portcullis_image::Image;
use portcullis_model::{Caller, ContextEntry, PolicyKind, Principal, Request};
use portcullis_prove::{AccountPart, Existence, Selection, Situation, exists};
use portcullis_testkit::generate::{Settings, document};
use portcullis_testkit::machine::Machine;
use portcullis_testkit::prove::adversarial::shapes;
use portcullis_testkit::{Bytes, World};
use serde_json::{Value, json};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse(),
        None => Ok(default),
    };
    let (questions, seed) = (number(2000)?, number(1)?);
    let file = arguments.next();
    decisions(questions, seed as u64)?;
    findings(questions / 10, seed as u64, file.as_deref())?;
    budget()
}

/// When something began.
struct Began {
    at: Instant,
    computed: Option<Duration>,
}

impl Began {
    fn now() -> Began {
        Began {
            computed: Began::computed(),
            at: Instant::now(),
        }
    }

    /// How long this thread computed, where the system tells: others use the machine too.
    fn computed() -> Option<Duration> {
        let told = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        let nanoseconds = told.split_whitespace().next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }

    /// How long that took: what passed, and of spans that others may have used, what was computed. The system counts that in steps
    /// of some milliseconds.
    fn took(&self) -> Duration {
        let passed = self.at.elapsed();
        match Began::computed().zip(self.computed) {
            Some((now, then)) if passed > SHORT => now.saturating_sub(then),
            _ => passed,
        }
    }
}

/// Spans that are mostly not interrupted.
const SHORT: Duration = Duration::from_millis(10);

/// Spans of time, and what their answers were.
#[derive(Default)]
struct Times {
    all: Vec<Duration>,
    answers: [usize; 3],
}

impl Times {
    fn add(&mut self, took: Duration, answer: usize) {
        self.all.push(took);
        if let Some(own) = self.answers.get_mut(answer) {
            *own += 1;
        }
    }

    /// The span that so many of a hundred do not exceed.
    fn of_hundred(&mut self, count: usize) -> Duration {
        self.all.sort_unstable();
        let at = (self.all.len() * count).div_ceil(100).max(1) - 1;
        self.all.get(at).copied().unwrap_or_default()
    }
}

fn in_ms(own: Duration) -> String {
    format!("{:.2} ms", own.as_secs_f64() * 1e3)
}

fn verdict(is_met: bool) -> &'static str {
    if is_met { "met" } else { "MISSED" }
}

const ACCOUNT: &str = "111122223333";

/// Documents of about the size of those that people write; each also allows what the generator's alphabet is about in a broad
/// statement where `broad` says so, since of eight layers that each allow a few things nothing is left.
fn drawn(random: &mut Bytes, kind: PolicyKind, broad: &str) -> Outcome<String> {
    let settings = Settings {
        statements: 8,
        entries: 6,
        conditions: 3,
        ..Settings::default()
    };
    let bytes = random.take(2_000);
    let text = document(&mut Unstructured::new(&bytes), kind, &settings)?;
    if broad.is_empty() {
        return Ok(text);
    }
    let mut text: Value = serde_json::from_str(&text)?;
    let mut statement = json!({"Effect": "Allow", "Action": broad, "Resource": "*"});
    if kind == PolicyKind::Resource {
        statement["Principal"] = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")});
    }
    if let Some(statements) = text["Statement"].as_array_mut() {
        statements.push(statement);
    }
    Ok(text.to_string())
}

/// All layers, drawn.
fn world(random: &mut Bytes) -> Outcome<World> {
    let mut own = World::default();
    for _ in 0..1 + random.below(4) {
        let broad = ["", "s3:*"][random.below(2)];
        own.identity
            .push(drawn(random, PolicyKind::Identity, broad)?);
    }
    let broad = ["", "*"][random.below(2)];
    own.boundary = Some(vec![drawn(random, PolicyKind::Boundary, broad)?]);
    let broad = ["", "*"][random.below(2)];
    own.session = Some(vec![drawn(random, PolicyKind::Session, broad)?]);
    let broad = ["", "*"][random.below(2)];
    own.resource = Some(drawn(random, PolicyKind::Resource, broad)?);
    for _ in 0..5 {
        own.scps.push(vec![drawn(random, PolicyKind::Scp, "*")?]);
    }
    Ok(own)
}

fn decisions(questions: usize, seed: u64) -> Outcome<()> {
    let mut random = Bytes::new(seed);
    let mut times = Times::default();
    let (mut bytes, mut unread) = (0, 0);
    while times.all.len() < questions {
        let world = world(&mut random)?;
        let arena = Bump::new();
        let Ok(policies) = world.read(&arena) else {
            unread += 1;
            continue;
        };
        let size =
            |own: &Option<Vec<String>>| -> usize { own.iter().flatten().map(String::len).sum() };
        bytes += size(&world.boundary) + size(&world.session);
        bytes += world
            .identity
            .iter()
            .chain(world.scps.iter().flatten())
            .map(String::len)
            .sum::<usize>();
        bytes += world.resource.as_ref().map_or(0, String::len);
        let caller = match random.below(2) {
            0 => Caller::User {
                arn: "arn:aws:iam::111122223333:user/ann",
            },
            _ => Caller::Role {
                session_arn: Some("arn:aws:sts::111122223333:assumed-role/R/s"),
                role_arn: "arn:aws:iam::111122223333:role/R",
                service_linked: false,
            },
        };
        let id = match caller {
            Caller::User { .. } => "AIDAX",
            _ => "AROAR:s",
        };
        let principal = Principal {
            user_id: Some(id),
            ..Request::new(caller, "", "").principal
        };
        let of = |list: &[&str], at: usize| [Selection::of([*list.get(at).unwrap_or(&"*")])];
        let actions = of(
            &[
                "*",
                "s3:*",
                "s3:GetObject",
                "kms:*",
                "sqs:SendMessage",
                "iam:*",
            ],
            random.below(6),
        );
        let resources = of(&["*", "arn:aws:s3:::b/*", "arn:aws:*"], random.below(3));
        let is_owner = random.below(4) > 0;
        let owner = if is_owner { ACCOUNT } else { "444455556666" };
        let image = compile(
            &policies,
            CompileOptions {
                debug: false,
                index: false,
            },
        )?;
        let image = Image::from_bytes(image)?;
        let mut machine = Machine::new([image.view()]);
        let situation = Situation {
            policies: &policies,
            caller: principal,
            known: &|_| None,
            open: &[],
            actions: &actions,
            resources: &resources,
            excluded: &[],
            element: None,
            account: AccountPart::Any,
            not_all: &[],
            is_owner,
            crosses_partitions: false,
            external_grant: false,
            bare: false,
            wanted: random.below(4) > 0,
            work: Options::default().work,
        };
        let wanted = situation.wanted;
        let start = Began::now();
        let (found, _) = exists(&situation, &mut |example| {
            let values: Vec<Vec<&str>> = example
                .context
                .iter()
                .map(|(_, own)| own.iter().map(String::as_str).collect())
                .collect();
            let context: Vec<ContextEntry<'_>> = example
                .context
                .iter()
                .zip(&values)
                .filter(|(_, values)| !values.is_empty())
                .map(|((key, _), values)| ContextEntry { key, values })
                .collect();
            let request = Request {
                principal,
                resource_account: Some(owner),
                context: &context,
                ..Request::new(caller, &example.action, &example.resource)
            };
            match machine.decide(&request).is_allow() == wanted {
                true => Ok(()),
                false => Err("it is decided otherwise".to_owned()),
            }
        });
        let took = start.took();
        if let (Existence::Unknown(reasons), true) = (&found, std::env::var_os("SHOW").is_some()) {
            println!("{reasons:?}\n{world:?}");
        }
        times.add(
            took,
            match found {
                Existence::None => 0,
                Existence::Example(_) => 1,
                Existence::Unknown(_) => 2,
            },
        );
    }
    let [proved, refuted, unknown] = times.answers;
    println!(
        "decisions: {questions} questions of all layers, {} bytes of policies each ({unread} draws did not load): {proved} proved, \
         {refuted} refuted, {unknown} unknown",
        bytes / questions.max(1)
    );
    let p99 = times.of_hundred(99);
    println!(
        "  p50 {}, p99 {}, max {}; goal p99 25 ms: {}",
        in_ms(times.of_hundred(50)),
        in_ms(p99),
        in_ms(times.of_hundred(100)),
        verdict(p99 <= Duration::from_millis(25))
    );
    Ok(())
}

/// A folder of its own, which goes when it is done with.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Outcome<Folder> {
        let folder = std::env::temp_dir().join(format!("portcullis-goals-{}", std::process::id()));
        fs::create_dir_all(&folder)?;
        Ok(Folder(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The findings of one file; none if it is none that says whose policy it holds.
fn find(folder: &Path, name: &str, text: &str, times: &mut Times) -> Outcome<bool> {
    let file = folder.join(name);
    fs::write(&file, text)?;
    let loaded = Directory::load(folder, LoadOptions::default(), &mut |_| ());
    fs::remove_file(&file)?;
    let Ok(loaded) = loaded else {
        return Ok(false);
    };
    let arena = Bump::new();
    let (mut found, mut unknown) = (0, 0);
    let start = Began::now();
    let mut questions = Questions::new(&loaded.directory, &[], &arena);
    questions.external_findings(Zone::Account, &mut |one| match one.request {
        Some(_) => found += 1,
        None => unknown += 1,
    });
    let took = start.took();
    times.add(
        took,
        match (found, unknown) {
            (0, 0) => 0,
            (_, 0) => 1,
            _ => 2,
        },
    );
    Ok(true)
}

fn say_findings(what: &str, mut times: Times, others: usize) {
    let [none, some, unknown] = times.answers;
    let most = times.of_hundred(100);
    println!(
        "findings: {} {what} ({others} others do not load by themselves): {none} without findings, {some} with, {unknown} with some that are \
         unknown",
        times.all.len()
    );
    println!(
        "  median {}, max {}; goal 50 ms: {}",
        in_ms(times.of_hundred(50)),
        in_ms(most),
        verdict(most <= Duration::from_millis(50))
    );
}

fn findings(count: usize, seed: u64, file: Option<&str>) -> Outcome<()> {
    let folder = Folder::new()?;
    let folder = folder.0.as_path();
    let wrapped = |policy: &Value| {
        json!({"arn": "arn:aws:s3:::b", "account": ACCOUNT, "policy": policy}).to_string()
    };
    if let Some(file) = file {
        let (mut of_buckets, mut of_others) = (Times::default(), Times::default());
        let (mut no_bucket, mut no_other) = (0, 0);
        for line in fs::read_to_string(file)?.lines() {
            let own: Value = serde_json::from_str(line)?;
            let response = own["response"].to_string();
            let is_policy = own["operation"] == "GetBucketPolicy";
            if !is_policy {
                let is_read = find(folder, "own.json", &response, &mut of_others)?;
                no_other += usize::from(!is_read);
                continue;
            }
            // The answer does not name its bucket; its statements do.
            let policy: Value =
                serde_json::from_str(own["response"]["Policy"].as_str().unwrap_or("null"))?;
            let text = policy.to_string();
            let name = text.split_once("arn:aws:s3:::").map_or("b", |(_, rest)| {
                rest.split(['/', '"', '*']).next().unwrap_or(rest)
            });
            let line = json!({"arn": format!("arn:aws:s3:::{name}"), "account": ACCOUNT, "policy": policy});
            let is_read = find(folder, "own.json", &line.to_string(), &mut of_buckets)?;
            no_bucket += usize::from(!is_read);
        }
        say_findings("recorded policies of buckets", of_buckets, no_bucket);
        say_findings("other recorded answers", of_others, no_other);
    }
    let mut random = Bytes::new(seed);
    let (mut times, mut others) = (Times::default(), 0);
    while times.all.len() < count {
        let text = drawn(&mut random, PolicyKind::Resource, "")?;
        let policy: Value = serde_json::from_str(&text)?;
        let is_read = find(folder, "own.json", &wrapped(&policy), &mut times)?;
        others += usize::from(!is_read);
    }
    say_findings("policies of buckets that were drawn", times, others);
    // What is made to be hard is no goal of findings, which ask many questions; it is told all the same.
    for shape in shapes()
        .iter()
        .filter(|own| own.kind == PolicyKind::Resource)
    {
        let mut times = Times::default();
        let policy: Value = serde_json::from_str(&shape.new)?;
        find(folder, "own.json", &wrapped(&policy), &mut times)?;
        println!("  {}: {}", shape.name, in_ms(times.of_hundred(100)));
    }
    Ok(())
}

fn budget() -> Outcome<()> {
    let options = Options::default();
    let all = shapes();
    println!(
        "budget: {} shapes, both ways, {} units of work each",
        all.len(),
        options.work
    );
    println!("| shape | bytes | answers | units, in millions | longest |");
    println!("|---|---|---|---|---|");
    let (mut longest, mut named, mut unknown) = (Duration::ZERO, "", 0);
    for shape in &all {
        let arena = Bump::new();
        let policy = |text: &str| {
            let text = arena.alloc_str(text);
            read("policy", text, shape.kind, &arena)
                .map_err(|problems| format!("{}: {problems:?}\n{text}", shape.name))
        };
        let (old, new) = ([policy(&shape.old)?], [policy(&shape.new)?]);
        let mut most = Duration::ZERO;
        let mut told = Vec::new();
        let mut units = 0;
        for (old, new) in [(&old, &new), (&new, &old)] {
            let start = Began::now();
            let answer = compare(old, new, &options);
            most = most.max(start.took());
            told.push(match answer {
                Answer::Proved(proof) => {
                    units = units.max(proof.work);
                    "proved".to_owned()
                }
                Answer::Refuted(refuted) => {
                    units = units.max(refuted.work);
                    "refuted".to_owned()
                }
                Answer::Unknown(reasons) => {
                    unknown += 1;
                    let reasons: Vec<String> = reasons
                        .iter()
                        .map(|own| format!("{own:?}").chars().take(40).collect())
                        .collect();
                    format!("unknown ({})", reasons.join("; "))
                }
            });
        }
        println!(
            "| {} | {}, {} | {} | {:.1} | {} |",
            shape.name,
            shape.old.len(),
            shape.new.len(),
            told.join(", "),
            units as f64 / 1e6,
            in_ms(most)
        );
        if most > longest {
            (longest, named) = (most, shape.name);
        }
    }
    println!(
        "  longest {} ({named}), {unknown} unknown; goal 1 s: {}",
        in_ms(longest),
        verdict(longest <= Duration::from_secs(1))
    );
    Ok(())
}

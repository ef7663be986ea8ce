//! Measures a generated directory: how long it takes to read, how large it is, how fast it decides.
//!
//! ```sh
//! cargo run --release -p portcullis-directory --example measure -- /tmp/directory million
//! ```
//!
//! The folder is made if it is not there. Prints one line of JSON.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a tool of developers"
)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use bumpalo::Bump;
use portcullis_directory::{Directory, Engine, LoadOptions, Query, lines};
use portcullis_scenario::{NoFiles, Source};
use portcullis_testkit::directory::{Generator, Scale};

const REQUESTS: usize = 20_000;

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

fn main() {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().unwrap();
    let scale = match arguments.next().as_deref() {
        Some("million") => Scale::MILLION,
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
    let started = Instant::now();
    let loaded = Directory::load(folder, LoadOptions::default(), &mut |_| ()).unwrap();
    let directory = loaded.directory;
    let load = started.elapsed();
    let (used, most) = memory();
    let started = Instant::now();
    let bytes = directory.to_bytes().unwrap();
    let compile = started.elapsed();
    let started = Instant::now();
    let directory = {
        let opened = Directory::from_bytes(&bytes).unwrap();
        drop(directory);
        opened
    };
    let open = started.elapsed();

    let texts: Vec<String> = (0..REQUESTS)
        .map(|_| generator.request().to_string())
        .collect();
    let arena = Bump::new();
    let requests: Vec<_> = texts
        .iter()
        .map(|text| {
            let source = Source::new("", text.as_str());
            lines(&source, &NoFiles, &arena).unwrap().remove(0)
        })
        .filter(|line| line.extra.session.is_none())
        .collect();
    let mut engine = Engine::new();
    let mut scratch = Bump::new();
    let started = Instant::now();
    let mut allowed = 0;
    for line in &requests {
        let question = directory
            .question(&line.case.request.unwrap(), line.extra.clone(), &scratch)
            .unwrap();
        let outcome = engine.decide(&directory, &question).unwrap();
        allowed += usize::from(outcome.is_allow());
        drop(question);
        scratch.reset();
    }
    let decide = started.elapsed().as_nanos() / requests.len() as u128;
    let started = Instant::now();
    for line in &requests {
        let question =
            directory.question(&line.case.request.unwrap(), line.extra.clone(), &scratch);
        let _ = black_box(question);
        scratch.reset();
    }
    let resolve = started.elapsed().as_nanos() / requests.len() as u128;
    let query = Query {
        action: "s3:GetObject",
        resource: "arn:aws:s3:::b0-100000000001/blue/x",
        resource_account: None,
        context: &[],
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let started = Instant::now();
    let mut can = 0;
    directory
        .who_can(query, 0, threads, &mut |_| can += 1)
        .unwrap();
    let who = started.elapsed();
    let counts = directory.counts();
    println!(
        "{{\"accounts\": {}, \"principals\": {}, \"resources\": {}, \"policySets\": {}, \"loadSeconds\": {:.2}, \
         \"megabytesLoaded\": {used}, \"megabytesPeak\": {most}, \"compileSeconds\": {:.2}, \"fileMegabytes\": {:.1}, \
         \"openSeconds\": {:.2}, \"nsResolve\": {resolve}, \"nsResolveAndDecide\": {decide}, \"allowed\": {allowed}, \
         \"requests\": {}, \"whoCanSeconds\": {:.2}, \"whoCan\": {can}, \"threads\": {threads}}}",
        counts.accounts,
        counts.principals,
        counts.resources,
        counts.policy_sets,
        load.as_secs_f64(),
        compile.as_secs_f64(),
        bytes.len() as f64 / 1e6,
        open.as_secs_f64(),
        requests.len(),
        who.as_secs_f64(),
    );
}

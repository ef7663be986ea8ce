//! How long questions take over a large organization: `PORTCULLIS_ACCOUNTS=100 cargo run --release -p portcullis-findings
//! --example large -- escalate`; 1,000 accounts of 20 principals each and every question if nothing is said. Printed as it goes,
//! since some take minutes.

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "it measures what it made itself"
)]

use std::fs;
use std::time::Instant;

use bumpalo::Bump;
use portcullis_directory::{Directory, LoadOptions};
use portcullis_findings::{Asker, Can, Selection, escalations, of_each, who_can};
use portcullis_testkit::directory::{Generator, Scale};

/// A span of time, what all threads computed in it, which says more on a machine that others use too, and the most memory that was
/// in use.
struct Measured {
    start: Instant,
    ticks: u64,
}

impl Measured {
    fn start() -> Measured {
        // Forgets the most that was in use before, where the system does that.
        let _ = fs::write("/proc/self/clear_refs", "5");
        Measured {
            start: Instant::now(),
            ticks: Measured::ticks(),
        }
    }

    /// The most memory that was in use, in megabytes, where the system tells.
    fn megabytes() -> u64 {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = most.and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok());
        number.unwrap_or_default() / 1024
    }

    /// Hundredths of a second of this process, where the system tells them.
    fn ticks() -> u64 {
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let own = after_name.split_whitespace().skip(11).take(2);
        own.filter_map(|text| text.parse::<u64>().ok()).sum()
    }
}

impl std::fmt::Display for Measured {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let computed = (Measured::ticks() - self.ticks) * 10;
        let most = Measured::megabytes();
        write!(
            f,
            "{:?} ({computed} ms computed, at most {most} MB)",
            self.start.elapsed()
        )
    }
}

fn main() {
    let asked = std::env::var("PORTCULLIS_ACCOUNTS").ok();
    let accounts = asked.and_then(|text| text.parse().ok()).unwrap_or(1000);
    let scale = Scale {
        accounts,
        units: 30,
        users: 5,
        groups: 2,
        roles: 15,
        buckets: 4,
        keys: 1,
        managed: 6,
        shared: 30,
        inline_one_in: 10,
        inline_each: 0,
        odd: false,
    };
    let folder = std::env::temp_dir().join(format!("portcullis-large-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    Generator::new(1, scale).write(&folder).unwrap();
    let loaded = Directory::load(&folder, LoadOptions::default(), &mut |_| ()).unwrap();
    fs::remove_dir_all(&folder).unwrap();
    let directory = &loaded.directory;
    let arena = Bump::new();
    let askers = Asker::all(directory, &arena);
    println!(
        "{} principals, {} known targets",
        askers.len(),
        directory.known_targets().len()
    );
    let asked: Vec<String> = std::env::args().skip(1).collect();
    let is_asked = |question: &str| asked.is_empty() || asked.iter().any(|own| own == question);
    let who = |action: &str, resource: &str| {
        if !is_asked("who-can") {
            return;
        }
        let start = Measured::start();
        let (actions, resources) = (Selection::of([action]), Selection::of([resource]));
        let ways = who_can(directory, (&[], None), (&actions, &resources), 0, 2);
        let count = |word: &str| ways.iter().filter(|way| way.can.as_str() == word).count();
        println!(
            "who-can {action} on {resource}: {}; yes {}, if {}, unknown {}",
            start,
            count("yes"),
            count("if"),
            count("unknown")
        );
    };
    who("s3:GetObject", "arn:aws:s3:::b0-100000000001/blue/x");
    who("iam:CreateUser", "*");
    who("kms:Decrypt", "*");
    if is_asked("admins") {
        let start = Measured::start();
        let admins = of_each(directory, (&[], None), &askers, 2, |questions, asker, _| {
            questions.administrator(asker).map(|own| own.can)
        });
        let count =
            |is_it: fn(&Can) -> bool| admins.iter().flatten().filter(|own| is_it(own)).count();
        println!(
            "admins: {start}; yes {}, if {}",
            count(|own| matches!(own, Can::Yes(_))),
            count(|own| matches!(own, Can::If(_)))
        );
    }
    // What takes longest comes last.
    who("s3:GetObject", "*");
    if is_asked("escalate") {
        let start = Measured::start();
        let found = escalations(directory, (&[], None), 1, 2);
        println!("escalate: {start}; {}", found.found.len());
    }
}

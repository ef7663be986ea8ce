//! Every mutant against every oracle that reaches it, from the cheapest to the dearest, until one notices.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::survivors;

/// How the copy is built: optimized, and what overflows or fails an assertion is heard.
const BUILD: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "2"),
    ("CARGO_PROFILE_RELEASE_DEBUG_ASSERTIONS", "true"),
    ("CARGO_PROFILE_RELEASE_OVERFLOW_CHECKS", "true"),
    ("RUSTFLAGS", "-Awarnings"),
];

const PACKAGES: [&str; 3] = [
    "portcullis-prove",
    "portcullis-testkit",
    "portcullis-findings",
];

/// Modules of the test kit's tests that ask the prover.
const MODULES: [&str; 3] = ["prove::", "review::", "tighten::"];

/// Runs of the examples: what they are called, which example, and its arguments.
const EXAMPLES: [(&str, &str, &[&str]); 5] = [
    ("tiny worlds", "tiny", &["60", "200", "1"]),
    ("tiny worlds", "tiny", &["1000", "600", "7"]),
    ("lemma audit", "tiny", &["audit", "30", "3"]),
    ("callers", "callers", &["100", "200", "2"]),
    ("callers", "callers", &["1500", "400", "9"]),
];

/// Files that decide what is proved come first.
const FIRST: [&str; 19] = [
    "formula.rs",
    "decision.rs",
    "statement.rs",
    "theory.rs",
    "theory/open.rs",
    "theory/open/excluded.rs",
    "theory/open/tried.rs",
    "language.rs",
    "product.rs",
    "pattern.rs",
    "value.rs",
    "typed.rs",
    "key.rs",
    "variable.rs",
    "sat.rs",
    "search.rs",
    "joint.rs",
    "reading.rs",
    "domain.rs",
];

/// Kilobytes of address space that a run may have.
const MEMORY: u32 = 6_000_000;

/// Something that may notice a mutant.
struct Oracle {
    /// What it is counted as.
    sort: String,
    name: String,
    program: PathBuf,
    arguments: Vec<String>,
    folder: PathBuf,
    /// What it takes when nothing is changed.
    takes: Duration,
    /// The switches that it asks.
    reached: BTreeSet<u32>,
}

enum Ended {
    Well,
    Badly,
    Late,
}

impl Oracle {
    fn run(&self, limit: Duration, variables: &[(&str, &str)]) -> Outcome<Ended> {
        // Over an organization the machine knows more than the question says, and may rightly refuse.
        let is_plain = self.sort.ends_with("portcullis-findings");
        let variables = variables
            .iter()
            .filter(|(name, _)| !is_plain || !matches!(*name, "MUTANT_BELIEVE" | "MUTANT_STRICT"));
        let mut command = Command::new("sh");
        command
            .arg("-c")
            .arg(format!("ulimit -v {MEMORY} && exec \"$@\""))
            .arg("sh")
            .arg(&self.program)
            .args(&self.arguments)
            .current_dir(&self.folder)
            .envs(variables.copied())
            // The longest of the tests does less of the same.
            .envs((!is_plain).then_some(("PORTCULLIS_CASES", "600")))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let mut child = command.spawn()?;
        let started = Instant::now();
        let mut pause = Duration::from_micros(500);
        loop {
            if let Some(status) = child.try_wait()? {
                return Ok(if status.success() {
                    Ended::Well
                } else {
                    Ended::Badly
                });
            }
            if started.elapsed() > limit {
                child.kill()?;
                child.wait()?;
                return Ok(Ended::Late);
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(20));
        }
    }
}

/// A line of the list of mutants.
struct Listed {
    number: u32,
    place: String,
    key: String,
}

/// Builds the copy and asks; what came out is kept in the folder `work`, and not asked again.
///
/// `MUTANT_CHEAPEST` and `MUTANT_DEAREST` are how many seconds an oracle takes that is asked; `MUTANT_ONLY` names files, with
/// commas; `MUTANT_EVERY=5` takes each fifth mutant; `MUTANT_SECONDS` ends the run early;
/// `MUTANT_AGAIN=1` asks about survivors once more; with `MUTANT_CONFIRM=1` the machine is asked too, and what it refuses
/// ends an oracle.
pub fn run(tree: &Path, work: &Path, known: &Path) -> Outcome<()> {
    fs::create_dir_all(work)?;
    let variable = |name: &str| std::env::var(name).ok();
    let is_again = variable("MUTANT_AGAIN").is_some();
    let is_confirmed = variable("MUTANT_CONFIRM").is_some();
    let mode = if is_confirmed {
        "MUTANT_STRICT"
    } else {
        "MUTANT_BELIEVE"
    };
    let only: Option<Vec<String>> =
        variable("MUTANT_ONLY").map(|all| all.split(',').map(str::to_owned).collect());
    let every: usize = variable("MUTANT_EVERY").map_or(Ok(1), |own| own.parse())?;
    let seconds: u64 = variable("MUTANT_SECONDS").map_or(Ok(u64::MAX), |own| own.parse())?;
    let known = survivors::read(known)?;
    let most: f64 = variable("MUTANT_DEAREST").map_or(Ok(f64::MAX), |own| own.parse())?;
    let mut oracles = oracles(tree)?;
    for oracle in &mut oracles {
        measure(oracle, work, mode, most)?;
    }
    // What survived the cheap ones need not meet them again.
    let least: f64 = variable("MUTANT_CHEAPEST").map_or(Ok(0.0), |own| own.parse())?;
    oracles.retain(|own| (least..=most).contains(&own.takes.as_secs_f64()));
    oracles.sort_by_key(|own| own.takes);
    let all: Duration = oracles.iter().map(|own| own.takes).sum();
    println!(
        "{} oracles, {all:.1?} together when nothing is changed",
        oracles.len()
    );

    let mut list = list(tree)?;
    let rank = |own: &Listed| {
        let file = own.place.split(':').next().unwrap_or_default();
        FIRST
            .iter()
            .position(|first| *first == file)
            .unwrap_or(FIRST.len())
    };
    list.sort_by_key(|own| (rank(own), own.number));
    let path = work.join("results.txt");
    let mut results: BTreeMap<String, String> = fs::read_to_string(&path)
        .unwrap_or_default()
        .lines()
        .filter_map(|own| own.rsplit_once('\t'))
        .map(|(key, result)| (key.to_owned(), result.to_owned()))
        .collect();
    let mut file = OpenOptions::new().create(true).append(true).open(&path)?;
    let started = Instant::now();
    for own in list.iter().step_by(every) {
        let name = own.place.split(':').next().unwrap_or_default();
        if only
            .as_ref()
            .is_some_and(|only| !only.iter().any(|own| own == name))
        {
            continue;
        }
        let survived = |result: &String| result == "survived" || result == "not reached";
        if results
            .get(&own.key)
            .is_some_and(|own| !is_again || !survived(own))
        {
            continue;
        }
        if started.elapsed().as_secs() > seconds {
            break;
        }
        let result = ask(own.number, &oracles, mode)?;
        let result = match is_confirmed && !survived(&result) {
            true => "refused by the machine".to_owned(),
            false => result,
        };
        writeln!(file, "{}\t{result}", own.key)?;
        if survived(&result) && !known.contains_key(&own.key) {
            println!("{result}: {} {}\t{}", own.number, own.place, own.key);
        }
        results.insert(own.key.clone(), result);
    }
    tell(&list, &results, &known);
    Ok(())
}

/// What notices a mutant.
fn ask(number: u32, oracles: &[Oracle], mode: &str) -> Outcome<String> {
    let mut is_reached = false;
    for oracle in oracles.iter().filter(|own| own.reached.contains(&number)) {
        is_reached = true;
        let limit = (oracle.takes * 8).max(Duration::from_secs(3));
        match oracle.run(limit, &[("MUTANT", &number.to_string()), (mode, "1")])? {
            Ended::Well => {}
            Ended::Badly => return Ok(format!("{}: {}", oracle.sort, oracle.name)),
            Ended::Late => return Ok(format!("time: {}", oracle.name)),
        }
    }
    let result = if is_reached {
        "survived"
    } else {
        "not reached"
    };
    Ok(result.to_owned())
}

fn tell(list: &[Listed], results: &BTreeMap<String, String>, known: &BTreeMap<String, String>) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut is_asked = BTreeSet::new();
    for own in list {
        let sort = match results.get(&own.key) {
            None => "not asked",
            Some(result) => {
                is_asked.insert(&own.key);
                let is_noticed = result != "survived" && result != "not reached";
                match known.get(&own.key) {
                    Some(reason) if !is_noticed => reason.split(':').next().unwrap_or_default(),
                    _ => result.split(':').next().unwrap_or_default(),
                }
            }
        };
        *counts.entry(sort).or_default() += 1;
    }
    for (sort, count) in counts {
        println!("{count:6} {sort}");
    }
    for key in known.keys() {
        if !list.iter().any(|own| own.key == *key) {
            println!("there is no such mutant any more: {key}");
        } else if let Some(result) = results.get(key)
            && result != "survived"
            && result != "not reached"
        {
            println!("no survivor any more, {result}: {key}");
        }
    }
}

fn list(tree: &Path) -> Outcome<Vec<Listed>> {
    let text = fs::read_to_string(tree.join("mutants.txt"))?;
    let mut found = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, '\t');
        let (Some(number), Some(place), Some(key)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(format!("no mutant: {line:?}").into());
        };
        found.push(Listed {
            number: number.parse()?,
            place: place.to_owned(),
            key: key.to_owned(),
        });
    }
    Ok(found)
}

/// How long an oracle takes and what it reaches, as measured once for a program; it must find nothing.
fn measure(oracle: &mut Oracle, work: &Path, mode: &str, most: f64) -> Outcome<()> {
    let made = fs::metadata(&oracle.program)?.modified()?;
    let made = made.duration_since(std::time::UNIX_EPOCH)?.as_nanos();
    let name = format!(
        "{mode} {} {made} {}",
        oracle.program.display(),
        oracle.arguments.join(" ")
    );
    let measured = work.join("measured.txt");
    let known = fs::read_to_string(&measured).unwrap_or_default();
    let known = known
        .lines()
        .find_map(|own| own.strip_prefix(&name)?.strip_prefix('\t'));
    if let Some((takes, reached)) = known.and_then(|own| own.split_once('\t')) {
        oracle.takes = Duration::from_secs_f64(takes.parse()?);
        oracle.reached = reached
            .split(',')
            .filter_map(|own| own.parse().ok())
            .collect();
        return Ok(());
    }
    let limit = Duration::from_secs(900);
    let started = Instant::now();
    let short = limit.min(Duration::from_secs_f64(most.min(900.0)));
    match oracle.run(short, &[(mode, "1")])? {
        Ended::Well => oracle.takes = started.elapsed(),
        Ended::Badly => {
            return Err(format!("{} fails although nothing is changed", oracle.name).into());
        }
        Ended::Late => {
            // It is not asked.
            oracle.takes = Duration::MAX;
            return Ok(());
        }
    }
    let path = fs::canonicalize(work)?.join("reached.txt");
    let _ = fs::remove_file(&path);
    oracle.run(
        limit,
        &[(mode, "1"), ("MUTANT_REACHED", &path.to_string_lossy())],
    )?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    oracle.reached = text.lines().filter_map(|own| own.parse().ok()).collect();
    let reached: Vec<&str> = text.lines().collect();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&measured)?;
    writeln!(
        file,
        "{name}\t{}\t{}",
        oracle.takes.as_secs_f64(),
        reached.join(",")
    )?;
    println!(
        "{:9.2?}, {} switches, {}: {}",
        oracle.takes,
        oracle.reached.len(),
        oracle.sort,
        oracle.name
    );
    Ok(())
}

/// Builds the copy; its tests, and runs of its examples.
fn oracles(tree: &Path) -> Outcome<Vec<Oracle>> {
    let mut built = String::new();
    for (command, targets) in [
        ("test", &["--no-run", "--lib", "--test", "it"][..]),
        ("build", &["--example", "tiny", "--example", "callers"]),
    ] {
        let output = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()))
            .args([command, "--release", "--locked", "--message-format=json"])
            .args(targets)
            .args(PACKAGES.iter().flat_map(|own| ["-p", *own]))
            .args(["--features", "portcullis-prove/audit", "--target-dir"])
            .arg(fs::canonicalize(tree)?.with_file_name("build"))
            .current_dir(tree)
            .envs(BUILD)
            .stderr(Stdio::inherit())
            .output()?;
        if !output.status.success() {
            return Err("the copy does not build".into());
        }
        built.push_str(&String::from_utf8(output.stdout)?);
    }
    let mut found = Vec::new();
    for line in built.lines() {
        let (Some(program), Some(package)) =
            (member(line, "executable"), member(line, "package_id"))
        else {
            continue;
        };
        let program = PathBuf::from(program);
        let Some(package) = PACKAGES
            .iter()
            .find(|own| package.contains(&format!("#{own}@")))
        else {
            continue;
        };
        let folder = tree
            .join("crates")
            .join(package.trim_start_matches("portcullis-"));
        let folder = fs::canonicalize(folder)?;
        let file = program
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let example = file.split('-').next().unwrap_or_default();
        let is_example = program
            .parent()
            .is_some_and(|own| own.ends_with("examples"));
        if is_example {
            for (sort, _, arguments) in EXAMPLES.iter().filter(|own| own.1 == example) {
                found.push(Oracle {
                    sort: (*sort).to_owned(),
                    name: format!("{example} {}", arguments.join(" ")),
                    program: program.clone(),
                    arguments: arguments.iter().map(|own| (*own).to_owned()).collect(),
                    folder: folder.clone(),
                    takes: Duration::ZERO,
                    reached: BTreeSet::new(),
                });
            }
            continue;
        }
        let output = Command::new(&program)
            .args(["--list", "--format=terse"])
            .output()?;
        for line in String::from_utf8(output.stdout)?.lines() {
            let Some(name) = line.strip_suffix(": test") else {
                continue;
            };
            let is_asked =
                *package != "portcullis-testkit" || MODULES.iter().any(|own| name.starts_with(own));
            if is_asked {
                found.push(Oracle {
                    sort: format!("tests of {package}"),
                    name: name.to_owned(),
                    program: program.clone(),
                    arguments: vec!["--exact".into(), name.into(), "--test-threads=1".into()],
                    folder: folder.clone(),
                    takes: Duration::ZERO,
                    reached: BTreeSet::new(),
                });
            }
        }
    }
    Ok(found)
}

/// A text that is a member of an object on one line of JSON.
fn member<'l>(line: &'l str, name: &str) -> Option<&'l str> {
    let (_, rest) = line.split_once(&format!("\"{name}\":\""))?;
    rest.split('"').next()
}

//! Many proofs sent to two solvers, with a record from which a run goes on.
//!
//! A line of the record is `SOURCE NUMBER proved CVC5 Z3`, or `SOURCE NUMBER refuted|unknown|unsaid`; with `again` before it
//! for what neither solver had decided in the first, shorter time. Pairs are drawn by their number, so a run that was cut off
//! draws those of its record again, and asks the solvers only about proofs that are not in it: also those that the prover of
//! an earlier run had not found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use super::audit::{Said, said};
use super::solver::{Said as Verdict, Solver};

/// Pairs of one sort, with the name of the sort and how many proofs are wanted of it.
pub struct Source<'a> {
    /// One word.
    pub name: &'static str,
    /// How many proofs at most.
    pub most: usize,
    /// The pairs, old and new.
    pub pairs: Box<dyn Iterator<Item = (String, String)> + 'a>,
}

/// What the solvers said of the proofs of one source.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Proofs that were sent.
    pub proved: usize,
    /// Those that both decide.
    pub both: usize,
    /// Those that cvc5 decides, and z3 gives up on.
    pub only_cvc5: usize,
    /// The contrary.
    pub only_z3: usize,
    /// Those that both give up on.
    pub neither: usize,
    /// Contradictions.
    pub sat: usize,
    /// Pairs with a request, which nobody is asked about.
    pub refuted: usize,
    /// Pairs that the prover leaves open.
    pub unknown: usize,
    /// Pairs that cannot be said to solvers.
    pub unsaid: usize,
}

/// Milliseconds for a question, at first and again.
const LIMITS: [u32; 2] = [1000, 20_000];

/// Sends the proofs of some sources to both solvers. None if there are no solvers.
///
/// # Errors
/// What went wrong with the record or a solver.
pub fn run(record: &Path, sources: Vec<Source<'_>>) -> Result<Option<String>, String> {
    let known = std::fs::read_to_string(record).unwrap_or_default();
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(record)
        .map_err(|error| error.to_string())?;
    let mut note = |line: String| writeln!(file, "{line}").map_err(|error| error.to_string());
    let (first, again) = read(&known);
    let Some(mut solvers) = start(LIMITS[0])? else {
        return Ok(None);
    };
    let mut counts: Vec<(&'static str, Counts)> = Vec::new();
    let mut open: Vec<(usize, usize, String)> = Vec::new();
    let mut wrong = String::new();
    for (at, source) in sources.into_iter().enumerate() {
        let mut own = Counts::default();
        for (number, (old, new)) in source.pairs.enumerate() {
            if own.proved >= source.most {
                break;
            }
            let key = format!("{} {number}", source.name);
            let known = again.get(&key).or(first.get(&key));
            let said = said(&old, &new)?;
            let line = match (&said, known) {
                // What solvers said of the pair is true whatever the prover was then.
                (Said::Proved(_), Some(known)) if known.starts_with("proved") => known.clone(),
                (Said::Proved(question), _) => proved(question, &mut solvers)?,
                (Said::Refuted(_), _) => "refuted".into(),
                (Said::Unknown, _) => "unknown".into(),
                (Said::Unsaid, _) => "unsaid".into(),
            };
            if known != Some(&line) {
                note(format!("{key} {line}"))?;
            }
            own.count(&line)?;
            if line.contains(" sat") {
                let _ = writeln!(wrong, "{key} {line}\nold {old}\nnew {new}");
            }
            let is_open = line.starts_with("proved") && !line.contains("unsat");
            if is_open && !again.contains_key(&key) {
                if let Said::Proved(question) = said {
                    open.push((at, number, question));
                }
            }
        }
        println!("{}: {own:?}", source.name);
        counts.push((source.name, own));
    }
    let Some(mut solvers) = start(LIMITS[1])? else {
        return Ok(None);
    };
    for (at, number, question) in open {
        let Some((name, own)) = counts.get_mut(at) else {
            continue;
        };
        let line = proved(&question, &mut solvers)?;
        note(format!("again {name} {number} {line}"))?;
        own.neither = own.neither.saturating_sub(1);
        own.proved = own.proved.saturating_sub(1);
        own.count(&line)?;
        if line.contains(" sat") {
            let _ = writeln!(wrong, "{name} {number} {line}\n{question}");
        }
    }
    let mut report = wrong;
    for (name, own) in counts {
        let _ = writeln!(report, "{name}: {own:?}");
    }
    Ok(Some(report))
}

/// The lines of a record by source and number: those of the first time, and those of the second.
fn read(record: &str) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let (mut first, mut again) = (BTreeMap::new(), BTreeMap::new());
    for line in record.lines() {
        let (lines, line) = match line.strip_prefix("again ") {
            Some(line) => (&mut again, line),
            None => (&mut first, line),
        };
        if let Some((at, _)) = line.match_indices(' ').nth(1) {
            let (key, rest) = line.split_at(at);
            lines.insert(key.to_owned(), rest.trim_start().to_owned());
        }
    }
    (first, again)
}

/// Both solvers, which know what each time is.
fn start(milliseconds: u32) -> Result<Option<[Solver; 2]>, String> {
    let cvc5 = Solver::start("cvc5", milliseconds)?;
    let z3 = Solver::start("z3", milliseconds)?;
    Ok(cvc5.zip(z3).map(|(cvc5, z3)| [cvc5, z3]))
}

/// The line of a proof.
fn proved(question: &str, solvers: &mut [Solver; 2]) -> Result<String, String> {
    let mut line = "proved".to_owned();
    for solver in solvers {
        line.push_str(match solver.ask(question)? {
            Verdict::Sat => " sat",
            Verdict::Unsat => " unsat",
            Verdict::Unknown => " open",
        });
    }
    Ok(line)
}

impl Counts {
    fn count(&mut self, line: &str) -> Result<(), String> {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["refuted"] => self.refuted += 1,
            ["unknown"] => self.unknown += 1,
            ["unsaid"] => self.unsaid += 1,
            ["proved", cvc5, z3] => {
                self.proved += 1;
                match (*cvc5, *z3) {
                    ("sat", _) | (_, "sat") => self.sat += 1,
                    ("unsat", "unsat") => self.both += 1,
                    ("unsat", _) => self.only_cvc5 += 1,
                    (_, "unsat") => self.only_z3 += 1,
                    _ => self.neither += 1,
                }
            }
            _ => return Err(format!("not a line of a record: {line}")),
        }
        Ok(())
    }
}

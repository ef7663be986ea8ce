//! Answers of the prover held against a solver.

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Domain, Options, compare, read};
use serde_json::{Value, json};

use super::mutate::{Change, mutate};
use super::smt::question;
use super::solver::{Said as Verdict, Solver};
use super::tiny::{Settings, pair};
use crate::Bytes;

/// What came out.
#[derive(Clone, Copy, Debug, Default)]
pub struct Audit {
    /// Proofs that were asked about.
    pub proved: usize,
    /// Of these, how many the solver says too.
    pub proved_too: usize,
    /// Requests that were asked about.
    pub refuted: usize,
    /// Of these, how many the solver says too.
    pub refuted_too: usize,
    /// How many questions the prover left open.
    pub unknown: usize,
    /// How many cannot be said to a solver.
    pub unsaid: usize,
    /// How often the two contradict each other.
    pub disagreements: usize,
}

/// What the prover says of a pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It has a proof; the question as a solver reads it.
    Proved(String),
    /// It has a request; the question.
    Refuted(String),
    /// It does not know.
    Unknown,
    /// Solvers cannot be asked.
    Unsaid,
}

/// Asks the prover whether `new` allows a request that `old` does not.
///
/// # Errors
/// What is no JSON.
pub fn said(old: &str, new: &str) -> Result<Said, String> {
    let json = |text: &str| crate::json_value(text);
    let Some(question) = question(&json(old)?, &json(new)?) else {
        return Ok(Said::Unsaid);
    };
    let arena = Bump::new();
    let one = |text| read("p", text, PolicyKind::Identity, &arena);
    let options = Options {
        domain: Domain::Free,
        ..Options::default()
    };
    let (Ok(old_policy), Ok(new_policy)) = (one(old), one(new)) else {
        return Ok(Said::Unsaid);
    };
    Ok(match compare(&[old_policy], &[new_policy], &options) {
        Answer::Proved(_) => Said::Proved(question),
        Answer::Refuted(_) => Said::Refuted(question),
        Answer::Unknown(_) => Said::Unknown,
    })
}

impl Audit {
    /// Asks both about one pair. Of what is refuted only every tenth: the machine has confirmed it.
    ///
    /// # Errors
    /// A contradiction, with the pair.
    pub fn ask(&mut self, old: &str, new: &str, solver: &mut Solver) -> Result<(), String> {
        let wrong = |said: &str| Err(format!("the solver says {said}\nold {old}\nnew {new}"));
        match said(old, new)? {
            Said::Proved(question) => {
                self.proved += 1;
                match solver.ask(&question)? {
                    Verdict::Sat => return wrong("sat"),
                    Verdict::Unsat => self.proved_too += 1,
                    Verdict::Unknown => {}
                }
            }
            Said::Refuted(question) => {
                self.refuted += 1;
                if self.refuted % 10 == 0 {
                    match solver.ask(&question)? {
                        Verdict::Sat => self.refuted_too += 1,
                        Verdict::Unsat => return wrong("unsat"),
                        Verdict::Unknown => {}
                    }
                }
            }
            Said::Unknown => self.unknown += 1,
            Said::Unsaid => self.unsaid += 1,
        }
        Ok(())
    }
}

/// Random pairs of tiny policies.
pub fn tiny_pairs(seed: u64, variables: bool) -> impl Iterator<Item = (String, String)> {
    let mut random = Bytes::new(seed);
    std::iter::from_fn(move || {
        let settings = Settings {
            statements: 3,
            conditions: 1 + random.below(3),
            variables,
        };
        Some(pair(&mut random, settings))
    })
}

/// Service control policies of a file and changes of them, each beside an Allow of everything.
pub fn limit_pairs(text: &str, seed: u64) -> impl Iterator<Item = (String, String)> {
    let lines: Vec<String> = text
        .lines()
        .filter_map(|line| crate::json_value(line).ok())
        .filter(|line| line["type"] == "scp")
        .map(|mut line| {
            let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
            if let Some(statements) = line["document"]["Statement"].as_array_mut() {
                statements.push(all);
            }
            line.to_string()
        })
        .collect();
    let lines = lines.join("\n");
    // Changes are drawn: other draws are other pairs.
    let all: Vec<(String, String)> = (0..8)
        .flat_map(|round| published_pairs(&lines, seed + round).collect::<Vec<_>>())
        .collect();
    all.into_iter()
}

/// Published policies and changes of them, from lines of JSON.
pub fn published_pairs(text: &str, seed: u64) -> impl Iterator<Item = (String, String)> {
    let mut random = Bytes::new(seed);
    let documents: Vec<Value> = text
        .lines()
        .filter_map(|line| crate::json_value(line).ok())
        .map(|line| line["document"].clone())
        .collect();
    let mut at = 0;
    let mut ready: Vec<(String, String)> = Vec::new();
    std::iter::from_fn(move || {
        while ready.is_empty() {
            let document = documents.get(at)?;
            at += 1;
            for change in Change::ALL {
                if let Some(changed) = mutate(document, change, &mut random) {
                    let (old, new) = (document.to_string(), changed.to_string());
                    ready.push((new.clone(), old.clone()));
                    ready.push((old, new));
                }
            }
        }
        ready.pop()
    })
}

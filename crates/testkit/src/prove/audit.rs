//! Answers of the prover held against a solver.

use bumpalo::Bump;
use portcullis::PolicyKind;
use portcullis::prove::{Answer, Domain, Options, compare, read};
use serde_json::Value;

use super::mutate::{Change, mutate};
use super::smt::question;
use super::solver::{Said, Solver};
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

impl Audit {
    /// Asks both about one pair. Of what is refuted only every tenth: the machine has confirmed it.
    ///
    /// # Errors
    /// A contradiction, with the pair.
    pub fn ask(&mut self, old: &str, new: &str, solver: &mut Solver) -> Result<(), String> {
        let json = |text: &str| crate::json_value(text);
        let Some(question) = question(&json(old)?, &json(new)?) else {
            self.unsaid += 1;
            return Ok(());
        };
        let arena = Bump::new();
        let one = |text| {
            read("p", text, PolicyKind::Identity, &arena)
                .map_err(|problems| format!("{problems:?}"))
        };
        let options = Options {
            domain: Domain::Free,
            ..Options::default()
        };
        let (Ok(old_policy), Ok(new_policy)) = (one(old), one(new)) else {
            self.unsaid += 1;
            return Ok(());
        };
        let wrong = |said: &str| Err(format!("the solver says {said}\nold {old}\nnew {new}"));
        match compare(&[old_policy], &[new_policy], &options) {
            Answer::Proved(_) => {
                self.proved += 1;
                match solver.ask(&question)? {
                    Said::Sat => return wrong("sat"),
                    Said::Unsat => self.proved_too += 1,
                    Said::Unknown => {}
                }
            }
            Answer::Refuted(_) => {
                self.refuted += 1;
                if self.refuted % 10 == 0 {
                    match solver.ask(&question)? {
                        Said::Sat => self.refuted_too += 1,
                        Said::Unsat => return wrong("unsat"),
                        Said::Unknown => {}
                    }
                }
            }
            Answer::Unknown(_) => self.unknown += 1,
        }
        Ok(())
    }
}

/// Random pairs of tiny policies without variables.
pub fn tiny_pairs(seed: u64) -> impl Iterator<Item = (String, String)> {
    let mut random = Bytes::new(seed);
    std::iter::from_fn(move || {
        let settings = Settings {
            statements: 3,
            conditions: 1 + random.below(3),
            variables: false,
        };
        Some(pair(&mut random, settings))
    })
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

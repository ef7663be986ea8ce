//! Solvers as outside processes.
//!
//! `PORTCULLIS_SMT_PYTHON` names a Python that has the packages `cvc5` and `z3-solver` of the registry. Without it the tests
//! that need a solver say that they are skipped.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// What a solver says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// There is a request.
    Sat,
    /// There is none.
    Unsat,
    /// It does not know, mostly for want of time.
    Unknown,
}

/// A solver that runs.
#[derive(Debug)]
pub struct Solver {
    process: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Solver {
    /// Starts a solver, `cvc5` or `z3`, with a limit for each question. None if the environment names no Python.
    ///
    /// # Errors
    /// What went wrong with one that is named.
    pub fn start(name: &str, milliseconds: u32) -> Result<Option<Solver>, String> {
        let Some(python) = std::env::var_os("PORTCULLIS_SMT_PYTHON") else {
            return Ok(None);
        };
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("smt/solve.py");
        let mut process = Command::new(python)
            .arg(script)
            .args([name, &milliseconds.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (questions, answers) = (process.stdin.take(), process.stdout.take());
        let (Some(questions), Some(answers)) = (questions, answers) else {
            return Err("the solver has no pipes".into());
        };
        Ok(Some(Solver {
            process,
            questions,
            answers: BufReader::new(answers),
        }))
    }

    /// Asks a question.
    ///
    /// # Errors
    /// What the solver complains of.
    pub fn ask(&mut self, question: &str) -> Result<Said, String> {
        let sent =
            writeln!(self.questions, "{question}; end").and_then(|()| self.questions.flush());
        sent.map_err(|error| error.to_string())?;
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        match line.trim() {
            "sat" => Ok(Said::Sat),
            "unsat" => Ok(Said::Unsat),
            "unknown" => Ok(Said::Unknown),
            other => Err(format!("{other}\n{question}")),
        }
    }
}

impl Drop for Solver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

//! Running adapters: each is a program of its own, so that no engine shares a process, an allocator
//! or a build with another.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::definitions::{Engine, Workload};
use crate::machine::version;

/// The setting under which everything is measured. With AVX-512 some versions of glibc compare short
/// texts at the end of a mapping two orders of magnitude slower, by luck of the layout; no engine
/// shall win or lose by that.
pub(crate) const TUNABLES: &str = "glibc.cpu.hwcaps=-AVX512VL,-AVX512BW";

/// An adapter's program.
#[derive(Clone, Debug)]
pub(crate) struct Adapter {
    program: PathBuf,
    /// What the program runs, if it is Node.
    script: Option<PathBuf>,
    variant: String,
    random: bool,
}

/// What came of proving an engine's answers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Proof {
    /// How many answers differ from what is expected.
    Answered {
        /// The number of different answers.
        wrong: usize,
    },
    /// The engine cannot express the workload.
    Unsupported(String),
    /// The adapter failed.
    Broken(String),
}

/// Compiles adapters: these, or all if the list is empty.
///
/// # Errors
/// A build that fails.
pub(crate) fn build(root: &Path, packages: &[String]) -> Result<(), String> {
    let mut command = Command::new(env!("CARGO"));
    command
        .current_dir(root.join("benches/engines"))
        .args(["build", "--release"]);
    for package in packages {
        command.args(["-p", package]);
    }
    let status = command
        .status()
        .map_err(|error| format!("cargo: {error}"))?;
    match status.success() {
        true => Ok(()),
        false => Err("an adapter does not build".into()),
    }
}

impl Adapter {
    /// The adapter of an engine for a workload.
    ///
    /// # Errors
    /// It has not been built, or there is no Node to run it.
    pub(crate) fn new(
        root: &Path,
        engine: &Engine,
        workload: &Workload,
    ) -> Result<Adapter, String> {
        let engines = root.join("benches/engines");
        let (program, script) = match &engine.script {
            Some(_) if version("node").is_none() => return Err("there is no node".into()),
            Some(script) => (PathBuf::from("node"), Some(engines.join(script))),
            None => {
                let target = std::env::var_os("CARGO_TARGET_DIR")
                    .map_or_else(|| engines.join("target"), PathBuf::from);
                let program = target.join("release").join(&engine.package);
                if !program.is_file() {
                    return Err(format!("{} has not been built", engine.package));
                }
                (program, None)
            }
        };
        Ok(Adapter {
            program,
            script,
            variant: engine.variant.clone(),
            random: workload.random,
        })
    }

    fn arguments(&self, command: &mut Command, verb: &str, file: &Path) {
        command.args(&self.script);
        command.arg(verb).arg(file).env("GLIBC_TUNABLES", TUNABLES);
        if !self.variant.is_empty() {
            command.args(["--variant", &self.variant]);
        }
        if self.random {
            command.args(["--order", "random"]);
        }
    }

    /// Lets the engine answer each request once.
    pub(crate) fn prove(&self, file: &Path, expect: &[&str]) -> Proof {
        let mut command = Command::new(&self.program);
        self.arguments(&mut command, "prove", file);
        let output = match command.output() {
            Ok(output) => output,
            Err(error) => return Proof::Broken(error.to_string()),
        };
        let reason = || String::from_utf8_lossy(&output.stderr).trim().to_string();
        match output.status.code() {
            Some(0) => {}
            Some(3) => return Proof::Unsupported(reason()),
            _ => return Proof::Broken(reason()),
        }
        let text = String::from_utf8_lossy(&output.stdout);
        match wrong(&text, expect) {
            Some(wrong) => Proof::Answered { wrong },
            None => Proof::Broken("not one answer for each request".into()),
        }
    }

    /// Times the engine.
    ///
    /// # Errors
    /// The adapter failed.
    pub(crate) fn time(&self, file: &Path, seconds: f64) -> Result<Value, String> {
        let mut command = Command::new(&self.program);
        self.arguments(&mut command, "time", file);
        let output = command.args(["--seconds", &seconds.to_string()]).output();
        let output = output.map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        serde_json::from_str(text.trim())
            .map_err(|_| String::from_utf8_lossy(&output.stderr).trim().to_string())
    }

    /// Instructions for each decision, by callgrind: what a second helping of decisions adds. None
    /// if it cannot be counted, as with an engine that compiles itself while it runs.
    pub(crate) fn instructions(&self, file: &Path, decisions: u64) -> Option<f64> {
        if self.script.is_some() {
            return None;
        }
        let count = |decisions: u64| -> Option<f64> {
            let mut command = Command::new("valgrind");
            command.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
            command.arg(&self.program);
            self.arguments(&mut command, "time", file);
            command.args(["--iterations", &decisions.to_string()]);
            collected(&String::from_utf8_lossy(&command.output().ok()?.stderr))
        };
        let once = count(decisions)?;
        Some((count(decisions * 2)? - once) / decisions as f64)
    }
}

/// How many answers differ; none if their number does. An engine that only says "Deny" is right for
/// both kinds of denial.
fn wrong(answers: &str, expect: &[&str]) -> Option<usize> {
    let answers: Vec<&str> = answers.lines().collect();
    if answers.len() != expect.len() {
        return None;
    }
    let is_right = |answer: &str, expect: &str| {
        answer == expect || (answer == "Deny" && expect.ends_with("Deny"))
    };
    let pairs = answers.iter().zip(expect);
    Some(
        pairs
            .filter(|(answer, expect)| !is_right(answer, expect))
            .count(),
    )
}

/// The number of instructions that callgrind reports.
fn collected(report: &str) -> Option<f64> {
    let line = report
        .lines()
        .find_map(|line| line.split_once("Collected :"))?
        .1;
    line.trim().parse().ok()
}

/// The result of an engine that was not measured.
pub(crate) fn not_measured(engine: &str, reason: &str) -> Value {
    json!({"engine": engine, "skipped": reason.lines().next().unwrap_or("")})
}

#[cfg(test)]
mod tests {
    use super::{collected, wrong};

    #[test]
    fn answers_are_compared_one_by_one() {
        let expect = ["Allow", "ExplicitDeny", "ImplicitDeny"];
        assert_eq!(
            wrong("Allow\nExplicitDeny\nImplicitDeny\n", &expect),
            Some(0)
        );
        assert_eq!(wrong("Allow\nDeny\nDeny\n", &expect), Some(0));
        assert_eq!(
            wrong("Deny\nImplicitDeny\nImplicitDeny\n", &expect),
            Some(2)
        );
        assert_eq!(wrong("Allow\n", &expect), None);
    }

    #[test]
    fn callgrind_is_understood() {
        assert_eq!(
            collected("==1== Events    : Ir\n==1== Collected : 1234\n"),
            Some(1234.0)
        );
        assert_eq!(collected("valgrind: no such file"), None);
    }
}

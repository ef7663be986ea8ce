//! `batch`: an answer for every request of a stream.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use portcullis_directory::Directory;
use portcullis_model::Decision;
use portcullis_scenario::lines;
use portcullis_scenario::{Options, Scenario};
use portcullis_source::Diagnostic;
use serde_json::{Value, json};

use crate::directory::{Decider, DirectoryArgs, Keep, open_image};
use crate::engine::{Answer, Engine, Policies, answer, insert_notes, layer_name};
use crate::failure::{Failure, exit};
use crate::output::{Disk, Output};
use crate::scenarios::{each_record, each_text};

const EXAMPLES: &str = "\
Examples:
  portcullis batch < scenarios.jsonl > answers.jsonl
  portcullis batch --engine both scenarios.jsonl
  portcullis batch --directory dumps requests.jsonl
  portcullis batch --image directory.pcl requests.jsonl
  portcullis batch --check --directory dumps expectations.jsonl

Output, one line for each request, in order:
  {\"name\":\"ann reads\",\"decision\":\"Allow\",\"by\":[]}
  {\"name\":\"ann writes\",\"decision\":\"ImplicitDeny\",\"by\":[\"identity\"]}
  {\"name\":\"a session\",\"decision\":\"Allow\",\"by\":[],\"notes\":[\"the path of the session's role is not known: …\"]}
  {\"name\":\"bob reads\",\"decision\":\"Allow\",\"by\":[],\"pass\":false}
  {\"name\":null,\"error\":\"<stdin>:3:1: expected a value [JSON_SYNTAX_ERROR]\"}

A request with an \"expect\" says whether it was met (\"pass\").

Exit status: 0 if every request was answered, 1 if any was an error, or with --check if any \"expect\" was not met.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct BatchArgs {
    /// Scenarios, or with --directory or --image requests, one JSON object on each line; `-` is
    /// standard input
    #[arg(default_value = "-", hide_default_value = true)]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) directory: DirectoryArgs,
    /// An image of a directory, made by `compile --directory`
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "directory",
        help_heading = "Directory"
    )]
    pub(crate) image: Option<PathBuf>,
    /// Fail if a decision is not the one that its request expects
    #[arg(long)]
    pub(crate) check: bool,
    /// Who decides
    #[arg(long, value_enum, default_value_t)]
    pub(crate) engine: Engine,
}

pub(crate) fn run(args: &BatchArgs) -> Result<ExitCode, Failure> {
    let mut batch = Batch {
        engine: args.engine,
        output: Output::new(),
        scratch: portcullis::Scratch::new(),
        checks: args.check,
        failed: false,
    };
    let directory = match &args.image {
        Some(image) => Some(open_image(image)?),
        None => args.directory.open(Keep::Decisions)?,
    };
    if let Some(directory) = directory {
        let outcome = batch.requests(&args.file, &directory);
        return batch.end(outcome);
    }
    let outcome = each_record(&args.file, Options::default(), |loaded| {
        match &loaded.scenarios {
            Ok(scenarios) => scenarios.iter().try_for_each(|one| batch.scenario(one))?,
            Err(problems) => batch.error(None, &summary(problems))?,
        }
        // Whoever writes requests may wait for the answers before it writes more.
        match loaded.is_last_at_hand {
            true => batch.output.finish(),
            false => Ok(()),
        }
    });
    batch.end(outcome)
}

struct Batch {
    engine: Engine,
    output: Output,
    scratch: portcullis::Scratch,
    /// An `expect` that is not met is a failure.
    checks: bool,
    failed: bool,
}

impl Batch {
    /// What was answered is printed, whatever came after it.
    fn end(mut self, outcome: Result<(), Failure>) -> Result<ExitCode, Failure> {
        self.output.finish()?;
        outcome?;
        Ok(match self.failed {
            true => ExitCode::from(exit::FAILURE),
            false => ExitCode::SUCCESS,
        })
    }

    /// Answers the requests of a file by a directory.
    fn requests(&mut self, file: &Path, directory: &Directory) -> Result<(), Failure> {
        let mut decider = Decider::new(self.engine, directory);
        each_text(file, |source, arena, is_last_at_hand| {
            let found = match source {
                Ok(source) => lines(source, &Disk, arena),
                Err(problem) => Err(vec![problem]),
            };
            match found {
                Ok(lines) => {
                    for line in lines {
                        let answered = match &line.case.request {
                            None => Err(summary(&line.case.problems)),
                            Some(request) => {
                                decider.answer(request, line.extra, &line.case.notes, arena)
                            }
                        };
                        match answered {
                            Ok(answer) => {
                                self.answer(line.case.name, line.case.expect, &answer)?;
                            }
                            Err(problem) => self.error(line.case.name, &problem)?,
                        }
                    }
                }
                Err(problems) => self.error(None, &summary(&problems))?,
            }
            match is_last_at_hand {
                true => self.output.finish(),
                false => Ok(()),
            }
        })
    }

    fn scenario(&mut self, scenario: &Scenario<'_>) -> Result<(), Failure> {
        let problem = match scenario.problems.is_empty() {
            true => None,
            false => Some(summary(&scenario.problems)),
        };
        let policies = match problem {
            Some(problem) => Err(problem),
            None => Policies::new(self.engine, &scenario.policies, false),
        };
        if let (true, Err(problem)) = (scenario.cases.is_empty(), &policies) {
            return self.error(scenario.name, problem);
        }
        for case in &scenario.cases {
            let name = case.name.or(scenario.name);
            let answered = match (&policies, &case.request) {
                (Err(problem), _) => Err(problem.clone()),
                (Ok(_), None) => Err(summary(&case.problems)),
                (Ok(policies), Some(request)) => {
                    let notes = &case.notes;
                    answer(self.engine, policies, request, notes, &mut self.scratch)
                }
            };
            match answered {
                Ok(answer) => self.answer(name, case.expect, &answer)?,
                Err(problem) => self.error(name, &problem)?,
            }
        }
        Ok(())
    }

    fn answer(
        &mut self,
        name: Option<&str>,
        expect: Option<Decision>,
        answer: &Answer,
    ) -> Result<(), Failure> {
        let by: Vec<String> = answer.by.iter().map(|layer| layer_name(*layer)).collect();
        let mut line = json!({
            "name": name.map_or(Value::Null, Value::from),
            "decision": answer.decision.as_str(),
            "by": by,
        });
        if let Some(line) = line.as_object_mut() {
            if let Some(expect) = expect {
                let pass = expect == answer.decision;
                self.failed |= self.checks && !pass;
                line.insert("pass".to_string(), Value::Bool(pass));
            }
            if answer.is_incomplete {
                line.insert("incomplete".to_string(), Value::Bool(true));
            }
            insert_notes(line, &answer.notes);
        }
        self.output.line(&line.to_string())
    }

    fn error(&mut self, name: Option<&str>, problem: &str) -> Result<(), Failure> {
        self.failed = true;
        let line = json!({ "name": name, "error": problem });
        self.output.line(&line.to_string())
    }
}

/// The first problem, and how many there are more.
pub(crate) fn summary(problems: &[Diagnostic]) -> String {
    let first = problems.first().map(ToString::to_string);
    match (first, problems.len()) {
        (None, _) => "the request cannot be read".to_string(),
        (Some(first), 1) => first,
        (Some(first), count) => format!("{first} (and {} more)", count - 1),
    }
}

//! `test`: scenarios against the decisions expected of them.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::Args;
use portcullis_explain::{Shift, Story};
use portcullis_model::Request;
use portcullis_scenario::{Case, Options, Scenario, is_language};
use portcullis_source::{Diagnostic, Start, render_failure};

use crate::engine::{Engine, Policies, answer, said};
use crate::failure::{Failure, exit};
use crate::output::{Output, display_name, printable};
use crate::policy_tests;
use crate::scenarios::{Loaded, each_record, load};

const EXAMPLES: &str = "\
Examples:
  portcullis test scenarios/*.json
  portcullis test --engine both corpus/*.jsonl

A scenario file holds a JSON object, a list of them, or one on each line:
  {\"name\": \"ann may read\",
   \"policies\": {\"identity\": [{\"name\": \"readers\", \"file\": \"readers.json\"}]},
   \"request\": {\"principal\": \"arn:aws:iam::111122223333:user/ann\",
               \"action\": \"s3:GetObject\", \"resource\": \"arn:aws:s3:::b/k\",
               \"context\": {\"aws:SourceIp\": \"203.0.113.9\"}},
   \"expect\": \"Allow\"}

A file whose name ends in .iam is one of the policy language; its tests ask one policy alone.

Exit status: 0 if all requests are decided as expected, 1 if not.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TestArgs {
    /// Scenario files, and files of the policy language with tests in them; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The least coverage of statements and of conditions that tests in policy files must reach
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u8).range(..=100))]
    min_coverage: Option<u8>,
    /// Who decides
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
}

const OPTIONS: Options = Options {
    needs_expect: true,
    policies_only: false,
};

pub(crate) fn run(args: &TestArgs) -> Result<ExitCode, Failure> {
    let mut run = Run {
        engine: args.engine,
        output: Output::new(),
        scratch: portcullis::Scratch::new(),
        passed: 0,
        failed: 0,
        explained: 0,
        thin: 0,
    };
    for file in &args.files {
        if is_language(file) {
            run.policy_file(file, args.min_coverage)?;
            continue;
        }
        let before = run.passed + run.failed;
        let outcome = each_record(file, OPTIONS, |loaded| run.record(&loaded));
        match outcome {
            Err(Failure::Message(_, message)) => run.fail(message.trim_start_matches("error: "))?,
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Ok(()) if run.passed + run.failed == before => {
                let name = display_name(file);
                run.fail(&format!("{name}: no requests to test"))?;
            }
            Ok(()) => {}
        }
    }
    let line = format!("{} passed, {} failed", run.passed, run.failed);
    run.output.line(&line)?;
    run.output.finish()?;
    Ok(match run.failed + run.thin {
        0 => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::FAILURE),
    })
}

struct Run {
    engine: Engine,
    output: Output,
    scratch: portcullis::Scratch,
    passed: usize,
    failed: usize,
    /// How many failures came with everything that can be said of them.
    explained: usize,
    /// How many policy files reach less coverage than was asked for.
    thin: usize,
}

/// How many failures are told in full: nobody reads more.
const TOLD: usize = 50;

impl Run {
    /// The tests in a file of the policy language.
    fn policy_file(&mut self, file: &Path, least: Option<u8>) -> Result<(), Failure> {
        let tally = match policy_tests::run(file) {
            Ok(tally) => tally,
            Err(Failure::Message(_, message)) => {
                return self.fail(message.trim_start_matches("error: "));
            }
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
        };
        self.passed += tally.passed;
        for failure in &tally.failures {
            self.fail(failure)?;
        }
        let (statements, conditions) = (tally.statements, tally.conditions);
        self.output.line(&format!(
            "{}: coverage: {} of {} statements ({} %), {} of {} conditions ({} %)",
            display_name(file),
            statements.part,
            statements.whole,
            statements.percent(),
            conditions.part,
            conditions.whole,
            conditions.percent(),
        ))?;
        let reached = statements.percent().min(conditions.percent());
        if let Some(least) = least.filter(|least| reached < usize::from(*least)) {
            self.thin += 1;
            for line in &tally.uncovered {
                self.output.line(line)?;
            }
            self.output.line(&format!(
                "{}: coverage is {reached} %, {least} % is required",
                display_name(file)
            ))?;
        }
        Ok(())
    }

    fn record(&mut self, loaded: &Loaded<'_>) -> Result<(), Failure> {
        match &loaded.scenarios {
            Ok(scenarios) => scenarios
                .iter()
                .try_for_each(|scenario| self.scenario(loaded, scenario)),
            Err(problems) => self.broken("a record that cannot be read", problems),
        }
    }

    fn scenario(&mut self, loaded: &Loaded<'_>, scenario: &Scenario<'_>) -> Result<(), Failure> {
        if !scenario.problems.is_empty() {
            self.broken(&title(scenario, None), &scenario.problems)?;
            // Every request that it was to answer failed.
            self.failed += scenario.cases.len().saturating_sub(1);
            return Ok(());
        }
        let policies = match Policies::new(self.engine, &scenario.policies, false) {
            Ok(policies) => policies,
            Err(error) => return self.fail(&format!("{}: {error}", title(scenario, None))),
        };
        for case in &scenario.cases {
            let title = title(scenario, Some(case));
            let (Some(request), Some(expect)) = (&case.request, case.expect) else {
                self.broken(&title, &case.problems)?;
                continue;
            };
            let notes = &case.notes;
            match answer(self.engine, &policies, request, notes, &mut self.scratch) {
                Ok(answer) if answer.decision == expect => self.passed += 1,
                Ok(answer) => {
                    let (line, column) = loaded.source.position(case.span.start);
                    let file = loaded.source.file();
                    self.fail(&title)?;
                    self.details(&format!(
                        "{file}:{line}:{column}: expected {expect}, got {}",
                        said(&answer)
                    ))?;
                    self.explain(loaded, scenario, request, answer.notes)?;
                }
                Err(error) => {
                    self.fail(&format!("{title}: {error}"))?;
                    self.explain(loaded, scenario, request, Vec::new())?;
                }
            }
        }
        Ok(())
    }

    fn fail(&mut self, what: &str) -> Result<(), Failure> {
        self.failed += 1;
        let (red, reset) = match self.output.color() {
            true => ("\x1b[1;31m", "\x1b[0m"),
            false => ("", ""),
        };
        self.output.line(&format!("{red}FAIL{reset} {what}"))
    }

    /// Lines that belong to a failure.
    fn details(&mut self, text: &str) -> Result<(), Failure> {
        text.lines().try_for_each(|line| match line.is_empty() {
            true => self.output.line(""),
            false => self.output.line(&format!("  {line}")),
        })
    }

    /// A failure because something cannot be read.
    fn broken(&mut self, title: &str, problems: &[Diagnostic]) -> Result<(), Failure> {
        self.fail(title)?;
        self.explained += 1;
        for problem in problems {
            let text = match self.explained > TOLD {
                true => format!("error: {problem}"),
                false => render_failure(core::slice::from_ref(problem), self.output.color()),
            };
            self.details(&text)?;
        }
        Ok(())
    }

    /// Why the request was decided as it was. The scenario is read again by itself, because what
    /// explanations print is left out otherwise.
    fn explain(
        &mut self,
        loaded: &Loaded<'_>,
        scenario: &Scenario<'_>,
        request: &Request<'_>,
        notes: Vec<String>,
    ) -> Result<(), Failure> {
        self.explained += 1;
        if self.explained > TOLD {
            return Ok(());
        }
        let source = &loaded.source;
        let text = source.text().get(scenario.span.range()).unwrap_or_default();
        let (line, column) = source.position(scenario.span.start);
        // Blanks in front of it, so that its places are those of the file.
        let text = " ".repeat(column - 1) + text;
        let arena = Bump::new();
        let start = Start { line, offset: 0 };
        let again = load(source.file(), text.as_bytes(), start, OPTIONS, &arena);
        let Some(scenario) = again.scenarios.ok().and_then(|mut found| found.pop()) else {
            return Ok(());
        };
        let Ok(policies) = Policies::new(Engine::Vm, &scenario.policies, true) else {
            return Ok(());
        };
        let explanation = policies.explain(request);
        let story = Story {
            explanation: &explanation,
            request,
            scene: None,
            changes: None,
            notes,
            is_incomplete: false,
        };
        self.details(&story.text_of_part(Shift {
            file: source.file(),
            lines: line - 1,
        }))
    }
}

fn title(scenario: &Scenario<'_>, case: Option<&Case<'_>>) -> String {
    let name = scenario.name.unwrap_or("a scenario without name");
    let title = match case.and_then(|case| case.name) {
        Some(case) => format!("{name}: {case}"),
        None => name.to_string(),
    };
    printable(&title).replace('\n', " ")
}

//! `test`: scenarios against the decisions expected of them.

mod report;

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
use crate::output::{display_name, printable};
use crate::policy_tests;
use crate::scenarios::{Loaded, each_record, load};
use report::{TestFormat, TestReport};

const EXAMPLES: &str = "\
Examples:
  portcullis test scenarios/*.json
  portcullis test --engine both corpus/*.jsonl
  portcullis test --filter 'ann may' --verbose scenarios/*.json
  portcullis test --coverage readers.iam
  portcullis test --format junit scenarios/*.json > results.xml

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
    /// Say of policy files how much of them their tests look at, and what no test does
    #[arg(long)]
    coverage: bool,
    /// Run only what has this in its name; of tests in policy files, in the line that tells them
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// List also what passed
    #[arg(long, short)]
    verbose: bool,
    /// How results are written
    #[arg(long, value_enum, default_value_t)]
    format: TestFormat,
    /// Who decides
    #[arg(long, value_enum, default_value_t)]
    engine: Engine,
}

impl TestArgs {
    fn is_wanted(&self, title: &str) -> bool {
        let filter = self.filter.as_deref();
        filter.is_none_or(|filter| title.contains(filter))
    }
}

const OPTIONS: Options = Options {
    needs_expect: true,
    policies_only: false,
};

pub(crate) fn run(args: &TestArgs) -> Result<ExitCode, Failure> {
    let mut run = Run {
        args,
        report: TestReport::new(args.format, args.verbose),
        scratch: portcullis::Scratch::new(),
        left_out: 0,
        explained: 0,
    };
    for file in &args.files {
        run.report.enter_file(display_name(file));
        if is_language(file) {
            run.policy_file(file)?;
            continue;
        }
        let before = run.seen();
        let outcome = each_record(file, OPTIONS, |loaded| run.record(&loaded));
        match outcome {
            Err(Failure::Message(_, message)) => {
                run.report.fail(message.trim_start_matches("error: "))?
            }
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Ok(()) if run.seen() == before => {
                let name = display_name(file);
                run.report.fail(&format!("{name}: no requests to test"))?;
            }
            Ok(()) => {}
        }
    }
    if let (Some(filter), 0) = (&args.filter, run.report.passed + run.report.failed) {
        let message = format!("no test has {filter:?} in its name, of {}", run.left_out);
        return Err(Failure::new(printable(&message)));
    }
    let is_failed = run.report.is_failed();
    run.report.finish(run.left_out)?;
    Ok(match is_failed {
        false => ExitCode::SUCCESS,
        true => ExitCode::from(exit::FAILURE),
    })
}

struct Run<'r> {
    args: &'r TestArgs,
    report: TestReport,
    scratch: portcullis::Scratch,
    /// What the filter left out.
    left_out: usize,
    /// How many failures came with everything that can be said of them.
    explained: usize,
}

/// How many failures are told in full: nobody reads more.
const TOLD: usize = 50;

impl Run<'_> {
    /// How many tests there were so far, those that were left out counted too.
    fn seen(&self) -> usize {
        self.report.passed + self.report.failed + self.left_out
    }

    /// The tests in a file of the policy language.
    fn policy_file(&mut self, file: &Path) -> Result<(), Failure> {
        let args = self.args;
        let tally = match policy_tests::run(file, &|title| args.is_wanted(title)) {
            Ok(tally) => tally,
            Err(Failure::Message(_, message)) => {
                return self.report.fail(message.trim_start_matches("error: "));
            }
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
        };
        for title in &tally.passed {
            self.report.pass(title)?;
        }
        for failure in &tally.failures {
            self.report.fail(&failure.line)?;
            self.explained += 1;
            if self.explained <= TOLD {
                self.report.details(&failure.told)?;
            }
        }
        self.left_out += tally.tests - tally.passed.len() - tally.failures.len();
        if tally.tests == 0 {
            let line = format!("{}: it has no test", display_name(file));
            self.report.note(&line)?;
        }
        let least = args.min_coverage;
        // Nobody asked of a part of the tests, or of a file without any, what all of it covers.
        if args.filter.is_some()
            || tally.tests == 0 && least.is_none()
            || !(args.coverage || least.is_some())
        {
            return Ok(());
        }
        let (statements, conditions) = (tally.statements, tally.conditions);
        self.report.note(&format!(
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
        let is_thin = least.is_some_and(|least| reached < usize::from(least));
        if args.coverage || is_thin {
            for line in &tally.uncovered {
                self.report.note(line)?;
            }
        }
        if let Some(least) = least.filter(|_| is_thin) {
            self.report.fall_short(&format!(
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
            for case in scenario.cases.iter().skip(1) {
                self.report.fail_with_last(&title(scenario, Some(case)));
            }
            return Ok(());
        }
        let wanted = scenario.cases.iter();
        let wanted = wanted.filter(|case| self.args.is_wanted(&title(scenario, Some(case))));
        let wanted: Vec<_> = wanted.collect();
        self.left_out += scenario.cases.len() - wanted.len();
        if wanted.is_empty() {
            return Ok(());
        }
        let engine = self.args.engine;
        let policies = match Policies::new(engine, &scenario.policies, false) {
            Ok(policies) => policies,
            Err(error) => {
                return self
                    .report
                    .fail(&format!("{}: {error}", title(scenario, None)));
            }
        };
        for case in wanted {
            let title = title(scenario, Some(case));
            let (Some(request), Some(expect)) = (&case.request, case.expect) else {
                self.broken(&title, &case.problems)?;
                continue;
            };
            let notes = &case.notes;
            match answer(engine, &policies, request, notes, &mut self.scratch) {
                Ok(answer) if answer.decision == expect => self.report.pass(&title)?,
                Ok(answer) => {
                    let (line, column) = loaded.source.position(case.span.start);
                    let file = loaded.source.file();
                    self.report.fail(&title)?;
                    self.report.details(&format!(
                        "{file}:{line}:{column}: expected {expect}, got {}",
                        said(&answer)
                    ))?;
                    self.explain(loaded, scenario, request, answer.notes)?;
                }
                Err(error) => {
                    self.report.fail(&format!("{title}: {error}"))?;
                    self.explain(loaded, scenario, request, Vec::new())?;
                }
            }
        }
        Ok(())
    }

    /// A failure because something cannot be read.
    fn broken(&mut self, title: &str, problems: &[Diagnostic]) -> Result<(), Failure> {
        self.report.fail(title)?;
        self.explained += 1;
        for problem in problems {
            let text = match self.explained > TOLD {
                true => format!("error: {problem}"),
                false => render_failure(core::slice::from_ref(problem), self.report.is_colored()),
            };
            self.report.details(&text)?;
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
        let start = Start {
            line,
            column: 1,
            offset: 0,
        };
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
        self.report.details(&story.text_of_part(Shift {
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

//! `compare` and `prove`: questions about all requests.

mod access_analyzer;
mod json;
mod question;
mod sarif;
mod scenario;
mod words;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis::prove::{AXIOMS, Answer, Callers, Policy, denial, with_attached};
use portcullis_model::{Effect, PolicyKind};
use portcullis_source::formats::{self, Checked};
use portcullis_source::printable;
use serde_json::json as json_value;

use self::question::{Answered, Question};
pub(crate) use self::scenario::request;
use crate::failure::{Failure, exit};
use crate::output::Output;
use crate::policies::read_policies;

pub(crate) const COMPARE_EXAMPLES: &str = "\
Examples:
  portcullis compare old.json new.json
  portcullis compare --equivalent before.json after.json
  portcullis compare --type resource bucket-old.json bucket-new.json --witness found
  portcullis compare --format access-analyzer old.json new.json

Proved means: of all requests, the new policy allows none that the old one did not. Otherwise a request is shown that it
does allow, which the machine has decided both ways. Nothing is guessed: what cannot be decided is said to be unknown.

The format access-analyzer is the answer of CheckNoNewAccess. Its result is FAIL also where the answer is unknown, and the exit
status tells the two apart.

Exit status: 0 proved, 2 new access, 3 a policy is invalid, 4 unknown, 1 any other failure.";

pub(crate) const PROVE_EXAMPLES: &str = "\
Examples:
  portcullis prove --not-granted iam:PassRole,iam:CreateUser policy.json
  portcullis prove --not-granted 's3:Get*' --on 'arn:aws:s3:::payroll/*' policies/*.json
  portcullis prove --on 'arn:aws:s3:::payroll/*' policy.json
  portcullis prove --not-public --type resource bucket.json
  portcullis prove --not-public --type resource --format sarif bucket.json
  portcullis prove --never claims.json policy.json
  portcullis prove --axioms

A file of claims is a policy of Deny statements: what they deny must be impossible without them, too.

The format access-analyzer is the answer of CheckAccessNotGranted or CheckNoPublicAccess, for one file. Its result is FAIL also where
the answer is unknown, and the exit status tells the two apart.

Exit status: 0 proved for every file, 2 refuted for one, 3 a policy is invalid, 4 unknown, 1 any other failure.";

/// Kinds of policy that questions are asked of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Type {
    /// A policy of a user, group or role
    #[default]
    Identity,
    /// A permissions boundary, compared by what it lets through
    Boundary,
    /// A session policy, likewise
    Session,
    /// A service control policy; one that only denies stands beside FullAWSAccess
    Scp,
    /// A resource control policy, which stands beside RCPFullAWSAccess
    Rcp,
    /// The policy of a resource
    Resource,
    /// The trust policy of a role
    Trust,
}

impl Type {
    fn kind(self) -> PolicyKind {
        match self {
            Type::Identity => PolicyKind::Identity,
            Type::Boundary => PolicyKind::Boundary,
            Type::Session => PolicyKind::Session,
            Type::Scp => PolicyKind::Scp,
            Type::Rcp => PolicyKind::Rcp,
            Type::Resource => PolicyKind::Resource,
            Type::Trust => PolicyKind::Trust,
        }
    }
}

/// The requests that a question is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Requests {
    /// Those that AWS can make, as far as the axioms say
    #[default]
    Standard,
    /// Every request that can be asked
    Free,
}

/// How answers are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum AnswerFormat {
    /// Text for people
    #[default]
    Human,
    /// One JSON value for each question
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// The answer of IAM Access Analyzer's custom policy checks
    AccessAnalyzer,
}

#[derive(Args, Debug)]
struct Common {
    /// What kind of policy the files are
    #[arg(long = "type", value_enum, default_value_t, value_name = "TYPE")]
    kind: Type,
    /// Which requests the question is about
    #[arg(long, value_enum, default_value_t, value_name = "REQUESTS")]
    domain: Requests,
    /// How the answer is printed
    #[arg(long, value_enum, default_value_t)]
    format: AnswerFormat,
    /// Write each request that was found as a scenario file into this folder, for `test` and `explain`
    #[arg(long, value_name = "FOLDER")]
    witness: Option<PathBuf>,
}

#[derive(Args, Debug)]
#[command(after_help = COMPARE_EXAMPLES)]
pub(crate) struct CompareArgs {
    /// The old policy
    old: PathBuf,
    /// The new policy
    new: PathBuf,
    /// Ask the other way round as well: whether both allow the same
    #[arg(long)]
    equivalent: bool,
    #[command(flatten)]
    common: Common,
}

#[derive(Args, Debug)]
#[command(after_help = PROVE_EXAMPLES)]
pub(crate) struct ProveArgs {
    /// Policies, each asked about by itself
    #[arg(value_name = "FILE", required_unless_present = "axioms")]
    files: Vec<PathBuf>,
    /// None of these actions is granted; wildcards as in policies
    #[arg(
        long,
        value_name = "ACTIONS",
        value_delimiter = ',',
        group = "question"
    )]
    not_granted: Vec<String>,
    /// The actions of `--not-granted`, or without it any action, on these resources only; wildcards as in policies
    #[arg(
        long,
        value_name = "RESOURCES",
        value_delimiter = ',',
        conflicts_with_all = ["not_public", "never"]
    )]
    on: Vec<String>,
    /// No stranger is let in: nobody anonymous, and no account that the policy does not name
    #[arg(long, group = "question")]
    not_public: bool,
    /// What the Deny statements of this file deny is impossible already
    #[arg(long, value_name = "CLAIMS", group = "question")]
    never: Option<PathBuf>,
    /// Print which requests questions are about
    #[arg(long)]
    axioms: bool,
    #[command(flatten)]
    common: Common,
}

/// How a command ends, the worst last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Proved,
    Unknown,
    Refuted,
}

impl Verdict {
    fn of(answer: &Answer) -> Verdict {
        match answer {
            Answer::Proved(_) => Verdict::Proved,
            Answer::Unknown(_) => Verdict::Unknown,
            Answer::Refuted(_) => Verdict::Refuted,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Verdict::Proved => "proved",
            Verdict::Unknown => "unknown",
            Verdict::Refuted => "refuted",
        }
    }

    fn exit(self) -> ExitCode {
        match self {
            Verdict::Proved => ExitCode::SUCCESS,
            Verdict::Unknown => ExitCode::from(exit::UNKNOWN),
            Verdict::Refuted => ExitCode::from(exit::DENY),
        }
    }
}

/// How a file is called, on one line whatever its name holds.
fn display_name(path: &Path) -> String {
    printable(&crate::output::display_name(path)).into_owned()
}

/// What is printed of the answers.
struct Report {
    format: AnswerFormat,
    output: Output,
    /// For SARIF, which is one log of all.
    checked: Vec<Checked>,
    /// How many requests were written as scenarios.
    witnesses: usize,
    worst: Verdict,
}

impl Report {
    fn new(common: &Common) -> Report {
        Report {
            format: common.format,
            output: Output::new(),
            checked: Vec::new(),
            witnesses: 0,
            worst: Verdict::Proved,
        }
    }

    fn tell(&mut self, answered: &Answered<'_, '_>) -> Result<(), Failure> {
        self.worst = self.worst.max(answered.verdict());
        self.witnesses = scenario::write_witnesses(answered, self.witnesses)?;
        match self.format {
            AnswerFormat::Human => words::print(answered, &mut self.output),
            AnswerFormat::Json => self.output.line(&json::value(answered).to_string()),
            AnswerFormat::AccessAnalyzer => {
                let value = access_analyzer::value(answered).ok_or_else(no_check)?;
                self.output.line(&value.to_string())
            }
            AnswerFormat::Sarif => {
                self.checked.push(sarif::checked(answered));
                Ok(())
            }
        }
    }

    fn finish(mut self) -> Result<ExitCode, Failure> {
        if self.format == AnswerFormat::Sarif {
            self.output.line(&formats::sarif(&self.checked))?;
        }
        self.output.finish()?;
        Ok(self.worst.exit())
    }
}

fn no_check() -> Failure {
    Failure::new("--format access-analyzer: no check of Access Analyzer answers that question")
}

/// `compare`.
pub(crate) fn compare_policies(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let common = &args.common;
    let old = limit(
        read_policies([&args.old], common.kind.kind(), &arena)?,
        &arena,
    )?;
    let new = limit(
        read_policies([&args.new], common.kind.kind(), &arena)?,
        &arena,
    )?;
    if args.equivalent && common.format == AnswerFormat::AccessAnalyzer {
        return Err(no_check());
    }
    let (old_name, new_name) = (display_name(&args.old), display_name(&args.new));
    let question = |from: &str, to: &str| Question {
        name: "compare",
        claim: format!("{to} allows nothing that {from} does not"),
        contrary: format!("{to} allows what {from} does not"),
        file: to.to_owned(),
        files: json_value!({"old": from, "new": to}),
        common,
        callers: Callers::All,
    };
    let mut report = Report::new(common);
    report.tell(&question(&old_name, &new_name).ask(&old, &new))?;
    if args.equivalent {
        report.tell(&question(&new_name, &old_name).ask(&new, &old))?;
    }
    report.finish()
}

/// `prove`.
pub(crate) fn prove(args: &ProveArgs) -> Result<ExitCode, Failure> {
    if args.axioms {
        let mut output = Output::new();
        for axiom in AXIOMS {
            output.line(&format!("{}  {}", axiom.id, axiom.text))?;
        }
        output.finish()?;
        return Ok(ExitCode::SUCCESS);
    }
    let arena = Bump::new();
    let common = &args.common;
    let kind = common.kind.kind();
    if common.format == AnswerFormat::AccessAnalyzer && args.files.len() > 1 {
        return Err(Failure::new(
            "--format access-analyzer answers for one document: give one file",
        ));
    }
    let name = args.question()?;
    if common.format == AnswerFormat::AccessAnalyzer && !access_analyzer::has_check(name) {
        return Err(no_check());
    }
    // AA-401: resources alone are asked about with any action.
    let any_action = ["*".to_owned()];
    let actions = match args.not_granted.as_slice() {
        [] => &any_action[..],
        actions => actions,
    };
    let access = || {
        let denial = denial(actions, &args.on, kind, &arena);
        // They are wrong in the command, not in a file.
        denial.map_err(|problems| {
            let lines = problems.iter().map(|problem| match &problem.help {
                Some(help) => format!("{}\n  = help: {help}", problem.message),
                None => problem.message.clone(),
            });
            Failure::new(format_args!("{}", lines.collect::<Vec<_>>().join("\n")))
        })
    };
    let claims = match &args.never {
        Some(file) => {
            let claims = read_policies([file], kind, &arena)?;
            let denies = |policy: &Policy<'_>| {
                let mut statements = policy.document.statements.iter();
                statements.all(|own| own.effect == Effect::Deny)
            };
            if !claims.iter().all(denies) {
                let name = display_name(file);
                return Err(Failure::new(format_args!(
                    "{name}: every statement of a claim is a Deny"
                )));
            }
            claims
        }
        None if args.not_public => Vec::new(),
        None => vec![access()?],
    };
    if args.not_public && !kind.has_principal() {
        return Err(Failure::new(
            "only policies with principals are public: --type resource, trust",
        ));
    }
    let words = match (&args.never, args.not_public) {
        (Some(file), _) => format!("what {} denies", display_name(file)),
        (None, true) => "strangers".to_owned(),
        (None, false) => match args.on.is_empty() {
            true => printable(&actions.join(", ")).into_owned(),
            false => {
                let what = format!("{} on {}", actions.join(", "), args.on.join(", "));
                printable(&what).into_owned()
            }
        },
    };
    let mut report = Report::new(common);
    for path in &args.files {
        let policies = limit(read_policies([path], kind, &arena)?, &arena)?;
        let file = display_name(path);
        let (old, callers) = match args.not_public {
            true => (Vec::new(), Callers::Strangers),
            false => {
                let old = policies.iter().chain(&claims).copied().collect();
                (old, Callers::All)
            }
        };
        let verb = if args.not_public { "lets in" } else { "allows" };
        let question = Question {
            name,
            claim: format!("{file} {verb} none of: {words}"),
            contrary: format!("{file} {verb} some of: {words}"),
            files: json_value!({"file": file}),
            file,
            common,
            callers,
        };
        report.tell(&question.ask(&old, &policies))?;
    }
    report.finish()
}

impl ProveArgs {
    /// The name of the question.
    fn question(&self) -> Result<&'static str, Failure> {
        if self.not_public {
            return Ok("not-public");
        }
        if self.never.is_some() {
            return Ok("never");
        }
        if self.not_granted.is_empty() && self.on.is_empty() {
            let message = "say what is to be proved: --not-granted, --on, --not-public or --never";
            return Err(Failure::new(message));
        }
        Ok("not-granted")
    }
}

/// Policies with what always stands beside them.
fn limit<'a>(policies: Vec<Policy<'a>>, arena: &'a Bump) -> Result<Vec<Policy<'a>>, Failure> {
    with_attached(policies, arena).map_err(|problems| Failure::problems(&problems))
}

//! `compare` and `prove`: questions about all requests.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum};
use portcullis::prove::{
    AXIOMS, Answer, Caller, Callers, Domain, Finding, Options, Policy, Reason, Refutation, Witness,
    compare, read,
};
use portcullis_model::{Effect, PolicyKind};
use serde_json::{Value, json};

use crate::decide::Format;
use crate::failure::{Failure, exit};
use crate::output::{Output, VERSION, display_name, printable, write};
use crate::policies::read_policies;

pub(crate) const COMPARE_EXAMPLES: &str = "\
Examples:
  portcullis compare old.json new.json
  portcullis compare --equivalent before.json after.json
  portcullis compare --type resource bucket-old.json bucket-new.json --witness found

Proved means: of all requests, the new policy allows none that the old one did not. Otherwise a request is shown that it
does allow, which the machine has decided both ways. Nothing is guessed: what cannot be decided is said to be unknown.

Exit status: 0 proved, 2 new access, 3 a policy is invalid, 4 unknown, 1 any other failure.";

pub(crate) const PROVE_EXAMPLES: &str = "\
Examples:
  portcullis prove --not-granted iam:PassRole,iam:CreateUser policy.json
  portcullis prove --not-granted 's3:Get*' --on 'arn:aws:s3:::payroll/*' policies/*.json
  portcullis prove --not-public --type resource bucket.json
  portcullis prove --never claims.json policy.json
  portcullis prove --axioms

A file of claims is a policy of Deny statements: what they deny must be impossible without them, too.

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
    format: Format,
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
    /// The actions of `--not-granted` on these resources only; wildcards as in policies
    #[arg(
        long,
        value_name = "RESOURCES",
        value_delimiter = ',',
        requires = "not_granted"
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

/// A question in words, for people and programs.
struct Question<'q> {
    name: &'static str,
    /// What is proved, if it is.
    claim: String,
    /// What is shown, if it is not.
    contrary: String,
    files: Value,
    common: &'q Common,
    callers: Callers,
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
    let (old_name, new_name) = (display_name(&args.old), display_name(&args.new));
    let question = |from: &str, to: &str| Question {
        name: "compare",
        claim: format!("{to} allows nothing that {from} does not"),
        contrary: format!("{to} allows what {from} does not"),
        files: json!({"old": from, "new": to}),
        common,
        callers: Callers::All,
    };
    let mut output = Output::new();
    let there = question(&old_name, &new_name).ask(&old, &new)?;
    let mut worst = there.print(&mut output)?;
    if args.equivalent {
        let back = question(&new_name, &old_name).ask(&new, &old)?;
        worst = worst.max(back.print(&mut output)?);
    }
    output.finish()?;
    Ok(worst.exit())
}

/// `prove`.
pub(crate) fn prove(args: &ProveArgs) -> Result<ExitCode, Failure> {
    let mut output = Output::new();
    if args.axioms {
        for axiom in AXIOMS {
            output.line(&format!("{}  {}", axiom.id, axiom.text))?;
        }
        output.finish()?;
        return Ok(ExitCode::SUCCESS);
    }
    let arena = Bump::new();
    let common = &args.common;
    let kind = common.kind.kind();
    let claims = match (&args.never, args.not_granted.as_slice()) {
        (Some(file), _) => {
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
        (None, []) if !args.not_public => {
            let message = "say what is to be proved: --not-granted, --not-public or --never";
            return Err(Failure::new(message));
        }
        (None, []) => Vec::new(),
        (None, actions) => vec![access(actions, &args.on, kind, &arena)?],
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
            true => printable(&args.not_granted.join(", ")).into_owned(),
            false => {
                let what = format!("{} on {}", args.not_granted.join(", "), args.on.join(", "));
                printable(&what).into_owned()
            }
        },
    };
    let mut worst = Verdict::Proved;
    for file in &args.files {
        let policies = limit(read_policies([file], kind, &arena)?, &arena)?;
        let name = display_name(file);
        let (question, old, callers) = match args.not_public {
            true => ("not-public", Vec::new(), Callers::Strangers),
            false => {
                let old = policies.iter().chain(&claims).copied().collect();
                let name = if args.never.is_some() {
                    "never"
                } else {
                    "not-granted"
                };
                (name, old, Callers::All)
            }
        };
        let verb = if args.not_public { "lets in" } else { "allows" };
        let answered = Question {
            name: question,
            claim: format!("{name} {verb} none of: {words}"),
            contrary: format!("{name} {verb} some of: {words}"),
            files: json!({"file": name}),
            common,
            callers,
        }
        .ask(&old, &policies)?;
        worst = worst.max(answered.print(&mut output)?);
    }
    output.finish()?;
    Ok(worst.exit())
}

/// Policies with what always stands beside them (`GRAM-57`, `GRAM-61`).
fn limit<'a>(mut policies: Vec<Policy<'a>>, arena: &'a Bump) -> Result<Vec<Policy<'a>>, Failure> {
    let kind = policies.first().map(|own| own.document.kind);
    let allows = policies.iter().any(|policy| {
        let mut statements = policy.document.statements.iter();
        statements.any(|own| own.effect == Effect::Allow)
    });
    let text = match kind {
        Some(PolicyKind::Rcp) => {
            r#"{"Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#
        }
        Some(PolicyKind::Scp) if !allows => {
            r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#
        }
        _ => return Ok(policies),
    };
    let kind = match kind {
        Some(PolicyKind::Rcp) => PolicyKind::Resource,
        _ => PolicyKind::Scp,
    };
    let full = read("what AWS attaches", text, kind, arena);
    policies.push(full.map_err(|problems| Failure::problems(&problems))?);
    Ok(policies)
}

/// A Deny of actions on resources, which nothing that is granted may run into.
fn access<'a>(
    actions: &[String],
    resources: &[String],
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<Policy<'a>, Failure> {
    let everything = ["*".to_owned()];
    let resources = if resources.is_empty() {
        &everything
    } else {
        resources
    };
    let mut statement = json!({"Effect": "Deny", "Action": actions, "Resource": resources});
    let kind = match kind.has_principal() {
        true => {
            statement["Principal"] = json!("*");
            PolicyKind::Resource
        }
        false => PolicyKind::Identity,
    };
    let document = json!({"Version": "2008-10-17", "Statement": statement}).to_string();
    let text = arena.alloc_str(&document);
    read("the access", text, kind, arena).map_err(|problems| Failure::problems(&problems))
}

/// A question with its answer.
struct Answered<'q, 'p> {
    question: Question<'q>,
    answer: Answer,
    policies: &'p [Policy<'p>],
}

impl<'q> Question<'q> {
    fn ask<'p>(
        self,
        old: &[Policy<'_>],
        new: &'p [Policy<'p>],
    ) -> Result<Answered<'q, 'p>, Failure> {
        let options = Options {
            domain: match self.common.domain {
                Requests::Standard => Domain::Standard,
                Requests::Free => Domain::Free,
            },
            callers: self.callers,
            findings: 10,
            ..Options::default()
        };
        let answered = Answered {
            answer: compare(old, new, &options),
            question: self,
            policies: new,
        };
        answered.write_witnesses()?;
        Ok(answered)
    }
}

impl Answered<'_, '_> {
    fn findings(&self) -> &[Finding] {
        match &self.answer {
            Answer::Refuted(refuted) => &refuted.findings,
            _ => &[],
        }
    }

    fn print(&self, output: &mut Output) -> Result<Verdict, Failure> {
        let verdict = Verdict::of(&self.answer);
        match self.question.common.format {
            Format::Json => output.line(&self.json(verdict).to_string())?,
            Format::Human => self.human(verdict, output)?,
        }
        Ok(verdict)
    }

    fn human(&self, verdict: Verdict, output: &mut Output) -> Result<(), Failure> {
        let word = verdict.word();
        match &self.answer {
            Answer::Proved(_) => output.line(&format!("{word}: {}", self.question.claim))?,
            Answer::Unknown(reasons) => {
                output.line(&format!("{word}: whether {}", self.question.claim))?;
                for reason in reasons {
                    output.line(&format!("  because {}", because(reason)))?;
                }
            }
            Answer::Refuted(Refutation {
                findings,
                unfinished,
                ..
            }) => {
                output.line(&format!("{word}: {}", self.question.contrary))?;
                for finding in findings {
                    output.line(&format!("  {}", self.statement(finding).words))?;
                    let witness = &finding.witness;
                    let lines = [
                        ("who", caller_words(&witness.caller)),
                        ("action", witness.action.clone()),
                        ("resource", witness.resource.clone()),
                    ];
                    for (name, value) in lines {
                        output.line(&format!("    {name:9} {}", printable(&value)))?;
                    }
                    for (key, values) in witness.context.iter().filter(|(_, all)| !all.is_empty()) {
                        let text = format!("{key} = {}", values.join(", "));
                        output.line(&format!("    {:9} {}", "with", printable(&text)))?;
                    }
                }
                for reason in unfinished {
                    output.line(&format!("  there may be more: {}", because(reason)))?;
                }
            }
        }
        Ok(())
    }

    fn json(&self, verdict: Verdict) -> Value {
        let axioms = AXIOMS.iter().filter(|own| own.always || self.is_standard());
        let reasons = |all: &[Reason]| all.iter().map(because).collect::<Vec<String>>();
        let mut value = json!({
            "version": VERSION,
            "question": self.question.name,
            "answer": verdict.word(),
            "claim": self.question.claim,
            "files": self.question.files,
            "type": self.question.common.kind.kind().as_str(),
            "axioms": axioms.map(|own| own.id).collect::<Vec<_>>(),
            "findings": self.findings().iter().map(|own| self.finding(own)).collect::<Vec<_>>(),
            "reasons": [],
        });
        match &self.answer {
            Answer::Proved(_) => {}
            Answer::Refuted(refuted) => value["reasons"] = json!(reasons(&refuted.unfinished)),
            Answer::Unknown(own) => value["reasons"] = json!(reasons(own)),
        }
        value
    }

    fn is_standard(&self) -> bool {
        self.question.common.domain == Requests::Standard
    }

    fn finding(&self, finding: &Finding) -> Value {
        let statement = self.statement(finding);
        json!({
            "file": statement.file,
            "statementIndex": finding.statement.statement,
            "statementId": statement.sid,
            "line": statement.line,
            "request": request(&finding.witness),
        })
    }

    fn statement(&self, finding: &Finding) -> StatementWords {
        let policy = self.policies.get(finding.statement.policy);
        let statement = policy.and_then(|own| {
            let statements = own.document.statements;
            statements.get(finding.statement.statement)
        });
        let (Some(policy), Some(statement)) = (policy, statement) else {
            return StatementWords::default();
        };
        let before = policy
            .text
            .get(..statement.span.start as usize)
            .unwrap_or_default();
        let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
        let file = if policy.file.is_empty() {
            policy.name
        } else {
            policy.file
        };
        let file = printable(file).into_owned();
        let sid = statement.sid.map(|sid| sid.value.to_owned());
        let name = match &sid {
            Some(sid) => format!("statement `{}`", printable(sid)),
            None => format!("statement {}", finding.statement.statement),
        };
        StatementWords {
            words: format!("{name} ({file}:{line})"),
            file,
            sid,
            line,
        }
    }

    /// Each request as a scenario, with the policies that allow it.
    fn write_witnesses(&self) -> Result<(), Failure> {
        let Some(folder) = &self.question.common.witness else {
            return Ok(());
        };
        let is_json = self
            .policies
            .iter()
            .all(|own| own.text.trim_start().starts_with('{'));
        if !is_json {
            return Err(Failure::new("--witness needs policies that are JSON"));
        }
        if let Err(error) = std::fs::create_dir_all(folder) {
            let reason = crate::output::reason(&error);
            let name = display_name(folder);
            return Err(Failure::new(format_args!("cannot make {name}: {reason}")));
        }
        for (number, finding) in self.findings().iter().enumerate() {
            let file = folder.join(format!("witness-{}.json", number + 1));
            write(&file, self.scenario(finding, &file).as_bytes())?;
        }
        Ok(())
    }

    fn scenario(&self, finding: &Finding, file: &Path) -> String {
        let texts: Vec<&str> = self.policies.iter().map(|own| own.text.trim()).collect();
        let witness = &finding.witness;
        let mut asked = request(witness);
        asked["expect"] = json!("Allow");
        let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let mut members = Vec::new();
        match witness.owner {
            Some(_) => {
                members.push(format!("\"identity\": [{everything}]"));
                members.push(format!(
                    "\"resource\": {}",
                    texts.first().copied().unwrap_or("null")
                ));
                asked["resourceAccount"] = json!("000000000000");
            }
            None => {
                let account = witness.with(|own| own.principal.caller.account().map(str::to_owned));
                let account = account.unwrap_or_default();
                members.push(format!("\"identity\": [{}]", texts.join(", ")));
                members.push(format!(
                    r#""resource": {{"Statement": {{"Effect": "Allow", "Principal": {{"AWS": "{account}"}}, "Action": "*", "Resource": "*"}}}}"#
                ));
            }
        }
        if matches!(witness.caller, Caller::FederatedUser { .. }) {
            members.push(format!("\"session\": [{everything}]"));
        }
        let name = json!(
            file.file_stem()
                .map(|own| own.to_string_lossy().into_owned())
        );
        format!(
            "{{\"name\": {name}, \"policies\": {{{}}},\n\"requests\": [{asked}]}}\n",
            members.join(", ")
        )
    }
}

/// A statement for people.
#[derive(Default)]
struct StatementWords {
    words: String,
    file: String,
    sid: Option<String>,
    line: usize,
}

/// The request as scenarios write it.
fn request(witness: &Witness) -> Value {
    let principal = match &witness.caller {
        Caller::User { arn } | Caller::Root { arn } | Caller::OriginAccessIdentity { arn } => {
            json!({"arn": arn})
        }
        Caller::Role {
            role_arn,
            session_arn,
        } => json!({"arn": session_arn, "roleArn": role_arn}),
        Caller::FederatedUser { arn, maker: None } => json!({"arn": arn}),
        Caller::FederatedUser {
            arn,
            maker: Some(maker),
        } => json!({"arn": arn, "federatedBy": maker}),
        Caller::Service { name } => json!({"Service": name}),
        Caller::Anonymous => Value::Null,
        Caller::Federated { provider } => json!({"Federated": provider}),
        Caller::Canonical { id } => json!({"CanonicalUser": id}),
    };
    let mut context = serde_json::Map::new();
    for (key, values) in &witness.context {
        context.insert(key.clone(), json!(values));
    }
    let mut value = json!({
        "principal": principal,
        "action": witness.action,
        "resource": witness.resource,
        "context": context,
    });
    let account = witness.with(|request| request.resource_account.map(str::to_owned));
    if let Some(account) = account {
        value["resourceAccount"] = json!(account);
    }
    value
}

/// A caller in words.
fn caller_words(caller: &Caller) -> String {
    match caller {
        Caller::User { arn }
        | Caller::Root { arn }
        | Caller::FederatedUser { arn, .. }
        | Caller::OriginAccessIdentity { arn } => arn.clone(),
        Caller::Role { session_arn, .. } => session_arn.clone(),
        Caller::Service { name } => format!("service {name}"),
        Caller::Anonymous => "anonymous".to_owned(),
        Caller::Federated { provider } => format!("whoever {provider} vouches for"),
        Caller::Canonical { id } => format!("canonical user {id}"),
    }
}

/// A reason in words.
fn because(reason: &Reason) -> String {
    match reason {
        Reason::Work => "the question takes more work than one may".to_owned(),
        Reason::Undecided(parts) => {
            format!(
                "it was not decided how tests go together of {}",
                parts.join(", ")
            )
        }
        Reason::Refused { example, said } => format!(
            "the machine does not confirm {} on {}: {said}",
            example.action, example.resource
        ),
        Reason::Disagreement { witness, said } => format!(
            "the machine decides otherwise ({said}) what was found, which is a mistake of this program; please report \
             the policies and {}",
            request(witness)
        ),
    }
}

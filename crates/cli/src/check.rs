//! `check`: every problem in policy documents.

mod access_analyzer;
mod baseline;
pub(crate) mod choice;
mod comments;
mod dump_quota;
mod embedded;
mod fixes;
mod folder;
pub(crate) mod found;
mod join;
mod lines;
mod pages;
pub(crate) mod places;
mod proofs;
pub(crate) mod settings;
mod template;
mod yaml;

pub(crate) use pages::{ExplainCodeArgs, explain_code};

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum, ValueHint};
use portcullis_lint::{Level, PolicyType, ResourceType, Target};
use portcullis_model::PolicyKind;
use portcullis_scenario::is_language;
use portcullis_source::json;
use portcullis_source::{Code, Diagnostic, Severity, Source, formats, quoted, render};
use portcullis_syntax::codes::MISSING_STATEMENT;
use serde_json::Value;

use self::baseline::Baseline;
use self::choice::{Choice, Name};
use self::found::{Checked, Found, Linter, Wanted};
use self::proofs::Proofs;
use self::settings::{Configurations, Settings};
use crate::catalog::DataArgs;
use crate::failure::{Failure, complain, exit};
use crate::lint_catalog::FromPack;
use crate::output::{Output, VERSION, display_name, read_text, write};
use crate::values::OneOf;

/// The code of a suppression that nothing needs.
pub(crate) const UNUSED_ALLOW: &str = "UNUSED_ALLOW";

const EXAMPLES: &str = "\
Examples:
  portcullis check policies
  portcullis check --type scp --format json guardrails.json
  portcullis check --format access-analyzer --type RESOURCE_POLICY -R AWS::S3::Bucket bucket.json

A file holds one policy document, or policies of the policy language if its name ends in .iam, or {\"name\": …, \"document\": …},
or what get-policy-version, get-role-policy, get-role and the like answer; the document may stand in a string, and be encoded
as in a URL. Policies are also found in CloudFormation and SAM templates (JSON, or YAML by file extension), CDK output, the output of
`terraform show -json`, dumps of accounts and organizations, JSON Lines, and other JSON that holds some; values that
intrinsic functions produce are not checked.

Of a folder, the files in it and in its folders are checked whose names end in .iam, .json, .jsonl, .yaml or .yml, but for those
in which nothing is called like the statements of a policy. Which type a file has can be said in portcullis.toml.

Without --type, a document whose statements name principals is checked as a resource policy, or as a trust
policy if it names no resource and only actions of sts; any other as an identity policy.

Not every error keeps a document from being used: `loads` of the JSON says which do.

Every finding has a code (see explain-code) and a group: load, access-analyzer, semantics, scope, trust, quota, proof or advice. --select,
--ignore, --warn and --deny take codes, groups, and AWS's levels such as ERROR. The nearest portcullis.toml, looked up from a file's
folder upwards, holds permanent settings: see docs/linter.md.

In the policy language, a comment suppresses a finding: # allow(CODE): reason.

The format access-analyzer is the answer of ValidatePolicy for one document: its codes (see explain-code), its levels and its
places, which are those of the document alone and count characters. It says nothing of whether the document loads.

Exit status: 0 nothing of the level of --fail-on or worse, 3 something, 1 a file cannot be read.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct CheckArgs {
    /// Policy documents, and folders of them; `-` is standard input
    #[arg(required = true, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    files: Vec<PathBuf>,
    /// In folders, leave out files and folders like this: `*` and `?` stand for characters of a name, `**` also for slashes
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,
    /// The type of all documents, by a word of this project or by AWS's name
    #[arg(long = "type", value_name = "TYPE", value_parser = document_types(), hide_possible_values = true)]
    document_type: Option<DocumentType>,
    /// What has the document, by AWS's name
    #[arg(short = 'R', long, value_name = "RESOURCE-TYPE", value_parser = resource_types(), hide_possible_values = true)]
    resource_type: Option<ResourceType>,
    #[command(flatten)]
    data: DataArgs,
    /// How problems are printed
    #[arg(long, value_enum, default_value_t)]
    format: CheckFormat,
    /// The level from which on the exit status is 3: error, if nothing says otherwise
    #[arg(long, value_enum, value_name = "LEVEL")]
    fail_on: Option<FailOn>,
    /// Report only these codes and groups
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Name::parser(), hide_possible_values = true)]
    select: Vec<Name>,
    /// Do not report these codes and groups
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Name::parser(), hide_possible_values = true)]
    ignore: Vec<Name>,
    /// Report these codes and groups as warnings
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Name::parser(), hide_possible_values = true)]
    warn: Vec<Name>,
    /// Report these codes and groups as errors
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = Name::parser(), hide_possible_values = true)]
    deny: Vec<Name>,
    /// The configuration to use instead of the nearest portcullis.toml
    #[arg(long, value_name = "TOML", conflicts_with = "no_config")]
    config: Option<PathBuf>,
    /// Use no configuration
    #[arg(long)]
    no_config: bool,
    /// The account that owns the documents
    #[arg(long, value_name = "ID", value_parser = account)]
    account: Option<String>,
    /// Report only findings that this file of --write-baseline does not have
    #[arg(long, value_name = "FILE", conflicts_with = "write_baseline")]
    baseline: Option<PathBuf>,
    /// Also report what takes proofs about all requests: the codes of the group proof
    #[arg(long)]
    proofs: bool,
    /// Apply fixes that do not change any decision
    #[arg(long)]
    fix: bool,
    /// Also apply fixes that may change decisions
    #[arg(long)]
    unsafe_fixes: bool,
    /// Show what --fix would change instead of changing files
    #[arg(long)]
    diff: bool,
    /// Record the findings in a file
    #[arg(long, value_name = "FILE")]
    write_baseline: Option<PathBuf>,
    /// Hold service control policies against the rules from before September 2025: for the format access-analyzer
    #[arg(long)]
    old_scp_rules: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum CheckFormat {
    /// For people
    #[default]
    Human,
    /// Problems as JSON
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit's XML: each file is a test case
    Junit,
    /// The answer of IAM Access Analyzer's ValidatePolicy
    AccessAnalyzer,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailOn {
    /// Errors
    #[default]
    Error,
    /// Security warnings and errors
    SecurityWarning,
    /// Warnings and all that is worse
    Warning,
    /// Everything
    Suggestion,
    /// Nothing
    None,
}

impl FailOn {
    /// The least level that fails.
    fn level(self) -> Option<Level> {
        match self {
            FailOn::Error => Some(Level::Error),
            FailOn::SecurityWarning => Some(Level::SecurityWarning),
            FailOn::Warning => Some(Level::Warning),
            FailOn::Suggestion => Some(Level::Suggestion),
            FailOn::None => None,
        }
    }
}

/// A type of document, by either name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DocumentType {
    /// What the document is read as.
    pub(crate) kind: PolicyKind,
    pub(crate) target: Target,
}

/// What parses a type, by either name.
fn document_types() -> OneOf<DocumentType> {
    let names = || {
        let own = PolicyKind::ALL.iter().map(|kind| kind.as_str());
        own.chain(PolicyType::names_of_all()).collect()
    };
    OneOf::new(document_type, names)
}

fn resource_types() -> OneOf<ResourceType> {
    OneOf::new(resource_type, || ResourceType::names_of_all().collect())
}

/// What parses a type, by the word of this project.
pub(crate) fn kinds() -> OneOf<PolicyKind> {
    let names = || PolicyKind::ALL.iter().map(|kind| kind.as_str()).collect();
    OneOf::new(kind, names)
}

pub(crate) fn document_type(text: &str) -> Result<DocumentType, String> {
    if let Some(kind) = PolicyKind::parse(text) {
        let target = kind.into();
        return Ok(DocumentType { kind, target });
    }
    let target = Target::parse(text).ok_or_else(|| {
        let own = kind(text).err().unwrap_or_default();
        let aws = PolicyType::names_of_all().collect::<Vec<_>>().join(", ");
        format!("{own}, {aws}")
    })?;
    Ok(DocumentType {
        kind: target.kind(),
        target,
    })
}

fn account(text: &str) -> Result<String, String> {
    match portcullis_model::is_account_id(text) {
        true => Ok(text.to_owned()),
        false => Err("an account has 12 digits".to_owned()),
    }
}

fn resource_type(text: &str) -> Result<ResourceType, String> {
    ResourceType::parse(text).ok_or_else(|| {
        let names: Vec<&str> = ResourceType::names_of_all().collect();
        format!("the types are {}", names.join(", "))
    })
}

/// The types that can be asked for.
fn kind(text: &str) -> Result<PolicyKind, String> {
    PolicyKind::parse(text).ok_or_else(|| {
        let names: Vec<&str> = PolicyKind::ALL.iter().map(|kind| kind.as_str()).collect();
        format!("the types are {}", names.join(", "))
    })
}

pub(crate) fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    if args.format == CheckFormat::AccessAnalyzer {
        if args.proofs {
            return Err(Failure::new(
                "--proofs is for findings that --format access-analyzer does not have",
            ));
        }
        return access_analyzer::run(args);
    }
    if args.old_scp_rules {
        return Err(Failure::new(
            "--old-scp-rules is for --format access-analyzer",
        ));
    }
    let data = args.data.open()?;
    let catalog = FromPack::new(&data);
    let mut configurations = Configurations::new(args.config.as_deref(), args.no_config)?;
    let files = folder::files(&args.files, &args.exclude)?;
    let mut run = Run {
        args,
        files: files.len(),
        choice: Choice {
            select: args.select.clone(),
            ignore: args.ignore.clone(),
            warn: args.warn.clone(),
            deny: args.deny.clone(),
        },
        output: Output::new(),
        found: Vec::new(),
        checked: Vec::new(),
        counts: [0; 3],
        failing: 0,
        baselines: Vec::new(),
        written: Baseline::default(),
        known: 0,
        fixed: 0,
        has_proofs: false,
        unknown: 0,
    };
    let proofs = Proofs::default();
    let mut unreadable = false;
    for file in &files {
        let settings = configurations.of(file)?;
        let linter = Linter {
            facts: &data,
            catalog: &catalog,
            account: args.account.as_deref().or(settings.account.as_deref()),
            memory: None,
            proofs: (args.proofs || settings.proofs).then_some(&proofs),
        };
        run.has_proofs |= linter.proofs.is_some();
        match run.file(file, &settings, &linter) {
            Ok(()) => {}
            Err(Failure::BrokenPipe) => return Err(Failure::BrokenPipe),
            Err(Failure::Message(_, text)) => {
                complain(&text);
                unreadable = true;
            }
        }
    }
    for line in configurations.unused() {
        complain(&format!("warning: {line} [{UNUSED_ALLOW}]"));
    }
    run.finish(unreadable)
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

struct Run<'r> {
    args: &'r CheckArgs,
    /// How many files are checked.
    files: usize,
    choice: Choice,
    output: Output,
    found: Vec<Value>,
    /// For the formats of other programs.
    checked: Vec<formats::Checked>,
    /// Errors, warnings, suggestions.
    counts: [usize; 3],
    /// How many findings make the run fail.
    failing: usize,
    /// Each baseline by its path.
    baselines: Vec<(PathBuf, Baseline)>,
    written: Baseline,
    /// How many findings baselines let be.
    known: usize,
    /// How many changes mended something.
    fixed: usize,
    /// Proofs were made of some file.
    has_proofs: bool,
    /// Of how many statements something is not known.
    unknown: usize,
}

impl Run<'_> {
    fn file(
        &mut self,
        path: &Path,
        settings: &Settings,
        linter: &Linter<'_>,
    ) -> Result<(), Failure> {
        let bytes = read_text(path)?;
        let name = display_name(path);
        let arena = Bump::new();
        let typed = settings.wanted(path);
        let wanted = Wanted {
            kind: self.args.document_type.map(|own| own.kind).or(typed.kind),
            resource: self.args.resource_type.or(typed.resource),
            is_template: false,
        };
        let text = match json::decode(&bytes) {
            Ok(text) => text,
            Err(diagnostic) => {
                let sound = bytes.get(..diagnostic.span.start as usize);
                let text = sound.and_then(|bytes| core::str::from_utf8(bytes).ok());
                let checked = vec![Checked::of(wanted.kind, vec![*diagnostic])];
                return self.tell(path, settings, text.unwrap_or_default(), checked);
            }
        };
        let all = self.documents(path, text, wanted, settings, linter, &arena);
        let is_fixing = self.args.fix || self.args.diff || self.args.unsafe_fixes;
        if is_fixing && let Some(new) = self.mended(path, text, &all, wanted, settings, linter) {
            if self.args.diff || path.as_os_str() == "-" {
                let difference = fixes::difference(&name, text, &new);
                self.output.bytes(difference.as_bytes())?;
            } else {
                write(path, new.as_bytes())?;
                let arena = Bump::new();
                let all = self.documents(path, &new, wanted, settings, linter, &arena);
                self.unknown += linter.proofs.map_or(0, Proofs::take_unknown);
                return self.tell(path, settings, &new, all);
            }
        }
        self.unknown += linter.proofs.map_or(0, Proofs::take_unknown);
        self.tell(path, settings, text, all)
    }

    /// What is found in the documents of a text, as it was chosen.
    fn documents<'a>(
        &self,
        path: &Path,
        text: &'a str,
        wanted: Wanted,
        settings: &Settings,
        linter: &Linter<'_>,
        arena: &'a Bump,
    ) -> Vec<Checked<'a>> {
        let choices = [&self.choice, &settings.choice];
        // What is not known counts once, also if the text is looked at again when it was mended.
        linter.proofs.map(Proofs::take_unknown);
        chosen(path, text, wanted, &choices, settings, linter, arena)
    }

    /// The text with everything mended that can be.
    fn mended(
        &mut self,
        path: &Path,
        text: &str,
        all: &[Checked<'_>],
        wanted: Wanted,
        settings: &Settings,
        linter: &Linter<'_>,
    ) -> Option<String> {
        let (mut new, count) = fixes::mended(text, all, self.args.unsafe_fixes)?;
        self.fixed += count;
        for _ in 1..fixes::PASSES {
            let arena = Bump::new();
            let all = self.documents(path, &new, wanted, settings, linter, &arena);
            let Some((next, count)) = fixes::mended(&new, &all, self.args.unsafe_fixes) else {
                break;
            };
            self.fixed += count;
            new = next;
        }
        Some(new)
    }

    /// Prints and counts what was found.
    fn tell(
        &mut self,
        path: &Path,
        settings: &Settings,
        text: &str,
        mut all: Vec<Checked<'_>>,
    ) -> Result<(), Failure> {
        let name = display_name(path);
        for checked in &mut all {
            self.baseline(path, settings, checked)?;
            if checked.is_incomplete {
                complain(&format!(
                    "warning: {name} repeats itself too often: not everything was compared, and there may be more findings"
                ));
            }
        }
        self.count(settings, &all);
        self.print(&name, text, &all)
    }

    fn baseline(
        &mut self,
        path: &Path,
        settings: &Settings,
        checked: &mut Checked<'_>,
    ) -> Result<(), Failure> {
        let file = path.to_string_lossy().replace('\\', "/");
        if self.args.write_baseline.is_some() {
            self.written.add(&file, checked);
            return Ok(());
        }
        let Some(from) = self
            .args
            .baseline
            .as_deref()
            .or(settings.baseline.as_deref())
        else {
            return Ok(());
        };
        if !self.baselines.iter().any(|(own, _)| own == from) {
            self.baselines
                .push((from.to_owned(), Baseline::read(from)?));
        }
        if let Some((_, own)) = self.baselines.iter_mut().find(|(own, _)| own == from) {
            self.known += own.apply(&file, checked);
        }
        Ok(())
    }

    fn count(&mut self, settings: &Settings, all: &[Checked<'_>]) {
        let fail_on = self.args.fail_on.or(settings.fail_on).unwrap_or_default();
        for found in all.iter().flat_map(|checked| &checked.found) {
            let [errors, warnings, suggestions] = &mut self.counts;
            let severity = found.diagnostic.severity;
            *match severity {
                Severity::LintError | Severity::Error => errors,
                Severity::Warning => warnings,
                Severity::Suggestion => suggestions,
            } += 1;
            let is_security = found
                .level()
                .is_some_and(|level| level >= Level::SecurityWarning);
            let fails = match fail_on {
                FailOn::Error => severity >= Severity::LintError,
                FailOn::SecurityWarning => {
                    severity >= Severity::LintError
                        || (severity == Severity::Warning && is_security)
                }
                FailOn::Warning => severity >= Severity::Warning,
                FailOn::Suggestion => true,
                FailOn::None => false,
            };
            self.failing += usize::from(fails);
        }
    }

    fn print(&mut self, name: &str, text: &str, all: &[Checked<'_>]) -> Result<(), Failure> {
        let source = Source::new(name, text);
        let is_human = matches!(
            self.args.format,
            CheckFormat::Human | CheckFormat::AccessAnalyzer
        );
        if self.args.format == CheckFormat::Json {
            let values = all.iter().flat_map(|checked| {
                let found = checked.found.iter();
                found.map(|found| value(found, checked, &source))
            });
            self.found.extend(values);
            return Ok(());
        }
        let found = all.iter().flat_map(|checked| &checked.found);
        let mut diagnostics: Vec<Diagnostic> = match is_human {
            true => found.map(shown).collect(),
            false => found.map(|found| found.diagnostic.clone()).collect(),
        };
        diagnostics.sort_by_key(|diagnostic| diagnostic.span.start);
        let diagnostics = source.locate_all(diagnostics);
        if !is_human {
            let file = name.to_owned();
            self.checked.push(formats::Checked { file, diagnostics });
            return Ok(());
        }
        match diagnostics.is_empty() {
            true => Ok(()),
            false => {
                let text = render(&diagnostics, self.output.color());
                self.output.line(&text)
            }
        }
    }

    fn finish(mut self, unreadable: bool) -> Result<ExitCode, Failure> {
        let [errors, warnings, suggestions] = self.counts;
        match self.args.format {
            CheckFormat::Json => self.output.line(&Value::from(self.found).to_string())?,
            CheckFormat::Sarif => self.output.line(&formats::sarif(&self.checked))?,
            CheckFormat::Github => {
                let text = formats::github(&self.checked);
                self.output.bytes(text.as_bytes())?;
            }
            CheckFormat::Junit => {
                let text = formats::junit(&self.checked);
                self.output.bytes(text.as_bytes())?;
            }
            CheckFormat::Human | CheckFormat::AccessAnalyzer => {
                let line = format!(
                    "{}, {}, {} in {}",
                    counted(errors, "error"),
                    counted(warnings, "warning"),
                    counted(suggestions, "suggestion"),
                    counted(self.files, "file")
                );
                self.output.line(&line)?;
            }
        }
        self.output.finish()?;
        if let Some(path) = &self.args.write_baseline {
            self.written.write(path)?;
            let count = counted(self.written.len(), "finding");
            complain(&format!("note: {} records {count}", display_name(path)));
            return Ok(match unreadable {
                true => ExitCode::from(exit::FAILURE),
                false => ExitCode::SUCCESS,
            });
        }
        if self.fixed > 0 {
            let what = if self.args.diff {
                "would be made"
            } else {
                "made"
            };
            complain(&format!("note: {} {what}", counted(self.fixed, "change")));
        }
        if self.known > 0 {
            complain(&format!(
                "note: {} suppressed by the baseline",
                counted(self.known, "finding")
            ));
        }
        let left: usize = self.baselines.iter().map(|(_, own)| own.left()).sum();
        if left > 0 {
            complain(&format!(
                "note: {} in the baseline no longer occurs: record it again",
                counted(left, "finding")
            ));
        }
        if self.unknown > 0 {
            let what = counted(self.unknown, "statement");
            complain(&format!(
                "note: nothing was proved of {what}, nor the contrary"
            ));
        }
        let lists = [&self.args.select, &self.args.warn, &self.args.deny];
        if !self.has_proofs && lists.into_iter().flatten().any(Name::is_of_proofs) {
            complain("note: codes of the group proof are only looked for with --proofs");
        }
        if errors > 0 {
            let line = format!("error: {} found", counted(errors, "problem"));
            complain(&line);
        }
        Ok(match (unreadable, self.failing) {
            (true, _) => ExitCode::from(exit::FAILURE),
            (false, 0) => ExitCode::SUCCESS,
            (false, _) => ExitCode::from(exit::INVALID),
        })
    }
}

/// What is found in the documents of a text, as it was chosen.
pub(crate) fn chosen<'a>(
    path: &Path,
    text: &'a str,
    wanted: Wanted,
    choices: &[&Choice],
    settings: &Settings,
    linter: &Linter<'_>,
    arena: &'a Bump,
) -> Vec<Checked<'a>> {
    let mut all = documents(path, text, wanted, linter, arena);
    if is_language(path) {
        comments::apply(text, &mut all);
    }
    for checked in &mut all {
        choice::apply(choices, &mut checked.found);
        let document = checked.document;
        settings.allow(path, &mut checked.found, |found| sid(found, document));
    }
    all
}

/// What is found in the documents of a text.
fn documents<'a>(
    path: &Path,
    text: &'a str,
    wanted: Wanted,
    linter: &Linter<'_>,
    arena: &'a Bump,
) -> Vec<Checked<'a>> {
    if is_language(path) {
        return linter.language(path, text, wanted, arena);
    }
    if lines::is_lines(path) {
        return embedded::in_lines(linter, text, wanted, arena);
    }
    let is_yaml = embedded::is_yaml(path);
    if let Some(embedded) = embedded::check(linter, text, is_yaml, wanted, arena) {
        return embedded;
    }
    let checked = linter.json(text, wanted, arena);
    let is_whole = checked.inner.is_none();
    match checked.document.filter(|own| is_whole && !is_policy(own)) {
        // A named policy with an unknown member is none: what the member says is not known.
        Some(root) if root.get("document").is_some() => vec![no_policy(checked, &root)],
        Some(root) => embedded::anywhere(linter, text, root, wanted, arena)
            .unwrap_or_else(|| vec![no_policy(checked, &root)]),
        None => vec![checked],
    }
}

/// True for an object that is a policy, whatever may be wrong with it: it has a member of one, or none at all.
fn is_policy(node: &json::Node<'_>) -> bool {
    const MEMBERS: [&str; 3] = ["Version", "Id", "Statement"];
    let is_own = |name: &str| MEMBERS.iter().any(|own| own.eq_ignore_ascii_case(name));
    node.as_object().is_some_and(|members| {
        members.is_empty() || members.iter().any(|one| is_own(one.key.value))
    })
}

/// Of an object that is no policy one finding, which says what it is.
fn no_policy<'a>(mut checked: Checked<'a>, node: &json::Node<'_>) -> Checked<'a> {
    let is_it = |found: &Found| found.code() == MISSING_STATEMENT.as_str();
    let Some(members) = node.as_object().filter(|_| checked.found.iter().any(is_it)) else {
        return checked;
    };
    checked.found.retain(is_it);
    let is_unknown = |name: &str| !["name", "type", "arn", "document"].contains(&name);
    let unknown = members.iter().find(|one| is_unknown(one.key.value));
    let shown = members.iter().take(3);
    let names: Vec<String> = shown.map(|one| quoted(one.key.value)).collect();
    let more = if members.len() > names.len() {
        ", …"
    } else {
        ""
    };
    let message = match (node.get("document"), unknown) {
        (Some(_), Some(unknown)) => {
            let name = quoted(unknown.key.value);
            format!("a named policy has `name`, `type`, `arn` and `document`, and no {name}")
        }
        _ => format!(
            "this is not a policy, and none is in it: it has no `Statement`, but {}{more}",
            names.join(", ")
        ),
    };
    for found in &mut checked.found {
        found.diagnostic.message.clone_from(&message);
    }
    checked
}

/// The `Sid` of a finding's statement.
fn sid(found: &Found, document: Option<json::Node<'_>>) -> Option<String> {
    let statement = portcullis_lint::statement_at(found.diagnostic.span, &document?)?.get("Sid")?;
    statement.as_str().map(ToOwned::to_owned)
}

/// A finding as people read it: with its group behind its message.
fn shown(found: &Found) -> Diagnostic {
    let mut diagnostic = found.diagnostic.clone();
    let level = match (found.level(), diagnostic.severity) {
        (Some(Level::SecurityWarning), _) => ", security",
        (Some(Level::Error), Severity::Warning | Severity::Suggestion) => ", error in AWS",
        _ => "",
    };
    diagnostic
        .message
        .push_str(&format!(" ({}{level})", found.group()));
    diagnostic
}

/// A finding as JSON, with the type that its document was read as.
fn value(found: &Found, checked: &Checked<'_>, source: &Source<'_>) -> Value {
    let diagnostic = &found.diagnostic;
    let mut value = formats::value(&source.locate(diagnostic.clone()));
    let Some(members) = value.as_object_mut() else {
        return value;
    };
    let mut put = |name: &str, value: Value| {
        members.insert(name.to_owned(), value);
    };
    put("version", VERSION.into());
    put("type", checked.kind.map(PolicyKind::as_str).into());
    put("group", found.group().into());
    put("level", found.level().map(Level::as_str).into());
    if let Some(request) = &found.request {
        put("request", request.clone());
    }
    if let Some(within) = &checked.within {
        put("document", within.as_str().into());
    }
    // The place in the document alone, beside that in the file (`IN-2`).
    if let Some(inner) = checked.inner {
        let (line, column) = inner.position(diagnostic.span.start);
        put("documentLine", line.into());
        put("documentColumn", column.into());
    }
    value
}

/// Every code that findings have.
fn codes() -> impl Iterator<Item = &'static str> {
    let readers = reader_codes().map(|code| code.as_str());
    let rules = portcullis_lint::rules::every().map(|rule| rule.code);
    readers
        .chain(rules)
        .chain([portcullis_directory::codes::EXCEEDS_ACCOUNT_QUOTA.as_str()])
}

/// Every code that readers have.
fn reader_codes() -> impl Iterator<Item = &'static Code> {
    let all = [
        portcullis_source::codes::ALL,
        portcullis_syntax::codes::ALL,
        portcullis_dsl::codes::ALL,
    ];
    all.into_iter().flatten()
}

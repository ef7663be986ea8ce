//! `findings`: whom resources of a directory let in from outside, in the words of Access Analyzer.

mod against;
mod archive;
mod internal;
mod preview;
mod row;

use std::path::PathBuf;
use std::process::ExitCode;

use bumpalo::Bump;
use clap::{Args, ValueEnum, ValueHint};
use portcullis_directory::Proposal;
use portcullis_findings::{Change, Finding, NOT_COVERED, Questions, Zone, changes};
use serde_json::json;

use crate::answers::{Answers, Asked};
use crate::decide::Format;
use crate::directory::{AnyDirectoryArgs, Keep, Opened};
use crate::failure::Failure;
use crate::output::display_name;
use crate::questions::written;
use against::Export;
use archive::Rules;
use row::Row;

pub(crate) const FINDINGS: &str = "\
Examples:
  portcullis findings --directory dumps
  portcullis findings --directory dumps --zone organization --archive-rules rules.json --format json
  portcullis findings --directory dumps --resource arn:aws:s3:::reports --preview proposed.json
  portcullis findings --directory dumps --resource arn:aws:s3:::reports --preview acl.json
  portcullis findings --directory dumps --access internal --zone organization

Lists whom the policies of resources, the trust policies of roles, the grants of keys and the lists of buckets let in
from outside of the zone of trust: one line for each principal and the conditions that are proved to be needed, with a request
that is allowed. What the other side allows is taken to be everything. Control policies of resources, Denies and blocks of
public access count. A line that is unknown was not proved either way, and says why. With --access internal, the users and
roles inside that can use a bucket, a table, or the resource that is named. With --preview, what a proposal adds, changes and
resolves: a policy, all grants of a key as `aws kms list-grants` prints them, or the access control list of a bucket as
`aws s3api get-bucket-acl` does.

Exit status: 0 there are findings, 2 there are none and that is proved, 4 some are not known, or something is missing,
3 a policy is invalid, 1 any other failure. Findings that a rule archives do not count.";

/// Who is inside.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum ZoneName {
    /// The account that owns the resource
    #[default]
    Account,
    /// Its organization
    Organization,
}

/// Whose access is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Access {
    /// That of everybody outside
    #[default]
    External,
    /// That of the users and roles inside
    Internal,
}

#[derive(Args, Debug)]
#[command(after_help = FINDINGS)]
pub(crate) struct FindingsArgs {
    /// Who is inside, and so not told of
    #[arg(long, value_enum, default_value_t, value_name = "ZONE")]
    zone: ZoneName,
    /// Whose access is told: internal takes buckets and tables, unless a resource is named
    #[arg(long, value_enum, default_value_t, value_name = "ACCESS")]
    access: Access,
    /// Only this resource, by its ARN
    #[arg(long, value_name = "ARN")]
    resource: Option<String>,
    /// What is proposed for the resource, in place of what it has: tells what that adds, changes and resolves. A policy, the trust
    /// policy of the role, the grants of the key, or the access control list of the bucket
    #[arg(long, value_name = "FILE", requires = "resource", conflicts_with = "against", value_hint = ValueHint::FilePath)]
    preview: Option<PathBuf>,
    /// The account that owns the resource of a preview, if neither its ARN nor the directory says so
    #[arg(long, value_name = "ACCOUNT", requires = "preview")]
    resource_account: Option<String>,
    /// What AWS's analyzer found, as `aws accessanalyzer list-findings` prints it: tells which findings both have
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    against: Option<PathBuf>,
    /// A file of archive rules: what one of them matches is archived
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    archive_rules: Option<PathBuf>,
    /// List archived findings too
    #[arg(long, requires = "archive_rules")]
    archived: bool,
    /// How the answer is printed: a table, or one JSON object on each line
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Do not cut the lines of the table to the width of the terminal
    #[arg(long)]
    wide: bool,
    // The last, since its heading goes on.
    #[command(flatten)]
    directory: AnyDirectoryArgs,
}

impl FindingsArgs {
    fn zone(&self) -> Zone {
        match self.zone {
            ZoneName::Account => Zone::Account,
            ZoneName::Organization => Zone::Organization,
        }
    }

    fn zone_name(&self) -> &'static str {
        match self.zone {
            ZoneName::Account => "account",
            ZoneName::Organization => "organization",
        }
    }

    /// What is asked; of so many principals, if each is asked by itself.
    fn asked(&self, principals: Option<usize>) -> Asked<'static> {
        let zone = self.zone_name();
        let (access, side) = match self.access {
            Access::External => ("external", "outside"),
            Access::Internal => ("internal", "inside"),
        };
        Asked {
            question: "findings",
            words: format!("access from {side} of the {zone} that owns a resource"),
            members: json!({
                "zone": zone,
                "access": access,
                "resource": self.resource,
                "preview": self.preview.is_some(),
                "against": self.against.is_some(),
            }),
            context: &[],
            principals,
        }
    }

    /// The findings of what is asked about, with what a proposal makes of them, and the directory as it would be then.
    fn find(&self, opened: &Opened, arena: &Bump) -> Result<Found, Failure> {
        let mut questions = Questions::new(&opened.directory, &[], arena);
        let Some(resource) = &self.resource else {
            let mut all = Vec::new();
            questions.external_findings(self.zone(), &mut |one| all.push((None, one)));
            return Ok((all, None));
        };
        let Some(file) = &self.preview else {
            let name = opened.directory.known_target(resource).ok_or_else(|| {
                Failure::new(format_args!("the directory does not know `{resource}`"))
            })?;
            let all = questions.external_findings_of(&name, self.zone());
            return Ok((all.into_iter().map(|one| (None, one)).collect(), None));
        };
        let before = match preview::known(&opened.directory, resource)? {
            Some(name) => questions.external_findings_of(&name, self.zone()),
            None => Vec::new(),
        };
        let content = preview::content(file, resource, arena)?;
        let after = self.directory.open_proposed(Proposal {
            resource,
            owner: self.resource_account.as_deref(),
            file: &display_name(file),
            content: &content,
        })?;
        let name = after.directory.known_target(resource);
        let mut questions = Questions::new(&after.directory, &[], arena);
        let name = name.as_deref().unwrap_or(resource);
        let found = questions.external_findings_of(name, self.zone());
        let all = changes(before, found).into_iter();
        let all = all.map(|(change, one)| (Some(change), one)).collect();
        Ok((all, Some(after)))
    }
}

/// Findings with what becomes of them, and the directory with what is proposed if something is.
type Found = (Vec<(Option<Change>, Finding)>, Option<Opened>);

/// What is said of types of resources that no directory tells of: never silence.
fn not_covered(opened: &mut Opened, types: &[&str]) {
    for name in types {
        opened.missing.push(json!({
            "place": "",
            "code": "NOT_COVERED",
            "message": format!("{name}: its sharing is no policy, and no dump of it is read"),
        }));
    }
}

fn note_not_covered(answers: &mut Answers<'_>, types: &[&str]) {
    answers.notes.push(format!(
        "resources of these types are not covered, since no dump of them is read: {}",
        types.join(", ")
    ));
}

fn note_archived(answers: &mut Answers<'_>, archived: usize) {
    if archived > 0 {
        let note = format!("{archived} findings are archived by rules");
        answers.notes.push(note);
    }
}

pub(crate) fn run(args: &FindingsArgs) -> Result<ExitCode, Failure> {
    let arena = Bump::new();
    let rules = match &args.archive_rules {
        Some(path) => Rules::read(path, &arena)?,
        None => Rules::default(),
    };
    if args.access == Access::Internal && (args.preview.is_some() || args.against.is_some()) {
        let message = "--preview and --against are about external access";
        return Err(Failure::new(message));
    }
    let export = args.against.as_deref();
    let mut export = export.map(|path| Export::read(path, &arena)).transpose()?;
    let mut opened = args.directory.open(Keep::Decisions)?;
    written(&opened.directory)?;
    if args.access == Access::Internal {
        let types = NOT_COVERED.iter().filter(|own| own.contains("RDS"));
        not_covered(&mut opened, &types.copied().collect::<Vec<_>>());
        return internal::run(args, &opened, &rules);
    }
    let (all, after) = args.find(&opened, &arena)?;
    // What is missing is said of the directory that is asked about last.
    let mut opened = after.unwrap_or(opened);
    not_covered(&mut opened, &NOT_COVERED);
    let asked = args.asked(None);
    let mut head = vec![
        "resource",
        "principal",
        "public",
        "actions",
        "only if",
        "for example",
    ];
    let columns = [
        (args.archived, "status"),
        (args.preview.is_some(), "change"),
        (export.is_some(), "found by"),
        (export.is_some(), "differs in"),
    ];
    head.extend(
        columns
            .iter()
            .filter(|(is_there, _)| *is_there)
            .map(|(_, name)| name),
    );
    let mut answers = Answers::new((args.format, args.wide), &opened, asked, &head);
    note_not_covered(&mut answers, &NOT_COVERED);
    let mut archived = 0;
    for (change, finding) in &all {
        let mut row = Row::of(finding);
        let is_archived = rules.archive(&row.object);
        let status = match (change, is_archived) {
            (Some(Change::Resolved), _) => "RESOLVED",
            (_, true) => "ARCHIVED",
            (_, false) => "ACTIVE",
        };
        archived += usize::from(status == "ARCHIVED");
        if status == "ACTIVE" {
            match finding.request.is_some() {
                true => answers.found += 1,
                false => answers.open += 1,
            }
        }
        let compared = export.as_mut().map(|export| row.compare(export));
        if status == "ARCHIVED" && !args.archived && args.format == Format::Human {
            continue;
        }
        row.set("status", json!(status));
        if args.archived {
            row.cells.push(status.to_owned());
        }
        if let Some(change) = change {
            row.set("changeType", json!(change.as_str()));
            row.cells.push(change.as_str().to_owned());
        }
        row.cells.extend(compared.into_iter().flatten());
        let cells: Vec<&str> = row.cells.iter().map(String::as_str).collect();
        answers.add(row.object, &cells);
    }
    note_archived(&mut answers, archived);
    if let Some(export) = &export {
        only_theirs(export, &opened, args, &mut answers);
    }
    answers.finish("nobody outside is let in by a resource")
}

/// What only AWS's analyzer has, and what of its findings could not be compared.
fn only_theirs(export: &Export, opened: &Opened, args: &FindingsArgs, answers: &mut Answers<'_>) {
    for own in export.all.iter().filter(|own| !own.is_met) {
        let kind = own.resource_type.as_deref().unwrap_or_default();
        let reason = if NOT_COVERED.contains(&kind) {
            "resources of its type are not covered"
        } else if opened.directory.known_target(&own.resource).is_none() {
            "the directory does not have the resource"
        } else if args
            .resource
            .as_ref()
            .is_some_and(|asked| *asked != own.resource)
        {
            "the resource was not asked about"
        } else {
            "it is not found here"
        };
        let mut object = own.object();
        if let Some(object) = object.as_object_mut() {
            object.insert("foundBy".to_owned(), json!("theirs"));
            object.insert("differences".to_owned(), json!([reason]));
        }
        let actions = own.actions.join(", ");
        let mut cells = vec![
            own.resource.as_str(),
            &own.principal.1,
            "",
            &actions,
            "",
            "",
        ];
        if args.archived {
            cells.push("");
        }
        cells.extend(["theirs", reason]);
        answers.add(object, &cells);
    }
    for (id, reason) in &export.unreadable {
        let note = format!("finding {id} of the analyzer is not compared: {reason}");
        answers.notes.push(note);
    }
    if export.resolved > 0 {
        let note = format!(
            "{} findings of the analyzer are resolved, and not compared",
            export.resolved
        );
        answers.notes.push(note);
    }
}

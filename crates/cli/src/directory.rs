//! The options that name a directory, and deciding by one.

use std::fmt::Write as _;
use std::io::{self, IsTerminal, Read as _, Write as _};
use std::path::{Path, PathBuf};

use bumpalo::Bump;
use clap::{Args, ValueHint};
use portcullis::Reports;
use portcullis_directory::{
    CompletedRequest, Directory, LoadError, LoadOptions, Loaded, Progress, Proposal, Report,
    RequestPolicies, Sources,
};
use portcullis_explain::{Changes, Scene, Story};
use portcullis_model::{Layer, Request};
use portcullis_scenario::Note;
use serde_json::{Value, json};

use crate::engine::{Answer, Engine, NEEDS_POLICIES, agreed, by_reference, changes, request_notes};
use crate::failure::{Failure, complain, exit, use_color};
use crate::output::{display_name, printable, read};
use portcullis_source::{Diagnostic, render_failure};

#[derive(Args, Debug)]
#[command(next_help_heading = "Directory")]
pub(crate) struct DirectoryArgs {
    /// A folder with dumps of accounts, of an organization and of resource policies, or one such file; the
    /// policies that apply are found by caller and resource
    #[arg(long, value_name = "DIR", value_hint = ValueHint::AnyPath)]
    pub(crate) directory: Option<PathBuf>,
    /// Go on if something is referred to and not there; every answer then says that it is incomplete
    #[arg(long, requires = "directory")]
    pub(crate) allow_missing: bool,
    /// Do not read files and folders like this: `*` and `?` stand for characters of a name, `**` also for slashes
    #[arg(long, value_name = "GLOB", requires = "directory")]
    pub(crate) exclude: Vec<String>,
    /// A file with lines of {"name", "arn", "document"}: managed policies that the dumps refer to and do not hold
    #[arg(long, value_name = "FILE", requires = "directory", value_hint = ValueHint::FilePath)]
    pub(crate) managed_policies: Vec<PathBuf>,
    /// Say on standard error what was read from the directory and what was not
    #[arg(long, requires = "directory")]
    pub(crate) report: bool,
}

/// A directory, as a folder or as an image.
#[derive(Args, Debug)]
pub(crate) struct AnyDirectoryArgs {
    #[command(flatten)]
    folder: DirectoryArgs,
    /// An image of a directory, made by `compile --directory`
    #[arg(
        long,
        value_name = "IMAGE",
        conflicts_with = "directory",
        help_heading = "Directory"
    )]
    image: Option<PathBuf>,
}

impl AnyDirectoryArgs {
    /// The folder, if it is one that is named.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.folder.directory.as_deref()
    }

    /// Opens what is named.
    pub(crate) fn open(&self, keep: Keep) -> Result<Opened, Failure> {
        let directory = match &self.image {
            Some(image) => Some(Opened::image(open_image(image)?)),
            None => self.folder.load(keep)?.map(Opened::folder),
        };
        directory.ok_or_else(|| Failure::new("no directory: give --directory DIR or --image IMAGE"))
    }

    /// Reads the folder that is named once more, with what is proposed for one of its resources.
    pub(crate) fn open_proposed(&self, proposal: Proposal<'_>) -> Result<Opened, Failure> {
        let folder = &self.folder;
        let loaded = folder.read(Keep::Decisions, Some(proposal));
        let loaded =
            loaded.ok_or_else(|| Failure::new("an image has no files: give the folder"))?;
        // Without the proposal there was nothing wrong with it.
        let loaded = loaded.map_err(|error| Failure::problems(&error.problems))?;
        // What the folder says was told when it was read without the proposal.
        let is_own = |place: &str| {
            let rest = place.strip_prefix(proposal.file);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([':', ' ']))
        };
        for skipped in &loaded.report.skipped {
            if is_own(&skipped.place) {
                let text = format!("note: {} is left out: {}", skipped.place, skipped.reason);
                complain(printable(&text).as_ref());
            }
        }
        for (place, note) in &loaded.report.notes {
            if is_own(place) {
                complain(printable(&format!("note: {place}: {note}")).as_ref());
            }
        }
        Ok(Opened::folder(loaded))
    }
}

/// A directory, and what an answer by it has to say of what was not read.
pub(crate) struct Opened {
    pub(crate) directory: Directory,
    /// What it refers to and does not have: places, codes and words.
    pub(crate) missing: Vec<Value>,
    /// Files and folders that were not to be read.
    pub(crate) excluded: Vec<String>,
    /// Files that are not JSON, and so were left out.
    pub(crate) others: Vec<String>,
}

impl Opened {
    fn folder(loaded: Loaded) -> Opened {
        let missing = loaded.report.missing.iter().map(|problem| {
            json!({
                "place": problem.place.as_ref().map(ToString::to_string).unwrap_or_default(),
                "code": problem.code.as_str(),
                "message": problem.message,
            })
        });
        Opened {
            missing: missing.collect(),
            others: {
                let skipped = loaded.report.skipped.iter().filter(|one| !one.is_json);
                skipped.map(|one| one.place.clone()).collect()
            },
            excluded: loaded.report.excluded,
            directory: loaded.directory,
        }
    }

    fn image(directory: Directory) -> Opened {
        let message = "the image is of a directory that refers to what was not there";
        let missing = directory
            .is_incomplete()
            .then(|| json!({"message": message}));
        Opened {
            directory,
            missing: Vec::from_iter(missing),
            excluded: Vec::new(),
            others: Vec::new(),
        }
    }
}

/// What the policies of a directory are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    Decisions,
    Explanations,
}

impl DirectoryArgs {
    /// Reads the directory, if one is named.
    pub(crate) fn open(&self, keep: Keep) -> Result<Option<Directory>, Failure> {
        Ok(self.load(keep)?.map(|loaded| loaded.directory))
    }

    /// Reads the directory, with what is proposed for a resource; none if no directory is named.
    fn read(
        &self,
        keep: Keep,
        proposal: Option<Proposal<'_>>,
    ) -> Option<Result<Loaded, LoadError>> {
        let folder = self.directory.as_deref()?;
        let options = LoadOptions {
            allow_missing: self.allow_missing,
            debug: keep == Keep::Explanations,
        };
        let mut bar = Bar::new();
        let sources = Sources {
            folder,
            exclude: self.exclude.clone(),
            packs: self.managed_policies.clone(),
            proposal,
        };
        let loaded = Directory::load_from(&sources, options, &mut |progress| bar.show(progress));
        bar.clear();
        Some(loaded)
    }

    fn load(&self, keep: Keep) -> Result<Option<Loaded>, Failure> {
        let Some(loaded) = self.read(keep, None) else {
            return Ok(None);
        };
        let loaded = loaded.map_err(|error| {
            let mut text = render_failure(&error.problems, use_color(&io::stderr()));
            if error.count > error.problems.len() {
                let more = error.count - error.problems.len();
                let _ = write!(text, "\nerror: and {more} more");
            }
            Failure::Message(exit::FAILURE, text.trim_end().to_string())
        })?;
        say(&loaded.report, &loaded.directory, self.report);
        Ok(Some(loaded))
    }
}

/// True if a file is the image of a directory, as far as its first bytes tell.
pub(crate) fn is_directory_image(path: &Path) -> bool {
    let mut start = [0; 8];
    let mut file = match path.as_os_str() == "-" {
        true => return false,
        false => std::fs::File::open(path),
    };
    let read = file.as_mut().map(|file| file.read_exact(&mut start));
    matches!(read, Ok(Ok(()))) && Directory::is_directory(&start)
}

/// Opens a directory that is an image.
pub(crate) fn open_image(path: &Path) -> Result<Directory, Failure> {
    let bytes = read(path)?;
    let name = display_name(path);
    if !Directory::is_directory(&bytes) {
        let message = "this is not a directory image; `decide --image` takes images of policies";
        return Err(Failure::new(format_args!("{name}: {message}")));
    }
    Directory::from_bytes(&bytes).map_err(|error| Failure::new(format_args!("{name}: {error}")))
}

/// Prints a report: all of it, or what nobody should miss.
fn say(report: &Report, directory: &Directory, whole: bool) {
    let mut out = String::new();
    let odd = report.missing.iter().chain(&report.warnings).cloned();
    let odd: Vec<_> = odd.map(Diagnostic::as_warning).collect();
    if !odd.is_empty() {
        complain(render_failure(&odd, use_color(&io::stderr())).trim_end());
    }
    for (place, note) in &report.notes {
        let _ = writeln!(out, "note: {place}: {note}");
    }
    if let Some(first) = report.excluded.first() {
        let count = report.excluded.len();
        let _ = writeln!(
            out,
            "note: --exclude left {count} files and folders out, such as {first}"
        );
    }
    for skipped in report.skipped.iter().filter(|one| one.is_json || whole) {
        let (place, reason) = (&skipped.place, skipped.reason);
        let _ = writeln!(out, "note: {place} is left out: {reason}");
    }
    if whole {
        for (file, found) in &report.read {
            let found: Vec<String> = found
                .iter()
                .map(|(kind, count)| match count {
                    1 => (*kind).to_string(),
                    count => format!("{kind} ({count})"),
                })
                .collect();
            let _ = writeln!(out, "read: {file}: {}", found.join(", "));
        }
        let counts = directory.counts();
        let _ = writeln!(
            out,
            "the directory has {} accounts, {} users and roles, {} resources, {} policies in {} sets",
            counts.accounts,
            counts.principals,
            counts.resources,
            counts.policies.unwrap_or_default(),
            counts.policy_sets
        );
    }
    if !out.is_empty() {
        complain(printable(out.trim_end()).as_ref());
    }
}

/// How far a load is, on a terminal.
struct Bar {
    is_terminal: bool,
    shown: bool,
}

impl Bar {
    fn new() -> Bar {
        Bar {
            is_terminal: io::stderr().is_terminal(),
            shown: false,
        }
    }

    fn show(&mut self, progress: Progress<'_>) {
        if !self.is_terminal {
            return;
        }
        let (done, all) = progress.files;
        let _ = write!(
            io::stderr(),
            "\r\x1b[Kreading {} ({done} of {all} files, {} users and roles)",
            printable(progress.file),
            progress.principals
        );
        self.shown = true;
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.shown) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

/// Decides requests by a directory.
pub(crate) struct Decider<'d> {
    /// The folder that the directory was read from, to tell places in its files.
    folder: Option<&'d Path>,
    engine: Engine,
    directory: &'d Directory,
    machine: portcullis_directory::Engine,
}

impl<'d> Decider<'d> {
    pub(crate) fn new(engine: Engine, directory: &'d Directory) -> Decider<'d> {
        Decider {
            folder: None,
            engine,
            directory,
            machine: portcullis_directory::Engine::new(),
        }
    }

    /// Tells places in the files of a folder, from which the directory was read.
    pub(crate) fn located_in(self, folder: Option<&'d Path>) -> Decider<'d> {
        Decider { folder, ..self }
    }

    /// Decides one request, with the policies that came with it.
    pub(crate) fn answer<'a>(
        &mut self,
        request: &Request<'a>,
        extra: RequestPolicies<'a>,
        reading: &[Note<'_>],
        arena: &'a Bump,
    ) -> Result<Answer, String>
    where
        'd: 'a,
    {
        let directory = self.directory;
        let completed = directory
            .complete(request, extra, arena)
            .map_err(|refusal| refusal.to_string())?;
        let by_vm = match self.engine {
            Engine::Reference => None,
            _ => {
                let outcome = self.machine.decide(directory, &completed);
                Some(Answer::of(outcome.map_err(|error| error.to_string())?))
            }
        };
        let by_reference = match self.engine {
            Engine::Vm => None,
            _ => {
                let sets = directory
                    .policies(&completed, arena)
                    .ok_or(NEEDS_POLICIES)?;
                let answer = by_reference(&sets, &completed.request);
                Some(match completed.is_undecidable() {
                    true => answer.unless_allowed_by(Layer::Resource),
                    false => answer,
                })
            }
        };
        let mut answer = agreed(by_vm, by_reference)?;
        answer.is_incomplete = directory.is_incomplete() || completed.is_undecidable();
        Ok(answer.with_notes(self.notes(&completed, reading)))
    }

    /// What was guessed or assumed in a question, of which notes were taken in reading its request. What
    /// the directory itself has to say of a question belongs here too.
    fn notes(&self, completed: &CompletedRequest<'_>, reading: &[Note<'_>]) -> Vec<String> {
        let has_endpoint_policy = self.directory.has_layer(completed, Layer::VpcEndpoint);
        let reading = match completed.knows_caller {
            true => &[],
            false => reading,
        };
        let mut notes = request_notes(reading, &completed.request, has_endpoint_policy);
        notes.extend(self.directory.notes(completed));
        notes
    }

    /// Explains one request, and gives it back with what the directory adds to it, where everything
    /// comes from, and what would have to change.
    pub(crate) fn explain<'a>(
        &mut self,
        request: &Request<'a>,
        extra: RequestPolicies<'a>,
        reading: &[Note<'_>],
        arena: &'a Bump,
    ) -> Result<Explained<'a>, Failure>
    where
        'd: 'a,
    {
        self.answer(request, extra.clone(), reading, arena)
            .map_err(Failure::new)?;
        let directory = self.directory;
        let completed = directory.complete(request, extra, arena);
        let completed = completed.map_err(Failure::new)?;
        let explanation = self.machine.explain(directory, &completed);
        let mut explanation = explanation.map_err(Failure::new)?;
        let mut scene = directory
            .provenance(request, &completed)
            .map_err(Failure::new)?;
        let changes = match directory.policies(&completed, arena) {
            Some(sets) => changes(&sets, &completed.request, arena),
            None => Ok(Changes::of_explanation(&explanation, &completed.request)),
        };
        let mut changes = changes.map_err(Failure::new)?;
        if let Some(folder) = self.folder {
            directory.locate(folder, &mut explanation, &mut scene, &mut changes);
        }
        Ok(Explained {
            explanation,
            notes: self.notes(&completed, reading),
            is_incomplete: directory.is_incomplete() || completed.is_undecidable(),
            request: completed.request,
            scene,
            changes,
        })
    }
}

/// All that is told of a decision by a directory.
pub(crate) struct Explained<'a> {
    pub(crate) explanation: Reports,
    /// The request, with what the directory adds to it.
    pub(crate) request: Request<'a>,
    /// Where everything comes from.
    pub(crate) scene: Scene,
    pub(crate) changes: Changes,
    /// What was guessed or assumed.
    pub(crate) notes: Vec<String>,
    /// Something that may change the decision is not there or was not seen.
    pub(crate) is_incomplete: bool,
}

impl Explained<'_> {
    /// The story to be told of it.
    pub(crate) fn story(&self) -> Story<'_> {
        Story {
            explanation: &self.explanation,
            request: &self.request,
            scene: Some(&self.scene),
            changes: Some(&self.changes),
            notes: self.notes.clone(),
            is_incomplete: self.is_incomplete,
        }
    }
}

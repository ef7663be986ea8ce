//! The options that name policies.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use bumpalo::Bump;
use clap::Args;
use portcullis_model::{PolicyKind, Request};
use portcullis_scenario::{Note, Options, is_language, language_policy, policy_text};
use portcullis_source::{Diagnostic, Source, Start};
use portcullis_syntax::policy::ReadOptions;
use portcullis_syntax::{Policy, PolicySets};

use crate::failure::Failure;
use crate::output::{Disk, display_name, printable, read_text};
use crate::scenarios::{each_record, load};

#[derive(Args, Debug)]
#[command(next_help_heading = "Policies")]
pub(crate) struct PolicyArgs {
    /// Policies of the caller
    #[arg(long, value_name = "FILE", num_args = 1..)]
    identity: Vec<PathBuf>,
    /// The caller's permissions boundary
    #[arg(long, value_name = "FILE")]
    boundary: Option<PathBuf>,
    /// Policies passed when the caller's session was made
    #[arg(long, value_name = "FILE", num_args = 1..)]
    session: Option<Vec<PathBuf>>,
    /// The policy of the resource, or the trust policy of the role
    #[arg(long, value_name = "FILE")]
    resource_policy: Option<PathBuf>,
    /// Policies of the VPC endpoint
    #[arg(long, value_name = "FILE", num_args = 1..)]
    vpc_endpoint: Option<Vec<PathBuf>>,
    /// Service control policies of one level; repeat the option for each level, root first
    #[arg(long, value_name = "FILE[,FILE]")]
    scp: Vec<String>,
    /// Resource control policies of one level; repeat the option for each level, root first
    #[arg(long, value_name = "FILE[,FILE]")]
    rcp: Vec<String>,
    /// Take the policies, and the request unless one is given, from a scenario file
    #[arg(long, value_name = "FILE", conflicts_with_all = [
        "identity", "boundary", "session", "resource_policy", "vpc_endpoint", "scp", "rcp"])]
    scenario: Option<PathBuf>,
    /// The scenario, or the request of a scenario, with this name
    #[arg(long, value_name = "NAME", requires = "scenario")]
    case: Option<String>,
}

/// Identity policies and session policies.
pub(crate) type BesideDirectory<'a> = (Option<Vec<Policy<'a>>>, Option<Vec<Policy<'a>>>);

/// Policies with the request that came with them.
pub(crate) struct Selected<'a> {
    pub(crate) sets: PolicySets<'a>,
    pub(crate) request: Option<Request<'a>>,
    /// What was taken for granted in reading the request.
    pub(crate) notes: Vec<Note<'a>>,
}

/// What the policies are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// One request, which the scenario must hold.
    OwnRequest,
    /// One request that is given otherwise.
    GivenRequest,
    /// Any request.
    Compile,
}

impl PolicyArgs {
    /// True if no policy is named at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.identity.is_empty()
            && self.boundary.is_none()
            && self.session.is_none()
            && self.resource_policy.is_none()
            && self.vpc_endpoint.is_none()
            && self.scp.is_empty()
            && self.rcp.is_empty()
            && self.scenario.is_none()
    }

    /// True if the request may come from a scenario.
    pub(crate) fn has_scenario(&self) -> bool {
        self.scenario.is_some()
    }

    /// Sees that no policies are named that the directory has by itself.
    pub(crate) fn check_beside_directory(&self) -> Result<(), Failure> {
        let others = self.boundary.is_some()
            || self.resource_policy.is_some()
            || self.vpc_endpoint.is_some()
            || !self.scp.is_empty()
            || !self.rcp.is_empty()
            || self.scenario.is_some();
        if others {
            let message = "with a directory, only --session and --identity can be given";
            return Err(Failure::new(message));
        }
        Ok(())
    }

    /// The policies that may stand beside a directory: those of a caller whom it does not know, and
    /// those of a session.
    pub(crate) fn beside_directory<'a>(
        &self,
        arena: &'a Bump,
    ) -> Result<BesideDirectory<'a>, Failure> {
        self.check_beside_directory()?;
        let sets = self.load(Purpose::GivenRequest, arena)?.sets;
        let identity = (!self.identity.is_empty()).then_some(sets.identity);
        Ok((identity, sets.session))
    }

    /// Reads the policies.
    pub(crate) fn load<'a>(
        &self,
        purpose: Purpose,
        arena: &'a Bump,
    ) -> Result<Selected<'a>, Failure> {
        if let Some(file) = &self.scenario {
            return select(file, self.case.as_deref(), purpose, arena);
        }
        let mut reader = Reader {
            allow_missing_resource: purpose != Purpose::Compile,
            problems: Vec::new(),
            arena,
        };
        let sets = PolicySets {
            bucket: None,
            identity: reader.list(&self.identity, PolicyKind::Identity)?,
            boundary: match &self.boundary {
                Some(file) => Some(reader.list([file], PolicyKind::Boundary)?),
                None => None,
            },
            session: match &self.session {
                Some(files) => Some(reader.list(files, PolicyKind::Session)?),
                None => None,
            },
            resource: match &self.resource_policy {
                Some(file) => Some(reader.list([file], PolicyKind::Resource)?),
                None => None,
            },
            vpc_endpoint: match &self.vpc_endpoint {
                Some(files) => Some(reader.list(files, PolicyKind::VpcEndpoint)?),
                None => None,
            },
            scps: reader.levels(&self.scp, PolicyKind::Scp)?,
            rcps: reader.levels(&self.rcp, PolicyKind::Rcp)?,
        };
        match reader.problems.is_empty() {
            true => Ok(Selected {
                sets,
                request: None,
                notes: Vec::new(),
            }),
            false => Err(Failure::problems(&reader.problems)),
        }
    }
}

/// Reads policy files of one kind.
pub(crate) fn read_policies<'a>(
    files: impl IntoIterator<Item = impl AsRef<Path>>,
    kind: PolicyKind,
    arena: &'a Bump,
) -> Result<Vec<Policy<'a>>, Failure> {
    let mut reader = Reader {
        allow_missing_resource: true,
        problems: Vec::new(),
        arena,
    };
    let policies = reader.list(files, kind)?;
    match reader.problems.is_empty() {
        true => Ok(policies),
        false => Err(Failure::problems(&reader.problems)),
    }
}

struct Reader<'a> {
    allow_missing_resource: bool,
    problems: Vec<Diagnostic>,
    arena: &'a Bump,
}

impl<'a> Reader<'a> {
    fn list(
        &mut self,
        files: impl IntoIterator<Item = impl AsRef<Path>>,
        kind: PolicyKind,
    ) -> Result<Vec<Policy<'a>>, Failure> {
        let mut policies = Vec::new();
        for file in files {
            policies.extend(self.file(file.as_ref(), kind)?);
        }
        Ok(policies)
    }

    fn levels(
        &mut self,
        levels: &[String],
        kind: PolicyKind,
    ) -> Result<Vec<Vec<Policy<'a>>>, Failure> {
        levels
            .iter()
            .map(|level| self.list(level.split(',').filter(|file| !file.is_empty()), kind))
            .collect()
    }

    fn file(&mut self, path: &Path, kind: PolicyKind) -> Result<Option<Policy<'a>>, Failure> {
        let name = self.arena.alloc_str(&display_name(path));
        let bytes = self.arena.alloc_slice_copy(&read_text(path)?);
        let source = match Source::decode(name, bytes, Start::FILE) {
            Ok(source) => source,
            Err(problem) => {
                self.problems.push(problem.in_policy());
                return Ok(None);
            }
        };
        let options = ReadOptions {
            kind,
            allow_missing_resource: self.allow_missing_resource && kind == PolicyKind::Resource,
        };
        if is_language(path) {
            let (policy, problems) = language_policy(&source, options, None, &Disk, self.arena);
            self.problems.extend(problems);
            return Ok(policy);
        }
        let (policy, problems) = policy_text(options, None, &source, self.arena);
        self.problems.extend(problems);
        Ok(policy)
    }
}

/// Where something that fits the name was found.
struct Place {
    line: usize,
    record: Vec<u8>,
    scenario: usize,
    case: usize,
}

/// Finds the one scenario, or the one request, that a name stands for.
fn select<'a>(
    path: &Path,
    name: Option<&str>,
    purpose: Purpose,
    arena: &'a Bump,
) -> Result<Selected<'a>, Failure> {
    const LISTED: usize = 10;
    let options = Options {
        policies_only: purpose != Purpose::OwnRequest,
        needs_expect: false,
    };
    let mut place: Option<Place> = None;
    let mut found = 0;
    let mut names: Vec<String> = Vec::new();
    let mut broken: Option<Failure> = None;
    each_record(path, options, |loaded| {
        let scenarios = match &loaded.scenarios {
            Ok(scenarios) => scenarios,
            Err(problems) => {
                broken.get_or_insert_with(|| Failure::problems(problems));
                return Ok(());
            }
        };
        for (index, scenario) in scenarios.iter().enumerate() {
            let is_named = |own: Option<&str>| name.is_none() || own == name;
            let cases = || scenario.cases.iter().enumerate();
            let own = is_named(scenario.name);
            let fitting: Vec<usize> = match purpose {
                Purpose::OwnRequest => cases()
                    .filter(|(_, case)| own || is_named(case.name))
                    .map(|(case, _)| case)
                    .collect(),
                _ => Vec::from_iter(
                    (own || cases().any(|(_, case)| is_named(case.name))).then_some(0),
                ),
            };
            // A scenario whose requests cannot be read is found too, so that its problems show.
            let fitting = match scenario.cases.is_empty() && own {
                true => vec![0],
                false => fitting,
            };
            found += fitting.len();
            if let (None, Some(case)) = (&place, fitting.first()) {
                place = Some(Place {
                    line: loaded.source.first_line(),
                    record: loaded.source.text().as_bytes().to_vec(),
                    scenario: index,
                    case: *case,
                });
            }
            let own_names = [scenario.name].into_iter().chain(
                cases()
                    .map(|(_, case)| case.name)
                    .filter(|_| purpose == Purpose::OwnRequest),
            );
            let room = LISTED.saturating_sub(names.len());
            names.extend(
                own_names
                    .flatten()
                    .take(room)
                    .map(|name| printable(name).into_owned()),
            );
        }
        Ok(())
    })?;
    let file = display_name(path);
    let listing = match names.is_empty() {
        true => String::new(),
        false => format!("; the first names are: {}", names.join(", ")),
    };
    let what = match purpose {
        Purpose::OwnRequest => "request",
        _ => "scenario",
    };
    match (place, found, name) {
        (Some(place), 1, _) => load_one(&file, place, purpose, options, arena),
        (None, ..) if broken.is_some() => Err(broken.unwrap_or(Failure::BrokenPipe)),
        (_, 0, None) => Err(Failure::new(format_args!("{file}: no {what} in the file"))),
        (_, 0, Some(name)) => Err(Failure::new(format_args!(
            "{file}: no {what} is called {name:?}{listing}"
        ))),
        (_, many, Some(name)) => Err(Failure::new(format_args!(
            "{file}: {many} {what}s fit the name {name:?}"
        ))),
        (_, many, None) => Err(Failure::new(format_args!(
            "{file}: {many} {what}s in the file, pick one with --case{listing}"
        ))),
    }
}

/// Reads a record again, in a text in which it stands where it stands in the file, so that every
/// position is the file's.
fn load_one<'a>(
    file: &str,
    place: Place,
    purpose: Purpose,
    options: Options,
    arena: &'a Bump,
) -> Result<Selected<'a>, Failure> {
    let mut text = vec![b'\n'; place.line - 1];
    let record = place.record;
    text.extend_from_slice(record.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&record));
    let text: &'a [u8] = arena.alloc_slice_copy(&text);
    let loaded = load(arena.alloc_str(file), text, Start::FILE, options, arena);
    let scenarios = loaded
        .scenarios
        .map_err(|problems| Failure::problems(&problems))?;
    let Some(mut scenario) = scenarios.into_iter().nth(place.scenario) else {
        return Err(Failure::new(format_args!(
            "{file}: the scenario no longer exists"
        )));
    };
    if !scenario.problems.is_empty() {
        return Err(Failure::problems(&scenario.problems));
    }
    let (mut request, mut notes) = (None, Vec::new());
    if purpose == Purpose::OwnRequest && place.case < scenario.cases.len() {
        let case = scenario.cases.swap_remove(place.case);
        if !case.problems.is_empty() {
            return Err(Failure::problems(&case.problems));
        }
        request = case.request;
        notes = case.notes;
    }
    Ok(Selected {
        sets: scenario.policies,
        request,
        notes,
    })
}

/// The problem of a resource policy that leaves `Resource` out where the request does not allow it.
pub(crate) fn check_resource(sets: &PolicySets<'_>, request: &Request<'_>) -> Result<(), Failure> {
    let Some((policy, span)) = portcullis_scenario::missing_resource(sets, request.action) else {
        return Ok(());
    };
    let source: Rc<Source<'_>> = Source::new(policy.file, policy.text);
    let problem = portcullis_scenario::missing_resource_problem(&source, span);
    Err(Failure::problems(&[problem]))
}

//! The policy sets of a scenario.

use std::path::Path;
use std::rc::Rc;

use bumpalo::Bump;
use portcullis_model::{Layer, PolicyKind};
use portcullis_source::json::{self, Member, Node, Value};
use portcullis_source::{Diagnostic, quoted};
use portcullis_syntax::ast::Span;
use portcullis_syntax::forms::{self, Found};
use portcullis_syntax::policy::{ReadOptions, SERVICES_WITHOUT_RESOURCE, read_policy};
use portcullis_syntax::{Bucket, Policy, PolicySets};

use crate::bucket::bucket_arn;
use crate::codes;
use crate::files::{Files, UnreadableError, locate};
use crate::language::{is_language, language_policy, may_be_language};
use portcullis_source::{Reader, present};
use portcullis_source::{Source, Start};

/// Reads `policies`.
pub(crate) fn policy_sets<'a>(
    reader: &mut Reader<'a>,
    node: &Node<'a>,
    files: &dyn Files,
    arena: &'a Bump,
) -> PolicySets<'a> {
    let names = [
        "identity",
        "boundary",
        "session",
        "resource",
        "bucket",
        "vpcEndpoint",
        "scps",
        "rcps",
    ];
    let Some(members) = reader.members(node, "`policies`", names) else {
        return PolicySets::default();
    };
    let [
        identity,
        boundary,
        session,
        resource,
        bucket,
        endpoint,
        scps,
        rcps,
    ] = members.map(present);
    let mut sets = Sets {
        reader,
        files,
        arena,
    };
    let rcps = sets.levels(rcps, PolicyKind::Rcp);
    PolicySets {
        identity: sets
            .list(identity, PolicyKind::Identity)
            .unwrap_or_default(),
        boundary: sets.list_or_one(boundary, PolicyKind::Boundary),
        session: sets.list(session, PolicyKind::Session),
        resource: sets.one(resource, PolicyKind::Resource),
        vpc_endpoint: sets.list_or_one(endpoint, PolicyKind::VpcEndpoint),
        scps: sets.levels(scps, PolicyKind::Scp),
        bucket: sets.bucket(bucket, &rcps),
        rcps,
    }
}

/// Reads a member that is a list of policies, each a document by itself, or in an object that names it
/// or its file. There are all policies only if there are no problems.
pub fn policy_list<'a>(
    member: &'a Member<'a>,
    kind: PolicyKind,
    source: &Rc<Source<'a>>,
    files: &dyn Files,
    arena: &'a Bump,
) -> (Vec<Policy<'a>>, Vec<Diagnostic>) {
    let mut reader = Reader::new(source);
    let mut sets = Sets {
        reader: &mut reader,
        files,
        arena,
    };
    let policies = sets.list(Some(member), kind).unwrap_or_default();
    (policies, reader.problems)
}

struct Sets<'r, 'a> {
    reader: &'r mut Reader<'a>,
    files: &'r dyn Files,
    arena: &'a Bump,
}

impl<'a> Sets<'_, 'a> {
    fn list(
        &mut self,
        member: Option<&'a Member<'a>>,
        kind: PolicyKind,
    ) -> Option<Vec<Policy<'a>>> {
        let member = member?;
        let Some(nodes) = member.value.as_array() else {
            let name = quoted(member.key.value);
            self.reader
                .mismatch(&member.value, &name, "a list of policies");
            return None;
        };
        Some(self.documents(nodes, member.key.value, kind))
    }

    fn documents(
        &mut self,
        nodes: &'a [Node<'a>],
        name: &str,
        kind: PolicyKind,
    ) -> Vec<Policy<'a>> {
        let mut policies = Vec::with_capacity(nodes.len());
        for (index, node) in nodes.iter().enumerate() {
            policies.extend(self.document(node, kind, &format!("{name}[{index}]")));
        }
        policies
    }

    fn one(&mut self, member: Option<&'a Member<'a>>, kind: PolicyKind) -> Option<Vec<Policy<'a>>> {
        let member = member?;
        Some(Vec::from_iter(self.document(
            &member.value,
            kind,
            member.key.value,
        )))
    }

    /// The policy of the bucket behind an access point (`S3-6`), whose name its statements tell. Nothing says that
    /// the bucket is another account's than the access point, so that the same control policies apply.
    fn bucket(
        &mut self,
        member: Option<&'a Member<'a>>,
        rcps: &[Vec<Policy<'a>>],
    ) -> Option<Bucket<'a>> {
        let policy = self.document(&member?.value, PolicyKind::Resource, "bucket")?;
        match bucket_arn(&policy.document, self.arena) {
            Ok(arn) => Some(Bucket {
                arn,
                account: None,
                policy: Some(vec![policy]),
                rcps: rcps.to_vec(),
            }),
            Err((entry, other)) => {
                let message = format!(
                    "expected the policy of one bucket, but {} is not about {}",
                    quoted(entry.value),
                    quoted(other)
                );
                let source = match core::ptr::eq(policy.text, self.reader.source.text()) {
                    true => Rc::clone(&self.reader.source),
                    false => Source::new(policy.file, policy.text),
                };
                let problem = source.error(codes::INVALID_RESOURCE, entry.span, message);
                self.reader.problems.push(problem);
                None
            }
        }
    }

    fn list_or_one(
        &mut self,
        member: Option<&'a Member<'a>>,
        kind: PolicyKind,
    ) -> Option<Vec<Policy<'a>>> {
        match member?.value.value {
            Value::Array(_) => self.list(member, kind),
            _ => self.one(member, kind),
        }
    }

    fn levels(&mut self, member: Option<&'a Member<'a>>, kind: PolicyKind) -> Vec<Vec<Policy<'a>>> {
        let Some(member) = member else {
            return Vec::new();
        };
        let name = member.key.value;
        let wanted = "a list with a list of policies for each level";
        let Some(levels) = member.value.as_array() else {
            self.reader.mismatch(&member.value, &quoted(name), wanted);
            return Vec::new();
        };
        let limit = usize::from(Layer::MAX_LEVELS);
        if levels.len() > limit {
            let message = format!(
                "{} organization levels exceed the maximum of {limit}",
                levels.len()
            );
            self.reader
                .problem(codes::TOO_MANY_LEVELS, member.value.span, message);
            return Vec::new();
        }
        let mut chain = Vec::with_capacity(levels.len());
        for (index, level) in levels.iter().enumerate() {
            let name = format!("{name}[{index}]");
            match level.as_array() {
                Some(nodes) => chain.push(self.documents(nodes, &name, kind)),
                None => self
                    .reader
                    .mismatch(level, &quoted(&name), "a list of policies"),
            }
        }
        chain
    }

    /// A document, alone or in an object that names it.
    fn document(
        &mut self,
        node: &'a Node<'a>,
        kind: PolicyKind,
        place: &str,
    ) -> Option<Policy<'a>> {
        let file = node.get("file");
        // What a command of AWS answers, and what stands in a string, is a document in one of its forms.
        if file.is_none() && node.get("document").is_none() {
            return self.inline(*node, kind, self.arena.alloc_str(place));
        }
        let names = ["name", "document", "file"];
        let [name, document, file] = self.reader.members(node, "a named policy", names)?;
        let name = self.reader.text(name);
        match (document, file) {
            (Some(document), None) => {
                let name = name.unwrap_or_else(|| self.arena.alloc_str(place));
                self.inline(document.value, kind, name)
            }
            (None, Some(file)) => self.of_file(file, kind, name),
            (_, Some(file)) => {
                let message = "a policy has either `document` or `file`, this has both";
                self.reader
                    .problem(codes::CONFLICTING_MEMBERS, file.key.span, message);
                None
            }
            // One of the two is there.
            (None, None) => None,
        }
    }

    fn inline(&mut self, node: Node<'a>, kind: PolicyKind, name: &'a str) -> Option<Policy<'a>> {
        let source = Rc::clone(&self.reader.source);
        self.read(node, kind, name, &source)
    }

    fn read(
        &mut self,
        node: Node<'a>,
        kind: PolicyKind,
        name: &'a str,
        source: &Rc<Source<'a>>,
    ) -> Option<Policy<'a>> {
        let (policy, problems) = policy_document(node, options(kind), name, source, self.arena);
        self.reader.problems.extend(problems);
        policy
    }

    fn of_file(
        &mut self,
        member: &'a Member<'a>,
        kind: PolicyKind,
        name: Option<&'a str>,
    ) -> Option<Policy<'a>> {
        let Some(written) = member.value.as_str() else {
            self.reader.mismatch(&member.value, "`file`", "a string");
            return None;
        };
        let span = member.value.span;
        let from = Path::new(self.reader.source.file());
        let found = locate(from, written, self.files).and_then(|(folder, path)| {
            let bytes = self.files.read(&folder, &path)?;
            Ok((folder.join(path), bytes))
        });
        let (path, bytes) = match found {
            Ok(found) => found,
            Err(why) => {
                let (code, shown) = match why {
                    UnreadableError::Outside => (codes::PATH_OUTSIDE, written.into()),
                    UnreadableError::Because(_) => {
                        (codes::UNREADABLE_FILE, from.with_file_name(written))
                    }
                };
                let message = format!("cannot read {}: {why}", quoted(&shown.to_string_lossy()));
                self.reader.problem(code, span, message);
                return None;
            }
        };
        let file = self.arena.alloc_str(&path.to_string_lossy());
        let source = match Source::decode(file, self.arena.alloc_slice_copy(&bytes), Start::FILE) {
            Ok(source) => source,
            Err(problem) => {
                let problem = (*problem).in_policy().conceal("the text is not UTF-8");
                self.reader.problems.push(problem);
                return None;
            }
        };
        let (policy, problems) = match is_language(&path) {
            true => named_language(&source, options(kind), name, self.files, self.arena),
            false => named_json(&source, options(kind), name, self.arena),
        };
        self.reader.problems.extend(problems);
        policy
    }
}

/// Reads the policy of a JSON file that data names. Only if it may be a policy are its problems told in full: what
/// else it holds is nobody's business.
fn named_json<'a>(
    source: &Rc<Source<'a>>,
    options: ReadOptions,
    name: Option<&'a str>,
    arena: &'a Bump,
) -> (Option<Policy<'a>>, Vec<Diagnostic>) {
    let (policy, problems) = policy_text(options, name, source, arena);
    let node = json::read(source.text(), arena).0;
    let is_policy = node.is_some_and(|node| node.get("Statement").is_some());
    // What is recognized says what it is, and nothing of what it holds.
    let is_recognized = problems.iter().any(|problem| {
        matches!(
            problem.code,
            portcullis_syntax::codes::FOREIGN_DOCUMENT | codes::UNKNOWN_FORM
        )
    });
    if is_policy || problems.is_empty() || is_recognized {
        return (policy, problems);
    }
    let missing = portcullis_syntax::codes::MISSING_STATEMENT;
    let told = problems
        .iter()
        .find(|problem| problem.code == missing)
        .or(problems.first());
    let told = told.map(|problem| {
        let message = match (problem.code, node) {
            (code, _) if code == missing => "the policy has no `Statement`",
            // A character that looks like another is named by its number, whatever stands around it.
            (_, None) if problem.case == json::LOOKALIKE => &problem.message,
            (_, None) => "the file is not JSON",
            (_, Some(_)) => "the file is not a policy document",
        };
        problem.clone().conceal(message)
    });
    (None, told.into_iter().collect())
}

/// The same of a file of the policy language.
fn named_language<'a>(
    source: &Rc<Source<'a>>,
    options: ReadOptions,
    name: Option<&'a str>,
    files: &dyn Files,
    arena: &'a Bump,
) -> (Option<Policy<'a>>, Vec<Diagnostic>) {
    if !may_be_language(source.text()) {
        let problem = source.error(codes::UNSUPPORTED_FILE, Span::default(), "");
        let message = "the file is not in the policy language";
        return (None, vec![problem.in_policy().conceal(message)]);
    }
    language_policy(source, options, name, files, arena)
}

/// A missing `Resource` depends on the request (`GRAM-54`); see [`missing_resource`].
fn options(kind: PolicyKind) -> ReadOptions {
    ReadOptions {
        kind,
        allow_missing_resource: kind == PolicyKind::Resource,
    }
}

/// Reads a policy document from a value, in any of its forms (`IN-1`): see [`forms::find`]. The problems are the errors
/// alone, and there is a policy exactly if there are none.
pub fn policy_document<'a>(
    node: Node<'a>,
    options: ReadOptions,
    name: &'a str,
    source: &Rc<Source<'a>>,
    arena: &'a Bump,
) -> (Option<Policy<'a>>, Vec<Diagnostic>) {
    let found = forms::find(node, source.text(), Some(options.kind), arena);
    found_policy(found, options, Some(name), source, arena)
}

/// Reads the policy document that a text holds in any of its forms (`IN-1`): see [`forms::read`]. It is called as said
/// here, else as its form says, else like the file. The problems are the errors alone, and there is a policy exactly
/// if there are none.
pub fn policy_text<'a>(
    options: ReadOptions,
    name: Option<&'a str>,
    source: &Rc<Source<'a>>,
    arena: &'a Bump,
) -> (Option<Policy<'a>>, Vec<Diagnostic>) {
    let found = forms::read(source.text(), Some(options.kind), arena);
    found_policy(found, options, name, source, arena)
}

fn found_policy<'a>(
    (found, mut diagnostics): (Option<Found<'a>>, Vec<Diagnostic>),
    options: ReadOptions,
    name: Option<&'a str>,
    source: &Rc<Source<'a>>,
    arena: &'a Bump,
) -> (Option<Policy<'a>>, Vec<Diagnostic>) {
    let name = name.or(found.and_then(|found| found.name));
    let document = found.and_then(|found| {
        let (document, more) = read_policy(found.document, options, arena);
        diagnostics.extend(more);
        document
    });
    let is_sound = !diagnostics.iter().any(Diagnostic::is_error);
    let policy = document.filter(|_| is_sound).map(|document| Policy {
        name: name.unwrap_or(source.file()),
        file: source.file(),
        text: source.text(),
        document,
    });
    let problems = diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| source.locate(diagnostic.in_policy()))
        .collect();
    (policy, problems)
}

/// The first statement of the resource policy without `Resource`, if requests for this action may
/// not leave it out: only those of [`SERVICES_WITHOUT_RESOURCE`] may (`GRAM-54`).
pub fn missing_resource<'p, 'a>(
    policies: &'p PolicySets<'a>,
    action: &str,
) -> Option<(&'p Policy<'a>, Span)> {
    let prefix = action.split_once(':').map_or(action, |(prefix, _)| prefix);
    if SERVICES_WITHOUT_RESOURCE
        .iter()
        .any(|own| own.eq_ignore_ascii_case(prefix))
    {
        return None;
    }
    policies.resource.as_deref()?.iter().find_map(|policy| {
        let mut statements = policy.document.statements.iter();
        let statement = statements.find(|statement| statement.resource.is_none())?;
        Some((policy, statement.span))
    })
}

//! The input of a simulation (`SIM-1`, `SIM-2`).

use std::path::Path;

use bumpalo::Bump;
use portcullis_model::{ContextEntry, Layer, PolicyKind, is_account_id, is_resource};
use portcullis_scenario::{codes, policy_document, policy_text};
use portcullis_source::json::{Member, Node, Value};
use portcullis_source::quoted;
use portcullis_source::{Reader, Source, present};
use portcullis_syntax::ast::Span;
use portcullis_syntax::policy::ReadOptions;
use portcullis_syntax::{Policy, PolicySets};

use crate::failure::Failure;
use crate::inputs::{parse, source};

/// What is simulated.
#[derive(Debug, Default)]
pub(crate) struct Input<'a> {
    pub(crate) actions: Vec<&'a str>,
    pub(crate) resources: Vec<&'a str>,
    /// `PolicySourceArn`.
    pub(crate) source: Option<&'a str>,
    /// `CallerArn`.
    pub(crate) caller: Option<&'a str>,
    /// The account of `ResourceOwner`.
    pub(crate) owner: Option<&'a str>,
    pub(crate) context: Vec<ContextEntry<'a>>,
    excluded: Vec<&'a str>,
    identity: Vec<Policy<'a>>,
    boundary: Option<Vec<Policy<'a>>>,
    session: Option<Vec<Policy<'a>>>,
    resource: Option<Vec<Policy<'a>>>,
    scps: Option<Vec<Vec<Policy<'a>>>>,
}

const MEMBERS: [&str; 15] = [
    "PolicySourceArn",
    "PolicyInputList",
    "PermissionsBoundaryPolicyInputList",
    "SessionPolicyInputList",
    "ActionNames",
    "ResourceArns",
    "ResourcePolicy",
    "ResourceOwner",
    "CallerArn",
    "ContextEntries",
    "PolicyExclusionList",
    "OrderedOrganizationPolicyInputList",
    "MaxItems",
    "Marker",
    "ResourceHandlingOption",
];

impl<'a> Input<'a> {
    /// Reads the input from a file.
    pub(crate) fn read(path: &Path, arena: &'a Bump) -> Result<Input<'a>, Failure> {
        let source = source(path, arena)?;
        let node = arena.alloc(parse(&source, arena)?);
        let mut reader = InputReader {
            reader: Reader::new(&source),
            arena,
        };
        let input = reader.input(node);
        match reader.reader.problems.is_empty() {
            true => Ok(input.unwrap_or_default()),
            false => Err(Failure::problems(&reader.reader.problems)),
        }
    }

    /// Leaves out the policies of `PolicyExclusionList`: by name, by ARN, or as answers call them.
    pub(crate) fn exclude(&self, sets: &mut PolicySets<'a>) {
        let is_excluded = |policy: &Policy<'_>| self.excluded.contains(&policy.name);
        sets.identity.retain(|policy| !is_excluded(policy));
        if let Some(boundary) = &mut sets.boundary {
            if boundary.iter().any(is_excluded) {
                sets.boundary = None;
            }
        }
    }

    /// Adds the policies of the input to those of a directory. A boundary or resource policy that is
    /// given stands for the directory's.
    pub(crate) fn add_to(&self, sets: &mut PolicySets<'a>) {
        sets.identity.extend(self.identity.iter().copied());
        sets.boundary = self.boundary.clone().or_else(|| sets.boundary.take());
        sets.session = self.session.clone().or_else(|| sets.session.take());
        sets.resource = self.resource.clone().or_else(|| sets.resource.take());
        if let Some(scps) = &self.scps {
            sets.scps.clone_from(scps);
        }
    }
}

struct InputReader<'a> {
    reader: Reader<'a>,
    arena: &'a Bump,
}

type Optional<'a> = Option<&'a Member<'a>>;

impl<'a> InputReader<'a> {
    /// Everything that is wrong is noted; what is read counts only if nothing is.
    fn input(&mut self, node: &'a Node<'a>) -> Option<Input<'a>> {
        let members = self.reader.members(node, "the input", MEMBERS)?;
        let [
            source,
            identity,
            boundary,
            session,
            actions,
            resources,
            resource,
            owner,
            caller,
            context,
            excluded,
            organization,
            max_items,
            marker,
            handling,
        ] = members;
        // Answers are always whole.
        if let Some(member) = present(max_items) {
            if !matches!(member.value.value, Value::Number(_)) {
                self.reader
                    .mismatch(&member.value, "`MaxItems`", "a number");
            }
        }
        self.reader.text(marker);
        if let Some(member) = present(handling) {
            let message =
                "`ResourceHandlingOption` is not simulated: ask for each resource separately";
            self.reader.problem(
                portcullis_source::codes::UNKNOWN_MEMBER,
                member.key.span,
                message,
            );
        }
        Some(Input {
            actions: self.actions(actions, node),
            resources: self.resources(resources),
            source: self.reader.text(source),
            caller: self.reader.text(caller),
            owner: self.owner(owner),
            context: self.context(context),
            excluded: self.reader.texts(excluded).unwrap_or_default(),
            identity: self
                .policies(identity, PolicyKind::Identity)
                .unwrap_or_default(),
            boundary: self.policies(boundary, PolicyKind::Boundary),
            session: self.policies(session, PolicyKind::Session),
            resource: self.reader.text(resource).and(resource).map(|member| {
                let policy = self.policy(&member.value, "ResourcePolicy", PolicyKind::Resource);
                Vec::from_iter(policy)
            }),
            scps: self.organization(organization),
        })
    }

    fn actions(&mut self, member: Optional<'a>, whole: &Node<'a>) -> Vec<&'a str> {
        let actions = self.reader.texts(member);
        if actions.as_deref().unwrap_or_default().is_empty() {
            let span = member.map_or(whole.span, |member| member.value.span);
            let message = "`ActionNames` lists no action";
            self.reader
                .problem(portcullis_source::codes::MISSING_MEMBER, span, message);
        }
        let is_action = |text: &str| {
            text.split_once(':')
                .is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
        };
        self.each(member, is_action, |reader, node, text| {
            let message = format!(
                "{} is not an action: an action is `prefix:name`",
                quoted(text)
            );
            reader.problem(codes::INVALID_ACTION, node.span, message);
        });
        actions.unwrap_or_default()
    }

    fn resources(&mut self, member: Optional<'a>) -> Vec<&'a str> {
        self.each(member, is_resource, |reader, node, text| {
            let message = format!(
                "{} is not a resource: a resource is an ARN or `*`",
                quoted(text)
            );
            reader.problem(codes::INVALID_RESOURCE, node.span, message);
        });
        let mut resources = self.reader.texts(member).unwrap_or_default();
        if resources.is_empty() {
            resources.push("*");
        }
        resources
    }

    /// Calls back with every text of a list that is not as it must be.
    fn each(
        &mut self,
        member: Optional<'a>,
        is_right: impl Fn(&str) -> bool,
        mut wrong: impl FnMut(&mut Reader<'a>, &Node<'a>, &str),
    ) {
        let elements = present(member).and_then(|member| member.value.as_array());
        for element in elements.unwrap_or_default() {
            if let Some(text) = element.as_str().filter(|text| !is_right(text)) {
                wrong(&mut self.reader, element, text);
            }
        }
    }

    fn owner(&mut self, member: Optional<'a>) -> Option<&'a str> {
        let text = self.reader.text(member)?;
        // An account, or the ARN of its root user.
        let account = match text.starts_with("arn:") {
            true => text.split(':').nth(4).unwrap_or_default(),
            false => text,
        };
        if !is_account_id(account) {
            let message = format!("`ResourceOwner` {} is not an account", quoted(text));
            let span = member.map_or_else(Span::default, |member| member.value.span);
            self.reader.problem(codes::INVALID_ACCOUNT, span, message);
        }
        Some(account)
    }

    /// A list of documents, called `List.1` and so on (`SIM-14`).
    fn policies(&mut self, list: Optional<'a>, kind: PolicyKind) -> Option<Vec<Policy<'a>>> {
        self.reader.texts(list)?;
        let name = list.map_or("", |member| member.key.value);
        Some(self.documents(list, name, kind))
    }

    /// The documents of a list whose elements that are not strings have been reported.
    fn documents(&mut self, list: Optional<'a>, name: &str, kind: PolicyKind) -> Vec<Policy<'a>> {
        let elements = present(list).and_then(|member| member.value.as_array());
        let elements = elements.unwrap_or_default();
        let mut policies = Vec::with_capacity(elements.len());
        for (index, element) in elements.iter().enumerate() {
            policies.extend(self.policy(element, &format!("{name}.{}", index + 1), kind));
        }
        policies
    }

    /// The policy in a string, whose places are those of its own text (`SIM-14`). What is wrong with it is told at its
    /// place in the file.
    fn policy(&mut self, node: &Node<'a>, name: &str, kind: PolicyKind) -> Option<Policy<'a>> {
        let text = node.as_str()?;
        let name: &'a str = self.arena.alloc_str(name);
        let source = Source::new(name, text);
        let options = ReadOptions {
            kind,
            allow_missing_resource: kind == PolicyKind::Resource,
        };
        let (policy, problems) = policy_text(options, Some(name), &source, self.arena);
        if policy.is_none() {
            let file = &self.reader.source;
            let (_, in_file) = policy_document(*node, options, name, file, self.arena);
            let all = if in_file.is_empty() {
                problems
            } else {
                in_file
            };
            self.reader.problems.extend(all);
        }
        policy
    }

    /// `OrderedOrganizationPolicyInputList`: levels, root first.
    fn organization(&mut self, member: Optional<'a>) -> Option<Vec<Vec<Policy<'a>>>> {
        const INNER: &str = "ServiceControlPolicyInputList";
        let levels = self.reader.list(member, "a list of levels")?;
        let list = member?;
        if levels.len() > usize::from(Layer::MAX_LEVELS) {
            let most = Layer::MAX_LEVELS;
            let message = format!("{} has more than {most} levels", list.key.value);
            self.reader
                .problem(codes::TOO_MANY_LEVELS, list.value.span, message);
            return None;
        }
        let mut chain = Vec::with_capacity(levels.len());
        for (level, own) in levels.iter().enumerate() {
            let Some([texts]) = self.reader.members(own, "a level", [INNER]) else {
                continue;
            };
            self.reader.texts(texts);
            let name = format!("{}.{}.{INNER}", list.key.value, level + 1);
            chain.push(self.documents(texts, &name, PolicyKind::Scp));
        }
        Some(chain)
    }

    /// `ContextEntries`.
    fn context(&mut self, member: Optional<'a>) -> Vec<ContextEntry<'a>> {
        let entries = self.reader.list(member, "a list of objects");
        let entries = entries.unwrap_or_default().iter();
        entries.filter_map(|entry| self.entry(entry)).collect()
    }

    fn entry(&mut self, entry: &'a Node<'a>) -> Option<ContextEntry<'a>> {
        const TYPES: [&str; 6] = ["string", "numeric", "boolean", "ip", "binary", "date"];
        let names = ["ContextKeyName", "ContextKeyValues", "ContextKeyType"];
        let [key, values, kind] = self.reader.members(entry, "a context entry", names)?;
        let key = self.reader.required(
            present(key),
            entry.span,
            "the context entry",
            "ContextKeyName",
        );
        let key = self.reader.text(key)?;
        let values = self.reader.texts(values).unwrap_or_default();
        let written = self.reader.text(kind);
        let span = kind.map_or(entry.span, |member| member.value.span);
        let kind = written.unwrap_or("stringList");
        let one = kind.strip_suffix("List").unwrap_or(kind);
        if !TYPES.contains(&one) {
            let message = format!("{} is not a `ContextKeyType`", quoted(kind));
            self.reader
                .problem(codes::INVALID_CONTEXT_VALUE, span, message);
        }
        if one == kind && values.len() > 1 {
            let message = format!(
                "{} has several values, and its type is not `{kind}List`",
                quoted(key)
            );
            self.reader
                .problem(codes::INVALID_CONTEXT_VALUE, span, message);
        }
        Some(ContextEntry {
            key,
            values: self.arena.alloc_slice_copy(&values),
        })
    }
}

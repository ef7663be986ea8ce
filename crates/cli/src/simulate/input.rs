//! The input of a simulation (`SIM-1`, `SIM-2`).

use std::path::Path;

use bumpalo::Bump;
use portcullis_model::{ContextEntry, Layer, PolicyKind, is_account_id};
use portcullis_scenario::{Problem, Source, policy_document};
use portcullis_syntax::json;
use portcullis_syntax::policy::ReadOptions;
use portcullis_syntax::{Policy, PolicySets};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::output::{display_name, read};

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
        let name = display_name(path);
        let fail = |message: String| Failure::new(format_args!("{name}: {message}"));
        let value: Value =
            serde_json::from_slice(&read(path)?).map_err(|error| fail(error.to_string()))?;
        let Some(object) = value.as_object() else {
            return Err(fail("the input must be a JSON object".to_string()));
        };
        if let Some(unknown) = object.keys().find(|key| !MEMBERS.contains(&key.as_str())) {
            return Err(fail(format!("the input has no member `{unknown}`")));
        }
        if object
            .get("ResourceHandlingOption")
            .is_some_and(|own| !own.is_null())
        {
            let message =
                "ResourceHandlingOption is not simulated: ask for each resource by itself";
            return Err(fail(message.to_string()));
        }
        let mut reader = Reader {
            object,
            arena,
            problems: Vec::new(),
        };
        let input = reader.input().map_err(fail)?;
        match reader.problems.is_empty() {
            true => Ok(input),
            false => Err(Failure::problems(&reader.problems)),
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

struct Reader<'r, 'a> {
    object: &'r Map<String, Value>,
    arena: &'a Bump,
    problems: Vec<Problem<'a>>,
}

impl<'a> Reader<'_, 'a> {
    fn input(&mut self) -> Result<Input<'a>, String> {
        let actions = self.texts("ActionNames")?;
        if actions.is_empty() {
            return Err("ActionNames names no action".to_string());
        }
        let is_action = |text: &&str| {
            text.split_once(':')
                .is_some_and(|(prefix, name)| !prefix.is_empty() && !name.is_empty())
        };
        if let Some(wrong) = actions.iter().find(|text| !is_action(text)) {
            return Err(format!("`{wrong}` is no action: an action is prefix:name"));
        }
        let mut resources = self.texts("ResourceArns")?;
        if resources.is_empty() {
            resources.push("*");
        }
        let is_resource = |text: &&&str| **text == "*" || text.starts_with("arn:");
        if let Some(wrong) = resources.iter().find(|text| !is_resource(text)) {
            return Err(format!(
                "`{wrong}` is no resource: a resource is an ARN, or `*`"
            ));
        }
        let owner = match self.text("ResourceOwner")? {
            None => None,
            Some(text) => {
                // An account, or the ARN of its root user.
                let account = match text.starts_with("arn:") {
                    true => text.split(':').nth(4).unwrap_or_default(),
                    false => text,
                };
                if !is_account_id(account) {
                    return Err(format!("ResourceOwner `{text}` is no account"));
                }
                Some(account)
            }
        };
        let boundary = self.policies("PermissionsBoundaryPolicyInputList", PolicyKind::Boundary)?;
        let session = self.policies("SessionPolicyInputList", PolicyKind::Session)?;
        let identity = self.policies("PolicyInputList", PolicyKind::Identity)?;
        let resource = match self.text("ResourcePolicy")? {
            None => None,
            Some(text) => {
                let policy = self.policy(text, "ResourcePolicy", PolicyKind::Resource);
                Some(Vec::from_iter(policy))
            }
        };
        Ok(Input {
            actions,
            resources,
            source: self.text("PolicySourceArn")?,
            caller: self.text("CallerArn")?,
            owner,
            context: self.context()?,
            excluded: self.texts("PolicyExclusionList")?,
            identity: identity.unwrap_or_default(),
            boundary,
            session,
            resource,
            scps: self.organization()?,
        })
    }

    fn member(&self, name: &str) -> Option<&Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.member(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(self.arena.alloc_str(text))),
            Some(_) => Err(format!("{name} must be a string")),
        }
    }

    fn texts(&self, name: &str) -> Result<Vec<&'a str>, String> {
        match self.member(name) {
            None => Ok(Vec::new()),
            Some(value) => self.texts_of(value, name),
        }
    }

    fn texts_of(&self, value: &Value, name: &str) -> Result<Vec<&'a str>, String> {
        let wrong = || format!("{name} must be a list of strings");
        let list = value.as_array().ok_or_else(wrong)?;
        list.iter()
            .map(|value| {
                let text = value.as_str().ok_or_else(wrong)?;
                Ok(&*self.arena.alloc_str(text))
            })
            .collect()
    }

    /// A list of documents, called `List.1` and so on (`SIM-14`).
    fn policies(
        &mut self,
        list: &str,
        kind: PolicyKind,
    ) -> Result<Option<Vec<Policy<'a>>>, String> {
        if self.member(list).is_none() {
            return Ok(None);
        }
        let texts = self.texts(list)?;
        let mut policies = Vec::with_capacity(texts.len());
        for (index, text) in texts.into_iter().enumerate() {
            let name = format!("{list}.{}", index + 1);
            policies.extend(self.policy(text, &name, kind));
        }
        Ok(Some(policies))
    }

    fn policy(&mut self, text: &'a str, name: &str, kind: PolicyKind) -> Option<Policy<'a>> {
        let name: &'a str = self.arena.alloc_str(name);
        let source = Source::new(name, text);
        let options = ReadOptions {
            kind,
            allow_missing_resource: kind == PolicyKind::Resource,
        };
        let node = match json::parse(text, self.arena) {
            Ok(node) => node,
            Err(found) => {
                let found = found.into_iter();
                self.problems
                    .extend(found.map(|found| Problem::of_policy(&source, found)));
                return None;
            }
        };
        let (policy, problems) = policy_document(node, options, name, &source, self.arena);
        self.problems.extend(problems);
        policy
    }

    /// `OrderedOrganizationPolicyInputList`: levels, root first.
    fn organization(&mut self) -> Result<Option<Vec<Vec<Policy<'a>>>>, String> {
        const LIST: &str = "OrderedOrganizationPolicyInputList";
        const INNER: &str = "ServiceControlPolicyInputList";
        let Some(levels) = self.member(LIST) else {
            return Ok(None);
        };
        let levels = levels.as_array().cloned();
        let levels = levels.ok_or_else(|| format!("{LIST} must be a list of levels"))?;
        if levels.len() > usize::from(Layer::MAX_LEVELS) {
            return Err(format!("{LIST} has more than {} levels", Layer::MAX_LEVELS));
        }
        let mut chain = Vec::with_capacity(levels.len());
        for (level, own) in levels.iter().enumerate() {
            let texts = match own.get(INNER).filter(|value| !value.is_null()) {
                Some(list) => self.texts_of(list, INNER)?,
                None => Vec::new(),
            };
            let mut policies = Vec::with_capacity(texts.len());
            for (index, text) in texts.into_iter().enumerate() {
                let name = format!("{LIST}.{}.{INNER}.{}", level + 1, index + 1);
                policies.extend(self.policy(text, &name, PolicyKind::Scp));
            }
            chain.push(policies);
        }
        Ok(Some(chain))
    }

    /// `ContextEntries`.
    fn context(&self) -> Result<Vec<ContextEntry<'a>>, String> {
        const TYPES: [&str; 6] = ["string", "numeric", "boolean", "ip", "binary", "date"];
        let Some(entries) = self.member("ContextEntries") else {
            return Ok(Vec::new());
        };
        let wrong = || "ContextEntries must be a list of objects".to_string();
        let mut context = Vec::new();
        for entry in entries.as_array().ok_or_else(wrong)? {
            let key = entry.get("ContextKeyName").and_then(Value::as_str);
            let key = key.ok_or("a context entry has no ContextKeyName")?;
            let values = match entry.get("ContextKeyValues") {
                Some(values) => self.texts_of(values, "ContextKeyValues")?,
                None => Vec::new(),
            };
            let kind = entry.get("ContextKeyType").and_then(Value::as_str);
            let kind = kind.unwrap_or("stringList");
            let one = kind.strip_suffix("List").unwrap_or(kind);
            if !TYPES.contains(&one) {
                return Err(format!("`{kind}` is no ContextKeyType"));
            }
            if one == kind && values.len() > 1 {
                return Err(format!(
                    "`{key}` has several values, and its type is not `{kind}List`"
                ));
            }
            context.push(ContextEntry {
                key: self.arena.alloc_str(key),
                values: self.arena.alloc_slice_copy(&values),
            });
        }
        Ok(context)
    }
}

//! Members of objects, and where they stand.

use portcullis_model::PolicyKind;
use portcullis_source::json::{Node, Value};

pub(crate) use crate::arn::{account_number, arn_of};
use crate::codes;
use crate::load::loader::{Loader, Record};
pub(crate) use crate::load::path::JsonPath;
use crate::load::path::Location;
use crate::store::documents::{Invalid, undress};
use crate::store::ids::{PolicyId, Symbol};
use bumpalo::Bump;
pub(crate) use portcullis_source::field as present;
use portcullis_source::{Diagnostic, Severity, list, text};
use portcullis_syntax::forms;
use portcullis_syntax::policy::{ReadOptions, read_policy};

impl Loader {
    /// An element or member of the wrong type.
    pub(crate) fn mismatch(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        wanted: &str,
    ) {
        let owner = at.name();
        self.invalid(record, at, Diagnostic::mismatch(&owner, wanted, node));
    }

    /// A value that is not what it must be.
    fn invalid(&mut self, record: &Record<'_, '_>, at: JsonPath<'_>, mut problem: Diagnostic) {
        problem.code = codes::INVALID_MEMBER;
        problem.path = Some(at.steps()).filter(|path| !path.is_empty());
        self.errors.push(record.source.locate(problem));
    }

    /// A member that is a text; null counts as absent.
    pub(crate) fn optional_str<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'a>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Option<&'a str> {
        let member = present(node, name)?;
        let at = at.member(name);
        text(&at.name(), member)
            .map_err(|problem| self.invalid(record, at, *problem))
            .ok()
    }

    /// A member that must be there and be a text.
    pub(crate) fn required_str<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'a>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Option<&'a str> {
        if present(node, name).is_none() {
            let message = format!("has no `{name}`");
            self.error(record.at(node, at), codes::MISSING_MEMBER, message);
            return None;
        }
        self.optional_str(record, node, at, name)
    }

    /// A member that is a list; none is an empty one.
    pub(crate) fn list<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'a>,
        at: JsonPath<'_>,
        name: &str,
    ) -> &'a [Node<'a>] {
        let Some(member) = present(node, name) else {
            return &[];
        };
        let at = at.member(name);
        list(&at.name(), "a list", member)
            .map_err(|problem| self.invalid(record, at, *problem))
            .unwrap_or_default()
    }

    /// A member that is a list of texts.
    pub(crate) fn string_list(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Vec<Symbol> {
        let mut names = Vec::new();
        let at = at.member(name);
        let Some(member) = present(node, name) else {
            return names;
        };
        let elements = match list(&at.name(), "a list of strings", member) {
            Ok(elements) => elements,
            Err(problem) => {
                self.invalid(record, at, *problem);
                return names;
            }
        };
        for (index, element) in elements.iter().enumerate() {
            let at = at.index(index);
            match text(&at.name(), element) {
                Ok(text) => names.push(self.strings.intern(text)),
                Err(problem) => self.invalid(record, at, *problem),
            }
        }
        names
    }

    /// Tags: a list of `{"Key", "Value"}`, or an object.
    pub(crate) fn tags(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Vec<(Symbol, Symbol)> {
        let Some(member) = present(node, name) else {
            return Vec::new();
        };
        let at = at.member(name);
        match member.value {
            Value::Object(_) => self.pairs(record, member, at),
            Value::Array(elements) => {
                let mut tags = Vec::with_capacity(elements.len());
                for (index, element) in elements.iter().enumerate() {
                    let at = at.index(index);
                    let (key, value) = match element.get("Key").is_some() {
                        true => ("Key", "Value"),
                        false => ("key", "value"),
                    };
                    let key = self.required_str(record, element, at, key);
                    let value = self.required_str(record, element, at, value);
                    if let (Some(key), Some(value)) = (key, value) {
                        tags.push((self.strings.intern(key), self.strings.intern(value)));
                    }
                }
                tags
            }
            _ => {
                self.mismatch(record, member, at, "a list or an object");
                Vec::new()
            }
        }
    }

    /// An object of texts.
    pub(crate) fn pairs(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
    ) -> Vec<(Symbol, Symbol)> {
        let Some(members) = node.as_object() else {
            self.mismatch(record, node, at, "an object");
            return Vec::new();
        };
        let mut pairs = Vec::with_capacity(members.len());
        for member in members {
            match member.value.as_str() {
                Some(value) => {
                    let key = self.strings.intern(member.key.value);
                    pairs.push((key, self.strings.intern(value)));
                }
                None => {
                    let at = at.member(member.key.value);
                    self.mismatch(record, &member.value, at, "a string");
                }
            }
        }
        pairs
    }

    /// A text that is an account.
    pub(crate) fn account(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Option<u64> {
        let text = self.optional_str(record, node, at, name)?;
        let account = account_number(text);
        if account.is_none() {
            let message = format!("`{text}` is not an account: an account is 12 digits");
            let at = at.member(name);
            let node = node.get(name).unwrap_or(node);
            self.error(record.at(node, at), codes::INVALID_MEMBER, message);
        }
        account
    }

    /// Stores a document without reading it as a policy yet.
    pub(crate) fn document(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Option<PolicyId> {
        let stored = self.stored(record, node, at, name);
        stored.map_err(|problem| self.errors.push(*problem)).ok()
    }

    fn stored(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Result<PolicyId, Box<Diagnostic>> {
        self.consumed.insert(node.span.start);
        match undress(node, record.source.text()) {
            Ok(text) => {
                let name = self.strings.intern(name);
                let strings = &mut self.strings;
                let location = || strings.intern(&record.reference(at));
                Ok(self.documents.add(name, location, &text))
            }
            Err(message) => {
                let at = record.at(node, at);
                Err(Box::new(at.diagnostic(
                    Severity::Error,
                    codes::INVALID_POLICY,
                    message,
                )))
            }
        }
    }

    /// Stores a document and sees that it is a policy of a type. Resource policies may leave out
    /// `Resource` unless the reading is strict (`GRAM-54`).
    pub(crate) fn policy(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
        kind: PolicyKind,
        strict: bool,
    ) -> Option<PolicyId> {
        let policy = self.checked(record, node, at, name, (kind, strict));
        policy.map_err(|problem| self.errors.push(*problem)).ok()
    }

    /// The policy of a resource. One that cannot be read is missing: if that is allowed, it makes the resource
    /// undecidable, and nothing else (`GRAM-54`).
    pub(crate) fn policy_of_resource(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
        strict: bool,
    ) -> Option<PolicyId> {
        let policy = self.checked(record, node, at, name, (PolicyKind::Resource, strict));
        policy
            .map_err(|problem| self.report.missing.push(*problem))
            .ok()
    }

    fn checked(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
        (kind, strict): (PolicyKind, bool),
    ) -> Result<PolicyId, Box<Diagnostic>> {
        let id = self.stored(record, node, at, name)?;
        let Some(invalid) = self.documents.check(id, kind, strict) else {
            return Ok(id);
        };
        Err(Box::new(invalid_policy(
            record,
            node,
            at,
            (kind, strict),
            invalid,
        )))
    }
}

/// The problem of a document: its place is that in the file, whatever string the document stands in (`IN-2`).
fn invalid_policy(
    record: &Record<'_, '_>,
    node: &Node<'_>,
    at: JsonPath<'_>,
    (kind, strict): (PolicyKind, bool),
    invalid: Invalid,
) -> Diagnostic {
    let arena = Bump::new();
    let options = ReadOptions {
        kind,
        allow_missing_resource: !strict,
    };
    let (found, mut diagnostics) = forms::find(*node, record.source.text(), Some(kind), &arena);
    if let Some(found) = found {
        diagnostics.extend(read_policy(found.document, options, &arena).1);
    }
    let location = diagnostics
        .iter()
        .find(|one| one.is_error())
        .map(|error| record.source.place(error.span));
    let location = match location {
        Some(location) => Location::new(location, at.steps()),
        None => record.at(node, at),
    };
    location
        .diagnostic(
            Severity::Error,
            codes::INVALID_POLICY,
            invalid.message(kind),
        )
        .with_note(invalid.position())
        .with_help_if(invalid.help)
        .in_policy()
}

/// A name without what is easily mistaken: letter case, separators, the ending of a plural.
pub(crate) fn normalized(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.strip_suffix('s').unwrap_or(&name).to_string(),
    }
}

/// Whether an answer says that there is more of it (`IN-5`). What says neither yes nor no counts as yes.
pub(crate) fn has_next_page(node: &Node<'_>) -> bool {
    let says = |name, no: fn(&Value<'_>) -> bool| {
        let value = node.get(name).map(|more| more.value);
        value.is_some_and(|value| !matches!(value, Value::Null) && !no(&value))
    };
    says("IsTruncated", |value| matches!(value, Value::Bool(false)))
        || ["NextToken", "nextToken"]
            .into_iter()
            .any(|name| says(name, |value| matches!(value, Value::String(""))))
}

//! Members of objects, and policy documents in them, each with its location if it is wrong.
//!
//! Every reader gets at members through here, so that types are checked in one way and a wrong one
//! is always reported. `null` counts as absent, as AWS's tools write it for what is not set.
//!
//! A node borrows the arena of its record and not the loader, so that strings that are found can be
//! interned in the same expression.

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
    /// Reports an element or member of the wrong type.
    pub(crate) fn mismatch(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        wanted: &str,
    ) {
        let owner = at.name().to_string();
        self.invalid(record, at, Diagnostic::mismatch(&owner, wanted, node));
    }

    /// Reports a value with a problem that the source crate found, under the code of this crate.
    fn invalid(&mut self, record: &Record<'_, '_>, at: JsonPath<'_>, mut problem: Diagnostic) {
        problem.code = codes::INVALID_MEMBER;
        problem.path = Some(at.steps()).filter(|path| !path.is_empty());
        self.errors.push(record.source.locate(problem));
    }

    /// A member that is a string if it is there.
    pub(crate) fn optional_str<'a>(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'a>,
        at: JsonPath<'_>,
        name: &str,
    ) -> Option<&'a str> {
        let member = present(node, name)?;
        let at = at.member(name);
        text(at.name(), member)
            .map_err(|problem| self.invalid(record, at, *problem))
            .ok()
    }

    /// A member that must be there and be a string; reported if it is not.
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

    /// A member that is a list; empty if it is absent. One that is not a list is reported and
    /// counts as empty.
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
        list(at.name(), "a list", member)
            .map_err(|problem| self.invalid(record, at, *problem))
            .unwrap_or_default()
    }

    /// A member that is a list of strings. Those that are not strings are reported, the others are
    /// kept.
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
        let elements = match list(at.name(), "a list of strings", member) {
            Ok(elements) => elements,
            Err(problem) => {
                self.invalid(record, at, *problem);
                return names;
            }
        };
        for (index, element) in elements.iter().enumerate() {
            let at = at.index(index);
            match text(at.name(), element) {
                Ok(text) => names.push(self.strings.intern(text)),
                Err(problem) => self.invalid(record, at, *problem),
            }
        }
        names
    }

    /// Tags: a list of `{"Key", "Value"}`, in either spelling, or an object as our own lines have
    /// it. Names are kept as they are spelled: tags differ by case where they are stored, though
    /// condition keys do not (`COND-40`).
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

    /// An object whose members are strings.
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

    /// A string that is the number of an account.
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

    /// Stores a document without reading it as a policy: nothing may refer to it, and then it need
    /// not be one.
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

    /// Stores the text of a document, without the forms that AWS's tools put around it (`IN-1`).
    /// The node is consumed even if this fails, so that one problem is reported once.
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
                Ok(self.documents.add(name, record.reference(at), &text))
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

    /// Stores a document and checks that it is a policy of a type. `strict` is for types that have
    /// to say their resources; trust policies and a few services leave `Resource` out (`GRAM-54`).
    /// None if it is invalid, which is an error.
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

    /// The policy of a resource. One that cannot be read counts as missing: if missing parts are
    /// allowed, it makes this resource undecidable and no other (`GRAM-54`).
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

    /// Stores and checks. Equal texts are checked once for each type, however many principals have
    /// them.
    fn checked(
        &mut self,
        record: &Record<'_, '_>,
        node: &Node<'_>,
        at: JsonPath<'_>,
        name: &str,
        (kind, strict): (PolicyKind, bool),
    ) -> Result<PolicyId, Box<Diagnostic>> {
        let id = self.stored(record, node, at, name)?;
        let is_read = || record.sound.binary_search(&node.span.start).is_ok();
        if (kind, strict) == (PolicyKind::Identity, true) && is_read() {
            return Ok(id);
        }
        // An object is the document itself; a string holds one, or its percent-encoding.
        let tree = (record.is_plain && node.as_object().is_some()).then_some(*node);
        let invalid = self.documents.check(id, tree, kind, strict, &self.scratch);
        self.scratch.reset();
        let Some(invalid) = invalid else {
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

/// The problem of a document, at its position in the file, whatever string the document stands in
/// (`IN-2`). Reads the document a second time: positions are worked out for documents with a
/// problem, which are few.
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

/// A name without letter case, separators, and the ending of a plural: what is easily mistaken. For
/// telling a misspelled member from one that has nothing to do with us.
pub(crate) fn normalized(name: &str) -> String {
    let name = name.to_ascii_lowercase().replace(['_', '-'], "");
    match name.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => name.strip_suffix('s').unwrap_or(&name).to_string(),
    }
}

/// Whether an answer says that there is more of it (`IN-5`). A value that says neither yes nor no
/// counts as yes, since a page that is missing may deny.
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

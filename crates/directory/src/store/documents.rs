//! The policies of a directory: documents that are stored once, and parsed again when they are
//! compiled.
//!
//! A document is checked when it is loaded and then kept as text. Its tree is several times as
//! large and is needed twice in the life of a directory: for compiling, and for explanations. Equal
//! documents are one policy and equal sets are one set, however many principals have them; most
//! principals have those of another.
//!
//! Documents are gone after an update or in an opened file; images hold what decisions need.

use std::fmt::{self, Write};

use bumpalo::Bump;
use portcullis_model::{Layer, PolicyKind};
use portcullis_source::LineIndex;
use portcullis_source::hash::{Map, Set};
use portcullis_source::json::Node;
use portcullis_syntax::ast::Document;
pub(crate) use portcullis_syntax::forms::undress;
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_plain_policy};
use portcullis_syntax::{Policy, PolicySets, api_of, with_apis};

use crate::store::ids::{PolicyId, SetsId, Symbol};
use crate::store::provenance::Attachments;
use crate::store::strings::StringTable;
use crate::store::texts::{DocumentTexts, TextId};

/// The policies of some layers. Within a layer they are sorted and there once, so that equal sets
/// compare equal.
pub(crate) type Sets = Vec<(Layer, Vec<PolicyId>)>;

/// A policy: its document under a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct StoredPolicy {
    /// What explanations call it: the name of an inline policy, or an ARN.
    name: Symbol,
    /// `file:line#/path` of the document, behind it among the texts; none unless explanations are
    /// wanted.
    reference: TextId,
    /// The document, among the texts.
    text: TextId,
}

/// All policies, as texts. Loading adds to it; afterwards it is read only.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// The text of each document, once, and where documents are. A path for each inline policy would be
    /// a tenth of a file if it stood among the strings of the directory; an image has its own copy.
    texts: DocumentTexts,
    /// By id. Policies of equal name and text are one, unless explanations tell them apart by where
    /// they are from.
    policies: Vec<StoredPolicy>,
    /// While loading.
    by_content: Map<StoredPolicy, PolicyId>,
    /// Texts that were read without error, as policies of which type. Strict and lenient reading
    /// differ in what they accept. While loading.
    sound: Set<(TextId, PolicyKind, bool)>,
    /// Policy sets by id.
    sets: Vec<Sets>,
    /// The reference that was made last: its memory serves for the next. While loading.
    reference: String,
    /// The id of each set, while loading.
    by_sets: Map<Sets, SetsId>,
    /// How policies came to apply, if explanations are wanted.
    pub(crate) attachments: Option<Attachments>,
}

/// Why a document cannot be used: the first error in it. The others would be more of the same
/// mostly, and the document is mended and read again anyway; `check` shows all.
pub(crate) struct Invalid {
    /// Line in the document's own text, from 1 (`IN-2`).
    pub(crate) line: usize,
    /// In code points, from 1.
    pub(crate) column: usize,
    /// As the reader of policies puts it.
    pub(crate) message: String,
    /// The code of the problem, as `check` prints it.
    pub(crate) code: &'static str,
    /// How to repair it, if the reader knows.
    pub(crate) help: Option<String>,
}

impl Invalid {
    /// The problem as a sentence about a policy of this type.
    pub(crate) fn message(&self, kind: PolicyKind) -> String {
        let Invalid { message, code, .. } = self;
        format!("the {kind} policy is invalid: {message} ({code})")
    }

    /// The position in the document by itself, for a note beside the position in the file.
    pub(crate) fn position(&self) -> String {
        let Invalid { line, column, .. } = self;
        format!("this is line {line}, column {column} of the document by itself")
    }
}

impl Documents {
    /// Stores a document under a name. Equal documents of one name are one policy, unless
    /// explanations are wanted: these say where the policy is that applies to this caller, so that
    /// equal ones at two places have to be two. `reference` is displayed only then: formatting it
    /// costs more than finding the document.
    pub(crate) fn add(
        &mut self,
        name: Symbol,
        reference: impl fmt::Display,
        text: &str,
    ) -> PolicyId {
        let text = self.texts.intern(text);
        let next = PolicyId::at(self.policies.len());
        let reference = match self.attachments {
            Some(_) => {
                self.reference.clear();
                // A string takes everything.
                write!(self.reference, "{reference}").unwrap_or(());
                self.texts.intern_reference(&self.reference)
            }
            None => TextId::NONE,
        };
        let policy = StoredPolicy {
            name,
            reference,
            text,
        };
        *self.by_content.entry(policy).or_insert_with(|| {
            self.policies.push(policy);
            next
        })
    }

    /// Reads a document as one of a type, unless that was done before. None if it has no error. A
    /// document with one is never used, not even in part (`GRAM-12`).
    ///
    /// `tree` is the document in the tree of its record, if the record's text is plain. The text is
    /// parsed once more only without it, or if there is something to say of its positions.
    pub(crate) fn check(
        &mut self,
        id: PolicyId,
        tree: Option<Node<'_>>,
        kind: PolicyKind,
        strict: bool,
        arena: &Bump,
    ) -> Option<Invalid> {
        let key = (self.entry(id).text, kind, strict);
        if self.sound.contains(&key) {
            return None;
        }
        let options = ReadOptions {
            kind,
            allow_missing_resource: !strict,
        };
        let read = tree.and_then(|tree| read_plain_policy(tree, options, arena).0);
        if read.is_some() {
            self.sound.insert(key);
            return None;
        }
        let text = self.texts.get(key.0);
        let (document, diagnostics) = parse_policy(text, options, arena);
        if document.is_some() {
            self.sound.insert(key);
            return None;
        }
        // Warnings come first sometimes, and a document with warnings alone is fine.
        let error = diagnostics.into_iter().find(|found| found.is_error());
        let invalid = error.map(|error| {
            let (line, column) = LineIndex::new(text).position(error.span.start);
            Invalid {
                line,
                column,
                message: error.message,
                code: error.code.as_str(),
                help: error.help,
            }
        });
        Some(invalid.unwrap_or(Invalid {
            line: 1,
            column: 1,
            message: "the document cannot be read".to_string(),
            code: "INVALID_POLICY",
            help: None,
        }))
    }

    /// True if two documents mean the same as policies of a type: the same statements, however they
    /// are spelled. Documents from two files are compared so, since tools print them with other
    /// white space and order of members.
    pub(crate) fn are_equal(&self, one: PolicyId, other: PolicyId, kind: PolicyKind) -> bool {
        let (one, other) = (self.entry(one).text, self.entry(other).text);
        let options = ReadOptions {
            kind,
            allow_missing_resource: true,
        };
        let arena = Bump::new();
        let read = |text| parse_policy(self.texts.get(text), options, &arena).0;
        one == other || read(one).is_some_and(|one| read(other) == Some(one))
    }

    /// A policy by id; one without name and text if there is none.
    fn entry(&self, id: PolicyId) -> StoredPolicy {
        let none = StoredPolicy {
            name: Symbol::NONE,
            reference: TextId::NONE,
            text: TextId::NONE,
        };
        self.policies.get(id.index()).copied().unwrap_or(none)
    }

    /// The id of these sets: the same for equal ones, whatever the order of their policies.
    pub(crate) fn intern_sets(&mut self, mut sets: Sets) -> SetsId {
        for (_, policies) in &mut sets {
            policies.sort_unstable();
            policies.dedup();
        }
        let next = SetsId::at(self.sets.len());
        match self.by_sets.get(&sets) {
            Some(found) => *found,
            None => {
                self.sets.push(sets.clone());
                self.by_sets.insert(sets, next);
                next
            }
        }
    }

    /// Sets by number.
    pub(crate) fn sets(&self, id: SetsId) -> &[(Layer, Vec<PolicyId>)] {
        self.sets.get(id.index()).map_or(&[], Vec::as_slice)
    }

    /// All sets, in the order of their numbers.
    pub(crate) fn all_sets(&self) -> &[Sets] {
        &self.sets
    }

    /// How many different policies there are.
    pub(crate) fn policy_count(&self) -> usize {
        self.policies.len()
    }

    /// The document of a policy. Documents are numbered in the order in which they were first read.
    pub(crate) fn text_of(&self, id: PolicyId) -> TextId {
        self.entry(id).text
    }

    /// Frees the documents that were read before this one, as far as whole blocks of them go. They
    /// read as invalid afterwards, so that nobody can take one for an empty policy.
    pub(crate) fn let_go_before(&mut self, text: TextId) {
        self.texts.let_go_before(text);
    }

    /// Drops what only loading needs: maps from contents to ids, which are larger than what they
    /// lead to.
    pub(crate) fn finish(&mut self) {
        self.texts.finish();
        self.by_content = Map::default();
        self.sound = Set::default();
        self.by_sets = Map::default();
        self.reference = String::new();
    }

    /// Adds the policies of sets to those of a decision. None if one of them cannot be read. For
    /// evaluators that read documents: each is parsed for this one request.
    pub(crate) fn add_to<'a>(
        &'a self,
        id: SetsId,
        strings: &'a StringTable,
        sets: &mut PolicySets<'a>,
        arena: &'a Bump,
    ) -> Option<()> {
        for (layer, policies) in self.sets(id) {
            let read = policies
                .iter()
                .map(|id| self.read(*id, (*layer).into(), strings, arena))
                .collect::<Option<Vec<_>>>()?;
            let set = match layer {
                Layer::Identity => Some(&mut sets.identity),
                Layer::Boundary => Some(sets.boundary.get_or_insert_default()),
                Layer::Session => Some(sets.session.get_or_insert_default()),
                Layer::Resource => Some(sets.resource.get_or_insert_default()),
                Layer::VpcEndpoint => Some(sets.vpc_endpoint.get_or_insert_default()),
                Layer::Scp(level) => level_of(&mut sets.scps, *level),
                Layer::Rcp(level) => level_of(&mut sets.rcps, *level),
            };
            if let Some(set) = set {
                set.extend(read);
            }
        }
        Some(())
    }

    /// The text of the policy with a reference. Looks at all policies: explanations ask for a few.
    pub(crate) fn text_at(&self, reference: &str) -> Option<&str> {
        let mut all = self.policies.iter();
        let entry = all.find(|entry| self.texts.get(entry.reference) == reference)?;
        Some(self.texts.get(entry.text))
    }

    /// A policy's name.
    pub(crate) fn name(&self, id: PolicyId) -> Symbol {
        self.entry(id).name
    }

    /// Where a policy is from: `file:line#/path`; empty unless explanations are wanted.
    pub(crate) fn reference(&self, id: PolicyId) -> &str {
        self.texts.get(self.entry(id).reference)
    }

    /// Parses a policy. None if it cannot be read, which [`Documents::check`] made sure of when it
    /// was loaded. Takes time linear in the document, each time.
    pub(crate) fn read<'a>(
        &'a self,
        id: PolicyId,
        kind: PolicyKind,
        strings: &'a StringTable,
        arena: &'a Bump,
    ) -> Option<Policy<'a>> {
        let document = self.parse(self.text_of(id), kind, arena)?;
        Some(self.named(id, document, strings, arena))
    }

    /// Parses a document as a policy of a type, for all policies that have it. None if it is
    /// invalid, or was let go.
    pub(crate) fn parse<'a>(
        &'a self,
        text: TextId,
        kind: PolicyKind,
        arena: &'a Bump,
    ) -> Option<Document<'a>> {
        let options = ReadOptions {
            kind,
            allow_missing_resource: kind == PolicyKind::Resource,
        };
        parse_policy(self.texts.get(text), options, arena).0
    }

    /// The policy with this id, of its document. The policy of an API is called like the API, whose
    /// entries in the short form are then written out.
    pub(crate) fn named<'a>(
        &'a self,
        id: PolicyId,
        document: Document<'a>,
        strings: &'a StringTable,
        arena: &'a Bump,
    ) -> Policy<'a> {
        let entry = self.entry(id);
        let name = strings.get(entry.name);
        Policy {
            name,
            file: self.texts.get(entry.reference),
            text: self.texts.get(entry.text),
            document: match api_of(name) {
                Some(api) => with_apis(document, &[api], arena),
                None => document,
            },
        }
    }
}

/// The policies of one level of a chain, which then has at least as many levels. A level that stays
/// empty allows nothing, as it must.
fn level_of<'s, 'a>(
    chain: &'s mut Vec<Vec<Policy<'a>>>,
    level: u8,
) -> Option<&'s mut Vec<Policy<'a>>> {
    let index = usize::from(level);
    if chain.len() <= index {
        chain.resize_with(index + 1, Vec::new);
    }
    chain.get_mut(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_source::json;
    use std::borrow::Cow;

    fn undressed(json: &str) -> Result<String, String> {
        let arena = Bump::new();
        let node = json::parse(json, &arena).unwrap();
        undress(&node, json).map(Cow::into_owned)
    }

    #[test]
    fn in_1_documents_are_undressed() {
        assert_eq!(undressed(r#" {"a": "%41+"} "#).unwrap(), r#"{"a": "%41+"}"#);
        assert_eq!(undressed(r#""{\"a\": 1}""#).unwrap(), r#"{"a": 1}"#);
        assert_eq!(
            undressed(r#""%7B%22a%22%3a%20%22b+%C3%A9%22%7D""#).unwrap(),
            r#"{"a": "b+é"}"#
        );
        assert_eq!(undressed(r#""\"{\\\"a\\\":1}\"""#).unwrap(), r#"{"a":1}"#);
        assert!(undressed(r#""%7B%2""#).is_err());
        assert!(undressed(r#""%7B%ff%7D""#).is_err());
        assert!(undressed("[1]").is_err());
        assert!(undressed("null").is_err());
    }
}

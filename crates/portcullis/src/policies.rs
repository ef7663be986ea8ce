//! Policies by layer, and their compilation.

use std::fmt;

use bumpalo::Bump;
use portcullis_compile::{CompileError, Options, compile};
use portcullis_image::Image;
use portcullis_model::{Layer, PolicyKind};
use portcullis_syntax::ast::Document;
use portcullis_syntax::diag::{Diagnostic, render};
use portcullis_syntax::forms;
use portcullis_syntax::policy::{ReadOptions, parse_policy, read_policy};
use portcullis_syntax::{Policy, PolicySets};

/// Policy documents by the layer that they take part in.
///
/// A layer without a call is absent and does not limit; [`PolicySet::present`] makes a layer present
/// without a document, which then allows nothing (`EVAL-4`).
#[derive(Clone, Debug, Default)]
pub struct PolicySet {
    documents: Vec<Entry>,
    present: Vec<Layer>,
}

#[derive(Clone, Debug)]
struct Entry {
    layer: Layer,
    kind: PolicyKind,
    name: String,
    text: String,
}

impl PolicySet {
    /// No policies.
    pub fn new() -> PolicySet {
        PolicySet::default()
    }

    /// Adds an identity policy: the caller's own, a group's, a managed one.
    #[must_use]
    pub fn identity(self, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Identity, PolicyKind::Identity, name, json)
    }

    /// Adds the caller's permissions boundary.
    #[must_use]
    pub fn boundary(self, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Boundary, PolicyKind::Boundary, name, json)
    }

    /// Adds a session policy.
    #[must_use]
    pub fn session(self, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Session, PolicyKind::Session, name, json)
    }

    /// Adds the policy of the target: a bucket's, queue's, key's and so on.
    #[must_use]
    pub fn resource(self, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Resource, PolicyKind::Resource, name, json)
    }

    /// Adds the trust policy of the target role, for `sts:AssumeRole` and its like.
    #[must_use]
    pub fn trust(self, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Resource, PolicyKind::Trust, name, json)
    }

    /// Adds the policy of the VPC endpoint that requests come through.
    #[must_use]
    pub fn vpc_endpoint(self, name: &str, json: &str) -> PolicySet {
        self.with(Layer::VpcEndpoint, PolicyKind::VpcEndpoint, name, json)
    }

    /// Adds a service control policy at a level of the caller's account, 0 for the root.
    #[must_use]
    pub fn scp(self, level: u8, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Scp(level), PolicyKind::Scp, name, json)
    }

    /// Adds a resource control policy at a level of the resource's account, 0 for the root.
    #[must_use]
    pub fn rcp(self, level: u8, name: &str, json: &str) -> PolicySet {
        self.with(Layer::Rcp(level), PolicyKind::Rcp, name, json)
    }

    /// Makes a layer present even if it has no document.
    #[must_use]
    pub fn present(mut self, layer: Layer) -> PolicySet {
        self.present.push(layer);
        self
    }

    fn with(mut self, layer: Layer, kind: PolicyKind, name: &str, text: &str) -> PolicySet {
        self.documents.push(Entry {
            layer,
            kind,
            name: name.into(),
            text: text.into(),
        });
        self
    }

    /// Reads all documents and compiles them.
    ///
    /// # Errors
    /// [`PolicyErrors`] with every problem of every document. There is no image of some documents
    /// only.
    pub fn compile(&self) -> Result<Image<Vec<u8>>, PolicyErrors> {
        let arena = Bump::new();
        let mut sets = PolicySets::default();
        let mut problems = String::new();
        for layer in &self.present {
            set_of(&mut sets, *layer);
        }
        for entry in &self.documents {
            let options = ReadOptions::new(entry.kind);
            let (document, diagnostics) = read_document(&entry.text, options, &arena);
            match document {
                Some(document) => set_of(&mut sets, entry.layer).push(Policy {
                    name: &entry.name,
                    file: "",
                    text: &entry.text,
                    document,
                }),
                None => {
                    let errors: Vec<_> = diagnostics
                        .into_iter()
                        .filter(|problem| problem.is_error())
                        .collect();
                    problems += &render(&errors, &entry.name, &entry.text, false);
                }
            }
        }
        if !problems.is_empty() {
            return Err(PolicyErrors(problems));
        }
        let bytes = compile(&sets, Options::default()).map_err(PolicyErrors::from)?;
        Image::from_bytes(bytes).map_err(|error| PolicyErrors(error.to_string()))
    }
}

/// Reads a document as it mostly is, and otherwise in the forms in which AWS's commands give it (`IN-1`).
fn read_document<'a>(
    text: &'a str,
    options: ReadOptions,
    arena: &'a Bump,
) -> (Option<Document<'a>>, Vec<Diagnostic>) {
    // The plain way keeps no tree, of which many documents would make a lot.
    if let (Some(document), diagnostics) = parse_policy(text, options, arena) {
        return (Some(document), diagnostics);
    }
    let (found, mut diagnostics) = forms::read(text, Some(options.kind), arena);
    let document = found.and_then(|found| {
        let (document, more) = read_policy(found.document, options, arena);
        diagnostics.extend(more);
        document
    });
    let is_sound = !diagnostics.iter().any(Diagnostic::is_error);
    (document.filter(|_| is_sound), diagnostics)
}

/// The set of a layer, made present.
fn set_of<'s, 'a>(sets: &'s mut PolicySets<'a>, layer: Layer) -> &'s mut Vec<Policy<'a>> {
    let level = |chain: &'s mut Vec<Vec<Policy<'a>>>, level: u8| {
        let level = usize::from(level);
        if chain.len() <= level {
            chain.resize_with(level + 1, Vec::new);
        }
        &mut chain[level]
    };
    match layer {
        Layer::Identity => &mut sets.identity,
        Layer::Boundary => sets.boundary.get_or_insert_default(),
        Layer::Session => sets.session.get_or_insert_default(),
        Layer::Resource => sets.resource.get_or_insert_default(),
        Layer::VpcEndpoint => sets.vpc_endpoint.get_or_insert_default(),
        Layer::Scp(number) => level(&mut sets.scps, number),
        Layer::Rcp(number) => level(&mut sets.rcps, number),
    }
}

/// Why policies do not compile: every problem, rendered with its place and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyErrors(String);

impl fmt::Display for PolicyErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.trim_end())
    }
}

impl std::error::Error for PolicyErrors {}

impl From<CompileError> for PolicyErrors {
    fn from(error: CompileError) -> PolicyErrors {
        PolicyErrors(error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::PolicySet;
    use crate::{Authorizer, CallSite, Image, Layer, Principal, Query, ResolvedPrincipal, Scratch};

    #[test]
    fn what_is_shared_between_threads_can_be() {
        fn shared<T: Send + Sync + 'static>() {}
        fn sent<T: Send + 'static>() {}
        shared::<Authorizer>();
        shared::<Image<Vec<u8>>>();
        shared::<CallSite>();
        shared::<ResolvedPrincipal>();
        shared::<Query<'_>>();
        sent::<Scratch>();
    }

    #[test]
    fn eval_4_present_without_a_document_allows_nothing() {
        let everything = r#"{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
        let decide = |set: PolicySet| {
            let authorizer = Authorizer::new([set.compile().unwrap()]);
            let user = Principal::from_arn("arn:aws:iam::111122223333:user/ann").unwrap();
            authorizer.decide(&Query::new(&user, "s3:GetObject", "arn:aws:s3:::b/k"))
        };
        let set = PolicySet::new().identity("all", everything);
        assert!(decide(set.clone()).is_allow());
        for layer in [Layer::Boundary, Layer::VpcEndpoint, Layer::Scp(0)] {
            let outcome = decide(set.clone().present(layer));
            assert_eq!(outcome.layers().collect::<Vec<_>>(), [layer]);
        }
        assert!(decide(set.present(Layer::Resource)).is_allow());
    }
}

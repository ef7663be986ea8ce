//! Policies by layer, and their compilation.

use std::fmt;

use bumpalo::Bump;
use portcullis_compile::{CompileError, Options, compile};
use portcullis_explain::Changes;
use portcullis_image::Image;
use portcullis_model::{Layer, PolicyKind};
use portcullis_source::{Code, Diagnostic, Source, Span};
use portcullis_syntax::ast::Document;
use portcullis_syntax::forms;
use portcullis_syntax::policy::{ReadOptions, check_policy, parse_policy, read_policy};
use portcullis_syntax::{Policy, PolicySets};

use crate::{Authorizer, Explanation, Query};

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
    content: Content,
}

/// Where a document is.
#[derive(Clone, Debug)]
enum Content {
    Text(String),
    #[cfg(feature = "files")]
    File(std::path::PathBuf),
}

impl Content {
    /// The text, unless it is in a file.
    fn text(&self) -> Option<&str> {
        match self {
            Content::Text(text) => Some(text),
            #[cfg(feature = "files")]
            Content::File(_) => None,
        }
    }
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
            content: Content::Text(text.into()),
        });
        self
    }

    /// Adds the policy that a file holds: a document in any form in which AWS's commands give it, or, if the file's name
    /// ends in `.iam`, one of the policy language, with what it imports from the folder of the file and below. The file is
    /// read when the set is compiled; one that cannot be is a problem like any other.
    ///
    /// ```
    /// # use portcullis::{Layer, PolicySet};
    /// let errors = PolicySet::new().file(Layer::Identity, "nowhere.iam").compile().unwrap_err();
    /// assert_eq!(errors.problems()[0].code, "UNREADABLE_FILE");
    /// ```
    #[cfg(feature = "files")]
    #[must_use]
    pub fn file(mut self, layer: Layer, path: impl Into<std::path::PathBuf>) -> PolicySet {
        let path = path.into();
        self.documents.push(Entry {
            layer,
            kind: layer.into(),
            name: path.to_string_lossy().into_owned(),
            content: Content::File(path),
        });
        self
    }

    /// The same with the trust policy of the target role.
    #[cfg(feature = "files")]
    #[must_use]
    pub fn trust_file(self, path: impl Into<std::path::PathBuf>) -> PolicySet {
        let mut set = self.file(Layer::Resource, path);
        if let Some(own) = set.documents.last_mut() {
            own.kind = PolicyKind::Trust;
        }
        set
    }

    /// Reads all documents and compiles them. Warnings do not keep documents from being used: [`PolicySet::check`].
    ///
    /// # Errors
    /// [`PolicySetError`] with every problem of every document. There is no image of some documents
    /// only.
    pub fn compile(&self) -> Result<Image<Vec<u8>>, PolicySetError> {
        let arena = Bump::new();
        compiled(&self.read(&arena)?)
    }

    /// Explains a request that these policies alone decide, with what would have to change for it to be allowed: that is
    /// tried, one policy set after the other, until it is. Compiles the policies some ten times.
    ///
    /// # Errors
    /// [`PolicySetError`] as [`PolicySet::compile`].
    pub fn explain(&self, query: &Query<'_>) -> Result<Explanation, PolicySetError> {
        let arena = Bump::new();
        let sets = self.read(&arena)?;
        let explained =
            |sets: &PolicySets<'_>| Ok(Authorizer::new([compiled(sets)?]).explain(query));
        let explanation = explained(&sets)?;
        let changes = explanation.asked(|request| {
            let mut again = |sets: &PolicySets<'_>| Ok(explained(sets)?.into());
            Changes::of_policies(&sets, request, &arena, &mut again)
        })?;
        Ok(explanation.with_changes(changes))
    }

    /// All documents, read into an arena.
    fn read<'a>(&'a self, arena: &'a Bump) -> Result<PolicySets<'a>, PolicySetError> {
        let mut sets = PolicySets::default();
        let mut problems = Vec::new();
        for layer in &self.present {
            set_of(&mut sets, *layer);
        }
        for entry in &self.documents {
            match entry.policy(arena) {
                Ok(policy) => set_of(&mut sets, entry.layer).push(policy),
                Err(found) => problems.extend(found),
            }
        }
        match problems.is_empty() {
            true => Ok(sets),
            false => Err(PolicySetError(problems)),
        }
    }

    /// Everything that can be said of the documents: what keeps them from being used, and what probably does not do
    /// what was meant. By document, in the order in which they were added.
    ///
    /// ```
    /// # use portcullis::PolicySet;
    /// let set = PolicySet::new().identity("typo", r#"{"Version": "2012-10-17",
    ///     "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::${aws:usrname}/*"}}"#);
    /// let problems = set.check();
    /// assert!(set.compile().is_ok() && problems.iter().all(|problem| !problem.is_error()));
    /// assert_eq!((problems[0].file(), problems[0].position().0), ("typo", 2));
    /// ```
    pub fn check(&self) -> Vec<Diagnostic> {
        let mut problems = Vec::new();
        for entry in &self.documents {
            let arena = Bump::new();
            let options = ReadOptions::new(entry.kind);
            let Some(text) = entry.content.text() else {
                // Of files the errors are told; advice is for documents.
                problems.extend(entry.policy(&arena).err().unwrap_or_default());
                continue;
            };
            let (found, mut diagnostics) = forms::read(text, Some(options.kind), &arena);
            if let Some(found) = found {
                diagnostics.extend(check_policy(found.document, options, &arena).1);
            }
            let source = Source::new(&entry.name, text);
            let located = diagnostics.into_iter().map(|one| source.locate(one));
            problems.extend(located.map(Diagnostic::in_policy));
        }
        problems
    }
}

impl Entry {
    /// The policy, or its problems.
    fn policy<'a>(&'a self, arena: &'a Bump) -> Result<Policy<'a>, Vec<Diagnostic>> {
        let options = ReadOptions::new(self.kind);
        match &self.content {
            Content::Text(text) => {
                let (document, diagnostics) = read_document(text, options, arena);
                let policy = document.map(|document| Policy {
                    name: &self.name,
                    file: "",
                    text,
                    document,
                });
                policy.ok_or_else(|| {
                    let source = Source::new(&self.name, text);
                    let errors = diagnostics.into_iter().filter(Diagnostic::is_error);
                    let located = errors.map(|one| source.locate(one));
                    located.map(Diagnostic::in_policy).collect()
                })
            }
            #[cfg(feature = "files")]
            Content::File(path) => crate::files::policy(path, options, arena),
        }
    }
}

/// Compiles policies to an image.
fn compiled(sets: &PolicySets<'_>) -> Result<Image<Vec<u8>>, PolicySetError> {
    let whole = |code, error: &dyn fmt::Display| {
        let problem = Diagnostic::error(Code::new(code), Span::default(), error.to_string());
        PolicySetError(vec![problem])
    };
    let bytes = compile(sets, Options::default()).map_err(|error| match error {
        CompileError::TooManyLevels { .. } => whole("TOO_MANY_LEVELS", &error),
        CompileError::TooLarge => whole("TOO_LARGE", &error),
        // No set that is read here has one.
        CompileError::Bucket => whole("BUCKET", &error),
    })?;
    Image::from_bytes(bytes).map_err(|error| whole("INVALID_IMAGE", &error))
}

/// Reads a document as it mostly is, and otherwise in the forms in which AWS's commands give it (`IN-1`).
pub(crate) fn read_document<'a>(
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

/// Why policies do not compile: every problem of every document.
///
/// ```
/// # use portcullis::PolicySet;
/// let errors = PolicySet::new()
///     .identity("first", r#"{"Statement": {"Effect": "Deny", "Action": "s3:*", "Resorce": "*"}}"#)
///     .identity("second", "{")
///     .compile()
///     .unwrap_err();
/// let places = errors.problems().iter().map(|problem| (problem.file(), problem.position().0));
/// assert_eq!(places.collect::<Vec<_>>(), [("first", 1), ("second", 1)]);
/// assert!(errors.problems().iter().any(|problem| problem.help.is_some()));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PolicySetError(Vec<Diagnostic>);

impl PolicySetError {
    /// The problems, of which there is at least one, by document in the order in which they were added.
    pub fn problems(&self) -> &[Diagnostic] {
        &self.0
    }
}

impl fmt::Display for PolicySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, problem) in self.0.iter().enumerate() {
            let between = if place == 0 { "" } else { "\n\n" };
            write!(f, "{between}{problem:#}")?;
        }
        Ok(())
    }
}

/// As [`Display`](fmt::Display): it is what a program shows that ends with this error.
impl fmt::Debug for PolicySetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PolicySetError {}

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

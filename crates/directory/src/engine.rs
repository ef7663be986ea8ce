//! From policy sets to a decision: the one place that knows how the policies of a directory are
//! compiled and stacked.
//!
//! All policies are one image, in which each is a part; a decision names the parts that take part and
//! the layers that they stand for there. The first part has no policy: it stands for sets that are
//! present and empty.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bumpalo::Bump;
use portcullis_compile::{CompileError, Options, Part, compile, compile_parts};
use portcullis_image::{Id, Image, LayerSet, View};
use portcullis_model::{ActionError, Layer, PolicyKind, Request};
use portcullis_syntax::PolicySets;
use portcullis_vm::{Explanation, ImageIdx, Outcome, PartOf, Plan, Ready};

use crate::Directory;
use crate::check::Scratch;
use crate::compiled::Compiled;
use crate::deed::RecentDeeds;
use crate::documents::{Documents, PolicyId, SetsId, kind_of};
use crate::model::{Run, Tables};
use crate::resolve::{BucketQuestion, Question};

/// Why a question cannot be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// The policies are no image.
    NoImage(CompileError),
    /// The question, or the number of the principal, is of another directory, or of this one before
    /// [`Directory::update`]. Its numbers mean something else here: ask for it again.
    Foreign,
    /// A text that is no action of a request (`GRAM-18`): patterns that allow would match what those that deny do not.
    NoAction(ActionError),
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EngineError::NoImage(error) => error.fmt(f),
            EngineError::Foreign => f.write_str(
                "what was resolved is of another directory, or of this one before an update",
            ),
            EngineError::NoAction(error) => write!(f, "the action is none: {error}"),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<CompileError> for EngineError {
    fn from(error: CompileError) -> EngineError {
        EngineError::NoImage(error)
    }
}

/// The parts of the image: which policy each is, read as which type.
type Parts = HashMap<(PolicyId, PolicyKind), (u32, u32)>;

/// The policies of a directory.
#[derive(Debug)]
pub(crate) struct Store {
    /// As documents; none if the directory was opened as one file.
    documents: Option<Box<Documents>>,
    /// As an image, made when it is first asked for.
    image: OnceLock<Result<Compiled, CompileError>>,
    options: Options,
    /// See [`Store::id`].
    id: u64,
}

impl Store {
    /// A store of documents. Their sets become rows of the tables.
    pub(crate) fn new(documents: Documents, tables: &mut Tables, debug: bool) -> Store {
        let parts = parts_of(&documents);
        for sets in documents.all_sets() {
            let start = tables.uses.len() as u32;
            for (layer, policies) in sets {
                let mask = LayerSet::of(*layer).bits();
                let numbers = policies
                    .iter()
                    .filter_map(|policy| parts.get(&(*policy, kind_of(*layer))));
                tables.uses.extend(numbers.map(|(part, _)| (mask, *part)));
                if policies.is_empty() {
                    tables.uses.push((mask, EMPTY));
                }
            }
            let count = tables.uses.len() as u32 - start;
            tables.sets.push(Run { start, count });
        }
        Store {
            documents: Some(Box::new(documents)),
            image: OnceLock::new(),
            options: options(debug),
            id: new_id(),
        }
    }

    /// A store of images alone.
    pub(crate) fn of_images(images: Vec<Image<Vec<u8>>>, tables: &Tables, debug: bool) -> Store {
        let id = new_id();
        Store {
            documents: None,
            image: OnceLock::from(Ok(Compiled::new(images, tables, id))),
            options: options(debug),
            id,
        }
    }

    /// A number that no other directory of this process has, nor this one before an update. What is resolved by
    /// a directory keeps it.
    pub(crate) fn id(&self) -> u64 {
        self.id
    }

    /// Adds the images of changes, which the tables have taken in.
    pub(crate) fn add(
        &mut self,
        images: Vec<Image<Vec<u8>>>,
        tables: &Tables,
        origins: &[u32],
        debug: bool,
    ) {
        self.id = new_id();
        let id = self.id;
        if let Some(compiled) = self.compiled_mut() {
            compiled.add(images, tables, Some(origins), id);
        }
        // The images hold what the documents do not.
        self.documents = None;
        self.options.debug = debug;
    }

    /// What decisions need, if it was made.
    pub(crate) fn compiled_mut(&mut self) -> Option<&mut Compiled> {
        self.image.get_mut()?.as_mut().ok()
    }

    /// The images alone.
    pub(crate) fn into_images(self, tables: &Tables) -> Result<Vec<Image<Vec<u8>>>, EngineError> {
        self.compiled(tables)?;
        match self.image.into_inner() {
            Some(made) => Ok(made?.into_images()),
            None => Ok(Vec::new()),
        }
    }

    /// The documents, if the store has them.
    pub(crate) fn documents(&self) -> Option<&Documents> {
        self.documents.as_deref()
    }

    /// True if the image has what explanations print.
    pub(crate) fn has_debug(&self) -> bool {
        self.options.debug
    }

    /// The image of all policies.
    pub(crate) fn compiled(&self, tables: &Tables) -> Result<&Compiled, EngineError> {
        let made = self.image.get_or_init(|| {
            let documents = self.documents.as_deref();
            let none = Documents::default();
            let image = image_of_all(documents.unwrap_or(&none), tables, self.options)?;
            Ok(Compiled::new(vec![image], tables, self.id))
        });
        made.as_ref().map_err(|error| EngineError::from(*error))
    }
}

fn new_id() -> u64 {
    static MADE: AtomicU64 = AtomicU64::new(1);
    MADE.fetch_add(1, Ordering::Relaxed)
}

/// The number of the part without policies.
const EMPTY: u32 = 0;

fn options(debug: bool) -> Options {
    Options {
        debug,
        ..Options::default()
    }
}

/// Numbers the policies that take part anywhere, in the order of the sets, with all layers that each
/// stands for.
fn parts_of(documents: &Documents) -> Parts {
    let mut parts = Parts::new();
    for (layer, policies) in documents.all_sets().iter().flatten() {
        for policy in policies {
            let next = parts.len() as u32 + EMPTY + 1;
            let (_, layers) = parts.entry((*policy, kind_of(*layer))).or_insert((next, 0));
            *layers |= LayerSet::of(*layer).bits();
        }
    }
    parts
}

fn image_of_all(
    documents: &Documents,
    tables: &Tables,
    options: Options,
) -> Result<Image<Vec<u8>>, CompileError> {
    let arena = Bump::new();
    let mut parts: Vec<((PolicyId, PolicyKind), (u32, u32))> =
        parts_of(documents).into_iter().collect();
    parts.sort_unstable_by_key(|(_, (number, _))| *number);
    // All were read before. Should that ever fail, there is no image rather than one without a Deny.
    let policies = parts
        .iter()
        .map(|((policy, kind), _)| documents.read(*policy, *kind, &tables.texts, &arena))
        .collect::<Option<Vec<_>>>()
        .ok_or(CompileError::TooLarge)?;
    let all_layers = parts.iter().fold(0, |all, (_, (_, layers))| all | layers);
    let empty = Part {
        layers: LayerSet::from_bits(
            all_layers | tables.uses.iter().fold(0, |all, (layers, _)| all | layers),
        ),
        policies: &[],
    };
    let rest = parts
        .iter()
        .zip(&policies)
        .map(|((_, (_, layers)), own)| Part {
            layers: LayerSet::from_bits(*layers),
            policies: std::slice::from_ref(own),
        });
    let bytes = compile_parts(std::iter::once(empty).chain(rest), options)?;
    checked(bytes)
}

/// The compiler makes what the validator accepts.
fn checked(bytes: Vec<u8>) -> Result<Image<Vec<u8>>, CompileError> {
    Image::from_bytes(bytes).map_err(|_| CompileError::TooLarge)
}

/// Decides questions, and keeps its memory from one to the next. One for each thread.
#[derive(Debug, Default)]
pub struct Engine {
    pub(crate) scratch: Scratch,
    pub(crate) recent: RecentDeeds,
}

impl Engine {
    /// An engine.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Decides a question of a directory.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold, or if the question is another directory's.
    pub fn decide(
        &mut self,
        directory: &Directory,
        question: &Question<'_>,
    ) -> Result<Outcome, EngineError> {
        let compiled = own_compiled(directory, question)?;
        let own = own_image(question, directory.store.has_debug())?;
        let stack = Stack::of(&directory.tables, compiled, own.as_ref());
        Ok(stack.decide(&mut self.scratch.requests, question))
    }

    /// Explains a question of a directory. Of an access point's bucket the explanation has what decides there
    /// behind what decides about the access point.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn explain(
        &mut self,
        directory: &Directory,
        question: &Question<'_>,
    ) -> Result<Explanation, EngineError> {
        let compiled = own_compiled(directory, question)?;
        let own = own_image(question, directory.store.has_debug())?;
        let stack = Stack::of(&directory.tables, compiled, own.as_ref());
        Ok(stack.explain(&mut self.scratch.requests, question))
    }
}

/// What decisions need, unless the question is one of another directory, or of this one before it changed.
fn own_compiled<'d>(
    directory: &'d Directory,
    question: &Question<'_>,
) -> Result<&'d Compiled, EngineError> {
    let compiled = directory.store.compiled(&directory.tables)?;
    match question.of == compiled.id() {
        true => Ok(compiled),
        false => Err(EngineError::Foreign),
    }
}

/// The memory of decisions.
#[derive(Debug, Default)]
pub(crate) struct Requests {
    /// For the resource that is asked for.
    pub(crate) own: portcullis_vm::Scratch,
    /// For the bucket behind an access point.
    behind: portcullis_vm::Scratch,
}

/// The images of a directory, with that of the policies that came with a request on top.
pub(crate) struct Stack<'d> {
    tables: &'d Tables,
    compiled: &'d Compiled,
    views: Vec<View<'d>>,
    plan: Cow<'d, Plan>,
}

impl<'d> Stack<'d> {
    pub(crate) fn of(
        tables: &'d Tables,
        compiled: &'d Compiled,
        own: Option<&'d Image<Vec<u8>>>,
    ) -> Stack<'d> {
        let mut views: Vec<View<'d>> = compiled.views().collect();
        views.extend(own.map(Image::view));
        Stack {
            tables,
            compiled,
            plan: match own {
                None => Cow::Borrowed(compiled.plan()),
                Some(_) => Cow::Owned(Plan::of(views.iter().copied())),
            },
            views,
        }
    }

    fn views(&self) -> impl Iterator<Item = View<'d>> + Clone + '_ {
        self.views.iter().copied()
    }

    pub(crate) fn decide(&self, requests: &mut Requests, question: &Question<'_>) -> Outcome {
        let Requests { own, behind } = requests;
        let query = portcullis_vm::Query::from(&question.request);
        let own = self.ready(own, question, &query, question.sets);
        let outcome = match &question.bucket {
            None => own.decide(self.views()),
            Some(bucket) => {
                let query = behind_query(question, bucket);
                let behind = self.ready(behind, question, &query, bucket.sets);
                portcullis_vm::decide_through(self.views(), &own, self.views(), &behind)
            }
        };
        match question.is_undecidable {
            true => outcome.unless_allowed_by(Layer::Resource),
            false => outcome,
        }
    }

    fn explain(&self, requests: &mut Requests, question: &Question<'_>) -> Explanation {
        let Requests { own, behind } = requests;
        let query = portcullis_vm::Query::from(&question.request);
        let own = self.ready(own, question, &query, question.sets);
        let mut explanation = match &question.bucket {
            None => own.explain(self.views()),
            Some(bucket) => {
                let query = behind_query(question, bucket);
                let behind = self.ready(behind, question, &query, bucket.sets);
                portcullis_vm::explain_through(self.views(), &own, self.views(), &behind)
            }
        };
        if question.is_undecidable {
            explanation.outcome = explanation.outcome.unless_allowed_by(Layer::Resource);
        }
        explanation
    }

    fn ready<'r>(
        &'r self,
        scratch: &'r mut portcullis_vm::Scratch,
        question: &Question<'_>,
        query: &'r portcullis_vm::Query<'r>,
        sets: &[SetsId],
    ) -> Ready<'r> {
        let uses = sets.iter().flat_map(|id| self.tables.uses(*id));
        let parts = uses.map(|(layers, part)| {
            let (image, part) = self.compiled.home(part);
            PartOf {
                image: ImageIdx(image),
                part: Id::new(part),
                layers: LayerSet::from_bits(layers),
            }
        });
        // Policies that came with the request are an image of one part.
        let has_own = question.extra.session.is_some() || question.extra.identity.is_some();
        let own_part = has_own.then_some(PartOf {
            image: ImageIdx(self.compiled.images().len() as u32),
            part: Id::FIRST,
            layers: LayerSet::ALL,
        });
        scratch.ready_parts(self.views(), &self.plan, query, parts.chain(own_part))
    }
}

/// What a request for an access point asks of the bucket behind it.
fn behind_query<'q>(
    question: &Question<'q>,
    bucket: &BucketQuestion<'q>,
) -> portcullis_vm::Query<'q> {
    portcullis_vm::Query::from(&Request {
        resource: bucket.resource,
        resource_account: bucket.account,
        ..question.request
    })
}

/// The image of the policies that came with the request, if any did.
fn own_image(question: &Question<'_>, debug: bool) -> Result<Option<Image<Vec<u8>>>, CompileError> {
    let extra = &question.extra;
    if extra.session.is_none() && extra.identity.is_none() {
        return Ok(None);
    }
    let sets = PolicySets {
        identity: extra.identity.clone().unwrap_or_default(),
        session: extra.session.clone(),
        ..PolicySets::default()
    };
    checked(compile(&sets, options(debug))?).map(Some)
}

//! From policy sets to a decision: the one place that knows how the policies of a directory are
//! compiled and stacked.

use std::sync::OnceLock;

use bumpalo::Bump;
use portcullis_compile::{CompileError, Options, compile};
use portcullis_image::{Image, View};
use portcullis_syntax::PolicySets;
use portcullis_vm::{Explanation, Outcome};

use crate::documents::{Documents, PartId};
use crate::resolve::Question;
use crate::texts::Texts;

/// Why a question cannot be decided: its policies are no image.
pub type EngineError = CompileError;

/// The policies of a directory.
#[derive(Debug)]
pub(crate) enum Store {
    /// As documents, compiled part by part when they are asked for.
    Documents {
        documents: Box<Documents>,
        images: Vec<OnceLock<Result<Image<Vec<u8>>, CompileError>>>,
        options: Options,
    },
    /// As images, one for each part.
    Images(Vec<Image<Vec<u8>>>),
}

impl Store {
    /// A store of documents.
    pub(crate) fn new(documents: Documents, debug: bool) -> Store {
        let mut images = Vec::new();
        images.resize_with(documents.part_count(), OnceLock::new);
        Store::Documents {
            documents: Box::new(documents),
            images,
            options: Options {
                debug,
                ..Options::default()
            },
        }
    }

    /// The documents, if the store has them.
    pub(crate) fn documents(&self) -> Option<&Documents> {
        match self {
            Store::Documents { documents, .. } => Some(documents),
            Store::Images(_) => None,
        }
    }

    /// How many parts there are.
    pub(crate) fn part_count(&self) -> usize {
        match self {
            Store::Documents { images, .. } => images.len(),
            Store::Images(images) => images.len(),
        }
    }

    /// The image of a part; none for a part that is not there.
    pub(crate) fn image(
        &self,
        part: PartId,
        texts: &Texts,
    ) -> Result<Option<&Image<Vec<u8>>>, CompileError> {
        let index = part.0 as usize;
        match self {
            Store::Images(images) => Ok(images.get(index)),
            Store::Documents {
                documents,
                images,
                options,
            } => {
                let Some(place) = images.get(index) else {
                    return Ok(None);
                };
                let made = place.get_or_init(|| {
                    let arena = Bump::new();
                    let mut sets = PolicySets::default();
                    documents.add_to(part, texts, &mut sets, &arena);
                    image_of(&sets, *options)
                });
                made.as_ref().map(Some).map_err(|error| *error)
            }
        }
    }
}

fn image_of(sets: &PolicySets<'_>, options: Options) -> Result<Image<Vec<u8>>, CompileError> {
    let bytes = compile(sets, options)?;
    // The compiler makes what the validator accepts.
    Image::from_bytes(bytes).map_err(|_| CompileError::TooLarge)
}

/// Decides questions, and keeps its memory from one to the next. One for each thread.
#[derive(Debug, Default)]
pub struct Engine {
    request: portcullis_vm::Request,
}

impl Engine {
    /// An engine.
    pub fn new() -> Engine {
        Engine::default()
    }

    /// Decides a question of a directory.
    ///
    /// # Errors
    /// [`CompileError`] if the policies are more than an image can hold.
    pub fn decide(
        &mut self,
        directory: &crate::Directory,
        question: &Question<'_>,
    ) -> Result<Outcome, EngineError> {
        self.with_stack(directory, question, |views, request| {
            portcullis_vm::decide(views.iter().copied(), request)
        })
    }

    /// Explains a question of a directory.
    ///
    /// # Errors
    /// As [`Engine::decide`].
    pub fn explain(
        &mut self,
        directory: &crate::Directory,
        question: &Question<'_>,
    ) -> Result<Explanation, EngineError> {
        self.with_stack(directory, question, |views, request| {
            portcullis_vm::explain(views.iter().copied(), request)
        })
    }

    fn with_stack<T>(
        &mut self,
        directory: &crate::Directory,
        question: &Question<'_>,
        ask: impl FnOnce(&[View<'_>], &portcullis_vm::Request) -> T,
    ) -> Result<T, EngineError> {
        let own = own_image(question, directory.debug)?;
        let mut views: Vec<View<'_>> = Vec::with_capacity(question.parts.len() + 1);
        for part in &question.parts {
            let image = directory.store.image(*part, &directory.tables.texts)?;
            views.extend(image.map(Image::view));
        }
        views.push(match &own {
            Some(own) => own.view(),
            None => empty()?.view(),
        });
        self.request.fill(views.iter().copied(), &question.request);
        Ok(ask(&views, &self.request))
    }
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
    let options = Options {
        debug,
        ..Options::default()
    };
    image_of(&sets, options).map(Some)
}

/// An image without policies, so that every stack has one: the first image of a stack is asked for
/// keys that decide by themselves.
fn empty() -> Result<&'static Image<Vec<u8>>, CompileError> {
    static EMPTY: OnceLock<Result<Image<Vec<u8>>, CompileError>> = OnceLock::new();
    let made = EMPTY.get_or_init(|| image_of(&PolicySets::default(), Options::default()));
    made.as_ref().map_err(|error| *error)
}

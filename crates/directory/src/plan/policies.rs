//! The policies of a directory, as documents and as what is compiled from them.
//!
//! All policies are one image, in which each is a unit; a decision names the units that take part and the layers that
//! they stand for there. The first unit has no policy: it stands for sets that are present and empty. A managed policy is
//! one unit, whoever has it, so that an image grows with the policies and not with the principals. Compiling waits until
//! somebody asks, because checking a folder needs no image.

use std::borrow::Cow;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bumpalo::Bump;
use portcullis_compile::{CompileError, Compiler, Options, PolicyUnit};
use portcullis_image::{Image, LayerSet};
use portcullis_model::PolicyKind;
use portcullis_source::hash::Map;

use crate::ahead::{self, Ahead};
use crate::error::EngineError;
use crate::plan::DecisionPlan;
use crate::plan::generation::Generation;
use crate::plan::parse::{self, Typed, parse};
use crate::store::documents::Documents;
use crate::store::ids::{PolicyId, PrincipalIdx, UnitId};
use crate::store::tables::Tables;
use crate::store::texts::TextId;

/// A policy that takes part somewhere, read as a type, and so a unit of the image. One that is read
/// as two types is two units.
#[derive(Clone, Copy, Debug)]
struct UnitSource {
    /// Its document, the type that it is read as, and its name and reference: what units are sorted
    /// by.
    key: (TextId, PolicyKind, PolicyId),
    /// All layers in which it takes part.
    layers: LayerSet,
}

/// The policies of a directory: as documents, as images, or both. Compiled once, by whoever decides first.
#[derive(Debug)]
pub(crate) struct Policies {
    /// As documents; none if the directory was opened as one file.
    documents: Option<Box<Documents>>,
    /// What the units of the image will be, in their order but for the first; none without documents.
    units: Vec<UnitSource>,
    /// As an image and what follows from it, made when it is first asked for.
    plan: OnceLock<Result<DecisionPlan, CompileError>>,
    /// How documents are compiled.
    options: Options,
    /// See [`Policies::id`].
    id: u64,
}

impl Policies {
    /// A store of documents. Their sets become rows of the tables.
    pub(crate) fn new(documents: Documents, tables: &mut Tables, debug: bool) -> Policies {
        let units = units_of(&documents);
        // The first unit has no policy.
        let places = units.iter().zip(1..);
        let places = places.map(|(UnitSource { key, .. }, at)| ((key.1, key.2), UnitId::at(at)));
        let places: Map<_, _> = places.collect();
        for sets in documents.all_sets() {
            tables.add_set(sets.iter().flat_map(|(layer, policies)| {
                let layers = LayerSet::of(*layer);
                let place = |policy: &PolicyId| places.get(&(PolicyKind::from(*layer), *policy));
                let used = policies.iter().filter_map(place);
                let used = used.map(move |unit| (layers, *unit));
                used.chain(policies.is_empty().then_some((layers, EMPTY)))
            }));
        }
        Policies {
            documents: Some(Box::new(documents)),
            units,
            plan: OnceLock::new(),
            options: options(debug),
            id: new_id(),
        }
    }

    /// A store of images alone.
    pub(crate) fn of_images(images: Vec<Image<Vec<u8>>>, tables: &Tables, debug: bool) -> Policies {
        let id = new_id();
        Policies {
            documents: None,
            units: Vec::new(),
            plan: OnceLock::from(Ok(DecisionPlan::new(images, tables, id))),
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
        origins: &[PrincipalIdx],
        debug: bool,
    ) {
        self.id = new_id();
        let id = self.id;
        if let Some(plan) = self.plan_mut() {
            plan.add(images, tables, Some(origins), id);
        }
        // The images hold what the documents do not.
        self.documents = None;
        self.units = Vec::new();
        self.options.debug = debug;
    }

    /// What decisions need, if it was made.
    pub(crate) fn plan_mut(&mut self) -> Option<&mut DecisionPlan> {
        self.plan.get_mut()?.as_mut().ok()
    }

    /// The images alone. Documents that are compiled for it go as they are compiled.
    pub(crate) fn into_images(self, tables: &Tables) -> Result<Vec<Image<Vec<u8>>>, EngineError> {
        match self.plan.into_inner() {
            Some(made) => Ok(made?.stack.into_images()),
            None => {
                let documents = self.documents.unwrap_or_default();
                let (documents, units) = (Kept::Last(documents), Cow::Owned(self.units));
                let image = image_of_all(documents, units, tables, self.options);
                Ok(vec![image?])
            }
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

    /// What decisions need, made now if nobody asked for it before.
    ///
    /// # Errors
    /// [`EngineError`] if the policies are more than an image can hold.
    pub(crate) fn plan(&self, tables: &Tables) -> Result<&DecisionPlan, EngineError> {
        let made = self.plan.get_or_init(|| {
            let documents = self.documents.as_deref();
            let none = Documents::default();
            let documents = Kept::Whole(documents.unwrap_or(&none));
            let units = Cow::Borrowed(self.units.as_slice());
            let image = image_of_all(documents, units, tables, self.options)?;
            Ok(DecisionPlan::new(vec![image], tables, self.id))
        });
        made.as_ref().map_err(|error| EngineError::from(*error))
    }

    /// The tables with what decisions need of these policies.
    ///
    /// # Errors
    /// As [`Policies::plan`].
    pub(crate) fn generation<'d>(
        &'d self,
        tables: &'d Tables,
    ) -> Result<Generation<'d>, EngineError> {
        let plan = self.plan(tables)?;
        Ok(Generation { tables, plan })
    }
}

/// Ids are of the process and not of the content: two directories from one folder are two.
fn new_id() -> u64 {
    static MADE: AtomicU64 = AtomicU64::new(1);
    MADE.fetch_add(1, Ordering::Relaxed)
}

/// What no document is.
const NO_TEXT: Typed = (TextId::NONE, PolicyKind::Identity);

/// The number of the unit without policies.
const EMPTY: UnitId = UnitId::new(0);

/// How policies are compiled: with what explanations print, or without.
pub(crate) fn options(debug: bool) -> Options {
    Options {
        debug,
        ..Options::default()
    }
}

/// The policies that take part anywhere, with all layers of each, in the order of their documents.
///
/// So each document is parsed once, however many policies have it, and is let go for good when the
/// next is compiled: most of the memory of a load is documents. In the order of the sets, one early
/// document that a late user has too would keep all between them. Documents are in the order in
/// which they were read, so that the same folder gives the same units.
fn units_of(documents: &Documents) -> Vec<UnitSource> {
    let mut units = Vec::new();
    for (layer, policies) in documents.all_sets().iter().flatten() {
        units.extend(policies.iter().map(|policy| UnitSource {
            key: (
                documents.text_of(*policy),
                PolicyKind::from(*layer),
                *policy,
            ),
            layers: LayerSet::of(*layer),
        }));
    }
    units.sort_unstable_by_key(|unit| unit.key);
    units.dedup_by(|next, kept| {
        let is_same = next.key == kept.key;
        if is_same {
            kept.layers |= next.layers;
        }
        is_same
    });
    units.shrink_to_fit();
    units
}

/// Compiles every policy that takes part anywhere to one image, in the order of the units.
fn image_of_all(
    mut documents: Kept<'_>,
    units: Cow<'_, [UnitSource]>,
    tables: &Tables,
    options: Options,
) -> Result<Image<Vec<u8>>, CompileError> {
    let of_units = units.iter().map(|unit| unit.layers);
    let used = tables.all_uses().iter().map(|(layers, _)| *layers);
    let mut compiler = Compiler::new(options);
    compiler.add(PolicyUnit {
        layers: of_units.chain(used).collect(),
        policies: &[],
    });
    // The policies of one document, which is parsed once, are side by side.
    let typed = |unit: &UnitSource| (unit.key.0, unit.key.1);
    let mut same = units.chunk_by(|one, other| typed(one) == typed(other));
    let mut ahead = Ahead::new();
    loop {
        let round: Vec<&[UnitSource]> = same.by_ref().take(parse::ROUND).collect();
        let Some(first) = round.first().and_then(|same| same.first()) else {
            break;
        };
        documents.let_go_before(first.key.0);
        let typed = |same: &&[UnitSource]| same.first().map_or(NO_TEXT, typed);
        let parsed = parse(&mut ahead, &documents, &round, typed, |same, document| {
            let arena = Bump::new();
            for unit in *same {
                let (_, _, policy) = unit.key;
                let policy = documents.named(policy, document, tables.strings(), &arena);
                compiler.add(PolicyUnit {
                    layers: unit.layers,
                    policies: std::slice::from_ref(&policy),
                });
            }
        });
        // All were read before. Should that ever fail, there is no image rather than one without a Deny.
        parsed.ok_or(CompileError::TooLarge)?;
    }
    // What nobody needs afterwards makes room for the image.
    drop((ahead, documents, units));
    checked(compiler.finish_on(ahead::join)?)
}

/// Documents that are compiled, and whether anybody needs them afterwards.
enum Kept<'d> {
    Whole(&'d Documents),
    Last(Box<Documents>),
}

impl Kept<'_> {
    /// Frees the documents before one, if nobody needs them.
    fn let_go_before(&mut self, text: TextId) {
        if let Kept::Last(documents) = self {
            documents.let_go_before(text);
        }
    }
}

impl std::ops::Deref for Kept<'_> {
    type Target = Documents;

    fn deref(&self) -> &Documents {
        match self {
            Kept::Whole(documents) => documents,
            Kept::Last(documents) => documents,
        }
    }
}

/// The compiler makes what the validator accepts. Should it ever not, there is no image and no decision.
pub(crate) fn checked(bytes: Vec<u8>) -> Result<Image<Vec<u8>>, CompileError> {
    Image::from_bytes_on(bytes, ahead::join).map_err(|_| CompileError::TooLarge)
}

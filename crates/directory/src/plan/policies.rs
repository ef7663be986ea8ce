//! The policies of a directory, as documents and as what is compiled from them.
//!
//! All policies are one image, in which each is a unit; a decision names the units that take part and the layers that
//! they stand for there. The first unit has no policy: it stands for sets that are present and empty. A managed policy is
//! one unit, whoever has it, so that an image grows with the policies and not with the principals. Compiling waits until
//! somebody asks, because checking a folder needs no image.

use std::collections::HashMap;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use bumpalo::Bump;
use portcullis_compile::{CompileError, Compiler, Options, PolicyUnit};
use portcullis_image::{Image, LayerSet};
use portcullis_model::PolicyKind;

use crate::error::EngineError;
use crate::plan::DecisionPlan;
use crate::plan::generation::Generation;
use crate::store::documents::Documents;
use crate::store::ids::{PolicyId, PrincipalIdx, UnitId};
use crate::store::tables::Tables;

/// The units of the image: which policy each is, read as which type.
type Units = HashMap<(PolicyId, PolicyKind), (UnitId, LayerSet)>;

/// The policies of a directory: as documents, as images, or both. Compiled once, by whoever decides first.
#[derive(Debug)]
pub(crate) struct Policies {
    /// As documents; none if the directory was opened as one file.
    documents: Option<Box<Documents>>,
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
        for sets in documents.all_sets() {
            tables.add_set(sets.iter().flat_map(|(layer, policies)| {
                let layers = LayerSet::of(*layer);
                let used = policies
                    .iter()
                    .filter_map(|policy| units.get(&(*policy, PolicyKind::from(*layer))))
                    .map(move |(unit, _)| (layers, *unit));
                used.chain(policies.is_empty().then_some((layers, EMPTY)))
            }));
        }
        Policies {
            documents: Some(Box::new(documents)),
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
                let image = image_of_all(Kept::Last(documents), tables, self.options);
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
            let image = image_of_all(documents, tables, self.options)?;
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

/// The number of the unit without policies.
const EMPTY: UnitId = UnitId::new(0);

/// How policies are compiled: with what explanations print, or without.
pub(crate) fn options(debug: bool) -> Options {
    Options {
        debug,
        ..Options::default()
    }
}

/// Numbers the policies that take part anywhere, in the order of the sets, with all layers that each
/// stands for.
fn units_of(documents: &Documents) -> Units {
    let mut units = Units::new();
    for (layer, policies) in documents.all_sets().iter().flatten() {
        for policy in policies {
            let next = UnitId::at(units.len() + 1);
            let (_, layers) = units
                .entry((*policy, PolicyKind::from(*layer)))
                .or_insert((next, LayerSet::EMPTY));
            *layers |= LayerSet::of(*layer);
        }
    }
    units
}

/// Compiles every policy that takes part anywhere to one image. Their order is that of the numbers that they have, so that
/// the same folder gives the same bytes.
fn image_of_all(
    mut documents: Kept<'_>,
    tables: &Tables,
    options: Options,
) -> Result<Image<Vec<u8>>, CompileError> {
    let mut units: Vec<((PolicyId, PolicyKind), (UnitId, LayerSet))> =
        units_of(&documents).into_iter().collect();
    units.sort_unstable_by_key(|(_, (number, _))| *number);
    let of_units = units.iter().map(|(_, (_, layers))| *layers);
    let used = tables.all_uses().iter().map(|(layers, _)| *layers);
    let mut compiler = Compiler::new(options);
    compiler.add(PolicyUnit {
        layers: of_units.chain(used).collect(),
        policies: &[],
    });
    // Which texts the units from each on need: those before the first of them can go.
    let mut needed: Vec<usize> = units
        .iter()
        .map(|((policy, _), _)| documents.block(*policy))
        .collect();
    let mut first = usize::MAX;
    for block in needed.iter_mut().rev() {
        first = first.min(*block);
        *block = first;
    }
    // The tree of one policy after the other, in the same memory.
    let mut arena = Bump::new();
    for (((policy, kind), (_, layers)), block) in units.into_iter().zip(needed) {
        documents.let_go(block);
        // All were read before. Should that ever fail, there is no image rather than one without a Deny.
        let policy = documents.read(policy, kind, tables.strings(), &arena);
        let policy = policy.ok_or(CompileError::TooLarge)?;
        compiler.add(PolicyUnit {
            layers,
            policies: std::slice::from_ref(&policy),
        });
        arena.reset();
    }
    drop(documents);
    checked(compiler.finish()?)
}

/// Documents that are compiled, and whether anybody needs them afterwards.
enum Kept<'d> {
    Whole(&'d Documents),
    Last(Box<Documents>),
}

impl Kept<'_> {
    /// Forgets texts before a block.
    fn let_go(&mut self, block: usize) {
        if let Kept::Last(documents) = self {
            documents.let_go(block);
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
    Image::from_bytes(bytes).map_err(|_| CompileError::TooLarge)
}

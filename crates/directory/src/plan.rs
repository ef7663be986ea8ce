//! What decisions need, worked out from the images and the tables before anybody asks.
//!
//! A decision about one of a million principals waits for memory, so that whatever can be known beforehand is put
//! where the decision looks anyway: the keys that a policy reads ([`dependencies`], [`key_sources`]), which callers no
//! policy names ([`named_principals`]), policy sets and principals in one cache line each ([`policy_sets`], [`principals`]), and where an
//! action leads ([`action`], [`entries`]). It takes time linear in the images and the tables, once, and again for what
//! an update adds. The room knows tables and images; it does not know requests.

pub(crate) mod action;
pub(crate) mod dependencies;
pub(crate) mod entries;
pub(crate) mod generation;
pub(crate) mod key_sources;
pub(crate) mod named_principals;
mod parse;
pub(crate) mod policies;
pub(crate) mod policy_sets;
pub(crate) mod principals;
mod slot_sets;
pub(crate) mod stack;

use portcullis_image::{Image, View};

use crate::plan::action::PreparedActions;
use crate::plan::dependencies::KeyDependencies;
use crate::plan::key_sources::PlannedSlots;
use crate::plan::named_principals::NamedPrincipals;
use crate::plan::policy_sets::PolicySetSummaries;
use crate::plan::principals::PrincipalSummary;
use crate::plan::stack::ImageStack;
use crate::store::ids::{PrincipalIdx, UnitId};
use crate::store::tables::Tables;

/// The images of a directory's policies, and what follows from them: everything that a decision reads beside the tables. Shared
/// by all threads, and never changed but for what an update adds.
#[derive(Debug)]
pub(crate) struct DecisionPlan {
    /// The images, and where each unit is.
    pub(crate) stack: ImageStack,
    /// What each unit looks at.
    dependencies: Vec<KeyDependencies>,
    /// The slots of the images.
    pub(crate) slots: PlannedSlots,
    /// A row for each of the policy sets of the tables.
    pub(crate) policy_sets: PolicySetSummaries,
    /// What the policies know of users and roles.
    pub(crate) named: NamedPrincipals,
    /// Users and roles, by their numbers.
    summaries: Vec<PrincipalSummary>,
    /// Actions that requests will name.
    pub(crate) prepared: PreparedActions,
}

impl DecisionPlan {
    /// Works out what decisions need. Takes time linear in the images and the tables.
    pub(crate) fn new(images: Vec<Image<Vec<u8>>>, tables: &Tables, id: u64) -> DecisionPlan {
        let mut plan = DecisionPlan {
            stack: ImageStack::new(),
            dependencies: Vec::new(),
            slots: PlannedSlots::default(),
            policy_sets: PolicySetSummaries::default(),
            named: NamedPrincipals::default(),
            summaries: Vec::new(),
            prepared: PreparedActions::default(),
        };
        plan.add(images, tables, None, id);
        plan
    }

    /// Goes on with more images, and with the policy sets that the tables have more. `origins` are the indices that
    /// users and roles had before.
    pub(crate) fn add(
        &mut self,
        images: Vec<Image<Vec<u8>>>,
        tables: &Tables,
        origins: Option<&[PrincipalIdx]>,
        id: u64,
    ) {
        let first = self.stack.images().len();
        self.stack.push(images, id);
        let views: Vec<View<'_>> = self.stack.views().collect();
        self.slots = PlannedSlots::new(&views, tables);
        for (image, view) in views.iter().enumerate().skip(first) {
            let slots = self.slots.of(image);
            self.dependencies
                .extend(dependencies::of_image(*view, slots));
        }
        self.policy_sets
            .extend(&self.stack, &self.dependencies, tables);
        let before = origins.map(|origins| (&self.named, origins));
        self.named = NamedPrincipals::new(&self.stack, tables, first, before);
        let summaries = tables.principals().iter().enumerate();
        let summaries = summaries.map(|(index, principal)| {
            let tags = tables.pairs(principal.tags);
            let maker = (&self.policy_sets, &self.named, &self.slots);
            PrincipalSummary::new(maker, (PrincipalIdx::at(index), principal), tags)
        });
        self.summaries.clear();
        self.summaries.reserve_exact(tables.principals().len());
        self.summaries.extend(summaries);
        self.prepared.extend(&self.stack);
    }

    /// A user or role.
    #[inline]
    pub(crate) fn summary(&self, index: PrincipalIdx) -> Option<&PrincipalSummary> {
        self.summaries.get(index.index())
    }

    /// What a unit looks at.
    pub(crate) fn dependencies(&self, unit: UnitId) -> KeyDependencies {
        let found = self.dependencies.get(unit.index()).copied();
        found.unwrap_or(KeyDependencies::ALL)
    }
}

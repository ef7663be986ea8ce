//! A directory as it is between two updates.
//!
//! Whatever is resolved keeps the id of the generation that resolved it, and is looked up again or refused in another.
//! Rooms that decide and ask take this pair instead of the directory, so that they cannot reach what changes it.

use crate::plan::DecisionPlan;
use crate::store::ids::PrincipalIdx;
use crate::store::tables::{Entities, Entity, Tables};

/// The tables and the plan of one generation of a directory.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generation<'d> {
    /// Accounts, principals and resources as they are in this generation.
    pub(crate) tables: &'d Tables,
    /// What was worked out of the tables and the images for decisions.
    pub(crate) plan: &'d DecisionPlan,
}

impl Generation<'_> {
    /// A number that no other generation of a directory of this process has.
    #[inline]
    pub(crate) fn id(&self) -> u64 {
        self.plan.stack.id()
    }
}

/// Users and roles are read from their profiles, where decisions look anyway.
impl Entities for Generation<'_> {
    #[inline]
    fn entity(&self, number: PrincipalIdx) -> Option<Entity> {
        let summary = self.plan.summary(number)?;
        if summary.is_in_other_partition() {
            return self.tables.entity(number);
        }
        let (_, partition) = self.plan.named.of_account(summary.account)?;
        Some(Entity {
            account: summary.account,
            kind: summary.kind(),
            is_service_linked: summary.is_service_linked(),
            partition,
            path: summary.path,
            name: summary.name,
        })
    }
}

//! Actions, resolved for a directory.
//!
//! An action leads to the patterns that match it once for each image, and to statements in each unit. The first is found
//! whenever an action is resolved; the second ([`UnitEntries`]) takes time linear in the units and is worth it for an action
//! that is asked for often. Hosts prepare such actions by name ([`PreparedActions`]), or hold a [`PreparedAction`].
//!
//! Of others the last are kept ([`RecentActions`]), since requests repeat them. An entry counts only if its whole name is the
//! same and the stack is the one that it was made for.

use std::collections::HashMap;

use portcullis_source::hash::random_state;
use portcullis_vm::Action;

use crate::plan::entries::UnitEntries;
use crate::plan::stack::ImageStack;

/// An action, resolved for a directory: what [`Directory::action`](crate::Directory::action) gives. It knows the statements for
/// the action in every policy, 32 bytes each; of another directory it is resolved again where it is used.
#[derive(Clone, Debug, Default)]
pub struct PreparedAction {
    name: String,
    /// Where it leads in each image.
    pub(crate) handle: Action,
    /// It is one of STS, for which a role's policy is its trust policy (`TRUST-1`).
    pub(crate) is_sts: bool,
    /// The directory that resolved it ([`ImageStack::id`]).
    ///
    /// [`ImageStack::id`]: crate::plan::stack::ImageStack::id
    pub(crate) of: u64,
    /// Where it leads; none if that was not found out beforehand.
    pub(crate) entries: Option<UnitEntries>,
}

impl PreparedAction {
    /// The action's name, as it was resolved.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Resolves an action, and finds out where it leads. Takes time linear in the units.
    pub(crate) fn new(stack: &ImageStack, name: &str) -> PreparedAction {
        let mut action = PreparedAction::default();
        action.set(stack, name);
        action.extend(stack);
        action
    }

    /// Becomes another action, of which nothing is found out beforehand. Reuses its memory.
    fn set(&mut self, stack: &ImageStack, name: &str) {
        self.name.clear();
        self.name.push_str(name);
        self.handle.set(stack.views(), name);
        self.is_sts = is_sts(name);
        self.of = stack.id();
        self.entries = None;
    }

    /// Finds out where it leads in the units of which that is not known.
    fn extend(&mut self, stack: &ImageStack) {
        let mut entries = self.entries.take().unwrap_or_default();
        entries.extend(stack, &self.handle);
        self.entries = Some(entries);
    }
}

/// True if an action is one of STS, where a role's policy is its trust policy (`TRUST-1`).
pub(crate) fn is_sts(action: &str) -> bool {
    let service = action.split_at_checked(3);
    service.is_some_and(|(service, tail)| {
        service.eq_ignore_ascii_case("sts") && (tail.is_empty() || tail.starts_with(':'))
    })
}

/// Actions that requests will name.
#[derive(Debug)]
pub(crate) struct PreparedActions {
    /// Spelled as the host spelled them.
    by_name: HashMap<String, PreparedAction, ahash::RandomState>,
}

impl Default for PreparedActions {
    fn default() -> PreparedActions {
        PreparedActions {
            by_name: HashMap::with_hasher(random_state()),
        }
    }
}

impl PreparedActions {
    /// Keeps an action.
    pub(crate) fn insert(&mut self, action: PreparedAction) {
        self.by_name.insert(action.name.clone(), action);
    }

    /// The action with a name, if it was prepared.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&PreparedAction> {
        match self.by_name.is_empty() {
            true => None,
            false => self.by_name.get(name),
        }
    }

    /// Resolves all of them again for a stack that has grown; what they know of its older units stays.
    pub(crate) fn extend(&mut self, stack: &ImageStack) {
        for (name, action) in &mut self.by_name {
            let entries = action.entries.take();
            action.set(stack, name);
            action.entries = entries;
            action.extend(stack);
        }
    }
}

/// Actions that were asked for by their names and may be asked for again. A fixed number, one for each hash, since whoever sends
/// requests must not decide how much is kept.
#[derive(Debug, Default)]
pub(crate) struct RecentActions {
    /// By a hash of the name.
    actions: Vec<PreparedAction>,
    /// Unreachable fallback: every hash maps to a slot.
    spare: PreparedAction,
}

/// How many actions are kept. More would leave the caches that make it worthwhile.
const RECENT: u64 = 64;

impl RecentActions {
    /// The action with a name: prepared, or resolved now if it was not lately.
    pub(crate) fn get<'r>(
        &'r mut self,
        (stack, prepared): (&ImageStack, &'r PreparedActions),
        name: &str,
    ) -> &'r PreparedAction {
        if let Some(action) = prepared.get(name) {
            return action;
        }
        self.actions.resize_with(64, PreparedAction::default);
        // Direct-mapped: collisions evict, so hash quality only affects speed.
        let bytes = name.bytes().rev().take(8);
        let hash = bytes.fold(
            u64::try_from(name.len()).unwrap_or_default(),
            |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3),
        );
        let slot = usize::try_from((hash ^ hash >> 32) % RECENT).unwrap_or_default();
        let action = self.actions.get_mut(slot).unwrap_or(&mut self.spare);
        if action.of != stack.id() || action.name != name {
            action.set(stack, name);
        }
        action
    }
}

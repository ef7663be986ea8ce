//! Actions, resolved for a directory.

use std::collections::HashMap;

use portcullis_vm::Action;

use crate::plan::entries::PartEntries;
use crate::plan::stack::ImageStack;
use crate::store::strings::random_state;

/// An action, resolved for a directory.
#[derive(Clone, Debug, Default)]
pub struct Deed {
    name: String,
    pub(crate) action: Action,
    pub(crate) is_sts: bool,
    /// The directory that resolved it ([`ImageStack::id`]).
    ///
    /// [`ImageStack::id`]: crate::plan::stack::ImageStack::id
    pub(crate) of: u64,
    /// Where it leads; none if that was not found out beforehand.
    pub(crate) entries: Option<PartEntries>,
}

impl Deed {
    /// The action's name, as it was resolved.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Resolves an action, and finds out where it leads. Takes time linear in the parts.
    pub(crate) fn new(stack: &ImageStack, name: &str) -> Deed {
        let mut deed = Deed::default();
        deed.set(stack, name);
        deed.extend(stack);
        deed
    }

    /// Becomes another action, of which nothing is found out beforehand. Reuses its memory.
    fn set(&mut self, stack: &ImageStack, name: &str) {
        self.name.clear();
        self.name.push_str(name);
        self.action.set(stack.views(), name);
        self.is_sts = is_sts(name);
        self.of = stack.id();
        self.entries = None;
    }

    /// Finds out where it leads in the parts of which that is not known.
    fn extend(&mut self, stack: &ImageStack) {
        let mut entries = self.entries.take().unwrap_or_default();
        entries.extend(stack, &self.action);
        self.entries = Some(entries);
    }
}

/// True if an action is one of STS, where a role's policy is its trust policy (`TRUST-1`).
pub(crate) fn is_sts(action: &str) -> bool {
    let service = action.split_at_checked(3);
    service.is_some_and(|(service, rest)| {
        service.eq_ignore_ascii_case("sts") && (rest.is_empty() || rest.starts_with(':'))
    })
}

/// Actions that requests will name.
#[derive(Debug)]
pub(crate) struct PreparedDeeds {
    by_name: HashMap<String, Deed, ahash::RandomState>,
}

impl Default for PreparedDeeds {
    fn default() -> PreparedDeeds {
        PreparedDeeds {
            by_name: HashMap::with_hasher(random_state()),
        }
    }
}

impl PreparedDeeds {
    /// Keeps an action.
    pub(crate) fn insert(&mut self, deed: Deed) {
        self.by_name.insert(deed.name.clone(), deed);
    }

    /// The action with a name, if it was prepared.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Deed> {
        match self.by_name.is_empty() {
            true => None,
            false => self.by_name.get(name),
        }
    }

    /// Follows what was stack.
    pub(crate) fn extend(&mut self, stack: &ImageStack) {
        for (name, deed) in &mut self.by_name {
            let entries = deed.entries.take();
            deed.set(stack, name);
            deed.entries = entries;
            deed.extend(stack);
        }
    }
}

/// Actions that were asked for by their names and may be asked for again.
#[derive(Debug, Default)]
pub(crate) struct RecentDeeds {
    /// By a hash of the name.
    deeds: Vec<Deed>,
    /// For a name that has no place, which there is not.
    spare: Deed,
}

const RECENT: u64 = 64;

impl RecentDeeds {
    /// The action with a name: prepared, or resolved now if it was not lately.
    pub(crate) fn get<'r>(
        &'r mut self,
        (stack, prepared): (&ImageStack, &'r PreparedDeeds),
        name: &str,
    ) -> &'r Deed {
        if let Some(deed) = prepared.get(name) {
            return deed;
        }
        self.deeds.resize_with(64, Deed::default);
        // Of two with one place the later stays: nobody need spread them well.
        let bytes = name.bytes().rev().take(8);
        let hash = bytes.fold(
            u64::try_from(name.len()).unwrap_or_default(),
            |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3),
        );
        let place = usize::try_from((hash ^ hash >> 32) % RECENT).unwrap_or_default();
        let deed = self.deeds.get_mut(place).unwrap_or(&mut self.spare);
        if deed.of != stack.id() || deed.name != name {
            deed.set(stack, name);
        }
        deed
    }
}

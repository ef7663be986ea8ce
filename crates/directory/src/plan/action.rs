//! Actions, resolved for a directory.

use std::collections::HashMap;

use portcullis_model::check_action;
use portcullis_vm::Action;

use crate::Directory;
use crate::decide::engine::EngineError;
use crate::decide::target::is_sts;
use crate::plan::Compiled;
use crate::plan::entries::PartEntries;
use crate::store::strings::random_state;

/// An action, resolved for a directory.
#[derive(Clone, Debug, Default)]
pub struct Deed {
    name: String,
    pub(crate) action: Action,
    pub(crate) is_sts: bool,
    /// The directory that resolved it ([`Store::id`]).
    ///
    /// [`Store::id`]: crate::decide::engine::Store::id
    pub(crate) of: u64,
    /// Where it leads; none if that was not found out beforehand.
    pub(crate) entries: Option<PartEntries>,
}

impl Deed {
    /// The action's name, as it was resolved.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn new(compiled: &Compiled, name: &str) -> Deed {
        let mut deed = Deed::default();
        deed.set(compiled, name);
        deed.extend(compiled);
        deed
    }

    /// Becomes another action, of which nothing is found out beforehand. Reuses its memory.
    fn set(&mut self, compiled: &Compiled, name: &str) {
        self.name.clear();
        self.name.push_str(name);
        self.action.set(compiled.views(), name);
        self.is_sts = is_sts(name);
        self.of = compiled.id();
        self.entries = None;
    }

    /// Finds out where it leads in the parts of which that is not known.
    fn extend(&mut self, compiled: &Compiled) {
        let mut entries = self.entries.take().unwrap_or_default();
        entries.extend(compiled, &self.action);
        self.entries = Some(entries);
    }
}

impl Directory {
    /// Resolves an action, `service:Name` in any case (`MATCH-10`), for many decisions.
    ///
    /// Takes time linear in the policies of the directory, and memory in the statements for the action: 32
    /// bytes each, 4 for each policy that has some, and one for each policy.
    ///
    /// # Errors
    /// [`EngineError`] if the text is no action, or if the policies are more than an image can hold.
    pub fn deed(&self, name: &str) -> Result<Deed, EngineError> {
        check_action(name).map_err(EngineError::NoAction)?;
        let compiled = self.store.compiled(&self.tables)?;
        Ok(Deed::new(compiled, name))
    }

    /// Resolves actions that requests will name, spelled as they spell them: [`Engine::check`] looks at fewer
    /// places for these. Costs as much time and memory as [`Directory::deed`] for each; an update of the
    /// directory keeps them, in time linear in what was added.
    ///
    /// # Errors
    /// As [`Directory::deed`]; nothing is prepared then.
    ///
    /// [`Engine::check`]: crate::Engine::check
    pub fn prepare(&mut self, actions: &[&str]) -> Result<(), EngineError> {
        for name in actions {
            check_action(name).map_err(EngineError::NoAction)?;
        }
        self.store.compiled(&self.tables)?;
        if let Some(compiled) = self.store.compiled_mut() {
            for name in actions {
                let deed = Deed::new(compiled, name);
                compiled.prepared.by_name.insert((*name).to_string(), deed);
            }
        }
        Ok(())
    }
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
    /// The action with a name, if it was prepared.
    #[inline]
    pub(crate) fn get(&self, name: &str) -> Option<&Deed> {
        match self.by_name.is_empty() {
            true => None,
            false => self.by_name.get(name),
        }
    }

    /// Follows what was compiled.
    pub(crate) fn extend(&mut self, compiled: &Compiled) {
        for (name, deed) in &mut self.by_name {
            let entries = deed.entries.take();
            deed.set(compiled, name);
            deed.entries = entries;
            deed.extend(compiled);
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

const RECENT: usize = 64;

impl RecentDeeds {
    /// The action with a name: prepared, or resolved now if it was not lately.
    pub(crate) fn get<'r>(&'r mut self, compiled: &'r Compiled, name: &str) -> &'r Deed {
        if let Some(deed) = compiled.prepared.get(name) {
            return deed;
        }
        self.deeds.resize_with(RECENT, Deed::default);
        // Of two with one place the later stays: nobody need spread them well.
        let bytes = name.bytes().rev().take(8);
        let hash = bytes.fold(name.len() as u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let place = (hash ^ hash >> 32) as usize % RECENT;
        let deed = self.deeds.get_mut(place).unwrap_or(&mut self.spare);
        if deed.of != compiled.id() || deed.name != name {
            deed.set(compiled, name);
        }
        deed
    }
}

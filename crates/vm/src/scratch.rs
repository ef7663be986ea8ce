//! The memory of decisions.

use portcullis_image::View;
use portcullis_image::index::Segments;
use portcullis_model::Principal;

use crate::cache::Cache;
use crate::callers::Callers;
use crate::facts::{FactsMemory, Home};
use crate::given::{Given, Shape};
use crate::named::AllNamed;
use crate::parts::UsedParts;
use crate::plan::Plan;
use crate::typed::{Action, Key, KeySlot};

/// Memory that decisions use one after the other: what a host keeps for each thread.
///
/// It belongs to no policies: any stack of images may use it after any other. It holds 32 bytes for each condition key
/// of the largest stack, and remembers what the last stacks made of the names of actions, keys and callers, at most 128
/// of each and none longer than 256 bytes, and with each action the names of one request's keys, at most 2 KiB; once it has seen its largest request it does not allocate any more.
#[derive(Debug)]
pub struct Scratch {
    pub(crate) given: Given,
    pub(crate) named: AllNamed,
    pub(crate) parts: UsedParts,
    pub(crate) segments: Segments,
    pub(crate) actions: Cache<Remembered>,
    pub(crate) callers: Callers,
    pub(crate) facts: FactsMemory,
}

/// What is remembered of an action's name.
#[derive(Debug, Default)]
pub(crate) struct Remembered {
    pub(crate) action: Action,
    /// The names of the keys of the last request for it.
    pub(crate) shape: Shape,
}

impl Default for Scratch {
    fn default() -> Scratch {
        Scratch::new()
    }
}

impl Scratch {
    /// Takes no memory of the heap yet.
    pub const fn new() -> Scratch {
        Scratch {
            given: Given::new(),
            named: AllNamed::new(),
            parts: UsedParts::new(),
            segments: Segments::NONE,
            actions: Cache::new(),
            callers: Callers::new(),
            facts: FactsMemory::new(),
        }
    }

    // For hosts that give keys one by one: what they add is copied.

    /// Begins a request of which only the keys are known, for a stack of images.
    pub fn begin_keys(&mut self, plan: &Plan) {
        self.given.begin(plan);
    }

    /// Adds values of a key, whose name may be in any case. A key that is added twice has the values of both
    /// (`COND-41`); one that is added without values is absent and not derived (`KEY-2`).
    pub fn add<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        key: &str,
        values: &[&str],
    ) {
        self.given.add(images, plan, key, values);
    }

    /// The same with a key that was resolved before; by its name, if that was for other images.
    pub fn add_key<'i>(
        &mut self,
        images: impl Iterator<Item = View<'i>> + Clone,
        plan: &Plan,
        key: &Key,
        values: &[&str],
    ) {
        self.given.add_key(images, plan, key, values);
    }

    /// Adds a value of a slot.
    pub fn add_slot(&mut self, place: KeySlot, value: &str) {
        self.given.add_values(place, &[value]);
    }

    /// True if something was added to a slot, be it no value ([`Scratch::add`]).
    #[inline]
    pub fn has_slot(&self, place: KeySlot) -> bool {
        self.given.has_slot(place.slot)
    }

    /// Puts `aws:userid` together, for callers of whom it consists of several texts (`VAR-13`).
    pub fn store_user_id(&mut self, principal: &Principal<'_>, home: Home<'_>) {
        self.given.store_user_id(principal, home);
    }
}

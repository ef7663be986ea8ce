//! The memory of decisions.
//!
//! One value with everything that a decision fills in and remembers, lent to it for the call. Thread-locals or a pool inside
//! the machine were rejected: they would be globals, and a host knows its threads.

use portcullis_image::index::Segments;

use crate::combine::inputs::InputsCache;
use crate::keys::filled::FilledSlots;
use crate::keys::shape::Shape;
use crate::prepare::callers::Callers;
use crate::prepare::units::PreparedUnits;
use crate::request::action::Action;
use crate::request::principal::NamingPrincipal;
use crate::stack::cache::Cache;
use crate::stack::per_image::PerImage;

/// Memory that decisions use one after the other: what a host keeps for each thread.
///
/// It belongs to no policies: any stack of images may use it after any other. It holds 32 bytes for each condition key
/// of the largest stack, and remembers what the last stacks made of the names of actions, keys and callers, at most 128
/// of each and none longer than 256 bytes, and with each action the names of one request's keys, at most 2 KiB; once it has
/// seen its largest request it does not allocate any more.
///
/// What it remembers decides nothing: a new one gives the same outcomes, more slowly.
#[derive(Debug)]
pub struct Scratch {
    /// The keys of a request.
    pub(crate) slots: FilledSlots,
    /// The caller of a request, where its context says names.
    pub(crate) named: PerImage<NamingPrincipal>,
    /// The units of a request, if a host selects them.
    pub(crate) units: PreparedUnits,
    /// Those of a request's resource.
    pub(crate) segments: Segments,
    /// Remembered from request to request, by name.
    pub(crate) actions: Cache<Remembered>,
    /// Remembered by ARN.
    pub(crate) callers: Callers,
    /// Remembered by their bits.
    pub(crate) inputs: InputsCache,
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
    /// Takes no memory of the heap yet, so that one can be a constant.
    pub const fn new() -> Scratch {
        Scratch {
            slots: FilledSlots::new(),
            named: PerImage::new(),
            units: PreparedUnits::new(),
            segments: Segments::NONE,
            actions: Cache::new(),
            callers: Callers::new(),
            inputs: InputsCache::new(),
        }
    }
}

//! The memory of decisions.

use std::cell::RefCell;

/// Memory that decisions use one after the other: what a host keeps for each thread.
///
/// It belongs to no authorizer: any may use it after any other. It holds 32 bytes for each condition key that the largest
/// of them looks at, and remembers what the last ones made of the names of actions, keys and callers, at most 128 of each
/// and none longer than 256 bytes, and with each action the names of one request's keys, at most 2 KiB. Once it has seen
/// its largest request it does not allocate any more.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(crate) own: portcullis_vm::Scratch,
    /// For the buckets behind access points, once there was one.
    pub(crate) behind: Option<Box<Behind>>,
}

/// What the question of the bucket behind an access point is written into, and the memory in which it is asked.
#[derive(Debug, Default)]
pub(crate) struct Behind {
    pub(crate) scratch: portcullis_vm::Scratch,
    pub(crate) resource: String,
}

impl Scratch {
    /// Takes no memory of the heap yet.
    pub const fn new() -> Scratch {
        Scratch {
            own: portcullis_vm::Scratch::new(),
            behind: None,
        }
    }
}

thread_local! {
    static OF_THREAD: RefCell<Scratch> = const { RefCell::new(Scratch::new()) };
}

/// Calls a function with memory of the thread.
#[inline]
pub(crate) fn with_own<T>(call: impl FnOnce(&mut Scratch) -> T) -> T {
    OF_THREAD.with(|scratch| match scratch.try_borrow_mut() {
        Ok(mut scratch) => call(&mut scratch),
        // Nothing that is called from here calls back; if it did, it would get memory of its own.
        Err(_) => call(&mut Scratch::new()),
    })
}

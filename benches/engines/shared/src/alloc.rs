//! An allocator that counts: how often memory is asked for, and how much is held.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};

static COUNT: AtomicU64 = AtomicU64::new(0);
static HELD: AtomicU64 = AtomicU64::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often memory has been asked for since the program began.
pub fn count() -> u64 {
    COUNT.load(Ordering::Relaxed)
}

/// How many bytes are held now.
pub fn held() -> u64 {
    HELD.load(Ordering::Relaxed)
}

struct Counting;

// Plain loads and stores rather than locked additions: an adapter decides on one thread, and the
// counters must cost the peers, which allocate, as little as can be.
fn add(counter: &AtomicU64, by: u64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(by),
        Ordering::Relaxed,
    );
}

// SAFETY: every method passes its arguments unchanged to the system's allocator and returns what
// that returns, so that its guarantees are ours and the caller's obligations are met for it. The
// counters are atomics, which neither allocate nor unwind.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&HELD, layout.size() as u64);
        // SAFETY: the caller upholds the contract of `alloc`, which is the same here.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(&COUNT, 1);
        add(&HELD, layout.size() as u64);
        // SAFETY: as in `alloc`.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        add(&COUNT, 1);
        add(&HELD, (size as u64).wrapping_sub(layout.size() as u64));
        // SAFETY: the memory came from this allocator, hence from the system's, with this layout.
        unsafe { System.realloc(memory, layout, size) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        add(&HELD, (layout.size() as u64).wrapping_neg());
        // SAFETY: as in `realloc`.
        unsafe { System.dealloc(memory, layout) }
    }
}

//! Work that goes ahead of who needs it, on a thread of its own where there are two processors.
//!
//! What gives ids to things stays with one thread, because they are given in the order of first use; so the result is the same
//! with one thread and with two. Each round has memory of its own, which is used again in the next.

use std::num::NonZero;
use std::sync::mpsc;
use std::{panic, thread};

use bumpalo::Bump;

/// Memory that a round fills one after the other.
const ARENAS: usize = 16;

/// Makes things ahead, in rounds.
pub(crate) struct Ahead {
    arenas: Vec<Bump>,
    has_second_thread: bool,
}

impl Ahead {
    /// How many arenas a round has.
    pub(crate) const ARENAS: usize = ARENAS;

    /// Nothing made yet.
    pub(crate) fn new() -> Ahead {
        let mut arenas = Vec::new();
        arenas.resize_with(ARENAS, Bump::new);
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        Ahead {
            arenas,
            has_second_thread: processors > 1,
        }
    }

    /// One round: what `make` gives, which may lie in the arenas, is taken in the order in which it is given.
    pub(crate) fn round<'a, T: Send + 'a, R: Send>(
        &'a mut self,
        make: impl FnOnce(&'a mut [Bump], &mut dyn FnMut(T)) -> R + Send,
        mut take: impl FnMut(T),
    ) -> R {
        self.arenas.iter_mut().for_each(Bump::reset);
        let arenas = self.arenas.as_mut_slice();
        if !self.has_second_thread {
            return make(arenas, &mut take);
        }
        thread::scope(|scope| {
            let (sender, made) = mpsc::channel();
            let maker = scope.spawn(move || {
                // The other end is there until this one goes.
                make(arenas, &mut |one| sender.send(one).unwrap_or(()))
            });
            made.into_iter().for_each(take);
            // A thread that is not joined frees its memory when it likes: perhaps while a host decides.
            maker
                .join()
                .unwrap_or_else(|payload| panic::resume_unwind(payload))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_taken_in_its_order() {
        for has_second_thread in [false, true] {
            let mut ahead = Ahead {
                has_second_thread,
                ..Ahead::new()
            };
            for _ in 0..3 {
                let mut taken = Vec::new();
                let made = ahead.round(
                    |arenas, give| {
                        for (number, arena) in arenas.iter_mut().enumerate() {
                            give(&*arena.alloc_str(&number.to_string()));
                        }
                        7
                    },
                    |text: &str| taken.push(text.to_owned()),
                );
                let expected: Vec<String> = (0..Ahead::ARENAS).map(|own| own.to_string()).collect();
                assert_eq!((made, taken), (7, expected));
            }
        }
    }
}

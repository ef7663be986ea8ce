//! Work that two threads share where there are two processors.
//!
//! A round consists of jobs. Both threads do whatever job comes next, and one of them takes what was made, in the order of the jobs. To take is
//! what gives ids to things, which are given in the order of first use; so the result is the same with one thread and with two, whoever
//! is faster. Each job has memory of its own, which is used again in the next round.

use std::collections::BTreeMap;
use std::iter::Enumerate;
use std::panic;
use std::slice::IterMut;
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread::{self, ScopedJoinHandle};

use bumpalo::Bump;

/// Jobs of a round: so many that the threads seldom wait for each other at its end.
const JOBS: usize = 32;

/// Makes things in rounds.
pub(crate) struct Ahead {
    arenas: Vec<Bump>,
    has_second_thread: bool,
}

/// What is left to do of a round.
struct Jobs<'a, N> {
    arenas: Enumerate<IterMut<'a, Bump>>,
    next: N,
}

impl<'a, N> Jobs<'a, N> {
    /// The next job with its number and its memory.
    fn next<J>(&mut self) -> Option<(usize, J, &'a Bump)>
    where
        N: FnMut(&'a Bump) -> Option<J>,
    {
        let (number, arena) = self.arenas.next()?;
        let arena = &*arena;
        let job = (self.next)(arena);
        if job.is_none() {
            // The other thread need not ask again.
            self.arenas.by_ref().for_each(drop);
        }
        Some((number, job?, arena))
    }
}

impl Ahead {
    /// How many jobs a round has at most.
    pub(crate) const JOBS: usize = JOBS;

    /// Nothing made yet.
    pub(crate) fn new() -> Ahead {
        let mut arenas = Vec::new();
        arenas.resize_with(JOBS, Bump::new);
        Ahead {
            arenas,
            has_second_thread: has_second_processor(),
        }
    }

    /// One round. `next` gives the jobs one after the other; what `make` makes of them may lie in the arena, and `take` gets it in their order.
    pub(crate) fn round<'a, J, T: Send>(
        &'a mut self,
        next: impl FnMut(&'a Bump) -> Option<J> + Send,
        make: impl Fn(J, &'a Bump) -> T + Sync,
        mut take: impl FnMut(T),
    ) {
        self.arenas.iter_mut().for_each(Bump::reset);
        let arenas = self.arenas.iter_mut().enumerate();
        let jobs = Mutex::new(Jobs { arenas, next });
        let work = || {
            let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
            next.map(|(number, job, arena)| (number, make(job, arena)))
        };
        if !self.has_second_thread {
            std::iter::from_fn(work).for_each(|(_, one)| take(one));
            return;
        }
        let work = &work;
        thread::scope(|scope| {
            let (sender, made) = mpsc::channel();
            let second = scope.spawn(move || {
                // The other end is there until this one goes.
                std::iter::from_fn(work).for_each(|one| sender.send(one).unwrap_or(()));
            });
            let mut early = BTreeMap::new();
            let mut taken = 0;
            loop {
                early.extend(made.try_iter());
                if let Some(one) = early.remove(&taken) {
                    take(one);
                    taken += 1;
                    continue;
                }
                let Some((number, one)) = work().or_else(|| made.recv().ok()) else {
                    break;
                };
                early.insert(number, one);
            }
            joined(second);
        });
    }
}

/// Does both, at once if there are two processors: a [`portcullis_image::Join`].
pub(crate) fn join(one: &mut (dyn FnMut() + Send), other: &mut (dyn FnMut() + Send)) {
    if !has_second_processor() {
        one();
        return other();
    }
    thread::scope(|scope| {
        let second = scope.spawn(other);
        one();
        joined(second);
    });
}

/// What a thread gave. One that is not joined frees its memory when it likes: perhaps while a host decides.
fn joined<T>(thread: ScopedJoinHandle<'_, T>) -> T {
    let joined = thread.join();
    joined.unwrap_or_else(|payload| panic::resume_unwind(payload))
}

fn has_second_processor() -> bool {
    thread::available_parallelism().is_ok_and(|count| count.get() > 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_made_is_taken_in_the_order_of_the_jobs() {
        for has_second_thread in [false, true] {
            let mut ahead = Ahead {
                has_second_thread,
                ..Ahead::new()
            };
            // The last round has more jobs than fit.
            for (count, expected) in [(0, 0), (5, 5), (JOBS, JOBS), (JOBS + 1, JOBS)] {
                let mut jobs = 0..count;
                let mut taken = Vec::new();
                ahead.round(
                    |_| jobs.next(),
                    |job, arena| {
                        // So that not all of them take the same time.
                        (0..job % 3 * 1000).for_each(|_| thread::yield_now());
                        &*arena.alloc_str(&job.to_string())
                    },
                    |text: &str| taken.push(text.to_owned()),
                );
                let expected: Vec<String> = (0..expected).map(|job| job.to_string()).collect();
                assert_eq!(taken, expected);
            }
        }
    }

    #[test]
    fn nothing_is_asked_for_behind_the_last_job() {
        let mut ahead = Ahead::new();
        let mut asked = 0;
        let next = |_: &Bump| {
            asked += 1;
            (asked < 3).then_some(())
        };
        ahead.round(next, |(), _| (), |()| ());
        assert_eq!(asked, 3);
    }
}

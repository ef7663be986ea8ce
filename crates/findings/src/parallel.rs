//! Questions of many callers, by threads.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use bumpalo::Bump;
use portcullis_directory::Directory;
use portcullis_model::ContextEntry;

use crate::caller::Asker;
use crate::questions::Questions;

/// How many callers a thread takes at once.
const BLOCK: usize = 16;

/// Asks of each of some callers, and gives the answers in their order. Each thread has what it found out for itself, and begins
/// anew when that is much.
pub fn of_each<T: Send>(
    directory: &Directory,
    (given, owner): (&[ContextEntry<'_>], Option<&str>),
    askers: &[Asker<'_>],
    threads: usize,
    ask: impl for<'q> Fn(&mut Questions<'q>, &Asker<'q>, usize) -> T + Sync,
) -> Vec<T> {
    let taken = AtomicUsize::new(0);
    let found: Mutex<Vec<(usize, T)>> = Mutex::new(Vec::with_capacity(askers.len()));
    let threads = threads.clamp(1, askers.len().div_ceil(BLOCK).max(1));
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let arena = Bump::new();
                    let mut questions = Questions::new(directory, given, &arena).owned_by(owner);
                    while !questions.is_full() {
                        let start = taken.fetch_add(BLOCK, Ordering::Relaxed);
                        let block = askers.iter().enumerate().skip(start).take(BLOCK);
                        let own: Vec<(usize, T)> = block
                            .map(|(place, asker)| (place, ask(&mut questions, asker, place)))
                            .collect();
                        if own.is_empty() {
                            return;
                        }
                        if let Ok(mut found) = found.lock() {
                            found.extend(own);
                        }
                    }
                }
            });
        }
    });
    let mut found = found.into_inner().unwrap_or_default();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, answer)| answer).collect()
}

//! Maps that are quick and that nobody can make slow by choosing keys: a fifth of a proof's time went into hashing what it had met.

use std::collections::HashMap;
use std::hash::BuildHasher;

/// A map from what was met. Its order is never used.
pub(crate) type Map<K, V> = HashMap<K, V, Hashes>;

/// Hashes with random seeds: policies come from others, who must not be able to make names collide.
pub(crate) struct Hashes(ahash::RandomState);

impl Default for Hashes {
    fn default() -> Hashes {
        let random = std::hash::RandomState::new();
        let [a, b, c, d] = [0, 1, 2, 3].map(|number: u64| random.hash_one(number));
        Hashes(ahash::RandomState::with_seeds(a, b, c, d))
    }
}

impl BuildHasher for Hashes {
    type Hasher = ahash::AHasher;

    fn build_hasher(&self) -> ahash::AHasher {
        self.0.build_hasher()
    }
}

//! Maps that are quick, and that nobody can make slow by choosing keys.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::sync::OnceLock;

/// A map of what was read or met. Its order differs from run to run, and is never used.
///
/// ```
/// use portcullis_source::hash::Map;
/// let mut places = Map::default();
/// places.insert("s3:GetObject", 3);
/// assert_eq!(places.get("s3:GetObject"), Some(&3));
/// ```
pub type Map<K, V> = HashMap<K, V, Hashes>;

/// A set of what was read or met, likewise.
pub type Set<K> = HashSet<K, Hashes>;

/// Hashes with random seeds: what is hashed comes from others, who must not be able to make it collide. The standard library's
/// hash has them too, and took a fifth of a proof's time and a tenth of a linter's.
#[derive(Clone)]
pub struct Hashes(ahash::RandomState);

impl Default for Hashes {
    fn default() -> Hashes {
        // Of the process: small maps are made all the time.
        static SEEDED: OnceLock<ahash::RandomState> = OnceLock::new();
        Hashes(SEEDED.get_or_init(random_state).clone())
    }
}

/// A quick hash with random seeds of its own.
pub fn random_state() -> ahash::RandomState {
    let random = RandomState::new();
    let [a, b, c, d] = [0, 1, 2, 3].map(|number: u64| random.hash_one(number));
    ahash::RandomState::with_seeds(a, b, c, d)
}

impl core::fmt::Debug for Hashes {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hashes")
    }
}

impl BuildHasher for Hashes {
    type Hasher = ahash::AHasher;

    fn build_hasher(&self) -> ahash::AHasher {
        self.0.build_hasher()
    }
}

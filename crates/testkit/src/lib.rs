//! Generators, oracles and laws for the tests and the fuzzing of portcullis.
//!
//! Nothing here depends on a fuzzer: a generator turns bytes into policies and requests
//! ([`generate`]), whether the bytes come from a fuzzer or from [`Bytes`]; an oracle answers requests
//! ([`oracle`]), and laws tie two answers to each other ([`laws`]). A disagreement is made small
//! ([`minimise`]) and prints itself as a line of a scenario file, to be pasted into the corpus.

#![allow(
    clippy::disallowed_methods,
    reason = "texts that tests made themselves; the reader of the project is held against serde_json here"
)]

pub mod as_directory;
#[cfg(doctest)]
mod book;
pub mod corpus;
pub mod derive;
pub mod directory;
pub mod exhaust;
pub mod facade;
pub mod forge;
pub mod fuzz;
pub mod generate;
pub mod laws;
pub mod machine;
pub mod minimise;
pub mod oracle;
pub mod prove;
mod world;

pub use world::{Caller, Request, World};

/// A text as a value of `serde_json`, for tools that build their input out of data: only if the reader of the project
/// takes it, so that a member that is there twice is an error, not the last of the two.
///
/// # Errors
/// The first problem, in words.
///
/// ```
/// assert!(portcullis_testkit::json_value(r#"{"Effect": "Deny"}"#).is_ok());
/// assert!(portcullis_testkit::json_value(r#"{"Effect": "Deny", "Effect": "Allow"}"#).is_err());
/// ```
pub fn json_value(text: &str) -> Result<serde_json::Value, String> {
    if let Err(problems) = portcullis_source::json::parse(text, &bumpalo::Bump::new()) {
        let first = problems.into_iter().next();
        return Err(first.map_or_else(String::new, |problem| problem.message));
    }
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A source of bytes for generators that is the same on every machine: xorshift from a seed.
#[derive(Clone, Debug)]
pub struct Bytes(u64);

impl Bytes {
    /// The source with this seed.
    pub fn new(seed: u64) -> Bytes {
        Bytes(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next eight bytes as a number.
    pub fn next_u64(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// The next bytes.
    pub fn take(&mut self, len: usize) -> Vec<u8> {
        let words = (0..len.div_ceil(8)).flat_map(|_| self.next_u64().to_le_bytes());
        words.take(len).collect()
    }

    /// A number below a limit; 0 if the limit is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        ((self.next_u64() >> 16) % (limit.max(1) as u64)) as usize
    }
}

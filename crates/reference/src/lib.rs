//! The executable specification of portcullis.
//!
//! This is the plainest evaluator that the rules allow: it walks the syntax tree, tries every
//! statement of every layer that takes part, and only then concludes. It has no index, remembers
//! nothing between calls and stops nowhere early, so that each function can be held against the
//! rule it cites. The engine proper is tested against it and shares no code with it beyond the
//! vocabulary and the syntax tree.
//!
//! Slow, but never explosively so: matching is by tables, nothing recurses on its input.

mod bucket;
mod condition;
mod decide;
mod glob;
mod keys;
mod matching;
mod principal;
mod public;
mod value;
mod variable;

pub use decide::{Outcome, Verdict, decide};
pub use glob::glob;
pub use value::{Cidr, Instant, Number, decode_base64, parse_bool, parse_cidr, parse_ip};

//! Evaluating statements against a request.
//!
//! One code for deciding and for explaining, and for requests wherever they lie: what is read of a request is a trait
//! ([`view::RequestView`]), which every caller implements for its own data. A struct of references would be
//! filled for each image, though most of it is not looked at in most decisions.
//!
//! A statement is a head and a guard. The index has mostly settled action and resource, so that what is left is a mask, a
//! pattern, a list of principals and the conditions, in this order: the cheapest test that excludes most comes first.
//!
//! Nothing here allocates, fails or recurses. Some functions say that they are never inlined: the loops around them are
//! short on registers, and a call costs less than what would be spilled. Moving code between these functions was measured each
//! time (`docs/benchmarks/targets.md` lists what was tried and undone).

pub(crate) mod accumulator;
pub(crate) mod entries;
pub(crate) mod guard;
pub(crate) mod head;
pub(crate) mod view;

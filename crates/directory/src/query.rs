//! Questions about a whole directory: who can do something, what somebody can do, who has everything, who comes in from
//! outside.
//!
//! Each is a loop over decisions of [`crate::decide`], and decides nothing by itself, so that an answer is never other than
//! what a request would get. They may take seconds on a million principals: answers are handed on while the work goes on,
//! in the order of the dumps, whatever threads find first.
//!
//! What was measured of a million principals, on one thread: `who-can` 0.26 s, `matrix` of four actions 0.72 s, `admins` 0.86 s
//! (`docs/benchmarks/directories.md`). An index from resources to principals was rejected: it would help one of the questions
//! and have to be made again at each change.

pub(crate) mod access;
pub(crate) mod admins;
pub(crate) mod charts;
pub(crate) mod external_access;
pub(crate) mod known;
pub(crate) mod not_given;
pub(crate) mod outside;
pub(crate) mod people;
pub(crate) mod scan;
pub(crate) mod what_can;
pub(crate) mod who_can;

//! The programs of the book and of the README, as tests of this crate's documentation. `tests/it/book.rs` fails if a page
//! with Rust in it is missing here.

#[doc = include_str!("../../../README.md")]
pub struct Readme;

#[doc = include_str!("../../../docs/how-to/embed.md")]
pub struct Embed;

#[doc = include_str!("../../../docs/how-to/prepare.md")]
pub struct Prepare;

#[doc = include_str!("../../../docs/how-to/batch.md")]
pub struct Batch;

#[doc = include_str!("../../../docs/how-to/tighten.md")]
pub struct Tighten;

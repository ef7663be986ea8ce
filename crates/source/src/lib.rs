//! Texts of input, and what is wrong with them.
//!
//! Everything that reads input is built on this crate: a [`Source`] is a text with the name of its file, a [`Span`] a
//! range of its bytes, [`json`] a tree whose nodes know their spans, [`Reader`] the one way to read an object, [`Records`]
//! the one way to take a stream of JSON values apart, and [`Diagnostic`] the one kind of problem. A diagnostic is born
//! with spans alone, [located](Source::locate) in its source, and from then on needs the text no more: it can be printed
//! ([`render`]) and written in every format of the module `formats` when the text is long gone.
//!
//! ```
//! use bumpalo::Bump;
//! use portcullis_source::{Reader, Source, json, render};
//!
//! let arena = Bump::new();
//! let source = Source::new("request.json", r#"{"action": 1}"#);
//! let node = json::parse(source.text(), &arena).unwrap();
//! let mut reader = Reader::new(&source);
//! let [action] = reader.members(arena.alloc(node), "a request", ["action"]).unwrap();
//! assert_eq!(reader.text(action), None);
//! assert_eq!(render(&reader.problems, false), r#"error[DATA_TYPE_MISMATCH]: `action` must be a string, this is a number
//!  --> request.json:1:12
//!   |
//! 1 | {"action": 1}
//!   |            ^
//! "#);
//! ```

mod code;
mod diagnostic;
pub mod files;
#[cfg(feature = "formats")]
pub mod formats;
pub mod hash;
pub mod json;
mod lines;
mod lookalike;
mod object;
mod quote;
mod records;
mod render;
mod sink;
mod source;
mod span;
pub mod suggest;
pub mod words;

pub use code::{Code, codes};
pub use diagnostic::{Diagnostic, Edit, Fix, Place, Pointer, Related, Severity, Step};
pub use lines::LineIndex;
pub use lookalike::{is_unseen, lookalike};
pub use object::{Reader, Slots, field, list, present, slots, text};
pub use quote::{printable, quoted};
pub use records::{Piece, Pieces, Records};
pub use render::{render, render_failure};
pub use sink::Sink;
pub use source::{Source, Start};
pub use span::{Span, Text};

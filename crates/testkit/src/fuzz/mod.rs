//! What fuzz targets do with their bytes. Each function panics if its property does not hold.
//!
//! A target of `fuzz/` is one line over one of [`TARGETS`]; the ordinary tests run the same functions
//! on bytes of their own and on every input that was kept.

#![allow(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a fuzzer is told by a panic"
)]

mod decimal;
mod directories;
mod documents;
mod forms;
mod glob;
mod handles;
mod images;
mod input;
mod language;
mod lint;
mod lsp;
mod policies;
mod values;

pub use directories::{directory, dumps};
pub use documents::json_policy;
pub use forms::forms;
pub use glob::{glob, matches};
pub use handles::handles;
pub use images::{image, instructions};
pub use language::{dsl, ordered, round_trip, through_the_notations};
pub use lint::lint;
pub use lsp::lsp;
pub use policies::{decide, laws, request, scenario};
pub use values::{address, date, number};

/// A property of any bytes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name: that of the fuzz target, of the folder of its inputs in `corpus/fuzz`, and of its
    /// row in `fuzz/README.md`.
    pub name: &'static str,
    /// Panics if the property does not hold.
    pub run: fn(&[u8]),
}

/// All of them, cheap ones first.
pub const TARGETS: [Target; 19] = {
    const fn target(name: &'static str, run: fn(&[u8])) -> Target {
        Target { name, run }
    }
    [
        target("number", number),
        target("date", date),
        target("address", address),
        target("glob", glob),
        target("json_policy", json_policy),
        target("forms", forms),
        target("lint", lint),
        target("lsp", lsp),
        target("dsl", dsl),
        target("round_trip", round_trip),
        target("request", request),
        target("scenario", scenario),
        target("image", image),
        target("instructions", instructions),
        target("directory", directory),
        target("dumps", dumps),
        target("decide", decide),
        target("handles", handles),
        target("laws", laws),
    ]
};

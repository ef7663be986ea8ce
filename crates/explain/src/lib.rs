//! Decisions told: from what the machine finds out about a request ([`portcullis_vm::explain`]) to a text for people, JSON
//! for programs, a picture and a page; and what would have to change for a request to be allowed.
//!
//! Everything is made from one page of blocks and lines, so that all forms say the same.

#[cfg(feature = "tries")]
mod tries;

mod changes;
mod chart;
mod html;
#[cfg(feature = "json")]
mod json;
mod page;
mod resource_policies;
mod scene;
mod story;
mod svg;
mod text;
mod words;

pub use changes::{Changes, Need};
pub use chart::{Card, Chart, Layout, Mark};
pub use scene::{
    AccountStory, Applied, Attached, CallerStory, GrantMiss, GrantStory, LayerStory, Scene, Source,
    TargetStory,
};
pub use story::Story;
pub use words::{Shift, between, byte_at, layer_name, printable, sentence_list};

//! The whole story of a decision: who asks for what, which policies took part by which attachment, what
//! each policy set said, and what would have to change. Told as text, as JSON and as a picture.

use portcullis_model::Request;
use portcullis_vm::Explanation;

use crate::changes::Changes;
use crate::page::Page;
use crate::scene::Scene;
use crate::words::{self, Shift};
use crate::{html, svg, text};

/// All that is told of a decision.
pub struct Story<'s> {
    /// The explanation.
    pub explanation: &'s Explanation,
    /// The request, with what follows from a directory filled in.
    pub request: &'s Request<'s>,
    /// What a directory knows of it.
    pub scene: Option<&'s Scene>,
    /// What would have to change; nothing is said of it if this is not there.
    pub changes: Option<&'s Changes>,
    /// What was guessed or assumed.
    pub notes: Vec<String>,
    /// Something that may change the decision is not there or was not seen.
    pub is_incomplete: bool,
}

impl Story<'_> {
    /// AWS's sentence for a denial; none for an allow.
    pub fn message(&self) -> Option<String> {
        words::message(self.explanation, self.request)
    }

    /// Everything that is to be noted.
    pub(crate) fn all_notes(&self) -> Vec<String> {
        let mut all = self.explanation.notes.clone();
        for note in &self.notes {
            if !all.contains(note) {
                all.push(note.clone());
            }
        }
        all
    }

    /// For people, perhaps with the colors of a terminal.
    pub fn text(&self, color: bool) -> String {
        text::render(&Page::of(self, None), color)
    }

    /// The same of a part of a file: places in it are moved by as many lines as were not read.
    pub fn text_of_part(&self, shift: Shift<'_>) -> String {
        text::render(&Page::of(self, Some(shift)), false)
    }

    /// For programs.
    #[cfg(feature = "json")]
    pub fn json(&self) -> serde_json::Value {
        crate::json::value(self)
    }

    /// A picture, in a file of its own.
    pub fn svg(&self) -> String {
        svg::render(&Page::of(self, None))
    }

    /// A page with the picture and the text.
    pub fn html(&self) -> String {
        html::render(&Page::of(self, None))
    }
}

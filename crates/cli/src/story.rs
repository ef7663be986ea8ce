//! The whole story of a decision: who asks for what, which policies took part by which attachment, what
//! each policy set said, and what would have to change. Told as text, as JSON and as a picture.

mod changes;
mod html;
mod json;
mod page;
mod resource_policies;
mod svg;
mod text;

pub(crate) use changes::Changes;
use page::Page;

use portcullis_model::Request;
use portcullis_vm::Explanation;

use crate::engine::add_notes;
use crate::report::Shift;

/// All that is told of a decision.
pub(crate) struct Story<'s> {
    pub(crate) explanation: &'s Explanation,
    /// The request, with what follows from a directory filled in.
    pub(crate) request: &'s Request<'s>,
    /// What a directory knows of it.
    pub(crate) scene: Option<portcullis_directory::Story>,
    /// What would have to change; nothing is said of it if this is not there.
    pub(crate) changes: Option<Changes>,
    /// What was guessed or assumed.
    pub(crate) notes: Vec<String>,
    /// The directory lacks something.
    pub(crate) is_incomplete: bool,
}

impl Story<'_> {
    /// Everything that is to be noted.
    fn all_notes(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .explanation
            .notes
            .iter()
            .map(ToString::to_string)
            .collect();
        add_notes(&mut all, self.notes.iter().cloned());
        all
    }

    /// For people, perhaps with the colours of a terminal.
    pub(crate) fn text(&self, colour: bool) -> String {
        text::render(&Page::of(self, None), colour)
    }

    /// For programs.
    pub(crate) fn json(&self) -> serde_json::Value {
        json::value(self)
    }

    /// A picture, in a file of its own.
    pub(crate) fn svg(&self) -> String {
        svg::render(&Page::of(self, None))
    }

    /// A page with the picture and the text.
    pub(crate) fn html(&self) -> String {
        html::render(&Page::of(self, None))
    }
}

/// An explanation alone, of a part of a file.
pub(crate) fn plain(
    explanation: &Explanation,
    request: &Request<'_>,
    notes: Vec<String>,
    shift: Option<Shift<'_>>,
) -> String {
    let story = Story {
        explanation,
        request,
        scene: None,
        changes: None,
        notes,
        is_incomplete: false,
    };
    text::render(&Page::of(&story, shift), false)
}

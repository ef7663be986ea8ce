//! Paths in JSON values, for messages.
//!
//! A path borrows the path above it, so that reading makes none on the heap unless there is something to say.

use std::fmt;

/// A path in a JSON value. Displayed as `/member/0`, and as nothing for the value itself.
#[derive(Clone, Copy)]
pub(crate) struct At<'p> {
    parent: Option<&'p At<'p>>,
    step: Step<'p>,
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Member(&'p str),
    Index(usize),
}

impl<'p> At<'p> {
    /// The value itself.
    pub(crate) fn root() -> At<'static> {
        At {
            parent: None,
            step: Step::Root,
        }
    }

    /// A member of what this is the path of.
    pub(crate) fn member(&'p self, name: &'p str) -> At<'p> {
        At {
            parent: Some(self),
            step: Step::Member(name),
        }
    }

    /// An element of it.
    pub(crate) fn index(&'p self, index: usize) -> At<'p> {
        At {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            steps.push(here.step);
            at = here.parent;
        }
        for step in steps.iter().rev() {
            match step {
                Step::Root => {}
                Step::Member(name) => write!(f, "/{name}")?,
                Step::Index(index) => write!(f, "/{index}")?,
            }
        }
        Ok(())
    }
}

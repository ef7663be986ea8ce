//! Paths in JSON values, for messages.
//!
//! A path borrows the path above it, so that reading makes none on the heap unless there is something to say.

use std::fmt;

use portcullis_source::{Code, Diagnostic, Place, Pointer, Severity, Span, quoted};

/// A path in a JSON value. Displayed as `/member/0`, and as nothing for the value itself.
#[derive(Clone, Copy)]
pub(crate) struct JsonPath<'p> {
    parent: Option<&'p JsonPath<'p>>,
    step: Step<'p>,
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Step<'p> {
    Root,
    Member(&'p str),
    Index(usize),
    /// Several at once, as a JSON pointer.
    Pointer(&'p str),
}

impl<'p> JsonPath<'p> {
    /// The value itself.
    pub(crate) fn root() -> JsonPath<'static> {
        JsonPath {
            parent: None,
            step: Step::Root,
        }
    }

    /// A member of what this is the path of.
    pub(crate) fn member(&'p self, name: &'p str) -> JsonPath<'p> {
        JsonPath {
            parent: Some(self),
            step: Step::Member(name),
        }
    }

    /// A path in JSON Pointer's notation, seen from here.
    pub(crate) fn pointer(&'p self, path: &'p str) -> JsonPath<'p> {
        JsonPath {
            parent: Some(self),
            step: Step::Pointer(path),
        }
    }

    /// An element of it.
    pub(crate) fn index(&'p self, index: usize) -> JsonPath<'p> {
        JsonPath {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl JsonPath<'_> {
    /// What the last step leads to, in words.
    pub(crate) fn name(&self) -> String {
        match self.step {
            Step::Root => "the value".to_owned(),
            Step::Member(name) => quoted(name),
            Step::Index(_) | Step::Pointer(_) => "an element".to_owned(),
        }
    }

    /// The steps from the value itself.
    pub(crate) fn steps(&self) -> Vec<portcullis_source::Step> {
        let mut steps = Vec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            match here.step {
                Step::Root => {}
                Step::Member(name) => steps.push(portcullis_source::Step::Member(name.to_owned())),
                Step::Index(index) => steps.push(portcullis_source::Step::Index(index)),
                Step::Pointer(path) => steps.extend(steps_of(path).rev()),
            }
            at = here.parent;
        }
        steps.reverse();
        steps
    }
}

impl fmt::Display for JsonPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Pointer(&self.steps()).fmt(f)
    }
}

/// A place of a file, and the way to it in the JSON value there. Displayed as `file:line:column /path`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Location {
    /// None for what is in no file by itself.
    position: Option<Place>,
    path: Vec<portcullis_source::Step>,
}

impl Location {
    /// A place, and the way to it.
    pub(crate) fn new(position: Place, path: Vec<portcullis_source::Step>) -> Location {
        Location {
            position: Some(position),
            path,
        }
    }

    /// A whole file, or a folder.
    pub(crate) fn of_file(name: &str) -> Location {
        Location::new(Place::of_file(name), Vec::new())
    }

    /// The value of a member, and in it perhaps an element or another member: the place stays that of what is known.
    #[must_use]
    pub(crate) fn inside(mut self, path: &str) -> Location {
        self.path.extend(steps_of(path));
        self
    }

    /// A problem at this place.
    pub(crate) fn diagnostic(
        self,
        severity: Severity,
        code: Code,
        message: impl Into<String>,
    ) -> Diagnostic {
        let mut problem = Diagnostic::new(severity, code, Span::default(), message);
        problem.place = self.position.map(Box::new);
        problem.path = (!self.path.is_empty()).then_some(self.path);
        problem
    }
}

/// The steps of a JSON pointer, of which a number is an index.
fn steps_of(path: &str) -> impl DoubleEndedIterator<Item = portcullis_source::Step> {
    let steps = path.split('/').filter(|step| !step.is_empty());
    steps.map(|step| match step.parse() {
        Ok(index) => portcullis_source::Step::Index(index),
        Err(_) => portcullis_source::Step::Member(step.replace("~1", "/").replace("~0", "~")),
    })
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = &self.position {
            position.fmt(f)?;
        }
        match self.path.is_empty() {
            true => Ok(()),
            false => write!(f, " {}", Pointer(&self.path)),
        }
    }
}

//! Paths in JSON values, and locations in files, for messages.
//!
//! A path borrows the path above it and lives on the stack of the readers, so that reading
//! allocates none unless there is a problem to report. Nearly all values have no problem, and a
//! path for each node would be the largest part of reading. Passing the nodes above instead was
//! rejected: a node does not know the name of the member that it is in.

use std::fmt;

use portcullis_source::{Code, Diagnostic, Place, Pointer, Severity, Span, quoted};
use smallvec::SmallVec;

/// A path in a JSON value. Displayed as a JSON pointer, `/member/0`, and as nothing for the value
/// itself.
#[derive(Clone, Copy)]
pub(crate) struct JsonPath<'p> {
    /// The path above; none for the value itself.
    parent: Option<&'p JsonPath<'p>>,
    step: Step<'p>,
}

/// One step of a path.
#[derive(Clone, Copy)]
enum Step<'p> {
    /// The value itself.
    Root,
    /// Into a member of an object.
    Member(&'p str),
    /// Into an element of a list, counted from 0.
    Index(usize),
    /// Several steps at once, as a JSON pointer: for trees, whose depth is that of the data and not
    /// of the stack.
    Pointer(&'p str),
}

impl<'p> JsonPath<'p> {
    /// The path of the value itself.
    pub(crate) fn root() -> JsonPath<'static> {
        JsonPath {
            parent: None,
            step: Step::Root,
        }
    }

    /// The path of a member of this.
    pub(crate) fn member(&'p self, name: &'p str) -> JsonPath<'p> {
        JsonPath {
            parent: Some(self),
            step: Step::Member(name),
        }
    }

    /// The path that a JSON pointer leads to from here.
    pub(crate) fn pointer(&'p self, path: &'p str) -> JsonPath<'p> {
        JsonPath {
            parent: Some(self),
            step: Step::Pointer(path),
        }
    }

    /// The path of an element of this list.
    pub(crate) fn index(&'p self, index: usize) -> JsonPath<'p> {
        JsonPath {
            parent: Some(self),
            step: Step::Index(index),
        }
    }
}

impl JsonPath<'_> {
    /// The last step in words, as the subject of a message: "`Arn` must be a string".
    pub(crate) fn name(&self) -> StepName<'_> {
        StepName(self.step)
    }

    /// The steps from the value itself, owned, for a diagnostic that outlives the value.
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
        // Each policy of a directory is called by its path, so that owned steps would cost much.
        let mut steps: SmallVec<[Step<'_>; 8]> = SmallVec::new();
        let mut at = Some(self);
        while let Some(here) = at {
            steps.push(here.step);
            at = here.parent;
        }
        for step in steps.iter().rev() {
            match step {
                Step::Root => {}
                Step::Member(name) => Pointer::write_name(name, f)?,
                Step::Index(index) => write!(f, "/{index}")?,
                Step::Pointer(path) => {
                    let steps: Vec<_> = steps_of(path).collect();
                    Pointer(&steps).fmt(f)?;
                }
            }
        }
        Ok(())
    }
}

/// The last step of a path in words. Made into text only where a message needs it.
pub(crate) struct StepName<'p>(Step<'p>);

impl fmt::Display for StepName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::Root => f.write_str("the value"),
            Step::Member(name) => f.write_str(&quoted(name)),
            Step::Index(_) | Step::Pointer(_) => f.write_str("an element"),
        }
    }
}

/// A position in a file and a path in the JSON value there. Displayed as `file:line:column /path`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Location {
    /// None for problems that are in no file by themselves, such as an organization without a
    /// management account.
    position: Option<Place>,
    /// From the root of the value, not from the position: scripts look members up by it.
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

    /// A whole file or folder, where a line would say nothing.
    pub(crate) fn of_file(name: &str) -> Location {
        Location::new(Place::of_file(name), Vec::new())
    }

    /// Goes on to a member or element. The position stays that of the record: the node is gone when
    /// linking finds the problem.
    #[must_use]
    pub(crate) fn inside(mut self, path: &str) -> Location {
        self.path.extend(steps_of(path));
        self
    }

    /// A problem at this location. The span is empty because the text of the file is not kept.
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

/// The steps of a JSON pointer. A step of digits counts as an index, although a member may be
/// called so; it is shown the same either way.
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

//! Answers.

/// Whether somebody can do something.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Can {
    /// This request is allowed, with no key that was not given or is not known.
    Yes(Shown),
    /// Requests are allowed that have other keys too: one for each set of keys that was found, never none.
    If(Vec<Shown>),
    /// No request is.
    No,
    /// Neither is known, for these reasons.
    Unknown(Vec<String>),
}

/// A request that the directory's own decision allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shown {
    /// The action.
    pub action: String,
    /// The resource.
    pub resource: String,
    /// The keys that it has beside what was given and is known, with values that will do.
    pub keys: Vec<(String, Vec<String>)>,
    /// Keys that were not given and by which the same request would be refused, with such values: of a yes.
    pub unless: Vec<(String, Vec<String>)>,
}

impl Can {
    /// The word for it: `yes`, `if`, `no` or `unknown`.
    pub fn as_str(&self) -> &'static str {
        match self {
            Can::Yes(_) => "yes",
            Can::If(_) => "if",
            Can::No => "no",
            Can::Unknown(_) => "unknown",
        }
    }

    /// The requests that were shown.
    pub fn shown(&self) -> &[Shown] {
        match self {
            Can::Yes(shown) => std::slice::from_ref(shown),
            Can::If(all) => all,
            Can::No | Can::Unknown(_) => &[],
        }
    }
}

//! What a formula about a request is made of, without saying what a truth value is.
//!
//! The formula of a decision is one piece of code over this trait. Its instance [`Formulas`](crate::formula::Formulas)
//! builds the formula of all requests, from which proofs come; its instance [`OneRequest`](crate::evaluate::OneRequest)
//! decides one request, which tests hold against the machine and the reference. So the two cannot drift apart.

use crate::key::Test;
use crate::pattern::VariableId;

/// What of a request a test looks at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Part {
    /// The action, in lower case.
    Action,
    /// The resource.
    Resource,
    /// The ARN of the caller: of a user, of the role of a session, of a root user.
    Caller,
    /// The name of the caller's role session.
    Session,
    /// The ARN of the user who made a federated session.
    Maker,
    /// The caller's unique id.
    UserId,
    /// The name of the service that calls.
    Service,
    /// The provider that vouches for the unsigned caller.
    Provider,
    /// The caller's canonical id.
    Canonical,
    /// A condition key, by its folded name.
    Key(String),
}

/// How the value of a policy variable becomes part of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Flavor {
    /// As it stands (`VAR-7`).
    Text,
    /// As it stands, in one of the first five parts of an ARN, where a colon is nothing that can match (`VAR-7`).
    ArnPart,
    /// Without regard to case.
    Folded,
    /// As the whole or a part of `true` or `false` in any case, and nothing otherwise (`VAR-4`).
    Truth,
}

/// A policy variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Variable {
    /// The folded name of the key.
    pub(crate) key: String,
    /// The text that stands for an absent key (`VAR-6`).
    pub(crate) default: Option<String>,
    pub(crate) flavor: Flavor,
}

/// A Boolean algebra over tests of a request.
pub(crate) trait Algebra {
    /// A truth value.
    type Value: Clone;

    /// The number of a policy variable.
    fn variable(&mut self, variable: Variable) -> VariableId;

    /// True or false.
    fn constant(&mut self, value: bool) -> Self::Value;

    /// Whether the test holds of a part of the request.
    fn test(&mut self, part: Part, test: Test) -> Self::Value;

    /// The contrary.
    fn not(&mut self, value: Self::Value) -> Self::Value;

    /// All of them.
    fn and(&mut self, values: Vec<Self::Value>) -> Self::Value;

    /// One of them.
    fn or(&mut self, values: Vec<Self::Value>) -> Self::Value;
}

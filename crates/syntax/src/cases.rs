//! The [cases](portcullis_source::Diagnostic::case) that share a code, for readers of other notations, which have words of their own for
//! them.

/// A type of policy without principals has one.
pub const NO_PRINCIPAL_ELEMENT: &str = "no-principal-element";
/// What is given as an AWS principal is an identity provider.
pub const IDENTITY_PROVIDER: &str = "identity-provider";
/// What is given as an AWS principal is a service.
pub const SERVICE: &str = "service";
/// An empty list that is negated, so that everything matches.
pub const EMPTY_NEGATED_LIST: &str = "empty-negated-list";

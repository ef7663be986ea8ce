//! The codes of scenarios and requests.

pub(crate) use portcullis_source::codes::*;

portcullis_source::codes! {
    /// A principal in none of the forms that there are.
    INVALID_PRINCIPAL,
    /// An action that is not `prefix:name`.
    INVALID_ACTION,
    /// A resource that is neither `*` nor an ARN.
    INVALID_RESOURCE,
    /// An account that is not 12 digits.
    INVALID_ACCOUNT,
    /// A value of the context that is neither text, number, boolean nor a list of them.
    INVALID_CONTEXT_VALUE,
    /// An `expect` that is not a decision.
    INVALID_EXPECT,
    /// More levels of an organization than a decision can hold.
    TOO_MANY_LEVELS,
    /// A file of the policy language that does not hold one policy of the type that is wanted.
    UNSUPPORTED_FILE,
}

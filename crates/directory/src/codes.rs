//! The codes of what is wrong with a directory.

pub(crate) use portcullis_source::codes::*;

portcullis_source::codes! {
    /// A file is not JSON, or an object has a member twice.
    INVALID_JSON,
    /// A member with a value that it cannot have.
    INVALID_MEMBER,
    /// A policy document with an error (`GRAM-12`).
    INVALID_POLICY,
    /// A reference to something that no file has (`IN-15`).
    DANGLING_REFERENCE,
    /// Two things with one name.
    DUPLICATE,
    /// Two files say what cannot both be true.
    CONTRADICTION,
    /// An account or unit that is in two places of the organization, or in a circle, or nowhere.
    INVALID_TREE,
    /// More than can be held.
    TOO_LARGE,
    /// The last page of a dump says that there are more (`IN-5`).
    INCOMPLETE,
    /// The folder holds nothing that a directory is made of.
    EMPTY,
    /// An account, an organization, or something in it has more of something than AWS allows unless a quota is raised (`QUO-2`,
    /// `QUO-5`, `QUO-6`, `QUO-9` to `QUO-12`, `QUO-20`, `QUO-23`): what `check` says of a dump.
    EXCEEDS_ACCOUNT_QUOTA,
}

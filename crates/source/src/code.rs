//! The codes of diagnostics.

use core::fmt;

/// What kind of problem a diagnostic reports: a stable name in upper case, such as `DUPLICATE_MEMBER`. Programs compare
/// codes, never messages.
///
/// Each crate declares the codes of what it reports with [`codes!`](crate::codes!). Two codes of one name are one code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Code(&'static str);

impl Code {
    /// The code of this name: upper case letters, digits and `_`.
    #[must_use]
    pub const fn new(name: &'static str) -> Code {
        Code(name)
    }

    /// The name that is printed.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        self.0
    }
}

impl PartialEq<&str> for Code {
    fn eq(&self, name: &&str) -> bool {
        self.0 == *name
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// Declares a constant for each code, whose name is the code's, and `ALL`, the list of them.
///
/// ```
/// portcullis_source::codes! {
///     /// A door that is open.
///     OPEN_DOOR,
/// }
/// assert_eq!(OPEN_DOOR.as_str(), "OPEN_DOOR");
/// assert_eq!(ALL, &[OPEN_DOOR]);
/// ```
#[macro_export]
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        $($(#[$doc])* pub const $name: $crate::Code = $crate::Code::new(stringify!($name));)*

        /// Every code that is declared here.
        pub const ALL: &[$crate::Code] = &[$($name,)*];
    };
}

/// The codes of this crate: what can be wrong with any input.
pub mod codes {
    crate::codes! {
        /// The text is not JSON (`GRAM-13`).
        JSON_SYNTAX_ERROR,
        /// An object has two members of one name (`GRAM-9`).
        DUPLICATE_MEMBER,
        /// Arrays and objects nest too deep.
        DOCUMENT_TOO_DEEP,
        /// The text is too long.
        DOCUMENT_TOO_LARGE,
        /// The text is not UTF-8 (`GRAM-7`).
        INVALID_ENCODING,
        /// More problems were found than are reported.
        TOO_MANY_PROBLEMS,
        /// A value of the wrong JSON type (`GRAM-20`, `GRAM-21`).
        DATA_TYPE_MISMATCH,
        /// A member that the format does not have.
        UNKNOWN_MEMBER,
        /// A member that must be there is not.
        MISSING_MEMBER,
        /// Two members that exclude each other.
        CONFLICTING_MEMBERS,
        /// A file or folder that cannot be read.
        UNREADABLE_FILE,
        /// A path that leads out of the folder that it must stay in.
        PATH_OUTSIDE,
        /// A value in none of the forms that are known (`IN-1`, `IN-4`).
        UNKNOWN_FORM,
    }
}

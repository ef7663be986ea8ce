//! The sections of an image, in one table.
//!
//! A section is records of one size, so that a record is found by its number. Sections are stored in the order of their
//! numbers and follow each other without gaps, which leaves nothing that a reader skips and where something could hide.
//!
//! The table is a macro of its own beside that of the records ([`crate::record`]): strings and lists are sections without a
//! record, and the order of the file is the order of the table, which is not that of the records.

/// Makes the enum and what is known of each section from the table below: name, number, bytes of a record, whether an image may
/// leave it out.
macro_rules! sections {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $size:literal, $optional:literal;)+) => {
        /// The sections of an image, in the order in which they are stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u32)]
        pub enum Section {
            $($(#[doc = $doc])+ $name = $code,)+
        }

        impl Section {
            /// Every section in order.
            pub const ALL: &'static [Section] = &[$(Section::$name,)+];

            /// The name in listings.
            pub fn name(self) -> &'static str {
                match self { $(Section::$name => stringify!($name),)+ }
            }

            /// The number in the table of sections.
            #[inline(always)]
            pub const fn number(self) -> u32 {
                self as u32
            }

            /// What the section holds.
            pub fn doc(self) -> &'static str {
                match self { $(Section::$name => concat!($($doc, "\n"),+),)+ }
            }

            /// Bytes of a record.
            #[inline(always)]
            pub const fn record_size(self) -> usize {
                match self { $(Section::$name => $size,)+ }
            }

            /// True if the section belongs to the index, which makes decisions fast and never
            /// changes one.
            pub fn is_index(self) -> bool {
                (Section::ActionPostings.number()..=Section::Fallback.number()).contains(&self.number())
            }

            /// True if an image may leave the section out.
            pub fn is_optional(self) -> bool {
                match self { $(Section::$name => $optional,)+ }
            }
        }
    };
}

sections! {
    /// All text, as UTF-8.
    Strings = 0, 1, false;
    /// Slots: the keys that the image looks at, each with the class of its values. The reserved
    /// slots come first.
    Slots = 1, 16, false;
    /// Pairs of the hash of a slot's name and the slot, sorted: finds the slots of a name.
    SlotIndex = 2, 8, false;
    /// Statements, Deny first.
    Statements = 3, 24, false;
    /// Lists of numbers of records: a word with the top bit set, the kind and the length, then as
    /// many words.
    Lists = 4, 4, false;
    /// Patterns for actions.
    Actions = 5, 8, false;
    /// Patterns.
    Patterns = 6, 16, false;
    /// Tokens of patterns: runs that close with an end.
    Tokens = 7, 16, false;
    /// Principals by form and text.
    Principals = 8, 16, false;
    /// Instructions: runs that close with the flag `END`.
    Code = 9, 32, false;
    /// Texts of conditions.
    Texts = 10, 8, false;
    /// Numbers of conditions.
    Numbers = 11, 16, false;
    /// Instants of conditions.
    Instants = 12, 16, false;
    /// Networks of conditions.
    Networks = 13, 40, false;
    /// ARN patterns of conditions.
    Arns = 14, 24, false;
    /// Units of the image: statements that are decided together, and where their index begins.
    Units = 15, 32, false;
    /// Index: the candidate sets of each action pattern, unit by unit.
    ActionPostings = 16, 12, true;
    /// Index: references to candidate sets, in runs that action patterns share.
    Postings = 17, 4, true;
    /// Index: lists of candidates.
    CandidateSets = 18, 24, true;
    /// Index: statements with one of their resource patterns.
    Candidates = 19, 16, true;
    /// Index: the shapes of literals that a list is hashed by.
    Probes = 20, 4, true;
    /// Index: where the buckets of hashed candidates begin, set by set.
    Buckets = 21, 4, true;
    /// Index: a hash table from actions, prefixes of actions and services to their records.
    ActionTable = 22, 8, true;
    /// Index: services, with the lengths of the prefixes of their actions that have a pattern.
    Services = 23, 24, true;
    /// Index: the patterns for actions that are neither a name nor the start of one.
    Fallback = 24, 4, true;
    /// For explanations: the policies.
    PolicySources = 25, 16, true;
    /// For explanations: where each statement was written.
    StatementSources = 26, 40, true;
    /// For explanations: how each instruction was written.
    InsnSources = 27, 24, true;
    /// By the upper bits of a hash, where its pairs of the index of slots begin; a power of two of them,
    /// and their number.
    SlotStarts = 28, 4, false;
    /// Short texts of conditions: runs that an instruction compares one by one.
    ShortTexts = 29, 24, false;
}

/// How many sections there are.
pub(crate) const SECTIONS: usize = 30;

/// What lists hold. The kind is in a list's first word, so that a list of patterns is not read as one of principals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
#[expect(
    missing_docs,
    reason = "the names are those of the sections that the items are in"
)]
pub enum ListKind {
    Actions = 0,
    Patterns = 1,
    Principals = 2,
    Texts = 3,
    Numbers = 4,
    Instants = 5,
    Networks = 6,
    Arns = 7,
}

impl ListKind {
    /// The first word of a list of this kind and length: the top bit, the kind in 4 bits, the length in 27. The length is cut
    /// to that: a list has less than 2^27 items, as the compiler's limit on the size of an image ensures.
    pub fn head(self, len: u32) -> u32 {
        LIST_HEAD | self.code() << 27 | (len & LIST_LEN)
    }

    /// The kind as the first word of a list has it.
    pub(crate) const fn code(self) -> u32 {
        self as u32
    }

    /// Every kind, in the order of its code, with the section of its items.
    pub(crate) const ALL: [(ListKind, Section); 8] = [
        (ListKind::Actions, Section::Actions),
        (ListKind::Patterns, Section::Patterns),
        (ListKind::Principals, Section::Principals),
        (ListKind::Texts, Section::Texts),
        (ListKind::Numbers, Section::Numbers),
        (ListKind::Instants, Section::Instants),
        (ListKind::Networks, Section::Networks),
        (ListKind::Arns, Section::Arns),
    ];
}

/// The bits of a list's first word that hold its length.
pub const LIST_LEN: u32 = (1 << 27) - 1;
/// The bit that marks a list's first word.
pub(crate) const LIST_HEAD: u32 = 1 << 31;

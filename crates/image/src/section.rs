//! The sections of an image.

use crate::index::{Candidate, Group, Node, Probe, ServiceRecord};
use crate::leaf::Leaf;
use crate::part::Part;
use crate::record::{
    ActionPattern, ArnPattern, LeafSource, NETWORK_SIZE, NumberRecord, Origin, Pattern,
    PrincipalRecord, ShortText, Slot, Source, Str,
};
use crate::statement::Statement;
use crate::token::Token;

macro_rules! sections {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal, $size:expr, $optional:literal;)+) => {
        /// The sections of an image, in the order in which they are stored.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

            /// What the section holds.
            pub fn doc(self) -> &'static str {
                match self { $(Section::$name => concat!($($doc, "\n"),+),)+ }
            }

            /// Bytes of a record.
            #[inline(always)]
            pub fn record_size(self) -> usize {
                match self { $(Section::$name => $size,)+ }
            }

            /// True if the section belongs to the index, which makes decisions fast and never
            /// changes one.
            pub fn is_index(self) -> bool {
                (Section::Nodes as u32..=Section::Residue as u32).contains(&(self as u32))
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
    Slots = 1, Slot::SIZE, false;
    /// Pairs of the hash of a slot's name and the slot, sorted: finds the slots of a name.
    SlotIndex = 2, 8, false;
    /// Statements, Deny first.
    Statements = 3, Statement::SIZE, false;
    /// Lists of numbers of records: a word with the top bit set, the kind and the length, then as
    /// many words.
    Lists = 4, 4, false;
    /// Patterns for actions.
    Actions = 5, ActionPattern::SIZE, false;
    /// Patterns.
    Patterns = 6, Pattern::SIZE, false;
    /// Tokens of patterns: runs that close with an end.
    Tokens = 7, Token::SIZE, false;
    /// Principals by form and text.
    Principals = 8, PrincipalRecord::SIZE, false;
    /// Instructions: runs that close with the flag `END`.
    Code = 9, Leaf::SIZE, false;
    /// Texts of conditions.
    Texts = 10, Str::SIZE, false;
    /// Numbers of conditions.
    Numbers = 11, NumberRecord::SIZE, false;
    /// Instants of conditions.
    Instants = 12, 16, false;
    /// Networks of conditions.
    Networks = 13, NETWORK_SIZE, false;
    /// ARN patterns of conditions.
    Arns = 14, ArnPattern::SIZE, false;
    /// Parts of the image: statements that are decided together, and the nodes of their index.
    Parts = 15, Part::SIZE, false;
    /// Index: the groups of a pattern for actions, part by part.
    Nodes = 16, Node::SIZE, true;
    /// Index: the groups of nodes.
    NodeGroups = 17, 4, true;
    /// Index: lists of candidates.
    Groups = 18, Group::SIZE, true;
    /// Index: statements with one of their resource patterns.
    Candidates = 19, Candidate::SIZE, true;
    /// Index: the shapes of literals that a list is hashed by.
    Probes = 20, Probe::SIZE, true;
    /// Index: where the buckets of hashed candidates begin, group by group.
    Buckets = 21, 4, true;
    /// Index: a hash table from actions, prefixes of actions and services to their records.
    ActionTable = 22, 8, true;
    /// Index: services, with the lengths of the prefixes of their actions that have a pattern.
    Services = 23, ServiceRecord::SIZE, true;
    /// Index: the patterns for actions that are neither a name nor the start of one.
    Residue = 24, 4, true;
    /// For explanations: the policies.
    Sources = 25, Source::SIZE, true;
    /// For explanations: where each statement was written.
    Origins = 26, Origin::SIZE, true;
    /// For explanations: how each instruction was written.
    LeafSources = 27, LeafSource::SIZE, true;
    /// By the upper bits of a hash, where its pairs of the index of slots begin; a power of two of them,
    /// and their number.
    SlotStarts = 28, 4, false;
    /// Short texts of conditions: runs that an instruction compares one by one.
    ShortTexts = 29, ShortText::SIZE, false;
}

/// How many sections there are.
pub(crate) const SECTIONS: usize = 30;

/// What lists hold.
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
    /// The first word of a list of this kind and length. A list has less than 2^27 items.
    pub fn head(self, len: u32) -> u32 {
        LIST_HEAD | (self as u32) << 27 | (len & LIST_LEN)
    }

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

//! Parts: which statements of an image are decided together.

use crate::record::words_to_bytes;
use crate::wire::{record, u32_at};

/// The statements of an image that belong together and are decided together: usually all of them. An
/// image of a directory has a part for each policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// The first statement; Deny statements come first.
    pub statements: u32,
    /// How many statements there are.
    pub statement_count: u32,
    /// The layers that are present in the part (`EVAL-4`).
    pub layers: u32,
    /// True if its resource policy is public (`S3-5`).
    pub public: bool,
    /// Index: the first node.
    pub nodes: u32,
    /// Index: how many nodes there are.
    pub node_count: u32,
    /// Index: the first of the groups of every action, among the groups of nodes.
    pub rest: u32,
    /// Index: how many there are.
    pub rest_count: u32,
}

impl Part {
    /// Bytes of a record.
    pub const SIZE: usize = 32;

    /// Reads a record.
    #[inline]
    pub fn decode(bytes: &[u8], at: usize) -> Part {
        let bytes = record::<{ Self::SIZE }>(bytes, at);
        Part {
            statements: u32_at(bytes, 0),
            statement_count: u32_at(bytes, 4),
            layers: u32_at(bytes, 8),
            public: u32_at(bytes, 12) != 0,
            nodes: u32_at(bytes, 16),
            node_count: u32_at(bytes, 20),
            rest: u32_at(bytes, 24),
            rest_count: u32_at(bytes, 28),
        }
    }

    /// The record's bytes.
    pub fn encode(&self) -> [u8; Self::SIZE] {
        words_to_bytes(&[
            self.statements,
            self.statement_count,
            self.layers,
            u32::from(self.public),
            self.nodes,
            self.node_count,
            self.rest,
            self.rest_count,
        ])
    }
}

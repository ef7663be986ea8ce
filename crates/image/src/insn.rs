//! What the flags and operands of instructions mean.
//!
//! They are bits, not enums: an instruction is executed as it lies there, and each bit is tested where it matters. Decoding
//! flags to a struct would cost more than the tests that read them.

/// Flags of an instruction.
pub mod flag {
    /// The result for each value is turned round (`COND-2`).
    pub const NEGATED: u8 = 1;
    /// The result if the key is absent is true (table 3.2): of negated operators, `…IfExists` and `ForAllValues`.
    pub const ABSENT: u8 = 2;
    /// `ForAnyValue` (`COND-13`).
    pub const ANY: u8 = 4;
    /// `ForAllValues` (`COND-12`).
    pub const ALL: u8 = 8;
    /// The last instruction of its guard. A count in the statement instead saves two instructions of the processor for each and
    /// takes up to 18 more where guards are short (`docs/benchmarks/targets.md`).
    pub const END: u8 = 16;
}

/// Sets of orders, for comparisons: the request's value stands so to the policy's.
pub mod ordering {
    /// Less than the policy's value.
    pub const LESS: u64 = 1;
    /// Equal to the policy's value.
    pub const EQUAL: u64 = 2;
    /// Greater than the policy's value.
    pub const GREATER: u64 = 4;
}

/// What a value may have between and behind the literals of a [`crate::Operands::Span`].
pub mod span {
    /// Anything between the literals. With neither this nor [`FIELD`] there is no second literal.
    pub const STAR: u64 = 1;
    /// Anything but colons between the literals, the second of which begins with one (`COND-60`).
    pub const FIELD: u64 = 2;
    /// Anything behind the last literal.
    pub const OPEN: u64 = 4;
}

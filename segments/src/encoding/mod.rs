//! How do 4096 numbers become few bytes, and numbers again? Each block of a column is encoded by itself:
//! estimate every encoding, take the smallest that meets the read budget, write it, and describe it in a
//! [`BlockEntry`] of the column's block directory, so that any block is found in one step.
//!
//! Encodings work on 64-bit words; [`Number`] says how a column's values become words ([`decimal`] turns
//! floating-point numbers that are short decimals into integers, [`scaled`] longs with a common step into small ones).

mod ascending;
mod choose;
pub(crate) mod decimal;
mod entry;
mod gather;
mod lanes;
pub(crate) mod lz4_block;
mod number;
mod read;
mod scaled;
#[cfg(test)]
mod tests;
mod unread;
mod write;

pub(crate) use choose::Policy;
pub(crate) use entry::{BlockEntry, ENTRY_BYTES, Encoding, RAW};
pub(crate) use number::Number;
pub(crate) use read::Block;
pub(crate) use scaled::SCALED;
pub(crate) use write::{encode_numbers, encode_words};

/// A block that does not hold what its entry promises; the file room adds where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Damage {
    /// What should be there.
    pub(crate) expected: String,
    /// What is there.
    pub(crate) found: String,
}

impl Damage {
    pub(crate) fn new(expected: impl Into<String>, found: impl Into<String>) -> Self {
        Self { expected: expected.into(), found: found.into() }
    }
}

/// Rounds a length up to whole 8-byte words.
pub(crate) fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

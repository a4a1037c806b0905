//! How many distinct values were there? Druid's own HyperLogLog collector: 2048 registers of four bits above a
//! common offset, one overflow register, murmur3-128 hashes; estimates equal Druid's to the digit.

mod bytes;
mod collector;

use crate::murmur::murmur3_128;

pub use collector::HyperUnique;

/// The hash of bytes, as Guava's `Hashing.murmur3_128()` gives it. Druid's `hyperUnique` hashes texts by their UTF-8.
#[must_use]
pub fn hash_of_bytes(bytes: &[u8]) -> (u64, u64) {
    murmur3_128(bytes, 0)
}

/// The hash of a text by its UTF-16 code units, the lower byte first, as Druid's `cardinality` hashes it.
#[must_use]
pub fn hash_of_text(text: &str) -> (u64, u64) {
    let bytes: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    hash_of_bytes(&bytes)
}

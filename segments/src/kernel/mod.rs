//! How are packed integers turned into machine words? 1024 lanes at a time, in the FastLanes layout
//! (Afroozeh and Boncz, "The FastLanes Compression Layout", VLDB 2023), each width on the narrowest lanes
//! that hold it. All of it is safe code; [`scalar`] is the slow twin that tests compare with.

mod bits;
mod compare;
mod pack;
mod packed;
mod place;
#[cfg(test)]
mod scalar;
mod scale;
mod span;
mod sum;
#[cfg(test)]
mod tests;
mod unpack;

pub use bits::{count_ones, positions};
pub use compare::{Lane, extremes, mask_range, mask_span, mask_table};
pub(crate) use pack::pack_chunk;
pub(crate) use packed::{ChunkMask, mask_packed, sum_packed};
pub(crate) use place::places;
pub use scale::add_scaled;
pub(crate) use scale::{multiply, multiply_here};
pub use sum::sum;
pub(crate) use unpack::{unpack_some, unpack8, unpack16, unpack32, unpack64};

/// Values a packed chunk.
pub(crate) const CHUNK: usize = 1024;

/// Bytes that one chunk takes at a width in bits.
pub(crate) fn packed_bytes(width: u8) -> usize {
    usize::from(width) * CHUNK / 8
}

/// Bits that hold every number up to `largest`.
pub(crate) fn bits_for(largest: u64) -> u8 {
    (u64::BITS - largest.leading_zeros()) as u8
}

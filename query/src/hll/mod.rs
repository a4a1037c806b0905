//! How many distinct values were there? Druid's own HyperLogLog collector: 2048 registers of four bits above a
//! common offset, one overflow register, murmur3-128 hashes; estimates equal Druid's to the digit.

mod collector;
mod murmur;

pub use collector::Hll;
pub(crate) use murmur::murmur3_128;

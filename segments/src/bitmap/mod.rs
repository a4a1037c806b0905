//! Which rows hold a value? A roaring bitmap a dictionary id, found through a directory in the map and decoded
//! one at a time (the interoperable serialized form of roaring bitmaps), or row numbers by id where a value has few.

mod build;
mod directory;
mod rule;
mod serialized;

pub(crate) use build::{RowIds, build, postings};
pub(crate) use directory::BitmapDirectory;
pub(crate) use rule::{IndexFacts, kind};
pub(crate) use serialized::set_range;

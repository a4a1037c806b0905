//! Which rows hold a value? A roaring bitmap a dictionary id, found through a directory in the map and decoded
//! one at a time (the interoperable serialized form of roaring bitmaps).

mod build;
mod directory;
mod serialized;

pub(crate) use build::{RowIds, build, pays};
pub(crate) use directory::BitmapDirectory;
pub(crate) use serialized::set_range;

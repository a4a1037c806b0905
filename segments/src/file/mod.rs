//! What is a segment file made of? Header, data sections, footer, trailer (`FORMAT.md` has the byte tables):
//! written front to back by [`FileWriter`], opened by [`FileBytes`], which checks every byte before its
//! first use.

mod bytes;
mod cursor;
mod footer;
mod layout;
mod map;
mod parts;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use bytes::FileBytes;
pub(crate) use footer::{
    BitmapKind, ColumnEntry, ColumnKind, Footer, LeavesEntry, ProjectionEntry, SectionEntry,
};
pub(crate) use layout::SectionKind;
pub use map::OpenMode;
pub(crate) use writer::{FileWriter, Written};

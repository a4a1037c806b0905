//! How do texts become small numbers? The string order all dictionaries share, the growing dictionary of live
//! segments (ids in arrival order, immutable pages for the readers), and the sorted dictionary of sealed files.
//! (Id 0 is null in every dictionary.)

mod growing;
pub mod order;
mod page;
mod sort;
pub(crate) mod sorted;

pub(crate) use growing::{DictionaryView, GrowingDictionary};
pub(crate) use sort::sorted;

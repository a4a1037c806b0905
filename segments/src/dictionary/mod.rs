//! How do texts become small numbers? The string order all dictionaries share, the growing dictionary of live
//! segments (ids in arrival order, immutable pages for the readers), and the sorted dictionaries of sealed files, plain or
//! in pages of shortened texts.
//! (Id 0 is null in every dictionary.)

mod growing;
pub mod order;
mod page;
mod paged;
mod pages;
mod sealed;
mod sort;
mod sorted;

pub(crate) use growing::{DictionaryView, GrowingDictionary};
pub(crate) use paged::PagedDictionary;
pub(crate) use pages::text_pages;
pub(crate) use sealed::SealedDictionary;
pub(crate) use sort::sorted;
pub(crate) use sorted::SortedDictionary;

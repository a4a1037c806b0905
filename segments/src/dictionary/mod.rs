//! How do texts become small numbers? The string order all dictionaries share, and the growing dictionary of
//! live segments: ids in arrival order, immutable pages for the readers. (Id 0 is null in every dictionary.)

mod growing;
pub mod order;
mod page;

pub(crate) use growing::{DictionaryView, GrowingDictionary};

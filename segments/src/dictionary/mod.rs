<<<<<<< HEAD
//! How do texts become small numbers? The string order all dictionaries share, and the growing dictionary of
//! live segments: ids in arrival order, immutable pages for the readers. (Id 0 is null in every dictionary.)
=======
//! How do texts become small numbers? The string order all dictionaries share, and the sorted dictionary of
//! sealed files.
>>>>>>> bf138ed (segments: sealed files: seal, mapped segments, bitmaps, lazily checked granules)

mod growing;
pub mod order;
<<<<<<< HEAD
mod page;

pub(crate) use growing::{DictionaryView, GrowingDictionary};
=======
pub(crate) mod sorted;
>>>>>>> bf138ed (segments: sealed files: seal, mapped segments, bitmaps, lazily checked granules)

//! How is one aggregator computed over the rows of one segment? States of all groups in vectors, filled block by
//! block; grouping and aggregating meet only in a slice of group numbers.

mod accumulator;
mod coded;
mod distinct;
mod exact;
mod folded;
mod kernel;
mod numeric;
mod pick;
mod sketched;
mod summaries;

pub(crate) use accumulator::Accumulator;
pub(crate) use folded::more_than_one;
pub(crate) use kernel::{Rows, Target};

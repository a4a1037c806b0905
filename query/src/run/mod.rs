//! How is a plan run over all segments of its datasources? Segments that cannot matter are left out, the rest is
//! scanned on the workers (or right here when it is little), the partial results are merged in segment order.

mod cached;
mod control;
mod gather;
mod groups;
mod horizon;
mod pool;
mod rows;
mod runner;
mod segments;

pub use control::Control;
pub(crate) use horizon::Horizon;
pub(crate) use pool::{Pool, guarded};
pub(crate) use runner::Runner;
pub use segments::Segments;

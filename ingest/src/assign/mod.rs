//! Which time chunk does a row belong to, and is its time accepted at all?

mod split;
mod window;

pub use split::split;
pub use window::TimeWindow;

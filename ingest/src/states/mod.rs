//! How do metrics that are no numbers come to be? Each row's values become a state of the metric's aggregator (a sketch,
//! a histogram, the value of a time), in the text that a segment stores; rolled up, states become one.

mod combine;
mod make;
mod pair;
mod spec;

pub use combine::combining;
pub(crate) use make::StateMaker;
pub use pair::Pair;
pub use spec::{StateKind, StateSpec};

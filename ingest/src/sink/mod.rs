//! Which segments is a task filling? One [`Sink`] a time chunk and datasource, each a list of parts of which the
//! last still takes rows; all of them are frozen at one position of the stream.

mod part;
mod set;

pub(crate) use part::Part;
pub(crate) use set::{FrozenSink, Identity, SinkSet, withdraw};

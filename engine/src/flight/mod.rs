//! How do clients of Arrow Flight SQL (the ADBC drivers) reach SQL? On an address of their own, if one is configured.
//!
//! A [`Listener`] serves gRPC, `service` answers Flight SQL's calls, `messages` makes the rows of a call on the query
//! threads, `metadata` has the texts that answer questions about tables, and `prepared` keeps prepared statements.

mod listener;
mod messages;
mod metadata;
mod prepared;
mod service;

pub use listener::Listener;

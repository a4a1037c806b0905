//! How do clients of PostgreSQL's protocol (psql, drivers, BI tools) reach SQL? On an address of their own, if one is
//! configured.
//!
//! A [`Listener`] accepts connections, `connection` greets them and hands their messages on, `command` tells
//! statements apart, `answer` answers them, with the settings of a `session`; `types`, `encode` and `parameter`
//! turn values into PostgreSQL's and back, and what fails is a `fault` with a code.

mod answer;
mod command;
mod connection;
mod encode;
mod fault;
mod listener;
mod parameter;
mod session;
mod types;

pub use listener::Listener;

/// The version of PostgreSQL whose protocol and catalogue clients may count on.
const VERSION: &str = concat!("16.6 (Alluvium ", env!("CARGO_PKG_VERSION"), ")");
/// The same as a number.
const VERSION_NUMBER: &str = "160006";

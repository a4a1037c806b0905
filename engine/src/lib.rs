//! What is the node? HTTP, command line, configuration, catalogue drivers, status view and quickstart: every
//! part of one `alluvium` process, built, started and stopped in one place ([`node::Node`]).

pub mod about;
pub mod client;
pub mod clock;
pub mod config;
pub mod deep_storage;
pub mod error;
pub mod flags;
pub mod http;
pub mod inspect;
pub mod lock;
mod lookups;
pub mod metadata;
pub mod node;
pub mod quickstart;
pub mod server;
pub mod system_tables;

pub use error::EngineError;

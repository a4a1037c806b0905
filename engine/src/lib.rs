//! What is the node? HTTP, command line, configuration, catalogue drivers, status view and quickstart: every
//! part of one `alluvium` process, built, started and stopped in one place ([`node::Node`]).

pub mod about;
mod avatica;
pub mod client;
pub mod clock;
pub mod config;
pub mod deep_storage;
mod druid_properties;
pub mod error;
pub mod flags;
pub mod flight;
pub mod http;
pub mod inspect;
pub mod lock;
mod lookups;
pub mod metadata;
pub mod node;
pub mod pg;
pub mod quickstart;
mod rows;
pub mod server;
mod statements;
pub mod system_tables;

pub use error::EngineError;

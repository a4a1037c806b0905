//! Does every record count once, whatever happens between the stream and the catalogue?

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod batch;
mod kafka;
mod memory_store;
mod stream;
mod world;

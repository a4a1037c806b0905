//! Does every record count once, whatever happens between the stream and the catalogue?

mod batch;
mod kafka;
mod memory_store;
mod stream;
mod world;

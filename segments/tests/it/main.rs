//! Does the segment room keep its promises, seen from outside? One binary for all integration tests.

mod corrupt;
mod golden;
mod inspect;
mod memory;
mod model;
mod roundtrip;
mod seal;

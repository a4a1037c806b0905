//! Does the segment room keep its promises, seen from outside? One binary for all integration tests.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "all of it is test code")]

mod corrupt;
mod golden;
mod indexes;
mod inspect;
mod leaves;
mod memory;
mod model;
mod projections;
mod roundtrip;
mod seal;

//! The integration tests of the node: the real binary over HTTP, random questions beside other engines, real
//! parts, and the rules of the house.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod conformance;
mod differential;
mod endpoints;
mod fuzz;
mod node;
mod quickstart;
mod real;
mod segments;
mod start_stop;
mod tidy;

//! The integration tests of the node: the real binary over HTTP, random questions beside other engines, real
//! parts, and the rules of the house.

mod differential;
mod endpoints;
mod node;
mod real;
mod start_stop;
mod tidy;

//! The integration tests of the node: the real binary over HTTP, random queries against referees, real parts.

mod differential;
mod real;

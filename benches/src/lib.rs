//! How fast is it, beside the peers, in one run?
//!
//! A benchmark starts the real server, loads the same rows into it and into the peer, checks that both give the
//! same answers, and only then times them, interleaved. What counts is the ratio of minima: absolute times drift
//! with the machine.

pub mod node;
pub mod peer;
pub mod report;

//! Do queries give Druid's answers? Shapes word for word, and random queries against a slow row-by-row oracle.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "all of it is test code")]

mod caches;
mod data;
mod exact;
mod large;
mod lookups;
mod many;
mod nested;
mod oracle;
mod projections;
mod random;
mod shapes;
mod sketches;
mod sources;
mod wrong;

//! Do queries give Druid's answers? Shapes word for word, and random queries against a slow row-by-row oracle.

mod data;
mod oracle;
mod random;
mod shapes;
mod wrong;

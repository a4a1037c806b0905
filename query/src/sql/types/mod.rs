//! Which SQL types have the columns of a statement? More than there are types of values: an `INTEGER` is computed as a
//! 64-bit number and cut to 32 bits when it is written, `DECIMAL` is a double, `CHAR` a text. They are inferred by
//! the rules of Druid's planner from the plan as it was written (`infer`), and say how a value is shown.

mod aggregated;
mod check;
mod folded;
mod infer;
mod kind;

pub(crate) use check::{check, check_constants, check_results};
pub(crate) use infer::{Typed, columns};
pub(crate) use kind::SqlType;

#[cfg(test)]
mod tests;

//! Which texts need no planning? Those that differ from an earlier one by values in their conditions only: its plan
//! is kept, with holes where the values were, and runs with the values of this text.
//!
//! The walk: [`Shape`] cuts a text into what is the same and what may differ; `holes` marks the values that stand in
//! comparisons with columns, has them planned as placeholders, which no rule of the optimizer looks into, and keeps
//! as part of the plan's identity whatever was not settled so; [`Cache`] finds the plan again as long as the
//! columns of its tables are the same.

mod cache;
mod holes;
mod mark;
mod shape;

pub(crate) use cache::{Cache, Known, Prepared};
pub(crate) use holes::{Holes, Values, has_holes, loose_holes};
pub(crate) use shape::Shape;

//! Which rows pass a filter? Indexes and sorted dictionaries answer what they can for the whole segment; the rest
//! is tested block by block on ids and numbers. Three-valued logic is settled when the filter is bound: negation
//! moves to the leaves, where "not true" and "false" are told apart.

mod ids;
mod index;
mod leaf;
mod mask;
mod matcher;
mod verdicts;

pub(crate) use index::Split;
pub(crate) use mask::Mask;
pub(crate) use matcher::Matcher;
pub(crate) use verdicts::Verdicts;

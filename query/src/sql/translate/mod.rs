//! Which part of a plan do our segment operators answer? Aggregates, filters and sorted scans over one datasource
//! become [`SegmentQuery`]s; what does not translate stays above.

mod aggregate;
mod expression;
mod filter;
mod floored;
mod project;
mod rule;
mod segment_query;
mod source;

pub(crate) use aggregate::segment_query;
pub(crate) use expression::{literal, render};
pub(crate) use filter::{filter_json, restriction};
pub(crate) use rule::{place_scans, push_down};
pub(crate) use segment_query::{
    Aggregator, ComputedColumn, Dimension, Field, Function, NativeType, Restriction, SegmentQuery, Work,
    native_type,
};
pub(crate) use source::Source;

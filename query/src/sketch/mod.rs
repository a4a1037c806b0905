//! Which summaries of many values are kept in little room? Distinct counts ([`DistinctSketch`], Apache DataSketches'
//! HLL) and quantiles ([`Quantiles`]).

mod distinct;
mod quantiles;

pub(crate) use datasketches::hll::Coupon;
pub(crate) use distinct::{DistinctSketch, coupon_of_double, coupon_of_long, coupon_of_text};
pub(crate) use quantiles::Quantiles;

//! Which functions ask sketches, or make sketches of others?

use alluvium_segments::Complex::{ArrayOfDoublesSketch, HllSketch, ThetaSketch};

use super::Returns::{Boolean, Double, Doubles, Json, State, Text};
use super::{Definition, MANY, Operand, simple, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    simple("hll_sketch_estimate", (1, 2), Double, "hll_sketch_estimate"),
    with("hll_sketch_estimate_with_error_bounds", (1, 2), Doubles, |args| {
        Some(doubles("hll_sketch_estimate_with_error_bounds", args))
    }),
    simple("hll_sketch_union", (1, MANY), State(HllSketch), "hll_sketch_union"),
    simple("hll_sketch_to_string", (1, 1), Text, "hll_sketch_to_string"),
    simple("theta_sketch_estimate", (1, 1), Double, "theta_sketch_estimate"),
    simple(
        "theta_sketch_estimate_with_error_bounds",
        (2, 2),
        Json,
        "theta_sketch_estimate_with_error_bounds",
    ),
    simple("theta_sketch_union", (1, MANY), State(ThetaSketch), "theta_sketch_union"),
    simple("theta_sketch_intersect", (1, MANY), State(ThetaSketch), "theta_sketch_intersect"),
    simple("theta_sketch_not", (1, MANY), State(ThetaSketch), "theta_sketch_not"),
    simple("ds_get_quantile", (2, 2), Double, "ds_get_quantile"),
    simple("ds_get_quantiles", (2, MANY), Json, "ds_get_quantiles"),
    simple("ds_histogram", (2, MANY), Json, "ds_histogram"),
    simple("ds_cdf", (2, MANY), Json, "ds_cdf"),
    simple("ds_rank", (2, 2), Double, "ds_rank"),
    simple("ds_quantile_summary", (1, 1), Text, "ds_quantile_summary"),
    with("ds_tuple_doubles_metrics_sum_estimate", (1, 1), Doubles, |args| {
        Some(doubles("ds_tuple_doubles_metrics_sum_estimate", args))
    }),
    simple("ds_tuple_doubles_union", (1, MANY), State(ArrayOfDoublesSketch), "ds_tuple_doubles_union"),
    simple(
        "ds_tuple_doubles_intersect",
        (1, MANY),
        State(ArrayOfDoublesSketch),
        "ds_tuple_doubles_intersect",
    ),
    simple("ds_tuple_doubles_not", (1, MANY), State(ArrayOfDoublesSketch), "ds_tuple_doubles_not"),
    // The rewriter puts it around what a statement with `sqlFinalizeOuterSketches` shows.
    simple("finalized_sketch", (2, 2), Json, "finalized_sketch"),
    simple("bloom_filter_test", (2, 2), Boolean, "bloom_filter_test"),
    simple("decode_base64_complex", (2, 2), Json, "complex_decode_base64"),
    simple("complex_decode_base64", (2, 2), Json, "complex_decode_base64"),
];

/// What a function answers, as an array of doubles.
fn doubles(function: &str, args: &[Operand]) -> String {
    let args: Vec<&str> = args.iter().map(|arg| arg.text.as_str()).collect();
    format!("CAST({function}({}),'ARRAY<DOUBLE>')", args.join(","))
}

//! Which functions are about arrays?

use super::Returns::{ArrayOf, Boolean, ElementOf, Integer, Text, Texts};
use super::{Definition, simple};

pub(super) const FUNCTIONS: &[Definition] = &[
    simple("array_length", (1, 1), Integer, "array_length"),
    simple("array_offset", (2, 2), ElementOf(0), "array_offset"),
    simple("array_ordinal", (2, 2), ElementOf(0), "array_ordinal"),
    simple("array_contains", (2, 2), Boolean, "array_contains"),
    simple("array_overlap", (2, 2), Boolean, "array_overlap"),
    simple("scalar_in_array", (2, 2), Boolean, "scalar_in_array"),
    simple("array_offset_of", (2, 2), Integer, "array_offset_of"),
    simple("array_ordinal_of", (2, 2), Integer, "array_ordinal_of"),
    simple("array_prepend", (2, 2), ArrayOf(1), "array_prepend"),
    simple("array_append", (2, 2), ArrayOf(0), "array_append"),
    simple("array_concat", (2, 2), ArrayOf(0), "array_concat"),
    simple("array_slice", (2, 3), ArrayOf(0), "array_slice"),
    simple("array_to_string", (2, 2), Text, "array_to_string"),
    simple("array_to_mv", (1, 1), Text, "array_to_mv"),
    simple("mv_to_array", (1, 1), Texts, "mv_to_array"),
    simple("mv_harmonize_nulls", (1, 1), Texts, "mv_harmonize_nulls"),
    simple("string_to_array", (2, 2), Texts, "string_to_array"),
];

//! Which functions are about nested values? The types of `JSON_VALUE ... RETURNING` are in the names of its calls.

use super::Returns::{Argument, Boolean, Double, Doubles, Json, Jsons, Long, Longs, Text, Texts};
use super::{Definition, MANY, Operand, simple, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    simple("json_value", (2, 2), Text, "json_value_text"),
    // What is grouped and aggregated: a list has no value. Rules put it in.
    with("json_scalar", (2, 2), Text, |args| value(args, "STRING")),
    with("json_value_bigint", (2, 2), Long, |args| value(args, "LONG")),
    with("json_value_double", (2, 2), Double, |args| value(args, "DOUBLE")),
    with("json_value_boolean", (2, 2), Boolean, |args| {
        let [json, path] = args else { return None };
        let value = format!("json_value({},{})", json.text, path.text);
        Some(format!("if(isnull({value}),null,istrue({value}))"))
    }),
    with("json_value_texts", (2, 2), Texts, |args| value(args, "ARRAY<STRING>")),
    with("json_value_longs", (2, 2), Longs, |args| value(args, "ARRAY<LONG>")),
    with("json_value_doubles", (2, 2), Doubles, |args| value(args, "ARRAY<DOUBLE>")),
    // The same as it is written; the rewriter has it where it is shown.
    with("json_value_shown", (2, 2), Jsons, |args| {
        let [json, path] = args else { return None };
        let (json, path) = (&json.text, &path.text);
        Some(format!(
            "if(isnull(json_value({json},{path},'ARRAY<STRING>')),null,json_query_array({json},{path}))"
        ))
    }),
    // The third argument is NULL of the wanted type.
    with("json_value_any", (3, 3), Argument(2), |args| value(args.get(..2)?, "STRING")),
    simple("json_query", (2, 2), Json, "json_query"),
    simple("json_query_array", (2, 2), Jsons, "json_query_array"),
    simple("json_keys", (2, 2), Texts, "json_keys"),
    simple("json_paths", (1, 1), Texts, "json_paths"),
    simple("json_object", (0, MANY), Json, "json_object"),
    simple("json_merge", (1, MANY), Json, "json_merge"),
    simple("to_json_string", (1, 1), Text, "to_json_string"),
    simple("parse_json", (1, 1), Json, "parse_json"),
    simple("try_parse_json", (1, 1), Json, "try_parse_json"),
];

fn value(args: &[Operand], as_type: &str) -> Option<String> {
    let [json, path] = args else { return None };
    Some(format!("json_value({},{},'{as_type}')", json.text, path.text))
}

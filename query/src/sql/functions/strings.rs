//! Which functions are about texts, and about rows of several texts?

use super::Returns::{Argument, Boolean, Integer, Joined, Long, Name, SameText, Text};
use super::{Definition, MANY, Operand, simple, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    simple("concat", (1, MANY), Text, "concat"),
    simple("textcat", (2, 2), Text, "concat"),
    // `a || b`
    simple("join_texts", (2, 2), Joined, "concat"),
    // `a LIKE b ESCAPE c` where it is no test of a column below
    simple("text_like", (2, 3), Boolean, "like"),
    simple("contains_string", (2, 2), Boolean, "contains_string"),
    simple("icontains_string", (2, 2), Boolean, "icontains_string"),
    simple("decode_base64_utf8", (1, 1), Text, "decode_base64_utf8"),
    simple("left", (2, 2), Text, "left"),
    simple("right", (2, 2), Text, "right"),
    simple("length", (1, 1), Integer, "strlen"),
    simple("char_length", (1, 1), Integer, "strlen"),
    simple("character_length", (1, 1), Integer, "strlen"),
    simple("strlen", (1, 1), Integer, "strlen"),
    simple("lower", (1, 1), SameText(0), "lower"),
    simple("upper", (1, 1), SameText(0), "upper"),
    with("lpad", (2, 3), Text, |args| pad("lpad", args)),
    with("rpad", (2, 3), Text, |args| pad("rpad", args)),
    simple("parse_long", (1, 2), Long, "parse_long"),
    with("position", (2, 3), Integer, position),
    with("strpos", (2, 2), Integer, |args| match args {
        [text, wanted] => Some(format!("(strpos({},{}) + 1)", text.text, wanted.text)),
        _ => None,
    }),
    with("regexp_extract", (2, 3), Text, |args| match args {
        [text, pattern] => Some(format!("regexp_extract({},{},0)", text.text, pattern.text)),
        [text, pattern, group] => {
            Some(format!("regexp_extract({},{},{})", text.text, pattern.text, group.text))
        }
        _ => None,
    }),
    simple("regexp_like", (2, 2), Boolean, "regexp_like"),
    simple("regexp_replace", (3, 3), Text, "regexp_replace"),
    simple("replace", (3, 3), Text, "replace"),
    simple("repeat", (2, 2), Text, "repeat"),
    simple("reverse", (1, 1), Text, "reverse"),
    simple("string_format", (1, MANY), Text, "format"),
    with("substring", (2, 3), SameText(0), substring),
    with("substr", (2, 3), SameText(0), substring),
    simple("trim", (1, 2), Text, "trim"),
    simple("btrim", (1, 2), Text, "trim"),
    simple("ltrim", (1, 2), Text, "ltrim"),
    simple("rtrim", (1, 2), Text, "rtrim"),
    with("lookup", (2, 3), Text, lookup),
    simple("ipv4_match", (2, 2), Boolean, "ipv4_match"),
    simple("ipv6_match", (2, 2), Boolean, "ipv6_match"),
    simple("ipv4_parse", (1, 1), Long, "ipv4_parse"),
    simple("ipv4_stringify", (1, 1), Name, "ipv4_stringify"),
    simple("mv_length", (1, 1), Integer, "array_length"),
    with("mv_contains", (2, 2), Boolean, |args| match args {
        [values, wanted] => Some(format!("array_contains({},{})", all_values(values), wanted.text)),
        _ => None,
    }),
    with("mv_overlap", (2, 2), Boolean, |args| match args {
        // Of two that are null neither has a value of the other.
        [one, other] => Some(format!("nvl(array_overlap({},{}),0)", all_values(one), other.text)),
        _ => None,
    }),
    simple("mv_offset", (2, 2), Text, "array_offset"),
    simple("mv_ordinal", (2, 2), Text, "array_ordinal"),
    simple("mv_offset_of", (2, 2), Integer, "array_offset_of"),
    simple("mv_ordinal_of", (2, 2), Integer, "array_ordinal_of"),
    simple("mv_to_string", (2, 2), Text, "array_to_string"),
    simple("mv_append", (2, 2), Text, "array_append"),
    simple("mv_prepend", (2, 2), Text, "array_prepend"),
    simple("mv_concat", (2, 2), Text, "array_concat"),
    simple("mv_slice", (2, 3), Text, "array_slice"),
    simple("string_to_mv", (2, 2), Text, "string_to_array"),
    with("mv_filter_regex", (2, 2), Argument(0), |args| match args {
        [column, pattern] => Some(format!("filter((x) -> regexp_like(x,{}),{})", pattern.text, column.text)),
        _ => None,
    }),
    with("mv_filter_prefix", (2, 2), Argument(0), |args| match args {
        [column, prefix] => Some(format!("filter((x) -> (strpos(x,{}) == 0),{})", prefix.text, column.text)),
        _ => None,
    }),
    with("mv_filter_only", (2, 2), Argument(0), |args| filter_values(args, "==", "||")),
    with("mv_filter_none", (2, 2), Argument(0), |args| filter_values(args, "!=", "&&")),
];

/// Whether a function sees the single values of texts: a column of them has those only below DataFusion.
pub(super) fn sees_values(name: &str) -> bool {
    name.starts_with("mv_")
}

/// The values of a row; one that has none has null.
fn all_values(values: &Operand) -> String {
    match values.is_text() && values.literal.is_none() {
        true => format!("mv_harmonize_nulls({})", values.text),
        false => values.text.clone(),
    }
}

/// Functions that make several values of a row.
pub(crate) fn makes_several(name: &str) -> bool {
    const MAKERS: [&str; 10] = [
        "mv_append",
        "mv_prepend",
        "mv_concat",
        "mv_slice",
        "mv_filter_only",
        "mv_filter_none",
        "mv_filter_regex",
        "mv_filter_prefix",
        "string_to_mv",
        "array_to_mv",
    ];
    MAKERS.contains(&name)
}

fn pad(native: &str, args: &[Operand]) -> Option<String> {
    match args {
        [text, length] => Some(format!("{native}({},{},' ')", text.text, length.text)),
        [text, length, with] => Some(format!("{native}({},{},{})", text.text, length.text, with.text)),
        _ => None,
    }
}

/// `POSITION(wanted IN text [FROM start])`: from 1, 0 for nowhere.
fn position(args: &[Operand]) -> Option<String> {
    match args {
        [wanted, text] => Some(format!("(strpos({},{}) + 1)", text.text, wanted.text)),
        [wanted, text, from] => {
            Some(format!("(strpos({},{},({} - 1)) + 1)", text.text, wanted.text, from.text))
        }
        _ => None,
    }
}

/// SQL counts characters from 1, the expression language from 0.
fn substring(args: &[Operand]) -> Option<String> {
    let (text, from, length) = match args {
        [text, from] => (text, from, "-1"),
        [text, from, length] => (text, from, length.text.as_str()),
        _ => return None,
    };
    let start = match from.as_i64() {
        Some(n) => (n - 1).to_string(),
        None => format!("({} - 1)", from.text),
    };
    Some(format!("substring({},{start},{length})", text.text))
}

/// Which lookup it is, and what is said of keys it does not have, is known when the query is planned.
fn lookup(args: &[Operand]) -> Option<String> {
    let key = args.first()?;
    let name = args.get(1)?.as_str()?;
    let literal = |arg: &&Operand| arg.literal.is_some();
    let otherwise = match args.get(2) {
        None => String::new(),
        Some(other) => format!(",{}", Some(other).filter(literal)?.text),
    };
    Some(format!("lookup({},{}{otherwise})", key.text, super::quote_text(name)))
}

fn filter_values(args: &[Operand], compare: &str, join: &str) -> Option<String> {
    let [column, values] = args else { return None };
    let list = super::evaluate::text_list(values.literal.as_ref()?)?;
    let one = |v: &Option<String>| match v {
        Some(text) => format!("(x {compare} {})", super::quote_text(text)),
        None if compare == "==" => "isnull(x)".to_owned(),
        None => "notnull(x)".to_owned(),
    };
    let tests: Vec<String> = list.iter().map(one).collect();
    let test = if tests.is_empty() { "0".to_owned() } else { tests.join(&format!(" {join} ")) };
    Some(format!("filter((x) -> {test},{})", column.text))
}

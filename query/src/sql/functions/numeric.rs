//! Which functions compute numbers?

use super::Returns::{Argument, Double, Long, Number, Quotient, Reduced, Remainder, Text, Widest};
use super::{Definition, MANY, Operand, math, simple, with};

pub(super) const FUNCTIONS: &[Definition] = &[
    math("abs", (1, 1), Number(0), "abs"),
    math("ceil", (1, 1), Number(0), "ceil"),
    math("ceiling", (1, 1), Number(0), "ceil"),
    math("floor", (1, 1), Number(0), "floor"),
    math("round", (1, 2), Number(0), "round"),
    math("exp", (1, 1), Double, "exp"),
    math("ln", (1, 1), Double, "log"),
    math("log10", (1, 1), Double, "log10"),
    math("power", (2, 2), Double, "pow"),
    math("sqrt", (1, 1), Double, "sqrt"),
    math("sin", (1, 1), Double, "sin"),
    math("cos", (1, 1), Double, "cos"),
    math("tan", (1, 1), Double, "tan"),
    math("cot", (1, 1), Double, "cot"),
    math("asin", (1, 1), Double, "asin"),
    math("acos", (1, 1), Double, "acos"),
    math("atan", (1, 1), Double, "atan"),
    math("atan2", (2, 2), Double, "atan2"),
    math("degrees", (1, 1), Double, "toDegrees"),
    math("radians", (1, 1), Double, "toRadians"),
    // A number that may be null, of whatever it is made.
    with("of_values", (1, 1), Argument(0), |args| Some(args.first()?.text.clone())),
    simple("div", (2, 2), Long, "div"),
    simple("safe_divide", (2, 2), Quotient, "safe_divide"),
    simple("greatest", (0, MANY), Reduced, "greatest"),
    simple("least", (0, MANY), Reduced, "least"),
    simple("bitwise_and", (2, 2), Long, "bitwiseAnd"),
    simple("bitwise_or", (2, 2), Long, "bitwiseOr"),
    simple("bitwise_xor", (2, 2), Long, "bitwiseXor"),
    simple("bitwise_complement", (1, 1), Long, "bitwiseComplement"),
    simple("bitwise_shift_left", (2, 2), Long, "bitwiseShiftLeft"),
    simple("bitwise_shift_right", (2, 2), Long, "bitwiseShiftRight"),
    simple("bitwise_convert_double_to_long_bits", (1, 1), Long, "bitwiseConvertDoubleToLongBits"),
    simple("bitwise_convert_long_bits_to_double", (1, 1), Double, "bitwiseConvertLongBitsToDouble"),
    // What is summed: a text is read as a number. Rules put it in, and take it from numbers.
    with("as_number", (1, 1), Number(0), |args| match args {
        [value] if value.is_text() => Some(format!("CAST({},'DOUBLE')", value.text)),
        [value] => Some(value.text.clone()),
        _ => None,
    }),
    with("pi", (0, 0), Double, |_| Some(format!("{:?}", std::f64::consts::PI))),
    with("mod", (2, 2), Remainder, |args| binary(args, "%")),
    with("truncate", (1, 2), Number(0), truncate),
    with("trunc", (1, 2), Number(0), truncate),
    simple("human_readable_binary_byte_format", (1, 2), Text, "human_readable_binary_byte_format"),
    simple("human_readable_decimal_byte_format", (1, 2), Text, "human_readable_decimal_byte_format"),
    simple("human_readable_decimal_format", (1, 2), Text, "human_readable_decimal_format"),
    with("nvl", (2, 2), Widest, coalesce),
    with("ifnull", (2, 2), Widest, coalesce),
    with("coalesce", (1, MANY), Widest, coalesce),
    with("nullif", (2, 2), Argument(0), |args| match args {
        [a, b] => Some(format!("case_searched(({} == {}),null,{})", a.text, b.text, a.text)),
        _ => None,
    }),
];

fn binary(args: &[Operand], operator: &str) -> Option<String> {
    let [a, b] = args else { return None };
    Some(format!("({} {operator} {})", a.text, b.text))
}

/// Cuts towards zero after so many digits, the way of Druid: the scaled number as a long, divided as a double.
fn truncate(args: &[Operand]) -> Option<String> {
    let (text, scale) = match args {
        [value] => (&value.text, None),
        [value, digits] => match digits.as_i64() {
            Some(0) => (&value.text, None),
            Some(digits) => (&value.text, Some(format!("{:?}", 10f64.powi(i32::try_from(digits).ok()?)))),
            None => (&value.text, Some(format!("pow(10,{})", digits.text))),
        },
        _ => return None,
    };
    Some(match scale {
        None => format!("CAST(CAST({text} * 1.0,'LONG'),'DOUBLE')"),
        Some(scale) => format!("(CAST(CAST(({text} * {scale}),'LONG'),'DOUBLE') / {scale})"),
    })
}

fn coalesce(args: &[Operand]) -> Option<String> {
    let (last, before) = args.split_last()?;
    Some(before.iter().rfold(last.text.clone(), |rest, a| format!("nvl({},{rest})", a.text)))
}

//! Texts that read and how they are written back, texts that do not, and texts nobody would write.

use proptest::prelude::*;

use crate::{BinaryOp, Expr, LogicalOp, UnaryOp, Value, parse};

#[test]
fn forms() {
    for (text, written) in [
        ("a+b*c", "(a + (b * c))"),
        ("a ^ b ^ c", "(a ^ (b ^ c))"),
        ("!a && b", "(!a && b)"),
        ("a && b && c || d", "((a && b && c) || d)"),
        ("a < b == c", "((a < b) == c)"),
        ("-a", "-a"),
        ("-5", "-5"),
        ("- 5.0", "-5.0"),
        ("-(5)", "-(5)"),
        ("\"my col\" + _x$1", "(\"my col\" + _x$1)"),
        ("'it\\'s \\u0041\\n'", "'it\\'s A\\n'"),
        ("STRLEN( s )", "strlen(s)"),
        ("[1, 2, 3]", "<LONG>[1, 2, 3]"),
        ("[1.0, null]", "<DOUBLE>[1.0, null]"),
        ("<LONG>[]", "<LONG>[]"),
        ("ARRAY<DOUBLE>[1]", "<DOUBLE>[1.0]"),
        ("['a', 'b']", "<STRING>['a', 'b']"),
        ("map(x -> x + 1, y)", "map((x) -> (x + 1), y)"),
        ("array < b", "(array < b)"),
        ("1e3 + 1.5E-3 + 2.", "((1000.0 + 0.0015) + 2.0)"),
        // Characters that begin no token are dropped, and what stands after an expression is not read.
        (".5 # + 1", "(5 + 1)"),
        ("a = b", "a"),
        ("a b", "a"),
        ("(x) -> x", "x"),
    ] {
        let tree = parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(tree.to_string(), written, "{text}");
        assert_eq!(parse(written).unwrap(), tree);
        let json = serde_json::to_string(&tree).unwrap();
        assert_eq!(serde_json::from_str::<Expr>(&json).unwrap(), tree);
    }
}

#[test]
fn refusals_say_where() {
    for (text, part) in [
        ("", "position 0"),
        ("1 +", "position 3"),
        ("(a", "expected `)`"),
        ("'abc", "closing '"),
        ("'\\q'", "no escape"),
        ("99999999999999999999", "64 bits"),
        ("1a", "double quotes"),
        ("#", "position"),
        ("[1, x]", "constant"),
        ("[1 2]", "expected `,`"),
        ("<COMPLEX>[1]", "LONG, DOUBLE or STRING"),
    ] {
        let error = parse(text).unwrap_err().to_string();
        assert!(error.contains(part), "{text}: {error}");
    }
}

#[test]
fn hostile_depth() {
    for text in [
        "(".repeat(100_000),
        "!".repeat(100_000) + "x",
        "-".repeat(100_000) + "x",
        "x+".repeat(100_000) + "x",
        "x^".repeat(100_000) + "x",
        "abs(".repeat(100_000),
        "[".repeat(100_000),
    ] {
        assert!(parse(&text).is_err());
    }
    // Long chains of one logical operator are one node.
    let chain = "x == 1 || ".repeat(10_000) + "x == 2";
    assert_eq!(parse(&chain).unwrap().to_string().matches("||").count(), 10_000);
    let deep = format!("{}x{}", "abs(".repeat(120), ")".repeat(120));
    assert!(parse(&deep).is_ok());
}

fn literal() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Long),
        any::<f64>().prop_filter("NaN equals nothing", |d| !d.is_nan()).prop_map(Value::Double),
        ".*".prop_map(Value::from),
        prop::collection::vec(prop::option::of(any::<i64>()), 0..3).prop_map(|v| Value::LongArray(v.into())),
        prop::collection::vec(prop::option::of(".*"), 0..3)
            .prop_map(|v| Value::StringArray(v.into_iter().map(|s| s.map(Into::into)).collect())),
    ]
}

fn tree() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        literal().prop_map(Expr::Literal),
        prop_oneof!["[a-c]", ".*", Just("null".to_owned()), Just("NaN".to_owned())]
            .prop_map(|n| Expr::column(&n)),
    ];
    leaf.prop_recursive(5, 40, 3, |inner| {
        let op = prop::sample::select(vec![
            BinaryOp::Add,
            BinaryOp::Subtract,
            BinaryOp::Multiply,
            BinaryOp::Divide,
            BinaryOp::Modulo,
            BinaryOp::Power,
            BinaryOp::Less,
            BinaryOp::LessEqual,
            BinaryOp::Greater,
            BinaryOp::GreaterEqual,
            BinaryOp::Equal,
            BinaryOp::NotEqual,
        ]);
        let unary = prop::sample::select(vec![UnaryOp::Minus, UnaryOp::Not]);
        let logical = prop::sample::select(vec![LogicalOp::And, LogicalOp::Or]);
        prop_oneof![
            (op, inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::binary(op, a, b)),
            (unary, inner.clone()).prop_map(|(op, a)| Expr::unary(op, a)),
            (logical, prop::collection::vec(inner.clone(), 2..4)).prop_map(|(op, t)| Expr::logical(op, t)),
            prop::collection::vec(inner, 1..4).prop_map(|args| Expr::call("concat", args).unwrap()),
        ]
    })
}

proptest! {
    #[test]
    fn writing_and_reading_round_trips(tree in tree()) {
        let text = tree.to_string();
        prop_assert_eq!(parse(&text).map_err(|e| format!("{text}: {e}")), Ok(tree));
    }

    #[test]
    fn any_text_reads_or_is_refused(text in ".*") {
        let _ = parse(&text);
    }

    #[test]
    fn likely_text_evaluates_without_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "1", "-1", "0", "2.5", "9223372036854775807", "'a'", "''", "null", "x", "[1,2]", "['a',null]", "(", ")",
            ",", "+", "-", "*", "/", "%", "^", "<", "==", "&&", "||", "!", "(x) ->", "map(", "fold(", "substring(",
            "timestamp_floor(", "'P1D'", "timestamp_shift(", "timestamp_extract(", "'YEAR'", "round(", "lpad(",
            "array_slice(", "format(", "'%5.1f'", "strpos(", "cast(", "'LONG'", "timestamp_format(", "scalb(",
            "parse_long(", "concat(", "array(", "if(", "human_readable_decimal_format(", "repeat(",
        ]), 1..14)
    ) {
        let text = words.join(" ");
        let text = if text.matches('(').count() > text.matches(')').count() {
            text.clone() + &")".repeat(text.matches('(').count() - text.matches(')').count())
        } else {
            text
        };
        if let Ok(expr) = parse(&text) {
            let _ = crate::eval(&expr, &crate::NoColumns);
            let _ = expr.fold();
        }
    }
}

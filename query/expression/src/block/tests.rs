//! Blocks give what rows give.

use std::collections::HashMap;

use alluvium_segments::NullMask;
use proptest::prelude::*;

use super::*;
use crate::{BinaryOp, LogicalOp, UnaryOp, compare_doubles, eval, parse};

const TEXTS: [Option<&str>; 5] = [None, Some("a"), Some("12"), Some(""), Some("true")];

struct Texts;

impl Dictionary for Texts {
    fn text(&self, id: u32) -> Option<&str> {
        TEXTS[id as usize]
    }
}

#[derive(Debug)]
struct Columns {
    l: NumericBlock<i64>,
    m: NumericBlock<i64>,
    d: NumericBlock<f64>,
    s: Vec<u32>,
    mv: Vec<Value>,
}

impl BlockBindings for Columns {
    fn block(&self, name: &str) -> Option<InputBlock<'_>> {
        Some(match name {
            "l" => InputBlock::Longs(&self.l),
            "m" => InputBlock::Longs(&self.m),
            "d" => InputBlock::Doubles(&self.d),
            "s" => InputBlock::Ids { ids: &self.s, dictionary: &Texts },
            "mv" => InputBlock::Values(&self.mv),
            _ => return None,
        })
    }
}

fn types(name: &str) -> Option<ExprType> {
    match name {
        "l" | "m" => Some(ExprType::Long),
        "d" => Some(ExprType::Double),
        "s" | "mv" => Some(ExprType::String),
        _ => None,
    }
}

fn numbers<T: Copy + Default>(values: &[Option<T>]) -> NumericBlock<T> {
    let mut nulls = NullMask::default();
    values.iter().for_each(|v| nulls.push(v.is_none()));
    NumericBlock { values: values.iter().map(|v| v.unwrap_or_default()).collect(), nulls }
}

impl Columns {
    fn row(&self, i: usize) -> HashMap<String, Value> {
        let at = |name: &str, value: Value| (name.to_owned(), value);
        let long = |b: &NumericBlock<i64>| if b.nulls.is_null(i) { Value::Null } else { b.values[i].into() };
        let double = if self.d.nulls.is_null(i) { Value::Null } else { self.d.values[i].into() };
        HashMap::from([
            at("l", long(&self.l)),
            at("m", long(&self.m)),
            at("d", double),
            at("s", TEXTS[self.s[i] as usize].into()),
            at("mv", self.mv[i].clone()),
        ])
    }
}

fn columns() -> impl Strategy<Value = Columns> {
    let long =
        || prop::option::of(prop_oneof![-3..4i64, any::<i64>(), 1_400_000_000_000..1_500_000_000_000i64]);
    let double =
        prop::option::of(prop_oneof![-3.0..3.0, any::<f64>(), Just(0.0), Just(-0.0), Just(f64::NAN)]);
    let texts = prop::collection::vec(prop::option::of("[ab]"), 0..3);
    prop::collection::vec((long(), long(), double, 0..TEXTS.len() as u32, texts), 0..70).prop_map(|rows| {
        let mv = |texts: &Vec<Option<String>>| {
            let items: Vec<Value> = texts.iter().map(|t| Value::from(t.as_deref())).collect();
            match items.as_slice() {
                [] => Value::Null,
                [only] => only.clone(),
                many => Value::array_of(ExprType::String, many),
            }
        };
        Columns {
            l: numbers(&rows.iter().map(|r| r.0).collect::<Vec<_>>()),
            m: numbers(&rows.iter().map(|r| r.1).collect::<Vec<_>>()),
            d: numbers(&rows.iter().map(|r| r.2).collect::<Vec<_>>()),
            s: rows.iter().map(|r| r.3).collect(),
            mv: rows.iter().map(|r| mv(&r.4)).collect(),
        }
    })
}

fn call(name: &'static str) -> impl Fn(Vec<Expr>) -> Expr {
    move |args| Expr::call(name, args).unwrap()
}

fn expression() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        4 => prop::sample::select(vec!["l", "m", "d", "s", "mv", "absent"]).prop_map(Expr::column),
        2 => (-3..4i64).prop_map(Expr::literal),
        1 => prop::sample::select(vec![0.0, -0.0, 2.5, f64::NAN]).prop_map(Expr::literal),
        1 => prop::sample::select(TEXTS.to_vec()).prop_map(Expr::literal),
    ];
    leaf.prop_recursive(4, 24, 3, |inner| {
        let op = prop::sample::select(vec![
            BinaryOp::Add,
            BinaryOp::Subtract,
            BinaryOp::Multiply,
            BinaryOp::Divide,
            BinaryOp::Modulo,
            BinaryOp::Less,
            BinaryOp::GreaterEqual,
            BinaryOp::Equal,
            BinaryOp::NotEqual,
        ]);
        let one = || inner.clone().prop_map(|a| vec![a]);
        let two = || (inner.clone(), inner.clone()).prop_map(|(a, b)| vec![a, b]);
        let three = || (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| vec![a, b, c]);
        let logical = prop::sample::select(vec![LogicalOp::And, LogicalOp::Or]);
        let unary = prop::sample::select(vec![UnaryOp::Minus, UnaryOp::Not]);
        prop_oneof![
            4 => (op, inner.clone(), inner.clone()).prop_map(|(op, a, b)| Expr::binary(op, a, b)),
            2 => (logical, three()).prop_map(|(op, terms)| Expr::logical(op, terms)),
            1 => (unary, inner.clone()).prop_map(|(op, a)| Expr::unary(op, a)),
            2 => three().prop_map(call("if")),
            1 => three().prop_map(call("case_searched")),
            1 => two().prop_map(call("nvl")),
            1 => one().prop_map(call("isnull")),
            1 => one().prop_map(call("abs")),
            1 => one().prop_map(call("sqrt")),
            1 => two().prop_map(call("max")),
            1 => two().prop_map(call("greatest")),
            1 => two().prop_map(call("concat")),
            1 => two().prop_map(call("safe_divide")),
            1 => one().prop_map(call("strlen")),
            1 => (inner.clone(), prop::sample::select(vec!["LONG", "DOUBLE", "STRING"]))
                .prop_map(|(a, to)| call("cast")(vec![a, Expr::literal(to)])),
            1 => (inner.clone(), prop::sample::select(vec!["P1D", "P1M", "PT7M"]))
                .prop_map(|(a, p)| call("timestamp_floor")(vec![a, Expr::literal(p)])),
            1 => (inner, prop::sample::select(vec!["HOUR", "YEAR", "DOW"]))
                .prop_map(|(a, u)| call("timestamp_extract")(vec![a, Expr::literal(u)])),
        ]
    })
}

fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Double(x), Value::Double(y)) => compare_doubles(*x, *y).is_eq(),
        (a, b) if a.is_array() && b.is_array() => {
            let (x, y) = (a.elements(), b.elements());
            x.len() == y.len() && x.iter().zip(&y).all(|(x, y)| alike(x, y))
        }
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn blocks_equal_rows(expr in expression(), columns in columns()) {
        let rows = columns.s.len();
        let compiled = CompiledExpr::compile(&expr, &types);
        let singles: Result<Vec<Value>, ExprError> =
            (0..rows).map(|i| eval(compiled.expr(), &columns.row(i))).collect();
        match (compiled.eval_block(&columns, rows), singles) {
            (Ok(block), Ok(values)) => {
                prop_assert_eq!(block.len(), rows);
                for (i, value) in values.iter().enumerate() {
                    prop_assert!(alike(&block.value(i), value), "{}: row {i}: {:?}, not {value:?}", expr, block.value(i));
                }
            }
            (Err(_), Err(_)) => {}
            (block, values) => prop_assert!(false, "{}: block {:?}, rows {:?}", expr, block, values),
        }
    }

    #[test]
    fn types_are_kept(expr in expression(), columns in columns()) {
        let rows = columns.s.len();
        let compiled = CompiledExpr::compile(&expr, &types);
        if let (Ok(block), Some(announced)) = (compiled.eval_block(&columns, rows), compiled.output_type()) {
            for i in 0..rows {
                // Multi-value rows give arrays of the announced type (of texts when all are null).
                let own = block.value(i).value_type();
                let fits = own.is_none_or(|t| t == announced || t.is_array());
                prop_assert!(fits, "{}: {:?}, announced {announced}", expr, block.value(i));
            }
        }
    }
}

fn sample() -> Columns {
    Columns {
        l: numbers(&[Some(1), None, Some(0)]),
        m: numbers(&[Some(2), Some(2), Some(2)]),
        d: numbers(&[Some(0.5), Some(1.5), None]),
        s: vec![1, 0, 2],
        mv: vec![Value::Null; 3],
    }
}

fn values(text: &str) -> Vec<Value> {
    let compiled = CompiledExpr::compile(&parse(text).unwrap(), &types);
    let block = compiled.eval_block(&sample(), 3).unwrap();
    (0..block.len()).map(|i| block.value(i)).collect()
}

#[test]
fn forms_of_results() {
    let block =
        |text: &str| CompiledExpr::compile(&parse(text).unwrap(), &types).eval_block(&sample(), 3).unwrap();
    assert!(matches!(block("l + m"), ExprBlock::Longs(_)));
    assert!(matches!(block("l + d"), ExprBlock::Doubles(_)));
    assert!(matches!(block("upper(s)"), ExprBlock::Strings(_)));
    assert!(matches!(block("array(l, m)"), ExprBlock::Values(_)));
    assert_eq!(values("l + m"), [Value::Long(3), Value::Null, Value::Long(2)]);
    // The branch not taken does not fail.
    assert_eq!(values("if(l != 0, 10 / l, -1)"), [Value::Long(10), Value::Long(-1), Value::Long(-1)]);
    // Branches meet at one type.
    assert_eq!(
        values("if(l == 1, 1, 2.5) / 2"),
        [Value::Double(0.5), Value::Double(1.25), Value::Double(1.25)]
    );
    let failing = CompiledExpr::compile(&parse("1 / l").unwrap(), &types).eval_block(&sample(), 3);
    assert!(failing.unwrap_err().to_string().contains("by zero"));
}

#[test]
fn what_is_known_beforehand() {
    let compiled = |text: &str| CompiledExpr::compile(&parse(text).unwrap(), &types);
    assert_eq!(compiled("concat(upper(s), s)").single_string_input(), Some("s"));
    assert_eq!(compiled("l + 1").single_string_input(), None);
    assert_eq!(compiled("1 + 2").constant(), Some(&Value::Long(3)));
    assert_eq!(compiled("1 / 0").constant(), None);
    assert_eq!(compiled("l + d").output_type(), Some(ExprType::Double));
    assert_eq!(compiled("map((x) -> x * 2.0, array(l))").output_type(), Some(ExprType::DoubleArray));
    assert_eq!(compiled("map((l) -> l + m, array(1))").columns(), ["m".into()]);
    assert_eq!(compiled("greatest(l, 'x')").output_type(), Some(ExprType::String));
    assert_eq!(compiled("timestamp_floor(l, 'P' + '1D')").expr().to_string(), "timestamp_floor(l, 'P1D')");
}

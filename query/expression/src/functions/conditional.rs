//! Choices: only the arguments that are needed are evaluated.

use super::{ANY, Body, Function, Gives, LONG};
use crate::ast::{Call, ColumnTypes};
use crate::eval::{Bindings, condition, node, single};
use crate::{Expr, ExprError, ExprType, Value};

pub(crate) const IF: &str = "if";
pub(crate) const CASE_SEARCHED: &str = "case_searched";
pub(crate) const CASE_SIMPLE: &str = "case_simple";
pub(crate) const NVL: &str = "nvl";
pub(crate) const COALESCE: &str = "coalesce";
pub(crate) const IS_NULL: &str = "isnull";
pub(crate) const NOT_NULL: &str = "notnull";

pub(super) const TABLE: &[Function] = &[
    Function::new(IF, (3, 3), Gives::Common(1), Body::Lazy(choose)),
    Function::new(CASE_SEARCHED, (2, ANY), Gives::Custom(searched_type), Body::Lazy(case_searched)),
    Function::new(CASE_SIMPLE, (3, ANY), Gives::Custom(simple_type), Body::Lazy(case_simple)),
    Function::new(NVL, (2, 2), Gives::Common(0), Body::Lazy(|call, row| first_value(NVL, call, row))),
    Function::new(
        COALESCE,
        (1, ANY),
        Gives::Common(0),
        Body::Lazy(|call, row| first_value(COALESCE, call, row)),
    ),
    Function::new("nullif", (2, 2), Gives::Same(0), Body::Lazy(null_if)),
    Function::new(IS_NULL, (1, 1), LONG, Body::Lazy(|call, row| null_test(IS_NULL, call, row, true))),
    Function::new(NOT_NULL, (1, 1), LONG, Body::Lazy(|call, row| null_test(NOT_NULL, call, row, false))),
    Function::new(
        "istrue",
        (1, 1),
        LONG,
        Body::Lazy(|call, row| truth_test("istrue", call, row, Some(true), true)),
    ),
    Function::new(
        "isfalse",
        (1, 1),
        LONG,
        Body::Lazy(|call, row| truth_test("isfalse", call, row, Some(false), true)),
    ),
    Function::new(
        "nottrue",
        (1, 1),
        LONG,
        Body::Lazy(|call, row| truth_test("nottrue", call, row, Some(true), false)),
    ),
    Function::new(
        "notfalse",
        (1, 1),
        LONG,
        Body::Lazy(|call, row| truth_test("notfalse", call, row, Some(false), false)),
    ),
    Function::new(
        "notdistinctfrom",
        (2, 2),
        LONG,
        Body::Lazy(|call, row| same("notdistinctfrom", call, row, true)),
    ),
    Function::new(
        "isdistinctfrom",
        (2, 2),
        LONG,
        Body::Lazy(|call, row| same("isdistinctfrom", call, row, false)),
    ),
];

fn choose(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let chosen = if condition(IF, &call.args[0], row)? == Some(true) { 1 } else { 2 };
    single(IF, &call.args[chosen], row)
}

/// Pairs of condition and result, then perhaps an else.
fn pairs(args: &[Expr]) -> (std::slice::ChunksExact<'_, Expr>, Option<&Expr>) {
    let chunks = args.chunks_exact(2);
    let otherwise = chunks.remainder().first();
    (chunks, otherwise)
}

fn case_searched(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let (cases, otherwise) = pairs(&call.args);
    for case in cases {
        if condition(CASE_SEARCHED, &case[0], row)? == Some(true) {
            return single(CASE_SEARCHED, &case[1], row);
        }
    }
    otherwise.map_or(Ok(Value::Null), |e| single(CASE_SEARCHED, e, row))
}

fn case_simple(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let subject = single(CASE_SIMPLE, &call.args[0], row)?;
    let (cases, otherwise) = pairs(&call.args[1..]);
    for case in cases {
        if subject.equals(&single(CASE_SIMPLE, &case[0], row)?) == Some(true) {
            return single(CASE_SIMPLE, &case[1], row);
        }
    }
    otherwise.map_or(Ok(Value::Null), |e| single(CASE_SIMPLE, e, row))
}

fn results_type(args: &[Expr], columns: &ColumnTypes<'_>) -> Option<ExprType> {
    let (cases, otherwise) = pairs(args);
    let results = cases.map(|case| &case[1]).chain(otherwise);
    results.filter_map(|e| e.output_type(columns)).reduce(ExprType::common)
}

fn searched_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    results_type(&call.args, columns)
}

fn simple_type(call: &Call, columns: &ColumnTypes<'_>) -> Option<ExprType> {
    results_type(call.args.get(1..).unwrap_or_default(), columns)
}

fn first_value(name: &'static str, call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    for arg in &call.args {
        let value = single(name, arg, row)?;
        if !value.is_null() {
            return Ok(value);
        }
    }
    Ok(Value::Null)
}

fn null_if(call: &Call, row: &dyn Bindings) -> Result<Value, ExprError> {
    let value = single("nullif", &call.args[0], row)?;
    let other = single("nullif", &call.args[1], row)?;
    Ok(if value.equals(&other) == Some(true) { Value::Null } else { value })
}

fn null_test(name: &'static str, call: &Call, row: &dyn Bindings, wanted: bool) -> Result<Value, ExprError> {
    Ok(Value::from_bool(single(name, &call.args[0], row)?.is_null() == wanted))
}

fn truth_test(
    name: &'static str,
    call: &Call,
    row: &dyn Bindings,
    truth: Option<bool>,
    wanted: bool,
) -> Result<Value, ExprError> {
    Ok(Value::from_bool((condition(name, &call.args[0], row)? == truth) == wanted))
}

fn same(name: &'static str, call: &Call, row: &dyn Bindings, wanted: bool) -> Result<Value, ExprError> {
    let a = node(&call.args[0], row)?;
    let b = node(&call.args[1], row)?;
    if a.is_array() != b.is_array() && (!a.is_null() && !b.is_null()) {
        return Err(ExprError::ArrayNotAllowed(name));
    }
    let same =
        if a.is_null() || b.is_null() { a.is_null() && b.is_null() } else { a.equals(&b) == Some(true) };
    Ok(Value::from_bool(same == wanted))
}

//! Which calls does Druid's planner refuse by the types of their arguments, and which constants have no value?

use std::collections::HashMap;

use alluvium_expression::Value;
use alluvium_segments::time::{local_millis, parse_iso_in};
use chrono_tz::Tz;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::expr::Like;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{BinaryExpr, Expr, LogicalPlan, Operator, Values};

use super::aggregated::check_aggregate;
use super::folded::check_folded;
use super::infer::Scope;
use super::{SqlType, Typed, columns};
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::{invalid, outside};
use crate::sql::functions::DruidFunction;
use crate::sql::rewrite::AGAIN;

/// Refuses a plan for the calls in it.
pub(crate) fn check(plan: &LogicalPlan, zone: Tz, reads_datasource: bool) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        let inputs = node.inputs();
        let schema = merge_schema(&inputs);
        let known: Vec<Typed> = inputs.iter().flat_map(|input| columns(input)).collect();
        let scope = Scope { schema: &schema, columns: &known };
        if let LogicalPlan::Projection(projection) = node
            && matches!(&*projection.input, LogicalPlan::EmptyRelation(_))
            && projection.expr.iter().any(is_no_time)
        {
            let message = "a constant TIMESTAMP must not be null";
            return Err(outside(QueryError::refused(Refusal::Planning, message)));
        }
        if let LogicalPlan::Values(values) = node {
            check_values(values).map_err(outside)?;
        }
        if let LogicalPlan::Aggregate(aggregate) = node
            && reads_datasource
        {
            check_aggregate(aggregate, &scope)?;
        }
        node.apply_expressions(|expr| {
            expr.apply(|e| {
                check_one(e, &scope, zone).map_err(outside)?;
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    Ok(())
}

/// Rows that stand in a statement hold no arrays where there are several, and no numbers that are none.
fn check_values(values: &Values) -> std::result::Result<(), QueryError> {
    let is_array =
        |expr: &Expr| matches!(expr, Expr::ScalarFunction(call) if call.func.name() == "make_array");
    if values.values.len() > 1 && values.values.iter().flatten().any(is_array) {
        let message = "SQL requires union with input of a datasource type that is not supported. Union operation is only \
                       supported between regular tables.";
        return Err(QueryError::refused(Refusal::Unplannable, message));
    }
    for expr in values.values.iter().flatten() {
        let Expr::ScalarFunction(call) = expr else { continue };
        let ("cast_double" | "cast_float" | "cast_real", [Expr::Literal(ScalarValue::Utf8(Some(text)), _)]) =
            (call.func.name(), call.args.as_slice())
        else {
            continue;
        };
        if text.trim().parse::<f64>().is_ok_and(|number| !number.is_finite()) {
            return Err(invalid(format!(
                "Expression [CAST('{text}', 'DOUBLE')] evaluates to an unsupported value [{text}], expected something that \
                 can be a Double.  Consider casting with 'CAST(<col> AS BIGINT)'"
            )));
        }
    }
    Ok(())
}

/// `CAST(NULL AS TIMESTAMP)`, or the start of its period.
fn is_no_time(expr: &Expr) -> bool {
    match expr {
        Expr::Alias(alias) => is_no_time(&alias.expr),
        Expr::ScalarFunction(call) => match (call.func.name(), call.args.first()) {
            ("cast_timestamp", Some(Expr::Literal(value, _))) => value.is_null(),
            ("time_floor", Some(time)) => is_no_time(time),
            _ => false,
        },
        _ => false,
    }
}

/// What the arguments of a function must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    /// A text, and no number.
    Character,
    Integer,
    /// A number, and no text.
    Numeric,
    /// A number, or a text that is read as one.
    Number,
    /// What no row can change.
    Literal,
    /// An array, or a text, which may be several.
    NoNumber,
}

use Family::{Character, Integer, Literal, NoNumber, Number, Numeric};

fn wanted(name: &str) -> &'static [Family] {
    match name {
        "left" | "right" => &[Character, Integer],
        "lpad" | "rpad" => &[Character, Integer, Character],
        "substring" | "substr" => &[Character, Integer, Integer],
        "contains_string" | "icontains_string" => &[Character, Literal],
        "regexp_extract" => &[Character, Literal],
        "truncate" | "trunc" => &[Numeric, Integer],
        "array_concat" => &[NoNumber, NoNumber],
        "human_readable_binary_byte_format"
        | "human_readable_decimal_byte_format"
        | "human_readable_decimal_format" => &[Numeric, Integer],
        "bitwise_and" | "bitwise_or" | "bitwise_xor" | "bitwise_shift_left" | "bitwise_shift_right" => {
            &[Numeric, Numeric]
        }
        "abs" | "ceil" | "ceiling" | "floor" | "round" | "exp" | "ln" | "log10" | "power" | "sqrt"
        | "sin" | "cos" | "tan" | "cot" | "asin" | "acos" | "atan" | "atan2" | "degrees" | "radians"
        | "mod" => &[Number, Number],
        _ => &[],
    }
}

fn fits(typed: &Typed, family: Family) -> bool {
    let kind = &typed.kind;
    match family {
        _ if *kind == SqlType::Null => true,
        Character => {
            kind.is_text() || kind.is_complex() || matches!(kind, SqlType::Array(_) | SqlType::Other(_))
        }
        Integer => kind.is_numeric(),
        Numeric => kind.is_numeric(),
        Number => !matches!(kind, SqlType::Boolean | SqlType::Timestamp | SqlType::Date | SqlType::Array(_)),
        Literal => typed.constant,
        NoNumber => !kind.is_numeric(),
    }
}

fn check_one(expr: &Expr, scope: &Scope<'_>, zone: Tz) -> std::result::Result<(), QueryError> {
    let call = match expr {
        Expr::ScalarFunction(call) => call,
        Expr::Like(like) => return check_like(like, scope),
        Expr::InList(list) if list.list.len() > 1 => {
            return match scope.typed(&list.expr).kind {
                kind @ SqlType::Array(_) => {
                    Err(invalid(format!("Unsupported matchValueType[{}]", kind.native())))
                }
                _ => Ok(()),
            };
        }
        Expr::BinaryExpr(binary) => return check_order(binary, scope),
        Expr::Literal(ScalarValue::UInt64(Some(number)), _) => {
            return Err(invalid(format!("Numeric literal '{number}' out of range")));
        }
        _ => return Ok(()),
    };
    let Some(function) = call.func.inner().downcast_ref::<DruidFunction>() else { return Ok(()) };
    let name = function.definition.name;
    let families = wanted(name);
    let shown = name.to_uppercase();
    for (arg, family) in call.args.iter().zip(families) {
        let typed = scope.typed(arg);
        if fits(&typed, *family) {
            continue;
        }
        if *family == Literal {
            return Err(invalid(format!("Argument to function '{shown}' must be a literal")));
        }
        let types: Vec<String> =
            call.args.iter().map(|a| format!("<{}>", scope.typed(a).kind.name())).collect();
        let forms: Vec<String> =
            families.iter().map(|f| format!("<{}>", format!("{f:?}").to_uppercase())).collect();
        return Err(invalid(format!(
            "Cannot apply '{shown}' to arguments of type '{shown}({})'. Supported form(s): '{shown}({})'",
            types.join(", "),
            forms.join(", ").replace("<NUMBER>", "<NUMERIC>").replace("<NONUMBER>", "<ARRAY>"),
        )));
    }
    check_literals(name, &call.args, scope)?;
    check_cast(name, call.args.first(), scope, zone)
}

/// Paths into nested values and subnets, where those are literals.
fn check_literals(name: &str, args: &[Expr], scope: &Scope<'_>) -> std::result::Result<(), QueryError> {
    let text = |at: usize| match args.get(at) {
        Some(Expr::Literal(value, _)) => value.try_as_str().flatten(),
        _ => None,
    };
    let is_match = name == "ipv4_match" || name == "ipv6_match";
    if is_match && !matches!(args.get(1), Some(Expr::Placeholder(_))) {
        let refused =
            |why: &str| Err(QueryError::refused(Refusal::Planning, format!("Function[{name}] {why}")));
        return match text(1) {
            None => refused("subnet argument must be a literal"),
            Some(subnet) if name == "ipv4_match" && !subnet.contains('/') => {
                refused(&format!("subnet arg has an invalid format: {subnet}"))
            }
            Some(_) => Ok(()),
        };
    }
    if matches!(name, "truncate" | "trunc")
        && args.get(1).is_some_and(|e| !matches!(e, Expr::Placeholder(_)) && !scope.typed(e).constant)
    {
        return Err(QueryError::refused(Refusal::Planning, "Function[pow] requires 2 arguments"));
    }
    check_folded(name, args)?;
    if name == "mv_to_array"
        && args.iter().any(|arg| !matches!(arg, Expr::Column(_)) && !scope.typed(arg).constant)
    {
        let message =
            "Function[mv_to_array] argument should be an identifier expression. Use array() instead";
        return Err(QueryError::refused(Refusal::Planning, message));
    }
    let at_path = name.starts_with("json_value") || name.starts_with("json_query") || name == "json_keys";
    match text(1).filter(|path| at_path && !path.starts_with('$')) {
        Some(path) => Err(invalid(format!("JSONPath [{path}] is invalid, it must start with '$'"))),
        None => Ok(()),
    }
}

/// Nested values are not compared.
fn check_order(binary: &BinaryExpr, scope: &Scope<'_>) -> std::result::Result<(), QueryError> {
    let op = binary.op;
    use Operator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    if !matches!(op, Eq | NotEq | Lt | LtEq | Gt | GtEq) {
        return Ok(());
    }
    let (left, right) = (scope.typed(&binary.left).kind, scope.typed(&binary.right).kind);
    match left.is_complex() || right.is_complex() {
        true => Err(invalid(format!(
            "Cannot apply '{op}' to arguments of type '<{}> {op} <{}>'. Supported form(s): '<COMPARABLE_TYPE> {op} \
             <COMPARABLE_TYPE>'",
            left.native(),
            right.native()
        ))),
        false => Ok(()),
    }
}

/// Only texts are looked through, and the pattern is the same for all rows.
fn check_like(like: &Like, scope: &Scope<'_>) -> std::result::Result<(), QueryError> {
    if let SqlType::Array(_) = scope.typed(&like.expr).kind {
        return Err(invalid("Cannot apply 'LIKE' to an array"));
    }
    let placeholder = matches!(&*like.pattern, Expr::Placeholder(_));
    match placeholder || scope.typed(&like.pattern).constant {
        true => Ok(()),
        false => Err(invalid("the pattern of LIKE must be a literal")),
    }
}

/// A cast of a truth value to a number, or of a text that has no such value.
fn check_cast(
    name: &str,
    arg: Option<&Expr>,
    scope: &Scope<'_>,
    zone: Tz,
) -> std::result::Result<(), QueryError> {
    let (Some(to), Some(arg)) = (name.strip_prefix("cast_"), arg) else { return Ok(()) };
    let is_number =
        matches!(to, "bigint" | "integer" | "smallint" | "tinyint" | "double" | "float" | "real" | "decimal");
    let kind = scope.typed(arg).kind;
    let refused = match kind {
        SqlType::Array(_) => is_number || to == "varchar",
        SqlType::Boolean => is_number,
        SqlType::Json | SqlType::State(_) => is_number || to == "varchar",
        _ => false,
    };
    if refused {
        let (from, to) = (kind.name(), to.to_uppercase());
        return Err(invalid(format!("Cast function cannot convert value of type {from} to type {to}")));
    }
    let Expr::Literal(ScalarValue::Utf8(Some(text)), _) = arg else { return Ok(()) };
    match to {
        "timestamp" | "date" => match parse_iso_in(text, zone) {
            Ok(t) if !is_skipped(text, t, zone) => Ok(()),
            _ => Err(invalid(format!("Illegal {} constant [CAST('{text}')]", to.to_uppercase()))),
        },
        _ if !is_number && to != "boolean" => Ok(()),
        _ if Value::from(text.as_str()).as_number().is_null() => Err(invalid(format!(
            "cannot CAST the constant '{text}' to {}: it has no such value",
            to.to_uppercase()
        ))),
        _ => Ok(()),
    }
}

/// Whether a clock in the zone never shows a text that is read as `t`.
fn is_skipped(text: &str, t: i64, zone: Tz) -> bool {
    // A text that says its zone means the same in each.
    parse_iso_in(text, Tz::UTC).is_ok_and(|clock| clock != t && local_millis(t, zone) != clock)
}

/// Refuses results of types that no value is written as, and of one name with several types.
pub(crate) fn check_results(plan: &LogicalPlan, types: &[Typed]) -> Result<()> {
    let fields = plan.schema().fields();
    let mut known: HashMap<&str, String> = HashMap::new();
    for (field, typed) in fields.iter().zip(types) {
        let (name, native) = (field.name().split(AGAIN).next().unwrap_or_default(), typed.kind.native());
        if let Some(other) = known.insert(name, native.clone())
            && other != native
        {
            let message = format!("Column[{name}] has conflicting types [{other}] and [{native}]");
            return Err(outside(QueryError::refused(Refusal::Evaluation, message)));
        }
        if matches!(typed.kind, SqlType::TinyInt | SqlType::SmallInt) {
            let message = format!(
                "Cannot coerce field [{}] from type [java.lang.Long] to type [{}]",
                field.name(),
                typed.kind.name()
            );
            return Err(outside(QueryError::refused(Refusal::Unplannable, message)));
        }
    }
    Ok(())
}

/// Refuses columns that are the same for all rows and no numbers; the plan has been optimised.
pub(crate) fn check_constants(plan: &LogicalPlan) -> Result<()> {
    plan.apply_with_subqueries(|node| {
        let LogicalPlan::Projection(projection) = node else { return Ok(TreeNodeRecursion::Continue) };
        for expr in &projection.expr {
            let Expr::Literal(ScalarValue::Float64(Some(value)), _) = expr.clone().unalias_nested().data else {
                continue;
            };
            if !value.is_finite() {
                let shown = alluvium_expression::double_text(value);
                return Err(outside(invalid(format!(
                    "Expression [{}] evaluates to an unsupported value [{shown}], expected something that can be a \
                     Double.  Consider casting with 'CAST(<col> AS BIGINT)'",
                    expr.schema_name()
                ))));
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(())
}

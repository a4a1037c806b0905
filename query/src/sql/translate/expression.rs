//! What is an SQL expression in our expression language?

use alluvium_expression::ExprType;
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Between, Case, InList, Like};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::segment_query::native_type;
use crate::sql::functions::{
    DruidFunction, Operand, TIMESTAMP, list_of, makes_several, plain, quote_name, quote_text, widest,
};
use crate::sql::values::values_of;

/// The text of an expression over the columns of a table; `None` when it has none.
pub(crate) fn render(expr: &Expr, table: &Schema) -> Option<Operand> {
    let operand = |text: String, data_type: DataType| Some(Operand { text, data_type, literal: None });
    let inner = |e: &Expr| render(e, table);
    let test =
        |e: &Expr, function: &str| operand(format!("{function}({})", inner(e)?.text), DataType::Boolean);
    match expr {
        Expr::Alias(alias) => inner(&alias.expr),
        Expr::Column(column) => {
            let field = table.field_with_name(&column.name).ok()?;
            operand(quote_name(&column.name), field.data_type().clone())
        }
        Expr::Literal(value, _) => literal(value),
        Expr::BinaryExpr(binary) => self::binary(binary, table),
        Expr::Like(like) => self::like(like, table),
        Expr::Not(e) => operand(format!("!({})", inner(e)?.text), DataType::Boolean),
        Expr::IsNull(e) | Expr::IsUnknown(e) => test(e, "isnull"),
        Expr::IsNotNull(e) | Expr::IsNotUnknown(e) => test(e, "notnull"),
        Expr::IsTrue(e) => test(e, "istrue"),
        Expr::IsFalse(e) => test(e, "isfalse"),
        Expr::IsNotTrue(e) => test(e, "nottrue"),
        Expr::IsNotFalse(e) => test(e, "notfalse"),
        Expr::Negative(e) => {
            let value = inner(e)?;
            operand(format!("(-{})", value.text), plain(&value.data_type))
        }
        Expr::Between(between) => self::between(between, table),
        Expr::Case(case) => self::case(case, table),
        Expr::InList(list) => in_list(list, table),
        Expr::Cast(cast) => self::cast(inner(&cast.expr)?, cast.field.data_type()),
        Expr::TryCast(cast) => self::cast(inner(&cast.expr)?, cast.field.data_type()),
        Expr::ScalarFunction(call) => {
            let args: Vec<Operand> = call.args.iter().map(inner).collect::<Option<_>>()?;
            if call.func.name() == "make_array" {
                return array(&args);
            }
            let function = call.func.inner().downcast_ref::<DruidFunction>()?;
            let types: Vec<DataType> = args.iter().map(|a| a.data_type.clone()).collect();
            operand(function.definition.render(&args)?, function.definition.returns.of(&types))
        }
        _ => None,
    }
}

/// A literal as text.
pub(crate) fn literal(value: &ScalarValue) -> Option<Operand> {
    let number = |d: f64| match d {
        d if d.is_nan() => "NaN".to_owned(),
        d if d == f64::INFINITY => "Infinity".to_owned(),
        d if d == f64::NEG_INFINITY => "(-Infinity)".to_owned(),
        d => format!("{d:?}"),
    };
    let text = match value {
        _ if value.is_null() => "null".to_owned(),
        ScalarValue::Boolean(Some(b)) => i64::from(*b).to_string(),
        ScalarValue::Float32(Some(v)) => number(f64::from(*v)),
        ScalarValue::Float64(Some(v)) => number(*v),
        ScalarValue::TimestampMillisecond(Some(t), _) => t.to_string(),
        ScalarValue::List(_) => return array_literal(value),
        ScalarValue::Utf8View(Some(text)) => format!("parse_json({})", quote_text(text)),
        _ if value.data_type().is_integer() => value.to_string(),
        _ => quote_text(value.try_as_str().flatten()?),
    };
    Some(Operand { text, data_type: value.data_type(), literal: Some(value.clone()) })
}

fn array_literal(value: &ScalarValue) -> Option<Operand> {
    let array = value.to_array().ok()?;
    let values = values_of(&array).ok()?;
    let known = values.first().filter(|value| !matches!(value, alluvium_expression::Value::Json(_)))?;
    Some(Operand { text: known.to_string(), data_type: value.data_type(), literal: Some(value.clone()) })
}

/// `ARRAY[...]`
fn array(items: &[Operand]) -> Option<Operand> {
    let types: Vec<DataType> = items.iter().map(|item| item.data_type.clone()).collect();
    let element = widest(&types);
    let cast = match element {
        DataType::Utf8 => "STRING",
        DataType::Float64 => "DOUBLE",
        DataType::Int64 => "LONG",
        _ => return None,
    };
    let item = |item: &Operand| match plain(&item.data_type) == element {
        true => item.text.clone(),
        false => format!("CAST({},'{cast}')", item.text),
    };
    let items: Vec<String> = items.iter().map(item).collect();
    let text = format!("array({})", items.join(","));
    Some(Operand { text, data_type: list_of(element), literal: None })
}

fn binary(expr: &BinaryExpr, table: &Schema) -> Option<Operand> {
    let (left, right) = (render(&expr.left, table)?, render(&expr.right, table)?);
    let operator = match expr.op {
        Operator::Eq => "==",
        Operator::NotEq => "!=",
        Operator::Lt => "<",
        Operator::LtEq => "<=",
        Operator::Gt => ">",
        Operator::GtEq => ">=",
        Operator::And => "&&",
        Operator::Or => "||",
        Operator::Plus => "+",
        Operator::Minus => "-",
        Operator::Multiply => "*",
        Operator::Divide => "/",
        Operator::Modulo => "%",
        Operator::StringConcat => {
            let (left, right) = (as_text(&left), as_text(&right));
            let text = format!("concat({left},{right})");
            return Some(Operand { text, data_type: DataType::Utf8, literal: None });
        }
        Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
            if [&left, &right].iter().any(|side| matches!(side.data_type, DataType::List(_))) =>
        {
            let (left, right) = (&left.text, &right.text);
            let same = format!(
                "if(isnull({left})||isnull({right}),isnull({left})&&isnull({right}),array_compare({left},{right})==0)"
            );
            let text = if expr.op == Operator::IsDistinctFrom { format!("!({same})") } else { same };
            return Some(Operand { text, data_type: DataType::Boolean, literal: None });
        }
        Operator::IsDistinctFrom | Operator::IsNotDistinctFrom => {
            let name = match expr.op {
                Operator::IsDistinctFrom => "isdistinctfrom",
                _ => "notdistinctfrom",
            };
            let text = format!("{name}({},{})", left.text, right.text);
            return Some(Operand { text, data_type: DataType::Boolean, literal: None });
        }
        _ => return None,
    };
    if matches!(left.data_type, DataType::List(_)) || matches!(right.data_type, DataType::List(_)) {
        return arrays_compared(&left, operator, &right);
    }
    if operator == "==" && right.literal.is_some() && has_several(&expr.left) {
        // Whether any of the values is equal.
        let text = format!("array_contains({},{})", left.text, right.text);
        return Some(Operand { text, data_type: DataType::Boolean, literal: None });
    }
    let arithmetic = matches!(operator, "+" | "-" | "*" | "/" | "%");
    let data_type =
        if arithmetic { math_type(&left.data_type, &right.data_type)? } else { DataType::Boolean };
    Some(Operand { text: format!("({} {operator} {})", left.text, right.text), data_type, literal: None })
}

/// Whether an expression makes several values of a row.
fn has_several(expr: &Expr) -> bool {
    matches!(expr, Expr::ScalarFunction(call) if makes_several(call.func.name()))
}

/// Arrays are compared as wholes, where the operators of the expression language would look at each element.
fn arrays_compared(left: &Operand, operator: &str, right: &Operand) -> Option<Operand> {
    if !matches!(operator, "==" | "!=" | "<" | "<=" | ">" | ">=") {
        return None;
    }
    let text = format!("(array_compare({},{}) {operator} 0)", left.text, right.text);
    Some(Operand { text, data_type: DataType::Boolean, literal: None })
}

/// Longs stay longs; times have no arithmetic here (the rewriter has made calls of it).
fn math_type(left: &DataType, right: &DataType) -> Option<DataType> {
    match (plain(left), plain(right)) {
        (DataType::Int64, DataType::Int64) => Some(DataType::Int64),
        (DataType::Int64 | DataType::Float64, DataType::Int64 | DataType::Float64) => Some(DataType::Float64),
        _ => None,
    }
}

fn as_text(operand: &Operand) -> String {
    if operand.is_text() { operand.text.clone() } else { format!("CAST({},'STRING')", operand.text) }
}

fn like(like: &Like, table: &Schema) -> Option<Operand> {
    let (value, pattern) = (render(&like.expr, table)?, render(&like.pattern, table)?);
    let fold = |text: &str| if like.case_insensitive { format!("lower({text})") } else { text.to_owned() };
    let (value, pattern) = (fold(&as_text(&value)), fold(&pattern.text));
    let call = match like.escape_char {
        Some(escape) => format!("like({value},{pattern},{})", quote_text(&escape.to_string())),
        None => format!("like({value},{pattern})"),
    };
    let text = if like.negated { format!("!({call})") } else { call };
    Some(Operand { text, data_type: DataType::Boolean, literal: None })
}

fn between(between: &Between, table: &Schema) -> Option<Operand> {
    let value = render(&between.expr, table)?;
    let (low, high) = (render(&between.low, table)?, render(&between.high, table)?);
    let inside = if matches!(value.data_type, DataType::List(_)) {
        let (low, high) = (arrays_compared(&value, ">=", &low)?, arrays_compared(&value, "<=", &high)?);
        format!("({} && {})", low.text, high.text)
    } else {
        let Operand { text: value, .. } = value;
        format!("(({value} >= {}) && ({value} <= {}))", low.text, high.text)
    };
    let text = if between.negated { format!("!{inside}") } else { inside };
    Some(Operand { text, data_type: DataType::Boolean, literal: None })
}

fn case(case: &Case, table: &Schema) -> Option<Operand> {
    let mut parts = Vec::with_capacity(case.when_then_expr.len() * 2 + 2);
    if let Some(subject) = &case.expr {
        parts.push(render(subject, table)?.text);
    }
    let mut data_type: Option<DataType> = None;
    let mut result = |operand: &Operand| {
        let next = plain(&operand.data_type);
        match &data_type {
            _ if operand.is_null() => {}
            Some(DataType::Int64) if next == DataType::Float64 => data_type = Some(next),
            Some(_) => {}
            None => data_type = Some(next),
        }
    };
    for (when, then) in &case.when_then_expr {
        parts.push(render(when, table)?.text);
        let then = render(then, table)?;
        result(&then);
        parts.push(then.text);
    }
    match &case.else_expr {
        Some(other) => {
            let other = render(other, table)?;
            result(&other);
            parts.push(other.text);
        }
        None => parts.push("null".to_owned()),
    }
    let name = if case.expr.is_some() { "case_simple" } else { "case_searched" };
    let data_type = data_type.unwrap_or(DataType::Utf8);
    Some(Operand { text: format!("{name}({})", parts.join(",")), data_type, literal: None })
}

fn in_list(list: &InList, table: &Schema) -> Option<Operand> {
    let value = render(&list.expr, table)?.text;
    let one = |item: &Expr| Some(format!("({value} == {})", render(item, table)?.text));
    let tests: Vec<String> = list.list.iter().map(one).collect::<Option<_>>()?;
    let any = if tests.is_empty() { "0".to_owned() } else { tests.join(" || ") };
    let text = if list.negated { format!("!({any})") } else { format!("({any})") };
    Some(Operand { text, data_type: DataType::Boolean, literal: None })
}

/// Casts DataFusion has put in to make types meet.
fn cast(value: Operand, to: &DataType) -> Option<Operand> {
    let from = plain(&value.data_type);
    let target = plain(to);
    let text = match (&from, &target) {
        (a, b) if a == b => value.text.clone(),
        (DataType::Int64, t) if *t == TIMESTAMP => value.text.clone(),
        (t, DataType::Int64) if *t == TIMESTAMP => value.text.clone(),
        (DataType::Boolean, DataType::Int64) => value.text.clone(),
        (_, DataType::Int64) => format!("CAST({},'LONG')", value.text),
        (_, DataType::Float64) => format!("CAST({},'DOUBLE')", value.text),
        (DataType::Int64 | DataType::Float64, DataType::Utf8) => format!("CAST({},'STRING')", value.text),
        (DataType::Int64 | DataType::Float64, DataType::Boolean) => format!("({} != 0)", value.text),
        (_, DataType::List(_)) => {
            format!("CAST({},'{}')", value.text, ExprType::from(native_type(&target)?).druid_name())
        }
        (DataType::Utf8, t) if *t == TIMESTAMP => format!("timestamp_parse({},null,'UTC')", value.text),
        _ => return None,
    };
    // A literal stays one only where the text did not change.
    let literal = value.literal.filter(|l| text == value.text && l.data_type() == *to);
    Some(Operand { text, data_type: to.clone(), literal })
}

//! What is an SQL condition as a native filter, and which times can it be true for?

use std::collections::{HashMap, HashSet};

use alluvium_expression::Value as Text;
use alluvium_segments::TIME_COLUMN;
use alluvium_segments::time::{Interval, condense};
use datafusion::arrow::datatypes::{DataType, Schema};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::InList;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use serde_json::{Value, json};

use super::expression::render;
use super::floored;
use super::segment_query::Restriction;
use crate::sql::functions::DruidFunction;
use crate::sql::prepare::Values;
use crate::sql::values::values_of;

/// A condition as a native filter; `None` when it does not translate.
pub(crate) fn filter_json(expr: &Expr, table: &Schema) -> Option<Value> {
    let inner = |e: &Expr| filter_json(e, table);
    let structured = match expr {
        Expr::Alias(alias) => return inner(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { op: op @ (Operator::And | Operator::Or), .. }) => {
            let kind = if *op == Operator::And { "and" } else { "or" };
            let mut fields = Vec::new();
            for operand in operands(expr, *op) {
                let mut field = inner(operand)?;
                match field.get_mut("fields").map(Value::take) {
                    Some(Value::Array(nested)) if field["type"] == kind => fields.extend(nested),
                    Some(nested) => {
                        field["fields"] = nested;
                        fields.push(field);
                    }
                    None => fields.push(field),
                }
            }
            let fields = if kind == "and" { one_each(fields) } else { any_of_each(fields) };
            match <[Value; 1]>::try_from(fields) {
                Ok([only]) => Some(only),
                Err(fields) => Some(json!({"type": kind, "fields": fields})),
            }
        }
        Expr::Not(e) => Some(negate(inner(e)?)),
        Expr::IsNull(e) if looked_up(e, table).is_some() => of_lookup(e, "selector", &[], table),
        Expr::IsNull(e) => column_name(e).map(|c| json!({"type": "null", "column": c})),
        Expr::IsNotNull(e) => column_name(e).map(|c| negate(json!({"type": "null", "column": c}))),
        Expr::Literal(ScalarValue::Boolean(Some(b)), _) => Some(json!({"type": b.to_string()})),
        Expr::BinaryExpr(binary) => comparison(binary, table),
        Expr::Between(b) => {
            let column = typed_column(&b.expr, table);
            let bounds = (match_value(&b.low), match_value(&b.high));
            match (column, bounds) {
                (Some((column, kind)), (Some(low), Some(high))) => {
                    let range = json!({"type": "range", "column": column, "matchValueType": kind,
                        "lower": low, "upper": high});
                    Some(if b.negated { negate(range) } else { range })
                }
                _ => None,
            }
        }
        Expr::InList(list) => in_list(list, table),
        Expr::ScalarFunction(call) => match call.func.inner().downcast_ref::<DruidFunction>() {
            Some(f) => text_search(f.definition.name, &call.args, table),
            None => None,
        },
        _ => None,
    };
    structured.or_else(|| {
        let text = render(expr, table)?.text;
        Some(json!({"type": "expression", "expression": text}))
    })
}

/// What a chain of one operator joins, in order; however long the chain is.
fn operands(expr: &Expr, chained: Operator) -> Vec<&Expr> {
    let (mut found, mut left) = (Vec::new(), vec![expr]);
    while let Some(next) = left.pop() {
        match next {
            Expr::BinaryExpr(BinaryExpr { left: first, op, right }) if *op == chained => {
                left.extend([&**right, &**first]);
            }
            operand => found.push(operand),
        }
    }
    found
}

/// Conditions of which those of one column are one: values that all allow, or a range of which they give the ends. Druid's
/// planner sees them so, for a column of several values too, of which one and the same is to pass.
fn one_each(conditions: Vec<Value>) -> Vec<Value> {
    let both = |a: &Value, b: &Value| both_values(a, b).or_else(|| both_bounds(a, b));
    let kept = joined(conditions, both);
    match kept.iter().any(|condition| condition["type"] == "false") {
        true => vec![json!({"type": "false"})],
        false => kept,
    }
}

/// Conditions of which those that list texts of one column list them together.
fn any_of_each(conditions: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(conditions.len());
    // By column: the first condition that lists its texts, and the texts of all that do.
    let mut lists: HashMap<String, (usize, Vec<String>)> = HashMap::new();
    for condition in conditions {
        if let Some((column, values)) = listed(&condition) {
            let values = values.into_iter().map(str::to_owned);
            if let Some((_, all)) = lists.get_mut(column) {
                all.extend(values);
                continue;
            }
            lists.insert(column.to_owned(), (kept.len(), values.collect()));
        }
        kept.push(condition);
    }
    for (column, (at, mut values)) in lists {
        let mut seen: HashSet<String> = HashSet::with_capacity(values.len());
        values.retain(|value| seen.insert(value.clone()));
        if let (2.., Some(first)) = (values.len(), kept.get_mut(at)) {
            *first = json!({"type": "in", "dimension": column, "values": values});
        }
    }
    kept
}

/// Conditions, those of one column joined where `join` does so.
fn joined(conditions: Vec<Value>, join: impl Fn(&Value, &Value) -> Option<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::with_capacity(conditions.len());
    // By column: the conditions that may be joined.
    let mut open: HashMap<String, Vec<usize>> = HashMap::new();
    for condition in conditions {
        let column = match condition["type"].as_str() {
            Some("equals" | "range") => condition["column"].as_str(),
            Some("in") => condition["dimension"].as_str(),
            _ => None,
        };
        let Some(column) = column else {
            kept.push(condition);
            continue;
        };
        let known = open.entry(column.to_owned()).or_default();
        let both = known.iter().find_map(|at| Some((*at, join(kept.get(*at)?, &condition)?)));
        match both.and_then(|(at, both)| Some((kept.get_mut(at)?, both))) {
            Some((place, both)) => *place = both,
            None => {
                known.push(kept.len());
                kept.push(condition);
            }
        }
    }
    kept
}

/// The column whose texts a condition lists, and the texts.
fn listed(condition: &Value) -> Option<(&str, Vec<&str>)> {
    match condition["type"].as_str()? {
        "equals" => Some((condition["column"].as_str()?, vec![condition["matchValue"].as_str()?])),
        "in" => {
            let values = condition["values"].as_array()?.iter().map(Value::as_str);
            Some((condition["dimension"].as_str()?, values.collect::<Option<_>>()?))
        }
        _ => None,
    }
}

/// The texts that two conditions list.
fn both_values(one: &Value, other: &Value) -> Option<Value> {
    let ((column, values), (same, others)) = (listed(one)?, listed(other)?);
    if column != same {
        return None;
    }
    let others: HashSet<&str> = others.into_iter().collect();
    let both: Vec<&str> = values.into_iter().filter(|value| others.contains(value)).collect();
    Some(match both.as_slice() {
        [] => json!({"type": "false"}),
        [only] => json!({"type": "equals", "column": column, "matchValueType": "STRING", "matchValue": only}),
        both => json!({"type": "in", "dimension": column, "values": both}),
    })
}

/// The range between a lower and an upper bound.
fn both_bounds(one: &Value, other: &Value) -> Option<Value> {
    let is_range = |filter: &Value| filter["type"] == "range";
    let same = ["column", "matchValueType"].iter().all(|key| one.get(key) == other.get(key));
    let open = |filter: &Value, side: &str| filter.get(side).is_none();
    let fits = |a: &str, b: &str| open(one, a) && open(other, b);
    if !(is_range(one) && is_range(other) && same && (fits("lower", "upper") || fits("upper", "lower"))) {
        return None;
    }
    let mut both = one.as_object()?.clone();
    both.extend(other.as_object()?.clone());
    Some(Value::Object(both))
}

fn negate(filter: Value) -> Value {
    json!({"type": "not", "field": filter})
}

fn column_name(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Column(column) => Some(&column.name),
        Expr::Alias(alias) => column_name(&alias.expr),
        _ => None,
    }
}

/// A column of numbers whose cast to whole ones is compared with a literal: Druid's planner compares the column.
fn number_column<'e>(expr: &'e Expr, table: &Schema) -> Option<&'e str> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let [Expr::Column(column)] = call.args.as_slice() else { return None };
    let data_type = table.field_with_name(&column.name).ok()?.data_type();
    let is_cast = matches!(call.func.name(), "cast_bigint" | "cast_integer");
    (is_cast && data_type.is_floating()).then_some(column.name.as_str())
}

/// A column and the type its values are matched as.
fn typed_column<'e>(expr: &'e Expr, table: &Schema) -> Option<(&'e str, &'static str)> {
    let name = column_name(expr).or_else(|| number_column(expr, table))?;
    let kind = match table.field_with_name(name).ok()?.data_type() {
        DataType::Utf8 => "STRING",
        DataType::Int64 | DataType::Timestamp(..) => "LONG",
        DataType::Float32 => "FLOAT",
        DataType::Float64 => "DOUBLE",
        _ => return None,
    };
    Some((name, kind))
}

/// A literal that is not null, as a match value.
fn match_value(expr: &Expr) -> Option<Value> {
    match expr {
        Expr::Literal(value, _) => match value {
            ScalarValue::Int64(Some(v)) => Some(json!(v)),
            ScalarValue::Int32(Some(v)) => Some(json!(v)),
            ScalarValue::Float64(Some(v)) if v.is_finite() => Some(json!(v)),
            // The double that the shortest text of a float reads as is the one filters write.
            ScalarValue::Float32(Some(v)) if v.is_finite() => {
                Some(json!(alluvium_expression::float_text(*v).parse::<f64>().ok()?))
            }
            ScalarValue::TimestampMillisecond(Some(t), _) => Some(json!(t)),
            _ => value.try_as_str().flatten().map(|text| json!(text)),
        },
        _ => None,
    }
}

/// Whether a literal can be matched as values of this kind without losing anything.
fn fits(value: &Value, kind: &str) -> bool {
    match kind {
        "STRING" => value.is_string(),
        "LONG" => value.is_i64(),
        _ => value.is_number(),
    }
}

/// A text column that a registered lookup is asked about, and the extraction function that does so.
fn looked_up<'e>(expr: &'e Expr, table: &Schema) -> Option<(&'e str, Value)> {
    let Expr::ScalarFunction(call) = expr else { return None };
    let function = call.func.inner().downcast_ref::<DruidFunction>()?;
    let (key, more) = call.args.split_first().filter(|_| function.definition.name == "lookup")?;
    let (column, "STRING") = typed_column(key, table)? else { return None };
    let mut extraction = json!({"type": "registeredLookup", "lookup": match_value(more.first()?)?});
    match more.get(1) {
        Some(Expr::Literal(value, _)) if value.is_null() => {}
        Some(other) => extraction["replaceMissingValueWith"] = match_value(other)?,
        None => {}
    }
    Some((column, extraction))
}

/// A filter on what a registered lookup says.
fn of_lookup(expr: &Expr, kind: &str, parts: &[(&str, Value)], table: &Schema) -> Option<Value> {
    let (column, extraction) = looked_up(expr, table)?;
    let mut filter = json!({"type": kind, "dimension": column});
    for (key, value) in parts {
        filter[*key] = value.clone();
    }
    filter["extractionFn"] = extraction;
    Some(filter)
}

/// An equality of what a registered lookup says and a text.
fn lookup_is(binary: &BinaryExpr, table: &Schema) -> Option<Value> {
    let wanted = match_value(&binary.right)?;
    let filter = of_lookup(&binary.left, "selector", &[("value", wanted)], table)?;
    match binary.op {
        Operator::Eq => Some(filter),
        Operator::NotEq => Some(negate(filter)),
        _ => None,
    }
}

fn comparison(binary: &BinaryExpr, table: &Schema) -> Option<Value> {
    if let Some(times) = floored::times(binary) {
        return Some(match times {
            Some(Interval { start, end }) => time_range(start, end),
            None => json!({"type": "false"}),
        });
    }
    if let Some(filter) = lookup_is(binary, table) {
        return Some(filter);
    }
    let (column, literal, op) = match (typed_column(&binary.left, table), match_value(&binary.right)) {
        (Some(column), Some(literal)) => (column, literal, binary.op),
        _ => {
            let column = typed_column(&binary.right, table)?;
            (column, match_value(&binary.left)?, binary.op.swap()?)
        }
    };
    let (name, kind) = column;
    if !fits(&literal, kind) {
        return None;
    }
    let base = |kind_of: &str| json!({"type": kind_of, "column": name, "matchValueType": kind});
    let with = |mut filter: Value, parts: &[(&str, Value)]| {
        for (key, value) in parts {
            filter[*key] = value.clone();
        }
        Some(filter)
    };
    match op {
        Operator::Eq => with(base("equals"), &[("matchValue", literal)]),
        Operator::NotEq => with(base("equals"), &[("matchValue", literal)]).map(negate),
        Operator::Lt => with(base("range"), &[("upper", literal), ("upperOpen", json!(true))]),
        Operator::LtEq => with(base("range"), &[("upper", literal)]),
        Operator::Gt => with(base("range"), &[("lower", literal), ("lowerOpen", json!(true))]),
        Operator::GtEq => with(base("range"), &[("lower", literal)]),
        _ => None,
    }
}

/// The rows from one time to another; those of eternity are not written.
fn time_range(start: i64, end: i64) -> Value {
    let mut range = json!({"type": "range", "column": TIME_COLUMN, "matchValueType": "LONG"});
    if start > Interval::ETERNITY.start {
        range["lower"] = json!(start);
    }
    if end < Interval::ETERNITY.end {
        range["upper"] = json!(end);
        range["upperOpen"] = json!(true);
    }
    range
}

fn in_list(list: &InList, table: &Schema) -> Option<Value> {
    if looked_up(&list.expr, table).is_some() {
        let values: Vec<Value> = list.list.iter().map(match_value).collect::<Option<_>>()?;
        let filter = of_lookup(&list.expr, "in", &[("values", Value::from(values))], table)?;
        return Some(if list.negated { negate(filter) } else { filter });
    }
    let (column, kind) = typed_column(&list.expr, table)?;
    // A NULL in the list makes a miss unknown; only the expression says that.
    let values: Vec<Value> = list.list.iter().map(match_value).collect::<Option<_>>()?;
    if !values.iter().all(|v| fits(v, kind)) || kind == "FLOAT" || kind == "DOUBLE" {
        return None;
    }
    let texts: Vec<Value> = values
        .into_iter()
        .map(|v| match v {
            Value::String(_) => v,
            other => Value::String(other.to_string()),
        })
        .collect();
    let filter = json!({"type": "in", "dimension": column, "values": texts});
    Some(if list.negated { negate(filter) } else { filter })
}

/// `column LIKE pattern [ESCAPE escape]`
fn like(args: &[Expr], table: &Schema) -> Option<Value> {
    let (column, pattern, escape) = match args {
        [column, pattern] => (column, pattern, None),
        [column, pattern, escape] => (column, pattern, Some(match_value(escape)?)),
        _ => return None,
    };
    let (column, "STRING") = typed_column(column, table)? else { return None };
    let mut filter = json!({"type": "like", "dimension": column, "pattern": match_value(pattern)?});
    if let Some(escape) = escape {
        filter["escape"] = escape;
    }
    Some(filter)
}

/// The texts of a literal array, none of which is null.
fn texts_of(expr: &Expr) -> Option<Vec<String>> {
    let Expr::Literal(value @ ScalarValue::List(_), _) = expr else { return None };
    match values_of(&value.to_array().ok()?).ok()?.first()? {
        Text::StringArray(texts) => texts.iter().map(|text| text.as_ref().map(ToString::to_string)).collect(),
        _ => None,
    }
}

fn text_search(function: &str, args: &[Expr], table: &Schema) -> Option<Value> {
    if function == "text_like" {
        return like(args, table);
    }
    let [column, wanted] = args else { return None };
    let (column, "STRING") = typed_column(column, table)? else { return None };
    if function == "mv_overlap" {
        let texts = texts_of(wanted)?;
        return Some(json!({"type": "in", "dimension": column, "values": texts}));
    }
    let wanted = match_value(wanted)?;
    let contains = |sensitive: bool| {
        Some(json!({"type": "search", "dimension": column,
            "query": {"type": "contains", "value": wanted, "caseSensitive": sensitive}}))
    };
    match function {
        "contains_string" => contains(true),
        "icontains_string" => contains(false),
        "regexp_like" => Some(json!({"type": "regex", "dimension": column, "pattern": wanted})),
        // Of several such each may be met by another value of a row.
        "mv_contains" => Some(json!({"type": "selector", "dimension": column, "value": wanted})),
        _ => None,
    }
}

/// Which rows pass all conditions with these values in their holes; `None` when one does not translate.
pub(crate) fn restriction(conditions: &[Expr], values: &Values, table: &Schema) -> Option<Restriction> {
    let conditions: Vec<Expr> = conditions.iter().map(|c| values.fill(c.clone())).collect();
    let intervals = time_intervals(&conditions);
    let filter = match conditions.into_iter().reduce(Expr::and) {
        Some(whole) => Some(filter_json(&whole, table)?),
        None => None,
    };
    Some(Restriction { intervals, filter })
}

/// The times at which all conditions can be true, as far as comparisons of `__time` with literals tell.
fn time_intervals(filters: &[Expr]) -> Vec<Interval> {
    filters.iter().fold(vec![Interval::ETERNITY], |known, filter| intersect(&known, &times_of(filter)))
}

fn intersect(a: &[Interval], b: &[Interval]) -> Vec<Interval> {
    condense(a.iter().flat_map(|x| b.iter().filter_map(|y| x.intersect(*y))).collect())
}

/// A superset of the times at which a condition is true.
fn times_of(filter: &Expr) -> Vec<Interval> {
    let all = || vec![Interval::ETERNITY];
    match filter {
        Expr::Alias(alias) => times_of(&alias.expr),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
            intersect(&times_of(left), &times_of(right))
        }
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
            let mut either = times_of(left);
            either.extend(times_of(right));
            condense(either)
        }
        Expr::BinaryExpr(binary) if floored::times(binary).is_some() => {
            floored::times(binary).flatten().into_iter().collect()
        }
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let (op, t) = match (is_time(left), instant(right), is_time(right), instant(left)) {
                (true, Some(t), ..) => (Some(*op), t),
                (_, _, true, Some(t)) => (op.swap(), t),
                _ => return all(),
            };
            let Interval { start, end } = Interval::ETERNITY;
            let next = t.saturating_add(1);
            let span = match op {
                Some(Operator::Eq) => Interval::new(t, next),
                Some(Operator::Lt) => Interval { start, end: t },
                Some(Operator::LtEq) => Interval { start, end: next },
                Some(Operator::Gt) => Interval { start: next, end },
                Some(Operator::GtEq) => Interval { start: t, end },
                _ => return all(),
            };
            Interval::ETERNITY.intersect(span).into_iter().collect()
        }
        Expr::Between(b) if !b.negated && is_time(&b.expr) => match (instant(&b.low), instant(&b.high)) {
            (Some(low), Some(high)) => {
                let span = Interval::new(low, high.saturating_add(1));
                Interval::ETERNITY.intersect(span).into_iter().collect()
            }
            _ => all(),
        },
        _ => all(),
    }
}

fn is_time(expr: &Expr) -> bool {
    column_name(expr) == Some(TIME_COLUMN)
}

fn instant(expr: &Expr) -> Option<i64> {
    match expr {
        Expr::Literal(ScalarValue::TimestampMillisecond(t, _), _) => *t,
        _ => None,
    }
}

//! Which plans are rows that stand in the statement itself?

use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, LogicalPlan};
use serde_json::{Map, Value, json};

use super::native::native_name;
use crate::sql::types::Typed;

/// A scan of the rows of a plan, if they are all there.
pub(super) fn query(
    plan: &LogicalPlan,
    names: &[String],
    types: &[Typed],
    context: &Map<String, Value>,
) -> Option<Value> {
    let rows = rows(plan)?;
    let known = types.len() == names.len();
    let kinds: Vec<String> = match known {
        true => types.iter().map(|typed| typed.kind.native()).collect(),
        false => plan.schema().fields().iter().map(|f| native_name(f.data_type()).to_owned()).collect(),
    };
    let eternity = alluvium_segments::time::Interval::ETERNITY.to_string();
    let query = json!({
        "queryType": "scan",
        "dataSource": {"type": "inline", "columnNames": names, "columnTypes": kinds, "rows": rows},
        "intervals": {"type": "intervals", "intervals": [eternity]},
        "resultFormat": "compactedList",
        "columns": names,
        "context": context,
        "columnTypes": kinds,
        "granularity": {"type": "all"},
        "legacy": false,
    });
    let column = |(name, kind): (&String, &String)| json!({"name": name, "type": kind});
    let signature: Vec<Value> = names.iter().zip(&kinds).map(column).collect();
    let mapping = |name: &String| json!({"queryColumn": name, "outputColumn": name});
    let mappings: Vec<Value> = names.iter().map(mapping).collect();
    Some(json!({"query": query, "signature": signature, "columnMappings": mappings}))
}

fn rows(plan: &LogicalPlan) -> Option<Vec<Vec<Value>>> {
    match plan {
        LogicalPlan::SubqueryAlias(alias) => rows(&alias.input),
        LogicalPlan::Values(values) => {
            let row = |row: &Vec<Expr>| row.iter().map(value).collect::<Option<Vec<_>>>();
            values.values.iter().map(row).collect()
        }
        LogicalPlan::Projection(projection) => {
            let literals: Option<Vec<Value>> = projection.expr.iter().map(value).collect();
            match (&*projection.input, literals) {
                (LogicalPlan::EmptyRelation(empty), Some(row)) if empty.produce_one_row => Some(vec![row]),
                (LogicalPlan::EmptyRelation(_), _) => None,
                (below, None) => {
                    let schema = below.schema();
                    let at = |e: &Expr| match e.clone().unalias_nested().data {
                        Expr::Column(column) => schema.maybe_index_of_column(&column),
                        _ => None,
                    };
                    let columns: Vec<usize> = projection.expr.iter().map(at).collect::<Option<_>>()?;
                    let pick = |row: Vec<Value>| columns.iter().map(|c| row.get(*c).cloned()).collect();
                    rows(below)?.into_iter().map(pick).collect()
                }
                (_, Some(_)) => None,
            }
        }
        _ => None,
    }
}

fn value(expr: &Expr) -> Option<Value> {
    let Expr::Literal(value, _) = expr.clone().unalias_nested().data else { return None };
    Some(match value {
        value if value.is_null() => Value::Null,
        ScalarValue::Boolean(Some(truth)) => json!(i64::from(truth)),
        ScalarValue::Int64(Some(n)) => json!(n),
        ScalarValue::Float64(Some(d)) => json!(d),
        ScalarValue::TimestampMillisecond(Some(t), _) => json!(t),
        ScalarValue::Utf8(Some(text)) => json!(text),
        _ => return None,
    })
}

//! What is the value of a post-aggregator for a row? Numbers are reckoned with as they are shown; summaries are asked.

use alluvium_expression::{Bindings, Value, compare_doubles, eval, of_finished};
use alluvium_sketches::{Question, Summary};

use super::Formula;
use crate::QueryError;
use crate::answer::Table;

/// One row of a table as the columns of an expression.
struct Row<'t> {
    table: &'t Table,
    row: usize,
}

impl Bindings for Row<'_> {
    fn get(&self, name: &str) -> Value {
        self.table.value(name, self.row)
    }
}

impl Formula {
    pub(super) fn value(&self, table: &Table, row: usize) -> Result<Value, QueryError> {
        Ok(match self {
            Self::Constant(value) => value.clone(),
            Self::Finalized(name) => table.value(name, row),
            Self::Field(name) => match table.summary(name, row)? {
                Some(summary) => Value::Json(summary.to_json().into()),
                None => table.value(name, row),
            },
            Self::Expression(expression, output) => {
                let value = eval(expression, &Row { table, row })?;
                output.map_or_else(|| value.clone(), |output| value.cast(output))
            }
            Self::Arithmetic(operation, parts) => {
                let mut total: Option<f64> = None;
                for part in parts {
                    let Some(value) = part.number(table, row)? else { return Ok(Value::Null) };
                    total = Some(total.map_or(value, |total| operation.apply(total, value)));
                }
                total.map_or(Value::Null, Value::Double)
            }
            Self::Extreme { greatest, long, fields } => extreme((*greatest, *long), fields, table, row)?,
            Self::Ask { kind, question, of } => {
                let summary = of.summary(table, row)?;
                if let Some(kind) = kind.filter(|kind| *kind != summary.kind()) {
                    let (found, wanted) = (summary.kind().name(), kind.name());
                    return Err(QueryError::invalid(format!("a `{wanted}` is needed here, not a `{found}`")));
                }
                if matches!(question, Question::Quantile(_)) && is_empty_kll(&summary) {
                    return Err(QueryError::failed("The sketch must not be empty for this operation. "));
                }
                match (summary.ask(question)?, question) {
                    (alluvium_sketches::Finished::Json(json), Question::Text | Question::Base64) => {
                        json.as_str().map_or(Value::Null, Value::from)
                    }
                    (finished, _) => of_finished(finished),
                }
            }
            Self::Sets(..) | Self::Given(_) => Value::Json(self.summary(table, row)?.to_json().into()),
            Self::Statistic(statistic, parts) => statistic.value(parts, table, row)?,
        })
    }

    /// The value as a double: of a summary what is shown of it.
    pub(super) fn number(&self, table: &Table, row: usize) -> Result<Option<f64>, QueryError> {
        match self {
            Self::Field(name) => Ok(table.value(name, row).as_double()),
            other => Ok(other.value(table, row)?.as_double()),
        }
    }
}

/// Whether it is one of the sketches that Druid asks for no quantile of nothing.
fn is_empty_kll(summary: &Summary) -> bool {
    match summary {
        Summary::KllDoubles(sketch) => sketch.is_empty(),
        Summary::KllFloats(sketch) => sketch.is_empty(),
        _ => false,
    }
}

fn extreme(
    (greatest, long): (bool, bool),
    fields: &[Formula],
    table: &Table,
    row: usize,
) -> Result<Value, QueryError> {
    let mut best: Option<Value> = None;
    for field in fields {
        let value = field.value(table, row)?;
        let value = if long { Value::from(value.as_long()) } else { Value::from(value.as_double()) };
        let better = match (&best, &value) {
            (_, Value::Null) => false,
            (None, _) => true,
            (Some(best), value) => {
                let order = match (value, best) {
                    (Value::Long(a), Value::Long(b)) => a.cmp(b),
                    (a, b) => {
                        compare_doubles(a.as_double().unwrap_or_default(), b.as_double().unwrap_or_default())
                    }
                };
                if greatest { order.is_gt() } else { order.is_lt() }
            }
        };
        if better {
            best = Some(value);
        }
    }
    Ok(best.unwrap_or_default())
}

//! How is a function computed above the segments? Its text is parsed once a batch and evaluated for each row by the
//! evaluator the segments use, so that a query answers the same wherever it runs.

use std::collections::HashMap;
use std::sync::Arc;

use alluvium_expression::{Bindings, ExprError, UnknownLookup, Value, eval, parse};
use alluvium_segments::catalog::Lookup;
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::strings::sees_values;
use super::{Definition, Operand, quote_name};
use crate::QueryError;
use crate::error::Refusal;
use crate::sql::fault::{invalid, outside};
use crate::sql::translate::literal;
use crate::sql::values::{array_of, values_of};

/// The values of a call for a batch; `lookup` is what the name in it stands for, if there is one.
pub(super) fn evaluate(
    definition: &Definition,
    lookup: Option<&Arc<Lookup>>,
    args: &ScalarFunctionArgs,
) -> Result<ColumnarValue> {
    let mut operands = Vec::with_capacity(args.args.len());
    let mut columns = HashMap::new();
    for (i, arg) in args.args.iter().enumerate() {
        let known = match arg {
            ColumnarValue::Scalar(value) => literal(value),
            ColumnarValue::Array(_) => None,
        };
        operands.push(match known {
            Some(operand) => operand,
            None => {
                let name = format!("a{i}");
                let array = arg.to_array(args.number_rows)?;
                let text = quote_name(&name);
                let data_type = array.data_type().clone();
                let mut values = values_of(&array)?;
                if sees_values(definition.name) {
                    values.iter_mut().for_each(take_apart);
                }
                columns.insert(name, (values, matches!(data_type, DataType::List(_))));
                Operand { text, data_type, literal: None }
            }
        });
    }
    let name = definition.name.to_uppercase();
    let text = definition
        .render(&operands)
        .ok_or_else(|| outside(invalid(format!("{name}: these arguments cannot be used"))))?;
    let mut expression = parse(&text).map_err(|e| outside(unprepared(e)))?;
    let find = |name: &str| lookup.cloned().ok_or_else(|| UnknownLookup(name.to_owned()));
    expression.bind_lookups(&mut { find }).map_err(|e| outside(e.into()))?;
    let constant = columns.is_empty();
    let fault = |e: ExprError| outside(if constant { of_constants(e) } else { QueryError::from(e) });
    let rows = if constant { 1 } else { args.number_rows };
    let mut row = Row { columns: &columns, at: 0 };
    let mut values = Vec::with_capacity(rows);
    for at in 0..rows {
        row.at = at;
        values.push(eval(&expression, &row).map_err(fault)?);
    }
    let array = array_of(&values, args.return_field.data_type())?;
    if constant {
        return Ok(ColumnarValue::Scalar(ScalarValue::try_from_array(&array, 0)?));
    }
    Ok(ColumnarValue::Array(array))
}

/// The several values of a row, which are one text above the segments: the JSON of their list.
fn take_apart(value: &mut Value) {
    let Value::String(text) = value else { return };
    if !text.starts_with('[') {
        return;
    }
    if let Ok(texts) = serde_json::from_str::<Vec<Option<String>>>(text) {
        *value = Value::StringArray(texts.into_iter().map(|text| text.map(Arc::from)).collect());
    }
}

/// Constants a function cannot take are found while a statement is planned.
pub(crate) fn unprepared(error: ExprError) -> QueryError {
    match error {
        // These look at their patterns and periods themselves.
        ExprError::Argument { function: "regexp_extract" | "timestamp_floor" | "timestamp_ceil", .. } => {
            invalid(error.to_string())
        }
        ExprError::Argument { .. } => QueryError::refused(Refusal::Planning, error.to_string()),
        other => QueryError::from(other).while_planning(),
    }
}

fn of_constants(error: ExprError) -> QueryError {
    match error {
        ExprError::Argument { .. } | ExprError::ArrayNotAllowed(_) => {
            QueryError::refused(Refusal::Unplannable, error.to_string())
        }
        other => QueryError::from(other).while_planning(),
    }
}

struct Row<'c> {
    /// The values of each, and whether those are arrays.
    columns: &'c HashMap<String, (Vec<Value>, bool)>,
    at: usize,
}

impl Bindings for Row<'_> {
    fn get(&self, name: &str) -> Value {
        self.columns.get(name).and_then(|(column, _)| column.get(self.at)).cloned().unwrap_or_default()
    }

    fn holds_arrays(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(|(_, arrays)| *arrays)
    }
}

/// The elements of a list as texts; `None` for NULL and for anything but a list.
pub(crate) fn text_list(value: &ScalarValue) -> Option<Vec<Option<String>>> {
    let ScalarValue::List(list) = value else { return None };
    if list.is_empty() || list.is_null(0) {
        return None;
    }
    let texts = cast(&list.value(0), &DataType::Utf8).ok()?;
    Some(texts.as_string::<i32>().iter().map(|t| t.map(str::to_owned)).collect())
}

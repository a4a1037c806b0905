//! How is the earliest, latest or any value picked above the segments?

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use serde_json::Value as Json;

use super::Kind;
use crate::sql::functions::JSON;
use crate::sql::values::values_of;

/// The best value so far.
#[derive(Debug)]
pub(super) struct Pick {
    kind: Kind,
    value: ScalarValue,
    /// The type of the result.
    output: DataType,
    /// Time of the value; `None` when there is none yet.
    time: Option<i64>,
}

impl Pick {
    pub(super) fn new(kind: Kind, data_type: &DataType) -> Result<Self> {
        Ok(Self { kind, value: ScalarValue::try_from(data_type)?, output: data_type.clone(), time: None })
    }

    fn better(&self, time: i64) -> bool {
        match (self.time, self.kind) {
            (None, _) => true,
            (Some(known), Kind::Earliest) => time < known,
            (Some(known), Kind::Latest) => time >= known,
            (Some(_), _) => false,
        }
    }

    fn offer(&mut self, values: &ArrayRef, times: Option<&ArrayRef>) -> Result<()> {
        let times = times.map(|t| cast(t, &DataType::Int64)).transpose()?;
        let mut best = None;
        for row in 0..values.len() {
            let time = match &times {
                Some(times) if times.is_null(row) => continue,
                Some(times) => times.as_primitive::<Int64Type>().value(row),
                None if values.is_null(row) => continue,
                None => 0,
            };
            if self.better(time) {
                self.time = Some(time);
                best = Some(row);
            }
        }
        if let Some(row) = best {
            self.value = as_output(values, row, &self.output)?;
        }
        Ok(())
    }
}

/// The value of a row as a result: times as their milliseconds, lists and nested values as text, of a pair of time and
/// value the value.
fn as_output(values: &ArrayRef, row: usize, output: &DataType) -> Result<ScalarValue> {
    let value = ScalarValue::try_from_array(values, row)?;
    if value.data_type() == *output || value.is_null() {
        return value.cast_to(output);
    }
    match (value.data_type(), output) {
        (DataType::Timestamp(..), DataType::Utf8) => value.cast_to(&DataType::Int64)?.cast_to(output),
        (DataType::List(_), _) => {
            let text = values_of(&values.slice(row, 1))?.first().map(|list| list.to_json().to_string());
            Ok(ScalarValue::Utf8(text))
        }
        (json, _) if json == JSON => {
            let text = value.try_as_str().flatten().unwrap_or_default();
            let pair: Json = serde_json::from_str(text).unwrap_or_default();
            let picked = match pair.get("rhs") {
                None => Some(text.to_owned()),
                Some(Json::Null) => None,
                Some(Json::String(text)) => Some(text.clone()),
                Some(number) => Some(number.to_string()),
            };
            ScalarValue::Utf8(picked).cast_to(output)
        }
        _ => value.cast_to(output),
    }
}

impl Accumulator for Pick {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(column) = values.first() else { return Ok(()) };
        let times = if self.kind == Kind::Any { None } else { values.get(1) };
        self.offer(column, times)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(self.value.clone())
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.value.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.value.clone(), ScalarValue::Int64(self.time)])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        match states {
            [values, times, ..] => self.offer(values, Some(times)),
            _ => Ok(()),
        }
    }
}

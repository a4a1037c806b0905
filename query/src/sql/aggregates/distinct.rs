//! How are distinct values counted above the segments? With the same collector and hashes as below.

use alluvium_expression::Value;
use alluvium_sketches::{HyperUnique, Kind, Summary, hash_of_bytes};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use crate::QueryError;
use crate::sql::fault::outside;
use crate::sql::functions::JSON;
use crate::sql::values::values_of;

/// A collector, as an accumulator.
#[derive(Debug, Default)]
pub(super) struct DistinctCount {
    collector: HyperUnique,
}

impl Accumulator for DistinctCount {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(column) = values.first() else { return Ok(()) };
        match column.data_type() {
            DataType::Float64 | DataType::Float32 => {
                let column = cast(column, &DataType::Float64)?;
                for value in column.as_primitive::<Float64Type>().iter().flatten() {
                    self.collector.update(hash_of_bytes(&value.to_bits().to_le_bytes()));
                }
            }
            DataType::Utf8 | DataType::LargeUtf8 => {
                let column = cast(column, &DataType::Utf8)?;
                let mut bytes = Vec::new();
                for value in column.as_string::<i32>().iter().flatten() {
                    bytes.clear();
                    bytes.extend(value.encode_utf16().flat_map(u16::to_le_bytes));
                    self.collector.update(hash_of_bytes(&bytes));
                }
            }
            nested if *nested == JSON => {
                for state in values_of(column)?.iter().filter_map(Value::as_string) {
                    let other = Summary::from_base64(Kind::HyperUnique, &state);
                    let other = other.map_err(|error| outside(QueryError::from(error)))?;
                    if let Summary::HyperUnique(other) = other {
                        self.collector.merge(&other);
                    }
                }
            }
            DataType::Null => {}
            _ => {
                let column = cast(column, &DataType::Int64)?;
                for value in column.as_primitive::<Int64Type>().iter().flatten() {
                    self.collector.update(hash_of_bytes(&value.to_le_bytes()));
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.collector.set_stored();
        Ok(ScalarValue::Int64(Some(self.collector.estimate().round() as i64)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + 1024
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.collector.to_bytes()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for bytes in states.as_binary::<i32>().iter().flatten() {
            let other = HyperUnique::from_bytes(bytes);
            let other = other.map_err(|error| DataFusionError::Internal(error.to_string()))?;
            self.collector.merge(&other);
        }
        Ok(())
    }
}

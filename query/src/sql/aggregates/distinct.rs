//! How are distinct values counted above the segments? With the same collector and hashes as below.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use crate::hll::{Hll, murmur3_128};

/// A collector, as an accumulator.
#[derive(Debug, Default)]
pub(super) struct DistinctCount {
    hll: Hll,
}

impl Accumulator for DistinctCount {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(column) = values.first() else { return Ok(()) };
        match column.data_type() {
            DataType::Float64 | DataType::Float32 => {
                let column = cast(column, &DataType::Float64)?;
                for value in column.as_primitive::<Float64Type>().iter().flatten() {
                    self.hll.add(murmur3_128(&value.to_bits().to_le_bytes()));
                }
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                let column = cast(column, &DataType::Utf8)?;
                let mut bytes = Vec::new();
                for value in column.as_string::<i32>().iter().flatten() {
                    bytes.clear();
                    bytes.extend(value.encode_utf16().flat_map(u16::to_le_bytes));
                    self.hll.add(murmur3_128(&bytes));
                }
            }
            DataType::Null => {}
            _ => {
                let column = cast(column, &DataType::Int64)?;
                for value in column.as_primitive::<Int64Type>().iter().flatten() {
                    self.hll.add(murmur3_128(&value.to_le_bytes()));
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.hll.estimate().round() as i64)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + 1024
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.hll.to_bytes()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for bytes in states.as_binary::<i32>().iter().flatten() {
            let other = Hll::from_bytes(bytes)
                .ok_or_else(|| DataFusionError::Internal("a distinct-count state is damaged".to_owned()))?;
            self.hll.merge(&other);
        }
        Ok(())
    }
}

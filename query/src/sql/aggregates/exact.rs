//! How are distinct values counted exactly above the segments? Each value once in a set of their bytes.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::{Accumulator, AggregateUDF};

use super::Kind;
use crate::QueryError;
use crate::sql::fault::outside;

/// The count of distinct values that rules put in, made once.
pub(crate) fn exact_distinct() -> Arc<AggregateUDF> {
    static EXACT: LazyLock<Arc<AggregateUDF>> = LazyLock::new(|| super::of_kind(Kind::ExactDistinct));
    Arc::clone(&EXACT)
}

/// The values, as an accumulator.
#[derive(Debug, Default)]
pub(super) struct ExactCount {
    values: HashSet<Box<[u8]>>,
    bytes: usize,
}

impl ExactCount {
    fn add(&mut self, value: &[u8]) {
        if !self.values.contains(value) {
            self.bytes += value.len();
            self.values.insert(value.into());
        }
    }
}

impl Accumulator for ExactCount {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(column) = values.first() else { return Ok(()) };
        match column.data_type() {
            DataType::Float64 | DataType::Float32 => {
                let column = cast(column, &DataType::Float64)?;
                let values = column.as_primitive::<Float64Type>().iter().flatten();
                values.for_each(|value| self.add(&value.to_bits().to_le_bytes()));
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                let column = cast(column, &DataType::Utf8)?;
                column.as_string::<i32>().iter().flatten().for_each(|value| self.add(value.as_bytes()));
            }
            DataType::Null => {}
            _ => {
                let column = cast(column, &DataType::Int64)?;
                let values = column.as_primitive::<Int64Type>().iter().flatten();
                values.for_each(|value| self.add(&value.to_le_bytes()));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.values.len() as i64)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.bytes + self.values.capacity() * (size_of::<Box<[u8]>>() + 1)
    }

    /// Each value after its length.
    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let mut bytes = Vec::with_capacity(self.bytes + self.values.len() * 8);
        for value in &self.values {
            bytes.extend_from_slice(&(value.len() as u64).to_le_bytes());
            bytes.extend_from_slice(value);
        }
        Ok(vec![ScalarValue::Binary(Some(bytes))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for mut rest in states.as_binary::<i32>().iter().flatten() {
            while !rest.is_empty() {
                let (value, after) = split(rest).ok_or_else(damaged)?;
                self.add(value);
                rest = after;
            }
        }
        Ok(())
    }
}

fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first_chunk::<8>()?;
    rest.split_at_checked(usize::try_from(u64::from_le_bytes(*len)).ok()?)
}

fn damaged() -> DataFusionError {
    outside(QueryError::Internal("the state of a distinct count is damaged".to_owned()))
}

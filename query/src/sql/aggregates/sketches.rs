//! How are sketches filled above the segments? With the same sketches as below.

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type, Int64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;

use crate::QueryError;
use crate::sketch::{DistinctSketch, Quantiles, coupon_of_double, coupon_of_long, coupon_of_text};
use crate::sql::fault::outside;

fn damaged() -> DataFusionError {
    outside(QueryError::Internal("the state of a sketch is damaged".to_owned()))
}

/// A distinct count by sketch, as an accumulator.
#[derive(Debug)]
pub(super) struct SketchedCount {
    sketch: DistinctSketch,
}

impl SketchedCount {
    pub(super) fn new() -> Result<Self> {
        Ok(Self { sketch: DistinctSketch::new().map_err(outside)? })
    }
}

impl Accumulator for SketchedCount {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(column) = values.first() else { return Ok(()) };
        match column.data_type() {
            DataType::Float64 | DataType::Float32 => {
                let column = cast(column, &DataType::Float64)?;
                let values = column.as_primitive::<Float64Type>().iter().flatten();
                values.for_each(|value| self.sketch.add(coupon_of_double(value)));
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
                let column = cast(column, &DataType::Utf8)?;
                let values = column.as_string::<i32>().iter().flatten();
                values.for_each(|value| self.sketch.add(coupon_of_text(value)));
            }
            DataType::Null => {}
            _ => {
                let column = cast(column, &DataType::Int64)?;
                let values = column.as_primitive::<Int64Type>().iter().flatten();
                values.for_each(|value| self.sketch.add(coupon_of_long(value)));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Int64(Some(self.sketch.estimate().round() as i64)))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + (16 << 10)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.sketch.to_bytes()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for bytes in states.as_binary::<i32>().iter().flatten() {
            let other = DistinctSketch::from_bytes(bytes).ok_or_else(damaged)?;
            self.sketch.merge(&other).map_err(outside)?;
        }
        Ok(())
    }
}

/// A quantile, as an accumulator.
#[derive(Debug, Default)]
pub(super) struct SketchedQuantile {
    quantiles: Quantiles,
    fraction: f64,
}

impl Accumulator for SketchedQuantile {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let (Some(column), Some(fractions)) = (values.first(), values.get(1)) else { return Ok(()) };
        let fractions = cast(fractions, &DataType::Float64)?;
        if let Some(fraction) = fractions.as_primitive::<Float64Type>().iter().flatten().next() {
            self.fraction = fraction;
        }
        let column = cast(column, &DataType::Float64)?;
        column.as_primitive::<Float64Type>().iter().flatten().for_each(|value| self.quantiles.add(value));
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Float64(Some(self.quantiles.quantile(self.fraction))))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.quantiles.size()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let words = std::iter::once(self.fraction.to_bits()).chain(self.quantiles.to_words());
        Ok(vec![ScalarValue::Binary(Some(words.flat_map(u64::to_le_bytes).collect()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for bytes in states.as_binary::<i32>().iter().flatten() {
            let words: Vec<u64> = bytes.as_chunks().0.iter().map(|word| u64::from_le_bytes(*word)).collect();
            let (fraction, rest) = words.split_first().ok_or_else(damaged)?;
            self.fraction = f64::from_bits(*fraction);
            self.quantiles.merge(&Quantiles::from_words(rest).ok_or_else(damaged)?);
        }
        Ok(())
    }
}

//! How are sketches filled above the segments? With the same sketches as below.

use std::sync::Arc;

use alluvium_expression::Value;
use alluvium_sketches::{Answers, Finished, Item, Recipe, SketchError, Summary};
use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{DataFusionError, Result, ScalarValue};
use datafusion::logical_expr::Accumulator;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;

use super::Summarized;
use crate::QueryError;
use crate::error::Refusal;
use crate::quantiles::Quantiles;
use crate::sql::fault::outside;
use crate::sql::functions::JSON;
use crate::sql::values::values_of;

fn damaged() -> DataFusionError {
    outside(QueryError::Internal("the state of a sketch is damaged".to_owned()))
}

/// A summary, as an accumulator.
#[derive(Debug)]
pub(super) struct Summaries {
    recipe: Recipe,
    summary: Summary,
    /// How many arguments after the first are values.
    rest: usize,
}

impl Summaries {
    /// Of an aggregate with these arguments.
    pub(super) fn of(summary: Summarized, args: &AccumulatorArgs<'_>) -> Result<Self> {
        let literal = |expr: &Arc<dyn PhysicalExpr>| {
            let any: &dyn std::any::Any = expr.as_ref();
            any.downcast_ref::<Literal>().map(|literal| literal.value().clone())
        };
        let literals: Vec<Option<ScalarValue>> = args.exprs.iter().map(literal).collect();
        let recipe = summary.recipe(&literals);
        let (recipe, rest) = recipe.map_err(|why| outside(unusable(why)))?;
        let summary = recipe.empty().map_err(refused)?;
        Ok(Self { recipe, summary, rest })
    }
}

/// A parameter that no sketch has: a name while the statement is planned, a number when the sketch is made.
fn unusable(why: String) -> QueryError {
    let refusal = if why.contains("tgtHllType") { Refusal::Planning } else { Refusal::Thrown };
    QueryError::refused(refusal, why)
}

fn refused(error: SketchError) -> DataFusionError {
    outside(QueryError::from(error))
}

impl Accumulator for Summaries {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some((first, others)) = values.split_first() else { return Ok(()) };
        let Self { recipe, summary, rest } = self;
        let column = values_of(first)?;
        if *first.data_type() == JSON {
            for state in column.iter().filter_map(Value::as_string) {
                summary.add_base64(&state).map_err(refused)?;
            }
            return Ok(());
        }
        let rest = others.iter().take(*rest).map(values_of).collect::<Result<Vec<_>>>()?;
        for (at, value) in column.iter().enumerate() {
            let number = |column: &Vec<Value>| column.get(at).and_then(Value::as_double).unwrap_or(0.0);
            let row: Vec<f64> = rest.iter().map(number).collect();
            let item = match value {
                Value::Null => Item::Null,
                Value::Long(value) => Item::Long(*value),
                Value::Double(value) => Item::Double(*value),
                Value::String(text) => Item::Text(text),
                _ => continue,
            };
            summary.add(recipe.prepare(item), &row);
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(match self.recipe.finish(&self.summary).map_err(refused)? {
            Finished::Null => match self.recipe.answers() {
                Answers::Longs => ScalarValue::Int64(None),
                Answers::Doubles => ScalarValue::Float64(None),
                Answers::Anything => ScalarValue::Utf8View(None),
            },
            Finished::Long(value) => ScalarValue::Int64(Some(value)),
            Finished::Double(value) => ScalarValue::Float64(Some(value)),
            Finished::Float(value) => ScalarValue::Float64(Some(f64::from(value))),
            Finished::Json(json) => ScalarValue::Utf8View(Some(json.to_string())),
        })
    }

    fn size(&self) -> usize {
        size_of::<Self>() + self.summary.memory_bytes()
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![ScalarValue::Binary(Some(self.summary.to_bytes()))])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(states) = states.first() else { return Ok(()) };
        for bytes in states.as_binary::<i32>().iter().flatten() {
            let other = self.recipe.read(bytes).map_err(refused)?;
            self.summary.merge(&other).map_err(refused)?;
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

//! Rows of which everything is chosen: how many, over which time, keys of which cardinality. For fixed costs and
//! cost curves.

use std::sync::Arc;

use alluvium_segments::time::days_from_civil;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use fastrand::Rng;
use serde_json::{Value, json};

use super::file::{GROUP_ROWS, RowGroups};

/// Values of the column `r` are below this.
pub const R_VALUES: i64 = 1_000_000;
const DAY_MS: f64 = 86_400_000.0;

/// A generator in the middle of its rows: `t` time, `v` value below 1000, `r` value below [`R_VALUES`], and for each
/// cardinality N the columns `kN` (number) and `sN` (text).
#[derive(Debug)]
pub struct Uniform {
    rng: Rng,
    rows: u64,
    row: u64,
    step_ms: f64,
    cardinalities: Vec<u64>,
    schema: Arc<Schema>,
}

impl Uniform {
    /// So many rows, evenly over so many days from 2024-01-01.
    #[must_use]
    pub fn new(rows: u64, days: f64, cardinalities: &[u64]) -> Self {
        let mut fields = vec![
            Field::new("t", DataType::Timestamp(TimeUnit::Millisecond, None), false),
            Field::new("v", DataType::Int64, false),
            Field::new("r", DataType::Int64, false),
        ];
        for n in cardinalities {
            fields.push(Field::new(format!("k{n}"), DataType::Int64, false));
            fields.push(Field::new(format!("s{n}"), DataType::Utf8, false));
        }
        Self {
            rng: Rng::with_seed(rows ^ 0x5EED),
            rows,
            row: 0,
            step_ms: days * DAY_MS / rows as f64,
            cardinalities: cardinalities.to_vec(),
            schema: Arc::new(Schema::new(fields)),
        }
    }

    /// Druid's `dimensions` of such a table.
    #[must_use]
    pub fn dimensions(cardinalities: &[u64]) -> Vec<Value> {
        let long = |name: String| json!({"type": "long", "name": name});
        let keys = cardinalities.iter().flat_map(|n| [long(format!("k{n}")), json!(format!("s{n}"))]);
        [long("v".to_owned()), long("r".to_owned())].into_iter().chain(keys).collect()
    }
}

impl RowGroups for Uniform {
    fn schema(&self) -> Arc<Schema> {
        Arc::clone(&self.schema)
    }

    fn next(&mut self) -> Result<Option<RecordBatch>, String> {
        let count = (self.rows - self.row).min(GROUP_ROWS as u64);
        if count == 0 {
            return Ok(None);
        }
        let start = days_from_civil(2024, 1, 1) as f64 * DAY_MS;
        let time = (self.row..self.row + count).map(|row| (start + row as f64 * self.step_ms) as i64);
        let mut columns: Vec<ArrayRef> = vec![Arc::new(TimestampMillisecondArray::from_iter_values(time))];
        for values in [1000, R_VALUES] {
            columns.push(Arc::new(Int64Array::from_iter_values((0..count).map(|_| self.rng.i64(..values)))));
        }
        for n in &self.cardinalities {
            let keys: Vec<u64> = (0..count).map(|_| self.rng.u64(..*n)).collect();
            columns.push(Arc::new(Int64Array::from_iter_values(keys.iter().map(|k| *k as i64))));
            columns.push(Arc::new(StringArray::from_iter_values(keys.iter().map(|k| format!("key-{k:08}")))));
        }
        self.row += count;
        RecordBatch::try_new(Arc::clone(&self.schema), columns).map(Some).map_err(|e| e.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_as_many_as_asked_for_and_the_same_in_every_run() {
        let all = || {
            let mut rows = Uniform::new(300_000, 1.0, &[10]);
            std::iter::from_fn(move || rows.next().unwrap()).collect::<Vec<_>>()
        };
        let (a, b) = (all(), all());
        assert_eq!(a, b);
        assert_eq!(a.iter().map(RecordBatch::num_rows).sum::<usize>(), 300_000);
        assert_eq!(a[0].num_columns(), Uniform::dimensions(&[10]).len() + 1);
    }
}

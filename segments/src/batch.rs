//! In what form do rows enter a segment? Typed columns, filled by a parser and appended as a whole.

use std::sync::Arc;

use crate::Schema;
use crate::segment::NullMask;

/// Rows as columns. `columns[i]` holds `schema.columns[i]`; each has `time.len()` rows.
///
/// A metric's column holds the *input* of its function for each row (1 for `Count`).
#[derive(Debug, Clone)]
pub struct RowBatch {
    /// What the columns are; batches that share the `Arc` share the meaning of column numbers.
    pub schema: Arc<Schema>,
    /// `__time` of each row, in milliseconds, already truncated to the query granularity.
    pub time: Vec<i64>,
    /// One a schema column.
    pub columns: Vec<BatchColumn>,
}

/// One column of a batch, by type.
#[derive(Debug, Clone)]
pub enum BatchColumn {
    /// Of a long column.
    Long(NumericBatch<i64>),
    /// Of a float column.
    Float(NumericBatch<f32>),
    /// Of a double column.
    Double(NumericBatch<f64>),
    /// Of a string column.
    String(StringBatch),
}

/// Numbers with nulls; a null row holds the default value.
#[derive(Debug, Clone, Default)]
pub struct NumericBatch<T> {
    /// A value a row.
    pub values: Vec<T>,
    /// Which rows are null.
    pub nulls: NullMask,
}

impl<T: Copy + Default> NumericBatch<T> {
    /// Appends one row.
    pub fn push(&mut self, value: Option<T>) {
        self.nulls.push(value.is_none());
        self.values.push(value.unwrap_or_default());
    }
}

/// Texts of rows, any number a row, in one arena.
///
/// Row `r` has the values `row_ends[r-1]..row_ends[r]` (from 0 for the first row); a row without values is
/// null (Druid's null and empty list). Value `v` is `bytes[value_ends[v-1]..value_ends[v]]`, or null where
/// `value_nulls` says so.
#[derive(Debug, Clone, Default)]
pub struct StringBatch {
    /// UTF-8 of all values.
    pub bytes: String,
    /// End of each value in `bytes`.
    pub value_ends: Vec<u32>,
    /// Which values (not rows) are null.
    pub value_nulls: NullMask,
    /// End of each row in `value_ends`.
    pub row_ends: Vec<u32>,
}

impl StringBatch {
    /// Appends a row of one value; `None` makes a null row.
    pub fn push(&mut self, value: Option<&str>) {
        if let Some(text) = value {
            self.push_value(Some(text));
        }
        self.end_row();
    }

    /// Appends a value to the row being built.
    pub fn push_value(&mut self, value: Option<&str>) {
        self.bytes.push_str(value.unwrap_or_default());
        self.value_ends.push(self.bytes.len() as u32);
        self.value_nulls.push(value.is_none());
    }

    /// Ends the row being built.
    pub fn end_row(&mut self) {
        self.row_ends.push(self.value_ends.len() as u32);
    }

    /// The values of a row, as value numbers.
    #[must_use]
    pub fn row(&self, row: usize) -> std::ops::Range<usize> {
        let start = if row == 0 { 0 } else { self.row_ends[row - 1] as usize };
        start..self.row_ends[row] as usize
    }

    /// A value by number.
    #[must_use]
    pub fn value(&self, value: usize) -> Option<&str> {
        if self.value_nulls.is_null(value) {
            return None;
        }
        let start = if value == 0 { 0 } else { self.value_ends[value - 1] as usize };
        Some(&self.bytes[start..self.value_ends[value] as usize])
    }
}

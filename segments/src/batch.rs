//! In what form do rows enter a segment? Typed columns, filled by a parser and appended as a whole.

use std::sync::Arc;

use crate::segment::NullMask;
use crate::{ColumnType, Schema, Storage};

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
    /// Of a column of texts.
    String(StringBatch),
    /// Of a column of texts that are numbered already.
    Coded(CodedBatch),
}

impl BatchColumn {
    /// An empty column of a type.
    #[must_use]
    pub fn of(column_type: ColumnType) -> Self {
        match column_type.storage() {
            Storage::Long => Self::Long(NumericBatch::default()),
            Storage::Float => Self::Float(NumericBatch::default()),
            Storage::Double => Self::Double(NumericBatch::default()),
            Storage::Texts => Self::String(StringBatch::default()),
        }
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        match self {
            Self::Long(column) => column.values.len(),
            Self::Float(column) => column.values.len(),
            Self::Double(column) => column.values.len(),
            Self::String(column) => column.row_ends.len(),
            Self::Coded(column) => column.codes.len(),
        }
    }

    /// Appends a null row.
    pub fn push_null(&mut self) {
        match self {
            Self::Long(column) => column.push(None),
            Self::Float(column) => column.push(None),
            Self::Double(column) => column.push(None),
            Self::String(column) => column.end_row(),
            Self::Coded(column) => column.codes.push(0),
        }
    }

    /// The texts of a string column, with a text each from now on; `None` for numbers.
    pub fn strings(&mut self) -> Option<&mut StringBatch> {
        if let Self::Coded(coded) = self {
            *self = Self::String(coded.to_strings());
        }
        match self {
            Self::String(column) => Some(column),
            _ => None,
        }
    }

    /// Forgets the rows from `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        match self {
            Self::Long(column) => column.truncate(rows),
            Self::Float(column) => column.truncate(rows),
            Self::Double(column) => column.truncate(rows),
            Self::String(column) => column.truncate(rows),
            Self::Coded(column) => column.codes.truncate(rows),
        }
    }
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

    /// Forgets the rows from `rows` on.
    pub fn truncate(&mut self, rows: usize) {
        self.values.truncate(rows);
        self.nulls.truncate(rows);
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

    /// Forgets the rows from `rows` on, and the row being built.
    pub fn truncate(&mut self, rows: usize) {
        self.row_ends.truncate(rows);
        let values = self.row_ends.last().map_or(0, |&end| end as usize);
        self.value_ends.truncate(values);
        self.value_nulls.truncate(values);
        self.bytes.truncate(self.value_ends.last().map_or(0, |&end| end as usize));
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

/// Texts by position.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Texts {
    bytes: String,
    ends: Vec<u32>,
}

impl Texts {
    /// Appends a text.
    pub fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len() as u32);
    }

    /// Number of texts.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Bytes of all texts.
    #[must_use]
    pub fn size_bytes(&self) -> usize {
        self.bytes.len()
    }

    /// A text by position.
    #[must_use]
    pub fn get(&self, position: usize) -> Option<&str> {
        let end = *self.ends.get(position)?;
        let start = position.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.bytes[start as usize..end as usize])
    }
}

/// Texts of rows by number, at most one a row: what a source brings that keeps a dictionary itself.
#[derive(Debug, Clone, Default)]
pub struct CodedBatch {
    /// The texts. Batches that share the `Arc` share the numbers, and each text is looked up once for all of
    /// them. A text may be there twice, or in no row.
    pub texts: Arc<Texts>,
    /// One a row: the position of its text plus 1, or 0 for null.
    pub codes: Vec<u32>,
}

impl CodedBatch {
    /// The text of a row.
    #[must_use]
    pub fn value(&self, row: usize) -> Option<&str> {
        let code = self.codes.get(row)?;
        self.texts.get((*code as usize).checked_sub(1)?)
    }

    /// The same rows with a text each.
    #[must_use]
    pub fn to_strings(&self) -> StringBatch {
        let mut strings = StringBatch::default();
        (0..self.codes.len()).for_each(|row| strings.push(self.value(row)));
        strings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbered_texts_are_texts() {
        let mut texts = Texts::default();
        ["a", "", "bc"].into_iter().for_each(|text| texts.push(text));
        let coded = CodedBatch { texts: Arc::new(texts), codes: vec![3, 0, 2, 1] };
        let strings = coded.to_strings();
        let rows: Vec<Option<&str>> = (0..4).map(|row| coded.value(row)).collect();
        assert_eq!(rows, [Some("bc"), None, Some(""), Some("a")]);
        assert_eq!((strings.row_ends.len(), strings.row(1).len(), strings.value(2)), (4, 0, Some("a")));
    }

    #[test]
    fn truncation_forgets_rows_and_their_values() {
        let mut texts = StringBatch::default();
        texts.push(Some("a"));
        texts.push(None);
        texts.push_value(Some("b"));
        texts.push_value(None);
        texts.end_row();
        texts.push_value(Some("half a row"));
        texts.truncate(3);
        assert_eq!((texts.bytes.as_str(), texts.row(2)), ("ab", 1..3));
        texts.truncate(2);
        assert_eq!((texts.bytes.as_str(), texts.row(1), texts.value_nulls.len()), ("a", 1..1, 1));

        let mut longs = NumericBatch::default();
        for i in 0..130 {
            longs.push((i % 2 == 0).then_some(i));
        }
        longs.truncate(65);
        assert_eq!((longs.nulls.len(), longs.nulls.null_count()), (65, 32));
        longs.push(Some(7));
        assert!(!longs.nulls.is_null(65));
    }
}

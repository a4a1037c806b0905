//! What is a value to a client that is not sent text? One of a few plain kinds, with the SQL type of its column; JDBC,
//! PostgreSQL's protocol and others write them each in their own way.

use alluvium_segments::time::local_millis;
use chrono_tz::Tz;
use datafusion::arrow::array::{Array, ArrayRef, RecordBatch};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::error::ArrowError;

use super::cell::Cells;
use crate::sql::metadata::sql_type;

/// Milliseconds of a day.
const DAY_MS: i64 = 86_400_000;

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum SqlValue {
    /// NULL.
    Null,
    /// `BOOLEAN`.
    Boolean(bool),
    /// `BIGINT` and `INTEGER`.
    Long(i64),
    /// `FLOAT`.
    Float(f32),
    /// `DOUBLE`.
    Double(f64),
    /// `VARCHAR`, and the text of what has no other form (`COMPLEX<json>`: JSON).
    Text(String),
    /// `TIMESTAMP`: what a clock in the session's zone shows, in milliseconds since 1970-01-01T00:00:00 on that clock.
    Timestamp(i64),
    /// `DATE`: days since 1970-01-01.
    Date(i32),
    /// `ARRAY`.
    List(Vec<SqlValue>),
}

/// A type of SQL, by name and by JDBC's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SqlType {
    /// As in `INFORMATION_SCHEMA` (`BIGINT`, `VARCHAR`, `ARRAY` ...).
    pub name: &'static str,
    /// As in `java.sql.Types`.
    pub jdbc: i32,
}

impl SqlType {
    /// `VARCHAR`, the type of what says nothing else.
    pub const VARCHAR: Self = Self { name: "VARCHAR", jdbc: 12 };

    /// `BIGINT`.
    pub const BIGINT: Self = Self { name: "BIGINT", jdbc: -5 };

    pub(crate) fn of(data_type: &DataType) -> Self {
        let (name, jdbc) = sql_type(data_type);
        Self { name, jdbc: i32::try_from(jdbc).unwrap_or(Self::VARCHAR.jdbc) }
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub sql_type: SqlType,
    /// Of an `ARRAY`: the type of its elements.
    pub element: Option<SqlType>,
    /// Whether it may hold NULL.
    pub nullable: bool,
}

impl SqlColumn {
    fn of(field: &Field) -> Self {
        let element = match field.data_type() {
            DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
                Some(SqlType::of(of.data_type()))
            }
            _ => None,
        };
        let sql_type = SqlType::of(field.data_type());
        Self { name: field.name().clone(), sql_type, element, nullable: field.is_nullable() }
    }
}

/// The columns of a schema.
pub(crate) fn columns(schema: &Schema) -> Vec<SqlColumn> {
    schema.fields().iter().map(|field| SqlColumn::of(field)).collect()
}

/// The rows of a batch.
pub(crate) fn rows(batch: &RecordBatch, zone: Tz) -> Result<Vec<Vec<SqlValue>>, ArrowError> {
    let columns: Vec<Vec<SqlValue>> =
        batch.columns().iter().map(|column| column_values(column, zone)).collect::<Result<_, _>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    let row = |columns: &mut Vec<std::vec::IntoIter<SqlValue>>| {
        columns.iter_mut().map(|column| column.next().unwrap_or(SqlValue::Null)).collect()
    };
    Ok((0..batch.num_rows()).map(|_| row(&mut columns)).collect())
}

fn column_values(array: &ArrayRef, zone: Tz) -> Result<Vec<SqlValue>, ArrowError> {
    let is_date = matches!(array.data_type(), DataType::Date32 | DataType::Date64);
    let cells = Cells::of(array, zone)?;
    let value = |row: usize| -> Result<SqlValue, ArrowError> {
        if cells.is_null(row) {
            return Ok(SqlValue::Null);
        }
        Ok(match &cells {
            Cells::Longs(a) => SqlValue::Long(a.value(row)),
            Cells::Floats(a) => SqlValue::Float(a.value(row)),
            Cells::Doubles(a) => SqlValue::Double(a.value(row)),
            Cells::Booleans(a) => SqlValue::Boolean(a.value(row)),
            Cells::Times(a, _) if is_date => {
                SqlValue::Date(i32::try_from(a.value(row).div_euclid(DAY_MS)).unwrap_or(i32::MAX))
            }
            Cells::Times(a, Tz::UTC) => SqlValue::Timestamp(a.value(row)),
            Cells::Times(a, zone) => SqlValue::Timestamp(local_millis(a.value(row), *zone)),
            Cells::Texts(a) => SqlValue::Text(a.value(row).to_owned()),
            Cells::Lists(a, zone) => SqlValue::List(column_values(&a.value(row), *zone)?),
            Cells::Nulls => SqlValue::Null,
        })
    };
    (0..array.len()).map(value).collect()
}

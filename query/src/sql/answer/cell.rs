//! How is one value written? Times in ISO form in the session's zone, NaN and infinities as texts, lists as the
//! JSON text of the list.

use std::borrow::Cow;
use std::sync::Arc;

use alluvium_expression::{double_text, float_text};
use alluvium_segments::time::format_iso_in;
use chrono_tz::Tz;
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float32Array, Float64Array, Int64Array, ListArray, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Float32Type, Float64Type, Int64Type, TimeUnit};
use datafusion::arrow::error::ArrowError;

use super::iso::write_iso;
use crate::sql::functions::JSON;
use crate::sql::types::{SqlType, Typed};

/// A column, as one of the kinds that are written.
#[derive(Debug)]
pub(super) enum Cells {
    Longs(Int64Array),
    Floats(Float32Array),
    Doubles(Float64Array),
    Booleans(BooleanArray),
    Times(Int64Array, Tz),
    Texts(StringArray),
    Lists(ListArray, Tz),
    /// Nested values within lists: written as they are.
    Nested(StringArray),
    Nulls,
}

impl Cells {
    pub(super) fn of(array: &ArrayRef, zone: Tz) -> Result<Self, ArrowError> {
        let longs = |array: &ArrayRef| -> Result<Int64Array, ArrowError> {
            Ok(cast(array, &DataType::Int64)?.as_primitive::<Int64Type>().clone())
        };
        Ok(match array.data_type() {
            DataType::Null => Self::Nulls,
            DataType::Boolean => Self::Booleans(array.as_boolean().clone()),
            DataType::Utf8 => Self::Texts(array.as_string::<i32>().clone()),
            DataType::Float32 => Self::Floats(array.as_primitive::<Float32Type>().clone()),
            DataType::Float64 => Self::Doubles(array.as_primitive::<Float64Type>().clone()),
            DataType::Float16 | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Self::Doubles(cast(array, &DataType::Float64)?.as_primitive::<Float64Type>().clone())
            }
            DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => {
                let millis = cast(array, &DataType::Timestamp(TimeUnit::Millisecond, None))?;
                Self::Times(longs(&millis)?, zone)
            }
            DataType::Duration(_) => {
                let millis = cast(array, &DataType::Duration(TimeUnit::Millisecond))?;
                Self::Longs(longs(&millis)?)
            }
            DataType::List(_) => Self::Lists(plain_elements(array.as_list::<i32>())?, zone),
            DataType::LargeList(field) | DataType::FixedSizeList(field, _) => {
                let list = cast(array, &DataType::List(std::sync::Arc::clone(field)))?;
                Self::Lists(plain_elements(list.as_list::<i32>())?, zone)
            }
            t if t.is_integer() => Self::Longs(longs(array)?),
            _ => Self::Texts(cast(array, &DataType::Utf8)?.as_string::<i32>().clone()),
        })
    }

    /// A column as values of its SQL type: cut to its bits, padded to its length.
    pub(super) fn typed(array: &ArrayRef, typed: &Typed, zone: Tz) -> Result<Self, ArrowError> {
        let cells = Self::of(array, zone)?;
        Ok(match (cells, &typed.kind) {
            (Self::Longs(a), SqlType::Integer) => Self::Longs(a.unary(|v| i64::from(v as i32))),
            (Self::Doubles(a), SqlType::Integer | SqlType::BigInt) => {
                let wide = |v: f64| v as i64;
                let narrow = |v: f64| i64::from(v as i64 as i32);
                Self::Longs(if typed.kind == SqlType::BigInt { a.unary(wide) } else { a.unary(narrow) })
            }
            (Self::Doubles(a), SqlType::Float) => Self::Floats(a.unary(|v| v as f32)),
            (Self::Longs(a), SqlType::Float) => Self::Floats(a.unary(|v| v as f32)),
            (Self::Floats(a), SqlType::Double | SqlType::Decimal | SqlType::Real) => {
                Self::Doubles(a.unary(f64::from))
            }
            (Self::Longs(a), SqlType::Double | SqlType::Decimal | SqlType::Real) => {
                Self::Doubles(a.unary(|v| v as f64))
            }
            (Self::Texts(a), SqlType::Char(length)) if typed.constant => {
                Self::Texts(a.iter().map(|text| text.map(|text| padded(text, *length))).collect())
            }
            (cells, _) => cells,
        })
    }

    /// Bytes that most values take as JSON.
    pub(super) fn likely_bytes(&self) -> usize {
        match self {
            Self::Times(_, Tz::UTC) => 26,
            Self::Times(..) => 31,
            Self::Texts(a) => a.value_data().len() / a.len().max(1) + 2,
            _ => 12,
        }
    }

    pub(super) fn is_null(&self, row: usize) -> bool {
        match self {
            Self::Longs(a) | Self::Times(a, _) => a.is_null(row),
            Self::Floats(a) => a.is_null(row),
            Self::Doubles(a) => a.is_null(row),
            Self::Booleans(a) => a.is_null(row),
            Self::Texts(a) | Self::Nested(a) => a.is_null(row),
            Self::Lists(a, _) => a.is_null(row),
            Self::Nulls => true,
        }
    }

    /// The value as JSON.
    pub(super) fn write_json(
        &self,
        row: usize,
        stringify_arrays: bool,
        out: &mut Vec<u8>,
    ) -> Result<(), ArrowError> {
        if self.is_null(row) {
            out.extend_from_slice(b"null");
            return Ok(());
        }
        match self {
            Self::Longs(a) => write_long(a.value(row), out),
            Self::Booleans(a) => out.extend_from_slice(if a.value(row) { b"true" } else { b"false" }),
            Self::Times(a, zone) => {
                out.push(b'"');
                write_iso(a.value(row), *zone, out);
                out.push(b'"');
            }
            Self::Floats(a) if a.value(row).is_finite() => {
                out.extend_from_slice(float_text(a.value(row)).as_bytes());
            }
            Self::Doubles(a) if a.value(row).is_finite() => {
                out.extend_from_slice(double_text(a.value(row)).as_bytes());
            }
            Self::Texts(a) => write_text(a.value(row), out),
            Self::Nested(a) => out.extend_from_slice(a.value(row).as_bytes()),
            Self::Lists(..) if !stringify_arrays => {
                let text = self.text(row)?;
                out.extend_from_slice(text.as_bytes());
            }
            _ => write_text(&self.text(row)?, out),
        }
        Ok(())
    }

    /// The value as a field of a CSV line: lists that are not to be JSON are written as Java writes them.
    pub(super) fn csv(&self, row: usize, stringify_arrays: bool) -> Result<Cow<'_, str>, ArrowError> {
        let Self::Lists(a, zone) = self else { return self.text(row) };
        if stringify_arrays || self.is_null(row) {
            return self.text(row);
        }
        let cells = Self::of(&a.value(row), *zone)?;
        let shown = |at: usize| if cells.is_null(at) { Ok(Cow::Borrowed("null")) } else { cells.text(at) };
        let items: Vec<Cow<'_, str>> = (0..a.value(row).len()).map(shown).collect::<Result<_, _>>()?;
        Ok(format!("[{}]", items.join(", ")).into())
    }

    /// The value as bare text; nothing for NULL.
    pub(super) fn text(&self, row: usize) -> Result<Cow<'_, str>, ArrowError> {
        if self.is_null(row) {
            return Ok(Cow::Borrowed(""));
        }
        Ok(match self {
            Self::Longs(a) => a.value(row).to_string().into(),
            Self::Booleans(a) => a.value(row).to_string().into(),
            Self::Floats(a) => float_text(a.value(row)).into(),
            Self::Doubles(a) => double_text(a.value(row)).into(),
            Self::Times(a, zone) => format_iso_in(a.value(row), *zone).into(),
            Self::Texts(a) | Self::Nested(a) => a.value(row).into(),
            Self::Lists(a, zone) => {
                let elements = a.value(row);
                let cells = match Self::of(&elements, *zone)? {
                    Self::Texts(texts) if *elements.data_type() == JSON => Self::Nested(texts),
                    cells => cells,
                };
                let mut json = vec![b'['];
                for i in 0..elements.len() {
                    if i > 0 {
                        json.push(b',');
                    }
                    cells.write_json(i, false, &mut json)?;
                }
                json.push(b']');
                String::from_utf8_lossy(&json).into_owned().into()
            }
            Self::Nulls => Cow::Borrowed(""),
        })
    }
}

/// A text with blanks up to a length in UTF-16 code units.
fn padded(text: &str, length: usize) -> String {
    let missing = length.saturating_sub(text.encode_utf16().count());
    format!("{text}{}", " ".repeat(missing))
}

/// A list of what Druid's arrays hold: longs for truth values and times, doubles for floats.
fn plain_elements(list: &ListArray) -> Result<ListArray, ArrowError> {
    let to = match list.value_type() {
        DataType::Boolean | DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => DataType::Int64,
        DataType::Float32 => DataType::Float64,
        _ => return Ok(list.clone()),
    };
    let millis = match list.value_type() {
        DataType::Boolean | DataType::Float32 => Arc::clone(list.values()),
        _ => cast(list.values(), &DataType::Timestamp(TimeUnit::Millisecond, None))?,
    };
    let field = Arc::new(Field::new_list_field(to.clone(), true));
    ListArray::try_new(field, list.offsets().clone(), cast(&millis, &to)?, list.nulls().cloned())
}

fn write_long(value: i64, out: &mut Vec<u8>) {
    // Writing a number to a vector cannot fail.
    let _ = serde_json::to_writer(out, &value);
}

/// A JSON string.
pub(super) fn write_text(text: &str, out: &mut Vec<u8>) {
    // Writing a text to a vector cannot fail.
    let _ = serde_json::to_writer(out, text);
}

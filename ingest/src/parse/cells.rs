//! What are the values of an Arrow column? Each column is brought to one of a few plain types, from which fields
//! are read row by row, or whole columns at once.

use std::sync::Arc;

use alluvium_segments::Texts;
use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, Int32Type, Int64Type, TimeUnit};

use super::field::Field;

/// The values of a column in one of a few types.
pub(super) enum Cells {
    Null,
    Bool(ArrayRef),
    Long(ArrayRef),
    Double(ArrayRef),
    /// Numbered texts: the position of each row's, where it is not null.
    Coded(Int32Array, Arc<Texts>),
    Text(StringArray),
    List(ListArray, Box<Cells>),
    Struct(ArrayRef, Vec<(String, Cells)>),
}

impl Cells {
    pub(super) fn new(array: &ArrayRef, binary_as_string: bool) -> Result<Self, String> {
        use DataType as T;
        let cast = |to: &DataType| {
            cast_with_options(array, to, &CastOptions { safe: false, ..CastOptions::default() })
                .map_err(|e| e.to_string())
        };
        let text = |array: ArrayRef| Self::Text(array.as_string::<i32>().clone());
        Ok(match array.data_type() {
            T::Null => Self::Null,
            T::Boolean => Self::Bool(array.clone()),
            T::Int8 | T::Int16 | T::Int32 | T::Int64 | T::UInt8 | T::UInt16 | T::UInt32 => {
                Self::Long(cast(&T::Int64)?)
            }
            T::UInt64
                if array
                    .as_primitive::<arrow::datatypes::UInt64Type>()
                    .iter()
                    .flatten()
                    .all(|v| i64::try_from(v).is_ok()) =>
            {
                Self::Long(cast(&T::Int64)?)
            }
            T::Float16 | T::Float32 | T::Float64 | T::UInt64 => Self::Double(cast(&T::Float64)?),
            T::Date32 | T::Date64 | T::Timestamp(..) => {
                let millis = cast(&T::Timestamp(TimeUnit::Millisecond, None))?;
                Self::Long(arrow::compute::cast(&millis, &T::Int64).map_err(|e| e.to_string())?)
            }
            T::Utf8 | T::LargeUtf8 | T::Utf8View | T::Decimal128(..) | T::Decimal256(..) => {
                text(cast(&T::Utf8)?)
            }
            T::Binary | T::LargeBinary | T::BinaryView if binary_as_string => text(cast(&T::Utf8)?),
            T::Dictionary(_, value) => {
                let plain = cast(value)?;
                Self::new(&plain, binary_as_string)?
            }
            T::List(item) | T::LargeList(item) => {
                let list = cast(&T::List(item.clone()))?.as_list::<i32>().clone();
                let values = Self::new(list.values(), binary_as_string)?;
                Self::List(list, Box::new(values))
            }
            T::Struct(_) => {
                let fields = array.as_struct();
                let cells = fields.column_names().into_iter().zip(fields.columns());
                let cells =
                    cells.map(|(name, column)| Ok((name.to_owned(), Self::new(column, binary_as_string)?)));
                Self::Struct(array.clone(), cells.collect::<Result<_, String>>()?)
            }
            other => {
                return Err(format!("type {other} is not supported; exclude it or list the dimensions"));
            }
        })
    }

    pub(super) fn get(&self, row: usize) -> Field<'_> {
        match self {
            Self::Null => Field::Null,
            Self::Bool(a) if a.is_valid(row) => Field::Bool(a.as_boolean().value(row)),
            Self::Long(a) if a.is_valid(row) => Field::Long(a.as_primitive::<Int64Type>().value(row)),
            Self::Double(a) if a.is_valid(row) => Field::Double(a.as_primitive::<Float64Type>().value(row)),
            Self::Text(a) if a.is_valid(row) => Field::Text(a.value(row).into()),
            Self::Coded(keys, texts) if keys.is_valid(row) => {
                texts.get(keys.value(row) as usize).map_or(Field::Null, |text| Field::Text(text.into()))
            }
            Self::List(a, values) if a.is_valid(row) => {
                let offsets = a.value_offsets();
                let (from, to) = (offsets[row] as usize, offsets[row + 1] as usize);
                Field::List((from..to).map(|i| values.get(i)).collect())
            }
            Self::Struct(a, fields) if a.is_valid(row) => Field::Map(
                fields.iter().map(|(name, cells)| (name.as_str().into(), cells.get(row))).collect(),
            ),
            _ => Field::Null,
        }
    }
}

/// The dictionary a column had last: the same one is not copied again.
#[derive(Default)]
pub(super) struct KnownTexts(Option<(StringArray, Arc<Texts>)>);

impl KnownTexts {
    /// The cells of a dictionary of texts with 32-bit keys; `None` for other arrays.
    pub(super) fn cells(&mut self, array: &ArrayRef) -> Option<Cells> {
        let coded = array.as_dictionary_opt::<Int32Type>()?;
        let values = coded.values().as_string_opt::<i32>()?;
        if values.null_count() > 0 {
            return None;
        }
        let same = |known: &StringArray| {
            known.value_data().as_ptr() == values.value_data().as_ptr()
                && known.offsets().inner().ptr_eq(values.offsets().inner())
        };
        let texts = match &self.0 {
            Some((known, texts)) if same(known) => Arc::clone(texts),
            _ => {
                let mut texts = Texts::default();
                values.iter().flatten().for_each(|text| texts.push(text));
                let texts = Arc::new(texts);
                // Held with the array, so that its address cannot be used for another.
                self.0 = Some((values.clone(), Arc::clone(&texts)));
                texts
            }
        };
        Some(Cells::Coded(coded.keys().clone(), texts))
    }
}

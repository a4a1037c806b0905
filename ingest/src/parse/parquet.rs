//! How do parquet files become rows? Column by column each record batch is brought to a few plain types,
//! then its values go into the columns of the parser.

use std::fs::File;
use std::io::Read;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, RecordBatch, StringArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, Int64Type, TimeUnit};
use bytes::Bytes;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderBuilder, ParquetRecordBatchReader};
use parquet::file::reader::ChunkReader;

use super::RowParser;
use super::field::Field;
use super::parser::count;
use super::record::{Outcome, Reject};
use super::slots::Found;

/// Rows read at once.
const BATCH_ROWS: usize = 8192;

/// Bytes of a document that is not a file, at most (it is held in memory).
const MAX_BYTES: u64 = 2 << 30;

/// The rows of one parquet document.
pub(crate) struct ParquetRows {
    /// Opened with the parser, which knows the columns it wants.
    source: Option<Source>,
    reader: Option<ParquetRecordBatchReader>,
    binary_as_string: bool,
}

enum Source {
    File(ArrowReaderBuilder<parquet::arrow::arrow_reader::SyncReader<File>>),
    Bytes(ArrowReaderBuilder<parquet::arrow::arrow_reader::SyncReader<Bytes>>),
}

impl ParquetRows {
    /// Of a file.
    pub(crate) fn file(file: File, binary_as_string: bool) -> Result<Self, String> {
        let builder = builder(file)?;
        Ok(Self { source: Some(Source::File(builder)), reader: None, binary_as_string })
    }

    /// Of anything else, which is read into memory.
    pub(crate) fn bytes(input: Box<dyn Read + Send>, binary_as_string: bool) -> Result<Self, String> {
        let mut bytes = Vec::new();
        input.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(|e| e.to_string())?;
        if bytes.len() as u64 > MAX_BYTES {
            return Err("parquet of more than 2 GiB must be a local file".to_owned());
        }
        let builder = builder(Bytes::from(bytes))?;
        Ok(Self { source: Some(Source::Bytes(builder)), reader: None, binary_as_string })
    }

    /// Reads some rows into the parser: bytes and what became of them; `None` at the end.
    pub(crate) fn read(
        &mut self,
        parser: &mut RowParser,
        rejects: &mut Vec<Reject>,
    ) -> Result<Option<(usize, Outcome)>, String> {
        match self.source.take() {
            Some(Source::File(builder)) => self.reader = Some(project(builder, parser)?),
            Some(Source::Bytes(builder)) => self.reader = Some(project(builder, parser)?),
            None => {}
        }
        let Some(batch) = self.reader.as_mut().and_then(Iterator::next) else { return Ok(None) };
        let batch = batch.map_err(|e| e.to_string())?;
        let bytes = batch.get_array_memory_size();
        Ok(Some((bytes, self.rows(&batch, parser, rejects)?)))
    }

    fn rows(
        &self,
        batch: &RecordBatch,
        parser: &mut RowParser,
        rejects: &mut Vec<Reject>,
    ) -> Result<Outcome, String> {
        let mut names = Vec::new();
        let mut columns = Vec::new();
        for (field, array) in batch.schema_ref().fields().iter().zip(batch.columns()) {
            let why = |e: String| format!("column `{}`: {e}", field.name());
            names.push(field.name().as_str());
            columns.push(Cells::new(array, self.binary_as_string).map_err(why)?);
        }
        let (builder, mut general) = parser.parts();
        let mut outcome = Outcome::default();
        for row in 0..batch.num_rows() {
            let end = if let Some(general) = &mut general {
                let fields = names.iter().zip(&columns).map(|(name, c)| ((*name).into(), c.get(row)));
                general.row(&Field::Map(fields.collect()), None, builder, rejects)
            } else {
                for (at, (name, column)) in names.iter().zip(&columns).enumerate() {
                    let field = column.get(row);
                    let found = builder.slots.find_at(at, name);
                    if let Some(slot) = builder.slot_for(found, name, &field) {
                        builder.put_field(slot, &field);
                    }
                }
                builder.end_row(rejects)
            };
            match end {
                Ok(end) => count(&mut outcome, end),
                Err(reject) => {
                    builder.drop_row();
                    rejects.push(reject);
                    outcome.unparseable += 1;
                }
            }
        }
        Ok(outcome)
    }
}

fn builder<R: ChunkReader + 'static>(
    input: R,
) -> Result<ArrowReaderBuilder<parquet::arrow::arrow_reader::SyncReader<R>>, String> {
    ArrowReaderBuilder::try_new(input).map_err(|e| e.to_string())
}

/// Leaves out columns that nobody wants.
fn project<R: ChunkReader + 'static>(
    builder: ArrowReaderBuilder<parquet::arrow::arrow_reader::SyncReader<R>>,
    parser: &mut RowParser,
) -> Result<ParquetRecordBatchReader, String> {
    let (rows, general) = parser.parts();
    let fields = builder.schema().fields();
    let wanted = |name: &str| general.is_some() || rows.slots.find(name) != Found::Skip;
    let roots: Vec<usize> =
        fields.iter().enumerate().filter(|(_, f)| wanted(f.name())).map(|(i, _)| i).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let reader = builder.with_projection(mask).with_batch_size(BATCH_ROWS).build();
    reader.map_err(|e| e.to_string())
}

/// The values of a column in one of a few types.
enum Cells {
    Null,
    Bool(ArrayRef),
    Long(ArrayRef),
    Double(ArrayRef),

    Text(StringArray),
    List(ListArray, Box<Cells>),
    Struct(ArrayRef, Vec<(String, Cells)>),
}

impl Cells {
    fn new(array: &ArrayRef, binary_as_string: bool) -> Result<Self, String> {
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

    fn get(&self, row: usize) -> Field<'_> {
        match self {
            Self::Null => Field::Null,
            Self::Bool(a) if a.is_valid(row) => Field::Bool(a.as_boolean().value(row)),
            Self::Long(a) if a.is_valid(row) => Field::Long(a.as_primitive::<Int64Type>().value(row)),
            Self::Double(a) if a.is_valid(row) => Field::Double(a.as_primitive::<Float64Type>().value(row)),
            Self::Text(a) if a.is_valid(row) => Field::Text(a.value(row).into()),
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

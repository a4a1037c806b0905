//! How is an answer written as Arrow? A stream in Arrow's IPC format: the schema, record batches, its end.

use std::collections::HashMap;
use std::sync::Arc;

use chrono_tz::Tz;
use datafusion::arrow::array::{ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMillisecondType};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::ipc::writer::StreamWriter;

use crate::sql::explain::native_name;
use crate::sql::metadata::sql_type;

/// Writes the batches of one answer.
pub(crate) struct ArrowWriter {
    schema: SchemaRef,
    zone: Tz,
    writer: StreamWriter<Vec<u8>>,
}

impl ArrowWriter {
    /// Times are instants that are shown in a zone.
    pub(crate) fn new(schema: &Schema, zone: Tz) -> Result<Self, ArrowError> {
        let schema = sent_schema(schema, zone);
        let writer = StreamWriter::try_new(Vec::new(), &schema)?;
        Ok(Self { schema, zone, writer })
    }

    /// A batch.
    pub(crate) fn batch(&mut self, batch: &RecordBatch, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.write(&sent_batch(batch, &self.schema, self.zone)?)?;
        out.append(self.writer.get_mut());
        Ok(())
    }

    /// What tells that the answer is whole.
    pub(crate) fn end(&mut self, out: &mut Vec<u8>) -> Result<(), ArrowError> {
        self.writer.finish()?;
        out.append(self.writer.get_mut());
        Ok(())
    }
}

/// The schema clients get: `TIMESTAMP` with the zone of the session, JSON as text; each field says its SQL type and the
/// type native queries have for it.
pub(crate) fn sent_schema(schema: &Schema, zone: Tz) -> SchemaRef {
    let fields = schema.fields().iter().map(|field| {
        let names = HashMap::from([
            ("sqlType".to_owned(), sql_type(field.data_type()).0.to_owned()),
            ("type".to_owned(), native_name(field.data_type()).to_owned()),
        ]);
        // What is told before a query runs and after must be the same, and whether there may be nulls is not.
        Field::new(field.name(), sent_type(field.data_type(), zone), true).with_metadata(names)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

fn sent_type(data_type: &DataType, zone: Tz) -> DataType {
    match data_type {
        DataType::Timestamp(..) => DataType::Timestamp(TimeUnit::Millisecond, Some(zone.name().into())),
        DataType::Utf8View | DataType::LargeUtf8 | DataType::Null => DataType::Utf8,
        DataType::Decimal128(..) | DataType::Decimal256(..) | DataType::Float16 => DataType::Float64,
        DataType::List(of) | DataType::LargeList(of) | DataType::FixedSizeList(of, _) => {
            let field = Field::new_list_field(sent_type(of.data_type(), zone), true);
            DataType::List(Arc::new(field))
        }
        other => other.clone(),
    }
}

/// A batch in the form its schema says.
pub(crate) fn sent_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
    zone: Tz,
) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<ArrayRef> = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| sent_column(column, field.data_type(), zone))
        .collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn sent_column(column: &ArrayRef, wanted: &DataType, zone: Tz) -> Result<ArrayRef, ArrowError> {
    if column.data_type() == wanted {
        return Ok(Arc::clone(column));
    }
    match wanted {
        // The instants stay: a cast would take them for what a clock in the zone shows.
        DataType::Timestamp(..) => {
            let millis = cast(column, &DataType::Timestamp(TimeUnit::Millisecond, None))?;
            let millis = millis.as_primitive::<TimestampMillisecondType>().clone();
            Ok(Arc::new(millis.with_timezone(zone.name())))
        }
        _ => cast(column, wanted),
    }
}
